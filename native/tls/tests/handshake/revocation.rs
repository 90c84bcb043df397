//! Revocation lists: what is revoked, what is unknown, and lists that are too old.

use std::sync::Arc;

use gateway_tls::{
    ClientAuth, ClientTrust, FailureReason as Reason, RevocationPolicy, ServerTls, Source,
};
use rustls::AlertDescription as Alert;

use crate::support::{
    Authority, Client, DAY, Hand, Leaf, NOW, Outcome, TLS12, TLS13, build, settings,
};

fn server(trust: ClientTrust) -> Result<Arc<ServerTls>, Box<dyn std::error::Error>> {
    let mut settings = settings(&Hand::new())?;
    settings.client_auth = ClientAuth::Required(trust);
    build(&settings)
}

fn list(trust: &mut ClientTrust, pem: String) {
    trust.revocation_lists.push(Source::new("clients.crl", pem));
}

fn serial(authority: &Authority, serial: u8) -> Result<Leaf, rcgen::Error> {
    authority.issue(|params| params.serial_number = Some(vec![serial].into()))
}

#[test]
fn a_revoked_certificate_is_refused_and_another_is_not() -> Outcome {
    let authority = Authority::root("clients")?;
    let mut trust = authority.trust();
    list(&mut trust, authority.revokes(&[7], NOW + DAY * 2)?);
    let server = server(trust)?;
    assert_eq!(server.warnings(), []);
    for version in [TLS12, TLS13] {
        let revoked = serial(&authority, 7)?;
        let refused = Client::new(version, Some(&revoked), |_| {})?.refused(&server)?;
        assert_eq!(refused.failure.reason, Reason::ClientCertificateRevoked);
        assert_eq!(refused.alert, Some(Alert::CertificateRevoked));
        let good = serial(&authority, 8)?;
        Client::new(version, Some(&good), |_| {})?.meet(&server)?;
    }
    Ok(())
}

#[test]
fn a_list_in_der_counts_as_well() -> Outcome {
    use rustls::pki_types::{CertificateRevocationListDer, pem::PemObject as _};
    let authority = Authority::root("clients")?;
    let pem = authority.revokes(&[7], NOW + DAY * 2)?;
    let der = CertificateRevocationListDer::from_pem_slice(pem.as_bytes())?;
    let mut trust = authority.trust();
    trust.revocation_lists.push(Source::new("clients.crl", der.as_ref()));
    let revoked = serial(&authority, 7)?;
    let refused = Client::new(TLS13, Some(&revoked), |_| {})?.refused(&server(trust)?)?;
    assert_eq!(refused.failure.reason, Reason::ClientCertificateRevoked);
    Ok(())
}

#[test]
fn a_client_whose_issuer_has_no_list_is_refused_unless_that_is_accepted() -> Outcome {
    let root = Authority::root("clients")?;
    let below = root.below("below")?;
    let leaf = serial(&below, 8)?;
    for (revocation, passes) in [
        (RevocationPolicy::default(), false),
        (RevocationPolicy { leaf_only: true, ..RevocationPolicy::default() }, false),
        (RevocationPolicy { accept_unknown: true, ..RevocationPolicy::default() }, true),
    ] {
        let mut trust = ClientTrust { revocation, ..root.trust() };
        list(&mut trust, root.revokes(&[], NOW + DAY * 2)?);
        let (server, client) = (server(trust)?, Client::new(TLS13, Some(&leaf), |_| {})?);
        if passes {
            client.meet(&server)?;
        } else {
            let refused = client.refused(&server)?;
            assert_eq!(refused.failure.reason, Reason::RevocationUnknown, "{revocation:?}");
            assert_eq!(refused.alert, Some(Alert::UnknownCA));
        }
    }
    Ok(())
}

#[test]
fn an_expired_list_refuses_its_clients_unless_that_is_accepted_and_is_warned_about() -> Outcome {
    let authority = Authority::root("clients")?;
    let leaf = serial(&authority, 8)?;
    let mut trust = authority.trust();
    list(&mut trust, authority.revokes(&[7], NOW - DAY)?);
    let strict = server(trust.clone())?;
    let warnings: Vec<_> = strict.warnings().iter().map(ToString::to_string).collect();
    assert_eq!(
        warnings,
        ["clients.crl: the revocation list has expired: clients of its issuer are refused"]
    );
    let client = Client::new(TLS13, Some(&leaf), |_| {})?;
    assert_eq!(client.refused(&strict)?.failure.reason, Reason::RevocationUnknown);
    trust.revocation.accept_expired_lists = true;
    client.meet(&server(trust)?)?;
    Ok(())
}

#[test]
fn a_ticket_from_before_a_revocation_does_not_resume_after_it() -> Outcome {
    let authority = Authority::root("clients")?;
    let leaf = serial(&authority, 7)?;
    let mut trust = authority.trust();
    list(&mut trust, authority.revokes(&[], NOW + DAY * 2)?);
    let client = Client::new(TLS13, Some(&leaf), |_| {})?;
    let before = server(trust.clone())?;
    client.meet(&before)?;
    assert!(client.meet(&before)?.server.resumed());
    trust.revocation_lists.clear();
    list(&mut trust, authority.revokes(&[7], NOW + DAY * 2)?);
    let refused = client.refused(&server(trust)?)?;
    assert_eq!(refused.failure.reason, Reason::ClientCertificateRevoked);
    Ok(())
}
