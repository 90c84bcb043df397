//! A second, naive reading of a head's lines, to hold the parser's answer against.

/// Panics unless `head` is a start line and exactly `fields`, in CRLF lines, and nothing else.
pub fn assert_lines(head: &[u8], fields: &[httparse::Header<'_>]) {
    let text = head.strip_suffix(b"\r\n\r\n").expect("a head ends in an empty line");
    let mut lines = Vec::new();
    let mut rest = text;
    while let Some(end) = rest.windows(2).position(|pair| pair == b"\r\n") {
        lines.push(&rest[..end]);
        rest = &rest[end + 2..];
    }
    lines.push(rest);
    assert_eq!(lines.len(), fields.len() + 1, "a line is no field, or a field no line");
    for (line, field) in lines[1..].iter().zip(fields) {
        let colon = line.iter().position(|&byte| byte == b':').expect("a field has a colon");
        let value = line[colon + 1..].trim_ascii();
        assert_eq!((&line[..colon], value), (field.name.as_bytes(), field.value));
        assert!(!field.name.is_empty() && field.name.bytes().all(|byte| byte.is_ascii_graphic()));
    }
    for line in lines {
        assert!(!line.iter().any(|&byte| (byte < 0x20 && byte != b'\t') || byte == 0x7f));
    }
}
