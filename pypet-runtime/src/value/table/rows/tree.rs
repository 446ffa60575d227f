//! From cells to what serde makes values of.

use crate::value::json::{Tree, parse};
use crate::value::{Cell, Element, ElementType, Optional, ValueType};

/// A cell as serde's types take it.
pub(super) fn of(value_type: &ValueType, cell: &Cell<'_>) -> Result<Tree, String> {
    let elements = elements_of(value_type, cell)?;
    Ok(nested(cell.shape(), &mut elements.into_iter()))
}

fn nested(shape: &[usize], elements: &mut impl Iterator<Item = Tree>) -> Tree {
    match shape {
        [] => elements.next().expect("a cell has as many elements as its shape says"),
        [length, inner @ ..] => Tree::List((0..*length).map(|_| nested(inner, elements)).collect()),
    }
}

fn elements_of(value_type: &ValueType, cell: &Cell<'_>) -> Result<Vec<Tree>, String> {
    fn floats<T: Optional>(cell: &Cell<'_>, is_optional: bool, tree: fn(T) -> Tree) -> Result<Vec<Tree>, String> {
        let options = if is_optional {
            Option::take_all(cell)
        } else {
            T::take_all(cell).map(|all| all.into_iter().map(Some).collect())
        };
        let options: Vec<Option<T>> = options.map_err(|error| error.to_string())?;
        Ok(options.into_iter().map(|option| option.map_or(Tree::Null, tree)).collect())
    }
    let is_optional = value_type.encoding == "optional";
    let parsed = |text: &str| parse(text).map_err(|problem| problem.to_string());
    match cell.element() {
        ElementType::F32 => floats(cell, is_optional, Tree::Single),
        ElementType::F64 => floats(cell, is_optional, Tree::Float),
        ElementType::C32 => Ok(pairs(cell.numbers::<f32>().into_iter().map(Tree::Single))),
        ElementType::C64 => Ok(pairs(cell.numbers::<f64>().into_iter().map(Tree::Float))),
        ElementType::Text => {
            let tree = |text: &str| match value_type.encoding.as_str() {
                "optional" if text.is_empty() => Ok(Tree::Null),
                "optional" if value_type.choices.is_empty() => parsed(text).or_else(|_| Ok(Tree::Text(text.into()))),
                // What stands for a value that a run lacks.
                "decimal" if text.is_empty() => Ok(Tree::Whole(0)),
                "json" | "decimal" => parsed(text),
                _ => Ok(Tree::Text(text.into())),
            };
            cell.strings().map(tree).collect()
        }
        // Truth values and whole numbers are spelled as in JSON.
        _ => cell.spellings(usize::MAX).iter().map(|text| parsed(text)).collect(),
    }
}

/// Real and imaginary parts as serde has them.
fn pairs(parts: impl Iterator<Item = Tree>) -> Vec<Tree> {
    let parts: Vec<Tree> = parts.collect();
    parts.chunks_exact(2).map(|pair| Tree::List(pair.to_vec())).collect()
}
