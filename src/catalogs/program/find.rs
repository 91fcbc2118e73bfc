//! Where a program of the vendor's lies, and how it is run.

use std::env;
use std::ffi::OsString;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::Program;
use crate::base::error::{Error, ErrorKind, Result};
use crate::catalogs::command::split_command;

/// The vendor's program.
const NAME: &str = "ConfigCID.exe";
/// The setting that names it.
const SETTING: &str = "CONFIGCID_PROGRAM";

/// Folders below those of programs, those of later versions first [13112, 110143].
const BELOW_PROGRAMS: &[&str] = &[
    r"Sophos\Update Manager",
    r"Sophos\Enterprise Console\Update Manager",
    r"Sophos\Enterprise Console\SUM",
    r"Sophos\Enterprise Console",
    r"Sophos\Enterprise Manager\Update Manager",
    r"Sophos\SCC\SUM",
];
/// Folders of the system's disk, where the installer unpacks itself [13112].
const ON_DISK: &[&str] = &[r"sec31\Tools", r"sec31", r"sec20\Tools", r"sec20"];

impl Program {
    /// The program that `line` names: a file; a command line, such as `wine C:\SUM\ConfigCID.exe`, to which the CID is
    /// added as the last argument; or `auto`: where the setting
    /// `CONFIGCID_PROGRAM` says, in `PATH`, or where the vendor's versions lie \[13112, 110143\].
    ///
    /// # Errors
    /// There is none, or a quote is not closed.
    pub fn parse(line: &Path, timeout: Duration) -> Result<Self> {
        let text = match line.to_str() {
            Some("auto") => return Self::find(timeout),
            Some(text) if text.contains([' ', '\t', '"']) && !line.exists() => text,
            _ => return Ok(Self::new(line, timeout)),
        };
        let mut words = split_command(text)?.into_iter();
        let mut program = Self::new(words.next().unwrap_or_default(), timeout);
        // The whole line may be a path with blanks that is misspelled: nothing is run that was not meant.
        if locate(&program.path)?.is_none() {
            let what = text!("there is no program {}", program.path.display());
            return Err(Error::new(ErrorKind::Program, what)
                .in_file(line)
                .next("name one that is there; in a command line, a path with blanks stands in quotes"));
        }
        program.args = words.collect();
        Ok(program)
    }

    /// The vendor's program, where one is found: in the setting `CONFIGCID_PROGRAM`, in `PATH`, or where its versions lie.
    ///
    /// # Errors
    /// There is none; the error says where it was looked for.
    fn find(timeout: Duration) -> Result<Self> {
        if let Some(set) = setting().filter(|set| !set.is_file()) {
            // `auto` would be looked for by the setting once more.
            let named = if set.as_os_str() == "auto" { None } else { Self::parse(&set, timeout).ok() };
            return named.filter(|named| !named.args.is_empty()).ok_or_else(|| {
                let what = text!("the setting {SETTING} names it, and there is no such file or command line", SETTING);
                Error::new(ErrorKind::Program, what).in_file(&set).next(text!(
                    "correct {SETTING}, or take it back: then it is looked for in PATH and where it usually lies",
                    SETTING
                ))
            });
        }
        Self::found().map(|path| Self::new(path, timeout)).ok_or_else(|| {
            let what = text!(
                "{NAME} was not found: not by the setting {SETTING}, not in PATH, and not below {join}",
                NAME,
                SETTING,
                join = BELOW_PROGRAMS.join(", ")
            );
            Error::new(ErrorKind::Program, what).next(text!("name it: --refresh-with PATH, or set {SETTING}", SETTING))
        })
    }

    /// Where the vendor's program lies. A setting that is a command line names none.
    pub(crate) fn found() -> Option<PathBuf> {
        if let Some(set) = setting() {
            return Some(set).filter(|set| set.is_file());
        }
        let folders = path_folders();
        let (programs, disks) = roots();
        let below = |roots: &[PathBuf], names: &[&str]| -> Vec<PathBuf> {
            roots.iter().flat_map(|root| names.iter().map(|name| below(root, name)).collect::<Vec<_>>()).collect()
        };
        let known = below(&programs, BELOW_PROGRAMS).into_iter().chain(below(&disks, ON_DISK));
        folders.into_iter().chain(known).find_map(|folder| in_folder(&folder))
    }
}

fn setting() -> Option<PathBuf> {
    env::var_os(SETTING).filter(|set| !set.is_empty()).map(PathBuf::from)
}

/// The folders of `PATH`, but for those that mean another one wherever configcid is run.
fn path_folders() -> Vec<PathBuf> {
    let folders = env::var_os("PATH").map(|path| env::split_paths(&path).collect::<Vec<_>>()).unwrap_or_default();
    folders.into_iter().filter(|folder| folder.is_absolute()).collect()
}

/// A path of Windows below one of this system.
fn below(root: &Path, path: &str) -> PathBuf {
    path.split('\\').fold(root.to_owned(), |folder, name| folder.join(name))
}

/// The program in a folder, in whatever case.
fn in_folder(folder: &Path) -> Option<PathBuf> {
    let entries = folder.read_dir().ok()?.filter_map(|entry| entry.ok());
    let mut named = entries.filter(|entry| entry.file_name().to_string_lossy().eq_ignore_ascii_case(NAME));
    named.find(|entry| entry.path().is_file()).map(|entry| entry.path())
}

