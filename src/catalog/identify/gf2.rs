//! Polynomials over GF(2), the field of two elements: the arithmetic of CRCs.

/// A polynomial of any degree; bit 0 of the first word is the constant term.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Poly(Vec<u64>);

impl Poly {
    /// The message of `bytes`, the first bit of which has the highest power, times x to the power of `shift`.
    pub(super) fn of_message(bytes: &[u8], reflected: bool, shift: usize) -> Self {
        let mut poly = Self(vec![0; (8 * bytes.len() + shift).div_ceil(64) + 1]);
        for (place, &byte) in bytes.iter().rev().enumerate() {
            let byte = if reflected { byte.reverse_bits() } else { byte };
            poly.add_word(u64::from(byte), 8 * place + shift);
        }
        poly.trim();
        poly
    }

    /// Adds a word times x to the power of `shift`. There must be room.
    fn add_word(&mut self, word: u64, shift: usize) {
        let (at, bits) = (shift / 64, shift % 64);
        self.0[at] ^= word << bits;
        if bits > 0 && word >> (64 - bits) != 0 {
            self.0[at + 1] ^= word >> (64 - bits);
        }
    }

    /// Adds `other` times x to the power of `shift`.
    pub(super) fn add_shifted(&mut self, other: &Self, shift: usize) {
        let needed = other.0.len() + shift / 64 + 1;
        if self.0.len() < needed {
            self.0.resize(needed, 0);
        }
        let (at, bits) = (shift / 64, shift % 64);
        let (sum, words) = (&mut self.0[at..], &other.0[..]);
        // Solving takes most of its time here, and a plain loop less than half as long where nothing is optimized, as in tests.
        let (mut index, mut carry) = (0, 0);
        while index < words.len() {
            let word = words[index];
            sum[index] ^= word << bits | carry;
            carry = if bits > 0 { word >> (64 - bits) } else { 0 };
            index += 1;
        }
        sum[index] ^= carry;
        self.trim();
    }

    /// Adds a number, as the lowest coefficients.
    pub(super) fn add_low(&mut self, low: u64) {
        if self.0.is_empty() {
            self.0.push(0);
        }
        self.0[0] ^= low;
        self.trim();
    }

    fn trim(&mut self) {
        while self.0.last() == Some(&0) {
            self.0.pop();
        }
    }

    /// The degree; `None` for zero.
    pub(super) fn degree(&self) -> Option<usize> {
        let last = self.0.last()?;
        Some(64 * self.0.len() - 1 - last.leading_zeros() as usize)
    }

    /// What is left when every factor x is taken out.
    pub(super) fn without_x(self) -> Self {
        let Some(zeros) = self.0.iter().position(|&word| word != 0) else { return self };
        let bits = self.0[zeros].trailing_zeros() as usize;
        let words = &self.0[zeros..];
        let next = |index: usize| words.get(index + 1).copied().unwrap_or(0);
        let shifted = |index: usize, word: u64| if bits > 0 { word >> bits | next(index) << (64 - bits) } else { word };
        let mut poly = Self(words.iter().enumerate().map(|(index, &word)| shifted(index, word)).collect());
        poly.trim();
        poly
    }

    /// The greatest common divisor.
    pub(super) fn gcd(mut self, mut other: Self) -> Self {
        loop {
            let Some(divisor) = other.degree() else { return self };
            while let Some(degree) = self.degree().filter(|degree| *degree >= divisor) {
                self.add_shifted(&other, degree - divisor);
            }
            std::mem::swap(&mut self, &mut other);
        }
    }

    /// The polynomial as a number, if it has a degree below 64.
    pub(super) fn to_small(&self) -> Option<u64> {
        match self.0[..] {
            [] => Some(0),
            [word] => Some(word),
            _ => None,
        }
    }

    /// The remainder by a polynomial of degree `width`.
    pub(super) fn remainder(&self, modulus: u64, width: u32) -> u64 {
        let mut rest = 0;
        for word in self.0.iter().rev() {
            for bit in (0..64).rev() {
                rest = times_x(rest, modulus, width) ^ (word >> bit & 1);
            }
        }
        rest
    }
}

/// `value` times x.
pub(super) fn times_x(value: u64, modulus: u64, width: u32) -> u64 {
    let value = value << 1;
    if value >> width & 1 == 1 { value ^ modulus } else { value }
}

/// `a` times `b`.
fn times(a: u64, mut b: u64, modulus: u64, width: u32) -> u64 {
    let (mut sum, mut power) = (0, a);
    while b != 0 {
        if b & 1 == 1 {
            sum ^= power;
        }
        power = times_x(power, modulus, width);
        b >>= 1;
    }
    sum
}

