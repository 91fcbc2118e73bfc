//! The names of `mrinit.conf`'s values and what each is to us, in one place (formats.md, section 2).

use sha2::{Digest, Sha256};

/// The parent of the endpoints: the one line that relay set-up edits \[14635\].
pub const KEY_PARENT_ROUTER: &str = "ParentRouterAddress";

/// The relay's own parent: never edited in relay set-up \[14635\].
pub const KEY_MR_PARENT: &str = "MRParentAddress";

/// What must be the same in the root's file and in every copy: ports and identities belong to the estate, not to a
/// relay.
const DRIFT_KEYS: &[&str] = &[
    "ClientIIOPPort",
    "ClientSSLPort",
    "ClientIORPort",
    "IORSenderPort",
    "DelegatedManagerCertIdentityKey",
    "ManagedAppCertIdentityKey",
    "RouterCertIdentityKey",
];

/// The names of the estate's secrets have this in them.
const SECRET: &str = "identitykey";

/// Whether a copy's value of `name` should equal the root's.
pub fn is_drift_key(name: &str) -> bool {
    DRIFT_KEYS.iter().any(|key| key.eq_ignore_ascii_case(name))
}

/// Whether the value of `name` is a secret, never to be printed whole.
pub fn is_secret_key(name: &str) -> bool {
    may_hold_secret(name)
}

/// Whether a line that is no secret value may hold a secret all the same: one commented out, say, or in UTF-16 that
/// nobody can tell from text with a NUL between any two characters.
pub(super) fn may_hold_secret(line: &str) -> bool {
    let seen: String = line.chars().filter(char::is_ascii_graphic).collect();
    seen.to_ascii_lowercase().contains(SECRET)
}

/// What is shown in a secret's place: its length, and a fingerprint (the first four bytes of its SHA-256) by which two
/// secrets can be told apart.
///
/// ```
/// assert_eq!(configcid::mrinit::masked("secret"), "(hidden: 6 characters, fingerprint 2bb80d53)");
/// ```
pub fn masked(secret: &str) -> String {
    let digest = Sha256::digest(secret.as_bytes());
    let fingerprint = u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]);
    text!(
        "(hidden: {count} characters, fingerprint {fingerprint})",
        count = secret.chars().count(),
        fingerprint = format!("{fingerprint:08x}")
    )
}
