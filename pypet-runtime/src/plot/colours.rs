//! Colours that everybody can tell apart.

use super::canvas::Colour;

/// For categories, by Okabe and Ito: <https://jfly.uni-koeln.de/color/>.
const CATEGORIES: [Colour; 7] = [
    Colour(0x00, 0x72, 0xb2),
    Colour(0xd5, 0x5e, 0x00),
    Colour(0x00, 0x9e, 0x73),
    Colour(0xcc, 0x79, 0xa7),
    Colour(0xe6, 0x9f, 0x00),
    Colour(0x56, 0xb4, 0xe9),
    Colour(0x44, 0x44, 0x44),
];

/// Every sixteenth of viridis, by van der Walt and Smith; perceptually uniform.
const VIRIDIS: [Colour; 17] = [
    Colour(0x44, 0x01, 0x54),
    Colour(0x48, 0x18, 0x6a),
    Colour(0x47, 0x2d, 0x7b),
    Colour(0x42, 0x40, 0x86),
    Colour(0x3b, 0x52, 0x8b),
    Colour(0x33, 0x63, 0x8d),
    Colour(0x2c, 0x72, 0x8e),
    Colour(0x26, 0x82, 0x8e),
    Colour(0x21, 0x91, 0x8c),
    Colour(0x1f, 0xa0, 0x88),
    Colour(0x28, 0xae, 0x80),
    Colour(0x3f, 0xbc, 0x73),
    Colour(0x5e, 0xc9, 0x62),
    Colour(0x84, 0xd4, 0x4b),
    Colour(0xad, 0xdc, 0x30),
    Colour(0xd8, 0xe2, 0x19),
    Colour(0xfd, 0xe7, 0x25),
];

/// The colour of a part from 0 to 1 along viridis.
pub(super) fn viridis(part: f64) -> Colour {
    let place = part.clamp(0.0, 1.0) * (VIRIDIS.len() - 1) as f64;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the table")]
    let below = (place as usize).min(VIRIDIS.len() - 2);
    let (a, b, rest) = (VIRIDIS[below], VIRIDIS[below + 1], place - below as f64);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between two bytes")]
    let mix = |a: u8, b: u8| (f64::from(a) + rest * (f64::from(b) - f64::from(a))).round() as u8;
    Colour(mix(a.0, b.0), mix(a.1, b.1), mix(a.2, b.2))
}

/// Colours for lines: by their order for numbers, as different as can be for categories.
pub(super) fn of_lines(count: usize, is_ordered: bool) -> Vec<Colour> {
    if count <= 1 || (!is_ordered && count <= CATEGORIES.len()) {
        return CATEGORIES[..count].to_vec();
    }
    // The yellow end is hard to see on white.
    (0..count).map(|line| viridis(0.88 * line as f64 / (count - 1) as f64)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn viridis_goes_from_dark_to_light() {
        let lightness = |Colour(r, g, b): Colour| 2 * u32::from(r) + 5 * u32::from(g) + u32::from(b);
        let all: Vec<u32> = (0..=100).map(|i| lightness(viridis(f64::from(i) / 100.0))).collect();
        assert!(all.is_sorted(), "{all:?}");
        assert_eq!(viridis(f64::NAN.max(0.0)), viridis(0.0));
    }
}
