//! What a chain of pages hands on: the older part of its window, for another walk. And whether the
//! two come to the total that the chain was told.
//!
//! A window is too full for one chain only once its first page is there. That page is not asked for
//! again: the chain goes on with it, and ends where the part that it has handed on begins. What it
//! has seen of its own part is proven once that other part is settled: the clips of both, each
//! within its own bounds, must be as many as the chain's pages said there are in all.

use arrow::array::RecordBatch;
use tokio::sync::watch;

use crate::crawl::frontier::Job;
use crate::crawl::frontier::PATIENCE;
use crate::crawl::window::Window;
use crate::snapshot::Pages;
use crate::snapshot::WindowRecord;

/// What the first pages of a part that was handed on tell of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// Not asked yet.
    Nothing,
    /// It cannot be told how many of the clips that it names are in the part itself.
    Unclear,
    /// So many clips are in it, or in the margin before it.
    Clips(u64),
}

/// Where a chain waits for what the first page of a part tells.
pub(super) type Ear = watch::Receiver<Told>;

/// Waits until the first page of a part has told something, but not for ever.
pub(super) async fn hear(mut ear: Ear) {
    let told = ear.wait_for(|told| *told != Told::Nothing);
    // Whatever it was, or none: what is heard is asked for at every page.
    drop(tokio::time::timeout(PATIENCE, told).await);
}

/// How many clips a part has told of so far.
pub(super) fn heard(ear: &Ear) -> Option<u64> {
    match *ear.borrow() {
        Told::Clips(clips) => Some(clips),
        Told::Nothing | Told::Unclear => None,
    }
}

/// Where the clips lie that a walk has seen, by their dates in whole seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tally {
    /// Before the window, in its margin.
    pub(super) before: u64,
    /// In the window.
    pub(super) inside: u64,
    /// Behind it, in its margin.
    pub(super) behind: u64,
    /// The second of the oldest.
    pub(super) oldest: i64,
    /// The second in which the last one was changed.
    pub(super) changed: Option<i64>,
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            before: 0,
            inside: 0,
            behind: 0,
            oldest: i64::MAX,
            changed: None,
        }
    }
}

impl Tally {
    /// Counts a clip. One without a date is nowhere: then nothing adds up.
    pub(super) fn add(&mut self, window: Window, second: Option<i64>) {
        let Some(second) = second else {
            return;
        };
        self.oldest = self.oldest.min(second);
        if second < window.from {
            self.before += 1;
        } else if second < window.to {
            self.inside += 1;
        } else {
            self.behind += 1;
        }
    }

    /// Clips from the begin of the window on.
    pub(super) const fn not_before(&self) -> u64 {
        self.inside + self.behind
    }
}

/// A window that is settled, and what it holds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part {
    pub(super) account: usize,
    pub(super) window: Window,
    pub(super) tally: Tally,
}

/// A chain that has come to the part that it handed on: all that its window has is seen, if both
/// parts add up.
#[derive(Debug)]
pub(super) struct Met {
    /// What is left of its window, and what to walk if they do not.
    pub(super) job: Job,
    /// Where the window began that it asked for.
    pub(super) begin: i64,
    /// How many clips its pages said there are in all.
    pub(super) total: u64,
    /// When its first page was asked for, by the service's clock, in unix seconds.
    pub(super) first_asked: Option<i64>,
    pub(super) tally: Tally,
    pub(super) pages: Pages,
    pub(super) record: WindowRecord,
    /// What came of the other part: only worth keeping if they do not add up.
    pub(super) beyond: Vec<RecordBatch>,
}

/// A chain and the part that it handed on.
enum Sum {
    /// The part is not settled.
    Open,
    Differs,
    /// So many clips are in the part.
    AddsUp(u64),
}

impl Met {
    /// What is left of its window, as a settled one.
    pub(super) const fn part(&self) -> Part {
        Part {
            account: self.job.account,
            window: self.job.window,
            tally: self.tally,
        }
    }

    /// Whether both parts add up, once the other is settled.
    ///
    /// A clip in the other part that was changed since may have appeared there, and make up for one
    /// that was lost here.
    fn sum(&self, parts: &[Part]) -> Sum {
        let end = self.job.window.from;
        let others = || {
            parts.iter().filter(|part| {
                part.account == self.job.account
                    && part.window.from >= self.begin
                    && part.window.to <= end
            })
        };
        let seconds: i64 = others().map(|part| part.window.seconds()).sum();
        let inside: u64 = others().map(|part| part.tally.inside).sum();
        let first = others().filter(|part| part.window.from == self.begin);
        let before: u64 = first.map(|part| part.tally.before).sum();
        let elsewhere = inside + before;
        let is_changed = others().any(|part| {
            let since = |first_asked| part.tally.changed >= Some(first_asked);
            self.first_asked.is_some_and(since)
        });
        let adds_up = self.tally.not_before() + elsewhere == self.total && !is_changed;
        match (seconds == end - self.begin, adds_up) {
            (false, _) => Sum::Open,
            (true, false) => Sum::Differs,
            (true, true) => Sum::AddsUp(elsewhere),
        }
    }
}

/// Chains that have met a part that may not be settled yet.
#[derive(Debug, Default)]
pub(super) struct Meetings {
    waiting: Vec<Met>,
    /// All settled windows: some were handed on, or cut from one that was.
    parts: Vec<Part>,
}

impl Meetings {
    /// A window is settled.
    pub(super) fn settled(&mut self, part: Part) {
        self.parts.push(part);
    }

    /// A chain has met the part that it handed on.
    pub(super) fn met(&mut self, met: Met) {
        self.waiting.push(met);
    }

    /// A chain whose other part is settled, and how many clips that has, if they add up.
    pub(super) fn next(&mut self) -> Option<(Met, Option<u64>)> {
        let judge = |(place, met): (usize, &Met)| match met.sum(&self.parts) {
            Sum::Open => None,
            Sum::Differs => Some((place, None)),
            Sum::AddsUp(elsewhere) => Some((place, Some(elsewhere))),
        };
        let (place, elsewhere) = self.waiting.iter().enumerate().find_map(judge)?;
        Some((self.waiting.swap_remove(place), elsewhere))
    }

    /// The chains whose other part will not be settled any more.
    pub(super) fn give_up(&mut self) -> Vec<Met> {
        std::mem::take(&mut self.waiting)
    }
}
