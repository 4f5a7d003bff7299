//! Rows to data files: merged and summed up in one thread, encoded in another.

use std::iter;
use std::sync::mpsc;
use std::sync::mpsc::SyncSender;
use std::thread;

use arrow::array::RecordBatch;

use crate::clip::owner::OwnerIds;
use crate::disk::Layout;
use crate::error::Error;
use crate::export::exposed_rows::ExposedRows;
use crate::model::Micros;
use crate::report::SummaryFold;
use crate::settings::ExportSettings;
use crate::snapshot::csv::spreadsheet::cut_long_cells;
use crate::snapshot::{CsvMode, Format, Publication, Staged};

/// Batches merged that wait to be written.
const MERGED_AHEAD: usize = 4;

/// Bytes of a batch that no other waits behind: of documented clips, 300 have a tenth of it.
const WIDE: usize = 1 << 20;

/// Which data files are to be written, and where.
#[derive(Debug, Clone)]
pub(super) struct DataFiles {
    pub(super) layout: Layout,
    pub(super) format: Format,
    pub(super) csv_mode: CsvMode,
    pub(super) max_file_rows: u64,
    pub(super) resolve_owners: bool,
    pub(super) snapshot_at: Micros,
}

/// Data files that no reader knows of yet, and what their rows come to.
pub(super) struct StagedRows {
    pub(super) staged: Staged,
    pub(super) fold: SummaryFold,
    /// Whose clips they are, if that is to be looked up.
    pub(super) owners: OwnerIds,
    /// Those that are exposed.
    pub(super) exposed: ExposedRows,
    /// Cells that had to be cut.
    pub(super) cut: u64,
}

/// What rows come to, as far as it is known when they were read.
struct SummedUp {
    fold: SummaryFold,
    owners: OwnerIds,
    exposed: ExposedRows,
    cut: u64,
}

impl DataFiles {
    /// Those of an export.
    pub(super) fn of(settings: &ExportSettings, layout: &Layout, snapshot_at: Micros) -> Self {
        Self {
            layout: layout.clone(),
            format: settings.format,
            csv_mode: settings.csv_mode,
            max_file_rows: settings.max_file_rows,
            resolve_owners: settings.resolve_owners,
            snapshot_at,
        }
    }

    /// Rows as they are written, and how many of their cells had to be cut for it. What is summed up
    /// are these, so that a report of the files says the same.
    pub(super) fn as_written(&self, batch: RecordBatch) -> (RecordBatch, u64) {
        match (self.format, self.csv_mode) {
            (Format::Csv, CsvMode::Spreadsheet) => cut_long_cells(&batch),
            _ => (batch, 0),
        }
    }

    /// Writes all rows, which come in snapshot order. What was written before is deleted.
    pub(super) fn write<E>(
        &self,
        rows: &mut (impl Iterator<Item = Result<RecordBatch, E>> + Send),
    ) -> Result<StagedRows, Error>
    where
        Error: From<E>,
    {
        let mut publication = Publication::stage(
            &self.layout,
            self.snapshot_at.date(),
            self.format,
            self.csv_mode,
            self.max_file_rows,
        )?;
        let (merged, batches) = mpsc::sync_channel(MERGED_AHEAD);
        let summed_up = thread::scope(|scope| {
            let read = scope.spawn(move || self.sum_up(rows, &merged));
            let mut batches = batches.into_iter().filter(|it| it.num_rows() > 0);
            let written = batches.try_for_each(|batch| publication.write(&batch));
            // Whoever hands on batches that nobody takes any more waits for ever, and would be waited for.
            drop(batches);
            let read = read.join();
            written?;
            read.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })?;
        Ok(StagedRows {
            staged: publication.finish()?,
            fold: summed_up.fold,
            owners: summed_up.owners,
            exposed: summed_up.exposed,
            cut: summed_up.cut,
        })
    }

    /// Sums rows up, and hands them on.
    fn sum_up<E>(
        &self,
        rows: &mut impl Iterator<Item = Result<RecordBatch, E>>,
        merged: &SyncSender<RecordBatch>,
    ) -> Result<SummedUp, Error>
    where
        Error: From<E>,
    {
        let mut sums = SummedUp {
            fold: SummaryFold::new(self.snapshot_at),
            owners: OwnerIds::default(),
            exposed: ExposedRows::begin(&self.layout),
            cut: 0,
        };
        for batch in rows {
            let (batch, cut) = self.as_written(batch?);
            sums.cut += cut;
            sums.fold
                .add(&batch)
                .map_err(|error| Error::Miscounted(error.to_string()))?;
            if self.resolve_owners {
                sums.owners.add(&batch);
            }
            sums.exposed.add(&batch)?;
            // A wide one fills the queue: empty ones come behind it, until it is taken.
            let is_wide = batch.get_array_memory_size() > WIDE;
            let empty = RecordBatch::new_empty(batch.schema());
            let behind = if is_wide { MERGED_AHEAD } else { 0 };
            let mut all = iter::once(batch).chain(iter::repeat_n(empty, behind));
            // Who does not take it has failed, and will say so.
            if all.any(|batch| merged.send(batch).is_err()) {
                break;
            }
        }
        Ok(sums)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::disk::Table;
    use crate::disk::layout::Folder;
    use crate::snapshot::testing;

    #[test]
    fn files_that_cannot_be_written_end_the_reading_of_rows_that_are_far_ahead() {
        let out = tempfile::tempdir().unwrap();
        let layout = Layout::new(out.path(), Table::Clips);
        let files = DataFiles {
            layout: layout.clone(),
            format: Format::Parquet,
            csv_mode: CsvMode::Lossless,
            max_file_rows: 1,
            resolve_owners: false,
            snapshot_at: Micros(0),
        };
        let mut rows = (0..10 * MERGED_AHEAD).map(move |id| {
            // What the system does when the folder is gone, or the disk is full.
            std::fs::remove_dir_all(layout.staged(Folder::Data)).ok();
            let row = (id.to_string(), Some(1), None, String::new());
            Ok::<_, Error>(testing::batch("acme", &[row]))
        });
        let (tell, told) = mpsc::channel();
        thread::spawn(move || tell.send(files.write(&mut rows).is_err()));
        let has_failed = told.recv_timeout(Duration::from_mins(1));
        assert_eq!(has_failed, Ok(true));
    }
}
