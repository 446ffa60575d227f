//! Units that differ by their prefix alone: `5 ms` and `0.005 s`.

/// Symbols that take a prefix; whatever else a unit may be is only itself.
const BASES: [&str; 30] = [
    "A", "B", "Bq", "C", "F", "H", "Hz", "J", "K", "M", "N", "Pa", "S", "T", "V", "W", "Wb", "bit", "cd", "eV", "g",
    "lm", "lx", "m", "mol", "s", "Ohm", "ohm", "\u{3a9}", "\u{2126}",
];

/// Powers of ten.
const PREFIXES: [(&str, i32); 14] = [
    ("T", 12),
    ("G", 9),
    ("M", 6),
    ("k", 3),
    ("c", -2),
    ("m", -3),
    ("u", -6),
    ("\u{b5}", -6),
    ("\u{3bc}", -6),
    ("n", -9),
    ("p", -12),
    ("f", -15),
    ("a", -18),
    ("z", -21),
];

/// The base of a unit and the power of ten before it.
fn parts(unit: &str) -> Option<(&str, i32)> {
    if BASES.contains(&unit) {
        return Some((unit, 0));
    }
    PREFIXES.iter().find_map(|(prefix, power)| {
        let base = unit.strip_prefix(prefix).filter(|base| BASES.contains(base))?;
        // Centimetres are common, and a hundredth of anything else is a misunderstanding.
        (*prefix != "c" || base == "m").then_some((base, *power))
    })
}

/// The power of ten that a number in one unit takes in another; `None` if they are not of one base.
pub(super) fn power(from: &str, to: &str) -> Option<i32> {
    let ((from, a), (to, b)) = (parts(from)?, parts(to)?);
    (from == to).then_some(a - b)
}

/// A number with its decimal point moved: what its digits say in the other unit, and no product that rounds.
pub(super) fn shifted(number: f64, power: i32) -> f64 {
    let spelled = format!("{number:e}");
    let Some((digits, exponent)) = spelled.split_once('e') else { return number };
    let exponent: i32 = exponent.parse().expect("an exponent is a small number");
    format!("{digits}e{}", exponent + power).parse().expect("digits with an exponent are a number")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_of_one_base_differ_by_a_power_of_ten() {
        let known =
            [("s", "ms", 3), ("kHz", "Hz", 3), ("nA", "pA", 3), ("cm", "m", -2), ("kg", "g", 3), ("mmol", "mol", -3)];
        for (from, to, expected) in known {
            assert_eq!(power(from, to), Some(expected), "{from} in {to}");
            assert_eq!(power(to, from), Some(-expected), "{to} in {from}");
        }
        assert_eq!(power("µV", "uV"), Some(0));
    }

    #[test]
    fn other_units_are_only_themselves() {
        for (from, to) in
            [("ms", "mS"), ("min", "s"), ("Pa", "A"), ("dB", "B"), ("cs", "s"), ("mV/ms", "V/s"), ("", "s")]
        {
            assert_eq!(power(from, to), None, "{from} in {to}");
        }
    }

    #[test]
    fn a_shifted_number_is_what_its_digits_say() {
        assert_eq!(shifted(0.007, 3).to_bits(), 7.0_f64.to_bits());
        assert_eq!(shifted(1.1, -3).to_bits(), 0.0011_f64.to_bits());
        assert_eq!(shifted(-0.0, 3).to_bits(), (-0.0_f64).to_bits());
    }
}
