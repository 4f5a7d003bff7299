//! The page that text, markdown and HTML have in common: what is told, and in which order. All of it is raw:
//! the renderers escape it.

use clipcensus::audit::section::{Cell, Kind, Section, Table, column, list};
use clipcensus::audit::{Head, Severity, Verdict, count, things};

use crate::exception::Exception;
use crate::finding::{Audit, Counts, Finding, Outcome, State};
use crate::output::counts::{findings, first, kind, states};
use crate::output::subject::Named;
use crate::rule::Rule;

/// All sections, of which the first says what stands in [`head`]; of each rule, `most` findings are named.
pub(super) fn with_head(audit: &Audit, most: usize) -> Vec<Section> {
    let head = head(audit);
    let mut all = vec![Section {
        heading: head.title,
        // What was found stands first, and then what has to be known about it.
        lines: [vec![headline(audit)], head.warnings, facts(audit)].concat(),
        ..Section::default()
    }];
    all.extend(sections(audit, most));
    all
}

/// What stands at the head of a page.
pub(super) fn head(audit: &Audit) -> Head {
    let total = total(audit);
    let verdict = match total {
        0 => format!("no {} findings", kind(audit)),
        some => findings(audit, some),
    };
    let all_is_known = evaluated(audit) > 0 && not_evaluated(audit).next().is_none();
    let is_good = total == 0 && all_is_known && audit.verdict == Verdict::Verified.name();
    Head {
        title: format!("Audit of the snapshot of {}", audit.snapshot_date),
        verdict: (verdict, is_good),
        warnings: warnings(audit),
        lines: [vec![headline(audit)], facts(audit)].concat(),
    }
}

/// The sections below the head; of each rule, `most` findings are named.
pub(super) fn sections(audit: &Audit, most: usize) -> Vec<Section> {
    let mut sections = Vec::new();
    if total(audit) > 0 {
        sections.push(severities(audit));
    }
    sections.extend(rules(audit));
    for (rule, counts, shown) in each_evaluated(audit) {
        if audit.counted(counts) > 0 {
            sections.push(rule_findings(audit, rule, counts, shown, most));
        }
    }
    if !audit.only_new {
        sections.extend(excepted(audit, most));
    }
    sections.extend(unknown(audit));
    sections.extend(passed(audit));
    sections.extend(off(audit));
    if !audit.notes.is_empty() {
        sections.push(Section {
            heading: "Notes".to_owned(),
            lines: audit.notes.clone(),
            ..Section::default()
        });
    }
    sections
}

/// What was found, in a sentence or two. It claims no more than was evaluated.
fn headline(audit: &Audit) -> String {
    let total = total(audit);
    if total > 0 {
        let severities = audit.by_severity().into_iter();
        let severities = severities.filter(|(_, number)| *number > 0);
        let severities: Vec<String> = severities
            .map(|(severity, number)| format!("{} {severity}", count(number)))
            .collect();
        let found = format!("{}: {}.", findings(audit, total), severities.join(", "));
        return if audit.only_new {
            found
        } else {
            format!("{found} Of all findings: {}.", states(sum(audit)))
        };
    }
    let found = if audit.only_new {
        "anything new"
    } else if sum(audit).of(State::Excepted) > 0 {
        "anything that is not excepted"
    } else {
        "anything"
    };
    match evaluated(audit) {
        0 => "No rule was evaluated: whether anything breaks one is not known.".to_owned(),
        1 => format!("The one rule that was evaluated did not find {found}."),
        some => format!(
            "None of the {} rules that were evaluated found {found}.",
            count(some)
        ),
    }
}

fn warnings(audit: &Audit) -> Vec<String> {
    let mut warnings = Vec::new();
    if audit.simulated {
        warnings.push(
            "SIMULATED ACCOUNT: the sandbox of clipcensus has answered, not Zoom. All clips are made up."
                .to_owned(),
        );
    }
    if audit.verdict != Verdict::Verified.name() {
        warnings.push(format!(
            "WARNING: the snapshot is {}: what breaks a rule among the clips that it lacks is not found, and \
             findings of theirs may look resolved.",
            audit.verdict
        ));
    }
    if let Some(verdict) = audit
        .since_verdict
        .filter(|it| *it != Verdict::Verified.name())
    {
        warnings.push(format!(
            "WARNING: the snapshot before is {verdict}: what it lacks looks new in this one."
        ));
    }
    let names: Vec<&str> = not_evaluated(audit)
        .map(|(rule, _)| rule.name.as_str())
        .collect();
    if !names.is_empty() {
        warnings.push(format!(
            "WARNING: not evaluated, and so not passed: {}.",
            names.join(", ")
        ));
    }
    warnings
}

