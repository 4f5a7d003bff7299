//! The data files, begun while the rest is still being listed.
//!
//! Rows are written up to the watermark: up to where the census is settled without a gap. A row that
//! turns up behind the place where it belongs, or a clip that comes in two forms, makes what is
//! written useless: then all of it is thrown away, and written again when the crawl is over.

use std::sync::Arc;
use std::thread;
use std::thread::JoinHandle;

use arrow::array::RecordBatch;

use crate::crawl::Crawl;
use crate::error::Error;
use crate::export::data_files::{DataFiles, StagedRows};
use crate::spool::{Bound, Merge, Stage, Watermark};
use crate::zoom::DateFilter;

/// Rows that are out, and duplicates among them.
pub(super) struct CountedRows {
    pub(super) rows: StagedRows,
    pub(super) written: u64,
    pub(super) duplicates: u64,
}

/// The thread that writes; dropping it stops the thread and deletes what it has written.
pub(super) struct EarlyWriter {
    crawl: Arc<Crawl>,
    thread: Option<JoinHandle<Result<CountedRows, Error>>>,
}

impl EarlyWriter {
    /// Begins to write what the crawl settles.
    pub(super) fn begin(files: DataFiles, crawl: &Arc<Crawl>) -> Self {
        let account_ids = crawl.accounts.iter().map(|account| account.id.as_str());
        let watermark = Watermark::new(crawl.decoder.span, account_ids);
        let mut rows = FinalRows {
            merge: Merge::growing(&crawl.spool),
            // Rows are in the order of creation, whatever the windows are about.
            watermark: (crawl.decoder.by == DateFilter::Created).then_some(watermark),
            crawl: Arc::clone(crawl),
            seen: 0,
            is_complete: false,
            distinct: 0,
        };
        let thread = thread::spawn(move || {
            lower_priority();
            let written_rows = files.write(&mut rows)?;
            let (written, duplicates) = (rows.merge.rows(), rows.merge.duplicates());
            if written != rows.distinct {
                return Err(Useless::ComesTwice.into());
            }
            Ok(CountedRows {
                rows: written_rows,
                written,
                duplicates,
            })
        });
        Self {
            crawl: Arc::clone(crawl),
            thread: Some(thread),
        }
    }

    /// Writes the rest, now that the crawl is over; `None` if all has to be written again.
    pub(super) fn finish(mut self) -> Option<CountedRows> {
        self.crawl.spool.close(Stage::Complete);
        self.thread
            .take()?
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            .inspect_err(|why| tracing::debug!("the data files are written again: {why}"))
            .ok()
    }
}

impl Drop for EarlyWriter {
    fn drop(&mut self) {
        if let Some(thread) = self.thread.take() {
            self.crawl.spool.close(Stage::GivenUp);
            // A failure of what is thrown away is none.
            drop(thread.join());
        }
    }
}

/// Lets this thread, and those that it begins, have the cores only where listing leaves them: a
/// request that is sent late is a slot lost, or one too many in the second after.
fn lower_priority() {
    // Elsewhere it would be the whole process whose priority falls.
    #[cfg(target_os = "linux")]
    // Without it the snapshot is just as good.
    rustix::process::nice(10).ok();
}

/// Why what was written early is useless.
#[derive(Debug, thiserror::Error)]
enum Useless {
    #[error("a row came behind its place")]
    OutOfOrder,
    #[error("a clip came in two forms")]
    ComesTwice,
    #[error("the export has ended")]
    Stopped,
}

impl From<Useless> for Error {
    fn from(useless: Useless) -> Self {
        Self::Miscounted(useless.to_string())
    }
}

/// The rows of a crawl that is under way, as far as they are final; waits for the others.
struct FinalRows {
    merge: Merge,
    watermark: Option<Watermark>,
    crawl: Arc<Crawl>,
    /// Settled spans that the watermark knows of.
    seen: usize,
    is_complete: bool,
    /// Clips in all, counted when they are through: the last of them are being written meanwhile.
    distinct: u64,
}

impl FinalRows {
    /// Waits until more is final, and takes it up.
    fn grow(&mut self) -> Result<(), Useless> {
        let (settled, stage) = self.crawl.spool.wait_after(self.seen);
        self.seen += settled.len();
        let bound = match (stage, &mut self.watermark) {
            (Stage::GivenUp, _) => return Err(Useless::Stopped),
            (Stage::Complete, _) => {
                self.is_complete = true;
                Bound::Everything
            }
            (Stage::Open, None) => Bound::Nothing,
            (Stage::Open, Some(watermark)) => {
                for span in &settled {
                    watermark.add(span);
                }
                watermark.bound()
            }
        };
        if self.merge.take_up(&self.crawl.spool, bound) {
            Ok(())
        } else {
            Err(Useless::OutOfOrder)
        }
    }

