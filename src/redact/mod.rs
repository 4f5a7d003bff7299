//! Cuts secrets out of JSON text, whatever their depth, and leaves all else as it stands.
//!
//! A secret is the text, number, list or object under a name such as `passcode` or `token`, a
//! parameter of such a name in a link, or anything that has the shape of a JSON Web Token; also
//! where a string holds JSON in its turn. Works on the text, not on a tree, so that numbers stay
//! exact and no depth of nesting can exhaust the stack.

pub(crate) mod hidden;
pub(crate) mod surrogate;
mod text;
pub(crate) mod visible_json;

use std::borrow::Cow;

use memchr::{memchr, memchr_iter, memchr2, memchr3};
use serde::de::IgnoredAny;

use crate::redact::surrogate::without_halves;
use crate::redact::text::{
    STAND_IN, cut_secrets, cut_signatures, mentions_a_secret, names_a_secret,
    without_secret_parameters,
};

/// What stands where a secret value stood.
const CUT: &str = "\"***\"";

/// How many layers of JSON in a string in JSON are looked through; deeper ones are cut whole.
const LAYERS: u8 = 4;

/// Valid JSON without its secrets. Half a surrogate pair becomes the text of its escape.
pub(crate) fn redact_json(json: &str) -> String {
    redact_layers(&without_halves(json), false, LAYERS)
}

/// What the service says, without the secrets in it: in place of a message it may quote records.
pub(crate) fn redact_message(message: &str) -> Cow<'_, str> {
    clean_text(message, LAYERS).map_or(Cow::Borrowed(message), Cow::Owned)
}

/// A member of an object without its secrets: its name, as plain text, and its value.
pub(crate) fn redact_member(name: &str, json: &str) -> (String, String) {
    let json = without_halves(json);
    (
        clean_text(name, LAYERS).unwrap_or_else(|| name.to_owned()),
        redact_layers(&json, names_a_secret(name), LAYERS),
    )
}

/// A link without the parameters that sign or unlock it, nor any other secret.
pub(crate) fn redact_link(link: Cow<'_, str>) -> Cow<'_, str> {
    let open = without_secret_parameters(link);
    if is_plain(&open) {
        return open;
    }
    clean_text(&open, LAYERS).map_or(open, Cow::Owned)
}

/// Whether nothing can hide in a link but in the values of its parameters: so for most links, and
/// much cheaper to see than to search them.
fn is_plain(link: &str) -> bool {
    let bytes = link.as_bytes();
    let (path, query) = link.split_once('?').unwrap_or((link, ""));
    memchr3(b'%', b'#', b'{', bytes).is_none()
        && memchr2(b'[', b'"', bytes).is_none()
        && !link.contains("eyJ")
        && memchr(b'=', path.as_bytes()).is_none()
        && query.split('&').all(|pair| {
            let mut signs = memchr_iter(b'=', pair.as_bytes());
            signs.next().is_none() || signs.next().is_none()
        })
}

/// Text that people wrote, without signed links and tokens: all else in it is theirs, unless it is
/// JSON from end to end.
pub(crate) fn redact_text(text: Cow<'_, str>) -> Cow<'_, str> {
    let clean = if is_json_text(&text) {
        clean_text(&text, LAYERS)
    } else {
        cut_signatures(&text)
    };
    clean.map_or(text, Cow::Owned)
}

/// `is_secret` tells that the whole is the value of a secret.
fn redact_layers(json: &str, mut is_secret: bool, layers: u8) -> String {
    let mut clean = String::with_capacity(json.len());
    let mut containers: Vec<u8> = Vec::new();
    let mut at_name = false;
    let mut rest = json;
    while let Some(&byte) = rest.as_bytes().first() {
        let length = match byte {
            b'"' => string_length(rest),
            b'{' | b'[' if is_secret => container_length(rest),
            b'{' | b'}' | b'[' | b']' | b',' | b':' | b' ' | b'\t' | b'\n' | b'\r' => 1,
            _ => scalar_length(rest),
        };
        let (token, after) = rest.split_at(length);
        rest = after;
        let mut text = Cow::Borrowed(token);
        match byte {
            b'}' | b']' => {
                containers.pop();
                at_name = false;
            }
            b',' => at_name = containers.last() == Some(&b'{'),
            b':' => at_name = false,
            b' ' | b'\t' | b'\n' | b'\r' => {}
            b'"' if at_name => {
                is_secret = names_a_secret(&decoded(token));
                text = clean_string(token, layers);
            }
            _ if is_secret => {
                // A flag under such a name tells that there is a passcode, not which.
                if !matches!(token, "true" | "false" | "null") {
                    text = Cow::Borrowed(CUT);
                }
                is_secret = false;
            }
            b'{' | b'[' => {
                containers.push(byte);
                at_name = byte == b'{';
            }
            b'"' => text = clean_string(token, layers),
            _ => {}
        }
        clean.push_str(&text);
    }
    clean
}

/// The text of a string, quotes included.
fn decoded(quoted: &str) -> Cow<'_, str> {
    if quoted.contains('\\') {
        serde_json::from_str(quoted).map_or(Cow::Borrowed(quoted), Cow::Owned)
    } else {
        Cow::Borrowed(quoted.trim_matches('"'))
    }
}

/// A string, quotes included, without the secrets in its text.
fn clean_string(quoted: &str, layers: u8) -> Cow<'_, str> {
    match clean_text(&decoded(quoted), layers) {
        None => Cow::Borrowed(quoted),
        Some(clean) => Cow::Owned(serde_json::Value::from(clean).to_string()),
    }
}

/// Text without its secrets, or `None` if it has none.
fn clean_text(text: &str, layers: u8) -> Option<String> {
    if is_json_text(text) {
        if layers == 0 {
            return Some(STAND_IN.to_owned());
        }
        let clean = redact_layers(&without_halves(text), false, layers - 1);
        return (clean != text).then_some(clean);
    }
    if text.contains('{') && mentions_a_secret(text) {
        // An object cut short, or in another notation: no telling where its secret ends.
        return Some(STAND_IN.to_owned());
    }
    cut_secrets(text)
}

fn is_json_text(text: &str) -> bool {
    text.trim_start().starts_with(['{', '[', '"'])
        && serde_json::from_str::<IgnoredAny>(text).is_ok()
}

/// The length of the string at the start of `json`, quotes included.
fn string_length(json: &str) -> usize {
    let mut escaped = false;
    for (index, byte) in json.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return index + 1,
            _ => {}
        }
    }
    json.len()
}

fn scalar_length(json: &str) -> usize {
    json.bytes()
        .position(|byte| b",}] \t\n\r:{[\"".contains(&byte))
        .unwrap_or(json.len())
}

/// The length of the object or array at the start of `json`.
fn container_length(json: &str) -> usize {
    let mut depth = 0_usize;
    let mut rest = json;
    while let Some(&byte) = rest.as_bytes().first() {
        let length = match byte {
            b'"' => string_length(rest),
            b'{' | b'[' | b'}' | b']' | b',' | b':' | b' ' | b'\t' | b'\n' | b'\r' => 1,
            _ => scalar_length(rest),
        };
        rest = rest.split_at(length).1;
        match byte {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    json.len() - rest.len()
}
