//! webpki's verifier, with bounds before it and an identity after it.

use std::{error::Error, fmt, sync::Arc};

use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, OtherError, SignatureScheme,
    client::danger::HandshakeSignatureValid,
    pki_types::{CertificateDer, UnixTime},
    server::danger::{ClientCertVerified, ClientCertVerifier},
};

use crate::identity::{ClientCertificate, IdentityError};

/// Why a chain that webpki may like is refused all the same.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Refusal {
    ChainTooLong { max: usize },
    Identity(IdentityError),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ChainTooLong { max } => {
                write!(f, "the client sent more than {max} certificates beside its own")
            }
            Self::Identity(error) => error.fmt(f),
        }
    }
}

impl Error for Refusal {}

impl From<Refusal> for rustls::Error {
    fn from(refusal: Refusal) -> Self {
        CertificateError::Other(OtherError(Arc::new(refusal))).into()
    }
}

/// webpki, and the bounds around it.
#[derive(Debug)]
pub(super) struct BoundedVerifier {
    pub(super) inner: Arc<dyn ClientCertVerifier>,
    /// Not counted when a client sends them along.
    pub(super) authorities: Vec<CertificateDer<'static>>,
    pub(super) intermediates_max: usize,
}

impl ClientCertVerifier for BoundedVerifier {
    fn client_auth_mandatory(&self) -> bool {
        self.inner.client_auth_mandatory()
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.inner.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        let counted = |der: &&CertificateDer<'_>| !self.authorities.contains(*der);
        let mut beyond = intermediates.iter().filter(counted).skip(self.intermediates_max);
        if beyond.next().is_some() {
            return Err(Refusal::ChainTooLong { max: self.intermediates_max }.into());
        }
        let verified = self.inner.verify_client_cert(leaf, intermediates, now)?;
        ClientCertificate::from_der(leaf).map_err(Refusal::Identity)?;
        Ok(verified)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls12_signature(message, leaf, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls13_signature(message, leaf, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}
