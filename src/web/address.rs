//! Where a web CID is: URLs as people give them, and those of its files.

use std::fmt;
use std::net::Ipv6Addr;
use std::path::Path;

use crate::base::error::{Error, Result};
use crate::base::text::fold_case;
use crate::catalog::{Catalog, CidPath, is_catalog_name};

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
        // A password may hold any character, so that nobody can tell where in the text it ends; and it may stand behind any slip.
        if text.contains('@') && !is_folder(text) {
            // Without showing it.
            return Err(Error::usage("a user name, perhaps with a password, stands in the URL").next(
                "leave it out: --user and --password-file give them; an @ in the name of a folder is written as %40",
            ));
        }
        let (scheme, rest) = scheme(text)?;
        let rest = rest.replace('\\', "/");
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        if authority.to_ascii_lowercase().contains("%40") {
            return Err(Error::usage("a user name, perhaps with a password, stands in the URL")
                .next("leave it out: --user and --password-file give them"));
        }
        let shown = format!("{scheme}://{}", showable(&rest));
        if shown.len() > MAX_LENGTH {
            return Err(Error::usage(text!("the URL is longer than {MAX_LENGTH} bytes", MAX_LENGTH)).next(EXAMPLE));
        }
        check_authority(authority).map_err(|why| wrong(&shown, why))?;
        if path.contains(['?', '#']) {
            return Err(wrong(&shown, text!("a CID is a folder, and no URL of one has ? or #")));
        }
        if path.chars().any(char::is_control) {
            return Err(wrong(&shown, text!("it holds a control character")));
        }
        let mut parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        if parts.iter().any(|part| matches!(&*plain(part), "." | "..")) {
            return Err(wrong(&shown, text!("it holds a name of dots")));
        }
        let catalog = parts.pop_if(|last| is_catalog_name(last));
        let path: String = parts.iter().flat_map(|part| ["/".to_owned(), escaped(part, true)]).collect();
        let address = Self { host: format!("{scheme}://{}", authority.to_ascii_lowercase()), path };
        let note = catalog.map(|name| {
            text!("{name} is a catalog in the CID: {address} is meant, the folder that holds it", name, address)
        });
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

    /// Whether the catalog of the folder `above` lists files below this one.
    pub(super) fn is_component(&self, above: &Self, catalog: &Catalog) -> bool {
        let here = fold_case(&format!("{self}/"));
        catalog.entries().iter().any(|entry| fold_case(&above.of(&entry.path)).starts_with(&here))
    }

    /// How many names its path has.
    #[cfg(feature = "remote")]
    pub(super) fn depth(&self) -> usize {
        self.path.matches('/').count()
    }

    /// What two URLs of one place have in common, however they are spelled (RFC 3986, section 6.2): without the port that the scheme
    /// has anyway, and without escapes that mean the character itself.
    #[cfg(feature = "cli")]
    pub(crate) fn one_form(&self) -> (String, String) {
        let usual = if self.is_encrypted() { ":443" } else { ":80" };
        let host = self.host.strip_suffix(usual).unwrap_or(&self.host);
        (host.to_owned(), format!("{host}{}", plain(&self.path)))
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

/// Whether this names a place on a server, or is a slip in doing so, and no folder: what [`Address::parse`] has to be asked about.
pub(crate) fn is_url(text: &str) -> bool {
    let text = text.trim();
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    if scheme.is_empty() || !scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-._".contains(c)) || is_drive(text) {
        return false;
    }
    let is_web = ["http", "https"].iter().any(|web| scheme.eq_ignore_ascii_case(web));
    let is_whole = is_web || (scheme.len() > 1 && (rest.starts_with("//") || rest.starts_with("\\\\")));
    // Somebody's name and password, before a server's name.
    is_whole || (rest.contains('@') && !Path::new(text).exists())
}

/// Whether it begins as paths of Windows do: a drive, and a slash.
fn is_drive(text: &str) -> bool {
    let bytes = text.as_bytes();
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && bytes.get(1) == Some(&b':')
        && matches!(bytes.get(2), None | Some(b'/' | b'\\'))
}

/// Whether it is certainly a folder of this computer, or on a share.
fn is_folder(text: &str) -> bool {
    text.starts_with("\\\\") || is_drive(text) || Path::new(text).is_dir()
}

/// A text without what stands behind `?` or `#`: the right to get at it may stand there.
fn showable(text: &str) -> String {
    text.find(['?', '#']).map_or_else(|| text.to_owned(), |end| format!("{}...", &text[..=end]))
}

