//! Dates, numbers and durations as the simulated service and its scenario files write and read
//! them. All dates are UTC.

use std::time::Duration;

use jiff::fmt::temporal::DateTimePrinter;
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

/// Seconds of a day.
pub(crate) const DAY: i64 = 86_400;

const TO_SECONDS: DateTimePrinter = DateTimePrinter::new().precision(Some(0));
const TO_MILLIS: DateTimePrinter = DateTimePrinter::new().precision(Some(3));

/// Reads `yyyy-MM-dd'T'HH:mm:ss'Z'` and nothing else, as unix seconds.
pub(crate) fn parse_second(text: &str) -> Option<i64> {
    let second = text.parse::<Timestamp>().ok()?.as_second();
    // jiff reads more forms than the service does; only the documented one comes back the same.
    (second_text(second) == text).then_some(second)
}

/// `2024-10-11T01:51:50Z` of unix seconds.
pub(crate) fn second_text(second: i64) -> String {
    TO_SECONDS.timestamp_to_string(&Timestamp::from_second(second).unwrap_or(Timestamp::MAX))
}

/// Writes milliseconds since 1970 as `2024-10-11T01:51:50Z`, cut to the second.
pub(crate) fn push_short(out: &mut Vec<u8>, millis: i64) {
    TO_SECONDS
        .print_timestamp(&timestamp(millis), out)
        .expect("a vector takes all that is written");
}

/// Writes milliseconds since 1970 as `2024-10-11T01:51:50.631Z`.
pub(crate) fn push_millis(out: &mut Vec<u8>, millis: i64) {
    TO_MILLIS
        .print_timestamp(&timestamp(millis), out)
        .expect("a vector takes all that is written");
}

/// Writes milliseconds since 1970 as `2024-10-11T01:51:50.631+00:00`.
pub(crate) fn push_millis_with_offset(out: &mut Vec<u8>, millis: i64) {
    TO_MILLIS
        .print_timestamp_with_offset(&timestamp(millis), Offset::UTC, out)
        .expect("a vector takes all that is written");
}

/// Writes milliseconds since 1970 as `2024-10-11T01:51:50.631`, which has no zone.
pub(crate) fn push_millis_without_zone(out: &mut Vec<u8>, millis: i64) {
    push_millis(out, millis);
    out.pop();
}

fn timestamp(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(millis).unwrap_or(Timestamp::MAX)
}

/// Writes a number in decimal.
pub(crate) fn push_number(out: &mut Vec<u8>, number: u64) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

/// Writes milliseconds as seconds, with as many places as they need.
pub(crate) fn push_seconds(out: &mut Vec<u8>, millis: u64) {
    push_number(out, millis / 1000);
    let fraction = millis % 1000;
    if fraction > 0 {
        let places = format!(".{fraction:03}");
        out.extend_from_slice(places.trim_end_matches('0').as_bytes());
    }
}

/// Writes `true` or `false`.
pub(crate) fn push_bool(out: &mut Vec<u8>, value: bool) {
    out.extend_from_slice(if value { b"true" } else { b"false" });
}

/// Deserializes a duration such as `200ms` or `15m`.
pub(crate) fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    humantime::parse_duration(&text)
        .map_err(|error| D::Error::custom(format!("{text:?} is no duration: {error}")))
}

/// Deserializes a duration that may be negative, such as `9h` or `-30m`.
pub(crate) fn signed_duration<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<SignedDuration, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse()
        .map_err(|error| D::Error::custom(format!("{text:?} is no duration: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(push: impl Fn(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        push(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn only_the_documented_form_is_read() {
        assert_eq!(parse_second("1970-01-02T00:00:00Z"), Some(DAY));
        for text in [
            "",
            "2024-10-11",
            "2024-10-11T01:51:50",
            "2024-10-11T01:51:50.631Z",
            "2024-10-11T01:51:50+00:00",
            "2024-10-11 01:51:50Z",
            "2024-02-30T00:00:00Z",
            "2023-02-29T00:00:00Z",
            "2024-13-01T00:00:00Z",
            "2024-10-11T24:00:00Z",
            "2024-10-1éT00:00:0Z",
            "2024-10-11T23:59:60Z",
            "20241011T000000Z",
        ] {
            assert_eq!(parse_second(text), None, "{text}");
        }
    }

    #[test]
    fn dates_are_written_to_the_second_or_to_the_millisecond() {
        let millis = 1_728_611_510_031;
        let short = written(|out| push_short(out, millis));
        assert_eq!(short, "2024-10-11T01:51:50Z");
        assert_eq!(parse_second(&short), Some(millis / 1000));
        assert_eq!(
            written(|out| push_millis(out, millis)),
            "2024-10-11T01:51:50.031Z"
        );
        assert_eq!(
            written(|out| push_millis_with_offset(out, millis)),
            "2024-10-11T01:51:50.031+00:00"
        );
        let early = written(|out| push_short(out, -1));
        assert_eq!(early, "1969-12-31T23:59:59Z");
    }

    #[test]
    fn seconds_have_no_needless_places() {
        for (millis, text) in [
            (0, "0"),
            (6_000_000, "6000"),
            (1_500, "1.5"),
            (1_020, "1.02"),
            (12_003, "12.003"),
        ] {
            assert_eq!(written(|out| push_seconds(out, millis)), text);
        }
    }
}
