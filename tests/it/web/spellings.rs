//! `configcid sync SOURCE URL`: names that change in case alone, places in two spellings, files that turn into folders, and what is
//! said of slips.

use std::fs;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use configcid::DemoCid;

use super::google::Google;
use super::proxy::{Fate, Proxy};
use super::publish::{assert_same, files, pair, published};
use super::servers::Kind;
use crate::support::TestEnv;

/// Gives a file and a component other names, which differ in case alone.
fn respell(env: &TestEnv) {
    fs::rename(env.path("ESXP/savxp/engine.dll"), env.path("ESXP/savxp/Engine.DLL")).unwrap();
    fs::rename(env.path("ESXP/rms"), env.path("ESXP/RMS")).unwrap();
    env.run("catalog create ESXP --replace").ok();
}

#[test]
fn names_that_change_in_case_alone_are_published_anew() {
    let Some((env, _server, proxy)) = pair(Kind::Nginx) else { return };
    let url = proxy.url("/cids/ESXP");
    env.run(&format!("sync ESXP {url}")).ok();
    respell(&env);
    let names: Vec<String> = files(&env.path("ESXP")).into_keys().collect();
    assert!(names.iter().any(|name| name == "savxp/Engine.DLL") && names.iter().any(|name| name.starts_with("RMS/")));
    env.run(&format!("sync ESXP {url}")).expect(0);
    assert_same(&published(&env), &files(&env.path("ESXP")), "a server that tells case apart");
    env.run(&format!("sync ESXP {url} --deep")).ok().says("nothing to do");
    // A store, which always does.
    let mut env = TestEnv::new();
    env.cid("ESXP", DemoCid::default());
    let google = Google::start(|_| {});
    Google::is_at(&mut env, google.port);
    env.run("sync ESXP gs://cids/ESXP").ok();
    respell(&env);
    env.run("sync ESXP gs://cids/ESXP").expect(0);
    assert_same(&google.objects("ESXP/"), &files(&env.path("ESXP")), "a store");
}

#[test]
fn a_server_that_does_not_tell_case_apart_keeps_what_was_respelled() {
    let Some((env, server, plain)) = pair(Kind::Nginx) else { return };
    // Whatever is asked for, it has the name in lower case.
    let proxy = Proxy::before(server.port, |_, _| Fate::InLowerCase);
    let url = proxy.url("/cids/esxp");
    env.run(&format!("sync ESXP {url}")).ok();
    respell(&env);
    env.run(&format!("sync ESXP {url}")).expect(0);
    let lower = files(&env.path("ESXP")).into_iter().map(|(name, bytes)| (name.to_lowercase(), bytes)).collect();
    assert_same(&files(&env.path("srv/cids/esxp")), &lower, "nothing is removed");
    env.run(&format!("sync ESXP {url}")).ok().says("nothing to do");
    drop(plain);
}

#[test]
fn a_run_that_broke_off_before_old_spellings_went_is_ended() {
    let Some((env, server, plain)) = pair(Kind::Nginx) else { return };
    env.run(&format!("sync ESXP {}", plain.url("/cids/ESXP"))).ok();
    respell(&env);
    let refuses =
        Proxy::before(server.port, |asked, _| match asked.method == "DELETE" && asked.ends_in("engine.dll") {
            true => Fate::Answer(403, ""),
            false => Fate::Pass,
        });
    env.run(&format!("sync ESXP {}", refuses.url("/cids/ESXP"))).expect(1).complains("HTTP 403");
    env.run(&format!("sync ESXP {}", plain.url("/cids/ESXP"))).expect(0);
    assert_same(&published(&env), &files(&env.path("ESXP")), "ended");
}

#[test]
fn a_place_is_named_once_however_it_is_spelled() {
    let env = TestEnv::new();
    env.cid("ESXP", DemoCid::default());
    for (one, other) in [
        ("http://127.0.0.1:9/D", "http://127.0.0.1:9/%44"),
        ("http://h/D", "http://H:80/D/"),
        ("https://h:443/D%c3", "https://h/D%C3"),
    ] {
        env.run(&format!("sync ESXP {one} {other}")).expect(2).complains("this URL is named twice");
        env.run(&format!("sync ESXP {one} {other}/x")).expect(2).complains("one lies in the other");
    }
}

