use super::*;
use crate::DemoCid;

/// A handle on a demo CID, closed in the end.
struct Demo {
    folder: tempfile::TempDir,
    cid: *mut configcid_cid,
}

impl Demo {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("MRESXP");
        DemoCid::default().write(&path).unwrap();
        let mut cid = ptr::null_mut();
        let path = text(path.to_str().unwrap());
        assert_eq!(unsafe { configcid_open(path.as_ptr(), &mut cid) }, CONFIGCID_DONE);
        Self { folder, cid }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("MRESXP")
    }

    fn error(&self) -> String {
        taken(unsafe { configcid_error(self.cid) })
    }

    fn report(&self) -> serde_json::Value {
        serde_json::from_str(&taken(unsafe { configcid_report(self.cid) })).unwrap()
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        unsafe { configcid_close(self.cid) }
    }
}

fn text(text: &str) -> CString {
    CString::new(text).unwrap()
}

fn wide(text: &str) -> Vec<u16> {
    text.encode_utf16().chain([0]).collect()
}

/// A text that was given out, freed.
fn taken(text: *mut c_char) -> String {
    let owned = unsafe { CStr::from_ptr(text) }.to_str().unwrap().to_owned();
    unsafe { configcid_free_text(text) };
    owned
}

unsafe extern "C" fn keep(context: *mut c_void, level: i32, line: *const c_char) {
    let lines = unsafe { &mut *context.cast::<Vec<(i32, String)>>() };
    lines.push((level, unsafe { CStr::from_ptr(line) }.to_str().unwrap().to_owned()));
}

#[test]
fn status_codes_are_exit_codes() {
    for (status, exit) in [
        (CONFIGCID_DONE, Exit::Done),
        (CONFIGCID_FAILED, Exit::Failed),
        (CONFIGCID_USAGE, Exit::Usage),
        (CONFIGCID_FAULTS, Exit::Faults),
    ] {
        assert_eq!(status, exit as Status);
    }
}

#[test]
fn a_panic_becomes_a_status_and_the_handle_lives_on() {
    let demo = Demo::new();
    assert_eq!(on(demo.cid, |_| panic!("made for this test")), CONFIGCID_FAILED);
    assert_eq!(demo.error(), "internal error: the call was broken off");
    assert_eq!(taken(unsafe { configcid_report(demo.cid) }), "");
    assert_eq!(unsafe { configcid_verify(demo.cid) }, CONFIGCID_DONE);
    assert_eq!(demo.error(), "");
}

#[test]
fn a_panic_while_opening_becomes_a_status_with_an_error() {
    struct Bad;
    impl Text for Bad {
        fn text(self) -> Result<Option<String>> {
            panic!("made for this test")
        }
        fn path(self) -> Result<Option<PathBuf>> {
            panic!("made for this test")
        }
    }
    let mut cid = ptr::null_mut();
    assert_eq!(open(Bad, &mut cid), CONFIGCID_FAILED);
    assert_eq!(taken(unsafe { configcid_error(cid) }), "internal error: the call was broken off");
    unsafe { configcid_close(cid) };
}

#[test]
fn a_log_function_that_calls_back_gets_a_status_and_no_deadlock() {
    unsafe extern "C" fn call_back(context: *mut c_void, _: i32, _: *const c_char) {
        let (cid, seen) = unsafe { &mut *context.cast::<(*mut configcid_cid, Vec<Status>)>() };
        seen.push(unsafe { configcid_verify(*cid) });
        assert_eq!(taken(unsafe { configcid_error(*cid) }), "");
    }
    let demo = Demo::new();
    let mut context = (demo.cid, Vec::<Status>::new());
    unsafe { configcid_log(demo.cid, Some(call_back), (&raw mut context).cast()) };
    assert_eq!(unsafe { configcid_refresh(demo.cid, 1 << 31) }, CONFIGCID_USAGE);
    assert_eq!(context.1, [CONFIGCID_USAGE]);
    assert_eq!(unsafe { configcid_verify(demo.cid) }, CONFIGCID_DONE);
}

#[test]
fn flags_that_mean_nothing_to_a_call_are_refused() {
    let demo = Demo::new();
    for flags in [64, 1 << 31, CONFIGCID_EDIT_ROOT, CONFIGCID_FROM_ROOT | CONFIGCID_DRY_RUN] {
        assert_eq!(unsafe { configcid_refresh(demo.cid, flags) }, CONFIGCID_USAGE, "{flags}");
        assert!(demo.error().contains("flags"), "{}", demo.error());
        assert_eq!(demo.report()["error"]["kind"], "usage");
    }
    for flags in [64, 1 << 31] {
        let ip = text("10.1.200.65");
        let set = unsafe { configcid_relay_set(demo.cid, ip.as_ptr(), ptr::null(), ptr::null(), flags) };
        assert_eq!(set, CONFIGCID_USAGE, "{flags}");
    }
    assert_eq!(unsafe { configcid_refresh(demo.cid, CONFIGCID_DRY_RUN | CONFIGCID_BREAK_LOCK) }, CONFIGCID_DONE);
}

