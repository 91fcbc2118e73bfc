//! A CID in a store of objects: S3 and what is compatible with it, Azure, Google. There are no folders, and no object is ever half
//! there. A new name is a copy that the store makes by itself.

mod around;
mod chunks;
mod http;
mod pieces;
mod place;

use std::io::Read;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use object_store::path::Path as Key;
use object_store::{
    CopyMode, CopyOptions, GetOptions, ListResult, ObjectStore, ObjectStoreExt, PutMode, PutMultipartOptions,
    PutOptions, PutPayload, PutResult, UpdateVersion,
};

use self::http::{Connector, last_answer, wait};
use self::pieces::{Pieces, next, stream_of};
use self::place::Kind;
pub(crate) use self::place::ObjectAddress;
use super::client::Client;
use super::dav::{PAUSES, may_pass};
use super::reader::{Access, CONNECTIONS};
use super::store::{AtOnce, Found, Holds, Locked, MAX_OWNER, Store, Trouble, error, not_replaced, owner};
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::hex::unhex;
use crate::base::tries::persistently;
use crate::catalog::{CidPath, is_catalog_name};

/// Files are sent in pieces of this size, in bytes: S3 takes no smaller ones but the last.
const PIECE: u64 = 5 << 20;
/// So many files are removed by one order: S3 takes no more.
const AT_ONCE: usize = 1000;

/// A place in a store.
pub(crate) struct ObjectFolder {
    inner: Arc<Inner>,
    shown: String,
}

struct Inner {
    store: Box<dyn ObjectStore>,
    address: ObjectAddress,
}

/// An answer of the library's.
type Answer<T> = object_store::Result<T>;

impl ObjectFolder {
    /// The place at this address. Nothing is asked yet.
    ///
    /// # Errors
    /// The settings say too little, or the authorities cannot be read.
    pub(crate) fn new(address: ObjectAddress, access: &Access) -> Result<Self> {
        let client = Arc::new(Client::new(access.timeout, CONNECTIONS, None, access.ca.as_deref())?);
        let store = address.store(Connector { client })?;
        let shown = address.to_string();
        Ok(Self { inner: Arc::new(Inner { store, address }), shown })
    }

    /// Writes a small file on a condition, and says whether that is given.
    fn put_as(&self, path: &CidPath, bytes: &[u8], mode: PutMode) -> Result<bool> {
        let (store, key, url) = (&self.inner.store, self.inner.key(path)?, self.url(path));
        let options = PutOptions { mode, ..PutOptions::default() };
        let put = || wait(store.put_opts(&key, bytes.to_vec().into(), options.clone()));
        match self.inner.tried(text!("write it"), &url, put) {
            Ok(_) => Ok(true),
            Err(Refused::Condition) => Ok(false),
            Err(refused) => Err(Refused::trouble(&url)(refused).error),
        }
    }
}

impl Store for ObjectFolder {
    fn shown(&self) -> &str {
        &self.shown
    }

    fn url(&self, path: &CidPath) -> String {
        self.inner.url(path)
    }

    fn read(&self, path: &CidPath, limit: u64) -> Result<Found> {
        self.inner.read(&self.inner.address, path, limit)
    }

    /// Opens a file that should have `size` bytes; `None` where there is none. No more of it is in memory than a piece.
    fn open(&self, path: &CidPath, size: u64) -> Result<Option<Box<dyn Read>>> {
        Pieces::open(self.inner.clone(), path.clone(), size).map(|found| found.map(|reader| Box::new(reader) as _))
    }

    fn puts_new(&self, size: u64) -> bool {
        size <= PIECE
    }

