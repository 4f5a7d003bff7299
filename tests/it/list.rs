//! The snapshots of an output folder, one by one and against each other; what is said of a simulated
//! account.

use std::fs;
use std::path::PathBuf;

use clipcensus_sandbox::{Fault, FaultRule, Trigger};
use serde_json::Value;

use crate::support::{Program, World, clips};

const DAYS: [&str; 3] = ["2026-10-29", "2026-10-30", "2026-10-31"];

fn with_snapshots(days: &[&str]) -> World {
    let world = World::new(clips(60));
    for day in days {
        world.export().env("CLIPCENSUS_UNTIL", day).succeeds();
    }
    world
}

fn manifest(world: &World, day: &str) -> PathBuf {
    let snapshots = world.out().join("_snapshots");
    snapshots.join(day).join("manifest.json")
}

/// Makes a manifest say another account.
fn edit(world: &World, day: &str) {
    let path = manifest(world, day);
    let text = fs::read_to_string(&path).unwrap();
    let edited = text.replacen("\"run_id\": \"", "\"run_id\": \"x", 1);
    assert_ne!(edited, text);
    fs::write(path, edited).unwrap();
}

fn run(world: &World, arguments: &[&str]) -> Program {
    let (command, flags) = arguments.split_first().unwrap();
    let program = Program::new(&[command]).arg(world.out().to_str().unwrap());
    flags
        .iter()
        .fold(program, |program, flag| program.arg(flag))
}

/// The objects of `list --format json`.
fn objects(stdout: &str) -> Vec<Value> {
    let lines = stdout.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn list_shows_each_snapshot_in_a_line_and_in_json_all_of_its_hash() {
    let world = with_snapshots(&DAYS);
    let text = run(&world, &["list"]).succeeds().stdout;
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 4, "{text}");
    for (line, day) in lines[1..].iter().zip(DAYS.iter().rev()) {
        for word in [day, "verified", "parquet", "no", "simulated"] {
            assert!(line.contains(word), "no {word} in {line}");
        }
    }
    let listed = objects(&run(&world, &["list", "--format=json"]).succeeds().stdout);
    let newest = &listed[0];
    assert_eq!(newest["snapshot_date"], DAYS[2]);
    assert_eq!(newest["owners"], Value::Null);
    assert_eq!(newest["problems"], serde_json::json!([]));
    assert_eq!(newest["tool_version"], env!("CARGO_PKG_VERSION"));
    let at_the_end = world.export().env("CLIPCENSUS_UNTIL", "2026-11-01");
    let export = at_the_end.succeeds().stdout;
    let verified = run(&world, &["verify"]).succeeds().stdout;
    let listed = objects(&run(&world, &["list", "--format=json"]).succeeds().stdout);
    let hash = listed[0]["manifest_sha256"].as_str().unwrap();
    assert_eq!(hash.len(), 64);
    for printed in [&export, &verified] {
        let wanted = format!("manifest sha256: {hash}\n");
        assert!(printed.ends_with(&wanted), "{printed}");
    }
    let latest = world.json("latest.json");
    assert_eq!(latest["last_published"]["manifest_sha256"], hash);
    let before = &world.manifest()["published_before"];
    assert_eq!(before[2]["snapshot_date"], DAYS[2]);
    assert_eq!(before[2]["manifest_sha256"], newest["manifest_sha256"]);
}

#[test]
fn an_edited_manifest_is_found_by_list_and_verify_also_after_the_next_export() {
    let world = with_snapshots(&DAYS);
    run(&world, &["verify", "--all"]).succeeds();
    edit(&world, DAYS[1]);
    for is_after_another in [false, true] {
        if is_after_another {
            let export = world.export().env("CLIPCENSUS_UNTIL", "2026-11-01");
            export.succeeds();
        }
        for arguments in [&["list"][..], &["verify", "--all"]] {
            let told = run(&world, arguments).exits(65).stdout;
            let line = "2026-10-30: it was changed after it was published: its sha256 is ";
            assert!(told.contains(line), "{told}");
            assert_eq!(told.matches("it was changed").count(), 1, "{told}");
        }
        let folder = manifest(&world, DAYS[1]);
        let folder = folder.parent().unwrap().to_str().unwrap();
        let told = Program::new(&["verify", folder]).exits(65).stdout;
        assert!(told.contains("it was changed after"), "{told}");
        run(&world, &["verify"]).succeeds();
    }
}

