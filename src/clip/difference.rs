//! The difference: what became of one clip from one snapshot to a later one, as a row. Pure.
//!
//! Column order, names and types are a contract with users, as those of the clips are.

use std::sync::{Arc, LazyLock};

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};

use crate::clip::schema::{Column, schema, tag_field};

/// What became of a clip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// Only the later snapshot has it.
    New,
    /// Only the earlier snapshot has it.
    Gone,
    /// Both have it, with other values.
    Changed,
}

impl Change {
    /// As it stands in the column `change`.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Gone => "gone",
            Self::Changed => "changed",
        }
    }
}

/// Whether a clip became watchable by anyone with its link, or ceased to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ExposureChange {
    /// It is exposed, and was not, or was not there.
    Opened,
    /// It was exposed, and is not, or is not there.
    Closed,
}

impl ExposureChange {
    /// As it stands in the column `exposure_change`.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Closed => "closed",
        }
    }
}

/// The columns before the pairs of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    dead_code,
    reason = "all columns before the pairs, also those that no code names"
)]
pub(crate) enum DifferenceColumn {
    Change,
    ExposureChange,
    ChangedColumns,
    FromDate,
    ToDate,
    AccountId,
    ClipId,
}

/// How many columns stand before the pairs of values.
const BEFORE_PAIRS: usize = DifferenceColumn::ClipId.index() + 1;

impl DifferenceColumn {
    /// Its place in the schema.
    pub(crate) const fn index(self) -> usize {
        self as usize
    }
}

/// The columns of a clip that a difference has twice: all but those that say which clip it is.
pub(crate) fn paired() -> impl Iterator<Item = usize> + Clone {
    let key = [Column::AccountId.index(), Column::ClipId.index()];
    (0..=Column::SnapshotAt.index()).filter(move |column| !key.contains(column))
}

/// Their names.
pub(crate) fn paired_names() -> Vec<String> {
    let clip = schema();
    paired()
        .map(|column| clip.field(column).name().clone())
        .collect()
}

/// Where a difference has the earlier and the later value of a column of a clip; `None` for the two
/// that say which clip it is.
pub(crate) fn pair_of(column: Column) -> Option<(usize, usize)> {
    let place = paired().position(|it| it == column.index())?;
    let from = BEFORE_PAIRS + 2 * place;
    Some((from, from + 1))
}

/// The schema of a difference: what happened, which clip, then `from_X` and `to_X` for every other
/// column of a clip. All values of the one side are null for a clip that it does not have.
pub(crate) fn difference_schema() -> SchemaRef {
    static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
        let text = |name, may_be_null| Field::new(name, DataType::Utf8, may_be_null);
        let date = |name| Field::new(name, DataType::Date32, false);
        let names = DataType::List(Arc::new(tag_field()));
        let mut fields = vec![
            text("change", false),
            text("exposure_change", true),
            Field::new("changed_columns", names, true),
            date("from_date"),
            date("to_date"),
            text("account_id", false),
            text("clip_id", false),
        ];
        let clip = schema();
        for column in paired() {
            let field = clip.field(column);
            for side in ["from", "to"] {
                let name = format!("{side}_{}", field.name());
                fields.push(Field::new(name, field.data_type().clone(), true));
            }
        }
        Arc::new(Schema::new(fields))
    });
    Arc::clone(&SCHEMA)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_but_those_of_the_key_stands_twice_in_the_order_of_the_clips() {
        let schema = difference_schema();
        let names: Vec<&str> = schema
            .fields()
            .iter()
            .map(|it| it.name().as_str())
            .collect();
        assert_eq!(names.len(), 7 + 2 * 16);
        assert_eq!(
            names[..9],
            [
                "change",
                "exposure_change",
                "changed_columns",
                "from_date",
                "to_date",
                "account_id",
                "clip_id",
                "from_owner_id",
                "to_owner_id"
            ]
        );
        assert_eq!(names[37..], ["from_snapshot_at", "to_snapshot_at"]);
        let (from, to) = pair_of(Column::FileSizeBytes).unwrap();
        assert_eq!(
            names[from..=to],
            ["from_file_size_bytes", "to_file_size_bytes"]
        );
        assert_eq!(pair_of(Column::ClipId), None);
    }
}
