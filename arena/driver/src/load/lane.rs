//! One connection of a load, and the exchange on it.

use crate::{http::response::Reader, net::link::Link};

/// Wait before the second attempt to connect in a row; doubled for each further one.
const BACK_OFF_NS: u64 = 1_000_000;
/// How often it is doubled: to 128 ms.
const DOUBLINGS_MAX: u32 = 7;

/// A request that was sent, or is as soon as the connection is there.
#[derive(Clone, Copy, Debug)]
pub struct Exchange {
    /// When it was due.
    pub due: u64,
    /// Which of the plan's.
    pub request: usize,
}

/// See the module.
#[derive(Default)]
pub struct Lane {
    pub link: Link,
    pub reader: Reader,
    pub exchange: Option<Exchange>,
    /// In a row, without an answer.
    pub failures: u32,
    /// When it may connect again; nothing when it need not wait.
    pub retry_at: Option<u64>,
}

impl Lane {
    /// The connection failed: drops it, and says when to try again.
    pub fn fail(&mut self, now: u64) {
        self.drop_connection();
        self.retry_at = Some(now + (BACK_OFF_NS << self.failures.min(DOUBLINGS_MAX)));
        self.failures += 1;
    }

    /// Drops the connection and what it had begun.
    pub fn drop_connection(&mut self) {
        self.link.close();
        self.reader.clear();
    }
}
