//! Carrying a plan out. This is the one place that writes to a CID.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::{Change, Plan};
use crate::catalog;
use crate::cid::OWN_PREFIX;
use crate::cid::tree::{self, Found, Tree};
use crate::error::{Error, ErrorKind, Result};

/// What carrying a plan out did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Applied {
    /// Files that were written.
    pub files: usize,
}

/// A change on its way to the disk.
struct Step<'a> {
    change: &'a Change,
    target: PathBuf,
    staged: PathBuf,
}

impl Plan {
    /// Carries the plan out: everything is written beside what it replaces first, then renamed in the plan's order,
    /// so that a reader sees each file as it was or as it is to be. Permissions are kept. Where a step fails, what was
    /// done is undone.
    ///
    /// # Errors
    /// A file is not what it was when the plan was made, is a link, or cannot be written. The CID is then as it was,
    /// or the error says which file is not.
    pub fn apply(&self) -> Result<Applied> {
        let tree = Tree::new(self.root.clone());
        let steps = self.stage(&tree)?;
        for (index, step) in steps.iter().enumerate() {
            let done = self.check_unchanged(&tree, step.change).and_then(|_| {
                let shown = step.change.path.below(&self.shown);
                fs::rename(&step.staged, &step.target).map_err(|error| Error::io("replace it", &shown, error))
            });
            if let Err(error) = done {
                return Err(undo(&steps, index, error));
            }
        }
        Ok(Applied { files: steps.len() })
    }

    /// Writes every new content beside its target.
    fn stage(&self, tree: &Tree) -> Result<Vec<Step<'_>>> {
        let mut steps: Vec<Step<'_>> = Vec::new();
        for (index, change) in self.changes.iter().enumerate() {
            let staged = self.check_unchanged(tree, change).and_then(|target| {
                let staged = beside(&target, index, "new");
                let like = if change.before.is_some() { Some(target.clone()) } else { self.like(tree, change)? };
                write_new(&staged, &change.after, like.as_deref())
                    .map_err(|error| cannot_write(&change.path.below(&self.shown), error))?;
                Ok(Step { change, target, staged })
            });
            match staged {
                Ok(step) => steps.push(step),
                Err(error) => {
                    discard(&steps);
                    return Err(error);
                }
            }
        }
        Ok(steps)
    }

    /// The file whose permissions a new one takes: the one of the same name in the root.
    fn like(&self, tree: &Tree, change: &Change) -> Result<Option<PathBuf>> {
        let twin = crate::catalog::CidPath::in_root(change.path.file_name())?;
        Ok(match tree.find(&twin)? {
            Found::File { path, .. } => Some(path),
            _ => None,
        })
    }

    /// The real path of the file to change, if it is still what the plan saw.
    fn check_unchanged(&self, tree: &Tree, change: &Change) -> Result<PathBuf> {
        let shown = change.path.below(&self.shown);
        let now = match tree.find(&change.path)? {
            Found::Absent => None,
            Found::File { linked: true, .. } => {
                return Err(Error::new(ErrorKind::Link, "a link leads here, and configcid writes through none")
                    .in_file(&shown)
                    .next("put a real file in its place"));
            }
            Found::File { path, .. } => Some(tree::read_file(&path, catalog::MAX_SIZE)?),
            Found::Folder | Found::Other => {
                return Err(Error::new(ErrorKind::Io, "this should be a file, and is none").in_file(&shown));
            }
        };
        if now != change.before {
            return Err(Error::new(ErrorKind::Changed, "the file changed since it was read")
                .in_file(&shown)
                .next("nothing was changed; wait until nothing else writes to the CID, then try again"));
        }
        tree.place(&change.path)
    }
}

fn beside(target: &Path, index: usize, what: &str) -> PathBuf {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    target.with_file_name(format!("{OWN_PREFIX}{}-{index}-{name}.{what}", std::process::id()))
}

/// Writes a file that is not there yet, flushed, with the permissions of `like`.
fn write_new(path: &Path, bytes: &[u8], like: Option<&Path>) -> io::Result<()> {
    let write = || {
        let mut file = File::options().write(true).create_new(true).open(path)?;
        file.write_all(bytes)?;
        if let Some(like) = like {
            file.set_permissions(fs::metadata(like)?.permissions())?;
        }
        file.sync_all()
    };
    write().inspect_err(|_| {
        let _ = fs::remove_file(path);
    })
}

/// `shown` is the file that was to be written, not what was written beside it: the latter says nothing to anybody.
fn cannot_write(shown: &Path, error: io::Error) -> Error {
    Error::io("write it", shown, error).next("nothing was changed; check the free space and your rights to the folder")
}

fn discard(steps: &[Step<'_>]) {
    for step in steps {
        let _ = fs::remove_file(&step.staged);
    }
}

/// Takes the first `done` steps back, and says so in the error.
fn undo(steps: &[Step<'_>], done: usize, error: Error) -> Error {
    discard(&steps[done..]);
    let mut left = Vec::new();
    for (index, step) in steps[..done].iter().enumerate().rev() {
        let back = match &step.change.before {
            None => fs::remove_file(&step.target),
            Some(bytes) => {
                let staged = beside(&step.target, index, "old");
                write_new(&staged, bytes, Some(&step.target)).and_then(|()| fs::rename(&staged, &step.target))
            }
        };
        if back.is_err() {
            left.push(step.change.path.to_string());
        }
    }
    if left.is_empty() {
        error.next("everything was put back as it was; remove the cause, then try again")
    } else {
        error.next(format!("these files could not be put back: {}", left.join(", ")))
    }
}
