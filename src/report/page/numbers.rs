//! Numbers for people: sizes, durations, counts, shares.

use bytesize::ByteSize;

use crate::report::bytes::Bytes;

/// The convention of [`size`], in a line for the reader.
pub(crate) const SIZES_ARE_DECIMAL: &str = "Sizes are decimal: 1 GB = 1,000,000,000 bytes.";

/// A size in decimal units with one decimal, such as `12.3 GB`.
#[must_use]
pub(crate) fn size(bytes: Bytes) -> String {
    const EXABYTE: u128 = 1_000_000_000_000_000_000;
    if let Ok(bytes) = u64::try_from(bytes.0) {
        return ByteSize::b(bytes).display().si().to_string();
    }
    // Beyond the crate's range.
    let tenths = bytes.0 / (EXABYTE / 10);
    format!("{}.{} EB", thousands(tenths / 10), tenths % 10)
}

/// A duration in its two largest units of hours, minutes and seconds, such as `19h 30m`; from 100
/// hours in hours alone, such as `1,930h`, so that long ones compare at a glance. The rest is cut. Negative or not a number is `0s`.
#[must_use]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast stops at the ends of the range, and the fraction is cut on purpose"
)]
pub(crate) fn duration(seconds: f64) -> String {
    let seconds = seconds as u64;
    let (hours, minutes) = (seconds / 3_600, seconds / 60 % 60);
    match (hours, minutes) {
        (0, 0) => format!("{seconds}s"),
        (0, minutes) => format!("{minutes}m {}s", seconds % 60),
        (100.., _) => format!("{}h", count(hours)),
        (hours, minutes) => format!("{hours}h {minutes}m"),
    }
}

/// A count with thousands separators, such as `1,234,567`.
#[must_use]
pub fn count(count: u64) -> String {
    thousands(u128::from(count))
}

/// A size to the byte, such as `4,353,059 bytes`.
#[must_use]
pub(crate) fn exact(bytes: Bytes) -> String {
    format!("{} bytes", thousands(bytes.0))
}

/// A share such as `12.3 %`. What is not nothing is at least `< 0.1 %`, and
/// what is not all is at most `> 99.9 %`.
#[must_use]
pub(crate) fn percent(percent: f64) -> String {
    if percent > 0.0 && percent < 0.05 {
        "< 0.1 %".to_owned()
    } else if (99.95..100.0).contains(&percent) {
        "> 99.9 %".to_owned()
    } else {
        format!("{percent:.1} %")
    }
}

/// A number of things: `1 clip`, `2 clips`.
#[must_use]
pub fn things(number: u64, one: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {one}{plural}", count(number))
}

/// Clips and what they hold: `2 clips, 12.3 GB`.
#[must_use]
pub(crate) fn holding(clips: u64, bytes: Bytes) -> String {
    format!("{}, {}", things(clips, "clip"), size(bytes))
}

/// A number with thousands separators, such as `1,234,567`.
fn thousands(number: u128) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() * 4 / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::{Bytes, count, duration, percent, size};

    #[test]
    fn counts_are_grouped_by_thousands() {
        let counts = [0, 999, 1_000, 123_456, 1_234_567, u64::MAX].map(count);
        let expected = [
            "0",
            "999",
            "1,000",
            "123,456",
            "1,234,567",
            "18,446,744,073,709,551,615",
        ];
        assert_eq!(counts, expected);
    }

    #[test]
    fn sizes_are_decimal_to_the_end_of_128_bits() {
        let sizes = [0, 999, 1_000, 1_500_000_000, u128::from(u64::MAX)];
        let sizes = sizes.map(|bytes| size(Bytes(bytes)));
        assert_eq!(sizes, ["0 B", "999 B", "1.0 kB", "1.5 GB", "18.4 EB"]);
        assert_eq!(size(Bytes(2_345_670_000_000_000_000_000)), "2,345.6 EB");
        assert!(size(Bytes(u128::MAX)).ends_with(" EB"));
    }

    #[test]
    fn durations_are_cut_to_their_two_largest_units() {
        let cases = [
            (0.0, "0s"),
            (59.9, "59s"),
            (60.0, "1m 0s"),
            (3_599.0, "59m 59s"),
            (3_661.0, "1h 1m"),
            (359_999.0, "99h 59m"),
            (6_948_000.0, "1,930h"),
        ];
        for (seconds, expected) in cases {
            assert_eq!(duration(seconds), expected);
        }
        assert_eq!(duration(f64::NAN), "0s");
        assert_eq!(duration(-1.0), "0s");
        assert_eq!(duration(1e300), "5,124,095,576,030,431h");
    }

    #[test]
    fn a_small_share_is_not_nothing_and_a_large_one_not_all() {
        assert_eq!(percent(0.0), "0.0 %");
        assert_eq!(percent(0.0001), "< 0.1 %");
        assert_eq!(percent(99.96), "> 99.9 %");
        assert_eq!(percent(100.0), "100.0 %");
    }
}
