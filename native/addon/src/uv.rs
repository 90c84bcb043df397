//! Safe wrappers over the parts of libuv that forwarding needs: poll, timer and check handles.
//!
//! Node exports libuv's symbols, so the addon runs on the worker's own event loop. A handle
//! carries a 64-bit token and never a pointer: what the token means is looked up by the
//! [`LoopHandler`], so an event of a handle that is already gone can be recognised.
//!
//! Bounds: one check handle, one timer and as many poll handles as the pools allow connections.
//! Source: libuv 1.x API (`uv_poll_t`, `uv_timer_t`, `uv_check_t`).
#![allow(non_camel_case_types, reason = "libuv's own names")]

use std::{
    alloc::{Layout, alloc_zeroed, dealloc},
    cell::Cell,
    ffi::{c_int, c_void},
    io,
    os::fd::{AsRawFd, BorrowedFd, RawFd},
    ptr::NonNull,
};

use napi::sys;

/// What a descriptor is ready for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ready {
    /// Reading will not block.
    pub(crate) readable: bool,
    /// Writing will not block, or connecting is done.
    pub(crate) writable: bool,
    /// The descriptor is in error, both others are true, and libuv has stopped watching.
    pub(crate) failed: bool,
}

/// What the loop tells its one handler. Called on the loop's thread only.
pub(crate) trait LoopHandler {
    /// The descriptor behind `token` is ready.
    fn on_ready(&self, token: u64, ready: Ready);
    /// The timer's period has passed.
    fn on_tick(&self);
    /// Everything that was ready in this turn of the loop has been handled.
    fn on_turn_end(&self);
}

#[repr(C)]
struct uv_loop_t {
    _opaque: [u8; 0],
}
#[repr(C)]
struct uv_handle_t {
    _opaque: [u8; 0],
}
type PollCallback = unsafe extern "C" fn(*mut uv_handle_t, c_int, c_int);
type HandleCallback = unsafe extern "C" fn(*mut uv_handle_t);

unsafe extern "C" {
    fn uv_handle_size(kind: c_int) -> usize;
    fn uv_handle_get_type(handle: *const uv_handle_t) -> c_int;
    fn uv_handle_set_data(handle: *mut uv_handle_t, data: *mut c_void);
    fn uv_handle_get_data(handle: *const uv_handle_t) -> *mut c_void;
    fn uv_close(handle: *mut uv_handle_t, done: HandleCallback);
    fn uv_unref(handle: *mut uv_handle_t);
    fn uv_poll_init(event_loop: *mut uv_loop_t, handle: *mut uv_handle_t, fd: c_int) -> c_int;
    fn uv_poll_start(handle: *mut uv_handle_t, events: c_int, ready: PollCallback) -> c_int;
    fn uv_poll_stop(handle: *mut uv_handle_t) -> c_int;
    fn uv_timer_init(event_loop: *mut uv_loop_t, handle: *mut uv_handle_t) -> c_int;
    fn uv_timer_start(
        handle: *mut uv_handle_t,
        fired: HandleCallback,
        first_ms: u64,
        repeat_ms: u64,
    ) -> c_int;
    fn uv_check_init(event_loop: *mut uv_loop_t, handle: *mut uv_handle_t) -> c_int;
    fn uv_check_start(handle: *mut uv_handle_t, ended: HandleCallback) -> c_int;
}

const UV_CHECK: c_int = 2;
const UV_POLL: c_int = 8;
const UV_TIMER: c_int = 13;
const UV_READABLE: c_int = 1;
const UV_WRITABLE: c_int = 2;

thread_local! {
    static HANDLER: Cell<Option<&'static dyn LoopHandler>> = const { Cell::new(None) };
}

/// The event loop of the thread that loaded the addon.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EventLoop {
    raw: NonNull<uv_loop_t>,
}

impl EventLoop {
    /// The loop that runs `env`'s JavaScript.
    ///
    /// # Errors
    ///
    /// When Node has no loop for this environment.
    pub(crate) fn of(env: sys::napi_env) -> io::Result<Self> {
        let mut raw: *mut uv_loop_t = std::ptr::null_mut();
        // SAFETY: `env` is the live environment of the calling callback; `raw` is a valid out
        // pointer.
        let status = unsafe { sys::napi_get_uv_event_loop(env, (&raw mut raw).cast()) };
        match NonNull::new(raw) {
            Some(raw) if status == sys::Status::napi_ok => Ok(Self { raw }),
            _ => Err(io::Error::other("no event loop in this environment")),
        }
    }

    /// Sends every event of this thread's loop to `handler`, `on_tick` each `tick_ms`.
    /// Neither handle keeps the process alive.
    ///
    /// # Errors
    ///
    /// When a handler is installed already, or libuv refuses a handle.
    pub(crate) fn install(self, handler: &'static dyn LoopHandler, tick_ms: u64) -> io::Result<()> {
        if HANDLER.with(Cell::get).is_some() {
            return Err(io::Error::other("a worker is already open in this process"));
        }
        HANDLER.set(Some(handler));
        let check = allocate(UV_CHECK)?;
        let timer = allocate(UV_TIMER)?;
        // SAFETY: both handles are fresh zeroed memory of the size libuv asks for, are
        // initialised before use and live until the process ends.
        unsafe {
            checked(uv_check_init(self.raw.as_ptr(), check.as_ptr()))?;
            checked(uv_check_start(check.as_ptr(), on_check))?;
            uv_unref(check.as_ptr());
            checked(uv_timer_init(self.raw.as_ptr(), timer.as_ptr()))?;
            checked(uv_timer_start(timer.as_ptr(), on_timer, tick_ms, tick_ms))?;
            uv_unref(timer.as_ptr());
        }
        Ok(())
    }
}

