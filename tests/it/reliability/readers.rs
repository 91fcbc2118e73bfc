//! Endpoints at work: they fetch a catalog, and then every file that it lists, while the CID changes under them.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, Instant};

use super::support::Item;
use super::support::{ONE, State, TWO, crc32, make_cid, read_catalog, report, rounds, run, scratch, state};

const READERS: usize = 2;
const CATALOGS: &[&str] = &["cidsync.upd", "rms/cidsync.upd", "rms9x/cidsync.upd"];
/// What is renamed into place first, and what last.
const PAYLOAD: &[&str] = &["rms/mrinit.conf", "rms9x/mrinit.conf"];
const ROOT: &str = "cidsync.upd";

/// A fetch in which a listed checksum did not match its file.
struct Mismatch {
    begin: Instant,
    end: Instant,
    path: String,
}

/// From when the first payload file was last seen old to when the root's catalog was first seen new: never shorter than
/// the real time between the two renames.
struct Window {
    begin: Instant,
    end: Instant,
}

/// Every content that a file may ever have.
fn known(states: &[&State]) -> HashMap<String, HashSet<Vec<u8>>> {
    let mut known: HashMap<String, HashSet<Vec<u8>>> = HashMap::new();
    for state in states {
        for (path, item) in *state {
            if let Item::File { bytes, .. } = item {
                known.entry(path.to_str().unwrap().to_owned()).or_default().insert(bytes.clone());
            }
        }
    }
    known
}

/// Fetches a catalog and what it lists; panics where anything is torn.
fn fetch(cid: &Path, catalog: &str, known: &HashMap<String, HashSet<Vec<u8>>>) -> (usize, Vec<Mismatch>) {
    let begin = Instant::now();
    let read = |path: &str| {
        let bytes = fs::read(cid.join(path)).unwrap_or_else(|error| panic!("{path} is listed: {error}"));
        assert!(known[path].contains(&bytes), "{path} is torn: {} bytes", bytes.len());
        bytes
    };
    let bytes = read(catalog);
    let entries = read_catalog(&bytes).unwrap_or_else(|why| panic!("{catalog} is torn: {why}"));
    let folder = catalog.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
    let mut wrong = Vec::new();
    for (path, size, checksum) in &entries {
        let path = format!("{folder}{path}");
        let content = read(&path);
        if (content.len() as u32, crc32(&content)) != (*size, *checksum) {
            wrong.push(path);
        }
    }
    let end = Instant::now();
    (1 + entries.len(), wrong.into_iter().map(|path| Mismatch { begin, end, path }).collect())
}

#[test]
fn readers_at_work() {
    let scratch = scratch();
    let cid = scratch.path().join("CID");
    make_cid(&cid);
    let mut states = Vec::new();
    for address in [TWO, ONE] {
        run(&cid, &[&["relay set"], address].concat()).exits(0, "a state");
        states.push(state(&cid));
    }
    let known = known(&states.iter().collect::<Vec<_>>());
    let flips = rounds(60);
    let stop = AtomicBool::new(false);
    let (mismatches, windows) = (Mutex::new(Vec::new()), Mutex::new(Vec::new()));
    let fetches: [AtomicUsize; READERS] = std::array::from_fn(|_| AtomicUsize::new(0));
    let files = AtomicUsize::new(0);
    let seen = AtomicUsize::new(0);

    thread::scope(|scope| {
        // Where something panics the others must still come to their end.
        struct Stop<'a>(&'a AtomicBool);
        impl Drop for Stop<'_> {
            fn drop(&mut self) {
                self.0.store(true, SeqCst);
            }
        }
        for count in &fetches {
            let (stop, files, mismatches, known, cid) = (&stop, &files, &mismatches, &known, &cid);
            scope.spawn(move || {
                let _stop = Stop(stop);
                for catalog in CATALOGS.iter().cycle() {
                    if stop.load(SeqCst) {
                        return;
                    }
                    let (read, wrong) = fetch(cid, catalog, known);
                    files.fetch_add(read, SeqCst);
                    mismatches.lock().unwrap().extend(wrong);
                    count.fetch_add(1, SeqCst);
                }
            });
        }
        scope.spawn(|| {
            let _stop = Stop(&stop);
            watch(&cid, &stop, &windows, &seen);
        });

        let _stop = Stop(&stop);
        for flip in 1..=flips {
            let address = if flip % 2 == 1 { TWO } else { ONE };
            run(&cid, &[&["relay set"], address].concat()).exits(0, &format!("flip {flip}"));
            // Then it is quiet until the watch has seen it, and every reader has fetched everything once more: these
            // fetches are outside all windows.
            let goal: Vec<usize> = fetches.iter().map(|count| count.load(SeqCst) + CATALOGS.len() + 1).collect();
            let is_quiet = || {
                seen.load(SeqCst) >= flip && fetches.iter().zip(&goal).all(|(count, goal)| count.load(SeqCst) >= *goal)
            };
            while !is_quiet() {
                assert!(!stop.load(SeqCst), "a reader has panicked");
                thread::yield_now();
            }
        }
    });

    let (mismatches, windows) = (mismatches.into_inner().unwrap(), windows.into_inner().unwrap());
    assert_eq!(windows.len(), flips);
    for Mismatch { begin, end, path } in &mismatches {
        let excused = windows.iter().any(|window| *begin <= window.end && window.begin <= *end);
        assert!(excused, "{path} did not match its catalog outside every change");
    }
    let mut lengths: Vec<Duration> = windows.iter().map(|window| window.end - window.begin).collect();
    lengths.sort();
    report(&format!(
        "readers at work: {flips} changes, {READERS} readers, {} fetches, {} files read: 0 torn; {} files that did not \
         match their catalog, all within a change; from the first file to the root's catalog at most {:.1} ms (median), \
         {:.1} ms (longest)",
        fetches.iter().map(|count| count.load(SeqCst)).sum::<usize>(),
        files.load(SeqCst),
        mismatches.len(),
        lengths[lengths.len() / 2].as_secs_f64() * 1e3,
        lengths[lengths.len() - 1].as_secs_f64() * 1e3,
    ));
}

/// Notes the window of each change, by the inodes.
fn watch(cid: &Path, stop: &AtomicBool, windows: &Mutex<Vec<Window>>, seen: &AtomicUsize) {
    let inode = |path: &str| fs::metadata(cid.join(path)).expect("it is always there").ino();
    let look = || (PAYLOAD.iter().map(|path| inode(path)).collect::<Vec<_>>(), inode(ROOT));
    let mut old = look();
    let mut last_old = Instant::now();
    while !stop.load(SeqCst) {
        let before = Instant::now();
        // The payload first: a look between two renames must not take the change for one that has not begun.
        let now = look();
        if now.1 != old.1 {
            windows.lock().unwrap().push(Window { begin: last_old, end: Instant::now() });
            // Payload comes before: whatever is new now stays.
            old = look();
            last_old = Instant::now();
            seen.fetch_add(1, SeqCst);
        } else if now.0 == old.0 {
            last_old = before;
        }
    }
}
