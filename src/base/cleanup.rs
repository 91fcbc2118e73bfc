//! What is to be cleaned up however a process ends: guards that run when they are dropped, and when the process is told to
//! end. What kills it without asking runs nothing; [`OwnFolder`](super::own_folder::OwnFolder) finds what that leaves.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

type Action = Box<dyn FnOnce() + Send>;

/// The actions by the order in which their guards were made.
static ACTIONS: Mutex<BTreeMap<u64, Action>> = Mutex::new(BTreeMap::new());

fn actions() -> MutexGuard<'static, BTreeMap<u64, Action>> {
    ACTIONS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs its action once: when it is dropped, or when the process is told to end.
#[derive(Debug)]
#[must_use]
pub(crate) struct Cleanup(u64);

impl Cleanup {
    /// A guard of this action.
    pub(crate) fn new(action: impl FnOnce() + Send + 'static) -> Self {
        let mut actions = actions();
        let number = actions.last_key_value().map_or(0, |(last, _)| last + 1);
        actions.insert(number, Box::new(action));
        Self(number)
    }

    /// There is nothing to clean up any more.
    pub(crate) fn disarm(self) {
        actions().remove(&self.0);
    }
}

impl Drop for Cleanup {
    fn drop(&mut self) {
        let action = actions().remove(&self.0);
        action.into_iter().for_each(|action| action());
    }
}

/// Runs every action, the newest first, and ends the process: nobody else can make, drop or disarm a guard any more, so
/// that no other thread speaks of errors that come of this.
#[cfg(feature = "cli")]
pub(crate) fn end_process(code: i32) -> ! {
    let mut actions = actions();
    while let Some((_, action)) = actions.pop_last() {
        action();
    }
    std::process::exit(code)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn each_action_is_run_once_or_not_at_all() {
        let runs = Arc::new(AtomicUsize::new(0));
        let guard = || {
            let runs = Arc::clone(&runs);
            Cleanup::new(move || {
                runs.fetch_add(1, Ordering::Relaxed);
            })
        };
        drop(guard());
        assert_eq!(runs.load(Ordering::Relaxed), 1);
        let (one, other) = (guard(), guard());
        one.disarm();
        drop(other);
        assert_eq!(runs.load(Ordering::Relaxed), 2);
    }
}
