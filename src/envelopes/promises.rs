//! What each part promises, shortly.

#[test]
fn a_verdict_on_a_number() -> crate::Result<()> {
    use crate::envelopes::{Limits, Verdict};

    let limits = Limits::new(Some(100), None, None)?;
    assert_eq!((limits.warning, limits.critical), (200, 300));
    assert_eq!(
        [199, 200, 299, 300].map(|count| Verdict::on(count, limits)),
        [Verdict::Ok, Verdict::Warning, Verdict::Warning, Verdict::Critical]
    );
    Ok(())
}

#[test]
fn a_folder_is_looked_at() -> crate::Result<()> {
    let dir = tempfile::tempdir().unwrap();
    use crate::envelopes::{CheckOptions, Limits, Verdict, check};
    use std::time::SystemTime;

    std::fs::write(dir.path().join("1.msg"), "12345").unwrap();
    let limits = Limits::new(Some(10), None, None)?;
    let found = check(dir.path(), &CheckOptions::new(limits, SystemTime::now()))?;
    assert_eq!((found.count, found.bytes, found.verdict), (1, Some(5), Verdict::Ok));
    Ok(())
}

#[test]
fn old_messages_move_aside() -> crate::Result<()> {
    let dir = tempfile::tempdir().unwrap();
    let (folder, aside) = (dir.path().join("Envelopes"), dir.path().join("aside"));
    std::fs::create_dir(&folder).unwrap();
    use crate::envelopes::rules::TTL;
    use crate::envelopes::{ExpireOptions, expire};
    use std::time::{Duration, SystemTime};

    std::fs::write(folder.join("1.msg"), "12345").unwrap();
    let later = SystemTime::now() + Duration::from_secs(5 * 86_400);
    let done = expire(&folder, &ExpireOptions::new(TTL, &aside, later))?;
    assert_eq!((done.moved, done.kept), (1, 0));
    assert!(aside.join("1.msg").exists());
    Ok(())
}

#[test]
fn the_router_heeds_the_setting_from_a_version_on() -> crate::Result<()> {
    use crate::envelopes::{InstalledPrograms, RouterRule};

    let mut installed = InstalledPrograms::default();
    assert_eq!(installed.router_rule(), RouterRule::Unknown);
    installed.console = Some("4.0".parse()?);
    assert_eq!(installed.router_rule(), RouterRule::TooOld);
    installed.anti_virus = Some("9.5.1".parse()?);
    assert_eq!(installed.router_rule(), RouterRule::LateEnough);
    Ok(())
}

#[test]
fn a_check_gives_metrics() -> crate::Result<()> {
    let dir = tempfile::tempdir().unwrap();
    use crate::envelopes::{CheckOptions, Limits, check, metrics};
    use std::time::SystemTime;

    let limits = Limits::new(Some(10), None, None)?;
    let found = check(dir.path(), &CheckOptions::new(limits, SystemTime::now()))?;
    assert!(metrics(&found, SystemTime::now()).to_string().contains("\nconfigcid_envelopes_messages{"));
    Ok(())
}

#[test]
fn a_page_says_the_verdict() -> crate::Result<()> {
    let dir = tempfile::tempdir().unwrap();
    use crate::envelopes::{CheckOptions, Limits, check, page};
    use std::time::SystemTime;

    let limits = Limits::new(Some(10), None, None)?;
    let found = check(dir.path(), &CheckOptions::new(limits, SystemTime::now()))?;
    assert!(page(&found).contains("Few messages wait"));
    Ok(())
}

#[test]
fn variables_of_a_place_are_filled_in() {
    use crate::envelopes::{Place, System};

    let place = Place::default_of(System::named("2008").unwrap());
    let folder = place.filled_in(|name| (name == "ProgramData").then(|| r"C:\ProgramData".to_owned()));
    assert_eq!(folder, r"C:\ProgramData\Sophos\Remote Management System\3\Router\Envelopes");
}

#[test]
fn a_new_folder_is_a_whole_path_on_a_drive() -> crate::Result<()> {
    use crate::envelopes::new_folder;

    assert_eq!(new_folder(r"D:\Sophos\Envelopes\")?, r"D:\Sophos\Envelopes");
    assert!(new_folder(r"\\Server1\Share").is_err());
    Ok(())
}

#[test]
fn the_script_stops_the_management_service_first() {
    use crate::envelopes::{Script, restart_script};
    use std::time::Duration;

    let script = restart_script(Script::Cmd, Duration::from_secs(60));
    let stop = script.find("call :stop \"Sophos Management Service\"").unwrap();
    assert!(stop < script.find("call :stop \"Sophos Message Router\"").unwrap());
}

#[test]
fn systems_have_names() {
    use crate::envelopes::System;

    assert_eq!(System::named("2008").unwrap().direct, 4_000);
    assert!(System::named("2003").unwrap().before_vista);
}

#[test]
fn thresholds_are_numbers_or_times_endpoints() -> crate::Result<()> {
    use crate::envelopes::Threshold;

    assert_eq!("2.5x".parse::<Threshold>()?.files(Some(100)), Some(250));
    assert_eq!("6000".parse::<Threshold>()?.files(None), Some(6000));
    assert_eq!("3x".parse::<Threshold>()?.files(None), None);
    Ok(())
}

#[test]
fn lengths_of_time_are_read() -> crate::Result<()> {
    use crate::envelopes::parse_duration;
    use std::time::Duration;

    assert_eq!(parse_duration("4")?, parse_duration("96h")?);
    assert_eq!(parse_duration("0.05s")?, Duration::from_millis(50));
    Ok(())
}

#[test]
fn lengths_of_time_are_printed() {
    use crate::envelopes::print_duration;
    use std::time::Duration;

    assert_eq!(print_duration(Duration::from_secs(100_000)), "1 d 3 h");
    assert_eq!(print_duration(Duration::from_secs(59)), "59 s");
}

#[test]
fn versions_are_compared_by_numbers() -> crate::Result<()> {
    use crate::envelopes::ProgramVersion;

    assert!("4.10".parse::<ProgramVersion>()?.is_at_least(&[4, 7]));
    assert!(!"4.5.1".parse::<ProgramVersion>()?.is_at_least(&[4, 7]));
    Ok(())
}

#[test]
fn a_series_tells_how_long_until_empty() {
    use crate::envelopes::Series;
    use std::time::{Duration, SystemTime};

    let mut series = Series::default();
    series.add(SystemTime::now(), Duration::ZERO, 1_000);
    let sample = series.add(SystemTime::now(), Duration::from_secs(30), 900);
    assert_eq!(sample.change_per_minute, Some(-200.0));
    assert_eq!(sample.time_to_empty_seconds, Some(270.0));
}
