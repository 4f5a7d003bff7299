//! Which snapshots stay: a choice by date and verdict. Pure.

use std::collections::BTreeSet;

use jiff::civil::Date;

use crate::disk::layout::Table;
use crate::model::Verdict;

/// How many snapshots stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RetentionPolicy {
    /// The newest so many: one a day, as a day has one snapshot.
    pub daily: usize,
    /// One of each of the newest so many months that have any.
    pub monthly: usize,
}

/// A snapshot of an output folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SnapshotInfo {
    /// Its date; no two have the same.
    pub date: Date,
    /// Whether it is complete.
    pub verdict: Verdict,
    /// What its rows are.
    pub table: Table,
    /// The length of its data files.
    pub bytes: u64,
}

/// Why a snapshot stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reason {
    /// It is the newest, or what `latest.json` names.
    Latest,
    /// It is the newest that is verified.
    Verified,
    /// One of the newest.
    Daily,
    /// The one of its month.
    Monthly,
}

impl Reason {
    /// In a word.
    #[must_use]
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Latest => "latest",
            Self::Verified => "latest verified",
            Self::Daily => "daily",
            Self::Monthly => "monthly",
        }
    }
}

/// Why each of these snapshots stays, in their order; one without a reason goes. `latest` are the dates
/// that `latest.json` names.
#[must_use]
pub(crate) fn reasons(
    snapshots: &[SnapshotInfo],
    latest: &[Date],
    keep: RetentionPolicy,
) -> Vec<BTreeSet<Reason>> {
    let mut newest_first: Vec<usize> = (0..snapshots.len()).collect();
    newest_first.sort_by_key(|at| std::cmp::Reverse(snapshots[*at].date));
    let mut reasons = vec![BTreeSet::new(); snapshots.len()];
    let is = |verdict| move |at: &&usize| snapshots[**at].verdict == verdict;
    let named = |at: &&usize| latest.contains(&snapshots[**at].date);
    for at in newest_first
        .first()
        .into_iter()
        .chain(newest_first.iter().filter(named))
    {
        reasons[*at].insert(Reason::Latest);
    }
    if let Some(at) = newest_first.iter().find(is(Verdict::Verified)) {
        reasons[*at].insert(Reason::Verified);
    }
    for at in newest_first.iter().take(keep.daily) {
        reasons[*at].insert(Reason::Daily);
    }
    let month = |at: &usize| (snapshots[*at].date.year(), snapshots[*at].date.month());
    let months = newest_first.chunk_by(|one, other| month(one) == month(other));
    for of_month in months.take(keep.monthly) {
        // The last one stands for its month, but not if it has holes and another has none.
        let whole = of_month.iter().find(|at| !is(Verdict::Incomplete)(at));
        if let Some(at) = whole.or(of_month.first()) {
            reasons[*at].insert(Reason::Monthly);
        }
    }
    reasons
}

#[cfg(test)]
mod tests {
    use jiff::ToSpan;
    use jiff::civil::date;
    use proptest::prelude::Strategy;
    use proptest::{prop_assert, prop_assert_eq, proptest};

    use super::*;

    fn snapshot(text: &str, verdict: Verdict) -> SnapshotInfo {
        SnapshotInfo {
            date: text.parse().unwrap(),
            verdict,
            table: Table::Clips,
            bytes: 0,
        }
    }

    #[test]
    fn the_newest_days_and_the_last_of_each_month_stay() {
        let days = [
            "2026-09-30",
            "2026-10-15",
            "2026-10-31",
            "2026-11-21",
            "2026-11-22",
            "2026-11-23",
        ];
        let snapshots = days.map(|day| snapshot(day, Verdict::Verified));
        let keep = RetentionPolicy {
            daily: 2,
            monthly: 2,
        };
        let kept: Vec<&str> = reasons(&snapshots, &[], keep)
            .iter()
            .zip(days)
            .filter_map(|(reasons, day)| (!reasons.is_empty()).then_some(day))
            .collect();
        assert_eq!(kept, ["2026-10-31", "2026-11-22", "2026-11-23"]);
    }

