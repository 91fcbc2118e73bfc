//! Definitions as text, the value of `--checksum`, and as a file, `checksum.toml`.

use std::fmt;
use std::str::FromStr;

use super::definition::{Base, Crc, Definition, DigestKind, Part, Sums, Window, Word};
use super::known;
use crate::base::error::{Error, ErrorKind, Result};

/// The shape of a definition, for errors.
const SHAPES: &str = "a checksum function is stated as a name such as crc32 or crc-32/bzip2, as \
     crc:width=32,poly=0x04c11db7,init=0xffffffff,refin=true,refout=true,xorout=0xffffffff, as \
     adler:modulus=65521,start=1, as fletcher:word=16le,modulus=65535, or as md5[0..4]be; prefix=, suffix=, \
     order=swapped and xor= may follow each";

fn wrong(what: impl Into<String>) -> Error {
    Error::new(ErrorKind::Usage, what).next(SHAPES)
}

impl fmt::Display for Definition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut settings = Vec::new();
        match (known::name_of(&self.base), &self.base) {
            (Some(name), _) => f.write_str(name)?,
            (None, Base::Crc(crc)) => {
                let digits = 2 + usize::from(crc.width.div_ceil(4));
                f.write_str("crc")?;
                settings.push(format!("width={}", crc.width));
                settings.push(format!("poly={:#0digits$x}", crc.poly));
                settings.push(format!("init={:#0digits$x}", crc.init));
                settings.push(format!("refin={}", crc.refin));
                settings.push(format!("refout={}", crc.refout));
                settings.push(format!("xorout={:#0digits$x}", crc.xorout));
            }
            (None, Base::Sums(sums)) => {
                let (family, word) = match sums.word {
                    Word::Byte => ("adler", None),
                    Word::Little => ("fletcher", Some("16le")),
                    Word::Big => ("fletcher", Some("16be")),
                };
                f.write_str(family)?;
                settings.extend(word.map(|word| format!("word={word}")));
                settings.push(format!("modulus={}", sums.modulus));
                settings.push(format!("start={}", sums.start));
                settings.push(format!("start2={}", sums.start2));
            }
            (None, Base::Window(Window { digest, at, big_endian })) => {
                let order = if *big_endian { "be" } else { "le" };
                write!(f, "{}[{at}..{}]{order}", digest.name(), at + 4)?;
            }
        }
        settings.extend(self.prefix.map(|part| format!("prefix={}", part.name())));
        settings.extend(self.suffix.map(|part| format!("suffix={}", part.name())));
        settings.extend(self.swapped.then(|| "order=swapped".to_owned()));
        settings.extend((self.xor != 0).then(|| format!("xor={:#010x}", self.xor)));
        if !settings.is_empty() {
            write!(f, ":{}", settings.join(","))?;
        }
        Ok(())
    }
}

impl FromStr for Definition {
    type Err = Error;

    /// Reads a definition.
    ///
    /// # Errors
    /// The function or a parameter is not known, is missing, stands twice, or has a value outside its range.
    fn from_str(text: &str) -> Result<Self> {
        let (head, rest) = text.split_once(':').unwrap_or((text, ""));
        let mut settings = Settings::parse(rest)?;
        let base = match head {
            "crc" => Base::Crc(settings.crc()?),
            "adler" => Base::Sums(settings.sums(Sums { word: Word::Byte, modulus: 65521, start: 1, start2: 0 })?),
            "fletcher" => {
                Base::Sums(settings.sums(Sums { word: Word::Little, modulus: 65535, start: 0, start2: 0 })?)
            }
            _ => match (known::base(head), window(head)) {
                (Some(base), _) => base,
                (None, Some(window)) => Base::Window(window?),
                (None, None) => {
                    return Err(wrong(text!("there is no checksum function {head}", head = format!("{head:?}"))));
                }
            },
        };
        let definition = Self {
            base,
            prefix: settings.part("prefix")?,
            suffix: settings.part("suffix")?,
            swapped: settings.one_of("order", &[("swapped", true), ("as-is", false)])?.unwrap_or(false),
            xor: settings.number("xor", u32::MAX)?.unwrap_or(0),
        };
        match settings.0.first() {
            None => Ok(definition),
            Some((name, _)) => Err(wrong(text!(
                "the checksum function {head} has no parameter {name}",
                head,
                name = format!("{name:?}")
            ))),
        }
    }
}

