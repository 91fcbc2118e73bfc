//! `configcid envelopes check`.

use crate::base::language::said;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use crate::envelopes::{
    self, Check, CheckOptions, Limits, PORTS, ProgramVersion, Seen, Surroundings, Threshold, Verdict, bytes,
    print_duration, ranked,
};
use crate::firewall::Profile;
use crate::report::{PageFile, count, table};
use crate::router::Router;
use crate::{Exit, Result};
use clap::Args;

use super::flags::{ServerFlags, duration, folder, moment, seconds};
use super::nagios;
use crate::cli::flags::path;
use crate::cli::out::Out;

/// How long a host may take to answer.
const PROBE_WAIT: Duration = Duration::from_secs(3);

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// The Envelopes folder, a share or a copy of it; on Windows by default that of this computer
    #[arg(value_name = "DIR", value_parser = path())]
    dir: Option<PathBuf>,
    /// How many endpoints the console manages
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    endpoints: Option<u64>,
    /// From how many messages on to warn: a number, or a multiple of the endpoints; by default 2x
    #[arg(long, value_name = "N|Nx", value_parser = threshold)]
    warning: Option<Threshold>,
    /// From how many messages on it is critical: a number, or a multiple of the endpoints; by default 3x [63588]
    #[arg(long, value_name = "N|Nx", value_parser = threshold)]
    critical: Option<Threshold>,
    /// How long messages live, in days (or as 96h): by default 4, or 14 before console 4.7
    #[arg(long, value_name = "DAYS", value_parser = duration)]
    ttl: Option<Duration>,
    /// The version of the console, for how long messages live
    #[arg(long, value_name = "VERSION", conflicts_with = "ttl")]
    console_version: Option<ProgramVersion>,
    /// How many endpoints report to this server directly, through no relay; without --relays, all by default
    #[arg(long, value_name = "N")]
    direct: Option<u64>,
    /// How many message relays there are
    #[arg(long, value_name = "N")]
    relays: Option<u64>,
    #[command(flatten)]
    server: ServerFlags,
    /// The server's firewall, exported by reg, netsh (in English) or PowerShell; more than once where it is in several files
    #[arg(long, value_name = "FILE", value_parser = path())]
    firewall: Vec<PathBuf>,
    /// The profile of the firewall that the server is in: a member of a domain is in domain
    #[arg(long, value_name = "NAME", value_enum)]
    profile: Vec<ProfileName>,
    /// The router's logs: a folder of them, or one
    #[arg(long, value_name = "PATH", value_parser = path())]
    logs: Option<PathBuf>,
    /// This computer is the server: look at its memory, processors, disks and, on Windows, firewall; on Windows by default, where no
    /// folder and no registry are named
    #[arg(long)]
    this_computer: bool,
    /// Write a page for a ticket to this file
    #[arg(long, value_name = "FILE", value_parser = path())]
    html: Option<PathBuf>,
    /// Below how many MiB the free space of the volume is little [default: 1 GiB, or a twentieth of the volume]
    #[arg(long, value_name = "MIB")]
    min_free: Option<u64>,
    /// See whether the router's ports answer on this host; on Windows by default this computer, where its folder is checked
    #[arg(long, value_name = "HOST")]
    probe: Option<String>,
    /// Count alone, and look at no age and size
    #[arg(long)]
    count_only: bool,
    /// Count again after so many seconds, for the rate
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    sample: Option<Duration>,
    /// The present, instead of the clock's; such as 2026-11-21T18:30:00Z
    #[arg(long, value_name = "TIME", value_parser = moment)]
    at: Option<SystemTime>,
    /// Answer as a Nagios plugin does: one line, performance data, exit codes 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN
    #[arg(long, conflicts_with = "json")]
    nagios: bool,
    /// Write the figures to this file, in the text format of Prometheus
    #[arg(long, value_name = "FILE", value_parser = path())]
    metrics: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub(crate) enum ProfileName {
    Domain,
    /// Before Vista: Standard
    #[value(alias = "standard")]
    Private,
    Public,
}

