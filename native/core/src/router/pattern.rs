//! The path a route asks for, parsed from its text.
//!
//! | text | matches |
//! |---|---|
//! | `/a/b` | exactly that |
//! | `/a/{id}/b` | any one non-empty segment in place of `{id}` |
//! | `/a/*`, `/a/{id}/*` | the path before `/*`, and everything below it |
//! | `/*` | everything |
//! | `~REGEX` | what the expression matches from start to end |
//!
//! Bounds: [`SEGMENTS_MAX`] segments, [`PARAMS_MAX`](super::PARAMS_MAX) parameters.

use super::{
    PARAMS_MAX,
    path::{EncodedSlashes, normalize},
    predicate::anchored,
};
use regex::bytes::Regex;

/// Segments of a pattern, and so of a path as far as it is looked at.
pub const SEGMENTS_MAX: usize = 64;

#[derive(Debug)]
pub(super) enum Segment {
    Literal(Box<[u8]>),
    Param(String),
}

#[derive(Debug)]
pub(super) enum PathPattern {
    /// The whole path, segment by segment. `/` is one empty segment.
    Whole(Vec<Segment>),
    /// These segments, then an end or a `/` and anything.
    Prefix(Vec<Segment>),
    Regex {
        /// The text as it was written, then wrapped so that it must match the whole path.
        source: String,
        regex: Regex,
    },
}

impl PathPattern {
    /// The message of a failure is a sentence for whoever wrote `text`.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if let Some(expression) = text.strip_prefix('~') {
            let (source, regex) = anchored(expression)?;
            return Ok(Self::Regex { source, regex });
        }
        check_normal(text)?;
        let (path, is_prefix) = match text.strip_suffix("/*") {
            Some(before) => (before, true),
            None => (text, false),
        };
        let segments: Vec<Segment> = match path.strip_prefix('/') {
            Some(path) => path.split('/').map(parse_segment).collect::<Result<_, _>>()?,
            None => Vec::new(),
        };
        if segments.len() > SEGMENTS_MAX {
            return Err(format!("a path has at most {SEGMENTS_MAX} segments"));
        }
        check_params(&segments)?;
        Ok(if is_prefix { Self::Prefix(segments) } else { Self::Whole(segments) })
    }

    /// The names of the parameters, left to right.
    pub(super) fn params(&self) -> impl Iterator<Item = &str> {
        param_names(self.segments())
    }

    /// Bit `n` is set when segment `n` is a parameter.
    pub(super) fn params_mask(&self) -> u64 {
        let bits = self.segments().iter().enumerate();
        bits.filter(|(_, s)| matches!(s, Segment::Param(_))).fold(0, |mask, (n, _)| mask | 1 << n)
    }

    /// Sorts before what is less specific: a whole path without parameters, one with them (more
    /// literal segments first), an expression, a prefix (more segments first, then more literals).
    pub(super) fn specificity(&self) -> (u8, std::cmp::Reverse<(usize, usize)>) {
        let segments = self.segments().len();
        let literals = segments - self.params().count();
        let (class, detail) = match self {
            Self::Whole(_) if literals == segments => (0, (0, 0)),
            Self::Whole(_) => (1, (literals, 0)),
            Self::Regex { .. } => (2, (0, 0)),
            Self::Prefix(_) => (3, (segments, literals)),
        };
        (class, std::cmp::Reverse(detail))
    }

    /// Whether a normalised path matches: the plain form of what the tree does for many at once.
    pub(super) fn matches(&self, path: &[u8]) -> bool {
        let Some(rest) = path.strip_prefix(b"/") else { return false };
        let (segments, is_prefix) = match self {
            Self::Regex { regex, .. } => return regex.is_match(path),
            Self::Whole(segments) => (segments, false),
            Self::Prefix(segments) => (segments, true),
        };
        let mut parts = rest.split(|&b| b == b'/');
        let all = segments.iter().all(|segment| match (segment, parts.next()) {
            (_, None) => false,
            (Segment::Literal(text), Some(part)) => **text == *part,
            (Segment::Param(_), Some(part)) => !part.is_empty(),
        });
        all && (is_prefix || parts.next().is_none())
    }

    fn segments(&self) -> &[Segment] {
        match self {
            Self::Whole(segments) | Self::Prefix(segments) => segments,
            Self::Regex { .. } => &[],
        }
    }
}

fn param_names(segments: &[Segment]) -> impl Iterator<Item = &str> {
    segments.iter().filter_map(|segment| match segment {
        Segment::Param(name) => Some(name.as_str()),
        Segment::Literal(_) => None,
    })
}

