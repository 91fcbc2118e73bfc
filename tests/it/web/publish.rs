//! `configcid sync SOURCE URL`: real servers that speak WebDAV, with a proxy before them that has faults, and a reader who looks
//! all the while.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use configcid::DemoCid;

use super::faulty::Asked;
use super::proxy::{Fate, Proxy};
use super::servers::{Kind, Server};
use crate::support::layout::{Catalog, crc32};
use crate::support::{RELAY, TestEnv, check_cid};

/// A server that takes files below `/cids/`, which lie in `srv/cids`, and gives them out below `/read/`, too, where nothing is
/// written.
pub(super) fn server(env: &TestEnv, kind: Kind) -> Option<Server> {
    if !kind.is_there() {
        return None;
    }
    fs::create_dir_all(env.path("srv/cids")).unwrap();
    // Apache's worker is another user.
    for folder in ["srv", "srv/cids"] {
        fs::set_permissions(env.path(folder), fs::Permissions::from_mode(0o777)).unwrap();
    }
    let srv = env.path("srv").display().to_string();
    let config = match kind {
        Kind::Nginx => format!(
            "location /cids/ {{ root {srv}; gzip off; expires off; autoindex off; client_max_body_size 0; \
             dav_methods PUT DELETE MKCOL COPY MOVE; dav_access user:rw group:r all:r; }}\n\
             location /read/ {{ alias {srv}/cids/; gzip off; expires off; autoindex off; }}\n\
             location /small/ {{ alias {srv}/cids/; gzip off; client_max_body_size 1m; \
             dav_methods PUT DELETE MKCOL COPY MOVE; }}\n"
        ),
        _ => format!(
            "LoadModule dav_module /usr/lib/apache2/modules/mod_dav.so\n\
             LoadModule dav_fs_module /usr/lib/apache2/modules/mod_dav_fs.so\n\
             DavLockDB {srv}/locks\nAlias /cids {srv}/cids\nAlias /read {srv}/cids\n\
             <Directory {srv}/cids>\nRequire all granted\nOptions None\nSetEnv no-gzip 1\nSetHandler default-handler\n\
             ForceType application/octet-stream\nRemoveEncoding .gz .cfg\n</Directory>\n\
             <Location /cids>\nDav On\n</Location>\n"
        ),
    };
    Some(Server::start(env, kind, &config))
}

/// A CID, and a server with a proxy before it that does nothing but count.
pub(super) fn pair(kind: Kind) -> Option<(TestEnv, Server, Proxy)> {
    let env = TestEnv::new();
    env.cid("ESXP", DemoCid { rms9x: true, ..DemoCid::default() });
    let server = server(&env, kind)?;
    let proxy = Proxy::before(server.port, |_, _| Fate::Pass);
    Some((env, server, proxy))
}

/// Files below a folder, without configcid's records of a CID's folder.
pub(super) fn files(root: &Path) -> BTreeMap<String, Vec<u8>> {
    fn walk(root: &Path, folder: &Path, files: &mut BTreeMap<String, Vec<u8>>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(root).unwrap().display().to_string();
            match path.is_dir() {
                true => walk(root, &path, files),
                false if name.contains(".configcid-") && !name.contains(".configcid-publish") => {}
                false => _ = files.insert(name, fs::read(&path).unwrap()),
            }
        }
    }
    let mut files = BTreeMap::new();
    walk(root, root, &mut files);
    files
}

pub(super) fn published(env: &TestEnv) -> BTreeMap<String, Vec<u8>> {
    files(&env.path("srv/cids/ESXP"))
}

/// Two trees without dumping their bytes where they differ.
#[track_caller]
pub(super) fn assert_same(is: &BTreeMap<String, Vec<u8>>, expected: &BTreeMap<String, Vec<u8>>, about: &str) {
    let paths = |files: &BTreeMap<String, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(paths(is), paths(expected), "{about}");
    for (path, bytes) in is {
        assert!(expected.get(path) == Some(bytes), "{about}: {path} differs");
    }
}

