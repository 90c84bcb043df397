//! Which fields belong to one connection only.
//!
//! Source: RFC 9110 §7.6.1 (Connection).

use httparse::Header;

use super::{NameFilter, is_called, length_bit, list};

/// Options a [`ConnectionOptions`] holds itself; further ones are looked up in the fields again.
const OPTIONS_HELD_MAX: usize = 4;

/// Options of one message that are honoured; no message has more fields than this.
const OPTIONS_MAX: usize = 128;

/// The fields that concern one connection only.
pub(crate) const HOP_BY_HOP: [&str; 10] = [
    "connection",
    "keep-alive",
    "te",
    "trailer",
    "upgrade",
    "http2-settings",
    "proxy-connection",
    "transfer-encoding",
    "proxy-authenticate",
    "proxy-authorization",
];
static MAYBE_HOP_BY_HOP: NameFilter = NameFilter::of(&[&HOP_BY_HOP]);

/// Whether a field concerns one connection only and is never forwarded, `Connection` or not.
#[inline]
pub fn is_hop_by_hop(name: &str) -> bool {
    MAYBE_HOP_BY_HOP.may_hold(name) && HOP_BY_HOP.iter().any(|known| is_called(name, known))
}

/// What the `Connection` fields of a message list.
#[allow(clippy::struct_excessive_bools, reason = "independent facts, not states")]
#[derive(Clone, Copy, Debug)]
pub struct ConnectionOptions<'a> {
    fields: &'a [Header<'a>],
    held: [&'a [u8]; OPTIONS_HELD_MAX],
    count: usize,
    /// Lengths of the options, as [`length_bit`] has them.
    lengths: u64,
    close: bool,
    keep_alive: bool,
    upgrade: bool,
    names_fields: bool,
}

impl<'a> ConnectionOptions<'a> {
    /// Reads every `Connection` field; the first 128 options count.
    pub fn from_fields(fields: &'a [Header<'a>]) -> Self {
        let mut options = Self {
            fields,
            held: [&[]; OPTIONS_HELD_MAX],
            count: 0,
            lengths: 0,
            close: false,
            keep_alive: false,
            upgrade: false,
            names_fields: false,
        };
        for field in fields.iter().filter(|field| is_called(field.name, "connection")) {
            match field.value {
                // Nearly always; then there is no list to take apart.
                alone @ (b"keep-alive" | b"close") => options.note(alone),
                value => list(value).for_each(|option| options.note(option)),
            }
        }
        options
    }

    fn note(&mut self, option: &'a [u8]) {
        if self.count == OPTIONS_MAX {
            return;
        }
        let is = |known: &[u8]| option == known || option.eq_ignore_ascii_case(known);
        match option.len() {
            7 if is(b"upgrade") => self.upgrade = true,
            10 if is(b"keep-alive") => self.keep_alive = true,
            length => {
                self.close |= length == 5 && is(b"close");
                self.names_fields = true;
            }
        }
        if let Some(slot) = self.held.get_mut(self.count) {
            *slot = option;
        }
        self.count += 1;
        self.lengths |= length_bit(option);
    }

    /// Whether `name` is listed: a field of that name ends here.
    ///
    /// A listed `Content-Length` or `Host` says nothing about framing or routing, which are read
    /// from the fields whatever this answers.
    #[inline]
    pub fn names(&self, name: &str) -> bool {
        if self.lengths & length_bit(name.as_bytes()) == 0 {
            return false;
        }
        let listed = |option: &[u8]| option.eq_ignore_ascii_case(name.as_bytes());
        if self.count <= OPTIONS_HELD_MAX {
            self.held.iter().take(self.count).any(|option| listed(option))
        } else {
            connection_options(self.fields).any(listed)
        }
    }

    /// Whether anything is listed that could be the name of a field besides those of
    /// [`is_hop_by_hop`].
    pub fn names_fields(&self) -> bool {
        self.names_fields
    }

    /// Whether `close` is listed.
    pub fn close(&self) -> bool {
        self.close
    }

    /// Whether `keep-alive` is listed.
    pub fn keep_alive(&self) -> bool {
        self.keep_alive
    }

    /// Whether `upgrade` is listed.
    pub fn upgrade(&self) -> bool {
        self.upgrade
    }
}

fn connection_options<'a>(fields: &'a [Header<'a>]) -> impl Iterator<Item = &'a [u8]> {
    fields
        .iter()
        .filter(|field| is_called(field.name, "connection"))
        .flat_map(|field| list(field.value))
        .take(OPTIONS_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field<'a>(name: &'a str, value: &'a [u8]) -> Header<'a> {
        Header { name, value }
    }

    #[test]
    fn hop_by_hop_fields_are_known_in_any_case() {
        for name in [
            "connection",
            "http2-settings",
            "keep-alive",
            "proxy-authenticate",
            "proxy-authorization",
            "proxy-connection",
            "te",
            "trailer",
            "transfer-encoding",
            "upgrade",
        ] {
            assert!(is_hop_by_hop(name) && is_hop_by_hop(&name.to_ascii_uppercase()), "{name}");
        }
        for name in ["content-length", "host", "x-te", "cookie", "tea", ""] {
            assert!(!is_hop_by_hop(name), "{name}");
        }
    }

    #[test]
    fn options_are_read_from_every_connection_field_in_any_case() {
        let fields = [
            field("Connection", b" Keep-Alive ,, X-One"),
            field("x-two", b"close"),
            field("CONNECTION", b"Close,Upgrade"),
        ];
        let options = ConnectionOptions::from_fields(&fields);
        assert!(options.close() && options.keep_alive() && options.upgrade());
        assert!(options.names("x-one") && options.names("CLOSE"));
        assert!(!options.names("x-two") && !options.names("x") && !options.names(""));
        assert!(options.names_fields());
    }

    #[test]
    fn only_what_ends_here_anyway_names_no_fields() {
        for (value, names_fields) in [
            (&b"keep-alive"[..], false),
            (b"Keep-Alive, UPGRADE", false),
            (b"", false),
            (b"close", true),
            (b"keep-alive, x-one", true),
            (b"upgrad3", true),
            (b"keep_alive", true),
        ] {
            let fields = [field("connection", value)];
            let options = ConnectionOptions::from_fields(&fields);
            assert_eq!(options.names_fields(), names_fields, "{value:?}");
        }
    }

    #[test]
    fn an_option_beyond_those_held_is_still_found_and_the_rest_is_bounded() {
        let many: Vec<String> = (0..200).map(|n| format!("x-{n}")).collect();
        let value = many.join(", ");
        let fields = [field("connection", value.as_bytes())];
        let options = ConnectionOptions::from_fields(&fields);
        assert!(options.names("x-0") && options.names("x-127"));
        assert!(!options.names("x-128"));
    }
}
