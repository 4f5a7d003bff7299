//! Puts staged folders in their places, takes retired ones away, and completes what was interrupted.
//!
//! Everything is staged and durable before the intent is written, so that an interrupted publish
//! can always go on. Which folders are in their place already is told by their inodes. No system
//! call exchanges two folders at once: between data and manifest, the intent tells our own readers
//! that the manifest of the data in place is still a staged one.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};

use crate::disk::error::DiskError;
use crate::disk::file::{remove, rename, sync_dir, write_durable};
use crate::disk::layout::{LATEST, Layout};

/// What [`recover`] found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Recovery {
    /// Neither a publish nor a prune was under way.
    Nothing,
    /// A publish was interrupted, and its snapshot (its date) is now in place; or a prune was, and
    /// its snapshots (their dates) are now gone.
    Completed(String),
    /// A publish was interrupted and what it had staged is gone: data files and manifest of this
    /// date, or of one that is not known, may not belong together until it is exported again.
    Lost(Option<String>),
}

/// What a publish or a prune is about to do; it is there from before the first step until after the last.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Intent {
    snapshot_date: String,
    swaps: Vec<Swap>,
    /// What goes away, in this order.
    #[serde(default)]
    retired: Vec<Retired>,
}

/// One folder that goes away.
#[derive(Debug, Serialize, Deserialize)]
struct Retired {
    /// Its place, below the output folder.
    place: PathBuf,
    inode: u64,
}

/// One folder that goes to its place.
#[derive(Debug, Serialize, Deserialize)]
struct Swap {
    /// Its name among the staged.
    staged: String,
    /// Its place, below the output folder.
    place: PathBuf,
    inode: u64,
}

impl Intent {
    /// The staged folders by name, each with its place, and the folders that go away once those
    /// are there; one that is not there needs no going.
    pub(crate) fn new(
        layout: &Layout,
        snapshot: &str,
        folders: &[(&str, PathBuf)],
        retired: &[PathBuf],
    ) -> Result<Self, DiskError> {
        let below = |place: &PathBuf| place.strip_prefix(layout.out()).unwrap_or(place).to_owned();
        let mut swaps = Vec::new();
        for (name, place) in folders {
            let staged = layout.staging_dir().join(name);
            let metadata = fs::metadata(&staged).map_err(DiskError::read(&staged))?;
            swaps.push(Swap {
                staged: (*name).to_owned(),
                place: below(place),
                inode: metadata.ino(),
            });
        }
        let retired = retired.iter().filter_map(|place| {
            Some(Retired {
                inode: inode(place)?,
                place: below(place),
            })
        });
        Ok(Self {
            snapshot_date: snapshot.to_owned(),
            swaps,
            retired: retired.collect(),
        })
    }

    /// Makes it durable.
    pub(crate) fn write(&self, layout: &Layout) -> Result<(), DiskError> {
        let path = layout.intent_file();
        let unfinished = path.with_extension("tmp");
        let text =
            serde_json::to_vec(self).map_err(|error| DiskError::write(&path)(error.into()))?;
        write_durable(&unfinished, &text).inspect_err(|_| drop(remove(&unfinished)))?;
        rename(&unfinished, &path)?;
        sync_dir(&layout.work_dir())
    }

    /// Whether every folder is staged still or in its place already.
    fn is_possible(&self, layout: &Layout) -> bool {
        let is_staged = |swap: &Swap| inode(&layout.staging_dir().join(&swap.staged));
        self.swaps
            .iter()
            .all(|swap| swap.is_in_place(layout) || is_staged(swap) == Some(swap.inode))
    }
}

impl Swap {
    fn is_in_place(&self, layout: &Layout) -> bool {
        inode(&layout.out().join(&self.place)) == Some(self.inode)
    }
}

/// The folder of the manifest that belongs to the data of `date` as they are in place: its own, or
/// the staged one while a publish has put the data there and not yet the manifest.
pub(crate) fn manifest_dir(layout: &Layout, date: Date) -> PathBuf {
    let place = layout.snapshot_dir(date);
    let intent = fs::read(layout.intent_file())
        .ok()
        .and_then(|text| serde_json::from_slice::<Intent>(&text).ok());
    let Some(intent) = intent.filter(|_| place.exists()) else {
        return place;
    };
    let is_of_place = |swap: &&Swap| layout.out().join(&swap.place) == place;
    match intent.swaps.iter().find(is_of_place) {
        Some(own)
            if !own.is_in_place(layout)
                && intent.swaps.iter().any(|swap| swap.is_in_place(layout)) =>
        {
            layout.staging_dir().join(&own.staged)
        }
        _ => place,
    }
}

