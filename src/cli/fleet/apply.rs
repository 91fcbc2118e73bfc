//! `configcid fleet plan` and `configcid fleet apply`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Args;
use configcid::fleet::{self, Finding, Fleet, FleetCid, Work};
use configcid::report::{
    Answer, CidResult, Status, answer, check_place, count, fault_line, plan_lines, recovered_line, table, write_file,
};
use configcid::{Error, Exit, Ran, Result, report};
use serde::Serialize;

use super::super::args::{RefreshFlags, WriteFlags, path};
use super::super::out::Out;
use super::super::refresh::broken_lock_line;
use super::{FileArg, JobsFlag, check};

#[derive(Debug, Args)]
pub struct PlanArgs {
    #[command(flatten)]
    pub file: FileArg,
    #[command(flatten)]
    jobs: JobsFlag,
    /// Also write the answer, as --json prints it, to this file
    #[arg(long, value_name = "FILE", value_parser = path())]
    result: Option<PathBuf>,
    #[command(flatten)]
    flags: RefreshFlags,
}

#[derive(Debug, Args)]
pub struct ApplyArgs {
    #[command(flatten)]
    plan: PlanArgs,
    #[command(flatten)]
    write: WriteFlags,
}

pub fn plan(args: &PlanArgs, out: Out) -> Exit {
    run("fleet plan", args, None, out)
}

pub fn apply(args: &ApplyArgs, out: Out) -> Exit {
    run("fleet apply", &args.plan, Some(&args.write), out)
}

/// The whole answer.
#[derive(Serialize)]
struct Body<'a> {
    file: String,
    dry_run: bool,
    interrupted: bool,
    /// How many CIDs ended how.
    counts: BTreeMap<&'static str, usize>,
    findings: &'a [Finding],
    cids: Vec<Row<'a>>,
}

/// What became of one CID.
#[derive(Serialize)]
struct Row<'a> {
    relay: &'a str,
    line: usize,
    #[serde(flatten)]
    result: CidResult,
}

fn run(command: &'static str, args: &PlanArgs, write: Option<&WriteFlags>, out: Out) -> Exit {
    match try_run(command, args, write, out) {
        Ok(exit) => exit,
        Err(error) => out.fail(command, &error),
    }
}

fn try_run(command: &'static str, args: &PlanArgs, write: Option<&WriteFlags>, out: Out) -> Result<Exit> {
    let file = &args.file.file;
    let fleet = Fleet::read(file)?;
    let options = args.flags.options()?;
    if let Some(result) = &args.result {
        check_place(result)?;
    }
    let mut run = write.map_or_else(|| WriteFlags::dry().run(Some(&options)), |write| write.run(Some(&options)));
    run.dry_run |= write.is_none();
    let findings = fleet::check(&fleet);
    check::print(file, &findings, out);
    if findings.iter().any(Finding::is_error) {
        out.fault("Nothing was touched: the file is against the rules");
        let body = Body::of(file, run.dry_run, false, &findings, Vec::new());
        return finish(command, args, Exit::Faults, body, out);
    }
    let stop = AtomicBool::new(false);
    // What cannot be caught kills the process; the journals of the CIDs tell the next run how to go on.
    let stop: &'static AtomicBool = Box::leak(Box::new(stop));
    let _ = ctrlc::set_handler(move || {
        if stop.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
        eprintln!("stopping: CIDs under way are ended, no other is begun; once more stops at once");
    });
    let work = Work { run, refresh: &options, jobs: args.jobs.jobs(), stop };
    let keep = out.json || args.result.is_some();
    let mut shower =
        Shower { fleet: &fleet, out, next: 0, waiting: BTreeMap::new(), dry_run: run.dry_run, is_first: true };
    let progress = Progress { fleet: &fleet, out, state: Mutex::default() };
    let (mut rows, mut lines, mut exits) = (Vec::new(), BTreeMap::new(), Vec::new());
    fleet::run(
        &fleet,
        &work,
        |index| progress.begun(index),
        |index, ran| {
            progress.done(index);
            let cid = &fleet.cids[index];
            exits.push(ran.as_ref().map_or(Exit::Failed, Ran::exit));
            let block = Block::of(ran.as_ref(), out);
            let result = ran.map_or_else(|| CidResult::new(Path::new(&cid.path.value), Status::Left), |ran| ran.result);
            lines.insert(index, line(&fleet, cid, &result));
            if keep {
                rows.push((index, result));
            }
            shower.show(index, block);
            progress.show();
        },
    );
    out.progress("");
    rows.sort_by_key(|(index, _)| *index);
    let rows = rows.into_iter().map(|(index, result)| {
        let cid = &fleet.cids[index];
        Row { relay: whom(&fleet, cid), line: cid.path.line, result }
    });
    let mut body = Body::of(file, run.dry_run, stop.load(Ordering::Relaxed), &findings, rows.collect());
    for line in lines.values() {
        *body.counts.entry(line.status).or_default() += 1;
    }
    if !shower.is_first {
        out.line("");
    }
    end_table(lines.into_values().collect(), &body, out);
    finish(command, args, Exit::of_all(&exits), body, out)
}

