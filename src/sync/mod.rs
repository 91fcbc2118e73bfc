//! From one CID to other places: what differs is read off the catalogs, only that is brought, and at every moment a reader of
//! the destination finds all that its catalogs list.
//!
//! What is wanted is first brought to a folder of configcid's own in the destination, checked against the source's catalogs;
//! a run that breaks off there is gone on with by the next. Then it becomes the destination's by a plan as any other:
//! journal, undo and history are those of every change.
// Without the command line nobody brings anything anywhere.
#![cfg_attr(not(feature = "cli"), allow(dead_code, unused_imports))]

mod checks;
mod deliver;
mod difference;
mod fetch;
mod folder;
mod functions;
mod kept;
mod key;
mod named;
#[cfg(feature = "remote")]
mod objects;
mod pace;
#[cfg(feature = "remote")]
mod publish;
#[cfg(feature = "cli")]
mod site;
mod source;

pub(crate) use deliver::{Delivered, Delivery, Progress, Sent, refuse_overlaps};
pub(crate) use folder::FolderSource;
pub(crate) use named::{Destination, is_url, one_form, source_at};
#[cfg(feature = "cli")]
pub(crate) use named::{place_of, source_by};
pub(crate) use pace::Pace;
pub(crate) use source::Source;
