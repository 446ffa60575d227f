//! Columns of values in plain bytes.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use bytemuck::Pod;
use num_complex::Complex;
use serde::{Deserialize, Serialize};

use super::{ElementType, ValueError, ValueType};

/// Values of one column, one cell after the other, in native byte order.
///
/// # Shape
/// All cells have the same rank; their lengths may differ.
#[derive(Debug, Clone, PartialEq, Hash, Serialize, Deserialize)]
pub struct Cells {
    element: ElementType,
    rank: usize,
    len: usize,
    #[serde(with = "serde_bytes")]
    bytes: Vec<u8>,
    /// Text only: where each string ends in `bytes`.
    ends: Vec<usize>,
    shapes: Shapes,
    refusal: Option<Box<str>>,
}

#[derive(Debug, Clone, PartialEq, Hash, Serialize, Deserialize)]
enum Shapes {
    /// Every cell has this shape.
    Same(Vec<usize>),
    /// `rank` lengths for each cell.
    Each(Vec<usize>),
}

impl Cells {
    /// No cells yet.
    #[must_use]
    pub fn new(element: ElementType, rank: usize) -> Self {
        Self {
            element,
            rank,
            len: 0,
            bytes: Vec::new(),
            ends: Vec::new(),
            shapes: Shapes::Same(vec![0; rank]),
            refusal: None,
        }
    }

    /// An empty column for values of a type.
    #[must_use]
    pub fn of(value_type: &ValueType) -> Self {
        Self::new(value_type.element, value_type.shape.len())
    }

    /// `len` cells of one shape from their bytes.
    ///
    /// # Panics
    /// If the bytes are not exactly those of `len` cells; text comes by [`Cells::from_text`].
    #[must_use]
    pub fn from_bytes(element: ElementType, shape: &[usize], len: usize, bytes: Vec<u8>) -> Self {
        let size = element.size().expect("text has no fixed size");
        let elements: usize = shape.iter().product();
        assert_eq!(bytes.len(), size * elements * len, "bytes of {len} cells of shape {shape:?}");
        let mut cells = Self::new(element, shape.len());
        cells.len = len;
        cells.bytes = bytes;
        cells.shapes = Shapes::Same(shape.to_vec());
        cells
    }

    /// `len` cells of one shape from their strings.
    #[must_use]
    pub fn from_text(shape: &[usize], len: usize, strings: impl IntoIterator<Item = String>) -> Self {
        let mut cells = Self::new(ElementType::Text, shape.len());
        for text in strings {
            cells.put_str(&text);
        }
        cells.len = len;
        cells.shapes = Shapes::Same(shape.to_vec());
        cells
    }

    /// What the cells are made of.
    #[must_use]
    pub fn element(&self) -> ElementType {
        self.element
    }

    /// Dimensions of each cell.
    #[must_use]
    pub fn rank(&self) -> usize {
        self.rank
    }

    /// Number of cells.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no cells.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Memory of the payload in bytes.
    #[must_use]
    pub fn n_bytes(&self) -> usize {
        self.bytes.len() + size_of_val(self.ends.as_slice())
    }

    /// The elements of all cells as bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The shape that all cells share, if they do.
    #[must_use]
    pub fn common_shape(&self) -> Option<&[usize]> {
        match &self.shapes {
            Shapes::Same(shape) => Some(shape),
            Shapes::Each(_) => None,
        }
    }

    /// All strings of a text column in order.
    pub fn strings(&self) -> impl Iterator<Item = &str> {
        (0..self.ends.len()).map(|i| string_at(&self.bytes, &self.ends, i))
    }

