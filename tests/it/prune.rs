//! Old snapshots are removed, whole, and only those that may go.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::support::{Program, World, clips};

/// An account with snapshots of these days, exported in this order.
fn with_snapshots(days: &[&str]) -> World {
    let world = World::new(clips(60));
    for day in days {
        let export = world.export().env("CLIPCENSUS_UNTIL", day);
        export.arg("--resolve-owners").succeeds();
    }
    world
}

fn prune(world: &World, arguments: &[&str]) -> Program {
    let prune = Program::new(&["prune", world.out().to_str().unwrap()]);
    arguments
        .iter()
        .fold(prune, |prune, argument| prune.arg(argument))
}

/// The dates in a folder of the output, of partitions or of manifests.
fn dates(world: &World, folder: &str) -> Vec<String> {
    let mut dates: Vec<String> = fs::read_dir(world.out().join(folder))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "latest.json")
        .map(|name| name.trim_start_matches("snapshot_date=").to_owned())
        .collect();
    dates.sort();
    dates
}

const DAYS: [&str; 5] = [
    "2026-08-31",
    "2026-09-15",
    "2026-09-30",
    "2026-10-30",
    "2026-10-31",
];

#[test]
fn old_snapshots_go_whole_and_the_rest_verifies() {
    let world = with_snapshots(&DAYS);
    let run = prune(&world, &["--keep-daily=1", "--keep-monthly=2"]).succeeds();
    for folder in ["clips", "owners", "_snapshots"] {
        assert_eq!(
            dates(&world, folder),
            ["2026-09-30", "2026-10-31"],
            "{folder}"
        );
    }
    for (day, word) in [("2026-10-31", "keep"), ("2026-08-31", "remove")] {
        let line = run.stdout.lines().find(|line| line.contains(day)).unwrap();
        assert!(line.starts_with(word), "{line}");
    }
    assert!(run.stdout.contains("removed 3 snapshots"), "{}", run.stdout);
    for day in ["2026-09-30", "2026-10-31"] {
        let snapshot = world.out().join("_snapshots").join(day);
        Program::new(&["verify", snapshot.to_str().unwrap()]).succeeds();
    }
    assert_eq!(fs::read_dir(world.out().join("_work")).unwrap().count(), 0);
    world.export().arg("--resolve-owners").succeeds();
}

#[test]
fn a_dry_run_says_the_same_and_removes_nothing() {
    let world = with_snapshots(&DAYS);
    let dry = prune(&world, &["--keep-monthly=1", "--dry-run"]).succeeds();
    assert_eq!(dates(&world, "_snapshots"), DAYS);
    assert_eq!(dates(&world, "clips"), DAYS);
    assert!(
        dry.stdout.contains("would remove 4 snapshots"),
        "{}",
        dry.stdout
    );
    let real = prune(&world, &["--keep-monthly=1"]).succeeds();
    let plan = |text: &str| {
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.split_last().unwrap().1.to_vec()
    };
    assert_eq!(plan(&dry.stdout), plan(&real.stdout));
    assert_eq!(dates(&world, "_snapshots"), ["2026-10-31"]);
}

#[test]
fn what_latest_json_names_and_the_latest_verified_one_stay() {
    let world = with_snapshots(&DAYS[..4]);
    // The two newest are made incomplete, and latest.json points at an old one.
    for day in &DAYS[2..4] {
        let path = world
            .out()
            .join("_snapshots")
            .join(day)
            .join("manifest.json");
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, text.replace("\"verified\"", "\"incomplete\"")).unwrap();
    }
    let latest = world.out().join("_snapshots/latest.json");
    let text = fs::read_to_string(&latest).unwrap();
    fs::write(&latest, text.replace(DAYS[3], DAYS[0])).unwrap();
    let run = prune(&world, &["--keep-daily=1"]).succeeds();
    assert_eq!(dates(&world, "clips"), [DAYS[0], DAYS[1], DAYS[3]]);
    let why = |day: &str| {
        let line = run.stdout.lines().find(|line| line.contains(day)).unwrap();
        line.split("  ").last().unwrap().to_owned()
    };
    assert_eq!(why(DAYS[0]), "named by latest.json, published last");
    assert_eq!(why(DAYS[1]), "newest verified");
    assert_eq!(why(DAYS[3]), "newest, daily");
}

#[test]
fn a_damaged_snapshot_is_named_and_an_intact_one_stays_in_addition_to_it() {
    for (damage, told) in [("missing", "it is missing"), ("short", "it has 4 bytes")] {
        let world = with_snapshots(&DAYS);
        let name = "clips/snapshot_date=2026-10-31/part-00000.parquet";
        let path = world.out().join(name);
        match damage {
            "missing" => fs::remove_file(&path).unwrap(),
            _ => fs::write(&path, "PAR1").unwrap(),
        }
        let run = prune(&world, &["--keep-daily=2"]).succeeds();
        // The two newest that are intact, and the damaged one.
        assert_eq!(dates(&world, "_snapshots"), DAYS[2..], "{damage}");
        assert_eq!(dates(&world, "owners"), DAYS[2..], "{damage}");
        for word in ["the snapshot of 2026-10-31 is damaged", name, told] {
            assert!(run.stderr.contains(word), "no {word} in {}", run.stderr);
        }
        let line = run.stdout.lines().find(|line| line.contains(DAYS[4]));
        let line = line.unwrap();
        assert!(
            line.starts_with("keep") && line.ends_with("DAMAGED"),
            "{line}"
        );
        let verify = |day: &str| {
            let snapshot = world.out().join("_snapshots").join(day);
            Program::new(&["verify", snapshot.to_str().unwrap()])
        };
        verify(DAYS[3]).succeeds();
        verify(DAYS[2]).succeeds();
        verify(DAYS[4]).exits(65);
    }
}

