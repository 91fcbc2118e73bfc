//! What `configcid sync SOURCE URL` refuses so that no CID is spoiled, and what it does where a lock or a catalog is not what it was.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use configcid::DemoCid;

use super::faulty::Asked;
use super::proxy::{Fate, Proxy};
use super::publish::{assert_same, files, pair, published, update};
use super::servers::Kind;
use crate::support::{RELAY, TestEnv};

#[test]
fn nothing_is_published_into_a_cid_or_over_the_folder_of_cids() {
    for kind in [Kind::Nginx, Kind::Apache] {
        let Some((env, _server, proxy)) = pair(kind) else { return };
        env.run(&format!("sync ESXP {}", proxy.url("/cids/ESXP"))).ok();
        let before = files(&env.path("srv/cids"));
        for place in ["/cids/ESXP/savxp", "/cids/ESXP/newsub", "/cids/ESXP/savxp/data"] {
            for flag in ["", " --dry-run"] {
                env.run(&format!("sync ESXP {}{flag}", proxy.url(place)))
                    .expect(1)
                    .complains(&format!("lies in the CID {}", proxy.url("/cids/ESXP")));
            }
        }
        let above = format!("sync ESXP {}", proxy.url("/cids"));
        match kind {
            Kind::Apache => env.run(&above).expect(1).complains("it holds ESXP"),
            // It lists no folder.
            _ => env
                .run(&format!("{above} --dry-run"))
                .expect(0)
                .complains("the server does not list what else it holds"),
        };
        env.run(&format!("fetch {} BACK", proxy.url("/cids/ESXP/savxp"))).expect(1).complains("a component of the CID");
        assert!(!env.path("BACK").exists());
        assert_same(&files(&env.path("srv/cids")), &before, kind.name());
    }
}

#[test]
fn an_empty_folder_is_published_to() {
    for kind in [Kind::Nginx, Kind::Apache] {
        let Some((env, _server, proxy)) = pair(kind) else { return };
        env.run(&format!("sync ESXP {}", proxy.url("/cids"))).expect(0);
        assert_same(&files(&env.path("srv/cids")), &files(&env.path("ESXP")), kind.name());
    }
}

#[test]
fn no_url_shows_its_password() {
    let env = TestEnv::new();
    env.cid("ESXP", DemoCid::default());
    let before = env.snapshot();
    for url in [
        "http://u:sec/ret@h/x",
        "http:/u:secret@h/x",
        "http:u:secret@h/x",
        "htpp://u:secret@h/x",
        "https:\\\\u:secret@h\\x",
        "u:secret@h/x",
        "https://acct.blob/ESXP?sv=1&sig=secret",
    ] {
        for words in [["sync", "ESXP", url], ["sync", url, "NEW"], ["fetch", url, "NEW"], ["fetch", "ESXP", url]] {
            let output = env.command().args(words).output().unwrap();
            let said =
                format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
            assert_eq!(output.status.code(), Some(2), "{words:?}: {said}");
            assert!(!said.contains("ret@") && !said.contains("secret"), "{said}");
        }
    }
    env.run("sync ESXP http:/h/x").expect(2).complains("did you mean http://h/x?");
    assert_eq!(env.snapshot(), before);
}

/// Whether this gives a file of that name.
fn names(asked: &Asked, end: &str) -> bool {
    asked.method == "MOVE" && asked.header("destination").ends_with(end)
}

