//! Records: bounds, closing, and bytes that are none.

use std::{
    io::{Read as _, Write as _},
    sync::{Arc, OnceLock},
};

use gateway_tls::{
    CIPHERTEXT_WAITING_MAX_BYTES, ClientAuth, FailureReason as Reason, PLAINTEXT_WAITING_MAX_BYTES,
    ServerTls,
};
use proptest::prelude::*;

use crate::support::{Authority, Client, Hand, Met, Outcome, TLS12, TLS13, build, settings};

/// One read of rustls: the largest record and its header.
const RECORD_MAX_BYTES: usize = 16 * 1024 + 2048 + 5;

fn met(version: usize) -> Result<Met, Box<dyn std::error::Error>> {
    let server = build(&settings(&Hand::new())?)?;
    let version = if version == 0 { TLS12 } else { TLS13 };
    Client::new(version, None, |_| {})?.meet(&server)
}

/// What the client has to send.
fn sent(met: &mut Met) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    let mut sent = Vec::new();
    while met.client.wants_write() {
        met.client.write_tls(&mut sent)?;
    }
    Ok(sent)
}

#[test]
fn plaintext_that_is_not_read_stops_the_reading_of_ciphertext() -> Outcome {
    for version in 0..2 {
        let mut met = met(version)?;
        let upload: Vec<u8> = (0..=250_u8).cycle().take(300_000).collect();
        met.client.set_buffer_limit(None);
        met.client.writer().write_all(&upload)?;
        let sent = sent(&mut met)?;
        let (mut rest, mut received, mut buffer) = (sent.as_slice(), Vec::new(), [0; 5000]);
        while !rest.is_empty() {
            let progress = met.server.feed(rest)?;
            rest = rest.get(progress.consumed..).unwrap_or_default();
            let most = PLAINTEXT_WAITING_MAX_BYTES + RECORD_MAX_BYTES;
            assert!(progress.plaintext_bytes <= most, "{}", progress.plaintext_bytes);
            assert!(rest.is_empty() || progress.plaintext_bytes >= PLAINTEXT_WAITING_MAX_BYTES);
            assert_eq!(met.server.feed(rest)?.consumed, 0, "full is full");
            loop {
                let read = met.server.read_plaintext(&mut buffer);
                received.extend_from_slice(buffer.get(..read).unwrap_or_default());
                if read == 0 {
                    break;
                }
            }
        }
        assert!(received == upload);
    }
    Ok(())
}

#[test]
fn plaintext_can_be_read_in_place() -> Outcome {
    let mut met = met(1)?;
    met.client.writer().write_all(b"hello")?;
    let sent = sent(&mut met)?;
    assert_eq!(met.server.feed(&sent)?.plaintext_bytes, 5);
    met.server.consume_plaintext(2);
    assert_eq!(met.server.plaintext(), b"llo");
    met.server.consume_plaintext(100);
    assert_eq!(met.server.plaintext(), b"");
    assert_eq!(met.server.read_plaintext(&mut [0; 8]), 0);
    Ok(())
}

#[test]
fn what_waits_to_be_sent_is_bounded() -> Outcome {
    for version in 0..2 {
        let mut met = met(version)?;
        let body = vec![7; 200_000];
        let written = met.server.write_plaintext(&body);
        assert!(written <= CIPHERTEXT_WAITING_MAX_BYTES, "{written}");
        assert_eq!(met.server.write_plaintext(&body), 0, "full is full");
        let mut out = Vec::new();
        met.server.take_ciphertext(&mut out);
        assert!(out.len() <= CIPHERTEXT_WAITING_MAX_BYTES + 1024, "{}", out.len());
        met.server.set_ciphertext_limit(1000);
        assert!((1..=1000).contains(&met.server.write_plaintext(&body)));
    }
    Ok(())
}

#[test]
fn nothing_is_written_before_the_handshake_is_finished() -> Outcome {
    let server = build(&settings(&Hand::new())?)?;
    let mut connection = server.accept()?;
    assert!(connection.is_handshaking());
    assert_eq!(connection.write_plaintext(b"early"), 0);
    assert!(!connection.wants_write());
    Ok(())
}

#[test]
fn both_sides_can_close() -> Outcome {
    for version in 0..2 {
        let mut met = met(version)?;
        met.client.send_close_notify();
        let mut sent = sent(&mut met)?;
        sent.extend_from_slice(b"what stands behind does not count");
        let progress = met.server.feed(&sent)?;
        assert!(progress.closed);
        assert_eq!((progress.consumed, progress.plaintext_bytes), (sent.len(), 0));
        assert_eq!(met.server.write_plaintext(b"bye"), 3, "the other direction stays open");
        met.server.close_notify();
        assert_eq!(met.server.write_plaintext(b"more"), 0);
        met.deliver()?;
        let mut received = Vec::new();
        met.client.reader().read_to_end(&mut received)?;
        assert_eq!(received, b"bye");
    }
    Ok(())
}

