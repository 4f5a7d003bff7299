//! What each rule built in finds, and what it only nearly finds.

use std::sync::Arc;

use clap::Parser;
use clipcensus::audit::Severity;
use serde_json::{Value, json};

use super::*;
use crate::evaluate::{Evaluator, People};
use crate::exception::Exceptions;
use crate::finding::{Finding, Outcome, State};
use crate::session::testing::{Rows, clip, snapshot};

#[derive(Debug, Parser)]
struct Line {
    #[command(flatten)]
    args: AuditArgs,
}

fn args(words: &[&str]) -> AuditArgs {
    let words = ["audit", "out"].iter().chain(words);
    Line::parse_from(words).args
}

fn rules(words: &[&str]) -> Result<Rules, String> {
    let table = AuditTable::default();
    Rules::of(&args(words), &table).map_err(|error| error.to_string())
}

/// Evaluates a rule over rows; what it finds, by clip, owner or snapshot.
async fn evaluated(rows: &Rows, rule: &str, set: &[&str]) -> (Outcome, Vec<Finding>) {
    let set = set.iter().flat_map(|set| ["--set", set]);
    let words: Vec<&str> = ["--rule", rule].into_iter().chain(set).collect();
    let rules = rules(&words).unwrap();
    let session = rows.session().await;
    let evaluator = Evaluator {
        now: &session,
        before: None,
        people: &People::new(),
        exceptions: &Exceptions::default(),
        with_links: false,
        only_new: false,
        day_before: rows
            .previous
            .as_ref()
            .map(|_| jiff::civil::date(2026, 11, 25)),
        today: jiff::civil::date(2026, 11, 26),
    };
    let rule = Arc::new(rules.wanted().next().unwrap().clone());
    let mut findings = Vec::new();
    let show = |finding: &Finding| {
        findings.push(finding.clone());
        Ok(())
    };
    let (outcome, note) = evaluator.evaluate(&rule, show).await.unwrap();
    assert_eq!(note, None);
    (outcome, findings)
}

async fn found(rows: &Rows, rule: &str, set: &[&str]) -> Vec<String> {
    let (outcome, findings) = evaluated(rows, rule, set).await;
    assert!(matches!(outcome, Outcome::Evaluated { .. }), "{outcome:?}");
    let id = |finding: Finding| {
        assert_eq!(finding.state, State::New);
        assert!(finding.detail.is_some_and(|it| !it.is_empty()));
        let subject = finding.subject;
        subject
            .clip_id
            .or(subject.owner_id)
            .or(subject.snapshot_date)
            .unwrap()
    };
    let mut ids: Vec<String> = findings.into_iter().map(id).collect();
    ids.sort();
    ids
}

/// Rows of clips, each with its own columns.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the tables of the tests are made in place"
)]
fn clips<const N: usize>(clips: [(&str, Value); N]) -> Rows {
    Rows {
        clips: clips
            .iter()
            .map(|(id, columns)| clip(id, columns))
            .collect(),
        snapshots: vec![snapshot("2026-11-26", 1, &json!({}))],
        ..Rows::default()
    }
}

const NOTHING: [&str; 0] = [];

#[tokio::test]
async fn open_clips_are_found_with_and_without_a_passcode_if_their_link_plays() {
    let open = |passcode: Value, status: Value| json!({ "share_scope": "ANYONE", "passcode_enabled": passcode, "status": status });
    let rows = clips([
        ("open", open(json!(false), json!("RECORD_SUCCESS"))),
        ("no-status", open(json!(false), Value::Null)),
        ("passcode", open(json!(true), json!("RECORD_SUCCESS"))),
        (
            "unknown-passcode",
            open(Value::Null, json!("RECORD_SUCCESS")),
        ),
        ("trash", open(json!(false), json!("RECORD_DELETE"))),
        ("trash-passcode", open(json!(true), json!("RECORD_DELETE"))),
        ("suspended", open(json!(false), json!("SUSPENDED"))),
        ("no-scope", json!({ "share_scope": Value::Null })),
        ("inside", json!({ "share_scope": "SAME_ORGANIZATION" })),
    ]);
    assert_eq!(
        found(&rows, "open-without-passcode", &[]).await,
        ["no-status", "open"]
    );
    assert_eq!(found(&rows, "open-with-passcode", &[]).await, ["passcode"]);
    let unknown = found(&rows, "open-passcode-unknown", &[]).await;
    assert_eq!(unknown, ["unknown-passcode"]);
}

