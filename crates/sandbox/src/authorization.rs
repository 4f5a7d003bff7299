//! `Authorization` headers, taken apart.

/// The token of a Bearer header.
pub(crate) fn bearer(header: &str) -> Option<&str> {
    let token = header.strip_prefix("Bearer ")?;
    (!token.is_empty() && !token.contains(char::is_whitespace)).then_some(token)
}

/// Id and secret out of a Basic header.
pub(crate) fn basic(header: &str) -> Option<(String, String)> {
    let decoded = decode_base64(header.strip_prefix("Basic ")?)?;
    let text = String::from_utf8(decoded).ok()?;
    let (id, secret) = text.split_once(':')?;
    Some((id.to_owned(), secret.to_owned()))
}

/// Standard base64, padded.
fn decode_base64(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(4) {
        return None;
    }
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut held) = (0_u32, 0);
    for byte in text.trim_end_matches('=').bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = (bits << 6) | u32::from(value);
        held += 6;
        if held >= 8 {
            held -= 8;
            out.push((bits >> held) as u8);
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_exact_forms_are_read() {
        assert_eq!(bearer("Bearer abc"), Some("abc"));
        for text in [
            "",
            "Bearer ",
            "bearer abc",
            "Bearer  abc",
            "Token abc",
            "abc",
        ] {
            assert_eq!(bearer(text), None, "{text}");
        }
        let pair = |id: &str, secret: &str| Some((id.to_owned(), secret.to_owned()));
        assert_eq!(basic("Basic dXNlcjpwYXNz"), pair("user", "pass"));
        assert_eq!(basic("Basic YTpi"), pair("a", "b"));
        assert_eq!(basic("Basic YTpiYw=="), pair("a", "bc"));
        for text in [
            "Basic",
            "Basic dXNlcg==",
            "Basic dXNlcjpwYXN",
            "Basic d!==",
            "Bearer YTpi",
        ] {
            assert_eq!(basic(text), None, "{text}");
        }
    }
}
