//! Questions in SQL: views, forms, and what no query can do.

use std::fs;
use std::process::{Command, Stdio};

use crate::support::{NIGHTS, audit, copy, nights, program, python, query, two_nights};

#[test]
fn the_views_have_the_rows_of_the_snapshots() {
    let out = two_nights();
    let answer = |sql: &str| query(out, &[sql, "--format=json"]).exits(0).lines();
    let counts = answer(
        "SELECT (SELECT count(*) FROM clips) AS clips, (SELECT count(*) FROM previous_clips) AS before, \
         (SELECT count(*) FROM clips_history) AS history, (SELECT count(*) FROM owners) AS owners, \
         (SELECT count(*) FROM snapshots) AS snapshots",
    );
    let count = |name: &str| counts[0][name].as_u64().unwrap();
    assert!(count("clips") > 10_000 && count("owners") > 10);
    assert_eq!(count("history"), count("clips") + count("before"));
    assert_eq!(count("snapshots"), 2);
    let by_night = answer(
        "SELECT s.snapshot_date, s.clips, count(*) AS n FROM snapshots s JOIN clips_history c \
         ON s.snapshot_date = c.snapshot_date GROUP BY s.snapshot_date, s.clips",
    );
    assert_eq!(by_night.len(), 2);
    assert!(
        by_night.iter().all(|it| it["clips"] == it["n"]),
        "{by_night:?}"
    );
    let ages = answer(
        "SELECT min(age_days) AS least, max(idle_days) AS most, count(*) AS n \
         FROM clips WHERE exposed AND share_scope = 'ANYONE'",
    );
    assert!(ages[0]["least"].as_i64().unwrap() >= 0 && ages[0]["n"].as_u64().unwrap() > 0);
    let dates = answer("SELECT DISTINCT snapshot_date FROM clips");
    assert_eq!(dates[0]["snapshot_date"], "2026-11-01");
    let before = query(
        out,
        &[
            "SELECT DISTINCT snapshot_date FROM clips",
            "--snapshot=2026-10-31",
        ],
    );
    assert_eq!(
        before.exits(0).stdout,
        "\u{feff}snapshot_date\r\n2026-10-31\r\n"
    );
}

#[test]
fn a_query_can_only_read_and_only_the_views() {
    let out = two_nights();
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("stolen");
    let place = place.to_str().unwrap();
    let file = crate::support::data_file(out);
    let file = file.to_str().unwrap();
    for sql in [
        format!("COPY clips TO '{place}'"),
        format!("COPY (SELECT 1) TO '{place}' STORED AS CSV"),
        format!("CREATE EXTERNAL TABLE t STORED AS PARQUET LOCATION '{place}'"),
        "CREATE TABLE t AS SELECT * FROM clips".to_owned(),
        "CREATE VIEW t AS SELECT * FROM clips".to_owned(),
        "DROP VIEW clips".to_owned(),
        "DROP TABLE owners".to_owned(),
        "INSERT INTO owners SELECT * FROM owners".to_owned(),
        "DELETE FROM clips".to_owned(),
        "UPDATE clips SET title = 'x'".to_owned(),
        "SET datafusion.execution.batch_size = 1".to_owned(),
        "PREPARE p AS SELECT 1".to_owned(),
        "SELECT 1; SELECT 2".to_owned(),
        "SELECT * FROM '/etc/passwd'".to_owned(),
        format!("SELECT * FROM '{file}'"),
        format!("SELECT * FROM parquet_metadata('{file}')"),
        format!("SELECT * FROM read_parquet('{file}')"),
        "SELECT * FROM datafusion.public.nothing".to_owned(),
        "EXPLAIN ANALYZE DELETE FROM clips".to_owned(),
    ] {
        let run = query(out, &[&sql]).exits(2);
        assert_eq!(run.stdout, "", "{sql}");
        assert!(run.stderr.starts_with("error: "), "{sql}: {}", run.stderr);
        assert!(!fs::exists(place).unwrap(), "{sql}");
    }
    query(out, &["SELECT count(*) FROM clips"]).exits(0);
}