#[tokio::test]
async fn newly_open_is_what_was_not_open_before_or_not_there() {
    let open = json!({ "share_scope": "ANYONE" });
    let private = json!({});
    let rows = Rows {
        previous: Some(vec![
            clip("still", &open),
            clip("opened", &private),
            clip("closed", &open),
            clip(
                "other-account",
                &json!({ "share_scope": "ANYONE", "account_id": "b" }),
            ),
        ]),
        ..clips([
            ("still", open.clone()),
            ("opened", open.clone()),
            ("closed", private.clone()),
            ("made", open.clone()),
            ("made-private", private),
            ("other-account", open),
        ])
    };
    let ids = found(&rows, "newly-open", &[]).await;
    assert_eq!(ids, ["made", "opened", "other-account"]);
    let alone = Rows {
        previous: None,
        ..rows
    };
    let (outcome, findings) = evaluated(&alone, "newly-open", &[]).await;
    assert!(
        matches!(outcome, Outcome::NotEvaluated(why) if why.contains("no verified snapshot before this one"))
    );
    assert!(findings.is_empty());
}

#[tokio::test]
async fn owners_are_found_who_are_gone_or_deactivated_and_only_where_owners_are_known() {
    let of = |owner: &str| json!({ "owner_id": owner });
    let rows = Rows {
        owners: Some(vec![
            json!({ "account_id": "a", "id": "gone", "status": "deleted" }),
            json!({ "account_id": "a", "id": "unknown" }),
            json!({ "account_id": "a", "id": "hidden", "status": "unreadable" }),
            json!({ "account_id": "a", "id": "left", "email": "l@x", "status": "inactive" }),
            json!({ "account_id": "a", "id": "here", "name": "H", "status": "active" }),
            json!({ "account_id": "a", "id": "invited", "email": "i@x", "status": "pending" }),
            json!({ "account_id": "b", "id": "elsewhere" }),
        ]),
        ..clips([
            ("1", of("gone")),
            ("2", of("gone")),
            ("3", of("left")),
            ("4", of("here")),
            ("5", of("invited")),
            ("6", of("elsewhere")),
            ("7", of("not-looked-up")),
            ("8", json!({ "owner_id": Value::Null })),
            ("9", of("unknown")),
            ("10", of("hidden")),
        ])
    };
    assert_eq!(found(&rows, "owner-gone", &[]).await, ["gone"]);
    assert_eq!(found(&rows, "owner-inactive", &[]).await, ["left"]);
    let (_, findings) = evaluated(&rows, "owner-gone", &[]).await;
    let details = findings.iter().map(|it| it.detail.clone().unwrap());
    let details: Vec<String> = details.collect();
    assert!(details.contains(&"2 clips, 0 of them open to anyone with the link".to_owned()));
    let without = Rows {
        owners: None,
        ..rows
    };
    for rule in ["owner-gone", "owner-inactive"] {
        let (outcome, _) = evaluated(&without, rule, &[]).await;
        assert!(matches!(outcome, Outcome::NotEvaluated(why) if why.contains("--resolve-owners")));
    }
}

#[tokio::test]
async fn what_is_kept_too_long_is_found_unless_a_tag_holds_it() {
    let made = |at: &str, tags: Value| json!({ "created_at": at, "tags": tags });
    let rows = clips([
        ("old", made("2025-11-25T00:00:00Z", Value::Null)),
        (
            "old-tagged",
            made("2025-01-01T00:00:00Z", json!(["keep", "holder"])),
        ),
        ("held", made("2025-01-01T00:00:00Z", json!(["x", "hold"]))),
        ("on-the-day", made("2025-11-25T00:00:01Z", Value::Null)),
        ("undated", made("2025-11-26T00:00:00Z", Value::Null)),
    ]);
    let mut rows = rows;
    rows.clips[4]["created_at"] = Value::Null;
    let set = ["over-retention.days=365"];
    assert_eq!(
        found(&rows, "over-retention", &set).await,
        ["old", "old-tagged"]
    );
    let set = ["over-retention.days=365", "over-retention.hold=keep"];
    assert_eq!(found(&rows, "over-retention", &set).await, ["held", "old"]);
}

#[tokio::test]
async fn what_nobody_changed_for_long_is_stale_and_in_the_trash_reclaimable() {
    let changed = |at: Value, status: &str| json!({ "modified_at": at, "status": status });
    let rows = clips([
        (
            "stale",
            changed(json!("2025-11-25T00:00:00Z"), "RECORD_SUCCESS"),
        ),
        (
            "touched",
            changed(json!("2025-11-26T00:00:00Z"), "RECORD_SUCCESS"),
        ),
        ("never-changed", changed(Value::Null, "RECORD_SUCCESS")),
        (
            "trash",
            changed(json!("2026-10-27T00:00:00Z"), "RECORD_DELETE"),
        ),
        (
            "failed",
            changed(json!("2020-01-01T00:00:00Z"), "RECORD_FAILED"),
        ),
        (
            "fresh-trash",
            changed(json!("2026-10-27T00:00:01Z"), "RECORD_DELETE"),
        ),
    ]);
    assert_eq!(found(&rows, "stale", &[]).await, ["stale"]);
    assert_eq!(found(&rows, "reclaimable", &[]).await, ["failed", "trash"]);
}

