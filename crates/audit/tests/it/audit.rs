//! Audits: states, forms, exceptions, exit codes, and what must not be trusted.

use std::fs;
use std::path::Path;

use parquet::file::metadata::{
    FileMetaData, KeyValue, ParquetMetaData, ParquetMetaDataReader, ParquetMetaDataWriter,
};
use parquet::file::statistics::Statistics;
use serde_json::Value;

use crate::support::{
    NIGHTS, audit, copy, data_file, hand_over, nights, program, query, run, two_nights,
};

const RULE: &str = "--rule=open-without-passcode";

fn of<'a>(findings: &'a [Value], key: &str, value: &str) -> Vec<&'a Value> {
    findings.iter().filter(|it| it[key] == value).collect()
}

/// A text whose lines are broken where the terminal ends.
fn on_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<&str>>().join(" ")
}

#[test]
fn what_became_public_between_two_nights_is_critical_and_ends_with_3() {
    let out = two_nights();
    let findings = audit(out, &["--format=json", "--rule=newly-open"])
        .exits(3)
        .lines();
    assert!(!findings.is_empty());
    let differences = run("diff", out, &["--format=json", "--only=opened"])
        .exits(0)
        .lines();
    let ids = |lines: &[Value]| {
        let mut ids: Vec<String> = lines.iter().map(|it| it["clip_id"].to_string()).collect();
        ids.sort();
        ids
    };
    assert_eq!(ids(&findings), ids(&differences), "as `diff` has it");
    assert!(
        findings
            .iter()
            .all(|it| it["state"] == "new" && it["severity"] == "critical")
    );
    let text = audit(out, &[]).exits(3).stdout;
    assert!(
        text.starts_with("Audit of the snapshot of 2026-11-01\n"),
        "{text}"
    );
    assert!(
        text.contains("SIMULATED ACCOUNT") && text.contains("newly-open"),
        "{text}"
    );
}

#[test]
fn findings_are_new_persisting_or_resolved_as_the_two_snapshots_have_it() {
    let out = two_nights();
    let ids = |night: &str| -> Vec<String> {
        let findings = audit(
            out,
            &["--format=json", RULE, "--since=none", "--snapshot", night],
        );
        let findings = findings.exits(3).lines();
        findings
            .iter()
            .map(|it| it["fingerprint"].to_string())
            .collect()
    };
    let [before, now] = NIGHTS.map(ids);
    let findings = audit(out, &["--format=json", RULE]).exits(3).lines();
    assert_eq!(
        findings.len(),
        now.len() + before.iter().filter(|it| !now.contains(it)).count()
    );
    for finding in &findings {
        let fingerprint = finding["fingerprint"].to_string();
        let state = match (before.contains(&fingerprint), now.contains(&fingerprint)) {
            (true, true) => "persisting",
            (false, true) => "new",
            (true, false) => "resolved",
            (false, false) => "from nowhere",
        };
        assert_eq!(finding["state"], state);
    }
    for state in ["new", "persisting", "resolved"] {
        assert!(!of(&findings, "state", state).is_empty(), "none is {state}");
    }
    let new = audit(out, &["--format=json", RULE, "--only-new"])
        .exits(3)
        .lines();
    assert_eq!(new.len(), of(&findings, "state", "new").len());
}

#[test]
fn the_same_audit_has_the_same_findings_in_the_same_order() {
    let out = two_nights();
    let one = audit(out, &["--format=json"]).exits(3).stdout;
    assert_eq!(
        one,
        audit(out, &["--format=json", "--verify"]).exits(3).stdout
    );
    assert_eq!(
        one,
        audit(out, &["--format=json", "--memory=16MiB"])
            .exits(3)
            .stdout
    );
}

