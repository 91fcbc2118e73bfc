//! The move as files that are taken to the router's computer: a `.reg` file and a script, and both for the way back.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;

use super::super::installed::RouterRule;
use super::super::place::Place;
use super::super::restart::{ROUTINES, fill};
use super::super::rules::SYSTEMS;
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::replace::write_unless_same;
use crate::registry::{RegFormat, Value, encode, value_line};
use crate::router::{ENVELOPE_DIR, RegistryView};

const REG: &str = include_str!("../../../templates/move-envelopes.reg");

/// What a move is to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub(crate) struct MovePlan {
    /// The folder now; variables in it are those of the router's computer.
    pub from: String,
    /// The new folder.
    pub to: String,
    /// The views of the registry that are set where they have a router's key.
    pub views: Vec<RegistryView>,
    /// What `EnvelopeDir` is now; `None`: it is not set.
    pub before: Option<String>,
    /// Whether that is a string with variables to be filled in.
    pub before_expands: bool,
    /// Whether no registry was looked at, so that the script reads what `EnvelopeDir` is, keeps it, and puts it back.
    pub reads_registry: bool,
    /// Whether the router heeds `EnvelopeDir`.
    pub router: RouterRule,
    /// The steps, in their order.
    pub steps: Vec<String>,
}

/// The files of a move.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub(crate) struct MoveFiles {
    /// Sets `EnvelopeDir`.
    pub reg: String,
    /// Does all of it.
    pub script: String,
    /// Sets `EnvelopeDir` as it was.
    pub undo_reg: String,
    /// Takes all of it back.
    pub undo_script: String,
}

