//! A program for Windows that is brought for foreign catalogs on Linux: Wine runs it, and its work is judged as any other's.
//!
//! `CONFIGCID_STAND_IN_EXE` names the stand-in as a Windows program, and `WINEPREFIX` the folder of Wine that runs it;
//! `scripts/test-windows` sets both.

#![cfg(unix)]

use crate::program::{STAND_INS, Verdict, check, foreign, run_by};
use crate::support::TestEnv;

/// Of each kind of verdict a few: all of them, as Windows programs, are judged by the Windows program.
const OF_EACH_KIND: &[&str] = &[
    "",
    "removes entries and appends them",
    "leaves a log and a backup",
    "fails",
    "fails half-way",
    "hangs",
    "prints without end",
    "lies about a new size",
    "keeps an old checksum",
    "changes a byte of a file",
    "deletes a catalog",
];

/// A CID with work to do, and the stand-in that Wine is to run.
fn found(does: &str) -> Option<(TestEnv, String)> {
    let Some(program) = std::env::var_os("CONFIGCID_STAND_IN_EXE") else {
        eprintln!("skipped: CONFIGCID_STAND_IN_EXE names no Windows program to run");
        return None;
    };
    let mut env = foreign();
    env.set("STAND_IN", does);
    for name in ["WINEPREFIX", "HOME", "WINEDLLOVERRIDES"] {
        if let Some(value) = std::env::var_os(name) {
            env.set(name, value.to_str().unwrap());
        }
    }
    // Wine keeps there what leads to the server that is up.
    env.set("TMPDIR", std::env::temp_dir().to_str().unwrap());
    Some((env, program.into_string().unwrap()))
}

fn verdict(does: &str) -> &'static Verdict {
    &STAND_INS.iter().find(|(name, _)| *name == does).unwrap_or_else(|| panic!("no stand-in {does}")).1
}

#[test]
fn a_windows_program_is_run_by_wine() {
    for does in OF_EACH_KIND {
        for place in [&[][..], &["--in-place"]] {
            let Some((env, program)) = found(does) else { return };
            let before = env.snapshot();
            let old = env.catalog("MRESXP/cidsync.upd");
            // A program that ends has time to: Wine may have to start its services first.
            let bound = if *does == "hangs" { "1" } else { "100" };
            let more = [&["-v", "--program-timeout", bound], place].concat();
            match verdict(does) {
                Verdict::Refused(why) => {
                    let output = run_by(&env, &program, "MRESXP", &more).expect(1).complains("error: ").complains(why);
                    let mut after = env.snapshot();
                    if place.is_empty() || *does != "changes a byte of a file" {
                        assert_eq!(after, before, "{does} {place:?}\n{output}");
                    } else {
                        // What the vendor alone can put back.
                        output.complains("is not undone: let the server update this CID");
                        after.retain(|path, _| !path.ends_with("engine.dll"));
                        let mut others = before;
                        others.retain(|path, _| !path.ends_with("engine.dll"));
                        assert_eq!(after, others);
                    }
                }
                Verdict::Accepted(note) => {
                    let note = if place.is_empty() { *note } else { &note.replace(" in its copy", " in the CID") };
                    run_by(&env, &program, "MRESXP", &more).ok().says("verified").says("it said: ").says(note);
                    check(&old, &env.catalog("MRESXP/cidsync.upd"), &env.read("MRESXP/mrinit.conf"));
                }
            }
        }
    }
}

#[test]
fn a_windows_program_is_found_in_the_folders_of_wine() {
    let Some((mut env, program)) = found("") else { return };
    let folder = env.path("prefix/drive_c/Program Files (x86)/Sophos/Update Manager");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::copy(&program, folder.join("ConfigCID.exe")).unwrap();
    env.set("WINEPREFIX", env.path("prefix").to_str().unwrap());
    env.run("MRESXP").expect(1).complains("--refresh-with auto, which is ").complains("ConfigCID.exe");
}
