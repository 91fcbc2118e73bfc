//! `configcid fleet plan` and `configcid fleet apply`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::fleet::{self, Fleet, FleetCid, FleetFinding, Work};
use crate::plan::{Made, Plan};
use crate::report::{
    Answer, ChangePage, ChangedCid, CidResult, Status, answer, change_page, check_place, count, table, write_file,
};
use crate::{Exit, Ran, Result};
use clap::Args;
use serde::Serialize;

use super::flags::{FileArg, JobsFlag};
use super::lines::{print_findings, whom};
use super::show::{Block, Progress, Shower};
use crate::cli::flags::{RefreshFlags, ReportFlag, WriteFlags, path};
use crate::cli::out::Out;
use crate::cli::signals;
use crate::cli::work::{Filed, file_page, place_page};

#[derive(Debug, Args)]
pub(crate) struct PlanArgs {
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
pub(crate) struct ApplyArgs {
    #[command(flatten)]
    plan: PlanArgs,
    #[command(flatten)]
    write: WriteFlags,
    #[command(flatten)]
    report: ReportFlag,
}

pub(super) fn plan(args: &PlanArgs, out: Out) -> Exit {
    run("fleet plan", args, None, None, out)
}

pub(super) fn apply(args: &ApplyArgs, out: Out) -> Exit {
    run("fleet apply", &args.plan, Some(&args.write), args.report.report.as_deref(), out)
}

/// The whole answer.
#[derive(Serialize)]
struct Body<'a> {
    file: String,
    dry_run: bool,
    interrupted: bool,
    /// How many CIDs ended how.
    counts: BTreeMap<&'static str, usize>,
    findings: &'a [FleetFinding],
    cids: Vec<Row<'a>>,
    #[serde(flatten)]
    filed: Filed,
}

/// What became of one CID.
#[derive(Serialize)]
struct Row<'a> {
    relay: &'a str,
    line: usize,
    #[serde(flatten)]
    result: CidResult,
}

fn run(command: &'static str, args: &PlanArgs, write: Option<&WriteFlags>, ticket: Option<&Path>, out: Out) -> Exit {
    match try_run(command, args, write, ticket, out) {
        Ok(exit) => exit,
        Err(error) => out.fail(command, &error),
    }
}

