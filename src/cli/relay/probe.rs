//! `configcid relay probe`.

use crate::base::hex::hex;
use std::io::Read;
use std::path::Path;
use std::time::Duration;

use crate::ior::{self, Component, IiopProfile, Ior, Profile};
use crate::probe::{self, Probe, Reading, Target};
use crate::report::count;
use crate::{Exit, Result};
use clap::Args;
use serde::Serialize;

use crate::cli::out::Out;

#[derive(Debug, Args)]
pub(crate) struct ProbeArgs {
    /// The relays or servers: HOST, HOST:PORT, [ADDRESS]:PORT; without a port 8192
    #[arg(value_name = "HOST[:PORT]", required_unless_present = "ior")]
    hosts: Vec<String>,
    /// How long each host may take to answer
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = clap::value_parser!(u64).range(1..=3600))]
    timeout: u64,
    /// Ask nobody: judge the reference in this file (-: standard input), or this one, if it begins with IOR:
    #[arg(long, value_name = "FILE", conflicts_with_all = ["hosts", "timeout"])]
    ior: Option<String>,
}

const COMMAND: &str = "relay probe";

pub(super) fn run(args: &ProbeArgs, out: Out) -> Exit {
    let done = match &args.ior {
        Some(from) => judge(from, out),
        None => ask(args, out),
    };
    done.unwrap_or_else(|error| out.fail(COMMAND, &error))
}

fn ask(args: &ProbeArgs, out: Out) -> Result<Exit> {
    #[derive(Serialize)]
    struct Body {
        hosts: Vec<Probe>,
    }
    let targets = args.hosts.iter().map(|host| host.parse()).collect::<Result<Vec<Target>>>()?;
    let hosts = probe::probe(&targets, Duration::from_secs(args.timeout));
    for host in &hosts {
        let address = host.address.map(|address| address.to_string()).filter(|text| *text != host.target.to_string());
        out.heading(format!("{}{}", host.target, address.map_or_else(String::new, |text| format!("  ({text})"))));
        print(&host.reading, out);
    }
    let faulty = hosts.iter().filter(|host| !host.reading.faults.is_empty()).count();
    if hosts.len() > 1 {
        let all = count(hosts.len(), "host", "hosts");
        match faulty {
            0 => out.good(text!("{all}, all of them well", all)),
            _ => out.fault(text!("{faulty} of {all} with faults", faulty, all)),
        }
    }
    let exit = if faulty == 0 { Exit::Done } else { Exit::Faults };
    out.answer(COMMAND, exit, Body { hosts });
    Ok(exit)
}

fn judge(from: &str, out: Out) -> Result<Exit> {
    #[derive(Serialize)]
    struct Body {
        from: Option<String>,
        #[serde(flatten)]
        reading: Reading,
    }
    let is_text = from.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("IOR:"));
    let reading = if is_text {
        probe::read(from.as_bytes())?
    } else if from == "-" {
        let mut text = Vec::new();
        let limit = 4 * ior::MAX_SIZE as u64 + 1;
        // What cannot be read any further is no reference.
        let _ = std::io::stdin().lock().take(limit).read_to_end(&mut text);
        probe::read(&text)?
    } else {
        probe::read_file(Path::new(from))?
    };
    print(&reading, out);
    let exit = if reading.faults.is_empty() { Exit::Done } else { Exit::Faults };
    let from = Some(from.to_owned()).filter(|_| !is_text);
    out.answer(COMMAND, exit, Body { from, reading });
    Ok(exit)
}

fn print(reading: &Reading, out: Out) {
    for place in &reading.connects_to {
        let port = |port: Option<u16>, name: &str| port.map(|port| text!("port {port} ({name})", port, name));
        let ports: Vec<String> =
            [port(place.port, "IIOP"), port(place.ssl_port, "SSL")].into_iter().flatten().collect();
        let ports = if ports.is_empty() { text!("no port").to_owned() } else { ports.join(", ") };
        out.line(text!("  endpoints connect to  {place}, {ports}", place, ports));
    }
    if let Some(ior) = &reading.ior {
        details(ior, out);
    }
    reading.notes.iter().for_each(|note| out.warning(note));
    reading.faults.iter().for_each(|fault| out.fault(text!("  fault ({code}): {fault}", code = fault.code, fault)));
}

/// The reference itself, for those who asked for more.
fn details(ior: &Ior, out: Out) {
    out.detail(text!("  type                  {}", ior.type_id));
    for profile in &ior.profiles {
        match profile {
            Profile::Iiop(profile) => iiop(profile, out),
            Profile::Other { tag, data } => out.detail(text!(
                "  profile               tag {tag}, {data}",
                tag,
                data = count(data.len(), "byte", "bytes")
            )),
        }
    }
}

fn iiop(profile: &IiopProfile, out: Out) {
    let IiopProfile { minor_version, host, port, object_key, components, .. } = profile;
    out.detail(text!("  profile               IIOP 1.{minor_version}, {host} port {port}", minor_version, host, port));
    out.detail(text!("    object key          {} ({})", hex(object_key), count(object_key.len(), "byte", "bytes")));
    for component in components {
        out.detail(match component {
            Component::Ssl { supports, requires, port, .. } => {
                text!(
                    "    SSL                 port {port}, supports 0x{supports}, requires 0x{requires}",
                    port,
                    supports = format!("{supports:02x}"),
                    requires = format!("{requires:02x}")
                )
            }
            Component::Alternate { host, port, .. } => text!("    another address     {host} port {port}", host, port),
            Component::Other { tag, data } => {
                text!("    component           tag {tag}, {data}", tag, data = count(data.len(), "byte", "bytes"))
            }
        });
    }
}
