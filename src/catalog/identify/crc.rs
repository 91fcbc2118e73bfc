//! Solving for the parameters of a CRC, by algebra instead of guessing.
//!
//! Read as polynomials over GF(2), the register after a message M of n bits is `init·x^n + M·x^w mod P`, and the checksum
//! is that, perhaps reversed, plus a constant. The sum of two messages of one length has neither init nor the constant in
//! it: it is a multiple of P once the sum of the checksums is added. Of three messages of different lengths init can be
//! eliminated, which gives a multiple too. The greatest common divisor of a few multiples is P; init and the constant are
//! then the solution of linear equations.

use super::Message;
use super::gf2::{Poly, System, divide, power_of_x, times_x};
use crate::catalog::checksum::{Base, Crc, Definition, named_bases};

/// A solution.
pub(super) struct Solved {
    pub definition: Definition,
    /// How many bits were chosen to make it fit.
    pub chosen: u32,
    /// Nothing else fits: another choice would give the same checksums for files of every length.
    pub decided: bool,
}

/// Of how many multiples a divisor is taken. Each further one halves the chance of a factor too many.
const MULTIPLES: usize = 12;
/// A factor too many is looked for up to this degree.
const MOST_EXTRA: usize = 10;

/// All CRCs over these messages, which differ from each other.
pub(super) fn solve(messages: &[Message]) -> Vec<Solved> {
    let mut solved = Vec::new();
    if messages.len() < 2 {
        return solved;
    }
    let all = messages.iter().fold(0, |all, message| all | message.checksum);
    for swapped in [false, true] {
        let all = if swapped { all.swap_bytes() } else { all };
        // The highest bit that is ever set is the width, unless there are few.
        let least = (32 - all.leading_zeros()).max(8);
        for width in [least, least.next_multiple_of(8)].into_iter().take(1 + usize::from(least % 8 != 0)) {
            for (refin, refout) in [(true, true), (false, false), (true, false), (false, true)] {
                let form = Form { width, refin, refout, swapped };
                solved.extend(form.solve(messages));
            }
        }
    }
    solved
}

/// Which way the bits run.
#[derive(Clone, Copy)]
struct Form {
    width: u32,
    refin: bool,
    refout: bool,
    swapped: bool,
}

impl Form {
    fn reversed(self, value: u32) -> u32 {
        if self.refout { value.reverse_bits() >> (32 - self.width) } else { value }
    }

    /// The register that gave a checksum, plus the constant.
    fn register(self, message: &Message) -> u32 {
        let value = if self.swapped { message.checksum.swap_bytes() } else { message.checksum };
        self.reversed(value)
    }

    fn solve(self, messages: &[Message]) -> Vec<Solved> {
        let Some(divisor) = self.divisor(messages) else { return Vec::new() };
        let polynomials = self.polynomials(&divisor);
        polynomials.into_iter().filter_map(|poly| self.constants(messages, poly)).collect()
    }

    /// The greatest common divisor of the multiples of P that the messages give; `None` where it cannot hold P.
    fn divisor(self, messages: &[Message]) -> Option<Poly> {
        let mut divisor: Option<Poly> = None;
        for multiple in self.multiples(messages) {
            let next = match divisor.take() {
                None => multiple,
                Some(divisor) => divisor.gcd(multiple),
            };
            let degree = next.degree()?;
            if degree < self.width as usize {
                return None;
            }
            if degree == self.width as usize {
                return Some(next);
            }
            divisor = Some(next);
        }
        divisor
    }

    /// Multiples of P without the factor x, which P has not; those of low degree first.
    fn multiples(self, messages: &[Message]) -> Vec<Poly> {
        let mut sorted: Vec<&Message> = messages.iter().collect();
        sorted.sort_by_key(|message| message.bytes.len());
        let sum = |a: &Message, b: &Message| {
            let mut sum = Poly::of_message(&a.bytes, self.refin, self.width as usize);
            sum.add_shifted(&Poly::of_message(&b.bytes, self.refin, self.width as usize), 0);
            sum.add_low(u64::from(self.register(a) ^ self.register(b)));
            sum
        };
        let bits = |message: &Message| 8 * message.bytes.len();
        let mut multiples = Vec::new();
        // The first of each length.
        let mut firsts: Vec<&Message> = Vec::new();
        for message in sorted {
            match firsts.last() {
                Some(first) if bits(first) == bits(message) => multiples.push(sum(first, message)),
                _ => firsts.push(message),
            }
        }
        if let [shortest, others @ ..] = &firsts[..] {
            for pair in others.windows(2) {
                // D1 ≡ init·(x^n0 + x^n1) and D2 ≡ init·(x^n0 + x^n2): crosswise, and without x^n0 and the factor that
                // x^(n1-n0) + 1 and x^(n2-n0) + 1 share, their sum is 0. Left in, that factor would be in every multiple
                // where all sizes are multiples of ten, say.
                let sums = [sum(shortest, pair[0]), sum(shortest, pair[1])];
                let apart = [bits(pair[0]) - bits(shortest), bits(pair[1]) - bits(shortest)];
                let shared = gcd(apart[0], apart[1]);
                let mut multiple = Poly::default();
                (0..apart[1]).step_by(shared).for_each(|shift| multiple.add_shifted(&sums[0], shift));
                (0..apart[0]).step_by(shared).for_each(|shift| multiple.add_shifted(&sums[1], shift));
                multiples.push(multiple);
            }
        }
        let mut multiples: Vec<Poly> = multiples.into_iter().map(Poly::without_x).collect();
        multiples.retain(|multiple| multiple.degree().is_some());
        multiples.sort_by_key(Poly::degree);
        multiples.truncate(MULTIPLES);
        multiples
    }

