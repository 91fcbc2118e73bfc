//! `configcid client prepare-image`.

use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use crate::base::host;
use crate::cli::envelopes::{seconds, tell};
use crate::cli::out::Out;
use crate::client::{self, LiveIdentity, Prepared};
use crate::report::count;
use crate::{Error, Exit, Result};
use clap::Args;
use serde::Serialize;

#[derive(Debug, Args)]
pub(crate) struct PrepareImageArgs {
    /// Say what would be removed, and remove nothing
    #[arg(long)]
    dry_run: bool,
    /// Do not ask: for scripts
    #[arg(long, conflicts_with = "dry_run")]
    yes: bool,
    /// How long each service may take to stop
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = seconds)]
    timeout: Duration,
}

const COMMAND: &str = "client prepare-image";

#[derive(Serialize)]
struct Body<'a> {
    dry_run: bool,
    /// `unchanged`, `planned`, `changed`, or `failed`: a part of the identity is there still.
    status: &'a str,
    #[serde(flatten)]
    prepared: &'a Prepared,
}

pub(crate) fn run(args: &PrepareImageArgs, out: Out) -> Exit {
    prepare(args, out).unwrap_or_else(|error| out.fail(COMMAND, &error))
}

fn prepare(args: &PrepareImageArgs, out: Out) -> Result<Exit> {
    let computer = LiveIdentity::open()?;
    let seen = client::identity_seen(&computer)?;
    print(&seen, out);
    let answer = |status: &str, exit: Exit, prepared: &Prepared| {
        out.answer(COMMAND, exit, Body { dry_run: args.dry_run, status, prepared });
        Ok(exit)
    };
    if seen.identity.is_empty() && seen.running.is_empty() {
        out.good("Nothing to do: this computer has no identity towards the server");
        return answer("unchanged", Exit::Done, &seen);
    }
    if args.dry_run {
        return answer("planned", Exit::Done, &seen);
    }
    if !args.yes {
        ask(&host::name())?;
    }
    let done = client::prepare(&computer, args.timeout)?;
    done.services.iter().for_each(|step| tell(step, out));
    done.faults.iter().for_each(|fault| out.fault(text!("fault: {fault}", fault)));
    if done.left.is_empty() && done.faults.is_empty() {
        out.good("The identity is gone: make the image now, before Windows or anybody starts the services again");
        return answer("changed", Exit::Done, &done);
    }
    out.fault(text!("Make NO image: {} of the identity left", count(done.left.len(), "part is", "parts are")));
    answer("failed", Exit::Faults, &done)
}

fn print(seen: &Prepared, out: Out) {
    for secret in &seen.identity {
        out.line(format!("{}: {}", secret.key, secret.name));
    }
    seen.running.iter().for_each(|service| {
        out.line(text!("the service {service} runs, and is to be stopped", service = format!("{service:?}")))
    });
}

/// Asks for the computer's name: nobody types that by mistake.
fn ask(name: &str) -> Result<()> {
    if !io::stdin().is_terminal() {
        return Err(Error::usage("this removes the computer's identity for good, and nobody is there to be asked")
            .next("look with --dry-run, then say --yes"));
    }
    let question = text!(
        "\nTHIS REMOVES THE IDENTITY OF THIS COMPUTER, FOR GOOD. There is no way back: the server will know it as a new \
         computer.\nDo it only where an image of the disk is to be made. Type the computer's name ({name}) to go on: ",
        name
    );
    let mut stderr = io::stderr();
    let _ = stderr.write_all(question.as_bytes()).and_then(|()| stderr.flush());
    let mut answer = String::new();
    io::stdin()
        .read_line(&mut answer)
        .map_err(|error| Error::io("read the answer", "standard input".as_ref(), error))?;
    match answer.trim().eq_ignore_ascii_case(name) {
        true => Ok(()),
        false => Err(Error::usage("that is not the computer's name: nothing was removed").next("run this again")),
    }
}
