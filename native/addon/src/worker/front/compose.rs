//! The bytes of a response's head.

use gateway_core::status::write_status;

/// Asks for the body. Source: RFC 9110 §15.2.1.
pub(super) const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Framing {
    Length(u64),
    Chunked,
    UntilClose,
    None,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Connection {
    Close,
    KeepAlive,
    Persistent,
}

impl Connection {
    pub(super) fn of(minor: u8, close: bool) -> Self {
        if close {
            Self::Close
        } else if minor == 0 {
            Self::KeepAlive
        } else {
            Self::Persistent
        }
    }
}

#[derive(Debug, Default)]
pub(super) struct DateLine {
    second: u64,
    text: String,
}

impl DateLine {
    pub(super) fn at(&mut self, second: u64) -> &[u8] {
        if self.second != second || self.text.is_empty() {
            self.second = second;
            let days = second / 86400;
            let rem = second % 86400;
            let z = days as i64 + 719_468;
            let era = z.div_euclid(146_097);
            let doe = z.rem_euclid(146_097);
            let yoe = (doe - doe / 1460 + doe / 36524 - doe / 146_096) / 365;
            let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
            let mp = (5 * doy + 2) / 153;
            let d = doy - (153 * mp + 2) / 5 + 1;
            let m = if mp < 10 { mp + 3 } else { mp - 9 };
            let y = yoe + era * 400 + i64::from(m <= 2);
            let wd = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"][(days % 7) as usize];
            let mo = [
                "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
            ][(m - 1) as usize];
            self.text = format!(
                "{wd}, {d:02} {mo} {y} {:02}:{:02}:{:02} GMT",
                rem / 3600,
                rem / 60 % 60,
                rem % 60
            );
        }
        self.text.as_bytes()
    }
}

#[allow(clippy::too_many_arguments)]
pub(super) fn compose(
    out: &mut Vec<u8>,
    status: u16,
    date: &[u8],
    name: &str,
    fields: &[u8],
    framing: Framing,
    connection: Connection,
) {
    out.clear();
    out.extend_from_slice(b"HTTP/1.1 ");
    write_status(out, status);
    out.extend_from_slice(b"\r\ndate: ");
    out.extend_from_slice(date);
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    out.extend_from_slice(fields);
    out.extend_from_slice(b"\r\n");
    match framing {
        Framing::Length(n) => {
            out.extend_from_slice(format!("content-length: {n}\r\n").as_bytes());
        }
        Framing::Chunked => out.extend_from_slice(b"transfer-encoding: chunked\r\n"),
        Framing::UntilClose | Framing::None => {}
    }
    match connection {
        Connection::Close => out.extend_from_slice(b"connection: close\r\n"),
        Connection::KeepAlive => out.extend_from_slice(b"connection: keep-alive\r\n"),
        Connection::Persistent => {}
    }
    out.extend_from_slice(b"\r\n");
}