impl MovePlan {
    /// The plan of a move from `place` to a folder that [`new_folder`](super::new_folder) has checked.
    ///
    /// # Errors
    /// The folder is there already, or one is in the other, or the router is too old to heed the value.
    pub(crate) fn new(place: &Place, before: Option<&Value>, to: &str, router: RouterRule) -> Result<Self> {
        let from = place.folder.clone();
        let lower = |path: &str| format!("{}\\", path.trim_end_matches('\\').to_lowercase());
        let usage = |what: String| Error::new(ErrorKind::Usage, what);
        if router == RouterRule::TooOld {
            return Err(usage(text!(
                "the router is too old to heed {ENVELOPE_DIR}: console 4.5 or Anti-Virus 9.5 is needed [113040]",
                ENVELOPE_DIR
            ))
            .next("update it first"));
        }
        if lower(&from) == lower(to) {
            return Err(usage(text!("the folder is {to} already", to)).next("there is nothing to do"));
        }
        if lower(&from).starts_with(&lower(to)) || lower(to).starts_with(&lower(&from)) {
            return Err(usage(text!("{to} and {from} are one in the other", to, from)).next("name a folder of its own"));
        }
        // A drive alone holds more than messages.
        let is_below = |path: &str| {
            path.split_once('\\').is_some_and(|(start, rest)| {
                let is_drive = matches!(start.as_bytes(), [letter, b':'] if letter.is_ascii_alphabetic());
                (is_drive || start.starts_with('%')) && !rest.trim_matches('\\').is_empty()
            })
        };
        if !is_below(&from) {
            return Err(usage(text!(
                "{from} is no folder of messages: it is no whole path on a drive",
                from = format!("{from:?}")
            ))
            .next("name the folder that the router has now with --from"));
        }
        let odd = |path: &str| path.contains(|c: char| c.is_control() || r#"<>"|?*"#.contains(c));
        if odd(&from) {
            return Err(Error::new(
                ErrorKind::RegistryFormat,
                text!("{ENVELOPE_DIR} is {from}, which is no path", ENVELOPE_DIR, from = format!("{from:?}")),
            ));
        }
        let steps = vec![
            text!("stop the service \"Sophos Message Router\"").to_owned(),
            text!("make the folder {to}, with the permissions of {from}", to, from),
            text!("set {ENVELOPE_DIR} to {to}", ENVELOPE_DIR, to),
            text!("move what is in {from} there", from),
            text!("start the service \"Sophos Message Router\"").to_owned(),
        ];
        Ok(Self {
            from,
            to: to.to_owned(),
            views: place.view.map_or(RegistryView::BOTH.into(), |view| vec![view]),
            before: before.and_then(Value::text).map(str::to_owned),
            before_expands: matches!(before, Some(Value::ExpandString(_))),
            reads_registry: place.view.is_none(),
            router,
            steps,
        })
    }

    /// The files that do it on the router's computer, made from `templates/`; `bound` is how long the router may take to
    /// stop and to start.
    ///
    /// # Errors
    /// A `.reg` file cannot hold a value.
    pub(crate) fn files(&self, bound: Duration) -> Result<MoveFiles> {
        let set = Value::String(self.to.clone());
        let before = self.before.clone().map(|text| match self.before_expands {
            true => Value::ExpandString(text),
            false => Value::String(text),
        });
        let there = format!("Moves the Envelopes folder of the router to {}", self.to);
        let back = format!("Takes the Envelopes folder of the router back from {}", self.to);
        let (set, before) = (Some(&set), before.as_ref());
        let undo_reg = match self.reads_registry {
            true => {
                let what = format!(
                    "What {ENVELOPE_DIR} was is not known here: the script move-envelopes.cmd keeps it, and undo-move-envelopes.cmd \
                     puts it back"
                );
                fill(REG, &[("WHAT", &what), ("VERSION", env!("CARGO_PKG_VERSION")), ("KEYS", "")])
            }
            false => self.reg(&back, before)?,
        };
        Ok(MoveFiles {
            reg: self.reg(&there, set)?,
            script: self.script(&there, bound, false, [set, before]),
            undo_reg,
            undo_script: self.script(&back, bound, true, [before, set]),
        })
    }

    fn reg(&self, what: &str, value: Option<&Value>) -> Result<String> {
        let line = value_line(ENVELOPE_DIR, value, RegFormat::Version5)?;
        let keys = self.views.iter().map(|view| format!("[{}]\n{line}\n", view.key())).collect::<Vec<_>>().join("\n");
        Ok(fill(REG, &[("WHAT", what), ("VERSION", env!("CARGO_PKG_VERSION")), ("KEYS", keys.trim_end())]))
    }

    /// What a script looks at before it begins, and what it does at its end.
    fn checks(&self, undo: bool) -> [String; 2] {
        if !undo {
            let check = "for /f \"delims=\" %%f in ('dir /a /b \"%NEW%\" 2^>nul') do \
                         echo There is something in \"%NEW%\" already& exit /b 1\n";
            return [check.to_owned(), String::new()];
        }
        // Only what was moved is taken back.
        let look = |view: &RegistryView| {
            let key = view.key();
            format!(
                "reg query \"{key}\" /v {ENVELOPE_DIR} 2>nul | find \"%OLD%\" >nul\nif not errorlevel 1 set FOUND=1\n"
            )
        };
        let looks: String = self.views.iter().map(look).collect();
        let check = format!(
            "set FOUND=0\n{looks}if %FOUND%==0 echo {ENVELOPE_DIR} is not \"%OLD%\": there is nothing to take back& exit /b 1\n"
        );
        // The folder that the move has made goes, if nothing is in it.
        [check, "rd \"%OLD%\" 2>nul\n".to_owned()]
    }

    /// The script there, or that back; `value` is what it sets, `former` what it sets where it fails.
    fn script(&self, what: &str, bound: Duration, undo: bool, [value, former]: [Option<&Value>; 2]) -> String {
        let (from, to) = if undo { (&self.to, &self.from) } else { (&self.from, &self.to) };
        let [check, tidy] = self.checks(undo);
        let each = |line: &dyn Fn(&str) -> String| -> String {
            self.views.iter().map(|view| line(&view.key().to_string())).collect()
        };
        let mut sets = each(&|key| format!("call :set \"{key}\"\nif errorlevel 1 goto :failed\n"));
        let mut resets = each(&|key| format!("if %SET%==1 call :reset \"{key}\"\n"));
        let mut parts = [String::new(), String::new(), tidy];
        if self.reads_registry {
            let (read, keep) = self.reads(undo);
            parts[0] = read;
            parts[1] = keep;
            match undo {
                true => {
                    sets = self.puts_back("");
                    parts[2] += "del \"%KEPT%\" 2>nul\n";
                }
                false => resets = self.puts_back("%SET%"),
            }
        }
        let [read, keep, tidy] = parts;
        fill(
            include_str!("../../../templates/move-envelopes.cmd"),
            &[
                ("WHAT", &what.replace('%', "%%")),
                ("VERSION", env!("CARGO_PKG_VERSION")),
                ("SECONDS", &bound.as_secs().max(1).to_string()),
                ("ROUTINES", ROUTINES),
                ("READ", &read),
                ("KEEP", &keep),
                ("SETS", &sets),
                ("RESETS", &resets),
                ("CHECK", &check),
                ("TIDY", &tidy),
                ("SET", &command(value)),
                ("RESET", &command(former)),
                ("FROM", from),
                ("TO", to),
            ],
        )
    }

    /// What a script does where no registry was looked at: it reads what `EnvelopeDir` is in each view, or what the script
    /// there has kept, and finds the folder by it; and it keeps what it has read.
    fn reads(&self, undo: bool) -> (String, String) {
        let numbers = || self.views.iter().zip(1..);
        let mut read = "set \"KEPT=%~dp0move-envelopes-before.txt\"\n".to_owned();
        if undo {
            read += &format!(
                "if not exist \"%KEPT%\" echo What {ENVELOPE_DIR} was is not known: \"%KEPT%\" is missing& exit /b 1\n\
                 for /f \"usebackq tokens=1* delims==\" %%a in (\"%KEPT%\") do set \"%%a=%%b\"\n"
            );
        }
        for (view, number) in numbers() {
            let key = view.key();
            if !undo {
                read += &format!(
                    "set \"IS{number}=0\"\nset \"KIND{number}=-\"\nset \"BEFORE{number}=-\"\nreg query \"{key}\" >nul 2>&1\n\
                     if not errorlevel 1 set \"IS{number}=1\"\n\
                     for /f \"tokens=1,2*\" %%a in ('reg query \"{key}\" /v {ENVELOPE_DIR} 2^>nul') do if /i \"%%a\"==\"{ENVELOPE_DIR}\" \
                     set \"KIND{number}=%%b\"\n\
                     for /f \"tokens=1,2*\" %%a in ('reg query \"{key}\" /v {ENVELOPE_DIR} 2^>nul') do if /i \"%%a\"==\"{ENVELOPE_DIR}\" \
                     set \"BEFORE{number}=%%c\"\n\
                     set \"ODD{number}=%KIND{number}%\"\nif \"%KIND{number}%\"==\"-\" set \"ODD{number}=\"\n\
                     if \"%KIND{number}%\"==\"REG_SZ\" set \"ODD{number}=\"\n\
                     if \"%KIND{number}%\"==\"REG_EXPAND_SZ\" set \"ODD{number}=\"\n\
                     if defined ODD{number} echo {ENVELOPE_DIR} is no string& exit /b 1\n"
                );
            }
            // A backslash before the quote would be the quote's.
            read += &format!(
                "set \"DATA{number}=%BEFORE{number}%\"\n\
                 if defined DATA{number} if \"%DATA{number}:~-1%\"==\"\\\" set \"DATA{number}=%DATA{number}%\\\"\n"
            );
        }
        let folder = if undo { "NEW" } else { "OLD" };
        // A folder that was named stays.
        if SYSTEMS.iter().any(|system| Place::default_of(*system).folder == self.from) {
            for (_, number) in numbers() {
                // On a 64-bit Windows the router reads the first view; the second is that of a 32-bit one.
                let wanted = if number == 1 { "1" } else { "0" };
                read += &format!(
                    "if \"%IS1%%KIND{number}%\"==\"{wanted}REG_SZ\" set \"{folder}=%BEFORE{number}%\"\n\
                     if \"%IS1%%KIND{number}%\"==\"{wanted}REG_EXPAND_SZ\" call set \"{folder}=%BEFORE{number}%\"\n"
                );
            }
            read += &format!("if \"%{folder}:~-1%\"==\"\\\" set \"{folder}=%{folder}:~0,-1%\"\n");
        }
        if undo {
            return (read, String::new());
        }
        read += "echo From \"%OLD%\" to \"%NEW%\"\n\
                 if \"%OLD:~3%\"==\"\" echo \"%OLD%\" is no folder of messages& exit /b 1\n\
                 if /i \"%OLD%\"==\"%NEW%\" echo The folder is \"%NEW%\" already& exit /b 1\n\
                 call set \"REST=%%NEW:%OLD%\\=%%\"\n\
                 if not \"%REST%\"==\"%NEW%\" echo \"%NEW%\" is in \"%OLD%\"& exit /b 1\n\
                 call set \"REST=%%OLD:%NEW%\\=%%\"\n\
                 if not \"%REST%\"==\"%OLD%\" echo \"%OLD%\" is in \"%NEW%\"& exit /b 1\n";
        let mut keep =
            "rem What was set is kept, for the way back.\nsetlocal EnableDelayedExpansion\ndel \"!KEPT!\" 2>nul\n"
                .to_owned();
        for (_, number) in numbers() {
            for name in ["IS", "KIND", "BEFORE"] {
                keep += &format!(">>\"!KEPT!\" echo {name}{number}=!{name}{number}!\n");
            }
        }
        keep +=
            "endlocal\nif not exist \"%KEPT%\" echo \"%KEPT%\" cannot be written, which keeps what is set& exit /b 1\n";
        (read, keep)
    }

    /// Puts back in each view what was read; `is_set` is 1 where there is something to put back.
    fn puts_back(&self, is_set: &str) -> String {
        let wanted = if is_set.is_empty() { "1" } else { "11" };
        let failed = if is_set.is_empty() { "if errorlevel 1 goto :failed\n" } else { "" };
        let lines = self.views.iter().zip(1..).map(|(view, number)| {
            let key = view.key();
            format!(
                "if \"%IS{number}%\"==\"1\" set FOUND=1\n\
                 if \"{is_set}%IS{number}%%KIND{number}%\"==\"{wanted}-\" reg delete \"{key}\" /v {ENVELOPE_DIR} /f >nul 2>&1\nver >nul\n\
                 if \"{is_set}%IS{number}%\"==\"{wanted}\" if not \"%KIND{number}%\"==\"-\" \
                 reg add \"{key}\" /v {ENVELOPE_DIR} /t %KIND{number}% /d \"%DATA{number}%\" /f >nul\n{failed}"
            )
        });
        lines.collect()
    }
}

/// What sets a value of the key `%1` in a script for `cmd.exe`, or takes it away.
fn command(value: Option<&Value>) -> String {
    match value {
        // That there is none to take away is as well.
        None => format!("reg delete %1 /v {ENVELOPE_DIR} /f >nul 2>&1\nver >nul"),
        Some(value) => {
            let kind = if matches!(value, Value::ExpandString(_)) { "REG_EXPAND_SZ" } else { "REG_SZ" };
            // A backslash before the quote would be the quote's.
            let text = value.text().unwrap_or_default().replace('%', "%%").replace('"', "");
            let text = if text.ends_with('\\') { format!("{text}\\") } else { text };
            format!("reg add %1 /v {ENVELOPE_DIR} /t {kind} /d \"{text}\" /f >nul")
        }
    }
}

impl MoveFiles {
    /// The files with their names, as bytes: `.reg` files are UTF-16, scripts are as `cmd.exe` reads them.
    ///
    /// # Errors
    /// None, as long as Unicode has a place for every character.
    pub(crate) fn named(&self) -> Result<Vec<(&'static str, Vec<u8>)>> {
        let reg = |text: &str| encode(text, RegFormat::Version5);
        // Beyond ASCII, cmd.exe reads the code page that it is told.
        let cmd = |text: &str| match text.is_ascii() {
            true => text.as_bytes().to_vec(),
            false => text.replacen("@echo off\r\n", "@echo off\r\nchcp 65001 >nul\r\n", 1).into_bytes(),
        };
        Ok(vec![
            ("move-envelopes.reg", reg(&self.reg)?),
            ("move-envelopes.cmd", cmd(&self.script)),
            ("undo-move-envelopes.reg", reg(&self.undo_reg)?),
            ("undo-move-envelopes.cmd", cmd(&self.undo_script)),
        ])
    }
}

impl MoveFiles {
    /// Writes the files to a folder, which is made where it is missing, each whole or not at all. Gives their paths, and
    /// whether each was, or would be, written: a file that holds the same already is left alone.
    ///
    /// # Errors
    /// There is another file of such a name and `replace` does not say that it may go, or one cannot be written.
    pub(crate) fn write(&self, folder: &Path, replace: bool, dry_run: bool) -> Result<Vec<(PathBuf, bool)>> {
        let files = self.named()?;
        // What would fail is found before the first is written.
        for (name, bytes) in &files {
            write_unless_same(&folder.join(name), bytes, replace, true)?;
        }
        if !dry_run {
            std::fs::create_dir_all(folder).map_err(|error| Error::io("make the folder", folder, error))?;
        }
        let write = |(name, bytes): (&str, Vec<u8>)| {
            let path = folder.join(name);
            let changed = write_unless_same(&path, &bytes, replace, dry_run)?;
            Ok((path, changed))
        };
        files.into_iter().map(write).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::envelopes::System;
    use crate::registry::RegFile;

    const MINUTE: Duration = Duration::from_secs(60);

    fn plan(before: Option<&Value>) -> MovePlan {
        let mut place = Place::default_of(System::default());
        place.view = Some(RegistryView::Bits32);
        if let Some(text) = before.and_then(Value::text) {
            place.folder = text.to_owned();
        }
        MovePlan::new(&place, before, r"D:\Envelopes", RouterRule::LateEnough).unwrap()
    }

    fn value(reg: &str) -> Option<Value> {
        let bytes = encode(reg, RegFormat::Version5).unwrap();
        let file = RegFile::parse(&bytes).unwrap();
        assert!(file.has_key(&RegistryView::Bits32.key()) && !file.has_key(&RegistryView::Bits64.key()));
        file.value(&RegistryView::Bits32.key(), ENVELOPE_DIR).cloned()
    }

    #[test]
    fn the_files_set_and_take_back() {
        let files = plan(None).files(MINUTE).unwrap();
        assert_eq!((value(&files.reg), value(&files.undo_reg)), (Some(Value::String(r"D:\Envelopes".into())), None));
        assert!(files.undo_reg.contains("\"EnvelopeDir\"=-"));
        assert!(
            files.script.contains(r#"set "OLD=%ProgramData%\Sophos\"#)
                && files.script.contains(r#"set "NEW=D:\Envelopes""#)
        );
        assert!(files.undo_script.contains(r#"set "OLD=D:\Envelopes""#) && files.undo_script.contains("reg delete"));

        let former = Value::ExpandString(r"%Data%\E\".into());
        let files = plan(Some(&former)).files(MINUTE).unwrap();
        assert_eq!(value(&files.undo_reg), Some(former));
        assert!(files.undo_script.contains(r#"/t REG_EXPAND_SZ /d "%%Data%%\E\\" /f"#), "{}", files.undo_script);
        for text in [&files.reg, &files.script, &files.undo_reg, &files.undo_script] {
            assert_eq!(text.matches('\n').count(), text.matches("\r\n").count());
            assert!(!text.contains('{'), "{text}");
        }
        assert_eq!(files.named().unwrap().len(), 4);
    }

    #[test]
    fn a_path_is_filled_in_once() {
        let mut place = Place::default_of(System::default());
        place.folder = r"D:\{TO}\{SETS}".into();
        let plan = MovePlan::new(&place, None, r"D:\{FROM}", RouterRule::LateEnough).unwrap();
        let files = plan.files(MINUTE).unwrap();
        assert!(
            files.script.contains("set \"OLD=D:\\{TO}\\{SETS}\"\r\nset \"NEW=D:\\{FROM}\"\r\n"),
            "{}",
            files.script
        );
        assert!(files.undo_script.contains("set \"OLD=D:\\{FROM}\"\r\nset \"NEW=D:\\{TO}\\{SETS}\"\r\n"));
    }

    #[test]
    fn what_is_not_known_the_script_reads_and_keeps() {
        let place = Place::default_of(System::default());
        let plan = MovePlan::new(&place, None, r"D:\Envelopes", RouterRule::LateEnough).unwrap();
        let files = plan.files(MINUTE).unwrap();
        assert!(plan.reads_registry && plan.views.len() == 2);
        for view in RegistryView::BOTH {
            assert!(files.script.contains(&format!("('reg query \"{}\" /v EnvelopeDir 2^>nul')", view.key())));
        }
        // Nothing is deleted or set that was not read, nor before something was set.
        for line in files.script.lines().filter(|line| line.contains("reg delete") && !line.contains("%1")) {
            assert!(line.starts_with("if \"%SET%%IS"), "{line}");
        }
        let at = |text: &str| files.script.find(text).unwrap_or_else(|| panic!("{text}"));
        assert!(at("move-envelopes-before.txt") < at("call :stop") && at("call :stop") < at("set SET=1"));
        assert!(files.undo_script.contains("usebackq") && !files.undo_reg.contains("EnvelopeDir\"="));
        // Where the registry was looked at, it is as before.
        assert!(!self::plan(None).reads_registry);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let mut place = Place::default_of(System::default());
        let new = |place: &Place, to: &str, rule| MovePlan::new(place, None, to, rule).is_err();
        assert!(new(&place, r"D:\E", RouterRule::TooOld));
        assert!(!new(&place, r"D:\E", RouterRule::Unknown));
        place.folder = r"D:\A".into();
        assert!(new(&place, r"d:\a", RouterRule::LateEnough) && new(&place, r"D:\A\B", RouterRule::LateEnough));
        assert!(!new(&place, r"D:\AB", RouterRule::LateEnough));
        for folder in ["D:\\A\"&b", "", ".", "C:", "C:\\", "C:\\\\", "A", r"\\S\A", "%X%"] {
            place.folder = folder.into();
            assert!(new(&place, r"D:\E", RouterRule::LateEnough), "{folder}");
        }
    }
}