#[test]
fn a_relay_is_set_up_reported_and_logged() {
    let demo = Demo::new();
    let mut lines: Vec<(i32, String)> = Vec::new();
    unsafe { configcid_log(demo.cid, Some(keep), (&raw mut lines).cast()) };
    let (ip, empty) = (text("10.1.200.65"), text(""));
    let set = || unsafe { configcid_relay_set(demo.cid, ip.as_ptr(), empty.as_ptr(), ptr::null(), 0) };
    assert_eq!(set(), CONFIGCID_DONE);
    assert_eq!(demo.report()["cids"][0]["status"], "changed");
    assert_eq!(demo.report()["cids"][0]["cid"], demo.path().to_str().unwrap());
    assert!(lines.iter().any(|(level, line)| *level == CONFIGCID_LOG_INFO && line.contains(r"\rms\mrinit.conf")));
    assert_eq!(set(), CONFIGCID_DONE);
    assert_eq!(demo.report()["cids"][0]["status"], "unchanged");
}

#[test]
fn what_a_dead_writer_left_is_ended_and_logged() {
    let demo = Demo::new();
    let lock = demo.path().join(".configcid-lock");
    std::fs::write(&lock, "not a lock of ours").unwrap();
    let (wait, none) = (text("wait"), text("0"));
    assert_eq!(unsafe { configcid_set(demo.cid, wait.as_ptr(), none.as_ptr()) }, CONFIGCID_DONE);
    let mut lines: Vec<(i32, String)> = Vec::new();
    unsafe { configcid_log(demo.cid, Some(keep), (&raw mut lines).cast()) };
    std::fs::write(demo.path().join("customer_ID.txt"), "Acme").unwrap();
    assert_eq!(unsafe { configcid_refresh(demo.cid, 0) }, CONFIGCID_FAILED);
    assert_eq!(demo.report()["cids"][0]["error"]["kind"], "locked");
    assert_eq!(unsafe { configcid_refresh(demo.cid, CONFIGCID_BREAK_LOCK) }, CONFIGCID_DONE, "{}", demo.error());
    assert!(lines.iter().any(|(level, line)| *level == CONFIGCID_LOG_WARNING && line.contains("lock")), "{lines:?}");
}

#[test]
fn faults_have_a_sentence() {
    let demo = Demo::new();
    std::fs::write(demo.path().join("rms/agent.dll"), "short").unwrap();
    assert_eq!(unsafe { configcid_verify(demo.cid) }, CONFIGCID_FAULTS);
    assert_eq!(demo.report()["exit_code"], CONFIGCID_FAULTS);
    assert!(demo.error().contains("agent.dll"), "{:?}", demo.error());
}

#[test]
fn texts_that_are_none_are_refused() {
    let demo = Demo::new();
    let (latin, half) = ([0xE4_u8, 0], [0xD800_u16, 0]);
    let set = unsafe { configcid_relay_set(demo.cid, latin.as_ptr().cast(), ptr::null(), ptr::null(), 0) };
    assert_eq!((set, demo.error().as_str()), (CONFIGCID_USAGE, "a text is not UTF-8"));
    let set = unsafe { configcid_relay_set_w(demo.cid, half.as_ptr(), ptr::null(), ptr::null(), 0) };
    assert_eq!((set, demo.error().as_str()), (CONFIGCID_USAGE, "a text is not UTF-16"));
    let set = unsafe { configcid_relay_set(demo.cid, ptr::null(), ptr::null(), ptr::null(), 0) };
    assert_eq!(set, CONFIGCID_USAGE);
    assert_eq!(unsafe { configcid_set(demo.cid, ptr::null(), ptr::null()) }, CONFIGCID_USAGE);
}

#[test]
fn options_are_checked() {
    let demo = Demo::new();
    for (name, value, status) in [
        ("checksum", "crc32", CONFIGCID_DONE),
        ("checksum", "crc-16", CONFIGCID_USAGE),
        ("customer-file", "Notes.TXT", CONFIGCID_DONE),
        ("customer-file", "a/b", CONFIGCID_USAGE),
        ("program-timeout", "60", CONFIGCID_DONE),
        ("program-timeout", "-1", CONFIGCID_USAGE),
        ("program-timeout", "0", CONFIGCID_USAGE),
        ("in-place", "yes", CONFIGCID_USAGE),
        ("refresh-with", "ConfigCID.exe", CONFIGCID_DONE),
        ("in-place", "yes", CONFIGCID_DONE),
        ("in-place", "no", CONFIGCID_DONE),
        ("in-place", "1", CONFIGCID_USAGE),
        ("program-arg", "-x y", CONFIGCID_DONE),
        ("program-copy", "whole", CONFIGCID_DONE),
        ("program-copy", "half", CONFIGCID_USAGE),
        ("temp", "rooms", CONFIGCID_DONE),
        ("check", "all", CONFIGCID_DONE),
        ("check", "some", CONFIGCID_USAGE),
        ("unlist-own", "yes", CONFIGCID_DONE),
        ("wait", "soon", CONFIGCID_USAGE),
        ("color", "blue", CONFIGCID_USAGE),
    ] {
        let (name, value) = (text(name), text(value));
        let set = unsafe { configcid_set(demo.cid, name.as_ptr(), value.as_ptr()) };
        assert_eq!(set, status, "{name:?} {value:?}: {}", demo.error());
    }
}

