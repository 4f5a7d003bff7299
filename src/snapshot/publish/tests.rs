//! Files, replacing, and what an interrupted publish leaves.

use jiff::civil::date;
use proptest::prelude::{Just, ProptestConfig, Strategy};
use proptest::{prop_assert_eq, proptest};
use rustix::io::Errno;

use super::*;
use crate::clip::owner::{OwnerIds, People, owner_batch};
use crate::clip::testing::Row;
use crate::snapshot::history::each_manifest;
use crate::snapshot::recover::{Recovery, recover, recover_by};
use crate::snapshot::testing;
use crate::snapshot::testing::Odd;
use crate::spool::{merge, testing as spooled};

const DAY: Date = date(2026, 11, 23);

fn rows(count: usize, title: &str) -> Vec<Row> {
    let row = |n: usize| {
        (
            format!("clip-{n:04}"),
            i64::try_from(n).ok(),
            None,
            title.to_owned(),
        )
    };
    (0..count).map(row).collect()
}

fn staged(layout: &Layout, format: Format, batches: &[RecordBatch], max_file_rows: u64) -> Staged {
    let mut publication =
        Publication::stage(layout, DAY, format, CsvMode::Spreadsheet, max_file_rows).unwrap();
    for batch in batches {
        publication.write(batch).unwrap();
    }
    publication.finish().unwrap()
}

/// Those whose title ends with `+` have owners.
fn stage_title(layout: &Layout, title: &str) -> (Staged, Manifest) {
    let batch = testing::batch("acme", &rows(10, title));
    let mut staged = staged(layout, Format::Csv, &[batch], 1000);
    if title.ends_with('+') {
        let owners = owner_batch(&OwnerIds::default(), &People::new());
        staged.owners(&owners).unwrap();
    }
    let manifest = Manifest {
        run_id: title.to_owned(),
        format: Format::Csv,
        csv_mode: Some(CsvMode::Spreadsheet),
        files: staged.files.clone(),
        ..testing::manifest()
    };
    (staged, manifest)
}

/// The run that a reader finds in manifest and data, if they belong together.
fn published(layout: &Layout) -> Option<String> {
    let manifest = Manifest::latest(layout).unwrap()?;
    let file = layout.out().join(&manifest.files[0].path);
    let text = fs::read_to_string(file).unwrap();
    let has_owners = layout.owners_dir(DAY).join("part-00000.csv").is_file();
    assert_eq!(has_owners, manifest.run_id.ends_with('+'));
    assert_eq!(has_owners, layout.owners_dir(DAY).exists());
    text.contains(&format!(",{},", manifest.run_id))
        .then_some(manifest.run_id)
}

#[test]
fn a_snapshot_has_its_files_its_documents_and_nothing_else() {
    let out = tempfile::tempdir().unwrap();
    let layout = testing::layout(out.path());
    let (mut staged, manifest) = stage_title(&layout, "first");
    staged
        .document("rejects.ndjson", |into| {
            into.write_all(b"{}\n")
                .map_err(DiskError::write(Path::new("rejects")))
        })
        .unwrap();
    let (path, sha256) = staged
        .publish(
            &manifest,
            &[("summary.md", b"# Summary".to_vec())],
            &testing::lock(&layout),
        )
        .unwrap();
    assert_eq!(path, layout.manifest(DAY));
    assert_eq!(sha256, digest_bytes(&fs::read(&path).unwrap()));
    let document = |name: &str, bytes: u64, sha256: &str| Document {
        path: format!("_snapshots/2026-11-23/{name}"),
        bytes,
        sha256: sha256.to_owned(),
    };
    let rejects = "ca3d163bab055381827226140568f3bef7eaac187cebd76878e0b63e9e442356";
    let summary = "d472979042ac41639fc5e45fc55464aaeefa9ec20e264099ebb7ebed728e9487";
    let wanted = Manifest {
        documents: vec![
            document("rejects.ndjson", 3, rejects),
            document("summary.md", 9, summary),
        ],
        ..manifest
    };
    assert_eq!(Manifest::latest(&layout).unwrap(), Some(wanted));
    let names = |folder: PathBuf| {
        let mut names: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    };
    assert_eq!(names(layout.data_dir(DAY)), ["part-00000.csv"]);
    assert_eq!(
        names(layout.snapshot_dir(DAY)),
        ["manifest.json", "rejects.ndjson", "summary.md"]
    );
    assert_eq!(names(layout.work_dir()), [""; 0]);
}

