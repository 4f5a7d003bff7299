//! What changed since the snapshot before, published with the new one.

use crate::diff::{DiffError, Wanted, diff};
use crate::disk::Layout;
use crate::error::Error;
use crate::report::Changes;
use crate::settings::ExportSettings;
use crate::snapshot::read::staged_rows;
use crate::snapshot::{Manifest, Staged, read_rows};

/// Writes what changed from a snapshot to the one that is staged, and sums it up. `None` where the
/// earlier one is damaged: that is no reason to be without the new one.
pub(super) fn changes_since(
    before: &Manifest,
    layout: &Layout,
    settings: &ExportSettings,
    staged: &mut Staged,
) -> Result<Option<Changes>, Error> {
    let mut changes = Changes::since(before.date());
    let earlier = read_rows(layout, before)?;
    let later = staged_rows(layout, &staged.files, settings.format, settings.csv_mode);
    let date = staged.date();
    let compared = staged.differences(|write| {
        diff(
            (before.date(), earlier),
            (date, later),
            &Wanted::default(),
            &mut |batch| {
                changes.add(batch);
                write(batch).map_err(DiffError::from)
            },
        )
    });
    match compared {
        Ok(()) => Ok(Some(changes)),
        Err(DiffError::Snapshot(error)) if !error.cannot_write() => {
            tracing::warn!(
                "not compared with the snapshot of {}: {error}",
                before.date()
            );
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}
