//! The crawl: all windows of all accounts, many at once. The one concurrent step of an export.
//!
//! One request is the unit of work. Its page holds all of its window, or it is the head of it: what is
//! later than the second of its oldest record is finished, and the rest is a window again. No page
//! token is needed, so that none can expire, and each answer is of one moment. Two counts prove it: a
//! page that holds its window has as many distinct clips as its `total_records`, and a head and the
//! rest come to the total that the head's page named (`sums`). What does not add up is asked for
//! again, that span alone. Where no head can be made (another order, no total, more clips in one
//! second than are worth repeating) a chain goes on by page token, within its window (`chain`,
//! `proof`).
//!
//! What comes next is decided in `queue` when the limiter has a slot. Every chain is in the spool
//! before its rest is asked for, so that an interrupted crawl goes on where it was.

use std::collections::{BTreeMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Instant;

mod chain;
#[cfg(test)]
mod fuzz;
pub(crate) mod page;
mod proof;
mod queue;
mod sums;
#[cfg(test)]
pub(crate) mod tests;
mod windows;

use crate::crawl::chain::Chain;
use crate::crawl::page::Decoder;
use crate::crawl::queue::Queue;
use crate::crawl::sums::{Standing, Sums};
use crate::disk::{DiskError, OutputLock};
use crate::event::{Event, Events};
use crate::model::WindowRecord;

use crate::model::verdict::has_counts;
use crate::model::window::{LONGEST_WINDOW, MARGIN};
use crate::model::{ChainOutcome, ChainRecord, Window};
use crate::spool::{ChainPages, Settled, Spool};
use crate::zoom::clips::{self, PAGE_SIZE};
use crate::zoom::{Client, ClipsQuery, Failure, FailureKind, RateLabel, Slot};

/// An account to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Account {
    /// What stands in the rows.
    pub id: String,
    /// The account to name in the path; `None` lists the access token's own through `/clips`.
    pub path: Option<String>,
}

/// Which clips are listed, beside the window.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Filters {
    /// An owner's id or e-mail address.
    pub owner: Option<String>,
    /// One status.
    pub status: Option<String>,
    /// Part of a title.
    pub search: Option<String>,
}

/// Everything that a crawl needs, and what it knows. Shared by all requests under way.
#[derive(Debug)]
pub(crate) struct Crawl {
    /// The service.
    pub client: Client,
    /// Where finished chains go.
    pub spool: Spool,
    /// What to list.
    pub accounts: Vec<Account>,
    /// Which clips.
    pub filters: Filters,
    /// How pages become rows.
    pub decoder: Decoder,
    /// Requests under way at once, from 1, those that wait for a retry among them.
    pub concurrency: usize,
    /// Who listens.
    pub events: Events,
    /// Held as long as any request may still write, which can be after the crawl was stopped.
    pub _lock: OutputLock,
    /// What the pages so far tell together.
    pub known: Known,
}

/// What the pages of a crawl tell together.
#[derive(Debug, Default)]
pub(crate) struct Known {
    progress: Mutex<Progress>,
    /// Some window has told of a clip by its total.
    names_counts: AtomicBool,
    /// The service lists what was not asked for: smaller windows may not be smaller.
    has_strays: AtomicBool,
}

/// Sums, and how much of each window that was planned is done.
#[derive(Debug, Default)]
struct Progress {
    sums: Sums,
    /// By account and begin: the window, seconds of it that are not settled, and whether all others
    /// are proven.
    planned: BTreeMap<(usize, i64), (Window, i64, bool)>,
}

/// An account that could not be listed.
#[derive(Debug)]
pub(crate) struct AccountFailure {
    /// The account.
    pub account_id: String,
    /// Why.
    pub failure: Box<Failure>,
}

/// What ends a crawl early.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CrawlError {
    /// The service, for good or for now.
    #[error(transparent)]
    Service(Box<Failure>),
    /// The spool.
    #[error(transparent)]
    Spool(#[from] DiskError),
}

/// Requests in flight that keep a quota busy, in all as much more than rate and latency ask for, and
/// so many on top: some windows always wait for their page to be spooled.
const OPEN_WINDOWS: (f64, usize) = (1.25, 4);

/// What a request is thought to take before the first is answered.
const FIRST_LATENCY: Duration = Duration::from_millis(200);

