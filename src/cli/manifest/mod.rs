//! `configcid manifest list|verify|diff|create|sign|spec`.

mod diff;
mod lines;
mod list;
mod make;
mod spec;
mod verify;

use crate::Exit;
use clap::Subcommand;

use super::out::Out;

#[derive(Debug, Subcommand)]
pub(super) enum ManifestCommand {
    /// List what a manifest says of each file
    List(list::ListArgs),
    /// Check signatures, who vouches for them, and the files
    Verify(verify::VerifyArgs),
    /// Compare what two manifests say of files
    Diff(diff::DiffArgs),
    /// Make a manifest of a folder, signed where a key is given
    Create(make::CreateArgs),
    /// Sign a manifest
    Sign(make::SignArgs),
    /// MD5 lists: manifest.spec and index.spec
    #[command(subcommand)]
    Spec(spec::SpecCommand),
}

pub(super) fn run(command: &ManifestCommand, out: Out) -> Exit {
    let (name, done) = match command {
        ManifestCommand::List(args) => ("manifest list", list::list(args, out)),
        ManifestCommand::Verify(args) => (verify::COMMAND, verify::run(args, out)),
        ManifestCommand::Diff(args) => ("manifest diff", diff::compare(args, out)),
        ManifestCommand::Create(args) => (make::CREATE, make::create(args, out)),
        ManifestCommand::Sign(args) => (make::SIGN, make::sign(args, out)),
        ManifestCommand::Spec(command) => return spec::run(command, out),
    };
    done.unwrap_or_else(|error| out.fail(name, &error))
}
