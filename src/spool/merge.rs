//! Merges all runs of a spool into one stream in snapshot order, each clip once.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use arrow::array::{BooleanArray, RecordBatch};
use arrow::compute::{filter_record_batch, interleave_record_batch};

use crate::disk::DiskError;
use crate::model::{Micros, Seconds, Window};
use crate::spool::chains::Spool;
use crate::spool::key::{Hashing, Key, Keys};
use crate::spool::pages::PagesFile;
use crate::spool::run::{RunRecord, read_run};
use crate::spool::watermark::Bound;

/// Rows of a merged batch at most.
const BATCH_ROWS: usize = 1024;

/// Rows of all chains in snapshot order: batches of 1 to 1024 rows.
///
/// Pages tile time, so that at most places one run alone has the next rows: these are handed on
/// without a copy. Only where runs overlap are rows taken one by one.
pub struct Merge {
    pages: Arc<PagesFile>,
    hashing: Hashing,
    /// Hashes that more than one row has: only their clips can come twice.
    repeated: HashSet<u64>,
    accounts: BTreeMap<String, AccountMerge>,
    /// Accounts that are through.
    through: BTreeSet<String>,
    /// Entries of the spool that are taken up.
    taken: usize,
    bound: Bound,
    rows: u64,
    duplicates: u64,
}

/// Begins to merge what is finished in the spool.
#[must_use]
pub fn merge(spool: &Spool) -> Merge {
    let mut merge = Merge::growing(spool);
    merge.repeated = spool.repeated_hashes();
    merge.take_up(spool, Bound::Everything);
    merge
}

impl Merge {
    /// Begins to merge a spool while windows are still being finished. [`Merge::take_up`] hands
    /// them over; forms of a clip with different `created_at` are all handed out, since nobody
    /// knows yet of the later one.
    #[must_use]
    pub fn growing(spool: &Spool) -> Self {
        Self {
            pages: Arc::clone(spool.pages()),
            hashing: spool.hashing().clone(),
            repeated: HashSet::new(),
            accounts: BTreeMap::new(),
            through: BTreeSet::new(),
            taken: 0,
            bound: Bound::Nothing,
            rows: 0,
            duplicates: 0,
        }
    }

    /// Takes up the windows finished since the last time, and hands out rows up to a new bound from
    /// now on. Says whether they all belong behind the rows that are out.
    pub fn take_up(&mut self, spool: &Spool, bound: Bound) -> bool {
        let mut is_in_order = true;
        for entry in spool.entries_after(self.taken) {
            self.taken += 1;
            let account_id = &entry.chain.account_id;
            is_in_order &= !self.through.contains(account_id);
            let account = self
                .accounts
                .entry(account_id.clone())
                .or_insert_with(|| AccountMerge::new(account_id, &self.pages));
            for record in entry.runs {
                is_in_order &= account.is_behind(&record);
                account.wait(Run {
                    asked: entry.chain.asked,
                    record,
                });
            }
        }
        self.bound = bound;
        is_in_order
    }

    /// Rows handed out so far.
    #[must_use]
    pub const fn rows(&self) -> u64 {
        self.rows
    }

    /// Rows dropped so far because their clip is in the snapshot already.
    #[must_use]
    pub const fn duplicates(&self) -> u64 {
        self.duplicates
    }

    fn next_batch(&mut self) -> Result<Option<RecordBatch>, DiskError> {
        loop {
            let Some(mut entry) = self.accounts.first_entry() else {
                return Ok(None);
            };
            let bound = match &self.bound {
                Bound::Nothing => return Ok(None),
                Bound::Before(account, _) if account < entry.key() => return Ok(None),
                Bound::Before(account, micros) if account == entry.key() => {
                    Some((Some(micros.0), ""))
                }
                Bound::Before(..) | Bound::Everything => None,
            };
            let account = entry.get_mut();
            let Some(batch) = account.next_batch(bound, &mut self.duplicates)? else {
                if bound.is_some() {
                    return Ok(None);
                }
                self.through.insert(entry.remove_entry().0);
                continue;
            };
            let kept = account.first_forms(batch.clone(), &self.repeated, &self.hashing)?;
            self.duplicates += (batch.num_rows() - kept.num_rows()) as u64;
            self.rows += kept.num_rows() as u64;
            if kept.num_rows() > 0 {
                return Ok(Some(kept));
            }
        }
    }
}

