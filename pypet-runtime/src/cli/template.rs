//! `params --toml`: a configuration file to begin with.

use std::fmt::Write as _;

use crate::parameter::ParameterInfo;
use crate::registry::AnyExperiment;
use crate::value::{Cell, ElementType};

/// The file with the default of each parameter; it runs as it is.
pub(super) fn config_file(experiment: &dyn AnyExperiment) -> String {
    let infos = experiment.parameters();
    let defaults = experiment.defaults();
    // Writing to a `String` cannot fail.
    let mut text = format!(
        "# A configuration of `{0}`: run --config FILE\nexperiment = {1}\n",
        experiment.name(),
        quoted(experiment.name())
    );
    let group_of = |name: &str| name.rsplit_once('.').map(|(group, _)| group.to_owned());
    // Keys at the top belong before all tables of groups.
    let mut groups: Vec<Option<String>> = vec![None];
    for group in infos.iter().map(|info| group_of(&info.name)) {
        if !groups.contains(&group) {
            groups.push(group);
        }
    }
    for group in groups {
        let members: Vec<_> = infos.iter().zip(&defaults).filter(|(info, _)| group_of(&info.name) == group).collect();
        if members.is_empty() {
            continue;
        }
        let table = group.map_or_else(|| "parameters".to_owned(), |group| format!("parameters.{group}"));
        let _ = writeln!(text, "\n[{table}]");
        for (info, default) in members {
            text.push_str(&comment_of(info));
            // A group is nothing that a text could set.
            let is_off = if info.derived || !info.members.is_empty() { "# " } else { "" };
            let _ = writeln!(text, "{is_off}{} = {}", info.short_name(), value_of(&default.cell(0)));
        }
    }
    let example = infos.iter().find(|info| !info.derived).map_or("name", |info| info.name.as_str());
    let _ = write!(
        text,
        "\n# What is explored in place of the declared exploration; the last axis varies fastest.\n\
         # [explore]\n# {example} = \"0:1:11\"    # or a list: [0, 0.5, 1]\n\
         \n# Parameters in lock step; several such tables as [[zip]].\n# [zip]\n\
         \n# Points scattered over a box, by latin_hypercube, sobol or random.\n\
         # [sample.\"latin_hypercube:100\"]\n# {example} = \"0:1\"    # or \"1:1000:log\", or a list\n\
         \n# Any flag of `run` with a value.\n# [environment]\n# threads = 4\n# comment = \"what it is for\"\n"
    );
    text
}

/// Comment, unit, type and range of a parameter, as comments of the file.
pub(super) fn comment_of(info: &ParameterInfo) -> String {
    let mut text = String::new();
    for line in info.comment.lines() {
        let _ = writeln!(text, "# {}", line.trim());
    }
    let limit = info.limit_or_choices();
    let facts = [
        info.unit.clone(),
        info.value_type.to_string(),
        limit,
        if info.derived { "derived".into() } else { String::new() },
    ];
    let facts: Vec<String> = facts.into_iter().filter(|fact| !fact.is_empty()).collect();
    let _ = writeln!(text, "# ({})", facts.join(", "));
    text
}

pub(super) fn value_of(cell: &Cell<'_>) -> String {
    let elements = cell.spellings(usize::MAX).into_iter().map(|element| match element.as_str() {
        _ if matches!(cell.element(), ElementType::Text | ElementType::C32 | ElementType::C64) => quoted(&element),
        "NaN" => "nan".into(),
        _ => element,
    });
    nested(cell.shape(), &mut elements.collect::<Vec<_>>().into_iter())
}

fn nested(shape: &[usize], elements: &mut impl Iterator<Item = String>) -> String {
    match shape {
        [] => elements.next().unwrap_or_default(),
        [length, inner @ ..] => {
            let items: Vec<String> = (0..*length).map(|_| nested(inner, elements)).collect();
            format!("[{}]", items.join(", "))
        }
    }
}

/// A basic string of TOML.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => {
                let _ = write!(quoted, "\\u{:04X}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_texts_are_toml() {
        assert_eq!(quoted("a\"b\\c\u{1b}"), "\"a\\\"b\\\\c\\u001B\"");
    }
}
