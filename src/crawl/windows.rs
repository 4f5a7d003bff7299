//! What the chains of a crawl come to: a record for each window of the plan.

use std::collections::BTreeMap;

use crate::crawl::sums::{Standing, Sums};
use crate::model::window::LONGEST_WINDOW;
use crate::model::{ChainRecord, Window, WindowOutcome, WindowRecord};

/// What is summed up of one window of the plan.
struct Folded {
    record: WindowRecord,
    /// Seconds of it that need no further request.
    finished: i64,
    /// Whether every span of it has a count that it can be compared with.
    is_counted: bool,
    unsettled: Option<String>,
    unproven: Option<String>,
}

/// Folds chains, in the order in which they came, into the windows of the plan that they tile.
/// Windows of which nothing came are left out.
pub(super) fn fold(span: Window, chains: &[ChainRecord], sums: &Sums) -> Vec<WindowRecord> {
    let mut windows: BTreeMap<(&str, i64), Folded> = BTreeMap::new();
    for (place, chain) in chains.iter().enumerate() {
        let number = (chain.asked.from - span.from).div_euclid(LONGEST_WINDOW);
        let folded = windows
            .entry((&chain.account_id, number))
            .or_insert_with(|| Folded::new(&chain.account_id, span, number));
        folded.add(chain, sums.standing(place));
        if let Some(total) = chain.total.filter(|total| sums.is_cap(*total)) {
            folded.is_counted &= total > u64::from(crate::zoom::clips::PAGE_SIZE);
            folded.doubt(format!(
                "total_records never says more than {total}, so that there may be more where it says that"
            ));
        }
    }
    windows.into_values().map(Folded::finish).collect()
}

impl Folded {
    fn new(account_id: &str, span: Window, number: i64) -> Self {
        let from = span.from + number * LONGEST_WINDOW;
        let to = (from + LONGEST_WINDOW).min(span.to);
        Self {
            record: WindowRecord {
                expected: Some(0),
                ..WindowRecord::new(account_id, Window { from, to })
            },
            finished: 0,
            is_counted: true,
            unsettled: None,
            unproven: None,
        }
    }

    fn add(&mut self, chain: &ChainRecord, standing: Standing) {
        let record = &mut self.record;
        record.received += chain.received;
        record.pages += chain.pages;
        record.restarts += chain.restarts;
        record.outside += chain.outside;
        record.rejected += chain.rejected;
        record.rows += chain.rows;
        for (field, count) in &chain.repairs {
            *record.repairs.entry(field.clone()).or_default() += count;
        }
        let (expected, distinct) = match standing {
            Standing::Superseded => {
                record.attempts += 1;
                (Some(0), 0)
            }
            Standing::Open => (Some(0), 0),
            Standing::Settled(own) => (Some(own), own),
            Standing::Unproven | Standing::Unsettled => (chain.total, chain.distinct),
        };
        record.expected = record.expected.zip(expected).map(|(sum, some)| sum + some);
        record.distinct += distinct;
        let seconds = chain.finished.map_or(0, Window::seconds);
        match standing {
            Standing::Superseded | Standing::Open => {}
            Standing::Settled(_) => self.finished += seconds,
            Standing::Unproven => {
                self.finished += seconds;
                self.doubt(chain.why.clone().unwrap_or_default());
            }
            Standing::Unsettled => {
                self.finished += seconds;
                self.unsettled.clone_from(&chain.why);
            }
        }
        if chain.strays > 0 {
            // Where the filter means something else, no other reason means anything.
            self.unproven = Some(
                "records are dated outside of what was asked for, so that the service's filter does \
                 not mean what its document says"
                    .to_owned(),
            );
        }
    }

    /// Takes the proof away; the first reason is kept.
    fn doubt(&mut self, why: String) {
        self.unproven.get_or_insert(why);
    }

    fn finish(self) -> WindowRecord {
        let Self {
            mut record,
            finished,
            is_counted,
            unsettled,
            unproven,
        } = self;
        if !is_counted {
            record.expected = None;
        }
        let is_missing = finished < record.to - record.from;
        (record.outcome, record.why) = if is_missing {
            let why = "not all of it was listed".to_owned();
            (WindowOutcome::Unsettled, unsettled.or(Some(why)))
        } else if unsettled.is_some() {
            (WindowOutcome::Unsettled, unsettled)
        } else if unproven.is_some() {
            (WindowOutcome::Unverified, unproven)
        } else {
            (WindowOutcome::Settled, None)
        };
        record
    }
}