fn finish(command: &'static str, args: &PlanArgs, exit: Exit, body: Body<'_>, out: Out) -> Result<Exit> {
    if let Some(result) = &args.result {
        let text = answer(&Answer { command, exit, body: &body }) + "\n";
        if let Err(error) = write_file(result, text.as_bytes(), true) {
            // What was done is done: the answer goes where it can.
            out.error(&error);
        }
    }
    out.answer(command, exit, body);
    Ok(exit)
}

impl<'a> Body<'a> {
    fn of(file: &Path, dry_run: bool, interrupted: bool, findings: &'a [Finding], cids: Vec<Row<'a>>) -> Body<'a> {
        let file = file.to_string_lossy().into_owned();
        Body { file, dry_run, interrupted, counts: BTreeMap::new(), findings, cids }
    }
}

/// Whom the endpoints of a CID report to.
fn whom<'a>(fleet: &'a Fleet, cid: &FleetCid) -> &'a str {
    fleet.machine(cid.reports_to).map_or("?", |machine| &machine.name.value)
}

/// A line of the end table.
struct Line {
    cid: String,
    relay: String,
    status: &'static str,
    why: &'static str,
    files: usize,
}

fn line(fleet: &Fleet, cid: &FleetCid, result: &CidResult) -> Line {
    let (cid, relay) = (cid.path.value.clone(), whom(fleet, cid).to_owned());
    let why = match &result.error {
        Some(error) => error.kind,
        None if result.status == Status::Failed => "faults",
        None => "",
    };
    Line { cid, relay, status: result.status.name(), why, files: result.files.len() }
}

fn end_table(lines: Vec<Line>, body: &Body<'_>, out: Out) {
    let mut rows = vec![["CID", "RELAY", "STATUS", "FILES"].map(str::to_owned).to_vec()];
    rows.extend(lines.iter().map(|Line { cid, relay, status, why, files }| {
        let status = if why.is_empty() { (*status).to_owned() } else { format!("{status} ({why})") };
        vec![cid.clone(), relay.clone(), status, files.to_string()]
    }));
    let text = table(&rows);
    out.heading(&text[0]);
    for (text, line) in text[1..].iter().zip(&lines) {
        if line.why.is_empty() { out.line(text) } else { out.fault(text) }
    }
    let counts: Vec<String> = body.counts.iter().map(|(status, count)| format!("{count} {status}")).collect();
    let all = match lines.len() {
        0 => "no CIDs".to_owned(),
        all => format!("{} of {}", counts.join(", "), count(all, "CID", "CIDs")),
    };
    match body.counts.keys().any(|status| ["failed", "left"].contains(status)) {
        true if body.dry_run => out.fault(all),
        true => out.fault(format!("{all}; run it again when the causes are removed: it does what is left")),
        false => out.good(all),
    }
}

