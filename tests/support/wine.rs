//! A Windows program under Wine, with a registry of its own.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value as Json;

/// Wine, and the program to test: `CONFIGCID_EXE`. It is run by `CONFIGCID_WINE` (by default `wine`), in the `WINEPREFIX`
/// that is set, or in a new one.
pub struct Wine {
    pub exe: PathBuf,
    wine: String,
    pub folder: tempfile::TempDir,
    variables: Vec<(&'static str, String)>,
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
    }
}

impl Wine {
    pub fn found() -> Option<Wine> {
        Wine::with(Vec::new())
    }

    /// The same with a screen, in a prefix of its own: one that has begun without a screen never has windows.
    pub fn on_screen(display: &str) -> Option<Wine> {
        let quiet = "mscoree,mshtml,winedbg.exe=".to_owned();
        Wine::with(vec![("DISPLAY", display.to_owned()), ("WINEDLLOVERRIDES", quiet)])
    }

    fn with(variables: Vec<(&'static str, String)>) -> Option<Wine> {
        let exe = env::var_os("CONFIGCID_EXE")?.into();
        let wine = env::var("CONFIGCID_WINE").unwrap_or_else(|_| "wine".to_owned());
        let mut wine = Wine { exe, wine, folder: tempfile::tempdir().unwrap(), variables, alive: None };
        let mut shell = wine.command(&["cmd"]);
        wine.alive = Some(shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
        let mut first = wine.command(&["reg", "query", "HKLM"]);
        assert!(first.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap().success(), "wine does not run");
        Some(wine)
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.wine);
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        if env::var_os("WINEPREFIX").is_none() || !self.variables.is_empty() {
            command.env("WINEPREFIX", self.folder.path().join("prefix"));
        }
        command.args(args).env("WINEDEBUG", "-all").current_dir(self.folder.path());
        command
    }

    pub fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    /// Runs `reg`, and gives what it says.
    pub fn reg(&self, args: &[&str]) -> String {
        let output = self.run(&[&["reg"], args].concat());
        assert!(output.status.success(), "{args:?}: {output:?}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    pub fn configcid(&self, args: &[&str]) -> Json {
        let exe = Path::new(&self.exe).to_str().unwrap();
        let output = self.run(&[&[exe], args, &["--json"]].concat());
        let answer: Json = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{args:?}: {output:?}"));
        assert_eq!(answer["exit_code"], output.status.code().unwrap());
        answer
    }
}
