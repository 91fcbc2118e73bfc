//! The flags that several commands share. This file knows no command.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::base::pool::read_at_a_time;
use crate::catalog::CustomerFiles;
use crate::catalogs::{self, ChecksumChoice, CommandFunction, Program};
use crate::plan::LockOptions;
use crate::{RefreshOptions, RelayAddress, Result, Run};
use clap::Args;
use clap::builder::{PathBufValueParser, TypedValueParser};

/// Reads a path as it was meant. Every argument that is one goes through this.
pub(super) fn path() -> impl TypedValueParser<Value = PathBuf> {
    PathBufValueParser::new().try_map(|path| {
        if begins_with_foreign_dash(&path.to_string_lossy()) {
            return Err(text!(
                "it begins with the dash of a word processor: options begin with --, and a file of such a name with ./"
            )
            .to_owned());
        }
        match cfg!(windows) {
            true => unquoted(path),
            false => Ok(path),
        }
    })
}

/// Reads a program as it was meant: a path, or a command line, whose quotes stay.
fn program() -> impl TypedValueParser<Value = PathBuf> {
    PathBufValueParser::new().try_map(|line| {
        let text = line.to_string_lossy();
        if begins_with_foreign_dash(&text) {
            return Err(text!("it begins with the dash of a word processor").to_owned());
        }
        match cfg!(windows) && text.matches('"').count() == 1 {
            true => unquoted(line),
            false => Ok(line),
        }
    })
}

/// Whether this begins with a dash that no keyboard writes for an option: word processors, browsers and mail programs put
/// them where `-` or `--` was typed.
pub(super) fn begins_with_foreign_dash(word: &str) -> bool {
    // After one hyphen, too: of two, the second alone is replaced at times.
    let first = word.strip_prefix('-').unwrap_or(word).chars().next();
    first.is_some_and(|c| {
        matches!(c, '\u{AD}' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{FE58}' | '\u{FE63}' | '\u{FF0D}')
    })
}

/// For Windows, the backslash in `"C:\CID\"` belongs to the quote behind it: the program gets `C:\CID"`, and whatever
/// stands behind that, too. No name holds a quote, so that a last one is what is left of a folder's backslash. Where
/// more stands behind it, what was meant cannot be told.
fn unquoted(path: PathBuf) -> Result<PathBuf, String> {
    let quote = path.as_os_str().as_encoded_bytes().iter().position(|&byte| byte == b'"');
    match (quote, path.to_str()) {
        (None, _) => Ok(path),
        (Some(at), Some(text)) if at > 0 && at + 1 == text.len() => Ok(format!("{}\\", &text[..at]).into()),
        _ => Err(text!(
            "a backslash before a closing quote takes the quote for a character of the name; leave it out, or \
                  write two"
        )
        .to_owned()),
    }
}

/// What leads a refresh, wherever one is part of the work.
#[derive(Debug, Args)]
pub(super) struct RefreshFlags {
    /// One more file name that is the customer's
    #[arg(long, value_name = "NAME")]
    customer_file: Vec<String>,
    #[command(flatten)]
    function: FunctionFlags,
    /// Let this program rewrite the catalogs, on a copy that is checked; it gets the CID as its last argument. A path, a
    /// command line, or auto: where CONFIGCID_PROGRAM says, in PATH, or where the vendor's versions lie
    #[arg(long, value_name = "PROGRAM", value_parser = program())]
    refresh_with: Option<PathBuf>,
    /// One more argument for the program, before the CID
    #[arg(long, value_name = "ARG", requires = "refresh_with", allow_hyphen_values = true)]
    program_arg: Vec<String>,
    /// What the program's copy of the CID holds: what is needed (catalogs, customer's and small files; the others have their
    /// size alone), or the whole of every file
    #[arg(long, value_enum, value_name = "needed|whole", hide_possible_values = true, requires = "refresh_with", default_value_t = ProgramCopy::Needed)]
    program_copy: ProgramCopy,
    /// Run the program on the CID itself, for one that must see its real path: catalogs and the customer's files are kept aside
    /// before, and put back where its work is not right
    #[arg(long, requires = "refresh_with", conflicts_with_all = ["program_copy", "temp"])]
    in_place: bool,
    /// Where the program's copy is made, instead of where the system has temporary files
    #[arg(long, value_name = "DIR", requires = "refresh_with", value_parser = path())]
    temp: Option<PathBuf>,
    /// Whose contents are compared with the checksums of catalogs: of a sample of the vendor's files, or of all; sizes are
    /// compared of all
    #[arg(long, value_enum, value_name = "sample|all", hide_possible_values = true, default_value_t = CheckContents::Sample)]
    check: CheckContents,
    #[command(flatten)]
    in_flight: InFlightFlag,
    /// Take out entries of configcid's own files, which another tool has listed
    #[arg(long)]
    unlist_own: bool,
    /// Go on where files of the vendor are damaged; their entries stay as they are
    #[arg(long)]
    accept_damage: bool,
    /// Go on where temporary files tell of an update in progress
    #[arg(long)]
    accept_temporary: bool,
}

/// Whose contents are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum CheckContents {
    Sample,
    All,
}

