//! Disks that are full, read-only, or changed by others meanwhile: the CID stays as it was, or is put back.

use std::fs;

use crate::support::TestEnv;
use configcid::{Cid, DemoCid, ErrorKind, Plan, RefreshOptions, RelayAddress, RelaySetup, refresh, relay};

fn setup() -> RelaySetup {
    RelaySetup::new(RelayAddress::new(Some("10.1.200.65"), None, Some("MR")).unwrap())
}

/// A relay plan for the demo CID, made before `change` is.
fn plan_then(change: impl FnOnce(&TestEnv)) -> (TestEnv, Plan) {
    let env = TestEnv::with(DemoCid { rms9x: true, ..DemoCid::default() });
    env.write("MRESXP/rms9x/mrinit.conf", DemoCid::default().mrinit());
    let plan = relay::set(&Cid::open(env.path("MRESXP")).unwrap(), &setup()).unwrap();
    assert_eq!(plan.changes().len(), 5);
    change(&env);
    (env, plan)
}

/// Asserts that the plan is refused since `file` changed, and that nothing else does then.
#[track_caller]
fn refused(env: &TestEnv, plan: &Plan, kind: ErrorKind, file: &str) {
    let before = env.snapshot();
    let error = plan.apply().unwrap_err();
    assert_eq!((error.kind(), error.path()), (kind, Some(env.path(file).as_path())), "{error}");
    assert_eq!(env.snapshot(), before, "{error}");
}

#[test]
fn a_file_that_changed_since_the_plan_was_made() {
    for file in ["MRESXP/rms9x/mrinit.conf", "MRESXP/rms/cidsync.upd", "MRESXP/cidsync.upd"] {
        let (env, plan) = plan_then(|env| env.edit(file, |bytes| [&bytes[..], b"\n"].concat()));
        refused(&env, &plan, ErrorKind::Changed, file);
    }
}

#[test]
fn a_file_that_appeared_since_the_plan_was_made() {
    let (env, plan) = plan_then(|env| env.write("MRESXP/rms/mrinit.conf", ""));
    refused(&env, &plan, ErrorKind::Changed, "MRESXP/rms/mrinit.conf");
}

#[test]
fn a_file_that_went_since_the_plan_was_made() {
    for file in ["MRESXP/rms9x/mrinit.conf", "MRESXP/cidsync.upd"] {
        let (env, plan) = plan_then(|env| env.remove(file));
        refused(&env, &plan, ErrorKind::Changed, file);
    }
}

#[test]
fn a_folder_that_appeared_since_the_plan_was_made() {
    let (env, plan) = plan_then(|env| fs::create_dir(env.path("MRESXP/rms/mrinit.conf")).unwrap());
    refused(&env, &plan, ErrorKind::Io, "MRESXP/rms/mrinit.conf");
}

#[test]
fn a_folder_that_went_since_the_plan_was_made() {
    let (env, plan) = plan_then(|env| fs::rename(env.path("MRESXP/rms"), env.path("elsewhere")).unwrap());
    let before = env.snapshot();
    plan.apply().unwrap_err();
    assert_eq!(env.snapshot(), before);
}

#[cfg(unix)]
#[test]
fn a_link_that_appeared_since_the_plan_was_made() {
    let (env, plan) = plan_then(|env| {
        fs::rename(env.path("MRESXP/rms9x/mrinit.conf"), env.path("MRESXP/rms9x/real")).unwrap();
        std::os::unix::fs::symlink("real", env.path("MRESXP/rms9x/mrinit.conf")).unwrap();
    });
    refused(&env, &plan, ErrorKind::Link, "MRESXP/rms9x/mrinit.conf");
}

