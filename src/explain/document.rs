//! All pages as one document: docs/findings.md, and a page of the manual.

use std::fmt::Write;

use super::{Finder, Page, pages};

/// Where the ids come from, told once.
const INTRODUCTION: &str = "\
What configcid finds has an id that never changes its meaning. `configcid explain ID` prints one of these pages on the terminal, \
and all of them stand here: what the finding means, why it matters, where the rule comes from, and what to do. Numbers of five or \
six digits are articles of the vendor; `formats.md` is [formats.md](formats.md); what no source says is marked as our choice.";

/// docs/findings.md.
pub(crate) fn markdown() -> String {
    let mut out = text!(
        "# Findings\n\n{INTRODUCTION}\n\nThis page is made by the program: `configcid explain --all > docs/findings.md`.\n",
        INTRODUCTION
    );
    for (finder, pages) in by_finder() {
        let (title, command, document) = finder.words();
        let place = document.trim_start_matches("docs/");
        let _ = out.write_str(&text!(
            "\n## {title}\n\n`{command}`; [{place}]({place}) has the rules.\n",
            title,
            command,
            place
        ));
        for page in pages {
            let _ = out.write_str(&text!("\n### `{}`\n\n{}\n\n- **How grave**: {}\n- **Why it matters**: {}\n- **Source**: {}\n- **What to do**: {}.\n", page.id, plain(&page.meaning), page.severity, plain(page.why), plain(&page.source), plain(&page.next)));
        }
    }
    out
}

/// `configcid-findings`, a page of section 7, in the roff format.
pub(crate) fn manual() -> String {
    let version = env!("CARGO_PKG_VERSION");
    let mut out = text!(
        ".ie \\n(.g .ds Aq \\(aq\n.el .ds Aq '\n.TH configcid-findings 7 \"\" \"configcid {version}\"\n.SH NAME\nconfigcid\\-findings \\- \
         what the findings of configcid mean, and what to do\n.SH DESCRIPTION\nWhat configcid finds has an id that never changes its \
         meaning. Numbers of five or six digits are articles of the vendor.\n",
        version
    );
    for (finder, pages) in by_finder() {
        let (title, command, _) = finder.words();
        let _ = write!(out, ".SH \"{}\"\n{}\n", roff(&title.to_uppercase()), roff(command));
        for page in pages {
            let _ = out.write_str(&text!(
                ".TP\n\\fB{}\\fR ({})\n{}\n{}\nWhat to do: {}. [{}]\n",
                roff(page.id),
                roff(page.severity),
                roff(&page.meaning),
                roff(page.why),
                roff(&page.next),
                roff(&page.source)
            ));
        }
    }
    out
}

fn by_finder() -> Vec<(Finder, Vec<Page>)> {
    let pages = pages();
    let of = |finder: Finder| pages.iter().filter(|page| page.finder == finder).cloned().collect();
    Finder::ALL.iter().map(|finder| (*finder, of(*finder))).collect()
}

/// Text in Markdown: nothing in it is markup.
fn plain(text: &str) -> String {
    text.replace('<', "&lt;").replace('*', "\\*").replace('_', "\\_")
}

/// Text in roff: a backslash, a hyphen and a line's first dot mean what they are.
fn roff(text: &str) -> String {
    let text = text.replace('\\', "\\e").replace('-', "\\-").replace('\'', "\\*(Aq");
    if text.starts_with('.') { format!("\\&{text}") } else { text }
}
