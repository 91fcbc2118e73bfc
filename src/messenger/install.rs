//! Writing packages, installing and removing them. A folder is replaced whole: another one is made beside it, and the two
//! change places.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind as IoKind;
use std::path::{Path, PathBuf};

use super::package::{FOLDER, MANIFEST, RUN_KEY, RUN_VALUE, Windows};
use crate::error::{Error, ErrorKind, Result};
use crate::manifest::{Manifest, check_files};
use crate::registry::live::{self, Wow};
use crate::registry::{KeyPath, Value};

/// The largest file of a package, in bytes.
const MAX_FILE: u64 = 256 << 20;

/// Writes files into a folder, which is made, whole or not at all. Gives whether there was anything to do: a folder with
/// these files and no other is left alone.
///
/// # Errors
/// There is something else of this name and `replace` does not say that it may go, or the system refuses.
pub fn write_package(folder: &Path, files: &BTreeMap<String, Vec<u8>>, replace: bool, dry_run: bool) -> Result<bool> {
    Ok(put(folder, files, replace, dry_run)?.is_some_and(|put| {
        put.keep();
        true
    }))
}

/// A folder that has taken its place, and the one that was there.
struct Put {
    folder: PathBuf,
    before: Option<tempfile::TempDir>,
    is_written: bool,
}

impl Put {
    /// The folder before goes.
    fn keep(self) {
        if let Some(before) = self.before {
            // What cannot be removed is in the way of nobody.
            let _ = before.close();
        }
    }

    /// The folder before comes back.
    fn take_back(self) -> Result<()> {
        if !self.is_written {
            return Ok(());
        }
        let cannot = |error| Error::io("take back what was written", &self.folder, error);
        fs::remove_dir_all(&self.folder).map_err(cannot)?;
        match &self.before {
            Some(before) => fs::rename(before.path().join("before"), &self.folder).map_err(cannot),
            None => Ok(()),
        }
    }
}

/// `None`: nothing to do.
fn put(folder: &Path, files: &BTreeMap<String, Vec<u8>>, replace: bool, dry_run: bool) -> Result<Option<Put>> {
    let is_there = match folder.symlink_metadata() {
        Err(error) if error.kind() == IoKind::NotFound => false,
        Err(error) => return Err(Error::io("look at it", folder, error)),
        Ok(metadata) if metadata.is_dir() => {
            if holds(folder, files)? {
                return Ok(None);
            }
            let is_empty = list(folder)?.is_empty();
            if !is_empty && !replace {
                return Err(exists(folder, "there is something else in this folder"));
            }
            true
        }
        Ok(_) => return Err(exists(folder, "this is no folder")),
    };
    let done = |before, is_written| Put { folder: folder.to_owned(), before, is_written };
    if dry_run {
        return Ok(Some(done(None, false)));
    }
    let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(parent).map_err(|error| Error::io("make the folder", parent, error))?;
    let new = beside(parent)?;
    // The folder itself, and not the one around it, which nobody else may enter.
    let staged = new.path().join("new");
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
    let mut before = None;
    if is_there {
        let old = beside(parent)?;
        fs::rename(folder, old.path().join("before")).map_err(cannot)?;
        before = Some(old);
    }
    if let Err(error) = fs::rename(&staged, folder) {
        if let Some(old) = before {
            fs::rename(old.path().join("before"), folder).map_err(cannot)?;
        }
        return Err(cannot(error));
    }
    Ok(Some(done(before, true)))
}

fn beside(parent: &Path) -> Result<tempfile::TempDir> {
    let made = tempfile::Builder::new().prefix(".configcid-").tempdir_in(parent);
    made.map_err(|error| Error::io("make a folder in it", parent, error))
}

fn exists(folder: &Path, what: &str) -> Error {
    Error::new(ErrorKind::Exists, what).in_file(folder).next("name another one; --force replaces a folder")
}

