//! The router's own identity in the registry: the key `Private` below its own, with its certificate and its private key.

use super::RegistryView;
use crate::base::error::Result;
use crate::host::live::{self, Wow};
use crate::registry::{KeyPath, Value};

/// The value that holds the router's certificate \[A\].
pub(crate) const OWN_CERTIFICATE: &str = "pkc";

/// The key in a view, as a `.reg` file names it.
pub(crate) fn private_key(view: RegistryView) -> KeyPath {
    below(&view.key())
}

fn below(key: &KeyPath) -> KeyPath {
    format!(r"{key}\Private").parse().expect("the path of a key below one")
}

/// The certificates that the registry of this computer holds, with where they stand.
///
/// # Errors
/// This is no Windows, or the registry cannot be read.
pub(crate) fn live_certificates() -> Result<Vec<(Value, String)>> {
    let mut found = Vec::new();
    for view in RegistryView::BOTH {
        let (key, wow) = view.live();
        // A 32-bit Windows has one view.
        if wow == Wow::View32 && !live::has_views() {
            continue;
        }
        for (name, value) in live::read(&below(&key), wow, &[OWN_CERTIFICATE])?.unwrap_or_default() {
            found.push((value, format!("{}, {name}", private_key(view))));
        }
    }
    Ok(found)
}
