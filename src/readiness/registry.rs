//! What the relay's registry says: its parent, and the values of a relay's router \[14635\].

use super::files::{names, parent_list, relay_list};
use super::{Evidence, Point, Standing};
use crate::envelopes::ServiceState;
use crate::router::{self, CheckState, Expected, OtherState, PARENT_ADDRESS, Router, SERVICE_ARGS, check_relay};

const EXPORT: &str = r#"on the relay: reg export "HKLM\SOFTWARE\Wow6432Node\Sophos" relay.reg (without Wow6432Node on a 32-bit Windows), and name the file with --reg FILE"#;

/// The point `parent`: whether the relay's router has the parent that the CID gives a relay.
pub(super) fn parent(seen: &Evidence) -> Point {
    const NAME: &str = "parent";
    let Some(router) = &seen.router else {
        return Point::new(NAME, Standing::Unknown, text!("the relay's registry was not looked at")).next(EXPORT);
    };
    let expected = parent_list(seen).map(|list| Expected { list, from: None, warnings: Vec::new() });
    let found = match router::check(router, expected.as_ref()) {
        Ok(found) => found,
        Err(error) => {
            return Point::new(NAME, Standing::Wrong, text!("the router's parent cannot be used: {error}", error))
                .next("let the relay install again from its CID");
        }
    };
    let mut evidence: Vec<String> = found
        .views
        .iter()
        .filter(|view| view.present)
        .map(|view| match &view.parent_address {
            Some(list) => text!("{key}: {PARENT_ADDRESS} is {list}", key = view.key, PARENT_ADDRESS, list),
            None => text!("{key}: there is no {PARENT_ADDRESS}", key = view.key, PARENT_ADDRESS),
        })
        .collect();
    let actual = found.views.iter().find_map(|view| view.parent_address.clone()).unwrap_or_default();
    evidence.extend(found.notes);
    let point = |state, what: String| Point::new(NAME, state, what).evidence(evidence.clone());
    let wanted = expected.map(|expected| expected.list).unwrap_or_default();
    let install = text!(
        "the relay has not installed from the CID: let it update from there (in the console its group's policy must name \
                   this CID [14635]), then look again"
    );
    match found.state {
        CheckState::Missing => point(Standing::Wrong, text!("the relay's router has no parent").to_owned())
            .next("install the CID on the relay: its Remote Management System is missing or was never set up"),
        CheckState::Conflict => {
            point(Standing::Wrong, text!("the views of the relay's registry name different parents").to_owned())
                .next("remove the router's key that is not used: on a 64-bit Windows that without Wow6432Node [113093]")
        }
        CheckState::Found => {
            point(Standing::Unknown, text!("the relay reports to {actual}; what its parent should be is not known", actual))
                .next("name the CID with --cid CID, or the relay's own file with --mrinit FILE")
        }
        CheckState::Same => point(Standing::Right, text!("the relay reports to the parent that it should: {actual}", actual)),
        CheckState::Different if relay_list(seen).is_some_and(|relay| names(&actual, &relay)) => point(
            Standing::Wrong,
            text!("the relay reports to itself ({actual}) and not to {wanted}: it was set up as one of its own endpoints", actual, wanted),
        )
        .next("see that MRParentAddress of its mrinit.conf names the server, run ClientMRInit.exe there, and restart the service \"Sophos Message Router\""),
        CheckState::Different if names(&actual, &wanted) => point(
            Standing::Doubtful,
            text!("the relay reports to {actual}, which may be the same machine as {wanted}, set up otherwise", actual, wanted),
        )
        .next(install),
        CheckState::Different => {
            point(Standing::Wrong, text!("the relay reports to {actual}, and should to {wanted}", actual, wanted)).next(install)
        }
    }
}

/// The point `relay-values`: the values that make the router fit to be a relay.
pub(super) fn relay_values(seen: &Evidence) -> Point {
    const NAME: &str = "relay-values";
    let Some(router) = &seen.router else {
        return Point::new(NAME, Standing::Unknown, text!("the relay's registry was not looked at")).next(EXPORT);
    };
    let check = check_relay(router, None);
    if let Some(fault) = check.faults.first() {
        return Point::new(NAME, Standing::Wrong, fault.clone()).next("install the CID on the relay");
    }
    let mut evidence = Vec::new();
    for view in &check.views {
        for value in view.values.iter().filter(|value| !value.same) {
            let actual = value.actual.as_deref().unwrap_or(text!("(none)"));
            let wrong = value.wrong.as_ref().map_or_else(String::new, |wrong| format!(": {wrong}"));
            evidence.push(text!(
                "{key}: {value} is {actual}, should be {expected}{wrong}",
                key = view.key,
                value = value.name,
                actual,
                expected = value.expected,
                wrong
            ));
        }
    }
    let differences = check.differences();
    if differences > 0 {
        let all = check.views.iter().map(|view| view.values.len()).sum::<usize>();
        let what = match differences == all {
            true => text!("the router has none of a relay's values: it is still set up as any endpoint's").to_owned(),
            false => text!("{differences} of a relay's {all} values are not as they should be", differences, all),
        };
        return Point::new(NAME, Standing::Wrong, what).evidence(evidence).next(
            "on the relay: configcid relay registry --apply (or reg import of what relay registry --reg FILE writes), and restart \
             the service \"Sophos Message Router\"",
        );
    }
    // Its parent is a point of its own.
    let doubts: Vec<String> = doubts(check.others()).collect();
    if !doubts.is_empty() {
        return Point::new(
            NAME,
            Standing::Doubtful,
            text!("all values are a relay's, and others of the router's are doubtful"),
        )
        .evidence(doubts)
        .next("mend them with regedit on the relay, and restart the service \"Sophos Message Router\"");
    }
    Point::new(NAME, Standing::Right, text!("the router has a relay's values in the registry"))
}

fn doubts<'a>(others: impl Iterator<Item = &'a OtherState>) -> impl Iterator<Item = String> {
    others
        .filter(|other| other.name != PARENT_ADDRESS)
        .flat_map(|other| other.wrong.iter().map(|wrong| format!("{}: {wrong}", other.name)))
}

/// What is said of the service, where it was looked at.
pub(super) fn service(seen: &Evidence) -> Option<(bool, String)> {
    Some(match seen.service? {
        Some(ServiceState::Running) => (true, text!("the service \"Sophos Message Router\" runs").to_owned()),
        Some(state) => (false, text!("the service \"Sophos Message Router\" is {}", state.name())),
        None => (false, text!("there is no service \"Sophos Message Router\"").to_owned()),
    })
}

/// The name by which the router says that it listens, where `ServiceArgs` gives one.
pub(super) fn has_listen_arguments(router: &Router) -> bool {
    router
        .views
        .iter()
        .filter_map(|view| view.value(SERVICE_ARGS)?.text())
        .any(|text| text.to_ascii_lowercase().contains("-orblistenendpoints"))
}
