//! Consumers, tenants and their API keys, interned.
//!
//! Cost: what a request needs of its consumer is one read of memory, half a cache line.

use std::collections::HashMap;

use crate::{
    credentials::{KeyTable, KeyTableBuilder, parse_digest, parse_expiry},
    model::Model,
    quota::Plans,
};

use super::ModelError;

/// Most consumers in one configuration.
const CONSUMERS_MAX: usize = 16_000_000;

/// Asks for the memory at an address, which is never read through this, and does not wait for it.
pub type Ahead = fn(*const u8);

/// Who may call, by number.
#[derive(Debug)]
pub struct Consumers {
    /// Finds a consumer by a key.
    pub keys: KeyTable,
    /// How memory is asked for before it is needed. Nothing is done by default: no safe code can.
    pub ahead: Ahead,
    consumers: Box<[Consumer]>,
    tenants: Vec<Box<str>>,
    /// Numbers of consumers and tenants; empty where no route learns names from passwords or tokens.
    by_name: [HashMap<Box<str>, u32>; 2],
}

impl Consumers {
    /// Has a consumer's name and tenant, which lie together, come from memory: they are needed soon
    /// after, and among many consumers nearly never in a near cache.
    pub fn expect(&self, consumer: u32) {
        if let Some(known) = self.consumers.get(consumer as usize) {
            (self.ahead)(std::ptr::from_ref(known).cast());
        }
    }

    /// The consumer of this name.
    pub fn find(&self, name: &str) -> Option<u32> {
        let found =
            self.consumers.iter().position(|known| known.name.bytes() == name.as_bytes())?;
        u32::try_from(found).ok()
    }

    /// The same at once, where some route takes passwords or tokens; `None` elsewhere.
    pub fn find_quickly(&self, name: &str) -> Option<u32> {
        let [consumers, _] = &self.by_name;
        consumers.get(name).copied()
    }

    /// The tenant of this name, where some route takes passwords or tokens; `None` elsewhere.
    pub fn find_tenant(&self, name: &str) -> Option<u32> {
        let [_, tenants] = &self.by_name;
        tenants.get(name).copied()
    }

    /// Name of a consumer.
    pub fn name(&self, consumer: u32) -> &str {
        str::from_utf8(self.name_bytes(consumer)).unwrap_or_default()
    }

    /// Name of a consumer, unchecked to be the text that it is.
    pub fn name_bytes(&self, consumer: u32) -> &[u8] {
        self.consumers.get(consumer as usize).map_or(&[], |known| known.name.bytes())
    }

    /// Tenant of a consumer.
    pub fn tenant(&self, consumer: u32) -> u32 {
        self.consumers.get(consumer as usize).map_or(0, |known| known.tenant)
    }

    /// Plan of a consumer.
    pub fn plan(&self, consumer: u32) -> Option<u16> {
        self.consumers.get(consumer as usize).and_then(|known| known.plan)
    }

    /// Name of a tenant.
    pub fn tenant_name(&self, tenant: u32) -> &str {
        self.tenants.get(tenant as usize).map_or("", AsRef::as_ref)
    }

    /// How many consumers there are.
    pub fn len(&self) -> usize {
        self.consumers.len()
    }

    /// Whether nobody may call.
    pub fn is_empty(&self) -> bool {
        self.consumers.is_empty()
    }

    /// How many tenants there are.
    pub fn tenants(&self) -> usize {
        self.tenants.len()
    }
}

/// Longest name that is kept in place, in bytes: with it a [`Consumer`] has 32.
const NAME_IN_PLACE_MAX_BYTES: usize = 22;

#[derive(Debug)]
#[repr(align(32))]
struct Consumer {
    name: Name,
    tenant: u32,
    plan: Option<u16>,
}

#[derive(Debug)]
enum Name {
    InPlace { len: u8, bytes: [u8; NAME_IN_PLACE_MAX_BYTES] },
    Elsewhere(Box<str>),
}

impl Name {
    fn new(name: Box<str>) -> Self {
        let mut bytes = [0; NAME_IN_PLACE_MAX_BYTES];
        match (u8::try_from(name.len()), bytes.get_mut(..name.len())) {
            (Ok(len), Some(start)) => {
                start.copy_from_slice(name.as_bytes());
                Self::InPlace { len, bytes }
            }
            _ => Self::Elsewhere(name),
        }
    }

    fn bytes(&self) -> &[u8] {
        match self {
            Self::InPlace { len, bytes } => bytes.get(..usize::from(*len)).unwrap_or_default(),
            Self::Elsewhere(name) => name.as_bytes(),
        }
    }
}

/// Collects consumers before they are numbered for good.
#[derive(Debug, Default)]
pub struct ConsumersBuilder {
    names: Vec<Box<str>>,
    by_name: HashMap<Box<str>, u32>,
    tenant_of: Vec<u32>,
    tenants: Vec<Box<str>>,
    tenant_by_name: HashMap<Box<str>, u32>,
    keys: Vec<([u8; 32], u32, u64)>,
}

