use super::*;
use crate::demo::DemoCid;
use crate::registry::{Item, RegFormat, Section};

/// A router of which each view has these values, or no key.
fn router(view32: Option<&[(&str, Value)]>, view64: Option<&[(&str, Value)]>) -> Router {
    let section = |view: RegistryView, values: &[(&str, Value)]| Section {
        key: view.key(),
        delete: false,
        items: values.iter().map(|(name, value)| Item { name: (*name).into(), value: Some(value.clone()) }).collect(),
    };
    let keys = [(RegistryView::Bits32, view32), (RegistryView::Bits64, view64)];
    let keys = keys.into_iter().filter_map(|(view, values)| values.map(|values| section(view, values))).collect();
    let file = RegFile { format: RegFormat::Version5, keys };
    Router::in_file(&RegFile::parse(&file.print().unwrap()).unwrap())
}

fn parent(list: &str) -> [(&'static str, Value); 1] {
    [("parentaddress", Value::String(list.into()))]
}

fn state(router: &Router, expected: Option<&str>) -> CheckState {
    let expected = expected.map(|list| Expected::from_list(list).unwrap());
    check(router, expected.as_ref()).unwrap().state
}

const RELAY: &str = "10.1.200.65,MRComputer.Sales.Acme,MRComputer";

#[test]
fn a_client_is_compared_with_the_relay() {
    let one = |list: &str| router(Some(&parent(list)), None);
    assert_eq!(state(&one(RELAY), Some(RELAY)), CheckState::Same);
    assert_eq!(state(&one("10.1.200.65, mrcomputer.sales.acme ,MRCOMPUTER"), Some(RELAY)), CheckState::Same);
    assert_eq!(state(&one("Server.Sales.Acme,SERVER"), Some(RELAY)), CheckState::Different);
    assert_eq!(state(&one("10.1.200.65"), Some(RELAY)), CheckState::Different);
    assert_eq!(state(&one(RELAY), None), CheckState::Found);
    assert_eq!(state(&router(None, None), Some(RELAY)), CheckState::Missing);
    assert_eq!(state(&router(None, Some(&[])), None), CheckState::Missing);
    let both = |one: &str, other: &str| router(Some(&parent(one)), Some(&parent(other)));
    assert_eq!(state(&both(RELAY, &RELAY.to_lowercase()), Some(RELAY)), CheckState::Same);
    assert_eq!(state(&both(RELAY, "SERVER"), Some(RELAY)), CheckState::Conflict);
    assert!(check(&router(Some(&[("ParentAddress", Value::Dword(1))]), None), None).is_err());

    let expected = Expected::from_list(RELAY).unwrap();
    let notes = |list: &str| check(&one(list), Some(&expected)).unwrap().notes.len();
    assert_eq!((notes("10.1.200.65,MR"), notes("10.1.200.66,SERVER")), (1, 0));
}

#[test]
fn a_cid_says_what_to_expect() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("MRESXP");
    DemoCid { rms9x: true, ..DemoCid::default() }.write(&path).unwrap();
    let expected = || expected_of_cid(&crate::Cid::open(&path).unwrap());
    let name = |expected: &Expected| expected.from.as_ref().unwrap().strip_prefix(&path).unwrap().to_owned();
    let conf = |list: &str| {
        let line = |list: &str| format!("\"ParentRouterAddress\"=\"{list}\"");
        DemoCid::default().mrinit().replace(&line("Server.Sales.Acme,SERVER"), &line(list))
    };

    let root = expected().unwrap();
    assert_eq!((root.list.as_str(), name(&root).to_str().unwrap()), ("Server.Sales.Acme,SERVER", "mrinit.conf"));
    std::fs::write(path.join("rms9x/mrinit.conf"), conf("10.1.1.1,NINE")).unwrap();
    assert_eq!(expected().unwrap().list, "10.1.1.1,NINE");
    std::fs::write(path.join("rms/mrinit.conf"), conf("10.1.1.2,NT")).unwrap();
    let rms = expected().unwrap();
    assert_eq!((rms.list.as_str(), rms.warnings.len()), ("10.1.1.2,NT", 1));
    std::fs::write(path.join("rms9x/mrinit.conf"), conf("10.1.1.2,nt")).unwrap();
    assert_eq!(expected().unwrap().warnings.len(), 0);
    std::fs::write(path.join("rms/mrinit.conf"), "what?").unwrap();
    assert!(expected().is_err());
}

#[test]
fn a_relay_is_compared_with_the_table() {
    let good: Vec<(&str, Value)> = RELAY_VALUES.iter().map(|value| (value.name, Value::Dword(value.value))).collect();
    assert!(!check_relay(&router(Some(&good), None), None).has_faults());
    assert!(!check_relay(&router(None, Some(&good)), None).has_faults());
    assert_eq!(check_relay(&router(Some(&good), None), Some(&RegistryView::BOTH)).differences(), RELAY_VALUES.len());
    assert_eq!(check_relay(&router(Some(&good), Some(&[])), None).differences(), RELAY_VALUES.len());
    assert!(check_relay(&router(None, None), None).has_faults());

    let mut off = good.clone();
    off[0].1 = Value::String("20512".into());
    off[1].1 = Value::Dword(9);
    let check = check_relay(&router(Some(&off[..6]), None), None);
    assert_eq!(check.differences(), 3);
    let actual: Vec<_> = check.views[0].values.iter().map(|value| value.actual.as_deref()).collect();
    assert_eq!(actual[0..2], [Some("20512"), Some("dword:00000009")]);
    assert_eq!(actual[6], None);
}

#[test]
fn the_template_makes_a_file_of_the_table() {
    for views in [&RegistryView::BOTH[..], &[RegistryView::Bits32], &[RegistryView::Bits64]] {
        let bytes = relay_reg_file(views).unwrap();
        assert!(bytes.starts_with(b"\xFF\xFEW\0"));
        let text = crate::base::text::Encoding::Utf16Le.decode(&bytes[2..]);
        assert!(text.ends_with("\r\n") && !text.contains(['{', '}']), "{text}");
        assert_eq!(text.matches('\n').count(), text.matches("\r\n").count());
        let file = RegFile::parse(&bytes).unwrap();
        assert_eq!(file.keys.len(), views.len());
        for view in views {
            let values: Vec<_> = RELAY_VALUES.iter().map(|value| file.value(&view.key(), value.name)).collect();
            assert!(values.iter().zip(RELAY_VALUES).all(|(is, value)| *is == Some(&Value::Dword(value.value))));
        }
    }
}

#[test]
fn an_orig_beside_an_installed_mrinit_conf_is_told_of() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(look_at_installed(dir.path()).unwrap().warning(), None);
    std::fs::write(dir.path().join("MRInit.conf.ORIG"), DemoCid::default().mrinit()).unwrap();
    let warning = look_at_installed(dir.path()).unwrap().warning().unwrap();
    assert!(warning.contains("MRInit.conf.ORIG (it names Server.Sales.Acme,SERVER)"), "{warning}");
    assert!(look_at_installed(&dir.path().join("none")).is_err());
}
