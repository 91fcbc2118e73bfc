//! `configcid web config`.

use std::path::PathBuf;

use crate::report::check_outside;
use crate::web::{Server, Site, SiteOptions, SiteReport};
use crate::{Error, Exit, Result};
use clap::Args;
use serde::Serialize;

use crate::cli::flags::path;
use crate::cli::out::Out;
use crate::cli::paper::PaperFlags;

#[derive(Debug, Args)]
pub(crate) struct ConfigArgs {
    /// The web server
    #[arg(value_enum)]
    server: Server,
    /// The CIDs that it is to serve, each at the name of its folder
    #[arg(value_name = "CID", required = true, value_parser = path())]
    cids: Vec<PathBuf>,
    /// The folder on the web server that holds the CIDs, where that is another computer or place
    #[arg(long, value_name = "DIR")]
    at: Option<String>,
    /// The path of the URL below which the CIDs are served, such as /CIDs/S000
    #[arg(long, value_name = "PATH", default_value = "/")]
    url: String,
    /// How long a cache may keep what only the vendor changes; it always asks again for catalogs and the customer's files
    #[arg(long, value_name = "SECONDS", default_value_t = crate::web::PAYLOAD_AGE, value_parser = clap::value_parser!(u32).range(0..=31_536_000))]
    payload_age: u32,
    #[command(flatten)]
    paper: PaperFlags,
}

const COMMAND: &str = "web config";

pub(super) fn run(args: &ConfigArgs, out: Out) -> Exit {
    make(args, out).unwrap_or_else(|error| out.fail(COMMAND, &error))
}

#[derive(Serialize)]
struct Body {
    server: Server,
    #[serde(flatten)]
    site: SiteReport,
    warnings: Vec<String>,
}

fn make(args: &ConfigArgs, out: Out) -> Result<Exit> {
    if let Some(url) = args.cids.iter().map(|cid| cid.to_string_lossy()).find(|cid| cid.contains("://")) {
        return Err(Error::usage(text!("{url} is no folder", url))
            .next("a configuration is made from the CID's folder; configcid web check looks at a URL"));
    }
    if args.server == Server::Iis && (args.at.is_some() || args.url != "/") {
        return Err(Error::usage("a web.config holds neither a folder nor a URL")
            .next("leave --at and --url out, and put it into the folder that holds the CIDs"));
    }
    if let Some(file) = &args.paper.out {
        check_outside(
            file,
            &args.cids,
            text!("this file would lie in the CID that it is about, where no catalog lists it"),
        )?;
    }
    let options = SiteOptions { at: args.at.clone(), url: args.url.clone(), payload_age: args.payload_age };
    let site = Site::new(&args.cids, &options)?;
    let config = site.config(args.server)?;
    site.warnings.iter().for_each(|warning| out.warning(warning));
    let body = Body { server: args.server, site: site.report(&args.cids), warnings: site.warnings };
    args.paper.deliver(COMMAND, None, config, body, out)
}
