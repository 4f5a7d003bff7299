//! What an interrupted run leaves, and what of it is kept.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::snapshot::testing;
use crate::snapshot::testing::Row;

fn row(clip: &str) -> Row {
    (clip.to_owned(), Some(1), None, "title".to_owned())
}

/// A spool with two finished windows of one row, and a third that was begun.
fn interrupted(out: &tempfile::TempDir) -> PathBuf {
    let spool = testing::spool(out.path());
    testing::finish(&spool, "acme", 0, 10, &[vec![row("a")]]);
    testing::finish(&spool, "acme", 10, 20, &[vec![row("b")]]);
    let mut pages = spool.pages("acme", 20, 30).with_limits(0, 1);
    pages.append(&testing::batch("acme", &[row("c")])).unwrap();
    std::mem::forget(pages);
    spool.folder().clone()
}

fn begins(spool: &Spool) -> Vec<i64> {
    spool.finished().iter().map(|window| window.from).collect()
}

fn files(folder: &PathBuf) -> usize {
    fs::read_dir(folder).unwrap().count()
}

#[test]
fn finished_windows_are_kept_with_their_header_and_the_rest_is_deleted() {
    let out = tempfile::tempdir().unwrap();
    let folder = interrupted(&out);
    assert_eq!(files(&folder), 4);
    let wanted = SpoolHeader {
        run_id: "second".to_owned(),
        snapshot_at: 5,
        ..testing::header()
    };
    let spool = Spool::open(&testing::layout(out.path()), wanted, false).unwrap();
    assert_eq!(spool.header(), &testing::header());
    assert_eq!(begins(&spool), [0, 10]);
    assert_eq!(files(&folder), 3);
    // It goes on where it stopped, and clips of both runs are known to be the same.
    let again = (row("a").0, Some(15_000_000), None, "again".to_owned());
    testing::finish(&spool, "acme", 20, 30, &[vec![row("d"), again]]);
    assert_eq!(testing::merged(&spool).num_rows(), 3);
    drop(spool);
    assert_eq!(begins(&testing::spool(out.path())), [0, 10, 20]);
}

#[test]
fn a_torn_last_line_is_not_finished() {
    let out = tempfile::tempdir().unwrap();
    let folder = interrupted(&out);
    let journal = folder.join(JOURNAL);
    let text = fs::read(&journal).unwrap();
    fs::write(&journal, &text[..text.len() - 1]).unwrap();
    assert_eq!(begins(&testing::spool(out.path())), [0]);
    assert_eq!(files(&folder), 2);
}

#[test]
fn a_damaged_or_missing_run_is_not_finished() {
    for missing in [true, false] {
        let out = tempfile::tempdir().unwrap();
        let folder = interrupted(&out);
        let run = folder.join("run-0-0.arrow");
        if missing {
            fs::remove_file(&run).unwrap();
        } else {
            let mut bytes = fs::read(&run).unwrap();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            fs::write(&run, bytes).unwrap();
        }
        assert_eq!(begins(&testing::spool(out.path())), [10]);
    }
}

#[test]
fn fresh_and_other_versions_start_over_and_other_parameters_are_left_alone() {
    let open = |out: &tempfile::TempDir, wanted, fresh| {
        Spool::open(&testing::layout(out.path()), wanted, fresh).unwrap()
    };
    let out = tempfile::tempdir().unwrap();
    let folder = interrupted(&out);
    let other = SpoolHeader {
        fingerprint: "abcd".to_owned(),
        ..testing::header()
    };
    assert_eq!(begins(&open(&out, other, false)), [0; 0]);
    assert_eq!(files(&folder), 4);
    let newer = SpoolHeader {
        tool: "1.2.4".to_owned(),
        ..testing::header()
    };
    let spool = open(&out, newer.clone(), false);
    assert_eq!(spool.header(), &newer);
    assert_eq!(begins(&spool), [0; 0]);
    assert_eq!(files(&folder), 1);

    let out = tempfile::tempdir().unwrap();
    let folder = interrupted(&out);
    assert_eq!(begins(&open(&out, testing::header(), true)), [0; 0]);
    assert_eq!(files(&folder), 1);
}

#[test]
fn a_fingerprint_that_leads_elsewhere_is_refused() {
    let out = tempfile::tempdir().unwrap();
    for fingerprint in ["", "..", "a/b", "publish"] {
        let wanted = SpoolHeader {
            fingerprint: fingerprint.to_owned(),
            ..testing::header()
        };
        let refused = Spool::open(&testing::layout(out.path()), wanted, false).unwrap_err();
        assert!(matches!(refused, SnapshotError::BadName { .. }));
    }
}

#[test]
fn a_journal_that_names_files_elsewhere_is_not_believed() {
    let out = tempfile::tempdir().unwrap();
    let folder = interrupted(&out);
    let run = fs::read(folder.join("run-0-0.arrow")).unwrap();
    fs::write(out.path().join("elsewhere"), run).unwrap();
    let journal = folder.join(JOURNAL);
    let text = fs::read_to_string(&journal).unwrap();
    fs::write(&journal, text.replace("run-0-0.arrow", "../../elsewhere")).unwrap();
    assert_eq!(begins(&testing::spool(out.path())), [10]);
}

#[test]
fn every_file_of_a_spool_is_private() {
    let out = tempfile::tempdir().unwrap();
    let folder = interrupted(&out);
    let mode = |path: &PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    for file in fs::read_dir(&folder).unwrap() {
        assert_eq!(mode(&file.unwrap().path()), 0o600);
    }
}

#[test]
fn windows_are_finished_from_many_threads() {
    let out = tempfile::tempdir().unwrap();
    let spool = testing::spool(out.path());
    std::thread::scope(|threads| {
        for thread in 0..4_i64 {
            let spool = &spool;
            threads.spawn(move || {
                for window in 0..10 {
                    let from = (thread * 10 + window) * 10;
                    testing::finish(
                        spool,
                        "acme",
                        from,
                        from + 10,
                        &[vec![row(&from.to_string())]],
                    );
                }
            });
        }
    });
    assert_eq!(testing::merged(&spool).num_rows(), 40);
    drop(spool);
    let spool = testing::spool(out.path());
    assert_eq!(spool.finished().len(), 40);
    let folder = spool.folder().clone();
    spool.remove().unwrap();
    assert!(!folder.exists());
}