    /// One cell.
    ///
    /// # Panics
    /// If there are not that many cells.
    #[must_use]
    pub fn cell(&self, index: usize) -> Cell<'_> {
        assert!(index < self.len, "cell {index} of {}", self.len);
        let elements = self.elements_of(index);
        Cell { cells: self, shape: self.shape_of(index), elements }
    }

    /// The last cell, without a look at the others.
    ///
    /// # Panics
    /// If there are no cells.
    pub(crate) fn last(&self) -> Cell<'_> {
        let last = self.len.checked_sub(1).expect("there is a cell");
        let shape = self.shape_of(last);
        let end = self.element.size().map_or(self.ends.len(), |size| self.bytes.len() / size);
        Cell { cells: self, shape, elements: end - shape.iter().product::<usize>()..end }
    }

    /// All cells in order.
    pub fn iter(&self) -> impl Iterator<Item = Cell<'_>> {
        let mut start = 0;
        (0..self.len).map(move |index| {
            let shape = self.shape_of(index);
            let elements = start..start + shape.iter().product::<usize>();
            start = elements.end;
            Cell { cells: self, shape, elements }
        })
    }

    /// How many elements all cells have together.
    pub(crate) fn n_elements(&self) -> usize {
        self.iter().map(|cell| cell.elements.len()).sum()
    }

    fn shape_of(&self, index: usize) -> &[usize] {
        match &self.shapes {
            Shapes::Same(shape) => shape,
            Shapes::Each(lengths) => &lengths[index * self.rank..(index + 1) * self.rank],
        }
    }

    fn elements_of(&self, index: usize) -> Range<usize> {
        let count = |i| self.shape_of(i).iter().product::<usize>();
        let start = match &self.shapes {
            Shapes::Same(_) => index * count(index),
            Shapes::Each(_) => (0..index).map(count).sum(),
        };
        start..start + count(index)
    }

    /// Forgets all cells and keeps the memory.
    pub fn clear(&mut self) {
        self.len = 0;
        self.bytes.clear();
        self.ends.clear();
        self.shapes = Shapes::Same(vec![0; self.rank]);
        self.refusal = None;
    }

    /// Appends one cell of a single number.
    pub fn push_number<T: Pod>(&mut self, number: T) {
        self.bytes.extend_from_slice(bytemuck::bytes_of(&number));
        self.len += 1;
    }

    /// Appends one cell of a single string.
    pub fn push_str(&mut self, text: &str) {
        self.put_str(text);
        self.len += 1;
    }

    /// Appends numbers to the cell that [`Cells::end_array`] will close.
    pub fn put_numbers<T: Pod>(&mut self, numbers: &[T]) {
        self.bytes.extend_from_slice(bytemuck::cast_slice(numbers));
    }

    /// Appends a string to the cell that [`Cells::end_array`] will close.
    pub fn put_str(&mut self, text: &str) {
        self.bytes.extend_from_slice(text.as_bytes());
        self.ends.push(self.bytes.len());
    }

    /// Closes a cell whose elements were put before.
    pub fn end_array(&mut self, shape: &[usize]) {
        debug_assert_eq!(shape.len(), self.rank);
        match &mut self.shapes {
            Shapes::Same(same) if self.len == 0 => same.copy_from_slice(shape),
            Shapes::Same(same) if same == shape => {}
            Shapes::Same(same) => {
                let mut lengths = same.repeat(self.len);
                lengths.extend_from_slice(shape);
                self.shapes = Shapes::Each(lengths);
            }
            Shapes::Each(lengths) => lengths.extend_from_slice(shape),
        }
        self.len += 1;
    }

    /// Notes why the value that is being put cannot be stored without loss; a cell of it is put all the same,
    /// and the value is reported instead of stored.
    pub fn refuse(&mut self, problem: impl Into<String>) {
        self.refusal.get_or_insert(problem.into().into());
    }

    /// Why one of the values cannot be stored, if so.
    #[must_use]
    pub fn refusal(&self) -> Option<&str> {
        self.refusal.as_deref()
    }

    /// Appends a copy of another column's cell.
    pub fn push_cell(&mut self, cell: &Cell<'_>) {
        self.put_elements(cell);
        self.end_array(cell.shape);
    }

    /// Appends each element of another column's cell as a cell of its own.
    pub(crate) fn push_elements(&mut self, cell: &Cell<'_>) {
        self.put_elements(cell);
        self.len += cell.elements.len();
    }

    /// Appends each part along the first dimension of another column's cell as a cell of its own.
    ///
    /// # Panics
    /// If that cell has no dimension.
    pub(crate) fn push_rows(&mut self, cell: &Cell<'_>) {
        let (&n_rows, shape) = cell.shape.split_first().expect("a single element has no rows");
        self.put_elements(cell);
        (0..n_rows).for_each(|_| self.end_array(shape));
    }

    /// Appends all cells of another column as one cell of this shape.
    pub(crate) fn push_array_of(&mut self, flat: &Self, shape: &[usize]) {
        for text in flat.strings() {
            self.put_str(text);
        }
        if self.element != ElementType::Text {
            self.bytes.extend_from_slice(&flat.bytes);
        }
        self.end_array(shape);
    }

    /// Appends some elements of another column's cell to the cell that [`Cells::end_array`] will close.
    pub(crate) fn put_part(&mut self, cell: &Cell<'_>, elements: Range<usize>) {
        let start = cell.elements.start;
        self.put_elements(&Cell { elements: start + elements.start..start + elements.end, ..cell.clone() });
    }

    /// Puts the rows of another array behind those of this one; both are single cells, alike but for their lengths.
    pub(crate) fn extend_rows(&mut self, other: &Self) {
        let more = other.cell(0);
        self.put_elements(&more);
        let Shapes::Same(shape) = &mut self.shapes else { unreachable!("a single cell has one shape") };
        shape[0] += more.shape[0];
    }

    /// The rows of an array, which has none then.
    pub(crate) fn take_rows(&mut self) -> Self {
        let mut none = self.common_shape().expect("a single cell has one shape").to_vec();
        none[0] = 0;
        let rest = Self { len: 1, shapes: Shapes::Same(none), ..Self::new(self.element, self.rank) };
        std::mem::replace(self, rest)
    }

    /// Takes the bytes away; all else stays, so that [`Cells::with_bytes`] can make it whole again.
    pub(crate) fn take_bytes(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.bytes)
    }

    /// The same with the bytes that were taken away.
    pub(crate) fn with_bytes(&self, bytes: Vec<u8>) -> Self {
        Self { bytes, ..self.clone() }
    }

    /// Takes back all that was put after the first `len` cells, also elements of a cell that was never closed.
    pub(crate) fn rewind(&mut self, len: usize) {
        self.refusal = None;
        self.len = self.len.min(len);
        let end = self.len.checked_sub(1).map_or(0, |last| self.elements_of(last).end);
        if let Some(size) = self.element.size() {
            self.bytes.truncate(end * size);
        } else {
            self.ends.truncate(end);
            self.bytes.truncate(self.ends.last().copied().unwrap_or(0));
        }
        if let Shapes::Each(lengths) = &mut self.shapes {
            lengths.truncate(self.len * self.rank);
            // What alone differed in shape may be gone.
            let same = lengths.get(..self.rank).map_or_else(|| vec![0; self.rank], <[usize]>::to_vec);
            if lengths.chunks(self.rank.max(1)).all(|shape| shape == same) {
                self.shapes = Shapes::Same(same);
            }
        }
    }

    /// Appends copies of all cells of another column.
    pub(crate) fn append(&mut self, other: &Self) {
        for cell in other.iter() {
            self.push_cell(&cell);
        }
    }

    /// Whether all parts agree, as they do unless the column was damaged on its way from another process.
    pub(crate) fn is_whole(&self) -> bool {
        let has_shapes = match &self.shapes {
            Shapes::Same(shape) => shape.len() == self.rank,
            Shapes::Each(lengths) => self.rank > 0 && Some(lengths.len()) == self.len.checked_mul(self.rank),
        };
        if !has_shapes {
            return false;
        }
        let product = |shape: &[usize]| shape.iter().try_fold(1_usize, |all, &length| all.checked_mul(length));
        let n_elements = match &self.shapes {
            Shapes::Same(shape) => product(shape).and_then(|elements| elements.checked_mul(self.len)),
            Shapes::Each(lengths) => {
                lengths.chunks(self.rank).try_fold(0_usize, |all, shape| all.checked_add(product(shape)?))
            }
        };
        let Some(n_elements) = n_elements else { return false };
        if let Some(size) = self.element.size() {
            return n_elements.checked_mul(size) == Some(self.bytes.len()) && self.ends.is_empty();
        }
        let Ok(text) = std::str::from_utf8(&self.bytes) else { return false };
        self.ends.len() == n_elements
            && self.ends.is_sorted()
            && self.ends.iter().all(|&end| text.is_char_boundary(end))
            && self.ends.last().copied().unwrap_or(0) == text.len()
    }

    /// All cells as one with a further first dimension; `None` if they differ in shape.
    pub(crate) fn as_one(&self) -> Option<Self> {
        let shape: Vec<usize> = std::iter::once(self.len).chain(self.common_shape()?.iter().copied()).collect();
        Some(Self { rank: self.rank + 1, len: 1, shapes: Shapes::Same(shape), ..self.clone() })
    }

    /// The same values as elements of a wider type; as they are if the type is not wider.
    pub(crate) fn widened(self, to: ElementType) -> Self {
        if self.element == to || !self.element.widens_to(to) {
            return self;
        }
        let bytes = match self.element {
            ElementType::I8 => widen::<i8>(&self.bytes, to),
            ElementType::I16 => widen::<i16>(&self.bytes, to),
            ElementType::I32 => widen::<i32>(&self.bytes, to),
            ElementType::U8 => widen::<u8>(&self.bytes, to),
            ElementType::U16 => widen::<u16>(&self.bytes, to),
            ElementType::U32 => widen::<u32>(&self.bytes, to),
            _ => bytes_of(bytemuck::pod_collect_to_vec::<u8, f32>(&self.bytes).into_iter().map(f64::from)),
        };
        Self { element: to, bytes, ..self }
    }

    /// Appends the elements of another column's cell to the cell that [`Cells::end_array`] will close.
    pub(crate) fn put_elements(&mut self, cell: &Cell<'_>) {
        debug_assert_eq!(self.element, cell.cells.element);
        if self.element == ElementType::Text {
            for text in cell.strings() {
                self.put_str(text);
            }
        } else {
            self.bytes.extend_from_slice(cell.bytes());
        }
    }

    /// Appends what stands for a run without a result: NaN, zero, or empty text.
    pub(crate) fn push_fill(&mut self, shape: &[usize]) {
        for _ in 0..shape.iter().product() {
            match self.element {
                ElementType::F32 => self.put_numbers(&[f32::NAN]),
                ElementType::F64 => self.put_numbers(&[f64::NAN]),
                ElementType::Text => self.put_str(""),
                other => self.put_numbers(&vec![0_u8; other.size().unwrap_or_default()]),
            }
        }
        self.end_array(shape);
    }

    /// The cells as those of another element type or rank would be: an error that names both.
    pub(crate) fn expect(&self, expected: &ValueType) -> Result<(), ValueError> {
        if self.element == expected.element && self.rank == expected.shape.len() {
            return Ok(());
        }
        let found = ValueType::scalar(self.element).with_shape(vec![None; self.rank]);
        Err(ValueError::Type { expected: expected.to_string(), found: found.to_string() })
    }
}

