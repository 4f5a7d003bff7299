//! What all requests of a crawl share: what they need, and what their pages tell together.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::crawl::page::Decoder;
use crate::crawl::sums::Sums;
use crate::crawl::target::{Account, Filters};
use crate::disk::{DiskError, OutputLock};
use crate::event::{Event, Events};
use crate::model::{ChainRecord, Seconds, Window};
use crate::spool::{ChainPages, Settled, Spool};
use crate::zoom::{Client, Failure};

/// Everything that a crawl needs, and what it knows. Shared by all requests under way.
#[derive(Debug)]
pub(crate) struct Crawl {
    pub client: Client,
    /// Where finished chains go.
    pub spool: Spool,
    pub accounts: Vec<Account>,
    pub filters: Filters,
    /// How pages become rows.
    pub decoder: Decoder,
    /// Requests under way at once, from 1, those that wait for a retry among them.
    pub concurrency: usize,
    pub events: Events,
    /// Held as long as any request may still write, which can be after the crawl was stopped.
    pub lock: Arc<OutputLock>,
    /// What the pages so far tell together.
    pub known: Known,
}

/// What the pages of a crawl tell together.
#[derive(Debug, Default)]
pub(crate) struct Known(Mutex<Progress>);

/// Sums, and how much of each window that was planned is done.
#[derive(Debug, Default)]
pub(super) struct Progress {
    pub(super) sums: Sums,
    /// By account and begin: the window, seconds of it that are not settled, and whether all others
    /// are proven.
    planned: BTreeMap<(usize, Seconds), (Window, i64, bool)>,
    /// What is known of the answers for each account.
    answers: BTreeMap<usize, Answers>,
    /// Some window has told of a clip by its total.
    pub(super) names_counts: bool,
    /// The service lists what was not asked for: smaller windows may not be smaller.
    pub(super) has_strays: bool,
}

/// Whether the service answers for an account at all.
#[derive(Debug, Default)]
struct Answers {
    /// There was a page of it, in this run or in one that it goes on with.
    has_page: bool,
    /// Windows since the last page that could be cut, and of which no answer could be used.
    unusable: usize,
}

/// Windows in a row of which no answer can be used, before there is any page of the account: it is
/// not the API that answers.
const MOST_UNUSABLE_AT_FIRST: usize = 4;

/// What ends a crawl early.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CrawlError {
    /// The service, for good or for now.
    #[error(transparent)]
    Service(Box<Failure>),
    #[error(transparent)]
    Spool(#[from] DiskError),
}

impl Crawl {
    /// Puts a chain into the spool, and draws what follows from it. Returns the spans that have to be
    /// asked for again, and how often they were.
    pub(super) fn add(
        &self,
        account: usize,
        record: ChainRecord,
        pages: ChainPages,
        seam: HashSet<u64>,
        repeats: u32,
    ) -> Result<Vec<(Window, u32)>, CrawlError> {
        // Sums and spool must tell the same story, in the same order.
        let mut progress = self.progress();
        let consequences = progress.sums.add(account, &record, seam, repeats);
        self.spool.add(pages, record)?;
        let account_id = &self.accounts[account].id;
        for (window, is_proven) in &consequences.settled {
            if let Some((done, is_settled)) = progress.finish(account, *window, *is_proven) {
                self.events.emit(&Event::WindowDone {
                    window: format!("{account_id} {done}"),
                    settled: is_settled,
                });
            }
        }
        drop(progress);
        let settled = consequences.settled.into_iter();
        self.spool.settle(settled.map(|(window, _)| Settled {
            account_id: account_id.clone(),
            window,
        }));
        for (window, _) in &consequences.again {
            self.repeated(
                account,
                *window,
                "this part and the rest of its window do not add up to total_records",
            );
        }
        Ok(consequences.again)
    }

    /// Says that a window is asked for again.
    pub(super) fn repeated(&self, account: usize, window: Window, why: &str) {
        self.events.emit(&Event::Repeated {
            window: format!("{} {window}", self.accounts[account].id),
            why: why.to_owned(),
        });
    }

    /// What the pages so far tell together.
    pub(super) fn progress(&self) -> MutexGuard<'_, Progress> {
        self.known.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Progress {
    /// Plans to ask for a window.
    pub(super) fn plan(&mut self, account: usize, window: Window) {
        let planned = (window, window.seconds(), true);
        self.planned.insert((account, window.from), planned);
    }

    /// An account has given a page.
    pub(super) fn has_page(&mut self, account: usize) {
        let answers = self.answers.entry(account).or_default();
        (answers.has_page, answers.unusable) = (true, 0);
    }

    /// No answer for a window of an account can be used. Returns whether that may be the fault of
    /// records in it: the service answers for others, as far as is known, of `concurrency` at once.
    pub(super) fn is_fault_of_records(
        &mut self,
        account: usize,
        can_shrink: bool,
        concurrency: usize,
    ) -> bool {
        let answers = self.answers.entry(account).or_default();
        if !can_shrink {
            return answers.has_page;
        }
        answers.unusable += 1;
        // All windows under way may be such ones, and so may the first half of each.
        let most = if answers.has_page { 2 * concurrency } else { 0 };
        answers.unusable <= most + MOST_UNUSABLE_AT_FIRST
    }

    /// Whether smaller windows may not be smaller.
    pub(super) const fn is_filter_distrusted(&self) -> bool {
        self.has_strays || self.sums.is_cutting_futile()
    }

    /// Takes note that a span is settled. Returns the planned window that it was the last span of,
    /// and whether all of that is proven.
    fn finish(&mut self, account: usize, span: Window, is_proven: bool) -> Option<(Window, bool)> {
        let planned = self.planned.range_mut(..=(account, span.from)).next_back();
        let (_, (window, open, are_proven)) = planned?;
        // The head that an earlier run left open lies in no window that is planned now.
        if !window.encloses(span) {
            return None;
        }
        *open -= span.seconds();
        *are_proven &= is_proven;
        (*open == 0).then_some((*window, *are_proven))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_that_an_earlier_run_left_open_counts_for_no_window_that_is_planned_now() {
        let window = |from, to| Window {
            from: Seconds(from),
            to: Seconds(to),
        };
        let mut progress = Progress::default();
        progress.plan(0, window(0, 600));
        assert_eq!(progress.finish(0, window(600, 1000), true), None);
        assert_eq!(progress.finish(0, window(300, 600), true), None);
        let done = Some((window(0, 600), true));
        assert_eq!(progress.finish(0, window(0, 300), true), done);
    }
}
