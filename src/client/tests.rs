use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fs;

use super::*;
use crate::base::error::{Error, ErrorKind};
use crate::demo::DemoCid;
use crate::envelopes::ROUTER;
use crate::host::services::ServiceState;
use crate::mrinit::Mrinit;
use crate::relay::read_file;
use crate::router::{CheckState, RouterView};

const RELAY: &str = "10.1.200.65,MRComputer.Sales.Acme,MRComputer";
const SERVER: &str = "Server.Sales.Acme,SERVER";
const SHORT: Duration = Duration::from_millis(20);

/// How the set-up program behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Program {
    Works,
    Fails,
    Hangs,
    /// It writes another parent into the registry.
    WritesAnother,
    /// It writes what is right, and then fails.
    WritesAndFails,
    /// It does nothing at all.
    Idles,
}

/// A made-up endpoint: a folder, a registry, a service, a program.
struct Made {
    dir: tempfile::TempDir,
    registry: RefCell<BTreeMap<String, Value>>,
    state: Cell<Option<ServiceState>>,
    program: Program,
    /// The service that ignores this, each time that it is asked.
    ignores: Option<&'static str>,
    asked: RefCell<Vec<String>>,
    /// Ends after so many looks.
    ends_after: Cell<u32>,
    /// Nothing can be written into the registry.
    read_only: bool,
}

/// Files, registry, service.
type Snapshot = (BTreeMap<String, Vec<u8>>, BTreeMap<String, Value>, Option<ServiceState>);

fn conf(relay: &str) -> Mrinit {
    let mut conf = Mrinit::parse(DemoCid::default().mrinit().into_bytes());
    let _ = conf.set("ParentRouterAddress", relay).unwrap();
    conf
}

impl Made {
    /// One that reports to the server.
    fn new(program: Program) -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("MRInit.conf"), conf(SERVER).bytes()).unwrap();
        fs::write(dir.path().join(SETUP_PROGRAM), "").unwrap();
        let registry = BTreeMap::from([
            ("ParentAddress".to_owned(), Value::String(SERVER.to_owned())),
            ("ConnectionCache".to_owned(), Value::Dword(10)),
        ]);
        Self {
            dir,
            registry: RefCell::new(registry),
            state: Cell::new(Some(ServiceState::Running)),
            program,
            ignores: None,
            asked: RefCell::default(),
            ends_after: Cell::new(u32::MAX),
            read_only: false,
        }
    }

    fn folder(&self) -> &Path {
        self.dir.path()
    }

    /// All files but for a lock, and all else that can change.
    fn snapshot(&self) -> Snapshot {
        let files = fs::read_dir(self.folder()).unwrap().map(|entry| entry.unwrap());
        let files = files.map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap()));
        (files.collect(), self.registry.borrow().clone(), self.state.get())
    }

    fn plan(&self, wanted: &Wanted) -> Result<ClientPlan> {
        ClientPlan::new(self.folder(), wanted, &self.router().unwrap(), None)
    }

    fn host<T>(&self, run: impl FnOnce(&Host<'_>) -> T) -> T {
        let is_ended = || {
            self.ends_after.set(self.ends_after.get().saturating_sub(1));
            self.ends_after.get() == 0
        };
        run(&Host {
            endpoint: self,
            bounds: Bounds { program: SHORT, service: SHORT, parent: SHORT },
            is_ended: &is_ended,
            tell: &|_| {},
        })
    }

    fn carry_out(&self, wanted: &Wanted) -> Done {
        let plan = self.plan(wanted).unwrap();
        self.host(|host| carry_out(&plan, host)).unwrap()
    }

    fn undo(&self) -> Result<Done> {
        self.host(|host| undo(self.folder(), host))
    }

    fn parent(&self) -> Option<String> {
        self.registry.borrow().get("ParentAddress").and_then(Value::text).map(str::to_owned)
    }

    fn installed(&self) -> Mrinit {
        read_file(&self.folder().join("MRInit.conf")).unwrap()
    }
}

impl Endpoint for Made {
    fn router(&self) -> Result<Router> {
        let values = self.registry.borrow().iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        Ok(Router { views: vec![RouterView { view: RegistryView::Bits32, present: true, values }] })
    }

