//! Rows of clips that are read one by one, in some order, and two such streams side by side.

use std::cmp::Ordering;

use arrow::array::{Array, AsArray, RecordBatch, StringArray, TimestampMicrosecondArray};
use arrow::datatypes::TimestampMicrosecondType;

use crate::clip::{Column, schema};
use crate::diff::error::DiffError;

/// A row of a batch.
pub(super) type Row<'a> = (&'a RecordBatch, usize);

/// What rows are in the order of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// As in a snapshot: account, creation (null first), clip.
    Snapshot,
    /// Account and clip.
    Clip,
}

/// Account, creation where it counts, and clip.
pub(super) type Key<'a> = (&'a str, Option<i64>, &'a str);

/// A stream of rows, and the place in it.
pub(super) struct Cursor<R> {
    rows: R,
    order: Order,
    batch: RecordBatch,
    accounts: StringArray,
    created: TimestampMicrosecondArray,
    clips: StringArray,
    row: usize,
}

impl<R, E> Cursor<R>
where
    R: Iterator<Item = Result<RecordBatch, E>>,
    DiffError: From<E>,
{
    /// Begins at the first row.
    pub(super) fn begin(rows: R, order: Order) -> Result<Self, DiffError> {
        let mut cursor = Self {
            rows,
            order,
            batch: RecordBatch::new_empty(schema()),
            accounts: StringArray::new_null(0),
            created: TimestampMicrosecondArray::new_null(0),
            clips: StringArray::new_null(0),
            row: 0,
        };
        cursor.fill()?;
        Ok(cursor)
    }

    /// Goes to the next row.
    pub(super) fn advance(&mut self) -> Result<(), DiffError> {
        self.row += 1;
        self.fill()
    }

    /// Reads on until there is a row, or none is left.
    fn fill(&mut self) -> Result<(), DiffError> {
        while self.row >= self.batch.num_rows() {
            let Some(batch) = self.rows.next().transpose()? else {
                return Ok(());
            };
            let text = |column: Column| batch.column(column.index()).as_string::<i32>().clone();
            (self.accounts, self.clips) = (text(Column::AccountId), text(Column::ClipId));
            let created = batch.column(Column::CreatedAt.index());
            self.created = created.as_primitive::<TimestampMicrosecondType>().clone();
            (self.batch, self.row) = (batch, 0);
        }
        Ok(())
    }

    /// Where the row belongs; `None` at the end.
    pub(super) fn key(&self) -> Option<Key<'_>> {
        (self.row < self.batch.num_rows()).then(|| {
            let counts = self.order == Order::Snapshot && self.created.is_valid(self.row);
            (
                self.accounts.value(self.row),
                counts.then(|| self.created.value(self.row)),
                self.clips.value(self.row),
            )
        })
    }

    pub(super) const fn row(&self) -> Row<'_> {
        (&self.batch, self.row)
    }
}

/// Goes through two streams side by side, and hands on every row: two that have the same key together,
/// any other alone. A row that is out of order meets nobody, and is handed on alone too.
pub(super) fn side_by_side<A, B, E, F>(
    mut from: Cursor<A>,
    mut to: Cursor<B>,
    mut each: impl FnMut(Option<Row<'_>>, Option<Row<'_>>) -> Result<(), DiffError>,
) -> Result<(), DiffError>
where
    A: Iterator<Item = Result<RecordBatch, E>>,
    B: Iterator<Item = Result<RecordBatch, F>>,
    DiffError: From<E> + From<F>,
{
    loop {
        let order = match (from.key(), to.key()) {
            (None, None) => return Ok(()),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(earlier), Some(later)) => earlier.cmp(&later),
        };
        each(
            order.is_le().then(|| from.row()),
            order.is_ge().then(|| to.row()),
        )?;
        if order.is_le() {
            from.advance()?;
        }
        if order.is_ge() {
            to.advance()?;
        }
    }
}
