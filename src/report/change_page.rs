//! What became of CIDs, as one page for the ticket: what was changed, by whom, before and after, what was looked at
//! afterwards, the way back, and what is left for a person.

use std::fmt::Write;

use super::json::{CidResult, FileReport};
use super::lines::{catalog_name, fault_line, recovered_line};
use super::steps::relay_steps;
use super::{Markup, Status, count, html};
use crate::base::text::word;
use crate::catalog::is_catalog_name;
use crate::mrinit::RelayAddress;
use crate::plan::Made;

/// How many lines of one difference, files of one CID, and entries of one catalog stand on the page.
const SHOWN: usize = 500;

/// What a page tells of.
#[derive(Debug)]
pub(crate) struct ChangePage<'a> {
    /// The command, as it is typed.
    pub command: &'a str,
    pub dry_run: bool,
    /// Who, where and when.
    pub made: &'a Made,
    pub cids: &'a [ChangedCid],
    /// Whom the endpoints report to now, where that is what was set.
    pub relay: Option<&'a RelayAddress>,
    /// A fleet file says what is set: its runbook has the steps.
    pub is_fleet: bool,
    /// A look at the result is part of the work, beyond what carrying out compares.
    pub is_looked_at: bool,
    /// What else is left for a person where it was done, each a sentence.
    pub left: &'a [String],
}

impl<'a> ChangePage<'a> {
    /// One of CIDs that were looked at after a change, made now; with nothing left to do that is not left by every change.
    pub(crate) fn new(command: &'a str, dry_run: bool, made: &'a Made, cids: &'a [ChangedCid]) -> Self {
        Self { command, dry_run, made, cids, relay: None, is_fleet: false, is_looked_at: true, left: &[] }
    }
}

/// One CID of a page.
#[derive(Debug)]
pub(crate) struct ChangedCid {
    pub result: CidResult,
    /// What the change was for, as the history has it.
    pub purpose: Option<String>,
    /// It is one, with a record of its changes, and no file by itself.
    pub has_history: bool,
    /// How it ended, as a sentence, where that is not told by files that were written one by one.
    pub did: Option<String>,
    /// How it was seen that it is right, as sentences, where that is not what every change has.
    pub verified: Option<&'static str>,
}

impl ChangedCid {
    /// One of which the result and the files tell all.
    pub(crate) fn new(result: CidResult, purpose: Option<String>, has_history: bool) -> Self {
        Self { result, purpose, has_history, did: None, verified: None }
    }
}

/// The page. It is one file that needs nothing else, and no secret is on it.
pub(crate) fn change_page(page: &ChangePage<'_>) -> String {
    let whose = match page.cids {
        [only] => only.result.cid.clone(),
        all => count(all.len(), "CID", "CIDs"),
    };
    let dry = if page.dry_run { text!(" (dry run)") } else { "" };
    let mut body = String::new();
    facts(&mut body, page);
    if page.cids.len() > 1 {
        overview(&mut body, page);
    }
    for (index, cid) in page.cids.iter().enumerate() {
        if page.cids.len() > 1 {
            let name = html::escape(&cid.result.cid);
            let _ = writeln!(body, "<h2 class=\"cid\" id=\"cid-{}\">{name}</h2>", index + 1);
        }
        one(&mut body, cid, page);
    }
    steps(&mut body, page);
    html::page(&format!("{}{dry}: {whose}", page.command), &body)
}

fn row(body: &mut String, name: &str, value: &str) {
    let _ = writeln!(body, "<tr><th>{name}<td>{}", html::escape(value));
}

fn facts(body: &mut String, page: &ChangePage<'_>) {
    let Made { time, user, host } = page.made;
    body.push_str("<div class=\"scroll\"><table>\n");
    row(body, text!("When"), time);
    row(body, text!("By whom"), &text!("{user} on {host}", user, host));
    row(body, text!("With"), concat!("configcid ", env!("CARGO_PKG_VERSION")));
    let mut purposes: Vec<&str> = page.cids.iter().filter_map(|cid| cid.purpose.as_deref()).collect();
    purposes.dedup();
    purposes.iter().for_each(|purpose| row(body, text!("What for"), purpose));
    body.push_str("</table></div>\n");
}

