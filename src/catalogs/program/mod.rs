//! Letting a program that the user brings, `ConfigCID.exe` itself for example, rewrite the catalogs.
//!
//! The program does not touch the CID. It runs on a working copy, what it did there is checked by what endpoints would
//! meet, and only catalogs that pass become changes of the plan, which is then carried out like any other. So a program
//! that hangs, fails, lies or dies half-way leaves nothing to put back, and a dry run shows what it does. Only where the user
//! says so it runs on the CID itself (`on_cid.rs`), in the midst of a change whose journal leads back.

mod check;
mod copy;
mod find;
mod on_cid;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use self::check::{Check, Rewritten, Verdict};
use self::copy::WorkingCopy;
use super::Loaded;
use super::basis::{Basis, Refreshed};
use super::detect::{Sample, detect_by};
use super::entries::edits;
use super::loaded::catalog_change;
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::program::{Ran, run_to_end, stop_error};
use crate::base::text::some_of;
use crate::catalog::checksum::Function;
use crate::catalog::{CidPath, Role};
use crate::cid::tree::Found;
use crate::cid::{Cid, MRINIT};
use crate::mrinit::{Mrinit, is_secret_key, masked};
use crate::plan::{CatalogChange, Change};

/// A program that rewrites a CID's catalogs; it gets the CID's folder as its last argument.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Program {
    /// The program. It is run from where it lies: some need files beside them.
    pub path: PathBuf,
    /// What it gets before the CID's folder.
    pub args: Vec<String>,
    /// How long it may take. Then it is ended, with all that it started.
    pub timeout: Duration,
    /// Give it a copy with the content of every file, and not only of those that it can need; and run it even where nothing is
    /// to do.
    pub whole_copy: bool,
    /// Run it on the CID itself, in the midst of a change whose journal leads back.
    pub in_place: bool,
    /// Where the copy is made; `None` for where the system has temporary files.
    pub temp: Option<PathBuf>,
}

impl Program {
    fn name(&self) -> String {
        self.path.file_name().unwrap_or(self.path.as_os_str()).to_string_lossy().into_owned()
    }

    /// A program without arguments of its own.
    pub fn new(path: impl Into<PathBuf>, timeout: Duration) -> Self {
        Self { path: path.into(), args: Vec::new(), timeout, whole_copy: false, in_place: false, temp: None }
    }
}

/// Lets the program rewrite the catalogs of a working copy that has the payload, and gives what it made of them.
pub(super) fn run(
    program: &Program,
    basis: &Basis<'_>,
    samples: &[Vec<Sample>],
    payload: &[Change],
) -> Result<Refreshed> {
    let name = program.name();
    let functions = functions(basis, samples)?;
    if payload.is_empty() && !program.whole_copy && is_in_line(basis, &functions)? {
        let unchanged = |loaded: &Loaded| CatalogChange {
            catalog: loaded.file.path.clone(),
            entries: loaded.catalog.entries().len(),
            function: name.clone(),
            actions: Vec::new(),
            changed: false,
        };
        let mut note = text!(
            "{name} was not run: sizes are as listed, and no file of the customer's differs from its entry or has changed since \
             the catalogs were written",
            name
        );
        if !program.in_place {
            note.push_str(text!("; --program-copy whole runs it all the same"));
        }
        let catalogs = basis.loaded.iter().map(unchanged).collect();
        let functions = by_catalog(basis.loaded, &functions);
        return Ok(Refreshed { catalogs, notes: vec![note], functions, ..Refreshed::default() });
    }
    if program.in_place {
        return on_cid::prepare(program, basis, functions, payload);
    }
    let copy = WorkingCopy::make(basis, payload, program.temp.as_deref(), program.whole_copy)?;
    let mut command = find::command(program, &copy.folder)?;
    command.current_dir(copy.above());
    let (ran, stopped) = run_to_end(command, &program.path, Stdio::null(), program.timeout)?;
    let said = tame(basis.view.cid(), &ran);
    if let Some(what) = stopped {
        return Err(stop_error(format!("{what}{}", in_words(&said))).in_file(&program.path));
    }
    // What cannot be looked at any more is the program's doing, too.
    let catalogs = copy.catalogs(basis.loaded).unwrap_or_else(|error| Err(error.to_string()));
    let others = copy.other_files(basis.loaded).unwrap_or_else(|error| Err(error.to_string()));
    let judged = match (catalogs, others) {
        (Ok(rewritten), Ok(left)) => {
            let left = shown(left).map(|left| text!("{name} left {left} in its copy, which went with it", name, left));
            judge(&rewritten, basis, &functions, &name)?.map(|judged| (judged, left))
        }
        (Err(what), _) | (_, Err(what)) => Err(what),
    };
    match judged {
        Ok((judged, left)) => Ok(accepted(judged, left, &name, &ran, said)),
        Err(what) => {
            let mut next =
                text!("nothing was changed; look at the program, or leave this CID to the vendor's own tools")
                    .to_owned();
            if let Some(files) = copy.stand_ins() {
                next.push_str(&text!("; in its copy, {files} of the vendor's perhaps had no content: --program-copy whole gives it all of them", files));
            }
            Err(refusal(program, &ran, &said, &what).next(next))
        }
    }
}

