//! The summary as a page of its own: `report.html`. It loads nothing, so it opens anywhere.
//!
//! The tables are those of the other renderers; what is added are headline figures and charts.
//! Everything that came from the API is escaped, and cut where it has no end.

mod bars;
mod charts;
mod document;
mod figures;
pub(crate) mod sections;
mod table;
mod timeline;

use maud::{Markup, html};

use crate::report::html::document::document;
use crate::report::html::table::{Use, shown};
use crate::report::page;
use crate::report::page::names::Names;
use crate::report::page::numbers::count;
use crate::report::page::plain::{LONGEST_PROSE, fit};
use crate::report::page::section::Section;
use crate::report::page::{exposure, lists, proof};
use crate::report::summary::Summary;

/// Owners in the page; `owners.csv` has them all.
const OWNERS: usize = 100;
/// Rows of the other long lists.
const ROWS: usize = 25;

/// The summary as one HTML file: style, script and charts are in it, and its content security
/// policy lets it load nothing else. The same summary gives the same bytes. It names the 100 owners
/// with the most bytes, and links to `owners.csv` and `exposed.csv` beside it for the others.
#[must_use]
pub(crate) fn html(summary: &Summary) -> String {
    let head = page::head(summary);
    let names = &Names::of(summary);
    let body = html! {
        (header(summary, &head))
        (contents(summary))
        main id="main" {
            (changed(summary, names))
            (exposure(summary, names))
            (storage(summary, names))
            (growth(summary))
            (kinds(summary))
            (clips(summary, names))
            (waste(summary))
            (proven(summary))
        }
        footer {
            p { "Months and instants are in UTC. What was cut short here stands whole in summary.json. \
                 That, owners.csv and exposed.csv stand beside this page in the folder of the \
                 snapshot: whoever has sent you the page alone can send you them too." }
        }
    };
    document(&head.heading, &body)
}

fn header(summary: &Summary, head: &Section) -> Markup {
    html! {
        header {
            h1 { (shown(&head.heading)) }
            p {
                span class={ "verdict " (figures::verdict_class(summary)) } { (shown(&summary.proof.verdict)) }
                " "
                bdi { (fit(why_of(&proof::verdict(&summary.proof)), LONGEST_PROSE)) }
            }
            @for warning in page::warnings(summary) {
                p.warning { (warning) }
            }
            @for line in &head.notes {
                p.muted { bdi { (fit(line, LONGEST_PROSE)) } }
            }
            (figures::figures(summary))
        }
    }
}

/// The sentence of a verdict without the verdict itself.
fn why_of(verdict: &str) -> &str {
    verdict.split_once(": ").map_or(verdict, |(_, why)| why)
}

/// The parts of the page that the navigation leads to.
fn parts(summary: &Summary) -> Vec<(&'static str, &'static str)> {
    let mut parts = vec![("owners", "Storage by owner")];
    if !summary.accounts.is_empty() {
        parts.insert(0, ("accounts", "Accounts"));
    }
    parts.insert(0, ("exposure", "Exposed"));
    if summary.changes.is_some() {
        parts.insert(0, ("changes", "What changed"));
    }
    if !summary.user_statuses.is_empty() {
        parts.push(("departed", "Gone or inactive"));
    }
    parts.extend([
        ("growth", "Growth"),
        ("statuses", "Status"),
        ("scopes", "Share links"),
        ("ages", "Age"),
        ("clips", "Largest clips"),
        ("reclaimable", "Reclaimable"),
        ("quality", "Data quality"),
        ("proof", "Proof"),
    ]);
    parts
}

fn contents(summary: &Summary) -> Markup {
    html! {
        nav aria-label="Contents" {
            ul {
                @for (id, name) in parts(summary) {
                    li { a href={ "#" (id) } { (name) } }
                }
            }
        }
    }
}

fn changed(summary: &Summary, names: &Names<'_>) -> Markup {
    let changes = summary.changes.as_ref();
    let sections = changes.map(|found| page::changed(found, names));
    let ids = ["changes", "changes-2", "changes-3"];
    html! {
        @for (id, part) in ids.iter().zip(sections.iter().flatten()) {
            (section(id, part, &tables(part, Use::Read)))
        }
    }
}

fn storage(summary: &Summary, names: &Names<'_>) -> Markup {
    let accounts = lists::accounts(summary, OWNERS);
    let owners = lists::owners(summary, names, OWNERS);
    let departed = lists::departed(summary, ROWS);
    let departments = lists::departments(summary, ROWS);
    html! {
        @if let Some(accounts) = accounts {
            (section("accounts", &accounts, &tables(&accounts, Use::Sort)))
        }
        (section(
            "owners",
            &owners,
            &html! {
                (charts::owners(summary, names))
                (tables(&owners, Use::Filter(&find_among(summary.owners.len()))))
                p { a href="owners.csv" { "All owners as CSV (owners.csv, beside this page)" } }
            },
        ))
        @if let Some(departed) = departed {
            (section("departed", &departed, &tables(&departed, Use::Sort)))
        }
        @if let Some(departments) = departments {
            (beside("departments", &departments, &charts::departments(summary)))
        }
    }
}