#[test]
fn every_form_shows_what_was_found_and_no_link_unless_it_is_asked_for() {
    let out = two_nights();
    for form in ["text", "json", "csv", "markdown", "html", "junit", "ocsf"] {
        let shown = audit(out, &["--format", form]).exits(3).stdout;
        assert!(shown.contains("open-without-passcode"), "{form}");
        assert!(!shown.contains("/clips/share/"), "a link in {form}");
        let with_links = audit(out, &["--format", form, "--with-links", RULE])
            .exits(3)
            .stdout;
        let has_links = with_links.contains("zoom.example/clips/share/");
        assert!(has_links || form == "junit", "no link in {form}");
    }
}

#[test]
fn the_exit_code_is_3_from_the_severity_that_was_named() {
    let out = two_nights();
    let low = ["--rule=open-with-passcode"];
    audit(out, &low).exits(0);
    audit(out, &[low[0], "--fail-on=low"]).exits(3);
    audit(out, &[low[0], "--fail-on=medium"]).exits(0);
    audit(out, &["--fail-on=never"]).exits(0);
}

#[test]
fn exceptions_take_findings_out_until_their_end_and_are_announced() {
    let out = two_nights();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("exceptions.toml");
    let all = audit(out, &["--format=json", RULE, "--since=none"])
        .exits(3)
        .lines();
    let clip = all[0]["clip_id"].as_str().unwrap();
    let write = |what: &str, until: &str| {
        let entry = format!(
            "[[exception]]\nrule = 'open-without-passcode'\n{what}\nreason = 'a launch'\nuntil = {until}\n"
        );
        fs::write(&path, entry).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let excepted = |path: &str| {
        let words = ["--format=json", RULE, "--since=none", "--exceptions", path];
        let lines = audit(out, &words).lines();
        of(&lines, "state", "excepted").len()
    };
    let file = write(&format!("clip_id = '{clip}'"), "2999-12-31");
    assert_eq!(excepted(&file), 1);
    let file = write("where = 'true'", "2999-12-31");
    assert_eq!(excepted(&file), all.len());
    audit(out, &[RULE, "--exceptions", &file]).exits(0);
    let file = write("where = 'true'", "2020-01-01");
    assert_eq!(excepted(&file), 0);
    let words = [RULE, "--exceptions", &file];
    let told = on_one_line(&audit(out, &words).exits(3).stdout);
    assert!(told.contains("ended on 2020-01-01"), "{told}");
    let file = write("clip_id = 'nobody'", "2999-12-31");
    let told = on_one_line(&audit(out, &[RULE, "--exceptions", &file]).exits(3).stdout);
    assert!(told.contains("excepts nothing"), "{told}");
    fs::write(
        &path,
        "[[exception]]\nrule = 'open-without-passcode'\nclip_id = 'x'\n",
    )
    .unwrap();
    let run = audit(out, &[RULE, "--exceptions", path.to_str().unwrap()]).exits(2);
    run.says(&["exceptions.toml", "reason"]);
}

#[test]
fn a_rule_of_ones_own_is_evaluated_and_a_wrong_one_named_by_its_place() {
    let out = two_nights();
    let folder = tempfile::tempdir().unwrap();
    let rule = folder.path().join("long-clips.sql");
    let write = |sql: &str| {
        let header = "-- title: Long\n-- severity: critical\n-- fix: Cut it.\n-- param: s integer 1 Seconds\n";
        fs::write(&rule, format!("{header}{sql}")).unwrap();
        folder.path().to_str().unwrap().to_owned()
    };
    let rules = write("SELECT *, 'long' AS detail FROM clips WHERE duration_seconds > $s");
    let words = ["--rules", &rules, "--rule=long-clips", "--format=json"];
    let findings = audit(out, &words).exits(3).lines();
    assert!(!findings.is_empty());
    audit(
        out,
        &[&words[..], &["--set=long-clips.s=999999999"]].concat(),
    )
    .exits(0);
    let list = audit(Path::new("nowhere"), &["--list", "--rules", &rules])
        .exits(0)
        .stdout;
    assert!(list.contains("long-clips"), "{list}");
    for (sql, why) in [
        (
            "SELECT clip_id FROM clips\nWHERE nope > 1",
            "line 6, column 7",
        ),
        ("COPY clips TO '/tmp/stolen.csv'", "only read"),
        ("SELECT clip_id FROM '/etc/passwd'", "/etc/passwd"),
        ("SELECT title FROM clips", "returns clip_id"),
    ] {
        let rules = write(sql);
        let run = audit(out, &["--rules", &rules, "--format=json"]).exits(2);
        assert_eq!(run.stdout, "", "nothing is shown by half");
        run.says(&["long-clips.sql", why]);
    }
}

#[test]
fn rules_that_need_owners_are_not_passed_where_there_are_none() {
    let out = nights(&[]);
    let text = audit(out.path(), &["--rule=owner-gone", "--rule=stale"])
        .exits(0)
        .stdout;
    assert!(
        text.contains("not evaluated, and so not passed: owner-gone"),
        "{text}"
    );
    assert!(text.contains("--resolve-owners"), "{text}");
    let run = audit(out.path(), &["--rule=owner-gone", "--format=json"]).exits(0);
    assert_eq!(run.stdout, "");
    run.says(&["owner-gone was not evaluated", "--resolve-owners"]);
}

#[test]
fn snapshots_in_csv_have_the_same_findings() {
    let findings = |flags: &[&str]| {
        let out = nights(&[flags, &["--resolve-owners"]].concat());
        audit(out.path(), &["--format=json"]).exits(3).lines()
    };
    let key = |lines: Vec<Value>| {
        let line = |it: &Value| format!("{} {} {}", it["rule"], it["state"], it["fingerprint"]);
        let mut all: Vec<String> = lines.iter().map(line).collect();
        all.sort();
        all
    };
    let parquet = key(findings(&["--max-file-rows", "5000"]));
    assert!(!parquet.is_empty());
    assert_eq!(
        parquet,
        key(findings(&["--format", "csv", "--max-file-rows", "5000"]))
    );
    assert_eq!(
        parquet,
        key(findings(&["--format", "csv", "--csv-mode", "lossless"]))
    );
}

#[test]
fn one_snapshot_alone_is_audited_and_what_needs_two_is_not_passed() {
    let out = copy(two_nights());
    fs::remove_dir_all(out.path().join(format!("_snapshots/{}", NIGHTS[0]))).unwrap();
    let text = audit(out.path(), &["--fail-on=never"]).exits(0).stdout;
    assert!(text.contains("no earlier snapshot"), "{text}");
    assert!(
        text.contains("not evaluated, and so not passed: newly-open"),
        "{text}"
    );
    audit(out.path(), &["--since", NIGHTS[0]])
        .exits(2)
        .says(&["no such snapshot"]);
    audit(out.path(), &["--snapshot", NIGHTS[0]])
        .exits(2)
        .says(&["no such snapshot"]);
}

#[test]
fn an_unproven_snapshot_is_refused_unless_it_is_told_and_then_said_to_be_so() {
    let out = copy(two_nights());
    let path = out
        .path()
        .join(format!("_snapshots/{}/manifest.json", NIGHTS[1]));
    let manifest = fs::read_to_string(&path).unwrap();
    let unproven = manifest.replacen("\"verified\"", "\"unverified\"", 1);
    assert_ne!(manifest, unproven);
    fs::write(&path, unproven).unwrap();
    let run = audit(out.path(), &[]).exits(65);
    assert_eq!(run.stdout, "");
    run.says(&[
        "2026-11-01 is unverified",
        "--allow-incomplete",
        "--snapshot 2026-10-31",
    ]);
    let words = ["--allow-incomplete", "--rule=snapshot-unproven"];
    let text = audit(out.path(), &words).exits(3).stdout;
    assert!(
        on_one_line(&text).contains("WARNING: the snapshot is not as it was published"),
        "{text}"
    );
}

#[test]
fn damaged_and_foreign_files_are_named_and_nothing_is_shown_of_them() {
    let cut = copy(two_nights());
    let file = data_file(cut.path());
    let bytes = fs::read(&file).unwrap();
    fs::write(&file, &bytes[1..]).unwrap();
    let run = audit(cut.path(), &["--format=json"]).exits(65);
    assert_eq!(run.stdout, "");
    run.says(&[
        "bytes in place of",
        file.file_name().unwrap().to_str().unwrap(),
    ]);
    // One byte of a page: the length is right, and the hash is not.
    let flipped = copy(two_nights());
    let file = data_file(flipped.path());
    let mut bytes = fs::read(&file).unwrap();
    bytes[5000] ^= 1;
    fs::write(&file, &bytes).unwrap();
    audit(flipped.path(), &["--verify"])
        .exits(65)
        .says(&["not the file that its manifest names"]);
    // A manifest that names a file elsewhere.
    let foreign = copy(two_nights());
    let path = foreign
        .path()
        .join(format!("_snapshots/{}/manifest.json", NIGHTS[1]));
    let manifest = fs::read_to_string(&path).unwrap();
    fs::write(
        &path,
        manifest.replace("\"clips/snapshot_date=", "\"../clips/snapshot_date="),
    )
    .unwrap();
    let changed = ["not as it was published", "changed after it was published"];
    audit(foreign.path(), &[]).exits(65).says(&changed);
    audit(foreign.path(), &["--allow-incomplete"])
        .exits(65)
        .says(&["it names the data file"]);
    // No folder of snapshots at all.
    let empty = tempfile::tempdir().unwrap();
    assert_ne!(audit(empty.path(), &[]).code, Some(0));
}

#[test]
fn a_snapshot_before_that_was_changed_or_a_newest_that_is_gone_ends_an_audit_and_is_no_silence() {
    let out = copy(two_nights());
    let of = |night: &str| out.path().join(format!("_snapshots/{night}/manifest.json"));
    let manifest = fs::read_to_string(of(NIGHTS[0])).unwrap();
    fs::write(of(NIGHTS[0]), manifest.replacen("0.1.0", "0.1.1", 1)).unwrap();
    let run = audit(out.path(), &["--only-new", "--fail-on=critical"]).exits(65);
    run.says(&["the snapshot before, of 2026-10-31", "--since none"]);
    let alone = audit(out.path(), &["--since=none", "--fail-on=never"]).exits(0);
    let text = on_one_line(&alone.stdout);
    assert!(
        text.contains("left out: the snapshot of 2026-10-31: it was changed"),
        "{text}"
    );
    assert!(text.contains("not passed: newly-open"), "{text}");
    let told = audit(out.path(), &["--allow-incomplete", "--fail-on=never"])
        .exits(0)
        .stdout;
    assert!(
        on_one_line(&told).contains("read all the same: the snapshot of 2026-10-31"),
        "{told}"
    );
    fs::write(of(NIGHTS[0]), manifest).unwrap();
    fs::remove_file(of(NIGHTS[1])).unwrap();
    audit(out.path(), &[])
        .exits(65)
        .says(&["the newest snapshot may be missing", "latest.json"]);
    audit(out.path(), &["--snapshot", NIGHTS[0], "--fail-on=never"]).exits(0);
}

#[test]
fn what_is_not_as_it_was_built_in_is_named_and_so_is_what_a_rule_finds_twice() {
    let out = two_nights();
    let folder = tempfile::tempdir().unwrap();
    let header = "-- title: T\n-- severity: high\n-- fix: F\n";
    let write = |name: &str, sql: &str| {
        fs::write(folder.path().join(name), format!("{header}{sql}")).unwrap();
    };
    write(
        "open-without-passcode.sql",
        "SELECT * FROM clips WHERE exposed AND false",
    );
    write("twice.sql", "SELECT * FROM clips_history WHERE exposed");
    let rules = folder.path().to_str().unwrap();
    let words = ["--rules", rules, "--set=stale.days=9999", "--fail-on=never"];
    let text = on_one_line(&audit(out, &words).exits(0).stdout);
    for told in [
        "open-without-passcode.sql, in place of the one built in",
        "stale.days is 9999, in place of 365",
        "the rule twice finds",
        "more than once",
    ] {
        assert!(text.contains(told), "no {told:?} in {text}");
    }
}

#[test]
fn the_samples_are_rules_and_exceptions_that_the_program_takes() {
    let samples = concat!(env!("CARGO_MANIFEST_DIR"), "/../../samples");
    let (rules, exceptions) = (
        format!("{samples}/rules"),
        format!("{samples}/exceptions.toml"),
    );
    let words = ["--rules", &rules, "--exceptions", &exceptions];
    let text = on_one_line(&audit(two_nights(), &words).exits(3).stdout);
    assert!(text.contains("open-long-clip"), "{text}");
    assert!(text.contains("excepts nothing: take it out of"), "{text}");
    // A night with the chain of the samples, which finds the tool under its usual name.
    let folder = tempfile::tempdir().unwrap();
    let tool = folder.path().join("clipcensus");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_clipcensus-audit"), tool).unwrap();
    let path = format!("{}:/usr/bin:/bin", folder.path().display());
    let out = folder.path().join("census");
    let night = std::process::Command::new("/bin/sh")
        .arg(format!("{samples}/nightly.sh"))
        .env_clear()
        .env("PATH", path)
        .env("CLIPCENSUS_OUT", &out)
        .env("CLIPCENSUS_SANDBOX", "true")
        .output()
        .unwrap();
    let page = String::from_utf8_lossy(&night.stdout).into_owned();
    assert_eq!(night.status.code(), Some(0), "{night:?}");
    assert!(page.starts_with("Audit of the snapshot of "), "{page}");
}

#[test]
fn exceptions_may_name_rules_that_are_not_asked_for_now() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("exceptions.toml");
    let entry = "[[exception]]\nrule = 'stale'\nclip_id = 'x'\nreason = 'r'\nuntil = 2999-12-31\n";
    fs::write(&path, entry).unwrap();
    let words = ["--rule=sudden-drop", "--exceptions", path.to_str().unwrap()];
    audit(two_nights(), &words).exits(0);
}

