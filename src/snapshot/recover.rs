//! Puts staged folders in their places, takes old ones away, and completes what was interrupted.
//!
//! Everything is staged and durable before the intent is written, so that an interrupted publish
//! can always go on. Which folders are in their place already is told by what they hold. No system
//! call exchanges two folders at once: between data and manifest, the intent tells our own readers
//! that the manifest of the data in place is still a staged one.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::civil::Date;

use crate::disk::error::DiskError;
use crate::disk::file::{remove, rename, sync_dir};
use crate::disk::layout::{Folder, LATEST, Layout, MANIFEST};
use crate::disk::private::{is_closed_to_others, private_dir};
use crate::disk::reading::read_below;
use crate::snapshot::contents::Contents;
use crate::snapshot::intent::{Dated, Intent, Publish};
use crate::snapshot::moves::{Renames, System, move_dir, put, take_away};

/// What [`recover`] found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Recovery {
    /// Neither a publish nor a prune was under way.
    Nothing,
    /// What was interrupted, in words, and is done now.
    Completed(String),
    /// What was interrupted, in words, and cannot be done. It is undone; where that cannot be either,
    /// data files and manifest of its date may not belong together until it is exported again.
    GivenUp {
        what: String,
        why: String,
        /// Where the files are that it had moved, if they could not be put back.
        kept: Option<PathBuf>,
    },
}

impl Recovery {
    /// What a user should know of it.
    pub(crate) fn message(&self) -> Option<String> {
        match self {
            Self::Nothing => None,
            Self::Completed(what) => Some(format!("completed what had been interrupted: {what}")),
            Self::GivenUp { what, why, kept } => {
                let kept = kept.as_ref().map_or_else(String::new, |kept| {
                    let kept = kept.display();
                    format!("; what it had staged or moved is kept in {kept}")
                });
                Some(format!(
                    "{what} was interrupted and cannot be completed: {why}{kept}; `clipcensus \
                     verify` tells whether the files of a date fit its manifest, and to export it \
                     again mends it"
                ))
            }
        }
    }
}

/// The folder of the manifest that belongs to the data of `date` as they are in place: its own, or
/// the staged one while a publish has put the data there and not yet the manifest.
pub(crate) fn manifest_dir(layout: &Layout, date: Date) -> PathBuf {
    let place = layout.snapshot_dir(date);
    let staged = layout.staged(Folder::Documents);
    // Whoever may not enter the folder reads what is in place.
    if !is_closed_to_others(&layout.work_dir(), &layout.snapshots_dir()) {
        return place;
    }
    match Intent::read(layout) {
        Ok(Some(Intent::Publish(publish))) if publish.date == date => {
            let rows = Layout::new(layout.out(), publish.table).data_dir(date);
            match Contents::of(layout, &staged, &publish.manifest_sha256) {
                Some(contents) if contents.is(Folder::Data, &rows) => staged,
                _ => place,
            }
        }
        _ => place,
    }
}

/// The manifest in that folder, which is the one to read wherever no lock is held.
pub(crate) fn manifest_in_force(layout: &Layout, date: Date) -> PathBuf {
    manifest_dir(layout, date).join(MANIFEST)
}

/// Completes a publish or a prune that was interrupted, and clears what it left behind. What cannot
/// be completed is undone, and is in nobody's way afterwards. The caller holds the lock of the output
/// folder.
///
/// # Errors
/// When the output folder cannot be read or written.
pub(crate) fn recover(layout: &Layout) -> Result<Recovery, DiskError> {
    recover_by(layout, &System)
}

