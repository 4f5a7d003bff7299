//! The pages for people say what the JSON says; what is read back equals what was written.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::{
    SNAPSHOT_AT, at, clean_run, clip, eventful_run, failed, finished, mixed, one_each, summary,
    unsettled,
};
use crate::clip::{Clip, Column, STATUSES};
use crate::model::{Micros, WindowOutcome};
use crate::report::numbers::{count, size};
use crate::report::{Bytes, Changes, Summary, SummaryFold, html, json, markdown, text};
use crate::snapshot::{Manifest, Totals};

/// The cells of the first row that begins with `name`, on either page.
fn cells<'a>(page: &'a str, name: &str) -> Vec<&'a str> {
    let row = page
        .lines()
        .map(|line| line.trim().trim_start_matches("| "))
        .find(|line| {
            line.strip_prefix(name)
                .is_some_and(|rest| rest.starts_with(' '))
        })
        .unwrap_or_else(|| panic!("no row {name} in\n{page}"));
    let separator = if row.contains('|') { "|" } else { "  " };
    let cells = row.split(separator).map(str::trim);
    cells.filter(|cell| !cell.is_empty()).collect()
}

/// The cells of a page in HTML as those of a page in markdown.
fn in_rows(page: &str) -> String {
    let mut rows = String::new();
    for part in page.split('<').skip(1) {
        let (tag, text) = part.split_once('>').unwrap();
        rows.push_str(match tag {
            "/th" | "/td" | "/dt" | "/dd" => " | ",
            "/tr" | "/div" | "/h2" | "/p" => "\n",
            _ => "",
        });
        // The letters of a chart are no rows.
        if !tag.starts_with("text ") {
            rows.push_str(text);
        }
    }
    rows
}

/// The row of an entry: its name under `key`, clips and bytes.
fn assert_row(page: &str, entry: &serde_json::Value, key: &str) {
    let Some(name) = entry[key].as_str() else {
        return;
    };
    let clips = count(entry["clips"].as_u64().unwrap());
    let bytes = size(Bytes(u128::from(entry["bytes"].as_u64().unwrap())));
    assert_eq!(cells(page, name)[1..3], [clips, bytes], "{name}");
}

#[test]
fn a_summary_read_back_is_the_summary_that_was_written() {
    let before = summary(&mixed(), &eventful_run());
    let after: Summary = serde_json::from_str(&json(&before)).unwrap();
    assert_eq!(after, before);
    assert_eq!(json(&after), json(&before));
}

#[test]
fn all_pages_say_the_numbers_of_the_json() {
    let summary = summary(&mixed(), &eventful_run());
    let read: serde_json::Value = serde_json::from_str(&json(&summary)).unwrap();
    let entries = |list: &str| read[list].as_array().unwrap().clone();
    let text = text(&summary);
    for page in [&text, &markdown(&summary), &in_rows(&html(&summary))] {
        let totals = &read["totals"];
        let clips = count(totals["clips"].as_u64().unwrap());
        let bytes = size(Bytes(u128::from(totals["bytes"].as_u64().unwrap())));
        assert_eq!(cells(page, "Clips")[..2], ["Clips", &clips]);
        assert_eq!(cells(page, "Stored")[..2], ["Stored", &bytes]);
        for (list, key) in [("statuses", "status"), ("share_scopes", "share_scope")] {
            for entry in entries(list) {
                assert_row(page, &entry, key);
            }
        }
        for month in entries("months").iter().rev().take(12) {
            assert_row(page, month, "month");
        }
        // Those with exposed clips have a row of their own before.
        let (_, stored) = page.rsplit_once("Storage by owner").unwrap();
        for owner in entries("owners").iter().take(2) {
            assert_row(stored, owner, "owner_id");
        }
    }
}

