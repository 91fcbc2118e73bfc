//! A plan as lines, in the words of `ConfigCID.exe` \[14635\]; what helps beyond them stands behind them.

use crate::base::text::{count, some_of};
use crate::catalog::CidPath;
use crate::catalogs::Fault;
use crate::plan::{Action, Change, Looked, Outcome, Plan, Recovered, Stage};
use crate::run::Ran;

/// What a plan does, line by line: the files it writes, then each catalog.
///
/// ```
/// # let dir = tempfile::tempdir().unwrap();
/// # let path = dir.path().join("ESXP");
/// use configcid::{Cid, DemoCid, RefreshOptions, refresh, report};
///
/// DemoCid::default().write(&path)?;
/// std::fs::write(path.join("rms/mrinit.conf"), "[Config]\r\n").unwrap();
/// let lines = report::plan_lines(&refresh(&Cid::open(&path)?, &RefreshOptions::default())?);
/// assert!(lines.iter().any(|line| line.starts_with(r"Adding entry for \rms\mrinit.conf")));
/// # Ok::<(), configcid::Error>(())
/// ```
pub fn plan_lines(plan: &Plan) -> Vec<String> {
    // Catalogs are spoken of below, unless the plan says nothing of what is in them.
    let told = |change: &&Change| change.stage == Stage::Payload || plan.catalogs().is_empty();
    let payload = plan.changes().iter().filter(told);
    let mut lines: Vec<String> = payload
        .map(|change| {
            let verb = match (&change.before, &change.after) {
                (None, _) => text!("Adding"),
                (_, None) => text!("Removing"),
                _ => text!("Updating"),
            };
            text!("{verb} file {change}: {why}", verb, change = change.path, why = change.why)
        })
        .collect();
    for catalog in plan.catalogs() {
        let (name, place) = catalog_name(&catalog.catalog);
        let entries = count(catalog.entries, "entry", "entries");
        lines.push(text!(
            "Read catalog file {name} in {place} ({entries}, {function})",
            name,
            place,
            entries,
            function = catalog.function
        ));
        for change in &catalog.actions {
            let verb = match change.action {
                Action::Add => text!("Adding"),
                Action::Update => text!("Updating"),
                Action::Remove => text!("Removing"),
            };
            let size = count(change.size as usize, "byte", "bytes");
            lines.push(text!(
                "{verb} entry for {change} ({size}, checksum {checksum})",
                verb,
                change = change.path,
                size,
                checksum = change.checksum
            ));
        }
        if catalog.changed {
            lines.push(text!("Updating checksum of {name} in {place}", name, place));
        }
    }
    lines
}

/// A catalog's name in lower case, as the published procedure spells it, and its folder.
pub(crate) fn catalog_name(catalog: &CidPath) -> (String, String) {
    let place = catalog.folder().map_or_else(|| "\\".to_owned(), |folder| folder.to_string());
    (catalog.file_name().to_lowercase(), place)
}

/// An interrupted change that is over now, as a sentence.
pub(crate) fn recovered_line(recovered: &Recovered) -> String {
    let outcome = match recovered.outcome {
        Outcome::Finished => text!("finished"),
        Outcome::Undone => text!("undone"),
        Outcome::Forgotten => text!("forgotten; its files stay as they are"),
    };
    text!("a change had been interrupted ({change}); it was {outcome}", change = recovered.change, outcome)
}

/// Whose lock was broken, as a sentence.
pub(crate) fn broken_lock_line(whose: &str) -> String {
    text!("the lock of another writer was broken: {whose}", whose)
}

/// What there is to say of other writers to the CID, and of its lock.
pub(crate) fn lock_lines(ran: &Ran) -> Vec<String> {
    let recovered = ran.recovered.as_ref().map(recovered_line);
    let broken = ran.broken_lock.as_deref().map(broken_lock_line);
    recovered.into_iter().chain(broken).chain(ran.lock_left.clone()).collect()
}

/// What was looked at of the files that catalogs list, and what was not.
pub(crate) fn looked_line(looked: &Looked) -> String {
    let Looked { files, contents, unknown, .. } = *looked;
    let all = count(files, "listed file", "listed files");
    let others = files - contents;
    if others == 0 {
        return text!("Looked at: sizes and contents of all {all}", all);
    }
    let mut line = text!(
        "Looked at: sizes of all {all}, contents of {contents}; not at the contents of the other {others}",
        all,
        contents,
        others
    );
    match unknown {
        0 => line.push_str(text!(" (--check all does)")),
        _ if unknown == others => line.push_str(text!(", whose checksum function is not known")),
        _ => line.push_str(&text!(
            " ({unknown} of them have no known checksum function; --check all looks at the rest)",
            unknown
        )),
    }
    line
}

/// Which files may be the customer's, as a sentence that names at most `named` of them; `None` where there are none.
pub(crate) fn candidates_line(plan: &Plan, named: usize) -> Option<String> {
    let candidates = plan.candidates();
    let names: Vec<&str> = candidates.iter().map(CidPath::as_str).collect();
    let files = count(candidates.len(), "file is in no manifest", "files are in no manifest");
    let line = text!(
        "note: {files}, and perhaps yours: {named}; --customer-file NAME makes a file yours",
        files,
        named = some_of(&names, named)
    );
    (!candidates.is_empty()).then_some(line)
}

/// A fault as a line.
pub(crate) fn fault_line(fault: &Fault) -> String {
    let path = fault.path.as_ref().map_or_else(String::new, |path| format!("{path}: "));
    let catalog = match (&fault.catalog, &fault.path) {
        (Some(catalog), Some(_)) => format!(" [{catalog}]"),
        (Some(catalog), None) if fault.code != "catalog-format" => format!(" [{catalog}]"),
        _ => String::new(),
    };
    text!("fault ({code}): {path}{what}{catalog}", code = fault.code, path, what = fault.what, catalog)
}
