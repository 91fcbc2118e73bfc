//! `configcid fleet graph`.

use crate::fleet::{self, Fleet, FleetFinding};
use crate::{Exit, Result};
use clap::Args;
use serde::Serialize;

use super::flags::{FileArg, LookFlags, SurveyFlags};
use super::lines::add_findings;
use crate::cli::out::Out;
use crate::cli::paper::PaperFlags;

#[derive(Debug, Args)]
pub(crate) struct GraphArgs {
    #[command(flatten)]
    file: FileArg,
    /// How to write the picture
    #[arg(long, value_enum, default_value_t = FormatChoice::Svg)]
    format: FormatChoice,
    #[command(flatten)]
    paper: PaperFlags,
    #[command(flatten)]
    survey: SurveyFlags,
    #[command(flatten)]
    look: LookFlags,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
enum FormatChoice {
    /// A picture for browsers
    Svg,
    /// For Graphviz
    Dot,
    /// For Mermaid
    Mermaid,
}

#[derive(Serialize)]
struct About {
    format: FormatChoice,
    relays: usize,
    cids: usize,
    findings: Vec<FleetFinding>,
}

pub(super) fn run(args: &GraphArgs, out: Out) -> Exit {
    const COMMAND: &str = "fleet graph";
    let draw = || -> Result<Exit> {
        let file = &args.file.file;
        let fleet = Fleet::read(file)?;
        let mut findings = args.look.findings(&fleet);
        let surveyed = args.survey.read(&fleet)?;
        add_findings(&mut findings, surveyed.as_ref());
        let format = match args.format {
            FormatChoice::Svg => fleet::PictureFormat::Svg,
            FormatChoice::Dot => fleet::PictureFormat::Dot,
            FormatChoice::Mermaid => fleet::PictureFormat::Mermaid,
        };
        let picture =
            fleet::graph_with(&fleet, &findings, surveyed.as_ref().map(|surveyed| &surveyed.endpoints), format);
        let about = About { format: args.format, relays: fleet.relays.len(), cids: fleet.cids.len(), findings };
        args.paper.deliver(COMMAND, Some(file), picture, about, out)
    };
    draw().unwrap_or_else(|error| out.fail(COMMAND, &error))
}
