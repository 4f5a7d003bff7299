//! The merge against a naive model, and its rules one by one.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use arrow::array::AsArray;
use proptest::collection::{btree_map, vec};
use proptest::prelude::{ProptestConfig, Strategy};
use proptest::{option, prop_assert, prop_assert_eq, proptest};

use super::*;
use crate::clip::Column;
use crate::clip::testing::{Row, all};
use crate::spool::testing;

/// Account and row of everything merged, with the counts.
fn rows_of(spool: &Spool) -> (Vec<(String, Row)>, u64, u64) {
    let mut merge = merge(spool);
    let mut rows = Vec::new();
    for batch in merge.by_ref() {
        let batch = batch.unwrap();
        let text = |column: Column, row| {
            let column = batch.column(column.index()).as_string::<i32>();
            column.value(row).to_owned()
        };
        let keys = Keys::of(&batch);
        for row in 0..batch.num_rows() {
            let (created_at, clip_id) = keys.key(row);
            rows.push((
                text(Column::AccountId, row),
                (
                    clip_id.to_owned(),
                    created_at,
                    keys.modified_at(row),
                    text(Column::Title, row),
                ),
            ));
        }
    }
    (rows, merge.rows(), merge.duplicates())
}

fn titles(spool: &Spool) -> Vec<String> {
    rows_of(spool).0.into_iter().map(|(_, row)| row.3).collect()
}

fn row(clip: &str, created_at: Option<i64>, modified_at: Option<i64>, title: &str) -> Row {
    (clip.to_owned(), created_at, modified_at, title.to_owned())
}

const SECOND: i64 = 1_000_000;

#[test]
fn rows_come_by_account_then_creation_then_clip_with_null_first() {
    let out = tempfile::tempdir().unwrap();
    let spool = testing::spool(out.path());
    let at = |second: i64| Some(second * SECOND);
    testing::finish(&spool, "b", 0, 10, &[vec![row("x", at(1), None, "6")]]);
    let late = [vec![
        row("p", at(15), None, "5"),
        row("q", at(12), None, "4"),
    ]];
    testing::finish(&spool, "a", 10, 20, &late);
    let early = [
        vec![row("n", at(3), None, "3"), row("m", at(3), None, "2")],
        vec![row("z", None, None, "1")],
    ];
    testing::finish(&spool, "a", 0, 10, &early);
    assert_eq!(titles(&spool), ["1", "2", "3", "4", "5", "6"]);
}

#[test]
fn within_a_window_the_latest_modified_form_stays_and_then_the_last_received() {
    let out = tempfile::tempdir().unwrap();
    let spool = testing::spool(out.path());
    let pages = [
        vec![
            row("a", Some(1), Some(9), "newer"),
            row("b", Some(2), None, "null"),
        ],
        vec![
            row("a", Some(1), Some(8), "older"),
            row("b", Some(2), Some(0), "dated"),
        ],
        vec![
            row("c", Some(3), Some(1), "first"),
            row("c", Some(3), Some(1), "last"),
        ],
    ];
    testing::finish(&spool, "acme", 0, 10, &pages);
    assert_eq!(titles(&spool), ["newer", "dated", "last"]);
    assert_eq!(spool.chains()[0].rows, 5);
}

#[test]
fn between_windows_the_one_that_contains_the_clip_decides_a_tie() {
    let out = tempfile::tempdir().unwrap();
    let spool = testing::spool(out.path());
    let edge = Some(10 * SECOND);
    testing::finish(
        &spool,
        "acme",
        0,
        10,
        &[vec![row("a", edge, Some(1), "outside")]],
    );
    testing::finish(
        &spool,
        "acme",
        10,
        20,
        &[vec![row("a", edge, Some(1), "inside")]],
    );
    assert_eq!(titles(&spool), ["inside"]);
    testing::finish(
        &spool,
        "acme",
        20,
        30,
        &[vec![row("a", edge, Some(2), "newer")]],
    );
    assert_eq!(titles(&spool), ["newer"]);
}

#[test]
fn two_creation_dates_of_one_clip_give_one_row_but_two_accounts_give_two() {
    let out = tempfile::tempdir().unwrap();
    let spool = testing::spool(out.path());
    testing::finish(
        &spool,
        "acme",
        0,
        10,
        &[vec![row("a", Some(1), None, "first")]],
    );
    testing::finish(
        &spool,
        "acme",
        10,
        20,
        &[vec![row("a", Some(11 * SECOND), None, "moved")]],
    );
    testing::finish(
        &spool,
        "beta",
        0,
        10,
        &[vec![row("a", Some(1), None, "other")]],
    );
    let (rows, count, duplicates) = rows_of(&spool);
    let titles: Vec<&str> = rows.iter().map(|(_, row)| row.3.as_str()).collect();
    assert_eq!(titles, ["first", "other"]);
    assert_eq!((count, duplicates), (2, 1));
}