fn asked(asked: &[Asked], method: &str, end: &str) -> usize {
    asked.iter().filter(|asked| asked.method == method && asked.ends_in(end)).count()
}

/// What the server's update does: a file changes, one goes, one comes in a folder that is new.
pub(super) fn update(env: &TestEnv) {
    env.write("ESXP/savxp/engine.dll", vec![b'n'; 950]);
    env.remove("ESXP/savxp/data/threats-1.ide");
    env.write("ESXP/savxp/data/2026/a name & \u{fc}.ide", "a new threat");
    env.run("catalog create ESXP --replace").ok();
}

fn is_published_and_updated(kind: Kind) {
    let Some((env, _server, proxy)) = pair(kind) else { return };
    let url = proxy.url("/cids/ESXP");
    env.run(&format!("sync ESXP {url} --dry-run")).ok().says("would be made with 12 files");
    assert!(proxy.take().iter().all(|asked| asked.method == "GET"));
    let answer = env.run(&format!("sync ESXP {url} --json")).ok().json();
    let row = &answer["cids"][0];
    assert_eq!((&row["status"], &row["is_new"]), (&"changed".into(), &true.into()), "{answer}");
    assert_same(&published(&env), &files(&env.path("ESXP")), "");
    check_cid(&env.path("srv/cids/ESXP"), crc32);
    proxy.take();
    env.run(&format!("sync ESXP {url}")).ok().says("nothing to do");
    assert!(proxy.take().iter().all(|asked| asked.method == "GET"));

    update(&env);
    // Nobody touches what no catalog lists, on either end.
    for cid in ["ESXP", "srv/cids/ESXP"] {
        env.write(&format!("{cid}/notes.txt"), cid);
    }
    env.run(&format!("sync ESXP {url}")).ok().says("2 files, 962 bytes, 1 gone; verified");
    let asks = proxy.take();
    assert_eq!(env.text("srv/cids/ESXP/notes.txt"), "srv/cids/ESXP");
    for cid in ["ESXP", "srv/cids/ESXP"] {
        env.remove(&format!("{cid}/notes.txt"));
    }
    assert_same(&published(&env), &files(&env.path("ESXP")), "");
    check_cid(&env.path("srv/cids/ESXP"), crc32);
    // Payload, catalogs of components, the root's, and at last what goes.
    let orders: Vec<&Asked> = asks.iter().filter(|asked| ["MOVE", "DELETE"].contains(&&*asked.method)).collect();
    let place = |end: &str| {
        let named = |asked: &&Asked| asked.header("destination").ends_with(end) || asked.ends_in(end);
        orders.iter().position(named).unwrap_or_else(|| panic!("{end}: {orders:?}"))
    };
    let catalogs = [place("/savxp/cidsync.upd"), place("/ESXP/cidsync.upd"), place("threats-1.ide")];
    assert!(place("engine.dll") < catalogs[0] && place(".ide") < catalogs[0], "{orders:?}");
    assert!(catalogs.is_sorted(), "{orders:?}");
    env.run(&format!("web check {url} --deep")).expect(if kind == Kind::Apache { 3 } else { 0 });
    // What is published can be brought back.
    env.run(&format!("fetch {url} BACK --deep")).ok();
    assert_same(&files(&env.path("BACK")), &published(&env), "");
}

#[test]
fn a_cid_is_published_to_nginx_and_updated() {
    is_published_and_updated(Kind::Nginx);
}

#[test]
fn a_cid_is_published_to_apache_and_updated() {
    is_published_and_updated(Kind::Apache);
}