#[test]
fn the_parts_add_up_to_the_whole() {
    let summary = summary(&mixed(), &eventful_run());
    let total = (summary.totals.clips, summary.totals.bytes.0);
    let mut parts = [(0, 0); 6];
    for owner in &summary.owners {
        parts[0].0 += owner.clips;
        parts[0].1 += owner.bytes.0;
    }
    for entry in &summary.statuses {
        parts[1].0 += entry.clips;
        parts[1].1 += entry.bytes.0;
    }
    for entry in &summary.share_scopes {
        for part in [
            entry.with_passcode,
            entry.without_passcode,
            entry.passcode_unknown,
        ] {
            parts[2].0 += part.clips;
            parts[2].1 += part.bytes.0;
        }
    }
    for month in &summary.months {
        parts[3].0 += month.clips;
        parts[3].1 += month.bytes.0;
    }
    for age in &summary.ages {
        parts[4].0 += age.clips;
        parts[4].1 += age.bytes.0;
    }
    let last = summary.months.last().unwrap();
    parts[5] = (last.clips_so_far, last.bytes_so_far.0);
    for dated in &mut parts[3..] {
        dated.0 += summary.without_created_date.clips;
        dated.1 += summary.without_created_date.bytes.0;
    }
    assert_eq!(parts, [total; 6]);
}

#[test]
fn what_is_exposed_is_told_by_owner_and_by_clip() {
    let summary = summary(&mixed(), &eventful_run());
    let exposure = &summary.exposure;
    let by_owner: Vec<(&str, u64, u128)> = summary
        .owners
        .iter()
        .filter(|owner| owner.exposed.clips > 0)
        .map(|owner| {
            let open = owner.exposed;
            let name = owner.owner_id.as_deref().unwrap();
            (name, open.clips, open.bytes.0)
        })
        .collect();
    // That of ada failed, so that there is nothing to watch.
    assert_eq!(by_owner, [("bob", 1, 4_500_000_000)]);
    assert_eq!(exposure.owners, 1);
    assert_eq!(exposure.exposed.clips, 1);
    let ids: Vec<&str> = exposure
        .newest
        .iter()
        .map(|clip| clip.clip_id.as_str())
        .collect();
    assert_eq!(ids, ["c04"]);
}

#[test]
fn exposed_clips_are_named_by_when_they_came_or_were_changed_the_last_first_whatever_their_size() {
    let open = |id, created: Option<&str>, modified: Option<&str>, bytes| Clip {
        share_scope: Some("ANYONE".into()),
        file_size_bytes: bytes,
        created_at: created.map(|instant| Micros(at(instant))),
        modified_at: modified.map(|instant| Micros(at(instant))),
        ..clip(id, "ada", "RECORD_SUCCESS", 0)
    };
    let (old, new) = (Some("2024-01-01T00:00:00Z"), Some("2026-11-20T00:00:00Z"));
    let mut clips = vec![
        open("undated", None, None, Some(9_000)),
        open("large", old, None, Some(4_500_000_000)),
        open("new", new, None, Some(1)),
        open("changed", old, Some("2026-11-21T00:00:00Z"), None),
        open("touched before", new, Some("2026-11-19T00:00:00Z"), Some(2)),
        clip("closed", "ada", "RECORD_SUCCESS", 7),
    ];
    let ids = |clips: &[Clip<'_>]| -> Vec<String> {
        let newest = summary(clips, &clean_run(6)).exposure.newest;
        newest.into_iter().map(|clip| clip.clip_id).collect()
    };
    let expected = ["changed", "new", "touched before", "large", "undated"];
    assert_eq!(ids(&clips), expected);
    clips.reverse();
    assert_eq!(ids(&clips), expected);
    // As many as are listed, and none of them has to have a size.
    let many: Vec<String> = (0..40).map(|number| format!("{number:02}")).collect();
    clips.extend(many.iter().map(|id| Clip {
        clip_id: Cow::Borrowed(id),
        ..open("", new, Some("2026-11-22T00:00:00Z"), None)
    }));
    assert_eq!(ids(&clips), many[..25]);
}

#[test]
fn what_is_exposed_comes_right_behind_what_changed_in_every_form() {
    let mut summary = summary(&mixed(), &eventful_run());
    summary.changes = Some(Changes {
        from_date: "2026-11-22".to_owned(),
        ..Changes::default()
    });
    for page in [text(&summary), markdown(&summary), html(&summary)] {
        // The list of the parts of a page for a browser names them too.
        let page = page.split_once("<main").map_or(&*page, |(_, rest)| rest);
        let order = [
            "Since the snapshot of",
            "Exposed clips",
            "Newest exposed clips",
            "Storage by owner",
        ];
        let places = order.map(|heading| page.find(heading));
        assert!(places.is_sorted() && places[0].is_some(), "{places:?}");
    }
    let page = html(&summary);
    let items = page.split("<li><a href=\"#").skip(1);
    let links: Vec<&str> = items.filter_map(|item| item.split('"').next()).collect();
    assert_eq!(links[..3], ["changes", "exposure", "owners"]);
}

