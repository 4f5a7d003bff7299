//! One walk: all pages of a window, one after the other, and what to do when they do not agree.

use std::collections::BTreeMap;
use std::collections::HashSet;
use std::hash::DefaultHasher;
use std::hash::Hash;
use std::hash::Hasher;
use std::sync::Arc;

use arrow::array::AsArray;
use arrow::array::RecordBatch;
use arrow::datatypes::TimestampMicrosecondType;
use tokio::sync::mpsc::UnboundedSender;

use crate::clip::Column;
use crate::crawl::Crawl;
use crate::crawl::CrawlError;
use crate::crawl::decode::DecodedPage;
use crate::crawl::frontier::Job;
use crate::crawl::handed::Ear;
use crate::crawl::handed::Met;
use crate::crawl::handed::Part;
use crate::crawl::handed::Tally;
use crate::crawl::proof::Judgement;
use crate::crawl::proof::Proof;
use crate::crawl::window::Window;
use crate::event::Event;
use crate::snapshot::Pages;
use crate::snapshot::WindowOutcome;
use crate::snapshot::WindowRecord;
use crate::zoom::Failure;
use crate::zoom::FailureKind;
use crate::zoom::PageToken;
use crate::zoom::ServerSpan;
use crate::zoom::Urgency;
use crate::zoom::client::Dated;
use crate::zoom::clips;
use crate::zoom::clips::PAGE_SIZE;

mod hand_on;

pub(super) use hand_on::meet;

/// Walks of one window that may fail to settle before it is given up: the first and three more.
/// Those that are cut because the window is in motion are not counted.
const MOST_REPEATS: u32 = 3;

/// Times that one window may start over because its page token died.
const MOST_RESTARTS: u32 = 5;

/// After so many pages a chain must have brought a clip that it had not brought before.
const PAGES_WITHOUT_NEWS: u64 = 20;

/// How a job ended.
#[derive(Debug)]
pub(super) enum Walked {
    /// The window is finished, for better or worse.
    Done,
    /// The window is settled.
    Settled(Part),
    /// The window was cut: its parts are to be walked.
    Split(Vec<Job>),
    /// All of the window is seen, if it adds up with the part that was handed on.
    Met(Box<Met>),
}

/// Walks the window of a job until it settles, is cut, or is given up. Jobs that it hands on are to
/// be walked at once: it waits for what their first pages tell.
pub(super) async fn walk(
    crawl: &Arc<Crawl>,
    job: Job,
    handed_on: UnboundedSender<Job>,
) -> Result<Walked, CrawlError> {
    let mut walk = Walk::start(crawl, job, handed_on);
    loop {
        let end = walk.all_pages().await?;
        let judgement = match (end, walk.broken.take()) {
            (End::TooFull(parts), _) => return walk.cut(parts, "too full for one chain").await,
            (End::PageTokenDied, _) => continue,
            (End::InMotion, _) => Judgement::in_motion(),
            (End::LastPage | End::Met, Some(why)) => Judgement::Unsettled(why),
            (End::LastPage, None) => walk.judge()?,
            (End::Met, None) => match walk.judge_pages()? {
                Judgement::Settled => return Ok(walk.meet()),
                other => other,
            },
        };
        let can_split = walk.proof.pages() > 1 && walk.job.window.can_split();
        let (why, counts) = match judgement {
            Judgement::Settled => return walk.finish(WindowOutcome::Settled, None).await,
            Judgement::Unproven(why) => {
                return walk.finish(WindowOutcome::Unverified, Some(why)).await;
            }
            // What is in motion comes to rest in parts of one page, however many splits that takes:
            // a page is of one moment.
            Judgement::InMotion(why) => (why, !can_split || crawl.known.splits_in_vain()),
            Judgement::Unsettled(why) => (why, true),
        };
        walk.repeats += u32::from(counts);
        if walk.repeats > MOST_REPEATS {
            return walk.finish(WindowOutcome::Unsettled, Some(why)).await;
        }
        crawl.events.emit(&Event::Repeated {
            window: walk.name(),
            why: why.clone(),
        });
        if can_split {
            let repeated = Job {
                repeats: walk.repeats,
                ..walk.job.clone()
            };
            let clips = walk.proof.expected().unwrap_or(walk.proof.records());
            let parts = repeated.split(2, clips);
            return walk.cut(parts, &why).await;
        }
    }
}

