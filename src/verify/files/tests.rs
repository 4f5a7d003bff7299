//! Every kind of damage and every kind of lie is found, and named.

use std::fs;
use std::path::PathBuf;

use super::*;
use crate::model::{WindowOutcome, WindowRecord};
use crate::snapshot::csv::CsvMode;
use crate::snapshot::manifest::{AccountFailure, Totals};
use crate::snapshot::publish::Publication;
use crate::snapshot::testing;

/// The length and the hash of a file.
fn digest(layout: &Layout, path: &Path) -> (u64, String) {
    digest_below(layout.out(), path, u64::MAX).unwrap().unwrap()
}

/// A snapshot of 15 rows and a reject, in two files and two windows.
fn published(format: Format) -> (tempfile::TempDir, Layout, Manifest) {
    let out = tempfile::tempdir().unwrap();
    let layout = testing::layout(out.path());
    let day = testing::manifest().date();
    let mut publication = Publication::stage(&layout, day, format, CsvMode::Lossless, 10).unwrap();
    let rows: Vec<testing::Row> = (0..15)
        .map(|n| (format!("clip-{n}"), Some(n), None, "title".to_owned()))
        .collect();
    publication.write(&testing::batch("acme", &rows)).unwrap();
    let mut staged = publication.finish().unwrap();
    staged
        .document(REJECTS, |into| {
            into.write_all(b"{}\n")
                .map_err(DiskError::write(out.path()))
        })
        .unwrap();
    let end = testing::SNAPSHOT_AT.seconds();
    let first = WindowRecord {
        expected: Some(11),
        distinct: 11,
        received: 11,
        rejected: 1,
        rows: 10,
        repairs: [("title".to_owned(), 2)].into(),
        ..testing::window("acme", 0, 100)
    };
    let second = WindowRecord {
        expected: Some(5),
        distinct: 5,
        received: 5,
        rows: 5,
        ..testing::window("acme", 100, end.0)
    };
    let manifest = Manifest {
        format,
        csv_mode: Some(CsvMode::Lossless),
        files: staged.files.clone(),
        windows: vec![first, second],
        totals: Totals {
            received: 16,
            written: 15,
            rejected: 1,
            repairs: [("title".to_owned(), 2)].into(),
            ..Totals::default()
        },
        ..testing::manifest()
    };
    staged
        .publish(
            &manifest,
            &[("summary.md", b"# Summary".to_vec())],
            &testing::lock(&layout),
        )
        .unwrap();
    let manifest = Manifest::read(&layout, &layout.manifest(day)).unwrap();
    (out, layout, manifest)
}

fn only_problem(layout: &Layout, manifest: &Manifest) -> String {
    let findings = check_files(layout, manifest).unwrap();
    assert_eq!(findings.len(), 1, "{findings:?}");
    format!("{}: {}", findings[0].path, findings[0].problem)
}

/// Damages a file in every way and puts it back.
fn every_damage_is_found(layout: &Layout, manifest: &Manifest, name: &str) {
    let path: PathBuf = layout.out().join(name);
    let whole = fs::read(&path).unwrap();
    let is_found = |what: &str| {
        let findings = check_files(layout, manifest).unwrap();
        let named: Vec<_> = findings.iter().filter(|found| found.path == name).collect();
        let problem = &named
            .first()
            .unwrap_or_else(|| panic!("{name}: no {what}"))
            .problem;
        assert!(problem.contains(what), "{name}: {problem}");
    };
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 1;
    fs::write(&path, flipped).unwrap();
    is_found("sha256");
    fs::write(&path, &whole[..whole.len() - 1]).unwrap();
    is_found("bytes in place of");
    fs::write(&path, [&whole[..], b"\n"].concat()).unwrap();
    is_found("bytes in place of");
    fs::remove_file(&path).unwrap();
    is_found("missing");
    fs::create_dir(&path).unwrap();
    is_found("no regular file");
    fs::remove_dir(&path).unwrap();
    fs::write(&path, &whole).unwrap();
    assert_eq!(check_files(layout, manifest).unwrap(), []);
}

#[test]
fn a_snapshot_as_published_has_no_findings_and_each_damage_is_found() {
    for format in [Format::Parquet, Format::Csv] {
        let (_out, layout, manifest) = published(format);
        assert_eq!(check_files(&layout, &manifest).unwrap(), []);
        every_damage_is_found(&layout, &manifest, &manifest.files[1].path);
        for document in &manifest.documents {
            every_damage_is_found(&layout, &manifest, &document.path);
        }
    }
}

#[test]
fn a_file_that_the_manifest_does_not_name_is_found() {
    let (_out, layout, manifest) = published(Format::Parquet);
    for folder in [
        layout.data_dir(manifest.date()),
        layout.snapshot_dir(manifest.date()),
    ] {
        for name in ["part-00009.parquet", ".hidden"] {
            let path = folder.join(name);
            fs::write(&path, "").unwrap();
            let problem = only_problem(&layout, &manifest);
            assert!(
                problem.contains(name) && problem.contains("does not name it"),
                "{problem}"
            );
            fs::remove_file(path).unwrap();
        }
    }
}

