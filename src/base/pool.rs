//! Work on many things side by side.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, OnceLock, PoisonError, mpsc};
use std::thread::{self, Scope};
use std::time::{Duration, Instant};

/// As many workers as the machine has processors.
pub fn processors() -> usize {
    // Linux reads three files for the answer.
    static PROCESSORS: OnceLock<usize> = OnceLock::new();
    *PROCESSORS.get_or_init(|| thread::available_parallelism().map_or(1, usize::from))
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

    fn are_over(&self) -> bool {
        self.next.load(Ordering::Relaxed) >= self.count
    }
}

/// So many looks at a file system are under way at a time, whatever the number of processors: where it lies on a share, each
/// waits for an answer and costs this computer nothing meanwhile. Our choice.
pub(crate) const LOOKS: usize = 16;

/// How many files are read at a time where nobody says otherwise, whatever the number of processors. Our choice.
const READS: u16 = 32;

/// How many files are on their way to a destination at a time where nobody says otherwise: a web server may have bounds for one
/// computer. Our choice.
const BROUGHT: u16 = 16;

/// What somebody has said; 0 as long as nobody has.
static AT_A_TIME: AtomicUsize = AtomicUsize::new(0);

/// Lets at most so many files be read at a time in this process, from now on: 32 where nobody says otherwise, and 16 of those that
/// are brought from one CID to another. Each has a buffer of its own. More help where a share is slow to answer; fewer take less
/// memory. Readers start as many as there are processors, and become more only while files are slow to come. Our choice.
///
/// ```
/// // Two files at a time are enough where the CID lies on this computer's own disk.
/// configcid::read_at_a_time(2);
/// ```
pub fn read_at_a_time(count: u16) {
    AT_A_TIME.store(count.into(), Ordering::Relaxed);
}

/// How many files are read at a time.
fn reads_at_a_time() -> usize {
    said_or(READS)
}

/// How many files are on their way to one destination at a time.
pub(crate) fn brought_at_a_time() -> usize {
    said_or(BROUGHT)
}

fn said_or(usual: u16) -> usize {
    match AT_A_TIME.load(Ordering::Relaxed) {
        0 => usual.into(),
        said => said,
    }
}

/// What both give, which are done at the same time where the system has a thread for that.
pub(crate) fn side_by_side_with<T, R: Send>(here: impl FnOnce() -> T, there: impl Fn() -> R + Send + Sync) -> (T, R) {
    thread::scope(|scope| {
        let other = thread::Builder::new().stack_size(STACK).spawn_scoped(scope, &there);
        let this = here();
        let that = other.ok().and_then(|other| other.join().ok());
        (this, that.unwrap_or_else(&there))
    })
}

/// Does something by itself, and remembers whether it was slow for what is done next.
pub(crate) fn alone<T>(work: impl FnOnce() -> T) -> T {
    let begin = Instant::now();
    let done = work();
    if begin.elapsed() >= SLOW {
        LATELY.store(begin_with(0, 1, 1), Ordering::Relaxed);
    }
    done
}

/// What `work`, which reads a file or two, gives for each of `items`, in their order: as many at a time as files are read, and
/// no fewer than there are processors. Each of those at work has one buffer of its own, so that the bytes in flight are
/// bounded.
pub(crate) fn in_parallel<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    in_flight(reads_at_a_time(), items, work)
}

/// Lets at most so many at a time do something, or so much of something be in use.
pub(crate) struct Gate {
    in_use: Mutex<usize>,
    ended: Condvar,
}

impl Gate {
    pub(crate) const fn new() -> Self {
        Self { in_use: Mutex::new(0), ended: Condvar::new() }
    }