    /// Writes a file, once, from a reader that gives `size` bytes: whole, or not at all; unless `may_replace` on the condition that
    /// nothing has its name, which one that is sent in pieces may not ask for. Gives what may be the MD5 of what the store has now.
    fn put(
        &self,
        path: &CidPath,
        size: u64,
        may_replace: bool,
        body: &mut dyn Read,
    ) -> Result<Option<[u8; 16]>, Trouble> {
        let lasting = |error| Trouble { error, may_pass: false };
        let (key, url) = (self.inner.key(path).map_err(lasting)?, self.url(path));
        let refused = Refused::trouble(&url);
        let mut send = |size: u64, ask: &mut dyn FnMut(PutPayload) -> Answer<Option<PutResult>>| {
            chunks::with(size, || {
                let piece = chunks::read(size, &mut *body)
                    .map_err(|why| lasting(Error::io("read it", Path::new(&url), why)))?;
                match self.inner.once(text!("write it"), &url, || ask(piece)) {
                    Err(Refused::Condition) => Err(lasting(not_replaced(&url))),
                    other => other.map_err(&refused),
                }
            })
        };
        if size <= PIECE {
            let mode = if may_replace { PutMode::Overwrite } else { PutMode::Create };
            let options = PutOptions { mode, ..PutOptions::default() };
            let put = |piece| wait(self.inner.store.put_opts(&key, piece, options.clone())).map(Some);
            let answer = send(size, &mut { put })?.filter(|_| self.tells_md5(size));
            return Ok(answer.and_then(|answer| md5_of(answer.e_tag.as_deref()?)));
        }
        let begin = || wait(self.inner.store.put_multipart_opts(&key, PutMultipartOptions::default()));
        let mut upload = self.inner.once(text!("write it"), &url, begin).map_err(&refused)?;
        let mut at = 0;
        while at < size {
            let length = PIECE.min(size - at);
            if let Err(trouble) = send(length, &mut |piece| wait(upload.put_part(piece)).map(|()| None)) {
                // What is left of it costs money where nobody sees it.
                let _ = wait(upload.abort());
                return Err(trouble);
            }
            at += length;
        }
        self.inner.once(text!("write it"), &url, || wait(upload.complete())).map(|_| None).map_err(&refused)
    }

    /// Whether an answer to a file of this size has its MD5: S3's entity tag is that of what was sent in one piece, unless it is
    /// encrypted with a key of the customer's ("Checking object integrity" in its manual).
    fn tells_md5(&self, size: u64) -> bool {
        self.inner.address.kind == Kind::S3 && size <= PIECE
    }

    fn put_bytes(&self, path: &CidPath, bytes: &[u8]) -> Result<()> {
        self.put_as(path, bytes, PutMode::Overwrite).map(drop)
    }

    /// Whether nothing is in this folder, which needs not be made. Of folders of the CID nobody needs to know.
    fn make_folder(&self, path: &CidPath) -> Result<bool> {
        match crate::cid::is_own_name(path.file_name()) {
            true => Ok(self.inner.list(Some(path))?.objects.is_empty()),
            false => Ok(true),
        }
    }

    /// Gives a file another name, by a copy that the store makes, or, of a catalog, by its bytes on the condition that the version
    /// `known` is there, or nothing. It keeps the name that it had. `false`: something else is there.
    fn rename(&self, from: &CidPath, to: &CidPath, may_replace: bool, known: Option<&str>) -> Result<bool> {
        let trouble = |path: &CidPath| Refused::trouble(&self.url(path));
        let condition = match known {
            Some(known) => Some(PutMode::Update(version(known))),
            // Beside the lock: a catalog is what two who publish would mix.
            None => (!may_replace && is_catalog_name(to.file_name())).then_some(PutMode::Create),
        };
        if let Some(condition) = condition {
            let Found::File(bytes, _) = self.read(from, u64::from(u32::MAX))? else {
                return Err(trouble(from)(Refused::Absent).error);
            };
            return self.put_as(to, &bytes, condition);
        }
        let (store, source, target) = (&self.inner.store, self.inner.key(from)?, self.inner.key(to)?);
        let mut options = CopyOptions::default();
        if !may_replace && self.inner.address.kind == Kind::S3 {
            // Its copies know no such condition everywhere.
            match self.inner.tried(text!("look at it"), &self.url(to), || wait(store.head(&target))) {
                Ok(_) => return Ok(false),
                Err(Refused::Absent) => {}
                Err(refused) => return Err(trouble(to)(refused).error),
            }
        } else if !may_replace {
            options.mode = CopyMode::Create;
        }
        let copy = || wait(store.copy_opts(&source, &target, options.clone()));
        match self.inner.tried(text!("give it its name"), &self.url(to), copy) {
            Ok(()) => Ok(true),
            Err(Refused::Condition) => Ok(false),
            Err(refused) => Err(trouble(from)(refused).error),
        }
    }

