//! `configcid web check` against a server with faults, and against real ones with and without the configuration that `web config`
//! writes.

use std::sync::atomic::{AtomicUsize, Ordering};

use configcid::DemoCid;
use serde_json::Value as Json;

use super::faulty::{Asked, End, Faulty, Reply};
#[cfg(unix)]
use super::servers::{Kind, Server};
use crate::support::TestEnv;

/// A server that has the CID `ESXP`.
fn served(env: &TestEnv, instead: impl Fn(&Asked, Reply) -> Reply + Send + Sync + 'static) -> Faulty {
    Faulty::serve(env.path(""), instead)
}

fn env() -> TestEnv {
    let env = TestEnv::new();
    env.cid("ESXP", DemoCid::default());
    env
}

/// The answer of a check.
#[track_caller]
fn answer(env: &TestEnv, code: i32, server: &Faulty, more: &[&str]) -> Json {
    let url = server.url("/ESXP");
    let args = [&["web", "check", &url, "--json"], more].concat();
    let answer = env.run_args(args).expect(code).json();
    assert_eq!(answer["complete"], code == 0);
    answer
}

/// The codes of the faults with their paths, as `code path`.
fn faults(answer: &Json) -> Vec<String> {
    let faults = answer["faults"].as_array().unwrap();
    assert!(faults.iter().all(|fault| fault["next"].as_str().is_some_and(|next| !next.is_empty())), "{answer}");
    let text = |value: &Json| value.as_str().unwrap_or("-").to_owned();
    faults.iter().map(|fault| format!("{} {}", text(&fault["code"]), text(&fault["path"]))).collect()
}

#[track_caller]
fn finds(instead: impl Fn(&Asked, Reply) -> Reply + Send + Sync + 'static, more: &[&str], expected: &[&str]) -> Json {
    let env = env();
    let server = served(&env, instead);
    let answer = answer(&env, if expected.is_empty() { 0 } else { 3 }, &server, more);
    assert_eq!(faults(&answer), expected, "{answer}");
    answer
}

fn is_payload(asked: &Asked) -> bool {
    asked.ends_in("router.dll")
}

#[test]
fn a_complete_cid_is_said_to_be_so() {
    let env = env();
    let server = served(&env, |_, usual| usual);
    for more in [&[][..], &["--deep"], &["--in-flight", "1"], &["--deep", "--checksum", "crc32"]] {
        let answer = answer(&env, 0, &server, more);
        assert_eq!(answer["catalogs"].as_array().unwrap().len(), 4);
        assert_eq!(answer["files"]["listed"], answer["files"]["right"]);
        assert_eq!(answer["catalogs"][0]["function"], "crc32");
        // A request for each file, and some for what catalogs do not list.
        let (requests, files) = (answer["requests"].as_u64().unwrap(), answer["files"]["listed"].as_u64().unwrap());
        assert!(requests > files && requests < files + 40, "{answer}");
    }
    let url = server.url("/ESXP");
    let people = env.run_args(["web", "check", &url]).ok().says("complete: ");
    people.says("asked for, and not read (--deep reads them)");
    env.run_args(["web", "check", &format!("{url}/cidsync.upd"), "-v"]).expect(0).complains("the folder that holds it");
    env.run_args(["web", "check", &url, "--deep"]).ok().says("read and compared");
    // Names of other letters than ASCII's have them in a URL, too.
    env.cid("odd", DemoCid { upper_case: true, component_catalogs: false, ..DemoCid::default() });
    env.write("odd/SAVXP/a b+c%20&Z\u{fc}rich#1.dat", "odd");
    env.run_args(["catalog", "create", "--replace", "odd"]).expect(0);
    std::fs::rename(env.path("odd/CIDSYNC.UPD"), env.path("odd/cidsync.upd")).unwrap();
    env.run_args(["web", "check", &server.url("/odd"), "--deep"]).ok();
}

