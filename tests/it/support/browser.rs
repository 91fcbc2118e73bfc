//! Pages as a browser shows them: headless Chromium takes a screenshot and prints to PDF, whose text is what can be seen.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Whether `program` can be run. Where it cannot, the test says that it looks at nothing; continuous integration skips
/// nothing, but on Windows, which has no such programs: what the test is about does not depend on the system.
pub(crate) fn have(program: &str) -> bool {
    have_with(program, "--version")
}

/// The same, for a program that takes another argument to say what it is.
pub(crate) fn have_with(program: &str, argument: &str) -> bool {
    if cfg!(windows) {
        eprintln!("NOT TESTED on Windows: what {program} says");
        return false;
    }
    let found = Command::new(program).arg(argument).stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
    if !found {
        assert!(std::env::var_os("CI").is_none(), "{program} is missing; scripts/install-test-tools installs it");
        eprintln!("NOT TESTED: {program} is not installed; scripts/install-test-tools installs it");
    }
    found
}

/// Chromium, and the program that reads the text of what it prints.
pub(crate) fn have_browser() -> bool {
    have("chromium") && have("pdftotext")
}

/// A page in the browser.
pub(crate) struct Shown {
    /// The screenshot.
    pub png: PathBuf,
    /// The text that can be seen, as it is printed: without what a style hides.
    pub text: String,
}

/// Shows an HTML or SVG file in a window of this size, in the dark or not. The screenshot is `NAME.png` beside the file.
/// Nothing can be fetched. Scripts cannot be switched off (headless Chromium takes its pictures by one): the page forbids
/// them itself.
pub(crate) fn show(file: &Path, name: &str, (width, height): (u32, u32), is_dark: bool) -> Shown {
    let folder = file.parent().unwrap();
    let (png, pdf) = (folder.join(format!("{name}.png")), folder.join(format!("{name}.pdf")));
    let url = format!("file://{}", file.canonicalize().unwrap().display());
    let window = format!("--window-size={width},{height}");
    let colors = format!("--blink-settings=preferredColorScheme={}", u8::from(!is_dark));
    chromium(folder, &[&colors, &window, &format!("--screenshot={}", png.display()), &url]);
    chromium(folder, &["--no-pdf-header-footer", &format!("--print-to-pdf={}", pdf.display()), &url]);
    let text = Command::new("pdftotext").arg("-layout").arg(&pdf).arg("-").output().unwrap();
    assert!(text.status.success(), "{}", String::from_utf8_lossy(&text.stderr));
    assert!(fs::metadata(&png).unwrap().len() > 1000, "an empty screenshot");
    Shown { png, text: String::from_utf8(text.stdout).unwrap() }
}

/// What a script says of a picture that stands in a page: its text, which is JSON. The picture itself runs nothing.
pub(crate) fn ask(file: &Path, script: &str) -> serde_json::Value {
    let page = file.with_extension("asked.html");
    let picture = fs::read_to_string(file).unwrap();
    let script = format!("<script>document.body.textContent = JSON.stringify((() => {{ {script} }})())</script>");
    fs::write(&page, format!("<!DOCTYPE html><meta charset=\"utf-8\"><body style=\"margin: 0\">{picture}{script}"))
        .unwrap();
    let dom = chromium(file.parent().unwrap(), &["--dump-dom", &format!("file://{}", page.display())]);
    json_of_body(&dom)
}

fn json_of_body(dom: &str) -> serde_json::Value {
    let body = dom.split_once("<body").and_then(|(_, rest)| rest.split_once('>')).expect("a page with a body").1;
    let text = body.split("</body>").next().unwrap();
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&nbsp;", " ").replace("&amp;", "&");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// What a script says of a page that has one itself: its text, which is JSON, after the script worked with it. The page allows
/// its own script alone; the copy that is looked at allows this one, too.
pub(crate) fn at_work(file: &Path, script: &str) -> serde_json::Value {
    let page = fs::read_to_string(file).unwrap();
    let copy = file.with_extension("work.html");
    assert!(page.contains("script-src 'sha256-"), "the page allows no script");
    let open = page.replacen("script-src 'sha256-", "script-src 'nonce-test' 'sha256-", 1);
    let open = open.replacen("</body>", &format!("<script nonce=\"test\">{script}</script></body>"), 1);
    fs::write(&copy, open).unwrap();
    json_of_body(&chromium(file.parent().unwrap(), &["--dump-dom", &format!("file://{}", copy.display())]))
}

fn chromium(folder: &Path, args: &[&str]) -> String {
    let mut command = Command::new("chromium");
    command.args(["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--disable-dev-shm-usage"]);
    command.arg(format!("--user-data-dir={}", folder.join("chromium").display()));
    // No name of a host can be resolved.
    command.arg("--host-resolver-rules=MAP * ~NOTFOUND").args(args);
    let output = command.env("HOME", folder).stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

impl Shown {
    /// Asserts that a text can be seen, whatever its line breaks.
    #[track_caller]
    pub(crate) fn shows(&self, text: &str) {
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let squeezed = |text: &str| text.split_whitespace().collect::<String>();
        assert!(squeezed(&self.text).contains(&squeezed(text)), "not on the page: {text:?}\n{}", words(&self.text));
    }
}
