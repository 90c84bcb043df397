//! The few fields of a head that decide how a message is framed and what becomes of its
//! connection.
//!
//! Source: RFC 9112, sections 6 and 9.

use httparse::Header;

use super::body::Body;

/// Fields that a head may have.
pub const FIELDS_MAX: usize = 128;
/// Bytes that a head may have.
pub const HEAD_MAX_BYTES: usize = 64 << 10;

/// What was made of the bytes so far.
#[derive(Debug, PartialEq, Eq)]
pub enum Parsed<T> {
    /// More of them are needed.
    Partial,
    /// All that was asked for is there.
    Complete(T),
    /// They are no HTTP/1.1, or beyond a bound.
    Malformed,
}

/// See the module.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Framing {
    length: Option<u64>,
    chunked: bool,
    /// Connection: close.
    pub close: bool,
    /// Connection: keep-alive, which only HTTP/1.0 needs.
    pub keep_alive: bool,
}

impl Framing {
    /// Reads the fields; nothing when they contradict each other.
    pub fn of(fields: &[Header<'_>]) -> Option<Self> {
        let mut framing = Self::default();
        for field in fields {
            // Other names aren't looked at.
            match field.name.len() {
                10 if field.name.eq_ignore_ascii_case("connection") => framing.options(field.value),
                14 if field.name.eq_ignore_ascii_case("content-length") => {
                    let length = number(field.value)?;
                    if framing.length.is_some_and(|other| other != length) {
                        return None;
                    }
                    framing.length = Some(length);
                }
                17 if field.name.eq_ignore_ascii_case("transfer-encoding") => {
                    if framing.chunked || !field.value.eq_ignore_ascii_case(b"chunked") {
                        return None;
                    }
                    framing.chunked = true;
                }
                _ => {}
            }
        }
        (!framing.chunked || framing.length.is_none()).then_some(framing)
    }

    /// The body that is announced; nothing when none is.
    pub fn body(&self) -> Option<Body> {
        if self.chunked {
            return Some(Body::chunked());
        }
        self.length.map(Body::Length)
    }

    fn options(&mut self, value: &[u8]) {
        for option in value.split(|&byte| byte == b',').map(<[u8]>::trim_ascii) {
            self.close |= option.eq_ignore_ascii_case(b"close");
            self.keep_alive |= option.eq_ignore_ascii_case(b"keep-alive");
        }
    }
}

/// Decimal digits only, as lengths have to be.
pub fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u64, |sum, &digit| {
        let value = char::from(digit).to_digit(10)?;
        sum.checked_mul(10)?.checked_add(value.into())
    })
}
