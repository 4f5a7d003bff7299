//! The two snapshots that are compared, and which may be.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::civil::Date;
use serde_json::Value;

use crate::diff::error::DiffError;
use crate::disk::{DiskError, Layout, Table};
use crate::model::Verdict;
use crate::snapshot::read::{Rows, read_proven_rows};
use crate::snapshot::retain::SnapshotInfo;
use crate::snapshot::{Manifest, held, locate};

/// Which snapshots are to be compared.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Choice {
    /// The date of the earlier one; the last before the later one, if it is not named.
    pub(crate) from: Option<Date>,
    /// The date of the later one; the newest, if it is not named.
    pub(crate) to: Option<Date>,
    /// Whether they may be less than verified.
    pub(crate) allow_unproven: bool,
}

/// One of the two.
#[derive(Debug)]
pub(crate) struct Side {
    pub(crate) layout: Layout,
    pub(crate) manifest: Manifest,
}

/// The earlier and the later snapshot.
#[derive(Debug)]
pub(crate) struct Sides {
    pub(crate) from: Side,
    pub(crate) to: Side,
}

impl Side {
    fn of(layout: &Layout, date: Date) -> Result<Self, DiffError> {
        let (layout, manifest) = locate(&layout.snapshot_dir(date))?;
        Ok(Self { layout, manifest })
    }

    /// Its date, and its clips in order. Its files are those that were published.
    pub(crate) fn rows(&self) -> Result<(Date, Rows), DiskError> {
        let rows = read_proven_rows(&self.layout, &self.manifest)?;
        Ok((self.manifest.date(), rows))
    }
}

impl Sides {
    /// Chooses two snapshots of an output folder.
    ///
    /// # Errors
    /// [`DiffError`] says why there are no two that can be compared.
    pub(crate) fn choose(out: &Path, choice: Choice) -> Result<Self, DiffError> {
        let layout = Layout::new(out, Table::Clips);
        let (mut held, _) = held(&layout)?;
        held.retain(|it| it.table == Table::Clips);
        let nothing = |why: String| DiffError::NothingToCompare(why);
        let newest_before = |date: Date| held.iter().map(|it| it.date).find(|it| *it < date);
        let to = choice.to.or_else(|| held.first().map(|it| it.date));
        let to = to.ok_or_else(|| {
            nothing(format!(
                "{} has no snapshot of clips to compare",
                out.display()
            ))
        })?;
        let from = choice.from.or_else(|| newest_before(to)).ok_or_else(|| {
            nothing(format!(
                "{} has no snapshot before that of {to}, so that there is nothing to compare it with; a \
                 diff needs two",
                out.display()
            ))
        })?;
        if from >= to {
            return Err(nothing(format!(
                "--from {from} is not before --to {to}: a diff goes from the earlier to the later"
            )));
        }
        let sides = Self {
            from: Side::of(&layout, from)?,
            to: Side::of(&layout, to)?,
        };
        sides.refuse_other()?;
        if !choice.allow_unproven {
            sides.refuse_unproven(&held)?;
        }
        Ok(sides)
    }

    fn refuse_other(&self) -> Result<(), DiffError> {
        let (from, to) = (&self.from.manifest, &self.to.manifest);
        match incomparable(from, &to.parameters) {
            None => Ok(()),
            Some((theirs, ours)) => Err(DiffError::OtherCensus {
                from: from.date().to_string(),
                to: to.date().to_string(),
                theirs,
                ours,
            }),
        }
    }

    fn refuse_unproven(&self, held: &[SnapshotInfo]) -> Result<(), DiffError> {
        for side in [&self.from, &self.to] {
            let verdict = side.manifest.verdict;
            if verdict != Verdict::Verified {
                let mut proven = held.iter().filter(|it| it.verdict == Verdict::Verified);
                return Err(DiffError::Unproven {
                    date: side.manifest.date().to_string(),
                    verdict: verdict.name(),
                    proven: match (proven.next(), proven.next()) {
                        (Some(to), Some(from)) => {
                            format!(" (the newest are {} and {})", from.date, to.date)
                        }
                        _ => String::new(),
                    },
                });
            }
        }
        Ok(())
    }
}

/// In what an earlier snapshot differs from one with these parameters so that nearly every clip would look
/// changed, there and here; `None` if they can be compared.
#[must_use]
pub fn incomparable(
    earlier: &Manifest,
    later: &BTreeMap<String, Value>,
) -> Option<(String, String)> {
    earlier.other_census(later).or_else(|| {
        let has_secrets = later.get("include_secrets") == Some(&Value::Bool(true));
        let told = |has: bool| format!("include_secrets {has}");
        (earlier.has_secrets() != has_secrets)
            .then(|| (told(earlier.has_secrets()), told(has_secrets)))
    })
}
