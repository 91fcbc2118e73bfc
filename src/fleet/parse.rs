//! `fleet.toml` read: every value with its line, and no key that is not known.

use std::ops::Range;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::keys::{self, Word};
use super::model::is_absolute;
use super::{AddressKind, Domain, Fleet, FleetCid, Given, Machine, Platform, Relay, Server, System, Target};
use crate::cid::real_path;
use crate::cid::tree::read_file;
use crate::error::{Error, ErrorKind, Position, Result};

/// The largest fleet file that is read, in bytes.
pub const MAX_SIZE: u64 = 16 << 20;

/// No value is longer, in characters.
const LONGEST: usize = 4096;

impl Fleet {
    /// Reads a fleet file. The paths of CIDs begin at its folder, unless it says otherwise.
    ///
    /// # Errors
    /// The file cannot be read, or as [`parse`](Fleet::parse).
    pub fn read(path: &Path) -> Result<Fleet> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let real = real_path(path).map_err(|error| {
            let missing = error.kind() == std::io::ErrorKind::NotFound;
            let error = Error::io("open the fleet file", path, error);
            if missing { error.next("configcid fleet init writes one; name it where it is elsewhere") } else { error }
        })?;
        let bytes = read_file(&real, MAX_SIZE).map_err(|error| error.about(path))?;
        let folder = if folder == Path::new(".") { Path::new("") } else { folder };
        Fleet::parse(&bytes, folder).map_err(|error| error.in_file(path))
    }

    /// Reads the bytes of a fleet file that stands in `folder`, where the paths of CIDs begin. The format is described in
    /// `docs/fleet.md`.
    ///
    /// # Errors
    /// It is no TOML in UTF-8; it has a key that is not known, or one twice; a value is of another type than it should
    /// be, or is missing. The error names the line.
    ///
    /// ```
    /// use configcid::fleet::{Fleet, Target};
    ///
    /// let fleet = Fleet::parse(
    ///     br#"
    ///     [server]
    ///     name = "Server1"
    ///     fqdn = "Server1.Sales.Acme"
    ///
    ///     [[relay]]
    ///     name = "MRComputer"
    ///     ip = "10.1.200.65"
    ///
    ///     [[cid]]
    ///     path = '\\Server1\InterChk\MRESXP'
    ///     relay = "MRComputer"
    ///     "#,
    ///     "".as_ref(),
    /// )?;
    /// assert_eq!(fleet.relays[0].reports_to, Target::Server);
    /// assert_eq!((fleet.cids[0].reports_to, fleet.cids[0].path.line), (Target::Relay(0), 11));
    /// # Ok::<(), configcid::Error>(())
    /// ```
    pub fn parse(bytes: &[u8], folder: &Path) -> Result<Fleet> {
        let text = std::str::from_utf8(bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes)).map_err(|error| {
            let line = 1 + bytes[..error.valid_up_to().min(bytes.len())].iter().filter(|byte| **byte == b'\n').count();
            format_error("it is no text in UTF-8", line).next("save it as UTF-8")
        })?;
        let reader = Reader::new(text);
        let document = DeTable::parse(text).map_err(|error| {
            let line = reader.line(&error.span().unwrap_or(0..0));
            format_error(error.message().replace('\n', " "), line)
        })?;
        let top = reader.section("the file", 1, document.get_ref(), keys::TABLES)?;
        let defaults = match top.table("defaults", keys::DEFAULTS)? {
            Some(section) => Defaults::read(&section)?,
            None => Defaults::default(),
        };
        let Some(server) = top.table("server", keys::SERVER)? else {
            return Err(format_error("there is no [server]", 1).next("add the management server, with its name"));
        };
        let server = Server { machine: machine(&server, &defaults)?, console: server.text("console")? };
        let mut fleet = Fleet { server, relays: Vec::new(), cids: Vec::new() };
        for section in top.tables("relay", keys::RELAY)? {
            fleet.relays.push(Relay {
                machine: machine(&section, &defaults)?,
                parent: section.text("parent")?,
                platforms: section.words("platforms")?.or_else(|| defaults.platforms.clone()),
                reports_to: Target::Unknown,
            });
        }
        for section in top.tables("cid", keys::CID)? {
            fleet.cids.push(cid(&section, &defaults, folder)?);
        }
        for index in 0..fleet.relays.len() {
            fleet.relays[index].reports_to = target(&fleet, &fleet.relays[index].parent);
        }
        for index in 0..fleet.cids.len() {
            fleet.cids[index].reports_to = target(&fleet, &fleet.cids[index].relay);
        }
        Ok(fleet)
    }
}

