//! Writing packages, installing and removing them. A folder is replaced whole: another one is made beside it, and the two
//! change places.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io::ErrorKind as IoKind;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::config::Config;
use super::package::{FOLDER, MANIFEST, MESSAGES, PROGRAM, RUN_KEY, RUN_VALUE, Windows};
use crate::base::error::{Error, ErrorKind, Result};
use crate::host::live::{self, Wow};
use crate::manifest::Manifest;
use crate::registry::{KeyPath, Value};
use crate::signing::{SignatureReport, SignatureState, VerifyOptions, check_files, verify};

/// The largest file of a package, in bytes.
const MAX_FILE: u64 = 256 << 20;

/// What helps where nobody knows which files of the installed folder are from a package.
const BY_HAND: &str = "move this folder elsewhere by hand, and call this again";

/// Writes files into a folder, which is made, whole or not at all. Gives whether there was anything to do: a folder with
/// these files and no other is left alone.
///
/// # Errors
/// There is something else of this name; it is a package, and `replace` does not say that it may go; the system refuses.
pub fn write_package(folder: &Path, files: &BTreeMap<String, Vec<u8>>, replace: bool, dry_run: bool) -> Result<bool> {
    if !dry_run {
        recover(folder)?;
    }
    if is_there(folder)? {
        if holds(folder, files, &[])? {
            return Ok(false);
        }
        if !replace && !list(folder)?.is_empty() {
            return Err(exists(folder, text!("there is something else in this folder"))
                .next("name another one; --force replaces a package"));
        }
        if let Some(name) = not_of_a_package(folder)? {
            return Err(exists(&folder.join(name), text!("this is not from a package that was built"))
                .next("name another folder, or move this elsewhere: --force replaces packages, and nothing else"));
        }
    }
    put(folder, files, &[], dry_run)?.keep();
    Ok(true)
}

/// The first thing in a folder that is not from a package as they are built.
fn not_of_a_package(folder: &Path) -> Result<Option<OsString>> {
    // A manifest that cannot be read lists nothing.
    let listed = listed(folder).ok().flatten().unwrap_or_default();
    let is_package = [PROGRAM, MESSAGES, Config::FILE_NAME].iter().all(|name| listed.iter().any(|other| other == name));
    others(folder, if is_package { &listed } else { &[] }).map(|names| names.into_iter().next())
}

/// What the folder is called in which the two change places, and what lies in it: the folder that was there, the new one, and
/// a file that says for which folder it is, and is locked as long as somebody is at work.
const WORK: &str = ".configcid-";
const BEFORE: &str = "before";
const NEW: &str = "new";
const FOR: &str = "messenger-folder";

/// A folder that has taken its place, and the one that was there.
struct Put {
    folder: PathBuf,
    /// Is freed before the folder around it goes, which Windows wants.
    lock: Option<fs::File>,
    /// Holds the folder that was there.
    old: Option<tempfile::TempDir>,
    /// What was moved from that one into the new one.
    moved: Vec<OsString>,
    is_written: bool,
}

impl Put {
    /// The folder before goes.
    fn keep(self) {
        drop(self.lock);
        if let Some(old) = self.old {
            // What cannot be removed is in the way of nobody.
            let _ = old.close();
        }
    }

    /// The folder before comes back.
    fn take_back(self) -> Result<()> {
        let new = self.folder.clone();
        if self.is_written { self.restore(&new) } else { Ok(()) }
    }

    /// Moves everything back to where it was, out of the new folder, which lies at `new`. Nothing of it is removed if that
    /// fails.
    fn restore(self, new: &Path) -> Result<()> {
        let cannot = |error| Error::io("take back what was written", &self.folder, error);
        let Some(old) = self.old else {
            return fs::remove_dir_all(new).map_err(cannot);
        };
        let before = old.path().join(BEFORE);
        let mut moved = self.moved.iter();
        let restored = moved
            .try_for_each(|name| fs::rename(new.join(name), before.join(name)))
            .and_then(|()| if new == self.folder { fs::remove_dir_all(new) } else { Ok(()) })
            .and_then(|()| fs::rename(&before, &self.folder));
        drop(self.lock);
        restored.map_err(|error| {
            let _ = old.keep();
            cannot(error).next("what was there lies beside it, in folders named .configcid-...: move it back by hand")
        })
    }
}

