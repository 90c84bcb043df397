//! PROXY preambles: whom a connection is from, as a proxy in front says it.

use gateway_core::{proxy_protocol, slab::Key};

use super::super::{exchange::after, state::State};

impl State {
    /// Reads the preamble off the first bytes of a connection. What follows it, once it is all
    /// there; a connection without a good one is closed.
    pub(super) fn read_preamble<'b>(
        &mut self,
        key: Key,
        bytes: &'b [u8],
        now_ns: u64,
    ) -> Option<&'b [u8]> {
        let downstream = self.front.downstreams.get_mut(key)?;
        let plan = self.snapshot.listeners.get(downstream.listener);
        let (head_ms, idle_ms) = plan.map_or((0, 0), |plan| (plan.head_ms, plan.idle_ms));
        let held_bytes = downstream.held.len();
        downstream.held.extend_from_slice(bytes);
        match proxy_protocol::parse(&downstream.held) {
            Ok(Some(preamble)) => {
                downstream.held = Vec::new();
                downstream.preamble = false;
                let limit_ms = if downstream.tls.is_some() { head_ms } else { idle_ms };
                downstream.deadline_ms = after(now_ns, limit_ms);
                if let Some((address, _)) = preamble.source {
                    downstream.peer = address.to_canonical();
                }
                if !self.count_address(key) {
                    self.metrics.downstream_refused(1);
                    self.drop_downstream(key, now_ns);
                    return None;
                }
                bytes.get(preamble.len.saturating_sub(held_bytes)..)
            }
            Ok(None) => None,
            Err(_) => {
                self.metrics.downstream_refused(1);
                self.drop_downstream(key, now_ns);
                None
            }
        }
    }
}