fn target(fleet: &Fleet, name: &Option<Given<String>>) -> Target {
    name.as_ref().map_or(Target::Server, |name| fleet.resolve(&name.value))
}

/// What holds where a table says nothing.
#[derive(Default)]
struct Defaults {
    folder: Option<Given<String>>,
    platform: Option<Given<Vec<Platform>>>,
    platforms: Option<Given<Vec<Platform>>>,
    address: Option<Given<AddressKind>>,
    domain: Option<Given<Domain>>,
    system: Option<Given<String>>,
    from_root: Option<Given<bool>>,
}

impl Defaults {
    fn read(section: &Section<'_, '_>) -> Result<Defaults> {
        Ok(Defaults {
            folder: section.text("folder")?,
            platform: section.words("platform")?,
            platforms: section.words("platforms")?,
            address: section.word("address")?,
            domain: section.word("domain")?,
            system: section.text("system")?,
            from_root: section.flag("from_root")?,
        })
    }
}

fn machine(section: &Section<'_, '_>, defaults: &Defaults) -> Result<Machine> {
    let system = section.text("system")?.or_else(|| defaults.system.clone());
    let static_address = Given { value: AddressKind::Static, line: section.line };
    Ok(Machine {
        name: section.required("name")?,
        line: section.line,
        ip: section.text("ip")?,
        fqdn: section.text("fqdn")?,
        netbios: section.text("netbios")?,
        system: system.map(|system| Given { value: System(system.value), line: system.line }),
        endpoints: section.number("endpoints")?,
        address_kind: section.word("address")?.or_else(|| defaults.address.clone()).unwrap_or(static_address),
        domain: section.word("domain")?.or_else(|| defaults.domain.clone()),
    })
}

fn cid(section: &Section<'_, '_>, defaults: &Defaults, folder: &Path) -> Result<FleetCid> {
    let path = section.required("path")?;
    let given = defaults.folder.as_ref().map_or("", |folder| &folder.value);
    let base = if is_absolute(given) { given.into() } else { folder.join(given) };
    let platforms = section.words("platform")?.or_else(|| defaults.platform.clone());
    Ok(FleetCid {
        folder: if is_absolute(&path.value) { path.value.clone().into() } else { base.join(&path.value) },
        platforms: platforms.unwrap_or(Given { value: vec![Platform::Windows], line: section.line }),
        relay: section.text("relay")?,
        reports_to: Target::Unknown,
        from_root: section.flag("from_root")?.or_else(|| defaults.from_root.clone()).is_some_and(|given| given.value),
        path,
    })
}

fn format_error(what: impl Into<String>, line: usize) -> Error {
    Error::new(ErrorKind::FleetFormat, what).at(Position::Line(line))
}

/// From places in the text to lines.
struct Reader {
    /// Where each line begins.
    lines: Vec<usize>,
}

impl Reader {
    fn new(text: &str) -> Reader {
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        Reader { lines: std::iter::once(0).chain(ends).collect() }
    }

    fn line(&self, span: &Range<usize>) -> usize {
        self.lines.partition_point(|begin| *begin <= span.start).max(1)
    }

    /// A table, all of whose keys are known.
    fn section<'a, 'i>(
        &'a self,
        name: &'static str,
        line: usize,
        table: &'a DeTable<'i>,
        known: &'static [&'static str],
    ) -> Result<Section<'a, 'i>> {
        let unknown = table.keys().filter(|key| !known.contains(&key.get_ref().as_ref()));
        if let Some(key) = unknown.min_by_key(|key| key.span().start) {
            let error = format_error(format!("{name} has no key {:?}", key.get_ref()), self.line(&key.span()));
            let next = match keys::nearest(key.get_ref(), known.iter().copied()) {
                Some(near) => format!("did you mean {near}?"),
                None => format!("it may have {}", known.join(", ")),
            };
            return Err(error.next(next));
        }
        Ok(Section { reader: self, name, line, table })
    }
}

/// A table of the file.
struct Section<'a, 'i> {
    reader: &'a Reader,
    name: &'static str,
    line: usize,
    table: &'a DeTable<'i>,
}

impl<'a, 'i> Section<'a, 'i> {
    /// The value of a key, and its line.
    fn get(&self, key: &str) -> Option<(&'a Spanned<DeValue<'i>>, usize)> {
        let (name, value) = self.table.iter().find(|(name, _)| name.get_ref() == key)?;
        Some((value, self.reader.line(&name.span())))
    }

    fn wrong(&self, key: &str, line: usize, expected: &str) -> Error {
        format_error(format!("{key} of {} must be {expected}", self.name), line)
    }