#[test]
fn the_latest_snapshot_is_the_one_of_the_latest_date() {
    let out = tempfile::tempdir().unwrap();
    let layout = testing::layout(out.path());
    let publish = |day: Date| {
        let publication =
            Publication::stage(&layout, day, Format::Csv, CsvMode::Lossless, 1).unwrap();
        let manifest = Manifest {
            run_id: day.to_string(),
            ..testing::manifest()
        };
        publication
            .finish()
            .unwrap()
            .publish(&manifest, &[], &testing::lock(&layout))
            .unwrap();
        Manifest::latest(&layout).unwrap().unwrap().run_id
    };
    assert_eq!(publish(date(2026, 11, 22)), "2026-11-22");
    assert_eq!(publish(date(2026, 11, 23)), "2026-11-23");
    assert_eq!(publish(date(2026, 11, 21)), "2026-11-23");
}

/// Steps done before the stop, the snapshot that was there, and the one that comes; with owners and
/// without.
fn itineraries() -> Vec<(usize, Option<&'static str>, &'static str)> {
    let formers = [None, Some("former"), Some("former+")];
    let mut all = Vec::new();
    for steps in 0..=7 {
        for title in ["second", "second+"] {
            all.extend(formers.map(|former| (steps, former, title)));
        }
    }
    all
}

#[test]
fn a_publish_that_stops_after_any_step_is_completed_and_whole() {
    for (steps, former, title) in itineraries() {
        let out = tempfile::tempdir().unwrap();
        let layout = testing::layout(out.path());
        if let Some(title) = former {
            let (staged, manifest) = stage_title(&layout, title);
            staged
                .publish(&manifest, &[], &testing::lock(&layout))
                .unwrap();
        }
        let (mut staged, manifest) = stage_title(&layout, title);
        staged.publish_steps(&manifest, &System, steps).unwrap();
        drop(staged);
        // A reader finds one or the other, whole: also between the two folders.
        let seen = match (steps, former) {
            (0 | 1, None) => None,
            (2, None) => {
                assert!(layout.manifest(DAY).exists() || title.ends_with('+'));
                None
            }
            (0, Some(_)) => former,
            _ => Some(title),
        };
        let has_owners = |title: &str| title.ends_with('+');
        if steps == 0 || !(has_owners(title) || former.is_some_and(has_owners)) {
            assert_eq!(published(&layout).as_deref(), seen, "after {steps} steps");
        }
        let is_over = !layout.intent_file().exists();
        let recovered = recover(&layout).unwrap();
        let completed = Recovery::Completed("publishing 2026-11-23".to_owned());
        let wanted = if is_over {
            Recovery::Nothing
        } else {
            completed
        };
        assert_eq!(recovered, wanted, "after {steps} steps");
        assert_eq!(published(&layout).as_deref(), Some(title));
        assert_eq!(fs::read_dir(layout.work_dir()).unwrap().count(), 0);
        assert_eq!(recover(&layout).unwrap(), Recovery::Nothing);
    }
}

/// The run of each snapshot, as those see it that read all manifests.
fn listed(layout: &Layout) -> Vec<String> {
    let mut runs = Vec::new();
    let others =
        each_manifest(layout, |_, read| runs.extend(read.map(|(it, _)| it.run_id))).unwrap();
    assert!(others.is_empty());
    runs
}

fn publish_title(layout: &Layout, title: &str) {
    let (staged, manifest) = stage_title(layout, title);
    staged
        .publish(&manifest, &[], &testing::lock(layout))
        .unwrap();
}