    fn set(&self, _: RegistryView, name: &str, value: Option<&Value>) -> Result<()> {
        if self.read_only {
            return Err(Error::new(ErrorKind::Io, "the registry cannot be written"));
        }
        let mut registry = self.registry.borrow_mut();
        match value {
            Some(value) => registry.insert(name.to_owned(), value.clone()),
            None => registry.remove(name),
        };
        Ok(())
    }

    fn run(&self, program: &Path, _: Duration) -> Result<()> {
        self.asked.borrow_mut().push("run".to_owned());
        let folder = program.parent().unwrap();
        // As the real one: what is called .orig wins.
        let file =
            ["mrinit.conf.orig", "MRInit.conf"].map(|name| folder.join(name)).into_iter().find(|file| file.is_file());
        let list = read_file(&file.unwrap())?.text("ParentRouterAddress")?.to_owned();
        let write = |list: &str| {
            let mut registry = self.registry.borrow_mut();
            registry.insert("ParentAddress".to_owned(), Value::String(list.to_owned()));
            registry.insert("Added".to_owned(), Value::Dword(1));
            registry.remove("ConnectionCache");
        };
        let failed = |what: &str| Err(Error::new(ErrorKind::Program, what));
        match self.program {
            Program::Works => write(&list),
            Program::Fails => return failed("the program failed (exit code: 5)"),
            Program::Hangs => return failed("the program did not end within 1 seconds and was stopped"),
            Program::WritesAnother => write("OTHER"),
            Program::WritesAndFails => {
                write(&list);
                return failed("the program failed (exit code: 5)");
            }
            Program::Idles => {}
        }
        Ok(())
    }

    fn services(&self) -> &dyn Services {
        self
    }
}

impl Services for Made {
    fn state(&self, service: &str) -> Result<Option<ServiceState>> {
        Ok(self.state.get().filter(|_| service == ROUTER.name))
    }
    fn stop(&self, _: &str) -> Result<()> {
        self.asked.borrow_mut().push("stop".to_owned());
        if self.ignores != Some("stop") {
            self.state.set(Some(ServiceState::Stopped));
        }
        Ok(())
    }
    fn start(&self, _: &str) -> Result<()> {
        self.asked.borrow_mut().push("start".to_owned());
        if self.ignores != Some("start") {
            self.state.set(Some(ServiceState::Running));
        }
        Ok(())
    }
    fn pause(&self) {
        std::thread::yield_now();
    }
}

fn of_cid() -> Wanted {
    Wanted::File { from: "MRESXP/rms/mrinit.conf".into(), conf: conf(RELAY) }
}

fn of_list() -> Wanted {
    Wanted::Address(RELAY.parse().unwrap())
}

#[test]
fn an_endpoint_is_set_up_and_taken_back() {
    for wanted in [of_cid(), of_list()] {
        let made = Made::new(Program::Works);
        let before = made.snapshot();
        let done = made.carry_out(&wanted);
        assert_eq!((done.status, done.why.as_deref(), done.faults.len()), (DoneStatus::Changed, None, 0), "{done:?}");
        assert_eq!(*made.asked.borrow(), ["run", "stop", "start"]);
        assert_eq!(made.parent().as_deref(), Some(RELAY));
        assert_eq!(made.installed().text("ParentRouterAddress").unwrap(), RELAY);
        assert_eq!(done.parent.unwrap().state, CheckState::Same);

        // Again there is nothing to do, and nothing is touched.
        let after = made.snapshot();
        assert!(made.plan(&wanted).unwrap().is_empty());
        assert_eq!(made.snapshot(), after);

        let undone = made.undo().unwrap();
        assert_eq!((undone.status, undone.faults.len()), (DoneStatus::Undone, 0), "{undone:?}");
        assert_eq!(made.snapshot(), before);
        assert_eq!(made.undo().unwrap_err().kind(), ErrorKind::Journal);
    }
}

