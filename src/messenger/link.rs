//! Which addresses are opened or reported to.

use crate::base::error::{Error, ErrorKind, Result};

/// The longest address.
const MAX_LENGTH: usize = 2048;

/// Refuses what is no plain `http` or `https` address: another scheme would start a program, and a user name before the
/// host or a foreign character makes a reader believe in another host.
pub(super) fn check(link: &str) -> Result<()> {
    fault(link).map_or(Ok(()), |what| {
        Err(Error::new(ErrorKind::Usage, text!("{link} is no link: {what}", link = shortened(link, 120), what))
            .next("write an address such as https://intranet.example.com/page"))
    })
}

/// What is wrong with a link.
fn fault(link: &str) -> Option<String> {
    if link.len() > MAX_LENGTH {
        return Some(text!("it is longer than {MAX_LENGTH} characters", MAX_LENGTH));
    }
    let scheme = ["http://", "https://"]
        .into_iter()
        .find(|scheme| link.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)));
    let Some(scheme) = scheme else { return Some(text!("it begins with neither http:// nor https://").to_owned()) };
    if let Some(c) = link.chars().find(|c| !c.is_ascii_graphic() || "\"<>\\^`{|}".contains(*c)) {
        return Some(text!("U+{} is not allowed in it", format!("{:04X}", u32::from(c))));
    }
    let rest = &link[scheme.len()..];
    let authority = &rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())];
    if authority.contains('@') {
        return Some(text!("a user name stands before its host").to_owned());
    }
    let (host, port) = match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, port)) => match address.parse::<std::net::Ipv6Addr>() {
            Ok(_) => ("x", port.strip_prefix(':').or(port.is_empty().then_some("0"))),
            Err(_) => ("", Some("0")),
        },
        None => authority.split_once(':').map_or((authority, Some("0")), |(host, port)| (host, Some(port))),
    };
    let is_host = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
    if host.is_empty() || !host.chars().all(is_host) {
        return Some(text!("it names no host").to_owned());
    }
    if port.and_then(|port| port.parse::<u16>().ok()).is_none() {
        return Some(text!("its port is no number").to_owned());
    }
    None
}

/// At most so many characters.
pub(super) fn shortened(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}\u{2026}", &text[..end]),
    }
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn only_plain_web_addresses_are_links() {
        for good in [
            "http://a",
            "https://intranet.example.com/a?b=c#d",
            "HTTPS://x.example:8443/",
            "http://[::1]:80/a",
            "http://[::1]",
            "http://10.1.200.65/%C3%A4",
        ] {
            check(good).unwrap();
        }
        for bad in [
            "",
            "http:",
            "http://",
            "https:///a",
            "ftp://a/b",
            "file:///etc/passwd",
            "javascript:alert(1)",
            "mailto:a@b",
            "http://a b",
            "http://a\u{202e}b",
            "http://\u{e4}.example",
            "http://user:word@host/",
            "http://a:b/",
            "\\\\srv\\x",
            "http://[::1/",
            "http://[x]/",
            "http://a\n",
            "http://a:99999/",
            "http://a\"b",
            "C:\\Windows\\notepad.exe",
        ] {
            assert!(check(bad).is_err(), "{bad}");
        }
        assert!(check(&format!("http://a/{}", "x".repeat(3000))).is_err());
    }
}
