//! `configcid catalog sample`.

use std::path::{Path, PathBuf};

use crate::catalog::CidPath;
use crate::catalogs::{Offer, offer};
use crate::report::{catalog_name, check_outside, count, to_json, write_file};
use crate::{Cid, Error, Exit, Result};
use clap::Args;

use super::super::flags::{FunctionFlags, path};
use super::super::look::look_at_all;
use super::super::out::Out;

#[derive(Debug, Args)]
pub(crate) struct SampleArgs {
    /// The CID
    #[arg(value_name = "CID", value_parser = path())]
    cid: PathBuf,
    /// A file to take in, as the list has it: it must be one that the vendor ships to everybody
    #[arg(long, value_name = "PATH")]
    file: Vec<String>,
    /// Take in every file of the list that a signed manifest lists
    #[arg(long)]
    agree: bool,
    /// Take in the paths of these files too: they may be part of the checksum
    #[arg(long, requires = "out")]
    with_paths: bool,
    /// The file to write
    #[arg(long, value_name = "FILE", value_parser = path())]
    out: Option<PathBuf>,
    #[command(flatten)]
    function: FunctionFlags,
}

pub(super) fn run(args: &SampleArgs, out: Out) -> Exit {
    const COMMAND: &str = "catalog sample";
    let options = match args.function.options() {
        Ok(options) => options,
        Err(error) => return out.fail(COMMAND, &error),
    };
    look_at_all(COMMAND, std::slice::from_ref(&args.cid), out, |path| {
        let offer = offer(&Cid::open(path)?, &options)?;
        for (catalog, function) in &offer.known {
            let (name, place) = catalog_name(catalog);
            out.line(text!(
                "Read catalog file {name} in {place}: its function is known, {function}",
                name,
                place,
                function
            ));
        }
        if offer.all_known {
            out.good("Nothing to do: every function is known, and a sample would tell nothing new");
        } else if let Some(file) = &args.out {
            write(args, file, &offer, out)?;
        } else {
            list(&offer, out);
        }
        Ok((offer, false))
    })
}

fn list(offer: &Offer, out: Out) {
    for file in &offer.files {
        let signed = if file.signed { text!("in a manifest") } else { "" };
        out.line(format!("{:>6}  {:13}  {}  ({})", file.size, signed, file.path, file.why));
    }
    out.line(text!("{} could be taken in; nothing was written. Take only files that the vendor ships to everybody: --file PATH for \
         each, or --agree for those in a manifest, and --out FILE", count(offer.files.len(), "file", "files")));
}

/// A path in the CID, as catalogs have it or as this system does.
fn in_cid(path: &str) -> Result<CidPath> {
    let path = path.replace('/', "\\");
    CidPath::parse(&if path.starts_with('\\') { path } else { format!("\\{path}") })
}

fn write(args: &SampleArgs, file: &Path, offer: &Offer, out: Out) -> Result<()> {
    check_outside(file, std::slice::from_ref(&args.cid), text!("what is in it is for endpoints"))?;
    let mut agreed = args.file.iter().map(|path| in_cid(path)).collect::<Result<Vec<CidPath>>>()?;
    if args.agree {
        agreed.extend(offer.files.iter().filter(|file| file.signed).map(|file| file.path.clone()));
    }
    if agreed.is_empty() {
        let what = if args.agree {
            text!("no file that is offered stands in a manifest")
        } else {
            text!("no file was agreed to")
        };
        return Err(
            Error::usage(what).next("name files with --file PATH: catalog sample CID lists those that are offered")
        );
    }
    agreed.sort();
    agreed.dedup_by_key(|path| path.key());
    let sample = offer.sample(&agreed, args.with_paths)?;
    write_file(file, to_json(&sample).as_bytes(), false)?;
    out.good(text!(
        "Done: {} written to {}: look at it before you send it",
        count(agreed.len(), "file", "files"),
        file.display()
    ));
    Ok(())
}
