//! Versions, protocols and stapled responses.

use gateway_tls::{FailureReason as Reason, MinimumVersion, Source};
use rustls::AlertDescription as Alert;

use crate::support::{Client, Hand, Outcome, TLS12, TLS13, build, settings};

#[test]
fn both_versions_are_spoken_and_reported() -> Outcome {
    let server = build(&settings(&Hand::new())?)?;
    for (version, name, suite) in [
        (TLS12, "TLSv1.2", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"),
        (TLS13, "TLSv1.3", "TLS13_AES_256_GCM_SHA384"),
    ] {
        let met = Client::new(version, None, |_| {})?.meet(&server)?;
        assert_eq!(met.server.version(), Some(name));
        assert_eq!(met.server.cipher_suite(), Some(suite));
        assert_eq!(met.finished, 1);
        assert!(!met.server.is_handshaking());
    }
    Ok(())
}

#[test]
fn a_client_below_the_minimum_version_is_refused() -> Outcome {
    let mut settings = settings(&Hand::new())?;
    settings.minimum_version = MinimumVersion::Tls13;
    let server = build(&settings)?;
    let refused = Client::new(TLS12, None, |_| {})?.refused(&server)?;
    assert_eq!(refused.failure.reason, Reason::Incompatible);
    assert_eq!(refused.alert, Some(Alert::ProtocolVersion));
    Client::new(TLS13, None, |_| {})?.meet(&server)?;
    Ok(())
}

#[test]
fn the_first_protocol_in_common_is_agreed_on() -> Outcome {
    let mut settings = settings(&Hand::new())?;
    settings.alpn = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let server = build(&settings)?;
    for (offered, agreed) in [
        (&[&b"http/1.1"[..]][..], Some(&b"http/1.1"[..])),
        (&[b"http/1.1", b"h2"], Some(b"h2")),
        (&[], None),
    ] {
        for version in [TLS12, TLS13] {
            let client = Client::new(version, None, |config| {
                config.alpn_protocols = offered.iter().map(|name| name.to_vec()).collect();
            })?;
            assert_eq!(client.meet(&server)?.server.alpn(), agreed);
        }
    }
    Ok(())
}

#[test]
fn a_client_that_speaks_only_other_protocols_is_refused() -> Outcome {
    let server = build(&settings(&Hand::new())?)?;
    for version in [TLS12, TLS13] {
        let client = Client::new(version, None, |config| {
            config.alpn_protocols = vec![b"h2".to_vec()];
        })?;
        let refused = client.refused(&server)?;
        assert_eq!(refused.failure.reason, Reason::NoCommonProtocol);
        assert_eq!(refused.alert, Some(Alert::NoApplicationProtocol));
    }
    Ok(())
}

#[test]
fn a_stapled_response_reaches_the_client_as_it_is() -> Outcome {
    // OCSPResponse { successful, responseBytes { 1.2.3, "x" } }
    let response = [0x30, 0x0e, 0x0a, 1, 0, 0xa0, 9, 0x30, 7, 6, 2, 0x2a, 3, 4, 1, b'x'];
    let mut settings = settings(&Hand::new())?;
    if let Some(first) = settings.certificates.first_mut() {
        first.ocsp = Some(Source::new("gateway.ocsp", response));
    }
    let server = build(&settings)?;
    for version in [TLS12, TLS13] {
        let client = Client::new(version, None, |_| {})?;
        client.meet(&server)?;
        assert_eq!(client.believer.shown().1, response);
    }
    Ok(())
}
