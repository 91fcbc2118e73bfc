//! Web CIDs: CIDs that endpoints fetch by HTTP \[61560\].
//!
//! [`Site`] is what a web server is to serve, which [`Site::config`] puts into the words of one. [`check`](check::check) asks a
//! server for what an endpoint would ask for.

mod address;
mod cache;
mod check;
mod client;
mod config;
#[cfg(feature = "remote")]
mod dav;
mod files;
mod judge;
#[cfg(feature = "remote")]
mod objects;
mod reader;
mod report;
mod site;
#[cfg(feature = "remote")]
mod store;
mod sums;

pub(crate) use address::{Address, is_url};
pub(crate) use check::{CheckOptions, check};
pub(crate) use config::Server;
#[cfg(feature = "remote")]
pub(crate) use dav::DavFolder;
#[cfg(feature = "remote")]
pub(crate) use objects::{ObjectAddress, ObjectFolder};
pub(crate) use reader::{Access, WebCid};
#[cfg(feature = "remote")]
pub(crate) use reader::{LARGEST_CATALOG, component_catalogs, root_catalogs};
pub(crate) use report::{CODES, WebFault, WebReport};
pub(crate) use site::{PAYLOAD_AGE, Site, SiteOptions, SiteReport};
#[cfg(feature = "remote")]
pub(crate) use store::{AtOnce, Found, Holds, Locked, Store, Trouble, Version, not_replaced, read_catalogs};
