//! What all differences come to: counts and bytes, the clips that were opened, and those that changed
//! the storage most.

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::Int64Type;

use crate::clip::Column;
use crate::clip::difference::{Change, DifferenceColumn, ExposureChange, pair_of};
use crate::report::Bytes;

/// Clips that were opened, by name, at most.
const MOST_OPENED: usize = 20;

/// Clips that changed the storage most, by name.
const MOST_BYTES: usize = 10;

/// Clips, and what they hold.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Amount {
    pub(crate) clips: u64,
    pub(crate) bytes: Bytes,
}

impl Amount {
    fn add(&mut self, bytes: u64) {
        self.clips += 1;
        self.bytes.add(bytes);
    }
}

/// A clip by name, without its link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NamedClip {
    pub(crate) title: Option<String>,
    pub(crate) clip_id: String,
    pub(crate) owner_id: Option<String>,
    pub(crate) change: &'static str,
    /// What it holds now.
    pub(crate) bytes: u64,
    /// How many bytes more it holds than before.
    pub(crate) growth: i64,
}

/// What differences come to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) new: Amount,
    pub(crate) gone: Amount,
    /// Those that both have, and what they hold now.
    pub(crate) changed: Amount,
    pub(crate) opened: Amount,
    pub(crate) closed: Amount,
    /// How many bytes more are stored than before, by the differences that were counted.
    pub(crate) growth: i128,
    /// The first clips that were opened.
    pub(crate) opened_clips: Vec<NamedClip>,
    /// Those that changed the storage most, the most first.
    pub(crate) most_bytes: Vec<NamedClip>,
}

impl Tally {
    /// Differences, of whatever kind.
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
            self.growth += i128::from(growth);
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
            .most_bytes
            .partition_point(|it| it.growth.unsigned_abs() >= growth.unsigned_abs());
        if growth != 0 && place < MOST_BYTES {
            self.most_bytes.insert(place, view.clip(row, growth));
            self.most_bytes.truncate(MOST_BYTES);
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

    fn clip(&self, row: usize, growth: i64) -> NamedClip {
        let change = self.text(DifferenceColumn::Change.index(), row);
        let changes = [Change::New, Change::Gone, Change::Changed];
        let change = changes.into_iter().find(|it| Some(it.name()) == change);
        let clip_id = self.text(DifferenceColumn::ClipId.index(), row);
        NamedClip {
            title: self.last_text(Column::Title, row),
            clip_id: clip_id.unwrap_or_default().to_owned(),
            owner_id: self.last_text(Column::OwnerId, row),
            change: change.map_or("", Change::name),
            bytes: self.sizes(row).1,
            growth,
        }
    }
}