#[test]
fn as_many_requests_as_allowed_are_under_way() {
    let env = env();
    let at_once = std::sync::Arc::new(std::sync::Barrier::new(4));
    let seen = AtomicUsize::new(0);
    // The first four files are answered when all four were asked for.
    let server = served(&env, move |asked, usual| {
        if asked.method == "HEAD" && usual.status == 200 && seen.fetch_add(1, Ordering::SeqCst) < 4 {
            at_once.wait();
        }
        usual
    });
    answer(&env, 0, &server, &["--in-flight", "4"]);
    let most = server.most.load(Ordering::SeqCst);
    assert_eq!(most, 4);
}

#[test]
fn what_endpoints_do_not_get_is_told() {
    let instead = |status: u16| {
        move |asked: &Asked, usual: Reply| if is_payload(asked) { Reply::new(status, "no") } else { usual }
    };
    for (status, code) in [
        (404, "missing"),
        (410, "missing"),
        (500, "server-error"),
        (503, "server-error"),
        (405, "refused"),
        (429, "busy"),
        (204, "unexpected"),
        (401, "login"),
        (302, "redirected"),
    ] {
        let answer = finds(instead(status), &[], &[&format!("{code} \\rms\\router.dll")]);
        assert_eq!(answer["faults"][0]["status"], status);
        assert_eq!(answer["files"]["right"].as_u64(), answer["files"]["listed"].as_u64().map(|listed| listed - 1));
    }
    // Several are led by what matters most, and named five at a time.
    let env = env();
    let server = served(&env, |asked, usual| match asked.path.rsplit('.').next() {
        Some("dll") => Reply::new(500, "no"),
        _ if asked.ends_in("mrinit.conf") => Reply::new(404, "no"),
        _ => usual,
    });
    let output = env.run_args(["web", "check", &server.url("/ESXP")]).expect(3);
    let (missing, failing) = (output.stdout.find("missing").unwrap(), output.stdout.find("server-error").unwrap());
    assert!(missing < failing, "{output}");
}

#[test]
fn extensions_that_a_server_refuses_are_listed() {
    let iis = |end: &'static str| {
        move |asked: &Asked, usual: Reply| {
            let reply = if asked.ends_in(end) { Reply::new(404, "404.3") } else { usual };
            reply.with("Server", "Microsoft-IIS/7.5")
        }
    };
    let answer =
        finds(iis(".ide"), &[], &["extension \\savxp\\data\\threats-1.ide", "extension \\savxp\\data\\threats-2.ide"]);
    assert_eq!(answer["extensions"], serde_json::json!([{ "extension": ".ide", "files": 2 }]));
    // A single file of its kind is enough where IIS is known to answer so.
    let answer = finds(iis(".cfg"), &[], &["extension \\rms\\rms.cfg"]);
    assert_eq!(answer["server"], "Microsoft-IIS/7.5");
    let answer = finds(iis(".upd"), &[], &["missing \\cidsync.upd"]);
    assert!(answer["faults"][0]["next"].as_str().unwrap().contains("no MIME type"));
    // Elsewhere one that is missing is missing.
    finds(
        |asked, usual| if asked.ends_in(".cfg") { Reply::new(404, "") } else { usual },
        &[],
        &["missing \\rms\\rms.cfg"],
    );
}

#[test]
fn what_comes_in_the_place_of_a_file_is_told() {
    let login = "<html>please log on</html>";
    let page = move |usual: Reply| {
        Reply { headers: vec![("Content-Type".into(), "text/html".into())], ..Reply::new(200, login) }.end(usual.end)
    };
    finds(move |asked, usual| if is_payload(asked) { page(usual) } else { usual }, &[], &["page \\rms\\router.dll"]);
    // For everything, the catalogs too.
    let answer = finds(move |_, usual| page(usual), &[], &["page \\cidsync.upd"]);
    assert_eq!(answer["catalogs"], serde_json::json!([]));
    let everything = move |_: &Asked, usual: Reply| if usual.status == 404 { page(usual) } else { usual };
    finds(everything, &[], &["answers-everything -"]);
    // Another file.
    let other = |asked: &Asked, usual: Reply| if is_payload(asked) { Reply::new(200, "short") } else { usual };
    finds(other, &[], &["size \\rms\\router.dll"]);
    finds(other, &["--deep"], &["size \\rms\\router.dll"]);
    // A catalog that is none.
    let broken = |asked: &Asked, mut usual: Reply| {
        if asked.ends_in("/ESXP/cidsync.upd") {
            usual.body[60] = b'?';
        }
        usual
    };
    finds(broken, &[], &["catalog-format \\cidsync.upd"]);
    let broken =
        |asked: &Asked, usual: Reply| if asked.ends_in("/rms/cidsync.upd") { Reply::new(200, "x") } else { usual };
    finds(broken, &[], &["catalog-format \\rms\\cidsync.upd"]);
}

