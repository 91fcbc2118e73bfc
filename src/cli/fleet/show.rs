//! How the work on CIDs is shown while it goes on.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::fleet::{Fleet, FleetCid};
use crate::plan::{Looked, Stage, Writer};
use crate::report::{self, count, fault_line, lock_lines, looked_line, plan_lines};
use crate::{Error, Followed, Ran};

use super::lines::whom;
use crate::cli::out::Out;
use crate::cli::work::HALF_DONE;

/// What there is to say of a CID, once its plan has gone.
#[derive(Default)]
pub(super) struct Block {
    warnings: Vec<String>,
    lines: Vec<String>,
    faults: Vec<String>,
    error: Option<String>,
}

impl Block {
    /// Of a CID that was worked on, or not begun.
    pub(super) fn of(cid: &FleetCid, ran: Option<&Ran>, dry_run: bool, out: Out) -> Self {
        let mut block = Self::default();
        let Some(ran) = ran else { return block };
        if dry_run && Writer::needs_recovery(&cid.folder) {
            block.warnings.push(HALF_DONE.to_owned());
        }
        block.warnings.extend(lock_lines(ran));
        block.error = ran.error.as_ref().map(Error::to_string);
        block.faults = ran.faults.iter().map(fault_line).collect();
        if let Some(followed) = ran.followed.as_ref().filter(|followed| !followed.plan.is_empty()) {
            block.warnings.extend(followed.plan.warnings().iter().cloned());
            if !out.json && !out.quiet {
                block.lines.extend(followed_lines(followed, out.verbose));
            }
        }
        block.plan(ran, out);
        for published in &ran.published {
            block.warnings.extend(published.warnings.iter().map(|warning| format!("{}: {warning}", published.to)));
            block.faults.extend(published.trouble());
            block.lines.extend(published.line(dry_run).filter(|_| !out.json && !out.quiet));
        }
        block
    }

    fn plan(&mut self, ran: &Ran, out: Out) {
        let block = self;
        let Some(plan) = ran.carried_out() else { return };
        block.warnings.extend(plan.warnings().iter().cloned());
        if out.json || out.quiet || plan.is_empty() {
            return;
        }
        let mut lines = plan_lines(plan);
        let payload = plan.changes().iter().filter(|change| change.stage == Stage::Payload).count();
        if out.verbose {
            let diffs = plan.changes().iter().map(report::diff).collect::<String>();
            lines.extend(diffs.lines().map(str::to_owned));
        } else if payload > 0 {
            // What catalogs say of a file that is written follows from that.
            lines.truncate(payload);
        } else {
            lines.retain(|line| !line.starts_with(text!("Read ")));
        }
        block.lines.extend(lines);
        block.lines.extend(plan.notes().iter().map(|note| text!("note: {note}", note)));
        // Of many CIDs only what was not looked at is told.
        let told = |looked: &Looked| out.verbose || looked.contents < looked.files;
        block.lines.extend(plan.looked().filter(told).iter().map(looked_line));
    }

    fn is_empty(&self) -> bool {
        self.warnings.is_empty() && self.lines.is_empty() && self.faults.is_empty() && self.error.is_none()
    }
}

/// What a CID gets of the one that it follows.
fn followed_lines(followed: &Followed, is_verbose: bool) -> Vec<String> {
    let Followed { source, files, bytes, gone, plan, is_new, .. } = followed;
    let made = if *is_new { text!("Made from") } else { text!("Brought in line with") };
    let went = if *gone > 0 { text!(", {gone} removed", gone) } else { String::new() };
    let mut lines = vec![text!(
        "{made} {source}: {files} ({bytes} bytes){went}",
        made,
        source,
        files = count(*files, "file", "files"),
        bytes,
        went
    )];
    if is_verbose {
        lines.extend(plan_lines(plan));
    }
    lines
}

/// Shows the CIDs in the order of the file, whichever is ready first.
pub(super) struct Shower<'a> {
    fleet: &'a Fleet,
    out: Out,
    next: usize,
    waiting: BTreeMap<usize, Block>,
    dry_run: bool,
    /// Nothing has been shown yet.
    is_first: bool,
}

impl<'a> Shower<'a> {
    /// Nothing is shown yet.
    pub(super) fn new(fleet: &'a Fleet, dry_run: bool, out: Out) -> Self {
        Shower { fleet, out, next: 0, waiting: BTreeMap::new(), dry_run, is_first: true }
    }

    /// Whether there was nothing to show so far.
    pub(super) fn is_empty(&self) -> bool {
        self.is_first
    }

    /// Shows a CID, as soon as all before it are shown.
    pub(super) fn show(&mut self, index: usize, block: Block) {
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
        if !block.lines.is_empty() || !block.faults.is_empty() {
            self.is_first = false;
            let whom = whom(self.fleet, cid);
            let verb = if self.dry_run { text!("would report") } else { "reports" };
            out.heading(text!("{cid}: {verb} to {whom}", cid = cid.path.value, verb, whom));
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
pub(super) struct Progress<'a> {
    fleet: &'a Fleet,
    out: Out,
    state: Mutex<(usize, BTreeSet<usize>)>,
}

impl<'a> Progress<'a> {
    /// Nothing is begun yet.
    pub(super) fn new(fleet: &'a Fleet, out: Out) -> Self {
        Progress { fleet, out, state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, (usize, BTreeSet<usize>)> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A CID is begun, on any thread.
    pub(super) fn begun(&self, index: usize) {
        self.state().1.insert(index);
        self.show();
    }

    /// A CID is done, or will not be begun.
    pub(super) fn done(&self, index: usize) {
        let mut state = self.state();
        state.0 += 1;
        state.1.remove(&index);
    }

    /// Lets `print` have the terminal, where no thread says how far it is meanwhile.
    pub(super) fn while_silent(&self, print: impl FnOnce()) {
        let _state = self.state();
        self.out.progress("");
        print();
    }

    /// Shows how far it is.
    pub(super) fn show(&self) {
        let state = self.state();
        let names = state.1.iter().take(3).map(|index| last_part(&self.fleet.cids[*index].path.value));
        let names = names.collect::<Vec<&str>>().join(", ");
        let more = if state.1.len() > 3 { ", ..." } else { "" };
        let names = if names.is_empty() { names } else { text!("; at work: {names}{more}", names, more) };
        self.out.progress(&text!(
            "{state} of {cids} CIDs done{names}",
            state = state.0,
            cids = self.fleet.cids.len(),
            names
        ));
    }
}

/// The name of a CID's folder.
fn last_part(path: &str) -> &str {
    let path = path.trim_end_matches(['/', '\\']);
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}
