use std::fs::{self, File};

use super::*;

fn at() -> SystemTime {
    time::parse("2026-11-21T12:00:00Z").unwrap()
}

#[test]
fn limits_come_from_the_table_or_the_user() {
    let limits = |endpoints, warning: Option<&str>, critical: Option<&str>| {
        let threshold = |text: Option<&str>| text.map(|text| text.parse().unwrap());
        Limits::new(endpoints, threshold(warning), threshold(critical))
            .map(|limits| (limits.warning, limits.critical))
            .ok()
    };
    assert_eq!(limits(Some(10), None, None), Some((20, 30)));
    assert_eq!(limits(Some(10), Some("1x"), Some("100")), Some((10, 100)));
    assert_eq!(limits(None, Some("5"), Some("7")), Some((5, 7)));
    assert_eq!(limits(None, None, Some("7")), Some((7, 7)));
    assert_eq!(limits(Some(10), None, Some("7")), Some((7, 7)));
    assert_eq!(limits(None, None, None), None);
    assert_eq!(limits(None, Some("5"), None), None);
    assert_eq!(limits(Some(10), Some("31"), None), None);
    assert_eq!(limits(Some(0), None, None), None);
}

#[test]
fn ages_are_told_by_the_present_that_is_given() {
    let dir = tempfile::tempdir().unwrap();
    let days = |days: u64| days * 86_400;
    for (index, seconds) in [0, 600, 601, 3_600, days(1), days(4), days(4) + 1, days(15)].into_iter().enumerate() {
        let path = dir.path().join(format!("{index}.msg"));
        fs::write(&path, "xx").unwrap();
        File::options().write(true).open(&path).unwrap().set_modified(at() - Duration::from_secs(seconds)).unwrap();
    }
    let mut options = CheckOptions::new(Limits::new(Some(2), None, None).unwrap(), at());
    let found = check(dir.path(), &options).unwrap();
    let counts: Vec<_> = found.ages.as_ref().unwrap().iter().map(|part| part.count).collect();
    assert_eq!(counts, [2, 2, 0, 1, 1, 1, 1]);
    assert_eq!((found.count, found.bytes, found.expired, found.verdict), (8, Some(16), Some(2), Verdict::Critical));
    assert_eq!(found.oldest.as_ref().unwrap().age_seconds, days(15));
    assert_eq!(found.rate.as_ref().unwrap().per_minute, 4.0 / 60.0);
    assert!(found.next.iter().all(|step| !step.contains("delete") && !step.contains("remove")));

    options.ttl = rules::TTL_BEFORE_4_7;
    options.at = at() - Duration::from_secs(1);
    let found = check(dir.path(), &options).unwrap();
    assert_eq!(found.expired, Some(1));
    assert!(found.notes.iter().any(|note| note.starts_with("1 message was written after")), "{:?}", found.notes);

    options.count_only = true;
    let found = check(dir.path(), &options).unwrap();
    assert_eq!((found.count, found.bytes, found.expired, found.ages, found.rate), (8, None, None, None, None));
}
