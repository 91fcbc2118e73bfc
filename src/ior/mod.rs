//! Stringified CORBA object references (IORs), as a router sends one to whoever connects to its port 8192: `IOR:` and
//! hex digits that say where the router is to be found (docs/probe.md). Bytes in, bytes out, no network.
//!
//! The layout is that of the Object Management Group's *Common Object Request Broker Architecture*, parts IOP and IIOP,
//! and of its *Security Service* for the SSL component.

mod cdr;
mod profile;

pub use cdr::ByteOrder;
pub use profile::{Component, IiopProfile, Profile};

use crate::base::error::{Error, ErrorKind, Position, Result};
use crate::base::hex::hex;
use cdr::{Reader, Writer};

/// What a router's reference says the object is \[F\].
pub const ROUTER_TYPE: &str = "IDL:SophosMessaging/MessageRouter:1.0";

/// No reference is longer, in characters: real ones have some hundreds.
pub const MAX_SIZE: usize = 1 << 16;

const PREFIX: &str = "IOR:";

/// An object reference.
///
/// ```
/// use configcid::ior::Ior;
///
/// let ior = Ior::parse(
///     b"IOR:000000000000000849444c3a413a310000000001000000000000001c000100000000000a3132372e302e302e310020010000000461626364",
/// )?;
/// assert_eq!(ior.type_id, "IDL:A:1");
/// let endpoint = &ior.endpoints()[0];
/// assert_eq!((endpoint.host.as_str(), endpoint.port), ("127.0.0.1", Some(8193)));
/// # Ok::<(), configcid::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Ior {
    /// The order of its bytes; each profile has its own.
    pub byte_order: ByteOrder,
    /// What the object is, such as [`ROUTER_TYPE`]; may be empty.
    pub type_id: String,
    /// The ways to it.
    pub profiles: Vec<Profile>,
}

/// A place that a reference tells its readers to connect to.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Endpoint {
    /// A name or an IP address.
    pub host: String,
    /// The port of plain IIOP, where there is one.
    pub port: Option<u16>,
    /// The port of IIOP over SSL, where there is one.
    pub ssl_port: Option<u16>,
}

impl Ior {
    /// Reads a stringified reference: `IOR:` and hex digits, each in either case. Blanks, line ends and NULs may stand
    /// behind them.
    ///
    /// # Errors
    /// It is none, or too long; the place is the offset in the text.
    pub fn parse(text: &[u8]) -> Result<Self> {
        let end = text.iter().rposition(|byte| !byte.is_ascii_whitespace() && *byte != 0).map_or(0, |last| last + 1);
        let text = &text[..end];
        if text.len() > MAX_SIZE {
            return Err(Error::new(ErrorKind::IorFormat, "this is too long for an object reference"));
        }
        let prefixed = text.get(..PREFIX.len()).is_some_and(|start| start.eq_ignore_ascii_case(PREFIX.as_bytes()));
        if !prefixed {
            return Err(
                Error::new(ErrorKind::IorFormat, "an object reference begins with IOR:").at(Position::Offset(0))
            );
        }
        let digits = &text[PREFIX.len()..];
        let digit = |at: usize| {
            let value = char::from(digits[at]).to_digit(16).ok_or_else(|| {
                let place = Position::Offset((PREFIX.len() + at) as u64);
                Error::new(ErrorKind::IorFormat, "this is no hex digit").at(place)
            })?;
            Ok(value as u8)
        };
        let bytes = (0..digits.len() / 2).map(|at| Ok(digit(2 * at)? << 4 | digit(2 * at + 1)?));
        let bytes = bytes.collect::<Result<Vec<u8>>>()?;
        if digits.len() % 2 == 1 {
            digit(digits.len() - 1)?;
            return Err(wrong(bytes.len(), text!("the reference ends in the middle of a byte")));
        }
        Self::read(&bytes)
    }

    fn read(bytes: &[u8]) -> Result<Self> {
        let mut reader = Reader::open(bytes, 0)?;
        let type_id = reader.text()?;
        let mut profiles = Vec::new();
        for _ in 0..reader.count(8)? {
            let tag = reader.u32()?;
            let (data, base) = reader.octets()?;
            profiles.push(Profile::read(tag, data, base)?);
        }
        Ok(Self { byte_order: reader.order, type_id, profiles })
    }

    /// The stringified reference, as a router would send it. [`parse`](Ior::parse) gives the same reference back.
    ///
    /// # Errors
    /// A text has a NUL or a character that Windows-1252 lacks, a profile of IIOP 1.0 has components, something that is
    /// kept as bytes is of a kind that is not, or the whole would be too long.
    pub fn print(&self) -> Result<String> {
        let text = self.printed().filter(|text| Self::parse(text.as_bytes()).is_ok_and(|ior| ior == *self));
        text.ok_or_else(|| Error::new(ErrorKind::IorFormat, "no stringified reference can hold this"))
    }

    fn printed(&self) -> Option<String> {
        let mut writer = Writer::new(self.byte_order);
        writer.text(&self.type_id)?;
        writer.size(self.profiles.len());
        for profile in &self.profiles {
            let (tag, data) = profile.print()?;
            writer.u32(tag);
            writer.octets(&data);
        }
        Some(format!("{PREFIX}{}", hex(&writer.finish()?)))
    }

    /// Where its readers are told to connect, in the order of the reference: the host of each IIOP profile, each with
    /// its further addresses behind it.
    pub fn endpoints(&self) -> Vec<Endpoint> {
        let port = |port: u16| Some(port).filter(|port| *port > 0);
        let mut endpoints = Vec::new();
        for profile in &self.profiles {
            let Profile::Iiop(profile) = profile else { continue };
            let (host, ssl_port) = (profile.host.clone(), profile.ssl_port());
            endpoints.push(Endpoint { host, port: port(profile.port), ssl_port });
            endpoints.extend(profile.components.iter().filter_map(|component| match component {
                Component::Alternate { host, port: number, .. } => {
                    Some(Endpoint { host: host.clone(), port: port(*number), ssl_port: None })
                }
                _ => None,
            }));
        }
        endpoints
    }
}

/// What is wrong at a byte of the reference, told as an offset in its text.
fn wrong(byte: usize, what: impl Into<String>) -> Error {
    Error::new(ErrorKind::IorFormat, what).at(Position::Offset((PREFIX.len() + 2 * byte) as u64))
}

fn as_hex<S: serde::Serializer>(bytes: &[u8], serializer: S) -> std::result::Result<S::Ok, S::Error> {
    serializer.serialize_str(&hex(bytes))
}

#[cfg(test)]
mod tests;