impl Crawl {
    /// Lists every window that no earlier run has finished.
    ///
    /// Dropping the future stops all requests; what is finished stays in the spool.
    ///
    /// # Errors
    /// [`CrawlError`] where the service or the spool fails as a whole. An account that alone
    /// cannot be listed is among the returned failures, and the others are finished.
    pub(crate) async fn run(self: &Arc<Self>) -> Result<Vec<AccountFailure>, CrawlError> {
        let mut queue = self.plan();
        let mut failures: Vec<AccountFailure> = Vec::new();
        let mut under_way = JoinSet::new();
        let mut latency = FIRST_LATENCY;
        let mut slot = None;
        loop {
            if !self.is_filter_distrusted() {
                queue.cut_fullest(self.wanted(latency), under_way.len());
                while let Some(chain) = queue.take_too_long() {
                    under_way.spawn(Arc::clone(self).give_up(chain));
                }
            }
            // A slot that nobody waits for must not be kept from the retries.
            if queue.is_empty() || under_way.len() >= self.most_under_way() {
                slot = None;
            } else if slot.is_none() {
                slot = Some(Box::pin(self.client.slot(RateLabel::Light)));
            }
            let has_slot = slot.is_some();
            let next_slot = async {
                match slot.as_mut() {
                    Some(slot) => slot.await,
                    None => std::future::pending().await,
                }
            };
            let done: Stepped = tokio::select! {
                biased;
                Some(joined) = under_way.join_next() => match joined {
                    Ok(done) => done,
                    Err(failed) => std::panic::resume_unwind(failed.into_panic()),
                },
                due = next_slot, if has_slot => {
                    slot = None;
                    if let Some(chain) = queue.pop() {
                        under_way.spawn(Arc::clone(self).step(due, chain));
                    }
                    continue;
                }
                else => return Ok(failures),
            };
            latency = latency.mul_f64(0.9) + done.took.mul_f64(0.1);
            match done.next {
                Ok(chains) => {
                    let is_listed = |chain: &Chain| {
                        let id = &self.accounts[chain.account].id;
                        failures.iter().all(|failed| failed.account_id != *id)
                    };
                    for chain in chains.into_iter().filter(is_listed) {
                        queue.push(chain);
                    }
                }
                Err(CrawlError::Service(failure)) if is_of_one_account(&failure) => {
                    queue.drop_account(done.account);
                    let account_id = self.accounts[done.account].id.clone();
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

    /// A record for each window of the plan, of this run and of earlier ones that it went on with.
    #[must_use]
    pub(crate) fn windows(&self) -> Vec<WindowRecord> {
        let chains = self.spool.chains();
        self.sums(|sums| windows::fold(self.decoder.span, &chains, sums))
    }

    /// Asks for the next page of a window, and takes it.
    async fn step(self: Arc<Self>, slot: Slot, chain: Chain) -> Stepped {
        let begun = Instant::now();
        let account = chain.account;
        let listed = &self.accounts[account];
        let query = self.query(chain.window);
        let call = clips::call(listed.path.as_deref(), &query, chain.page_token());
        let decode = {
            let (crawl, account_id) = (Arc::clone(&self), listed.id.clone());
            move |body: &bytes::Bytes| crawl.decoder.page(&account_id, body)
        };
        let answered = self.client.get_in(Some(slot), &call, decode).await;
        let took = begun.elapsed();
        let crawl = Arc::clone(&self);
        let take = move || match answered {
            Ok(dated) => chain.take(&crawl, dated.answer, dated.span),
            Err(failure) if failure.kind == FailureKind::PageTokenRefused => {
                chain.token_refused(&crawl, &failure)
            }
            Err(failure) => Err(CrawlError::Service(Box::new(failure))),
        };
        let next = self.client.cores().run(take).await;
        Stepped {
            account,
            took,
            next,
        }
    }

    /// Gives up a chain that is too long for its window.
    async fn give_up(self: Arc<Self>, chain: Chain) -> Stepped {
        let (begun, account) = (Instant::now(), chain.account);
        let crawl = Arc::clone(&self);
        let next = self.client.cores().run(move || chain.give_up(&crawl)).await;
        Stepped {
            account,
            took: begun.elapsed(),
            next,
        }
    }

    /// How many windows keep the quota busy: those in the queue, and those under way.
    fn wanted(&self, latency: Duration) -> usize {
        #[expect(clippy::cast_precision_loss, reason = "at most 1024")]
        let most = self.concurrency.max(1) as f64;
        let in_flight = self.client.rate(RateLabel::Light) * latency.as_secs_f64();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "from 0 to 1280"
        )]
        let share = (in_flight.min(most) * OPEN_WINDOWS.0).ceil() as usize;
        share + OPEN_WINDOWS.1
    }

    /// Requests under way at once, until their page is in the spool: what an interruption costs.
    fn most_under_way(&self) -> usize {
        self.concurrency.max(1)
    }

    /// The windows that are not finished yet.
    fn plan(&self) -> Queue {
        let chains = self.spool.chains();
        let settled = self.replay(&chains);
        self.spool.settle(settled);
        let mut queue = Queue::default();
        let (mut windows, mut resumed) = (0, 0);
        let mut progress = self.progress();
        for (account, listed) in self.accounts.iter().enumerate() {
            let mut done = Vec::new();
            let mut seams = Vec::new();
            let own = |(_, chain): &(usize, &ChainRecord)| chain.account_id == listed.id;
            for (place, chain) in chains.iter().enumerate().filter(own) {
                let is_done = progress.sums.standing(place) != Standing::Superseded;
                let spans = [Some(chain.asked), chain.finished];
                seams.extend(spans.into_iter().flatten().flat_map(|it| [it.from, it.to]));
                done.extend(chain.finished.filter(|_| is_done));
            }
            let planned = Window::tile(self.decoder.span).len() as u64;
            let mut open = HashSet::new();
            for gap in Window::tile_around(self.decoder.span, &done, &seams) {
                open.insert((gap.from - self.decoder.span.from) / LONGEST_WINDOW);
                let window = (gap, gap.seconds(), true);
                progress.planned.insert((account, gap.from), window);
                queue.push(Chain::unseen(account, gap));
                windows += 1;
            }
            resumed += planned - open.len() as u64;
        }
        drop(progress);
        self.events.emit(&Event::Planned { windows, resumed });
        queue
    }

    /// Takes up what earlier runs have come to. Returns what of it is settled.
    fn replay(&self, chains: &[ChainRecord]) -> Vec<Settled> {
        let place_of = |id: &str| self.accounts.iter().position(|account| account.id == id);
        let mut progress = self.progress();
        progress.sums = Sums::default();
        for (place, chain) in chains.iter().enumerate() {
            let is_head = chain.outcome == ChainOutcome::Head;
            let seam = || self.spool.hashes_of(place).into_iter().collect();
            let seam = if is_head { seam() } else { HashSet::new() };
            // Accounts are part of what a spool is for.
            let account = place_of(&chain.account_id).unwrap_or(usize::MAX);
            progress.sums.add(account, chain, seam, 0);
            self.counts_are_named(chain.total.unwrap_or(0));
        }
        let windows = windows::fold(self.decoder.span, chains, &progress.sums);
        let has_counts = has_counts(&windows);
        progress.sums.reopen(|place, standing| match standing {
            Standing::Unsettled => true,
            _ => has_counts && chains[place].total.is_none(),
        });
        let is_settled = |(place, _): &(usize, &ChainRecord)| {
            !matches!(
                progress.sums.standing(*place),
                Standing::Superseded | Standing::Open
            )
        };
        let settled = chains.iter().enumerate().filter(is_settled);
        settled
            .filter_map(|(_, chain)| {
                Some(Settled {
                    account_id: chain.account_id.clone(),
                    window: chain.finished?,
                })
            })
            .collect()
    }

    /// Puts a chain into the spool, and draws what follows from it. Returns the spans that have to be
    /// asked for again.
    fn add(
        &self,
        account: usize,
        record: ChainRecord,
        pages: ChainPages,
        seam: HashSet<u64>,
        repeats: u32,
    ) -> Result<Vec<Chain>, CrawlError> {
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
            self.events.emit(&Event::Repeated {
                window: format!("{account_id} {window}"),
                why: "it and the rest do not come to the total".to_owned(),
            });
        }
        let again = consequences.again.into_iter();
        Ok(again
            .map(|(window, repeats)| Chain::again(account, window, repeats))
            .collect())
    }

    fn sums<T>(&self, look: impl FnOnce(&Sums) -> T) -> T {
        look(&self.progress().sums)
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        let progress = self.known.progress.lock();
        progress.unwrap_or_else(PoisonError::into_inner)
    }

    /// Some window named this total.
    fn counts_are_named(&self, total: u64) {
        self.known
            .names_counts
            .fetch_or(total > 0, Ordering::Relaxed);
    }

    /// Whether any window has told of a clip by its total.
    fn are_counts_named(&self) -> bool {
        self.known.names_counts.load(Ordering::Relaxed)
    }

    /// The service lists what was not asked for.
    fn distrust_filter(&self) {
        self.known.has_strays.store(true, Ordering::Relaxed);
    }

    /// Whether smaller windows may not be smaller.
    fn is_filter_distrusted(&self) -> bool {
        self.known.has_strays.load(Ordering::Relaxed) || self.sums(Sums::is_cutting_futile)
    }

    /// The call's parameters for a window, with the margin before it.
    fn query(&self, window: Window) -> ClipsQuery {
        ClipsQuery {
            from: instant(window.from - MARGIN),
            to: instant(window.to),
            by: self.decoder.by,
            owner: self.filters.owner.clone(),
            status: self.filters.status.clone(),
            search: self.filters.search.clone(),
            page_size: PAGE_SIZE,
        }
    }
}

/// What came of a request.
struct Stepped {
    account: usize,
    took: Duration,
    /// What is to be asked for now.
    next: Result<Vec<Chain>, CrawlError>,
}

impl Progress {
    /// Takes note that a span is settled. Returns the planned window that it was the last span of,
    /// and whether all of that is proven.
    fn finish(&mut self, account: usize, span: Window, is_proven: bool) -> Option<(Window, bool)> {
        let planned = self.planned.range_mut(..=(account, span.from)).next_back();
        let (_, (window, open, are_proven)) = planned?;
        *open -= span.seconds();
        *are_proven &= is_proven;
        (*open == 0).then_some((*window, *are_proven))
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
