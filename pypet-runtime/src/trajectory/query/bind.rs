//! From a tree to a query of one trajectory: names become columns, and types and units are checked.

use std::collections::HashMap;
use std::ops::Range;

use super::eval::{Column, Node, Query};
use super::lex::Number;
use super::parse::{Compare, Expr, ExprKind};
use super::spelled::Spelling;
use super::{Mistake, Trouble, prefixes};
use crate::error::Error;
use crate::run::RunStatus;
use crate::trajectory::naming::Of;
use crate::trajectory::{AnyTrajectory, NodeRef, TrajectoryError};
use crate::value::text::{near, quoted_list};
use crate::value::{Cells, ElementType};

/// The units of what conditions are about, each once.
pub(super) fn units(any: &AnyTrajectory) -> Vec<String> {
    let is_config = |node: &NodeRef<'_>| node.path().starts_with("config/");
    let mut units: Vec<String> =
        any.leaves().filter(|node| !is_config(node)).map(|node| node.unit().to_owned()).collect();
    units.sort_unstable();
    units.dedup();
    units.retain(|unit| !unit.is_empty());
    units
}

/// Finds the names of a condition in a trajectory.
pub(super) fn bind(any: &AnyTrajectory, source: &str, condition: &Expr) -> Result<Query, Trouble> {
    let mut binder = Binder { any, source, columns: Vec::new(), read: HashMap::new() };
    let bound = binder.bind(condition)?;
    if bound.kind != Kind::Truth {
        let text = &source[condition.place.clone()];
        let hint = if bound.kind == Kind::Number { "> 0" } else { "== \"…\"" };
        let message = format!("`{text}` is {}, not a condition; compare it, as in `{text} {hint}`", bound.kind.words());
        return Err(Mistake::new(&condition.place, message).into());
    }
    Ok(Query { condition: bound.node, columns: binder.columns })
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Number,
    Text,
    Truth,
}

impl Kind {
    fn words(self) -> &'static str {
        match self {
            Self::Number => "a number",
            Self::Text => "a text",
            Self::Truth => "a truth value",
        }
    }
}

/// A bound part of a condition.
struct Bound {
    node: Node,
    kind: Kind,
    unit: Unit,
    /// Whether runs without results have no answer.
    on_results: bool,
    /// The texts that are possible, if they are few; else nothing.
    choices: Vec<String>,
    /// The text itself, if it stands in the condition.
    literal: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
enum Unit {
    /// Fits everything: a bare number, a product.
    Any,
    /// That of a column, perhaps none.
    Of(String),
    /// That behind a number.
    Written(String),
}

impl Bound {
    fn new(node: Node, kind: Kind) -> Self {
        Self { node, kind, unit: Unit::Any, on_results: false, choices: Vec::new(), literal: None }
    }

    /// A number that stands in the condition, in the unit of what it meets, if only their prefixes differ.
    fn meeting(mut self, other: &Self) -> Self {
        if let (Unit::Written(own), Unit::Of(wanted)) = (&self.unit, &other.unit)
            && let Some(power) = prefixes::power(own, wanted)
            && let Some(node) = shifted(&self.node, power)
        {
            (self.node, self.unit) = (node, Unit::Written(wanted.clone()));
        }
        self
    }
}

fn in_one_unit(a: Bound, b: Bound) -> (Bound, Bound) {
    let a = a.meeting(&b);
    let b = b.meeting(&a);
    (a, b)
}

/// A number with its decimal point moved; `None` if it is computed.
fn shifted(node: &Node, power: i32) -> Option<Node> {
    Some(match node {
        Node::Whole(whole) => {
            let factor = u32::try_from(power).ok().and_then(|power| 10_i128.checked_pow(power));
            match factor.and_then(|factor| whole.checked_mul(factor)) {
                Some(whole) => Node::Whole(whole),
                None => Node::Float(prefixes::shifted(*whole as f64, power)),
            }
        }
        Node::Float(float) => Node::Float(prefixes::shifted(*float, power)),
        Node::Negative(inner) => Node::Negative(Box::new(shifted(inner, power)?)),
        _ => return None,
    })
}

struct Binder<'a> {
    any: &'a AnyTrajectory,
    source: &'a str,
    columns: Vec<Column>,
    /// The numbers of the columns that are in memory, by their paths.
    read: HashMap<&'a str, usize>,
}

