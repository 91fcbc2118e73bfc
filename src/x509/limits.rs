//! What certificates allow of those below them: purposes, names and policies (RFC 5280, sections 4.2.1.4 and 4.2.1.10 to
//! 4.2.1.14, and 6.1). A limit holds whether it is marked critical or not, that of a root included. What cannot be compared
//! is refused.

use std::collections::HashSet;

use x509_cert::der::oid::ObjectIdentifier;
use x509_cert::ext::pkix::constraints::name::GeneralSubtree;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{CertificatePolicies, ExtendedKeyUsage, NameConstraints, PolicyConstraints, SubjectAltName};
use x509_cert::name::Name;

use super::{Certificate, Content, folded};

const CODE_SIGNING: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.3");
const ANY_PURPOSE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37.0");
const ANY_POLICY: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.32.0");
const POLICY_MAPPINGS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.33");
const INHIBIT_ANY_POLICY: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.54");
const EMAIL_ADDRESS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.1");

/// An extension that is not understood, for people.
pub(super) fn extension_name(oid: ObjectIdentifier) -> String {
    match oid == POLICY_MAPPINGS {
        true => text!("{oid} (policy mappings), which configcid does not support", oid),
        false => text!("{oid}, which configcid does not understand", oid),
    }
}

/// Why the certificate is not for code, if so: its purposes are listed, and neither code nor everything is among them.
pub(super) fn other_purposes(content: &Content) -> Option<String> {
    match content.extension::<ExtendedKeyUsage>() {
        Ok(None) => None,
        Ok(Some(ExtendedKeyUsage(purposes))) => {
            let names: Vec<&str> = purposes.iter().map(purpose).collect();
            let is_allowed = purposes.iter().any(|oid| *oid == CODE_SIGNING || *oid == ANY_PURPOSE);
            (!is_allowed).then(|| text!("is not for signing code, but for: {}", names.join(", ")))
        }
        Err(_) => Some(text!("has an extended key usage that cannot be read").to_owned()),
    }
}

/// A purpose, for people (RFC 5280, section 4.2.1.12).
fn purpose(oid: &ObjectIdentifier) -> &'static str {
    match oid.to_string().as_str() {
        "1.3.6.1.5.5.7.3.1" => text!("TLS servers"),
        "1.3.6.1.5.5.7.3.2" => text!("TLS clients"),
        "1.3.6.1.5.5.7.3.3" => "code",
        "1.3.6.1.5.5.7.3.4" => "e-mail",
        "1.3.6.1.5.5.7.3.8" => text!("time stamps"),
        "1.3.6.1.5.5.7.3.9" => "OCSP",
        _ => text!("something else"),
    }
}

/// Which limit of its certificates a chain breaks, if any, as a sentence. The signer is first, the root last.
pub(crate) fn broken_limit(chain: &[&Certificate]) -> Option<String> {
    names(chain).or_else(|| policies(chain))
}

fn names(chain: &[&Certificate]) -> Option<String> {
    for (place, issuer) in chain.iter().enumerate().skip(1) {
        let constraints = match issuer.content.extension::<NameConstraints>() {
            Ok(None) => continue,
            Ok(Some(constraints)) => constraints,
            Err(_) => {
                return Some(text!("{} has name constraints that cannot be read", format!("{:?}", issuer.subject())));
            }
        };
        for (below, certificate) in chain[..place].iter().enumerate() {
            // A new key of the same authority is no name of its own, unless it signs the manifest.
            if below > 0 && certificate.is_self_issued() {
                continue;
            }
            if let Some(why) = outside(&constraints, &certificate.content) {
                return Some(text!(
                    "{subject} {why}, by the name constraints of {subject2}",
                    subject = format!("{:?}", certificate.subject()),
                    why,
                    subject2 = format!("{:?}", issuer.subject())
                ));
            }
        }
    }
    None
}

/// Why a certificate has a name that these constraints do not allow, if so.
fn outside(constraints: &NameConstraints, content: &Content) -> Option<String> {
    let Ok(names) = names_of(content) else {
        return Some(text!("has alternative names that cannot be read").to_owned());
    };
    let permitted = constraints.permitted_subtrees.as_deref().unwrap_or_default();
    let excluded = constraints.excluded_subtrees.as_deref().unwrap_or_default();
    for name in &names {
        let same = |tree: &&GeneralSubtree| std::mem::discriminant(&tree.base) == std::mem::discriminant(name);
        let (inside, outside): (Vec<_>, Vec<_>) =
            (permitted.iter().filter(same).collect(), excluded.iter().filter(same).collect());
        let mut all = inside.iter().chain(&outside);
        if all.any(|tree| tree.minimum != 0 || tree.maximum.is_some() || is_within(name, &tree.base).is_none()) {
            return Some(text!("has a name of a kind that configcid does not compare").to_owned());
        }
        let is_in = |trees: &[&GeneralSubtree]| trees.iter().any(|tree| is_within(name, &tree.base) == Some(true));
        if is_in(&outside) {
            return Some(text!("has a name that is excluded").to_owned());
        }
        if !inside.is_empty() && !is_in(&inside) {
            return Some(text!("has a name that is not permitted").to_owned());
        }
    }
    None
}

