//! Work on many things side by side.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

/// As many workers as the machine has processors.
pub fn processors() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// Does `work` for each number below `count`, `jobs` at a time, and gives every answer to `done` on this thread, as soon as
/// it is there. No more answers wait than there are workers.
pub(crate) fn side_by_side<T: Send>(
    jobs: usize,
    count: usize,
    work: impl Fn(usize) -> T + Sync,
    mut done: impl FnMut(usize, T),
) {
    let next = AtomicUsize::new(0);
    let jobs = jobs.clamp(1, count.max(1));
    let (sender, receiver) = mpsc::sync_channel(jobs);
    thread::scope(|scope| {
        for _ in 0..jobs {
            let (sender, next, work) = (sender.clone(), &next, &work);
            scope.spawn(move || {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    if index >= count || sender.send((index, work(index))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        receiver.into_iter().for_each(|(index, answer)| done(index, answer));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_done_once() {
        for (jobs, count) in [(1, 0), (0, 3), (4, 1), (3, 100)] {
            let mut seen = vec![0; count];
            side_by_side(jobs, count, |index| index * 2, |index, twice| seen[index] += usize::from(twice == 2 * index));
            assert_eq!(seen, vec![1; count]);
        }
    }
}
