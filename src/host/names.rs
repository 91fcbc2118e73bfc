//! What a computer is called: its addresses and names, asked for at the system's resolver within a bound of time.

use std::net::{IpAddr, Ipv4Addr, ToSocketAddrs, UdpSocket};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use dns_lookup::{AddrInfoHints, get_hostname, getaddrinfo};

use crate::base::error::{Error, ErrorKind, Result};

/// "Tell the name that this one stands for": the same number in the headers of Linux, macOS and Windows.
const CANONICAL_NAME: i32 = 2;

/// An address for documentation (RFC 5737) that nobody has. Nothing is ever sent to it.
const ELSEWHERE: (Ipv4Addr, u16) = (Ipv4Addr::new(192, 0, 2, 1), 9);

/// A NetBIOS name has no more characters.
const NETBIOS: usize = 15;

/// A computer by its addresses and names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Named {
    /// Addresses that other computers may reach, in the order of the resolver.
    pub ips: Vec<IpAddr>,
    /// The name with its domain, where that is known.
    pub fqdn: Option<String>,
    /// The first label, as the NetBIOS name usually is: our choice.
    pub netbios: Option<String>,
}

/// Asks for a name.
///
/// # Errors
/// The name means nothing here, or nothing that another computer could reach; or the answer takes longer than `limit`.
pub(crate) fn look_up(name: &str, limit: Duration) -> Result<Named> {
    let wrong = |what: String| {
        Error::new(ErrorKind::Address, what).next("look at the name and at the DNS; or give --ip, --fqdn and --netbios")
    };
    if name.parse::<IpAddr>().is_ok() {
        return Err(Error::new(ErrorKind::Address, text!("{name} is an IP address", name)).next("give it with --ip"));
    }
    let (all, canonical) = ask(name, limit)
        .map_err(|why| wrong(text!("{name} cannot be resolved: {why}", name = format!("{name:?}"), why)))?;
    let ips = reachable(&all);
    if ips.is_empty() {
        let all: Vec<String> = all.iter().map(IpAddr::to_string).collect();
        return Err(wrong(text!(
            "{name} resolves to {join}, which no other computer reaches",
            name = format!("{name:?}"),
            join = all.join(", ")
        )));
    }
    Ok(called(name, canonical, ips))
}

/// This computer, by its own name and by the address that it sends from.
///
/// # Errors
/// It has no name that can be read.
pub(crate) fn this_computer(limit: Duration) -> Result<Named> {
    let name = get_hostname().map_err(|error| {
        Error::new(ErrorKind::Address, text!("the name of this computer cannot be read: {error}", error))
            .next("give --ip, --fqdn and --netbios")
    })?;
    let (all, canonical) = ask(&name, limit).unwrap_or_default();
    // A computer may know itself by 127.0.1.1 alone.
    let mut ips = reachable(&all);
    if ips.is_empty() {
        ips.extend(sends_from().filter(|ip| !ip.is_loopback() && !ip.is_unspecified()));
    }
    Ok(called(&name, canonical, ips))
}

fn called(name: &str, canonical: Option<String>, ips: Vec<IpAddr>) -> Named {
    let plain = |name: &str| name.trim_end_matches('.').to_owned();
    let fqdn = Some(plain(name)).filter(|name| name.contains('.'));
    let fqdn = fqdn.or_else(|| canonical.map(|name| plain(&name)).filter(|name| name.contains('.')));
    let label = name.split('.').next().unwrap_or_default();
    let netbios = (1..=NETBIOS).contains(&label.chars().count()).then(|| label.to_ascii_uppercase());
    Named { ips, fqdn, netbios }
}

