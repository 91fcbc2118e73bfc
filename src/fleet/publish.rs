//! Places that a fleet file has a CID published to: once the CID itself is as it should be, each gets what it lacks of it.

use std::path::Path;

use super::FleetCid;
use super::want::PURPOSE;
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::error_report::ErrorReport;
use crate::base::exit::Exit;
use crate::base::text::count;
use crate::catalogs::RefreshOptions;
use crate::plan::LockOptions;
use crate::run::{Published, Run, Status};
use crate::sync::{Delivered, Delivery, Destination, FolderSource, Pace, Sent};

impl Published {
    /// A place that was not written to.
    fn not(to: &str, status: Status, error: Option<&Error>) -> Self {
        Self {
            to: to.to_owned(),
            status,
            is_new: false,
            files: 0,
            bytes: 0,
            gone: 0,
            warnings: Vec::new(),
            error: error.map(ErrorReport::new),
            exit: error.map_or(Exit::Done, |error| Exit::of(error.kind())),
        }
    }

    /// What it got, or would get, in a line; `None` where it has all of it.
    #[cfg(feature = "cli")]
    pub(crate) fn line(&self, dry_run: bool) -> Option<String> {
        let Self { to, status, files, bytes, gone, .. } = self;
        let went = if *gone > 0 { text!(", {gone} removed", gone) } else { String::new() };
        let verb = if dry_run { text!("Would publish") } else { text!("Published") };
        let is_told = matches!(status, Status::Changed | Status::Planned);
        is_told.then(|| {
            text!(
                "{verb} to {to}: {files} ({bytes} bytes){went}",
                verb,
                to,
                files = count(*files, "file", "files"),
                bytes,
                went
            )
        })
    }

    /// Why it did not get it, as a sentence without an end.
    #[cfg(feature = "cli")]
    pub(crate) fn trouble(&self) -> Option<String> {
        match (&self.error, self.status) {
            (Some(error), _) => {
                let next = error.next.as_ref().map_or_else(String::new, |next| format!("; {next}"));
                Some(text!("not published to {to}: {what}{next}", to = self.to, what = error.what, next))
            }
            (None, Status::Left) => Some(text!("not published to {}, since the CID itself failed", self.to)),
            _ => None,
        }
    }
}

/// Brings each place of a CID what it lacks, or says what that would be.
pub(super) fn publish(cid: &FleetCid, run: &Run<'_>, options: &RefreshOptions) -> Vec<Published> {
    let places = cid.publish.iter().flat_map(|given| &given.value);
    let one = |(name, folder): &(String, std::path::PathBuf)| match deliver(
        cid,
        name,
        folder,
        run.dry_run,
        run.lock,
        options,
    ) {
        Ok(delivered) => told(name, delivered),
        Err(error) => Published::not(name, Status::Failed, Some(&error)),
    };
    places.map(one).collect()
}

/// The places of a CID that is not as it should be.
pub(super) fn left(cid: &FleetCid) -> Vec<Published> {
    cid.places().map(|name| Published::not(name, Status::Left, None)).collect()
}

fn deliver(
    cid: &FleetCid,
    name: &str,
    folder: &Path,
    dry_run: bool,
    lock: LockOptions,
    options: &RefreshOptions,
) -> Result<Delivered> {
    let destination = Destination::named(name, folder)?;
    let from = FolderSource::open_as(&cid.folder, &cid.path.value)?;
    let pace = Pace::new(None);
    let delivery = Delivery { dry_run, lock, deep: false, keep_relay: false, options, pace: &pace, by: PURPOSE };
    Ok(destination.bring(&delivery, &from, &|_| {}))
}

fn told(name: &str, delivered: Delivered) -> Published {
    let Delivered { ran, sent: Sent { files, bytes, gone, is_new, .. } } = delivered;
    let exit = ran.exit();
    let mut warnings: Vec<String> = ran.plan.iter().flat_map(|plan| plan.warnings().iter().cloned()).collect();
    warnings.extend(ran.broken_lock.map(|whose| text!("the lock of {whose} was broken", whose)));
    warnings.extend(ran.lock_left.map(|why| text!("the lock stays: {why}", why)));
    let damage = ran.faults.first().map(|fault| {
        let path = fault.path.as_ref().map_or_else(String::new, |path| format!("{path}: "));
        Error::new(ErrorKind::Damage, text!("the result is not as it should be: {path}{what}", path, what = fault.what))
    });
    let error = ran.error.or(damage).as_ref().map(ErrorReport::new);
    Published { to: name.to_owned(), status: ran.status, is_new, files, bytes, gone, warnings, error, exit }
}

/// What the places of a CID lack, as sentences without an end, each with whether nothing but that is wrong.
pub(super) fn lacking(cid: &FleetCid, options: &RefreshOptions) -> Vec<(String, bool)> {
    let look = Run { dry_run: true, lock: LockOptions::default(), look: None };
    let told = publish(cid, &look, options).into_iter().filter_map(|published| {
        let Published { to, status, files, bytes, gone, .. } = &published;
        if let Some(error) = &published.error {
            return Some((text!("whether {to} has all of it is not seen: {what}", to, what = error.what), false));
        }
        let removed = if *gone > 0 { text!(", {gone} to remove", gone) } else { String::new() };
        let lacks = text!(
            "to publish to {to}: {files} ({bytes} bytes){removed}",
            to,
            files = count(*files, "file", "files"),
            bytes,
            removed
        );
        (*status == Status::Planned).then_some((lacks, true))
    });
    told.collect()
}
