//! Work on many things side by side.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
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

/// What `work` gives for each of `items`, in their order, on all processors.
pub(crate) fn in_parallel<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    in_flight(processors(), items, work)
}

/// As [`in_parallel`], so many at a time.
pub(crate) fn in_flight<T: Sync, R: Send>(at_a_time: usize, items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    if let [item] = items {
        return vec![work(item)];
    }
    let turns = Turns::of(items.len());
    let take_turns = || {
        let mut done = Vec::new();
        while let Some(index) = turns.take() {
            done.push((index, work(&items[index])));
        }
        done
    };
    let mut results: Vec<(usize, R)> = thread::scope(|scope| {
        let threads = at_a_time.clamp(1, items.len().max(1));
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(take_turns)).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("a worker does not panic")).collect()
    });
    results.sort_by_key(|(index, _)| *index);
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
        for _ in 0..jobs {
            let (sender, turns, work) = (sender.clone(), &turns, &work);
            scope.spawn(move || {
                while let Some(index) = turns.take() {
                    if sender.send((index, work(index))).is_err() {
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
            let items: Vec<usize> = (0..count).collect();
            assert_eq!(in_parallel(&items, |item| item + 1), (1..=count).collect::<Vec<_>>());
        }
    }
}
