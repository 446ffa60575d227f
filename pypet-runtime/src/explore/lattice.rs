//! Finding the axes of a grid in points that are given one by one.

use std::collections::HashMap;

use crate::value::{Cell, Cells, ElementType};

/// The grid that a list of points forms.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Lattice {
    /// The axes, outermost first.
    pub(crate) axes: Vec<LatticeAxis>,
    /// The point at each place of the grid, where that is not simply the next.
    pub(crate) order: Option<Vec<usize>>,
}

/// One axis of it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct LatticeAxis {
    /// Which columns vary along it, in lock step.
    pub(crate) columns: Vec<usize>,
    /// A point for each place along the axis, from which its values can be read.
    pub(crate) points: Vec<usize>,
}

impl Lattice {
    /// The grid of points with these coordinates, if every combination of their values is there once.
    pub(crate) fn find(columns: &[Cells]) -> Option<Self> {
        let n_points = columns.first()?.len();
        let mut axes: Vec<(LatticeAxis, Vec<usize>)> = Vec::new();
        for (position, column) in columns.iter().enumerate() {
            let (numbers, points) = number(column);
            // Columns in lock step are numbered alike.
            match axes.iter_mut().find(|(axis, of_axis)| axis.points.len() > 1 && *of_axis == numbers) {
                Some((axis, _)) => axis.columns.push(position),
                None => axes.push((LatticeAxis { columns: vec![position], points }, numbers)),
            }
        }
        let n_places = axes.iter().try_fold(1_usize, |n, (axis, _)| n.checked_mul(axis.points.len()));
        if n_places != Some(n_points) {
            return None;
        }
        let mut order = places(&axes)?;
        let is_in_order = |order: &[usize]| order.iter().enumerate().all(|(place, &point)| place == point);
        if !is_in_order(&order) {
            // The order of appearance says nothing here, so ascending values are more useful.
            for (axis, numbers) in &mut axes {
                sort_axis(&columns[axis.columns[0]], axis, numbers);
            }
            order = places(&axes)?;
        }
        let order = Some(order).filter(|order| !is_in_order(order));
        Some(Self { axes: axes.into_iter().map(|(axis, _)| axis).collect(), order })
    }

    /// In how many pieces the points lie: each a part of the innermost axis in which they follow each other.
    pub(crate) fn n_pieces(&self) -> usize {
        let inner = self.axes.last().map_or(1, |axis| axis.points.len());
        let Some(order) = &self.order else { return 1 };
        (0..order.len()).filter(|&place| place % inner == 0 || order[place] != order[place - 1] + 1).count()
    }
}

/// The different values of a column numbered by first appearance, and where each appears first.
fn number(column: &Cells) -> (Vec<usize>, Vec<usize>) {
    let mut seen: HashMap<Vec<u8>, usize> = HashMap::new();
    let mut points = Vec::new();
    let numbers = column.iter().enumerate().map(|(point, cell)| {
        *seen.entry(key(&cell)).or_insert_with(|| {
            points.push(point);
            points.len() - 1
        })
    });
    (numbers.collect(), points)
}

/// The point at each place; `None` if two are at one place.
fn places(axes: &[(LatticeAxis, Vec<usize>)]) -> Option<Vec<usize>> {
    let n_points = axes.first().map_or(0, |(_, numbers)| numbers.len());
    let mut order = vec![usize::MAX; n_points];
    for point in 0..n_points {
        let place = axes.iter().fold(0, |place, (axis, numbers)| place * axis.points.len() + numbers[point]);
        if std::mem::replace(&mut order[place], point) != usize::MAX {
            return None;
        }
    }
    Some(order)
}

fn sort_axis(column: &Cells, axis: &mut LatticeAxis, numbers: &mut [usize]) {
    if column.rank() > 0 || column.element() == ElementType::Text {
        return;
    }
    let mut sorted: Vec<usize> = (0..axis.points.len()).collect();
    sorted.sort_by(|&a, &b| compare(&column.cell(axis.points[a]), &column.cell(axis.points[b])));
    let mut new_number = vec![0; sorted.len()];
    sorted.iter().enumerate().for_each(|(new, &old)| new_number[old] = new);
    axis.points = sorted.iter().map(|&old| axis.points[old]).collect();
    for number in numbers {
        *number = new_number[*number];
    }
}

