//! `configcid audit`.

use std::path::{Path, PathBuf};

use crate::audit::{AuditOptions, AuditReport, Baseline, Seen, Severity, audit};
use crate::report::{Audited, ErrorReport, PageFile, audit_lines, audit_page, check_new, check_outside, write_file};
use crate::{Error, ErrorKind, Exit, Result};
use clap::Args;
use serde::Serialize;

use super::flags::{CheckedCids, path};
use super::look::{Shown, look_at_each};
use super::out::Out;
use super::trust::{TrustFlags, TrustShown};

const COMMAND: &str = "audit";

#[derive(Debug, Args)]
pub(super) struct AuditArgs {
    #[command(flatten)]
    what: CheckedCids,
    #[command(flatten)]
    trust: TrustFlags,
    /// Write the report as a page for a browser; a page that configcid made is replaced, another file is not
    #[arg(long, value_name = "FILE", value_parser = path())]
    html: Option<PathBuf>,
    /// Keep what was seen in this new file, for a later --since
    #[arg(long, value_name = "FILE", value_parser = path())]
    save: Option<PathBuf>,
    /// Tell what came, went and changed since this file was saved, and what explains it
    #[arg(long, value_name = "FILE", value_parser = path())]
    since: Option<PathBuf>,
    /// Take files that nothing lists for errors
    #[arg(long)]
    strict: bool,
    /// Take files for which nothing signed vouches for errors
    #[arg(long)]
    require_manifest: bool,
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
            Self::Error => Severity::Error,
            Self::Warning => Severity::Warning,
            Self::Note => Severity::Note,
            Self::Never => return false,
        };
        report.gravest().is_some_and(|gravest| gravest >= least)
    }
}

impl AuditArgs {
    fn options(&self) -> Result<AuditOptions> {
        let mut options = AuditOptions::new(self.trust.options(&self.what.cids)?);
        options.refresh = self.what.options()?;
        options.sees_all = self.save.is_some();
        options.is_strict = self.strict;
        options.requires_manifest = self.require_manifest;
        options.root_files = self.trust.root_files().to_vec();
        options.crl_files = self.trust.crl_files().to_vec();
        Ok(options)
    }
}

#[derive(Serialize)]
struct Body {
    trust: TrustShown,
    cids: Vec<Shown<AuditReport>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    html: Option<String>,
    /// The baseline that was compared with.
    #[serde(skip_serializing_if = "Option::is_none")]
    baseline: Option<BaselineFile>,
    /// The baseline that was saved.
    #[serde(skip_serializing_if = "Option::is_none")]
    saved: Option<BaselineFile>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorReport>,
}

#[derive(Serialize)]
struct BaselineFile {
    file: String,
    sha256: String,
}

impl BaselineFile {
    fn new(file: &Path, baseline: &Baseline) -> Self {
        Self { file: file.to_string_lossy().into_owned(), sha256: baseline.sha256().to_owned() }
    }
}

/// What is asked for, looked at before the work.
struct Prepared {
    options: AuditOptions,
    page: Option<PageFile>,
    since: Option<Baseline>,
}

impl AuditArgs {
    fn prepare(&self) -> Result<Prepared> {
        let cids = &self.what.cids;
        let page = self.html.as_deref().map(|file| PageFile::new(file, cids)).transpose()?;
        let since = self.since.as_deref().map(|file| {
            check_outside(
                file,
                cids,
                text!("a baseline in the CID proves nothing: whoever changes the CID can change it"),
            )?;
            Baseline::open(file)
        });
        if let Some(file) = &self.save {
            check_outside(file, cids, text!("whoever changes the CID could change a baseline that lies in it"))?;
            check_new(file)?;
        }
        Ok(Prepared { options: self.options()?, page, since: since.transpose()? })
    }

