//! Which changes of manifests are found, and which are none.

use std::fs;
use std::path::Path;

use jiff::ToSpan;
use jiff::civil::{Date, date};

use super::*;
use crate::model::Micros;
use crate::snapshot::prune::held;
use crate::snapshot::testing::{self, lock};
use crate::snapshot::{CsvMode, Publication, prune};

const FIRST: Date = date(2026, 11, 20);

fn day(number: i32) -> Date {
    FIRST.saturating_add(number.days())
}

/// Publishes an empty snapshot of a day; `run` makes its manifest another one.
fn publish(layout: &Layout, number: i32, run: &str) -> String {
    let date = day(number);
    let staged = Publication::stage(layout, date, Format::Csv, CsvMode::Lossless, 10);
    let staged = staged.unwrap().finish().unwrap();
    let manifest = Manifest {
        run_id: run.to_owned(),
        snapshot_at: Micros(testing::SNAPSHOT_AT.0 + i64::from(number - 3) * 86_400_000_000),
        format: Format::Csv,
        csv_mode: Some(CsvMode::Lossless),
        files: staged.files.clone(),
        ..testing::manifest()
    };
    let (_, sha256) = staged.publish(&manifest, &[], &lock(layout)).unwrap();
    sha256
}

/// Edits the manifest of a day as somebody does who wants other numbers in it.
fn edit(layout: &Layout, number: i32) {
    let path = layout.manifest(day(number));
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("\"acme\"", "\"evil\"")).unwrap();
}

/// The days of the snapshots with problems, and how many problems stand elsewhere.
fn found(layout: &Layout) -> (Vec<i32>, usize) {
    let history = history(layout).unwrap();
    let with_problems = history
        .snapshots
        .iter()
        .filter(|it| !it.problems.is_empty());
    let day = |it: &Listed| (it.date - FIRST).get_days();
    (with_problems.map(day).collect(), history.findings.len())
}

fn with_days(out: &Path, days: i32) -> Layout {
    let layout = testing::layout(out);
    for number in 0..days {
        publish(&layout, number, "run");
    }
    layout
}

#[test]
fn each_manifest_names_the_one_before_by_date_and_hash() {
    let out = tempfile::tempdir().unwrap();
    let layout = testing::layout(out.path());
    let hashes = [0, 1, 2].map(|number| publish(&layout, number, "run"));
    for (number, date) in [day(0), day(1), day(2)].into_iter().enumerate() {
        let manifest = Manifest::read(&layout, &layout.manifest(date)).unwrap();
        let before: Vec<&str> = manifest
            .published_before
            .iter()
            .map(|it| it.manifest_sha256.as_str())
            .collect();
        assert_eq!(before, hashes[..number]);
    }
    let latest = Latest::load(&layout).unwrap().unwrap();
    assert_eq!(latest.last_published.unwrap().manifest_sha256, hashes[2]);
    assert_eq!(found(&layout), (vec![], 0));
}

#[test]
fn an_edited_manifest_is_found_whichever_it_is() {
    for number in 0..3 {
        let out = tempfile::tempdir().unwrap();
        let layout = with_days(out.path(), 3);
        edit(&layout, number);
        assert_eq!(found(&layout), (vec![number], 0));
        let (_, finding) = manifest_hash(&layout, day(number)).unwrap();
        assert!(
            finding
                .unwrap()
                .problem
                .contains("it was changed after it was published")
        );
        let (_, finding) = manifest_hash(&layout, day((number + 1) % 3)).unwrap();
        assert_eq!(finding, None);
    }
}

#[test]
fn a_later_export_does_not_take_an_edited_manifest_for_a_good_one() {
    for number in 0..3 {
        let out = tempfile::tempdir().unwrap();
        let layout = with_days(out.path(), 3);
        edit(&layout, number);
        publish(&layout, 3, "run");
        assert_eq!(found(&layout), (vec![number], 0), "day {number}");
    }
}

#[test]
fn who_edits_a_manifest_and_latest_json_is_found_by_those_before_the_last() {
    let out = tempfile::tempdir().unwrap();
    let layout = with_days(out.path(), 4);
    edit(&layout, 1);
    // The last manifest is made to fit, and latest.json to fit that.
    let hash = |number| {
        Manifest::read_hashed(&layout, &layout.manifest(day(number)))
            .unwrap()
            .1
    };
    let path = layout.manifest(day(3));
    let mut last = Manifest::read(&layout, &path).unwrap();
    let (old, new) = (last.published_before[1].manifest_sha256.clone(), hash(1));
    last.published_before[1].manifest_sha256.clone_from(&new);
    fs::write(&path, last.to_json()).unwrap();
    assert_ne!(old, new);
    let mut latest = Latest::load(&layout).unwrap().unwrap();
    latest.last_published.as_mut().unwrap().manifest_sha256 = hash(3);
    fs::write(layout.latest(), latest.to_json()).unwrap();
    assert_eq!(found(&layout), (vec![1], 0));
}

