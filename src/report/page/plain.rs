//! Hostile text made harmless: one line, no hidden characters, no wider than its column.

use unicode_width::UnicodeWidthStr;

use crate::redact::hidden::push_visible;

/// Prose that quotes what came from elsewhere ends here, in columns.
pub(crate) const LONGEST_PROSE: usize = 1_000;

/// How many columns a terminal gives this text.
#[must_use]
pub fn width(text: &str) -> usize {
    text.width()
}

/// The text in at most `columns` columns, on one line. Control characters and those that reorder
/// or hide text are written as escapes, such as `\n` or `\u{202e}`; what is cut ends in `…`.
#[must_use]
pub fn fit(text: &str, columns: usize) -> String {
    // Marks of no width could follow each other without an end.
    let longest = columns.saturating_mul(4);
    let mut line = String::new();
    let mut chars = text.chars();
    for character in chars.by_ref().take(longest) {
        push_visible(&mut line, character);
    }
    if chars.next().is_none() && width(&line) <= columns {
        return line;
    }
    let mut end = 0;
    for (at, character) in line.char_indices() {
        let next = at + character.len_utf8();
        let Some(prefix) = line.get(..next) else {
            break;
        };
        // Prefixes are measured whole: joined emoji are narrower than their parts.
        if width(prefix) < columns {
            end = next;
        }
        if at > longest {
            break;
        }
    }
    line.truncate(end);
    let joined = line.trim_end_matches('\u{200d}').len();
    line.truncate(joined);
    line.push('…');
    line
}

/// The text broken between words into lines of at most `columns` columns, [`LONGEST_PROSE`]
/// columns in all; a word that is longer than a line is cut.
pub(crate) fn wrap(text: &str, columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in fit(text, LONGEST_PROSE).split(' ') {
        let word = fit(word, columns);
        match lines.last_mut() {
            Some(line) if width(line) + 1 + width(&word) <= columns => {
                line.push(' ');
                line.push_str(&word);
            }
            _ => lines.push(word),
        }
    }
    lines
}

/// The text with spaces up to `columns` columns, on its left if `right` aligned.
#[must_use]
pub fn pad(text: &str, columns: usize, right: bool) -> String {
    let spaces = " ".repeat(columns.saturating_sub(width(text)));
    if right {
        format!("{spaces}{text}")
    } else {
        format!("{text}{spaces}")
    }
}

#[cfg(test)]
mod tests {
    use super::{fit, pad, width, wrap};

    #[test]
    fn characters_that_hide_or_reorder_are_written_as_escapes() {
        assert_eq!(fit("a\nb\tc\u{1b}[31m", 40), "a\\nb\\tc\\u{1b}[31m");
        assert_eq!(fit("exe\u{202e}gpj", 40), "exe\\u{202e}gpj");
        assert_eq!(
            fit("\u{2066}\u{feff}\u{9b}", 40),
            "\\u{2066}\\u{feff}\\u{9b}"
        );
    }

    #[test]
    fn wide_scripts_are_cut_by_the_columns_they_take() {
        assert_eq!(fit("週次報告の録画", 8), "週次報…");
        assert_eq!(fit("週次報告", 8), "週次報告");
        assert_eq!(fit("abcdef", 5), "abcd…");
        assert_eq!(fit("", 5), "");
    }

    #[test]
    fn prose_is_broken_between_words() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("incomprehensible no", 7), ["incomp…", "no"]);
        assert_eq!(wrap("", 7), [""]);
    }

    #[test]
    fn what_is_cut_and_padded_fills_its_columns() {
        let family = "👩‍👩‍👧‍👦";
        let texts = [
            "plain".to_owned(),
            "週".repeat(50),
            family.repeat(9),
            format!("e{}", "\u{301}".repeat(10_000)),
            "\u{202e}".repeat(500),
            "☺\u{fe0f}".repeat(40),
        ];
        for text in texts {
            for columns in 1..30 {
                let padded = pad(&fit(&text, columns), columns, false);
                assert_eq!(width(&padded), columns, "{text:?}");
            }
        }
    }
}
