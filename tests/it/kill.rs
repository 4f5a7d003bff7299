//! Killed at any moment and run again: the bytes of an undisturbed run, no finished window fetched
//! again, and a reader who always finds a whole snapshot.
//!
//! Moments are not slept for: they are the n-th request that reaches the service, or a file that
//! appears or goes away. The numbers are random, and seeded.

use std::collections::BTreeMap;
use std::fs;
use std::fs::File;
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Output};
use std::sync::atomic::{AtomicBool, Ordering};

use clipcensus_sandbox::{Fault, FaultRule, Faults, History, SandboxOptions, TooMany, Trigger};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rustix::process::{Pid, Signal};
use serde_json::Value;

use crate::support::{Program, World, clips};

const FORMATS: [&str; 2] = ["parquet", "csv"];

/// Windows of a census of all years up to the tests' `--until`.
const WINDOWS: u64 = 50;

/// Walks at once, each of which may lose the window it is at.
const CONCURRENCY: u64 = 4;

/// All data files of a snapshot, by name.
type Files = BTreeMap<String, Vec<u8>>;

fn data_dir(world: &World) -> PathBuf {
    world.out().join("clips/snapshot_date=2026-11-01")
}

fn files(folder: &Path) -> std::io::Result<Files> {
    fs::read_dir(folder)?
        .map(|file| {
            let file = file?;
            let name = file.file_name().into_string().unwrap();
            Ok((name, fs::read(file.path())?))
        })
        .collect()
}

/// An export whose windows are one page each, so that requests tell which were fetched.
fn export(world: &World, format: &str) -> Program {
    world
        .export()
        .arg("--format")
        .arg(format)
        .arg("--concurrency")
        .arg(&CONCURRENCY.to_string())
        .arg("--max-file-rows=100")
}

/// The data files of a run that nothing disturbs, by format.
fn undisturbed(options: &SandboxOptions) -> BTreeMap<&'static str, Files> {
    let world = World::new(options.clone());
    FORMATS
        .into_iter()
        .map(|format| {
            export(&world, format).succeeds();
            (format, files(&data_dir(&world)).unwrap())
        })
        .collect()
}

/// Kills the process as soon as `is_now` says so; whether it was still there to be killed.
fn kill_when(mut child: Child, mut is_now: impl FnMut() -> bool) -> bool {
    loop {
        if is_now() {
            child.kill().unwrap();
            break;
        }
        if child.try_wait().unwrap().is_some() {
            break;
        }
        std::thread::yield_now();
    }
    child.wait_with_output().unwrap().status.code().is_none()
}

fn signal(child: &Child, signal: Signal) {
    let pid = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    rustix::process::kill_process(pid, signal).unwrap();
}

