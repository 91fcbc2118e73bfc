//! Columns for the terminal.

/// Rows with their columns aligned, two blanks apart: the first row is the heading, say. Columns in which every row but
/// the first holds a number stand to the right. A row may have fewer cells than others.
///
/// ```
/// use configcid::report::table;
///
/// let rows = [vec!["CID".into(), "FILES".into()], vec!["ESXP".into(), "12".into()], vec!["MRESXP".into(), "7".into()]];
/// assert_eq!(table(&rows), ["CID     FILES", "ESXP       12", "MRESXP      7"]);
/// ```
pub fn table(rows: &[Vec<String>]) -> Vec<String> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let cells = |column: usize| rows.iter().filter_map(move |row| row.get(column));
    let layout: Vec<(usize, bool)> = (0..columns)
        .map(|column| {
            let width = cells(column).map(|cell| cell.chars().count()).max().unwrap_or(0);
            (width, rows.len() > 1 && cells(column).skip(1).all(|cell| is_number(cell)))
        })
        .collect();
    let line = |row: &Vec<String>| {
        let padded = row.iter().zip(&layout).map(|(cell, &(width, is_number))| match is_number {
            true => format!("{cell:>width$}"),
            false => format!("{cell:width$}"),
        });
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

fn is_number(cell: &str) -> bool {
    cell.is_empty() || cell.bytes().all(|byte| byte.is_ascii_digit() || byte == b',' || byte == b'.')
}
