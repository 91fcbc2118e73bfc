//! One place from start to end.

use std::collections::HashSet;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use super::deep::{differing, wrong_catalogs};
use super::lock::Lock;
use super::look::Look;
use super::names;
use super::place::Placing;
use super::record::{Coming, NewRecord};
use super::upload::{Upload, Uploaded};
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::hex::hex;
use crate::base::pool::{brought_at_a_time, in_flight};
use crate::catalog::CidPath;
use crate::catalogs::{Fault, Loaded};
use crate::plan::{Change, Content, Parts, Plan, Stage};
use crate::run::{Ran, Status};
use crate::sync::checks::Checks;
use crate::sync::deliver::{Delivered, Delivery, Progress, Sent, Whys, stage, unknown_functions};
use crate::sync::difference::{Difference, compare};
use crate::sync::functions::Functions;
use crate::sync::source::Source;
use crate::web::{Store, Trouble};

impl Delivery<'_> {
    /// Publishes what the place lacks of `source`, and says what became of it. `progress` is told of every step, on any
    /// thread.
    pub(crate) fn publish(
        &self,
        source: &dyn Source,
        store: &dyn Store,
        progress: &(dyn Fn(Progress) + Sync),
    ) -> Delivered {
        let mut work = Work { delivery: self, source, store, progress, lock: None, plan: None, sent: Sent::default() };
        let (status, faults, error) = match work.run() {
            Ok((status, faults)) => (status, faults, None),
            Err(error) => (Status::Failed, Vec::new(), Some(error)),
        };
        let broken_lock = work.lock.as_ref().and_then(|lock| lock.broken.clone());
        let lock_left = work.lock.take().and_then(|lock| lock.release().err()).map(|error| error.to_string());
        let ran = Ran {
            cid: store.shown().to_owned(),
            status,
            plan: work.plan,
            recovered: None,
            broken_lock,
            lock_left,
            faults,
            error,
            followed: None,
            published: Vec::new(),
        };
        Delivered { ran, sent: work.sent }
    }
}

struct Work<'a> {
    delivery: &'a Delivery<'a>,
    source: &'a dyn Source,
    store: &'a dyn Store,
    progress: &'a (dyn Fn(Progress) + Sync),
    lock: Option<Lock<'a>>,
    plan: Option<Plan>,
    sent: Sent,
}

