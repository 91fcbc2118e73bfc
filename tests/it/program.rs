//! Programs that are brought for foreign catalogs (`--refresh-with`), honest and lying: one table of stand-ins, with what each
//! does and what is to be said of it. What is judged is what endpoints would meet.

use std::sync::Arc;

use crate::support::layout::{Catalog, crc32, unknown};
use crate::support::{Output, RELAY, TestEnv, Unknown, stand_in};
use configcid::DemoCid;

/// What is expected of a stand-in's work.
pub(crate) enum Verdict {
    /// It is taken over, and this is noted; nothing where it is as configcid would have done it.
    Accepted(&'static str),
    /// It is not, for this reason.
    Refused(&'static str),
}
pub(crate) use Verdict::{Accepted, Refused};

/// What each stand-in does.
pub(crate) const STAND_INS: &[(&str, Verdict)] = &[
    ("", Accepted("")),
    ("reorders", Accepted("\\cidsync.upd: the program put its entries into another order")),
    ("sorts entries", Accepted("")),
    ("removes entries and appends them", Accepted("put its entries into another order")),
    ("spells an entry otherwise", Accepted("spells 1 path otherwise")),
    ("spells names otherwise", Accepted("paths otherwise")),
    ("changes the identity", Accepted("gave it a new identity")),
    ("does all of it otherwise", Accepted("gave it a new identity")),
    ("writes a further catalog", Accepted("left root.upd in its copy")),
    ("leaves a log and a backup", Accepted("left backup, configcid.log in its copy")),
    ("creates a file", Accepted("left new.dll in its copy")),
    ("creates a folder", Accepted("left new in its copy")),
    ("lists a file of nobody's", Accepted("added an entry for \\notes.txt, which is in no manifest")),
    ("knows mrinit.conf alone", Accepted("has no entry for \\customer_ID.txt")),
    ("drops a new entry", Accepted("has no entry for \\customer_ID.txt")),
    ("fails", Accepted("failed (exit")),
    ("prints mrinit.conf", Accepted("")),
    ("writes CRC-32", Accepted("wrote are those of crc32: --checksum takes it")),
    ("does nothing", Refused("\\cac.pem stayed, though the file has gone (expected no entry)")),
    ("fails half-way", Refused("the stand-in fails")),
    ("hangs", Refused("did not end within 1 seconds and was stopped")),
    ("prints without end", Refused("printed without end")),
    ("lies about a new size", Refused("has a wrong size (expected 4 bytes, found 5)")),
    ("keeps an old checksum", Refused("\\mrinit.conf kept its checksum, though the file changed")),
    ("keeps a dead entry", Refused("\\cac.pem stayed")),
    ("drops an entry of the vendor's", Refused("\\savxp\\engine.dll has gone (expected 900 bytes")),
    ("drops an entry of the customer's", Refused("\\mrinit.conf has gone")),
    ("adds a strange entry", Refused("\\strange.dll should not be there: there is no such file")),
    ("adds an entry that leads out", Refused("is no catalog now")),
    ("lists a file twice", Refused("is no catalog now")),
    ("lists a file of nobody's with a wrong size", Refused("has a wrong size (expected 9 bytes, found 22)")),
    ("changes the size of an entry of the vendor's", Refused("\\savxp\\engine.dll changed")),
    ("changes the checksum of an entry of the vendor's", Refused("\\savxp\\engine.dll changed, though it is not the")),
    ("adds a gap", Refused("its header, or the bytes behind it, changed")),
    ("adds bytes at the end", Refused("its header, or the bytes behind it, changed")),
    ("changes the version of the format", Refused("is no catalog now")),
    ("keeps the catalog's own checksum", Refused("its own checksum did not")),
    ("writes garbage", Refused("is no catalog now")),
    ("cuts a catalog", Refused("is no catalog now")),
    ("deletes a catalog", Refused("is no longer a file")),
    ("makes a catalog a folder", Refused("is no longer a file")),
    ("changes a file", Refused("it changed rms")),
    ("changes a byte of a file", Refused("it changed savxp")),
    ("changes mrinit.conf", Refused("it changed mrinit.conf")),
    ("deletes a file", Refused("it removed savxp")),
    #[cfg(unix)]
    ("makes a catalog a link", Refused("is no longer a file")),
    #[cfg(unix)]
    ("makes a file a link", Refused("it made savxp/engine.dll")),
];

/// A CID with foreign catalogs and work to do in them: `cac.pem` has gone, `customer_ID.txt` is new, and `mrinit.conf` has
/// another size; and a file that nobody lists.
pub(crate) fn foreign() -> TestEnv {
    let env = TestEnv::with(DemoCid { rms9x: true, function: Arc::new(Unknown), ..DemoCid::default() });
    env.remove("MRESXP/cac.pem");
    env.write("MRESXP/customer_ID.txt", "Acme");
    env.write("MRESXP/notes.txt", "of nobody");
    env.replace("MRESXP/mrinit.conf", "\"ServiceArgs\"=\"\"", "\"ServiceArgs\"=\"-ORBDebug\"");
    env
}

pub(crate) fn run(env: &TestEnv, command: &str, more: &[&str]) -> Output {
    run_by(env, &stand_in(), command, more)
}

pub(crate) fn run_by(env: &TestEnv, program: &str, command: &str, more: &[&str]) -> Output {
    let args = command.split(' ').chain(["--refresh-with", program]);
    env.run_args(args.chain(more.iter().copied()))
}

#[test]
fn each_stand_in_is_judged_by_what_endpoints_would_meet() {
    for (does, verdict) in STAND_INS {
        let mut env = foreign();
        env.set("STAND_IN", *does);
        let bound: &[&str] = if *does == "hangs" { &["--program-timeout", "1"] } else { &[] };
        let before = env.snapshot();
        let old = env.catalog("MRESXP/cidsync.upd");
        match verdict {
            Refused(why) => {
                let output = run(&env, "MRESXP", bound).expect(1).complains("error: ").complains(why);
                assert_eq!(env.snapshot(), before, "{does}\n{output}");
                let relay = format!("relay set MRESXP {RELAY}");
                let output = run(&env, &format!("{relay} --json"), bound).expect(1);
                assert!(output.json()["cids"][0]["error"]["kind"].is_string(), "{output}");
                assert_eq!(env.snapshot(), before, "{does}\n{output}");
            }
            Accepted(note) => {
                run(&env, "MRESXP", &["--dry-run"]).ok().says("Dry run").says(note);
                assert_eq!(env.snapshot(), before, "{does}");
                let output = run(&env, "MRESXP", &["-v"]).ok().says("verified").says("it said: ").says(note);
                assert_eq!(output.count("note: ") == 0, note.is_empty(), "{output}");
                check(&old, &env.catalog("MRESXP/cidsync.upd"), &env.read("MRESXP/mrinit.conf"));
                // Only catalogs are taken over from the copy.
                for file in ["configcid.log", "backup", "root.upd", "new.dll", "new"] {
                    assert!(!env.path("MRESXP").join(file).exists(), "{does}: {file}");
                }
            }
        }
    }
}

/// The vendor's entries are what they were, and mrinit.conf is listed as it is.
pub(crate) fn check(old: &Catalog, new: &Catalog, mrinit: &[u8]) {
    let of = |catalog: &Catalog, name: &str| {
        let mut entries = catalog.entries.iter().filter(|entry| entry.name().eq_ignore_ascii_case(name));
        let entry = entries.next().unwrap_or_else(|| panic!("no {name}"));
        (entry.size, entry.checksum)
    };
    for name in ["\\savxp\\engine.dll", "\\rms\\agent.dll"] {
        assert_eq!(of(old, name), of(new, name));
    }
    let (size, checksum) = of(new, "\\mrinit.conf");
    assert_eq!(size, mrinit.len() as u32);
    assert!([unknown(mrinit), crc32(mrinit)].contains(&checksum));
}

#[test]
fn an_entry_that_relay_set_up_needs_is_not_left_out() {
    let mut env = foreign();
    env.set("STAND_IN", "drops a new entry");
    let before = env.snapshot();
    run(&env, &format!("relay set MRESXP {RELAY}"), &[])
        .expect(1)
        .complains("it has no entry for \\rms\\mrinit.conf, which endpoints must get")
        .complains("it said: Read catalog file");
    assert_eq!(env.snapshot(), before);
}

#[test]
fn a_further_catalog_may_be_left_alone() {
    let env = foreign();
    let mut further = env.catalog("MRESXP/cidsync.upd");
    further.entries.retain(|entry| entry.name().rfind('\\') == Some(0) && entry.name() != "\\cac.pem");
    further.seal(unknown);
    env.write("MRESXP/root.upd", further.print());
    run(&env, "MRESXP", &[]).ok().says("note: \\root.upd: the program left it alone").says("verified");
    assert_eq!(env.read("MRESXP/root.upd"), further.print());
}

#[test]
fn nothing_to_do_is_found_out_before_the_program_is_run() {
    let env = foreign();
    run(&env, "MRESXP", &[]).ok();
    let before = env.snapshot();
    // A program that is not there is not missed.
    let nothing = ["", "--dry-run"].map(|more| env.run(&format!("MRESXP --refresh-with ./nowhere {more}")));
    for output in nothing {
        output.ok().says("note: nowhere was not run").says("Nothing to do");
    }
    env.run("MRESXP --refresh-with ./nowhere --program-copy whole").expect(1).complains("nowhere");
    assert_eq!(env.snapshot(), before);
    // A file that changed, of the same size.
    env.edit("MRESXP/customer_ID.txt", |bytes| bytes.iter().rev().copied().collect());
    env.run("MRESXP --refresh-with ./nowhere").expect(1).complains("nowhere");
    // A known function tells at once.
    let env = TestEnv::demo();
    env.run("MRESXP --refresh-with ./nowhere").ok().says("nowhere was not run").says("Nothing to do");
    env.write("MRESXP/customer_ID.txt", "Acme");
    env.run("MRESXP --refresh-with ./nowhere").expect(1).complains("nowhere");
}

/// Counts bytes, not time.
#[cfg(unix)]
#[test]
fn a_large_cid_is_not_copied() {
    use crate::support::layout::Entry;

    const LARGE: u64 = 1 << 30;
    let mut env = TestEnv::with(DemoCid { function: Arc::new(Unknown), ..DemoCid::default() });
    for folder in ["", "savxp/"] {
        env.edit(&format!("MRESXP/{folder}cidsync.upd"), |bytes| {
            let mut catalog = Catalog::read(&bytes);
            let path = if folder.is_empty() { "\\savxp\\large.vdb" } else { "\\large.vdb" };
            catalog.entries.push(Entry { at: 0, path: path.into(), size: LARGE as u32, checksum: 0x1234_5678 });
            catalog.seal(unknown);
            catalog.print()
        });
    }
    std::fs::File::create(env.path("MRESXP/savxp/large.vdb")).unwrap().set_len(LARGE).unwrap();
    env.set("STAND_IN", "tells how large its copy is");
    env.write("MRESXP/customer_ID.txt", "Acme");
    let output = run(&env, "MRESXP", &["-v"]).ok().says("verified");
    let allocated = output.stdout.split("allocated: ").nth(1).unwrap().lines().next().unwrap();
    assert!(allocated.parse::<u64>().unwrap() * 20 < LARGE, "{allocated}");
    // And not at all where nothing is to do.
    run(&env, "MRESXP", &[]).ok().says("was not run").says("Nothing to do");
    let file = env.path("MRESXP/savxp/large.vdb");
    assert_eq!(std::os::unix::fs::MetadataExt::blocks(&file.metadata().unwrap()), 0);
}

#[test]
fn the_copy_is_made_where_the_user_says() {
    let env = foreign();
    std::fs::create_dir(env.path("room")).unwrap();
    run(&env, "MRESXP", &["--temp", "room", "--dry-run"]).ok();
    assert_eq!(std::fs::read_dir(env.path("room")).unwrap().count(), 0);
    let before = env.snapshot();
    run(&env, "MRESXP", &["--temp", "MRESXP/rms"]).expect(2).complains("cannot be made in the CID itself");
    run(&env, "MRESXP", &["--temp", "nowhere"]).expect(1).complains("--temp DIR or in TMPDIR (on Windows TEMP)");
    env.run("MRESXP --temp room").expect(2).complains("--refresh-with");
    assert_eq!(env.snapshot(), before);
}

#[test]
fn a_program_is_found_by_itself_and_takes_arguments() {
    let mut env = foreign();
    env.run("MRESXP --refresh-with auto").expect(1).complains("CONFIGCID_PROGRAM").complains("Update Manager");
    // A command line, in which the program's path has blanks.
    std::fs::create_dir(env.path("my tools")).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink(stand_in(), env.path("my tools/ConfigCID.exe")).unwrap();
    #[cfg(not(unix))]
    std::fs::copy(stand_in(), env.path("my tools/ConfigCID.exe")).unwrap();
    env.run_args(["MRESXP", "--dry-run", "--refresh-with", "my tools/ConfigCID.exe"]).ok().says(", ConfigCID.exe)");
    let missing = env.run_args(["MRESXP", "--refresh-with", "my tools/Other.exe"]).expect(1);
    missing.complains("there is no program my");
    // The setting, and the error that names what was found.
    env.set("CONFIGCID_PROGRAM", env.path("my tools/ConfigCID.exe").to_str().unwrap());
    env.run("MRESXP").expect(1).complains("--refresh-with auto, which is ").complains("ConfigCID.exe");
    let audit = env.run("audit MRESXP --json");
    assert_eq!(audit.stdout.matches("--refresh-with auto runs ").count(), 1, "{audit}");
    env.run("MRESXP --refresh-with auto").ok().says("verified");
    for wrong in ["nowhere.exe", "auto", "wine nowhere.exe \"", "nowhere.exe -q"] {
        env.set("CONFIGCID_PROGRAM", wrong);
        env.run("MRESXP --refresh-with auto").expect(1).complains("the setting CONFIGCID_PROGRAM names it");
    }
}

/// On Linux it is a symbolic link to a shell script that shows its arguments.
#[cfg(unix)]
#[test]
fn arguments_stand_before_the_cid() {
    use std::os::unix::fs::PermissionsExt;

    let mut env = foreign();
    env.write("show.sh", "#!/bin/sh\nfor word in \"$@\"; do echo \"<$word>\"; done\nexit 3\n");
    std::fs::set_permissions(env.path("show.sh"), std::fs::Permissions::from_mode(0o755)).unwrap();
    for args in [&["--refresh-with", "./show.sh", "--program-arg", "-a b"][..], &["--refresh-with", "./show.sh '-a b'"]]
    {
        let output = env.run_args(["MRESXP"].iter().chain(args)).expect(1);
        output.complains("it said: <-a b> | <").complains("/MRESXP>").complains("it failed (exit status: 3)");
    }
    env.set("CONFIGCID_PROGRAM", "./show.sh '-a b'");
    env.run("MRESXP --refresh-with auto").expect(1).complains("it said: <-a b> | <").complains("/MRESXP>");
}

/// A secret that is wrapped is no less one.
#[cfg(unix)]
#[test]
fn secrets_are_not_shown_in_pieces() {
    use std::os::unix::fs::PermissionsExt;

    let env = foreign();
    let conf = String::from_utf8(env.read("MRESXP/mrinit.conf")).unwrap();
    for lines in ["fold -w 10 \"$1/mrinit.conf\"", "sed 's/./& /g' \"$1/mrinit.conf\""] {
        env.write("tell.sh", format!("#!/bin/sh\n{lines}\nexit 3\n"));
        std::fs::set_permissions(env.path("tell.sh"), std::fs::Permissions::from_mode(0o755)).unwrap();
        for more in [&[][..], &["--in-place"]] {
            let output = env.run_args([&["MRESXP", "--refresh-with", "./tell.sh", "-v"][..], more].concat()).expect(1);
            let squeezed: String = output.stderr.split(['|', ' ', '\n']).collect();
            for line in conf.lines().filter(|line| line.contains("IdentityKey")) {
                let key = line.split('"').nth(3).unwrap();
                assert!(key.len() > 20 && !squeezed.contains(key), "{output}");
            }
            if lines.starts_with("fold") {
                output.complains("it said: (not shown: it holds values of mrinit.conf that are secret)");
            }
        }
    }
}
