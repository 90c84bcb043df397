//! What JavaScript asks of quotas, in the main process and on the command line.

use std::{cell::RefCell, os::fd::IntoRawFd, path::Path};

use gateway_core::quota::{Count, Mode, Table, key_text, parse_key};
use napi::Result;
use napi_derive::napi;

use super::{listing, open_table};
use crate::{configuration, failed, worker::unix_ms};

struct Main {
    table: Table<'static>,
    /// Place at which the next look at what is pending begins.
    next: usize,
}

thread_local! {
    static MAIN: RefCell<Option<Main>> = const { RefCell::new(None) };
}

const MINUTE_MS: f64 = 60_000.0;

/// The file of quotas, opened.
#[napi(object)]
pub struct OpenedQuotas {
    /// Descriptor that workers inherit.
    pub fd: i32,
    pub kept: u32,
    pub ended: u32,
    pub damaged: u32,
    pub put_aside: Option<String>,
}

/// What was admitted of a quota in a window.
#[napi(object)]
pub struct QuotaAmount {
    pub key: String,
    pub window_start_ms: f64,
    pub window_end_ms: f64,
    pub amount: f64,
}

/// Opens the file of quotas that a model names, and keeps it; `null` where no plan has a quota.
/// Throws when it can't be used.
#[napi]
pub fn open_quotas(model_json: String) -> Result<Option<OpenedQuotas>> {
    let model = configuration::parse(&model_json)
        .map_err(|errors| failed(configuration::first(&errors)))?;
    let Some(quotas) = model.quotas else { return Ok(None) };
    let (fd, table, found) =
        open_table(Path::new(&quotas.path), quotas.counters_max, unix_ms() / 1000)
            .map_err(failed)?;
    MAIN.with_borrow_mut(|main| *main = Some(Main { table, next: 0 }));
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    Ok(Some(OpenedQuotas {
        fd: fd.into_raw_fd(),
        kept: count(found.kept),
        ended: count(found.ended),
        damaged: count(found.damaged),
        put_aside: found.put_aside.map(|path| path.display().to_string()),
    }))
}

/// What was admitted here and not acknowledged, at most `max` entries.
#[napi]
pub fn quota_pending(max: u32) -> Result<Vec<QuotaAmount>> {
    with_main(|main| {
        let mut entries = Vec::new();
        let mut next = main.next;
        for (place, counter) in main.table.counters(main.next) {
            let (pending, window) = (counter.pending(), counter.window());
            let (Some(key), Some(window)) = (counter.key(), window) else { continue };
            if pending.count == 0 || window.start != pending.start {
                continue;
            }
            if entries.len() >= max as usize {
                break;
            }
            next = place + 1;
            entries.push(QuotaAmount {
                key: key_text(key),
                window_start_ms: to_ms(window.start),
                window_end_ms: to_ms(window.end),
                amount: number_of(pending.count),
            });
        }
        main.next = next;
        entries
    })
}

/// These amounts have been delivered.
#[napi]
pub fn quota_acknowledge(entries: Vec<QuotaAmount>) -> Result<()> {
    with_main(|main| {
        for entry in entries {
            if let Some(counter) = parse_key(&entry.key).and_then(|key| main.table.find(key)) {
                counter.acknowledge(count_of(entry.window_start_ms, entry.amount));
            }
        }
    })
}

/// What all gateways together have used. False when this one has no such counter in that window.
#[napi]
pub fn quota_total(key: String, window_start_ms: f64, total: f64) -> Result<bool> {
    with_main(|main| {
        let counter = parse_key(&key).and_then(|key| main.table.find(key));
        counter.is_some_and(|counter| counter.set_total(count_of(window_start_ms, total)))
    })
}

/// What holds from now on: `local`, `deny` or `allow`. Throws for anything else.
#[napi]
pub fn quota_mode(mode: String) -> Result<()> {
    let mode = match mode.as_str() {
        "local" => Mode::Local,
        "deny" => Mode::Deny,
        "allow" => Mode::Allow,
        _ => return Err(failed("a mode is local, deny or allow")),
    };
    with_main(|main| main.table.set_mode(mode))
}

/// Every counter in a file of quotas, as JSON. Throws when it is none.
#[napi]
pub fn read_quotas(path: String) -> Result<String> {
    listing::list(Path::new(&path)).map_err(failed)
}

/// Counters in use, and how often there was no room for a new one.
pub(crate) fn room() -> (u64, u64) {
    MAIN.with_borrow(|main| {
        main.as_ref().map_or((0, 0), |main| (main.table.len(), main.table.refused()))
    })
}

fn with_main<T>(work: impl FnOnce(&mut Main) -> T) -> Result<T> {
    MAIN.with_borrow_mut(|main| main.as_mut().map(work))
        .ok_or_else(|| failed("no quota is configured"))
}

#[allow(clippy::cast_precision_loss, reason = "minutes and counts are below 2^52")]
fn number_of(value: u64) -> f64 {
    value as f64
}

fn to_ms(minute: u64) -> f64 {
    number_of(minute) * MINUTE_MS
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "they saturate")]
fn count_of(start_ms: f64, count: f64) -> Count {
    Count { start: (start_ms / MINUTE_MS) as u64, count: count as u64 }
}
