//! `configcid demo`: the main job on a CID that the program makes itself.

use std::fs;
use std::path::{Path, PathBuf};

use crate::relay::{self, RelayState};
use crate::report::{count, plan_lines, relay_lines};
use crate::{Cid, DemoCid, Error, Exit, RefreshOptions, RelayAddress, RelaySetup, Result, Scope, cid, verify};
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
    out.heading(text!("1. A CID as the management server makes it: {}", esxp.display()));
    DemoCid { rms9x: true, ..DemoCid::default() }.write(&esxp)?;
    let before = relay::show(&Cid::open(&esxp)?)?;
    out.toned(relay_lines(&before));

    step(format!("2. configcid clone {} {}", esxp.display(), mresxp.display()));
    let report = cid::clone(&Cid::open(&esxp)?, &mresxp, &mut |_| {})?;
    out.line(text!("{} files, {} bytes, compared", report.files, report.bytes));

    let (ip, fqdn, netbios) = ("10.1.200.65", "MRComputer.Sales.Acme", "MRComputer");
    step(format!("3. configcid relay set {} --ip {ip} --fqdn {fqdn} --netbios {netbios}", mresxp.display()));
    let address = RelayAddress::new(Some(ip), Some(fqdn), Some(netbios))?;
    let plan = relay::set(&Cid::open(&mresxp)?, &RelaySetup::new(address))?;
    plan_lines(&plan).iter().for_each(|line| out.change(line));
    plan.apply()?;

    step(text!("4. What changed, secrets masked").to_owned());
    out.diffs(&plan);

    step(format!("5. configcid relay show {}", mresxp.display()));
    let after = relay::show(&Cid::open(&mresxp)?)?;
    out.toned(relay_lines(&after));

    step(format!("6. configcid catalog verify {}", mresxp.display()));
    let faults = verify(&Cid::open(&mresxp)?, &RefreshOptions::default(), Scope::Everything)?.faults.len();
    out.good(if faults == 0 { text!("No faults").to_owned() } else { count(faults, "fault", "faults") });
    out.line("");
    extras(&folder)?;
    out.line(text!("Both CIDs stay in {} for you to look at.", folder.display()));
    out.line(
        "What else is there is for the examples in the help of commands: messages, a log, an endpoint's registry.",
    );
    Ok(Body { folder: text(&folder), before, after, faults })
}

/// What examples of other commands need: an Envelopes folder, the log of a router, the registry of an endpoint, messages to
/// administrators. The formats are those of formats.md, sections 2 and 7; all of it is made up.
const EXTRAS: &[(&str, &str)] = &[
    ("Envelopes/0001.msg", "a message that waits"),
    ("Envelopes/0002.msg", "another one"),
    ("Logs/Router-20261121-183000.log", ROUTER_LOG),
    ("endpoint.reg", ENDPOINT),
    ("news.xml", include_str!("../../templates/messenger.example.xml")),
    ("pc.toml", include_str!("../../templates/messenger-profile.example.toml")),
    ("package.toml", "messages = \"news.xml\"\n"),
];

const ROUTER_LOG: &str = "\
21.11.2026 18:30:00 0D38 I Sophos Messaging Router 3.4.0.1 starting...\r
21.11.2026 18:30:01 0D38 I Getting parent router IOR from 10.1.200.65:8192\r
21.11.2026 18:30:02 0D38 I Waiting for messages...\r
21.11.2026 18:30:03 0D38 I Logged on to parent router as Router$PC\r
";

const ENDPOINT: &str = "Windows Registry Editor Version 5.00\r
\r
[HKEY_LOCAL_MACHINE\\SOFTWARE\\Wow6432Node\\Sophos\\Messaging System\\Router]\r
\"ParentAddress\"=\"10.1.200.65,MRComputer.Sales.Acme,MRComputer\"\r
";

fn extras(folder: &Path) -> Result<()> {
    for (name, text) in EXTRAS {
        let file = folder.join(name);
        let parent = file.parent().unwrap_or(folder);
        fs::create_dir_all(parent).map_err(|error| Error::io("make it", parent, error))?;
        fs::write(&file, text).map_err(|error| Error::io("write it", &file, error))?;
    }
    Ok(())
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
