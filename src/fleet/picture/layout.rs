//! Where everything stands. A machine's relays hang below it, in as many columns as the picture's width has room for: so
//! that one relay, a chain of them and hundreds side by side are all as large as they must be to be read, and the picture
//! grows downwards, as pages do.

use super::text::Font;
use super::{Line, Style, Tree};

/// How wide a picture becomes unless a deep chain needs more: it fits into the page of a report.
pub(super) const WIDTH: u32 = 1088;
const MARGIN: u32 = 16;
/// How far relays stand to the right of their parent.
const INDENT: u32 = 28;
/// Where a line leaves a box, and where it meets one.
const PORT: u32 = 14;
const GAP_X: u32 = 12;
/// Between a row and what is above it; the line to the row runs through.
const GAP_Y: u32 = 28;
const RAIL: u32 = 12;
const PADDING: u32 = 10;
const NARROWEST: u32 = 150;
const WIDEST: u32 = 240;
/// So narrow that five stand side by side, where there are many.
const WIDEST_OF_MANY: u32 = 196;
/// As many findings are written below the tree.
const MOST_FINDINGS: usize = 30;

pub(super) const NAME: Font = Font { size: 13, bold: true };
pub(super) const TEXT: Font = Font { size: 12, bold: false };
/// Beside lines.
pub(super) const COUNT: Font = Font { size: 10, bold: false };
pub(super) const TITLE: Font = Font { size: 16, bold: true };

impl Style {
    pub(super) fn font(self) -> Font {
        match self {
            Self::Name => NAME,
            Self::Plain | Self::Soft => TEXT,
            Self::Doubtful | Self::Bad => Font { bold: true, ..TEXT },
        }
    }

    fn height(self) -> u32 {
        if self == Self::Name { 20 } else { 17 }
    }
}

/// A rectangle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rect {
    pub x: u32,
    pub y: u32,
    pub width: u32,
    pub height: u32,
}

/// A text, where its line of writing begins.
pub(super) struct Text {
    pub x: u32,
    pub y: u32,
    pub text: String,
    pub style: Style,
}

/// A machine in its place.
pub(super) struct Placed {
    pub node: usize,
    pub rect: Rect,
    pub lines: Vec<Text>,
}

/// A picture in its place.
pub(super) struct Layout {
    pub width: u32,
    pub height: u32,
    pub title: Vec<Text>,
    pub nodes: Vec<Placed>,
    /// Horizontal and vertical lines, from and to.
    pub wires: Vec<[(u32, u32); 2]>,
    /// What stands beside lines.
    pub counts: Vec<Text>,
    /// Where the legend begins.
    pub legend: u32,
    pub findings: Vec<Text>,
}

/// Places everything.
pub(super) fn layout(tree: &Tree) -> Layout {
    let children = tree.children();
    let order = order(tree, &children);
    let box_width = box_width(tree);
    let lines = fitted(tree, box_width);
    let height = |lines: &Vec<(String, Style)>| 2 * PADDING + lines.iter().map(|line| line.1.height()).sum::<u32>();
    let heights: Vec<u32> = lines.iter().map(height).collect();

    // From the leaves up: how large a machine is with all below it, and where its children stand in that.
    let mut sizes = vec![(0, 0); tree.nodes.len()];
    let mut offsets = vec![(0, 0); tree.nodes.len()];
    let mut rails: Vec<Vec<Shelf>> = vec![Vec::new(); tree.nodes.len()];
    for &(node, depth) in order.iter().rev() {
        let room = (WIDTH - 2 * MARGIN).saturating_sub(INDENT * (depth + 1)).max(box_width);
        let columns = if depth == 0 { usize::MAX } else { square_root(children[node].len()) };
        let mut sorted = children[node].clone();
        // Those without relays of their own make even rows.
        sorted.sort_by_key(|child| (!children[*child].is_empty(), *child));
        let (mut width, mut y) = (box_width, heights[node]);
        for shelf in shelves(&sorted, &sizes, room, columns) {
            y += GAP_Y;
            let mut x = INDENT;
            for &child in &shelf {
                offsets[child] = (x, y);
                width = width.max(x + sizes[child].0);
                x += sizes[child].0 + GAP_X;
            }
            rails[node].push(Shelf { y, last: shelf.last().map_or(0, |last| offsets[*last].0) });
            y += shelf.iter().map(|child| sizes[*child].1).max().unwrap_or(0);
        }
        sizes[node] = (width, y);
    }

    let mut picture_width = MARGIN * 2;
    for (node, _) in order.iter().filter(|(node, _)| tree.nodes[*node].parent.is_none()) {
        picture_width = picture_width.max(sizes[*node].0 + 2 * MARGIN);
    }
    // The texts above and below want some width, too.
    let picture_width = picture_width.max(TITLE.width(&tree.title).min(WIDTH - 2 * MARGIN) + 2 * MARGIN).max(400);

    let mut y = MARGIN;
    let mut title = Vec::new();
    for text in TITLE.wrap(&tree.title, picture_width - 2 * MARGIN) {
        y += 22;
        title.push(Text { x: MARGIN, y: y - 6, text, style: Style::Name });
    }
    y += 10;
    // From the root down: where each stands in the picture.
    let mut places = vec![(0, 0); tree.nodes.len()];
    let (mut nodes, mut wires, mut counts) = (Vec::new(), Vec::new(), Vec::new());
    for &(node, _) in &order {
        places[node] = match tree.nodes[node].parent {
            Some(parent) => (places[parent].0 + offsets[node].0, places[parent].1 + offsets[node].1),
            None => {
                let place = (MARGIN, y);
                y += sizes[node].1 + GAP_Y;
                place
            }
        };
        let (x, top) = places[node];
        nodes.push(place(node, &lines[node], Rect { x, y: top, width: box_width, height: heights[node] }));
        if let Some(lowest) = rails[node].last() {
            wires.push([(x + PORT, top + heights[node]), (x + PORT, top + lowest.y - RAIL)]);
        }
        for shelf in &rails[node] {
            let rail = top + shelf.y - RAIL;
            wires.push([(x + PORT, rail), (x + shelf.last + PORT, rail)]);
        }
        for &child in &children[node] {
            let (x, top) = (x + offsets[child].0 + PORT, top + offsets[child].1);
            wires.push([(x, top - RAIL), (x, top)]);
            // Right of the line's last piece, which is as high as such a text.
            let room = box_width - PORT - 6;
            counts.extend(tree.nodes[child].wire.iter().map(|text| Text {
                x: x + 4,
                y: top - 2,
                text: COUNT.fit(text, room, false),
                style: Style::Soft,
            }));
        }
    }
    let legend = y;
    y += 24;
    let findings = findings(tree, picture_width - 2 * MARGIN, &mut y);
    Layout { width: picture_width, height: y + MARGIN, title, nodes, wires, counts, legend, findings }
}

