//! `configcid envelopes where`.

use crate::envelopes::{self, Place, PlaceSource};
use crate::{Exit, Result};
use clap::Args;
use serde::Serialize;

use super::flags::ServerFlags;
use crate::cli::out::Out;

#[derive(Debug, Args)]
pub(crate) struct WhereArgs {
    #[command(flatten)]
    server: ServerFlags,
}

#[derive(Serialize)]
struct Body {
    /// The exported file, or none for the registry of this computer.
    reg: Option<String>,
    #[serde(flatten)]
    place: Place,
    /// The folder with the variables of this computer filled in.
    here: Option<String>,
    /// Whether it is there, on this computer.
    exists: Option<bool>,
}

pub(super) fn run(args: &WhereArgs, out: Out) -> Exit {
    const COMMAND: &str = "envelopes where";
    let (place, live) = match look(&args.server) {
        Ok(found) => found,
        Err(error) => return out.fail(COMMAND, &error),
    };
    let here = live.then(|| place.filled_in(|name| std::env::var(name).ok()));
    let exists = here.as_ref().map(|folder| std::path::Path::new(folder).is_dir());
    out.line(here.as_ref().unwrap_or(&place.folder));
    if let Some(or) = &place.or {
        out.line(text!("or {or}", or));
    }
    out.detail(match (place.source, place.view) {
        (PlaceSource::Registry, Some(view)) => text!("EnvelopeDir of {}", view.key()),
        _ => text!("the default of the system: EnvelopeDir is not set").to_owned(),
    });
    place.notes.iter().for_each(|note| out.warning(note));
    if exists == Some(false) {
        out.warning("there is no such folder on this computer");
    }
    let reg = args.server.reg.as_ref().map(|path| path.to_string_lossy().into_owned());
    out.answer(COMMAND, Exit::Done, Body { reg, place, here, exists });
    Exit::Done
}

/// Where it is, and whether that is on this computer. Without a registry to look at, where the system has it.
fn look(server: &ServerFlags) -> Result<(Place, bool)> {
    match (server.place()?, server.system) {
        (Some(place), _) => Ok((place, server.is_live())),
        (None, Some(system)) => Ok((Place::default_of(system), false)),
        (None, None) => Err(envelopes::no_folder(None)),
    }
}
