//! Finding out a checksum function from files whose checksums are known: every [`Definition`] that can be decided is
//! tried, and what can be solved for is not guessed (formats.md, section 3).

mod crc;
mod gf2;
mod sums;
#[cfg(test)]
mod tests;

use std::collections::HashSet;

use super::checksum::{Base, Context, Definition, DigestKind, Part, Window, bound, digest, named_bases, of_definition};
use super::{CatalogId, Checksum, CidPath};
use crate::base::error::Result;

/// A file whose checksum is known.
#[derive(Debug, Clone)]
pub struct Evidence {
    /// The identity of the catalog.
    pub id: CatalogId,
    /// The path as the catalog has it.
    pub path: CidPath,
    /// The content.
    pub content: Vec<u8>,
    /// What the catalog says of it.
    pub checksum: Checksum,
}

impl Evidence {
    fn context(&self) -> Context<'_> {
        Context { id: self.id, path: Some(&self.path), size: self.content.len() as u64 }
    }
}

/// A function that fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fit {
    /// The function.
    pub definition: Definition,
    /// How many files agree.
    pub agree: usize,
    /// Of how many.
    pub of: usize,
    /// How many different contents are among those that agree.
    pub contents: usize,
    /// How many bits of agreement there are beyond those that were needed to choose the function: by chance alone, one
    /// out of two to the power of this many wrong functions agrees so well.
    pub spare_bits: i64,
    /// Nothing else fits: another choice of parameters would give other checksums for no file at all.
    pub decided: bool,
}

impl Fit {
    /// Whether it is sure enough to use: it is borne out by more than was needed to find it, and most files agree.
    pub fn is_sure(&self) -> bool {
        self.decided && self.spare_bits >= SURE && 2 * self.agree > self.of
    }

    fn rank(&self) -> (bool, usize, i64) {
        (self.is_sure(), self.agree, self.spare_bits)
    }
}

/// So many bits of agreement are no chance: one in sixteen million.
const SURE: i64 = 24;
/// How many bits it takes to choose among forms, beside parameters.
const FORM_BITS: i64 = 12;
/// With how many files a function is solved for. All are then asked whether they agree.
const SOLVED_WITH: usize = 12;
/// Files up to this size are solved with; the time grows with its square.
const MOST_SOLVED: usize = 16 << 10;
/// The same where something goes in beside the content: there are many such forms.
const MOST_SOLVED_AROUND: usize = 2 << 10;

/// What goes through a function, and what comes out.
struct Message {
    bytes: Vec<u8>,
    checksum: u32,
}

/// The function that reproduces the checksums best; `None` where none of the space reproduces those of two files.
///
/// # Errors
/// None comes from these functions; the interface of checksum functions has them.
pub fn identify(evidence: &[Evidence]) -> Result<Option<Fit>> {
    let mut sorted: Vec<&Evidence> = evidence.iter().collect();
    sorted.sort_by_key(|evidence| evidence.content.len());
    let mut best: Option<Fit> = None;
    // Where some files are damaged, or belong to another function, a part of them may still be whole.
    let few = SOLVED_WITH / 2;
    let whole = std::iter::once(0..SOLVED_WITH);
    for group in whole.chain((0..4).map(|number| number * few..(number + 1) * few)) {
        for (prefix, suffix) in surroundings() {
            let around = prefix.is_some() || suffix.is_some();
            let most = if around { MOST_SOLVED_AROUND } else { MOST_SOLVED };
            let messages = messages(&sorted, prefix, suffix, most, group.clone());
            for solved in candidates(&messages) {
                let definition = Definition { prefix, suffix, ..solved.definition };
                let fit = fit(evidence, definition, &solved)?;
                if fit.agree > 1 && best.is_none_or(|best| fit.rank() > best.rank()) {
                    best = Some(fit);
                }
            }
            if best.is_some_and(|best| best.is_sure() && best.agree == best.of) {
                return Ok(best);
            }
        }
        if best.is_some_and(|best| best.is_sure()) {
            break;
        }
    }
    Ok(best)
}

