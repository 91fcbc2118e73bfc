//! The router's values in the registry (formats.md, section 6): which relay an endpoint reports to, and what a relay's
//! own router should have. They come from the live registry, on Windows, or from an exported `.reg` file, anywhere.

mod check;
#[cfg(feature = "cli")]
mod private;
mod relay;

#[cfg(feature = "cli")]
pub(crate) use check::mrinit_of_cid;
pub(crate) use check::same_list;
pub use check::{
    CheckState, ClientCheck, Expected, InstalledMrinit, ParentView, check, expected_of_cid, look_at_installed,
    usual_folders,
};
#[cfg(feature = "cli")]
pub(crate) use private::{OWN_CERTIFICATE, live_certificates, private_key};
pub(crate) use relay::relay_reg_file_with;
pub use relay::{
    OtherState, RELAY_VALUES, RelayCheck, RelayValue, RelayView, ValueState, apply, check_relay, relay_reg_file,
};

use std::path::Path;

use crate::base::error::Result;
use crate::base::text::fold_case;
use crate::host::live::{self, Wow};
use crate::registry::{KeyPath, RegFile, Value};

/// The value that names the parent of this computer's router; at an endpoint it equals `ParentRouterAddress` of the
/// `mrinit.conf` that it was set up with \[14635\].
pub const PARENT_ADDRESS: &str = "ParentAddress";

/// The value that moves the router's Envelopes folder \[113040\].
pub const ENVELOPE_DIR: &str = "EnvelopeDir";

/// What the router's service is started with; on a relay behind NAT, the name and ports that endpoints are told \[A\].
pub const SERVICE_ARGS: &str = "ServiceArgs";

/// The processors that the router may run on: bound to one, access violations of it are known to end \[113093\].
pub const PROCESSOR_AFFINITY: &str = "ProcessorAffinity";

/// Where a router's values stand below `SOFTWARE`, or below `SOFTWARE\Wow6432Node` \[113040\].
const BELOW_SOFTWARE: &str = r"Sophos\Messaging System\Router";

/// One of the two registries that a 64-bit Windows has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub enum RegistryView {
    /// That of 32-bit programs on a 64-bit Windows, below `Wow6432Node`: the router's one there \[113093\].
    #[serde(rename = "32")]
    Bits32,
    /// That without `Wow6432Node`: the only one of a 32-bit Windows, and so the router's there.
    #[serde(rename = "64")]
    Bits64,
}

impl RegistryView {
    /// Both, the router's on a 64-bit Windows first.
    pub const BOTH: [Self; 2] = [Self::Bits32, Self::Bits64];

    /// `32` or `64`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bits32 => "32",
            Self::Bits64 => "64",
        }
    }

    /// The router's key in this view, as a `.reg` file names it.
    ///
    /// ```
    /// use configcid::router::RegistryView;
    ///
    /// assert_eq!(
    ///     RegistryView::Bits32.key().to_string(),
    ///     r"HKEY_LOCAL_MACHINE\SOFTWARE\Wow6432Node\Sophos\Messaging System\Router"
    /// );
    /// ```
    pub fn key(self) -> KeyPath {
        let node = match self {
            Self::Bits32 => r"Wow6432Node\",
            Self::Bits64 => "",
        };
        key(&format!(r"HKLM\SOFTWARE\{node}{BELOW_SOFTWARE}"))
    }

    /// The key as programs ask for it, with this to say which registry they mean.
    pub(crate) fn live(self) -> (KeyPath, Wow) {
        let wow = match self {
            Self::Bits32 => Wow::View32,
            Self::Bits64 => Wow::View64,
        };
        (Self::Bits64.key(), wow)
    }
}

fn key(path: &str) -> KeyPath {
    path.parse().expect("the path of a key that stands in this file")
}

/// The values of a computer's router.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Router {
    /// What each view holds. A 32-bit Windows has one view.
    pub views: Vec<RouterView>,
}

/// The router's key in one view.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RouterView {
    /// Which.
    pub view: RegistryView,
    /// Whether there is such a key.
    pub present: bool,
    /// Names and values, as far as configcid knows what they are for.
    pub values: Vec<(String, Value)>,
}

impl RouterView {
    /// The value of `name`, matched without regard to case.
    pub fn value(&self, name: &str) -> Option<&Value> {
        self.values.iter().find(|(this, _)| fold_case(this) == fold_case(name)).map(|(_, value)| value)
    }
}

impl Router {
    /// What an exported file says.
    ///
    /// ```
    /// use configcid::registry::RegFile;
    /// use configcid::router::{CheckState, Expected, Router, check};
    ///
    /// let file = RegFile::parse(
    ///     b"REGEDIT4\n[HKLM\\SOFTWARE\\Sophos\\Messaging System\\Router]\n\"ParentAddress\"=\"10.1.200.65,MR\"\n",
    /// )?;
    /// let expected = Expected::from_list("10.1.200.65,mr")?;
    /// let answer = check(&Router::in_file(&file), Some(&expected))?;
    /// assert_eq!(answer.state, CheckState::Same);
    /// # Ok::<(), configcid::Error>(())
    /// ```
    pub fn in_file(file: &RegFile) -> Self {
        let views = RegistryView::BOTH.map(|view| {
            let key = view.key();
            let value = |name: &str| file.value(&key, name).map(|value| (name.to_owned(), value.clone()));
            RouterView { view, present: file.has_key(&key), values: names().into_iter().filter_map(value).collect() }
        });
        Self { views: views.into() }
    }

    /// As [`in_file`](Router::in_file), of a file on disk.
    ///
    /// # Errors
    /// It cannot be read, or as [`RegFile::parse`].
    pub fn in_file_at(path: &Path) -> Result<Self> {
        Ok(Self::in_file(&RegFile::read(path)?))
    }

    /// What the registry of this computer says.
    ///
    /// # Errors
    /// This is no Windows, or the registry cannot be read.
    pub fn live() -> Result<Self> {
        let views = if live::has_views() { RegistryView::BOTH.as_slice() } else { &[RegistryView::Bits64] };
        Ok(Self { views: views.iter().map(|view| live_view(*view)).collect::<Result<_>>()? })
    }

    /// The views that hold a router's key.
    fn present(&self) -> Vec<RegistryView> {
        self.views.iter().filter(|view| view.present).map(|view| view.view).collect()
    }

    /// One view; one that holds nothing where the computer has no such view.
    fn view(&self, view: RegistryView) -> RouterView {
        let found = self.views.iter().find(|this| this.view == view).cloned();
        found.unwrap_or(RouterView { view, present: false, values: Vec::new() })
    }
}

/// What is looked for in a router's key.
fn names() -> Vec<&'static str> {
    [PARENT_ADDRESS, ENVELOPE_DIR, SERVICE_ARGS, PROCESSOR_AFFINITY]
        .into_iter()
        .chain(RELAY_VALUES.iter().map(|value| value.name))
        .collect()
}

fn live_view(view: RegistryView) -> Result<RouterView> {
    let (key, wow) = view.live();
    let values = live::read(&key, wow, &names())?;
    Ok(RouterView { view, present: values.is_some(), values: values.unwrap_or_default() })
}

#[cfg(test)]
mod tests;
