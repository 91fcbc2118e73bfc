//! A stand-in for the program that reads an endpoint's `mrinit.conf` into the registry, for tests on Windows.
//!
//! It takes the parent from the file beside it, from `mrinit.conf.orig` where there is one, and writes it into the registry.
//! What `mode.txt` beside it says is how it behaves: `works`, `fails`, `hangs`, or `another` (it writes another parent).

#[cfg(windows)]
fn main() {
    use winreg::HKLM;
    use winreg::enums::{KEY_ALL_ACCESS, KEY_WOW64_64KEY};

    let program = std::env::current_exe().expect("a program has a path");
    let beside = |name: &str| program.with_file_name(name);
    let text = |name: &str| std::fs::read_to_string(beside(name));
    let conf = text("mrinit.conf.orig").or_else(|_| text("mrinit.conf")).expect("there is an mrinit.conf");
    let line = conf.lines().find_map(|line| line.strip_prefix("\"ParentRouterAddress\"=\""));
    let parent = line.expect("it names a parent").trim_end().trim_end_matches('"');
    let write = |parent: &str| {
        let path = r"SOFTWARE\Wow6432Node\Sophos\Messaging System\Router";
        let (key, _) =
            HKLM.create_subkey_with_flags(path, KEY_ALL_ACCESS | KEY_WOW64_64KEY).expect("it can be written");
        key.set_value("ParentAddress", &parent).expect("it can be written");
    };
    match text("mode.txt").unwrap_or_default().trim() {
        "fails" => std::process::exit(5),
        "hangs" => loop {
            std::thread::park();
        },
        "another" => write("OTHER.Sales.Acme,OTHER"),
        _ => write(parent),
    }
}

#[cfg(not(windows))]
fn main() {
    eprintln!("the registry is of Windows alone");
}