/// One value of a column.
#[derive(Debug, Clone)]
pub struct Cell<'a> {
    cells: &'a Cells,
    shape: &'a [usize],
    elements: Range<usize>,
}

impl<'a> Cell<'a> {
    /// What the value is made of.
    #[must_use]
    pub fn element(&self) -> ElementType {
        self.cells.element
    }

    /// Its shape; empty for a single element.
    #[must_use]
    pub fn shape(&self) -> &'a [usize] {
        self.shape
    }

    /// Its bytes; meaningless for text.
    #[must_use]
    pub fn bytes(&self) -> &'a [u8] {
        let size = self.cells.element.size().unwrap_or(0);
        &self.cells.bytes[self.elements.start * size..self.elements.end * size]
    }

    /// Its bytes in the order that hashes and other machines agree upon.
    pub(crate) fn little_endian(&self) -> Cow<'a, [u8]> {
        let number_size = match self.element() {
            ElementType::C32 => Some(4),
            ElementType::C64 => Some(8),
            other => other.size(),
        };
        match number_size {
            Some(size) if cfg!(target_endian = "big") => {
                let mut bytes = self.bytes().to_vec();
                bytes.chunks_exact_mut(size).for_each(<[u8]>::reverse);
                bytes.into()
            }
            _ => self.bytes().into(),
        }
    }

    /// Its strings, if it is text.
    pub fn strings(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let (cells, elements) = (self.cells, self.elements.clone());
        elements.map(|i| string_at(&cells.bytes, &cells.ends, i))
    }

    /// Its numbers.
    ///
    /// # Panics
    /// If `T` has another size than the elements.
    #[must_use]
    pub fn numbers<T: Pod>(&self) -> Vec<T> {
        bytemuck::pod_collect_to_vec(self.bytes())
    }

    /// Checks elements and rank against a type.
    pub(crate) fn expect(&self, expected: &ValueType) -> Result<(), ValueError> {
        self.cells.expect(expected)
    }

    /// The value as a float, if it is a single number or truth value.
    #[must_use]
    pub fn as_f64(&self) -> Option<f64> {
        if !self.shape.is_empty() {
            return None;
        }
        self.to_f64s().pop()
    }

    /// All elements as floats; none if they are no numbers.
    pub(crate) fn to_f64s(&self) -> Vec<f64> {
        fn floats<T: Pod>(cell: &Cell<'_>, convert: impl Fn(T) -> f64) -> Vec<f64> {
            cell.numbers::<T>().into_iter().map(convert).collect()
        }
        match self.element() {
            ElementType::Bool | ElementType::U8 => floats::<u8>(self, f64::from),
            ElementType::I8 => floats::<i8>(self, f64::from),
            ElementType::I16 => floats::<i16>(self, f64::from),
            ElementType::I32 => floats::<i32>(self, f64::from),
            ElementType::I64 => floats::<i64>(self, |x| x as f64),
            ElementType::U16 => floats::<u16>(self, f64::from),
            ElementType::U32 => floats::<u32>(self, f64::from),
            ElementType::U64 => floats::<u64>(self, |x| x as f64),
            ElementType::F32 => floats::<f32>(self, f64::from),
            ElementType::F64 => floats::<f64>(self, |x| x),
            ElementType::C32 | ElementType::C64 | ElementType::Text => Vec::new(),
        }
    }

    /// The first elements as people write them.
    pub(crate) fn spellings(&self, most: usize) -> Vec<String> {
        fn first<T: Pod>(cell: &Cell<'_>, most: usize) -> Vec<T> {
            let bytes = cell.bytes();
            bytemuck::pod_collect_to_vec(&bytes[..bytes.len().min(most.saturating_mul(size_of::<T>()))])
        }
        fn spell<T: Pod + fmt::Debug>(cell: &Cell<'_>, most: usize) -> Vec<String> {
            first::<T>(cell, most).iter().map(|x| format!("{x:?}")).collect()
        }
        match self.element() {
            ElementType::Bool => self.bytes().iter().take(most).map(|&x| (x != 0).to_string()).collect(),
            ElementType::I8 => spell::<i8>(self, most),
            ElementType::I16 => spell::<i16>(self, most),
            ElementType::I32 => spell::<i32>(self, most),
            ElementType::I64 => spell::<i64>(self, most),
            ElementType::U8 => spell::<u8>(self, most),
            ElementType::U16 => spell::<u16>(self, most),
            ElementType::U32 => spell::<u32>(self, most),
            ElementType::U64 => spell::<u64>(self, most),
            ElementType::F32 => spell::<f32>(self, most),
            ElementType::F64 => spell::<f64>(self, most),
            ElementType::C32 => first::<Complex<f32>>(self, most).iter().map(complex_text).collect(),
            ElementType::C64 => first::<Complex<f64>>(self, most).iter().map(complex_text).collect(),
            ElementType::Text => self.strings().take(most).map(ToOwned::to_owned).collect(),
        }
    }
}

