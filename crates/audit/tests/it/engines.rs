//! Every rule built in finds the same in another engine, on the same files.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use crate::support::{audit, program, python, two_nights};

/// Values for the parameters that have none, or whose own find little in a small account.
const SET: [&str; 6] = [
    // One that every snapshot falls by.
    "sudden-drop.share=-1",
    "missing-tag.tag=demo",
    "title-pattern.pattern=(?i)draft|#1",
    "over-retention.days=100",
    "stale.days=60",
    "owner-over-quota.bytes=1000000000",
];

const SCRIPT: &str = r#"
import duckdb, json, pathlib, re, sys
rules, out, exposed, values = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3], json.loads(sys.argv[4])
db = duckdb.connect()
db.execute("SET TimeZone = 'UTC'")
db.execute("CREATE MACRO regexp_like(a, b) AS regexp_matches(a, b)")
days = lambda column: f"CAST(floor((date_part('epoch', snapshot_at) - date_part('epoch', {column})) / 86400) AS BIGINT)"
for name, night in (('clips', '2026-11-01'), ('previous_clips', '2026-10-31')):
    db.execute(f"""CREATE VIEW {name} AS SELECT *, DATE '{night}' AS snapshot_date, {days('created_at')} AS age_days,
        {days('coalesce(modified_at, created_at)')} AS idle_days, {exposed} AS exposed
        FROM read_parquet('{out}/clips/snapshot_date={night}/*.parquet', hive_partitioning = false)""")
db.execute(f"CREATE VIEW owners AS SELECT * FROM read_parquet('{out}/owners/snapshot_date=2026-11-01/*.parquet')")
db.execute("CREATE VIEW snapshots AS SELECT * FROM 'snapshots.parquet'")
for path in sorted(rules.glob('*.sql')):
    text = path.read_text()
    parameters = {}
    for name, kind, value in re.findall(r'^-- param: (\w+) (\w+)(?:\(\S+\))? (\S+)', text, re.M):
        value = values.get(f'{path.stem}.{name}', value)
        parameters[name] = {'integer': int, 'number': float, 'text': str}[kind](value)
    sql = '\n'.join(line for line in text.splitlines() if not line.startswith('--'))
    found = db.execute(sql, parameters) if parameters else db.execute(sql)
    names = [it[0] for it in found.description]
    for row in found.fetchall():
        row = dict(zip(names, row))
        print(json.dumps([path.stem, row.get('account_id'), row.get('clip_id'), row.get('owner_id'), row['detail']]))
"#;

/// A finding, without how many hours ago a snapshot is: an hour may end between both engines.
fn without_hours(mut finding: Value) -> String {
    if finding[0] == "snapshot-old" {
        finding[4] = Value::Null;
    }
    finding.to_string()
}

#[test]
fn every_rule_finds_the_same_in_another_engine() {
    let out = two_nights();
    let folder = tempfile::tempdir().unwrap();
    if !python(folder.path(), "import duckdb").is_some_and(|it| it.status.success()) {
        eprintln!("no Python with duckdb: not everything was looked at");
        return;
    }
    let snapshots = program(&["query"])
        .arg(out)
        .args(["SELECT * FROM snapshots", "--format=parquet"])
        .output()
        .unwrap();
    fs::write(folder.path().join("snapshots.parquet"), snapshots.stdout).unwrap();
    let set = SET.iter().flat_map(|set| ["--set", set]);
    let words: Vec<&str> = ["--format=json", "--fail-on=never"]
        .into_iter()
        .chain(set)
        .collect();
    let ours = audit(out, &words).exits(0).lines();
    let ours: BTreeSet<String> = ours
        .iter()
        .filter(|it| it["state"] != "resolved")
        .map(|it| {
            let names = ["rule", "account_id", "clip_id", "owner_id", "detail"];
            without_hours(Value::from_iter(names.map(|name| it[name].clone())))
        })
        .collect();
    let rules = concat!(env!("CARGO_MANIFEST_DIR"), "/rules");
    let values: serde_json::Map<String, Value> = SET
        .iter()
        .map(|set| set.split_once('=').unwrap())
        .map(|(name, value)| (name.to_owned(), Value::from(value)))
        .collect();
    let arguments = serde_json::json!([
        "-",
        rules,
        out,
        clipcensus::audit::exposed_in_sql(),
        Value::Object(values).to_string()
    ]);
    let script = format!(
        "import sys, json\nsys.argv = json.loads({:?})\n{SCRIPT}",
        arguments.to_string()
    );
    let output = python(folder.path(), &script).unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    let theirs: BTreeSet<String> = String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(|line| without_hours(serde_json::from_str(line).unwrap()))
        .collect();
    let differs: Vec<&String> = ours.symmetric_difference(&theirs).take(10).collect();
    assert!(
        differs.is_empty(),
        "{} and {}: {differs:#?}",
        ours.len(),
        theirs.len()
    );
    let found: BTreeSet<&str> = ours
        .iter()
        .map(|it| it.split('"').nth(1).unwrap())
        .collect();
    for rule in [
        "missing-tag",
        "newly-open",
        "open-with-passcode",
        "open-without-passcode",
        "over-retention",
        "owner-gone",
        "owner-inactive",
        "owner-over-quota",
        "reclaimable",
        "snapshot-old",
        "stale",
        "sudden-drop",
        "suspended-or-unknown-status",
        "title-pattern",
    ] {
        assert!(found.contains(rule), "{rule} found nothing to compare");
    }
}