    fn audit_one(&self, path: &Path, prepared: &Prepared, out: Out) -> Result<(AuditReport, bool)> {
        let mut options = prepared.options.clone();
        if let (Some(baseline), Some(file)) = (&prepared.since, &self.since) {
            options.since = Some(seen_in(baseline, file, path)?.clone());
        }
        let report = audit(path, &options)?;
        out.toned(audit_lines(&report, out.verbose));
        let is_failed = self.fail_on.is_failed_by(&report);
        Ok((report, is_failed))
    }

    /// Saves what was seen of all CIDs, or of none.
    fn save(&self, file: &Path, cids: &[Shown<AuditReport>], since: Option<&Baseline>) -> Result<Baseline> {
        let mut seen = Vec::new();
        for (path, shown) in self.what.cids.iter().zip(cids) {
            let name = name_of(path);
            let earlier = since.and_then(|since| since.seen(&name)).map(|(_, seen)| seen);
            let Some(this) = shown.state.as_ref().and_then(|report| report.seen(earlier)) else {
                let what = text!("no baseline was saved, since {} could not be audited", path.display());
                return Err(Error::new(ErrorKind::Usage, what)
                    .in_file(file)
                    .next("name the CIDs that are there alone"));
            };
            seen.push((name, this));
        }
        let baseline = Baseline::new(seen);
        write_file(file, &baseline.print(), false)?;
        Ok(baseline)
    }
}

/// The name by which a baseline knows a CID.
fn name_of(cid: &Path) -> String {
    std::path::absolute(cid).unwrap_or_else(|_| cid.to_owned()).to_string_lossy().into_owned()
}

fn seen_in<'a>(baseline: &'a Baseline, file: &Path, cid: &Path) -> Result<&'a Seen> {
    baseline.seen(&name_of(cid)).map(|(_, seen)| seen).ok_or_else(|| {
        let known: Vec<&str> = baseline.names().collect();
        let what = text!("this baseline knows no CID {}; it knows {}", cid.display(), known.join(", "));
        Error::new(ErrorKind::Usage, what).in_file(file).next("name the baseline of this CID")
    })
}

pub(super) fn run(args: &AuditArgs, out: Out) -> Exit {
    let prepared = match args.prepare() {
        Ok(prepared) => prepared,
        Err(error) => return out.fail(COMMAND, &error),
    };
    let trust = args.trust.shown(&prepared.options.signatures, &args.what.cids, out);
    let baseline = args.since.as_deref().zip(prepared.since.as_ref());
    let baseline = baseline.map(|(file, baseline)| BaselineFile::new(file, baseline));
    if let Some(BaselineFile { file, sha256 }) = &baseline {
        out.line(text!("Compared with {file} (SHA-256 {sha256})", file, sha256));
    }
    let (mut exit, cids) = look_at_each(&args.what.cids, out, |path| args.audit_one(path, &prepared, out));
    let mut error = None;
    let mut fail = |why: Error| {
        out.error(&why);
        exit = Exit::of(why.kind());
        error = Some(ErrorReport::new(&why));
    };
    let mut html = None;
    if let (Some(page), Some(file)) = (&prepared.page, &args.html) {
        let audits: Vec<Audited<'_>> = cids.iter().map(audited).collect();
        match page.write(&audit_page(&audits)) {
            Ok(()) => {
                let file = file.to_string_lossy().into_owned();
                out.line(text!("Wrote {file}", file));
                html = Some(file);
            }
            Err(why) => fail(why),
        }
    }
    let mut saved = None;
    if let Some(file) = &args.save {
        match args.save(file, &cids, prepared.since.as_ref()) {
            Ok(baseline) => {
                out.line(text!("Saved {} (SHA-256 {})", file.display(), baseline.sha256()));
                saved = Some(BaselineFile::new(file, &baseline));
            }
            Err(why) => fail(why),
        }
    }
    out.answer(COMMAND, exit, Body { trust, cids, html, baseline, saved, error });
    exit
}

fn audited(shown: &Shown<AuditReport>) -> Audited<'_> {
    let why = || shown.error.as_ref().map_or_else(String::new, ErrorReport::sentence);
    Audited { cid: &shown.cid, report: shown.state.as_ref().ok_or_else(why) }
}
