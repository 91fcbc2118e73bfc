//! Moves messages that are past their time to live aside, where they stay and no router sees them. Only ever done when
//! asked for: the router discards them itself, sooner or later \[63588\].

use std::fs::{self, File};
use std::io::{ErrorKind as IoErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde::Serialize;

use super::carry::{Carried, carry, is_one_folder, remove_parts, same};
use super::rules::{TTL, print_duration};
use super::scan::{self, Message, age};
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::files::lies_in;
use crate::base::text::safe;
use crate::base::time;

/// The list that is kept beside the messages that were moved.
pub(crate) const LIST: &str = "configcid-expired.txt";

/// The list's first line.
const HEAD: &str = "# Messages that configcid moved here: name, size in bytes, when it was written, when and from where it \
                    was moved.\n";

/// What to move where.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub(crate) struct ExpireOptions {
    /// How old the messages must be; older than this.
    pub older_than: Duration,
    /// The folder that they are moved to; it is made where it is missing.
    pub to: PathBuf,
    /// The present.
    pub at: SystemTime,
    /// Move messages that may still be delivered, too, and to a folder inside of the one that they are in.
    pub force: bool,
    /// Change nothing.
    pub dry_run: bool,
}

impl ExpireOptions {
    /// Options that move.
    pub(crate) fn new(older_than: Duration, to: &Path, at: SystemTime) -> Self {
        Self { older_than, to: to.to_owned(), at, force: false, dry_run: false }
    }
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub(crate) struct Expired {
    /// The Envelopes folder.
    pub folder: PathBuf,
    /// Where the messages were moved.
    pub to: PathBuf,
    /// The list beside them.
    pub list: PathBuf,
    /// How many were moved, or would be.
    pub moved: u64,
    /// Their bytes.
    pub bytes: u64,
    /// How many stay.
    pub kept: u64,
    /// How many went by themselves before they could be moved.
    pub gone: u64,
    /// How many stay since something else has their name there.
    pub taken: u64,
    /// The names of the first of those.
    pub taken_names: Vec<String>,
    /// How many stay since the system refused, as it does while another program has them open.
    pub failed: u64,
    /// Why, for the first of those.
    pub failures: Vec<String>,
}

/// How many names are told.
const MAX_NAMES: usize = 20;

/// Moves messages aside. Where it is interrupted, doing it again goes on.
///
/// # Errors
/// Messages younger than the shortest time to live would be moved, or the other folder is inside of this one, and nothing
/// forces it; the folder cannot be listed, the other one cannot be made or is the same, or the list cannot be written; what was moved
/// before stands in the list. A message that cannot be moved is told of, and stays.
pub(crate) fn expire(folder: &Path, options: &ExpireOptions) -> Result<Expired> {
    let ExpireOptions { older_than, to, at, force, dry_run } = options;
    let real = folder.canonicalize().map_err(|error| Error::io("list the Envelopes folder", folder, error))?;
    if to.canonicalize().is_ok_and(|to| to == real) {
        return Err(itself(to));
    }
    if !force {
        check_age(*older_than)?;
        check_outside(to, &real)?;
    }
    let list = to.join(LIST);
    if *dry_run {
        look(to, &list)?;
    }
    let mut done = Expired {
        folder: folder.to_owned(),
        to: to.clone(),
        list: list.clone(),
        moved: 0,
        bytes: 0,
        kept: 0,
        gone: 0,
        taken: 0,
        taken_names: Vec::new(),
        failed: 0,
        failures: Vec::new(),
    };
    let mut record = Record { real, list, at: *at, open: None };
    scan::each(folder, |message| {
        if age(message.modified, *at) <= *older_than {
            done.kept += 1;
            return Ok(());
        }
        let (from, target) = (folder.join(message.name), to.join(message.name));
        let carried = if *dry_run {
            Ok(would_carry(&from, &target))
        } else {
            record.begin(folder, to)?;
            let carried = carry(&from, &target);
            if let Ok(Carried::Moved) = carried {
                record.add(&message)?;
            }
            carried
        };
        done.count(&message, carried);
        Ok(())
    })?;
    record.end()?;
    Ok(done)
}

/// What carrying would come to.
fn would_carry(from: &Path, target: &Path) -> Carried {
    let is_taken = |there: std::fs::Metadata| !there.is_file() || !same(from, target).unwrap_or(false);
    if target.symlink_metadata().is_ok_and(is_taken) { Carried::Taken } else { Carried::Moved }
}

impl Expired {
    /// Counts a message that is old enough.
    fn count(&mut self, message: &Message<'_>, carried: Result<Carried>) {
        match carried {
            Ok(Carried::Moved) => {
                self.moved += 1;
                self.bytes += message.size;
            }
            Ok(Carried::Gone) => self.gone += 1,
            Ok(Carried::Taken) => {
                self.taken += 1;
                if self.taken_names.len() < MAX_NAMES {
                    self.taken_names.push(message.name.to_string_lossy().into_owned());
                }
            }
            Err(error) => {
                self.failed += 1;
                if self.failures.len() < MAX_NAMES {
                    self.failures.push(error.to_string());
                }
            }
        }
    }
}

/// The list of what was moved, which is begun with the first message.
struct Record {
    /// The Envelopes folder, without links.
    real: PathBuf,
    list: PathBuf,
    at: SystemTime,
    open: Option<File>,
}

impl Record {
    fn begin(&mut self, folder: &Path, to: &Path) -> Result<()> {
        if self.open.is_none() {
            self.open = Some(begin(folder, to, &self.list)?);
        }
        Ok(())
    }

