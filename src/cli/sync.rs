//! `configcid sync` and `configcid fetch`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::base::pool::{brought_at_a_time, processors, read_at_a_time, side_by_side};
use crate::catalog::CidPath;
use crate::plan::{Made, Plan, Writer};
use crate::report::{ChangePage, ChangedCid, CidResult, change_page, count, fault_line, lock_lines, plan_lines, table};
use crate::sync::{
    Delivered, Delivery, Destination, FolderSource, Pace, Progress, Sent, Source, place_of, refuse_overlaps, source_by,
};
#[cfg(feature = "remote")]
use crate::web::ObjectAddress;
use crate::web::{Access, Address};
use crate::{Cid, Error, ErrorKind, Exit, RefreshOptions, Result, Status};
use clap::Args;
use serde::Serialize;

use super::flags::{FunctionFlags, ReportFlag, WriteFlags, path};
use super::out::Out;
use super::signals;
use super::web::login;
use super::work::{Filed, HALF_DONE, file_page, place_page};

#[derive(Debug, Args)]
pub(super) struct SyncArgs {
    /// The CID to bring files from: a folder, the URL of one on a web server, or s3://, az:// or gs:// with a bucket and a prefix
    #[arg(value_parser = path())]
    pub source: PathBuf,
    /// The CIDs to bring them to: folders, URLs of a server that speaks WebDAV, s3://, az:// or gs:// with a bucket and a
    /// prefix; one that is not there yet is made
    #[arg(value_name = "DEST", required = true, value_parser = path())]
    pub destinations: Vec<PathBuf>,
    /// Let each destination keep its own mrinit.conf, in the root and in components: its relay
    #[arg(long)]
    keep_relay: bool,
    /// Compare every file of the destinations, not their catalogs alone
    #[arg(long)]
    deep: bool,
    /// How many destinations to work on at a time; by default as many as there are processors
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..=256))]
    jobs: Option<u16>,
    #[command(flatten)]
    flags: BringFlags,
}

#[derive(Debug, Args)]
pub(super) struct FetchArgs {
    /// The CID to bring: a folder, the URL of one on a web server, or s3://, az:// or gs:// with a bucket and a prefix
    #[arg(value_parser = path())]
    pub source: PathBuf,
    /// The folder to make; where a run broke off, the next one goes on
    #[arg(value_parser = path())]
    pub new: PathBuf,
    /// Read all of the new CID again at the end, and compare it with its catalogs
    #[arg(long)]
    deep: bool,
    #[command(flatten)]
    flags: BringFlags,
}

/// What leads every way of bringing files.
#[derive(Debug, Args)]
struct BringFlags {
    /// Bring no more than so many KiB a second, to all destinations together
    #[arg(long, value_name = "KIB", value_parser = clap::value_parser!(u64).range(1..=1 << 32))]
    bandwidth: Option<u64>,
    /// Go on where temporary files tell of an update in progress
    #[arg(long)]
    accept_temporary: bool,
    /// How many files to bring at a time to each destination; by default 16: most of the time is waiting for a share or a
    /// server
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..=256))]
    in_flight: Option<u16>,
    #[command(flatten)]
    site: SiteFlags,
    #[command(flatten)]
    function: FunctionFlags,
    #[command(flatten)]
    write: WriteFlags,
    #[command(flatten)]
    report: ReportFlag,
}

/// How to reach what is a URL.
#[derive(Debug, Args)]
struct SiteFlags {
    /// The user as whom to log on to the server of a URL (HTTP's Basic alone)
    #[arg(long, value_name = "NAME", requires = "password_file")]
    user: Option<String>,
    /// The file whose first line is the password of --user
    #[arg(long, value_name = "FILE", requires = "user", value_parser = path())]
    password_file: Option<PathBuf>,
    /// Trust the authorities whose certificates this PEM file holds, and no others, for https
    #[arg(long, value_name = "FILE", value_parser = path())]
    ca: Option<PathBuf>,
    /// How long the server of a URL may be silent
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = clap::value_parser!(u64).range(1..=3600))]
    timeout: u64,
}

impl SiteFlags {
    fn access(&self, rate: Option<u64>) -> Result<Access> {
        let login = login(self.user.as_deref(), self.password_file.as_deref())?;
        Ok(Access { timeout: Duration::from_secs(self.timeout), login, ca: self.ca.clone(), rate })
    }

