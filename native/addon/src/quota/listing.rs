//! The counters of a file, for people: what each counts and how far it is.

use std::{io, path::Path};

use gateway_core::quota::{Counter, Table, key_text};
use serde_json::{Value, json};

use super::file::{not_ours, read_words};

/// A JSON array with an object for each counter that is whole.
///
/// # Errors
///
/// When the file can't be read, or is something else.
pub(super) fn list(path: &Path) -> io::Result<String> {
    let words = read_words(path)?;
    let table = Table::open(&words).map_err(|damage| not_ours(path, damage))?;
    let rows: Vec<Value> = table.counters(0).filter_map(|(_, counter)| describe(counter)).collect();
    Ok(Value::from(rows).to_string())
}

fn describe(counter: Counter<'_>) -> Option<Value> {
    let (label, _) = counter.label()?;
    let window = counter.window()?;
    let text = String::from_utf8_lossy(&label);
    let mut pieces = text.split('\0');
    let mut next = || pieces.next().unwrap_or_default().to_owned();
    let (plan, per, time_zone, by) = (next(), next(), next(), next());
    let consumer = (by == "consumer").then(&mut next);
    Some(json!({
        "key": key_text(counter.key()?),
        "plan": plan,
        "per": per,
        "timeZone": time_zone,
        "by": by,
        "consumer": consumer,
        "tenant": next(),
        "windowStartMs": window.start * 60_000,
        "windowEndMs": window.end * 60_000,
        "used": counter.usage(window).used,
        "admitted": counter.admitted().count,
        "limit": counter.limit(),
    }))
}
