//! What every command prints, for people and as JSON, on copies of `testdata/cids/`. Where a change is meant, run the tests
//! with `INSTA_UPDATE=always`, look at the difference, and commit it.

#![cfg(unix)]

use crate::support::{RELAY, TestEnv, committed, copy_tree};

/// Compares with the snapshot of the test's name.
macro_rules! assert_shows {
    ($text:expr $(,)?) => {
        insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!($text) })
    };
}

/// Copies of some CIDs of `testdata/cids/`.
fn env(cids: &[&str]) -> TestEnv {
    let env = TestEnv::new();
    for cid in cids {
        copy_tree(&committed(cid), &env.path(cid));
    }
    env
}

/// Runs one line after the other, and gives all that is printed.
fn session(env: &TestEnv, lines: &[&str]) -> String {
    lines.iter().map(|line| env.run(line).to_string()).collect::<Vec<_>>().join("\n")
}

/// The session of a relay CID: looked at, planned, set up, done again, looked at.
fn relay(cid: &str) -> String {
    session(
        &env(&[cid]),
        &[
            &format!("relay show {cid}"),
            &format!("relay set {cid} {RELAY} --dry-run"),
            &format!("relay set {cid} {RELAY}"),
            &format!("relay set {cid} {RELAY}"),
            &format!("relay show {cid}"),
            &format!("catalog verify {cid}"),
        ],
    )
}

#[test]
fn relay_crlf() {
    assert_shows!(relay("crlf"));
}

#[test]
fn relay_lf() {
    assert_shows!(relay("lf"));
}

#[test]
fn relay_upper() {
    assert_shows!(relay("upper"));
}

#[test]
fn relay_rms9x() {
    assert_shows!(relay("rms9x"));
}

#[test]
fn relay_one_catalog() {
    assert_shows!(relay("one-catalog"));
}

#[test]
fn relay_json() {
    let lines = ["relay show crlf --json", &format!("relay set crlf {RELAY} --json"), "relay show crlf --json"];
    assert_shows!(session(&env(&["crlf"]), &lines));
}

#[test]
fn relay_with_warnings() {
    let env = env(&["crlf"]);
    env.write("crlf/rms/mrinit.conf", env.text("crlf/mrinit.conf").replace("00002001", "00002099").trim_end());
    env.replace("crlf/mrinit.conf", "\"RouterCertIdentityKey\"=\"", "\"RouterCertIdentityKey\"=\"other");
    let set = "relay set crlf --ip fe80::1 --netbios SERVER";
    assert_shows!(session(&env, &[set, &format!("{set} --from-root --dry-run --json"), "relay show crlf"]));
}

#[test]
fn refresh() {
    let env = env(&["rms9x"]);
    env.write("rms9x/customer_ID.txt", "Acme");
    env.write("rms9x/sau/sauconf.xml", "<sau/>");
    env.remove("rms9x/cac.pem");
    env.replace("rms9x/mrinit.conf", "SERVER", "SERVER2");
    assert_shows!(session(
        &env,
        &["rms9x --dry-run --json", "rms9x --dry-run", "rms9x", "rms9x", "refresh rms9x --json"]
    ));
}

#[test]
fn refresh_of_several() {
    let env = env(&["crlf", "lf", "upper"]);
    env.write("lf/rms/agent.dll", "damaged");
    env.write("upper/STAMP", "1");
    assert_shows!(session(
        &env,
        &["crlf lf upper", "crlf lf upper --json", "crlf lf upper --accept-damage", "crlf -q"]
    ));
}

#[test]
fn catalog_list() {
    let env = env(&["one-catalog", "crlf"]);
    assert_shows!(session(&env, &["catalog list one-catalog crlf", "catalog list one-catalog --json"]));
}

#[test]
fn audit() {
    let env = env(&["crlf", "lf"]);
    env.remove("crlf/rms/agent.dll");
    env.write("crlf/sau/sauconf.xml", "<sau/>");
    env.write("crlf/readme.txt", "hello");
    env.write("crlf/rms/manifest.dat", crate::support::estate::manifest(&env.path("crlf/rms")));
    env.write("crlf/rms/mrinit.conf", env.text("crlf/mrinit.conf").replace("00002001", "00002099"));
    assert_shows!(session(
        &env,
        &[
            "audit crlf --at 2016-05-31",
            "audit crlf --at 2016-05-31 --json",
            "audit lf nowhere --at 2016-05-31 --fail-on warning --html report.html",
            "audit lf --at 2016-05-31 -q",
        ]
    ));
}

#[test]
fn catalog_verify() {
    let env = env(&["crlf", "lf"]);
    env.remove("crlf/rms/agent.dll");
    env.write("crlf/sau/update.dll", "another size");
    env.edit("crlf/savxp/engine.dll", |mut bytes| {
        bytes[0] ^= 1;
        bytes
    });
    env.write("crlf/stamp", "unlisted");
    env.write("lf/savxp/cidsync.upd", "broken");
    assert_shows!(session(&env, &["catalog verify crlf", "catalog verify crlf lf --json", "catalog verify lf"]));
}

