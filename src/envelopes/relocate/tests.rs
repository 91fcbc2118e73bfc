use std::cell::RefCell;

use super::super::super::restart::tests::Made;
use super::*;

struct Setting {
    value: RefCell<Option<Value>>,
    refuses: bool,
    /// A folder that comes in the way of a file when a value is set.
    in_the_way: Option<PathBuf>,
}

impl EnvelopeDir for Setting {
    fn get(&self) -> Result<Option<Value>> {
        Ok(self.value.borrow().clone())
    }
    fn set(&self, value: Option<&Value>) -> Result<()> {
        if self.refuses && value.is_some() {
            return Err(Error::new(ErrorKind::Io, "the registry refuses"));
        }
        if let Some(path) = &self.in_the_way {
            let _ = fs::remove_file(path);
            fs::create_dir_all(path).unwrap();
        }
        *self.value.borrow_mut() = value.cloned();
        Ok(())
    }
}

struct World {
    dir: tempfile::TempDir,
    services: Made,
    setting: Setting,
}

impl World {
    fn new(messages: usize) -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("old")).unwrap();
        for number in 0..messages {
            fs::write(dir.path().join(format!("old/{number}.msg")), number.to_string()).unwrap();
        }
        let setting = Setting { value: RefCell::new(None), refuses: false, in_the_way: None };
        Self { dir, services: Made::running(&[ROUTER.name]), setting }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn host<T>(&self, run: impl FnOnce(&MoveHost<'_>) -> T) -> T {
        let (services, setting, progress) = (&self.services, &self.setting, &|_| {});
        run(&MoveHost { services, setting, bound: Duration::from_millis(5), progress })
    }

    fn go(&self) -> Result<Moved> {
        self.host(|host| move_folder(&self.path("old"), &self.path("new/deep"), host))
    }

    fn undo(&self) -> Result<Moved> {
        self.host(|host| undo_move(&self.path("new/deep"), host))
    }

    fn names(&self, name: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path(name)).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn runs(&self) -> bool {
        self.services.states.borrow()[ROUTER.name] == ServiceState::Running
    }
}

#[test]
fn there_and_back() {
    let world = World::new(3);
    fs::create_dir(world.path("old/folder")).unwrap();
    let moved = world.go().unwrap();
    assert!(moved.ok && world.runs(), "{moved:?}");
    assert_eq!((moved.moved, moved.left.as_slice()), (3, &["folder".to_owned()][..]));
    assert_eq!(world.names("new/deep"), [RECORD, "0.msg", "1.msg", "2.msg"]);
    assert_eq!(world.names("old"), ["folder"]);
    let value = world.setting.get().unwrap().unwrap();
    assert_eq!(value.text(), world.path("new/deep").to_str());
    assert_eq!(*world.services.asked.borrow(), ["stop Sophos Message Router", "start Sophos Message Router"]);
    assert!(world.go().unwrap_err().to_string().contains("already"));

    // What came meanwhile goes back, too.
    fs::write(world.path("new/deep/9.msg"), "9").unwrap();
    let back = world.undo().unwrap();
    assert!(back.ok && back.moved == 4 && world.runs(), "{back:?}");
    assert_eq!(world.names("old"), ["0.msg", "1.msg", "2.msg", "9.msg", "folder"]);
    assert!(!world.path("new/deep").exists());
    assert_eq!(world.setting.get().unwrap(), None);
    assert!(world.undo().is_err());
}

#[cfg(unix)]
#[test]
fn the_new_folder_has_the_old_ones_permissions() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::new(0);
    fs::set_permissions(world.path("old"), fs::Permissions::from_mode(0o711)).unwrap();
    world.go().unwrap();
    assert_eq!(fs::metadata(world.path("new/deep")).unwrap().permissions().mode() & 0o777, 0o711);
}

#[test]
fn an_interrupted_move_goes_on_or_back() {
    for forward in [true, false] {
        let world = World::new(4);
        *world.setting.value.borrow_mut() = Some(Value::ExpandString("%A%\\old".into()));
        // As it stands after a death in the middle: the router is stopped, and half of the messages are there.
        world.host(|host| begin(&world.path("old"), &world.path("new/deep"), host, true, true)).unwrap();
        world.services.stop(ROUTER.name).unwrap();
        world.setting.set(Some(&Value::String("new".into()))).unwrap();
        fs::rename(world.path("old/1.msg"), world.path("new/deep/1.msg")).unwrap();
        fs::copy(world.path("old/2.msg"), world.path("new/deep/2.msg")).unwrap();
        // An unfinished copy in either folder.
        for folder in ["old", "new/deep"] {
            fs::write(world.path(folder).join(".configcid-part-x"), "unfinished").unwrap();
        }
        let done = if forward { world.go().unwrap() } else { world.undo().unwrap() };
        assert!(done.ok && done.resumed == forward && world.runs(), "{done:?}");
        if forward {
            assert_eq!(world.names("new/deep").len(), 5);
            world.undo().unwrap();
        }
        assert_eq!(world.names("old"), ["0.msg", "1.msg", "2.msg", "3.msg"]);
        assert_eq!(world.setting.get().unwrap(), Some(Value::ExpandString("%A%\\old".into())));
    }
}

#[test]
fn what_fails_is_taken_back() {
    let mut world = World::new(2);
    world.setting.refuses = true;
    assert!(world.go().unwrap_err().to_string().contains("refuses"));
    assert!(world.runs() && !world.path("new/deep").exists());
    assert_eq!(world.names("old"), ["0.msg", "1.msg"]);
    world.services.ignores = Some((ServiceAction::Start, ROUTER.name));
    assert!(world.go().unwrap_err().to_string().contains("the router does not run"));
    world.services.ignores = None;
    world.services.start(ROUTER.name).unwrap();

    world.setting.refuses = false;
    world.services.ignores = Some((ServiceAction::Stop, ROUTER.name));
    assert_eq!(world.go().unwrap_err().kind(), ErrorKind::Service);
    assert!(!world.path("new/deep").exists());

    world.services.ignores = None;
    fs::create_dir_all(world.path("new/deep/x")).unwrap();
    assert_eq!(world.go().unwrap_err().kind(), ErrorKind::Exists);
    world.services.states.borrow_mut().clear();
    fs::remove_dir(world.path("new/deep/x")).unwrap();
    assert_eq!(world.go().unwrap_err().kind(), ErrorKind::Service);
}

#[test]
fn a_router_that_does_not_run_stays_so() {
    let world = World::new(1);
    world.services.stop(ROUTER.name).unwrap();
    assert!(world.go().unwrap().ok && !world.runs());
    let mut world = World::new(1);
    world.services.ignores = Some((ServiceAction::Start, ROUTER.name));
    let moved = world.go().unwrap();
    assert!(!moved.ok && moved.faults[0].starts_with("the router: "), "{moved:?}");
    world.services.ignores = None;
    assert!(world.undo().unwrap().ok);
}

#[test]
fn a_record_that_cannot_be_written_does_not_leave_the_router_stopped() {
    let mut world = World::new(3);
    world.setting.in_the_way = Some(world.path("new/deep").join(RECORD));
    let moved = world.go().unwrap();
    assert!(world.runs());
    assert!(!moved.ok && moved.faults.iter().any(|fault| fault.contains("the record of the move")), "{moved:?}");
    assert_eq!(moved.moved, 3);

    // Nor does a way back that ends half way.
    let mut world = World::new(3);
    world.go().unwrap();
    world.setting.in_the_way = Some(world.path("new/deep").join(RECORD));
    assert!(world.undo().is_err());
    assert!(world.runs());
}
