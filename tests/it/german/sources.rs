//! All texts of the sources are in German, and nothing else is: they are collected from the sources, and held against the
//! catalogs.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

use super::{catalogs, german};

/// What of `src/` is not in German yet: a new room may stand here while it is written.
const NOT_YET: &[&str] = &[];

/// Texts with words in them that nobody is told: parts of scripts and pages, what programs read, names.
const NOT_FOR_PEOPLE: &str = include_str!("not_for_people.txt");

/// Whose text is looked up by what it is given to.
const LOOKED_UP: &[&str] = &[
    "Error::new",
    "Error::usage",
    "Self::new",
    "Point::new",
    "pages_of!",
    "rules!",
    "sorts!",
    "stop_error",
    "said",
    "count",
    ".next",
    ".line",
    ".heading",
    ".good",
    ".fault",
    ".doubtful",
    ".detail",
    ".warning",
];

/// What completes a "cannot": the whole is one text.
const CANNOT: &[&str] = &["Error::io", "cannot", "step", "bare_step", "room", "Self::cannot"];

/// Whose text nobody is told, unless the program is wrong.
const FOR_PROGRAMMERS: &[&str] = &[
    "expect",
    ".expect",
    "panic!",
    "unreachable!",
    "assert!",
    "assert_eq!",
    "debug_assert!",
    "env!",
    "include_str!",
    "concat!",
];

/// Macros whose gaps no catalog sees.
const OF_GAPS: &[&str] = &["format!", "write!", "writeln!", "print!", "println!", "eprintln!", "format_args!"];

/// A text of the sources.
#[derive(Debug)]
struct Text {
    file: PathBuf,
    line: usize,
    value: String,
    /// What it is given to: `format!`, `Error::new`, `.next`.
    given_to: String,
    is_const: bool,
    is_pattern: bool,
    /// It is the first of a pair, such as an example's command line.
    is_first: bool,
}

impl Text {
    /// As the catalog has it.
    fn key(&self) -> String {
        match CANNOT.contains(&&*self.given_to) && (self.given_to != "step" || self.file.starts_with("plan")) {
            true => format!("cannot {}", self.value),
            false => self.value.clone(),
        }
    }

    fn place(&self) -> String {
        format!("{}:{}: {:?}", self.file.display(), self.line, self.value)
    }

    fn is_done(&self) -> bool {
        // The C interface and what fuzzers call speak English always; the module for PowerShell is made from English help.
        let is_english = ["ffi.rs", "fuzzing.rs", "cli/power_shell.rs", "messenger/words.rs"]
            .iter()
            .any(|file| self.file == Path::new(file));
        !is_english
            && !NOT_YET.iter().any(|room| self.file.starts_with(room) || self.file == Path::new(&format!("{room}.rs")))
    }

    /// Whether somebody may be told it: it has two words that follow each other, or a word beside a gap.
    fn has_words(&self) -> bool {
        let is_command_line = self.is_first && self.file == Path::new("cli/examples.rs");
        if is_command_line || FOR_PROGRAMMERS.contains(&&*self.given_to) {
            return false;
        }
        let without_gaps = without_gaps(&self.value);
        // An article alone is too short to be told from a name.
        let words: Vec<&str> = without_gaps.split(' ').filter(|word| *word != "a").collect();
        let is_word = |word: &str, least: usize| {
            let word = word.trim_end_matches([',', ';', ':', '\'']);
            word.len() >= least && word.bytes().all(|byte| byte.is_ascii_alphabetic())
        };
        let ends_in_word =
            |text: &str| text.len() >= 2 && text.bytes().rev().take(2).all(|byte| byte.is_ascii_alphabetic());
        let begins_with_word =
            |text: &str| text.len() >= 2 && text.bytes().take(2).all(|byte| byte.is_ascii_alphabetic());
        words
            .windows(2)
            .any(|pair| ends_in_word(pair[0].trim_end_matches([',', ';', ':', '\''])) && begins_with_word(pair[1]))
            || (self.value.contains('{')
                && words.len() > 1
                && words.iter().any(|word| is_word(word, 2) && word.starts_with(|c: char| c.is_ascii_lowercase())))
    }
}

fn without_gaps(text: &str) -> String {
    let (mut out, mut depth) = (String::new(), 0);
    for c in text.chars() {
        match c {
            '{' => depth += 1,
            '}' => depth = i32::max(0, depth - 1),
            c if depth == 0 => out.push(c),
            _ => {}
        }
    }
    out
}

