//! A listener's TLS from its files, and which consumer a client certificate means.
//!
//! Bounds: a file of [`FILE_MAX_BYTES`], [`FORWARDED_MAX_BYTES`] for upstreams.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use gateway_core::{
    decide,
    model::{self, Model},
    snapshot::ModelError,
};
use gateway_tls::{
    CertificateSettings, ClientAuth, ClientCertificate, ClientTrust, Clock, IdentityRule,
    IdentityRuleSettings, MinimumVersion, RevocationPolicy, ServerTls, ServerTlsSettings, Source,
    TicketSettings, XfccPart, write_xfcc_element,
};

const FILE_MAX_BYTES: u64 = 16 << 20;
/// Longest description of a certificate for upstreams; of one with more names, only the hash is told.
const FORWARDED_MAX_BYTES: usize = 4096;
/// What others than the owner and its group may do with a key: nothing.
const OTHERS: u32 = 0o007;

/// The TLS of one listener.
#[derive(Clone, Debug)]
pub(crate) struct ListenerTls {
    pub(crate) server: Arc<ServerTls>,
    /// Whether upstreams are told of client certificates.
    forwards: bool,
}

impl ListenerTls {
    /// What the front passes on of a connection's certificate.
    pub(crate) fn introduce(
        &self,
        shown: &ClientCertificate,
        sni: Option<&str>,
        rules: &IdentityRules,
    ) -> decide::ClientCertificate {
        let mut forwarded = Vec::new();
        if self.forwards {
            let by = self.server.own_uri(sni);
            write_xfcc_element(&mut forwarded, shown, by, XfccPart::USUAL);
            if forwarded.len() > FORWARDED_MAX_BYTES {
                forwarded.clear();
                write_xfcc_element(&mut forwarded, shown, by, &[]);
            }
        }
        let consumer = rules.consumer_of(shown);
        let thumbprint = shown.x5t_s256.clone();
        let subject = shown.subject.clone();
        decide::ClientCertificate { consumer, forwarded, thumbprint, subject }
    }
}

/// What is worth a line in the log about these listeners' certificates.
pub(crate) fn warnings(loaded: &[Option<ListenerTls>]) -> Vec<String> {
    let known = loaded.iter().flatten();
    known.flat_map(|tls| tls.server.warnings()).map(ToString::to_string).collect()
}

/// Whose certificate is whose; the first rule that fits counts.
#[derive(Debug, Default)]
pub(crate) struct IdentityRules {
    rules: Vec<(IdentityRule, u32)>,
}

impl IdentityRules {
    /// Compiles the rules of a model's consumers; `number_of` numbers them.
    ///
    /// # Errors
    ///
    /// Every rule that is none.
    pub(crate) fn compile(
        model: &Model,
        number_of: impl Fn(&str) -> Option<u32>,
    ) -> Result<Self, Vec<ModelError>> {
        let mut rules = Vec::new();
        let mut errors = Vec::new();
        for (name, consumer) in &model.consumers {
            for (index, rule) in consumer.certificates.iter().enumerate() {
                let at = format!("consumers.{name}.certificates.{index}");
                match (IdentityRule::compile(&settings_of(rule)), number_of(name)) {
                    (Ok(rule), Some(number)) => rules.push((rule, number)),
                    (Ok(_), None) => {}
                    (Err(mut error), _) => {
                        if error.field == "common_name" {
                            error.field = "commonName";
                        }
                        errors.push(ModelError { path: at, message: error.to_string() });
                    }
                }
            }
        }
        if errors.is_empty() { Ok(Self { rules }) } else { Err(errors) }
    }

    fn consumer_of(&self, shown: &ClientCertificate) -> Option<u32> {
        let found = self.rules.iter().find(|(rule, _)| rule.matches(shown));
        found.map(|&(_, consumer)| consumer)
    }
}

fn settings_of(rule: &model::CertificateRule) -> IdentityRuleSettings {
    IdentityRuleSettings {
        spiffe: rule.spiffe.clone(),
        uri: rule.uri.clone(),
        dns: rule.dns.clone(),
        email: rule.email.clone(),
        common_name: rule.common_name.clone(),
        sha256: rule.sha256.clone(),
    }
}