#[test]
fn what_fails_is_taken_back_whole() {
    for program in [Program::Fails, Program::Hangs, Program::WritesAnother, Program::WritesAndFails, Program::Idles] {
        for with_orig in [false, true] {
            let made = Made::new(program);
            if with_orig {
                fs::write(made.folder().join("mrinit.conf.orig"), conf("OLD").bytes()).unwrap();
            }
            let before = made.snapshot();
            let done = made.carry_out(&of_cid());
            assert_eq!((done.status, done.faults.len()), (DoneStatus::TakenBack, 0), "{program:?}: {done:?}");
            let why = done.why.unwrap();
            let expected = match program {
                Program::Hangs => "did not end",
                Program::Fails | Program::WritesAndFails => "exit code",
                _ => "and not 10.1.200.65",
            };
            assert!(why.contains(expected), "{program:?}: {why}");
            assert_eq!(made.snapshot(), before, "{program:?}");
            assert!(!interrupted_run(made.folder()).unwrap());
        }
    }
}

#[test]
fn an_orig_goes_aside_and_comes_back() {
    let made = Made::new(Program::Works);
    fs::write(made.folder().join("mrinit.conf.orig"), conf("OLD").bytes()).unwrap();
    let before = made.snapshot();
    let done = made.carry_out(&of_cid());
    assert_eq!((done.status, made.parent().as_deref()), (DoneStatus::Changed, Some(RELAY)));
    assert!(!made.folder().join("mrinit.conf.orig").exists());
    // One that comes later goes aside by itself, under another name, without a restart.
    fs::write(made.folder().join("mrinit.conf.orig"), conf("OLDER").bytes()).unwrap();
    made.asked.borrow_mut().clear();
    let plan = made.plan(&of_cid()).unwrap();
    assert_eq!(plan.steps, [Step::MoveAside]);
    assert_eq!(made.carry_out(&of_cid()).status, DoneStatus::Changed);
    assert!(made.asked.borrow().is_empty());
    assert!(made.folder().join("mrinit.conf.configcid-aside-2").exists());
    assert_eq!(made.undo().unwrap().status, DoneStatus::Undone);
    assert!(made.folder().join("mrinit.conf.orig").exists());
    assert_ne!(made.snapshot(), before);
    assert!(made.asked.borrow().is_empty());
}

#[test]
fn a_service_that_does_not_obey_is_taken_back_as_far_as_it_can() {
    let mut made = Made::new(Program::Works);
    made.ignores = Some("stop");
    let before = made.snapshot();
    let done = made.carry_out(&of_cid());
    // The router never stopped; what it reads from the registry is as it was, but it may have read the new values.
    assert_eq!(done.status, DoneStatus::Half);
    assert!(done.why.unwrap().contains("does not stop") && done.faults[0].contains("does not stop"));
    assert_eq!((made.parent().as_deref(), made.state.get()), (Some(SERVER), Some(ServiceState::Running)));
    assert!(interrupted_run(made.folder()).unwrap());
    assert_eq!(made.plan(&of_cid()).unwrap().steps.len(), 4);
    let plan = made.plan(&of_cid()).unwrap();
    assert_eq!(made.host(|host| carry_out(&plan, host)).unwrap_err().kind(), ErrorKind::Journal);
    made.ignores = None;
    assert_eq!(made.undo().unwrap().status, DoneStatus::Undone);
    assert_eq!(made.snapshot(), before);

    let mut made = Made::new(Program::Works);
    made.ignores = Some("start");
    let done = made.carry_out(&of_cid());
    assert_eq!((done.status, made.state.get()), (DoneStatus::Half, Some(ServiceState::Stopped)));
    made.ignores = None;
    assert_eq!(made.undo().unwrap().status, DoneStatus::Undone);
    assert_eq!(made.snapshot(), before);
}

#[test]
fn a_router_that_did_not_run_is_not_started() {
    let made = Made::new(Program::Works);
    made.state.set(Some(ServiceState::Stopped));
    let done = made.carry_out(&of_cid());
    assert_eq!((done.status, done.notes.len()), (DoneStatus::Changed, 1));
    assert_eq!(*made.asked.borrow(), ["run"]);
    made.state.set(None);
    assert_eq!(made.undo().unwrap().status, DoneStatus::Undone);
    let before = made.snapshot();
    let plan = made.plan(&of_cid()).unwrap();
    assert_eq!(made.host(|host| carry_out(&plan, host)).unwrap_err().kind(), ErrorKind::Service);
    assert_eq!(made.snapshot(), before);
}

