//! Trees to measure on, the same on every machine. `examples/make_tree.rs` writes them for `scripts/bench`.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use configcid::catalog::checksum;
use configcid::{Cid, CreateOptions, DemoCid, create};

/// The components, each with its share of the files.
const COMPONENTS: &[(&str, usize)] = &[("rms", 1), ("sau", 1), ("savxp", 7), ("scf", 1)];

/// A folder holds the files of so many numbers that follow each other, as far as they are its component's.
const FOLDER: usize = 1000;

/// The customer's files.
const CUSTOMER: &[&str] = &["mrinit.conf", "cac.pem", "rms/mrinit.conf"];

/// Writes a CID with `files` files beside the catalogs, of about `bytes` bytes together, all cataloged twice: by a
/// component and by the root. A hundredth of the files holds a third of the bytes.
pub(crate) fn write_cid(folder: &Path, files: usize, bytes: u64) -> io::Result<()> {
    let noise = noise();
    let weight = |index: usize| match index % 100 {
        0 => 80,
        1..10 => 10,
        _ => 1,
    };
    let weights: u64 = (0..files).map(weight).sum();
    for index in 0..files.saturating_sub(CUSTOMER.len()) {
        write_file(&folder.join(vendor_file(index, FOLDER)), &noise, index, bytes * weight(index) / weights)?;
    }
    catalog(folder)
}

/// Writes a CID with `files` files of `bytes` bytes each, all those of a component in one folder, beside the customer's and the
/// catalogs.
#[allow(dead_code, reason = "not each of those that measure wants one")]
pub(crate) fn write_even_cid(folder: &Path, files: usize, bytes: u64) -> io::Result<()> {
    let noise = noise();
    for index in 0..files {
        write_file(&folder.join(vendor_file(index, files)), &noise, index, bytes)?;
    }
    catalog(folder)
}

/// Adds the customer's files, and the catalogs.
fn catalog(folder: &Path) -> io::Result<()> {
    for name in CUSTOMER {
        fs::create_dir_all(folder.join("rms"))?;
        fs::write(folder.join(name), DemoCid::default().mrinit())?;
    }
    let crc32 = checksum::known("crc32").expect("it is in the table");
    let plan = create(&Cid::open_uncataloged(folder).map_err(io::Error::other)?, &CreateOptions::new(crc32));
    plan.and_then(|plan| plan.apply()).map_err(io::Error::other)?;
    Ok(())
}

/// A file of the vendor's, where a folder holds the files of so many numbers.
fn vendor_file(index: usize, folder: usize) -> String {
    let shares: Vec<_> = COMPONENTS.iter().flat_map(|&(name, share)| std::iter::repeat_n(name, share)).collect();
    format!("{}/Program {:02}/data-{index:06}.ide", shares[index % shares.len()], index / folder)
}

/// Writes `size` bytes, at least eight, that no other `index` has.
fn write_file(place: &Path, noise: &[u8], index: usize, size: u64) -> io::Result<()> {
    fs::create_dir_all(place.parent().expect("it lies in the CID"))?;
    let mut file = File::create(place)?;
    write!(file, "{index:08}")?;
    let mut left = (size as usize).saturating_sub(8);
    while left > 0 {
        let piece = &noise[..left.min(noise.len())];
        file.write_all(piece)?;
        left -= piece.len();
    }
    Ok(())
}

/// Bytes that do not compress: Marsaglia's xorshift32.
fn noise() -> Vec<u8> {
    let mut state = 0x2545_F491u32;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state as u8
    };
    std::iter::repeat_with(&mut next).take(1 << 20).collect()
}
