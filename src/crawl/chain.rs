//! One window, and what a page of it means.
//!
//! A page holds all of its window, or is the head of it; then the rest is a window again. Where no
//! head can be made, the chain goes on by page token. See [`crate::crawl`] for why.

use std::collections::HashSet;

use arrow::array::AsArray;
use arrow::datatypes::TimestampMicrosecondType;

use crate::clip::Column;
use crate::crawl::context::{Crawl, CrawlError};
use crate::crawl::page::{DecodedPage, Listed};
use crate::crawl::proof::{ChainVerdict, Proof};
use crate::event::Event;
use crate::model::verdict::is_round;
use crate::model::window::MARGIN;
use crate::model::{ChainOutcome, ChainRecord, Micros, Seconds, Window};
use crate::spool::ChainPages;
use crate::zoom::clips::PAGE_SIZE;
use crate::zoom::{EndlessGuard, Failure, FailureKind, PageToken, ServerSpan};

/// Times that one window may fail to settle before it is given up: the first and three more. Those
/// that are cut because clips were changed are not counted.
const MOST_REPEATS: u32 = 3;

/// Times that a sum may differ before heads are no longer trusted in a span.
const MOST_DIFFERING_SUMS: u32 = 2;

/// Times that one window may start over because its page token was refused, before it is cut, or
/// else given up.
const MOST_RESTARTS: u32 = 2;

/// Pages behind the first that a chain may have by page token, where its window can be cut: they come
/// one after the other, and a page token that dies costs them all.
const LONGEST_CHAIN: u64 = 50;

/// At most one in so many clips of a page may lie in the seam's second: the rest lists those again,
/// where a page token would not.
const SEAM_SHARE: usize = 10;

/// A window to ask for, and the pages of it that were read so far by page token.
#[derive(Debug)]
pub(super) struct Chain {
    /// The position of its account in the census.
    pub(super) account: usize,
    pub(super) window: Window,
    /// How many clips are thought to come still; `None` before anybody has looked.
    pub(super) left: Option<u64>,
    /// Whether `left` comes from `total_records`; after a cut it is an estimate.
    pub(super) is_told: bool,
    /// How many seconds the last page before it covered: how dense clips are at its newer end.
    seconds_a_page: i64,
    /// Times that its span was asked for and did not settle.
    repeats: u32,
    /// Times that its page token was refused.
    restarts: u32,
    read: Option<Box<Read>>,
}

/// What the pages of a chain brought.
#[derive(Debug)]
struct Read {
    page_token: Option<PageToken>,
    endless: EndlessGuard,
    proof: Proof,
    /// When the first page was asked for, by the service's clock.
    first_asked: Option<Seconds>,
    ids: HashSet<u64>,
    order: Order,
    pages: ChainPages,
    record: ChainRecord,
}

/// How the dates follow each other, page after page.
#[derive(Debug, Default)]
struct Order {
    last: Option<Seconds>,
    rises: bool,
    falls: bool,
}

impl Order {
    fn add(&mut self, second: Seconds) {
        if let Some(last) = self.last.replace(second) {
            self.rises |= last < second;
            self.falls |= last > second;
        }
    }
}

impl Chain {
    /// A window that nobody has looked into.
    pub(super) const fn unseen(account: usize, window: Window) -> Self {
        Self {
            account,
            window,
            left: None,
            is_told: false,
            seconds_a_page: i64::MAX,
            repeats: 0,
            restarts: 0,
            read: None,
        }
    }

    /// A window of the same account, of which nothing is read.
    fn part(&self, window: Window, left: u64) -> Self {
        Self {
            left: Some(left),
            repeats: self.repeats,
            restarts: self.restarts,
            ..Self::unseen(self.account, window)
        }
    }

    /// The span of a head whose sum differed.
    fn again(account: usize, window: Window, repeats: u32) -> Self {
        Self {
            left: Some(u64::from(PAGE_SIZE)),
            repeats,
            ..Self::unseen(account, window)
        }
    }

    pub(super) fn page_token(&self) -> Option<PageToken> {
        self.read.as_ref()?.page_token.clone()
    }

    /// Whether it can be cut without reading anything twice, and it is known that it pays.
    pub(super) fn can_be_cut(&self) -> bool {
        self.is_told && self.read.is_none() && self.window.can_split()
    }