#[test]
fn verify_all_looks_into_every_snapshot_and_names_the_file() {
    let world = with_snapshots(&DAYS);
    let told = run(&world, &["verify", "--all"]).succeeds().stdout;
    for day in DAYS {
        assert!(told.contains(&format!("{day}: 1 file with ")), "{told}");
    }
    assert!(told.contains("3 snapshots, all as published"), "{told}");
    let name = format!("clips/snapshot_date={}/part-00000.parquet", DAYS[0]);
    let path = world.out().join(&name);
    let mut bytes = fs::read(&path).unwrap();
    bytes[100] ^= 1;
    fs::write(&path, bytes).unwrap();
    // The newest alone is fine.
    run(&world, &["verify"]).succeeds();
    let told = run(&world, &["verify", "--all"]).exits(65).stdout;
    assert!(told.contains(&name), "{told}");
    assert!(
        told.contains("3 snapshots, 1 of them not as published"),
        "{told}"
    );
}

#[test]
fn a_damaged_snapshot_has_its_line_and_the_exit_code_says_so() {
    let world = with_snapshots(&DAYS);
    fs::write(manifest(&world, DAYS[0]), "{").unwrap();
    let copy = world.out().join("_snapshots/2026-10-29.old");
    fs::create_dir(&copy).unwrap();
    let run_of_list = run(&world, &["list"]).exits(65);
    let told = run_of_list.stdout;
    assert!(told.contains("2026-10-29  damaged"), "{told}");
    assert!(told.contains("2026-10-31  verified"), "{told}");
    assert!(
        run_of_list.stderr.contains("left alone: "),
        "{}",
        run_of_list.stderr
    );
    let listed = objects(&run(&world, &["list", "--format=json"]).exits(65).stdout);
    assert_eq!(listed[2]["verdict"], Value::Null);
    assert_eq!(listed[2]["problems"].as_array().unwrap().len(), 1);
    let told = run(&world, &["verify", "--all"]).exits(65).stdout;
    assert!(told.contains("2026-10-29: "), "{told}");
}

/// Makes a manifest say that another version wrote it.
fn set_version(world: &World, day: &str, version: &str) {
    let path = manifest(world, day);
    let mut value: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    value["tool_version"] = version.into();
    fs::write(path, value.to_string()).unwrap();
}

#[test]
fn what_a_manifest_quotes_neither_fills_screens_nor_breaks_the_json() {
    let world = with_snapshots(&DAYS);
    let hidden = "1.0\u{202e}\u{1b}[2J\u{e0041}";
    set_version(&world, DAYS[0], hidden);
    let listed = run(&world, &["list", "--format=json"]).exits(65).stdout;
    assert_eq!(objects(&listed)[2]["tool_version"], hidden);
    let first = manifest(&world, DAYS[0]);
    let report = Program::new(&["report", "--format=json", first.to_str().unwrap()]);
    let reported = report.succeeds().stdout;
    let summary: Value = serde_json::from_str(&reported).unwrap();
    assert_eq!(summary["proof"]["tool_version"], hidden);
    for json in [listed, reported] {
        assert!(
            !json.contains(['\u{202e}', '\u{1b}', '\u{e0041}']),
            "{json}"
        );
    }
    let text = run(&world, &["list"]).exits(65).stdout;
    assert!(text.contains("1.0\\u{202e}\\u{1b}[2J"), "{text}");

    set_version(&world, DAYS[0], &"v".repeat(1 << 20));
    // A verdict that is none is quoted by the error.
    let path = manifest(&world, DAYS[1]);
    let text = fs::read_to_string(&path).unwrap();
    let verdict = format!("\"verdict\": \"{}", "w".repeat(1 << 20));
    fs::write(&path, text.replacen("\"verdict\": \"", &verdict, 1)).unwrap();
    for arguments in [&["list"][..], &["verify", "--all"]] {
        let ended = run(&world, arguments).exits(65);
        for line in ended.stdout.lines().chain(ended.stderr.lines()) {
            let length = line.chars().count();
            assert!(length < 17_000, "{arguments:?}: a line of {length}");
        }
    }
    let json = run(&world, &["list", "--format=json"]).exits(65).stdout;
    let version = objects(&json)[2]["tool_version"].as_str().unwrap().len();
    assert_eq!(version, 1 << 20, "data is not shortened");
}

