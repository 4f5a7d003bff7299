//! Reads single values of the API as what their column needs; `None` means that one does not fit.

use std::borrow::Cow;

use jiff::Timestamp;
use serde_json::value::RawValue;

use crate::clip::fields::Members;

/// A string. One with half a surrogate pair cannot be UTF-8, and so does not fit.
pub(super) fn text(raw: &RawValue) -> Option<Cow<'_, str>> {
    let inside = raw.get().strip_prefix('"')?.strip_suffix('"')?;
    if inside.contains('\\') {
        serde_json::from_str(raw.get()).ok().map(Cow::Owned)
    } else {
        Some(Cow::Borrowed(inside))
    }
}

/// `true` or `false`.
pub(super) fn boolean(raw: &RawValue) -> Option<bool> {
    match raw.get() {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

/// Seconds from 0: a number, or a string that holds one.
pub(super) fn seconds(raw: &RawValue) -> Option<f64> {
    let text = text(raw).unwrap_or(Cow::Borrowed(raw.get()));
    let is_number = text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    let seconds: f64 = if is_number {
        text.parse().ok()?
    } else {
        return None;
    };
    // Adding zero makes the negative zero a plain one.
    (seconds.is_finite() && seconds >= 0.0).then_some(seconds + 0.0)
}

/// A whole number from 0 to 2^63 - 1; `5.0` and `5e3` are whole too where a double holds them exactly.
pub(super) fn whole_number(raw: &RawValue) -> Option<i64> {
    const LARGEST_EXACT_DOUBLE: f64 = 9_007_199_254_740_992.0;
    let number = raw.get();
    if let Ok(whole) = number.parse::<i64>() {
        return (whole >= 0).then_some(whole);
    }
    let double: f64 = serde_json::from_str(number).ok()?;
    let is_whole = double.fract() == 0.0 && (0.0..LARGEST_EXACT_DOUBLE).contains(&double);
    #[expect(clippy::cast_possible_truncation, reason = "whole and below 2^53")]
    is_whole.then_some(double as i64)
}

/// An instant in microseconds since 1970, UTC.
pub(super) struct Instant {
    pub(super) micros: i64,
    /// The text was finer than a microsecond.
    pub(super) is_cut: bool,
}

/// RFC 3339, with or without a fraction, at any offset.
pub(super) fn instant(raw: &RawValue) -> Option<Instant> {
    let text = text(raw)?;
    // The parser knows more forms than RFC 3339 (zone names, days without a time): length and
    // the last character keep them out.
    let is_plain = text.len() >= "2024-10-11T01:51:50Z".len() && !text.ends_with(']');
    let instant: Timestamp = text.parse().ok().filter(|_| is_plain)?;
    let nanos = instant.as_nanosecond();
    let micros = i64::try_from(nanos.div_euclid(1_000)).ok()?;
    Some(Instant {
        micros,
        is_cut: nanos.rem_euclid(1_000) != 0,
    })
}

/// The names of a clip's tags.
pub(super) struct Tags<'a> {
    pub(super) names: Vec<Cow<'a, str>>,
    /// Some tag was an object with more than a name.
    pub(super) had_more_than_names: bool,
}

/// An array of strings, or of objects with a `name`.
pub(super) fn tags(raw: &RawValue) -> Option<Tags<'_>> {
    let items: Vec<&RawValue> = serde_json::from_str(raw.get()).ok()?;
    let mut tags = Tags {
        names: Vec::with_capacity(items.len()),
        had_more_than_names: false,
    };
    for item in items {
        let name = if let Some(name) = text(item) {
            name
        } else {
            let members = members(item)?;
            tags.had_more_than_names |= members.len() > 1;
            let (_, name) = members.into_iter().find(|(key, _)| key == "name")?;
            text(name)?
        };
        tags.names.push(name);
    }
    Some(tags)
}

/// The members of an object, in their order.
pub(super) fn members(raw: &RawValue) -> Option<Vec<(Cow<'_, str>, &RawValue)>> {
    let Members(members) = serde_json::from_str(raw.get()).ok()?;
    Some(members)
}
