//! Parts of arrays, as `ndarray::s!` writes them.

use std::fmt;
use std::ops::Range;

use ndarray::{Array, Dimension, IxDyn, SliceInfoElem};

use super::{Cell, Cells, Element, ElementType, ResultValue, ValueError, ValueType, scalar_type};

/// A part of an array of any shape, as `ndarray::s!` writes it: `s![3..5, ..]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slice(Vec<SliceInfoElem>);

/// An array value of which a part can be read, and to which rows can be appended.
#[diagnostic::on_unimplemented(message = "`{Self}` is no array", note = "use an `ndarray` array, a `Vec` or `[T; N]`")]
pub trait Sliceable: ResultValue {
    /// What the array is made of.
    type Element: Element;
    /// Its dimensions.
    type Dim: Dimension;
}

/// Where a slice lies in an array of one shape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Window {
    /// One for each dimension of the array.
    pub(crate) axes: Vec<Stretch>,
    /// The shape of what is cut out; shorter where the slice has an index.
    pub(crate) shape: Vec<usize>,
}

/// What a slice takes of one dimension.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stretch {
    pub(crate) start: usize,
    pub(crate) step: usize,
    pub(crate) count: usize,
}

/// Why a slice is none of an array.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SliceError {
    /// Another number of dimensions.
    #[error("the slice `{slice}` is one of {} dimensions, but the array has the shape {shape:?}", dimensions(.slice))]
    Rank {
        /// The slice.
        slice: Slice,
        /// The shape of the array.
        shape: Vec<usize>,
    },
    /// Elements that are not there.
    #[error("the slice `{slice}` reaches beyond the array, which has the shape {shape:?}")]
    Outside {
        /// The slice.
        slice: Slice,
        /// The shape of the array.
        shape: Vec<usize>,
    },
    /// A step back.
    #[error("the slice `{slice}` goes backwards; take a positive step, and reverse the array afterwards")]
    Backwards {
        /// The slice.
        slice: Slice,
    },
    /// A step over elements, where all of a rectangle are written.
    #[error("the slice `{slice}` leaves elements out; write each part without gaps by itself")]
    Gaps {
        /// The slice.
        slice: Slice,
    },
}

impl Slice {
    /// From what `ndarray::s!` makes.
    pub fn of(slice: impl AsRef<[SliceInfoElem]>) -> Self {
        Self(slice.as_ref().to_vec())
    }

    /// Where it lies in an array of this shape.
    pub(crate) fn within(&self, shape: &[usize]) -> Result<Window, SliceError> {
        if dimensions(self) != shape.len() {
            return Err(SliceError::Rank { slice: self.clone(), shape: shape.to_vec() });
        }
        let outside = || SliceError::Outside { slice: self.clone(), shape: shape.to_vec() };
        let mut lengths = shape.iter().copied();
        let mut window = Window { axes: Vec::with_capacity(shape.len()), shape: Vec::with_capacity(shape.len()) };
        for element in &self.0 {
            let SliceInfoElem::NewAxis = element else {
                let length = lengths.next().expect("there is one for each dimension");
                let (stretch, is_kept) = match *element {
                    SliceInfoElem::Index(index) => {
                        let start = from_front(index, length).filter(|&index| index < length).ok_or_else(outside)?;
                        (Stretch { start, step: 1, count: 1 }, false)
                    }
                    SliceInfoElem::Slice { start, end, step } => {
                        let step = usize::try_from(step).ok().filter(|&step| step > 0);
                        let step = step.ok_or_else(|| SliceError::Backwards { slice: self.clone() })?;
                        let end = end.map_or(Some(length), |end| from_front(end, length));
                        let is_inside = |index: &usize| *index <= length;
                        let start = from_front(start, length).filter(is_inside).ok_or_else(outside)?;
                        let end = end.filter(is_inside).ok_or_else(outside)?;
                        (Stretch { start, step, count: end.saturating_sub(start).div_ceil(step) }, true)
                    }
                    SliceInfoElem::NewAxis => unreachable!("looked at above"),
                };
                window.axes.push(stretch);
                window.shape.extend(is_kept.then_some(stretch.count));
                continue;
            };
            window.shape.push(1);
        }
        Ok(window)
    }
}

