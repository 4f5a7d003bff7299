//! What is kept of an audit: one JSON document, which says what was audited, by which rules, and what they found.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};

use clipcensus::audit::VisibleJson;
use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use crate::finding::{Audit, Outcome, Ruled, State};

/// What an audit was given besides rules.
#[derive(Debug, Serialize)]
pub(crate) struct Given<'a> {
    /// Whether the SHA-256 of every file was compared.
    pub(crate) verify: bool,
    /// Whether snapshots were read that are not verified.
    pub(crate) allow_incomplete: bool,
    pub(crate) with_links: bool,
    /// The file of exceptions, and its SHA-256.
    #[serde(serialize_with = "named")]
    pub(crate) exceptions: Option<(&'a str, &'a str)>,
}

#[expect(clippy::ref_option, reason = "as serde has it")]
fn named<S: Serializer>(file: &Option<(&str, &str)>, serializer: S) -> Result<S::Ok, S::Error> {
    let named = file.map(|(path, sha256)| json!({ "path": path, "sha256": sha256 }));
    named.serialize(serializer)
}

/// Writes the document; `findings` has a line of JSON for each finding.
pub(crate) fn write(
    output: &mut dyn Write,
    audit: &Audit,
    given: &Given<'_>,
    findings: File,
) -> io::Result<()> {
    let head = Head {
        snapshot_date: &audit.snapshot_date,
        snapshot_at: &audit.snapshot_at,
        verdict: audit.verdict,
        manifest_sha256: &audit.manifest_sha256,
        simulated: audit.simulated,
        clips: audit.clips,
        since: audit.since.as_deref(),
        since_verdict: audit.since_verdict,
        since_manifest_sha256: audit.since_sha256.as_deref(),
        given,
        audited_at: &audit.audited_at,
        tool_version: &audit.tool_version,
        only_new: audit.only_new,
        notes: &audit.notes,
        rules: audit.results.iter().map(ruled).collect(),
    };
    // Titles of rules and texts of exceptions come from somebody else, as findings do.
    let mut output = VisibleJson::new(output);
    let head = serde_json::to_string(&head)?;
    // The findings are the last of its members.
    let open = head.strip_suffix('}').unwrap_or(&head);
    write!(output, "{open},\"findings\":[")?;
    for (at, line) in BufReader::new(findings).lines().enumerate() {
        let before = if at == 0 { "\n" } else { ",\n" };
        write!(output, "{before}{}", line?)?;
    }
    writeln!(output, "\n]}}")
}

#[derive(Serialize)]
struct Head<'a> {
    snapshot_date: &'a str,
    snapshot_at: &'a str,
    verdict: &'a str,
    manifest_sha256: &'a str,
    simulated: bool,
    clips: u64,
    since: Option<&'a str>,
    since_verdict: Option<&'static str>,
    since_manifest_sha256: Option<&'a str>,
    given: &'a Given<'a>,
    audited_at: &'a str,
    tool_version: &'a str,
    only_new: bool,
    notes: &'a [String],
    rules: Vec<Value>,
}

/// A rule as it was evaluated, with its query, so that somebody else can repeat it.
fn ruled(ruled: &Ruled) -> Value {
    let rule = &ruled.rule;
    let parameters = rule.parameters.iter().map(|it| {
        let value = it.value.as_ref().map(ToString::to_string);
        (it.name.clone(), json!(value))
    });
    let (counts, why) = match &ruled.outcome {
        Outcome::Evaluated { counts, .. } => {
            let counts = State::ALL.map(|state| (state.name().to_owned(), json!(counts.of(state))));
            (Value::Object(counts.into_iter().collect()), None)
        }
        Outcome::NotEvaluated(why) | Outcome::Off(why) => (Value::Null, Some(why)),
    };
    json!({
        "name": rule.name,
        "from": rule.place,
        "severity": rule.severity,
        "title": rule.title,
        "parameters": Value::Object(parameters.collect()),
        "sql": rule.sql,
        "counts": counts,
        "not_evaluated": why,
    })
}