/// `md5[0..4]be`, or nothing of this shape.
fn window(head: &str) -> Option<Result<Window>> {
    let (name, rest) = head.split_once('[')?;
    let (range, order) = rest.split_once(']')?;
    let (from, to) = range.split_once("..")?;
    let digest = DigestKind::ALL.into_iter().find(|digest| digest.name() == name);
    let Some(digest) = digest else {
        return Some(Err(wrong(text!("there is no digest {name}", name = format!("{name:?}")))));
    };
    let big_endian = match order {
        "be" => true,
        "le" => false,
        _ => {
            return Some(Err(wrong(text!(
                "the byte order {order} of {head} is neither le nor be",
                order = format!("{order:?}"),
                head = format!("{head:?}")
            ))));
        }
    };
    let ends = (from.parse::<u8>().ok(), to.parse::<u8>().ok());
    let (Some(at), Some(end)) = ends else {
        return Some(Err(wrong(text!("{range} is no range of bytes", range = format!("{range:?}")))));
    };
    if at.checked_add(4) != Some(end) || end > digest.size() {
        let what = text!(
            "{range} are not four bytes of a digest that has {size}",
            range = format!("{range:?}"),
            size = digest.size()
        );
        return Some(Err(wrong(what)));
    }
    Some(Ok(Window { digest, at, big_endian }))
}

/// The parameters that are not used yet.
struct Settings<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Settings<'a> {
    fn parse(text: &'a str) -> Result<Self> {
        let mut settings: Vec<(&str, &str)> = Vec::new();
        for setting in text.split(',').filter(|_| !text.is_empty()) {
            let pair = setting.split_once('=');
            let (name, value) = pair.ok_or_else(|| {
                wrong(text!("the parameter {setting} has no value", setting = format!("{setting:?}")))
            })?;
            if settings.iter().any(|(other, _)| *other == name) {
                return Err(wrong(text!("the parameter {name} stands twice", name)));
            }
            settings.push((name, value));
        }
        Ok(Settings(settings))
    }

    fn take(&mut self, name: &str) -> Option<&'a str> {
        let at = self.0.iter().position(|(this, _)| *this == name)?;
        Some(self.0.remove(at).1)
    }

    /// A number, decimal or with 0x, that is at most `most`.
    fn number(&mut self, name: &str, most: u32) -> Result<Option<u32>> {
        let Some(text) = self.take(name) else { return Ok(None) };
        let hex = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
        let digits = hex.unwrap_or(text);
        let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let number = plain.then(|| u32::from_str_radix(digits, if hex.is_some() { 16 } else { 10 }).ok()).flatten();
        match number.filter(|number| *number <= most) {
            Some(number) => Ok(Some(number)),
            None => Err(wrong(text!(
                "{name}={text} is no number from 0 to {most}",
                name,
                text,
                most = format!("{most:#x}")
            ))),
        }
    }

    fn one_of<T: Copy>(&mut self, name: &str, values: &[(&str, T)]) -> Result<Option<T>> {
        let Some(text) = self.take(name) else { return Ok(None) };
        let found = values.iter().find(|(value, _)| *value == text);
        let names: Vec<&str> = values.iter().map(|(value, _)| *value).collect();
        found
            .map(|(_, value)| Some(*value))
            .ok_or_else(|| wrong(text!("{name}={text} is none of {join}", name, text, join = names.join(", "))))
    }

    fn part(&mut self, name: &str) -> Result<Option<Part>> {
        self.one_of(name, &Part::ALL.map(|part| (part.name(), part)))
    }

    fn crc(&mut self) -> Result<Crc> {
        let width = self.number("width", 32)?.unwrap_or(32);
        if width < 8 {
            return Err(wrong(text!("a CRC of {width} bits is not one of 8 to 32", width)));
        }
        let most = u32::MAX >> (32 - width);
        let bools = [("true", true), ("false", false)];
        let poly = self.number("poly", most)?.ok_or_else(|| wrong(text!("a CRC needs its poly")))?;
        // An even one would lose bits on the way: no CRC has one, and two of them could not be told apart.
        if poly & 1 == 0 {
            return Err(wrong(text!("poly={poly} is even, as no CRC's polynomial is", poly = format!("{poly:#x}"))));
        }
        let refin = self.one_of("refin", &bools)?.unwrap_or(false);
        Ok(Crc {
            width: width as u8,
            poly,
            init: self.number("init", most)?.unwrap_or(0),
            refin,
            refout: self.one_of("refout", &bools)?.unwrap_or(refin),
            xorout: self.number("xorout", most)?.unwrap_or(0),
        })
    }

    fn sums(&mut self, usual: Sums) -> Result<Sums> {
        let words = [("8", Word::Byte), ("16le", Word::Little), ("16be", Word::Big)];
        let word = self.one_of("word", &words)?.unwrap_or(usual.word);
        let modulus = self.number("modulus", 1 << 16)?.unwrap_or(usual.modulus);
        if modulus < 2 {
            return Err(wrong(text!("modulus={modulus} leaves nothing", modulus)));
        }
        Ok(Sums {
            word,
            modulus,
            start: self.number("start", modulus - 1)?.unwrap_or(usual.start.min(modulus - 1)),
            start2: self.number("start2", modulus - 1)?.unwrap_or(usual.start2),
        })
    }
}