#[test]
fn a_file_that_turns_into_a_folder_is_told_of_before_anything_is_sent() {
    let Some((env, _server, proxy)) = pair(Kind::Nginx) else { return };
    let url = proxy.url("/cids/ESXP");
    env.write("ESXP/savxp/turns", "a file");
    env.run("catalog create ESXP --replace").ok();
    env.run(&format!("sync ESXP {url}")).ok();
    for turn in ["into", "back"] {
        let was = published(&env);
        let path = env.path("ESXP/savxp/turns");
        if turn == "into" {
            fs::remove_file(&path).unwrap();
            env.write("ESXP/savxp/turns/inner.ide", "in a folder");
        } else {
            fs::remove_dir_all(&path).unwrap();
            env.write("ESXP/savxp/turns", "a file again");
        }
        env.run("catalog create ESXP --replace").ok();
        for flag in ["", " --dry-run"] {
            let said = if turn == "into" { "it is a file here" } else { "it is a folder here" };
            env.run(&format!("sync ESXP {url}{flag}")).expect(1).complains(said).complains("remove it on the server");
        }
        assert_same(&published(&env), &was, turn);
        let there = env.path("srv/cids/ESXP/savxp/turns");
        if turn == "into" {
            fs::remove_file(&there).unwrap()
        } else {
            fs::remove_dir_all(&there).unwrap()
        }
        env.run(&format!("sync ESXP {url}")).expect(0);
        assert_same(&published(&env), &files(&env.path("ESXP")), turn);
    }
}

#[test]
fn a_file_is_no_place_to_publish_to() {
    let Some((env, _server, proxy)) = pair(Kind::Nginx) else { return };
    env.write("srv/cids/notes.bin", "mine");
    env.run(&format!("sync ESXP {}", proxy.url("/cids/notes.bin")))
        .expect(1)
        .complains("this is a file, and no folder");
    assert_eq!(env.text("srv/cids/notes.bin"), "mine");
    // The catalog of a CID means the CID.
    env.run(&format!("sync ESXP {}", proxy.url("/cids/ESXP"))).ok();
    env.run(&format!("sync ESXP {} --dry-run", proxy.url("/cids/ESXP/cidsync.upd")))
        .expect(0)
        .complains("/cids/ESXP is meant, the folder that holds it")
        .says("nothing to do");
    env.run("sync ESXP s3://bucket/ESXP/cidsync.upd").expect(2).complains("name the CID itself: s3://bucket/ESXP");
}

#[test]
fn a_server_that_gave_up_waiting_is_asked_again() {
    let Some((env, server, _)) = pair(Kind::Nginx) else { return };
    let met = Arc::new(AtomicUsize::new(0));
    let count = met.clone();
    let proxy = Proxy::before(server.port, move |asked, _| {
        match asked.method == "PUT" && asked.ends_in(".dll") && count.fetch_add(1, Ordering::SeqCst) == 0 {
            true => Fate::Answer(408, ""),
            false => Fate::Pass,
        }
    });
    env.run(&format!("sync ESXP {} --bandwidth 64", proxy.url("/cids/ESXP"))).ok();
    assert!(met.load(Ordering::SeqCst) > 1);
    assert_same(&published(&env), &files(&env.path("ESXP")), "in the end");
}

#[test]
fn a_password_may_stand_behind_a_mark_and_is_never_shown() {
    let Some((env, _server, proxy)) = pair(Kind::Nginx) else { return };
    env.write("password", "\u{feff}geheim\r\n");
    env.run(&format!("sync ESXP {} --user u --password-file password", proxy.url("/cids/ESXP"))).expect(0);
    let asked = proxy.take();
    assert!(asked.iter().all(|asked| asked.header("authorization") == "Basic dTpnZWhlaW0="), "{asked:?}");
    env.run(&format!("sync ESXP {} --user u --password-file nosuch", proxy.url("/cids/ESXP")))
        .expect(1)
        .complains("name the file that holds the password");
    for command in ["catalog verify", "audit", "recover", "history", "clone ESXP"] {
        let output = env.run(&format!("{command} http://u:geheim@host/x"));
        assert!(output.code != 0 && !output.stderr.contains("geheim"), "{output}");
    }
    env.run("catalog verify http://host/x").expect(1).complains("configcid fetch brings the CID of a URL");
}

#[test]
fn who_ends_a_sync_is_told_where_each_destination_is() {
    let env = TestEnv::new();
    env.cid("ESXP", DemoCid::default());
    env.write("ESXP/savxp/slow.bin", vec![1; 1 << 20]);
    env.run("catalog create ESXP --replace").ok();
    let mut command = env.command();
    command.args(["sync", "ESXP", "D1", "D2", "--jobs", "1", "--bandwidth", "8"]);
    let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    while !env.path("D1/.configcid-sync").exists() {
        std::thread::yield_now();
    }
    let process = rustix::process::Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    rustix::process::kill_process(process, rustix::process::Signal::INT).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(130), "{said}");
    for line in ["the same command again does what is left", "D1: under way: what was brought is kept", "D2: not begun"]
    {
        assert!(said.contains(line), "{said}");
    }
    env.run("sync ESXP D1 D2").expect(0);
    for destination in ["D1", "D2"] {
        assert_same(&files(&env.path(destination)), &files(&env.path("ESXP")), destination);
    }
}
