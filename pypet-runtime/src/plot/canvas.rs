//! What a picture is made of: a few shapes on white paper. `svg` and `png` put them on the screen.

/// Red, green, blue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Colour(pub(super) u8, pub(super) u8, pub(super) u8);

pub(super) const INK: Colour = Colour(0x22, 0x22, 0x22);
pub(super) const SOFT_INK: Colour = Colour(0x5a, 0x5a, 0x5a);
pub(super) const AXIS: Colour = Colour(0x8c, 0x8c, 0x8c);
pub(super) const GRID: Colour = Colour(0xe4, 0xe4, 0xe4);
pub(super) const PAPER: Colour = Colour(0xff, 0xff, 0xff);
/// Where there is no value.
pub(super) const NOTHING: Colour = Colour(0xec, 0xec, 0xec);

/// Where a text begins, or what it is centred on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// A line of text; `y` is its baseline.
#[derive(Debug, Clone)]
pub(super) struct Text {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) words: String,
    pub(super) size: f64,
    pub(super) anchor: Anchor,
    pub(super) colour: Colour,
    pub(super) is_bold: bool,
    /// Degrees, clockwise, around `x`, `y`.
    pub(super) turn: f64,
}

impl Text {
    pub(super) fn new(x: f64, y: f64, text: impl Into<String>, size: f64) -> Self {
        let text = shortened(&text.into(), 90);
        Self { x, y, words: text, size, anchor: Anchor::Start, colour: INK, is_bold: false, turn: 0.0 }
    }

    pub(super) fn soft(mut self) -> Self {
        self.colour = SOFT_INK;
        self
    }

    pub(super) fn bold(mut self) -> Self {
        self.is_bold = true;
        self
    }

    pub(super) fn anchored(mut self, anchor: Anchor) -> Self {
        self.anchor = anchor;
        self
    }

    pub(super) fn turned(mut self, degrees: f64) -> Self {
        self.turn = degrees;
        self
    }
}

/// Something on the paper.
#[derive(Debug, Clone)]
pub(super) enum Shape {
    Rect {
        x: f64,
        y: f64,
        width: f64,
        height: f64,
        fill: Colour,
    },
    /// Points joined by lines; gaps are several shapes.
    Line {
        points: Vec<(f64, f64)>,
        colour: Colour,
        width: f64,
    },
    /// A closed, see-through area.
    Area {
        points: Vec<(f64, f64)>,
        fill: Colour,
        opacity: f64,
    },
    Dot {
        x: f64,
        y: f64,
        radius: f64,
        fill: Colour,
    },
    /// A place that says something when it is pointed at.
    Spot {
        x: f64,
        y: f64,
        width: f64,
        height: f64,
        says: String,
    },
    Text(Text),
    /// Pixels, row by row from the top.
    Image {
        x: f64,
        y: f64,
        width: f64,
        height: f64,
        columns: usize,
        pixels: Vec<Colour>,
    },
}

/// The paper.
#[derive(Debug, Clone)]
pub(super) struct Canvas {
    pub(super) width: f64,
    pub(super) height: f64,
    pub(super) shapes: Vec<Shape>,
    /// What the picture shows, for those who cannot see it.
    pub(super) description: String,
}

impl Canvas {
    pub(super) fn text(&mut self, text: Text) {
        self.shapes.push(Shape::Text(text));
    }

    pub(super) fn line(&mut self, points: &[(f64, f64)], colour: Colour, width: f64) {
        self.shapes.push(Shape::Line { points: points.to_vec(), colour, width });
    }
}

/// The width that a text will about have, whatever the font.
pub(super) fn width_of(text: &str, size: f64) -> f64 {
    0.58 * size * text.chars().count() as f64
}

/// At most so many characters, all of them harmless.
pub(super) fn shortened(text: &str, most: usize) -> String {
    let text = crate::trajectory::one_line(text);
    if text.chars().count() <= most {
        return text;
    }
    let mut short: String = text.chars().take(most.saturating_sub(1)).collect();
    short.push('…');
    short
}
