//! Which certificate a client is shown.

use gateway_tls::{FailureReason as Reason, ServerTlsSettings};
use rcgen::{KeyPair, SanType};
use rustls::{AlertDescription as Alert, SignatureScheme};

use crate::support::{Authority, Client, Hand, Leaf, Outcome, TLS12, TLS13, build, settings};

/// A listener with a certificate for each list of names.
fn listener(
    lists: &[&[&str]],
) -> Result<(ServerTlsSettings, Vec<Leaf>), Box<dyn std::error::Error>> {
    let authority = Authority::root("servers")?;
    let leaves: Vec<_> =
        lists.iter().map(|names| authority.issue_for(names)).collect::<Result<_, _>>()?;
    let mut settings = settings(&Hand::new())?;
    settings.certificates = leaves.iter().map(|leaf| leaf.settings("gateway")).collect();
    Ok((settings, leaves))
}

#[test]
fn the_certificate_is_the_one_for_the_name() -> Outcome {
    let lists: &[&[&str]] = &[
        &["first.test"],
        &["a.example.org", "b.example.org"],
        &["*.example.org"],
        &["*.EXAMPLE.net", "C.example.com"],
    ];
    let (settings, leaves) = listener(lists)?;
    let server = build(&settings)?;
    for (name, expected) in [
        ("first.test", 0),
        ("a.example.org", 1),
        ("b.example.org", 1),
        ("c.example.org", 2),
        ("x.y.example.org", 0),
        ("example.org", 0),
        ("A.Example.ORG", 1),
        ("z.example.NET", 3),
        ("c.example.com", 3),
        ("unknown.test", 0),
    ] {
        for version in [TLS12, TLS13] {
            let mut client = Client::new(version, None, |_| {})?;
            client.server_name = name.to_owned();
            let met = client.meet(&server)?;
            let expected = leaves.get(expected).ok_or("no leaf")?.der()?;
            assert_eq!(client.believer.shown().0, expected.to_vec(), "{name}");
            assert_eq!(met.server.sni(), Some(name.to_ascii_lowercase().as_str()));
        }
    }
    Ok(())
}

#[test]
fn a_client_that_names_nothing_is_shown_the_first() -> Outcome {
    let (settings, leaves) = listener(&[&["first.test"], &["a.example.org"]])?;
    let client = Client::new(TLS13, None, |config| config.enable_sni = false)?;
    let met = client.meet(&build(&settings)?)?;
    assert_eq!(met.server.sni(), None);
    let first = leaves.first().ok_or("no leaf")?.der()?;
    assert_eq!(client.believer.shown().0, first.to_vec());
    Ok(())
}

#[test]
fn strict_sni_refuses_unknown_names_and_none() -> Outcome {
    let (mut settings, _) = listener(&[&["first.test"], &["*.example.org"]])?;
    settings.strict_sni = true;
    let server = build(&settings)?;
    for version in [TLS12, TLS13] {
        for (name, sni, passes) in [
            ("first.test", true, true),
            ("a.example.org", true, true),
            ("first.test", false, false),
            ("unknown.test", true, false),
            ("192.0.2.1", true, false),
        ] {
            let mut client = Client::new(version, None, |config| config.enable_sni = sni)?;
            client.server_name = name.to_owned();
            if passes {
                client.meet(&server)?;
                continue;
            }
            let refused = client.refused(&server)?;
            assert_eq!(refused.failure.reason, Reason::UnknownServerName, "{name} {sni}");
            assert_eq!(refused.alert, Some(Alert::UnrecognisedName));
        }
    }
    Ok(())
}

#[test]
fn among_certificates_for_one_name_the_first_whose_key_the_client_knows_is_shown() -> Outcome {
    let authority = Authority::root("servers")?;
    let p256 = authority.issue_for(&["gateway.test"])?;
    let name = SanType::DnsName("gateway.test".try_into()?);
    let key = KeyPair::generate_for(&rcgen::PKCS_ED25519)?;
    let ed25519 = authority.issue_with(&key, |params| params.subject_alt_names = vec![name])?;
    let mut settings = settings(&Hand::new())?;
    settings.certificates = vec![p256.settings("p256"), ed25519.settings("ed25519")];
    let server = build(&settings)?;
    for (schemes, expected) in [
        (vec![SignatureScheme::ECDSA_NISTP256_SHA256], &p256),
        (vec![SignatureScheme::ED25519], &ed25519),
        (vec![SignatureScheme::ED25519, SignatureScheme::ECDSA_NISTP256_SHA256], &p256),
    ] {
        let client = Client::with_schemes(TLS13, None, &schemes, |_| {})?;
        client.meet(&server)?;
        assert_eq!(client.believer.shown().0, expected.der()?.to_vec(), "{schemes:?}");
    }
    Ok(())
}

#[test]
fn the_gateways_own_uri_is_that_of_the_certificate_shown() -> Outcome {
    let authority = Authority::root("servers")?;
    let (dns, uri) = ("gateway.test".try_into()?, "spiffe://example.org/gateway".try_into()?);
    let leaf = authority.issue(|params| {
        params.subject_alt_names = vec![SanType::DnsName(dns), SanType::URI(uri)];
    })?;
    let mut settings = settings(&Hand::new())?;
    settings.certificates.push(leaf.settings("svid"));
    if let Some(first) = settings.certificates.first_mut() {
        *first = authority.issue_for(&["first.test"])?.settings("first");
    }
    let server = build(&settings)?;
    assert_eq!(server.own_uri(Some("gateway.test")), Some("spiffe://example.org/gateway"));
    assert_eq!(server.own_uri(Some("Gateway.Test.")), Some("spiffe://example.org/gateway"));
    assert_eq!(server.own_uri(Some("first.test")), None);
    assert_eq!(server.own_uri(None), None);
    Ok(())
}
