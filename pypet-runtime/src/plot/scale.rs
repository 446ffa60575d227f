//! From values to places on the paper, and the ticks between.

/// How values lie along an axis.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Scale {
    /// Values at the start and at the end; logarithms of a logarithmic scale.
    from: f64,
    to: f64,
    /// Where they are on the paper.
    start: f64,
    end: f64,
    is_log: bool,
}

/// A mark on an axis.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tick {
    pub(super) place: f64,
    pub(super) label: String,
}

impl Scale {
    /// A scale that shows these values; an axis needs some length, even if all values are the same.
    pub(super) fn new(from: f64, to: f64, start: f64, end: f64) -> Self {
        let (from, to) = if from.is_finite() && to.is_finite() { (from, to) } else { (0.0, 1.0) };
        let spread = if from == 0.0 { 1.0 } else { from.abs() / 2.0 };
        let around = ((from - spread).max(f64::MIN), (from + spread).min(f64::MAX));
        let (from, to) = if from < to { (from, to) } else { around };
        Self { from, to, start, end, is_log: false }
    }

    /// The same for values whose ratios matter; all are positive.
    pub(super) fn log(from: f64, to: f64, start: f64, end: f64) -> Self {
        Self { is_log: true, ..Self::new(from.log10(), to.log10(), start, end) }
    }

    pub(super) fn place(&self, value: f64) -> f64 {
        let value = if self.is_log { value.log10() } else { value };
        self.start + self.part_of(value) * (self.end - self.start)
    }

    /// How far along the scale a value is, from 0 to 1.
    pub(super) fn part(&self, value: f64) -> f64 {
        self.part_of(if self.is_log { value.log10() } else { value })
    }

    fn part_of(&self, value: f64) -> f64 {
        // Halves, so that the distance of huge values of both signs does not overflow.
        (value / 2.0 - self.from / 2.0) / (self.to / 2.0 - self.from / 2.0)
    }

    /// About so many marks at round values.
    pub(super) fn ticks(&self, about: usize) -> Vec<Tick> {
        if self.is_log && self.to - self.from >= 1.0 {
            return self.decades(about);
        }
        let (from, to) =
            if self.is_log { (10_f64.powf(self.from), 10_f64.powf(self.to)) } else { (self.from, self.to) };
        round_values(from, to, about)
            .into_iter()
            .map(|(value, label)| Tick { place: self.place(value), label })
            .collect()
    }

    fn decades(&self, about: usize) -> Vec<Tick> {
        #[expect(clippy::cast_possible_truncation, reason = "exponents of floats are small")]
        let (first, last) = ((self.from - 1e-9).ceil() as i32, (self.to + 1e-9).floor() as i32);
        let every = usize::try_from(last - first).unwrap_or(0) / about.max(1) + 1;
        // Powers or plain numbers, but not both on one axis.
        let is_plain = first >= -3 && last <= 4;
        let tick = |exponent: i32| {
            let value = 10_f64.powi(exponent);
            let label = if is_plain { spelled(value) } else { format!("10{}", raised(exponent)) };
            Tick { place: self.place(value), label }
        };
        (first..=last).step_by(every).map(tick).collect()
    }
}

