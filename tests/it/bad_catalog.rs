//! Catalogs that are broken or lie: each is refused with the file and the offset, and nothing is changed.

use std::fs;

use crate::support::layout::{Catalog, Entry, HEADER, crc32};
use crate::support::{RELAY, TestEnv, snapshot_tree};
use configcid::{Cid, ErrorKind, Position, RefreshOptions, refresh};

const ROOT: &str = "MRESXP/cidsync.upd";
const RMS: &str = "MRESXP/rms/cidsync.upd";

/// Asserts that no command works with the catalog `file`, that each names it, and that each says all of `said`.
#[track_caller]
fn refused_everywhere(env: &TestEnv, file: &str, said: &[&str]) {
    for line in ["MRESXP", &format!("relay set MRESXP {RELAY}"), "catalog list MRESXP"] {
        let mut output = env.refuses(1, line).complains(file);
        for text in said {
            output = output.complains(text);
        }
    }
    let before = env.snapshot();
    let mut output = env.run("catalog verify MRESXP").expect(3).says("fault (catalog-format)").says(file);
    for text in said {
        output = output.says(text);
    }
    assert_eq!(env.snapshot(), before);
}

/// Writes `bytes` over those at `at`.
fn patch(env: &TestEnv, file: &str, at: usize, bytes: &[u8]) {
    env.edit(file, |mut content| {
        content[at..at + bytes.len()].copy_from_slice(bytes);
        content
    });
}

#[test]
fn a_wrong_guid() {
    for file in [ROOT, RMS] {
        let env = TestEnv::demo();
        patch(&env, file, 1, b"645D");
        refused_everywhere(&env, file, &["offset 0 (0x0)", "GUID"]);
    }
}

#[test]
fn a_wrong_version() {
    for file in [ROOT, RMS] {
        let env = TestEnv::demo();
        patch(&env, file, 39, &[2]);
        refused_everywhere(&env, file, &["offset 39 (0x27)", "version is 2"]);
    }
}

#[test]
fn a_malformed_identity() {
    let env = TestEnv::demo();
    patch(&env, ROOT, 41, b"(");
    refused_everywhere(&env, ROOT, &["offset 41 (0x29)", "identity"]);
}

#[test]
fn a_first_entry_that_overlaps_the_header() {
    let env = TestEnv::demo();
    patch(&env, ROOT, 80, &41u32.to_le_bytes());
    refused_everywhere(&env, ROOT, &["offset 80 (0x50)", "inside the header"]);
}

#[test]
fn a_first_entry_beyond_the_end() {
    let env = TestEnv::demo();
    patch(&env, ROOT, 80, &u32::MAX.to_le_bytes());
    refused_everywhere(&env, ROOT, &["offset 84 (0x54)", "the file ends after"]);
}

#[test]
fn a_first_entry_in_the_midst_of_another() {
    let env = TestEnv::demo();
    patch(&env, ROOT, 80, &90u32.to_le_bytes());
    refused_everywhere(&env, ROOT, &["offset "]);
}

#[test]
fn every_cut_is_refused_with_an_offset_within_what_is_left() {
    for file in [ROOT, RMS] {
        let env = TestEnv::demo();
        let (whole, cid) = (env.read(file), env.path("MRESXP"));
        for length in 0..whole.len() {
            env.write(file, &whole[..length]);
            let error = refresh(&Cid::open(&cid).unwrap(), &RefreshOptions::default()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::CatalogFormat, "{length}: {error}");
            assert_eq!(error.path(), Some(env.path(file).as_path()), "{length}: {error}");
            let Some(Position::Offset(offset)) = error.position() else { panic!("{length}: {error}") };
            assert!(offset <= length as u64, "{length}: {error}");
        }
    }
}

#[test]
fn a_cut_catalog() {
    let env = TestEnv::demo();
    let whole = env.read(ROOT);
    for length in [0, 38, 60, HEADER, 100, whole.len() - 8, whole.len() - 1] {
        env.write(ROOT, &whole[..length]);
        refused_everywhere(&env, ROOT, &["offset "]);
    }
}

#[test]
fn a_catalog_larger_than_any() {
    let env = TestEnv::demo();
    fs::File::options().write(true).open(env.path(ROOT)).unwrap().set_len((256 << 20) + 1).unwrap();
    for line in ["MRESXP", &format!("relay set MRESXP {RELAY}")] {
        env.refuses(1, line).complains("cidsync.upd").complains("larger than");
    }
}

#[test]
fn a_length_beyond_the_end() {
    for length in [100_000, u32::MAX] {
        let env = TestEnv::demo();
        let at = env.catalog(RMS).entries[1].at;
        patch(&env, RMS, at, &length.to_le_bytes());
        refused_everywhere(&env, RMS, &[&format!("offset {}", at + 12), "the file ends after"]);
    }
}

#[test]
fn a_length_without_room_for_a_path() {
    for length in [1u32, 8, 9] {
        let env = TestEnv::demo();
        let at = env.catalog(RMS).entries[1].at;
        patch(&env, RMS, at, &length.to_le_bytes());
        refused_everywhere(&env, RMS, &[&format!("offset {at}"), "no room for a path"]);
    }
}

#[test]
fn a_path_without_nul() {
    let env = TestEnv::demo();
    let catalog = env.catalog(RMS);
    let nul = catalog.entries[1].at - 1;
    patch(&env, RMS, nul, b"x");
    refused_everywhere(&env, RMS, &[&format!("offset {nul}"), "does not end in NUL"]);
}

#[test]
fn a_path_with_a_nul_inside() {
    let env = TestEnv::demo();
    let at = env.catalog(RMS).entries[1].at + 14;
    patch(&env, RMS, at, b"\0");
    refused_everywhere(&env, RMS, &[&format!("offset {at}"), "ends before the entry does"]);
}

