//! Findings of the audit: what its table says, and why each matters. What comes from an article says so; layouts of catalogs
//! and manifests are described in docs/formats.md.

use super::{Finder, Page};
use crate::audit::RULES;

/// Why something matters, and where that comes from, by the ids that it holds for.
const WHY: &[(&[&str], &str, &str)] = &[
    (
        &["manifest-signature", "manifest-unsigned", "manifest-unreadable", "manifest-empty"],
        "A signature that holds is the only thing in a CID that proves who made its files.",
        "formats.md, section 4; our choice",
    ),
    (
        &["manifest-digest", "manifest-size"],
        "Endpoints install what lies there: a file that is not what was signed was damaged, or put there by somebody.",
        "formats.md, section 4; our choice",
    ),
    (
        &["manifest-two-places"],
        "One of the two may be installed and the other one looked at.",
        "formats.md, section 4; our choice",
    ),
    (
        &["since-rollback"],
        "Old files with a good signature are how somebody brings back a weakness that was mended.",
        "our choice",
    ),
    (
        &["since-unexplained"],
        "What the vendor's updates and configcid do is explained; what is left was done by somebody else.",
        "our choice",
    ),
    (
        &["catalog-contradicts-manifest"],
        "Endpoints follow the catalog; a catalog that was changed together with a file hides the change from them.",
        "formats.md, sections 3 and 4; our choice",
    ),
    (
        &["case-conflict"],
        "On a share only one of the two can be opened, and which one that is depends on the server.",
        "formats.md, section 3; our choice",
    ),
    (
        &["link-leads-out", "entry-leads-out", "link"],
        "Whoever can write where it leads decides what endpoints install; and copies of the CID may lack it.",
        "our choice",
    ),
    (
        &["relay-fault"],
        "Endpoints, or the relay itself, report to nobody or to the wrong computer.",
        "14635; formats.md, section 2",
    ),
    (
        &["catalog-unreadable", "catalog-checksum"],
        "An endpoint that cannot read a catalog, or finds it damaged, does not update from this CID.",
        "formats.md, section 3",
    ),
    (
        &["entry-checksum", "entry-size", "entry-missing", "entry-not-a-file"],
        "An endpoint fetches the file, finds another than the catalog says, and its update fails.",
        "formats.md, section 3",
    ),
    (
        &["manifest-missing", "manifest-not-a-file"],
        "What was signed is not whole: the endpoint lacks a part of the product.",
        "formats.md, section 4",
    ),
    (
        &["unreadable"],
        "What cannot be read was not checked, and endpoints may not be able to fetch it either.",
        "our choice",
    ),
    (
        &["customer-unlisted"],
        "Endpoints fetch what catalogs list: a customer's file, such as mrinit.conf, has no effect until one lists it. That is what \
         ConfigCID.exe is run for.",
        "13112, 14635",
    ),
    (
        &["cac-expired", "cac-expires-soon"],
        "Routers trust each other by certificates that this one vouches for: once it has expired, none logs on.",
        "formats.md, section 1; our choice of 90 days",
    ),
    (&["cac-unreadable"], "A router that cannot read it trusts nobody, and does not log on.", "formats.md, section 1"),
    (
        &["change-interrupted"],
        "Some files have the new content and some the old one, until the change is finished or taken back.",
        "our choice",
    ),
    (
        &["manifest-absent", "manifest-none", "folder-not-covered"],
        "Catalogs say what endpoints fetch, and not who made it; whoever removes a manifest can change the files unseen.",
        "formats.md, section 4; our choice",
    ),
    (
        &["manifest-weak", "manifest-weak-entries"],
        "Other files of the same digest can be made for SHA-1, so that a signature over it proves little.",
        "RFC 6194; our choice",
    ),
    (
        &["manifest-expired"],
        "Old estates keep manifests for years: it was good once, and only somebody who knows when it was made can say so.",
        "our choice",
    ),
    (
        &["since-signer"],
        "Signers change rarely: another one is the vendor's new certificate, or somebody else.",
        "our choice",
    ),
    (
        &["unsigned-file"],
        "A file that endpoints install and that nobody signed is how an attacker's program would come in.",
        "our choice",
    ),
    (
        &["manifest-lists-customer"],
        "mrinit.conf and its like are changed on purpose, and the manifest would tell of damage ever after.",
        "formats.md, section 4",
    ),
    (
        &["catalog-foreign"],
        "The vendor's checksum function is not published: sizes alone do not show every change.",
        "formats.md, section 3",
    ),
    (
        &["catalog-undetermined"],
        "The function is found out by the files; where none is there, nothing but sizes can be compared.",
        "formats.md, section 3",
    ),
    (
        &["entry-impossible"],
        "A file that holds its own checksum has another one each time it is written.",
        "formats.md, section 3",
    ),
    (
        &["unlisted-file"],
        "It takes space and has no effect; or somebody meant it for endpoints and it never comes there.",
        "13112",
    ),
    (
        &["relay-address"],
        "Endpoints take the line as it stands: a doubtful address is often one that they do not reach.",
        "14635; our choice",
    ),
    (
        &["relay-drift"],
        "Ports and identity keys belong to the estate: endpoints with another value cannot talk to its routers.",
        "formats.md, section 2; our choice",
    ),
    (&["mrinit-missing"], "Endpoints that are installed from this CID do not know whom to report to.", "14635"),
    (
        &["server-as-relay"],
        "Without a relay this is right; in a CID that was made for a relay it means that the relay was not set up yet.",
        "14635",
    ),
    (&["lock-left"], "As long as it is there, no other command changes the CID.", "our choice"),
    (&["leftover"], "It does no harm, and makes the next look at the CID harder.", "our choice"),
    (
        &["temporary-file"],
        "While an update is under way, catalogs and files do not fit together: what else is found may be over in a minute.",
        "our choice",
    ),
    (
        &["look-alike"],
        "People see a file that is there, and endpoints see none: what was meant to be set up is not.",
        "our choice",
    ),
    (&["bad-name"], "Endpoints cannot fetch it, and copies of the CID lack it.", "formats.md, section 3"),
    (&["not-a-file"], "Whoever reads it may wait for ever, or gets something else than a file.", "our choice"),
    (
        &["manifest-unjudged"],
        "Anybody can sign; a root certificate that you trust says whose signature counts.",
        "our choice",
    ),
    (&["since-explained"], "It is what updates and configcid do, told for completeness.", "our choice"),
];

/// One for each rule of the audit's table.
pub(super) fn pages() -> Vec<Page> {
    RULES
        .iter()
        .map(|rule| {
            let (_, why, source) = WHY.iter().find(|(ids, ..)| ids.contains(&rule.id)).copied().unwrap_or_default();
            Page {
                id: rule.id,
                finder: Finder::Audit,
                severity: rule.severity.name(),
                meaning: rule.meaning.to_owned(),
                why,
                source: source.to_owned(),
                next: rule.next.to_owned(),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// That each rule is here is tested with all pages; this, that nothing else is.
    #[test]
    fn reasons_are_given_for_rules_alone_and_once() {
        let ids: Vec<&str> = WHY.iter().flat_map(|(ids, ..)| ids.iter().copied()).collect();
        assert_eq!(ids.len(), RULES.len());
        assert!(ids.iter().all(|id| RULES.iter().any(|rule| rule.id == *id)), "{ids:?}");
    }
}
