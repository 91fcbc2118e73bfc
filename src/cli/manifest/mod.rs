//! `configcid manifest list|verify|diff|create|sign|spec`.

mod make;
mod spec;
mod verify;

use crate::base::hex::hex;
use std::path::PathBuf;

use crate::manifest::{Form, Manifest, ManifestEntry, diff};
use crate::report::count;
use crate::signing::CertificateReport;
use crate::{Exit, Result};
use clap::{Args, Subcommand};
use serde::Serialize;

pub use verify::TrustFlags;

use super::args::path;
use super::out::Out;

#[derive(Debug, Subcommand)]
pub enum ManifestCommand {
    /// List what a manifest says of each file
    List(ListArgs),
    /// Check signatures, who vouches for them, and the files
    Verify(verify::VerifyArgs),
    /// Compare what two manifests say of files
    Diff(DiffArgs),
    /// Make a manifest of a folder, signed where a key is given
    Create(make::CreateArgs),
    /// Sign a manifest
    Sign(make::SignArgs),
    /// MD5 lists: manifest.spec and index.spec
    #[command(subcommand)]
    Spec(spec::SpecCommand),
}

#[derive(Debug, Args)]
pub struct ListArgs {
    /// The manifest
    #[arg(value_parser = path())]
    manifest: PathBuf,
}

#[derive(Debug, Args)]
pub struct DiffArgs {
    /// The manifest before
    #[arg(value_parser = path())]
    before: PathBuf,
    /// The manifest after
    #[arg(value_parser = path())]
    after: PathBuf,
    /// Exit with 3 where they differ
    #[arg(long)]
    exit_code: bool,
}

pub fn run(command: &ManifestCommand, out: Out) -> Exit {
    let (name, done) = match command {
        ManifestCommand::List(args) => ("manifest list", list(args, out)),
        ManifestCommand::Verify(args) => (verify::COMMAND, verify::run(args, out)),
        ManifestCommand::Diff(args) => ("manifest diff", compare(args, out)),
        ManifestCommand::Create(args) => (make::CREATE, make::create(args, out)),
        ManifestCommand::Sign(args) => (make::SIGN, make::sign(args, out)),
        ManifestCommand::Spec(command) => return spec::run(command, out),
    };
    done.unwrap_or_else(|error| out.fail(name, &error))
}

#[derive(Serialize)]
struct Listed {
    path: String,
    size: u64,
    sha1: String,
    sha256: Option<String>,
    sha384: Option<String>,
}

impl Listed {
    fn new(entry: ManifestEntry<'_>) -> Listed {
        Listed {
            path: entry.path.to_string(),
            size: entry.size,
            sha1: hex(&entry.sha1),
            sha256: entry.sha256.map(|bytes| hex(&bytes)),
            sha384: entry.sha384.map(|bytes| hex(&bytes)),
        }
    }
}

#[derive(Serialize)]
struct ListedSignature {
    form: Form,
    algorithm: String,
    line: usize,
    certificates: Vec<CertificateReport>,
}

fn list(args: &ListArgs, out: Out) -> Result<Exit> {
    #[derive(Serialize)]
    struct Body {
        manifest: String,
        entries: Vec<Listed>,
        signatures: Vec<ListedSignature>,
    }
    let manifest = Manifest::open(&args.manifest)?;
    let signatures: Vec<ListedSignature> = manifest
        .signatures()
        .iter()
        .map(|signature| ListedSignature {
            form: signature.form,
            algorithm: signature.algorithm.clone(),
            line: signature.line,
            certificates: signature.certificates.iter().filter_map(|der| CertificateReport::of(der).ok()).collect(),
        })
        .collect();
    if !out.json {
        for entry in manifest.entries().filter(|_| !out.quiet).map(Listed::new) {
            out.line(format!("{}  {:>10}  {}", entry.sha1, entry.size, entry.path));
            for (name, digest) in [("sha256", entry.sha256), ("sha384", entry.sha384)] {
                digest.iter().for_each(|digest| out.detail(format!("  {name} {digest}")));
            }
        }
        for signature in &signatures {
            let signer = signature.certificates.first().map_or("nobody", |signer| &signer.subject);
            let form = form_name(signature.form);
            out.line(format!("{form} signature in line {}, {}, by {signer}", signature.line, signature.algorithm));
        }
        out.line(format!(
            "{}, {}; nothing was verified",
            count(manifest.len(), "file", "files"),
            count(signatures.len(), "signature", "signatures")
        ));
        return Ok(Exit::Done);
    }
    let entries = manifest.entries().map(Listed::new).collect();
    let file = args.manifest.to_string_lossy().into_owned();
    out.answer("manifest list", Exit::Done, Body { manifest: file, entries, signatures });
    Ok(Exit::Done)
}

fn form_name(form: Form) -> &'static str {
    match form {
        Form::Inline => "inline",
        Form::Trailer => "trailer",
    }
}

fn compare(args: &DiffArgs, out: Out) -> Result<Exit> {
    #[derive(Serialize)]
    struct Body {
        before: String,
        after: String,
        #[serde(flatten)]
        diff: crate::manifest::ManifestDiff,
    }
    let diff = diff(&Manifest::open(&args.before)?, &Manifest::open(&args.after)?);
    diff.removed.iter().for_each(|path| out.change(&format!("- {path}")));
    diff.added.iter().for_each(|path| out.change(&format!("+ {path}")));
    for changed in &diff.changed {
        let sizes = match changed.size_before == changed.size_after {
            true => format!("{} bytes", changed.size_after),
            false => format!("{} bytes, before {}", changed.size_after, changed.size_before),
        };
        out.line(format!("! {}  ({sizes}; {} differ)", changed.path, changed.differs.join(", ")));
    }
    match diff.is_empty() {
        true => out.good("Both say the same of the same files"),
        false => out.line(format!(
            "{} added, {} removed, {} changed",
            diff.added.len(),
            diff.removed.len(),
            diff.changed.len()
        )),
    }
    let exit = if args.exit_code && !diff.is_empty() { Exit::Faults } else { Exit::Done };
    let [before, after] = [&args.before, &args.after].map(|path| path.to_string_lossy().into_owned());
    out.answer("manifest diff", exit, Body { before, after, diff });
    Ok(exit)
}
