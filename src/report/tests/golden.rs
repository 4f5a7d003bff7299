//! The three pages, letter by letter.

use super::clean_run;
use super::eventful_run;
use super::mixed;
use super::summary;
use crate::report::json;
use crate::report::markdown;
use crate::report::text;

#[test]
fn the_text_of_a_mixed_snapshot_is_as_it_was() {
    let page = text(&summary(&mixed(), &eventful_run()));
    same(&page, include_str!("pages/mixed.txt"));
}

#[test]
fn the_markdown_of_a_mixed_snapshot_is_as_it_was() {
    let page = markdown(&summary(&mixed(), &eventful_run()));
    same(&page, include_str!("pages/mixed.md"));
}

#[test]
fn the_json_of_a_mixed_snapshot_is_as_it_was() {
    let page = json(&summary(&mixed(), &eventful_run()));
    same(&page, include_str!("pages/mixed.json"));
}

#[test]
fn an_empty_snapshot_has_a_page_too() {
    let empty = summary(&[], &clean_run(0));
    insta::assert_snapshot!(text(&empty), @r#"
        Zoom Clips, snapshot 2026-11-23
          verified as of 2026-11-23T00:00:00Z: 0 clips, 0 B, 0s
          accounts: acc-1
          Sizes are decimal: 1 GB = 1,000,000,000 bytes.

        Totals
          Clips                        0
          Stored                       0 B
          Length                       0s
          Owners                       0
          Without a size               0
          Without a duration           0
          Reclaimable                  0 clips, 0 B
            soft-deleted               0 clips, 0 B
            failed                     0 clips, 0 B
          Open to anyone, no passcode  0 clips, 0 B

        Storage by owner
          (none)

        Status
          Status          Clips  Stored
          RECORD_START        0     0 B
          RECORD_FAILED       0     0 B
          RECORD_END          0     0 B
          RECORD_SUCCESS      0     0 B
          RECORD_DELETE       0     0 B
          SUSPENDED           0     0 B
          (missing)           0     0 B

        Share links
          Open to               Clips  Stored  Passcode  None  Unknown
          ANYONE                    0     0 B         0     0        0
          SAME_ORGANIZATION         0     0 B         0     0        0
          INVITED_MEMBERS_ONLY      0     0 B         0     0        0
          PRIVATE                   0     0 B         0     0        0
          (missing)                 0     0 B         0     0        0

        Created by month (UTC)
          (none)

        Largest clips
          (none)

        Data quality
          Rejected records                   0
          Duplicates dropped                 0
          Outside of the span, dropped       0
          Clips with an unknown status       0
          Clips with an unknown share scope  0

        Proof
          verdict verified: 51 windows walked, 0 unsettled
          0 received = 0 written + 0 duplicates + 0 rejected
          0 records expected by the API's own counts
        "#);
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

/// Names the first line that differs, rather than printing two pages.
fn same(page: &str, expected: &str) {
    for (at, (line, expected)) in page.lines().zip(expected.lines()).enumerate() {
        assert_eq!(line, expected, "line {}", at + 1);
    }
    assert_eq!(page.len(), expected.len(), "one page is longer");
}