/// A watched descriptor. Dropping it stops the watch; drop it before closing the descriptor.
#[derive(Debug)]
pub(crate) struct Poll {
    handle: NonNull<uv_handle_t>,
}

impl Poll {
    /// Watches nothing yet. `fd` must be a socket and is set non-blocking.
    ///
    /// # Errors
    ///
    /// When libuv refuses the descriptor.
    pub(crate) fn new(event_loop: EventLoop, fd: BorrowedFd<'_>, token: u64) -> io::Result<Self> {
        let handle = allocate(UV_POLL)?;
        // SAFETY: the handle is fresh zeroed memory of the right size; the loop is this thread's.
        let status =
            unsafe { uv_poll_init(event_loop.raw.as_ptr(), handle.as_ptr(), fd.as_raw_fd()) };
        if let Err(error) = checked(status) {
            release(handle, UV_POLL);
            return Err(error);
        }
        let poll = Self { handle };
        let data = std::ptr::without_provenance_mut::<c_void>(token_to_word(token));
        // SAFETY: the handle is initialised; the data is a number that nobody dereferences.
        unsafe { uv_handle_set_data(poll.handle.as_ptr(), data) };
        Ok(poll)
    }

    /// Changes what is watched; with neither, the descriptor is left alone.
    pub(crate) fn watch(&self, readable: bool, writable: bool) {
        let events =
            if readable { UV_READABLE } else { 0 } | if writable { UV_WRITABLE } else { 0 };
        // SAFETY: the handle is initialised and not closed: `drop` is the only closer.
        unsafe {
            if events == 0 {
                uv_poll_stop(self.handle.as_ptr());
            } else {
                uv_poll_start(self.handle.as_ptr(), events, on_poll);
            }
        }
    }
}

impl Drop for Poll {
    fn drop(&mut self) {
        // SAFETY: initialised and not yet closed; libuv stops watching at once and calls
        // `on_closed` later, which is the last use of the memory.
        unsafe { uv_close(self.handle.as_ptr(), on_closed) };
    }
}

#[allow(clippy::cast_possible_truncation, reason = "the product runs on 64-bit machines only")]
fn token_to_word(token: u64) -> usize {
    token as usize
}

fn layout(kind: c_int) -> io::Result<Layout> {
    // SAFETY: a pure function of libuv.
    let size = unsafe { uv_handle_size(kind) };
    Layout::from_size_align(size, 16).map_err(io::Error::other)
}

fn allocate(kind: c_int) -> io::Result<NonNull<uv_handle_t>> {
    // SAFETY: libuv's handle sizes are never zero.
    let memory = unsafe { alloc_zeroed(layout(kind)?) };
    NonNull::new(memory.cast()).ok_or_else(|| io::ErrorKind::OutOfMemory.into())
}

fn release(handle: NonNull<uv_handle_t>, kind: c_int) {
    if let Ok(layout) = layout(kind) {
        // SAFETY: allocated by `allocate` with the same layout, and libuv is done with it.
        unsafe { dealloc(handle.as_ptr().cast(), layout) };
    }
}

fn checked(status: c_int) -> io::Result<()> {
    if status < 0 { Err(io::Error::from_raw_os_error(-status)) } else { Ok(()) }
}

unsafe extern "C" fn on_poll(handle: *mut uv_handle_t, status: c_int, events: c_int) {
    // SAFETY: libuv passes a live handle whose data `Poll::new` set to a token.
    let token = unsafe { uv_handle_get_data(handle) }.addr() as u64;
    let failed = status < 0;
    if let Some(handler) = HANDLER.with(Cell::get) {
        handler.on_ready(
            token,
            Ready {
                readable: failed || events & UV_READABLE != 0,
                writable: failed || events & UV_WRITABLE != 0,
                failed,
            },
        );
    }
}

unsafe extern "C" fn on_check(_handle: *mut uv_handle_t) {
    if let Some(handler) = HANDLER.with(Cell::get) {
        handler.on_turn_end();
    }
}

unsafe extern "C" fn on_timer(_handle: *mut uv_handle_t) {
    if let Some(handler) = HANDLER.with(Cell::get) {
        handler.on_tick();
    }
}

unsafe extern "C" fn on_closed(handle: *mut uv_handle_t) {
    // SAFETY: libuv passes the handle that `uv_close` was given, for the last time.
    let kind = unsafe { uv_handle_get_type(handle) };
    if let Some(handle) = NonNull::new(handle) {
        release(handle, kind);
    }
}

/// A descriptor that something else in this process owns: inherited, or opened by the front. One
/// that is not open makes every call on it fail.
pub(crate) fn foreign_descriptor(fd: RawFd) -> Option<BorrowedFd<'static>> {
    if fd < 0 {
        return None;
    }
    // SAFETY: not negative. Its users make one call with it, at a time when its owner, on the same
    // thread, does not run.
    Some(unsafe { BorrowedFd::borrow_raw(fd) })
}