/// What a `checksum.toml` holds.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    checksum: String,
}

impl Definition {
    /// Reads a `checksum.toml`: one line, `checksum = "crc:width=32,..."`, and comments.
    ///
    /// # Errors
    /// It is no TOML, holds something else, or the definition is wrong. The error names no file.
    pub fn parse_file(text: &str) -> Result<Self> {
        let file: File = toml::from_str(text).map_err(|error| {
            Error::new(ErrorKind::Usage, text!("this is no file with a checksum function: {}", error.message()))
                .next("it has one line, checksum = \"DEFINITION\"; catalog identify prints one to use")
        })?;
        file.checksum.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_is_read_again() {
        for text in [
            "crc32",
            "crc32c",
            "adler32",
            "md5-le",
            "md5[4..8]le",
            "sha512[60..64]be:prefix=path,suffix=size-le,order=swapped,xor=0x0000ffff",
            "crc:width=24,poly=0x864cfb,init=0xb704ce,refin=false,refout=false,xorout=0x000000",
            "crc-32/bzip2",
            "crc-32/iscsi:prefix=id",
            "adler:modulus=65521,start=7,start2=9",
            "fletcher:word=16be,modulus=65535,start=0,start2=0,suffix=path-upper",
        ] {
            let definition: Definition = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
            let printed = definition.to_string();
            assert_eq!(printed.parse::<Definition>().unwrap(), definition, "{text}");
            assert!(printed == text || text == "crc-32/iscsi:prefix=id", "{text} became {printed}");
        }
        // The same function under another of its names, and with what goes without saying.
        let same = |a: &str, b: &str| assert_eq!(a.parse::<Definition>().unwrap(), b.parse::<Definition>().unwrap());
        same("md5[0..4]be", "md5-be");
        same("CRC_32_ISO_HDLC", "crc32");
        same("crc:poly=0x04c11db7,init=0xffffffff,refin=true,xorout=4294967295", "crc32");
        same("adler:modulus=65521,start=1", "adler32");
        same("fletcher", "fletcher:word=16le,modulus=65535,start=0");
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, said) in [
            ("", "no checksum function \"\""),
            ("crc-16", "no checksum function \"crc-16\""),
            ("crc", "needs its poly"),
            ("crc:poly=0x04c11db6", "even"),
            ("crc:width=7,poly=1", "8 to 32"),
            ("crc:width=33,poly=1", "width=33"),
            ("crc:width=16,poly=0x11021", "poly=0x11021"),
            ("crc:poly=+1", "poly=+1"),
            ("crc:poly=1,poly=1", "twice"),
            ("crc:poly=1,refin=yes", "refin=yes"),
            ("crc:poly", "has no value"),
            ("crc32:poly=1", "no parameter \"poly\""),
            ("md5[0..5]be", "four bytes"),
            ("md5[13..17]be", "16"),
            ("md5[0..4]", "byte order"),
            ("md6[0..4]be", "no digest"),
            ("crc32:prefix=name", "prefix=name is none of path"),
            ("adler:modulus=1", "leaves nothing"),
            ("adler:modulus=65537", "modulus=65537"),
            ("adler:modulus=10,start=10", "start=10"),
        ] {
            let error = text.parse::<Definition>().unwrap_err().to_string();
            assert!(error.contains(said), "{text}: {error}");
        }
    }

    #[test]
    fn a_file_holds_one_definition() {
        let read = Definition::parse_file;
        assert_eq!(read("# ours\nchecksum = \"crc32\"\n").unwrap(), "crc32".parse().unwrap());
        for bad in ["", "checksum = 1", "checksum = \"crc-16\"", "other = \"\"", "checksum = \"crc32\"\nmore = 1"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