    fn table(&self, key: &'static str, known: &'static [&'static str]) -> Result<Option<Section<'a, 'i>>> {
        let Some((value, line)) = self.get(key) else { return Ok(None) };
        let name = if key == "server" { "[server]" } else { "[defaults]" };
        let table = value.get_ref().as_table().ok_or_else(|| {
            format_error(format!("{key} must be one table"), line).next(format!("begin it with {name}, once"))
        })?;
        self.reader.section(name, line, table, known).map(Some)
    }

    fn tables(&self, key: &'static str, known: &'static [&'static str]) -> Result<Vec<Section<'a, 'i>>> {
        let Some((value, line)) = self.get(key) else { return Ok(Vec::new()) };
        let name = if key == "relay" { "[[relay]]" } else { "[[cid]]" };
        let wrong =
            || format_error(format!("{key} must be a list of tables"), line).next(format!("begin each with {name}"));
        let each = value.get_ref().as_array().ok_or_else(wrong)?;
        each.iter()
            .map(|value| {
                let table = value.get_ref().as_table().ok_or_else(wrong)?;
                self.reader.section(name, self.reader.line(&value.span()), table, known)
            })
            .collect()
    }

    fn text(&self, key: &str) -> Result<Option<Given<String>>> {
        let Some((value, line)) = self.get(key) else { return Ok(None) };
        let text = value.get_ref().as_str().ok_or_else(|| {
            let found = value.get_ref().type_str();
            self.wrong(key, line, "a string").next(format!("put quotes around it: this is of the type {found}"))
        })?;
        if text.trim().is_empty() {
            return Err(self.wrong(key, line, "more than blanks").next("leave it out where there is none"));
        }
        if text.contains(char::is_control) {
            return Err(self
                .wrong(key, line, "without control characters")
                .next("in a path within \"...\" write each backslash twice, or put the path into '...'"));
        }
        if text.chars().count() > LONGEST {
            return Err(self.wrong(key, line, &format!("no longer than {LONGEST} characters")));
        }
        Ok(Some(Given { value: text.to_owned(), line }))
    }

    fn required(&self, key: &str) -> Result<Given<String>> {
        self.text(key)?.ok_or_else(|| format_error(format!("{} has no {key}", self.name), self.line).next("add it"))
    }

    fn number(&self, key: &str) -> Result<Option<Given<u32>>> {
        let Some((value, line)) = self.get(key) else { return Ok(None) };
        let number =
            value.get_ref().as_integer().and_then(|number| u32::from_str_radix(number.as_str(), number.radix()).ok());
        let value = number.ok_or_else(|| self.wrong(key, line, &format!("a whole number from 0 to {}", u32::MAX)))?;
        Ok(Some(Given { value, line }))
    }

    fn flag(&self, key: &str) -> Result<Option<Given<bool>>> {
        let Some((value, line)) = self.get(key) else { return Ok(None) };
        let value = value.get_ref().as_bool().ok_or_else(|| self.wrong(key, line, "true or false"))?;
        Ok(Some(Given { value, line }))
    }

    fn one_word<T: Word>(&self, key: &str, value: &Spanned<DeValue<'i>>, line: usize) -> Result<T> {
        let words = || T::WORDS.iter().map(|(word, _)| *word);
        let found = value.get_ref().as_str().and_then(|text| T::WORDS.iter().find(|(word, _)| *word == text));
        found.map(|(_, value)| *value).ok_or_else(|| {
            let text = value.get_ref().as_str().unwrap_or_else(|| value.get_ref().type_str());
            let next = match keys::nearest(text, words()) {
                Some(near) => format!("did you mean \"{near}\"?"),
                None => {
                    format!("it may be {}", words().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(", "))
                }
            };
            format_error(format!("{key} of {}: {text:?} is no {}", self.name, T::WHAT), line).next(next)
        })
    }

    fn word<T: Word>(&self, key: &str) -> Result<Option<Given<T>>> {
        let Some((value, line)) = self.get(key) else { return Ok(None) };
        Ok(Some(Given { value: self.one_word(key, value, line)?, line }))
    }

    /// One word, or a list of them.
    fn words<T: Word + PartialEq>(&self, key: &str) -> Result<Option<Given<Vec<T>>>> {
        let Some((value, line)) = self.get(key) else { return Ok(None) };
        let Some(list) = value.get_ref().as_array() else {
            return Ok(Some(Given { value: vec![self.one_word(key, value, line)?], line }));
        };
        let mut words = Vec::new();
        for value in list.iter() {
            let word = self.one_word(key, value, self.reader.line(&value.span()))?;
            if !words.contains(&word) {
                words.push(word);
            }
        }
        if words.is_empty() {
            return Err(self.wrong(key, line, "more than an empty list"));
        }
        Ok(Some(Given { value: words, line }))
    }
}