#[test]
fn whatever_the_file_system_lacks_a_publish_killed_at_any_call_is_completed() {
    let mut killed = 0;
    for odd in Odd::all() {
        for (former, title) in [
            (None, "second"),
            (Some("former"), "second"),
            (Some("former+"), "second"),
            (Some("former"), "second+"),
            (Some("former+"), "second+"),
        ] {
            for calls in 0.. {
                let out = tempfile::tempdir().unwrap();
                let layout = testing::layout(out.path());
                if let Some(former) = former {
                    publish_title(&layout, former);
                }
                let (mut staged, manifest) = stage_title(&layout, title);
                odd.calls.set(calls);
                let ended = staged.publish_steps(&manifest, &odd, usize::MAX);
                drop(staged);
                odd.calls.set(usize::MAX);
                if ended.is_err() {
                    killed += 1;
                    // Our own readers find one or the other, or know that there is none.
                    if let Ok(Some(seen)) = Manifest::latest(&layout) {
                        assert!([former, Some(title)].contains(&Some(&*seen.run_id)));
                        assert_eq!(listed(&layout), [seen.run_id], "after {calls} calls");
                    }
                    let recovered = recover_by(&layout, &odd).unwrap();
                    let completed = Recovery::Completed("publishing 2026-11-23".to_owned());
                    assert_eq!(recovered, completed, "after {calls} calls");
                }
                assert_eq!(published(&layout).as_deref(), Some(title));
                assert_eq!(fs::read_dir(layout.work_dir()).unwrap().count(), 0);
                if ended.is_ok() {
                    break;
                }
            }
        }
    }
    assert!(killed > 60, "only {killed} were killed");
}

#[test]
fn a_publish_is_over_only_when_its_files_were_seen_in_their_place() {
    for place in ["clips", "owners", "_snapshots"] {
        let out = tempfile::tempdir().unwrap();
        let layout = testing::layout(out.path());
        let (mut staged, manifest) = stage_title(&layout, "second+");
        let odd = Odd {
            lies_about: place,
            ..Odd::not_at_all()
        };
        let error = staged
            .publish_steps(&manifest, &odd, usize::MAX)
            .unwrap_err();
        drop(staged);
        assert!(matches!(error, DiskError::NotDone { .. }), "{error}");
        assert!(
            error.cannot_write() && error.to_string().contains(place),
            "{error}"
        );
        assert_eq!(Manifest::latest(&layout).unwrap(), None);
        // Nothing is lost: where renaming works, it is completed.
        let recovered = recover(&layout).unwrap();
        assert!(matches!(recovered, Recovery::Completed(_)), "{recovered:?}");
        assert_eq!(published(&layout).as_deref(), Some("second+"));
    }
}

#[test]
fn what_is_changed_in_its_place_before_it_is_looked_at_is_told() {
    let out = tempfile::tempdir().unwrap();
    let layout = testing::layout(out.path());
    let (mut staged, manifest) = stage_title(&layout, "second");
    staged.publish_steps(&manifest, &System, 2).unwrap();
    let intent = Intent::read(&layout).unwrap().unwrap();
    for change in [
        layout.data_dir(DAY).join("part-00000.csv"),
        layout.data_dir(DAY).join("part-00001.csv"),
        layout.manifest(DAY),
    ] {
        let before = fs::read(&change).ok();
        fs::write(&change, "x").unwrap();
        let error = carry_out(&layout, &intent, &System, usize::MAX).unwrap_err();
        assert!(error.to_string().contains("2026-11-23"), "{error}");
        assert!(layout.intent_file().exists() && layout.staging_dir().exists());
        match before {
            Some(bytes) => fs::write(&change, bytes).unwrap(),
            None => fs::remove_file(&change).unwrap(),
        }
    }
    carry_out(&layout, &intent, &System, usize::MAX).unwrap();
    assert_eq!(published(&layout).as_deref(), Some("second"));
}

#[test]
fn a_publish_that_cannot_be_completed_is_undone_and_is_in_nobodys_way() {
    for lacks in [None, Some(Errno::NOSYS)] {
        for (former, title) in [
            ("former", "second"),
            ("former+", "second"),
            ("former", "second+"),
            ("former+", "second+"),
        ] {
            let out = tempfile::tempdir().unwrap();
            let layout = testing::layout(out.path());
            publish_title(&layout, former);
            let (mut staged, manifest) = stage_title(&layout, title);
            let odd = Odd {
                exchange: lacks,
                fails_at: "_snapshots/2026-11-23",
                ..Odd::not_at_all()
            };
            let intent = Intent::Publish(staged.prepare(&manifest, &[]).unwrap());
            intent.write(&layout).unwrap();
            let error = do_or_undo(&layout, &intent, &odd).unwrap_err();
            drop(staged);
            assert!(error.cannot_write(), "{error}");
            assert_eq!(published(&layout).as_deref(), Some(former));
            assert_eq!(fs::read_dir(layout.work_dir()).unwrap().count(), 0);
            publish_title(&layout, title);
            assert_eq!(published(&layout).as_deref(), Some(title));
        }
    }
}

