//! Whether the relay has ephemeral ports enough for the endpoints that are to report to it \[14635, 14243\].

use super::{Evidence, Point, Standing};
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::text::{Encoding, count};
use crate::registry::{KeyPath, RegFile, Value};

/// The last port that is given out, before Vista, where the registry does not say (Microsoft's default).
const LAST_BEFORE_VISTA: u32 = 5000;

/// Before Vista, ports are given out from behind this one on.
const BEFORE_FIRST: u32 = 1024;

/// From so many of 100 ports in use on, the router warns \[14243\].
const MOST: u64 = 85;

/// What the registry says of ephemeral ports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tcpip {
    /// `MaxUserPort`, where it is set.
    max_user_port: Option<Value>,
}

const MAX_USER_PORT: &str = "MaxUserPort";

impl Tcpip {
    fn key() -> KeyPath {
        r"HKLM\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters".parse().expect("it is the path of a key")
    }

    /// What an exported file says; `None` where the key was not exported.
    pub(crate) fn in_file(file: &RegFile) -> Option<Self> {
        let key = Self::key();
        file.has_key(&key).then(|| Self { max_user_port: file.value(&key, MAX_USER_PORT).cloned() })
    }

    /// What the registry of this computer says.
    ///
    /// # Errors
    /// This is no Windows, or the registry cannot be read.
    pub(crate) fn live() -> Result<Option<Self>> {
        use crate::host::live::{Wow, read};
        let values = read(&Self::key(), Wow::View64, &[MAX_USER_PORT])?;
        Ok(values.map(|values| Self { max_user_port: values.into_iter().next().map(|(_, value)| value) }))
    }
}

/// The range of ephemeral ports of a Windows since Vista.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DynamicPorts {
    first: u32,
    number: u32,
}

impl DynamicPorts {
    /// What this Windows says of itself; `None` where it does not.
    pub(crate) fn live(bound: std::time::Duration) -> Option<Self> {
        use std::process::{Command, Stdio};
        let root = std::env::var_os("SystemRoot").filter(|_| cfg!(windows))?;
        let netsh = std::path::PathBuf::from(root).join("System32").join("netsh.exe");
        let mut command = Command::new(&netsh);
        command.args(["interface", "ipv4", "show", "dynamicport", "tcp"]);
        let said = crate::base::program::run(command, &netsh, Stdio::null(), bound).ok()?;
        Self::parse(&said).ok()
    }

    /// Reads what `netsh int ipv4 show dynamicport tcp` prints, in any language: two lines that end in a number, the first
    /// port and how many there are.
    ///
    /// # Errors
    /// It is something else.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self> {
        let text = Encoding::text_of(bytes);
        let number = |line: &str| line.rsplit_once(':')?.1.trim().parse::<u32>().ok();
        let numbers: Vec<u32> = text.lines().filter_map(number).collect();
        match numbers[..] {
            [first, number] if first > 0 && number > 0 && first.saturating_add(number) <= 1 << 16 => {
                Ok(Self { first, number })
            }
            _ => Err(Error::new(ErrorKind::Usage, "no range of ephemeral ports stands in it")
                .next("on the relay: netsh int ipv4 show dynamicport tcp > ports.txt")),
        }
    }
}

/// How many ports there are, with where that is seen; or why it is not known, with what tells.
fn ports(seen: &Evidence) -> Result<(u64, String), (String, &'static str)> {
    const NETSH: &str =
        "on the relay: netsh int ipv4 show dynamicport tcp > ports.txt, and name the file with --dynamic-ports FILE";
    const EXPORT: &str = r"on the relay: reg export HKLM\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters tcpip.reg, and name the file with --reg FILE, too";
    if let Some(DynamicPorts { first, number }) = seen.dynamic {
        let last = first + number - 1;
        return Ok((number.into(), text!("ports {first} to {last} are given out (netsh)", first, last)));
    }
    match (seen.before_vista, &seen.tcpip) {
        (Some(true), Some(tcpip)) => {
            let (last, from) = match &tcpip.max_user_port {
                None => (LAST_BEFORE_VISTA, text!("MaxUserPort is not set: it counts as 5000")),
                Some(Value::Dword(last)) => (*last, text!("by MaxUserPort")),
                Some(other) => {
                    return Err((
                        text!("MaxUserPort is {other}, and should be a dword", other),
                        text!("set it as a dword"),
                    ));
                }
            };
            // Windows takes what is out of range for the nearest that is not.
            let last = last.clamp(LAST_BEFORE_VISTA, 65_534);
            let first = BEFORE_FIRST + 1;
            Ok((
                (last - BEFORE_FIRST).into(),
                text!("ports {first} to {last} are given out ({from})", first, last, from),
            ))
        }
        (Some(true), None) => {
            Err((text!("how many ephemeral ports the relay has was not looked at").to_owned(), EXPORT))
        }
        (Some(false), _) => {
            let what = text!(
                "how many ephemeral ports the relay has was not looked at; since Vista they are 16,384 by default"
            );
            Err((what.to_owned(), NETSH))
        }
        (None, Some(Tcpip { max_user_port: Some(value) })) => {
            let what = text!(
                "MaxUserPort is {value}; what that means depends on the relay's Windows, which is not known",
                value
            );
            Err((what, text!("name the Windows with --system, or the range with --dynamic-ports FILE")))
        }
        (None, _) => {
            let what = text!(
                "how many ephemeral ports the relay has is not known: 3,976 before Vista, 16,384 since, by default"
            );
            Err((what.to_owned(), NETSH))
        }
    }
}