#[test]
fn fifty_of_two_thousand_take_a_few_requests_each() {
    let env = TestEnv::new();
    env.cid("ESXP", DemoCid { component_catalogs: false, ..DemoCid::default() });
    for number in 0..2000 {
        env.write(&format!("ESXP/savxp/data/{}/v-{number}.ide", number % 7), format!("threat {number}"));
    }
    env.run("catalog create ESXP --replace").ok();
    let Some(server) = server(&env, Kind::Nginx) else { return };
    // What is there already was put there by another way.
    fs::create_dir(env.path("srv/cids/ESXP")).unwrap();
    for (name, bytes) in files(&env.path("ESXP")) {
        env.write(&format!("srv/cids/ESXP/{name}"), bytes);
    }
    let proxy = Proxy::before(server.port, |_, _| Fate::Pass);
    for number in (0..2000).step_by(40) {
        env.write(&format!("ESXP/savxp/data/{}/v-{number}.ide", number % 7), format!("another {number}"));
    }
    env.run("catalog create ESXP --replace").ok();
    env.run(&format!("sync ESXP {}", proxy.url("/cids/ESXP"))).ok().says("50 files");
    let asks = proxy.take();
    assert_same(&published(&env), &files(&env.path("ESXP")), "");
    let ides = |method| asked(&asks, method, ".ide");
    assert_eq!((ides("PUT"), ides("GET"), ides("MOVE"), ides("DELETE")), (50, 50, 50, 0));
    // Catalogs by their names, lock, record, and the ends of both.
    assert!(asks.len() <= 150 + 40, "{}", asks.len());
}

#[test]
fn a_relay_is_kept_at_a_url() {
    let Some((env, _server, proxy)) = pair(Kind::Nginx) else { return };
    let url = proxy.url("/cids/ESXP");
    env.cid("MRESXP", DemoCid { rms9x: true, ..DemoCid::default() });
    env.run(&format!("relay set MRESXP {RELAY}")).ok();
    env.run(&format!("sync MRESXP {url}")).ok();
    let relay = env.text("srv/cids/ESXP/rms/mrinit.conf");
    update(&env);
    let answer = env.run(&format!("sync ESXP {url} --keep-relay --json")).ok().json();
    assert_eq!(answer["cids"][0]["kept"].as_array().unwrap().len(), 3, "{answer}");
    assert_eq!(env.text("srv/cids/ESXP/rms/mrinit.conf"), relay);
    assert_eq!(env.read("srv/cids/ESXP/savxp/engine.dll"), env.read("ESXP/savxp/engine.dll"));
    check_cid(&env.path("srv/cids/ESXP"), crc32);
    env.run(&format!("sync ESXP {url} --keep-relay")).ok().says("nothing to do");
}

#[test]
fn what_another_has_written_is_found_by_deep_alone() {
    let Some((env, _server, proxy)) = pair(Kind::Nginx) else { return };
    let url = proxy.url("/cids/ESXP");
    env.run(&format!("sync ESXP {url}")).ok();
    env.write("srv/cids/ESXP/savxp/engine.dll", vec![b'x'; 900]);
    env.remove("srv/cids/ESXP/rms/router.dll");
    env.run(&format!("sync ESXP {url}")).ok().says("nothing to do");
    env.run(&format!("sync ESXP {url} --deep")).ok().says("2 files");
    assert_same(&published(&env), &files(&env.path("ESXP")), "");
    env.run(&format!("sync ESXP {url} --deep")).ok().says("nothing to do");
}

#[test]
fn a_file_of_somebody_else_is_not_replaced() {
    let Some((env, _server, proxy)) = pair(Kind::Nginx) else { return };
    let url = proxy.url("/cids/ESXP");
    env.run(&format!("sync ESXP {url}")).ok();
    let before = published(&env);
    update(&env);
    env.write("srv/cids/ESXP/savxp/data/2026/a name & \u{fc}.ide", "mine");
    for _ in 0..2 {
        env.run(&format!("sync ESXP {url}")).expect(1).complains("a file is there that no catalog lists");
        for (path, bytes) in &before {
            assert_eq!(&env.read(&format!("srv/cids/ESXP/{path}")), bytes, "{path}");
        }
    }
    assert_eq!(env.text("srv/cids/ESXP/savxp/data/2026/a name & \u{fc}.ide"), "mine");
    env.remove("srv/cids/ESXP/savxp/data/2026/a name & \u{fc}.ide");
    env.run(&format!("sync ESXP {url}")).ok();
    assert_same(&published(&env), &files(&env.path("ESXP")), "");
}

