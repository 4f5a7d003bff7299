//! Removing old snapshots, whole: first the manifest, then its data, so that no reader finds a
//! manifest whose data is gone. What was begun is completed by [`recover`](crate::snapshot::recover()).

use crate::disk::OutputLock;
use crate::disk::error::DiskError;
use crate::disk::file::remove;
use crate::disk::layout::{Layout, exact_date};
use crate::disk::private::private_dir;
use crate::disk::reading::open_present;
use crate::snapshot::history::each_manifest;
use crate::snapshot::intent::{Dated, Intent};
use crate::snapshot::manifest::{Latest, Manifest};
use crate::snapshot::moves::System;
use crate::snapshot::recover::do_or_undo;
use crate::snapshot::retain::{Named, SnapshotInfo};

/// The snapshots of an output folder, newest first, and what stands among them and is none, or cannot
/// be read.
///
/// # Errors
/// [`DiskError::NoOutput`] for a folder that is no output folder; when it cannot be read.
pub(crate) fn held(layout: &Layout) -> Result<(Vec<SnapshotInfo>, Vec<DiskError>), DiskError> {
    let (mut all, mut unreadable) = (Vec::new(), Vec::new());
    let mut others = each_manifest(layout, |date, read| match read {
        Ok((manifest, _)) => all.push(SnapshotInfo {
            date,
            verdict: manifest.verdict,
            table: manifest.table,
            bytes: manifest.bytes(),
            damage: damage(layout, &manifest),
        }),
        Err(error) => unreadable.push(error),
    })?;
    others.append(&mut unreadable);
    all.sort_by_key(|held| std::cmp::Reverse(held.date));
    Ok((all, others))
}

/// The first data file or document of a manifest that is not there with its length, and what is there in
/// its place. No file is read: a pruning is no verification.
fn damage(layout: &Layout, manifest: &Manifest) -> Option<String> {
    let files = manifest.files.iter().map(|file| (&file.path, file.bytes));
    let documents = manifest.documents.iter();
    let documents = documents.map(|document| (&document.path, document.bytes));
    files.chain(documents).find_map(|(path, bytes)| {
        let whole = layout.out().join(path);
        let length = open_present(layout.out(), &whole)
            .and_then(|file| file.metadata().map_err(DiskError::read(&whole)));
        match length {
            Ok(found) if found.len() == bytes => None,
            Ok(found) => Some(format!(
                "{path}: it has {} bytes in place of {bytes}",
                found.len()
            )),
            Err(error) => Some(format!("{path}: {}", error.without_path())),
        }
    })
}

/// What `latest.json` names, if it is there.
///
/// # Errors
/// When the file is there and cannot be read.
pub(crate) fn named(layout: &Layout) -> Result<Named, DiskError> {
    let last = Latest::load(layout)?.and_then(|latest| latest.last_published);
    Ok(Named {
        newest: Latest::read(layout)?,
        published_last: last.and_then(|last| exact_date(&last.snapshot_date)),
    })
}

/// Removes these snapshots. The caller holds the lock of the output folder.
///
/// # Errors
/// When a folder cannot be moved or deleted, or is still there afterwards: it is put back then. When
/// another run has taken the output folder over.
pub(crate) fn prune(
    layout: &Layout,
    snapshots: &[SnapshotInfo],
    lock: &OutputLock,
) -> Result<(), DiskError> {
    let intent = prepare(layout, snapshots)?;
    lock.confirm()?;
    intent.write(layout)?;
    do_or_undo(layout, &intent, &System)
}

