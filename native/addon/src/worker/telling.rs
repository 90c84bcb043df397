//! What has come together in a turn is handed over: to the native front, and to JavaScript.
//!
//! Records are handed to JavaScript once at a time. What its calls cause meanwhile waits for those
//! that it deals with.

use gateway_core::slab::Key;

use super::{Worker, state::State, word::Word};

impl Worker {
    /// JavaScript has an answer to the question of a paused exchange.
    ///
    /// # Errors
    ///
    /// When `word` is none; the exchange is failed.
    pub(crate) fn resume(&self, id: u32, word: &str) -> Result<(), String> {
        let parsed = Word::parse(word);
        let error = parsed.as_ref().err().cloned();
        self.guarded(|state, now_ns| {
            let key = Key::from_id(id);
            state.current = Some(key);
            state.resume(key, parsed.ok(), now_ns);
            state.current = None;
        });
        // Nobody knows when the loop's turn ends next; but records are handed over once at a time.
        if !self.delivering.get() {
            self.tell_all();
        }
        error.map_or(Ok(()), Err)
    }

    /// Ends what has failed and tells both fronts what has come together in this turn, what that
    /// leads to included.
    pub(super) fn tell_all(&self) {
        loop {
            let told = self.guarded(|state, now_ns| {
                state.send_unsent(now_ns);
                state.tell_pauses(now_ns);
                state.tell_failures(now_ns)
            });
            self.hand_over();
            let state = self.state.borrow();
            if told.is_none() || !state.has_untold() {
                return;
            }
        }
    }

    /// Writes the responses of the native front and gives JavaScript every other record there is,
    /// those that its own calls cause included.
    pub(super) fn hand_over(&self) {
        while self.state.borrow().has_records() {
            // One that makes the code panic is not seen again.
            while self.guarded(State::respond_natively) != Some(false) {}
            let count = self.state.borrow().ring.len();
            if count > 0 {
                self.delivering.set(true);
                self.sink.deliver(count);
                self.delivering.set(false);
            }
            self.state.borrow_mut().ring.drop_first(count);
        }
        let mut state = self.state.borrow_mut();
        state.exchanges.reuse_released();
        state.connections.reuse_released();
        state.reuse_downstreams();
    }
}
