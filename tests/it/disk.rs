//! The disk: full, not writable, things in the way, another export, a lock whose process died.

use std::fs;
use std::fs::{File, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use clipcensus_sandbox::{Fault, FaultRule, Faults, SandboxOptions, Trigger};

use sha2::{Digest, Sha256};

use crate::support::{Program, World, assert_is_truth, clips, files_below, skipped};

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

fn shows(run: &crate::support::Run, words: &[&str]) {
    for word in words {
        assert!(run.stderr.contains(word), "no {word:?} in {}", run.stderr);
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
fn a_clock_that_cannot_be_right_is_told() {
    let world = World::new(clips(10));
    let run = world
        .export()
        .without("CLIPCENSUS_UNTIL")
        .arg("--since=2999-01-01")
        .exits(2);
    shows(&run, &["2999-01-01", "system clock"]);
    let run = world.export().arg("--until=2999-01-01").exits(2);
    shows(&run, &["in the future", "system clock"]);
    assert_eq!(world.sandbox.report().requests, 0);
}

/// Something that nobody but its owner should lose.
struct Victim(PathBuf);

impl Victim {
    fn new(world: &World) -> Self {
        let path = world.folder.path().join("home");
        for folder in ["publish", "done", "trial"] {
            fs::create_dir_all(path.join(folder)).unwrap();
            fs::write(path.join(folder).join("secret"), "mine").unwrap();
        }
        fs::write(path.join("secret"), "mine").unwrap();
        Self(path)
    }

    fn inode(&self) -> u64 {
        fs::metadata(&self.0).unwrap().ino()
    }

    #[track_caller]
    fn assert_untouched(&self) {
        let files = files_below(&self.0);
        assert_eq!(files.len(), 4);
        for file in files {
            assert_eq!(fs::read(file).unwrap(), b"mine");
        }
    }
}

/// Makes a folder that no other user may write to, whatever the umask.
fn private_dir(path: &Path) {
    fs::create_dir_all(path).unwrap();
    fs::set_permissions(path, Permissions::from_mode(0o700)).unwrap();
}

fn plant(world: &World, intent: &str) {
    let path = world.out().join("_work/intent.json");
    fs::write(&path, intent).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
}

#[test]
fn an_intent_that_leads_out_of_the_output_folder_is_not_obeyed_and_blocks_nothing() {
    let world = World::new(clips(100));
    let victim = Victim::new(&world);
    world.export().succeeds();
    let staged = world.out().join("_work/publish/evil");
    let (home, inode) = (victim.0.display(), victim.inode());
    let mut intents = vec![
        format!(
            r#"{{"snapshot_date":"x","swaps":[],"retired":[{{"place":"{home}","inode":{inode}}}]}}"#
        ),
        r#"{"remove":[{"table":"clips","date":"../../home"}]}"#.to_owned(),
        format!(r#"{{"remove":[{{"table":"{home}","date":"2026-11-01"}}]}}"#),
        r#"{"remove":[{"table":"../home","date":"2026-11-01"}]}"#.to_owned(),
        "\0\0\0\0".to_owned(),
    ];
    private_dir(&world.out().join("_work"));
    private_dir(&staged);
    intents.push(format!(
        r#"{{"snapshot_date":"x","retired":[],
            "swaps":[{{"staged":"evil","place":"{home}","inode":{}}}]}}"#,
        fs::metadata(&staged).unwrap().ino()
    ));
    for intent in intents {
        plant(&world, &intent);
        let path = world.out();
        let prune = ["prune", path.to_str().unwrap(), "--keep-daily=9"];
        let run = Program::new(&prune).succeeds();
        shows(&run, &["cannot be completed", "intent.json"]);
        victim.assert_untouched();
        plant(&world, &intent);
        shows(&world.export().succeeds(), &["cannot be completed"]);
        victim.assert_untouched();
        // It is told once.
        let run = world.export().succeeds();
        assert!(!run.stderr.contains("cannot be"), "{}", run.stderr);
        world.verify();
    }
}

#[test]
fn a_planted_intent_leads_no_reader_to_another_manifest() {
    let world = World::new(clips(100));
    world.export().succeeds();
    let foreign = world.folder.path().join("foreign");
    let place = format!("_snapshots/{}", world.date());
    fs::create_dir(&foreign).unwrap();
    let manifest = fs::read_to_string(world.out().join(&place).join("manifest.json")).unwrap();
    let manifest = manifest.replace("\"verified\"", "\"incomplete\"");
    fs::write(foreign.join("manifest.json"), &manifest).unwrap();
    let staged = world.out().join("_work/publish/snapshot");
    private_dir(&world.out().join("_work"));
    private_dir(&staged);
    fs::write(staged.join("manifest.json"), &manifest).unwrap();
    let data = world.out().join("clips/snapshot_date=2026-11-01");
    let old = format!(
        r#"{{"snapshot_date":"2026-11-01","retired":[],"swaps":[
            {{"staged":"data","place":"clips/snapshot_date=2026-11-01","inode":{}}},
            {{"staged":"{}","place":"{place}","inode":1}}]}}"#,
        fs::metadata(&data).unwrap().ino(),
        foreign.display(),
    );
    let new = format!(
        r#"{{"publish":{{"table":"clips","date":"2026-11-01","manifest_sha256":"{}"}}}}"#,
        data_encoding::HEXLOWER.encode(&Sha256::digest(&manifest)),
    );
    let report = ["report", "--format=json", world.out().to_str().unwrap()].map(str::to_owned);
    let report: Vec<&str> = report.iter().map(String::as_str).collect();
    plant(&world, &old);
    assert!(
        Program::new(&report)
            .succeeds()
            .stdout
            .contains("\"verified\"")
    );
    // One of the run's own is believed, and not where anybody else can have written it.
    plant(&world, &new);
    assert!(
        Program::new(&report)
            .succeeds()
            .stdout
            .contains("\"incomplete\"")
    );
    let mode = Permissions::from_mode(0o664);
    fs::set_permissions(world.out().join("_work/intent.json"), mode).unwrap();
    assert!(
        Program::new(&report)
            .succeeds()
            .stdout
            .contains("\"verified\"")
    );
}

