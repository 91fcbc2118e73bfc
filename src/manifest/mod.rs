//! `manifest.dat`, the signed list of the vendor's files (formats.md, section 4): reading it strictly, telling whether
//! its signatures hold and who vouches for them, comparing it with the files and with another one, and making new ones.
//!
//! The format itself ([`Manifest`], [`Entry`]) knows bytes and no disk.

mod codec;
mod entry;
mod hex;

pub use codec::{Form, MAX_SIZE, Manifest, Signature};
pub use entry::{Entry, ManifestPath, Spelling};
#[cfg(test)]
pub(crate) use hex::hex;

#[cfg(test)]
mod tests;
