//! The data files, begun while the rest is still being listed.
//!
//! Rows are written up to where the census reaches without a gap. A row that turns up behind the
//! place where it belongs, or a clip that comes in two forms, spoils what is written: then all of
//! it is thrown away, and written again when the crawl is over.

use std::sync::Arc;
use std::sync::mpsc;
use std::sync::mpsc::Receiver;
use std::sync::mpsc::Sender;
use std::thread;
use std::thread::JoinHandle;

use arrow::array::RecordBatch;

use crate::crawl::Crawl;
use crate::crawl::reach::Reach;
use crate::error::Error;
use crate::event::Event;
use crate::event::Listener;
use crate::export::data_files::DataFiles;
use crate::export::data_files::Rows;
use crate::snapshot::Bound;
use crate::snapshot::Merge;
use crate::zoom::DateFilter;

/// What the writer waits for.
enum Ring {
    WindowDone,
    CrawlOver,
    Stop,
}

/// Tells the writer of every window that is done.
pub(super) struct Bell(Sender<Ring>);

impl Listener for Bell {
    fn on(&self, event: &Event) {
        if matches!(event, Event::WindowDone { .. }) {
            // Nobody listens any more once the writer has given up.
            drop(self.0.send(Ring::WindowDone));
        }
    }
}

/// The rings of a bell.
pub(super) struct Rings {
    sender: Sender<Ring>,
    receiver: Receiver<Ring>,
}

/// A bell, and its rings.
pub(super) fn bell() -> (Bell, Rings) {
    let (sender, receiver) = mpsc::channel();
    let rings = Rings {
        sender: sender.clone(),
        receiver,
    };
    (Bell(sender), rings)
}

/// Rows that are out, and duplicates among them.
pub(super) struct Counted {
    pub(super) rows: Rows,
    pub(super) written: u64,
    pub(super) duplicates: u64,
}

/// The writer; dropping it stops it and deletes what it has written.
pub(super) struct Ahead {
    rings: Sender<Ring>,
    writer: Option<JoinHandle<Result<Counted, Error>>>,
}

impl Ahead {
    /// Begins to write what the crawl finishes.
    pub(super) fn begin(files: DataFiles, crawl: &Arc<Crawl>, rings: Rings) -> Self {
        let account_ids = crawl.accounts.iter().map(|account| account.id.as_str());
        let reach = Reach::new(crawl.decoder.span, account_ids);
        let mut growing = Growing {
            merge: Merge::growing(&crawl.spool),
            // Rows are in the order of creation, whatever the windows are of.
            reach: (crawl.decoder.by == DateFilter::Created).then_some(reach),
            crawl: Arc::clone(crawl),
            rings: rings.receiver,
            seen: 0,
            is_over: false,
            distinct: 0,
        };
        let writer = thread::spawn(move || {
            stand_back();
            let rows = files.write(&mut growing)?;
            let (written, duplicates) = (growing.merge.rows(), growing.merge.duplicates());
            if written != growing.distinct {
                return Err(Spoilt::ComesTwice.into());
            }
            Ok(Counted {
                rows,
                written,
                duplicates,
            })
        });
        Self {
            rings: rings.sender,
            writer: Some(writer),
        }
    }

    /// Writes the rest, now that the crawl is over; `None` if all has to be written again.
    pub(super) fn finish(mut self) -> Option<Counted> {
        drop(self.rings.send(Ring::CrawlOver));
        self.writer
            .take()?
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            .inspect_err(|why| tracing::debug!("the data files are written again: {why}"))
            .ok()
    }
}

impl Drop for Ahead {
    fn drop(&mut self) {
        drop(self.rings.send(Ring::Stop));
        // A failure of what is thrown away is none.
        drop(self.writer.take().map(JoinHandle::join));
    }
}

/// Lets this thread, and those that it begins, have the cores only where listing leaves them: a
/// request that is sent late is a slot lost, or one too many in the second after.
fn stand_back() {
    // Elsewhere it would be the whole process that stands back.
    #[cfg(target_os = "linux")]
    // Without it the snapshot is just as good.
    rustix::process::nice(10).ok();
}

/// Why what was written ahead is no good.
#[derive(Debug, thiserror::Error)]
enum Spoilt {
    #[error("a row came behind its place")]
    BehindItsPlace,
    #[error("a clip came in two forms")]
    ComesTwice,
    #[error("the export has ended")]
    Stopped,
}

impl From<Spoilt> for Error {
    fn from(spoilt: Spoilt) -> Self {
        Self::Miscounted(spoilt.to_string())
    }
}

/// The rows of a crawl that is under way, as far as they are known; waits for the others.
struct Growing {
    merge: Merge,
    reach: Option<Reach>,
    crawl: Arc<Crawl>,
    rings: Receiver<Ring>,
    /// Windows of the spool that the reach knows of.
    seen: usize,
    is_over: bool,
    /// Clips in all, counted when they are through: the last of them are being written meanwhile.
    distinct: u64,
}

