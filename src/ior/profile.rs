//! Profiles, each a way to the object, and the components that say more about one.

use super::as_hex;
use super::cdr::{ByteOrder, Reader, Writer};
use crate::base::error::Result;

/// Profiles of IIOP, the protocol of object request brokers over TCP.
pub(super) const TAG_INTERNET_IOP: u32 = 0;
/// A further address of the same object.
const TAG_ALTERNATE_IIOP_ADDRESS: u32 = 3;
/// The port of IIOP over SSL.
const TAG_SSL_SEC_TRANS: u32 = 20;

/// A way to the object.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Profile {
    /// IIOP of version 1.
    Iiop(IiopProfile),
    /// Another protocol, or another version of IIOP: its bytes as they are.
    Other {
        /// Which protocol.
        tag: u32,
        /// Its bytes.
        #[serde(serialize_with = "as_hex")]
        data: Vec<u8>,
    },
}

/// A way to the object over IIOP.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct IiopProfile {
    /// The order of its bytes.
    pub byte_order: ByteOrder,
    /// The `2` of IIOP 1.2.
    pub minor_version: u8,
    /// The host to connect to: a name or an IP address.
    pub host: String,
    /// The port of plain IIOP; 0 where there is none.
    pub port: u16,
    /// What the host knows the object by.
    #[serde(serialize_with = "as_hex")]
    pub object_key: Vec<u8>,
    /// What more there is to say; IIOP 1.0 has none.
    pub components: Vec<Component>,
}

/// What a profile says beyond host and port.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Component {
    /// `TAG_SSL_SEC_TRANS`: the host takes SSL on a port of its own.
    Ssl {
        /// The order of its bytes.
        byte_order: ByteOrder,
        /// What the host can do, in bits.
        supports: u16,
        /// What the host insists on, in bits.
        requires: u16,
        /// The port; 0 where there is none.
        port: u16,
    },
    /// `TAG_ALTERNATE_IIOP_ADDRESS`: another address of the same object.
    Alternate {
        /// The order of its bytes.
        byte_order: ByteOrder,
        /// The host.
        host: String,
        /// The port.
        port: u16,
    },
    /// Another: its bytes as they are.
    Other {
        /// Which.
        tag: u32,
        /// Its bytes.
        #[serde(serialize_with = "as_hex")]
        data: Vec<u8>,
    },
}

impl Profile {
    pub(super) fn read(tag: u32, data: &[u8], base: usize) -> Result<Self> {
        let other = || Self::Other { tag, data: data.into() };
        if tag != TAG_INTERNET_IOP {
            return Ok(other());
        }
        let mut reader = Reader::open(data, base)?;
        if reader.u8()? != 1 {
            return Ok(other());
        }
        let minor_version = reader.u8()?;
        let (host, port) = (reader.text()?, reader.u16()?);
        let object_key = reader.octets()?.0.into();
        let mut components = Vec::new();
        if minor_version > 0 {
            for _ in 0..reader.count(8)? {
                let tag = reader.u32()?;
                let (data, base) = reader.octets()?;
                components.push(Component::read(tag, data, base)?);
            }
        }
        // What follows belongs to versions to come, and is nothing to readers of this one.
        Ok(Self::Iiop(IiopProfile { byte_order: reader.order, minor_version, host, port, object_key, components }))
    }

    pub(super) fn print(&self) -> Option<(u32, Vec<u8>)> {
        let profile = match self {
            Self::Other { tag, data } => return Some((*tag, data.clone())),
            Self::Iiop(profile) => profile,
        };
        let mut writer = Writer::new(profile.byte_order);
        writer.u8(1);
        writer.u8(profile.minor_version);
        writer.text(&profile.host)?;
        writer.u16(profile.port);
        writer.octets(&profile.object_key);
        if profile.minor_version > 0 {
            writer.size(profile.components.len());
            for component in &profile.components {
                let (tag, data) = component.print()?;
                writer.u32(tag);
                writer.octets(&data);
            }
        }
        Some((TAG_INTERNET_IOP, writer.finish()?))
    }
}

impl IiopProfile {
    /// The port that takes SSL, where a component names one.
    pub fn ssl_port(&self) -> Option<u16> {
        self.components.iter().find_map(|component| match component {
            Component::Ssl { port, .. } => Some(*port).filter(|port| *port > 0),
            _ => None,
        })
    }
}

impl Component {
    fn read(tag: u32, data: &[u8], base: usize) -> Result<Self> {
        Ok(match tag {
            TAG_SSL_SEC_TRANS => {
                let mut reader = Reader::open(data, base)?;
                let (supports, requires, port) = (reader.u16()?, reader.u16()?, reader.u16()?);
                Self::Ssl { byte_order: reader.order, supports, requires, port }
            }
            TAG_ALTERNATE_IIOP_ADDRESS => {
                let mut reader = Reader::open(data, base)?;
                let (host, port) = (reader.text()?, reader.u16()?);
                Self::Alternate { byte_order: reader.order, host, port }
            }
            _ => Self::Other { tag, data: data.into() },
        })
    }

    fn print(&self) -> Option<(u32, Vec<u8>)> {
        match self {
            Self::Ssl { byte_order, supports, requires, port } => {
                let mut writer = Writer::new(*byte_order);
                [*supports, *requires, *port].into_iter().for_each(|value| writer.u16(value));
                Some((TAG_SSL_SEC_TRANS, writer.finish()?))
            }
            Self::Alternate { byte_order, host, port } => {
                let mut writer = Writer::new(*byte_order);
                writer.text(host)?;
                writer.u16(*port);
                Some((TAG_ALTERNATE_IIOP_ADDRESS, writer.finish()?))
            }
            Self::Other { tag, data } => Some((*tag, data.clone())),
        }
    }
}
