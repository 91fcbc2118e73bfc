//! Manifests whose text is forged, and manifests of several signatures.

use base64ct::{Base64, Encoding};

use super::{answer, arguments, body, folder};
use crate::support::TestEnv;
use crate::support::pki::{Pki, entry};

/// The name; what is forged; the manifest; further arguments; the answer.
type Row = (&'static str, &'static str, fn(&Pki) -> String, &'static str, &'static str);

/// The line of a certificate.
pub(super) fn certificate(pki: &Pki, name: &str) -> String {
    format!("#... cert {}\n", Base64::encode_string(&pki.der(name)))
}

/// The usual manifest, well signed.
fn good(pki: &Pki) -> String {
    pki.signed(&body())
}

/// Another list, well signed.
fn signed(pki: &Pki, body: &str) -> String {
    pki.signed(body)
}

/// The usual list with these signatures: `good`, `bad`, `past`, `future`, `revoked` or `stranger`, and the digest.
fn several(pki: &Pki, signatures: &[&str]) -> String {
    let one = |name: &str| {
        let (kind, digest) = name.split_once(' ').unwrap();
        match kind {
            "good" => pki.inline(&body(), digest, &["signer"]),
            "bad" => pki.inline("other", digest, &["signer"]),
            "bad-stranger" => pki.inline("other", digest, &["stranger-signer", "stranger"]),
            "revoked" => pki.inline(&body(), digest, &["rev-signer"]),
            "tls" => pki.inline(&body(), digest, &["tls"]),
            "stranger" => pki.inline(&body(), digest, &["stranger-signer", "stranger"]),
            name => pki.inline(&body(), digest, &[name]),
        }
    };
    format!("{}{}", body(), signatures.iter().map(|name| one(name)).collect::<String>())
}

/// A DER certificate of the signer with one byte of it changed, counted from the end.
fn with_changed_certificate(pki: &Pki, from_end: usize) -> String {
    let mut der = pki.der("signer");
    let at = der.len() - 1 - from_end;
    der[at] ^= 1;
    let line = format!("#... cert {}\n", Base64::encode_string(&der));
    good(pki).replace(&certificate(pki, "signer"), &line)
}

/// The signer's certificate with another algorithm named where nobody signs it.
fn with_two_algorithms(pki: &Pki) -> String {
    // ecdsa-with-SHA256, which becomes ecdsa-with-SHA384.
    let oid = [0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x02];
    let mut der = pki.der("signer");
    let at = der.windows(oid.len()).rposition(|window| window == oid).unwrap();
    der[at + oid.len() - 1] = 0x03;
    let line = format!("#... cert {}\n", Base64::encode_string(&der));
    good(pki).replace(&certificate(pki, "signer"), &line)
}

/// The usual list without the digests of some length.
fn without(lines: &[&str]) -> String {
    let keeps = |line: &&str| !lines.iter().any(|start| line.starts_with(start));
    body().lines().filter(keeps).map(|line| format!("{line}\n")).collect()
}

const ROOT: &str = "--root-ca {root.pem}";
const SHA1: &str = "--root-ca {root.pem} --allow-sha1";
const REV: &str = "--root-ca {root.pem} --root-ca {rev.pem} --crl {rev-signer.crl}";