#[tokio::test]
async fn an_owner_is_over_quota_by_the_sum_of_their_clips_in_an_account() {
    let of = |owner: Value, bytes: Value| json!({ "owner_id": owner, "file_size_bytes": bytes });
    let rows = clips([
        ("1", of(json!("big"), json!(600))),
        ("2", of(json!("big"), json!(401))),
        ("3", of(json!("just"), json!(1000))),
        ("4", of(json!("none"), Value::Null)),
        ("5", of(Value::Null, json!(5000))),
        (
            "6",
            json!({ "owner_id": "just", "account_id": "b", "file_size_bytes": 1 }),
        ),
    ]);
    let set = ["owner-over-quota.bytes=1000"];
    assert_eq!(found(&rows, "owner-over-quota", &set).await, ["big"]);
}

#[tokio::test]
async fn a_status_that_is_suspended_missing_or_not_documented_is_found() {
    let status = |status: Value| json!({ "status": status });
    let rows = clips([
        ("suspended", status(json!("SUSPENDED"))),
        ("none", status(Value::Null)),
        ("new", status(json!("RECORD_ARCHIVED"))),
        ("made", status(json!("RECORD_SUCCESS"))),
        ("making", status(json!("RECORD_START"))),
        ("made-not", status(json!("RECORD_FAILED"))),
    ]);
    let ids = found(&rows, "suspended-or-unknown-status", &[]).await;
    assert_eq!(ids, ["new", "none", "suspended"]);
}

#[tokio::test]
async fn a_missing_tag_and_a_title_are_found_once_it_is_said_which() {
    let rows = clips([
        (
            "tagged",
            json!({ "tags": ["public", "reviewed"], "title": "Salary bands" }),
        ),
        ("other", json!({ "tags": ["review"], "title": "a SALARY" })),
        ("none", json!({ "title": Value::Null })),
        ("trash", json!({ "status": "RECORD_DELETE" })),
    ]);
    let ids = found(&rows, "missing-tag", &["missing-tag.tag=reviewed"]).await;
    assert_eq!(ids, ["none", "other"]);
    let ids = found(&rows, "title-pattern", &["title-pattern.pattern=Salary"]).await;
    assert_eq!(ids, ["tagged"]);
    let ids = found(
        &rows,
        "title-pattern",
        &["title-pattern.pattern=(?i)^a sal"],
    )
    .await;
    assert_eq!(ids, ["other"]);
    for rule in ["missing-tag", "title-pattern"] {
        let (outcome, _) = evaluated(&rows, rule, &[]).await;
        assert!(matches!(outcome, Outcome::Off(why) if why.contains("--set")));
    }
}

#[tokio::test]
async fn snapshots_are_found_that_are_unproven_old_or_far_smaller_than_before() {
    let of = |snapshots: Vec<Value>| Rows {
        snapshots,
        previous: Some(Vec::new()),
        ..Rows::default()
    };
    let role = |role: &str| json!({ "role": role });
    let rows = of(vec![
        snapshot("2026-11-23", 9000, &json!({})),
        snapshot("2026-11-24", 1000, &role("previous")),
        snapshot("2026-11-25", 900, &json!({ "verdict": "unverified" })),
        snapshot("2026-11-26", 800, &role("subject")),
    ]);
    assert_eq!(found(&rows, "snapshot-unproven", &[]).await, ["2026-11-25"]);
    assert_eq!(found(&rows, "snapshot-old", &[]).await, NOTHING);
    assert_eq!(
        found(&rows, "sudden-drop", &[]).await,
        NOTHING,
        "20 % are not more than 20 %"
    );
    let set = ["sudden-drop.share=0.19"];
    assert_eq!(found(&rows, "sudden-drop", &set).await, ["2026-11-26"]);
    let alone = Rows {
        previous: None,
        ..rows
    };
    let (outcome, _) = evaluated(&alone, "sudden-drop", &set).await;
    assert!(matches!(outcome, Outcome::NotEvaluated(_)));
    let old = |hours: u64, role: &str| json!({ "age_hours": hours, "role": role });
    for (hours, is_old) in [(35, false), (36, true)] {
        let rows = of(vec![
            snapshot("2026-11-24", 5, &old(200, "previous")),
            snapshot("2026-11-26", 4, &old(hours, "subject")),
        ]);
        let found = found(&rows, "snapshot-old", &[]).await;
        assert_eq!(found == ["2026-11-26"], is_old, "{hours}");
    }
}