#[test]
fn wrong_sql_is_told_in_words_and_a_query_comes_from_stdin_too() {
    let out = two_nights();
    query(out, &["SELECT nope FROM clips"])
        .exits(2)
        .says(&["nope"]);
    query(out, &["SELEC 1"])
        .exits(2)
        .says(&["no SQL", "Line: 1"]);
    query(out, &["SELECT 1", "--memory=1MiB"])
        .exits(2)
        .says(&["16MiB"]);
    let mut child = program(&["query"])
        .arg(out)
        .arg("-")
        .stdin(fs::File::open("/dev/null").unwrap())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(2));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("q.sql");
    fs::write(&file, "SELECT 7 AS n").unwrap();
    let output = program(&["query"])
        .arg(out)
        .args(["-", "--format=json"])
        .stdin(fs::File::open(file).unwrap())
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "{\"n\":7}\n");
}

#[test]
fn tables_and_json_have_no_control_characters_and_csv_no_formula() {
    let out = two_nights();
    let sql = "SELECT chr(27) || '[31mred' || chr(10) || 'error: forged' AS a, '=cmd()' AS b, -1 AS c, \
               NULL AS d";
    let table = query(out, &[sql, "--format=table"]).exits(0).stdout;
    assert_eq!(table.lines().count(), 3, "{table}");
    assert!(
        table.contains("\\u{1b}[31mred\\nerror: forged") && table.contains("null"),
        "{table}"
    );
    let csv = query(out, &[sql, "--format=csv"]).exits(0).stdout;
    assert!(csv.contains("'=cmd(),-1,\r\n"), "{csv}");
    let sql = "SELECT chr(27) || chr(155) || chr(8238) || 'Übung' AS a";
    let json = query(out, &[sql, "--format=json"]).exits(0).stdout;
    assert_eq!(json, "{\"a\":\"\\u001b\\u009b\\u202eÜbung\"}\n");
    let many = query(out, &["SELECT clip_id FROM clips", "--format=table"]).exits(0);
    assert_eq!(many.stdout.lines().count(), 1002);
    many.says(&["first 1000 rows"]);
}

#[test]
fn parquet_is_read_by_another_engine() {
    let out = two_nights();
    let folder = tempfile::tempdir().unwrap();
    let output = program(&["query"])
        .arg(out)
        .args(["SELECT * FROM clips", "--format=parquet"])
        .output()
        .unwrap();
    assert!(output.status.success());
    fs::write(folder.path().join("rows.parquet"), output.stdout).unwrap();
    let script = "import duckdb\nprint(duckdb.sql(\"SELECT count(*), count(age_days) FROM 'rows.parquet'\")\
                  .fetchall()[0][0])";
    let Some(found) = python(folder.path(), script).filter(|it| it.status.success()) else {
        eprintln!("no Python with duckdb: not everything was looked at");
        return;
    };
    let rows = query(out, &["SELECT count(*) AS n FROM clips", "--format=json"]).lines();
    assert_eq!(
        String::from_utf8_lossy(&found.stdout).trim(),
        rows[0]["n"].to_string()
    );
}

#[test]
fn what_does_not_fit_into_memory_goes_to_a_folder_that_is_empty_afterwards() {
    let out = two_nights();
    let work = tempfile::tempdir().unwrap();
    let words = [
        "SELECT c.*, n.value FROM clips c CROSS JOIN generate_series(1, 20) n ORDER BY title, clip_id, n.value",
        "--memory=64MiB",
        "--format=json",
        "--work",
        work.path().to_str().unwrap(),
    ];
    let run = query(out, &words).exits(0);
    assert!(run.stdout.lines().count() > 200_000);
    assert_eq!(fs::read_dir(work.path()).unwrap().count(), 0);
    let nowhere = query(out, &["SELECT 1", "--work=/nothing/there"]).exits(73);
    nowhere.says(&["/nothing/there", "--work"]);
}

#[cfg(target_os = "linux")]
#[test]
fn what_the_engine_does_not_account_for_ends_a_query_before_it_takes_all_memory() {
    // Seven gigabytes: the ids of a batch of 8,192 rows, 40,000 times over.
    let sql = "SELECT count(*) FROM clips WHERE repeat(clip_id, 40000) = ''";
    let run = query(two_nights(), &[sql, "--memory=16MiB"]).exits(2);
    run.says(&["memory allocation of"]);
}

