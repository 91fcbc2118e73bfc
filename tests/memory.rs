//! How much memory a job takes for each file of a CID, counted by what asks for it: the number does not depend on the machine.

use std::alloc::{GlobalAlloc, Layout, System};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use configcid::{Cid, Plan, RefreshOptions, Scope, refresh, verify};

#[path = "../benches/support/mod.rs"]
mod support;

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
    let files: usize = std::env::var("CONFIGCID_MEMORY_FILES").map_or(20_000, |files| files.parse().unwrap());
    let dir = tempfile::tempdir().unwrap();
    let [few, many] = ["few", "many"].map(|name| dir.path().join(name));
    // Enough that as many folders are listed at a time as in the larger one.
    support::write_cid(&few, files / 2, 0).unwrap();
    support::write_cid(&many, files, 0).unwrap();
    let more = files - files / 2;
    // Where the disk is slow for a moment, more readers would come, each with a buffer that is no file's.
    configcid::read_at_a_time(1);
    let of_refresh = each(&few, &many, more, |cid| assert!(refreshed(cid).is_empty()));
    let of_verify = each(&few, &many, more, |cid| {
        let report = verify(&Cid::open(cid).unwrap(), &RefreshOptions::default(), Scope::Everything).unwrap();
        assert!(report.faults.is_empty());
    });
    println!("{files} files that two catalogs list each: refresh {of_refresh} bytes a file, verify {of_verify}");
    assert!(of_refresh <= 250, "refresh: {of_refresh} bytes a file");
    assert!(of_verify <= 500, "verify: {of_verify} bytes a file");
}
