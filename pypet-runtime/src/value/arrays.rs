//! `Vec`, `[T; N]` and `ndarray` arrays of elements.

use std::fmt::Debug;

use ndarray::{Array, Dimension, Ix0, Ix1, Ix2, Ix3, Ix4, Ix5, Ix6, IxDyn};

use super::text::split_list;
use super::{
    Cell, Cells, Element, ParamValue, ParseValueError, ResultValue, Sliceable, ValueError, ValueType, scalar_type,
};

/// What lists and fixed arrays are made of: elements, or fixed arrays of them as in `Vec<[f64; 3]>`.
#[diagnostic::on_unimplemented(
    message = "an array cannot be made of `{Self}`",
    note = "use numbers, `bool`, `String`, an enum with `#[derive(ParamValue)]`, or fixed arrays of these; \
            or add `serde` to the field's attribute"
)]
pub trait Item: Clone + PartialEq + Debug + Send + Sync + 'static {
    /// What is left without all fixed arrays.
    type Element: Element;
    /// The dimensions of one item.
    type Dim: Dimension;

    /// The lengths of one item.
    fn item_shape() -> Vec<usize>;

    /// Appends the elements of items that lie side by side.
    fn put_items(items: &[Self], cells: &mut Cells);

    /// One item from the next elements; `None` if there are too few.
    fn take_item(elements: &mut impl Iterator<Item = Self::Element>) -> Option<Self>;

    /// Reads one item from text.
    ///
    /// # Errors
    /// The text does not spell one.
    fn parse_item(text: &str) -> Result<Self, ParseValueError>;
}

#[diagnostic::do_not_recommend]
impl<T: Element> Item for T {
    type Element = T;
    type Dim = Ix0;

    fn item_shape() -> Vec<usize> {
        Vec::new()
    }

    fn put_items(items: &[Self], cells: &mut Cells) {
        T::put_slice(items, cells);
    }

    fn take_item(elements: &mut impl Iterator<Item = T>) -> Option<Self> {
        elements.next()
    }

    fn parse_item(text: &str) -> Result<Self, ParseValueError> {
        T::parse_element(text)
    }
}

impl<T: Item, const N: usize> Item for [T; N] {
    type Element = T::Element;
    type Dim = <T::Dim as Dimension>::Larger;

    fn item_shape() -> Vec<usize> {
        std::iter::once(N).chain(T::item_shape()).collect()
    }

    fn put_items(items: &[Self], cells: &mut Cells) {
        T::put_items(items.as_flattened(), cells);
    }

    fn take_item(elements: &mut impl Iterator<Item = T::Element>) -> Option<Self> {
        let items: Option<Vec<T>> = (0..N).map(|_| T::take_item(elements)).collect();
        items?.try_into().ok()
    }

    fn parse_item(text: &str) -> Result<Self, ParseValueError> {
        let items: Vec<T> = parse_items(text)?;
        items.try_into().map_err(|_| ParseValueError::new(text, format!("list of {N} values")))
    }
}

/// A column of arrays: the run, the length of the array, and the dimensions of its items.
type Column<T> = Array<<T as Item>::Element, Larger<Larger<<T as Item>::Dim>>>;
type Larger<D> = <D as Dimension>::Larger;

fn array_type<T: Element>(shape: impl IntoIterator<Item = Option<usize>>) -> ValueType {
    scalar_type::<T>().with_shape(shape)
}

/// The type of a list or array of items.
fn items_type<T: Item>(length: Option<usize>) -> ValueType {
    array_type::<T::Element>(std::iter::once(length).chain(T::item_shape().into_iter().map(Some)))
}

/// Appends a list as one cell.
pub(super) fn write_items<T: Item>(items: &[T], cells: &mut Cells) {
    T::put_items(items, cells);
    let shape: Vec<usize> = std::iter::once(items.len()).chain(T::item_shape()).collect();
    cells.end_array(&shape);
}

fn take_items<T: Item>(cell: &Cell<'_>, expected: &ValueType) -> Result<Vec<T>, ValueError> {
    cell.expect(expected)?;
    let fits = expected.shape.iter().zip(cell.shape()).all(|(expected, found)| expected.is_none_or(|n| n == *found));
    let mut elements = T::Element::take_all(cell)?.into_iter();
    let items: Option<Vec<T>> = (0..cell.shape()[0]).map(|_| T::take_item(&mut elements)).collect();
    items.filter(|_| fits).ok_or_else(|| {
        let found = ValueType::scalar(cell.element()).with_shape(cell.shape().iter().map(|&n| Some(n)));
        ValueError::Type { expected: expected.to_string(), found: found.to_string() }
    })
}

