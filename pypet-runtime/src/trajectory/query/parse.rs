//! From tokens to a tree, by the binding power of the operators.

use std::ops::Range;

use super::Mistake;
use super::lex::{Number, Token, TokenKind};

/// Brackets in brackets, and operators altogether, that are followed; more would exhaust the stack.
const DEEPEST: usize = 200;
const MOST_OPERATORS: usize = 500;

/// A part of a condition and where it stands.
#[derive(Debug)]
pub(super) struct Expr {
    pub(super) kind: ExprKind,
    pub(super) place: Range<usize>,
}

#[derive(Debug)]
pub(super) enum ExprKind {
    Number(Number, Option<String>),
    Text(String),
    Truth(bool),
    Name(String),
    Not(Box<Expr>),
    Negative(Box<Expr>),
    Arithmetic(Arithmetic, Box<Expr>, Box<Expr>),
    Compare(Compare, Box<Expr>, Box<Expr>),
    And(Box<Expr>, Box<Expr>),
    Or(Box<Expr>, Box<Expr>),
    In(Box<Expr>, Vec<Expr>),
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Compare {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// Binding powers; what binds tighter has a higher one.
mod power {
    pub(super) const OR: u8 = 1;
    pub(super) const AND: u8 = 2;
    pub(super) const NOT: u8 = 3;
    pub(super) const COMPARE: u8 = 4;
    pub(super) const SUM: u8 = 5;
    pub(super) const PRODUCT: u8 = 6;
    pub(super) const SIGN: u8 = 7;
}

/// Reads a whole expression.
pub(super) fn parse(tokens: &[Token]) -> Result<Expr, Mistake> {
    let mut parser = Parser { tokens, next: 0, depth: 0, n_operators: 0 };
    let expression = parser.expression(0)?;
    match parser.peek() {
        Token { kind: TokenKind::End, .. } => Ok(expression),
        other => Err(unexpected(other, "an operator such as `&&` or `>`, or the end")),
    }
}

struct Parser<'a> {
    tokens: &'a [Token],
    next: usize,
    depth: usize,
    n_operators: usize,
}

fn unexpected(token: &Token, expected: &str) -> Mistake {
    let found = match &token.kind {
        TokenKind::End => "the condition ends".into(),
        TokenKind::Sign(sign) => format!("there is `{sign}`"),
        TokenKind::Name(name) => format!("there is `{name}`"),
        TokenKind::Text(text) => format!("there is {text:?}"),
        TokenKind::Number(..) => "there is a number".into(),
    };
    Mistake::new(&token.place, format!("expected {expected}, but {found}"))
}

impl<'a> Parser<'a> {
    fn peek(&self) -> &'a Token {
        &self.tokens[self.next.min(self.tokens.len() - 1)]
    }

    fn take(&mut self) -> &'a Token {
        let token = self.peek();
        self.next += 1;
        token
    }

    fn take_if(&mut self, sign: &str) -> bool {
        let is_there = matches!(self.peek().kind, TokenKind::Sign(other) if other == sign);
        self.next += usize::from(is_there);
        is_there
    }

    /// Reads operators that bind tighter than `least`.
    fn expression(&mut self, least: u8) -> Result<Expr, Mistake> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(Mistake::new(&self.peek().place, "the condition is nested too deeply"));
        }
        let mut left = self.operand()?;
        let mut compared = false;
        while let TokenKind::Sign(sign) = self.peek().kind {
            let Some(power) = power_of(sign).filter(|power| *power > least) else { break };
            let operator = self.take();
            self.n_operators += 1;
            if self.n_operators > MOST_OPERATORS {
                let message =
                    format!("a condition has at most {MOST_OPERATORS} operators; `x in [a, b]` needs only one");
                return Err(Mistake::new(&operator.place, message));
            }
            if power == power::COMPARE && std::mem::replace(&mut compared, true) {
                let message = "comparisons cannot follow each other; write `a < b && b < c`";
                return Err(Mistake::new(&operator.place, message));
            }
            let place = left.place.start;
            let kind = if sign == "in" {
                ExprKind::In(Box::new(left), self.list()?)
            } else {
                let right = self.expression(power)?;
                binary(sign, Box::new(left), Box::new(right))
            };
            left = Expr { kind, place: place..self.tokens[self.next - 1].place.end };
        }
        self.depth -= 1;
        Ok(left)
    }

    fn operand(&mut self) -> Result<Expr, Mistake> {
        let token = self.take();
        let start = token.place.start;
        let kind = match &token.kind {
            TokenKind::Number(number, unit) => ExprKind::Number(*number, unit.clone()),
            TokenKind::Text(text) => ExprKind::Text(text.clone()),
            TokenKind::Name(name) => ExprKind::Name(name.clone()),
            TokenKind::Sign(truth @ ("true" | "false")) => ExprKind::Truth(*truth == "true"),
            TokenKind::Sign("not") => ExprKind::Not(Box::new(self.expression(power::NOT)?)),
            TokenKind::Sign("!") => ExprKind::Not(Box::new(self.expression(power::SIGN)?)),
            TokenKind::Sign("-") => ExprKind::Negative(Box::new(self.expression(power::SIGN)?)),
            TokenKind::Sign("(") => {
                let inner = self.expression(0)?;
                if !self.take_if(")") {
                    return Err(unexpected(self.peek(), "`)`"));
                }
                inner.kind
            }
            _ => return Err(unexpected(token, "a name, a number, a text in quotes, or `(`")),
        };
        Ok(Expr { kind, place: start..self.tokens[self.next - 1].place.end })
    }

    fn list(&mut self) -> Result<Vec<Expr>, Mistake> {
        if !self.take_if("[") {
            return Err(unexpected(self.peek(), "a list such as `[1, 2]`"));
        }
        let mut items = Vec::new();
        loop {
            items.push(self.expression(0)?);
            if self.take_if("]") {
                return Ok(items);
            }
            if !self.take_if(",") {
                return Err(unexpected(self.peek(), "`,` or `]`"));
            }
        }
    }
}

fn power_of(sign: &str) -> Option<u8> {
    Some(match sign {
        "||" => power::OR,
        "&&" => power::AND,
        "==" | "!=" | "<" | "<=" | ">" | ">=" | "in" => power::COMPARE,
        "+" | "-" => power::SUM,
        "*" | "/" => power::PRODUCT,
        _ => return None,
    })
}

fn binary(sign: &str, left: Box<Expr>, right: Box<Expr>) -> ExprKind {
    match sign {
        "||" => ExprKind::Or(left, right),
        "&&" => ExprKind::And(left, right),
        "+" => ExprKind::Arithmetic(Arithmetic::Add, left, right),
        "-" => ExprKind::Arithmetic(Arithmetic::Subtract, left, right),
        "*" => ExprKind::Arithmetic(Arithmetic::Multiply, left, right),
        "/" => ExprKind::Arithmetic(Arithmetic::Divide, left, right),
        "==" => ExprKind::Compare(Compare::Equal, left, right),
        "!=" => ExprKind::Compare(Compare::NotEqual, left, right),
        "<" => ExprKind::Compare(Compare::Less, left, right),
        "<=" => ExprKind::Compare(Compare::LessOrEqual, left, right),
        ">" => ExprKind::Compare(Compare::Greater, left, right),
        _ => ExprKind::Compare(Compare::GreaterOrEqual, left, right),
    }
}
