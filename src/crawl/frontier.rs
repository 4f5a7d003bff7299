//! What is still to be walked, and in which order.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::watch;

use crate::crawl::handed::Ear;
use crate::crawl::handed::Told;
use crate::crawl::window::Window;

/// The longest chain of pages that is never split. Every part costs half a page, and where it is cut
/// and not handed on, the page that told of it comes again.
const SHORT_CHAIN: u64 = 24;

/// The longest chain that is ever walked, where it can be split: what a dead page token costs.
const LONG_CHAIN: u64 = 400;

/// The share of the pages still to come that one chain may hold. Its pages come one after the
/// other: at 80 requests a second and 200 ms for each, 16 chains keep the quota busy, and some
/// more leave room for what takes longer.
const CHAINS: u64 = 18;

/// Chains to be kept for the end, so that the quota is busy until then: a chain with a greater
/// share of what is still to come than one of these is late.
const TO_THE_END: u64 = 20;

/// How long the chain of a part is to be: this share of the longest that is not split.
const PART: (u64, u64) = (3, 4);

/// Parts of one split. Clips may all lie in one of them, so that the rest is asked for in vain:
/// few parts and more levels find a burst with fewer requests.
const MOST_PARTS: u64 = 4;

/// What the first pages of a crawl have told so far.
#[derive(Debug, Default)]
pub struct Known {
    /// Clips in the windows that were walked first.
    clips: AtomicU64,
    /// Clips that have come.
    pub(super) came: AtomicU64,
    /// The parts of a window once held more than the window: the service does not look at the time
    /// of day, say, and splitting further only repeats requests.
    is_futile: AtomicBool,
    /// A chain and what it had handed on did not add up: windows are cut from now on.
    does_not_add_up: AtomicBool,
    /// Windows whose first page is on its way, of those that are walked first.
    unseen: watch::Sender<usize>,
}

/// How long a walk waits for the first pages of the others. They are asked for before its second
/// page anyway; one that is held up must not hold up all.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// A window that was split, as its parts remember it.
#[derive(Debug)]
pub struct Family {
    /// What they can hold together.
    most: u64,
    /// Totals of the parts so far.
    parts: AtomicU64,
}

/// The shortest part whose total is compared with its family's: the margin of a shorter one may
/// really hold the clips of others.
const SHORTEST_COMPARED: i64 = 60;

impl Known {
    /// A whole window has told its total.
    pub fn add(&self, clips: u64) {
        self.clips.fetch_add(clips, Ordering::Relaxed);
    }

    /// So many clips have come.
    pub fn came(&self, clips: u64) {
        self.came.fetch_add(clips, Ordering::Relaxed);
    }

    /// So many windows are about to be looked into for the first time.
    pub fn expect(&self, windows: usize) {
        self.unseen.send_replace(windows);
    }

    /// One of them has been, or cannot be.
    pub fn seen(&self) {
        self.unseen
            .send_modify(|unseen| *unseen = unseen.saturating_sub(1));
    }

    /// Waits until it can be told whether so many clips are too long a chain: they are not by what
    /// is known, or all of them have been.
    pub async fn can_judge(&self, total_records: u64, page_size: u64) {
        let pages = total_records.div_ceil(page_size);
        let mut unseen = self.unseen.subscribe();
        let all = unseen.wait_for(|unseen| *unseen == 0 || pages <= self.longest_chain(page_size));
        // Late or not: the split is decided by what is known then.
        drop(tokio::time::timeout(PATIENCE, all).await);
    }

    /// Whether any window has told of a clip.
    #[must_use]
    pub fn is_any(&self) -> bool {
        self.clips.load(Ordering::Relaxed) > 0
    }

    /// Takes note of a part's total; says whether splitting has turned out not to shrink windows.
    #[must_use]
    pub fn is_futile(&self, job: &Job, total: u64) -> bool {
        if let Some(family) = &job.family
            && job.window.seconds() >= SHORTEST_COMPARED
        {
            let parts = family.parts.fetch_add(total, Ordering::Relaxed) + total;
            if parts > family.most {
                self.is_futile.store(true, Ordering::Relaxed);
            }
        }
        self.splits_in_vain()
    }

