//! Folders for one input, and what stands in them beside it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::clip::SCHEMA_VERSION;
use crate::disk::Layout;
use crate::disk::layout::Table;
use crate::model::{Micros, Seconds, Verdict};
use crate::snapshot::{CsvMode, DataFile, Format, Manifest, Totals};

/// 2026-11-23T00:00:00Z, the instant that all snapshots here are of.
pub(super) const SNAPSHOT_AT: Micros = Micros(1_795_392_000_000_000);

/// A new folder, which goes with the value; a process that has none can try nothing.
pub(super) fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder can be made")
}

/// Writes a file and the folders above it.
pub(super) fn put(path: &Path, bytes: &[u8]) {
    let parent = path.parent().expect("a file stands in a folder");
    fs::create_dir_all(parent)
        .and_then(|()| fs::write(path, bytes))
        .expect("a temporary folder can be written");
}

/// The layout of the census in a folder.
pub(super) fn layout(folder: &TempDir) -> Layout {
    Layout::new(folder.path(), Table::Clips)
}

/// The manifest of a snapshot of these files.
pub(super) fn manifest(format: Format, files: Vec<DataFile>) -> Manifest {
    Manifest {
        schema_version: SCHEMA_VERSION,
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        run_id: "run".to_owned(),
        account_ids: vec!["acme".to_owned()],
        parameters: BTreeMap::new(),
        started_at: "2026-11-23T00:00:01Z".to_owned(),
        resumed_at: None,
        clock: None,
        finished_at: "2026-11-23T00:00:02Z".to_owned(),
        since: Seconds(0),
        snapshot_at: SNAPSHOT_AT,
        verdict: Verdict::Verified,
        table: Table::Clips,
        format,
        csv_mode: (format == Format::Csv).then_some(CsvMode::Lossless),
        windows: Vec::new(),
        totals: Totals::default(),
        shrunk: None,
        compared_with: None,
        requests: BTreeMap::new(),
        client_errors: BTreeMap::new(),
        account_failures: Vec::new(),
        files,
        documents: Vec::new(),
        published_before: Vec::new(),
        simulated: false,
    }
}
