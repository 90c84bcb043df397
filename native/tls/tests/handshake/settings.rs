//! What settings come to: errors that name their source, and warnings.

use gateway_tls::{
    CertificateSettings, ClientAuth, ClientTrust, ServerTls, ServerTlsSettings, Source,
    TicketSettings,
};
use rcgen::date_time_ymd;

use crate::support::{Authority, Client, Hand, Outcome, TLS13, build, settings};

/// The errors of a listener's settings after `edit`.
fn errors(
    edit: impl FnOnce(&mut ServerTlsSettings),
) -> Result<Vec<String>, Box<dyn std::error::Error>> {
    let mut settings = settings(&Hand::new())?;
    edit(&mut settings);
    let errors = ServerTls::build(&settings).err().unwrap_or_default();
    Ok(errors.iter().map(ToString::to_string).collect())
}

fn edit_first(edit: impl FnOnce(&mut CertificateSettings)) -> impl FnOnce(&mut ServerTlsSettings) {
    |settings| settings.certificates.first_mut().map_or((), edit)
}

#[test]
fn a_key_that_belongs_to_another_certificate_is_an_error() -> Outcome {
    let other = Authority::root("servers")?.issue_for(&["other.test"])?;
    let errors = errors(edit_first(|first| first.key = Source::new("other.key", other.key)))?;
    assert_eq!(errors, ["other.key: does not belong to the first certificate in gateway.crt"]);
    Ok(())
}

#[test]
fn every_error_is_reported_with_its_source() -> Outcome {
    let bundle = Authority::root("clients")?.pem;
    let errors = errors(|settings| {
        settings.certificates.push(CertificateSettings {
            chain: Source::new("a.crt", "nothing"),
            key: Source::new("a.key", "nothing"),
            ocsp: Some(Source::new("a.ocsp", "nothing")),
        });
        settings.alpn = vec![Vec::new()];
        settings.client_auth = ClientAuth::Required(ClientTrust {
            authorities: vec![Source::new("clients.pem", bundle)],
            revocation_lists: vec![Source::new("clients.crl", [0x30, 0])],
            ..ClientTrust::default()
        });
        settings.tickets = Some(TicketSettings { master_secret: [1; 32], rotation_seconds: 59 });
    })?;
    let sources: Vec<_> =
        errors.iter().map(|error| error.split(": ").next().unwrap_or_default()).collect();
    let expected = ["alpn", "rotation_seconds", "a.crt", "a.key", "a.ocsp", "clients.crl"];
    assert_eq!(sources, expected, "{errors:?}");
    Ok(())
}

#[test]
fn a_listener_needs_a_certificate_and_a_secret_that_is_one() -> Outcome {
    let errors = errors(|settings| {
        settings.certificates.clear();
        settings.tickets = Some(TicketSettings { master_secret: [0; 32], rotation_seconds: 3600 });
    })?;
    let expected =
        ["certificates: needs at least one", "master_secret: is all zeros; it must be random"];
    assert_eq!(errors, expected);
    Ok(())
}

#[test]
fn client_authentication_without_authorities_is_an_error() -> Outcome {
    let nobody = ClientAuth::Optional(ClientTrust::default());
    let errors = errors(|settings| settings.client_auth = nobody)?;
    assert_eq!(errors, ["client authentication: needs a bundle of authorities"]);
    Ok(())
}

#[test]
fn more_intermediates_than_webpki_follows_cannot_be_allowed() -> Outcome {
    let mut trust = Authority::root("clients")?.trust();
    trust.intermediates_max = 7;
    let errors = errors(|settings| settings.client_auth = ClientAuth::Required(trust))?;
    assert_eq!(errors, ["intermediates_max: must be at most 6"]);
    Ok(())
}

#[test]
fn an_ocsp_response_must_be_one_with_an_answer() -> Outcome {
    for (bytes, message) in [
        (&[0x30, 3, 0x0a, 1, 6][..], "is an OCSP response without an answer: status 6"),
        (&[0x30, 3, 0x0a, 1, 0], "is an OCSP response without an answer: status 0"),
        (&[0x30, 3, 2, 1, 0], "is no OCSP response in DER"),
        (&[], "is no OCSP response in DER"),
        (&[0x30, 3, 0x0a, 1, 0, 9], "is no OCSP response in DER"),
    ] {
        let ocsp = Source::new("gateway.ocsp", bytes);
        let errors = errors(edit_first(|first| first.ocsp = Some(ocsp)))?;
        assert_eq!(errors, [format!("gateway.ocsp: {message}")]);
    }
    Ok(())
}

#[test]
fn a_certificate_outside_its_time_is_a_warning_and_is_shown_all_the_same() -> Outcome {
    let authority = Authority::root("servers")?;
    let leaf = |edit: fn(&mut rcgen::CertificateParams)| authority.issue(edit);
    let past = leaf(|params| params.not_after = date_time_ymd(2026, 1, 1))?;
    let future = leaf(|params| params.not_before = date_time_ymd(2028, 1, 1))?;
    let soon = leaf(|params| params.not_after = date_time_ymd(2027, 1, 16))?;
    let mut settings = settings(&Hand::new())?;
    settings.certificates = vec![past.settings("past")];
    let warnings =
        |settings: &ServerTlsSettings| -> Result<Vec<String>, Box<dyn std::error::Error>> {
            Ok(build(settings)?.warnings().iter().map(ToString::to_string).collect())
        };
    assert_eq!(warnings(&settings)?, ["past.crt: the certificate has expired"]);
    Client::new(TLS13, None, |_| {})?.meet(&build(&settings)?)?;
    settings.certificates = vec![soon.settings("soon"), future.settings("future")];
    assert_eq!(
        warnings(&settings)?,
        [
            "soon.crt: the certificate expires in 16 hours",
            "future.crt: the certificate is not valid yet",
            "future.crt: the certificate has no DNS name and is not the first: no client is \
             ever shown it",
        ]
    );
    Ok(())
}

#[test]
fn neither_keys_nor_secrets_are_in_debug_output() -> Outcome {
    let settings = settings(&Hand::new())?;
    let printed = format!("{settings:?}{:?}", build(&settings)?);
    assert!(!printed.contains("PRIVATE") && !printed.contains("7, 7, 7"), "{printed}");
    Ok(())
}
