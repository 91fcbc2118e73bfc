//! Relay set-up taken back, at any time: what `undo` does not reach any more, since a vendor's update replaced the catalogs
//! for example. What each copy becomes, and by which evidence, is our choice.

use std::path::PathBuf;

use super::past::{Origin, origin, relays};
use super::{read_file, router_components};
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::text::LineEnding;
use crate::catalog::CidPath;
use crate::catalogs::{Payload, RefreshOptions};
use crate::cid::Cid;
use crate::mrinit::{KEY_MR_PARENT, KEY_PARENT_ROUTER, Mrinit, RelayAddress, Value, names_relay, read_list};
use crate::plan::{Change, Past, Plan, digest, history, last_change};

/// What is said where nothing at hand tells what a file was.
const NEXT: &str = "name a file that has the server's lines, of a CID without a relay for example, with --from FILE; or give \
                    the server's addresses with --ip, --fqdn and --netbios";

/// How relay set-up is to be taken back.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct RelayUnset {
    /// Where the address lines come from, if not from the root's `mrinit.conf`.
    pub from: Option<ServerLines>,
    /// Edit the root's `mrinit.conf`, too, where history does not show that set-up wrote it.
    pub edit_root: bool,
    /// How the catalogs are refreshed.
    pub refresh: RefreshOptions,
}

/// What the user says the address lines are to be.
#[derive(Debug, Clone)]
pub enum ServerLines {
    /// Those of this file.
    File(PathBuf),
    /// The server's addresses.
    Server(RelayAddress),
}

/// Plans to take relay set-up back: a copy of `mrinit.conf` that set-up made goes, another one gets both address lines of
/// the root's file, and the catalogs are refreshed. The root's file is changed only where the CID's history shows that
/// set-up wrote it, and only to what it was, or to what the user gives.
///
/// # Errors
/// Nothing tells what a file was; or as [`refresh`](crate::refresh()).
///
/// ```
/// # let dir = tempfile::tempdir().unwrap();
/// # let path = dir.path().join("MRESXP");
/// use configcid::relay::{self, RelayUnset};
/// use configcid::{Cid, DemoCid, RelayAddress, RelaySetup};
///
/// DemoCid::default().write(&path)?;
/// let address = RelayAddress::new(None, Some("MRComputer.Sales.Acme"), None)?;
/// relay::set(&Cid::open(&path)?, &RelaySetup::new(address))?.apply()?;
/// assert!(path.join("rms/mrinit.conf").exists());
///
/// relay::unset(&Cid::open(&path)?, &RelayUnset::default())?.apply()?;
/// assert!(!path.join("rms/mrinit.conf").exists());
/// # Ok::<(), configcid::Error>(())
/// ```
pub fn unset(cid: &Cid, unset: &RelayUnset) -> Result<Plan> {
    if unset.edit_root && unset.from.is_none() {
        return Err(
            Error::new(ErrorKind::Usage, "to edit the root's mrinit.conf, too, takes the server's lines").next(NEXT)
        );
    }
    let mut payload = Payload::new("relay unset");
    let past = history(cid)?;
    let given = unset.from.as_ref().map(|from| Lines::given(from, &past)).transpose()?;
    let root = cid.mrinit(None)?;
    let root_after = match &root {
        Some((path, conf)) => {
            let change = unset_root(cid, path, conf, given.as_ref(), unset.edit_root, &past)?;
            let after = change.as_ref().map(|(after, _)| after.clone()).unwrap_or_else(|| conf.clone());
            payload.changes.extend(change.map(|(after, why)| {
                Change::of_payload(path.clone(), Some(conf.bytes().to_vec()), after.into_bytes(), why)
            }));
            Some((path, after))
        }
        None => None,
    };
    for folder in router_components(cid)? {
        let Some((path, conf)) = cid.mrinit(Some(&folder))? else { continue };
        if origin(&past, &path, conf.bytes()) == Some(Origin::Made) {
            let why = text!("gone, since relay set-up made it and nobody has changed it since");
            payload.changes.push(Change::removal(path, conf.into_bytes(), why));
            continue;
        }
        let lines = match (&given, &root_after) {
            (Some(given), _) => given.clone(),
            (None, Some((root_path, root))) => Lines::of_root(cid, root_path, root, &past)?,
            (None, None) => {
                let what = text!("the root has no mrinit.conf to take the server's lines from");
                return Err(Error::new(ErrorKind::MrinitFormat, what).in_file(cid.path()).next(NEXT));
            }
        };
        let before = conf.bytes().to_vec();
        let (after, why) = lines.put_into(conf).map_err(|error| error.in_file(&cid.shown(&path)))?;
        if after.bytes() != before {
            payload.changes.push(Change::of_payload(path, Some(before), after.into_bytes(), why));
        }
    }
    if given.is_none()
        && let Some((path, root)) = &root_after
        && let Some(doubt) = is_of_a_relay(root, &past)
    {
        payload.warnings.push(text!("{path}: {doubt}; endpoints that read it report there", path, doubt));
    }
    payload.plan(cid, &unset.refresh)
}

