//! Puts differences together as rows.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Date32Array, ListBuilder, RecordBatch, StringArray,
    StringBuilder, new_null_array,
};
use arrow::compute::kernels::zip::zip;
use arrow::datatypes::{DataType, Field, Schema};
use jiff::civil::Date;

use crate::clip::difference::{Change, ExposureChange, difference_schema, paired};
use crate::clip::{Column, OpenLink, open_link, schema};
use crate::diff::cursor::Row;
use crate::diff::error::DiffError;
use crate::diff::gather::Gather;

/// Where differences go: batches in [`difference_schema`].
pub(crate) type Sink<'a> = &'a mut dyn FnMut(&RecordBatch) -> Result<(), DiffError>;

/// A kind of difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Only {
    Opened,
    Closed,
    New,
    Gone,
    Changed,
}

/// Which differences are wanted.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wanted {
    /// These kinds; all, where none is named.
    pub(crate) only: Vec<Only>,
    /// Names of columns that do not count.
    pub(crate) ignored: Vec<String>,
}

/// Batches of each snapshot that rows wait to be taken of.
const MOST_BATCHES: usize = 8;

/// Columns that differ from night to night, whatever became of the clip: the instant of the census, and
/// a link that is signed anew for each answer.
const NEVER_COUNTED: [Column; 2] = [Column::SnapshotAt, Column::ThumbnailLink];

impl Wanted {
    /// The columns whose values count, by their place in the schema of the clips.
    pub(super) fn counted(&self) -> Vec<usize> {
        let clip = schema();
        let is_ignored = |column: usize| {
            NEVER_COUNTED.iter().any(|it| it.index() == column)
                || self.ignored.contains(clip.field(column).name())
        };
        paired().filter(|column| !is_ignored(*column)).collect()
    }

    /// Whether a difference is one of the kinds.
    fn wants(&self, change: Change, exposure: Option<ExposureChange>) -> bool {
        let is_of = |only: &Only| match only {
            Only::Opened => exposure == Some(ExposureChange::Opened),
            Only::Closed => exposure == Some(ExposureChange::Closed),
            Only::New => change == Change::New,
            Only::Gone => change == Change::Gone,
            Only::Changed => change == Change::Changed,
        };
        self.only.is_empty() || self.only.iter().any(is_of)
    }
}

/// Differences that are put together, and handed on.
pub(super) struct Differences<'a> {
    wanted: &'a Wanted,
    dates: [Date; 2],
    sink: Sink<'a>,
    /// A clip of which there is nothing: one row of nulls.
    nothing: RecordBatch,
    from: Gather,
    to: Gather,
    changes: Vec<Change>,
    exposures: Vec<Option<ExposureChange>>,
    changed_columns: ListBuilder<StringBuilder>,
}

impl<'a> Differences<'a> {
    pub(super) fn new(dates: [Date; 2], wanted: &'a Wanted, sink: Sink<'a>) -> Self {
        Self {
            wanted,
            dates,
            sink,
            nothing: nothing(),
            from: Gather::of(MOST_BATCHES),
            to: Gather::of(MOST_BATCHES),
            changes: Vec::new(),
            exposures: Vec::new(),
            changed_columns: names(),
        }
    }

    /// A clip that only the later snapshot has.
    pub(super) fn new_clip(&mut self, later: Row<'_>) -> Result<(), DiffError> {
        self.push(Change::New, None, Some(later), &[])
    }

    /// A clip that only the earlier snapshot has.
    pub(super) fn gone(&mut self, earlier: Row<'_>) -> Result<(), DiffError> {
        self.push(Change::Gone, Some(earlier), None, &[])
    }

    /// A clip that both have, and which differs in these columns; no difference if there are none.
    pub(super) fn changed(
        &mut self,
        earlier: Row<'_>,
        later: Row<'_>,
        columns: &[usize],
    ) -> Result<(), DiffError> {
        if columns.is_empty() {
            return Ok(());
        }
        self.push(Change::Changed, Some(earlier), Some(later), columns)
    }

