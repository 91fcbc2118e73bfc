//! How much memory a job takes for each file of a CID, counted by what asks for it: the number does not depend on the machine.

use std::alloc::{GlobalAlloc, Layout, System};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use configcid::{Cid, Plan, RefreshOptions, Scope, refresh, verify};

#[path = "../benches/support/mod.rs"]
mod support;

#[cfg(all(feature = "faults", feature = "remote"))]
#[path = "memory/server.rs"]
mod server;
#[cfg(all(feature = "faults", feature = "remote"))]
#[path = "it/web/unescaped.rs"]
mod unescaped;

/// The system's allocator, which counts what is in use. What an allocator itself needs for each piece is reckoned as eight bytes
/// and a size that sixteen divides, as the GNU C library has it.
struct Counting;

static NOW: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

fn taken(size: usize) -> usize {
    (size + 8).next_multiple_of(16).max(32)
}

fn take(size: usize) {
    let now = NOW.fetch_add(taken(size), Ordering::Relaxed) + taken(size);
    MOST.fetch_max(now, Ordering::Relaxed);
}

// SAFETY: everything is handed on to the system's allocator as it comes.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        take(layout.size());
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        NOW.fetch_sub(taken(layout.size()), Ordering::Relaxed);
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(place, layout) }
    }

    unsafe fn realloc(&self, place: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // What grows may be there twice for a moment.
        take(size);
        NOW.fetch_sub(taken(layout.size()), Ordering::Relaxed);
        // SAFETY: as the caller promises.
        unsafe { System.realloc(place, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The most that `work` had in use at a time, beyond what was in use before.
fn most_of<T>(work: impl FnOnce() -> T) -> usize {
    let before = NOW.load(Ordering::Relaxed);
    MOST.store(before, Ordering::Relaxed);
    drop(work());
    MOST.load(Ordering::Relaxed) - before
}

fn refreshed(cid: &Path) -> Plan {
    refresh(&Cid::open(cid).unwrap(), &RefreshOptions::default()).unwrap()
}

/// Bytes for each file that is there more, of a tree of `more` files and one of fewer, so that what every run takes is left out.
fn each(few: &Path, many: &Path, more: usize, work: impl Fn(&Path)) -> usize {
    // Once for what is made at the first time.
    work(few);
    let [few, many] = [few, many].map(|cid| most_of(|| work(cid)));
    many.saturating_sub(few) / more
}

#[test]
fn memory_of_each_file() {
    // Of more files each takes the same.
    let files: usize = std::env::var("CONFIGCID_MEMORY_FILES").map_or(4_000, |files| files.parse().unwrap());
    let dir = tempfile::tempdir().unwrap();
    let [few, many] = ["few", "many"].map(|name| dir.path().join(name));
    // No more folders are listed at a time where the disk is slow for a moment.
    support::write_even_cid(&few, files / 2, 0).unwrap();
    support::write_even_cid(&many, files, 0).unwrap();
    let more = files - files / 2;
    // Where the disk is slow for a moment, more readers would come, each with a buffer that is no file's.
    configcid::read_at_a_time(1);
    let of_refresh = each(&few, &many, more, |cid| assert!(refreshed(cid).is_empty()));
    let of_verify = each(&few, &many, more, |cid| {
        let report = verify(&Cid::open(cid).unwrap(), &RefreshOptions::default(), Scope::Everything).unwrap();
        assert!(report.faults.is_empty());
    });
    println!("{files} files that two catalogs list each: refresh {of_refresh} bytes a file, verify {of_verify}");
    assert!(of_refresh <= 220, "refresh: {of_refresh} bytes a file");
    assert!(of_verify <= 500, "verify: {of_verify} bytes a file");
}

/// Publishing, which is counted in a process of its own: the server's memory is no part of it, and credentials are variables.
#[cfg(all(feature = "faults", feature = "remote"))]
mod publishing {
    use std::path::Path;
    use std::process::Command;

    use super::{most_of, server, support};

    /// What one publishing took.
    #[derive(Debug, Clone, Copy)]
    struct Taken {
        /// The most bytes that were asked for at a time.
        most: usize,
        /// What the system had to give for that, in KiB; 0 where it does not tell.
        resident: usize,
    }

    /// Publishes `cid` to `url`, so many files at a time, in a process of its own.
    fn published(server: &server::Server, cid: &Path, url: &str, at_a_time: u16) -> Taken {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "publishing::memory_of_publishing_each_file", "--nocapture"]);
        command.env("CONFIGCID_MEMORY_OF", format!("{}\n{url}\n{at_a_time}", cid.display()));
        command.env("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{}", server.port));
        for (name, value) in
            [("AWS_ACCESS_KEY_ID", "key"), ("AWS_SECRET_ACCESS_KEY", "secret"), ("AWS_REGION", "us-east-1")]
        {
            command.env(name, value);
        }
        for name in ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "AWS_PROFILE"] {
            command.env_remove(name);
        }
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
        let numbers = said.lines().find_map(|line| line.split_once("taken ")).expect("it says what it took").1;
        let mut numbers = numbers.split(' ').map(|number| number.parse().unwrap());
        Taken { most: numbers.next().unwrap(), resident: numbers.next().unwrap() }
    }

    /// What such a process does.
    fn publish(asked: &str) {
        let [cid, url, at_a_time] = asked.split('\n').collect::<Vec<_>>().try_into().unwrap();
        configcid::read_at_a_time(at_a_time.parse().unwrap());
        let most = most_of(|| configcid::fuzzing::publish(Path::new(cid), url).unwrap());
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let resident = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.split_whitespace().next());
        println!("taken {most} {}", resident.unwrap_or("0"));
    }

    /// The places that are published to, each of which is empty.
    fn places(server: &server::Server) -> [(&'static str, String); 2] {
        server.clear("/dav/cid");
        server.clear("/bucket/");
        [
            ("/dav/cid/", format!("http://127.0.0.1:{}/dav/cid", server.port)),
            ("/bucket/cid/", "s3://bucket/cid".to_owned()),
        ]
    }

    #[test]
    fn memory_of_publishing_each_file() {
        if let Ok(asked) = std::env::var("CONFIGCID_MEMORY_OF") {
            return publish(&asked);
        }
        let files: usize = std::env::var("CONFIGCID_MEMORY_PUBLISHED").map_or(400, |files| files.parse().unwrap());
        let (dir, server) = (tempfile::tempdir().unwrap(), server::Server::start());
        let sizes = [files / 2, files];
        let cids = sizes.map(|files| {
            let cid = dir.path().join(files.to_string());
            support::write_cid(&cid, files, 0).unwrap();
            cid
        });
        for number in 0..2 {
            // One at a time: what is on its way is no file's.
            let [few, many] = [0, 1].map(|cid| {
                let (place, url) = &places(&server)[number];
                let taken = published(&server, &cids[cid], url, 1);
                assert!(server.count(place) > sizes[cid], "{}", server.count(place));
                taken
            });
            let (place, _) = &places(&server)[number];
            let each = many.most.saturating_sub(few.most) / (files - files / 2);
            println!(
                "{place}: {each} bytes for each of {files} new files that two catalogs list; {} KiB resident",
                many.resident
            );
            // In 64 MiB there is room for 100,000 of them, which are 200,000 entries.
            assert!(each <= 620, "{place}: {each} bytes for each new file");
        }
    }

    // So many files take Wine minutes, and what is asked for is the same there.
    #[cfg(not(windows))]
    #[test]
    fn memory_of_bringing_each_file_to_a_folder() {
        // Both are more than what is under way at a time.
        let files: usize = std::env::var("CONFIGCID_MEMORY_BROUGHT").map_or(9000, |files| files.parse().unwrap());
        let (dir, server) = (tempfile::tempdir().unwrap(), server::Server::start());
        let sizes = [files / 2, files];
        let [first, again] = [false, true].map(|is_there| {
            let [few, many] = sizes.map(|files| {
                let [cid, to] = ["from", "to"].map(|name| dir.path().join(format!("{name}-{files}")));
                if !is_there {
                    support::write_cid(&cid, files, 0).unwrap();
                } else {
                    // Another file, so that there is something to do.
                    std::fs::write(cid.join("cac.pem"), "another certificate").unwrap();
                    let plan =
                        configcid::refresh(&configcid::Cid::open(&cid).unwrap(), &configcid::RefreshOptions::default());
                    plan.unwrap().apply().unwrap();
                }
                published(&server, &cid, to.to_str().unwrap(), 1)
            });
            println!("to a folder: {} KiB resident", many.resident);
            many.most.saturating_sub(few.most) / (files - files / 2)
        });
        println!(
            "{first} bytes for each of {files} new files that two catalogs list, {again} where one of them is another then"
        );
        assert!(first <= 520, "{first} bytes for each new file");
        assert!(again <= 540, "{again} bytes for each file that stays");
    }

    #[test]
    fn memory_of_publishing_does_not_grow_with_the_sizes_of_files() {
        let (dir, server) = (tempfile::tempdir().unwrap(), server::Server::start());
        // Both are more than one piece of a store's, and there are more of them than may be on their way there at a time.
        let sizes = [6_u64, 10];
        let cids = sizes.map(|size| {
            let cid = dir.path().join(size.to_string());
            support::write_even_cid(&cid, 5, size << 20).unwrap();
            cid
        });
        for number in 0..2 {
            let [small, large] = [0, 1].map(|cid| {
                let (_, url) = &places(&server)[number];
                published(&server, &cids[cid], url, 16)
            });
            let (place, _) = &places(&server)[number];
            let resident = [small.resident, large.resident];
            println!(
                "{place}: files of {sizes:?} MiB take {} and {} bytes, {resident:?} KiB resident",
                small.most, large.most
            );
            let most = [5 << 20, 22 << 20][number];
            assert!(large.most <= most, "{place}: {} bytes", large.most);
            assert!(large.most <= small.most + (1 << 20), "{place}: {small:?}, then {large:?}");
        }
    }
}