/// How a chain of pages ended.
enum End {
    LastPage,
    /// The next page would be of the part that was handed on.
    Met,
    TooFull(Vec<Job>),
    PageTokenDied,
    /// It cannot settle any more, and its parts may: the rest of it would be read in vain.
    InMotion,
}

/// The walks of one window so far.
struct Walk<'a> {
    crawl: &'a Arc<Crawl>,
    /// Its window becomes smaller by what is handed on.
    job: Job,
    handed_on: UnboundedSender<Job>,
    /// The window that the walk under way asks for.
    asked: Window,
    /// Where to hear how many clips are in the parts that it has handed on.
    ears: Vec<Ear>,
    /// Whether it is decided that the rest is no longer than one chain may be.
    fits: bool,
    tally: Tally,
    /// Clips that came, but are in the part that was handed on.
    beyond: Vec<RecordBatch>,
    pages: Pages,
    record: WindowRecord,
    repeats: u32,
    /// Of the walk under way.
    proof: Proof,
    /// When its first page was asked for, by the service's clock, in unix seconds.
    first_asked: Option<i64>,
    outside: HashSet<String>,
    /// Hashes of the records that are no clips: one that comes again on a later page may stand in
    /// the place of a clip that was lost.
    rejects: HashSet<u64>,
    /// Records that are no clips and did not come again.
    distinct_rejects: usize,
    /// Distinct clips when it was last looked whether new ones came.
    distinct_before: u64,
    /// Why the walk under way cannot count, whatever its numbers say.
    broken: Option<String>,
}

impl<'a> Walk<'a> {
    fn start(crawl: &'a Arc<Crawl>, job: Job, handed_on: UnboundedSender<Job>) -> Self {
        let account_id = crawl.accounts[job.account].id.clone();
        let window = job.window;
        Self {
            pages: crawl.spool.pages(&account_id, window.from, window.to),
            record: WindowRecord {
                account_id,
                from: window.from,
                to: window.to,
                expected: None,
                received: 0,
                distinct: 0,
                pages: 0,
                walks: 0,
                restarts: 0,
                outcome: WindowOutcome::Unsettled,
                why: None,
                outside: 0,
                rejected: 0,
                repairs: BTreeMap::new(),
                rows: 0,
            },
            crawl,
            repeats: job.repeats,
            job,
            handed_on,
            asked: window,
            ears: Vec::new(),
            fits: false,
            tally: Tally::default(),
            beyond: Vec::new(),
            proof: Proof::default(),
            first_asked: None,
            outside: HashSet::new(),
            rejects: HashSet::new(),
            distinct_rejects: 0,
            distinct_before: 0,
            broken: None,
        }
    }

    fn name(&self) -> String {
        format!("{} {}", self.record.account_id, self.job.window)
    }

    /// One chain of pages from its first to its last.
    async fn all_pages(&mut self) -> Result<End, CrawlError> {
        self.take_back()?;
        self.pages.begin_walk();
        self.record.walks += 1;
        self.proof = Proof::default();
        self.outside.clear();
        self.rejects.clear();
        self.distinct_rejects = 0;
        self.distinct_before = 0;
        self.asked = self.job.window;
        self.ears.clear();
        self.fits = false;
        self.tally = Tally::default();
        let mut page_token: Option<PageToken> = None;
        let mut seen = HashSet::new();
        loop {
            let (page, time) = match self.fetch(page_token.as_ref()).await {
                Ok(dated) => (dated.answer, dated.span),
                Err(failure) => {
                    self.restart_or_fail(failure)?;
                    return Ok(End::PageTokenDied);
                }
            };
            let is_first = self.proof.pages() == 0;
            // The service may give shorter pages than were asked for.
            let page_size = page.records.clamp(1, u64::from(PAGE_SIZE));
            let beyond = self.keep(&page)?;
            if is_first {
                self.first_asked = time.map(|time| time.sent);
                self.tell_expected(page.total_records);
            } else if self.is_changed(&page, time) {
                self.proof.changed();
                if self.job.window.can_split() && !self.crawl.known.splits_in_vain() {
                    return Ok(End::InMotion);
                }
            }
            self.tell(&page);
            self.note_changes(&page, time);
            if let Some(parts) = self.relieve(&page, page_size).await {
                return Ok(End::TooFull(parts));
            }
            // The first page of a window that is cut comes again, and so does what is elsewhere.
            self.crawl.came(page.records - beyond);
            let Some(next) = page.next_page_token else {
                return Ok(End::LastPage);
            };
            if self.has_met() {
                return Ok(End::Met);
            }
            let is_new = seen.insert(next.clone());
            self.broken = self.why_endless(is_new)?;
            if self.broken.is_some() {
                return Ok(End::LastPage);
            }
            page_token = Some(next);
        }
    }

