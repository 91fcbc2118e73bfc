//! The first publishing of a CID, to a place that holds nothing: files get their names at once where the server knows conditions.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use configcid::DemoCid;

use super::proxy::{Fate, Proxy};
use super::publish::{assert_same, files, pair, published, server};
use super::servers::Kind;
use crate::support::TestEnv;

#[test]
fn each_file_takes_two_requests() {
    let Some((env, _server, proxy)) = pair(Kind::Apache) else { return };
    for number in 0..100 {
        env.write(&format!("ESXP/savxp/data/f-{number}.ide"), format!("{number}"));
    }
    env.run("catalog create ESXP --replace").ok();
    let url = proxy.url("/cids/ESXP");
    env.run(&format!("sync ESXP {url}")).ok().says("made with 112 files");
    let asked = proxy.take();
    let count = |method: &str, part: &str| {
        asked.iter().filter(|asked| asked.method == method && asked.path.contains(part)).count()
    };
    // Sent on the condition that nothing has the name, and read back.
    let sent = asked.iter().filter(|asked| asked.method == "PUT" && asked.header("if-none-match") == "*");
    assert_eq!(sent.filter(|asked| asked.ends_in(".ide")).count(), 102);
    assert_eq!((count("PUT", ".ide"), count("GET", ".ide"), count("MOVE", ".ide")), (102, 102, 0));
    assert!(asked.len() <= 2 * 112 + 64, "{} requests", asked.len());
    assert_same(&published(&env), &files(&env.path("ESXP")), "");
    env.run(&format!("sync ESXP {url} --deep")).ok().says("nothing to do");
}

/// Whichever order is the first that is not carried out: the next run ends it, with what the source has by then.
#[test]
fn a_first_run_that_breaks_anywhere_is_gone_on_with() {
    let env = TestEnv::new();
    env.cid("ESXP", DemoCid { component_catalogs: false, ..DemoCid::default() });
    let Some(server) = server(&env, Kind::Apache) else { return };
    let left = Arc::new(AtomicUsize::new(usize::MAX));
    let lets = left.clone();
    let proxy = Proxy::before(server.port, move |asked, _| {
        let take = |left: usize| left.checked_sub(1);
        let may = matches!(&*asked.method, "GET" | "PROPFIND")
            || lets.fetch_update(Ordering::SeqCst, Ordering::SeqCst, take).is_ok();
        if may { Fate::Pass } else { Fate::Answer(403, "") }
    });
    let url = proxy.url("/cids/ESXP");
    let (mut orders, mut whole) = (0, false);
    while !whole {
        let _ = fs::remove_dir_all(env.path("srv/cids/ESXP"));
        env.write("ESXP/savxp/engine.dll", format!("engine {orders}"));
        env.write("ESXP/savxp/new/v.ide", format!("new {orders}"));
        env.run("catalog create ESXP --replace").ok();
        left.store(orders, Ordering::SeqCst);
        let output = env.run(&format!("sync ESXP {url}"));
        left.store(usize::MAX, Ordering::SeqCst);
        whole = output.code == 0;
        if !whole {
            output.expect(1).complains("HTTP 403");
            let broken = env.path("srv/cids/ESXP");
            let catalog = broken.join("cidsync.upd").exists();
            let there = if broken.exists() { published(&env) } else { Default::default() };
            for path in files(&env.path("ESXP")).keys().filter(|_| catalog) {
                assert!(there.contains_key(path), "{path} is listed and not there after {orders}");
            }
            // The source goes on meanwhile: a file is another one, and one goes.
            if orders.is_multiple_of(4) {
                env.write("ESXP/savxp/engine.dll", format!("another engine {orders}"));
                fs::remove_dir_all(env.path("ESXP/savxp/new")).unwrap();
                env.run("catalog create ESXP --replace").ok();
            }
            let owner = broken.join(".configcid-publish-lock");
            let is_nobodys = owner.exists() && !owner.join("owner.txt").exists();
            env.run(&format!("sync ESXP {url}{}", if is_nobodys { " --break-lock" } else { "" })).expect(0);
        }
        let mut now = published(&env);
        if whole {
            // Only the lock could not be given back, which is said.
            now.remove(".configcid-publish-lock/owner.txt");
        }
        assert_same(&now, &files(&env.path("ESXP")), &format!("after {orders}"));
        orders += 2;
    }
    assert!(orders > 24, "{orders}");
}

#[test]
fn a_file_that_comes_meanwhile_is_not_replaced() {
    let env = TestEnv::new();
    env.cid("ESXP", DemoCid::default());
    let Some(server) = server(&env, Kind::Apache) else { return };
    let (folder, made) = (env.path("srv/cids/ESXP/savxp"), AtomicUsize::new(0));
    let proxy = Proxy::before(server.port, move |asked, _| {
        // Somebody is quicker, once.
        if asked.method == "MKCOL" && asked.ends_in("/savxp/") && made.fetch_add(1, Ordering::SeqCst) == 0 {
            fs::create_dir_all(&folder).unwrap();
            fs::set_permissions(&folder, fs::Permissions::from_mode(0o777)).unwrap();
            fs::write(folder.join("engine.dll"), "mine").unwrap();
        }
        Fate::Pass
    });
    let url = proxy.url("/cids/ESXP");
    for _ in 0..3 {
        env.run(&format!("sync ESXP {url}")).expect(1).complains("a file is there that no catalog lists");
        assert_eq!(env.text("srv/cids/ESXP/savxp/engine.dll"), "mine");
        assert!(!env.path("srv/cids/ESXP/cidsync.upd").exists());
    }
    env.remove("srv/cids/ESXP/savxp/engine.dll");
    env.run(&format!("sync ESXP {url}")).ok();
    assert_same(&published(&env), &files(&env.path("ESXP")), "");
}

/// One whose answers are lost has carried the orders out all the same, and one that keeps half of what is sent is asked again.
#[test]
fn what_passes_is_tried_again() {
    for fate in [Fate::AnswerLost, Fate::Lost, Fate::Cut(17), Fate::Answer(503, "")] {
        let env = TestEnv::new();
        env.cid("ESXP", DemoCid::default());
        let Some(server) = server(&env, Kind::Apache) else { return };
        let met = AtomicUsize::new(0);
        let said = format!("{fate:?}");
        let proxy = Proxy::before(server.port, move |asked, _| {
            let is_it = asked.method == "PUT" && asked.ends_in("engine.dll");
            if is_it && met.fetch_add(1, Ordering::SeqCst) == 0 { fate.clone() } else { Fate::Pass }
        });
        env.run(&format!("sync ESXP {}", proxy.url("/cids/ESXP"))).ok();
        assert_same(&published(&env), &files(&env.path("ESXP")), &said);
    }
}