impl ConsumersBuilder {
    /// Adds a key, and its consumer when that is new.
    ///
    /// # Errors
    ///
    /// When the consumer is known under another tenant, or there are too many.
    pub fn add(
        &mut self,
        consumer: &str,
        tenant: &str,
        key: Option<([u8; 32], u64)>,
    ) -> Result<(), String> {
        let tenant = self.tenant(tenant)?;
        let number = if let Some(&number) = self.by_name.get(consumer) {
            if self.tenant_of.get(number as usize) != Some(&tenant) {
                return Err(format!("consumer `{consumer}` belongs to another tenant already"));
            }
            number
        } else {
            let number = next_number(&self.names)?;
            self.names.push(consumer.into());
            self.by_name.insert(consumer.into(), number);
            self.tenant_of.push(tenant);
            number
        };
        if let Some((digest, expires_at_s)) = key {
            self.keys.push((digest, number, expires_at_s));
        }
        Ok(())
    }

    fn tenant(&mut self, name: &str) -> Result<u32, String> {
        if let Some(&number) = self.tenant_by_name.get(name) {
            return Ok(number);
        }
        let number = next_number(&self.tenants)?;
        self.tenants.push(name.into());
        self.tenant_by_name.insert(name.into(), number);
        Ok(number)
    }

    /// Adds the model's own consumers and builds the table of keys.
    pub(super) fn finish(
        mut self,
        model: &Model,
        plans: &Plans,
        errors: &mut Vec<ModelError>,
    ) -> Consumers {
        for (name, consumer) in &model.consumers {
            let at = format!("consumers.{name}");
            if let Err(message) = self.add(name, &consumer.tenant, None) {
                errors.push(ModelError::new(&at, message));
            }
            for (index, key) in consumer.api_keys.iter().enumerate() {
                let at = format!("{at}.apiKeys.{index}");
                let digest = parse_digest(&key.sha256);
                let expires_at_s = match &key.expires_at {
                    Some(text) => parse_expiry(text),
                    None => Some(0),
                };
                match (digest, expires_at_s) {
                    (Some(digest), Some(expires)) => {
                        if let Err(message) = self.add(name, &consumer.tenant, Some((digest, expires)))
                        {
                            errors.push(ModelError::new(at, message));
                        }
                    }
                    (None, _) => errors.push(ModelError::new(
                        format!("{at}.sha256"),
                        "a SHA-256 digest has 64 hexadecimal digits",
                    )),
                    (_, None) => errors.push(ModelError::new(
                        format!("{at}.expiresAt"),
                        "a date or time as in RFC 3339 is needed: 2027-01-31 or 2027-01-31T12:00:00Z",
                    )),
                }
            }
        }
        let mut table = KeyTableBuilder::with_capacity(self.keys.len());
        for (digest, consumer, expires_at_s) in self.keys {
            if table.insert(digest, consumer, expires_at_s).is_err() {
                let name = self.names.get(consumer as usize).map_or("", AsRef::as_ref);
                errors.push(ModelError::new(
                    format!("consumers.{name}.apiKeys"),
                    "the same API key is given twice",
                ));
            }
        }
        let learns_names = |auth: &crate::model::Auth| auth.jwt.is_some() || auth.basic.is_some();
        let takes_names =
            model.routes.iter().any(|route| route.auth.as_ref().is_some_and(learns_names));
        let by_name =
            if takes_names { [self.by_name, self.tenant_by_name] } else { Default::default() };
        let known = self.names.into_iter().zip(self.tenant_of);
        let consumer = |(name, tenant): (Box<str>, u32)| {
            let tenant_name = self.tenants.get(tenant as usize).map_or("", AsRef::as_ref);
            let plan = plans.of(&name, tenant_name, "");
            Consumer { name: Name::new(name), tenant, plan }
        };
        Consumers {
            keys: table.build(),
            ahead: |_| {},
            by_name,
            consumers: known.map(consumer).collect(),
            tenants: self.tenants,
        }
    }
}

fn next_number(names: &[Box<str>]) -> Result<u32, String> {
    if names.len() >= CONSUMERS_MAX {
        return Err(format!("there may be at most {CONSUMERS_MAX} consumers"));
    }
    u32::try_from(names.len()).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_consumer_is_half_a_cache_line() {
        assert_eq!(size_of::<Consumer>(), 32);
    }

    #[test]
    fn a_name_comes_back_whatever_its_length() {
        for length in [0, 1, 21, 22, 23, 255, 256, 300] {
            let text = "ä".repeat(length / 2) + if length % 2 == 0 { "" } else { "b" };
            assert_eq!(text.len(), length);
            assert_eq!(Name::new(text.as_str().into()).bytes(), text.as_bytes());
        }
    }
}
