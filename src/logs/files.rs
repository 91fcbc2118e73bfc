//! Which files are logs, whose, and since when; and each read up to the next line that matters.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use jiff::civil::DateTime;
use regex::Regex;

use super::line::{Level, Lines, PIECE, prefixed, text};
use super::model::{Kind, Levels};
use super::words::may_matter;
use crate::base::error::{Error, ErrorKind, Result};

/// No more of a line and of those that continue it is kept, in bytes.
const MAX_TEXT: usize = 4 << 10;
/// How much of a file tells what it is, in bytes.
const HEAD: u64 = 64 << 10;
/// Folders in which logs lie, from the one that people name: `Remote Management System\3\Router\Logs` and the like.
const FOLDERS: [&str; 6] = ["logs", "router", "agent", "certificationmanager", "3", "remote management system"];

/// How the names of logs begin, and whose they are. The Certification Manager's is that of article 36330, the agent's an
/// assumption.
const NAMES: [(&str, Kind); 4] = [
    ("router-", Kind::Router),
    ("agent-", Kind::Agent),
    ("certmanager-", Kind::CertificationManager),
    ("certificationmanager-", Kind::CertificationManager),
];

/// A log, before it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Log {
    pub kind: Kind,
    pub name: String,
    /// In UTC, by its name or by the one that its first line gives it.
    pub begun: Option<DateTime>,
    pub path: PathBuf,
}

/// The logs that `path` means: a file, or a folder of them, in the order in which they were begun.
///
/// # Errors
/// It cannot be looked at, or there is none.
pub(super) fn find(path: &Path) -> Result<Vec<Log>> {
    let metadata = path.metadata().map_err(|error| Error::io("look at it", path, error))?;
    let mut logs = Vec::new();
    if metadata.is_dir() {
        in_folder(path, 4, &mut logs)?;
    } else {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let sniffed = sniff(path)?;
        let (kind, begun) = match (begun(&name), sniffed) {
            (Some((kind, begun)), _) => (kind, Some(begun)),
            (None, Some((kind, begun))) => (kind, begun),
            (None, None) => (Kind::Router, None),
        };
        logs.push(Log { kind, name, begun, path: path.to_owned() });
    }
    if logs.is_empty() {
        return Err(Error::new(ErrorKind::Io, "there is no log in it, such as Router-YYYYMMDD-HHMMSS.log")
            .in_file(path)
            .next("name the folder Logs beside Envelopes, a copy of it, or one log"));
    }
    logs.sort_by(|a, b| (a.kind, a.begun, &a.name).cmp(&(b.kind, b.begun, &b.name)));
    Ok(logs)
}

fn in_folder(folder: &Path, depth: usize, logs: &mut Vec<Log>) -> Result<()> {
    let cannot = |error| Error::io("list the folder of logs", folder, error);
    let (mut below, mut others) = (Vec::new(), Vec::new());
    let first = logs.len();
    for entry in fs::read_dir(folder).map_err(cannot)? {
        let entry = entry.map_err(cannot)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = entry.path();
        if let Some((kind, begun)) = begun(&name)
            && path.is_file()
        {
            logs.push(Log { kind, name, begun: Some(begun), path });
        } else if FOLDERS.iter().any(|known| known.eq_ignore_ascii_case(&name)) && path.is_dir() {
            below.push(path);
        } else if is_text(&name) && path.is_file() {
            others.push((name, path));
        }
    }
    if logs.len() == first {
        // Logs that somebody renamed say in their first line what they were called.
        for (name, path) in others {
            if let Ok(Some((kind, begun))) = sniff(&path) {
                logs.push(Log { kind, name, begun, path });
            }
        }
    }
    if logs.len() == first && depth > 0 {
        below.sort();
        below.iter().try_for_each(|folder| in_folder(folder, depth - 1, logs))?;
    }
    Ok(())
}

fn is_text(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.ends_with(".log") || name.ends_with(".txt")
}

/// Whose log has this name, and the moment in it, in UTC.
pub(super) fn begun(name: &str) -> Option<(Kind, DateTime)> {
    let name = name.to_ascii_lowercase();
    let (rest, kind) = NAMES.iter().find_map(|(start, kind)| Some((name.strip_prefix(start)?, *kind)))?;
    let (digits, rest) = rest.split_at_checked(15)?;
    let is_log = rest.contains(".log") || rest.ends_with(".txt");
    is_log.then(|| moment(digits)).flatten().map(|begun| (kind, begun))
}

/// `YYYYMMDD-HHMMSS`.
fn moment(digits: &str) -> Option<DateTime> {
    let (day, time) = digits.split_once('-')?;
    if day.len() != 8 || time.len() != 6 || !digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') {
        return None;
    }
    let small = |text: &str| text.parse().ok();
    DateTime::new(
        day[..4].parse().ok()?,
        small(&day[4..6])?,
        small(&day[6..])?,
        small(&time[..2])?,
        small(&time[2..4])?,
        small(&time[4..])?,
        0,
    )
    .ok()
}

static OWN_NAME: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(router|agent|certmanager|certificationmanager)-([0-9]{8}-[0-9]{6})\.log")
        .expect("the pattern stands in this file")
});
static SPEAKER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\[certmgr\]|certification manager [^\n]*starting|(messag\w+ router [^\n]*starting|parent router)|(sophos (?:remote management )?agent [^\n]*starting)")
        .expect("the pattern stands in this file")
});

