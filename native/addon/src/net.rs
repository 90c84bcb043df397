//! Non-blocking TCP sockets, without `unsafe`.

use std::{
    io,
    net::SocketAddr,
    os::fd::{AsFd, OwnedFd},
};

use rustix::{
    io::Errno,
    net::{
        AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, connect, getsockname, recv,
        send, socket_with, sockopt,
    },
};

use crate::uv::foreign_descriptor;

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

/// Whether a call failed because this process or machine has no descriptors or memory left.
pub(crate) fn is_exhaustion(error: &io::Error) -> bool {
    let exhausted = [Errno::MFILE, Errno::NFILE, Errno::NOBUFS, Errno::NOMEM];
    exhausted.iter().any(|errno| error.raw_os_error() == Some(errno.raw_os_error()))
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

/// What the front's library reads at once is 512 KiB. As long as a read fills that it reads on,
/// even on a connection that was paused; with less than that in the kernel it can't.
const RECEIVE_BUFFER_BYTES: usize = 192 << 10;

/// Bounds the kernel's receive buffer of every connection that the listener on `port` accepts
/// from now on. The kernel doubles the number for its own needs. Source: socket(7), `SO_RCVBUF`.
///
/// # Errors
///
/// When this process has no listener on that port.
pub(crate) fn bound_receive_buffers(port: u16) -> io::Result<()> {
    let mut found = false;
    for entry in std::fs::read_dir("/proc/self/fd")? {
        let Some(number) = entry?.file_name().to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        let Some(fd) = foreign_descriptor(number) else { continue };
        if sockopt::socket_acceptconn(fd) != Ok(true) {
            continue;
        }
        let bound = getsockname(fd).ok().and_then(|address| SocketAddr::try_from(address).ok());
        if bound.is_some_and(|address| address.port() == port) {
            sockopt::set_socket_recv_buffer_size(fd, RECEIVE_BUFFER_BYTES)?;
            found = true;
        }
    }
    if found { Ok(()) } else { Err(io::ErrorKind::NotFound.into()) }
}
