//! Which CIDs there are, and how each of them is.

use std::path::{Path, PathBuf};

use crate::base::error::{Error, ErrorKind};
use crate::base::text::same_name;
use crate::cid::cids_below;
use crate::plan::Writer;
use crate::relay::{self, RelayState};
use crate::report::table;
use crate::{Cid, Result};
use serde::Serialize;

use super::used;

/// A CID that was found.
#[derive(Debug, Serialize)]
pub(super) struct FoundCid {
    #[serde(serialize_with = "shown")]
    pub cid: PathBuf,
    /// By its components, as `fleet import` has it.
    pub platforms: Vec<&'static str>,
    pub state: State,
    /// Whom its endpoints report to, as the comma list that stands there.
    pub parent: Option<String>,
    /// What is wrong with it, each as a sentence.
    pub faults: Vec<String>,
}

fn shown<S: serde::Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&path.to_string_lossy())
}

/// Whether a CID can be set up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum State {
    /// As far as was looked.
    Ready,
    /// Something is wrong with a copy of its mrinit.conf.
    Faulty,
    /// A change was interrupted.
    HalfDone,
    /// It cannot be opened.
    Broken,
}

impl State {
    fn words(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Faulty => "faulty",
            Self::HalfDone => text!("half done"),
            Self::Broken => "broken",
        }
    }
}

/// The shares of a server \[14635, 61560\].
const SHARES: [&str; 2] = ["InterChk", r"SophosUpdate\CIDs"];

/// Where to look, in place of a folder: the shares of a server that is named alone.
pub(super) fn places(folder: &Path) -> Vec<PathBuf> {
    let text = folder.to_string_lossy();
    let server = text.strip_prefix(r"\\").map(|rest| rest.trim_end_matches('\\'));
    match server.filter(|server| !server.is_empty() && !server.contains(['\\', '/'])) {
        Some(server) => SHARES.iter().map(|share| format!(r"\\{server}\{share}").into()).collect(),
        None => vec![folder.to_owned()],
    }
}

/// Where CIDs usually are: those used before, where the vendor's managers of this computer put them, its shares
/// \[14635, 61560\], and the current folder.
pub(super) fn usual_places() -> Vec<PathBuf> {
    let mut places = used::used();
    if cfg!(windows) {
        let of = |name: &str| std::env::var_os(name).map(PathBuf::from);
        places.extend(of("ProgramData").map(|data| data.join(r"Sophos\Update Manager\Update Manager\CIDs")));
        let programs = ["ProgramFiles", "ProgramFiles(x86)"].into_iter().filter_map(of);
        places.extend(programs.map(|programs| programs.join("Sophos SWEEP for NT")));
        places.extend(SHARES.iter().map(|share| format!(r"\\{}\{share}", crate::base::host::name()).into()));
    }
    places.push(PathBuf::from("."));
    places
}

/// The CIDs at these places: the place itself, or those below it. Each stands there once, in their order.
pub(super) fn find(places: &[PathBuf]) -> Vec<FoundCid> {
    let mut found: Vec<PathBuf> = Vec::new();
    for place in places {
        let is_cid = Writer::needs_recovery(place) || Cid::open(place).is_ok();
        let cids = match is_cid {
            true => vec![place.clone()],
            false if place == Path::new(".") => cids_below(place),
            false => cids_below(place).iter().map(|cid| place.join(cid)).collect(),
        };
        for cid in cids {
            if !found.iter().any(|other| is_same(other, &cid)) {
                found.push(cid);
            }
        }
    }
    found.into_iter().map(|cid| look(&cid)).collect()
}

fn is_same(one: &Path, other: &Path) -> bool {
    match (one.canonicalize(), other.canonicalize()) {
        (Ok(one), Ok(other)) => one == other,
        _ => one == other,
    }
}

fn look(path: &Path) -> FoundCid {
    let mut found =
        FoundCid { cid: path.to_owned(), platforms: Vec::new(), state: State::Ready, parent: None, faults: Vec::new() };
    if Writer::needs_recovery(path) {
        found.state = State::HalfDone;
        found
            .faults
            .push(text!("a change was interrupted: the next one ends it first, or configcid recover").to_owned());
    }
    let looked = Cid::open(path).and_then(|cid| {
        found.platforms = platforms(&cid);
        relay::show(&cid)
    });
    match looked {
        Ok(state) => {
            found.parent = parent(&state);
            let of_copies = state.copies.iter().flat_map(|copy| copy.faults.iter().map(move |fault| (copy, fault)));
            found.faults.extend(of_copies.map(|(copy, fault)| format!("{}: {fault}", copy.path)));
            found.faults.extend(state.faults);
            if found.state == State::Ready && !found.faults.is_empty() {
                found.state = State::Faulty;
            }
        }
        Err(error) => {
            found.faults.push(error.to_string());
            if found.state == State::Ready {
                found.state = State::Broken;
            }
        }
    }
    found
}

fn platforms(cid: &Cid) -> Vec<&'static str> {
    let has = |name: &str| cid.components().iter().any(|folder| same_name(folder.file_name(), name));
    let mut platforms = Vec::new();
    platforms.extend(has("rms").then_some("Windows"));
    platforms.extend(has("rms9x").then_some("Windows 9x"));
    // Without a router's component, endpoints read the root's file.
    platforms.extend(platforms.is_empty().then_some(text!("Mac or Linux")));
    platforms
}

/// Whom endpoints report to: by a component's copy where there is one.
fn parent(state: &RelayState) -> Option<String> {
    let own = state.copies.iter().find(|copy| copy.path.folder().is_some());
    own.or(state.copies.first())?.parent_router_address.clone()
}

/// Those that were found, as lines, with a heading.
pub(super) fn lines(cids: &[FoundCid]) -> Vec<String> {
    let mut rows = vec![["CID", "PLATFORM", "STATE", text!("ENDPOINTS REPORT TO")].map(str::to_owned).to_vec()];
    rows.extend(cids.iter().map(|found| {
        vec![
            found.cid.to_string_lossy().into_owned(),
            found.platforms.join(", "),
            found.state.words().to_owned(),
            found.parent.clone().unwrap_or_else(|| text!("(nobody)").to_owned()),
        ]
    }));
    table(&rows)
}

/// That there is none.
pub(super) fn none(places: &[PathBuf]) -> Error {
    if let [only] = places
        && !only.exists()
    {
        let what = text!("there is no CID here, since there is no such folder: {}", only.to_string_lossy());
        let next = text!("check the path and your rights to it, or name a server as \\\\SERVER");
        return Error::new(ErrorKind::NotACid, what).next(next);
    }
    let places: Vec<String> = places.iter().map(|place| place.to_string_lossy().into_owned()).collect();
    let what = text!("there is no CID here, nor up to three folders below: {}", places.join(", "));
    Error::new(ErrorKind::NotACid, what)
        .next("name the root of the share, the folder of the CIDs, or the server as \\\\SERVER: configcid setup FOLDER")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_stands_for_its_shares() {
        let places = |text: &str| -> Vec<String> {
            places(Path::new(text)).iter().map(|place| place.to_string_lossy().into_owned()).collect()
        };
        let both = [r"\\Server1\InterChk", r"\\Server1\SophosUpdate\CIDs"];
        assert_eq!(places(r"\\Server1"), both);
        assert_eq!(places(r"\\Server1\"), both);
        for text in [r"\\Server1\InterChk", r"\\", "Server1", "/srv", "."] {
            assert_eq!(places(text), [text]);
        }
    }
}
