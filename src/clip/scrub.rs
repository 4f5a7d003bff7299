//! Cuts secrets out of JSON text and links, whatever their depth, and leaves all else as it stands.
//!
//! A secret is the text, number, list or object under a name such as `passcode` or `token`, a
//! `jwt` parameter in a link, or anything that has the shape of a JSON Web Token. Works on the
//! text, not on a tree, so that numbers stay exact and no depth of nesting can exhaust the stack.

use std::borrow::Cow;

/// Whether passcodes and signatures may reach the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretPolicy {
    /// They are cut out.
    Cut,
    /// They were asked for.
    Keep,
}

/// What stands where a secret stood.
const CUT: &str = "\"***\"";

/// Valid JSON without its secrets.
#[must_use]
pub fn scrub(json: &str) -> String {
    let mut clean = String::with_capacity(json.len());
    let mut containers: Vec<u8> = Vec::new();
    let mut at_name = false;
    let mut is_secret = false;
    let mut rest = json;
    while let Some(&byte) = rest.as_bytes().first() {
        let token = match byte {
            b'"' => string_length(rest),
            b'{' | b'}' | b'[' | b']' | b',' | b':' | b' ' | b'\t' | b'\n' | b'\r' => 1,
            _ => scalar_length(rest),
        };
        let (mut text, mut after) = rest.split_at(token);
        match byte {
            b'{' | b'[' if is_secret => {
                (text, after) = (CUT, rest.split_at(container_length(rest)).1);
                is_secret = false;
            }
            b'{' | b'[' => {
                containers.push(byte);
                at_name = byte == b'{';
            }
            b'}' | b']' => {
                containers.pop();
                at_name = false;
            }
            b',' => at_name = containers.last() == Some(&b'{'),
            b':' => at_name = false,
            b' ' | b'\t' | b'\n' | b'\r' => {}
            b'"' if at_name => is_secret = names_a_secret(text),
            _ if is_secret => {
                // A flag under such a name tells that there is a passcode, not which.
                if !matches!(text, "true" | "false" | "null") {
                    text = CUT;
                }
                is_secret = false;
            }
            b'"' => {
                clean.push_str(&without_signatures(text));
                rest = after;
                continue;
            }
            _ => {}
        }
        clean.push_str(text);
        rest = after;
    }
    clean
}

/// A link without the parameter that signs it.
#[must_use]
pub fn without_jwt(link: Cow<'_, str>) -> Cow<'_, str> {
    let lower = link.to_ascii_lowercase();
    if !lower.contains("jwt") && !lower.contains('%') && !lower.contains("eyj") {
        return link;
    }
    let (link, fragment) = match link.split_once('#') {
        Some((link, fragment)) => (link.to_owned(), Some(fragment.to_owned())),
        None => (link.into_owned(), None),
    };
    let mut clean = match link.split_once('?') {
        None => link,
        Some((path, query)) => {
            let kept: Vec<&str> = query
                .split('&')
                .filter(|pair| !is_jwt_name(pair.split('=').next().unwrap_or_default()))
                .collect();
            if kept.is_empty() {
                path.to_owned()
            } else {
                format!("{path}?{}", kept.join("&"))
            }
        }
    };
    if let Some(fragment) = fragment {
        clean.push('#');
        clean.push_str(&fragment);
    }
    Cow::Owned(without_tokens(&clean).into_owned())
}

fn is_jwt_name(name: &str) -> bool {
    url::form_urlencoded::parse(name.as_bytes())
        .next()
        .is_some_and(|(name, _)| name.eq_ignore_ascii_case("jwt"))
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
    let mut index = 0;
    while let Some(rest) = json.get(index..).filter(|rest| !rest.is_empty()) {
        match rest.as_bytes().first() {
            Some(b'"') => {
                index += string_length(rest);
                continue;
            }
            Some(b'{' | b'[') => depth += 1,
            Some(b'}' | b']') => depth = depth.saturating_sub(1),
            _ => {}
        }
        index += rest.chars().next().map_or(1, char::len_utf8);
        if depth == 0 {
            return index;
        }
    }
    json.len()
}

fn names_a_secret(quoted: &str) -> bool {
    const PARTS: [&str; 6] = ["passcode", "password", "passwd", "secret", "token", "jwt"];
    let name: String = serde_json::from_str(quoted).unwrap_or_else(|_| quoted.to_owned());
    let name = name.to_ascii_lowercase();
    name == "pwd" || PARTS.iter().any(|part| name.contains(part))
}

/// A quoted string without the signatures of links in it.
fn without_signatures(quoted: &str) -> Cow<'_, str> {
    let may_hold_one = ["jwt", "JWT", "Jwt", "eyJ", "\\", "%"]
        .iter()
        .any(|part| quoted.contains(part));
    if !may_hold_one {
        return Cow::Borrowed(quoted);
    }
    let Ok(text) = serde_json::from_str::<String>(quoted) else {
        // Half a surrogate pair: no text, so look at it as it stands.
        return without_tokens(quoted);
    };
    let clean = without_parameter(&text);
    let clean = without_tokens(&clean);
    if clean == text {
        Cow::Borrowed(quoted)
    } else {
        Cow::Owned(serde_json::Value::from(clean.into_owned()).to_string())
    }
}

/// Text without the value of each `jwt=` in it, whatever stands around.
fn without_parameter(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    let mut clean = String::with_capacity(text.len());
    let mut done = 0;
    for (position, name) in lower.match_indices("jwt=") {
        let value = position + name.len();
        if position < done {
            continue;
        }
        clean.push_str(text.get(done..value).unwrap_or_default());
        clean.push_str("***");
        let rest = text.get(value..).unwrap_or_default();
        let ends = |letter: char| letter == '&' || letter == '#' || letter.is_whitespace();
        done = value + rest.find(ends).unwrap_or(rest.len());
    }
    clean.push_str(text.get(done..).unwrap_or_default());
    clean
}

/// Text without anything in the shape of a JSON Web Token: `eyJ…`, a dot, and more.
fn without_tokens(text: &str) -> Cow<'_, str> {
    if !text.contains("eyJ") {
        return Cow::Borrowed(text);
    }
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(position) = rest.find("eyJ") {
        let (before, from) = rest.split_at(position);
        let (token, after) = from.split_at(from.find(|l| !is_part(l)).unwrap_or(from.len()));
        clean.push_str(before);
        clean.push_str(if token.contains('.') { "***" } else { token });
        rest = after;
    }
    clean.push_str(rest);
    Cow::Owned(clean)
}
