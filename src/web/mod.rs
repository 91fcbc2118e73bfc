//! Web CIDs: CIDs that endpoints fetch by HTTP \[61560\].
//!
//! [`Site`] is what a web server is to serve, which [`Site::config`] puts into the words of one.

mod config;
mod site;

pub(crate) use config::Server;
pub(crate) use site::{PAYLOAD_AGE, Site, SiteOptions, SiteReport};