/// Scalars as they are, arrays by their first elements.
impl fmt::Display for Cell<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 6;
        let spellings = self.spellings(SHOWN);
        if self.shape.is_empty() {
            return f.write_str(spellings.first().map_or("", String::as_str));
        }
        let more = if self.elements.len() > SHOWN { ", …" } else { "" };
        write!(f, "[{}{more}]", spellings.join(", "))
    }
}

/// A complex number with one sign between its parts, also where the second is a negative zero.
fn complex_text(number: &impl fmt::Display) -> String {
    number.to_string().replacen("+-", "-", 1)
}

fn bytes_of<T: Pod>(numbers: impl Iterator<Item = T>) -> Vec<u8> {
    bytemuck::pod_collect_to_vec(&numbers.collect::<Vec<T>>())
}

/// Whole numbers of at most 32 bits as a type that holds them all.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "`ElementType::widens_to` allows only types that hold every value of the narrower one"
)]
fn widen<T: Pod + Into<i64>>(bytes: &[u8], to: ElementType) -> Vec<u8> {
    let numbers = bytemuck::pod_collect_to_vec::<u8, T>(bytes).into_iter().map(Into::<i64>::into);
    match to {
        ElementType::I16 => bytes_of(numbers.map(|x| x as i16)),
        ElementType::I32 => bytes_of(numbers.map(|x| x as i32)),
        ElementType::U16 => bytes_of(numbers.map(|x| x as u16)),
        ElementType::U32 => bytes_of(numbers.map(|x| x as u32)),
        ElementType::U64 => bytes_of(numbers.map(|x| x as u64)),
        ElementType::F32 => bytes_of(numbers.map(|x| x as f32)),
        ElementType::F64 => bytes_of(numbers.map(|x| x as f64)),
        _ => bytes_of(numbers),
    }
}