#[test]
fn wherever_it_is_told_to_end_all_is_as_it_was() {
    let made = Made::new(Program::Idles);
    fs::write(made.folder().join("mrinit.conf.orig"), conf("OLD").bytes()).unwrap();
    let before = made.snapshot();
    for looks in 1..8 {
        made.ends_after.set(looks);
        let done = made.carry_out(&of_cid());
        assert_eq!((done.status, done.faults.len()), (DoneStatus::TakenBack, 0), "{looks}: {done:?}");
        assert_eq!(made.snapshot(), before, "{looks}");
        made.ends_after.set(u32::MAX);
    }
}

/// As after a power failure: what was interrupted anywhere is taken back by what the record says.
#[test]
fn what_was_interrupted_is_taken_back() {
    let made = Made::new(Program::WritesAnother);
    fs::write(made.folder().join("mrinit.conf.orig"), conf("OLD").bytes()).unwrap();
    let before = made.snapshot();
    for at in ["record", "write", "aside", "run"] {
        let mut unable = Made { read_only: true, ..Made::new(Program::WritesAnother) };
        fs::write(unable.folder().join("mrinit.conf.orig"), conf("OLD").bytes()).unwrap();
        // A take-back that fails leaves everything that one needs.
        let done = unable.carry_out(&of_cid());
        assert_eq!(done.status, DoneStatus::Half);
        assert!(done.faults[0].contains("cannot be written"));
        unable.read_only = false;
        let put = |name: &str, bytes: &[u8]| fs::write(unable.folder().join(name), bytes).unwrap();
        match at {
            "record" => {}
            "write" => put("MRInit.conf", conf(RELAY).bytes()),
            "aside" => {
                fs::rename(
                    unable.folder().join("mrinit.conf.orig"),
                    unable.folder().join("mrinit.conf.configcid-aside"),
                )
                .unwrap();
                put("MRInit.conf", conf(RELAY).bytes());
            }
            _ => unable.state.set(Some(ServiceState::Stopped)),
        }
        assert!(interrupted_run(unable.folder()).unwrap());
        let undone = unable.undo().unwrap();
        assert_eq!((undone.status, undone.faults.len()), (DoneStatus::Undone, 0), "{at}: {undone:?}");
        assert_eq!(unable.snapshot(), before, "{at}");
    }
}

#[test]
fn what_others_changed_since_is_theirs() {
    let made = Made::new(Program::Works);
    made.carry_out(&of_cid());
    // A relay's value, set meanwhile, stays.
    made.registry.borrow_mut().insert("EnvelopeDir".to_owned(), Value::String(r"D:\E".to_owned()));
    made.registry.borrow_mut().insert("Added".to_owned(), Value::Dword(2));
    assert_eq!(made.undo().unwrap().status, DoneStatus::Undone);
    assert_eq!(made.registry.borrow().len(), 4);
    assert_eq!(made.parent().as_deref(), Some(SERVER));

    let made = Made::new(Program::Works);
    made.carry_out(&of_cid());
    let set_up = made.snapshot();
    fs::write(made.folder().join("MRInit.conf"), conf("10.9.9.9").bytes()).unwrap();
    assert_eq!(made.undo().unwrap_err().kind(), ErrorKind::Changed);
    fs::write(made.folder().join("MRInit.conf"), conf(RELAY).bytes()).unwrap();
    made.registry.borrow_mut().insert("ParentAddress".to_owned(), Value::String("OTHER".to_owned()));
    assert_eq!(made.undo().unwrap_err().kind(), ErrorKind::Changed);
    made.registry.borrow_mut().insert("ParentAddress".to_owned(), Value::String(RELAY.to_owned()));
    assert_eq!(made.snapshot(), set_up);
    // A record that somebody has spoilt is not followed.
    let record = made.folder().join(".configcid-client.json");
    let text = fs::read_to_string(&record).unwrap();
    for (from, to) in [("\"MRInit.conf\"", "\"../MRInit.conf\""), ("{", ""), ("\"data\": \"", "\"data\": \"x")] {
        fs::write(&record, text.replacen(from, to, 1)).unwrap();
        assert_eq!(made.undo().unwrap_err().kind(), ErrorKind::Journal, "{to}");
    }
}

