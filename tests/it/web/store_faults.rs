//! `configcid sync SOURCE gs://...`, and from there: a stand-in for the store that tells of every moment, with a proxy before it that
//! has faults.

use std::collections::BTreeMap;
use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use configcid::DemoCid;

use super::faulty::Asked;
use super::google::Google;
use super::proxy::{Fate, Proxy};
use super::publish::{assert_same, files, update};
use crate::support::TestEnv;
use crate::support::layout::Catalog;

const URL: &str = "gs://cids/S000/ESXP";
const PREFIX: &str = "S000/ESXP/";

type Files = BTreeMap<String, Vec<u8>>;

/// A CID, and a store.
fn pair() -> (TestEnv, Google) {
    let mut env = TestEnv::new();
    env.cid("ESXP", DemoCid { rms9x: true, ..DemoCid::default() });
    let google = Google::start(|_| {});
    Google::is_at(&mut env, google.port);
    (env, google)
}

/// Puts a proxy before the store.
fn before(env: &mut TestEnv, google: &Google, fate: impl Fn(&Asked, usize) -> Fate + Send + Sync + 'static) -> Proxy {
    let proxy = Proxy::before(google.port, fate);
    Google::is_at(env, proxy.port);
    proxy
}

fn cid(env: &TestEnv) -> Files {
    files(&env.path("ESXP"))
}

#[test]
fn a_cid_is_published_to_google_and_brought_from_there() {
    let (mut env, google) = pair();
    let proxy = before(&mut env, &google, |_, _| Fate::Pass);
    // The mark of a folder that was made by hand is nothing that is in the way.
    google.put(PREFIX, b"");
    env.run(&format!("sync ESXP {URL} --dry-run")).ok().says("would be made with 12 files");
    assert!(proxy.take().iter().all(|asked| asked.method == "GET"));
    env.run(&format!("sync ESXP {URL}")).ok().says("made with 12 files").says("verified");
    google.remove(PREFIX);
    assert_same(&google.objects(PREFIX), &cid(&env), "made");
    update(&env);
    env.write("ESXP/rms/empty.cfg", "");
    env.write("ESXP/savxp/large.bin", (0..11_u32 << 20).map(|number| (number % 251) as u8).collect::<Vec<_>>());
    env.run("catalog create ESXP --replace").ok();
    env.run(&format!("sync ESXP {URL} --deep")).ok().says("4 files").says("1 gone");
    assert_same(&google.objects(PREFIX), &cid(&env), "updated");
    assert_eq!(google.uploads(), 0);
    env.run(&format!("sync ESXP {URL} --deep")).ok().says("nothing to do");

    env.run(&format!("fetch {URL} COPY --deep")).ok().says("verified");
    assert_same(&files(&env.path("COPY")), &cid(&env), "brought");
    env.run(&format!("sync {URL} gs://cids/other COPY --jobs 2")).ok().says("made with").says("nothing to do");
    assert_same(&google.objects("other/"), &cid(&env), "from one to the other");
    env.run("fetch gs://cids/S000/ESXP/savxp NEW").expect(1).complains("is a component of the CID gs://cids/S000/ESXP");
    env.run("fetch gs://cids/nothing NEW").expect(1).complains("there is no CID");
    // What the store does not have is not brought, and there is no half of it.
    google.remove("S000/ESXP/savxp/engine.dll");
    env.run(&format!("fetch {URL} NEW")).expect(1).complains("savxp/engine.dll").complains("no such object");
    assert!(!env.path("NEW/cidsync.upd").exists());
    google.put("S000/ESXP/savxp/engine.dll", &[b'x'; 950]);
    env.run(&format!("fetch {URL} NEW")).expect(1).complains("its checksum is");
    google.put("S000/ESXP/savxp/engine.dll", b"short");
    env.run(&format!("fetch {URL} NEW")).expect(1).complains("it has 5 bytes, and 950 are listed");
}

#[test]
fn fifty_files_take_a_few_requests_each_at_a_store() {
    let (mut env, google) = pair();
    let proxy = before(&mut env, &google, |_, _| Fate::Pass);
    for number in 0..400 {
        env.write(&format!("ESXP/savxp/data/f-{number}.ide"), format!("{number}"));
    }
    env.run("catalog create ESXP --replace").ok();
    env.run(&format!("sync ESXP {URL}")).ok();
    for number in 0..50 {
        env.write(&format!("ESXP/savxp/data/f-{number}.ide"), format!("new {number}"));
    }
    env.run("catalog create ESXP --replace").ok();
    proxy.take();
    env.run(&format!("sync ESXP {URL}")).ok().says("50 files");
    // Four for each file, and what it takes whatever the size of the CID.
    let asked = proxy.take().len();
    assert!(asked <= 50 * 4 + 50, "{asked} requests");
    env.run(&format!("sync ESXP {URL}")).ok().says("nothing to do");
    let asked = proxy.take().len();
    assert!(asked <= 15, "{asked} requests where there is nothing to do");
}