/// What is in a program's copy of the CID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum ProgramCopy {
    Needed,
    Whole,
}

/// Which checksum function.
#[derive(Debug, Args)]
pub(super) struct FunctionFlags {
    /// Use this checksum function instead of finding it out: a name such as crc32, a definition such as
    /// crc:width=32,poly=0x04c11db7 (docs/formats.md), or a file that ends in .toml and holds one
    #[arg(long, value_name = "DEFINITION|FILE")]
    checksum: Option<String>,
    /// Use this command as the checksum function: bytes on standard input, eight hex digits on standard output
    #[arg(long, value_name = "COMMAND", conflicts_with = "checksum")]
    checksum_command: Option<String>,
    /// How long a program of yours may run at a time
    #[arg(long, value_name = "SECONDS", default_value = "600", value_parser = clap::value_parser!(u64).range(1..))]
    program_timeout: u64,
}

impl FunctionFlags {
    fn timeout(&self) -> Duration {
        Duration::from_secs(self.program_timeout)
    }

    pub(super) fn choice(&self) -> Result<ChecksumChoice> {
        Ok(if let Some(line) = &self.checksum_command {
            ChecksumChoice::Also(Arc::new(CommandFunction::new(line, self.timeout())?))
        } else if let Some(text) = &self.checksum {
            ChecksumChoice::Use(catalogs::function(text)?)
        } else {
            ChecksumChoice::FindOut
        })
    }

    pub(super) fn options(&self) -> Result<RefreshOptions> {
        Ok(RefreshOptions { checksum: self.choice()?, ..RefreshOptions::default() })
    }
}

impl RefreshFlags {
    pub(super) fn options(&self) -> Result<RefreshOptions> {
        self.in_flight.heed();
        let mut options = self.function.options()?;
        options.customer_files = customer_files(&self.customer_file)?;
        options.accept_damage = self.accept_damage;
        options.check_all = self.check == CheckContents::All;
        options.unlist_own = self.unlist_own;
        options.accept_temporary = self.accept_temporary;
        options.program = self.refresh_with.as_ref().map(|path| self.program(path)).transpose()?;
        Ok(options)
    }

    fn program(&self, path: &Path) -> Result<Program> {
        let mut program = Program::parse(path, self.function.timeout())?;
        program.args.extend(self.program_arg.iter().cloned());
        program.whole_copy = self.program_copy == ProgramCopy::Whole;
        program.temp.clone_from(&self.temp);
        program.in_place = self.in_place;
        Ok(program)
    }
}

fn customer_files(names: &[String]) -> Result<CustomerFiles> {
    let mut files = CustomerFiles::default();
    names.iter().try_for_each(|name| files.add(name))?;
    Ok(files)
}

/// How to write.
#[derive(Debug, Args)]
pub(super) struct WriteFlags {
    /// Show what would change, and write nothing
    #[arg(long)]
    pub dry_run: bool,
    #[command(flatten)]
    pub lock: LockFlags,
}

