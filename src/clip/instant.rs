//! Instants as RFC 3339 writes them.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use jiff::Timestamp;

use crate::model::Micros;

/// From 1900 to 2262-04-11T23:47:16.854775Z, in microseconds since 1970: what every engine can hold,
/// some of which count nanoseconds in 64 bits. A date outside of it is no date of a clip.
const USABLE: RangeInclusive<i64> = -2_208_988_800_000_000..=9_223_372_036_854_775;

/// An instant in microseconds since 1970, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Instant {
    pub(super) micros: Micros,
    /// The text said more than a count of microseconds can: finer digits, or a leap second.
    pub(super) is_cut: bool,
}

/// With or without a fraction, at any offset, also one without a colon or minutes, from 1900 to
/// 2262-04-11. A leap second is taken as the one before it.
pub(super) fn instant(text: &str) -> Option<Instant> {
    let (date_time, rest) = text.split_at_checked("2024-10-11T01:51:50".len())?;
    let (fraction, offset) = match rest.strip_prefix('.') {
        Some(rest) => rest.split_at(rest.find(|letter: char| !letter.is_ascii_digit())?),
        None => ("", rest),
    };
    let has_a_bare_dot = fraction.is_empty() && rest.starts_with('.');
    if has_a_bare_dot || !has_shape(date_time, "0000-00-00T00:00:00") || !is_offset(offset) {
        return None;
    }
    let (kept, finer) = fraction.split_at(fraction.len().min(6));
    let readable = if finer.is_empty() {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(format!("{date_time}.{kept}{offset}"))
    };
    let instant: Timestamp = readable.parse().ok()?;
    let micros = Some(instant.as_microsecond()).filter(|micros| USABLE.contains(micros));
    Some(Instant {
        micros: Micros(micros?),
        is_cut: date_time.ends_with(":60") || finer.bytes().any(|digit| digit != b'0'),
    })
}

fn is_offset(text: &str) -> bool {
    let has_digits = || {
        ["+00:00", "+0000", "+00"]
            .iter()
            .any(|shape| has_shape(text, shape))
    };
    let is_within_a_day = || text.get(1..3).is_some_and(|hour| hour <= "23");
    matches!(text, "Z" | "z") || has_digits() && is_within_a_day()
}

/// Each letter of the shape stands for letters of its kind.
fn has_shape(text: &str, shape: &str) -> bool {
    text.len() == shape.len()
        && text
            .bytes()
            .zip(shape.bytes())
            .all(|(byte, kind)| match kind {
                b'0' => byte.is_ascii_digit(),
                b'T' => matches!(byte, b'T' | b't' | b' '),
                b'+' => matches!(byte, b'+' | b'-'),
                _ => byte == kind,
            })
}
