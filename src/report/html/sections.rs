//! A page of sections alone: a table each, in the look of `report.html`.

use maud::html;

use crate::report::html::document::document;
use crate::report::html::table::{Use, shown, table};
use crate::report::page::plain::{LONGEST_PROSE, fit};
use crate::report::page::section::Section;

/// What stands at the head of a page.
#[derive(Debug)]
pub struct Head {
    /// The title.
    pub title: String,
    /// The verdict in a word, and whether it is a good one.
    pub verdict: (String, bool),
    /// What has to be said before anything else.
    pub warnings: Vec<String>,
    /// Further lines.
    pub lines: Vec<String>,
}

/// A page of these sections; everything in them is escaped, and cut where it has no end. The same sections
/// give the same bytes.
#[must_use]
pub fn html_of(head: &Head, sections: &[Section]) -> String {
    let (verdict, is_good) = &head.verdict;
    let class = if *is_good { "verified" } else { "incomplete" };
    let body = html! {
        header {
            h1 { (shown(&head.title)) }
            p { span class={ "verdict " (class) } { (shown(verdict)) } }
            @for warning in &head.warnings {
                p.warning { bdi { (fit(warning, LONGEST_PROSE)) } }
            }
            @for line in &head.lines {
                p.muted { bdi { (fit(line, LONGEST_PROSE)) } }
            }
        }
        main id="main" {
            @for (at, section) in sections.iter().enumerate() {
                section aria-labelledby={ "section-" (at) } {
                    h2 id={ "section-" (at) } { (shown(&section.heading)) }
                    @for line in &section.lines {
                        p { bdi { (fit(line, LONGEST_PROSE)) } }
                    }
                    @if let Some(rows) = &section.table {
                        (table(rows, &section.heading, Use::Sort))
                    }
                    @for note in &section.notes {
                        p.notes { bdi { (fit(note, LONGEST_PROSE)) } }
                    }
                }
            }
        }
    };
    document(&head.title, &body)
}