#[test]
fn data_files_that_are_the_same_are_told_from_others_of_the_same_length() {
    let out = tempfile::tempdir().unwrap();
    let layout = testing::layout(out.path());
    publish_title(&layout, "abc");
    // As long as the former, and then the same as the former.
    for title in ["xyz", "xyz"] {
        let (mut staged, manifest) = stage_title(&layout, title);
        staged.publish_steps(&manifest, &System, 1).unwrap();
        drop(staged);
        assert_eq!(published(&layout).as_deref(), Some(title));
        recover(&layout).unwrap();
        assert_eq!(published(&layout).as_deref(), Some(title));
    }
}

#[test]
fn a_publish_whose_folder_another_run_has_taken_over_changes_nothing() {
    let out = tempfile::tempdir().unwrap();
    let layout = testing::layout(out.path());
    publish_title(&layout, "former");
    let lock = testing::lock(&layout);
    let (staged, manifest) = stage_title(&layout, "second");
    fs::write(
        layout.run_file(),
        r#"{"id":"1","host":"h","pid":1,"since":"s"}"#,
    )
    .unwrap();
    let error = staged.publish(&manifest, &[], &lock).unwrap_err();
    assert!(matches!(error, DiskError::TakenOver { .. }), "{error}");
    assert!(!layout.intent_file().exists());
    assert_eq!(published(&layout).as_deref(), Some("former"));
}

#[test]
fn a_stop_before_the_intent_leaves_the_former_snapshot() {
    let out = tempfile::tempdir().unwrap();
    let layout = testing::layout(out.path());
    let (staged, manifest) = stage_title(&layout, "former");
    staged
        .publish(&manifest, &[], &testing::lock(&layout))
        .unwrap();
    drop(stage_title(&layout, "second"));
    assert_eq!(recover(&layout).unwrap(), Recovery::Nothing);
    assert_eq!(published(&layout).as_deref(), Some("former"));
    assert_eq!(fs::read_dir(layout.work_dir()).unwrap().count(), 0);
}

#[test]
fn a_publish_whose_staged_files_were_deleted_is_told() {
    let out = tempfile::tempdir().unwrap();
    let layout = testing::layout(out.path());
    let (mut staged, manifest) = stage_title(&layout, "second");
    staged.publish_steps(&manifest, &System, 1).unwrap();
    remove(&layout.staging_dir()).unwrap();
    let told = recover(&layout).unwrap().message().unwrap();
    assert!(
        told.contains("publishing 2026-11-23 was interrupted"),
        "{told}"
    );
    assert_eq!(recover(&layout).unwrap(), Recovery::Nothing);
}

#[test]
fn an_intent_that_is_damaged_is_told_once_and_is_in_nobodys_way() {
    let out = tempfile::tempdir().unwrap();
    let layout = testing::layout(out.path());
    let (mut staged, manifest) = stage_title(&layout, "second");
    staged.publish_steps(&manifest, &System, 0).unwrap();
    fs::write(layout.intent_file(), "{").unwrap();
    drop(staged);
    let Recovery::GivenUp { kept, .. } = recover(&layout).unwrap() else {
        panic!("it was taken for an intent");
    };
    assert_eq!(recover(&layout).unwrap(), Recovery::Nothing);
    // The staged folders may be those of a former snapshot, as long as nobody knows better.
    let (mut kept, left) = (kept.unwrap(), fs::read_dir(layout.work_dir()).unwrap());
    assert_eq!(left.count(), 1);
    kept.push("data/part-00000.csv");
    assert!(kept.is_file());
}

