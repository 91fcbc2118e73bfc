//! Pages for a browser: one file each, readable in the dark and on paper, and without scripts, but for tables that are
//! sorted.

use base64ct::{Base64, Encoding};
use sha2::{Digest, Sha256};

use super::language::either;
use super::text::safe;

const PAGE: &str = include_str!("../../templates/page.html");

/// A whole page around `body`, which is HTML, from `templates/page.html`. The title is text; it is the page's first
/// heading too.
///
/// The page fetches nothing and runs nothing. Its style has the classes `good`, `doubtful` and `bad` for verdicts, `soft`
/// for what matters less, `number` for cells of numbers, and `scroll` for a box around what may be wider than the page.
///
/// ```
/// use configcid::report::html;
///
/// let page = html::page("CIDs < 2026", &format!("<p>{}</p>", html::escape("a & b")));
/// assert!(page.contains("<h1>CIDs &lt; 2026</h1>") && page.contains("<p>a &amp; b</p>"));
/// ```
pub fn page(title: &str, body: &str) -> String {
    filled(title, body, "", "")
}

/// The same with a script of this program's, which the page allows by its digest and which may fetch nothing: nothing else
/// runs, whatever stands in the body.
pub(crate) fn page_with_script(title: &str, body: &str, script: &str) -> String {
    // A checkout may have made other line breaks; a browser takes the digest of what it made of them.
    let script = script.replace("\r\n", "\n");
    let digest = Base64::encode_string(&Sha256::digest(script.as_bytes()));
    let policy = format!("; script-src 'sha256-{digest}'");
    filled(title, body, &policy, &format!("\n<script>{script}</script>"))
}

fn filled(title: &str, body: &str, policy: &str, script: &str) -> String {
    // What is filled in is not looked at again: a title may well hold "{BODY}".
    let mut parts = Vec::new();
    let mut rest = PAGE;
    let title = escape(title);
    let made = text!("Made by configcid {version}.", version = env!("CARGO_PKG_VERSION"));
    while let Some((before, name, after)) = placeholder(rest) {
        parts.push(before);
        parts.push(match name {
            "TITLE" => &title,
            "BODY" => body,
            "POLICY" => policy,
            "SCRIPT" => script,
            "LANGUAGE" => either("en", "de"),
            _ => &made,
        });
        rest = after;
    }
    parts.push(rest);
    parts.concat()
}

/// The first of the page's placeholders, with what stands before and behind it.
fn placeholder(text: &str) -> Option<(&str, &str, &str)> {
    let (at, name) = ["TITLE", "BODY", "LANGUAGE", "MADE", "POLICY", "SCRIPT"]
        .iter()
        .filter_map(|name| Some((text.find(&format!("{{{name}}}"))?, *name)))
        .min()?;
    Some((&text[..at], name, &text[at + name.len() + 2..]))
}

/// Text as HTML, for elements and for attributes in double quotes. Control characters and what would reorder a line are
/// spelled out.
///
/// ```
/// assert_eq!(configcid::report::html::escape("<b a=\"1\">\u{202E}"), "&lt;b a=&quot;1&quot;&gt;\\u{202e}");
/// ```
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in safe(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_filled_in_is_not_filled_again() {
        let page = page("{BODY} {VERSION}", "<p>{TITLE}</p>");
        assert!(page.contains("<h1>{BODY} {VERSION}</h1>\n<p>{TITLE}</p>\n</main>"), "{page}");
        assert!(page.contains(concat!("Made by configcid ", env!("CARGO_PKG_VERSION"), ".")));
    }

    #[test]
    fn a_page_fetches_and_runs_nothing() {
        let page = page("x", "");
        for word in ["<script", "http://", "https://", "url(", "@import", "<link"] {
            assert!(!page.contains(word), "{word}");
        }
    }
}