/// Makes a folder of these files, and of what is in the folder that is there under the names in `left`.
fn put(folder: &Path, files: &BTreeMap<String, Vec<u8>>, left: &[OsString], dry_run: bool) -> Result<Put> {
    let is_there = is_there(folder)?;
    let mut put = Put { folder: folder.to_owned(), lock: None, old: None, moved: Vec::new(), is_written: !dry_run };
    if dry_run {
        return Ok(put);
    }
    let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(parent).map_err(|error| Error::io("make the folder", parent, error))?;
    let work = beside(parent)?;
    put.lock = Some(mark(work.path(), folder)?);
    // The folder itself, and not the one around it, which nobody else may enter.
    let staged = work.path().join(NEW);
    fs::create_dir(&staged).map_err(|error| Error::io("make the folder", folder, error))?;
    for (name, bytes) in files {
        let cannot = |error| Error::io("write it", &folder.join(name), error);
        let mut file = fs::File::create_new(staged.join(name)).map_err(cannot)?;
        std::io::Write::write_all(&mut file, bytes).map_err(cannot)?;
        file.sync_all().map_err(cannot)?;
    }
    let cannot = |error| {
        Error::io("replace the folder", folder, error)
            .next("close what is open in it, such as the messenger, and try again")
    };
    if !is_there {
        fs::rename(&staged, folder).map_err(cannot)?;
        put.lock = None;
        return Ok(put);
    }
    let before = work.path().join(BEFORE);
    fs::rename(folder, &before).map_err(cannot)?;
    put.old = Some(work);
    let mut take_along = || -> Result<()> {
        for name in left {
            fs::rename(before.join(name), staged.join(name)).map_err(|error| {
                Error::io("move it to the new folder", &folder.join(name), error)
                    .next("it is not from a package; close it, or move it elsewhere")
            })?;
            put.moved.push(name.clone());
        }
        fs::rename(&staged, folder).map_err(cannot)
    };
    match take_along() {
        Ok(()) => Ok(put),
        Err(error) => {
            put.restore(&staged)?;
            Err(error)
        }
    }
}

/// Says in a folder of work for which folder it is, and locks that.
fn mark(work: &Path, folder: &Path) -> Result<fs::File> {
    let path = work.join(FOR);
    let cannot = |error| Error::io("write it", &path, error);
    let mut file = fs::File::create_new(&path).map_err(cannot)?;
    // On Windows nobody can read what is locked.
    std::io::Write::write_all(&mut file, spelled_name(folder).as_bytes()).map_err(cannot)?;
    file.sync_all().map_err(cannot)?;
    file.try_lock().map_err(|error| cannot(error.into()))?;
    Ok(file)
}