/// The folders of programs, and the disks.
#[cfg(windows)]
fn roots() -> (Vec<PathBuf>, Vec<PathBuf>) {
    let of = |name: &str| env::var_os(name).map(PathBuf::from);
    let programs = ["ProgramFiles(x86)", "ProgramW6432", "ProgramFiles"].into_iter().filter_map(of).collect();
    let disks = of("SystemDrive").map(|drive| drive.join("\\")).into_iter().collect();
    (programs, disks)
}

/// The same as Wine has them.
#[cfg(not(windows))]
fn roots() -> (Vec<PathBuf>, Vec<PathBuf>) {
    let home = || env::home_dir().map(|home| home.join(".wine"));
    let Some(prefix) = env::var_os("WINEPREFIX").map(PathBuf::from).or_else(home) else { return Default::default() };
    let disk = prefix.join("drive_c");
    (vec![disk.join("Program Files (x86)"), disk.join("Program Files")], vec![disk])
}

/// The command that lets `program` work on the CID in `folder`.
pub(super) fn command(program: &Program, folder: &Path) -> Result<Command> {
    let path = locate(&program.path)?.unwrap_or_else(|| program.path.clone());
    let is_wine = |path: &Path| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        cfg!(unix) && matches!(name, "wine" | "wine64" | "wine-stable")
    };
    let by_wine = cfg!(unix) && is_windows_program(&path);
    let mut command = if by_wine {
        let Some(wine) = wine() else {
            let what = text!("this is a program for Windows, and there is no wine in PATH to run it");
            return Err(Error::new(ErrorKind::Program, what)
                .in_file(&program.path)
                .next("install Wine, or run configcid on Windows"));
        };
        let mut command = Command::new(wine);
        // It is not asked to install what no such program needs, nor to say what it lacks itself.
        command.env("WINEDEBUG", env::var_os("WINEDEBUG").unwrap_or_else(|| "-all".into()));
        command.arg(&path);
        command
    } else {
        Command::new(&path)
    };
    command.args(&program.args);
    let argument = if by_wine || is_wine(&path) { for_wine(folder) } else { folder.as_os_str().to_owned() };
    command.arg(argument);
    Ok(command)
}

/// A path of this system as a program under Wine names it: the root is its drive Z.
fn for_wine(path: &Path) -> OsString {
    match path.to_str() {
        Some(path) => format!("Z:{}", path.replace('/', "\\")).into(),
        None => path.as_os_str().to_owned(),
    }
}

fn wine() -> Option<PathBuf> {
    let names = ["wine", "wine64", "wine-stable"];
    path_folders().iter().flat_map(|folder| names.map(|name| folder.join(name))).find(|file| file.is_file())
}

/// Whether a file is a program for Windows, by the mark that every one begins with.
fn is_windows_program(path: &Path) -> bool {
    let mut mark = [0; 2];
    File::open(path).and_then(|mut file| file.read_exact(&mut mark)).is_ok() && &mark == b"MZ"
}

/// Where a program is: from here, not from where it will run; or, where its path is a name alone, in a folder of `PATH`. `None`
/// where there is none.
fn locate(program: &Path) -> Result<Option<PathBuf>> {
    if program.is_file() {
        let absolute = std::path::absolute(program);
        return absolute.map(Some).map_err(|error| Error::io("find the program", program, error));
    }
    if program.components().count() != 1 {
        return Ok(None);
    }
    let with_ending = PathBuf::from(format!("{}.exe", program.display()));
    let names = if cfg!(windows) { vec![program, &with_ending] } else { vec![program] };
    let mut files = path_folders()
        .into_iter()
        .flat_map(|folder| names.iter().map(move |name| folder.join(name)).collect::<Vec<_>>());
    Ok(files.find(|file| file.is_file()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_file_or_a_command() {
        let parsed = |line: &str| {
            let program = Program::parse(line.as_ref(), Duration::from_secs(1)).unwrap();
            (program.path.to_str().unwrap().to_owned(), program.args)
        };
        assert_eq!(parsed("ConfigCID.exe"), ("ConfigCID.exe".to_owned(), Vec::new()));
        let args = vec![r"C:\SUM\ConfigCID.exe".to_owned(), "-x y".to_owned()];
        // A program that is there on every system: this one.
        let this = env::current_exe().unwrap().to_str().unwrap().to_owned();
        assert_eq!(parsed(&format!(r#""{this}" C:\SUM\ConfigCID.exe "-x y""#)), (this, args));
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("Config CID.exe");
        std::fs::write(&file, "").unwrap();
        assert_eq!(parsed(file.to_str().unwrap()), (file.to_str().unwrap().to_owned(), Vec::new()));
        assert!(Program::parse("/nowhere/Program Files/x.exe".as_ref(), Duration::from_secs(1)).is_err());
        assert!(Program::parse("wine 'C:".as_ref(), Duration::from_secs(1)).is_err());
    }

    #[test]
    fn paths_are_spelled_for_wine() {
        assert_eq!(for_wine(Path::new("/tmp/x/MRESXP")), r"Z:\tmp\x\MRESXP");
    }
}
