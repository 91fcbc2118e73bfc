//! Papers from templates that are Markdown themselves: filled in as Markdown, as HTML or as plain text, so that what is
//! filled in is text in each and never becomes a part of the form.

use super::html;
use crate::base::text::safe;

/// How a paper is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Markup {
    /// Markdown, with boxes to tick.
    Markdown,
    /// The body of an HTML page, which [`html::page`] completes; without the first heading, which is the page's title.
    Html,
}

/// The forms of a paper that is not delivered but shown, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// As it is delivered.
    Paper(Markup),
    /// For a terminal: steps with numbers, no marks, and no line longer than [`WIDTH`] where a word can go to the next one.
    #[cfg_attr(not(feature = "cli"), expect(dead_code, reason = "only the command line shows one"))]
    Plain,
}

impl From<Markup> for Form {
    fn from(markup: Markup) -> Self {
        Self::Paper(markup)
    }
}

/// A blank at which no line ends, until the lines are made.
const KEPT: &str = "\u{0}";

/// How long lines of plain text become: a console has 80 columns.
const WIDTH: usize = 78;

/// What a template is filled with. Names that are not found here are looked for further outside.
#[derive(Debug, Default)]
pub(crate) struct Values {
    texts: Vec<(&'static str, Option<String>)>,
    lists: Vec<(&'static str, Vec<Self>)>,
}

impl Values {
    pub(crate) fn text(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.texts.push((name, Some(value.into())));
        self
    }

    /// A line that asks for a name without a value is left out.
    pub(crate) fn maybe(mut self, name: &'static str, value: Option<String>) -> Self {
        self.texts.push((name, value));
        self
    }

    pub(crate) fn list(mut self, name: &'static str, values: Vec<Self>) -> Self {
        self.lists.push((name, values));
        self
    }
}

/// Fills a template in: `{NAME}` stands for a text, and lines from `{EACH NAME}` to `{END}` are repeated for each of a list.
/// A template has headings, paragraphs, and lists of steps that begin with `- [ ]`, with `code` and `**strong**` within.
pub(crate) fn fill(template: &str, values: &Values, form: impl Into<Form>) -> String {
    let lines: Vec<&str> = template.lines().collect();
    let mut out = Writer { form: form.into(), out: String::new(), open: Block::None, steps: 0 };
    section(&lines, &mut vec![values], &mut out);
    out.close();
    out.out
}

fn section<'a>(lines: &[&str], scope: &mut Vec<&'a Values>, out: &mut Writer) {
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        at += 1;
        let Some(name) = line.strip_prefix("{EACH ").and_then(|rest| rest.strip_suffix('}')) else {
            if let Some(pieces) = pieces(line, scope) {
                out.line(line, &pieces);
            }
            continue;
        };
        let end = at + end_of(&lines[at..]);
        let list: Option<&'a Vec<Values>> =
            scope.iter().rev().find_map(|values| values.lists.iter().find(|list| list.0 == name).map(|list| &list.1));
        for values in list.into_iter().flatten() {
            scope.push(values);
            section(&lines[at..end], scope, out);
            scope.pop();
        }
        at = end + 1;
    }
}

/// Where the lines that are repeated end.
fn end_of(lines: &[&str]) -> usize {
    let mut depth = 1;
    for (index, line) in lines.iter().enumerate() {
        depth += usize::from(line.starts_with("{EACH "));
        depth -= usize::from(*line == "{END}");
        if depth == 0 {
            return index;
        }
    }
    lines.len()
}

/// A part of a line: the template's own words, a value, or a mark of the form.
enum Piece {
    Words(String),
    Value(String),
    Code,
    Strong,
}

