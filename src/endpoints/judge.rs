//! In which state an endpoint is, by all that is known of it.

use super::model::{Endpoint, EndpointState, Evidence, Installed, Parent, Trouble, ViewParent};
use super::name::Name;
use crate::base::error::Result;
use crate::registry::Value;
use crate::router::{self, CheckState, Expected, PARENT_ADDRESS, RegistryView, Router, RouterView, same_list};

/// What is expected of every endpoint that no list says otherwise of.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wanted {
    /// Whom it should report to.
    pub expected: Option<Expected>,
    /// Whom the relay itself should report to, where the CID says so.
    pub own_parent: Option<String>,
    /// What the computer is.
    pub role: Role,
}

/// What a computer is to the relay that is expected.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Role {
    /// Not said: the relay is known by its name, and a list that expects something else goes before.
    #[default]
    ByName,
    /// An endpoint of it, whatever a list expects.
    Endpoint,
    /// The relay itself, which should report to `own_parent`.
    Relay,
}

/// The state, and why.
struct Verdict {
    state: EndpointState,
    reason: Option<String>,
    /// Nothing was expected, which is no fault of the endpoint.
    is_unasked: bool,
}

/// A verdict with a reason, or with none where this is empty.
fn verdict(state: EndpointState, reason: impl Into<String>) -> Verdict {
    let reason = Some(reason.into()).filter(|reason| !reason.is_empty());
    Verdict { state, reason, is_unasked: false }
}

/// Judges one endpoint by what its registry says, and what is installed.
pub(super) fn judge(
    name: String,
    registry: Option<&Evidence>,
    installed: Option<&Installed>,
    wanted: &Wanted,
) -> Endpoint {
    let mut notes = Vec::new();
    let views = registry.map(views).unwrap_or_default();
    let expected = expected(registry, wanted);
    let (parent, verdict) = decide(&name, registry, installed, expected.as_ref(), wanted, &mut notes);
    if name.contains(char::is_whitespace) {
        notes.push(
            text!("the name has a blank in it, as no computer's has: is this a copy of another file?").to_owned(),
        );
    }
    Endpoint {
        name,
        state: verdict.state,
        fault: verdict.state != EndpointState::Reports && !verdict.is_unasked,
        parent,
        views,
        mrinit_parent: installed.and_then(|installed| installed.parent.clone()),
        orig: installed.is_some_and(|installed| installed.orig.is_some()),
        orig_parent: installed.and_then(|installed| installed.orig.clone().flatten()),
        expected: expected.map(|expected| expected.list),
        seen: None,
        source: None,
        reason: verdict.reason,
        notes,
        older: Vec::new(),
    }
}

/// What is expected: by a list that names it for each computer, by what is asked for now, by what was asked for then.
fn expected(registry: Option<&Evidence>, wanted: &Wanted) -> Option<Expected> {
    let list = |list: &str| Expected { list: list.to_owned(), from: None, warnings: Vec::new() };
    let listed = registry.and_then(|evidence| evidence.expected.as_deref()).map(list);
    let asked = || wanted.expected.as_ref().map(|expected| Expected { warnings: Vec::new(), ..expected.clone() });
    let was = || registry.and_then(|evidence| evidence.was_expected.as_deref()).map(list);
    match wanted.role {
        Role::ByName => listed.or_else(asked).or_else(was),
        Role::Endpoint | Role::Relay => asked(),
    }
}

fn views(evidence: &Evidence) -> Vec<ViewParent> {
    let view = |(view, parent): (Option<RegistryView>, &Parent)| {
        let view = view?.name().to_owned();
        let (present, parent_address) = match parent {
            Parent::NotTold => return None,
            Parent::NoKey => (false, None),
            Parent::NoValue => (true, None),
            Parent::List(list) => (true, Some(list.to_string())),
        };
        Some(ViewParent { view, present, parent_address })
    };
    evidence.parents().into_iter().filter_map(view).collect()
}

/// The registry as [`router::check`] judges it. Where it is not said in which view a parent stands, there is one.
fn check(evidence: &Evidence, expected: Option<&Expected>) -> Result<router::ClientCheck> {
    let view = |(view, parent): (Option<RegistryView>, &Parent)| {
        let value = match parent {
            Parent::NotTold => return None,
            Parent::NoKey | Parent::NoValue => None,
            Parent::List(list) => Some((PARENT_ADDRESS.to_owned(), Value::String(list.to_string()))),
        };
        let (view, present) = (view.unwrap_or(RegistryView::Bits32), *parent != Parent::NoKey);
        Some(RouterView { view, present, values: value.into_iter().collect() })
    };
    router::check(&Router { views: evidence.parents().into_iter().filter_map(view).collect() }, expected)
}

