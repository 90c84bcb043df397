//! Conditions on header fields and query parameters.
//!
//! A predicate holds when any field or parameter of its name passes the test. Field names compare
//! without case, parameter names and all values with it. Parameters are compared decoded: `%XX`
//! and `+`. An expression must match the whole value; it sees bytes, so `.` is any byte but LF and
//! `\w` is ASCII.

use httparse::Header;
use regex::bytes::{Regex, RegexBuilder};
use std::borrow::Cow;

/// The compiled size an expression may have, in bytes.
const REGEX_MAX_BYTES: usize = 1 << 20;

/// A condition on the field or parameter `name`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Predicate {
    /// Of the header field or query parameter.
    pub name: String,
    /// What its value has to pass.
    pub test: PredicateTest,
}

/// What a value has to pass.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum PredicateTest {
    /// It is there, whatever it holds.
    Present,
    /// It is exactly this.
    Exact(String),
    /// This expression matches all of it.
    Regex(String),
}

/// Wraps an expression so that it has to match from start to end. Returns source and compiled.
pub(super) fn anchored(expression: &str) -> Result<(String, Regex), String> {
    // On its own first: `a)|(b` must not become valid by being wrapped.
    compile(expression)?;
    let source = format!(r"\A(?:{expression})\z");
    let regex = compile(&source)?;
    Ok((source, regex))
}

fn compile(expression: &str) -> Result<Regex, String> {
    let mut builder = RegexBuilder::new(expression);
    builder.unicode(false).size_limit(REGEX_MAX_BYTES);
    builder.build().map_err(|error| {
        let text = error.to_string();
        let last = text.lines().last().unwrap_or_default();
        format!("no valid expression: {}", last.trim_start_matches("error: "))
    })
}

#[derive(Debug)]
enum Test {
    Present,
    Exact(Box<[u8]>),
    Regex(Regex),
}

impl Test {
    fn holds(&self, value: &[u8]) -> bool {
        match self {
            Self::Present => true,
            Self::Exact(expected) => **expected == *value,
            Self::Regex(regex) => regex.is_match(value),
        }
    }
}

/// All conditions of one route, compiled.
#[derive(Debug, Default)]
pub(super) struct Conditions {
    fields: Vec<(String, Test)>,
    query: Vec<(String, Test)>,
}

impl Conditions {
    /// A failure is the name of the part of the route it is in, and a sentence.
    pub(super) fn compile(
        fields: &[Predicate],
        query: &[Predicate],
    ) -> Result<Self, (&'static str, String)> {
        let is_token = |name: &str| !name.is_empty() && name.bytes().all(super::method::is_tchar);
        if let Some(bad) = fields.iter().find(|p| !is_token(&p.name)) {
            return Err(("headers", format!("`{}` is no header name", bad.name)));
        }
        Ok(Self {
            fields: compile_all(fields).map_err(|message| ("headers", message))?,
            query: compile_all(query).map_err(|message| ("query", message))?,
        })
    }

    pub(super) fn len(&self) -> usize {
        self.fields.len() + self.query.len()
    }

