//! Instants: seconds and microseconds since 1970 are types of their own, so that they are not mixed.
//! As text both are RFC 3339, `2024-10-11T01:51:50.631Z`, cut to the years -9999 to 9999.

use std::fmt;
use std::ops::{Add, Sub};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::fmt::temporal::DateTimePrinter;
use jiff::tz::TimeZone;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An instant in whole seconds since 1970, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Seconds(pub i64);

/// An instant in microseconds since 1970, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Micros(pub i64);

const MICROS_PER_SECOND: i64 = 1_000_000;

impl Seconds {
    /// The same instant; the last there is for one that is out of range.
    pub(crate) const fn micros(self) -> Micros {
        Micros(self.0.saturating_mul(MICROS_PER_SECOND))
    }

    /// So many seconds later, or the last instant there is.
    pub(crate) const fn saturating_add(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds))
    }

    /// For what shows and sends instants.
    pub(crate) fn timestamp(self) -> Timestamp {
        Timestamp::from_second(self.0).unwrap_or(end(self.0))
    }
}

impl Micros {
    /// The second that it lies in.
    pub(crate) const fn seconds(self) -> Seconds {
        Seconds(self.0.div_euclid(MICROS_PER_SECOND))
    }

    /// Its UTC date: the name of a snapshot.
    #[must_use]
    pub fn date(self) -> Date {
        TimeZone::UTC.to_datetime(self.timestamp()).date()
    }

    /// For what shows instants.
    pub(crate) fn timestamp(self) -> Timestamp {
        Timestamp::from_microsecond(self.0).unwrap_or(end(self.0))
    }
}

/// The instant that one out of range is cut to.
const fn end(since_1970: i64) -> Timestamp {
    if since_1970 < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    }
}

impl Add<i64> for Seconds {
    type Output = Self;

    fn add(self, seconds: i64) -> Self {
        Self(self.0 + seconds)
    }
}

impl Sub<i64> for Seconds {
    type Output = Self;

    fn sub(self, seconds: i64) -> Self {
        Self(self.0 - seconds)
    }
}

impl Sub for Seconds {
    type Output = i64;

    fn sub(self, earlier: Self) -> i64 {
        self.0 - earlier.0
    }
}

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.timestamp().fmt(f)
    }
}

impl fmt::Display for Micros {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.timestamp().fmt(f)
    }
}

impl Serialize for Seconds {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl Serialize for Micros {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(Self(timestamp(from)?.as_second()))
    }
}

impl<'de> Deserialize<'de> for Micros {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(Self(timestamp(from)?.as_microsecond()))
    }
}

fn timestamp<'de, D: Deserializer<'de>>(from: D) -> Result<Timestamp, D::Error> {
    String::deserialize(from)?.parse().map_err(D::Error::custom)
}

const WITH_MILLIS: DateTimePrinter = DateTimePrinter::new().precision(Some(3));
const WITH_MICROS: DateTimePrinter = DateTimePrinter::new().precision(Some(6));

/// Writes a cell of microseconds since 1970, with milliseconds where they are whole, else with
/// microseconds. `None` for an instant outside the years -9999 to 9999.
pub(crate) fn write_micros(into: &mut String, micros: i64) -> Option<()> {
    let at = Timestamp::from_microsecond(micros).ok()?;
    let printer = if micros % 1000 == 0 {
        WITH_MILLIS
    } else {
        WITH_MICROS
    };
    printer.print_timestamp(&at, into).ok()
}

/// Reads such a cell.
pub(crate) fn parse_micros(text: &str) -> Option<i64> {
    text.parse::<Timestamp>()
        .ok()
        .map(Timestamp::as_microsecond)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(micros: i64) -> String {
        let mut text = String::new();
        write_micros(&mut text, micros).unwrap();
        text
    }

    #[test]
    fn whole_milliseconds_have_three_digits_and_others_six() {
        assert_eq!(written(1_728_611_510_631_000), "2024-10-11T01:51:50.631Z");
        assert_eq!(
            written(1_728_611_510_631_001),
            "2024-10-11T01:51:50.631001Z"
        );
        assert_eq!(written(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(written(-1), "1969-12-31T23:59:59.999999Z");
    }

    #[test]
    fn what_is_written_reads_back() {
        for micros in [
            0,
            -1,
            1_728_611_510_631_001,
            253_402_207_200_000_000,
            -99_999_999_000_000_000,
        ] {
            assert_eq!(parse_micros(&written(micros)), Some(micros));
        }
        assert_eq!(parse_micros("yesterday"), None);
        assert!(write_micros(&mut String::new(), i64::MAX).is_none());
    }

    #[test]
    fn an_instant_is_rfc_3339_and_one_out_of_range_is_cut() {
        let json = |seconds| serde_json::to_string(&Seconds(seconds)).unwrap();
        assert_eq!(json(1_728_611_510), "\"2024-10-11T01:51:50Z\"");
        assert_eq!(json(i64::MAX), "\"9999-12-30T22:00:00.999999999Z\"");
        let read: Seconds = serde_json::from_str(&json(-1)).unwrap();
        assert_eq!(read, Seconds(-1));
        let at = Micros(1_728_611_510_631_001);
        let text = serde_json::to_string(&at).unwrap();
        assert_eq!(serde_json::from_str::<Micros>(&text).unwrap(), at);
        assert!(serde_json::from_str::<Micros>("\"yesterday\"").is_err());
    }

    #[test]
    fn an_instant_before_1970_lies_in_the_second_before_it() {
        assert_eq!(Micros(-1).seconds(), Seconds(-1));
        assert_eq!(Seconds(-1).micros(), Micros(-1_000_000));
        assert_eq!(Seconds(i64::MIN).micros(), Micros(i64::MIN));
    }
}
