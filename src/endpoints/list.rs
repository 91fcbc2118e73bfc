//! Lists with named columns, as spreadsheets and `Export-Csv` write them: a line is a computer.

use std::io::Read;
use std::sync::Arc;
use std::time::SystemTime;

use super::model::{EndpointState, Evidence, Installed, Parent, Trouble};
use super::record::PIECE;
use crate::base::error::{Error, ErrorKind, Position, Result};
use crate::base::near::nearest;
use crate::base::time;
use crate::logs::{self, Lines, MAX_LINE};

/// The columns that are known, by their own names and by others that stand in such lists: our choice. Case, blanks, hyphens and
/// underscores do not count.
const COLUMNS: [(&str, &[&str]); 10] = [
    ("name", &["computer", "computername", "host", "hostname", "endpoint", "machine", "pscomputername", "dnshostname"]),
    ("parent", &["parentaddress"]),
    ("parent_32", &["parentaddress32"]),
    ("parent_64", &["parentaddress64"]),
    ("mrinit_parent", &["parentrouteraddress", "mrinit"]),
    ("orig_parent", &["orig", "mrinitorig"]),
    ("expected", &["expectedparent", "expect"]),
    ("seen", &["when", "date", "time", "lastseen", "timestamp"]),
    ("state", &["status"]),
    ("reason", &["error"]),
];

const NAME: usize = 0;
const PARENT: usize = 1;
const PARENT_32: usize = 2;
const PARENT_64: usize = 3;
const MRINIT: usize = 4;
const ORIG: usize = 5;
const EXPECTED: usize = 6;
const SEEN: usize = 7;
const STATE: usize = 8;
const REASON: usize = 9;

/// Words for a computer that did not answer.
const UNREACHABLE: [&str; 3] = ["unreachable", "offline", "timeout"];

/// Which headings stand for which columns, beside those that are known.
#[derive(Debug, Clone, Default)]
pub(crate) struct Columns(Vec<(usize, String)>);

impl Columns {
    /// Adds `COLUMN=HEADING`.
    ///
    /// # Errors
    /// There is no such column, or no heading.
    pub(crate) fn add(&mut self, text: &str) -> Result<()> {
        let (column, heading) = text.split_once('=').unwrap_or((text, ""));
        let Some(index) = COLUMNS.iter().position(|(name, _)| *name == plain_word(column)) else {
            let names = COLUMNS.map(|(name, _)| name);
            let next = match nearest(column, names) {
                Some(name) => text!("did you mean {name}={heading}?", name, heading),
                None => text!("write COLUMN=HEADING; the columns are {}", names.join(", ")),
            };
            return Err(Error::usage(text!("there is no column {column}", column = format!("{column:?}"))).next(next));
        };
        if heading.trim().is_empty() {
            return Err(Error::usage(text!("the heading of the column {column} is missing", column))
                .next(text!("write {column}=HEADING, with the heading that the list has", column)));
        }
        self.0.push((index, bare(heading)));
        Ok(())
    }

    /// The column that a heading stands for.
    fn of(&self, heading: &str) -> Option<usize> {
        let heading = bare(heading);
        let given = self.0.iter().find(|(_, this)| *this == heading).map(|(column, _)| *column);
        given.or_else(|| COLUMNS.iter().position(|(name, others)| bare(name) == heading || others.contains(&&*heading)))
    }
}

fn plain_word(word: &str) -> String {
    word.trim().to_ascii_lowercase().replace('-', "_")
}

/// A heading without what does not count.
fn bare(heading: &str) -> String {
    heading.chars().filter(|c| !matches!(c, ' ' | '_' | '-')).flat_map(char::to_lowercase).collect()
}

/// A line that was read.
pub(super) struct Row {
    pub name: String,
    pub when: Option<SystemTime>,
    pub evidence: Evidence,
}

/// Whether a line may be the headings of such a list.
pub(super) fn may_be_headings(line: &str, columns: &Columns) -> bool {
    split(line, delimiter(line)).is_ok_and(|cells| cells.iter().any(|cell| columns.of(cell) == Some(NAME)))
}