#[test]
fn what_is_open_and_cannot_be_watched_is_told_apart_from_what_is_exposed() {
    let open = |id, status, passcode| Clip {
        share_scope: Some("ANYONE".into()),
        passcode_enabled: passcode,
        ..clip(id, "ada", status, 1_000)
    };
    let clips = [
        open("c1", "RECORD_SUCCESS", Some(false)),
        open("c2", "RECORD_DELETE", Some(false)),
        open("c3", "RECORD_FAILED", None),
        open("c4", "SUSPENDED", Some(false)),
        open("c5", "RECORD_SUCCESS", None),
        open("c6", "RECORD_SUCCESS", Some(true)),
    ];
    let summary = summary(&clips, &clean_run(6));
    let exposure = &summary.exposure;
    let counts = [
        exposure.exposed,
        exposure.passcode_unknown,
        exposure.unwatchable,
    ];
    assert_eq!(counts.map(|count| count.clips), [1, 1, 3]);
    assert_eq!(summary.owners[0].exposed.clips, 1);
    for page in [text(&summary), markdown(&summary), html(&summary)] {
        let page = page.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            page.contains("EXPOSED: 1 clip, 1.0 kB of 1 owner"),
            "{page}"
        );
        assert!(page.contains("3 clips, 3.0 kB, open to anyone without a passcode, but failed"));
        assert!(page.contains("1 clip, 1.0 kB, open to anyone, but Zoom did not say"));
    }
}

#[test]
fn every_form_says_that_an_account_is_simulated_and_none_says_it_of_a_real_one() {
    let said = |simulated| {
        let run = Manifest {
            simulated,
            ..clean_run(12)
        };
        let summary = summary(&mixed(), &run);
        let pages = [text(&summary), markdown(&summary), html(&summary)];
        let json: serde_json::Value = serde_json::from_str(&json(&summary)).unwrap();
        let json = json["simulated"] == true;
        (
            pages.map(|page| page.to_lowercase().matches("simulated account").count()),
            json,
        )
    };
    assert_eq!(said(false), ([0, 0, 0], false));
    // In the heading, which is also the title of the window, and as a warning.
    assert_eq!(said(true), ([2, 2, 3], true));
}

#[test]
fn of_several_accounts_each_has_its_row_and_one_alone_has_none() {
    let mut run = clean_run(2);
    let clips = [clip("c1", "ada", "RECORD_SUCCESS", 1_000)];
    assert!(summary(&clips, &run).accounts.is_empty());
    assert!(!html(&summary(&clips, &run)).contains("Storage by account"));
    run.account_ids = vec!["acc-1".to_owned(), "acc-2".to_owned(), "acc-3".to_owned()];
    run.account_failures = vec![failed("acc-3", "no permission")];
    let summary = summary(&clips, &run);
    let accounts: Vec<(&str, u64, u128, bool)> = summary
        .accounts
        .iter()
        .map(|it| (it.account_id.as_str(), it.clips, it.bytes.0, it.failed))
        .collect();
    let expected = [
        ("acc-1", 1, 1_000, false),
        ("acc-2", 0, 0, false),
        ("acc-3", 0, 0, true),
    ];
    assert_eq!(accounts, expected);
    for page in [text(&summary), markdown(&summary), html(&summary)] {
        assert!(page.contains("Storage by account"), "{page}");
        assert!(page.contains("failed: not all of it is here"), "{page}");
    }
}

