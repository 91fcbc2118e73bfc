//! `configcid endpoints collector`.

use crate::client::{Script, collector_script};
use crate::{Exit, Result};
use clap::Args;
use serde::Serialize;

use crate::cli::envelopes::ScriptChoice;
use crate::cli::out::Out;
use crate::cli::paper::PaperFlags;

#[derive(Debug, Args)]
pub(crate) struct CollectorArgs {
    /// The folder that computers write into, as they reach it: \\SERVER\SHARE, with folders below it or not
    #[arg(long, value_name = "FOLDER")]
    share: String,
    /// In which language
    #[arg(long, value_enum)]
    script: ScriptChoice,
    /// Do not ask the server before the share is touched (by a ping, or at its port 445): for networks that let none through
    #[arg(long)]
    no_ask: bool,
    #[command(flatten)]
    paper: PaperFlags,
}

#[derive(Serialize)]
struct About<'a> {
    share: &'a str,
}

const COMMAND: &str = "endpoints collector";

pub(super) fn run(args: &CollectorArgs, out: Out) -> Exit {
    write(args, out).unwrap_or_else(|error| out.fail(COMMAND, &error))
}

fn write(args: &CollectorArgs, out: Out) -> Result<Exit> {
    let language = match args.script {
        ScriptChoice::Cmd => Script::Cmd,
        ScriptChoice::Powershell => Script::PowerShell,
    };
    let script = collector_script(language, &args.share, !args.no_ask)?;
    args.paper.deliver(COMMAND, None, script, About { share: &args.share }, out)
}
