//! JavaScript's values as Rust's, and back.

use std::ptr::null_mut;

use napi::sys;

use super::Context;

/// The arguments of a call and the context behind it.
pub(super) unsafe fn arguments<const N: usize>(
    env: sys::napi_env,
    info: sys::napi_callback_info,
) -> ([sys::napi_value; N], *mut Context) {
    let mut count = N;
    let mut values = [null_mut(); N];
    let mut data = null_mut();
    // SAFETY: `env` and `info` are those of the running callback; N-API fills at most `count`
    // values and sets missing ones to undefined.
    unsafe {
        sys::napi_get_cb_info(
            env,
            info,
            &raw mut count,
            values.as_mut_ptr(),
            null_mut(),
            &raw mut data,
        );
    }
    (values, data.cast())
}

pub(super) unsafe fn number(env: sys::napi_env, value: sys::napi_value) -> u32 {
    let mut number = 0;
    // SAFETY: a live value; anything but a number leaves 0, which is no exchange.
    unsafe { sys::napi_get_value_uint32(env, value, &raw mut number) };
    number
}

pub(super) unsafe fn boolean(env: sys::napi_env, value: sys::napi_value) -> bool {
    let mut boolean = false;
    // SAFETY: a live value; anything but a boolean leaves false.
    unsafe { sys::napi_get_value_bool(env, value, &raw mut boolean) };
    boolean
}

/// The bytes of an `ArrayBuffer`, valid until the callback returns.
pub(super) unsafe fn bytes<'a>(env: sys::napi_env, value: sys::napi_value) -> &'a [u8] {
    let (mut start, mut length) = (null_mut(), 0);
    // SAFETY: a live value; anything but an ArrayBuffer is refused and leaves the pointers alone.
    let status =
        unsafe { sys::napi_get_arraybuffer_info(env, value, &raw mut start, &raw mut length) };
    if status != sys::Status::napi_ok || start.is_null() {
        return &[];
    }
    // SAFETY: N-API vouches for `length` bytes at `start`; JavaScript does not run, and so can't
    // detach them, before the callback returns.
    unsafe { std::slice::from_raw_parts(start.cast(), length) }
}

pub(super) unsafe fn result(env: sys::napi_env, number: u32) -> sys::napi_value {
    let mut value = null_mut();
    // SAFETY: `env` is live.
    unsafe { sys::napi_create_uint32(env, number, &raw mut value) };
    value
}
