//! Tests of identities: what certificates made by another library come to, and what no bytes do.

use proptest::prelude::*;
use rcgen::{
    CertificateParams, DistinguishedName, DnType, DnValue, KeyPair, KeyUsagePurpose, SanType,
};

use super::*;

type Outcome = Result<(), Box<dyn Error>>;

/// The DER of a certificate signed by itself.
fn made(edit: impl FnOnce(&mut CertificateParams)) -> Result<Vec<u8>, rcgen::Error> {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    edit(&mut params);
    Ok(params.self_signed(&KeyPair::generate()?)?.der().to_vec())
}

fn uri(text: &str) -> Result<SanType, rcgen::Error> {
    Ok(SanType::URI(text.try_into()?))
}

fn subject_of(attributes: Vec<(DnType, DnValue)>) -> Result<ClientCertificate, Box<dyn Error>> {
    let der = made(|params| {
        for (kind, value) in attributes {
            params.distinguished_name.push(kind, value);
        }
    })?;
    Ok(ClientCertificate::from_der(&der)?)
}

#[test]
fn every_part_of_a_certificate_is_read() -> Outcome {
    let names = vec![
        SanType::DnsName("A.example.org".try_into()?),
        SanType::DnsName("*.b.example.org".try_into()?),
        SanType::Rfc822Name("Jo@Example.ORG".try_into()?),
        SanType::IpAddress("192.0.2.1".parse()?),
        uri("spiffe://example.org/ns/a")?,
    ];
    let der = made(|params| {
        params.subject_alt_names = names;
        params.distinguished_name.push(DnType::OrganizationName, "Stoa");
        params.distinguished_name.push(DnType::CommonName, "jo");
        params.serial_number = Some(vec![0x0a, 0xbc].into());
        params.not_after = rcgen::date_time_ymd(2030, 1, 1);
    })?;
    let identity = ClientCertificate::from_der(&der)?;
    assert_eq!(identity.subject, "CN=jo,O=Stoa");
    assert_eq!(identity.common_name.as_deref(), Some("jo"));
    assert_eq!(identity.dns, ["a.example.org", "*.b.example.org"]);
    assert_eq!(identity.emails, ["Jo@example.org"]);
    assert_eq!(identity.uris, ["spiffe://example.org/ns/a"]);
    let spiffe = identity.spiffe_id.as_ref().map(SpiffeId::as_str);
    assert_eq!(spiffe, Some("spiffe://example.org/ns/a"));
    assert_eq!(identity.serial, "0abc");
    assert_eq!(identity.not_after_unix_seconds, 1_893_456_000);
    assert_eq!(identity.sha256.as_slice(), digest(&SHA256, &der).as_ref());
    assert_eq!(Base64UrlUnpadded::decode_vec(&identity.x5t_s256)?, identity.sha256);
    assert_eq!(identity.x5t_s256.len(), 43);
    let pem = identity.to_pem();
    assert!(pem.lines().all(|line| line.len() <= 64));
    let back = crate::pem::certificates(pem.as_bytes())?;
    assert_eq!(back.first().map(|der| der.to_vec()), Some(der));
    Ok(())
}

#[test]
fn a_certificate_with_two_uris_has_no_spiffe_id() -> Outcome {
    for second in ["spiffe://example.org/b", "https://example.org/", "not a uri"] {
        let names = vec![uri("spiffe://example.org/a")?, uri(second)?];
        let identity =
            ClientCertificate::from_der(&made(|params| params.subject_alt_names = names)?)?;
        assert_eq!(identity.spiffe_id, None, "{second}");
        assert_eq!(identity.uris.len(), if second == "not a uri" { 1 } else { 2 });
    }
    Ok(())
}

#[test]
fn only_a_leaf_with_a_path_is_an_svid() -> Outcome {
    for (text, usages, expected) in [
        ("spiffe://example.org/a", vec![], true),
        ("spiffe://example.org/a", vec![KeyUsagePurpose::DigitalSignature], true),
        ("spiffe://example.org/a", vec![KeyUsagePurpose::KeyCertSign], false),
        ("spiffe://example.org/a", vec![KeyUsagePurpose::CrlSign], false),
        ("spiffe://example.org", vec![], false),
        ("https://example.org/a", vec![], false),
        ("spiffe://Example.org/a", vec![], false),
    ] {
        let name = uri(text)?;
        let der = made(|params| {
            params.subject_alt_names = vec![name];
            params.key_usages.clone_from(&usages);
        })?;
        let identity = ClientCertificate::from_der(&der)?;
        assert_eq!(identity.spiffe_id.is_some(), expected, "{text} {usages:?}");
    }
    Ok(())
}

#[test]
fn a_subject_is_written_so_that_nothing_breaks_out_of_it() -> Outcome {
    for (value, expected) in [
        ("plain", "CN=plain"),
        ("a,b+c;d<e>f", "CN=a\\,b\\+c\\;d\\<e\\>f"),
        ("a\"b\\c", "CN=a\\22b\\5cc"),
        (" #a ", "CN=\\20#a\\20"),
        ("#a", "CN=\\#a"),
        ("é", "CN=\\c3\\a9"),
        ("a\r\nb\0", "CN=a\\0d\\0ab\\00"),
        ("a=b", "CN=a=b"),
        ("", "CN="),
    ] {
        let identity = subject_of(vec![(DnType::CommonName, DnValue::Utf8String(value.into()))])?;
        assert_eq!(identity.subject, expected);
    }
    Ok(())
}

