//! Writing to standard output, and laying out tables.

use std::io::{self, Write};

/// Writes all of it; a reader that has gone away is no error.
pub(super) fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// Rows in columns as wide as their widest entry; trailing empty entries take no room.
pub(super) fn table(indent: usize, rows: &[Vec<String>]) -> String {
    let n_columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|e| e.chars().count()).max();
    let widths: Vec<usize> = (0..n_columns).map(|column| width(column).unwrap_or(0)).collect();
    let mut text = String::new();
    for row in rows {
        let cells: Vec<String> = row.iter().zip(&widths).map(|(entry, &width)| format!("{entry:width$}")).collect();
        text.push_str(&" ".repeat(indent));
        text.push_str(cells.join("  ").trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let row = |entries: [&str; 2]| entries.map(ToOwned::to_owned).to_vec();
        assert_eq!(table(2, &[row(["a", "1"]), row(["long", ""])]), "  a     1\n  long\n");
    }
}
