//! The exit codes, stable and documented in the README.

use std::process::ExitCode;

use crate::base::error::ErrorKind;

/// How a run ended; the C interface has the same numbers as status codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done, or nothing to do.
    Done = 0,
    /// Something was wrong with the CID or the file system; nothing was changed.
    Failed = 1,
    /// Wrong usage.
    Usage = 2,
    /// Faults were found: by `verify`, `show`, `check` and the like, or by a look at what was just written.
    Faults = 3,
    /// Some of several CIDs failed; each is reported.
    Some = 4,
}

impl Exit {
    /// Every exit code and what it means, for help and manual pages.
    #[cfg(feature = "cli")]
    pub(crate) const MEANINGS: [(Self, &'static str); 5] = [
        (Self::Done, "done, or nothing to do"),
        (Self::Failed, "something was wrong with the CID or the file system; nothing was changed"),
        (Self::Usage, "wrong usage"),
        (Self::Faults, "faults were found: by verify, show, check and the like, or by a look at what was just written"),
        (Self::Some, "some of several CIDs failed; each is reported"),
    ];

    /// Of an error that concerns the whole run.
    pub fn of(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::Usage | ErrorKind::Address => Self::Usage,
            _ => Self::Failed,
        }
    }

    /// Of several CIDs, each with its own end.
    pub fn of_all(each: &[Self]) -> Self {
        let failed = |exit: &&Self| matches!(exit, Self::Failed | Self::Usage);
        match each.iter().filter(failed).count() {
            0 => each.iter().copied().find(|exit| *exit == Self::Faults).unwrap_or(Self::Done),
            all if all == each.len() => each.iter().copied().find(|exit| *exit == Self::Usage).unwrap_or(Self::Failed),
            _ => Self::Some,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_ends_make_one() {
        use Exit::{Done, Failed, Faults, Some, Usage};
        for (each, all) in [
            (&[][..], Done),
            (&[Done, Done], Done),
            (&[Done, Faults], Faults),
            (&[Failed], Failed),
            (&[Failed, Failed], Failed),
            (&[Failed, Done], Some),
            (&[Failed, Faults], Some),
            (&[Usage, Usage], Usage),
        ] {
            assert_eq!(Exit::of_all(each), all, "{each:?}");
        }
    }
}
