//! What an error's body says, in whichever of the service's shapes it comes.

use std::fmt::Write;

use serde_json::Value;

use crate::redact::hidden::push_visible;
use crate::zoom::wire::text;

/// The most characters of a body or message that are kept.
pub(crate) const EXCERPT: usize = 500;

/// A larger body is no error message; only its beginning is looked at.
const LARGEST: usize = 256 * 1024;

/// The code and message of an error's body.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct ErrorBody {
    /// The service's own code, if there is one.
    pub code: Option<i64>,
    /// What it says, whole and raw: it may echo what it was sent. Empty if it says nothing.
    pub message: String,
}

impl ErrorBody {
    /// Reads any body: `code` and `message` with `errors`, `reason` and `error`, `error_message`,
    /// HTML, or nothing.
    #[must_use]
    pub(crate) fn read(body: &[u8]) -> Self {
        let body = body.get(..LARGEST).unwrap_or(body);
        let (text, _) = text(body);
        match serde_json::from_str(&text) {
            Ok(Value::Object(object)) => Self::of(&Value::Object(object), &text),
            _ => Self {
                code: None,
                message: String::from_utf8_lossy(body).trim().to_owned(),
            },
        }
    }

    fn of(object: &Value, text: &str) -> Self {
        let code = match &object["code"] {
            Value::Number(number) => number.as_i64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        let mut parts: Vec<&str> = Vec::new();
        for key in ["message", "error_message", "reason", "error"] {
            if let Some(part) = object[key].as_str().filter(|part| !part.is_empty())
                && !parts.contains(&part)
            {
                parts.push(part);
            }
        }
        let mut message = parts.join(" / ");
        for error in object["errors"].as_array().into_iter().flatten() {
            let field = error["field"].as_str().unwrap_or("?");
            let why = error["message"].as_str().unwrap_or("?");
            write!(message, " ({field}: {why})").expect("writing to a string cannot fail");
        }
        if message.is_empty() {
            message.push_str(text);
        }
        Self { code, message }
    }
}

/// The first 500 characters, with hidden ones as escapes.
#[must_use]
pub(crate) fn excerpt(text: &str) -> String {
    let mut kept = String::new();
    let mut characters = text.chars();
    for character in characters.by_ref().take(EXCERPT) {
        push_visible(&mut kept, character);
    }
    if characters.next().is_some() {
        kept.push('…');
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_of_error_is_read() {
        for (body, code, message) in [
            (
                r#"{"code":124,"message":"Access token is expired."}"#,
                Some(124),
                "Access token is expired.",
            ),
            (
                r#"{"code":300,"message":"Validation Failed.","errors":[{"field":"from","message":"Bad date."},7]}"#,
                Some(300),
                "Validation Failed. (from: Bad date.) (?: ?)",
            ),
            (
                r#"{"reason":"Invalid client_id or client_secret","error":"invalid_client"}"#,
                None,
                "Invalid client_id or client_secret / invalid_client",
            ),
            (
                r#"{"code":"1003","error_message":"No permission"}"#,
                Some(1003),
                "No permission",
            ),
            (
                "{\"code\":124,\"message\":\"Token of \u{13} expired.\"}",
                Some(124),
                "Token of \u{13} expired.",
            ),
            (r#"{"status":"bad"}"#, None, r#"{"status":"bad"}"#),
            (
                "<html lang=\"en\n\">\n<h1>502 Bad Gateway</h1>\n",
                None,
                "<html lang=\"en\n\">\n<h1>502 Bad Gateway</h1>",
            ),
            ("[1]", None, "[1]"),
            ("", None, ""),
        ] {
            let message = message.to_owned();
            assert_eq!(
                ErrorBody::read(body.as_bytes()),
                ErrorBody { code, message },
                "{body}"
            );
        }
    }

    #[test]
    fn five_hundred_characters_are_kept() {
        let kept = excerpt(&"\u{e9}".repeat(600));
        assert_eq!(kept, format!("{}…", "\u{e9}".repeat(500)));
    }

    #[test]
    fn characters_that_steer_a_terminal_are_escaped() {
        assert_eq!(
            excerpt("a\u{1b}[31m\u{202e}b\r\u{e9}"),
            "a\\u{1b}[31m\\u{202e}b\\r\u{e9}"
        );
    }

    #[test]
    fn a_body_of_brackets_is_only_text() {
        let body = "[".repeat(1_000_000);
        assert_eq!(ErrorBody::read(body.as_bytes()).code, None);
    }
}