    /// Cuts its window where both parts may hold as many clips.
    pub(super) fn cut(self) -> Vec<Self> {
        let left = self.left.unwrap_or(0);
        let pages = i64::try_from(left.div_ceil(u64::from(PAGE_SIZE))).unwrap_or(i64::MAX);
        let at = self
            .window
            .half(self.seconds_a_page.saturating_mul(pages) / 2);
        let mut parts: Vec<Self> = self
            .window
            .cut(at)
            .into_iter()
            .map(|window| self.part(window, left / 2))
            .collect();
        if let Some(newer) = parts.last_mut() {
            newer.seconds_a_page = self.seconds_a_page;
        }
        parts
    }

    /// Takes a page that was asked for. Returns the windows that are still to be asked for: what is
    /// left of its own, and others that turned out to need it. Works on files.
    pub(super) fn take(
        mut self,
        crawl: &Crawl,
        page: DecodedPage,
        time: Option<ServerSpan>,
    ) -> Result<Vec<Self>, CrawlError> {
        let account_id = &crawl.accounts[self.account].id;
        let mut read = self
            .read
            .take()
            .unwrap_or_else(|| Box::new(Read::new(account_id, self.window)));
        let is_first = read.proof.pages() == 0;
        crawl
            .spool
            .write_page(&mut read.pages, account_id, &page.rows, &page.rejects)?;
        read.note(&page);
        crawl.events.emit(&Event::Page {
            records: page.listed.len() as u64,
            bytes: page.bytes,
        });
        if is_first {
            let is_all = page.next_page_token.is_none();
            read.first_asked = time.map(|time| time.sent);
            read.record.shared =
                crawl
                    .progress()
                    .sums
                    .shared(self.account, self.window, &page.listed, is_all);
            if self.left.is_none() {
                crawl.events.emit(&Event::Expected {
                    clips: page.total_records,
                });
            }
        }
        let mut progress = crawl.progress();
        progress.has_page(self.account);
        progress.has_strays |= read.record.strays > 0;
        progress.names_counts |= page.total_records.is_some_and(|total| total > 0);
        let names_counts = progress.names_counts;
        drop(progress);
        if !is_first && read.is_changed(&page, time) {
            read.proof.changed();
            if self.can_shrink(crawl) {
                // It cannot settle any more, and its parts may: the rest would be read in vain.
                return self.judge(crawl, read, ChainVerdict::changed());
            }
        }
        let Some(next) = page.next_page_token else {
            let verdict = read.proof.judge(read.ids.len() as u64, names_counts);
            let total = read.proof.expected().unwrap_or(0);
            if is_first
                && verdict == ChainVerdict::Settled
                && self.can_shrink(crawl)
                && crawl.progress().sums.may_be_a_cap(total)
            {
                let why = "it fills its page, so that its total may be a cap";
                return self.abandon(crawl, read, why, 2);
            }
            return self.judge(crawl, read, verdict);
        };
        if let Some(why) = read.why_endless(&next) {
            return self.judge(crawl, read, ChainVerdict::Unsettled(why));
        }
        if let Some(head_and_rest) = self.seam(crawl, &read, &page.listed) {
            return self.finish_head(crawl, read, head_and_rest, &page.listed);
        }
        let expected = read.proof.expected();
        let left = expected.map_or(0, |total| total.saturating_sub(read.proof.records()));
        if is_first && self.can_shrink(crawl) {
            // The total may be a cap, and a chain could end at it: the parts tell.
            let is_round = expected.is_some_and(is_round);
            if is_round || left > LONGEST_CHAIN * u64::from(PAGE_SIZE) {
                let why = if is_round {
                    "its total is so round that it may be a cap"
                } else {
                    "too full for one chain"
                };
                return self.abandon(crawl, read, why, 2);
            }
        }
        self.left = Some(left);
        read.page_token = Some(next);
        self.read = Some(read);
        Ok(vec![self])
    }

    /// Its page token was refused: it starts over; and if that happens again and again, in parts.
    pub(super) fn token_refused(
        mut self,
        crawl: &Crawl,
        failure: &Failure,
    ) -> Result<Vec<Self>, CrawlError> {
        let mut read = self.read.take().expect("a page token comes from a page");
        read.record.restarts = 1;
        self.restarts += 1;
        let is_last = self.restarts > MOST_RESTARTS;
        if is_last && !self.can_shrink(crawl) {
            self.repeats = MOST_REPEATS;
            let why = format!(
                "its page token was refused {} times: {failure}",
                self.restarts
            );
            return self.judge(crawl, read, ChainVerdict::Unsettled(why));
        }
        crawl.repeated(self.account, self.window, &failure.to_string());
        let parts = if is_last { 2 } else { 1 };
        self.restarts = if is_last { 0 } else { self.restarts };
        self.abandon(crawl, read, "its page token was refused", parts)
    }