    /// Why a chain that names a next page would not come to an end, or not to a good one.
    fn why_endless(&mut self, is_new: bool) -> Result<Option<String>, CrawlError> {
        if !is_new {
            return Ok(Some("a page token came twice".to_owned()));
        }
        let expected = self.proof.expected().unwrap_or(u64::MAX);
        if self.proof.records() > expected.saturating_add(u64::from(PAGE_SIZE)) {
            return Ok(Some(
                "more records came than total_records names".to_owned(),
            ));
        }
        if self.proof.pages().is_multiple_of(PAGES_WITHOUT_NEWS) {
            let distinct = self.pages.walk_count()?.distinct;
            let is_stuck = distinct == self.distinct_before;
            self.distinct_before = distinct;
            if is_stuck {
                let pages = PAGES_WITHOUT_NEWS;
                return Ok(Some(format!("{pages} pages brought no new clip")));
            }
        }
        Ok(None)
    }

    async fn fetch(&self, page_token: Option<&PageToken>) -> Result<Dated<DecodedPage>, Failure> {
        let account = &self.crawl.accounts[self.job.account];
        let query = self.crawl.query(self.asked);
        let mut call = clips::call(account.path.as_deref(), &query, page_token.cloned());
        call.urgency = self.urgency();
        let crawl = Arc::clone(self.crawl);
        let account_id = account.id.clone();
        self.crawl
            .client
            .get_dated(&call, move |body| crawl.decoder.page(&account_id, body))
            .await
    }

    /// Whether a clip on a page was changed since the first page was asked for. Dates later than the
    /// answer prove nothing: they are wrong.
    fn is_changed(&self, page: &DecodedPage, time: Option<ServerSpan>) -> bool {
        const MICROS: i64 = 1_000_000;
        let (Some(first_asked), Some(time)) = (self.first_asked, time) else {
            return false;
        };
        let walk = first_asked.saturating_mul(MICROS)..=time.answered.saturating_mul(MICROS);
        let modified = page.rows.column(Column::ModifiedAt.index());
        let modified = modified.as_primitive::<TimestampMicrosecondType>();
        modified.iter().flatten().any(|date| walk.contains(&date))
    }

    /// Takes note of the latest change of a clip. Dates later than the answer are wrong.
    fn note_changes(&mut self, page: &DecodedPage, time: Option<ServerSpan>) {
        let Some(time) = time else {
            return;
        };
        let modified = page.rows.column(Column::ModifiedAt.index());
        let modified = modified.as_primitive::<TimestampMicrosecondType>();
        let seconds = modified
            .iter()
            .flatten()
            .map(|date| date.div_euclid(1_000_000));
        let latest = seconds.filter(|second| *second <= time.answered).max();
        self.tally.changed = self.tally.changed.max(latest);
    }

    /// A window nobody has looked into may be long, and may have to be split. Of those that end in
    /// time or are as late as each other, the one whose rows are the first of the snapshot: they can
    /// be written meanwhile.
    fn urgency(&self) -> Urgency {
        let after = self.proof.expected().map_or(u64::MAX, |total| {
            let left = self
                .left(total)
                .unwrap_or(total - total.min(self.proof.records()));
            left.div_ceil(u64::from(PAGE_SIZE))
        });
        let since = self.crawl.decoder.span.from;
        let age = u64::try_from(self.job.window.from - since).unwrap_or(0);
        Urgency {
            after,
            place: ((self.job.account as u64) << 40) + age,
        }
    }

    /// A dead page token starts the window over; anything else is for the crawl to judge.
    fn restart_or_fail(&mut self, failure: Failure) -> Result<(), CrawlError> {
        if failure.kind != FailureKind::PageTokenRefused || self.record.restarts >= MOST_RESTARTS {
            return Err(CrawlError::Service(Box::new(failure)));
        }
        self.record.restarts += 1;
        self.crawl.events.emit(&Event::Repeated {
            window: self.name(),
            why: failure.to_string(),
        });
        Ok(())
    }

