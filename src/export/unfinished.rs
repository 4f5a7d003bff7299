//! Whether an export goes on with what an interrupted one has listed.

use crate::disk::{DiskError, Layout};
use crate::event::{Event, Events};
use crate::settings::ExportSettings;
use crate::snapshot::Manifest;
use crate::spool::{Spool, SpoolHeader};

/// Opens the spool that is wanted, with what an interrupted run of the same night has listed, and says
/// which of the two it is.
pub(super) fn open_spool(
    layout: &Layout,
    settings: &ExportSettings,
    wanted: &SpoolHeader,
    events: &Events,
) -> Result<Spool, DiskError> {
    let mut spool = Spool::open(layout, wanted.clone(), settings.resume_within)?;
    let is_shrunk = spool.header().is_shrunk && !accepts_any_fall(settings);
    if is_shrunk {
        events.emit(&Event::Caveat(
            "what was listed before was not published, since too many clips were gone; listing again"
                .to_owned(),
        ));
    }
    // Without a page there is nothing to go on with, and no reason to be of an older instant.
    let is_empty = spool.header().run_id != wanted.run_id
        && spool.lost().is_none()
        && spool.chains().is_empty();
    if is_shrunk || is_empty || is_of_a_former_snapshot(layout, spool.header(), wanted) {
        spool.remove(layout)?;
        spool = Spool::open(layout, wanted.clone(), None)?;
    }
    if let Some(refused) = spool.refused() {
        events.emit(&Event::Caveat(format!(
            "cannot go on with the unfinished export {refused}; starting over"
        )));
    }
    if let Some(lost) = spool.lost() {
        events.emit(&Event::Caveat(format!(
            "the unfinished export in {} is damaged, and is asked for again: {lost}",
            layout.work_dir().display()
        )));
    }
    let found = spool.header();
    if found.run_id != wanted.run_id {
        events.emit(&Event::Caveat(format!(
            "going on with the export that began at {}, as of {}; --fresh starts over",
            found.started_at, found.snapshot_at
        )));
    }
    Ok(spool)
}

/// Whether somebody has looked at a fall and says that the clips are gone. Nothing less publishes what
/// was listed when it was refused: by now the app may have its permission back.
fn accepts_any_fall(settings: &ExportSettings) -> bool {
    settings.accepted.shrink.is_some_and(|most| most >= 1.0)
}

/// Whether a spool was left by an export whose snapshot is out, with the date of another day: killed
/// when only the spool was still to be deleted. To go on with it would publish that day again.
fn is_of_a_former_snapshot(layout: &Layout, found: &SpoolHeader, wanted: &SpoolHeader) -> bool {
    let date = found.snapshot_at.date();
    let is_out =
        || Manifest::read(layout, &layout.manifest(date)).is_ok_and(|it| it.run_id == found.run_id);
    date != wanted.snapshot_at.date() && is_out()
}