fn decide(
    name: &str,
    registry: Option<&Evidence>,
    installed: Option<&Installed>,
    expected: Option<&Expected>,
    wanted: &Wanted,
    notes: &mut Vec<String>,
) -> (Option<String>, Verdict) {
    use EndpointState::{Contradicts, Nobody, Reports, Unknown, Unreachable};
    let Some(registry) = registry.filter(|evidence| evidence.tells()) else {
        return (None, by_file_alone(installed, expected));
    };
    match registry.trouble.as_deref() {
        Some(Trouble::Unreachable(why)) => return (None, verdict(Unreachable, &**why)),
        Some(Trouble::Broken(why)) => return (None, verdict(Unknown, &**why)),
        None => {}
    }
    let check = match check(registry, expected) {
        Ok(check) => check,
        Err(error) => return (None, verdict(Unknown, super::export::why(&error))),
    };
    let list = |list: &&str| list.contains(|c: char| c != ',' && !c.is_whitespace());
    let parent = check.views.iter().filter_map(|view| view.parent_address.as_deref()).find(list).map(str::to_owned);
    let mut said = check.notes.into_iter();
    let found = match check.state {
        CheckState::Conflict => verdict(Contradicts, said.next_back().unwrap_or_default()),
        CheckState::Missing => verdict(Nobody, said.next_back().unwrap_or_default()),
        CheckState::Same | CheckState::Different | CheckState::Found => {
            let parent = parent.as_deref().unwrap_or_default();
            match beside(name, parent, installed, expected, wanted, notes) {
                Some(found) => found,
                None if check.state == CheckState::Found => nothing_expected(),
                None if check.state == CheckState::Same => verdict(Reports, ""),
                None => verdict(EndpointState::OldParent, ""),
            }
        }
    };
    notes.extend(said);
    if let Some(trouble) = installed.and_then(|installed| installed.trouble.as_deref()) {
        notes.push(text!("its mrinit.conf cannot be read: {trouble}", trouble));
    }
    (parent, found)
}

fn nothing_expected() -> Verdict {
    let why = text!("nothing was expected: --expect or --cid names the relay, or a list has a column for it");
    Verdict { is_unasked: true, ..verdict(EndpointState::Unknown, why) }
}

/// Where the registry is not known, its file alone cannot show that an endpoint reports.
fn by_file_alone(installed: Option<&Installed>, expected: Option<&Expected>) -> Verdict {
    use EndpointState::{OldParent, OrigWins, Unknown};
    let Some(installed) = installed else {
        return verdict(Unknown, text!("no source tells of its parent"));
    };
    if let Some(trouble) = &installed.trouble {
        return verdict(Unknown, text!("its mrinit.conf cannot be read: {trouble}", trouble));
    }
    if let Some(why) = orig_wins(installed, expected.map(|expected| &*expected.list).or(installed.parent.as_deref())) {
        return verdict(OrigWins, why);
    }
    match (&installed.parent, expected) {
        (Some(list), Some(expected)) if !same_list(list, &expected.list) => {
            verdict(OldParent, text!("its mrinit.conf names another parent; the registry was not seen"))
        }
        (Some(_), Some(_)) => verdict(
            Unknown,
            text!("its mrinit.conf names the expected parent, and its registry, which decides, was not seen"),
        ),
        (Some(_), None) => nothing_expected(),
        (None, _) => verdict(Unknown, text!("no source tells of its parent")),
    }
}

/// What decides beside the registry: that this is the relay itself, a `mrinit.conf.orig`, another parent in `mrinit.conf`.
fn beside(
    name: &str,
    parent: &str,
    installed: Option<&Installed>,
    expected: Option<&Expected>,
    wanted: &Wanted,
    notes: &mut Vec<String>,
) -> Option<Verdict> {
    use EndpointState::{Contradicts, OldParent, OrigWins, Reports, Unknown};
    let file = installed.and_then(|installed| installed.parent.as_deref());
    let is_relay = match wanted.role {
        Role::ByName => {
            expected.map(|expected| &*expected.list).or(file).is_some_and(|list| names_computer(list, name))
        }
        Role::Endpoint => false,
        Role::Relay => true,
    };
    if is_relay {
        // A relay takes MRParentAddress as its own parent.
        notes.push(text!("this computer is the relay itself, whose own parent is another").to_owned());
        let of_file = installed.and_then(|installed| installed.own_parent.as_deref());
        let own = match wanted.role {
            Role::Relay => wanted.own_parent.as_deref(),
            _ => of_file.or(wanted.own_parent.as_deref()),
        };
        return Some(match own {
            Some(own) if same_list(own, parent) => {
                verdict(Reports, text!("the relay itself: it reports to MRParentAddress"))
            }
            Some(_) => verdict(OldParent, text!("the relay itself: it does not report to MRParentAddress")),
            None => verdict(Unknown, text!("the relay itself, and no mrinit.conf tells whom it should report to")),
        });
    }
    let installed = installed?;
    let target = expected.map(|expected| &*expected.list).or(file).unwrap_or(parent);
    if let Some(why) = orig_wins(installed, Some(target)) {
        return Some(verdict(OrigWins, why));
    }
    if installed.orig.is_some() {
        notes.push(text!("a mrinit.conf.orig is there and names the same parent").to_owned());
    }
    match file {
        Some(list) if !same_list(list, parent) => Some(verdict(
            Contradicts,
            text!(
                "the registry and the installed mrinit.conf name different parents: the router was not set up with this file"
            ),
        )),
        _ => None,
    }
}

/// Why a `mrinit.conf.orig` is in the way of this parent.
fn orig_wins(installed: &Installed, target: Option<&str>) -> Option<String> {
    let orig = installed.orig.as_ref()?;
    match orig {
        None => Some(
            text!("a mrinit.conf.orig is there that cannot be read, and wins over a new file beside it").to_owned(),
        ),
        Some(list) if target.is_some_and(|target| same_list(target, list)) => None,
        Some(_) => Some(
            text!("a mrinit.conf.orig names another parent, and wins over a new file beside it: rename it").to_owned(),
        ),
    }
}

/// Whether a list of addresses has the computer of this name in it.
fn names_computer(list: &str, name: &str) -> bool {
    let name = Name::read(name);
    list.split(',').map(Name::read).any(|part| {
        part.short == name.short && (part.domain == name.domain || part.domain.is_none() || name.domain.is_none())
    })
}
