//! Verdicts on signed manifests and on the files that they list. docs/manifest.md says what counts.

use super::{Page, pages_of};
use crate::signing::{FileFaultCode, Reason};

pub(super) fn manifests() -> Vec<Page> {
    pages_of! { Manifest, Reason;
        ManifestFormat = "manifest-format", "fault", "formats.md, section 4",
            "The manifest breaks the format.",
            "What cannot be read says nothing of the files beside it.",
            "take it from its source again, in binary mode";
        Unsigned = "unsigned", "fault", "formats.md, section 4",
            "The manifest has no signature.",
            "Anybody can write such a list.",
            "find out who made it; of your own packages, sign it with configcid manifest sign";
        BadSignature = "bad-signature", "fault", "formats.md, section 4",
            "The signature does not fit the manifest.",
            "The list is not what its signer signed: it was damaged, or changed by somebody.",
            "take it from its source again, and find out who wrote it";
        NoRootCa = "no-root-ca", "fault", "our choice",
            "The signature fits, and no root certificate was given to judge the signer by.",
            "Anybody can sign; a root that you trust says whose signature counts.",
            "name the vendor's root certificates with --root-ca";
        Untrusted = "untrusted", "fault", "RFC 5280; our choice",
            "None of the roots given vouches for the signer.",
            "The signer is somebody whom you do not know.",
            "look at the chain that is shown; add the root, or the certificate between, only if you know it to be the vendor's";
        Expired = "expired", "fault", "RFC 5280; our choice",
            "All is good but for a certificate whose time is over.",
            "Manifests of old estates outlive their signers: whether it was signed in time is not written in it.",
            "check at a time when it was valid, with --at, if you know that the manifest is from then";
        NotYetValid = "not-yet-valid", "fault", "RFC 5280; our choice",
            "All is good but for a certificate whose time has not come.",
            "The clock of this computer is wrong, or --at is too early; or the certificate is.",
            "look at the clock and at --at";
        Revoked = "revoked", "fault", "RFC 5280",
            "The issuer of a certificate on the way to the root has revoked it.",
            "Its key may be in the hands of somebody else.",
            "do not use these files; take new ones from the vendor";
        WeakAlgorithm = "weak-algorithm", "fault", "RFC 6194; our choice",
            "The signature rests on a digest that does not count, such as SHA-1, or on a key that is too short.",
            "Such a signature can be made by somebody else.",
            "check again with --allow-sha1 or --min-rsa, if you accept that";
        WeakEntries = "weak-entries", "fault", "RFC 6194; our choice",
            "The signature holds, and the manifest tells files by SHA-1 alone.",
            "Another file of the same digest can be made.",
            "check again with --allow-sha1, if you accept that; or take a manifest with SHA-256";
        Empty = "empty", "fault", "our choice",
            "The signature holds, and the manifest lists no file.",
            "Whatever lies beside it, nothing signed vouches for it.",
            "find out who put it there, and take the manifest from its source again";
        RevocationList = "revocation-list", "fault", "RFC 5280; our choice",
            "The signature holds, and a revocation list that you gave cannot be used.",
            "You asked for a check that could not be made.",
            "fetch a new list from the issuer, or leave it out";
        Certificate = "certificate", "fault", "formats.md, section 4",
            "The manifest has no certificate that can be used.",
            "Without it the signature cannot be checked.",
            "take the manifest from its source again";
        Files = "files", "fault", "formats.md, section 4",
            "The signature holds, and files are not what the manifest says.",
            "Somebody changed them since they were signed, or a copy broke.",
            "look at each file that is named; let the server update the CID";
    }
}

pub(super) fn files() -> Vec<Page> {
    pages_of! { ManifestFile, FileFaultCode;
        Missing = "missing", "fault", "formats.md, section 4",
            "A listed file is not there.",
            "The product is not whole.",
            "let the server update the CID, or restore the file from a copy that is whole";
        Size = "size", "fault", "formats.md, section 4",
            "A listed file has another size.",
            "It was changed, or its copy broke off.",
            "take it for tampered with until you know better, and let the server update the CID";
        Digest = "digest", "fault", "formats.md, section 4",
            "A listed file has another content.",
            "It was changed since it was signed.",
            "take it for tampered with until you know better, and let the server update the CID";
        NotAFile = "not-a-file", "fault", "our choice",
            "A folder, a FIFO or a device stands in the place of a listed file.",
            "It is not what was signed, whatever it gives to those who read it.",
            "remove it, and let the server update the CID";
        Link = "link", "fault", "our choice",
            "A listed file is a link, or behind one.",
            "Whoever can write where it leads decides what it is.",
            "put a real file or folder in its place";
        CaseConflict = "case-conflict", "fault", "formats.md, section 4; our choice",
            "Two names differ in case alone: to Windows they are one.",
            "Which of the two is installed, nobody knows.",
            "remove the one that does not belong there";
        TwoPlaces = "two-places", "fault", "formats.md, section 4; our choice",
            "A file of a component's manifest stands in the component and below the root, too.",
            "Which of them an updater uses is not known.",
            "remove the one that does not belong there";
        Io = "io", "fault", "our choice",
            "A listed file cannot be read.",
            "What cannot be read was not checked.",
            "look at your rights to it, and at the disk; then verify again";
    }
}
