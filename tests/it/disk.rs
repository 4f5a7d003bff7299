//! The disk: full, not writable, things in the way, another export, a lock whose process died.

use std::fs;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

use clipcensus_sandbox::{Fault, FaultRule, Faults, SandboxOptions, Trigger};

use crate::support::{World, assert_is_truth, clips, private_dir, shows};

const SKIPPED: &str = "skipped: a small file system cannot be mounted here; it needs root";

/// A small file system of its own, which goes away with it.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// `None` where this process may not mount one.
    fn mount(at: &Path, options: &str) -> Option<Self> {
        fs::create_dir_all(at).unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", options, "clipcensus-test"])
            .arg(at)
            .output();
        if mounted.is_ok_and(|output| output.status.success()) {
            return Some(Self(at.to_owned()));
        }
        None
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg("-l").arg(&self.0).status();
        assert!(unmounted.is_ok_and(|status| status.success()));
    }
}

/// The bytes of the only data file.
fn data(world: &World) -> Vec<u8> {
    fs::read(
        world
            .out()
            .join("clips/snapshot_date=2026-11-01/part-00000.parquet"),
    )
    .unwrap()
}

#[test]
fn a_full_disk_is_named_wherever_it_fills_up_and_with_more_space_the_export_goes_on() {
    const STEP: u64 = 128 << 10;
    let world = World::new(clips(3_000));
    let Some(_disk) = SmallDisk::mount(&world.out(), "size=16m") else {
        println!("{SKIPPED}");
        return;
    };
    // The snapshot that is to be replaced has other bytes: its secrets.
    world.export().arg("--include-secrets").succeeds();
    let former = data(&world);
    let ballast = File::create(world.out().join("ballast")).unwrap();
    let mut size = 16 << 20;
    // As much as there is room for.
    while rustix::fs::fallocate(&ballast, rustix::fs::FallocateFlags::empty(), 0, size).is_err() {
        size -= 4096;
        ballast.set_len(0).unwrap();
    }
    let (mut in_spool, mut in_publish) = (0, 0);
    let run = loop {
        let run = world.export().arg("--concurrency=4").run();
        if run.code != Some(73) {
            break run;
        }
        shows(&run, &["census/_work", "No space left", "free space"]);
        if run.stderr.contains("_work/publish") {
            in_publish += 1;
        } else {
            in_spool += 1;
        }
        assert!(data(&world) == former, "half a snapshot");
        world.verify();
        let staged = world.out().join("_work/publish");
        assert!(!staged.exists(), "it takes up space");
        size -= STEP;
        ballast.set_len(size).unwrap();
    };
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert!(
        in_spool > 2 && in_publish > 2,
        "{in_spool} and {in_publish}"
    );
    assert!(data(&world) != former);
    assert_is_truth(&world.rows(), &world.sandbox.truth().all);
    world.verify();
    // What was finished before the disk was full was not fetched again: 50 windows and, in each
    // run, an access token and the windows that were under way.
    let requests = world.sandbox.report().requests - 51;
    let most = 50 + (in_spool + in_publish + 1) * 5;
    assert!(requests <= most, "{requests} requests, {most} at most");
}

#[test]
fn a_folder_that_cannot_be_written_is_named_before_anything_is_sent() {
    let world = World::new(clips(100));
    let Some(_disk) = SmallDisk::mount(&world.out(), "ro,size=1m") else {
        println!("{SKIPPED}");
        return;
    };
    let run = world.export().exits(73);
    shows(&run, &["census/_work", "Read-only", "permissions"]);
    assert_eq!(world.sandbox.report().requests, 0);
}

#[test]
fn files_and_folders_in_the_way_are_named_before_anything_is_sent() {
    for (place, is_folder) in [
        ("", false),
        ("_work", false),
        ("clips", false),
        ("_snapshots", false),
        ("_snapshots/latest.json", true),
        ("_work/intent.json", true),
    ] {
        let world = World::new(clips(100));
        let path = world.out().join(place);
        if is_folder {
            private_dir(path.parent().unwrap());
            fs::create_dir(&path).unwrap();
        } else {
            private_dir(path.parent().unwrap());
            fs::write(world.out().join(place).components().as_path(), "mine").unwrap();
        }
        let run = world.export().exits(73);
        let place = place.trim_end_matches('/');
        shows(&run, &[place, "move it away"]);
        assert_eq!(world.sandbox.report().requests, 0, "{place}");
        if !is_folder {
            assert_eq!(fs::read(path.components().as_path()).unwrap(), b"mine");
        }
    }
}

#[test]
fn what_lies_in_the_place_of_a_spool_or_a_staged_file_is_no_hindrance() {
    let world = World::new(clips(100));
    let work = world.out().join("_work");
    private_dir(&work);
    fs::write(work.join("publish"), "a file").unwrap();
    fs::write(work.join("done"), "a file").unwrap();
    world.export().succeeds();
    assert_is_truth(&world.rows(), &world.sandbox.truth().all);
}

#[test]
fn one_export_at_a_time_and_a_dead_one_holds_no_lock() {
    let world = World::new(SandboxOptions {
        faults: Faults {
            rules: vec![FaultRule::clips(Fault::NoAnswer, Trigger::Nth(3))],
            malformed: None,
        },
        ..clips(300)
    });
    let mut first = world.export().spawn();
    while world.sandbox.report().requests < 10 {
        assert_eq!(first.try_wait().unwrap(), None, "it ended early");
        std::thread::yield_now();
    }
    let run = world.export().exits(75);
    shows(&run, &["another export", "census"]);
    // A census of something else in the same folder, too.
    world.export().arg("--by=modified").exits(75);
    first.kill().unwrap();
    first.wait().unwrap();
    world.export().succeeds();
    assert_is_truth(&world.rows(), &world.sandbox.truth().all);
}

#[test]
fn a_link_that_leads_nowhere_is_named_with_where_it_leads() {
    let world = World::new(clips(10));
    std::os::unix::fs::symlink("/nowhere/census", world.out()).unwrap();
    let below = world.out().join("below");
    for out in [world.out(), below] {
        let told = "is a link to /nowhere/census, which is not there; make that folder";
        let export = world.export().arg("--out").arg(out.to_str().unwrap());
        shows(&export.exits(73), &[told]);
        let check = world.check().arg("--out").arg(out.to_str().unwrap());
        shows(&check.exits(73), &[told]);
    }
}
