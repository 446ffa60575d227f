//! Answering a condition for many runs at a time.

use std::ops::Range;

use super::parse::{Arithmetic, Compare};
use crate::run::RunStatus;
use crate::value::{Cells, ElementType};

/// Runs that are looked at together: few enough to stay in the processor's cache.
const BLOCK: usize = 1024;

/// A condition whose names are bound to columns.
#[derive(Debug)]
pub(super) struct Query {
    pub(super) condition: Node,
    pub(super) columns: Vec<Column>,
}

/// The values of one name: one cell for each run, or one for all.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) cells: Cells,
    pub(super) is_constant: bool,
}

/// A part of a condition whose types fit.
#[derive(Debug)]
pub(super) enum Node {
    /// A column by its number; a truth value of a run without results is unknown if the flag says so.
    Column(usize, bool),
    Whole(i128),
    Float(f64),
    Text(String),
    Truth(bool),
    /// The index of the run.
    Index,
    /// The state of the run, in words.
    Status,
    Not(Box<Node>),
    Negative(Box<Node>),
    Arithmetic(Arithmetic, Box<Node>, Box<Node>),
    /// Unknown for runs without results if the flag says so.
    Compare(Compare, Box<Node>, Box<Node>, bool),
    And(Box<Node>, Box<Node>),
    Or(Box<Node>, Box<Node>),
    /// Unknown for runs without results if the flag says so.
    In(Box<Node>, Vec<Node>, bool),
}

/// Whether a condition holds; `None` if a run has no answer.
type Answer = Option<bool>;

/// Values of the runs of one block.
enum Values<'a> {
    Wholes(Vec<i128>),
    Floats(Vec<f64>),
    Texts(Vec<&'a str>),
    Truths(Vec<Answer>),
}

impl Query {
    /// The runs for which the condition holds.
    pub(super) fn matching(&self, statuses: &[RunStatus]) -> Vec<usize> {
        let words = RunStatus::ALL.map(|status| status.to_string());
        let mut found = Vec::new();
        for start in (0..statuses.len()).step_by(BLOCK) {
            let runs = start..statuses.len().min(start + BLOCK);
            let block = Block { query: self, statuses: &statuses[runs.clone()], runs, words: &words };
            let answers = block.truths(&self.condition);
            found.extend(
                block.runs.clone().zip(answers).filter(|(_, answer)| *answer == Some(true)).map(|(run, _)| run),
            );
        }
        found
    }
}

struct Block<'a> {
    query: &'a Query,
    runs: Range<usize>,
    statuses: &'a [RunStatus],
    words: &'a [String],
}

impl<'a> Block<'a> {
    fn truths(&self, node: &'a Node) -> Vec<Answer> {
        match self.values(node) {
            Values::Truths(truths) => truths,
            _ => unreachable!("binding has checked that this is a condition"),
        }
    }