#[test]
fn another_estates_file_is_refused() {
    let made = Made::new(Program::Works);
    let before = made.snapshot();
    let refused = |conf: Mrinit| {
        let error = made.plan(&Wanted::File { from: "MRESXP/rms/mrinit.conf".into(), conf }).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::MrinitFormat);
        let text = error.to_string();
        assert!(!text.contains("bm90IHRoZSBlc3RhdGUncyBrZXk"), "{text}");
        for key in ["DelegatedManagerCertIdentityKey", "ManagedAppCertIdentityKey", "RouterCertIdentityKey"] {
            let secret = made.installed().text(key).unwrap().to_owned();
            assert!(!text.contains(&secret[..12]), "{text}");
        }
        text
    };
    for key in ["DelegatedManagerCertIdentityKey", "ManagedAppCertIdentityKey", "RouterCertIdentityKey"] {
        let mut other = conf(RELAY);
        let _ = other.set(key, "bm90IHRoZSBlc3RhdGUncyBrZXk=").unwrap();
        assert!(refused(other).contains(key));
        let text = String::from_utf8(conf(RELAY).into_bytes()).unwrap();
        let without: String = text.split_inclusive('\n').filter(|line| !line.contains(key)).collect();
        assert!(refused(Mrinit::parse(without.into_bytes())).contains(key));
        // A line that cannot be read is no key that is the same.
        refused(Mrinit::parse(text.replace(&format!("\"{key}\"="), &format!("\"{key}\"=\"")).into_bytes()));
    }
    assert_eq!(made.snapshot(), before);
}

#[test]
fn what_makes_no_sense_is_refused() {
    let made = Made::new(Program::Works);
    let plan = |list: &str| made.plan(&Wanted::File { from: "x".into(), conf: conf(list) });
    for list in ["10.1.200.65;MR", " ", "10.1.2.300"] {
        assert_eq!(plan(list).unwrap_err().kind(), ErrorKind::Address, "{list}");
    }
    let router = made.router().unwrap();
    let on = |name: &str| ClientPlan::new(made.folder(), &of_cid(), &router, Some(name)).map(|plan| plan.steps.len());
    assert_eq!(on("MRCOMPUTER").unwrap_err().kind(), ErrorKind::Usage);
    assert_eq!(on("WS1").unwrap(), 4);
    let none = Router { views: vec![RouterView { view: RegistryView::Bits64, present: false, values: Vec::new() }] };
    assert!(ClientPlan::new(made.folder(), &of_cid(), &none, None).is_err());
    fs::remove_file(made.folder().join(SETUP_PROGRAM)).unwrap();
    assert!(made.plan(&of_cid()).unwrap_err().to_string().contains(SETUP_PROGRAM));
    fs::write(made.folder().join("MRInit.conf"), "nothing").unwrap();
    assert!(made.plan(&of_cid()).is_err());
    fs::remove_file(made.folder().join("MRInit.conf")).unwrap();
    assert!(made.plan(&of_cid()).unwrap_err().to_string().contains("--installed"));
}

#[test]
fn two_files_that_say_the_same_are_the_same() {
    let made = Made::new(Program::Works);
    made.carry_out(&of_cid());
    let text = String::from_utf8(conf(RELAY).into_bytes()).unwrap();
    let mut lines: Vec<&str> = text.lines().filter(|line| !line.is_empty()).collect();
    lines[1..].reverse();
    let other = Mrinit::parse((lines.join("\n") + "\n").into_bytes());
    let plan = made.plan(&Wanted::File { from: "x".into(), conf: other }).unwrap();
    assert!(plan.is_empty(), "{plan:?}");
    // A port that differs is a change, and told as one.
    let mut other = conf(RELAY);
    let _ = other.set("ClientSSLPort", "8200").unwrap();
    let plan = made.plan(&Wanted::File { from: "x".into(), conf: other }).unwrap();
    assert_eq!(plan.changes, ["ClientSSLPort: dword:00002002 -> dword:00002008"]);
}

#[test]
fn one_run_at_a_time() {
    let made = Made::new(Program::Works);
    let lock = fs::File::create(made.folder().join(".configcid-client.lock")).unwrap();
    lock.lock().unwrap();
    let plan = made.plan(&of_cid()).unwrap();
    assert_eq!(made.host(|host| carry_out(&plan, host)).unwrap_err().kind(), ErrorKind::Locked);
    drop(lock);
    assert_eq!(made.carry_out(&of_cid()).status, DoneStatus::Changed);
    assert!(!made.folder().join(".configcid-client.lock").exists());
}

