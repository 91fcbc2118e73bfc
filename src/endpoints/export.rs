//! What one file says of one computer: an export of its registry, what `reg query` printed, what a collector wrote, an
//! answer of `client check`, or its `mrinit.conf`.

use std::path::Path;
use std::sync::Arc;

use super::model::{Evidence, Installed, Parent};
use super::record;
use crate::base::error::{Error, ErrorKind, Position, Result};
use crate::base::files::read_file;
use crate::base::text::Encoding;
use crate::mrinit::{self, KEY_MR_PARENT, KEY_PARENT_ROUTER, Mrinit};
use crate::registry::{MAX_SIZE, RegFile, RegFormat, Value, parse_query};
use crate::router::{PARENT_ADDRESS, RegistryView, Router};

/// How the part of a collected file begins that holds lines of a `mrinit.conf`; behind it, the path of that.
const FILE: &str = "; file ";
/// How such a file says that a key is not there.
const NO_KEY: &str = "; no ";
/// The first words, and the last line, of a file that a collector wrote.
const COLLECTED: &str = "; configcid endpoint";
const END: &str = "; end";

/// Reads a file as what its content says it is.
pub(super) fn read(path: &Path) -> Evidence {
    try_read(path).unwrap_or_else(|error| Evidence::broken(why(&error)))
}

/// What is wrong, without the path, which the row has.
pub(super) fn why(error: &Error) -> String {
    match error.position() {
        Some(position) => format!("{position}: {}", error.what()),
        None => error.what().to_owned(),
    }
}

fn try_read(path: &Path) -> Result<Evidence> {
    if path.metadata().is_ok_and(|metadata| metadata.len() > MAX_SIZE) {
        return of_reg_file(&RegFile::read(path)?);
    }
    let bytes = read_file(path, MAX_SIZE)?;
    of_bytes(&bytes, path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("reg")))
}

/// Reads bytes as each of the forms, for the properties that fuzzing tries.
#[cfg(all(feature = "cli", feature = "faults"))]
pub(crate) fn read_all(bytes: &[u8]) -> Vec<(usize, String)> {
    // A list of computers that are to be asked, too.
    let names = super::name::listed(&String::from_utf8_lossy(bytes));
    let mut told: Vec<_> = names.into_iter().map(|name| (0, format!("{name:?}"))).collect();
    for is_called_reg in [false, true] {
        let read = of_bytes(bytes, is_called_reg).map(Evidence::plausible);
        told.push((0, read.map_or_else(|error| error.to_string(), |evidence| format!("{evidence:?}"))));
    }
    record::all(bytes, |line, found| {
        told.push((line, found.map_or_else(|error| error.to_string(), |found| format!("{:?}", found.evidence))));
    })
    .expect("memory can be read");
    let listed = super::list::all(bytes, &super::list::Columns::default(), |line, row| {
        told.push((line, row.map_or_else(|error| error.to_string(), |row| format!("{:?}", row.evidence))));
    });
    listed
        .expect("memory can be read")
        .err()
        .map(|error| error.to_string())
        .into_iter()
        .for_each(|text| told.push((0, text)));
    told
}

/// As [`read`], of bytes.
fn of_bytes(bytes: &[u8], is_called_reg: bool) -> Result<Evidence> {
    let (encoding, mark) = Encoding::detect(bytes);
    let head = &bytes[mark..bytes.len().min(mark + 512 * encoding.unit())];
    let head = encoding.decode(head);
    let head = head.trim_start();
    if head.is_empty() {
        return Err(Error::new(
            ErrorKind::RegistryFormat,
            "it is empty: what should have written it failed, or the key is not there",
        ));
    }
    let is_reg = [RegFormat::Version5, RegFormat::Regedit4].iter().any(|format| head.starts_with(format.header()));
    if is_reg || is_called_reg {
        return of_reg_file(&RegFile::parse(bytes)?);
    }
    if head.starts_with('{') {
        return record::only(&encoding.decode(&bytes[mark..]));
    }
    if head.to_ascii_lowercase().starts_with("[config]") {
        let installed = installed(&Mrinit::parse(bytes.to_vec()));
        return Ok(Evidence { installed: Some(Box::new(installed)), ..Evidence::default() });
    }
    if head.starts_with(COLLECTED) {
        return collected(&encoding.decode(&bytes[mark..]));
    }
    of_reg_file(&parse_query(bytes)?)
}

