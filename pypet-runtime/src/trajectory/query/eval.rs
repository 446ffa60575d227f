//! Answering a condition for many runs at a time: block by block, within a block node by node, on all cores.
//!
//! Columns are looked at where they lie, and what is one for all runs is computed once. Whole numbers have 64 bits as
//! long as they fit, and 128 beyond.

use std::borrow::Cow;
use std::ops::Range;

use bytemuck::Pod;
use rayon::prelude::*;

use super::parse::{Arithmetic, Compare};
use crate::run::RunStatus;
use crate::value::{Cells, ElementType};

/// Runs that are looked at together: few enough to stay in the processor's cache.
const BLOCK: usize = 1024;
/// Blocks for which it pays to wake another thread.
const PARALLEL_BLOCKS: usize = 64;

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
    /// Where the cells are texts that spell something else.
    pub(super) spelled: Option<Spelled>,
}

/// What texts spell, one for each cell; what is missing has none.
#[derive(Debug)]
pub(super) enum Spelled {
    Wholes(Vec<Option<i128>>),
    Truths(Vec<Option<bool>>),
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

/// Whether a condition holds, in the order that makes `and` the least of two answers and `or` the greatest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Answer {
    No,
    /// That of a run without results, and of a truth value that is missing.
    Unknown,
    Yes,
}

impl From<bool> for Answer {
    fn from(truth: bool) -> Self {
        if truth { Self::Yes } else { Self::No }
    }
}

/// One value for all runs of a block, or one for each.
#[derive(Clone)]
enum Spread<'a, T: Clone> {
    Same(T),
    Each(Cow<'a, [T]>),
}

use Spread::{Each, Same};

impl<'a, T: Copy> Spread<'a, T> {
    fn map<U: Clone>(&self, change: impl Fn(T) -> U) -> Spread<'a, U> {
        match self {
            Same(value) => Same(change(*value)),
            Each(values) => Each(values.iter().map(|&value| change(value)).collect()),
        }
    }

    fn join<B: Copy, U: Clone>(&self, other: &Spread<'a, B>, join: impl Fn(T, B) -> U) -> Spread<'a, U> {
        match (self, other) {
            (Same(a), other) => other.map(|b| join(*a, b)),
            (Each(a), Same(b)) => Each(a.iter().map(|&a| join(a, *b)).collect()),
            (Each(a), Each(b)) => Each(a.iter().zip(&**b).map(|(&a, &b)| join(a, b)).collect()),
        }
    }

    fn are_all(&self, value: T) -> bool
    where
        T: PartialEq,
    {
        match self {
            Same(same) => *same == value,
            Each(values) => values.iter().all(|other| *other == value),
        }
    }
}

