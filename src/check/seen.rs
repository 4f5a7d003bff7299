//! The records that a check was answered with: whether they are what was asked for, and can be read.

use std::collections::BTreeMap;

use crate::check::result::CheckResult;
use crate::crawl::page::DecodedPage;
use crate::model::Window;
use crate::model::verdict::{is_round, is_unreadable};
use crate::report::numbers::things;

/// What the answers to a check were like.
#[derive(Debug, Default)]
pub(super) struct Seen {
    clips: u64,
    /// Records dated outside of the window that was asked for.
    strays: u64,
    repairs: BTreeMap<String, u64>,
    /// How many windows named a total.
    totals: BTreeMap<u64, u32>,
}

impl Seen {
    /// Takes note of the answer for a window.
    pub(super) fn add(&mut self, window: Window, page: &DecodedPage) {
        self.clips += (page.listed.len() - page.rejects.len()) as u64;
        let seconds = page.listed.iter().filter_map(|it| it.second);
        self.strays += seconds.filter(|second| !window.may_list(*second)).count() as u64;
        for (field, count) in &page.repairs {
            *self.repairs.entry(field.clone()).or_default() += count;
        }
        if let Some(total) = page.total_records {
            *self.totals.entry(total).or_default() += 1;
        }
    }

    /// What a census would make of it.
    pub(super) fn result(&self) -> CheckResult {
        let mut doubts = Vec::new();
        if self.strays > 0 {
            doubts.push(format!(
                "{} of {} records are dated outside of what was asked for, so that the service's \
                 filter does not mean what its document says",
                self.strays, self.clips
            ));
        }
        for (field, count) in &self.repairs {
            if is_unreadable(*count, self.clips) {
                doubts.push(format!(
                    "{field} of {count} of {} records is in a form that the API does not document",
                    self.clips
                ));
            }
        }
        let cap = |(total, windows): &(&u64, &u32)| is_round(**total) && **windows > 1;
        if let Some((total, windows)) = self.totals.iter().find(cap) {
            doubts.push(format!(
                "{windows} windows have just {total} clips each, so that the service may count no \
                 further"
            ));
        }
        if doubts.is_empty() {
            let clips = things(self.clips, "record");
            return CheckResult::ok("records", format!("{clips} read, dated as asked for"));
        }
        let doubts = doubts.join("; ");
        CheckResult::warning(
            "records",
            format!("{doubts}: an export may not be verified"),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::result::State;

    #[test]
    fn the_same_round_total_of_several_windows_may_be_a_cap() {
        let seen = |totals: &[(u64, u32)]| Seen {
            totals: totals.iter().copied().collect(),
            ..Seen::default()
        };
        assert_eq!(seen(&[(10_000, 1), (0, 5)]).result().state, State::Ok);
        assert_eq!(seen(&[(9_999, 3)]).result().state, State::Ok);
        let capped = seen(&[(10_000, 2), (77, 1)]).result();
        assert_eq!(capped.state, State::Warning);
        assert!(capped.text.contains("just 10000 clips"), "{}", capped.text);
    }
}
