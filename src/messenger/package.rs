//! The package: everything that a computer needs to show messages, in one folder, the same to the byte each time it is
//! made of the same.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::config::{Config, ReportTable};
use super::file::MessageFile;
use super::lint::{LintFinding, lint_file};
use super::read::read_bytes;
use super::switch::DISABLE;
use super::toml_file;
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::roots::MAX_CERTIFICATES;
use crate::manifest::{Manifest, ManifestEntry, ManifestPath};
use crate::registry::{RegFormat, Value, encode, value_line};
use crate::signing::{DigestAlgorithm, Signer};

/// The largest program, in bytes.
const MAX_PROGRAM: u64 = 256 << 20;

/// The names of the files in a package.
pub(super) const PROGRAM: &str = "configcid.exe";
pub(super) const MESSAGES: &str = "messages.xml";
const CERTIFICATES: &str = "ca.pem";
pub(super) const MANIFEST: &str = "manifest.dat";

/// What the program is told to show messages.
pub(super) const RUN_ARGUMENTS: &str = "messenger run --format window";

/// The value that lets it run at logon, and where the package is installed \[119053\].
pub(super) const RUN_VALUE: &str = "SophosMessenger";
pub(super) const FOLDER: [&str; 2] = ["Sophos", "SophosMessenger"];
pub(super) const RUN_KEY: &str = r"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows\CurrentVersion\Run";

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    messages: PathBuf,
    program: Option<PathBuf>,
    report: Option<ReportTable>,
    sign: Option<SignTable>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct SignTable {
    key: PathBuf,
    certificates: Vec<PathBuf>,
}

/// What a package is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackageSpec {
    /// The message file.
    pub messages: PathBuf,
    /// The program; `None`: the one that runs.
    pub program: Option<PathBuf>,
    /// Where to report.
    pub report: Option<super::ReportTo>,
    /// The key and the certificates of who signs.
    pub sign: Option<(PathBuf, Vec<PathBuf>)>,
}

impl PackageSpec {
    /// Reads a spec, whose files are named from `folder`.
    ///
    /// ```
    /// use configcid::messenger::PackageSpec;
    ///
    /// let spec = PackageSpec::parse("messages = \"news.xml\"\n", "/srv".as_ref())?;
    /// assert!(spec.messages.starts_with("/srv") && spec.report.is_none());
    /// # Ok::<(), configcid::Error>(())
    /// ```
    ///
    /// # Errors
    /// It is not TOML, names something that no spec has, or its address is none of `http` or `https`.
    pub fn parse(text: &str, folder: &Path) -> Result<Self> {
        let File { messages, program, report, sign } = toml_file::parse(text)?;
        let below = |path: PathBuf| folder.join(path);
        Ok(Self {
            messages: below(messages),
            program: program.map(below),
            report: report.map(|table| table.below(folder)).transpose().map_err(toml_file::unfit)?,
            sign: sign.map(|sign| (below(sign.key), sign.certificates.into_iter().map(below).collect())),
        })
    }

    /// Reads a spec on disk.
    ///
    /// # Errors
    /// As [`parse`](PackageSpec::parse); it cannot be read.
    pub fn read(path: &Path) -> Result<Self> {
        let text = toml_file::text(read_bytes(path, toml_file::MAX_SIZE)?, path)?;
        let folder = path.parent().unwrap_or(Path::new(""));
        Self::parse(&text, folder).map_err(|error| error.in_file(path))
    }
}

/// The files of a package, by their names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// Names and contents.
    pub files: BTreeMap<String, Vec<u8>>,
    /// What is worth a look in the message file.
    pub findings: Vec<LintFinding>,
}

