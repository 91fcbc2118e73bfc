//! Folders that are no CID, and CIDs with links, devices and twins in them: each is refused with the path, and nothing
//! is changed.

use std::fs;

use crate::support::{RELAY, TestEnv};

/// Every command that takes a CID and could change something.
fn commands(cid: &str) -> [String; 3] {
    [cid.to_owned(), format!("relay set {cid} {RELAY}"), format!("clone {cid} NEW")]
}

#[track_caller]
fn refused(env: &TestEnv, cid: &str, said: &[&str]) {
    for line in commands(cid) {
        let mut output = env.refuses(1, &line).complains(cid);
        for text in said {
            output = output.complains(text);
        }
    }
}

#[test]
fn a_path_where_nothing_is() {
    let env = TestEnv::new();
    refused(&env, "./MRESXP", &["error: ./MRESXP: cannot open the CID"]);
    // A bare word where nothing is may be a command that was typed wrongly.
    let [bare, relay, clone] = commands("MRESXP");
    env.refuses(2, &bare).complains("there is no command \"MRESXP\", and nothing here has this name");
    for line in [relay, clone] {
        env.refuses(1, &line).complains("error: MRESXP: cannot open the CID");
    }
}

#[test]
fn a_file() {
    let env = TestEnv::demo();
    refused(&env, "MRESXP/cidsync.upd", &["a CID is a folder"]);
}

#[test]
fn a_folder_without_a_catalog() {
    let env = TestEnv::new();
    env.write("folder/file", "x");
    refused(&env, "folder", &["error: folder: this is no CID: it holds no cidsync.upd"]);
}

#[test]
fn a_folder_of_cids() {
    let env = TestEnv::new();
    env.cid("InterChk/ESXP", configcid::DemoCid::default());
    refused(&env, "InterChk", &["this is no CID", "\"InterChk/ESXP\""]);
}

#[test]
fn a_cid_whose_catalog_is_lost() {
    let env = TestEnv::demo();
    env.remove("MRESXP/cidsync.upd");
    refused(&env, "MRESXP", &["this is no CID", "its catalog is lost"]);
}

#[test]
fn a_component() {
    let env = TestEnv::demo();
    refused(&env, "MRESXP/rms", &["error: MRESXP/rms: rms is a component of a CID", "the folder above"]);
    refused(&env, "./MRESXP/rms/", &["rms is a component of a CID"]);
    env.refuses(1, "catalog create MRESXP/rms").complains("rms is a component of a CID");
}

#[cfg(not(windows))]
#[test]
fn a_windows_path() {
    let env = TestEnv::demo();
    for cid in [r"\\Server1\InterChk\MRESXP", r"C:\MRESXP"] {
        refused(&env, cid, &["on Windows alone"]);
    }
}

#[test]
fn a_cid_without_a_router() {
    let env = TestEnv::demo();
    fs::rename(env.path("MRESXP/rms"), env.path("MRESXP/other")).unwrap();
    env.refuses(1, &format!("relay set MRESXP {RELAY}")).complains("no rms folder").complains("--edit-root");
}

#[test]
fn files_of_the_vendor_that_have_gone_or_another_size() {
    let env = TestEnv::demo();
    env.edit("MRESXP/savxp/engine.dll", |bytes| bytes[1..].to_vec());
    env.remove("MRESXP/sau/update.dll");
    for line in &commands("MRESXP")[..2] {
        env.refuses(1, line)
            .complains("error: MRESXP: ")
            .complains("\\savxp\\engine.dll has 899 bytes")
            .complains("\\sau\\update.dll is not there")
            .complains("--accept-damage");
    }
}

#[test]
fn a_clone_goes_over_nothing_and_not_into_the_cid() {
    let env = TestEnv::demo();
    env.write("FILE", "x");
    fs::create_dir(env.path("EMPTY")).unwrap();
    for new in ["FILE", "EMPTY", "MRESXP", "MRESXP/rms", "."] {
        env.refuses(1, &format!("clone MRESXP {new}")).complains(new).complains("already");
    }
    env.refuses(2, "clone MRESXP MRESXP/NEW").complains("inside the old one");
    env.refuses(2, "clone MRESXP MRESXP/rms/NEW").complains("inside the old one");
    env.refuses(1, "clone MRESXP nowhere/NEW").complains("make the folder above");
}

