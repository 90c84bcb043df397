//! Networks whose forwarding fields are believed: the proxies in front of the gateway.
//!
//! IPv4 and its IPv6-mapped form are the same address. Cost: linear in the number of networks,
//! of which there are a handful.
//!
//! Source: RFC 4632 (CIDR), RFC 4291 §2.2, §2.5.5.2.

use std::{
    error::Error,
    fmt,
    net::{IpAddr, Ipv6Addr},
};

/// Why a text is no network.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NetworkError {
    /// Its position in the list.
    pub index: usize,
    /// The text.
    pub network: String,
    /// What is wrong with it.
    pub message: String,
}

impl fmt::Display for NetworkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` {}", self.network, self.message)
    }
}

impl Error for NetworkError {}

/// Addresses whose bits under `mask` are `bits`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Network {
    bits: u128,
    mask: u128,
}

/// A set of networks; the default is empty and trusts nobody.
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies {
    networks: Vec<Network>,
}

impl TrustedProxies {
    /// Reads addresses (`192.0.2.7`, `2001:db8::1`) and networks (`10.0.0.0/8`).
    ///
    /// # Errors
    ///
    /// The first [`NetworkError`]: no address, a prefix too long, or bits set behind it.
    pub fn parse(networks: &[String]) -> Result<Self, NetworkError> {
        let read = networks.iter().enumerate().map(|(index, text)| {
            network(text).map_err(|message| NetworkError { index, network: text.clone(), message })
        });
        Ok(Self { networks: read.collect::<Result<_, _>>()? })
    }

    /// Whether the address is in one of the networks.
    pub fn contains(&self, address: IpAddr) -> bool {
        if self.networks.is_empty() {
            return false;
        }
        let bits = bits(address);
        self.networks.iter().any(|network| bits & network.mask == network.bits)
    }
}

/// The address as IPv6, IPv4 mapped into it.
fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().to_bits(),
        IpAddr::V6(v6) => v6.to_bits(),
    }
}

fn network(text: &str) -> Result<Network, String> {
    let (address, prefix) = match text.split_once('/') {
        Some((address, prefix)) => (address, Some(prefix)),
        None => (text, None),
    };
    let Ok(address) = address.parse::<IpAddr>() else {
        return Err("is no address and no network like 10.0.0.0/8".to_owned());
    };
    let longest = if address.is_ipv4() { 32 } else { 128 };
    let length = match prefix {
        None => longest,
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            match digits.parse::<u32>() {
                Ok(length) if length <= longest => length,
                _ => return Err(format!("has no prefix length from 0 to {longest}")),
            }
        }
        Some(_) => return Err(format!("has no prefix length from 0 to {longest}")),
    };
    let mask = u128::MAX.checked_shl(longest - length).unwrap_or(0);
    let bits = bits(address);
    if bits & mask != bits && length < longest {
        let start = Ipv6Addr::from_bits(bits & mask);
        let start = if address.is_ipv4() { start.to_canonical() } else { IpAddr::V6(start) };
        return Err(format!("has bits set behind its prefix; write {start}/{length}"));
    }
    Ok(Network { bits, mask })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn trusted(networks: &[&str]) -> Result<TrustedProxies, NetworkError> {
        let networks: Vec<_> = networks.iter().map(|text| (*text).to_owned()).collect();
        TrustedProxies::parse(&networks)
    }

    fn message(network: &str) -> String {
        trusted(&[network]).err().map(|error| error.to_string()).unwrap_or_default()
    }

    #[test]
    fn networks_and_addresses_hold_what_they_should() -> Result<(), Box<dyn Error>> {
        let trusted = trusted(&["10.0.0.0/8", "192.0.2.7", "2001:db8::/32", "::1"])?;
        for inside in
            ["10.0.0.0", "10.255.255.255", "192.0.2.7", "2001:db8:ffff::", "::1", "::ffff:10.1.2.3"]
        {
            assert!(trusted.contains(inside.parse()?), "{inside}");
        }
        for outside in ["11.0.0.0", "192.0.2.8", "2001:db9::", "::2", "::", "::10.0.0.1"] {
            assert!(!trusted.contains(outside.parse()?), "{outside}");
        }
        Ok(())
    }

    #[test]
    fn all_of_ipv4_is_not_all_of_ipv6() -> Result<(), Box<dyn Error>> {
        let v4 = trusted(&["0.0.0.0/0"])?;
        assert!(v4.contains("203.0.113.9".parse()?) && !v4.contains("2001:db8::1".parse()?));
        let all = trusted(&["::/0"])?;
        assert!(all.contains("203.0.113.9".parse()?) && all.contains("2001:db8::1".parse()?));
        Ok(())
    }

    #[test]
    fn nobody_is_trusted_by_default() -> Result<(), Box<dyn Error>> {
        assert!(!TrustedProxies::default().contains("127.0.0.1".parse()?));
        Ok(())
    }

    #[test]
    fn errors_say_what_to_write() {
        assert_eq!(
            message("10.0.0.1/8"),
            "`10.0.0.1/8` has bits set behind its prefix; write 10.0.0.0/8"
        );
        assert_eq!(
            message("2001:db8::1/64"),
            "`2001:db8::1/64` has bits set behind its prefix; write 2001:db8::/64"
        );
        assert_eq!(message("10.0.0.0/33"), "`10.0.0.0/33` has no prefix length from 0 to 32");
        for wrong in ["", "proxy.test", "10.0.0", "10.0.0.0/", "10.0.0.0/+8", "10.0.0.0/-1"] {
            assert!(!message(wrong).is_empty(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn ipv4_membership_is_a_comparison_of_leading_bits(
            start: u32, length in 0_u32..=32, probe: u32, near in 0_u32..32,
        ) {
            let mask = u32::MAX.checked_shl(32 - length).unwrap_or(0);
            let start = start & mask;
            let network = format!("{}/{length}", std::net::Ipv4Addr::from_bits(start));
            let trusted = trusted(&[&network]).unwrap_or_default();
            for probe in [probe, start ^ (1 << near), start] {
                let address = std::net::Ipv4Addr::from_bits(probe);
                prop_assert_eq!(trusted.contains(address.into()), probe & mask == start);
                prop_assert_eq!(
                    trusted.contains(address.to_ipv6_mapped().into()),
                    probe & mask == start
                );
            }
        }
    }
}