/// What the field above the owners searches.
fn find_among(owners: usize) -> String {
    match owners {
        0..=OWNERS => "Find among these owners".to_owned(),
        _ => format!(
            "Find among the {OWNERS} owners with the most bytes (the other {} are in owners.csv only)",
            count(owners as u64 - OWNERS as u64)
        ),
    }
}

fn growth(summary: &Summary) -> Markup {
    let months = lists::months(summary, charts::MONTHS);
    section(
        "growth",
        &months,
        &html! {
            (charts::growth(summary))
            details {
                summary { "The months as a table" }
                (tables(&months, Use::Sort))
            }
        },
    )
}

fn kinds(summary: &Summary) -> Markup {
    let statuses = lists::statuses(summary);
    let scopes = lists::scopes(summary);
    let ages = lists::ages(summary);
    html! {
        (beside("statuses", &statuses, &charts::statuses(summary)))
        (beside("scopes", &scopes, &charts::scopes(summary)))
        (beside("ages", &ages, &charts::ages(summary)))
    }
}

/// A chart, and beside it the table of what is drawn.
fn beside(id: &str, shown: &Section, chart: &Markup) -> Markup {
    section(
        id,
        shown,
        &html! {
            div.beside {
                (chart)
                div { (tables(shown, Use::Read)) }
            }
        },
    )
}

fn waste(summary: &Summary) -> Markup {
    let reclaimable = lists::reclaimable(summary);
    let quality = proof::quality(summary);
    html! {
        div.columns {
            (section("reclaimable", &reclaimable, &facts(&reclaimable)))
            (section("quality", &quality, &facts(&quality)))
        }
    }
}

fn clips(summary: &Summary, names: &Names<'_>) -> Markup {
    let largest = lists::largest(summary, names, ROWS);
    section("clips", &largest, &tables(&largest, Use::Sort))
}

fn exposure(summary: &Summary, names: &Names<'_>) -> Markup {
    let owners = exposure::owners(summary, names, ROWS);
    let clips = exposure::clips(summary, names, ROWS);
    section(
        "exposure",
        &owners,
        &html! {
            (tables(&owners, Use::Sort))
            p { a href="exposed.csv" { "All exposed clips as CSV (exposed.csv, beside this page)" } }
            @if !summary.exposure.newest.is_empty() {
                h3 { (clips.heading) }
                (tables(&clips, Use::Sort))
            }
        },
    )
}

fn proven(summary: &Summary) -> Markup {
    let proof = proof::proof(summary);
    let files = proof::files(summary, ROWS);
    section(
        "proof",
        &proof,
        &html! {
            @if !summary.proof.files.is_empty() {
                h3 { (files.heading) }
                (tables(&files, Use::Read))
            }
            h3 { "To check it yourself" }
            p { "In the folder of the snapshot, where this page stands beside manifest.json: " bdi {
                 "_snapshots/" (shown(&summary.snapshot_date)) } " of the output folder. The command compares \
                 lengths, SHA-256, rows and sums with the manifest, and ends with exit code 65 if anything \
                 differs:" }
            pre { code { (proof::HOW_TO_VERIFY) } }
            p { "It prints the SHA-256 of the manifest, which stands for the whole snapshot. If it is the one that \
                 was filed when the snapshot was made, nothing was changed since." }
        },
    )
}

/// A section with its lines of prose and then its `content`.
fn section(id: &str, section: &Section, content: &Markup) -> Markup {
    let heading = format!("{id}-heading");
    html! {
        section id=(id) aria-labelledby=(heading) {
            h2 id=(heading) { (section.heading) }
            (prose(&section.lines))
            (content)
        }
    }
}

fn prose(lines: &[String]) -> Markup {
    html! {
        @for line in lines {
            p class=[line.starts_with("EXPOSED").then_some("alarm")] { bdi { (fit(line, LONGEST_PROSE)) } }
        }
    }
}

fn tables(section: &Section, purpose: Use<'_>) -> Markup {
    html! {
        @if let Some(table) = &section.table {
            (table::table(table, &section.heading, purpose))
        }
        @for note in &section.notes {
            p.notes { bdi { (fit(note, LONGEST_PROSE)) } }
        }
    }
}

fn facts(section: &Section) -> Markup {
    html! {
        @if let Some(table) = &section.table {
            (table::facts(table))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{OWNERS, find_among};

    #[test]
    fn a_search_of_some_owners_says_so_and_where_all_are() {
        assert_eq!(find_among(OWNERS), "Find among these owners");
        assert_eq!(
            find_among(OWNERS + 1_234),
            "Find among the 100 owners with the most bytes (the other 1,234 are in owners.csv only)"
        );
    }
}
