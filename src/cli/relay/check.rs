//! `configcid relay check`.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::base::files::read_given_file;
use crate::base::host;
use crate::cli::envelopes::ProfileName;
use crate::cli::flags::path;
use crate::cli::out::Out;
use crate::envelopes::{self, System};
use crate::probe::{self, Target};
use crate::readiness::{
    self, Answer, DynamicPorts, Evidence, InstalledFile, Point, Readiness, RelayCid, Sockets, Standing, Tcpip,
};
use crate::registry::RegFile;
use crate::report::{count, table};
use crate::router::{self, RegistryView, Router};
use crate::{Cid, Exit, Result};
use clap::Args;
use serde::Serialize;

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// The CID that the relay should have installed from
    #[arg(long, value_parser = path())]
    cid: Option<PathBuf>,
    /// Read this file, exported from the relay's registry, instead of the registry of this computer; more than once where it
    /// is in several files
    #[arg(long, value_name = "FILE", value_parser = path())]
    reg: Vec<PathBuf>,
    /// The mrinit.conf that the relay has installed, or a copy of it; on Windows by default that of this computer
    #[arg(long, value_name = "FILE", value_parser = path())]
    mrinit: Option<PathBuf>,
    /// The relay's list of connections, as netstat -an prints it
    #[arg(long, value_name = "FILE", value_parser = path())]
    netstat: Option<PathBuf>,
    /// The relay's firewall, exported by reg, netsh (in English) or PowerShell; more than once where it is in several files
    #[arg(long, value_name = "FILE", value_parser = path())]
    firewall: Vec<PathBuf>,
    /// The profile of the firewall that the relay is in: a member of a domain is in domain
    #[arg(long, value_name = "NAME", value_enum)]
    profile: Vec<ProfileName>,
    /// The logs of the relay's router: a folder of them, or one
    #[arg(long, value_name = "PATH", value_parser = path())]
    logs: Option<PathBuf>,
    /// The certificate of the relay's router, in PEM or DER
    #[arg(long, value_name = "FILE", value_parser = path())]
    certificate: Vec<PathBuf>,
    /// How many endpoints are to report to the relay
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    endpoints: Option<u64>,
    /// The relay's ephemeral ports, as netsh int ipv4 show dynamicport tcp prints them
    #[arg(long, value_name = "FILE", value_parser = path())]
    dynamic_ports: Option<PathBuf>,
    /// The relay's Windows
    #[arg(long, ignore_case = true, value_parser = crate::cli::envelopes::system())]
    system: Option<System>,
    /// Ask the relay, from here, what it tells endpoints: at this host, or at each address that the CID gives it
    #[arg(long, value_name = "HOST")]
    probe: Option<Option<String>>,
    /// What the relay told an endpoint, saved to this file
    #[arg(long, value_name = "FILE", conflicts_with = "probe", value_parser = path())]
    ior: Option<PathBuf>,
    /// How long each address may take to answer
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = clap::value_parser!(u64).range(1..=3600))]
    timeout: u64,
    /// The present, instead of the clock's; such as 2026-11-21T18:30:00Z
    #[arg(long, value_name = "TIME", value_parser = crate::cli::envelopes::moment)]
    at: Option<SystemTime>,
}

const COMMAND: &str = "relay check";

pub(super) fn run(args: &CheckArgs, out: Out) -> Exit {
    let seen = match look(args, out) {
        Ok(seen) => seen,
        Err(error) => return out.fail(COMMAND, &error),
    };
    let found = readiness::check(&seen, args.at.unwrap_or_else(SystemTime::now));
    print(&found, out);
    let exit = if found.has_faults() { Exit::Faults } else { Exit::Done };
    #[derive(Serialize)]
    struct Body<'a> {
        /// The exported files; none for the registry of this computer.
        reg: Vec<String>,
        cid: Option<String>,
        mrinit: Option<String>,
        #[serde(flatten)]
        found: &'a Readiness,
    }
    let text = |path: &Path| path.to_string_lossy().into_owned();
    let reg = args.reg.iter().map(|path| text(path)).collect();
    let cid = seen.cid.as_ref().map(|cid| text(&cid.file));
    let mrinit = seen.installed.as_ref().map(|installed| text(&installed.file));
    out.answer(COMMAND, exit, Body { reg, cid, mrinit, found: &found });
    exit
}

impl CheckArgs {
    /// Whether the relay is this computer: nothing exported from another one is named, and this is a Windows.
    fn is_live(&self) -> bool {
        cfg!(windows) && self.reg.is_empty() && self.mrinit.is_none() && self.netstat.is_none()
    }