    /// Says what is to be known of a URL before it is reached, and refuses what is none.
    fn warn(&self, name: &str, out: Out) -> Result<()> {
        #[cfg(feature = "remote")]
        if ObjectAddress::is_one(name) {
            return ObjectAddress::parse(name).map(drop);
        }
        let (address, note) = Address::parse(name)?;
        note.iter().for_each(|note| out.warning(note));
        if self.user.is_some() && !address.is_encrypted() {
            out.warning("the password is sent in the clear: the URL does not begin with https://");
        }
        Ok(())
    }

    /// The source of this name: a folder, or a URL.
    fn source(&self, name: &Path, rate: Option<u64>, out: Out) -> Result<Box<dyn Source>> {
        if !is_url(name) {
            return Ok(Box::new(FolderSource::open(name)?));
        }
        let url = name.to_string_lossy();
        self.warn(&url, out)?;
        source_by(&url, &self.access(rate)?)
    }

    /// Refuses URLs that are named twice or lie in one another, and a login for more than one server: it is sent to whom it is
    /// meant for alone.
    fn refuse_mixed_urls(&self, source: &Path, destinations: &[PathBuf]) -> Result<()> {
        let mut known: Vec<(String, Option<String>)> = Vec::new();
        let names = std::iter::once(source).chain(destinations.iter().map(PathBuf::as_path));
        for name in names.filter(|name| is_url(name)) {
            let (url, server) = place_of(&name.to_string_lossy())?;
            let usage = |what: &str, next: &str| Err(Error::new(ErrorKind::Usage, what).in_file(name).next(next));
            let url = format!("{url}/").to_lowercase();
            for (other, other_server) in &known {
                if url == *other {
                    return usage(text!("this URL is named twice"), text!("nothing was changed; name each once"));
                }
                if url.starts_with(other) || other.starts_with(&url) {
                    return usage(
                        text!("of two URLs that are named one lies in the other"),
                        text!("nothing was changed; name each once"),
                    );
                }
                if self.user.is_some() && server.is_some() && other_server.is_some() && server != *other_server {
                    return usage(
                        text!(
                            "a user is named, and URLs of more than one server: the password would go to all of them"
                        ),
                        text!("nothing was changed; run it once for each server"),
                    );
                }
            }
            known.push((url, server));
        }
        Ok(())
    }
}

#[derive(Serialize)]
struct Body {
    dry_run: bool,
    source: String,
    /// How many destinations ended how.
    counts: BTreeMap<&'static str, usize>,
    cids: Vec<Row>,
    #[serde(flatten)]
    filed: Filed,
}

/// What became of one destination.
#[derive(Serialize)]
struct Row {
    /// It was not there before.
    is_new: bool,
    /// What was, or would be, brought: files of the payload, their bytes, and how many of the files a run that broke off had
    /// brought already.
    brought: Amount,
    /// How many files went, or would go.
    gone: usize,
    /// The files of its own relay that it keeps.
    kept: Vec<CidPath>,
    #[serde(flatten)]
    result: CidResult,
}

#[derive(Serialize)]
struct Amount {
    files: usize,
    bytes: u64,
    reused: usize,
}

pub(super) fn run(args: &SyncArgs, out: Out) -> Exit {
    const COMMAND: &str = "sync";
    let jobs = args.jobs.map_or_else(processors, usize::from);
    let SyncArgs { source, destinations, keep_relay, deep, flags, .. } = args;
    let job = Job { command: COMMAND, source, destinations, keep_relay: *keep_relay, deep: *deep, jobs, flags };
    job.run(out).unwrap_or_else(|error| out.fail(COMMAND, &error))
}

pub(super) fn fetch(args: &FetchArgs, out: Out) -> Exit {
    const COMMAND: &str = "fetch";
    let FetchArgs { source, new, deep, flags } = args;
    let destinations = std::slice::from_ref(new);
    let job = Job { command: COMMAND, source, destinations, keep_relay: false, deep: *deep, jobs: 1, flags };
    refuse_there(new).and_then(|()| job.run(out)).unwrap_or_else(|error| out.fail(COMMAND, &error))
}