#[test]
fn content_that_differs_is_seen_by_a_deep_look_alone() {
    let altered = |asked: &Asked, mut usual: Reply| {
        if is_payload(asked) && usual.status == 200 {
            usual.body[7] ^= 1;
        }
        usual
    };
    finds(altered, &[], &[]);
    // By the catalog of the root, and by that of its component.
    let answer = finds(altered, &["--deep"], &["altered \\rms\\router.dll", "altered \\rms\\router.dll"]);
    assert!(answer["faults"][0]["what"].as_str().unwrap().contains("its checksum is"));
    assert_eq!(answer["files"]["right"].as_u64(), answer["files"]["listed"].as_u64().map(|listed| listed - 1));
    // A function that nobody knows compares nothing, and says so.
    let env = TestEnv::new();
    env.cid("ESXP", DemoCid { function: std::sync::Arc::new(crate::support::Unknown), ..DemoCid::default() });
    let server = served(&env, |_, usual| usual);
    let output = env.run_args(["web", "check", &server.url("/ESXP"), "--deep"]).expect(0);
    output.complains("sizes were compared, checksums were not");
}

#[test]
fn servers_that_lie_about_lengths_are_bounded() {
    // HEAD and GET say other things.
    let lying = |asked: &Asked, usual: Reply| match asked.method.as_str() {
        "HEAD" if is_payload(asked) => usual.length(Some(7)),
        _ => usual,
    };
    finds(lying, &[], &["size \\rms\\router.dll"]);
    // Less comes than was said, or more, or no end.
    let less = |asked: &Asked, mut usual: Reply| {
        if is_payload(asked) {
            let length = usual.body.len();
            usual.body.truncate(9);
            usual = usual.length(Some(length)).end(End::Close);
        }
        usual
    };
    let answer = finds(less, &["--deep"], &["broken \\rms\\router.dll"]);
    assert!(answer["faults"][0]["what"].as_str().unwrap().starts_with("after 9 of 640 bytes"));
    let endless = |asked: &Asked, usual: Reply| {
        if is_payload(asked) { usual.length(None).end(End::Endless) } else { usual }
    };
    finds(endless, &["--deep"], &["size \\rms\\router.dll"]);
    let endless = |asked: &Asked, usual: Reply| {
        if asked.ends_in("/ESXP/cidsync.upd") { usual.length(None).end(End::Endless) } else { usual }
    };
    finds(endless, &[], &["catalog-format \\cidsync.upd"]);
    // A length that is not said is asked for in another way.
    let silent = |asked: &Asked, usual: Reply| if asked.method == "HEAD" { usual.length(None) } else { usual };
    finds(silent, &[], &[]);
    // And a HEAD that is not known.
    let old = |asked: &Asked, usual: Reply| if asked.method == "HEAD" { Reply::new(405, "") } else { usual };
    finds(old, &[], &[]);
}

#[test]
fn silence_has_an_end() {
    let hangs = |asked: &Asked, usual: Reply| if is_payload(asked) { Reply::none(End::Hang) } else { usual };
    finds(hangs, &["--timeout", "5"], &["timeout \\rms\\router.dll"]);
    let stops = |asked: &Asked, mut usual: Reply| {
        if is_payload(asked) {
            let length = usual.body.len();
            usual.body.truncate(9);
            usual = usual.length(Some(length)).end(End::Hang);
        }
        usual
    };
    finds(stops, &["--timeout", "5", "--deep"], &["timeout \\rms\\router.dll"]);
    let answer = finds(|_, _| Reply::none(End::Hang), &["--timeout", "5"], &["timeout \\cidsync.upd"]);
    assert_eq!(answer["requests"], 2);
    finds(|_, _| Reply::none(End::Close), &[], &["broken \\cidsync.upd"]);
    // Once is chance.
    let once = AtomicUsize::new(0);
    finds(
        move |asked, usual| match is_payload(asked) && once.fetch_add(1, Ordering::SeqCst) == 0 {
            true => Reply::none(End::Close),
            false => usual,
        },
        &[],
        &[],
    );
}

