//! The command `report`.

use arrow::array::RecordBatch;

use crate::disk::DiskError;
use crate::error::Error;
use crate::model::exit_code::ExitCode;
use crate::program::published::summed_up;
use crate::program::stdout::done;
use crate::program::stdout::{print, put};
use crate::redact::visible_json::visible_json;
use crate::report;
use crate::report::{ExposedCsv, Summary};
use crate::settings::args::{ReportArgs, ReportFormat};
use crate::snapshot::{locate, read_rows};
use crate::verify::summary_of;

pub(super) fn run_report(args: &ReportArgs) -> Result<ExitCode, Error> {
    let (layout, manifest) = locate(&args.snapshot)?;
    let summary = summary_of(&layout, &manifest)?;
    print(&match args.format {
        ReportFormat::Text => summed_up(&summary, &layout.snapshot_dir(manifest.date())),
        ReportFormat::Json => visible_json(&report::json(&summary)).into_owned(),
        ReportFormat::Markdown => report::markdown(&summary),
        ReportFormat::Html => report::html(&summary),
        ReportFormat::OwnersCsv => {
            put(|stdout| report::owners_csv(&summary, stdout))?;
            return Ok(ExitCode::Success);
        }
        ReportFormat::ExposedCsv => {
            let rows = read_rows(&layout, &manifest)?;
            return done(put_exposed(&summary, manifest.has_secrets(), rows));
        }
    })?;
    Ok(ExitCode::Success)
}

/// Writes the list of the exposed clips.
fn put_exposed(
    summary: &Summary,
    has_links: bool,
    rows: impl Iterator<Item = Result<RecordBatch, DiskError>>,
) -> Result<(), Error> {
    let mut unread = None;
    put(|stdout| {
        let mut list = ExposedCsv::begin(summary, has_links, stdout)?;
        for batch in rows {
            match batch {
                Ok(batch) => list.add(&batch)?,
                Err(error) => {
                    unread = Some(error);
                    break;
                }
            }
        }
        list.finish()
    })?;
    unread.map_or(Ok(()), |error| Err(error.into()))
}