    fn remove(&self, path: &CidPath) -> Result<()> {
        let (key, url) = (self.inner.key(path)?, self.url(path));
        match self.inner.tried(text!("remove it"), &url, || wait(self.inner.store.delete(&key))) {
            Ok(()) | Err(Refused::Absent) => Ok(()),
            Err(refused) => Err(Refused::trouble(&url)(refused).error),
        }
    }

    /// Removes what is in a folder, many at a time by one order where the store has such orders.
    fn remove_folder(&self, path: &CidPath) -> Result<()> {
        let (store, key, url) = (&self.inner.store, self.inner.key(path)?, self.url(path));
        let remove = || {
            let mut listed = store.list(Some(&key));
            let mut listed = std::iter::from_fn(|| next(&mut listed)).fuse();
            loop {
                // No more of the list is in memory than one order takes.
                let some = listed.by_ref().take(AT_ONCE).map(|object| object.map(|object| object.location));
                let some = some.collect::<Answer<Vec<_>>>()?;
                if some.is_empty() {
                    return Ok(());
                }
                let mut removed = store.delete_stream(Box::pin(Keys(some.into_iter())));
                while let Some(removed) = next(&mut removed) {
                    match removed {
                        Err(object_store::Error::NotFound { .. }) | Ok(_) => {}
                        Err(why) => return Err(why),
                    }
                }
            }
        };
        match self.inner.tried(text!("remove it"), &url, remove) {
            Ok(()) | Err(Refused::Absent) => Ok(()),
            Err(refused) => Err(Refused::trouble(&url)(refused).error),
        }
    }

    /// Tries once to lock: by an object that is made on the condition that there is none. That the store heeds conditions is seen by
    /// a second one, which it must not make.
    fn lock(&self, claim: &[u8]) -> Result<Locked> {
        let owner = &owner()?;
        if !self.put_as(owner, claim, PutMode::Create)? {
            return Ok(match self.lock_owner()? {
                // The answer to the first try may have been lost.
                Some(bytes) if bytes == claim => Locked::Ours,
                held => Locked::Held(held),
            });
        }
        if self.put_as(owner, claim, PutMode::Create)? {
            self.remove(owner)?;
            return Err(error(
                ErrorKind::Io,
                text!("the store writes whatever the condition, so that two publishers could not be held apart"),
                &self.shown,
            )
            .next("publish to a store that knows If-None-Match and If-Match; nothing of the CID was written"));
        }
        Ok(Locked::Ours)
    }

    /// Removes the lock `owner`, if it is still the one in which `is` stands: it is taken over by `claim` first, on the condition that
    /// nobody has done so before.
    fn break_lock(&self, is: Option<&[u8]>, claim: &[u8]) -> Result<bool> {
        let owner = &owner()?;
        match self.read(owner, MAX_OWNER)? {
            Found::File(bytes, Some(known))
                if is == Some(&*bytes) && self.put_as(owner, claim, PutMode::Update(version(&known)))? =>
            {
                self.remove(owner).map(|()| true)
            }
            _ => Ok(false),
        }
    }

    fn cid_above(&self, warnings: &mut Vec<String>) -> Result<Option<String>> {
        self.look_above(warnings)
    }

    fn holds(&self, _: bool) -> Result<Holds> {
        self.look_within()
    }

    fn has_folders(&self) -> bool {
        false
    }

