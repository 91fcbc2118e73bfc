//! `configcid manifest verify`.

use std::path::PathBuf;

use crate::manifest::Manifest;
use crate::report::{ErrorReport, count};
use crate::signing::{self, FilesReport, Reason, SignatureReport, SignatureState, SignaturesReport, check_files};
use crate::{ErrorKind, Exit, Result, time};
use clap::Args;
use serde::Serialize;

use super::lines::{files, form_name, print_files};
use crate::cli::flags::{TrustFlags, path};
use crate::cli::out::Out;

pub const COMMAND: &str = "manifest verify";

#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// The manifest
    #[arg(value_parser = path())]
    manifest: PathBuf,
    #[command(flatten)]
    trust: TrustFlags,
    #[command(flatten)]
    files: FilesFlags,
}

/// Which files to look at.
#[derive(Debug, Args)]
pub struct FilesFlags {
    /// Check all listed files too: in DIR, or in the manifest's own folder, or from the CID's root
    #[arg(long, value_name = "DIR", num_args = 0..=1, value_parser = path())]
    files: Option<Option<PathBuf>>,
    /// Let listed files be missing
    #[arg(long, requires = "files")]
    allow_missing: bool,
}

#[derive(Serialize)]
struct Body {
    manifest: String,
    verdict: &'static str,
    reason: Option<Reason>,
    what: String,
    at: String,
    entries: Option<usize>,
    signatures: Vec<SignatureReport>,
    files: Option<FilesReport>,
    /// Why the manifest could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorReport>,
}

pub fn run(args: &VerifyArgs, out: Out) -> Result<Exit> {
    let options = args.trust.options()?;
    let mut body = Body {
        manifest: args.manifest.to_string_lossy().into_owned(),
        verdict: "faulty",
        reason: None,
        what: String::new(),
        at: time::print(options.at),
        entries: None,
        signatures: Vec::new(),
        files: None,
        error: None,
    };
    let manifest = match Manifest::open(&args.manifest) {
        Ok(manifest) => manifest,
        Err(error) if error.kind() == ErrorKind::Io => return Err(error),
        // Where it breaks the format is the answer that was asked for.
        Err(error) => {
            body.reason = Some(Reason::ManifestFormat);
            body.what = error.to_string();
            body.error = Some(ErrorReport::new(&error));
            out.fault(format!("fault: {error}"));
            out.answer(COMMAND, Exit::Faults, body);
            return Ok(Exit::Faults);
        }
    };
    let SignaturesReport { signatures, reason, what, .. } = signing::verify(&manifest, &options);
    (body.reason, body.what, body.entries) = (reason, what, Some(manifest.len()));
    body.signatures = signatures;
    let mut exit = if reason.is_none() { Exit::Done } else { Exit::Faults };
    if let Some(folder) = &args.files.files {
        let report = check_files(&manifest, &args.manifest, folder.as_deref())?;
        if report.has_faults(args.files.allow_missing) {
            exit = Exit::Faults;
            if body.reason.is_none() {
                body.reason = Some(Reason::Files);
                body.what =
                    format!("{} not what the manifest says", count(report.faults.len(), "file is", "files are"));
            }
        }
        body.files = Some(report);
    }
    if exit == Exit::Done {
        body.verdict = "whole";
    }
    print(&body, args, out);
    out.answer(COMMAND, exit, body);
    Ok(exit)
}

fn print(body: &Body, args: &VerifyArgs, out: Out) {
    out.detail(format!("{}: {} listed, checked as of {}", body.manifest, files(body.entries.unwrap_or(0)), body.at));
    for report in &body.signatures {
        print_signature(report, out);
    }
    if let Some(files) = &body.files {
        print_files(files, args.files.allow_missing, out);
    }
    match (body.reason, &body.files) {
        (None, Some(_)) => out.good("The manifest is whole, and so are its files"),
        (None, None) => out.good("The manifest is whole; --files checks its files, too"),
        (Some(reason), _) => {
            // What is wrong with the signature that decides was said in its line.
            if matches!(reason, Reason::Unsigned | Reason::Files) {
                out.fault(format!("fault: {}", body.what));
            }
            if let Some(next) = next_step(reason) {
                out.line(format!("  {next}"));
            }
        }
    }
}

fn print_signature(report: &SignatureReport, out: Out) {
    let line =
        format!("{} signature in line {}, {}: {}", form_name(report.form), report.line, report.algorithm, report.what);
    match report.state {
        SignatureState::Good => out.good(line),
        _ if report.decides => out.fault(format!("fault: {line}")),
        _ => out.line(line),
    }
    for certificate in &report.chain {
        out.detail(format!(
            "  {} ({}, signed with {}, serial {}, valid from {} to {})",
            certificate.subject,
            certificate.key,
            certificate.signed_with,
            certificate.serial,
            certificate.not_before,
            certificate.not_after
        ));
    }
    report.notes.iter().for_each(|note| out.warning(note));
}

fn next_step(reason: Reason) -> Option<&'static str> {
    match reason {
        Reason::NoRootCa => Some("--root-ca FILE names the certificates that you trust"),
        Reason::Untrusted => Some("--root-ca FILE names more certificates that you trust, intermediate ones included"),
        Reason::Unsigned => Some("configcid manifest sign signs it, with a key of yours"),
        Reason::Expired => Some("--at TIME checks at a time when it was valid"),
        Reason::WeakAlgorithm => Some("--allow-sha1 lets SHA-1 count; MD5 never does"),
        _ => None,
    }
}