/// The names of a text's gaps; those without a name are numbered.
fn gaps(text: &str) -> BTreeSet<String> {
    let (mut found, mut next) = (BTreeSet::new(), 0);
    let text = text.replace("{{", "").replace("}}", "");
    for part in text.split('{').skip(1) {
        let Some((name, _)) = part.split_once('}') else { continue };
        found.insert(match name {
            "" => {
                next += 1;
                (next - 1).to_string()
            }
            name => name.to_owned(),
        });
    }
    found
}

fn texts() -> Vec<Text> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut texts = Vec::new();
    read(&src, &src, &mut texts);
    assert!(texts.len() > 3000, "the sources were not read");
    texts
}

fn read(src: &Path, folder: &Path, texts: &mut Vec<Text>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            if !path.ends_with("tests") {
                read(src, &path, texts);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("tests.rs") {
            let stream: TokenStream = fs::read_to_string(&path).unwrap().parse().unwrap();
            let mut reader = Reader { file: path.strip_prefix(src).unwrap(), texts };
            reader.walk(stream, "", false, false);
        }
    }
}

struct Reader<'a> {
    file: &'a Path,
    texts: &'a mut Vec<Text>,
}

impl Reader<'_> {
    fn walk(&mut self, stream: TokenStream, given_to: &str, is_const: bool, is_pattern: bool) {
        let tokens: Vec<TokenTree> = stream.into_iter().collect();
        let (mut at, mut in_const) = (0, false);
        while let Some(token) = tokens.get(at) {
            at += 1;
            match token {
                TokenTree::Punct(sign) if sign.as_char() == '#' => {
                    at += usize::from(matches!(tokens.get(at), Some(TokenTree::Punct(sign)) if sign.as_char() == '!'));
                    if let Some(TokenTree::Group(group)) = tokens.get(at) {
                        at += 1;
                        if is_of_tests(group) {
                            at = end_of_item(&tokens, at);
                        }
                    }
                }
                TokenTree::Punct(sign) if sign.as_char() == ';' => in_const = false,
                TokenTree::Ident(name) if name == "const" || name == "static" => {
                    let is_item =
                        matches!(tokens.get(at), Some(TokenTree::Ident(next)) if next != "fn" && next != "unsafe");
                    let is_behind = |c: char| matches!(&tokens[..at - 1].last(), Some(TokenTree::Punct(sign)) if sign.as_char() == c);
                    in_const |= is_item && !is_behind('<') && !is_behind(',') && !is_behind('*') && !is_behind('\'');
                }
                TokenTree::Ident(name) if name == "macro_rules" => at = end_of_item(&tokens, at),
                TokenTree::Group(group) => {
                    let to = given_to_of(&tokens[..at - 1], group);
                    let is_pattern = is_pattern || to == "matches!";
                    self.walk(group.stream(), &to, is_const || in_const, is_pattern);
                }
                TokenTree::Literal(literal) => {
                    if let syn::Lit::Str(text) = syn::Lit::new(literal.clone()) {
                        let is_before = |signs: &str| {
                            let next = tokens[at..].iter().take(signs.len()).map(ToString::to_string);
                            next.collect::<String>() == signs
                        };
                        self.texts.push(Text {
                            file: self.file.to_owned(),
                            line: literal.span().start().line,
                            value: text.value(),
                            given_to: given_to.to_owned(),
                            is_const: is_const || in_const,
                            is_first: at == 1 && given_to.is_empty(),
                            is_pattern: is_pattern || is_before("=>") || is_before("|") || is_before("if"),
                        });
                    }
                }
                _ => {}
            }
        }
    }
}

fn is_of_tests(attribute: &Group) -> bool {
    let text = attribute.stream().to_string().replace(' ', "");
    text == "test" || text.starts_with("cfg(test") || text.starts_with("cfg(all(test")
}

/// Behind the next block or semicolon.
fn end_of_item(tokens: &[TokenTree], from: usize) -> usize {
    let is_end = |token: &TokenTree| match token {
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        TokenTree::Punct(sign) => sign.as_char() == ';',
        _ => false,
    };
    tokens[from..].iter().position(is_end).map_or(tokens.len(), |end| from + end + 1)
}

