//! One page on a fleet: the picture, what the checks found, how each CID is, and what is left to do.

use std::fmt::Write;
use std::path::Path;

use super::endpoint_table;
use super::endpoints::FleetEndpoints;
use super::picture::graph_with;
use super::runbook::order;
use super::{CidStatus, Fleet, FleetCid, FleetFinding, PictureFormat, State, summary};
use crate::base::html::{self, escape};
use crate::base::text::{count, word};

/// The page, which needs no other file and runs nothing. `file` is what the commands in it call the fleet file, `findings` are
/// those of [`check`](fn@super::check) and its kin, and `statuses` those of [`status`](fn@super::status), one for each CID in
/// the order of the file; without them the page says that nobody looked. The same input gives the same bytes.
///
/// ```
/// use configcid::fleet::{Fleet, check, report};
///
/// let fleet = Fleet::parse(b"[server]\nname = 'S'\nip = '10.1.1.1'\n", "".as_ref())?;
/// let page = report(&fleet, "fleet.toml".as_ref(), &check(&fleet), None);
/// assert!(page.starts_with("<!DOCTYPE html>") && page.contains("<svg"));
/// # Ok::<(), configcid::Error>(())
/// ```
pub fn report(fleet: &Fleet, file: &Path, findings: &[FleetFinding], statuses: Option<&[CidStatus]>) -> String {
    report_with(fleet, file, findings, statuses, None)
}

/// The same with what a survey says of the endpoints, whose table a script in the page sorts and filters.
pub(crate) fn report_with(
    fleet: &Fleet,
    file: &Path,
    findings: &[FleetFinding],
    statuses: Option<&[CidStatus]>,
    endpoints: Option<&FleetEndpoints>,
) -> String {
    let mut body = String::new();
    overview(fleet, findings, statuses, &mut body);
    if let Some(all) = endpoints {
        counts(all, &mut body);
    }
    body.push_str(text!("<h2>What is left to do</h2>\n"));
    steps(fleet, file, findings, statuses, endpoints, &mut body);
    let picture = graph_with(fleet, findings, endpoints, PictureFormat::Svg);
    let _ = body.write_str(&text!("<h2>Picture</h2>\n<div class=\"scroll\">{picture}</div>\n", picture));
    body.push_str("<h2>Checks</h2>\n");
    checks(findings, &mut body);
    body.push_str("<h2>CIDs</h2>\n");
    cids(fleet, statuses, &mut body);
    let title = text!("Message relays of {}", fleet.server.machine.name.value);
    let Some(all) = endpoints else { return html::page(&title, &body) };
    body.push_str("<h2>Endpoints</h2>\n");
    endpoint_table::endpoints(all, &mut body);
    html::page_with_script(&title, &body, &endpoint_table::script())
}

/// How many endpoints are in which state.
fn counts(all: &FleetEndpoints, body: &mut String) {
    let said: Vec<String> = all
        .counts
        .each()
        .into_iter()
        .filter(|(_, number)| *number > 0)
        .map(|(state, number)| {
            format!("<span class=\"{}\">{number} {}</span>", endpoint_table::class_of(state), state.name())
        })
        .collect();
    let said = if said.is_empty() { "none".to_owned() } else { said.join(", ") };
    let _ = writeln!(body, "{}", text!("<p>Endpoints of the survey: {said}.</p>", said));
}

fn in_state(statuses: &[CidStatus], state: State) -> usize {
    statuses.iter().filter(|status| status.state == state).count()
}

