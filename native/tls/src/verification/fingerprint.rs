//! A number that stands for what a listener verifies of clients.

use ring::digest::{Context, SHA256};

use crate::settings::{ClientAuth, ClientTrust, MinimumVersion, RevocationPolicy};

/// SHA-256 over everything that decides which clients are let in; each part with its length.
pub(super) struct Fingerprint(Context);

impl Fingerprint {
    pub(super) fn new(settings: &ClientAuth, minimum_version: MinimumVersion) -> Self {
        let mut all = Self(Context::new(&SHA256));
        all.add(b"stoa-gateway client verification 1");
        all.add(match settings {
            ClientAuth::Off => b"off",
            ClientAuth::Optional(_) => b"optional",
            ClientAuth::Required(_) => b"required",
        });
        all.add(match minimum_version {
            MinimumVersion::Tls12 => b"1.2",
            MinimumVersion::Tls13 => b"1.3",
        });
        all
    }

    pub(super) fn add_policy(&mut self, trust: &ClientTrust) {
        let RevocationPolicy { leaf_only, accept_unknown, accept_expired_lists } = trust.revocation;
        self.add(&[u8::from(leaf_only), u8::from(accept_unknown), u8::from(accept_expired_lists)]);
        self.add(&trust.intermediates_max.to_be_bytes());
    }

    pub(super) fn add_all<'a>(&mut self, parts: impl ExactSizeIterator<Item = &'a [u8]>) {
        self.add(&parts.len().to_be_bytes());
        for part in parts {
            self.add(part);
        }
    }

    fn add(&mut self, part: &[u8]) {
        self.0.update(&part.len().to_be_bytes());
        self.0.update(part);
    }

    pub(super) fn finish(self) -> [u8; 32] {
        let mut fingerprint = [0; 32];
        fingerprint.copy_from_slice(self.0.finish().as_ref());
        fingerprint
    }
}
