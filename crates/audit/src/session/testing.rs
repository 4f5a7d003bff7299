//! Views over rows that a test makes up.

use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::arrow::json::ReaderBuilder;
use datafusion::parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use serde_json::{Value, json};

use super::*;

/// Rows as JSON objects; a column that an object lacks is null.
#[derive(Debug, Default, Clone)]
pub(crate) struct Rows {
    pub(crate) clips: Vec<Value>,
    /// The snapshot before, if there is one.
    pub(crate) previous: Option<Vec<Value>>,
    /// The owners, if they were looked up.
    pub(crate) owners: Option<Vec<Value>>,
    pub(crate) snapshots: Vec<Value>,
}

/// A clip of the account `a` that no rule finds, with these columns in place of its own.
pub(crate) fn clip(id: &str, columns: &Value) -> Value {
    let mut clip = json!({
        "account_id": "a", "clip_id": id, "owner_id": "o", "title": "A title",
        "status": "RECORD_SUCCESS", "file_size_bytes": 1000,
        "created_at": "2026-11-20T00:00:00Z", "modified_at": "2026-11-20T00:00:00Z",
        "share_scope": "PRIVATE", "passcode_enabled": false,
        "snapshot_at": "2026-11-26T00:00:00Z", "snapshot_date": "2026-11-26",
    });
    for (name, value) in columns.as_object().into_iter().flatten() {
        clip[name] = value.clone();
    }
    clip
}

/// A verified snapshot of some hours ago.
pub(crate) fn snapshot(date: &str, clips: u64, columns: &Value) -> Value {
    let mut snapshot = json!({
        "snapshot_date": date, "snapshot_at": format!("{date}T00:00:00Z"), "age_hours": 3,
        "role": "earlier", "verdict": "verified", "clips": clips,
    });
    for (name, value) in columns.as_object().into_iter().flatten() {
        snapshot[name] = value.clone();
    }
    snapshot
}

impl Rows {
    /// The views over them.
    pub(crate) async fn session(&self) -> Session {
        let clips = with_date(&columns(Rowset::Clips));
        let owners = with_date(&columns(Rowset::Owners));
        let table = |rows: Option<&Vec<Value>>, schema: &SchemaRef| Table {
            is_absent: rows.is_none(),
            rows: Arc::new(table(schema, rows.map_or(&[], Vec::as_slice))),
        };
        let snapshots = [
            ("snapshot_date", DataType::Date32),
            ("age_hours", DataType::Int64),
            ("role", DataType::Utf8),
            ("verdict", DataType::Utf8),
            ("clips", DataType::Int64),
        ];
        let snapshots = snapshots.map(|(name, kind)| Field::new(name, kind, true));
        let snapshots = Arc::new(Schema::new(snapshots.to_vec()));
        let tables = Tables {
            clips: table(Some(&self.clips), &clips),
            previous_clips: table(self.previous.as_ref(), &clips),
            clips_history: table(Some(&self.clips), &clips),
            owners: table(self.owners.as_ref(), &owners),
            snapshots: Arc::new(super::testing::table(&snapshots, &self.snapshots)),
        };
        Session::over(SessionContext::new_with_config(config()), tables)
            .await
            .unwrap()
    }
}

fn columns(rowset: Rowset) -> SchemaRef {
    let file = bytes::Bytes::from(clipcensus::audit::empty_parquet(rowset).unwrap());
    let metadata = ArrowReaderMetadata::load(&file, ArrowReaderOptions::default()).unwrap();
    Arc::clone(metadata.schema())
}

fn with_date(schema: &Schema) -> SchemaRef {
    let date = Arc::new(Field::new("snapshot_date", DataType::Date32, true));
    let fields = schema.fields().iter().cloned().chain([date]);
    let nullable = fields.map(|field| field.as_ref().clone().with_nullable(true));
    Arc::new(Schema::new(nullable.collect::<Vec<Field>>()))
}

fn table(schema: &SchemaRef, rows: &[Value]) -> MemTable {
    let mut decoder = ReaderBuilder::new(Arc::clone(schema))
        .build_decoder()
        .unwrap();
    decoder.serialize(rows).unwrap();
    let batch = decoder.flush().unwrap();
    let batch = batch.unwrap_or_else(|| RecordBatch::new_empty(Arc::clone(schema)));
    of_batch(batch).unwrap()
}