    #[test]
    fn a_month_is_kept_by_a_complete_snapshot_if_it_has_one() {
        let snapshots = [
            snapshot("2026-10-30", Verdict::Unverified),
            snapshot("2026-10-31", Verdict::Incomplete),
            snapshot("2026-11-01", Verdict::Incomplete),
        ];
        let keep = RetentionPolicy {
            daily: 0,
            monthly: 2,
        };
        let all = reasons(&snapshots, &[], keep);
        assert_eq!(all[0], BTreeSet::from([Reason::Monthly]));
        assert_eq!(all[1], BTreeSet::new());
        assert_eq!(all[2], BTreeSet::from([Reason::Latest, Reason::Monthly]));
    }

    fn snapshots() -> impl Strategy<Value = Vec<SnapshotInfo>> {
        let verdict = proptest::sample::select(vec![
            Verdict::Verified,
            Verdict::Unverified,
            Verdict::Incomplete,
        ]);
        let days = proptest::collection::btree_map(0..200_i64, verdict, 0..40);
        days.prop_map(|days| {
            let snapshots = days.into_iter().map(|(day, verdict)| SnapshotInfo {
                date: date(2026, 1, 1).saturating_add(day.days()),
                verdict,
                table: Table::Clips,
                bytes: 0,
            });
            snapshots.collect()
        })
    }

    fn kept(
        snapshots: &[SnapshotInfo],
        latest: Option<Date>,
        keep: RetentionPolicy,
    ) -> Vec<SnapshotInfo> {
        let reasons = reasons(snapshots, latest.as_slice(), keep);
        let kept = snapshots.iter().zip(reasons);
        kept.filter(|(_, reasons)| !reasons.is_empty())
            .map(|(snapshot, _)| snapshot.clone())
            .collect()
    }

    proptest! {
        #[test]
        fn the_latest_and_the_latest_verified_always_stay(
            snapshots in snapshots(),
            named in proptest::option::of(proptest::arbitrary::any::<proptest::sample::Index>()),
            daily in 0..5_usize,
            monthly in 0..5_usize,
        ) {
            let latest = named
                .filter(|_| !snapshots.is_empty())
                .map(|named| named.get(&snapshots).date);
            let kept = kept(&snapshots, latest, RetentionPolicy { daily, monthly });
            prop_assert_eq!(kept.last(), snapshots.last());
            let is_verified = |snapshot: &&SnapshotInfo| snapshot.verdict == Verdict::Verified;
            prop_assert_eq!(
                kept.iter().rev().find(is_verified),
                snapshots.iter().rev().find(is_verified)
            );
            prop_assert!(latest.is_none_or(|date| kept.iter().any(|snapshot| snapshot.date == date)));
            prop_assert!(kept.len() >= daily.min(snapshots.len()));
            prop_assert!(kept.len() <= daily + monthly + 3);
        }

        #[test]
        fn what_stays_stays_when_it_is_asked_again(
            snapshots in snapshots(),
            daily in 0..5_usize,
            monthly in 0..5_usize,
        ) {
            let keep = RetentionPolicy { daily, monthly };
            let once = kept(&snapshots, None, keep);
            prop_assert_eq!(kept(&once, None, keep), once);
        }

        #[test]
        fn who_keeps_more_keeps_the_same_and_more(
            snapshots in snapshots(),
            daily in 0..5_usize,
            monthly in 0..5_usize,
            more in 0..5_usize,
        ) {
            let few = kept(&snapshots, None, RetentionPolicy { daily, monthly });
            let keep = RetentionPolicy { daily: daily + more, monthly: monthly + more };
            let many = kept(&snapshots, None, keep);
            prop_assert!(few.iter().all(|dated| many.contains(dated)));
        }
    }
}
