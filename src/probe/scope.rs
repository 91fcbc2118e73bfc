//! Who can reach an address.

use std::net::{IpAddr, Ipv6Addr};

/// Who can reach an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// Nobody: it is no address of one host.
    Nobody,
    /// This computer alone.
    Loopback,
    /// Those on the same wire.
    LinkLocal,
    /// Those in the same private network.
    Private,
    /// Everybody, as far as the address goes.
    Public,
}

impl Scope {
    /// The scope of an address: RFC 1122, 1918, 3927, 6598 (carriers' NAT), 4193 and 4291.
    ///
    /// ```
    /// use configcid::probe::Scope;
    ///
    /// assert_eq!(Scope::of("10.1.200.65".parse().unwrap()), Scope::Private);
    /// assert_eq!(Scope::of("fe80::1".parse().unwrap()), Scope::LinkLocal);
    /// ```
    pub fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(ip) => {
                let [a, b, ..] = ip.octets();
                match () {
                    _ if a == 0 || a >= 224 => Self::Nobody,
                    _ if ip.is_loopback() => Self::Loopback,
                    _ if ip.is_link_local() => Self::LinkLocal,
                    _ if ip.is_private() || (a == 100 && b & 0xC0 == 64) => Self::Private,
                    _ => Self::Public,
                }
            }
            IpAddr::V6(ip) => match () {
                _ if ip.is_unspecified() || ip.is_multicast() => Self::Nobody,
                _ if ip == Ipv6Addr::LOCALHOST => Self::Loopback,
                _ if ip.is_unicast_link_local() => Self::LinkLocal,
                _ if ip.is_unique_local() => Self::Private,
                _ => Self::Public,
            },
        }
    }

    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Nobody => text!("no address of a host"),
            Self::Loopback => text!("a loopback address, at which each computer finds itself"),
            Self::LinkLocal => text!("a link-local address, which only computers on the same wire reach"),
            Self::Private => text!("a private address, which only computers in the same network reach"),
            Self::Public => text!("a public address"),
        }
    }
}