/// In a few words, how it stands.
fn overview(fleet: &Fleet, findings: &[FleetFinding], statuses: Option<&[CidStatus]>, body: &mut String) {
    let class = match (findings.iter().any(FleetFinding::is_error), findings.is_empty()) {
        (true, _) => "bad",
        (false, false) => "doubtful",
        (false, true) => "good",
    };
    let (relays, all) = (count(fleet.relays.len(), "relay", "relays"), count(fleet.cids.len(), "CID", "CIDs"));
    let _ = writeln!(
        body,
        "{}",
        text!(
            "<p>{relays}, {all}. Checks: <span class=\"{class}\">{findings}</span>.",
            relays,
            all,
            class,
            findings = summary(findings)
        )
    );
    let Some(statuses) = statuses else {
        body.push_str(text!("The CIDs were not looked at.</p>\n"));
        return;
    };
    let said = State::ALL.iter().map(|state| (state, in_state(statuses, *state))).filter(|(_, number)| *number > 0);
    let said: Vec<String> = said
        .map(|(state, number)| format!("<span class=\"{}\">{number} {}</span>", class_of(*state), words(*state)))
        .collect();
    if !said.is_empty() {
        let _ = writeln!(body, "CIDs: {}.", said.join(", "));
    }
    body.push_str("</p>\n");
}

fn class_of(state: State) -> &'static str {
    match state {
        State::InStep => "good",
        State::Behind => "doubtful",
        State::Drifted | State::Unreachable => "bad",
    }
}

/// The state, for people.
fn words(state: State) -> String {
    state.name().replace('-', " ")
}

fn code(text: &str) -> String {
    format!("<code>{}</code>", escape(text))
}

fn steps(
    fleet: &Fleet,
    file: &Path,
    findings: &[FleetFinding],
    statuses: Option<&[CidStatus]>,
    endpoints: Option<&FleetEndpoints>,
    body: &mut String,
) {
    let file = word(&file.to_string_lossy());
    let command = |name: &str| code(&format!("configcid fleet {name} {file}"));
    let mut steps: Vec<String> = Vec::new();
    // What only a survey tells is no mistake of the file.
    let of_survey = |finding: &FleetFinding| endpoints.is_some_and(|all| all.findings.contains(finding));
    let errors = findings.iter().filter(|finding| finding.is_error() && !of_survey(finding)).count();
    if errors > 0 {
        let errors = count(errors, "error", "errors");
        steps.push(text!("Mend {errors} below, until {command} finds none.", errors, command = command("check")));
    }
    let of = |state: State| -> Vec<&FleetCid> {
        let both = fleet.cids.iter().zip(statuses.unwrap_or_default());
        both.filter(|(_, status)| status.state == state).map(|(cid, _)| cid).collect()
    };
    if statuses.is_none() && !fleet.cids.is_empty() {
        steps.push(text!("See how the CIDs are: {}.", command("status")));
    }
    let unreachable = of(State::Unreachable);
    if !unreachable.is_empty() {
        let number = count(unreachable.len(), "CID", "CIDs");
        steps.push(text!("Make {number} readable: {unreachable}.", number, unreachable = list(&unreachable)));
    }
    let drifted = of(State::Drifted);
    if !drifted.is_empty() {
        let number = count(drifted.len(), "CID", "CIDs");
        steps.push(text!("Look who changed {number}, and why: {drifted}.", number, drifted = list(&drifted)));
    }
    let behind = drifted.len() + of(State::Behind).len();
    if behind > 0 {
        let number = count(behind, "CID", "CIDs");
        steps.push(text!(
            "Bring {number} in step: {command} shows what changes, {command2} does it.",
            number,
            command = command("plan"),
            command2 = command("apply")
        ));
    }
    if let Some(all) = endpoints.filter(|all| all.findings.iter().any(FleetFinding::is_error)) {
        let number = all.endpoints.iter().filter(|row| row.endpoint.fault).count();
        steps.push(text!("See after {} of the survey that do not report where they should, and after those that it does not have: {}.", count(number, "endpoint", "endpoints"), command("endpoints")));
    }
    if !fleet.relays.is_empty() {
        let names: Vec<String> =
            order(fleet).into_iter().map(|(relay, _)| escape(&fleet.relays[relay].machine.name.value)).collect();
        let names = if names.len() > 12 { String::new() } else { format!(": {}", names.join(", ")) };
        steps.push(text!("Where it has not been done yet: write the registry values of the relays ({command}), and follow the steps in the \
             console ({command2}), parents before children{names}.", command = command("registry"), command2 = command("runbook"), names));
    }
    if steps.is_empty() {
        body.push_str("<p>Nothing.</p>\n");
        return;
    }
    body.push_str("<ol>\n");
    body.extend(steps.iter().map(|step| format!("<li>{step}\n")));
    body.push_str("</ol>\n");
}

