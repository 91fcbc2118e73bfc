//! An audit as lines for the terminal. The page is in [`audit_page`](super::audit_page).

use super::{count, table};
use crate::audit::{AlsoTold, AuditReport, Finding, RULES, Rule, Severity, SeverityCounts};
use crate::base::language::said;
use crate::catalogs::CatalogReport;
use crate::relay::CopyState;

/// How a line is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// As it is.
    Plain,
    /// It stands above others.
    Heading,
    /// All is well.
    Good,
    /// Something is doubtful.
    Doubtful,
    /// Something is wrong.
    Bad,
}

impl From<Severity> for Tone {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Error => Self::Bad,
            Severity::Warning => Self::Doubtful,
            Severity::Note => Self::Plain,
        }
    }
}

/// How many findings of one sort, and how many files of one list, are told unless everything is asked for.
const TOLD: usize = 10;

/// An audit as lines, the summary first; of each sort of finding the first ten, unless `is_everything`.
///
/// ```
/// # let dir = tempfile::tempdir().unwrap();
/// # let path = dir.path().join("ESXP");
/// use configcid::{DemoCid, audit, report, signing};
///
/// DemoCid::default().write(&path)?;
/// std::fs::remove_file(path.join("rms/router.dll")).unwrap();
/// let signatures = signing::VerifyOptions::new(configcid::time::parse("2026-11-21")?);
/// let options = audit::AuditOptions::new(signatures);
/// let lines = report::audit_lines(&audit::audit(&path, &options)?, false);
/// assert!(lines[0].1.starts_with("1 error,"));
/// # Ok::<(), configcid::Error>(())
/// ```
pub fn audit_lines(report: &AuditReport, is_everything: bool) -> Vec<(Tone, String)> {
    let told = if is_everything { usize::MAX } else { TOLD };
    let mut lines = vec![(verdict_tone(&report.counts), format!("{}; {}", verdict(&report.counts), files(report)))];
    for (rule, findings) in by_rule(&report.findings) {
        lines.push((Tone::Plain, String::new()));
        let severity = findings[0].severity;
        lines.push((severity.into(), format!("{} {}: {}", said(severity.name()), rule.id, said(rule.meaning))));
        for finding in findings.iter().take(told) {
            lines.push((Tone::Plain, format!("  {}", finding_line(finding))));
            lines.extend(also_lines(finding, is_everything).into_iter().map(|line| (Tone::Plain, line)));
        }
        lines.extend(more(findings.len(), told));
        lines.push((Tone::Plain, text!("  next: {}", said(rule.next))));
    }
    section(&mut lines, text!("What the answer rests on"), &rests_on(report));
    section(&mut lines, text!("Catalogs"), &catalogs(report));
    section(&mut lines, text!("Manifests"), &manifests(report));
    section(&mut lines, text!("Who signed them"), &signers(report));
    section(&mut lines, text!("The customer's files"), &customer_files(report));
    section(&mut lines, text!("Relay configuration"), &relay(report));
    section(&mut lines, text!("Certificates in cac.pem"), &certificates(report));
    if !report.candidates.is_empty() {
        lines.push((Tone::Plain, String::new()));
        lines.push((Tone::Heading, text!("In no manifest, and perhaps the customer's").to_owned()));
        let candidates = report.candidates.iter().take(told);
        lines.extend(candidates.map(|path| (Tone::Plain, format!("  {path}"))));
        lines.extend(more(report.candidates.len(), told));
    }
    lines
}

fn more(all: usize, told: usize) -> Option<(Tone, String)> {
    (all > told).then(|| (Tone::Plain, text!("  and {} more: -v and --json tell them all", all - told)))
}

fn section(lines: &mut Vec<(Tone, String)>, title: &str, rows: &[Vec<String>]) {
    if rows.len() > 1 {
        lines.push((Tone::Plain, String::new()));
        lines.push((Tone::Heading, title.to_owned()));
        lines.extend(table(rows).into_iter().map(|line| (Tone::Plain, format!("  {line}"))));
    }
}

/// The findings of each sort, as they are sorted.
pub(super) fn by_rule(findings: &[Finding]) -> Vec<(&'static Rule, &[Finding])> {
    let groups = findings.chunk_by(|a, b| a.id == b.id);
    let rule = |id| RULES.iter().copied().find(|rule| rule.id == id);
    groups.filter_map(|group| Some((rule(group[0].id)?, group))).collect()
}

