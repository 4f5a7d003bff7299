//! Which snapshots stay: a choice by date, verdict and whether their files are there. Pure.
//!
//! What is damaged stays as if it were intact, since it may be mended and nothing else has its rows;
//! but it takes no place. The choice is therefore made twice, among all snapshots and among the intact
//! ones, and what either chooses stays.

use std::cmp::Reverse;
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
    /// The first of its files that is not there as its manifest says, and how it differs.
    pub damage: Option<String>,
}

/// Why a snapshot stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reason {
    /// It is of the latest date.
    Newest,
    /// Another than that, which `latest.json` names as the newest.
    Named,
    /// It was published after all others, whatever its date.
    PublishedLast,
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
            Self::Newest => "newest",
            Self::Named => "named by latest.json",
            Self::PublishedLast => "published last",
            Self::Verified => "newest verified",
            Self::Daily => "daily",
            Self::Monthly => "monthly",
        }
    }
}

/// The dates that `latest.json` names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Named {
    /// Of the newest snapshot.
    pub newest: Option<Date>,
    /// Of the one that was published last.
    pub published_last: Option<Date>,
}

/// Why each of these snapshots stays, in their order; one without a reason goes.
#[must_use]
pub(crate) fn reasons(
    snapshots: &[SnapshotInfo],
    named: Named,
    keep: RetentionPolicy,
) -> Vec<BTreeSet<Reason>> {
    let mut newest_first: Vec<usize> = (0..snapshots.len()).collect();
    newest_first.sort_by_key(|at| Reverse(snapshots[*at].date));
    let mut reasons = vec![BTreeSet::new(); snapshots.len()];
    for (place, at) in newest_first.iter().enumerate() {
        let date = Some(snapshots[*at].date);
        if place == 0 {
            reasons[*at].insert(Reason::Newest);
        } else if date == named.newest {
            reasons[*at].insert(Reason::Named);
        }
        if date == named.published_last {
            reasons[*at].insert(Reason::PublishedLast);
        }
    }
    let is_intact = |at: &usize| snapshots[*at].damage.is_none();
    let intact = newest_first.iter().copied().filter(is_intact).collect();
    for candidates in [newest_first, intact] {
        choose(snapshots, &candidates, keep, &mut reasons);
    }
    reasons
}

