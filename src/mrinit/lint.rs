//! What is wrong with an `mrinit.conf` as a file: lines that are no values, line ends, and the addresses in it.

use super::line::{LineKind, Slip, straight};
use super::sorts;
use super::{Finding, KEY_MR_PARENT, KEY_PARENT_ROUTER, Mrinit, Value, is_secret_key, judge, keys, service_args};
use crate::base::text::{LineEnding, safe};

/// The values that are numbers (formats.md, section 2).
const NUMBERS: [&str; 4] = ["ClientIIOPPort", "ClientSSLPort", "ClientIORPort", "IORSenderPort"];

impl Mrinit {
    /// What is wrong, or doubtful, with the file and the addresses in it, in the order of its lines. Nothing in it has a
    /// secret.
    ///
    /// ```
    /// use configcid::mrinit::Mrinit;
    ///
    /// let conf = Mrinit::parse(b"[Config]\r\n\"ClientIORPort\"=8192\r\n\"ParentRouterAddress\"=\"10.1.2.3;RELAY\"\r\n".to_vec());
    /// let ids: Vec<_> = conf.lint().iter().map(|finding| (finding.line, finding.id)).collect();
    /// assert_eq!(ids, [(Some(2), "line-dword"), (Some(3), "address-semicolon")]);
    /// ```
    pub fn lint(&self) -> Vec<Finding> {
        let mut found = self.line_ends();
        let lines = self.lines.iter().zip(self.secret_lines()).enumerate();
        for (index, (line, may_hold_secret)) in lines.filter(|(_, (line, _))| line.in_config) {
            let text = self.encoding.decode(&self.bytes[line.span.clone()]);
            let finding = of_line(text.trim_end_matches(['\r', '\n']), &line.kind, may_hold_secret);
            found.extend(finding.map(|finding| finding.at(index + 1)));
        }
        for key in [KEY_PARENT_ROUTER, KEY_MR_PARENT] {
            let settings = self.settings().filter(|setting| setting.name.eq_ignore_ascii_case(key));
            for setting in settings {
                if let Value::Text(list) = setting.value {
                    found.extend(judge(list).into_iter().map(|finding| {
                        let what = format!("{key}: {}", finding.what);
                        Finding { what, ..finding }.at(setting.line)
                    }));
                }
            }
        }
        if let Ok(Some(setting)) = self.get("ServiceArgs")
            && let Value::Text(args) = setting.value
        {
            found.extend(service_args(args).map(|finding| finding.at(setting.line)));
        }
        if let (Ok(router), Ok(parent)) = (self.text(KEY_PARENT_ROUTER), self.text(KEY_MR_PARENT))
            && !router.is_empty()
            && same(router, parent)
        {
            let what = text!(
                "{KEY_PARENT_ROUTER} and {KEY_MR_PARENT} name the same computer: endpoints report to the server itself; if they should report to a relay, its address is missing",
                KEY_PARENT_ROUTER,
                KEY_MR_PARENT
            );
            found.push(Finding::new(sorts::SERVER_AS_RELAY, what));
        }
        found.sort_by_key(|finding| finding.line.unwrap_or(usize::MAX));
        found
    }

    /// The first line that ends as neither Windows nor Unix have it.
    fn line_ends(&self) -> Vec<Finding> {
        let odd = [
            (
                LineEnding::Cr,
                sorts::LINE_END_CR,
                text!(
                    "lines end in CR alone, as on old Macs: Windows takes the file for a single line; they should end in CR LF"
                ),
            ),
            (
                LineEnding::CrCrLf,
                sorts::LINE_END_CRCRLF,
                text!("lines end in CR CR LF, as a copy in text mode makes them; they should end in CR LF"),
            ),
        ];
        odd.into_iter()
            .filter_map(|(ending, sort, what)| {
                let first = self.lines.iter().position(|line| line.ending == Some(ending))?;
                let all = self.lines.iter().filter(|line| line.ending == Some(ending)).count();
                let what = text!("{all} of {lines} {what}", all, lines = self.lines.len(), what);
                Some(Finding::new(sort, what).at(first + 1))
            })
            .collect()
    }

    /// The line that was meant to be `[Config]`, where there is none that is.
    pub(super) fn nearly_config(&self) -> Option<usize> {
        let is_near = |text: &str| {
            let letters: String = text.chars().filter(char::is_ascii_alphabetic).collect();
            letters.eq_ignore_ascii_case("config")
        };
        self.lines
            .iter()
            .position(|line| is_near(&self.encoding.decode(&self.bytes[line.span.clone()])))
            .map(|at| at + 1)
    }
}

