//! Bringing to the disk what is written to many files.

use std::fs::File;
use std::io;
use std::path::Path;

/// So many files are flushed one by one, where all could be flushed at once: that takes along what others have written to the
/// same disk. Our choice; a test build flushes fewer ones at once, too.
#[cfg(target_os = "linux")]
const FEW: usize = if cfg!(feature = "faults") { 1 } else { 64 };

/// How files of one folder, and of those below it, come to the disk: each by itself when it is written, or all of them by one
/// call when the last is.
///
/// Each by itself costs a local disk a journal entry of the file system a file; a share takes many at a time. One call for
/// all is right only where the system waits for the disk then, and tells what went wrong: so it is asked of file systems
/// that are known for it, and of Linux since 5.8 (`syncfs(2)`).
#[derive(Debug)]
pub(crate) struct Flush {
    /// The folder, open since before anything was written: what goes wrong from then on is told.
    whole: Option<File>,
}

impl Flush {
    /// For so many files, of which none is written yet.
    pub(crate) fn of(folder: &Path, files: usize) -> Self {
        #[cfg(target_os = "linux")]
        let whole = if files > FEW { linux::open(folder) } else { None };
        #[cfg(not(target_os = "linux"))]
        let (whole, _) = (None, (folder, files));
        Self { whole }
    }

    /// Whether files are left to [`end`](Flush::end).
    pub(crate) fn is_one(&self) -> bool {
        self.whole.is_some()
    }

    /// Flushes a file that has been written, unless all are flushed together.
    pub(crate) fn file(&self, file: &File) -> io::Result<()> {
        if self.is_one() { Ok(()) } else { file.sync_all() }
    }

    /// Flushes what was left to this. Nothing where there is no such thing.
    pub(crate) fn end(&self) -> io::Result<()> {
        #[cfg(target_os = "linux")]
        if let Some(folder) = &self.whole {
            rustix::fs::syncfs(folder)?;
            #[cfg(feature = "faults")]
            linux::tell(folder);
        }
        Ok(())
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::fs::File;
    use std::path::Path;

    /// The numbers of `linux/magic.h` of file systems whose `syncfs` waits for the disk: ext2 to ext4, XFS, btrfs, and tmpfs,
    /// which has none.
    const KNOWN: [u64; 4] = [0xEF53, 0x5846_5342, 0x9123_683E, 0x0102_1994];

    /// The folder, if its file system and this kernel are known to flush all and to tell of errors.
    pub(super) fn open(folder: &Path) -> Option<File> {
        let folder = File::open(folder).ok()?;
        #[cfg(feature = "faults")]
        if is_asked_for() {
            return Some(folder);
        }
        // Four bytes, whatever type the system gives them.
        let kind = rustix::fs::fstatfs(&folder).ok()?.f_type as u64 & 0xFFFF_FFFF;
        let kernel = rustix::system::uname();
        (KNOWN.contains(&kind) && tells_errors(kernel.release().to_str().ok()?)).then_some(folder)
    }

    /// A test wants all flushed by one call, whatever the file system is.
    #[cfg(feature = "faults")]
    fn is_asked_for() -> bool {
        std::env::var_os("CONFIGCID_FLUSH_ALL").is_some()
    }

    /// Lets the file system of a test know, which the system does not tell: somebody looks for this name in the folder.
    #[cfg(feature = "faults")]
    pub(super) fn tell(folder: &File) {
        if is_asked_for() {
            let _ = rustix::fs::statat(folder, ".configcid-flushed-all", rustix::fs::AtFlags::empty());
        }
    }

    /// Whether this kernel's `syncfs` tells that something could not be written: since 5.8.
    fn tells_errors(release: &str) -> bool {
        let mut numbers = release.split(|char: char| !char.is_ascii_digit()).map(|number| number.parse::<u32>().ok());
        let version = (numbers.next().flatten(), numbers.next().flatten());
        matches!(version, (Some(major), Some(minor)) if (major, minor) >= (5, 8))
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn old_kernels_and_unknown_ones_are_not_trusted() {
            for (release, is_trusted) in [
                ("5.8.0", true),
                ("5.10.0-21-amd64", true),
                ("6.1", true),
                ("5.7.19", false),
                ("4.19.0", false),
                ("3.10.0-1160.el7.x86_64", false),
                ("", false),
                ("six", false),
            ] {
                assert_eq!(tells_errors(release), is_trusted, "{release}");
            }
        }

        #[test]
        fn what_is_no_disk_of_ours_is_flushed_file_by_file() {
            assert!(open(Path::new("/proc")).is_none());
            assert!(open(Path::new("/nowhere")).is_none());
        }
    }
}
