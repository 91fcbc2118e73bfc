//! What an endpoint is told when it asks a router for its address: a router sends a stringified object reference to
//! whoever connects to its IOR port (formats.md, section 2), and the endpoint connects to what stands in it. Behind a NAT
//! that is often an address that nobody else can reach.

pub(crate) mod codes;
mod fetch;
mod gather;
mod judge;
mod scope;
mod target;

pub use scope::Scope;
pub use target::{IOR_PORT, Target};

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::path::Path;
use std::time::{Duration, Instant};

use crate::base::error::Result;
use crate::base::files::read_given_file;
use crate::base::pool::side_by_side;
use crate::base::text::Encoding;
use crate::ior::{self, Ior};
use judge::{Lookup, Probed, judge};

/// How many hosts are asked at the same time.
const AT_ONCE: usize = 32;

/// A file of a reference is no larger, in whatever encoding.
const MAX_FILE: u64 = 4 * ior::MAX_SIZE as u64;

/// What became of one host.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Probe {
    /// Who was asked.
    #[serde(flatten)]
    pub target: Target,
    /// The address that answered.
    pub address: Option<SocketAddr>,
    /// What the answer says.
    #[serde(flatten)]
    pub reading: Reading,
}

/// What a reference says, and what is wrong with that.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Reading {
    /// The reference, where there is one.
    pub ior: Option<Ior>,
    /// Where endpoints are told to connect, in the order of the reference.
    pub connects_to: Vec<Place>,
    /// What keeps endpoints from the relay.
    pub faults: Vec<ProbeFault>,
    /// What is worth a look, each as a sentence.
    pub notes: Vec<String>,
}

/// A place where endpoints are told to connect.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Place {
    /// The name or IP address that stands in the reference.
    pub host: String,
    /// The port of plain IIOP, where there is one.
    pub port: Option<u16>,
    /// The port of IIOP over SSL, where there is one.
    pub ssl_port: Option<u16>,
    /// What the host means on this computer; empty where it means nothing, or a name was not looked up.
    pub addresses: Vec<IpAddr>,
    /// Who can reach it, as far as its addresses tell.
    pub scope: Option<Scope>,
    /// Whether it is the host that was probed; nothing where none was.
    pub probed: Option<bool>,
}

/// What keeps endpoints from the relay.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct ProbeFault {
    /// The sort, stable (docs/json.md).
    pub code: &'static str,
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub next: &'static str,
}

impl std::fmt::Display for ProbeFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}; {}", self.what, self.next)
    }
}

/// Asks each host for its reference, several at the same time, and judges what it says. The answers come in the order of
/// the hosts; one that does not answer stops no other.
///
/// Each host has `timeout` to answer in, from the look-up of its name to the last byte, and the names in its reference
/// have as long again. A look-up that takes longer goes on in a thread of its own, whose result is not waited for.
///
/// ```no_run
/// use std::time::Duration;
/// use configcid::probe::{Target, probe};
///
/// let targets = ["relay.sales.acme".parse::<Target>()?, "10.1.200.65:8192".parse()?];
/// for probe in probe(&targets, Duration::from_secs(10)) {
///     println!("{}: {}", probe.target, if probe.reading.faults.is_empty() { "well" } else { "not well" });
/// }
/// # Ok::<(), configcid::Error>(())
/// ```
pub fn probe(targets: &[Target], timeout: Duration) -> Vec<Probe> {
    let mut probes: Vec<Option<Probe>> = targets.iter().map(|_| None).collect();
    let ask = |index: usize| probe_one(&targets[index], timeout);
    side_by_side(AT_ONCE, targets.len(), ask, |index, probe| probes[index] = Some(probe));
    probes.into_iter().flatten().collect()
}

fn probe_one(target: &Target, timeout: Duration) -> Probe {
    let answer = match fetch::fetch(target, timeout) {
        Ok(answer) => answer,
        Err(failed) => {
            let reading = Reading { faults: vec![failed.fault], ..Reading::default() };
            return Probe { target: target.clone(), address: failed.address, reading };
        }
    };
    let deadline = Instant::now() + timeout;
    let look_up = |name: &str| match fetch::resolve(name, 0, deadline) {
        Ok(found) => Lookup::Found(found.iter().map(|address| address.ip().to_canonical()).collect()),
        Err(why) => Lookup::Unknown(why),
    };
    let probed = Probed {
        host: target.host(),
        peer: answer.address.ip().to_canonical(),
        addresses: &answer.addresses,
        is_own: &is_own,
    };
    let reading = judge(answer.ior, &look_up, Some(&probed));
    Probe { target: target.clone(), address: Some(answer.address), reading }
}

/// Whether an address is one of this computer's: to that, it would send from that. Nothing is sent.
fn is_own(address: IpAddr) -> bool {
    let any: IpAddr = match address {
        IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let from = UdpSocket::bind((any, 0)).and_then(|socket| {
        socket.connect((address, IOR_PORT))?;
        socket.local_addr()
    });
    from.is_ok_and(|from| from.ip() == address)
}

/// Judges a reference by itself: nobody is asked, no name is looked up.
///
/// # Errors
/// The text, in any [`Encoding`], is no reference.
///
/// ```
/// let reading = configcid::probe::read(b"IOR:000000000000000000000000\r\n")?;
/// assert_eq!(reading.faults[0].code, "no-iiop-profile");
/// # Ok::<(), configcid::Error>(())
/// ```
pub fn read(text: &[u8]) -> Result<Reading> {
    let gathered = gather::gather(&Encoding::text_of(text));
    let ior = Ior::parse(gathered.text.as_bytes()).map_err(|error| match gathered.broken_at {
        Some(line) => error.next(text!("it goes over several lines, and line {line} is the first that is no hex digits alone: copy it again, in one line", line)),
        None => error,
    })?;
    let mut reading = judge(ior, &|_| Lookup::NotTried, None);
    reading.notes.extend(gathered.notes);
    Ok(reading)
}

/// As [`read`], of a file on disk.
///
/// # Errors
/// It cannot be read, or as [`read`].
pub fn read_file(path: &Path) -> Result<Reading> {
    let bytes = read_given_file(path, MAX_FILE, text!("name a file that holds an object reference"))?;
    read(&bytes).map_err(|error| error.in_file(path))
}

#[cfg(test)]
mod tests;
