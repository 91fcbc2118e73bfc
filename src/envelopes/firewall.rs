//! Exported rules of the Windows firewall, as far as they concern the router's ports: the text that
//! `netsh advfirewall firewall show rule name=all verbose` prints (in English), or a `.reg` export of the firewall's policy,
//! which is the same in every language.

use std::path::Path;

use super::rules::PORTS;
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::files::read_file;
use crate::base::text::{Encoding, fold_case};
use crate::registry::{MAX_SIZE, RegFile};

/// The router's program \[A\].
const PROGRAM: &str = "routernt.exe";

/// The rules that let programs in, or keep them out, on the router's ports.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Firewall {
    /// Those that count, in their order.
    pub rules: Vec<FirewallRule>,
    /// Whether there are rules for all ports of a program that is not named: without `verbose`, `netsh` leaves it out.
    pub unnamed_programs: bool,
}

/// A rule for what comes in over TCP.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FirewallRule {
    /// Its name.
    pub name: String,
    /// Whether it lets in; else it keeps out.
    pub allow: bool,
    /// The ports, each from and to; empty where it is for all.
    pub ports: Vec<(u16, u16)>,
    /// Whether it is for some addresses, or some ports of the other side, alone.
    pub some_addresses: bool,
}

/// What the rules make of a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PortState {
    /// It is open.
    Open,
    /// It is open for some addresses alone.
    Partly,
    /// No rule opens it.
    Closed,
    /// A rule closes it, whatever others say.
    Blocked,
    /// The rules do not say whose they are.
    Unclear,
}

impl PortState {
    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            PortState::Open => "open",
            PortState::Partly => "open for some addresses or ports of the other side alone",
            PortState::Closed => "not open",
            PortState::Blocked => "blocked",
            PortState::Unclear => "perhaps open, for a program that is not named,",
        }
    }
}

impl FirewallRule {
    fn is_for(&self, port: u16) -> bool {
        self.ports.is_empty() || self.ports.iter().any(|(from, to)| (*from..=*to).contains(&port))
    }
}

impl Firewall {
    /// Reads exported rules.
    ///
    /// ```
    /// use configcid::envelopes::{Firewall, PortState};
    ///
    /// let rules = Firewall::parse(b"Rule Name: Router\nEnabled: Yes\nDirection: In\nProtocol: TCP\n\
    ///     LocalPort: 8192-8193\nAction: Allow\n")?;
    /// assert_eq!([rules.state(8192), rules.state(8194)], [PortState::Open, PortState::Closed]);
    /// # Ok::<(), configcid::Error>(())
    /// ```
    ///
    /// # Errors
    /// There is no rule in it, or the `.reg` file is malformed.
    pub fn parse(bytes: &[u8]) -> Result<Firewall> {
        let (encoding, mark) = Encoding::detect(bytes);
        let text = encoding.decode(&bytes[mark..]);
        let first = text.trim_start().lines().next().unwrap_or_default().trim();
        let mut firewall = Firewall::default();
        let found = if first == "REGEDIT4" || first.starts_with("Windows Registry Editor") {
            firewall.read_reg(&RegFile::parse(bytes)?)
        } else {
            firewall.read_text(&text)
        };
        if found == 0 {
            return Err(Error::new(ErrorKind::Usage, "there is no firewall rule in it").next(
                "export the rules with: netsh advfirewall firewall show rule name=all verbose > rules.txt (an English Windows), \
                 or: reg export HKLM\\SYSTEM\\CurrentControlSet\\Services\\SharedAccess rules.reg",
            ));
        }
        Ok(firewall)
    }

    /// As [`parse`](Firewall::parse), of a file on disk.
    ///
    /// # Errors
    /// It cannot be read, or as [`parse`](Firewall::parse).
    pub fn parse_file(path: &Path) -> Result<Firewall> {
        let real = path.canonicalize().map_err(|error| Error::io("open it for reading", path, error))?;
        let bytes = read_file(&real, MAX_SIZE).map_err(|error| error.about(path))?;
        Firewall::parse(&bytes).map_err(|error| error.in_file(path))
    }

