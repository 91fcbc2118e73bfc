//! The tree for Graphviz.

use std::fmt::Write;

use super::{Kind, State, Tree};

/// Writes the tree in the DOT language.
pub(super) fn write(tree: &Tree) -> String {
    let mut out = format!(
        "digraph fleet {{\n  graph [rankdir=LR, label=\"{}\", labelloc=t, fontname=\"sans-serif\"];\n  node [shape=box, \
         style=filled, fillcolor=\"#ffffff\", color=\"#57606a\", fontname=\"sans-serif\", fontsize=11];\n  edge \
         [color=\"#57606a\", arrowhead=none];\n",
        escape(&tree.title)
    );
    for (index, node) in tree.nodes.iter().enumerate() {
        // Each line is ended by the mark for one that stands to the left.
        let label: String = node.lines.iter().map(|line| format!("{}\\l", escape(&line.text))).collect();
        let fill = if node.kind == Kind::Server { ", fillcolor=\"#ddf4ff\"" } else { "" };
        let color = match node.state {
            State::Well => "",
            State::Doubtful => ", color=\"#9a6700\", penwidth=2",
            State::Bad => ", color=\"#cf222e\", fontcolor=\"#cf222e\", penwidth=2",
        };
        let dashed = if node.kind == Kind::Lost { ", style=dashed" } else { "" };
        let _ = writeln!(out, "  n{index} [label=\"{label}\"{fill}{color}{dashed}];");
    }
    for (index, node) in tree.nodes.iter().enumerate() {
        if let Some(parent) = node.parent {
            let label = node.wire.as_ref().map_or_else(String::new, |text| {
                format!(" [label=\"{}\", fontname=\"sans-serif\", fontsize=10]", escape(text))
            });
            let _ = writeln!(out, "  n{parent} -> n{index}{label};");
        }
    }
    out.push_str("}\n");
    out
}

/// Text within double quotes, in a label: Graphviz looks for entities and for escapes there.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('\\', "\\\\").replace('"', "\\\"")
}