fn spelled_name(folder: &Path) -> String {
    folder.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Finishes, or takes back, what a run that was killed has left beside the folder: where the folder before had made way and the
/// new one had not taken its place, the former comes back.
fn recover(folder: &Path) -> Result<()> {
    let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !parent.is_dir() {
        return Ok(());
    }
    for name in list(parent)?.into_iter().filter(|name| name.to_string_lossy().starts_with(WORK)) {
        let work = parent.join(name);
        let path = work.join(FOR);
        let Ok(file) = fs::File::open(&path) else { continue };
        // Somebody is at work, whose own guards clean up.
        if file.try_lock().is_err() {
            continue;
        }
        let mut text = String::new();
        let is_ours = std::io::Read::read_to_string(&mut { &file }, &mut text).is_ok() && text == spelled_name(folder);
        if is_ours {
            drop(file);
            recover_from(&work, folder)?;
        }
    }
    Ok(())
}

fn recover_from(work: &Path, folder: &Path) -> Result<()> {
    let (before, new) = (work.join(BEFORE), work.join(NEW));
    let cannot = |error| {
        Error::io("put back what an interrupted run has moved", folder, error)
            .next(text!("what was there lies in {}: move it back by hand", before.display()))
    };
    if before.is_dir() {
        // What is not from a package was moved along, and is moved back, or has arrived.
        let left_in = |folder: &Path| others(folder, &listed(folder).ok().flatten().unwrap_or_default());
        if !is_there(folder)? {
            if let Ok(Some(files)) = listed(&new) {
                for name in others(&new, &files)? {
                    fs::rename(new.join(&name), before.join(&name)).map_err(cannot)?;
                }
            } else if new.is_dir() && !list(&new)?.is_empty() {
                return Err(cannot(IoKind::InvalidData.into()));
            }
            fs::rename(&before, folder).map_err(cannot)?;
        } else if !left_in(&before)?.is_empty() {
            return Ok(());
        }
    }
    fs::remove_dir_all(work).map_err(|error| Error::io("remove what an interrupted run has left", work, error))
}

/// Whether there is such a folder.
fn is_there(folder: &Path) -> Result<bool> {
    match folder.symlink_metadata() {
        Err(error) if error.kind() == IoKind::NotFound => Ok(false),
        Err(error) => Err(Error::io("look at it", folder, error)),
        Ok(metadata) if metadata.is_dir() => Ok(true),
        Ok(_) => Err(exists(folder, text!("this is no folder")).next("name another one")),
    }
}

fn beside(parent: &Path) -> Result<tempfile::TempDir> {
    let made = tempfile::Builder::new().prefix(WORK).tempdir_in(parent);
    made.map_err(|error| Error::io("make a folder in it", parent, error))
}

fn exists(path: &Path, what: &str) -> Error {
    Error::new(ErrorKind::Exists, what).in_file(path)
}

/// The names in a folder, in order.
fn list(folder: &Path) -> Result<Vec<OsString>> {
    let cannot = |error| Error::io("list the folder", folder, error);
    let entries = fs::read_dir(folder).map_err(cannot)?;
    let mut names = entries.map(|entry| Ok(entry.map_err(cannot)?.file_name())).collect::<Result<Vec<OsString>>>()?;
    names.sort();
    Ok(names)
}

/// The files that the manifest in a folder lists, and the manifest itself, last; `None` where there is no manifest.
fn listed(folder: &Path) -> Result<Option<Vec<String>>> {
    let path = folder.join(MANIFEST);
    if !path.is_file() {
        return Ok(None);
    }
    let mut names = names(&Manifest::open(&path)?, &path)?;
    names.push(MANIFEST.to_owned());
    Ok(Some(names))
}

/// As [`listed`], in the folder of what is installed.
fn installed(folder: &Path) -> Result<Option<Vec<String>>> {
    listed(folder).map_err(|error| error.next(BY_HAND))
}

/// What is in a folder besides these files, in order.
fn others(folder: &Path, files: &[String]) -> Result<Vec<OsString>> {
    let is_one = |name: &OsString| {
        let is_same =
            |file: &String| if cfg!(windows) { name.eq_ignore_ascii_case(file) } else { name == file.as_str() };
        files.iter().any(is_same) && !folder.join(name).is_dir()
    };
    Ok(list(folder)?.into_iter().filter(|name| !is_one(name)).collect())
}

/// Names for people.
fn spelled(names: &[OsString]) -> Vec<String> {
    names.iter().map(|name| name.to_string_lossy().into_owned()).collect()
}

/// Whether a folder holds these files, what is `left`, and nothing else.
fn holds(folder: &Path, files: &BTreeMap<String, Vec<u8>>, left: &[OsString]) -> Result<bool> {
    if list(folder)?.len() != files.len() + left.len() {
        return Ok(false);
    }
    let same = |(name, bytes): (&String, &Vec<u8>)| {
        let path = folder.join(name);
        let is_file = path.symlink_metadata().is_ok_and(|there| there.is_file() && there.len() == bytes.len() as u64);
        is_file && fs::read(path).is_ok_and(|there| there == *bytes)
    };
    Ok(files.iter().all(same))
}

/// What was, or would be, done.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct InstallReport {
    /// The folder.
    pub folder: PathBuf,
    /// Whether anything changed, or would.
    pub changed: bool,
    /// What is run at logon; `None` where the registry was left alone.
    pub run: Option<String>,
    /// The file of the package that lets it run at logon, where the registry was left alone.
    pub reg: Option<String>,
    /// Files and folders that are not from the package, and stay.
    pub left: Vec<String>,
    /// In how many sessions it was started at once \[119053\]: in all that somebody is logged on to, where the system installs it,
    /// and else in that of the user who does.
    pub started: usize,
    /// Where it could not be started, and why.
    pub not_started: Vec<String>,
    /// Whether the folder stays, though nothing is left in it: a program holds one of the files that were removed, as
    /// `cmd.exe` may hold the script that it carries out.
    pub held: bool,
}