/// The parts of a line without what its beginning says of its kind; nothing where a value is missing.
fn pieces(line: &str, scope: &[&Values]) -> Option<Vec<Piece>> {
    let mut rest = strip_kind(line).1;
    let mut pieces = Vec::new();
    while let Some(at) = rest.find(['{', '`', '*']) {
        pieces.push(Piece::Words(rest[..at].to_owned()));
        rest = &rest[at..];
        if let Some(after) = rest.strip_prefix('`') {
            pieces.push(Piece::Code);
            rest = after;
        } else if let Some(after) = rest.strip_prefix("**") {
            pieces.push(Piece::Strong);
            rest = after;
        } else if let Some((name, after)) = rest[1..].split_once('}') {
            let value = scope.iter().rev().find_map(|values| values.texts.iter().find(|text| text.0 == name));
            pieces.push(Piece::Value(safe(value?.1.as_deref()?)));
            rest = after;
        } else {
            pieces.push(Piece::Words(rest[..1].to_owned()));
            rest = &rest[1..];
        }
    }
    pieces.push(Piece::Words(rest.to_owned()));
    Some(pieces)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Block {
    None,
    Title,
    Heading,
    Steps,
    Paragraph,
}

fn strip_kind(line: &str) -> (Block, &str) {
    let kinds = [("# ", Block::Title), ("## ", Block::Heading), ("- [ ] ", Block::Steps)];
    let kind = kinds.into_iter().find_map(|(start, kind)| line.strip_prefix(start).map(|rest| (kind, rest)));
    kind.unwrap_or((if line.is_empty() { Block::None } else { Block::Paragraph }, line))
}

struct Writer {
    form: Form,
    out: String,
    /// The block that the next line may go on with.
    open: Block,
    /// How many steps there are since the last heading; plain text gives them numbers.
    steps: usize,
}

impl Writer {
    fn line(&mut self, line: &str, pieces: &[Piece]) {
        let block = strip_kind(line).0;
        match self.form {
            Form::Plain => self.plain(block, pieces),
            Form::Paper(Markup::Markdown) => {
                // Parts that are repeated or left out leave no more than one empty line.
                if block == Block::None {
                    if !self.out.is_empty() && !self.out.ends_with("\n\n") {
                        self.out.push('\n');
                    }
                    return;
                }
                self.out.push_str(&line[..line.len() - strip_kind(line).1.len()]);
                self.out.push_str(&markdown(pieces));
                self.out.push('\n');
            }
            Form::Paper(Markup::Html) => {
                if block != self.open || block == Block::Heading {
                    self.close();
                    self.out.push_str(match block {
                        Block::None | Block::Title => "",
                        Block::Heading => "<h2>",
                        Block::Steps => "<ul class=\"steps\">\n",
                        Block::Paragraph => "<p>",
                    });
                    self.open = block;
                }
                match block {
                    Block::None | Block::Title => {}
                    Block::Steps => {
                        self.out += &format!("<li><label><input type=\"checkbox\"> {}</label>\n", html(pieces));
                    }
                    Block::Heading => self.out += &html(pieces),
                    Block::Paragraph => self.out += &(html(pieces) + "\n"),
                }
            }
        }
    }

    fn plain(&mut self, block: Block, pieces: &[Piece]) {
        let (first, indent) = match block {
            // The title is for a paper; parts that are left out leave no more than one empty line.
            Block::Title => return,
            Block::None => {
                if !self.out.is_empty() && !self.out.ends_with("\n\n") {
                    self.out.push('\n');
                }
                return;
            }
            Block::Heading => {
                self.steps = 0;
                (String::new(), 0)
            }
            Block::Paragraph => (String::new(), 0),
            Block::Steps => {
                self.steps += 1;
                (format!("{:>3}. ", self.steps), 5)
            }
        };
        // What is typed as it stands is not torn apart.
        let mut is_code = false;
        let mut text = String::new();
        for piece in pieces {
            match piece {
                Piece::Words(words) | Piece::Value(words) if is_code => text += &words.replace(' ', KEPT),
                Piece::Words(words) | Piece::Value(words) => text += words,
                Piece::Code => is_code = !is_code,
                Piece::Strong => {}
            }
        }
        wrap(&mut self.out, &first, indent, &text);
    }

    fn close(&mut self) {
        if self.form == Form::Paper(Markup::Html) {
            self.out.push_str(match self.open {
                Block::None | Block::Title => "",
                Block::Heading => "</h2>\n",
                Block::Steps => "</ul>\n",
                Block::Paragraph => "</p>\n",
            });
        }
        self.open = Block::None;
    }
}

/// Appends a text in lines of no more than [`WIDTH`], the first one behind `first`, the others behind so many blanks. A word
/// that is longer has a line of its own: a command or a path is not to be torn.
fn wrap(out: &mut String, first: &str, indent: usize, text: &str) {
    let mut line = first.to_owned();
    let mut is_empty = true;
    for word in text.split(' ') {
        if !is_empty && line.chars().count() + 1 + word.chars().count() > WIDTH {
            out.push_str(&line);
            out.push('\n');
            line = " ".repeat(indent);
            is_empty = true;
        }
        if !is_empty {
            line.push(' ');
        }
        line.push_str(&word.replace(KEPT, " "));
        is_empty = false;
    }
    out.push_str(&line);
    out.push('\n');
}

fn html(pieces: &[Piece]) -> String {
    let (mut out, mut code, mut strong) = (String::new(), false, false);
    let mark = |is_open: &mut bool, open: &str, close: &str, out: &mut String| {
        out.push_str(if *is_open { close } else { open });
        *is_open = !*is_open;
    };
    for piece in pieces {
        match piece {
            Piece::Words(text) | Piece::Value(text) => out.push_str(&html::escape(text)),
            Piece::Code => mark(&mut code, "<code>", "</code>", &mut out),
            Piece::Strong => mark(&mut strong, "<strong>", "</strong>", &mut out),
        }
    }
    out
}

fn markdown(pieces: &[Piece]) -> String {
    let mut out = String::new();
    let mut code: Option<String> = None;
    for piece in pieces {
        match (piece, &mut code) {
            (Piece::Code, None) => code = Some(String::new()),
            (Piece::Code, Some(text)) => {
                // As many marks as no run of them in the text has.
                let runs = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
                let marks = "`".repeat(if runs == 0 { 1 } else { runs + 1 });
                let blank = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
                out += &format!("{marks}{blank}{text}{blank}{marks}");
                code = None;
            }
            (Piece::Words(text) | Piece::Value(text), Some(inside)) => inside.push_str(text),
            (Piece::Words(text), None) => out.push_str(text),
            (Piece::Value(text), None) => out.push_str(&escape_markdown(text)),
            (Piece::Strong, _) => out.push_str("**"),
        }
    }
    out
}

/// Text in which no character has a meaning to Markdown.
fn escape_markdown(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if matches!(c, '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '<' | '>' | '#' | '|' | '!' | '&' | '~') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPLATE: &str =
        "# Of {A}\n\nSaid by `{A}`:\n{MISSING} is left out\n{EACH X}\n- [ ] **{N}.** {A}\n{END}\nend { here\n";

    fn values(a: &str) -> Values {
        let each = |n: &str| Values::default().text("N", n);
        Values::default().text("A", a).maybe("MISSING", None).list("X", vec![each("1"), each("2").text("A", "inner")])
    }

    #[test]
    fn fills_in_and_repeats() {
        assert_eq!(
            fill(TEMPLATE, &values("a"), Markup::Markdown),
            "# Of a\n\nSaid by `a`:\n- [ ] **1.** a\n- [ ] **2.** inner\nend { here\n"
        );
        assert_eq!(
            fill(TEMPLATE, &values("a"), Markup::Html),
            "<p>Said by <code>a</code>:\n</p>\n<ul class=\"steps\">\n<li><label><input type=\"checkbox\"> \
             <strong>1.</strong> a</label>\n<li><label><input type=\"checkbox\"> <strong>2.</strong> inner</label>\n\
             </ul>\n<p>end { here\n</p>\n"
        );
    }

    #[test]
    fn plain_text_has_numbers_and_short_lines() {
        assert_eq!(fill(TEMPLATE, &values("a"), Form::Plain), "Said by a:\n  1. 1. a\n  2. 2. inner\nend { here\n");
        for words in 20..40 {
            let words = "word ".repeat(words);
            let long = format!("- [ ] **One.** {words}`not torn apart`\n\n\n## Next\n- [ ] `{{A}}` ends\n");
            let text = fill(&long, &values(&"x".repeat(100)), Form::Plain);
            let lines: Vec<&str> = text.lines().collect();
            assert!(lines[0].starts_with("  1. One. word") && lines[1].starts_with("     word"), "{text}");
            assert!(lines.iter().all(|line| line.len() <= WIDTH || line.contains("xxx")), "{text}");
            assert!(lines.iter().any(|line| line.ends_with("not torn apart")), "{text}");
            assert!(text.contains("\n\nNext\n  1. xxx") && text.ends_with("xxx\n     ends\n"), "{text}");
        }
    }

    #[test]
    fn what_is_filled_in_stays_text() {
        let hostile = "<b> `` {N} **x** [y](z) \u{1b}";
        let markdown = fill(TEMPLATE, &values(hostile), Markup::Markdown);
        assert!(
            markdown.contains("``` <b> `` {N} **x** [y](z) \\u{1b} ```") || markdown.contains("```<b> `` {N} **x**")
        );
        assert!(markdown.contains("# Of \\<b\\> \\`\\` \\{N\\} \\*\\*x\\*\\* \\[y\\](z)"), "{markdown}");
        let html = fill(TEMPLATE, &values(hostile), Markup::Html);
        assert!(html.contains("<code>&lt;b&gt; `` {N} **x** [y](z) \\u{1b}</code>"), "{html}");
    }
}
