//! What lies around a CID on a server, and in a folder that is to hold one: whether publishing there would spoil something.

use std::io::Read;

use super::{DavFolder, FRESH};
use crate::base::error::Result;
use crate::catalog::{Catalog, CidPath};
use crate::cid::{CIDSYNC, is_own_name};
use crate::web::LARGEST_CATALOG;
use crate::web::address::{Address, unescaped};
use crate::web::store::Holds;

/// Of a folder's list so much is looked at: it is enough for the first names (our choice).
const LARGEST_LIST: u64 = 1 << 20;

impl DavFolder {
    /// The URL of a folder above that is a CID: this one would lie in it. Of what cannot be looked at a warning tells.
    ///
    /// # Errors
    /// There is no answer.
    pub(super) fn look_above(&self, warnings: &mut Vec<String>) -> Result<Option<String>> {
        let catalog = CidPath::in_root(CIDSYNC)?;
        let mut above = self.address.above();
        while let Some(folder) = above {
            let url = folder.of(&catalog);
            let answer = self.tried(&url, || self.client.send("GET", &url, &[FRESH], None))?;
            match answer.status {
                200 => {
                    let mut bytes = Vec::new();
                    let read = answer.content(LARGEST_CATALOG, self.timeout).read_to_end(&mut bytes);
                    match (read, Catalog::parse(&bytes)) {
                        (Ok(_), Ok(_)) => return Ok(Some(folder.to_string())),
                        // A page that comes for every name.
                        (Ok(_), Err(_)) => {}
                        (Err(_), _) => warnings.push(unseen(&folder, text!("its answer breaks off"))),
                    }
                }
                404 | 410 => answer.finish(),
                // The root of a server that refuses it is no CID that endpoints update from.
                _ if folder.depth() == 0 => answer.finish(),
                status => {
                    answer.finish();
                    warnings.push(unseen(&folder, &format!("HTTP {status}")));
                }
            }
            above = folder.above();
        }
        Ok(None)
    }

    /// What is in the folder, by `PROPFIND` (RFC 4918, section 9.1), which some servers do not have (nginx of itself). Where `gets` is
    /// set, a folder of which GET says that it is not there is not asked for in another way; some servers say that of any (Apache
    /// with its default handler).
    ///
    /// # Errors
    /// There is no answer.
    pub(super) fn look_within(&self, gets: bool) -> Result<Holds> {
        let url = format!("{}/", self.shown);
        let is_absent = || -> Result<bool> {
            let answer = self.tried(&url, || self.client.send("GET", &url, &[FRESH], None))?;
            let status = answer.status;
            answer.finish();
            Ok(matches!(status, 404 | 410))
        };
        if gets && is_absent()? {
            return Ok(Holds::Nothing);
        }
        let answer = self.tried(&url, || self.client.send("PROPFIND", &url, &[FRESH, ("Depth", "1")], None))?;
        if answer.status != 207 {
            let status = answer.status;
            answer.finish();
            let is_nothing = matches!(status, 404 | 410) || is_absent()?;
            return Ok(if is_nothing { Holds::Nothing } else { Holds::Unseen });
        }
        let mut bytes = Vec::new();
        // Where it breaks off or goes on, what came before tells all the same.
        let read = answer.content(LARGEST_LIST, self.timeout).read_to_end(&mut bytes);
        let is_whole = read.is_ok() && (bytes.len() as u64) < LARGEST_LIST;
        let Some(names) = names(&String::from_utf8_lossy(&bytes), self.address.depth()) else {
            return Ok(Holds::Unseen);
        };
        Ok(match names.into_iter().find(|name| !is_own_name(name)) {
            Some(name) => Holds::Something(name),
            None if is_whole => Holds::Nothing,
            None => Holds::Unseen,
        })
    }
}

fn unseen(folder: &Address, why: &str) -> String {
    text!("whether {folder} is a CID, in which none can be, is not seen: {why}", folder, why)
}

/// The names that a list has beside that of the folder itself, which has so many names in its path. `None`: it is no list.
fn names(list: &str, depth: usize) -> Option<Vec<String>> {
    let mut is_list = false;
    let mut names = Vec::new();
    for piece in list.split('<') {
        let Some((tag, text)) = piece.split_once('>') else { continue };
        let tag = tag.split_whitespace().next().unwrap_or_default();
        if tag.rsplit(':').next() != Some("href") || tag.starts_with('/') {
            continue;
        }
        is_list = true;
        let text = text.trim();
        let path = text.split_once("://").map_or(text, |(_, rest)| rest.find('/').map_or("", |at| &rest[at..]));
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        if parts.len() > depth {
            names.push(unescaped(parts[depth]));
        }
    }
    is_list.then_some(names)
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn a_list_is_read_whatever_its_prefixes_are() {
        let list = "<D:multistatus xmlns:D=\"DAV:\"><D:response><D:href>/cids/</D:href></D:response>\
            <x:response><href xmlns=\"DAV:\"> http://a:1/cids/a%20b/ </href></x:response><D:hrefs>/cids/c</D:hrefs>";
        assert_eq!(names(list, 1), Some(vec!["a b".to_owned()]));
        assert_eq!(names(list, 2), Some(Vec::new()));
        assert_eq!(names("<html>", 1), None);
    }
}
