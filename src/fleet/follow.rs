//! CIDs that follow another one: after each update of the vendor's CID, those made from it get what they lack of it, and
//! keep their relays.

use std::path::Path;

use super::look::look_at;
use super::places::{is_to_be_made, source_in_file};
use super::want::PURPOSE;
use super::{Fleet, FleetCid};
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::text::count;
use crate::catalogs::RefreshOptions;
use crate::cid::Cid;
use crate::plan::LockOptions;
use crate::relay;
use crate::run::{Followed, Ran, Run};
use crate::sync::{Delivered, Delivery, FolderSource, Pace, Sent, Source, is_url, source_at};

/// The name and the folder of the CID that this one follows. Where that is to be made itself, it will be as the one that it
/// follows is.
fn source<'a>(fleet: &'a Fleet, cid: &'a FleetCid) -> Option<(&'a str, &'a Path)> {
    let mut cid = cid;
    for _ in &fleet.cids {
        match source_in_file(fleet, cid).map(|source| &fleet.cids[source]).filter(|source| is_to_be_made(source)) {
            Some(source) => cid = source,
            None => break,
        }
    }
    cid.source.as_ref().map(|source| source.value.as_str()).zip(cid.source_folder.as_deref())
}

/// Brings a CID what it lacks of the one that it follows, or says what that would be; `None` where it follows none.
pub(super) fn follow(
    fleet: &Fleet,
    cid: &FleetCid,
    run: &Run<'_>,
    options: &RefreshOptions,
) -> Option<Result<Delivered>> {
    let (source, folder) = source(fleet, cid)?;
    let deliver = || {
        // What components the CID at a URL has is seen when it is here.
        let from: Box<dyn Source> = match is_url(source) {
            true => source_at(source)?,
            false => {
                let from = FolderSource::open_as(folder, source)?;
                refuse(fleet, cid, &Cid::open(folder)?, source)?;
                Box::new(from)
            }
        };
        let pace = Pace::new(None);
        let delivery = Delivery {
            dry_run: run.dry_run,
            lock: run.lock,
            deep: false,
            keep_relay: true,
            options,
            pace: &pace,
            by: PURPOSE,
        };
        Ok(delivery.to(&*from, &cid.folder, &|_| {}))
    };
    Some(deliver())
}

/// What is wrong with a CID is told before it is touched: it will have the components of the CID that it follows.
fn refuse(fleet: &Fleet, cid: &FleetCid, from: &Cid, source: &str) -> Result<()> {
    let mut findings = look_at(fleet, cid, from, None);
    if let Some(finding) = findings.iter_mut().find(|finding| finding.is_error()) {
        return Err(Error::new(
            ErrorKind::Fleet,
            text!("as {source}, which it follows: {what}", source, what = finding.what),
        )
        .next(finding.next));
    }
    // What cannot be opened yet, since a change was interrupted, is looked at again for its relay.
    let Ok(own) = Cid::open(&cid.folder) else { return Ok(()) };
    let state = relay::show(&own).ok();
    match look_at(fleet, cid, &own, state.as_ref())
        .into_iter()
        .find(|finding| finding.is_error() && finding.code == "own-parent")
    {
        Some(finding) => Err(Error::new(ErrorKind::Fleet, finding.what).next(finding.next)),
        None => Ok(()),
    }
}

/// What a CID lacks of the one that it follows, as a sentence without an end; `None` where it lacks nothing.
///
/// # Errors
/// One of the two cannot be read, or the two cannot be compared.
pub(super) fn lacks(fleet: &Fleet, cid: &FleetCid, options: &RefreshOptions) -> Result<Option<String>> {
    let look = Run { dry_run: true, lock: LockOptions::default(), look: None };
    let Some(delivered) = follow(fleet, cid, &look, options) else { return Ok(None) };
    let Delivered { ran, sent: Sent { files, bytes, gone, is_new, .. } } = delivered?;
    if let Some(error) = ran.error {
        return Err(error);
    }
    let source = source(fleet, cid).map_or("", |(source, _)| source);
    let brought =
        text!("{files} of {source} to bring ({bytes} bytes)", files = count(files, "file", "files"), source, bytes);
    let removed = if gone > 0 { text!(", {gone} to remove", gone) } else { String::new() };
    Ok(match ran.plan.is_some_and(|plan| !plan.is_empty()) {
        false => None,
        true if is_new => Some(text!("it is not there yet: {brought}", brought)),
        true if files == 0 && gone == 0 => Some(text!("its catalogs differ from those of {source}", source)),
        true => Some(text!("behind {source}: {brought}{removed}", source, brought, removed)),
    })
}

/// What is told of a CID that has got what it lacks: [`Followed`], or, where that failed, what became of the CID.
pub(super) fn told(cid: &FleetCid, delivered: Result<Delivered>) -> std::result::Result<(Followed, Ran), Box<Ran>> {
    let source = cid.source.as_ref().map_or_else(String::new, |source| source.value.clone());
    let delivered = match delivered {
        Ok(delivered) => delivered,
        Err(error) => return Err(Box::new(Ran::failed(&cid.folder, error))),
    };
    let Delivered { mut ran, sent: Sent { files, bytes, gone, is_new, .. } } = delivered;
    if ran.error.is_some() || !ran.faults.is_empty() {
        return Err(Box::new(ran));
    }
    match ran.plan.take() {
        Some(plan) => Ok((Followed { source, status: ran.status, is_new, files, bytes, gone, plan }, ran)),
        None => Err(Box::new(ran)),
    }
}
