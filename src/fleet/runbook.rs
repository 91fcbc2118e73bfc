//! The steps for a person: what no program can do in the console, relay by relay, in an order that works \[14635\].

use crate::base::language::either;
use std::collections::HashMap;
use std::path::Path;

use super::check::MAX_LEVELS;
use super::picture::endpoint_count;
use super::{Fleet, FleetCid, Platform, Relay, check, registry};
use crate::base::error::{Error, ErrorKind, Position, Result};
use crate::base::html;
use crate::base::template::Markup;
use crate::base::template::{Values, fill};
use crate::base::text::{count, word};

const TEMPLATE: &str = include_str!("../../templates/runbook.md");
const GERMAN: &str = include_str!("../../templates/de/runbook.md");

/// The steps in the console for all relays of a fleet, parents before children, from `templates/runbook.md`: policy and
/// group, the relay first, then its endpoints, and how to verify each. `file` is what the commands in it call the fleet
/// file. As [`Markup::Html`] it is a whole page, with boxes to tick.
///
/// # Errors
/// [`check`](fn@check) finds an error in the file: then there is no order that works.
///
/// ```
/// use configcid::fleet::{Fleet, runbook};
/// use configcid::report::Markup;
///
/// let fleet = Fleet::parse(b"[server]\nname = 'S'\nip = '10.1.1.1'\n[[relay]]\nname = 'A'\nip = '10.1.1.2'\n", "".as_ref())?;
/// assert!(runbook(&fleet, "fleet.toml".as_ref(), Markup::Markdown)?.contains("## 1. A\n"));
/// # Ok::<(), configcid::Error>(())
/// ```
pub fn runbook(fleet: &Fleet, file: &Path, markup: Markup) -> Result<String> {
    let findings = check(fleet);
    if let Some(first) = findings.iter().find(|finding| finding.is_error()) {
        let errors = findings.iter().filter(|finding| finding.is_error()).count();
        let what =
            text!("there is no order of steps while the file has {}: {}", count(errors, "error", "errors"), first.what);
        let error = Error::new(ErrorKind::Fleet, what).at(Position::Line(first.line));
        return Err(error.in_file(file).next("configcid fleet check lists all"));
    }
    let mut files: HashMap<usize, String> = registry(fleet)?.into_iter().map(|file| (file.relay, file.name)).collect();
    let cids = fleet.cids_of_relays();
    let relays = order(fleet).into_iter().enumerate().map(|(number, (relay, level))| {
        let file = files.remove(&relay);
        Ok(relay_values(fleet, relay, level, &cids[relay])?.text("NUMBER", (number + 1).to_string()).maybe("REG", file))
    });
    let name = file.to_string_lossy();
    let values = Values::default()
        .text("SERVER", &fleet.server.machine.name.value)
        .text("FILE", &*name)
        .text("FILE_WORD", word(&name))
        .text("VERSION", env!("CARGO_PKG_VERSION"))
        .text("RELAYS", count(fleet.relays.len(), "relay", "relays"))
        .list("RELAY", relays.collect::<Result<_>>()?);
    let text = fill(either(TEMPLATE, GERMAN), &values, markup);
    Ok(match markup {
        Markup::Markdown => text,
        Markup::Html => {
            html::page(&text!("Message relays of {}: the steps in the console", fleet.server.machine.name.value), &text)
        }
    })
}

/// The relays with their levels, parents before children, and otherwise as in the file.
pub(super) fn order(fleet: &Fleet) -> Vec<(usize, usize)> {
    let mut order: Vec<(usize, usize)> =
        fleet.levels().into_iter().enumerate().filter_map(|(relay, level)| Some((relay, level?))).collect();
    order.sort_by_key(|(relay, level)| (*level, *relay));
    order
}

fn relay_values(fleet: &Fleet, index: usize, level: usize, cids: &[usize]) -> Result<Values> {
    let Relay { machine, reports_to, .. } = &fleet.relays[index];
    let name = &machine.name.value;
    let parent = fleet.machine(*reports_to).map_or("", |parent| &parent.name.value);
    let address = machine.address()?;
    let list = address.to_string();
    let host = address
        .fqdn()
        .map(str::to_owned)
        .or(address.ip().map(|ip| ip.to_string()))
        .or(address.netbios().map(str::to_owned));
    let computer = machine.netbios.as_ref().map_or(name, |netbios| &netbios.value);
    let cids: Vec<&FleetCid> = cids.iter().map(|index| &fleet.cids[*index]).collect();
    let parent_relay = fleet.parent_relay_address(index)?;
    let platforms = |cid: &FleetCid| {
        cid.platforms.value.iter().map(|platform| words(*platform)).collect::<Vec<_>>().join(text!(" and "))
    };
    let cid_values = |cid: &&FleetCid| Values::default().text("PATH", cid.shown()).text("PLATFORMS", platforms(cid));
    Ok(Values::default()
        .text("RELAY", name)
        .text("PARENT", parent)
        .text("LEVEL", level.to_string())
        .text("LEVELS", MAX_LEVELS.to_string())
        .text("LIST_WORD", word(&list))
        .text("LIST", list)
        .maybe("ENDPOINTS", machine.endpoints.as_ref().map(|endpoints| endpoint_count(endpoints.value.into())))
        .text("POLICY", format!("Relay {name}"))
        .text("GROUP", format!("Relay {name}"))
        .text("COMPUTER", computer)
        .maybe("PARENT_RELAY", parent_relay.is_some().then(|| parent.to_owned()))
        .maybe("PARENT_LIST", parent_relay.map(|address| address.to_string()))
        .maybe("FIRST_PATH", cids.first().map(|cid| word(&cid.shown())))
        .maybe(
            "NO_CID",
            cids.is_empty().then(|| text!("make one for each platform of its endpoints, and name it there").to_owned()),
        )
        .maybe("HOST", host)
        .list("CID", cids.iter().map(cid_values).collect()))
}

fn words(platform: Platform) -> &'static str {
    match platform {
        Platform::Windows => "Windows",
        Platform::Windows9x => text!("Windows 95, 98 and Me"),
        Platform::Mac => "Macs",
        Platform::Linux => "Linux",
    }
}
