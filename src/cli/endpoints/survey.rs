//! `configcid endpoints survey`.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::base::files::read_file;
use crate::base::text::Encoding;
use crate::endpoints::{Ask, Columns, Counts, Endpoint, EndpointState, Failed, Survey, Wanted};
use crate::host::remote;
use crate::mrinit::KEY_MR_PARENT;
use crate::report::{
    self, ErrorReport, SCHEMA, answer_part, count, endpoint_counts, endpoint_headings, endpoint_lines,
    endpoint_list_head, endpoint_list_line,
};
use crate::router::{self, Expected};
use crate::{Cid, Error, ErrorKind, Exit, Result, relay};
use clap::Args;
use serde::Serialize;

use crate::cli::envelopes::seconds;
use crate::cli::flags::path;
use crate::cli::out::{Out, print};

#[derive(Debug, Args)]
pub(crate) struct SurveyArgs {
    /// Folders of exports, or files: .reg exports, texts of reg query, installed mrinit.conf files, lists with
    /// named columns (.csv), answers of client check --json (.jsonl)
    #[arg(value_name = "SOURCE", required_unless_present = "computers", value_parser = path())]
    sources: Vec<PathBuf>,
    /// The relay they should report to; each part may be left out, not all of them
    #[arg(long, value_name = "IP,FQDN,NETBIOS")]
    expect: Option<String>,
    /// The CID they are installed from, whose mrinit.conf names the relay: that of rms, else rms9x, else the root
    #[arg(long, conflicts_with = "expect", value_parser = path())]
    cid: Option<PathBuf>,
    /// On Windows, ask the computers of this list, one name a line (-: of standard input), for their registries over the network.
    /// No service is started there
    #[arg(long, value_name = "FILE", value_parser = path())]
    computers: Option<PathBuf>,
    /// How long one of them may take
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = seconds, requires = "computers")]
    timeout: Duration,
    /// So many of them are asked at a time
    #[arg(
        long, value_name = "NUMBER", default_value_t = 32, requires = "computers",
        value_parser = clap::value_parser!(u16).range(1..=512)
    )]
    at_a_time: u16,
    /// A heading of the lists that stands for one of the columns, such as name=Asset (docs/endpoints.md)
    #[arg(long, value_name = "COLUMN=HEADING")]
    column: Vec<String>,
    /// Show those in this state alone; more than once for several. Counted are all
    #[arg(long, value_name = "STATE", value_delimiter = ',', value_parser = state)]
    state: Vec<EndpointState>,
    /// Print a list that spreadsheets read
    #[arg(long, conflicts_with = "json")]
    csv: bool,
}

pub(in crate::cli) fn state(text: &str) -> Result<EndpointState, String> {
    let word = text.trim().to_ascii_lowercase().replace('_', "-");
    EndpointState::of_name(&word).ok_or_else(|| {
        let names = EndpointState::ALL.map(EndpointState::name);
        match crate::base::near::nearest(&word, names) {
            Some(name) => text!("there is no such state; did you mean {name}?", name),
            None => text!("there is no such state; there are {}", names.join(", ")),
        }
    })
}

const COMMAND: &str = "endpoints survey";

pub(super) fn run(args: &SurveyArgs, out: Out) -> Exit {
    match prepare(args) {
        Ok((survey, wanted)) => show(&survey, &wanted, args, out),
        Err(error) => out.fail(COMMAND, &error),
    }
}

/// What is expected, and which sources there are.
fn prepare(args: &SurveyArgs) -> Result<(Survey, Wanted)> {
    let mut columns = Columns::default();
    args.column.iter().try_for_each(|column| columns.add(column))?;
    let expected = match (&args.expect, &args.cid) {
        (Some(list), _) => Some(Expected::from_list(list)?),
        (None, Some(cid)) => Some(router::expected_of_cid(&Cid::open(cid)?)?),
        (None, None) => None,
    };
    let from = expected.as_ref().and_then(|expected| expected.from.as_deref());
    let own_parent = from
        .and_then(|conf| relay::read_file(conf).ok())
        .and_then(|conf| conf.text(KEY_MR_PARENT).ok().map(str::to_owned));
    let survey = match &args.computers {
        None => Survey::of(&args.sources, &columns),
        Some(list) => {
            remote::can_ask()?;
            let how = Ask { at_a_time: args.at_a_time.into(), bound: args.timeout };
            Survey::live(&args.sources, &columns, list, &names(list)?, &how)
        }
    };
    Ok((survey, Wanted { expected, own_parent, ..Wanted::default() }))
}