fn parse_items<T: Item>(text: &str) -> Result<Vec<T>, ParseValueError> {
    split_list(text)?.iter().map(|item| T::parse_item(item)).collect()
}

impl ValueError {
    /// That cells differ in shape.
    pub(crate) fn of_shapes(cells: &Cells) -> Self {
        let first = cells.cell(0).shape().to_vec();
        let other = cells.iter().map(|cell| cell.shape().to_vec()).find(|shape| *shape != first);
        Self::Ragged { other: other.unwrap_or_default(), first }
    }
}

/// All cells stacked along a new first axis.
fn stacked<T: Element, D: Dimension>(cells: &Cells, expected: &ValueType) -> Result<Array<T, D>, ValueError> {
    cells.expect(expected)?;
    let Some(common) = cells.common_shape() else { return Err(ValueError::of_shapes(cells)) };
    let shape: Vec<usize> = std::iter::once(cells.len()).chain(common.iter().copied()).collect();
    let mut elements = Vec::with_capacity(shape.iter().product());
    for cell in cells.iter() {
        elements.extend(T::take_all(&cell)?);
    }
    let stacked = Array::from_shape_vec(IxDyn(&shape), elements).expect("cells of one shape fill their stack");
    Ok(stacked.into_dimensionality().expect("the stack has one dimension more than its cells"))
}

/// All cells stacked, from the bytes that `fill` provides.
fn filled<T: Element, D: Dimension>(shape: &[usize], fill: &mut dyn FnMut(&mut [u8])) -> Option<Array<T, D>> {
    let elements = T::filled(shape.iter().product(), fill)?;
    let stacked = Array::from_shape_vec(IxDyn(shape), elements).expect("there is one for each place");
    Some(stacked.into_dimensionality().expect("asked for with the run before the dimensions of its value"))
}

impl<T: Item> ResultValue for Vec<T> {
    type Column = Column<T>;

    fn value_type() -> ValueType {
        items_type::<T>(None)
    }

    fn write(&self, cells: &mut Cells) {
        write_items(self, cells);
    }

    fn read(cell: Cell<'_>) -> Result<Self, ValueError> {
        take_items(&cell, &Self::value_type())
    }

    fn read_column(cells: &Cells) -> Result<Self::Column, ValueError> {
        stacked(cells, &Self::value_type())
    }

    fn fill_column(shape: &[usize], fill: &mut dyn FnMut(&mut [u8])) -> Option<Self::Column> {
        filled::<T::Element, _>(shape, fill)
    }
}

impl<T: Item> Sliceable for Vec<T> {
    type Element = T::Element;
    type Dim = Larger<T::Dim>;
}

impl<T: Item> ParamValue for Vec<T> {
    fn parse(text: &str) -> Result<Self, ParseValueError> {
        parse_items(text)
    }
}

impl<T: Item, const N: usize> ResultValue for [T; N] {
    type Column = Column<T>;

    fn value_type() -> ValueType {
        items_type::<T>(Some(N))
    }

    fn write(&self, cells: &mut Cells) {
        T::put_items(self, cells);
        cells.end_array(&<Self as Item>::item_shape());
    }

    fn read(cell: Cell<'_>) -> Result<Self, ValueError> {
        let items: Vec<T> = take_items(&cell, &Self::value_type())?;
        Ok(items.try_into().expect("the shape was checked"))
    }

    fn read_column(cells: &Cells) -> Result<Self::Column, ValueError> {
        stacked(cells, &Self::value_type())
    }

    fn fill_column(shape: &[usize], fill: &mut dyn FnMut(&mut [u8])) -> Option<Self::Column> {
        filled::<T::Element, _>(shape, fill)
    }
}

impl<T: Item, const N: usize> Sliceable for [T; N] {
    type Element = T::Element;
    type Dim = Larger<T::Dim>;
}

impl<T: Item, const N: usize> ParamValue for [T; N] {
    fn parse(text: &str) -> Result<Self, ParseValueError> {
        <Self as Item>::parse_item(text)
    }
}

/// Reads nested lists in row-major order; all lists of one level must have one length.
fn parse_nested<T: Element>(text: &str, rank: usize) -> Result<(Vec<usize>, Vec<T>), ParseValueError> {
    if rank == 0 {
        return Ok((Vec::new(), vec![T::parse_element(text)?]));
    }
    let items = split_list(text)?;
    let mut shape = vec![0; rank];
    let mut elements = Vec::new();
    for (position, item) in items.iter().enumerate() {
        let (inner, more) = parse_nested::<T>(item, rank - 1)?;
        if position > 0 && inner != shape[1..] {
            return Err(ParseValueError::new(text, "array: its rows differ in length"));
        }
        shape[1..].copy_from_slice(&inner);
        elements.extend(more);
    }
    shape[0] = items.len();
    Ok((shape, elements))
}

