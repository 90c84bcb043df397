//! Non-blocking TCP sockets, without `unsafe`.

use std::{
    io::{self, IoSlice},
    net::{IpAddr, SocketAddr},
    os::fd::{AsFd, OwnedFd},
    time::Duration,
};

use rustix::{
    io::Errno,
    net::{
        AddressFamily, RecvFlags, SendAncillaryBuffer, SendFlags, Shutdown, SocketFlags,
        SocketType, acceptfrom_with, bind, connect, recv, send, sendmsg, shutdown, socket_with,
        sockopt,
    },
};

/// Most parts of one [`transmit_parts`].
const PARTS_MAX: usize = 3;
/// Connections that wait to be accepted; the kernel's own maximum may be lower.
pub(crate) const BACKLOG: usize = 4096;

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
    receive_with(fd, buffer, RecvFlags::empty())
}

fn receive_with(fd: impl AsFd, buffer: &mut [u8], flags: RecvFlags) -> Progress {
    loop {
        match recv(&fd, &mut *buffer, flags) {
            Ok((0, _)) => return Progress::Ended,
            Ok((count, _)) => return Progress::Bytes(count),
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => return Progress::Blocked,
            Err(_) => return Progress::Failed,
        }
    }
}

/// Looks at what can be read, and leaves it there.
pub(crate) fn peek(fd: impl AsFd, buffer: &mut [u8]) -> Progress {
    receive_with(fd, buffer, RecvFlags::PEEK)
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

/// Writes `parts` one behind the other, once.
pub(crate) fn transmit_parts(fd: impl AsFd, parts: &[&[u8]]) -> Progress {
    let mut slices = [IoSlice::new(&[]); PARTS_MAX];
    for (slot, part) in slices.iter_mut().zip(parts) {
        *slot = IoSlice::new(part);
    }
    let slices = slices.get(..parts.len()).unwrap_or_default();
    loop {
        let mut control = SendAncillaryBuffer::default();
        match sendmsg(&fd, slices, &mut control, SendFlags::NOSIGNAL) {
            Ok(count) => return Progress::Bytes(count),
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => return Progress::Blocked,
            Err(_) => return Progress::Failed,
        }
    }
}

/// A socket that accepts on `address`, beside those of other workers on the same one.
///
/// # Errors
///
/// When the address is taken, or not this machine's.
pub(crate) fn listen(address: SocketAddr) -> io::Result<OwnedFd> {
    let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let fd = socket_with(family, SocketType::STREAM, flags, None)?;
    sockopt::set_socket_reuseaddr(&fd, true)?;
    sockopt::set_socket_reuseport(&fd, true)?;
    sockopt::set_tcp_nodelay(&fd, true)?;
    if address.is_ipv6() {
        // `[::]` is every address, of IPv4 too, as with the other front.
        sockopt::set_ipv6_v6only(&fd, false)?;
    }
    bind(&fd, &address)?;
    rustix::net::listen(&fd, i32::try_from(BACKLOG).unwrap_or(i32::MAX))?;
    Ok(fd)
}

/// What accepting came to.
#[derive(Debug)]
pub(crate) enum Arrival {
    /// A connection, and who it is from.
    Connection(OwnedFd, IpAddr),
    /// Nobody is waiting.
    Nobody,
    /// The one that was waiting has gone.
    Gone,
    /// No descriptor or memory is left for it, or something else is wrong.
    Exhausted,
}

/// Accepts one connection.
pub(crate) fn accept(fd: impl AsFd) -> Arrival {
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    match acceptfrom_with(fd, flags) {
        Ok((fd, Some(peer))) => match SocketAddr::try_from(peer) {
            Ok(peer) => Arrival::Connection(fd, peer.ip().to_canonical()),
            Err(_) => Arrival::Gone,
        },
        Ok((_, None)) => Arrival::Gone,
        Err(Errno::AGAIN) => Arrival::Nobody,
        Err(Errno::CONNABORTED | Errno::INTR | Errno::PROTO) => Arrival::Gone,
        Err(_) => Arrival::Exhausted,
    }
}

/// Says that nothing more will be written. `false` when the connection is gone already.
pub(crate) fn close_sending(fd: impl AsFd) -> bool {
    shutdown(fd, Shutdown::Write).is_ok()
}

/// Makes closing the socket visible as a failure: what came before it is not to be taken for
/// everything.
pub(crate) fn reset_on_close(fd: impl AsFd) {
    // Without it the connection still ends, less clearly.
    let _ = sockopt::set_socket_linger(fd, Some(Duration::ZERO));
}

/// What the front's library reads at once is 512 KiB. As long as a read fills that it reads on,
/// even on a connection that was paused; with less than that in the kernel it can't.
const RECEIVE_BUFFER_BYTES: usize = 192 << 10;

/// Bounds the kernel's receive buffer of every connection that a listener accepts from now on. The
/// kernel doubles the number for its own needs. Source: socket(7), `SO_RCVBUF`.
///
/// # Errors
///
/// When it is no socket.
pub(crate) fn bound_receive_buffers(listener: impl AsFd) -> io::Result<()> {
    sockopt::set_socket_recv_buffer_size(listener, RECEIVE_BUFFER_BYTES)?;
    Ok(())
}
