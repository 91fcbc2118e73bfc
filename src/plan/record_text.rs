//! A record of a change as text, which is JSON: what is written of a change of hundreds of thousands of files, and read of it, goes
//! file by file.

use std::fmt;
use std::io::{self, BufReader, Read, Write};
use std::path::Path;

use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::record::{FORMAT, LAST, MAX_SIZE, Record, Step, Sum256, Turned, id_of, is_work_name, utc};
use super::{Stage, disk};
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::files::read_open;
use crate::base::hex::{hex, unhex};
use crate::catalog::CidPath;
use crate::cid::is_own_name;

/// Records up to this size are read whole, by one request; others piece by piece, of this size.
const PIECE: usize = 256 << 10;

impl Record {
    /// Reads the file of a record; `None` where there is none. Of a large one no more of the text is in memory than a piece. The
    /// inner result is that of [`parse`](Self::parse).
    pub(super) fn read(path: &Path) -> Result<Option<Result<Self>>> {
        let Some((size, file)) = disk::open(path)? else { return Ok(None) };
        if !(PIECE as u64..=MAX_SIZE).contains(&size) {
            return read_open(file, size, path, MAX_SIZE).map(|bytes| Some(Self::parse(&bytes)));
        }
        match serde_json::from_reader(BufReader::with_capacity(PIECE, file.take(MAX_SIZE))) {
            Err(error) if error.is_io() => Err(Error::io("read it", path, error.into())),
            read => Ok(Some(Self::checked(read))),
        }
    }

    /// A record from its text, which anybody may have written: every name in it is checked.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self> {
        Self::checked(serde_json::from_slice(bytes))
    }

    fn checked(read: serde_json::Result<RecordText>) -> Result<Self> {
        let wrong = |what: String| {
            Error::new(ErrorKind::Journal, what).next("configcid recover --forget leaves the files as they are")
        };
        let record = read.map_err(|error| wrong(text!("this is no record of a change: {error}", error)))?;
        let record = Self::from(record);
        if record.format != FORMAT {
            return Err(wrong(text!(
                "the record has format {record}, and only format {FORMAT} is known",
                record = record.format,
                FORMAT
            )));
        }
        for Step { path, .. } in &record.steps {
            if is_own_name(path.file_name()) || path.file_name().eq_ignore_ascii_case(LAST) {
                return Err(wrong(text!("{path} is no file of the CID", path)));
            }
        }
        for name in record.work_names() {
            let name = &*name;
            if !is_work_name(name) || CidPath::in_root(name).is_err() || name.contains('\\') {
                return Err(wrong(text!("{name} is no name that configcid makes", name = format!("{name:?}"))));
            }
        }
        let turned = record.turned.iter().map(|turned| &turned.path);
        for folder in record.made.iter().chain(&record.swept).chain(turned) {
            let path = CidPath::parse(folder).map_err(|error| wrong(error.what().to_owned()))?;
            if path.parts().any(is_own_name) {
                return Err(wrong(text!("{path} is no folder of the CID", path)));
            }
        }
        Ok(record)
    }

    /// Writes the file's bytes: JSON and a line ending.
    pub(super) fn write(&self, mut to: &mut dyn Write) -> io::Result<()> {
        serde_json::to_writer(&mut to, self)?;
        to.write_all(b"\n")
    }
}

/// A record as it is read.
#[derive(Deserialize)]
pub(super) struct RecordText {
    format: u32,
    id: String,
    purpose: String,
    time: u64,
    user: String,
    host: String,
    version: String,
    #[serde(default)]
    open: bool,
    steps: Steps,
    #[serde(default)]
    made: Vec<String>,
    #[serde(default)]
    swept: Vec<String>,
    #[serde(default)]
    turned: Vec<Turned>,
}

impl From<RecordText> for Record {
    fn from(text: RecordText) -> Self {
        let RecordText { format, id, purpose, time, user, host, version, open, steps, made, swept, turned } = text;
        let steps = steps.of_change(&id);
        Self { format, id, purpose, time, user, host, version, open, steps, made, swept, turned }
    }
}