#[test]
fn catalogs_are_not_made_anew_unasked() {
    let env = TestEnv::demo();
    env.refuses(1, "catalog create MRESXP").complains("cidsync.upd").complains("--replace");
}

#[cfg(target_os = "linux")]
mod twins {
    use super::*;

    #[test]
    fn of_a_component() {
        let env = TestEnv::demo();
        env.write("MRESXP/RMS/agent.dll", "x");
        refused(&env, "MRESXP", &["RMS and rms differ in case alone"]);
        env.refuses(1, "catalog create MRESXP --replace").complains("differ in case alone");
    }

    #[test]
    fn of_mrinit_conf() {
        let env = TestEnv::demo();
        env.write("MRESXP/MRInit.conf", "x");
        refused(&env, "MRESXP", &["MRInit.conf and mrinit.conf differ in case alone"]);
    }

    #[test]
    fn of_mrinit_conf_in_a_component() {
        let env = TestEnv::demo();
        env.write("MRESXP/rms/MRInit.conf", "x");
        env.write("MRESXP/rms/mrinit.conf", "x");
        refused(&env, "MRESXP", &["MRESXP/rms: ", "MRInit.conf and mrinit.conf differ in case alone"]);
    }

    #[test]
    fn of_a_catalog() {
        let env = TestEnv::demo();
        env.write("MRESXP/CIDSYNC.UPD", env.read("MRESXP/cidsync.upd"));
        refused(&env, "MRESXP", &["CIDSYNC.UPD and cidsync.upd differ in case alone"]);
    }

    #[test]
    fn of_a_file_deep_in_the_tree() {
        let env = TestEnv::demo();
        env.write("MRESXP/savxp/data/THREATS-1.ide", "x");
        env.run("catalog verify MRESXP").expect(3).says("fault (case-conflict)").says("THREATS-1.ide");
        env.refuses(1, "catalog create MRESXP --replace").complains("differ in case alone");
    }
}

#[cfg(unix)]
mod links {
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::support::{check_cid, layout::crc32};

    /// A CID in which `path` has been moved out of it, with a link in its place.
    fn moved_out(path: &str) -> TestEnv {
        let env = TestEnv::demo();
        fs::create_dir(env.path("outside")).unwrap();
        fs::rename(env.path("MRESXP").join(path), env.path("outside/it")).unwrap();
        symlink(env.path("outside/it"), env.path("MRESXP").join(path)).unwrap();
        env
    }

    #[test]
    fn out_of_the_cid() {
        for path in ["rms", "rms/agent.dll", "mrinit.conf", "cac.pem", "cidsync.upd", "rms/cidsync.upd", "savxp/data"] {
            let env = moved_out(path);
            for line in &commands("MRESXP")[..2] {
                env.refuses(1, line).complains(&format!("MRESXP/{path}: ")).complains("link leads out of the CID");
            }
            env.refuses(1, "clone MRESXP NEW").complains(&format!("MRESXP/{path}: ")).complains("link");
        }
    }

    #[test]
    fn out_of_the_cid_by_a_relative_path() {
        let env = TestEnv::demo();
        env.write("outside.conf", configcid::DemoCid::default().mrinit());
        symlink("../../outside.conf", env.path("MRESXP/rms/mrinit.conf")).unwrap();
        refused(&env, "MRESXP", &["MRESXP/rms/mrinit.conf: ", "link"]);
    }

    #[test]
    fn to_a_folder_whose_name_begins_like_the_cids() {
        let env = TestEnv::demo();
        env.cid("MRESXP2", configcid::DemoCid::default());
        symlink(env.path("MRESXP2/mrinit.conf"), env.path("MRESXP/rms/mrinit.conf")).unwrap();
        refused(&env, "MRESXP", &["MRESXP/rms/mrinit.conf: ", "link"]);
    }

