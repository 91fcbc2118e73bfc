//! Which sources there are, of which computers: folders are listed, lists are read, exports wait.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
#[cfg(feature = "cli")]
use std::sync::Arc;
use std::time::SystemTime;

use super::list::{self, Columns};
use super::model::Evidence;
use super::record::{self, Found};
#[cfg(feature = "cli")]
use super::remote::{self, Ask};
use crate::base::error::{Error, ErrorKind};
use crate::base::files::open_plain;
use crate::base::text::{Encoding, safe};

/// A source that tells nothing at all.
#[derive(Debug)]
pub(crate) struct Failed {
    pub path: PathBuf,
    pub error: Error,
}

/// That something tells of a computer.
#[derive(Debug)]
pub(super) struct Sighting {
    /// The computer, as it is named there.
    pub name: Box<str>,
    pub when: Option<SystemTime>,
    /// The number of the folder or the file in [`Sightings::places`].
    pub place: u32,
    pub part: Part,
}

/// What tells of it.
#[derive(Debug)]
pub(super) enum Part {
    /// A file in the folder, which is not read yet.
    Export(Box<str>),
    /// A `mrinit.conf` in the folder, or a `mrinit.conf.orig`.
    Conf { file: Box<str>, is_orig: bool },
    /// A line of the file.
    Line(u32, Box<Evidence>),
}

/// All that was found.
#[derive(Debug, Default)]
pub(super) struct Sightings {
    pub places: Vec<PathBuf>,
    pub all: Vec<Sighting>,
    pub failed: Vec<Failed>,
    /// Files that are no exports by their names, links to folders, and what is no file: how many.
    pub left: usize,
}

/// The installed file, and the former one that wins over it.
const CONF: &str = "mrinit.conf";
const ORIG: &str = "mrinit.conf.orig";

/// Folders on the way to an installed file whose names are none of a computer.
const OF_PRODUCT: [&str; 7] =
    ["remote management system", "sophos", "program files", "program files (x86)", "rms", "sophos-av", "opt"];

/// What kind of source a file is, by its name.
enum Kind {
    Conf {
        name: Option<String>,
        is_orig: bool,
    },
    List,
    Records,
    Export(String),
    /// None: of the system, or not finished.
    Other,
}

impl Kind {
    fn of(file: &str) -> Self {
        let lower = file.to_lowercase();
        let is_unfinished = lower.ends_with(".tmp") || lower.starts_with('.') || lower.starts_with("~$");
        if is_unfinished || ["desktop.ini", "thumbs.db"].contains(&&*lower) {
            return Self::Other;
        }
        for (end, is_orig) in [(ORIG, true), (CONF, false), ("conf.orig", true), ("conf", false)] {
            if lower == end {
                return Self::Conf { name: None, is_orig };
            }
            if lower.ends_with(&format!(".{end}")) && file.is_char_boundary(file.len() - end.len() - 1) {
                return Self::Conf { name: Some(file[..file.len() - end.len() - 1].to_owned()), is_orig };
            }
        }
        match file.rsplit_once('.') {
            Some((_, end)) if ["csv", "tsv"].iter().any(|this| end.eq_ignore_ascii_case(this)) => Self::List,
            Some((_, end)) if ["jsonl", "ndjson", "json"].iter().any(|this| end.eq_ignore_ascii_case(this)) => {
                Self::Records
            }
            // The end of another kind is no part of the name; a domain is.
            Some((stem, end)) if ["reg", "txt", "log", "out"].iter().any(|this| end.eq_ignore_ascii_case(this)) => {
                Self::Export(stem.to_owned())
            }
            _ => Self::Export(file.to_owned()),
        }
    }
}

impl Sightings {
    /// Adds a source that the user names: a folder with all that is below it, or a file.
    pub(super) fn add(&mut self, source: &Path, columns: &Columns) {
        let metadata = match source.metadata() {
            Ok(metadata) => metadata,
            Err(error) => return self.fail(source, Error::io("look at it", source, error)),
        };
        if metadata.is_dir() {
            let before = self.all.len() + self.failed.len();
            self.add_folder(source, columns);
            if self.all.len() + self.failed.len() == before {
                let error = Error::new(ErrorKind::Io, "there is no export in this folder").in_file(source);
                self.fail(source, error.next("name the folder that the exports were collected in"));
            }
        } else if metadata.is_file() {
            let (folder, Some(file)) = (source.parent().unwrap_or(Path::new("")), source.file_name()) else { return };
            let place = self.place(folder);
            self.add_file(source, place, file, metadata.modified().ok(), columns, true);
        } else {
            let error = Error::new(ErrorKind::Usage, "this is neither a file nor a folder").in_file(source);
            self.fail(source, error);
        }
    }

