//! What JavaScript says to the question of a paused exchange, as JSON.
//!
//! Bounds: a local answer of [`BODY_MAX_BYTES`] with [`FIELDS_MAX_BYTES`] of fields; a
//! refusal of so many bytes of fields and of detail.

use gateway_core::{
    caller::is_field_value,
    http1::field::is_token,
    problem::{Code, code_from_str},
};
use serde::Deserialize;

/// Longest body of a local answer: there is room for as much behind a ring that is not crowded.
const BODY_MAX_BYTES: usize = 256 << 10;
/// Most bytes of fields: a policy may set 32 of 4 KiB.
const FIELDS_MAX_BYTES: usize = 160 << 10;

/// See the module.
#[derive(Debug)]
pub(super) enum Word {
    /// The caller is known now.
    Accepted(Accepted),
    /// The password is a consumer's.
    Known(Known),
    /// The route's policy admits the request.
    Admitted(Admitted),
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
    /// Empty for none.
    pub(super) plan: String,
    /// The issuer of the token, by its identifier; empty without one.
    #[serde(default)]
    pub(super) issuer: String,
    /// Its `jti`; empty without one.
    #[serde(default)]
    pub(super) token_id: String,
    /// Its `sub`; empty without one.
    #[serde(default)]
    pub(super) subject: String,
    /// For the upstream.
    pub(super) headers: Vec<(String, String)>,
    /// JSON, for the route's policy; empty for none.
    #[serde(default)]
    pub(super) claims: String,
    /// Until when the same token needs no verification, in milliseconds since 1970.
    pub(super) remember_until_ms: Option<u64>,
}

/// Whose password it was.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Known {
    /// A consumer of the configuration.
    pub(super) consumer: String,
    /// Of the hash of its password as the configuration has it, hexadecimal.
    pub(super) sha256: String,
    /// Until when the same password needs no verification, in milliseconds since 1970.
    pub(super) remember_until_ms: u64,
}

/// What a policy changes: headers with their values, or without to take them off.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Admitted {
    /// On the way to the upstream.
    pub(super) upstream: Vec<(String, Option<String>)>,
    /// On the way back.
    pub(super) downstream: Vec<(String, Option<String>)>,
}

/// Why it is refused.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) code: Code,
    /// From 400 to 499, in place of the code's own.
    pub(super) status: Option<u16>,
    /// One sentence.
    pub(super) detail: String,
    /// What else the caller is told, such as how to authenticate.
    pub(super) headers: Vec<(String, String)>,
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
    Known(Known),
    Admitted(Admitted),
    Refused {
        code: String,
        #[serde(default)]
        status: Option<u16>,
        detail: String,
        headers: Vec<(String, String)>,
    },
    Local(Local),
}

impl Refused {
    /// Nothing that could be understood was said.
    pub(super) fn failed() -> Self {
        Self {
            code: Code::DecisionFailed,
            status: None,
            detail: String::new(),
            headers: Vec::new(),
        }
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
            Said::Known(known) => Ok(Self::Known(known)),
            Said::Admitted(admitted) => Ok(Self::Admitted(admitted)),
            Said::Refused { code, status, detail, headers } => {
                let code =
                    code_from_str(&code).ok_or_else(|| format!("there is no problem `{code}`"))?;
                if !are_fields(&headers)
                    || detail.len() > FIELDS_MAX_BYTES
                    || !status.is_none_or(|status| (400..500).contains(&status))
                {
                    return Err("a refusal that can't be sent".to_owned());
                }
                Ok(Self::Refused(Refused { code, status, detail, headers }))
            }
            Said::Local(local) => {
                if !(200..600).contains(&local.status)
                    || local.body.len() > BODY_MAX_BYTES
                    || !are_fields(&local.headers)
                {
                    return Err("an answer that can't be sent".to_owned());
                }
                Ok(Self::Local(local))
            }
        }
    }
}

fn are_fields(headers: &[(String, String)]) -> bool {
    headers.iter().map(|(name, value)| name.len() + value.len() + 4).sum::<usize>()
        <= FIELDS_MAX_BYTES
        && headers.iter().all(|(name, value)| is_token(name.as_bytes()) && is_field_value(value))
}