/// What was audited, and how.
fn facts(audit: &Audit) -> Vec<String> {
    let mut lines = Vec::new();
    if audit.only_new {
        lines.push("Only new findings are shown.".to_owned());
    }
    lines.push(format!(
        "Snapshot of {}, {}, {}, in {}.",
        audit.snapshot_at,
        audit.verdict,
        things(audit.clips, "clip"),
        audit.out
    ));
    lines.push(format!(
        "Listed from {} to {}: changes in between may or may not be in it.",
        audit.listed.0, audit.listed.1
    ));
    lines.push(if audit.is_hashed {
        "The SHA-256 of every file that was read is the one of the manifest.".to_owned()
    } else {
        "Files were checked by their lengths, columns and rows; --verify compares their SHA-256."
            .to_owned()
    });
    lines.push(match &audit.since {
        Some(date) => format!("Compared with the snapshot of {date}."),
        None => "Compared with no earlier snapshot, so that every finding is new.".to_owned(),
    });
    lines.push(format!(
        "SHA-256 of its manifest: {}",
        audit.manifest_sha256
    ));
    lines.push(format!(
        "Audited at {} by clipcensus {}.",
        audit.audited_at, audit.tool_version
    ));
    lines
}

fn severities(audit: &Audit) -> Section {
    let row = |(severity, number): (Severity, u64)| {
        vec![Cell::text(severity.name()), Cell::count(number)]
    };
    let (heading, number) = if audit.only_new {
        ("New findings by severity", "New")
    } else {
        ("Open findings by severity", "Open")
    };
    list(
        heading,
        vec![column("Severity", Kind::Name), column(number, Kind::Number)],
        audit.by_severity().into_iter().map(row).collect(),
    )
}

/// The rules that found something, whatever became of it.
fn rules(audit: &Audit) -> Option<Section> {
    let states: &[State] = if audit.only_new {
        &[State::New]
    } else {
        &State::ALL
    };
    let found = each_evaluated(audit)
        .filter(|(_, counts, _)| states.iter().any(|state| counts.of(*state) > 0));
    let row = |(rule, counts, _): (&Rule, Counts, &[Finding])| {
        let mut cells = vec![Cell::text(rule.severity.name()), Cell::text(&rule.name)];
        cells.extend(states.iter().map(|state| Cell::count(counts.of(*state))));
        cells
    };
    let rows: Vec<Vec<Cell>> = found.map(row).collect();
    if rows.is_empty() {
        return None;
    }
    let mut columns = vec![column("Severity", Kind::Text), column("Rule", Kind::Name)];
    let numbers = states
        .iter()
        .map(|state| column(heading(*state), Kind::Number));
    columns.extend(numbers);
    if audit.only_new {
        return Some(list("Rules that found something new", columns, rows));
    }
    let mut section = list("Rules that found something", columns, rows);
    section.notes.push(
        "New: not known from the snapshot before. Persisting: there too. Resolved: there, and no longer in this \
         one. Excepted: in this one, and somebody has said why and until when that is right. New and \
         persisting findings are open."
            .to_owned(),
    );
    Some(section)
}

const fn heading(state: State) -> &'static str {
    match state {
        State::New => "New",
        State::Persisting => "Persisting",
        State::Resolved => "Resolved",
        State::Excepted => "Excepted",
    }
}

/// A rule, with the first of its findings that count.
fn rule_findings(
    audit: &Audit,
    rule: &Rule,
    counts: Counts,
    shown: &[Finding],
    most: usize,
) -> Section {
    let mut lines = vec![format!(
        "{}, {}.",
        rule.severity,
        findings(audit, audit.counted(counts))
    )];
    if !rule.why.is_empty() {
        lines.push(format!("Why: {}", rule.why));
    }
    lines.push(format!("What to do: {}", rule.fix));
    if !rule.refs.is_empty() {
        lines.push(format!("Bears on: {}", rule.refs.join(", ")));
    }
    let (first, more) = first(audit, counts, shown, most);
    Section {
        heading: format!("{}: {}", rule.name, rule.title),
        lines,
        table: (!first.is_empty()).then(|| table(&first)),
        notes: more.into_iter().collect(),
    }
}

