//! Whether conditions can hold at all: a search through what computers there could be, in which each version, moment and
//! language stands for all that no condition tells apart from it.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::file::{Condition, ConsoleKind, Os, Test};
use super::language::Language;
use super::version::{Version, VersionRange};
use crate::base::text::fold_case;

/// A computer of which not everything is settled yet.
#[derive(Default, Clone)]
struct Partial {
    console: Option<Option<(ConsoleKind, Version)>>,
    os: Option<Option<(Os, Version)>>,
    components: BTreeMap<String, Option<Version>>,
    /// `Some(None)`: a language that no condition names.
    language: Option<Option<Language>>,
    time: Option<SystemTime>,
}

/// How many conditions may still be looked at.
pub(super) struct Budget(pub(super) usize);

/// Whether there is a computer at which all of `conditions` hold, at `from` or later, or at any time. `None`: the budget
/// was spent before that was found out.
pub(super) fn reachable(conditions: &[Condition], from: Option<SystemTime>, budget: &mut Budget) -> Option<bool> {
    let mut leaves = Vec::new();
    collect(conditions, &mut leaves);
    let mut moments: Vec<SystemTime> = leaves
        .iter()
        .filter_map(|leaf| match leaf {
            Test::NotBefore(moment) | Test::Expires(moment) => Some(*moment),
            _ => None,
        })
        .collect();
    // Before all that are named: time has a beginning, and where it begins differs from system to system.
    let first =
        moments.iter().min().map_or(UNIX_EPOCH, |first| first.checked_sub(Duration::from_secs(1)).unwrap_or(*first));
    moments.retain(|moment| from.is_none_or(|from| *moment >= from));
    moments.push(from.unwrap_or(first));
    search(conditions, &leaves, &moments, &mut Partial::default(), budget)
}

fn collect<'a>(conditions: &'a [Condition], leaves: &mut Vec<&'a Test>) {
    for condition in conditions {
        match &condition.test {
            Test::All(inner) | Test::Any(inner) | Test::None(inner) => collect(inner, leaves),
            leaf => leaves.push(leaf),
        }
    }
}

fn search(
    conditions: &[Condition],
    leaves: &[&Test],
    moments: &[SystemTime],
    partial: &mut Partial,
    budget: &mut Budget,
) -> Option<bool> {
    budget.0 = budget.0.checked_sub(leaves.len() + 1)?;
    match all(conditions, partial) {
        Some(holds) => return Some(holds),
        None if budget.0 == 0 => return None,
        None => {}
    }
    let open = leaves.iter().find(|leaf| holds(leaf, partial).is_none()).expect("something is not settled");
    for choice in choices(open, leaves, moments) {
        let mut next = partial.clone();
        match choice {
            Choice::Console(console) => next.console = Some(console),
            Choice::Os(os) => next.os = Some(os),
            Choice::Component(name, version) => drop(next.components.insert(name, version)),
            Choice::Language(language) => next.language = Some(language),
            Choice::Time(moment) => next.time = Some(moment),
        }
        if search(conditions, leaves, moments, &mut next, budget)? {
            return Some(true);
        }
    }
    Some(false)
}

enum Choice {
    Console(Option<(ConsoleKind, Version)>),
    Os(Option<(Os, Version)>),
    Component(String, Option<Version>),
    Language(Option<Language>),
    Time(SystemTime),
}

/// All that can be told apart of what the condition `open` asks for.
fn choices(open: &Test, leaves: &[&Test], moments: &[SystemTime]) -> Vec<Choice> {
    match open {
        Test::Console(..) => {
            let of = |kind| {
                versions(leaves.iter().filter_map(move |leaf| match leaf {
                    Test::Console(this, range) if *this == kind => Some(range),
                    _ => None,
                }))
            };
            let each =
                ConsoleKind::ALL.into_iter().flat_map(|kind| of(kind).into_iter().map(move |version| (kind, version)));
            each.map(Some).chain([None]).map(Choice::Console).collect()
        }
        Test::Os(..) => {
            let of = |os| {
                versions(leaves.iter().filter_map(move |leaf| match leaf {
                    Test::Os(this, range) if *this == os => Some(range),
                    _ => None,
                }))
            };
            let each = Os::ALL.into_iter().flat_map(|os| of(os).into_iter().map(move |version| (os, version)));
            each.map(Some).chain([None]).map(Choice::Os).collect()
        }
        Test::Component(name, _) => {
            let key = fold_case(name);
            let ranges = leaves.iter().filter_map(|leaf| match leaf {
                Test::Component(this, range) if fold_case(this) == key => Some(range),
                _ => None,
            });
            let each = versions(ranges).into_iter().map(Some).chain([None]);
            each.map(|version| Choice::Component(key.clone(), version)).collect()
        }
        Test::Language(_) => {
            let named = leaves.iter().filter_map(|leaf| match leaf {
                Test::Language(language) => Some(language.clone()),
                _ => None,
            });
            named.map(Some).chain([None]).map(Choice::Language).collect()
        }
        _ => moments.iter().copied().map(Choice::Time).collect(),
    }
}

/// Versions, one for each answer that the ranges can give together.
fn versions<'a>(ranges: impl Iterator<Item = &'a VersionRange>) -> Vec<Version> {
    let mut versions = vec![Version::zero()];
    for edge in ranges.flat_map(VersionRange::edges) {
        if !versions.contains(&edge) {
            versions.push(edge);
        }
    }
    versions
}

fn all(conditions: &[Condition], partial: &Partial) -> Option<bool> {
    unless_one(false, conditions, partial)
}

fn any(conditions: &[Condition], partial: &Partial) -> Option<bool> {
    unless_one(true, conditions, partial)
}

/// `decisive` where one condition is that, its opposite where all are settled, and none is.
fn unless_one(decisive: bool, conditions: &[Condition], partial: &Partial) -> Option<bool> {
    let mut answer = Some(!decisive);
    for condition in conditions {
        match holds(&condition.test, partial) {
            Some(holds) if holds == decisive => return Some(decisive),
            Some(_) => {}
            None => answer = None,
        }
    }
    answer
}

/// Whether a condition holds, as far as that is settled.
fn holds(test: &Test, partial: &Partial) -> Option<bool> {
    Some(match test {
        Test::All(inner) => return all(inner, partial),
        Test::Any(inner) => return any(inner, partial),
        Test::None(inner) => return any(inner, partial).map(|holds| !holds),
        Test::Console(kind, range) => {
            partial.console.as_ref()?.as_ref().is_some_and(|(this, version)| this == kind && range.holds(version))
        }
        Test::Os(os, range) => {
            partial.os.as_ref()?.as_ref().is_some_and(|(this, version)| this == os && range.holds(version))
        }
        Test::Component(name, range) => {
            partial.components.get(&fold_case(name))?.as_ref().is_some_and(|version| range.holds(version))
        }
        Test::Language(language) => partial.language.as_ref()?.as_ref().is_some_and(|this| language.covers(this)),
        Test::NotBefore(moment) => partial.time? >= *moment,
        Test::Expires(moment) => partial.time? < *moment,
    })
}