#[test]
fn nothing_goes_before_the_catalogs_are_read_back() {
    let Some((env, server, plain)) = pair(Kind::Nginx) else { return };
    env.run(&format!("sync ESXP {}", plain.url("/cids/ESXP"))).ok();
    update(&env);
    let is_named = AtomicBool::new(false);
    let proxy = Proxy::before(server.port, move |asked, _| {
        if names(asked, "/ESXP/cidsync.upd") {
            is_named.store(true, Ordering::SeqCst);
        }
        let is_read = asked.method == "GET" && asked.ends_in("/ESXP/cidsync.upd") && is_named.load(Ordering::SeqCst);
        if is_read { Fate::Altered } else { Fate::Pass }
    });
    env.run(&format!("sync ESXP {}", proxy.url("/cids/ESXP"))).expect(3).says("nothing was removed");
    assert!(env.path("srv/cids/ESXP/savxp/data/threats-1.ide").exists());
    env.run(&format!("sync ESXP {}", plain.url("/cids/ESXP"))).ok().says("1 gone");
    assert_same(&published(&env), &files(&env.path("ESXP")), "");
}

#[test]
fn a_lock_that_is_broken_while_names_are_given_stops_the_run() {
    // Before the first catalog, between two, and before what goes.
    for (at, catalogs) in [("engine.dll", 0), ("savxp/cidsync.upd", 1), ("/ESXP/cidsync.upd", 2)] {
        let Some((env, server, plain)) = pair(Kind::Nginx) else { return };
        env.run(&format!("sync ESXP {}", plain.url("/cids/ESXP"))).ok();
        let before = published(&env);
        update(&env);
        let owner = env.path("srv/cids/ESXP/.configcid-publish-lock/owner.txt");
        let place = owner.clone();
        let proxy = Proxy::before(server.port, move |asked, _| {
            if names(asked, at) {
                fs::write(&place, "another").unwrap();
            }
            Fate::Pass
        });
        env.run(&format!("sync ESXP {}", proxy.url("/cids/ESXP"))).expect(1).complains("another writer is at work");
        let now = published(&env);
        let changed = ["savxp/cidsync.upd", "cidsync.upd"].iter().filter(|name| now[**name] != before[**name]).count();
        assert_eq!(changed, catalogs, "{at}");
        // What goes, what waits, and the lock are the other's business now.
        assert!(
            now.contains_key("savxp/data/threats-1.ide") && now.contains_key(".configcid-publish/record.txt"),
            "{at}"
        );
        assert_eq!(fs::read_to_string(&owner).unwrap(), "another");
    }
}

#[test]
fn catalogs_of_the_same_second_and_size_are_told_apart() {
    let Some((env, server, plain)) = pair(Kind::Nginx) else { return };
    env.run(&format!("sync ESXP {}", plain.url("/cids/ESXP"))).ok();
    update(&env);
    let catalog = env.path("srv/cids/ESXP/cidsync.upd");
    let mut others = fs::read(&catalog).unwrap();
    let last = others.iter().rposition(u8::is_ascii_alphanumeric).unwrap();
    others[last] ^= 1;
    let (place, content) = (catalog.clone(), others.clone());
    let proxy = Proxy::before(server.port, move |asked, _| {
        if asked.method == "PUT" && asked.ends_in(".dll") {
            let time = fs::metadata(&place).unwrap().modified().unwrap();
            fs::write(&place, &content).unwrap();
            fs::File::options().write(true).open(&place).unwrap().set_modified(time).unwrap();
        }
        Fate::Pass
    });
    env.run(&format!("sync ESXP {}", proxy.url("/cids/ESXP"))).expect(1).complains("somebody else has published there");
    assert_eq!(fs::read(&catalog).unwrap(), others);
}

