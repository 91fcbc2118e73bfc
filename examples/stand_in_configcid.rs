//! A stand-in for the programs that an administrator may bring, for tests: without an argument a checksum command, with
//! one a `ConfigCID.exe`. Its checksum is one that configcid does not know. `STAND_IN` says how it misbehaves;
//! `STAND_IN_FILE` names a file that it must not touch and does.

#[path = "../tests/it/support/layout.rs"]
#[allow(dead_code)]
mod layout;

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::{env, fs, io, process, thread};

use layout::{Catalog, Entry, Sum, crc32, is_catalog, is_customer_file, unknown};

fn main() -> io::Result<()> {
    let mode = env::var("STAND_IN").unwrap_or_default();
    match mode.as_str() {
        "hangs" => loop {
            thread::park();
        },
        "prints without end" => loop {
            io::stdout().write_all(&[b'x'; 1 << 16])?;
        },
        _ => {}
    }
    if let Some(file) = env::var_os("STAND_IN_FILE") {
        fs::OpenOptions::new().append(true).open(file)?.write_all(b"\r\n")?;
    }
    match env::args_os().nth(1) {
        Some(cid) => refresh(Path::new(&cid), &mode),
        None => checksum(&mode),
    }
}

fn checksum(mode: &str) -> io::Result<()> {
    let mut bytes = Vec::new();
    io::stdin().read_to_end(&mut bytes)?;
    match mode {
        "" => println!("{:08x}", unknown(&bytes)),
        "is another function" => println!("{:08x}", !unknown(&bytes)),
        "prints garbage" => println!("checksum: {:08x}", unknown(&bytes)),
        "fails" => fail(),
        _ => panic!("no such mode: {mode}"),
    }
    Ok(())
}

fn fail() {
    eprintln!("the stand-in fails");
    process::exit(7);
}

fn refresh(cid: &Path, mode: &str) -> io::Result<()> {
    if mode == "does nothing" {
        return Ok(());
    }
    let mut folders = Vec::new();
    for entry in fs::read_dir(cid)? {
        let path = entry?.path();
        if path.join("cidsync.upd").is_file() {
            folders.push(path);
        }
    }
    folders.sort();
    for folder in &folders {
        bring_in_line(cid, folder, "")?;
        if mode == "fails half-way" {
            fail();
        }
    }
    bring_in_line(cid, cid, mode)?;
    println!("Read catalog file cidsync.upd");
    let place = cid.join("cidsync.upd");
    match mode {
        "changes a file" => fs::write(cid.join("rms/agent.dll"), "changed")?,
        "changes a byte of a file" => {
            let mut bytes = fs::read(cid.join("savxp/engine.dll"))?;
            bytes[899] ^= 1;
            fs::write(cid.join("savxp/engine.dll"), bytes)?;
        }
        "changes mrinit.conf" => fs::write(cid.join("mrinit.conf"), "[Config]\r\n")?,
        "leaves a log and a backup" => {
            fs::write(cid.join("configcid.log"), "done")?;
            fs::create_dir(cid.join("backup"))?;
            fs::copy(&place, cid.join("backup/cidsync.upd"))?;
        }
        "writes a further catalog" => drop(fs::copy(&place, cid.join("root.upd"))?),
        "prints mrinit.conf" => {
            io::stdout().write_all(&fs::read(cid.join("mrinit.conf"))?)?;
            for word in String::from_utf8_lossy(&fs::read(cid.join("mrinit.conf"))?).split('"') {
                println!("{word}");
            }
        }
        // What the copy takes on the disk, in bytes.
        #[cfg(unix)]
        "tells how large its copy is" => println!("allocated: {}", allocated(cid)?),
        "creates a file" => fs::write(cid.join("new.dll"), "new")?,
        "creates a folder" => fs::create_dir(cid.join("new"))?,
        "deletes a file" => fs::remove_file(cid.join("savxp/engine.dll"))?,
        "deletes a catalog" => fs::remove_file(place)?,
        "writes garbage" => fs::write(place, "garbage")?,
        "cuts a catalog" => fs::write(&place, &fs::read(&place)?[..200])?,
        "makes a catalog a folder" => {
            fs::remove_file(&place)?;
            fs::create_dir(place)?;
        }
        #[cfg(unix)]
        "makes a catalog a link" => {
            fs::rename(&place, cid.join("../elsewhere"))?;
            std::os::unix::fs::symlink("../elsewhere", &place)?;
        }
        #[cfg(unix)]
        "makes a file a link" => {
            fs::rename(cid.join("savxp/engine.dll"), cid.join("../engine.dll"))?;
            std::os::unix::fs::symlink("../../engine.dll", cid.join("savxp/engine.dll"))?;
        }
        "fails" => fail(),
        _ => {}
    }
    Ok(())
}

/// What all files of a folder take on the disk, in bytes.
#[cfg(unix)]
fn allocated(folder: &Path) -> io::Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        bytes += match entry.file_type()?.is_dir() {
            true => allocated(&entry.path())?,
            false => std::os::unix::fs::MetadataExt::blocks(&entry.metadata()?) * 512,
        };
    }
    Ok(bytes)
}