/// Adds why some of these snapshots stay, as if there were no others. They are in order, the newest first.
fn choose(
    snapshots: &[SnapshotInfo],
    newest_first: &[usize],
    keep: RetentionPolicy,
    reasons: &mut [BTreeSet<Reason>],
) {
    let is = |verdict| move |at: &&usize| snapshots[**at].verdict == verdict;
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
            damage: None,
        }
    }

    fn damaged(text: &str) -> SnapshotInfo {
        SnapshotInfo {
            damage: Some("clips/part-00000.parquet: it is missing".to_owned()),
            ..snapshot(text, Verdict::Verified)
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
        let kept: Vec<&str> = reasons(&snapshots, Named::default(), keep)
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
        let all = reasons(&snapshots, Named::default(), keep);
        assert_eq!(all[0], BTreeSet::from([Reason::Monthly]));
        assert_eq!(all[1], BTreeSet::new());
        assert_eq!(all[2], BTreeSet::from([Reason::Newest, Reason::Monthly]));
    }

    #[test]
    fn a_damaged_snapshot_stays_and_takes_neither_a_day_nor_a_month_nor_the_place_of_the_verified_one()
     {
        let keep = |daily, monthly| RetentionPolicy { daily, monthly };
        let of = |snapshots: &[SnapshotInfo], keep| -> Vec<String> {
            let all = reasons(snapshots, Named::default(), keep);
            let told = all.iter().zip(snapshots).map(|(reasons, snapshot)| {
                let names: Vec<&str> = reasons.iter().map(|reason| reason.name()).collect();
                format!("{}: {}", snapshot.date.day(), names.join(", "))
            });
            told.collect()
        };
        let snapshots = [
            damaged("2026-10-29"),
            snapshot("2026-11-20", Verdict::Verified),
            snapshot("2026-11-21", Verdict::Verified),
            snapshot("2026-11-22", Verdict::Unverified),
            damaged("2026-11-23"),
        ];
        assert_eq!(
            of(&snapshots, keep(2, 0)),
            [
                "29: ",
                "20: ",
                "21: newest verified, daily",
                "22: daily",
                "23: newest, newest verified, daily"
            ]
        );
        assert_eq!(
            of(&snapshots, keep(0, 1)),
            [
                "29: ",
                "20: ",
                "21: newest verified",
                "22: monthly",
                "23: newest, newest verified, monthly"
            ]
        );
        let months = [
            snapshot("2026-09-30", Verdict::Verified),
            damaged("2026-10-31"),
            snapshot("2026-11-01", Verdict::Verified),
        ];
        assert_eq!(
            of(&months, keep(0, 2)),
            [
                "30: monthly",
                "31: monthly",
                "1: newest, newest verified, monthly"
            ]
        );
    }

    #[test]
    fn what_latest_json_names_stays_and_is_told_apart() {
        let snapshots = [
            snapshot("2026-11-20", Verdict::Verified),
            snapshot("2026-11-21", Verdict::Verified),
            snapshot("2026-11-22", Verdict::Verified),
        ];
        let named = Named {
            newest: Some(date(2026, 11, 21)),
            published_last: Some(date(2026, 11, 20)),
        };
        let keep = RetentionPolicy {
            daily: 1,
            monthly: 0,
        };
        let all = reasons(&snapshots, named, keep);
        assert_eq!(all[0], BTreeSet::from([Reason::PublishedLast]));
        assert_eq!(all[1], BTreeSet::from([Reason::Named]));
        let newest = [Reason::Newest, Reason::Verified, Reason::Daily];
        assert_eq!(all[2], BTreeSet::from(newest));
    }

    fn snapshots() -> impl Strategy<Value = Vec<SnapshotInfo>> {
        let verdict = proptest::sample::select(vec![
            Verdict::Verified,
            Verdict::Unverified,
            Verdict::Incomplete,
        ]);
        let is_damaged = proptest::bool::weighted(0.2);
        let days = proptest::collection::btree_map(0..200_i64, (verdict, is_damaged), 0..40);
        days.prop_map(|days| {
            let snapshots = days
                .into_iter()
                .map(|(day, (verdict, is_damaged))| SnapshotInfo {
                    date: date(2026, 1, 1).saturating_add(day.days()),
                    verdict,
                    table: Table::Clips,
                    bytes: 0,
                    damage: is_damaged.then(|| "it is missing".to_owned()),
                });
            snapshots.collect()
        })
    }

    fn kept(
        snapshots: &[SnapshotInfo],
        newest: Option<Date>,
        keep: RetentionPolicy,
    ) -> Vec<SnapshotInfo> {
        let named = Named {
            newest,
            published_last: None,
        };
        let reasons = reasons(snapshots, named, keep);
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
            prop_assert!(kept.len() <= 2 * (daily + monthly + 1) + 2);
        }

        #[test]
        fn damage_of_some_takes_no_intact_snapshot_and_is_no_reason_to_go(
            snapshots in snapshots(),
            daily in 0..5_usize,
            monthly in 0..5_usize,
        ) {
            let keep = RetentionPolicy { daily, monthly };
            let all = kept(&snapshots, None, keep);
            let is_intact = |snapshot: &SnapshotInfo| snapshot.damage.is_none();
            let intact: Vec<SnapshotInfo> = snapshots.iter().filter(|it| is_intact(it)).cloned().collect();
            let among_intact = kept(&intact, None, keep);
            let newest = intact.last();
            // The newest of the intact ones alone stays for being that.
            let stay = among_intact.iter().filter(|it| Some(*it) != newest || daily > 0);
            prop_assert!(stay.into_iter().all(|it| all.contains(it)));
            let mended: Vec<SnapshotInfo> = snapshots
                .iter()
                .map(|it| SnapshotInfo { damage: None, ..it.clone() })
                .collect();
            let dates: Vec<Date> = all.iter().map(|it| it.date).collect();
            prop_assert!(kept(&mended, None, keep).iter().all(|it| dates.contains(&it.date)));
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