impl Serialize for Record {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Text<'r> {
            format: u32,
            id: &'r str,
            purpose: &'r str,
            time: u64,
            user: &'r str,
            host: &'r str,
            version: &'r str,
            #[serde(skip_serializing_if = "std::ops::Not::not")]
            open: bool,
            steps: EachStep<'r, StepText>,
            #[serde(skip_serializing_if = "no_text")]
            made: &'r [String],
            #[serde(skip_serializing_if = "no_text")]
            swept: &'r [String],
            #[serde(skip_serializing_if = "not_turned")]
            turned: &'r [Turned],
        }
        fn no_text(texts: &&[String]) -> bool {
            texts.is_empty()
        }
        fn not_turned(turned: &&[Turned]) -> bool {
            turned.is_empty()
        }
        let Self { format, id, purpose, time, user, host, version, open, steps: _, made, swept, turned } = self;
        let steps = EachStep(self, StepText::of);
        Text { format: *format, id, purpose, time: *time, user, host, version, open: *open, steps, made, swept, turned }
            .serialize(serializer)
    }
}

/// A record as a line of the history, which reads as [`Past`](super::Past).
pub(super) struct PastText<'r>(pub &'r Record);

impl Serialize for PastText<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Text<'r> {
            id: &'r str,
            time: String,
            user: &'r str,
            host: &'r str,
            purpose: &'r str,
            version: &'r str,
            files: EachStep<'r, CidPath>,
            #[serde(skip_serializing_if = "Option::is_none")]
            contents: Option<EachStep<'r, Sums>>,
        }
        #[derive(Serialize)]
        struct Sums {
            before: Option<String>,
            after: Option<String>,
        }
        let Record { id, time, user, host, purpose, version, steps, .. } = self.0;
        let sums = |_: &Record, step: &Step| Sums {
            before: step.before().map(|sum| hex(sum)),
            after: step.after.map(|sum| hex(&sum)),
        };
        Text {
            id,
            time: utc(*time),
            user,
            host,
            purpose,
            version,
            files: EachStep(self.0, |_, step| step.path.clone()),
            contents: (!steps.is_empty()).then_some(EachStep(self.0, sums)),
        }
        .serialize(serializer)
    }
}

/// A list with something of each step of a change, made one by one.
struct EachStep<'r, T>(&'r Record, fn(&Record, &Step) -> T);

impl<T: Serialize> Serialize for EachStep<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let Self(record, of) = self;
        serializer.collect_seq(record.steps.iter().map(|step| of(record, step)))
    }
}

/// A step as text.
#[derive(Serialize, Deserialize)]
struct StepText {
    path: String,
    stage: Stage,
    before: Option<String>,
    after: Option<String>,
    staged: Option<String>,
    kept: Option<String>,
}

impl StepText {
    fn of(record: &Record, step: &Step) -> Self {
        Self {
            path: step.path.to_string(),
            stage: step.stage,
            before: step.before().map(|sum| hex(sum)),
            after: step.after.map(|sum| hex(&sum)),
            staged: record.staged(step),
            kept: record.kept(step),
        }
    }
}

/// Steps as they are read. The names in them are those of a change of this id, as far as that is known by then.
#[derive(Default)]
struct Steps {
    id: Option<String>,
    steps: Vec<Step>,
}

impl Steps {
    /// The steps of the change of this id.
    fn of_change(self, id: &str) -> Vec<Step> {
        match self.id {
            Some(other) if other != id => {
                let renamed = |step: Step| {
                    let (staged, kept) = (step.staged(&other), step.kept(&other));
                    step.named(id, staged, kept)
                };
                self.steps.into_iter().map(renamed).collect()
            }
            _ => self.steps,
        }
    }
}

impl<'de> Deserialize<'de> for Steps {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Steps;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of steps")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> std::result::Result<Steps, A::Error> {
                let mut all = Steps::default();
                while let Some(text) = list.next_element::<StepText>()? {
                    let StepText { path, stage, before, after, staged, kept } = text;
                    let path = CidPath::parse(&path).map_err(serde::de::Error::custom)?;
                    let [before, after] = [before, after].map(|sum| sum.map(|sum| sum_of(&sum)).transpose());
                    let step = Step::new(path, stage, before?, after?, 0);
                    if all.id.is_none() {
                        all.id = staged.as_ref().or(kept.as_ref()).and_then(|name| id_of(name)).map(str::to_owned);
                    }
                    all.steps.push(step.named(all.id.as_deref().unwrap_or_default(), staged, kept));
                }
                all.steps.shrink_to_fit();
                Ok(all)
            }
        }
        deserializer.deserialize_seq(Reader)
    }
}

fn sum_of<E: serde::de::Error>(text: &str) -> std::result::Result<Sum256, E> {
    unhex(text.as_bytes()).ok_or_else(|| E::custom("what should be a SHA-256 is none"))
}
