//! One destination from start to end.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::checks::Checks;
use super::difference::{Difference, Wanted, compare};
use super::fetch::{Brought, Fetch, crc32};
use super::functions::Functions;
use super::kept::{self, KeptFile};
use super::pace::Pace;
use super::source::Source;
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::files::{lies_in, real_path};
use crate::base::pool::{in_parallel, in_parallel_by_parts};
use crate::base::text::count;
use crate::catalog::{CidPath, Role, is_catalog_name};
use crate::catalogs::{Fault, Loaded, RefreshOptions, Scope, refuse_busy, verify};
use crate::cid::Cid;
use crate::cid::digest::{Wanted as Asked, digest_file, digest_input};
use crate::cid::tree::Found;
use crate::cid::walk::not_plain;
use crate::plan::{Change, Content, FileContent, LockOptions, Parts, Plan, Stage, Staging, Writer};
use crate::run::{Ran, Status};

/// How to bring a source's files to a destination.
pub(crate) struct Delivery<'a> {
    /// Say what would be brought, and bring nothing.
    pub dry_run: bool,
    /// How to get the lock of the destination.
    pub lock: LockOptions,
    /// Look at every file of the destination, and not at its catalogs alone.
    pub deep: bool,
    /// Let the destination keep its own `mrinit.conf`.
    pub keep_relay: bool,
    /// How catalogs are read, and rewritten where a relay is kept.
    pub options: &'a RefreshOptions,
    pub pace: &'a Pace,
    /// What the purpose begins with in the destination's history: who asked for it, where that was no command.
    pub by: &'static str,
}

/// How far a destination has come, in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Progress {
    pub brought: u64,
    pub total: u64,
}

/// What became of a destination.
#[derive(Debug)]
pub(crate) struct Delivered {
    /// As of every CID that is changed.
    pub ran: Ran,
    pub sent: Sent,
}

/// What a destination got, or would get.
#[derive(Debug, Default)]
pub(crate) struct Sent {
    /// Files of the payload that were, or would be, brought.
    pub files: usize,
    /// Their size.
    pub bytes: u64,
    /// Those of them that a run which broke off had brought already.
    pub reused: usize,
    /// Files that went, or would go.
    pub gone: usize,
    /// The files of its relay that it keeps.
    pub kept: Vec<CidPath>,
    /// Whether there was no such CID before.
    pub is_new: bool,
}