    /// What the rules make of a port. A rule that keeps out wins over those that let in.
    pub fn state(&self, port: u16) -> PortState {
        let rules: Vec<_> = self.rules.iter().filter(|rule| rule.is_for(port)).collect();
        if rules.iter().any(|rule| !rule.allow && !rule.some_addresses) {
            PortState::Blocked
        } else if rules.iter().any(|rule| rule.allow && !rule.some_addresses) {
            match rules.iter().all(|rule| rule.allow) {
                true => PortState::Open,
                false => PortState::Partly,
            }
        } else if rules.iter().any(|rule| rule.allow) {
            PortState::Partly
        } else if self.unnamed_programs {
            PortState::Unclear
        } else {
            PortState::Closed
        }
    }

    /// Keeps a rule if it is one for what comes in over TCP to the router, on one of its ports.
    fn keep(&mut self, draft: Draft) {
        let Draft { name, enabled, inbound, tcp, program, names_programs, allow, ports, some_addresses } = draft;
        let (Some(allow), true, true, true) = (allow, enabled, inbound, tcp) else { return };
        if !names_programs && program.is_none() && ports.as_ref().is_some_and(Vec::is_empty) {
            self.unnamed_programs = true;
            return;
        }
        let is_router = program.is_none_or(|program| {
            let program = fold_case(program.trim());
            program == "any" || program.rsplit(['\\', '/']).next() == Some(PROGRAM)
        });
        let Some(ports) = ports else { return };
        let rule = FirewallRule { name, allow, ports, some_addresses };
        if is_router && PORTS.iter().any(|port| rule.is_for(*port)) {
            self.rules.push(rule);
        }
    }

    /// Reads what `netsh` prints; gives how many rules there are.
    fn read_text(&mut self, text: &str) -> usize {
        let mut found = 0;
        let mut draft: Option<Draft> = None;
        for line in text.lines() {
            let Some((key, value)) = line.split_once(':') else { continue };
            let (key, value) = (fold_case(key.trim()), value.trim());
            if key == "rule name" {
                let new = Draft { names_programs: false, ..Draft::new(value) };
                draft.replace(new).into_iter().for_each(|done| self.keep(done));
                found += 1;
                continue;
            }
            let Some(draft) = &mut draft else { continue };
            let is = |word: &str| value.eq_ignore_ascii_case(word);
            match key.as_str() {
                "enabled" => draft.enabled = is("yes"),
                "direction" => draft.inbound = is("in"),
                "protocol" => draft.tcp = is("tcp") || is("any") || is("6"),
                "program" => draft.program = Some(value.to_owned()),
                "action" => draft.allow = is_allow(value),
                "remoteip" | "localip" | "remoteport" => draft.some_addresses |= !is("any"),
                "localport" => draft.ports = if is("any") { Some(Vec::new()) } else { ports(value) },
                _ => {}
            }
        }
        draft.into_iter().for_each(|done| self.keep(done));
        found
    }

    /// Reads what the registry has: since Vista each rule is a value `v2.10|Action=Allow|Active=TRUE|Dir=In|...`, before
    /// that a port `8192:TCP` or a program has `...:*:Enabled:name`.
    fn read_reg(&mut self, file: &RegFile) -> usize {
        let mut found = 0;
        for section in file.keys.iter().filter(|section| !section.delete) {
            let key = fold_case(section.key.below());
            for item in &section.items {
                let Some(text) = item.value.as_ref().and_then(|value| value.text()) else { continue };
                if key.ends_with(r"\firewallrules") {
                    found += 1;
                    self.keep(Draft::of_rule(&item.name, text));
                } else if key.contains(r"\globallyopenports\") || key.contains(r"\authorizedapplications\") {
                    found += 1;
                    self.keep(Draft::of_old_rule(&item.name, text));
                }
            }
        }
        found
    }
}

/// A rule while it is read.
struct Draft {
    name: String,
    enabled: bool,
    inbound: bool,
    tcp: bool,
    /// The program that it is for; any, where it names none.
    program: Option<String>,
    /// Whether one that is for a program says so.
    names_programs: bool,
    allow: Option<bool>,
    /// `None`: ports that are none of the router's.
    ports: Option<Vec<(u16, u16)>>,
    some_addresses: bool,
}

