//! PROXY preambles: never a panic, the same answer however the bytes are cut, and an accepted line
//! says what a naive reading of its words finds.

use std::net::IpAddr;

use gateway_core::proxy_protocol::{Preamble, V1_MAX_BYTES, V2_MAX_BYTES, parse};

fn assert_line(line: &[u8], said: &Preamble) {
    assert!(line.len() <= V1_MAX_BYTES && line.iter().filter(|&&byte| byte == b'\n').count() == 1);
    let text = std::str::from_utf8(line).expect("a line is ASCII");
    let text = text.strip_suffix("\r\n").expect("a line ends in CRLF");
    let words: Vec<&str> = text.split(' ').collect();
    let Some((from, to)) = said.source.zip(said.destination) else {
        return assert_eq!(words[..2], ["PROXY", "UNKNOWN"]);
    };
    assert_eq!((words[0], words.len()), ("PROXY", 6));
    let address = |text: &str| text.parse::<IpAddr>().expect("an address");
    assert_eq!((from.0, to.0), (address(words[2]), address(words[3])));
    assert_eq!([from.1.to_string(), to.1.to_string()], words[4..]);
    let family = if from.0.is_ipv4() { "TCP4" } else { "TCP6" };
    assert!(words[1] == family && from.0.is_ipv4() == to.0.is_ipv4());
}

/// Panics when one of these promises is broken.
pub fn check(data: &[u8]) {
    let whole = parse(data);
    let mut prefixes = (0..=data.len()).map(|end| parse(&data[..end]));
    assert_eq!(prefixes.find(|answer| *answer != Ok(None)).unwrap_or(Ok(None)), whole);

    let Ok(Some(preamble)) = whole else { return };
    assert_eq!(preamble.source.is_some(), preamble.destination.is_some());
    let bytes = &data[..preamble.len];
    if bytes.starts_with(b"PROXY ") {
        assert_line(bytes, &preamble);
    } else {
        let length = usize::from(u16::from_be_bytes([bytes[14], bytes[15]]));
        assert!(preamble.len == 16 + length && preamble.len <= V2_MAX_BYTES);
    }
}
