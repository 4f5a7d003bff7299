//! The verdict of a run: what its windows prove together.

use crate::snapshot::Verdict;
use crate::snapshot::WindowOutcome;
use crate::snapshot::WindowRecord;

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
/// elsewhere is no habit of the service but a fault. Pages are counted over all walks of a window,
/// so that only one that was walked once is known to be long.
#[must_use]
pub fn doubtful(windows: &[WindowRecord]) -> Vec<&WindowRecord> {
    let has_counts = windows
        .iter()
        .filter(|window| window.outcome == WindowOutcome::Settled)
        .any(|window| window.walks == 1 && window.pages > 1);
    windows
        .iter()
        .filter(|window| match window.outcome {
            WindowOutcome::Unsettled => true,
            WindowOutcome::Unverified => has_counts,
            WindowOutcome::Settled | WindowOutcome::Split => false,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::testing;

    fn window(outcome: WindowOutcome, walks: u32, pages: u64) -> WindowRecord {
        WindowRecord {
            pages,
            walks,
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
    fn a_window_of_one_page_that_was_walked_twice_says_nothing_about_counts() {
        let windows = [
            window(WindowOutcome::Unverified, 1, 2),
            window(WindowOutcome::Settled, 1, 1),
            window(WindowOutcome::Settled, 2, 2),
        ];
        assert_eq!(verdict(&windows, 0), Verdict::Unverified);
    }
}