impl From<ProfileName> for Profile {
    fn from(name: ProfileName) -> Self {
        match name {
            ProfileName::Domain => Self::Domain,
            ProfileName::Private => Self::Private,
            ProfileName::Public => Self::Public,
        }
    }
}

fn threshold(text: &str) -> Result<Threshold, String> {
    text.parse().map_err(|error: crate::Error| error.to_string())
}

pub(super) fn run(args: &CheckArgs, out: Out) -> Exit {
    const COMMAND: &str = "envelopes check";
    let at = args.at.unwrap_or_else(SystemTime::now);
    // What would fail is found before the work.
    let folder = args.dir.iter().cloned().collect::<Vec<_>>();
    let page = match args.html.as_ref().map(|path| PageFile::new(path, &folder)).transpose() {
        Ok(page) => page,
        Err(error) if args.nagios => return nagios::failed(&error),
        Err(error) => return out.fail(COMMAND, &error),
    };
    let found = look(args, at, out);
    if let (Err(_), Some(path)) = (&found, &args.metrics) {
        // What the file says of a folder that could not be looked at must not look like news.
        let folder = args.dir.clone().unwrap_or_default();
        let _ = envelopes::write_metrics(path, &envelopes::metrics_of_failure(&folder));
    }
    let done = found.and_then(|found| {
        if let Some(path) = &args.metrics {
            envelopes::write_metrics(path, &envelopes::metrics(&found, at))?;
        }
        if let Some(page) = &page {
            page.write(&envelopes::page(&found))?;
        }
        Ok(found)
    });
    let found = match done {
        Ok(found) => found,
        Err(error) if args.nagios => return nagios::failed(&error),
        Err(error) => return out.fail(COMMAND, &error),
    };
    if args.nagios {
        return nagios::answer(&found);
    }
    let is_asked = !args.firewall.is_empty()
        || args.server.reg.is_some()
        || args.logs.is_some()
        || args.probe.is_some()
        || args.this_computer;
    print(&found, is_asked, out);
    let exit = if found.verdict == Verdict::Ok { Exit::Done } else { Exit::Faults };
    out.answer(COMMAND, exit, &found);
    exit
}

fn look(args: &CheckArgs, at: SystemTime, out: Out) -> Result<Check> {
    let mut options = options(args, at, out)?;
    let (folder, place) = folder(args.dir.as_ref(), &args.server)?;
    let is_here = args.this_computer || (args.server.is_live() && args.dir.is_none());
    if is_here {
        options.surroundings.resources = Some(envelopes::live_resources());
        if cfg!(windows) && args.firewall.is_empty() {
            options.surroundings.firewall = Some(envelopes::live_firewall()?);
        }
        if cfg!(windows) && args.profile.is_empty() {
            options.surroundings.profiles = envelopes::live_profiles();
        }
    }
    let router = match &args.server.reg {
        Some(reg) => Some(Router::in_file_at(reg)?),
        None if cfg!(windows) && is_here => Some(Router::live()?),
        None => None,
    };
    options.surroundings.registry = router.iter().flat_map(envelopes::router_lines).collect();
    if let Some(place) = place {
        if !args.server.is_live() {
            options.surroundings.on_boot_volume = place.on_boot_volume();
        } else if args.probe.is_none() && args.dir.is_none() {
            options.surroundings.listening = Some(envelopes::probe("127.0.0.1", &PORTS, PROBE_WAIT)?);
        }
    }
    envelopes::check(&folder, &options)
}