/// The subject, the e-mail addresses in it, and the alternative names.
fn names_of(content: &Content) -> Result<Vec<GeneralName>, ()> {
    let mut names = content.extension::<SubjectAltName>().map_err(drop)?.map_or_else(Vec::new, |names| names.0);
    if !content.subject.is_empty() {
        names.push(GeneralName::DirectoryName(content.subject.clone()));
    }
    for attribute in content.subject.iter().filter(|attribute| attribute.oid == EMAIL_ADDRESS) {
        names.push(GeneralName::Rfc822Name(attribute.value.decode_as().map_err(drop)?));
    }
    Ok(names)
}

/// Whether a name is within the part that `base`, of the same kind, stands for; `None` where configcid cannot tell.
fn is_within(name: &GeneralName, base: &GeneralName) -> Option<bool> {
    Some(match (name, base) {
        (GeneralName::DirectoryName(name), GeneralName::DirectoryName(base)) => is_below(name, base),
        (GeneralName::DnsName(name), GeneralName::DnsName(base)) => is_host_in(name.as_str(), base.as_str()),
        (GeneralName::Rfc822Name(name), GeneralName::Rfc822Name(base)) => {
            let (mailbox, host) = name.as_str().rsplit_once('@')?;
            match base.as_str().rsplit_once('@') {
                Some((own, own_host)) => own == mailbox && own_host.eq_ignore_ascii_case(host),
                None if base.as_str().starts_with('.') => is_host_in(host, base.as_str()),
                None => host.eq_ignore_ascii_case(base.as_str()),
            }
        }
        (GeneralName::IpAddress(name), GeneralName::IpAddress(base)) => {
            let (address, base) = (name.as_bytes(), base.as_bytes());
            let (net, mask) = base.split_at(base.len() / 2);
            address.len() == net.len()
                && address.iter().zip(net).zip(mask).all(|((address, net), mask)| address & mask == net & mask)
        }
        _ => return None,
    })
}

fn is_below(name: &Name, base: &Name) -> bool {
    let mut parts = name.iter_rdn();
    base.iter_rdn().all(|base| parts.next().is_some_and(|part| part == base || folded(part) == folded(base)))
}

/// `example.com` stands for itself and all below it, `.example.com` for what is below it alone.
fn is_host_in(host: &str, base: &str) -> bool {
    let (host, base) = (host.to_ascii_lowercase(), base.to_ascii_lowercase());
    match host.strip_suffix(&base) {
        None => false,
        Some("") => true,
        Some(rest) => base.is_empty() || base.starts_with('.') || rest.ends_with('.'),
    }
}

/// Policies are looked at where a certificate demands one. Mappings of policies are not supported.
fn policies(chain: &[&Certificate]) -> Option<String> {
    let unreadable = |certificate: &Certificate| {
        Some(text!("{} has policies that cannot be read", format!("{:?}", certificate.subject())))
    };
    let demanded = |certificate: &Certificate| {
        Some(text!(
            "a policy is demanded of {}, and its chain has none in common",
            format!("{:?}", certificate.subject())
        ))
    };
    // How many certificates may follow before a policy is demanded, and before "any policy" no longer counts.
    let (mut explicit, mut any) = (usize::MAX, usize::MAX);
    // `None` stands for every policy.
    let mut valid: Option<HashSet<ObjectIdentifier>> = None;
    let root = chain.len() - 1;
    for (place, certificate) in chain.iter().enumerate().rev() {
        let content = &certificate.content;
        let is_passing = place > 0 && certificate.is_self_issued();
        if place < root {
            let Ok(own) = content.extension::<CertificatePolicies>() else { return unreadable(certificate) };
            let own: HashSet<ObjectIdentifier> =
                own.map_or_else(HashSet::new, |own| own.0.iter().map(|policy| policy.policy_identifier).collect());
            if !own.contains(&ANY_POLICY) || (any == 0 && !is_passing) {
                valid = Some(match valid {
                    None => own.into_iter().filter(|policy| *policy != ANY_POLICY).collect(),
                    Some(valid) => valid.intersection(&own).copied().collect(),
                });
            }
            if !is_passing {
                (explicit, any) = (explicit.saturating_sub(1), any.saturating_sub(1));
            }
        }
        let is_demanding = explicit == 0 && valid.as_ref().is_some_and(HashSet::is_empty);
        if is_demanding {
            return demanded(certificate);
        }
        let Ok(constraints) = content.extension::<PolicyConstraints>() else { return unreadable(certificate) };
        let Ok(inhibit) = content.extension_of::<u32>(INHIBIT_ANY_POLICY) else { return unreadable(certificate) };
        if let Some(skip) = constraints.and_then(|constraints| constraints.require_explicit_policy) {
            explicit = explicit.min(skip as usize);
        }
        any = inhibit.map_or(any, |skip| any.min(skip as usize));
        let is_demanded = explicit < usize::MAX >> 1;
        if is_demanded
            && chain.iter().any(|other| other.content.extensions.iter().any(|e| e.extn_id == POLICY_MAPPINGS))
        {
            return Some(text!("policies are mapped onto others, which configcid does not support").to_owned());
        }
    }
    (explicit == 0 && valid.is_some_and(|valid| valid.is_empty())).then(|| demanded(chain[0])).flatten()
}