#[test]
fn a_manifest_that_says_what_cannot_be_so_is_found() {
    type Lie = fn(&mut Manifest);
    let lies: [(Lie, &str); 19] = [
        (|m| m.totals.received += 1, "accounts for 16"),
        (|m| m.totals.received += 1, "windows have 16 received"),
        (|m| m.totals.written -= 1, "totals 14 written"),
        (|m| m.totals.duplicates += 1, "accounts for 17"),
        (|m| m.totals.rejected = 0, "1 lines in place of 0"),
        (|m| m.totals.outside += 1, "outside"),
        (|m| m.totals.repairs.clear(), "repairs"),
        (
            |m| {
                m.totals.repairs.insert("status".to_owned(), 1);
            },
            "repairs",
        ),
        (|m| m.windows[0].received += 1, "windows have 17 received"),
        (|m| m.windows[0].expected = Some(12), "settled, though 12"),
        (|m| m.windows[0].expected = None, "settled, though none"),
        (|m| m.windows[1].rows = 6, "kept 6 and received 5"),
        (
            |m| m.windows[1].account_id = "else".to_owned(),
            "not listed",
        ),
        (
            |m| drop(m.windows.remove(0)),
            "covers what follows 1970-01-01T00:00:00Z",
        ),
        (
            |m| m.windows[1].from.0 += 1,
            "covers what follows 1970-01-01T00:01:40Z",
        ),
        (
            |m| m.windows[1].from.0 -= 1,
            "begins before the one before it ends",
        ),
        (
            |m| m.windows[1].to.0 -= 1,
            "covers what follows 2026-11-22T23:59:59Z",
        ),
        (
            |m| m.windows[1].outcome = WindowOutcome::Split,
            "covers what follows",
        ),
        (|m| m.account_ids.push("other".to_owned()), "account other"),
    ];
    let (_out, layout, manifest) = published(Format::Csv);
    for (lie, told) in lies {
        let mut wrong = manifest.clone();
        lie(&mut wrong);
        let findings = check_files(&layout, &wrong).unwrap();
        assert!(
            findings.iter().any(|found| found.problem.contains(told)),
            "{told}: {findings:?}"
        );
    }
    let mut fewer = manifest.clone();
    fewer.account_ids.push("other".to_owned());
    fewer.account_failures.push(AccountFailure {
        account_id: "other".to_owned(),
        why: "forbidden".to_owned(),
    });
    assert_eq!(check_files(&layout, &fewer).unwrap(), []);
}

#[test]
fn a_manifest_that_counts_or_names_other_files_is_found() {
    let (_out, layout, manifest) = published(Format::Parquet);
    let mut wrong = manifest.clone();
    wrong.files[0].rows -= 1;
    wrong.files[1].rows += 1;
    let findings = check_files(&layout, &wrong).unwrap();
    assert!(
        findings
            .iter()
            .all(|f| f.problem.contains("rows in place of"))
    );
    assert_eq!(findings.len(), 2);

    let is_told = |wrong: &Manifest, told: &str| {
        let findings = check_files(&layout, wrong).unwrap();
        assert!(
            findings.iter().any(|f| f.problem.contains(told)),
            "{findings:?}"
        );
    };
    let mut wrong = manifest.clone();
    wrong.files.push(manifest.files[0].clone());
    is_told(&wrong, "names it twice");
    let mut wrong = manifest.clone();
    wrong.files[0].path = "../elsewhere".to_owned();
    is_told(&wrong, "no file of the snapshot");
    is_told(&wrong, "does not name it");
    let mut wrong = manifest.clone();
    wrong.documents[0].path = "clips/rejects.ndjson".to_owned();
    is_told(&wrong, "no document of the snapshot");
    let mut wrong = manifest;
    wrong.documents.clear();
    is_told(&wrong, "does not name it");
}

#[test]
fn rejects_that_are_not_as_many_as_counted_are_found_though_their_hash_fits() {
    let (_out, layout, mut manifest) = published(Format::Csv);
    let path = layout.snapshot_dir(manifest.date()).join(REJECTS);
    fs::write(&path, "{}\n{}\n").unwrap();
    let document = &mut manifest.documents[0];
    (document.bytes, document.sha256) = digest(&layout, &path);
    assert!(only_problem(&layout, &manifest).contains("2 lines in place of 1"));
}

#[test]
fn a_latest_that_does_not_name_the_newest_snapshot_is_found() {
    let (_out, layout, manifest) = published(Format::Csv);
    let latest = layout.latest();
    for (text, told) in [
        ("{", "is damaged"),
        (
            r#"{"snapshot_date":"2026-11-24","manifest":""}"#,
            "names the snapshot of 2026-11-24, but the newest is 2026-11-23",
        ),
    ] {
        fs::write(&latest, text).unwrap();
        let problem = only_problem(&layout, &manifest);
        assert!(problem.contains(told), "{problem}");
        assert!(Manifest::latest(&layout).unwrap_err().is_damaged());
    }
    fs::remove_file(&latest).unwrap();
    assert!(only_problem(&layout, &manifest).contains("latest.json: it is missing"));
}

#[test]
fn another_schema_is_found() {
    let (_out, layout, mut manifest) = published(Format::Csv);
    let path = layout.out().join(&manifest.files[0].path);
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("clip_id", "id")).unwrap();
    (manifest.files[0].bytes, manifest.files[0].sha256) = digest(&layout, &path);
    assert!(only_problem(&layout, &manifest).contains("its columns are"));
}
