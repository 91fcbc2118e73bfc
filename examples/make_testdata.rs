//! Makes the CIDs of `testdata/cids/` in a new folder: `scripts/make-testdata`.

#[path = "../tests/it/support/testdata.rs"]
#[allow(dead_code)]
mod testdata;

fn main() -> configcid::Result<()> {
    let folder = std::env::args_os().nth(1).unwrap_or_else(|| "testdata/cids".into());
    testdata::write(folder.as_ref())
}
