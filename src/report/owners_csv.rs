//! Every owner, a line each: `owners.csv`, for spreadsheets.

use std::fmt::Display;
use std::fmt::Write as _;
use std::io;
use std::io::Write;

use super::Summary;
use super::summary::OwnerUsage;
use crate::snapshot::CsvMode;
use crate::snapshot::csv::push_text;

/// A column: its name, and how an owner's cell is added to a line.
type Column = (&'static str, fn(&mut String, &OwnerUsage));

const COLUMNS: [Column; 15] = [
    ("owner_id", |line, owner| {
        text(line, owner.owner_id.as_deref())
    }),
    ("clips", |line, owner| number(line, owner.clips)),
    ("bytes", |line, owner| number(line, owner.bytes.0)),
    ("bytes_percent", |line, owner| {
        number(line, owner.bytes_percent)
    }),
    ("duration_seconds", |line, owner| {
        number(line, owner.duration_seconds)
    }),
    ("open_without_passcode_clips", |line, owner| {
        number(line, owner.open_without_passcode.clips)
    }),
    ("open_without_passcode_bytes", |line, owner| {
        number(line, owner.open_without_passcode.bytes.0)
    }),
    ("record_start_clips", |line, owner| {
        number(line, owner.clips_by_status.record_start)
    }),
    ("record_failed_clips", |line, owner| {
        number(line, owner.clips_by_status.record_failed)
    }),
    ("record_end_clips", |line, owner| {
        number(line, owner.clips_by_status.record_end)
    }),
    ("record_success_clips", |line, owner| {
        number(line, owner.clips_by_status.record_success)
    }),
    ("record_delete_clips", |line, owner| {
        number(line, owner.clips_by_status.record_delete)
    }),
    ("suspended_clips", |line, owner| {
        number(line, owner.clips_by_status.suspended)
    }),
    ("unknown_status_clips", |line, owner| {
        number(line, owner.clips_by_status.unknown)
    }),
    ("missing_status_clips", |line, owner| {
        number(line, owner.clips_by_status.missing)
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
        for (at, (_, push)) in COLUMNS.iter().enumerate() {
            if at > 0 {
                line.push(',');
            }
            push(&mut line, owner);
        }
        line.push_str("\r\n");
        output.write_all(line.as_bytes())?;
    }
    Ok(())
}

fn text(line: &mut String, text: Option<&str>) {
    if let Some(text) = text {
        push_text(line, text, CsvMode::Spreadsheet);
    }
}

fn number(line: &mut String, number: impl Display) {
    write!(line, "{number}").expect("memory takes what is written");
}
