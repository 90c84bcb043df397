//! Runs one piece of the native hot path so many times: `instructions SCENARIO REPETITIONS`.
//!
//! The gate runs it under callgrind with N and 2N repetitions; the difference is N repetitions, without the start of the
//! process and the setting up. Nothing here depends on clock, randomness or environment. Prints how many repetitions did
//! what the scenario is about, and fails when not all did: work that was not done must not look fast.
//!
//! `instructions --list` prints the scenarios, one a line.

mod decision;
mod messages;

use std::{env, process::ExitCode};

/// What a repetition is: true when it did what it is to do. It is told which one it is.
type Repetition = Box<dyn FnMut(usize) -> bool>;
type Prepare = fn() -> Result<Repetition, String>;

const SCENARIOS: [(&str, Prepare); 6] = [
    ("decide", decision::decide),
    ("refuse", decision::refuse),
    ("response-head", decision::response_head),
    ("request-head", messages::request_head),
    ("chunked-body", messages::chunked_body),
    ("access-log-line", messages::access_log_line),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let outcome = match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["--list"] => Ok(SCENARIOS.map(|(name, _)| name).join("\n")),
        [name, repetitions] => run(name, repetitions),
        _ => Err("instructions SCENARIO REPETITIONS, or instructions --list".to_owned()),
    };
    match outcome {
        Ok(text) => {
            println!("{text}");
            ExitCode::SUCCESS
        }
        Err(text) => {
            eprintln!("{text}");
            ExitCode::FAILURE
        }
    }
}

fn run(name: &str, repetitions: &str) -> Result<String, String> {
    let (_, prepare) = SCENARIOS
        .iter()
        .find(|(known, _)| *known == name)
        .ok_or_else(|| format!("there is no scenario {name}: see --list"))?;
    let repetitions: usize =
        repetitions.parse().map_err(|_| format!("{repetitions} is no number of repetitions"))?;
    let mut repetition = prepare()?;
    let done = (0..repetitions).filter(|&number| repetition(number)).count();
    if done == repetitions {
        Ok(format!("{done}"))
    } else {
        Err(format!("{name}: {done} of {repetitions} repetitions did their work"))
    }
}