/// How it ended, in words, and how that is to be shown.
fn outcome(cid: &ChangedCid, is_looked_at: bool) -> (&'static str, String) {
    let result = &cid.result;
    if let Some(did) = cid.did.as_ref().filter(|_| !matches!(result.status, Status::Failed | Status::Left)) {
        return (if result.status == Status::Planned { "doubtful" } else { "good" }, html::escape(did));
    }
    let files = count(result.files.len(), "file", "files");
    match result.status {
        Status::Unchanged => ("good", text!("Nothing to do: everything was as it should be.").to_owned()),
        Status::Planned => ("doubtful", text!("Dry run: {files} would be written; nothing was.", files)),
        Status::Changed if is_looked_at => ("good", text!("Done: {files} written and verified.", files)),
        Status::Changed => ("good", text!("Done: {files} written.", files)),
        Status::Left => {
            ("doubtful", text!("Nothing was written here: another one that is named could not be opened.").to_owned())
        }
        Status::Drifted => ("doubtful", text!("Nothing was written, and it is not as it should be.").to_owned()),
        Status::Failed if result.error.is_some() => ("bad", text!("It failed: nothing was changed.").to_owned()),
        Status::Failed => ("bad", text!("{files} written, and the result is not as it should be.", files)),
    }
}

fn overview(body: &mut String, page: &ChangePage<'_>) {
    body.push_str(text!("<div class=\"scroll\"><table>\n<tr><th>CID<th class=\"number\">Files<th>How it ended\n"));
    for (index, cid) in page.cids.iter().enumerate() {
        let result = &cid.result;
        let (class, said) = outcome(cid, page.is_looked_at);
        let _ = writeln!(
            body,
            "<tr><td><a href=\"#cid-{}\">{}</a><td class=\"number\">{}<td class=\"{class}\">{said}",
            index + 1,
            html::escape(&result.cid),
            result.files.len(),
        );
    }
    body.push_str("</table></div>\n");
}

fn one(body: &mut String, cid: &ChangedCid, page: &ChangePage<'_>) {
    let result = &cid.result;
    let (class, said) = outcome(cid, page.is_looked_at);
    let _ = writeln!(body, "<p class=\"{class}\">{said}</p>");
    if let Some(error) = &result.error {
        let _ = writeln!(body, "<p class=\"bad\">{}.</p>", html::escape(&error.sentence()));
    }
    before_and_after(body, result);
    verification(body, cid, page.is_looked_at);
    list(body, text!("Warnings"), "doubtful", &result.warnings);
    list(body, text!("Notes"), "", &result.notes);
    list(body, text!("What the program said"), "", &result.said);
    let is_written = matches!(result.status, Status::Changed | Status::Failed) && result.error.is_none();
    if is_written && cid.has_history {
        let undo = html::escape(&format!("configcid undo {}", word(&result.cid)));
        let _ = writeln!(
            body,
            "{}",
            text!(
                "<h3>The way back</h3>\n<p><code>{undo}</code> puts every file back, as long as nobody else has changed these.</p>",
                undo
            )
        );
    }
}

fn before_and_after(body: &mut String, result: &CidResult) {
    if result.files.is_empty() {
        return;
    }
    body.push_str(text!(
        "<h3>Before and after</h3>\n<div class=\"scroll\"><table>\n<tr><th>File<th>Why<th>SHA-256 before, and after\n"
    ));
    let sum = |sum: &Option<String>| match sum {
        Some(sum) => format!("<code>{}</code>", html::escape(sum)),
        None => text!("<span class=\"soft\">none</span>").to_owned(),
    };
    for file in result.files.iter().take(SHOWN) {
        let _ = writeln!(
            body,
            "<tr><td><code>{}</code><td>{}<td>{}<br>{}",
            html::escape(file.path.as_str()),
            html::escape(&file.why),
            sum(&file.sha256_before),
            sum(&file.sha256_after)
        );
    }
    body.push_str("</table></div>\n");
    more(body, result.files.len());
    for file in result.files.iter().take(SHOWN) {
        difference(body, file);
    }
    for catalog in result.catalogs.iter().filter(|catalog| catalog.changed) {
        let (name, place) = catalog_name(&catalog.catalog);
        let entries = count(catalog.actions.len(), "entry changes", "entries change");
        let said = text!(
            "Catalog {name} in {place}: {entries}, by {function}",
            name,
            place,
            entries,
            function = catalog.function
        );
        let _ = writeln!(body, "<p>{}.</p>", html::escape(&said));
    }
}

