//! Text with NUL characters, at which HDF5 text of variable length ends.
//!
//! U+10FFFF, which is no character of any script, announces what stands for one: with `0` behind it a NUL,
//! with `1` itself. So every text comes back as it went, and nearly every text is stored as it is.

use std::borrow::Cow;

const ESCAPE: char = '\u{10FFFF}';
const NUL: &str = "\u{10FFFF}0";
const ITSELF: &str = "\u{10FFFF}1";

/// The text as it is stored: without NUL characters.
pub(super) fn escaped(text: &str) -> Cow<'_, str> {
    if !text.contains(['\0', ESCAPE]) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.replace(ESCAPE, ITSELF).replace('\0', NUL))
}

/// The text that was stored; what only looks like an announcement stays as it is.
pub(super) fn unescaped(text: String) -> String {
    if !text.contains(ESCAPE) {
        return text;
    }
    // A NUL first would let `ITSELF` find what it has made.
    let parts: Vec<String> = text.split(ITSELF).map(|part| part.replace(NUL, "\0")).collect();
    parts.join(ESCAPE.encode_utf8(&mut [0; 4]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_comes_back() {
        for text in ["", "plain", "a\0b", "\0", "\u{10FFFF}", "\u{10FFFF}0", "\u{10FFFF}\u{10FFFF}1\0", "\u{10FFFF}1"] {
            let stored = escaped(text);
            assert!(!stored.contains('\0'));
            assert_eq!(unescaped(stored.into_owned()), text);
        }
    }

    #[test]
    fn an_ordinary_text_is_stored_as_it_is() {
        assert!(matches!(escaped("Grüße 🧠"), Cow::Borrowed("Grüße 🧠")));
        assert_eq!(unescaped("\u{10FFFF}x".into()), "\u{10FFFF}x");
    }
}