impl Iterator for Merge {
    type Item = Result<RecordBatch, DiskError>;

    /// The next rows before the bound.
    fn next(&mut self) -> Option<Self::Item> {
        let next = self.next_batch();
        if next.is_err() {
            // Nothing sensible can follow an error.
            self.accounts.clear();
        }
        next.transpose()
    }
}

impl std::fmt::Debug for Merge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "Merge({} rows, {} duplicates so far)",
            self.rows, self.duplicates
        )
    }
}

/// A run, and the window that its page was asked for.
struct Run {
    asked: Window,
    record: RunRecord,
}

/// An open run at its next row.
struct Cursor {
    run: Run,
    batch: RecordBatch,
    row: usize,
    /// Where its batch is among those that rows are taken from.
    slot: usize,
}

impl Cursor {
    fn key(&self) -> Key<'_> {
        Keys::of(&self.batch).key(self.row)
    }

    /// How good its form of a clip is; the greatest is kept. The rest after `modified_at` only
    /// decides between forms that the API holds to be the same.
    fn rank(&self) -> (Option<i64>, bool, Seconds, Reverse<Seconds>, u64) {
        let keys = Keys::of(&self.batch);
        let inside = keys.key(self.row).0.is_some_and(|micros| {
            let Window { from, to } = self.run.asked;
            (from..to).contains(&Micros(micros).seconds())
        });
        (
            keys.modified_at(self.row),
            inside,
            self.run.asked.from,
            Reverse(self.run.asked.to),
            self.run.record.extent.offset,
        )
    }

    /// Rows from the present one on whose key is less than `bound`.
    fn rows_before(&self, bound: Option<Key<'_>>) -> usize {
        let rest = self.batch.num_rows() - self.row;
        let Some(bound) = bound else { return rest };
        let keys = Keys::of(&self.batch);
        let (mut low, mut high) = (0, rest);
        while low < high {
            let middle = usize::midpoint(low, high);
            if keys.key(self.row + middle) < bound {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }
}

/// The merge of one account.
struct AccountMerge {
    account_id: String,
    pages: Arc<PagesFile>,
    /// Runs not yet open, by their first key; of equal ones the first received.
    waiting: BTreeMap<(Option<i64>, String, u64), Run>,
    open: Vec<Cursor>,
    /// The key of the last row taken.
    last: Option<(Option<i64>, String)>,
    /// Clips handed out whose hash is repeated.
    written: HashSet<String>,
}

impl AccountMerge {
    fn new(account_id: &str, pages: &Arc<PagesFile>) -> Self {
        Self {
            account_id: account_id.to_owned(),
            pages: Arc::clone(pages),
            waiting: BTreeMap::new(),
            open: Vec::new(),
            last: None,
            written: HashSet::new(),
        }
    }

    /// Takes up a run.
    fn wait(&mut self, run: Run) {
        let (created_at, clip_id) = run.record.first();
        let place = (created_at, clip_id.to_owned(), run.record.extent.offset);
        self.waiting.insert(place, run);
    }

    /// The first key of the runs not yet open.
    fn next_first(&self) -> Option<Key<'_>> {
        self.waiting.values().next().map(|run| run.record.first())
    }

    /// Whether all rows of a run belong behind those that were taken.
    fn is_behind(&self, run: &RunRecord) -> bool {
        let last = self.last.as_ref().map(|(at, id)| (*at, id.as_str()));
        last.is_none_or(|last| run.first() > last)
    }

    /// The next rows whose key is less than `bound`.
    fn next_batch(
        &mut self,
        bound: Option<Key<'_>>,
        duplicates: &mut u64,
    ) -> Result<Option<RecordBatch>, DiskError> {
        self.open_due(bound)?;
        let Some(least) = self.least() else {
            return Ok(None);
        };
        if bound.is_some_and(|bound| self.open[least].key() >= bound) {
            return Ok(None);
        }
        let batch = if self.open.len() == 1 {
            self.slice(bound)
        } else {
            self.interleaved(bound, duplicates)?
        };
        if let Some(last) = batch.num_rows().checked_sub(1) {
            let (created_at, clip_id) = Keys::of(&batch).key(last);
            self.last = Some((created_at, clip_id.to_owned()));
        }
        Ok(Some(batch))
    }

    /// Opens every run that may have the next row. One that begins behind the bound has none yet, and all
    /// of those would be in memory before the first of them is handed out, as the newest are listed first.
    fn open_due(&mut self, bound: Option<Key<'_>>) -> Result<(), DiskError> {
        loop {
            let due = match (self.next_first(), self.least()) {
                (None, _) => false,
                (Some(first), _) if bound.is_some_and(|bound| first >= bound) => false,
                (Some(_), None) => true,
                (Some(first), Some(least)) => first <= self.open[least].key(),
            };
            let Some((_, run)) = due.then(|| self.waiting.pop_first()).flatten() else {
                return Ok(());
            };
            self.open.push(Cursor {
                batch: read_run(&self.pages, &run.record)?,
                run,
                row: 0,
                slot: usize::MAX,
            });
        }
    }

    /// The open run with the least next row.
    fn least(&self) -> Option<usize> {
        (0..self.open.len()).min_by(|a, b| self.open[*a].key().cmp(&self.open[*b].key()))
    }

    /// The rows of the only open run before any other run begins.
    fn slice(&mut self, bound: Option<Key<'_>>) -> RecordBatch {
        let cursor = &self.open[0];
        let rows = cursor.rows_before(bound.into_iter().chain(self.next_first()).min());
        let slice = cursor.batch.slice(cursor.row, rows);
        self.advance(0, rows);
        slice
    }

    /// Rows taken one by one, until one run is left or the batch is full.
    fn interleaved(
        &mut self,
        bound: Option<Key<'_>>,
        duplicates: &mut u64,
    ) -> Result<RecordBatch, DiskError> {
        let mut sources: Vec<RecordBatch> = Vec::new();
        let mut places: Vec<(usize, usize)> = Vec::new();
        for cursor in &mut self.open {
            cursor.slot = usize::MAX;
        }
        while places.len() < BATCH_ROWS {
            self.open_due(bound)?;
            if self.open.len() < 2 {
                break;
            }
            let Some(least) = self.least() else { break };
            let key = self.open[least].key();
            if bound.is_some_and(|bound| key >= bound) {
                break;
            }
            let same: Vec<usize> = (0..self.open.len())
                .filter(|other| self.open[*other].key() == key)
                .collect();
            let best = same
                .iter()
                .copied()
                .max_by_key(|cursor| self.open[*cursor].rank())
                .unwrap_or(least);
            *duplicates += same.len() as u64 - 1;
            let cursor = &mut self.open[best];
            if cursor.slot == usize::MAX {
                cursor.slot = sources.len();
                sources.push(cursor.batch.clone());
            }
            places.push((cursor.slot, cursor.row));
            // From the last, since a run at its end is removed.
            for cursor in same.into_iter().rev() {
                self.advance(cursor, 1);
            }
        }
        let sources: Vec<&RecordBatch> = sources.iter().collect();
        interleave_record_batch(&sources, &places).map_err(DiskError::arrow_read(self.pages.path()))
    }

    /// Passes `rows` rows of an open run and removes it at its end.
    fn advance(&mut self, index: usize, rows: usize) {
        let cursor = &mut self.open[index];
        cursor.row += rows;
        if cursor.row == cursor.batch.num_rows() {
            self.open.remove(index);
        }
    }

    /// The rows whose clip was not handed out before: two forms of a clip with different
    /// `created_at` do not meet in the merge.
    fn first_forms(
        &mut self,
        batch: RecordBatch,
        repeated: &HashSet<u64>,
        hashing: &Hashing,
    ) -> Result<RecordBatch, DiskError> {
        if repeated.is_empty() {
            return Ok(batch);
        }
        let keys = Keys::of(&batch);
        let keep: Vec<bool> = (0..batch.num_rows())
            .map(|row| {
                let clip_id = keys.clip_id(row);
                !repeated.contains(&hashing.hash(&self.account_id, clip_id))
                    || self.written.insert(clip_id.to_owned())
            })
            .collect();
        if keep.iter().all(|keep| *keep) {
            return Ok(batch);
        }
        filter_record_batch(&batch, &BooleanArray::from(keep))
            .map_err(DiskError::arrow_read(self.pages.path()))
    }
}

#[cfg(test)]
mod tests;
