//! Resumption: where a ticket leads, and where it must not.

use std::{error::Error, sync::Arc};

use gateway_tls::{
    ClientAuth, FailureReason as Reason, MinimumVersion, ServerTls, ServerTlsSettings,
    TicketSettings,
};
use rustls::AlertDescription as Alert;

use crate::support::{Authority, Client, DAY, Hand, NOW, Outcome, TLS12, TLS13, build, settings};

const HOUR: u64 = 3600;

/// A listener like `settings`, as another process or another snapshot would build it.
fn variant(
    settings: &ServerTlsSettings,
    edit: impl FnOnce(&mut ServerTlsSettings),
) -> Result<Arc<ServerTls>, Box<dyn Error>> {
    let mut settings = settings.clone();
    edit(&mut settings);
    build(&settings)
}

#[test]
fn a_resumed_session_keeps_the_clients_identity() -> Outcome {
    let authority = Authority::root("clients")?;
    let leaf = authority.issue_for(&["jo.test"])?;
    for version in [TLS12, TLS13] {
        let mut settings = settings(&Hand::new())?;
        settings.client_auth = ClientAuth::Required(authority.trust());
        let server = build(&settings)?;
        let client = Client::new(version, Some(&leaf), |_| {})?;
        let first = client.meet(&server)?.server;
        let again = client.meet(&server)?.server;
        assert!(!first.resumed() && again.resumed());
        assert!(first.peer_identity().is_some());
        assert_eq!(first.peer_identity(), again.peer_identity());
    }
    Ok(())
}

#[test]
fn a_ticket_is_accepted_by_another_process_with_the_same_secret_only() -> Outcome {
    let settings = settings(&Hand::new())?;
    for version in [TLS12, TLS13] {
        let client = Client::new(version, None, |_| {})?;
        client.meet(&build(&settings)?)?;
        assert!(client.meet(&build(&settings)?)?.server.resumed(), "the same secret");
        let other = variant(&settings, |settings| {
            settings.tickets =
                Some(TicketSettings { master_secret: [8; 32], rotation_seconds: 6 * 3600 });
        })?;
        assert!(!client.meet(&other)?.server.resumed(), "another secret");
    }
    Ok(())
}

#[test]
fn a_ticket_resumes_in_the_next_epoch_and_not_after_it() -> Outcome {
    for version in [TLS12, TLS13] {
        for (later, resumes) in [(6 * HOUR, true), (12 * HOUR, false)] {
            let clock = Hand::new();
            let server = build(&settings(&clock)?)?;
            let client = Client::new(version, None, |_| {})?;
            client.meet(&server)?;
            clock.advance(later);
            assert_eq!(client.meet(&server)?.server.resumed(), resumes, "{later} s");
        }
    }
    Ok(())
}

#[test]
fn without_tickets_nothing_is_resumed() -> Outcome {
    let server = variant(&settings(&Hand::new())?, |settings| settings.tickets = None)?;
    for version in [TLS12, TLS13] {
        let client = Client::new(version, None, |_| {})?;
        client.meet(&server)?;
        assert!(!client.meet(&server)?.server.resumed());
    }
    Ok(())
}

#[test]
fn a_ticket_from_where_nobody_is_asked_is_worth_nothing_where_a_certificate_is_required() -> Outcome
{
    let authority = Authority::root("clients")?;
    let open = settings(&Hand::new())?;
    let optional = variant(&open, |settings| {
        settings.client_auth = ClientAuth::Optional(authority.trust());
    })?;
    let required = variant(&open, |settings| {
        settings.client_auth = ClientAuth::Required(authority.trust());
    })?;
    let open = build(&open)?;
    for version in [TLS12, TLS13] {
        for from in [&open, &optional] {
            let client = Client::new(version, None, |_| {})?;
            client.meet(from)?;
            assert!(client.meet(from)?.server.resumed());
            assert_eq!(client.refused(&required)?.failure.reason, Reason::NoClientCertificate);
        }
    }
    Ok(())
}