    pub(super) fn hold(&self, fields: &[Header<'_>], query: Option<&[u8]>) -> bool {
        self.failing(fields, query).is_none()
    }

    /// The first condition that does not hold: its kind and its name.
    pub(super) fn failing(
        &self,
        fields: &[Header<'_>],
        query: Option<&[u8]>,
    ) -> Option<(&'static str, &str)> {
        let field = self.fields.iter().find(|(name, test)| !field_holds(fields, name, test));
        let parameter = || self.query.iter().find(|(name, test)| !query_holds(query, name, test));
        match field {
            Some((name, _)) => Some(("header", name)),
            None => parameter().map(|(name, _)| ("query parameter", name.as_str())),
        }
    }
}

fn compile_all(predicates: &[Predicate]) -> Result<Vec<(String, Test)>, String> {
    predicates.iter().map(compile_one).collect()
}

fn compile_one(predicate: &Predicate) -> Result<(String, Test), String> {
    let test = match &predicate.test {
        PredicateTest::Present => Test::Present,
        PredicateTest::Exact(value) => Test::Exact(value.as_bytes().into()),
        PredicateTest::Regex(expression) => {
            let (_, regex) =
                anchored(expression).map_err(|e| format!("`{}`: {e}", predicate.name))?;
            Test::Regex(regex)
        }
    };
    Ok((predicate.name.clone(), test))
}

fn field_holds(fields: &[Header<'_>], name: &str, test: &Test) -> bool {
    fields.iter().any(|field| field.name.eq_ignore_ascii_case(name) && test.holds(field.value))
}

fn query_holds(query: Option<&[u8]>, name: &str, test: &Test) -> bool {
    let Some(query) = query.filter(|query| !query.is_empty()) else { return false };
    query.split(|&b| b == b'&').any(|pair| {
        let equals = pair.iter().position(|&b| b == b'=').unwrap_or(pair.len());
        let (key, value) = pair.split_at_checked(equals).unwrap_or((pair, &[]));
        *decode(key) == *name.as_bytes() && test.holds(&decode(value.get(1..).unwrap_or_default()))
    })
}

/// Decodes `%XX` and `+`; an escape that is none stays as it is. Allocates only when it changes
/// something.
fn decode(text: &[u8]) -> Cow<'_, [u8]> {
    if !text.iter().any(|b| matches!(b, b'%' | b'+')) {
        return Cow::Borrowed(text);
    }
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        let digits = tail.first_chunk::<2>().and_then(|d| std::str::from_utf8(d).ok());
        let digits = digits.filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()));
        match (byte, digits.and_then(|d| u8::from_str_radix(d, 16).ok())) {
            (b'%', Some(decoded)) => {
                out.push(decoded);
                rest = tail.get(2..).unwrap_or_default();
            }
            (b'+', _) => out.push(b' '),
            _ => out.push(byte),
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn predicate(name: &str, test: PredicateTest) -> Predicate {
        Predicate { name: name.to_owned(), test }
    }

    fn in_query(test: PredicateTest, query: &str) -> bool {
        let conditions = Conditions::compile(&[], &[predicate("k y", test)]).unwrap();
        conditions.hold(&[], Some(query.as_bytes()))
    }

    #[test]
    fn any_field_of_the_name_will_do() {
        let exact = PredicateTest::Exact("b".to_owned());
        let conditions = Conditions::compile(&[predicate("X-Kind", exact)], &[]).unwrap();
        let field = |name, value| Header { name, value };
        assert!(conditions.hold(&[field("x-kind", b"a"), field("X-KIND", b"b")], None));
        assert!(!conditions.hold(&[field("x-kind", b"B"), field("x-other", b"b")], None));
        assert!(!conditions.hold(&[], None));
    }

    #[test]
    fn query_parameters_are_compared_decoded() {
        let exact = || PredicateTest::Exact("1 &".to_owned());
        assert!(in_query(exact(), "a=b&k%20y=1+%26") && in_query(exact(), "k+y=x&k+y=1%20%26"));
        assert!(!in_query(exact(), "k+y=1") && !in_query(exact(), "") && !in_query(exact(), "k y"));
        assert!(
            in_query(PredicateTest::Present, "k+y") && in_query(PredicateTest::Present, "k+y=")
        );
        assert!(
            !in_query(PredicateTest::Present, "a=k+y") && !in_query(PredicateTest::Present, "k%+")
        );
    }

    #[test]
    fn an_expression_matches_the_whole_value() {
        let regex = || PredicateTest::Regex("v[0-9]|all".to_owned());
        assert!(in_query(regex(), "k+y=v1") && in_query(regex(), "k+y=%61ll"));
        assert!(!in_query(regex(), "k+y=v12") && !in_query(regex(), "k+y=xall"));
    }

    #[test]
    fn failures_say_where() {
        let bad = Conditions::compile(&[predicate("a b", PredicateTest::Present)], &[]);
        assert!(matches!(bad, Err(("headers", _))));
        let bad = Conditions::compile(&[], &[predicate("a", PredicateTest::Regex("(".to_owned()))]);
        assert!(matches!(bad, Err(("query", message)) if message.contains("unclosed")));
    }
}
