//! Instants as text: `2024-10-11T01:51:50.631Z` and back.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::fmt::temporal::DateTimePrinter;
use jiff::tz::TimeZone;

const MILLIS: DateTimePrinter = DateTimePrinter::new().precision(Some(3));
const MICROS: DateTimePrinter = DateTimePrinter::new().precision(Some(6));

/// Writes microseconds since 1970 with milliseconds where they are whole, else with microseconds.
/// `None` for an instant outside the years -9999 to 9999.
pub(crate) fn write_micros(into: &mut String, micros: i64) -> Option<()> {
    let at = Timestamp::from_microsecond(micros).ok()?;
    let printer = if micros % 1000 == 0 { MILLIS } else { MICROS };
    printer.print_timestamp(&at, into).ok()
}

/// The instant of unix seconds, cut to the years -9999 to 9999.
pub(crate) fn instant(seconds: i64) -> Timestamp {
    let end = if seconds < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    };
    Timestamp::from_second(seconds).unwrap_or(end)
}

/// Reads an RFC 3339 instant as microseconds since 1970.
pub(crate) fn parse_micros(text: &str) -> Option<i64> {
    text.parse::<Timestamp>()
        .ok()
        .map(Timestamp::as_microsecond)
}

/// The UTC date of an instant in microseconds since 1970: the name of its snapshot. An instant
/// outside the years -9999 to 9999 has the date 1970-01-01.
#[must_use]
pub fn utc_date(micros: i64) -> Date {
    TimeZone::UTC
        .to_datetime(Timestamp::from_microsecond(micros).unwrap_or(Timestamp::UNIX_EPOCH))
        .date()
}

/// Unix seconds as RFC 3339 text (cut to the years -9999 to 9999), for `#[serde(with)]`.
pub(crate) mod seconds {
    use jiff::Timestamp;
    use serde::Deserialize;
    use serde::de::Error as _;

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
    pub(crate) fn serialize<S: serde::Serializer>(value: &i64, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&super::instant(*value))
    }

    pub(crate) fn deserialize<'de, D: serde::Deserializer<'de>>(from: D) -> Result<i64, D::Error> {
        let text = String::deserialize(from)?;
        let instant = text.parse::<Timestamp>().map_err(D::Error::custom)?;
        Ok(instant.as_second())
    }
}

/// Microseconds since 1970 as RFC 3339 text, for `#[serde(with)]`.
pub(crate) mod micros {
    use jiff::Timestamp;
    use serde::Deserialize;
    use serde::de::Error as _;

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
    pub(crate) fn serialize<S: serde::Serializer>(value: &i64, to: S) -> Result<S::Ok, S::Error> {
        let end = if *value < 0 {
            Timestamp::MIN
        } else {
            Timestamp::MAX
        };
        let instant = Timestamp::from_microsecond(*value).unwrap_or(end);
        to.collect_str(&instant)
    }

    pub(crate) fn deserialize<'de, D: serde::Deserializer<'de>>(from: D) -> Result<i64, D::Error> {
        let text = String::deserialize(from)?;
        let instant = text.parse::<Timestamp>().map_err(D::Error::custom)?;
        Ok(instant.as_microsecond())
    }
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
}