/// Those that others reach; IPv6 ones only where there is nothing else, since old routers may understand only IPv4.
fn reachable(all: &[IpAddr]) -> Vec<IpAddr> {
    let is_of_this_wire = |ip: &IpAddr| match ip {
        IpAddr::V4(ip) => ip.is_loopback() || ip.is_link_local() || ip.is_unspecified(),
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unicast_link_local() || ip.is_unspecified(),
    };
    let found: Vec<IpAddr> = all.iter().filter(|ip| !is_of_this_wire(ip)).copied().collect();
    let old: Vec<IpAddr> = found.iter().filter(|ip| ip.is_ipv4()).copied().collect();
    if old.is_empty() { found } else { old }
}

/// The address from which this computer would send to others. Nothing is sent.
fn sends_from() -> impl Iterator<Item = IpAddr> {
    let from = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).and_then(|socket| {
        socket.connect(ELSEWHERE)?;
        socket.local_addr()
    });
    from.ok().map(|from| from.ip()).into_iter()
}

/// All addresses of a name, and the name that it stands for. The system's resolver cannot be stopped, so that it runs by
/// itself.
fn ask(name: &str, limit: Duration) -> std::result::Result<(Vec<IpAddr>, Option<String>), String> {
    let (sender, receiver) = mpsc::channel();
    let name = name.to_owned();
    let look = move || {
        let found = (name.as_str(), 0).to_socket_addrs().map_err(|error| error.to_string());
        let found = found.map(|found| {
            let mut ips = Vec::new();
            for ip in found.map(|address| address.ip().to_canonical()) {
                if !ips.contains(&ip) {
                    ips.push(ip);
                }
            }
            // The first answer alone has it. What stands behind a name of any length is not aligned under Wine, and the crate
            // would read it.
            let hints = AddrInfoHints { flags: CANONICAL_NAME, ..AddrInfoHints::default() };
            let first = getaddrinfo(Some(&name), None, Some(hints)).ok().and_then(|mut found| found.next());
            (ips, first.and_then(Result::ok).and_then(|info| info.canonname))
        });
        sender.send(found)
    };
    thread::Builder::new().spawn(look).map_err(|error| error.to_string())?;
    match receiver.recv_timeout(limit) {
        Ok(found) => found,
        Err(_) => Err(text!("the system's resolver has no answer within {} s", limit.as_secs())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_of_what_is_known() {
        let ips: Vec<IpAddr> = vec!["10.1.2.3".parse().unwrap()];
        let named = |name: &str, canonical: Option<&str>| called(name, canonical.map(str::to_owned), ips.clone());
        let parts = |named: Named| (named.fqdn, named.netbios);
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(parts(named("mr.sales.acme.", None)), (text("mr.sales.acme"), text("MR")));
        assert_eq!(parts(named("mr", Some("mr.sales.acme"))), (text("mr.sales.acme"), text("MR")));
        assert_eq!(parts(named("mr", Some("mr"))), (None, text("MR")));
        assert_eq!(parts(named("a-very-long-name.acme", None)), (text("a-very-long-name.acme"), None));
    }

    #[test]
    fn addresses_that_nobody_reaches_do_not_count() {
        let all: Vec<IpAddr> = ["127.0.1.1", "169.254.1.1", "fe80::1", "2001:db8::7", "10.1.2.3", "10.9.0.1"]
            .map(|ip| ip.parse().unwrap())
            .to_vec();
        let shown = |ips: Vec<IpAddr>| ips.iter().map(IpAddr::to_string).collect::<Vec<_>>();
        assert_eq!(shown(reachable(&all)), ["10.1.2.3", "10.9.0.1"]);
        assert_eq!(shown(reachable(&all[..4])), ["2001:db8::7"]);
        assert!(reachable(&all[..3]).is_empty());
    }

    #[test]
    fn what_cannot_be_found_is_said() {
        let limit = Duration::from_secs(10);
        let error = look_up("10.1.2.3", limit).unwrap_err();
        assert!(error.to_string().contains("--ip"), "{error}");
        // It stands in the hosts file of every system, and means this computer alone.
        let error = look_up("localhost", limit).unwrap_err();
        assert!(error.to_string().contains("no other computer reaches"), "{error}");
        assert!(this_computer(limit).is_ok());
    }
}
