//! Others at the output folder: users that can write into it, and other machines.

use std::fs;
use std::fs::Permissions;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::support::{Program, Victim, World, assert_is_truth, clips, private_dir, shows, skipped};

fn plant(world: &World, intent: &str) {
    let path = world.out().join("_work/intent.json");
    fs::write(&path, intent).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
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

/// The spool of an export that was killed.
fn killed(world: &World) -> PathBuf {
    let mut child = slow_export(world).spawn();
    while world.sandbox.report().requests < 5 {
        assert_eq!(child.try_wait().unwrap(), None, "it ended early");
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    spool(world)
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
        let is_of_the_folder = !world.out().join("_work/intent.json").is_symlink();
        if is_of_the_folder && (why != "belongs to another user" || is_of_root) {
            let check = world.check().exits(73);
            assert!(check.stdout.contains(why), "{}", check.stdout);
        }
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
    let spool = killed(&world);
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
    let spool = killed(&world);
    let watch = inotify::init(inotify::CreateFlags::NONBLOCK).unwrap();
    let about = inotify::WatchFlags::CLOSE_WRITE | inotify::WatchFlags::DELETE;
    inotify::add_watch(&watch, spool, about).unwrap();
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