/// What the root's file is to be, and why; `None` where it stays as it is.
fn unset_root(
    cid: &Cid,
    path: &CidPath,
    conf: &Mrinit,
    given: Option<&Lines>,
    edit_root: bool,
    past: &[Past],
) -> Result<Option<(Mrinit, String)>> {
    let before = match origin(past, path, conf.bytes()) {
        Some(Origin::Edited(before)) => Some(before),
        _ => None,
    };
    let candidates = candidates(cid, path, conf, given, before.as_deref())?;
    if let Some(before) = &before
        && let Some(bytes) = candidates.into_iter().find(|bytes| digest(bytes) == *before)
    {
        let why = text!("as it was before relay set-up: its digest is the one that history has");
        return Ok(Some((Mrinit::parse(bytes), why.to_owned())));
    }
    match given {
        Some(given) if before.is_some() || edit_root => {
            let (after, why) = given.put_into(conf.clone()).map_err(|error| error.in_file(&cid.shown(path)))?;
            Ok((after.bytes() != conf.bytes()).then_some((after, why)))
        }
        None if before.is_some() => {
            let what = text!("relay set-up edited it, and what it was cannot be told from what is at hand");
            Err(Error::new(ErrorKind::Journal, what).in_file(&cid.shown(path)).next(NEXT))
        }
        _ => Ok(None),
    }
}

/// Contents that the root's file may have had before set-up: what the last change kept of it; the file that the user gives;
/// the file with its endpoints reporting to the relay's own parent, with and without a last line ending. None of them is
/// written unless its digest proves it.
fn candidates(
    cid: &Cid,
    path: &CidPath,
    conf: &Mrinit,
    given: Option<&Lines>,
    before: Option<&str>,
) -> Result<Vec<Vec<u8>>> {
    let Some(before) = before else { return Ok(Vec::new()) };
    let mut candidates = Vec::new();
    if let Some(last) = last_change(cid) {
        candidates.extend(last.kept(cid, path, before)?);
    }
    candidates.extend(given.and_then(|given| given.whole.clone()));
    let mut edited = conf.clone();
    if let Ok(parent) = conf.text(KEY_MR_PARENT).map(str::to_owned)
        && edited.set(KEY_PARENT_ROUTER, &parent).is_ok()
    {
        let bytes = edited.bytes().to_vec();
        for ending in [LineEnding::CrLf, LineEnding::Lf] {
            let ending = edited.encoding().encode(ending.as_str()).unwrap_or_default();
            candidates.extend(bytes.strip_suffix(&*ending).map(<[u8]>::to_vec));
        }
        candidates.push(bytes);
    }
    Ok(candidates)
}

/// The two address lines as they are to be.
#[derive(Debug, Clone)]
struct Lines {
    /// Where they are from, as the reason of a change says it.
    source: String,
    parent_router: String,
    /// What the relay's own parent is to be.
    own_parent: OwnParent,
    /// The file that they are from.
    whole: Option<Vec<u8>>,
}

/// What `MRParentAddress` is to be.
#[derive(Debug, Clone)]
enum OwnParent {
    /// This list, or no line at all.
    Be(Option<String>),
    /// This server's list, unless the line names the server already.
    Name(RelayAddress),
}

impl Lines {
    /// Those that the user gives. A file that names a relay of this CID's history is refused: it is no way back.
    fn given(from: &ServerLines, past: &[Past]) -> Result<Self> {
        let file = match from {
            ServerLines::Server(address) => {
                return Ok(Self {
                    source: text!("as given").to_owned(),
                    parent_router: address.to_string(),
                    own_parent: OwnParent::Name(address.clone()),
                    whole: None,
                });
            }
            ServerLines::File(file) => file,
        };
        let conf = read_file(file)?;
        let lines = Self::of(&conf, text!("taken from {}", file.display())).map_err(|error| error.in_file(file))?;
        let own = conf.text(KEY_MR_PARENT);
        if is_set_ups(&lines.parent_router, past) && !own.is_ok_and(|own| names_the_same(own, &lines.parent_router)) {
            let relay = &lines.parent_router;
            let what = text!(
                "{KEY_PARENT_ROUTER} is {relay} in it, the relay that is to be taken back",
                KEY_PARENT_ROUTER,
                relay
            );
            return Err(Error::new(ErrorKind::Address, what).in_file(file).next(NEXT));
        }
        Ok(lines)
    }