/// Some CIDs by name; of many, how many more there are.
fn list(cids: &[&FleetCid]) -> String {
    const MOST: usize = 6;
    let mut names: Vec<String> = cids.iter().take(MOST).map(|cid| code(&cid.shown())).collect();
    if cids.len() > MOST {
        names.push(text!("and {} more", cids.len() - MOST));
    }
    names.join(", ")
}

fn checks(findings: &[FleetFinding], body: &mut String) {
    if findings.is_empty() {
        body.push_str(text!("<p class=\"good\">Nothing is against a rule.</p>\n"));
        return;
    }
    body.push_str(
        text!("<div class=\"scroll\"><table><thead><tr><th class=\"number\">Line<th>&nbsp;<th>What<th>Article<th>What to do</thead><tbody>\n"),
    );
    let mut sorted: Vec<&FleetFinding> = findings.iter().collect();
    sorted.sort_by_key(|finding| (finding.severity, finding.line));
    for finding in sorted {
        let (class, word) = if finding.is_error() { ("bad", "error") } else { ("doubtful", "warning") };
        let FleetFinding { line, article, what, next, .. } = finding;
        let _ = write!(body, "<tr><td class=\"number\">{line}<td class=\"{class}\">{word}<td>{}", escape(what));
        let _ = writeln!(body, "<td>{}<td>{}", escape(article), escape(next));
    }
    body.push_str("</tbody></table></div>\n");
}

fn cids(fleet: &Fleet, statuses: Option<&[CidStatus]>, body: &mut String) {
    if fleet.cids.is_empty() {
        body.push_str(text!("<p>The file names none.</p>\n"));
        return;
    }
    body.push_str(text!(
        "<div class=\"scroll\"><table><thead><tr><th>CID<th>Endpoints<th>Report to<th>State</thead><tbody>\n"
    ));
    let mut order: Vec<usize> = (0..fleet.cids.len()).collect();
    let status = |index: usize| statuses.and_then(|statuses| statuses.get(index));
    // What is not as it should be comes first.
    order.sort_by_key(|index| (std::cmp::Reverse(status(*index).map(|status| status.state)), *index));
    for index in order {
        let cid = &fleet.cids[index];
        let platforms: Vec<&str> = cid.platforms.value.iter().map(|platform| platform.name()).collect();
        let to = fleet.machine(cid.reports_to).map_or("?", |machine| &machine.name.value);
        let follows = cid.source.as_ref().map_or_else(String::new, |source| {
            text!("<br><span class=\"soft\">follows {}</span>", escape(&source.value))
        });
        let published: String =
            cid.places().map(|place| text!("<br><span class=\"soft\">published to {}</span>", escape(place))).collect();
        let _ = write!(
            body,
            "<tr><td>{}{follows}{published}<td>{}<td>{}<td>",
            code(&cid.shown()),
            platforms.join(", "),
            escape(to)
        );
        match status(index) {
            None => body.push_str(text!("<span class=\"soft\">not looked at</span>\n")),
            Some(status) => state(status, body),
        }
    }
    body.push_str("</tbody></table></div>\n");
}

fn state(status: &CidStatus, body: &mut String) {
    let _ = write!(body, "<span class=\"{}\">{}</span>", class_of(status.state), words(status.state));
    for difference in &status.differences {
        let path = difference.path.as_ref().map_or_else(String::new, |path| format!("{}: ", code(path.as_str())));
        let _ = write!(body, "<br>{path}{}", escape(&difference.what));
    }
    if let Some(error) = &status.error {
        let _ = write!(body, "<br>{}", escape(&error.what));
    }
    body.push('\n');
}