/// Reads the files of every listener that has TLS; by the listener's number. `secret` is what all
/// workers derive the keys of tickets from.
///
/// # Errors
///
/// Everything that is wrong with them, by the path of the field.
pub(crate) fn load(
    model: &Model,
    secret: [u8; 32],
) -> Result<Vec<Option<ListenerTls>>, Vec<ModelError>> {
    let mut errors = Vec::new();
    let mut loaded = Vec::new();
    for (number, listener) in model.listeners.iter().enumerate() {
        let tls = listener.tls.as_ref().and_then(|tls| {
            let mut files = Files { at: format!("listeners.{number}.tls"), errors: &mut errors };
            files.build(tls, secret)
        });
        loaded.push(tls);
    }
    if errors.is_empty() { Ok(loaded) } else { Err(errors) }
}

/// Reads one listener's files and collects what is wrong with them.
struct Files<'e> {
    at: String,
    errors: &'e mut Vec<ModelError>,
}

impl Files<'_> {
    fn build(&mut self, tls: &model::Tls, secret: [u8; 32]) -> Option<ListenerTls> {
        let before = self.errors.len();
        let certificates = tls.certificates.iter().enumerate();
        let certificates = certificates
            .map(|(index, certificate)| self.certificate(index, certificate, tls))
            .collect();
        let client_auth = self.client_auth(&tls.client_auth);
        if self.errors.len() > before {
            return None;
        }
        let settings = ServerTlsSettings {
            certificates,
            strict_sni: tls.strict_sni,
            minimum_version: match tls.min_version.as_str() {
                "1.3" => MinimumVersion::Tls13,
                _ => MinimumVersion::Tls12,
            },
            alpn: vec![b"http/1.1".to_vec()],
            client_auth,
            tickets: Some(TicketSettings {
                master_secret: secret,
                rotation_seconds: tls.ticket_rotation_s,
            }),
            clock: Arc::new(SystemClock),
        };
        match ServerTls::build(&settings) {
            Ok(server) => Some(ListenerTls { server, forwards: tls.client_auth.forward }),
            Err(found) => {
                for error in found {
                    self.error("", error.to_string());
                }
                None
            }
        }
    }

    fn certificate(
        &mut self,
        index: usize,
        files: &model::TlsCertificate,
        tls: &model::Tls,
    ) -> CertificateSettings {
        let at = format!("certificates.{index}");
        let key = self.read(&format!("{at}.key"), &files.key);
        if !tls.allow_readable_keys {
            self.check_permissions(&format!("{at}.key"), &files.key);
        }
        CertificateSettings {
            chain: self.read(&format!("{at}.cert"), &files.cert),
            key,
            ocsp: files.ocsp.as_ref().map(|path| self.read(&format!("{at}.ocsp"), path)),
        }
    }

    fn client_auth(&mut self, clients: &model::ClientAuth) -> ClientAuth {
        let mut read = |field: &str, paths: &[String]| -> Vec<Source> {
            let paths = paths.iter().enumerate();
            paths.map(|(at, path)| self.read(&format!("clientAuth.{field}.{at}"), path)).collect()
        };
        let trust = ClientTrust {
            authorities: read("ca", &clients.ca),
            revocation_lists: read("crl", &clients.crl),
            revocation: RevocationPolicy {
                leaf_only: clients.revocation.leaf_only,
                accept_unknown: clients.revocation.accept_unknown,
                accept_expired_lists: clients.revocation.accept_expired,
            },
            intermediates_max: clients.intermediates_max,
        };
        match clients.mode.as_str() {
            "optional" => ClientAuth::Optional(trust),
            "required" => ClientAuth::Required(trust),
            _ => ClientAuth::Off,
        }
    }

    fn read(&mut self, field: &str, path: &str) -> Source {
        let read = fs::metadata(path).and_then(|metadata| {
            if metadata.len() > FILE_MAX_BYTES {
                return Err(std::io::Error::other(format!("over {FILE_MAX_BYTES} bytes")));
            }
            fs::read(path)
        });
        match read {
            Ok(bytes) => Source::new(path, bytes),
            Err(error) => {
                self.error(field, format!("{path}: {error}"));
                Source::default()
            }
        }
    }

    fn check_permissions(&mut self, field: &str, path: &str) {
        let Ok(metadata) = fs::metadata(path) else { return };
        if metadata.permissions().mode() & OTHERS != 0 {
            self.error(
                field,
                format!(
                    "{path}: everybody on this machine may read or write the key; chmod 640 it, \
                     or set tls.allowReadableKeys"
                ),
            );
        }
    }

    fn error(&mut self, field: &str, message: String) {
        let path = if field.is_empty() { self.at.clone() } else { format!("{}.{field}", self.at) };
        self.errors.push(ModelError { path, message });
    }
}

/// The machine's clock.
#[derive(Debug)]
struct SystemClock;

impl Clock for SystemClock {
    fn unix_seconds(&self) -> u64 {
        SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
    }
}