#[test]
fn every_rule_built_in_is_whole_and_has_the_severity_that_was_promised() {
    let rules = rules(&[]).unwrap();
    let severity = |name: &str| {
        rules
            .all
            .iter()
            .find(|it| it.name == name)
            .unwrap()
            .severity
    };
    for (name, wanted) in [
        ("newly-open", Severity::Critical),
        ("open-without-passcode", Severity::High),
        ("open-with-passcode", Severity::Low),
    ] {
        assert_eq!(severity(name), wanted, "{name}");
    }
    for rule in &rules.all {
        assert!(
            !rule.why.is_empty() && !rule.fix.is_empty(),
            "{}",
            rule.name
        );
        assert!(rule.explained().contains(&rule.sql));
        assert!(rules.list().contains(&rule.name));
    }
    let severities: Vec<Severity> = rules.all.iter().map(|it| it.severity).collect();
    assert!(
        severities.is_sorted_by(|one, other| one >= other),
        "the worst come first"
    );
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/rules");
    assert_eq!(fs::read_dir(folder).unwrap().count(), BUILT_IN.len());
}

#[test]
fn a_folder_adds_rules_and_takes_the_place_of_those_built_in() {
    let folder = tempfile::tempdir().unwrap();
    let text = "-- title: T\n-- severity: info\n-- fix: F\nSELECT clip_id FROM clips";
    for name in ["mine", "stale"] {
        fs::write(folder.path().join(format!("{name}.sql")), text).unwrap();
    }
    fs::write(folder.path().join("README.md"), "no rule").unwrap();
    let path = folder.path().to_str().unwrap();
    let read = rules(&["--rules", path]).unwrap();
    assert_eq!(read.all.len(), BUILT_IN.len() + 1);
    assert_eq!(read.named("stale").unwrap().title, "T");
    assert!(read.list().contains("mine.sql"));
    for (name, text, why) in [
        ("Bad_Name.sql", text, "named by a-z"),
        ("bad.sql", "SELECT 1", "line 1: a rule begins with"),
    ] {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        let error = rules(&["--rules", folder.path().to_str().unwrap()]).unwrap_err();
        assert!(error.contains(why) && error.contains(name), "{error}");
        fs::remove_file(path).unwrap();
    }
    assert!(
        rules(&["--rules", "/nothing/there"])
            .unwrap_err()
            .contains("/nothing/there")
    );
}

#[test]
fn rules_and_parameters_that_do_not_exist_are_named() {
    for (words, why) in [
        (vec!["--rule", "stael"], "\"stael\", which there is not"),
        (
            vec!["--set", "stael.days=1"],
            "\"stael\", which there is not",
        ),
        (
            vec!["--set", "stale.weeks=1"],
            "no parameter \"weeks\"; it has days",
        ),
        (vec!["--set", "newly-open.days=1"], "it has none"),
        (
            vec!["--set", "stale.days=soon"],
            "stale.days: \"soon\" is no integer",
        ),
        (
            vec!["--set", "stale.days=-1"],
            "stale.days: -1 is less than 0",
        ),
        (
            vec!["--set", "sudden-drop.share=7"],
            "sudden-drop.share: 7 is more than 1",
        ),
    ] {
        let error = rules(&words).unwrap_err();
        assert!(error.contains(why), "{words:?}: {error}");
    }
}

#[test]
fn the_settings_file_switches_rules_off_and_sets_parameters_that_flags_override() {
    let table: AuditTable =
        toml::from_str("off = ['stale']\n[parameters.over-retention]\ndays = 100\n").unwrap();
    let of = |words: &[&str]| Rules::of(&args(words), &table).unwrap();
    let days = |rules: &Rules| {
        rules.named("over-retention").unwrap().parameters[0]
            .value
            .clone()
    };
    let rules = of(&[]);
    assert!(rules.wanted().all(|rule| rule.name != "stale"));
    assert_eq!(days(&rules).unwrap().to_string(), "100");
    let rules = of(&["--set", "over-retention.days=7"]);
    assert_eq!(days(&rules).unwrap().to_string(), "7");
    assert_eq!(of(&["--rule", "stale"]).wanted().count(), 1);
    for text in [
        "off = ['stael']",
        "[parameters.stael]\nx = 1",
        "[parameters.stale]\ndays = 'x'",
    ] {
        let table: AuditTable = toml::from_str(text).unwrap();
        assert!(Rules::of(&args(&[]), &table).is_err(), "{text}");
    }
}