/// A difference, line by line; that of a catalog is folded, since few read it.
fn difference(body: &mut String, file: &FileReport) {
    let open = if is_catalog_name(file.path.file_name()) { "" } else { " open" };
    let _ = writeln!(body, "<details{open}><summary><code>{}</code></summary>", html::escape(file.path.as_str()));
    body.push_str("<pre>");
    let lines = file.diff.lines().count();
    for line in file.diff.lines().take(SHOWN) {
        let class = match line.as_bytes().first() {
            Some(b'+') => "good",
            Some(b'-') => "bad",
            _ => "soft",
        };
        let _ = writeln!(body, "<span class=\"{class}\">{}</span>", html::escape(line));
    }
    body.push_str("</pre>");
    more(body, lines);
    body.push_str("</details>\n");
}

fn verification(body: &mut String, cid: &ChangedCid, is_looked_at: bool) {
    let result = &cid.result;
    let said = match result.status {
        Status::Changed if cid.verified.is_some() => cid.verified.unwrap_or_default(),
        Status::Changed if is_looked_at => {
            text!(
                "Each file was compared with what it was to hold, and the CID was looked at again as a stranger's would be: its \
             catalogs have no fault."
            )
        }
        Status::Changed => text!("Each file was compared with what it was to hold."),
        Status::Failed if result.error.is_none() => text!("The CID was looked at again, which found:"),
        _ => text!("Nothing was written, so that there was nothing to look at."),
    };
    let _ = writeln!(body, "{}", text!("<h3>Verification</h3>\n<p>{said}</p>", said));
    let faults: Vec<String> = result.faults.iter().map(fault_line).collect();
    items(body, "bad", &faults);
    let of_locks = [result.recovered.as_ref().map(recovered_line), result.lock_left.clone()];
    let broken =
        result.broken_lock.as_ref().map(|whose| text!("the lock of another writer was broken: {whose}", whose));
    let others: Vec<String> = of_locks.into_iter().chain([broken]).flatten().collect();
    items(body, "doubtful", &others);
}

fn list(body: &mut String, title: &str, class: &str, lines: &[String]) {
    if !lines.is_empty() {
        let _ = writeln!(body, "<h3>{title}</h3>");
        items(body, class, lines);
    }
}

fn items(body: &mut String, class: &str, lines: &[String]) {
    if lines.is_empty() {
        return;
    }
    body.push_str("<ul>\n");
    for line in lines.iter().take(SHOWN) {
        let _ = writeln!(body, "<li class=\"{class}\">{}", html::escape(line));
    }
    body.push_str("</ul>\n");
    more(body, lines.len());
}

fn more(body: &mut String, all: usize) {
    if all > SHOWN {
        let _ = writeln!(body, "{}", text!("<p>And {} more, which <code>--json</code> has.</p>", all - SHOWN));
    }
}

/// What is left: the console's part of relay set-up, or the change itself where it was not made.
fn steps(body: &mut String, page: &ChangePage<'_>) {
    let done = |cid: &&ChangedCid| matches!(cid.result.status, Status::Changed | Status::Unchanged);
    let done: Vec<&str> = page.cids.iter().filter(done).map(|cid| cid.result.cid.as_str()).collect();
    let mut own = Vec::new();
    if page.cids.iter().any(|cid| cid.result.status == Status::Planned) {
        own.push(text!("Run the same command without <code>--dry-run</code>."));
    }
    if page.cids.iter().any(|cid| matches!(cid.result.status, Status::Failed | Status::Left)) {
        own.push(text!("Remove what stands in the way, and run the same command again: it does what is left."));
    }
    let relay = page.relay.filter(|_| !done.is_empty() && !page.dry_run);
    if page.is_fleet && !done.is_empty() {
        own.push(text!("Go through the steps in the console, which <code>configcid fleet runbook</code> lists."));
    }
    let left: Vec<String> = match page.cids.iter().any(|cid| cid.result.status == Status::Changed) {
        true => page.left.iter().map(|step| html::escape(step)).collect(),
        false => Vec::new(),
    };
    own.extend(left.iter().map(String::as_str));
    if own.is_empty() && relay.is_none() {
        if page.cids.iter().any(|cid| cid.result.status == Status::Changed) {
            body.push_str(text!(
                "<h2>The steps left</h2>\n<p>None: endpoints take the change at their next update.</p>\n"
            ));
        }
        return;
    }
    if !own.is_empty() {
        body.push_str(text!("<h2>What to do next</h2>\n<ul class=\"steps\">\n"));
        for step in own {
            let _ = writeln!(body, "<li><label><input type=\"checkbox\"> {step}</label>");
        }
        body.push_str("</ul>\n");
    }
    if let Some(relay) = relay {
        body.push_str(&relay_steps(relay, &done, Markup::Html));
    }
}
