//! `configcid fetch` and `configcid sync` from a URL: a server with faults, as any CID's files may meet it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use configcid::DemoCid;

use super::faulty::{Asked, End, Faulty, Reply};
use crate::support::layout::crc32;
use crate::support::{TestEnv, check_cid};

fn env() -> TestEnv {
    let env = TestEnv::new();
    env.cid("ESXP", DemoCid::default());
    env
}

fn served(env: &TestEnv, instead: impl Fn(&Asked, Reply) -> Reply + Send + Sync + 'static) -> (Faulty, String) {
    let server = Faulty::serve(env.path(""), instead);
    let url = server.url("/ESXP");
    (server, url)
}

/// The content of each file of a CID that is no own file of configcid's.
fn contents(env: &TestEnv, cid: &str) -> Vec<(String, String)> {
    let tree = env.snapshot();
    let files = tree.keys().filter_map(|path| path.strip_prefix(cid).ok());
    let files =
        files.filter(|path| env.path(cid).join(path).is_file() && !path.to_string_lossy().contains(".configcid"));
    files
        .map(|path| (path.display().to_string(), format!("{:?}", std::fs::read(env.path(cid).join(path)).unwrap())))
        .collect()
}

#[test]
fn a_web_cid_is_brought_whole_and_then_what_changes_in_it() {
    let env = env();
    let (server, url) = served(&env, |_, usual| usual);
    env.run(&format!("fetch {url} NEW --dry-run")).ok().says("NEW: would be made with 10 files");
    assert!(!env.path("NEW").exists());
    let answer = env.run(&format!("fetch {url} NEW --deep --json")).ok().json();
    assert_eq!((&answer["source"], &answer["cids"][0]["brought"]["files"]), (&url.as_str().into(), &10.into()));
    assert_eq!(contents(&env, "NEW"), contents(&env, "ESXP"));
    check_cid(&env.path("NEW"), crc32);
    // What has changed is asked for, and the catalogs; nothing else.
    env.run("relay set NEW --fqdn MRComputer.Sales.Acme").expect(0);
    env.write("ESXP/savxp/engine.dll", vec![b'n'; 950]);
    env.run("catalog create ESXP --replace").ok();
    server.asked.lock().unwrap().clear();
    let relay = env.text("NEW/rms/mrinit.conf");
    env.run(&format!("sync {url} NEW --keep-relay")).ok().says("NEW: 1 file, 950 bytes, its own relay kept; verified");
    let asked: Vec<String> = server.asked.lock().unwrap().iter().map(|asked| asked.path.clone()).collect();
    let payload = |path: &&String| !path.ends_with(".upd");
    assert!(asked.iter().any(|path| path.ends_with("engine.dll")), "{asked:?}");
    // To keep a relay the functions of two catalogs are found out, from small files, at each of the two looks.
    assert!(asked.iter().filter(payload).count() <= 2 * 11 + 1, "{asked:?}");
    assert_eq!(env.text("NEW/rms/mrinit.conf"), relay);
    check_cid(&env.path("NEW"), crc32);
    env.run(&format!("sync {url} NEW --keep-relay")).ok().says("NEW: nothing to do");
    env.run(&format!("sync {url}/cidsync.upd NEW --keep-relay")).expect(0).says("NEW: nothing to do");
}