#[test]
fn a_server_that_goes_is_left() {
    let env = TestEnv::new();
    env.cid("ESXP", DemoCid::default());
    for number in 0..60 {
        env.write(&format!("ESXP/savxp/data/more-{number}.ide"), "x");
    }
    env.run("catalog create --replace ESXP").expect(0);
    let heads = AtomicUsize::new(0);
    let server = served(&env, move |asked, usual| {
        let is_gone = asked.method == "HEAD" && heads.fetch_add(1, Ordering::SeqCst) > 10;
        if is_gone { Reply::none(End::Close) } else { usual }
    });
    let answer = answer(&env, 3, &server, &["--in-flight", "2"]);
    let not_asked = answer["files"]["not_asked"].as_u64().unwrap();
    assert!(not_asked > 40, "{answer}");
    assert!(faults(&answer).iter().all(|fault| fault.starts_with("broken ")), "{answer}");
    assert!(
        answer["notes"].as_array().unwrap().iter().any(|note| note.as_str().unwrap().contains("the server has gone"))
    );
}

#[test]
fn redirections_are_named_and_never_followed() {
    let env = env();
    let other = served(&env, |_, usual| usual);
    let target = other.url("/elsewhere/router.dll");
    let to = target.clone();
    let server = served(
        &env,
        move |asked, usual| {
            if is_payload(asked) { Reply::new(301, "").with("Location", &to) } else { usual }
        },
    );
    env.write("password", "geheim\n");
    let answer = answer(&env, 3, &server, &["--user", "endpoint", "--password-file", "password"]);
    assert_eq!(faults(&answer), ["redirected \\rms\\router.dll"]);
    let what = answer["faults"][0]["what"].as_str().unwrap();
    assert_eq!(what, format!("it is redirected to {target}, another server"));
    assert_eq!(answer["redirected_to"], serde_json::json!([other.url("")]));
    assert_eq!(other.count(), 0);
    // A password of the location is nobody's business, and the same server is not another one.
    for (location, said) in
        [("http://a:geheim@b/x", "redirected to http://b/x, another"), ("/login?from=x", "/login?from=x")]
    {
        let server = served(&env, move |_, _| Reply::new(302, "").with("Location", location));
        let output = env.run_args(["web", "check", &server.url("/ESXP")]).expect(3).says(said);
        assert!(!output.stdout.contains("geheim"), "{output}");
        assert_eq!(output.stdout.contains("another server"), location.starts_with("http"), "{output}");
    }
}

#[test]
fn a_login_is_told_or_passed() {
    let env = env();
    env.write("password", "gehe:im\r\nsecond line");
    env.write("wrong", "falsch");
    let server = served(&env, |asked, usual| match asked.header("authorization") {
        // endpoint:gehe:im
        "Basic ZW5kcG9pbnQ6Z2VoZTppbQ==" => usual,
        _ => Reply::new(401, "").with("WWW-Authenticate", "Basic realm=\"x\"").with("WWW-Authenticate", "NTLM"),
    });
    let without = answer(&env, 3, &server, &[]);
    assert_eq!(faults(&without)[0], "login \\cidsync.upd");
    assert_eq!(without["faults"][0]["what"], "the server asks for a login (Basic, NTLM)");
    let user = ["--user", "endpoint", "--password-file"];
    answer(&env, 3, &server, &[&user[..], &["wrong"]].concat());
    let passed = answer(&env, 0, &server, &[&user[..], &["password"]].concat());
    assert!(passed["notes"][0].as_str().unwrap().contains("in the clear"));
    for line in ["--user x", "--password-file password"] {
        env.run(&format!("web check http://127.0.0.1:1/ESXP {line}")).expect(2);
    }
    env.refuses(1, "web check http://127.0.0.1:1/ESXP --user x --password-file nowhere").complains("nowhere");
    let output = env.run("web check http://a:geheim@127.0.0.1:1/ESXP").expect(2).complains("--password-file");
    assert!(!output.stderr.contains("geheim"), "{output}");
}

