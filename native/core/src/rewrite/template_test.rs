//! Tests of templates: their syntax, and that no value escapes from where it is written.

use proptest::prelude::*;

use super::*;

/// The same value for every variable.
struct Everywhere<'a>(&'a [u8]);

impl Values for Everywhere<'_> {
    fn value(&self, _: &Variable) -> Option<&[u8]> {
        Some(self.0)
    }
}

/// An open route: nobody is known.
struct Nobody;

impl Values for Nobody {
    fn value(&self, variable: &Variable) -> Option<&[u8]> {
        match variable {
            Variable::Route => Some(b"open"),
            Variable::WholePath => Some(b"/a%20b/c"),
            Variable::Query => Some(b"q=1&r=%2F"),
            _ => None,
        }
    }
}

fn written(text: &str, values: &impl Values) -> Result<String, TemplateError> {
    let mut out = Vec::new();
    Template::parse(text)?.write(&mut out, values);
    Ok(String::from_utf8_lossy(&out).into_owned())
}

fn target(text: &str, values: &impl Values) -> Option<String> {
    let mut out = Vec::new();
    Template::parse(text).ok()?.write_target(&mut out, values).ok()?;
    Some(String::from_utf8_lossy(&out).into_owned())
}

fn message(text: &str) -> String {
    Template::parse(text).err().map(|error| error.to_string()).unwrap_or_default()
}

#[test]
fn variables_are_replaced_and_dollars_are_kept() {
    let values = Everywhere(b"V");
    for (text, expected) in [
        ("", ""),
        ("plain", "plain"),
        ("${consumer}", "V"),
        ("a${tenant}b${path.id}c", "aVbVc"),
        ("${host}${host}", "VV"),
        ("costs 5$", "costs 5$"),
        ("$$", "$$"),
        ("$${consumer}", "${consumer}"),
        ("$$${consumer}", "$${consumer}"),
        ("$x${route}$", "$xV$"),
        ("}{", "}{"),
    ] {
        assert_eq!(written(text, &values).as_deref(), Ok(expected), "{text}");
    }
}

#[test]
fn a_variable_without_a_value_writes_nothing() {
    assert_eq!(written("${route}/${consumer}", &Nobody).as_deref(), Ok("open/"));
}

#[test]
fn a_text_without_variables_is_known_as_a_literal() -> Result<(), TemplateError> {
    assert_eq!(Template::parse("a$${b}")?.literal(), Some(b"a${b}".as_slice()));
    assert_eq!(Template::parse("")?.literal(), Some([].as_slice()));
    let template = Template::parse("${route}-${path.id}")?;
    assert_eq!(template.literal(), None);
    let used: Vec<_> = template.variables().cloned().collect();
    assert_eq!(used, [Variable::Route, Variable::Path("id".to_owned())]);
    Ok(())
}

#[test]
fn a_rooted_text_starts_with_a_slash_whatever_the_values() -> Result<(), TemplateError> {
    for (text, rooted) in
        [("/a", true), ("/${host}", true), ("${path}", true), ("", false), ("${path.id}", false)]
    {
        assert_eq!(Template::parse(text)?.is_rooted(), rooted, "{text}");
    }
    Ok(())
}

#[test]
fn errors_say_what_is_wrong_and_what_was_meant() {
    assert_eq!(
        message("x-${client_ip}"),
        "unknown variable `${client_ip}` (did you mean `${clientIp}`?)"
    );
    assert_eq!(
        message("${weather}"),
        "unknown variable `${weather}` (write `$${` for a literal `${`)"
    );
    assert_eq!(
        message("${path.a-b}"),
        "unknown variable `${path.a-b}` (a parameter's name has letters, digits and `_`)"
    );
    assert_eq!(message("a${tenant"), "`${tenant` is not closed by `}`");
    assert_eq!(message("a\r\nb"), "holds the control character '\\r'");
    assert_eq!(message(&"x".repeat(TEMPLATE_MAX_BYTES + 1)), "longer than 4096 bytes");
}

