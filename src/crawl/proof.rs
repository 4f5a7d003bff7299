//! The proof of one chain of pages: whether what they named and what they held agree.

/// Looks at every page of a chain, and judges it at its end.
#[derive(Debug, Default)]
pub(super) struct Proof {
    pages: u64,
    records: u64,
    total: Total,
    /// So far every page named its own length as the total.
    counts_pages: bool,
    /// A clip was changed after the first page was asked for.
    is_changed: bool,
}

/// What the pages said of `total_records`.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Total {
    #[default]
    Unseen,
    Absent,
    Named(u64),
    /// It differed from page to page, or was there on some only.
    Moved,
}

/// The verdict of a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ChainVerdict {
    /// Every page named the same total, no id came twice, and the distinct ids equal the total.
    Settled,
    /// The service names no total, or one that does not count the filter: nothing contradicts.
    Unproven(String),
    /// The pages do not belong to one moment: the window was changed while it was read.
    Changed(String),
    /// Something else contradicts; the window has to be asked for again.
    Unsettled(String),
}

impl ChainVerdict {
    /// Clips were changed while the pages were read.
    pub(super) fn changed() -> Self {
        Self::Changed("clips were changed while their pages were read".to_owned())
    }
}

impl Proof {
    /// Takes note of one page.
    pub(super) fn page(&mut self, records: u64, total_records: Option<u64>) {
        self.counts_pages =
            (self.pages == 0 || self.counts_pages) && total_records == Some(records);
        self.pages += 1;
        self.records += records;
        let named = total_records.map_or(Total::Absent, Total::Named);
        self.total = match self.total {
            Total::Unseen => named,
            former if former == named => former,
            _ => Total::Moved,
        };
    }

    /// A clip on a later page was changed after the first page was asked for.
    pub(super) const fn changed(&mut self) {
        self.is_changed = true;
    }

    pub(super) const fn pages(&self) -> u64 {
        self.pages
    }

    /// Records seen, whatever they are.
    pub(super) const fn records(&self) -> u64 {
        self.records
    }

    /// The total that all pages agreed on, if it counts the filter.
    pub(super) const fn expected(&self) -> Option<u64> {
        match self.total {
            Total::Named(total) if !self.names_page_lengths() => Some(total),
            _ => None,
        }
    }

    /// Whether `total_records` is the length of each page: no count of the filter, once there is
    /// more than one page.
    const fn names_page_lengths(&self) -> bool {
        self.counts_pages && self.pages > 1
    }

    /// Judges the chain once its last page is in. `distinct` counts ids, and records without one;
    /// `others_count` says that other windows named a total.
    pub(super) fn judge(&self, distinct: u64, others_count: bool) -> ChainVerdict {
        if distinct < self.records {
            let repeated = self.records - distinct;
            return ChainVerdict::Changed(format!("{repeated} of its clips came twice"));
        }
        if self.names_page_lengths() {
            return ChainVerdict::Unproven(
                "total_records counts the page, not the filter".to_owned(),
            );
        }
        match self.total {
            Total::Named(total) if distinct != total => ChainVerdict::Unsettled(format!(
                "total_records is {total}, but {distinct} clips came"
            )),
            // With offset-like paging, a clip that appears behind the place read makes up for one
            // that vanished before it, and the numbers agree though a third was skipped.
            Total::Named(_) if self.is_changed => ChainVerdict::changed(),
            Total::Named(_) => ChainVerdict::Settled,
            Total::Moved => {
                ChainVerdict::Changed("total_records changed from page to page".to_owned())
            }
            Total::Absent if others_count => ChainVerdict::Unsettled(
                "total_records is missing, though other windows have it".to_owned(),
            ),
            Total::Absent | Total::Unseen => {
                ChainVerdict::Unproven("the service names no total_records".to_owned())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain(pages: &[(u64, Option<u64>)], distinct: u64) -> ChainVerdict {
        let mut proof = Proof::default();
        for (records, total) in pages {
            proof.page(*records, *total);
        }
        proof.judge(distinct, false)
    }

    #[test]
    fn equal_totals_and_as_many_distinct_ids_settle_a_window() {
        assert_eq!(
            chain(&[(300, Some(301)), (1, Some(301))], 301),
            ChainVerdict::Settled
        );
        assert_eq!(chain(&[(0, Some(0))], 0), ChainVerdict::Settled);
    }

    #[test]
    fn a_repeated_clip_that_makes_up_for_a_lost_one_does_not_settle() {
        let verdict = chain(&[(300, Some(301)), (1, Some(301))], 300);
        assert!(matches!(verdict, ChainVerdict::Changed(why) if why.contains("twice")));
    }

    #[test]
    fn a_total_that_moves_or_is_there_on_some_pages_only_does_not_settle() {
        for second in [Some(302), None] {
            let verdict = chain(&[(300, Some(301)), (1, second)], 301);
            assert!(matches!(verdict, ChainVerdict::Changed(why) if why.contains("changed")));
        }
    }

    #[test]
    fn too_few_clips_do_not_settle() {
        let verdict = chain(&[(299, Some(300))], 299);
        assert!(matches!(verdict, ChainVerdict::Unsettled(why) if why.contains("300")));
    }

    #[test]
    fn without_a_total_nothing_is_proven() {
        assert!(matches!(
            chain(&[(300, None), (1, None)], 301),
            ChainVerdict::Unproven(_)
        ));
    }

    #[test]
    fn a_total_that_only_this_window_lacks_is_a_fault() {
        let mut proof = Proof::default();
        proof.page(3, None);
        assert!(matches!(proof.judge(3, true), ChainVerdict::Unsettled(_)));
    }

    #[test]
    fn what_agrees_while_it_is_changed_is_not_settled() {
        let mut proof = Proof::default();
        proof.page(300, Some(301));
        proof.page(1, Some(301));
        proof.changed();
        assert!(
            matches!(proof.judge(301, true), ChainVerdict::Changed(why) if why.contains("changed"))
        );
    }

    #[test]
    fn a_total_that_counts_the_page_proves_nothing_and_expects_nothing() {
        let mut proof = Proof::default();
        proof.page(300, Some(300));
        proof.page(7, Some(7));
        assert!(matches!(proof.judge(307, true), ChainVerdict::Unproven(_)));
        assert_eq!(proof.expected(), None);
    }
}
