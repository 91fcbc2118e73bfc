//! Real signals at random moments.

use std::path::Path;
use std::process::Child;
use std::time::{Duration, Instant};

use super::support::{
    Chance, Copy, Ends, ONE, TWO, Tally, command, finish, make_cid, recover, report, rounds, run, scratch_on_disk,
    start, state,
};

/// What a run has while it is at work.
const SIGNS: [&str; 2] = [".configcid-lock", ".configcid-journal"];

/// The moment at which a sign was there, or the run had ended with nobody having seen it.
fn wait_for(sign: &Path, child: &mut Child) -> Instant {
    while !sign.exists() && child.try_wait().expect("it can be asked").is_none() {
        std::hint::spin_loop();
    }
    Instant::now()
}

#[test]
fn killed_at_any_moment() {
    let scratch = scratch_on_disk();
    let base = scratch.path().join("base");
    make_cid(&base);
    run(&base, &[&["relay set"], ONE].concat()).exits(0, "the first relay");
    let args = [&["relay set"], TWO].concat();
    let old = state(&base);

    // How long a run takes here and now, and how long it has the lock and the journal, tells where to look for moments.
    let mut whole = Duration::MAX;
    let mut held = [Duration::MAX; SIGNS.len()];
    let mut new = None;
    for _ in 0..5 {
        for (sign, held) in SIGNS.iter().zip(&mut held) {
            let done = Copy::of(&base, "done");
            let sign = done.join(sign);
            let begin = Instant::now();
            let mut child = start(command(&done, &args));
            let there = wait_for(&sign, &mut child);
            while sign.exists() {
                std::hint::spin_loop();
            }
            *held = (*held).min(there.elapsed());
            finish(child).exits(0, "let pass");
            whole = whole.min(begin.elapsed());
            new = Some(state(&done));
        }
    }
    let ends = Ends { old, new: new.unwrap() };

    let seed = std::env::var("CONFIGCID_SEED").map_or(20_070_601, |seed| seed.parse().expect("CONFIGCID_SEED"));
    let mut chance = Chance(seed);
    let rounds = rounds(60);
    let (mut tally, mut killed, mut interrupted, mut locked) = (Tally::default(), 0, 0, 0);
    for round in 0..rounds {
        let context = format!("seed {seed}, round {round}");
        let cid = Copy::of(&base, "killed");
        let mut begin = Instant::now();
        let mut child = start(command(&cid, &args));
        // A third of the moments are of the whole run, a third while it has the lock, and a third while the journal.
        let span = match round % 3 {
            0 => whole,
            sign => {
                begin = wait_for(&cid.join(SIGNS[sign - 1]), &mut child);
                held[sign - 1]
            }
        };
        let delay = Duration::from_nanos(chance.below(span.as_nanos() as u64));
        while begin.elapsed() < delay {
            std::hint::spin_loop();
        }
        child.kill().expect("the signal is sent");
        let end = finish(child);
        assert!(end.signal.is_some() || end.code == Some(0), "{context}: {end:?}");
        killed += usize::from(end.signal.is_some());
        locked += usize::from(cid.join(SIGNS[0]).exists());
        interrupted += usize::from(cid.join(SIGNS[1]).exists());
        tally.add(recover(&cid, &ends, &context));
        let again = run(&cid, &args).exits(0, &context);
        assert_eq!(again.err, "", "{context}: something was left to say");
        assert!(state(&cid) == ends.new, "{context}: doing it again leads elsewhere");
    }
    assert!(killed > 0, "no signal came in time");
    report(&format!(
        "kill -9 at random moments: {rounds} rounds, {killed} killed, {locked} of them with the lock, {interrupted} with a \
         journal: {tally}"
    ));
}