fn try_run(
    command: &'static str,
    args: &PlanArgs,
    write: Option<&WriteFlags>,
    ticket: Option<&Path>,
    out: Out,
) -> Result<Exit> {
    let file = &args.file.file;
    let fleet = Fleet::read(file)?;
    let options = args.flags.options()?;
    if let Some(result) = &args.result {
        check_place(result)?;
    }
    let outside: Vec<PathBuf> = fleet.cids.iter().map(|cid| PathBuf::from(&cid.path.value)).collect();
    let page = place_page(ticket, &outside)?;
    let mut run = write.map_or_else(|| WriteFlags::dry().run(Some(&options)), |write| write.run(Some(&options)));
    run.dry_run |= write.is_none();
    let findings = fleet::check(&fleet);
    print_findings(file, &findings, out);
    if findings.iter().any(FleetFinding::is_error) {
        out.fault("Nothing was touched: the file is against the rules");
        let body = Body::of(file, run.dry_run, false, &findings, Vec::new());
        return finish(command, args, Exit::Faults, body, out);
    }
    let stop = AtomicBool::new(false);
    // What cannot be caught kills the process; the journals of the CIDs tell the next run how to go on.
    let stop: &'static AtomicBool = Box::leak(Box::new(stop));
    signals::ask_first(move || {
        let is_first = !stop.swap(true, Ordering::Relaxed);
        if is_first {
            eprintln!("{}", text!("stopping: CIDs under way are ended, no other is begun; once more stops at once"));
        }
        is_first
    });
    let work = Work { run, refresh: &options, jobs: args.jobs.jobs(), stop };
    let keep = out.json || args.result.is_some() || page.is_some();
    let mut shower = Shower::new(&fleet, run.dry_run, out);
    let progress = Progress::new(&fleet, out);
    let (mut rows, mut lines, mut exits) = (Vec::new(), BTreeMap::new(), Vec::new());
    fleet::run(
        &fleet,
        &work,
        |index| progress.begun(index),
        |index, ran| {
            progress.done(index);
            let cid = &fleet.cids[index];
            exits.push(ran.as_ref().map_or(Exit::Failed, Ran::exit));
            let block = Block::of(cid, ran.as_ref(), run.dry_run, out);
            lines.insert(index, line(&fleet, cid, ran.as_ref()));
            if keep {
                let left = || CidResult::new(&cid.path.value, Status::Left);
                let plan = ran.as_ref().and_then(Ran::carried_out);
                rows.push((
                    index,
                    ChangedCid::new(
                        ran.as_ref().map_or_else(left, CidResult::of),
                        plan.map(|plan| plan.purpose().to_owned()),
                        plan.is_some_and(Plan::is_for_cid),
                    ),
                ));
            }
            progress.while_silent(|| shower.show(index, block));
            progress.show();
        },
    );
    out.progress("");
    rows.sort_by_key(|(index, _)| *index);
    let (indices, changed): (Vec<usize>, Vec<ChangedCid>) = rows.into_iter().unzip();
    let text = page.as_ref().map(|_| page_of(command, run.dry_run, &changed)).unwrap_or_default();
    let rows = indices.into_iter().zip(changed).map(|(index, changed)| {
        let cid = &fleet.cids[index];
        Row { relay: whom(&fleet, cid), line: cid.path.line, result: changed.result }
    });
    let mut body = Body::of(file, run.dry_run, stop.load(Ordering::Relaxed), &findings, rows.collect());
    for line in lines.values() {
        *body.counts.entry(line.status).or_default() += 1;
    }
    if !shower.is_empty() {
        out.line("");
    }
    end_table(lines.into_values().collect(), &body, out);
    let mut exit = Exit::of_all(&exits);
    body.filed = file_page(page, || text, &mut exit, out);
    finish(command, args, exit, body, out)
}

/// The page for the ticket.
fn page_of(command: &str, dry_run: bool, cids: &[ChangedCid]) -> String {
    change_page(&ChangePage { is_fleet: true, ..ChangePage::new(command, dry_run, &Made::now(), cids) })
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
    fn of(file: &Path, dry_run: bool, interrupted: bool, findings: &'a [FleetFinding], cids: Vec<Row<'a>>) -> Self {
        let file = file.to_string_lossy().into_owned();
        Body { file, dry_run, interrupted, counts: BTreeMap::new(), findings, cids, filed: Filed::default() }
    }
}

/// A line of the end table.
struct Line {
    cid: String,
    relay: String,
    status: &'static str,
    why: &'static str,
    files: usize,
}

fn line(fleet: &Fleet, cid: &FleetCid, ran: Option<&Ran>) -> Line {
    let (cid, relay) = (cid.path.value.clone(), whom(fleet, cid).to_owned());
    let status = ran.map_or(Status::Left, |ran| ran.status);
    let why = match ran.and_then(|ran| ran.error.as_ref()) {
        Some(error) => error.kind().name(),
        None if status == Status::Failed => "faults",
        None if ran.is_some_and(|ran| ran.published.iter().any(|published| published.error.is_some())) => {
            text!("not published")
        }
        None => "",
    };
    let followed = ran.and_then(|ran| ran.followed.as_ref()).map_or(0, |followed| followed.plan.changes().len());
    let files = followed + ran.and_then(Ran::carried_out).map_or(0, |plan| plan.changes().len());
    Line { cid, relay, status: status.name(), why, files }
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
        0 => text!("no CIDs").to_owned(),
        all => text!("{} of {}", counts.join(", "), count(all, "CID", "CIDs")),
    };
    let is_unpublished = lines.iter().any(|line| line.why == text!("not published"));
    match is_unpublished || body.counts.keys().any(|status| ["failed", "left"].contains(status)) {
        true if body.dry_run => out.fault(all),
        true => out.fault(text!("{all}; run it again when the causes are removed: it does what is left", all)),
        false => out.good(all),
    }
}
