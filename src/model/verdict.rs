//! Whether a census is proven complete.

use serde::{Deserialize, Serialize};

use crate::model::record::{WindowOutcome, WindowRecord};

/// Whether the snapshot is proven complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Every window settled.
    Verified,
    /// The API named no counts.
    Unverified,
    /// Some window did not settle, or an account failed.
    Incomplete,
}

impl Verdict {
    /// The verdict over all windows, those of earlier runs included.
    #[must_use]
    pub fn of(windows: &[WindowRecord], failed_accounts: usize) -> Self {
        let is_unverified = |window: &WindowRecord| window.outcome == WindowOutcome::Unverified;
        if failed_accounts > 0 || !doubtful(windows).is_empty() {
            Self::Incomplete
        } else if windows.iter().any(is_unverified) {
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
    fn a_window_of_one_page_that_was_asked_for_twice_says_nothing_about_counts() {
        let windows = [
            window(WindowOutcome::Unverified, 1, 2),
            window(WindowOutcome::Settled, 1, 1),
            window(WindowOutcome::Settled, 2, 2),
        ];
        assert_eq!(Verdict::of(&windows, 0), Verdict::Unverified);
    }
}