#[test]
fn a_lost_answer_to_an_order_for_a_lock_is_told_of() {
    for kind in [Kind::Nginx, Kind::Apache] {
        let Some((env, server, plain)) = pair(kind) else { return };
        env.run(&format!("sync ESXP {}", plain.url("/cids/ESXP"))).ok();
        let once = |which: fn(&Asked) -> bool| {
            let met = AtomicBool::new(false);
            Proxy::before(server.port, move |asked, _| match which(asked) && !met.swap(true, Ordering::SeqCst) {
                true => Fate::AnswerLost,
                false => Fate::Pass,
            })
        };
        for (which, is_told) in [
            ((|asked| asked.method == "MKCOL" && asked.ends_in("publish-lock/")) as fn(&Asked) -> bool, true),
            (|asked| names(asked, "owner.txt"), false),
            (|asked| asked.method == "MOVE" && asked.ends_in("publish-lock/"), false),
        ] {
            env.write(
                "ESXP/savxp/engine.dll",
                format!("{} {}", kind.name(), fs::read(env.path("ESXP/savxp/engine.dll")).unwrap().len()),
            );
            env.run("catalog create ESXP --replace").ok();
            let url = once(which).url("/cids/ESXP");
            if is_told {
                env.run(&format!("sync ESXP {url}"))
                    .expect(1)
                    .complains("perhaps this one itself")
                    .complains("--break-lock");
                env.run(&format!("sync ESXP {url} --break-lock")).expect(0);
            } else {
                env.run(&format!("sync ESXP {url}")).ok();
            }
            assert_same(&published(&env), &files(&env.path("ESXP")), kind.name());
        }
    }
}

#[test]
fn a_lock_that_comes_while_another_is_broken_stays() {
    for kind in [Kind::Nginx, Kind::Apache] {
        let Some((env, server, plain)) = pair(kind) else { return };
        env.run(&format!("sync ESXP {}", plain.url("/cids/ESXP"))).ok();
        update(&env);
        let before = published(&env);
        let owner = ".configcid-publish-lock/owner.txt";
        env.write(&format!("srv/cids/ESXP/{owner}"), "dead");
        let asks = Arc::new(Mutex::new(0));
        let (place, count) = (env.path(&format!("srv/cids/ESXP/{owner}")), asks.clone());
        fs::set_permissions(place.parent().unwrap(), std::os::unix::fs::PermissionsExt::from_mode(0o777)).unwrap();
        let proxy = Proxy::before(server.port, move |asked, _| {
            if asked.method == "MOVE" && asked.ends_in("publish-lock/") {
                *count.lock().unwrap() += 1;
                fs::write(&place, "live").unwrap();
            }
            Fate::Pass
        });
        env.run(&format!("sync ESXP {} --break-lock --wait 0", proxy.url("/cids/ESXP")))
            .expect(1)
            .complains("another writer is at work");
        assert_eq!(*asks.lock().unwrap(), 1);
        let mut now = published(&env);
        assert_eq!(now.remove(owner).as_deref(), Some(&b"live"[..]), "{}", kind.name());
        assert_same(&now, &before, kind.name());
    }
}

#[test]
fn a_relay_that_is_spelled_otherwise_is_not_lost() {
    let Some((env, _server, proxy)) = pair(Kind::Nginx) else { return };
    let url = proxy.url("/cids/ESXP");
    env.cid("MRESXP", DemoCid { rms9x: true, ..DemoCid::default() });
    env.run(&format!("relay set MRESXP {RELAY}")).ok();
    fs::rename(env.path("MRESXP/rms/mrinit.conf"), env.path("MRESXP/rms/MRInit.conf")).unwrap();
    env.run("catalog create MRESXP --replace").ok();
    env.run(&format!("sync MRESXP {url}")).ok();
    let before = published(&env);
    assert!(before.contains_key("rms/MRInit.conf"));
    update(&env);
    // The source lists none there.
    env.run(&format!("sync ESXP {url} --keep-relay")).ok();
    assert_eq!(published(&env)["rms/MRInit.conf"], before["rms/MRInit.conf"]);
    // It has one of another spelling, by which this server would not give it out.
    let before = published(&env);
    env.write("ESXP/rms/mrinit.conf", env.text("ESXP/mrinit.conf"));
    env.run("catalog create ESXP --replace").ok();
    let refused = env.run(&format!("sync ESXP {url} --keep-relay"));
    assert_ne!(refused.code, 0);
    refused.complains("the source's catalogs name it");
    assert_same(&published(&env), &before, "");
}
