//! Counting walks and keeping rows, in memory and in the file.

use super::*;
use crate::snapshot::spool::Spool;
use crate::snapshot::testing;
use crate::snapshot::testing::Row;

fn rows(clips: &[&str]) -> Vec<Row> {
    let row = |clip: &&str| ((*clip).to_owned(), Some(1), None, String::new());
    clips.iter().map(row).collect()
}

fn pages(spool: &Spool, memory_bytes: usize) -> Pages {
    let pages = spool.pages("acme", 0, 10);
    pages.with_limits(memory_bytes, RUN_ROWS)
}

#[test]
fn a_walk_counts_its_own_rows_and_distinct_clips() {
    let out = tempfile::tempdir().unwrap();
    let spool = testing::spool(out.path());
    for memory_bytes in [0, usize::MAX] {
        let mut pages = pages(&spool, memory_bytes);
        pages.begin_walk();
        pages
            .append(&testing::batch("acme", &rows(&["a", "b"])))
            .unwrap();
        pages
            .append(&testing::batch("acme", &rows(&["b", "b", "c"])))
            .unwrap();
        let count = |rows, distinct| WalkCount { rows, distinct };
        assert_eq!(pages.walk_count().unwrap(), count(5, 3));
        pages.begin_walk();
        assert_eq!(pages.walk_count().unwrap(), count(0, 0));
        pages
            .append(&testing::batch("acme", &rows(&["a", "d"])))
            .unwrap();
        assert_eq!(pages.walk_count().unwrap(), count(2, 2));
        pages
            .append(&testing::batch("acme", &rows(&["a"])))
            .unwrap();
        assert_eq!(pages.walk_count().unwrap(), count(3, 2));
        spool.finish(pages, testing::window("acme", 0, 10)).unwrap();
        assert_eq!(testing::merged(&spool).num_rows(), 4);
    }
}

#[test]
fn rows_beyond_the_memory_limit_go_to_a_file_that_goes_away() {
    let out = tempfile::tempdir().unwrap();
    let spool = testing::spool(out.path());
    let mut pages = pages(&spool, 0);
    pages
        .append(&testing::batch("acme", &rows(&["a"])))
        .unwrap();
    let path = pages.stream_path();
    assert!(path.exists());
    drop(pages);
    assert!(!path.exists());
}

#[test]
fn rejects_are_kept_as_lines() {
    let out = tempfile::tempdir().unwrap();
    let spool = testing::spool(out.path());
    // The later window is finished first.
    for (from, line) in [(10, r#"{"a":2}"#), (0, r#"{"a":1}"#)] {
        let mut pages = spool.pages("acme", from, from + 10);
        pages.reject(line).unwrap();
        spool
            .finish(pages, testing::window("acme", from, from + 10))
            .unwrap();
    }
    let mut text = Vec::new();
    assert_eq!(spool.write_rejects(&mut text).unwrap(), 16);
    assert_eq!(text, b"{\"a\":1}\n{\"a\":2}\n");
}
