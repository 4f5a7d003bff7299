//! Rows as blocks for an encoder, which depend on the rows alone and not on the batches that they came
//! in: so the same rows give the same bytes, and wide rows take no more memory than many narrow ones.

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::BatchCoalescer;
use arrow::datatypes::{DataType, SchemaRef};
use arrow::error::ArrowError;

/// Rows of a block at most.
pub(crate) const BLOCK_ROWS: usize = 4096;

/// Bytes of text after which a block ends, whatever its rows: far more than as many documented clips
/// have.
const BLOCK_BYTES: usize = 8 << 20;

/// Cuts rows into blocks.
pub(crate) struct Blocks {
    coalescer: BatchCoalescer,
    /// Of the block that is being filled.
    rows: usize,
    bytes: usize,
}

impl Blocks {
    pub(crate) fn new(schema: SchemaRef) -> Self {
        Self {
            coalescer: BatchCoalescer::new(schema, BLOCK_ROWS),
            rows: 0,
            bytes: 0,
        }
    }

    /// Adds the rows of a batch.
    pub(crate) fn push(&mut self, batch: &RecordBatch) -> Result<(), ArrowError> {
        let mut from = 0;
        while from < batch.num_rows() {
            let most = (BLOCK_ROWS - self.rows).min(batch.num_rows() - from);
            let bytes_left = BLOCK_BYTES.saturating_sub(self.bytes);
            let rows = rows_of(batch, from, most, bytes_left);
            self.rows += rows;
            self.bytes += text_bytes(batch, from, rows);
            self.coalescer.push_batch(batch.slice(from, rows))?;
            from += rows;
            if self.rows == BLOCK_ROWS || self.bytes >= BLOCK_BYTES {
                self.end_block()?;
            }
        }
        Ok(())
    }

    /// Ends the last block.
    pub(crate) fn end_block(&mut self) -> Result<(), ArrowError> {
        (self.rows, self.bytes) = (0, 0);
        self.coalescer.finish_buffered_batch()
    }

    /// The next block that is full.
    pub(crate) fn next_full(&mut self) -> Option<RecordBatch> {
        self.coalescer.next_completed_batch()
    }
}

/// How many rows from one on it takes until they have so many bytes: at least 1, and `most` at most.
fn rows_of(batch: &RecordBatch, from: usize, most: usize, bytes: usize) -> usize {
    if text_bytes(batch, from, most) < bytes {
        return most;
    }
    let (mut few, mut many) = (1, most);
    while few < many {
        let middle = usize::midpoint(few, many);
        if text_bytes(batch, from, middle) < bytes {
            few = middle + 1;
        } else {
            many = middle;
        }
    }
    few
}

/// The bytes of all texts of so many rows.
fn text_bytes(batch: &RecordBatch, from: usize, rows: usize) -> usize {
    let columns = batch.columns().iter();
    columns
        .map(|column| column_bytes(column.as_ref(), from, rows))
        .sum()
}

fn column_bytes(column: &dyn Array, from: usize, rows: usize) -> usize {
    let between = |offsets: &[i32]| {
        let (start, end) = (offsets[from], offsets[from + rows]);
        (
            usize::try_from(start).unwrap_or(0),
            usize::try_from(end - start).unwrap_or(0),
        )
    };
    match column.data_type() {
        DataType::Utf8 => between(column.as_string::<i32>().value_offsets()).1,
        DataType::List(_) => {
            let list = column.as_list::<i32>();
            let (start, length) = between(list.value_offsets());
            column_bytes(list.values().as_ref(), start, length)
        }
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::snapshot::testing::{Row, batch};

    /// The blocks of rows whose titles are so long, handed over in batches of so many rows.
    fn blocks(titles: &[usize], batches: usize) -> Vec<RecordBatch> {
        let row = |(id, length): (usize, &usize)| (id.to_string(), None, None, "t".repeat(*length));
        let rows: Vec<Row> = titles.iter().enumerate().map(row).collect();
        let mut blocks = Blocks::new(crate::clip::schema());
        let mut full = Vec::new();
        for some in rows.chunks(batches) {
            blocks.push(&batch("acme", some)).unwrap();
            full.extend(std::iter::from_fn(|| blocks.next_full()));
        }
        blocks.end_block().unwrap();
        full.extend(std::iter::from_fn(|| blocks.next_full()));
        full
    }

    #[test]
    fn narrow_rows_make_blocks_of_so_many_rows_and_wide_ones_of_so_many_bytes() {
        let sizes = |titles: &[usize]| -> Vec<usize> {
            let blocks = blocks(titles, 300);
            blocks.iter().map(RecordBatch::num_rows).collect()
        };
        assert_eq!(sizes(&vec![40; 10_000]), [4096, 4096, 1808]);
        assert_eq!(sizes(&[1 << 20; 20]), [8, 8, 4]);
        assert_eq!(sizes(&[9 << 20, 9 << 20, 1]), [1, 1, 1]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn blocks_are_the_same_however_the_rows_come(
            titles in prop::collection::vec(prop_oneof![0_usize..60, 1_000_000_usize..3_000_000], 1..40),
            batches in 1_usize..20,
        ) {
            prop_assert_eq!(blocks(&titles, batches), blocks(&titles, titles.len()));
        }
    }
}
