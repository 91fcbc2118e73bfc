use proptest::prelude::*;

use super::build::totals;
use super::layout::{Layout, Rect, layout};
use super::*;
use crate::fleet::check;

/// A fleet of relays, each with its parent's number, or none for the server.
fn fleet(parents: &[Option<usize>], extra: &str) -> Fleet {
    let mut text = "[server]\nname = 'Server1'\nip = '10.0.0.1'\nfqdn = 'server1.sales.acme'\n".to_owned();
    for (index, parent) in parents.iter().enumerate() {
        let parent = parent.map_or("server".to_owned(), |parent| format!("relay{parent}"));
        text += &format!(
            "[[relay]]\nname = 'relay{index}'\nip = '10.1.{}.{}'\nparent = '{parent}'\nendpoints = {index}\n",
            index / 250,
            index % 250 + 1
        );
        if index % 3 > 0 {
            text += &format!("[[cid]]\npath = '\\\\Server1\\InterChk\\MR{index}'\nrelay = 'relay{index}'\n");
        }
    }
    Fleet::parse((text + extra).as_bytes(), "".as_ref()).unwrap()
}

fn meets(a: Rect, b: Rect) -> bool {
    a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height
}

/// Nothing lies on anything else, and nothing is cut off.
fn check_layout(tree: &Tree) -> Layout {
    let layout = layout(tree);
    assert_eq!(layout.nodes.len(), tree.nodes.len());
    for (index, one) in layout.nodes.iter().enumerate() {
        assert!(one.rect.x + one.rect.width <= layout.width && one.rect.y + one.rect.height <= layout.height);
        for other in &layout.nodes[..index] {
            assert!(!meets(one.rect, other.rect), "{:?} and {:?}", one.rect, other.rect);
        }
        let mut above = one.rect.y;
        for line in &one.lines {
            let font = line.style.font();
            assert!(line.x >= one.rect.x + 8 && line.x + font.width(&line.text) <= one.rect.x + one.rect.width - 8);
            assert!(line.y - font.size >= above && line.y + 4 <= one.rect.y + one.rect.height, "{:?}", line.text);
            above = line.y;
        }
    }
    for [(x1, y1), (x2, y2)] in layout.wires.iter().copied() {
        assert!((x1 == x2 || y1 == y2) && x1 <= x2 && y1 <= y2);
        // A line that ends at the edge of a box does not run through it.
        let wire = Rect { x: x1, y: y1, width: x2 - x1, height: y2 - y1 };
        for placed in &layout.nodes {
            let Rect { x, y, width, height } = placed.rect;
            let inner = Rect { x: x + 1, y: y + 1, width: width - 2, height: height - 2 };
            let crosses = wire.x < inner.x + inner.width
                && inner.x <= wire.x + wire.width
                && wire.y < inner.y + inner.height
                && inner.y <= wire.y + wire.height;
            assert!(!crosses, "{wire:?} runs through {:?}", placed.rect);
        }
    }
    let lowest = layout.nodes.iter().map(|placed| placed.rect.y + placed.rect.height).max().unwrap();
    assert!(layout.legend > lowest);
    for line in layout.title.iter().chain(&layout.findings) {
        assert!(line.x + line.style.font().width(&line.text) <= layout.width && line.y <= layout.height);
    }
    layout
}

fn tree(fleet: &Fleet) -> Tree {
    Tree::new(fleet, &check(fleet), None)
}

#[test]
fn a_picture_is_as_wide_as_a_page_and_grows_downwards() {
    for relays in [0, 1, 12, 400] {
        let layout = check_layout(&tree(&fleet(&vec![None; relays], "")));
        assert!(layout.width <= 1120, "{relays}: {}", layout.width);
    }
    let chain: Vec<Option<usize>> = (0..6).map(|index: usize| index.checked_sub(1)).collect();
    assert!(check_layout(&tree(&fleet(&chain, ""))).width <= 1120);
    // Deep and hostile, and no call is as deep.
    let chain: Vec<Option<usize>> = (0..3000).map(|index: usize| index.checked_sub(1)).collect();
    let layout = layout(&tree(&fleet(&chain, "")));
    assert_eq!(layout.nodes.len(), 3001);
}

#[test]
fn what_has_no_way_to_the_server_is_drawn_by_itself() {
    let extra = "[[relay]]\nname = 'x'\nip = '10.9.0.1'\nparent = 'nobody'\n[[cid]]\npath = 'C'\nrelay = 'nothing'\n";
    // 1 and 2 report to each other, 3 reports to 2.
    let fleet = fleet(&[None, Some(2), Some(1), Some(2)], extra);
    let tree = tree(&fleet);
    let parents: Vec<_> = tree.nodes.iter().map(|node| node.parent).collect();
    assert_eq!(parents, [None, Some(0), Some(6), Some(2), Some(3), Some(6), None]);
    check_layout(&tree);
    let svg = svg::draw(&tree);
    for text in ["No way to the server", "its parent: relay2", "its parent: nobody", "its relay: nothing"] {
        assert!(svg.contains(text), "{text}");
    }
}