/// What there is to say of a CID, once its plan has gone.
#[derive(Default)]
struct Block {
    warnings: Vec<String>,
    lines: Vec<String>,
    faults: Vec<String>,
    error: Option<String>,
}

impl Block {
    fn of(ran: Option<&Ran>, out: Out) -> Block {
        let mut block = Block::default();
        let Some(ran) = ran else { return block };
        block.warnings.extend(ran.result.recovered.as_ref().map(recovered_line));
        block.warnings.extend(ran.result.broken_lock.as_deref().map(broken_lock_line));
        block.error = ran.error.as_ref().map(Error::to_string);
        block.faults = ran.result.faults.iter().map(fault_line).collect();
        let Some(plan) = ran.plan.as_ref().filter(|_| ran.error.is_none()) else { return block };
        block.warnings.extend(plan.warnings.iter().cloned());
        if out.json || out.quiet || plan.is_empty() {
            return block;
        }
        block.lines = plan_lines(plan);
        if out.verbose {
            let diffs = plan.changes.iter().map(report::diff).collect::<String>();
            block.lines.extend(diffs.lines().map(str::to_owned));
        } else {
            // What catalogs say of a file that is written follows from that.
            let is_payload = |line: &String| line.contains(" file ") && !line.starts_with("Read ");
            let payload = block.lines.iter().any(is_payload);
            block.lines.retain(|line| if payload { is_payload(line) } else { !line.starts_with("Read ") });
        }
        block
    }

    fn is_empty(&self) -> bool {
        self.warnings.is_empty() && self.lines.is_empty() && self.faults.is_empty() && self.error.is_none()
    }
}

/// Shows the CIDs in the order of the file, whichever is ready first.
struct Shower<'a> {
    fleet: &'a Fleet,
    out: Out,
    next: usize,
    waiting: BTreeMap<usize, Block>,
    dry_run: bool,
    /// Nothing has been shown yet.
    is_first: bool,
}

impl Shower<'_> {
    fn show(&mut self, index: usize, block: Block) {
        self.waiting.insert(index, block);
        while let Some(block) = self.waiting.remove(&self.next) {
            let fleet = self.fleet;
            self.print(&fleet.cids[self.next], &block);
            self.next += 1;
        }
    }

    fn print(&mut self, cid: &FleetCid, block: &Block) {
        if block.is_empty() {
            return;
        }
        let out = self.out;
        out.progress("");
        if !block.lines.is_empty() || !block.faults.is_empty() {
            self.is_first = false;
            let whom = whom(self.fleet, cid);
            let verb = if self.dry_run { "would report" } else { "reports" };
            out.heading(format!("{}: {verb} to {whom}", cid.path.value));
        }
        block.lines.iter().for_each(|line| out.change(line));
        block.faults.iter().for_each(|fault| out.fault(fault));
        block.warnings.iter().for_each(|warning| out.warning(&format!("{}: {warning}", cid.path.value)));
        if let Some(error) = &block.error {
            out.failure(error);
        }
    }
}

/// Which CIDs are under way, on a terminal.
struct Progress<'a> {
    fleet: &'a Fleet,
    out: Out,
    state: Mutex<(usize, BTreeSet<usize>)>,
}

impl Progress<'_> {
    fn begun(&self, index: usize) {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner).1.insert(index);
        self.show();
    }

    fn done(&self, index: usize) {
        let mut state = self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        state.0 += 1;
        state.1.remove(&index);
    }

    fn show(&self) {
        let state = self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let names: Vec<&str> =
            state.1.iter().take(3).map(|index| last_part(&self.fleet.cids[*index].path.value)).collect();
        let more = if state.1.len() > names.len() { ", ..." } else { "" };
        self.out.progress(&format!("{} of {}: {}{more}", state.0, self.fleet.cids.len(), names.join(", ")));
    }
}

/// The name of a CID's folder.
fn last_part(path: &str) -> &str {
    let path = path.trim_end_matches(['/', '\\']);
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}
