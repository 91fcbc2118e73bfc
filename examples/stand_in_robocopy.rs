//! A stand-in for Windows' `robocopy`, for tests where that is not one (Wine's knows few of its options):
//! `robocopy FROM TO OPTION...` makes the folder TO, and with `/MOV` moves the files there. It tells the options of
//! `move-envelopes.cmd` from others, which it refuses.

use std::path::Path;
use std::process::ExitCode;
use std::{env, fs, io};

const KNOWN: [&str; 13] =
    ["/LEV:1", "/XF", "*", "/E", "/MOV", "/COPY:DATS", "/DCOPY:T", "/R:2", "/W:1", "/NP", "/NFL", "/NJH", "/NJS"];

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [from, to, options @ ..] = &arguments[..] else { return ExitCode::from(16) };
    if !options.iter().all(|option| KNOWN.contains(&option.as_str())) {
        return ExitCode::from(16);
    }
    let moves = options.iter().any(|option| option == "/MOV");
    match copy(Path::new(from), Path::new(to), moves) {
        // As the real one: 1 stands for "files were copied", 8 and more for errors.
        Ok(copied) => ExitCode::from(u8::from(copied)),
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(8)
        }
    }
}

fn copy(from: &Path, to: &Path, moves: bool) -> io::Result<bool> {
    fs::create_dir_all(to)?;
    let mut copied = false;
    for entry in fs::read_dir(from)?.filter(|_| moves) {
        let path = entry?.path();
        let target = to.join(path.file_name().unwrap_or_default());
        if path.is_dir() {
            copied |= copy(&path, &target, moves)?;
        } else {
            fs::copy(&path, target)?;
            fs::remove_file(path)?;
            copied = true;
        }
    }
    Ok(copied)
}