pub(crate) fn recover_by(layout: &Layout, renames: &dyn Renames) -> Result<Recovery, DiskError> {
    remove(&layout.done_dir())?;
    let intent = match Intent::read(layout) {
        Ok(None) => {
            remove(&layout.staging_dir())?;
            return Ok(Recovery::Nothing);
        }
        Ok(Some(intent)) => intent,
        // It was written whole: an earlier version, the disk or somebody has made it what it is.
        Err(error) if error.is_damaged() => {
            let what = "publishing a date that is not known".to_owned();
            return give_up(layout, what, error.to_string(), false);
        }
        Err(error) => return Err(error),
    };
    let staging = layout.staging_dir();
    if fs::symlink_metadata(&staging).is_ok() {
        private_dir(&staging)?;
    }
    let mover = Mover::new(layout, &intent, renames);
    match mover.complete() {
        Ok(()) => Ok(Recovery::Completed(intent.what())),
        Err(error) => {
            let is_undone = mover.undo().is_ok_and(|is_whole| is_whole);
            give_up(layout, intent.what(), error.to_string(), is_undone)
        }
    }
}

/// Forgets an intent. What is staged is deleted if it is of no more use, and put aside otherwise.
fn give_up(
    layout: &Layout,
    what: String,
    why: String,
    is_undone: bool,
) -> Result<Recovery, DiskError> {
    let staging = layout.staging_dir();
    let mut kept = None;
    if is_undone {
        remove(&layout.intent_file())?;
        remove(&staging)?;
    } else {
        if staging.exists() {
            let name = Timestamp::now().strftime("kept-%Y%m%dT%H%M%S%.fZ");
            let aside = layout.work_dir().join(name.to_string());
            rename(&staging, &aside)?;
            kept = Some(aside);
        }
        remove(&layout.intent_file())?;
    }
    sync_dir(&layout.work_dir())?;
    Ok(Recovery::GivenUp { what, why, kept })
}

/// Does all that an intent says, or nothing.
///
/// # Errors
/// When a folder cannot be moved, or is not in its place afterwards: everything is as it was then.
pub(crate) fn do_or_undo(
    layout: &Layout,
    intent: &Intent,
    renames: &dyn Renames,
) -> Result<(), DiskError> {
    let Err(error) = carry_out(layout, intent, renames, usize::MAX) else {
        return Ok(());
    };
    let recovery = recover_by(layout, renames)?;
    if matches!(recovery, Recovery::Completed(_)) {
        return Ok(());
    }
    if let Recovery::GivenUp { kept: Some(_), .. } = recovery
        && let Some(message) = recovery.message()
    {
        tracing::warn!("{message}");
    }
    Err(error)
}

/// Does what an intent says, `steps` steps at most. A killed process has done so many.
///
/// # Errors
/// When a folder cannot be moved, or is not in its place afterwards.
pub(crate) fn carry_out(
    layout: &Layout,
    intent: &Intent,
    renames: &dyn Renames,
    steps: usize,
) -> Result<(), DiskError> {
    Mover::new(layout, intent, renames).carry_out(steps)
}

/// One intent, and what moves its folders.
struct Mover<'a> {
    layout: Layout,
    intent: &'a Intent,
    renames: &'a dyn Renames,
}

/// One step on the way; each may be done again.
enum Step {
    Put(Folder),
    TakeAway(Dated, Folder),
    /// Everything is in its place and durable, and the newest snapshot is named.
    Settle,
    ForgetIntent,
    ClearStaging,
}

impl<'a> Mover<'a> {
    fn new(layout: &Layout, intent: &'a Intent, renames: &'a dyn Renames) -> Self {
        let table = match intent {
            Intent::Publish(publish) => publish.table,
            Intent::Remove(_) => layout.table(),
        };
        Self {
            layout: Layout::new(layout.out(), table),
            intent,
            renames,
        }
    }

    /// Goes on after an interruption, if every folder is staged still or in its place already.
    fn complete(&self) -> Result<(), DiskError> {
        if let Intent::Publish(publish) = self.intent {
            let contents = self.contents(publish)?;
            for folder in Folder::ALL.into_iter().filter(|it| contents.has(*it)) {
                let staged = self.layout.staged(folder);
                let place = self.layout.place(folder, publish.date);
                if !contents.is(folder, &place) && !contents.is(folder, &staged) {
                    return Err(lost(&place));
                }
            }
        }
        self.carry_out(usize::MAX)
    }