/// Dimensions of the arrays that a slice is made for.
fn dimensions(slice: &Slice) -> usize {
    slice.0.iter().filter(|element| !matches!(element, SliceInfoElem::NewAxis)).count()
}

/// An index that counts from the end if it is negative.
fn from_front(index: isize, length: usize) -> Option<usize> {
    usize::try_from(index).ok().or_else(|| length.checked_sub(index.unsigned_abs()))
}

impl Window {
    /// The part of a rectangle that another one inside of it takes.
    pub(crate) fn between(outer: &[Range<usize>], inner: &[Range<usize>]) -> Self {
        let axis = |(outer, inner): (&Range<usize>, &Range<usize>)| Stretch {
            start: inner.start - outer.start,
            step: 1,
            count: inner.len(),
        };
        Self { axes: outer.iter().zip(inner).map(axis).collect(), shape: inner.iter().map(Range::len).collect() }
    }

    /// The rectangle, if it has no gaps.
    pub(crate) fn rectangle(&self) -> Option<Vec<Range<usize>>> {
        let range = |axis: &Stretch| (axis.step == 1 || axis.count < 2).then(|| axis.start..axis.start + axis.count);
        self.axes.iter().map(range).collect()
    }

    /// Number of elements.
    pub(crate) fn n_elements(&self) -> usize {
        self.axes.iter().map(|axis| axis.count).product()
    }

    /// Visits its elements in an array of this shape in their order, all that lie side by side at once.
    pub(crate) fn visit(&self, shape: &[usize], mut visit: impl FnMut(Range<usize>)) {
        if self.n_elements() == 0 {
            return;
        }
        let is_whole = |axis: usize| (self.axes[axis].step, self.axes[axis].count) == (1, shape[axis]);
        let mut n_outer = (0..shape.len()).rev().find(|&axis| !is_whole(axis)).map_or(0, |axis| axis + 1);
        let mut length: usize = shape[n_outer..].iter().product();
        let mut stride = length;
        let mut first = 0;
        if let Some(axis) = n_outer.checked_sub(1).filter(|&axis| self.axes[axis].step == 1) {
            first = self.axes[axis].start * stride;
            stride *= shape[axis];
            length *= self.axes[axis].count;
            n_outer = axis;
        }
        // How far apart neighbours along each outer dimension lie.
        let mut strides = vec![0; n_outer];
        for axis in (0..n_outer).rev() {
            strides[axis] = stride;
            stride *= shape[axis];
            first += self.axes[axis].start * strides[axis];
        }
        let mut counters = vec![0; n_outer];
        loop {
            let steps = counters.iter().zip(&self.axes).zip(&strides);
            let start = first + steps.map(|((counter, axis), stride)| counter * axis.step * stride).sum::<usize>();
            visit(start..start + length);
            let Some(next) = (0..n_outer).rev().find(|&axis| counters[axis] + 1 < self.axes[axis].count) else {
                return;
            };
            counters[next] += 1;
            counters[next + 1..].fill(0);
        }
    }

    /// Cuts it out of an array.
    pub(crate) fn cut(&self, cell: &Cell<'_>) -> Cells {
        let mut part = Cells::new(cell.element(), self.shape.len());
        self.visit(cell.shape(), |elements| part.put_part(cell, elements));
        part.end_array(&self.shape);
        part
    }

    /// Puts an array in its place in another, which is one cell.
    pub(crate) fn paste(&self, whole: &mut Cells, part: &Cells) {
        let shape = whole.cell(0).shape().to_vec();
        if whole.element() == ElementType::Text {
            let mut texts: Vec<String> = whole.strings().map(ToOwned::to_owned).collect();
            let mut new = part.strings().map(ToOwned::to_owned);
            self.visit(&shape, |elements| {
                texts[elements].iter_mut().zip(new.by_ref()).for_each(|(old, new)| *old = new);
            });
            *whole = Cells::from_text(&shape, 1, texts);
            return;
        }
        let size = whole.element().size().unwrap_or_default();
        let (mut bytes, mut new) = (whole.take_bytes(), part.bytes());
        self.visit(&shape, |elements| {
            let (next, rest) = new.split_at(elements.len() * size);
            bytes[elements.start * size..elements.end * size].copy_from_slice(next);
            new = rest;
        });
        *whole = whole.with_bytes(bytes);
    }
}

