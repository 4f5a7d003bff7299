//! The summary as a page of its own: `report.html`. It loads nothing, so it opens anywhere.
//!
//! The tables are those of the other renderers; what is added are headline figures and charts.
//! Everything that came from the API is escaped, and cut where it has no end.

mod bars;
mod charts;
mod figures;
mod table;
mod timeline;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

use crate::redact::hidden::push_visible;
use crate::report::html::table::{Use, shown};
use crate::report::page;
use crate::report::page::plain::{LONGEST_PROSE, fit};
use crate::report::page::section::Section;
use crate::report::page::{exposure, lists, proof};
use crate::report::summary::Summary;

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// Owners in the page; `owners.csv` has them all.
const OWNERS: usize = 100;
/// Rows of the other long lists.
const ROWS: usize = 25;

/// The summary as one HTML file: style, script and charts are in it, and its content security
/// policy lets it load nothing else. The same summary gives the same bytes. It names the 100 owners
/// with the most bytes and links to `owners.csv` beside it for the others.
#[must_use]
pub(crate) fn html(summary: &Summary) -> String {
    let head = page::head(summary);
    let whole = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy());
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="no-referrer";
                meta name="robots" content="noindex";
                title { (shown(&head.heading)) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                a.skip href="#main" { "Skip to the report" }
                (header(summary, &head))
                (contents())
                main id="main" {
                    (storage(summary))
                    (growth(summary))
                    (kinds(summary))
                    (exposure(summary))
                    (clips(summary))
                    (waste(summary))
                    (proven(summary))
                }
                footer {
                    p { "Months and instants are in UTC. What was cut short here stands whole in summary.json." }
                }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    plain(&whole.into_string())
}

/// The page without what steers a terminal or hides text, whichever part of it that came from.
fn plain(page: &str) -> String {
    let mut plain = String::with_capacity(page.len());
    for character in page.chars() {
        match character {
            '\n' => plain.push('\n'),
            other => push_visible(&mut plain, other),
        }
    }
    plain
}

/// What the page may load: its own style and script, by their hashes, and nothing else.
fn policy() -> String {
    let hash = |text: &str| STANDARD.encode(Sha256::digest(text));
    format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; \
         form-action 'none'",
        hash(STYLE),
        hash(SCRIPT)
    )
}

fn header(summary: &Summary, head: &Section) -> Markup {
    html! {
        header {
            h1 { (shown(&head.heading)) }
            p {
                span class={ "verdict " (figures::verdict_class(summary)) } { (shown(&summary.proof.verdict)) }
                " as of " (shown(&summary.snapshot_at))
            }
            @for line in &head.notes {
                p.muted { bdi { (fit(line, LONGEST_PROSE)) } }
            }
            @for warning in page::warnings(&summary.proof) {
                p.warning { (warning) }
            }
            (figures::figures(summary))
        }
    }
}

const CONTENTS: [(&str, &str); 10] = [
    ("owners", "Storage by owner"),
    ("growth", "Growth"),
    ("statuses", "Status"),
    ("scopes", "Share links"),
    ("ages", "Age"),
    ("exposure", "Exposure"),
    ("clips", "Largest clips"),
    ("reclaimable", "Reclaimable"),
    ("quality", "Data quality"),
    ("proof", "Proof"),
];

fn contents() -> Markup {
    html! {
        nav aria-label="Contents" {
            ul {
                @for (id, name) in CONTENTS {
                    li { a href={ "#" (id) } { (name) } }
                }
            }
        }
    }
}

fn storage(summary: &Summary) -> Markup {
    let owners = lists::owners(summary, OWNERS);
    let departments = lists::departments(summary, ROWS);
    html! {
        (section(
            "owners",
            &owners,
            &html! {
                (charts::owners(summary))
                (tables(&owners, Use::Filter("Find an owner")))
                p { a href="owners.csv" { "All owners as CSV (owners.csv, beside this page)" } }
            },
        ))
        @if let Some(departments) = departments {
            (beside("departments", &departments, &charts::departments(summary)))
        }
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

fn clips(summary: &Summary) -> Markup {
    let largest = lists::largest(summary, ROWS);
    section("clips", &largest, &tables(&largest, Use::Sort))
}

fn exposure(summary: &Summary) -> Markup {
    let owners = exposure::owners(summary, ROWS);
    let clips = exposure::clips(summary, ROWS);
    section(
        "exposure",
        &owners,
        &html! {
            (tables(&owners, Use::Sort))
            @if !summary.exposure.largest.is_empty() {
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
            p { "OUT is the output folder of the export. The command compares lengths, SHA-256, rows and \
                 sums with the manifest, and ends with exit code 65 if anything differs:" }
            pre { code { (shown(&proof::how_to_verify(summary))) } }
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

fn tables(section: &Section, purpose: Use) -> Markup {
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