#[test]
fn targets_keep_escapes_of_the_path_and_encode_everything_else() {
    let to = "https://x.test${path}?${query}";
    assert_eq!(target(to, &Nobody).as_deref(), Some("https://x.test/a%20b/c?q=1&r=%2F"));
    for (text, value, expected) in [
        ("/t/${tenant}", "a/b?c#d%e f", "/t/a%2Fb%3Fc%23d%25e%20f"),
        ("/t/${consumer}", "gr\u{fc}n", "/t/gr%C3%BCn"),
        ("/t/${path.id}", "a%2Fb;c", "/t/a%2Fb;c"),
        ("https://${host}/", "[::1]:80", "https://[::1]:80/"),
        ("https://${host}/", "a@b", "https://a%40b/"),
        ("/a?ip=${clientIp}", "::1", "/a?ip=::1"),
        ("/a?next=${requestId}", "../x", "/a?next=..%2Fx"),
    ] {
        assert_eq!(target(text, &Everywhere(value.as_bytes())).as_deref(), Some(expected));
    }
}

#[test]
fn a_value_cannot_make_a_dot_segment() {
    for (text, value) in [
        ("/t/${host}/x", ".."),
        ("/t/${host}", "."),
        ("/t/${consumer}", "../admin"),
        ("/t/${consumer}", "a/../.."),
        ("/t/${consumer}", "a\\.."),
        ("/t/.${tenant}/x", "."),
        ("/t/${path.id}", "..;x"),
        ("/t/${path.id}", "a%5c..%2fb"),
    ] {
        assert_eq!(target(text, &Everywhere(value.as_bytes())), None, "{text} {value}");
    }
    for (text, value) in [("/t/${host}", "..."), ("/t/${host}/..x", "a.b"), ("/a?${query}", "/../")]
    {
        assert!(target(text, &Everywhere(value.as_bytes())).is_some(), "{text} {value}");
    }
}

/// Every kind of variable.
const ALL: &str = "/${consumer}/${tenant}/${route}/${clientIp}/${requestId}/${host}/${path.id}?";

proptest! {
    #[test]
    fn no_value_puts_a_control_byte_into_a_field(value: Vec<u8>) {
        let mut out = Vec::new();
        let template = Template::parse("${consumer} ${host}${path}${query}").unwrap_or_default();
        template.write(&mut out, &Everywhere(&value));
        prop_assert!(!out.iter().any(u8::is_ascii_control));
        let kept = value.iter().filter(|byte| !byte.is_ascii_control()).count();
        prop_assert_eq!(out.len(), 4 * kept + 1);
    }

    #[test]
    fn no_value_ends_a_target_or_leaves_its_segment(value: Vec<u8>) {
        let mut out = Vec::new();
        let template = Template::parse(ALL).unwrap_or_default();
        if template.write_target(&mut out, &Everywhere(&value)).is_ok() {
            prop_assert!(out.iter().all(u8::is_ascii_graphic));
            let pieces = |bytes: &[u8], end| bytes.split(|&byte| byte == end).count();
            prop_assert_eq!(pieces(&out, b'?'), 2);
            // Only a path parameter keeps a slash; the router never lets one hold one.
            prop_assert_eq!(pieces(&out, b'/'), 7 + pieces(&value, b'/'));
            prop_assert!(out.split(|&byte| byte == b'/').all(|it| it != b"." && it != b".."));
        }
    }

    #[test]
    fn any_text_parses_or_is_refused_and_escaping_gives_it_back(text in "[^\\p{Cc}]{0,60}") {
        let escaped = text.replace("${", "$${");
        let read = written(&escaped, &Nobody);
        if !text.contains("$${") {
            prop_assert_eq!(read, Ok(text));
        }
    }

    #[test]
    fn parsing_never_fails_otherwise_than_by_an_error(text in "[$a-z{}.]{0,40}") {
        let _ = Template::parse(&text);
    }
}
