//! Whom to ask.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use crate::base::error::{Error, ErrorKind, Result};

/// The port on which a router tells its reference: `ClientIORPort` of `mrinit.conf` (formats.md, section 2).
pub const IOR_PORT: u16 = 8192;

/// A host and a port to ask.
///
/// ```
/// use configcid::probe::Target;
///
/// let target: Target = "relay.sales.acme".parse()?;
/// assert_eq!((target.host(), target.port()), ("relay.sales.acme", 8192));
/// assert_eq!("[::1]:8200".parse::<Target>()?.to_string(), "[::1]:8200");
/// assert!("relay:0".parse::<Target>().is_err());
/// # Ok::<(), configcid::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Target {
    host: String,
    port: u16,
}

impl Target {
    /// A host that was read already, at another port.
    #[cfg(feature = "cli")]
    pub(crate) fn new(host: &str, port: u16) -> Self {
        Self { host: host.to_owned(), port }
    }

    /// The name or IP address.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.contains(':') {
            true => write!(f, "[{}]:{}", self.host, self.port),
            false => write!(f, "{}:{}", self.host, self.port),
        }
    }
}

impl FromStr for Target {
    type Err = Error;

    /// Reads `HOST` or `HOST:PORT`; an IPv6 address before a port stands in brackets, and may do so without one.
    fn from_str(text: &str) -> Result<Self> {
        let (host, port) = if let Some(rest) = text.strip_prefix('[') {
            let (host, rest) = rest.split_once(']').ok_or_else(|| bad(text, text!("a bracket is not closed")))?;
            if host.split('%').next().unwrap_or_default().parse::<Ipv6Addr>().is_err() {
                return Err(bad(text, text!("no IPv6 address stands in the brackets")));
            }
            match rest.strip_prefix(':') {
                Some(port) => (host, Some(port)),
                None if rest.is_empty() => (host, None),
                None => return Err(bad(text, text!("something stands behind the bracket"))),
            }
        } else if text.parse::<IpAddr>().is_ok() {
            (text, None)
        } else {
            text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port)))
        };
        let is_name = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '%');
        if host.is_empty() || host.len() > 253 || !host.chars().all(is_name) {
            return Err(bad(text, text!("no name or address of a host stands there")));
        }
        // What looks like an IP address and is none would be taken for another: 1.2.3 for 1.2.0.3.
        let looks_like_ip = host.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        if looks_like_ip && host.parse::<Ipv4Addr>().is_err() {
            return Err(bad(text, text!("this is no IP address: four numbers from 0 to 255 with dots between")));
        }
        let number = |port: &str| match port.parse() {
            Ok(port @ 1..) => Ok(port),
            _ => Err(bad(text, text!("a port is a number from 1 to 65535"))),
        };
        Ok(Self { host: host.to_owned(), port: port.map(number).transpose()?.unwrap_or(IOR_PORT) })
    }
}

fn bad(text: &str, why: &str) -> Error {
    Error::new(ErrorKind::Usage, text!("{text} names nobody to probe: {why}", text = format!("{text:?}"), why))
        .next("write HOST, HOST:PORT, or [ADDRESS]:PORT for an IPv6 address")
}
