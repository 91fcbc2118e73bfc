//! The two copies of `mrinit.conf` that matter: that of the CID, and that which the relay has installed.

use std::path::{Path, PathBuf};

use super::{Evidence, Point, Standing};
use crate::base::error::Result;
use crate::cid::Cid;
use crate::mrinit::{KEY_MR_PARENT, KEY_PARENT_ROUTER, Mrinit, RelayAddress, names_relay};
use crate::relay::{drift, read_file};
use crate::router::{InstalledMrinit, look_at_installed, mrinit_of_cid, same_list};

/// What a CID says of its relay.
#[derive(Debug)]
pub(crate) struct RelayCid {
    /// The `mrinit.conf` that its computers install.
    pub(crate) file: PathBuf,
    pub(super) conf: Mrinit,
}

impl RelayCid {
    /// That of a CID's `rms`, else of its `rms9x`, else of its root.
    ///
    /// # Errors
    /// The CID has none, or it cannot be read.
    pub(crate) fn open(cid: &Cid) -> Result<Self> {
        let (file, conf) = mrinit_of_cid(cid)?;
        Ok(Self { file, conf })
    }

    #[cfg(test)]
    pub(super) fn of(file: &str, conf: Mrinit) -> Self {
        Self { file: file.into(), conf }
    }
}

/// The `mrinit.conf` that a relay has installed, and what lies beside it.
#[derive(Debug)]
pub(crate) struct InstalledFile {
    /// The file.
    pub(crate) file: PathBuf,
    pub(super) conf: Mrinit,
    pub(super) beside: InstalledMrinit,
}

impl InstalledFile {
    /// Reads it.
    ///
    /// # Errors
    /// It, or its folder, cannot be read.
    pub(crate) fn read(file: &Path) -> Result<Self> {
        let conf = read_file(file)?;
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Ok(Self { file: file.to_owned(), conf, beside: look_at_installed(folder)? })
    }
}

/// The relay, as its endpoints are told: by the CID, else by what is installed. None where that is the relay's own parent,
/// as it is without a relay.
pub(crate) fn relay_list(seen: &Evidence) -> Option<String> {
    list(seen, KEY_PARENT_ROUTER).filter(|relay| parent_list(seen).is_none_or(|parent| !same_list(relay, &parent)))
}

/// What the relay's own parent should be: by the CID, else by what is installed.
pub(super) fn parent_list(seen: &Evidence) -> Option<String> {
    list(seen, KEY_MR_PARENT)
}

fn list(seen: &Evidence, key: &str) -> Option<String> {
    let conf = seen.cid.as_ref().map(|cid| &cid.conf).or(seen.installed.as_ref().map(|file| &file.conf))?;
    conf.text(key).ok().map(str::to_owned).filter(|list| list.contains(char::is_alphanumeric))
}

/// Whether a list names the machine of another list, as far as its parts tell.
pub(super) fn names(list: &str, of: &str) -> bool {
    of.split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .any(|part| part.parse().is_ok_and(|relay: RelayAddress| names_relay(list, &relay)))
}

/// The point `cid`: whether what is installed from it can make a relay \[14635\].
pub(super) fn cid(seen: &Evidence) -> Point {
    const NAME: &str = "cid";
    let Some(cid) = &seen.cid else {
        return Point::new(
            NAME,
            Standing::Unknown,
            text!("which CID the relay should have installed from is not known"),
        )
        .next("name it with --cid CID");
    };
    let of_file = |line: String| vec![format!("{}: {line}", cid.file.display())];
    let set = text!("set the relay up in the CID: configcid relay set CID --ip A --fqdn B --netbios C");
    let lists = cid.conf.text(KEY_PARENT_ROUTER).and_then(|relay| Ok((relay, cid.conf.text(KEY_MR_PARENT)?)));
    let (relay, parent) = match lists {
        Ok(lists) => lists,
        Err(error) => {
            return Point::new(NAME, Standing::Wrong, text!("its mrinit.conf cannot make a relay: {error}", error))
                .evidence(of_file(text!("this is the file that counts").to_owned()))
                .next(set);
        }
    };
    let evidence = of_file(text!(
        "{KEY_PARENT_ROUTER} is {relay}; {KEY_MR_PARENT} is {parent}",
        KEY_PARENT_ROUTER,
        relay,
        KEY_MR_PARENT,
        parent
    ));
    if same_list(relay, parent) {
        let what = text!("the CID is none of a relay's: its endpoints have the same parent as a relay would have");
        return Point::new(NAME, Standing::Wrong, what).evidence(evidence).next(set);
    }
    if names(parent, relay) {
        let what = text!("MRParentAddress names the relay itself: it would be its own parent [A]");
        return Point::new(NAME, Standing::Wrong, what)
            .evidence(evidence)
            .next("put the server's addresses back into MRParentAddress, which relay set-up never edits [14635]");
    }
    Point::new(NAME, Standing::Right, text!("the CID makes a relay, and names the relay's own parent"))
        .evidence(evidence)
}

