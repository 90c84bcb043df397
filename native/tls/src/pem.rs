//! Certificates, keys and revocation lists out of their text form.

use rustls::pki_types::{
    CertificateDer, CertificateRevocationListDer, PrivateKeyDer,
    pem::{self, PemObject},
};

/// Every certificate, in order; other sections are passed over.
pub(crate) fn certificates(bytes: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let found = sections::<CertificateDer<'static>>(bytes)?;
    if found.is_empty() {
        return Err("has no certificate (-----BEGIN CERTIFICATE-----)".to_owned());
    }
    Ok(found)
}

/// The one private key.
pub(crate) fn private_key(bytes: &[u8]) -> Result<PrivateKeyDer<'static>, String> {
    let mut found = sections::<PrivateKeyDer<'static>>(bytes)?;
    match (found.pop(), found.len()) {
        (Some(key), 0) => Ok(key),
        (None, _) => {
            Err("has no private key in PEM; one that is encrypted must be decrypted first"
                .to_owned())
        }
        (Some(_), more) => Err(format!("has {} private keys; write one", more + 1)),
    }
}

/// Revocation lists: one in DER, or any number in PEM.
pub(crate) fn revocation_lists(
    bytes: &[u8],
) -> Result<Vec<CertificateRevocationListDer<'static>>, String> {
    /// The tag of a SEQUENCE, with which every list begins; text never does.
    const SEQUENCE: u8 = 0x30;
    if bytes.first() == Some(&SEQUENCE) {
        return Ok(vec![CertificateRevocationListDer::from(bytes.to_vec())]);
    }
    let found = sections::<CertificateRevocationListDer<'static>>(bytes)?;
    if found.is_empty() {
        return Err("has no revocation list (-----BEGIN X509 CRL-----)".to_owned());
    }
    Ok(found)
}

fn sections<T: PemObject>(bytes: &[u8]) -> Result<Vec<T>, String> {
    T::pem_slice_iter(bytes)
        .collect::<Result<Vec<_>, pem::Error>>()
        .map_err(|error| format!("is no PEM: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_said() {
        assert!(certificates(b"").is_err_and(|message| message.contains("no certificate")));
        assert!(private_key(b"").is_err_and(|message| message.contains("no private key")));
        assert!(revocation_lists(b"").is_err_and(|message| message.contains("no revocation list")));
    }

    #[test]
    fn broken_text_is_said_to_be_broken() {
        let cut = b"-----BEGIN CERTIFICATE-----\nMIIB\n";
        assert!(certificates(cut).is_err_and(|message| message.contains("is no PEM")));
    }

    #[test]
    fn two_keys_are_one_too_many() -> Result<(), Box<dyn std::error::Error>> {
        let key = rcgen::KeyPair::generate()?.serialize_pem();
        assert!(private_key(key.as_bytes()).is_ok());
        let both = format!("{key}{key}");
        assert!(private_key(both.as_bytes()).is_err_and(|message| message.contains("2 private")));
        Ok(())
    }
}
