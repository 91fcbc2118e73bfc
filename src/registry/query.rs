//! What `reg query` prints of keys, kept as a text: the form that scripts at logon collect. Windows XP puts tabs between the
//! parts of a value, later ones four blanks; the words of the types are the same in every language.

use super::{Item, RegFile, RegFormat, Section, Value, malformed};
use crate::base::error::{Position, Result};
use crate::base::hex::unhex;
use crate::base::text::Encoding;

/// What stands before a line that is a comment, and before what the program of Windows XP says of itself.
const COMMENTS: [char; 2] = [';', '!'];

/// The types by their words, with their numbers.
const TYPES: [(&str, u32); 12] = [
    ("REG_NONE", 0),
    ("REG_SZ", 1),
    ("REG_EXPAND_SZ", 2),
    ("REG_BINARY", 3),
    ("REG_DWORD", 4),
    ("REG_DWORD_BIG_ENDIAN", 5),
    ("REG_LINK", 6),
    ("REG_MULTI_SZ", 7),
    ("REG_RESOURCE_LIST", 8),
    ("REG_FULL_RESOURCE_DESCRIPTOR", 9),
    ("REG_RESOURCE_REQUIREMENTS_LIST", 10),
    ("REG_QWORD", 11),
];

/// Reads such a text: the keys as a `.reg` file would have them. Lines that begin with `;` are comments (our choice: `reg query`
/// writes none). What stands behind an empty line and is neither a key nor a value is what the program says at its end, in
/// the language of its Windows, and is passed over.
///
/// # Errors
/// There is no key in it, a line is malformed, or the last line is cut: it has no end. The error quotes nothing of the text.
pub(crate) fn parse_query(bytes: &[u8]) -> Result<RegFile> {
    let (encoding, mark) = Encoding::detect(bytes);
    if encoding.unit() == 1 && bytes.contains(&0) {
        return Err(malformed(text!("it holds NUL bytes: it is no text, or UTF-16 without a byte order mark"))
            .next("collect it again, as text"));
    }
    if !(bytes.len() - mark).is_multiple_of(encoding.unit()) {
        return Err(malformed(text!("the last character is cut in half")).next("collect it again"));
    }
    let text = encoding.decode(&bytes[mark..]);
    let mut file = RegFile { format: RegFormat::Version5, keys: Vec::new() };
    let mut is_after_blank = true;
    for (index, line) in text.lines().enumerate() {
        let line = line.trim_end_matches(['\r', '\n']);
        let at = |error: crate::Error| error.at(Position::Line(index + 1));
        if line.trim().is_empty() {
            is_after_blank = true;
            continue;
        }
        if line.starts_with([' ', '\t']) {
            let item = value(line).map_err(at)?;
            let section =
                file.keys.last_mut().ok_or_else(|| at(malformed(text!("a value stands before the first key"))))?;
            section.items.push(item);
        } else if let Some(key) = key(line) {
            file.keys.push(Section { key: key.parse().map_err(at)?, delete: false, items: Vec::new() });
        } else if !line.starts_with(COMMENTS) && !is_after_blank {
            return Err(at(malformed(text!("this is neither a key nor a value"))
                .next("a key begins with HKEY_, a value with four blanks, as reg query writes them")));
        }
        is_after_blank = false;
    }
    if file.keys.is_empty() {
        return Err(malformed(text!("there is no key of a registry in it")).next("collect it with: reg query KEY"));
    }
    if !text.ends_with('\n') {
        return Err(at_end(&text));
    }
    Ok(file)
}

fn at_end(text: &str) -> crate::Error {
    malformed(text!("its last line is cut: it has no end"))
        .at(Position::Line(text.lines().count().max(1)))
        .next("collect it again")
}

/// The key that a line names, without the computer that it may be of.
fn key(line: &str) -> Option<&str> {
    let line = line.trim_end();
    let key = match line.strip_prefix(r"\\") {
        Some(remote) => remote.split_once('\\')?.1,
        None => line,
    };
    let hive = key.split('\\').next().unwrap_or_default();
    let is_hive = ["HKEY_", "HKLM", "HKCU", "HKU", "HKCR", "HKCC"].iter().any(|start| hive.starts_with(start));
    (is_hive && !hive.contains(char::is_whitespace)).then_some(key)
}

/// `    NAME    TYPE    DATA`.
fn value(line: &str) -> Result<Item> {
    let line = line.trim_start_matches([' ', '\t']);
    let parts = |gap: &str| {
        let (name, rest) = line.split_once(&format!("{gap}REG_"))?;
        let (word, data) = rest.split_once(gap).unwrap_or((rest.trim_end(), ""));
        Some((name.trim_end_matches([' ', '\t']), format!("REG_{word}"), data))
    };
    let (name, word, data) = parts("    ").or_else(|| parts("\t")).ok_or_else(|| {
        malformed(text!("this is no value")).next("a value is its name, its type, such as REG_SZ, and its content")
    })?;
    let kind = TYPES.iter().find(|(known, _)| *known == word).map(|(_, kind)| *kind);
    let kind = kind.ok_or_else(|| malformed(text!("the value has a type that reg query does not know")))?;
    Ok(Item { name: name.to_owned(), value: Some(content(kind, data)?) })
}