#[test]
fn snapshots_of_another_census_are_left_out_and_named() {
    let out = copy(two_nights());
    let path = out
        .path()
        .join(format!("_snapshots/{}/manifest.json", NIGHTS[0]));
    let mut manifest: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    manifest["parameters"]["owner"] = Value::from("jo@example.com");
    fs::write(&path, manifest.to_string()).unwrap();
    let text = audit(out.path(), &["--fail-on=never"]).exits(0).stdout;
    assert!(
        text.contains("left out: the snapshot of 2026-10-31"),
        "{text}"
    );
    assert!(text.contains("no earlier snapshot"), "{text}");
}

#[test]
fn what_is_kept_of_an_audit_is_whole_and_verify_lets_it_stand() {
    let out = copy(two_nights());
    let shown = audit(out.path(), &["--save", "--format=json"])
        .exits(3)
        .lines();
    let folder = out.path().join(format!("_snapshots/{}", NIGHTS[1]));
    let kept: Value =
        serde_json::from_slice(&fs::read(folder.join("audit.json")).unwrap()).unwrap();
    assert_eq!(kept["findings"].as_array().unwrap(), &shown);
    assert_eq!(kept["snapshot_date"], NIGHTS[1]);
    assert_eq!(kept["since"], NIGHTS[0]);
    for key in ["manifest_sha256", "since_manifest_sha256"] {
        assert_eq!(kept[key].as_str().unwrap().len(), 64, "{key}");
    }
    assert_eq!(kept["given"]["exceptions"], Value::Null);
    let rules = kept["rules"].as_array().unwrap();
    let open = rules
        .iter()
        .find(|it| it["name"] == "open-without-passcode")
        .unwrap();
    assert!(open["sql"].as_str().unwrap().contains("FROM clips"));
    let counted: u64 = ["new", "persisting", "resolved", "excepted"]
        .iter()
        .map(|state| open["counts"][state].as_u64().unwrap())
        .sum();
    assert_eq!(
        counted,
        of(&shown, "rule", "open-without-passcode").len() as u64
    );
    run("verify", out.path(), &[]).exits(0);
    let others: Vec<String> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with('.'))
        .collect();
    assert!(others.is_empty(), "{others:?}");
    // No findings are an empty list.
    audit(out.path(), &["--save", "--rule=sudden-drop"]).exits(0);
    let kept: Value =
        serde_json::from_slice(&fs::read(folder.join("audit.json")).unwrap()).unwrap();
    assert_eq!(kept["findings"], Value::Array(Vec::new()));
}

