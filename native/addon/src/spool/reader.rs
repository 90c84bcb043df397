//! The reading end of the spool: a portion of a segment as lines of JSON.
//!
//! Files are read, not mapped, so one that is cut short is an error and no signal.
//! Bounds: a portion is what stands in [`WINDOW_BYTES`] of a segment.

use std::{fs::File, io, os::unix::fs::FileExt, path::Path};

use gateway_core::spool::{
    Decision, Event, HEADER_BYTES, LineOrigin, SegmentHeader, Step, step, write_line,
};
use napi_derive::napi;

/// Bytes of a segment read at once.
const WINDOW_BYTES: usize = 256 << 10;

/// What stands in a segment from an offset on; the arrays have an item for each event.
#[napi(object)]
pub struct Portion {
    /// A line of JSON for each event, each ended by LF.
    pub lines: String,
    /// Whose it is; empty when nobody's.
    pub tenants: Vec<String>,
    /// When it ended, Unix time in milliseconds.
    pub times_ms: Vec<f64>,
    /// Where the one behind it begins.
    pub ends: Vec<f64>,
    /// Whether the gateway or the upstream failed.
    pub failures: Vec<bool>,
    /// What stands behind the last one: `more`, `open`, `sealed` or `torn`.
    pub state: String,
    /// Where to go on, for `torn` if nothing better will come.
    pub next: f64,
}

/// Reads the segment `path` from `offset` on; 0 is its start.
///
/// # Errors
///
/// When the file can't be read or is no segment.
pub(crate) fn read_portion(path: &Path, offset: u64) -> io::Result<Portion> {
    let file = File::open(path)?;
    let mut head = [0; HEADER_BYTES];
    file.read_exact_at(&mut head, 0)?;
    let no_segment = || io::Error::other(format!("{} is no segment of a spool", path.display()));
    let header = SegmentHeader::read(&head).ok_or_else(no_segment)?;
    let capacity = u64::from(header.capacity_bytes);
    let from = offset.max(HEADER_BYTES as u64).min(capacity);
    let wanted = usize::try_from(capacity - from).unwrap_or(WINDOW_BYTES).min(WINDOW_BYTES);
    let mut window = vec![0; wanted];
    let read = read_up_to(&file, &mut window, from)?;
    window.truncate(read);
    let behind = usize::try_from(capacity - from).unwrap_or(0).saturating_sub(window.len());
    Ok(events_in(&window, behind, from, header.into()))
}

fn events_in(window: &[u8], behind: usize, from: u64, origin: LineOrigin) -> Portion {
    let mut lines = Vec::with_capacity(window.len() * 3);
    let mut portion = Portion {
        lines: String::new(),
        tenants: Vec::new(),
        times_ms: Vec::new(),
        ends: Vec::new(),
        failures: Vec::new(),
        state: String::new(),
        next: 0.0,
    };
    let mut at = 0;
    let (state, next) = loop {
        let payload = match step(window, at, behind) {
            Step::Frame { payload, end } => {
                at = end;
                payload
            }
            Step::Torn { end } => break ("torn", end),
            Step::Broken => break ("torn", window.len() + behind),
            Step::Open => break ("open", at),
            Step::Sealed => break ("sealed", at),
            Step::Cut => break ("more", at),
        };
        // An event of another version is skipped, as one in pieces is.
        let Some(event) = Event::decode(payload) else { break ("torn", at) };
        write_line(&mut lines, origin, &event);
        portion.tenants.push(String::from_utf8_lossy(event.tenant).into_owned());
        portion.times_ms.push(number(event.time_unix_ms));
        portion.ends.push(number(from + at as u64));
        portion.failures.push(is_failure(&event));
    };
    portion.lines = String::from_utf8_lossy(&lines).into_owned();
    state.clone_into(&mut portion.state);
    portion.next = number(from + next as u64);
    portion
}

fn is_failure(event: &Event<'_>) -> bool {
    event.status >= 500 || event.decision == Decision::Failed
}

#[allow(clippy::cast_precision_loss, reason = "offsets and times are far below 2^52")]
fn number(value: u64) -> f64 {
    value as f64
}

fn read_up_to(file: &File, buffer: &mut [u8], from: u64) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(room) = buffer.get_mut(filled..).filter(|room| !room.is_empty()) {
        match file.read_at(room, from + filled as u64) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}
