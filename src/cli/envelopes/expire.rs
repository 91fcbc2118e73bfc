//! `configcid envelopes expire`.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use crate::Exit;
use crate::envelopes::{self, ExpireOptions, Expired, bytes, print_duration};
use crate::report::count;
use clap::Args;
use serde::Serialize;

use super::flags::{ServerFlags, duration, folder, moment};
use crate::cli::flags::path;
use crate::cli::out::Out;

#[derive(Debug, Args)]
pub(crate) struct ExpireArgs {
    /// The Envelopes folder; on Windows by default that of this computer
    #[arg(value_name = "DIR", value_parser = path())]
    dir: Option<PathBuf>,
    /// Move messages that are older, in days (or as 96h): the time to live is 4, or 14 before console 4.7
    #[arg(long, value_name = "TTL", value_parser = duration)]
    older_than: Duration,
    /// The folder to move them to; it is made where it is missing, and gets a list
    #[arg(long, value_name = "DIR", value_parser = path())]
    move_to: PathBuf,
    #[command(flatten)]
    server: ServerFlags,
    /// The present, instead of the clock's; such as 2026-11-21T18:30:00Z
    #[arg(long, value_name = "TIME", value_parser = moment)]
    at: Option<SystemTime>,
    /// Move messages that may still be delivered, too, and to a folder inside of DIR
    #[arg(long)]
    force: bool,
    /// Say what would be moved, and move nothing
    #[arg(long)]
    dry_run: bool,
}

#[derive(Serialize)]
struct Body<'a> {
    dry_run: bool,
    #[serde(flatten)]
    expired: &'a Expired,
}

pub(super) fn run(args: &ExpireArgs, out: Out) -> Exit {
    const COMMAND: &str = "envelopes expire";
    let mut options = ExpireOptions::new(args.older_than, &args.move_to, args.at.unwrap_or_else(SystemTime::now));
    (options.force, options.dry_run) = (args.force, args.dry_run);
    let done = folder(args.dir.as_ref(), &args.server).and_then(|(folder, _)| envelopes::expire(&folder, &options));
    let expired = match done {
        Ok(expired) => expired,
        Err(error) => return out.fail(COMMAND, &error),
    };
    let messages = count(expired.moved as usize, "message", "messages");
    let age = print_duration(args.older_than);
    match (expired.moved, args.dry_run) {
        (0, _) if expired.taken + expired.failed > 0 => out.line("No message was moved"),
        (0, _) => out.good(text!("No message to move is older than {age}", age)),
        (_, true) => out.line(text!(
            "Would move {messages} older than {age}, {bytes}, to {to}",
            messages,
            age,
            bytes = bytes(expired.bytes),
            to = expired.to.display()
        )),
        (_, false) => {
            out.good(text!(
                "Moved {messages} older than {age}, {bytes}, to {to}",
                messages,
                age,
                bytes = bytes(expired.bytes),
                to = expired.to.display()
            ));
            out.line(text!("They are listed in {}", expired.list.display()));
        }
    }
    out.detail(text!("{} stay; {} went by themselves meanwhile", expired.kept, expired.gone));
    let mut exit = Exit::Done;
    if expired.taken > 0 {
        let names = expired.taken_names.join(", ");
        let more = if expired.taken > expired.taken_names.len() as u64 { ", ..." } else { "" };
        let stay = count(expired.taken as usize, "message stays", "messages stay");
        out.fault(text!("fault: {stay}, since something else has the name there: {names}{more}", stay, names, more));
        exit = Exit::Some;
    }
    if expired.failed > 0 {
        let more = expired.failed.saturating_sub(expired.failures.len() as u64);
        expired.failures.iter().for_each(|failure| out.fault(text!("fault: {failure}", failure)));
        if more > 0 {
            out.fault(text!("fault: {more} more could not be moved", more));
        }
        exit = if expired.moved == 0 { Exit::Failed } else { Exit::Some };
    }
    out.answer(COMMAND, exit, Body { dry_run: args.dry_run, expired: &expired });
    exit
}
