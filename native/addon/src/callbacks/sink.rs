//! The way from native code to JavaScript: one call for all records of a turn.

use std::ptr::null_mut;

use napi::sys;

use crate::worker::Deliver;

/// Calls the JavaScript function that takes records.
pub(super) struct JsSink {
    env: sys::napi_env,
    function: sys::napi_ref,
    receiver: sys::napi_ref,
    context: sys::napi_async_context,
}

impl JsSink {
    /// Keeps `function` for good.
    pub(super) fn new(env: sys::napi_env, function: sys::napi_value) -> Self {
        let mut sink =
            Self { env, function: null_mut(), receiver: null_mut(), context: null_mut() };
        let mut receiver = null_mut();
        let mut name = null_mut();
        // SAFETY: both handles are those of a running call (see `open`), the out pointers are
        // valid, and the references made here are never deleted.
        unsafe {
            sys::napi_create_reference(env, function, 1, &raw mut sink.function);
            sys::napi_create_object(env, &raw mut receiver);
            sys::napi_create_reference(env, receiver, 1, &raw mut sink.receiver);
            sys::napi_create_string_utf8(env, c"stoa".as_ptr(), 4, &raw mut name);
            sys::napi_async_init(env, receiver, name, &raw mut sink.context);
        }
        sink
    }
}

impl Deliver for JsSink {
    fn deliver(&self, count: usize) {
        let mut scope = null_mut();
        let (mut function, mut receiver, mut number, mut result) =
            (null_mut(), null_mut(), null_mut(), null_mut());
        // SAFETY: called on the loop's thread between two JavaScript turns, where a callback
        // scope may be opened; the references are alive, and the handle scope is closed before
        // this returns. An exception is handed to Node as uncaught.
        unsafe {
            sys::napi_open_handle_scope(self.env, &raw mut scope);
            sys::napi_get_reference_value(self.env, self.function, &raw mut function);
            sys::napi_get_reference_value(self.env, self.receiver, &raw mut receiver);
            sys::napi_create_uint32(self.env, u32::try_from(count).unwrap_or(0), &raw mut number);
            let status = sys::napi_make_callback(
                self.env,
                self.context,
                receiver,
                function,
                1,
                &raw const number,
                &raw mut result,
            );
            if status == sys::Status::napi_pending_exception {
                let mut exception = null_mut();
                sys::napi_get_and_clear_last_exception(self.env, &raw mut exception);
                sys::napi_fatal_exception(self.env, exception);
            }
            sys::napi_close_handle_scope(self.env, scope);
        }
    }
}