/// Where a package is installed: below `root`, or below the folder that this Windows has for 32-bit programs.
///
/// # Errors
/// There is no root, and this is no Windows.
pub fn install_folder(root: Option<&Path>) -> Result<PathBuf> {
    let [sophos, messenger] = FOLDER;
    let below = |root: &Path| root.join(sophos).join(messenger);
    if let Some(root) = root {
        return Ok(below(root));
    }
    let usual = std::env::var_os(this_windows().program_files()).filter(|_| cfg!(windows));
    usual.map(|root| below(Path::new(&root))).ok_or_else(|| {
        Error::new(ErrorKind::Usage, "only a Windows has a folder for programs").next("name one with --root")
    })
}

fn this_windows() -> Windows {
    if live::has_views() || !cfg!(windows) { Windows::Bits64 } else { Windows::Bits32 }
}

/// Which registry the Run value stands in: that of 32-bit programs.
fn run_key() -> (KeyPath, Wow) {
    let wow = if live::has_views() { Wow::View32 } else { Wow::View64 };
    (RUN_KEY.parse().expect("the path of a key that stands in this project"), wow)
}

/// Installs a package: checks it against its manifest, copies its files, and, without a `root`, lets it run at logon. An
/// older one is replaced. What is not from a package is moved along. Signatures of the manifest must fit; whose they are is
/// not asked.
///
/// # Errors
/// The package is damaged; what is not from a package stands where a file of it goes; the system refuses. Nothing was
/// changed then.
pub fn install(package: &Path, root: Option<&Path>, dry_run: bool) -> Result<InstallReport> {
    let folder = install_folder(root)?;
    let files = read_package(package)?;
    if !dry_run {
        recover(&folder)?;
    }
    let is_there = is_there(&folder)?;
    let left = if is_there { foreign(&folder, &files)? } else { Vec::new() };
    let put = match is_there && holds(&folder, &files, &left)? {
        true => None,
        false => Some(put(&folder, &files, &left, dry_run)?),
    };
    let mut changed = put.is_some();
    let (mut run, mut reg) = (None, None);
    if root.is_some() {
        reg = Some(this_windows().run_file());
    } else {
        let command = this_windows().command();
        match set_run(&command, dry_run) {
            Ok(is_new) => changed |= is_new,
            Err(error) => {
                put.map_or(Ok(()), Put::take_back)?;
                return Err(error);
            }
        }
        run = Some(command);
    }
    if let Some(put) = put {
        put.keep();
    }
    let (mut started, mut not_started) = (0, Vec::new());
    if root.is_none() && changed && !dry_run {
        (started, not_started) = start(&folder);
    }
    Ok(InstallReport { folder, changed, run, reg, left: spelled(&left), started, not_started, held: false })
}