    /// Waits until there is room for `much` of `most`, then does `work`. What wants more than there is at all has it alone.
    pub(crate) fn pass<T>(&self, most: usize, much: usize, work: impl FnOnce() -> T) -> T {
        struct Leave<'g>(&'g Gate, usize);
        impl Drop for Leave<'_> {
            fn drop(&mut self) {
                *self.0.in_use.lock().unwrap_or_else(PoisonError::into_inner) -= self.1;
                self.0.ended.notify_all();
            }
        }
        let mut in_use = self.in_use.lock().unwrap_or_else(PoisonError::into_inner);
        while *in_use > 0 && *in_use + much > most {
            in_use = self.ended.wait(in_use).unwrap_or_else(PoisonError::into_inner);
        }
        *in_use += much;
        drop(in_use);
        let _leave = Leave(self, much);
        work()
    }
}

/// How much of a stack those have who wait for files, in bytes: there may be many.
const STACK: usize = 512 << 10;

/// How many threads the address space has room for, where somebody has bounded it (`ulimit -v`): the system's allocator
/// reserves 64 MiB of addresses for each thread, twice that while it does so, though hardly any memory is behind them.
#[cfg(target_os = "linux")]
fn room_for_threads() -> usize {
    use rustix::process::{Resource, getrlimit};

    const EACH: u64 = 128 << 20;
    getrlimit(Resource::As).current.map_or(usize::MAX, |limit| usize::try_from(limit / EACH).unwrap_or(usize::MAX))
}

#[cfg(not(target_os = "linux"))]
fn room_for_threads() -> usize {
    usize::MAX
}

/// What takes so long is waited for, and more can be waited for at the same time. Our choice: a share takes this long for two or
/// three requests, a local disk for many.
const SLOW: Duration = Duration::from_millis(1);

/// How many begin with the next work, since most of the last was slow; few or none where it was not.
static LATELY: AtomicUsize = AtomicUsize::new(0);

/// How many should begin with the next work, where `slow` of the last `all` were slow, and so many should have begun with that.
/// What is answered from memory now and then does not tell that a share has become a disk.
fn begin_with(lately: usize, slow: usize, all: usize) -> usize {
    match slow {
        slow if slow * 2 > all => usize::MAX,
        0 if all > 1 => lately.min(LOOKS) / 2,
        _ => lately,
    }
}

/// Those who take turns: as many as there are processors at first, more where they have been waiting lately, and one more each
/// time something was slow.
struct Crew<'w, S> {
    turns: Turns,
    at_work: AtomicUsize,
    slow: AtomicUsize,
    most: usize,
    stack: usize,
    each: &'w (dyn Fn(&S, usize) + Sync),
}

impl<'w, S: Clone + Send> Crew<'w, S> {
    fn of(count: usize, at_work: usize, most: usize, stack: usize, each: &'w (dyn Fn(&S, usize) + Sync)) -> Self {
        let (turns, at_work, slow) = (Turns::of(count), AtomicUsize::new(at_work), AtomicUsize::new(0));
        Self { turns, at_work, slow, most, stack, each }
    }

    fn take_turns<'s>(&'s self, scope: &'s Scope<'s, '_>, with: S)
    where
        S: 's,
    {
        while let Some(index) = self.turns.take() {
            let begin = Instant::now();
            (self.each)(&with, index);
            if begin.elapsed() >= SLOW {
                self.slow.fetch_add(1, Ordering::Relaxed);
                self.grow(scope, &with);
            }
        }
    }

    /// How many begin.
    fn first(&self) -> usize {
        LATELY.load(Ordering::Relaxed).clamp(processors().min(self.most), self.most).min(self.turns.count)
    }

    /// To be said when all is done.
    fn remember(&self) {
        let (slow, all) = (self.slow.load(Ordering::Relaxed), self.turns.count);
        LATELY.store(begin_with(LATELY.load(Ordering::Relaxed), slow, all), Ordering::Relaxed);
    }

