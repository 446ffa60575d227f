//! Literals that can be compared before the program is built.

use std::cmp::Ordering;

use quote::ToTokens;
use syn::{Expr, ExprLit, ExprRange, ExprUnary, Lit, RangeLimits, UnOp};

/// The value of a literal, as far as it is known here.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Literal {
    Int(i128),
    Float(f64),
    Text(String),
    Char(char),
    Bool(bool),
}

impl Literal {
    /// The value of a literal, with its sign; `None` for any other expression.
    pub(crate) fn of(expression: &Expr) -> Option<Self> {
        match expression {
            Expr::Lit(ExprLit { lit, .. }) => Self::of_lit(lit),
            Expr::Unary(ExprUnary { op: UnOp::Neg(_), expr, .. }) => match Self::of(expr)? {
                Self::Int(number) => Some(Self::Int(-number)),
                Self::Float(number) => Some(Self::Float(-number)),
                _ => None,
            },
            Expr::Paren(inner) => Self::of(&inner.expr),
            Expr::Group(inner) => Self::of(&inner.expr),
            _ => None,
        }
    }

    fn of_lit(lit: &Lit) -> Option<Self> {
        match lit {
            Lit::Int(number) if matches!(number.suffix(), "f32" | "f64") => {
                Some(Self::Float(parse(number.base10_digits())?))
            }
            Lit::Int(number) => Some(Self::Int(parse(number.base10_digits())?)),
            Lit::Float(number) => Some(Self::Float(parse(number.base10_digits())?)),
            Lit::Str(text) => Some(Self::Text(text.value())),
            Lit::Char(character) => Some(Self::Char(character.value())),
            Lit::Bool(truth) => Some(Self::Bool(truth.value)),
            _ => None,
        }
    }
}

impl PartialOrd for Literal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Int(a), Self::Int(b)) => a.partial_cmp(b),
            (Self::Float(a), Self::Float(b)) => a.partial_cmp(b),
            (Self::Text(a), Self::Text(b)) => a.partial_cmp(b),
            (Self::Char(a), Self::Char(b)) => a.partial_cmp(b),
            (Self::Bool(a), Self::Bool(b)) => a.partial_cmp(b),
            _ => None,
        }
    }
}

/// Whether a range holds a value; `None` if its ends are no literals of the same kind.
pub(crate) fn holds(range: &ExprRange, value: &Literal) -> Option<bool> {
    let above = match &range.start {
        Some(start) => value.partial_cmp(&Literal::of(start)?)?.is_ge(),
        None => true,
    };
    let below = match (&range.end, range.limits) {
        (Some(end), RangeLimits::HalfOpen(_)) => value.partial_cmp(&Literal::of(end)?)?.is_lt(),
        (Some(end), RangeLimits::Closed(_)) => value.partial_cmp(&Literal::of(end)?)?.is_le(),
        (None, _) => true,
    };
    Some(above && below)
}

/// Whether a range certainly holds nothing.
pub(crate) fn is_empty(range: &ExprRange) -> bool {
    let ends = |start: &Expr, end: &Expr| Literal::of(start)?.partial_cmp(&Literal::of(end)?);
    let order = range.start.as_ref().zip(range.end.as_ref()).and_then(|(start, end)| ends(start, end));
    match range.limits {
        RangeLimits::HalfOpen(_) => order.is_some_and(Ordering::is_ge),
        RangeLimits::Closed(_) => order.is_some_and(Ordering::is_gt),
    }
}

/// A literal or a range of literals as the user wrote it: without the blanks that tokens have between them.
pub(crate) fn text(expression: &Expr) -> String {
    match expression {
        Expr::Range(range) => {
            let end = |end: &Option<Box<Expr>>| end.as_deref().map(text).unwrap_or_default();
            let limits = range.limits.to_token_stream().to_string().replace(' ', "");
            format!("{}{limits}{}", end(&range.start), end(&range.end))
        }
        Expr::Unary(ExprUnary { op: UnOp::Neg(_), expr, .. }) => format!("-{}", text(expr)),
        other => other.to_token_stream().to_string(),
    }
}

fn parse<T: std::str::FromStr>(digits: &str) -> Option<T> {
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use syn::parse_quote;

    use super::*;

    fn holds_value(range: &ExprRange, value: &Expr) -> Option<bool> {
        holds(range, &Literal::of(value)?)
    }

    #[test]
    fn ends_count_as_rust_says() {
        assert_eq!(holds_value(&parse_quote!(0.0..=2.0), &parse_quote!(2.0)), Some(true));
        assert_eq!(holds_value(&parse_quote!(0.0..2.0), &parse_quote!(2.0)), Some(false));
        assert_eq!(holds_value(&parse_quote!(-5..), &parse_quote!(-6)), Some(false));
        assert_eq!(holds_value(&parse_quote!(..=1_000), &parse_quote!(1e3)), None);
        assert_eq!(holds_value(&parse_quote!(0..N), &parse_quote!(3)), None);
    }

    #[test]
    fn a_range_may_be_empty() {
        assert!(is_empty(&parse_quote!(2..2)));
        assert!(!is_empty(&parse_quote!(2..=2)));
        assert!(is_empty(&parse_quote!(1.0..=-1.0)));
        assert!(!is_empty(&parse_quote!(A..B)));
    }

    #[test]
    fn text_is_as_written() {
        assert_eq!(text(&parse_quote!(-1.0..=2.5)), "-1.0..=2.5");
        assert_eq!(text(&parse_quote!("rk4")), "\"rk4\"");
    }
}
