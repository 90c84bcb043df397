//! Sets of request methods, as bits where they are known and as text where they are not.
//!
//! A route that names no methods takes all but `CONNECT`, `TRACE` and those with a lower-case
//! letter: the first asks for a tunnel, which this gateway never opens; the second echoes
//! credentials; the third are mistaken for others. The last two have to be asked for by name.
//! Methods are case-sensitive. Source: RFC 9110 §9.1, §9.3.

const KNOWN: [(&str, u16); 9] = [
    ("DELETE", 1),
    ("GET", 1 << 1),
    ("HEAD", 1 << 2),
    ("OPTIONS", 1 << 3),
    ("PATCH", 1 << 4),
    ("POST", 1 << 5),
    ("PUT", 1 << 6),
    ("TRACE", 1 << 7),
    ("CONNECT", 1 << 8),
];
const TRACE: u16 = 1 << 7;
const CONNECT: u16 = 1 << 8;
/// Any method that is not known; in a set: all of those.
const EXTENSION: u16 = 1 << 9;
/// Only in a set: the extension methods that it lists.
const LISTED: u16 = 1 << 10;
/// Any extension method with a lower-case letter: `get` is not GET, but some upstreams think so.
const LOWER_CASE: u16 = 1 << 11;
const ANY: u16 = (TRACE - 1) | EXTENSION;

/// The bits of a set, small enough to stand beside a route's rank.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct MethodBits(u16);

impl MethodBits {
    /// The bit of a request's method.
    pub(super) fn of(method: &[u8]) -> Self {
        Self(match method {
            b"GET" => 1 << 1,
            b"POST" => 1 << 5,
            b"PUT" => 1 << 6,
            b"DELETE" => 1,
            b"HEAD" => 1 << 2,
            b"OPTIONS" => 1 << 3,
            b"PATCH" => 1 << 4,
            b"TRACE" => TRACE,
            b"CONNECT" => CONNECT,
            _ if method.iter().any(u8::is_ascii_lowercase) => LOWER_CASE,
            _ => EXTENSION,
        })
    }

    pub(super) fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether this set holds the method of bit `method` for sure.
    pub(super) fn holds(self, method: Self) -> bool {
        self.0 & method.0 != 0
    }

    /// Whether the method may be among those the set lists by name.
    pub(super) fn may_list(self, method: Self) -> bool {
        self.0 & LISTED != 0 && method.0 & (EXTENSION | LOWER_CASE) != 0
    }

    pub(super) fn names(self) -> impl Iterator<Item = &'static str> {
        KNOWN.iter().filter(move |(_, bit)| self.0 & bit != 0).map(|(name, _)| *name)
    }
}

/// The methods of one route.
#[derive(Debug)]
pub(super) struct MethodSet {
    pub(super) bits: MethodBits,
    pub(super) extensions: Vec<String>,
}

impl MethodSet {
    pub(super) fn parse(methods: &[String]) -> Result<Self, String> {
        let mut set = Self { bits: MethodBits(0), extensions: Vec::new() };
        if methods.is_empty() {
            set.bits = MethodBits(ANY);
        }
        for method in methods {
            if method.is_empty() || !method.bytes().all(is_tchar) {
                return Err(format!("`{method}` is no method"));
            }
            let upper = method.to_ascii_uppercase();
            match KNOWN.iter().find(|(name, _)| *name == upper) {
                Some(_) if *method != upper => {
                    return Err(format!("methods are case-sensitive: write `{upper}`"));
                }
                Some((_, CONNECT)) => return Err("CONNECT is not supported".to_owned()),
                Some((_, bit)) => set.bits.0 |= bit,
                None => {
                    set.bits.0 |= LISTED;
                    set.extensions.push(method.clone());
                }
            }
        }
        Ok(set)
    }

    /// Whether it leaves out methods that a route without any would take.
    pub(super) fn is_restricted(&self) -> bool {
        self.bits.0 & ANY != ANY
    }

    pub(super) fn holds(&self, method: &[u8]) -> bool {
        let bit = MethodBits::of(method);
        let listed = || self.extensions.iter().any(|name| name.as_bytes() == method);
        self.bits.holds(bit) || (self.bits.may_list(bit) && listed())
    }
}

/// Whether a byte may stand in a method or a field name. Source: RFC 9110 §5.6.2.
pub(super) fn is_tchar(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn parse(methods: &[&str]) -> Result<MethodSet, String> {
        MethodSet::parse(&methods.iter().map(|&m| m.to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn no_methods_are_all_but_connect_and_trace() {
        let any = parse(&[]).unwrap();
        assert!(any.holds(b"GET") && any.holds(b"PROPFIND") && !any.is_restricted());
        assert!(!any.holds(b"TRACE") && !any.holds(b"CONNECT"));
        let names: Vec<_> = any.bits.names().collect();
        assert_eq!(names, ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]);
    }

    #[test]
    fn listed_methods_are_all_there_is() {
        let set = parse(&["GET", "PROPFIND", "TRACE"]).unwrap();
        assert!(set.holds(b"GET") && set.holds(b"PROPFIND") && set.holds(b"TRACE"));
        for method in [b"get".as_slice(), b"propfind", b"POST", b"junkGET", b""] {
            assert!(!set.holds(method));
        }
        assert!(set.is_restricted());
    }

    #[test]
    fn each_known_method_has_its_own_bit() {
        for (name, bit) in KNOWN {
            assert_eq!(MethodBits::of(name.as_bytes()), MethodBits(bit), "{name}");
        }
    }

    #[test]
    fn what_could_never_match_is_refused() {
        for bad in ["", "G ET", "get", "CONNECT", "G\u{e9}T"] {
            assert!(parse(&[bad]).is_err(), "{bad}");
        }
    }
}
