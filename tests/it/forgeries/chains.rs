//! A well signed manifest, and who signed it.

use super::texts::certificate;
use super::{answer, arguments, body, folder, openssl_accepts};
use crate::support::TestEnv;
use crate::support::pki::Pki;

/// The name; what is forged; the chain that the manifest brings, the signer first; the roots given; further arguments;
/// the answer; and what `openssl verify` says, where it says anything: `+` it accepts the chain, `-` it refuses it. `openssl`
/// looks neither at purposes nor at the lengths of keys here, and takes every MD5 and SHA-1.
type Row = (&'static str, &'static str, &'static [&'static str], &'static str, &'static str, &'static str);

#[rustfmt::skip]
pub(super) const CHAINS: &[Row] = &[
    // Who vouches.
    ("good", "nothing", &["signer"], "--root-ca {root.pem}", "whole", "+"),
    ("good-inter", "nothing", &["inter-signer", "inter"], "--root-ca {root.pem}", "whole", "+"),
    ("no-root", "everything: nobody is trusted", &["signer"], "", "no-root-ca", ""),
    ("rogue", "a whole hierarchy", &["stranger-signer", "stranger"], "--root-ca {root.pem}", "untrusted", "-"),
    ("rogue-twin", "a root of the same name", &["twin-signer", "twin"], "--root-ca {root.pem}", "untrusted", "-"),
    ("twin-both", "nothing: both roots of the name are given", &["signer", "twin"], "--root-ca {twin.pem} --root-ca {root.pem}", "whole", "+"),
    ("root-as-signer", "a root of the same name signs by itself", &["twin"], "--root-ca {root.pem}", "certificate", "-"),
    ("gap", "the intermediate is left out", &["inter-signer"], "--root-ca {root.pem}", "untrusted", "-"),
    ("inter-alone", "nothing: the user names the intermediate", &["inter-signer", "inter"], "--root-ca {inter.pem}", "whole", "+"),
    ("signer-alone", "nothing: the user names the signer", &["signer"], "--root-ca {signer.pem}", "whole", "+"),
    ("wrong-signer", "the user names another signer", &["colleague"], "--root-ca {signer.pem}", "untrusted", "-"),
    // Who may issue.
    ("issued-by-signer", "a signer issues a signer", &["by-signer", "signer"], "--root-ca {root.pem}", "untrusted", "-"),
    ("not-ca", "an issuer that is marked as none", &["not-ca-signer", "not-ca"], "--root-ca {root.pem}", "untrusted", "-"),
    ("unmarked", "an issuer without basic constraints", &["unmarked-signer", "unmarked"], "--root-ca {root.pem}", "untrusted", "-"),
    ("version1", "an issuer of X.509 v1", &["version1-signer", "version1"], "--root-ca {root.pem}", "untrusted", "-"),
    ("version1-end", "nothing: the signer is of X.509 v1", &["version1-end"], "--root-ca {root.pem}", "whole", "+"),
    ("no-cert-sign", "an issuer whose key is not for it", &["no-cert-sign-signer", "no-cert-sign"], "--root-ca {root.pem}", "untrusted", "-"),
    ("narrow", "nothing: no issuer below is allowed, and there is none", &["narrow-signer"], "--root-ca {narrow.pem}", "whole", "+"),
    ("below-narrow", "an issuer where none is allowed", &["below-narrow-signer", "below-narrow"], "--root-ca {narrow.pem}", "untrusted", "-"),
    ("roll-over", "nothing: an authority's new key, by its old one", &["narrow-new-signer", "narrow-new"], "--root-ca {narrow.pem}", "whole", "+"),
    ("deep", "nothing: twelve certificates", &["deep-signer", "deep10", "deep9", "deep8", "deep7", "deep6", "deep5", "deep4", "deep3", "deep2", "deep1"], "--root-ca {root.pem}", "whole", "+"),
    ("deep-gap", "one of them is left out", &["deep-signer", "deep10", "deep9", "deep8", "deep7", "deep5", "deep4", "deep3", "deep2", "deep1"], "--root-ca {root.pem}", "untrusted", "-"),
    ("unknown-extension", "an issuer with a critical extension that is not known", &["critical-signer", "critical"], "--root-ca {root.pem}", "untrusted", "-"),
    ("unknown-at-end", "a signer with one", &["unknown"], "--root-ca {root.pem}", "certificate", "-"),
    // What they may be used for.
    ("code", "nothing: the signer is for code", &["code"], "--root-ca {root.pem}", "whole", "+"),
    ("any-purpose", "nothing: it is for everything", &["any-purpose"], "--root-ca {root.pem}", "whole", "+"),
    ("tls", "a server's certificate signs", &["tls"], "--root-ca {root.pem}", "certificate", "+"),
    ("soft-tls", "the same, not marked critical", &["soft-tls"], "--root-ca {root.pem}", "certificate", "+"),
    ("stamps", "a certificate for time stamps signs", &["stamps"], "--root-ca {root.pem}", "certificate", "+"),
    ("mail-ca", "an issuer for e-mail", &["mail-ca-signer", "mail-ca"], "--root-ca {root.pem}", "untrusted", "+"),
    ("tls-ca", "an issuer for servers, not marked critical", &["tls-ca-signer", "tls-ca"], "--root-ca {root.pem}", "untrusted", "+"),
    ("cipher", "a key that is not for signatures", &["cipher"], "--root-ca {root.pem}", "certificate", "+"),
    ("repudiation", "nothing: a key for non-repudiation", &["repudiation"], "--root-ca {root.pem}", "whole", "+"),
    // Which names they may give.
    ("names", "nothing: the name is permitted", &["names-signer", "names"], "--root-ca {root.pem}", "whole", "+"),
    ("other-names", "a name that is not permitted", &["other-names-signer", "other-names"], "--root-ca {root.pem}", "untrusted", "-"),
    ("soft-names", "the same, not marked critical", &["soft-names-signer", "soft-names"], "--root-ca {root.pem}", "untrusted", "-"),
    ("excluded", "a name that is excluded", &["excluded-signer", "excluded"], "--root-ca {root.pem}", "untrusted", "-"),
    ("root-names", "a name that the root does not permit", &["mail-names-signer"], "--root-ca {mail-names.pem}", "untrusted", "-"),
    ("dns-in", "nothing: the host is permitted", &["dns-in", "dns"], "--root-ca {root.pem}", "whole", "+"),
    ("dns-out", "a host that is not permitted", &["dns-out", "dns"], "--root-ca {root.pem}", "untrusted", "-"),
    ("mail-in", "nothing: the address is permitted", &["mail-in", "mail"], "--root-ca {root.pem}", "whole", "+"),
    ("mail-out", "an address that is not permitted", &["mail-out", "mail"], "--root-ca {root.pem}", "untrusted", "-"),
    ("net-in", "nothing: the IP address is permitted", &["net-in", "net"], "--root-ca {root.pem}", "whole", "+"),
    ("net-out", "an IP address that is not permitted", &["net-out", "net"], "--root-ca {root.pem}", "untrusted", "-"),
    ("web", "nothing, but URIs are not compared: refused", &["web-any", "web"], "--root-ca {root.pem}", "untrusted", "+"),
    // Policies. `openssl` looks at them only when it is asked to.
    ("policy", "a policy is demanded, and there is none", &["policy-signer", "policy"], "--root-ca {root.pem}", "untrusted", ""),
    ("policy-in", "nothing: it is there", &["policy-in", "policy"], "--root-ca {root.pem}", "whole", ""),
    ("policy-out", "another policy than the one demanded", &["policy-out", "policy"], "--root-ca {root.pem}", "untrusted", ""),
    ("policy-any", "nothing: any policy", &["policy-any", "policy"], "--root-ca {root.pem}", "whole", ""),
    ("any-denied", "any policy, where that does not count", &["any-denied", "no-any"], "--root-ca {root.pem}", "untrusted", ""),
    ("mapped", "policies mapped onto others: not supported", &["mapped-signer", "mapped"], "--root-ca {root.pem}", "untrusted", ""),
    // When.
    ("past", "a signer that has expired", &["past"], "--root-ca {root.pem}", "expired", "-"),
    ("past-at", "nothing: looked at when it was valid", &["past"], "--root-ca {root.pem} --at 2012-06-30", "whole", "+"),
    ("future", "a signer that is not valid yet", &["future"], "--root-ca {root.pem}", "not-yet-valid", "-"),
    ("past-inter", "an issuer that has expired", &["past-inter-signer", "past-inter"], "--root-ca {root.pem}", "expired", "-"),
    ("past-root", "a root that has expired", &["past-root-signer"], "--root-ca {past-root.pem}", "expired", "-"),
    ("ancient", "nothing: valid since 1940", &["ancient"], "--root-ca {root.pem}", "whole", "+"),
    ("old-root", "nothing: a root since 1940", &["old-root-signer"], "--root-ca {old-root.pem}", "whole", "+"),
    ("endless", "nothing: valid until 9999", &["endless"], "--root-ca {root.pem}", "whole", "+"),
    // Keys and digests.
    ("p384", "nothing", &["p384"], "--root-ca {root.pem}", "whole", "+"),
    ("p521", "nothing", &["p521"], "--root-ca {root.pem}", "whole", "+"),
    ("p521-root", "nothing", &["p521-root-signer"], "--root-ca {p521-root.pem}", "whole", "+"),
    ("koblitz", "a curve that is not known", &["koblitz"], "--root-ca {root.pem}", "certificate", ""),
    ("ed25519", "a kind of key that manifests do not have", &["ed25519"], "--root-ca {root.pem}", "certificate", ""),
    ("rsa512", "a key that anybody can break", &["rsa512"], "--root-ca {root.pem}", "certificate", ""),
    ("rsa1024", "nothing: a short key passes with a warning", &["rsa1024"], "--root-ca {root.pem}", "whole", ""),
    ("rsa1024-min", "a key that is shorter than asked for", &["rsa1024"], "--root-ca {root.pem} --min-rsa 2048", "weak-algorithm", ""),
    ("rsa-root-min", "a root's", &["rsa-root-signer"], "--root-ca {rsa-root.pem} --min-rsa 2048", "weak-algorithm", ""),
    ("rsa-root", "nothing: an old root, MD5 of its own", &["rsa-root-signer"], "--root-ca {rsa-root.pem}", "whole", ""),
    ("sha1-signer", "a certificate of SHA-1", &["sha1-signer"], "--root-ca {root.pem}", "weak-algorithm", ""),
    ("sha1-allowed", "nothing: the user allows it", &["sha1-signer"], "--root-ca {root.pem} --allow-sha1", "whole", ""),
    ("md5-signer", "a certificate of MD5", &["md5-signer"], "--root-ca {rsa-root.pem} --allow-sha1", "weak-algorithm", ""),
    ("pss", "a kind of signature that is not verified", &["pss-signer"], "--root-ca {rsa-root.pem}", "untrusted", ""),
    // Roots.
    ("bundle", "nothing: root and intermediate in one file", &["inter-signer"], "--root-ca {both.bundle}", "whole", ""),
    ("bundle-none", "a file of several, none of them a root", &["inter-signer"], "--root-ca {others.bundle}", "refused", ""),
    ("pin-root", "nothing", &["signer"], "--root-ca {root.pem} --root ROOT", "whole", ""),
    ("pin-other-root", "by a root that is given and not pinned", &["stranger-signer"], "--root-ca {root.pem} --root-ca {stranger.pem} --root ROOT", "untrusted", ""),
    ("pin-signer", "nothing", &["signer"], "--root-ca {root.pem} --signer SIGNER", "whole", ""),
    ("pin-other-signer", "by a colleague of the signer that is pinned", &["colleague"], "--root-ca {root.pem} --signer SIGNER", "untrusted", ""),
    // Revocation.
    ("list", "nothing: the list names nobody", &["rev-signer"], "--root-ca {rev.pem} --crl {rev-none.crl}", "whole", "+"),
    ("list-other", "nothing: it names another", &["rev-signer"], "--root-ca {rev.pem} --crl {rev-other.crl}", "whole", "+"),
    ("revoked", "by a signer that was revoked", &["rev-signer"], "--root-ca {rev.pem} --crl {rev-signer.crl}", "revoked", "-"),
    ("revoked-late", "the same, by a list that is old", &["rev-signer"], "--root-ca {rev.pem} --crl {rev-signer-late.crl}", "revoked", "-"),
    ("revoked-past", "the same, after it expired", &["rev-signer"], "--root-ca {rev.pem} --crl {rev-signer.crl} --at 2026-11-21", "revoked", "-"),
    ("revoked-inter", "by an issuer that was revoked", &["rev-inter-signer", "rev-inter"], "--root-ca {rev.pem} --crl {rev-inter.crl}", "revoked", "-"),
    ("revoked-anchor", "the same, and the user gave it as a root, too", &["rev-inter-signer", "rev-inter"], "--root-ca {rev.pem} --root-ca {rev-inter.pem} --crl {rev-inter.crl}", "revoked", ""),
    ("revoked-brought", "the same, and the root comes with the manifest", &["rev-inter-signer", "rev-inter", "rev"], "--root-ca {rev-inter.pem} --crl {rev-inter.crl}", "revoked", ""),
    ("list-late", "a list that should have been followed by another", &["rev-signer"], "--root-ca {rev.pem} --crl {rev-late.crl}", "revocation-list", "-"),
    ("list-late-current", "nothing: there is a newer one, too", &["rev-signer"], "--root-ca {rev.pem} --crl {rev-late.crl} --crl {rev-none.crl}", "whole", ""),
    ("list-twin", "a list by another of the same name", &["rev-signer"], "--root-ca {rev.pem} --crl {rev-twin.crl}", "revocation-list", "-"),
    ("list-far", "a list of somebody unknown", &["rev-signer"], "--root-ca {rev.pem} --crl {far.crl}", "revocation-list", "-"),
    ("list-broken", "a list that was changed", &["rev-signer"], "--root-ca {rev.pem} --crl {rev-broken.crl}", "revocation-list", ""),
    ("list-mute", "a list by a key that may sign none", &["mute-signer"], "--root-ca {mute.pem} --crl {mute.crl}", "revocation-list", "-"),
    ("list-point", "nothing: a list for a place, which the signer names", &["rev-point"], "--root-ca {rev.pem} --crl {rev-point-none.crl}", "whole", ""),
    ("revoked-point", "a signer that such a list names", &["rev-point"], "--root-ca {rev.pem} --crl {rev-point.crl}", "revoked", "-"),
    ("list-part", "a list of a part of the certificates", &["rev-signer"], "--root-ca {rev.pem} --crl {rev-part.crl}", "refused", ""),
    ("list-none", "a certificate in the place of a list", &["rev-signer"], "--root-ca {rev.pem} --crl {rev.pem}", "refused", ""),
];