/// Completes a publish that was interrupted, and clears what it left behind. The caller holds the
/// lock of the output folder.
///
/// # Errors
/// When the output folder cannot be read or written.
pub(crate) fn recover(layout: &Layout) -> Result<Recovery, DiskError> {
    remove(&layout.done_dir())?;
    let path = layout.intent_file();
    let text = match fs::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            remove(&layout.staging_dir())?;
            return Ok(Recovery::Nothing);
        }
        Err(error) => return Err(DiskError::read(&path)(error)),
    };
    // It was written whole; where it is not so any more, the disk or somebody has damaged it.
    let intent: Option<Intent> = serde_json::from_slice(&text).ok();
    if let Some(intent) = &intent
        && intent.is_possible(layout)
    {
        carry_out(layout, intent, usize::MAX)?;
        return Ok(Recovery::Completed(intent.snapshot_date.clone()));
    }
    remove(&path)?;
    remove(&layout.staging_dir())?;
    Ok(Recovery::Lost(intent.map(|intent| intent.snapshot_date)))
}

/// Does what is left of a publish, `steps` steps at most.
pub(crate) fn carry_out(layout: &Layout, intent: &Intent, steps: usize) -> Result<(), DiskError> {
    type Step<'a> = Box<dyn Fn() -> Result<(), DiskError> + 'a>;
    let staging = layout.staging_dir();
    let mut plan: Vec<Step<'_>> = Vec::new();
    // One folder right after the other, and only then the disk, which takes its time.
    for swap in &intent.swaps {
        let staged = staging.join(&swap.staged);
        let place = layout.out().join(&swap.place);
        plan.push(Box::new(move || {
            if inode(&staged) == Some(swap.inode) {
                put(&staged, &place, exchange)?;
            }
            Ok(())
        }));
    }
    for (at, retired) in intent.retired.iter().enumerate() {
        let place = layout.out().join(&retired.place);
        let aside = staging.join(format!("retired-{at}"));
        plan.push(Box::new(move || {
            if inode(&place) == Some(retired.inode) {
                rename(&place, &aside)?;
            }
            Ok(())
        }));
    }
    let latest = staging.join(LATEST);
    plan.push(Box::new(move || {
        let swapped = intent.swaps.iter().map(|swap| &swap.place);
        let retired = intent.retired.iter().map(|retired| &retired.place);
        for place in swapped.chain(retired) {
            let place = layout.out().join(place);
            sync_dir(place.parent().unwrap_or(&place))?;
        }
        sync_dir(&layout.staging_dir())?;
        if latest.exists() {
            rename(&latest, &layout.latest())?;
        }
        sync_dir(&layout.snapshots_dir())
    }));
    plan.push(Box::new(|| {
        remove(&layout.intent_file())?;
        sync_dir(&layout.work_dir())
    }));
    plan.push(Box::new(|| remove(&layout.staging_dir())));
    plan.iter().take(steps).try_for_each(|step| step())
}

/// Puts a folder in its place; what was there is then where the folder was, or beside it.
fn put(
    staged: &Path,
    place: &Path,
    exchange: fn(&Path, &Path) -> Result<(), Errno>,
) -> Result<(), DiskError> {
    match exchange(staged, place) {
        Ok(()) => {}
        Err(Errno::NOENT) => rename(staged, place)?,
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {
            // This file system cannot exchange: for a moment there is no snapshot of the date.
            let former = staged.with_extension("former");
            if place.exists() {
                remove(&former)?;
                rename(place, &former)?;
            }
            rename(staged, place)?;
        }
        Err(error) => return Err(DiskError::write(place)(error.into())),
    }
    Ok(())
}

fn exchange(staged: &Path, place: &Path) -> Result<(), Errno> {
    renameat_with(CWD, staged, CWD, place, RenameFlags::EXCHANGE)
}

fn inode(path: &Path) -> Option<u64> {
    fs::symlink_metadata(path)
        .ok()
        .map(|metadata| metadata.ino())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_change_places_where_the_system_cannot_exchange_them() {
        let out = tempfile::tempdir().unwrap();
        let (staged, place) = (out.path().join("staged"), out.path().join("place"));
        for round in ["first", "second"] {
            fs::create_dir(&staged).unwrap();
            fs::write(staged.join("file"), round).unwrap();
            put(&staged, &place, |_, _| Err(Errno::INVAL)).unwrap();
            assert_eq!(fs::read_to_string(place.join("file")).unwrap(), round);
            assert!(!staged.exists());
        }
    }

    #[test]
    fn a_failed_exchange_is_an_error_and_changes_nothing() {
        let out = tempfile::tempdir().unwrap();
        let (staged, place) = (out.path().join("staged"), out.path().join("place"));
        fs::create_dir(&staged).unwrap();
        fs::create_dir(&place).unwrap();
        let error = put(&staged, &place, |_, _| Err(Errno::ACCESS)).unwrap_err();
        assert!(error.cannot_write());
        assert!(staged.exists() && place.exists());
    }
}