    fn has_sources(&self) -> bool {
        !self.reg.is_empty()
            || self.mrinit.is_some()
            || self.netstat.is_some()
            || !self.firewall.is_empty()
            || self.logs.is_some()
            || !self.certificate.is_empty()
            || self.dynamic_ports.is_some()
            || self.probe.is_some()
            || self.ior.is_some()
    }
}

/// A list or an answer that a person saved is no larger.
const MAX_TEXT: u64 = 16 << 20;

fn look(args: &CheckArgs, out: Out) -> Result<Evidence> {
    let mut seen = Evidence { endpoints: args.endpoints, ..Evidence::default() };
    seen.before_vista = args.system.map(|system| system.before_vista);
    if let Some(path) = &args.cid {
        let cid = Cid::open(path)?;
        seen.cid = Some(RelayCid::open(&cid)?);
        let cac = path.join("cac.pem");
        // A CID without one is an audit's affair.
        if let Ok(bytes) = read_given_file(&cac, MAX_TEXT, "") {
            seen.certificates.add_estate(&bytes, &cac.to_string_lossy());
        }
    }
    if let Some(path) = &args.mrinit {
        seen.installed = Some(InstalledFile::read(path)?);
    }
    if !args.reg.is_empty() {
        exported(&args.reg, &mut seen)?;
    }
    if let Some(path) = &args.netstat {
        let bytes = read_given_file(path, MAX_TEXT, text!("name what netstat -an has printed"))?;
        let from = path.to_string_lossy();
        seen.sockets = Some(Sockets::parse(&bytes, &from).map_err(|error| error.in_file(path))?);
    }
    if !args.firewall.is_empty() {
        seen.firewall = Some(envelopes::exported_firewall(&args.firewall)?);
    }
    seen.profiles = args.profile.iter().map(|name| (*name).into()).collect();
    seen.logs = args.logs.as_ref().map(|path| envelopes::router_seen(path)).transpose()?;
    for path in &args.certificate {
        let bytes = read_given_file(path, MAX_TEXT, text!("name a certificate in PEM or DER"))?;
        let added = seen.certificates.add_own(&bytes, &path.to_string_lossy());
        added.map_err(|error| error.in_file(path))?;
    }
    if let Some(path) = &args.dynamic_ports {
        let bytes = read_given_file(path, MAX_TEXT, text!("name what netsh has printed"))?;
        seen.dynamic = Some(DynamicPorts::parse(&bytes).map_err(|error| error.in_file(path))?);
    }
    if let Some(path) = &args.ior {
        seen.readings.push((path.to_string_lossy().into_owned(), probe::read_file(path)?));
    }
    if args.is_live() {
        live(&mut seen)?;
    } else if !args.has_sources() {
        // There is nothing to look at, which this says best.
        let how = text!(
            "export it on the relay (reg export \"HKLM\\SOFTWARE\\Wow6432Node\\Sophos\" relay.reg), and name the file with \
                   --reg FILE; --help says what else can be looked at"
        );
        seen.router = Some(Router::live().map_err(|error| error.next(how))?);
    }
    if let Some(host) = args.probe.as_ref().or(Some(&None).filter(|_| args.is_live() && args.ior.is_none())) {
        ask(host.as_deref(), args, &mut seen, out)?;
    }
    Ok(seen)
}

/// What the exported registry says, of whatever it has.
fn exported(files: &[PathBuf], seen: &mut Evidence) -> Result<()> {
    let mut all: Option<RegFile> = None;
    for path in files {
        let file = RegFile::read(path)?;
        match &mut all {
            Some(all) => all.keys.extend(file.keys),
            None => all = Some(file),
        }
    }
    let Some(all) = all else { return Ok(()) };
    let router = RegistryView::BOTH.iter().any(|view| all.has_key(&view.key()));
    // An export of other keys alone says nothing of the router.
    let other = Tcpip::in_file(&all);
    if router || other.is_none() {
        seen.router = Some(Router::in_file(&all));
    }
    seen.tcpip = other;
    for view in RegistryView::BOTH {
        let key = router::private_key(view);
        if let Some(value) = all.value(&key, router::OWN_CERTIFICATE) {
            seen.certificates.add_value(value, &format!("{key}, {}", router::OWN_CERTIFICATE));
        }
    }
    Ok(())
}