    #[test]
    fn to_nowhere_and_to_themselves() {
        for target in ["nowhere", "mrinit.conf", "/nowhere/at/all"] {
            let env = TestEnv::demo();
            symlink(target, env.path("MRESXP/rms/mrinit.conf")).unwrap();
            refused(&env, "MRESXP", &["MRESXP/rms/mrinit.conf: "]);
        }
    }

    #[test]
    fn inside_the_cid_are_read_through_and_never_written_through() {
        let env = TestEnv::demo();
        symlink("../mrinit.conf", env.path("MRESXP/rms/mrinit.conf")).unwrap();
        env.refuses(1, &format!("relay set MRESXP {RELAY}"))
            .complains("MRESXP/rms/mrinit.conf: ")
            .complains("configcid writes through none");
        env.run("MRESXP").ok().says("Adding entry for \\rms\\mrinit.conf (464 bytes");
        check_cid_with_links(&env);
    }

    /// The checker sees files alone: give it a copy with a file in the link's place.
    fn check_cid_with_links(env: &TestEnv) {
        env.remove("MRESXP/rms/mrinit.conf");
        env.write("MRESXP/rms/mrinit.conf", env.read("MRESXP/mrinit.conf"));
        check_cid(&env.path("MRESXP"), crc32);
    }

    #[test]
    fn a_component_that_is_a_link_inside_the_cid() {
        let env = TestEnv::demo();
        fs::rename(env.path("MRESXP/rms"), env.path("MRESXP/real")).unwrap();
        symlink("real", env.path("MRESXP/rms")).unwrap();
        env.refuses(1, &format!("relay set MRESXP {RELAY}")).complains("MRESXP/rms").complains("link");
    }

    #[test]
    fn the_cid_itself_may_be_one() {
        let env = TestEnv::demo();
        symlink("MRESXP", env.path("LINK")).unwrap();
        env.run(&format!("relay set LINK {RELAY}")).ok();
        check_cid(&env.path("MRESXP"), crc32);
        assert!(env.path("LINK").symlink_metadata().unwrap().is_symlink());
    }

    #[test]
    fn a_single_file_that_is_one() {
        let env = TestEnv::demo();
        symlink("MRESXP/mrinit.conf", env.path("link.conf")).unwrap();
        env.refuses(1, &format!("mrinit set link.conf {RELAY}")).complains("link.conf");
    }
}

#[cfg(unix)]
mod devices {
    use std::process::Command;

    use super::*;

    fn make_fifo(env: &TestEnv, path: &str) {
        let _ = fs::remove_file(env.path(path));
        assert!(Command::new("mkfifo").arg(env.path(path)).status().unwrap().success());
    }

    #[test]
    fn a_fifo_in_place_of_a_file_stops_nothing() {
        for path in [
            "MRESXP/mrinit.conf",
            "MRESXP/rms/mrinit.conf",
            "MRESXP/cidsync.upd",
            "MRESXP/rms/cidsync.upd",
            "MRESXP/stamp",
        ] {
            let env = TestEnv::demo();
            make_fifo(&env, path);
            refused(&env, "MRESXP", &[&format!("{path}: ")]);
            env.refuses(1, "catalog create MRESXP --replace").complains(path);
        }
    }

    #[test]
    fn a_fifo_in_place_of_a_file_of_the_vendor() {
        let env = TestEnv::demo();
        make_fifo(&env, "MRESXP/rms/agent.dll");
        for line in &commands("MRESXP")[..2] {
            env.refuses(1, line).complains("\\rms\\agent.dll is no file");
        }
        env.refuses(1, "clone MRESXP NEW").complains("MRESXP/rms/agent.dll: ");
        env.run("catalog verify MRESXP").expect(3).says("fault (not-a-file): \\rms\\agent.dll");
    }

    #[test]
    fn a_fifo_as_the_one_file() {
        let env = TestEnv::new();
        make_fifo(&env, "mrinit.conf");
        env.refuses(1, "mrinit show mrinit.conf").complains("mrinit.conf: this is no file");
        env.refuses(1, &format!("mrinit set mrinit.conf {RELAY}")).complains("mrinit.conf: this is no file");
    }
}