#[test]
fn what_is_no_text_or_has_no_name_is_written_as_its_bytes() -> Outcome {
    let other = DnType::CustomDnType(vec![1, 2, 3]);
    let identity = subject_of(vec![(other, DnValue::Utf8String("a".into()))])?;
    assert_eq!(identity.subject, "1.2.3=#0c0161");
    let bmp = DnValue::BmpString("a".try_into()?);
    let identity = subject_of(vec![(DnType::CommonName, bmp)])?;
    assert_eq!((identity.subject.as_str(), identity.common_name), ("CN=#1e020061", None));
    Ok(())
}

#[test]
fn a_common_name_is_taken_when_there_is_one_of_plain_text() -> Outcome {
    let of = |value: &str| {
        subject_of(vec![(DnType::CommonName, DnValue::Utf8String(value.into()))])
            .map(|identity| identity.common_name)
    };
    assert_eq!(of("Zoë, Inc.")?.as_deref(), Some("Zoë, Inc."));
    assert_eq!(of("a\nb")?, None);
    assert_eq!(of("")?, None);
    assert_eq!(of(&"a".repeat(257))?, None);
    assert_eq!(subject_of(vec![])?.common_name, None);
    Ok(())
}

#[test]
fn what_is_beyond_a_bound_is_refused() -> Outcome {
    let many = |count: usize| -> Result<_, Box<dyn Error>> {
        let name = SanType::DnsName("a.example.org".try_into()?);
        let der = made(|params| params.subject_alt_names = vec![name; count])?;
        Ok(ClientCertificate::from_der(&der).map(|identity| identity.dns.len()))
    };
    assert_eq!(many(NAMES_MAX)?, Ok(NAMES_MAX));
    assert_eq!(many(NAMES_MAX + 1)?, Err(IdentityError::TooManyNames));

    let long = uri(&format!("https://a/{}", "b".repeat(URI_MAX_BYTES)))?;
    let der = made(|params| params.subject_alt_names = vec![long])?;
    assert_eq!(ClientCertificate::from_der(&der), Err(IdentityError::NameTooLong));

    let long = DnValue::Utf8String("\"".repeat(SUBJECT_MAX_BYTES / 3));
    let der = made(|params| params.distinguished_name.push(DnType::CommonName, long))?;
    assert_eq!(ClientCertificate::from_der(&der), Err(IdentityError::SubjectTooLong));

    let large = DnValue::Utf8String("a".repeat(LEAF_MAX_BYTES));
    let der = made(|params| params.distinguished_name.push(DnType::CommonName, large))?;
    assert_eq!(ClientCertificate::from_der(&der), Err(IdentityError::TooLarge));
    Ok(())
}

/// A certificate with something of everything, to be damaged.
fn rich() -> Result<Vec<u8>, rcgen::Error> {
    let names = vec![
        SanType::DnsName("a.example.org".try_into()?),
        SanType::Rfc822Name("jo@example.org".try_into()?),
        uri("spiffe://example.org/a")?,
    ];
    made(|params| {
        params.subject_alt_names = names;
        params.distinguished_name.push(DnType::CommonName, "jo");
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    })
}

/// What every identity promises.
fn holds(identity: &ClientCertificate) -> bool {
    let visible = |text: &String| text.bytes().all(|byte| byte.is_ascii_graphic());
    identity.subject.len() <= SUBJECT_MAX_BYTES
        && identity.subject.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic())
        && !identity.subject.contains('"')
        && !identity.subject.contains("\\\\")
        && identity.dns.len() + identity.uris.len() + identity.emails.len() <= NAMES_MAX
        && identity.dns.iter().chain(&identity.uris).chain(&identity.emails).all(visible)
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        if let Ok(identity) = ClientCertificate::from_der(&bytes) {
            prop_assert!(holds(&identity));
        }
    }

    #[test]
    fn a_damaged_certificate_is_refused_or_keeps_every_promise(
        damages in proptest::collection::vec((any::<usize>(), any::<u8>()), 1..6),
        cut in 0_usize..2000,
    ) {
        let mut der = rich().unwrap_or_default();
        for (place, byte) in damages {
            let place = place % der.len().max(1);
            if let Some(slot) = der.get_mut(place) {
                *slot = byte;
            }
        }
        der.truncate(cut.max(der.len().saturating_sub(cut)));
        if let Ok(identity) = ClientCertificate::from_der(&der) {
            prop_assert!(holds(&identity));
        }
    }

    #[test]
    fn any_subject_keeps_every_promise(value in ".{0,80}", organization in "\\PC{0,40}") {
        let identity = subject_of(vec![
            (DnType::CommonName, DnValue::Utf8String(value)),
            (DnType::OrganizationName, DnValue::Utf8String(organization)),
        ]);
        prop_assert!(identity.is_ok_and(|identity| holds(&identity)));
    }
}