/// The point `ephemeral-ports`. That each endpoint wants one is assumed: the relay connects to each \[A\].
pub(super) fn ephemeral_ports(seen: &Evidence) -> Point {
    const NAME: &str = "ephemeral-ports";
    let (number, evidence) = match ports(seen) {
        Ok(found) => found,
        Err((what, next)) => return Point::new(NAME, Standing::Unknown, what).next(next),
    };
    let enough_for = number * MOST / 100;
    let evidence = vec![
        evidence,
        text!(
            "the router warns at {MOST} % of them [14243]: that is enough for {enough_for} endpoints, one port for each [A]",
            MOST,
            enough_for
        ),
    ];
    let Some(endpoints) = seen.endpoints else {
        return Point::new(
            NAME,
            Standing::Unknown,
            text!(
                "how many endpoints are to report to the relay is not known; its ports are enough for {enough_for}",
                enough_for
            ),
        )
        .evidence(evidence)
        .next("say it with --endpoints N");
    };
    let those = count(endpoints as usize, "endpoint", "endpoints");
    if endpoints > enough_for {
        return Point::new(NAME, Standing::Wrong, text!("the ephemeral ports are not enough for {those}", those))
            .evidence(evidence)
            .next("before Vista: raise MaxUserPort (a dword, up to 65534) and restart the computer; since Vista: netsh int ipv4 set dynamicport tcp start=10000 num=55536; or let fewer endpoints report here");
    }
    Point::new(NAME, Standing::Right, text!("the ephemeral ports are enough for {those}", those)).evidence(evidence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_netsh_prints_in_any_language() {
        let english = "\r\nProtocol tcp Dynamic Port Range\r\n---------------------------------\r\nStart Port      : 49152\r\nNumber of Ports : 16384\r\n\r\n";
        let german = "\r\nProtokoll tcp: dynamischer Portbereich\r\n-----\r\nStartport       : 49152\r\nAnzahl von Ports: 16384\r\n";
        for text in [english, german] {
            assert_eq!(DynamicPorts::parse(text.as_bytes()).unwrap(), DynamicPorts { first: 49152, number: 16384 });
        }
        for text in ["", "a: 1", "a: 1\nb: 2\nc: 3", "a: 0\nb: 5", "a: 60000\nb: 16384", "a: 1\nb: 4294967296"] {
            assert!(DynamicPorts::parse(text.as_bytes()).is_err(), "{text}");
        }
    }

    #[test]
    fn the_bound_is_that_of_the_routers_own_warning() {
        let with = |endpoints, before_vista, value: Option<Option<Value>>| {
            let tcpip = value.map(|max_user_port| Tcpip { max_user_port });
            ephemeral_ports(&Evidence { endpoints, before_vista, tcpip, ..Evidence::default() }).state
        };
        // 85 % of 3,976 ports.
        assert_eq!(with(Some(3_379), Some(true), Some(None)), Standing::Right);
        assert_eq!(with(Some(3_380), Some(true), Some(None)), Standing::Wrong);
        // 85 % of 64,510.
        assert_eq!(with(Some(54_833), Some(true), Some(Some(Value::Dword(65_534)))), Standing::Right);
        assert_eq!(with(Some(54_834), Some(true), Some(Some(Value::Dword(u32::MAX)))), Standing::Wrong);
        for unknown in [
            with(None, Some(true), Some(None)),
            with(Some(1), Some(true), None),
            with(Some(1), Some(true), Some(Some(Value::String("65534".into())))),
            with(Some(1), Some(false), Some(None)),
            with(Some(1), None, Some(Some(Value::Dword(65_534)))),
            with(Some(1), None, None),
        ] {
            assert_eq!(unknown, Standing::Unknown);
        }
        let dynamic = Some(DynamicPorts { first: 49152, number: 16384 });
        let seen = Evidence { dynamic, endpoints: Some(13_927), ..Evidence::default() };
        assert_eq!(ephemeral_ports(&seen).state, Standing::Wrong);
        assert_eq!(ephemeral_ports(&Evidence { endpoints: Some(13_926), ..seen }).state, Standing::Right);
    }
}
