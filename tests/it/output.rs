//! What stands in the output folder: files, manifests, resuming, locks.

use std::fs;
use std::path::Path;

use clipcensus_sandbox::{
    Behaviour, Fault, FaultRule, Faults, History, Limits, MalformedRecord, MalformedRecords,
    SandboxOptions, TotalRecords, Trigger,
};
use data_encoding::HEXLOWER;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::support::{Program, World, assert_is_truth, clips, skipped, with_faults};

#[test]
fn two_exports_of_the_same_data_are_the_same_bytes() {
    for (format, file) in [("parquet", "part-00000.parquet"), ("csv", "part-00000.csv")] {
        let path = format!("clips/snapshot_date=2026-11-01/{file}");
        let world = World::new(clips(20_000));
        world.export().arg("--format").arg(format).succeeds();
        let first = fs::read(world.out().join(&path)).unwrap();
        fs::remove_dir_all(world.out()).unwrap();
        world
            .export()
            .arg("--format")
            .arg(format)
            .arg("--concurrency=1")
            .succeeds();
        let second = fs::read(world.out().join(&path)).unwrap();
        assert!(first == second, "{format}: the files differ");
    }
}

#[test]
fn nothing_is_left_in_the_work_folder() {
    let world = World::new(clips(1_000));
    world.export().succeeds();
    let left: Vec<_> = fs::read_dir(world.out().join("_work"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn received_is_written_and_duplicates_and_rejected() {
    let world = World::new(clips(30_000));
    world.export().succeeds();
    let totals = &world.manifest()["totals"];
    let count = |name: &str| totals[name].as_u64().unwrap();
    assert_eq!(
        count("received"),
        count("written") + count("duplicates") + count("rejected")
    );
    assert_eq!(count("written"), 30_000);
}

#[test]
fn a_report_of_a_snapshot_is_the_one_that_the_export_printed() {
    let world = World::new(clips(2_000));
    let export = world.export().succeeds();
    let report = Program::new(&["report"])
        .arg(world.out().to_str().unwrap())
        .succeeds();
    assert!(
        export.stdout.starts_with(&report.stdout),
        "{}",
        report.stdout
    );
    let json = Program::new(&["report", "--format=json"])
        .arg(world.out().to_str().unwrap())
        .succeeds();
    let kept = fs::read_to_string(
        world
            .out()
            .join("_snapshots")
            .join(world.date())
            .join("summary.json"),
    )
    .unwrap();
    assert_eq!(json.stdout, kept);
}

#[test]
fn the_page_and_the_owners_beside_a_manifest_are_those_that_report_prints() {
    let world = World::new(clips(2_000));
    world.export().succeeds();
    let folder = world.out().join("_snapshots").join(world.date());
    for (format, name) in [("html", "report.html"), ("owners-csv", "owners.csv")] {
        let printed = Program::new(&["report", "--format", format])
            .arg(world.out().to_str().unwrap())
            .succeeds();
        let kept = fs::read_to_string(folder.join(name)).unwrap();
        assert!(printed.stdout == kept, "{name} differs");
        assert!(!kept.is_empty());
    }
}

#[test]
fn a_second_export_of_a_date_replaces_the_first() {
    let world = World::new(clips(500));
    world.export().succeeds();
    let first = world.manifest();
    world.export().succeeds();
    let second = world.manifest();
    assert_ne!(first["run_id"], second["run_id"]);
    assert_eq!(first["files"], second["files"]);
    Program::new(&["verify"])
        .arg(world.out().to_str().unwrap())
        .succeeds();
}

#[test]
fn a_census_of_something_else_is_refused_and_the_former_stays() {
    let world = World::new(clips(500));
    world.export().succeeds();
    let before = world.manifest();
    let run = world.export().arg("--status=SUSPENDED").exits(2);
    assert!(run.stderr.contains("another --out"), "{}", run.stderr);
    assert_eq!(world.manifest(), before);
}

#[test]
fn verify_names_a_file_of_which_one_bit_changed() {
    let world = World::new(clips(500));
    world.export().succeeds();
    let name = "clips/snapshot_date=2026-11-01/part-00000.parquet";
    let path = world.out().join(name);
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&path, bytes).unwrap();
    let run = Program::new(&["verify"])
        .arg(world.out().to_str().unwrap())
        .exits(65);
    assert!(run.stdout.contains(name), "{}", run.stdout);
}

#[test]
fn verify_has_nothing_to_say_of_any_export() {
    let all = |options: SandboxOptions| SandboxOptions {
        sub_accounts: 2,
        faults: Faults {
            malformed: Some(MalformedRecords {
                one_in: 10,
                kinds: MalformedRecord::ALL.to_vec(),
            }),
            ..Faults::default()
        },
        ..options
    };
    let plain = all(clips(3_000));
    let bursty = SandboxOptions {
        history: History::Bursty,
        ..clips(20_000)
    };
    let uncounted = all(SandboxOptions {
        behaviour: Behaviour {
            total_records: TotalRecords::Absent,
            ..Behaviour::default()
        },
        ..clips(3_000)
    });
    let ids = World::new(plain.clone()).sandbox.account_ids();
    let mut forbidden = plain.clone();
    forbidden.faults.rules.push(FaultRule {
        account: Some(ids[1].clone()),
        ..FaultRule::clips(Fault::Forbidden, Trigger::Always)
    });
    let cases: [(SandboxOptions, &[&str], i32); 8] = [
        (plain.clone(), &[], 0),
        (plain.clone(), &["--all-accounts", "--format=csv"], 0),
        (
            plain.clone(),
            &["--by=modified", "--since=2025-05-05T05:05:05Z"],
            0,
        ),
        (
            plain.clone(),
            &["--format=csv", "--csv-mode=lossless", "--max-file-rows=7"],
            0,
        ),
        (plain, &["--status=SUSPENDED", "--since=400d"], 0),
        (bursty, &[], 0),
        (uncounted, &[], 0),
        (forbidden, &["--all-accounts", "--allow-incomplete"], 65),
    ];
    for (options, flags, code) in cases {
        let world = World::new(options);
        let export = flags
            .iter()
            .fold(world.export(), |export, flag| export.arg(flag));
        export.exits(code);
        world.verify();
    }
}

/// Changes a JSON file below `_snapshots`.
fn edit(path: &Path, change: impl FnOnce(&mut Value)) {
    let mut value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    change(&mut value);
    fs::write(path, serde_json::to_vec_pretty(&value).unwrap()).unwrap();
}

#[test]
fn verify_names_what_is_not_so_and_exits_65() {
    let world = World::new(clips(500));
    world.export().succeeds();
    let snapshots = world.out().join("_snapshots");
    let folder = snapshots.join(world.date());
    let (manifest, summary) = (folder.join("manifest.json"), folder.join("summary.json"));
    let latest = snapshots.join("latest.json");
    let paths = [&manifest, &summary, &latest];
    let before = paths.map(|path| fs::read(path).unwrap());
    let is_told = |place: &Path, told: &[&str]| {
        let run = Program::new(&["verify"])
            .arg(place.to_str().unwrap())
            .exits(65);
        for word in told {
            let said = format!("{}{}", run.stdout, run.stderr);
            assert!(said.contains(word), "no {word:?} in {said}");
        }
        for (path, bytes) in paths.iter().zip(&before) {
            fs::write(path, bytes).unwrap();
        }
    };
    let out = world.out();
    edit(&manifest, |manifest| {
        manifest["verdict"] = "unverified".into();
    });
    is_told(&out, &["manifest.json", "windows prove verified"]);
    edit(&manifest, |manifest| {
        manifest["totals"]["written"] = 499.into();
    });
    is_told(&out, &["manifest.json", "499 written"]);
    edit(&manifest, |manifest| {
        manifest["windows"].as_array_mut().unwrap().remove(7);
    });
    is_told(&out, &["manifest.json", "no window of account"]);
    edit(&summary, |summary| summary["totals"]["clips"] = 499.into());
    is_told(&out, &["_snapshots/2026-11-01/summary.json", "in place of"]);
    fs::remove_file(&summary).unwrap();
    is_told(&out, &["_snapshots/2026-11-01/summary.json", "missing"]);
    // Also where the manifest says that it is to be so.
    edit(&summary, |summary| summary["totals"]["clips"] = 499.into());
    let bytes = fs::read(&summary).unwrap();
    edit(&manifest, |manifest| {
        let documents = manifest["documents"].as_array_mut().unwrap();
        let is_summary =
            |document: &&mut Value| document["path"].as_str().unwrap().ends_with("summary.json");
        let document = documents.iter_mut().find(is_summary).unwrap();
        document["bytes"] = bytes.len().into();
        document["sha256"] = HEXLOWER.encode(&Sha256::digest(&bytes)).into();
    });
    is_told(&out, &["summary.json", "not what the rows"]);
    edit(&latest, |latest| {
        latest["snapshot_date"] = "2026-11-02".into();
    });
    is_told(&out, &["latest.json", "2026-11-02", "no manifest"]);
    fs::write(&manifest, "{").unwrap();
    is_told(&folder, &["manifest.json", "is damaged"]);
    let elsewhere = snapshots.join("2026-10-31");
    fs::create_dir(&elsewhere).unwrap();
    fs::copy(&manifest, elsewhere.join("manifest.json")).unwrap();
    is_told(&elsewhere, &["2026-10-31", "it is of 2026-11-01"]);
    fs::remove_dir_all(elsewhere).unwrap();
    Program::new(&["verify"])
        .arg(out.to_str().unwrap())
        .succeeds();
}

#[test]
fn an_export_stopped_by_a_signal_says_so_and_the_next_one_goes_on() {
    let world = World::new(SandboxOptions {
        limits: Limits {
            light_per_second: 40.0,
            ..Limits::default()
        },
        ..clips(20_000)
    });
    let program = || world.export().arg("--rate=40").arg("--concurrency=4");
    let mut child = program().spawn();
    // Some windows are finished once so many requests were answered.
    while world.sandbox.report().requests < 40 {
        assert_eq!(child.try_wait().unwrap(), None, "it ended early");
        std::thread::yield_now();
    }
    let pid = rustix::process::Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(143), "{stderr}");
    assert!(stderr.contains("run the same command again"), "{stderr}");
    assert!(!world.out().join("_snapshots").exists());

    let before = world.sandbox.report().requests;
    program().succeeds();
    let after = world.sandbox.report().requests - before;
    assert!(after < 100, "{after} requests for the rest");
    assert_is_truth(&world.rows(), &world.sandbox.truth().all);
}

#[test]
fn what_verify_finds_is_an_error_on_stderr_too() {
    let world = World::new(clips(50));
    world.export().succeeds();
    let name = "clips/snapshot_date=2026-11-01/part-00000.parquet";
    fs::write(world.out().join(name), "something else").unwrap();
    let verify = || Program::new(&["verify"]).arg(world.out().to_str().unwrap());
    let run = verify().exits(65);
    let begin = format!("error: the snapshot 2026-11-01 is not as its manifest says: {name}: ");
    assert!(run.stderr.starts_with(&begin), "{}", run.stderr);
    assert!(
        run.stderr.contains("export the date again"),
        "{}",
        run.stderr
    );
    let run = verify().arg("--log-format=json").exits(65);
    let last: Value = serde_json::from_str(run.stderr.lines().last().unwrap()).unwrap();
    assert_eq!(
        (&last["level"], &last["exit_code"]),
        (&"ERROR".into(), &65.into())
    );
    assert!(last["message"].as_str().unwrap().contains(name), "{last}");
}

#[test]
fn an_export_ends_with_the_paths_and_first_of_them_the_page() {
    let world = World::new(clips(50));
    let folder = world.out().join("_snapshots/2026-11-01");
    let data = world
        .out()
        .join("clips/snapshot_date=2026-11-01/part-00000.parquet");
    let paths = [
        folder.join("report.html"),
        data,
        folder.join("manifest.json"),
    ];
    let paths: String = paths.map(|path| format!("{}\n", path.display())).concat();
    let said = world.export().succeeds().stdout;
    let (page, hash) = said.rsplit_once("manifest sha256: ").unwrap();
    assert!(
        page.starts_with("Zoom Clips") && page.ends_with(&format!("\n\n{paths}")),
        "{said}"
    );
    assert_eq!(hash.trim_end().len(), 64, "{said}");
    for line in paths.lines() {
        assert!(fs::exists(line).unwrap(), "{line}");
    }
    // A script wants these alone.
    assert_eq!(world.export().arg("-q").succeeds().stdout, paths);
    assert_eq!(
        world.export().arg("--summary=paths").succeeds().stdout,
        paths
    );
    let wanted = world.export().args(&["-q", "--summary=text"]).succeeds();
    assert!(wanted.stdout.starts_with("Zoom Clips"), "{}", wanted.stdout);
}

#[test]
fn the_summary_for_machines_is_one_line_of_json() {
    let world = World::new(clips(50));
    for quiet in ["", "-q"] {
        let export = world.export().arg("--summary=json");
        let export = if quiet.is_empty() {
            export
        } else {
            export.arg(quiet)
        };
        let said = export.succeeds().stdout;
        assert_eq!(said.lines().count(), 1, "{said}");
        let line: Value = serde_json::from_str(&said).unwrap();
        let summary = world.json("2026-11-01/summary.json");
        assert_eq!(line["snapshot_date"], "2026-11-01");
        assert_eq!(line["verdict"], "verified");
        assert_eq!(line["rows"], 50);
        assert_eq!(line["clip_bytes"], summary["totals"]["bytes"]);
        for path in [
            &line["path"],
            &line["report"],
            &line["manifest"],
            &line["files"][0],
        ] {
            assert!(fs::exists(path.as_str().unwrap()).unwrap(), "{path}");
        }
    }
    // An incomplete one says so there and by its exit code.
    let rules = [(Fault::LostRecord, Trigger::Always)];
    let world = World::new(with_faults(50, &rules));
    let said = world
        .export()
        .args(&["--summary=json", "--allow-incomplete"])
        .exits(65);
    let line: Value = serde_json::from_str(&said.stdout).unwrap();
    assert_eq!(line["verdict"], "incomplete");
}

/// A device that is always full; none where the system has no such.
fn full() -> Option<fs::File> {
    let full = fs::File::options().write(true).open("/dev/full").ok();
    if full.is_none() {
        skipped("there is no /dev/full");
    }
    full
}

#[test]
fn what_is_done_and_cannot_be_printed_is_said_to_be_done() {
    let world = World::new(clips(50));
    let mut said = Vec::new();
    let snapshot = world.out().join("_snapshots/2026-11-01");
    for format in ["text", "json"] {
        let Some(full) = full() else { return };
        let export = world.export().arg("--log-format").arg(format);
        let ended = export.spawn_into(full).wait_with_output().unwrap();
        let stderr = String::from_utf8(ended.stderr).unwrap();
        assert_eq!(ended.status.code(), Some(73), "{stderr}");
        said.push(stderr);
        world.verify();
    }
    let done = format!(
        "the snapshot of 2026-11-01 was published, verified, as {}",
        snapshot.display()
    );
    let begin = format!("error: {done}, which could not be printed: cannot write to stdout: ");
    assert!(said[0].starts_with(&begin), "{}", said[0]);
    let lines: Vec<Value> = said[1]
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let [published, error] = lines.last_chunk().unwrap();
    assert_eq!(published["message"], "published");
    assert_eq!(error["exit_code"], 73);
    assert!(error["message"].as_str().unwrap().starts_with(&done));
}

#[test]
fn how_to_check_the_files_names_the_real_folder_where_it_is_known_and_none_where_it_is_not() {
    let world = World::new(clips(50));
    let out = world.folder.path().join("my census");
    let export = world.export().env("CLIPCENSUS_OUT", out.to_str().unwrap());
    let export = export.succeeds().stdout;
    let report = Program::new(&["report", out.to_str().unwrap()]).succeeds();
    for said in [&export, &report.stdout] {
        let begin = "to check the files: clipcensus ";
        let command = said.lines().find_map(|line| line.strip_prefix(begin));
        let words = shlex::split(command.unwrap()).unwrap();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        assert!(Path::new(words[1]).is_absolute(), "{words:?}");
        let run = Program::new(&words).succeeds();
        assert!(run.stdout.contains("2026-11-01"), "{}", run.stdout);
    }
    // The documents may be moved with their folder.
    let folder = out.join("_snapshots/2026-11-01");
    for name in ["report.html", "summary.md", "summary.json"] {
        let text = fs::read_to_string(folder.join(name)).unwrap();
        assert!(!text.contains("OUT"), "{name}");
        let is_told = text.contains("clipcensus verify .");
        assert_eq!(is_told, name != "summary.json", "{name}");
    }
    let there = ["env", "-C", folder.to_str().unwrap()];
    Program::new(&["verify", "."]).under(&there).succeeds();
}