    /// Whether splitting has turned out not to shrink windows.
    #[must_use]
    pub fn splits_in_vain(&self) -> bool {
        self.is_futile.load(Ordering::Relaxed)
    }

    /// A chain and what it had handed on did not add up.
    pub fn did_not_add_up(&self) {
        self.does_not_add_up.store(true, Ordering::Relaxed);
    }

    /// Whether a chain and what it hands on may be thought to add up.
    #[must_use]
    pub fn adds_up(&self) -> bool {
        !self.does_not_add_up.load(Ordering::Relaxed)
    }

    /// How long a chain may be, in pages: the more is still to come, the longer, since a long chain
    /// only matters where it ends after all others.
    #[must_use]
    pub fn longest_chain(&self, page_size: u64) -> u64 {
        (self.pages_to_come(page_size) / CHAINS).clamp(SHORT_CHAIN, LONG_CHAIN)
    }

    /// How many pages, one after the other, end in time with the rest.
    #[must_use]
    pub fn in_time(&self, page_size: u64) -> u64 {
        self.pages_to_come(page_size) / TO_THE_END
    }

    fn pages_to_come(&self, page_size: u64) -> u64 {
        let came = self.came.load(Ordering::Relaxed);
        self.clips.load(Ordering::Relaxed).saturating_sub(came) / page_size
    }
}

/// One window of one account to walk.
#[derive(Debug, Clone)]
pub struct Job {
    /// The position of its account in the census.
    pub account: usize,
    /// The window.
    pub window: Window,
    /// How many clips are thought to be in it; `None` before anybody has looked.
    pub estimate: Option<u64>,
    /// Walks of this window, or of the one it was cut from, that did not settle.
    pub repeats: u32,
    /// The window that it is a part of.
    pub family: Option<Arc<Family>>,
    /// Who waits to hear how many clips are in it.
    pub tell: Option<Arc<watch::Sender<Told>>>,
}

impl Job {
    /// The parts of a window that is too full for one chain of pages; `None` if it is not, or
    /// cannot be cut.
    #[must_use]
    pub fn split_if_full(
        &self,
        total_records: u64,
        page_size: u64,
        longest_chain: u64,
    ) -> Option<Vec<Self>> {
        let pages = total_records.div_ceil(page_size);
        if pages <= longest_chain || !self.window.can_split() {
            return None;
        }
        let part = longest_chain * PART.0 / PART.1;
        let parts = pages.div_ceil(part).clamp(2, MOST_PARTS);
        Some(self.split(u32::try_from(parts).unwrap_or(2), total_records))
    }

    /// The first part of its window up to the second `to`, for another walk, and where to hear of
    /// it. `left` clips are thought to be in both parts, and at most `most` in that one.
    pub(super) fn hand_on(&self, to: i64, left: u64, most: u64) -> (Self, Ear) {
        let (tell, ear) = watch::channel(Told::Nothing);
        let job = Self {
            window: Window {
                from: self.window.from,
                to,
            },
            estimate: Some(left / 2),
            family: Some(Arc::new(Family {
                most,
                parts: AtomicU64::new(0),
            })),
            tell: Some(Arc::new(tell)),
            ..self.clone()
        };
        (job, ear)
    }

    /// Its parts, with the clips thought to be spread evenly.
    #[must_use]
    pub fn split(&self, parts: u32, total_records: u64) -> Vec<Self> {
        let windows = self.window.split(parts);
        let estimate = total_records / windows.len().max(1) as u64;
        let family = Some(Arc::new(Family {
            most: total_records + total_records / 2,
            parts: AtomicU64::new(0),
        }));
        windows
            .into_iter()
            .map(|window| Self {
                window,
                estimate: Some(estimate),
                family: family.clone(),
                tell: None,
                ..self.clone()
            })
            .collect()
    }
}

/// All jobs, the one to take next on top: first those nobody has looked at, newest first, so that
/// full windows are found early; then the fullest, so that the crawl does not end on a long one.
#[derive(Debug, Default)]
pub struct Frontier(BinaryHeap<Ranked>);

#[derive(Debug)]
struct Ranked(Job);

impl Ranked {
    fn key(&self) -> impl Ord {
        let Job {
            account,
            window,
            estimate,
            repeats,
            ..
        } = self.0;
        let fullness = estimate.unwrap_or(u64::MAX);
        (fullness, Reverse(account), window, repeats)
    }
}

