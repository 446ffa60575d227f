//! Values of any type that serde knows, as readable JSON text.
//!
//! JSON as serde's users know it would lose what science needs: it has no NaN and no infinities. Here they are the
//! words `NaN`, `Infinity` and `-Infinity`, which Python's `json` reads and writes as well, and integers
//! keep all of their 128 bits. `tree` is a value taken apart, `ser` and `de` take it apart and put it together,
//! `text` spells it.

mod de;
mod ser;
mod text;
mod tree;
mod wrapper;

pub(super) use text::parse;
pub(super) use tree::Tree;
pub use wrapper::Json;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Why a value cannot become JSON, or text no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(super) struct JsonError(String);

impl serde::ser::Error for JsonError {
    fn custom<T: std::fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

impl serde::de::Error for JsonError {
    fn custom<T: std::fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

/// A value as JSON text.
///
/// # Errors
/// The type's own `Serialize` fails, or a map has keys that are no text.
pub(super) fn to_text<T: Serialize>(value: &T) -> Result<String, JsonError> {
    Ok(value.serialize(ser::ToTree)?.to_string())
}

/// A value from JSON text.
///
/// # Errors
/// The text is no JSON, or none of a value of this type.
pub(super) fn from_text<T: DeserializeOwned>(text: &str) -> Result<T, JsonError> {
    T::deserialize(text::parse(text)?)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    enum Shape {
        Point,
        Disc(f64),
        Box(f32, f32),
        Named { name: String, sides: Option<u8> },
    }

    fn round_trip<T: Serialize + DeserializeOwned>(value: &T) -> T {
        let text = to_text(value).unwrap();
        from_text(&text).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn values_come_back_as_they_went() {
        let shapes = vec![
            Shape::Point,
            Shape::Disc(-0.0),
            Shape::Box(0.1, f32::INFINITY),
            Shape::Named { name: "a \"quoted\"\\\n\0 \u{10FFFF} 🧠".into(), sides: None },
        ];
        assert_eq!(round_trip(&shapes), shapes);
        assert!(round_trip(&f64::NAN).is_nan() && round_trip(&f32::NAN).is_nan());
        assert!(round_trip(&-0.0_f64).is_sign_negative());
        assert_eq!(round_trip(&(i128::MIN, u128::MAX, u64::MAX, i64::MIN)), (i128::MIN, u128::MAX, u64::MAX, i64::MIN));
        assert_eq!(round_trip(&((), 'x', [f64::MIN_POSITIVE, f64::MAX, 1e300, 5e-324])).2[3].to_bits(), 1);
        let nested =
            BTreeMap::from([("a".to_owned(), BTreeMap::from([(3_i8, vec![(); 2])])), (String::new(), [].into())]);
        assert_eq!(round_trip(&nested), nested);
    }

    #[test]
    fn the_text_is_readable() {
        let shape = Shape::Named { name: "cube".into(), sides: Some(6) };
        assert_eq!(to_text(&shape).unwrap(), r#"{"Named": {"name": "cube", "sides": 6}}"#);
        assert_eq!(to_text(&(1.0, [f64::NAN, -f64::INFINITY], 'x')).unwrap(), r#"[1.0, [NaN, -Infinity], "x"]"#);
        assert_eq!(to_text(&0.1_f32).unwrap(), "0.1");
    }

    #[test]
    fn people_may_write_whole_numbers_for_floats() {
        assert_eq!(from_text::<(f64, Option<f32>)>(" [1, 2e3] ").unwrap(), (1.0, Some(2000.0)));
        assert_eq!(from_text::<String>(r#""\u00e4\ud83e\udde0""#).unwrap(), "ä🧠");
    }

    #[test]
    fn what_is_no_json_is_told() {
        for text in ["", "[1, 2", "{1: 2}", "[1 2]", "nul", "1.2.3", "\"\\x\"", "[] x", "\"\\ud800\"", &"[".repeat(500)]
        {
            assert!(from_text::<serde_json::Value>(text).is_err(), "{text}");
        }
        assert!(from_text::<u8>("256").unwrap_err().to_string().contains("256"));
        assert!(to_text(&Some(())).unwrap_err().to_string().contains("come back as `None`"));
        assert!(to_text(&BTreeMap::from([((1, 2), 3)])).unwrap_err().to_string().contains("key"));
    }
}