/// The names in a folder.
fn list(folder: &Path) -> Result<Vec<std::ffi::OsString>> {
    let cannot = |error| Error::io("list the folder", folder, error);
    let entries = fs::read_dir(folder).map_err(cannot)?;
    entries.map(|entry| Ok(entry.map_err(cannot)?.file_name())).collect()
}

/// Whether a folder holds these files, and no other.
fn holds(folder: &Path, files: &BTreeMap<String, Vec<u8>>) -> Result<bool> {
    let names = list(folder)?;
    if names.len() != files.len() {
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
pub struct Installed {
    /// The folder.
    pub folder: PathBuf,
    /// Whether anything changed, or would.
    pub changed: bool,
    /// What is run at logon; `None` where the registry was left alone.
    pub run: Option<String>,
    /// The file of the package that lets it run at logon, where the registry was left alone.
    pub reg: Option<String>,
    /// Files that are not from the package, and stay.
    pub left: Vec<String>,
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
/// older one is replaced.
///
/// # Errors
/// The package is damaged; the system refuses. Nothing was changed then.
pub fn install(package: &Path, root: Option<&Path>, dry_run: bool) -> Result<Installed> {
    let folder = install_folder(root)?;
    let mut files = read_package(package)?;
    let left = foreign(&folder)?;
    for name in &left {
        let own = super::file::read_bytes(&folder.join(name), MAX_FILE)
            .map_err(|error| error.next("it is not from a package, and cannot be taken along; move it elsewhere"))?;
        files.entry(name.clone()).or_insert(own);
    }
    let put = put(&folder, &files, true, dry_run)?;
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
    Ok(Installed { folder, changed, run, reg, left, held: false })
}

/// Files in the folder of an older package that are not from it: they stay.
fn foreign(folder: &Path) -> Result<Vec<String>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let there = list(folder)?;
    let path = folder.join(MANIFEST);
    if there.is_empty() {
        return Ok(Vec::new());
    }
    if !path.is_file() {
        return Err(Error::new(ErrorKind::Exists, "there is something else in this folder")
            .in_file(folder)
            .next("look what it is, and move it elsewhere"));
    }
    let ours = names(&Manifest::open(&path)?, &path)?;
    let is_ours = |name: &str| name == MANIFEST || ours.iter().any(|our| our.eq_ignore_ascii_case(name));
    let mut left = Vec::new();
    for name in there {
        let text = name
            .into_string()
            .map_err(|_| Error::new(ErrorKind::Path, "this folder holds a name that is no text").in_file(folder))?;
        if !is_ours(&text) {
            left.push(text);
        }
    }
    left.sort();
    Ok(left)
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
    let mut names = names(&manifest, &path)?;
    names.push(MANIFEST.to_owned());
    let read = |name: String| {
        let bytes = super::file::read_bytes(&package.join(&name), MAX_FILE)?;
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
/// The manifest cannot be read, or the system refuses.
pub fn uninstall(root: Option<&Path>, dry_run: bool) -> Result<Installed> {
    let folder = install_folder(root)?;
    let mut changed = false;
    if root.is_none() {
        let (key, wow) = run_key();
        changed = match dry_run {
            true => !live::read(&key, wow, &[RUN_VALUE])?.unwrap_or_default().is_empty(),
            false => live::remove(&key, wow, RUN_VALUE)?,
        };
    }
    let path = folder.join(MANIFEST);
    let (mut left, mut held) = (Vec::new(), false);
    if path.is_file() {
        changed = true;
        let mut ours = names(&Manifest::open(&path)?, &path)?;
        // The manifest goes last, so that a run that was stopped can be repeated.
        ours.push(MANIFEST.to_owned());
        let is_ours = |name: &str| ours.iter().any(|our| our.eq_ignore_ascii_case(name));
        let there: Vec<String> = list(&folder)?.iter().map(|name| name.to_string_lossy().into_owned()).collect();
        left = there.into_iter().filter(|name| !is_ours(name)).collect();
        left.sort();
        if !dry_run {
            for name in &ours {
                let place = folder.join(name);
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
    Ok(Installed { folder, changed, run: None, reg: None, left, held })
}
