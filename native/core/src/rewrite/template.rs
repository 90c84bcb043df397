//! Texts with variables: `users/${path.id}`; `$${` stands for a literal `${`.
//!
//! A template is parsed once and written many times, without allocating. As a field's value
//! ([`Template::write`]) control bytes in values are left out. As a request target or a location
//! ([`Template::write_target`]) values are percent-encoded so that they stay within the segment
//! they were written into.
//!
//! Bound: a template has at most 4096 bytes.
//! Source: RFC 9110 §5.5 (field values), RFC 3986 §3.3 (segments), §5.2.4 (dot segments).

use std::{error::Error, fmt};

use super::{Values, Variable, write_clean};

/// Longest template.
const TEMPLATE_MAX_BYTES: usize = 4096;

/// Why a text is no template.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TemplateError {
    /// What is wrong and, where it can be guessed, what was meant.
    pub message: String,
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for TemplateError {}

/// A value made a dot segment out of a target, so that it would name something else.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct UnsafeTarget;

#[derive(Clone, Debug, Eq, PartialEq)]
enum Part {
    Literal(String),
    Variable(Variable),
}

/// A parsed text.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Template {
    parts: Vec<Part>,
}

impl Template {
    /// Parses `text`.
    ///
    /// # Errors
    ///
    /// [`TemplateError`] for a variable that is not known or not closed, for a control byte and
    /// for a text that is too long.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        if text.len() > TEMPLATE_MAX_BYTES {
            return fail(format!("longer than {TEMPLATE_MAX_BYTES} bytes"));
        }
        if let Some(c) = text.chars().find(char::is_ascii_control) {
            return fail(format!("holds the control character {c:?}"));
        }
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((literal, special)) = rest.find('$').and_then(|at| rest.split_at_checked(at))
        {
            push_literal(&mut parts, literal);
            rest = if let Some(rest) = special.strip_prefix("$${") {
                push_literal(&mut parts, "${");
                rest
            } else if let Some(inner) = special.strip_prefix("${") {
                let Some((name, rest)) = inner.split_once('}') else {
                    return fail(format!("`{special}` is not closed by `}}`"));
                };
                parts.push(Part::Variable(variable(name)?));
                rest
            } else {
                push_literal(&mut parts, "$");
                special.strip_prefix('$').unwrap_or_default()
            };
        }
        push_literal(&mut parts, rest);
        Ok(Self { parts })
    }

    /// The variables, in the order in which they are written.
    pub fn variables(&self) -> impl Iterator<Item = &Variable> {
        self.parts.iter().filter_map(|part| match part {
            Part::Variable(variable) => Some(variable),
            Part::Literal(_) => None,
        })
    }

    /// The whole text, if there is no variable in it.
    pub fn literal(&self) -> Option<&[u8]> {
        match self.parts.as_slice() {
            [] => Some(&[]),
            [Part::Literal(text)] => Some(text.as_bytes()),
            _ => None,
        }
    }

    /// Whether the text starts with `/` whatever the values, as the target of a request must.
    pub fn is_rooted(&self) -> bool {
        match self.parts.first() {
            Some(Part::Literal(text)) => text.starts_with('/'),
            Some(Part::Variable(variable)) => *variable == Variable::WholePath,
            None => false,
        }
    }

    /// Appends the text as a field's value. Control bytes in values are left out; a variable
    /// without a value writes nothing.
    pub fn write(&self, out: &mut Vec<u8>, values: &impl Values) {
        for part in &self.parts {
            match part {
                Part::Literal(text) => out.extend_from_slice(text.as_bytes()),
                Part::Variable(variable) => {
                    if let Some(value) = values.value(variable) {
                        write_clean(out, value);
                    }
                }
            }
        }
    }

    /// Appends the text as a request target or a location. What is already percent-encoded (the
    /// path, its parameters, the query) keeps its escapes; all other values are encoded, slashes
    /// included.
    ///
    /// # Errors
    ///
    /// [`UnsafeTarget`] when the path so written has a dot segment (a host called `..`, say);
    /// what was appended must not be used.
    pub fn write_target(
        &self,
        out: &mut Vec<u8>,
        values: &impl Values,
    ) -> Result<(), UnsafeTarget> {
        let start = out.len();
        for part in &self.parts {
            match part {
                Part::Literal(text) => out.extend_from_slice(text.as_bytes()),
                Part::Variable(variable) => {
                    for &byte in values.value(variable).unwrap_or_default() {
                        write_encoded(out, byte, variable);
                    }
                }
            }
        }
        let written = out.get(start..).unwrap_or_default();
        let path = written.split(|byte| matches!(byte, b'?' | b'#')).next().unwrap_or_default();
        if has_dot_segment(path) { Err(UnsafeTarget) } else { Ok(()) }
    }
}

fn fail<T>(message: String) -> Result<T, TemplateError> {
    Err(TemplateError { message })
}

fn push_literal(parts: &mut Vec<Part>, text: &str) {
    match parts.last_mut() {
        _ if text.is_empty() => {}
        Some(Part::Literal(before)) => before.push_str(text),
        _ => parts.push(Part::Literal(text.to_owned())),
    }
}

fn variable(name: &str) -> Result<Variable, TemplateError> {
    Variable::from_name(name).ok_or_else(|| {
        let meant = match Variable::suggestion(name) {
            Some(known) => format!("did you mean `${{{known}}}`?"),
            None if name.starts_with("path.") => {
                "a parameter's name has letters, digits and `_`".to_owned()
            }
            None => "write `$${` for a literal `${`".to_owned(),
        };
        TemplateError { message: format!("unknown variable `${{{name}}}` ({meant})") }
    })
}

/// Appends one byte of a variable's value to a target.
fn write_encoded(out: &mut Vec<u8>, byte: u8, variable: &Variable) {
    let kept = match variable {
        Variable::Path(_) | Variable::WholePath => {
            byte.is_ascii_graphic() && !matches!(byte, b'?' | b'#' | b'\\')
        }
        Variable::Query => byte.is_ascii_graphic() && byte != b'#',
        Variable::Host => is_unreserved(byte) || matches!(byte, b':' | b'[' | b']'),
        _ => is_unreserved(byte) || byte == b':',
    };
    if kept {
        out.push(byte);
    } else {
        out.extend([b'%', hex_digit(byte >> 4), hex_digit(byte & 15)]);
    }
}

const fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

const fn hex_digit(half: u8) -> u8 {
    match half {
        0..10 => b'0' + half,
        _ => b'A' + half - 10,
    }
}

/// Whether a segment is `.` or `..`, also with parameters (`..;x`) or between encoded slashes.
fn has_dot_segment(path: &[u8]) -> bool {
    memchr::memchr(b'.', path).is_some()
        && path.split(|&byte| byte == b'/').any(|segment| {
            let mut rest = segment;
            while let Some(at) = rest.windows(3).position(is_encoded_slash) {
                let (piece, tail) = rest.split_at_checked(at).unwrap_or_default();
                if is_dot_segment(piece) {
                    return true;
                }
                rest = tail.get(3..).unwrap_or_default();
            }
            is_dot_segment(rest)
        })
}

fn is_encoded_slash(window: &[u8]) -> bool {
    matches!(window, [b'%', b'2', b'f' | b'F'] | [b'%', b'5', b'c' | b'C'])
}

fn is_dot_segment(segment: &[u8]) -> bool {
    matches!(segment, b"." | b".." | [b'.', b';', ..] | [b'.', b'.', b';', ..])
}

#[cfg(test)]
#[path = "template_test.rs"]
mod tests;
