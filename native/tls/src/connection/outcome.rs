//! How a handshake ends: with an identity, or with an alert.

use std::sync::Arc;

use rustls::{AlertDescription, Error as TlsError};

use super::{State, TlsConnection};
use crate::{
    failure::{FailureReason, TlsFailure},
    identity::ClientCertificate,
};

impl TlsConnection {
    /// Reads the client's certificate once it is known. A resumed session brings it along before
    /// anything of ours is sent, and nobody has looked at its validity since the full handshake.
    pub(super) fn identify(&mut self) -> Result<(), TlsFailure> {
        let None = self.identity else { return Ok(()) };
        let Some(leaf) = self.tls.peer_certificates().and_then(<[_]>::first) else {
            return Ok(());
        };
        let identity = match ClientCertificate::from_der(leaf) {
            Ok(identity) => identity,
            Err(error) => {
                let reason = FailureReason::BadClientCertificate;
                let failure = TlsFailure::new(reason, error.to_string());
                return Err(self.refuse(AlertDescription::BadCertificate, failure));
            }
        };
        if self.resumed() && identity.not_after_unix_seconds < self.server.now() {
            let failure = TlsFailure::new(
                FailureReason::ClientCertificateExpired,
                "the certificate of the resumed session has expired",
            );
            return Err(self.refuse(AlertDescription::CertificateExpired, failure));
        }
        self.identity = Some(Arc::new(identity));
        Ok(())
    }

    pub(super) fn fail(&mut self, error: TlsError) -> TlsFailure {
        let unnamed = matches!(error, TlsError::General(_)) && self.tls.is_handshaking();
        if unnamed && self.server.refuses_name(self.tls.server_name()) {
            let detail = match self.tls.server_name() {
                Some(name) => format!("no certificate covers {name}"),
                None => "the client names no server".to_owned(),
            };
            let failure = TlsFailure::new(FailureReason::UnknownServerName, detail);
            return self.refuse(AlertDescription::UnrecognisedName, failure);
        }
        self.end(error.into())
    }

    pub(super) fn fail_protocol(&mut self, message: &str) -> TlsFailure {
        self.end(TlsFailure::new(FailureReason::Protocol, message))
    }

    /// Fails with an alert of our own in the place of what is queued. Only while nothing is
    /// encrypted yet and nothing of the current flight was sent.
    fn refuse(&mut self, alert: AlertDescription, failure: TlsFailure) -> TlsFailure {
        const ALERT: u8 = 21;
        const FATAL: u8 = 2;
        self.alert = Some([ALERT, 3, 3, 0, 2, FATAL, alert.into()]);
        self.end(failure)
    }

    fn end(&mut self, failure: TlsFailure) -> TlsFailure {
        self.identity = None;
        self.waiting = 0;
        self.state = State::Failed(failure.clone());
        failure
    }
}
