//! The crawl: all windows of all accounts, many at once. The one concurrent step of an export.
//!
//! Windows wait in the frontier; a bounded number of walks is under way; each ends with its rows in
//! the spool, or with parts that go back to the frontier. A walk too long for one chain of pages
//! hands on a part of its window on its way, which is walked at once.

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::sync::mpsc::UnboundedSender;
use tokio::task::JoinSet;

pub mod decode;
pub mod frontier;
#[cfg(test)]
mod fuzz;
mod handed;
pub mod proof;
pub mod reach;
#[cfg(test)]
pub(crate) mod tests;
mod verdict;
mod walk;
pub mod window;

use crate::crawl::decode::Decoder;
use crate::crawl::frontier::Frontier;
use crate::crawl::frontier::Job;
use crate::crawl::frontier::Known;
use crate::crawl::handed::Meetings;
use crate::crawl::handed::Met;
use crate::crawl::walk::Walked;
use crate::crawl::window::MARGIN;
use crate::crawl::window::Window;
use crate::event::Event;
use crate::event::Events;
use crate::snapshot::OutputLock;
use crate::snapshot::SnapshotError;
use crate::snapshot::Spool;
use crate::snapshot::WindowOutcome;
use crate::snapshot::WindowRecord;
use crate::zoom::Client;
use crate::zoom::ClipsQuery;
use crate::zoom::Failure;
use crate::zoom::FailureKind;
use crate::zoom::clips::PAGE_SIZE;

pub use crate::crawl::verdict::doubtful;
pub use crate::crawl::verdict::verdict;

/// An account to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// What stands in the rows.
    pub id: String,
    /// The account to name in the path; `None` lists the access token's own through `/clips`.
    pub path: Option<String>,
}

/// Which clips are listed, beside the window.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filters {
    /// An owner's id or e-mail address.
    pub owner: Option<String>,
    /// One status.
    pub status: Option<String>,
    /// Part of a title.
    pub search: Option<String>,
}

/// Everything that a crawl needs. Shared by its walks.
#[derive(Debug)]
pub struct Crawl {
    /// The service.
    pub client: Client,
    /// Where finished windows go.
    pub spool: Spool,
    /// What to list.
    pub accounts: Vec<Account>,
    /// Which clips.
    pub filters: Filters,
    /// How pages become rows.
    pub decoder: Decoder,
    /// How many clips the service has told of.
    pub known: Known,
    /// Walks under way at once, from 1; those of parts that were handed on come on top.
    pub walks: usize,
    /// Who listens.
    pub events: Events,
    /// Held as long as any walk may still write, which can be after the crawl was stopped.
    pub lock: OutputLock,
}

/// An account that could not be listed.
#[derive(Debug)]
pub struct AccountFailure {
    /// The account.
    pub account_id: String,
    /// Why.
    pub failure: Box<Failure>,
}