/// What a server without faults would have ended with, whichever request meets the fault.
#[test]
fn a_run_that_breaks_anywhere_is_gone_on_with() {
    let env = TestEnv::new();
    env.cid("ESXP", DemoCid { component_catalogs: false, ..DemoCid::default() });
    let Some(server) = server(&env, Kind::Nginx) else { return };
    let left = Arc::new(AtomicUsize::new(usize::MAX));
    let lets = left.clone();
    // After so many orders the server carries out no more.
    let proxy = Proxy::before(server.port, move |asked, _| {
        let take = |left: usize| left.checked_sub(1);
        let may = asked.method == "GET" || lets.fetch_update(Ordering::SeqCst, Ordering::SeqCst, take).is_ok();
        if may { Fate::Pass } else { Fate::Answer(403, "") }
    });
    let url = proxy.url("/cids/ESXP");
    env.run(&format!("sync ESXP {url}")).ok();
    let mut whole = false;
    let mut orders: usize = 0;
    while !whole {
        let version = 2 * orders;
        // A file changes, one comes, one goes; and the next version has the new one again, changed.
        let begin = version;
        let change = |version: usize| {
            env.write("ESXP/savxp/engine.dll", format!("engine {version}"));
            env.write(&format!("ESXP/savxp/new-{begin}/v.ide"), format!("new {version}"));
            let _ = fs::remove_dir_all(env.path(&format!("ESXP/savxp/new-{}", begin.saturating_sub(2))));
            env.run("catalog create ESXP --replace").ok();
        };
        let before = published(&env);
        change(version);
        left.store(orders, Ordering::SeqCst);
        let output = env.run(&format!("sync ESXP {url}"));
        whole = output.code == 0;
        let said = output.stderr.clone();
        left.store(usize::MAX, Ordering::SeqCst);
        if !whole {
            output.expect(1).complains("HTTP 403");
            // A reader has the one or the other.
            let now = published(&env);
            let catalog = if now["cidsync.upd"] == before["cidsync.upd"] { &before } else { &files(&env.path("ESXP")) };
            for path in catalog.keys() {
                assert!(now.contains_key(path), "{path} is not there at {version}");
            }
            if version.is_multiple_of(4) {
                change(version + 1);
            }
            // Of a lock whose owner could not be written nobody knows whose it is.
            let owner = env.path("srv/cids/ESXP/.configcid-publish-lock");
            let is_nobodys = owner.exists() && !owner.join("owner.txt").exists();
            if is_nobodys {
                env.run(&format!("sync ESXP {url} --wait 0")).expect(1).complains("a process that left no name");
            }
            env.run(&format!("sync ESXP {url}{}", if is_nobodys { " --break-lock" } else { "" })).expect(0);
        }
        let mut now = published(&env);
        if whole && now.remove(".configcid-publish-lock/owner.txt").is_some() {
            // Only the lock could not be given back, which is said.
            assert!(said.contains("configcid-publish-lock") && said.contains("HTTP 403"), "{said}");
        }
        assert_same(&now, &files(&env.path("ESXP")), &format!("at {version}"));
        orders += 1;
    }
    assert!(orders > 12, "{orders}");
}

