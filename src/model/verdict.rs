//! Whether a census is proven complete.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::record::{WindowOutcome, WindowRecord};

/// Whether the snapshot is proven complete; the best is the least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Every window settled.
    Verified,
    /// The counts prove nothing, or the values of a column do not; see [`doubts`].
    Unverified,
    /// Some window did not settle, or an account failed.
    Incomplete,
}

impl Verdict {
    /// The verdict over all windows, those of earlier runs included.
    #[must_use]
    pub fn of(windows: &[WindowRecord], failed_accounts: usize) -> Self {
        if failed_accounts > 0 || !doubtful(windows).is_empty() {
            Self::Incomplete
        } else if !doubts(windows).is_empty() {
            Self::Unverified
        } else {
            Self::Verified
        }
    }

    /// Its name, as in the manifest.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Unverified => "unverified",
            Self::Incomplete => "incomplete",
        }
    }
}

/// The windows that make a census incomplete: those that did not settle, and those without a count
/// where others have one. If the total of one long window was a count of the filter, its absence
/// elsewhere is no habit of the service but a fault. Pages are counted over everything that was asked
/// for in a window, so that only one of which nothing was asked for twice is known to be long.
#[must_use]
pub(crate) fn doubtful(windows: &[WindowRecord]) -> Vec<&WindowRecord> {
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

/// The most values of a column, in percent, that may be repairs. Where there are more, the service
/// writes them in another form than its document says: the column is no use, and windows of a date that
/// cannot be read prove nothing.
const MOST_REPAIRS: u64 = 5;

/// Why a census is no more than unverified: each reason once, as a sentence without a full stop.
#[must_use]
pub(crate) fn doubts(windows: &[WindowRecord]) -> Vec<String> {
    let mut reasons: BTreeMap<&str, (&WindowRecord, usize)> = BTreeMap::new();
    for window in windows {
        if window.outcome == WindowOutcome::Unverified {
            let why = window.why.as_deref().unwrap_or("its counts prove nothing");
            reasons.entry(why).or_insert((window, 0)).1 += 1;
        }
    }
    let counts = reasons.into_iter().map(|(why, (window, windows))| {
        let window = window.name();
        match windows {
            1 => format!("{window}: {why}"),
            _ => format!("{windows} windows, the first of them {window}: {why}"),
        }
    });
    counts.chain(unreadable(windows)).collect()
}

/// The columns of which more than a few values cannot be read.
fn unreadable(windows: &[WindowRecord]) -> impl Iterator<Item = String> {
    let mut repairs: BTreeMap<&str, u64> = BTreeMap::new();
    for (field, count) in windows.iter().flat_map(|window| &window.repairs) {
        *repairs.entry(field).or_default() += count;
    }
    let clips = windows
        .iter()
        .map(|window| window.received.saturating_sub(window.rejected))
        .sum();
    repairs
        .into_iter()
        .filter(move |(_, count)| is_unreadable(*count, clips))
        .map(move |(field, count)| {
            format!(
                "{field} of {count} of {clips} clips is in a form that the API does not document; it \
                 is null there, with the value as it was sent in the column extra"
            )
        })
}

/// Whether so many repairs of a field, in so many clips, are more than a few.
pub(crate) const fn is_unreadable(repairs: u64, clips: u64) -> bool {
    repairs.saturating_mul(100) > clips.saturating_mul(MOST_REPAIRS)
}

/// Whether a total may be a cap by its looks: search indexes stop counting at such numbers.
pub(crate) const fn is_round(total: u64) -> bool {
    total >= 1000 && total.is_multiple_of(1000)
}

/// Whether some window has a count that is known to be one of the filter.
pub(crate) fn has_counts(windows: &[WindowRecord]) -> bool {
    windows
        .iter()
        .filter(|window| window.outcome == WindowOutcome::Settled)
        .any(|window| window.attempts == 1 && window.pages > 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing;

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
        assert_eq!(Verdict::of(&windows, 0), Verdict::Incomplete);
        assert_eq!(Verdict::of(&[uncounted], 0), Verdict::Unverified);
    }

    #[test]
    fn a_column_that_mostly_cannot_be_read_takes_the_proof_away() {
        let repaired = |clips: u64, repairs: u64| WindowRecord {
            received: clips + 7,
            rejected: 7,
            repairs: BTreeMap::from([("created_date".to_owned(), repairs)]),
            ..window(WindowOutcome::Settled, 1, 2)
        };
        let few = [repaired(100, 0), repaired(100, 10)];
        assert_eq!(Verdict::of(&few, 0), Verdict::Verified);
        let many = [repaired(100, 0), repaired(100, 11)];
        assert_eq!(Verdict::of(&many, 0), Verdict::Unverified);
        let doubts = doubts(&many);
        assert!(doubts[0].starts_with("created_date of 11 of 200 clips"));
    }

    #[test]
    fn a_reason_is_given_once_with_its_first_window() {
        let doubted = |from: i64, why: &str| WindowRecord {
            outcome: WindowOutcome::Unverified,
            why: Some(why.to_owned()),
            ..testing::window("main", from, from + 1)
        };
        let doubts = doubts(&[doubted(0, "b"), doubted(1, "a"), doubted(2, "b")]);
        let second = "window [1970-01-01T00:00:01Z, 1970-01-01T00:00:02Z) of account main: a";
        let others = "2 windows, the first of them window \
                      [1970-01-01T00:00:00Z, 1970-01-01T00:00:01Z) of account main: b";
        assert_eq!(doubts, [second, others]);
    }

    #[test]
    fn a_window_of_one_page_that_was_asked_for_twice_says_nothing_about_counts() {
        let windows = [
            window(WindowOutcome::Unverified, 1, 2),
            window(WindowOutcome::Settled, 1, 1),
            window(WindowOutcome::Settled, 2, 2),
        ];
        assert_eq!(Verdict::of(&windows, 0), Verdict::Unverified);
    }
}
