//! Cuts secrets out of plain text and links: parameters that carry one, and JSON Web Tokens.

use std::borrow::Cow;

use memchr::memchr2;
use percent_encoding::percent_decode_str;

/// What stands where a secret stood.
pub(super) const STAND_IN: &str = "***";

/// What the name of a secret holds, in lower case and without punctuation.
const SECRETS: Names = Names::of(&[
    "passcode",
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "secret",
    "token",
    "jwt",
    "signature",
    "credential",
    "apikey",
]);

/// Names of parameters that sign or unlock a link, and are too short to be looked for within others.
const SHORT_SECRETS: [&str; 2] = ["sig", "tk"];

/// What the name of a parameter holds that signs a link.
const SIGNATURES: Names = Names::of(&["jwt"]);

/// How many layers of percent-encoding are looked through.
const LAYERS: u8 = 3;

/// Parts of names, and the set of their first letters: nearly always those decide.
struct Names {
    parts: &'static [&'static str],
    first_letters: u32,
}

impl Names {
    const fn of(parts: &'static [&'static str]) -> Self {
        let mut first_letters = 0;
        let mut index = 0;
        while index < parts.len() {
            first_letters |= letter_bit(parts[index].as_bytes()[0]);
            index += 1;
        }
        Self {
            parts,
            first_letters,
        }
    }

    /// Whether a name holds one of them, in whatever case and punctuation.
    fn are_in(&self, name: &str) -> bool {
        let name = without_percent(name);
        let letters: Cow<'_, [u8]> = if name.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            Cow::Borrowed(name.as_bytes())
        } else {
            name.bytes().filter(u8::is_ascii_alphanumeric).collect()
        };
        letters.iter().enumerate().any(|(position, first)| {
            self.first_letters & letter_bit(*first) != 0
                && self.parts.iter().any(|part| {
                    letters
                        .get(position..position + part.len())
                        .is_some_and(|here| here.eq_ignore_ascii_case(part.as_bytes()))
                })
        })
    }
}

/// A bit for each letter, whatever its case. Some digits share one, which does no harm.
const fn letter_bit(byte: u8) -> u32 {
    1 << (byte & 31)
}

/// Whether a member or parameter of this name holds a secret.
pub(super) fn names_a_secret(name: &str) -> bool {
    SECRETS.are_in(name)
}

/// Whether a secret's name stands anywhere in the text.
pub(super) fn mentions_a_secret(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    SECRETS.parts.iter().any(|part| lower.contains(part))
}

/// Text without the secrets in it, or `None` if there are none.
pub(super) fn cut_secrets(text: &str) -> Option<String> {
    cut(text, &SECRETS)
}

/// Text without signed links and tokens, or `None` if there are none.
pub(super) fn cut_signatures(text: &str) -> Option<String> {
    cut(text, &SIGNATURES)
}