/// x to the power of `exponent`.
pub(super) fn power_of_x(mut exponent: u64, modulus: u64, width: u32) -> u64 {
    let (mut result, mut square) = (1, times_x(1, modulus, width));
    while exponent > 0 {
        if exponent & 1 == 1 {
            result = times(result, square, modulus, width);
        }
        square = times(square, square, modulus, width);
        exponent >>= 1;
    }
    result
}

/// The remainder and the quotient of small polynomials.
pub(super) fn divide(mut value: u64, divisor: u64) -> (u64, u64) {
    let mut quotient = 0;
    while value != 0 && value.leading_zeros() <= divisor.leading_zeros() {
        let shift = divisor.leading_zeros() - value.leading_zeros();
        value ^= divisor << shift;
        quotient |= 1 << shift;
    }
    (value, quotient)
}

/// Linear equations over GF(2) in up to 64 unknowns.
#[derive(Clone, Default)]
pub(super) struct System {
    /// Each with its leading unknown, which no other row has.
    rows: Vec<(u64, bool)>,
    /// Two of the equations contradict each other.
    pub(super) contradictory: bool,
}

impl System {
    /// Adds an equation: the unknowns of `mask` add up to `value`.
    pub(super) fn add(&mut self, mut mask: u64, mut value: bool) {
        for (row, right) in &self.rows {
            if mask & lead(*row) != 0 {
                (mask, value) = (mask ^ row, value ^ right);
            }
        }
        if mask == 0 {
            self.contradictory |= value;
            return;
        }
        for (row, right) in &mut self.rows {
            if *row & lead(mask) != 0 {
                (*row, *right) = (*row ^ mask, *right ^ value);
            }
        }
        self.rows.push((mask, value));
    }

    /// How many of the unknowns are bound.
    pub(super) fn rank(&self) -> u32 {
        self.rows.len() as u32
    }

    /// The solution in which every free unknown is zero.
    pub(super) fn solution(&self) -> u64 {
        self.rows.iter().filter(|(_, value)| *value).fold(0, |all, (row, _)| all | lead(*row))
    }

    /// What may be added to a solution: a basis, in the lowest `unknowns` of the unknowns.
    pub(super) fn kernel(&self, unknowns: u32) -> Vec<u64> {
        let leads = self.rows.iter().fold(0, |all, (row, _)| all | lead(*row));
        let free = (0..unknowns).map(|bit| 1u64 << bit).filter(|bit| leads & bit == 0);
        let vector = |bit: u64| {
            let bound = self.rows.iter().filter(|(row, _)| row & bit != 0);
            bound.fold(bit, |all, (row, _)| all | lead(*row))
        };
        free.map(vector).collect()
    }
}

/// The highest unknown of a row.
fn lead(row: u64) -> u64 {
    1 << (63 - row.leading_zeros())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn small(value: u64) -> Poly {
        let mut poly = Poly(vec![value]);
        poly.trim();
        poly
    }

    #[test]
    fn arithmetic_is_that_of_polynomials() {
        // (x + 1)(x² + x + 1) = x³ + 1.
        assert_eq!(small(0b1001).gcd(small(0b110)), small(0b11));
        assert_eq!(divide(0b1001, 0b11), (0, 0b111));
        assert_eq!(divide(0b1000, 0b11), (1, 0b111));
        assert_eq!(small(0b1010_0000).without_x(), small(0b101));
        assert_eq!(Poly(vec![0, 6]).without_x(), small(3));
        assert_eq!(power_of_x(3, 0b1011, 3), 0b011);
        let mut long = small(1);
        long.add_shifted(&small(0b11), 1000);
        assert_eq!(long.degree(), Some(1001));
        assert_eq!(long.remainder(0b1011, 3), power_of_x(1001, 0b1011, 3) ^ power_of_x(1000, 0b1011, 3) ^ 1);
        let message = Poly::of_message(&[0x80, 0x01], false, 32);
        assert_eq!((message.degree(), message.to_small()), (Some(47), Some(0x8001_0000_0000)));
        assert_eq!(Poly::of_message(&[0x80, 0x01], true, 0).to_small(), Some(0x0180));
    }

    #[test]
    fn equations_are_solved() {
        let mut system = System::default();
        for (mask, value) in [(0b011, true), (0b110, false), (0b101, true)] {
            system.add(mask, value);
        }
        assert!(!system.contradictory);
        assert_eq!((system.rank(), system.kernel(3)), (2, vec![0b111]));
        let solution = system.solution();
        assert!(solution == 0b110 || solution == 0b001, "{solution:b}");
        system.add(0b101, false);
        assert!(system.contradictory);
    }
}
