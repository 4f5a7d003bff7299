//! Reads single values of the API as what their column needs; `None` means that one does not fit.

use std::borrow::Cow;
use std::fmt;

use memchr::memchr;
use serde::Deserializer;
use serde::de::{MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::clip::decimal::Decimal;
use crate::clip::instant::Instant;
use crate::redact::surrogate::without_halves;

/// A string. One with half a surrogate pair cannot be UTF-8, and so does not fit; neither does one
/// with a NUL, which databases refuse together with all rows that are loaded with it.
pub(super) fn text(raw: &RawValue) -> Option<Cow<'_, str>> {
    let inside = raw.get().strip_prefix('"')?.strip_suffix('"')?;
    if memchr(b'\\', inside.as_bytes()).is_none() {
        return Some(Cow::Borrowed(inside));
    }
    let text: String = serde_json::from_str(raw.get()).ok()?;
    (!text.contains('\0')).then_some(Cow::Owned(text))
}

/// `true` or `false`.
pub(super) fn boolean(raw: &RawValue) -> Option<bool> {
    match raw.get() {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

/// A length of time.
pub(super) struct Duration {
    /// Finite, from 0.
    pub(super) seconds: f64,
    /// A double cannot tell all the digits that were sent.
    pub(super) is_rounded: bool,
}

/// Duration from 0: a number, or a string that holds one.
pub(super) fn seconds(raw: &RawValue) -> Option<Duration> {
    let text = text(raw).unwrap_or(Cow::Borrowed(raw.get()));
    let is_of_number = |byte: u8| byte.is_ascii_digit() || b"+-.eE".contains(&byte);
    if !text.bytes().all(is_of_number) {
        return None;
    }
    let seconds: f64 = text.parse().ok()?;
    if !seconds.is_finite() || seconds < 0.0 {
        return None;
    }
    // A double tells any 15 digits apart.
    let is_plain = text.len() <= 15
        && text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.');
    let is_exact = || Decimal::parse(&text) == Decimal::parse(&format!("{seconds:e}"));
    Some(Duration {
        // Adding zero makes the negative zero a plain one.
        seconds: seconds + 0.0,
        is_rounded: !is_plain && !is_exact(),
    })
}

/// More bytes than any file has, and the last whole number that every reader of JSON can hold. Sums
/// of what is near 2^63 would wrap in some engines.
const LARGEST_FILE: i64 = 1 << 53;

/// The size of a file: a whole number up to [`LARGEST_FILE`], or a string that holds one, however it
/// is written: `5.0` and `5e3` are whole too.
pub(super) fn file_size(raw: &RawValue) -> Option<i64> {
    let written = text(raw).unwrap_or(Cow::Borrowed(raw.get()));
    let number = match written.parse::<i64>() {
        Ok(number) => number,
        Err(_) => Decimal::parse(&written)?.whole()?,
    };
    (0..=LARGEST_FILE).contains(&number).then_some(number)
}

/// RFC 3339, with or without a fraction, at any offset.
pub(super) fn instant(raw: &RawValue) -> Option<Instant> {
    crate::clip::instant::instant(&text(raw)?)
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
    let mut members = Vec::new();
    each_member(raw, |name, raw| members.push((name, raw)))?;
    Some(members)
}

/// Hands every member of an object on, in their order; `None` if it is no object.
pub(super) fn each_member<'a>(
    raw: &'a RawValue,
    take: impl FnMut(Cow<'a, str>, &'a RawValue),
) -> Option<()> {
    serde_json::Deserializer::from_str(raw.get())
        .deserialize_map(EachMember(take))
        .ok()
}

struct EachMember<F>(F);

impl<'de, F: FnMut(Cow<'de, str>, &'de RawValue)> Visitor<'de> for EachMember<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some((name, raw)) = map.next_entry::<&RawValue, &RawValue>()? {
            (self.0)(name_text(name), raw);
        }
        Ok(())
    }
}

/// The text of a member's name: borrowed unless it holds an escape. A name with half a surrogate
/// pair must not cost the record: there the escape's letters stand in.
fn name_text(quoted: &RawValue) -> Cow<'_, str> {
    text(quoted).unwrap_or_else(|| {
        serde_json::from_str(&without_halves(quoted.get()))
            .map_or(Cow::Borrowed(quoted.get()), Cow::Owned)
    })
}
