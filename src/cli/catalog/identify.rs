//! `configcid catalog identify`.

use std::path::{Path, PathBuf};

use crate::catalogs::{self, Identified};
use crate::report::{catalog_name, count, write_file};
use crate::{Cid, Exit, Result};
use clap::Args;
use serde::Serialize;

use super::super::flags::{CheckedCids, path};
use super::super::look::look_at_all;
use super::super::out::Out;

#[derive(Debug, Args)]
pub(crate) struct IdentifyArgs {
    #[command(flatten)]
    cids: CheckedCids,
    /// Write the definition to this file, such as checksum.toml, where one fits all of a CID's catalogs
    #[arg(long, value_name = "FILE", value_parser = path())]
    save: Option<PathBuf>,
    /// Replace the file of --save where there is one
    #[arg(long, requires = "save")]
    force: bool,
}

#[derive(Serialize)]
struct Body {
    /// The function that serves all catalogs.
    checksum: Option<String>,
    catalogs: Vec<Identified>,
}

pub(super) fn run(args: &IdentifyArgs, out: Out) -> Exit {
    const COMMAND: &str = "catalog identify";
    let options = match args.cids.options() {
        Ok(options) => options,
        Err(error) => return out.fail(COMMAND, &error),
    };
    look_at_all(COMMAND, &args.cids.cids, out, |path| {
        let found = catalogs::identify(&Cid::open(path)?, &options.customer_files)?;
        found.iter().for_each(|of| line_of(of, out));
        let checksum = of_all(&found);
        match &checksum {
            Some(checksum) => {
                out.good(text!("Use it with: --checksum '{checksum}'", checksum));
                if let Some(file) = &args.save {
                    save(file, checksum, args.force)?;
                    out.good(text!("Written to {}: use it with --checksum {}", file.display(), file.display()));
                }
            }
            None => {
                out.fault("No function of the space fits all catalogs for sure (docs/formats.md, section 3)");
                out.line("configcid catalog sample CID makes a file that the project could learn from");
            }
        }
        let faults = checksum.is_none();
        Ok((Body { checksum, catalogs: found }, faults))
    })
}

fn line_of(of: &Identified, out: Out) {
    let (name, place) = catalog_name(&of.catalog);
    let head = text!(
        "Read catalog file {name} in {place} ({entries})",
        name,
        place,
        entries = count(of.entries, "entry", "entries")
    );
    let Some(fit) = &of.fit else {
        return out.line(text!("{head}: nothing fits {files}", head, files = count(of.files, "file", "files")));
    };
    let own = if fit.own { text!("and its own checksum") } else { text!("and not its own checksum") };
    let files = text!("{} of {}", fit.agree, count(of.files, "file", "files"));
    out.line(text!("{head}: {checksum} fits {files}, {own}", head, checksum = fit.checksum, files, own));
    let contents = count(fit.contents, "different content", "different contents");
    match (fit.decided, fit.spare_bits) {
        (false, _) => {
            out.line(text!("    {contents}, too few: other parameters fit as well, for files of other sizes", contents))
        }
        (true, ..0) => out.line(text!("    {contents}, too few to tell from chance", contents)),
        (true, bits) => {
            out.line(text!("    {contents}, {bits} bits more than it takes to choose such a function", contents, bits))
        }
    }
}

/// The function that is sure for every catalog.
fn of_all(found: &[Identified]) -> Option<String> {
    let mut fits = found.iter().map(|of| of.fit.as_ref().filter(|fit| fit.sure));
    let first = fits.next()??.checksum;
    fits.all(|fit| fit.is_some_and(|fit| fit.checksum == first)).then(|| first.to_string())
}

fn save(file: &Path, checksum: &str, force: bool) -> Result<()> {
    let text =
        format!("# Found by configcid catalog identify; --checksum takes this file.\nchecksum = \"{checksum}\"\n");
    write_file(file, text.as_bytes(), force)
}