fn content(kind: u32, data: &str) -> Result<Value> {
    let number = || {
        let digits = data.trim().strip_prefix("0x").unwrap_or(data.trim());
        u64::from_str_radix(digits, 16).map_err(|_| malformed(text!("a number is hex digits behind 0x")))
    };
    let dword = |number: u64| u32::try_from(number).map_err(|_| malformed(text!("a dword is one to eight hex digits")));
    Ok(match kind {
        1 => Value::String(data.to_owned()),
        2 => Value::ExpandString(data.to_owned()),
        7 => Value::MultiString(data.split(r"\0").filter(|part| !part.is_empty()).map(str::to_owned).collect()),
        4 => Value::Dword(dword(number()?)?),
        11 => Value::Qword(number()?),
        _ => {
            let digits = data.trim().to_ascii_lowercase();
            let bytes = digits.as_bytes().chunks(2).map(|pair| unhex::<1>(pair).map(|[byte]| byte));
            let data =
                bytes.collect::<Option<Vec<u8>>>().ok_or_else(|| malformed(text!("bytes are pairs of hex digits")))?;
            if kind == 3 { Value::Binary(data) } else { Value::Other { kind, data } }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::KeyPath;

    const KEY: &str = r"HKEY_LOCAL_MACHINE\SOFTWARE\Wow6432Node\Sophos\Messaging System\Router";

    fn parent(text: &[u8]) -> Option<Value> {
        let key: KeyPath = KEY.parse().unwrap();
        parse_query(text).unwrap().value(&key, "parentaddress").cloned()
    }

    #[test]
    fn the_texts_of_old_and_new_windows_are_read() {
        let list = Some(Value::String("10.1.200.65,MR.Sales.Acme,MR".into()));
        let new = format!(
            "\r\n{KEY}\r\n    ParentAddress    REG_SZ    10.1.200.65,MR.Sales.Acme,MR\r\n    ConnectionCache    REG_DWORD    0x5020\r\n    Blob    REG_BINARY    00FF\r\n    Empty    REG_SZ    \r\n\r\n{KEY}\\Private\r\n\r\nSuche beendet: 2 \u{DC}bereinstimmung(en) gefunden.\r\n"
        );
        assert_eq!(parent(new.as_bytes()), list);
        let wide: Vec<u8> = std::iter::once(0xFEFF).chain(new.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        assert_eq!(parent(&wide), list);
        let old = format!(
            "\r\n! REG.EXE VERSION 3.0\r\n\r\n{KEY}\r\n    ParentAddress\tREG_SZ\t10.1.200.65,MR.Sales.Acme,MR\r\n\r\n"
        );
        assert_eq!(parent(old.as_bytes()), list);
        let remote = format!("\\\\PC01\\{KEY}\n    ParentAddress    REG_SZ    10.1.200.65,MR.Sales.Acme,MR\n");
        assert_eq!(parent(remote.as_bytes()), list);
        assert_eq!(parent(format!("{KEY}\n").as_bytes()), None);
    }

    #[test]
    fn what_is_none_is_refused_with_its_line() {
        for (text, said) in [
            (String::new(), "there is no key"),
            ("ERROR: The system was unable to find the specified registry key or value.\r\n".into(), "there is no key"),
            (format!("{KEY}\r\n    ParentAddress    REG_SZ    10.1.20"), "line 2: its last line is cut"),
            (format!("{KEY}\r\n    ParentAddress    REG_DWORD    0xZ\r\n"), "line 2: a number is hex digits"),
            (format!("{KEY}\r\n    ParentAddress    REG_ODD    1\r\n"), "line 2: the value has a type"),
            (format!("{KEY}\r\nParentAddress=10.1.200.65\r\n"), "line 2: this is neither a key"),
            ("    ParentAddress    REG_SZ    10.1.200.65\r\n".into(), "line 1: a value stands before"),
        ] {
            let error = parse_query(text.as_bytes()).unwrap_err().to_string();
            assert!(error.starts_with(said), "{text:?}: {error}");
        }
        let bare: Vec<u8> = KEY.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert!(parse_query(&bare).unwrap_err().to_string().contains("NUL bytes"));
        assert!(parse_query(b"\xFF\xFEH\0K").unwrap_err().to_string().contains("cut in half"));
    }

    proptest::proptest! {
        /// Any bytes give an answer.
        #[test]
        fn any_text_has_an_answer(text in "(HKEY_LOCAL_MACHINE\\\\[A-Za-z]{0,4}|    [A-Za-z ]{0,5}|    REG_[A-Z]{0,6}|\t|[0-9a-fx]{0,4}|\r\n){0,12}") {
            if let Ok(file) = parse_query(text.as_bytes()) {
                proptest::prop_assert!(!file.keys.is_empty());
            }
        }
    }
}
