//! A line for each finding, harmless in a spreadsheet: RFC 4180 in UTF-8, behind a byte order mark.

use std::io;
use std::io::Write;

use clipcensus::audit::defused;

use crate::finding::{Audit, Finding};

/// Without it spreadsheets take UTF-8 for an encoding of one byte a letter.
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// The columns. They, and their order, are promised.
const COLUMNS: [&str; 14] = [
    "rule",
    "severity",
    "state",
    "account_id",
    "clip_id",
    "owner_id",
    "title",
    "detail",
    "fingerprint",
    "owner",
    "snapshot_date",
    "share_link",
    "exception_reason",
    "exception_until",
];

/// Writes the byte order mark and the names of the columns.
///
/// # Errors
/// Those of `output`.
pub(crate) fn begin(output: &mut dyn Write) -> io::Result<()> {
    output.write_all(BYTE_ORDER_MARK.as_bytes())?;
    line(output, COLUMNS)
}

/// Writes the line of a finding; what it has not is an empty cell.
///
/// # Errors
/// Those of `output`.
pub(crate) fn write(output: &mut dyn Write, _audit: &Audit, finding: &Finding) -> io::Result<()> {
    let subject = &finding.subject;
    let fingerprint = finding.fingerprint.hex();
    let exception = finding.exception.as_deref();
    let until = exception.map(|it| it.until.to_string());
    let cells: [Option<&str>; COLUMNS.len()] = [
        Some(&finding.rule.name),
        Some(finding.rule.severity.name()),
        Some(finding.state.name()),
        subject.account_id.as_deref(),
        subject.clip_id.as_deref(),
        subject.owner_id.as_deref(),
        finding.title.as_deref(),
        finding.detail.as_deref(),
        Some(&fingerprint),
        finding.owner.as_deref(),
        subject.snapshot_date.as_deref(),
        finding.share_link.as_deref(),
        exception.map(|it| it.reason.as_str()),
        until.as_deref(),
    ];
    line(output, cells.map(Option::unwrap_or_default))
}

/// Writes a line, in one piece: the crate's writer flushes what it writes to, which would be a call of
/// the system for every line.
fn line(output: &mut dyn Write, cells: [&str; COLUMNS.len()]) -> io::Result<()> {
    let mut lines = csv::WriterBuilder::new();
    lines.terminator(csv::Terminator::CRLF);
    let mut lines = lines.from_writer(Vec::new());
    for cell in cells {
        lines.write_field(defused(cell).as_bytes())?;
    }
    lines.write_record(None::<&[u8]>)?;
    let line = lines
        .into_inner()
        .map_err(csv::IntoInnerError::into_error)?;
    output.write_all(&line)
}
