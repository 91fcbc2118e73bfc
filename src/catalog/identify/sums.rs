//! Solving for the parameters of two running sums.

use super::Message;
use super::crc::Solved;
use crate::catalog::checksum::{Base, Definition, Sums, Word};

/// Moduli in use; others are solved for.
const USUAL: [u32; 6] = [65521, 65535, 65536, 255, 256, 257];

/// All sums over these messages, which differ from each other.
pub(super) fn solve(messages: &[Message]) -> Vec<Solved> {
    let mut solved = Vec::new();
    let [first, rest @ ..] = messages else { return solved };
    if rest.is_empty() {
        return solved;
    }
    for word in [Word::Byte, Word::Little, Word::Big] {
        let totals: Vec<Totals> = messages.iter().map(|message| Totals::of(&message.bytes, word)).collect();
        for swapped in [false, true] {
            for xor in [0, u32::MAX] {
                let form = Definition { swapped, xor, ..Definition::new(Base::Sums(usual(word))) };
                let halves: Vec<[i64; 2]> =
                    messages.iter().map(|message| split(form.unfinish(message.checksum))).collect();
                solved.extend(modulus_and_starts(&totals, &halves, word).map(|(sums, chosen, decided)| Solved {
                    definition: Definition { base: Base::Sums(sums), ..form },
                    chosen,
                    decided,
                }));
            }
            // Any exclusive or, with what is usual otherwise.
            for modulus in USUAL {
                for start in [0, 1] {
                    let sums = Sums { word, modulus, start, start2: 0 };
                    let form = Definition { swapped, ..Definition::new(Base::Sums(sums)) };
                    let value = |totals: &Totals| form.finish(totals.value(&sums));
                    let xor = value(&totals[0]) ^ first.checksum;
                    if totals.iter().zip(messages).all(|(totals, message)| value(totals) ^ xor == message.checksum) {
                        let definition = Definition { xor, ..form };
                        solved.push(Solved { definition, chosen: 32, decided: true });
                    }
                }
            }
        }
    }
    solved
}

fn usual(word: Word) -> Sums {
    Sums { word, modulus: 65521, start: 0, start2: 0 }
}

/// The lower and the upper half.
fn split(value: u32) -> [i64; 2] {
    [i64::from(value & 0xFFFF), i64::from(value >> 16)]
}

/// What a message adds to the sums, not reduced.
struct Totals {
    words: i64,
    first: i64,
    second: i64,
}

impl Totals {
    fn of(bytes: &[u8], word: Word) -> Self {
        let mut totals = Self { words: 0, first: 0, second: 0 };
        let mut add = |value: u16| {
            totals.words += 1;
            totals.first += i64::from(value);
            totals.second += totals.first;
        };
        match word {
            Word::Byte => bytes.iter().for_each(|&byte| add(byte.into())),
            Word::Little | Word::Big => bytes.chunks(2).for_each(|pair| {
                let pair = [pair[0], pair.get(1).copied().unwrap_or(0)];
                add(if word == Word::Big { u16::from_be_bytes(pair) } else { u16::from_le_bytes(pair) });
            }),
        }
        totals
    }

    fn value(&self, sums: &Sums) -> u32 {
        let modulus = i64::from(sums.modulus);
        let start = i64::from(sums.start);
        let first = (start + self.first).rem_euclid(modulus);
        let second = (i64::from(sums.start2) + self.words * start + self.second).rem_euclid(modulus);
        (second as u32) << 16 | first as u32
    }
}

/// The modulus divides every difference between what two messages give and what it should be.
fn modulus_and_starts(totals: &[Totals], halves: &[[i64; 2]], word: Word) -> Option<(Sums, u32, bool)> {
    // Right but for a multiple of the modulus, which is enough.
    let start = halves[0][0] - totals[0].first;
    let start2 = |totals: &Totals, half: &[i64; 2]| half[1] - totals.second - totals.words * start;
    let second = start2(&totals[0], &halves[0]);
    let divisor = totals.iter().zip(halves).fold(0, |divisor, (totals, half)| {
        let first = half[0] - totals.first - start;
        gcd(gcd(divisor, first.abs()), (start2(totals, half) - second).abs())
    });
    let largest = halves.iter().flatten().copied().max().unwrap_or(0);
    let fits = |modulus: &u32| i64::from(*modulus) > largest && (divisor == 0 || divisor % i64::from(*modulus) == 0);
    let mut moduli: Vec<u32> = USUAL.into_iter().filter(fits).collect();
    let usual = moduli.len();
    if divisor > 0 && (largest < divisor) {
        // A divisor is the greatest one by a small number, since none is below the largest value.
        let quotients = (1..=divisor / (largest + 1).max(2)).take(1 << 12);
        let divisors = quotients.filter(|quotient| divisor % quotient == 0).map(|quotient| divisor / quotient);
        moduli.extend(
            divisors
                .filter_map(|modulus| u32::try_from(modulus).ok())
                .filter(|modulus| (2..=1 << 16).contains(modulus)),
        );
    }
    let &modulus = moduli.first()?;
    let others = moduli.iter().any(|other| *other != modulus);
    let reduced = |value: i64| value.rem_euclid(i64::from(modulus)) as u32;
    let sums = Sums { word, modulus, start: reduced(start), start2: reduced(second) };
    Some((sums, if usual > 0 { 36 } else { 48 }, divisor > 0 && !others))
}

fn gcd(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { gcd(b, a % b) }
}
