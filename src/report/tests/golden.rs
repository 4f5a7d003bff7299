//! The four pages, letter by letter.

use std::path::Path;

use super::{clean_run, eventful_run, mixed, summary};
use crate::report::{html, json, markdown, text};

#[test]
fn the_text_of_a_mixed_snapshot_is_as_it_was() {
    let page = text(&summary(&mixed(), &eventful_run()));
    same(&page, "mixed.txt");
}

#[test]
fn the_markdown_of_a_mixed_snapshot_is_as_it_was() {
    let page = markdown(&summary(&mixed(), &eventful_run()));
    same(&page, "mixed.md");
}

#[test]
fn the_json_of_a_mixed_snapshot_is_as_it_was() {
    let page = json(&summary(&mixed(), &eventful_run()));
    same(&page, "mixed.json");
}

#[test]
fn the_html_of_a_mixed_snapshot_is_as_it_was() {
    let page = html(&summary(&mixed(), &eventful_run()));
    // Style and script stand in files of their own.
    let (_, body) = page.split_once("<body>").unwrap();
    let (body, _) = body.split_once("<script>").unwrap();
    same(body, "mixed.html");
}

#[test]
fn an_empty_snapshot_has_a_page_too() {
    let empty = summary(&[], &clean_run(0));
    same(&text(&empty), "empty.txt");
}

#[test]
fn an_empty_snapshot_has_lists_of_documented_values_and_no_others() {
    let empty = summary(&[], &clean_run(0));
    let read: serde_json::Value = serde_json::from_str(&json(&empty)).unwrap();
    let lengths = ["statuses", "share_scopes", "months", "largest", "owners"]
        .map(|list| read[list].as_array().unwrap().len());
    assert_eq!(lengths, [7, 5, 0, 0, 0]);
    assert_eq!(read["totals"]["bytes"], 0);
    assert_eq!(markdown(&empty).matches("\n(none)\n").count(), 3);
}

/// Shows the first place that differs, rather than two pages. With `UPDATE_PAGES` set in the
/// environment, the page becomes the expected one.
pub(super) fn same(page: &str, name: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("src/report/tests/pages")
        .join(name);
    if std::env::var_os("UPDATE_PAGES").is_some() {
        std::fs::write(&path, page).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    let pairs = page.chars().zip(expected.chars());
    let equal = pairs.take_while(|(ours, theirs)| ours == theirs).count();
    let excerpt = |page: &str| {
        page.chars()
            .skip(equal.saturating_sub(80))
            .take(160)
            .collect()
    };
    let (ours, theirs): (String, String) = (excerpt(page), excerpt(&expected));
    assert!(
        page == expected,
        "{name} differs:\n{ours}\n--- expected\n{theirs}"
    );
}
