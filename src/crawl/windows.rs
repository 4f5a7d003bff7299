//! What the chains of a crawl come to: a record for each window of the plan, and the verdict.

use std::collections::BTreeMap;

use crate::crawl::sums::{Standing, Sums};
use crate::model::window::LONGEST_WINDOW;
use crate::model::{ChainRecord, Window};
use crate::snapshot::{Verdict, WindowOutcome, WindowRecord};

/// The verdict over all windows, those of earlier runs included.
#[must_use]
pub fn verdict(windows: &[WindowRecord], failed_accounts: usize) -> Verdict {
    let is_unverified = |window: &WindowRecord| window.outcome == WindowOutcome::Unverified;
    if failed_accounts > 0 || !doubtful(windows).is_empty() {
        Verdict::Incomplete
    } else if windows.iter().any(is_unverified) {
        Verdict::Unverified
    } else {
        Verdict::Verified
    }
}

/// The windows that make a census incomplete: those that did not settle, and those without a count
/// where others have one. If the total of one long window was a count of the filter, its absence
/// elsewhere is no habit of the service but a fault. Pages are counted over everything that was asked
/// for in a window, so that only one of which nothing was asked for twice is known to be long.
#[must_use]
pub fn doubtful(windows: &[WindowRecord]) -> Vec<&WindowRecord> {
    let has_counts = has_counts(windows);
    windows
        .iter()
        .filter(|window| match window.outcome {
            WindowOutcome::Unsettled => true,
            // A count that proves nothing is a habit of the service; one that is missing is not.
            WindowOutcome::Unverified => has_counts && window.expected.is_none(),
            WindowOutcome::Settled | WindowOutcome::Split => false,
        })
        .collect()
}

/// Whether some window has a count that is known to be one of the filter.
pub(super) fn has_counts(windows: &[WindowRecord]) -> bool {
    windows
        .iter()
        .filter(|window| window.outcome == WindowOutcome::Settled)
        .any(|window| window.attempts == 1 && window.pages > 1)
}

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
        if chain.total.is_some_and(|total| sums.is_cap(total)) {
            let total = chain.total.unwrap_or(0);
            folded.is_counted &= total > u64::from(crate::zoom::clips::PAGE_SIZE);
            folded.doubt(format!(
                "total_records stops at {total}, so that it counts nothing where it says that"
            ));
        }
    }
    windows.into_values().map(Folded::finish).collect()
}

impl Folded {
    fn new(account_id: &str, span: Window, number: i64) -> Self {
        let from = span.from + number * LONGEST_WINDOW;
        Self {
            record: WindowRecord {
                account_id: account_id.to_owned(),
                from,
                to: (from + LONGEST_WINDOW).min(span.to),
                expected: Some(0),
                received: 0,
                distinct: 0,
                pages: 0,
                attempts: 1,
                restarts: 0,
                outcome: WindowOutcome::Settled,
                why: None,
                outside: 0,
                rejected: 0,
                repairs: BTreeMap::new(),
                rows: 0,
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
            self.unproven = Some(format!(
                "{} of its records are dated outside of what was asked for, so that the service's \
                 filter does not mean what its document says",
                chain.strays
            ));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::testing;

    fn window(outcome: WindowOutcome, attempts: u32, pages: u64) -> WindowRecord {
        WindowRecord {
            pages,
            attempts,
            outcome,
            ..testing::window("main", 0, 1)
        }
    }

    #[test]
    fn a_count_that_only_one_window_lacks_makes_the_census_incomplete() {
        let uncounted = window(WindowOutcome::Unverified, 1, 2);
        let counted = window(WindowOutcome::Settled, 1, 2);
        let windows = [uncounted.clone(), counted];
        assert_eq!(verdict(&windows, 0), Verdict::Incomplete);
        assert_eq!(verdict(&[uncounted], 0), Verdict::Unverified);
    }

    #[test]
    fn a_window_of_one_page_that_was_asked_for_twice_says_nothing_about_counts() {
        let windows = [
            window(WindowOutcome::Unverified, 1, 2),
            window(WindowOutcome::Settled, 1, 1),
            window(WindowOutcome::Settled, 2, 2),
        ];
        assert_eq!(verdict(&windows, 0), Verdict::Unverified);
    }
}
