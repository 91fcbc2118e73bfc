//! The keys and certificates that forgers have, and those that they would like to have.

use std::fs;

use crate::support::pki::{CA, Cert, Pki, SIGNER, root, signer};

/// Extensions of an authority with further ones.
fn ca(more: &str) -> String {
    format!("{CA}{more}\n")
}

fn end(more: &str) -> String {
    format!("{SIGNER}{more}\n")
}

/// Makes all of them; `None` where there is no `openssl`.
pub(super) fn make() -> Option<Pki> {
    let pki = Pki::new()?;
    let sections = "[idp]\nissuingDistributionPoint=critical,@point\n[point]\nfullname=URI:http://pki.example/acme.crl\n\
                    [part]\nissuingDistributionPoint=critical,@users\n[users]\nonlyuser=TRUE\n";
    let config = fs::read_to_string(pki.path("ca.cnf")).unwrap() + sections;
    fs::write(pki.path("ca.cnf"), config).unwrap();
    let authority = |name: &str, issuer: Option<&str>, subject: &str, extensions: &str| {
        pki.make(Cert { issuer, extensions, ..root(name, subject) });
    };
    // Signers have one key: making one takes longer than all else.
    pki.key("signer", "P-256");
    let leaf = |name: &str, issuer: &str, change: &dyn Fn(&mut Cert<'_>)| {
        if name != "signer" && !pki.path(&format!("{name}.key")).exists() {
            fs::copy(pki.path("signer.key"), pki.path(&format!("{name}.key"))).unwrap();
        }
        let mut cert = signer(name, issuer);
        change(&mut cert);
        pki.make(cert);
    };
    let plain = |name: &str, issuer: &str| leaf(name, issuer, &|_| {});

    authority("root", None, "/O=Acme/CN=Acme Root", CA);
    plain("signer", "root");
    plain("colleague", "root");
    authority("inter", Some("root"), "/O=Acme/CN=Acme Inter", CA);
    plain("inter-signer", "inter");
    authority("stranger", None, "/O=Evil/CN=Evil Root", CA);
    plain("stranger-signer", "stranger");
    authority("twin", None, "/O=Acme/CN=Acme Root", CA);
    plain("twin-signer", "twin");
    plain("by-signer", "signer");

    for (name, extensions) in [
        ("not-ca", SIGNER.to_owned()),
        ("unmarked", "keyUsage=keyCertSign\n".to_owned()),
        ("version1", String::new()),
        ("no-cert-sign", "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,digitalSignature\n".to_owned()),
        ("critical", ca("1.2.3.4=critical,ASN1:NULL")),
        ("mapped", ca("policyMappings=critical,1.2.3.5:1.2.3.6")),
        ("mail-ca", ca("extendedKeyUsage=critical,emailProtection")),
        ("tls-ca", ca("extendedKeyUsage=serverAuth")),
        ("names", ca("nameConstraints=critical,permitted;dirName:acme\n[acme]\nO=Acme")),
        ("other-names", ca("nameConstraints=critical,permitted;dirName:other\n[other]\nO=Other")),
        ("soft-names", ca("nameConstraints=permitted;dirName:other\n[other]\nO=Other")),
        ("excluded", ca("nameConstraints=critical,excluded;dirName:acme\n[acme]\nO=Acme")),
        ("dns", ca("nameConstraints=critical,permitted;DNS:acme.example")),
        ("mail", ca("nameConstraints=critical,permitted;email:acme.example")),
        ("net", ca("nameConstraints=critical,permitted;IP:10.0.0.0/255.0.0.0")),
        ("web", ca("nameConstraints=critical,permitted;URI:acme.example")),
        ("policy", ca("policyConstraints=critical,requireExplicitPolicy:0\ncertificatePolicies=1.2.3.5")),
        (
            "no-any",
            ca("policyConstraints=critical,requireExplicitPolicy:0\ncertificatePolicies=1.2.3.5\n\
                inhibitAnyPolicy=critical,0"),
        ),
    ] {
        authority(name, Some("root"), &format!("/O=Acme/CN={name}"), &extensions);
        plain(&format!("{name}-signer"), name);
    }
    for (name, issuer, extensions) in [
        ("dns-in", "dns", "subjectAltName=DNS:build.acme.example"),
        ("dns-out", "dns", "subjectAltName=DNS:build.evil.example"),
        ("mail-in", "mail", "subjectAltName=email:build@acme.example"),
        ("mail-out", "mail", "subjectAltName=email:build@evil.example"),
        ("net-in", "net", "subjectAltName=IP:10.1.2.3"),
        ("net-out", "net", "subjectAltName=IP:192.0.2.1"),
        ("web-any", "web", "subjectAltName=URI:http://acme.example/"),
        ("policy-in", "policy", "certificatePolicies=1.2.3.5"),
        ("policy-out", "policy", "certificatePolicies=1.2.3.6"),
        ("policy-any", "policy", "certificatePolicies=2.5.29.32.0"),
        ("any-denied", "no-any", "certificatePolicies=2.5.29.32.0"),
        ("code", "root", "extendedKeyUsage=critical,codeSigning"),
        ("any-purpose", "root", "extendedKeyUsage=anyExtendedKeyUsage"),
        ("tls", "root", "extendedKeyUsage=critical,serverAuth"),
        ("soft-tls", "root", "extendedKeyUsage=serverAuth,clientAuth"),
        ("stamps", "root", "extendedKeyUsage=critical,timeStamping"),
        ("unknown", "root", "1.2.3.4=critical,ASN1:NULL"),
    ] {
        leaf(name, issuer, &|cert| cert.extensions = Box::leak(end(extensions).into_boxed_str()));
    }
    leaf("cipher", "root", &|cert| cert.extensions = "keyUsage=keyEncipherment\n");
    leaf("repudiation", "root", &|cert| cert.extensions = "keyUsage=nonRepudiation\n");
    leaf("version1-end", "root", &|cert| cert.extensions = "");

    authority("mail-names", None, "/O=Acme/CN=Limited Root", &ca("nameConstraints=permitted;dirName:o\n[o]\nO=Other"));
    plain("mail-names-signer", "mail-names");
    authority("narrow", None, "/O=Acme/CN=Narrow", "basicConstraints=critical,CA:TRUE,pathlen:0\n");
    plain("narrow-signer", "narrow");
    authority("below-narrow", Some("narrow"), "/O=Acme/CN=Below", CA);
    plain("below-narrow-signer", "below-narrow");
    // The old key's word for the new one is no authority more (RFC 5280, section 4.2.1.9).
    authority("narrow-new", Some("narrow"), "/O=Acme/CN=Narrow", CA);
    plain("narrow-new-signer", "narrow-new");
    let mut above = "root".to_owned();
    for n in 1..=10 {
        let name = format!("deep{n}");
        authority(&name, Some(&above), &format!("/O=Acme/CN=Deep {n}"), CA);
        above = name;
    }
    plain("deep-signer", "deep10");

    leaf("past", "root", &|cert| cert.to = "20130101000000Z");
    leaf("future", "root", &|cert| cert.from = "20190101000000Z");
    leaf("ancient", "root", &|cert| cert.from = "19400101000000Z");
    leaf("endless", "root", &|cert| cert.to = "99991231235959Z");
    pki.make(Cert { to: "20130101000000Z", issuer: Some("root"), ..root("past-inter", "/O=Acme/CN=Past") });
    plain("past-inter-signer", "past-inter");
    pki.make(Cert { to: "20130101000000Z", ..root("past-root", "/O=Acme/CN=Past Root") });
    plain("past-root-signer", "past-root");
    pki.make(Cert { from: "19400101000000Z", ..root("old-root", "/O=Acme/CN=Old Root") });
    plain("old-root-signer", "old-root");

    for (name, key) in
        [("p384", "P-384"), ("p521", "P-521"), ("koblitz", "secp256k1"), ("rsa512", "rsa:512"), ("rsa1024", "rsa:1024")]
    {
        pki.key(name, key);
        plain(name, "root");
    }
    pki.openssl("ed", &["genpkey", "-algorithm", "ED25519", "-out", "ed25519.key"]);
    plain("ed25519", "root");
    pki.make(Cert { key: "P-521", ..root("p521-root", "/O=Acme/CN=Long Root") });
    leaf("p521-root-signer", "p521-root", &|cert| cert.md = "sha512");
    pki.make(Cert { key: "rsa:1024", md: "md5", extensions: "", ..root("rsa-root", "/O=Acme/CN=RSA Root") });
    leaf("rsa-root-signer", "rsa-root", &|_| {});
    leaf("sha1-signer", "root", &|cert| cert.md = "sha1");
    leaf("md5-signer", "rsa-root", &|cert| cert.md = "md5");
    fs::copy(pki.path("signer.key"), pki.path("pss-signer.key")).unwrap();
    pki.openssl("rsa-root", &["req", "-new", "-key", "pss-signer.key", "-subj", "/CN=PSS", "-out", "pss-signer.csr"]);
    let pss = "x509 -req -in pss-signer.csr -CA rsa-root.pem -CAkey rsa-root.key -sha256 -days 36500 -sigopt \
               rsa_padding_mode:pss -set_serial 77 -out pss-signer.pem";
    pki.openssl("rsa-root", &pss.split_whitespace().collect::<Vec<_>>());

    revocation(&pki);
    for (file, names) in
        [("both", &["root", "inter"][..]), ("others", &["inter", "signer"][..]), ("colon", &["root"][..])]
    {
        let pems: String =
            names.iter().map(|name| fs::read_to_string(pki.path(&format!("{name}.pem"))).unwrap()).collect();
        fs::write(pki.path(&format!("{file}.bundle")), pems).unwrap();
    }
    Some(pki)
}

