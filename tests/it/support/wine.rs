//! A Windows program under Wine, with a registry of its own.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value as Json;

/// Wine, and the program to test: `CONFIGCID_EXE`. It is run by `CONFIGCID_WINE` (by default `wine`), in the `WINEPREFIX`
/// that is set, or in a new one.
pub(crate) struct Wine {
    pub exe: PathBuf,
    wine: String,
    pub folder: tempfile::TempDir,
    /// The screen, where it has one; the prefix is its own then.
    display: Option<String>,
    /// Without one that stays, each program would start Wine's services anew, and seem to last until they end.
    alive: Option<Child>,
}

impl Drop for Wine {
    fn drop(&mut self) {
        if let Some(mut child) = self.alive.take() {
            drop(child.stdin.take());
            let _ = child.kill();
            let _ = child.wait();
        }
        if self.has_own_prefix() {
            // Before the folder goes: one that is made later may be known to the server by the same number.
            let mut server = Command::new("wineserver");
            let _ = server.arg("--kill").env("WINEPREFIX", self.own_prefix()).stderr(Stdio::null()).status();
        }
    }
}

impl Wine {
    pub(crate) fn found() -> Option<Self> {
        Self::with(None)
    }

    /// The same with a screen, in a prefix of its own: one that has begun without a screen never has windows.
    pub(crate) fn on_screen(display: &str) -> Option<Self> {
        Self::with(Some(display.to_owned()))
    }

    fn with(display: Option<String>) -> Option<Self> {
        let exe = env::var_os("CONFIGCID_EXE")?.into();
        let wine = env::var("CONFIGCID_WINE").unwrap_or_else(|_| "wine".to_owned());
        let mut wine = Self { exe, wine, folder: tempfile::tempdir().unwrap(), display, alive: None };
        if wine.has_own_prefix() {
            // By one program alone: of two that find no prefix, one may fail.
            wine.succeeds(&["wineboot", "--init"]);
        }
        let mut shell = wine.command(&["cmd"]);
        wine.alive = Some(shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
        wine.succeeds(&["reg", "query", "HKLM"]);
        Some(wine)
    }

    fn has_own_prefix(&self) -> bool {
        env::var_os("WINEPREFIX").is_none() || self.display.is_some()
    }

    fn own_prefix(&self) -> PathBuf {
        self.folder.path().join("prefix")
    }

    /// Runs one of Wine's own programs. What it says goes into a file: Wine's services, which it may start, keep its
    /// output open.
    fn succeeds(&self, args: &[&str]) {
        let said = self.folder.path().join("said");
        let file = fs::File::create(&said).unwrap();
        let mut command = self.command(args);
        let status = command.stdout(file.try_clone().unwrap()).stderr(file).env_remove("WINEDEBUG").status().unwrap();
        assert!(status.success(), "{args:?}: {status}\n{}", String::from_utf8_lossy(&fs::read(&said).unwrap()));
        fs::remove_file(said).unwrap();
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.wine);
        command.envs(self.display.iter().map(|display| ("DISPLAY", display)));
        if self.has_own_prefix() {
            command.env("WINEPREFIX", self.own_prefix());
        }
        // Neither Wine's offers to install what no program here needs, nor its debugger.
        command.env("WINEDLLOVERRIDES", "mscoree,mshtml,winedbg.exe=").env("WINEDEBUG", "-all");
        command.args(args).current_dir(self.folder.path());
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    /// Runs `reg`, and gives what it says.
    pub(crate) fn reg(&self, args: &[&str]) -> String {
        let output = self.run(&[&["reg"], args].concat());
        assert!(output.status.success(), "{args:?}: {output:?}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    pub(crate) fn configcid(&self, args: &[&str]) -> Json {
        let exe = Path::new(&self.exe).to_str().unwrap();
        let output = self.run(&[&[exe], args, &["--json"]].concat());
        let answer: Json = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{args:?}: {output:?}"));
        assert_eq!(answer["exit_code"], output.status.code().unwrap());
        answer
    }
}