#[test]
fn a_store_with_faults_is_told_of_and_gone_on_with() {
    let (mut env, google) = pair();
    let dll =
        |asked: &Asked| asked.method == "PUT" && asked.ends_in(".dll") && asked.header("x-goog-copy-source").is_empty();
    let faults: Vec<(Fate, &str)> = vec![
        (Fate::Answer(401, ""), "it does not let these credentials (HTTP 401)"),
        (
            Fate::Say(400, "<Error><Code>ExpiredToken</Code><X>s3cret</X></Error>"),
            "the credentials have expired (HTTP 400, ExpiredToken)",
        ),
        (Fate::Answer(500, ""), "it fails (HTTP 500)"),
        (Fate::Say(200, "<html>"), "what it answers is no answer of such a store (HTTP 200)"),
        (Fate::Lost, "the connection breaks"),
        (Fate::Cut(17), "it has 17 bytes, and 950 are listed"),
    ];
    env.run(&format!("sync ESXP {URL}")).ok();
    for (fate, said) in faults {
        let old = google.objects(PREFIX);
        env.write("ESXP/savxp/engine.dll", format!("{:950}", said));
        env.run("catalog create ESXP --replace").ok();
        before(&mut env, &google, move |asked, _| if dll(asked) { fate.clone() } else { Fate::Pass });
        let output = env.run(&format!("sync ESXP {URL}"));
        assert!(output.code == 1 && output.stderr.contains(said), "{said}: {output}");
        assert!(!output.to_string().contains("s3cret"), "{output}");
        let mut now = google.objects(PREFIX);
        now.retain(|name, _| !name.starts_with(".configcid-"));
        assert_same(&now, &old, said);
        Google::is_at(&mut env, google.port);
        env.run(&format!("sync ESXP {URL}")).ok();
        assert_same(&google.objects(PREFIX), &cid(&env), said);
    }
    for dry_run in ["", " --dry-run"] {
        env.run(&format!("sync ESXP gs://no-such-bucket/ESXP{dry_run}")).expect(1).complains("no such bucket");
    }
}

#[test]
fn what_passes_at_a_store_is_tried_again() {
    let (mut env, google) = pair();
    // Every seventh request, whichever it is.
    let seen = Arc::new(AtomicUsize::new(0));
    let counts = seen.clone();
    before(&mut env, &google, move |_, _| match counts.fetch_add(1, Ordering::SeqCst) % 21 {
        6 => Fate::Answer(503, ""),
        13 => Fate::Lost,
        20 => Fate::AnswerLost,
        _ => Fate::Pass,
    });
    env.run(&format!("sync ESXP {URL}")).ok();
    assert_same(&google.objects(PREFIX), &cid(&env), "with faults");
    assert!(seen.load(Ordering::SeqCst) > 42);
}

#[test]
fn a_run_that_breaks_anywhere_at_a_store_is_gone_on_with_and_no_reader_meets_a_torn_cid() {
    let mut env = TestEnv::new();
    env.cid("ESXP", DemoCid { component_catalogs: false, ..DemoCid::default() });
    let versions: Arc<Mutex<Vec<Files>>> = Arc::default();
    let known = versions.clone();
    let looks = Arc::new(AtomicUsize::new(0));
    let counts = looks.clone();
    // After every change: the catalog is one of a version, and all that it lists is there, of that version or a later one.
    let google = Google::start(move |objects| {
        let known = known.lock().unwrap();
        let Some(catalog) = objects.get("S000/ESXP/cidsync.upd") else { return };
        let version = known.iter().position(|files| files["cidsync.upd"] == *catalog).expect("a whole catalog");
        for entry in Catalog::read(catalog).entries {
            let path = entry.name().replace('\\', "/").trim_start_matches('/').to_owned();
            let is = objects.get(&format!("{PREFIX}{path}"));
            let is_one = known[version..].iter().any(|files| files.get(&path) == is);
            assert!(is.is_some() && is_one, "{path} is torn");
        }
        counts.fetch_add(1, Ordering::SeqCst);
    });
    let left = Arc::new(AtomicUsize::new(usize::MAX));
    let lets = left.clone();
    // After so many orders the store carries out no more.
    before(&mut env, &google, move |asked, _| {
        let take = |left: usize| left.checked_sub(1);
        let may = asked.method == "GET" || lets.fetch_update(Ordering::SeqCst, Ordering::SeqCst, take).is_ok();
        if may { Fate::Pass } else { Fate::Answer(403, "") }
    });
    versions.lock().unwrap().push(cid(&env));
    env.run(&format!("sync ESXP {URL}")).ok();
    for orders in 0.. {
        env.write("ESXP/savxp/engine.dll", format!("engine {orders}"));
        env.write(&format!("ESXP/savxp/new-{orders}/v.ide"), format!("new {orders}"));
        if orders > 0 {
            fs::remove_dir_all(env.path(&format!("ESXP/savxp/new-{}", orders - 1))).unwrap();
        }
        env.run("catalog create ESXP --replace").ok();
        versions.lock().unwrap().push(cid(&env));
        left.store(orders, Ordering::SeqCst);
        let whole = env.run(&format!("sync ESXP {URL}")).code == 0;
        left.store(usize::MAX, Ordering::SeqCst);
        env.run(&format!("sync ESXP {URL}")).expect(0);
        let mut now = google.objects(PREFIX);
        if whole {
            now.retain(|name, _| !name.starts_with(".configcid-"));
        }
        assert_same(&now, &cid(&env), &format!("after {orders} orders"));
        if whole {
            assert!(orders > 12, "{orders}");
            break;
        }
    }
    assert!(looks.load(Ordering::SeqCst) > 100);
}