/// A path that no catalog may have, in an entry that is right but for it.
#[track_caller]
fn refused_path(path: &str, said: &str) {
    let env = TestEnv::demo();
    let at = env.catalog(RMS).entries[1].at;
    env.edit_catalog(RMS, |catalog| catalog.entries[1].path = path.into());
    let offset = if path.is_empty() { at } else { at + 12 };
    refused_everywhere(&env, RMS, &[&format!("offset {offset} "), said]);
}

#[test]
fn an_empty_path() {
    refused_path("", "no room for a path");
    refused_path("\\", "empty part");
    refused_path("\\rms\\", "empty part");
    refused_path("\\rms\\\\x", "empty part");
}

#[test]
fn a_path_that_leads_out() {
    refused_path("\\..\\boot.ini", "\"..\"");
    refused_path("\\a\\..\\..\\..\\boot.ini", "\"..\"");
    refused_path("\\.\\agent.dll", "\"..\"");
    refused_path("\\../boot.ini", "forbids");
}

#[test]
fn an_absolute_path() {
    refused_path("\\\\Server\\Share\\x", "empty part");
    refused_path("/etc/passwd", "does not begin with a backslash");
    refused_path("\\/etc/passwd", "forbids");
    refused_path("agent.dll", "does not begin with a backslash");
}

#[test]
fn a_drive_letter_or_a_stream() {
    refused_path("C:\\boot.ini", "does not begin with a backslash");
    refused_path("\\C:\\boot.ini", "colon");
    refused_path("\\agent.dll:stream", "colon");
    refused_path("\\agent.dll::$DATA", "colon");
}

#[test]
fn a_device() {
    for path in ["\\NUL", "\\nul.txt", "\\x\\con", "\\AUX .dll", "\\com1", "\\lpt9.a.b"] {
        refused_path(path, "Windows device");
    }
}

#[test]
fn a_name_that_windows_changes_or_refuses() {
    refused_path("\\agent.dll.", "ends in a dot or a blank");
    refused_path("\\agent.dll ", "ends in a dot or a blank");
    refused_path("\\a\u{1b}[2J", "forbids");
    refused_path("\\a*", "forbids");
}

#[test]
fn a_doubled_path() {
    for (spelling, said) in [("\\agent.dll", "listed twice"), ("\\AGENT.dll", "differ in case alone")] {
        let env = TestEnv::demo();
        env.edit_catalog(RMS, |catalog| {
            let mut twin = catalog.entries[0].clone();
            twin.path = spelling.into();
            catalog.entries.push(twin);
        });
        let at = env.catalog(RMS).entries.last().unwrap().at;
        refused_everywhere(&env, RMS, &[&format!("offset {at} "), said, spelling]);
    }
}

#[test]
fn an_entry_for_a_folder() {
    let env = TestEnv::demo();
    env.edit_catalog(ROOT, |catalog| catalog.entries.push(Entry::of("\\savxp\\data", b"", crc32)));
    for line in ["MRESXP", &format!("relay set MRESXP {RELAY}")] {
        env.refuses(1, line).complains("MRESXP").complains("\\savxp\\data is no file");
    }
    env.run("catalog verify MRESXP").expect(3).says("fault (not-a-file): \\savxp\\data");
}

#[test]
fn an_own_checksum_that_is_wrong() {
    for file in [ROOT, RMS] {
        let env = TestEnv::demo();
        let at = env.catalog(file).own_at;
        env.edit(file, |mut bytes| {
            bytes[at] ^= 1;
            bytes
        });
        for line in ["MRESXP", &format!("relay set MRESXP {RELAY}")] {
            env.refuses(1, line).complains(file).complains("its own checksum is wrong");
        }
        env.run("catalog verify MRESXP").expect(3).says("fault (own-checksum)");
    }
}

#[test]
fn a_catalog_in_which_no_file_tells_the_function() {
    let env = TestEnv::demo();
    env.edit_catalog("MRESXP/sau/cidsync.upd", |catalog| catalog.entries.clear());
    env.edit_catalog(ROOT, |catalog| catalog.entries.retain(|entry| entry.name() != "\\sau\\cidsync.upd"));
    // It needs no change, so that it stops nothing.
    env.run("MRESXP").ok().says("Nothing to do");
    env.write("MRESXP/sau/sauconf.xml", "<a/>");
    env.refuses(1, "MRESXP")
        .complains("MRESXP/sau/cidsync.upd")
        .complains("cannot be told")
        .complains("--checksum crc32");
    env.run("MRESXP --checksum crc32").ok().says("Adding entry for \\sauconf.xml");
    env.run("MRESXP").ok().says("Nothing to do");
}

#[test]
fn lies_are_refused_wherever_the_catalog_lies() {
    for name in ["root.upd", "master.upd"] {
        let env = TestEnv::demo();
        env.write(&format!("MRESXP/{name}"), "not a catalog, though it is called one");
        refused_everywhere(&env, &format!("MRESXP/{name}"), &["offset 0 (0x0)"]);
    }
}

#[test]
fn the_reader_of_these_tests_agrees_with_the_crate() {
    let env = TestEnv::demo();
    for file in [ROOT, RMS] {
        let bytes = env.read(file);
        let mut catalog = Catalog::read(&bytes);
        assert_eq!(catalog.print(), bytes);
        catalog.seal(crc32);
        assert_eq!(catalog.print(), bytes);
    }
    let before = snapshot_tree(&env.path("MRESXP"));
    env.run("MRESXP").ok().says("Nothing to do");
    assert_eq!(snapshot_tree(&env.path("MRESXP")), before);
}
