//! Client certificates: who is let in, who is not, and with which alert.

use gateway_tls::{ClientAuth, FailureReason as Reason, SpiffeId};
use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, SanType, date_time_ymd};
use rustls::AlertDescription as Alert;

use crate::support::{Authority, Client, Hand, Leaf, Outcome, TLS12, TLS13, build, settings};

/// Connects with `leaf` where one of `authority` is required; expects a refusal.
fn refused(authority: &Authority, leaf: Option<&Leaf>, why: Reason, alerts: [Alert; 2]) -> Outcome {
    for mode in [ClientAuth::Required(authority.trust()), ClientAuth::Optional(authority.trust())] {
        if leaf.is_none() && matches!(mode, ClientAuth::Optional(_)) {
            continue;
        }
        let mut settings = settings(&Hand::new())?;
        settings.client_auth = mode;
        let server = build(&settings)?;
        for (version, alert) in [TLS12, TLS13].into_iter().zip(alerts) {
            let refused = Client::new(version, leaf, |_| {})?.refused(&server)?;
            assert_eq!((refused.failure.reason, refused.alert), (why, Some(alert)), "{refused:?}");
        }
    }
    Ok(())
}

#[test]
fn a_client_without_a_certificate_is_refused_where_one_is_required() -> Outcome {
    let alerts = [Alert::CertificateRequired, Alert::CertificateRequired];
    refused(&Authority::root("clients")?, None, Reason::NoClientCertificate, alerts)
}

#[test]
fn a_certificate_of_another_authority_is_refused() -> Outcome {
    let authority = Authority::root("clients")?;
    let leaf = Authority::root("others")?.issue_for(&["jo.test"])?;
    refused(&authority, Some(&leaf), Reason::UnknownAuthority, [Alert::UnknownCA; 2])
}

#[test]
fn a_certificate_of_a_namesake_of_the_authority_is_refused() -> Outcome {
    let leaf = Authority::root("clients")?.issue_for(&["jo.test"])?;
    let alerts = [Alert::DecryptError; 2];
    refused(&Authority::root("clients")?, Some(&leaf), Reason::BadClientCertificate, alerts)
}

#[test]
fn a_certificate_outside_its_time_is_refused() -> Outcome {
    let authority = Authority::root("clients")?;
    let past = authority.issue(|params| params.not_after = date_time_ymd(2026, 1, 1))?;
    let alerts = [Alert::CertificateExpired; 2];
    refused(&authority, Some(&past), Reason::ClientCertificateExpired, alerts)?;
    let future = authority.issue(|params| params.not_before = date_time_ymd(2028, 1, 1))?;
    refused(&authority, Some(&future), Reason::ClientCertificateNotYetValid, alerts)
}

#[test]
fn a_certificate_that_is_not_for_clients_is_refused() -> Outcome {
    let authority = Authority::root("clients")?;
    let leaf = authority.issue(|params| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    })?;
    let alerts = [Alert::UnsupportedCertificate; 2];
    refused(&authority, Some(&leaf), Reason::ClientCertificateUsage, alerts)
}

#[test]
fn an_authority_is_no_client() -> Outcome {
    let authority = Authority::root("clients")?;
    let leaf = authority.issue(|params| {
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    })?;
    let alerts = [Alert::CertificateUnknown; 2];
    refused(&authority, Some(&leaf), Reason::BadClientCertificate, alerts)
}

#[test]
fn a_certificate_beyond_the_bounds_of_identities_is_refused() -> Outcome {
    let authority = Authority::root("clients")?;
    let name = SanType::DnsName("jo.test".try_into()?);
    let leaf = authority.issue(|params| params.subject_alt_names = vec![name; 65])?;
    let alerts = [Alert::CertificateUnknown; 2];
    refused(&authority, Some(&leaf), Reason::BadClientCertificate, alerts)
}

#[test]
fn a_chain_longer_than_allowed_is_refused_and_one_as_long_is_not() -> Outcome {
    let root = Authority::root("clients")?;
    let leaf = root.below("one")?.below("two")?.issue_for(&["jo.test"])?;
    for (max, passes) in [(1, false), (2, true)] {
        let mut trust = root.trust();
        trust.intermediates_max = max;
        let mut settings = settings(&Hand::new())?;
        settings.client_auth = ClientAuth::Required(trust);
        let server = build(&settings)?;
        for version in [TLS12, TLS13] {
            let client = Client::new(version, Some(&leaf), |_| {})?;
            if passes {
                assert!(client.meet(&server)?.server.peer_identity().is_some());
                continue;
            }
            let refused = client.refused(&server)?;
            assert_eq!(refused.failure.reason, Reason::ChainTooLong);
            assert_eq!(refused.alert, Some(Alert::CertificateUnknown));
        }
    }
    Ok(())
}

#[test]
fn a_root_that_a_client_sends_along_does_not_count() -> Outcome {
    let root = Authority::root("clients")?;
    let mut leaf = root.issue_for(&["jo.test"])?;
    leaf.chain.push_str(&root.pem);
    let mut trust = root.trust();
    trust.intermediates_max = 0;
    let mut settings = settings(&Hand::new())?;
    settings.client_auth = ClientAuth::Required(trust);
    let met = Client::new(TLS13, Some(&leaf), |_| {})?.meet(&build(&settings)?)?;
    assert!(met.server.peer_identity().is_some());
    Ok(())
}

#[test]
fn an_svid_is_known_by_its_spiffe_id() -> Outcome {
    let authority = Authority::root("clients")?;
    let uri = SanType::URI("spiffe://example.org/ns/a/sa/b".try_into()?);
    let leaf = authority.issue(|params: &mut CertificateParams| {
        params.subject_alt_names = vec![uri];
        params.distinguished_name.push(DnType::OrganizationName, "SPIRE");
    })?;
    let mut settings = settings(&Hand::new())?;
    settings.client_auth = ClientAuth::Required(authority.trust());
    let server = build(&settings)?;
    for version in [TLS12, TLS13] {
        let met = Client::new(version, Some(&leaf), |_| {})?.meet(&server)?;
        let identity = met.server.peer_identity().ok_or("no identity")?;
        let spiffe_id = identity.spiffe_id.as_ref().map(SpiffeId::as_str);
        assert_eq!(spiffe_id, Some("spiffe://example.org/ns/a/sa/b"));
        assert_eq!(identity.subject, "O=SPIRE");
        assert_eq!(identity.leaf_der, leaf.der()?.to_vec());
    }
    Ok(())
}

#[test]
fn where_a_certificate_is_optional_a_client_may_have_none() -> Outcome {
    let authority = Authority::root("clients")?;
    let leaf = authority.issue_for(&["jo.test"])?;
    let mut settings = settings(&Hand::new())?;
    settings.client_auth = ClientAuth::Optional(authority.trust());
    let server = build(&settings)?;
    for version in [TLS12, TLS13] {
        let met = Client::new(version, None, |_| {})?.meet(&server)?;
        assert_eq!(met.server.peer_identity(), None);
        let met = Client::new(version, Some(&leaf), |_| {})?.meet(&server)?;
        let names = met.server.peer_identity().map(|identity| identity.dns.clone());
        assert_eq!(names, Some(vec!["jo.test".to_owned()]));
    }
    Ok(())
}

#[test]
fn where_clients_are_not_asked_they_have_no_identity() -> Outcome {
    let leaf = Authority::root("clients")?.issue_for(&["jo.test"])?;
    let server = build(&settings(&Hand::new())?)?;
    let met = Client::new(TLS13, Some(&leaf), |_| {})?.meet(&server)?;
    assert_eq!(met.server.peer_identity(), None);
    Ok(())
}