/// Values in steps of 1, 2 or 5 times a power of ten, with what is written beside them.
fn round_values(from: f64, to: f64, about: usize) -> Vec<(f64, String)> {
    let rough = to / about.max(1) as f64 - from / about.max(1) as f64;
    let power = 10_f64.powf(rough.log10().floor());
    let Some(step) = [1.0, 2.0, 5.0, 10.0].into_iter().map(|nice| nice * power).find(|step| *step >= rough * 0.999)
    else {
        return Vec::new();
    };
    let first = (from / step - 1e-9).ceil();
    let count = (to / step + 1e-9).floor() - first;
    // Steps below the precision of the values end nowhere.
    if !(0.0..=50.0).contains(&count) || (from + step).total_cmp(&from).is_eq() {
        return vec![(from, spelled(from)), (to, spelled(to))];
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 50")]
    let count = count as usize;
    let values: Vec<f64> = (0..=count).map(|i| (first + i as f64) * step).collect();
    let largest = values.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
    #[expect(clippy::cast_possible_truncation, reason = "exponents of floats are small")]
    let exponent = if largest > 0.0 { largest.log10().floor() as i32 } else { 0 };
    #[expect(clippy::cast_possible_truncation, reason = "exponents of floats are small")]
    let finest = step.log10().floor() as i32;
    let label = |value: &f64| {
        if *value == 0.0 {
            return "0".to_owned();
        }
        if (-4..6).contains(&exponent) {
            return signed(format!("{value:.*}", usize::try_from(-finest).unwrap_or(0)));
        }
        let digits = usize::try_from(exponent - finest).unwrap_or(0).min(15);
        signed(format!("{:.digits$}×10{}", value / 10_f64.powi(exponent), raised(exponent)))
    };
    values.iter().map(|value| (*value, label(value))).collect()
}

/// A number as briefly as its digits allow.
pub(super) fn spelled(value: f64) -> String {
    spelled_to(value, 6)
}

/// One of several sorted numbers, with no more digits than tell them apart.
pub(super) fn told_apart(values: &[f64], place: usize) -> String {
    let gap = values.windows(2).map(|pair| pair[1] - pair[0]).fold(f64::INFINITY, f64::min);
    let has_digits = |digits: &i32| {
        let error = |value: &f64| 10_f64.powf(value.abs().log10().floor() - f64::from(*digits));
        values.iter().all(|value| *value == 0.0 || error(value) < gap / 20.0)
    };
    spelled_to(values[place], (3..6).find(has_digits).unwrap_or(6))
}

fn spelled_to(value: f64, digits: i32) -> String {
    if value.is_nan() {
        return "no value".into();
    }
    if value == 0.0 || (1e-4..1e6).contains(&value.abs()) {
        // A few digits are what a reader of a picture can use; floats such as 0.30000000000000004 are read as 0.3.
        #[expect(clippy::cast_possible_truncation, reason = "a few digits")]
        let decimals = if value == 0.0 {
            0
        } else {
            usize::try_from(digits - 1 - value.abs().log10().floor() as i32).unwrap_or(0)
        };
        let text = format!("{value:.decimals$}");
        let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
        return signed(text.into());
    }
    if value.is_infinite() {
        return signed(if value > 0.0 { "∞".into() } else { "-∞".into() });
    }
    #[expect(clippy::cast_possible_truncation, reason = "exponents of floats are small")]
    let exponent = value.abs().log10().floor() as i32;
    let digits = format!("{:.4}", value / 10_f64.powi(exponent));
    signed(format!("{}×10{}", digits.trim_end_matches('0').trim_end_matches('.'), raised(exponent)))
}

fn signed(text: String) -> String {
    text.strip_prefix('-').map(|text| format!("−{text}")).unwrap_or(text)
}

fn raised(exponent: i32) -> String {
    let raise = |c: char| match c.to_digit(10) {
        Some(digit) => ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'][digit as usize],
        None => '⁻',
    };
    exponent.to_string().chars().map(raise).collect()
}

/// Whether ratios and not distances of these sorted values are the same.
pub(super) fn is_geometric(values: &[f64]) -> bool {
    let [first, .., last] = values else { return false };
    if values.len() < 4 || *first <= 0.0 || !last.is_finite() || last / first < 50.0 {
        return false;
    }
    let even = (last / first).ln() / (values.len() - 1) as f64;
    values.windows(2).all(|pair| ((pair[1] / pair[0]).ln() - even).abs() < 0.2 * even)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn labels(scale: &Scale) -> Vec<String> {
        scale.ticks(5).into_iter().map(|tick| tick.label).collect()
    }

    #[test]
    fn ticks_are_round() {
        assert_eq!(labels(&Scale::new(0.0, 1.0, 0.0, 100.0)), ["0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(labels(&Scale::new(-10.0, 10.0, 0.0, 100.0)), ["−10", "−5", "0", "5", "10"]);
        assert_eq!(labels(&Scale::new(0.0, 4e7, 0.0, 1.0))[1], "1×10⁷");
        assert_eq!(labels(&Scale::log(1e-6, 1e6, 0.0, 1.0)), ["10⁻⁶", "10⁻³", "10⁰", "10³", "10⁶"]);
        assert_eq!(labels(&Scale::log(0.01, 100.0, 0.0, 1.0)), ["0.01", "0.1", "1", "10", "100"]);
    }

    #[test]
    fn numbers_are_brief() {
        assert_eq!(["0.3", "−2.5", "100000", "1×10⁶", "1.25×10⁻⁷"], [0.1 + 0.2, -2.5, 1e5, 1e6, 1.25e-7].map(spelled));
    }

    #[test]
    fn numbers_beside_each_other_have_the_digits_that_tell_them_apart() {
        let all = |values: &[f64]| (0..values.len()).map(|place| told_apart(values, place)).collect::<Vec<_>>();
        let tenth = std::f64::consts::PI / 10.0;
        assert_eq!(all(&[tenth, 2.0 * tenth, 3.0 * tenth]), ["0.314", "0.628", "0.942"]);
        assert_eq!(all(&[0.0, 0.25, 1000.0]), ["0", "0.25", "1000"]);
        assert_eq!(all(&[1000.5, 1001.5]), ["1000.5", "1001.5"]);
    }

    #[test]
    fn geometric_values_are_seen() {
        assert!(is_geometric(&[1.0, 10.0, 100.0, 1000.0]));
        assert!(!is_geometric(&[1.0, 2.0, 3.0, 400.0]));
        assert!(!is_geometric(&[0.0, 10.0, 100.0, 1000.0]));
    }

    proptest! {
        #[test]
        fn any_two_values_give_a_scale_with_a_few_ticks(from in any::<f64>(), to in any::<f64>()) {
            let scale = Scale::new(from, to, 0.0, 100.0);
            let ticks = scale.ticks(5);
            prop_assert!(ticks.len() <= 52);
            prop_assert!(ticks.iter().all(|tick| tick.place.is_finite()), "{ticks:?}");
        }
    }
}
