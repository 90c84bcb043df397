//! Writes the certificates, keys and revocation lists of the tests into a folder, so that none of
//! them is committed and nobody needs openssl.
//!
//! `test_pki DIRECTORY`; the folder must be there, and empty. `NAME.crt` is a chain, leaf first, `NAME.key`
//! its key, which only its owner may read; `NAME.crl` is a revocation list of the authority of
//! that name. Times are relative to now: what is good is good for 30 days.

use std::{
    env,
    error::Error,
    fs::OpenOptions,
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DistinguishedName,
    DnType, DnValue, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose,
    RevokedCertParams, SanType,
};

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

const DAY: u64 = 24 * 3600;
const LIFETIME: u64 = 30 * DAY;
/// Serial number of the certificate that is on the list.
const REVOKED: u8 = 66;

/// An authority: a root, or one below another.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// What stands between it and its root, itself first; empty for a root.
    path: String,
}

/// Where files go, and what time it is, in Unix seconds.
struct Folder {
    path: PathBuf,
    now: u64,
}

fn main() -> Outcome {
    let path = env::args_os().nth(1).ok_or("usage: test_pki DIRECTORY")?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let folder = Folder { path: PathBuf::from(path), now };
    let authority = folder.root("ca")?;
    let other = folder.root("other-ca")?;
    servers(&folder, &authority)?;
    clients(&folder, &authority)?;
    folder.leaf("stranger", &other, |params| client(params, "stranger"))?;
    folder.list("ca", &authority, &[REVOKED], folder.now + LIFETIME)?;
    folder.list("old", &authority, &[REVOKED], folder.now - DAY)?;
    folder.list("other-ca", &other, &[], folder.now + LIFETIME)?;
    Ok(())
}

fn servers(folder: &Folder, authority: &Authority) -> Outcome {
    folder.leaf("gw", authority, |params| {
        server(params, &["gw.test", "*.gw.test"])?;
        let uri = SanType::URI("spiffe://gw.test/gateway".try_into()?);
        params.subject_alt_names.push(uri);
        Ok(())
    })?;
    folder.leaf("other", authority, |params| server(params, &["other.test"]))?;
    folder.leaf("old-server", authority, |params| {
        params.not_after = rcgen::date_time_ymd(1970, 1, 1) + Duration::from_secs(folder.now - DAY);
        server(params, &["gw.test"])
    })
}

fn clients(folder: &Folder, authority: &Authority) -> Outcome {
    folder.leaf("good", authority, |params| {
        params.subject_alt_names = vec![
            SanType::DnsName("good.clients.test".try_into()?),
            SanType::Rfc822Name("good@clients.test".try_into()?),
            SanType::URI("spiffe://clients.test/ns/shop/sa/good".try_into()?),
        ];
        client(params, "good client")
    })?;
    folder.leaf("second", authority, |params| client(params, "second client"))?;
    folder.leaf("nobody", authority, |params| client(params, "nobody's client"))?;
    folder.leaf("no-usage", authority, |params| {
        client(params, "no usage")?;
        params.extended_key_usages.clear();
        Ok(())
    })?;
    folder.leaf("wrong-usage", authority, |params| {
        client(params, "wrong usage")?;
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        Ok(())
    })?;
    folder.leaf("expired", authority, |params| {
        params.not_after = rcgen::date_time_ymd(1970, 1, 1) + Duration::from_secs(folder.now - DAY);
        client(params, "expired")
    })?;
    folder.leaf("early", authority, |params| {
        params.not_before =
            rcgen::date_time_ymd(1970, 1, 1) + Duration::from_secs(folder.now + DAY);
        client(params, "early")
    })?;
    folder.leaf("revoked", authority, |params| {
        params.serial_number = Some(vec![REVOKED].into());
        client(params, "revoked")
    })?;
    folder.leaf("two-uris", authority, |params| {
        let uri = |uri: &str| Ok::<_, rcgen::Error>(SanType::URI(uri.try_into()?));
        params.subject_alt_names =
            vec![uri("spiffe://clients.test/first")?, uri("spiffe://clients.test/second")?];
        client(params, "two uris")
    })?;
    let below = authority.below("below")?;
    folder.leaf("below", &below, |params| client(params, "one below"))?;
    let deep = below.below("deep")?;
    folder.leaf("deep", &deep, |params| client(params, "two below"))
}

fn server(params: &mut CertificateParams, names: &[&str]) -> Outcome {
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    for name in names {
        params.subject_alt_names.push(SanType::DnsName((*name).try_into()?));
    }
    Ok(())
}

fn client(params: &mut CertificateParams, common_name: &str) -> Outcome {
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let common_name = DnValue::PrintableString(common_name.try_into()?);
    params.distinguished_name.push(DnType::CommonName, common_name);
    Ok(())
}

fn authority_params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

impl Authority {
    fn below(&self, name: &str) -> Outcome<Self> {
        let (params, key) = (authority_params(name), KeyPair::generate()?);
        let path = format!("{}{}", params.signed_by(&key, &self.issuer)?.pem(), self.path);
        Ok(Self { issuer: Issuer::new(params, key), path })
    }
}

impl Folder {
    fn root(&self, name: &str) -> Outcome<Authority> {
        let (params, key) = (authority_params(name), KeyPair::generate()?);
        self.write(&format!("{name}.crt"), 0o644, &params.self_signed(&key)?.pem())?;
        Ok(Authority { issuer: Issuer::new(params, key), path: String::new() })
    }

    /// A certificate and its key; good from yesterday on, unless `edit` says otherwise.
    fn leaf(
        &self,
        name: &str,
        authority: &Authority,
        edit: impl FnOnce(&mut CertificateParams) -> Outcome,
    ) -> Outcome {
        let epoch = rcgen::date_time_ymd(1970, 1, 1);
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.not_before = epoch + Duration::from_secs(self.now - 2 * DAY);
        params.not_after = epoch + Duration::from_secs(self.now + LIFETIME);
        edit(&mut params)?;
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &authority.issuer)?;
        let chain = format!("{}{}", certificate.pem(), authority.path);
        self.write(&format!("{name}.crt"), 0o644, &chain)?;
        self.write(&format!("{name}.key"), 0o600, &key.serialize_pem())
    }

    fn list(&self, name: &str, authority: &Authority, serials: &[u8], until: u64) -> Outcome {
        let epoch = rcgen::date_time_ymd(1970, 1, 1);
        let revoked = |serial: &u8| RevokedCertParams {
            serial_number: vec![*serial].into(),
            revocation_time: epoch,
            reason_code: None,
            invalidity_date: None,
        };
        let list = CertificateRevocationListParams {
            this_update: epoch,
            next_update: epoch + Duration::from_secs(until),
            crl_number: vec![1].into(),
            issuing_distribution_point: None,
            revoked_certs: serials.iter().map(revoked).collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        let pem = list.signed_by(&authority.issuer)?.pem()?;
        self.write(&format!("{name}.crl"), 0o644, &pem)
    }

    fn write(&self, name: &str, mode: u32, text: &str) -> Outcome {
        let path: &Path = &self.path.join(name);
        let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
        file.write_all(text.as_bytes())?;
        Ok(())
    }
}
