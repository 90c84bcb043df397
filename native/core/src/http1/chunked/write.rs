//! What a writer of chunked bodies puts around its data.

/// The chunk that ends a body, with an empty trailer section.
pub const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

/// Appends the line that announces `len` bytes; their own CRLF follows them.
///
/// Appends nothing for no bytes: a chunk of none would end the body.
pub fn write_chunk_head(out: &mut Vec<u8>, len: usize) {
    if len == 0 {
        return;
    }
    let nibbles = usize::BITS.div_ceil(4) - len.leading_zeros() / 4;
    for nibble in (0..nibbles).rev() {
        let value = u8::try_from((len >> (nibble * 4)) & 0xf).unwrap_or(0);
        out.push(if value < 10 { b'0' + value } else { b'a' + value - 10 });
    }
    out.extend_from_slice(b"\r\n");
}
