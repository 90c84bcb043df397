//! Tests of XFCC: examples in Envoy's form, and that a parser like Envoy's reads back what was meant.

use proptest::prelude::*;

use super::*;
use crate::identity::SpiffeId;

fn certificate(subject: &str, uris: &[&str], dns: &[&str]) -> ClientCertificate {
    ClientCertificate {
        sha256: [0x1f; 32],
        x5t_s256: String::new(),
        subject: subject.to_owned(),
        common_name: None,
        dns: dns.iter().map(|name| (*name).to_owned()).collect(),
        uris: uris.iter().map(|uri| (*uri).to_owned()).collect(),
        emails: Vec::new(),
        spiffe_id: uris.first().and_then(|uri| SpiffeId::parse(uri).ok()),
        serial: String::new(),
        not_after_unix_seconds: 0,
        leaf_der: vec![0xff; 60],
    }
}

fn element(certificate: &ClientCertificate, by: Option<&str>, parts: &[XfccPart]) -> String {
    let mut out = Vec::new();
    write_xfcc_element(&mut out, certificate, by, parts);
    String::from_utf8_lossy(&out).into_owned()
}

#[test]
fn an_element_has_envoys_keys_in_envoys_order() {
    let hash = "1f".repeat(32);
    let client = certificate("CN=jo,O=Stoa", &["spiffe://a/b"], &["x.test", "y.test"]);
    assert_eq!(
        element(&client, Some("spiffe://a/gateway"), XfccPart::USUAL),
        format!(
            "By=spiffe://a/gateway;Hash={hash};Subject=\"CN=jo,O=Stoa\";URI=spiffe://a/b;\
             DNS=x.test;DNS=y.test"
        )
    );
    assert_eq!(element(&client, None, &[]), format!("Hash={hash}"));
    let nobody = certificate("", &[], &[]);
    assert_eq!(element(&nobody, None, XfccPart::USUAL), format!("Hash={hash};Subject=\"\""));
}

#[test]
fn a_value_with_a_separator_is_quoted() {
    let client = certificate("", &["https://a/?b=c;d,e"], &[]);
    assert!(element(&client, None, &[XfccPart::Uri]).ends_with(";URI=\"https://a/?b=c;d,e\""));
    assert!(element(&client, Some("urn:a=b"), &[]).starts_with("By=\"urn:a=b\";"));
}

#[test]
fn a_certificate_is_url_encoded_pem() {
    let client = certificate("", &[], &[]);
    assert!(element(&client, None, &[XfccPart::Cert]).ends_with(&format!(
        ";Cert=\"-----BEGIN%20CERTIFICATE-----%0A{}%0A{}%0A-----END%20CERTIFICATE-----%0A\"",
        "%2F".repeat(64),
        "%2F".repeat(16)
    )));
}

/// Keys and values of one element, as Envoy's formatter takes them apart.
fn parsed(element: &str) -> Vec<(String, String)> {
    let (mut pairs, mut pair, mut quoted, mut escaped) = (Vec::new(), String::new(), false, false);
    for character in element.chars().chain([';']) {
        if character == ';' && !quoted {
            pairs.push(std::mem::take(&mut pair));
            continue;
        }
        quoted ^= character == '"' && !escaped;
        escaped = character == '\\' && !escaped;
        pair.push(character);
    }
    let value = |raw: &str| {
        let inner = raw.strip_prefix('"').and_then(|raw| raw.strip_suffix('"')).unwrap_or(raw);
        inner.replace("\\\"", "\"").replace("\\\\", "\\")
    };
    pairs
        .iter()
        .filter_map(|pair| pair.split_once('='))
        .map(|(key, raw)| (key.to_owned(), value(raw)))
        .collect()
}

proptest! {
    #[test]
    fn whatever_the_values_are_the_element_is_one_line_of_its_own_pairs(
        subject in any::<String>(), uri in any::<String>(), dns in any::<String>(),
        by in any::<String>(),
    ) {
        let client = certificate(&subject, &[&uri], &[&dns]);
        let text = element(&client, Some(&by), XfccPart::USUAL);
        prop_assert!(text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()));
        let keys: Vec<_> = parsed(&text).into_iter().map(|(key, _)| key).collect();
        prop_assert_eq!(keys, ["By", "Hash", "Subject", "URI", "DNS"]);
    }

    #[test]
    fn well_formed_values_are_read_back_as_they_were(
        uri in "[a-z]{1,5}:[a-zA-Z0-9:/?#@!$&'()*+,;=%._~-]{1,40}",
        subject in "CN=([a-zA-Z0-9 =;']|\\\\[,+;<>]|\\\\(22|5c|0a)){0,20}",
        dns in "[a-z]{1,9}(\\.[a-z]{1,9}){0,3}",
    ) {
        let client = certificate(&subject, &[&uri], &[&dns]);
        let text = element(&client, Some(&uri), XfccPart::USUAL);
        let expected = [
            ("By", &uri), ("Hash", &client.sha256_hex()), ("Subject", &subject), ("URI", &uri),
            ("DNS", &dns),
        ];
        let expected = expected.map(|(key, value)| (key.to_owned(), value.clone()));
        prop_assert_eq!(parsed(&text), expected);
    }
}
