//! A window that is too full for one chain: its older part is handed on, and both have to add up.

use std::sync::Arc;

use arrow::array::RecordBatch;

use crate::crawl::Crawl;
use crate::crawl::CrawlError;
use crate::crawl::decode::DecodedPage;
use crate::crawl::frontier::Job;
use crate::crawl::handed::Met;
use crate::crawl::handed::Tally;
use crate::crawl::handed::Told;
use crate::crawl::handed::hear;
use crate::crawl::handed::heard;
use crate::crawl::proof::Judgement;
use crate::crawl::walk::Walk;
use crate::crawl::walk::Walked;
use crate::crawl::walk::spool;
use crate::crawl::window::Window;
use crate::event::Event;
use crate::snapshot::WindowOutcome;

impl Walk<'_> {
    /// Cuts a window that is too full for one chain: the chain goes on, and hands on the older half
    /// of what it has not seen. Where its pages do not come newest first, it gives
    /// up, and returns the parts that are to be walked in its place.
    pub(super) async fn relieve(&mut self, page: &DecodedPage, page_size: u64) -> Option<Vec<Job>> {
        let known = &self.crawl.known;
        let total = page.total_records?;
        if self.fits || page.next_page_token.is_none() {
            return None;
        }
        let is_first = self.proof.pages() == 1;
        if is_first {
            known.can_judge(total, page_size).await;
            // Walked again, it would count twice for its family.
            self.fits = self.record.walks == 1 && known.is_futile(&self.job, total);
        }
        let seconds: Vec<Option<i64>> = self.crawl.decoder.seconds(&page.rows).collect();
        let is_newest_first = seconds.is_sorted_by(|a, b| b.is_some() && a >= b);
        // A page may reach from the quiet before a burst into it: its last quarter tells.
        let quarter = seconds.get(seconds.len() * 3 / 4).copied().flatten();
        let page_seconds = quarter.map_or(0, |newest| 4 * (newest - self.tally.oldest));
        while !self.fits && !known.splits_in_vain() {
            let longest = known.longest_chain(page_size);
            let left = self.left(total)?;
            if left.div_ceil(page_size) <= longest {
                break;
            }
            if !is_newest_first || !known.adds_up() {
                let parts = || self.job.split_if_full(total, page_size, longest);
                self.fits = true;
                return is_first.then(parts).flatten();
            }
            if self.tally.inside == 0 {
                // All of it lies in the margin: where the rest is cannot be told.
                return None;
            }
            let unseen = Window {
                to: self.tally.oldest,
                ..self.job.window
            };
            if !unseen.can_split() {
                break;
            }
            let pages = i64::try_from(left.div_ceil(page_size)).unwrap_or(i64::MAX);
            let to = unseen.half(page_seconds.saturating_mul(pages) / 2);
            self.hand_on(to, left).await;
        }
        self.fits = true;
        None
    }

    /// Hands on what is older than the second `to`, and hears how many clips are there.
    async fn hand_on(&mut self, to: i64, left: u64) {
        // A part cannot hold what was seen before it: more than half of that is no coincidence.
        let most = left + self.tally.not_before() / 2;
        let (job, ear) = self.job.hand_on(to, left, most);
        self.crawl.events.emit(&Event::Split {
            window: self.name(),
            parts: 2,
        });
        // Nobody takes it only if the crawl has ended.
        drop(self.handed_on.send(job));
        self.job.window.from = to;
        self.record.from = to;
        hear(ear.clone()).await;
        self.ears.push(ear);
    }

    /// How many clips of its window have not come yet, if that is known.
    pub(super) fn left(&self, total: u64) -> Option<u64> {
        let elsewhere: u64 = self.ears.iter().map(heard).sum::<Option<u64>>()?;
        Some(total.saturating_sub(self.tally.not_before() + elsewhere))
    }

    /// Whether what comes next is of the part that was handed on.
    pub(super) const fn has_met(&self) -> bool {
        !self.beyond.is_empty()
    }

    /// Tells the walk that has handed this part on how many clips are in it: all but those in the
    /// margin behind it, once all of those have come.
    pub(super) fn tell(&self, page: &DecodedPage) {
        let Some(tell) = &self.job.tell else {
            return;
        };
        if matches!(*tell.borrow(), Told::Clips(_)) {
            return;
        }
        let is_all = page.next_page_token.is_none() || self.tally.inside + self.tally.before > 0;
        tell.send_replace(match page.total_records {
            Some(total) if is_all => Told::Clips(total.saturating_sub(self.tally.behind)),
            _ => Told::Unclear,
        });
    }

    /// Judges the pages up to the part that was handed on.
    pub(super) fn judge_pages(&mut self) -> Result<Judgement, CrawlError> {
        let beyond: usize = self.beyond.iter().map(RecordBatch::num_rows).sum();
        let distinct = self.count()? + beyond as u64;
        Ok(self.proof.judge_pages(distinct, true))
    }

    /// Leaves it to the other part whether all of the window was seen.
    pub(super) fn meet(self) -> Walked {
        // Clips outside of the span are behind its end, unless the window does not reach so far.
        let is_last = self.job.window.to == self.crawl.decoder.span.to;
        let outside = if is_last {
            self.outside.len() as u64
        } else {
            0
        };
        let tally = Tally {
            behind: self.tally.behind + outside,
            before: 0,
            ..self.tally
        };
        Walked::Met(Box::new(Met {
            begin: self.asked.from,
            total: self.proof.expected().unwrap_or(0),
            first_asked: self.first_asked,
            tally,
            pages: self.pages,
            record: self.record,
            beyond: self.beyond,
            job: self.job,
        }))
    }

    /// Keeps what came of the other part: it may not come again.
    pub(super) fn take_back(&mut self) -> Result<(), CrawlError> {
        for rows in std::mem::take(&mut self.beyond) {
            self.pages.append(&rows)?;
        }
        Ok(())
    }
}

/// Finishes a window that was seen to where the part begins that it handed on. Where both do not
/// add up it is walked again, on its own: `elsewhere` is how many clips the other part has, if they do.
pub(in crate::crawl) async fn meet(
    crawl: &Arc<Crawl>,
    met: Met,
    elsewhere: Option<u64>,
) -> Result<Walked, CrawlError> {
    let (part, job) = (met.part(), met.job);
    let (mut pages, mut record) = (met.pages, met.record);
    record.expected = Some(met.total);
    if let Some(elsewhere) = elsewhere {
        record.outcome = WindowOutcome::Settled;
        record.expected = Some(met.total - elsewhere);
        record.distinct = met.tally.not_before();
        let done = Event::WindowDone {
            window: format!("{} {}", record.account_id, job.window),
            settled: true,
        };
        spool(crawl, pages, record).await?;
        crawl.events.emit(&done);
        return Ok(Walked::Settled(part));
    }
    crawl.known.did_not_add_up();
    for rows in met.beyond {
        pages.append(&rows)?;
    }
    record.outcome = WindowOutcome::Split;
    record.why = Some("its part and the rest of it do not add up".to_owned());
    spool(crawl, pages, record).await?;
    // It is looked into already: neither the crawl nor the family counts it again.
    let again = Job {
        estimate: Some(met.tally.not_before()),
        family: None,
        tell: None,
        ..job
    };
    Ok(Walked::Split(vec![again]))
}
