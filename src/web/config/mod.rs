//! A site in the words of a web server, from `templates/web*`.

mod words;

use super::site::{Served, Site};
use crate::base::error::{Error, Result};
use crate::base::html::escape;
use crate::catalog::{CidPath, changing_names};
use words::{fill, repeat};

/// The web servers that there are templates for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Server {
    /// Internet Information Services 7 and later: a web.config
    Iis,
    /// nginx: locations, to be included in a server block
    Nginx,
    /// Apache 2.4: aliases and directories, to be included in a virtual host
    Apache,
    /// Caddy 2: handlers, to be imported in a site's block
    Caddy,
}

/// Folders that IIS keeps to itself unless it is told otherwise: `hiddenSegments` of its own configuration.
const HIDDEN: &[&str] =
    &["bin", "App_Code", "App_GlobalResources", "App_LocalResources", "App_WebReferences", "App_Data", "App_Browsers"];

/// What Apache may take for an encoding whatever the CID holds now.
const ENCODINGS: &[&str] = &[".gz", ".tgz", ".z", ".bz2", ".br", ".xz"];

impl Site {
    /// The configuration of `server` that serves this site.
    ///
    /// # Errors
    /// For IIS: the CIDs do not lie in one folder.
    pub(crate) fn config(&self, server: Server) -> Result<String> {
        let template = match server {
            Server::Iis => include_str!("../../../templates/web.config"),
            Server::Nginx => include_str!("../../../templates/web-nginx.conf"),
            Server::Apache => include_str!("../../../templates/web-apache.conf"),
            Server::Caddy => include_str!("../../../templates/web-caddy.conf"),
        }
        .replace('\r', "");
        let aliases: usize = self.cids.iter().map(|cid| cid.spellings.len()).sum();
        let case = match aliases {
            0 => ".\n# All of these names are spelled so on disk, too".to_owned(),
            n => format!(".\n# Names that are spelled otherwise on disk ({n}) have rules of their own"),
        };
        let template = fill(
            &template,
            &[("VERSION", env!("CARGO_PKG_VERSION")), ("AGE", &self.payload_age.to_string()), ("CASE", &case)],
        );
        if server == Server::Iis {
            self.check_side_by_side()?;
            return Ok(repeat(&template, "CID", &self.cids, |part, cid| iis(part, cid, self.payload_age)));
        }
        Ok(repeat(&template, "CID", &self.cids, |part, cid| {
            let part = repeat(part, "SPELLING", &cid.spellings, |part, (asked, found)| {
                let place = format!("{}{}", cid.folder, slashes(found));
                let [asked, found] = [asked, found].map(|path| format!("{}{}", cid.url, slashes(path)));
                fill(part, &[("ASKED", &asked), ("FOUND", &found), ("PLACE", &place)])
            });
            let changing: Vec<String> = changing_names().map(|name| name.replace('.', "\\.")).collect();
            let mut extensions: Vec<&str> =
                cid.extensions.iter().map(String::as_str).chain(ENCODINGS.iter().copied()).collect();
            extensions
                .retain(|extension| extension.chars().skip(1).all(|c| c.is_ascii_alphanumeric() || "-_~".contains(c)));
            extensions.retain(|extension| !extension.is_empty());
            extensions.sort_unstable();
            extensions.dedup();
            fill(
                &part,
                &[
                    ("URL", &cid.url),
                    ("FOLDER", &cid.folder),
                    ("CHANGING", &changing.join("|")),
                    ("EXTENSIONS", &extensions.join(" ")),
                ],
            )
        }))
    }

    fn check_side_by_side(&self) -> Result<()> {
        match self.cids.iter().all(|cid| cid.parent == self.cids[0].parent) {
            true => Ok(()),
            false => Err(Error::usage("a web.config is for the CIDs of one folder, and these lie in several")
                .next("run it once for each folder")),
        }
    }
}

/// The part of one CID in a `web.config`.
fn iis(part: &str, cid: &Served, age: u32) -> String {
    let extensions: Vec<String> =
        // For IIS a dot alone means files without an extension.
        cid.extensions.iter().map(|extension| if extension.is_empty() { ".".to_owned() } else { escape(extension) }).collect();
    let part = repeat(part, "EXTENSION", &extensions, |part, extension| fill(part, &[("EXTENSION", extension)]));
    let hidden: Vec<&str> =
        HIDDEN.iter().copied().filter(|name| cid.folders.contains(&name.to_ascii_lowercase())).collect();
    let part = repeat(&part, "SEGMENT", &hidden, |part, segment| fill(part, &[("SEGMENT", segment)]));
    let part = repeat(&part, "CHANGING", &cid.changing, |part, path| {
        fill(part, &[("PATH", &escape(&format!("{}{}", cid.name, slashes(path))))])
    });
    let span = format!("{}.{:02}:{:02}:{:02}", age / 86_400, age / 3600 % 24, age / 60 % 60, age % 60);
    fill(
        &part,
        &[
            ("NAME", &escape(&cid.name)),
            ("SPAN", &span),
            ("ESCAPING", if cid.escapes_twice { "true" } else { "false" }),
        ],
    )
}

/// As URLs and all these servers have it.
fn slashes(path: &CidPath) -> String {
    path.as_str().replace('\\', "/")
}
