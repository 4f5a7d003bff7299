//! Every kind of damage is found.

use std::fs;
use std::path::PathBuf;

use super::*;
use crate::snapshot::csv::CsvMode;
use crate::snapshot::manifest::Totals;
use crate::snapshot::publish::Publication;
use crate::snapshot::testing;

fn published(format: Format) -> (tempfile::TempDir, Layout, Manifest) {
    let out = tempfile::tempdir().unwrap();
    let layout = testing::layout(out.path());
    let day = testing::manifest().date();
    let mut publication = Publication::stage(&layout, day, format, CsvMode::Lossless, 10).unwrap();
    let rows: Vec<testing::Row> = (0..15)
        .map(|n| (format!("clip-{n}"), Some(n), None, "title".to_owned()))
        .collect();
    publication.write(&testing::batch("acme", &rows)).unwrap();
    let staged = publication.finish().unwrap();
    let manifest = Manifest {
        format,
        csv_mode: Some(CsvMode::Lossless),
        files: staged.files.clone(),
        totals: Totals {
            received: 15,
            written: 15,
            ..Totals::default()
        },
        ..testing::manifest()
    };
    staged.publish(&manifest, &[]).unwrap();
    (out, layout, manifest)
}

fn only_problem(layout: &Layout, manifest: &Manifest) -> String {
    let findings = verify(layout, manifest).unwrap();
    assert_eq!(findings.len(), 1, "{findings:?}");
    findings[0].problem.clone()
}

#[test]
fn a_snapshot_as_published_has_no_findings_and_each_damage_has_one() {
    for format in [Format::Parquet, Format::Csv] {
        let (_out, layout, manifest) = published(format);
        assert_eq!(verify(&layout, &manifest).unwrap(), []);
        let path: PathBuf = layout.out().join(&manifest.files[1].path);
        let whole = fs::read(&path).unwrap();

        let mut flipped = whole.clone();
        flipped[whole.len() / 2] ^= 1;
        fs::write(&path, flipped).unwrap();
        assert!(only_problem(&layout, &manifest).contains("sha256"));

        fs::write(&path, &whole[..whole.len() - 1]).unwrap();
        assert!(only_problem(&layout, &manifest).contains("bytes in place of"));

        fs::remove_file(&path).unwrap();
        assert!(only_problem(&layout, &manifest).contains("missing"));

        fs::write(&path, &whole).unwrap();
        fs::write(path.with_file_name("part-00009.parquet"), "").unwrap();
        assert!(only_problem(&layout, &manifest).contains("does not name"));
    }
}

#[test]
fn a_manifest_whose_numbers_do_not_agree_is_found() {
    let (_out, layout, manifest) = published(Format::Parquet);
    let mut wrong = manifest.clone();
    wrong.totals.received += 1;
    assert!(only_problem(&layout, &wrong).contains("accounts for"));
    let mut wrong = manifest.clone();
    wrong.totals.written -= 1;
    wrong.totals.received -= 1;
    assert!(only_problem(&layout, &wrong).contains("15 rows"));
    let mut wrong = manifest;
    wrong.files[0].rows -= 1;
    wrong.files[1].rows += 1;
    let findings = verify(&layout, &wrong).unwrap();
    assert!(
        findings
            .iter()
            .all(|f| f.problem.contains("rows in place of"))
    );
    assert_eq!(findings.len(), 2);
}

#[test]
fn another_schema_is_found() {
    let (_out, layout, mut manifest) = published(Format::Csv);
    let path = layout.out().join(&manifest.files[0].path);
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("clip_id", "id")).unwrap();
    (manifest.files[0].bytes, manifest.files[0].sha256) = hash_file(&path).unwrap();
    assert!(only_problem(&layout, &manifest).contains("its columns are"));
}