/// Values of the runs of one block.
enum Values<'a> {
    Wholes(Spread<'a, i64>),
    Wides(Spread<'a, i128>),
    Floats(Spread<'a, f64>),
    Texts(Spread<'a, &'a str>),
    Truths(Spread<'a, Answer>),
}

impl Query {
    /// The runs for which the condition holds.
    pub(super) fn matching(&self, statuses: &[RunStatus]) -> Vec<usize> {
        let words = RunStatus::ALL.map(|status| status.to_string());
        let matching = |(number, statuses): (usize, &[RunStatus])| {
            let start = number * BLOCK;
            Block { query: self, statuses, runs: start..start + statuses.len(), words: &words }.matching()
        };
        let blocks = statuses.par_chunks(BLOCK).enumerate().with_min_len(PARALLEL_BLOCKS);
        blocks.flat_map_iter(matching).collect()
    }
}

struct Block<'a> {
    query: &'a Query,
    runs: Range<usize>,
    statuses: &'a [RunStatus],
    words: &'a [String],
}

impl<'a> Block<'a> {
    fn matching(&self) -> Vec<usize> {
        let runs = self.runs.clone();
        match self.truths(&self.query.condition) {
            Same(Answer::Yes) => runs.collect(),
            Same(_) => Vec::new(),
            Each(truths) => {
                runs.zip(&*truths).filter(|(_, truth)| **truth == Answer::Yes).map(|(run, _)| run).collect()
            }
        }
    }

    fn truths(&self, node: &'a Node) -> Spread<'a, Answer> {
        match self.values(node) {
            Values::Truths(truths) => truths,
            _ => unreachable!("binding has checked that this is a condition"),
        }
    }

    fn values(&self, node: &'a Node) -> Values<'a> {
        Values::Truths(match node {
            Node::Column(number, on_results) => match self.query.columns[*number].values(&self.runs) {
                Values::Truths(truths) => self.of_done(truths, *on_results),
                values => return values,
            },
            Node::Whole(number) => {
                let narrow = i64::try_from(*number);
                return narrow.map_or(Values::Wides(Same(*number)), |number| Values::Wholes(Same(number)));
            }
            Node::Float(number) => return Values::Floats(Same(*number)),
            Node::Text(text) => return Values::Texts(Same(text)),
            Node::Truth(truth) => Same((*truth).into()),
            Node::Index => {
                let as_whole = |run| i64::try_from(run).expect("there are fewer runs than bytes of memory");
                return Values::Wholes(Each((as_whole(self.runs.start)..as_whole(self.runs.end)).collect()));
            }
            Node::Status => {
                let word = |status: &RunStatus| self.words[usize::from(status.code())].as_str();
                return Values::Texts(Each(self.statuses.iter().map(word).collect()));
            }
            Node::Not(inner) => self.truths(inner).map(|truth| match truth {
                Answer::No => Answer::Yes,
                Answer::Unknown => Answer::Unknown,
                Answer::Yes => Answer::No,
            }),
            Node::Negative(inner) => {
                return match self.values(inner) {
                    Values::Floats(numbers) => Values::Floats(numbers.map(|x| -x)),
                    numbers => Values::Wides(numbers.wides().map(i128::saturating_neg)),
                };
            }
            Node::Arithmetic(operator, left, right) => {
                return arithmetic(*operator, &self.values(left), &self.values(right));
            }
            Node::Compare(operator, left, right, on_results) => {
                self.of_done(compare(*operator, &self.values(left), &self.values(right)), *on_results)
            }
            // What the left side decides for the whole block needs no right one.
            Node::And(left, right) => match self.truths(left) {
                left if left.are_all(Answer::No) => left,
                left => left.join(&self.truths(right), Ord::min),
            },
            Node::Or(left, right) => match self.truths(left) {
                left if left.are_all(Answer::Yes) => left,
                left => left.join(&self.truths(right), Ord::max),
            },
            Node::In(item, list, on_results) => {
                let item = self.values(item);
                let equal = list.iter().map(|other| compare(Compare::Equal, &item, &self.values(other)));
                let some = equal.reduce(|some, other| some.join(&other, Ord::max));
                self.of_done(some.unwrap_or(Same(Answer::No)), *on_results)
            }
        })
    }

    /// Answers about results, which only runs that are done have.
    fn of_done(&self, truths: Spread<'a, Answer>, on_results: bool) -> Spread<'a, Answer> {
        let is_done = |status: &RunStatus| *status == RunStatus::Done;
        if !on_results || self.statuses.iter().all(is_done) {
            return truths;
        }
        let done = Each(self.statuses.iter().map(is_done).collect());
        truths.join(&done, |truth, is_done| if is_done { truth } else { Answer::Unknown })
    }
}

impl Column {
    /// Single values of some runs.
    fn values(&self, runs: &Range<usize>) -> Values<'_> {
        if let Some(spelled) = &self.spelled {
            return self.spelled_values(spelled, self.rows(runs));
        }
        match self.cells.element() {
            ElementType::Bool => Values::Truths(self.widened(runs, |x: u8| (x != 0).into())),
            ElementType::I8 => Values::Wholes(self.widened(runs, <i64 as From<i8>>::from)),
            ElementType::I16 => Values::Wholes(self.widened(runs, <i64 as From<i16>>::from)),
            ElementType::I32 => Values::Wholes(self.widened(runs, <i64 as From<i32>>::from)),
            ElementType::I64 => Values::Wholes(self.spread(self.numbers(runs))),
            ElementType::U8 => Values::Wholes(self.widened(runs, <i64 as From<u8>>::from)),
            ElementType::U16 => Values::Wholes(self.widened(runs, <i64 as From<u16>>::from)),
            ElementType::U32 => Values::Wholes(self.widened(runs, <i64 as From<u32>>::from)),
            ElementType::U64 => match self.numbers::<i64>(runs) {
                // Below 2⁶³ both are the same bits.
                numbers if numbers.iter().all(|&number| number >= 0) => Values::Wholes(self.spread(numbers)),
                _ => Values::Wides(self.widened(runs, <i128 as From<u64>>::from)),
            },
            ElementType::F32 => Values::Floats(self.widened(runs, <f64 as From<f32>>::from)),
            ElementType::F64 => Values::Floats(self.spread(self.numbers(runs))),
            ElementType::C32 | ElementType::C64 => unreachable!("binding refuses complex numbers"),
            ElementType::Text => {
                let text = |row| self.cells.cell(row).strings().next().unwrap_or_default();
                Values::Texts(self.spread(self.rows(runs).map(text).collect()))
            }
        }
    }

    /// A number that is missing is as one that is not a number, and a truth value that is missing is unknown.
    fn spelled_values(&self, spelled: &Spelled, rows: Range<usize>) -> Values<'_> {
        match spelled {
            Spelled::Wholes(numbers) => {
                let numbers = &numbers[rows];
                if let Some(all) = numbers.iter().copied().collect::<Option<Vec<i128>>>() {
                    return Values::Wides(self.spread(all.into()));
                }
                let float = |number: &Option<i128>| number.map_or(f64::NAN, |number| number as f64);
                Values::Floats(self.spread(numbers.iter().map(float).collect()))
            }
            Spelled::Truths(truths) => {
                let answer = |truth: &Option<bool>| truth.map_or(Answer::Unknown, Answer::from);
                Values::Truths(self.spread(truths[rows].iter().map(answer).collect()))
            }
        }
    }

    fn widened<T: Pod, N: Copy>(&self, runs: &Range<usize>, widen: impl Fn(T) -> N) -> Spread<'_, N> {
        self.spread(self.numbers(runs).iter().map(|&number| widen(number)).collect())
    }

    fn numbers<T: Pod>(&self, runs: &Range<usize>) -> Cow<'_, [T]> {
        let (rows, size) = (self.rows(runs), size_of::<T>());
        let bytes = &self.cells.bytes()[rows.start * size..rows.end * size];
        bytemuck::try_cast_slice(bytes).map_or_else(|_| bytemuck::pod_collect_to_vec(bytes).into(), Cow::Borrowed)
    }

    fn rows(&self, runs: &Range<usize>) -> Range<usize> {
        if self.is_constant { 0..1 } else { runs.clone() }
    }

    fn spread<'a, T: Copy>(&self, values: Cow<'a, [T]>) -> Spread<'a, T> {
        if self.is_constant { Same(values[0]) } else { Each(values) }
    }
}

