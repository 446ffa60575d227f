//! Pictures as SVG, text as text; and as one HTML page that loads nothing from elsewhere.

use std::fmt::Write as _;

use super::canvas::{Anchor, Canvas, Colour, Shape, Text};

const FONTS: &str = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', 'DejaVu Sans', Arial, sans-serif";

/// How a picture says the value of what is pointed at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Speech {
    /// As every viewer of SVG knows it.
    Titles,
    /// For the script of the page.
    Data,
}

/// A file of its own.
pub(super) fn svg(canvas: &Canvas) -> String {
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{}", element(canvas, Speech::Titles))
}

/// A page that shows values under the pointer; a policy in it forbids to load anything.
pub(super) fn html(canvas: &Canvas) -> String {
    PAGE.replace("{title}", &escaped(&canvas.description)).replacen("{picture}", &element(canvas, Speech::Data), 1)
}

const PAGE: &str = include_str!("page.html");

fn element(canvas: &Canvas, speech: Speech) -> String {
    let (width, height) = (canvas.width, canvas.height);
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"{FONTS}\" role=\"img\">\n<title>{}</title>\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n",
        escaped(&canvas.description)
    );
    for shape in &canvas.shapes {
        // Writing to a `String` cannot fail.
        let _ = write_shape(shape, speech, &mut text);
    }
    text.push_str("</svg>\n");
    text
}

fn write_shape(shape: &Shape, speech: Speech, out: &mut String) -> std::fmt::Result {
    match shape {
        Shape::Rect { x, y, width, height, fill } => writeln!(
            out,
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"{}\" shape-rendering=\"crispEdges\"/>",
            number(*x),
            number(*y),
            number(*width),
            number(*height),
            hex(*fill)
        ),
        Shape::Line { points, colour, width } => writeln!(
            out,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"{width}\" stroke-linejoin=\"round\"/>",
            list(points),
            hex(*colour)
        ),
        Shape::Area { points, fill, opacity } => {
            writeln!(out, "<polygon points=\"{}\" fill=\"{}\" fill-opacity=\"{opacity}\"/>", list(points), hex(*fill))
        }
        Shape::Dot { x, y, radius, fill } => {
            writeln!(
                out,
                "<circle cx=\"{}\" cy=\"{}\" r=\"{radius}\" fill=\"{}\"/>",
                number(*x),
                number(*y),
                hex(*fill)
            )
        }
        Shape::Spot { x, y, width, height, says } => {
            let place = format!(
                "x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill-opacity=\"0\"",
                number(*x),
                number(*y),
                number(*width),
                number(*height)
            );
            let lines: Vec<String> = says.split('\n').map(escaped).collect();
            let says = lines.join("&#10;");
            match speech {
                Speech::Titles => writeln!(out, "<rect {place}><title>{says}</title></rect>"),
                Speech::Data => writeln!(out, "<rect {place} data-says=\"{says}\"/>"),
            }
        }
        Shape::Text(text) => write_text(text, out),
        Shape::Image { x, y, width, height, columns, pixels } => writeln!(
            out,
            "<image x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" preserveAspectRatio=\"none\" \
             image-rendering=\"pixelated\" href=\"data:image/png;base64,{}\"/>",
            number(*x),
            number(*y),
            number(*width),
            number(*height),
            base64(&super::pixels::png(*columns, pixels))
        ),
    }
}

fn write_text(text: &Text, out: &mut String) -> std::fmt::Result {
    let (x, y) = (number(text.x), number(text.y));
    write!(out, "<text x=\"{x}\" y=\"{y}\" font-size=\"{}\" fill=\"{}\"", text.size, hex(text.colour))?;
    match text.anchor {
        Anchor::Start => {}
        Anchor::Middle => out.push_str(" text-anchor=\"middle\""),
        Anchor::End => out.push_str(" text-anchor=\"end\""),
    }
    if text.is_bold {
        out.push_str(" font-weight=\"600\"");
    }
    if text.turn != 0.0 {
        write!(out, " transform=\"rotate({} {x} {y})\"", text.turn)?;
    }
    writeln!(out, ">{}</text>", escaped(&text.words))
}

fn list(points: &[(f64, f64)]) -> String {
    let points: Vec<String> = points.iter().map(|(x, y)| format!("{},{}", number(*x), number(*y))).collect();
    points.join(" ")
}

/// Hundredths are finer than any screen.
fn number(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn hex(Colour(r, g, b): Colour) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

/// Text that can neither end its element nor its attribute, without what XML does not allow.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            // A page is filled in where it has braces.
            '{' => safe.push_str("&#123;"),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => safe.push(' '),
            c => safe.push(c),
        }
    }
    safe
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let byte = |i: usize| u32::from(group.get(i).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for digit in 0..4 {
            let is_filled = digit <= group.len();
            let place = (bits >> (18 - 6 * digit)) & 63;
            text.push(if is_filled { char::from(DIGITS[place as usize]) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_padded() {
        assert_eq!(
            ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg=="],
            ["", "f", "fo", "foo", "foob"].map(|t| base64(t.as_bytes()))
        );
    }

    #[test]
    fn nothing_in_a_text_is_markup() {
        let safe = escaped("</title><script>alert(\"1\")</script>&\u{1b}{picture}");
        assert!(!safe.contains(['<', '>', '"', '\u{1b}', '{']), "{safe}");
    }
}
