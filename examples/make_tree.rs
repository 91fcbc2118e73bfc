//! Writes a CID to measure on: `make_tree FOLDER FILES BYTES`.

use std::error::Error;
use std::path::PathBuf;

#[path = "../benches/support/mod.rs"]
mod support;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, files, bytes] = &arguments[..] else { return Err("usage: make_tree FOLDER FILES BYTES".into()) };
    Ok(support::write_cid(&PathBuf::from(folder), files.parse()?, bytes.parse()?)?)
}
