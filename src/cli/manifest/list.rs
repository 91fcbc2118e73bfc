//! `configcid manifest list`.

use std::path::PathBuf;

use crate::base::hex::hex;
use crate::manifest::{Form, Manifest, ManifestEntry};
use crate::report::count;
use crate::signing::CertificateReport;
use crate::{Exit, Result};
use clap::Args;
use serde::Serialize;

use super::lines::form_name;
use crate::cli::flags::path;
use crate::cli::out::Out;

#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// The manifest
    #[arg(value_parser = path())]
    manifest: PathBuf,
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
    fn new(entry: ManifestEntry<'_>) -> Self {
        Self {
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

pub(super) fn list(args: &ListArgs, out: Out) -> Result<Exit> {
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
            out.line(text!(
                "{form} signature in line {line}, {algorithm}, by {signer}",
                form,
                line = signature.line,
                algorithm = signature.algorithm,
                signer
            ));
        }
        out.line(text!(
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