fn of_line(text: &str, kind: &LineKind, may_hold_secret: bool) -> Option<Finding> {
    let error = |sort, what: String| Some(Finding::new(sort, what));
    match kind {
        LineKind::Value { name, value: Value::Text(value), .. }
            if NUMBERS.iter().any(|key| key.eq_ignore_ascii_case(name)) =>
        {
            let should = number(value).map_or_else(String::new, |number| {
                text!("; it should be \"{name}\"=dword:{number}", name, number = format!("{number:08x}"))
            });
            error(sorts::LINE_NUMBER_AS_STRING, text!("{name} is a string and should be a dword{should}", name, should))
        }
        LineKind::Value { name, value: Value::Dword(_), .. }
            if is_secret_key(name)
                || [KEY_PARENT_ROUTER, KEY_MR_PARENT].iter().any(|key| key.eq_ignore_ascii_case(name)) =>
        {
            error(sorts::LINE_STRING_AS_NUMBER, text!("{name} is a dword and should be a string", name))
        }
        LineKind::Broken { name, slip } => {
            // What stands where a name should may be a key that was cut off its own.
            let name = name.as_deref().filter(|name| !may_hold_secret || is_secret_key(name));
            let name = name.map_or_else(|| "a value".to_owned(), safe);
            let should = should_be(text, *slip)
                .filter(|_| !may_hold_secret)
                .map_or_else(String::new, |should| text!("; it should be {should}", should));
            let sort = match slip {
                Slip::Quotes => sorts::LINE_QUOTES,
                Slip::BareName | Slip::BareValue => sorts::LINE_UNQUOTED,
                Slip::Dword => sorts::LINE_DWORD,
                Slip::Invisible => sorts::LINE_INVISIBLE,
                Slip::Form => sorts::LINE_MALFORMED,
            };
            error(sort, text!("the line of {name} is malformed{words}{should}", name, words = slip.words(), should))
        }
        LineKind::Other => Some(Finding::new(
            sorts::LINE_UNKNOWN,
            text!("this is neither a value nor a comment: {}", shown(text, may_hold_secret)),
        )),
        _ => None,
    }
}

/// What a line should be, where that is plain, and it holds no secret.
fn should_be(text: &str, slip: Slip) -> Option<String> {
    if keys::may_hold_secret(text) {
        return None;
    }
    let visible: String = straight(text).chars().filter(|c| !crate::base::text::is_unsafe(*c)).collect();
    let (name, value) = visible.trim().split_once('=')?;
    let (name, value) = (name.trim().trim_matches(['"', '\'']), value.trim());
    let value = match slip {
        Slip::Dword => format!("dword:{:08x}", dword(name, value)?),
        Slip::BareValue => format!("\"{value}\""),
        Slip::Quotes | Slip::BareName | Slip::Invisible => value.to_owned(),
        Slip::Form => return None,
    };
    let should = format!("\"{name}\"={value}");
    // What is proposed is a value.
    let parsed = Mrinit::parse(format!("[Config]\n{should}\n").into_bytes());
    parsed.get(name).ok().flatten().map(|_| should)
}

/// The number that was meant: `dword:` and hex digits, or one of the field's ports, in decimal as people know them, or a
/// decimal number with `0x` or not.
fn dword(name: &str, value: &str) -> Option<u32> {
    if let Some(digits) = value.get(..6).filter(|start| start.eq_ignore_ascii_case("dword:")).map(|_| &value[6..]) {
        return u32::from_str_radix(digits.trim(), 16).ok();
    }
    // Eight digits are what stands behind dword:; a port of four is decimal.
    if value.len() == 8 && NUMBERS.iter().any(|key| key.eq_ignore_ascii_case(name)) {
        return u32::from_str_radix(value, 16).ok();
    }
    number(value)
}

fn number(value: &str) -> Option<u32> {
    super::parse_dword(value.trim())
}

/// Whether two lists have the same parts.
fn same(one: &str, other: &str) -> bool {
    let parts = |list: &str| -> Vec<String> {
        list.split(',').map(|part| part.trim().to_ascii_lowercase()).filter(|part| !part.is_empty()).collect()
    };
    parts(one) == parts(other)
}

/// A line as people may see it: no secret, and not all of a long one.
fn shown(text: &str, may_hold_secret: bool) -> String {
    if may_hold_secret {
        return super::masked(text.trim());
    }
    let text = safe(text.trim());
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text,
    }
}