#[test]
fn a_server_with_faults_is_told_of_and_leaves_what_is_listed() {
    let is =
        |method: &'static str, end: &'static str| move |asked: &Asked| asked.method == method && asked.ends_in(end);
    let to =
        |end: &'static str| move |asked: &Asked| asked.method == "MOVE" && asked.header("destination").ends_with(end);
    type Which = Box<dyn Fn(&Asked) -> bool + Send + Sync>;
    let faults: Vec<(Which, Fate, &str)> = vec![
        (Box::new(is("MKCOL", "lock/")), Fate::Answer(401, "WWW-Authenticate: Basic\r\n"), "it asks for a login"),
        (
            Box::new(is("MKCOL", "lock/")),
            Fate::Answer(302, "Location: http://elsewhere/x\r\n"),
            "redirected to http://elsewhere/x, another server",
        ),
        (
            Box::new(is("PUT", ".dll")),
            Fate::Answer(401, ""),
            "it asks for a login, or does not take this one (HTTP 401)",
        ),
        (Box::new(is("PUT", ".dll")), Fate::Answer(403, ""), "it does not let this user (HTTP 403)"),
        (Box::new(is("PUT", ".dll")), Fate::Answer(413, ""), "client_max_body_size"),
        (Box::new(is("PUT", ".dll")), Fate::Answer(423, ""), "locked it by WebDAV"),
        (Box::new(is("PUT", ".dll")), Fate::Answer(507, ""), "it has no room left"),
        (Box::new(is("PUT", ".dll")), Fate::Answer(500, ""), "it fails (HTTP 500)"),
        (Box::new(is("PUT", ".dll")), Fate::Cut(17), "it has 17 bytes, and 950 are listed"),
        (Box::new(is("GET", ".dll")), Fate::Altered, "950 bytes were sent, and 950 bytes come back that differ"),
        (Box::new(is("GET", ".dll")), Fate::Short, "it was sent, and does not come back"),
        (Box::new(is("PUT", ".dll")), Fate::Lost, "the connection breaks"),
        (Box::new(to("engine.dll")), Fate::Answer(405, ""), "it does not know how (HTTP 405)"),
        (Box::new(to("engine.dll")), Fate::Answer(409, ""), "is no folder, or not there (HTTP 409)"),
        (Box::new(to("engine.dll")), Fate::Lost, "the connection breaks"),
        (Box::new(to("savxp/cidsync.upd")), Fate::Answer(412, ""), "somebody else has published there meanwhile"),
    ];
    let Some((env, server, plain)) = pair(Kind::Nginx) else { return };
    env.run(&format!("sync ESXP {}", plain.url("/cids/ESXP"))).ok();
    let old = published(&env);
    env.write("ESXP/savxp/engine.dll", vec![b'n'; 950]);
    env.run("catalog create ESXP --replace").ok();
    thread::scope(|scope| {
        for (number, (which, fate, said)) in faults.into_iter().enumerate() {
            let (env, old, server) = (&env, &old, &server);
            let cid = format!("CID{number}");
            // Side by side: those that may pass are tried again after a while.
            scope.spawn(move || {
                for (name, bytes) in old {
                    env.write(&format!("srv/cids/{cid}/{name}"), bytes);
                }
                let proxy =
                    Proxy::before(server.port, move |asked, _| if which(asked) { fate.clone() } else { Fate::Pass });
                let output = env.run(&format!("sync ESXP {}", proxy.url(&format!("/cids/{cid}"))));
                assert!(output.code == 1 && output.stderr.contains(said), "{said}: {output}");
                let mut now = files(&env.path(&format!("srv/cids/{cid}")));
                now.retain(|path, _| !path.starts_with(".configcid-"));
                if now["savxp/engine.dll"] != old["savxp/engine.dll"] {
                    // Payload before catalogs: the window that any update has.
                    assert!(said.contains("somebody else"), "{said}");
                    now.insert("savxp/engine.dll".into(), old["savxp/engine.dll"].clone());
                }
                assert_same(&now, old, said);
                let plain = Proxy::before(server.port, |_, _| Fate::Pass);
                env.run(&format!("sync ESXP {}", plain.url(&format!("/cids/{cid}")))).ok();
                assert_same(&files(&env.path(&format!("srv/cids/{cid}"))), &files(&env.path("ESXP")), said);
            });
        }
    });
}