#[test]
fn a_work_folder_that_is_not_the_users_own_is_refused_before_anything_is_done_in_it() {
    type Plant = fn(&Path, &Victim);
    let plants: [(&str, Plant); 4] = [
        ("may be changed by other users", |work, _| {
            fs::create_dir_all(work.join("publish")).unwrap();
            fs::set_permissions(work, Permissions::from_mode(0o775)).unwrap();
        }),
        ("is a link", |work, victim| {
            symlink(&victim.0, work).unwrap();
        }),
        ("is a link", |work, victim| {
            private_dir(work);
            symlink(victim.0.join("secret"), work.join("intent.json")).unwrap();
        }),
        ("belongs to another user", |work, _| {
            private_dir(&work.join("publish"));
            if chown(work, Some(54_321), None).is_err() {
                skipped("only root can give a folder to another user");
                fs::set_permissions(work, Permissions::from_mode(0o775)).unwrap();
            }
        }),
    ];
    for (why, plant) in plants {
        let world = World::new(clips(100));
        let victim = Victim::new(&world);
        fs::create_dir_all(world.out()).unwrap();
        plant(&world.out().join("_work"), &victim);
        let run = world.export().exits(73);
        let is_of_root = rustix::process::geteuid().is_root();
        if why != "belongs to another user" || is_of_root {
            shows(&run, &["census/_work", why, "delete it"]);
        }
        assert_eq!(world.sandbox.report().requests, 0);
        victim.assert_untouched();
    }
}