impl<'a> Values<'a> {
    fn floats(&self) -> Spread<'a, f64> {
        match self {
            Self::Floats(numbers) => numbers.clone(),
            Self::Wholes(numbers) => numbers.map(|x| x as f64),
            Self::Wides(numbers) => numbers.map(|x| x as f64),
            Self::Texts(_) | Self::Truths(_) => unreachable!("binding has checked that these are numbers"),
        }
    }

    /// Whole numbers with room to calculate.
    fn wides(&self) -> Spread<'a, i128> {
        match self {
            Self::Wholes(numbers) => numbers.map(i128::from),
            Self::Wides(numbers) => numbers.clone(),
            _ => unreachable!("binding has checked that these are numbers, and floats were treated before"),
        }
    }
}

fn arithmetic<'a>(operator: Arithmetic, left: &Values<'a>, right: &Values<'a>) -> Values<'a> {
    let has_floats = matches!(left, Values::Floats(_)) || matches!(right, Values::Floats(_));
    if has_floats || operator == Arithmetic::Divide {
        let (left, right) = (left.floats(), right.floats());
        return Values::Floats(match operator {
            Arithmetic::Add => left.join(&right, |a, b| a + b),
            Arithmetic::Subtract => left.join(&right, |a, b| a - b),
            Arithmetic::Multiply => left.join(&right, |a, b| a * b),
            Arithmetic::Divide => left.join(&right, |a, b| a / b),
        });
    }
    let (left, right) = (left.wides(), right.wides());
    Values::Wides(match operator {
        Arithmetic::Add => left.join(&right, i128::saturating_add),
        Arithmetic::Subtract => left.join(&right, i128::saturating_sub),
        Arithmetic::Multiply | Arithmetic::Divide => left.join(&right, i128::saturating_mul),
    })
}

fn compare<'a>(operator: Compare, left: &Values<'a>, right: &Values<'a>) -> Spread<'a, Answer> {
    match (left, right) {
        (Values::Wholes(a), Values::Wholes(b)) => ordered(operator, a, b),
        (Values::Texts(a), Values::Texts(b)) => ordered(operator, a, b),
        (Values::Truths(a), Values::Truths(b)) => a.join(b, |a, b| match (a, b) {
            (Answer::Unknown, _) | (_, Answer::Unknown) => Answer::Unknown,
            (a, b) => ((a == b) == (operator == Compare::Equal)).into(),
        }),
        (Values::Floats(_), _) | (_, Values::Floats(_)) => ordered(operator, &left.floats(), &right.floats()),
        _ => ordered(operator, &left.wides(), &right.wides()),
    }
}

/// One loop for each operator, so that none asks again for every run.
fn ordered<'a, T: PartialOrd + Copy>(
    operator: Compare,
    left: &Spread<'a, T>,
    right: &Spread<'a, T>,
) -> Spread<'a, Answer> {
    match operator {
        Compare::Equal => left.join(right, |x, y| (x == y).into()),
        Compare::NotEqual => left.join(right, |x, y| (x != y).into()),
        Compare::Less => left.join(right, |x, y| (x < y).into()),
        Compare::LessOrEqual => left.join(right, |x, y| (x <= y).into()),
        Compare::Greater => left.join(right, |x, y| (x > y).into()),
        Compare::GreaterOrEqual => left.join(right, |x, y| (x >= y).into()),
    }
}
