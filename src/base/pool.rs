//! Work on many things side by side.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, PoisonError, mpsc};
use std::thread;

/// As many workers as the machine has processors.
pub fn processors() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// Numbers below `count`, which workers take one after the other until none is left.
struct Turns {
    next: AtomicUsize,
    count: usize,
}

impl Turns {
    fn of(count: usize) -> Self {
        Self { next: AtomicUsize::new(0), count }
    }

    fn take(&self) -> Option<usize> {
        let index = self.next.fetch_add(1, Ordering::Relaxed);
        (index < self.count).then_some(index)
    }
}

/// So many looks at a file system are under way at a time, whatever the number of processors: where it lies on a share, each
/// waits for an answer and costs this computer nothing meanwhile. Our choice.
pub(crate) const LOOKS: usize = 16;

/// How many files are read at a time where nobody says otherwise, whatever the number of processors. Our choice.
pub(crate) const READS: u16 = 32;

static AT_A_TIME: AtomicUsize = AtomicUsize::new(READS as usize);

/// Lets so many files be read at a time in this process.
#[cfg(feature = "cli")]
pub(crate) fn read_at_a_time(count: u16) {
    AT_A_TIME.store(count.into(), Ordering::Relaxed);
}

/// How many files are read at a time.
pub(crate) fn reads_at_a_time() -> usize {
    AT_A_TIME.load(Ordering::Relaxed)
}

/// What `work`, which reads a file or two, gives for each of `items`, in their order: as many at a time as files are read, and
/// no fewer than there are processors. Each of those at work has one buffer of its own, so that the bytes in flight are
/// bounded.
pub(crate) fn in_parallel<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    in_flight(reads_at_a_time(), items, work)
}

/// Lets at most so many at a time do something.
pub(crate) struct Gate {
    at_work: Mutex<usize>,
    ended: Condvar,
}

impl Gate {
    pub(crate) const fn new() -> Self {
        Self { at_work: Mutex::new(0), ended: Condvar::new() }
    }

    /// Waits until fewer than `most` are at work, then does `work`.
    pub(crate) fn pass<T>(&self, most: usize, work: impl FnOnce() -> T) -> T {
        struct Leave<'g>(&'g Gate);
        impl Drop for Leave<'_> {
            fn drop(&mut self) {
                *self.0.at_work.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
                self.0.ended.notify_one();
            }
        }
        let mut at_work = self.at_work.lock().unwrap_or_else(PoisonError::into_inner);
        while *at_work >= most.max(1) {
            at_work = self.ended.wait(at_work).unwrap_or_else(PoisonError::into_inner);
        }
        *at_work += 1;
        drop(at_work);
        let _leave = Leave(self);
        work()
    }
}

/// As [`in_parallel`], so many at a time.
pub(crate) fn in_flight<T: Sync, R: Send>(at_a_time: usize, items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let turns = Turns::of(items.len());
    let take_turns = || {
        let mut done = Vec::new();
        while let Some(index) = turns.take() {
            done.push((index, work(&items[index])));
        }
        done
    };
    let further = at_a_time.min(items.len()).saturating_sub(1);
    let mut results: Vec<(usize, R)> = thread::scope(|scope| {
        // Where the system gives no more threads, those that there are do all.
        let start = || thread::Builder::new().spawn_scoped(scope, take_turns).ok();
        let workers: Vec<_> = std::iter::repeat_with(start).take(further).map_while(|worker| worker).collect();
        let mut done = take_turns();
        done.extend(workers.into_iter().flat_map(|worker| worker.join().expect("a worker does not panic")));
        done
    });
    results.sort_unstable_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}

/// Does `work` for each number below `count`, `jobs` at a time, and gives every answer to `done` on this thread, as soon as
/// it is there. No more answers wait than there are workers.
pub(crate) fn side_by_side<T: Send>(
    jobs: usize,
    count: usize,
    work: impl Fn(usize) -> T + Sync,
    mut done: impl FnMut(usize, T),
) {
    let turns = Turns::of(count);
    let jobs = jobs.clamp(1, count.max(1));
    let (sender, receiver) = mpsc::sync_channel(jobs);
    thread::scope(|scope| {
        let mut workers = 0;
        for _ in 0..jobs {
            let (sender, turns, work) = (sender.clone(), &turns, &work);
            let worker = thread::Builder::new().spawn_scoped(scope, move || {
                while let Some(index) = turns.take() {
                    if sender.send((index, work(index))).is_err() {
                        return;
                    }
                }
            });
            // Where the system gives no more threads, those that there are do all.
            match worker {
                Ok(_) => workers += 1,
                Err(_) => break,
            }
        }
        drop(sender);
        if workers == 0 {
            while let Some(index) = turns.take() {
                done(index, work(index));
            }
        }
        receiver.into_iter().for_each(|(index, answer)| done(index, answer));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_pass_a_gate_than_it_lets() {
        let (gate, inside) = (Gate::new(), AtomicUsize::new(0));
        in_flight(8, &[(); 200], |()| {
            gate.pass(2, || {
                assert!(inside.fetch_add(1, Ordering::SeqCst) < 2);
                thread::yield_now();
                inside.fetch_sub(1, Ordering::SeqCst);
            });
        });
    }

    #[test]
    fn everything_is_done_once() {
        for (jobs, count) in [(1, 0), (0, 3), (4, 1), (3, 100)] {
            let mut seen = vec![0; count];
            side_by_side(jobs, count, |index| index * 2, |index, twice| seen[index] += usize::from(twice == 2 * index));
            assert_eq!(seen, vec![1; count]);
            let items: Vec<usize> = (0..count).collect();
            assert_eq!(in_parallel(&items, |item| item + 1), (1..=count).collect::<Vec<_>>());
        }
    }
}
