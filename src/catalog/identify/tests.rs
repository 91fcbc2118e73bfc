//! Functions that are planted are found.

use std::fs;
use std::path::Path;

use super::*;
use crate::catalog::Catalog;
use crate::catalog::checksum::{Crc, Sums, Word};
use crate::{Cid, CreateOptions, create};

/// Numbers that are always the same for the same seed (splitmix64).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut value = self.0;
        value = (value ^ value >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        value = (value ^ value >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        value ^ value >> 31
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    fn of<T: Copy>(&mut self, values: &[T]) -> T {
        values[self.below(values.len())]
    }

    fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.next() as u8).collect()
    }
}

/// Any function of the space that can be decided.
fn random(numbers: &mut Numbers) -> Definition {
    let any = |numbers: &mut Numbers| numbers.next() as u32;
    let mut xor = 0;
    let base = match numbers.below(4) {
        0 | 1 => {
            let width = numbers.of(&[32, 32, 32, 24, 16, 8, 31, 17]);
            let low = u32::MAX >> (32 - width);
            let [poly, init, xorout] = [any(numbers) & low | 1, any(numbers) & low, any(numbers) & low];
            let (refin, refout) = numbers.of(&[(true, true), (false, false), (true, false), (false, true)]);
            Base::Crc(Crc {
                width,
                poly,
                init: numbers.of(&[0, low, init]),
                refin,
                refout,
                xorout: numbers.of(&[0, low, xorout]),
            })
        }
        2 => {
            let word = numbers.of(&[Word::Byte, Word::Little, Word::Big]);
            let solved = numbers.below(2) == 0;
            let modulus = if solved { 200 + any(numbers) % 65_337 } else { numbers.of(&[65521, 65535, 65536, 255]) };
            let start = if solved { any(numbers) % modulus } else { numbers.of(&[0, 1]) };
            let start2 = if solved { any(numbers) % modulus } else { 0 };
            xor = if solved { numbers.of(&[0, u32::MAX]) } else { any(numbers) };
            Base::Sums(Sums { word, modulus, start, start2 })
        }
        _ => {
            let kind = numbers.of(&DigestKind::ALL);
            xor = if numbers.below(2) == 0 { 0 } else { any(numbers) };
            let at = numbers.below(usize::from(kind.size()) - 3) as u8;
            Base::Window(Window { digest: kind, at, big_endian: numbers.below(2) == 0 })
        }
    };
    let part = |numbers: &mut Numbers| (numbers.below(2) == 0).then(|| numbers.of(&Part::ALL));
    let (prefix, suffix) = (part(numbers), part(numbers));
    Definition { base, prefix, suffix, swapped: numbers.below(4) == 0, xor }
}

/// Makes a CID of small files, some of them of one length, whose catalogs use `definition`.
fn plant(folder: &Path, numbers: &mut Numbers, definition: Definition) -> Vec<Evidence> {
    let component = folder.join("Rms");
    fs::create_dir_all(&component).unwrap();
    fs::write(folder.join("mrinit.conf"), "[Config]\r\n").unwrap();
    for number in 0..14 {
        let size = numbers.of(&[4, 60, 61, 90, 100, 100, 133]) + number / 7;
        let place = if number % 2 == 0 { folder } else { &component };
        fs::write(place.join(format!("File{number}.dll")), numbers.bytes(size)).unwrap();
    }
    let function = of_definition(definition);
    let plan = create(&Cid::open_uncataloged(folder).unwrap(), &CreateOptions::new(function.clone())).unwrap();
    let mut evidence = Vec::new();
    for change in plan.changes() {
        let bytes = change.bytes_after().to_vec();
        let catalog = Catalog::parse(&bytes).unwrap();
        assert_eq!(catalog.own_sum(&bytes, &*function).unwrap(), catalog.own_checksum());
        let of = change.path.folder();
        evidence.extend(catalog.entries().iter().filter(|entry| !entry.path.as_str().ends_with(".upd")).map(|entry| {
            let content = fs::read(entry.path.under(of.as_ref()).below(folder)).unwrap();
            Evidence { id: catalog.id(), path: entry.path.clone(), content, checksum: entry.checksum }
        }));
    }
    evidence
}

/// Whether two functions give the same for files that neither was found with.
fn same(numbers: &mut Numbers, id: CatalogId, a: Definition, b: Definition) -> bool {
    let paths = [r"\Rms\Other.DLL", r"\a"].map(|path| CidPath::parse(path).unwrap());
    (0..40).all(|number| {
        let content = {
            let size = numbers.below(300);
            numbers.bytes(size)
        };
        let context = Context { id, path: Some(&paths[number % 2]), size: content.len() as u64 };
        let of = |definition| bound(&of_definition(definition), &context).of_bytes(&content).unwrap();
        of(a) == of(b)
    })
}