    /// A failure with the window that it is about, if it is about one.
    pub(super) fn refused(&self, mut failure: Failure) -> Failure {
        if failure.kind == FailureKind::BadRequest {
            failure.kind = FailureKind::WindowRefused {
                asked: self.window,
                accepted: None,
            };
        }
        failure
    }

    /// No answer can be used, however often it was asked for: a record of it may be broken, and is
    /// brought into a window as short as can be, so that all others are listed.
    pub(super) fn unusable(
        mut self,
        crawl: &Crawl,
        failure: Failure,
    ) -> Result<Vec<Self>, CrawlError> {
        let can_shrink = self.can_shrink(crawl);
        let is_fault_of_records =
            crawl
                .progress()
                .is_fault_of_records(self.account, can_shrink, crawl.concurrency);
        if !is_fault_of_records {
            return Err(CrawlError::Service(Box::new(failure)));
        }
        let account_id = &crawl.accounts[self.account].id;
        let read = self
            .read
            .take()
            .unwrap_or_else(|| Box::new(Read::new(account_id, self.window)));
        let why = format!(
            "no answer for {} can be used ({} tried): {}",
            self.window, failure.attempts, failure.detail
        );
        if can_shrink {
            if self.left.is_none() {
                crawl.events.emit(&Event::Expected { clips: None });
            }
            crawl.repeated(self.account, self.window, &why);
            return self.abandon(crawl, read, &why, 2);
        }
        self.repeats = MOST_REPEATS;
        self.judge(crawl, read, ChainVerdict::Unsettled(why))
    }

    /// Ends a chain that has come to its end, or cannot come to a good one.
    fn judge(
        mut self,
        crawl: &Crawl,
        mut read: Box<Read>,
        verdict: ChainVerdict,
    ) -> Result<Vec<Self>, CrawlError> {
        let can_cut = read.proof.pages() > 1 && self.can_shrink(crawl);
        let (outcome, why) = match verdict {
            ChainVerdict::Settled => (ChainOutcome::Whole, None),
            ChainVerdict::Unproven(why) => (ChainOutcome::Unproven, Some(why)),
            // What moves comes to rest in parts of one page, however many cuts that takes: a page is
            // of one moment.
            ChainVerdict::Changed(why) if can_cut => {
                crawl.repeated(self.account, self.window, &why);
                return self.abandon(crawl, read, &why, 2);
            }
            ChainVerdict::Changed(why) | ChainVerdict::Unsettled(why)
                if self.repeats >= MOST_REPEATS =>
            {
                (ChainOutcome::Unsettled, Some(why))
            }
            ChainVerdict::Changed(why) | ChainVerdict::Unsettled(why) => {
                self.repeats += 1;
                crawl.repeated(self.account, self.window, &why);
                return self.abandon(crawl, read, &why, if can_cut { 2 } else { 1 });
            }
        };
        read.record.outcome = outcome;
        read.record.why = why;
        read.record.finished = Some(self.window);
        self.add(crawl, *read, HashSet::new(), 0)
    }

    /// Adds what was read to the crawl. Returns the spans whose heads have to be asked for again.
    fn add(
        &self,
        crawl: &Crawl,
        read: Read,
        seam: HashSet<u64>,
        repeats: u32,
    ) -> Result<Vec<Self>, CrawlError> {
        let again = crawl.add(self.account, read.record, read.pages, seam, repeats)?;
        let again = again.into_iter();
        Ok(again
            .map(|(window, repeats)| Self::again(self.account, window, repeats))
            .collect())
    }

    /// The head and the rest of the window, if a head can be made of the pages so far. The seam is the
    /// second of the last record: it belongs to the rest.
    fn seam(&self, crawl: &Crawl, read: &Read, listed: &[Listed]) -> Option<(Window, Window)> {
        let is_exact = read.proof.expected().is_some()
            && read.ids.len() as u64 == read.proof.records()
            && self.repeats < MOST_DIFFERING_SUMS
            && !crawl.progress().is_filter_distrusted();
        // Dates that fall and rise, or stay, show no order.
        if !is_exact || read.order.falls == read.order.rises {
            return None;
        }
        let second = listed.last()?.second?;
        let in_seam = listed
            .iter()
            .rev()
            .take_while(|it| it.second == Some(second));
        let in_seam = in_seam.count();
        // The record before may have any date: it must not be one of the seam's.
        let before = listed.len().checked_sub(in_seam + 1);
        before.and_then(|before| listed[before].second)?;
        let is_newest_first = read.order.falls;
        let at = second + i64::from(is_newest_first);
        let older = Window {
            to: at,
            ..self.window
        };
        let newer = Window {
            from: at,
            ..self.window
        };
        let (head, rest) = if is_newest_first {
            (newer, older)
        } else {
            (older, newer)
        };
        let is_progress = head.seconds() > 0 && rest.seconds() > 0;
        let is_worth_it = in_seam <= (listed.len() / SEAM_SHARE).max(1);
        (is_progress && is_worth_it).then_some((head, rest))
    }