/// A finding in a line: where, what, and by which catalog or manifest.
pub(super) fn finding_line(finding: &Finding) -> String {
    let path = finding.path.as_ref().map_or_else(String::new, |path| format!("{path}: "));
    let by: Vec<&str> = by(finding);
    let by = if by.is_empty() { String::new() } else { format!(" [{}]", by.join(", ")) };
    format!("{path}{}{by}", finding.what)
}

/// What else tells of the same fault: each way, or how many there are.
fn also_lines(finding: &Finding, is_everything: bool) -> Vec<String> {
    match is_everything {
        true => finding.also.iter().map(|also| text!("    also {}", also_line(also))).collect(),
        false if finding.also.is_empty() => Vec::new(),
        false => {
            vec![text!("    told by {} more: -v and --json say how", count(finding.also.len(), "list", "lists"))]
        }
    }
}

/// A further way in which a fault shows, in a line.
pub(super) fn also_line(also: &AlsoTold) -> String {
    let by: Vec<&str> = [&also.catalog, &also.manifest].into_iter().flatten().map(|path| path.as_str()).collect();
    let by = if by.is_empty() { String::new() } else { format!(" [{}]", by.join(", ")) };
    format!("{}: {}{by}", also.id, also.what)
}

/// The catalog and the manifest of a finding, unless it is about one of them.
pub(super) fn by(finding: &Finding) -> Vec<&str> {
    let by = [&finding.catalog, &finding.manifest].into_iter().flatten().map(|path| path.as_str());
    by.filter(|by| Some(*by) != finding.path.as_deref()).collect()
}

/// The counts in words.
pub(super) fn verdict(counts: &SeverityCounts) -> String {
    if Severity::ALL.iter().all(|severity| counts.of(*severity) == 0) {
        return text!("Nothing found").to_owned();
    }
    format!(
        "{}, {}, {}",
        count(counts.error, "error", "errors"),
        count(counts.warning, "warning", "warnings"),
        count(counts.note, "note", "notes")
    )
}

pub(super) fn verdict_tone(counts: &SeverityCounts) -> Tone {
    match counts {
        SeverityCounts { error: 0, warning: 0, .. } => Tone::Good,
        SeverityCounts { error: 0, .. } => Tone::Doubtful,
        _ => Tone::Bad,
    }
}

/// What an answer rests on: moments, roots, revocation lists, options. Whoever reads "no errors" should see it.
pub(super) fn rests_on(report: &AuditReport) -> Vec<Vec<String>> {
    let asked = &report.asked;
    let mut rows = vec![vec![said("WHAT").to_owned(), said("VALUE").to_owned()]];
    let mut row = |what: &str, value: String| rows.push(vec![what.to_owned(), value]);
    row(text!("signers valid at"), report.at.clone());
    row(text!("all else valid at"), text!("{}, and when the audit was made", report.at));
    for root in &asked.roots {
        row(text!("root"), format!("{} (SHA-256 {})", root.subject, root.sha256));
    }
    if asked.roots.is_empty() {
        row(text!("root"), text!("none was given: no signature proves an origin").to_owned());
    }
    asked.root_files.iter().for_each(|file| row(text!("roots from"), file.display().to_string()));
    asked.crl_files.iter().for_each(|file| row(text!("revocation list"), file.display().to_string()));
    let options = [
        (asked.allow_sha1, "--allow-sha1"),
        (asked.strict, "--strict"),
        (asked.require_manifest, "--require-manifest"),
    ];
    let options: Vec<&str> = options.iter().filter(|(is_set, _)| *is_set).map(|(_, name)| *name).collect();
    if !options.is_empty() {
        row(text!("options"), options.join(" "));
    }
    rows
}

/// The files in numbers.
pub(super) fn files(report: &AuditReport) -> String {
    let files = &report.files;
    let mut text = text!(
        "{}, {}: {} in catalogs, {} in manifests, {} the customer's, {}",
        count(files.total, "file", "files"),
        bytes(files.bytes),
        files.listed,
        files.signed,
        files.customer,
        count(files.catalogs, "catalog", "catalogs")
    );
    if files.candidates > 0 {
        text.push_str(&text!(", {} perhaps the customer's", files.candidates));
    }
    text
}