#[test]
fn a_census_up_to_a_date_is_not_called_the_state_of_that_day() {
    let mut run = clean_run(1);
    let is_said = |run: &Manifest| {
        let page = text(&summary(&[clip("c", "ada", "RECORD_SUCCESS", 1)], run));
        let page = page.split_whitespace().collect::<Vec<_>>().join(" ");
        let listed = "to before 2026-11-23T00:00:00Z, each as it was when it was listed, between \
                      2026-11-23T00:00:01Z and 2026-11-23T00:00:02Z";
        assert!(page.contains(listed), "{page}");
        assert!(!page.contains("as of"), "{page}");
        page.contains("It is not the account as it was at 2026-11-23T00:00:00Z")
    };
    assert!(!is_said(&run));
    run.parameters = BTreeMap::from([("until".to_owned(), "2026-11-23".into())]);
    assert!(is_said(&run));
}

#[test]
fn client_errors_say_what_they_were_on_every_page() {
    let mut run = clean_run(1);
    let error = "users: 404 \"User does not exist\" (code 1001)";
    run.client_errors = BTreeMap::from([(error.to_owned(), 3)]);
    run.requests = BTreeMap::from([("client_error".to_owned(), 3)]);
    let summary = summary(&[clip("c", "ada", "RECORD_SUCCESS", 1)], &run);
    for page in [text(&summary), markdown(&summary), html(&summary)] {
        let page = page.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(page.contains("client errors: 3 users: 404"), "{page}");
    }
}

#[test]
fn an_owners_statuses_stand_under_their_own_names() {
    for status in STATUSES {
        let summary = summary(&[clip("c", "ada", status, 1)], &clean_run(1));
        let statuses = serde_json::to_value(summary.owners[0].clips_by_status).unwrap();
        assert_eq!(statuses, serde_json::json!({ status: 1 }));
    }
}

#[test]
fn owners_beyond_the_first_ten_are_summed_up_in_a_line() {
    let ids: Vec<String> = (0..40).map(|owner| format!("owner-{owner:02}")).collect();
    let summary = summary(&one_each(&ids), &clean_run(40));
    assert_eq!(summary.owners.len(), 40);
    assert!(text(&summary).contains("and 30 more owners with 30 clips, 30.0 kB (75.0 %)"));
    assert!(markdown(&summary).contains("and 15 more owners with 15 clips, 15.0 kB (37.5 %)"));
}

#[test]
fn sizes_at_the_end_of_their_range_do_not_overflow() {
    let clips = ["c1", "c2", "c3"].map(|id| Clip {
        duration_seconds: Some(f64::MAX),
        ..clip(id, "ada", "RECORD_DELETE", i64::MAX)
    });
    let summary = summary(&clips, &clean_run(3));
    let sum = 3 * u128::from(i64::MAX.unsigned_abs());
    assert_eq!(summary.totals.bytes, Bytes(sum));
    assert_eq!(summary.reclaimable.bytes, Bytes(sum));
    assert!(summary.totals.duration_seconds.is_finite());
    assert_eq!(summary.owners[0].bytes_percent.to_string(), "100");
    assert!(json(&summary).contains("\"bytes\": \"27670116110564327421\""));
    assert!(text(&summary).contains("27.6 EB"));
    let read: Summary = serde_json::from_str(&json(&summary)).unwrap();
    assert_eq!(read.totals.bytes, Bytes(sum));
}

#[test]
fn zero_bytes_and_no_size_are_different_things() {
    let none = Clip {
        file_size_bytes: None,
        duration_seconds: None,
        ..clip("c2", "ada", "RECORD_SUCCESS", 0)
    };
    let summary = summary(
        &[clip("c1", "ada", "RECORD_SUCCESS", 0), none],
        &clean_run(2),
    );
    assert_eq!(summary.totals.clips_without_size, 1);
    assert_eq!(summary.totals.clips_without_duration, 1);
    assert_eq!(summary.largest.len(), 1);
    assert_eq!(summary.largest[0].clip_id, "c1");
}

#[test]
fn counts_that_do_not_agree_are_called_out() {
    let balanced = |received, written, outside| {
        let mut run = clean_run(1);
        run.totals = Totals {
            received,
            written,
            outside,
            ..Totals::default()
        };
        let summary = summary(&[clip("c", "ada", "RECORD_SUCCESS", 1)], &run);
        let warned = text(&summary).contains("WARNING");
        assert_eq!(warned, !summary.proof.balanced);
        summary.proof.balanced
    };
    assert!(balanced(1, 1, 0));
    // Records outside of the span are no part of those received.
    assert!(balanced(1, 1, 2));
    assert!(!balanced(3, 1, 2));
    assert!(!balanced(2, 1, 0));
    assert!(!balanced(2, 2, 0));
}