    /// One more, unless there are enough or nothing is left to do. Where the system gives no more threads, those that there
    /// are do all.
    fn grow<'s>(&'s self, scope: &'s Scope<'s, '_>, with: &S)
    where
        S: 's,
    {
        let more = |at_work| (at_work < self.most && !self.turns.are_over()).then_some(at_work + 1);
        if self.at_work.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_ok() {
            let with = with.clone();
            let worker = thread::Builder::new().stack_size(self.stack);
            if worker.spawn_scoped(scope, move || self.take_turns(scope, with)).is_err() {
                self.at_work.fetch_sub(1, Ordering::Relaxed);
            }
        }
    }
}

/// As [`in_parallel`], so many at a time where each is slow, and else as many as there are processors.
pub(crate) fn in_flight<T: Sync, R: Send>(at_a_time: usize, items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let done = Mutex::new(Vec::with_capacity(items.len()));
    let each = |(): &(), index: usize| {
        let result = work(&items[index]);
        done.lock().unwrap_or_else(PoisonError::into_inner).push((index, result));
    };
    let most = at_a_time.min(room_for_threads());
    let crew = Crew::of(items.len(), 1, most, STACK, &each);
    thread::scope(|scope| {
        (1..crew.first()).for_each(|_| crew.grow(scope, &()));
        crew.take_turns(scope, ());
    });
    crew.remember();
    let mut results = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.sort_unstable_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}

/// As [`in_flight`], for each number below `count`, and gives every answer to `done` in their order: no more answers wait at a time
/// than a few thousand, however many numbers there are. After the first error nothing more is begun.
pub(crate) fn in_flight_by_parts<R: Send, E: Send>(
    at_a_time: usize,
    count: usize,
    work: impl Fn(usize) -> Result<R, E> + Sync,
    mut done: impl FnMut(usize, R),
) -> Result<(), E> {
    const PART: usize = 4096;
    let mut numbers = Vec::with_capacity(count.min(PART));
    for begin in (0..count).step_by(PART) {
        numbers.clear();
        numbers.extend(begin..count.min(begin + PART));
        let answers = in_flight(at_a_time, &numbers, |number| work(*number));
        for (number, answer) in numbers.iter().zip(answers) {
            done(*number, answer?);
        }
    }
    Ok(())
}

/// As [`in_flight_by_parts`], as many at a time as files are read.
pub(crate) fn in_parallel_by_parts<R: Send, E: Send>(
    count: usize,
    work: impl Fn(usize) -> Result<R, E> + Sync,
    done: impl FnMut(usize, R),
) -> Result<(), E> {
    in_flight_by_parts(reads_at_a_time(), count, work, done)
}

/// Does `work`, which reads a file or two, for each number below `count`, as many at a time as [`in_parallel`] does, and gives
/// every answer to `done` on this thread, as soon as it is there.
pub(crate) fn as_they_come<T: Send>(count: usize, work: impl Fn(usize) -> T + Sync, done: impl FnMut(usize, T)) {
    as_slow_ones_come(reads_at_a_time(), STACK, count, work, done);
}

/// As [`as_they_come`], at most so many at a time, each with such a stack.
fn as_slow_ones_come<T: Send>(
    at_a_time: usize,
    stack: usize,
    count: usize,
    work: impl Fn(usize) -> T + Sync,
    mut done: impl FnMut(usize, T),
) {
    // Whoever is gone wants no more answers.
    let each = |sender: &mpsc::SyncSender<(usize, T)>, index: usize| _ = sender.send((index, work(index)));
    let most = at_a_time.min(room_for_threads()).max(1);
    let crew = Crew::of(count, 0, most, stack, &each);
    let (sender, receiver) = mpsc::sync_channel(most);
    thread::scope(|scope| {
        (0..crew.first()).for_each(|_| crew.grow(scope, &sender));
        drop(sender);
        receiver.into_iter().for_each(|(index, answer)| done(index, answer));
    });
    crew.remember();
    // Where the system gave no thread at all.
    while let Some(index) = crew.turns.take() {
        done(index, work(index));
    }
}