    /// The polynomials of the width that divide `divisor`.
    fn polynomials(self, divisor: &Poly) -> Vec<u64> {
        let width = self.width as usize;
        let extra = divisor.degree().map_or(0, |degree| degree - width);
        if let (Some(small), true) = (divisor.to_small(), extra <= MOST_EXTRA) {
            let factors = (0..1u64 << extra).map(|low| 1 << extra | low).filter(|factor| factor & 1 == 1 || extra == 0);
            let quotients = factors.map(|factor| divide(small, factor)).filter(|(rest, _)| *rest == 0);
            let mut polynomials: Vec<u64> = quotients.map(|(_, quotient)| quotient).collect();
            polynomials.sort_unstable();
            polynomials.dedup();
            return polynomials;
        }
        // Too few messages to tell. One that has a name is likelier than chance.
        let named = named_bases().filter_map(|base| match base {
            Base::Crc(crc) if u32::from(crc.width) == self.width => Some(1 << self.width | u64::from(crc.poly)),
            _ => None,
        });
        let mut polynomials: Vec<u64> = named.collect();
        polynomials.sort_unstable();
        polynomials.dedup();
        polynomials.retain(|poly| divisor.remainder(*poly, self.width) == 0);
        polynomials
    }

    /// Solves for init and xorout.
    fn constants(self, messages: &[Message], poly: u64) -> Option<Solved> {
        let width = self.width;
        let low = (1u64 << width) - 1;
        let mut system = System::default();
        for message in messages {
            // register = init·x^n + M·x^w + constant; the unknowns are the bits of init, and above them the constant's.
            let right = Poly::of_message(&message.bytes, self.refin, width as usize).remainder(poly, width)
                ^ u64::from(self.register(message));
            let mut column = power_of_x(8 * message.bytes.len() as u64, poly, width);
            let mut columns = Vec::new();
            for _ in 0..width {
                columns.push(column);
                column = times_x(column, poly, width);
            }
            for bit in 0..width {
                let of_init = columns.iter().enumerate().fold(0, |mask, (at, column)| mask | (column >> bit & 1) << at);
                system.add(of_init | 1 << (width + bit), right >> bit & 1 == 1);
            }
            if system.contradictory {
                return None;
            }
        }
        // What may be added to init without a difference for any length that is a number of bytes.
        let apart = power_of_x(8, poly, width) ^ 1;
        let harmless = |vector: &u64| times_small(vector & low, apart, poly, width) == 0;
        let decided = system.kernel(2 * width).iter().all(harmless);
        let usual = [low, 0].into_iter().find_map(|init| {
            let mut with = system.clone();
            (0..width).for_each(|bit| with.add(1 << bit, init >> bit & 1 == 1));
            (!with.contradictory).then(|| with.solution())
        });
        let solution = usual.unwrap_or_else(|| system.solution());
        let named = named_bases().any(|base| matches!(base, Base::Crc(crc) if u64::from(crc.poly) == poly & low));
        let crc = Crc {
            width: width as u8,
            poly: (poly & low) as u32,
            init: (solution & low) as u32,
            refin: self.refin,
            refout: self.refout,
            xorout: self.reversed((solution >> width & low) as u32),
        };
        let definition = Definition { swapped: self.swapped, ..Definition::new(Base::Crc(crc)) };
        Some(Solved { definition, chosen: system.rank() + if named { 5 } else { width }, decided })
    }
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}

fn times_small(a: u64, b: u64, modulus: u64, width: u32) -> u64 {
    (0..width).rev().fold(0, |sum, bit| times_x(sum, modulus, width) ^ if b >> bit & 1 == 1 { a } else { 0 })
}
