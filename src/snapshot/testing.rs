//! Rows, windows and manifests for tests.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;

use crate::clip::{Clip, ClipBatchBuilder, SCHEMA_VERSION, schema};
use crate::snapshot::error::SnapshotError;
use crate::snapshot::instant::utc_date;
use crate::snapshot::layout::{Layout, Table};
use crate::snapshot::manifest::{Format, Manifest, Totals, Verdict, WindowOutcome, WindowRecord};

/// 2026-11-23T00:00:00Z.
pub(crate) const SNAPSHOT_AT: i64 = 1_795_392_000_000_000;

/// A short form of a row: clip, `created_at`, `modified_at` (microseconds), title.
pub(crate) type Row = (String, Option<i64>, Option<i64>, String);

pub(crate) fn clip(row: &Row) -> Clip<'_> {
    Clip {
        clip_id: Cow::Borrowed(&row.0),
        created_at: row.1,
        modified_at: row.2,
        title: Some(Cow::Borrowed(&row.3)),
        ..Clip::default()
    }
}

pub(crate) fn batch(account_id: &str, rows: &[Row]) -> RecordBatch {
    let mut builder = ClipBatchBuilder::with_capacity(rows.len());
    for row in rows {
        builder.push(account_id, SNAPSHOT_AT, &clip(row));
    }
    builder.finish()
}

pub(crate) fn all(
    batches: impl Iterator<Item = Result<RecordBatch, SnapshotError>>,
) -> RecordBatch {
    let batches: Vec<RecordBatch> = batches.map(Result::unwrap).collect();
    concat_batches(&schema(), &batches).unwrap()
}

pub(crate) fn layout(out: &Path) -> Layout {
    Layout::new(out, Table::Clips)
}

pub(crate) fn window(account_id: &str, from: i64, to: i64) -> WindowRecord {
    WindowRecord {
        account_id: account_id.to_owned(),
        from,
        to,
        expected: None,
        received: 0,
        distinct: 0,
        pages: 0,
        attempts: 1,
        restarts: 0,
        outcome: WindowOutcome::Settled,
        why: None,
        outside: 0,
        rejected: 0,
        repairs: BTreeMap::new(),
        rows: 0,
    }
}

pub(crate) fn manifest() -> Manifest {
    Manifest {
        schema_version: SCHEMA_VERSION,
        tool_version: "1.2.3".to_owned(),
        run_id: "run".to_owned(),
        account_ids: vec!["acme".to_owned()],
        parameters: BTreeMap::new(),
        started_at: "2026-11-23T00:00:01Z".to_owned(),
        finished_at: "2026-11-23T00:00:02Z".to_owned(),
        since: 0,
        snapshot_at: SNAPSHOT_AT,
        verdict: Verdict::Verified,
        table: Table::Clips,
        format: Format::Parquet,
        csv_mode: None,
        windows: vec![WindowRecord {
            expected: Some(0),
            ..window("acme", 0, SNAPSHOT_AT / 1_000_000)
        }],
        totals: Totals::default(),
        requests: BTreeMap::new(),
        account_failures: Vec::new(),
        files: Vec::new(),
        documents: Vec::new(),
    }
}

#[test]
fn the_test_instant_is_the_day_it_claims() {
    assert_eq!(utc_date(SNAPSHOT_AT).to_string(), "2026-11-23");
}
