//! Tests of tickets: who reads them, for how long, and that nothing else is read.

use std::sync::atomic::{AtomicU64, Ordering};

use proptest::prelude::*;

use super::*;

const HOUR: u64 = 3600;

#[derive(Debug, Default)]
struct Hand(AtomicU64);

impl Clock for Hand {
    fn unix_seconds(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

fn tickets(secret: u8, verification: u8, clock: &Arc<Hand>) -> EpochTickets {
    let settings = TicketSettings { master_secret: [secret; 32], rotation_seconds: 6 * 3600 };
    EpochTickets::new(&settings, [verification; 32], Arc::<Hand>::clone(clock))
}

fn at(seconds: u64) -> Arc<Hand> {
    Arc::new(Hand(AtomicU64::new(seconds)))
}

#[test]
fn a_ticket_is_read_by_everyone_with_the_secret_and_nobody_else() {
    let clock = at(1_000_000);
    let ticket = tickets(1, 1, &clock).encrypt(b"session").unwrap_or_default();
    assert_eq!(tickets(1, 1, &clock).decrypt(&ticket).as_deref(), Some(&b"session"[..]));
    assert_eq!(tickets(2, 1, &clock).decrypt(&ticket), None, "another secret");
    assert_eq!(tickets(1, 2, &clock).decrypt(&ticket), None, "other verification settings");
}

#[test]
fn a_ticket_lives_through_the_next_epoch_and_no_longer() {
    let clock = at(100 * 6 * HOUR + 1);
    let tickets = tickets(1, 1, &clock);
    let ticket = tickets.encrypt(b"session").unwrap_or_default();
    assert_eq!(u64::from(tickets.lifetime()), 12 * HOUR - 1);
    clock.0.fetch_add(12 * HOUR - 2, Ordering::Relaxed);
    assert!(tickets.decrypt(&ticket).is_some(), "one second before its end");
    clock.0.fetch_add(1, Ordering::Relaxed);
    assert!(tickets.decrypt(&ticket).is_none(), "at its end");
}

#[test]
fn the_stated_lifetime_is_between_one_and_two_epochs() {
    let clock = at(100 * 6 * HOUR);
    let tickets = tickets(1, 1, &clock);
    assert_eq!(u64::from(tickets.lifetime()), 12 * HOUR);
    clock.0.fetch_add(6 * HOUR - 1, Ordering::Relaxed);
    assert_eq!(u64::from(tickets.lifetime()), 6 * HOUR + 1);
}

#[test]
fn two_tickets_of_one_session_have_nothing_but_the_name_in_common() {
    let tickets = tickets(1, 1, &at(7));
    let (one, two) = (tickets.encrypt(&[0; 64]), tickets.encrypt(&[0; 64]));
    let (one, two) = (one.unwrap_or_default(), two.unwrap_or_default());
    assert_eq!(one.get(..NAME_LEN), two.get(..NAME_LEN));
    assert_ne!(one.get(NAME_LEN..NAME_LEN + NONCE_LEN), two.get(NAME_LEN..NAME_LEN + NONCE_LEN));
    assert_ne!(one.get(NAME_LEN + NONCE_LEN..), two.get(NAME_LEN + NONCE_LEN..));
}

#[test]
fn a_session_over_the_bound_is_no_ticket() {
    let tickets = tickets(1, 1, &at(7));
    assert!(tickets.encrypt(&vec![0; SESSION_MAX_BYTES]).is_some());
    assert!(tickets.encrypt(&vec![0; SESSION_MAX_BYTES + 1]).is_none());
}

proptest! {
    #[test]
    fn a_changed_bit_anywhere_makes_a_ticket_unreadable(
        session in proptest::collection::vec(any::<u8>(), 0..200), place: usize, bit in 0_u8..8,
    ) {
        let tickets = tickets(1, 1, &at(7));
        let mut ticket = tickets.encrypt(&session).unwrap_or_default();
        prop_assert_eq!(tickets.decrypt(&ticket), Some(session));
        let place = place % ticket.len();
        if let Some(byte) = ticket.get_mut(place) {
            *byte ^= 1 << bit;
        }
        prop_assert_eq!(tickets.decrypt(&ticket), None);
    }

    #[test]
    fn arbitrary_bytes_are_no_ticket(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        prop_assert_eq!(tickets(1, 1, &at(7)).decrypt(&bytes), None);
    }
}