#[test]
fn what_passes_is_tried_again() {
    let Some((env, server, _)) = pair(Kind::Nginx) else { return };
    // Each order is met by another fault once, some of which were carried out all the same.
    let met = std::sync::Mutex::new(std::collections::HashSet::new());
    let proxy = Proxy::before(server.port, move |asked, number| {
        let is_first =
            met.lock().unwrap().insert(format!("{} {} {}", asked.method, asked.target, asked.header("destination")));
        let is_lock = asked.path.contains("publish-lock");
        match (is_first && number > 10 && !is_lock, number % 3, &*asked.method) {
            (false, ..) => Fate::Pass,
            (_, 0, _) => Fate::Answer(503, ""),
            (_, 1, _) => Fate::AnswerLost,
            (_, _, "GET") => Fate::Short,
            (_, _, "PUT") => Fate::Cut(3),
            _ => Fate::Lost,
        }
    });
    env.run(&format!("sync ESXP {} --deep", proxy.url("/cids/ESXP"))).ok();
    assert_same(&published(&env), &files(&env.path("ESXP")), "");
}

#[test]
fn no_server_is_written_to_that_cannot_be_published_to() {
    let Some((env, server, proxy)) = pair(Kind::Nginx) else { return };
    let plain = format!("http://127.0.0.1:{}/read/ESXP", server.port);
    env.run(&format!("sync ESXP {plain}"))
        .expect(1)
        .complains("the server speaks no WebDAV here (HTTP 405)")
        .complains("PUT, MKCOL, MOVE and DELETE");
    let above = proxy.url("/cids/not/there/ESXP");
    env.run(&format!("sync ESXP {above}")).expect(1).complains("make the folder above it on the server first");
    assert_eq!(fs::read_dir(env.path("srv/cids")).unwrap().count(), 0);
    // A file that is larger than nginx takes unless it is told to.
    env.write("ESXP/rms/large.dll", vec![b'l'; 3 << 20]);
    env.run("catalog create ESXP --replace").ok();
    let small = format!("http://127.0.0.1:{}/small/ESXP", server.port);
    env.run(&format!("sync ESXP {small}")).expect(1).complains("it takes no file as large as this");
    env.run(&format!("sync ESXP {}", proxy.url("/cids/ESXP"))).ok().says("by a run that broke off");
}