#[test]
fn compression_is_told() {
    let always =
        |asked: &Asked, usual: Reply| if is_payload(asked) { usual.with("Content-Encoding", "gzip") } else { usual };
    finds(always, &[], &["compressed \\rms\\router.dll"]);
    let offered =
        |asked: &Asked, usual: Reply| match asked.header("accept-encoding").contains("gzip") && asked.ends_in(".dll") {
            true => usual.with("Content-Encoding", "gzip"),
            false => usual,
        };
    let answer = finds(offered, &[], &["compressed \\savxp\\engine.dll"]);
    assert!(answer["faults"][0]["what"].as_str().unwrap().contains("for those who accept that"));
    let catalog =
        |asked: &Asked, usual: Reply| if asked.ends_in(".upd") { usual.with("Content-Encoding", "br") } else { usual };
    finds(catalog, &[], &["compressed \\cidsync.upd"]);
}

#[test]
fn caches_that_may_keep_too_long_are_told() {
    let said = |value: &'static str| {
        move |_: &Asked, mut usual: Reply| {
            usual.headers.retain(|(name, _)| name != "Cache-Control");
            if value.is_empty() { usual } else { usual.with("Cache-Control", value) }
        }
    };
    let hour = finds_caches(said("max-age=3600"));
    assert!(
        hour.iter()
            .all(|fault| fault.contains("cidsync.upd") || fault.contains("mrinit.conf") || fault.contains("cac.pem")),
        "{hour:?}"
    );
    assert!(hour.len() > 3);
    assert!(finds_caches(said("max-age=2592000")).iter().any(|fault| fault.contains("router.dll")));
    let answer = finds(said(""), &[], &[]);
    assert!(answer["notes"][0].as_str().unwrap().contains("they guess"));
}

fn finds_caches(instead: impl Fn(&Asked, Reply) -> Reply + Send + Sync + 'static) -> Vec<String> {
    let env = env();
    let server = served(&env, instead);
    let faults = faults(&answer(&env, 3, &server, &[]));
    assert!(faults.iter().all(|fault| fault.starts_with("cached-too-long ")), "{faults:?}");
    faults
}

#[test]
fn an_update_meanwhile_is_told() {
    let env = env();
    env.cid("newer", DemoCid::default());
    env.write("newer/customer_ID.txt", "Acme");
    env.run("newer").expect(0);
    let newer = env.read("newer/cidsync.upd");
    let times = AtomicUsize::new(0);
    let server = served(&env, move |asked, usual| {
        let is_root = asked.path == "/ESXP/cidsync.upd" && asked.method == "GET";
        if is_root && times.fetch_add(1, Ordering::SeqCst) > 0 { Reply::new(200, newer.clone()) } else { usual }
    });
    let answer = answer(&env, 3, &server, &[]);
    assert!(faults(&answer).contains(&"changed \\cidsync.upd".to_owned()), "{answer}");
}

#[test]
#[cfg(target_os = "linux")]
fn a_server_that_tells_names_apart_by_case_is_told() {
    let env = env();
    std::fs::rename(env.path("ESXP/rms/router.dll"), env.path("ESXP/RMS.tmp")).unwrap();
    std::fs::create_dir(env.path("ESXP/RMS")).unwrap();
    std::fs::rename(env.path("ESXP/RMS.tmp"), env.path("ESXP/RMS/ROUTER.DLL")).unwrap();
    let server = served(&env, |_, usual| usual);
    let answer = answer(&env, 3, &server, &[]);
    assert_eq!(faults(&answer), ["missing \\rms\\router.dll"]);
    assert!(answer["faults"][0]["what"].as_str().unwrap().contains("there as \\RMS\\ROUTER.DLL alone"));
}