impl Draft {
    fn new(name: &str) -> Draft {
        Draft {
            name: name.to_owned(),
            enabled: true,
            inbound: false,
            tcp: true,
            program: None,
            names_programs: true,
            allow: None,
            ports: Some(Vec::new()),
            some_addresses: false,
        }
    }

    fn of_rule(id: &str, text: &str) -> Draft {
        let mut draft = Draft::new(id);
        draft.enabled = false;
        for (name, value) in text.split('|').filter_map(|part| part.split_once('=')) {
            let name = fold_case(name);
            match name.as_str() {
                "action" => draft.allow = is_allow(value),
                "active" => draft.enabled = value.eq_ignore_ascii_case("true"),
                "dir" => draft.inbound = value.eq_ignore_ascii_case("in"),
                "protocol" => draft.tcp = value == "6",
                "app" => draft.program = Some(value.to_owned()),
                "name" => draft.name = value.to_owned(),
                // Words stand for ports that are handed out at run time.
                "lport" | "lport2_10" => match (&mut draft.ports, ports(value)) {
                    (Some(all), Some(more)) => all.extend(more),
                    (_, more) => draft.ports = more,
                },
                _ => {
                    draft.some_addresses |=
                        ["ra4", "ra6", "la4", "la6", "rport"].iter().any(|some| name.starts_with(some))
                }
            }
        }
        draft
    }

    /// `8192:TCP:*:Enabled:name`, or `C:\...\RouterNT.exe:*:Enabled:name`.
    fn of_old_rule(id: &str, text: &str) -> Draft {
        let mut draft = Draft::new(id);
        draft.inbound = true;
        // A path has a colon in it, and a name may have.
        let folded = text.to_ascii_lowercase();
        let state = [":enabled:", ":disabled:"].iter().find_map(|state| Some((folded.find(state)?, state.len())));
        let Some((at, length)) = state else { return draft };
        draft.name = text[at + length..].to_owned();
        draft.enabled = folded[at..].starts_with(":enabled:");
        draft.allow = Some(true);
        let (what, scope) = text[..at].rsplit_once(':').unwrap_or((&text[..at], "*"));
        draft.some_addresses = scope != "*";
        match what.split_once(':') {
            Some((port, protocol)) if port.bytes().all(|byte| byte.is_ascii_digit()) => {
                draft.tcp = protocol.eq_ignore_ascii_case("tcp");
                draft.ports = ports(port);
            }
            _ => draft.program = Some(what.to_owned()),
        }
        draft
    }
}

fn is_allow(word: &str) -> Option<bool> {
    match fold_case(word).as_str() {
        "allow" | "bypass" => Some(true),
        "block" => Some(false),
        _ => None,
    }
}