    fn values(&self, node: &'a Node) -> Values<'a> {
        let n = self.runs.len();
        match node {
            Node::Column(number, on_results) => {
                let mut values = self.column(&self.query.columns[*number]);
                if let Values::Truths(truths) = &mut values {
                    self.forget_undone(truths, *on_results);
                }
                values
            }
            Node::Whole(number) => Values::Wholes(vec![*number; n]),
            Node::Float(number) => Values::Floats(vec![*number; n]),
            Node::Text(text) => Values::Texts(vec![text; n]),
            Node::Truth(truth) => Values::Truths(vec![Some(*truth); n]),
            Node::Index => Values::Wholes(self.runs.clone().map(|run| run as i128).collect()),
            Node::Status => {
                let word = |status: &RunStatus| self.words[usize::from(status.code())].as_str();
                Values::Texts(self.statuses.iter().map(word).collect())
            }
            Node::Not(inner) => Values::Truths(self.truths(inner).into_iter().map(|truth| truth.map(|t| !t)).collect()),
            Node::Negative(inner) => match self.values(inner) {
                Values::Wholes(numbers) => Values::Wholes(numbers.into_iter().map(i128::saturating_neg).collect()),
                numbers => Values::Floats(floats(numbers).into_iter().map(|x| -x).collect()),
            },
            Node::Arithmetic(operator, left, right) => arithmetic(*operator, self.values(left), self.values(right)),
            Node::Compare(operator, left, right, on_results) => {
                let mut truths = compare(*operator, &self.values(left), &self.values(right));
                self.forget_undone(&mut truths, *on_results);
                Values::Truths(truths)
            }
            Node::And(left, right) => self.both(left, right, |pair| match pair {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            }),
            Node::Or(left, right) => self.both(left, right, |pair| match pair {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (Some(false), Some(false)) => Some(false),
                _ => None,
            }),
            Node::In(item, list, on_results) => {
                let item = self.values(item);
                let mut truths = vec![Some(false); n];
                for other in list {
                    let equal = compare(Compare::Equal, &item, &self.values(other));
                    truths.iter_mut().zip(equal).filter(|(_, equal)| *equal == Some(true)).for_each(|(t, e)| *t = e);
                }
                self.forget_undone(&mut truths, *on_results);
                Values::Truths(truths)
            }
        }
    }

    fn both(&self, left: &'a Node, right: &'a Node, join: fn((Answer, Answer)) -> Answer) -> Values<'a> {
        Values::Truths(self.truths(left).into_iter().zip(self.truths(right)).map(join).collect())
    }

    fn forget_undone(&self, truths: &mut [Answer], on_results: bool) {
        if on_results {
            let undone = truths.iter_mut().zip(self.statuses).filter(|(_, status)| **status != RunStatus::Done);
            undone.for_each(|(truth, _)| *truth = None);
        }
    }

    fn column(&self, column: &'a Column) -> Values<'a> {
        let Column { cells, is_constant } = column;
        let rows = if *is_constant { 0..1 } else { self.runs.clone() };
        let mut values = rows_of(cells, rows);
        if *is_constant {
            let n = self.runs.len();
            match &mut values {
                Values::Wholes(numbers) => numbers.resize(n, numbers[0]),
                Values::Floats(numbers) => numbers.resize(n, numbers[0]),
                Values::Texts(texts) => texts.resize(n, texts[0]),
                Values::Truths(truths) => truths.resize(n, truths[0]),
            }
        }
        values
    }
}

/// Some single values of a column.
fn rows_of(cells: &Cells, rows: Range<usize>) -> Values<'_> {
    fn numbers<T: bytemuck::Pod, N>(cells: &Cells, rows: Range<usize>, widen: impl Fn(T) -> N) -> Vec<N> {
        let size = size_of::<T>();
        let bytes = &cells.bytes()[rows.start * size..rows.end * size];
        bytes.chunks_exact(size).map(|bytes| widen(bytemuck::pod_read_unaligned(bytes))).collect()
    }
    match cells.element() {
        ElementType::Bool => Values::Truths(numbers::<u8, _>(cells, rows, |x| Some(x != 0))),
        ElementType::I8 => Values::Wholes(numbers::<i8, _>(cells, rows, i128::from)),
        ElementType::I16 => Values::Wholes(numbers::<i16, _>(cells, rows, i128::from)),
        ElementType::I32 => Values::Wholes(numbers::<i32, _>(cells, rows, i128::from)),
        ElementType::I64 => Values::Wholes(numbers::<i64, _>(cells, rows, i128::from)),
        ElementType::U8 => Values::Wholes(numbers::<u8, _>(cells, rows, i128::from)),
        ElementType::U16 => Values::Wholes(numbers::<u16, _>(cells, rows, i128::from)),
        ElementType::U32 => Values::Wholes(numbers::<u32, _>(cells, rows, i128::from)),
        ElementType::U64 => Values::Wholes(numbers::<u64, _>(cells, rows, i128::from)),
        ElementType::F32 => Values::Floats(numbers::<f32, _>(cells, rows, f64::from)),
        ElementType::F64 => Values::Floats(numbers::<f64, _>(cells, rows, |x| x)),
        ElementType::C32 | ElementType::C64 => unreachable!("binding refuses complex numbers"),
        ElementType::Text => {
            Values::Texts(rows.map(|row| cells.cell(row).strings().next().unwrap_or_default()).collect())
        }
    }
}

