//! What stands in a folder already: nothing worse takes its place unasked, and a census that shrinks is
//! told.

use std::path::Path;

use clipcensus_sandbox::{Fault, Trigger};

use crate::support::{
    Program, World, assert_is_truth, assert_nothing_published, clips, shows, with_faults,
};

/// An export of another service into the folder of the first.
fn into(out: &Path, service: &World) -> Program {
    let out = out.to_str().unwrap();
    service.export().env("CLIPCENSUS_OUT", out)
}

#[test]
fn a_date_is_replaced_by_a_later_instant_and_that_is_said() {
    let world = World::new(clips(50));
    world
        .export()
        .arg("--until=2026-10-31T10:00:00Z")
        .succeeds();
    let run = world
        .export()
        .arg("--until=2026-10-31T12:00:00Z")
        .succeeds();
    shows(
        &run,
        &["replaced the snapshot of 2026-10-31 as of 2026-10-31T10:00:00Z (verified, "],
    );
    assert_eq!(world.manifest()["snapshot_at"], "2026-10-31T12:00:00Z");
}

#[test]
fn an_older_instant_does_not_replace_a_newer_one_unasked() {
    let world = World::new(clips(50));
    let older = || world.export().arg("--until=2026-10-31T10:00:00Z");
    world
        .export()
        .arg("--until=2026-10-31T12:00:00Z")
        .succeeds();
    let run = older().exits(2);
    shows(
        &run,
        &[
            "as of 2026-10-31T12:00:00Z",
            "2026-10-31T10:00:00Z",
            "--replace",
        ],
    );
    assert_eq!(world.manifest()["snapshot_at"], "2026-10-31T12:00:00Z");
    older().arg("--replace").succeeds();
    assert_eq!(world.manifest()["snapshot_at"], "2026-10-31T10:00:00Z");
}

#[test]
fn owners_are_not_dropped_unasked() {
    let world = World::new(clips(50));
    world.export().arg("--resolve-owners").succeeds();
    let before = world.sandbox.report().out_of_specification;
    let run = world.export().exits(2);
    shows(&run, &["who the owners are", "--replace"]);
    assert_eq!(world.sandbox.report().out_of_specification, before);
    let owners = world.out().join("owners/snapshot_date=2026-11-01");
    assert!(owners.exists());
    world.export().arg("--resolve-owners").succeeds();
    assert!(owners.exists());
    world.export().arg("--replace").succeeds();
    assert!(!owners.exists());
    world.verify();
}

#[test]
fn what_is_incomplete_does_not_replace_what_is_verified_unasked() {
    let world = World::new(clips(3_000));
    world.export().succeeds();
    let losing = World::new(with_faults(3_000, &[(Fault::LostRecord, Trigger::Always)]));
    let incomplete = || into(&world.out(), &losing).arg("--allow-incomplete");
    let run = incomplete().exits(65);
    shows(&run, &["is verified", "would be incomplete", "--replace"]);
    assert_eq!(world.manifest()["verdict"], "verified");
    assert_is_truth(&world.rows(), &world.sandbox.truth().all);
    let run = incomplete().arg("--replace").arg("-q").exits(65);
    shows(
        &run,
        &[
            "error: published, but incomplete: ",
            "windows did not settle",
        ],
    );
    assert_eq!(world.manifest()["verdict"], "incomplete");
    // Any is better than that one.
    world.export().succeeds();
    assert_eq!(world.manifest()["verdict"], "verified");
}

#[test]
fn a_census_that_shrinks_is_told_everywhere() {
    let world = World::new(clips(1_000));
    world.export().arg("--until=2026-10-31").succeeds();
    let empty = World::new(clips(0));
    let metrics = world.folder.path().join("metrics.prom");
    let run = into(&world.out(), &empty)
        .args(&["--quiet", "--summary=text"])
        .arg("--metrics-file")
        .arg(metrics.to_str().unwrap())
        .succeeds();
    shows(&run, &["far fewer clips", "0 clips, where 2026-10-31 had "]);
    assert!(run.stdout.contains("far fewer clips"), "{}", run.stdout);
    let summary = world.json("2026-11-01/summary.json");
    assert_eq!(summary["proof"]["shrunk"]["since"], "2026-10-31");
    let metrics = std::fs::read_to_string(metrics).unwrap();
    assert!(metrics.contains("clipcensus_snapshot_shrunk{"), "{metrics}");
    let line = |line: &&str| line.starts_with("clipcensus_snapshot_shrunk{");
    assert!(metrics.lines().find(line).unwrap().ends_with(" 1"));
    world.verify();
}