#[test]
fn two_publishers_never_mix_at_a_store() {
    let (mut env, google) = pair();
    env.run(&format!("sync ESXP {URL}")).ok();
    let was = google.objects(PREFIX);
    update(&env);
    // The lock of somebody whose end nobody knows.
    google.put("S000/ESXP/.configcid-publish-lock/owner.txt", b"");
    env.run(&format!("sync ESXP {URL} --wait 0"))
        .expect(1)
        .complains("another writer is at work")
        .complains("--break-lock");
    let mut now = google.objects(PREFIX);
    now.remove(".configcid-publish-lock/owner.txt");
    assert_same(&now, &was, "nothing changed");
    // Somebody publishes a catalog in spite of the lock, after it was looked at last.
    let other = google.clone();
    let is_catalog =
        |asked: &Asked| asked.method == "PUT" && asked.ends_in("cidsync.upd") && !asked.path.contains(".configcid");
    before(&mut env, &google, move |asked, _| {
        if is_catalog(asked) {
            assert!(!asked.header("x-goog-if-generation-match").is_empty());
            other.put(asked.path.trim_start_matches("/cids/"), b"of another");
        }
        Fate::Pass
    });
    env.run(&format!("sync ESXP {URL} --break-lock"))
        .expect(1)
        .complains("somebody else has published there meanwhile");
    assert!(google.objects(PREFIX).values().any(|bytes| bytes == b"of another"));
    Google::is_at(&mut env, google.port);
    env.run(&format!("sync ESXP {URL}")).expect(0);
    assert_same(&google.objects(PREFIX), &cid(&env), "in the end");
    // A lock that another has broken and made anew is not broken with it.
    let owner = "S000/ESXP/.configcid-publish-lock/owner.txt";
    google.put(owner, b"one");
    let other = google.clone();
    env.write("ESXP/savxp/engine.dll", "the next");
    env.run("catalog create ESXP --replace").ok();
    let reads = AtomicUsize::new(0);
    before(&mut env, &google, move |asked, _| {
        let is_first = || reads.fetch_add(1, Ordering::SeqCst) == 0;
        if asked.method == "GET" && asked.ends_in("owner.txt") && !is_first() {
            other.put(owner, b"two");
        }
        Fate::Pass
    });
    env.run(&format!("sync ESXP {URL} --break-lock --wait 0")).expect(1).complains("another writer is at work");
    assert_eq!(google.objects(owner).values().next().map(Vec::as_slice), Some(&b"two"[..]));
}

#[test]
fn nothing_is_published_into_a_cid_or_over_other_things() {
    let (env, google) = pair();
    env.run(&format!("sync ESXP {URL}")).ok();
    let was = google.objects("");
    env.run(&format!("sync ESXP {URL}/savxp")).expect(1).complains("this lies in the CID gs://cids/S000/ESXP");
    env.run(&format!("sync ESXP {URL}/new/deeper")).expect(1).complains("this lies in the CID gs://cids/S000/ESXP");
    env.run("sync ESXP gs://cids/S000").expect(1).complains("it holds ESXP");
    env.run("sync ESXP gs://cids").expect(1).complains("it holds S000");
    env.run(&format!("sync ESXP {URL} {URL}/")).expect(2).complains("this URL is named twice");
    env.run(&format!("sync ESXP {URL} {URL}/x")).expect(2).complains("one lies in the other");
    assert_same(&google.objects(""), &was, "nothing changed");
    google.put("S000/ESXP/savxp/new.ide", b"of another");
    env.write("ESXP/savxp/new.ide", "new");
    env.run("catalog create ESXP --replace").ok();
    env.run(&format!("sync ESXP {URL}")).expect(1).complains("a file is there that no catalog lists");
    assert_eq!(google.objects("S000/ESXP/savxp/new.ide")[""], b"of another");
}
