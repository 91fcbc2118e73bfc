//! Trying again after a while.

use std::thread;
use std::time::Duration;

/// The tries beside the first.
pub(crate) struct Tries(std::slice::Iter<'static, u64>);

impl Tries {
    /// So many as there are pauses, each of which comes before its try, in milliseconds.
    pub(crate) fn after(pauses: &'static [u64]) -> Self {
        Self(pauses.iter())
    }

    /// Waits for the next one; `false`, at once: there is none.
    pub(crate) fn another(&mut self) -> bool {
        let pause = self.0.next();
        pause.iter().for_each(|pause| thread::sleep(Duration::from_millis(**pause)));
        pause.is_some()
    }
}

/// Does something, and again after each pause for as long as its error is one that `may_pass`.
///
/// # Errors
/// Another error, or that of the last try.
pub(crate) fn persistently<T, E>(
    pauses: &'static [u64],
    may_pass: impl Fn(&E) -> bool,
    mut once: impl FnMut() -> Result<T, E>,
) -> Result<T, E> {
    let mut tries = Tries::after(pauses);
    loop {
        match once() {
            Err(error) if may_pass(&error) && tries.another() => {}
            other => return other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::persistently;

    #[test]
    fn there_is_a_try_after_each_pause_and_none_after_what_does_not_pass() {
        let tried = |pauses, passes: &dyn Fn(u32) -> bool| {
            let mut tries = 0;
            let last = persistently(
                pauses,
                |error: &u32| passes(*error),
                || {
                    tries += 1;
                    if tries == 4 { Ok(tries) } else { Err(tries) }
                },
            );
            (tries, last)
        };
        assert_eq!(tried(&[0, 0], &|_| true), (3, Err(3)));
        assert_eq!(tried(&[0, 0], &|error| error < 2), (2, Err(2)));
        assert_eq!(tried(&[0, 0, 0], &|_| true), (4, Ok(4)));
        assert_eq!(tried(&[], &|_| true), (1, Err(1)));
    }
}