#[test]
fn two_publishers_are_held_apart() {
    for kind in [Kind::Nginx, Kind::Apache] {
        let Some((env, server, proxy)) = pair(kind) else { return };
        let url = proxy.url("/cids/ESXP");
        env.run(&format!("sync ESXP {url}")).ok();
        let before = published(&env);
        env.cid("OTHER", DemoCid::default());
        env.write("OTHER/savxp/engine.dll", "other");
        env.run("catalog create OTHER --replace").ok();
        env.write("ESXP/savxp/engine.dll", "mine");
        env.run("catalog create ESXP --replace").ok();
        // While the one sends its first file, the other comes.
        let (other, answer) = (Arc::new(AtomicBool::new(false)), std::sync::Mutex::new(None));
        let slow = thread::scope(|scope| {
            let (sender, receiver) = std::sync::mpsc::sync_channel::<()>(0);
            let receiver = std::sync::Mutex::new(receiver);
            let is_held = other.clone();
            let (begun, has_begun) = std::sync::mpsc::channel::<()>();
            let begun = std::sync::Mutex::new(begun);
            let slow = Proxy::before(server.port, move |asked, _| {
                if asked.method == "PUT" && asked.ends_in(".dll") && !is_held.swap(true, Ordering::SeqCst) {
                    begun.lock().unwrap().send(()).unwrap();
                    let _ = receiver.lock().unwrap().recv();
                }
                Fate::Pass
            });
            let slow_url = slow.url("/cids/ESXP");
            let run = scope.spawn({
                let env = &env;
                move || env.run(&format!("sync ESXP {slow_url}"))
            });
            has_begun.recv().unwrap();
            let held = env.run(&format!("sync OTHER {url} --wait 0")).expect(1);
            held.complains("another writer is at work: process ").complains("--break-lock");
            assert_eq!(
                published(&env)
                    .into_iter()
                    .filter(|(path, _)| !path.starts_with(".configcid"))
                    .collect::<BTreeMap<_, _>>(),
                before
            );
            // Who breaks the lock stops the first before its catalogs.
            *answer.lock().unwrap() = Some(env.run(&format!("sync OTHER {url} --break-lock --json")).ok().json());
            sender.send(()).unwrap();
            run.join().unwrap()
        });
        let answer = answer.lock().unwrap().take().unwrap();
        assert!(answer["cids"][0]["broken_lock"].as_str().unwrap().starts_with("process "), "{answer}");
        slow.expect(1).complains("the lock of this run was broken by another");
        assert_same(&published(&env), &files(&env.path("OTHER")), kind.name());
        env.run(&format!("sync ESXP {url}")).ok();
        assert_same(&published(&env), &files(&env.path("ESXP")), "");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn the_lock_of_a_process_that_has_ended_is_in_nobodys_way() {
    let Some((env, server, plain)) = pair(Kind::Nginx) else { return };
    let (sender, receiver) = std::sync::mpsc::channel::<u32>();
    let receiver = std::sync::Mutex::new(Some(receiver));
    let proxy = Proxy::before(server.port, move |asked, _| {
        if asked.method == "PUT"
            && asked.ends_in(".dll")
            && let Some(receiver) = receiver.lock().unwrap().take()
        {
            let id = receiver.recv().unwrap().to_string();
            assert!(std::process::Command::new("kill").args(["-KILL", &id]).status().unwrap().success());
        }
        Fate::Pass
    });
    let mut command = env.command();
    command.args(["sync", "ESXP", &proxy.url("/cids/ESXP")]);
    let mut child = command.stdout(std::process::Stdio::null()).spawn().unwrap();
    sender.send(child.id()).unwrap();
    assert_eq!(child.wait().unwrap().code(), None);
    assert!(env.path("srv/cids/ESXP/.configcid-publish-lock").exists());
    let url = plain.url("/cids/ESXP");
    let answer = env.run(&format!("sync ESXP {url} --json")).ok().json();
    assert!(answer["cids"][0]["broken_lock"].as_str().unwrap().ends_with("which has ended"), "{answer}");
    assert_same(&published(&env), &files(&env.path("ESXP")), "");
}

/// The catalogs keep what they promise, all the while: with a catalog comes what it lists, or, between payload and catalog, what the
/// next one lists.
#[test]
fn a_reader_never_meets_a_torn_cid() {
    const VERSIONS: usize = 12;
    let Some((env, server, proxy)) = pair(Kind::Nginx) else { return };
    let url = proxy.url("/cids/ESXP");
    let write = |version: usize| {
        for number in 0..30 {
            env.write(&format!("ESXP/savxp/data/f-{number}.ide"), format!("{version} of {number}").repeat(version + 1));
        }
        env.write(&format!("ESXP/savxp/data/only-{version}.ide"), "once");
        let _ = fs::remove_file(env.path(&format!("ESXP/savxp/data/only-{}.ide", version.wrapping_sub(1))));
        env.run("catalog create ESXP --replace").ok();
        files(&env.path("ESXP"))
    };
    let first = write(0);
    env.run(&format!("sync ESXP {url}")).ok();
    let versions = std::sync::Mutex::new(vec![first]);
    let is_over = AtomicBool::new(false);
    let (looks, early) = (AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !is_over.load(Ordering::SeqCst) {
                    let catalog = server.ask("GET", "/read/ESXP/cidsync.upd").body;
                    let known = versions.lock().unwrap().clone();
                    let version =
                        known.iter().position(|files| files["cidsync.upd"] == catalog).expect("a whole catalog");
                    for entry in Catalog::read(&catalog).entries {
                        let path = entry.name().replace('\\', "/").trim_start_matches('/').to_owned();
                        let answer = server.ask("GET", &format!("/read/ESXP/{path}"));
                        let known = versions.lock().unwrap().clone();
                        looks.fetch_add(1, Ordering::SeqCst);
                        if answer.status() == 200 && known[version].get(&path) == Some(&answer.body) {
                            continue;
                        }
                        // It is a later version's, or gone with a later catalog.
                        early.fetch_add(1, Ordering::SeqCst);
                        let later = &known[version + 1..];
                        match answer.status() {
                            200 => assert!(later.iter().any(|files| files.get(&path) == Some(&answer.body)), "{path}"),
                            _ => {
                                let now = server.ask("GET", "/read/ESXP/cidsync.upd").body;
                                assert!(
                                    later.iter().any(|files| files["cidsync.upd"] == now),
                                    "{path} went before its catalog"
                                );
                            }
                        }
                    }
                }
            });
        }
        for version in 1..VERSIONS {
            let files = write(version);
            versions.lock().unwrap().push(files);
            env.run(&format!("sync ESXP {url}")).ok();
        }
        is_over.store(true, Ordering::SeqCst);
    });
    assert!(looks.load(Ordering::SeqCst) > 100);
    assert_same(&published(&env), &files(&env.path("ESXP")), "");
}