    fn at_once(&self) -> Option<&dyn AtOnce> {
        Some(self)
    }

    fn unlock(&self) -> Result<()> {
        self.remove(&owner()?)
    }
}

impl AtOnce for ObjectFolder {
    /// Writes a catalog, which every store replaces whole, on the condition that the version `known` is there, or nothing. `false`:
    /// something else is there.
    fn replace(&self, path: &CidPath, bytes: &[u8], known: Option<&str>) -> Result<bool> {
        self.put_as(path, bytes, known.map_or(PutMode::Create, |known| PutMode::Update(version(known))))
    }
}

/// Keys for an order that takes many.
struct Keys(std::vec::IntoIter<Key>);

impl futures_core::Stream for Keys {
    type Item = Answer<Key>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(self.0.next().map(Ok))
    }
}

/// The MD5 that an entity tag is.
fn md5_of(tag: &str) -> Option<[u8; 16]> {
    unhex(tag.trim_matches('"').as_bytes())
}

/// What names a version, of what [`Found::File`] has.
fn version(known: &str) -> UpdateVersion {
    let part = |number| known.split('\n').nth(number).filter(|part| !part.is_empty()).map(str::to_owned);
    UpdateVersion { e_tag: part(0), version: part(1) }
}

/// Why the store does not do something.
enum Refused {
    /// There is no such object.
    Absent,
    /// A condition is not given.
    Condition,
    For(Trouble),
}

impl Refused {
    /// As an error, where a condition or an object that is not there is none that was thought of.
    fn trouble(url: &str) -> impl Fn(Self) -> Trouble + use<> {
        let url = url.to_owned();
        move |refused| match refused {
            Self::For(trouble) => trouble,
            Self::Absent => Trouble {
                error: error(ErrorKind::Io, text!("the store has no such object, or no such bucket"), &url)
                    .next("see whether the name of the bucket is right"),
                may_pass: false,
            },
            Self::Condition => Trouble {
                error: error(ErrorKind::Changed, text!("something else is there by now"), &url).next(AGAIN),
                may_pass: false,
            },
        }
    }
}

impl Inner {
    fn key(&self, path: &CidPath) -> Result<Key> {
        self.address.key(path)
    }

    fn url(&self, path: &CidPath) -> String {
        self.address.url(path)
    }

    /// Reads a file of at most `limit` bytes, below any prefix of the bucket.
    fn read(&self, below: &ObjectAddress, path: &CidPath, limit: u64) -> Result<Found> {
        let (store, key, url) = (&self.store, below.key(path)?, below.url(path));
        let read = self.tried(text!("read it"), &url, || {
            let found = wait(store.get_opts(&key, GetOptions::default()))?;
            let tag = found.meta.e_tag.as_deref().unwrap_or_default();
            let tag = format!("{tag}\n{}", found.meta.version.as_deref().unwrap_or_default());
            // A length that is a lie asks for no more room than a catalog has.
            let mut bytes = Vec::with_capacity(usize::try_from(found.meta.size.min(limit)).unwrap_or_default());
            let mut stream = stream_of(found.payload);
            while bytes.len() as u64 <= limit {
                match next(&mut stream) {
                    Some(piece) => bytes.extend_from_slice(&piece?),
                    None => break,
                }
            }
            Ok((bytes, tag))
        });
        match read {
            Ok((bytes, _)) if bytes.len() as u64 > limit => {
                Err(error(ErrorKind::Io, text!("it has more than {limit} bytes", limit), &url).next(AGAIN))
            }
            Ok((bytes, tag)) => Ok(Found::File(bytes, Some(tag))),
            Err(Refused::Absent) => Ok(Found::Absent),
            Err(refused) => Err(Refused::trouble(&url)(refused).error),
        }
    }

