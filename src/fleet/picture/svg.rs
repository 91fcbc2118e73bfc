//! The tree as SVG: one file, without scripts, for light and dark and for paper.

use std::fmt::Write;

use super::layout::{Layout, Rect, Text, layout};
use super::{Kind, Node, State, Style, Tree};
use crate::base::html;

/// Colors stand in the file itself. Every rule begins with the picture's own class, so that it may stand in a page.
const STYLE: &str = include_str!("../../../templates/fleet.svg.css");

/// Draws the tree.
pub(super) fn draw(tree: &Tree) -> String {
    let Layout { width, height, title, nodes, wires, counts, legend, findings } = layout(tree);
    let mut out = String::new();
    let _ = writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"fleet\" role=\"img\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\">\n<title>{}</title>\n<style>\n{STYLE}</style>",
        escape(&tree.title)
    );
    let _ = writeln!(out, "<rect class=\"page\" width=\"{width}\" height=\"{height}\"/>");
    for line in &title {
        let _ = writeln!(out, "<text class=\"title\" x=\"{}\" y=\"{}\">{}</text>", line.x, line.y, escape(&line.text));
    }
    out.push_str("<path class=\"wire\" d=\"");
    for [(from_x, from_y), (to_x, to_y)] in &wires {
        let _ = write!(out, "M{from_x} {from_y}");
        match from_x == to_x {
            true => drop(write!(out, "V{to_y}")),
            false => drop(write!(out, "H{to_x}")),
        }
    }
    out.push_str("\"/>\n");
    for count in &counts {
        let _ =
            writeln!(out, "<text class=\"count\" x=\"{}\" y=\"{}\">{}</text>", count.x, count.y, escape(&count.text));
    }
    for placed in &nodes {
        let node = &tree.nodes[placed.node];
        let _ = writeln!(out, "<g>\n<title>{}</title>", escape_lines(&node.hint));
        draw_box(&mut out, node, placed.rect);
        placed.lines.iter().for_each(|line| draw_text(&mut out, line));
        out.push_str("</g>\n");
    }
    draw_legend(&mut out, legend, nodes.iter().any(|placed| tree.nodes[placed.node].kind == Kind::Lost));
    findings.iter().for_each(|line| draw_text(&mut out, line));
    out.push_str("</svg>\n");
    out
}

fn draw_box(out: &mut String, node: &Node, rect: Rect) {
    let Rect { x, y, width, height } = rect;
    let kind = match node.kind {
        Kind::Server => " server",
        Kind::Relay => "",
        Kind::Lost => " lost",
    };
    let state = match node.state {
        State::Well => "",
        State::Doubtful => " warned",
        State::Bad => " faulty",
    };
    let _ = writeln!(
        out,
        "<rect class=\"box{kind}{state}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"4\"/>"
    );
}

fn draw_text(out: &mut String, text: &Text) {
    let class = match text.style {
        Style::Name => " class=\"name\"",
        Style::Plain => "",
        Style::Soft => " class=\"quiet\"",
        Style::Doubtful => " class=\"warning\"",
        Style::Bad => " class=\"error\"",
    };
    let _ = writeln!(out, "<text{class} x=\"{}\" y=\"{}\">{}</text>", text.x, text.y, escape(&text.text));
}

/// What the boxes mean.
fn draw_legend(out: &mut String, y: u32, has_lost: bool) {
    let mut samples = vec![("server", "server"), ("", "relay"), ("faulty", "errors"), ("warned", "warnings")];
    if has_lost {
        samples.push(("lost faulty", text!("no way to the server")));
    }
    let mut x = 16;
    for (class, text) in samples {
        let _ = writeln!(
            out,
            "<rect class=\"box {class}\" x=\"{x}\" y=\"{}\" width=\"18\" height=\"12\" rx=\"2\"/>",
            y + 2
        );
        let _ = writeln!(out, "<text class=\"quiet\" x=\"{}\" y=\"{}\">{text}</text>", x + 24, y + 12);
        x += 24 + super::layout::TEXT.width(text) + 16;
    }
}

fn escape_lines(lines: &[String]) -> String {
    lines.iter().map(|line| escape(line)).collect::<Vec<_>>().join("\n")
}

/// Text in XML, which lacks two characters that text may have.
fn escape(text: &str) -> String {
    html::escape(text).replace(['\u{FFFE}', '\u{FFFF}'], "\u{FFFD}")
}
