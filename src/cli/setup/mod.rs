//! `configcid setup`: questions whose answers make the commands that anybody could have typed. These are run, dry first,
//! and printed at the end; there is no second way to do anything.

mod ask;
mod commands;
mod find;
mod relay;
mod used;

use std::ffi::OsString;
use std::io::{IsTerminal, stderr, stdin, stdout};
use std::path::PathBuf;
use std::time::Duration;

use crate::base::template::Form;
use crate::catalogs::Program;
use crate::report::{count, relay_steps};
use crate::{Cid, Error, ErrorKind, Exit, RelayAddress, RelaySetup, Result};
use clap::Args;
use serde::Serialize;

use super::flags::{ReportFlag, path};
use super::out::Out;
use ask::{Asked, Stop};
use commands::Commands;
use find::{FoundCid, find, lines, none, places, usual_places};

#[derive(Debug, Args)]
pub(super) struct SetupArgs {
    /// Where to look for CIDs: a CID, a folder of CIDs, the root of a share, or a server as \\SERVER; else where they
    /// usually lie, and those used before
    #[arg(value_name = "FOLDER", value_parser = path())]
    folders: Vec<PathBuf>,
    /// List the CIDs that are found, and ask nothing
    #[arg(long, conflicts_with = "report")]
    list: bool,
    /// How long to wait for the DNS
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = clap::value_parser!(u64).range(1..=600))]
    dns_timeout: u64,
    #[command(flatten)]
    report: ReportFlag,
}

const COMMAND: &str = "setup";

/// Runs it; `again` runs another command, by the words that a person would type.
pub(super) fn run(args: &SetupArgs, out: Out, again: &dyn Fn(&[OsString]) -> Exit) -> Exit {
    if args.list {
        return match list(args, out) {
            Ok(exit) => exit,
            Err(error) => out.fail(COMMAND, &error),
        };
    }
    if out.json || out.quiet || !stdin().is_terminal() || !stdout().is_terminal() || !stderr().is_terminal() {
        let error = Error::usage("setup asks questions, and there is nobody at a terminal to answer them");
        return out.fail(COMMAND, &error.next(
            "configcid setup --list finds CIDs, and configcid relay set <CID> --relay NAME --dry-run shows what would \
             change; with --yes in place of --dry-run it is done",
        ));
    }
    match (Guide { args, out, again }).lead() {
        Ok(exit) => exit,
        Err(Stop::Left) => {
            out.line("Left: nothing was written");
            Exit::Failed
        }
        Err(Stop::Failed(error)) => out.fail(COMMAND, &error),
    }
}

impl SetupArgs {
    fn places(&self) -> Vec<PathBuf> {
        match self.folders.is_empty() {
            true => usual_places(),
            false => self.folders.iter().flat_map(|folder| places(folder)).collect(),
        }
    }
}

fn list(args: &SetupArgs, out: Out) -> Result<Exit> {
    #[derive(Serialize)]
    struct Body {
        cids: Vec<FoundCid>,
    }
    let places = args.places();
    let cids = find(&places);
    if cids.is_empty() {
        return Err(none(&places));
    }
    show(&cids, out);
    out.answer(COMMAND, Exit::Done, Body { cids });
    Ok(Exit::Done)
}

fn show(cids: &[FoundCid], out: Out) {
    let lines = lines(cids);
    out.heading(&lines[0]);
    for (line, found) in lines[1..].iter().zip(cids) {
        out.line(line);
        found.faults.iter().for_each(|fault| out.fault(format!("  {fault}")));
    }
}

/// Who leads through the questions.
struct Guide<'a> {
    args: &'a SetupArgs,
    out: Out,
    again: &'a dyn Fn(&[OsString]) -> Exit,
}

