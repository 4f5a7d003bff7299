//! Half surrogate pairs: JSON's grammar allows their escapes, but no Unicode text can hold them, and
//! many readers refuse a whole document over one.

use std::borrow::Cow;

/// JSON in which half a surrogate pair is the six letters of its escape: `"\ud83d"` becomes
/// `"\\ud83d"`. All else stays, and every string can be decoded.
pub(crate) fn without_halves(json: &str) -> Cow<'_, str> {
    if !json.contains("\\ud") && !json.contains("\\uD") {
        return Cow::Borrowed(json);
    }
    let mut whole = String::with_capacity(json.len() + 8);
    let mut rest = json;
    while let Some(position) = rest.find('\\') {
        let (before, escape) = rest.split_at(position);
        whole.push_str(before);
        let length = match unit(escape) {
            // Any other escape: the backslash and one letter.
            None => 2,
            Some(0xD800..=0xDBFF) if is_low(escape.split_at_checked(6).map(|(_, next)| next)) => 12,
            Some(0xD800..=0xDFFF) => {
                whole.push('\\');
                6
            }
            Some(_) => 6,
        };
        let (escape, after) = escape.split_at_checked(length).unwrap_or((escape, ""));
        whole.push_str(escape);
        rest = after;
    }
    whole.push_str(rest);
    Cow::Owned(whole)
}

fn is_low(next: Option<&str>) -> bool {
    next.and_then(unit)
        .is_some_and(|unit| (0xDC00..=0xDFFF).contains(&unit))
}

/// The UTF-16 unit of the `\uXXXX` that the text starts with.
fn unit(text: &str) -> Option<u16> {
    let hex = text.strip_prefix("\\u")?.get(..4)?;
    u16::from_str_radix(hex, 16).ok()
}
