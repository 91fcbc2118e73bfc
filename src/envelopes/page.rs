//! A check of an Envelopes folder as one page, for a ticket.

use crate::base::language::said;
use std::fmt::Write;
use std::time::Duration;

use super::check::{Check, Verdict};
use super::judge::ranked;
use super::rules::print_duration;
use super::surroundings::{Cause, Seen, bytes};
use crate::base::html;
use crate::base::text::count;

/// The page of a check: the verdict first, then what to do, then the causes by their rank with what each rests on. It is one
/// file that needs nothing else.
pub(crate) fn page(found: &Check) -> String {
    let mut body = String::new();
    let (class, verdict) = match found.verdict {
        Verdict::Ok => ("good", text!("Few messages wait, as it should be.")),
        Verdict::Warning => ("doubtful", text!("More messages wait than usual.")),
        Verdict::Critical => ("bad", text!("A large number of messages waits [63588].")),
    };
    let _ = writeln!(body, "<p class=\"{class}\">{verdict}</p>\n<div class=\"tiles\">");
    let mut tile = |value: &str, name: &str| {
        let _ = writeln!(body, "<div class=\"tile\"><span>{}</span> {}</div>", html::escape(value), html::escape(name));
    };
    tile(&found.count.to_string(), if found.count == 1 { "message" } else { "messages" });
    if let Some(endpoints) = found.endpoints {
        tile(
            &endpoints.to_string(),
            if endpoints == 1 { text!("managed endpoint") } else { text!("managed endpoints") },
        );
    }
    if let Some(size) = found.bytes {
        tile(&bytes(size), text!("in all"));
    }
    if let Some(oldest) = &found.oldest {
        tile(&print_duration(Duration::from_secs(oldest.age_seconds)), text!("the oldest"));
    }
    let limits = found.thresholds;
    let _ = writeln!(
        body,
        "{}",
        text!(
            "</div>\n<p class=\"soft\">Looked at {}. A warning from {} messages on, critical from {} on.</p>",
            html::escape(&found.at),
            limits.warning,
            limits.critical
        )
    );
    if let Some(expired) = found.expired_sentence() {
        let _ = writeln!(body, "<p>Expired: {}.</p>", html::escape(&expired));
    }
    for note in &found.notes {
        let _ = writeln!(body, "<p class=\"soft\">{}</p>", html::escape(note));
    }
    if !found.next.is_empty() {
        body.push_str(text!("<h2>What to do next</h2>\n<ol>\n"));
        for step in &found.next {
            let _ = writeln!(body, "<li>{}", html::escape(step));
        }
        body.push_str("</ol>\n");
    }
    causes(&mut body, found);
    ages(&mut body, found);
    html::page(&text!("Envelopes folder {}", found.folder.display()), &body)
}

fn causes(body: &mut String, found: &Check) {
    body.push_str(
        text!("<h2>Likely causes</h2>\n<p class=\"soft\">Those that were seen come first, then those that could not be looked for; each in \
         the order of article 63588.</p>\n<div class=\"scroll\"><table class=\"causes\">\n<tr><th>Seen<th>Cause<th>What was seen\n"),
    );
    for Cause { cause, seen, what, evidence, next, .. } in ranked(&found.causes) {
        let class = match seen {
            Seen::Yes => "bad",
            Seen::Unknown => "doubtful",
            Seen::No => "good",
        };
        let _ = writeln!(
            body,
            "<tr><td class=\"{class}\">{}<td><code>{cause}</code><td>{}",
            seen.name(),
            html::escape(what)
        );
        if !evidence.is_empty() {
            body.push_str("<ul class=\"soft\">\n");
            for line in evidence {
                let _ = writeln!(body, "<li>{}", html::escape(line));
            }
            body.push_str("</ul>\n");
        }
        if let Some(next) = next {
            let _ = writeln!(body, "{}", text!("<p><strong>Next:</strong> {}.</p>", html::escape(next)));
        }
    }
    body.push_str("</table></div>\n");
}

fn ages(body: &mut String, found: &Check) {
    let Some(parts) = found.ages.as_ref().filter(|_| found.count > 0) else { return };
    body.push_str(text!("<h2>Ages</h2>\n<div class=\"scroll\"><table>\n<tr><th>Age<th class=\"number\">Messages<th class=\"number\">Size\n"));
    for part in parts {
        let _ = writeln!(
            body,
            "<tr><td>{}<td class=\"number\">{}<td class=\"number\">{}",
            said(part.age),
            part.count,
            bytes(part.bytes)
        );
    }
    body.push_str("</table></div>\n");
    if found.others > 0 {
        let others = count(found.others as usize, "thing that is no message lies", "things that are no messages lie");
        let _ = writeln!(body, "{}", text!("<p class=\"soft\">Besides, {others} there.</p>", others));
    }
}
