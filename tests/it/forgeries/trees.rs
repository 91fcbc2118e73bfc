//! Well signed manifests beside forged files, and roots that a forger brings along.

use std::fs;
use std::os::unix::fs::symlink;

use super::{answer, arguments, body, folder};
use crate::support::TestEnv;
use crate::support::pki::{Pki, entry};

/// The name; what is forged; the tree, of which the arguments are given; the answer.
type Row = (&'static str, &'static str, fn(&Pki, &TestEnv) -> &'static str, &'static str);

const GOOD: &str = "P/manifest.dat --root-ca {root.pem} --files";
const COMPONENT: &str = "CID/rms/manifest.dat --root-ca {root.pem} --files";

/// A CID with a manifest of one file in its component, which lies where these say.
fn component(pki: &Pki, env: &TestEnv, path: &str, files: &[(&str, &[u8])]) -> &'static str {
    env.write("CID/cidsync.upd", "");
    env.write("CID/rms/cidsync.upd", "");
    env.write("CID/rms/manifest.dat", pki.signed(&entry(path, b"MZ")));
    files.iter().for_each(|(name, content)| env.write(&format!("CID/{name}"), content));
    COMPONENT
}

/// The usual folder after this was done to it.
fn after(pki: &Pki, env: &TestEnv, change: impl FnOnce(&TestEnv)) -> &'static str {
    folder(env, &pki.signed(&body()));
    change(env);
    GOOD
}

/// A stranger's manifest, and his root at this place.
fn brought(pki: &Pki, env: &TestEnv, root: &str) {
    folder(env, &format!("{}{}", body(), pki.inline(&body(), "sha256", &["stranger-signer", "stranger"])));
    env.write(root, fs::read(pki.path("stranger.pem")).unwrap());
}