fn of_reg_file(file: &RegFile) -> Result<Evidence> {
    let router = Router::in_file(file);
    let parent = |wanted: RegistryView| -> Result<Parent> {
        let Some(view) = router.views.iter().find(|view| view.view == wanted && view.present) else {
            return Ok(Parent::NoKey);
        };
        match view.value(PARENT_ADDRESS) {
            None => Ok(Parent::NoValue),
            Some(Value::String(list) | Value::ExpandString(list)) => Ok(Parent::List(Arc::from(&**list))),
            Some(_) => Err(Error::new(
                ErrorKind::RegistryFormat,
                text!("{PARENT_ADDRESS} of the {wanted}-bit view is no string", PARENT_ADDRESS, wanted = wanted.name()),
            )),
        }
    };
    let (view32, view64) = (parent(RegistryView::Bits32)?, parent(RegistryView::Bits64)?);
    Ok(Evidence { view32, view64, ..Evidence::default() })
}

/// What a `mrinit.conf` says.
pub(super) fn installed(conf: &Mrinit) -> Installed {
    match conf.text(KEY_PARENT_ROUTER) {
        Ok(list) => Installed {
            parent: Some(list.to_owned()),
            own_parent: conf.text(KEY_MR_PARENT).ok().map(str::to_owned),
            ..Installed::default()
        },
        Err(error) => Installed { trouble: Some(why(&error)), ..Installed::default() },
    }
}

/// The same of the files `mrinit.conf` and `mrinit.conf.orig` of a folder, each where it is there.
pub(super) fn read_installed(conf: Option<&Path>, orig: Option<&Path>) -> Installed {
    let read = |path: &Path| read_file(path, mrinit::MAX_SIZE).map(Mrinit::parse);
    let mut found = match conf.map(read) {
        None => Installed::default(),
        Some(Ok(conf)) => installed(&conf),
        Some(Err(error)) => Installed { trouble: Some(why(&error)), ..Installed::default() },
    };
    found.orig = orig.map(|path| read(path).ok().and_then(|conf| installed(&conf).parent));
    found
}