#[test]
fn two_hundred_random_functions_are_found_in_generated_cids() {
    let dir = tempfile::tempdir().unwrap();
    let mut missed = Vec::new();
    // Windows computes alike, and its files take longest.
    for seed in 0..if cfg!(windows) { 25 } else { 200 } {
        let mut numbers = Numbers(seed);
        let definition = random(&mut numbers);
        let folder = dir.path().join(seed.to_string());
        let evidence = plant(&folder, &mut numbers, definition);
        let found = identify(&evidence).unwrap();
        let right = found.filter(|fit| {
            fit.is_sure()
                && fit.agree == evidence.len()
                && same(&mut numbers, evidence[0].id, fit.definition, definition)
        });
        if right.is_none() {
            missed
                .push(format!("{seed}: {definition} became {:?}", found.map(|fit| (fit.definition.to_string(), fit))));
        }
    }
    assert!(missed.is_empty(), "{} missed:\n{}", missed.len(), missed.join("\n"));
}

fn evidence(definition: &str, contents: &[&[u8]]) -> Vec<Evidence> {
    let function = of_definition(definition.parse().unwrap());
    let id = CatalogId::for_new("", &[]);
    let of = |content: &&[u8]| Evidence {
        id,
        path: CidPath::parse(r"\a.dll").unwrap(),
        content: content.to_vec(),
        checksum: function.of_bytes(content).unwrap(),
    };
    contents.iter().map(of).collect()
}

#[test]
fn files_of_one_length_leave_init_open_and_that_is_said() {
    let crc = "crc:poly=0x1234567,init=0x89abcdef,xorout=0x5a5a5a5a";
    let of_one_length = evidence(crc, &[b"abcd", b"efgh", b"xyz1", b"0000", b"1111", b"qwer", b"asdf"]);
    let fit = identify(&of_one_length).unwrap().unwrap();
    assert!(!fit.is_sure() && !fit.decided && fit.agree == 7, "{fit:?}");
    let Base::Crc(found) = fit.definition.base else { panic!("{fit:?}") };
    assert_eq!(found.poly, 0x0123_4567);

    let more = [of_one_length, evidence(crc, &[b""])].concat();
    let fit = identify(&more).unwrap().unwrap();
    assert!(fit.is_sure(), "{fit:?}");
    assert_eq!(fit.definition, crc.parse().unwrap());
}

#[test]
fn sizes_that_share_a_factor_hide_no_polynomial() {
    let mut numbers = Numbers(3);
    let contents: Vec<Vec<u8>> = (1..9).map(|number| numbers.bytes(30 * number)).collect();
    let contents: Vec<&[u8]> = contents.iter().map(Vec::as_slice).collect();
    let crc = "crc:poly=0x1234567,init=0x89abcdef,refin=true,refout=false,xorout=0x5a5a5a5a";
    let fit = identify(&evidence(crc, &contents)).unwrap().unwrap();
    assert!(fit.is_sure(), "{fit:?}");
    assert_eq!(fit.definition, crc.parse().unwrap());
}

#[test]
fn damaged_files_hide_no_function() {
    let contents: Vec<Vec<u8>> = (0..30u8).map(|number| vec![number; usize::from(number) + 3]).collect();
    let contents: Vec<&[u8]> = contents.iter().map(Vec::as_slice).collect();
    for definition in ["crc:poly=0x1234567,init=0x89abcdef", "adler:modulus=1009,start=5", "sha1[3..7]be:xor=0x1234"] {
        let mut evidence = evidence(definition, &contents);
        for damaged in [1, 13, 25] {
            evidence[damaged].content[0] ^= 0x80;
        }
        let fit = identify(&evidence).unwrap().unwrap();
        assert!(fit.is_sure(), "{definition}: {fit:?}");
        assert_eq!((fit.definition, fit.agree, fit.of), (definition.parse().unwrap(), 27, 30), "{definition}");
    }
}

#[test]
fn what_is_not_in_the_space_is_not_found() {
    let mut numbers = Numbers(7);
    let mut evidence =
        evidence("crc32", &[b"", b"a", b"bc", b"def", b"ghij", b"klmn", b"opqrstuv", b"wxyz0123", b"4567"]);
    evidence.iter_mut().for_each(|evidence| evidence.checksum = Checksum(numbers.next() as u32));
    assert!(identify(&evidence).unwrap().is_none_or(|fit| !fit.is_sure()));
    assert!(identify(&[]).unwrap().is_none());
    assert!(identify(&evidence[..1]).unwrap().is_none_or(|fit| !fit.is_sure()));
}
