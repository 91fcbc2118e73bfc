//! What is known of one endpoint.

use crate::base::language::said;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::router::RegistryView;

/// Whom an endpoint reports to, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum EndpointState {
    /// Its registry names the parent that was expected.
    Reports,
    /// It names another.
    OldParent,
    /// No parent is set.
    Nobody,
    /// The two views of the registry, or the registry and the installed `mrinit.conf`, name different parents.
    Contradicts,
    /// A `mrinit.conf.orig` names another parent, and wins over the new file when the router is set up next.
    OrigWins,
    /// It could not be asked.
    Unreachable,
    /// Nothing that can be read tells, or nothing was expected.
    Unknown,
}

impl EndpointState {
    /// Each, in the order of the summary.
    pub(crate) const ALL: [Self; 7] = [
        Self::Reports,
        Self::OldParent,
        Self::Nobody,
        Self::Contradicts,
        Self::OrigWins,
        Self::Unreachable,
        Self::Unknown,
    ];

    /// As it stands in every output.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Reports => "reports",
            Self::OldParent => "old-parent",
            Self::Nobody => "nobody",
            Self::Contradicts => "contradicts",
            Self::OrigWins => "orig-wins",
            Self::Unreachable => "unreachable",
            Self::Unknown => "unknown",
        }
    }

    /// The state of this name.
    pub(crate) fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// A row of the table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Endpoint {
    /// The computer, as the source that counts names it.
    pub name: String,
    /// In one word.
    pub state: EndpointState,
    /// Whether that is a fault; a state that is not known for want of anything expected is none.
    pub fault: bool,
    /// The parent that counts, as the registry has it.
    pub parent: Option<String>,
    /// Each view of the registry that was seen.
    pub views: Vec<ViewParent>,
    /// `ParentRouterAddress` of the installed `mrinit.conf`.
    pub mrinit_parent: Option<String>,
    /// Whether there is a `mrinit.conf.orig` beside it.
    pub orig: bool,
    /// The parent that it names.
    pub orig_parent: Option<String>,
    /// The parent that was expected of this endpoint.
    pub expected: Option<String>,
    /// When it was seen: RFC 3339, in UTC.
    pub seen: Option<String>,
    /// Where: a file, or a file and a line.
    pub source: Option<String>,
    /// Why the state is what it is, where there is more to say.
    pub reason: Option<String>,
    /// What else there is to say, each as a sentence.
    pub notes: Vec<String>,
    /// Older sources of the same computer, which do not count.
    pub older: Vec<String>,
}

/// The parent in one view of an endpoint's registry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ViewParent {
    /// `32` or `64`.
    pub view: String,
    /// Whether there is a router's key.
    pub present: bool,
    /// The comma list that stands there.
    pub parent_address: Option<String>,
}

/// How many endpoints are in which state.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Counts {
    pub reports: usize,
    pub old_parent: usize,
    pub nobody: usize,
    pub contradicts: usize,
    pub orig_wins: usize,
    pub unreachable: usize,
    pub unknown: usize,
}

impl Counts {
    pub(crate) fn add(&mut self, state: EndpointState) {
        *self.slot(state) += 1;
    }

    /// Each state with its number.
    pub(crate) fn each(&self) -> [(EndpointState, usize); 7] {
        let mut all = self.clone();
        EndpointState::ALL.map(|state| (state, *all.slot(state)))
    }

    pub(crate) fn total(&self) -> usize {
        self.each().iter().map(|(_, count)| count).sum()
    }

    fn slot(&mut self, state: EndpointState) -> &mut usize {
        match state {
            EndpointState::Reports => &mut self.reports,
            EndpointState::OldParent => &mut self.old_parent,
            EndpointState::Nobody => &mut self.nobody,
            EndpointState::Contradicts => &mut self.contradicts,
            EndpointState::OrigWins => &mut self.orig_wins,
            EndpointState::Unreachable => &mut self.unreachable,
            EndpointState::Unknown => &mut self.unknown,
        }
    }
}

/// A parent as a source has it. Lists are few, and shared by those who have the same.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) enum Parent {
    /// The source does not tell.
    #[default]
    NotTold,
    /// There is no key of a router.
    NoKey,
    /// The key has no such value.
    NoValue,
    /// The list.
    List(Arc<str>),
}

/// Why a source tells nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The computer could not be asked.
    Unreachable(Box<str>),
    /// The source cannot be read.
    Broken(Box<str>),
}

/// What one source says of one computer.
#[derive(Debug, Clone, Default)]
pub(super) struct Evidence {
    /// The parent, where the source does not say in which view it stands.
    pub whole: Parent,
    /// In the view of 32-bit programs.
    pub view32: Parent,
    /// In the other.
    pub view64: Parent,
    /// What is installed there.
    pub installed: Option<Box<Installed>>,
    /// The parent that was expected, by a list that names it for each computer.
    pub expected: Option<Arc<str>>,
    /// The same by an answer of `client check`, which is weaker than what is asked for now.
    pub was_expected: Option<Arc<str>>,
    /// Why it tells nothing.
    pub trouble: Option<Box<Trouble>>,
}

impl Evidence {
    pub(super) fn broken(why: impl Into<Box<str>>) -> Self {
        Self { trouble: Some(Box::new(Trouble::Broken(why.into()))), ..Self::default() }
    }

    /// Whether it tells of the registry, be it that this cannot be told.
    pub(super) fn tells(&self) -> bool {
        self.trouble.is_some() || self.parents().iter().any(|(_, parent)| **parent != Parent::NotTold)
    }

    /// The same, and where a parent is none that an endpoint could have, broken: what stands in its place is not handed on.
    pub(super) fn plausible(self) -> Self {
        let is_list = |parent: &Parent| !matches!(parent, Parent::List(list) if !is_list(list));
        match self.parents().iter().all(|(_, parent)| is_list(parent)) {
            true => self,
            false => Self { expected: self.expected, ..Self::broken(NO_LIST) },
        }
    }

    /// The three, with their views.
    pub(super) fn parents(&self) -> [(Option<RegistryView>, &Parent); 3] {
        [(Some(RegistryView::Bits32), &self.view32), (Some(RegistryView::Bits64), &self.view64), (None, &self.whole)]
    }
}

/// Why a parent is none.
const NO_LIST: &str = "the parent is no list of addresses: it has a line break in it, or is longer than any";

/// Whether a text may be a list of addresses; names have at most 253 characters (formats.md, section 2).
fn is_list(text: &str) -> bool {
    text.len() <= 1024 && !text.contains(char::is_control)
}

impl Installed {
    /// As [`Evidence::plausible`].
    pub(super) fn plausible(mut self) -> Self {
        if !self.parent.as_deref().is_none_or(is_list) {
            self.parent = None;
            self.trouble = Some(said(NO_LIST).to_owned());
        }
        self.own_parent = self.own_parent.filter(|list| is_list(list));
        self.orig = self.orig.map(|orig| orig.filter(|list| is_list(list)));
        self
    }
}

/// What stands in the folder where Remote Management System is installed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Installed {
    /// `ParentRouterAddress` of `mrinit.conf`; none where there is no such file.
    pub parent: Option<String>,
    /// `MRParentAddress` of it.
    pub own_parent: Option<String>,
    /// Why it cannot be read.
    pub trouble: Option<String>,
    /// The parent that a `mrinit.conf.orig` names: within, none where that cannot be read.
    pub orig: Option<Option<String>>,
}
