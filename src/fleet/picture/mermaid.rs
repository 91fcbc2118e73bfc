//! The tree for Mermaid.

use std::fmt::Write;

use super::{Kind, State, Tree};

/// Writes the tree as a flowchart.
pub(super) fn write(tree: &Tree) -> String {
    let mut out = String::from("flowchart LR\n");
    for (index, node) in tree.nodes.iter().enumerate() {
        let lines: Vec<String> = node.lines.iter().map(|line| escape(&line.text)).collect();
        let class = match (node.state, node.kind) {
            (State::Bad, _) => ":::faulty",
            (State::Doubtful, _) => ":::warned",
            (State::Well, Kind::Server) => ":::server",
            (State::Well, _) => "",
        };
        let _ = writeln!(out, "  n{index}[\"{}\"]{class}", lines.join("<br/>"));
    }
    for (index, node) in tree.nodes.iter().enumerate() {
        if let Some(parent) = node.parent {
            let label = node.wire.as_ref().map_or_else(String::new, |text| format!("|\"{}\"|", escape(text)));
            let _ = writeln!(out, "  n{parent} -->{label} n{index}");
        }
    }
    out.push_str(
        "  classDef server stroke:#0969da,stroke-width:2px\n  classDef warned stroke:#9a6700,stroke-width:2px\n  \
         classDef faulty stroke:#cf222e,stroke-width:2px,color:#cf222e\n",
    );
    out
}

/// Text in a label: all but letters, digits and some harmless characters by their numbers, as Mermaid wants them. A
/// label's first character and a dot before a blank could make a list of it.
fn escape(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let is_plain = match c {
            ' ' | '-' | ',' | ':' => !out.is_empty(),
            '.' => !out.is_empty() && rest.peek() != Some(&' '),
            c => c.is_alphanumeric(),
        };
        match is_plain {
            true => out.push(c),
            false => drop(write!(out, "#{};", u32::from(c))),
        }
    }
    out
}