#[test]
fn a_folder_without_snapshots_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().to_str().unwrap();
    Program::new(&["list", place]).exits(2);
    Program::new(&["verify", place, "--all"]).exits(2);
}

#[test]
fn a_prune_and_an_export_of_the_same_date_are_no_tampering() {
    let world = with_snapshots(&DAYS);
    world.export().env("CLIPCENSUS_UNTIL", DAYS[1]).succeeds();
    run(&world, &["verify", "--all"]).succeeds();
    run(&world, &["prune", "--keep-daily=2"]).succeeds();
    run(&world, &["list"]).succeeds();
    run(&world, &["verify", "--all"]).succeeds();
    world
        .export()
        .env("CLIPCENSUS_UNTIL", "2026-11-01")
        .succeeds();
    run(&world, &["verify", "--all"]).succeeds();
}

#[test]
fn the_sandbox_is_told_from_zoom_by_what_it_says_and_not_by_its_address() {
    let world = World::new(clips(60));
    let told = world.export().succeeds().stdout;
    assert!(told.contains("SIMULATED ACCOUNT"), "{told}");
    assert_eq!(world.manifest()["simulated"], true);
    let folder = world.out().join("_snapshots").join(world.date());
    for name in ["report.html", "summary.md"] {
        let page = fs::read_to_string(folder.join(name)).unwrap();
        assert!(page.contains("SIMULATED ACCOUNT"), "{name}");
    }
    let date = world.date();
    assert_eq!(
        world.json(&format!("{date}/summary.json"))["simulated"],
        true
    );
}

#[test]
fn the_list_of_exposed_clips_beside_a_manifest_is_the_one_that_report_prints() {
    let world = World::new(clips(3_000));
    for format in ["parquet", "csv"] {
        let export = world.export().arg("--format").arg(format);
        export.arg("--resolve-owners").arg("--fresh").succeeds();
        let date = world.date();
        let folder = world.out().join("_snapshots").join(&date);
        let kept = fs::read_to_string(folder.join("exposed.csv")).unwrap();
        let printed = run(&world, &["report", "--format=exposed-csv"]).succeeds();
        assert!(printed.stdout == kept, "{format} differs");
        let exposed = &world.json(&format!("{date}/summary.json"))["exposure"]["exposed"];
        // Titles may hold line breaks.
        let lines = csv::Reader::from_reader(kept.as_bytes()).into_records();
        let lines = lines.map(Result::unwrap).count() as u64;
        assert_eq!(Some(lines), exposed["clips"].as_u64());
        assert!(lines > 0 && kept.contains("@brightwater.example"), "{kept}");
        assert!(kept.lines().next().unwrap().ends_with(",file_size_bytes"));
    }
    let export = world.export().arg("--include-secrets");
    // Without the owners it is worth less than the one that it takes the place of.
    export.arg("--replace").succeeds();
    let printed = run(&world, &["report", "--format=exposed-csv"]).succeeds();
    let header = printed.stdout.lines().next().unwrap();
    assert!(header.ends_with(",share_link"), "{header}");
    let mut lines = csv::Reader::from_reader(printed.stdout.as_bytes()).into_records();
    assert!(lines.all(|line| line.unwrap()[10].starts_with("https://")));
    let is_named = printed.stdout.contains("@brightwater.example");
    assert!(!is_named, "names without asking");
}

#[test]
fn client_errors_are_in_the_manifest_as_what_they_were() {
    let mut options = clips(60);
    options
        .faults
        .rules
        .push(FaultRule::clips(Fault::Forbidden, Trigger::Always));
    options.sub_accounts = 1;
    let ids = World::new(options.clone()).sandbox.account_ids();
    options.faults.rules[0].account = Some(ids[1].clone());
    let world = World::new(options);
    world
        .export()
        .arg("--all-accounts")
        .arg("--allow-incomplete")
        .exits(65);
    let errors = world.manifest()["client_errors"].clone();
    let errors = errors.as_object().unwrap();
    assert_eq!(errors.len(), 1, "{errors:?}");
    let (what, _) = errors.iter().next().unwrap();
    assert!(what.contains(": 403 "), "{what}");
}