    fn contents(&self, publish: &Publish) -> Result<Contents, DiskError> {
        let place = self.layout.snapshot_dir(publish.date);
        let found = Contents::find(&self.layout, &place, &publish.manifest_sha256);
        found.ok_or_else(|| lost(&self.layout.manifest(publish.date)))
    }

    fn carry_out(&self, steps: usize) -> Result<(), DiskError> {
        let mut plan = Vec::new();
        match self.intent {
            Intent::Publish(publish) => {
                let contents = self.contents(publish)?;
                let has = |folder: &Folder| contents.has(*folder);
                plan.extend(Folder::ALL.into_iter().filter(has).map(Step::Put));
                for folder in Folder::OPTIONAL {
                    let (former, _) = self.way_out(publish.dated(), folder);
                    if !contents.has(folder) && former.exists() {
                        // That of the snapshot that this one replaces.
                        plan.push(Step::TakeAway(publish.dated(), folder));
                    }
                }
            }
            Intent::Remove(snapshots) => {
                for dated in snapshots {
                    let in_order = Folder::ALL.into_iter().rev();
                    plan.extend(in_order.map(|folder| Step::TakeAway(*dated, folder)));
                }
            }
        }
        plan.extend([Step::Settle, Step::ForgetIntent, Step::ClearStaging]);
        plan.iter()
            .take(steps)
            .try_for_each(|step| self.take_step(step))
    }

    fn take_step(&self, step: &Step) -> Result<(), DiskError> {
        match (step, self.intent) {
            (Step::Put(folder), Intent::Publish(publish)) => self.put(publish, *folder),
            (Step::Put(_), Intent::Remove(_)) => Ok(()),
            (Step::TakeAway(dated, folder), Intent::Publish(_)) => {
                let (from, to) = self.way_out(*dated, *folder);
                move_dir(self.renames, &from, &to)
            }
            (Step::TakeAway(dated, folder), Intent::Remove(_)) => {
                let (from, to) = self.way_out(*dated, *folder);
                take_away(self.renames, &from, &to)
            }
            (Step::Settle, Intent::Publish(publish)) => self.settle(publish),
            (Step::Settle, Intent::Remove(snapshots)) => self.see_off(snapshots),
            (Step::ForgetIntent, _) => {
                remove(&self.layout.intent_file())?;
                sync_dir(&self.layout.work_dir())
            }
            (Step::ClearStaging, Intent::Remove(_)) => remove(&self.layout.staging_dir()),
            (Step::ClearStaging, Intent::Publish(_)) => {
                // The snapshot is out; some file systems keep the folder of a file that is read.
                if let Err(error) = remove(&self.layout.staging_dir()) {
                    tracing::warn!("what the new snapshot has replaced cannot be deleted: {error}");
                }
                Ok(())
            }
        }
    }

    /// The place of a folder, and where it goes when it is replaced or removed.
    fn way_out(&self, dated: Dated, folder: Folder) -> (PathBuf, PathBuf) {
        let layout = Layout::new(self.layout.out(), dated.table);
        let former = layout.former(folder, dated.date);
        (layout.place(folder, dated.date), former)
    }

    fn put(&self, publish: &Publish, folder: Folder) -> Result<(), DiskError> {
        let (place, former) = self.way_out(publish.dated(), folder);
        let staged = self.layout.staged(folder);
        let contents = self.contents(publish)?;
        if contents.is(folder, &place) {
            return Ok(());
        }
        // What is to be exchanged is the new one, and not one that was exchanged before.
        if contents.look(folder, &staged).is_err() {
            contents.look(folder, &place)?;
            return Err(lost(&place));
        }
        put(self.renames, &staged, &place, &former)
    }