/// Makes a package. Messages that are over at `at` are among its findings.
///
/// # Errors
/// A file cannot be read, or is not what it should be; the message file has errors, of which the first is told.
pub fn build(spec: &PackageSpec, at: std::time::SystemTime) -> Result<Package> {
    let messages = MessageFile::read_bytes(&spec.messages)?;
    let file = MessageFile::parse(&messages).map_err(|error| error.in_file(&spec.messages))?;
    let findings = lint_file(&file, at);
    if let Some(finding) = findings.iter().find(|finding| finding.code.is_error()) {
        let place = super::Place { line: finding.line, column: finding.column };
        return Err(Error::new(ErrorKind::MessengerFormat, finding.what.clone())
            .at(place.into())
            .in_file(&spec.messages)
            .next("configcid messenger lint lists all"));
    }
    let own;
    let program = match &spec.program {
        Some(program) => program,
        None => {
            own = std::env::current_exe().map_err(|error| Error::io("find itself", Path::new(PROGRAM), error))?;
            &own
        }
    };
    let path = program;
    let program = read_bytes(path, MAX_PROGRAM)?;
    // How programs of DOS and Windows begin.
    if !program.starts_with(b"MZ") {
        return Err(Error::new(
            ErrorKind::Usage,
            text!("this is no program of Windows, which {PROGRAM} must be", PROGRAM),
        )
        .in_file(path)
        .next("name the configcid.exe for Windows with program = \"...\" in the spec"));
    }
    let mut report = spec.report.clone();
    let mut files = BTreeMap::new();
    let mut add = |name: &str, bytes: Vec<u8>| drop(files.insert(name.to_owned(), bytes));
    if let Some(ca) = report.as_mut().and_then(|report| report.ca.as_mut()) {
        add(CERTIFICATES, read_bytes(ca, MAX_CERTIFICATES)?);
        *ca = CERTIFICATES.into();
    }
    add(Config::FILE_NAME, Config { messages: MESSAGES.into(), report }.print().into());
    add(MESSAGES, messages);
    add(PROGRAM, program);
    add("install.cmd", script(include_str!("../../templates/messenger-install.cmd")));
    add("uninstall.cmd", script(include_str!("../../templates/messenger-uninstall.cmd")));
    for windows in [Windows::Bits32, Windows::Bits64] {
        for (name, bytes) in reg_files(windows)? {
            add(&name, bytes);
        }
    }
    let manifest = manifest(&files)?;
    let manifest = match &spec.sign {
        Some((key, certificates)) => {
            manifest.sign_inline(&Signer::open(key, certificates)?, DigestAlgorithm::Sha256)?
        }
        None => manifest,
    };
    files.insert(MANIFEST.to_owned(), manifest.bytes().to_vec());
    Ok(Package { files, findings })
}

fn script(text: &str) -> Vec<u8> {
    text.replace("\r\n", "\n").replace('\n', "\r\n").into()
}

/// A manifest of files that are not on disk yet.
fn manifest(files: &BTreeMap<String, Vec<u8>>) -> Result<Manifest> {
    use sha2::Digest;
    let paths: Vec<String> = files.keys().map(|name| format!(r".\{name}")).collect();
    let mut entries = Vec::new();
    for (path, bytes) in paths.iter().zip(files.values()) {
        entries.push(ManifestEntry {
            path: ManifestPath::parse(path)?,
            size: bytes.len() as u64,
            sha1: sha1::Sha1::digest(bytes).into(),
            sha256: Some(sha2::Sha256::digest(bytes).into()),
            sha384: None,
        });
    }
    Manifest::parse(Manifest::body(&entries))
}

/// Which Windows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Windows {
    Bits32,
    Bits64,
}

impl Windows {
    fn bits(self) -> &'static str {
        match self {
            Self::Bits32 => "32",
            Self::Bits64 => "64",
        }
    }

    /// What stands between `SOFTWARE` and the rest of a key of a 32-bit program.
    fn node(self) -> &'static str {
        match self {
            Self::Bits32 => "",
            Self::Bits64 => r"Wow6432Node\",
        }
    }

    /// The variable that names the folder of 32-bit programs.
    pub(super) fn program_files(self) -> &'static str {
        match self {
            Self::Bits32 => "ProgramFiles",
            Self::Bits64 => "ProgramFiles(x86)",
        }
    }

    /// What is run at logon.
    pub(super) fn command(self) -> String {
        let [sophos, messenger] = FOLDER;
        format!(r#""%{}%\{sophos}\{messenger}\{PROGRAM}" {RUN_ARGUMENTS}"#, self.program_files())
    }

    /// The name of the file that lets it run at logon.
    pub(super) fn run_file(self) -> String {
        format!("run-{}bit.reg", self.bits())
    }
}

/// The `.reg` files for this Windows, with their names.
fn reg_files(windows: Windows) -> Result<Vec<(String, Vec<u8>)>> {
    const RUN: &str = include_str!("../../templates/messenger-run.reg");
    const OFF: &str = include_str!("../../templates/messenger-disable.reg");
    let node = windows.node();
    let fill = |template: &str, whom: &str, key: &str, name: &str, value: Value| {
        let values = value_line(name, Some(&value), RegFormat::Version5)?;
        let text = template
            .replace("{VERSION}", env!("CARGO_PKG_VERSION"))
            .replace("{BITS}", windows.bits())
            .replace("{WHOM}", whom)
            .replace("{KEY}", key)
            .replace("{VALUES}", &values);
        encode(&text.replace("\r\n", "\n").replace('\n', "\r\n"), RegFormat::Version5)
    };
    let bits = windows.bits();
    let run_key = RUN_KEY.replace(r"SOFTWARE\", &format!(r"SOFTWARE\{node}"));
    let off = |whom, hive| {
        let key = format!(r"{hive}\{node}Sophos\Sophos messenger");
        fill(OFF, whom, &key, DISABLE, Value::Dword(1))
    };
    Ok(vec![
        (windows.run_file(), fill(RUN, "", &run_key, RUN_VALUE, Value::ExpandString(windows.command()))?),
        (format!("disable-machine-{bits}bit.reg"), off("all users of the computer", r"HKEY_LOCAL_MACHINE\SOFTWARE")?),
        (format!("disable-user-{bits}bit.reg"), off("the user who imports it", r"HKEY_CURRENT_USER\Software")?),
    ])
}