#[test]
fn a_census_that_shrinks_by_more_than_it_may_is_not_published_and_not_listed_again() {
    let world = World::new(clips(1_000));
    world.export().arg("--until=2026-10-31").succeeds();
    let fewer = World::new(clips(500));
    let run = into(&world.out(), &fewer).arg("--max-shrink=0.3").exits(65);
    shows(&run, &["500 clips", "--max-shrink 1", "permission"]);
    assert_eq!(world.date(), "2026-10-31");
    let before = fewer.sandbox.report().requests;
    into(&world.out(), &fewer).arg("--max-shrink=1").succeeds();
    // The access token is fetched again.
    assert_eq!(fewer.sandbox.report().requests - before, 1);
    assert_eq!(world.date(), "2026-11-01");
}

#[test]
fn after_a_fall_that_was_refused_the_next_run_lists_again_unless_it_accepts_any() {
    let world = World::new(clips(1_000));
    world.export().arg("--until=2026-10-31").succeeds();
    let fewer = World::new(clips(500));
    into(&world.out(), &fewer).arg("--max-shrink=0.3").exits(65);
    // The permission may be back.
    for again in ["--max-shrink=0.3", "--quiet"] {
        let before = fewer.sandbox.report().requests;
        let run = into(&world.out(), &fewer).arg(again);
        let run = run.exits(if again == "--quiet" { 0 } else { 65 });
        shows(&run, &["too many clips were gone; listing again"]);
        assert!(fewer.sandbox.report().requests - before > 10);
    }
    assert_eq!(world.manifest()["totals"]["written"], 500);
    assert_eq!(world.manifest()["resumed_at"], serde_json::Value::Null);
}

#[test]
fn a_first_census_and_one_of_what_changed_have_nothing_to_shrink_from() {
    let world = World::new(clips(100));
    let run = world.export().arg("--max-shrink=0").succeeds();
    assert_eq!(run.stderr, "");
    let run = world
        .export()
        .arg("--by=modified")
        .arg("--since=2026-10-30")
        .env(
            "CLIPCENSUS_OUT",
            world.folder.path().join("changes").to_str().unwrap(),
        )
        .succeeds();
    assert_eq!(run.stderr, "");
}

#[test]
fn an_export_that_ended_before_the_first_page_is_not_gone_on_with() {
    let breaks = (Fault::Html(503), Trigger::FirstAttempts(1));
    let world = World::new(with_faults(1_000, &[breaks]));
    world.export().arg("--max-wait=0s").exits(75);
    let run = world.export().succeeds();
    assert!(!run.stderr.contains("going on with"), "{}", run.stderr);
    assert_eq!(world.manifest()["resumed_at"], serde_json::Value::Null);
}

#[test]
fn a_second_export_of_the_day_does_not_hide_a_fall_and_neither_does_what_may_be_gone() {
    let world = World::new(clips(1_000));
    world.export().arg("--until=2026-10-31").succeeds();
    let fewer = World::new(clips(500));
    for shrink in [None, None, Some("--max-shrink=1")] {
        let export = into(&world.out(), &fewer).arg("-q");
        let run = shrink.into_iter().fold(export, Program::arg).succeeds();
        shows(
            &run,
            &["far fewer clips than before: 500 clips, where 2026-10-31 had 999"],
        );
    }
}

#[test]
fn files_of_another_format_than_before_are_told() {
    let world = World::new(clips(50));
    world.export().arg("--until=2026-10-31").succeeds();
    let run = world.export().arg("--format=csv").succeeds();
    shows(
        &run,
        &["holds .parquet files so far", ".csv of this snapshot"],
    );
}

/// A service that breaks down in the middle of the list, for one run.
fn interrupted() -> World {
    // Of so many requests at most 32 are under way at once: others are answered, and kept.
    let breaks = (Fault::Html(503), Trigger::Nth(60));
    World::new(with_faults(60_000, &[breaks]))
}

#[test]
fn an_unfinished_export_is_gone_on_with_in_the_same_night_only_and_that_is_said() {
    let world = interrupted();
    world.export().arg("--max-wait=0s").exits(75);
    assert_nothing_published(&world);
    let run = world
        .export()
        .arg("--quiet")
        .arg("--resume-within=1ms")
        .arg("--max-wait=0s")
        .succeeds();
    shows(
        &run,
        &["cannot go on with the unfinished export", "--resume-within"],
    );
    assert_eq!(world.manifest()["resumed_at"], serde_json::Value::Null);
    let world = interrupted();
    world.export().arg("--max-wait=0s").exits(75);
    let run = world.export().arg("--quiet").succeeds();
    shows(&run, &["going on with the export that began at"]);
    assert!(world.manifest()["resumed_at"].is_string());
    assert_is_truth(&world.rows(), &world.sandbox.truth().all);
}