#[test]
fn endpoints_are_added_up_to_the_server() {
    // relay0 has none of its own, 1 and 2 below it have 1 and 2, and 3 below 2 has 3.
    let fleet = fleet(&[None, Some(0), Some(0), Some(2)], "");
    assert_eq!(totals(&fleet), [6, 6, 1, 5, 3]);
    let tree = tree(&fleet);
    assert_eq!(tree.title, "Server1: 4 relays, 2 CIDs, 6 endpoints");
    let lines = |node: usize| tree.nodes[node].lines.iter().map(|line| line.text.as_str()).collect::<Vec<_>>();
    assert!(lines(3).contains(&"2 endpoints") && lines(3).contains(&"5 with those below"), "{:?}", lines(3));
    assert_eq!(
        ["0", "999", "1,000", "1,234,567"],
        [0, 999, 1000, 1_234_567].map(thousands).each_ref().map(String::as_str)
    );
}

#[test]
fn findings_make_machines_and_cids_red() {
    let fleet = fleet(&[None, None], "[[cid]]\npath = '\\\\Server1\\InterChk\\MR1'\nrelay = 'relay0'\n");
    let tree = tree(&fleet);
    assert!(tree.findings.iter().any(|(is_error, text)| *is_error && text.contains("line 19")), "{:?}", tree.findings);
    assert!(tree.nodes.iter().any(|node| node.lines.iter().any(|line| line.style == Style::Bad && line.keep_end)));
    let svg = svg::draw(&tree);
    assert!(svg.contains("class=\"box faulty\"") && svg.contains("class=\"error\""));
}

const HOSTILE: &str = "<b>\\\"&']\\u202e\\uFFFF #1; {x} %% --> n0 \\\\ 1. - \\\"]";

#[test]
fn hostile_names_stay_text() {
    let text =
        format!("[server]\nname = \"{HOSTILE}\"\nip = '10.0.0.1'\n[[relay]]\nname = \"2{HOSTILE}\"\nip = '10.0.0.2'\n");
    let fleet = Fleet::parse(text.as_bytes(), "".as_ref()).unwrap();
    let tree = tree(&fleet);
    check_layout(&tree);
    let svg = svg::draw(&tree);
    assert!(!svg.contains("<b>") && !svg.contains(['\u{1b}', '\u{202e}', '\u{ffff}']), "{svg}");
    let mermaid = mermaid::write(&tree);
    for line in mermaid.lines().filter(|line| line.contains('[')) {
        let label = line.split_once("[\"").unwrap().1.rsplit_once("\"]").unwrap().0.replace("<br/>", "");
        let is_tame = |c: char| c.is_alphanumeric() || " -.,:#;".contains(c);
        assert!(label.chars().all(is_tame), "{label}");
    }
    assert_eq!(mermaid.lines().filter(|line| line.contains("-->")).count(), 1);
}

#[test]
fn the_same_fleet_gives_the_same_bytes() {
    for format in [PictureFormat::Svg, PictureFormat::Dot, PictureFormat::Mermaid] {
        let draw = || {
            let fleet = fleet(&[None, Some(0), Some(7), Some(0)], "");
            graph(&fleet, &check(&fleet), format)
        };
        assert_eq!(draw(), draw());
    }
}

#[test]
fn a_text_that_does_not_fit_says_so() {
    let font = layout::TEXT;
    for (text, keep_end) in
        [(r"\\Server1\SophosUpdate\CIDs\S000\MRSAVSCFXP", true), ("MRComputer.Sales.Acme.Example", false)]
    {
        assert_eq!(font.fit(text, 1000, keep_end), text);
        for width in 0..300 {
            let fitted = font.fit(text, width, keep_end);
            assert!(font.width(&fitted) <= width.max(15), "{fitted}");
            let rest = fitted.replace('…', "");
            assert!(if keep_end { text.ends_with(&rest) } else { text.starts_with(&rest) });
        }
    }
    assert_eq!(font.wrap("one  two", 1000), ["one two"]);
    let wrapped = font.wrap(&"x".repeat(100), 60);
    assert_eq!(wrapped.concat(), "x".repeat(100));
    assert!(wrapped.iter().all(|line| font.width(line) <= 60));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn nothing_lies_on_anything_else(parents in proptest::collection::vec(proptest::option::of(0usize..60), 0..60)) {
        // Parents may be later, missing, or themselves.
        check_layout(&tree(&fleet(&parents, "")));
    }
}