/// Whose log a file is by its first lines, and when it was begun; `None` where they do not tell.
fn sniff(path: &Path) -> Result<Option<(Kind, Option<DateTime>)>> {
    let cannot = |error| Error::io("read the log", path, error);
    let mut head = Vec::new();
    File::open(path).map_err(cannot)?.take(HEAD).read_to_end(&mut head).map_err(cannot)?;
    // UTF-16 of such words is ASCII with zeros between.
    head.retain(|byte| *byte != 0);
    let head = String::from_utf8_lossy(&head);
    if let Some(name) = OWN_NAME.find(&head)
        && let Some((kind, begun)) = begun(name.as_str())
    {
        return Ok(Some((kind, Some(begun))));
    }
    Ok(SPEAKER.captures(&head).map(|found| match (found.get(1), found.get(2)) {
        (Some(_), _) => (Kind::Router, None),
        (_, Some(_)) => (Kind::Agent, None),
        _ => (Kind::CertificationManager, None),
    }))
}

/// A line that may matter, with those that continue it.
#[derive(Debug)]
pub(super) struct Record {
    /// In seconds since 1970, in UTC where that is known.
    pub time: i64,
    pub level: Level,
    /// Whether it may be about anything: an error is told of even where it is not.
    pub matters: bool,
    pub line: u64,
    pub text: String,
    /// How much of the text is the line itself.
    pub head: usize,
}

/// What is counted while a log is read.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub lines: u64,
    pub continuations: u64,
    pub levels: Levels,
    /// In the log's own time.
    pub first: Option<DateTime>,
    pub last: Option<DateTime>,
    /// How far that is ahead of UTC, in minutes, where the log tells.
    pub offset: Option<i64>,
}

/// A log that is being read.
pub(super) struct Reader<R> {
    lines: Lines<R>,
    begun: Option<DateTime>,
    /// Whether times are to be in UTC.
    is_utc: bool,
    number: u64,
    held: Option<Record>,
    pub counts: Counts,
}

impl<R: Read> Reader<R> {
    pub(super) fn new(input: R, begun: Option<DateTime>, is_utc: bool) -> Self {
        let lines = Lines::new(input, PIECE);
        Self { lines, begun, is_utc, number: 0, held: None, counts: Counts::default() }
    }

    pub(super) fn encoding(&self) -> &'static str {
        self.lines.encoding().name()
    }

    pub(super) fn zeros(&self) -> u64 {
        self.lines.zeros()
    }

    /// The moment in seconds.
    pub(super) fn seconds(&self, time: DateTime) -> i64 {
        let ahead = self.counts.offset.filter(|_| self.is_utc).unwrap_or(0) * 60;
        time.duration_since(EPOCH).as_secs() - ahead
    }

    /// The next line that may matter, with those that continue it; what is between is counted.
    pub(super) fn next(&mut self) -> io::Result<Option<Record>> {
        let mut current = self.held.take();
        loop {
            let Some(line) = self.lines.next()? else { return Ok(current) };
            self.number += 1;
            let Some(found) = prefixed(line) else {
                if !line.is_empty() {
                    self.counts.continuations += 1;
                    if let Some(record) = &mut current {
                        record.go_on(&text(line));
                    }
                }
                continue;
            };
            let counts = &mut self.counts;
            counts.lines += 1;
            let levels = &mut counts.levels;
            *match found.level {
                Level::Information => &mut levels.information,
                Level::Notice => &mut levels.notice,
                Level::Warning => &mut levels.warning,
                Level::Error => &mut levels.error,
            } += 1;
            if counts.first.is_none() {
                counts.first = Some(found.time);
                counts.offset = self.begun.map(|begun| offset(begun, found.time));
            }
            // Clocks are set back.
            counts.last = counts.last.max(Some(found.time));
            let matters = may_matter(found.text);
            if found.level != Level::Error && !matters {
                match current {
                    None => continue,
                    Some(_) => return Ok(current),
                }
            }
            let ahead = counts.offset.filter(|_| self.is_utc).unwrap_or(0) * 60;
            let time = found.time.duration_since(EPOCH).as_secs() - ahead;
            let text = text(found.text);
            let text = cut(&text, MAX_TEXT);
            let (level, line) = (found.level, self.number);
            let record = Record { time, level, matters, line, text: text.to_owned(), head: text.len() };
            match current {
                None => current = Some(record),
                Some(_) => {
                    self.held = Some(record);
                    return Ok(current);
                }
            }
        }
    }
}

impl Record {
    /// The line alone.
    pub(super) fn head(&self) -> &str {
        &self.text[..self.head]
    }

    fn go_on(&mut self, text: &str) {
        let room = MAX_TEXT.saturating_sub(self.text.len() + 1);
        if room > 0 {
            self.text.push('\n');
            self.text.push_str(cut(text, room));
        }
    }
}

const EPOCH: DateTime = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);

/// How far a log's own time is ahead of UTC, in minutes: a multiple of 15, as all zones are, and no more than a day.
pub(super) fn offset(begun: DateTime, first: DateTime) -> i64 {
    const QUARTER: i64 = 15 * 60;
    let ahead = first.duration_since(begun).as_secs();
    let quarters = (ahead + QUARTER / 2).div_euclid(QUARTER);
    if quarters.abs() <= 14 * 4 { quarters * 15 } else { 0 }
}

/// The start of a text, whole characters of it.
fn cut(text: &str, length: usize) -> &str {
    let end = (0..=length.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    &text[..end.unwrap_or(0)]
}

/// A moment in seconds since 1970, as `2026-11-21T18:30:00`.
pub(super) fn print(time: i64, is_utc: bool) -> String {
    let moment = EPOCH.checked_add(jiff::SignedDuration::from_secs(time)).unwrap_or(EPOCH);
    let zone = if is_utc { "Z" } else { "" };
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{zone}",
        moment.year(),
        moment.month(),
        moment.day(),
        moment.hour(),
        moment.minute(),
        moment.second()
    )
}
