//! The snapshots that are there already: which of them a new one may take the place of, and how many
//! clips it should have.

use crate::disk::{DiskError, Layout, Table};
use crate::model::{Micros, Verdict};
use crate::snapshot::manifest::Shrunk;
use crate::snapshot::{Manifest, held};

/// The share of the clips of the newest verified snapshot that may be gone before it is worth a word.
const USUAL_SHRINK: f64 = 0.2;

/// What stands in the output folder before an export publishes.
#[derive(Debug)]
pub(super) struct Former {
    /// The snapshot of the same date, of another run.
    same_date: Option<Manifest>,
    /// The date and the clips of the newest snapshot that is verified.
    newest_verified: Option<(String, u64)>,
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
            Err(DiskError::NoSnapshot { .. }) => Vec::new(),
            Err(error) => return Err(error),
        };
        let newest_verified = snapshots
            .iter()
            .filter(|it| it.verdict == Verdict::Verified && it.table == Table::Clips)
            .filter_map(|it| of_date(it.date).filter(another))
            .find(|manifest| manifest.snapshot_at <= new.snapshot_at)
            .map(|manifest| (manifest.date().to_string(), manifest.totals.written));
        Ok(Self {
            same_date: of_date(new.snapshot_at.date()).filter(another),
            newest_verified,
        })
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
            "replaced the snapshot of {} as of {} ({}, {} clips)",
            there.date(),
            there.snapshot_at,
            there.verdict.name(),
            there.totals.written
        ))
    }

    /// Whether far more clips are gone than usual, or than may be.
    pub(super) fn shrunk(&self, clips: u64, most: Option<f64>) -> Option<Shrunk> {
        let (since, clips_before) = self.newest_verified.clone()?;
        #[expect(
            clippy::cast_precision_loss,
            reason = "a share of counts far below 2^53"
        )]
        let gone = clips_before.saturating_sub(clips) as f64 / clips_before.max(1) as f64;
        (gone > most.unwrap_or(USUAL_SHRINK)).then_some(Shrunk {
            since,
            clips_before,
            clips,
        })
    }
}