    fn next_batch(&mut self) -> Result<Option<RecordBatch>, Error> {
        loop {
            if let Some(batch) = self.merge.next().transpose()? {
                return Ok(Some(batch));
            }
            if self.is_complete {
                self.distinct = self.crawl.spool.distinct_hashes();
                return Ok(None);
            }
            self.grow()?;
        }
    }
}

impl Iterator for FinalRows {
    type Item = Result<RecordBatch, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_batch().transpose()
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;
    use crate::clip::testing::Row;
    use crate::crawl::tests::{SPAN, crawl_of};
    use crate::disk::{Layout, Table};
    use crate::snapshot::{CsvMode, Format};
    use crate::spool::testing::finish;
    use crate::zoom::scripted::Scripted;

    /// A spool that windows are finished in by hand, and the writer.
    struct Writing {
        out: tempfile::TempDir,
        crawl: Arc<Crawl>,
        writer: EarlyWriter,
    }

    impl Writing {
        fn begin() -> Self {
            let out = tempfile::tempdir().unwrap();
            let service = Scripted::queue([]);
            let crawl = Arc::new(crawl_of(&out, service, 1));
            let files = DataFiles {
                layout: Layout::new(out.path(), Table::Clips),
                format: Format::Csv,
                csv_mode: CsvMode::Lossless,
                max_file_rows: 1,
                resolve_owners: false,
                snapshot_at: SPAN.to.micros(),
            };
            let writer = EarlyWriter::begin(files, &crawl);
            Self { out, crawl, writer }
        }

        /// Finishes a window of days since the span began, with clips created at some days.
        fn finish(&self, (from, to): (i64, i64), clips: &[(&str, i64)]) {
            let second = |day: i64| SPAN.from.0 + day * 86_400;
            let row = |(id, day): &(&str, i64)| -> Row {
                let created_at = second(*day) * 1_000_000;
                ((*id).to_owned(), Some(created_at), None, String::new())
            };
            let page = clips.iter().map(row).collect();
            finish(&self.crawl.spool, "main", second(from), second(to), &[page]);
        }

        fn files(&self) -> usize {
            let folder = self.out.path().join("_work");
            let mut folders = vec![folder];
            let mut files = 0;
            while let Some(folder) = folders.pop() {
                for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
                    let path = entry.path();
                    files += usize::from(path.extension().is_some_and(|it| it == "csv"));
                    folders.push(path);
                }
            }
            files
        }

        /// Waits until there are so many data files: every row has one of its own.
        fn wait_for(&self, files: usize) {
            let patience = Instant::now() + Duration::from_mins(1);
            while self.files() < files {
                assert!(Instant::now() < patience, "{} files", self.files());
                std::thread::yield_now();
            }
        }
    }

    const LAST: i64 = 51 * 28;

    #[test]
    fn rows_are_written_as_soon_as_all_windows_before_them_are_settled() {
        let writing = Writing::begin();
        writing.finish((10, 20), &[("c", 15)]);
        writing.finish((0, 10), &[("b", 5), ("a", 3)]);
        writing.wait_for(3);
        writing.finish((20, LAST), &[("d", 25)]);
        let counted = writing.writer.finish().unwrap();
        assert_eq!((counted.written, counted.duplicates), (4, 0));
        let rows: u64 = counted.rows.staged.files.iter().map(|file| file.rows).sum();
        assert_eq!(rows, 4);
    }

    #[test]
    fn what_was_written_is_useless_once_a_row_comes_behind_its_place() {
        let writing = Writing::begin();
        writing.finish((0, 10), &[("a", 3), ("b", 5)]);
        writing.wait_for(2);
        writing.finish((10, LAST), &[("late", 4), ("c", 15)]);
        assert!(writing.writer.finish().is_none());
    }

    #[test]
    fn what_was_written_is_useless_once_a_clip_comes_in_two_forms() {
        let writing = Writing::begin();
        writing.finish((0, 10), &[("a", 3), ("b", 5)]);
        writing.wait_for(2);
        writing.finish((10, LAST), &[("a", 15)]);
        assert!(writing.writer.finish().is_none());
    }

    #[test]
    fn a_crawl_that_is_given_up_leaves_no_files_and_no_writer() {
        let writing = Writing::begin();
        writing.finish((0, 10), &[("a", 3), ("b", 5)]);
        writing.wait_for(2);
        let Writing { out, crawl, writer } = writing;
        drop(writer);
        assert!(Arc::into_inner(crawl).is_some());
        assert!(!Layout::new(out.path(), Table::Clips).staging_dir().exists());
    }
}
