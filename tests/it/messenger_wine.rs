//! The messenger of the Windows program: its window, on a screen of its own, and its values in a real registry.
//!
//! `CONFIGCID_EXE` names the program to test, as for `registry_wine.rs`; `scripts/test-windows` sets it. The screenshots
//! are in `target/tmp`.

#![cfg(unix)]

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use crate::support::browser::have_with;
use crate::support::wine::Wine;
use serde_json::Value as Json;

const KEYS: [&str; 4] = [
    r"HKLM\SOFTWARE\Sophos\Sophos messenger",
    r"HKLM\SOFTWARE\Wow6432Node\Sophos\Sophos messenger",
    r"HKCU\Software\Sophos\Sophos messenger",
    r"HKCU\Software\Wow6432Node\Sophos\Sophos messenger",
];
const RUN: &str = r"\Microsoft\Windows\CurrentVersion\Run";

/// The files of the templates, beside the program.
fn ready(wine: Option<Wine>) -> Option<Wine> {
    let Some(wine) = wine else {
        eprintln!("skipped: CONFIGCID_EXE names no Windows program to test");
        return None;
    };
    for (name, to) in [("messenger.example.xml", "messages.xml"), ("messenger-profile.example.toml", "profile.toml")] {
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates").join(name);
        fs::copy(from, wine.folder.path().join(to)).unwrap();
    }
    Some(wine)
}

fn ids(list: &Json) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|one| one["id"].as_str().or(one.as_str()).unwrap()).collect()
}

/// A screen in memory.
struct Screen {
    server: Child,
    display: String,
}

impl Screen {
    fn new() -> Self {
        let mut server = Command::new("Xvfb");
        server.args(["-displayfd", "1", "-screen", "0", "1024x700x24"]).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut server = server.spawn().unwrap();
        let mut number = String::new();
        BufReader::new(server.stdout.take().unwrap()).read_line(&mut number).unwrap();
        Self { server, display: format!(":{}", number.trim()) }
    }

    fn tool(&self, line: &str) -> String {
        self.ask(line).unwrap_or_else(|output| panic!("{line}: {output:?}"))
    }

    fn ask(&self, line: &str) -> Result<String, Output> {
        let mut words = line.split(' ');
        let mut command = Command::new("timeout");
        command.arg("180").arg(words.next().unwrap()).args(words).env("DISPLAY", &self.display);
        let output = command.output().unwrap();
        if !output.status.success() {
            return Err(output);
        }
        Ok(String::from_utf8(output.stdout).unwrap().trim().to_owned())
    }

    /// Waits for the window whose title begins so, and gives its number.
    fn window(&self, title: &str) -> String {
        let line = format!("xdotool search --sync --onlyvisible --name ^{title}");
        let gone = |output: &Output| String::from_utf8_lossy(&output.stderr).contains("BadWindow");
        let mut found = self.ask(&line);
        // A window that it looks at may go just then, as the one before does.
        while found.as_ref().is_err_and(gone) {
            found = self.ask(&line);
        }
        let found = found.unwrap_or_else(|output| panic!("{line}: {output:?}"));
        found.lines().next().unwrap().to_owned()
    }

    /// Where a window is, and how large.
    fn geometry(&self, window: &str) -> [u32; 4] {
        let said = self.tool(&format!("xdotool getwindowgeometry --shell {window}"));
        ["X=", "Y=", "WIDTH=", "HEIGHT="].map(|name| {
            let number = said.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            number.parse().unwrap_or_else(|error| panic!("{error}: {said}"))
        })
    }