/// Refuses a folder that is a CID already: what is in it would be replaced.
fn refuse_there(new: &Path) -> Result<()> {
    if Cid::open(new).is_err() {
        return Ok(());
    }
    let next = match Writer::needs_recovery(new) {
        true => text!("configcid recover ends the change to it that was interrupted"),
        false => text!("configcid sync brings it what it lacks; or name a folder that is not there yet"),
    };
    Err(Error::new(ErrorKind::Usage, "this is a CID already").in_file(new).next(next))
}

/// Whether this names a place on some server, or is a slip in doing so.
fn is_url(path: &Path) -> bool {
    crate::web::is_url(&path.to_string_lossy())
}

/// Where files are brought to by this name.
fn destination(name: &Path, command: &str, site: &SiteFlags, out: Out) -> Result<Destination> {
    if !is_url(name) {
        return Ok(Destination::Folder(name.to_owned()));
    }
    let wrong = |what: &str, next: &str| Err(Error::new(ErrorKind::Usage, what).in_file(name).next(next));
    if command == "fetch" {
        return wrong(
            text!("fetch makes a folder, and this is a URL"),
            text!("configcid sync publishes a CID to a URL"),
        );
    }
    #[cfg(feature = "remote")]
    {
        let url = name.to_string_lossy();
        site.warn(&url, out)?;
        Destination::server(&url, &site.access(None)?)
    }
    #[cfg(not(feature = "remote"))]
    {
        let _ = (site, out);
        wrong(
            text!("this configcid was built without what writes to URLs"),
            text!("name a folder: a local one, or a share"),
        )
    }
}

/// What is to be brought where.
struct Job<'a> {
    command: &'static str,
    source: &'a Path,
    destinations: &'a [PathBuf],
    keep_relay: bool,
    deep: bool,
    jobs: usize,
    flags: &'a BringFlags,
}

impl Job<'_> {
    fn run(&self, out: Out) -> Result<Exit> {
        let Self { command, destinations, keep_relay, deep, jobs, flags, .. } = *self;
        let BringFlags { bandwidth, accept_temporary, in_flight, site, function, write, report } = flags;
        if let Some(count) = in_flight {
            read_at_a_time(*count);
        }
        site.refuse_mixed_urls(self.source, destinations)?;
        let places =
            destinations.iter().map(|name| destination(name, command, site, out)).collect::<Result<Vec<_>>>()?;
        let mut options: RefreshOptions = function.options()?;
        options.accept_temporary = *accept_temporary;
        // All files that are on their way share the limit.
        let bandwidth = bandwidth.map(|kib| kib.saturating_mul(1024));
        let rate = bandwidth.map(|bytes| bytes / (brought_at_a_time() * jobs.min(destinations.len())) as u64);
        let source = site.source(self.source, rate, out)?;
        let source = &*source;
        let folders: Vec<PathBuf> = destinations.iter().filter(|name| !is_url(name)).cloned().collect();
        refuse_overlaps(source.folder(), &folders)?;
        let mut about = folders;
        about.extend(source.folder().map(Path::to_owned));
        let page = place_page(report.report.as_deref(), &about)?;
        let pace = Pace::new(bandwidth);
        let dry_run = write.dry_run;
        let (lock, options, pace) = (write.lock.options(), &options, &pace);
        let delivery = Delivery { dry_run, lock, deep, keep_relay, options, pace, by: "" };
        let meter = Meter::new(destinations, out);
        let states = States::of(destinations);
        if !dry_run {
            states.are_told_at_an_end();
        }
        let mut all: Vec<Option<Delivered>> = destinations.iter().map(|_| None).collect();
        let bring = |index: usize| {
            states.set(index, State::UnderWay);
            places[index].bring(&delivery, source, &|progress| meter.tell(index, progress))
        };
        side_by_side(jobs, destinations.len(), bring, |index, delivered| {
            states.set(index, State::Ended(delivered.ran.status.name()));
            meter.end(index, || show(&delivered, dry_run, out));
            all[index] = Some(delivered);
        });
        out.progress("");
        let all: Vec<Delivered> = all.into_iter().flatten().collect();
        let exits: Vec<Exit> = all.iter().map(|delivered| delivered.ran.exit()).collect();
        let mut counts = BTreeMap::new();
        for delivered in &all {
            *counts.entry(delivered.ran.status.name()).or_default() += 1;
        }
        if all.len() > 1 {
            end_table(&all, &counts, out);
        }
        let mut exit = Exit::of_all(&exits);
        let filed = file_page(page, || self.page(&all), &mut exit, out);
        if out.json {
            let cids = all.iter().map(Row::of).collect();
            let source = self.source.to_string_lossy().into_owned();
            out.answer(command, exit, Body { dry_run, source, counts, cids, filed });
        }
        Ok(exit)
    }
}

