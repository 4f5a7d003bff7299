//! Text that a spreadsheet would run as a formula, and how it is defused and read back.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::redact::hidden::is_hidden;

/// How cells of text are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CsvMode {
    /// A `'` stands before text that a spreadsheet would run as a formula, and what a spreadsheet
    /// cannot hold is cut.
    Spreadsheet,
    /// Text as it is.
    Lossless,
}

/// What ends a cell where a reader takes it for the separator. Then a quote does not stand where a
/// field begins, and so holds nothing together, line breaks included. The comma is not among them:
/// where it separates, quotes count.
const SEPARATORS: [char; 4] = [';', '\t', '\n', '\r'];

/// What a formula begins with.
fn begins_formula(letter: char) -> bool {
    matches!(letter, '=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠')
}

/// What spreadsheets drop or pass over before a formula, or might; and the `'` of a text that was
/// defused.
fn is_passed_over(letter: char) -> bool {
    // Without a picture of their own, and not among those that reorder or hide text.
    let is_blank = matches!(
        letter,
        '\u{34f}' | '\u{17b4}' | '\u{17b5}' | '\u{2800}' | '\u{200c}' | '\u{200d}' | '\u{fe00}'
            ..='\u{fe0f}'
    );
    letter.is_whitespace() || is_hidden(letter) || is_blank || matches!(letter, '"' | '\'')
}

/// The places in a text where a cell may begin that a spreadsheet may run as a formula, or that looks
/// like one that was defused: the begin of the text and what follows a separator, wherever what is
/// passed over leads to the begin of a formula. A text that begins with a separator other than `;`
/// is one in any case.
///
/// Each gets one `'` more when the text is written, and loses one when it is read. As a `'` is passed
/// over, the places are the same before and after, so that every text reads back as it was.
fn armed_places(text: &str) -> Vec<usize> {
    let mut armed = Vec::new();
    let mut undecided = Vec::new();
    let mut place = 0;
    for cell in text.split_inclusive(SEPARATORS) {
        undecided.push(place);
        place += cell.len();
        if let Some(letter) = cell.chars().find(|letter| !is_passed_over(*letter)) {
            if begins_formula(letter) {
                armed.append(&mut undecided);
            }
            undecided.clear();
        }
    }
    let bare = text.trim_start_matches('\'');
    if bare.starts_with(['\t', '\r', '\n']) && armed.first() != Some(&0) {
        armed.insert(0, 0);
    }
    armed
}

/// The text that a spreadsheet shows and does not run.
#[must_use]
pub fn defused(text: &str) -> Cow<'_, str> {
    let places = armed_places(text);
    if places.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + places.len());
    for part in parts(text, &places) {
        safe.push_str(part);
        safe.push('\'');
    }
    // Behind the last part stands no place.
    safe.pop();
    Cow::Owned(safe)
}

/// The text that became this one when it was defused.
pub(super) fn unarmed(text: &str) -> Cow<'_, str> {
    let places = armed_places(text);
    if places.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut parts = parts(text, &places);
    let mut bare = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        bare.push_str(part.strip_prefix('\'').unwrap_or(part));
    }
    Cow::Owned(bare)
}

/// What stands before, between and behind some places in a text.
fn parts<'a>(text: &'a str, places: &[usize]) -> impl Iterator<Item = &'a str> {
    let ends = places.iter().copied().chain([text.len()]);
    let begins = [0].into_iter().chain(places.iter().copied());
    begins
        .zip(ends)
        .map(|(begin, end)| text.get(begin..end).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::Strategy;
    use proptest::{prop_assert, prop_assert_eq, proptest};

    use super::*;

    #[test]
    fn formulas_are_defused_and_plain_text_is_not() {
        for formula in [
            "=1+1", "+1", "-1", "@SUM(A1)", "\rx", "\tx", "  =1", "\"=1", "'=1", "''@x", "＝1",
        ] {
            assert_eq!(defused(formula), format!("'{formula}"), "{formula:?}");
        }
        for plain in [
            "", "'", "'tis", "a=1", "[\"=1\"]", "1-1", " a", "a; b", "a\n\nb", ";", "x;y\tz",
            "so -so", "a,=1",
        ] {
            assert_eq!(defused(plain), plain, "{plain:?}");
        }
    }

    #[test]
    fn control_and_hidden_characters_do_not_stand_before_a_formula() {
        for hidden in [
            '\0',
            '\u{1}',
            '\u{8}',
            '\u{1b}',
            '\u{7f}',
            '\u{85}',
            '\u{a0}',
            '\u{ad}',
            '\u{200b}',
            '\u{2028}',
            '\u{2060}',
            '\u{feff}',
            '\u{61c}',
            '\u{180e}',
            '\u{200c}',
            '\u{202e}',
            '\u{2066}',
            '\u{2800}',
            '\u{3164}',
            '\u{fe0f}',
            '\u{fff9}',
            '\u{e0041}',
        ] {
            let formula = format!("{hidden}=1+41");
            assert_eq!(defused(&formula), format!("'{formula}"), "{hidden:?}");
            let second = format!("budget;{hidden}=1+41");
            assert_eq!(defused(&second), format!("budget;'{hidden}=1+41"));
        }
    }

    #[test]
    fn what_may_separate_cells_does_not_stand_before_a_formula() {
        for (text, safe) in [
            ("budget;=1+41", "budget;'=1+41"),
            ("budget\t=1+41", "budget\t'=1+41"),
            ("budget\n=1+41", "budget\n'=1+41"),
            ("budget\r=1+41", "budget\r'=1+41"),
            ("a;b;\u{0} \"@x", "a;b;'\u{0} \"@x"),
            ("=a;=b;c", "'=a;'=b;c"),
            (";;-1", ";;'-1"),
            ("[\"x;=1\"]", "[\"x;'=1\"]"),
            ("a;\n=1", "a;'\n'=1"),
            ("\t=1", "'\t'=1"),
        ] {
            assert_eq!(defused(text), safe, "{text:?}");
        }
    }

    /// Would take minutes if its time grew with the square of its size.
    #[test]
    fn a_text_of_separators_only_is_looked_at_once() {
        let text = "\n".repeat(1 << 20);
        assert_eq!(defused(&text).len(), text.len() + 1);
        let text = format!("x{text}=");
        assert_eq!(unarmed(&defused(&text)), text);
    }

    fn cell() -> impl Strategy<Value = String> {
        "['\"=+@ \t\r\n,;\u{0}\u{feff}a＝-]{0,8}"
    }

    proptest! {
        #[test]
        fn every_text_reads_back_and_no_cell_of_it_is_left_armed(text in cell()) {
            let written = defused(&text);
            prop_assert_eq!(unarmed(&written), text.as_str());
            for cell in written.split(SEPARATORS) {
                let begin = cell.trim_start_matches(|letter| letter != '\'' && is_passed_over(letter));
                prop_assert!(!begin.starts_with(begins_formula), "{:?} in {:?}", cell, written);
            }
        }
    }
}
