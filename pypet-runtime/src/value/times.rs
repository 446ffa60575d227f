//! Durations and times, as whole nanoseconds with the units that xarray decodes.
//!
//! Seconds as a float would lose bits; 64-bit nanoseconds reach 292 years to either side, and what lies beyond is
//! refused.

use std::time::{Duration, SystemTime};

use jiff::{SignedDuration, Timestamp};

use super::{Cell, Cells, ParamValue, ParseValueError, ResultValue, ValueError, ValueType};

/// Units of a time in the spelling of CF.
pub(super) const SINCE_1970: &str = "nanoseconds since 1970-01-01T00:00:00Z";

macro_rules! nanoseconds {
    ($type:ty, $unit:expr, $to:expr, $from:expr, $parse:expr, $words:literal) => {
        impl ResultValue for $type {
            type Column = ndarray::Array1<$type>;

            fn value_type() -> ValueType {
                i64::value_type().with_unit($unit)
            }

            fn write(&self, cells: &mut Cells) {
                let nanoseconds: fn(&$type) -> Option<i64> = $to;
                let nanoseconds = nanoseconds(self);
                if nanoseconds.is_none() {
                    cells.refuse(format!("{self:?} is further than 64-bit nanoseconds reach, 292 years"));
                }
                cells.push_number(nanoseconds.unwrap_or(0));
            }

            fn read(cell: Cell<'_>) -> Result<Self, ValueError> {
                let from: fn(i64) -> Option<$type> = $from;
                let nanoseconds = i64::read(cell)?;
                from(nanoseconds).ok_or_else(|| ValueError::Malformed {
                    expected: $words.into(),
                    found: format!("{nanoseconds} ns"),
                })
            }

            fn read_column(cells: &Cells) -> Result<Self::Column, ValueError> {
                cells.iter().map(Self::read).collect()
            }
        }

        impl ParamValue for $type {
            fn parse(text: &str) -> Result<Self, ParseValueError> {
                let parse: fn(&str) -> Option<$type> = $parse;
                parse(text.trim()).ok_or_else(|| ParseValueError::new(text, $words))
            }
        }
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