#[test]
fn what_is_kept_of_rules_steers_no_terminal() {
    let out = copy(two_nights());
    let folder = tempfile::tempdir().unwrap();
    let rule = "-- title: Odd \u{202e}\u{9b}31m\n-- severity: low\n-- fix: None.\n\
                SELECT *, '\u{9b}' AS detail FROM clips";
    fs::write(folder.path().join("odd.sql"), rule).unwrap();
    let rules = folder.path().to_str().unwrap();
    let words = ["--rules", rules, "--rule=odd", "--save"];
    audit(out.path(), &words).exits(0);
    let kept = out
        .path()
        .join(format!("_snapshots/{}/audit.json", NIGHTS[1]));
    let text = fs::read_to_string(kept).unwrap();
    assert!(!text.contains(['\u{202e}', '\u{9b}']));
    let kept: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(kept["rules"][0]["title"], "Odd \u{202e}\u{9b}31m");
}

#[test]
fn an_audit_is_kept_in_no_folder_that_a_link_leads_to() {
    let out = copy(two_nights());
    let elsewhere = tempfile::tempdir().unwrap();
    let night = out.path().join("_snapshots").join(NIGHTS[1]);
    let moved = out.path().join("moved");
    fs::rename(&night, &moved).unwrap();
    let manifest = elsewhere.path().join("manifest.json");
    std::os::unix::fs::symlink(moved.join("manifest.json"), manifest).unwrap();
    std::os::unix::fs::symlink(elsewhere.path(), &night).unwrap();
    let run = audit(out.path(), &["--save", "--rule=sudden-drop"]).exits(73);
    run.says(&[NIGHTS[1], "leads out of the output folder"]);
    assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 1);
}