    /// A picture of the screen, once all of the window is drawn: that takes a moment after it is there.
    fn picture(&self, window: &str, name: &str) -> PathBuf {
        let raw = tempfile::NamedTempFile::new().unwrap();
        let raw = raw.path();
        let png = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.png"));
        // How many colors the lower right of the window has, where the buttons are: they are drawn last. None, where it
        // has no such part yet.
        let colors = || {
            let [x, y, width, height] = self.geometry(window);
            let part = format!("{}x{}+{}+{}", width / 2, height / 6, x + width / 2, y + height * 5 / 6);
            self.tool(&format!("xwd -root -silent -out {}", raw.display()));
            let mut convert = Command::new("convert");
            convert.arg(format!("xwd:{}", raw.display())).args(["-crop", &part, "-format", "%k", "info:"]);
            String::from_utf8(convert.output().unwrap().stdout).unwrap().trim().parse().unwrap_or(0)
        };
        // Their face, light, shadow and text, at least, whether or not letters are smoothed.
        assert!((0..500).any(|_| colors() > 4), "no buttons are drawn");
        let made = Command::new("convert").arg(format!("xwd:{}", raw.display())).arg(&png).status().unwrap();
        assert!(made.success());
        png
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

#[test]
fn the_window() {
    let tools = [("Xvfb", "-help"), ("xdotool", "--version"), ("xwd", "-help"), ("convert", "-version")];
    if !tools.iter().all(|(tool, argument)| have_with(tool, argument)) {
        return;
    }
    let screen = Screen::new();
    let Some(wine) = ready(Wine::on_screen(&screen.display)) else { return };
    for (language, first, second, acknowledge) in
        [("en", "Warning", "Information", "alt+a"), ("de", "Warnung", "Information", "alt+b")]
    {
        let exe = wine.exe.to_str().unwrap();
        let line = format!(
            "messenger run messages.xml --profile profile.toml --at 2026-11-20 --lang {language} --format window --state {language}"
        );
        let mut command = wine.command(&[&[exe], line.split(' ').collect::<Vec<_>>().as_slice()].concat());
        let mut run = command.stdout(Stdio::piped()).spawn().unwrap();
        let window = screen.window(first);
        println!("{}", screen.picture(&window, &format!("messenger-{language}-1")).display());
        screen.tool(&format!("xdotool windowfocus {window} key --clearmodifiers {acknowledge}"));
        let window = screen.window(second);
        println!("{}", screen.picture(&window, &format!("messenger-{language}-2")).display());
        if language == "en" {
            // By the mouse: the button to the left of the one in the corner.
            let [_, _, width, height] = screen.geometry(&window);
            let (x, y) = (width * 63 / 100, height * 90 / 100);
            screen.tool(&format!("xdotool mousemove --window {window} {x} {y} click 1"));
        } else {
            screen.tool(&format!("xdotool windowfocus {window} key --clearmodifiers Escape"));
        }
        assert!(run.wait().unwrap().success());
        let status = wine.configcid(&["messenger", "status", "--state", language]);
        assert_eq!(ids(&status["shown"]), ["relay-retires", "welcome"]);
        let expected = if language == "en" { vec!["relay-retires", "welcome"] } else { vec!["relay-retires"] };
        assert_eq!(ids(&status["acknowledged"]), expected, "{language}");
    }
}

#[test]
fn switches_packages_and_this_machine() {
    let Some(wine) = ready(Wine::found()) else { return };
    let run = || {
        let line = "messenger run messages.xml --profile profile.toml --at 2026-11-20 --format json --state state";
        wine.configcid(&line.split(' ').collect::<Vec<_>>())
    };
    let gone = |key: &str| drop(wine.run(&["reg", "delete", key, "/f", "/reg:64"]));
    KEYS.iter().for_each(|key| gone(key));
    assert_eq!((&run()["disabled"], ids(&run()["messages"]).len()), (&Json::Null, 2));
    for key in KEYS {
        let long = key.replace("HKLM", "HKEY_LOCAL_MACHINE").replace("HKCU", "HKEY_CURRENT_USER");
        for (value, disabled) in [("1", format!(r"{long}\Disable").into()), ("0", Json::Null)] {
            wine.reg(&["add", key, "/v", "Disable", "/t", "REG_DWORD", "/d", value, "/f", "/reg:64"]);
            assert_eq!(run()["disabled"], disabled);
        }
        gone(key);
    }

    // A package, made by the program of itself; what its files say, and what the registry makes of them.
    fs::write(wine.folder.path().join("spec.toml"), "messages = \"messages.xml\"\n").unwrap();
    let built = wine.configcid(&["messenger", "build", "spec.toml", "--out", "package", "--at", "2026-11-20"]);
    assert_eq!(built["status"], "changed", "{built}");
    for bits in ["32", "64"] {
        let node = if bits == "64" { r"\Wow6432Node" } else { "" };
        let hives = [("machine", format!(r"HKLM\SOFTWARE{node}")), ("user", format!(r"HKCU\Software{node}"))];
        for (whom, hive) in hives {
            wine.reg(&["import", &format!("package\\disable-{whom}-{bits}bit.reg"), "/reg:64"]);
            let disabled = run()["disabled"].as_str().unwrap().to_lowercase();
            let key = hive.replace("HKLM", "HKEY_LOCAL_MACHINE").replace("HKCU", "HKEY_CURRENT_USER").to_lowercase();
            assert!(disabled.starts_with(&key), "{disabled} {key}");
            gone(&format!(r"{hive}\Sophos\Sophos messenger"));
        }
        wine.reg(&["import", &format!("package\\run-{bits}bit.reg"), "/reg:64"]);
        let key = format!(r"HKLM\SOFTWARE{node}{RUN}");
        let said = wine.reg(&["query", &key, "/v", "SophosMessenger", "/reg:64"]);
        assert!(said.contains("REG_EXPAND_SZ") && said.contains("messenger run --format window"), "{said}");
        assert_eq!(said.contains("(x86)"), bits == "64", "{said}");
        wine.reg(&["delete", &key, "/v", "SophosMessenger", "/f", "/reg:64"]);
    }

    // Installed by its script, run from where it is, and removed by its script.
    let value =
        || wine.run(&["reg", "query", &format!(r"HKLM\SOFTWARE\Wow6432Node{RUN}"), "/v", "SophosMessenger", "/reg:64"]);
    let folder = r"C:\Program Files (x86)\Sophos\SophosMessenger";
    let script = |path: &str| {
        let output = wine.run(&["cmd", "/c", "call", path]);
        assert!(output.status.success(), "{output:?}");
    };
    script(r"package\install.cmd");
    assert!(value().status.success());
    assert_eq!(wine.configcid(&["messenger", "install", "package"])["status"], "unchanged");
    let installed = format!(r"{folder}\configcid.exe");
    let output =
        wine.run(&[&installed, "messenger", "check", "--profile", "profile.toml", "--at", "2026-11-20", "--json"]);
    let answer: Json = serde_json::from_slice(&output.stdout).unwrap();
    assert!(answer["file"].as_str().unwrap().ends_with("messages.xml"), "{answer}");
    script(&format!(r"{folder}\uninstall.cmd"));
    assert!(!value().status.success());
    // Wine's cmd holds the script that it carries out, so that the folder could not be removed, but is empty by now.
    let listed = wine.run(&["cmd", "/c", "dir", "/b", folder]);
    assert!(listed.stdout.trim_ascii().is_empty(), "{listed:?}");
    assert_eq!(wine.configcid(&["messenger", "uninstall"])["status"], "unchanged");

    // This machine: its Windows, a console and a component that are installed, and nobody who may see messages.
    let programs = r"HKLM\SOFTWARE\Wow6432Node\Microsoft\Windows\CurrentVersion\Uninstall";
    for (key, name, version) in
        [("{A}", "Sophos Enterprise Console", "5.5.1"), ("{B}", "Sophos AutoUpdate", "5.15.166 x")]
    {
        let key = format!(r"{programs}\{key}");
        wine.reg(&["add", &key, "/v", "DisplayName", "/d", name, "/f", "/reg:64"]);
        wine.reg(&["add", &key, "/v", "DisplayVersion", "/d", version, "/f", "/reg:64"]);
    }
    let service = r"HKLM\SYSTEM\CurrentControlSet\Services\Sophos Management Service";
    wine.reg(&["add", service, "/f"]);
    let answer = wine.configcid(&["messenger", "check", "messages.xml", "--this-machine"]);
    let profile = &answer["profile"];
    assert_eq!(profile["console"], serde_json::json!({"name": "enterprise-console", "version": "5.5.1"}));
    assert!(
        profile["components"].as_array().unwrap().contains(&serde_json::json!({"name": "sau", "version": "5.15.166"}))
    );
    assert_eq!((&profile["os"]["name"], &profile["session"]), (&"windows".into(), &"console".into()), "{profile}");
    assert_eq!((&profile["management_server"], &profile["administrator"]), (&true.into(), &false.into()), "{profile}");
    assert_eq!(answer["messages"][0]["refusal"]["rule"], "audience");
    for key in [&format!(r"{programs}\{{A}}"), &format!(r"{programs}\{{B}}"), service] {
        gone(key);
    }
}