/// A number of bytes, in the unit in which it is short.
pub(super) fn bytes(bytes: u64) -> String {
    let mut value = bytes as f64;
    for unit in ["KiB", "MiB", "GiB"] {
        value /= 1024.0;
        if value < 1024.0 && bytes >= 1024 || unit == "GiB" && value >= 1.0 {
            return format!("{value:.1} {unit}");
        }
    }
    count(bytes as usize, "byte", "bytes")
}

fn rows(head: &[&str], body: impl Iterator<Item = Vec<String>>) -> Vec<Vec<String>> {
    std::iter::once(head.iter().map(|&cell| said(cell).to_owned()).collect()).chain(body).collect()
}

pub(super) fn catalogs(report: &AuditReport) -> Vec<Vec<String>> {
    rows(
        &["CATALOG", "ENTRIES", text!("CHECKSUM FUNCTION"), "CHECKED"],
        report.catalogs.iter().map(|catalog| {
            let function = catalog.function.clone().unwrap_or_else(|| catalog.state.to_owned());
            vec![catalog.catalog.to_string(), catalog.entries.to_string(), function, checked(catalog).to_owned()]
        }),
    )
}

fn checked(catalog: &CatalogReport) -> &'static str {
    match catalog.state {
        "known" => text!("sizes and checksums"),
        "damaged" => text!("sizes and checksums; damaged"),
        "unreadable" => text!("nothing"),
        _ => text!("sizes alone"),
    }
}

pub(super) fn manifests(report: &AuditReport) -> Vec<Vec<String>> {
    rows(
        &["MANIFEST", "ENTRIES", text!("PATHS FROM"), "STATE", "SIGNATURE"],
        report.manifests.iter().map(|manifest| {
            vec![
                manifest.manifest.to_string(),
                manifest.entries.to_string(),
                manifest.folder.clone(),
                manifest.state.to_owned(),
                manifest.signature.clone(),
            ]
        }),
    )
}

/// The certificates of each manifest's signature that decides, with their fingerprints.
pub(super) fn signers(report: &AuditReport) -> Vec<Vec<String>> {
    let certificates = report.manifests.iter().flat_map(|manifest| {
        manifest.chain.iter().map(|certificate| {
            vec![manifest.manifest.to_string(), certificate.subject.clone(), certificate.sha256.to_string()]
        })
    });
    rows(&["MANIFEST", text!("SIGNER, ISSUERS, ROOT"), "SHA-256"], certificates)
}

pub(super) fn customer_files(report: &AuditReport) -> Vec<Vec<String>> {
    rows(
        &["FILE", "BYTES", text!("LISTED BY")],
        report.customer_files.iter().map(|file| {
            let by: Vec<String> = file.listed_by.iter().map(ToString::to_string).collect();
            let by = if by.is_empty() { text!("no catalog").to_owned() } else { by.join(", ") };
            let whose = if file.is_of_tools { text!("; made by the vendor's tools") } else { "" };
            vec![file.path.to_string(), file.size.to_string(), format!("{by}{whose}")]
        }),
    )
}

pub(super) fn relay(report: &AuditReport) -> Vec<Vec<String>> {
    let or_none = |list: &Option<String>| list.clone().unwrap_or_else(|| text!("(none)").to_owned());
    rows(
        &["COPY", text!("ENDPOINTS REPORT TO"), text!("A RELAY REPORTS TO"), "DRIFT"],
        report.relay.iter().map(|copy: &CopyState| {
            let drift = match copy.drift.len() {
                0 => text!("none").to_owned(),
                values => count(values, "value", "values"),
            };
            vec![copy.path.to_string(), or_none(&copy.parent_router_address), or_none(&copy.mr_parent_address), drift]
        }),
    )
}

pub(super) fn certificates(report: &AuditReport) -> Vec<Vec<String>> {
    rows(
        &["FILE", "SUBJECT", text!("VALID FROM"), "UNTIL", "STATE"],
        report.certificates.iter().map(|cac| {
            vec![
                cac.path.to_string(),
                cac.subject.clone(),
                cac.not_before.clone(),
                cac.not_after.clone(),
                cac.state.replace('-', " "),
            ]
        }),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_short() {
        for (number, text) in [
            (0, "0 bytes"),
            (1, "1 byte"),
            (1023, "1023 bytes"),
            (1024, "1.0 KiB"),
            (1 << 20, "1.0 MiB"),
            (3 << 29, "1.5 GiB"),
            (u64::MAX, "17179869184.0 GiB"),
        ] {
            assert_eq!(bytes(number), text);
        }
    }
}
