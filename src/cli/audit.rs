//! `configcid audit`.

use std::path::PathBuf;

use crate::audit::{AuditOptions, AuditReport, Severity, audit};
use crate::report::{Audited, ErrorReport, PageFile, audit_lines, audit_page};
use crate::{Exit, Result};
use clap::Args;
use serde::Serialize;

use super::flags::{CheckedCids, TrustFlags, path};
use super::look::{Shown, look_at_each};
use super::out::Out;

const COMMAND: &str = "audit";

#[derive(Debug, Args)]
pub struct AuditArgs {
    #[command(flatten)]
    what: CheckedCids,
    #[command(flatten)]
    trust: TrustFlags,
    /// Write the report as a page for a browser; a page that configcid made is replaced, another file is not
    #[arg(long, value_name = "FILE", value_parser = path())]
    html: Option<PathBuf>,
    /// The least severity that makes exit code 3
    #[arg(long, value_enum, value_name = "SEVERITY", default_value_t = FailOn::Error)]
    fail_on: FailOn,
}

/// From which severity on an audit ends with exit code 3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum FailOn {
    /// The CID is not whole
    Error,
    /// The same, or something in it is doubtful, or could not be checked
    Warning,
    /// Anything at all
    Note,
    /// Nothing: every audit that could be made ends with exit code 0
    Never,
}

impl FailOn {
    fn is_failed_by(self, report: &AuditReport) -> bool {
        let least = match self {
            FailOn::Error => Severity::Error,
            FailOn::Warning => Severity::Warning,
            FailOn::Note => Severity::Note,
            FailOn::Never => return false,
        };
        report.gravest().is_some_and(|gravest| gravest >= least)
    }
}

impl AuditArgs {
    fn options(&self) -> Result<AuditOptions> {
        let mut options = AuditOptions::new(self.trust.options()?);
        options.refresh = self.what.options()?;
        Ok(options)
    }
}

#[derive(Serialize)]
struct Body {
    cids: Vec<Shown<AuditReport>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    html: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorReport>,
}

pub fn run(args: &AuditArgs, out: Out) -> Exit {
    let prepared = args.options().and_then(|options| {
        let page = args.html.as_deref().map(|file| PageFile::new(file, &args.what.cids)).transpose()?;
        Ok((options, page))
    });
    let (options, page) = match prepared {
        Ok(prepared) => prepared,
        Err(error) => return out.fail(COMMAND, &error),
    };
    let (mut exit, cids) = look_at_each(&args.what.cids, out, |path| {
        let report = audit(path, &options)?;
        out.toned(audit_lines(&report, out.verbose));
        let is_failed = args.fail_on.is_failed_by(&report);
        Ok((report, is_failed))
    });
    let mut error = None;
    let mut html = None;
    if let (Some(page), Some(file)) = (page, &args.html) {
        let audits: Vec<Audited<'_>> = cids.iter().map(audited).collect();
        match page.write(&audit_page(&audits)) {
            Ok(()) => html = Some(file.to_string_lossy().into_owned()),
            Err(why) => {
                out.error(&why);
                exit = Exit::of(why.kind());
                error = Some(ErrorReport::new(&why));
            }
        }
    }
    if let Some(file) = &html {
        out.line(format!("Wrote {file}"));
    }
    out.answer(COMMAND, exit, Body { cids, html, error });
    exit
}

fn audited(shown: &Shown<AuditReport>) -> Audited<'_> {
    let why = || shown.error.as_ref().map_or_else(String::new, ErrorReport::sentence);
    Audited { cid: &shown.cid, report: shown.state.as_ref().ok_or_else(why) }
}