#[test]
fn texts_go_out_whole_and_come_back() {
    for sample in ["", "Jörg 😀", "a\0b"] {
        let out = sample.replace('\0', " ");
        assert_eq!(taken(give(sample)), out);
        let given = give_w(sample);
        assert_eq!(String::from_utf16(units(given).unwrap()).unwrap(), out);
        unsafe { configcid_free_text_w(given) };
    }
}

#[test]
fn the_message_of_one_call_says_what_was_done_and_fits() {
    let demo = Demo::new();
    let path = wide(demo.path().to_str().unwrap());
    let ip = wide("10.1.200.65");
    let set_up = |path: &[u16], flags: u32, capacity: usize| {
        let mut room = [0xFFFF_u16; 300];
        let null = ptr::null();
        let status = unsafe {
            configcid_set_up_relay_w(path.as_ptr(), ip.as_ptr(), null, null, flags, room.as_mut_ptr(), capacity)
        };
        assert!(room[capacity..].iter().all(|&unit| unit == 0xFFFF), "beyond {capacity}");
        (status, room.iter().position(|&unit| unit == 0).map(|end| String::from_utf16(&room[..end]).unwrap()))
    };
    let (status, message) = set_up(&path, CONFIGCID_DRY_RUN, 200);
    assert_eq!(status, CONFIGCID_DONE);
    assert!(message.unwrap().contains("dry run"));
    let done = "The endpoints of this CID report to the relay.";
    assert_eq!(set_up(&path, 0, 200), (CONFIGCID_DONE, Some(done.to_owned())));
    assert_eq!(set_up(&path, 0, 5), (CONFIGCID_DONE, Some("The ".to_owned())));
    assert_eq!(set_up(&path, 0, 1), (CONFIGCID_DONE, Some(String::new())));
    assert_eq!(set_up(&path, 0, 0), (CONFIGCID_DONE, None));
    let (status, message) = set_up(&wide("/no/such/😀"), 0, 11);
    assert_eq!((status, message.as_deref()), (CONFIGCID_FAILED, Some("/no/such/")), "no half of a pair");
}

#[test]
fn null_is_no_handle() {
    let null = ptr::null_mut();
    unsafe {
        assert_eq!(configcid_open(ptr::null(), ptr::null_mut()), CONFIGCID_USAGE);
        assert_eq!(configcid_log(null, None, ptr::null_mut()), CONFIGCID_USAGE);
        assert_eq!(configcid_refresh(null, 0), CONFIGCID_USAGE);
        assert_eq!(configcid_verify(null), CONFIGCID_USAGE);
        assert_eq!(taken(configcid_error(null)), "");
        configcid_close(null);
        configcid_free_text(ptr::null_mut());
        configcid_free_text_w(ptr::null_mut());
    }
}

#[test]
fn options_reach_the_work() {
    // A file of the vendor's that is damaged, and of the right size: only who looks at all contents finds it.
    let demo = Demo::new();
    std::fs::write(demo.path().join("customer_ID.txt"), "Acme").unwrap();
    let own = demo.path().join("savxp").join("engine.dll");
    let mut bytes = std::fs::read(&own).unwrap();
    bytes[0] ^= 1;
    std::fs::write(&own, bytes).unwrap();
    let (check, all) = (text("check"), text("all"));
    assert_eq!(unsafe { configcid_set(demo.cid, check.as_ptr(), all.as_ptr()) }, CONFIGCID_DONE);
    assert_eq!(unsafe { configcid_refresh(demo.cid, CONFIGCID_DRY_RUN) }, CONFIGCID_FAILED);
    assert!(demo.error().contains("engine.dll"), "{}", demo.error());
    // A program that is not there, and is to be run on the CID itself.
    let demo = Demo::new();
    std::fs::write(demo.path().join("customer_ID.txt"), "Acme").unwrap();
    for (name, value) in [("refresh-with", "./nowhere"), ("in-place", "yes")] {
        let (name, value) = (text(name), text(value));
        assert_eq!(unsafe { configcid_set(demo.cid, name.as_ptr(), value.as_ptr()) }, CONFIGCID_DONE);
    }
    assert_eq!(unsafe { configcid_refresh(demo.cid, 0) }, CONFIGCID_FAILED);
    assert!(demo.error().contains("nowhere"), "{}", demo.error());
}