/// The list of computers, a file or standard input.
fn names(list: &Path) -> Result<String> {
    const MOST: u64 = 64 << 20;
    let bytes = match list == Path::new("-") {
        true => {
            let mut bytes = Vec::new();
            let read = std::io::stdin().take(MOST).read_to_end(&mut bytes);
            read.map_err(|error| Error::io("read it", Path::new(text!("standard input")), error))?;
            bytes
        }
        false => read_file(list, MOST)?,
    };
    Ok(Encoding::text_of(&bytes))
}

/// The end of the answer.
#[derive(Serialize)]
struct End<'a> {
    counts: &'a Counts,
    left_out: usize,
    failed: Vec<FailedSource>,
    exit_code: u8,
}

#[derive(Serialize)]
struct FailedSource {
    source: String,
    error: ErrorReport,
}

fn show(survey: &Survey, wanted: &Wanted, args: &SurveyArgs, out: Out) -> Exit {
    if let Some(expected) = &wanted.expected {
        expected.warnings.iter().for_each(|warning| out.warning(warning));
    }
    if survey.len() == 0 {
        return nothing(survey, out);
    }
    survey.failed().iter().for_each(|failed| out.error(&failed.error));
    let is_shown = |endpoint: &Endpoint| args.state.is_empty() || args.state.contains(&endpoint.state);
    let width = survey.longest_name().clamp("COMPUTER".len(), 64);
    if out.json {
        print(&format!("{{\"schema\":{SCHEMA},\"command\":\"{COMMAND}\",\"endpoints\":["));
    } else if args.csv {
        print(endpoint_list_head());
    } else {
        out.heading(endpoint_headings(width));
    }
    let (mut counts, mut faults, mut is_first) = (Counts::default(), 0, true);
    survey.each(
        |_| wanted,
        |endpoints| {
            let mut text = String::new();
            for endpoint in endpoints {
                counts.add(endpoint.state);
                faults += usize::from(endpoint.fault);
                if !is_shown(&endpoint) {
                    continue;
                }
                if out.json {
                    text.push_str(if is_first { "\n" } else { ",\n" });
                    text.push_str(&answer_part(&endpoint));
                    is_first = false;
                } else if args.csv {
                    text.push_str(&endpoint_list_line(&endpoint));
                } else {
                    out.toned(endpoint_lines(&endpoint, width, out.verbose));
                }
            }
            print(&text)
        },
    );
    let exit = match (survey.failed().is_empty(), faults) {
        (true, 0) => Exit::Done,
        (true, _) => Exit::Faults,
        (false, _) => Exit::Some,
    };
    if out.json {
        let failed = survey.failed().iter().map(FailedSource::of).collect();
        let end = answer_part(&End { counts: &counts, left_out: survey.left(), failed, exit_code: exit as u8 });
        print(&format!("\n],{}\n", &end[1..]));
    } else if !args.csv {
        sum_up(survey, &counts, exit, out);
    }
    exit
}

fn sum_up(survey: &Survey, counts: &Counts, exit: Exit, out: Out) {
    out.line("");
    let left = survey.left();
    if left > 0 {
        out.line(text!("{} left out: of the system, hidden, or not finished", count(left, "file was", "files were")));
    }
    let text = endpoint_counts(counts);
    match exit {
        Exit::Done => out.good(text),
        _ => out.fault(text),
    }
}

/// There is no endpoint in any source: nobody may take that for an estate in which all is well.
fn nothing(survey: &Survey, out: Out) -> Exit {
    if let [failed] = survey.failed() {
        return out.fail(COMMAND, &failed.error);
    }
    survey.failed().iter().for_each(|failed| out.error(&failed.error));
    let error = Error::new(ErrorKind::Io, "no source tells of any endpoint");
    out.fail(COMMAND, &error.next("name the folder that the exports were collected in"))
}

impl FailedSource {
    fn of(failed: &Failed) -> Self {
        let Failed { path, error } = failed;
        Self { source: path.to_string_lossy().into_owned(), error: report::ErrorReport::new(error) }
    }
}
