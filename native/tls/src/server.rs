//! A listener's TLS, compiled: immutable, shared by its connections.

use std::sync::Arc;

use rustls::{
    ServerConfig, SupportedProtocolVersion,
    crypto::ring::default_provider,
    pki_types::UnixTime,
    server::NoServerSessionStorage,
    time_provider::TimeProvider,
    version::{TLS12, TLS13},
};

use crate::{
    certificates::CertificateTable,
    connection::TlsConnection,
    error::{Findings, TlsConfigError, TlsWarning},
    failure::TlsFailure,
    settings::{
        CERTIFICATES_MAX, Clock, MinimumVersion, ROTATION_MAX_SECONDS, ROTATION_MIN_SECONDS,
        ServerTlsSettings, TicketSettings,
    },
    tickets::EpochTickets,
    verification::{self, Verification},
};

/// TLS 1.3 tickets after a full handshake: a client that opens several connections at once has
/// one for each of two.
const TICKETS_PER_HANDSHAKE: usize = 2;
/// The most protocols in ALPN.
const ALPN_MAX: usize = 16;

/// See the module. To change anything, build another and use that for new connections.
#[derive(Debug)]
pub struct ServerTls {
    config: Arc<ServerConfig>,
    certificates: Arc<CertificateTable>,
    clock: Arc<dyn Clock>,
    warnings: Vec<TlsWarning>,
}

impl ServerTls {
    /// Compiles `settings`. Cost: milliseconds, as keys and lists are parsed and checked.
    ///
    /// # Errors
    ///
    /// Everything that stands in the way, each with the name of its source.
    pub fn build(settings: &ServerTlsSettings) -> Result<Arc<Self>, Vec<TlsConfigError>> {
        let mut findings = Findings::default();
        let now = settings.clock.unix_seconds();
        let provider = Arc::new(default_provider());
        check(settings, &mut findings);
        let certificates = Arc::new(CertificateTable::build(
            &settings.certificates,
            settings.strict_sni,
            &provider,
            now,
            &mut findings,
        ));
        let verification = verification::compile(
            &settings.client_auth,
            settings.minimum_version,
            &provider,
            now,
            &mut findings,
        );
        let (Some(verification), []) = (verification, findings.errors.as_slice()) else {
            return Err(findings.errors);
        };
        let time = Arc::new(Time(Arc::clone(&settings.clock)));
        let builder = ServerConfig::builder_with_details(provider, time)
            .with_protocol_versions(versions(settings.minimum_version));
        let Some(builder) = findings.keep("TLS", builder.map_err(|error| error.to_string())) else {
            return Err(findings.errors);
        };
        let Verification { verifier, fingerprint } = verification;
        let builder = match verifier {
            Some(verifier) => builder.with_client_cert_verifier(verifier),
            None => builder.with_no_client_auth(),
        };
        let mut config = builder.with_cert_resolver(Arc::<CertificateTable>::clone(&certificates));
        config.alpn_protocols.clone_from(&settings.alpn);
        resume(&mut config, settings, fingerprint);
        let clock = Arc::clone(&settings.clock);
        let warnings = findings.warnings;
        Ok(Arc::new(Self { config: Arc::new(config), certificates, clock, warnings }))
    }

    /// What is worth a line in the log, in the order of the settings.
    pub fn warnings(&self) -> &[TlsWarning] {
        &self.warnings
    }

    /// The first URI in the certificate that is shown for a name; `By` in XFCC.
    pub fn own_uri(&self, sni: Option<&str>) -> Option<&str> {
        self.certificates.uri(sni)
    }

    /// A connection that a client just opened.
    ///
    /// # Errors
    ///
    /// [`crate::FailureReason::Internal`], when the system has no random bytes.
    pub fn accept(self: &Arc<Self>) -> Result<TlsConnection, TlsFailure> {
        TlsConnection::new(Arc::clone(self), Arc::clone(&self.config))
    }

    pub(crate) fn now(&self) -> u64 {
        self.clock.unix_seconds()
    }

    /// Whether the name, or that there is none, is why there was no certificate.
    pub(crate) fn refuses_name(&self, sni: Option<&str>) -> bool {
        self.certificates.refuses(sni)
    }
}

fn check(settings: &ServerTlsSettings, findings: &mut Findings) {
    if settings.certificates.is_empty() {
        findings.error("certificates", "needs at least one");
    }
    if settings.certificates.len() > CERTIFICATES_MAX {
        findings.error("certificates", format!("has over {CERTIFICATES_MAX}"));
    }
    let fits = |name: &Vec<u8>| (1..=255).contains(&name.len());
    if settings.alpn.len() > ALPN_MAX || !settings.alpn.iter().all(fits) {
        findings.error("alpn", format!("has over {ALPN_MAX} names, or one not of 1 to 255 bytes"));
    }
    let range = ROTATION_MIN_SECONDS..=ROTATION_MAX_SECONDS;
    match &settings.tickets {
        Some(tickets) if !range.contains(&tickets.rotation_seconds) => {
            let message = format!("must be from {ROTATION_MIN_SECONDS} to {ROTATION_MAX_SECONDS}");
            findings.error("rotation_seconds", message);
        }
        Some(TicketSettings { master_secret: [0, rest @ ..], .. })
            if rest.iter().all(|byte| *byte == 0) =>
        {
            findings.error("master_secret", "is all zeros; it must be random");
        }
        _ => {}
    }
}

fn versions(minimum: MinimumVersion) -> &'static [&'static SupportedProtocolVersion] {
    static FROM_TLS12: [&SupportedProtocolVersion; 2] = [&TLS13, &TLS12];
    static FROM_TLS13: [&SupportedProtocolVersion; 1] = [&TLS13];
    match minimum {
        MinimumVersion::Tls12 => &FROM_TLS12,
        MinimumVersion::Tls13 => &FROM_TLS13,
    }
}

/// By tickets or not at all: rustls' own memory of sessions would differ between processes.
fn resume(config: &mut ServerConfig, settings: &ServerTlsSettings, verification: [u8; 32]) {
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.max_early_data_size = 0;
    config.send_tls13_tickets = 0;
    if let Some(tickets) = &settings.tickets {
        let clock = Arc::clone(&settings.clock);
        config.ticketer = Arc::new(EpochTickets::new(tickets, verification, clock));
        config.send_tls13_tickets = TICKETS_PER_HANDSHAKE;
    }
}

/// The caller's clock as rustls wants it.
#[derive(Debug)]
struct Time(Arc<dyn Clock>);

impl TimeProvider for Time {
    fn current_time(&self) -> Option<UnixTime> {
        let since = std::time::Duration::from_secs(self.0.unix_seconds());
        Some(UnixTime::since_unix_epoch(since))
    }
}
