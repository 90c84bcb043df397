//! The variables that a template may name, and where their values come from.

/// What stands between `${` and `}`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Variable {
    /// `consumer`: who calls.
    Consumer,
    /// `tenant`: whose it is.
    Tenant,
    /// `plan`: what the caller may use.
    Plan,
    /// `route`: the route's name.
    Route,
    /// `clientIp`: the client's address.
    ClientIp,
    /// `requestId`: the request's identifier.
    RequestId,
    /// `host`: the Host field, with its port.
    Host,
    /// `certificateThumbprint`: SHA-256 of the client's certificate, base64url.
    CertificateThumbprint,
    /// `path`: the whole path, normalised.
    WholePath,
    /// `query`: what follows the `?`, without it.
    Query,
    /// `path.NAME`: a parameter of the path, still percent-encoded.
    Path(String),
}

/// Values of one exchange.
pub trait Values {
    /// The value now; `None` when there is none, as for `consumer` on an open route.
    fn value(&self, variable: &Variable) -> Option<&[u8]>;
}

/// Variables without a parameter, by name.
const NAMED: [(&str, Variable); 10] = [
    ("consumer", Variable::Consumer),
    ("tenant", Variable::Tenant),
    ("plan", Variable::Plan),
    ("route", Variable::Route),
    ("clientIp", Variable::ClientIp),
    ("requestId", Variable::RequestId),
    ("host", Variable::Host),
    ("certificateThumbprint", Variable::CertificateThumbprint),
    ("path", Variable::WholePath),
    ("query", Variable::Query),
];

impl Variable {
    /// The variable of this name. Names are case-sensitive; a parameter's name follows the
    /// router's rule for `{NAME}`.
    pub(super) fn from_name(name: &str) -> Option<Self> {
        if let Some(parameter) = name.strip_prefix("path.") {
            return is_parameter_name(parameter).then(|| Self::Path(parameter.to_owned()));
        }
        NAMED.iter().find(|(known, _)| *known == name).map(|(_, variable)| variable.clone())
    }

    /// The known name that somebody who wrote `name` most likely meant.
    pub(super) fn suggestion(name: &str) -> Option<&'static str> {
        let plain = plain(name);
        let near = NAMED.iter().map(|(known, _)| (distance(&plain, &self::plain(known)), *known));
        near.filter(|(steps, known)| steps * 3 <= known.len()).min().map(|(_, known)| known)
    }
}

fn is_parameter_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// `name` without the differences between camelCase, `snake_case` and kebab-case.
fn plain(name: &str) -> Vec<u8> {
    name.bytes().filter(u8::is_ascii_alphanumeric).map(|byte| byte.to_ascii_lowercase()).collect()
}

/// Levenshtein distance, one row at a time.
fn distance(a: &[u8], b: &[u8]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (above, byte) in (1..).zip(a) {
        let (mut diagonal, mut left) = (above - 1, above);
        for (cell, other) in row.iter_mut().skip(1).zip(b) {
            let replaced = diagonal + usize::from(byte != other);
            diagonal = *cell;
            left = replaced.min(left + 1).min(diagonal + 1);
            *cell = left;
        }
    }
    if b.is_empty() { a.len() } else { row.last().copied().unwrap_or_default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_parameters_are_known() {
        assert_eq!(Variable::from_name("clientIp"), Some(Variable::ClientIp));
        assert_eq!(Variable::from_name("path"), Some(Variable::WholePath));
        assert_eq!(Variable::from_name("path.id_2"), Some(Variable::Path("id_2".to_owned())));
        for unknown in ["", "clientip", "path.", "path.2", "path.a-b", "path.a.b", "user"] {
            assert_eq!(Variable::from_name(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn a_near_name_is_suggested_and_a_far_one_is_not() {
        assert_eq!(Variable::suggestion("client_ip"), Some("clientIp"));
        assert_eq!(Variable::suggestion("request-id"), Some("requestId"));
        assert_eq!(Variable::suggestion("cosnumer"), Some("consumer"));
        assert_eq!(Variable::suggestion("tenat"), Some("tenant"));
        assert_eq!(Variable::suggestion("weather"), None);
        assert_eq!(Variable::suggestion(""), None);
    }

    #[test]
    fn distances_are_those_of_levenshtein() {
        for (a, b, steps) in
            [("kitten", "sitting", 3), ("", "abc", 3), ("abc", "", 3), ("a", "a", 0)]
        {
            assert_eq!(distance(a.as_bytes(), b.as_bytes()), steps, "{a} {b}");
        }
    }
}
