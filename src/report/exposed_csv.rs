//! Every exposed clip, a line each: `exposed.csv`, for spreadsheets.

use std::collections::HashMap;
use std::io;
use std::io::Write;

use arrow::array::{BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::error::ArrowError;
use jiff::Timestamp;

use crate::clip::owner::Person;
use crate::clip::{Column, OpenLink};
use crate::report::fold::columns::Columns;
use crate::report::spreadsheet::Lines;
use crate::report::summary::Summary;

/// The columns, in order; that of the link is the last, and only where it is asked for.
const COLUMNS: [&str; 11] = [
    "account_id",
    "clip_id",
    "title",
    "owner_id",
    "owner_name",
    "owner_email",
    "status",
    "created_at",
    "duration_seconds",
    "file_size_bytes",
    "share_link",
];

/// The columns of a clip that are needed for it.
const NEEDED: [Column; 11] = [
    Column::AccountId,
    Column::ClipId,
    Column::OwnerId,
    Column::Title,
    Column::Status,
    Column::DurationSeconds,
    Column::FileSizeBytes,
    Column::CreatedAt,
    Column::ShareLink,
    Column::ShareScope,
    Column::PasscodeEnabled,
];

/// The exposed rows of a batch, with the columns that [`ExposedCsv`] needs; `None` if there are none.
///
/// # Errors
/// For a batch that holds no clips.
pub(crate) fn exposed_rows(batch: &RecordBatch) -> Result<Option<RecordBatch>, ArrowError> {
    let columns = Columns::of(batch).map_err(|error| ArrowError::SchemaError(error.to_string()))?;
    let is_exposed = |row| columns.open_link(row) == Some(OpenLink::Exposed);
    let exposed: BooleanArray = (0..batch.num_rows())
        .map(|row| Some(is_exposed(row)))
        .collect();
    if exposed.true_count() == 0 {
        return Ok(None);
    }
    let needed: Vec<usize> = NEEDED.iter().map(|column| column.index()).collect();
    filter_record_batch(&batch.project(&needed)?, &exposed).map(Some)
}

/// The list being written: RFC 4180, UTF-8, behind a byte order mark, in the order of the rows. Text
/// that a spreadsheet would run as a formula is defused. Names and addresses are there only where
/// owners were looked up, and links only where they are asked for: whoever has the link of an exposed
/// clip can watch it.
pub(crate) struct ExposedCsv<'a, W: Write> {
    lines: Lines<W>,
    people: HashMap<&'a str, &'a Person>,
    has_links: bool,
}

impl<'a, W: Write> ExposedCsv<'a, W> {
    /// Begins the list with its header.
    ///
    /// # Errors
    /// Those of `output`.
    pub(crate) fn begin(summary: &'a Summary, has_links: bool, output: W) -> io::Result<Self> {
        let mut lines = Lines::begin(output)?;
        let shown = if has_links {
            COLUMNS.len()
        } else {
            COLUMNS.len() - 1
        };
        lines.write(COLUMNS.iter().take(shown))?;
        let owners = summary.owners.iter();
        let known = owners.filter(|owner| owner.person.is_known());
        let people = known.filter_map(|owner| Some((owner.owner_id.as_deref()?, &owner.person)));
        Ok(Self {
            lines,
            people: people.collect(),
            has_links,
        })
    }

    /// Adds the exposed rows of a batch.
    ///
    /// # Errors
    /// Those of the output, and for a batch that holds no clips.
    pub(crate) fn add(&mut self, batch: &RecordBatch) -> io::Result<()> {
        let columns = Columns::of(batch).map_err(io::Error::other)?;
        for row in 0..batch.num_rows() {
            if columns.open_link(row) == Some(OpenLink::Exposed) {
                self.add_row(&columns, row)?;
            }
        }
        Ok(())
    }

    fn add_row(&mut self, columns: &Columns<'_>, row: usize) -> io::Result<()> {
        let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
        let owner_id = columns.owner_id(row);
        let person = owner_id.and_then(|id| self.people.get(id));
        let created = columns.created_at(row);
        let created = created.and_then(|micros| Timestamp::from_microsecond(micros).ok());
        let number = |number: Option<u64>| number.map_or_else(String::new, |it| it.to_string());
        let mut cells = vec![
            columns.account_id(row).to_owned(),
            columns.clip_id(row).to_owned(),
            text(columns.title(row)),
            text(owner_id),
            text(person.and_then(|person| person.name.as_deref())),
            text(person.and_then(|person| person.email.as_deref())),
            text(columns.status(row)),
            created.map_or_else(String::new, |created| created.to_string()),
            columns
                .duration_seconds(row)
                .map_or_else(String::new, |seconds| seconds.to_string()),
            number(columns.bytes(row)),
        ];
        if self.has_links {
            cells.push(text(columns.share_link(row)));
        }
        self.lines.write(cells)
    }

    /// Ends the list.
    ///
    /// # Errors
    /// Those of the output.
    pub(crate) fn finish(self) -> io::Result<()> {
        self.lines.finish()
    }
}