    /// Finishes the head of the window: the rest is a window again.
    fn finish_head(
        self,
        crawl: &Crawl,
        mut read: Box<Read>,
        (head, rest): (Window, Window),
        listed: &[Listed],
    ) -> Result<Vec<Self>, CrawlError> {
        let is_newest_first = head.from == rest.to;
        let total = read.proof.expected().unwrap_or(0);
        let may_come_again = |it: &&Listed| {
            it.second.is_none_or(|second| {
                if is_newest_first {
                    second <= rest.to
                } else {
                    second >= rest.from - MARGIN
                }
            })
        };
        let again = listed
            .iter()
            .filter(may_come_again)
            .map(|it| it.id)
            .collect();
        let mut left = self.part(rest, total.saturating_sub(read.proof.records()));
        left.is_told = true;
        left.repeats = 0;
        left.restarts = 0;
        left.seconds_a_page = if is_newest_first {
            // A page may reach from the quiet before a burst into it: its last quarter tells.
            let quarter = listed[listed.len() * 3 / 4].second;
            quarter.map_or(i64::MAX, |newest| 4 * (newest + 1 - rest.to).max(1))
        } else {
            i64::MAX
        };
        read.record.outcome = ChainOutcome::Head;
        read.record.finished = Some(head);
        let mut next = self.add(crawl, *read, again, self.repeats)?;
        next.push(left);
        Ok(next)
    }

    /// Keeps what came, and asks for the window again in so many parts.
    fn abandon(
        self,
        crawl: &Crawl,
        mut read: Box<Read>,
        why: &str,
        parts: u32,
    ) -> Result<Vec<Self>, CrawlError> {
        let clips = read.proof.expected().unwrap_or(read.proof.records());
        let windows = self.window.split(parts);
        let part = clips / windows.len().max(1) as u64;
        read.record.why = Some(why.to_owned());
        let mut next = self.add(crawl, *read, HashSet::new(), 0)?;
        next.extend(windows.into_iter().map(|window| self.part(window, part)));
        Ok(next)
    }

    /// Whether asking for parts of its window can help.
    fn can_shrink(&self, crawl: &Crawl) -> bool {
        self.window.can_split() && !crawl.progress().is_filter_distrusted()
    }
}

impl Read {
    fn new(account_id: &str, asked: Window) -> Self {
        Self {
            page_token: None,
            endless: EndlessGuard::default(),
            proof: Proof::default(),
            first_asked: None,
            ids: HashSet::new(),
            order: Order::default(),
            pages: ChainPages::default(),
            record: ChainRecord::new(account_id, asked),
        }
    }

    /// Takes note of what is on a page.
    fn note(&mut self, page: &DecodedPage) {
        let records = page.listed.len() as u64;
        for it in &page.listed {
            self.ids.insert(it.id);
            if let Some(second) = it.second {
                self.order.add(second);
                self.record.strays += u64::from(!self.record.asked.may_list(second));
            }
        }
        self.proof.page(records, page.total_records);
        self.record.pages += 1;
        self.record.total = self.proof.expected();
        self.record.distinct = self.ids.len() as u64;
        self.record.received += records - page.outside;
        self.record.outside += page.outside;
        self.record.rejected += page.rejects.len() as u64;
        for (field, count) in &page.repairs {
            *self.record.repairs.entry(field.clone()).or_default() += count;
        }
    }

    /// Whether a clip on a page was changed since the first page was asked for. Dates later than the
    /// answer prove nothing: they are wrong.
    fn is_changed(&self, page: &DecodedPage, time: Option<ServerSpan>) -> bool {
        let (Some(first_asked), Some(time)) = (self.first_asked, time) else {
            return false;
        };
        let chain = first_asked.micros()..=time.answered.micros();
        let modified = page.rows.column(Column::ModifiedAt.index());
        let modified = modified.as_primitive::<TimestampMicrosecondType>();
        modified
            .iter()
            .flatten()
            .any(|date| chain.contains(&Micros(date)))
    }

    /// Why a chain that names a next page would not come to an end, or not to a good one.
    fn why_endless(&mut self, next: &PageToken) -> Option<String> {
        let (records, distinct) = (self.proof.records(), self.ids.len() as u64);
        let expected = self.proof.expected();
        self.endless.why_endless(next, records, distinct, expected)
    }
}