/// The rows that get another answer.
pub(super) fn differing(pki: &Pki) -> Vec<String> {
    let fingerprint = |name: &str| {
        let output = pki.openssl("x", &["x509", "-in", &format!("{name}.pem"), "-noout", "-fingerprint", "-sha256"]);
        String::from_utf8(output).unwrap().trim().split_once('=').unwrap().1.to_owned()
    };
    let (root, signer) = (fingerprint("root"), fingerprint("signer"));
    let mut differing = Vec::new();
    for &(name, forged, chain, line, expected, openssl) in CHAINS {
        let env = TestEnv::new();
        // Keys of Ed25519 sign no digests: what stands there is another's signature.
        let signature = match name == "ed25519" {
            true => pki.inline(&body(), "sha256", &["signer", "ed25519"]).replacen(&certificate(pki, "signer"), "", 1),
            false => pki.inline(&body(), "sha256", chain),
        };
        folder(&env, &format!("{}{signature}", body()));
        let line = line.replace("--root ROOT", &format!("--root {root}")).replace("SIGNER", &signer);
        let mut words = arguments(pki, &line);
        words.splice(0..0, ["P/manifest.dat".to_owned(), "--files".to_owned()]);
        let (said, json) = answer(&env, &words);
        if said != expected {
            differing.push(format!("{name} ({forged}): {said}, not {expected}: {}{}", json["what"], json["error"]));
        }
        if !openssl.is_empty() {
            let words: Vec<&str> = line.split_whitespace().collect();
            let values = |option: &str| {
                let pairs = words.windows(2).filter(|pair| pair[0] == option);
                pairs.map(|pair| pair[1].trim_matches(&['{', '}'][..])).collect::<Vec<_>>()
            };
            let at = values("--at").first().copied().unwrap_or(crate::support::pki::VALID);
            let accepts = openssl_accepts(pki, chain, &values("--root-ca"), at, values("--crl").first().copied());
            if accepts != (openssl == "+") {
                differing.push(format!("{name} ({forged}): openssl says otherwise than {openssl}"));
            }
        }
    }
    differing
}
