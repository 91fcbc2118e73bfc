//! `configcid explain`: what a finding means, why it matters, where the rule comes from, what to do.

use crate::explain::{self, Page};
use crate::{Error, Exit};
use clap::Args;
use serde::Serialize;

use super::out::Out;

#[derive(Debug, Args)]
pub(super) struct ExplainArgs {
    /// The ids, such as entry-missing, drifted or TRANSIENT; without one, all ids are listed
    #[arg(value_name = "ID")]
    ids: Vec<String>,
    /// Print the pages of all findings as one document, in Markdown
    #[arg(long, conflicts_with = "ids")]
    all: bool,
}

#[derive(Serialize)]
struct Body {
    findings: Vec<Finding>,
}

#[derive(Serialize)]
struct Finding {
    #[serde(flatten)]
    page: Page,
    command: &'static str,
    document: &'static str,
}

pub(super) fn run(args: &ExplainArgs, out: Out) -> Exit {
    const COMMAND: &str = "explain";
    if args.all && !out.json {
        out.document(&explain::markdown());
        return Exit::Done;
    }
    let pages = if args.ids.is_empty() {
        explain::pages()
    } else {
        let mut pages: Vec<Page> = Vec::new();
        for id in &args.ids {
            match explain::look_up(id) {
                Ok(found) => pages.extend(found),
                Err(near) => return out.fail(COMMAND, &unknown(id, &near)),
            }
        }
        pages
    };
    match args.ids.is_empty() {
        true => list(&pages, out),
        false => pages.iter().for_each(|page| show(page, out)),
    }
    let findings = pages.into_iter().map(finding).collect();
    out.answer(COMMAND, Exit::Done, Body { findings });
    Exit::Done
}

fn finding(page: Page) -> Finding {
    let (_, command, document) = page.finder.words();
    Finding { page, command, document }
}

fn unknown(id: &str, near: &[&str]) -> Error {
    let error = Error::usage(text!("there is no finding {id}", id = format!("{id:?}")));
    if !near.is_empty() {
        let near: Vec<String> = near.iter().map(|id| format!("configcid explain {id}")).collect();
        return error.next(text!("did you mean {}?", near.join(" or ")));
    }
    // Half a name is no slip of it: `checksum` may be one of several.
    let part = id.to_ascii_lowercase();
    let holds = |page: &Page| part.len() > 2 && page.id.to_ascii_lowercase().contains(&part);
    let mut ids: Vec<&str> = explain::pages().iter().filter(|page| holds(page)).map(|page| page.id).collect();
    ids.dedup();
    ids.truncate(8);
    match ids.is_empty() {
        true => error.next("configcid explain lists them all"),
        false => error.next(text!("these have it in their names: {}", ids.join(", "))),
    }
}

fn show(page: &Page, out: Out) {
    let (_, command, document) = page.finder.words();
    out.heading(format!("{} ({})", page.id, page.severity));
    out.line(format!("  {}", page.meaning));
    out.line(text!("  Why it matters: {}", page.why));
    out.line(text!("  What to do: {}.", page.next));
    out.line(text!("  Source: {}", page.source));
    out.line(text!("  Found by: {command} ({document})", command, document));
    out.line("");
}

fn list(pages: &[Page], out: Out) {
    let mut last = None;
    for page in pages {
        let (title, command, _) = page.finder.words();
        if last.replace(page.finder) != Some(page.finder) {
            out.heading(format!("{title} ({command})"));
        }
        out.line(format!("  {:<30} {}", page.id, page.meaning));
    }
    out.line("");
    out.line("configcid explain ID says why each matters, and what to do.");
}