    /// Hands on what is left.
    pub(super) fn finish(mut self) -> Result<(), DiffError> {
        self.hand_on()
    }

    fn push(
        &mut self,
        change: Change,
        earlier: Option<Row<'_>>,
        later: Option<Row<'_>>,
        columns: &[usize],
    ) -> Result<(), DiffError> {
        let exposure = match (
            earlier.is_some_and(is_exposed),
            later.is_some_and(is_exposed),
        ) {
            (false, true) => Some(ExposureChange::Opened),
            (true, false) => Some(ExposureChange::Closed),
            _ => None,
        };
        if !self.wanted.wants(change, exposure) {
            return Ok(());
        }
        for (gather, row) in [(&mut self.from, earlier), (&mut self.to, later)] {
            gather.push(row.unwrap_or((&self.nothing, 0)));
        }
        self.changes.push(change);
        self.exposures.push(exposure);
        let clip = schema();
        for column in columns {
            self.changed_columns
                .values()
                .append_value(clip.field(*column).name());
        }
        self.changed_columns.append(change == Change::Changed);
        if self.from.is_full() || self.to.is_full() {
            self.hand_on()?;
        }
        Ok(())
    }

    fn hand_on(&mut self) -> Result<(), DiffError> {
        if self.changes.is_empty() {
            return Ok(());
        }
        let changes = std::mem::take(&mut self.changes);
        let exposures = std::mem::take(&mut self.exposures);
        let (from, to) = (self.from.take()?, self.to.take()?);
        let rows = changes.len();
        let has_later: BooleanArray = changes
            .iter()
            .map(|change| Some(*change != Change::Gone))
            .collect();
        let key = |column: Column| zip(&has_later, &to[column.index()], &from[column.index()]);
        let date = |date: Date| Arc::new(Date32Array::from_value(days(date), rows)) as ArrayRef;
        let changes = StringArray::from_iter_values(changes.iter().map(|it| it.name()));
        let exposures: StringArray = exposures
            .iter()
            .map(|it| it.map(ExposureChange::name))
            .collect();
        let mut columns: Vec<ArrayRef> = vec![
            Arc::new(changes),
            Arc::new(exposures),
            Arc::new(self.changed_columns.finish()),
            date(self.dates[0]),
            date(self.dates[1]),
            key(Column::AccountId)?,
            key(Column::ClipId)?,
        ];
        for column in paired() {
            columns.extend([Arc::clone(&from[column]), Arc::clone(&to[column])]);
        }
        let batch = RecordBatch::try_new(difference_schema(), columns)?;
        (self.sink)(&batch)
    }
}

/// Whether anyone with the link of a clip can watch it.
fn is_exposed((batch, row): Row<'_>) -> bool {
    let text = |column: Column| {
        let texts = batch.column(column.index()).as_string::<i32>();
        texts.is_valid(row).then(|| texts.value(row))
    };
    let passcodes = batch.column(Column::PasscodeEnabled.index()).as_boolean();
    let passcode_enabled = passcodes.is_valid(row).then(|| passcodes.value(row));
    let opens = open_link(
        text(Column::ShareScope),
        passcode_enabled,
        text(Column::Status),
    );
    opens == Some(OpenLink::Exposed)
}

fn names() -> ListBuilder<StringBuilder> {
    let element = Field::new("element", DataType::Utf8, false);
    ListBuilder::new(StringBuilder::new()).with_field(element)
}

fn nothing() -> RecordBatch {
    let fields = schema()
        .fields()
        .iter()
        .map(|it| it.as_ref().clone().with_nullable(true))
        .collect::<Vec<_>>();
    let columns = fields
        .iter()
        .map(|it| new_null_array(it.data_type(), 1))
        .collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)
        .expect("columns of one null each are in the schema that they are made of")
}

/// Days since 1970.
fn days(date: Date) -> i32 {
    let since = date - Date::constant(1970, 1, 1);
    since.get_days()
}
