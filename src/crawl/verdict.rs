//! The verdict of a run: what its windows prove together.

use crate::snapshot::Verdict;
use crate::snapshot::WindowOutcome;
use crate::snapshot::WindowRecord;

/// The verdict over all windows, those of earlier runs included.
#[must_use]
pub fn verdict(windows: &[WindowRecord], failed_accounts: usize) -> Verdict {
    let any = |outcome| windows.iter().any(|window| window.outcome == outcome);
    // Where the total of one long window was a count of the filter, its absence elsewhere is no
    // habit of the service but a fault.
    let has_proof_of_pages = windows
        .iter()
        .any(|window| window.outcome == WindowOutcome::Settled && window.pages > 1);
    if failed_accounts > 0 || any(WindowOutcome::Unsettled) {
        Verdict::Incomplete
    } else if !any(WindowOutcome::Unverified) {
        Verdict::Verified
    } else if has_proof_of_pages {
        Verdict::Incomplete
    } else {
        Verdict::Unverified
    }
}