/// Reads a list, and gives each line with its number. A line that is broken is one of its own: no cell goes over several lines.
///
/// # Errors
/// The file cannot be read on; or, within, there is no column that names the computers.
pub(super) fn all(
    input: impl Read,
    columns: &Columns,
    mut take: impl FnMut(usize, Result<Row>),
) -> std::io::Result<Result<()>> {
    let mut lines = Lines::new(input, PIECE);
    let mut number = 0;
    let mut head: Option<Head> = None;
    let wrong = |what: String, line: usize| Error::new(ErrorKind::Usage, what).at(Position::Line(line));
    while let Some(line) = lines.next()? {
        number += 1;
        let is_long = line.len() >= MAX_LINE;
        let line = logs::text(line);
        if line.trim().is_empty() {
            continue;
        }
        let Some(head) = &head else {
            // What programs write before the headings.
            if ["#TYPE", "sep="].iter().any(|start| line.starts_with(start)) {
                continue;
            }
            match Head::read(&line, columns) {
                Ok(read) => head = Some(read),
                Err(error) => return Ok(Err(error.at(Position::Line(number)))),
            }
            continue;
        };
        let row = match (is_long, split(&line, head.delimiter)) {
            (true, _) => Err(wrong(text!("the line is longer than any of a list").to_owned(), number)),
            (_, Err(what)) => Err(wrong(what.to_owned(), number)),
            (_, Ok(cells)) => head.row(&cells).map_err(|what| wrong(what, number)),
        };
        take(number, row);
    }
    Ok(match head {
        Some(_) => Ok(()),
        None => Err(Error::new(ErrorKind::Usage, "the list is empty")),
    })
}

/// The headings.
struct Head {
    delimiter: char,
    /// Of each cell the column, where it is known.
    columns: Vec<Option<usize>>,
}

impl Head {
    fn read(line: &str, known: &Columns) -> Result<Self> {
        let delimiter = delimiter(line);
        let cells = split(line, delimiter).map_err(|what| Error::new(ErrorKind::Usage, what))?;
        let columns: Vec<Option<usize>> = cells.iter().map(|cell| known.of(cell)).collect();
        for (column, (name, _)) in COLUMNS.iter().enumerate() {
            if columns.iter().filter(|this| **this == Some(column)).count() > 1 {
                return Err(Error::new(ErrorKind::Usage, text!("two headings stand for the column {name}", name))
                    .next(text!("rename one of them, or say which is meant: --column {name}=HEADING", name)));
            }
        }
        if !columns.contains(&Some(NAME)) {
            return Err(Error::new(ErrorKind::Usage, "no heading of the list stands for the names of computers")
                .next("say which does: --column name=HEADING"));
        }
        Ok(Self { delimiter, columns })
    }

    fn row(&self, cells: &[String]) -> Result<Row, String> {
        if cells.len() > self.columns.len() {
            return Err(text!(
                "it has {} cells, and the headings are {}: a parent with commas stands in quotes",
                cells.len(),
                self.columns.len()
            ));
        }
        let cell = |column: usize| {
            let at = self.columns.iter().position(|this| *this == Some(column))?;
            Some(cells.get(at).map_or("", |cell| cell.trim()))
        };
        let filled = |column: usize| cell(column).filter(|cell| !cell.is_empty());
        let name = filled(NAME).ok_or(text!("it names no computer"))?.to_owned();
        let state = filled(STATE).map(str::to_ascii_lowercase);
        let when = filled(SEEN)
            .map(|text| time::parse(text).map_err(|_| text!("its time is none: write it like 2026-11-21T18:30:00Z")));
        let when = when.transpose()?;
        let mut evidence = Evidence { expected: filled(EXPECTED).map(Arc::from), ..Evidence::default() };
        let reason = || filled(REASON).unwrap_or_default().into();
        let is_state = |wanted: EndpointState| state.as_deref() == Some(wanted.name());
        if state.as_deref().is_some_and(|state| UNREACHABLE.contains(&state)) {
            evidence.trouble = Some(Box::new(Trouble::Unreachable(reason())));
            return Ok(Row { name, when, evidence });
        }
        // An empty cell is no parent, unless the row itself says that it tells of none.
        let is_silent = state.is_some() && !is_state(EndpointState::Nobody);
        let parent = |column| match cell(column) {
            None => Parent::NotTold,
            Some("") if is_silent => Parent::NotTold,
            Some("") => Parent::NoValue,
            Some(list) => Parent::List(Arc::from(list)),
        };
        (evidence.view32, evidence.view64) = (parent(PARENT_32), parent(PARENT_64));
        let has_views = [&evidence.view32, &evidence.view64].iter().any(|view| matches!(view, Parent::List(_)));
        if !has_views {
            evidence.whole = parent(PARENT);
        }
        if filled(MRINIT).is_some() || filled(ORIG).is_some() {
            evidence.installed = Some(Box::new(Installed {
                parent: filled(MRINIT).map(str::to_owned),
                orig: filled(ORIG).map(|list| Some(list.to_owned())),
                ..Installed::default()
            }));
        }
        if !evidence.tells()
            && evidence.installed.is_none()
            && (is_state(EndpointState::Unknown) || filled(REASON).is_some())
        {
            evidence.trouble = Some(Box::new(Trouble::Broken(reason())));
        }
        Ok(Row { name, when, evidence })
    }
}

