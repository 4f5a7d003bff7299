//! The row as Arrow columns: the schema that every snapshot has, and a builder that fills it.
//!
//! Column order, names and types are a contract with users. New columns come last and nullable.

use std::sync::{Arc, LazyLock};

use arrow::array::{
    ArrayRef, BooleanBuilder, Float64Builder, Int64Builder, ListBuilder, RecordBatch,
    StringBuilder, TimestampMicrosecondBuilder,
};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};

use crate::clip::row::Clip;
use crate::model::Micros;

/// The version of the row contract, written into every data file and manifest.
pub(crate) const SCHEMA_VERSION: u32 = 1;

/// The columns of a row, by their position in the schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(
    not(test),
    expect(
        dead_code,
        reason = "all columns of the schema, also those that no code names"
    )
)]
pub(crate) enum Column {
    AccountId,
    ClipId,
    OwnerId,
    Title,
    Description,
    Status,
    DurationSeconds,
    FileSizeBytes,
    CreatedAt,
    ModifiedAt,
    ShareLink,
    ShareScope,
    PasscodeEnabled,
    Passcode,
    ThumbnailLink,
    Tags,
    Extra,
    SnapshotAt,
}

impl Column {
    /// Its place in the schema.
    #[must_use]
    pub(crate) const fn index(self) -> usize {
        self as usize
    }
}

/// The schema of a row.
#[must_use]
pub fn schema() -> SchemaRef {
    static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
        let utc = || DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
        let text = |name| Field::new(name, DataType::Utf8, true);
        Arc::new(Schema::new(vec![
            Field::new("account_id", DataType::Utf8, false),
            Field::new("clip_id", DataType::Utf8, false),
            text("owner_id"),
            text("title"),
            text("description"),
            text("status"),
            Field::new("duration_seconds", DataType::Float64, true),
            Field::new("file_size_bytes", DataType::Int64, true),
            Field::new("created_at", utc(), true),
            Field::new("modified_at", utc(), true),
            text("share_link"),
            text("share_scope"),
            Field::new("passcode_enabled", DataType::Boolean, true),
            text("passcode"),
            text("thumbnail_link"),
            Field::new("tags", DataType::List(Arc::new(tag_field())), true),
            text("extra"),
            Field::new("snapshot_at", utc(), false),
        ]))
    });
    Arc::clone(&SCHEMA)
}

/// The element of `tags`: never null, since some warehouses cannot hold a null in a list.
pub(super) fn tag_field() -> Field {
    Field::new("element", DataType::Utf8, false)
}

/// Fills the columns row by row.
#[derive(Debug)]
pub(crate) struct ClipBatchBuilder {
    account_id: StringBuilder,
    clip_id: StringBuilder,
    owner_id: StringBuilder,
    title: StringBuilder,
    description: StringBuilder,
    status: StringBuilder,
    duration_seconds: Float64Builder,
    file_size_bytes: Int64Builder,
    created_at: TimestampMicrosecondBuilder,
    modified_at: TimestampMicrosecondBuilder,
    share_link: StringBuilder,
    share_scope: StringBuilder,
    passcode_enabled: BooleanBuilder,
    passcode: StringBuilder,
    thumbnail_link: StringBuilder,
    tags: ListBuilder<StringBuilder>,
    extra: StringBuilder,
    snapshot_at: TimestampMicrosecondBuilder,
}

impl ClipBatchBuilder {
    /// An empty builder with room for `rows` rows.
    #[must_use]
    pub(crate) fn with_capacity(rows: usize) -> Self {
        let text = |bytes: usize| StringBuilder::with_capacity(rows, rows * bytes);
        let instant = || TimestampMicrosecondBuilder::with_capacity(rows).with_timezone("UTC");
        Self {
            account_id: text(24),
            clip_id: text(40),
            owner_id: text(24),
            title: text(48),
            description: text(48),
            status: text(16),
            duration_seconds: Float64Builder::with_capacity(rows),
            file_size_bytes: Int64Builder::with_capacity(rows),
            created_at: instant(),
            modified_at: instant(),
            share_link: text(88),
            share_scope: text(20),
            passcode_enabled: BooleanBuilder::with_capacity(rows),
            passcode: StringBuilder::new(),
            thumbnail_link: text(128),
            tags: ListBuilder::new(StringBuilder::new()).with_field(tag_field()),
            extra: StringBuilder::new(),
            snapshot_at: instant(),
        }
    }

    /// Appends one row.
    pub(crate) fn push(&mut self, account_id: &str, snapshot_at: Micros, clip: &Clip<'_>) {
        self.account_id.append_value(account_id);
        self.clip_id.append_value(&clip.clip_id);
        self.owner_id.append_option(clip.owner_id.as_deref());
        self.title.append_option(clip.title.as_deref());
        self.description.append_option(clip.description.as_deref());
        self.status.append_option(clip.status.as_deref());
        self.duration_seconds.append_option(clip.duration_seconds);
        self.file_size_bytes.append_option(clip.file_size_bytes);
        self.created_at
            .append_option(clip.created_at.map(|at| at.0));
        self.modified_at
            .append_option(clip.modified_at.map(|at| at.0));
        self.share_link.append_option(clip.share_link.as_deref());
        self.share_scope.append_option(clip.share_scope.as_deref());
        self.passcode_enabled.append_option(clip.passcode_enabled);
        self.passcode.append_option(clip.passcode.as_deref());
        self.thumbnail_link
            .append_option(clip.thumbnail_link.as_deref());
        match &clip.tags {
            None => self.tags.append(false),
            Some(tags) => {
                for tag in tags {
                    self.tags.values().append_value(tag);
                }
                self.tags.append(true);
            }
        }
        self.extra.append_option(clip.extra.as_deref());
        self.snapshot_at.append_value(snapshot_at.0);
    }

    /// The rows so far as one batch; the builder is empty again.
    ///
    /// # Panics
    /// Never: the columns are built in step and in the schema's order.
    #[must_use]
    pub(crate) fn finish(&mut self) -> RecordBatch {
        let columns: Vec<ArrayRef> = vec![
            Arc::new(self.account_id.finish()),
            Arc::new(self.clip_id.finish()),
            Arc::new(self.owner_id.finish()),
            Arc::new(self.title.finish()),
            Arc::new(self.description.finish()),
            Arc::new(self.status.finish()),
            Arc::new(self.duration_seconds.finish()),
            Arc::new(self.file_size_bytes.finish()),
            Arc::new(self.created_at.finish()),
            Arc::new(self.modified_at.finish()),
            Arc::new(self.share_link.finish()),
            Arc::new(self.share_scope.finish()),
            Arc::new(self.passcode_enabled.finish()),
            Arc::new(self.passcode.finish()),
            Arc::new(self.thumbnail_link.finish()),
            Arc::new(self.tags.finish()),
            Arc::new(self.extra.finish()),
            Arc::new(self.snapshot_at.finish()),
        ];
        RecordBatch::try_new(schema(), columns).expect("columns are built in step with the schema")
    }
}