impl Delivery<'_> {
    /// Brings `target` what it lacks of `source`, and says what became of it. `progress` is told of every step, on any
    /// thread.
    pub(crate) fn to(&self, source: &dyn Source, target: &Path, progress: &(dyn Fn(Progress) + Sync)) -> Delivered {
        let mut work = Work::new(self, source, target, progress);
        let (status, faults, error) = match work.run() {
            Ok((status, faults)) => (status, faults, None),
            Err(error) => (Status::Failed, Vec::new(), Some(error)),
        };
        let broken_lock = work.writer.as_ref().and_then(Writer::broken).map(str::to_owned);
        let lock_left = work.writer.take().and_then(|writer| writer.release().err()).map(|error| error.to_string());
        if work.has_made_folder && error.is_some() {
            // Not where anything was brought: the next run goes on with that.
            let _ = std::fs::remove_dir(target);
        }
        let cid = target.to_string_lossy().into_owned();
        let ran = Ran {
            cid,
            status,
            plan: work.plan,
            recovered: work.recovered,
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

/// Refuses destinations that are the source, lie in it or hold it, or are named twice: what is written to one of them would
/// be read, or written to, at the same time.
///
/// # Errors
/// There is such a destination.
pub(crate) fn refuse_overlaps(source: Option<&Path>, targets: &[PathBuf]) -> Result<()> {
    let usage = |what: &str, target: &Path| {
        Err(Error::new(ErrorKind::Usage, what).in_file(target).next("nothing was changed; name each folder once"))
    };
    let mut known: Vec<(PathBuf, bool)> = Vec::new();
    for target in targets {
        let (real, is_there) = match real_path(target) {
            Ok(real) => (real, true),
            // It is perhaps to be made.
            Err(_) => {
                let parent = target.parent().filter(|parent| !parent.as_os_str().is_empty());
                let parent = real_path(parent.unwrap_or(Path::new("."))).unwrap_or_default();
                (parent.join(target.file_name().unwrap_or_default()), false)
            }
        };
        let lies = |path: &Path, folder: &Path| {
            let there = path.ancestors().find(|path| path.exists()).unwrap_or(path);
            lies_in(there, folder) || path.starts_with(folder)
        };
        if let Some(source) = source {
            if is_there && lies_in(&real, source) && lies_in(source, &real) {
                return usage(text!("this is the source itself"), target);
            }
            if lies(&real, source) {
                return usage(text!("this lies in the source"), target);
            }
            if is_there && lies_in(source, &real) {
                return usage(text!("the source lies in this folder"), target);
            }
        }
        for (other, other_is_there) in &known {
            if *other == real || (is_there && *other_is_there && lies_in(&real, other) && lies_in(other, &real)) {
                return usage(text!("this folder is named twice"), target);
            }
            if lies(&real, other) || lies(other, &real) {
                return usage(text!("of two folders that are named one lies in the other"), target);
            }
        }
        known.push((real, is_there));
    }
    Ok(())
}

/// What a look at both ends found.
struct Look {
    /// The source's catalogs as they are.
    originals: Vec<Loaded>,
    /// And as the destination is to have them, where that is otherwise: with the entries of its own relay, which is kept.
    own: Option<Vec<Loaded>>,
    /// The destination; `None` where there is nothing yet.
    target: Option<Cid>,
    theirs: Vec<Loaded>,
    difference: Difference,
    kept: Vec<KeptFile>,
    warnings: Vec<String>,
}

impl Look {
    /// The source's catalogs, as the destination is to have them.
    fn catalogs(&self) -> &[Loaded] {
        self.own.as_ref().unwrap_or(&self.originals)
    }
}

struct Work<'a> {
    delivery: &'a Delivery<'a>,
    source: &'a dyn Source,
    path: &'a Path,
    progress: &'a (dyn Fn(Progress) + Sync),
    writer: Option<Writer>,
    recovered: Option<crate::plan::Recovered>,
    plan: Option<Plan>,
    has_made_folder: bool,
    sent: Sent,
}

impl<'a> Work<'a> {
    fn new(
        delivery: &'a Delivery<'a>,
        source: &'a dyn Source,
        path: &'a Path,
        progress: &'a (dyn Fn(Progress) + Sync),
    ) -> Self {
        Self {
            delivery,
            source,
            path,
            progress,
            writer: None,
            recovered: None,
            plan: None,
            has_made_folder: false,
            sent: Sent::default(),
        }
    }

    fn run(&mut self) -> Result<(Status, Vec<Fault>)> {
        crate::base::files::check_spelling(self.path)?;
        refuse_overlaps(self.source.folder(), &[self.path.to_owned()])?;
        self.sent.is_new = is_absent(self.path);
        if self.delivery.dry_run {
            let look = self.look()?;
            let plan = self.plan(&look, Self::as_in_source)?;
            let status = if plan.is_empty() { Status::Unchanged } else { Status::Planned };
            self.count(&look, &[]);
            self.plan = Some(plan);
            return Ok((status, Vec::new()));
        }
        let has_leftovers = Writer::has_leftovers(self.path) || Staging::is_left(self.path);
        if !self.sent.is_new && !has_leftovers {
            let look = self.look()?;
            // What stands in the way is told before anything is brought.
            let plan = self.plan(&look, Self::as_in_source)?;
            if look.difference.is_empty() {
                self.count(&look, &[]);
                self.plan = Some(plan);
                return Ok((Status::Unchanged, self.verified_deep()?));
            }
        } else if self.sent.is_new {
            // A source that cannot be read makes no folder.
            self.look()?;
            std::fs::create_dir(self.path).map_err(|error| {
                Error::io("make the folder", self.path, error)
                    .next("make the folder above it first, and check your rights")
            })?;
            self.has_made_folder = true;
        }
        let writer = Writer::lock(self.path, self.delivery.lock)?;
        self.recovered = writer.recover(None)?;
        let writer = &*self.writer.insert(writer);
        let mut staging = Staging::open(writer)?;
        match self.bring(&mut staging) {
            Ok(()) => {
                let cleared = staging.clear();
                let faults = self.verified()?;
                cleared?;
                let has_changed = self.plan.as_ref().is_some_and(|plan| !plan.is_empty());
                Ok(match (faults.is_empty(), has_changed) {
                    (false, _) => (Status::Failed, faults),
                    (true, true) => (Status::Changed, faults),
                    (true, false) => (Status::Unchanged, faults),
                })
            }
            Err(error) => {
                // One in which nothing is is of no use to the next run.
                staging.clear_if_empty();
                Err(error)
            }
        }
    }

    /// Brings what is wanted, and lets it be the destination's.
    fn bring(&mut self, staging: &mut Staging) -> Result<()> {
        let look = self.look()?;
        self.plan(&look, Self::as_in_source).map(drop)?;
        let functions = Functions::of(self.source, &look.originals, self.delivery.options)?;
        let total: u64 = look.difference.wanted.iter().map(|file| u64::from(file.size)).sum();
        staging.begin(look.difference.wanted.len(), total + ROOM)?;
        let staging = &*staging;
        let brought = std::sync::atomic::AtomicU64::new(0);
        let told = self.progress;
        let progress = move |bytes: u64| {
            let brought = brought.fetch_add(bytes, std::sync::atomic::Ordering::Relaxed) + bytes;
            told(Progress { brought, total });
        };
        let fetch = Fetch {
            source: self.source,
            checks: Checks { catalogs: &look.originals, functions: &functions },
            staging,
            pace: self.delivery.pace,
            copies: staging.copies_without_moving(),
            progress: &progress,
        };
        let brought = fetch.all(&look.difference.wanted)?;
        if !is_unchanged(&look.originals, &self.source.catalogs()?) {
            return Err(Error::new(ErrorKind::Changed, "the source was changed while its files were brought")
                .in_file(Path::new(self.source.shown()))
                .next(
                    "nothing was changed; wait until its update has ended, then try again: what was brought is kept",
                ));
        }
        let unknown = unknown_functions(&functions, self.source);
        let unknown = if look.difference.wanted.is_empty() { Vec::new() } else { unknown };
        drop(functions);
        let mut look = look;
        look.warnings.extend(unknown);
        let mut sums = brought.iter();
        let plan = self.plan(&look, |file| {
            let brought = sums.next().expect("all of them were brought");
            Ok(staging.content(file.size.into(), brought.sha256, brought.crc32))
        })?;
        self.count(&look, &brought);
        // From here on the plan alone is needed, and what it shares with these.
        drop((look, brought));
        let writer = self.writer.as_ref().expect("the destination is locked");
        let applied = writer.apply(&plan).map(drop);
        self.plan = Some(plan);
        applied
    }

    fn count(&mut self, look: &Look, brought: &[Brought]) {
        self.sent.files = look.difference.wanted.len();
        self.sent.bytes = look.difference.wanted.iter().map(|file| u64::from(file.size)).sum();
        self.sent.reused = brought.iter().filter(|brought| brought.is_reused).count();
        self.sent.gone = look.difference.gone.len() + look.difference.gone_catalogs.len();
        self.sent.kept = look.kept.iter().map(|file| file.path.clone()).collect();
    }

    /// Reads the catalogs of both ends, and says what differs.
    fn look(&self) -> Result<Look> {
        let originals = self.source.catalogs()?;
        let mut warnings = Vec::new();
        let target = self.open_target()?;
        let mut theirs = Vec::new();
        for file in target.iter().flat_map(Cid::catalogs) {
            let cid = target.as_ref().expect("it has catalogs");
            match cid.read_catalog_shared(file) {
                Ok((bytes, catalog)) => theirs.push(Loaded { file: file.clone(), bytes, catalog }),
                Err(error) if error.kind() == ErrorKind::CatalogFormat && !self.delivery.keep_relay => {
                    warnings.push(text!(
                        "{file} cannot be read, and is brought anew with all that it lists: {error}",
                        file = file.path,
                        error
                    ))
                }
                Err(error) => return Err(error),
            }
        }
        if !self.delivery.options.accept_temporary {
            self.source.check_quiet(&originals)?;
            target.as_ref().map_or(Ok(()), |cid| refuse_busy(cid, &theirs))?;
        }
        let kept = match &target {
            Some(cid) if self.delivery.keep_relay => kept::relay_files(cid)?,
            _ => Vec::new(),
        };
        let own = match &target {
            Some(_) if !kept.is_empty() => {
                let copied = originals.iter().map(copy_of).collect();
                Some(kept::keep(copied, self.source, &theirs, &kept, self.delivery.options)?)
            }
            _ => None,
        };
        let kept_keys: HashSet<String> = kept.iter().map(|file| file.path.key()).collect();
        let further = match &target {
            Some(cid) if self.delivery.deep => self.differing(cid, &originals, &kept_keys)?,
            _ => HashSet::new(),
        };
        let difference = compare(own.as_ref().unwrap_or(&originals), &theirs, &kept_keys, &further, false)?;
        let customers = &self.delivery.options.customer_files;
        for path in difference.gone.iter().filter(|path| customers.role(path) == Role::Customer) {
            warnings.push(text!("{path} is a customer's file, and goes, since the source does not list it", path));
        }
        Ok(Look { originals, own, target, theirs, difference, kept, warnings })
    }

    /// The destination, as far as it is there: a CID, or an empty folder.
    fn open_target(&self) -> Result<Option<Cid>> {
        if is_absent(self.path) {
            return Ok(None);
        }
        let cid = Cid::open_uncataloged(self.path)?;
        if cid.catalogs().iter().any(|catalog| catalog.folder.is_none()) {
            return Ok(Some(cid));
        }
        let is_empty = cid.tree().listing(None)?.names().next().is_none();
        match Cid::open(self.path) {
            Err(_) if is_empty => Ok(Some(cid)),
            opened => opened.map(Some).map_err(|error| {
                error.next(
                    "a destination is a CID, an empty folder, or a folder that is not there yet: name another one",
                )
            }),
        }
    }

    /// The keys of files of the destination that are not what the source's catalogs list, which are all read for that.
    fn differing(&self, target: &Cid, catalogs: &[Loaded], kept: &HashSet<String>) -> Result<HashSet<String>> {
        let functions = Functions::of(self.source, catalogs, self.delivery.options)?;
        let mut differing = HashSet::new();
        for (number, loaded) in catalogs.iter().enumerate() {
            let function = functions.get(number);
            let looks = in_parallel(loaded.catalog.entries(), |entry| -> Result<Option<String>> {
                let path = entry.path.under(loaded.file.folder.as_ref());
                let key = path.key();
                if kept.contains(&key) || catalogs.iter().any(|catalog| catalog.file.path.key() == key) {
                    return Ok(None);
                }
                let Found::File { path: place, size, linked: false } = target.tree().find(&path)? else {
                    return Ok(Some(key));
                };
                if size != u64::from(entry.size) {
                    return Ok(Some(key));
                }
                let is_same = match &function {
                    Some(function) => {
                        let context = loaded.catalog.context(&entry.path, size);
                        let function = crate::catalog::checksum::bound(function, &context);
                        let asked = Asked { checksums: std::slice::from_ref(&function), ..Asked::default() };
                        digest_file(&place, size + 1, asked)?.checksums.first() == Some(&entry.checksum)
                    }
                    None => {
                        let asked = Asked { sha256: true, ..Asked::default() };
                        let input = self.source.open(&path, entry.size)?;
                        let theirs = digest_input(input, &self.source.shown_file(&path), size + 1, asked)?;
                        theirs.sha256 == digest_file(&place, size + 1, asked)?.sha256
                    }
                };
                Ok((!is_same).then_some(key))
            });
            for look in looks {
                differing.extend(look?);
            }
        }
        Ok(differing)
    }

    /// What a file is to hold, as it stands in the source: for those who only look.
    fn as_in_source(file: &Wanted) -> Result<Content> {
        Ok(Content::Elsewhere(file.size.into()))
    }

    /// The plan, with the contents that `content` gives for the wanted files, in their order.
    fn plan(&self, look: &Look, mut content: impl FnMut(&Wanted) -> Result<Content>) -> Result<Plan> {
        let Look { target, theirs, difference, kept, warnings, .. } = look;
        let shown = self.source.shown();
        let Whys { comes, own, goes } = Whys::of(shown);
        let Difference { wanted, catalogs, gone, gone_catalogs, .. } = difference;
        let count = wanted.len() + catalogs.len() + gone.len() + gone_catalogs.len();
        let mut changes = Vec::with_capacity(count);
        let mut sound = HashSet::new();
        let going = Going::new(&difference.gone);
        let mut before = |path: &CidPath| before(target.as_ref(), path, &going, &mut sound);
        for file in &difference.wanted {
            let after = Some(content(file)?);
            let before = before(&file.path)?;
            let (path, stage) = (file.path.clone(), stage(&file.path));
            changes.push(Change { path, before, after, why: comes.clone(), stage, kept: None });
        }
        for number in catalogs {
            let loaded = &look.catalogs()[*number];
            let known = theirs.iter().find(|theirs| theirs.file.path.key() == loaded.file.path.key());
            let before = match known {
                Some(known) => Some(Content::Bytes(known.bytes.clone())),
                None => before(&loaded.file.path)?,
            };
            let is_own = look.originals[*number].bytes != loaded.bytes;
            let why = if is_own { own.clone() } else { comes.clone() };
            let (path, after) = (loaded.file.path.clone(), Some(Content::Bytes(loaded.bytes.clone())));
            let stage = if loaded.file.folder.is_some() { Stage::ComponentCatalog } else { Stage::RootCatalog };
            changes.push(Change { path, before, after, why, stage, kept: None });
        }
        for path in difference.gone.iter().chain(&difference.gone_catalogs) {
            let Some(before) = before(path)? else { continue };
            let (path, why) = (path.clone(), goes.clone());
            changes.push(Change { stage: stage(&path), path, before: Some(before), after: None, why, kept: None });
        }
        let keeps = if kept.is_empty() { "" } else { ", its own relay kept" };
        let purpose = format!("{}sync from {shown}{keeps}", self.delivery.by);
        let parts = Parts { purpose, changes, warnings: warnings.clone(), ..Parts::default() };
        let Some(cid) = target else { return Ok(Plan::for_new(self.path, parts)) };
        let plan = Plan::new(cid, parts);
        plan.refuse_full_folders(cid)?;
        Ok(plan)
    }

    /// What is wrong with what was written, while nobody else may write.
    fn verified(&self) -> Result<Vec<Fault>> {
        let cid = Cid::open(self.path)?;
        let changes = self.plan.as_ref().map(Plan::changes).unwrap_or_default();
        cid.tree().list_folders(changes.iter().map(|change| change.path.clone()));
        let crc32 = [crc32()];
        let look = |index: usize| -> Result<Option<Fault>> {
            let change = &changes[index];
            let fault = |code, what: String| Fault { code, catalog: None, path: Some(change.path.clone()), what };
            Ok(match (cid.tree().find(&change.path)?, &change.after) {
                // Files of a folder may have come in its place.
                (Found::Absent | Found::Folder, None) => None,
                (_, None) => Some(fault("unlisted", text!("it is still there").to_owned())),
                (Found::File { path, size, .. }, Some(after)) if size == after.size() => {
                    let crc = if let Content::File(file) = after { file.crc32 } else { None };
                    let is_same = match crc {
                        Some(sum) => {
                            let asked = Asked { checksums: &crc32, ..Asked::default() };
                            digest_file(&path, size + 1, asked)?.checksums.first() == Some(&sum)
                        }
                        None => {
                            let asked = Asked { sha256: true, ..Asked::default() };
                            digest_file(&path, size + 1, asked)?.sha256 == after.sum()
                        }
                    };
                    (!is_same).then(|| fault("checksum", text!("it is not what was brought").to_owned()))
                }
                (Found::File { size, .. }, Some(after)) => Some(fault(
                    "size",
                    text!("it has {size} bytes, and {size_is} were brought", size, size_is = after.size()),
                )),
                (_, Some(_)) => Some(fault("missing", text!("it was brought and is not there").to_owned())),
            })
        };
        let mut faults = Vec::new();
        in_parallel_by_parts(changes.len(), look, |_, fault| faults.extend(fault))?;
        if faults.is_empty() {
            faults = self.verified_deep()?;
        }
        Ok(faults)
    }

    /// What is wrong with all of the destination, where that was asked for.
    fn verified_deep(&self) -> Result<Vec<Fault>> {
        match self.delivery.deep {
            true => Ok(verify(&Cid::open(self.path)?, self.delivery.options, Scope::Everything)?.faults),
            false => Ok(Vec::new()),
        }
    }
}

/// Why a change is made, each text there once for all changes.
pub(super) struct Whys {
    pub comes: Arc<str>,
    /// A catalog that has the entries of the destination's own relay.
    pub own: Arc<str>,
    pub goes: Arc<str>,
}

impl Whys {
    pub(super) fn of(shown: &str) -> Self {
        Self {
            comes: text!("as in {shown}", shown).into(),
            own: text!("as in {shown}, with this CID's own relay", shown).into(),
            goes: text!("no longer listed in {shown}", shown).into(),
        }
    }
}

/// Room that is asked for beyond the files, in bytes: catalogs, records, and what a file system rounds up.
const ROOM: u64 = 1 << 20;

/// Whether nothing is at a path.
fn is_absent(path: &Path) -> bool {
    matches!(path.symlink_metadata(), Err(error) if error.kind() == std::io::ErrorKind::NotFound)
}

/// What is to be said of catalogs whose checksums cannot be checked.
pub(super) fn unknown_functions(functions: &Functions<'_>, source: &dyn Source) -> Vec<String> {
    let unknown = functions.unknown().into_iter().map(|loaded| {
        text!("no checksum function that configcid knows reproduces {} of {}: sizes of what was brought were compared with it, \
             checksums were not", loaded.file.path, source.shown())
    });
    unknown.collect()
}

/// Whether catalogs that were read anew are what they were, byte for byte.
fn is_unchanged(before: &[Loaded], now: &[Loaded]) -> bool {
    let is_same = |(a, b): (&Loaded, &Loaded)| a.file == b.file && a.bytes == b.bytes;
    now.len() == before.len() && now.iter().zip(before).all(is_same)
}

pub(super) fn copy_of(loaded: &Loaded) -> Loaded {
    Loaded { file: loaded.file.clone(), bytes: loaded.bytes.clone(), catalog: loaded.catalog.clone() }
}

/// When a file is put in place: a catalog that no component and no root is known by comes before those that list it.
pub(super) fn stage(path: &CidPath) -> Stage {
    match (is_catalog_name(path.file_name()), path.folder()) {
        (false, _) => Stage::Payload,
        (true, Some(_)) => Stage::ComponentCatalog,
        (true, None) => Stage::RootCatalog,
    }
}

/// The files that go, and the folders that hold them, by their keys.
struct Going {
    files: HashSet<String>,
    folders: HashSet<String>,
}

impl Going {
    fn new(gone: &[CidPath]) -> Self {
        let mut folders = HashSet::new();
        for path in gone {
            path.folders().take_while(|folder| folders.insert(folder.key())).for_each(drop);
        }
        Self { files: gone.iter().map(CidPath::key).collect(), folders }
    }
}

/// What a file of the destination holds now. A file that goes may make way for a folder, and a folder for a file. `sound` has the folders that may be folders of the destination, as far as this was
/// looked at.
fn before(
    target: Option<&Cid>,
    path: &CidPath,
    going: &Going,
    sound: &mut HashSet<CidPath>,
) -> Result<Option<Content>> {
    let Some(target) = target else { return Ok(None) };
    match target.tree().find(path)? {
        Found::Absent => {
            for this in path.folders() {
                if sound.contains(&this) {
                    break;
                }
                if target.tree().is_linked(Some(&this))? {
                    return Err(not_plain(&target.shown(&this)));
                }
                let found = target.tree().find(&this)?;
                let makes_way = matches!(found, Found::File { linked: false, .. }) && going.files.contains(&this.key());
                if !makes_way && !matches!(found, Found::Absent | Found::Folder) {
                    return Err(Error::new(ErrorKind::Io, "this should be a folder, and is none")
                        .in_file(&target.shown(&this))
                        .next("remove or rename it"));
                }
                sound.insert(this);
            }
            Ok(None)
        }
        Found::File { path, size, linked: false } => Ok(Some(FileContent::unread(&path, size).into())),
        Found::File { .. } => Err(not_plain(&target.shown(path))),
        Found::Folder if going.folders.contains(&path.key()) => Ok(None),
        Found::Folder | Found::Other => Err(Error::new(ErrorKind::Io, "this should be a file, and is none")
            .in_file(&target.shown(path))
            .next("remove or rename it")),
    }
}

impl Sent {
    /// What was, or would be, brought, in a few words.
    pub(crate) fn summary(&self) -> String {
        let files = count(self.files, "file", "files");
        let bytes = count(usize::try_from(self.bytes).unwrap_or(usize::MAX), "byte", "bytes");
        let gone = if self.gone > 0 { text!(", {} gone", self.gone) } else { String::new() };
        let reused =
            if self.reused > 0 { text!(" ({} of them by a run that broke off)", self.reused) } else { String::new() };
        let kept = if self.kept.is_empty() { "" } else { ", its own relay kept" };
        format!("{files}, {bytes}{reused}{gone}{kept}")
    }
}
