//! What tells, without reading a file again, that nobody has written to it since.

use std::path::Path;
use std::time::{Duration, SystemTime};

/// A file as it was at a moment: which one it is, and when something was last done to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    /// The disk and the file's number on it.
    file: (u64, u64),
    size: u64,
    written: (i64, i64),
    /// When anything was done to it: nobody can set this back.
    touched: (i64, i64),
}

impl Stamp {
    /// That of a file; `None` where there is none, or where the system does not tell enough of it.
    pub(super) fn of(path: &Path) -> Option<Self> {
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;
            let metadata = path.symlink_metadata().ok().filter(std::fs::Metadata::is_file)?;
            Some(Self {
                file: crate::base::files::identity(&metadata),
                size: metadata.len(),
                written: (metadata.mtime(), metadata.mtime_nsec()),
                touched: (metadata.ctime(), metadata.ctime_nsec()),
            })
        }
        // The time in a folder's listing is late there while somebody writes.
        #[cfg(not(unix))]
        {
            let _ = path;
            None
        }
    }

    /// This one after the file has got another name by our own hand, which touches it; `None` where more has happened to it.
    pub(super) fn after_naming(self, path: &Path) -> Option<Self> {
        Self::of(path).filter(|now| Self { touched: self.touched, ..*now } == self)
    }

    /// Whether it was written to so shortly before `moment`, a time of the same disk, that it could be written to once more
    /// without another time: some file systems count by two seconds.
    pub(super) fn is_fresh(&self, moment: SystemTime) -> bool {
        const COARSE: Duration = Duration::from_secs(2);
        let written =
            u64::try_from(self.written.0).ok().map(|seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        // One second more, since its parts are left out; a time that lies ahead tells nothing.
        written
            .and_then(|written| moment.duration_since(written).ok())
            .is_none_or(|age| age <= COARSE + Duration::from_secs(1))
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs::{self, File};

    use super::*;

    #[test]
    fn whatever_happens_to_a_file_shows() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a");
        fs::write(&file, "abc").unwrap();
        let old = SystemTime::now() - Duration::from_secs(1000);
        File::options().write(true).open(&file).unwrap().set_modified(old).unwrap();
        let before = Stamp::of(&file).unwrap();
        assert_eq!(Stamp::of(&file), Some(before));
        assert!(!before.is_fresh(SystemTime::now()));
        assert!(before.is_fresh(old) && before.is_fresh(old - Duration::from_secs(9)));
        // Another name is our own doing.
        fs::hard_link(&file, dir.path().join("b")).unwrap();
        let named = before.after_naming(&file).unwrap();
        assert_eq!(Stamp::of(&file), Some(named));
        // Another content of the same size and time, in the same file or in another one.
        fs::write(&file, "abd").unwrap();
        File::options().write(true).open(&file).unwrap().set_modified(old).unwrap();
        assert_eq!(fs::read(dir.path().join("b")).unwrap(), b"abd");
        assert_ne!(Stamp::of(&file), Some(before));
        fs::remove_file(&file).unwrap();
        assert_eq!(Stamp::of(&file), None);
        fs::write(&file, "abe").unwrap();
        File::options().write(true).open(&file).unwrap().set_modified(old).unwrap();
        assert_eq!(named.after_naming(&file), None);
        assert!(Stamp::of(dir.path()).is_none());
    }
}