/// What may stand before and behind the content, the likeliest first.
fn surroundings() -> impl Iterator<Item = (Option<Part>, Option<Part>)> {
    let parts = || std::iter::once(None).chain(Part::ALL.map(Some));
    let mut all: Vec<_> = parts().flat_map(|prefix| parts().map(move |suffix| (prefix, suffix))).collect();
    all.sort_by_key(|(prefix, suffix)| usize::from(prefix.is_some()) + usize::from(suffix.is_some()));
    all.into_iter()
}

/// The messages to solve with: different ones, the shortest first.
fn messages(
    sorted: &[&Evidence],
    prefix: Option<Part>,
    suffix: Option<Part>,
    most: usize,
    group: std::ops::Range<usize>,
) -> Vec<Message> {
    let mut seen = HashSet::new();
    let small = sorted.iter().filter(|evidence| evidence.content.len() <= most);
    let messages = small.filter_map(|evidence| {
        let part = |part: Option<Part>| part.map(|part| part.bytes(&evidence.context())).unwrap_or_default();
        let bytes = [part(prefix), evidence.content.clone(), part(suffix)].concat();
        let message = Message { bytes, checksum: evidence.checksum.0 };
        seen.insert((message.bytes.clone(), message.checksum)).then_some(message)
    });
    messages.skip(group.start).take(group.len()).collect()
}

/// Every function of the content alone that these messages do not deny.
fn candidates(messages: &[Message]) -> Vec<crc::Solved> {
    let mut candidates = named(messages);
    candidates.extend(windows(messages));
    candidates.extend(crc::solve(messages));
    candidates.extend(sums::solve(messages));
    candidates
}

fn named(messages: &[Message]) -> Vec<crc::Solved> {
    let fits = |base: &Base| {
        let function = of_definition(Definition::new(*base));
        let right =
            |message: &Message| function.of_bytes(&message.bytes).is_ok_and(|checksum| checksum.0 == message.checksum);
        !messages.is_empty() && messages.iter().all(right)
    };
    let solved = |base| crc::Solved { definition: Definition::new(base), chosen: 0, decided: true };
    named_bases().filter(fits).map(solved).collect()
}

/// Four bytes of a digest, with any exclusive or.
fn windows(messages: &[Message]) -> Vec<crc::Solved> {
    let mut solved = Vec::new();
    if messages.len() < 2 {
        return solved;
    }
    for kind in DigestKind::ALL {
        let digests: Vec<Vec<u8>> = messages.iter().map(|message| digest(kind, &message.bytes)).collect();
        for at in 0..=kind.size() - 4 {
            for big_endian in [false, true] {
                let xors = digests.iter().zip(messages).map(|(digest, message)| {
                    let four: [u8; 4] = std::array::from_fn(|index| digest[usize::from(at) + index]);
                    message.checksum ^ if big_endian { u32::from_be_bytes(four) } else { u32::from_le_bytes(four) }
                });
                let mut xors = xors;
                let xor = xors.next().expect("there are two messages");
                if xors.all(|other| other == xor) {
                    let base = Base::Window(Window { digest: kind, at, big_endian });
                    let definition = Definition { xor, ..Definition::new(base) };
                    solved.push(crc::Solved { definition, chosen: if xor == 0 { 0 } else { 32 }, decided: true });
                }
            }
        }
    }
    solved
}

/// How well a function fits all the evidence.
fn fit(evidence: &[Evidence], definition: Definition, solved: &crc::Solved) -> Result<Fit> {
    let function = of_definition(definition);
    let mut agree = 0;
    let mut contents = HashSet::new();
    for evidence in evidence {
        if bound(&function, &evidence.context()).of_bytes(&evidence.content)? == evidence.checksum {
            agree += 1;
            contents.insert(&evidence.content);
        }
    }
    let width = match definition.base {
        Base::Crc(crc) => i64::from(crc.width),
        _ => 32,
    };
    Ok(Fit {
        definition,
        agree,
        of: evidence.len(),
        contents: contents.len(),
        spare_bits: width * contents.len() as i64 - i64::from(solved.chosen) - FORM_BITS,
        decided: solved.decided,
    })
}