impl<'a> Binder<'a> {
    fn bind(&mut self, expr: &Expr) -> Result<Bound, Trouble> {
        Ok(match &expr.kind {
            ExprKind::Number(Number::Whole(whole), unit) => number(Node::Whole(*whole), unit.as_ref()),
            ExprKind::Number(Number::Float(float), unit) => number(Node::Float(*float), unit.as_ref()),
            ExprKind::Truth(truth) => Bound::new(Node::Truth(*truth), Kind::Truth),
            ExprKind::Text(text) => {
                Bound { literal: Some(text.clone()), ..Bound::new(Node::Text(text.clone()), Kind::Text) }
            }
            ExprKind::Name(name) => self.name(name, &expr.place)?,
            ExprKind::Not(inner) => {
                let bound = self.expect(inner, Kind::Truth, "`!` turns conditions around")?;
                Bound { node: Node::Not(Box::new(bound.node)), ..bound }
            }
            ExprKind::Negative(inner) => {
                let bound = self.expect(inner, Kind::Number, "`-` takes numbers")?;
                Bound { node: Node::Negative(Box::new(bound.node)), ..bound }
            }
            ExprKind::And(left, right) | ExprKind::Or(left, right) => {
                let is_and = matches!(expr.kind, ExprKind::And(..));
                let joins = if is_and { "`&&` joins conditions" } else { "`||` joins conditions" };
                let left = self.expect(left, Kind::Truth, joins)?;
                let right = self.expect(right, Kind::Truth, joins)?;
                let on_results = left.on_results || right.on_results;
                let (left, right) = (Box::new(left.node), Box::new(right.node));
                let node = if is_and { Node::And(left, right) } else { Node::Or(left, right) };
                Bound { on_results, ..Bound::new(node, Kind::Truth) }
            }
            ExprKind::Arithmetic(operator, left, right) => {
                use super::parse::Arithmetic::{Add, Subtract};
                let takes = "arithmetic takes numbers";
                let a = self.expect(left, Kind::Number, takes)?;
                let b = self.expect(right, Kind::Number, takes)?;
                let keeps_unit = matches!(operator, Add | Subtract);
                let (a, b) = if keeps_unit { in_one_unit(a, b) } else { (a, b) };
                let unit = if keeps_unit { self.common_unit(&a, &b, &expr.place, left, right)? } else { Unit::Any };
                let on_results = a.on_results || b.on_results;
                let node = Node::Arithmetic(*operator, Box::new(a.node), Box::new(b.node));
                Bound { unit, on_results, ..Bound::new(node, Kind::Number) }
            }
            ExprKind::Compare(operator, left, right) => {
                let (a, b) = in_one_unit(self.bind_side(left, right)?, self.bind_side(right, left)?);
                self.check_pair(&a, &b, &expr.place, left, right)?;
                let has_order = matches!(operator, Compare::Equal | Compare::NotEqual) || a.kind != Kind::Truth;
                if !has_order {
                    return Err(Mistake::new(&expr.place, "truth values have no order; use `==` or `!=`").into());
                }
                let on_results = a.on_results || b.on_results;
                let node = Node::Compare(*operator, Box::new(a.node), Box::new(b.node), on_results);
                Bound { on_results, ..Bound::new(node, Kind::Truth) }
            }
            ExprKind::In(item, list) => {
                let bound = self.bind(item)?;
                let mut on_results = bound.on_results;
                let mut nodes = Vec::new();
                for other in list {
                    let other_bound = self.bind_side(other, item)?.meeting(&bound);
                    self.check_pair(&bound, &other_bound, &other.place, item, other)?;
                    on_results |= other_bound.on_results;
                    nodes.push(other_bound.node);
                }
                Bound { on_results, ..Bound::new(Node::In(Box::new(bound.node), nodes, on_results), Kind::Truth) }
            }
        })
    }

