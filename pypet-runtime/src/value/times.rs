//! Durations and times, as whole nanoseconds with the units that xarray decodes.
//!
//! Seconds as a float would lose bits; 64-bit nanoseconds reach 292 years to either side, and what lies beyond is
//! refused.

use std::time::{Duration, SystemTime};

use jiff::{SignedDuration, Timestamp};

use super::scalars::scalar_value;
use super::{Cell, Cells, Element, ElementType, ParseValueError, ValueError};

/// Units of a time in the spelling of CF.
pub(super) const SINCE_1970: &str = "nanoseconds since 1970-01-01T00:00:00Z";

macro_rules! nanoseconds {
    ($type:ty, $unit:expr, $to:expr, $from:expr, $parse:expr, $words:literal) => {
        impl Element for $type {
            const TYPE: ElementType = ElementType::I64;

            fn unit() -> String {
                $unit.into()
            }

            fn put_all<'a>(elements: impl Iterator<Item = &'a Self>, cells: &mut Cells) {
                let nanoseconds: fn(&$type) -> Option<i64> = $to;
                for element in elements {
                    let nanoseconds = nanoseconds(element);
                    if nanoseconds.is_none() {
                        cells.refuse(format!("{element:?} is further than 64-bit nanoseconds reach, 292 years"));
                    }
                    cells.put_numbers(&[nanoseconds.unwrap_or(0)]);
                }
            }

            fn take_all(cell: &Cell<'_>) -> Result<Vec<Self>, ValueError> {
                let from: fn(i64) -> Option<$type> = $from;
                let time = |nanoseconds: i64| {
                    from(nanoseconds).ok_or_else(|| ValueError::Malformed {
                        expected: $words.into(),
                        found: format!("{nanoseconds} ns"),
                    })
                };
                cell.numbers::<i64>().into_iter().map(time).collect()
            }

            fn parse_element(text: &str) -> Result<Self, ParseValueError> {
                let parse: fn(&str) -> Option<$type> = $parse;
                parse(text.trim()).ok_or_else(|| ParseValueError::new(text, $words))
            }
        }

        scalar_value!($type);
    };
}

nanoseconds!(
    Duration,
    "ns",
    |duration| i64::try_from(duration.as_nanos()).ok(),
    |nanoseconds| u64::try_from(nanoseconds).ok().map(Duration::from_nanos),
    |text| text.parse::<SignedDuration>().ok().and_then(|duration| Duration::try_from(duration).ok()),
    "duration such as `20 ms` or `1 h 30 min`"
);
nanoseconds!(
    Timestamp,
    SINCE_1970,
    |time| i64::try_from(time.as_nanosecond()).ok(),
    |nanoseconds| Timestamp::from_nanosecond(nanoseconds.into()).ok(),
    |text| text.parse().ok(),
    "time such as `2026-01-31T12:00:00Z`"
);
nanoseconds!(
    SystemTime,
    SINCE_1970,
    |time| i64::try_from(Timestamp::try_from(*time).ok()?.as_nanosecond()).ok(),
    |nanoseconds| Timestamp::from_nanosecond(nanoseconds.into()).ok().map(SystemTime::from),
    |text| text.parse::<Timestamp>().ok().map(SystemTime::from),
    "time such as `2026-01-31T12:00:00Z`"
);
