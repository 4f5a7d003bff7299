//! The columns that the fold reads, found and typed once a batch.

use arrow::array::{
    Array, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};

use crate::clip::{Column, OpenLink, open_link, schema};

/// A batch that does not hold rows of clips.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the rows have no column {name} of type {expected}: they were not written by this version")]
pub(crate) struct FoldError {
    pub name: String,
    /// The type it should have.
    pub expected: String,
}

/// A batch's columns, typed.
#[derive(Debug)]
pub(crate) struct Columns<'a> {
    account_id: &'a StringArray,
    clip_id: &'a StringArray,
    owner_id: &'a StringArray,
    title: &'a StringArray,
    status: &'a StringArray,
    duration_seconds: &'a Float64Array,
    file_size_bytes: &'a Int64Array,
    created_at: &'a TimestampMicrosecondArray,
    share_scope: &'a StringArray,
    passcode_enabled: &'a BooleanArray,
    /// Not needed to sum up.
    modified_at: Option<&'a TimestampMicrosecondArray>,
    /// Not needed to sum up.
    share_link: Option<&'a StringArray>,
}

impl<'a> Columns<'a> {
    pub(crate) fn of(batch: &'a RecordBatch) -> Result<Self, FoldError> {
        Ok(Self {
            account_id: typed(batch, Column::AccountId)?,
            clip_id: typed(batch, Column::ClipId)?,
            owner_id: typed(batch, Column::OwnerId)?,
            title: typed(batch, Column::Title)?,
            status: typed(batch, Column::Status)?,
            duration_seconds: typed(batch, Column::DurationSeconds)?,
            file_size_bytes: typed(batch, Column::FileSizeBytes)?,
            created_at: typed(batch, Column::CreatedAt)?,
            share_scope: typed(batch, Column::ShareScope)?,
            passcode_enabled: typed(batch, Column::PasscodeEnabled)?,
            modified_at: typed(batch, Column::ModifiedAt).ok(),
            share_link: typed(batch, Column::ShareLink).ok(),
        })
    }

    pub(crate) fn account_id(&self, row: usize) -> &'a str {
        self.account_id.value(row)
    }

    pub(crate) fn clip_id(&self, row: usize) -> &'a str {
        self.clip_id.value(row)
    }

    pub(crate) fn owner_id(&self, row: usize) -> Option<&'a str> {
        text(self.owner_id, row)
    }

    pub(crate) fn title(&self, row: usize) -> Option<&'a str> {
        text(self.title, row)
    }

    pub(crate) fn status(&self, row: usize) -> Option<&'a str> {
        text(self.status, row)
    }

    pub(crate) fn share_scope(&self, row: usize) -> Option<&'a str> {
        text(self.share_scope, row)
    }

    pub(crate) fn share_link(&self, row: usize) -> Option<&'a str> {
        text(self.share_link?, row)
    }

    pub(crate) fn duration_seconds(&self, row: usize) -> Option<f64> {
        let column = self.duration_seconds;
        column.is_valid(row).then(|| column.value(row))
    }

    /// In whole microseconds, rounded: their sums do not depend on the order of the rows. None too if
    /// the number is negative or not finite.
    pub(crate) fn duration_micros(&self, row: usize) -> Option<u128> {
        micros(self.duration_seconds(row)?)
    }

    /// None too if the number is negative, which the schema rules out.
    pub(crate) fn bytes(&self, row: usize) -> Option<u64> {
        let column = self.file_size_bytes;
        let bytes = column.is_valid(row).then(|| column.value(row))?;
        u64::try_from(bytes).ok()
    }

    pub(crate) fn created_at(&self, row: usize) -> Option<i64> {
        let column = self.created_at;
        column.is_valid(row).then(|| column.value(row))
    }

    pub(crate) fn modified_at(&self, row: usize) -> Option<i64> {
        let column = self.modified_at?;
        column.is_valid(row).then(|| column.value(row))
    }

    /// What its link opens.
    pub(crate) fn open_link(&self, row: usize) -> Option<OpenLink> {
        open_link(
            self.share_scope(row),
            self.passcode_enabled(row),
            self.status(row),
        )
    }

    pub(crate) fn passcode_enabled(&self, row: usize) -> Option<bool> {
        let column = self.passcode_enabled;
        column.is_valid(row).then(|| column.value(row))
    }
}

fn text(column: &StringArray, row: usize) -> Option<&str> {
    column.is_valid(row).then(|| column.value(row))
}

fn typed<A: Array + 'static>(batch: &RecordBatch, column: Column) -> Result<&A, FoldError> {
    let schema = schema();
    let field = schema.field(column.index());
    batch
        .column_by_name(field.name())
        .and_then(|values| values.as_any().downcast_ref::<A>())
        .ok_or_else(|| FoldError {
            name: field.name().clone(),
            expected: field.data_type().to_string(),
        })
}

/// Seconds in microseconds. None if they are negative or not finite.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "not negative, and the cast stops at the end of the range"
)]
fn micros(seconds: f64) -> Option<u128> {
    let usable = seconds.is_finite() && seconds >= 0.0;
    usable.then(|| (seconds * 1e6).round() as u128)
}

#[cfg(test)]
mod tests {
    use super::micros;

    #[test]
    fn durations_are_whole_microseconds() {
        assert_eq!(micros(6000.0), Some(6_000_000_000));
        assert_eq!(micros(0.000_000_4), Some(0));
        assert_eq!(micros(0.1), Some(100_000));
        assert_eq!(micros(1e300), Some(u128::MAX));
        assert_eq!(micros(-1.0), None);
        assert_eq!(micros(f64::NAN), None);
        assert_eq!(micros(f64::INFINITY), None);
    }
}
