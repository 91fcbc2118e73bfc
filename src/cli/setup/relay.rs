//! Which computer is the relay: a name is enough, and what is found by it is shown before it is taken.

use std::net::IpAddr;
use std::time::Duration;

use crate::cli::out::Out;
use crate::host::names::{Named, look_up, this_computer};
use crate::{RelayAddress, Result};

use super::ask::{self, Asked};

/// The parts of the relay's address, as they are typed.
#[derive(Debug, Default)]
pub(super) struct Parts {
    pub ips: Vec<String>,
    pub fqdns: Vec<String>,
    pub names: Vec<String>,
}

impl From<Named> for Parts {
    fn from(named: Named) -> Self {
        Self {
            ips: named.ips.iter().map(IpAddr::to_string).collect(),
            fqdns: named.fqdn.into_iter().collect(),
            names: named.netbios.into_iter().collect(),
        }
    }
}

impl Parts {
    /// # Errors
    /// As of [`RelayAddress::several`].
    pub(super) fn address(&self) -> Result<RelayAddress> {
        let [ips, fqdns, names] = [&self.ips, &self.fqdns, &self.names].map(|texts| texts.iter().map(String::as_str));
        RelayAddress::several(ips, fqdns, names)
    }

    fn lines(&self) -> [String; 3] {
        let or_none = |texts: &[String]| if texts.is_empty() { "(none)".to_owned() } else { texts.join(", ") };
        [
            text!("  IP address    {}", or_none(&self.ips)),
            text!("  full name     {}", or_none(&self.fqdns)),
            text!("  NetBIOS name  {}", or_none(&self.names)),
        ]
    }
}

/// Asks until there is an address that can be one, and that was agreed to.
pub(super) fn ask(limit: Duration, out: Out) -> Asked<Parts> {
    loop {
        let help = text!("its name, its IP address, or nothing: it is this one");
        let name = ask::text(text!("Which computer is the relay?"), "", help, out)?;
        let found = match name.as_str() {
            "" => this_computer(limit).map(Parts::from),
            ip if ip.parse::<IpAddr>().is_ok() => Ok(Parts { ips: vec![ip.to_owned()], ..Parts::default() }),
            name => look_up(name, limit).map(Parts::from),
        };
        let mut parts = match found {
            Ok(parts) => parts,
            Err(error) => {
                out.error(&error);
                let answers =
                    [text!("give another name"), text!("give its addresses and names by hand")].map(str::to_owned);
                match ask::one(text!("What now?"), &answers, out)? {
                    0 => continue,
                    _ if name.contains('.') => typed(&Parts { fqdns: vec![name], ..Parts::default() }, out)?,
                    _ => typed(&Parts { names: vec![name], ..Parts::default() }, out)?,
                }
            }
        };
        loop {
            out.line("Endpoints are to find the relay by:");
            parts.lines().iter().for_each(|line| out.line(line));
            let address = parts.address();
            let mut answers = vec![text!("change this").to_owned(), text!("name another computer").to_owned()];
            match &address {
                Ok(address) => {
                    address.warnings().iter().for_each(|warning| out.warning(warning));
                    answers.insert(0, text!("take this").to_owned());
                }
                Err(error) => out.error(error),
            }
            match ask::one(text!("Is that right?"), &answers, out)? + usize::from(address.is_err()) {
                0 => return Ok(parts),
                1 => parts = typed(&parts, out)?,
                _ => break,
            }
        }
    }
}

/// The parts as somebody types them.
fn typed(parts: &Parts, out: Out) -> Asked<Parts> {
    let one = |question: &str, at_first: &[String]| -> Asked<Vec<String>> {
        let help = text!("several with commas between, in the order to try; or nothing");
        let text = ask::text(question, &at_first.join(", "), help, out)?;
        Ok(text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect())
    };
    Ok(Parts {
        ips: one(text!("IP address:"), &parts.ips)?,
        fqdns: one(text!("Full name, with its domain:"), &parts.fqdns)?,
        names: one(text!("NetBIOS name:"), &parts.names)?,
    })
}
