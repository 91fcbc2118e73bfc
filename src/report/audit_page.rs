//! Audits as one page for a browser: the summary first, then the findings, then what there is.

use crate::base::language::said;
use std::fmt::Write;

use super::audit::{
    also_line, by, by_rule, catalogs, certificates, customer_files, files, manifests, relay, rests_on, signers,
    verdict_tone,
};
use super::{Tone, count, html};
use crate::audit::{AuditReport, Finding, Rule, Severity};

/// How many findings of one sort, and how many files of one list, stand on the page: one of a hundred thousand rows no
/// browser shows well.
const SHOWN: usize = 500;

/// What became of the audit of one CID, for a page.
#[derive(Debug)]
pub struct Audited<'a> {
    /// The CID, as it was named.
    pub cid: &'a str,
    /// The audit, or why there is none, as a sentence.
    pub report: Result<&'a AuditReport, String>,
}

/// A page with the audits of some CIDs. It is one file that needs nothing else.
///
/// ```
/// # let dir = tempfile::tempdir().unwrap();
/// # let path = dir.path().join("ESXP");
/// use configcid::{DemoCid, audit, report, signing};
///
/// DemoCid::default().write(&path)?;
/// let signatures = signing::VerifyOptions::new(configcid::time::parse("2026-11-21")?);
/// let options = audit::AuditOptions::new(signatures);
/// let report = audit::audit(&path, &options)?;
/// let page = report::audit_page(&[report::Audited { cid: "ESXP", report: Ok(&report) }]);
/// assert!(page.contains("<h1>Audit of ESXP</h1>"));
/// # Ok::<(), configcid::Error>(())
/// ```
pub fn audit_page(audits: &[Audited<'_>]) -> String {
    let mut body = String::new();
    let title = match audits {
        [only] => text!("Audit of {}", only.cid),
        _ => text!("Audit of {}", count(audits.len(), "CID", "CIDs")),
    };
    if audits.len() > 1 {
        overview(&mut body, audits);
    }
    for (index, audited) in audits.iter().enumerate() {
        if audits.len() > 1 {
            let _ = writeln!(body, "<h2 class=\"cid\" id=\"cid-{}\">{}</h2>", index + 1, html::escape(audited.cid));
        }
        match &audited.report {
            Ok(report) => one(&mut body, report, &format!("cid-{}-", index + 1)),
            Err(why) => {
                let _ =
                    writeln!(body, "{}", text!("<p class=\"bad\">It could not be audited: {}</p>", html::escape(why)));
            }
        }
    }
    html::page(&title, &body)
}

fn overview(body: &mut String, audits: &[Audited<'_>]) {
    body.push_str(
        text!("<div class=\"scroll\"><table>\n<tr><th>CID<th class=\"number\">Errors<th class=\"number\">Warnings<th class=\"number\">Notes\n"),
    );
    for (index, audited) in audits.iter().enumerate() {
        let cid = html::escape(audited.cid);
        let _ = write!(body, "<tr><td><a href=\"#cid-{}\">{cid}</a>", index + 1);
        match &audited.report {
            Ok(report) => Severity::ALL.iter().for_each(|severity| {
                let number = report.counts.of(*severity);
                let class = if number == 0 { "soft" } else { class((*severity).into()) };
                let _ = write!(body, "<td class=\"number {class}\">{number}");
            }),
            Err(_) => body.push_str(text!("<td colspan=\"3\" class=\"bad\">could not be audited")),
        }
        body.push('\n');
    }
    body.push_str("</table></div>\n");
}

fn class(tone: Tone) -> &'static str {
    match tone {
        Tone::Bad => "bad",
        Tone::Doubtful => "doubtful",
        Tone::Good => "good",
        Tone::Plain | Tone::Heading => "soft",
    }
}

/// One CID; `prefix` keeps its anchors apart from those of others.
fn one(body: &mut String, report: &AuditReport, prefix: &str) {
    tiles(body, report);
    verdict_of(body, report);
    findings_in_short(body, report, prefix);
    for (rule, findings) in by_rule(&report.findings) {
        findings_of_rule(body, rule, findings, prefix);
    }
    section(body, text!("What the answer rests on"), &rests_on(report), &[]);
    section(body, text!("Catalogs"), &catalogs(report), &[1]);
    section(body, text!("Manifests"), &manifests(report), &[1]);
    section(body, text!("Who signed them"), &signers(report), &[]);
    section(body, text!("The customer's files"), &customer_files(report), &[1]);
    section(body, text!("Relay configuration"), &relay(report), &[]);
    section(body, text!("Certificates in cac.pem"), &certificates(report), &[]);
    candidates(body, report);
}

/// How many findings there are of each severity.
fn tiles(body: &mut String, report: &AuditReport) {
    body.push_str("<div class=\"tiles\">\n");
    for severity in Severity::ALL {
        let number = report.counts.of(severity);
        let class = if number == 0 { "soft" } else { class(severity.into()) };
        let name = match severity {
            Severity::Error => "errors",
            Severity::Warning => "warnings",
            Severity::Note => "notes",
        };
        let name = if number == 1 { &name[..name.len() - 1] } else { name };
        let _ = writeln!(body, "<div class=\"tile\"><span class=\"{class}\">{number}</span> {name}</div>");
    }
    body.push_str("</div>\n");
}

/// The verdict in a sentence. "Whole" is said only of what roots of the user's vouch for, and never of nothing.
fn verdict_of(body: &mut String, report: &AuditReport) {
    let counts = &report.counts;
    let is_proven = !report.asked.roots.is_empty() && report.files.signed > 0;
    let verdict = match (counts.error, counts.warning) {
        _ if report.files.total == 0 => text!("No file was looked at."),
        (0, 0) if report.is_whole() => text!("The CID is whole."),
        (0, _) if is_proven => {
            text!("Nothing is wrong as far as it could be checked; something in it is doubtful or proves no origin.")
        }
        (0, 0) => text!("No fault was found; nothing proves where its files are from."),
        (0, _) => {
            text!("No fault was found, and something in it is doubtful; nothing proves where its files are from.")
        }
        _ => text!("The CID is not whole."),
    };
    let class = match report.is_whole() || counts.error + counts.warning > 0 {
        true => class(verdict_tone(counts)),
        false => "doubtful",
    };
    let _ = writeln!(body, "<p class=\"{class}\">{verdict}</p>\n<p>{}.</p>", html::escape(&files(report)));
}

/// Each sort of finding with its number, the gravest first.
fn findings_in_short(body: &mut String, report: &AuditReport, prefix: &str) {
    if report.findings.is_empty() {
        return;
    }
    body.push_str(text!("<h2>Findings</h2>\n<div class=\"scroll\"><table>\n<tr><th>Severity<th>Id<th class=\"number\">Found<th>What it means\n"));
    for (rule, findings) in by_rule(&report.findings) {
        let severity = findings[0].severity;
        let _ = writeln!(
            body,
            "<tr><td class=\"{}\">{}<td><a href=\"#{prefix}{}\"><code>{}</code></a><td class=\"number\">{}<td>{}",
            class(severity.into()),
            severity.name(),
            rule.id,
            rule.id,
            findings.len(),
            html::escape(said(rule.meaning))
        );
    }
    body.push_str("</table></div>\n");
}

/// All findings of one sort.
fn findings_of_rule(body: &mut String, rule: &Rule, findings: &[Finding], prefix: &str) {
    let severity = findings[0].severity;
    let _ = writeln!(
        body,
        "{}",
        text!(
            "<section class=\"finding {severity}\" id=\"{prefix}{id}\">\n<h3><span class=\"{into}\">{severity2}</span> <code>{id2}</code></h3>\n\
         <p>{meaning}<br><strong>Next:</strong> {next}.</p>\n<div class=\"scroll\"><table class=\"fixed\">",
            severity = severity.name(),
            prefix,
            id = rule.id,
            into = class(severity.into()),
            severity2 = said(severity.name()),
            id2 = rule.id,
            meaning = html::escape(said(rule.meaning)),
            next = html::escape(said(rule.next))
        )
    );
    let has_by = findings.iter().any(|finding| !by(finding).is_empty());
    let _ = writeln!(body, "{}", text!("<tr><th>Path<th>What{}", if has_by { text!("<th>Found by") } else { "" }));
    for finding in findings.iter().take(SHOWN) {
        let path = match &finding.path {
            Some(path) => format!("<code>{}</code>", html::escape(path)),
            None => text!("<span class=\"soft\">the CID</span>").to_owned(),
        };
        let _ = write!(body, "<tr><td>{path}<td>{}", html::escape(&finding.what));
        for also in &finding.also {
            let _ = body.write_str(&text!("<br><span class=\"soft\">also {}</span>", html::escape(&also_line(also))));
        }
        if has_by {
            let _ = write!(body, "<td><code>{}</code>", html::escape(&by(finding).join(", ")));
        }
        body.push('\n');
    }
    body.push_str("</table></div>\n");
    more(body, findings.len());
    body.push_str("</section>\n");
}

/// Files that are perhaps the customer's.
fn candidates(body: &mut String, report: &AuditReport) {
    if report.candidates.is_empty() {
        return;
    }
    body.push_str(
        text!("<h2>In no manifest, and perhaps the customer's</h2>\n<p>No manifest lists these files, they are no catalogs, and \
         their names are none of a customer's.</p>\n<ul>\n"),
    );
    for path in report.candidates.iter().take(SHOWN) {
        let _ = writeln!(body, "<li><code>{}</code>", html::escape(path.as_str()));
    }
    body.push_str("</ul>\n");
    more(body, report.candidates.len());
}

fn more(body: &mut String, all: usize) {
    if all > SHOWN {
        let _ = writeln!(
            body,
            "{}",
            text!("<p>And {} more: <code>configcid audit --json</code> has them all.</p>", all - SHOWN)
        );
    }
}

/// A table whose first row is the heading; the columns of these numbers hold numbers.
fn section(body: &mut String, title: &str, rows: &[Vec<String>], numbers: &[usize]) {
    let Some((head, rows)) = rows.split_first().filter(|(_, rows)| !rows.is_empty()) else { return };
    let class = |index: usize| if numbers.contains(&index) { " class=\"number\"" } else { "" };
    let _ = write!(body, "<h2>{}</h2>\n<div class=\"scroll\"><table>\n<tr>", html::escape(title));
    for (index, cell) in head.iter().enumerate() {
        let mut letters = cell.chars();
        let first = letters.next().map(String::from).unwrap_or_default();
        let _ = write!(body, "<th{}>{first}{}", class(index), html::escape(&letters.as_str().to_lowercase()));
    }
    body.push('\n');
    for row in rows.iter().take(SHOWN) {
        body.push_str("<tr>");
        for (index, cell) in row.iter().enumerate() {
            let _ = match index {
                0 => write!(body, "<td><code>{}</code>", html::escape(cell)),
                _ => write!(body, "<td{}>{}", class(index), html::escape(cell)),
            };
        }
        body.push('\n');
    }
    body.push_str("</table></div>\n");
    more(body, rows.len());
}