/// What ends a crawl early.
#[derive(Debug, thiserror::Error)]
pub enum CrawlError {
    /// The service, for good or for now.
    #[error(transparent)]
    Service(Box<Failure>),
    /// The spool.
    #[error(transparent)]
    Spool(#[from] SnapshotError),
}

impl Crawl {
    /// Walks every window that no earlier run has finished.
    ///
    /// Dropping the future stops all walks; finished windows stay in the spool.
    ///
    /// # Errors
    /// [`CrawlError`] where the service or the spool fails as a whole. An account that alone
    /// cannot be listed is among the returned failures, and the others are finished.
    pub async fn run(self: &Arc<Self>) -> Result<Vec<AccountFailure>, CrawlError> {
        let mut frontier = self.plan();
        let mut failures: Vec<AccountFailure> = Vec::new();
        let mut walks = JoinSet::new();
        let mut meetings = Meetings::default();
        let (handed_on, mut taken) = mpsc::unbounded_channel();
        self.known.expect(frontier.len().min(self.walks.max(1)));
        loop {
            while let Some((met, elsewhere)) = meetings.next() {
                walks.spawn(Arc::clone(self).meet(met, elsewhere));
            }
            while walks.len() < self.walks.max(1)
                && let Some(job) = frontier.take()
            {
                walks.spawn(Arc::clone(self).walk(job, handed_on.clone()));
            }
            if walks.is_empty() && taken.is_empty() {
                for met in meetings.give_up() {
                    let account_id = &self.accounts[met.job.account].id;
                    if failures.iter().all(|known| known.account_id != *account_id) {
                        walks.spawn(Arc::clone(self).meet(met, None));
                    }
                }
                if walks.is_empty() {
                    return Ok(failures);
                }
            }
            let joined = tokio::select! {
                biased;
                Some(job) = taken.recv() => {
                    // Over and above all others: who has handed it on waits for it.
                    walks.spawn(Arc::clone(self).walk(job, handed_on.clone()));
                    continue;
                }
                Some(joined) = walks.join_next() => joined,
            };
            let (account, walked) = match joined {
                Ok(ended) => ended,
                Err(failed) => std::panic::resume_unwind(failed.into_panic()),
            };
            if walked.is_err() {
                self.known.seen();
            }
            match walked {
                Ok(Walked::Done) => {}
                Ok(Walked::Settled(part)) => meetings.settled(part),
                Ok(Walked::Met(met)) => meetings.met(*met),
                Ok(Walked::Split(parts)) => frontier.add(parts),
                Err(CrawlError::Service(failure)) if is_of_one_account(&failure) => {
                    frontier.drop_account(account);
                    let account_id = self.accounts[account].id.clone();
                    if failures.iter().all(|known| known.account_id != account_id) {
                        self.events.emit(&Event::AccountFailed {
                            account: account_id.clone(),
                            why: failure.to_string(),
                        });
                        failures.push(AccountFailure {
                            account_id,
                            failure,
                        });
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Walks one window; says of which account it is.
    async fn walk(
        self: Arc<Self>,
        job: Job,
        handed_on: UnboundedSender<Job>,
    ) -> (usize, Result<Walked, CrawlError>) {
        (job.account, walk::walk(&self, job, handed_on).await)
    }

    /// Finishes one that has met the part that it handed on.
    async fn meet(
        self: Arc<Self>,
        met: Met,
        elsewhere: Option<u64>,
    ) -> (usize, Result<Walked, CrawlError>) {
        (met.job.account, walk::meet(&self, met, elsewhere).await)
    }

    /// The windows that are not finished yet.
    fn plan(&self) -> Frontier {
        let earlier = self.spool.finished();
        let doubtful = doubtful(&earlier);
        self.spool.supersede(|record| doubtful.contains(&record));
        let finished = self.spool.finished();
        let mut frontier = Frontier::default();
        for (position, account) in self.accounts.iter().enumerate() {
            let done: Vec<Window> = finished
                .iter()
                .filter(|record| record.account_id == account.id && is_finished(record))
                .map(|record| Window {
                    from: record.from,
                    to: record.to,
                })
                .collect();
            let windows = Window::tile_around(self.decoder.span, &done);
            frontier.add(windows.into_iter().map(|window| Job {
                account: position,
                window,
                estimate: None,
                repeats: 0,
                family: None,
                tell: None,
            }));
        }
        self.events.emit(&Event::Planned {
            windows: frontier.len() as u64,
            resumed: finished.iter().filter(|record| is_finished(record)).count() as u64,
        });
        frontier
    }

    /// So many clips have come: what is late changes with what is still to come.
    fn came(&self, clips: u64) {
        self.known.came(clips);
        self.client
            .in_time(self.known.in_time(u64::from(PAGE_SIZE)));
    }

    /// The call's parameters for a window, with the margin on both sides.
    fn query(&self, window: Window) -> ClipsQuery {
        ClipsQuery {
            from: instant(window.from - MARGIN),
            to: instant(window.to + MARGIN),
            by: self.decoder.by,
            owner: self.filters.owner.clone(),
            status: self.filters.status.clone(),
            search: self.filters.search.clone(),
            page_size: PAGE_SIZE,
        }
    }
}

/// Whether a window of an earlier run needs no further walk.
fn is_finished(record: &WindowRecord) -> bool {
    match record.outcome {
        WindowOutcome::Settled | WindowOutcome::Unverified => true,
        WindowOutcome::Unsettled | WindowOutcome::Split => false,
    }
}

/// Whether a failure says something about one account, and nothing about the others.
fn is_of_one_account(failure: &Failure) -> bool {
    matches!(
        failure.kind,
        FailureKind::Forbidden
            | FailureKind::NotFound
            | FailureKind::BadRequest
            | FailureKind::Unusable
            | FailureKind::PageTokenRefused
    )
}

fn instant(seconds: i64) -> jiff::Timestamp {
    jiff::Timestamp::from_second(seconds).unwrap_or(jiff::Timestamp::MAX)
}