    /// Spools a page and counts what is on it. Returns how many of its clips are in the part that
    /// was handed on: those are set aside.
    fn keep(&mut self, page: &DecodedPage) -> Result<u64, CrawlError> {
        let seconds: Vec<Option<i64>> = self.crawl.decoder.seconds(&page.rows).collect();
        for second in &seconds {
            self.tally.add(self.job.window, *second);
        }
        let begin = self.job.window.from;
        let is_beyond = |second: &Option<i64>| second.is_some_and(|second| second < begin);
        let rows = page.rows.num_rows();
        let mine = seconds.iter().position(is_beyond).unwrap_or(rows);
        // The last page of all that was asked for proves all of it.
        let mine = if !self.ears.is_empty()
            && page.next_page_token.is_some()
            && seconds[mine..].iter().all(is_beyond)
        {
            mine
        } else {
            rows
        };
        self.pages.append(&page.rows.slice(0, mine))?;
        let beyond = (rows - mine) as u64;
        if beyond > 0 {
            self.beyond.push(page.rows.slice(mine, rows - mine));
        }
        for reject in &page.rejects {
            self.pages.reject(reject)?;
        }
        let rejected = page.rejects.len() as u64;
        let outside = page.outside.len() as u64;
        self.outside.extend(page.outside.iter().cloned());
        let hashes: Vec<u64> = page.rejects.iter().map(hash).collect();
        let is_new = |hash: &&u64| !self.rejects.contains(hash);
        self.distinct_rejects += hashes.iter().filter(is_new).count();
        self.rejects.extend(hashes);
        self.proof.page(page.records, page.total_records);
        self.record.pages += 1;
        self.record.received += page.records - outside;
        self.record.outside += outside;
        self.record.rejected += rejected;
        for (field, count) in &page.repairs {
            *self.record.repairs.entry(field.clone()).or_default() += count;
        }
        self.crawl.events.emit(&Event::Page {
            records: page.records,
            bytes: page.bytes,
        });
        Ok(beyond)
    }

    /// Only windows that nobody looked at before: their parts hold the same clips.
    fn tell_expected(&self, clips: Option<u64>) {
        if self.job.estimate.is_none() && self.record.walks == 1 {
            self.crawl.known.add(clips.unwrap_or(0));
            self.crawl.known.seen();
            self.crawl.events.emit(&Event::Expected { clips });
        }
    }

    fn judge(&mut self) -> Result<Judgement, CrawlError> {
        let distinct = self.count()?;
        Ok(self.proof.judge(distinct, self.crawl.known.is_any()))
    }

    /// Counts the distinct clips, and records that are none, of the walk under way.
    fn count(&mut self) -> Result<u64, CrawlError> {
        let ids = self.pages.walk_count()?.distinct;
        self.record.distinct = ids + (self.outside.len() + self.distinct_rejects) as u64;
        Ok(self.record.distinct)
    }

    /// Keeps what was seen of a window whose parts will be walked.
    async fn cut(self, parts: Vec<Job>, why: &str) -> Result<Walked, CrawlError> {
        self.crawl.events.emit(&Event::Split {
            window: self.name(),
            parts: parts.len() as u64,
        });
        self.spool(WindowOutcome::Split, Some(why.to_owned()))
            .await?;
        Ok(Walked::Split(parts))
    }

    async fn finish(
        self,
        outcome: WindowOutcome,
        why: Option<String>,
    ) -> Result<Walked, CrawlError> {
        // Clips outside of the span are behind its end, or else before its begin.
        let outside = self.outside.len() as u64;
        let tally = Tally {
            before: self.tally.before + outside,
            ..self.tally
        };
        let part = Part {
            account: self.job.account,
            window: self.job.window,
            tally,
        };
        let done = Event::WindowDone {
            window: self.name(),
            settled: outcome == WindowOutcome::Settled,
        };
        let events = self.crawl.events.clone();
        self.spool(outcome, why).await?;
        events.emit(&done);
        Ok(match outcome {
            WindowOutcome::Settled => Walked::Settled(part),
            _ => Walked::Done,
        })
    }

    /// Hands the rows and the record to the spool: the window is finished.
    async fn spool(
        mut self,
        outcome: WindowOutcome,
        why: Option<String>,
    ) -> Result<(), CrawlError> {
        self.take_back()?;
        self.record.outcome = outcome;
        self.record.why = why;
        self.record.expected = self.proof.expected();
        spool(self.crawl, self.pages, self.record).await
    }
}

async fn spool(crawl: &Arc<Crawl>, pages: Pages, record: WindowRecord) -> Result<(), CrawlError> {
    let spool = Arc::clone(crawl);
    let finish = move || spool.spool.finish(pages, record);
    Ok(crawl.client.cores().run(finish).await?)
}

fn hash(text: &String) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}
