//! Tests of the summary as a whole, and the rows that they share.

mod agreement;
mod golden;
mod page;
mod people;
mod properties;

use std::borrow::Cow;
use std::collections::BTreeMap;

use arrow::array::RecordBatch;

use super::{Summary, SummaryFold};
use crate::clip::testing::SNAPSHOT_AT;
use crate::clip::{Clip, ClipBatchBuilder};
use crate::model::Micros;
use crate::model::testing::window;
use crate::model::{Verdict, WindowOutcome, WindowRecord};
use crate::snapshot::testing::manifest;
use crate::snapshot::{AccountFailure, DataFile, Manifest, Totals};

fn batch(clips: &[Clip<'_>]) -> RecordBatch {
    let mut builder = ClipBatchBuilder::with_capacity(clips.len());
    for clip in clips {
        builder.push("acc-1", SNAPSHOT_AT, clip);
    }
    builder.finish()
}

fn summary(clips: &[Clip<'_>], run: &Manifest) -> Summary {
    let mut fold = SummaryFold::new(SNAPSHOT_AT);
    fold.add(&batch(clips)).unwrap();
    finished(fold, run)
}

/// The summary of a fold. The expected pages call a window that did not settle by its reason alone.
fn finished(fold: SummaryFold, run: &Manifest) -> Summary {
    let mut summary = fold.finish(run);
    let reasons = run.windows.iter().filter_map(|window| window.why.clone());
    summary.proof.windows_unsettled = reasons.collect();
    summary
}

/// A run in which `written` rows came out and nothing went wrong.
fn clean_run(written: u64) -> Manifest {
    let mut windows = vec![window("acc-1", 0, 1); 51];
    windows[0].expected = Some(written);
    windows[0].distinct = written;
    Manifest {
        account_ids: vec!["acc-1".to_owned()],
        tool_version: "1.2.3".to_owned(),
        windows,
        totals: Totals {
            received: written,
            written,
            ..Totals::default()
        },
        ..manifest()
    }
}

/// A window that did not settle, for this reason.
fn unsettled(why: &str) -> WindowRecord {
    WindowRecord {
        outcome: WindowOutcome::Unsettled,
        why: Some(why.to_owned()),
        ..window("acc-1", 0, 1)
    }
}

fn failed(account_id: &str, why: &str) -> AccountFailure {
    AccountFailure {
        account_id: account_id.to_owned(),
        why: why.to_owned(),
    }
}

fn at(instant: &str) -> i64 {
    let timestamp: jiff::Timestamp = instant.parse().unwrap();
    timestamp.as_microsecond()
}

/// A clip as the service means it to be.
fn clip(id: &'static str, owner: &'static str, status: &'static str, bytes: i64) -> Clip<'static> {
    Clip {
        clip_id: id.into(),
        owner_id: Some(owner.into()),
        title: Some("Weekly demo".into()),
        status: Some(status.into()),
        duration_seconds: Some(90.5),
        file_size_bytes: Some(bytes),
        created_at: Some(Micros(at("2024-10-11T01:51:50.631Z"))),
        share_scope: Some("SAME_ORGANIZATION".into()),
        passcode_enabled: Some(false),
        ..Clip::default()
    }
}

/// A clip of 1,000 bytes for each owner.
fn one_each(owners: &[String]) -> Vec<Clip<'_>> {
    let owned = |owner| Clip {
        owner_id: Some(Cow::Borrowed(owner)),
        ..clip("c", "", "RECORD_SUCCESS", 1_000)
    };
    owners.iter().map(String::as_str).map(owned).collect()
}

/// All statuses and scopes, several scripts, hostile titles, nulls.
fn mixed() -> Vec<Clip<'static>> {
    let mut clips = vec![
        clip("c01", "ada", "RECORD_START", 0),
        clip("c02", "ada", "RECORD_FAILED", 2_000),
        clip("c03", "ada", "RECORD_END", 30_000),
        clip("c04", "bob", "RECORD_SUCCESS", 4_500_000_000),
        clip("c05", "bob", "RECORD_DELETE", 750_000_000),
        clip("c06", "_x_|<b>", "SUSPENDED", 60_000),
        clip("c07", "ada", "RECORD_ARCHIVED", 7_000),
        clip("c08", "ada", "RECORD_SUCCESS", 1_200_000),
        clip("c09", "bob", "RECORD_SUCCESS", 80_000),
        clip("c10", "bob", "RECORD_SUCCESS", 90_000),
        clip("c11", "ada", "RECORD_SUCCESS", 100_000),
        clip("c12", "ada", "RECORD_SUCCESS", 1),
    ];
    clips.push(Clip {
        clip_id: "c13".into(),
        ..Clip::default()
    });
    let titles = [
        (
            3,
            "週次報告の録画：第四四半期の売上と来期の計画について話し合った会議",
        ),
        (
            4,
            "a | b\n# <script>alert(1)</script> [x](http://evil.example)",
        ),
        (5, "invoice\u{202e}4pm.exe \u{1b}[31mred"),
        (7, "👩‍👩‍👧‍👦 family 🎬 day"),
        (8, "مراجعة الأسبوع"),
        (9, "**bold** `code` _under_ snake_case $1 ~2~"),
    ];
    for (row, title) in titles {
        clips[row].title = Some(title.into());
    }
    clips[10].title = None;
    let scopes = [
        (0, "ANYONE", Some(true)),
        (1, "ANYONE", Some(false)),
        (3, "ANYONE", Some(false)),
        (4, "ANYONE", None),
        (5, "INVITED_MEMBERS_ONLY", Some(true)),
        (6, "PRIVATE", Some(false)),
        (7, "EVERY_OTHER_TUESDAY", None),
    ];
    for (row, scope, passcode) in scopes {
        clips[row].share_scope = Some(scope.into());
        clips[row].passcode_enabled = passcode;
    }
    clips[3].created_at = Some(Micros(at("2023-08-31T23:59:59.999Z")));
    clips[3].duration_seconds = Some(6000.0);
    clips[4].created_at = Some(Micros(at("2024-12-01T00:00:00Z")));
    clips[11].duration_seconds = Some(0.000_001);
    clips
}

/// A run in which about everything happened.
fn eventful_run() -> Manifest {
    let mut run = clean_run(16);
    run.verdict = Verdict::Incomplete;
    run.windows[1] = unsettled("acc-1 2024-10-01T00:00:00Z to 2024-10-08T00:00:00Z");
    run.totals = Totals {
        cut: 0,
        received: 16,
        written: 13,
        duplicates: 2,
        rejected: 1,
        outside: 4,
        repairs: BTreeMap::from([("duration".to_owned(), 1), ("file_size".to_owned(), 1_234)]),
    };
    run.account_failures = vec![failed(
        "acc-2",
        "no permission to operate (403, code 1003) after 1 attempt; ask for a scope",
    )];
    run.parameters = BTreeMap::from([("by".to_owned(), "created".into())]);
    run.requests = BTreeMap::from([("ok".to_owned(), 57), ("too_many_requests".to_owned(), 1)]);
    run.files = vec![DataFile {
        path: "clips/snapshot_date=2026-11-23/part-00000.parquet".to_owned(),
        rows: 13,
        bytes: 4_321,
        sha256: "5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef".to_owned(),
    }];
    run
}
