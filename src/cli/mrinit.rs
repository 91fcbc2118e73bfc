//! `configcid mrinit show` and `configcid mrinit set`: one file, without a CID around it.

use crate::mrinit::{KEY_MR_PARENT, KEY_PARENT_ROUTER, Mrinit, Value, is_secret_key, masked};
use crate::plan::LockOptions;
use crate::report::plan_lines;
use crate::{Exit, Result, Run, relay};
use serde::Serialize;

use super::args::{MrinitSetArgs, MrinitShowArgs};
use super::out::Out;
use super::refresh::Work;

#[derive(Serialize)]
struct Shown {
    file: String,
    encoding: &'static str,
    settings: Vec<ShownSetting>,
    faults: Vec<String>,
}

#[derive(Serialize)]
struct ShownSetting {
    name: String,
    value: String,
    line: usize,
}

pub fn show(args: &MrinitShowArgs, out: Out) -> Exit {
    const COMMAND: &str = "mrinit show";
    let conf = match relay::read_file(&args.file) {
        Ok(conf) => conf,
        Err(error) => return out.fail(COMMAND, &error),
    };
    let shown = Shown {
        file: args.file.to_string_lossy().into_owned(),
        encoding: conf.encoding().name(),
        settings: settings(&conf),
        faults: faults(&conf),
    };
    out.detail(format!("{} ({})", shown.file, shown.encoding));
    let width = shown.settings.iter().map(|setting| setting.name.chars().count()).max().unwrap_or(0);
    for ShownSetting { name, value, .. } in &shown.settings {
        out.line(format!("{name:width$}  {value}"));
    }
    shown.faults.iter().for_each(|fault| out.fault(format!("fault: {fault}")));
    let exit = if shown.faults.is_empty() { Exit::Done } else { Exit::Faults };
    out.answer(COMMAND, exit, shown);
    exit
}

fn settings(conf: &Mrinit) -> Vec<ShownSetting> {
    conf.settings()
        .map(|setting| ShownSetting {
            name: setting.name.to_owned(),
            value: match setting.value {
                Value::Text(text) if is_secret_key(setting.name) => masked(text),
                value => value.to_string(),
            },
            line: setting.line,
        })
        .collect()
}

/// What keeps a router from using the file.
fn faults(conf: &Mrinit) -> Vec<String> {
    let mut faults: Vec<String> = [KEY_PARENT_ROUTER, KEY_MR_PARENT]
        .iter()
        .filter_map(|key| conf.text(key).err())
        .map(|error| error.to_string())
        .collect();
    faults.dedup();
    faults
}

pub fn set(args: &MrinitSetArgs, out: Out) -> Exit {
    const COMMAND: &str = "mrinit set";
    let wanted = || -> Result<(String, String)> {
        Ok(match (&args.name, &args.value) {
            (Some(name), Some(value)) => (name.clone(), value.clone()),
            _ => {
                let address = args.address.address()?;
                address.warnings().iter().for_each(|warning| out.warning(warning));
                (KEY_PARENT_ROUTER.to_owned(), address.to_string())
            }
        })
    };
    let (name, value) = match wanted() {
        Ok(wanted) => wanted,
        Err(error) => return out.fail(COMMAND, &error),
    };
    let run = Run { dry_run: args.dry_run, lock: LockOptions::default(), look: None };
    let work = Work { command: COMMAND, run, lines: &plan_lines };
    work.on_all(std::slice::from_ref(&args.file), out, |file| relay::edit_file(file, &name, &value))
}
