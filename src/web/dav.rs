//! A folder of a web server that can be written to by WebDAV (RFC 4918). Every order is sent to the server that was named alone: no
//! redirection is followed.

mod around;

use std::cell::Cell;
use std::io::Read;
use std::path::Path;
use std::time::Duration;

use super::address::Address;
use super::client::{Answer, Ask, Client, Failure};
use super::judge::{alteration, refusal};
use super::reader::{Access, CONNECTIONS, WebFile};
use super::store::{Found, Holds, Locked, Store, Trouble, aside, error, lock, not_replaced, owner, owner_at, owner_in};
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::host::fresh_id;
use crate::base::tries::Tries;
use crate::catalog::CidPath;

/// How long to wait before each further try, in milliseconds: so many tries there are beside the first (our choice).
pub(super) const PAUSES: [u64; 3] = [100, 400, 1600];

/// A folder of a web server.
pub(crate) struct DavFolder {
    address: Address,
    client: Client,
    timeout: Duration,
    shown: String,
}

impl DavFolder {
    /// The folder with this URL. Nothing is asked yet.
    ///
    /// # Errors
    /// The authorities cannot be read.
    pub(crate) fn new(address: Address, access: &Access) -> Result<Self> {
        let client = Client::new(access.timeout, CONNECTIONS, access.login.as_ref(), access.ca.as_deref())?;
        let shown = address.to_string();
        Ok(Self { address, client, timeout: access.timeout, shown })
    }

    /// Gives a folder another name, which nothing has. `false`: it is not there, or something has the name.
    ///
    /// # Errors
    /// The server does not do it.
    fn rename_folder(&self, from: &CidPath, to: &CidPath) -> Result<bool> {
        let (url, target) = (format!("{}/", self.url(from)), format!("{}/", self.url(to)));
        let headers = [("Destination", &*target), ("Overwrite", "F")];
        let answer = self.tried(&url, || self.client.send("MOVE", &url, &headers, None))?;
        match answer.status {
            404 | 410 | 412 => {
                answer.finish();
                Ok(false)
            }
            _ => self.done(&text!("give it the name {target}", target), &url, answer).map(|()| true),
        }
    }

    fn remove_at(&self, url: &str) -> Result<()> {
        let answer = self.tried(url, || self.client.send("DELETE", url, &[], None))?;
        match answer.status {
            404 | 410 => {
                answer.finish();
                Ok(())
            }
            _ => self.done(text!("remove it"), url, answer),
        }
    }

    /// Says in a new lock whose it is, in the way in which files are put in place, too.
    fn claim(&self, lock: &CidPath, claim: &[u8]) -> Result<()> {
        let owner = &owner()?;
        let draft = lock.join(&format!("{}.txt", fresh_id()))?;
        self.put_bytes(&draft, claim)?;
        let named = self.rename(&draft, owner, false, None);
        match owner_at(self, owner)? {
            // Whatever was answered: the answer to an order that was carried out may have been lost.
            Some(bytes) if bytes == claim => {}
            Some(_) if !matches!(named, Ok(true)) => {
                return Err(error(
                    ErrorKind::Locked,
                    text!("another writer has just made this lock"),
                    &self.url(owner),
                )
                .next("nothing was changed; try again"));
            }
            _ if named.is_err() => return named.map(drop),
            _ => {
                return Err(error(
                    ErrorKind::Io,
                    text!("what was written to the server is not what it gives out"),
                    &self.url(owner),
                )
                .next(HIDDEN));
            }
        }
        // The draft is gone, so that nothing is removed: but whether it could be is known.
        self.remove(&draft)
    }

    /// Refuses an answer that is no file as it is.
    fn refuse_wrong(&self, answer: &Answer, url: &str) -> Result<()> {
        if let Some(wrong) = refusal(answer, &self.address, url) {
            let next = match wrong.code {
                "login" => LOGIN,
                "redirected" => REDIRECTED,
                "refused" => text!("let this user read there, too: what is written is read back"),
                _ => AGAIN,
            };
            return Err(error(ErrorKind::Io, wrong.what, url).next(next));
        }
        match &answer.encoding {
            None => Ok(()),
            Some(encoding) => {
                let what = text!("it comes encoded ({encoding}), which nobody asked for", encoding);
                Err(error(ErrorKind::Damage, what, url).next(LOOK))
            }
        }
    }