#[rustfmt::skip]
pub(super) const TEXTS: &[Row] = &[
    ("text-good", "nothing", good, ROOT, "whole"),
    ("text-unsigned", "the signature is left out", |_| body(), ROOT, "unsigned"),
    ("text-changed", "the name of a file", |pki| good(pki).replace("setup", "setuq"), ROOT, "bad-signature"),
    ("text-size", "the size of a file", |pki| good(pki).replace("\" 8 ", "\" 9 "), ROOT, "bad-signature"),
    ("text-entry-removed", "a file is left out", |pki| good(pki).replace(&entry(".\\setup.exe", b"MZ setup"), ""), ROOT, "bad-signature"),
    ("text-entry-added", "a file is added before the signature", |pki| format!("{}{}", entry(".\\evil.exe", b"MZ"), good(pki)), ROOT, "bad-signature"),
    ("text-entry-behind", "a file is added behind the signature", |pki| format!("{}{}", good(pki), entry(".\\evil.exe", b"MZ")), ROOT, "manifest-format"),
    ("text-digest-behind", "a digest is added behind the signature", |pki| format!("{}#sha256 {}\n", good(pki), "0".repeat(64)), ROOT, "manifest-format"),
    ("text-crlf", "line endings of Windows", |pki| good(pki).replace('\n', "\r\n"), ROOT, "manifest-format"),
    ("text-no-end", "the last line has no end", |pki| good(pki).trim_end().to_owned(), ROOT, "manifest-format"),
    ("text-blank", "a blank line in the list", |pki| good(pki).replacen("\n\"", "\n\n\"", 1), ROOT, "manifest-format"),
    ("text-twin", "a second entry for a file", |pki| signed(pki, &format!("{}{}", body(), entry("./SETUP.exe", b"evil"))), ROOT, "manifest-format"),
    ("text-out", "a path that leads out", |pki| signed(pki, &entry(".\\..\\boot.ini", b"")), ROOT, "manifest-format"),
    ("text-device", "the name of a device", |pki| signed(pki, &entry(".\\NUL", b"")), ROOT, "manifest-format"),
    ("text-stream", "an alternate stream", |pki| signed(pki, &entry(".\\setup.exe:evil", b"")), ROOT, "manifest-format"),
    ("text-dot", "a last dot, which Windows drops", |pki| signed(pki, &entry(".\\setup.exe.", b"")), ROOT, "manifest-format"),
    ("text-nearly", "a line that is nearly a digest", |pki| signed(pki, &body().replace("#sha256 ", "#SHA256 ")), ROOT, "manifest-format"),
    ("text-empty", "an empty list, well signed", |pki| signed(pki, ""), ROOT, "empty"),
    ("text-empty-sha1", "the same, and SHA-1 is allowed", |pki| signed(pki, ""), SHA1, "empty"),
    ("text-sha1-alone", "no file has more than SHA-1", |pki| signed(pki, &without(&["#sha256", "#sha384"])), ROOT, "weak-entries"),
    ("text-sha1-one", "one file has no more", |pki| signed(pki, &body().replacen("#sha256", "#ssha256", 1).replacen("#sha384", "#ssha384", 1)), ROOT, "weak-entries"),
    ("text-sha1-allowed", "nothing: the user allows it", |pki| signed(pki, &without(&["#sha256", "#sha384"])), SHA1, "whole"),
    ("text-sha384-alone", "nothing: SHA-384 is enough", |pki| signed(pki, &without(&["#sha256"])), ROOT, "whole"),
    ("text-certificate-gone", "the certificate is left out", |pki| good(pki).replace(&certificate(pki, "signer"), ""), ROOT, "certificate"),
    ("text-certificate-other", "another's certificate", |pki| good(pki).replace(&certificate(pki, "signer"), &certificate(pki, "p384")), ROOT, "bad-signature"),
    ("text-certificate-signature", "the last byte of the certificate", |pki| with_changed_certificate(pki, 0), ROOT, "untrusted"),
    ("text-certificate-algorithms", "the algorithm outside of what is signed", with_two_algorithms, ROOT, "untrusted"),
    ("text-certificate-garbage", "the certificate is none", |pki| good(pki).replace(&certificate(pki, "signer"), "#... cert AAAA\n"), ROOT, "certificate"),
    ("text-digest-name", "the digest's name", |pki| good(pki).replace("#sig sha256", "#sig sha384"), ROOT, "bad-signature"),
    ("text-digest-unknown", "a digest that is not known", |pki| good(pki).replace("#sig sha256", "#sig whirlpool"), ROOT, "weak-algorithm"),
    ("text-digest-md5", "the digest is called MD5", |pki| good(pki).replace("#sig sha256", "#sig md5"), SHA1, "weak-algorithm"),
    ("text-digest-sha1", "signed with SHA-1", |pki| format!("{}{}", body(), pki.inline(&body(), "sha1", &["signer"])), ROOT, "weak-algorithm"),
    ("text-digest-sha1-allowed", "nothing: the user allows it", |pki| format!("{}{}", body(), pki.inline(&body(), "sha1", &["signer"])), SHA1, "whole"),
    ("trailer", "the old way, which is SHA-1", |pki| format!("{}{}", body(), pki.trailer(&body(), &["signer"])), ROOT, "weak-algorithm"),
    ("trailer-allowed", "nothing: the user allows it", |pki| format!("{}{}", body(), pki.trailer(&body(), &["signer"])), SHA1, "whole"),
    ("trailer-changed", "a file, under a trailer", |pki| format!("{}{}", body(), pki.trailer(&body(), &["signer"])).replace("setup", "setuq"), SHA1, "bad-signature"),
    ("trailer-tail", "lines behind the trailer", |pki| format!("{}{}x\n", body(), pki.trailer(&body(), &["signer"])), SHA1, "manifest-format"),
    // Several signatures.
    ("sig-two-good", "nothing", |pki| several(pki, &["good sha256", "good sha384"]), ROOT, "whole"),
    ("sig-bad-stronger", "the stronger one is bad", |pki| several(pki, &["good sha256", "bad sha384"]), ROOT, "bad-signature"),
    ("sig-bad-weaker", "the weaker one is bad: the stronger counts", |pki| several(pki, &["good sha384", "bad sha256"]), ROOT, "whole"),
    ("sig-past-stronger", "nothing: the stronger one's time is over", |pki| several(pki, &["good sha256", "past sha512"]), ROOT, "whole"),
    ("sig-future-stronger", "nothing: its time has not come", |pki| several(pki, &["good sha256", "future sha512"]), ROOT, "whole"),
    ("sig-revoked-stronger", "the stronger one is by a revoked signer", |pki| several(pki, &["good sha256", "revoked sha512"]), REV, "revoked"),
    ("sig-revoked-weaker", "the weaker one is: the stronger counts", |pki| several(pki, &["good sha512", "revoked sha256"]), REV, "whole"),
    ("sig-stranger-stronger", "nothing: a stranger signs, too", |pki| several(pki, &["good sha256", "stranger sha512"]), ROOT, "whole"),
    ("sig-stranger-bad", "nothing: a stranger signs something else", |pki| several(pki, &["good sha256", "bad-stranger sha512"]), ROOT, "whole"),
    ("sig-stranger-alone", "a stranger signs alone", |pki| several(pki, &["stranger sha512"]), ROOT, "untrusted"),
    ("sig-tls-and-good", "nothing: a server's certificate signs, too", |pki| several(pki, &["tls sha512", "good sha256"]), ROOT, "whole"),
    ("sig-past-and-bad", "a bad one beside one whose time is over", |pki| several(pki, &["past sha512", "bad sha256"]), ROOT, "bad-signature"),
    ("sig-past-alone", "its time is over", |pki| several(pki, &["past sha512", "good sha1"]), ROOT, "expired"),
    ("sig-trailer-bad", "nothing: the trailer, which is weaker, does not fit", |pki| { let inline = several(pki, &["good sha256"]); format!("{inline}{}", pki.trailer(&body(), &["signer"])) }, SHA1, "whole"),
    ("sig-many", "more signatures than any manifest has", |pki| several(pki, &["good sha256"; 17]), ROOT, "manifest-format"),
];

/// The rows that get another answer.
pub(super) fn differing(pki: &Pki) -> Vec<String> {
    let mut differing = Vec::new();
    for &(name, forged, make, line, expected) in TEXTS {
        let env = TestEnv::new();
        folder(&env, &make(pki));
        let mut words = arguments(pki, line);
        words.insert(0, "P/manifest.dat".to_owned());
        let (said, json) = answer(&env, &words);
        if said != expected {
            differing.push(format!("{name} ({forged}): {said}, not {expected}: {}{}", json["what"], json["error"]));
        }
    }
    differing
}
