//! The Windows firewall, as far as it concerns the router's ports: a model of it, built once from what an administrator can
//! export, and what it lets in. It knows no disk.
//!
//! - `model` is the firewall: the state and the defaults of each profile, locally and by group policy, and the rules.
//! - `registry`, `netsh` and `powershell` read what can be exported, and add to the model.
//! - `evaluate` says of each profile and port what happens, and by which rule.
//!
//! How settings and rules work together is what Microsoft publishes as \[MS-FASP\] and \[MS-GPFAS\]; what neither says is
//! marked as our choice.

mod evaluate;
mod model;
mod netsh;
mod powershell;
mod registry;

pub use evaluate::{PortAnswer, PortState, ProfileAnswer};
pub use model::{Action, Firewall, Generation, Ports, Profile, Rule, Store};

pub(crate) use registry::live_keys;

#[cfg(test)]
use registry::POLICY_KEY;

use std::borrow::Cow;

use crate::base::error::{Error, ErrorKind, Result};
use crate::base::text::Encoding;
use crate::registry::RegFile;

/// How to get what is understood.
const HOW: &str = "export the rules with: reg export HKLM\\SYSTEM\\CurrentControlSet\\Services\\SharedAccess local.reg (any language), \
                   and where there is a group policy: reg export HKLM\\SOFTWARE\\Policies\\Microsoft\\WindowsFirewall policy.reg; \
                   or, on an English Windows, with: netsh advfirewall show allprofiles > firewall.txt, and: \
                   netsh advfirewall firewall show rule name=all verbose >> firewall.txt";

fn unread(what: impl Into<String>) -> Error {
    Error::new(ErrorKind::Usage, what).next(HOW)
}

impl Firewall {
    /// Reads what was exported of one computer's firewall.
    ///
    /// Understood are `.reg` files of the local settings (`SharedAccess`, of any Windows since XP), of the group policy
    /// (`SOFTWARE\Policies\Microsoft\WindowsFirewall`) and of both; what `netsh advfirewall show allprofiles`,
    /// `netsh advfirewall firewall show rule` and `netsh firewall show config` print in English; and lists and CSV of
    /// `Get-NetFirewallRule` that have the ports beside the rules, and of `Get-NetFirewallProfile`. All of them in UTF-16,
    /// UTF-8 or ANSI.
    ///
    /// ```
    /// use configcid::firewall::{Firewall, PortState, Profile};
    ///
    /// let firewall = Firewall::parse(b"Rule Name: Router\nEnabled: Yes\nDirection: In\nProfiles: Domain\nProtocol: TCP\n\
    ///     LocalPort: 8192-8193\nAction: Allow\n")?;
    /// assert_eq!(firewall.answer(Profile::Domain, 8192).state, PortState::Open);
    /// assert_eq!(firewall.answer(Profile::Domain, 8194).state, PortState::Closed);
    /// assert_eq!(firewall.answer(Profile::Public, 8192).state, PortState::Closed);
    /// # Ok::<(), configcid::Error>(())
    /// ```
    ///
    /// # Errors
    /// There is nothing of a firewall in it, what is there cannot tell what comes in, or a `.reg` file is malformed.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let mut firewall = Self::default();
        firewall.add(bytes)?;
        Ok(firewall)
    }

    /// Adds a further export of the same computer.
    ///
    /// # Errors
    /// As [`parse`](Firewall::parse).
    pub fn add(&mut self, bytes: &[u8]) -> Result<()> {
        refuse_binaries(bytes)?;
        let bytes = with_mark(bytes);
        let text = Encoding::text_of(&bytes);
        let first = text.trim_start().lines().next().unwrap_or_default().trim();
        if first == "REGEDIT4" || first.starts_with("Windows Registry Editor") {
            return self.add_registry(&RegFile::parse(&bytes)?);
        }
        // People put one text behind the other.
        understood(match (netsh::read(self, &text), powershell::read(self, &text)) {
            (found, Ok(more)) => found || more,
            (true, Err(_)) => true,
            (false, Err(error)) => return Err(error),
        })
    }

    /// As [`add`](Firewall::add), of an exported registry.
    pub(crate) fn add_registry(&mut self, file: &RegFile) -> Result<()> {
        understood(registry::read(self, file))
    }
}

fn understood(is_understood: bool) -> Result<()> {
    if is_understood { Ok(()) } else { Err(unread(text!("there is nothing of a firewall in it that is understood"))) }
}

/// Formats that only Windows reads, told by how they begin.
fn refuse_binaries(bytes: &[u8]) -> Result<()> {
    let kind = match bytes {
        [b'r', b'e', b'g', b'f', ..] => {
            text!("a policy that netsh advfirewall export, or the firewall's console, has written")
        }
        [b'P', b'R', b'e', b'g', ..] => text!("a Registry.pol of a group policy"),
        _ => return Ok(()),
    };
    Err(unread(text!("this is {kind}, which Windows alone reads", kind)))
}

/// UTF-16 without a byte order mark, as some editors save it, with one.
fn with_mark(bytes: &[u8]) -> Cow<'_, [u8]> {
    match bytes {
        [low, 0, lower, 0, ..] if *low != 0 && *lower != 0 => [b"\xFF\xFE", bytes].concat().into(),
        _ => bytes.into(),
    }
}

#[cfg(test)]
mod tests;