impl Work<'_> {
    fn run(&mut self) -> Result<(Status, Vec<Fault>)> {
        let look = self.look()?;
        self.sent.is_new = look.versions.is_empty();
        self.count(&look, &[]);
        if self.delivery.dry_run || look.is_done() {
            let plan = self.plan(&look);
            let is_done = look.is_done() && plan.is_empty();
            self.plan = Some(plan);
            return Ok((if is_done { Status::Unchanged } else { Status::Planned }, Vec::new()));
        }
        self.lock = Some(Lock::take(self.store, self.delivery.lock)?);
        // Whoever had the lock before may have published.
        let look = match look.refuse_changed(self.store) {
            Ok(()) => look,
            Err(error) if error.kind() == ErrorKind::Changed => self.look()?,
            Err(error) => return Err(error),
        };
        let is_new = self.store.make_folder(&names::staging()?)?;
        let mut look = look;
        let mut faults = self.publish(&mut look, !is_new).map_err(|error| {
            // Whoever has broken the lock has cleared away what this run sent: that is why it fails.
            self.lock
                .as_ref()
                .and_then(|lock| lock.check().err())
                .filter(|why| why.kind() == ErrorKind::Locked)
                .unwrap_or(error)
        })?;
        self.plan = Some(self.plan(&look));
        if !faults.is_empty() {
            // What waits, and the record of what goes, stay for the next run.
            return Ok((Status::Failed, faults));
        }
        if self.delivery.deep {
            faults = self.differing(&look)?;
            // That took long, and another's files may wait there by now.
            self.check_lock()?;
        }
        self.store.remove_folder(&names::staging()?)?;
        Ok((if faults.is_empty() { Status::Changed } else { Status::Failed }, faults))
    }

    /// What both ends have; by every file of the place, too, where that was asked for.
    fn look(&self) -> Result<Look> {
        let mut look = Look::new(self.delivery, self.source, self.store)?;
        if self.delivery.deep && !look.versions.is_empty() {
            let differing = self.differing(&look)?;
            let further: HashSet<String> =
                differing.iter().filter_map(|fault| Some(fault.path.as_ref()?.key())).collect();
            if !further.is_empty() {
                look.difference = compare(look.catalogs(), &look.theirs, &kept(&look), &further, true)?;
            }
        }
        Ok(look)
    }

    fn differing(&self, look: &Look) -> Result<Vec<Fault>> {
        let functions = Functions::of(self.source, &look.originals, self.delivery.options)?;
        let checks = Checks { catalogs: &look.originals, functions: &functions };
        let mut kept = kept(look);
        kept.extend(look.catalogs().iter().map(|loaded| loaded.file.path.key()));
        differing(self.store, self.source, &checks, &kept)
    }

    /// Looks whether the lock is still this run's.
    fn check_lock(&self) -> Result<()> {
        self.lock.as_ref().expect("the place is locked").check()
    }

    /// Sends what is wanted, and puts it in place; what goes only where the catalogs are then what they should be, and else tells
    /// of those that are not.
    fn publish(&mut self, look: &mut Look, is_resumed: bool) -> Result<Vec<Fault>> {
        let left = look.left.clone().unwrap_or_default();
        let source = self.source.shown();
        let (fresh, coming) = (left.fresh, || left.coming.iter().cloned());
        let is_proved = look.is_fresh && self.store.at_once().is_some();
        if !is_proved {
            NewRecord { source, fresh, going: || look.gone(), coming }.write(self.store)?;
        }
        let is_direct = is_proved || (look.is_fresh && self.knows_conditions()?);
        if is_direct {
            let nothing = look.listed();
            let placing = Placing { store: self.store, look, listed: &nothing, left: &[], left_is_fresh: false };
            self.claim(look, &HashSet::new())?;
            placing.make_folders(&look.difference.wanted)?;
        }
        look.ask_for_case(self.store)?;
        let mut gone: Vec<CidPath> = look.gone().cloned().collect();
        if self.store.has_folders() {
            look.leave_out_turned(&mut gone);
        }

        let sent = self.send(look, is_resumed, is_direct)?;
        self.count(look, &sent);
        let listed = look.listed();
        let coming = || {
            let all = look.difference.wanted.iter().zip(&sent);
            let new = all.filter(|(file, _)| listed.size(&file.path).is_none());
            new.map(|(file, sent)| Coming { path: file.path.to_string(), size: file.size, sha256: hex(&sent.sha256) })
        };
        if !is_direct && coming().next().is_some() {
            let coming = || coming().chain(left.coming.iter().cloned());
            NewRecord { source, fresh, going: || look.gone(), coming }.write(self.store)?;
        }
        let placing =
            Placing { store: self.store, look, listed: &listed, left: &left.coming, left_is_fresh: left.fresh };
        let catalogs: Vec<&Loaded> = look.difference.catalogs.iter().map(|number| &look.catalogs()[*number]).collect();
        let waiting = in_flight(brought_at_a_time(), &catalogs, |loaded| Ok((*loaded, placing.send_catalog(loaded)?)));
        let mut waiting = waiting.into_iter().collect::<Result<Vec<_>>>()?;
        self.refuse_changed_source(look)?;
        self.check_lock()?;
        look.refuse_changed(self.store)?;

        if !is_direct {
            placing.make_folders(&look.difference.wanted)?;
        }
        placing.payload(&look.difference.wanted, &sent)?;
        waiting.sort_by_key(|(loaded, _)| loaded.file.folder.is_none());
        for (loaded, ready) in &waiting {
            // Giving the payload its names may have taken long.
            self.check_lock()?;
            placing.catalog(loaded, ready)?;
        }
        let faults = wrong_catalogs(self.store, &catalogs)?;
        if !faults.is_empty() {
            drop((listed, waiting));
            look.nothing_goes();
            self.count(look, &sent);
            return Ok(faults);
        }
        if !gone.is_empty() {
            self.check_lock()?;
        }
        let removed = in_flight(brought_at_a_time(), &gone, |path| self.store.remove(path));
        removed.into_iter().collect::<Result<()>>()?;
        self.remove_left(look, &placing, &left.coming)?;
        Ok(faults)
    }

    /// Sends the payload to where it waits.
    fn send(&self, look: &mut Look, is_resumed: bool, is_direct: bool) -> Result<Vec<Uploaded>> {
        let functions = Functions::of(self.source, &look.originals, self.delivery.options)?;
        let total: u64 = look.difference.wanted.iter().map(|file| u64::from(file.size)).sum();
        let (told, sent) = (self.progress, AtomicU64::new(0));
        let progress = |bytes: u64| {
            // What is sent a second time is no further step.
            let brought = (sent.fetch_add(bytes, Ordering::Relaxed) + bytes).min(total);
            told(Progress { brought, total });
        };
        let upload = Upload {
            source: self.source,
            store: self.store,
            checks: Checks { catalogs: &look.originals, functions: &functions },
            pace: self.delivery.pace,
            is_resumed,
            is_direct,
            refused: Mutex::default(),
            check_lock: &|| self.check_lock(),
            progress: &progress,
        };
        let sent = upload.all(&look.difference.wanted);
        let refused = upload.refused.into_inner().unwrap_or_else(PoisonError::into_inner);
        if !refused.is_empty() {
            // They are somebody else's, and the next run is not to take them for this one's.
            self.check_lock()?;
            self.claim(look, &refused)?;
        }
        let sent = sent?;
        let unknown = unknown_functions(&functions, self.source);
        if !look.difference.wanted.is_empty() {
            look.warnings.extend(unknown);
        }
        Ok(sent)
    }

    /// Whether the place looks at conditions: it is asked to make a file that is there.
    fn knows_conditions(&self) -> Result<bool> {
        let (record, mut nothing): (_, &[u8]) = (names::record()?, &[]);
        match self.store.put(&record, 0, false, &mut nothing) {
            Err(Trouble { error, .. }) if error.kind() == ErrorKind::Exists => Ok(true),
            // Any other answer tells nothing, but for the record, which is written anew.
            Ok(_) | Err(_) => NewRecord {
                source: self.source.shown(),
                fresh: false,
                going: std::iter::empty,
                coming: std::iter::empty,
            }
            .write(self.store)
            .map(|()| false),
        }
    }

    /// Writes that all files are this run's own which are wanted and have their names, but those that have been `refused`.
    fn claim(&self, look: &Look, refused: &HashSet<String>) -> Result<()> {
        let coming = || {
            let ours = look.difference.wanted.iter().filter(|file| !refused.contains(&file.path.key()));
            ours.map(|file| Coming { path: file.path.to_string(), size: file.size, sha256: String::new() })
        };
        NewRecord { source: self.source.shown(), fresh: true, going: || look.gone(), coming }.write(self.store)
    }

    fn refuse_changed_source(&self, look: &Look) -> Result<()> {
        let now = super::look::as_asked_for(self.source.catalogs()?)?;
        let is_same = |(a, b): (&Loaded, &Loaded)| a.file == b.file && a.bytes == b.bytes;
        match now.len() == look.originals.len() && now.iter().zip(&look.originals).all(is_same) {
            true => Ok(()),
            false => Err(Error::new(ErrorKind::Changed, "the source was changed while its files were sent")
                .in_file(Path::new(self.source.shown()))
                .next("no listed file was changed; wait until its update has ended, then try again: what was sent is kept")),
        }
    }

    /// Removes what a run that broke off has put in place and the source does not have any more.
    fn remove_left(&self, look: &Look, placing: &Placing<'_, '_>, left: &[Coming]) -> Result<()> {
        if left.is_empty() {
            return Ok(());
        }
        let known = look.published();
        for coming in left {
            let path = CidPath::parse(&coming.path)?;
            if !known.contains(&look.name(&path)) && !placing.is_listed(&path) && placing.is_of_ours(coming, &path)? {
                self.store.remove(&path)?;
            }
        }
        Ok(())
    }

    fn count(&mut self, look: &Look, sent: &[Uploaded]) {
        self.sent.files = look.difference.wanted.len();
        self.sent.bytes = look.difference.wanted.iter().map(|file| u64::from(file.size)).sum();
        self.sent.reused = sent.iter().filter(|sent| sent.is_reused).count();
        self.sent.gone = look.gone().count();
        self.sent.kept = look.kept.iter().map(|file| file.path.clone()).collect();
    }

    /// What is, or would be, done, as of every CID that is changed. Nobody reads files from here: where they are is not said.
    fn plan(&self, look: &Look) -> Plan {
        let listed = look.listed();
        let unread = |size: u64| Some(Content::Elsewhere(size));
        let there = |path: &CidPath| unread(listed.size(path)?.into());
        let shown = self.source.shown();
        let Whys { comes, own, goes } = Whys::of(shown);
        let Difference { wanted, catalogs, .. } = &look.difference;
        let mut changes = Vec::with_capacity(wanted.len() + catalogs.len() + look.gone().count());
        for file in wanted {
            let (path, stage, before) = (file.path.clone(), stage(&file.path), there(&file.path));
            changes.push(Change {
                path,
                before,
                after: unread(file.size.into()),
                why: comes.clone(),
                stage,
                kept: None,
            });
        }
        for number in catalogs {
            let loaded = &look.catalogs()[*number];
            let is_own = look.originals[*number].bytes != loaded.bytes;
            let why = if is_own { own.clone() } else { comes.clone() };
            let before = look.versions.iter().find(|version| version.path.key() == loaded.file.path.key());
            let before = before.map(|version| Content::Bytes(version.bytes.clone()));
            let stage = if loaded.file.folder.is_some() { Stage::ComponentCatalog } else { Stage::RootCatalog };
            let (path, after) = (loaded.file.path.clone(), Some(Content::Bytes(loaded.bytes.clone())));
            changes.push(Change { path, before, after, why, stage, kept: None });
        }
        for path in look.gone() {
            let known = look.versions.iter().find(|version| version.path.key() == path.key());
            let before = known.map(|version| Content::Bytes(version.bytes.clone())).or_else(|| there(path));
            // One that an earlier run was to remove has a size that nobody remembers.
            let before = before.or_else(|| unread(0));
            let (path, why) = (path.clone(), goes.clone());
            changes.push(Change { stage: stage(&path), path, before, after: None, why, kept: None });
        }
        let keeps = if look.kept.is_empty() { "" } else { ", its own relay kept" };
        let purpose = format!("{}sync from {shown}{keeps}", self.delivery.by);
        let parts = Parts { purpose, changes, warnings: look.warnings.clone(), ..Parts::default() };
        Plan::for_new(Path::new(self.store.shown()), parts)
    }
}

fn kept(look: &Look) -> HashSet<String> {
    look.kept.iter().map(|file| file.path.key()).collect()
}

impl Look {
    /// Has nothing go.
    fn nothing_goes(&mut self) {
        self.difference.gone.clear();
        self.difference.gone_catalogs.clear();
        self.difference.respelled.clear();
        self.left_going.clear();
    }

    /// What goes.
    fn gone(&self) -> impl Iterator<Item = &CidPath> {
        let Difference { gone, gone_catalogs, respelled, .. } = &self.difference;
        gone.iter().chain(gone_catalogs).chain(respelled).chain(&self.left_going)
    }
}
