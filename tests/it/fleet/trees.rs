//! Networks of any shape: a check never panics, finds every circle, and no other.

use configcid::fleet::{Fleet, MAX_LEVELS, check};
use proptest::collection::vec;
use proptest::prelude::*;

/// A parent: nobody is said, the server, a relay, or a name that stands for nothing.
#[derive(Debug, Clone, Copy)]
enum Parent {
    Silent,
    Server,
    Relay(prop::sample::Index),
    Nobody,
}

fn parents() -> impl Strategy<Value = Vec<Parent>> {
    let parent = prop_oneof![
        1 => Just(Parent::Silent),
        2 => Just(Parent::Server),
        12 => any::<prop::sample::Index>().prop_map(Parent::Relay),
        1 => Just(Parent::Nobody),
    ];
    vec(parent, 0..30)
}

/// The level of a relay, found the slow way: `Err(true)` where the way up goes round.
fn level(parents: &[Parent], relay: usize) -> Result<usize, bool> {
    let mut here = relay;
    for level in 2..parents.len() + 2 {
        match parents[here] {
            Parent::Silent | Parent::Server => return Ok(level),
            Parent::Relay(index) => here = index.index(parents.len()),
            Parent::Nobody => return Err(false),
        }
    }
    Err(true)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn circles_and_depths_are_found(parents in parents()) {
        let mut text = "[server]\nname = 'S'\nip = '10.0.0.1'\n".to_owned();
        for (index, parent) in parents.iter().enumerate() {
            text += &format!("[[relay]]\nname = 'r{index}'\nnetbios = 'R{index}'\n");
            match parent {
                Parent::Silent => {}
                Parent::Server => text += "parent = 'S'\n",
                Parent::Relay(other) => text += &format!("parent = 'R{}'\n", other.index(parents.len())),
                Parent::Nobody => text += "parent = 'nobody'\n",
            }
        }
        let fleet = Fleet::parse(text.as_bytes(), "".as_ref()).unwrap();
        let slow: Vec<_> = (0..parents.len()).map(|relay| level(&parents, relay)).collect();
        let levels: Vec<_> = slow.iter().map(|level| level.ok()).collect();
        prop_assert_eq!(fleet.levels(), levels);
        // A relay is in a circle where its way up comes back to it.
        let in_circle = |relay: usize| {
            let mut here = relay;
            (0..parents.len()).any(|_| match parents[here] {
                Parent::Relay(index) => { here = index.index(parents.len()); here == relay }
                _ => false,
            })
        };
        let mut members: Vec<usize> = fleet.cycles().concat();
        members.sort();
        prop_assert_eq!(members, (0..parents.len()).filter(|relay| in_circle(*relay)).collect::<Vec<_>>());
        let findings = check(&fleet);
        let found = |code: &str| findings.iter().filter(|finding| finding.code == code).count();
        prop_assert_eq!(found("cycle"), fleet.cycles().len());
        prop_assert_eq!(found("depth"), slow.iter().filter(|level| level.is_ok_and(|level| level > MAX_LEVELS)).count());
        prop_assert_eq!(found("unknown-parent"), parents.iter().filter(|parent| matches!(parent, Parent::Nobody)).count());
        let lines = text.lines().count();
        prop_assert!(findings.iter().all(|finding| (1..=lines).contains(&finding.line) && !finding.article.is_empty()));
    }

    #[test]
    fn nothing_panics(lines in vec(line(), 0..20)) {
        let text = lines.join("\n");
        if let Ok(fleet) = Fleet::parse(text.as_bytes(), "".as_ref()) {
            check(&fleet);
        }
    }
}

fn line() -> impl Strategy<Value = String> {
    let header = prop::sample::select(vec!["[server]", "[[relay]]", "[[cid]]", "[defaults]", "[relay.x]"]);
    let key = prop::sample::select(vec!["name", "ip", "fqdn", "parent", "endpoints", "path", "platform", "relay", "x"]);
    let value = prop_oneof![
        "'[A-C.1-3]{1,9}'".prop_map(|text| text),
        Just("'server'".to_owned()),
        Just("'windows'".to_owned()),
        (0u64..10_000_000_000).prop_map(|number| number.to_string()),
        "\\PC{0,8}",
    ];
    prop_oneof![header.prop_map(str::to_owned), (key, value).prop_map(|(key, value)| format!("{key} = {value}"))]
}
