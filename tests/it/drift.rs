//! Clips that come, go and change while the account is listed, and counts that do not agree: what
//! is published holds every clip that stood still, and the verdict is honest.

use std::collections::BTreeSet;

use arrow::array::{AsArray, BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use clipcensus_sandbox::{Behaviour, Change, Drift, Order, Paging, SandboxOptions, TotalRecords};
use serde_json::Value;

use crate::support::{
    World, assert_is_truth, assert_nothing_published, clips, parquet_rows, texts,
};

/// How often an export of a moving account is run before it must have come to rest.
const MOST_RUNS: usize = 6;

/// Every clip that stood still is there, once and as it is; all others were listed at some time.
fn assert_rows_are_what_they_may(world: &World, rows: &[RecordBatch]) {
    let truth = world.sandbox.truth();
    let ids: Vec<String> = texts(rows, "clip_id").into_iter().flatten().collect();
    let distinct: BTreeSet<&String> = ids.iter().collect();
    assert_eq!(distinct.len(), ids.len(), "a clip stands twice");
    let still: Vec<RecordBatch> = rows
        .iter()
        .map(|batch| {
            let ids = batch.column_by_name("clip_id").unwrap().as_string::<i32>();
            let still: BooleanArray = ids
                .iter()
                .map(|id| Some(!truth.moved.contains_key(id.unwrap())))
                .collect();
            filter_record_batch(batch, &still).unwrap()
        })
        .collect();
    assert_is_truth(&still, &truth.all);
}

/// Runs until the census is verified. Runs that are not say so and publish nothing.
fn settles(world: &World) {
    for _ in 0..MOST_RUNS {
        let ended = world.export().run();
        if ended.code == Some(0) {
            assert_eq!(world.manifest()["verdict"], "verified");
            assert_rows_are_what_they_may(world, &world.rows());
            return;
        }
        assert_eq!(ended.code, Some(65), "{}", ended.stderr);
        assert!(ended.stderr.contains("00:00Z)"), "{}", ended.stderr);
        assert_nothing_published(world);
    }
    panic!("not verified after {MOST_RUNS} runs");
}

/// An account of which something changes with every page that is asked for, for some time.
fn moving(seed: u64, kinds: &[Change], behaviour: Behaviour) -> World {
    World::new(SandboxOptions {
        seed,
        drift: Some(Drift {
            changes: 300,
            kinds: kinds.to_vec(),
            ..Drift::default()
        }),
        behaviour,
        // Windows of more than four pages, and not many of them.
        since: 1_772_323_200,
        ..clips(12_000)
    })
}

fn counting(total_records: TotalRecords) -> World {
    World::new(SandboxOptions {
        behaviour: Behaviour {
            total_records,
            ..Behaviour::default()
        },
        ..clips(20_000)
    })
}

#[test]
fn a_clip_that_stood_still_is_never_lost_in_an_account_that_moves() {
    let kinds = [&Change::ALL[..], &[Change::Appear, Change::Vanish]];
    let mut seed = 0;
    for paging in [Paging::Offset, Paging::Keyset] {
        for order in [Order::NewestFirst, Order::OldestFirst, Order::ById] {
            for kinds in kinds {
                seed += 1;
                settles(&moving(
                    seed,
                    kinds,
                    Behaviour {
                        paging,
                        order,
                        ..Behaviour::default()
                    },
                ));
            }
        }
    }
}

#[test]
fn changes_of_an_account_that_moves_hold_every_clip_that_was_not_modified_again() {
    let world = moving(
        32,
        &Change::ALL,
        Behaviour {
            paging: Paging::Offset,
            ..Behaviour::default()
        },
    );
    // What is modified while it is listed leaves the span.
    let run = world.export().arg("--by=modified").run();
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let folder = world.out().join("changes/snapshot_date=2026-11-01");
    let rows = parquet_rows(&folder.join("part-00000.parquet"));
    assert_rows_are_what_they_may(&world, &rows);
}

#[test]
fn a_total_that_moves_or_comes_and_goes_with_the_pages_is_asked_for_in_single_pages() {
    for total_records in [TotalRecords::Moving, TotalRecords::Sometimes] {
        let world = counting(total_records);
        world.export().succeeds();
        assert_eq!(world.manifest()["verdict"], "verified");
        assert_is_truth(&world.rows(), &world.sandbox.truth().all);
    }
}

#[test]
fn a_total_that_disagrees_or_counts_something_else_is_no_proof_and_publishes_nothing() {
    for total_records in [
        TotalRecords::Off(1),
        TotalRecords::Off(-1),
        TotalRecords::Account,
    ] {
        let world = counting(total_records);
        let run = world.export().exits(65);
        // The windows are named, with what did not agree.
        assert!(run.stderr.contains("00:00Z)"), "{}", run.stderr);
        assert!(run.stderr.contains("total_records is"), "{}", run.stderr);
        assert!(run.stderr.contains("--allow-incomplete"), "{}", run.stderr);
        assert_nothing_published(&world);

        let run = world.export().arg("--allow-incomplete").exits(65);
        assert!(run.stdout.contains("incomplete"), "{}", run.stdout);
        let manifest = world.manifest();
        assert_eq!(manifest["verdict"], "incomplete", "{total_records:?}");
        let windows = manifest["windows"].as_array().unwrap();
        let is_unsettled = |window: &&Value| window["outcome"] == "unsettled";
        let unsettled: Vec<&Value> = windows.iter().filter(is_unsettled).collect();
        assert!(!unsettled.is_empty());
        for window in unsettled {
            let why = window["why"].as_str().unwrap();
            assert!(why.contains("total_records is"), "{why}");
        }
        let summary = world.json(&format!("{}/summary.json", world.date()));
        assert!(summary.to_string().contains("incomplete"), "{summary}");
        assert_is_truth(&world.rows(), &world.sandbox.truth().all);
    }
}
