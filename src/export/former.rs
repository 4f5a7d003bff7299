//! The snapshots that are there already: which of them a new one may take the place of, and how many
//! clips it should have.

use std::collections::BTreeMap;

use crate::disk::{DiskError, Layout, Table};
use crate::model::{Micros, Verdict, WindowRecord};
use crate::report::numbers::things;
use crate::snapshot::manifest::Shrunk;
use crate::snapshot::{Manifest, held};

/// The share of the clips of the newest verified snapshot that may be gone before it is worth a word.
pub(super) const USUAL_SHRINK: f64 = 0.2;

/// Clips of an account whose going altogether is worth a word; who had fewer may have deleted them.
const FEW_CLIPS: u64 = 10;

/// What stands in the output folder before an export publishes.
#[derive(Debug)]
pub(super) struct Former {
    /// The snapshot of the same date, of another run.
    same_date: Option<Manifest>,
    /// The newest snapshot that is verified, no newer than the new one.
    newest_verified: Option<Manifest>,
    /// The newest verified snapshot of a day before.
    verified_before: Option<Manifest>,
}

/// What a snapshot is, as far as it matters to whom it takes the place of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Candidate<'a> {
    pub(super) run_id: &'a str,
    pub(super) snapshot_at: Micros,
    pub(super) verdict: Verdict,
    /// Whether it has who the owners are.
    pub(super) has_owners: bool,
}

impl Former {
    /// Looks at what is there. Snapshots that are damaged count for nothing.
    pub(super) fn of(layout: &Layout, new: Candidate<'_>) -> Result<Self, DiskError> {
        let another = |manifest: &Manifest| manifest.run_id != new.run_id;
        let of_date = |date| Manifest::read(layout, &layout.manifest(date)).ok();
        let snapshots = match held(layout) {
            Ok((snapshots, _)) => snapshots,
            Err(DiskError::NoOutput { .. }) => Vec::new(),
            Err(error) => return Err(error),
        };
        let mut verified = snapshots
            .iter()
            .filter(|it| it.verdict == Verdict::Verified && it.table == Table::Clips)
            .filter_map(|it| of_date(it.date).filter(another))
            .filter(|manifest| manifest.snapshot_at <= new.snapshot_at);
        let newest_verified = verified.next();
        let is_before = |it: &Manifest| it.date() < new.snapshot_at.date();
        let verified_before = match &newest_verified {
            Some(newest) if is_before(newest) => Some(newest.clone()),
            _ => verified.find(is_before),
        };
        Ok(Self {
            same_date: of_date(new.snapshot_at.date()).filter(another),
            newest_verified,
            verified_before,
        })
    }

    /// The snapshot that tells what changed since, if there is one.
    pub(super) const fn verified_before(&self) -> Option<&Manifest> {
        self.verified_before.as_ref()
    }

    /// Why the snapshot of the same date is to stay.
    pub(super) fn why_kept(&self, new: Candidate<'_>) -> Option<String> {
        let there = self.same_date.as_ref()?;
        let name = format!("the snapshot of {}", there.date());
        if there.snapshot_at > new.snapshot_at {
            Some(format!(
                "{name} is as of {}, and this one would be as of {}",
                there.snapshot_at, new.snapshot_at
            ))
        } else if new.verdict > there.verdict {
            Some(format!(
                "{name} is {}, and this one would be {}",
                there.verdict.name(),
                new.verdict.name()
            ))
        } else if there.owners().is_some() && !new.has_owners {
            Some(format!(
                "{name} says who the owners are, and this one would not"
            ))
        } else {
            None
        }
    }

    /// What is replaced, in words.
    pub(super) fn replaced(&self) -> Option<String> {
        let there = self.same_date.as_ref()?;
        Some(format!(
            "replaced the snapshot of {} as of {} ({}, {})",
            there.date(),
            there.snapshot_at,
            there.verdict.name(),
            things(there.totals.written, "clip")
        ))
    }

    /// Whether more than that share of the clips are gone: of all, or of an account that has none any
    /// more. One account of many is a small share of all, and may have lost a permission.
    pub(super) fn shrunk(&self, windows: &[WindowRecord], clips: u64, most: f64) -> Option<Shrunk> {
        // One of the same day, which has the fall already, must not hide it.
        let before = self
            .verified_before
            .as_ref()
            .or(self.newest_verified.as_ref())?;
        let clips_before = before.totals.written;
        let now = rows_by_account(windows);
        let emptied_accounts: Vec<String> = rows_by_account(&before.windows)
            .into_iter()
            .filter(|(account, rows)| {
                *rows >= FEW_CLIPS && now.get(account).is_none_or(|rows| *rows == 0)
            })
            .map(|(account, _)| account.to_owned())
            .collect();
        #[expect(
            clippy::cast_precision_loss,
            reason = "a share of counts far below 2^53"
        )]
        let gone = if emptied_accounts.is_empty() {
            clips_before.saturating_sub(clips) as f64 / clips_before.max(1) as f64
        } else {
            1.0
        };
        (gone > most).then(|| Shrunk {
            since: before.date().to_string(),
            clips_before,
            clips,
            emptied_accounts,
        })
    }
}

fn rows_by_account(windows: &[WindowRecord]) -> BTreeMap<&str, u64> {
    let mut rows = BTreeMap::new();
    for window in windows {
        *rows.entry(window.account_id.as_str()).or_default() += window.rows;
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::testing::{manifest, window};

    fn windows(accounts: &[(&str, u64)]) -> Vec<WindowRecord> {
        let window = |(account, rows): &(&str, u64)| WindowRecord {
            rows: *rows,
            ..window(account, 0, 10)
        };
        accounts.iter().map(window).collect()
    }

    /// A fall from these clips to those.
    fn fall(before: &[(&str, u64)], now: &[(&str, u64)], most: f64) -> Option<Shrunk> {
        let sum = |accounts: &[(&str, u64)]| accounts.iter().map(|(_, rows)| rows).sum();
        let mut newest = manifest();
        newest.windows = windows(before);
        newest.totals.written = sum(before);
        let former = Former {
            same_date: None,
            newest_verified: Some(newest),
            verified_before: None,
        };
        former.shrunk(&windows(now), sum(now), most)
    }

    #[test]
    fn a_fall_of_more_than_a_fifth_or_than_may_be_is_told() {
        let from_100_to = |clips, most| fall(&[("a", 100)], &[("a", clips)], most).is_some();
        assert!(!from_100_to(80, USUAL_SHRINK));
        assert!(from_100_to(79, USUAL_SHRINK));
        assert!(!from_100_to(79, 0.3));
        assert!(from_100_to(69, 0.3));
        assert!(from_100_to(99, 0.0));
        assert!(!from_100_to(0, 1.0));
    }

    #[test]
    fn an_account_that_has_no_clips_any_more_is_told_whatever_the_others_have() {
        let before = [("big", 100_000), ("lost", 40), ("small", 9)];
        for now in [
            &[("big", 100_000), ("lost", 0), ("small", 0)][..],
            &[("big", 100_000)],
        ] {
            let told = fall(&before, now, 0.9).unwrap();
            assert_eq!(told.emptied_accounts, ["lost"]);
            assert!(told.to_string().ends_with("none of account lost any more"));
            assert_eq!(fall(&before, now, 1.0), None);
        }
        let fewer = [("big", 100_000), ("lost", 1), ("small", 0)];
        assert_eq!(fall(&before, &fewer, USUAL_SHRINK), None);
    }
}