    /// Whether an order was carried out; `doing` completes "cannot ...".
    fn done(&self, doing: &str, url: &str, answer: Answer) -> Result<()> {
        let status = answer.status;
        let redirected = (300..=399).contains(&status).then(|| refusal(&answer, &self.address, url)).flatten();
        answer.finish();
        let (what, next) = match status {
            200 | 201 | 202 | 204 => return Ok(()),
            300..=399 => {
                let to = redirected.map_or_else(|| text!("it is redirected").to_owned(), |wrong| wrong.what);
                return Err(
                    error(ErrorKind::Io, text!("cannot {doing} on the server: {to}", doing, to), url).next(REDIRECTED)
                );
            }
            401 | 407 => (text!("it asks for a login, or does not take this one"), LOGIN),
            408 => (
                text!("it has waited too long for what was sent"),
                text!("give it more: a larger --bandwidth, or fewer --jobs"),
            ),
            403 => {
                (text!("it does not let this user"), text!("give this user the right to write there, and to remove"))
            }
            404 => (text!("it does not know the name"), AGAIN),
            405 | 501 => (text!("it does not know how"), DAV),
            409 => (text!("what is to hold it is no folder, or not there"), AGAIN),
            412 => (text!("something else is there by now"), AGAIN),
            413 => (
                text!("it takes no file as large as this"),
                text!("let it take larger ones (client_max_body_size of nginx)"),
            ),
            415 => (text!("it does not take this"), DAV),
            423 => (text!("somebody has locked it by WebDAV"), text!("see who has it open, then try again")),
            429 => (text!("it refuses so many requests"), AGAIN),
            502 => (
                text!("it takes the new name for another server's"),
                text!("let the proxy before it hand on the name and scheme"),
            ),
            507 => (
                text!("it has no room left"),
                text!("make room on the server, then try again: what is there already is kept"),
            ),
            _ => (text!("it fails"), AGAIN),
        };
        Err(error(
            ErrorKind::Io,
            text!("cannot {doing} on the server: {what} (HTTP {status})", doing, what, status),
            url,
        )
        .next(next))
    }

    /// Tries again where the server may merely have been unlucky.
    fn tried(&self, url: &str, mut once: impl FnMut() -> std::result::Result<Answer, Failure>) -> Result<Answer> {
        let mut tries = Tries::after(&PAUSES);
        loop {
            match once() {
                Ok(answer) if may_pass(answer.status) && tries.another() => answer.finish(),
                Ok(answer) => return Ok(answer),
                Err(failure) if failure.may_pass() && tries.another() => {}
                Err(failure) => return Err(unanswered(failure, url)),
            }
        }
    }
}

impl Store for DavFolder {
    fn shown(&self) -> &str {
        &self.shown
    }

    fn url(&self, path: &CidPath) -> String {
        self.address.of(path)
    }

    fn read(&self, path: &CidPath, limit: u64) -> Result<Found> {
        let url = self.url(path);
        let mut tries = Tries::after(&PAUSES);
        loop {
            let answer = self.tried(&url, || self.client.send("GET", &url, &[FRESH], None))?;
            if matches!(answer.status, 404 | 410) {
                answer.finish();
                return Ok(Found::Absent);
            }
            self.refuse_wrong(&answer, &url)?;
            let (said, tag) = (answer.length, answer.tag.clone());
            let mut bytes = Vec::new();
            let read = answer.content(limit + 1, self.timeout).read_to_end(&mut bytes);
            if bytes.len() as u64 > limit {
                return Err(error(ErrorKind::Io, text!("it has more than {limit} bytes", limit), &url).next(LOOK));
            }
            if read.is_ok() && said.is_none_or(|said| said == bytes.len() as u64) {
                return Ok(Found::File(bytes, tag));
            }
            if !tries.another() {
                let what = text!("{} bytes of it come, and not the rest", bytes.len());
                return Err(error(ErrorKind::Io, what, &url).next(AGAIN));
            }
        }
    }

    fn open(&self, path: &CidPath, size: u64) -> Result<Option<Box<dyn Read>>> {
        let url = self.url(path);
        let answer = self.tried(&url, || self.client.ask(&url, Ask::All(size), "identity"))?;
        if matches!(answer.status, 404 | 410) {
            answer.finish();
            return Ok(None);
        }
        self.refuse_wrong(&answer, &url)?;
        let small = u32::try_from(size).unwrap_or(u32::MAX);
        if let Some(wrong) = alteration(&answer, path.file_name(), small) {
            return Err(error(ErrorKind::Damage, wrong.what, &url).next(LOOK));
        }
        Ok(Some(Box::new(WebFile { content: answer.content(size + 1, self.timeout) })))
    }