/// What stands between the cells of the headings.
fn delimiter(line: &str) -> char {
    let mut counts = [(',', 0), (';', 0), ('\t', 0)];
    let mut is_quoted = false;
    for c in line.chars() {
        is_quoted ^= c == '"';
        counts.iter_mut().filter(|(delimiter, _)| !is_quoted && *delimiter == c).for_each(|(_, count)| *count += 1);
    }
    counts.into_iter().rev().max_by_key(|(_, count)| *count).map_or(',', |(delimiter, _)| delimiter)
}

/// The cells of a line: in quotes a cell may hold the delimiter, and a quote as two.
fn split(line: &str, delimiter: char) -> Result<Vec<String>, &'static str> {
    let mut cells = Vec::new();
    let mut rest = line;
    loop {
        let mut cell = String::new();
        if let Some(quoted) = rest.strip_prefix('"') {
            rest = quoted;
            loop {
                let end = rest.find('"').ok_or(text!("a quote is not closed"))?;
                cell.push_str(&rest[..end]);
                rest = &rest[end + 1..];
                match rest.strip_prefix('"') {
                    Some(more) => {
                        cell.push('"');
                        rest = more;
                    }
                    None => break,
                }
            }
            if !rest.is_empty() && !rest.starts_with(delimiter) {
                return Err(text!("something stands behind a closing quote"));
            }
        } else {
            let end = rest.find(delimiter).unwrap_or(rest.len());
            cell.push_str(&rest[..end]);
            rest = &rest[end..];
        }
        cells.push(cell);
        match rest.strip_prefix(delimiter) {
            Some(more) => rest = more,
            None => return Ok(cells),
        }
    }
}

/// A cell as a list has it: in quotes where it must be. What a spreadsheet would take for a formula gets an apostrophe before
/// it (our choice).
pub(crate) fn cell(text: &str) -> String {
    let text = crate::base::text::safe(text);
    let text = if text.starts_with(['=', '+', '-', '@']) { format!("'{text}") } else { text };
    match text.contains([',', ';', '"', '\'']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_spreadsheets_and_of_powershell_are_read() {
        for text in [
            "Computer Name,Parent Address,Note\nPC1,\"10.1.200.65,MR\",x\nPC2,,y\n",
            "sep=;\r\nName;Parent;Note\r\nPC1;10.1.200.65,MR;x\r\nPC2;;y\r\n",
            "#TYPE Selected.Row\r\n\"PSComputerName\",\"ParentAddress\"\r\n\"PC1\",\"10.1.200.65,MR\"\r\n\"PC2\",\"\"\r\n",
            "\u{FEFF}host\tparent\nPC1\t10.1.200.65,MR\nPC2\t\n",
        ] {
            let mut rows = Vec::new();
            all(text.as_bytes(), &Columns::default(), |_, row| rows.push(row.unwrap())).unwrap().unwrap();
            assert_eq!(rows.len(), 2, "{text}");
            assert_eq!(
                (&*rows[0].name, &rows[0].evidence.whole),
                ("PC1", &Parent::List("10.1.200.65,MR".into())),
                "{text}"
            );
            assert_eq!((&*rows[1].name, &rows[1].evidence.whole), ("PC2", &Parent::NoValue), "{text}");
        }
    }

    #[test]
    fn a_broken_line_is_one_of_its_own() {
        let text = "name,parent\nPC1,10.1.200.65,MR\nPC2,\"10.1\nPC3,MR\n,MR\nPC4,\"MR\"x\n";
        let mut rows = Vec::new();
        all(text.as_bytes(), &Columns::default(), |line, row| {
            rows.push((line, row.map(|row| row.name).map_err(|error| error.to_string())))
        })
        .unwrap()
        .unwrap();
        assert_eq!(rows.len(), 5);
        assert!(rows[0].1.as_ref().unwrap_err().contains("it has 3 cells"), "{rows:?}");
        assert_eq!(rows[2], (4, Ok("PC3".to_owned())));
        assert!([1, 3, 4].iter().all(|at| rows[*at].1.is_err()), "{rows:?}");
        let error = all("a,b\n1,2\n".as_bytes(), &Columns::default(), |_, _| {}).unwrap().unwrap_err();
        assert!(error.to_string().contains("--column name=HEADING"), "{error}");
    }

    proptest::proptest! {
        /// What is written as a cell comes back.
        #[test]
        fn cells_come_back(cells in proptest::collection::vec("[a-z,;\" ]{0,8}", 1..5)) {
            let line = cells.iter().map(|text| cell(text)).collect::<Vec<_>>().join(",");
            proptest::prop_assert_eq!(split(&line, ',').unwrap(), cells);
        }
    }
}