#[test]
fn catalog_create() {
    let env = env(&["upper"]);
    env.remove("upper/CIDSYNC.UPD");
    env.remove("upper/SAU/CIDSYNC.UPD");
    let lines =
        ["catalog create upper", "catalog create upper --replace --dry-run", "catalog create upper --replace --json"];
    env.write("upper/SAVXP/NEW.DLL", "new");
    assert_shows!(session(&env, &lines));
}

#[test]
fn clone() {
    assert_shows!(session(
        &env(&["lf"]),
        &["clone lf NEW", "clone lf NEW", "clone lf NEWER --json", "clone lf NEW --json"]
    ));
}

#[test]
fn mrinit() {
    let env = env(&["crlf"]);
    env.edit("crlf/mrinit.conf", |bytes| bytes.trim_ascii_end().to_vec());
    let file = "crlf/mrinit.conf";
    assert_shows!(session(
        &env,
        &[
            &format!("mrinit show {file} -v"),
            &format!("mrinit show {file} --json"),
            &format!("mrinit set {file} {RELAY} --dry-run"),
            &format!("mrinit set {file} {RELAY}"),
            &format!("mrinit set {file} ClientIIOPPort 9000 --json"),
            &format!("mrinit set {file} RouterCertIdentityKey bmV3IHNlY3JldA== --dry-run"),
            &format!("mrinit set {file} Nonsense 1"),
        ],
    ));
}

#[test]
fn demo() {
    assert_shows!(session(&TestEnv::new(), &["demo DIR", "demo OTHER --json", "demo DIR"]));
}

#[test]
fn errors() {
    let env = env(&["crlf", "lf", "upper"]);
    env.write("folder/file", "x");
    env.write("lf/mrinit.conf", "[Config]\n\"ParentRouterAddress\"=\"a\"b\"\n");
    env.write("upper/RMS/CIDSYNC.UPD", &env.read("upper/RMS/CIDSYNC.UPD")[..100]);
    let relay = |cid: &str| format!("relay set {cid} {RELAY}");
    let relays = ["nowhere", "folder", "crlf/rms", "lf", "upper"].map(relay);
    let mut lines: Vec<&str> = relays.iter().map(String::as_str).collect();
    lines.extend([
        "relay set upper --netbios MR --json",
        "relay set crlf --ip 10.1.200.650",
        "relay set crlf --ip 10.1.200.650 --json",
        "relay set crlf",
        "crlf --checksum md5-le",
        "crlf --checksum nonsense",
        "--dry-run relay set crlf --netbios MR",
        "crlf --customer-file ../x",
        "clone crlf crlf/NEW",
        "catalog create crlf",
        "mrinit show nowhere",
    ]);
    assert_shows!(session(&env, &lines));
}

#[test]
fn help() {
    let commands = [
        "",
        "refresh",
        "relay",
        "relay set",
        "relay show",
        "clone",
        "catalog",
        "catalog list",
        "catalog verify",
        "catalog create",
        "mrinit",
        "mrinit show",
        "mrinit set",
        "demo",
        "completions",
        "man",
    ];
    let lines = commands.map(|command| format!("{command} --help").trim_start().to_owned());
    assert_shows!(session(&TestEnv::new(), &lines.iter().map(String::as_str).collect::<Vec<_>>()));
}

#[test]
fn man() {
    // The first line holds the version.
    let page = TestEnv::new().run("man").ok().stdout;
    assert_shows!(page.replace(env!("CARGO_PKG_VERSION"), "[VERSION]"));
}

#[test]
fn completions_name_every_command() {
    let env = TestEnv::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let output = env.run(&format!("completions {shell}")).ok();
        for name in ["refresh", "relay", "clone", "catalog", "mrinit", "demo", "edit-root", "accept-damage"] {
            assert!(output.stdout.contains(name), "{shell} lacks {name}");
        }
    }
    env.run("completions nonsense").expect(2).complains("bash");
}

#[test]
fn version() {
    let env = TestEnv::new();
    assert_eq!(env.run("-V").ok().stdout, format!("configcid {}\n", env!("CARGO_PKG_VERSION")));
    let long = env.run("--version").ok().stdout;
    assert!(long.starts_with(&format!("configcid {} (", env!("CARGO_PKG_VERSION"))), "{long}");
    assert!(long.contains(std::env::consts::ARCH), "{long}");
}