#[test]
fn a_damaged_run_is_an_error_and_then_the_end() {
    let out = tempfile::tempdir().unwrap();
    let spool = testing::spool(out.path());
    testing::finish(&spool, "acme", 0, 10, &[vec![row("a", Some(1), None, "x")]]);
    let pages = spool.pages().path();
    let mut bytes = std::fs::read(pages).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(pages, bytes).unwrap();
    let mut merge = merge(&spool);
    assert!(merge.next().unwrap().unwrap_err().is_damaged());
    assert!(merge.next().is_none());
}

#[test]
fn many_windows_are_handed_on_in_slices_and_read_as_one() {
    let out = tempfile::tempdir().unwrap();
    let spool = testing::spool(out.path());
    // Neighbours share the row of their edge.
    for window in 0..5_i64 {
        let rows: Vec<Row> = (window * 3000..=(window + 1) * 3000)
            .map(|n| row(&format!("{n:06}"), Some(n * SECOND), None, "t"))
            .collect();
        testing::finish(&spool, "acme", window * 3000, (window + 1) * 3000, &[rows]);
    }
    let (rows, count, duplicates) = rows_of(&spool);
    assert_eq!((count, duplicates), (15_001, 4));
    assert!(
        rows.iter()
            .enumerate()
            .all(|(n, (_, row))| row.0 == format!("{n:06}"))
    );
}

#[test]
fn a_run_is_not_read_before_the_bound_has_come_to_it() {
    let out = tempfile::tempdir().unwrap();
    let spool = testing::spool(out.path());
    let at = |second: i64| Some(second * SECOND);
    testing::finish(&spool, "a", 0, 10, &[vec![row("x", at(5), None, "first")]]);
    let pages = std::fs::metadata(spool.pages().path()).unwrap().len();
    testing::finish(&spool, "a", 10, 20, &[vec![row("y", at(15), None, "last")]]);
    let file = std::fs::File::options()
        .write(true)
        .open(spool.pages().path());
    // What cannot be read is told only when it is read.
    file.unwrap().set_len(pages).unwrap();
    let mut growing = Merge::growing(&spool);
    assert!(growing.take_up(&spool, Bound::Before("a".to_owned(), Micros(2 * SECOND))));
    assert!(growing.next().is_none());
    assert!(growing.take_up(&spool, Bound::Before("a".to_owned(), Micros(12 * SECOND))));
    assert_eq!(growing.next().unwrap().unwrap().num_rows(), 1);
    assert!(growing.next().is_none());
    assert!(growing.take_up(&spool, Bound::Everything));
    assert!(growing.next().unwrap().is_err());
}

#[test]
fn long_runs_that_overlap_throughout_are_interleaved() {
    let out = tempfile::tempdir().unwrap();
    let spool = testing::spool(out.path());
    for window in 0..3_i64 {
        let rows: Vec<Row> = (0..4000)
            .map(|n| n * 3 + window)
            .map(|n| row(&format!("{n:06}"), Some(n * SECOND), None, "t"))
            .collect();
        testing::finish(&spool, "acme", 0, 12_000 + window, &[rows]);
    }
    let (rows, count, duplicates) = rows_of(&spool);
    assert_eq!((count, duplicates), (12_000, 0));
    let in_order = |(n, (_, row)): (usize, &(String, Row))| row.0 == format!("{n:06}");
    assert!(rows.iter().enumerate().all(in_order));
}

type Windows = BTreeMap<(bool, i64, i64), Vec<Row>>;

fn windows() -> impl Strategy<Value = Windows> {
    let span = (proptest::bool::ANY, 0..40_i64, 1..25_i64);
    let span = span.prop_map(|(account, from, length)| (account, from, from + length));
    let instant = |seconds: i64| option::weighted(0.9, (0..seconds).prop_map(|s| s * SECOND));
    let row = ("[a-f]{1,2}", instant(60), instant(4), "[a-z]{8}");
    btree_map(span, vec(row, 0..40), 0..8)
}

fn account(second: bool) -> &'static str {
    if second { "beta" } else { "acme" }
}