/// What stands before a group: `format!`, `Error::new`, `.next`.
fn given_to_of(before: &[TokenTree], group: &Group) -> String {
    let words: Vec<String> = before.iter().rev().take(4).map(ToString::to_string).collect();
    let word = |at: usize| words.get(at).map_or("", String::as_str);
    let is_name = |text: &str| text.starts_with(|c: char| c.is_alphabetic() || c == '_');
    if word(0) == "!" && is_name(word(1)) {
        return format!("{}!", word(1));
    }
    if group.delimiter() != Delimiter::Parenthesis || !is_name(word(0)) {
        return String::new();
    }
    match (word(1), word(2)) {
        (".", _) => format!(".{}", word(0)),
        (":", ":") => format!("{}::{}", word(3), word(0)),
        _ => word(0).to_owned(),
    }
}

fn not_for_people() -> BTreeSet<String> {
    NOT_FOR_PEOPLE
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}")))
        .collect()
}

#[test]
fn no_text_is_missing() {
    let (german, others) = (german(), not_for_people());
    let missing: Vec<String> = texts()
        .iter()
        .filter(|text| text.is_done() && (text.has_words() || text.given_to == "text!" || text.given_to == "count"))
        .filter(|text| !german.contains_key(&text.key()) && !others.contains(&text.key()))
        .map(Text::place)
        .collect();
    assert!(missing.is_empty(), "not in templates/de/, nor in not_for_people.txt:\n{}", missing.join("\n"));
}

#[test]
fn what_is_told_is_looked_up() {
    let german = german();
    let mut wrong = Vec::new();
    for text in texts().iter().filter(|text| text.is_done() && text.has_words() && german.contains_key(&text.key())) {
        let is_looked_up = text.given_to == "text!"
            || text.is_const
            || text.is_pattern
            || LOOKED_UP.contains(&&*text.given_to)
            || CANNOT.contains(&&*text.given_to);
        if !is_looked_up || (OF_GAPS.contains(&&*text.given_to) && !text.is_const) {
            wrong.push(text.place());
        }
    }
    assert!(wrong.is_empty(), "texts that are shown without text!(...):\n{}", wrong.join("\n"));
}

#[test]
fn no_text_is_superfluous() {
    let texts = texts();
    let keys: BTreeSet<String> = texts.iter().map(Text::key).collect();
    let mut superfluous = Vec::new();
    // Help is collected where the commands are known.
    for (name, catalog) in catalogs().into_iter().filter(|(name, _)| name != "help") {
        superfluous.extend(catalog.into_keys().filter(|key| !keys.contains(key)).map(|key| format!("{name}: {key:?}")));
    }
    superfluous.extend(not_for_people().into_iter().filter(|key| !keys.contains(key)));
    assert!(superfluous.is_empty(), "no source has these texts:\n{}", superfluous.join("\n"));
}

#[test]
fn gaps_are_the_same() {
    let wrong: Vec<_> = german().into_iter().filter(|(english, german)| gaps(english) != gaps(german)).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_translation_cites_what_its_text_does() {
    let cited = |text: &str| crate::citations::cited(text).into_iter().map(str::to_owned).collect::<BTreeSet<_>>();
    let mut wrong: Vec<_> = german().into_iter().filter(|(english, german)| cited(english) != cited(german)).collect();
    let templates = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
    for name in ["relay-steps.md", "runbook.md"] {
        let [english, german] =
            [&templates, &templates.join("de")].map(|dir| fs::read_to_string(dir.join(name)).unwrap());
        wrong.extend((cited(&english) != cited(&german)).then(|| (name.to_owned(), german)));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn papers_have_the_same_gaps() {
    let templates = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
    let of_paper = |path: &Path| {
        let text = fs::read_to_string(path).unwrap();
        let steps = text.lines().filter(|line| line.starts_with("- [ ]")).count();
        let sections = text.lines().filter(|line| line.starts_with("{E")).map(str::to_owned).collect::<Vec<_>>();
        (gaps(&text), steps, sections)
    };
    for name in ["relay-steps.md", "runbook.md"] {
        assert_eq!(of_paper(&templates.join(name)), of_paper(&templates.join("de").join(name)), "{name}");
    }
}

#[test]
fn a_text_stands_in_one_catalog_which_the_program_reads() {
    let code = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/base/language.rs")).unwrap();
    let mut seen = BTreeMap::new();
    for (name, catalog) in catalogs() {
        assert!(code.contains(&format!("templates/de/{name}.toml")), "{name}.toml is not in the list of language.rs");
        for (english, german) in catalog {
            assert!(!german.is_empty(), "{name}: {english:?}");
            if let Some(other) = seen.insert(english.clone(), name.clone()) {
                panic!("{english:?} stands in {other}.toml and in {name}.toml");
            }
        }
    }
}