/// What this computer says of itself.
fn live(seen: &mut Evidence) -> Result<()> {
    let name = host::name();
    seen.router = Some(Router::live()?);
    seen.service = Some(envelopes::services()?.state(envelopes::ROUTER.name)?);
    let ports = readiness::ports(seen);
    let asked = envelopes::probe(&name, &ports, WAIT).or_else(|_| envelopes::probe("127.0.0.1", &ports, WAIT))?;
    seen.sockets = Some(Sockets::of(&asked));
    if seen.firewall.is_none() {
        seen.firewall = Some(envelopes::live_firewall()?);
    }
    if seen.profiles.is_empty() {
        seen.profiles = envelopes::live_profiles();
    }
    seen.tcpip = Tcpip::live()?;
    seen.before_vista = Some(false);
    if seen.dynamic.is_none() {
        seen.dynamic = DynamicPorts::live(WAIT);
    }
    for (value, from) in router::live_certificates()? {
        seen.certificates.add_value(&value, &from);
    }
    let installed = router::usual_folders().into_iter().map(|folder| folder.join(crate::cid::MRINIT));
    if let Some(file) = installed.into_iter().find(|file| file.is_file()) {
        seen.installed = Some(InstalledFile::read(&file)?);
    }
    seen.own_name = Some(name);
    Ok(())
}

/// How long a port or a program of this computer may take to answer.
const WAIT: Duration = Duration::from_secs(5);

/// Asks the relay: at one host, or at each of its addresses.
fn ask(host: Option<&str>, args: &CheckArgs, seen: &mut Evidence, out: Out) -> Result<()> {
    let [port, ..] = readiness::ports(seen);
    let hosts: Vec<String> = match host {
        Some(host) => vec![host.to_owned()],
        None => {
            let list = readiness::relay_list(seen).unwrap_or_default();
            list.split(',').map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
        }
    };
    if hosts.is_empty() {
        if args.probe.is_some() {
            return Err(crate::Error::usage("there is no address of the relay to ask at")
                .next("write --probe HOST, or name the CID with --cid CID"));
        }
        return Ok(());
    }
    let mut targets = Vec::new();
    for host in &hosts {
        let target: Target = host.parse()?;
        let has_port = target.port() != probe::IOR_PORT || host.ends_with(&format!(":{}", probe::IOR_PORT));
        targets.push(if has_port { target } else { Target::new(target.host(), port) });
    }
    for asked in probe::probe(&targets, Duration::from_secs(args.timeout)) {
        seen.readings.push((asked.target.to_string(), asked.reading));
    }
    if seen.sockets.is_none() {
        let ports = readiness::ports(seen);
        let asked = targets.iter().find_map(|target| envelopes::probe(target.host(), &ports, WAIT).ok());
        match asked {
            Some(listening) => seen.sockets = Some(Sockets::of(&listening)),
            None => out.warning("none of the relay's addresses means a host here: its ports were not looked at"),
        }
    }
    Ok(())
}

fn print(found: &Readiness, out: Out) {
    if let Some(relay) = &found.relay {
        out.heading(text!("The relay {relay}", relay));
    }
    if let Some(parent) = &found.parent {
        out.line(text!("should report to {parent}", parent));
    }
    match found.installed {
        Answer::Yes => out.good("It has installed from its CID [14635]"),
        Answer::No => out.fault("It has not installed from its CID [14635]"),
        Answer::Unknown => out.fault("Whether it has installed from its CID is not known [14635]"),
    }
    let rows: Vec<Vec<String>> = found
        .points
        .iter()
        .map(|point| {
            let (rank, state, name) = (format!("  {}.", point.rank), point.state.name(), point.point);
            vec![rank, state.to_owned(), name.to_owned(), point.what.clone()]
        })
        .collect();
    for (line, point) in table(&rows).into_iter().zip(&found.points) {
        match point.state {
            Standing::Wrong => out.fault(line),
            Standing::Doubtful => out.doubtful(line),
            Standing::Unknown | Standing::Right => out.line(line),
        }
        details(point, out);
    }
    let number = |state| found.count(state);
    let said =
        [(Standing::Wrong, "wrong"), (Standing::Doubtful, "doubtful"), (Standing::Unknown, text!("not looked at"))]
            .into_iter()
            .filter(|(state, _)| number(*state) > 0)
            .map(|(state, word)| format!("{} {word}", number(state)));
    let said: Vec<String> = said.collect();
    let points = count(found.points.len(), "point", "points");
    match (said.is_empty(), found.has_faults()) {
        (true, _) => out.good(text!("All {points} are right", points)),
        (false, true) => out.fault(text!("Of {points}: {join}", points, join = said.join(", "))),
        (false, false) => {
            out.doubtful(text!("Of {points}: {join}; the others are right", points, join = said.join(", ")))
        }
    }
}

fn details(point: &Point, out: Out) {
    let is_worth = matches!(point.state, Standing::Wrong | Standing::Doubtful);
    for line in &point.evidence {
        match is_worth {
            true => out.line(format!("       {line}")),
            false => out.detail(format!("       {line}")),
        }
    }
    if let Some(next) = &point.next {
        out.line(text!("       next: {next}", next));
    }
}
