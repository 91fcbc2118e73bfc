//! What listens on which ports: as `netstat -an` lists it on the relay, or as it answers from here.

use std::net::IpAddr;

use crate::base::error::{Error, ErrorKind, Result};
use crate::base::text::Encoding;
use crate::envelopes::Listening;

/// The ports on which something listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sockets {
    /// Each port, and whether other computers can reach it, as far as its address tells.
    open: Vec<(u16, bool)>,
    /// Who was asked, or what was read.
    from: String,
}

impl Sockets {
    /// What answered.
    pub(crate) fn of(listening: &Listening) -> Self {
        Self { open: listening.ports.iter().map(|port| (*port, true)).collect(), from: text!("on {}", listening.host) }
    }

    /// Reads what `netstat -an` (or `-ano`) prints, in any language: what listens is what has no port on the other side.
    ///
    /// # Errors
    /// There is no line of TCP in it.
    pub(crate) fn parse(bytes: &[u8], from: &str) -> Result<Self> {
        let text = Encoding::text_of(bytes);
        let mut open: Vec<(u16, bool)> = Vec::new();
        let mut lines = 0;
        for line in text.lines() {
            let words: Vec<&str> = line.split_whitespace().collect();
            let [protocol, addresses @ ..] = &words[..] else { continue };
            if !protocol.to_ascii_lowercase().starts_with("tcp") {
                continue;
            }
            // Other systems have two numbers before the addresses.
            let mut addresses = addresses.iter().filter_map(|word| word.rsplit_once(':'));
            let (Some((local, port)), Some((_, other))) = (addresses.next(), addresses.next()) else { continue };
            let Ok(port) = port.parse::<u16>() else { continue };
            lines += 1;
            if matches!(other, "0" | "*") {
                let address = local.trim_start_matches('[').trim_end_matches(']').split('%').next().unwrap_or_default();
                let is_open = !address.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
                open.push((port, is_open));
            }
        }
        if lines == 0 {
            return Err(Error::new(ErrorKind::Usage, "no line of TCP connections stands in it")
                .next("on the relay: netstat -an > netstat.txt"));
        }
        Ok(Self { open, from: text!("in {from}", from) })
    }

    /// Whether something listens on a port where other computers reach it; `Some(false)`: for the computer itself alone.
    pub(super) fn listens(&self, port: u16) -> Option<bool> {
        let found: Vec<bool> =
            self.open.iter().filter(|(this, _)| *this == port).map(|(_, is_open)| *is_open).collect();
        (!found.is_empty()).then(|| found.contains(&true))
    }

    /// Where this was seen.
    pub(super) fn from(&self) -> &str {
        &self.from
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_netstat_prints_in_any_language() {
        let english = "\r\nActive Connections\r\n\r\n  Proto  Local Address          Foreign Address        State\r\n  \
                       TCP    0.0.0.0:8192           0.0.0.0:0              LISTENING       1234\r\n  \
                       TCP    127.0.0.1:8193         0.0.0.0:0              LISTENING       1234\r\n  \
                       TCP    [::]:8194              [::]:0                 LISTENING       1234\r\n  \
                       TCP    10.1.200.65:8200       10.1.2.3:51000         ESTABLISHED     1234\r\n  \
                       UDP    0.0.0.0:8201           *:*                                    1234\r\n";
        let german = english.replace("LISTENING", "ABH\u{D6}REN").replace("Foreign Address", "Remoteadresse");
        let german: Vec<u8> = german.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
        for bytes in [english.as_bytes(), &german] {
            let sockets = Sockets::parse(bytes, "netstat.txt").unwrap();
            let seen = [8192, 8193, 8194, 8200, 8201].map(|port| sockets.listens(port));
            assert_eq!(seen, [Some(true), Some(false), Some(true), None, None]);
        }
        let linux = "tcp        0      0 0.0.0.0:8192            0.0.0.0:*               LISTEN\n";
        assert_eq!(Sockets::parse(linux.as_bytes(), "x").unwrap().listens(8192), Some(true));
        for text in ["", "no list", "TCP", "TCP a b", "TCP 1.2.3.4:x 0.0.0.0:0"] {
            assert!(Sockets::parse(text.as_bytes(), "x").is_err(), "{text}");
        }
    }
}