    fn add(&mut self, message: &Message<'_>) -> Result<()> {
        let Some(open) = &mut self.open else { return Ok(()) };
        let line = format!(
            "{}\t{}\t{}\t{}\t{}\n",
            safe(&message.name.to_string_lossy()),
            message.size,
            time::print(message.modified),
            time::print(self.at),
            safe(&self.real.to_string_lossy()),
        );
        open.write_all(line.as_bytes()).map_err(|error| Error::io("write the list", &self.list, error))
    }

    fn end(self) -> Result<()> {
        let Some(open) = self.open else { return Ok(()) };
        open.sync_all().map_err(|error| Error::io("write the list", &self.list, error))
    }
}

/// That no message is moved that a router of any console would still deliver \[113417\].
fn check_age(older_than: Duration) -> Result<()> {
    if older_than >= TTL {
        return Ok(());
    }
    let (age, ttl) = (print_duration(older_than), print_duration(TTL));
    let what = text!(
        "messages that are older than {age} alone are not expired: they live {ttl}, or longer, and may still be delivered",
        age,
        ttl
    );
    Err(Error::new(ErrorKind::Usage, what).next(text!("give --older-than {ttl} or more, or --force", ttl)))
}

/// That the folder is not below the Envelopes folder, whatever of it is there yet.
fn check_outside(to: &Path, real: &Path) -> Result<()> {
    let to = std::path::absolute(to).map_err(|error| Error::io("look at it", to, error))?;
    if to.ancestors().find_map(|there| there.canonicalize().ok()).is_some_and(|there| lies_in(&there, real)) {
        return Err(Error::new(ErrorKind::Usage, "this is inside of the Envelopes folder")
            .in_file(&to)
            .next("name a folder outside of it, or give --force"));
    }
    Ok(())
}

fn itself(to: &Path) -> Error {
    Error::new(ErrorKind::Usage, "this is the Envelopes folder itself")
        .in_file(to)
        .next("name another folder to move the messages to")
}

/// Makes the folder where it is missing, and opens its list.
fn begin(folder: &Path, to: &Path, list: &Path) -> Result<File> {
    fs::create_dir_all(to).map_err(|error| Error::io("make the folder", to, error))?;
    // However the path is spelled.
    if is_one_folder(folder, to)? {
        return Err(itself(to));
    }
    remove_parts(to)?;
    let cannot = |error| Error::io("write the list", list, error);
    let mut file = File::options().read(true).append(true).create(true).open(list).map_err(cannot)?;
    if !is_list(&mut file, list)? {
        file.write_all(HEAD.as_bytes()).map_err(cannot)?;
    }
    Ok(file)
}

/// Whether a file is a list of ours; one that is empty becomes one.
fn is_list(file: &mut File, list: &Path) -> Result<bool> {
    let mut start = Vec::new();
    let read = file.take(HEAD.len() as u64).read_to_end(&mut start);
    read.map_err(|error| Error::io("read the list", list, error))?;
    if start.is_empty() || start == HEAD.as_bytes() {
        return Ok(!start.is_empty());
    }
    Err(Error::new(ErrorKind::Exists, "there is a file of this name that is no list of configcid's")
        .in_file(list)
        .next("move it away, or name another folder"))
}

/// Finds what would stop [`begin`], and changes nothing.
fn look(to: &Path, list: &Path) -> Result<()> {
    let there = to.ancestors().find(|path| path.symlink_metadata().is_ok());
    if let Some(there) = there.filter(|there| !there.is_dir()) {
        return Err(Error::new(ErrorKind::Usage, "this is no folder").in_file(there).next("name another folder"));
    }
    match File::open(list) {
        Ok(mut file) => is_list(&mut file, list).map(drop),
        Err(error) if error.kind() == IoErrorKind::NotFound => Ok(()),
        Err(error) => Err(Error::io("read the list", list, error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_ones_go_aside_and_nothing_is_overwritten() {
        let dir = tempfile::tempdir().unwrap();
        let (folder, aside) = (dir.path().join("Envelopes"), dir.path().join("deep/aside"));
        fs::create_dir(&folder).unwrap();
        let at = time::parse("2026-11-21").unwrap();
        let day = Duration::from_secs(86_400);
        for (name, days) in [("old.msg", 5), ("edge.msg", 4), ("new.MSG", 1), ("older.MSG", 20), ("old.txt", 20)] {
            fs::write(folder.join(name), name).unwrap();
            File::options().write(true).open(folder.join(name)).unwrap().set_modified(at - days * day).unwrap();
        }
        let mut options = ExpireOptions { dry_run: true, ..ExpireOptions::new(4 * day, &aside, at) };
        let planned = expire(&folder, &options).unwrap();
        assert_eq!((planned.moved, planned.kept, planned.taken), (2, 2, 0));
        assert!(!aside.exists() && folder.join("old.msg").exists());
        fs::write(dir.path().join("file"), "").unwrap();
        let planned = |to: &str| expire(&folder, &ExpireOptions { to: dir.path().join(to), ..options.clone() });
        assert!(planned("file").is_err() && planned("file/below").is_err());

        options.dry_run = false;
        fs::create_dir_all(&aside).unwrap();
        fs::write(aside.join("old.msg"), "another").unwrap();
        fs::write(aside.join(".configcid-part-x"), "of an interrupted run").unwrap();
        let done = expire(&folder, &options).unwrap();
        assert_eq!((done.moved, done.bytes, done.kept, done.taken), (1, 9, 2, 1));
        assert_eq!(done.taken_names, ["old.msg"]);
        assert_eq!(fs::read_to_string(aside.join("old.msg")).unwrap(), "another");
        fs::remove_file(aside.join("old.msg")).unwrap();
        assert_eq!(expire(&folder, &options).unwrap().moved, 1);
        assert_eq!(expire(&folder, &options).unwrap().moved, 0);

        let list = fs::read_to_string(aside.join(LIST)).unwrap();
        let lines: Vec<&str> = list.lines().filter(|line| !line.starts_with('#')).collect();
        // Those that were moved, and no others.
        assert_eq!(lines.len(), 2, "{list}");
        assert!(!aside.join(".configcid-part-x").exists());
        assert!(lines[1].starts_with("old.msg\t7\t2026-11-16T00:00:00Z\t2026-11-21T00:00:00Z\t"), "{list}");
        let itself = ExpireOptions { force: true, ..ExpireOptions::new(day, &folder.join("."), at) };
        assert!(expire(&folder, &itself).is_err());
        fs::write(aside.join(LIST), "mine").unwrap();
        assert!(expire(&folder, &ExpireOptions { force: true, ..ExpireOptions::new(day / 2, &aside, at) }).is_err());
        options.dry_run = true;
        options.force = true;
        options.older_than = day / 2;
        assert!(expire(&folder, &options).is_err());
        assert_eq!(fs::read_to_string(aside.join(LIST)).unwrap(), "mine");
        assert!(folder.join("new.MSG").exists());
    }

    #[test]
    fn what_may_still_be_delivered_is_not_moved() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("Envelopes");
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("1.msg"), "").unwrap();
        let at = SystemTime::now() + Duration::from_secs(60);
        let of = |older_than, to: &str, force| {
            let to = dir.path().join(to);
            expire(&folder, &ExpireOptions { force, dry_run: true, ..ExpireOptions::new(older_than, &to, at) })
        };
        for older_than in [Duration::ZERO, Duration::from_secs(1), TTL - Duration::from_secs(1)] {
            let error = of(older_than, "aside", false).unwrap_err();
            assert!(error.kind() == ErrorKind::Usage && error.to_string().contains("--force"), "{error}");
        }
        assert_eq!(of(Duration::ZERO, "aside", true).unwrap().moved, 1);
        assert_eq!(of(TTL, "aside", false).unwrap().moved, 0);
        for inside in ["Envelopes/aside", "Envelopes/not/there", "aside/../Envelopes/x"] {
            fs::create_dir_all(dir.path().join("aside")).unwrap();
            assert!(of(TTL, inside, false).is_err(), "{inside}");
        }
        assert!(of(TTL, "Envelopes/aside", true).is_ok() && of(TTL, "Envelopes2", false).is_ok());
    }
}
