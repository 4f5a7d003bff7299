//! A test case for each rule, for build servers: `JUnit` XML. A rule with open findings has failed, and one
//! that could not be evaluated is skipped.

use clipcensus::audit::fit;

use crate::finding::{Audit, Counts, Finding, Outcome, Ruled};
use crate::output::counts::{findings, first, states};
use crate::output::subject::Named;
use crate::rule::Rule;

/// Findings of a rule that are named.
const MOST: usize = 25;

/// Titles and the like end here, in columns.
const LONGEST_TEXT: usize = 200;

/// Prose ends here.
const LONGEST_PROSE: usize = 1_000;

/// The audit as `JUnit` XML, with a newline at its end.
pub(crate) fn junit(audit: &Audit) -> String {
    let failed = audit
        .results
        .iter()
        .filter(|it| has_failed(audit, it))
        .count();
    let skipped = audit.results.iter().filter(|it| is_skipped(it)).count();
    let sums = format!(
        r#"tests="{}" failures="{failed}" errors="0" skipped="{skipped}""#,
        audit.results.len()
    );
    let name = escaped(&format!("Audit of the snapshot of {}", audit.snapshot_date));
    // Readers take a time without a zone for UTC, and some refuse one with a zone.
    let at = escaped(audit.audited_at.get(..19).unwrap_or(&audit.audited_at));
    let cases: String = audit.results.iter().map(|it| case(audit, it)).collect();
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="clipcensus" {sums}>
  <testsuite name="{name}" {sums} timestamp="{at}">
    <properties>
{}    </properties>
{cases}  </testsuite>
</testsuites>
"#,
        properties(audit)
    )
}

fn has_failed(audit: &Audit, result: &Ruled) -> bool {
    match &result.outcome {
        Outcome::Evaluated { counts, .. } => audit.counted(*counts) > 0,
        Outcome::NotEvaluated(_) | Outcome::Off(_) => false,
    }
}

fn is_skipped(result: &Ruled) -> bool {
    matches!(result.outcome, Outcome::NotEvaluated(_) | Outcome::Off(_))
}

/// What was audited.
fn properties(audit: &Audit) -> String {
    let clips = audit.clips.to_string();
    let since = audit.since.as_deref().unwrap_or("none");
    let values = [
        ("out", audit.out.as_str()),
        ("snapshot_at", &audit.snapshot_at),
        ("manifest_sha256", &audit.manifest_sha256),
        ("verdict", audit.verdict),
        ("simulated", yes_or_no(audit.simulated)),
        ("clips", &clips),
        ("compared_with", since),
        ("only_new", yes_or_no(audit.only_new)),
        ("tool_version", &audit.tool_version),
    ];
    let property = |(name, value)| {
        let value = escaped(value);
        format!("      <property name=\"{name}\" value=\"{value}\"/>\n")
    };
    values.map(property).concat()
}

const fn yes_or_no(is: bool) -> &'static str {
    if is { "yes" } else { "no" }
}

/// A rule.
fn case(audit: &Audit, result: &Ruled) -> String {
    let rule = &result.rule;
    let came_to = match &result.outcome {
        Outcome::NotEvaluated(why) | Outcome::Off(why) => {
            format!("      <skipped message=\"{}\"/>\n", escaped(why))
        }
        Outcome::Evaluated { counts, shown } if has_failed(audit, result) => {
            format!(
                "      <failure type=\"{}\" message=\"{}\">{}</failure>\n",
                rule.severity,
                escaped(&told(audit, *counts)),
                body(audit, rule, *counts, shown)
            )
        }
        // Nothing that counts, and yet not nothing.
        Outcome::Evaluated { counts, .. } if *counts != Counts::default() => {
            format!(
                "      <system-out>{}</system-out>\n",
                escaped(&states(*counts))
            )
        }
        Outcome::Evaluated { .. } => String::new(),
    };
    let name = escaped(&format!("{}: {}", rule.name, rule.title));
    format!(
        "    <testcase classname=\"clipcensus.{}\" name=\"{name}\">\n{came_to}    </testcase>\n",
        rule.severity
    )
}

/// How many findings there are.
fn told(audit: &Audit, counts: Counts) -> String {
    let found = findings(audit, audit.counted(counts));
    if audit.only_new {
        found
    } else {
        format!("{found}: {}", states(counts))
    }
}

/// What to do, and the first findings, a line each.
fn body(audit: &Audit, rule: &Rule, counts: Counts, shown: &[Finding]) -> String {
    let (first, more) = first(audit, counts, shown, MOST);
    let mut lines = vec![escaped(&format!("What to do: {}", rule.fix))];
    lines.extend(first.into_iter().map(about));
    lines.extend(more);
    lines.join("\n")
}

/// A finding in a line.
fn about(finding: &Finding) -> String {
    let named = Named::of(finding);
    let ids = [
        named.owner,
        named.id,
        finding.detail.clone(),
        finding.share_link.clone(),
    ];
    let texts = [finding.state.name().to_owned(), named.name].into_iter();
    let texts = texts.chain(ids.into_iter().flatten());
    let texts: Vec<String> = texts
        .map(|text| escaped(&fit(&text, LONGEST_TEXT)))
        .collect();
    texts.join(" | ")
}

/// A text on one line, for an attribute or between tags. What XML 1.0 forbids even as a reference is not in
/// it: control characters are written as escapes, and the two others are replaced.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in fit(text, LONGEST_PROSE).chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            other => escaped.push(other),
        }
    }
    escaped
}