/// Rewrites the catalog in `folder` as the vendor's program does, or as `mode` says.
fn bring_in_line(cid: &Path, folder: &Path, mode: &str) -> io::Result<()> {
    let place = folder.join("cidsync.upd");
    let sum: Sum = if mode == "writes CRC-32" { crc32 } else { unknown };
    let mut catalog = Catalog::read(&fs::read(&place)?);
    let old = catalog.clone();
    let prefix = folder.strip_prefix(cid).ok().and_then(Path::to_str).filter(|name| !name.is_empty());
    let from_root = |path: &str| prefix.map_or_else(|| path.to_owned(), |prefix| format!("\\{prefix}{path}"));
    let on_disk = |path: &str| -> PathBuf { folder.join(path[1..].replace('\\', "/")) };

    let mut entries = Vec::new();
    for entry in &catalog.entries {
        let name = entry.name();
        if !is_customer_file(&from_root(&name)) && !is_catalog(&name) {
            entries.push(entry.clone());
        } else if let Ok(content) = fs::read(on_disk(&name)) {
            entries.push(Entry::of(&name, &content, sum));
        } else if mode == "keeps a dead entry" {
            entries.push(entry.clone());
        }
    }
    for name in customer_files(folder, prefix.is_none())? {
        if mode == "knows mrinit.conf alone" && !name.ends_with("mrinit.conf") {
            continue;
        }
        if !catalog.entries.iter().any(|entry| entry.name() == name) {
            entries.push(Entry::of(&name, &fs::read(on_disk(&name))?, sum));
        }
    }
    catalog.entries = entries;
    lie(&mut catalog, &old, mode);
    if catalog != old {
        catalog.seal(sum);
        if mode == "keeps the catalog's own checksum" {
            catalog.own = old.own;
        }
        fs::write(place, catalog.print())?;
    }
    Ok(())
}

/// The customer's files in a folder, and those directly in its folders where it is the root.
fn customer_files(folder: &Path, deep: bool) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = format!("\\{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() && deep {
            names.extend(customer_files(&entry.path(), false)?.iter().map(|below| format!("{name}{below}")));
        } else if is_customer_file(&name) {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

fn lie(catalog: &mut Catalog, old: &Catalog, mode: &str) {
    if mode.is_empty() {
        return;
    }
    let find = |catalog: &Catalog, name: &str| catalog.entries.iter().position(|entry| entry.name() == name).unwrap();
    let vendor = find(catalog, "\\savxp\\engine.dll");
    let last = catalog.entries.len() - 1;
    match mode {
        "lies about a new size" => catalog.entries[last].size += 1,
        "keeps an old checksum" => {
            let (new, old) = (find(catalog, "\\mrinit.conf"), &old.entries[find(old, "\\mrinit.conf")]);
            assert_ne!(catalog.entries[new].size, old.size);
            catalog.entries[new].checksum = old.checksum;
        }
        "removes entries and appends them" => {
            let entry = catalog.entries.remove(find(catalog, "\\mrinit.conf"));
            catalog.entries.push(entry);
        }
        "spells names otherwise" => catalog.entries.iter_mut().for_each(|entry| entry.path.make_ascii_uppercase()),
        "sorts entries" => catalog.entries.sort_by_key(Entry::name),
        "lists a file of nobody's" => catalog.entries.push(Entry::of("\\notes.txt", b"of nobody", unknown)),
        "lists a file of nobody's with a wrong size" => {
            catalog.entries.push(Entry::of("\\notes.txt", b"of nobody, once longer", unknown));
        }
        "changes the version of the format" => catalog.head[39] = 2,
        "does all of it otherwise" => {
            catalog.entries.reverse();
            catalog.entries.iter_mut().for_each(|entry| entry.path.make_ascii_lowercase());
            catalog.head[42] = if catalog.head[42] == b'0' { b'1' } else { b'0' };
        }
        "drops a new entry" => drop(catalog.entries.pop()),
        "drops an entry of the vendor's" => drop(catalog.entries.remove(vendor)),
        "drops an entry of the customer's" => drop(catalog.entries.remove(find(catalog, "\\mrinit.conf"))),
        "adds a strange entry" => catalog.entries.push(Entry::of("\\strange.dll", b"strange", unknown)),
        "adds an entry that leads out" => catalog.entries.push(Entry::of("\\..\\strange.dll", b"strange", unknown)),
        "lists a file twice" => catalog.entries.push(catalog.entries[vendor].clone()),
        "changes the size of an entry of the vendor's" => catalog.entries[vendor].size += 1,
        "changes the checksum of an entry of the vendor's" => catalog.entries[vendor].checksum += 1,
        "spells an entry otherwise" => catalog.entries[vendor].path.make_ascii_uppercase(),
        "reorders" => catalog.entries.swap(vendor, vendor - 1),
        "changes the identity" => catalog.head[42] = if catalog.head[42] == b'0' { b'1' } else { b'0' },
        "adds a gap" => {
            catalog.head.extend([0; 4]);
            catalog.head[80] += 4;
        }
        "adds bytes at the end" => catalog.tail.push(0),
        _ => {}
    }
}
