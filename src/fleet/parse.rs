//! `fleet.toml` read: every value with its line, and no key that is not known.

use std::collections::HashMap;
use std::path::Path;

use toml::de::DeTable;

use super::keys::{self, THE_SERVER};
use super::model::is_absolute;
use super::places::path_key;
use super::section::{BACKSLASHES, Reader, Section, format_error};
use super::{
    AddressKind, Domain, Fleet, FleetCid, Given, Machine, Platform, Recommendation, Relay, Server, System, Target,
};
use crate::base::error::{Error, Result};
use crate::base::files::read_file;
use crate::base::files::real_path;
use crate::base::text::fold_case;
use crate::catalog::checksum::Definition;
use crate::sync::{is_url, one_form};

/// The largest fleet file that is read, in bytes.
pub const MAX_SIZE: u64 = 16 << 20;

impl Fleet {
    /// Reads a fleet file. The paths of CIDs begin at its folder, unless it says otherwise.
    ///
    /// # Errors
    /// The file cannot be read, or as [`parse`](Fleet::parse).
    pub fn read(path: &Path) -> Result<Self> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let real = real_path(path).map_err(|error| {
            let missing = error.kind() == std::io::ErrorKind::NotFound;
            let error = Error::io("open the fleet file", path, error);
            if missing { error.next("configcid fleet init writes one; name it where it is elsewhere") } else { error }
        })?;
        let bytes = read_file(&real, MAX_SIZE).map_err(|error| error.about(path))?;
        let folder = if folder == Path::new(".") { Path::new("") } else { folder };
        Self::parse(&bytes, folder).map_err(|error| error.in_file(path))
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
    pub fn parse(bytes: &[u8], folder: &Path) -> Result<Self> {
        let text = std::str::from_utf8(bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes)).map_err(|error| {
            let line = 1 + bytes[..error.valid_up_to().min(bytes.len())].iter().filter(|byte| **byte == b'\n').count();
            format_error(text!("it is no text in UTF-8"), line).next("save it as UTF-8")
        })?;
        let reader = Reader::new(text);
        let document = DeTable::parse(text).map_err(|error| {
            let line = reader.line(&error.span().unwrap_or(0..0));
            let is_path = text.lines().nth(line - 1).is_some_and(|text| text.contains('"') && text.contains('\\'));
            let error = format_error(error.message().replace('\n', " "), line);
            if is_path { error.next(BACKSLASHES) } else { error }
        })?;
        let top = reader.section(text!("the file"), 1, document.get_ref(), keys::TABLES)?;
        let defaults = match top.table("defaults", keys::DEFAULTS)? {
            Some(section) => Defaults::read(&section)?,
            None => Defaults::default(),
        };
        let Some(server) = top.table("server", keys::SERVER)? else {
            return Err(format_error(text!("there is no [server]"), 1).next("add the management server, with its name"));
        };
        let server = Server { machine: machine(&server, &defaults)?, console: server.text("console")? };
        let survey = defaults.survey.iter().flat_map(|given| {
            let place = |path: &String| if is_absolute(path) { path.into() } else { folder.join(path) };
            given.value.iter().map(move |path| Given { value: place(path), line: given.line })
        });
        let (survey, folder_of_file) = (survey.collect(), folder.to_owned());
        let mut fleet = Self { server, relays: Vec::new(), cids: Vec::new(), survey, folder: folder_of_file };
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
        refuse_published_twice(&fleet)?;
        let names = Names::of(&fleet);
        fleet.relays.iter_mut().for_each(|relay| relay.reports_to = names.target(&relay.parent));
        fleet.cids.iter_mut().for_each(|cid| cid.reports_to = names.target(&cid.relay));
        Ok(fleet)
    }
}

/// Refuses a place that two CIDs are published to, or one twice, and one that is a CID of the file.
fn refuse_published_twice(fleet: &Fleet) -> Result<()> {
    let key = |name: &str, folder: &Path| match is_url(name) {
        true => one_form(name).map(|url| url.to_lowercase()),
        false => Ok(path_key(&folder.to_string_lossy())),
    };
    let cids = fleet.cids.iter().map(|cid| (path_key(&cid.folder.to_string_lossy()), cid.path.line));
    let mut known: HashMap<String, usize> = cids.collect();
    for given in fleet.cids.iter().filter_map(|cid| cid.publish.as_ref()) {
        for (name, folder) in &given.value {
            if let Some(line) = known.insert(key(name, folder)?, given.line) {
                let what =
                    text!("publish: {name} is the CID of line {line}, or what is published to there, too", name, line);
                return Err(format_error(what, given.line).next("name each place once"));
            }
        }
    }
    Ok(())
}

