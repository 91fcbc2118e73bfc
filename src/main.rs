//! The command line of configcid.

mod cli;

fn main() -> std::process::ExitCode {
    cli::main()
}
