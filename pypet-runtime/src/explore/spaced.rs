//! Evenly spaced values, by NumPy's names and conventions.

/// Evenly spaced values; what [`linspace`], [`logspace`] and [`arange`] give.
#[derive(Debug, Clone)]
pub struct Spaced<T> {
    next: usize,
    count: usize,
    value: fn(&Spacing, usize) -> T,
    spacing: Spacing,
}

#[derive(Debug, Clone)]
struct Spacing {
    start: f64,
    stop: f64,
    step: f64,
    count: usize,
}

impl Spacing {
    /// The value at a position; the last of a closed interval is `stop` to the bit.
    fn at(&self, index: usize) -> f64 {
        if index > 0 && index + 1 == self.count { self.stop } else { self.start + index as f64 * self.step }
    }
}

/// `count` evenly spaced values from `start` to `stop`, both included.
///
/// # Examples
/// ```
/// use pypet_runtime::explore::linspace;
/// assert_eq!(linspace(0.0, 1.0, 5).collect::<Vec<_>>(), [0.0, 0.25, 0.5, 0.75, 1.0]);
/// ```
#[must_use]
pub fn linspace(start: f64, stop: f64, count: usize) -> Spaced<f64> {
    spaced(start, stop, count, Spacing::at)
}

/// `count` values from `10^start` to `10^stop`, both included, evenly spaced on a logarithmic scale.
///
/// # Examples
/// ```
/// use pypet_runtime::explore::logspace;
/// assert_eq!(logspace(0.0, 3.0, 4).collect::<Vec<_>>(), [1.0, 10.0, 100.0, 1000.0]);
/// ```
#[must_use]
pub fn logspace(start: f64, stop: f64, count: usize) -> Spaced<f64> {
    spaced(start, stop, count, |spacing, index| 10_f64.powf(spacing.at(index)))
}

fn spaced(start: f64, stop: f64, count: usize, value: fn(&Spacing, usize) -> f64) -> Spaced<f64> {
    let step = if count > 1 { (stop - start) / (count - 1) as f64 } else { 0.0 };
    Spaced { next: 0, count, value, spacing: Spacing { start, stop, step, count } }
}

/// Values from `start` on in steps of `step`, `stop` excluded; none if `step` does not lead towards `stop`.
///
/// # Examples
/// ```
/// use pypet_runtime::explore::arange;
/// assert_eq!(arange(0.0, 1.0, 0.25).collect::<Vec<_>>(), [0.0, 0.25, 0.5, 0.75]);
/// ```
#[must_use]
pub fn arange(start: f64, stop: f64, step: f64) -> Spaced<f64> {
    let count = ((stop - start) / step).ceil();
    // Not a number (0/0), infinite (x/0) and negative counts all mean: no values.
    let count = if count.is_finite() && count > 0.0 { float_to_count(count) } else { 0 };
    let value = |spacing: &Spacing, index| spacing.start + index as f64 * spacing.step;
    Spaced { next: 0, count, value, spacing: Spacing { start, stop, step, count } }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole, positive; saturates beyond memory")]
fn float_to_count(count: f64) -> usize {
    count as usize
}

impl<T> Iterator for Spaced<T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        (self.next < self.count).then(|| {
            self.next += 1;
            (self.value)(&self.spacing, self.next - 1)
        })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.count - self.next, Some(self.count - self.next))
    }
}

impl<T> ExactSizeIterator for Spaced<T> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_exact() {
        assert_eq!(linspace(0.1, 0.7, 7).last(), Some(0.7));
        assert_eq!(linspace(3.0, 9.0, 1).collect::<Vec<_>>(), [3.0]);
        assert_eq!(linspace(0.0, 1.0, 0).len(), 0);
    }

    #[test]
    fn arange_counts_as_numpy_does() {
        assert_eq!(arange(0.0, 1.01, 0.01).len(), 101);
        assert_eq!(arange(0.0, 1.0, -0.1).len(), 0);
        assert_eq!(arange(0.0, 1.0, 0.0).len(), 0);
        assert_eq!(arange(2.0, 0.0, -0.5).collect::<Vec<_>>(), [2.0, 1.5, 1.0, 0.5]);
    }
}
