//! The manifests of an output folder, one after the other: which there are, and which were published
//! before a new one.
//!
//! Each manifest names those before it by date and hash, and `latest.json` names the last one. The
//! hashes are handed on from manifest to manifest as they were when each was published, so that one
//! that is edited later no longer fits what those after it say. Snapshots that are pruned drop out.

use std::collections::{BTreeMap, BTreeSet};
use std::{fs, io};

use jiff::civil::Date;

use crate::disk::error::DiskError;
use crate::disk::layout::{LATEST, Layout, exact_date};
use crate::disk::reading::digest_below;
use crate::snapshot::files::LONGEST_MANIFEST;
use crate::snapshot::intent::Intent;
use crate::snapshot::manifest::{Latest, Manifest, PublishedManifest};

/// Shows every manifest of an output folder, oldest first, with its hash, and what cannot be read. What
/// stands among the snapshots and is none is returned. A snapshot's folder has exactly its date for a
/// name: another way to write a date is somebody's copy. A folder without a manifest is no snapshot
/// yet, or none any more.
///
/// # Errors
/// [`DiskError::NoOutput`] for a folder that is no output folder; when it cannot be read.
pub(crate) fn each_manifest(
    layout: &Layout,
    mut show: impl FnMut(Date, Result<(Manifest, String), DiskError>),
) -> Result<Vec<DiskError>, DiskError> {
    let (dates, others) = dates(layout)?;
    for date in dates {
        match Manifest::in_force(layout, date) {
            Ok((manifest, _)) if manifest.date() != date => {
                let why = format!("it is of {}", manifest.date());
                show(date, Err(DiskError::damaged(&layout.manifest(date), why)));
            }
            Err(DiskError::NoSnapshot { .. }) => {}
            read => show(date, read),
        }
    }
    Ok(others)
}

/// The dates of all folders that may be snapshots, oldest first, and what stands among them and is none.
///
/// # Errors
/// As [`each_manifest`].
pub(crate) fn dates(layout: &Layout) -> Result<(BTreeSet<Date>, Vec<DiskError>), DiskError> {
    let folder = layout.snapshots_dir();
    let listed = match fs::read_dir(&folder) {
        Ok(listed) => listed,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(DiskError::NoOutput {
                path: layout.out().to_owned(),
            });
        }
        Err(error) => return Err(DiskError::read(&folder)(error)),
    };
    let (mut dates, mut others) = (BTreeSet::new(), Vec::new());
    for entry in listed {
        let name = entry.map_err(DiskError::read(&folder))?.file_name();
        match name.to_str().and_then(exact_date) {
            Some(date) => _ = dates.insert(date),
            None if name == LATEST => {}
            None => others.push(DiskError::NotASnapshot {
                path: folder.join(name),
            }),
        }
    }
    // Where a file system cannot exchange folders, the one that is published anew is away for a moment.
    if let Ok(Some(Intent::Publish(publish))) = Intent::read(layout) {
        dates.insert(publish.date);
    }
    Ok((dates, others))
}

/// What a new manifest names as published before it.
///
/// What is on record is handed on as it is: an edited manifest must not get a new hash that way. Only
/// what nothing tells of, as in a folder of version 0.1.0, is hashed now.
pub(super) fn published_before(layout: &Layout) -> Result<Vec<PublishedManifest>, DiskError> {
    let dates = match dates(layout) {
        Ok((dates, _)) => dates,
        Err(DiskError::NoOutput { .. }) => BTreeSet::new(),
        Err(error) => return Err(error),
    };
    let is_there = |date: &&Date| layout.manifest(**date).is_file();
    let there = dates.iter().filter(is_there).map(Date::to_string);
    let there: BTreeSet<String> = there.collect();
    let mut recorded = recorded(layout)?;
    recorded.retain(|it| there.contains(&it.snapshot_date));
    let known: BTreeSet<&String> = recorded.iter().map(|it| &it.snapshot_date).collect();
    let mut all = Vec::new();
    for snapshot_date in there.iter().filter(|it| !known.contains(it)) {
        let Some(unknown) = exact_date(snapshot_date) else {
            continue;
        };
        match digest_below(layout.out(), &layout.manifest(unknown), LONGEST_MANIFEST) {
            Ok(Some((_, manifest_sha256))) => all.push(PublishedManifest {
                snapshot_date: snapshot_date.clone(),
                manifest_sha256,
            }),
            Ok(None) => {}
            // This export replaces it, or it is of no use to anybody.
            Err(error) => {
                tracing::debug!("no hash of the manifest of {unknown}: {error}");
            }
        }
    }
    all.append(&mut recorded);
    Ok(all)
}

/// What the manifest that was published last and `latest.json` tell of all that were published, each
/// date once, in the order in which they were. Empty where there is nothing that can be read.
fn recorded(layout: &Layout) -> Result<Vec<PublishedManifest>, DiskError> {
    let last = match Latest::load(layout) {
        Ok(latest) => latest.and_then(|latest| latest.last_published),
        Err(error) if error.is_damaged() => None,
        Err(error) => return Err(error),
    };
    let Some(last) = last else {
        return Ok(Vec::new());
    };
    let date = exact_date(&last.snapshot_date);
    let manifest = date.and_then(|date| Manifest::in_force(layout, date).ok());
    let before = manifest.map_or_else(Vec::new, |(manifest, _)| manifest.published_before);
    let all: Vec<PublishedManifest> = before.into_iter().chain([last]).collect();
    let newest: BTreeMap<String, usize> = all
        .iter()
        .enumerate()
        .map(|(at, it)| (it.snapshot_date.clone(), at))
        .collect();
    let is_newest = |at: usize, it: &PublishedManifest| newest.get(&it.snapshot_date) == Some(&at);
    let all = all.into_iter().enumerate();
    Ok(all
        .filter(|(at, it)| is_newest(*at, it))
        .map(|(_, it)| it)
        .collect())
}

/// The hash that is on record for the manifest of a date: that of the last one by `latest.json`, of
/// the others by the last one. While it is published, its intent counts too.
///
/// # Errors
/// When `latest.json` cannot be read.
pub(crate) fn on_record(layout: &Layout, date: Date) -> Result<Vec<String>, DiskError> {
    let name = date.to_string();
    let of_date = |it: PublishedManifest| (it.snapshot_date == name).then_some(it.manifest_sha256);
    let mut hashes: Vec<String> = recorded(layout)?.into_iter().filter_map(of_date).collect();
    if let (false, Some(intended)) = (hashes.is_empty(), intended(layout, date)) {
        hashes.push(intended);
    }
    Ok(hashes)
}

/// The hash of the manifest that is about to be put in the place of a date.
pub(crate) fn intended(layout: &Layout, date: Date) -> Option<String> {
    match Intent::read(layout) {
        Ok(Some(Intent::Publish(publish))) if publish.date == date => Some(publish.manifest_sha256),
        _ => None,
    }
}
