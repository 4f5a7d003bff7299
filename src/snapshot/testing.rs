//! Manifests for tests.

use std::collections::BTreeMap;

use crate::clip::SCHEMA_VERSION;
pub(crate) use crate::clip::testing::{Row, SNAPSHOT_AT, all, batch};
pub(crate) use crate::disk::testing::layout;
use crate::disk::{Layout, OutputLock, Table};
use crate::model::Seconds;
pub(crate) use crate::model::testing::window;
use crate::model::{Verdict, WindowRecord};
use crate::snapshot::manifest::{Format, Manifest, Totals};

pub(crate) fn lock(layout: &Layout) -> OutputLock {
    OutputLock::acquire(layout).unwrap()
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
        since: Seconds(0),
        snapshot_at: SNAPSHOT_AT,
        verdict: Verdict::Verified,
        table: Table::Clips,
        format: Format::Parquet,
        csv_mode: None,
        windows: vec![WindowRecord {
            expected: Some(0),
            ..window("acme", 0, SNAPSHOT_AT.seconds().0)
        }],
        totals: Totals::default(),
        requests: BTreeMap::new(),
        account_failures: Vec::new(),
        files: Vec::new(),
        documents: Vec::new(),
    }
}