    /// Writes a file, once, from a reader that gives `size` bytes; unless `may_replace` on the condition that nothing has its name, which
    /// some servers do not look at.
    fn put(
        &self,
        path: &CidPath,
        size: u64,
        may_replace: bool,
        body: &mut dyn Read,
    ) -> Result<Option<[u8; 16]>, Trouble> {
        let url = self.url(path);
        let condition: &[(&str, &str)] = if may_replace { &[] } else { &[("If-None-Match", "*")] };
        match self.client.send("PUT", &url, condition, Some((size, body))) {
            Ok(answer) if answer.status == 412 => {
                answer.finish();
                Err(Trouble { error: not_replaced(&url), may_pass: false })
            }
            Ok(answer) => {
                let may_pass = may_pass(answer.status);
                let done = self.done(text!("write it"), &url, answer);
                done.map(|()| None).map_err(|error| Trouble { error, may_pass })
            }
            Err(failure) => {
                let may_pass = failure.may_pass();
                Err(Trouble { error: unanswered(failure, &url), may_pass })
            }
        }
    }

    fn put_bytes(&self, path: &CidPath, bytes: &[u8]) -> Result<()> {
        let url = self.url(path);
        let put = || self.client.send("PUT", &url, &[], Some((bytes.len() as u64, &mut &*bytes)));
        let answer = self.tried(&url, put)?;
        self.done(text!("write it"), &url, answer)
    }

    /// Makes a folder, and those above it in the CID that are not there; says whether it was made, and not there before.
    fn make_folder(&self, path: &CidPath) -> Result<bool> {
        let url = format!("{}/", self.url(path));
        let make = || self.tried(&url, || self.client.send("MKCOL", &url, &[], None));
        let mut answer = make()?;
        // What is to hold it is not there: 409 by RFC 4918.
        if matches!(answer.status, 404 | 409)
            && let Some(above) = path.folder()
        {
            answer.finish();
            self.make_folder(&above)?;
            answer = make()?;
        }
        match answer.status {
            405 => {
                answer.finish();
                Ok(false)
            }
            _ => self.done(text!("make the folder"), &url, answer).map(|()| true),
        }
    }

    /// Gives a file another name: one that nothing has where `may_replace` is not set, and else that of a file of the version
    /// `known`, where that is named and the server looks. `false`: something else is there.
    fn rename(&self, from: &CidPath, to: &CidPath, may_replace: bool, known: Option<&str>) -> Result<bool> {
        let (url, target) = (self.url(from), self.url(to));
        let condition = known.filter(|tag| tag.starts_with('"')).map(|tag| format!("<{target}> ([{tag}])"));
        let mut headers = vec![("Destination", &*target), ("Overwrite", if may_replace { "T" } else { "F" })];
        headers.extend(condition.iter().map(|condition| ("If", &**condition)));
        let order = || self.tried(&url, || self.client.send("MOVE", &url, &headers, None));
        let mut answer = order()?;
        if answer.status == 409
            && let Some(above) = to.folder()
        {
            answer.finish();
            self.make_folder(&above)?;
            answer = order()?;
        }
        match answer.status {
            412 => {
                answer.finish();
                Ok(false)
            }
            _ => self.done(&text!("give it the name {target}", target), &url, answer).map(|()| true),
        }
    }

    fn remove(&self, path: &CidPath) -> Result<()> {
        self.remove_at(&self.url(path))
    }

    fn remove_folder(&self, path: &CidPath) -> Result<()> {
        self.remove_at(&format!("{}/", self.url(path)))
    }

