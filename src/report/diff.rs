//! A change as a unified diff for people to read. Secrets are masked; a catalog is shown as lines of text.

use std::fmt::Write;

use crate::base::text::{count, safe};
use crate::catalog::Catalog;
use crate::mrinit::Mrinit;
use crate::plan::{Change, Content, Stage};

/// The unified diff of one change. Control characters are spelled out, line endings are not shown.
pub fn diff(change: &Change) -> String {
    let text = |bytes: &[u8]| match change.stage {
        Stage::Payload => mrinit_text(bytes),
        Stage::ComponentCatalog | Stage::RootCatalog => catalog_text(bytes),
    };
    let text = |content: &Content| match content {
        Content::Bytes(bytes) => text(bytes),
        content => text!("(a file of {}, not shown)\n", count(content.size() as usize, "byte", "bytes")),
    };
    let before = change.before.as_ref().map_or_else(String::new, text);
    let after = change.after.as_ref().map_or_else(String::new, text);
    let name = |content: &Option<Content>| if content.is_some() { change.path.as_str() } else { "(none)" };
    let diff = similar::TextDiff::from_lines(&before, &after);
    let mut out = String::new();
    let _ = writeln!(out, "--- {}", safe(name(&change.before)));
    let _ = writeln!(out, "+++ {}", safe(name(&change.after)));
    for hunk in diff.unified_diff().context_radius(2).iter_hunks() {
        let _ = writeln!(out, "{}", hunk.header());
        for line in hunk.iter_changes() {
            let _ = writeln!(out, "{}{}", line.tag(), safe(line.value().trim_end_matches(['\n', '\r'])));
            if line.missing_newline() {
                out.push_str(text!("\\ No line ending at the end of the file\n"));
            }
        }
    }
    out
}

fn mrinit_text(bytes: &[u8]) -> String {
    Mrinit::parse(bytes.to_vec()).masked_text()
}

fn catalog_text(bytes: &[u8]) -> String {
    let Ok(catalog) = Catalog::parse(bytes) else { return text!("(not a catalog)\n").to_owned() };
    let mut out = format!("catalog {}\n", catalog.id());
    for entry in catalog.entries() {
        let _ = writeln!(out, "{} {} {}", entry.path, entry.size, entry.checksum);
    }
    let _ = writeln!(out, "own checksum {}", catalog.own_checksum());
    out
}