/// Whom a name means: `server`, the server's name, or a relay's, without regard to case; of several the first.
struct Names(HashMap<String, Target>);

impl Names {
    fn of(fleet: &Fleet) -> Self {
        let server = [THE_SERVER, &fleet.server.machine.name.value].map(|name| (fold_case(name), Target::Server));
        let mut names = HashMap::from(server);
        for (index, relay) in fleet.relays.iter().enumerate() {
            names.entry(fold_case(&relay.machine.name.value)).or_insert(Target::Relay(index));
        }
        Self(names)
    }

    fn target(&self, name: &Option<Given<String>>) -> Target {
        let known = |name: &Given<String>| self.0.get(&fold_case(&name.value)).copied();
        name.as_ref().map_or(Target::Server, |name| known(name).unwrap_or(Target::Unknown))
    }
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
    checksum: Option<Given<String>>,
    accept: Option<Given<Vec<Recommendation>>>,
    survey: Option<Given<Vec<String>>>,
}

impl Defaults {
    fn read(section: &Section<'_, '_>) -> Result<Self> {
        Ok(Self {
            folder: section.text("folder")?,
            platform: section.words("platform")?,
            platforms: section.words("platforms")?,
            address: section.word("address")?,
            domain: section.word("domain")?,
            system: section.text("system")?,
            from_root: section.flag("from_root")?,
            checksum: section.text("checksum")?,
            accept: section.words("accept")?,
            survey: section.texts("survey")?,
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
        computers: section.texts("computers")?,
        address_kind: section.word("address")?.or_else(|| defaults.address.clone()).unwrap_or(static_address),
        domain: section.word("domain")?.or_else(|| defaults.domain.clone()),
        accept: section.words("accept")?.or_else(|| defaults.accept.clone()),
    })
}

/// A checksum function as it is meant: a definition that is one, or a file from where the fleet file is.
fn checked(Given { value, line }: Given<String>, folder: &Path) -> Result<Given<String>> {
    let is_file = Path::new(&value).extension().is_some_and(|extension| extension.eq_ignore_ascii_case("toml"));
    if is_file && !is_absolute(&value) {
        return Ok(Given { value: folder.join(value).to_string_lossy().into_owned(), line });
    }
    if !is_file {
        let wrong = |error: Error| format_error(text!("checksum: {}", error.what()), line);
        value.parse::<Definition>().map_err(wrong)?;
    }
    Ok(Given { value, line })
}

fn cid(section: &Section<'_, '_>, defaults: &Defaults, folder: &Path) -> Result<FleetCid> {
    let path = section.required("path")?;
    let given = defaults.folder.as_ref().map_or("", |folder| &folder.value);
    let base = if is_absolute(given) { given.into() } else { folder.join(given) };
    let platforms = section.words("platform")?.or_else(|| defaults.platform.clone());
    let source = section.text("source")?;
    let publish = section.texts("publish")?;
    let named = publish.iter().flat_map(|given| given.value.iter().map(|name| (name, given.line)));
    for (url, line) in source.iter().map(|given| (&given.value, given.line)).chain(named) {
        if is_url(url) {
            // A password may stand in it, so that it is not shown.
            one_form(url).map_err(|error| {
                format_error(error.what(), line).next(error.next_step().unwrap_or(text!("write a URL without a user")))
            })?;
        }
    }
    let checksum = section.text("checksum")?.or_else(|| defaults.checksum.clone());
    let place = |path: &str| if is_absolute(path) { path.into() } else { base.join(path) };
    Ok(FleetCid {
        folder: place(&path.value),
        source_folder: source.as_ref().map(|source| place(&source.value)),
        source,
        publish: publish.map(|Given { value, line }| {
            let value = value.into_iter().map(|name| (name.clone(), place(&name))).collect();
            Given { value, line }
        }),
        platforms: platforms.unwrap_or(Given { value: vec![Platform::Windows], line: section.line }),
        relay: section.text("relay")?,
        reports_to: Target::Unknown,
        endpoints: section.number("endpoints")?,
        computers: section.texts("computers")?,
        checksum: checksum.map(|given| checked(given, folder)).transpose()?,
        from_root: section.flag("from_root")?.or_else(|| defaults.from_root.clone()).is_some_and(|given| given.value),
        path,
    })
}