fn prepare(layout: &Layout, snapshots: &[SnapshotInfo]) -> Result<Intent, DiskError> {
    remove(&layout.staging_dir())?;
    private_dir(&layout.staging_dir())?;
    let dated = snapshots.iter().map(|held| Dated {
        table: held.table,
        date: held.date,
    });
    Ok(Intent::Remove(dated.collect()))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use crate::model::Micros;
    use jiff::civil::{Date, date};

    use super::*;
    use crate::clip::owner::{OwnerIds, People, owner_batch};
    use crate::model::WindowRecord;
    use crate::snapshot::csv::CsvMode;
    use crate::snapshot::manifest::{Format, Totals};
    use crate::snapshot::moves::Renames;
    use crate::snapshot::publish::Publication;
    use crate::snapshot::recover::{Recovery, carry_out, recover, recover_by};
    use crate::snapshot::testing;
    use crate::snapshot::testing::Odd;

    const DAYS: [Date; 3] = [date(2026, 11, 23), date(2026, 11, 22), date(2026, 11, 21)];

    /// Three snapshots, all with owners.
    fn three(layout: &Layout) {
        for day in DAYS {
            let publication = Publication::stage(layout, day, Format::Csv, CsvMode::Lossless, 10);
            let mut publication = publication.unwrap();
            let row = ("clip".to_owned(), None, None, "title".to_owned());
            publication.write(&testing::batch("acme", &[row])).unwrap();
            let mut staged = publication.finish().unwrap();
            let owners = owner_batch(&OwnerIds::default(), &People::new());
            staged.owners(&owners).unwrap();
            let since = day - DAYS[0];
            let manifest = Manifest {
                snapshot_at: Micros(
                    testing::SNAPSHOT_AT.0 + i64::from(since.get_days()) * 86_400_000_000,
                ),
                format: Format::Csv,
                csv_mode: Some(CsvMode::Lossless),
                totals: Totals {
                    received: 1,
                    written: 1,
                    ..Totals::default()
                },
                windows: vec![WindowRecord {
                    expected: Some(1),
                    distinct: 1,
                    received: 1,
                    rows: 1,
                    ..testing::window("acme", 0, testing::SNAPSHOT_AT.seconds().0)
                }],
                files: staged.files.clone(),
                ..testing::manifest()
            };
            let lock = OutputLock::acquire(layout).unwrap();
            staged.publish(&manifest, &[], &lock).unwrap();
        }
    }

    /// Prunes, but stops after so many steps, as a killed process does.
    fn prune_steps(
        layout: &Layout,
        snapshots: &[SnapshotInfo],
        renames: &dyn Renames,
        steps: usize,
    ) -> Result<(), DiskError> {
        let intent = prepare(layout, snapshots)?;
        intent.write(layout)?;
        carry_out(layout, &intent, renames, steps)
    }

    fn dates(layout: &Layout) -> Vec<Date> {
        let (all, damaged) = held(layout).unwrap();
        assert!(damaged.is_empty(), "{damaged:?}");
        all.iter().map(|held| held.date).collect()
    }

    /// Whether its data files and documents are there, as long as they were.
    fn is_whole(layout: &Layout, manifest: &Manifest) -> bool {
        let files = manifest.files.iter().map(|file| (&file.path, file.bytes));
        let documents = manifest
            .documents
            .iter()
            .map(|file| (&file.path, file.bytes));
        let lengths = |(path, bytes): (&String, u64)| {
            fs::metadata(layout.out().join(path)).is_ok_and(|found| found.len() == bytes)
        };
        files.chain(documents).all(lengths)
    }

    #[test]
    fn a_prune_that_stops_after_any_step_leaves_no_half_snapshot_and_is_completed() {
        for steps in 0..10 {
            let out = tempfile::tempdir().unwrap();
            let layout = testing::layout(out.path());
            three(&layout);
            let (all, _) = held(&layout).unwrap();
            prune_steps(&layout, &all[1..], &System, steps).unwrap();
            for date in dates(&layout) {
                let manifest = Manifest::read(&layout, &layout.manifest(date)).unwrap();
                assert!(is_whole(&layout, &manifest), "after {steps} steps");
            }
            let is_over = !layout.intent_file().exists();
            let recovered = recover(&layout).unwrap();
            if !is_over {
                let both = "removing 2026-11-22, 2026-11-21".to_owned();
                assert_eq!(recovered, Recovery::Completed(both), "after {steps} steps");
            }
            assert_eq!(dates(&layout), [DAYS[0]]);
            for day in &DAYS[1..] {
                assert!(!layout.data_dir(*day).exists() && !layout.owners_dir(*day).exists());
            }
            assert_eq!(fs::read_dir(layout.work_dir()).unwrap().count(), 0);
            let manifest = Manifest::latest(&layout).unwrap().unwrap();
            assert!(is_whole(&layout, &manifest));
        }
    }

    #[test]
    fn whatever_the_file_system_lacks_a_prune_killed_at_any_call_is_completed() {
        for odd in Odd::all() {
            for calls in 0.. {
                let out = tempfile::tempdir().unwrap();
                let layout = testing::layout(out.path());
                three(&layout);
                let (all, _) = held(&layout).unwrap();
                odd.calls.set(calls);
                let ended = prune_steps(&layout, &all[1..], &odd, usize::MAX);
                odd.calls.set(usize::MAX);
                for date in dates(&layout) {
                    let manifest = Manifest::read(&layout, &layout.manifest(date)).unwrap();
                    assert!(is_whole(&layout, &manifest), "after {calls} calls");
                }
                if ended.is_err() {
                    let recovered = recover_by(&layout, &odd).unwrap();
                    assert!(matches!(recovered, Recovery::Completed(_)));
                }
                assert_eq!(dates(&layout), [DAYS[0]]);
                for day in &DAYS[1..] {
                    assert!(!layout.data_dir(*day).exists() && !layout.owners_dir(*day).exists());
                }
                assert_eq!(fs::read_dir(layout.work_dir()).unwrap().count(), 0);
                if ended.is_ok() {
                    break;
                }
            }
        }
    }

    #[test]
    fn a_prune_that_cannot_be_done_is_told_and_undone_and_is_in_nobodys_way() {
        for place in [
            "clips/snapshot_date=2026-11-21",
            "_snapshots/2026-11-22",
            "owners",
        ] {
            let out = tempfile::tempdir().unwrap();
            let layout = testing::layout(out.path());
            three(&layout);
            let (all, _) = held(&layout).unwrap();
            let odd = Odd {
                fails_at: place,
                ..Odd::not_at_all()
            };
            let intent = prepare(&layout, &all[1..]).unwrap();
            intent.write(&layout).unwrap();
            let error = do_or_undo(&layout, &intent, &odd).unwrap_err();
            assert!(
                error.cannot_write() && error.to_string().contains(place),
                "{error}"
            );
            assert_eq!(dates(&layout), DAYS);
            for date in DAYS {
                let manifest = Manifest::read(&layout, &layout.manifest(date)).unwrap();
                assert!(is_whole(&layout, &manifest), "{date}");
            }
            assert_eq!(recover(&layout).unwrap(), Recovery::Nothing);
            assert_eq!(fs::read_dir(layout.work_dir()).unwrap().count(), 0);
        }
    }

    #[test]
    fn a_prune_is_over_only_when_the_snapshots_are_seen_to_be_gone() {
        let out = tempfile::tempdir().unwrap();
        let layout = testing::layout(out.path());
        three(&layout);
        let (all, _) = held(&layout).unwrap();
        let odd = Odd {
            lies_about: "clips/snapshot_date=2026-11-21",
            ..Odd::not_at_all()
        };
        let error = prune_steps(&layout, &all[1..], &odd, usize::MAX).unwrap_err();
        assert!(matches!(error, DiskError::NotDone { .. }), "{error}");
        assert!(error.cannot_write() && error.to_string().contains("2026-11-21 is still there"));
        recover(&layout).unwrap();
        assert_eq!(dates(&layout), [DAYS[0]]);
        assert!(!layout.data_dir(DAYS[2]).exists());
    }

    #[test]
    fn what_is_not_there_with_its_length_is_damage_and_the_others_have_none() {
        let out = tempfile::tempdir().unwrap();
        let layout = testing::layout(out.path());
        three(&layout);
        let damages = || -> Vec<Option<String>> {
            let (all, _) = held(&layout).unwrap();
            all.into_iter().map(|held| held.damage).collect()
        };
        assert_eq!(damages(), [None, None, None]);
        let data = layout.data_dir(DAYS[0]).join("part-00000.csv");
        let owners = layout.owners_dir(DAYS[2]).join("part-00000.csv");
        let bytes = fs::metadata(&data).unwrap().len();
        fs::write(&data, "").unwrap();
        fs::remove_file(&owners).unwrap();
        assert_eq!(
            damages(),
            [
                Some(format!(
                    "clips/snapshot_date=2026-11-23/part-00000.csv: it has 0 bytes in place of {bytes}"
                )),
                None,
                Some("owners/snapshot_date=2026-11-21/part-00000.csv: it is missing".to_owned()),
            ]
        );
    }

    #[test]
    fn what_cannot_be_read_or_is_no_snapshot_is_told() {
        let out = tempfile::tempdir().unwrap();
        let layout = testing::layout(out.path());
        assert!(matches!(held(&layout), Err(DiskError::NoOutput { .. })));
        three(&layout);
        fs::write(layout.manifest(DAYS[1]), "{").unwrap();
        fs::create_dir(layout.snapshots_dir().join("2026-01-01")).unwrap();
        fs::create_dir(layout.snapshots_dir().join("notes")).unwrap();
        let other = layout.snapshot_dir(date(2025, 5, 5));
        fs::create_dir(&other).unwrap();
        fs::copy(layout.manifest(DAYS[0]), other.join("manifest.json")).unwrap();
        let (all, others) = held(&layout).unwrap();
        let found: Vec<Date> = all.iter().map(|held| held.date).collect();
        assert_eq!(found, [DAYS[0], DAYS[2]]);
        assert_eq!(others.len(), 3);
    }

    #[test]
    fn another_spelling_of_a_date_is_no_snapshot_and_is_named() {
        let out = tempfile::tempdir().unwrap();
        let layout = testing::layout(out.path());
        three(&layout);
        let copies = ["20261122", "2026-11-22T00:00:00", "2026-11-22.old"];
        for name in copies {
            let copy = layout.snapshots_dir().join(name);
            fs::create_dir(&copy).unwrap();
            fs::copy(layout.manifest(DAYS[1]), copy.join("manifest.json")).unwrap();
        }
        let (all, others) = held(&layout).unwrap();
        let found: Vec<Date> = all.iter().map(|held| held.date).collect();
        assert_eq!(found, DAYS);
        let others: Vec<String> = others.iter().map(ToString::to_string).collect();
        for name in copies {
            let path = layout.snapshots_dir().join(name).display().to_string();
            let told = others.iter().find(|told| told.starts_with(&path));
            assert!(
                told.is_some_and(|told| told.contains("no snapshot")),
                "{name}"
            );
        }
    }
}
