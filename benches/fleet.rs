//! How long a fleet takes: `cargo bench --bench fleet`, on 40 CIDs of 2,000 cataloged files each, one at a time and two;
//! `FLEET_CIDS=1000` for more. `scripts/bench-fleet` measures memory, too.

use std::path::PathBuf;
use std::sync::LazyLock;
use std::sync::atomic::AtomicBool;

use configcid::fleet::{self, Fleet, Work};
use configcid::plan::LockOptions;
use configcid::{RefreshOptions, Run};
use divan::Bencher;
use divan::counter::ItemsCount;

mod support;

const FILES: usize = 2_000;

fn main() {
    divan::main();
}

static FLEET: LazyLock<Fleet> = LazyLock::new(|| {
    let count = std::env::var("FLEET_CIDS").ok().and_then(|count| count.parse().ok()).unwrap_or(40);
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("fleet");
    let _ = std::fs::remove_dir_all(&folder);
    let mut text = "[server]\nname = 'S'\nnetbios = 'S'\n[[relay]]\nname = 'R'\nnetbios = 'R'\n".to_owned();
    for index in 0..count {
        support::write_cid(&folder.join(format!("C{index}")), FILES, 64 << 10).expect("the tree can be written");
        text += &format!("[[cid]]\npath = 'C{index}'\nrelay = 'R'\n");
    }
    Fleet::parse(text.as_bytes(), &folder).expect("it is a fleet file")
});

#[divan::bench(args = [1, 2], sample_count = 10)]
fn status(bencher: Bencher, jobs: usize) {
    let options = RefreshOptions::default();
    bencher.counter(ItemsCount::new(FLEET.cids.len())).bench(|| {
        let mut seen = 0;
        fleet::status(&FLEET, &options, jobs, |_, _| seen += 1);
        assert_eq!(seen, FLEET.cids.len());
    });
}

/// Every CID has something to do.
#[divan::bench(args = [1, 2], sample_count = 10)]
fn plan(bencher: Bencher, jobs: usize) {
    let refresh = RefreshOptions::default();
    let stop = AtomicBool::new(false);
    let run = Run { dry_run: true, lock: LockOptions::default(), look: None };
    let work = Work { run, refresh: &refresh, jobs, stop: &stop };
    bencher.counter(ItemsCount::new(FLEET.cids.len())).bench(|| {
        let mut planned = 0;
        fleet::run(
            &FLEET,
            &work,
            |_| {},
            |_, ran| planned += ran.and_then(|ran| ran.plan).map_or(0, |plan| plan.changes().len().min(1)),
        );
        assert_eq!(planned, FLEET.cids.len());
    });
}