fn left_in_work(world: &World) -> Vec<String> {
    let folder = world.out().join("_work");
    let names = fs::read_dir(folder).unwrap();
    names
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

#[test]
fn a_crawl_killed_at_any_request_goes_on_to_the_same_bytes_and_fetches_no_finished_window_again() {
    let mut random = ChaCha8Rng::seed_from_u64(4);
    let options = clips(3_000);
    let truth = undisturbed(&options);
    let mut killed = 0;
    for round in 0..20 {
        let format = FORMATS[round % 2];
        let world = World::new(options.clone());
        let mut runs = 1;
        // Now and then a resumed run is killed, too.
        for _ in 0..random.random_range(1..=3) {
            let at = world.sandbox.report().requests + random.random_range(1..=WINDOWS);
            let child = export(&world, format).spawn();
            if !kill_when(child, || world.sandbox.report().requests >= at) {
                break;
            }
            // On a busy machine the last request may be long over when the kill comes.
            if let Ok(found) = files(&data_dir(&world)) {
                assert!(found == truth[format], "half a snapshot");
            }
            killed += 1;
            runs += 1;
        }
        if !world.out().join("_snapshots/latest.json").exists() || !left_in_work(&world).is_empty()
        {
            export(&world, format).succeeds();
        }
        assert!(
            files(&data_dir(&world)).unwrap() == truth[format],
            "{format}: other bytes"
        );
        world.verify();
        assert_eq!(left_in_work(&world), [""; 0]);
        // One for each window, the access tokens, and what was on its way when it was killed.
        let most = WINDOWS + runs + (runs - 1) * CONCURRENCY;
        let requests = world.sandbox.report().requests;
        assert!(requests <= most, "{requests} requests in {runs} runs");
    }
    assert!(killed >= 20, "only {killed} of the runs were killed");
}

#[test]
fn a_crawl_of_windows_with_many_pages_and_parts_is_gone_on_with_too() {
    let mut random = ChaCha8Rng::seed_from_u64(5);
    let options = SandboxOptions {
        history: History::Bursty,
        ..clips(20_000)
    };
    let export = |world: &World| export(world, "csv").arg("--max-file-rows=5000");
    let world = World::new(options.clone());
    export(&world).succeeds();
    let truth = files(&data_dir(&world)).unwrap();
    let requests = world.sandbox.report().requests;
    for _ in 0..5 {
        let world = World::new(options.clone());
        for _ in 0..3 {
            let at = world.sandbox.report().requests + random.random_range(1..=requests);
            let child = export(&world).spawn();
            kill_when(child, || world.sandbox.report().requests >= at);
        }
        export(&world).succeeds();
        assert!(files(&data_dir(&world)).unwrap() == truth, "other bytes");
        world.verify();
    }
}

/// A moment of a publish that replaces a snapshot.
#[derive(Debug, Clone, Copy)]
enum Moment {
    /// So many data files are begun.
    Staged(usize),
    /// The summary is written.
    Summary,
    ManifestStaged,
    LatestStaged,
    /// The intent is being written.
    IntentBegun,
    Intent,
    DataInPlace,
    ManifestInPlace,
    LatestInPlace,
    IntentGone,
    /// So many files of the former snapshot are deleted.
    FormerGone(usize),
    /// The spool is out of sight.
    SpoolGone,
}

const MOMENTS: [Moment; 12] = [
    Moment::Staged(1),
    Moment::Summary,
    Moment::ManifestStaged,
    Moment::LatestStaged,
    Moment::IntentBegun,
    Moment::Intent,
    Moment::DataInPlace,
    Moment::ManifestInPlace,
    Moment::LatestInPlace,
    Moment::IntentGone,
    Moment::FormerGone(1),
    Moment::SpoolGone,
];

fn inode(path: &Path) -> Option<u64> {
    fs::metadata(path).map(|found| found.ino()).ok()
}

fn count(folder: &Path) -> usize {
    fs::read_dir(folder).map_or(0, Iterator::count)
}

fn has_name(folder: &Path, begin: &str) -> bool {
    let mut names = fs::read_dir(folder).into_iter().flatten().flatten();
    names.any(|entry| entry.file_name().to_str().unwrap().starts_with(begin))
}

/// Says whether a moment has come, in a publish that begins now.
fn watch(world: &World, moment: Moment) -> impl FnMut() -> bool + use<> {
    let out = world.out();
    let work = out.join("_work");
    let staged = work.join("publish");
    let snapshot = out.join("_snapshots/2026-11-01");
    let latest = out.join("_snapshots/latest.json");
    let data = data_dir(world);
    let places = [data.clone(), snapshot, latest];
    let before = places.each_ref().map(|path| inode(path));
    let parts = count(&data);
    let mut was_begun = false;
    move || {
        let is_there = |name: &str| inode(&staged.join(name)).is_some();
        let has_changed = |place: usize| inode(&places[place]) != before[place];
        let has_intent = inode(&work.join("intent.json")).is_some();
        was_begun |= has_intent || has_changed(0);
        let is_over = was_begun && !has_intent;
        match moment {
            Moment::Staged(parts) => count(&staged.join("data")) >= parts,
            Moment::Summary => is_there("snapshot/summary.json"),
            Moment::ManifestStaged => is_there("snapshot/manifest.json"),
            Moment::LatestStaged => is_there("latest.json"),
            Moment::IntentBegun => has_intent || has_name(&staged, "intent-"),
            Moment::Intent => has_intent,
            Moment::DataInPlace => has_changed(0),
            Moment::ManifestInPlace => has_changed(1),
            Moment::LatestInPlace => has_changed(2),
            Moment::IntentGone => is_over,
            Moment::FormerGone(gone) => is_over && count(&staged.join("data")) + gone <= parts,
            Moment::SpoolGone => work.join("done").exists(),
        }
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// Reads a snapshot until it is told to stop. Data files are read as whoever has opened their
/// folder sees them: each time they are those of one snapshot or of the other. There is always a
/// manifest, and `latest.json`, and both are whole.
fn read_on(world: &World, either: [&Files; 2], stop: &AtomicBool) {
    let snapshots = world.out().join("_snapshots");
    let documents = ["2026-11-01/manifest.json", "latest.json"].map(|name| snapshots.join(name));
    while !stop.load(Ordering::Relaxed) {
        let opened = File::open(data_dir(world)).unwrap();
        let same = PathBuf::from(format!("/proc/self/fd/{}", opened.as_raw_fd()));
        // The former ones are deleted while they are read: that is an error, not other bytes.
        if let Ok(found) = files(&same)
            && found.len() == either[0].len()
        {
            assert!(either.contains(&&found), "a reader saw half a snapshot");
        }
        for document in &documents {
            let text = fs::read(document).unwrap();
            serde_json::from_slice::<Value>(&text).unwrap();
        }
        std::thread::yield_now();
    }
}

#[test]
fn a_publish_killed_at_any_moment_leaves_a_whole_snapshot_and_is_completed() {
    let mut random = ChaCha8Rng::seed_from_u64(6);
    let options = clips(3_000);
    let truth = undisturbed(&options);
    let mut moments = MOMENTS.to_vec();
    for _ in 0..4 {
        moments.push(Moment::Staged(random.random_range(2..=30)));
        moments.push(Moment::FormerGone(random.random_range(2..=30)));
    }
    let mut killed = 0;
    for format in FORMATS {
        let world = World::new(options.clone());
        // With the secrets in them, the data files of the same date are others.
        export(&world, format).arg("--include-secrets").succeeds();
        let (former, new) = (&files(&data_dir(&world)).unwrap(), &truth[format]);
        assert!(former.len() == new.len() && former != new);
        let kept = world.folder.path().join("former");
        fs::rename(world.out(), &kept).unwrap();
        for moment in &moments {
            fs::remove_dir_all(world.out()).unwrap_or_default();
            copy(&kept, &world.out());
            let watched = watch(&world, *moment);
            let before = world.sandbox.report().requests;
            let child = export(&world, format).spawn();
            let stop = AtomicBool::new(false);
            let was_killed = std::thread::scope(|threads| {
                threads.spawn(|| read_on(&world, [former, new], &stop));
                let was_killed = kill_when(child, watched);
                stop.store(true, Ordering::Relaxed);
                was_killed
            });
            killed += usize::from(was_killed);
            let has_spool = left_in_work(&world).iter().any(|name| name.len() == 16);
            let found = files(&data_dir(&world)).unwrap();
            assert!(
                &found == former || &found == new,
                "{moment:?}: half a snapshot"
            );
            world.verify();

            let requests = world.sandbox.report().requests;
            export(&world, format).succeeds();
            assert!(
                &files(&data_dir(&world)).unwrap() == new,
                "{moment:?}: other bytes"
            );
            world.verify();
            assert_eq!(left_in_work(&world), [""; 0], "{moment:?}");
            // All that is asked for is an access token and what was not there, unless the first export
            // was over but for the end of its process, and this is another one.
            if has_spool {
                let after = world.sandbox.report().requests;
                let again = match moment {
                    // Data files are begun while the rest is listed.
                    Moment::Staged(_) => (after - before).saturating_sub(WINDOWS + 1 + CONCURRENCY),
                    _ => after - requests,
                };
                assert!(again <= 1, "{moment:?}: requests for what was there");
            } else {
                assert!(&found == new, "{moment:?}: its rows are lost");
            }
        }
    }
    assert!(
        killed >= moments.len(),
        "only {killed} of the runs were killed"
    );
}

#[test]
fn a_first_publish_killed_at_any_moment_leaves_a_whole_snapshot_or_none() {
    let options = clips(3_000);
    let truth = undisturbed(&options);
    for (round, moment) in MOMENTS.into_iter().enumerate() {
        let format = FORMATS[round % 2];
        let world = World::new(options.clone());
        let watched = watch(&world, moment);
        kill_when(export(&world, format).spawn(), watched);
        if let Ok(found) = files(&data_dir(&world)) {
            assert!(found == truth[format], "{moment:?}: half a snapshot");
        }
        if world.out().join("_snapshots/latest.json").exists() {
            world.verify();
        }
        export(&world, format).succeeds();
        assert!(
            files(&data_dir(&world)).unwrap() == truth[format],
            "{moment:?}: other bytes"
        );
        world.verify();
        assert_eq!(left_in_work(&world), [""; 0], "{moment:?}");
    }
}

/// Stops an export by a signal once `is_now`, and gives what it left.
fn stop_when(mut child: Child, by: Signal, mut is_now: impl FnMut() -> bool) -> Output {
    while !is_now() {
        assert_eq!(child.try_wait().unwrap(), None, "it ended early");
        std::thread::yield_now();
    }
    signal(&child, by);
    child.wait_with_output().unwrap()
}

fn assert_stopped(output: &Output, code: i32) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{stderr}");
    assert!(stderr.contains("run the same command again"), "{stderr}");
}

#[test]
fn a_signal_stops_an_export_that_waits_for_the_service_however_long() {
    for fault in [
        Fault::NoAnswer,
        Fault::EndlessBody,
        Fault::TooMany(TooMany::Daily),
    ] {
        for (by, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
            let world = World::new(SandboxOptions {
                faults: Faults {
                    rules: vec![FaultRule::clips(fault, Trigger::Always)],
                    malformed: None,
                },
                ..clips(300)
            });
            // Quiet, but that it was stopped and how to go on is said all the same.
            let child = world.export().arg("-q").arg("--max-wait=48h").spawn();
            let output = stop_when(child, by, || world.sandbox.report().requests >= 2);
            assert_stopped(&output, code);
            assert!(world.out().join("_work").read_dir().unwrap().count() == 1);
        }
    }
}

#[test]
fn a_signal_while_publishing_leaves_a_whole_snapshot_or_none() {
    let options = clips(3_000);
    let truth = undisturbed(&options);
    for moment in [
        Moment::Staged(1),
        Moment::Staged(20),
        Moment::ManifestStaged,
        Moment::Intent,
    ] {
        let world = World::new(options.clone());
        let mut child = export(&world, "csv").spawn();
        let mut is_now = watch(&world, moment);
        while !is_now() && child.try_wait().unwrap().is_none() {
            std::thread::yield_now();
        }
        if child.try_wait().unwrap().is_none() {
            signal(&child, Signal::TERM);
        }
        let output = child.wait_with_output().unwrap();
        // It may be over before the signal comes.
        assert!(matches!(output.status.code(), Some(0 | 143)), "{output:?}");
        if world.out().join("_snapshots/latest.json").exists() {
            world.verify();
        }
        export(&world, "csv").succeeds();
        assert!(files(&data_dir(&world)).unwrap() == truth["csv"]);
        world.verify();
    }
}