/// A link without the parameters that sign or unlock it, and without the name and password before its
/// host. What its other parts hold is text.
pub(super) fn without_secret_parameters(link: Cow<'_, str>) -> Cow<'_, str> {
    let link = without_userinfo(link);
    let (address, fragment) = match link.split_once('#') {
        Some((address, fragment)) => (address, Some(fragment)),
        None => (link.as_ref(), None),
    };
    let Some((path, query)) = address.split_once('?') else {
        return link;
    };
    let mut open = String::with_capacity(link.len());
    open.push_str(path);
    let mut separator = "?";
    let mut rest = Some(query);
    while let Some(pairs) = rest {
        let end = pairs.find(['&', ';']);
        let (pair, _) = pairs.split_at(end.unwrap_or(pairs.len()));
        rest = end.map(|end| pairs.split_at(end + 1).1);
        if !unlocks(pair.split('=').next().unwrap_or_default()) {
            open.push_str(separator);
            open.push_str(pair);
            separator = end.and_then(|end| pairs.get(end..=end)).unwrap_or_default();
        }
    }
    if let Some(fragment) = fragment {
        open.push('#');
        open.push_str(fragment);
    }
    Cow::Owned(open)
}

/// Whether a parameter of this name signs or unlocks its link.
fn unlocks(name: &str) -> bool {
    names_a_secret(name)
        || SHORT_SECRETS
            .iter()
            .any(|short| short.eq_ignore_ascii_case(name))
}

fn without_userinfo(link: Cow<'_, str>) -> Cow<'_, str> {
    let Some((scheme, rest)) = link.split_once("://") else {
        return link;
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    match authority.rfind('@') {
        Some(at) => Cow::Owned(format!("{scheme}://{}", rest.split_at(at + 1).1)),
        None => link,
    }
}

fn cut(text: &str, names: &Names) -> Option<String> {
    let has_parameters = memchr2(b'=', b'%', text.as_bytes()).is_some();
    if !has_parameters && !text.contains("eyJ") {
        return None;
    }
    let clean: String = text
        .split_inclusive(char::is_whitespace)
        .map(|word| cut_word(word, names, LAYERS))
        .collect();
    (clean != text).then_some(clean)
}

/// A word whose encoded inside holds a secret comes back decoded.
fn cut_word<'a>(word: &'a str, names: &Names, layers: u8) -> Cow<'a, str> {
    let clean = match cut_parameters(word, names) {
        Cow::Borrowed(word) => cut_tokens(word),
        Cow::Owned(word) => Cow::Owned(cut_tokens(&word).into_owned()),
    };
    if layers > 0
        && let Cow::Owned(decoded) = without_percent(&clean)
    {
        let inside = cut_word(&decoded, names, layers - 1);
        if inside != decoded {
            return Cow::Owned(inside.into_owned());
        }
    }
    clean
}

/// Text without the value of each `name=value` whose name is a secret's.
fn cut_parameters<'a>(text: &'a str, names: &Names) -> Cow<'a, str> {
    let is_of_name = |letter: char| letter.is_alphanumeric() || "_-.%+[]$~".contains(letter);
    let mut clean = String::new();
    let mut rest = text;
    while let Some((before, value)) = rest.split_once('=') {
        clean.push_str(before);
        clean.push('=');
        let name = before.rsplit(|letter| !is_of_name(letter)).next();
        rest = value;
        if name.is_some_and(|name| names.are_in(name)) {
            // Whatever else could end a value may as well be part of it.
            let end = value
                .find(|letter: char| letter == '&' || letter.is_whitespace())
                .unwrap_or(value.len());
            rest = value.split_at(end).1;
            if end > 0 {
                clean.push_str(STAND_IN);
            }
        }
    }
    if rest.len() == text.len() {
        return Cow::Borrowed(text);
    }
    clean.push_str(rest);
    Cow::Owned(clean)
}

/// Text without anything in the shape of a JSON Web Token.
fn cut_tokens(text: &str) -> Cow<'_, str> {
    if !text.contains("eyJ") {
        return Cow::Borrowed(text);
    }
    let is_of_token = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let (between, from) = rest.split_at(rest.find(is_of_token).unwrap_or(rest.len()));
        let end = from.find(|letter| !is_of_token(letter));
        let (run, after) = from.split_at(end.unwrap_or(from.len()));
        clean.push_str(between);
        if let Some(start) = token_start(run) {
            clean.push_str(run.split_at(start).0);
            clean.push_str(STAND_IN);
        } else {
            clean.push_str(run);
        }
        rest = after;
    }
    Cow::Owned(clean)
}

/// Where in a run of token letters a token starts: `eyJ` opens its header, a dot ends it. The
/// lengths are below those of any real token, and keep `HeyJude.mp4` from being one.
fn token_start(run: &str) -> Option<usize> {
    const SHORTEST_HEADER: usize = 12;
    const SHORTEST_REST: usize = 12;
    let mut start = 0;
    for segment in run.split('.') {
        let end = start + segment.len();
        if let Some(position) = segment.find("eyJ")
            && segment.len() - position >= SHORTEST_HEADER
            && run.len() - end > SHORTEST_REST
        {
            return Some(start + position);
        }
        start = end + 1;
    }
    None
}

/// One layer of percent-encoding less: `%` and two hex digits become the byte they name, all else
/// stays. Borrowed where there is none.
fn without_percent(text: &str) -> Cow<'_, str> {
    percent_decode_str(text).decode_utf8_lossy()
}
