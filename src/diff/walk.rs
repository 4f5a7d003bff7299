//! The walk through both snapshots: what is at the same place is compared, the rest found by clip.

use arrow::array::{DynComparator, RecordBatch, make_comparator};
use arrow::compute::SortOptions;
use arrow::error::ArrowError;
use jiff::civil::Date;

use crate::diff::cursor::{Cursor, Order, Row, side_by_side};
use crate::diff::differences::{Differences, Sink, Wanted};
use crate::diff::error::DiffError;
use crate::diff::gather::is_same;
use crate::diff::sorter::Sorter;
use crate::snapshot::read::Rows;

/// Hands every difference between two snapshots to `sink`: first those of clips that stand at the same
/// place in both, in the order of the snapshots, then all others in the order of account and clip.
///
/// # Errors
/// What reading the snapshots brings; [`DiffError::SetAside`]; what `sink` brings.
pub(crate) fn diff(
    (from_date, earlier): (Date, Rows),
    (to_date, later): (Date, Rows),
    wanted: &Wanted,
    sink: Sink<'_>,
) -> Result<(), DiffError> {
    let mut differences = Differences::new([from_date, to_date], wanted, sink);
    let mut comparison = Comparison::of(wanted);
    let (mut from, mut to) = (Sorter::default(), Sorter::default());
    side_by_side(
        Cursor::begin(earlier, Order::Snapshot)?,
        Cursor::begin(later, Order::Snapshot)?,
        |earlier, later| match (earlier, later) {
            (Some(earlier), Some(later)) => {
                let columns = comparison.changed(earlier, later)?;
                differences.changed(earlier, later, &columns)
            }
            (earlier, later) => {
                earlier.map_or(Ok(()), |row| from.push(row))?;
                later.map_or(Ok(()), |row| to.push(row))
            }
        },
    )?;
    side_by_side(
        Cursor::begin(from.sorted()?, Order::Clip)?,
        Cursor::begin(to.sorted()?, Order::Clip)?,
        |earlier, later| match (earlier, later) {
            (Some(earlier), Some(later)) => {
                let columns = comparison.changed(earlier, later)?;
                differences.changed(earlier, later, &columns)
            }
            (Some(earlier), None) => differences.gone(earlier),
            (None, Some(later)) => differences.new_clip(later),
            (None, None) => Ok(()),
        },
    )?;
    differences.finish()
}

/// Compares rows of two batches, column by column.
struct Comparison {
    counted: Vec<usize>,
    /// The batches that the comparators are for.
    batches: Option<(RecordBatch, RecordBatch)>,
    comparators: Vec<(usize, DynComparator)>,
}

impl Comparison {
    fn of(wanted: &Wanted) -> Self {
        Self {
            counted: wanted.counted(),
            batches: None,
            comparators: Vec::new(),
        }
    }

    /// The columns in which two rows differ.
    fn changed(
        &mut self,
        (earlier, from): Row<'_>,
        (later, to): Row<'_>,
    ) -> Result<Vec<usize>, ArrowError> {
        let is_known = |(ours, theirs): &(RecordBatch, RecordBatch)| {
            is_same(ours, earlier) && is_same(theirs, later)
        };
        if !self.batches.as_ref().is_some_and(is_known) {
            let comparator = |column: &usize| {
                let (ours, theirs) = (earlier.column(*column), later.column(*column));
                let compare = make_comparator(ours, theirs, SortOptions::default())?;
                Ok((*column, compare))
            };
            let comparators = self.counted.iter().map(comparator);
            self.comparators = comparators.collect::<Result<_, ArrowError>>()?;
            self.batches = Some((earlier.clone(), later.clone()));
        }
        let differs = |(_, compare): &&(usize, DynComparator)| compare(from, to).is_ne();
        let changed = self.comparators.iter().filter(differs);
        Ok(changed.map(|(column, _)| *column).collect())
    }
}
