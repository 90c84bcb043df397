//! Status codes as the text of a status line: `404 Not Found`.
//!
//! Source: RFC 9110 §15 and the IANA HTTP Status Code Registry.

/// Declares the registry once, as a match that compiles to a jump table.
macro_rules! statuses {
    ($($code:literal $phrase:literal)*) => {
        /// The code and its registered reason phrase, as in `200 OK`; the empty text for a code
        /// that is not registered (see [`write_status`], which has an answer for every code).
        pub const fn reason_phrase(status: u16) -> &'static str {
            match status {
                $($code => concat!($code, " ", $phrase),)*
                _ => "",
            }
        }

        /// Every registered code, in ascending order.
        pub const REGISTERED: &[u16] = &[$($code),*];
    };
}

statuses! {
    100 "Continue"
    101 "Switching Protocols"
    102 "Processing"
    103 "Early Hints"
    104 "Upload Resumption Supported"
    200 "OK"
    201 "Created"
    202 "Accepted"
    203 "Non-Authoritative Information"
    204 "No Content"
    205 "Reset Content"
    206 "Partial Content"
    207 "Multi-Status"
    208 "Already Reported"
    226 "IM Used"
    300 "Multiple Choices"
    301 "Moved Permanently"
    302 "Found"
    303 "See Other"
    304 "Not Modified"
    305 "Use Proxy"
    307 "Temporary Redirect"
    308 "Permanent Redirect"
    400 "Bad Request"
    401 "Unauthorized"
    402 "Payment Required"
    403 "Forbidden"
    404 "Not Found"
    405 "Method Not Allowed"
    406 "Not Acceptable"
    407 "Proxy Authentication Required"
    408 "Request Timeout"
    409 "Conflict"
    410 "Gone"
    411 "Length Required"
    412 "Precondition Failed"
    413 "Content Too Large"
    414 "URI Too Long"
    415 "Unsupported Media Type"
    416 "Range Not Satisfiable"
    417 "Expectation Failed"
    421 "Misdirected Request"
    422 "Unprocessable Content"
    423 "Locked"
    424 "Failed Dependency"
    425 "Too Early"
    426 "Upgrade Required"
    428 "Precondition Required"
    429 "Too Many Requests"
    431 "Request Header Fields Too Large"
    451 "Unavailable For Legal Reasons"
    500 "Internal Server Error"
    501 "Not Implemented"
    502 "Bad Gateway"
    503 "Service Unavailable"
    504 "Gateway Timeout"
    505 "HTTP Version Not Supported"
    506 "Variant Also Negotiates"
    507 "Insufficient Storage"
    508 "Loop Detected"
    510 "Not Extended"
    511 "Network Authentication Required"
}

/// Appends the text of a status line for any code from 100 to 999; one that is not registered
/// gets its three digits, a space and no phrase (RFC 9112 §4). A code outside that range is
/// written as 500.
pub fn write_status(out: &mut Vec<u8>, status: u16) {
    if !(100..=999).contains(&status) {
        return out.extend_from_slice(reason_phrase(500).as_bytes());
    }
    match reason_phrase(status) {
        "" => {
            out.extend([status / 100, status / 10 % 10, status % 10].map(digit));
            out.push(b' ');
        }
        text => out.extend_from_slice(text.as_bytes()),
    }
}

/// The character of a number from 0 to 9.
const fn digit(value: u16) -> u8 {
    b'0' + (value % 10) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(status: u16) -> String {
        let mut out = Vec::new();
        write_status(&mut out, status);
        String::from_utf8_lossy(&out).into_owned()
    }

    #[test]
    fn registered_codes_carry_their_phrase() {
        assert_eq!(reason_phrase(200), "200 OK");
        assert_eq!(reason_phrase(431), "431 Request Header Fields Too Large");
        assert_eq!(text(304), "304 Not Modified");
    }

    #[test]
    fn unregistered_codes_have_digits_and_no_phrase() {
        assert_eq!(reason_phrase(299), "");
        assert_eq!(text(299), "299 ");
        assert_eq!(text(999), "999 ");
    }

    #[test]
    fn a_code_that_is_none_is_written_as_500() {
        for status in [0, 7, 99, 1000, u16::MAX] {
            assert_eq!(text(status), "500 Internal Server Error");
        }
    }

    #[test]
    fn the_registry_ascends_and_every_text_starts_with_its_code() {
        assert!(REGISTERED.is_sorted_by(|a, b| a < b));
        for &status in REGISTERED {
            assert!(reason_phrase(status).starts_with(&format!("{status} ")));
        }
    }
}
