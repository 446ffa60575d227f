//! The spelling of JSON, with `NaN`, `Infinity` and `-Infinity`.

use std::fmt::{self, Display, Formatter, Write};

use super::JsonError;
use super::tree::Tree;

/// Lists in lists, at most: a damaged file must not exhaust the stack.
const DEPTH: usize = 128;

impl Display for Tree {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(truth) => truth.fmt(f),
            Self::Whole(number) => number.fmt(f),
            Self::Negative(number) => number.fmt(f),
            Self::Float(number) => write_float(*number, || format!("{number:?}"), f),
            Self::Single(number) => write_float(f64::from(*number), || format!("{number:?}"), f),
            Self::Text(text) => write_text(text, f),
            Self::List(items) => {
                f.write_char('[')?;
                for (position, item) in items.iter().enumerate() {
                    f.write_str(if position > 0 { ", " } else { "" })?;
                    item.fmt(f)?;
                }
                f.write_char(']')
            }
            Self::Map(entries) => {
                f.write_char('{')?;
                for (position, (key, value)) in entries.iter().enumerate() {
                    f.write_str(if position > 0 { ", " } else { "" })?;
                    write_text(key, f)?;
                    write!(f, ": {value}")?;
                }
                f.write_char('}')
            }
        }
    }
}

/// The shortest digits that give the same number again; `{:?}` always has a dot or an exponent.
fn write_float(number: f64, digits: impl FnOnce() -> String, f: &mut Formatter<'_>) -> fmt::Result {
    match number {
        _ if number.is_nan() => f.write_str("NaN"),
        f64::INFINITY => f.write_str("Infinity"),
        f64::NEG_INFINITY => f.write_str("-Infinity"),
        _ => f.write_str(&digits()),
    }
}

fn write_text(text: &str, f: &mut Formatter<'_>) -> fmt::Result {
    f.write_char('"')?;
    for character in text.chars() {
        match character {
            '"' | '\\' => write!(f, "\\{character}")?,
            '\n' => f.write_str("\\n")?,
            '\t' => f.write_str("\\t")?,
            '\r' => f.write_str("\\r")?,
            control if control < ' ' => write!(f, "\\u{:04x}", u32::from(control))?,
            other => f.write_char(other)?,
        }
    }
    f.write_char('"')
}

/// Reads a whole text.
pub(in crate::value) fn parse(text: &str) -> Result<Tree, JsonError> {
    let mut parser = Parser { rest: text };
    let tree = parser.value(0)?;
    parser.skip_space();
    if parser.rest.is_empty() { Ok(tree) } else { Err(parser.unexpected("nothing more")) }
}

struct Parser<'a> {
    rest: &'a str,
}