#[test]
fn the_summary_says_of_a_run_what_its_manifest_says() {
    let mut run = eventful_run();
    run.windows[2].outcome = WindowOutcome::Split;
    run.windows[2].expected = Some(1_000);
    run.parameters.insert("out".to_owned(), "/secret".into());
    let summary = SummaryFold::new(SNAPSHOT_AT).finish(&run);
    let proof = &summary.proof;
    assert_eq!((proof.windows, proof.expected), (50, 16));
    assert_eq!(proof.windows_unsettled, [run.windows[1].to_string()]);
    assert_eq!(proof.verdict, "incomplete");
    assert_eq!(summary.snapshot_date, "2026-11-23");
    assert_eq!(summary.snapshot_at, "2026-11-23T00:00:00Z");
    let names: Vec<&str> = summary
        .parameters
        .iter()
        .map(|it| it.name.as_str())
        .collect();
    assert_eq!(names, ["by"]);
}

#[test]
fn of_many_accounts_the_pages_name_the_first_and_the_json_all() {
    let ids: Vec<String> = (0..200).map(|id| format!("acc-{id:03}")).collect();
    let run = Manifest {
        account_failures: ids.iter().map(|id| failed(id, "no permission")).collect(),
        windows: ids.iter().map(|id| unsettled(id)).collect(),
        account_ids: ids,
        ..eventful_run()
    };
    let summary = summary(&mixed(), &run);
    for page in [text(&summary), markdown(&summary), html(&summary)] {
        assert_eq!(page.matches(", and 190 more").count(), 3);
        assert!(page.contains("account acc-009 failed: no permission"));
        assert!(!page.contains("account acc-010") && !page.contains("acc-009, acc-010"));
        // Their table is a list of its own, with an end of its own.
        assert!(!page.contains("acc-100"));
    }
    assert_eq!(json(&summary).matches("\"acc-199\"").count(), 4);
}

#[test]
fn no_line_of_the_text_is_wider_than_80_columns() {
    let wild = "週\u{202e}".repeat(300);
    let mut clips = mixed();
    for clip in &mut clips {
        clip.title = Some(wild.clone().into());
        clip.owner_id = Some(wild.clone().into());
        clip.status = Some(wild.clone().into());
        clip.share_scope = Some(wild.clone().into());
        clip.duration_seconds = Some(f64::MAX);
    }
    let run = Manifest {
        account_failures: vec![failed(&wild, &wild)],
        account_ids: vec!["acc-with-a-name".to_owned(); 30],
        ..eventful_run()
    };
    for summary in [summary(&clips, &run), summary(&mixed(), &eventful_run())] {
        for line in text(&summary).lines() {
            let width = unicode_width::UnicodeWidthStr::width(line);
            assert!(width <= 80, "{width}: {line}");
            assert_eq!(line, line.trim_end());
        }
    }
}

#[test]
fn columns_that_are_not_needed_may_be_left_out_and_others_not() {
    const NEEDED: [Column; 10] = [
        Column::AccountId,
        Column::ClipId,
        Column::OwnerId,
        Column::Title,
        Column::Status,
        Column::DurationSeconds,
        Column::FileSizeBytes,
        Column::CreatedAt,
        Column::ShareScope,
        Column::PasscodeEnabled,
    ];
    let batch = super::batch(&mixed());
    let needed = NEEDED.map(Column::index);
    let mut fold = SummaryFold::new(SNAPSHOT_AT);
    fold.add(&batch.project(&needed).unwrap()).unwrap();
    let run = eventful_run();
    assert_eq!(finished(fold, &run), summary(&mixed(), &run));

    for (at, column) in NEEDED.iter().enumerate() {
        let mut fewer = needed.to_vec();
        fewer.remove(at);
        let mut fold = SummaryFold::new(SNAPSHOT_AT);
        let error = fold.add(&batch.project(&fewer).unwrap()).unwrap_err();
        assert_eq!(
            error.name,
            crate::clip::schema().field(column.index()).name().as_str()
        );
    }
}
