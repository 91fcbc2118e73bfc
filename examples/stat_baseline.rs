//! The least that a refresh must do, with plain system calls and nothing else: reads the catalogs of a CID and asks
//! for the size of every file that the root's catalog lists. `scripts/bench` times it beside `configcid CID`.
//!
//! The reading is crude (no check of anything, names in the case of the catalog), and uses the standard library alone.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

const CATALOG: &str = "cidsync.upd";

fn main() -> Result<(), Box<dyn Error>> {
    let cid = PathBuf::from(std::env::args_os().nth(1).ok_or("usage: stat_baseline CID")?);
    let mut catalogs = 0;
    for folder in fs::read_dir(&cid)? {
        let catalog = folder?.path().join(CATALOG);
        // The root's catalog lists the files of these, too.
        if fs::read(&catalog).is_ok_and(|bytes| !bytes.is_empty()) {
            catalogs += 1;
        }
    }
    let (mut files, mut other_size) = (0, 0);
    for (path, size) in entries(&fs::read(cid.join(CATALOG))?) {
        files += 1;
        if fs::symlink_metadata(place(&cid, path))?.len() != u64::from(size) {
            other_size += 1;
        }
    }
    println!("{} catalogs, {files} files, {other_size} of another size", catalogs + 1);
    Ok(())
}

fn place(cid: &Path, path: &[u8]) -> PathBuf {
    cid.join(String::from_utf8_lossy(&path[1..]).replace('\\', "/"))
}

/// The path and the size of each entry (docs/formats.md, section 3).
fn entries(mut bytes: &[u8]) -> impl Iterator<Item = (&[u8], u32)> {
    let number = |bytes: &[u8], at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"));
    bytes = &bytes[number(bytes, 80) as usize..];
    std::iter::from_fn(move || {
        let length = number(bytes, 0) as usize;
        let (entry, rest) = bytes[4..].split_at(length);
        bytes = rest;
        (length > 0).then(|| (&entry[8..length - 1], number(entry, 0)))
    })
}
