//! Columns for the terminal.

use crate::base::language::said_whole;

/// Rows with their columns aligned, two blanks apart: the first row is the heading, say. Columns in which every row but
/// the first holds a number stand to the right. A row may have fewer cells than others.
pub(crate) fn table(rows: &[Vec<String>]) -> Vec<String> {
    let mut rows = rows.to_vec();
    for cell in rows.iter_mut().take(1).flatten() {
        *cell = said_whole(std::mem::take(cell));
    }
    let rows = &rows;
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let cells = |column: usize| rows.iter().filter_map(move |row| row.get(column));
    let layout: Vec<(usize, bool)> = (0..columns)
        .map(|column| {
            let width = cells(column).map(|cell| cell.chars().count()).max().unwrap_or(0);
            (width, rows.len() > 1 && cells(column).skip(1).all(|cell| is_number(cell)))
        })
        .collect();
    let line = |row: &Vec<String>| {
        // By hand: the width of a format is a u16.
        let padded = row.iter().zip(&layout).map(|(cell, &(width, is_number))| {
            let blanks = " ".repeat(width - cell.chars().count());
            if is_number { blanks + cell } else { cell.clone() + &blanks }
        });
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

fn is_number(cell: &str) -> bool {
    cell.is_empty() || cell.bytes().all(|byte| byte.is_ascii_digit() || byte == b',' || byte == b'.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_to_the_right() {
        let rows = [["CID", "FILES"], ["ESXP", "12"], ["MRESXP", "7"]].map(|row| row.map(str::to_owned).to_vec());
        assert_eq!(table(&rows), ["CID     FILES", "ESXP       12", "MRESXP      7"]);
    }

    #[test]
    fn a_cell_may_be_wider_than_a_format_allows() {
        let long = "x".repeat(70_000);
        let lines = table(&[vec!["A".into(), "B".into()], vec![long.clone(), "c".into()]]);
        assert_eq!(lines[0], format!("A{}B", " ".repeat(long.len() + 1)));
        assert_eq!(lines[1], format!("{long}  c"));
    }
}
