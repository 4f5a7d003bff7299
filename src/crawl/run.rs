//! The loop: asks for what is most urgent as soon as the limiter has a slot, and takes what came.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::crawl::chain::Chain;
use crate::crawl::context::{Crawl, CrawlError};
use crate::event::Event;
use crate::model::Window;
use crate::model::window::MARGIN;
use crate::zoom::clips::{self, PAGE_SIZE};
use crate::zoom::{ClipsQuery, Dated, Failure, FailureKind, RateLabel, Slot};

/// An account that could not be listed.
#[derive(Debug)]
pub(crate) struct AccountFailure {
    pub account_id: String,
    pub failure: Box<Failure>,
}

/// Windows to keep open: so many times what rate and latency ask for, and a few more, since some
/// always wait for their page to be spooled.
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
            if !self.progress().is_filter_distrusted() {
                queue.cut_fullest(self.wanted(latency), under_way.len());
            }
            // A slot that nobody waits for must not be kept from the retries.
            if queue.is_empty() || under_way.len() >= self.concurrency.max(1) {
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
                else => return Ok(self.with_oldest_accepted(failures)),
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
            Ok(Dated { answer, span, room }) => {
                let taken = chain.take(&crawl, answer, span);
                // Nothing of a large answer is in memory any more.
                drop(room);
                taken
            }
            Err(failure) if failure.kind == FailureKind::PageTokenRefused => {
                chain.token_refused(&crawl, &failure)
            }
            Err(failure) if failure.kind == FailureKind::Unusable => {
                chain.unusable(&crawl, failure)
            }
            Err(failure) => Err(CrawlError::Service(Box::new(chain.refused(failure)))),
        };
        let next = self.client.pool().run(take).await;
        Stepped {
            account,
            took,
            next,
        }
    }

    /// Where a window was refused, the oldest that was not may say from where on the service lists.
    fn with_oldest_accepted(&self, mut failures: Vec<AccountFailure>) -> Vec<AccountFailure> {
        for AccountFailure {
            account_id,
            failure,
        } in &mut failures
        {
            if let FailureKind::WindowRefused { asked, accepted } = &mut failure.kind {
                let chains = self.spool.chains().into_iter();
                let answered = chains.filter(|it| it.account_id == *account_id && it.pages > 0);
                let oldest = answered.map(|chain| chain.asked.from).min();
                *accepted = oldest.filter(|oldest| *oldest > asked.from);
            }
        }
        failures
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

    /// The call's parameters for a window, with the margin before it.
    fn query(&self, window: Window) -> ClipsQuery {
        ClipsQuery {
            from: (window.from - MARGIN).timestamp(),
            to: window.to.timestamp(),
            by: self.decoder.by,
            owner: self.filters.owner.clone(),
            status: self.filters.status.clone(),
            search: self.filters.search.clone(),
            page_size: PAGE_SIZE,
        }
    }
}

struct Stepped {
    account: usize,
    took: Duration,
    /// What is to be asked for now.
    next: Result<Vec<Chain>, CrawlError>,
}

/// Whether a failure says something about one account, and nothing about the others.
fn is_of_one_account(failure: &Failure) -> bool {
    matches!(
        failure.kind,
        FailureKind::Forbidden
            | FailureKind::NotFound
            | FailureKind::BadRequest
            | FailureKind::WindowRefused { .. }
            | FailureKind::Unusable
    )
}
