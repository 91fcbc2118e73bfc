//! What an audit can find: one table of ids, severities, meanings and next steps. Nothing else in the program has an
//! opinion on how grave a finding is.

pub use crate::base::severity::Severity;

/// A sort of finding.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rule {
    /// The name, which never changes.
    pub id: &'static str,
    /// How grave it is.
    pub severity: Severity,
    /// What it means, as a sentence.
    pub meaning: &'static str,
    /// What to do about it, as a sentence without its end.
    pub next: &'static str,
}

use crate::catalogs::look::TroubleKind;
use Severity::{Error, Note, Warning};

const UPDATE: &str = "let the server update this CID, or restore the file from a copy that is whole";
const UPDATE_OR_REFRESH: &str = "let the server update this CID; or, if the file is yours, run configcid refresh, with --customer-file \
     where its name does not say so";
const ADD_ROOT: &str = "find out who wrote it, and take the manifest from its source again";

macro_rules! rules {
    ($($(#[$doc:meta])* $name:ident = $id:literal, $severity:expr, $meaning:expr, $next:expr;)*) => {
        $(pub(crate) const $name: &Rule =
            &Rule { id: $id, severity: $severity, meaning: $meaning, next: $next };)*

        /// Every rule, in the order of the documentation: of those that are as grave, what matters more comes first.
        ///
        /// ```
        /// use configcid::audit::{RULES, Severity};
        ///
        /// let rule = RULES.iter().find(|rule| rule.id == "entry-missing").unwrap();
        /// assert_eq!(rule.severity, Severity::Error);
        /// ```
        pub const RULES: &[&Rule] = &[$($name),*];
    };
}

rules! {
    MANIFEST_SIGNATURE = "manifest-signature", Error,
        "No signature of a manifest is acceptable: it is wrong, revoked, or leads to none of the given roots.", ADD_ROOT;
    MANIFEST_UNREADABLE = "manifest-unreadable", Error,
        "A manifest cannot be read, or breaks the format.", ADD_ROOT;
    MANIFEST_UNSIGNED = "manifest-unsigned", Error,
        "A manifest has no signature.", ADD_ROOT;
    MANIFEST_EMPTY = "manifest-empty", Error,
        "A manifest lists no file: whatever lies beside it, nothing signed vouches for it.", ADD_ROOT;
    MANIFEST_DIGEST = "manifest-digest", Error,
        "A file has another content than a manifest lists.",
        "take it for tampered with until you know better, and let the server update this CID";
    MANIFEST_SIZE = "manifest-size", Error,
        "A file has another size than a manifest lists.",
        "take it for tampered with until you know better, and let the server update this CID";
    MANIFEST_TWO_PLACES = "manifest-two-places", Error,
        "A file of a component's manifest stands both in the component and below the root: which of them an updater uses is not known.",
        "remove the one that does not belong there; formats.md, section 4, says which that is";
    SINCE_ROLLBACK = "since-rollback", Error,
        "A manifest is older than the one that the baseline knows: it vouches for files that were replaced since.",
        "let the server update this CID, and find out who put the old manifest there";
    SINCE_UNEXPLAINED = "since-unexplained", Error,
        "A file came, went or changed since the baseline was saved, or a relay's parent did, and neither a good manifest nor \
         configcid's history explains it.",
        "find out who did it; if it is as it should be, save a new baseline with --save";
    CATALOG_CONTRADICTS = "catalog-contradicts-manifest", Error,
        "A catalog lists a file with a size or content that a manifest denies.",
        "trust the manifest if its signature is good, and let the server update this CID";
    CASE_CONFLICT = "case-conflict", Error,
        "Two names differ in case alone: to Windows they are one.", "remove the one that does not belong there";
    LOOK_ALIKE = "look-alike", Error,
        "A name looks like one that matters, such as mrinit.conf, and is another: endpoints do not read it as that.",
        "rename it, typing the name anew, or remove it";
    LINK_OUT = "link-leads-out", Error,
        "A link leads out of the CID.", "put a real file or folder in its place";
    ENTRY_LEADS_OUT = "entry-leads-out", Error,
        "A catalog lists what is behind a link that leads out of the CID.", "put a real file or folder in the link's place";
    LINK = "link", Error,
        "A link, which leads somewhere in the CID, or nowhere.", "put a real file or folder in its place";
    RELAY_FAULT = "relay-fault", Error,
        "An mrinit.conf is malformed, makes a relay its own parent, or names another parent for a relay than the root's does, \
         though configcid did not set it.",
        "run configcid relay show, and set the relay up again with configcid relay set";
    CATALOG_UNREADABLE = "catalog-unreadable", Error,
        "A catalog cannot be read, or breaks the format.", UPDATE;
    CATALOG_CHECKSUM = "catalog-checksum", Error,
        "A catalog's checksum of itself is wrong.",
        "let the server update this CID; or, if the catalog is right but for this, run configcid refresh --accept-damage";
    ENTRY_CHECKSUM = "entry-checksum", Error,
        "A file has another checksum than a catalog lists.", UPDATE_OR_REFRESH;
    ENTRY_SIZE = "entry-size", Error,
        "A file has another size than a catalog lists.", UPDATE_OR_REFRESH;
    MANIFEST_MISSING = "manifest-missing", Error,
        "A manifest lists a file that is not there.", UPDATE;
    ENTRY_MISSING = "entry-missing", Error,
        "A catalog lists a file that is not there.", UPDATE;
    MANIFEST_NOT_A_FILE = "manifest-not-a-file", Error,
        "A manifest lists what is a folder, a device, or a link.", UPDATE;
    ENTRY_NOT_A_FILE = "entry-not-a-file", Error,
        "A catalog lists what is a folder, a device, or a link that leads nowhere.", UPDATE;
    UNREADABLE = "unreadable", Error,
        "A file or folder cannot be read.", "check your rights to it, and the disk; then audit again";
    CUSTOMER_UNLISTED = "customer-unlisted", Error,
        "A customer's file is not listed by a catalog that should list it: endpoints do not get it.",
        "run configcid refresh; of a manifest find out first who made it, with configcid manifest verify";
    CAC_EXPIRED = "cac-expired", Error,
        "The estate's certificate cac.pem has expired, or is not valid yet.",
        "take cac.pem from the management server again, and run configcid refresh; if the server's has expired too, renew it there";
    CHANGE_INTERRUPTED = "change-interrupted", Error,
        "A change by configcid was interrupted, or is under way.",
        "if nobody is at work on it, run configcid recover";
    MANIFEST_ABSENT = "manifest-absent", Warning,
        "A component has no manifest, where others have one: nothing signed says which of its files are the vendor's.",
        "let the server update this CID; --require-manifest makes this an error";
    MANIFEST_WEAK = "manifest-weak", Warning,
        "A manifest's only signatures are made with digests that do not count, such as SHA-1.",
        "audit again with --allow-sha1, if you accept SHA-1: manifests of before 2017 have nothing else";
    MANIFEST_WEAK_ENTRIES = "manifest-weak-entries", Error,
        "A manifest tells files by SHA-1 alone, of which others of the same digest can be made.",
        "audit again with --allow-sha1, if you accept SHA-1; or take a manifest with SHA-256 from its source";
    MANIFEST_EXPIRED = "manifest-expired", Warning,
        "A manifest's signature is good, but a certificate was not valid at the time of the check.",
        "check at a time when it was valid, with --at, if you know that the manifest is from then";
    SINCE_SIGNER = "since-signer", Warning,
        "Another certificate than that of the baseline signed a manifest, or none did.",
        "compare the certificate with what the vendor publishes; if it is right, save a new baseline with --save";
    UNSIGNED_FILE = "unsigned-file", Warning,
        "Catalogs list the file, no manifest does, and its name is none of a customer's, where a manifest lists the other files: \
         endpoints get it, and nothing proves its origin.",
        "find out who put it there; if it is yours, name it with --customer-file";
    MANIFEST_LISTS_CUSTOMER = "manifest-lists-customer", Warning,
        "A manifest lists a file that customers may change: once it is changed, the manifest is broken.",
        "make the manifest anew without it";
    CATALOG_FOREIGN = "catalog-foreign", Warning,
        "No known checksum function reproduces a catalog: sizes were checked, checksums were not.",
        "audit again with --checksum-command 'PROGRAM ARG...', if you have the function";
    CATALOG_UNDETERMINED = "catalog-undetermined", Warning,
        "No listed file is there to tell a catalog's checksum function by: sizes were checked, checksums were not.",
        "audit again with --checksum NAME, if you know the function";
    ENTRY_IMPOSSIBLE = "entry-impossible", Warning,
        "A catalog lists itself, or a catalog that lists it: no checksum can be right.",
        "ask whoever made the catalog; endpoints may fetch the listed one again and again";
    UNLISTED_FILE = "unlisted-file", Warning,
        "No catalog lists the file: endpoints do not get it.",
        "remove it; or, if it is yours and meant for endpoints, name it with --customer-file and run configcid refresh";
    RELAY_ADDRESS = "relay-address", Warning,
        "An address line of an mrinit.conf, or another line of it, is doubtful; what it is stands behind it by name.",
        "run configcid relay show, and set the relay up again with configcid relay set";
    RELAY_DRIFT = "relay-drift", Warning,
        "A component's mrinit.conf differs from the root's in what belongs to the estate.",
        "take the root's values with configcid relay set --from-root";
    MRINIT_MISSING = "mrinit-missing", Warning,
        "There is no mrinit.conf where a router would read one.",
        "copy mrinit.conf from the management server's own CID into the root";
    CAC_EXPIRES = "cac-expires-soon", Warning,
        "The estate's certificate cac.pem expires within 90 days.",
        "renew it at the management server, copy it into the CID, and run configcid refresh";
    CAC_UNREADABLE = "cac-unreadable", Warning,
        "cac.pem holds no certificate that can be read.",
        "take cac.pem from the management server again, and run configcid refresh";
    LOCKED = "lock-left", Warning,
        "There is a lock: somebody writes to the CID, or has died doing so.",
        "if nobody is at work on it, run configcid recover --break-lock";
    LEFTOVER = "leftover", Warning,
        "A file is left of a change by configcid that is over.", "run configcid recover, which removes it";
    TEMPORARY = "temporary-file", Warning,
        "A file that no catalog lists looks like one of an update that was interrupted, or is under way.",
        "wait until the update has ended; if the file is a leftover, remove it";
    BAD_NAME = "bad-name", Warning,
        "A name that Windows or a catalog cannot hold.", "rename or remove it";
    NOT_PLAIN = "not-a-file", Warning,
        "Neither a file nor a folder: a FIFO, a device or a socket; or a folder in the place of a customer's file.", "remove it";
    MANIFEST_NONE = "manifest-none", Note,
        "There is no manifest: nothing signed says which files are the vendor's.",
        "nothing, if the CID never had one; catalogs alone prove no origin";
    MANIFEST_UNJUDGED = "manifest-unjudged", Note,
        "No root certificate was given: a manifest's signature proves no origin.",
        "name the vendor's root certificates with --root-ca";
    NOT_COVERED = "folder-not-covered", Note,
        "No manifest lists a file of the folder: nothing signed says which of its files are the vendor's.",
        "nothing, if its manifest never came with it; --require-manifest makes this an error";
    SERVER_AS_RELAY = "server-as-relay", Note,
        "A component's mrinit.conf names the management server as parent of the endpoints.",
        "nothing, unless its endpoints should report to a relay: then run configcid relay set";
    SINCE_EXPLAINED = "since-explained", Note,
        "A file came, went or changed since the baseline was saved, and a good manifest or configcid's history explains it.",
        "nothing; save a new baseline with --save once you have looked";
}

/// Rules that say what is the matter with one file: broken for the same file, they are one fault, however many lists tell of
/// it. The first of the table leads.
const OF_ONE_FILE: &[&Rule] = &[
    MANIFEST_SIGNATURE,
    MANIFEST_UNREADABLE,
    MANIFEST_DIGEST,
    MANIFEST_SIZE,
    CATALOG_CONTRADICTS,
    LINK_OUT,
    ENTRY_LEADS_OUT,
    LINK,
    CATALOG_UNREADABLE,
    CATALOG_CHECKSUM,
    ENTRY_CHECKSUM,
    ENTRY_SIZE,
    MANIFEST_MISSING,
    ENTRY_MISSING,
    MANIFEST_NOT_A_FILE,
    ENTRY_NOT_A_FILE,
    UNREADABLE,
    CUSTOMER_UNLISTED,
    NOT_PLAIN,
];

/// What `--strict` makes an error: files that nothing lists.
const STRICT: &[&Rule] = &[UNLISTED_FILE, UNSIGNED_FILE, TEMPORARY];

/// What `--require-manifest` makes an error: files for which nothing signed vouches.
const REQUIRE_MANIFEST: &[&Rule] = &[MANIFEST_NONE, MANIFEST_ABSENT, NOT_COVERED];

impl Rule {
    /// Its place in the table.
    pub(super) fn order(&self) -> usize {
        RULES.iter().position(|this| this.id == self.id).expect("every rule is in the table")
    }

    pub(super) fn is_of_one_file(&self) -> bool {
        OF_ONE_FILE.iter().any(|this| this.id == self.id)
    }

    /// How grave it is for somebody who asks for more than is usual.
    pub(super) fn severity_for(&self, is_strict: bool, requires_manifest: bool) -> Severity {
        let is_in = |rules: &[&Self]| rules.iter().any(|this| this.id == self.id);
        match (is_strict && is_in(STRICT)) || (requires_manifest && is_in(REQUIRE_MANIFEST)) {
            true => Severity::Error,
            false => self.severity,
        }
    }
}

/// The rule of what is wrong with the disk and the catalogs.
pub(super) fn of_trouble(kind: TroubleKind) -> &'static Rule {
    match kind {
        TroubleKind::CatalogUnreadable => CATALOG_UNREADABLE,
        TroubleKind::CatalogChecksum => CATALOG_CHECKSUM,
        TroubleKind::CatalogForeign => CATALOG_FOREIGN,
        TroubleKind::CatalogUndetermined => CATALOG_UNDETERMINED,
        TroubleKind::EntryMissing => ENTRY_MISSING,
        TroubleKind::EntryNotAFile => ENTRY_NOT_A_FILE,
        TroubleKind::EntryLeadsOut => ENTRY_LEADS_OUT,
        TroubleKind::EntrySize => ENTRY_SIZE,
        TroubleKind::EntryChecksum => ENTRY_CHECKSUM,
        TroubleKind::EntryImpossible => ENTRY_IMPOSSIBLE,
        TroubleKind::CustomerUnlisted => CUSTOMER_UNLISTED,
        TroubleKind::Interrupted => CHANGE_INTERRUPTED,
        TroubleKind::Locked => LOCKED,
        TroubleKind::Leftover => LEFTOVER,
        TroubleKind::CaseConflict => CASE_CONFLICT,
        TroubleKind::BadName => BAD_NAME,
        TroubleKind::LookAlike => LOOK_ALIKE,
        TroubleKind::Link => LINK,
        TroubleKind::LinkOut => LINK_OUT,
        TroubleKind::NotAFile => NOT_PLAIN,
        TroubleKind::Unreadable => UNREADABLE,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn ids_are_unique_and_everything_is_said() {
        let ids: HashSet<&str> = RULES.iter().map(|rule| rule.id).collect();
        assert_eq!(ids.len(), RULES.len());
        for rule in RULES {
            assert!(rule.id.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{}", rule.id);
            assert!(rule.meaning.ends_with('.') && !rule.next.ends_with('.') && !rule.next.is_empty(), "{}", rule.id);
        }
    }

    #[test]
    fn the_documentation_has_the_table() {
        let docs = include_str!("../../docs/audit.md").replace("\r\n", "\n");
        let rows: Vec<String> = RULES
            .iter()
            .map(|rule| format!("| `{}` | {} | {} | {} |", rule.id, rule.severity.name(), rule.meaning, rule.next))
            .collect();
        assert!(docs.contains(&rows.join("\n")), "docs/audit.md should have:\n{}", rows.join("\n"));
    }
}