#[test]
fn a_login_is_sent_to_its_server_alone_and_never_shown() {
    let Some((env, server, _)) = pair(Kind::Nginx) else { return };
    let proxy = Proxy::before(server.port, |asked, _| match asked.header("authorization") {
        "Basic dXNlcjpzM2NyZXQ=" => Fate::Pass,
        _ => Fate::Answer(401, "WWW-Authenticate: Basic\r\n"),
    });
    let url = proxy.url("/cids/ESXP");
    env.write("word", "s3cret\n");
    env.run(&format!("sync ESXP {url}")).expect(1).complains("--user and --password-file log on");
    let login = "--user user --password-file word";
    let output =
        env.run(&format!("sync ESXP {url} {login} -v")).expect(0).complains("the password is sent in the clear");
    assert!(!output.to_string().contains("s3cret") && !output.to_string().contains("dXNlcjpzM2NyZXQ"), "{output}");
    let other = format!("http://localhost:{}/cids/ESXP2", server.port);
    env.run(&format!("sync ESXP {url} {other} {login}")).expect(2).complains("URLs of more than one server");
}

#[test]
fn urls_that_make_no_sense_are_refused() {
    let env = TestEnv::new();
    env.cid("ESXP", DemoCid::default());
    let before = env.snapshot();
    for (line, said) in [
        ("sync ESXP http://127.0.0.1:1/a http://127.0.0.1:1/a/", "this URL is named twice"),
        ("sync ESXP http://127.0.0.1:1/a http://127.0.0.1:1/A/b", "one lies in the other"),
        ("sync http://127.0.0.1:1/a http://127.0.0.1:1/a", "this URL is named twice"),
        ("sync ESXP s3://a/b S3://a//b/c/", "one lies in the other"),
        ("sync ESXP s3://", "it names no bucket"),
        ("fetch ftp://server/ESXP NEW", "endpoints speak http and https"),
        ("sync ESXP ftp://server/ESXP", "not ftp"),
        ("sync ESXP http://user:word@server/ESXP", "leave it out"),
        ("fetch ESXP http://127.0.0.1:1/a", "configcid sync publishes a CID to a URL"),
    ] {
        env.run(line).expect(2).complains(said);
    }
    env.run("sync ESXP http://127.0.0.1:1/a").expect(1).complains("the server refuses connections");
    env.run("sync GONE http://127.0.0.1:1/a").expect(1).complains("GONE");
    assert_eq!(env.snapshot(), before);
}