fn options(args: &CheckArgs, at: SystemTime, out: Out) -> Result<CheckOptions> {
    let mut around = Surroundings::default();
    (around.endpoints, around.direct, around.relays) = (args.endpoints, args.direct, args.relays);
    around.system = args.server.system;
    around.min_free = args.min_free.map(|mib| mib.saturating_mul(1 << 20));
    if !args.firewall.is_empty() {
        around.firewall = Some(envelopes::exported_firewall(&args.firewall)?);
    }
    // One export may have both.
    if let Some(reg) = args.server.reg.as_ref().filter(|_| args.firewall.is_empty()) {
        around.firewall = envelopes::exported_firewall(&[reg]).ok();
    }
    around.router = args.logs.as_ref().map(|path| envelopes::router_seen(path)).transpose()?;
    around.profiles = args.profile.iter().map(|name| Profile::from(*name)).collect();
    // A host that is not found for a moment takes no verdict with it: the cause is unknown then.
    around.listening = args.probe.as_ref().and_then(|host| {
        let asked = envelopes::probe(host, &PORTS, PROBE_WAIT);
        asked
            .inspect_err(|error| {
                if !args.nagios {
                    out.warning(&error.to_string())
                }
            })
            .ok()
    });
    let limits = Limits::new(args.endpoints, args.warning, args.critical)?;
    let mut options = CheckOptions::new(limits, at);
    options.endpoints = args.endpoints;
    (options.ttl, options.ttl_longest) =
        args.ttl.map_or_else(|| envelopes::ttl(args.console_version.as_ref()), |ttl| (ttl, ttl));
    options.count_only = args.count_only;
    options.sample = args.sample;
    options.surroundings = around;
    Ok(options)
}

/// `is_asked`: whether it was asked for causes, however few messages there are.
fn print(found: &Check, is_asked: bool, out: Out) {
    out.heading(found.folder.display().to_string());
    let messages = count(found.count as usize, "message", "messages");
    let endpoints = found.endpoints.map_or_else(String::new, |endpoints| {
        text!(" for {}", count(endpoints as usize, "managed endpoint", "managed endpoints"))
    });
    let limits = found.thresholds;
    let said = text!(
        "{messages}{endpoints}; a warning from {warning} on, critical from {critical} on",
        messages,
        endpoints,
        warning = limits.warning,
        critical = limits.critical
    );
    match found.verdict {
        Verdict::Ok => out.good(text!("OK: few messages: {said}", said)),
        verdict => out.fault(format!("{}: {said}", verdict.name().to_uppercase())),
    }
    found.notes.iter().for_each(|note| out.line(format!("  {note}")));
    figures(found, out);
    if found.verdict != Verdict::Ok || out.verbose || is_asked {
        out.heading("Likely causes: those that were seen first, each in the article's order [63588]");
        let causes = ranked(&found.causes);
        let rows = causes.iter().map(|cause| {
            vec![format!("  {}.", cause.rank), cause.seen.name().to_owned(), format!("{}: {}", cause.cause, cause.what)]
        });
        for (line, cause) in table(&rows.collect::<Vec<_>>()).into_iter().zip(causes) {
            if cause.seen == Seen::Yes {
                out.fault(line)
            } else {
                out.line(line)
            }
            cause.evidence.iter().for_each(|line| out.line(format!("                {line}")));
        }
    }
    if !found.next.is_empty() {
        out.heading("What to do next");
        found.next.iter().enumerate().for_each(|(index, step)| out.line(format!("  {}. {step}", index + 1)));
    }
}

fn figures(found: &Check, out: Out) {
    let mut rows = Vec::new();
    if let Some(size) = found.bytes {
        rows.push(vec![text!("  size").into(), bytes(size)]);
    }
    if let Some(oldest) = &found.oldest {
        let age = print_duration(Duration::from_secs(oldest.age_seconds));
        rows.push(vec![text!("  oldest").into(), text!("{age}, of {modified}", age, modified = oldest.modified)]);
    }
    if let Some(expired) = found.expired_sentence() {
        rows.push(vec![text!("  expired").into(), expired]);
    }
    if let Some(rate) = &found.rate {
        rows.push(vec![text!("  rate").into(), rate.sentence()]);
    }
    table(&rows).iter().for_each(|line| out.line(line));
    if let Some(parts) = found.ages.as_ref().filter(|_| found.count > 0) {
        let most = parts.iter().map(|part| part.count).max().unwrap_or(1).max(1);
        let mut rows = vec![vec![text!("  AGE").to_owned(), text!("MESSAGES").to_owned()]];
        for part in parts {
            let bar = "#".repeat((u128::from(part.count) * 40).div_ceil(u128::from(most)) as usize);
            rows.push(vec![format!("  {}", said(part.age)), part.count.to_string(), bar]);
        }
        table(&rows).iter().for_each(|line| out.line(line));
    }
}
