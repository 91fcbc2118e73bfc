//! Pages of what a check of a web CID finds. What to do stands in that room's own table.

use super::{Finder, Page};
use crate::web::CODES;

/// Each code with what it means, why it matters, and who says so.
const WORDS: &[(&str, &str, &str, &str)] = &[
    (
        "unknown-host",
        "The name of the web server means nothing here.",
        "Endpoints that ask the same DNS do not find it either.",
        OURS,
    ),
    (
        "unreachable",
        "There is no way to the web server, or it refuses connections.",
        "Endpoints in the same network have no way to it either.",
        OURS,
    ),
    (
        "tls",
        "No encrypted connection to the web server comes about.",
        "Endpoints check certificates as this computer does, and update nothing.",
        OURS,
    ),
    (
        "timeout",
        "The web server is silent for too long, or sends too slowly.",
        "Endpoints give up as well, and try again an hour later.",
        "[36262]; our choice",
    ),
    (
        "broken",
        "A connection ends before all of a file came, or what comes is no HTTP.",
        "An endpoint has a part of a file, which it throws away.",
        OURS,
    ),
    (
        "component",
        "The URL is that of a component, not of a CID.",
        "Endpoints are to update from the folder above it.",
        "formats.md, section 1",
    ),
    (
        "login",
        "The web server, or a proxy before it, asks for a login.",
        "Endpoints log on only if their updating policy names an account, and never by a page.",
        OURS,
    ),
    (
        "redirected",
        "The web server sends whoever asks for a file elsewhere.",
        "Nothing says that endpoints follow, and the other server may not be one that they trust or reach.",
        OURS,
    ),
    (
        "catalog-format",
        "What comes in the place of a catalog is none.",
        "Endpoints learn by catalogs what there is: without one they update nothing.",
        "formats.md, section 3",
    ),
    (
        "extension",
        "The web server gives out no file whose name ends so.",
        "IIS refuses what it has no MIME type for, and newer versions bring new extensions.",
        "[61560]",
    ),
    (
        "missing",
        "A catalog lists a file that the web server does not have, or not in this case.",
        "An endpoint that needs the file does not get it, and does not update.",
        "formats.md, section 3",
    ),
    (
        "refused",
        "The web server refuses a file that a catalog lists.",
        "An endpoint that needs the file does not get it, and does not update.",
        OURS,
    ),
    (
        "size",
        "A file comes with another length than a catalog lists.",
        "Endpoints throw away what is not as it is listed, and do not update.",
        "formats.md, section 3",
    ),
    (
        "altered",
        "A file comes with the right length and another content than a catalog lists.",
        "Endpoints throw away what is not as it is listed, and do not update.",
        "formats.md, section 3",
    ),
    (
        "catalog-checksum",
        "A catalog's own checksum does not fit it.",
        "It was altered on the way, or by a tool that did not bring it in line.",
        "formats.md, section 3",
    ),
    (
        "page",
        "A web page comes in the place of a file.",
        "An endpoint takes a login or an error that comes as a page for the file itself.",
        OURS,
    ),
    (
        "compressed",
        "The web server, or a proxy before it, encodes files on the way.",
        "Lengths are no longer those of the catalogs, and nothing says that endpoints undo it.",
        OURS,
    ),
    (
        "server-error",
        "The web server fails.",
        "An endpoint that needs the file does not get it, and does not update.",
        OURS,
    ),
    (
        "busy",
        "The web server refuses so many requests in so short a time.",
        "Thousands of endpoints that update hourly ask more than one check does.",
        "[36262]; our choice",
    ),
    ("unexpected", "The web server's answer is none for a file.", "What endpoints make of it, nothing says.", OURS),
    (
        "answers-everything",
        "The web server answers for a name that nobody gave to a file.",
        "A file that is missing looks as if it were there, to this check and to endpoints.",
        OURS,
    ),
    (
        "cached-too-long",
        "The web server lets caches keep a file longer than it stays what it is.",
        "With a new catalog and an old file from a cache, or the other way round, an endpoint does not update.",
        "[36262]; our choice",
    ),
    (
        "changed",
        "The catalog of the root is another one than when the check began.",
        "What was found may be of two states of the CID.",
        OURS,
    ),
];

const OURS: &str = "our choice";

pub(super) fn pages() -> Vec<Page> {
    let page = |(id, next): &(&'static str, &'static str)| {
        let (_, meaning, why, source) = WORDS.iter().find(|(code, ..)| code == id)?;
        Some(Page {
            id,
            finder: Finder::Web,
            severity: "fault",
            meaning: (*meaning).to_owned(),
            why,
            source: (*source).to_owned(),
            next: (*next).to_owned(),
        })
    };
    CODES.iter().filter_map(page).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_has_its_page() {
        let pages: Vec<&str> = pages().into_iter().map(|page| page.id).collect();
        assert_eq!(pages, CODES.iter().map(|(code, _)| *code).collect::<Vec<_>>());
        assert_eq!(WORDS.len(), CODES.len());
    }
}
