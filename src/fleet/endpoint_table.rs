//! The part of the report that tells of endpoints: machine by machine, and a table that the page's script sorts and filters.

use crate::base::language::said;
use std::fmt::Write;

use super::endpoints::{AtMachine, FleetEndpoint, FleetEndpoints};
use crate::base::html::escape;
use crate::base::text::count;
use crate::endpoints::EndpointState;

/// The script of the page. Without it the page is the same, with everything in the order of the names.
const SCRIPT: &str = include_str!("../../templates/table.js");

/// What the script has to say, as it stands in it.
const WORDS: [&str; 6] = ["Filter: words of any column", "State", "Machine", "every state", "every machine", " of "];

/// The script that sorts and filters the table of endpoints, with its words in the language of the run.
pub(super) fn script() -> String {
    WORDS
        .iter()
        .fold(SCRIPT.to_owned(), |script, word| script.replace(&format!("\"{word}\""), &format!("\"{}\"", said(word))))
}

/// From so many endpoints on, the page has those alone that are not as they should be (our choice: browsers lay out no more
/// in a moment).
const MOST: usize = 20_000;

pub(super) fn class_of(state: EndpointState) -> &'static str {
    match state {
        EndpointState::Reports => "good",
        EndpointState::Unreachable | EndpointState::Unknown => "doubtful",
        _ => "bad",
    }
}

pub(super) fn endpoints(all: &FleetEndpoints, body: &mut String) {
    machines(all, body);
    if all.endpoints.is_empty() {
        body.push_str(text!("<p class=\"bad\">The survey tells of no endpoint.</p>\n"));
        return;
    }
    let is_part = all.endpoints.len() > MOST;
    let shown = all.endpoints.iter().filter(|row| !is_part || row.endpoint.fault);
    if is_part {
        let number = count(all.endpoints.len(), "endpoint", "endpoints");
        let _ = writeln!(
            body,
            "{}",
            text!(
                "<p>The survey has {number}; below stand those that are not as they should be. <code>configcid fleet endpoints \
             --json</code> has all.</p>",
                number
            )
        );
    }
    body.push_str(text!(
        "<div class=\"scroll\"><table class=\"sorted\"><thead><tr><th>Computer<th>State<th>Reports to<th>Belongs to\
         <th>Parent<th>Seen<th>Why</thead><tbody>\n"
    ));
    shown.for_each(|row| line(row, body));
    body.push_str("</tbody></table></div>\n");
}

fn line(row: &FleetEndpoint, body: &mut String) {
    let FleetEndpoint { endpoint, is, reports_to, belongs_to } = row;
    let text = |text: &Option<String>| text.as_deref().map(escape).unwrap_or_default();
    let state = endpoint.state;
    let class = if endpoint.fault { class_of(state) } else { "good" };
    let is = is.as_ref().map_or_else(String::new, |name| text!(" <span class=\"soft\">is {}</span>", escape(name)));
    let _ = write!(
        body,
        "<tr><td>{}{is}<td class=\"{class}\">{}<td>{}<td>{}",
        escape(&endpoint.name),
        state.name(),
        text(reports_to),
        text(belongs_to)
    );
    let parent = endpoint.parent.as_ref().or(endpoint.mrinit_parent.as_ref()).cloned();
    let _ = writeln!(body, "<td>{}<td>{}<td>{}", text(&parent), text(&endpoint.seen), text(&endpoint.reason));
}

fn machines(all: &FleetEndpoints, body: &mut String) {
    body.push_str(text!(
        "<div class=\"scroll\"><table><thead><tr><th>Machine<th class=\"number\">Expected<th class=\"number\">Found\
         <th class=\"number\">Elsewhere<th class=\"number\">To set up<th class=\"number\">Unknown\
         <th class=\"number\">Not in the survey</thead><tbody>\n"
    ));
    for at in &all.machines {
        let AtMachine { machine, expected, found, elsewhere, to_set_up, unknown, missing, .. } = at;
        let class = match expected {
            Some(expected) if found < expected => "number bad",
            Some(expected) if found > expected => "number doubtful",
            Some(_) => "number good",
            None => "number",
        };
        let expected = expected.map_or_else(|| "-".to_owned(), |expected| expected.to_string());
        let _ = write!(body, "<tr><td>{}<td class=\"number\">{expected}<td class=\"{class}\">{found}", escape(machine));
        for number in [*elsewhere, *to_set_up, *unknown, missing.len() as u64] {
            let class = if number > 0 { "number bad" } else { "number" };
            let _ = write!(body, "<td class=\"{class}\">{number}");
        }
        body.push('\n');
    }
    body.push_str("</tbody></table></div>\n");
    let cids: Vec<String> = all
        .cids
        .iter()
        .map(|at| {
            let number = |number: Option<u64>| number.map_or_else(|| "-".to_owned(), |number| number.to_string());
            format!("<code>{}</code> {} / {}", escape(&at.cid), number(at.found), number(at.expected))
        })
        .collect();
    if !cids.is_empty() {
        let _ = writeln!(body, "{}", text!("<p>Found / expected of the CIDs: {}.</p>", cids.join(", ")));
    }
}