fn wrong(shown: &str, why: &str) -> Error {
    Error::usage(text!("{shown} is no URL of a web CID: {why}", shown, why)).next(EXAMPLE)
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
    if is_folder(text) {
        return Err(Error::usage(text!("{text} is a folder, and a web CID has a URL", text))
            .next("configcid catalog verify looks at a folder; write http://... for what a web server serves"));
    }
    let text = &*showable(text);
    if let Some((other, _)) = text.split_once("://") {
        return Err(wrong(text, &text!("endpoints speak http and https, not {other}", other)));
    }
    let begun = ["http:/", "https:/", "http:", "https:"].into_iter().find(|start| begins(start));
    let rest = begun.map_or(text, |start| &text[start.len()..]).trim_start_matches(['/', '\\']);
    if rest.is_empty() {
        return Err(wrong(text, text!("it names no server")));
    }
    let scheme = if begins("https:") { "https" } else { "http" };
    Err(wrong(text, text!("it begins with neither http:// nor https://")).next(text!(
        "did you mean {scheme}://{rest}?",
        scheme,
        rest
    )))
}

fn check_authority(authority: &str) -> Result<(), &'static str> {
    let (host, port) = match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, port)) => {
            address.parse::<Ipv6Addr>().map_err(|_| text!("no IPv6 address stands in the brackets"))?;
            ("x", port.strip_prefix(':').or(port.is_empty().then_some("80")))
        }
        None => authority.split_once(':').map_or((authority, Some("80")), |(host, port)| (host, Some(port))),
    };
    if host.is_empty() {
        return Err(text!("it names no server"));
    }
    if !host.chars().all(|c| c.is_ascii_alphanumeric() || "-._".contains(c)) {
        return Err(text!("the name of the server holds a character that no name has"));
    }
    match port.and_then(|port| port.parse::<u16>().ok()) {
        Some(1..) => Ok(()),
        _ => Err(text!("a port is a number from 1 to 65535")),
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

/// Without escapes of characters that need none.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        let digits = rest.get(at + 1..at + 3).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match byte {
            Some(byte) if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) => out.push(char::from(byte)),
            Some(byte) => out.push_str(&format!("%{byte:02X}")),
            None => out.push('%'),
        }
        rest = &rest[at + if byte.is_some() { 3 } else { 1 }..];
    }
    out + rest
}

/// A name as it is without what URLs escape.
#[cfg(feature = "remote")]
pub(super) fn unescaped(part: &str) -> String {
    let bytes = part.as_bytes();
    let digit = |at: usize| bytes.get(at).and_then(|byte| char::from(*byte).to_digit(16));
    let (mut out, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while let Some(&byte) = bytes.get(at) {
        match (byte, digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                out.push((high * 16 + low) as u8);
                at += 3;
            }
            _ => {
                out.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
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
        assert!(Address::parse("http://a/ESXP/root.upd").unwrap().1.unwrap().contains("http://a/ESXP is meant"));
        assert_eq!(Address::parse("http://a/ESXP").unwrap().1, None);
    }

    #[test]
    #[cfg(feature = "cli")]
    fn a_place_is_told_however_it_is_spelled() {
        let form = |text: &str| Address::parse(text).unwrap().0.one_form().1;
        for text in ["http://a/%45SXP/%c3%bc", "http://A:80/ESXP/\u{fc}/", "http://a/ES%58P/%C3%BC"] {
            assert_eq!(form(text), "http://a/ESXP/%C3%BC", "{text}");
        }
        assert_eq!(form("https://a:443/x%"), "https://a/x%25");
        assert_ne!(form("https://a:80/x"), form("https://a/x"));
        assert_eq!(Address::parse("http://[::1]:80/a").unwrap().0.one_form().0, "http://[::1]");
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
            ("http://a/%2E%2e/x", "a name of dots"),
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
    fn no_slip_shows_a_password() {
        for text in [
            "http://u:sec/ret@h/x",
            "http://u:sec#ret@h/x",
            "http://u:sec?ret@h/x",
            "http://u:8/ret@h/x",
            "http://u%3Aret%40h/x",
            "ftp://u:ret@h/x",
            "htpp://u:ret@h/x",
            "http:/u:ret@h/x",
            "http:u:ret@h/x",
            "https:\\\\u:ret@h\\x",
            "HTTPS:\\u:ret@h\\x",
            "u:ret@h/x",
            "user:ret@h/x",
            "https://acct.blob/ESXP?sv=1&sig=ret",
            "acct.blob/ESXP?sv=1&sig=ret",
            "ftp://acct.blob/ESXP?sv=1&sig=ret",
            "http:/acct.blob/ESXP#ret",
        ] {
            let error = Address::parse(text).unwrap_err().to_string();
            assert!(!error.contains("ret"), "{text}: {error}");
            assert!(is_url(text) || text.starts_with("acct"), "{text}");
        }
        for text in ["ESXP", "/srv/a:b@c", "C:\\a@b", "C:/a", "\\\\server\\a@b", "a@b", "", ":", "C:", "./x:y@z"] {
            assert!(!is_url(text), "{text}");
        }
        for text in ["http://a/x", "http:/h/x", "http:h", "https:\\\\h\\x", "ftp://h/x"] {
            assert!(is_url(text), "{text}");
        }
        let error = Address::parse("http:/h/x").unwrap_err().to_string();
        assert!(error.contains("did you mean http://h/x?"), "{error}");
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