/// What was taken over, with what is to be said of the program.
fn accepted(mut judged: Refreshed, left: Option<String>, name: &str, ran: &Ran, said: Vec<String>) -> Refreshed {
    judged.notes.extend(left);
    if !ran.status.success() {
        judged.notes.push(text!("{name} failed ({status}), and its catalogs are right", name, status = ran.status));
    }
    judged.said = said;
    judged
}

/// The error for a program whose work is not taken over: what was expected and found, and what the program said.
fn refusal(program: &Program, ran: &Ran, said: &[String], what: &str) -> Error {
    let mut text = text!("the program did what it should not: {what}", what);
    if !ran.status.success() {
        text.push_str(&text!("; it failed ({})", ran.status));
    }
    text.push_str(&in_words(said));
    Error::new(ErrorKind::Program, text).in_file(&program.path)
}

/// So many lines of what a program said are kept, the last ones, and so many characters of each.
const LINES: usize = 40;
const OF_LINE: usize = 300;
/// So many characters of it stand in an error.
const IN_ERROR: usize = 600;

/// What a program said, without the secrets of the CID that it worked on.
fn tame(cid: &Cid, ran: &Ran) -> Vec<String> {
    let copies = std::iter::once(None).chain(cid.components().iter().map(Some));
    let files: Vec<Mrinit> = copies.filter_map(|folder| cid.mrinit(folder).ok()?).map(|(_, conf)| conf).collect();
    let settings = files.iter().flat_map(Mrinit::settings).filter(|setting| is_secret_key(setting.name));
    let secrets: Vec<String> =
        settings.map(|setting| setting.value.to_string()).filter(|value| value.len() > 3).collect();
    let lines = ran.said();
    let tame = |line: &String| -> String {
        let line = secrets.iter().fold(line.clone(), |line, secret| line.replace(secret, &masked(secret)));
        // One that begins like a secret's line, and may hold another one or half of it.
        let line = if is_secret_key(&line) { masked(&line) } else { line };
        line.chars().take(OF_LINE).collect()
    };
    let tamed: Vec<String> = lines[lines.len().saturating_sub(LINES)..].iter().map(tame).collect();
    // A secret that goes on in the next line, or has blanks in it, is one all the same.
    let squeezed = |text: &str| text.split_whitespace().collect::<String>();
    let all = squeezed(&tamed.join(" "));
    if secrets.iter().any(|secret| all.contains(&squeezed(secret))) {
        return vec![text!("(not shown: it holds values of mrinit.conf that are secret)").to_owned()];
    }
    tamed
}

/// What a program said, behind an error.
fn in_words(said: &[String]) -> String {
    let text = said.join(" | ");
    let skipped = text.chars().count().saturating_sub(IN_ERROR);
    let end: String = text.chars().skip(skipped).collect();
    match (end.is_empty(), skipped) {
        (true, _) => text!("; it said nothing").to_owned(),
        (_, 0) => text!("; it said: {end}", end),
        _ => text!("; it said: ...{end}", end),
    }
}

/// Checks what the program made of the catalogs, and takes over what passes.
fn judge(
    rewritten: &[Rewritten],
    basis: &Basis<'_>,
    functions: &[Option<Function>],
    name: &str,
) -> Result<Verdict<Refreshed>> {
    let mut check = Check::new(basis, rewritten);
    let mut refreshed = Refreshed::default();
    for (index, (loaded, new)) in basis.loaded.iter().zip(rewritten).enumerate() {
        let Loaded { file, bytes, catalog } = loaded;
        let actions = match check.catalog(index, functions[index].as_ref())? {
            Ok(actions) => actions,
            Err(what) => return Ok(Err(format!("{}: {what}", file.path))),
        };
        let changed = new.bytes != **bytes;
        refreshed.catalogs.push(CatalogChange {
            catalog: file.path.clone(),
            entries: catalog.entries().len(),
            function: name.to_owned(),
            actions,
            changed,
        });
        if changed {
            refreshed.writes.push(catalog_change(loaded, new.bytes.clone()));
        }
    }
    if functions.iter().any(Option::is_none)
        && let Some(function) = check.learned()?
    {
        check.notes.push(text!(
            "the checksums that {name} wrote are those of {function}: --checksum takes it",
            name,
            function = function.name()
        ));
    }
    refreshed.functions = by_catalog(basis.loaded, functions);
    refreshed.notes = check.notes;
    refreshed.left = check.left;
    Ok(Ok(refreshed))
}