fn table(findings: &[&Finding]) -> Table {
    let has_links = findings.iter().any(|it| it.share_link.is_some());
    let mut columns = vec![
        column("Finding", Kind::Name),
        column("Detail", Kind::Detail),
        column("Owner", Kind::Detail),
        column("Id", Kind::Detail),
        column("State", Kind::Text),
    ];
    if has_links {
        columns.push(column("Share link", Kind::Detail));
    }
    let row = |finding: &&Finding| {
        let named = Named::of(finding);
        let mut cells = vec![
            Cell::text(named.name),
            Cell::text(finding.detail.as_deref().unwrap_or_default()),
            Cell::text(named.owner.unwrap_or_default()),
            Cell::text(named.id.unwrap_or_default()),
            Cell::text(finding.state.name()),
        ];
        if has_links {
            cells.push(Cell::text(
                finding.share_link.as_deref().unwrap_or_default(),
            ));
        }
        cells
    };
    Table {
        columns,
        rows: findings.iter().map(row).collect(),
    }
}

/// What is excepted, why and until when.
fn excepted(audit: &Audit, most: usize) -> Option<Section> {
    let all = each_evaluated(audit).flat_map(|(_, _, shown)| shown);
    let mut all = all.filter_map(|it| Some((it, it.exception.as_deref()?)));
    let row = |(finding, exception): (&Finding, &Exception)| {
        vec![
            Cell::text(Named::of(finding).name),
            Cell::text(&finding.rule.name),
            Cell::text(&exception.reason),
            Cell::text(exception.until.to_string()),
        ]
    };
    let rows: Vec<Vec<Cell>> = all.by_ref().take(most).map(row).collect();
    if rows.is_empty() {
        return None;
    }
    let columns = vec![
        column("Excepted", Kind::Name),
        column("Rule", Kind::Detail),
        column("Reason", Kind::Detail),
        column("Until", Kind::Text),
    ];
    let mut section = list("Excepted findings", columns, rows);
    if all.next().is_some() {
        section
            .notes
            .push("and more: --format csv and --format json name all of them".to_owned());
    }
    Some(section)
}

/// The rules that could not be evaluated, and why.
fn unknown(audit: &Audit) -> Option<Section> {
    let lines =
        not_evaluated(audit).map(|(rule, why)| format!("{} ({}): {why}", rule.name, rule.severity));
    let lines: Vec<String> = lines.collect();
    (!lines.is_empty()).then(|| Section {
        heading: "Not evaluated, and so not passed".to_owned(),
        lines,
        ..Section::default()
    })
}

/// The rules that nobody asked for, and how to.
fn off(audit: &Audit) -> Option<Section> {
    let lines = audit
        .results
        .iter()
        .filter_map(|result| match &result.outcome {
            Outcome::Off(why) => Some(format!("{}: {why}", result.rule.name)),
            Outcome::Evaluated { .. } | Outcome::NotEvaluated(_) => None,
        });
    let lines: Vec<String> = lines.collect();
    (!lines.is_empty()).then(|| Section {
        heading: "Not asked for".to_owned(),
        lines,
        ..Section::default()
    })
}

/// The rules that were evaluated and have no open findings, in a line.
fn passed(audit: &Audit) -> Option<Section> {
    let passed = each_evaluated(audit).filter(|(_, counts, _)| audit.counted(*counts) == 0);
    let names: Vec<&str> = passed.map(|(rule, ..)| rule.name.as_str()).collect();
    (!names.is_empty()).then(|| Section {
        heading: format!(
            "{} evaluated without {} findings",
            things(names.len() as u64, "rule"),
            kind(audit)
        ),
        lines: vec![names.join(", ")],
        ..Section::default()
    })
}

fn each_evaluated(audit: &Audit) -> impl Iterator<Item = (&Rule, Counts, &[Finding])> {
    audit
        .results
        .iter()
        .filter_map(|result| match &result.outcome {
            Outcome::Evaluated { counts, shown } => {
                Some((&*result.rule, *counts, shown.as_slice()))
            }
            Outcome::NotEvaluated(_) | Outcome::Off(_) => None,
        })
}

fn not_evaluated(audit: &Audit) -> impl Iterator<Item = (&Rule, &str)> {
    audit
        .results
        .iter()
        .filter_map(|result| match &result.outcome {
            Outcome::Evaluated { .. } | Outcome::Off(_) => None,
            Outcome::NotEvaluated(why) => Some((&*result.rule, why.as_str())),
        })
}

fn evaluated(audit: &Audit) -> u64 {
    each_evaluated(audit).count() as u64
}

/// Findings of all rules that count.
fn total(audit: &Audit) -> u64 {
    audit.by_severity().iter().map(|(_, number)| number).sum()
}

/// Findings of all rules by state.
fn sum(audit: &Audit) -> Counts {
    let mut sum = Counts::default();
    for (_, counts, _) in each_evaluated(audit) {
        for state in State::ALL {
            sum.0[state as usize] += counts.of(state);
        }
    }
    sum
}