fn floats(values: Values<'_>) -> Vec<f64> {
    match values {
        Values::Floats(numbers) => numbers,
        Values::Wholes(numbers) => numbers.into_iter().map(|x| x as f64).collect(),
        _ => unreachable!("binding has checked that these are numbers"),
    }
}

fn arithmetic<'a>(operator: Arithmetic, left: Values<'a>, right: Values<'a>) -> Values<'a> {
    if let (Values::Wholes(left), Values::Wholes(right), false) = (&left, &right, operator == Arithmetic::Divide) {
        let calculate = match operator {
            Arithmetic::Add => i128::saturating_add,
            Arithmetic::Subtract => i128::saturating_sub,
            Arithmetic::Multiply | Arithmetic::Divide => i128::saturating_mul,
        };
        return Values::Wholes(left.iter().zip(right).map(|(&a, &b)| calculate(a, b)).collect());
    }
    let calculate: fn(f64, f64) -> f64 = match operator {
        Arithmetic::Add => |a, b| a + b,
        Arithmetic::Subtract => |a, b| a - b,
        Arithmetic::Multiply => |a, b| a * b,
        Arithmetic::Divide => |a, b| a / b,
    };
    Values::Floats(floats(left).into_iter().zip(floats(right)).map(|(a, b)| calculate(a, b)).collect())
}

fn compare(operator: Compare, left: &Values<'_>, right: &Values<'_>) -> Vec<Answer> {
    fn pairs<A: Copy, B: Copy, T: PartialOrd>(
        operator: Compare,
        (left, right): (&[A], &[B]),
        a: impl Fn(A) -> T,
        b: impl Fn(B) -> T,
    ) -> Vec<Answer> {
        let pairs = left.iter().zip(right).map(|(&x, &y)| (a(x), b(y)));
        // One loop for each operator, so that none asks again for every run.
        match operator {
            Compare::Equal => pairs.map(|(x, y)| Some(x == y)).collect(),
            Compare::NotEqual => pairs.map(|(x, y)| Some(x != y)).collect(),
            Compare::Less => pairs.map(|(x, y)| Some(x < y)).collect(),
            Compare::LessOrEqual => pairs.map(|(x, y)| Some(x <= y)).collect(),
            Compare::Greater => pairs.map(|(x, y)| Some(x > y)).collect(),
            Compare::GreaterOrEqual => pairs.map(|(x, y)| Some(x >= y)).collect(),
        }
    }
    let to_float = |x: i128| x as f64;
    match (left, right) {
        (Values::Wholes(a), Values::Wholes(b)) => pairs(operator, (a, b), |x| x, |x| x),
        (Values::Wholes(a), Values::Floats(b)) => pairs(operator, (a, b), to_float, |x| x),
        (Values::Floats(a), Values::Wholes(b)) => pairs(operator, (a, b), |x| x, to_float),
        (Values::Floats(a), Values::Floats(b)) => pairs(operator, (a, b), |x| x, |x| x),
        (Values::Texts(a), Values::Texts(b)) => pairs(operator, (a, b), |x| x, |x| x),
        (Values::Truths(a), Values::Truths(b)) => {
            let known = a.iter().zip(b).map(|(a, b)| Some((*a)? == (*b)?));
            known.map(|same| Some(same? == (operator == Compare::Equal))).collect()
        }
        _ => unreachable!("binding has checked that both sides are of one kind"),
    }
}
