//! The snapshots of an output folder as lines: for people, or a JSON object each.

use serde_json::{Value, json};

use crate::report::numbers::{count, size};
use crate::snapshot::Format;
use crate::verify::{Finding, History, Listed};

/// A table with a line for each snapshot, the newest first, and below it what is wrong.
pub(crate) fn text(history: &History) -> Vec<String> {
    let mut lines = vec![row(
        [
            "date", "verdict", "rows", "size", "owners", "format", "version",
        ],
        "manifest",
    )];
    for listed in &history.snapshots {
        lines.push(line(listed));
    }
    lines.extend(problems(history));
    lines
}

/// All that is wrong, in lines.
pub(crate) fn problems(history: &History) -> Vec<String> {
    let snapshots = history.snapshots.iter();
    let of_snapshots = snapshots.flat_map(|listed| {
        let problems = listed.problems.iter();
        problems.map(|problem| format!("{}: {problem}", listed.date))
    });
    of_snapshots
        .chain(history.findings.iter().map(told))
        .collect()
}

/// A JSON object for each snapshot, the newest first, and for what is wrong elsewhere.
pub(crate) fn json_lines(history: &History) -> Vec<String> {
    let snapshots = history.snapshots.iter().map(object);
    let findings = history
        .findings
        .iter()
        .map(|finding| json!({ "path": finding.path, "problems": [finding.problem] }));
    let all = snapshots.chain(findings);
    all.map(|value: Value| value.to_string()).collect()
}

/// What is wrong, in a line.
pub(crate) fn told(finding: &Finding) -> String {
    format!("{}: {}", finding.path, finding.problem)
}

fn row(cells: [&str; 7], rest: &str) -> String {
    let [date, verdict, rows, size, owners, format, version] = cells;
    let line = format!(
        "{date:<10}  {verdict:<10}  {rows:>11}  {size:>9}  {owners:>7}  {format:<7}  {version:<7}  {rest}"
    );
    line.trim_end().to_owned()
}

fn line(listed: &Listed) -> String {
    /// Digits of a hash that tell it from others at a glance; the JSON has all.
    const DIGITS: usize = 12;
    let date = listed.date.to_string();
    let Some(about) = &listed.about else {
        return row([&date, "damaged", "", "", "", "", ""], "see below");
    };
    let mut rest = about.sha256.get(..DIGITS).unwrap_or_default().to_owned();
    if about.table != "clips" {
        rest.push_str(", ");
        rest.push_str(about.table);
    }
    if about.is_simulated {
        rest.push_str(", simulated");
    }
    if !listed.problems.is_empty() {
        rest.push_str(", CHANGED, see below");
    }
    row(
        [
            &date,
            about.verdict.name(),
            &count(about.rows),
            &size(about.bytes),
            &about.owners.map_or_else(|| "no".to_owned(), count),
            name(about.format),
            &about.tool_version,
        ],
        &rest,
    )
}

fn name(format: Format) -> &'static str {
    format.extension()
}

fn object(listed: &Listed) -> Value {
    let Some(about) = &listed.about else {
        return json!({
            "snapshot_date": listed.date.to_string(),
            "verdict": null,
            "problems": listed.problems,
        });
    };
    json!({
        "snapshot_date": listed.date.to_string(),
        "snapshot_at": about.snapshot_at,
        "verdict": about.verdict.name(),
        "table": about.table,
        "format": name(about.format),
        "rows": about.rows,
        "file_bytes": about.bytes,
        "owners": about.owners,
        "tool_version": about.tool_version,
        "simulated": about.is_simulated,
        "manifest_sha256": about.sha256,
        "problems": listed.problems,
    })
}