#[cfg(target_os = "linux")]
#[test]
fn the_kernel_holds_a_query_to_the_folder_of_what_it_puts_aside() {
    use landlock::{ABI, AccessFs, CompatLevel, Compatible, Ruleset, RulesetAttr};

    let rules = Ruleset::default().set_compatibility(CompatLevel::HardRequirement);
    let rules = rules.handle_access(AccessFs::from_write(ABI::V2));
    if rules.and_then(Ruleset::create).is_err() {
        eprintln!("the system has no Landlock: not everything was looked at");
        return;
    }
    let work = tempfile::tempdir().unwrap();
    let sql = "SELECT sum(a.value * b.value) FROM generate_series(1, 10000000) a \
               CROSS JOIN generate_series(1, 1000000) b";
    let mut child = program(&["query"])
        .arg(two_nights())
        .args([sql, "--format=json", "--work"])
        .arg(work.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while fs::read_dir(work.path()).unwrap().count() == 0 {
        std::thread::yield_now();
    }
    // Of a process that has restricted itself the kernel says this, and of no other that a test starts.
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(status.contains("NoNewPrivs:\t1"), "{status}");
}

#[test]
fn an_empty_view_is_said_to_be_empty_and_why() {
    let out = nights(&[]);
    let run = query(
        out.path(),
        &["SELECT count(*) AS n FROM owners", "--format=json"],
    )
    .exits(0);
    assert_eq!(run.stdout, "{\"n\":0}\n");
    run.says(&["owners is empty", "--resolve-owners"]);
    audit(out.path(), &["--fail-on=never"]).exits(0);
}

#[test]
fn a_signal_ends_a_query_and_leaves_nothing_behind() {
    let work = tempfile::tempdir().unwrap();
    // The second never stops to listen.
    let sqls = [
        "SELECT c.*, n.value FROM clips c CROSS JOIN generate_series(1, 100000) n ORDER BY title, n.value",
        "SELECT sum(a.value * b.value) FROM generate_series(1, 10000000) a \
         CROSS JOIN generate_series(1, 1000000) b",
    ];
    for sql in sqls {
        let mut child = program(&["query"])
            .arg(two_nights())
            .args([sql, "--memory=64MiB", "--format=json", "--work"])
            .arg(work.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let count = || fs::read_dir(work.path()).unwrap().count();
        while count() == 0 {
            std::thread::yield_now();
        }
        let killed = Command::new("kill")
            .args(["-TERM", &child.id().to_string()])
            .status();
        assert!(killed.unwrap().success());
        assert_eq!(child.wait().unwrap().code(), Some(143));
        assert_eq!(count(), 0, "{sql}");
    }
}

#[test]
fn a_query_that_fails_has_written_nothing_and_a_reader_may_leave_early() {
    let out = two_nights();
    let run = query(
        out,
        &[
            "SELECT 1 / (file_size_bytes - file_size_bytes) FROM clips",
            "--format=csv",
        ],
    );
    assert_eq!(run.exits(2).stdout, "");
    for format in ["csv", "json", "parquet"] {
        let mut child = program(&["query"])
            .arg(out)
            .args(["SELECT * FROM clips_history", "--format", format])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(
            (output.status.code(), stderr.as_str()),
            (Some(0), ""),
            "{format}"
        );
    }
}

#[test]
fn a_query_does_without_the_snapshot_before_where_that_cannot_be_read() {
    let out = copy(two_nights());
    let path = out
        .path()
        .join(format!("_snapshots/{}/manifest.json", NIGHTS[0]));
    fs::write(path, "{").unwrap();
    let sql = "SELECT count(*) AS n FROM previous_clips";
    let run = query(out.path(), &[sql, "--format=json"]).exits(0);
    assert_eq!(run.stdout, "{\"n\":0}\n");
    run.says(&[
        "left out",
        "manifest.json is damaged",
        "previous_clips is empty",
    ]);
}
