//! `Vec`, `[T; N]` and `ndarray` arrays of elements.

use ndarray::{Array, Array2, Dimension, Ix0, Ix1, Ix2, Ix3, Ix4, Ix5, Ix6, IxDyn};

use super::text::split_list;
use super::{Cell, Cells, Element, ParamValue, ParseValueError, ResultValue, ValueError, ValueType, scalar_type};

fn array_type<T: Element>(shape: impl IntoIterator<Item = Option<usize>>) -> ValueType {
    scalar_type::<T>().with_shape(shape)
}

/// All cells stacked along a new first axis.
fn stacked<T: Element, D: Dimension>(cells: &Cells, expected: &ValueType) -> Result<Array<T, D>, ValueError> {
    cells.expect(expected)?;
    let Some(common) = cells.common_shape() else {
        let first = cells.cell(0).shape().to_vec();
        let other = cells.iter().map(|cell| cell.shape().to_vec()).find(|shape| *shape != first);
        return Err(ValueError::Ragged { other: other.unwrap_or_default(), first });
    };
    let shape: Vec<usize> = std::iter::once(cells.len()).chain(common.iter().copied()).collect();
    let mut elements = Vec::with_capacity(shape.iter().product());
    for cell in cells.iter() {
        elements.extend(T::take_all(&cell)?);
    }
    let stacked = Array::from_shape_vec(IxDyn(&shape), elements).expect("cells of one shape fill their stack");
    Ok(stacked.into_dimensionality().expect("the stack has one dimension more than its cells"))
}

fn parse_elements<T: Element>(text: &str) -> Result<Vec<T>, ParseValueError> {
    split_list(text)?.iter().map(|item| T::parse_element(item)).collect()
}

impl<T: Element> ResultValue for Vec<T> {
    type Column = Array2<T>;

    fn value_type() -> ValueType {
        array_type::<T>([None])
    }

    fn write(&self, cells: &mut Cells) {
        T::put_slice(self, cells);
        cells.end_array(&[self.len()]);
    }

    fn read(cell: Cell<'_>) -> Result<Self, ValueError> {
        cell.expect(&Self::value_type())?;
        T::take_all(&cell)
    }

    fn read_column(cells: &Cells) -> Result<Self::Column, ValueError> {
        stacked(cells, &Self::value_type())
    }
}

impl<T: Element> ParamValue for Vec<T> {
    fn parse(text: &str) -> Result<Self, ParseValueError> {
        parse_elements(text)
    }
}

impl<T: Element, const N: usize> ResultValue for [T; N] {
    type Column = Array2<T>;

    fn value_type() -> ValueType {
        array_type::<T>([Some(N)])
    }

    fn write(&self, cells: &mut Cells) {
        T::put_slice(self, cells);
        cells.end_array(&[N]);
    }

    fn read(cell: Cell<'_>) -> Result<Self, ValueError> {
        cell.expect(&Self::value_type())?;
        let found = ValueType::scalar(cell.element()).with_shape(cell.shape().iter().map(|&n| Some(n)));
        T::take_all(&cell)?
            .try_into()
            .map_err(|_| ValueError::Type { expected: Self::value_type().to_string(), found: found.to_string() })
    }

    fn read_column(cells: &Cells) -> Result<Self::Column, ValueError> {
        stacked(cells, &Self::value_type())
    }
}

impl<T: Element, const N: usize> ParamValue for [T; N] {
    fn parse(text: &str) -> Result<Self, ParseValueError> {
        let elements: Vec<T> = parse_elements(text)?;
        elements.try_into().map_err(|_| ParseValueError::new(text, format!("list of {N} values")))
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

#[cfg(test)]
mod tests {
    use ndarray::{Array1, array};

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
        assert_eq!(Array2::<i8>::parse("[[1, 2], [3, 4]]").unwrap(), array![[1, 2], [3, 4]]);
        assert!(Array2::<i8>::parse("[[1, 2], [3]]").unwrap_err().to_string().contains("differ in length"));
        assert!(<[u8; 2]>::parse("[1]").unwrap_err().to_string().contains("list of 2 values"));
    }
}