#[rustfmt::skip]
pub(super) const TREES: &[Row] = &[
    ("tree-good", "nothing", |pki, env| after(pki, env, |_| {}), "whole"),
    ("tree-content", "the content of a file, of the same size", |pki, env| after(pki, env, |env| env.write("P/setup.exe", "MZ sEtup")), "files"),
    ("tree-size", "its size", |pki, env| after(pki, env, |env| env.write("P/setup.exe", "MZ")), "files"),
    ("tree-missing", "a file is gone", |pki, env| after(pki, env, |env| env.remove("P/setup.exe")), "files"),
    ("tree-all-missing", "all are gone, and may be", |pki, env| { after(pki, env, |env| { env.remove("P/setup.exe"); env.remove("P/rms/router.exe"); }); "P/manifest.dat --root-ca {root.pem} --files --allow-missing" }, "files"),
    ("tree-folder", "a folder in the place of a file", |pki, env| after(pki, env, |env| { env.remove("P/setup.exe"); fs::create_dir(env.path("P/setup.exe")).unwrap(); }), "files"),
    ("tree-case", "nothing: a name in another case", |pki, env| after(pki, env, |env| fs::rename(env.path("P/setup.exe"), env.path("P/SETUP.exe")).unwrap()), "whole"),
    ("tree-twin", "a twin of another case beside the file", |pki, env| after(pki, env, |env| env.write("P/SETUP.EXE", "MZ evil")), "files"),
    ("tree-twin-folder", "a twin of its folder", |pki, env| after(pki, env, |env| env.write("P/RMS/router.exe", "MZ evil")), "files"),
    ("tree-twin-unlisted", "twins that nothing lists", |pki, env| after(pki, env, |env| { env.write("P/a.txt", "a"); env.write("P/A.TXT", "b"); }), "files"),
    ("tree-link", "a link to a copy", |pki, env| after(pki, env, |env| { fs::rename(env.path("P/setup.exe"), env.path("P/copy")).unwrap(); symlink("copy", env.path("P/setup.exe")).unwrap(); }), "files"),
    ("tree-link-out", "a link to a copy elsewhere", |pki, env| after(pki, env, |env| { fs::rename(env.path("P/setup.exe"), env.path("copy")).unwrap(); symlink("../copy", env.path("P/setup.exe")).unwrap(); }), "files"),
    ("tree-link-folder", "a folder behind a link", |pki, env| after(pki, env, |env| { fs::rename(env.path("P/rms"), env.path("P/other")).unwrap(); symlink("other", env.path("P/rms")).unwrap(); }), "files"),
    ("tree-link-unlisted", "a link that nothing lists", |pki, env| after(pki, env, |env| symlink("setup.exe", env.path("P/link")).unwrap()), "files"),
    ("tree-extra", "nothing: a file that nothing lists is told", |pki, env| after(pki, env, |env| env.write("P/more.exe", "MZ")), "whole"),
    // Where the files are.
    ("place-own", "nothing", |pki, env| component(pki, env, ".\\a.exe", &[("rms/a.exe", b"MZ")]), "whole"),
    ("place-root", "nothing", |pki, env| component(pki, env, ".\\rms\\a.exe", &[("rms/a.exe", b"MZ")]), "whole"),
    ("place-own-decoy", "a genuine copy in the root, another in the component", |pki, env| component(pki, env, ".\\a.exe", &[("rms/a.exe", b"ZM"), ("a.exe", b"MZ")]), "files"),
    ("place-root-decoy", "the other way round", |pki, env| component(pki, env, ".\\rms\\a.exe", &[("rms/a.exe", b"ZM"), ("rms/rms/a.exe", b"MZ")]), "files"),
    ("place-own-moved", "the genuine file in the root alone", |pki, env| component(pki, env, ".\\a.exe", &[("a.exe", b"MZ")]), "files"),
    ("place-root-moved", "below the component alone", |pki, env| component(pki, env, ".\\rms\\a.exe", &[("rms/rms/a.exe", b"MZ")]), "files"),
    ("place-both", "genuine files in both places", |pki, env| component(pki, env, ".\\a.exe", &[("rms/a.exe", b"MZ"), ("a.exe", b"MZ")]), "files"),
    ("place-both-given", "nothing: the user says which", |pki, env| { component(pki, env, ".\\a.exe", &[("rms/a.exe", b"MZ"), ("a.exe", b"ZM")]); "CID/rms/manifest.dat --root-ca {root.pem} --files CID/rms" }, "whole"),
    ("place-no-catalog", "the root's catalog is removed, to choose the place", |pki, env| { component(pki, env, ".\\rms\\a.exe", &[("rms/rms/a.exe", b"MZ"), ("rms/a.exe", b"ZM")]); env.remove("CID/cidsync.upd"); COMPONENT }, "files"),
    ("place-twin-component", "a twin of the component", |pki, env| component(pki, env, ".\\rms\\a.exe", &[("rms/a.exe", b"MZ"), ("RMS/a.exe", b"ZM")]), "files"),
    ("place-link-component", "the component is a link", |pki, env| { component(pki, env, ".\\rms\\a.exe", &[("rms/a.exe", b"MZ")]); fs::rename(env.path("CID/rms"), env.path("CID/xyz")).unwrap(); symlink("xyz", env.path("CID/rms")).unwrap(); COMPONENT }, "files"),
    // Roots that a forger brings along.
    ("root-beside", "a root beside the manifest", |pki, env| { brought(pki, env, "P/root.pem"); "P/manifest.dat --root-ca P/root.pem" }, "refused"),
    ("root-folder", "a folder of roots beside it", |pki, env| { brought(pki, env, "P/roots/root.pem"); "P/manifest.dat --root-ca P/roots" }, "refused"),
    ("root-own-folder", "the folder of the manifest as that of roots", |pki, env| { brought(pki, env, "P/root.pem"); "P/manifest.dat --root-ca P" }, "refused"),
    ("root-manifest", "the manifest itself as the root", |pki, env| { brought(pki, env, "x"); "P/manifest.dat --root-ca P/manifest.dat" }, "refused"),
    ("root-trailer", "a manifest elsewhere as the root", |pki, env| { brought(pki, env, "x"); env.write("other.pem", format!("{}{}", body(), pki.trailer(&body(), &["stranger-signer", "stranger"]))); "P/manifest.dat --root-ca other.pem" }, "refused"),
    ("root-trailer-folder", "the same in a folder of roots", |pki, env| { brought(pki, env, "x"); env.write("roots/good.pem", fs::read(pki.path("root.pem")).unwrap()); env.write("roots/other.pem", format!("{}{}", body(), pki.trailer(&body(), &["stranger-signer", "stranger"]))); "P/manifest.dat --root-ca roots" }, "untrusted"),
    ("root-readme", "a certificate in a readme among roots", |pki, env| { brought(pki, env, "roots/readme.txt"); env.write("roots/good.pem", fs::read(pki.path("root.pem")).unwrap()); "P/manifest.dat --root-ca roots" }, "untrusted"),
    ("root-readme-alone", "a folder with nothing else", |pki, env| { brought(pki, env, "roots/readme.txt"); "P/manifest.dat --root-ca roots" }, "refused"),
    ("root-not-self-signed", "an intermediate among roots", |pki, env| { folder(env, &format!("{}{}", body(), pki.inline(&body(), "sha256", &["inter-signer"]))); env.write("roots/inter.pem", fs::read(pki.path("inter.pem")).unwrap()); env.write("roots/other.pem", fs::read(pki.path("twin.pem")).unwrap()); "P/manifest.dat --root-ca roots" }, "untrusted"),
    ("root-hash-name", "nothing: OpenSSL's name for a root", |pki, env| { folder(env, &pki.signed(&body())); env.write("roots/5ed36f99.0", fs::read(pki.path("root.pem")).unwrap()); "P/manifest.dat --root-ca roots" }, "whole"),
    ("root-link-in", "a link elsewhere that leads into the folder", |pki, env| { brought(pki, env, "P/root.pem"); symlink("P/root.pem", env.path("root.pem")).unwrap(); "P/manifest.dat --root-ca root.pem" }, "refused"),
    ("root-link-out", "a link in the folder that leads elsewhere", |pki, env| { brought(pki, env, "root.pem"); symlink("../root.pem", env.path("P/root.pem")).unwrap(); "P/manifest.dat --root-ca P/root.pem" }, "refused"),
    ("root-in-cid", "a root in another part of the CID", |pki, env| { component(pki, env, ".\\a.exe", &[("rms/a.exe", b"MZ")]); env.write("CID/sau/root.pem", fs::read(pki.path("root.pem")).unwrap()); "CID/rms/manifest.dat --root-ca CID/sau/root.pem" }, "refused"),
    ("root-allowed", "nothing: the user allows it", |pki, env| { folder(env, &pki.signed(&body())); env.write("P/root.pem", fs::read(pki.path("root.pem")).unwrap()); "P/manifest.dat --root-ca P/root.pem --allow-inner-roots" }, "whole"),
];

/// The rows that get another answer.
pub(super) fn differing(pki: &Pki) -> Vec<String> {
    let mut differing = Vec::new();
    for &(name, forged, make, expected) in TREES {
        let env = TestEnv::new();
        let line = make(pki, &env);
        let (said, json) = answer(&env, &arguments(pki, line));
        if said != expected {
            differing.push(format!("{name} ({forged}): {said}, not {expected}: {}{}", json["what"], json["error"]));
        }
    }
    differing
}