#[test]
fn what_is_carried_out_is_carried_out_once() {
    let (env, plan) = plan_then(|_| ());
    assert_eq!(plan.apply().unwrap().files, 5);
    refused(&env, &plan, ErrorKind::Changed, "MRESXP");
    let again = refresh(&Cid::open(env.path("MRESXP")).unwrap(), &RefreshOptions::default()).unwrap();
    assert!(again.is_empty());
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::PermissionsExt;
    use std::process::Command;

    use super::*;
    use crate::support::{Output, RELAY, RELAY_LIST, check_cid, layout::crc32, snapshot_tree};

    fn is_root() -> bool {
        rustix::process::geteuid().is_root()
    }

    fn chmod(env: &TestEnv, path: &str, mode: u32) {
        fs::set_permissions(env.path(path), fs::Permissions::from_mode(mode)).unwrap();
    }

    /// Runs the program as one whom permissions bind: root gives up its right to pass them by.
    fn run_bound(env: &TestEnv, line: &str) -> Output {
        let binary = env!("CARGO_BIN_EXE_configcid");
        let command = if is_root() {
            let mut command = Command::new("setpriv");
            command.args(["--bounding-set=-dac_override,-dac_read_search", binary]);
            command
        } else {
            Command::new(binary)
        };
        let mut command = env.clean(command);
        command.args(line.split(' '));
        env.finish(command)
    }

    #[test]
    fn a_folder_that_may_not_be_written() {
        for folder in ["MRESXP", "MRESXP/rms"] {
            let env = TestEnv::demo();
            chmod(&env, folder, 0o555);
            let before = env.snapshot();
            run_bound(&env, &format!("relay set MRESXP {RELAY}"))
                .expect(1)
                .complains(&format!("error: {folder}"))
                .complains("Permission denied")
                .complains("nothing was changed");
            assert_eq!(env.snapshot(), before);
            chmod(&env, folder, 0o755);
            run_bound(&env, &format!("relay set MRESXP {RELAY}")).ok();
        }
    }

    #[test]
    fn a_folder_that_may_not_be_written_and_needs_not_be() {
        let env = TestEnv::demo();
        for folder in ["MRESXP/rms", "MRESXP"] {
            chmod(&env, folder, 0o555);
        }
        run_bound(&env, "MRESXP").ok().says("Nothing to do");
        run_bound(&env, "catalog verify MRESXP").ok().says("No faults");
        run_bound(&env, &format!("relay set MRESXP {RELAY} --dry-run")).ok().says("Dry run");
        for folder in ["MRESXP", "MRESXP/rms"] {
            chmod(&env, folder, 0o755);
        }
    }

    #[test]
    fn files_and_folders_that_may_not_be_read() {
        for path in ["MRESXP/mrinit.conf", "MRESXP/cidsync.upd", "MRESXP/rms/cidsync.upd", "MRESXP/rms"] {
            let env = TestEnv::demo();
            let before = env.snapshot();
            chmod(&env, path, 0);
            let output = run_bound(&env, &format!("relay set MRESXP {RELAY}"));
            chmod(&env, path, if path.ends_with("rms") { 0o755 } else { 0o644 });
            output.expect(1).complains(path).complains("Permission denied");
            assert_eq!(env.snapshot(), before);
        }
    }

    #[test]
    fn a_cid_that_may_not_be_written_is_cloned_with_its_permissions() {
        let env = TestEnv::demo();
        chmod(&env, "MRESXP/rms/agent.dll", 0o400);
        chmod(&env, "MRESXP/rms", 0o555);
        run_bound(&env, "clone MRESXP NEW").ok();
        assert_eq!(snapshot_tree(&env.path("NEW")), snapshot_tree(&env.path("MRESXP")));
        for folder in ["MRESXP/rms", "NEW/rms"] {
            chmod(&env, folder, 0o755);
        }
    }

    /// Files that may not grow stand in for a disk that may not: this works on every system.
    #[test]
    fn a_write_that_fails() {
        for line in ["MRESXP", &format!("relay set MRESXP {RELAY}"), "clone MRESXP NEW"] {
            let env = TestEnv::demo();
            env.write("MRESXP/stamp", "new");
            let before = env.snapshot();
            let mut shell = env.clean(Command::new("sh"));
            shell.args(["-c", "trap '' XFSZ; ulimit -f 0; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_configcid")]);
            shell.args(line.split(' '));
            env.finish(shell).expect(1).complains("MRESXP/").complains("File too large");
            assert_eq!(env.snapshot(), before, "{line}");
        }
    }

    /// Runs a shell script in a mount namespace of its own, where it may mount what it likes; `$0` is the program.
    /// Whatever it mounts is gone at its end.
    #[cfg(target_os = "linux")]
    fn run_with_mounts(env: &TestEnv, script: &str, line: &str) -> Output {
        let mut command = Command::new("unshare");
        command.args(if is_root() { &["--mount"][..] } else { &["--mount", "--map-root-user"] });
        command.args(["sh", "-ec", script, env!("CARGO_BIN_EXE_configcid")]).args(line.split(' '));
        env.finish(env.clean(command))
    }

    /// Whether this machine lets tests mount. A container may not; the test says so and what it leaves out.
    #[cfg(target_os = "linux")]
    fn can_mount(left_out: &str) -> bool {
        let env = TestEnv::new();
        let mut probe = env.clean(Command::new("unshare"));
        probe.args(if is_root() { &["--mount"][..] } else { &["--mount", "--map-root-user"] });
        probe.args(["sh", "-ec", "mount -t tmpfs none ."]);
        let can = probe.output().is_ok_and(|output| output.status.success());
        if !can {
            eprintln!("NOT TESTED, since this machine allows no mount namespaces: {left_out}");
        }
        can
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk() {
        if !can_mount("a full disk; a limit on the size of files stands in for it") {
            return;
        }
        // A disk with this many pages left; each file to write takes one.
        let script = |pages: u32| {
            format!(
                "mkdir disk; mount -t tmpfs -o size=1m none disk; cp -a MRESXP disk/; cd disk
                dd if=/dev/zero of=filler bs=4096 2>/dev/null || true
                truncate -s -{} filler
                code=0; \"$0\" \"$@\" || code=$?
                rm filler; cd ..; cp -a disk/MRESXP AFTER; cp -a disk AFTER-ALL; exit $code",
                pages * 4096
            )
        };
        for pages in (0..).step_by(3) {
            let env = TestEnv::demo();
            let before = snapshot_tree(&env.path("MRESXP"));
            let output = run_with_mounts(&env, &script(pages), &format!("relay set MRESXP {RELAY}"));
            let names = fs::read_dir(env.path("AFTER-ALL")).unwrap().count();
            assert_eq!(names, 1, "something is left beside the CID\n{output}");
            let after = snapshot_tree(&env.path("AFTER"));
            if output.code == 0 {
                assert!(pages > 3, "three files are written, each with a page of its own");
                check_cid(&env.path("AFTER"), crc32);
                assert!(env.text("AFTER/rms/mrinit.conf").contains(RELAY_LIST));
                break;
            }
            output
                .expect(1)
                .complains("error: MRESXP")
                // Without a single page there is no room for the lock, and nobody looks further.
                .complains(if pages == 0 { "No space left on device" } else { "bytes free, and the change needs" })
                .complains("nothing was changed");
            assert_eq!(after, before, "{pages} pages");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_disk_too_small_for_a_clone() {
        if !can_mount("a clone to a full disk") {
            return;
        }
        let env = TestEnv::demo();
        let before = env.snapshot();
        let script = "mkdir disk; mount -t tmpfs -o size=32k none disk
            code=0; \"$0\" \"$@\" || code=$?
            test -z \"$(ls -A disk)\"; umount disk; rmdir disk; exit $code";
        run_with_mounts(&env, script, "clone MRESXP disk/NEW").expect(1).complains("No space left on device");
        assert_eq!(env.snapshot(), before);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_read_only_disk() {
        if !can_mount("a read-only disk; folders without the right to write stand in for it") {
            return;
        }
        let env = TestEnv::demo();
        let before = env.snapshot();
        let script = "mount --bind MRESXP MRESXP; mount -o remount,bind,ro MRESXP; exec \"$0\" \"$@\"";
        let line = format!("relay set MRESXP {RELAY}");
        run_with_mounts(&env, script, &line).expect(1).complains("error: MRESXP/").complains("Read-only file system");
        run_with_mounts(&env, script, "MRESXP").ok().says("Nothing to do");
        assert_eq!(env.snapshot(), before);
    }

    /// A file that is a mount point cannot be replaced: so the last step fails when the others are done.
    #[cfg(target_os = "linux")]
    #[test]
    fn what_was_done_is_undone_where_a_later_step_fails() {
        if !can_mount("taking back what was done where a later step fails") {
            return;
        }
        let env = TestEnv::with(DemoCid { rms9x: true, ..DemoCid::default() });
        env.write("MRESXP/rms9x/mrinit.conf", DemoCid::default().mrinit());
        chmod(&env, "MRESXP/rms9x/mrinit.conf", 0o640);
        for file in ["MRESXP/cidsync.upd", "MRESXP/rms9x/cidsync.upd", "MRESXP/rms9x/mrinit.conf"] {
            let before = env.snapshot();
            run_with_mounts(
                &env,
                &format!("mount --bind {file} {file}; exec \"$0\" \"$@\""),
                &format!("relay set MRESXP {RELAY}"),
            )
            .expect(1)
            .complains(&format!("error: {file}: "))
            .complains("nothing was changed");
            assert_eq!(env.snapshot(), before, "{file}");
        }
        env.run(&format!("relay set MRESXP {RELAY}")).ok();
        check_cid(&env.path("MRESXP"), crc32);
    }
}
