//! Keys, certificates with fixed dates, revocation lists and signed manifests, made with `openssl`.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64ct::{Base64, Encoding};
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384};

/// A moment at which every certificate is valid that is made without dates of its own.
pub(crate) const VALID: &str = "2015-06-30";

/// A folder where `openssl` works.
pub(crate) struct Pki {
    dir: tempfile::TempDir,
}

/// A certificate to make.
#[derive(Clone, Copy)]
pub(crate) struct Cert<'a> {
    /// The names of its files: `NAME.pem`, `NAME.key`.
    pub name: &'a str,
    pub subject: &'a str,
    /// Whose key signs it; its own, where there is none.
    pub issuer: Option<&'a str>,
    /// `rsa:BITS` or a curve.
    pub key: &'a str,
    /// The digest of its signature.
    pub md: &'a str,
    /// As `openssl ca` takes them.
    pub from: &'a str,
    pub to: &'a str,
    /// Lines of X.509 v3 extensions; none for X.509 v1.
    pub extensions: &'a str,
}

pub(crate) const CA: &str = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n";
pub(crate) const SIGNER: &str = "basicConstraints=CA:FALSE\nkeyUsage=digitalSignature\n";

/// A root.
pub(crate) const fn root<'a>(name: &'a str, subject: &'a str) -> Cert<'a> {
    let (from, to) = ("20100101000000Z", "20300101000000Z");
    Cert { name, subject, issuer: None, key: "P-256", md: "sha256", from, to, extensions: CA }
}

/// A certificate that signs manifests.
pub(crate) const fn signer<'a>(name: &'a str, issuer: &'a str) -> Cert<'a> {
    let (from, to) = ("20120101000000Z", "20200101000000Z");
    let (subject, issuer) = ("/O=Acme/CN=Signer", Some(issuer));
    Cert { name, subject, issuer, key: "P-256", md: "sha256", from, to, extensions: SIGNER }
}

impl Pki {
    /// `None` where there is no `openssl`, which is said.
    pub(crate) fn new() -> Option<Self> {
        if Command::new("openssl").arg("version").output().is_err() {
            assert!(std::env::var_os("CI").is_none(), "openssl is missing: scripts/install-test-tools installs it");
            println!("skipped: there is no openssl");
            return None;
        }
        let pki = Self { dir: tempfile::tempdir().unwrap() };
        fs::write(
            pki.path("ca.cnf"),
            "[ca]\ndefault_ca=d\n[d]\ndatabase=$ENV::CA_DIR/index.txt\nserial=$ENV::CA_DIR/serial\nnew_certs_dir=$ENV::CA_DIR\n\
             crlnumber=$ENV::CA_DIR/crlnumber\npolicy=p\nunique_subject=no\ndefault_md=sha256\n[p]\norganizationName=optional\ncommonName=optional\n\
             [v2]\nauthorityKeyIdentifier=keyid\n",
        )
        .unwrap();
        Some(pki)
    }