#[test]
fn a_ticket_from_another_authoritys_listener_is_worth_nothing() -> Outcome {
    let (one, two) = (Authority::root("one")?, Authority::root("two")?);
    let settings = settings(&Hand::new())?;
    let of = |authority: &Authority| {
        variant(&settings, |settings| {
            settings.client_auth = ClientAuth::Required(authority.trust());
        })
    };
    let leaf = one.issue_for(&["jo.test"])?;
    for version in [TLS12, TLS13] {
        let client = Client::new(version, Some(&leaf), |_| {})?;
        client.meet(&of(&one)?)?;
        assert_eq!(client.refused(&of(&two)?)?.failure.reason, Reason::UnknownAuthority);
    }
    Ok(())
}

#[test]
fn every_setting_of_client_verification_has_tickets_of_its_own() -> Outcome {
    let authority = Authority::root("clients")?;
    let mut required = settings(&Hand::new())?;
    required.client_auth = ClientAuth::Required(authority.trust());
    let list = authority.revokes(&[], NOW + DAY * 2)?;
    let with = |edit: &dyn Fn(&mut gateway_tls::ClientTrust)| {
        let mut trust = authority.trust();
        edit(&mut trust);
        variant(&required, |settings| settings.client_auth = ClientAuth::Required(trust))
    };
    let others = [
        with(&|trust| trust.intermediates_max = 2)?,
        with(&|trust| trust.revocation.leaf_only = true)?,
        with(&|trust| trust.revocation.accept_unknown = true)?,
        with(&|trust| trust.revocation.accept_expired_lists = true)?,
        with(&|trust| {
            trust.revocation_lists.push(gateway_tls::Source::new("crl", list.clone()));
        })?,
        variant(&required, |settings| {
            settings.client_auth = ClientAuth::Optional(authority.trust());
        })?,
        variant(&required, |settings| settings.minimum_version = MinimumVersion::Tls13)?,
    ];
    let server = build(&required)?;
    let leaf = authority.issue_for(&["jo.test"])?;
    for (index, other) in others.iter().enumerate() {
        let client = Client::new(TLS13, Some(&leaf), |_| {})?;
        client.meet(&server)?;
        assert!(client.meet(&server)?.server.resumed());
        assert!(!client.meet(other)?.server.resumed(), "variant {index}");
    }
    Ok(())
}

#[test]
fn a_session_whose_certificate_has_expired_since_is_not_resumed() -> Outcome {
    let authority = Authority::root("clients")?;
    let leaf = authority.issue(|params| params.not_after = rcgen::date_time_ymd(2027, 1, 16))?;
    for version in [TLS12, TLS13] {
        let clock = Hand::new();
        let mut settings = settings(&clock)?;
        settings.tickets =
            Some(TicketSettings { master_secret: [7; 32], rotation_seconds: 3 * 24 * 3600 });
        settings.client_auth = ClientAuth::Required(authority.trust());
        let server = build(&settings)?;
        let client = Client::new(version, Some(&leaf), |_| {})?;
        client.meet(&server)?;
        assert!(client.meet(&server)?.server.resumed());
        clock.advance(DAY);
        let refused = client.refused(&server)?;
        assert_eq!(refused.failure.reason, Reason::ClientCertificateExpired);
        assert_eq!(refused.failure.detail, "the certificate of the resumed session has expired");
        assert_eq!(refused.alert, Some(Alert::CertificateExpired));
    }
    Ok(())
}

#[test]
fn a_session_for_one_server_name_is_not_resumed_for_another() -> Outcome {
    let server = build(&settings(&Hand::new())?)?;
    for version in [TLS12, TLS13] {
        let mut client = Client::new(version, None, |config| config.enable_sni = true)?;
        client.meet(&server)?;
        client.server_name = "other.test".to_owned();
        assert!(!client.meet(&server)?.server.resumed());
    }
    Ok(())
}

#[test]
fn early_data_is_not_offered() -> Outcome {
    let server = build(&settings(&Hand::new())?)?;
    let client = Client::new(TLS13, None, |config| config.enable_early_data = true)?;
    client.meet(&server)?;
    let mut again = client.open()?;
    assert!(again.early_data().is_none());
    assert!(client.meet(&server)?.server.resumed());
    Ok(())
}
