//! PROXY preambles: whom a connection is from, as a proxy in front says it.

use gateway_core::{proxy_protocol, slab::Key};

use super::super::state::State;

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
        let held_bytes = downstream.held.len();
        downstream.held.extend_from_slice(bytes);
        match proxy_protocol::parse(&downstream.held) {
            Ok(Some(preamble)) => {
                downstream.held = Vec::new();
                downstream.preamble = false;
                if let Some((address, _)) = preamble.source {
                    downstream.peer = address.to_canonical();
                }
                let encrypted = downstream.tls.is_some();
                self.allow(key, now_ns, |plan| if encrypted { plan.head_ms } else { plan.idle_ms });
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