    fn text_of(&self, expr: &Expr) -> &str {
        &self.source[expr.place.clone()]
    }

    fn expect(&mut self, expr: &Expr, kind: Kind, why: &str) -> Result<Bound, Trouble> {
        let bound = self.bind(expr)?;
        if bound.kind == kind {
            return Ok(bound);
        }
        let message = format!("{why}, but `{}` is {}", self.text_of(expr), bound.kind.words());
        Err(Mistake::new(&expr.place, message).into())
    }

    /// Binds one side of a comparison; a name that is unknown there may be a text without quotes.
    fn bind_side(&mut self, expr: &Expr, other: &Expr) -> Result<Bound, Trouble> {
        let result = self.bind(expr);
        let (Err(Trouble::Mistake(mistake)), ExprKind::Name(name)) = (&result, &expr.kind) else { return result };
        let is_unknown = matches!(self.any.resolve(name), Err(Error::Trajectory(TrajectoryError::Unknown { .. })));
        if !is_unknown || !self.bind(other).is_ok_and(|other| other.kind == Kind::Text) {
            return result;
        }
        let message = format!("{}; a text stands in quotes: `\"{name}\"`", mistake.message);
        Err(Mistake::new(&expr.place, message).into())
    }

    fn check_pair(&self, a: &Bound, b: &Bound, place: &Range<usize>, left: &Expr, right: &Expr) -> Result<(), Mistake> {
        if a.kind != b.kind {
            let message = format!(
                "cannot compare `{}`, {}, with `{}`, {}",
                self.text_of(left),
                a.kind.words(),
                self.text_of(right),
                b.kind.words()
            );
            return Err(Mistake::new(place, message));
        }
        self.common_unit(a, b, place, left, right)?;
        for (choices, text, column, place) in
            [(&a.choices, &b.literal, left, &right.place), (&b.choices, &a.literal, right, &left.place)]
        {
            let Some(text) = text.as_ref().filter(|text| !choices.is_empty() && !choices.contains(text)) else {
                continue;
            };
            let message =
                format!("`{}` is never {text:?}; it is one of {}", self.text_of(column), quoted_list(choices));
            return Err(Mistake::new(place, message));
        }
        Ok(())
    }

    fn common_unit(
        &self,
        a: &Bound,
        b: &Bound,
        place: &Range<usize>,
        left: &Expr,
        right: &Expr,
    ) -> Result<Unit, Mistake> {
        let known = |unit: &Unit| match unit {
            Unit::Any => None,
            Unit::Of(unit) | Unit::Written(unit) => Some(unit.clone()),
        };
        let (Some(first), Some(second)) = (known(&a.unit), known(&b.unit)) else {
            return Ok(if a.unit == Unit::Any { b.unit.clone() } else { a.unit.clone() });
        };
        let is_written = matches!(a.unit, Unit::Written(_)) || matches!(b.unit, Unit::Written(_));
        if first == second || (!is_written && (first.is_empty() || second.is_empty())) {
            return Ok(if first.is_empty() { b.unit.clone() } else { a.unit.clone() });
        }
        let words = |unit: &str| if unit.is_empty() { "has no unit".into() } else { format!("is in `{unit}`") };
        let (left, right) = (self.text_of(left), self.text_of(right));
        let message = format!("`{left}` {}, but `{right}` {}", words(&first), words(&second));
        Err(Mistake::new(place, message))
    }

