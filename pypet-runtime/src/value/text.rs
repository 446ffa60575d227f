//! Values as people type and read them.

use super::ParseValueError;
use crate::trajectory::one_line;

/// Splits `[a, b, [c, d]]` at its top-level commas; quotes protect commas, brackets and braces.
pub(crate) fn split_list(text: &str) -> Result<Vec<String>, ParseValueError> {
    let malformed = || ParseValueError::new(text, "list such as `[1, 2, 3]`");
    let inner = text.trim().strip_prefix('[').and_then(|t| t.strip_suffix(']')).ok_or_else(malformed)?;
    let mut items = vec![String::new()];
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    for character in inner.chars() {
        let is_escaped = escaped;
        escaped = quoted && character == '\\' && !is_escaped;
        match character {
            '"' if !is_escaped => quoted = !quoted,
            '[' | '{' if !quoted => depth += 1,
            ']' | '}' if !quoted => depth = depth.checked_sub(1).ok_or_else(malformed)?,
            ',' if !quoted && depth == 0 => {
                items.push(String::new());
                continue;
            }
            _ => {}
        }
        items.last_mut().expect("starts with one item").push(character);
    }
    if depth > 0 || quoted {
        return Err(malformed());
    }
    let items: Vec<String> = items.iter().map(|item| item.trim().to_owned()).collect();
    Ok(if items == [""] { Vec::new() } else { items })
}

/// A string without the quotes it may have been given.
pub(crate) fn unquoted(text: &str) -> &str {
    text.strip_prefix('"').and_then(|t| t.strip_suffix('"')).unwrap_or(text)
}

/// `a`, `b` or `c`, each in backticks and on one line, whoever has named them.
pub(crate) fn quoted_list<S: AsRef<str>>(words: &[S]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{}`", one_line(word.as_ref()))).collect();
    match quoted.as_slice() {
        [] => "nothing".into(),
        [only] => only.clone(),
        [most @ .., last] => format!("{} or {last}", most.join(", ")),
    }
}

/// Rows in columns as wide as their widest entry; trailing empty entries take no room.
pub(crate) fn aligned(indent: usize, rows: &[Vec<String>], width: impl Fn(&str) -> usize) -> String {
    let n_columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widest = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|entry| width(entry)).max();
    let widths: Vec<usize> = (0..n_columns).map(|column| widest(column).unwrap_or(0)).collect();
    let mut text = String::new();
    for row in rows {
        let padded = |(entry, &wanted): (&String, &usize)| format!("{entry}{}", " ".repeat(wanted - width(entry)));
        let cells: Vec<String> = row.iter().zip(&widths).map(padded).collect();
        text.push_str(&" ".repeat(indent));
        text.push_str(cells.join("  ").trim_end());
        text.push('\n');
    }
    text
}

/// The candidates nearest to a misspelt word, best first, at most three: by spelling, or because they hold it.
pub(crate) fn near<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let last = |name: &str| name.rsplit('.').next().unwrap_or_default().to_lowercase();
    let mut rated: Vec<(f64, &str)> = candidates
        .into_iter()
        .map(|name| {
            let whole = strsim::jaro_winkler(&word.to_lowercase(), &name.to_lowercase());
            let spelling = whole.max(strsim::jaro_winkler(&last(word), &last(name)));
            let holds = word.len() > 2 && name.to_lowercase().contains(&word.to_lowercase());
            (if holds { spelling.max(0.81) } else { spelling }, name)
        })
        .filter(|(likeness, _)| *likeness > 0.8)
        .collect();
    rated.sort_by(|a, b| b.0.total_cmp(&a.0));
    rated.truncate(3);
    rated.into_iter().map(|(_, name)| name).collect()
}

/// `; did you mean …?`, or what there is if nothing is near.
pub(crate) fn suggestion<S: AsRef<str>>(word: &str, candidates: &[S]) -> String {
    let near = near(word, candidates.iter().map(AsRef::as_ref));
    if near.is_empty() {
        let shown = &candidates[..candidates.len().min(10)];
        let more = if candidates.len() > shown.len() { " …" } else { "" };
        return format!("; there is {}{more}", quoted_list(shown));
    }
    format!("; did you mean {}?", quoted_list(&near))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_split_at_their_own_commas_only() {
        let items = split_list(r#"[1, [2, 3], "a,b"]"#).unwrap();
        assert_eq!(items, ["1", "[2, 3]", "\"a,b\""]);
        assert_eq!(split_list(r#"[{"a": 1, "b": "}\""}, 2]"#).unwrap(), [r#"{"a": 1, "b": "}\""}"#, "2"]);
        assert!(split_list("[]").unwrap().is_empty());
        assert!(split_list("1, 2").is_err());
        assert!(split_list("[[1]").is_err());
    }

    #[test]
    fn a_misspelt_name_finds_the_nearest() {
        let names = ["neuron.tau_v", "neuron.tau_ref", "simulation.dt"];
        assert_eq!(near("neuron.tau_reff", names)[0], "neuron.tau_ref");
        assert_eq!(near("tau_ref", names)[0], "neuron.tau_ref");
        assert_eq!(near("ref", names), ["neuron.tau_ref"]);
        assert!(suggestion("zzz", &names).starts_with("; there is `neuron.tau_v`"));
    }
}