impl Job<'_> {
    /// The page for the ticket.
    fn page(&self, all: &[Delivered]) -> String {
        let cids: Vec<ChangedCid> = all.iter().map(changed).collect();
        change_page(&ChangePage::new(self.command, self.flags.write.dry_run, &Made::now(), &cids))
    }
}

/// A destination, as a page tells of it.
fn changed(delivered: &Delivered) -> ChangedCid {
    let Delivered { ran, sent } = delivered;
    let summary = sent.summary();
    let did = match (ran.status, sent.is_new) {
        (Status::Unchanged, _) => Some(text!("Nothing to do: by its catalogs it has all of it.").to_owned()),
        (Status::Planned, true) => Some(text!("Dry run: it would be made with {summary}; nothing was.", summary)),
        (Status::Planned, false) => Some(text!("Dry run: it would get {summary}; nothing was written.", summary)),
        (Status::Changed, true) => Some(text!("Done: made with {summary}.", summary)),
        (Status::Changed, false) => Some(text!("Done: {summary}.", summary)),
        _ => None,
    };
    let purpose = ran.carried_out().map(|plan| plan.purpose().to_owned());
    // A folder that was made by it has nothing before it to go back to, and nothing at a URL is undone.
    let can_go_back = !sent.is_new && !is_url(Path::new(&ran.cid));
    let has_history = can_go_back && ran.carried_out().is_some_and(Plan::is_for_cid);
    let verified = text!(
        "What came was compared with what the source's catalogs say of it, and what was written was read back and \
                    compared with that."
    );
    ChangedCid { did, verified: Some(verified), ..ChangedCid::new(CidResult::of(ran), purpose, has_history) }
}

impl Row {
    fn of(delivered: &Delivered) -> Self {
        let Delivered { ran, sent: Sent { files, bytes, reused, gone, kept, is_new } } = delivered;
        let brought = Amount { files: *files, bytes: *bytes, reused: *reused };
        Self { is_new: *is_new, brought, gone: *gone, kept: kept.clone(), result: CidResult::of(ran) }
    }
}

/// How many files are named where nobody asked for more.
const NAMED: usize = 20;

fn show(delivered: &Delivered, dry_run: bool, out: Out) {
    let ran = &delivered.ran;
    let cid = &ran.cid;
    let warn = |what: &str| out.warning(&format!("{cid}: {what}"));
    if dry_run && Writer::needs_recovery(Path::new(cid)) {
        warn(HALF_DONE);
    }
    lock_lines(ran).iter().for_each(|line| warn(line));
    if let Some(error) = &ran.error {
        return out.error(error);
    }
    if let Some(plan) = &ran.plan {
        plan.warnings().iter().for_each(|warning| warn(warning));
        if dry_run || out.verbose {
            let lines = plan_lines(plan);
            let named = if out.verbose { usize::MAX } else { NAMED };
            lines.iter().take(named).for_each(|line| out.change(line));
            if lines.len() > named {
                out.line(text!("... and {} more; --verbose names all", lines.len() - named));
            }
        }
    }
    let summary = delivered.sent.summary();
    match ran.status {
        Status::Unchanged => out.good(text!("{cid}: nothing to do, by its catalogs it has all of it", cid)),
        Status::Planned if delivered.sent.is_new => {
            out.good(text!("{cid}: would be made with {summary}; nothing was", cid, summary))
        }
        Status::Planned => out.good(text!("{cid}: would get {summary}; nothing was written", cid, summary)),
        Status::Changed if delivered.sent.is_new => {
            out.good(text!("{cid}: made with {summary}; verified", cid, summary))
        }
        Status::Changed => out.good(text!("{cid}: {summary}; verified", cid, summary)),
        Status::Failed => {
            out.fault(text!("{cid}: {summary}; but the result is not as it should be:", cid, summary));
            ran.faults.iter().for_each(|fault| out.fault(fault_line(fault)));
        }
        Status::Left | Status::Drifted => {}
    }
}