    /// Adds the computers of a list, which are asked now.
    #[cfg(feature = "cli")]
    pub(super) fn add_live(&mut self, list: &Path, text: &str, how: &Ask) {
        let names = super::name::listed(text);
        if names.is_empty() {
            let error = Error::new(ErrorKind::Usage, "there is no name of a computer in it").in_file(list);
            return self.fail(list, error.next("write one name a line"));
        }
        let answers = remote::ask_all(&names, how, Arc::new(remote::parents));
        let (place, now) = (self.own_place(list), SystemTime::now());
        for (name, evidence) in names.into_iter().zip(answers) {
            self.all.push(of_line(name, Some(now), place, 0, evidence));
        }
    }

    fn fail(&mut self, path: &Path, error: Error) {
        self.failed.push(Failed { path: path.to_owned(), error });
    }

    fn place(&mut self, path: &Path) -> u32 {
        if self.places.last().is_none_or(|last| last != path) {
            self.places.push(path.to_owned());
        }
        (self.places.len() - 1) as u32
    }

    fn add_folder(&mut self, source: &Path, columns: &Columns) {
        let mut folders = vec![source.to_owned()];
        while let Some(folder) = folders.pop() {
            let listed = match fs::read_dir(&folder) {
                Ok(listed) => listed,
                Err(error) => {
                    self.fail(&folder, Error::io("list the folder", &folder, error));
                    continue;
                }
            };
            let mut place = None;
            for entry in listed {
                let entry = match entry {
                    Ok(entry) => entry,
                    Err(error) => {
                        self.fail(&folder, Error::io("list the folder", &folder, error));
                        break;
                    }
                };
                // Of a link to a file, the file's: a folder behind one may hold this one.
                let kind = entry.file_type();
                if kind.as_ref().is_ok_and(fs::FileType::is_dir) {
                    folders.push(entry.path());
                    continue;
                }
                let metadata = match kind.is_ok_and(|kind| kind.is_symlink()) {
                    true => entry.path().metadata(),
                    false => entry.metadata(),
                };
                match metadata {
                    Ok(metadata) if metadata.is_file() => {
                        let place = *place.get_or_insert_with(|| self.place(&folder));
                        self.add_file(
                            &entry.path(),
                            place,
                            &entry.file_name(),
                            metadata.modified().ok(),
                            columns,
                            false,
                        );
                    }
                    _ => self.left += 1,
                }
            }
        }
    }

    fn add_file(
        &mut self,
        path: &Path,
        place: u32,
        file: &OsStr,
        when: Option<SystemTime>,
        columns: &Columns,
        is_named: bool,
    ) {
        let Some(file) = file.to_str() else {
            // Such a name is none of a computer; its row says so.
            let name: Box<str> = safe(&file.to_string_lossy()).into();
            let evidence = Evidence::broken(text!("the name of the file is no text"));
            self.all.push(Sighting { name, when, place, part: Part::Line(0, Box::new(evidence)) });
            return;
        };
        let mut kind = Kind::of(file);
        if is_named && matches!(kind, Kind::Export(_) | Kind::Other) {
            kind = by_content(path, columns).unwrap_or(Kind::Export(stem(file)));
        }
        match kind {
            Kind::Other => self.left += 1,
            Kind::Export(name) => {
                self.all.push(Sighting { name: name.into(), when, place, part: Part::Export(file.into()) });
            }
            Kind::Conf { name, is_orig } => {
                let name = name.or_else(|| of_folders(path)).unwrap_or_else(|| format!("{}:1", path.display()));
                let part = Part::Conf { file: file.into(), is_orig };
                self.all.push(Sighting { name: name.into(), when, place, part });
            }
            Kind::List => self.add_list(path, when, columns),
            Kind::Records => self.add_records(path, file, when),
        }
    }

