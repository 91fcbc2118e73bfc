//! Where a web CID is: URLs as people give them, and those of its files.

use std::fmt;
use std::net::Ipv6Addr;
use std::path::Path;

use crate::base::error::{Error, Result};
use crate::catalog::{CidPath, is_catalog_name};

/// The longest URL that is taken, in bytes (our choice).
const MAX_LENGTH: usize = 4096;

/// The URL of a folder on a web server, without a slash at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address {
    /// `http://server:8080`
    host: String,
    /// Escaped; empty or with a slash at its beginning.
    path: String,
}

impl Address {
    /// Reads the URL of a folder. The name of a catalog at its end is left out; the second value says so.
    ///
    /// # Errors
    /// It is no URL of a web server's folder; the error says what was perhaps meant.
    pub(crate) fn parse(text: &str) -> Result<(Self, Option<String>)> {
        let text = text.trim();
        let (scheme, rest) = scheme(text)?;
        let rest = rest.replace('\\', "/");
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        if authority.contains('@') {
            // Without showing it.
            return Err(Error::usage("a user name, perhaps with a password, stands in the URL")
                .next("leave it out: --user and --password-file give them"));
        }
        let shown = format!("{scheme}://{rest}");
        if shown.len() > MAX_LENGTH {
            return Err(Error::usage(format!("the URL is longer than {MAX_LENGTH} bytes")).next(EXAMPLE));
        }
        check_authority(authority).map_err(|why| wrong(&shown, why))?;
        if path.contains(['?', '#']) {
            return Err(wrong(&shown, "a CID is a folder, and no URL of one has ? or #"));
        }
        if path.chars().any(char::is_control) {
            return Err(wrong(&shown, "it holds a control character"));
        }
        let mut parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        if parts.iter().any(|part| matches!(*part, "." | "..")) {
            return Err(wrong(&shown, "it holds a name of dots"));
        }
        let catalog = parts.pop_if(|last| is_catalog_name(last));
        let path: String = parts.iter().flat_map(|part| ["/".to_owned(), escaped(part, true)]).collect();
        let address = Self { host: format!("{scheme}://{}", authority.to_ascii_lowercase()), path };
        let note = catalog
            .map(|name| format!("{name} is a catalog in the CID: {address} is checked, the folder that holds it"));
        Ok((address, note))
    }

    /// The URL of a file or folder below it.
    pub(super) fn of(&self, path: &CidPath) -> String {
        let mut url = self.to_string();
        for part in path.parts() {
            url.push('/');
            url.push_str(&escaped(part, false));
        }
        url
    }

    /// The folder that holds it; `None` for the root of a server.
    pub(super) fn above(&self) -> Option<Self> {
        let end = self.path.rfind('/')?;
        Some(Self { host: self.host.clone(), path: self.path[..end].to_owned() })
    }

    pub(crate) fn is_encrypted(&self) -> bool {
        self.host.starts_with("https:")
    }

    /// The scheme, name and port of the server.
    pub(crate) fn server(&self) -> &str {
        &self.host
    }

    /// What a redirection from `url` leads to, whole.
    pub(super) fn target(&self, url: &str, location: &str) -> String {
        match location {
            _ if location.contains("://") => location.to_owned(),
            _ if location.starts_with("//") => {
                format!("{}:{location}", self.host.split(':').next().unwrap_or_default())
            }
            _ if location.starts_with('/') => format!("{}{location}", self.host),
            _ => format!("{}/{location}", url.rsplit_once('/').map_or(url, |(folder, _)| folder)),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.host, self.path)
    }
}

const EXAMPLE: &str = "write the URL of the CID's folder, such as http://server/CIDs/S000/ESXP";

fn wrong(shown: &str, why: &str) -> Error {
    Error::usage(format!("{shown} is no URL of a web CID: {why}")).next(EXAMPLE)
}

/// The scheme, and what stands behind it.
fn scheme(text: &str) -> Result<(&'static str, &str)> {
    let begins = |start: &str| text.get(..start.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(start));
    for (start, scheme) in [("http://", "http"), ("https://", "https"), ("http:\\\\", "http"), ("https:\\\\", "https")]
    {
        if begins(start) {
            return Ok((scheme, &text[start.len()..]));
        }
    }
    let is_drive = text.as_bytes().get(1) == Some(&b':') && text.starts_with(|c: char| c.is_ascii_alphabetic());
    if text.starts_with("\\\\") || is_drive || Path::new(text).is_dir() {
        return Err(Error::usage(format!("{text} is a folder, and a web CID has a URL"))
            .next("configcid catalog verify looks at a folder; write http://... for what a web server serves"));
    }
    if let Some((other, _)) = text.split_once("://") {
        return Err(wrong(text, &format!("endpoints speak http and https, not {other}")));
    }
    let begun = ["http:/", "https:/", "http:", "https:"].into_iter().find(|start| begins(start));
    let rest = begun.map_or(text, |start| &text[start.len()..]).trim_start_matches(['/', '\\']);
    if rest.is_empty() {
        return Err(wrong(text, "it names no server"));
    }
    let scheme = if begins("https:") { "https" } else { "http" };
    Err(wrong(text, "it begins with neither http:// nor https://").next(format!("did you mean {scheme}://{rest}?")))
}