fn end_table(all: &[Delivered], counts: &BTreeMap<&'static str, usize>, out: Out) {
    let mut rows = vec![["DEST", "STATUS", "FILES", "BYTES", "GONE"].map(str::to_owned).to_vec()];
    rows.extend(all.iter().map(|Delivered { ran, sent: Sent { files, bytes, gone, .. } }| {
        let status = match &ran.error {
            Some(error) => format!("{} ({})", ran.status.name(), error.kind().name()),
            None => ran.status.name().to_owned(),
        };
        // What failed got nothing.
        let (files, bytes, gone) = if ran.error.is_some() { (0, 0, 0) } else { (*files, *bytes, *gone) };
        vec![ran.cid.clone(), status, files.to_string(), bytes.to_string(), gone.to_string()]
    }));
    let rows = table(&rows);
    out.line("");
    out.heading(&rows[0]);
    for (row, delivered) in rows[1..].iter().zip(all) {
        if delivered.ran.exit() == Exit::Done { out.line(row) } else { out.fault(row) }
    }
    let said: Vec<String> = counts.iter().map(|(status, count)| format!("{count} {status}")).collect();
    let said = text!("{} of {}", said.join(", "), count(all.len(), "destination", "destinations"));
    match counts.contains_key("failed") {
        true => out.fault(text!("{said}; run it again when the causes are removed: it does what is left", said)),
        false => out.good(said),
    }
}

/// What has become of a destination so far.
#[derive(Clone, Copy)]
enum State {
    Waits,
    UnderWay,
    Ended(&'static str),
}

/// What has become of each destination, for whoever ends the process early.
#[derive(Clone)]
struct States(Arc<Mutex<Vec<(String, State)>>>);

impl States {
    fn of(destinations: &[PathBuf]) -> Self {
        let all = destinations.iter().map(|name| (name.to_string_lossy().into_owned(), State::Waits));
        Self(Arc::new(Mutex::new(all.collect())))
    }

    fn set(&self, index: usize, state: State) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)[index].1 = state;
    }

    /// Has Ctrl-C say where each destination is, and how to go on.
    fn are_told_at_an_end(&self) {
        let states = self.clone();
        signals::ask_first(move || {
            eprintln!("{}", text!("\nstopped; the same command again does what is left, and goes on where it was:"));
            let states = states.0.lock().unwrap_or_else(PoisonError::into_inner);
            for (name, state) in states.iter() {
                let said = match state {
                    State::Waits => text!("not begun"),
                    State::Ended(status) => status,
                    State::UnderWay if is_url(Path::new(name)) => {
                        text!(
                            "under way: what was sent is kept, and all that its catalogs list is there; its lock stays until the next run \
                         from this computer, or takes --break-lock"
                        )
                    }
                    State::UnderWay => {
                        text!(
                            "under way: what was brought is kept; it is as it was, or its journal tells the next run (or configcid recover) \
                         how to end the change"
                        )
                    }
                };
                eprintln!("  {name}: {said}");
            }
            false
        });
    }
}

/// How far each destination has come, on a terminal.
struct Meter<'a> {
    names: Vec<&'a Path>,
    out: Out,
    /// Of those under way, and the line that is shown.
    state: Mutex<(BTreeMap<usize, u64>, String)>,
}

impl<'a> Meter<'a> {
    fn new(destinations: &'a [PathBuf], out: Out) -> Self {
        Self { names: destinations.iter().map(PathBuf::as_path).collect(), out, state: Mutex::default() }
    }

    fn tell(&self, index: usize, progress: Progress) {
        let percent = progress.brought.saturating_mul(100) / progress.total.max(1);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.0.insert(index, percent) == Some(percent) {
            return;
        }
        let parts = state.0.iter().take(3).map(|(index, percent)| {
            let name = self.names[*index].file_name().unwrap_or(self.names[*index].as_os_str());
            format!("{} {percent} %", name.to_string_lossy())
        });
        let more = if state.0.len() > 3 { ", ..." } else { "" };
        let line = format!("{}{more}", parts.collect::<Vec<_>>().join(", "));
        if line != state.1 {
            self.out.progress(&line);
            state.1 = line;
        }
    }

    /// A destination is done; `print` says so, while nobody else has the terminal.
    fn end(&self, index: usize, print: impl FnOnce()) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.0.remove(&index);
        self.out.progress("");
        print();
    }
}
