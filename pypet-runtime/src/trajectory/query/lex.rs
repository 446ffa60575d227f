//! From text to tokens.

use std::ops::Range;

use super::{Mistake, prefixes};
use crate::value::text::quoted_list;

/// One token and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) place: Range<usize>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum TokenKind {
    /// A number, and the unit that follows it.
    Number(Number, Option<String>),
    Text(String),
    Name(String),
    /// An operator, a bracket, a comma, or a word with a meaning of its own.
    Sign(&'static str),
    End,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Number {
    Whole(i128),
    Float(f64),
}

/// Longer signs first, so that `<=` is not `<` and `=`.
const SIGNS: [&str; 18] =
    ["&&", "||", "==", "!=", "<=", ">=", "<", ">", "!", "+", "-", "*", "/", "(", ")", "[", "]", ","];

/// Words that are no names, as signs.
const WORDS: [(&str, &str); 6] =
    [("and", "&&"), ("or", "||"), ("not", "not"), ("in", "in"), ("true", "true"), ("false", "false")];

/// Cuts an expression into tokens; `units` are those that may follow a number.
pub(super) fn tokens(text: &str, units: &[String]) -> Result<Vec<Token>, Mistake> {
    let mut tokens = Vec::new();
    let mut start = 0;
    while let Some(first) = text[start..].chars().next() {
        let rest = &text[start..];
        if first.is_whitespace() {
            start += first.len_utf8();
            continue;
        }
        let (kind, length) = if first.is_ascii_digit() || (first == '.' && starts_with_digit(&rest[1..])) {
            number(rest, units).map_err(|mistake| mistake.moved(start))?
        } else if first.is_alphabetic() || first == '_' || first == '$' {
            let length = rest.find(|c: char| !(c.is_alphanumeric() || "_.$".contains(c))).unwrap_or(rest.len());
            let sign = WORDS.iter().find(|(word, _)| *word == &rest[..length]);
            (sign.map_or_else(|| TokenKind::Name(rest[..length].into()), |(_, sign)| TokenKind::Sign(sign)), length)
        } else if first == '"' || first == '\'' {
            quoted(rest, first).map_err(|mistake| mistake.moved(start))?
        } else if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            (TokenKind::Sign(sign), sign.len())
        } else {
            let hint = match first {
                '=' => "write `==` to compare".into(),
                '&' => "write `&&` for \"and\"".into(),
                '|' => "write `||` for \"or\"".into(),
                other => format!("`{other}` has no meaning here"),
            };
            return Err(Mistake::new(&(start..start + first.len_utf8()), hint));
        };
        tokens.push(Token { kind, place: start..start + length });
        start += length;
    }
    tokens.push(Token { kind: TokenKind::End, place: text.len()..text.len() });
    Ok(tokens)
}

impl Mistake {
    fn moved(self, by: usize) -> Self {
        Self { place: self.place.start + by..self.place.end + by, ..self }
    }
}

fn starts_with_digit(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit())
}

fn number(text: &str, units: &[String]) -> Result<(TokenKind, usize), Mistake> {
    let digits = |from: usize| {
        let end = text[from..].find(|c: char| !(c.is_ascii_digit() || c == '_'));
        end.map_or(text.len(), |end| from + end)
    };
    let mut end = digits(0);
    if text[end..].starts_with('.') {
        end = digits(end + 1);
    }
    if text[end..].starts_with(['e', 'E']) {
        let sign = usize::from(text[end + 1..].starts_with(['+', '-']));
        if starts_with_digit(&text[end + 1 + sign..]) {
            end = digits(end + 1 + sign);
        }
    }
    let spelling = text[..end].replace('_', "");
    let malformed = |_| Mistake::new(&(0..end), format!("`{spelling}` is no number"));
    let number = match spelling.parse::<i128>() {
        Ok(whole) => Number::Whole(whole),
        _ => Number::Float(spelling.parse().map_err(malformed)?),
    };
    let (unit, end) = unit(text, end, units)?;
    Ok((TokenKind::Number(number, unit), end))
}

/// The unit that follows a number, and where it ends.
fn unit(text: &str, end: usize, known: &[String]) -> Result<(Option<String>, usize), Mistake> {
    let rest = text[end..].trim_start();
    let start = text.len() - rest.len();
    let is_letter = |c: char| c.is_alphanumeric() || "_%°".contains(c);
    let word = &rest[..rest.find(|c: char| !is_letter(c)).unwrap_or(rest.len())];
    if WORDS.iter().any(|(other, _)| *other == word) {
        return Ok((None, end));
    }
    let follows = |unit: &&String| rest.strip_prefix(unit.as_str()).is_some_and(|after| !after.starts_with(is_letter));
    match known.iter().filter(follows).max_by_key(|unit| unit.len()) {
        Some(unit) => Ok((Some(unit.clone()), start + unit.len())),
        None if word.is_empty() || starts_with_digit(word) => Ok((None, end)),
        None if known.iter().any(|known| prefixes::power(word, known).is_some()) => {
            Ok((Some(word.to_owned()), start + word.len()))
        }
        None => {
            let known = if known.is_empty() { "which has none".into() } else { format!("only {}", quoted_list(known)) };
            let message = format!("`{word}` is no unit of this trajectory, {known}");
            Err(Mistake::new(&(start..start + word.len()), message))
        }
    }
}

/// Text in quotes; a backslash takes the next character as it is.
fn quoted(text: &str, quote: char) -> Result<(TokenKind, usize), Mistake> {
    let mut content = String::new();
    let mut characters = text.char_indices().skip(1);
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' => content.extend(characters.next().map(|(_, escaped)| escaped)),
            end if end == quote => return Ok((TokenKind::Text(content), at + 1)),
            other => content.push(other),
        }
    }
    Err(Mistake::new(&(0..text.len()), format!("the text has no closing {quote}")))
}
