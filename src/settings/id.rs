//! Ids and credentials as people and files hand them over.

/// A text without what shells, editors and copied lines put around it: white space, a carriage
/// return, a byte order mark.
pub(super) fn trimmed(text: &str) -> &str {
    text.trim_matches(|letter: char| letter.is_whitespace() || letter == '\u{feff}')
}

/// What a text holds that no id and no credential does; `None` if it can be one. Such a text would
/// stand in every row as it is, or be sent for as long as retries last.
pub(super) fn oddity(text: &str) -> Option<&'static str> {
    if text.is_empty() {
        return Some("nothing");
    }
    text.chars().find_map(|letter| match letter {
        '\n' | '\r' => Some("more than one line"),
        '"' | '\'' | '`' => Some("a quote"),
        _ if letter.is_whitespace() => Some("white space"),
        _ if letter.is_control() => Some("a control character"),
        _ if !letter.is_ascii() => Some("a letter that is not ASCII"),
        _ => None,
    })
}

/// What a text holds that no id of an account does: beside letters and digits, ids have `-`, `_`, and
/// behind their first letter `.`, `+` and `=`. So a variable that no shell has expanded is none, nor is a
/// path or a formula.
pub(super) fn account_oddity(text: &str) -> Option<&'static str> {
    oddity(text).or_else(|| {
        let fits = |(at, letter): (usize, char)| {
            letter.is_ascii_alphanumeric()
                || matches!(letter, '-' | '_')
                || at > 0 && matches!(letter, '.' | '+' | '=')
        };
        let is_id = text.char_indices().all(fits);
        (!is_id).then_some("a sign that no account id has")
    })
}

/// Whether a text can name an owner: an id, or an e-mail address, which may hold other letters.
pub(super) fn names_an_owner(text: &str) -> bool {
    let is_odd = |letter: char| {
        letter.is_whitespace() || letter.is_control() || matches!(letter, '"' | '\u{feff}')
    };
    !text.is_empty() && !text.contains(is_odd)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_a_carriage_return_and_a_byte_order_mark_around_a_text_are_no_part_of_it() {
        for text in [
            "id\r",
            "id\r\n",
            " id\t",
            "\u{feff}id\n",
            "\u{feff} id \u{feff}",
            "\u{a0}id",
        ] {
            assert_eq!(trimmed(text), "id", "{text:?}");
        }
    }

    #[test]
    fn ids_and_access_tokens_are_taken_and_what_they_never_hold_is_named() {
        for id in ["AsR-1n_x", "a", "u+v/w==", "eyJ0.eyJz.c2ln~"] {
            assert_eq!(oddity(id), None, "{id}");
        }
        for (text, told) in [
            ("", "nothing"),
            ("a\nb", "more than one line"),
            ("a\rb", "more than one line"),
            ("\"id\"", "a quote"),
            ("'id", "a quote"),
            ("a b", "white space"),
            ("a\u{a0}b", "white space"),
            ("a\0b", "a control character"),
            ("a\u{1b}[0m", "a control character"),
            ("a\u{200b}b", "a letter that is not ASCII"),
            ("a\u{feff}b", "a letter that is not ASCII"),
            ("a\u{fffd}", "a letter that is not ASCII"),
        ] {
            assert_eq!(oddity(text), Some(told), "{text:?}");
        }
    }

    #[test]
    fn an_account_id_is_no_variable_no_path_and_no_formula() {
        for id in ["AsR-8ORMl-3ZVqU38JpV9n", "-a_b", "z8yCxjTj==", "a.b+c"] {
            assert_eq!(account_oddity(id), None, "{id}");
        }
        for text in [
            "${ZOOM_ACCOUNT_ID}",
            "$ACC",
            "acc1;",
            "acc1,",
            "<acc1>",
            "acc1%0d",
            r"acc1\r",
            "=1+41",
            "@SUM(1)",
            "../x",
            "a/b",
            "a?b",
            "a#b",
        ] {
            assert!(account_oddity(text).is_some(), "{text}");
        }
    }

    #[test]
    fn an_owner_may_be_an_address_with_an_apostrophe_but_not_in_quotes_or_on_two_lines() {
        for owner in ["AsR-1n", "jo.o'neil+clips@example.com", "jö@example.com"] {
            assert!(names_an_owner(owner), "{owner}");
        }
        for text in [
            "",
            "\"jo@example.com\"",
            "jo@example.com\njo",
            "jo\tx",
            "a b",
            "a\0",
        ] {
            assert!(!names_an_owner(text), "{text:?}");
        }
    }
}