macro_rules! array_values {
    ($($dimension:ident: $rank:literal),*) => { $(
        impl<T: Element> ResultValue for Array<T, $dimension> {
            type Column = Array<T, <$dimension as Dimension>::Larger>;

            fn value_type() -> ValueType {
                array_type::<T>([None; $rank])
            }

            fn write(&self, cells: &mut Cells) {
                match self.as_slice() {
                    Some(slice) => T::put_slice(slice, cells),
                    None => T::put_all(self.iter(), cells),
                }
                cells.end_array(self.shape());
            }

            fn read(cell: Cell<'_>) -> Result<Self, ValueError> {
                cell.expect(&Self::value_type())?;
                let array = Array::from_shape_vec(IxDyn(cell.shape()), T::take_all(&cell)?);
                let array = array.expect("a cell has as many elements as its shape says");
                Ok(array.into_dimensionality().expect("the rank was checked"))
            }

            fn read_column(cells: &Cells) -> Result<Self::Column, ValueError> {
                stacked(cells, &Self::value_type())
            }

            fn fill_column(shape: &[usize], fill: &mut dyn FnMut(&mut [u8])) -> Option<Self::Column> {
                filled::<T, _>(shape, fill)
            }
        }

        impl<T: Element> ParamValue for Array<T, $dimension> {
            fn parse(text: &str) -> Result<Self, ParseValueError> {
                let (shape, elements) = parse_nested::<T>(text, $rank)?;
                let array = Array::from_shape_vec(IxDyn(&shape), elements);
                let array = array.expect("nested lists of equal length fill their shape");
                Ok(array.into_dimensionality().expect("parsed at this rank"))
            }
        }
    )* };
}

array_values!(Ix0: 0, Ix1: 1, Ix2: 2, Ix3: 3, Ix4: 4, Ix5: 5, Ix6: 6);

macro_rules! sliceable_arrays {
    ($($dimension:ident),*) => { $(
        impl<T: Element> Sliceable for Array<T, $dimension> {
            type Element = T;
            type Dim = $dimension;
        }
    )* };
}

sliceable_arrays!(Ix1, Ix2, Ix3, Ix4, Ix5, Ix6);

#[cfg(test)]
mod tests {
    use ndarray::{Array1, Array2, array};

    use super::*;

    fn round_trip<V: ParamValue>(value: &V) -> V {
        let mut cells = Cells::of(&V::value_type());
        value.write(&mut cells);
        V::read(cells.cell(0)).unwrap()
    }

    #[test]
    fn arrays_come_back_as_they_went() {
        assert_eq!(round_trip(&vec![1_u64, u64::MAX]), [1, u64::MAX]);
        assert_eq!(round_trip(&[true, false]), [true, false]);
        assert_eq!(round_trip(&[[[1.0_f32; 3]; 0]; 2]), [[[1.0; 3]; 0]; 2]);
        assert_eq!(round_trip(&vec![[1, 2], [3, 4]]), [[1, 2], [3, 4]]);
        assert_eq!(round_trip(&vec!["ä".to_owned(), String::new()]), ["ä", ""]);
        let transposed = array![[1.0, 2.0], [3.0, 4.0]].reversed_axes();
        assert_eq!(round_trip(&transposed), transposed);
        assert_eq!(round_trip(&Array2::<f32>::zeros((0, 3))).dim(), (0, 3));
    }

    #[test]
    fn columns_stack_unless_they_are_ragged() {
        let mut cells = Cells::of(&Vec::<i32>::value_type());
        vec![1, 2].write(&mut cells);
        vec![3, 4].write(&mut cells);
        assert_eq!(Vec::<i32>::read_column(&cells).unwrap(), array![[1, 2], [3, 4]]);
        vec![5].write(&mut cells);
        assert!(matches!(Vec::<i32>::read_column(&cells), Err(ValueError::Ragged { .. })));
        assert_eq!(Vec::<i32>::read(cells.cell(2)).unwrap(), [5]);
    }

    #[test]
    fn lists_are_parsed_by_their_type() {
        assert_eq!(Array1::<f64>::parse("[1, 2.5]").unwrap(), array![1.0, 2.5]);
        assert_eq!(Vec::<[i8; 2]>::parse("[[1, 2], [3, 4]]").unwrap(), [[1, 2], [3, 4]]);
        assert_eq!(Array2::<i8>::parse("[[1, 2], [3, 4]]").unwrap(), array![[1, 2], [3, 4]]);
        assert!(Array2::<i8>::parse("[[1, 2], [3]]").unwrap_err().to_string().contains("differ in length"));
        assert!(<[u8; 2]>::parse("[1]").unwrap_err().to_string().contains("list of 2 values"));
    }
}