impl Growing {
    /// Takes up what has been finished.
    fn grow(&mut self) -> Result<(), Spoilt> {
        let mut bound = Bound::Nothing;
        if let Some(reach) = &mut self.reach {
            for window in self.crawl.spool.finished_after(self.seen) {
                self.seen += 1;
                reach.add(&window);
            }
            bound = reach.bound();
        }
        if self.is_over {
            bound = Bound::Everything;
        }
        if self.merge.take_up(&self.crawl.spool, bound) {
            Ok(())
        } else {
            Err(Spoilt::BehindItsPlace)
        }
    }

    fn next_batch(&mut self) -> Result<Option<RecordBatch>, Error> {
        loop {
            if let Some(batch) = self.merge.next().transpose()? {
                return Ok(Some(batch));
            }
            if self.is_over {
                self.distinct = self.crawl.spool.distinct_hashes();
                return Ok(None);
            }
            match self.rings.recv() {
                Ok(Ring::WindowDone) => {}
                Ok(Ring::CrawlOver) => self.is_over = true,
                Ok(Ring::Stop) | Err(_) => return Err(Spoilt::Stopped.into()),
            }
            self.grow()?;
        }
    }
}

impl Iterator for Growing {
    type Item = Result<RecordBatch, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_batch().transpose()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;
    use std::time::Instant;

    use super::*;
    use crate::crawl::tests::SPAN;
    use crate::crawl::tests::crawl_of;
    use crate::snapshot::CsvMode;
    use crate::snapshot::Format;
    use crate::snapshot::Layout;
    use crate::snapshot::Table;
    use crate::snapshot::testing::Row;
    use crate::snapshot::testing::finish;
    use crate::zoom::scripted::Scripted;

    /// A spool that windows are finished in by hand, and the writer.
    struct Writing {
        out: tempfile::TempDir,
        crawl: Arc<Crawl>,
        bell: Bell,
        ahead: Ahead,
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
                snapshot_at: SPAN.to * 1_000_000,
            };
            let (bell, rings) = bell();
            let ahead = Ahead::begin(files, &crawl, rings);
            Self {
                out,
                crawl,
                bell,
                ahead,
            }
        }

        /// Finishes a window of days since the span began, with clips created at some days.
        fn finish(&self, (from, to): (i64, i64), clips: &[(&str, i64)]) {
            let second = |day: i64| SPAN.from + day * 86_400;
            let row = |(id, day): &(&str, i64)| -> Row {
                let created_at = second(*day) * 1_000_000;
                ((*id).to_owned(), Some(created_at), None, String::new())
            };
            let page = clips.iter().map(row).collect();
            finish(&self.crawl.spool, "main", second(from), second(to), &[page]);
            self.bell.on(&Event::WindowDone {
                window: String::new(),
                settled: true,
            });
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
    fn rows_are_written_as_soon_as_all_windows_before_them_are_finished() {
        let writing = Writing::begin();
        writing.finish((10, 20), &[("c", 15)]);
        writing.finish((0, 10), &[("b", 5), ("a", 3)]);
        writing.wait_for(3);
        writing.finish((20, LAST), &[("d", 25)]);
        let counted = writing.ahead.finish().unwrap();
        assert_eq!((counted.written, counted.duplicates), (4, 0));
        let rows: u64 = counted.rows.staged.files.iter().map(|file| file.rows).sum();
        assert_eq!(rows, 4);
    }

    #[test]
    fn a_row_that_comes_behind_its_place_spoils_all() {
        let writing = Writing::begin();
        writing.finish((0, 10), &[("a", 3), ("b", 5)]);
        writing.wait_for(2);
        writing.finish((10, LAST), &[("late", 4), ("c", 15)]);
        assert!(writing.ahead.finish().is_none());
    }

    #[test]
    fn a_clip_in_two_forms_spoils_all() {
        let writing = Writing::begin();
        writing.finish((0, 10), &[("a", 3), ("b", 5)]);
        writing.wait_for(2);
        writing.finish((10, LAST), &[("a", 15)]);
        assert!(writing.ahead.finish().is_none());
    }

    #[test]
    fn a_crawl_that_is_given_up_leaves_no_files_and_no_writer() {
        let writing = Writing::begin();
        writing.finish((0, 10), &[("a", 3), ("b", 5)]);
        writing.wait_for(2);
        let Writing {
            out, crawl, ahead, ..
        } = writing;
        drop(ahead);
        assert!(Arc::into_inner(crawl).is_some());
        assert!(!Layout::new(out.path(), Table::Clips).staging_dir().exists());
    }
}