    fn name(&mut self, name: &str, place: &Range<usize>) -> Result<Bound, Trouble> {
        match name {
            "run" => return Ok(Bound::new(Node::Index, Kind::Number)),
            "status" => {
                let choices = RunStatus::ALL.map(|status| status.to_string()).to_vec();
                return Ok(Bound { choices, ..Bound::new(Node::Status, Kind::Text) });
            }
            _ => {}
        }
        let any = self.any;
        let (node, of) = any.resolve(name).map_err(|error| explain(name, place, error))?;
        let column = any.explored_of(node).or_else(|| node.is_column().then_some(node));
        let Some(leaf) = column.unwrap_or(node).leaf() else {
            let members: Vec<String> = node.children().map(NodeRef::full_name).collect();
            let message = format!("`{name}` is a group, not a value; it has {}", quoted_list(&members));
            return Err(Mistake::new(place, message).into());
        };
        if !leaf.value_type.is_scalar() {
            let per_run = if node.is_column() { " in each run" } else { "" };
            let message = format!(
                "`{name}` is an array (`{}`){per_run}; a condition takes single values, so store what it is about \
                 as a result",
                leaf.value_type
            );
            return Err(Mistake::new(place, message).into());
        }
        if matches!(leaf.value_type.element, ElementType::C32 | ElementType::C64) {
            let message =
                format!("`{name}` is a complex number, which a condition cannot compare; store its modulus, say");
            return Err(Mistake::new(place, message).into());
        }
        let spelling = Spelling::of(&leaf.value_type);
        let kind = match (leaf.value_type.element, spelling) {
            (ElementType::Bool, _) | (_, Some(Spelling::Truths)) => Kind::Truth,
            (ElementType::Text, None) => Kind::Text,
            _ => Kind::Number,
        };
        let number = match (of, column) {
            (Of::Run(run), _) => self.keep(any.run(run)?.cells_of(node)?, true),
            (_, None) => self.keep(node.cells()?, true),
            (_, Some(column)) => self.column(column)?,
        };
        if let (Some(spelling), column @ Column { spelled: None, .. }) = (spelling, &mut self.columns[number]) {
            let spelled = spelling.read(&leaf.value_type, &column.cells);
            let refused = |problem| Mistake::new(place, format!("`{name}` cannot be compared: {problem}"));
            column.spelled = Some(spelled.map_err(refused)?);
        }
        let is_of_runs = !self.columns[number].is_constant;
        let on_results = is_of_runs && column.is_some_and(|column| column.path().starts_with("results/"));
        let unit = if kind == Kind::Number { Unit::Of(leaf.unit.clone()) } else { Unit::Any };
        let node = Node::Column(number, on_results && kind == Kind::Truth);
        Ok(Bound { unit, on_results, choices: leaf.value_type.choices.clone(), ..Bound::new(node, kind) })
    }

    /// The number of a column, which is read once, however often it is named.
    fn column(&mut self, column: NodeRef<'a>) -> Result<usize, Trouble> {
        if let Some(&number) = self.read.get(column.path()) {
            return Ok(number);
        }
        let rows = self.any.reader().rows(column.path(), 0..self.any.header().n_runs).map_err(Error::from)?;
        let number = self.keep(rows, false);
        self.read.insert(column.path(), number);
        Ok(number)
    }

    fn keep(&mut self, cells: Cells, is_constant: bool) -> usize {
        self.columns.push(Column { cells, is_constant, spelled: None });
        self.columns.len() - 1
    }
}

fn number(node: Node, unit: Option<&String>) -> Bound {
    let unit = unit.map_or(Unit::Any, |unit| Unit::Written(unit.clone()));
    Bound { unit, ..Bound::new(node, Kind::Number) }
}

/// What is wrong with a name, with names that may have been meant.
fn explain(name: &str, place: &Range<usize>, error: Error) -> Trouble {
    match error {
        Error::Trajectory(TrajectoryError::Unknown { names, .. }) => {
            let near = near(name, names.iter().map(String::as_str).chain(["run", "status"]));
            let hint = if near.is_empty() { String::new() } else { format!("; did you mean {}?", quoted_list(&near)) };
            Mistake::new(place, format!("there is no parameter or result `{name}`{hint}")).into()
        }
        Error::Trajectory(ambiguous @ TrajectoryError::Ambiguous { .. }) => {
            Mistake::new(place, ambiguous.to_string()).into()
        }
        other => other.into(),
    }
}