fn check_authority(authority: &str) -> Result<(), &'static str> {
    let (host, port) = match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, port)) => {
            address.parse::<Ipv6Addr>().map_err(|_| "no IPv6 address stands in the brackets")?;
            ("x", port.strip_prefix(':').or(port.is_empty().then_some("80")))
        }
        None => authority.split_once(':').map_or((authority, Some("80")), |(host, port)| (host, Some(port))),
    };
    if host.is_empty() {
        return Err("it names no server");
    }
    if !host.chars().all(|c| c.is_ascii_alphanumeric() || "-._".contains(c)) {
        return Err("the name of the server holds a character that no name has");
    }
    match port.and_then(|port| port.parse::<u16>().ok()) {
        Some(1..) => Ok(()),
        _ => Err("a port is a number from 1 to 65535"),
    }
}

/// A name as URLs have it: UTF-8, with all but RFC 3986's unreserved characters escaped. What is escaped already may stay so.
fn escaped(part: &str, keeps_escapes: bool) -> String {
    let bytes = part.as_bytes();
    let mut out = String::with_capacity(part.len());
    for (at, &byte) in bytes.iter().enumerate() {
        let is_escape = byte == b'%'
            && keeps_escapes
            && bytes.get(at + 1..at + 3).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        if is_escape || byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_have_one_form() {
        for (text, url) in [
            ("http://a", "http://a"),
            (" HTTP://Server:8080/CIDs//S000/ESXP/ ", "http://server:8080/CIDs/S000/ESXP"),
            ("http://a/Sophos Update/Z\u{fc}rich", "http://a/Sophos%20Update/Z%C3%BCrich"),
            ("https://a/Sophos%20Update/100%", "https://a/Sophos%20Update/100%25"),
            ("http://[::1]:80/a", "http://[::1]:80/a"),
            ("http:\\\\server\\CIDs\\ESXP", "http://server/CIDs/ESXP"),
            ("http://a/ESXP/CIDSYNC.upd", "http://a/ESXP"),
        ] {
            assert_eq!(Address::parse(text).unwrap().0.to_string(), url, "{text}");
        }
        assert!(Address::parse("http://a/ESXP/root.upd").unwrap().1.unwrap().contains("http://a/ESXP is checked"));
        assert_eq!(Address::parse("http://a/ESXP").unwrap().1, None);
    }

    #[test]
    fn slips_are_told_with_what_was_meant() {
        for (text, said) in [
            ("server/CIDs/ESXP", "did you mean http://server/CIDs/ESXP?"),
            ("server:8080/ESXP", "did you mean http://server:8080/ESXP?"),
            ("https:/server/ESXP", "did you mean https://server/ESXP?"),
            ("\\\\server\\InterChk\\ESXP", "catalog verify looks at a folder"),
            ("C:\\CIDs\\ESXP", "catalog verify looks at a folder"),
            ("/", "catalog verify looks at a folder"),
            ("ftp://server/ESXP", "not ftp"),
            ("", "names no server"),
            ("http://", "names no server"),
            ("http:///ESXP", "names no server"),
            ("http://a:0/", "a port is"),
            ("http://a:99999/", "a port is"),
            ("http://[::1/", "no name has"),
            ("http://a b/", "no name has"),
            ("http://a/x?y", "? or #"),
            ("http://a/../x", "a name of dots"),
            ("http://a/\u{7}", "control character"),
        ] {
            let error = Address::parse(text).unwrap_err().to_string();
            assert!(error.contains(said), "{text:?}: {error}");
        }
        let error = Address::parse("http://admin:geheim@a/ESXP").unwrap_err().to_string();
        assert!(error.contains("--password-file") && !error.contains("geheim"), "{error}");
        assert!(Address::parse(&format!("http://a/{}", "x".repeat(MAX_LENGTH))).is_err());
    }

    #[test]
    fn files_and_redirections_lie_where_they_do() {
        let (address, _) = Address::parse("https://a:444/S 1/ESXP").unwrap();
        let file = CidPath::parse("\\rms\\a b+c%20&\u{e4}.dll").unwrap();
        assert_eq!(address.of(&file), "https://a:444/S%201/ESXP/rms/a%20b%2Bc%2520%26%C3%A4.dll");
        assert_eq!(address.above().unwrap().to_string(), "https://a:444/S%201");
        assert_eq!(address.above().unwrap().above().unwrap().above(), None);
        assert_eq!((address.is_encrypted(), address.server()), (true, "https://a:444"));
        for (location, target) in [
            ("http://b/x", "http://b/x"),
            ("//b/x", "https://b/x"),
            ("/x", "https://a:444/x"),
            ("x", "https://a:444/S%201/ESXP/x"),
        ] {
            assert_eq!(address.target("https://a:444/S%201/ESXP/cidsync.upd", location), target);
        }
    }
}
