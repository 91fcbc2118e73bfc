//! The command line of configcid.

#![forbid(unsafe_code)]

fn main() -> std::process::ExitCode {
    configcid::cli::main()
}
