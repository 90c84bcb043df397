//! The way of a path that may have to change: escapes, slashes and dot segments, in one pass.

use super::{EncodedSlashes, PathError, escape, is_unreserved};

/// `path` starts with `/`, and its escapes are known to be allowed.
pub(super) fn rewrite(path: &[u8], slashes: EncodedSlashes) -> Result<Vec<u8>, PathError> {
    let mut out = Vec::with_capacity(path.len());
    out.push(b'/');
    let mut segment = out.len();
    let mut rest = path.get(1..).unwrap_or_default();
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        match byte {
            b'/' => {
                segment = close_segment(&mut out, segment)?;
                if out.last() != Some(&b'/') {
                    out.push(b'/');
                    segment = out.len();
                }
            }
            b'%' => {
                let decoded = escape(Some(tail), slashes)?.byte;
                if is_unreserved(decoded) {
                    out.push(decoded);
                } else {
                    out.push(b'%');
                    out.extend(tail.iter().take(2).map(u8::to_ascii_uppercase));
                }
                rest = tail.get(2..).unwrap_or_default();
            }
            _ => out.push(byte),
        }
    }
    close_segment(&mut out, segment)?;
    Ok(out)
}

/// Resolves the segment at the end of `out` when it is a dot segment. Returns where the segment
/// that is now the last one starts.
fn close_segment(out: &mut Vec<u8>, start: usize) -> Result<usize, PathError> {
    match dots(out.get(start..).unwrap_or_default())? {
        Dots::None => Ok(start),
        Dots::Same => {
            out.truncate(start);
            Ok(start)
        }
        Dots::Parent => {
            let parent = out.get(..start - 1).unwrap_or_default();
            let slash = parent.iter().rposition(|&b| b == b'/').ok_or(PathError::AboveRoot)?;
            out.truncate(slash + 1);
            Ok(slash + 1)
        }
    }
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Dots {
    None,
    Same,
    Parent,
}

fn dots(segment: &[u8]) -> Result<Dots, PathError> {
    let mut part = 0;
    for (at, escape) in segment.windows(3).enumerate() {
        if matches!(escape, b"%2F" | b"%5C") {
            if part_dots(segment.get(part..at).unwrap_or_default())? != Dots::None {
                return Err(PathError::EncodedSlash);
            }
            part = at + 3;
        }
    }
    let last = part_dots(segment.get(part..).unwrap_or_default())?;
    if part > 0 && last != Dots::None { Err(PathError::EncodedSlash) } else { Ok(last) }
}

fn part_dots(part: &[u8]) -> Result<Dots, PathError> {
    let (found, tail) = match part {
        [b'.', b'.', tail @ ..] => (Dots::Parent, tail),
        [b'.', tail @ ..] => (Dots::Same, tail),
        _ => return Ok(Dots::None),
    };
    match tail {
        [] => Ok(found),
        [b';', ..] | [b'%', b'3', b'B', ..] => Err(PathError::DotSegmentParameter),
        _ => Ok(Dots::None),
    }
}
