//! Characters that move, reorder or hide others, so that a text could look like another or steer a
//! terminal: they are written as escapes wherever people read a text that came from elsewhere.

use std::borrow::Cow;

/// Whether a character moves, reorders or hides others, or is itself not to be seen. The joiners
/// U+200C and U+200D are not: emoji and several scripts need them.
pub(crate) fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}'
                | '\u{61c}'
                | '\u{115f}'..='\u{1160}'
                | '\u{180e}'
                | '\u{200b}'
                | '\u{200e}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{3164}'
                | '\u{feff}'
                | '\u{ffa0}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

/// The text on one line, with such characters as escapes: `\n`, `\u{1b}`.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.contains(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut visible = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        push_visible(&mut visible, character);
    }
    Cow::Owned(visible)
}

/// The longest line that is shown to people, in characters: a screen or three.
const LONGEST_LINE: usize = 1 << 14;

/// Characters of the end of a longer line that are shown: what is to be done stands there.
const END_OF_LINE: usize = 512;

/// The text on one line, as [`visible`] has it; of a line that fills screens, because it quotes what came
/// from elsewhere, its begin and its end. For people alone: data is not shortened.
pub(crate) fn visible_line(text: &str) -> Cow<'_, str> {
    let longer = text.chars().count().saturating_sub(LONGEST_LINE);
    if longer == 0 {
        return visible(text);
    }
    let begin: String = text.chars().take(LONGEST_LINE - END_OF_LINE).collect();
    let end = text.chars().skip(LONGEST_LINE - END_OF_LINE + longer);
    let end: String = end.collect();
    let line = format!("{begin} … {longer} characters left out … {end}");
    Cow::Owned(visible(&line).into_owned())
}

/// Adds a character to a text, as an escape if it is a hidden one.
pub(crate) fn push_visible(text: &mut String, character: char) {
    if is_hidden(character) {
        text.extend(character.escape_default());
    } else {
        text.push(character);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_a_terminal_or_forges_a_line_becomes_an_escape_and_the_rest_stays() {
        let escapes = visible("a\x1b]52;c;x\x07\nerror: b\u{9b}\u{202e}c");
        assert_eq!(escapes, "a\\u{1b}]52;c;x\\u{7}\\nerror: b\\u{9b}\\u{202e}c");
        for text in ["", "Übung für den Frühdienst", "👩\u{200d}🔬", "a  b"] {
            assert_eq!(visible(text), text);
        }
    }

    #[test]
    fn of_a_line_that_fills_screens_begin_and_end_are_shown() {
        let text = format!("begin {} the end\n", "\u{fc}".repeat(1 << 20));
        let shown = visible_line(&text);
        assert!(shown.chars().count() < 17_000, "{}", shown.chars().count());
        assert!(shown.starts_with("begin \u{fc}") && shown.ends_with("\u{fc} the end\\n"));
        assert!(shown.contains(" … 1032207 characters left out … "));
        let text = "\u{fc}".repeat(LONGEST_LINE);
        assert_eq!(visible_line(&text), text);
    }
}
