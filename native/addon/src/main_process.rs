//! The main process's side of the shared segment: it makes it, and reads every worker's counters.

use std::{
    cell::RefCell,
    os::fd::{IntoRawFd, RawFd},
    sync::atomic::Ordering,
};

use gateway_core::{
    credentials::parse_digest,
    metrics::{Block, Extra, Layout, Names, QuotaStore, Shipper, render},
    problem::Code,
    revocation::{Kind, Mark, Marker, Revocations, Writer},
};

use gateway_tls::FailureReason;
use rustix::rand::{GetRandomFlags, getrandom};

use crate::{
    QuotaStoreCounts, ShipperCounts,
    configuration::{self, ROUTES_COUNTED_MAX, first},
    quota::calls::room,
    shm::Segment,
    worker::now_ns,
};

struct Main {
    segment: Segment,
    layout: Layout,
    workers: usize,
    routes: Vec<String>,
    upstreams: Vec<String>,
    policies: Vec<String>,
    revoked: Writer<'static>,
    marker: &'static Marker,
}

thread_local! {
    static MAIN: RefCell<Option<Main>> = const { RefCell::new(None) };
}

/// Makes the segment and keeps it. The descriptor stays open until the process ends.
pub(crate) fn create_segment(model_json: &str) -> Result<RawFd, String> {
    let (loaded, keys) =
        configuration::load_with_files(model_json).map_err(|errors| first(&errors))?;
    let shape = configuration::segment_shape(&loaded);
    let seed = [fastrand::u64(..), fastrand::u64(..)];
    let (fd, segment) =
        Segment::create(shape, seed, secret()?, &keys).map_err(|error| error.to_string())?;
    let snapshot = &loaded.snapshot;
    let marker: &Marker = Box::leak(Box::new(segment.marker()));
    let main = Main {
        revoked: Writer::new(Revocations::new(segment.revocations(), marker)),
        marker,
        segment,
        layout: configuration::metrics_layout(snapshot),
        workers: loaded.model.workers,
        routes: snapshot
            .routes
            .iter()
            .take(ROUTES_COUNTED_MAX)
            .map(|route| route.name.clone())
            .collect(),
        upstreams: snapshot.upstreams.iter().map(|upstream| upstream.name.clone()).collect(),
        policies: snapshot.policies.clone(),
    };
    MAIN.with_borrow_mut(|kept| *kept = Some(main));
    Ok(fd.into_raw_fd())
}

pub(crate) fn render_metrics(
    workers: u32,
    worker_restarts: u32,
    shipper: ShipperCounts,
    quota_store: QuotaStoreCounts,
) -> Result<String, &'static str> {
    with_main(|main| {
        let problems: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
        let tls_failures = FailureReason::ALL.map(FailureReason::label);
        let names = Names {
            routes: &main.routes,
            upstreams: &main.upstreams,
            policies: &main.policies,
            problems: &problems,
            tls_failures: &tls_failures,
        };
        let extra = Extra {
            workers: u64::from(workers),
            worker_restarts: u64::from(worker_restarts),
            rate_limit_evictions: main.segment.evictions().load(Ordering::Relaxed),
            quota_counters: room().0,
            quota_no_room: room().1,
            shipper: shipper.into(),
            quota_store: quota_store.into(),
        };
        render(&main.layout, &main.blocks(), &names, extra)
    })
}

/// Revokes something in every worker: when this returns, none admits it. `false` when it was revoked already.
///
/// `name` is what it is called, of the issuer before it if there is one; a key's and a token's is the digest, in
/// hexadecimal.
pub(crate) fn revoke(kind: u32, issuer: &str, name: &str) -> Result<bool, String> {
    change(kind, issuer, name, |writer, mark| writer.insert(mark).map_err(|full| full.to_string()))
}

/// Lets what was revoked count again; `false` when it was not.
pub(crate) fn undo_revocation(kind: u32, issuer: &str, name: &str) -> Result<bool, String> {
    change(kind, issuer, name, |writer, mark| Ok(writer.remove(mark)))
}

fn change<T>(
    kind: u32,
    issuer: &str,
    name: &str,
    work: impl FnOnce(&mut Writer<'static>, &Mark) -> Result<T, String>,
) -> Result<T, String> {
    let kind = Kind::from_number(kind).ok_or("there is no such kind")?;
    MAIN.with_borrow_mut(|main| {
        let main = main.as_mut().ok_or("createSegment has not been called")?;
        let mark = match kind {
            Kind::Key | Kind::Token => {
                let digest = parse_digest(name).ok_or("a digest has 64 hexadecimal digits")?;
                main.marker.mark(kind, b"", &digest)
            }
            _ => main.marker.mark(kind, issuer.as_bytes(), name.as_bytes()),
        };
        work(&mut main.revoked, &mark)
    })
}

#[allow(clippy::cast_precision_loss, reason = "ages are far below 2^52 ms")]
pub(crate) fn heartbeat_ages_ms() -> Result<Vec<f64>, &'static str> {
    with_main(|main| {
        let now_ms = now_ns() / 1_000_000;
        let age = |beat_ms: u64| match beat_ms {
            0 => f64::INFINITY,
            _ => now_ms.saturating_sub(beat_ms) as f64,
        };
        main.blocks().iter().map(|block| age(block.heartbeat_ms())).collect()
    })
}

impl From<ShipperCounts> for Shipper {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "they saturate")]
    fn from(counts: ShipperCounts) -> Self {
        Self {
            spool_bytes: counts.spool_bytes as u64,
            shipped: counts.shipped as u64,
            torn: counts.torn as u64,
            sink_failures: counts.sink_failures as u64,
            sink_up: counts.sink_up,
        }
    }
}

impl From<QuotaStoreCounts> for QuotaStore {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "they saturate")]
    fn from(counts: QuotaStoreCounts) -> Self {
        Self {
            up: counts.up,
            age_ms: counts.age_ms as u64,
            rounds: counts.rounds as u64,
            failures: counts.failures as u64,
            losses: counts.losses as u64,
        }
    }
}

impl Main {
    fn blocks(&self) -> Vec<Block<'_>> {
        (0..self.workers)
            .map(|worker| Block::new(&self.layout, self.segment.metrics(worker)))
            .collect()
    }
}

fn with_main<T>(read: impl FnOnce(&Main) -> T) -> Result<T, &'static str> {
    MAIN.with_borrow(|main| main.as_ref().map(read)).ok_or("createSegment has not been called")
}

/// What nobody else can know: keys of TLS tickets are derived from it, and where tokens are kept.
pub(crate) fn secret() -> Result<[u64; 4], String> {
    let mut bytes = [0_u8; 32];
    let filled =
        getrandom(&mut bytes, GetRandomFlags::empty()).map_err(|error| error.to_string())?;
    if filled < bytes.len() {
        return Err("the kernel gave too few random bytes".to_owned());
    }
    let mut words = [0; 4];
    for (word, bytes) in words.iter_mut().zip(bytes.chunks_exact(8)) {
        *word = u64::from_ne_bytes(bytes.try_into().unwrap_or_default());
    }
    Ok(words)
}