    /// Looks at the published files in their place, as readers do, and only then names them.
    fn settle(&self, publish: &Publish) -> Result<(), DiskError> {
        for folder in Folder::ALL {
            let (place, _) = self.way_out(publish.dated(), folder);
            let above = place.parent().unwrap_or(&place);
            if above.exists() {
                sync_dir(above)?;
            }
        }
        sync_dir(&self.layout.staging_dir())?;
        let contents = self.contents(publish)?;
        for folder in Folder::ALL {
            let (place, _) = self.way_out(publish.dated(), folder);
            if contents.has(folder) {
                contents.look(folder, &place)?;
            } else if place.exists() {
                return Err(DiskError::not_done(&place, "is still there"));
            }
        }
        let latest = self.layout.staging_dir().join(LATEST);
        if let Ok(text) = fs::read(&latest) {
            let place = self.layout.latest();
            rename(&latest, &place)?;
            let most = text.len() as u64;
            if read_below(self.layout.out(), &place, most)?.is_none_or(|found| found != text) {
                return Err(DiskError::not_done(&place, "is not what was written"));
            }
        }
        sync_dir(&self.layout.snapshots_dir())
    }

    /// Looks that nothing is left in the places of snapshots that are removed.
    fn see_off(&self, snapshots: &[Dated]) -> Result<(), DiskError> {
        for dated in snapshots {
            for folder in Folder::ALL {
                let (place, _) = self.way_out(*dated, folder);
                if fs::symlink_metadata(&place).is_ok() {
                    return Err(DiskError::not_done(&place, "is still there"));
                }
                let above = place.parent().unwrap_or(&place);
                if above.exists() {
                    sync_dir(above)?;
                }
            }
        }
        Ok(())
    }

    /// Puts back what was moved, so that each snapshot is as it was before. Whether nothing of use is
    /// left among the staged.
    fn undo(&self) -> Result<bool, DiskError> {
        match self.intent {
            Intent::Publish(publish) => {
                let contents = self.contents(publish).ok();
                let mut is_whole = contents.is_some();
                for folder in Folder::ALL.into_iter().rev() {
                    is_whole &= self.put_back(publish, folder, contents.as_ref())?;
                }
                Ok(is_whole)
            }
            Intent::Remove(snapshots) => {
                for dated in snapshots {
                    // A manifest comes last, when its files are there.
                    for folder in Folder::ALL {
                        let (place, former) = self.way_out(*dated, folder);
                        if former.exists() {
                            move_dir(self.renames, &former, &place)?;
                        }
                    }
                }
                Ok(true)
            }
        }
    }

    /// Puts the folder back that a publish has replaced; whether nothing of it is left elsewhere.
    fn put_back(
        &self,
        publish: &Publish,
        folder: Folder,
        contents: Option<&Contents>,
    ) -> Result<bool, DiskError> {
        let (place, former) = self.way_out(publish.dated(), folder);
        let staged = self.layout.staged(folder);
        let is_new = |path: &Path| contents.is_some_and(|it| it.has(folder) && it.is(folder, path));
        if place.exists() && contents.is_none() {
            // Whether it is the new or the old one is not known.
            return Ok(!former.exists() && !staged.exists());
        }
        if !former.exists() {
            if is_new(&place) && !staged.exists() {
                // Nothing was there before.
                move_dir(self.renames, &place, &staged)?;
            } else if is_new(&place) && !is_new(&staged) {
                put(self.renames, &staged, &place, &former)?;
            }
            return Ok(true);
        }
        if is_new(&place) {
            // The new one may be where the file system has no exchange.
            remove(&staged)?;
            move_dir(self.renames, &place, &staged)?;
        }
        move_dir(self.renames, &former, &place)?;
        Ok(true)
    }
}

/// What an intent needs of the staged files is gone or damaged.
fn lost(path: &Path) -> DiskError {
    DiskError::not_done(path, "is not what was staged")
}
