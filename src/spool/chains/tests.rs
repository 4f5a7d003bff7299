//! What an interrupted run leaves, and what of it is kept.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::clip::testing::{Row, batch};
use crate::disk::testing::layout;
use crate::model::Window;
use crate::model::{Micros, Seconds};
use crate::spool::testing;

fn row(clip: &str) -> Row {
    (clip.to_owned(), Some(1), None, "title".to_owned())
}

/// A spool with two chains of one row, the first with a reject, and a third that was begun.
fn interrupted(out: &tempfile::TempDir) -> PathBuf {
    let spool = testing::spool(out.path());
    let page = |clip: &str, rejects: &[String]| {
        let mut held = ChainPages::default();
        let rows = batch("acme", &[row(clip)]);
        spool.write_page(&mut held, "acme", &rows, rejects).unwrap();
        held
    };
    let first = page("a", &[r#"{"reason":"no clip"}"#.to_owned()]);
    spool.add(first, testing::chain("acme", 0, 10)).unwrap();
    testing::finish(&spool, "acme", 10, 20, &[vec![row("b")]]);
    drop(page("c", &[]));
    spool.folder.clone()
}

fn begins(spool: &Spool) -> Vec<i64> {
    spool
        .chains()
        .iter()
        .map(|chain| chain.asked.from.0)
        .collect()
}

fn files(folder: &PathBuf) -> usize {
    fs::read_dir(folder).unwrap().count()
}

/// The length of the pages file.
fn length(folder: &Path) -> u64 {
    fs::metadata(folder.join(PAGES)).unwrap().len()
}

/// Where the pieces of the chains stand.
fn extents(folder: &Path) -> Vec<Extent> {
    let (_, entries) = journal::read(folder).unwrap().unwrap();
    entries.iter().flat_map(Entry::extents).copied().collect()
}

#[test]
fn chains_are_kept_with_their_header_and_the_rest_is_deleted() {
    let out = tempfile::tempdir().unwrap();
    let folder = interrupted(&out);
    let kept: u64 = extents(&folder).iter().map(|extent| extent.bytes).sum();
    assert!(length(&folder) > kept);
    fs::write(folder.join("journal.tmp"), "torn").unwrap();
    let wanted = SpoolHeader {
        run_id: "second".to_owned(),
        snapshot_at: Micros(5),
        ..testing::header()
    };
    let spool = Spool::open(&layout(out.path()), wanted, testing::A_DAY).unwrap();
    assert_eq!(spool.header(), &testing::header());
    assert_eq!(begins(&spool), [0, 10]);
    assert_eq!((length(&folder), files(&folder)), (kept, 2));
    // It goes on where it stopped, and clips of both runs are known to be the same.
    let again = (row("a").0, Some(15_000_000), None, "again".to_owned());
    testing::finish(&spool, "acme", 20, 30, &[vec![row("d"), again]]);
    assert_eq!(testing::merged(&spool).num_rows(), 3);
    drop(spool);
    assert_eq!(begins(&testing::spool(out.path())), [0, 10, 20]);
}

#[test]
fn a_torn_last_line_is_no_chain() {
    let out = tempfile::tempdir().unwrap();
    let folder = interrupted(&out);
    let journal = folder.join(JOURNAL);
    let text = fs::read(&journal).unwrap();
    fs::write(&journal, &text[..text.len() - 1]).unwrap();
    let first = length(&folder);
    assert_eq!(begins(&testing::spool(out.path())), [0]);
    assert!(length(&folder) < first);
}

#[test]
fn a_flipped_bit_anywhere_in_the_journal_is_never_trusted() {
    let out = tempfile::tempdir().unwrap();
    let folder = interrupted(&out);
    let journal = folder.join(JOURNAL);
    let whole = fs::read(&journal).unwrap();
    let truth = testing::spool(out.path()).chains();
    for place in 0..whole.len() {
        let mut text = whole.clone();
        text[place] ^= 1 << (place % 8);
        fs::write(&journal, &text).unwrap();
        let found = journal::read(&folder).unwrap();
        let (header, entries) = found.unwrap_or((testing::header(), Vec::new()));
        assert_eq!(header, testing::header());
        let chains: Vec<_> = entries.into_iter().map(|entry| entry.chain).collect();
        assert!(chains.len() < 2, "the flip at {place} was not seen");
        assert_eq!(chains, truth[..chains.len()]);
    }
}

/// Changes a file of the spool.
type Damage = fn(&PathBuf);

#[test]
fn a_chain_with_a_damaged_piece_is_none() {
    let out = tempfile::tempdir().unwrap();
    let folder = interrupted(&out);
    let whole = fs::read(folder.join(PAGES)).unwrap();
    let journal = fs::read(folder.join(JOURNAL)).unwrap();
    // The rows and the reject of the first chain, and the rows of the second.
    let extents = extents(&folder);
    assert_eq!(extents.len(), 3);
    for (piece, left) in extents.iter().zip([10, 10, 0]) {
        for place in [0, piece.bytes / 2, piece.bytes - 1] {
            let mut bytes = whole.clone();
            bytes[usize::try_from(piece.offset + place).unwrap()] ^= 1;
            fs::write(folder.join(PAGES), bytes).unwrap();
            fs::write(folder.join(JOURNAL), &journal).unwrap();
            let spool = testing::spool(out.path());
            assert_eq!(begins(&spool), [left], "{piece:?} at {place}");
            assert_eq!(testing::merged(&spool).num_rows(), 1);
        }
    }
}

#[test]
fn a_pages_file_that_is_missing_short_or_a_folder_costs_the_chains_in_it_alone() {
    let damages: [(&str, &[i64], Damage); 4] = [
        ("missing", &[], |path| fs::remove_file(path).unwrap()),
        ("short", &[0], |path| {
            let second = extents(path.parent().unwrap())[2];
            let file = File::options().write(true).open(path).unwrap();
            file.set_len(second.offset + second.bytes - 1).unwrap();
        }),
        ("longer", &[0, 10], |path| {
            let bytes = fs::read(path).unwrap();
            fs::write(path, [&bytes[..], b"torn"].concat()).unwrap();
        }),
        ("a folder", &[], |path| {
            fs::remove_file(path).unwrap();
            fs::create_dir_all(path.join("with/more")).unwrap();
        }),
    ];
    for (name, kept, damage) in damages {
        let out = tempfile::tempdir().unwrap();
        let folder = interrupted(&out);
        damage(&folder.join(PAGES));
        let spool = testing::spool(out.path());
        assert_eq!(begins(&spool), kept, "{name}");
        assert_eq!(testing::merged(&spool).num_rows(), kept.len(), "{name}");
        // What is added now is not lost by what was there before.
        testing::finish(&spool, "acme", 20, 30, &[vec![row("d")]]);
        drop(spool);
        let all = [kept, &[20]].concat();
        assert_eq!(begins(&testing::spool(out.path())), all, "{name}");
    }
}

#[test]
fn a_piece_that_no_file_can_hold_is_not_believed() {
    for (offset, bytes) in [(u64::MAX, 1), (1, u64::MAX), (0, 1 << 50)] {
        let out = tempfile::tempdir().unwrap();
        let folder = interrupted(&out);
        let (header, mut entries) = journal::read(&folder).unwrap().unwrap();
        entries[0].rejects[0] = Extent {
            offset,
            bytes,
            ..entries[0].rejects[0]
        };
        journal::begin(&folder, &header, &entries).unwrap();
        assert_eq!(begins(&testing::spool(out.path())), [10]);
    }
}

#[test]
fn a_journal_that_is_a_folder_or_nonsense_is_started_over() {
    let nonsense: [Damage; 3] = [
        |path| fs::create_dir_all(path.join("deep")).unwrap(),
        |path| fs::write(path, b"").unwrap(),
        |path| fs::write(path, [0xff; 100]).unwrap(),
    ];
    for damage in nonsense {
        let out = tempfile::tempdir().unwrap();
        let folder = interrupted(&out);
        fs::remove_file(folder.join(JOURNAL)).unwrap();
        damage(&folder.join(JOURNAL));
        let spool = testing::spool(out.path());
        assert_eq!(begins(&spool), [0; 0]);
        assert_eq!((length(&folder), files(&folder)), (0, 2));
        testing::finish(&spool, "acme", 0, 10, &[vec![row("a")]]);
        drop(spool);
        assert_eq!(begins(&testing::spool(out.path())), [0]);
    }
}

#[test]
fn a_piece_that_does_not_decode_though_its_checksum_fits_is_asked_for_again_and_told() {
    let out = tempfile::tempdir().unwrap();
    let folder = interrupted(&out);
    let layout = layout(out.path());
    let (header, mut entries) = journal::read(&folder).unwrap().unwrap();
    let whole = fs::read(folder.join(PAGES)).unwrap();
    let found = entries.len();
    // Every byte of the run, each time with the checksum that it then has.
    let extent = entries[0].runs[0].extent;
    let (start, end) = (extent.offset, extent.offset + extent.bytes);
    let mut lost = 0;
    for at in start..end {
        let mut pages = whole.clone();
        pages[usize::try_from(at).unwrap()] ^= 0xff;
        let piece = usize::try_from(start).unwrap()..usize::try_from(end).unwrap();
        entries[0].runs[0].extent.crc32 = crc32fast::hash(&pages[piece]);
        fs::write(folder.join(PAGES), &pages).unwrap();
        drop(journal::begin(&folder, &header, &entries).unwrap());
        let spool = Spool::open(&layout, header.clone(), Some(Duration::from_hours(20))).unwrap();
        let kept = spool.chains().len();
        assert!(kept == found || kept == found - 1);
        assert_eq!(spool.lost().is_some(), kept < found);
        if let Some(told) = spool.lost() {
            assert_eq!(told, format!("1 of the {found} parts that it had listed"));
            lost += 1;
        } else {
            // What is kept can be read to the end.
            for rows in crate::spool::merge(&spool) {
                rows.unwrap();
            }
        }
    }
    assert!(lost > 100, "{lost}");
}

#[test]
fn a_spool_that_cannot_be_read_is_begun_anew_and_told() {
    let out = tempfile::tempdir().unwrap();
    let folder = interrupted(&out);
    let layout = layout(out.path());
    let (header, _) = journal::read(&folder).unwrap().unwrap();
    let journal = folder.join(JOURNAL);
    let closed = std::os::unix::fs::PermissionsExt::from_mode(0o0);
    fs::set_permissions(&journal, closed).unwrap();
    if File::open(&journal).is_ok() {
        println!("skipped: root reads every file");
        return;
    }
    let spool = Spool::open(&layout, header, Some(Duration::from_hours(20))).unwrap();
    assert!(spool.chains().is_empty());
    assert!(spool.lost().is_some_and(|told| told.contains("journal")));
}

#[test]
fn a_run_that_is_old_or_whose_span_has_moved_or_whose_clock_was_wrong_is_not_gone_on_with() {
    const DAY: i64 = 24 * 60 * 60;
    let header = testing::header();
    let later = |since: i64, until: i64| SpoolHeader {
        since: header.since + since,
        until: header.until + until,
        ..header.clone()
    };
    let began = |at: &str| SpoolHeader {
        started_at: at.to_owned(),
        ..header.clone()
    };
    for (wanted, why) in [
        (later(0, 0), None),
        (later(0, DAY), None),
        (later(DAY / 2, DAY / 2), None),
        (later(DAY, DAY), Some("moved")),
        // The span began later while the clock was ahead: the days before it would be missing.
        (later(-DAY, 0), Some("moved")),
        (later(0, -1), Some("clock")),
        (began("2026-11-24T00:00:01Z"), None),
        (began("2026-11-24T00:00:02Z"), Some("resume-within")),
        (began("2026-11-23T00:00:00Z"), Some("resume-within")),
    ] {
        let out = tempfile::tempdir().unwrap();
        drop(interrupted(&out));
        let spool = Spool::open(&layout(out.path()), wanted.clone(), testing::A_DAY).unwrap();
        let refused = spool.refused().unwrap_or_default();
        match why {
            None => assert_eq!((begins(&spool), refused), (vec![0, 10], "")),
            Some(why) => {
                assert!(refused.contains(why), "{refused}");
                assert!(refused.contains(&header.started_at), "{refused}");
                assert_eq!((begins(&spool), spool.header()), (vec![], &wanted));
            }
        }
    }
}

#[test]
fn fresh_and_other_versions_start_over_and_other_parameters_are_left_alone() {
    let open = |out: &tempfile::TempDir, wanted, fresh| {
        Spool::open(&layout(out.path()), wanted, fresh).unwrap()
    };
    let out = tempfile::tempdir().unwrap();
    let folder = interrupted(&out);
    let other = SpoolHeader {
        fingerprint: "abcd".to_owned(),
        ..testing::header()
    };
    assert_eq!(begins(&open(&out, other, testing::A_DAY)), [0; 0]);
    assert_eq!(files(&folder), 2);
    let newer = SpoolHeader {
        tool: "1.2.4".to_owned(),
        ..testing::header()
    };
    let spool = open(&out, newer.clone(), testing::A_DAY);
    assert_eq!(spool.header(), &newer);
    assert_eq!(begins(&spool), [0; 0]);
    assert_eq!(length(&folder), 0);

    let out = tempfile::tempdir().unwrap();
    let folder = interrupted(&out);
    assert_eq!(begins(&open(&out, testing::header(), None)), [0; 0]);
    assert_eq!(length(&folder), 0);
}

#[test]
fn a_fingerprint_that_leads_elsewhere_is_refused() {
    let out = tempfile::tempdir().unwrap();
    for fingerprint in ["", "..", "a/b", "publish"] {
        let wanted = SpoolHeader {
            fingerprint: fingerprint.to_owned(),
            ..testing::header()
        };
        let refused = Spool::open(&layout(out.path()), wanted, testing::A_DAY).unwrap_err();
        assert!(matches!(refused, DiskError::BadName { .. }));
    }
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
fn chains_are_added_from_many_threads() {
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
    assert_eq!(spool.chains().len(), 40);
    let folder = spool.folder.clone();
    spool.remove(&layout(out.path())).unwrap();
    assert!(!folder.exists());
    assert_eq!(files(&out.path().join("_work")), 0);
}

#[test]
fn who_waits_hears_of_what_is_settled_and_that_nothing_more_comes() {
    let out = tempfile::tempdir().unwrap();
    let spool = testing::spool(out.path());
    std::thread::scope(|threads| {
        let waiting = threads.spawn(|| spool.wait_after(0));
        testing::finish(&spool, "acme", 0, 10, &[]);
        let (settled, stage) = waiting.join().unwrap();
        assert_eq!(
            settled[0].window,
            Window {
                from: Seconds(0),
                to: Seconds(10)
            }
        );
        assert_eq!((settled.len(), stage), (1, Stage::Open));
        let waiting = threads.spawn(|| spool.wait_after(1));
        spool.close(Stage::Complete);
        assert_eq!(waiting.join().unwrap(), (Vec::new(), Stage::Complete));
    });
}
