//! What all differences between two snapshots come to: counts and bytes, the clips that were opened, and
//! those that changed the storage most.

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::Int64Type;
use serde::{Deserialize, Serialize};

use crate::clip::Column;
use crate::clip::difference::{Change, DifferenceColumn, ExposureChange, pair_of};
use crate::report::bytes::Count;

/// Clips that were opened, by name, at most.
const MOST_OPENED: usize = 20;

/// Clips that changed the storage most, by name.
const MOST_BYTES: usize = 10;

/// What changed since an earlier snapshot.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Changes {
    /// The date of the earlier snapshot.
    pub from_date: String,
    /// Clips that only the later one has.
    pub new: Count,
    /// Clips that only the earlier one has, and what they held.
    pub gone: Count,
    /// Clips that both have, with other values, and what they hold now.
    pub changed: Count,
    /// Clips that anyone with the link can watch now, and could not before.
    pub opened: Count,
    /// Clips that anyone with the link could watch, and cannot any more.
    pub closed: Count,
    /// How many bytes more these clips hold than they did.
    pub growth_bytes: i64,
    /// The first of those that were opened, at most 20.
    pub opened_clips: Vec<ChangedClip>,
    /// Those that changed the storage most, the most first, at most 10.
    pub largest: Vec<ChangedClip>,
}

/// A clip that differs, by name; its link is not among it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ChangedClip {
    pub account_id: String,
    pub clip_id: String,
    /// As sent, hostile or not.
    pub title: Option<String>,
    pub owner_id: Option<String>,
    /// `new`, `gone` or `changed`.
    pub change: String,
    /// What it holds now.
    pub bytes: u64,
    /// How many bytes more it holds than before.
    pub growth_bytes: i64,
}

impl Changes {
    /// Since the snapshot of a date, before any difference is known.
    pub(crate) fn since(date: jiff::civil::Date) -> Self {
        Self {
            from_date: date.to_string(),
            ..Self::default()
        }
    }

    /// How many clips differ.
    pub(crate) const fn differences(&self) -> u64 {
        self.new.clips + self.gone.clips + self.changed.clips
    }

    /// Takes note of differences, in the schema of such.
    pub(crate) fn add(&mut self, differences: &RecordBatch) {
        let view = View(differences);
        for row in 0..differences.num_rows() {
            let (before, after) = view.sizes(row);
            let change = view.text(DifferenceColumn::Change.index(), row);
            let (amount, bytes) = if change == Some(Change::New.name()) {
                (&mut self.new, after)
            } else if change == Some(Change::Gone.name()) {
                (&mut self.gone, before)
            } else {
                (&mut self.changed, after)
            };
            amount.add(bytes);
            let growth = after.cast_signed() - before.cast_signed();
            self.growth_bytes = self.growth_bytes.saturating_add(growth);
            let exposure = view.text(DifferenceColumn::ExposureChange.index(), row);
            if exposure == Some(ExposureChange::Opened.name()) {
                self.opened.add(after);
                if self.opened_clips.len() < MOST_OPENED {
                    self.opened_clips.push(view.clip(row, growth));
                }
            } else if exposure.is_some() {
                self.closed.add(before);
            }
            self.offer(&view, row, growth);
        }
    }

    /// Keeps a clip if it is among those that changed the storage most.
    fn offer(&mut self, view: &View<'_>, row: usize, growth: i64) {
        let place = self
            .largest
            .partition_point(|it| it.growth_bytes.unsigned_abs() >= growth.unsigned_abs());
        if growth != 0 && place < MOST_BYTES {
            self.largest.insert(place, view.clip(row, growth));
            self.largest.truncate(MOST_BYTES);
        }
    }
}

/// Differences by row.
struct View<'a>(&'a RecordBatch);

impl View<'_> {
    fn text(&self, column: usize, row: usize) -> Option<&str> {
        let texts = self.0.column(column).as_string::<i32>();
        texts.is_valid(row).then(|| texts.value(row))
    }

    /// A text of the clip as it is, or as it was last.
    fn last_text(&self, column: Column, row: usize) -> Option<String> {
        let (from, to) = pair_of(column)?;
        let text = self.text(to, row).or_else(|| self.text(from, row));
        text.map(str::to_owned)
    }

    /// What the clip held, and holds.
    fn sizes(&self, row: usize) -> (u64, u64) {
        let size = |column: usize| {
            let sizes = self.0.column(column).as_primitive::<Int64Type>();
            let size = if sizes.is_valid(row) {
                sizes.value(row)
            } else {
                0
            };
            u64::try_from(size).unwrap_or(0)
        };
        pair_of(Column::FileSizeBytes).map_or((0, 0), |(from, to)| (size(from), size(to)))
    }

    fn clip(&self, row: usize, growth_bytes: i64) -> ChangedClip {
        let own = |column: DifferenceColumn| {
            let text = self.text(column.index(), row);
            text.unwrap_or_default().to_owned()
        };
        ChangedClip {
            account_id: own(DifferenceColumn::AccountId),
            clip_id: own(DifferenceColumn::ClipId),
            title: self.last_text(Column::Title, row),
            owner_id: self.last_text(Column::OwnerId, row),
            change: own(DifferenceColumn::Change),
            bytes: self.sizes(row).1,
            growth_bytes,
        }
    }
}