impl PartialEq for Ranked {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Ranked {}

impl Ord for Ranked {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key().cmp(&other.key())
    }
}

impl PartialOrd for Ranked {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Frontier {
    /// Adds jobs.
    pub fn add(&mut self, jobs: impl IntoIterator<Item = Job>) {
        self.0.extend(jobs.into_iter().map(Ranked));
    }

    /// Takes the next job.
    pub fn take(&mut self) -> Option<Job> {
        self.0.pop().map(|ranked| ranked.0)
    }

    /// Drops all jobs of an account that cannot be listed.
    pub fn drop_account(&mut self, account: usize) {
        self.0.retain(|ranked| ranked.0.account != account);
    }

    /// How many jobs wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether none waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(from: i64, to: i64, estimate: Option<u64>) -> Job {
        Job {
            account: 0,
            window: Window { from, to },
            estimate,
            repeats: 0,
            family: None,
            tell: None,
        }
    }

    #[test]
    fn windows_nobody_looked_at_come_first_and_newest_first_then_the_fullest() {
        let mut frontier = Frontier::default();
        frontier.add([
            job(0, 10, Some(900)),
            job(10, 20, None),
            job(30, 40, Some(5000)),
            job(20, 30, None),
        ]);
        let order: Vec<i64> =
            std::iter::from_fn(|| frontier.take().map(|job| job.window.from)).collect();
        assert_eq!(order, [20, 10, 30, 0]);
    }

    #[test]
    fn a_window_of_forty_pages_is_walked_and_one_of_more_is_split() {
        let window = job(0, 28 * 86_400, None);
        assert!(window.split_if_full(40 * 300, 300, 40).is_none());
        let parts = window.split_if_full(40 * 300 + 1, 300, 40).unwrap();
        assert_eq!(parts.len(), 2);
        assert_eq!(window.split_if_full(1_000_000, 300, 40).unwrap().len(), 4);
    }

    #[test]
    fn the_more_clips_there_are_the_longer_a_chain_may_be_within_bounds() {
        let known = Known::default();
        assert_eq!(known.longest_chain(300), 24);
        known.add(1_200_000);
        assert_eq!(known.longest_chain(300), 222);
        known.came(600_000);
        assert_eq!(known.longest_chain(300), 111);
        known.add(1_000_000_000);
        assert_eq!(known.longest_chain(300), 400);
    }

    #[tokio::test(start_paused = true)]
    async fn long_chains_wait_for_the_first_pages_of_all_but_not_for_one_that_is_held_up() {
        let known = Known::default();
        let long = 30_000;
        known.can_judge(long, 300).await;
        known.expect(3);
        known.can_judge(SHORT_CHAIN * 300, 300).await;
        let mut all = Box::pin(known.can_judge(long, 300));
        assert!(futures_util::poll!(&mut all).is_pending());
        known.seen();
        known.seen();
        assert!(futures_util::poll!(&mut all).is_pending());
        known.seen();
        assert!(futures_util::poll!(&mut all).is_ready());
        known.expect(2);
        let start = tokio::time::Instant::now();
        known.can_judge(long, 300).await;
        assert_eq!(start.elapsed(), PATIENCE);
        let mut enough = Box::pin(known.can_judge(long, 300));
        assert!(futures_util::poll!(&mut enough).is_pending());
        known.add(100 * 300 * CHAINS);
        known.seen();
        assert!(futures_util::poll!(&mut enough).is_ready());
    }

    #[test]
    fn a_window_of_a_few_seconds_is_walked_however_full_it_is() {
        let second = job(0, 3, None);
        assert!(second.split_if_full(1_000_000, 300, 40).is_none());
    }

    #[test]
    fn the_jobs_of_a_failed_account_are_dropped_and_the_others_stay() {
        let mut frontier = Frontier::default();
        frontier.add([
            job(0, 10, None),
            Job {
                account: 1,
                ..job(0, 10, None)
            },
        ]);
        frontier.drop_account(0);
        assert_eq!(frontier.len(), 1);
        assert_eq!(frontier.take().map(|job| job.account), Some(1));
    }
}