/// Starts what was installed: in each session that somebody is logged on to, or in that of this program. Others see the messages
/// when they log on. Gives in how many it was started, and why not in others.
fn start(folder: &Path) -> (usize, Vec<String>) {
    #[cfg(windows)]
    {
        let program = folder.join(PROGRAM);
        let line = format!("\"{}\" {}", program.display(), super::package::RUN_ARGUMENTS);
        let started = match crate::host::windows::start_in_sessions(&line) {
            Ok(Some(started)) => Ok(started),
            Ok(None) => {
                let mut run = std::process::Command::new(&program);
                run.args(super::package::RUN_ARGUMENTS.split(' '));
                let nothing = std::process::Stdio::null;
                run.stdin(nothing()).stdout(nothing()).stderr(nothing()).spawn().map(|_| (1, Vec::new()))
            }
            Err(error) => Err(error),
        };
        started.unwrap_or_else(|error| (0, vec![error.to_string()]))
    }
    #[cfg(not(windows))]
    {
        let _ = folder;
        (0, Vec::new())
    }
}

/// What is in the folder, and not from an older package: it stays.
fn foreign(folder: &Path, files: &BTreeMap<String, Vec<u8>>) -> Result<Vec<OsString>> {
    let left = others(folder, &installed(folder)?.unwrap_or_default())?;
    let is_in_the_way = |name: &&OsString| files.keys().any(|file| name.eq_ignore_ascii_case(file));
    match left.iter().find(is_in_the_way) {
        Some(name) => Err(exists(
            &folder.join(name),
            text!("this is not from a package, and stands where a file of the package goes"),
        )
        .next("look what it is, and move it elsewhere")),
        None => Ok(left),
    }
}

fn set_run(command: &str, dry_run: bool) -> Result<bool> {
    let (key, wow) = run_key();
    let values = live::read(&key, wow, &[RUN_VALUE])?.unwrap_or_default();
    let is_set = values.first().is_some_and(|(_, value)| value.text() == Some(command));
    if !is_set && !dry_run {
        live::set(&key, wow, &[(RUN_VALUE, Value::ExpandString(command.to_owned()))])?;
    }
    Ok(!is_set)
}

/// The files of a package, each of which is what the manifest says.
fn read_package(package: &Path) -> Result<BTreeMap<String, Vec<u8>>> {
    let path = package.join(MANIFEST);
    let manifest = Manifest::open(&path).map_err(|error| match error.kind() {
        ErrorKind::Io => error.next("name the folder of a package that configcid messenger build has made"),
        _ => error,
    })?;
    let report = check_files(&manifest, &path, Some(package))?;
    if let Some(fault) = report.faults.first() {
        return Err(Error::new(ErrorKind::Damage, format!("{}: {}", fault.path, fault.what))
            .in_file(package)
            .next("copy the package again"));
    }
    let report = verify(&manifest, &VerifyOptions { allow_sha1: true, ..VerifyOptions::new(SystemTime::now()) });
    let does_not_fit = |report: &&SignatureReport| {
        matches!(report.state, SignatureState::Bad | SignatureState::Weak | SignatureState::Unusable)
    };
    if let Some(report) = report.signatures.iter().find(does_not_fit) {
        return Err(Error::new(ErrorKind::Damage, text!("line {}: {}", report.line, report.what))
            .in_file(&path)
            .next("ask who made the package, and get it again; configcid manifest verify tells more"));
    }
    let mut names = names(&manifest, &path)?;
    names.push(MANIFEST.to_owned());
    let read = |name: String| {
        let bytes = super::read::read_bytes(&package.join(&name), MAX_FILE)?;
        Ok((name, bytes))
    };
    names.into_iter().map(read).collect()
}