#[test]
fn a_component_is_no_cid() {
    let env = env();
    let server = served(&env, |_, usual| usual);
    let output = env.run_args(["web", "check", &server.url("/ESXP/rms")]).expect(3);
    output.says("component").says("the folder above");
    env.run_args(["web", "check", &server.url("/")]).expect(3).says("it holds cidsync.upd");
}

#[test]
fn nobody_there_is_told_plainly() {
    let env = TestEnv::new();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    env.run(&format!("web check http://127.0.0.1:{free}/ESXP")).expect(3).says("refuses connections");
    env.run("web check http://nobody.invalid/ESXP --timeout 20").expect(3).says("unknown-host");
    // What servers of plain HTTP say to a client that begins with TLS.
    let plain = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = plain.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in plain.incoming() {
            let mut stream = stream.unwrap();
            let _ = std::io::Read::read(&mut stream, &mut [0; 1 << 10]);
            let _ = std::io::Write::write_all(&mut stream, b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
        }
    });
    env.run(&format!("web check https://127.0.0.1:{port}/ESXP")).expect(3).says("does not speak TLS");
    for (line, said) in [
        ("server/CIDs/ESXP", "did you mean http://server/CIDs/ESXP?"),
        ("\\\\server\\InterChk\\ESXP", "catalog verify looks at a folder"),
        ("ftp://server/ESXP", "not ftp"),
        ("http://server/ESXP?x", "? or #"),
    ] {
        env.refuses_args(2, &["web", "check", line]).complains(said);
    }
    for line in [
        "web check",
        "web check http://a/ http://b/",
        "web check http://a/ --in-flight 0",
        "web check http://a/ --timeout 0",
    ] {
        env.run(line).expect(2);
    }
}

#[test]
fn hostile_headers_reach_no_terminal() {
    let env = env();
    let server = served(&env, |_, usual| usual.with("Server", "a\u{9b}2J\u{202e}b").with("Location", "x\u{9b}"));
    let output = env.run_args(["web", "check", &server.url("/ESXP")]);
    assert!(!output.stdout.chars().chain(output.stderr.chars()).any(|c| c.is_control() && c != '\n'), "{output:?}");
}

#[cfg(unix)]
#[test]
fn a_certificate_that_nobody_trusts_is_told() {
    use std::process::{Command, Stdio};

    if !crate::support::browser::have_with("openssl", "version") {
        return;
    }
    let env = TestEnv::new();
    env.cid("ESXP", DemoCid::default());
    let make = |line: &str| {
        let made = env.clean(Command::new("openssl")).args(line.split(' ')).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    };
    make("req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 9 -subj /CN=authority");
    make(
        "req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 9 -subj /CN=localhost -CA ca.pem -CAkey ca.key \
         -addext subjectAltName=IP:127.0.0.1 -addext basicConstraints=CA:FALSE",
    );
    make("req -x509 -newkey rsa:2048 -nodes -keyout other.key -out other.pem -days 9 -subj /CN=other");
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut server = env
        .clean(Command::new("openssl"))
        .args([
            "s_server",
            "-accept",
            &format!("127.0.0.1:{port}"),
            "-cert",
            "cert.pem",
            "-key",
            "key.pem",
            "-quiet",
            "-WWW",
        ])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    crate::support::wait_until("openssl", || {
        let listens = std::net::TcpStream::connect(("127.0.0.1", port)).is_ok();
        assert!(listens || server.try_wait().unwrap().is_none(), "openssl does not start");
        listens
    });
    let asked = |more: &str| env.run(&format!("web check https://127.0.0.1:{port}/ESXP --timeout 5 {more}"));
    let (usual, other) = (asked(""), asked("--ca other.pem"));
    // This server knows GET alone, and serves one after the other.
    let own = asked("--ca ca.pem --deep --in-flight 1 --json");
    server.kill().unwrap();
    server.wait().unwrap();
    for output in [usual, other] {
        output.expect(3).says("tls: \\cidsync.upd").says("whom this computer trusts");
    }
    let own = own.json();
    assert!(own["catalogs"].as_array().is_some_and(|catalogs| catalogs.len() > 1), "{own}");
    assert!(!faults(&own).iter().any(|fault| fault.starts_with("tls")), "{own}");
    let line = "web check https://127.0.0.1/ESXP --ca";
    env.refuses(2, &format!("{line} key.pem")).complains("holds no certificate");
    env.refuses(1, &format!("{line} nothing.pem")).complains("nothing.pem");
}

