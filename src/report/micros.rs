//! Whole microseconds in place of floating point: sums of them do not depend on their order.

use jiff::Timestamp;

/// A duration in microseconds, rounded. None if it is negative or not finite.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "not negative, and the cast stops at the end of the range"
)]
pub(super) fn micros(seconds: f64) -> Option<u128> {
    let usable = seconds.is_finite() && seconds >= 0.0;
    usable.then(|| (seconds * 1e6).round() as u128)
}

/// Microseconds as seconds, for the JSON: exact to the microsecond up to 285 years.
#[expect(
    clippy::cast_precision_loss,
    reason = "a sum beyond 285 years is the nearest double"
)]
pub(super) fn seconds(micros: u128) -> f64 {
    micros as f64 / 1e6
}

/// An instant as `2024-10-11T01:51:50.631Z`. None outside of the years -9999 to 9999.
pub(super) fn rfc3339(micros: i64) -> Option<String> {
    Timestamp::from_microsecond(micros)
        .ok()
        .map(|timestamp| timestamp.to_string())
}

#[cfg(test)]
mod tests {
    use super::micros;
    use super::seconds;

    #[test]
    fn durations_are_whole_microseconds() {
        assert_eq!(micros(6000.0), Some(6_000_000_000));
        assert_eq!(micros(0.000_000_4), Some(0));
        assert_eq!(micros(0.1), Some(100_000));
        assert_eq!(micros(1e300), Some(u128::MAX));
        assert_eq!(micros(-1.0), None);
        assert_eq!(micros(f64::NAN), None);
        assert_eq!(micros(f64::INFINITY), None);
    }

    #[test]
    fn seconds_survive_json_to_the_microsecond() {
        for micros in [0, 1, 999_999, 1_000_001, 86_400_000_000, (1 << 53) - 1] {
            let before = seconds(micros);
            let json = serde_json::to_string(&before).unwrap();
            let after: f64 = serde_json::from_str(&json).unwrap();
            assert_eq!(after.to_bits(), before.to_bits(), "{json}");
        }
    }
}
