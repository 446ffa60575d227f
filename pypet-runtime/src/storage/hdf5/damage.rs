//! Bytes that are not those that were written.
//!
//! Columns lie in chunks with a checksum each, values in headers that have one, and `heap` guards text.

use std::ops::Range;

use hdf5::Dataset;

use super::raw;
use crate::value::ElementType;

/// Whether an error is that a checksum does not fit.
pub(super) fn is_damage(error: &hdf5::Error) -> bool {
    // The library has no code for it, but its messages about it name a checksum, as does ours, or the filter, or the
    // text that `heap` has hidden.
    const SIGNS: [&str; 3] = ["checksum", "inflate() failed", "bad heap pointer"];
    let hdf5::Error::HDF5(stack) = error else { return false };
    let tells = |text: &str| SIGNS.iter().any(|sign| text.contains(sign));
    stack.clone().expand().is_ok_and(|stack| stack.iter().any(|frame| tells(frame.desc())))
}

/// Which of these rows cannot be read: chunk by chunk, and row by row where each has a place of its own.
pub(super) fn unreadable(dataset: &Dataset, element: ElementType, rows: Range<usize>) -> Vec<Range<usize>> {
    scan(dataset, element, rows).0
}

/// The same with the first of the errors.
pub(super) fn scan(
    dataset: &Dataset,
    element: ElementType,
    rows: Range<usize>,
) -> (Vec<Range<usize>>, Option<hdf5::Error>) {
    let step = dataset.chunk().map_or(1, |chunk| chunk[0].max(1));
    let mut found = Vec::new();
    let mut reason = None;
    let mut first = rows.start;
    while first < rows.end {
        let end = ((first / step + 1) * step).min(rows.end);
        if let Err(error) = raw::read_rows(dataset, element, first, end - first) {
            reason.get_or_insert(error);
            if element == ElementType::Text {
                (first..end)
                    .filter(|&row| raw::read_rows(dataset, element, row, 1).is_err())
                    .for_each(|row| join(&mut found, row..row + 1));
            } else {
                join(&mut found, first..end);
            }
        }
        first = end;
    }
    (found, reason)
}

/// Adds a range behind others; neighbours become one.
pub(super) fn join(ranges: &mut Vec<Range<usize>>, next: Range<usize>) {
    match ranges.last_mut() {
        Some(last) if last.end >= next.start => last.end = last.end.max(next.end),
        _ => ranges.push(next),
    }
}