    /// A root and a signer, called `root` and `signer`.
    pub(crate) fn usual() -> Option<Self> {
        let pki = Self::new()?;
        pki.make(root("root", "/O=Acme/CN=Acme Root"));
        pki.make(signer("signer", "root"));
        Some(pki)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn text_path(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    /// Runs `openssl`; `ca` is the issuer whose records it uses.
    #[track_caller]
    pub(crate) fn openssl(&self, ca: &str, args: &[&str]) -> Vec<u8> {
        let records = self.path(&format!("{ca}.ca"));
        if !records.exists() {
            fs::create_dir(&records).unwrap();
            fs::write(records.join("index.txt"), "").unwrap();
            fs::write(records.join("serial"), "1000\n").unwrap();
        }
        let mut command = Command::new("openssl");
        let output = command.args(args).env("CA_DIR", &records).current_dir(self.dir.path()).output().unwrap();
        assert!(output.status.success(), "openssl {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }

    pub(crate) fn key(&self, name: &str, kind: &str) {
        let kind = match kind.strip_prefix("rsa:") {
            Some(bits) => ["RSA".to_owned(), format!("rsa_keygen_bits:{bits}")],
            None => ["EC".to_owned(), format!("ec_paramgen_curve:{kind}")],
        };
        let file = format!("{name}.key");
        self.openssl(name, &["genpkey", "-algorithm", &kind[0], "-pkeyopt", &kind[1], "-out", &file]);
    }

    /// Makes a certificate, and its key where there is none of its name.
    #[track_caller]
    pub(crate) fn make(&self, cert: Cert<'_>) {
        let Cert { name, subject, issuer, key, md, from, to, extensions } = cert;
        let file = |ending: &str| format!("{name}.{ending}");
        if !self.path(&file("key")).exists() {
            self.key(name, key);
        }
        self.openssl(name, &["req", "-new", "-key", &file("key"), "-subj", subject, "-out", &file("csr")]);
        let issuer = issuer.unwrap_or(name);
        let (issuer_key, issuer_cert) = (format!("{issuer}.key"), format!("{issuer}.pem"));
        let mut args = vec!["ca", "-batch", "-notext", "-preserveDN", "-config", "ca.cnf", "-keyfile", &issuer_key];
        let (csr, pem, ext) = (file("csr"), file("pem"), file("ext"));
        args.extend(["-md", md, "-startdate", from, "-enddate", to, "-in", &csr, "-out", &pem]);
        args.extend(if issuer == name { vec!["-selfsign"] } else { vec!["-cert", &issuer_cert] });
        if !extensions.is_empty() {
            fs::write(self.path(&ext), extensions).unwrap();
            args.extend(["-extfile", &ext]);
        }
        self.openssl(issuer, &args);
    }

    /// Makes the revocation list of an issuer, `NAME.crl`: of version 2 where the name says so, else of version 1.
    pub(crate) fn crl(&self, name: &str, issuer: &str, revoked: &[&str], next: &str) {
        let (key, cert, out) = (format!("{issuer}.key"), format!("{issuer}.pem"), format!("{name}.crl"));
        let common = ["ca", "-config", "ca.cnf", "-keyfile", &key, "-cert", &cert];
        for name in revoked {
            self.openssl(issuer, &[&common[..], &["-revoke", &format!("{name}.pem")]].concat());
        }
        let list = ["-gencrl", "-crl_lastupdate", "20140101000000Z", "-crl_nextupdate", next, "-out", &out];
        let version = if name.ends_with("v2") { &["-crlexts", "v2"][..] } else { &[] };
        fs::write(self.path(&format!("{issuer}.ca/crlnumber")), "01\n").unwrap();
        self.openssl(issuer, &[&common[..], &list, version].concat());
    }

    /// A signature by `openssl`.
    pub(crate) fn signature(&self, name: &str, md: &str, bytes: &[u8]) -> Vec<u8> {
        // Several threads may sign.
        static FILES: AtomicUsize = AtomicUsize::new(0);
        let file = format!("signed{}", FILES.fetch_add(1, Ordering::Relaxed));
        fs::write(self.path(&file), bytes).unwrap();
        self.openssl(name, &["dgst", &format!("-{md}"), "-sign", &format!("{name}.key"), &file])
    }

    pub(crate) fn der(&self, name: &str) -> Vec<u8> {
        let pem = fs::read_to_string(self.path(&format!("{name}.pem"))).unwrap();
        let base64: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
        Base64::decode_vec(&base64).unwrap()
    }

    /// `#sig` and `#... cert` lines for `body`, by the first of `names` and with the certificates of all.
    pub(crate) fn inline(&self, body: &str, md: &str, names: &[&str]) -> String {
        let value = Base64::encode_string(&self.signature(names[0], md, body.as_bytes()));
        let certs = names.iter().map(|name| format!("#... cert {}\n", Base64::encode_string(&self.der(name))));
        format!("#sig {md} {value}\n{}", certs.collect::<String>())
    }

    /// The lines of a trailer for all that stands before it.
    pub(crate) fn trailer(&self, before: &str, names: &[&str]) -> String {
        let value = Base64::encode_string(&self.signature(names[0], "sha1", before.as_bytes()));
        let lines: Vec<&str> = value.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
        let certs: String =
            names.iter().map(|name| fs::read_to_string(self.path(&format!("{name}.pem"))).unwrap()).collect();
        format!("-----BEGIN SIGNATURE-----\n{}\n-----END SIGNATURE-----\n{certs}", lines.join("\n"))
    }

    /// A body with its signature by `signer`.
    pub(crate) fn signed(&self, body: &str) -> String {
        format!("{body}{}", self.inline(body, "sha256", &["signer"]))
    }
}

/// The lines of a file with all three digests, as a manifest has them.
pub(crate) fn entry(path: &str, content: &[u8]) -> String {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    format!(
        "\"{path}\" {} {}\n#sha256 {}\n#sha384 {}\n",
        content.len(),
        hex(&Sha1::digest(content)),
        hex(&Sha256::digest(content)),
        hex(&Sha384::digest(content))
    )
}
