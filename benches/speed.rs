//! How long each step takes, on a CID of 20,000 cataloged files: `cargo bench`. Beside other programs: `scripts/bench`.

use std::path::PathBuf;
use std::sync::LazyLock;

use configcid::audit::{AuditOptions, AuditReport};
use configcid::catalog::{Catalog, checksum};
use configcid::manifest::Manifest;
use configcid::mrinit::Mrinit;
use configcid::signing::{self, MakeOptions, VerifyOptions};
use configcid::{Cid, CreateOptions, DemoCid, Plan, RefreshOptions, Scope, VerifyReport};
use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};

mod support;

const FILES: usize = 20_000;

fn main() {
    divan::main();
}

/// Small files: what a file costs shows, not what a byte does.
static CID: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("speed");
    let _ = std::fs::remove_dir_all(&folder);
    support::write_cid(&folder, FILES, 4 << 20).expect("the tree can be written");
    folder
});

fn open() -> Cid {
    Cid::open(&*CID).expect("it is a CID")
}

fn root_catalog() -> Vec<u8> {
    std::fs::read(CID.join("cidsync.upd")).expect("it is there")
}

#[divan::bench]
fn catalog_parse(bencher: Bencher) {
    let bytes = root_catalog();
    bencher.counter(ItemsCount::new(FILES)).bench(|| Catalog::parse(black_box(&bytes)).unwrap());
}

#[divan::bench]
fn catalog_print(bencher: Bencher) {
    let catalog = Catalog::parse(&root_catalog()).unwrap();
    bencher.counter(ItemsCount::new(FILES)).bench(|| black_box(&catalog).print());
}

#[divan::bench]
fn mrinit_parse(bencher: Bencher) {
    let text = DemoCid::default().mrinit();
    bencher.with_inputs(|| text.clone().into_bytes()).bench_values(Mrinit::parse);
}

#[divan::bench]
fn mrinit_set(bencher: Bencher) {
    let mrinit = Mrinit::parse(DemoCid::default().mrinit().into_bytes());
    bencher.with_inputs(|| mrinit.clone()).bench_values(|mut mrinit| {
        let _ = mrinit.set("ParentRouterAddress", black_box("10.1.200.65,MRComputer.Sales.Acme,MRComputer")).unwrap();
        mrinit
    });
}

#[divan::bench(args = checksum::names())]
fn checksum(bencher: Bencher, name: &str) {
    let function = checksum::known(name).unwrap();
    let bytes = vec![0x5A; 1 << 20];
    bencher.counter(BytesCount::of_slice(&bytes)).bench(|| function.of(&mut black_box(&bytes[..])).unwrap());
}

#[divan::bench]
fn cid_open() -> Cid {
    open()
}

#[divan::bench(sample_count = 20)]
fn refresh_without_change() -> Plan {
    configcid::refresh(&open(), &RefreshOptions::default()).unwrap()
}

#[divan::bench(sample_count = 20)]
fn verify() -> VerifyReport {
    configcid::verify(&open(), &RefreshOptions::default(), Scope::Everything).unwrap()
}

#[divan::bench(sample_count = 20)]
fn audit() -> AuditReport {
    let signatures = VerifyOptions::new(std::time::UNIX_EPOCH);
    configcid::audit::audit(open().path(), &AuditOptions::new(signatures)).unwrap()
}

#[divan::bench(sample_count = 20)]
fn create() -> Plan {
    let mut options = CreateOptions::new(checksum::known(checksum::FOR_NEW).unwrap());
    options.replace = true;
    configcid::create(&open(), &options).unwrap()
}

/// Entries of a manifest, each with all three digests.
const ENTRIES: usize = 200_000;

static MANIFEST: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let line = |n: usize| {
        format!(
            "\".\\savxp\\Program {:02}\\data-{n:06}.ide\" {n} {n:040x}\n#sha256 {n:064x}\n#sha384 {n:096x}\n",
            n / 1000
        )
    };
    (0..ENTRIES).map(line).collect::<String>().into_bytes()
});

#[divan::bench(sample_count = 20)]
fn manifest_parse(bencher: Bencher) {
    bencher
        .counter(ItemsCount::new(ENTRIES))
        .with_inputs(|| MANIFEST.clone())
        .bench_values(|bytes| Manifest::parse(bytes).unwrap());
}

#[divan::bench(sample_count = 20)]
fn manifest_entries(bencher: Bencher) {
    let manifest = Manifest::parse(MANIFEST.clone()).unwrap();
    bencher
        .counter(ItemsCount::new(ENTRIES))
        .bench(|| black_box(&manifest).entries().map(|entry| entry.size).sum::<u64>());
}

const LINES: usize = 300_000;

/// A log of so many lines, with `what` in each.
fn write_log(name: &str, what: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("speed-logs").join(name);
    std::fs::create_dir_all(&folder).expect("the folder can be made");
    let line = |n: usize| {
        let (hour, minute, second) = (n / 3600 % 24, n / 60 % 60, n % 60);
        format!("{:02}.11.2026 {hour:02}:{minute:02}:{second:02} 0D38 I {what}\r\n", 1 + n / 86_400)
    };
    let text: String = (0..LINES).map(line).collect();
    std::fs::write(folder.join("Router-20261101-000000.log"), text).expect("the log can be written");
    folder
}

/// What nearly all lines are like, those that matter, and a router that does nothing but start.
#[divan::bench(sample_count = 20, args = ["Routing to EM: id=03A4, origin=Router$PC", "Router table: 1 entry", "Session with Router$PC lost", "Sophos Messaging Router 3.4 starting..."])]
fn log_lines(bencher: Bencher, what: &str) {
    let folder = write_log(&what[..7], what);
    bencher.counter(ItemsCount::new(LINES)).bench(|| configcid::logs::logs(black_box(&folder)).unwrap());
}

#[divan::bench(sample_count = 20)]
fn manifest_make() -> Manifest {
    signing::make(&CID, &MakeOptions::default()).unwrap()
}

#[divan::bench(sample_count = 20)]
fn manifest_check_files(bencher: Bencher) {
    let manifest = signing::make(&CID, &MakeOptions::default()).unwrap();
    bencher.bench(|| signing::check_files(black_box(&manifest), &CID.join("manifest.dat"), None).unwrap());
}