/// What the merge must give, in the plainest way.
fn model(windows: &Windows, page: usize) -> Vec<(String, Row)> {
    let mut forms = Vec::new();
    let pages = windows
        .iter()
        .flat_map(|(window, rows)| rows.chunks(page).map(move |rows| (window, rows)));
    for (number, ((second, from, to), rows)) in pages.enumerate() {
        let mut kept: BTreeMap<&str, &Row> = BTreeMap::new();
        for row in rows {
            let former = kept.get(row.0.as_str());
            if former.is_none_or(|former| row.2 >= former.2) {
                kept.insert(&row.0, row);
            }
        }
        for row in kept.into_values() {
            let inside = row
                .1
                .is_some_and(|at| (*from..*to).contains(&(at / SECOND)));
            let rank = (row.2, inside, *from, Reverse(*to), number);
            forms.push((account(*second), row, rank));
        }
    }
    forms.sort_by_key(|(account, row, rank)| (*account, row.1, &row.0, Reverse(*rank)));
    let mut seen = HashSet::new();
    forms.retain(|(account, row, _)| seen.insert((*account, &row.0)));
    forms
        .into_iter()
        .map(|(account, row, _)| (account.to_owned(), row.clone()))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_merge_gives_what_a_naive_model_gives(windows in windows(), page in 1..15_usize) {
        let out = tempfile::tempdir().unwrap();
        let spool = testing::spool(out.path());
        for ((second, from, to), rows) in &windows {
            let pages: Vec<Vec<Row>> = rows.chunks(page).map(<[Row]>::to_vec).collect();
            testing::finish(&spool, account(*second), *from, *to, &pages);
        }
        let (rows, count, duplicates) = rows_of(&spool);
        prop_assert_eq!(&rows, &model(&windows, page));
        prop_assert_eq!(count, rows.len() as u64);
        let spooled: u64 = spool.chains().iter().map(|chain| chain.rows).sum();
        prop_assert_eq!(count + duplicates, spooled);
    }

    #[test]
    fn what_grows_in_order_and_has_each_clip_once_is_what_the_merge_gives(
        windows in windows(),
        bounds in vec((proptest::bool::ANY, 0..60_i64), 8),
    ) {
        let out = tempfile::tempdir().unwrap();
        let spool = testing::spool(out.path());
        let mut growing = Merge::growing(&spool);
        let mut grown = Vec::new();
        let mut is_in_order = true;
        let mut bounds = bounds;
        bounds.sort_unstable();
        for (((second, from, to), rows), (of, at)) in windows.iter().zip(bounds) {
            testing::finish(&spool, account(*second), *from, *to, std::slice::from_ref(rows));
            let bound = Bound::Before(account(of).to_owned(), Micros(at * SECOND));
            is_in_order &= growing.take_up(&spool, bound);
            grown.extend(growing.by_ref().map(Result::unwrap));
        }
        is_in_order &= growing.take_up(&spool, Bound::Everything);
        grown.extend(growing.by_ref().map(Result::unwrap));
        if is_in_order && growing.rows() == spool.distinct_hashes() {
            let grown = all(grown.into_iter().map(Ok::<_, DiskError>));
            prop_assert_eq!(grown, testing::merged(&spool));
        }
    }

    #[test]
    fn windows_that_are_finished_in_their_order_grow_to_what_the_merge_gives(
        rows in vec((0..60_i64, option::of(0..4_i64)), 0..80),
        cuts in proptest::collection::btree_set(1..60_i64, 0..6),
    ) {
        // One clip for each second, which its windows have in different forms.
        let out = tempfile::tempdir().unwrap();
        let spool = testing::spool(out.path());
        let mut growing = Merge::growing(&spool);
        let mut grown = Vec::new();
        let mut from = 0;
        for to in cuts.into_iter().chain([60]) {
            let in_window = |(at, _): &&(i64, Option<i64>)| (from - 1..=to).contains(at);
            let page: Vec<Row> = rows.iter().filter(in_window).map(|(at, modified_at)| {
                row(&at.to_string(), Some(at * SECOND), *modified_at, &from.to_string())
            }).collect();
            testing::finish(&spool, "acme", from, to, &[page]);
            let bound = Bound::Before("acme".to_owned(), Micros((to - 1) * SECOND));
            prop_assert!(growing.take_up(&spool, bound));
            grown.extend(growing.by_ref().map(Result::unwrap));
            from = to;
        }
        prop_assert!(growing.take_up(&spool, Bound::Everything));
        grown.extend(growing.by_ref().map(Result::unwrap));
        prop_assert_eq!(growing.rows(), spool.distinct_hashes());
        if !grown.is_empty() {
            let grown = all(grown.into_iter().map(Ok::<_, DiskError>));
            prop_assert_eq!(grown, testing::merged(&spool));
        }
    }

    #[test]
    fn a_chain_of_many_pages_gives_what_one_page_gives(
        rows in vec(("[a-z]{1,2}", option::of(0..4_i64)), 1..60),
        page in 1..20_usize,
    ) {
        // A clip has one creation date here, and its forms differ by title.
        let rows: Vec<Row> = rows.into_iter().enumerate().map(|(n, (clip, modified_at))| {
            let created_at = Some(i64::from(clip.as_bytes()[0]));
            (clip, created_at, modified_at, n.to_string())
        }).collect();
        let merged = |page: usize| {
            let out = tempfile::tempdir().unwrap();
            let spool = testing::spool(out.path());
            let pages: Vec<Vec<Row>> = rows.chunks(page).map(<[Row]>::to_vec).collect();
            testing::finish(&spool, "acme", 0, 10, &pages);
            rows_of(&spool).0
        };
        prop_assert_eq!(merged(page), merged(1000));
    }
}