#[test]
fn a_date_that_is_exported_again_is_not_taken_for_an_edited_one() {
    for number in 0..3 {
        let out = tempfile::tempdir().unwrap();
        let layout = with_days(out.path(), 3);
        let replaced = Manifest::read_hashed(&layout, &layout.manifest(day(number)))
            .unwrap()
            .1;
        publish(&layout, number, "another run");
        assert_eq!(found(&layout), (vec![], 0), "day {number}");
        let manifest = Manifest::read(&layout, &layout.manifest(day(number))).unwrap();
        let date = day(number).to_string();
        let names = |it: &&PublishedManifest| it.snapshot_date == date;
        let own = manifest.published_before.iter().find(names).unwrap();
        assert_eq!(own.manifest_sha256, replaced, "it names what it replaced");
        publish(&layout, 3, "run");
        assert_eq!(
            found(&layout),
            (vec![], 0),
            "day {number}, and one after it"
        );
        edit(&layout, number);
        assert_eq!(found(&layout), (vec![number], 0));
    }
}

#[test]
fn pruned_snapshots_leave_no_trace_of_tampering_and_no_hole_in_it() {
    let out = tempfile::tempdir().unwrap();
    let layout = with_days(out.path(), 6);
    let (all, _) = held(&layout).unwrap();
    // From the old end and from between, as where one of each month stays.
    let gone = [all[1].clone(), all[3].clone(), all[5].clone()];
    prune(&layout, &gone, &lock(&layout)).unwrap();
    assert_eq!(found(&layout), (vec![], 0));
    publish(&layout, 6, "run");
    assert_eq!(found(&layout), (vec![], 0));
    let manifest = Manifest::read(&layout, &layout.manifest(day(6))).unwrap();
    assert_eq!(
        manifest.published_before.len(),
        3,
        "what is gone is named no more"
    );
    edit(&layout, 3);
    assert_eq!(found(&layout), (vec![3], 0));
}

#[test]
fn an_older_date_that_is_exported_later_is_the_last_one_and_prune_keeps_it() {
    let out = tempfile::tempdir().unwrap();
    let layout = testing::layout(out.path());
    publish(&layout, 2, "run");
    publish(&layout, 3, "run");
    publish(&layout, 0, "run");
    assert_eq!(found(&layout), (vec![], 0));
    let named = prune::named(&layout).unwrap();
    assert_eq!(named.newest, Some(day(3)));
    assert_eq!(named.published_last, Some(day(0)));
    publish(&layout, 1, "run");
    assert_eq!(found(&layout), (vec![], 0));
    edit(&layout, 3);
    assert_eq!(found(&layout), (vec![3], 0));
}

#[test]
fn a_snapshot_that_no_export_has_put_there_is_named_until_one_takes_it_in() {
    let out = tempfile::tempdir().unwrap();
    let layout = with_days(out.path(), 2);
    let before = layout.snapshot_dir(day(0));
    let aside = out.path().join("aside");
    fs::rename(&before, &aside).unwrap();
    publish(&layout, 2, "run");
    fs::rename(&aside, &before).unwrap();
    assert_eq!(found(&layout), (vec![0], 0));
    publish(&layout, 3, "run");
    assert_eq!(found(&layout), (vec![], 0));
}

#[test]
fn a_folder_of_the_version_before_is_taken_as_it_is() {
    let out = tempfile::tempdir().unwrap();
    let layout = with_days(out.path(), 3);
    // It named nothing before, and latest.json no hash.
    for number in 0..3 {
        let path = layout.manifest(day(number));
        let mut manifest = Manifest::read(&layout, &path).unwrap();
        manifest.published_before.clear();
        fs::write(&path, manifest.to_json()).unwrap();
    }
    let mut latest = Latest::load(&layout).unwrap().unwrap();
    latest.last_published = None;
    fs::write(layout.latest(), latest.to_json()).unwrap();
    assert_eq!(found(&layout), (vec![], 0));
    publish(&layout, 3, "run");
    assert_eq!(found(&layout), (vec![], 0));
    edit(&layout, 1);
    assert_eq!(found(&layout), (vec![1], 0));
}

#[test]
fn a_last_manifest_that_is_gone_or_cannot_be_read_is_told() {
    let out = tempfile::tempdir().unwrap();
    let layout = with_days(out.path(), 2);
    fs::write(layout.manifest(day(1)), "{").unwrap();
    assert_eq!(found(&layout), (vec![1], 0));
    fs::remove_file(layout.manifest(day(1))).unwrap();
    assert_eq!(found(&layout), (vec![], 1));
    fs::write(layout.latest(), "{").unwrap();
    assert_eq!(found(&layout), (vec![], 1));
}
