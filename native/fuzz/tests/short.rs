//! Every fuzz target over its seeds, and over inputs made from them: the short form of fuzzing, on
//! any toolchain and the same each time.
//!
//! Bounds: [`MUTATIONS`] inputs a target, of at most [`INPUT_MAX_BYTES`].

use std::{fs, panic, path::Path};

const MUTATIONS: u32 = 10_000;
const INPUT_MAX_BYTES: usize = 2048;
/// Most changes to one input.
const CHANGES_MAX: u64 = 4;

/// Numbers that look random. Source: Steele, Lea and Flood, "Fast Splittable Pseudorandom Number
/// Generators", `SplitMix64`.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    /// Below `end`; 0 when that is 0.
    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end.max(1) as u64).unwrap()
    }

    fn pick<'a>(&mut self, from: &'a [Vec<u8>]) -> &'a [u8] {
        from.get(self.below(from.len())).map_or(&[], Vec::as_slice)
    }

    /// A place in `input`, and how far from there to a place behind it, not far.
    fn range(&mut self, input: &[u8]) -> std::ops::Range<usize> {
        let start = self.below(input.len() + 1);
        start..(start + self.below(16)).min(input.len())
    }
}

fn mutate(input: &mut Vec<u8>, seeds: &[Vec<u8>], words: &[Vec<u8>], random: &mut Random) {
    let range = random.range(input);
    match random.below(7) {
        0 => input.insert(range.start, random.next().to_le_bytes()[0]),
        1 => drop(input.drain(range)),
        2 => {
            let copy = input[range.clone()].to_vec();
            input.splice(range.end..range.end, copy);
        }
        3 => input.truncate(range.start),
        4 => {
            let other = random.pick(seeds);
            let from = random.below(other.len() + 1);
            input.truncate(range.start);
            input.extend_from_slice(&other[from..]);
        }
        5 if !words.is_empty() => {
            let word = random.pick(words).to_vec();
            input.splice(range, word);
        }
        _ => {
            if let Some(byte) = input.get_mut(range.start) {
                *byte ^= 1 << (random.next() % 8);
            }
        }
    }
    input.truncate(INPUT_MAX_BYTES);
}

/// The seeds of a target, in an order that stays.
fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds").join(target);
    let mut files: Vec<_> =
        fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort_unstable();
    files.iter().map(|file| fs::read(file).unwrap()).collect()
}

/// The words of libFuzzer's dictionary: lines of `name="text"`, where `\\x` and two digits is a byte.
fn dictionary() -> Vec<Vec<u8>> {
    let text = include_str!("../http1.dict");
    let quoted = |line: &str| Some(line.split_once('"')?.1.strip_suffix('"')?.to_owned());
    text.lines().filter(|line| !line.starts_with('#')).filter_map(quoted).map(unescape).collect()
}

fn unescape(text: String) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text.as_str();
    while let Some(first) = rest.chars().next() {
        if let Some(digits) = rest.strip_prefix("\\x").and_then(|behind| behind.get(..2)) {
            bytes.push(u8::from_str_radix(digits, 16).unwrap());
            rest = &rest[4..];
        } else {
            let taken = if first == '\\' { 2 } else { 1 };
            bytes.extend_from_slice(&rest.as_bytes()[taken - 1..taken]);
            rest = &rest[taken..];
        }
    }
    bytes
}

fn run(target: &str, words: &[Vec<u8>], check: fn(&[u8])) {
    let seeds = seeds(target);
    assert!(!seeds.is_empty(), "{target} has no seeds");
    let holds = |input: &[u8]| {
        let broken = panic::catch_unwind(|| check(input)).is_err();
        assert!(!broken, "{target} breaks a promise on b\"{}\"", input.escape_ascii());
    };
    holds(b"");
    for seed in &seeds {
        holds(seed);
    }
    let mut random = Random(0);
    for _ in 0..MUTATIONS {
        let mut input = random.pick(&seeds).to_vec();
        for _ in 0..=random.next() % CHANGES_MAX {
            mutate(&mut input, &seeds, words, &mut random);
        }
        holds(&input);
    }
}

#[test]
fn request_heads_hold_what_a_naive_reading_finds() {
    run("request_head", &dictionary(), gateway_fuzz::request_head::check);
}

#[test]
fn response_heads_hold_what_a_naive_reading_finds() {
    run("response_head", &dictionary(), gateway_fuzz::response_head::check);
}

#[test]
fn chunked_bodies_end_at_the_same_place_however_they_are_cut() {
    run("chunked", &dictionary(), gateway_fuzz::chunked::check);
}

#[test]
fn preambles_say_what_a_naive_reading_finds() {
    run("proxy_protocol", &[], gateway_fuzz::proxy_protocol::check);
}

#[test]
fn spools_are_read_to_an_end_and_events_survive() {
    run("spool", &[], gateway_fuzz::spool::check);
}

#[test]
fn routes_are_found_as_they_are_explained() {
    run("router", &[], gateway_fuzz::router::check);
}

#[test]
fn configurations_compile_or_say_why_not() {
    run("snapshot", &[], gateway_fuzz::snapshot::check);
}

#[test]
fn the_dictionary_is_read_as_libfuzzer_reads_it() {
    let words = dictionary();
    let has = |word: &[u8]| words.iter().any(|known| known == word);
    assert!(has(b"\r\n\r\n") && has(b"HTTP/1.1 200 OK\r\n") && has(b";a=\"\\\"\""), "{words:?}");
}
