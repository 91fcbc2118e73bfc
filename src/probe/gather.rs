//! A reference as people save it: broken over lines by an editor or a terminal, below the head of a terminal's log, or
//! among the lines of a router's log.

/// A reference in one piece.
pub(super) struct Gathered {
    pub text: String,
    /// The line, from 1, at which a reference of several lines ended, if anything follows.
    pub broken_at: Option<usize>,
    /// What was done to get it.
    pub notes: Vec<String>,
}

const PREFIX: &str = "IOR:";

/// Finds the first reference and joins its lines: those behind it that are hex digits alone. What stands behind the digits
/// in the same line stays, for those who judge the whole.
pub(super) fn gather(text: &str) -> Gathered {
    let whole = || Gathered { text: text.trim_start().to_owned(), broken_at: None, notes: Vec::new() };
    let mut lines = text.lines().enumerate();
    let Some((first, begin)) = lines.by_ref().find_map(|(at, line)| Some((at, begin(line)?))) else { return whole() };
    let mut joined = begin.to_owned();
    let mut count = 1;
    let mut broken_at = None;
    if is_hex(&begin[PREFIX.len()..]) {
        for (at, line) in lines.by_ref() {
            let digits = line.trim_matches(|c: char| c.is_whitespace() || c == '\0' || c == '>');
            if !is_hex(digits) || digits.is_empty() {
                broken_at = (!digits.is_empty()).then_some(at + 1);
                break;
            }
            joined.push_str(digits);
            count += 1;
        }
    } else if first == 0 {
        return whole();
    }
    let mut notes = Vec::new();
    if count > 1 {
        notes.push(text!("the reference was broken over {count} lines, which were joined", count));
    }
    let others = lines.filter_map(|(_, line)| begin_of_other(line, &joined)).count();
    if others > 0 {
        notes.push(text!("this is the first of {} references in the text", others + 1));
    }
    Gathered { text: joined, broken_at: broken_at.filter(|_| count > 1), notes }
}

/// The reference that begins in a line, to the line's end.
fn begin(line: &str) -> Option<&str> {
    let line = line.trim_matches(|c: char| c.is_whitespace() || c == '\0');
    let at = (0..line.len()).find(|at| {
        line.get(*at..*at + PREFIX.len()).is_some_and(|start| start.eq_ignore_ascii_case(PREFIX))
            && line.as_bytes().get(at + PREFIX.len()).is_some_and(u8::is_ascii_hexdigit)
    });
    match at {
        Some(at) => Some(&line[at..]),
        // A prefix alone, with its digits on the next line.
        None => line.eq_ignore_ascii_case(PREFIX).then_some(line),
    }
}

fn begin_of_other<'a>(line: &'a str, first: &str) -> Option<&'a str> {
    begin(line).filter(|other| other.len() > PREFIX.len() && !first.eq_ignore_ascii_case(other))
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_joined_and_found() {
        for (text, joined) in [
            ("IOR:00aa\r\n", "IOR:00aa"),
            ("  IOR:00aa\0", "IOR:00aa"),
            ("IOR:00\r\nAA\r\n bb \r\n\r\n", "IOR:00AAbb"),
            ("=~=~= PuTTY log 2021.07.16 05:42:16 =~=~=\r\nIOR:00aa\r\n", "IOR:00aa"),
            ("21.11.2026 12:00:00 0D38 I This router's IOR:\nIOR:00aa\n21.11.2026 12:00:01 0D38 I x", "IOR:00aa"),
            ("IOR:\n00aa\n", "IOR:00aa"),
            ("> IOR:00\n> aa\n", "IOR:00aa"),
            ("IOR:00zz\n", "IOR:00zz\n"),
            ("nothing", "nothing"),
        ] {
            assert_eq!(gather(text).text, joined, "{text:?}");
        }
        assert_eq!(gather("IOR:00\naa\nwhat\n").broken_at, Some(3));
        assert!(gather("IOR:00\nx\nIOR:01\n").notes[0].contains("first of 2"));
    }
}
