//! An open-loop HTTP/1.1 client: requests are due at random moments of a constant mean rate
//! (Poisson) whatever the answers do, and latency counts from the moment a request was due, so
//! that a stall is not left out (coordinated omission). Prints one JSON line.
//!
//! It sleeps until the next request is due, to the nanosecond as far as the kernel can (timerfd),
//! since it shares its core with the upstream. Bounds: one request at a time on each connection;
//! what is due meanwhile waits in line and its wait counts; answers of 64 KiB.

mod plan;
mod schedule;

use std::{
    collections::VecDeque,
    io::{ErrorKind, Read as _, Write as _},
    net::{Ipv4Addr, TcpStream},
    os::fd::OwnedFd,
    time::{Duration, Instant},
};

use plan::Plan;
use rustix::{
    event::epoll::{self, CreateFlags, EventData, EventFlags},
    time::{
        Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
        timerfd_settime,
    },
};
use schedule::{Schedule, Tally};

const READ_BYTES: usize = 64 << 10;
const EVENTS_MAX: usize = 128;
/// Wait for late answers after the last request was due.
const SETTLE: Duration = Duration::from_secs(2);
/// What stands for the timer among the connections.
const TIMER: u64 = u64::MAX;

type Failure = Box<dyn std::error::Error>;

/// A connection and the request on it.
struct Connection {
    stream: TcpStream,
    due: Option<Duration>,
    received: Vec<u8>,
}

struct Client {
    plan: Plan,
    start: Instant,
    connections: Vec<Connection>,
    idle: Vec<usize>,
    /// When requests that wait for a connection were due.
    line: VecDeque<Duration>,
    tally: Tally,
}

fn main() -> Result<(), Failure> {
    let plan = Plan::from_arguments()?;
    let epoll = epoll::create(CreateFlags::CLOEXEC)?;
    let timer =
        timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC)?;
    epoll::add(&epoll, &timer, EventData::new_u64(TIMER), EventFlags::IN)?;
    let mut connections = Vec::with_capacity(plan.connections);
    for index in 0..plan.connections {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, plan.port))?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        epoll::add(&epoll, &stream, EventData::new_u64(index as u64), EventFlags::IN)?;
        connections.push(Connection { stream, due: None, received: Vec::new() });
    }
    let mut client = Client {
        start: Instant::now(),
        idle: (0..connections.len()).collect(),
        connections,
        line: VecDeque::new(),
        tally: Tally::new(plan.warm_up),
        plan,
    };
    client.run(&epoll, &timer)?;
    println!("{}", client.tally.into_json());
    Ok(())
}

impl Client {
    fn run(&mut self, epoll: &OwnedFd, timer: &OwnedFd) -> Result<(), Failure> {
        let end = self.plan.warm_up + self.plan.measured;
        let mut schedule = Schedule::new(self.plan.rate, self.plan.seed);
        let mut buffer = vec![0; READ_BYTES];
        let mut events = Vec::with_capacity(EVENTS_MAX);
        loop {
            let now = self.start.elapsed();
            while let Some(due) = schedule.due(now.min(end)) {
                self.tally.notice(due, now);
                self.line.push_back(due);
            }
            self.send_waiting()?;
            let sending = schedule.next() < end;
            let all_answered = self.idle.len() == self.connections.len() && self.line.is_empty();
            if self.tally.lost() || !sending && (all_answered || now > end + SETTLE) {
                return Ok(());
            }
            let wake = if sending { schedule.next() } else { end + SETTLE };
            sleep_until(timer, wake.saturating_sub(self.start.elapsed()))?;
            events.clear();
            epoll::wait(epoll, rustix::buffer::spare_capacity(&mut events), None)?;
            for event in &events {
                let index = usize::try_from(event.data.u64()).unwrap_or(usize::MAX);
                self.receive(index, &mut buffer);
            }
        }
    }

    fn send_waiting(&mut self) -> Result<(), Failure> {
        while !self.line.is_empty() {
            let Some(index) = self.idle.pop() else { break };
            let Some(connection) = self.connections.get_mut(index) else { break };
            connection.due = self.line.pop_front();
            // A request is far smaller than an empty socket's buffer.
            connection.stream.write_all(&self.plan.request)?;
        }
        Ok(())
    }

    /// Reads what has come, and ends the exchange when its answer is complete. A connection that
    /// is lost ends the run.
    fn receive(&mut self, index: usize, buffer: &mut [u8]) {
        let Some(connection) = self.connections.get_mut(index) else { return };
        let piece = match connection.stream.read(buffer) {
            Ok(0) => &[],
            Ok(count) => buffer.get(..count).unwrap_or_default(),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return,
            Err(_) => &[],
        };
        if piece.is_empty() {
            self.tally.lose();
            return;
        }
        connection.received.extend_from_slice(piece);
        let head = connection.received.windows(4).position(|four| four == b"\r\n\r\n");
        let Some(length) = head.map(|head| head + 4 + self.plan.body_bytes) else { return };
        if connection.received.len() < length {
            return;
        }
        let expected =
            connection.received.len() == length && connection.received.starts_with(b"HTTP/1.1 200");
        connection.received.clear();
        self.tally.answer(connection.due.take(), self.start.elapsed(), expected);
        self.idle.push(index);
    }
}

/// Arms the timer; an earlier moment than now is as soon as possible.
fn sleep_until(timer: &OwnedFd, left: Duration) -> Result<(), Failure> {
    let left = left.max(Duration::from_nanos(1));
    let value =
        Timespec { tv_sec: i64::try_from(left.as_secs())?, tv_nsec: left.subsec_nanos().into() };
    let once = Itimerspec { it_interval: Timespec { tv_sec: 0, tv_nsec: 0 }, it_value: value };
    timerfd_settime(timer, TimerfdTimerFlags::empty(), &once)?;
    Ok(())
}