/// What a script that collects writes for this: what `reg query` printed of each view, or that there is no such
/// key, and of each file the lines that name parents.
fn collected(text: &str) -> Result<Evidence> {
    let broken = |what: &str, line: usize| {
        Error::new(ErrorKind::RegistryFormat, what).at(Position::Line(line)).next("let the script run again")
    };
    if text.trim_end().lines().next_back().map(str::trim_end) != Some(END) {
        return Err(broken(
            text!("it is cut: its last line is not the one that the script writes at the end"),
            text.lines().count(),
        ));
    }
    let (registry, files) = match text.find(&format!("\n{FILE}")) {
        Some(at) => text.split_at(at + 1),
        None => (text, ""),
    };
    let is_told = |line: &str| line.starts_with("HKEY_");
    let mut evidence = match registry.lines().any(is_told) {
        true => of_reg_file(&parse_query(registry.as_bytes())?)?,
        false => Evidence::default(),
    };
    // What is not there is so because the script says so, and else was not looked at.
    for (view, parent) in [(RegistryView::Bits32, &mut evidence.view32), (RegistryView::Bits64, &mut evidence.view64)] {
        let says_so = format!("{NO_KEY}{}", view.key());
        if matches!(parent, Parent::NoKey | Parent::NotTold) {
            let is_said = registry.lines().any(|line| line.trim_end().eq_ignore_ascii_case(&says_so));
            *parent = if is_said { Parent::NoKey } else { Parent::NotTold };
        }
    }
    if !evidence.tells() {
        return Err(broken(text!("it tells of no view of the registry"), 1));
    }
    let mut found: Option<Installed> = None;
    for part in files.split(&format!("\n{FILE}")) {
        let part = part.strip_prefix(FILE).unwrap_or(part);
        let (path, lines) = part.split_once('\n').unwrap_or((part, ""));
        if path.trim().is_empty() {
            continue;
        }
        let conf = installed(&Mrinit::parse(format!("[Config]\r\n{lines}").into_bytes()));
        let found = found.get_or_insert_default();
        match path.trim_end().to_ascii_lowercase().ends_with(".orig") {
            true => found.orig = Some(conf.parent),
            false => *found = Installed { orig: found.orig.take(), ..conf },
        }
    }
    evidence.installed = found.map(Box::new);
    Ok(evidence)
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLLECTED_TEXT: &str = "; configcid endpoint 1\r\n; computer PC01\r\n\r\nHKEY_LOCAL_MACHINE\\SOFTWARE\\Wow6432Node\\Sophos\\Messaging System\\Router\r\n    ParentAddress    REG_SZ    10.1.200.65,MR\r\n\r\n; no HKEY_LOCAL_MACHINE\\SOFTWARE\\Sophos\\Messaging System\\Router\r\n; file C:\\Program Files (x86)\\Sophos\\Remote Management System\\mrinit.conf\r\n\"MRParentAddress\"=\"SERVER\"\r\n\"ParentRouterAddress\"=\"10.1.200.66,MR\"\r\n; file C:\\Program Files (x86)\\Sophos\\Remote Management System\\mrinit.conf.orig\r\n\"ParentRouterAddress\"=\"10.1.200.67,MR\"\r\n; end\r\n";

    fn list(parent: &Parent) -> Option<&str> {
        match parent {
            Parent::List(list) => Some(list),
            _ => None,
        }
    }

    #[test]
    fn what_a_collector_writes_is_read_and_what_is_cut_is_not() {
        let evidence = of_bytes(COLLECTED_TEXT.as_bytes(), false).unwrap();
        assert_eq!(list(&evidence.view32), Some("10.1.200.65,MR"));
        assert_eq!(evidence.view64, Parent::NoKey);
        let installed = evidence.installed.unwrap();
        assert_eq!(
            (installed.parent.as_deref(), installed.own_parent.as_deref()),
            (Some("10.1.200.66,MR"), Some("SERVER"))
        );
        assert_eq!(installed.orig, Some(Some("10.1.200.67,MR".to_owned())));
        // Wherever it is cut, it is not taken for a whole one.
        for length in 0..COLLECTED_TEXT.len() - "; end\r\n".len() {
            assert!(of_bytes(&COLLECTED_TEXT.as_bytes()[..length], false).is_err(), "{length}");
        }
        let none = COLLECTED_TEXT.replace("ParentAddress    REG_SZ    10.1.200.65,MR", "Other    REG_SZ    1");
        assert_eq!(of_bytes(none.as_bytes(), false).unwrap().view32, Parent::NoValue);
    }

    #[test]
    fn no_reason_quotes_what_a_file_holds() {
        let secret = "0123456789ABCDEF";
        for text in [
            format!("\"CertManKey\"=\"{secret}\"\r\n"),
            format!("Windows Registry Editor Version 5.00\r\n\"CertManKey\"=\"{secret}\r\n"),
            format!("{{\"CertManKey\": \"{secret}\"}}"),
            format!("[Config]\r\n\"CertManKey\"=\"{secret}\"\"\r\n\"ParentRouterAddress\"={secret}\r\n"),
            format!("HKEY_LOCAL_MACHINE\\{secret}\r\n    CertManKey    REG_DWORD    {secret}{secret}\r\n"),
        ] {
            let evidence = of_bytes(text.as_bytes(), false).unwrap_or_else(|error| Evidence::broken(why(&error)));
            assert!(!format!("{evidence:?}").contains(secret), "{evidence:?}");
        }
    }
}
