//! The hot calls between JavaScript and native code, as raw N-API callbacks: `begin`, `body`,
//! `abort` and `flow` one way, the delivery of records the other.
//!
//! Generated glue would cost some 400 ns a call; these cost a fraction of it. Everything else goes
//! through the generated glue in `lib.rs`.
//!
//! Bounds: a head of [`HEAD_BYTES`]; what is longer is refused before it is looked at.

mod sink;
mod values;

use std::{
    ffi::{CStr, c_char, c_void},
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    ptr::null_mut,
};

use gateway_core::problem::Code;
use napi::{
    Env, JsValue,
    bindgen_prelude::{Function, Unknown},
    sys,
};

use crate::{
    ring::{DATA_BYTES, RECORD_WORDS, RECORDS_MAX},
    worker::{Begun, Deliver, Uptake, Worker},
};
use sink::JsSink;
use values::{arguments, boolean, bytes, number, result};

/// Longest head as UTF-8, the terminating NUL included.
const HEAD_BYTES: usize = 256 << 10;
/// Set in the result of `begin` when the body is to be passed on.
const WANTS_BODY: u32 = 1 << 30;
/// U+FFFD: what the front makes of bytes that are not UTF-8.
const REPLACEMENT: &[u8] = "\u{fffd}".as_bytes();

/// What a callback finds behind its data pointer. Lives as long as the process.
struct Context {
    worker: Worker,
    head: Box<[u8]>,
    reply: Box<[u32; RECORD_WORDS]>,
}

/// Makes a worker that delivers its records to `on_records`, and the object by which JavaScript
/// calls it: `{ begin, body, abort, flow, records, data, reply }`. Both live as long as the
/// process.
pub(crate) fn open<'env>(
    env: &'env Env,
    on_records: &Function<'env, u32, ()>,
    make: impl FnOnce(Box<dyn Deliver>) -> Worker,
) -> (&'static Worker, Unknown<'env>) {
    let raw = env.raw();
    let worker = make(Box::new(JsSink::new(raw, on_records.raw())));
    let context = Box::into_raw(Box::new(Context {
        worker,
        head: vec![0; HEAD_BYTES].into_boxed_slice(),
        reply: Box::new([0; RECORD_WORDS]),
    }));
    // SAFETY: `env` is that of the running call. The context and the ring's buffers are never
    // freed, so views of them and callbacks with them stay valid without finalizers; the
    // reference to the worker is shared, and `begin` never touches that field but by reference.
    unsafe {
        let worker: &'static Worker = &(*context).worker;
        let object = bindings(raw, context);
        (worker, Unknown::from_raw_unchecked(raw, object))
    }
}

unsafe fn bindings(env: sys::napi_env, context: *mut Context) -> sys::napi_value {
    let mut object = null_mut();
    // SAFETY: as in `open`, the only caller.
    unsafe {
        let (records, data) = (*context).worker.buffers();
        let reply = (*context).reply.as_mut_ptr();
        sys::napi_create_object(env, &raw mut object);
        let callbacks: [(&CStr, unsafe extern "C" fn(_, _) -> _); 4] =
            [(c"begin", begin), (c"body", body), (c"abort", abort), (c"flow", flow)];
        for (name, callback) in callbacks {
            let mut function = null_mut();
            let length = name.count_bytes().cast_signed();
            sys::napi_create_function(
                env,
                name.as_ptr(),
                length,
                Some(callback),
                context.cast(),
                &raw mut function,
            );
            sys::napi_set_named_property(env, object, name.as_ptr(), function);
        }
        for (name, start, bytes) in [
            (c"records", records.cast::<c_void>(), RECORD_WORDS * RECORDS_MAX * 4),
            (c"data", data.cast(), DATA_BYTES),
            (c"reply", reply.cast(), RECORD_WORDS * 4),
        ] {
            let mut buffer = null_mut();
            sys::napi_create_external_arraybuffer(
                env,
                start,
                bytes,
                None,
                null_mut(),
                &raw mut buffer,
            );
            sys::napi_set_named_property(env, object, name.as_ptr(), buffer);
        }
    }
    object
}

/// `begin(head: string, peer: ArrayBuffer): number` — an exchange id, with bit 30 set when the
/// body is wanted; or 0 when the answer is in `reply`.
unsafe extern "C" fn begin(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    // SAFETY: N-API calls with live handles; the context was leaked by `open` and is used by
    // this thread only. `head` and `reply` are only touched here, and `begin` is not re-entered:
    // nothing it calls runs JavaScript.
    unsafe {
        let ([head, peer], context) = arguments::<2>(env, info);
        let worker = &(*context).worker;
        let buffer = (*context).head.as_mut_ptr();
        let mut length = 0;
        sys::napi_get_value_string_utf8(
            env,
            head,
            buffer.cast::<c_char>(),
            HEAD_BYTES,
            &raw mut length,
        );
        let text = std::slice::from_raw_parts(buffer, length);
        let begun = if length + 4 >= HEAD_BYTES {
            worker.refuse(Code::HeadTooLarge)
        } else if holds_replacement(text) {
            worker.refuse(Code::BadRequest)
        } else {
            worker.begin(text, address(bytes(env, peer)))
        };
        match begun {
            Begun::Accepted(key, wants_body) => {
                result(env, key.id() | if wants_body { WANTS_BODY } else { 0 })
            }
            Begun::Answered(record) => {
                *(*context).reply = record.words();
                result(env, 0)
            }
        }
    }
}

/// Whether the front met bytes that it could not keep.
fn holds_replacement(text: &[u8]) -> bool {
    memchr::memchr(0xef, text).is_some() && memchr::memmem::find(text, REPLACEMENT).is_some()
}

/// An address as the front gives it: 4 or 16 bytes in network order.
fn address(bytes: &[u8]) -> IpAddr {
    if let Ok(octets) = <[u8; 4]>::try_from(bytes) {
        return Ipv4Addr::from(octets).into();
    }
    let octets = <[u8; 16]>::try_from(bytes).unwrap_or_default();
    let address = Ipv6Addr::from(octets);
    address.to_ipv4_mapped().map_or(IpAddr::V6(address), IpAddr::V4)
}

/// `body(id: number, chunk: ArrayBuffer, last: boolean): number` — 1 when the front is to wait,
/// 2 when the answer is in `reply`.
unsafe extern "C" fn body(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    // SAFETY: as for `begin`.
    unsafe {
        let ([id, chunk, last], context) = arguments::<3>(env, info);
        let worker = &(*context).worker;
        let uptake = worker.body(number(env, id), bytes(env, chunk), boolean(env, last));
        match uptake {
            Uptake::More => result(env, 0),
            Uptake::Wait => result(env, 1),
            Uptake::Refused(record) => {
                *(*context).reply = record.words();
                result(env, 2)
            }
        }
    }
}

/// `abort(id: number): undefined`
unsafe extern "C" fn abort(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    // SAFETY: as for `body`.
    unsafe {
        let ([id], context) = arguments::<1>(env, info);
        (*context).worker.abort(number(env, id));
    }
    null_mut()
}

/// `flow(id: number, paused: boolean): undefined`
unsafe extern "C" fn flow(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    // SAFETY: as for `body`.
    unsafe {
        let ([id, paused], context) = arguments::<2>(env, info);
        (*context).worker.flow(number(env, id), boolean(env, paused));
    }
    null_mut()
}
