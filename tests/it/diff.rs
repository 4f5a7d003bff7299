//! What changed from one snapshot to a later one: `clipcensus diff`.

use std::fs;
use std::fs::File;

use clipcensus_sandbox::{Change, Drift, SandboxOptions};
use serde_json::Value;

use crate::queries::python;
use crate::support::{Program, World, clips, files_below, parquet_rows, shows, skipped, texts};

const NIGHTS: [&str; 2] = ["2026-10-31", "2026-11-01"];

/// Two snapshots of an account that changes while the first is taken.
fn two_nights() -> World {
    let world = World::new(SandboxOptions {
        drift: Some(Drift {
            changes: 60,
            kinds: Change::ALL.to_vec(),
            ..Drift::default()
        }),
        // Windows of more than four pages, and not many of them.
        since: 1_772_323_200,
        ..clips(12_000)
    });
    for night in NIGHTS {
        world.export().arg("--until").arg(night).succeeds();
    }
    world
}

fn diff(world: &World) -> Program {
    Program::new(&["diff", world.out().to_str().unwrap()])
}

/// The differences by their JSON.
fn lines(run: &str) -> Vec<Value> {
    run.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn two_nights_are_compared_in_every_format() {
    let world = two_nights();
    let all = lines(&diff(&world).arg("--format=json").succeeds().stdout);
    let of = |kind: &str| all.iter().filter(|it| it["change"] == kind).count();
    let (new, changed) = (of("new"), of("changed"));
    assert!(new > 0 && changed > 0, "{new} and {changed}");
    let text = diff(&world).succeeds().stdout;
    assert!(
        text.starts_with("Changes from 2026-10-31 to 2026-11-01\n"),
        "{text}"
    );
    let counted = text
        .lines()
        .find(|line| line.starts_with("  Changed"))
        .unwrap();
    assert_eq!(
        counted.split_whitespace().nth(1),
        Some(changed.to_string().as_str())
    );
    let markdown = diff(&world).arg("--format=markdown").succeeds().stdout;
    assert!(markdown.contains("| Changed |"), "{markdown}");
    let csv = diff(&world).arg("--format=csv").succeeds().stdout;
    assert!(
        csv.starts_with("\u{feff}change,exposure_change,changed_columns,"),
        "{csv}"
    );
    let path = world.folder.path().join("changes.parquet");
    let mut parquet = diff(&world)
        .arg("--format=parquet")
        .spawn_into(File::create(&path).unwrap());
    assert!(parquet.wait().unwrap().success());
    let rows = parquet_rows(&path);
    assert_eq!(texts(&rows, "clip_id").len(), all.len());
    for text in [&text, &markdown] {
        assert!(!text.contains("https://"), "a link in {text}");
    }
}

#[test]
fn a_diff_is_the_outer_join_that_another_engine_makes() {
    let world = two_nights();
    let folder = world.folder.path();
    if !python(folder, "import duckdb").is_some_and(|output| output.status.success()) {
        return skipped("no Python with duckdb");
    }
    let mut parquet = diff(&world)
        .arg("--format=parquet")
        .spawn_into(File::create(folder.join("changes.parquet")).unwrap());
    assert!(parquet.wait().unwrap().success());
    let script = "\
import duckdb
night = lambda date: f\"read_parquet('census/clips/snapshot_date={date}/*.parquet', hive_partitioning = false)\"
columns = [row[0] for row in duckdb.sql(f\"DESCRIBE SELECT * FROM {night('2026-11-01')}\").fetchall()]
key = ['account_id', 'clip_id']
counted = [it for it in columns if it not in key + ['snapshot_at', 'thumbnail_link']]
pairs = [it for it in columns if it not in key]
differs = lambda it: f'a.{it} IS DISTINCT FROM b.{it}'
exposed = lambda side: (f\"coalesce({side}.share_scope = 'ANYONE' AND NOT {side}.passcode_enabled \"
    f\"AND coalesce({side}.status NOT IN ('RECORD_FAILED', 'RECORD_DELETE', 'SUSPENDED'), true), false)\")
changed = ', '.join(f\"CASE WHEN {differs(it)} THEN '{it}' END\" for it in counted)
join = f'''
  SELECT CASE WHEN a.clip_id IS NULL THEN 'new' WHEN b.clip_id IS NULL THEN 'gone' ELSE 'changed' END AS change,
    CASE WHEN {exposed('b')} AND NOT {exposed('a')} THEN 'opened'
         WHEN {exposed('a')} AND NOT {exposed('b')} THEN 'closed' END AS exposure_change,
    CASE WHEN a.clip_id IS NOT NULL AND b.clip_id IS NOT NULL
         THEN [it FOR it IN [{changed}] IF it IS NOT NULL] END AS changed_columns,
    DATE '2026-10-31' AS from_date, DATE '2026-11-01' AS to_date, account_id, clip_id,
    {', '.join(f'a.{it} AS from_{it}, b.{it} AS to_{it}' for it in pairs)}
  FROM {night('2026-10-31')} a FULL JOIN {night('2026-11-01')} b USING (account_id, clip_id)
  WHERE a.clip_id IS NULL OR b.clip_id IS NULL OR {' OR '.join(map(differs, counted))}'''
ours = \"SELECT * FROM 'changes.parquet'\"
print(duckdb.sql(f'SELECT count(*) > 0 FROM ({ours})').fetchall()[0][0],
      duckdb.sql(f'({ours}) EXCEPT ALL ({join})').fetchall(),
      duckdb.sql(f'({join}) EXCEPT ALL ({ours})').fetchall())";
    let output = python(folder, script).unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    let found = String::from_utf8_lossy(&output.stdout);
    assert_eq!(found.trim(), "True [] []", "{stderr}");
}

#[test]
fn a_difference_is_an_exit_code_where_that_is_asked_for() {
    let world = two_nights();
    diff(&world).arg("--exit-code").exits(3);
    let only = diff(&world).arg("--only=gone,opened").succeeds();
    shows_text(
        &only.stdout,
        "Changes from 2026-10-31 to 2026-11-01, only gone or opened",
    );
    let same = diff(&world).arg("--only=changed");
    // Every column that the account changes.
    let ignored = "--ignore=title,owner_id,status,share_scope,passcode_enabled,modified_at,extra";
    let run = same.arg(ignored).arg("--exit-code").exits(0);
    shows_text(&run.stdout, "No differences.");
    let run = diff(&world).arg("--ignore=clip_id").exits(2);
    shows(
        &run,
        &[
            "clip_id",
            "the columns that can be ignored are owner_id, title",
        ],
    );
    let run = diff(&world).arg("--from=20261031").exits(2);
    shows(
        &run,
        &["a snapshot is named by its date, such as 2026-11-23"],
    );
}

/// The census of a day that is told what changed since the one before.
fn compared() -> World {
    let world = World::new(clips(500));
    let export = |until: &str| {
        world
            .export()
            .arg("--diff")
            .arg("--until")
            .arg(until)
            .succeeds()
    };
    let first = export("2026-10-01");
    assert!(
        !first.stdout.contains("Since the snapshot of"),
        "{}",
        first.stdout
    );
    assert!(!world.out().join("diffs").exists());
    let second = export("2026-11-01");
    shows_text(&second.stdout, "Since the snapshot of 2026-10-01");
    world
}

#[test]
fn an_export_publishes_what_changed_and_says_it_in_every_form() {
    let world = compared();
    let manifest = world.manifest();
    assert_eq!(manifest["compared_with"], "2026-10-01");
    let path = "diffs/snapshot_date=2026-11-01/part-00000.parquet";
    let is_diff = |file: &&Value| file["path"] == path;
    let file = manifest["files"]
        .as_array()
        .unwrap()
        .iter()
        .find(is_diff)
        .unwrap();
    let summary = world.json("2026-11-01/summary.json");
    let new = &summary["changes"]["new"]["clips"];
    assert!(new.as_u64().unwrap() > 0);
    assert_eq!(*new, file["rows"]);
    assert_eq!(
        texts(&parquet_rows(&world.out().join(path)), "clip_id").len() as u64,
        file["rows"]
    );
    let snapshot = world.out().join("_snapshots/2026-11-01");
    for name in ["summary.md", "report.html"] {
        let text = fs::read_to_string(snapshot.join(name)).unwrap();
        shows_text(&text, "Since the snapshot of 2026-10-01");
    }
    // The summary is the one that the files sum up to.
    world.verify();
    let again = Program::new(&["report", world.out().to_str().unwrap()]).succeeds();
    shows_text(&again.stdout, "Since the snapshot of 2026-10-01");
    let rows = lines(&diff(&world).arg("--format=json").succeeds().stdout);
    assert_eq!(rows.len() as u64, file["rows"]);
}

#[test]
fn what_changed_goes_with_its_snapshot() {
    let world = compared();
    let folder = world.out().join("diffs/snapshot_date=2026-11-01");
    assert!(folder.exists());
    world.export().succeeds();
    assert!(!folder.exists(), "a snapshot without is in its place");
    assert_eq!(world.manifest()["compared_with"], Value::Null);
    world.verify();
    world.export().arg("--diff").succeeds();
    assert!(folder.exists());
    let later = world.export().without("CLIPCENSUS_UNTIL");
    later.arg("--until=2026-11-02").succeeds();
    let out = world.out();
    Program::new(&["prune", out.to_str().unwrap(), "--keep-daily=1"]).succeeds();
    assert!(!folder.exists());
    world.verify();
}

#[test]
fn differences_of_more_rows_than_memory_is_for_are_sorted_where_an_export_may_write() {
    let world = World::new(clips(80_000));
    let first = world.export().env("CLIPCENSUS_UNTIL", "2023-02-01");
    first.succeeds();
    let aside = tempfile::tempdir().unwrap();
    let sorted = |folder: &str| world.export().arg("--diff").env("TMPDIR", folder);
    // That there is something to sort is seen where there is no room for it.
    let run = sorted("/nothing/there").exits(73);
    shows(&run, &["cannot set rows aside", "TMPDIR"]);
    sorted(aside.path().to_str().unwrap()).succeeds();
    assert_eq!(world.manifest()["compared_with"], "2023-02-01");
}

#[test]
fn a_census_is_published_though_the_one_before_is_damaged_or_cannot_be_compared() {
    let world = compared();
    for file in files_below(&world.out().join("clips/snapshot_date=2026-10-01")) {
        fs::write(file, "PAR1").unwrap();
    }
    let run = world.export().arg("--diff").arg("-q").succeeds();
    shows(
        &run,
        &[
            "not compared with the snapshot of 2026-10-01: ",
            "is damaged",
        ],
    );
    assert_eq!(world.manifest()["compared_with"], Value::Null);
    assert!(!world.out().join("diffs/snapshot_date=2026-11-01").exists());
    world.verify();
    let run = world
        .export()
        .arg("--diff")
        .arg("--include-secrets")
        .succeeds();
    shows(&run, &["only verified ones of the same census"]);
    let run = world.export().arg("--diff").arg("--by=modified").exits(2);
    shows(&run, &["--diff and --by modified exclude each other"]);
}

#[test]
fn bytes_that_changed_in_place_are_no_difference_but_damage() {
    let world = compared();
    let folder = world.out().join("clips/snapshot_date=2026-10-01");
    let path = &files_below(&folder)[0];
    let mut bytes = fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(path, bytes).unwrap();
    let why = "it is not the file that its manifest names";
    shows(&diff(&world).exits(65), &[why]);
    let run = world.export().arg("--diff").succeeds();
    shows(
        &run,
        &["not compared with the snapshot of 2026-10-01: ", why],
    );
}

#[test]
fn a_changed_row_of_what_changed_is_found() {
    let world = compared();
    let path = world
        .out()
        .join("diffs/snapshot_date=2026-11-01/part-00000.parquet");
    let mut bytes = fs::read(&path).unwrap();
    bytes[100] ^= 1;
    fs::write(&path, bytes).unwrap();
    let run = Program::new(&["verify", world.out().to_str().unwrap()]).exits(65);
    shows_text(
        &run.stdout,
        "diffs/snapshot_date=2026-11-01/part-00000.parquet: its sha256",
    );
}

fn shows_text(text: &str, words: &str) {
    assert!(text.contains(words), "no {words} in {text}");
}

#[test]
fn what_cannot_be_compared_ends_with_the_reason_and_leaves_no_output() {
    let world = World::new(clips(50));
    let nothing = diff(&world).exits(2);
    shows(&nothing, &["is no output folder"]);
    world.export().succeeds();
    let alone = diff(&world).exits(2);
    shows(
        &alone,
        &["no snapshot before that of 2026-11-01", "a diff needs two"],
    );
    world.export().arg("--until=2026-10-30").succeeds();
    diff(&world).succeeds();
    let missing = diff(&world).arg("--from=2026-10-29").exits(2);
    shows(&missing, &["no snapshot at ", "2026-10-29"]);
    for file in files_below(&world.out().join("clips")) {
        fs::write(file, "PAR1").unwrap();
    }
    let damaged = diff(&world).arg("--format=json").exits(65);
    shows(&damaged, &["part-00000.parquet is damaged"]);
    assert_eq!(damaged.stdout, "");
}

#[test]
fn an_unproven_side_is_refused_unless_that_is_said() {
    let world = World::new(SandboxOptions {
        behaviour: clipcensus_sandbox::Behaviour {
            total_records: clipcensus_sandbox::TotalRecords::Absent,
            ..clipcensus_sandbox::Behaviour::default()
        },
        ..clips(50)
    });
    for night in NIGHTS {
        world.export().arg("--until").arg(night).succeeds();
    }
    let run = diff(&world).exits(65);
    shows(
        &run,
        &[
            "the snapshot of 2026-10-31 is unverified",
            "--allow-incomplete",
        ],
    );
    let run = diff(&world).arg("--allow-incomplete").succeeds();
    shows_text(
        &run.stdout,
        "WARNING: the snapshot of 2026-10-31 is unverified",
    );
}