/// Does `work` for each number below `count`, `jobs` at a time, and gives every answer to `done` on this thread, as soon as
/// it is there. No more answers wait than there are workers.
pub(crate) fn side_by_side<T: Send>(
    jobs: usize,
    count: usize,
    work: impl Fn(usize) -> T + Sync,
    mut done: impl FnMut(usize, T),
) {
    let jobs = jobs.clamp(1, count.max(1));
    if jobs == 1 {
        // On this thread: what another one keeps in memory, the system's allocator would not share with it.
        return (0..count).for_each(|index| done(index, work(index)));
    }
    let turns = Turns::of(count);
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

/// How much of a stack those have who speak to servers, in bytes.
const DEEP_STACK: usize = 2 << 20;

/// Work that may fail for each number below `count`: gives what all came to, in their order, or the first error that was met.
/// After that none is begun any more; those under way are ended. `jobs` at a time where each is slow, and else as many as
/// there are processors.
pub(crate) fn until_one_fails<T: Send, E: Send>(
    jobs: usize,
    count: usize,
    work: impl Fn(usize) -> Result<T, E> + Sync,
) -> Result<Vec<T>, E> {
    let is_over = AtomicBool::new(false);
    let mut done: Vec<Option<T>> = (0..count).map(|_| None).collect();
    let mut failed = None;
    let one = |index: usize| {
        if is_over.load(Ordering::Relaxed) {
            return None;
        }
        let result = work(index);
        is_over.fetch_or(result.is_err(), Ordering::Relaxed);
        Some(result)
    };
    as_slow_ones_come(jobs, DEEP_STACK, count, one, |index, result| match result {
        Some(Ok(one)) => done[index] = Some(one),
        Some(Err(error)) => drop(failed.get_or_insert(error)),
        None => {}
    });
    match failed {
        Some(error) => Err(error),
        None => Ok(done.into_iter().flatten().collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_waited_for_is_waited_for_together() {
        let (at_work, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        in_flight(16, &[(); 400], |()| {
            most.fetch_max(at_work.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            let begin = Instant::now();
            while begin.elapsed() < SLOW * 2 {
                thread::yield_now();
            }
            at_work.fetch_sub(1, Ordering::SeqCst);
        });
        assert_eq!(most.load(Ordering::SeqCst), 16);
    }

    #[test]
    fn two_things_are_done_at_the_same_time() {
        let (sender, receiver) = mpsc::channel();
        let there = || sender.clone().send(7).is_ok();
        let here = || receiver.recv_timeout(Duration::from_secs(60));
        let (here, there) = side_by_side_with(here, there);
        assert_eq!((here, there), (Ok(7), true));
    }

    #[test]
    fn who_has_been_waiting_lately_begins_with_many() {
        assert_eq!(begin_with(0, 4, 4), usize::MAX);
        // Answered from memory, once and again.
        let after_one = begin_with(usize::MAX, 0, 500);
        assert_eq!((after_one, begin_with(after_one, 0, 500)), (8, 4));
        assert_eq!(begin_with(usize::MAX, 0, 1), usize::MAX);
        // One of many is slow now and then on a disk, too.
        assert_eq!((begin_with(0, 1, 100), begin_with(8, 1, 100), begin_with(0, 0, 0)), (0, 8, 0));
    }

    #[test]
    fn no_more_pass_a_gate_than_it_lets() {
        let (gate, inside) = (Gate::new(), AtomicUsize::new(0));
        in_flight(8, &[(); 200], |()| {
            gate.pass(2, 1, || {
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
            let mut seen = vec![0; count];
            as_they_come(count, |index| index * 2, |index, twice| seen[index] += usize::from(twice == 2 * index));
            assert_eq!(seen, vec![1; count]);
            let items: Vec<usize> = (0..count).collect();
            assert_eq!(in_parallel(&items, |item| item + 1), (1..=count).collect::<Vec<_>>());
        }
    }
}
