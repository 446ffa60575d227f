//! Pictures as PNG, drawn by tiny-skia with the outlines of embedded fonts.

use tiny_skia::{
    Color, FillRule, FilterQuality, IntSize, Paint, Path, PathBuilder, Pixmap, PixmapPaint, Rect, Stroke, Transform,
};
use ttf_parser::{Face, OutlineBuilder};

use super::canvas::{Anchor, Canvas, Colour, Shape, Text};

const REGULAR: &[u8] = include_bytes!("fonts/DejaVuSans.ttf");
const BOLD: &[u8] = include_bytes!("fonts/DejaVuSans-Bold.ttf");

/// Pixels for each unit of the paper.
const SCALE: f32 = 2.0;

pub(super) fn png(canvas: &Canvas) -> Vec<u8> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a size on the paper")]
    let pixels = |size: f64| (size * f64::from(SCALE)).ceil().max(1.0) as u32;
    let mut paper = Pixmap::new(pixels(canvas.width), pixels(canvas.height)).expect("a picture is not empty");
    paper.fill(Color::WHITE);
    let fonts = [REGULAR, BOLD].map(|font| Face::parse(font, 0).expect("the embedded fonts are whole"));
    for shape in &canvas.shapes {
        draw(shape, &fonts, &mut paper);
    }
    paper.encode_png().expect("a picture in memory has room")
}

fn draw(shape: &Shape, fonts: &[Face<'_>; 2], paper: &mut Pixmap) {
    let scale = Transform::from_scale(SCALE, SCALE);
    match shape {
        Shape::Rect { x, y, width, height, fill } => {
            // Edges on whole pixels, so that no paper shines through between cells.
            let snapped = |value: f64| (single(value) * SCALE).round() / SCALE;
            let rect = Rect::from_ltrb(snapped(*x), snapped(*y), snapped(x + width), snapped(y + height));
            if let Some(rect) = rect {
                paper.fill_rect(rect, &paint(*fill, 1.0), scale, None);
            }
        }
        Shape::Line { points, colour, width } => {
            if let Some(path) = path(points, false) {
                let stroke =
                    Stroke { width: single(*width), line_join: tiny_skia::LineJoin::Round, ..Stroke::default() };
                paper.stroke_path(&path, &paint(*colour, 1.0), &stroke, scale, None);
            }
        }
        Shape::Area { points, fill, opacity } => {
            if let Some(path) = path(points, true) {
                paper.fill_path(&path, &paint(*fill, *opacity), FillRule::Winding, scale, None);
            }
        }
        Shape::Dot { x, y, radius, fill } => {
            if let Some(path) = PathBuilder::from_circle(single(*x), single(*y), single(*radius)) {
                paper.fill_path(&path, &paint(*fill, 1.0), FillRule::Winding, scale, None);
            }
        }
        // Nobody points at paper.
        Shape::Spot { .. } => {}
        Shape::Text(text) => draw_text(text, &fonts[usize::from(text.is_bold)], paper),
        Shape::Image { x, y, width, height, columns, pixels } => {
            let rgba: Vec<u8> = pixels.iter().flat_map(|&Colour(r, g, b)| [r, g, b, 255]).collect();
            let rows = pixels.len() / (*columns).max(1);
            let size = u32::try_from(*columns).ok().zip(u32::try_from(rows).ok());
            let size = size.and_then(|(columns, rows)| IntSize::from_wh(columns, rows));
            let Some(image) = size.and_then(|size| Pixmap::from_vec(rgba, size)) else { return };
            let stretch =
                Transform::from_scale(single(*width) / single(*columns as f64), single(*height) / single(rows as f64));
            let place = stretch.post_translate(single(*x), single(*y)).post_concat(scale);
            let paint = PixmapPaint { quality: FilterQuality::Nearest, ..PixmapPaint::default() };
            paper.draw_pixmap(0, 0, image.as_ref(), &paint, place, None);
        }
    }
}

fn draw_text(text: &Text, face: &Face<'_>, paper: &mut Pixmap) {
    let size = single(text.size) / f32::from(face.units_per_em());
    let glyphs: Vec<_> = text.words.chars().map(|c| face.glyph_index(c).unwrap_or_default()).collect();
    let advance = |glyph| f32::from(face.glyph_hor_advance(glyph).unwrap_or(0)) * size;
    let width: f32 = glyphs.iter().map(|&glyph| advance(glyph)).sum();
    let mut pen = match text.anchor {
        Anchor::Start => 0.0,
        Anchor::Middle => -width / 2.0,
        Anchor::End => -width,
    };
    let place = Transform::from_rotate(single(text.turn)).post_translate(single(text.x), single(text.y));
    let place = place.post_scale(SCALE, SCALE);
    for glyph in glyphs {
        let mut outline = Outline { path: PathBuilder::new(), pen, size };
        face.outline_glyph(glyph, &mut outline);
        if let Some(path) = outline.path.finish() {
            paper.fill_path(&path, &paint(text.colour, 1.0), FillRule::Winding, place, None);
        }
        pen += advance(glyph);
    }
}

/// A glyph on its way to the paper; fonts count upwards, paper downwards.
struct Outline {
    path: PathBuilder,
    pen: f32,
    size: f32,
}

impl Outline {
    fn at(&self, x: f32, y: f32) -> (f32, f32) {
        (self.pen + x * self.size, -y * self.size)
    }
}

impl OutlineBuilder for Outline {
    fn move_to(&mut self, x: f32, y: f32) {
        let (x, y) = self.at(x, y);
        self.path.move_to(x, y);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        let (x, y) = self.at(x, y);
        self.path.line_to(x, y);
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        let ((x1, y1), (x, y)) = (self.at(x1, y1), self.at(x, y));
        self.path.quad_to(x1, y1, x, y);
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        let ((x1, y1), (x2, y2), (x, y)) = (self.at(x1, y1), self.at(x2, y2), self.at(x, y));
        self.path.cubic_to(x1, y1, x2, y2, x, y);
    }

    fn close(&mut self) {
        self.path.close();
    }
}

fn path(points: &[(f64, f64)], is_closed: bool) -> Option<Path> {
    let mut path = PathBuilder::new();
    for (number, &(x, y)) in points.iter().enumerate() {
        if number == 0 { path.move_to(single(x), single(y)) } else { path.line_to(single(x), single(y)) }
    }
    if is_closed {
        path.close();
    }
    path.finish()
}

fn paint(Colour(r, g, b): Colour, opacity: f64) -> Paint<'static> {
    let mut paint = Paint { anti_alias: true, ..Paint::default() };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 255")]
    paint.set_color_rgba8(r, g, b, (opacity.clamp(0.0, 1.0) * 255.0).round() as u8);
    paint
}

