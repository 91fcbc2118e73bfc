//! Writes an Envelopes folder to measure on: `make_envelopes FOLDER FILES`. Names, sizes and ages differ.

use std::error::Error;
use std::fs::{self, File};
use std::io::Write;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, files] = &arguments[..] else { return Err("usage: make_envelopes FOLDER FILES".into()) };
    let folder = PathBuf::from(folder);
    fs::create_dir_all(&folder)?;
    let now = SystemTime::now();
    for number in 0..files.parse::<u32>()? {
        // Knuth's multiplicative hash: no order in the names.
        let mixed = number.wrapping_mul(2_654_435_761);
        let mut file = File::create(folder.join(format!("{mixed:08X}-{number:06}.msg")))?;
        file.write_all(&vec![b'x'; (mixed % 600) as usize])?;
        file.set_modified(now - Duration::from_secs(u64::from(mixed % (20 * 86_400))))?;
    }
    Ok(())
}
