//! Every owner, a line each: `owners.csv`, for spreadsheets.

use std::io;
use std::io::Write;

use Cell::{Clips, Decimal, Size, Text};

use crate::clip::STATUSES;
use crate::report::bytes::Bytes;
use crate::report::spreadsheet::Lines;
use crate::report::summary::{OwnerUsage, StatusClips, Summary};

/// A column: its name, and what an owner has in it.
type Column = (&'static str, fn(&OwnerUsage) -> Cell<'_>);

enum Cell<'a> {
    Text(Option<&'a str>),
    Clips(u64),
    Size(Bytes),
    Decimal(f64),
}

/// The columns before those of the statuses.
const COLUMNS: [Column; 11] = [
    ("owner_id", |owner| Text(owner.owner_id.as_deref())),
    ("name", |owner| Text(owner.person.name.as_deref())),
    ("email", |owner| Text(owner.person.email.as_deref())),
    ("department", |owner| {
        Text(owner.person.department.as_deref())
    }),
    ("user_status", |owner| Text(owner.person.status.as_deref())),
    ("clips", |owner| Clips(owner.clips)),
    ("bytes", |owner| Size(owner.bytes)),
    ("bytes_percent", |owner| Decimal(owner.bytes_percent)),
    ("duration_seconds", |owner| Decimal(owner.duration_seconds)),
    ("exposed_clips", |owner| Clips(owner.exposed.clips)),
    ("exposed_bytes", |owner| Size(owner.exposed.bytes)),
];

/// Writes a header and a line for each owner, in the order of the summary. The clips that name no
/// owner stand under an empty id.
///
/// # Errors
/// Those of `output`.
pub(crate) fn owners_csv(summary: &Summary, output: &mut (impl Write + ?Sized)) -> io::Result<()> {
    let mut lines = Lines::begin(output)?;
    let names = COLUMNS.map(|(name, _)| name.to_owned()).into_iter();
    let statuses = StatusClips::default();
    let statuses = statuses.iter().map(|(status, _)| status_column(status));
    lines.write(names.chain(statuses))?;
    for owner in &summary.owners {
        let cells = COLUMNS.map(|(_, cell)| cell(owner)).into_iter();
        let statuses = owner.clips_by_status.iter().map(|(_, clips)| Clips(clips));
        lines.write(cells.chain(statuses).map(|cell| cell.shown()))?;
    }
    lines.finish()
}

/// The column of the clips of a status.
fn status_column(status: &str) -> String {
    if STATUSES.contains(&status) {
        format!("{}_clips", status.to_lowercase())
    } else {
        format!("{status}_status_clips")
    }
}

impl Cell<'_> {
    fn shown(&self) -> String {
        match self {
            Text(text) => text.unwrap_or_default().to_owned(),
            Clips(clips) => clips.to_string(),
            Size(bytes) => bytes.0.to_string(),
            Decimal(number) => number.to_string(),
        }
    }
}
