//! How a flag names a snapshot.

use jiff::civil::Date;

use crate::disk::layout::exact_date;

/// The date of a snapshot, for the parser of the arguments.
pub(super) fn snapshot_date(text: &str) -> Result<Date, &'static str> {
    exact_date(text).ok_or("a snapshot is named by its date, such as 2026-11-23")
}