/// What was left, in words; of a folder, the folder alone.
fn shown(mut paths: Vec<PathBuf>) -> Option<String> {
    const NAMED: usize = 3;
    paths.sort();
    paths.dedup_by(|path, above| path.starts_with(above));
    let names: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
    (!names.is_empty()).then(|| some_of(&names, NAMED))
}

/// The functions of the catalogs, as far as they are known.
fn functions(basis: &Basis<'_>, samples: &[Vec<Sample>]) -> Result<Vec<Option<Function>>> {
    let options = basis.options;
    let function = |(Loaded { bytes, catalog, .. }, samples): (&Loaded, &Vec<Sample>)| {
        let detection = detect_by(&basis.view, samples, catalog, bytes, &options.checksum)?;
        Ok(detection.function().cloned())
    };
    basis.loaded.iter().zip(samples).map(function).collect()
}

fn by_catalog(loaded: &[Loaded], functions: &[Option<Function>]) -> HashMap<String, Function> {
    let known = loaded.iter().zip(functions);
    known.filter_map(|(loaded, function)| Some((loaded.file.path.key(), function.clone()?))).collect()
}

/// Whether every catalog is known to be in line with the disk: by its function, where that is known; else by sizes, and by
/// no customer's file having changed since its catalogs were written.
fn is_in_line(basis: &Basis<'_>, functions: &[Option<Function>]) -> Result<bool> {
    for (loaded, function) in basis.loaded.iter().zip(functions) {
        let Loaded { bytes, catalog, .. } = loaded;
        let is_in_line = match function {
            Some(function) => {
                edits(basis, loaded, function)?.is_empty()
                    && catalog.own_sum(bytes, &**function)? == catalog.own_checksum()
            }
            None => is_in_line_by_times(basis, loaded)?,
        };
        if !is_in_line {
            return Ok(false);
        }
    }
    Ok(true)
}

fn is_in_line_by_times(basis: &Basis<'_>, loaded: &Loaded) -> Result<bool> {
    let Loaded { file, catalog, .. } = loaded;
    let Basis { view, order, customers, options, .. } = basis;
    let place = view.cid().tree().place(&file.path)?;
    let mut listed = std::collections::HashSet::new();
    for entry in catalog.entries() {
        let path = entry.path.under(file.folder.as_ref());
        let role = options.customer_files.role(&path);
        if role == Role::Vendor || order.is_impossible(&file.path, &path) {
            continue;
        }
        let is_right = match view.find(&path)? {
            Found::File { path, size, .. } => {
                size == u64::from(entry.size) && (role == Role::Catalog || changed_before(&path, &place))
            }
            _ => false,
        };
        if !is_right {
            return Ok(false);
        }
        listed.insert(path.key());
    }
    // What a program has left unlisted once, it leaves unlisted again.
    let is_new = |path: &CidPath| match path.file_name().eq_ignore_ascii_case(MRINIT) {
        true => true,
        false => !view.cid().tree().place(path).is_ok_and(|path| changed_before(&path, &place)),
    };
    let unlisted = |path: &&CidPath| file.covers(path) && !listed.contains(&path.key());
    Ok(!customers.values().filter(unlisted).any(is_new))
}

/// Whether a file was last changed before a catalog was: by the time of the content, and by that of the file itself, which
/// no copying sets back.
fn changed_before(file: &Path, catalog: &Path) -> bool {
    // What has the same time was perhaps written after it.
    matches!((times(file), times(catalog)), (Some(file), Some(catalog)) if file.0 < catalog.0 && file.1 < catalog.1)
}

/// When the content was last written, and when the file itself last changed, where the system says.
#[cfg(unix)]
fn times(path: &Path) -> Option<((i64, i64), (i64, i64))> {
    use std::os::unix::fs::MetadataExt;
    let metadata = path.metadata().ok()?;
    Some(((metadata.mtime(), metadata.mtime_nsec()), (metadata.ctime(), metadata.ctime_nsec())))
}

#[cfg(windows)]
fn times(path: &Path) -> Option<(i64, i64)> {
    crate::host::windows::written_and_changed(path)
}
