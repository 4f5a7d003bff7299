//! Every owner, a line each: `owners.csv`, for spreadsheets.

use std::fmt::Write as _;
use std::io;
use std::io::Write;

use super::Bytes;
use super::Summary;
use super::summary::OwnerUsage;
use crate::snapshot::CsvMode;
use crate::snapshot::csv::push_text;

use Cell::Clips;
use Cell::Decimal;
use Cell::Size;
use Cell::Text;

/// A column: its name, and what an owner has in it.
type Column = (&'static str, fn(&OwnerUsage) -> Cell<'_>);

enum Cell<'a> {
    Text(Option<&'a str>),
    Clips(u64),
    Size(Bytes),
    Decimal(f64),
}

const COLUMNS: [Column; 19] = [
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
    ("exposed_clips", |owner| {
        Clips(owner.open_without_passcode.clips)
    }),
    ("exposed_bytes", |owner| {
        Size(owner.open_without_passcode.bytes)
    }),
    ("record_start_clips", |owner| {
        Clips(owner.clips_by_status.record_start)
    }),
    ("record_failed_clips", |owner| {
        Clips(owner.clips_by_status.record_failed)
    }),
    ("record_end_clips", |owner| {
        Clips(owner.clips_by_status.record_end)
    }),
    ("record_success_clips", |owner| {
        Clips(owner.clips_by_status.record_success)
    }),
    ("record_delete_clips", |owner| {
        Clips(owner.clips_by_status.record_delete)
    }),
    ("suspended_clips", |owner| {
        Clips(owner.clips_by_status.suspended)
    }),
    ("unknown_status_clips", |owner| {
        Clips(owner.clips_by_status.unknown)
    }),
    ("missing_status_clips", |owner| {
        Clips(owner.clips_by_status.missing)
    }),
];

/// Writes a header and a line for each owner, in the order of the summary: RFC 4180, UTF-8. Text
/// that a spreadsheet would run as a formula is defused as in a snapshot's spreadsheet CSV. The
/// clips that name no owner stand under an empty id. Holds one line at a time.
///
/// # Errors
/// Those of `output`.
pub fn owners_csv(summary: &Summary, output: &mut (impl Write + ?Sized)) -> io::Result<()> {
    write!(output, "{}\r\n", COLUMNS.map(|(name, _)| name).join(","))?;
    let mut line = String::new();
    for owner in &summary.owners {
        line.clear();
        for (at, (_, cell)) in COLUMNS.iter().enumerate() {
            if at > 0 {
                line.push(',');
            }
            cell(owner).push(&mut line);
        }
        line.push_str("\r\n");
        output.write_all(line.as_bytes())?;
    }
    Ok(())
}

impl Cell<'_> {
    fn push(&self, line: &mut String) {
        let written = match self {
            Text(None) => Ok(()),
            Text(Some(text)) => {
                push_text(line, text, CsvMode::Spreadsheet);
                Ok(())
            }
            Clips(clips) => write!(line, "{clips}"),
            Size(bytes) => write!(line, "{}", bytes.0),
            Decimal(number) => write!(line, "{number}"),
        };
        written.expect("memory takes what is written");
    }
}