    fn add_list(&mut self, path: &Path, when: Option<SystemTime>, columns: &Columns) {
        let cannot = |error| Error::io("read it", path, error);
        let place = self.own_place(path);
        let mut rows = Vec::new();
        let read = open_plain(&real(path)).map_err(cannot).and_then(|file| {
            list::all(file, columns, |line, row| {
                let (name, when, evidence) = match row {
                    Ok(row) => (row.name, row.when.or(when), row.evidence),
                    Err(error) => (at(path, line), when, Evidence::broken(error.what())),
                };
                rows.push(of_line(name, when, place, line, evidence));
            })
            .map_err(cannot)?
            .map_err(|error| error.in_file(path))
        });
        self.all.append(&mut rows);
        if let Err(error) = read {
            self.fail(path, error);
        }
    }

    fn add_records(&mut self, path: &Path, file: &str, when: Option<SystemTime>) {
        let place = self.own_place(path);
        let first = self.all.len();
        let mut rows = Vec::new();
        let mut nameless = 0;
        let read = open_plain(&real(path)).and_then(|opened| {
            record::all(opened, |line, found| {
                let (name, when, evidence) = match found {
                    Ok(Found { name, when: own, evidence }) => (name, own.or(when), evidence),
                    Err(error) => (None, when, Evidence::broken(error.what())),
                };
                nameless += usize::from(name.is_none());
                let name = name.unwrap_or_else(|| at(path, line));
                rows.push(of_line(name, when, place, line, evidence));
            })
        });
        // One answer alone in a file is of the computer that the file is called after.
        if let ([row], 1) = (&mut rows[..], nameless) {
            row.name = stem(file).into();
        }
        self.all.append(&mut rows);
        if let Err(error) = read {
            self.fail(path, Error::io("read it", path, error));
        } else if self.all.len() == first {
            let error = Error::new(ErrorKind::Usage, "there is no answer of client check in it").in_file(path);
            self.fail(path, error);
        }
    }

    /// The number of a file whose lines are told of.
    fn own_place(&mut self, path: &Path) -> u32 {
        self.places.push(path.to_owned());
        (self.places.len() - 1) as u32
    }

    /// Where a sighting stands, for people.
    pub(super) fn source(&self, sighting: &Sighting) -> String {
        let place = &self.places[sighting.place as usize];
        match &sighting.part {
            Part::Export(file) | Part::Conf { file, .. } => place.join(&**file).to_string_lossy().into_owned(),
            Part::Line(0, _) => place.to_string_lossy().into_owned(),
            Part::Line(line, _) => format!("{}:{line}", place.display()),
        }
    }
}

fn of_line(name: String, when: Option<SystemTime>, place: u32, line: usize, evidence: Evidence) -> Sighting {
    let line = u32::try_from(line).unwrap_or(u32::MAX);
    Sighting { name: name.into(), when, place, part: Part::Line(line, Box::new(evidence)) }
}

/// What a line that names no computer is called.
fn at(path: &Path, line: usize) -> String {
    format!("{}:{line}", path.file_name().unwrap_or(path.as_os_str()).to_string_lossy())
}

/// The file that a link leads to, since nothing is opened through one.
fn real(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

/// The name without its last end.
fn stem(file: &str) -> String {
    match Kind::of(file) {
        Kind::Export(name) => name,
        _ => file.rsplit_once('.').map_or(file, |(stem, _)| stem).to_owned(),
    }
}

/// The computer that an installed file is of: the nearest folder around it that is none of the product's.
fn of_folders(path: &Path) -> Option<String> {
    let path = std::path::absolute(path).ok()?;
    let folders = path.ancestors().skip(1).filter_map(|folder| folder.file_name()?.to_str());
    folders.map(str::to_owned).find(|folder| !OF_PRODUCT.contains(&&*folder.to_lowercase()))
}

/// What a file is that the user names and whose name does not tell.
fn by_content(path: &Path, columns: &Columns) -> Option<Kind> {
    let mut head = Vec::new();
    File::open(path).ok()?.take(4 << 10).read_to_end(&mut head).ok()?;
    let text = Encoding::text_of(&head);
    let text = text.trim_start();
    if text.starts_with('{') {
        return Some(Kind::Records);
    }
    if text.to_ascii_lowercase().starts_with("[config]") {
        return Some(Kind::Conf { name: None, is_orig: false });
    }
    list::may_be_headings(text.lines().next()?, columns).then_some(Kind::List)
}
