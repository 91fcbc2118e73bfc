//! The table of many endpoints, as lines, and as a list that spreadsheets read.

use super::Tone;
use crate::endpoints::{Counts, Endpoint, EndpointState, cell};

/// The columns of the list.
const LIST: &str = "name,state,parent,parent_32,parent_64,mrinit_parent,orig_parent,expected,seen,source,reason\n";

/// How wide a state and a moment are.
const STATE: usize = 11;
const SEEN: usize = 20;

/// The headings of the lines.
pub(crate) fn endpoint_headings(width: usize) -> String {
    let [computer, state, seen, parent] = [text!("COMPUTER"), text!("STATE"), text!("SEEN"), text!("PARENT")];
    format!("{computer:width$}  {state:STATE$}  {seen:SEEN$}  {parent}")
}

/// The lines of one endpoint; `width` is that of the names.
pub(crate) fn endpoint_lines(endpoint: &Endpoint, width: usize, is_verbose: bool) -> Vec<(Tone, String)> {
    let tone = match endpoint.state {
        EndpointState::Reports => Tone::Plain,
        _ if !endpoint.fault => Tone::Plain,
        EndpointState::Unknown | EndpointState::Unreachable => Tone::Doubtful,
        _ => Tone::Bad,
    };
    let parent = match (&endpoint.parent, &endpoint.mrinit_parent) {
        (Some(parent), _) => parent.clone(),
        (None, Some(parent)) => text!("{parent} (by its mrinit.conf)", parent),
        (None, None) => "-".to_owned(),
    };
    let seen = endpoint.seen.as_deref().unwrap_or("-");
    let state = endpoint.state.name();
    let mut lines = vec![(tone, format!("{:width$}  {state:STATE$}  {seen:SEEN$}  {parent}", endpoint.name))];
    let mut below = |text: String| lines.push((Tone::Plain, format!("{:width$}  {text}", "")));
    if endpoint.state == EndpointState::Contradicts {
        endpoint.views.iter().for_each(|view| {
            below(text!("{}-bit view: {}", view.view, view.parent_address.as_deref().unwrap_or(text!("(none)"))));
        });
        endpoint.mrinit_parent.iter().for_each(|parent| below(text!("mrinit.conf: {parent}", parent)));
    }
    endpoint.orig_parent.iter().for_each(|parent| below(text!("mrinit.conf.orig: {parent}", parent)));
    if endpoint.fault || is_verbose {
        let place = endpoint.source.iter().filter(|_| endpoint.parent.is_none() || is_verbose);
        match &endpoint.reason {
            Some(reason) => {
                let place: String = place.map(|place| format!("{place}: ")).collect();
                below(format!("{place}{reason}"));
            }
            None => place.for_each(|place| below(place.clone())),
        }
    }
    endpoint.notes.iter().for_each(|note| below(note.clone()));
    endpoint.older.iter().for_each(|older| below(text!("older, does not count: {older}", older)));
    lines
}

/// How many are in which state.
pub(crate) fn endpoint_counts(counts: &Counts) -> String {
    let parts: Vec<String> = counts
        .each()
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .map(|(state, count)| format!("{count} {}", state.name()))
        .collect();
    text!("{} of {}", parts.join(", "), super::count(counts.total(), text!("endpoint"), text!("endpoints")))
}

/// The first line of the list.
pub(crate) fn endpoint_list_head() -> &'static str {
    LIST
}

/// The line of one endpoint in the list.
pub(crate) fn endpoint_list_line(endpoint: &Endpoint) -> String {
    let view = |wanted: &str| {
        endpoint.views.iter().find(|view| view.view == wanted).and_then(|view| view.parent_address.as_deref())
    };
    let cells = [
        Some(&*endpoint.name),
        Some(endpoint.state.name()),
        endpoint.parent.as_deref(),
        view("32"),
        view("64"),
        endpoint.mrinit_parent.as_deref(),
        endpoint.orig_parent.as_deref(),
        endpoint.expected.as_deref(),
        endpoint.seen.as_deref(),
        endpoint.source.as_deref(),
        endpoint.reason.as_deref(),
    ];
    cells.map(|text| text.map(cell).unwrap_or_default()).join(",") + "\n"
}
