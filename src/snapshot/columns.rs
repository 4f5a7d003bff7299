//! The columns of a row group, encoded and compressed side by side.

use std::cmp::Reverse;
use std::sync::{LazyLock, Mutex, PoisonError};
use std::thread;

use ::parquet::arrow::arrow_writer::{
    ArrowColumnChunk, ArrowColumnWriter, ArrowLeafColumn, compute_leaves,
};
use ::parquet::errors::{ParquetError, Result};
use arrow::array::RecordBatch;

/// Threads: the few columns of text are most of the work.
static THREADS: LazyLock<usize> =
    LazyLock::new(|| thread::available_parallelism().map_or(1, |cores| cores.get().min(4)));

/// A row group in memory.
pub(crate) struct RowGroup {
    columns: Vec<ArrowColumnWriter>,
    rows: usize,
}

impl RowGroup {
    /// An empty row group: one writer for each leaf of the schema.
    pub(crate) fn new(columns: Vec<ArrowColumnWriter>) -> Self {
        Self { columns, rows: 0 }
    }

    /// Rows in it.
    pub(crate) const fn rows(&self) -> usize {
        self.rows
    }

    /// Bytes it will have in the file, about.
    pub(crate) fn bytes(&self) -> usize {
        let bytes = ArrowColumnWriter::get_estimated_total_bytes;
        self.columns.iter().map(bytes).sum()
    }

    /// Adds the rows of a batch.
    pub(crate) fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        let mut work: Vec<(usize, &mut ArrowColumnWriter, ArrowLeafColumn)> = Vec::new();
        let mut columns = self.columns.iter_mut();
        for (field, column) in batch.schema_ref().fields().iter().zip(batch.columns()) {
            let size = column.get_array_memory_size();
            for leaf in compute_leaves(field, column)? {
                work.extend(columns.next().map(|writer| (size, writer, leaf)));
            }
        }
        // The longest first: no thread is left alone with one at the end.
        work.sort_by_key(|(size, ..)| Reverse(*size));
        side_by_side(work, |(_, column, leaf)| column.write(&leaf))?;
        self.rows += batch.num_rows();
        Ok(())
    }

    /// Compresses what is left, and gives the columns in the order of the schema.
    pub(crate) fn close(self) -> Result<Vec<ArrowColumnChunk>> {
        side_by_side(self.columns, ArrowColumnWriter::close)
    }
}

/// Does all the work on a few threads; results are in the order of the work.
///
/// The parallel iterators of `rayon` do not begin with the first item, and so leave one thread alone
/// with a long column: the whole transform of 300,000 clips took 5 % longer on two cores, merging and
/// encoding 18 %.
fn side_by_side<T: Send, R: Send>(
    work: Vec<T>,
    act: impl Fn(T) -> Result<R> + Sync,
) -> Result<Vec<R>> {
    let results: Mutex<Vec<(usize, R)>> = Mutex::new(Vec::with_capacity(work.len()));
    let queue = Mutex::new(work.into_iter().enumerate());
    let run = || -> Result<()> {
        loop {
            let next = queue.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some((index, item)) = next else {
                return Ok(());
            };
            let result = act(item)?;
            let mut results = results.lock().unwrap_or_else(PoisonError::into_inner);
            results.push((index, result));
        }
    };
    thread::scope(|scope| {
        let others: Vec<_> = (1..*THREADS).map(|_| scope.spawn(run)).collect();
        let mut outcome = run();
        for other in others {
            let ended = other
                .join()
                .unwrap_or_else(|_| Err(ParquetError::General("an encoder panicked".to_owned())));
            outcome = outcome.and(ended);
        }
        outcome
    })?;
    let mut results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.sort_unstable_by_key(|(index, _)| *index);
    Ok(results.into_iter().map(|(_, result)| result).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_in_the_order_of_the_work() {
        let work: Vec<u32> = (0..100).collect();
        let doubled = side_by_side(work, |n| Ok(n * 2)).unwrap();
        assert_eq!(doubled, (0..100).map(|n| n * 2).collect::<Vec<u32>>());
    }

    #[test]
    fn an_error_of_any_thread_is_the_error_of_all() {
        let fail = |n: u32| {
            if n == 57 {
                Err(ParquetError::General("no".to_owned()))
            } else {
                Ok(n)
            }
        };
        assert!(side_by_side((0..100).collect(), fail).is_err());
    }
}