/// The bytes that tell a value from all others of its column.
pub(crate) fn key(cell: &Cell<'_>) -> Vec<u8> {
    let mut key = Vec::new();
    push_key(cell, &mut key);
    key
}

/// Appends the [`key`] of a value.
pub(crate) fn push_key(cell: &Cell<'_>, key: &mut Vec<u8>) {
    for &length in cell.shape() {
        key.extend_from_slice(&length.to_le_bytes());
    }
    if cell.element() == ElementType::Text {
        for text in cell.strings() {
            key.extend_from_slice(&text.len().to_le_bytes());
            key.extend_from_slice(text.as_bytes());
        }
    } else {
        key.extend_from_slice(cell.bytes());
    }
}

/// An order of all values of a column: numbers by size, text by its letters, arrays element by element.
pub(crate) fn compare(a: &Cell<'_>, b: &Cell<'_>) -> std::cmp::Ordering {
    fn by<T: bytemuck::Pod>(
        a: &Cell<'_>,
        b: &Cell<'_>,
        of: impl Fn(&T, &T) -> std::cmp::Ordering,
    ) -> std::cmp::Ordering {
        let (a, b) = (a.numbers::<T>(), b.numbers::<T>());
        let different = a.iter().zip(&b).map(|(a, b)| of(a, b)).find(|order| order.is_ne());
        different.unwrap_or_else(|| a.len().cmp(&b.len()))
    }
    let order = match a.element() {
        ElementType::Bool | ElementType::U8 => by::<u8>(a, b, Ord::cmp),
        ElementType::I8 => by::<i8>(a, b, Ord::cmp),
        ElementType::I16 => by::<i16>(a, b, Ord::cmp),
        ElementType::I32 => by::<i32>(a, b, Ord::cmp),
        ElementType::I64 => by::<i64>(a, b, Ord::cmp),
        ElementType::U16 => by::<u16>(a, b, Ord::cmp),
        ElementType::U32 => by::<u32>(a, b, Ord::cmp),
        ElementType::U64 => by::<u64>(a, b, Ord::cmp),
        // A complex number is its two parts one after the other.
        ElementType::F32 | ElementType::C32 => by::<f32>(a, b, f32::total_cmp),
        ElementType::F64 | ElementType::C64 => by::<f64>(a, b, f64::total_cmp),
        ElementType::Text => a.strings().cmp(b.strings()),
    };
    // Arrays of equal elements may still differ in shape.
    order.then_with(|| a.shape().cmp(b.shape()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(values: &[f64]) -> Cells {
        let mut cells = Cells::new(ElementType::F64, 0);
        for &value in values {
            cells.push_number(value);
        }
        cells
    }

    #[test]
    fn a_product_is_found_in_its_own_order() {
        let lattice = Lattice::find(&[column(&[3.0, 3.0, 1.0, 1.0]), column(&[5.0, 4.0, 5.0, 4.0])]).unwrap();
        assert_eq!(lattice.order, None);
        assert_eq!(lattice.axes[0].points, [0, 2]);
        assert_eq!(lattice.axes[1].points, [0, 1]);
    }

    #[test]
    fn a_product_that_grew_is_found_with_the_place_of_each_point() {
        let x = column(&[1.0, 1.0, 2.0, 2.0, 1.0, 2.0]);
        let y = column(&[10.0, 20.0, 10.0, 20.0, 15.0, 15.0]);
        let lattice = Lattice::find(&[x, y]).unwrap();
        assert_eq!(lattice.order, Some(vec![0, 4, 1, 2, 5, 3]));
        assert_eq!(lattice.axes[1].points, [0, 4, 1]);
    }

    #[test]
    fn columns_in_lock_step_share_an_axis_and_gaps_are_no_grid() {
        let lattice = Lattice::find(&[column(&[1.0, 2.0]), column(&[7.0, 8.0])]).unwrap();
        assert_eq!(lattice.axes.len(), 1);
        assert_eq!(lattice.axes[0].columns, [0, 1]);
        assert_eq!(Lattice::find(&[column(&[1.0, 1.0, 2.0]), column(&[7.0, 8.0, 7.0])]), None);
        assert_eq!(Lattice::find(&[column(&[1.0, 1.0])]), None);
    }
}
