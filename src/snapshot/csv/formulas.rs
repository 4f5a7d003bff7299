//! Text that a spreadsheet would run as a formula, and how it is defused and read back.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// How cells of text are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CsvMode {
    /// A `'` stands before text that a spreadsheet would run as a formula.
    Spreadsheet,
    /// Text as it is.
    Lossless,
}

/// Whether a spreadsheet may run the text as a formula, or whether it looks like one that was
/// defused. After any number of `'`: a tab, CR or LF; or, after white space and double quotes, one
/// of `= + - @` or their full-width forms.
///
/// Text in that form gets one `'` more when it is written, and loses one when it is read. Other
/// text stays as it is, so that every text reads back as it was.
fn is_armed(text: &str) -> bool {
    let text = text.trim_start_matches('\'');
    if text.starts_with(['\t', '\r', '\n']) {
        return true;
    }
    text.trim_start_matches(|c: char| c.is_whitespace() || c == '"')
        .starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠'])
}

/// The text that a spreadsheet shows and does not run.
pub(crate) fn defused(text: &str) -> Cow<'_, str> {
    if is_armed(text) {
        Cow::Owned(format!("'{text}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// The text that was defused to `text`, if any was.
pub(super) fn unarmed(text: &str) -> Option<&str> {
    text.strip_prefix('\'').filter(|inner| is_armed(inner))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::Strategy;
    use proptest::proptest;

    use super::*;

    #[test]
    fn formulas_are_defused_and_plain_text_is_not() {
        for formula in [
            "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\rx", "  =1", "\"=1", "'=1", "''@x", "＝1",
            "\n-1",
        ] {
            assert_eq!(defused(formula), format!("'{formula}"), "{formula:?}");
        }
        for plain in ["", "'", "'tis", "a=1", "[\"=1\"]", "1-1", " a"] {
            assert_eq!(defused(plain), plain, "{plain:?}");
        }
    }

    fn cell() -> impl Strategy<Value = String> {
        "['\"=+@ \t\r\n,a＝-]{0,6}"
    }

    proptest! {
        #[test]
        fn every_text_reads_back_and_none_is_left_armed(text in cell()) {
            let written = defused(&text);
            proptest::prop_assert_eq!(unarmed(&written).unwrap_or(&written), &text);
            proptest::prop_assert!(written.starts_with('\'') || !is_armed(&written));
        }
    }
}