#[test]
fn a_snapshot_that_cannot_be_read_is_left_alone_and_named() {
    let world = with_snapshots(&DAYS[..3]);
    let path = world
        .out()
        .join("_snapshots")
        .join(DAYS[0])
        .join("manifest.json");
    fs::write(&path, "{").unwrap();
    let run = prune(&world, &["--keep-daily=1"]).succeeds();
    assert!(
        run.stderr.contains(path.to_str().unwrap()),
        "{}",
        run.stderr
    );
    assert_eq!(dates(&world, "_snapshots"), [DAYS[0], DAYS[2]]);
    assert_eq!(dates(&world, "clips"), [DAYS[0], DAYS[2]]);
}

#[test]
fn without_a_number_to_keep_nothing_is_removed() {
    let world = with_snapshots(&DAYS[..2]);
    for arguments in [&[][..], &["--keep-daily=0"], &["--keep-daily=some"]] {
        let run = prune(&world, arguments).exits(2);
        assert!(run.stderr.contains("--keep-daily"), "{}", run.stderr);
    }
    assert_eq!(dates(&world, "clips"), DAYS[..2]);
    let nowhere = world.folder.path().join("nowhere");
    let prune = Program::new(&["prune", nowhere.to_str().unwrap(), "--keep-daily=1"]);
    assert!(prune.exits(2).stderr.contains("is no output folder"));
    assert!(!nowhere.exists());
}

#[test]
fn while_an_export_runs_nothing_is_removed() {
    let world = with_snapshots(&DAYS[..3]);
    let folder = fs::File::open(world.out()).unwrap();
    folder.lock().unwrap();
    prune(&world, &["--keep-daily=1"]).exits(75);
    assert_eq!(dates(&world, "clips"), DAYS[..3]);
}

#[test]
fn snapshots_of_changes_are_pruned_too() {
    let world = World::new(clips(60));
    for day in &DAYS[..3] {
        let export = world.export().env("CLIPCENSUS_UNTIL", day);
        export.arg("--by=modified").succeeds();
    }
    prune(&world, &["--keep-daily=2"]).succeeds();
    assert_eq!(dates(&world, "changes"), DAYS[1..3]);
    assert_eq!(dates(&world, "_snapshots"), DAYS[1..3]);
}

#[test]
fn a_copy_under_another_spelling_of_a_date_is_named_left_alone_and_takes_no_place() {
    let world = with_snapshots(&DAYS[..3]);
    let snapshots = world.out().join("_snapshots");
    let copies = ["20260930", "2026-09-30T00:00:00", "copy"];
    for name in copies {
        fs::create_dir(snapshots.join(name)).unwrap();
        for document in ["manifest.json", "summary.json"] {
            let from = snapshots.join(DAYS[2]).join(document);
            fs::copy(from, snapshots.join(name).join(document)).unwrap();
        }
    }
    let run = prune(&world, &["--keep-daily=2"]).succeeds();
    assert_eq!(dates(&world, "clips"), DAYS[1..3]);
    for name in copies {
        assert!(snapshots.join(name).join("manifest.json").is_file());
        let path = snapshots.join(name).display().to_string();
        let told = run.stderr.lines().find(|line| line.contains(&path));
        assert!(
            told.is_some_and(|told| told.contains("left alone")),
            "{name}"
        );
    }
    // Nor is one the newest.
    world.verify();
    Program::new(&["verify"])
        .arg(snapshots.join("20260930").to_str().unwrap())
        .exits(65);
}

#[test]
fn what_a_run_of_another_machine_has_left_is_said_and_blocks_nothing() {
    let world = with_snapshots(&DAYS[..3]);
    let run_file = world.out().join("_work/run.json");
    let other = r#"{"id":"1","host":"another-host","pid":7,"since":"2026-11-01T00:00:00Z"}"#;
    fs::write(&run_file, other).unwrap();
    fs::set_permissions(&run_file, fs::Permissions::from_mode(0o600)).unwrap();
    let run = prune(&world, &["--keep-daily=1"]).succeeds();
    assert!(run.stderr.contains("another-host"), "{}", run.stderr);
    assert_eq!(dates(&world, "clips"), DAYS[2..3]);
}

#[test]
fn what_a_snapshot_takes_is_told_with_its_documents() {
    let world = with_snapshots(&["2026-10-30"]);
    let manifest = world.manifest();
    let bytes = |list: &str| -> u64 {
        let list = manifest[list].as_array().unwrap();
        list.iter()
            .map(|file| file["bytes"].as_u64().unwrap())
            .sum()
    };
    let (files, documents) = (bytes("files"), bytes("documents"));
    assert!(documents > 1_000);
    let run = prune(&world, &["--keep-daily=1", "--dry-run"]).succeeds();
    #[expect(clippy::cast_precision_loss, reason = "some kilobytes")]
    let told = format!("{:.1} kB", (files + documents) as f64 / 1_000.0);
    assert!(run.stdout.contains(&told), "no {told} in {}", run.stdout);
}