/// A pattern in another form than requests are brought into would never match.
fn check_normal(text: &str) -> Result<(), String> {
    if text.contains(['?', '#']) {
        return Err("a path has no query and no fragment; use `query` for parameters".to_owned());
    }
    let normal = normalize(text.as_bytes(), EncodedSlashes::Keep).map_err(|error| {
        let hint = if text.starts_with('/') { "" } else { " (`~` starts an expression)" };
        format!("{error}{hint}")
    })?;
    if *normal.path == *text.as_bytes() {
        return Ok(());
    }
    let normal = String::from_utf8_lossy(&normal.path).into_owned();
    Err(format!("requests are normalised before they are matched; write it as `{normal}`"))
}

fn parse_segment(text: &str) -> Result<Segment, String> {
    if let Some(name) = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
        let starts_well = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        let goes_on_well = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if starts_well && goes_on_well {
            return Ok(Segment::Param(name.to_owned()));
        }
        return Err(format!("`{name}` is no parameter name: use letters, digits and `_`"));
    }
    if text.contains(['{', '}']) {
        return Err(format!("`{text}`: a parameter is a whole segment, like `/{{id}}/`"));
    }
    if text.contains('*') {
        return Err(format!("`{text}`: `*` stands alone, as the last segment"));
    }
    Ok(Segment::Literal(text.as_bytes().into()))
}

fn check_params(segments: &[Segment]) -> Result<(), String> {
    let names: Vec<&str> = param_names(segments).collect();
    if names.len() > PARAMS_MAX {
        return Err(format!("a path has at most {PARAMS_MAX} parameters"));
    }
    match names.iter().enumerate().find(|(n, name)| names.iter().take(*n).any(|x| x == *name)) {
        Some((_, name)) => Err(format!("the parameter `{name}` is there twice")),
        None => Ok(()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn matches(pattern: &str, path: &str) -> bool {
        PathPattern::parse(pattern).unwrap().matches(path.as_bytes())
    }

    #[test]
    fn a_prefix_ends_at_a_segment_boundary() {
        for path in ["/a", "/a/", "/a/b", "/a/b/c"] {
            assert!(matches("/a/*", path), "{path}");
        }
        for path in ["/", "/ab", "/b/a"] {
            assert!(!matches("/a/*", path), "{path}");
        }
        assert!(matches("/*", "/") && matches("/*", "/x/y"));
    }

    #[test]
    fn a_parameter_is_one_segment_that_is_not_empty() {
        assert!(matches("/a/{id}/b", "/a/7/b"));
        for path in ["/a//b", "/a/7/8/b", "/a/7/b/", "/a/7"] {
            assert!(!matches("/a/{id}/b", path), "{path}");
        }
        assert!(matches("/a/{id}/*", "/a/7") && !matches("/a/{id}/*", "/a/"));
    }

    #[test]
    fn an_expression_matches_from_start_to_end() {
        assert!(matches("~/v[0-9]+/a|/b", "/v12/a") && matches("~/v[0-9]+/a|/b", "/b"));
        assert!(!matches("~/v[0-9]+/a|/b", "/v1/a/x") && !matches("~/v[0-9]+/a|/b", "/x/b"));
    }

    #[test]
    fn what_could_never_match_is_refused() {
        let cases = [
            ("a", "does not start"),
            ("", "does not start"),
            ("/a?b", "no query"),
            ("/a//b", "write it as `/a/b`"),
            ("/a/../b", "write it as `/b`"),
            ("/%7ea", "write it as `/~a`"),
            ("/caf\u{e9}", "percent-encoded"),
            ("/a b", "percent-encoded"),
            ("/a*", "stands alone"),
            ("/*/a", "stands alone"),
            ("/*/*", "stands alone"),
            ("/{id}x", "whole segment"),
            ("/{}", "no parameter name"),
            ("/{1}", "no parameter name"),
            ("/{a}/{a}", "twice"),
            ("~(", "unclosed"),
            ("~a)|(b", "unopened"),
        ];
        for (text, expected) in cases {
            let Err(message) = PathPattern::parse(text) else { panic!("{text} was accepted") };
            assert!(message.contains(expected), "{text}: {message}");
        }
        assert!(PathPattern::parse(&"/a".repeat(SEGMENTS_MAX + 1)).is_err());
        let many: Vec<_> = (0..=PARAMS_MAX).map(|n| format!("/{{p{n}}}")).collect();
        assert!(PathPattern::parse(&many.concat()).is_err());
    }
}