#[test]
fn metrics_count_findings_by_rule_severity_and_state_and_what_was_not_evaluated() {
    let out = nights(&[]);
    let path = out.path().join("audit.prom");
    let words = ["--metrics-file", path.to_str().unwrap(), "--fail-on=never"];
    audit(out.path(), &words).exits(0);
    let text = fs::read_to_string(&path).unwrap();
    let series = |begin: &str| -> u64 {
        let lines = text.lines().filter(|line| line.starts_with(begin));
        let value = |line: &str| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap();
        lines.map(value).sum()
    };
    let name = format!("out=\"{}\",rule", out.path().display());
    let open =
        format!("clipcensus_audit_findings{{{name}=\"open-without-passcode\",severity=\"high\"");
    assert!(series(&open) > 100, "{text}");
    assert_eq!(
        series(&format!("clipcensus_audit_evaluated{{{name}=\"stale\"")),
        1
    );
    assert_eq!(
        series(&format!(
            "clipcensus_audit_evaluated{{{name}=\"owner-gone\""
        )),
        0
    );
    let nowhere = ["--metrics-file", "/nothing/there.prom"];
    let run = audit(out.path(), &nowhere).exits(73);
    assert_eq!(run.stdout, "");
    run.says(&["/nothing/there.prom", "--metrics-file"]);
}