/// The loop is closed: what `web config` writes, `web check` finds complete.
#[cfg(unix)]
fn loop_is_closed(kind: Kind) {
    if !kind.is_there() {
        return;
    }
    let env = env();
    std::fs::rename(env.path("ESXP/rms/router.dll"), env.path("ESXP/rms/Router.DLL")).unwrap();
    env.run(&format!("web config {} ESXP --url /CIDs --out site.conf", kind.name())).ok();
    let server = Server::start(&env, kind, &env.text("site.conf"));
    let url = format!("http://127.0.0.1:{}/CIDs/ESXP", server.port);
    for more in [&[][..], &["--deep"]] {
        env.run_args([&["web", "check", &url], more].concat()).ok().says("complete");
    }
}

#[cfg(unix)]
#[test]
fn nginx_with_its_configuration_is_complete() {
    loop_is_closed(Kind::Nginx);
}

#[cfg(unix)]
#[test]
fn apache_with_its_configuration_is_complete() {
    loop_is_closed(Kind::Apache);
}

#[cfg(unix)]
#[test]
fn caddy_with_its_configuration_is_complete() {
    loop_is_closed(Kind::Caddy);
}

/// What real servers do by themselves, or where somebody has set them up wrongly.
#[cfg(unix)]
#[test]
fn wrong_configurations_are_told() {
    let env = env();
    // Apache's rules are for real folders.
    let root = env.path("ESXP");
    let root = root.display();
    env.write("users", "endpoint:{PLAIN}geheim\n");
    let users = env.path("users");
    let users = users.display();
    let nginx = |rules: &str| format!("location /ESXP/ {{ alias {root}/; {rules} }}");
    let apache = |rules: &str| {
        format!(
            "Alias /ESXP {root}\n<Directory {root}>\nExpiresActive Off\nRemoveEncoding .cfg\n{rules}\n</Directory>\n"
        )
    };
    let refusing = "<FilesMatch \"\\.dll$\">\nRequire all denied\n</FilesMatch>";
    let login = "AuthType Basic\nAuthName x\nAuthBasicProvider file\nRequire valid-user\nAuthUserFile";
    for (kind, config, expected) in [
        (Kind::Nginx, nginx("gzip off; expires off;"), &[][..]),
        (Kind::Nginx, nginx("expires off;"), &["compressed"]),
        (Kind::Nginx, nginx("gzip off; expires 1h;"), &["cached-too-long"]),
        (Kind::Nginx, nginx(&format!("auth_basic x; auth_basic_user_file {users};")), &["login"]),
        (Kind::Nginx, nginx("gzip off; expires off; location ~ [.]ide$ { return 404; }"), &["extension"]),
        (Kind::Nginx, nginx("gzip off; expires off; location ~ [.]dll$ { return 302 /login; }"), &["redirected"]),
        (Kind::Nginx, nginx("gzip off; expires off; error_page 404 =200 /ESXP/setup.dat;"), &["answers-everything"]),
        (Kind::Apache, apache("Require all granted\nSetEnv no-gzip 1"), &[]),
        (Kind::Apache, apache("Require all granted"), &["compressed"]),
        (Kind::Apache, apache(&format!("Require all granted\nSetEnv no-gzip 1\n{refusing}")), &["extension"]),
        (Kind::Apache, apache(&format!("{login} {users}")), &["login"]),
    ] {
        if !kind.is_there() {
            continue;
        }
        let server = Server::start(&env, kind, &config);
        let url = format!("http://127.0.0.1:{}/ESXP", server.port);
        let output = env.run_args(["web", "check", &url, "--json"]).expect(if expected.is_empty() { 0 } else { 3 });
        let mut codes: Vec<String> =
            faults(&output.json()).iter().map(|fault| fault.split(' ').next().unwrap().to_owned()).collect();
        codes.dedup();
        assert_eq!(codes, expected, "{config}\n{output}");
    }
}