/// A cell as an array.
pub(crate) fn read_array<T: Element, D: Dimension>(cell: &Cell<'_>) -> Result<Array<T, D>, ValueError> {
    let fits = cell.element() == T::TYPE && D::NDIM.is_none_or(|rank| rank == cell.shape().len());
    if !fits {
        let found = ValueType::scalar(cell.element()).with_shape(cell.shape().iter().map(|&length| Some(length)));
        let rank = D::NDIM.unwrap_or(cell.shape().len());
        let expected = scalar_type::<T>().with_shape(vec![None; rank]);
        return Err(ValueError::Type { expected: expected.to_string(), found: found.to_string() });
    }
    let array = Array::from_shape_vec(IxDyn(cell.shape()), T::take_all(cell)?);
    let array = array.expect("a cell has as many elements as its shape says");
    Ok(array.into_dimensionality().expect("the rank was checked"))
}

impl fmt::Display for Slice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let elements: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        write!(f, "[{}]", elements.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array3, IxDyn, SliceInfo, s};
    use proptest::prelude::*;

    use super::*;

    fn cut(array: &Array3<i32>, slice: impl AsRef<[SliceInfoElem]>) -> Cells {
        let mut cells = Cells::of(&Array3::<i32>::value_type());
        array.write(&mut cells);
        Slice::of(slice).within(array.shape()).unwrap().cut(&cells.cell(0))
    }

    proptest! {
        #[test]
        fn what_is_cut_out_is_what_ndarray_cuts_out(
            lengths in prop::array::uniform3(0_usize..5),
            from in prop::array::uniform3(0_usize..5),
            to in prop::array::uniform3(0_usize..5),
            steps in prop::array::uniform3(1_isize..4),
        ) {
            let array = Array3::from_shape_fn(lengths, |(i, j, k)| i32::try_from(100 * i + 10 * j + k).unwrap());
            let element = |axis: usize| {
                let end = to[axis].min(lengths[axis]);
                let (start, end) = (from[axis].min(end).cast_signed(), Some(end.cast_signed()));
                SliceInfoElem::Slice { start, end, step: steps[axis] }
            };
            let slice = [element(0), element(1), element(2)];
            let info = SliceInfo::<_, IxDyn, IxDyn>::try_from(slice.as_slice()).unwrap();
            let expected = array.view().into_dyn();
            let expected = expected.slice(info);
            let found = cut(&array, slice);
            prop_assert_eq!(found.cell(0).shape(), expected.shape());
            prop_assert_eq!(found.cell(0).numbers::<i32>(), expected.iter().copied().collect::<Vec<_>>());
        }
    }

    #[test]
    fn indices_take_a_dimension_away_and_count_from_the_end() {
        let array = Array3::from_shape_fn((2, 3, 4), |(i, j, k)| i32::try_from(100 * i + 10 * j + k).unwrap());
        let found = cut(&array, s![-1, .., 2]);
        assert_eq!((found.cell(0).shape(), found.cell(0).numbers::<i32>()), (&[3][..], vec![102, 112, 122]));
        assert_eq!(cut(&array, s![.., ndarray::NewAxis, 0, ..;3]).cell(0).shape(), [2, 1, 2]);
    }

    #[test]
    fn what_is_no_slice_of_an_array_is_told_with_its_shape() {
        let problem = |slice: &Slice| slice.within(&[10, 20]).unwrap_err().to_string();
        let outside = "the slice `[..11, ..]` reaches beyond the array, which has the shape [10, 20]";
        assert_eq!(problem(&Slice::of(s![..11, ..])), outside);
        assert!(problem(&Slice::of(s![-11, ..])).contains("`[-11, ..]` reaches beyond"));
        assert!(problem(&Slice::of(s![10, ..])).contains("reaches beyond"));
        assert!(problem(&Slice::of(s![..])).contains("of 1 dimensions, but the array has the shape [10, 20]"));
        assert!(problem(&Slice::of(s![..;-1, ..])).contains("goes backwards"));
        assert_eq!(Slice::of(s![10.., ..]).within(&[10, 20]).unwrap().shape, [0, 20]);
    }
}
