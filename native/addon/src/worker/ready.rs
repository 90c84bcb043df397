//! What becomes of an upstream connection that libuv calls ready.

use gateway_core::{problem::Code, slab::Key};

use crate::{net, uv::Ready};

use super::{connection::Stage, state::State};

impl State {
    pub(super) fn upstream_ready(&mut self, key: Key, ready: Ready, now_ns: u64) {
        if ready.failed {
            self.watch_anew(key);
        }
        if ready.writable {
            self.on_writable(key, now_ns);
        }
        if ready.readable {
            self.receive(key, now_ns);
        }
    }

    /// After an error libuv watches nothing: what is wanted is asked for again, and the error shows
    /// when the socket is next used.
    fn watch_anew(&mut self, connection_key: Key) {
        let Some(connection) = self.connections.get_mut(connection_key) else { return };
        let (read, write) = (connection.watches_read, connection.watches_write);
        connection.watches_read = false;
        connection.watches_write = false;
        connection.watch(read, write);
    }

    /// A connection is up, has failed, or takes more bytes.
    fn on_writable(&mut self, connection_key: Key, now_ns: u64) {
        let Some(connection) = self.connections.get_mut(connection_key) else { return };
        let (stage, exchange) = (connection.stage, connection.exchange);
        let (upstream, endpoint) = (connection.upstream, connection.endpoint);
        if stage != Stage::Connecting {
            if let Some(exchange) = exchange {
                self.current = Some(exchange);
                self.transmit(exchange, now_ns);
                self.current = None;
            }
            return;
        }
        let connected = connection
            .socket
            .as_ref()
            .is_some_and(|socket| net::finish_connecting(&socket.fd).is_ok());
        if connected {
            connection.stage = Stage::Head;
            connection.watch(true, false);
            if let Some(exchange) = exchange {
                self.current = Some(exchange);
                self.transmit(exchange, now_ns);
                self.current = None;
            }
            return;
        }
        self.detach_and_drop(connection_key, now_ns);
        let Some(key) = exchange else { return };
        self.note_connect_failure(key, upstream, endpoint);
        if self.has_untried_endpoint(key, upstream) {
            self.dispatch(key, false, now_ns);
        } else {
            self.failures.push((key, Code::UpstreamConnectFailed));
        }
    }
}