#[test]
fn a_server_with_faults_leaves_the_destination_as_it_was() {
    type Fault = fn(Reply) -> Reply;
    let faults: [(Fault, &str); 12] = [
        (|_| Reply::new(404, "no"), "the server has no such file"),
        (|_| Reply::new(500, "no"), "the server fails (500)"),
        (|_| Reply::new(401, "no").with("WWW-Authenticate", "Negotiate"), "the server asks for a login (Negotiate)"),
        (
            |_| Reply::new(302, "").with("Location", "http://elsewhere/x"),
            "redirected to http://elsewhere/x, another server",
        ),
        (|usual| usual.with("Content-Encoding", "gzip"), "it comes encoded (gzip)"),
        (
            |_| Reply::new(200, "<html>log on").with("Content-Type", "text/html"),
            "a web page of 12 bytes comes in its place",
        ),
        (|usual| Reply { body: vec![b'x'; usual.body.len()], ..usual }, "its checksum is"),
        (
            |usual| {
                let more = [&usual.body[..], b"x"].concat();
                Reply::new(200, more)
            },
            "bytes, and ",
        ),
        (
            |usual| {
                let length = usual.body.len();
                Reply::new(200, &usual.body[1..]).length(Some(length)).end(End::Close)
            },
            "after ",
        ),
        (|usual| Reply::new(200, &usual.body[1..]).length(None).end(End::Close), "it has fewer than the "),
        (|usual| usual.length(None).end(End::Endless), "it has more than the "),
        (|_| Reply::none(End::Close), "the connection breaks"),
    ];
    for (fault, said) in faults {
        let env = env();
        env.run("sync ESXP OLD").ok();
        env.write("ESXP/rms/router.dll", vec![b'n'; 333]);
        env.run("catalog create ESXP --replace").ok();
        let is_well = Arc::new(AtomicBool::new(false));
        let well = is_well.clone();
        let (_server, url) = served(&env, move |asked, usual| {
            if asked.ends_in("router.dll") && !well.load(Ordering::SeqCst) { fault(usual) } else { usual }
        });
        let old = contents(&env, "OLD");
        let output = env.run(&format!("sync {url} OLD NEW"));
        assert!(output.code != 0 && output.stderr.contains(said), "{said}: {output}");
        assert_eq!(contents(&env, "OLD"), old, "{said}");
        assert!(!env.path("NEW/cidsync.upd").exists(), "{said}");
        // The next run goes on with what there is.
        is_well.store(true, Ordering::SeqCst);
        let answer = env.run(&format!("fetch {url} NEW --json")).ok().json();
        assert!(answer["cids"][0]["brought"]["reused"].as_u64().unwrap() > 0, "{said}: {answer}");
        env.run(&format!("sync {url} OLD")).ok();
        assert_eq!(contents(&env, "OLD"), contents(&env, "ESXP"), "{said}");
    }
}

#[test]
fn catalogs_that_do_not_come_as_they_should_are_not_guessed() {
    let env = env();
    for (end, reply, said) in [
        ("ESXP/cidsync.upd", Reply::new(404, "no"), "there is no CID"),
        ("rms/cidsync.upd", Reply::new(403, "no"), "the server refuses it (403)"),
        // Not listed, and answered all the same.
        (
            "scf/cidsync.upd",
            Reply::new(200, "<html>").with("Content-Type", "text/html"),
            "a web page comes in its place",
        ),
        ("rms/cidsync.upd", Reply::new(200, "no catalog"), "cidsync.upd"),
    ] {
        let (_server, url) = served(&env, move |asked, usual| if asked.ends_in(end) { reply.clone() } else { usual });
        let output = env.run(&format!("fetch {url} NEW"));
        assert!(output.code != 0 && output.stderr.contains(said), "{said}: {output}");
        assert!(!env.path("NEW").exists(), "{said}");
    }
    env.run("fetch ftp://server/ESXP NEW").expect(2);
    env.run("fetch http://user:word@server/ESXP NEW").expect(2).complains("leave it out");
    // One that changes while it is read.
    let flips = Arc::new(AtomicBool::new(false));
    let new = {
        let other = TestEnv::new();
        other.cid("ESXP", DemoCid::default());
        other.write("ESXP/setup.dat", "other");
        other.run("catalog create ESXP --replace").ok();
        other.read("ESXP/cidsync.upd")
    };
    let (_server, url) = served(&env, move |asked, usual| match asked.path.as_str() {
        path if path.ends_with(".dll") => {
            flips.store(true, Ordering::SeqCst);
            usual
        }
        "/ESXP/cidsync.upd" if flips.load(Ordering::SeqCst) => Reply::new(200, new.clone()),
        _ => usual,
    });
    let output = env.run(&format!("fetch {url} NEW"));
    assert!(output.code != 0 && !env.path("NEW/cidsync.upd").exists(), "{output}");
}

#[test]
fn a_login_is_sent_and_never_shown() {
    let env = env();
    env.write("word", "s3cret\n");
    let (_server, url) = served(&env, |asked, usual| match asked.header("authorization") {
        "Basic dXNlcjpzM2NyZXQ=" => usual,
        _ => Reply::new(401, "no").with("WWW-Authenticate", "Basic"),
    });
    env.run(&format!("fetch {url} NEW")).expect(1).complains("--user and --password-file log on");
    let output = env.run(&format!("fetch {url} NEW --user user --password-file word -v")).expect(0);
    let output = output.complains("the password is sent in the clear");
    assert!(!format!("{output}{}", env.run("history NEW")).contains("s3cret"));
}

#[test]
fn a_file_takes_as_long_as_the_bandwidth_makes_of_it() {
    let env = env();
    env.write("ESXP/savxp/engine.dll", vec![b'e'; 16 << 10]);
    env.run("catalog create ESXP --replace").ok();
    let (_server, url) = served(&env, |_, usual| usual);
    // Longer than a server may take for it that is asked without a limit.
    env.run(&format!("fetch {url} NEW --bandwidth 4 --timeout 1")).ok();
    assert_eq!(contents(&env, "NEW"), contents(&env, "ESXP"));
}