#[test]
fn a_publish_that_fails_leaves_the_former_snapshot_and_takes_no_space() {
    let out = tempfile::tempdir().unwrap();
    let layout = testing::layout(out.path());
    let (staged, manifest) = stage_title(&layout, "former");
    staged
        .publish(&manifest, &[], &testing::lock(&layout))
        .unwrap();
    let (staged, manifest) = stage_title(&layout, "second");
    fs::create_dir_all(layout.intent_file()).unwrap();
    let error = staged
        .publish(&manifest, &[], &testing::lock(&layout))
        .unwrap_err();
    assert!(
        error.cannot_write() && error.to_string().contains("intent"),
        "{error}"
    );
    fs::remove_dir(layout.intent_file()).unwrap();
    assert_eq!(published(&layout).as_deref(), Some("former"));
    recover(&layout).unwrap();
    assert!(!layout.staging_dir().exists());
}

#[test]
fn a_file_holds_no_more_rows_than_asked_and_none_is_lost() {
    let out = tempfile::tempdir().unwrap();
    let layout = testing::layout(out.path());
    let batches = rows(25, "t")
        .chunks(7)
        .map(|some| testing::batch("acme", some))
        .collect::<Vec<_>>();
    for format in [Format::Parquet, Format::Csv] {
        let staged = staged(&layout, format, &batches, 10);
        let rows: Vec<u64> = staged.files.iter().map(|file| file.rows).collect();
        assert_eq!(rows, [10, 10, 5]);
        assert!(
            staged.files[2]
                .path
                .ends_with(&format!("part-00002.{}", format.extension()))
        );
    }
}

#[test]
fn document_names_that_lead_elsewhere_are_refused() {
    let out = tempfile::tempdir().unwrap();
    let layout = testing::layout(out.path());
    let (mut staged, manifest) = stage_title(&layout, "t");
    for name in ["", "../x", "a/b", ".hidden", "manifest.json"] {
        let refused = staged.document(name, |_| Ok(())).unwrap_err();
        assert!(matches!(refused, DiskError::BadName { .. }), "{name}");
    }
    staged
        .publish(&manifest, &[("..", Vec::new())], &testing::lock(&layout))
        .unwrap_err();
}

#[test]
fn a_file_in_the_way_of_the_data_is_named() {
    let out = tempfile::tempdir().unwrap();
    let layout = testing::layout(out.path());
    let lock = testing::lock(&layout);
    fs::write(out.path().join("clips"), "a file").unwrap();
    let (staged, manifest) = stage_title(&layout, "t");
    let error = staged.publish(&manifest, &[], &lock).unwrap_err();
    assert!(error.cannot_write());
    assert!(
        error.to_string().contains("clips is not a folder"),
        "{error}"
    );
}

/// The data files of these windows of rows, in the order in which their pages came.
fn data_files(windows: &[(usize, usize)], rows: &[Row], page: usize) -> Vec<DataFile> {
    let out = tempfile::tempdir().unwrap();
    let spool = spooled::spool(out.path());
    for (from, to) in windows {
        let [first, last] = [from, to].map(|row| i64::try_from(*row).unwrap());
        let pages: Vec<Vec<Row>> = rows[*from..*to].chunks(page).map(<[Row]>::to_vec).collect();
        spooled::finish(&spool, "acme", first, last, &pages);
    }
    let mut publication = Publication::stage(
        &testing::layout(out.path()),
        DAY,
        Format::Parquet,
        CsvMode::Lossless,
        9000,
    )
    .unwrap();
    for batch in merge(&spool) {
        publication.write(&batch.unwrap()).unwrap();
    }
    publication.finish().unwrap().files
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_same_rows_give_the_same_bytes_however_they_arrive(
        windows in Just(vec![(0, 4001), (4000, 4010), (4009, 9500), (9400, 10_000)]).prop_shuffle(),
        page in 100..700_usize,
    ) {
        // Long titles, so that dictionaries overflow and pages end within the rows.
        let rows: Vec<Row> = (0..10_000_i64)
            .map(|n| format!("{n:05}"))
            .zip(1..)
            .map(|(id, second)| (id.clone(), Some(second * 1_000_000), None, id.repeat(40)))
            .collect();
        let wanted = data_files(&[(0, 10_000)], &rows, 300);
        prop_assert_eq!(data_files(&windows, &rows, page), wanted);
    }
}