fn string_at<'a>(bytes: &'a [u8], ends: &[usize], index: usize) -> &'a str {
    let start = if index == 0 { 0 } else { ends[index - 1] };
    std::str::from_utf8(&bytes[start..ends[index]]).expect("texts are put as `str`")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::ResultValue;

    #[test]
    fn a_complex_number_has_one_sign_between_its_parts() {
        let mut cells = Cells::of(&Complex::<f64>::value_type());
        for (real, imaginary) in [(0.0, -0.0), (1.5, -2.0), (-1.0, 0.25)] {
            cells.put_numbers(&[Complex::<f64>::new(real, imaginary)]);
            cells.end_array(&[]);
        }
        assert_eq!(cells.iter().map(|cell| cell.to_string()).collect::<Vec<_>>(), ["0-0i", "1.5-2i", "-1+0.25i"]);
    }

    #[test]
    fn what_was_put_is_taken_back_with_all_its_traces() {
        let mut lists = Cells::of(&Vec::<f64>::value_type());
        vec![1.0, 2.0].write(&mut lists);
        vec![3.0, 4.0].write(&mut lists);
        let before = lists.clone();
        vec![5.0].write(&mut lists);
        lists.put_numbers(&[6.0, 7.0]);
        lists.rewind(2);
        assert_eq!(lists, before);
        lists.rewind(0);
        assert_eq!((lists.len(), lists.bytes()), (0, [].as_slice()));

        let mut words = Cells::of(&String::value_type());
        "kept".to_owned().write(&mut words);
        let before = words.clone();
        words.put_str("half a cell");
        words.rewind(1);
        assert_eq!(words, before);
    }

    #[test]
    fn columns_are_joined_cell_by_cell() {
        let of = |lists: &[Vec<u8>]| {
            let mut cells = Cells::of(&Vec::<u8>::value_type());
            for list in lists {
                list.write(&mut cells);
            }
            cells
        };
        let (a, b, c) = (vec![1, 2], vec![3, 4], vec![5]);
        let mut joined = of(std::slice::from_ref(&a));
        joined.append(&of(&[b.clone(), c.clone()]));
        assert_eq!(joined, of(&[a, b, c]));
    }
}
