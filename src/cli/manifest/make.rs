//! `configcid manifest create` and `configcid manifest sign`.

use std::path::{Path, PathBuf};

use crate::manifest::{Manifest, Spelling};
use crate::report::{Status, count};
use crate::signing::{self, DigestAlgorithm, MakeOptions, Signer};
use crate::{Exit, Plan, Result};
use clap::Args;
use serde::Serialize;

use crate::cli::flags::{InFlightFlag, path};
use crate::cli::out::Out;

pub(super) const CREATE: &str = "manifest create";
pub(super) const SIGN: &str = "manifest sign";

#[derive(Debug, Args)]
pub(crate) struct CreateArgs {
    /// The folder
    #[arg(value_parser = path())]
    folder: PathBuf,
    /// Where to write it; by default manifest.dat in the folder
    #[arg(long, short, value_name = "FILE", value_parser = path())]
    output: Option<PathBuf>,
    /// The digests of each file, beside SHA-1
    #[arg(long, value_name = "LIST", value_delimiter = ',', default_value = "sha256")]
    digests: Vec<FileDigest>,
    /// Spell paths ./dir/file, as newer writers do, instead of .\dir\file
    #[arg(long)]
    slashes: bool,
    /// One more file name that is the customer's, and not listed
    #[arg(long, value_name = "NAME")]
    customer_file: Vec<String>,
    /// The key to sign with, in PEM: RSA, or ECDSA on P-256 or P-384
    #[arg(long, value_name = "FILE", requires = "cert", value_parser = path())]
    key: Option<PathBuf>,
    /// Certificates in PEM: the signer's first, then intermediate ones
    #[arg(long, value_name = "FILE", requires = "key", value_parser = path())]
    cert: Vec<PathBuf>,
    #[command(flatten)]
    how: SignFlags,
    #[command(flatten)]
    in_flight: InFlightFlag,
    /// Replace a file that is there
    #[arg(long)]
    force: bool,
    /// Show what would be written, and write nothing
    #[arg(long)]
    dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct SignArgs {
    /// The manifest
    #[arg(value_parser = path())]
    manifest: PathBuf,
    /// The key, in PEM: RSA, or ECDSA on P-256 or P-384
    #[arg(long, value_name = "FILE", value_parser = path())]
    key: PathBuf,
    /// Certificates in PEM: the signer's first, then intermediate ones
    #[arg(long, value_name = "FILE", required = true, value_parser = path())]
    cert: Vec<PathBuf>,
    #[command(flatten)]
    how: SignFlags,
    /// Drop the signatures that are there
    #[arg(long)]
    replace: bool,
    /// Write it here instead of into the manifest itself
    #[arg(long, short, value_name = "FILE", value_parser = path())]
    output: Option<PathBuf>,
    /// Replace the file of --output where there is one
    #[arg(long, requires = "output")]
    force: bool,
    /// Show what would be written, and write nothing
    #[arg(long)]
    dry_run: bool,
}

#[derive(Debug, Args)]
struct SignFlags {
    /// The digest of the inline signature
    #[arg(long, value_enum, value_name = "NAME", default_value = "sha256")]
    digest: SignatureDigest,
    /// How the signature stands there; a trailer is SHA-1
    #[arg(long, value_enum, value_name = "FORM", default_value = "inline")]
    form: SignatureForm,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum FileDigest {
    None,
    Sha256,
    Sha384,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum SignatureDigest {
    /// Counts only where SHA-1 is allowed
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum SignatureForm {
    /// A group of # lines behind the list
    Inline,
    /// PEM blocks at the end
    Trailer,
    /// Both
    Both,
}

impl SignFlags {
    fn sign(&self, manifest: Manifest, signer: &Signer) -> Result<Manifest> {
        let digest = match self.digest {
            SignatureDigest::Sha1 => DigestAlgorithm::Sha1,
            SignatureDigest::Sha256 => DigestAlgorithm::Sha256,
            SignatureDigest::Sha384 => DigestAlgorithm::Sha384,
            SignatureDigest::Sha512 => DigestAlgorithm::Sha512,
        };
        let mut manifest = manifest;
        if self.form != SignatureForm::Trailer {
            manifest = manifest.sign_inline(signer, digest)?;
        }
        if self.form != SignatureForm::Inline {
            manifest = manifest.sign_trailer(signer)?;
        }
        Ok(manifest)
    }
}

pub(super) fn create(args: &CreateArgs, out: Out) -> Result<Exit> {
    args.in_flight.heed();
    let signer = args.key.as_ref().map(|key| Signer::open(key, &args.cert)).transpose()?;
    let file = args.output.clone().unwrap_or_else(|| args.folder.join("manifest.dat"));
    let mut options = MakeOptions {
        sha256: args.digests.contains(&FileDigest::Sha256),
        sha384: args.digests.contains(&FileDigest::Sha384),
        ..MakeOptions::default()
    };
    if args.slashes {
        options.spelling = Spelling::Slashes;
    }
    args.customer_file.iter().try_for_each(|name| options.customer_files.add(name))?;
    options.output = Some(file.clone());
    let mut manifest = signing::make(&args.folder, &options)?;
    if let Some(signer) = &signer {
        manifest = args.how.sign(manifest, signer)?;
    }
    if signer.is_none() {
        out.warning("the manifest is not signed; --key and --cert sign it, or configcid manifest sign");
    }
    write(CREATE, &file, &manifest, args.force, args.dry_run, out)
}

pub(super) fn sign(args: &SignArgs, out: Out) -> Result<Exit> {
    let signer = Signer::open(&args.key, &args.cert)?;
    let mut manifest = Manifest::open(&args.manifest)?;
    if args.replace {
        manifest = manifest.without_signatures();
    }
    let manifest = args.how.sign(manifest, &signer)?;
    match &args.output {
        Some(file) => write(SIGN, file, &manifest, args.force, args.dry_run, out),
        None => write(SIGN, &args.manifest, &manifest, true, args.dry_run, out),
    }
}

fn write(command: &str, file: &Path, manifest: &Manifest, replace: bool, dry_run: bool, out: Out) -> Result<Exit> {
    #[derive(Serialize)]
    struct Body {
        dry_run: bool,
        status: Status,
        manifest: String,
        entries: usize,
        signatures: usize,
    }
    let why = if command == SIGN { "signed" } else { "manifest made" };
    let plan = Plan::write_file(file, manifest.bytes(), why, replace)?;
    let status = match (plan.is_empty(), dry_run) {
        (true, _) => Status::Unchanged,
        (false, true) => Status::Planned,
        (false, false) => plan.apply().map(|_| Status::Changed)?,
    };
    let (entries, signatures) = (manifest.len(), manifest.signatures().len());
    let shown = file.to_string_lossy().into_owned();
    let what = format!("{}, {}", count(entries, "file", "files"), count(signatures, "signature", "signatures"));
    match status {
        Status::Unchanged => out.good(text!("{shown} is so already: {what}", shown, what)),
        Status::Planned => {
            out.diffs(&plan);
            out.good(text!("Dry run: {shown} would be written: {what}", shown, what));
        }
        _ => out.good(text!("Wrote {shown}: {what}", shown, what)),
    }
    out.answer(command, Exit::Done, Body { dry_run, status, manifest: shown, entries, signatures });
    Ok(Exit::Done)
}