#[test]
fn an_empty_work_folder_that_others_could_write_to_is_made_anew() {
    let world = World::new(clips(100));
    let work = world.out().join("_work");
    fs::create_dir_all(&work).unwrap();
    fs::set_permissions(&work, Permissions::from_mode(0o777)).unwrap();
    world.export().succeeds();
    let mode = fs::metadata(&work).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[test]
fn links_in_a_spool_are_not_followed() {
    let world = World::new(clips(300));
    let victim = Victim::new(&world);
    let mut child = slow_export(&world).spawn();
    while world.sandbox.report().requests < 5 {
        assert_eq!(child.try_wait().unwrap(), None, "it ended early");
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let spool = spool(&world);
    for name in ["journal.tmp", ".tmp", "arrow.tmp"] {
        symlink(victim.0.join("secret"), spool.join(name)).unwrap();
    }
    for name in ["journal", "pages"] {
        fs::remove_file(spool.join(name)).unwrap();
        symlink(victim.0.join("secret"), spool.join(name)).unwrap();
    }
    world.export().succeeds();
    victim.assert_untouched();
    assert_is_truth(&world.rows(), &world.sandbox.truth().all);
}

/// An export that takes about two seconds.
fn slow_export(world: &World) -> Program {
    world.export().env("CLIPCENSUS_RATE", "25")
}

/// The only spool.
fn spool(world: &World) -> PathBuf {
    let entries = fs::read_dir(world.out().join("_work")).unwrap();
    let mut names = entries.map(|entry| entry.unwrap().path());
    names
        .find(|path| path.file_name().unwrap().len() == 16)
        .unwrap()
}

#[test]
fn an_export_whose_folder_another_machine_takes_publishes_nothing_and_is_gone_on_with() {
    let world = World::new(clips(300));
    let mut child = slow_export(&world).spawn();
    while world.sandbox.report().requests < 5 {
        assert_eq!(child.try_wait().unwrap(), None, "it ended early");
        std::thread::yield_now();
    }
    let other = r#"{"id":"1","host":"another-host","pid":7,"since":"2026-11-01T00:00:00Z"}"#;
    let run_file = world.out().join("_work/run.json");
    fs::write(&run_file, other).unwrap();
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(75), "{stderr}");
    assert!(stderr.contains("process 7 on another-host"), "{stderr}");
    assert!(!world.out().join("_snapshots/2026-11-01").exists());
    assert_eq!(fs::read_to_string(&run_file).unwrap(), other);
    // Whether the other one still runs cannot be told from here: it is said, and blocks nothing.
    let requests = world.sandbox.report().requests;
    let run = world.export().succeeds();
    shows(
        &run,
        &["process 7 on another-host", "one machine at a time"],
    );
    assert_eq!(
        world.sandbox.report().requests,
        requests + 1,
        "an access token"
    );
    world.verify();
    assert!(!run_file.exists());
}

#[cfg(target_os = "linux")]
#[test]
fn the_files_of_a_finished_export_are_closed_before_their_folder_is_deleted() {
    use rustix::fs::inotify;
    let world = World::new(clips(300));
    let mut child = slow_export(&world).spawn();
    while world.sandbox.report().requests < 5 {
        assert_eq!(child.try_wait().unwrap(), None, "it ended early");
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let watch = inotify::init(inotify::CreateFlags::NONBLOCK).unwrap();
    let about = inotify::WatchFlags::CLOSE_WRITE | inotify::WatchFlags::DELETE;
    inotify::add_watch(&watch, spool(&world), about).unwrap();
    world.export().succeeds();
    let mut buffer = [std::mem::MaybeUninit::uninit(); 4096];
    let mut events = inotify::Reader::new(&watch, &mut buffer);
    let (mut closed, mut deleted) = (Vec::new(), Vec::new());
    while let Ok(event) = events.next() {
        let Some(name) = event.file_name() else {
            continue;
        };
        let name = name.to_str().unwrap().to_owned();
        if event.events().contains(inotify::ReadFlags::CLOSE_WRITE) {
            assert!(!deleted.contains(&name), "{name} was open");
            closed.push(name);
        } else {
            deleted.push(name);
        }
    }
    for name in ["journal", "pages"].map(str::to_owned) {
        assert!(closed.contains(&name) && deleted.contains(&name), "{name}");
    }
}