/// The names of a package's files: a package has no folders.
fn names(manifest: &Manifest, path: &Path) -> Result<Vec<String>> {
    let name = |path: &crate::manifest::ManifestPath<'_>| match path.parts().collect::<Vec<_>>()[..] {
        [name] if name.eq_ignore_ascii_case(MANIFEST) => None,
        [name] => Some(name.to_owned()),
        _ => None,
    };
    let names: Option<Vec<String>> = manifest.entries().map(|entry| name(&entry.path)).collect();
    names.ok_or_else(|| {
        Error::new(ErrorKind::ManifestFormat, "this is not the manifest of a messenger's package").in_file(path)
    })
}

/// Removes what was installed: the value that lets it run at logon, where no `root` is named, and the files that its
/// manifest lists. What users have acknowledged stays.
///
/// # Errors
/// The manifest cannot be read, or is missing where a program is; the system refuses.
pub fn uninstall(root: Option<&Path>, dry_run: bool) -> Result<InstallReport> {
    let folder = install_folder(root)?;
    if !dry_run {
        recover(&folder)?;
    }
    let ours = if is_there(&folder)? { installed(&folder)? } else { None };
    if ours.is_none()
        && let Some(name) = [PROGRAM, Config::FILE_NAME].iter().find(|name| folder.join(name).is_file())
    {
        let what =
            text!("{name} is there, and {MANIFEST} is not, which says what else is from a package", name, MANIFEST);
        return Err(Error::new(ErrorKind::Damage, what).in_file(&folder).next(BY_HAND));
    }
    let mut changed = false;
    if root.is_none() {
        let (key, wow) = run_key();
        changed = match dry_run {
            true => !live::read(&key, wow, &[RUN_VALUE])?.unwrap_or_default().is_empty(),
            false => live::remove(&key, wow, RUN_VALUE)?,
        };
    }
    let (mut left, mut held) = (Vec::new(), false);
    if let Some(ours) = ours {
        changed = true;
        left = others(&folder, &ours)?;
        if !dry_run {
            // The manifest goes last, so that a run that was stopped can be repeated.
            for place in ours.iter().map(|name| folder.join(name)).filter(|place| !place.is_dir()) {
                match fs::remove_file(&place) {
                    Err(error) if error.kind() != IoKind::NotFound => {
                        return Err(Error::io("remove it", &place, error));
                    }
                    _ => {}
                }
            }
            if left.is_empty() {
                held = match fs::remove_dir(&folder) {
                    Ok(()) => false,
                    Err(error) if error.kind() == IoKind::DirectoryNotEmpty => true,
                    Err(error) => return Err(Error::io("remove the folder", &folder, error)),
                };
            }
        }
    }
    let left = spelled(&left);
    Ok(InstallReport { folder, changed, run: None, reg: None, left, started: 0, not_started: Vec::new(), held })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder with a file of an older package, and two things that are not from it.
    fn older() -> (tempfile::TempDir, PathBuf, BTreeMap<String, Vec<u8>>) {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("messenger");
        fs::create_dir_all(folder.join("folder")).unwrap();
        for name in ["program", "notes.txt", "folder/inner.txt"] {
            fs::write(folder.join(name), "old").unwrap();
        }
        (dir, folder, BTreeMap::from([("program".to_owned(), b"new".to_vec())]))
    }

    fn is_as_before(dir: &Path, folder: &Path) {
        assert_eq!(list(folder).unwrap(), ["folder", "notes.txt", "program"]);
        for name in ["program", "notes.txt", "folder/inner.txt"] {
            assert_eq!(fs::read(folder.join(name)).unwrap(), b"old", "{name}");
        }
        assert_eq!(list(dir).unwrap(), ["messenger"]);
    }

    #[test]
    fn what_cannot_be_moved_along_takes_everything_back() {
        let (dir, folder, files) = older();
        let error = put(&folder, &files, &["folder".into(), "notes.txt".into(), "gone".into()], false).err().unwrap();
        assert!(error.to_string().contains("gone"), "{error}");
        is_as_before(dir.path(), &folder);
    }

    #[test]
    fn what_was_put_is_taken_back() {
        let (dir, folder, files) = older();
        let put = put(&folder, &files, &["folder".into(), "notes.txt".into()], false).unwrap();
        assert_eq!(fs::read(folder.join("program")).unwrap(), b"new");
        assert_eq!(fs::read(folder.join("folder/inner.txt")).unwrap(), b"old");
        put.take_back().unwrap();
        is_as_before(dir.path(), &folder);
        let other = dir.path().join("other");
        super::put(&other, &files, &[], false).unwrap().take_back().unwrap();
        is_as_before(dir.path(), &folder);
    }

    #[test]
    fn what_cannot_be_taken_back_is_kept() {
        let (dir, folder, files) = older();
        let put = put(&folder, &files, &["notes.txt".into()], false).unwrap();
        // Somebody else has taken the file that would go back.
        fs::remove_file(folder.join("notes.txt")).unwrap();
        let error = put.take_back().unwrap_err();
        assert!(error.to_string().contains(".configcid-"), "{error}");
        let kept = dir.path().join(&list(dir.path()).unwrap()[0]).join("before");
        assert_eq!(list(&kept).unwrap(), ["folder", "program"]);
    }

    /// The files of a package, as one that was built has them, each holding `text`.
    fn package(text: &str) -> BTreeMap<String, Vec<u8>> {
        let mut files = BTreeMap::from([PROGRAM, MESSAGES].map(|name| (name.to_owned(), text.as_bytes().to_vec())));
        let lines: String =
            files.iter().map(|(name, bytes)| format!("\".\\{name}\" {} {}\n", bytes.len(), "0".repeat(40))).collect();
        files.insert(MANIFEST.to_owned(), lines.into_bytes());
        files
    }

    /// A run that is killed after each of its renames; the next one puts back what was there, and finishes.
    #[test]
    fn what_a_killed_run_has_left_is_put_back() {
        for killed_after in 0..=3 {
            let dir = tempfile::tempdir().unwrap();
            let folder = dir.path().join("messenger");
            write_package(&folder, &package("old"), false, false).unwrap();
            fs::write(folder.join("notes.txt"), "mine").unwrap();
            // What `put` does, as far as it came.
            let work = beside(dir.path()).unwrap().keep();
            drop(mark(&work, &folder).unwrap());
            let (before, staged) = (work.join(BEFORE), work.join(NEW));
            fs::create_dir(&staged).unwrap();
            package("new").iter().for_each(|(name, bytes)| fs::write(staged.join(name), bytes).unwrap());
            let renames = [
                (folder.clone(), before.clone()),
                (before.join("notes.txt"), staged.join("notes.txt")),
                (staged.clone(), folder.clone()),
            ];
            renames.iter().take(killed_after).for_each(|(from, to)| fs::rename(from, to).unwrap());
            recover(&folder).unwrap();
            assert_eq!(list(dir.path()).unwrap(), ["messenger"], "{killed_after}");
            assert_eq!(fs::read(folder.join("notes.txt")).unwrap(), b"mine", "{killed_after}");
            let expected: &[u8] = if killed_after == 3 { b"new" } else { b"old" };
            assert_eq!(fs::read(folder.join(PROGRAM)).unwrap(), expected, "{killed_after}");
        }
    }

    #[test]
    fn what_others_are_at_work_on_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("messenger");
        let (work, other) = (beside(dir.path()).unwrap(), beside(dir.path()).unwrap());
        let lock = mark(work.path(), &folder).unwrap();
        drop(mark(other.path(), &dir.path().join("another")).unwrap());
        fs::create_dir(dir.path().join(".configcid-of-somebody")).unwrap();
        recover(&folder).unwrap();
        assert_eq!(list(dir.path()).unwrap().len(), 3);
        drop(lock);
        recover(&folder).unwrap();
        assert_eq!(list(dir.path()).unwrap().len(), 2);
    }
}