mod image {
    use super::super::image::{Identity, prepare, seen};
    use super::*;
    use crate::registry::KeyPath;

    /// A computer with an identity in one view, and two services.
    struct Computer {
        values: RefCell<Vec<(KeyPath, String)>>,
        states: RefCell<BTreeMap<&'static str, ServiceState>>,
        ignores: Option<&'static str>,
        read_only: bool,
    }

    fn computer() -> Computer {
        let mut values = Vec::new();
        for below in [r"Messaging System\Router\Private", r"Remote Management System\ManagementAgent\Private"] {
            let key: KeyPath = format!(r"HKLM\SOFTWARE\Sophos\{below}").parse().unwrap();
            values.extend(["pkc", "pkp", "other"].map(|name| (key.clone(), name.to_owned())));
        }
        let states = ["Sophos Agent", "Sophos Message Router"].map(|name| (name, ServiceState::Running));
        Computer { values: RefCell::new(values), states: RefCell::new(states.into()), ignores: None, read_only: false }
    }

    impl Identity for Computer {
        fn views(&self) -> Vec<RegistryView> {
            RegistryView::BOTH.to_vec()
        }
        fn names(&self, view: RegistryView, key: &KeyPath, names: &[&str]) -> Result<Vec<String>> {
            let values = self.values.borrow();
            let here = values.iter().filter(|(this, name)| this.is(key) && names.contains(&name.as_str()));
            Ok(here.filter(|_| view == RegistryView::Bits32).map(|(_, name)| name.clone()).collect())
        }
        fn remove(&self, _: RegistryView, key: &KeyPath, name: &str) -> Result<()> {
            if self.read_only {
                return Err(Error::new(ErrorKind::Io, "access is denied"));
            }
            self.values.borrow_mut().retain(|(this, other)| !this.is(key) || other != name);
            Ok(())
        }
        fn services(&self) -> &dyn Services {
            self
        }
    }

    impl Services for Computer {
        fn state(&self, service: &str) -> Result<Option<ServiceState>> {
            Ok(self.states.borrow().get(service).copied())
        }
        fn stop(&self, service: &str) -> Result<()> {
            if self.ignores != Some(service) {
                *self.states.borrow_mut().get_mut(service).unwrap() = ServiceState::Stopped;
            }
            Ok(())
        }
        fn start(&self, service: &str) -> Result<()> {
            *self.states.borrow_mut().get_mut(service).unwrap() = ServiceState::Running;
            Ok(())
        }
        fn pause(&self) {
            std::thread::yield_now();
        }
    }

    #[test]
    fn the_identity_goes_and_nothing_else() {
        let computer = computer();
        let found = seen(&computer).unwrap();
        assert_eq!((found.identity.len(), found.running.len()), (4, 2));
        assert_eq!(
            found.identity[0].key,
            r"HKEY_LOCAL_MACHINE\SOFTWARE\Wow6432Node\Sophos\Messaging System\Router\Private"
        );
        assert_eq!(computer.values.borrow().len(), 6);
        let done = prepare(&computer, SHORT).unwrap();
        assert_eq!((done.identity.len(), done.left.len(), done.faults.len()), (4, 0, 0));
        assert!(computer.values.borrow().iter().all(|(_, name)| name == "other"));
        assert!(computer.states.borrow().values().all(|state| *state == ServiceState::Stopped));
        // Done again there is nothing to do.
        assert!(prepare(&computer, SHORT).unwrap().identity.is_empty());
    }

    #[test]
    fn a_service_that_does_not_stop_ends_it() {
        let mut computer = computer();
        computer.ignores = Some("Sophos Message Router");
        let error = prepare(&computer, SHORT).unwrap_err();
        assert!(error.kind() == ErrorKind::Service && error.to_string().contains("nothing was removed"), "{error}");
        assert_eq!(computer.values.borrow().len(), 6);
        assert!(computer.states.borrow().values().all(|state| *state == ServiceState::Running));
    }

    #[test]
    fn what_is_left_is_told() {
        let mut computer = computer();
        computer.read_only = true;
        let done = prepare(&computer, SHORT).unwrap();
        assert_eq!((done.left.len(), done.faults.len()), (4, 4));
    }
}
