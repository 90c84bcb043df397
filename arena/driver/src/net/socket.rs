//! Sockets that never block: listen, connect, accept, receive, send.
//!
//! Bounds: 16 MiB in one call to send; a backlog of 4 096 connections.

use std::{
    io::{self, IoSlice},
    net::SocketAddr,
    os::fd::OwnedFd,
};

use rustix::{
    io::Errno,
    net::{
        AddressFamily, RecvFlags, SendAncillaryBuffer, SendFlags, SocketFlags, SocketType,
        accept_with, bind, connect, getsockname, listen, recv, send, sendmsg, socket_with, sockopt,
    },
};

const BACKLOG: i32 = 4096;
const FLAGS: SocketFlags = SocketFlags::NONBLOCK.union(SocketFlags::CLOEXEC);

/// Of the bytes that stand for every body.
const BLOCK_BYTES: usize = 64 << 10;
/// Sent for every body, as often as its length asks for: it stays in the processor's cache.
static BLOCK: [u8; BLOCK_BYTES] = [b'x'; BLOCK_BYTES];
/// Pieces of one call to send: what was composed, a body, and blocks.
const PIECES_MAX: usize = 2 + 256;

/// The connection is lost.
#[derive(Debug, PartialEq, Eq)]
pub struct Lost;

/// What a read brought.
#[derive(Debug, PartialEq, Eq)]
pub enum Received {
    /// So many bytes; at least one.
    Bytes(usize),
    /// Nothing more for now.
    Nothing,
    /// The other side has ended its half, in order.
    End,
    /// The connection was reset.
    Lost,
}

/// A listening socket and the address that it got.
///
/// # Errors
///
/// The address is taken or not of this machine.
pub fn listener(address: SocketAddr) -> io::Result<(OwnedFd, SocketAddr)> {
    let socket = socket_with(family(address), SocketType::STREAM, FLAGS, None)?;
    sockopt::set_socket_reuseaddr(&socket, true)?;
    // What is accepted inherits it.
    sockopt::set_tcp_nodelay(&socket, true)?;
    bind(&socket, &address)?;
    listen(&socket, BACKLOG)?;
    let bound = SocketAddr::try_from(getsockname(&socket)?)?;
    Ok((socket, bound))
}

/// The next connection of a listener, if there is one. An error is that of one connection.
pub fn accepted(listener: &OwnedFd) -> Option<OwnedFd> {
    accept_with(listener, FLAGS).ok()
}

/// Begins to connect. The connection is there when it becomes writable.
///
/// # Errors
///
/// There is no descriptor or port left, or the answer is already no.
pub fn connecting(address: SocketAddr) -> io::Result<OwnedFd> {
    let socket = socket_with(family(address), SocketType::STREAM, FLAGS, None)?;
    sockopt::set_tcp_nodelay(&socket, true)?;
    match connect(&socket, &address) {
        Ok(()) | Err(Errno::INPROGRESS) => Ok(socket),
        Err(error) => Err(error.into()),
    }
}

fn family(address: SocketAddr) -> AddressFamily {
    if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 }
}

/// Reads what is there into `buffer`.
pub fn receive(socket: &OwnedFd, buffer: &mut [u8]) -> Received {
    receive_with(socket, buffer, RecvFlags::empty())
}

/// Throws away what is there, as many bytes as `buffer` has at most, without copying it there.
/// Source: tcp(7), `MSG_TRUNC`.
pub fn discard(socket: &OwnedFd, buffer: &mut [u8]) -> Received {
    receive_with(socket, buffer, RecvFlags::TRUNC)
}

fn receive_with(socket: &OwnedFd, buffer: &mut [u8], flags: RecvFlags) -> Received {
    loop {
        match recv(socket, &mut *buffer, flags) {
            // The second number counts what was thrown away, too.
            Ok((_, 0)) => return Received::End,
            Ok((_, count)) => return Received::Bytes(count),
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => return Received::Nothing,
            Err(_) => return Received::Lost,
        }
    }
}

/// Sends `head`, `body` and `filler` bytes of filling, as far as there is room; says how many
/// bytes went.
///
/// # Errors
///
/// The connection is lost.
pub fn transmit(socket: &OwnedFd, head: &[u8], body: &[u8], filler: usize) -> Result<usize, Lost> {
    let sent = loop {
        let sent = if body.is_empty() && filler == 0 {
            send(socket, head, SendFlags::NOSIGNAL)
        } else {
            transmit_pieces(socket, head, body, filler)
        };
        if sent != Err(Errno::INTR) {
            break sent;
        }
    };
    match sent {
        Ok(count) => Ok(count),
        // ENOTCONN: it is still connecting.
        Err(Errno::AGAIN | Errno::NOTCONN) => Ok(0),
        Err(_) => Err(Lost),
    }
}

fn transmit_pieces(
    socket: &OwnedFd,
    head: &[u8],
    body: &[u8],
    filler: usize,
) -> Result<usize, Errno> {
    let mut none = SendAncillaryBuffer::default();
    if filler <= BLOCK_BYTES {
        let block = BLOCK.get(..filler).unwrap_or(&BLOCK);
        let pieces = [IoSlice::new(head), IoSlice::new(body), IoSlice::new(block)];
        return sendmsg(socket, &pieces, &mut none, SendFlags::NOSIGNAL);
    }
    let mut pieces = [IoSlice::new(&[]); PIECES_MAX];
    let mut left = filler;
    for (at, piece) in pieces.iter_mut().enumerate() {
        *piece = IoSlice::new(match at {
            0 => head,
            1 => body,
            _ => BLOCK.get(..left).unwrap_or(&BLOCK),
        });
        if at > 1 {
            left = left.saturating_sub(BLOCK_BYTES);
        }
    }
    sendmsg(socket, &pieces, &mut none, SendFlags::NOSIGNAL)
}
