//! What JavaScript says to the question of a paused exchange, as JSON.
//!
//! Bounds: a local answer of [`BODY_MAX_BYTES`] with [`FIELDS_MAX_BYTES`] of fields; so many bytes
//! of challenges, too.

use gateway_core::{
    caller::is_field_value,
    problem::{Code, code_from_str},
};
use serde::Deserialize;

/// Longest body of a local answer: there is room for as much behind a ring that is not crowded.
const BODY_MAX_BYTES: usize = 256 << 10;
/// Most bytes of fields.
const FIELDS_MAX_BYTES: usize = 16 << 10;

/// See the module.
#[derive(Debug)]
pub(super) enum Word {
    /// The caller is known now.
    Accepted(Accepted),
    /// The request is answered with a problem.
    Refused(Refused),
    /// The request is answered with this.
    Local(Local),
}

/// Who calls.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Accepted {
    /// Empty for none.
    pub(super) consumer: String,
    /// Empty for none.
    pub(super) tenant: String,
    /// For the upstream.
    pub(super) headers: Vec<(String, String)>,
    /// Until when the same token needs no verification, in milliseconds since 1970.
    pub(super) remember_until_ms: Option<u64>,
}

/// Why it is refused.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) code: Code,
    /// One sentence.
    pub(super) detail: String,
    /// Values of the field of that name.
    pub(super) www_authenticate: Vec<String>,
}

/// An answer of its own.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Local {
    /// From 200 to 599.
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", tag = "kind")]
enum Said {
    Accepted(Accepted),
    Refused { code: String, detail: String, www_authenticate: Vec<String> },
    Local(Local),
}

impl Refused {
    /// Nothing that could be understood was said.
    pub(super) fn failed() -> Self {
        Self { code: Code::DecisionFailed, detail: String::new(), www_authenticate: Vec::new() }
    }
}

impl Word {
    /// Reads a word.
    ///
    /// # Errors
    ///
    /// One sentence when it is none, or holds what can't be sent.
    pub(super) fn parse(json: &str) -> Result<Self, String> {
        match serde_json::from_str(json).map_err(|error| error.to_string())? {
            Said::Accepted(accepted) => Ok(Self::Accepted(accepted)),
            Said::Refused { code, detail, www_authenticate } => {
                let code =
                    code_from_str(&code).ok_or_else(|| format!("there is no problem `{code}`"))?;
                let length: usize = www_authenticate.iter().map(String::len).sum();
                if length > FIELDS_MAX_BYTES || !www_authenticate.iter().all(|v| is_field_value(v)) {
                    return Err("a challenge that can't be sent".to_owned());
                }
                Ok(Self::Refused(Refused { code, detail, www_authenticate }))
            }
            Said::Local(local) => {
                let length: usize = local.headers.iter().map(|(n, v)| n.len() + v.len() + 4).sum();
                let sound = (200..600).contains(&local.status)
                    && local.body.len() <= BODY_MAX_BYTES
                    && length <= FIELDS_MAX_BYTES
                    && local.headers.iter().all(|(name, value)| is_name(name) && is_field_value(value));
                if sound { Ok(Self::Local(local)) } else { Err("an answer that can't be sent".to_owned()) }
            }
        }
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}
