//! `configcid manifest verify`.

use std::path::PathBuf;

use crate::manifest::Manifest;
use crate::report::{ErrorReport, count};
use crate::signing::{self, FilesReport, Reason, SignatureReport, SignatureState, SignaturesReport, check_files};
use crate::{ErrorKind, Exit, Result, time};
use clap::Args;
use serde::Serialize;

use super::lines::{files, form_name, print_files};
use crate::cli::flags::{InFlightFlag, path};
use crate::cli::out::Out;
use crate::cli::trust::{TrustFlags, TrustShown};

pub(super) const COMMAND: &str = "manifest verify";

#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
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
pub(super) struct FilesFlags {
    /// Check all listed files too: in DIR, or where the manifest alone says
    #[arg(long, value_name = "DIR", num_args = 0..=1, value_parser = path())]
    files: Option<Option<PathBuf>>,
    /// Let listed files be missing
    #[arg(long, requires = "files")]
    allow_missing: bool,
    #[command(flatten)]
    in_flight: InFlightFlag,
}

#[derive(Serialize)]
struct Body {
    manifest: String,
    verdict: &'static str,
    reason: Option<Reason>,
    what: String,
    at: String,
    entries: Option<usize>,
    trust: TrustShown,
    signatures: Vec<SignatureReport>,
    /// Why revocation lists cannot be used.
    unusable_lists: Vec<String>,
    files: Option<FilesReport>,
    /// Why the manifest could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorReport>,
}

pub(super) fn run(args: &VerifyArgs, out: Out) -> Result<Exit> {
    let judged = signing::judged_folders(&args.manifest, args.files.files.as_ref().and_then(Option::as_deref));
    let options = args.trust.options(&judged)?;
    let mut body = Body {
        manifest: args.manifest.to_string_lossy().into_owned(),
        verdict: "faulty",
        reason: None,
        what: String::new(),
        at: time::print(options.at),
        entries: None,
        trust: args.trust.shown(&options, &judged, out),
        signatures: Vec::new(),
        unusable_lists: Vec::new(),
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
            out.fault(text!("fault: {error}", error));
            out.answer(COMMAND, Exit::Faults, body);
            return Ok(Exit::Faults);
        }
    };
    let SignaturesReport { signatures, reason, what, unusable_lists, .. } = signing::verify(&manifest, &options);
    (body.reason, body.what, body.entries) = (reason, what, Some(manifest.len()));
    (body.signatures, body.unusable_lists) = (signatures, unusable_lists);
    let mut exit = if reason.is_none() { Exit::Done } else { Exit::Faults };
    if let Some(folder) = &args.files.files {
        args.files.in_flight.heed();
        let report = check_files(&manifest, &args.manifest, folder.as_deref())?;
        let fault = match report.has_faults(args.files.allow_missing) {
            true => Some(text!("{} not what the manifest says", count(report.faults.len(), "file is", "files are"))),
            // Nothing that was not seen is whole.
            false => (report.good == 0).then(|| text!("none of the files is there").to_owned()),
        };
        if let Some(fault) = fault {
            exit = Exit::Faults;
            if body.reason.is_none() {
                (body.reason, body.what) = (Some(Reason::Files), fault);
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
    out.detail(text!("{}: {} listed, checked as of {}", body.manifest, files(body.entries.unwrap_or(0)), body.at));
    for report in &body.signatures {
        print_signature(report, out);
    }
    if let Some(files) = &body.files {
        print_files(files, args.files.allow_missing, out);
    }
    // The one that is the reason is told with it.
    let others = body.unusable_lists.iter().filter(|why| **why != body.what);
    others.for_each(|why| out.fault(text!("fault: {why}", why)));
    match (body.reason, &body.files) {
        (None, Some(_)) => out.good("The manifest is whole, and so are its files"),
        (None, None) => out.good("The manifest is whole; no file was looked at: --files checks them, too"),
        (Some(reason), _) => {
            // What is wrong with the signature that decides was said in its line.
            if !is_of_signature(reason) {
                out.fault(text!("fault: {}", body.what));
            }
            if let Some(next) = next_step(reason, &body.signatures) {
                out.line(format!("  {next}"));
            }
        }
    }
}

fn print_signature(report: &SignatureReport, out: Out) {
    let line =
        text!("{} signature in line {}, {}: {}", form_name(report.form), report.line, report.algorithm, report.what);
    match report.state {
        SignatureState::Good => out.good(line),
        _ if report.decides => out.fault(text!("fault: {line}", line)),
        _ => out.line(line),
    }
    let last = report.chain.len().saturating_sub(1);
    for (place, certificate) in report.chain.iter().enumerate() {
        let role = match place {
            0 => "signer",
            _ if place == last && report.has_root => "root",
            _ => "issuer",
        };
        out.line(format!("  {role} {}, SHA-256 {}", certificate.subject, certificate.sha256));
        out.detail(text!(
            "    {}, signed with {}, serial {}, valid from {} to {}",
            certificate.key,
            certificate.signed_with,
            certificate.serial,
            certificate.not_before,
            certificate.not_after
        ));
    }
    report.notes.iter().for_each(|note| out.warning(note));
}

/// Whether the line of the signature that decides says what is wrong.
fn is_of_signature(reason: Reason) -> bool {
    !matches!(reason, Reason::Unsigned | Reason::Files | Reason::WeakEntries | Reason::Empty | Reason::RevocationList)
}

fn next_step(reason: Reason, signatures: &[SignatureReport]) -> Option<String> {
    let missing = signatures.iter().find(|report| report.decides).and_then(|report| report.missing_issuer.as_ref());
    let next = match reason {
        Reason::NoRootCa => text!("--root-ca FILE names the certificates that you trust"),
        Reason::Untrusted => match missing {
            Some(issuer) => {
                return Some(text!(
                    "the certificate of {issuer} is missing: if you trust it, get it from whoever it belongs to",
                    issuer = format!("{issuer:?}")
                ));
            }
            None => {
                text!(
                    "take the manifest for forged until its maker says otherwise, by another way than this manifest; trust nobody \
                 because of it"
                )
            }
        },
        Reason::Unsigned => text!("configcid manifest sign signs it, with a key of yours"),
        Reason::Expired => text!("--at TIME checks at a time when it was valid"),
        Reason::WeakAlgorithm => text!("--allow-sha1 lets SHA-1 count; MD5 never does, nor does a key below --min-rsa"),
        Reason::WeakEntries => text!("--allow-sha1 lets SHA-1 count alone, if you accept it"),
        Reason::RevocationList => {
            text!("take a list that is valid from its issuer; without it, nobody knows what was revoked")
        }
        _ => return None,
    };
    Some(next.to_owned())
}
