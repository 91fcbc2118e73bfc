//! `configcid demo`: the main job on a CID that the program makes itself.

use std::path::{Path, PathBuf};

use crate::relay::{self, RelayState};
use crate::report::{count, plan_lines, relay_lines};
use crate::{Cid, DemoCid, Exit, RefreshOptions, RelayAddress, RelaySetup, Result, Scope, cid, verify};
use clap::Args;
use serde::Serialize;

use super::flags::path;
use super::out::Out;

#[derive(Debug, Args)]
pub(super) struct DemoArgs {
    /// Where to make it; by default a new folder among the temporary files
    #[arg(value_parser = path())]
    pub dir: Option<PathBuf>,
}

#[derive(Serialize)]
struct Body {
    folder: String,
    before: RelayState,
    after: RelayState,
    faults: usize,
}

pub(super) fn run(args: &DemoArgs, out: Out) -> Exit {
    const COMMAND: &str = "demo";
    match demo(args, out) {
        Ok(body) => {
            let exit = if body.faults == 0 { Exit::Done } else { Exit::Faults };
            out.answer(COMMAND, exit, body);
            exit
        }
        Err(error) => out.fail(COMMAND, &error),
    }
}

fn demo(args: &DemoArgs, out: Out) -> Result<Body> {
    let folder = args.dir.clone().unwrap_or_else(unused_folder);
    let (esxp, mresxp) = (folder.join("ESXP"), folder.join("MRESXP"));
    let step = |what: String| {
        out.line("");
        out.heading(what);
    };
    out.heading(format!("1. A CID as the management server makes it: {}", esxp.display()));
    DemoCid { rms9x: true, ..DemoCid::default() }.write(&esxp)?;
    let before = relay::show(&Cid::open(&esxp)?)?;
    out.toned(relay_lines(&before));

    step(format!("2. configcid clone {} {}", esxp.display(), mresxp.display()));
    let report = cid::clone(&Cid::open(&esxp)?, &mresxp, &mut |_| {})?;
    out.line(format!("{} files, {} bytes, compared", report.files, report.bytes));

    let (ip, fqdn, netbios) = ("10.1.200.65", "MRComputer.Sales.Acme", "MRComputer");
    step(format!("3. configcid relay set {} --ip {ip} --fqdn {fqdn} --netbios {netbios}", mresxp.display()));
    let address = RelayAddress::new(Some(ip), Some(fqdn), Some(netbios))?;
    let plan = relay::set(&Cid::open(&mresxp)?, &RelaySetup::new(address))?;
    plan_lines(&plan).iter().for_each(|line| out.change(line));
    plan.apply()?;

    step("4. What changed, secrets masked".to_owned());
    out.diffs(&plan);

    step(format!("5. configcid relay show {}", mresxp.display()));
    let after = relay::show(&Cid::open(&mresxp)?)?;
    out.toned(relay_lines(&after));

    step(format!("6. configcid catalog verify {}", mresxp.display()));
    let faults = verify(&Cid::open(&mresxp)?, &RefreshOptions::default(), Scope::Everything)?.faults.len();
    out.good(if faults == 0 { "No faults".to_owned() } else { count(faults, "fault", "faults") });
    out.line("");
    out.line(format!("Both CIDs stay in {} for you to look at.", folder.display()));
    Ok(Body { folder: text(&folder), before, after, faults })
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// A folder among the temporary files that is not there yet.
fn unused_folder() -> PathBuf {
    let name = |number: u32| std::env::temp_dir().join(format!("configcid-demo-{number}"));
    let first = std::process::id();
    (first..).map(name).find(|path| path.symlink_metadata().is_err()).unwrap_or_else(|| name(first))
}
