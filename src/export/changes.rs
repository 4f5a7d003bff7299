//! What changed since the snapshot before, published with the new one.

use crate::diff::{DiffError, Wanted, diff};
use crate::disk::{DiskError, Layout};
use crate::error::Error;
use crate::event::{Event, Events};
use crate::report::Changes;
use crate::settings::ExportSettings;
use crate::snapshot::read::{read_proven_rows, staged_rows};
use crate::snapshot::{Manifest, Staged};

/// Writes what changed from a snapshot to the one that is staged, and sums it up. `None` where the
/// earlier one is damaged, which is said: that is no reason to be without the new one.
pub(super) fn changes_since(
    before: &Manifest,
    layout: &Layout,
    settings: &ExportSettings,
    events: &Events,
    staged: &mut Staged,
) -> Result<Option<Changes>, Error> {
    let mut changes = Changes::since(before.date());
    let tell = |why: &DiskError| {
        events.emit(&Event::Caveat(not_compared(before, &why.to_string())));
    };
    let earlier = match read_proven_rows(layout, before) {
        Ok(earlier) => earlier,
        Err(error) => {
            tell(&error);
            return Ok(None);
        }
    };
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
            tell(&error);
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

/// That a census is published without what changed, and why.
pub(super) fn not_compared(before: &Manifest, why: &str) -> String {
    format!("not compared with the snapshot of {}: {why}", before.date())
}