/// A list of ports and ranges; `None` where it has none that are numbers.
fn ports(list: &str) -> Option<Vec<(u16, u16)>> {
    let range = |part: &str| {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        Some((from.trim().parse().ok()?, to.trim().parse().ok()?))
    };
    let ranges: Vec<_> = list.split(',').filter_map(range).collect();
    (!ranges.is_empty()).then_some(ranges)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn states(bytes: &[u8]) -> [PortState; 3] {
        let firewall = Firewall::parse(bytes).unwrap();
        PORTS.map(|port| firewall.state(port))
    }

    fn netsh(rules: &[(&str, &str, &str)]) -> String {
        let rule = |(ports, action, more): &(&str, &str, &str)| {
            format!(
                "\r\nRule Name:                            A rule: of ours\r\n{}\r\nEnabled:                              Yes\r\n\
                 Direction:                            In\r\nRemoteIP:                             Any\r\nProtocol:   TCP\r\n\
                 LocalPort:   {ports}\r\nAction:   {action}\r\n{more}\r\n",
                "-".repeat(70)
            )
        };
        rules.iter().map(rule).collect()
    }

    #[test]
    fn what_netsh_prints() {
        use PortState::{Blocked, Closed, Open, Partly};
        let of = |rules: &[_]| states(netsh(rules).as_bytes());
        assert_eq!(of(&[("8192-8194", "Allow", "")]), [Open; 3]);
        assert_eq!(of(&[("8192,8194", "Allow", ""), ("8194", "Block", "")]), [Open, Closed, Blocked]);
        assert_eq!(of(&[("Any", "Allow", "Program: Any")]), [Open; 3]);
        // Whose it is, is not said.
        assert_eq!(of(&[("Any", "Allow", "")]), [PortState::Unclear; 3]);
        assert_eq!(of(&[("Any", "Block", ""), ("8192-8194", "Allow", "")]), [Open; 3]);
        assert_eq!(of(&[("8192-8194", "Allow", ""), ("8193", "Block", "RemoteIP: LocalSubnet")]), [Open, Partly, Open]);
        assert_eq!(of(&[("8192-8194", "Allow", "LocalIP: 10.0.0.9/32")]), [Partly; 3]);
        assert_eq!(of(&[("8192-8194", "Allow", "RemotePort: 5000")]), [Partly; 3]);
        assert_eq!(of(&[("8192-8194", "Allow", "Enabled: No")]), [Closed; 3]);
        assert_eq!(of(&[("8192-8194", "Allow", "Direction: Out")]), [Closed; 3]);
        assert_eq!(of(&[("8192-8194", "Allow", "Protocol: UDP")]), [Closed; 3]);
        assert_eq!(of(&[("8192-8194", "Allow", "RemoteIP: 10.0.0.0/8")]), [Partly; 3]);
        assert_eq!(of(&[("Any", "Allow", "Program: C:\\other.exe")]), [Closed; 3]);
        assert_eq!(of(&[("Any", "Allow", "Program: C:\\Sophos\\RouterNT.exe")]), [Open; 3]);
        assert_eq!(of(&[("RPC", "Allow", "")]), [Closed; 3]);
        let utf16: Vec<u8> = [0xFEFF]
            .into_iter()
            .chain(netsh(&[("8193", "Allow", "")]).encode_utf16())
            .flat_map(u16::to_le_bytes)
            .collect();
        assert_eq!(states(&utf16), [Closed, Open, Closed]);
        assert!(Firewall::parse(b"Regelname: etwas\n").is_err());
        assert!(Firewall::parse(b"").is_err());
    }

    #[test]
    fn what_the_registry_has() {
        use PortState::{Blocked, Closed, Open, Partly};
        let of = |rules: &str| {
            let key = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy";
            states(format!("REGEDIT4\n\n[{key}\\{rules}\n").as_bytes())
        };
        let rule = |text: &str| of(&format!("FirewallRules]\n\"{{1}}\"=\"v2.10|{text}|Name=Router|\""));
        assert_eq!(rule("Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=8192|LPort=8194"), [Open, Closed, Open]);
        assert_eq!(rule("Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort2_10=8193-8200"), [Closed, Open, Open]);
        assert_eq!(rule("Action=Block|Active=TRUE|Dir=In"), [Blocked; 3]);
        assert_eq!(rule("Action=Allow|Active=FALSE|Dir=In|Protocol=6|LPort=8192"), [Closed; 3]);
        assert_eq!(rule("Action=Allow|Active=TRUE|Dir=In|Protocol=17|LPort=8192"), [Closed; 3]);
        assert_eq!(
            rule("Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=8192|RA4=LocalSubnet"),
            [Partly, Closed, Closed]
        );
        assert_eq!(rule("Action=Allow|Active=TRUE|Dir=In|App=C:\\\\x\\\\RouterNT.exe"), [Open; 3]);
        assert_eq!(rule("Action=Allow|Active=TRUE|Dir=In|App=C:\\\\x\\\\other.exe"), [Closed; 3]);
        let old = "StandardProfile\\GloballyOpenPorts\\List]\n\"8192:TCP\"=\"8192:TCP:*:Enabled:Router\"\n\
                   \"8193:UDP\"=\"8193:UDP:*:Enabled:x\"\n\"8194:TCP\"=\"8194:TCP:LocalSubNet:Enabled:x\"";
        assert_eq!(of(old), [Open, Closed, Partly]);
        let program = "StandardProfile\\AuthorizedApplications\\List]\n\"x\"=\"C:\\\\Sophos\\\\RouterNT.exe:*:Enabled:Sophos: Router\"";
        assert_eq!(of(program), [Open; 3]);
        assert!(Firewall::parse(b"REGEDIT4\n\n[HKEY_LOCAL_MACHINE\\SOFTWARE\\Acme]\n\"a\"=\"b\"\n").is_err());
    }
}
