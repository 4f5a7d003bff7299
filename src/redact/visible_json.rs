//! JSON with the hidden characters of its strings as escapes, so that it steers no terminal either. It is the
//! same data: whoever reads it as JSON reads the same characters.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, Write};

use serde::Serialize;

use crate::redact::hidden::is_hidden;

/// The JSON with such escapes. Its writer has escaped control characters below U+0080 already, and all that is
/// not ASCII stands in a string.
pub(crate) fn visible_json(json: &str) -> Cow<'_, str> {
    let steers = |character: char| !character.is_ascii() && is_hidden(character);
    if json.is_ascii() || !json.contains(steers) {
        return Cow::Borrowed(json);
    }
    let mut escaped = String::with_capacity(json.len() + 16);
    for character in json.chars() {
        if steers(character) {
            for unit in character.encode_utf16(&mut [0; 2]) {
                // Writing to a string does not fail.
                _ = write!(escaped, "\\u{unit:04x}");
            }
        } else {
            escaped.push(character);
        }
    }
    Cow::Owned(escaped)
}

/// Writes a value as a line of JSON, with such escapes.
///
/// # Errors
/// Those of `output`; and when the value cannot be written as JSON.
pub fn write_json_line(
    output: &mut (impl Write + ?Sized),
    value: &impl Serialize,
) -> io::Result<()> {
    let line = serde_json::to_string(value)?;
    output.write_all(visible_json(&line).as_bytes())?;
    output.write_all(b"\n")
}

/// Gets JSON piece by piece, wherever one ends, and writes it with such escapes.
#[derive(Debug)]
pub struct VisibleJson<W> {
    output: W,
    /// The begin of a character that is not there whole yet.
    rest: Vec<u8>,
}

impl<W: Write> VisibleJson<W> {
    /// Writes to `output`.
    pub fn new(output: W) -> Self {
        Self {
            output,
            rest: Vec::new(),
        }
    }
}

impl<W: Write> Write for VisibleJson<W> {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        self.rest.extend_from_slice(piece);
        let whole = match std::str::from_utf8(&self.rest) {
            Ok(text) => text.len(),
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            Err(error) => return Err(io::Error::new(io::ErrorKind::InvalidData, error)),
        };
        let (text, _) = self.rest.split_at(whole);
        let text = String::from_utf8_lossy(text);
        self.output.write_all(visible_json(&text).as_bytes())?;
        self.rest.drain(..whole);
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.output.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_escaped_where_it_is_written_and_reads_the_same() {
        let title = "a\u{9b}31m\u{202e}b\u{e0041} \"Übung\"\n";
        let mut line = Vec::new();
        write_json_line(&mut line, &title).unwrap();
        let line = String::from_utf8(line).unwrap();
        assert_eq!(
            line,
            "\"a\\u009b31m\\u202eb\\udb40\\udc41 \\\"Übung\\\"\\n\"\n"
        );
        assert_eq!(serde_json::from_str::<String>(&line).unwrap(), title);
    }

    #[test]
    fn a_character_that_comes_in_pieces_is_escaped_too() {
        let json = "{\"a\u{202e}\":\"Ü\u{e0041}\"}";
        for length in 1..json.len() {
            let mut written = Vec::new();
            let mut output = VisibleJson::new(&mut written);
            for piece in json.as_bytes().chunks(length) {
                output.write_all(piece).unwrap();
            }
            let written = String::from_utf8(written).unwrap();
            assert_eq!(written, "{\"a\\u202e\":\"Ü\\udb40\\udc41\"}", "by {length}");
        }
        assert!(VisibleJson::new(Vec::new()).write_all(b"\"\xff\"").is_err());
    }
}
