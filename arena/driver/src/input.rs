//! Commands on standard input, a line each.
//!
//! Bounds: lines of 1 MiB; 64 commands that wait.

use std::{
    collections::VecDeque,
    io::{self, Read as _},
};

use crate::{
    net::{
        poller::Poller,
        token::{Owner, Token},
    },
    spec::Command,
};

const LINE_MAX_BYTES: usize = 1 << 20;
const COMMANDS_MAX: usize = 64;

/// See the module.
pub struct Input {
    partial: Vec<u8>,
    /// Understood or not, in the order in which they came.
    commands: VecDeque<Result<Command, String>>,
    /// A file, which can't be waited for.
    is_file: bool,
    ended: bool,
}

impl Input {
    /// Watches standard input.
    pub fn new(poller: &Poller) -> Self {
        let token = Token::new(Owner::Input, 0, 0);
        let is_file = poller.watch_input(io::stdin(), token).is_err();
        Self { partial: Vec::new(), commands: VecDeque::new(), is_file, ended: false }
    }

    /// Whether it can be read without being told so.
    pub fn is_file(&self) -> bool {
        self.is_file && !self.ended
    }

    /// Whether nothing more is to come.
    pub fn ended(&self) -> bool {
        self.ended
    }

    /// The next command.
    pub fn next(&mut self) -> Option<Result<Command, String>> {
        self.commands.pop_front()
    }

    /// Reads what is there; true when it asks for what is being done to be stopped.
    ///
    /// # Errors
    ///
    /// A bound is exceeded.
    pub fn read(&mut self, poller: &Poller, scratch: &mut [u8]) -> Result<bool, String> {
        let count = io::stdin().read(scratch).map_err(|error| error.to_string())?;
        self.partial.extend_from_slice(scratch.get(..count).unwrap_or_default());
        if count == 0 {
            self.ended = true;
            poller.forget(io::stdin());
        }
        let mut stop = false;
        while let Some(end) = memchr::memchr(b'\n', &self.partial) {
            let line: Vec<u8> = self.partial.drain(..=end).collect();
            let text = String::from_utf8_lossy(&line);
            match Command::read(text.trim()) {
                Ok(Command::Stop) => stop = true,
                command => self.commands.push_back(command),
            }
        }
        if self.partial.len() > LINE_MAX_BYTES || self.commands.len() > COMMANDS_MAX {
            return Err("a line of more than 1 MiB, or more than 64 lines, wait".to_owned());
        }
        Ok(stop)
    }
}
