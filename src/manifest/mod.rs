//! `manifest.dat`, the signed list of the vendor's files, and the MD5 lists beside it (formats.md, section 4): bytes in,
//! bytes out, no disk. What holds them against signatures and files is [`crate::signing`].

mod codec;
mod diff;
mod entry;
mod spec;

pub use codec::{Form, MAX_SIZE, Manifest, Signature};
pub use diff::{ChangedEntry, ManifestDiff, diff};
pub use entry::{ManifestEntry, ManifestPath, Spelling};
pub(crate) use spec::cid_path;
pub use spec::{Spec, SpecEntry};

#[cfg(test)]
mod tests;
