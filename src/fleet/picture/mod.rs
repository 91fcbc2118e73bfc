//! A fleet as a tree to look at: the server, the relays below it, and at each its CIDs, its endpoints and what
//! [`check`](super::check) found. Drawn as SVG, or written for programs that draw: Graphviz and Mermaid.

mod build;
mod dot;
mod layout;
mod mermaid;
mod svg;
mod text;

use super::endpoints::FleetEndpoints;
use super::{Fleet, FleetFinding};
use crate::base::text::safe;

/// How a picture is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PictureFormat {
    /// A picture for browsers, in light and dark.
    Svg,
    /// For Graphviz.
    Dot,
    /// A flowchart for Mermaid.
    Mermaid,
}

/// Draws a fleet, with what was found about it. The same fleet and findings give the same bytes.
///
/// ```
/// use configcid::fleet::{Fleet, PictureFormat, check, graph};
///
/// let fleet = Fleet::parse(b"[server]\nname = 'S'\nip = '10.1.1.1'\n[[relay]]\nname = 'A'\nip = '10.1.1.2'\n", "".as_ref())?;
/// let picture = graph(&fleet, &check(&fleet), PictureFormat::Mermaid);
/// assert!(picture.contains("n0 --> n1"));
/// # Ok::<(), configcid::Error>(())
/// ```
pub fn graph(fleet: &Fleet, findings: &[FleetFinding], format: PictureFormat) -> String {
    graph_with(fleet, findings, None, format)
}

/// The same with what a survey says of the endpoints: how many were found of those that are expected.
pub(crate) fn graph_with(
    fleet: &Fleet,
    findings: &[FleetFinding],
    endpoints: Option<&FleetEndpoints>,
    format: PictureFormat,
) -> String {
    let tree = Tree::new(fleet, findings, endpoints);
    match format {
        PictureFormat::Svg => svg::draw(&tree),
        PictureFormat::Dot => dot::write(&tree),
        PictureFormat::Mermaid => mermaid::write(&tree),
    }
}

/// From so many relays on, boxes say less, and are smaller.
const MANY: usize = 60;

/// What is drawn, the server first.
struct Tree {
    title: String,
    nodes: Vec<Node>,
    /// Each error and warning, as a sentence: whether it is an error comes first.
    findings: Vec<(bool, String)>,
}

/// A machine.
struct Node {
    kind: Kind,
    /// Where the line from above comes from.
    parent: Option<usize>,
    lines: Vec<Line>,
    state: State,
    /// All that is known, for those who point at it.
    hint: Vec<String>,
    /// How many endpoints come over the line from above, of how many: `780 / 800`.
    wire: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Server,
    Relay,
    /// No machine, but the place for what has no way to the server.
    Lost,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum State {
    Well,
    Doubtful,
    Bad,
}

/// A line of text in a box.
struct Line {
    text: String,
    style: Style,
    /// Of a path the end says more than the beginning.
    keep_end: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    Name,
    Plain,
    Soft,
    Doubtful,
    Bad,
}

impl Line {
    fn new(text: &str, style: Style) -> Self {
        Self { text: safe(text), style, keep_end: false }
    }
}

impl Tree {
    fn is_large(&self) -> bool {
        self.nodes.len() > MANY
    }

    fn children(&self) -> Vec<Vec<usize>> {
        let mut children = vec![Vec::new(); self.nodes.len()];
        for (index, node) in self.nodes.iter().enumerate() {
            if let Some(parent) = node.parent {
                children[parent].push(index);
            }
        }
        children
    }
}

/// `1,200 endpoints`.
pub(super) fn endpoint_count(number: u64) -> String {
    format!("{} {}", thousands(number), if number == 1 { "endpoint" } else { "endpoints" })
}

/// `12,345`.
fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests;