/// An estate of its own, in which certificates are revoked.
fn revocation(pki: &Pki) {
    let far = "20300101000000Z";
    pki.make(root("rev", "/O=Acme/CN=Rev Root"));
    pki.make(Cert { issuer: Some("rev"), ..root("rev-inter", "/O=Acme/CN=Rev Inter") });
    let leaf = |name: &str, issuer: &str, extensions: &'static str| {
        fs::copy(pki.path("signer.key"), pki.path(&format!("{name}.key"))).unwrap();
        pki.make(Cert { extensions, ..signer(name, issuer) });
    };
    leaf("rev-signer", "rev", SIGNER);
    leaf("rev-other", "rev", SIGNER);
    leaf("rev-inter-signer", "rev-inter", SIGNER);
    leaf("rev-point", "rev", "keyUsage=digitalSignature\ncrlDistributionPoints=URI:http://pki.example/acme.crl\n");
    pki.crl("rev-none", "rev", &[], far);
    pki.crl("rev-inter-none", "rev-inter", &[], far);
    pki.crl("rev-late", "rev", &[], "20140201000000Z");
    let with = |name: &str, section: &str| {
        let args = format!(
            "ca -config ca.cnf -keyfile rev.key -cert rev.pem -gencrl -crl_lastupdate 20140101000000Z -crl_nextupdate {far} \
             -out {name}.crl -crlexts {section}"
        );
        pki.openssl("rev", &args.split_whitespace().collect::<Vec<_>>());
    };
    with("rev-point-none", "idp");
    with("rev-part", "part");
    pki.crl("rev-other", "rev", &["rev-other"], far);
    pki.crl("rev-signer", "rev", &["rev-signer"], far);
    pki.crl("rev-signer-late", "rev", &[], "20140201000000Z");
    pki.crl("rev-inter", "rev", &["rev-inter"], far);
    pki.openssl(
        "rev",
        &"ca -config ca.cnf -keyfile rev.key -cert rev.pem -revoke rev-point.pem"
            .split_whitespace()
            .collect::<Vec<_>>(),
    );
    with("rev-point", "idp");
    // Of the same name, and another's.
    pki.make(root("rev-twin", "/O=Acme/CN=Rev Root"));
    pki.crl("rev-twin", "rev-twin", &[], far);
    pki.make(root("far", "/O=Far/CN=Far Root"));
    pki.crl("far", "far", &[], far);
    pki.make(Cert {
        extensions: "basicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign\n",
        ..root("mute", "/CN=Mute")
    });
    leaf("mute-signer", "mute", SIGNER);
    pki.crl("mute", "mute", &[], far);
    let der = pki.openssl("rev", &["crl", "-in", "rev-none.crl", "-outform", "DER"]);
    let mut broken = der;
    let last = broken.len() - 1;
    broken[last] ^= 1;
    fs::write(pki.path("rev-broken.crl"), broken).unwrap();
}