/// The point `own-mrinit`: whether the file that the relay has installed is that of the CID, and names it.
pub(super) fn own_mrinit(seen: &Evidence) -> Point {
    const NAME: &str = "own-mrinit";
    const UPDATE: &str = "let the relay update from the CID (in the console its group's policy must name this CID [14635]), or \
                          copy the CID's mrinit.conf there, run ClientMRInit.exe, and restart the service \"Sophos Message Router\"";
    let Some(installed) = &seen.installed else {
        return Point::new(
            NAME,
            Standing::Unknown,
            text!("the mrinit.conf that the relay has installed was not looked at"),
        )
        .next(
            r"name it, or a copy, with --mrinit FILE: it is in C:\Program Files (x86)\Sophos\Remote Management System",
        );
    };
    let mut evidence = vec![text!("installed is {}", installed.file.display())];
    let wrong = |what: String, evidence: Vec<String>, next: &str| {
        Point::new(NAME, Standing::Wrong, what).evidence(evidence).next(next)
    };
    let relay = match installed.conf.text(KEY_PARENT_ROUTER) {
        Ok(relay) => relay,
        Err(error) => return wrong(text!("the installed mrinit.conf is not usable: {error}", error), evidence, UPDATE),
    };
    let parent = installed.conf.text(KEY_MR_PARENT).unwrap_or_default();
    evidence.push(text!(
        "its {KEY_PARENT_ROUTER} is {relay}; its {KEY_MR_PARENT} is {parent}",
        KEY_PARENT_ROUTER,
        relay,
        KEY_MR_PARENT,
        parent
    ));
    if let Some(warning) = installed.beside.warning() {
        return wrong(
            text!("a file beside the installed one wins over it").to_owned(),
            vec![warning],
            text!(
                "rename the .orig file, run ClientMRInit.exe there, and restart the service \"Sophos Message Router\""
            ),
        );
    }
    if same_list(relay, parent) {
        let what = text!("the installed mrinit.conf is none of a relay's: both its addresses name one machine");
        return wrong(what.to_owned(), evidence, UPDATE);
    }
    let Some(cid) = &seen.cid else {
        let what = text!("the installed mrinit.conf is one of a relay's; whether it is the CID's was not looked at");
        return Point::new(NAME, Standing::Unknown, what).evidence(evidence).next("name the CID with --cid CID");
    };
    for key in [KEY_PARENT_ROUTER, KEY_MR_PARENT] {
        let (Ok(here), Ok(there)) = (installed.conf.text(key), cid.conf.text(key)) else {
            let what = text!("{key} is missing or malformed in the installed file or in the CID's", key);
            return wrong(what, evidence, text!("see both with configcid mrinit show"));
        };
        if !same_list(here, there) {
            let what = text!(
                "the installed file is not the CID's: {key} is {here}, and the CID has {there}",
                key,
                here,
                there
            );
            return wrong(what, evidence, UPDATE);
        }
    }
    let drifted = drift(&cid.conf, &installed.conf);
    if !drifted.is_empty() {
        evidence.extend(drifted.iter().map(|drift| text!("{drift} in the CID", drift)));
        let what = text!(
            "the installed file has other identity keys or ports than the CID's: the CID is another estate's, or has drifted"
        );
        return wrong(
            what.to_owned(),
            evidence,
            text!("see with configcid relay show CID which file has drifted; keys must be those of the estate"),
        );
    }
    if let Some(own) = &seen.own_name {
        let is_own = |part: &str| part.split('.').next().is_some_and(|host| host.eq_ignore_ascii_case(own));
        if !relay.split(',').map(str::trim).any(is_own) {
            evidence.push(text!("this computer is called {own}", own));
            let what = text!(
                "no name in the installed file's ParentRouterAddress is this computer's: it may be another than the relay"
            );
            return Point::new(NAME, Standing::Doubtful, what)
                .evidence(evidence)
                .next("run this on the relay; if this is it, put its names into the CID with configcid relay set");
        }
    }
    Point::new(NAME, Standing::Right, text!("the relay has installed the CID's mrinit.conf, which names it"))
        .evidence(evidence)
}
