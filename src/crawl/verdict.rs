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
/// elsewhere is no habit of the service but a fault.
#[must_use]
pub fn doubtful(windows: &[WindowRecord]) -> Vec<&WindowRecord> {
    let has_counts = windows
        .iter()
        .any(|window| window.outcome == WindowOutcome::Settled && window.pages > 1);
    windows
        .iter()
        .filter(|window| match window.outcome {
            WindowOutcome::Unsettled => true,
            WindowOutcome::Unverified => has_counts,
            WindowOutcome::Settled | WindowOutcome::Split => false,
        })
        .collect()
}
