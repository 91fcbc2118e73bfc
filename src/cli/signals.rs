//! What happens when the process is told to end: Ctrl-C, SIGTERM, a closed console.

use std::sync::{Mutex, PoisonError};

use crate::base::cleanup;

/// The exit code of a process that was told to end, as shells have it for Ctrl-C.
const ENDED: i32 = 130;

/// Asked first, each time; `true`: the process ends by itself soon.
type First = Box<dyn FnMut() -> bool + Send>;

static FIRST: Mutex<Option<First>> = Mutex::new(None);

/// Listens: half-made folders go, and programs that were started are ended, before the process is. Where somebody has
/// arranged for a signal to be ignored, as nohup does, all stays as it is.
pub(super) fn listen() {
    let _ = ctrlc::try_set_handler(|| {
        let mut first = FIRST.lock().unwrap_or_else(PoisonError::into_inner);
        if !first.as_mut().is_some_and(|first| first()) {
            cleanup::end_process(ENDED);
        }
    });
}

/// Lets `first` be asked before the process is ended. It says whether the process ends by itself soon.
pub(super) fn ask_first(first: impl FnMut() -> bool + Send + 'static) {
    *FIRST.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(first));
}
