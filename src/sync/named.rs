//! Sources and destinations by the names that a file has for them: folders, URLs of a web server, and places in a store. Nobody
//! is there to be asked for a login.

use std::path::{Path, PathBuf};

use super::deliver::{Delivered, Delivery, Progress};
use super::source::Source;
#[cfg(not(feature = "remote"))]
use crate::base::error::Error;
use crate::base::error::Result;
#[cfg(feature = "cli")]
use crate::web::{Access, Address};
#[cfg(feature = "remote")]
use crate::web::{DavFolder, ObjectAddress, ObjectFolder, Store};

/// Whether this names a place on some server.
pub(crate) fn is_url(name: &str) -> bool {
    #[cfg(feature = "cli")]
    return crate::web::is_url(name);
    #[cfg(not(feature = "cli"))]
    name.contains("://")
}

/// How a server is reached: with this computer's authorities, and patience of half a minute (our choice).
#[cfg(feature = "cli")]
fn access() -> Access {
    Access { timeout: std::time::Duration::from_secs(30), login: None, ca: None, rate: None }
}

#[cfg(not(feature = "remote"))]
fn left_out(name: &str) -> Error {
    Error::usage("this configcid was built without what reaches URLs")
        .in_file(Path::new(name))
        .next("name a folder: a local one, or a share")
}

/// The CID at this URL, as a source.
///
/// # Errors
/// It is no URL of one.
pub(crate) fn source_at(url: &str) -> Result<Box<dyn Source>> {
    #[cfg(feature = "cli")]
    return source_by(url, &access());
    #[cfg(not(feature = "cli"))]
    Err(left_out(url))
}

/// The same, reached in this way.
///
/// # Errors
/// It is no URL of one, or what `access` names cannot be read.
#[cfg(feature = "cli")]
pub(crate) fn source_by(url: &str, access: &Access) -> Result<Box<dyn Source>> {
    #[cfg(feature = "remote")]
    if ObjectAddress::is_one(url) {
        return Ok(Box::new(super::objects::ObjectSource::new(ObjectAddress::parse(url)?, access)?));
    }
    Ok(Box::new(super::site::WebSource::new(Address::parse(url)?.0, access)?))
}

/// Where a CID is brought to.
pub(crate) enum Destination {
    /// A folder, which is there or is made.
    Folder(PathBuf),
    #[cfg(feature = "remote")]
    Server(Box<dyn Store>),
}

impl Destination {
    /// The destination of this name; nothing is asked yet.
    ///
    /// # Errors
    /// It is a URL, and none that can be written to.
    pub(crate) fn named(name: &str, folder: &Path) -> Result<Self> {
        if !is_url(name) {
            return Ok(Self::Folder(folder.to_owned()));
        }
        #[cfg(feature = "remote")]
        return Self::server(name, &access());
        #[cfg(not(feature = "remote"))]
        Err(left_out(name))
    }

    /// The server of this URL, reached in this way.
    ///
    /// # Errors
    /// It is none that can be written to, or what `access` names cannot be read.
    #[cfg(feature = "remote")]
    pub(crate) fn server(url: &str, access: &Access) -> Result<Self> {
        Ok(Self::Server(match ObjectAddress::is_one(url) {
            true => Box::new(ObjectFolder::new(ObjectAddress::parse(url)?, access)?),
            false => Box::new(DavFolder::new(Address::parse(url)?.0, access)?),
        }))
    }

    /// Brings it what it lacks of `source`.
    pub(crate) fn bring(
        &self,
        delivery: &Delivery<'_>,
        source: &dyn Source,
        progress: &(dyn Fn(Progress) + Sync),
    ) -> Delivered {
        match self {
            Self::Folder(path) => delivery.to(source, path, progress),
            #[cfg(feature = "remote")]
            Self::Server(store) => delivery.publish(source, &**store, progress),
        }
    }
}

/// The one form of a URL, for those that are to be named once.
///
/// # Errors
/// It is none that can be written to or read.
pub(crate) fn one_form(name: &str) -> Result<String> {
    #[cfg(feature = "cli")]
    return place_of(name).map(|(place, _)| place);
    #[cfg(not(feature = "cli"))]
    Ok(name.to_owned())
}

/// A URL in its one form, and the web server whose it is, if it is one's.
///
/// # Errors
/// It is none that can be written to or read.
#[cfg(feature = "cli")]
pub(crate) fn place_of(url: &str) -> Result<(String, Option<String>)> {
    #[cfg(feature = "remote")]
    if ObjectAddress::is_one(url) {
        return Ok((ObjectAddress::parse(url)?.to_string(), None));
    }
    let (server, place) = Address::parse(url)?.0.one_form();
    Ok((place, Some(server)))
}