/// A row of relays below their parent, seen from its corner.
#[derive(Clone, Copy)]
struct Shelf {
    y: u32,
    /// Where the last of them begins.
    last: u32,
}

/// Parents before children, each with its depth. No call is as deep as the tree, which may be a long chain.
fn order(tree: &Tree, children: &[Vec<usize>]) -> Vec<(usize, u32)> {
    let roots = tree.nodes.iter().enumerate().filter(|(_, node)| node.parent.is_none());
    let mut open: Vec<(usize, u32)> = roots.map(|(index, _)| (index, 0)).rev().collect();
    let mut order = Vec::new();
    while let Some((node, depth)) = open.pop() {
        order.push((node, depth));
        open.extend(children[node].iter().rev().map(|child| (*child, depth + 1)));
    }
    order
}

/// One width for all boxes: that of the widest line, within reason.
fn box_width(tree: &Tree) -> u32 {
    let lines = tree.nodes.iter().flat_map(|node| &node.lines);
    let widest = lines.map(|line| line.style.font().width(&line.text)).max().unwrap_or(0);
    widest.saturating_add(2 * PADDING).clamp(NARROWEST, if tree.is_large() { WIDEST_OF_MANY } else { WIDEST })
}

/// The children in rows, none wider than `room` unless one child is, none of more than `columns`.
fn shelves(children: &[usize], sizes: &[(u32, u32)], room: u32, columns: usize) -> Vec<Vec<usize>> {
    let mut shelves: Vec<Vec<usize>> = Vec::new();
    let mut used = 0;
    for &child in children {
        let width = sizes[child].0;
        match shelves.last_mut() {
            Some(shelf) if shelf.len() < columns && used + GAP_X + width <= room => {
                shelf.push(child);
                used += GAP_X + width;
            }
            _ => {
                shelves.push(vec![child]);
                used = width;
            }
        }
    }
    shelves
}

/// The root, rounded up.
fn square_root(number: usize) -> usize {
    (1..).find(|root| root * root >= number).unwrap_or(1)
}

/// The lines of a box as they fit into it. A name is never cut, but goes over as many lines as it needs.
fn fitted(tree: &Tree, box_width: u32) -> Vec<Vec<(String, Style)>> {
    let width = box_width - 2 * PADDING;
    let fit = |line: &Line| match line.style {
        Style::Name => line.style.font().wrap(&line.text, width),
        _ => vec![line.style.font().fit(&line.text, width, line.keep_end)],
    };
    let lines = |line: &Line| fit(line).into_iter().map(|text| (text, line.style)).collect::<Vec<_>>();
    tree.nodes.iter().map(|node| node.lines.iter().flat_map(lines).collect()).collect()
}

fn place(node: usize, lines: &[(String, Style)], rect: Rect) -> Placed {
    let mut y = rect.y + PADDING;
    let lines = lines.iter().map(|(text, style)| {
        y += style.height();
        Text { x: rect.x + PADDING, y: y - 5, text: text.clone(), style: *style }
    });
    Placed { node, rect, lines: lines.collect() }
}

fn findings(tree: &Tree, width: u32, y: &mut u32) -> Vec<Text> {
    let mut texts = Vec::new();
    let mut write = |text: &str, style: Style| {
        for line in style.font().wrap(text, width) {
            *y += 17;
            texts.push(Text { x: MARGIN, y: *y - 5, text: line, style });
        }
    };
    for (is_error, sentence) in tree.findings.iter().take(MOST_FINDINGS) {
        write(sentence, if *is_error { Style::Bad } else { Style::Doubtful });
    }
    if let Some(more) = tree.findings.len().checked_sub(MOST_FINDINGS).filter(|more| *more > 0) {
        write(&text!("and {more} more: configcid fleet check tells all", more), Style::Soft);
    }
    texts
}