    /// What is in a folder of the place, or in the place itself.
    fn list(&self, path: Option<&CidPath>) -> Result<ListResult> {
        let (key, url) = match path {
            Some(path) => (Some(self.key(path)?), self.url(path)),
            None => (self.address.prefix_key()?, self.address.to_string()),
        };
        let list = || wait(self.store.list_with_delimiter(key.as_ref()));
        self.tried(text!("list what is there"), &url, list).map_err(|refused| Refused::trouble(&url)(refused).error)
    }

    /// Asks, and again where the store may merely have been unlucky.
    fn tried<T>(&self, doing: &str, url: &str, ask: impl Fn() -> Answer<T>) -> Result<T, Refused> {
        let may_pass = |refused: &Refused| matches!(refused, Refused::For(Trouble { may_pass: true, .. }));
        persistently(&PAUSES, may_pass, || self.once(doing, url, &ask))
    }

    /// Asks once; `doing` completes "cannot ...".
    fn once<T>(&self, doing: &str, url: &str, ask: impl FnOnce() -> Answer<T>) -> Result<T, Refused> {
        last_answer();
        ask().map_err(|why| {
            let answer = last_answer();
            match why {
                object_store::Error::NotFound { .. } => return Refused::Absent,
                object_store::Error::AlreadyExists { .. }
                | object_store::Error::Precondition { .. }
                | object_store::Error::NotModified { .. } => return Refused::Condition,
                // Of a list that is there for every prefix: no such bucket.
                _ if matches!(answer, Some(Ok(404))) => return Refused::Absent,
                _ => {}
            }
            let (what, next, may_pass) = match answer {
                Some(Ok(status)) => {
                    let said = why.to_string();
                    let code = code_of(&said);
                    let (what, next) = self.meaning(status, code);
                    let code = code.map(|code| format!(", {code}")).unwrap_or_default();
                    // 409: somebody else is just writing there.
                    let again = may_pass(status) || status == 409 || said.contains("<Code>RequestTimeout<");
                    (format!("{what} (HTTP {status}{code})"), next, again)
                }
                Some(Err(failure)) => {
                    let may_pass = failure.may_pass();
                    let next = match failure.code {
                        "tls" => text!("--ca FILE trusts an authority of your own"),
                        _ => text!("see whether the address is right (AWS_ENDPOINT_URL and its like), and try again"),
                    };
                    (failure.what, next, may_pass)
                }
                None => (why.to_string(), self.address.settings(), false),
            };
            let what = text!("cannot {doing} in the store: {what}", doing, what);
            Refused::For(Trouble { error: error(ErrorKind::Io, what, url).next(next), may_pass })
        })
    }

    /// What such an answer means, and what to do.
    fn meaning(&self, status: u16, code: Option<&str>) -> (&'static str, &'static str) {
        let settings = self.address.settings();
        match (status, code) {
            (_, Some("ExpiredToken" | "TokenRefreshRequired")) => (
                text!("the credentials have expired"),
                text!("get new ones, then go on: what is there already is kept"),
            ),
            (_, Some("RequestTimeTooSkewed")) => {
                (text!("this computer's clock is wrong"), text!("set it, then try again"))
            }
            (200..=299, _) => (text!("what it answers is no answer of such a store"), settings),
            (301 | 307 | 308, _) => (text!("the bucket is in another region, or at another address"), settings),
            (400, _) => (text!("it does not take the request"), settings),
            (401 | 403, _) => (text!("it does not let these credentials"), settings),
            (405 | 501, _) => (text!("it does not know how"), settings),
            (429 | 503, _) => (text!("it refuses so many requests"), AGAIN),
            _ => (text!("it fails"), AGAIN),
        }
    }
}

/// The code of an error of S3's and Azure's: what else stands there may quote the request.
fn code_of(text: &str) -> Option<&str> {
    let begin = text.find("<Code>")? + "<Code>".len();
    let code = &text[begin..begin + text[begin..].find("</Code>")?];
    code.chars().all(|c| c.is_ascii_alphanumeric()).then_some(code)
}

const AGAIN: &str = "look at the store's log, and try again: what is there already is kept";