    /// Tries once to lock: by making a folder, which of two who come at once one alone can do, whatever the server thinks
    /// of conditions. A file in it tells whose it is. That the server knows what writing takes is seen by that. The folder of
    /// the CID itself is made where it is not there, and the one that holds it is.
    fn lock(&self, claim: &[u8]) -> Result<Locked> {
        let lock = &lock()?;
        let (url, root) = (format!("{}/", self.url(lock)), format!("{}/", self.shown));
        let sent = Cell::new(0);
        let make = |url: &str| {
            sent.set(0);
            self.tried(url, || {
                sent.set(sent.get() + 1);
                self.client.send("MKCOL", url, &[], None)
            })
        };
        let mut answer = make(&url)?;
        if matches!(answer.status, 404 | 409) {
            answer.finish();
            let root_made = make(&root)?;
            match root_made.status {
                404 | 409 => {
                    root_made.finish();
                    return Err(error(
                        ErrorKind::Io,
                        text!("the server has no folder that could hold it"),
                        &self.shown,
                    )
                    .next("make the folder above it on the server first, or see whether the URL is right"));
                }
                405 => root_made.finish(),
                _ => self.done(text!("make the folder of the CID"), &root, root_made)?,
            }
            answer = make(&url)?;
            if matches!(answer.status, 404 | 409) {
                answer.finish();
                let there = self.tried(&self.shown, || self.client.send("GET", &self.shown, &[FRESH], None))?;
                let is_file = there.status == 200
                    && there.media_type.as_deref().is_none_or(|media| !media.starts_with("text/html"));
                there.finish();
                if is_file {
                    return Err(error(ErrorKind::Io, text!("this is a file, and no folder"), &self.shown)
                        .next("name the URL of the folder that holds the CID, or is to hold it"));
                }
                return Err(error(
                    ErrorKind::Io,
                    text!("the server keeps names that begin with .configcid to itself"),
                    &url,
                )
                .next("publish by another URL of the folder, to which the rules of web config do not apply"));
            }
        }
        if matches!(answer.status, 405 | 501) {
            let (status, is_repeated) = (answer.status, sent.get() > 1);
            answer.finish();
            if status == 405
                && let Some(owner) = self.lock_owner()?
            {
                return Ok(Locked::Held(Some(owner)));
            }
            // Is it there, or does the server make no folder at all?
            let probe = CidPath::in_root(&format!(".configcid-{}", fresh_id()))?;
            if status == 501 || !self.make_folder(&probe)? {
                return Err(error(
                    ErrorKind::Io,
                    text!("the server speaks no WebDAV here (HTTP {status})", status),
                    &self.shown,
                )
                .next(DAV));
            }
            self.remove_folder(&probe)?;
            return Ok(if is_repeated { Locked::PerhapsOurs } else { Locked::Held(None) });
        }
        self.done(text!("lock the CID for writing"), &url, answer)?;
        let claimed = self.claim(lock, claim);
        if claimed.as_ref().is_err_and(|error| error.kind() != ErrorKind::Locked) {
            // Nobody else could tell whose it is.
            let _ = self.remove_folder(lock);
        }
        claimed.map(|()| Locked::Ours)
    }

    fn cid_above(&self, warnings: &mut Vec<String>) -> Result<Option<String>> {
        self.look_above(warnings)
    }

    fn holds(&self, dry_run: bool) -> Result<Holds> {
        self.look_within(dry_run)
    }

    fn has_folders(&self) -> bool {
        true
    }

    fn puts_new(&self, _: u64) -> bool {
        true
    }

    fn unlock(&self) -> Result<()> {
        self.remove_folder(&lock()?)
    }

    fn break_lock(&self, owner: Option<&[u8]>, _: &[u8]) -> Result<bool> {
        let aside = aside(&fresh_id())?;
        let is_aside = self.rename_folder(&lock()?, &aside)?;
        let found = owner_at(self, &owner_in(&aside)?);
        // The answer to an order that was carried out may have been lost.
        if !is_aside && matches!(found, Ok(None)) {
            return Ok(false);
        }
        if found.as_ref().is_ok_and(|found| found.as_deref() == owner) {
            return self.remove_folder(&aside).map(|()| true);
        }
        let what = match self.rename_folder(&aside, &lock()?) {
            Ok(true) => return found.map(|_| false),
            Ok(false) => {
                text!("the lock of another writer was set aside, and there is a further one by now").to_owned()
            }
            Err(error) => text!("the lock of another writer was set aside, and is not back: {}", error.what()),
        };
        Err(Error::new(ErrorKind::Locked, what)
            .in_file(Path::new(&self.url(&aside)))
            .next("see who else publishes there, and remove this folder when nobody does"))
    }
}

/// What is written to is read from the server itself, and from no cache between.
const FRESH: (&str, &str) = ("Cache-Control", "no-cache");

const AGAIN: &str = "look at the server's log, and try again: what is there already is kept";
const LOOK: &str = "let the server give out files as they are; configcid web config tells how";
const LOGIN: &str = "--user and --password-file log on (HTTP's Basic alone)";
const REDIRECTED: &str = "nothing follows a redirection: name the URL that it leads to";
const DAV: &str =
    "publishing takes PUT, MKCOL, MOVE and DELETE: turn WebDAV on for this folder, or sync to a share of the server";
const HIDDEN: &str = "publish by a URL that gives out all names as they are: the rules of web config hide .configcid-*";

/// Whether a server that answers this is perhaps better in a moment.
pub(super) fn may_pass(status: u16) -> bool {
    matches!(status, 408 | 429 | 500 | 502 | 503 | 504)
}

fn unanswered(failure: Failure, url: &str) -> Error {
    let next = match failure.code {
        "tls" => text!("--ca FILE trusts an authority of your own"),
        "unknown-host" => text!("see whether the URL is right"),
        _ => text!("see whether the server runs, then try again: what is there already is kept"),
    };
    error(ErrorKind::Io, failure.what, url).next(next)
}