#[test]
fn the_settings_file_has_a_table_for_audits_that_exports_check_too() {
    let out = two_nights();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("clipcensus.toml");
    let config = path.to_str().unwrap();
    let table = "[audit]\nfail_on = 'never'\noff = ['stale']\n[audit.parameters.over-retention]\ndays = 1\n";
    fs::write(&path, format!("format = 'parquet'\n{table}")).unwrap();
    let text = audit(out, &["--config", config]).exits(0).stdout;
    assert!(text.contains("stale: it is switched off"), "{text}");
    audit(out, &["--config", config, "--fail-on=info"]).exits(3);
    fs::write(&path, "[audit]\nfail-at = 'high'\n").unwrap();
    audit(out, &["--config", config])
        .exits(2)
        .says(&["fail-at"]);
    let output = program(&["export", "--config", config, "--out", "nowhere"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn the_help_of_both_commands_has_examples_and_the_manual_knows_them() {
    for command in ["audit", "query"] {
        let output = program(&[command, "--help"]).output().unwrap();
        let help = String::from_utf8(output.stdout).unwrap();
        assert!(help.contains("Examples:\n"), "{help}");
        let page = program(&["man", command]).output().unwrap();
        assert!(page.status.success());
    }
}

/// A file whose footer says of every row group that its share scopes are all `PRIVATE`.
fn with_lying_statistics(file: &[u8]) -> Vec<u8> {
    let bytes = bytes::Bytes::copy_from_slice(file);
    let metadata = ParquetMetaDataReader::new()
        .parse_and_finish(&bytes)
        .unwrap();
    let scope = b"PRIVATE".as_slice().into();
    let lie = Statistics::byte_array(
        Some(scope),
        Some(b"PRIVATE".as_slice().into()),
        None,
        Some(0),
        false,
    );
    let groups = metadata.row_groups().iter().map(|group| {
        let columns = group.columns().iter().map(|column| {
            let builder = column.clone().into_builder();
            let builder = match column.column_path().string().as_str() {
                "share_scope" => builder.set_statistics(lie.clone()),
                _ => builder,
            };
            builder.build().unwrap()
        });
        let columns = columns.collect();
        group
            .clone()
            .into_builder()
            .set_column_metadata(columns)
            .build()
            .unwrap()
    });
    let lying = ParquetMetaData::new(metadata.file_metadata().clone(), groups.collect());
    with_footer(file, &lying)
}

/// A file whose types of columns, as engines of Arrow suggest them to each other, are none.
fn with_suggested_types(file: &[u8]) -> Vec<u8> {
    let bytes = bytes::Bytes::copy_from_slice(file);
    let metadata = ParquetMetaDataReader::new()
        .parse_and_finish(&bytes)
        .unwrap();
    let of_file = metadata.file_metadata();
    let types = KeyValue::new("ARROW:schema".to_owned(), "no types".to_owned());
    let suggesting = FileMetaData::new(
        of_file.version(),
        of_file.num_rows(),
        of_file.created_by().map(str::to_owned),
        Some(vec![types]),
        of_file.schema_descr_ptr(),
        of_file.column_orders().cloned(),
    );
    let groups = metadata.row_groups().to_vec();
    with_footer(file, &ParquetMetaData::new(suggesting, groups))
}

/// A file with another footer.
fn with_footer(file: &[u8], footer: &ParquetMetaData) -> Vec<u8> {
    // The footer is behind the pages, and its length in front of the last four bytes.
    let [a, b, c, d] = file[file.len() - 8..file.len() - 4].try_into().unwrap();
    let length = usize::try_from(u32::from_le_bytes([a, b, c, d])).unwrap();
    let mut written = file[..file.len() - 8 - length].to_vec();
    ParquetMetaDataWriter::new(&mut written, footer)
        .finish()
        .unwrap();
    written
}

#[test]
fn what_a_file_says_of_its_own_pages_hides_no_finding() {
    let out = copy(two_nights());
    let ids = || {
        let findings = audit(
            out.path(),
            &["--format=json", RULE, "--since=none", "--verify"],
        );
        findings.exits(3).lines().len()
    };
    let honest = ids();
    hand_over(
        out.path(),
        &with_lying_statistics(&fs::read(data_file(out.path())).unwrap()),
    );
    assert_eq!(ids(), honest);
    let sql = "SELECT count(*) AS n FROM clips WHERE share_scope = 'ANYONE' AND passcode_enabled = false \
               AND status NOT IN ('RECORD_FAILED', 'RECORD_DELETE', 'SUSPENDED')";
    let counted = query(out.path(), &[sql, "--format=json"]).exits(0).lines();
    assert_eq!(counted[0]["n"], honest);
}

#[test]
fn a_file_is_read_as_the_types_of_the_contract_and_not_as_it_suggests() {
    let out = copy(two_nights());
    let sql = ["SELECT * FROM clips", "--format=json"];
    let before = query(out.path(), &sql).exits(0).stdout;
    let file = fs::read(data_file(out.path())).unwrap();
    hand_over(out.path(), &with_suggested_types(&file));
    assert!(query(out.path(), &sql).exits(0).stdout == before);
}

#[test]
fn pages_that_cannot_be_decoded_are_damage_and_no_fault_of_a_rule() {
    let out = copy(two_nights());
    let file = data_file(out.path());
    let whole = fs::read(&file).unwrap();
    let mut damaged = 0;
    for at in (100..whole.len() / 2).step_by(whole.len() / 40) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x55;
        fs::write(&file, &bytes).unwrap();
        let run = audit(
            out.path(),
            &["--rule=title-pattern", "--set=title-pattern.pattern=zzz"],
        );
        if run.stderr.contains("cannot be read") || run.stderr.contains("damaged") {
            assert_eq!(run.code, Some(65), "{run:?}");
            damaged += 1;
        }
    }
    assert!(damaged > 0, "no byte was one that matters");
}

#[test]
fn a_manifest_that_cannot_be_read_is_no_reason_to_audit_another_night() {
    for (night, why) in [
        (NIGHTS[1], "--snapshot"),
        (NIGHTS[0], "it may be the snapshot before"),
    ] {
        let out = copy(two_nights());
        let path = out.path().join(format!("_snapshots/{night}/manifest.json"));
        fs::write(path, "{").unwrap();
        let run = audit(out.path(), &["--fail-on=never"]).exits(65);
        assert_eq!(run.stdout, "");
        run.says(&["manifest.json is damaged", why]);
        let of = audit(out.path(), &["--snapshot", night]).exits(65);
        of.says(&["manifest.json is damaged"]);
    }
    let out = copy(two_nights());
    fs::remove_file(out.path().join("_snapshots/latest.json")).unwrap();
    audit(out.path(), &[])
        .exits(65)
        .says(&["latest.json is missing"]);
}

#[test]
fn a_snapshot_before_that_is_not_proven_is_compared_with_a_warning_only() {
    let out = copy(two_nights());
    let path = out
        .path()
        .join(format!("_snapshots/{}/manifest.json", NIGHTS[0]));
    let manifest = fs::read_to_string(&path).unwrap();
    fs::write(
        &path,
        manifest.replacen("\"verified\"", "\"incomplete\"", 1),
    )
    .unwrap();
    let words = ["--allow-incomplete", "--fail-on=never", "--rule=newly-open"];
    let text = on_one_line(&audit(out.path(), &words).exits(0).stdout);
    assert!(text.contains("WARNING: the snapshot before is"), "{text}");
}
