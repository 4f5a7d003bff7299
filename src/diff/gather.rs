//! Gathers single rows of many batches into one.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch};
use arrow::compute::interleave;
use arrow::error::ArrowError;

use crate::diff::cursor::Row;

/// Rows of a batch that is gathered, at most.
const MOST_ROWS: usize = 1024;

/// Rows that are to be put into one batch.
#[derive(Debug)]
pub(super) struct Gather {
    /// Batches that rows are taken of, at most: each is in memory until they are.
    most_batches: usize,
    batches: Vec<RecordBatch>,
    picks: Vec<(usize, usize)>,
}

impl Gather {
    pub(super) const fn of(most_batches: usize) -> Self {
        Self {
            most_batches,
            batches: Vec::new(),
            picks: Vec::new(),
        }
    }

    /// Adds a row of a batch.
    pub(super) fn push(&mut self, (batch, row): Row<'_>) {
        let place = self.batches.iter().rposition(|it| is_same(it, batch));
        let place = place.unwrap_or_else(|| {
            self.batches.push(batch.clone());
            self.batches.len() - 1
        });
        self.picks.push((place, row));
    }

    /// Whether it is time to take what there is.
    pub(super) const fn is_full(&self) -> bool {
        self.picks.len() >= MOST_ROWS || self.batches.len() >= self.most_batches
    }

    /// The columns of the rows so far; it is empty again. Without rows there are no columns.
    pub(super) fn take(&mut self) -> Result<Vec<ArrayRef>, ArrowError> {
        let batches = std::mem::take(&mut self.batches);
        let picks = std::mem::take(&mut self.picks);
        let columns = batches.first().map_or(0, RecordBatch::num_columns);
        (0..columns)
            .map(|column| {
                let values: Vec<&dyn Array> = batches
                    .iter()
                    .map(|batch| batch.column(column).as_ref())
                    .collect();
                interleave(&values, &picks)
            })
            .collect()
    }
}

/// Whether two batches are one, without a look at what they hold: they share their first column.
pub(super) fn is_same(one: &RecordBatch, other: &RecordBatch) -> bool {
    Arc::ptr_eq(one.column(0), other.column(0))
}