impl Parser<'_> {
    fn value(&mut self, depth: usize) -> Result<Tree, JsonError> {
        if depth > DEPTH {
            return Err(JsonError(format!("it is nested more than {DEPTH} deep")));
        }
        self.skip_space();
        match self.rest.chars().next() {
            Some('"') => self.text().map(Tree::Text),
            Some('[') => {
                let mut items = Vec::new();
                self.members('[', ']', |parser| parser.value(depth + 1).map(|item| items.push(item)))?;
                Ok(Tree::List(items))
            }
            Some('{') => {
                let mut entries = Vec::new();
                self.members('{', '}', |parser| {
                    parser.skip_space();
                    let key = parser.text()?;
                    parser.expect(':')?;
                    parser.value(depth + 1).map(|value| entries.push((key, value)))
                })?;
                Ok(Tree::Map(entries))
            }
            _ => self.word(),
        }
    }

    /// Members between two brackets, with commas between them.
    fn members(
        &mut self,
        open: char,
        close: char,
        mut member: impl FnMut(&mut Self) -> Result<(), JsonError>,
    ) -> Result<(), JsonError> {
        self.expect(open)?;
        if self.accept(close) {
            return Ok(());
        }
        loop {
            member(self)?;
            if self.accept(close) {
                return Ok(());
            }
            self.expect(',')?;
        }
    }

    /// A number or a word, up to the next sign that can be part of neither.
    fn word(&mut self) -> Result<Tree, JsonError> {
        let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
        let end = self.rest.find(|c| !is_part(c)).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        let tree = match word {
            "null" => Some(Tree::Null),
            "true" => Some(Tree::Bool(true)),
            "false" => Some(Tree::Bool(false)),
            "NaN" => Some(Tree::Float(f64::NAN)),
            "Infinity" => Some(Tree::Float(f64::INFINITY)),
            "-Infinity" => Some(Tree::Float(f64::NEG_INFINITY)),
            // `parse` would also take `nan` and `inf`, which are words of no JSON.
            _ if word.ends_with(|c: char| c.is_ascii_digit()) => None
                .or_else(|| word.parse().ok().map(Tree::Whole))
                .or_else(|| word.parse().ok().map(Tree::Negative))
                .or_else(|| word.parse().ok().map(Tree::Float)),
            _ => None,
        };
        let tree = tree.ok_or_else(|| self.unexpected("a value"))?;
        self.rest = rest;
        Ok(tree)
    }

    fn text(&mut self) -> Result<String, JsonError> {
        let rest = self.rest.strip_prefix('"').ok_or_else(|| self.unexpected("text in quotes"))?;
        let mut text = String::new();
        let mut characters = rest.chars();
        loop {
            let malformed = || JsonError("a text is not closed, or holds an unknown escape".into());
            match characters.next().ok_or_else(malformed)? {
                '"' => break,
                '\\' => text.push(escape(&mut characters).ok_or_else(malformed)?),
                other => text.push(other),
            }
        }
        self.rest = characters.as_str();
        Ok(text)
    }

    fn expect(&mut self, sign: char) -> Result<(), JsonError> {
        if self.accept(sign) { Ok(()) } else { Err(self.unexpected(&format!("`{sign}`"))) }
    }

    fn accept(&mut self, sign: char) -> bool {
        self.skip_space();
        let rest = self.rest.strip_prefix(sign);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn skip_space(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\n', '\t', '\r']);
    }

    fn unexpected(&self, expected: &str) -> JsonError {
        let found: String = self.rest.chars().take(20).collect();
        JsonError(if found.is_empty() {
            format!("it ends where {expected} is expected")
        } else {
            format!("`{found}` stands where {expected} is expected")
        })
    }
}

/// What stands behind a backslash.
fn escape(characters: &mut std::str::Chars<'_>) -> Option<char> {
    Some(match characters.next()? {
        'n' => '\n',
        't' => '\t',
        'r' => '\r',
        'b' => '\u{8}',
        'f' => '\u{c}',
        'u' => {
            let first = unit(characters)?;
            if !(0xd800..0xdc00).contains(&first) {
                return char::from_u32(first);
            }
            // Beyond 16 bits a character is a pair of units.
            let second =
                characters.as_str().starts_with("\\u").then(|| characters.nth(1)).and_then(|_| unit(characters))?;
            return char::decode_utf16([u16::try_from(first).ok()?, u16::try_from(second).ok()?]).next()?.ok();
        }
        other @ ('"' | '\\' | '/') => other,
        _ => return None,
    })
}

fn unit(characters: &mut std::str::Chars<'_>) -> Option<u32> {
    (0..4).try_fold(0, |number, _| Some(16 * number + characters.next()?.to_digit(16)?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_text_is_a_value_or_an_error(
            odd in any::<String>(),
            tokens in prop::collection::vec(prop::sample::select(vec![
                "[", "]", "{", "}", ",", ":", "\"", "\\", "\\u", "d800", "0041", "1", "-", "e9", ".", "NaN", "Infinity", "null", "true", " ",
                "ä", "\u{10ffff}",
            ]), 0..20),
        ) {
            for text in [odd, tokens.concat()] {
                let _ = parse(&text);
            }
        }
    }

    #[test]
    fn deep_nesting_is_refused_before_the_stack_ends() {
        assert!(parse(&"[".repeat(1_000_000)).is_err());
        assert!(parse(&"{\"a\":".repeat(1_000_000)).is_err());
    }
}