#[expect(clippy::cast_possible_truncation, reason = "places on the paper have few digits")]
fn single(value: f64) -> f32 {
    value as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::canvas::INK;

    #[test]
    fn text_and_shapes_leave_ink_where_they_belong() {
        let mut canvas = Canvas { width: 60.0, height: 20.0, shapes: Vec::new(), description: String::new() };
        canvas.shapes.push(Shape::Rect { x: 0.0, y: 0.0, width: 10.0, height: 20.0, fill: Colour(255, 0, 0) });
        canvas.text(Text::new(20.0, 15.0, "µΩ 10⁻³", 12.0));
        let picture = Pixmap::decode_png(&png(&canvas)).expect("it is a PNG");
        assert_eq!((picture.width(), picture.height()), (120, 40));
        let at = |x, y| picture.pixel(x, y).map(|pixel| (pixel.red(), pixel.green(), pixel.blue()));
        assert_eq!(at(5, 5), Some((255, 0, 0)));
        assert_eq!(at(25, 5), Some((255, 255, 255)));
        let is_ink = |&(x, y): &(u32, u32)| at(x, y) == Some((INK.0, INK.1, INK.2));
        let n_inked = (40..120).flat_map(|x| (0..40).map(move |y| (x, y))).filter(is_ink).count();
        assert!(n_inked > 30, "the text has {n_inked} dark pixels");
    }
}
