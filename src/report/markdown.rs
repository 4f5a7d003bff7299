//! The summary as markdown with tables: `summary.md`.

use crate::report::page::plain::{LONGEST_PROSE, fit};
use crate::report::page::section::{Kind, Section, Table};
use crate::report::page::{Limits, sections};
use crate::report::summary::Summary;

/// Titles and the like are cut here.
const WIDEST_CELL: usize = 120;

const LIMITS: Limits = Limits {
    owners: 25,
    months: usize::MAX,
    clips: 25,
    exposed_owners: 25,
    exposed_clips: 25,
    files: 25,
};

/// The summary as markdown, with a newline at its end. It names the 25 owners with the most bytes
/// and all months. What came from the API is escaped: it can make no markup, no HTML, no link.
#[must_use]
pub(crate) fn markdown(summary: &Summary) -> String {
    markdown_of(&sections(summary, LIMITS))
}

/// Sections as such markdown.
#[must_use]
pub fn markdown_of(sections: &[Section]) -> String {
    let mut page = String::new();
    for section in sections {
        let level = if page.is_empty() { "# " } else { "\n## " };
        page.push_str(level);
        page.push_str(&cell(&section.heading));
        page.push('\n');
        bullets(&mut page, &section.lines);
        if let Some(table) = &section.table {
            paint(&mut page, table);
        }
        bullets(&mut page, &section.notes);
    }
    page
}

fn bullets(page: &mut String, lines: &[String]) {
    if !lines.is_empty() {
        page.push('\n');
    }
    for line in lines {
        page.push_str("- ");
        page.push_str(&escape(&fit(line, LONGEST_PROSE)));
        page.push('\n');
    }
}

fn paint(page: &mut String, table: &Table) {
    if table.rows.is_empty() {
        page.push_str("\n(none)\n");
        return;
    }
    page.push('\n');
    let names = table.columns.iter().map(|column| column.name.to_owned());
    row(page, names);
    let rules = table.columns.iter().map(|column| match column.kind {
        Kind::Number => "---:".to_owned(),
        Kind::Name | Kind::Text | Kind::Detail | Kind::Wide => "---".to_owned(),
    });
    row(page, rules);
    for cells in &table.rows {
        row(page, cells.iter().map(|inner| cell(&inner.text)));
    }
}

fn row(page: &mut String, cells: impl Iterator<Item = String>) {
    page.push('|');
    for cell in cells {
        page.push(' ');
        page.push_str(&cell);
        page.push_str(" |");
    }
    page.push('\n');
}

fn cell(text: &str) -> String {
    escape(&fit(text.trim(), WIDEST_CELL))
}

/// A line as it is, whatever it means in markdown or HTML.
fn escape(line: &str) -> String {
    let mut escaped = String::with_capacity(line.len());
    let mut before = ' ';
    let mut characters = line.chars().peekable();
    while let Some(character) = characters.next() {
        let after = characters.peek().copied().unwrap_or(' ');
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            // A backslash would do in most dialects; this does in all.
            '|' => escaped.push_str("&#124;"),
            // Ids and names are full of underscores, which mean nothing within a word.
            '_' if before.is_alphanumeric() && after.is_alphanumeric() => escaped.push('_'),
            '\\' | '`' | '*' | '_' | '[' | ']' | '#' | '~' | '$' | '!' => {
                escaped.push('\\');
                escaped.push(character);
            }
            // Bare addresses become links where nothing is put in between.
            ':' if after == '/' => escaped.push_str("\\:"),
            '.' if before.eq_ignore_ascii_case(&'w') => escaped.push_str("\\."),
            _ => escaped.push(character),
        }
        before = character;
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::cell;

    #[test]
    fn markup_is_shown_and_not_obeyed() {
        let cases = [
            ("a|b", "a&#124;b"),
            (
                "<img src=x onerror=alert(1)>",
                "&lt;img src=x onerror=alert(1)&gt;",
            ),
            ("[x](javascript:alert(1))", "\\[x\\](javascript:alert(1))"),
            ("![x](http://a)", "\\!\\[x\\](http\\://a)"),
            (
                "**b** `c` ~~d~~ $e$ # f",
                "\\*\\*b\\*\\* \\`c\\` \\~\\~d\\~\\~ \\$e\\$ \\# f",
            ),
            ("_i_ a_b", "\\_i\\_ a_b"),
            ("a\\|b", "a\\\\&#124;b"),
            ("&#124; www.a.b", "&amp;\\#124; www\\.a.b"),
            ("a\r\n\r\n# b", "a\\\\r\\\\n\\\\r\\\\n\\# b"),
        ];
        for (text, expected) in cases {
            assert_eq!(cell(text), expected);
        }
    }
}