    /// The root's, unless that names a relay, too: nothing tells what to put there then.
    fn of_root(cid: &Cid, path: &CidPath, root: &Mrinit, past: &[Past]) -> Result<Self> {
        let shown = cid.shown(path);
        let lines = Self::of(root, text!("taken from {path}", path)).map_err(|error| error.in_file(&shown))?;
        match is_of_a_relay(root, past) {
            Some(doubt) => Err(Error::new(ErrorKind::Address, doubt).in_file(&shown).next(NEXT)),
            None => Ok(lines),
        }
    }

    fn of(conf: &Mrinit, source: String) -> Result<Self> {
        let own_parent = match conf.get(KEY_MR_PARENT)? {
            None => None,
            Some(_) => Some(conf.text(KEY_MR_PARENT)?.to_owned()),
        };
        let parent_router = conf.text(KEY_PARENT_ROUTER)?.to_owned();
        Ok(Self { source, parent_router, own_parent: OwnParent::Be(own_parent), whole: Some(conf.bytes().to_vec()) })
    }

    /// The file with these lines, and what was done to it.
    fn put_into(&self, mut conf: Mrinit) -> Result<(Mrinit, String)> {
        let mut done = Vec::new();
        let edit = conf.set(KEY_PARENT_ROUTER, &self.parent_router)?;
        if edit.changed {
            done.push(text!(
                "{KEY_PARENT_ROUTER} set to {parent_router}, {source}",
                KEY_PARENT_ROUTER,
                parent_router = self.parent_router,
                source = self.source
            ));
        }
        let mut ending_added = edit.line_ending_added;
        let wanted = match &self.own_parent {
            OwnParent::Be(wanted) => wanted.clone(),
            OwnParent::Name(server) => match conf.get(KEY_MR_PARENT)? {
                None => None,
                Some(_) => {
                    let now = conf.text(KEY_MR_PARENT)?;
                    Some(if names_relay(now, server) { now.to_owned() } else { server.to_string() })
                }
            },
        };
        match wanted {
            Some(wanted) => {
                let edit = conf.set_or_add(KEY_MR_PARENT, &Value::Text(wanted.clone()))?;
                if edit.changed {
                    done.push(text!(
                        "{KEY_MR_PARENT} set to {wanted}, {source}",
                        KEY_MR_PARENT,
                        wanted,
                        source = self.source
                    ));
                }
                ending_added = ending_added.or(edit.line_ending_added);
            }
            None => {
                if conf.remove(KEY_MR_PARENT)? {
                    done.push(text!("{KEY_MR_PARENT} taken out, {source}", KEY_MR_PARENT, source = self.source));
                }
            }
        }
        if let Some(ending) = ending_added {
            done.push(text!("final line ending ({}) added", ending.name()));
        }
        Ok((conf, done.join(", ")))
    }
}

/// Why the root's file seems to name a relay; `None` where it does not. Without a relay both lines name the server
/// (formats.md, section 2), and a relay is never its own parent.
fn is_of_a_relay(root: &Mrinit, past: &[Past]) -> Option<String> {
    let list = root.text(KEY_PARENT_ROUTER).ok()?;
    match root.text(KEY_MR_PARENT) {
        Ok(own) if names_the_same(own, list) => None,
        Ok(own) => Some(text!(
            "{KEY_PARENT_ROUTER} is {list} and {KEY_MR_PARENT} {own}, so that the first seems to be a relay",
            KEY_PARENT_ROUTER,
            list,
            KEY_MR_PARENT,
            own
        )),
        Err(_) if is_set_ups(list, past) => Some(text!(
            "{KEY_PARENT_ROUTER} is {list}, which relay set-up wrote into this CID",
            KEY_PARENT_ROUTER,
            list
        )),
        Err(_) => None,
    }
}

/// Whether set-up ever wrote this list into the CID.
fn is_set_ups(list: &str, past: &[Past]) -> bool {
    let parts = |list: &str| -> Vec<String> { list.split(',').map(|part| part.trim().to_lowercase()).collect() };
    relays(past).any(|relay| parts(relay) == parts(list))
}

/// Whether two lists have a computer in common; also where one cannot be read.
fn names_the_same(one: &str, other: &str) -> bool {
    read_list(other).map_or(true, |(address, _)| names_relay(one, &address))
}