impl Guide<'_> {
    fn lead(&self) -> Asked<Exit> {
        let out = self.out;
        out.line("Esc leaves at any question; nothing is written before the last one.");
        let cids = self.cids()?;
        let mut commands = Commands::new(cids, out);
        commands.news = self.news(&commands.cids)?;
        commands.relay = relay::ask(Duration::from_secs(self.args.dns_timeout), out)?;
        commands.edit_root = self.edit_root(&commands.cids)?;
        self.look(&mut commands)?;
        if !ask::agreed(text!("Write this?"), out)? {
            return Err(Stop::Left);
        }
        Ok(self.apply(&commands)?)
    }

    /// Which CIDs.
    fn cids(&self) -> Asked<Vec<PathBuf>> {
        let mut places = self.args.places();
        loop {
            let found = find(&places);
            if found.is_empty() {
                self.out.error(&none(&places));
                let folder = ask::text(
                    text!("Where are the CIDs?"),
                    "",
                    text!("a folder, a share, or \\\\SERVER; Esc leaves"),
                    self.out,
                )?;
                places = find::places(&PathBuf::from(folder));
                continue;
            }
            self.out.line("");
            show(&found, self.out);
            self.out.line("");
            let mut answers: Vec<String> = found.iter().map(|found| found.cid.to_string_lossy().into_owned()).collect();
            answers.push(text!("(look somewhere else)").to_owned());
            let only: &[usize] = if found.len() == 1 { &[0] } else { &[] };
            let taken = ask::some(text!("Which CIDs are to name the relay?"), &answers, only, self.out)?;
            if !taken.contains(&found.len()) {
                return Ok(taken.into_iter().map(|index| found[index].cid.clone()).collect());
            }
            let folder =
                ask::text(text!("Where else?"), "", text!("a folder, a share, or \\\\SERVER; Esc leaves"), self.out)?;
            places = find::places(&PathBuf::from(folder));
        }
    }

    /// The copies that are to be set up in the place of the CIDs, or none.
    fn news(&self, cids: &[PathBuf]) -> Asked<Vec<PathBuf>> {
        let answers = [text!("the CIDs themselves"), text!("a copy of each (the vendor's manager updates no copy)")];
        if ask::one(text!("What is to be set up?"), &answers.map(str::to_owned), self.out)? == 0 {
            return Ok(Vec::new());
        }
        let mut news: Vec<PathBuf> = Vec::new();
        for cid in cids {
            // As in the article: MRESXP beside ESXP [14635].
            let name = cid.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            let beside = cid.with_file_name(format!("MR{name}"));
            let new = loop {
                let question = text!("Copy {} to:", cid.to_string_lossy());
                let text =
                    ask::text(&question, &beside.to_string_lossy(), text!("a folder that is not there yet"), self.out)?;
                let new = PathBuf::from(text);
                if news.contains(&new) {
                    self.out.doubtful("That is where another copy goes");
                    continue;
                }
                match Cid::open(cid).and_then(|cid| crate::cid::check_clone(&cid, &new)) {
                    Ok(report) => {
                        let files = count(report.files, "file", "files");
                        self.out.line(text!("{files}, {bytes} bytes", files, bytes = report.bytes));
                        break new;
                    }
                    Err(error) => self.out.error(&error),
                }
            };
            news.push(new);
        }
        Ok(news)
    }

    /// Whether to edit the root's file, which CIDs for Mac and Linux need.
    fn edit_root(&self, cids: &[PathBuf]) -> Asked<bool> {
        let has_none = |cid: &PathBuf| {
            Cid::open(cid).and_then(|cid| crate::relay::router_components(&cid)).is_ok_and(|folders| folders.is_empty())
        };
        let Some(cid) = cids.iter().find(|cid| has_none(cid)) else { return Ok(false) };
        let shown = cid.to_string_lossy();
        self.out
            .line(text!("{shown} has no component with a router: its endpoints read the root's mrinit.conf.", shown));
        if ask::agreed(text!("Edit the root's mrinit.conf?"), self.out)? { Ok(true) } else { Err(Stop::Left) }
    }

    /// Shows what would change, and finds the vendor's program where a catalog takes that.
    fn look(&self, commands: &mut Commands) -> Asked<()> {
        loop {
            self.out.line("");
            let exit = (self.again)(&commands.look());
            if exit == Exit::Done {
                return Ok(());
            }
            // What is wrong has been said.
            if !self.takes_program(commands)? {
                return Err(Stop::Left);
            }
            commands.program = Some(self.program()?);
        }
    }

    /// Whether all that is in the way is a checksum function that nobody knows.
    fn takes_program(&self, commands: &Commands) -> Result<bool> {
        let mut setup = RelaySetup::new(commands.relay.address()?);
        setup.edit_root = commands.edit_root;
        let error = |cid: &PathBuf| Cid::open(cid).and_then(|cid| crate::relay::set(&cid, &setup)).err();
        let kinds: Vec<ErrorKind> = commands.cids.iter().filter_map(error).map(|error| error.kind()).collect();
        let is_foreign =
            |kind: &ErrorKind| matches!(kind, ErrorKind::ForeignChecksum | ErrorKind::UndeterminedChecksum);
        Ok(commands.program.is_none() && !kinds.is_empty() && kinds.iter().all(is_foreign))
    }

    /// The vendor's program, for catalogs that only it can rewrite.
    fn program(&self) -> Asked<PathBuf> {
        self.out
            .line("The vendor's own program, ConfigCID.exe, can rewrite these catalogs, on a copy that is checked.");
        if let Some(found) = Program::found() {
            self.out.line(text!("Found: {}", found.display()));
            let answers = [text!("let it do that"), text!("take another program")].map(str::to_owned);
            if ask::one(text!("It is run on a copy. Go on?"), &answers, self.out)? == 0 {
                return Ok(found);
            }
        } else {
            self.out.line("It was not found where it usually lies.");
        }
        loop {
            let path = PathBuf::from(ask::text(
                text!("Where is the program?"),
                "",
                text!("the path of ConfigCID.exe; Esc leaves"),
                self.out,
            )?);
            if path.is_file() {
                return Ok(path);
            }
            self.out.doubtful(text!("There is no file {}", path.display()));
        }
    }

    /// Does it: the commands that could have been typed, one after the other.
    fn apply(&self, commands: &Commands) -> Result<Exit> {
        let out = self.out;
        let all = commands.apply(self.args.report.report.as_deref());
        for words in &all {
            out.line("");
            out.heading(commands::line(words));
            let exit = (self.again)(words);
            if exit != Exit::Done {
                out.fault("It ended here; what stands above says why, and the commands before it are done");
                return Ok(exit);
            }
        }
        if let Err(error) = used::remember(commands.targets()) {
            out.warning(&text!("these CIDs will not be found as used before: {error}", error));
        }
        out.line("");
        out.heading("The same again, without questions:");
        all.iter().for_each(|words| out.line(format!("  {}", commands::line(words))));
        let relay: RelayAddress = commands.relay.address()?;
        let cids: Vec<String> = commands.targets().iter().map(|cid| cid.to_string_lossy().into_owned()).collect();
        let cids: Vec<&str> = cids.iter().map(String::as_str).collect();
        let steps = relay_steps(&relay, &cids, Form::Plain);
        let (title, steps) = steps.split_once('\n').unwrap_or((&steps, ""));
        out.line("");
        out.heading(title);
        steps.lines().for_each(|line| out.line(line));
        Ok(Exit::Done)
    }
}
