//! Non-blocking TCP sockets, without `unsafe`.

use std::{
    io,
    net::SocketAddr,
    os::fd::{AsFd, OwnedFd},
};

use rustix::{
    io::Errno,
    net::{
        AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, connect, recv, send,
        socket_with, sockopt,
    },
};

/// What a non-blocking call came to.
#[derive(Debug)]
pub(crate) enum Progress {
    /// This many bytes.
    Bytes(usize),
    /// Nothing for now.
    Blocked,
    /// The peer sends no more.
    Ended,
    /// The connection is broken.
    Failed,
}

/// Starts connecting. The socket becomes writable when it is connected or has failed.
///
/// # Errors
///
/// When the kernel refuses at once (no route, no descriptors left).
pub(crate) fn start_connecting(address: SocketAddr) -> io::Result<OwnedFd> {
    let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let fd = socket_with(family, SocketType::STREAM, flags, None)?;
    sockopt::set_tcp_nodelay(&fd, true)?;
    match connect(&fd, &address) {
        Ok(()) | Err(Errno::INPROGRESS) => Ok(fd),
        Err(error) => Err(error.into()),
    }
}

/// Whether a socket that became writable is connected.
///
/// # Errors
///
/// Why it is not.
pub(crate) fn finish_connecting(fd: impl AsFd) -> io::Result<()> {
    sockopt::socket_error(fd)??;
    Ok(())
}

/// Reads once.
pub(crate) fn receive(fd: impl AsFd, buffer: &mut [u8]) -> Progress {
    loop {
        match recv(&fd, &mut *buffer, RecvFlags::empty()) {
            Ok((0, _)) => return Progress::Ended,
            Ok((count, _)) => return Progress::Bytes(count),
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => return Progress::Blocked,
            Err(_) => return Progress::Failed,
        }
    }
}

/// Writes once.
pub(crate) fn transmit(fd: impl AsFd, bytes: &[u8]) -> Progress {
    loop {
        match send(&fd, bytes, SendFlags::NOSIGNAL) {
            Ok(count) => return Progress::Bytes(count),
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => return Progress::Blocked,
            Err(_) => return Progress::Failed,
        }
    }
}