impl WriteFlags {
    /// Those of a command that only plans.
    pub(super) fn dry() -> Self {
        Self { dry_run: true, lock: LockFlags { wait: 0, break_lock: false } }
    }

    pub(super) fn run<'a>(&self, look: Option<&'a RefreshOptions>) -> Run<'a> {
        Run { dry_run: self.dry_run, lock: self.lock.options(), look }
    }
}

/// The page for the ticket.
#[derive(Debug, Args)]
pub(super) struct ReportFlag {
    /// Write what was changed to this file, as one page: by whom, before and after, what was verified, the steps left
    #[arg(long, value_name = "FILE", value_parser = path())]
    pub report: Option<PathBuf>,
}

/// How to get the lock of a CID.
#[derive(Debug, Args)]
pub(super) struct LockFlags {
    /// How long to wait for another writer
    #[arg(long, value_name = "SECONDS", default_value = "10")]
    wait: u64,
    /// Take the lock of a CID from another writer, who is dead for sure
    #[arg(long)]
    break_lock: bool,
}

impl LockFlags {
    pub(super) fn options(&self) -> LockOptions {
        LockOptions { wait: Duration::from_secs(self.wait), break_lock: self.break_lock }
    }
}

/// The parts of a relay's address.
#[derive(Debug, Args)]
pub(super) struct AddressFlags {
    /// The relay's IP address; once more for each of several networks, in the order to try
    #[arg(long)]
    pub ip: Vec<String>,
    /// The relay's fully qualified domain name; once more for each of several
    #[arg(long, value_name = "NAME")]
    pub fqdn: Vec<String>,
    /// The relay's NetBIOS name; once more for each of several
    #[arg(long, value_name = "NAME")]
    pub netbios: Vec<String>,
}

impl AddressFlags {
    pub(super) fn address(&self) -> Result<RelayAddress> {
        let [ips, fqdns, names] = [&self.ip, &self.fqdn, &self.netbios].map(|texts| texts.iter().map(String::as_str));
        RelayAddress::several(ips, fqdns, names)
    }
}

/// CIDs.
#[derive(Debug, Args)]
pub(super) struct Cids {
    /// The CIDs
    #[arg(value_name = "CID", required = true, value_parser = path())]
    pub cids: Vec<PathBuf>,
}

/// How many files are read at a time.
#[derive(Debug, Args)]
pub(super) struct InFlightFlag {
    /// How many files to read at a time; by default 32: where they lie on a share, most of the time is waiting for it
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..=256))]
    in_flight: Option<u16>,
}

impl InFlightFlag {
    pub(super) fn heed(&self) {
        // What is brought from one CID to another has a default of its own.
        if let Some(count) = self.in_flight {
            read_at_a_time(count);
        }
    }
}

/// CIDs to look at, and what in them is the customer's.
#[derive(Debug, Args)]
pub(super) struct CheckedCids {
    /// The CIDs
    #[arg(value_name = "CID", required = true, value_parser = path())]
    pub cids: Vec<PathBuf>,
    /// One more file name that is the customer's
    #[arg(long, value_name = "NAME")]
    customer_file: Vec<String>,
    #[command(flatten)]
    function: FunctionFlags,
    #[command(flatten)]
    in_flight: InFlightFlag,
}

impl CheckedCids {
    pub(super) fn options(&self) -> Result<RefreshOptions> {
        self.in_flight.heed();
        let mut options = self.function.options()?;
        options.customer_files = customer_files(&self.customer_file)?;
        Ok(options)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_backslash_before_a_quote_makes_is_understood_or_refused() {
        for (text, path) in
            [("C:\\CID\"", "C:\\CID\\"), ("C:\"", "C:\\"), ("C:\\CID", "C:\\CID"), ("C:\\My CID\\", "C:\\My CID\\")]
        {
            assert_eq!(unquoted(text.into()).unwrap().as_os_str(), path);
        }
        for text in ["\"", "C:\\CID\" --ip", "C:\\CID\" D:\\CID\"", "\"C:\\CID\""] {
            assert!(unquoted(text.into()).is_err(), "{text}");
        }
    }
}