#[test]
fn messenger() {
    let mut env = TestEnv::new();
    env.set("CONFIGCID_MESSENGER_STATE", env.path("state").to_string_lossy());
    for name in ["messenger.example.xml", "messenger-profile.example.toml"] {
        env.write(
            name,
            std::fs::read(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("templates").join(name)).unwrap(),
        );
    }
    let (xml, profile) = ("messenger.example.xml", "--profile messenger-profile.example.toml");
    assert_shows!(session(
        &env,
        &[
            &format!("messenger lint {xml} --at 2026-12-24"),
            &format!("messenger lint {xml} --at 2026-12-24 --lang de"),
            &format!("messenger check {xml} {profile} --at 2026-11-20"),
            &format!("messenger check {xml} {profile} --at 2026-12-24 --lang de"),
            &format!("messenger check {xml} {profile} --at 2026-12-24 --json"),
            &format!("messenger run {xml} {profile} --at 2026-11-20"),
            &format!("messenger run {xml} {profile} --at 2026-11-20 --lang en --format json"),
            "messenger ack welcome --at 2026-11-21",
            "messenger status",
            "messenger status --lang de",
            "messenger ack nothing-of-the-sort",
        ],
    ));
}

#[test]
fn relay_probe() {
    let env = TestEnv::new();
    env.write("nat.ior", include_str!("../../fuzz/corpus/ior/router-big"));
    env.write("loopback.ior", LOOPBACK_IOR);
    assert_shows!(session(
        &env,
        &[
            "relay probe --ior nat.ior",
            "relay probe --ior nat.ior -v",
            "relay probe --ior nat.ior --json",
            "relay probe --ior loopback.ior",
            "relay probe nobody.invalid:",
        ]
    ));
}

/// A reference to 127.0.0.1, of IIOP 1.0.
pub(crate) const LOOPBACK_IOR: &str = "IOR:000000000000000849444c3a413a310000000001000000000000001c000100000000000a3132372e\
    302e302e310020010000000461626364";
/// A folder of messages, some of them old, with the moment that they are looked at.
fn envelopes() -> (TestEnv, &'static str) {
    let env = TestEnv::new();
    let at = "2026-11-21T12:00:00Z";
    for (index, hours) in [0, 0, 1, 5, 20, 50, 97, 300, 400].into_iter().enumerate() {
        let name = format!("Envelopes/{index}.msg");
        env.write(&name, vec![b'x'; 1000 * (index + 1)]);
        let modified = configcid::time::parse(at).unwrap() - std::time::Duration::from_secs(3_600 * hours);
        std::fs::File::options().write(true).open(env.path(&name)).unwrap().set_modified(modified).unwrap();
    }
    (env, at)
}

/// What the machine has free is not of the program.
fn without_space(text: &str) -> String {
    let line = |line: &str| if line.contains("the folder's volume") { "[SPACE]" } else { line }.to_owned();
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn envelopes_check() {
    let (env, at) = envelopes();
    let lines = [3, 4, 100]
        .map(|endpoints| format!("envelopes check Envelopes --min-free 0 --at {at} --endpoints {endpoints}"));
    assert_shows!(without_space(&session(&env, &lines.each_ref().map(String::as_str))));
}

#[test]
fn envelopes_check_for_programs() {
    let (env, at) = envelopes();
    let check = format!("envelopes check Envelopes --min-free 0 --at {at} --endpoints 3");
    assert_shows!(without_space(&session(&env, &[&format!("{check} --json"), &format!("{check} --nagios")])));
}

#[test]
fn envelopes_logs() {
    let env = TestEnv::new();
    let log = |minute: u32, texts: &[&str]| -> String {
        let line = |(second, text): (usize, &&str)| format!("21.11.2026 19:{minute}:{second:02} 0D38 {text}\r\n");
        texts.iter().enumerate().map(line).collect()
    };
    let start =
        ["I Sophos Messaging Router 3.4.0.1 starting...", "I Initializing CORBA...", "I Waiting for messages..."];
    let parent = ["I Getting parent router IOR from 10.1.200.65:8192", "I Logged on to parent router as Router$PC:7"];
    let trouble = ["W Session with Router$A lost", "E SSL handshake with 10.0.0.9 failed\r\nOMG minor code (2)"];
    env.write("Logs/Router-20261121-183000.log", log(30, &[&start[..], &parent, &trouble].concat()));
    env.write("Logs/Router-20261121-183100.log", log(31, &[&start[..2], &trouble[..1]].concat()));
    assert_shows!(session(&env, &["envelopes logs Logs", "envelopes logs Logs -v", "envelopes logs Logs --json"]));
}

#[test]
fn envelopes_scripts() {
    let env = TestEnv::new();
    let lines = [
        "envelopes restart --script cmd",
        "envelopes restart --script powershell",
        r"envelopes move D:\Envelopes --console-version 5.2",
        r"envelopes move D:\Envelopes --console-version 5.2 --emit out",
    ];
    assert_shows!(session(&env, &lines));
}

#[test]
fn web_config() {
    let env = env(&["crlf", "upper"]);
    std::fs::rename(env.path("crlf/rms/router.dll"), env.path("crlf/rms/Router.dll")).unwrap();
    let servers = ["iis", "nginx", "apache", "caddy"];
    let lines = servers.map(|server| format!("web config {server} crlf upper"));
    let mut lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    lines.push("web config nginx crlf --at /srv/cids --url /CIDs/S000 --payload-age 60 --json");
    assert_shows!(session(&env, &lines));
}