#[test]
fn plain_http_is_no_tls() -> Outcome {
    let mut connection = build(&settings(&Hand::new())?)?.accept()?;
    let failure = connection.feed(b"GET / HTTP/1.1\r\nHost: gateway.test\r\n\r\n").err();
    assert_eq!(failure.as_ref().map(|failure| failure.reason), Some(Reason::Protocol));
    assert_eq!(connection.feed(b"").err(), failure, "what failed stays failed");
    assert_eq!(connection.write_plaintext(b"x"), 0);
    Ok(())
}

/// A handshake message of `length` bytes in records of 1000, as many as it takes to send `total`.
fn endless_hello(length: usize, total: usize) -> Vec<u8> {
    let header =
        [1, length >> 16, length >> 8, length].map(|byte| u8::try_from(byte & 255).unwrap_or(0));
    let message: Vec<u8> = header.into_iter().chain(std::iter::repeat_n(0, total)).collect();
    message
        .chunks(1000)
        .flat_map(|chunk| {
            let length = u16::try_from(chunk.len()).unwrap_or(0).to_be_bytes();
            [&[22, 3, 1], &length[..], chunk].concat()
        })
        .collect()
}

#[test]
fn a_client_hello_is_never_collected_beyond_64_kib() -> Outcome {
    let server = build(&settings(&Hand::new())?)?;
    for length in [0x1_0000, 0xff_ffff] {
        let mut connection = server.accept()?;
        let bytes = endless_hello(length, 200_000);
        let mut taken = 0;
        let failure = bytes.chunks(1448).find_map(|chunk| {
            let fed = connection.feed(chunk);
            taken += fed.as_ref().map_or(0, |progress| progress.consumed);
            fed.err()
        });
        assert_eq!(failure.map(|failure| failure.reason), Some(Reason::Protocol));
        assert!(taken <= 0x1_0000, "{taken}");
    }
    Ok(())
}

/// A listener that has everything to be attacked.
fn target() -> Option<&'static Arc<ServerTls>> {
    static TARGET: OnceLock<Option<Arc<ServerTls>>> = OnceLock::new();
    TARGET
        .get_or_init(|| {
            let mut settings = settings(&Hand::new()).ok()?;
            settings.client_auth = ClientAuth::Optional(Authority::root("clients").ok()?.trust());
            build(&settings).ok()
        })
        .as_ref()
}

/// Feeds pieces as a socket would, reading plaintext in between.
fn feed_all(connection: &mut gateway_tls::TlsConnection, bytes: &[u8], piece: usize) -> bool {
    for piece in bytes.chunks(piece) {
        let mut rest = piece;
        while !rest.is_empty() {
            let Ok(progress) = connection.feed(rest) else { return false };
            assert!(progress.consumed <= rest.len());
            rest = rest.get(progress.consumed..).unwrap_or_default();
            let waiting = connection.plaintext().len();
            connection.consume_plaintext(waiting);
            assert!(progress.consumed > 0 || waiting > 0);
        }
    }
    true
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(
        bytes in proptest::collection::vec(any::<u8>(), 0..2000), piece in 1_usize..500,
        framed: bool,
    ) {
        let server = target().ok_or_else(|| TestCaseError::fail("no target"))?;
        let mut connection = server.accept()?;
        let length = u16::try_from(bytes.len()).unwrap_or(0).to_be_bytes();
        let record = if framed { [&[22, 3, 1], &length[..], &bytes].concat() } else { bytes };
        feed_all(&mut connection, &record, piece);
        prop_assert_eq!(connection.write_plaintext(b"x"), 0);
    }

    #[test]
    fn a_damaged_handshake_never_panics_nor_gives_an_identity(
        place: usize, flip in 1_u8.., cut: usize, piece in 1_usize..500, version in 0_usize..2,
    ) {
        let version = if version == 0 { TLS12 } else { TLS13 };
        let server = target().ok_or_else(|| TestCaseError::fail("no target"))?;
        let opened = Client::new(version, None, |_| {}).and_then(|client| client.open());
        let mut client = opened.map_err(|error| TestCaseError::fail(error.to_string()))?;
        let mut hello = Vec::new();
        prop_assert!(client.write_tls(&mut hello).is_ok());
        let place = place % hello.len();
        if let Some(byte) = hello.get_mut(place) {
            *byte ^= flip;
        }
        hello.truncate(1 + cut % hello.len());
        let mut connection = server.accept()?;
        feed_all(&mut connection, &hello, piece);
        prop_assert!(connection.peer_identity().is_none());
        prop_assert_eq!(connection.write_plaintext(b"x"), 0);
    }

    #[test]
    fn a_damaged_record_ends_the_connection_and_gives_no_byte(
        place: usize, flip in 1_u8.., version in 0_usize..2, piece in 1_usize..100,
    ) {
        let mut met = met(version).map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert!(met.client.writer().write_all(b"a secret request").is_ok());
        let mut sent = sent(&mut met).map_err(|error| TestCaseError::fail(error.to_string()))?;
        // The header's version and length are another matter: a longer record only waits.
        let place = 5 + place % (sent.len() - 5);
        if let Some(byte) = sent.get_mut(place) {
            *byte ^= flip;
        }
        prop_assert!(!feed_all(&mut met.server, &sent, piece));
        prop_assert_eq!(met.server.plaintext(), b"");
        prop_assert!(met.server.wants_write(), "an alert");
    }
}
