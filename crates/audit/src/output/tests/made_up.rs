//! A made-up audit: every state and severity, every kind of subject, rules that could not be evaluated, and
//! titles that try to be something else.

use std::sync::Arc;

use clipcensus::audit::Severity;
use jiff::civil::date;

use crate::exception::{Exception, Excepts};
use crate::finding::{Audit, Counts, Finding, Outcome, Ruled, State};
use crate::parameter::Parameter;
use crate::rule::Rule;
use crate::subject::{Fingerprint, Subject};

/// What a title must never become: a formula, a control sequence, the end of a script, a line of its own, a
/// turn of the writing direction, markup, a character that XML forbids.
pub(super) const HOSTILE: [&str; 8] = [
    "=cmd|'/C calc'!A1",
    "\u{1b}]52;c;cm0gLXJm\u{7}\u{9b}2J\u{0}",
    "</script></textarea><img src=x onerror=alert(1)>",
    "quarterly\r\nerror: all rules passed\nall is well",
    "invoice\u{202e}fdp.exe",
    "]]><testcase name=\"forged\"/> & \u{ffff}\u{fffe}",
    "| [x](javascript:alert(1)) | `*` # ",
    "   ",
];

/// A share link, of a made-up clip.
pub(super) const LINK: &str = "https://zoom.us/clips/share/AbCdEf-0123456789_abcdefghij";

pub(super) fn rule(name: &str, severity: Severity, title: &str) -> Arc<Rule> {
    Arc::new(Rule {
        name: name.to_owned(),
        place: "built in".to_owned(),
        title: title.to_owned(),
        severity,
        why: format!("Nobody may notice that {name} is broken."),
        fix: "Ask the owner, and close what should not be open.".to_owned(),
        refs: vec![
            "ISO 27001 A.8.3".to_owned(),
            "https://example.com/why".to_owned(),
        ],
        parameters: vec![Parameter::parse("days integer(0..) 30 Days").unwrap()],
        finds_changes: false,
        sql: "SELECT * FROM clips".to_owned(),
        lines_before: 5,
    })
}

/// A finding about a clip.
pub(super) fn clip(rule: &Arc<Rule>, state: State, number: usize, title: Option<&str>) -> Finding {
    let subject = Subject {
        account_id: Some("acc-1".to_owned()),
        clip_id: Some(format!("clip-{number:03}")),
        owner_id: Some("owner-1".to_owned()),
        snapshot_date: None,
    };
    Finding {
        rule: Arc::clone(rule),
        state,
        fingerprint: Fingerprint::of(&rule.name, &subject),
        subject,
        title: title.map(str::to_owned),
        detail: Some("open to anyone, watched 12 times".to_owned()),
        owner: Some("Ada Lovelace".to_owned()),
        share_link: None,
        exception: None,
    }
}

/// A finding about something else.
pub(super) fn about(rule: &Arc<Rule>, state: State, subject: Subject) -> Finding {
    Finding {
        fingerprint: Fingerprint::of(&rule.name, &subject),
        owner: None,
        ..Finding {
            subject,
            ..clip(rule, state, 0, None)
        }
    }
}

pub(super) fn owner() -> Subject {
    Subject {
        account_id: Some("acc-1".to_owned()),
        owner_id: Some("owner-2".to_owned()),
        ..Subject::default()
    }
}

pub(super) fn snapshot() -> Subject {
    Subject {
        snapshot_date: Some("2026-11-23".to_owned()),
        ..Subject::default()
    }
}

pub(super) fn account() -> Subject {
    Subject {
        account_id: Some("acc-1".to_owned()),
        ..Subject::default()
    }
}

/// The same finding, excepted.
pub(super) fn excepted(mut finding: Finding) -> Finding {
    finding.state = State::Excepted;
    finding.exception = Some(Arc::new(Exception {
        rule: finding.rule.name.clone(),
        excepts: Excepts::Clip(finding.subject.clip_id.clone().unwrap_or_default()),
        reason: "=Published on purpose,\n\"by\" marketing".to_owned(),
        until: date(2027, 3, 31),
    }));
    finding
}

/// The same finding, with its share link.
pub(super) fn linked(mut finding: Finding) -> Finding {
    finding.share_link = Some(LINK.to_owned());
    finding
}

pub(super) fn evaluated(rule: &Arc<Rule>, counts: [u64; 4], shown: Vec<Finding>) -> Ruled {
    Ruled {
        rule: Arc::clone(rule),
        outcome: Outcome::Evaluated {
            counts: Counts(counts),
            shown,
        },
    }
}

pub(super) fn not_evaluated(rule: &Arc<Rule>, why: &str) -> Ruled {
    Ruled {
        rule: Arc::clone(rule),
        outcome: Outcome::NotEvaluated(why.to_owned()),
    }
}

/// An audit that came to this.
/// A rule that nobody asked for.
fn off(rule: &Arc<Rule>, why: &str) -> Ruled {
    Ruled {
        rule: Arc::clone(rule),
        outcome: Outcome::Off(why.to_owned()),
    }
}

pub(super) fn audit(results: Vec<Ruled>) -> Audit {
    Audit {
        out: "/data/census".to_owned(),
        snapshot_date: "2026-11-23".to_owned(),
        snapshot_at: "2026-11-23T02:00:00Z".to_owned(),
        verdict: "verified",
        manifest_sha256: "5e".repeat(32),
        simulated: false,
        clips: 12_345,
        is_hashed: false,
        listed: (
            "2026-11-23T00:00:10Z".to_owned(),
            "2026-11-23T00:12:00Z".to_owned(),
        ),
        since_verdict: Some("verified"),
        since_sha256: None,
        since: Some("2026-11-22".to_owned()),
        audited_at: "2026-11-23T06:30:00.25Z".to_owned(),
        tool_version: "0.1.0".to_owned(),
        results,
        notes: Vec::new(),
        only_new: false,
    }
}

/// All of it.
pub(super) fn mixed() -> Audit {
    let opened = rule(
        "newly-open",
        Severity::Critical,
        "Clips that anyone can watch since the last time",
    );
    let open = rule(
        "open-without-passcode",
        Severity::High,
        "Clips that anyone can watch without a passcode",
    );
    let quota = rule(
        "owner-over-quota",
        Severity::Medium,
        "Owners that store too much",
    );
    let old = rule("snapshot-old", Severity::Low, "A snapshot that is too old");
    let retention = rule(
        "over-retention",
        Severity::Medium,
        "Clips that are kept for too long",
    );
    let gone = rule(
        "owner-gone",
        Severity::High,
        "Clips of owners that have left",
    );
    let tag = rule("missing-tag", Severity::Low, "Clips without a tag");
    let stale = rule(
        "stale",
        Severity::Info,
        "Clips that were not changed for long",
    );
    let pattern = rule(
        "title-pattern",
        Severity::Info,
        "Titles that <look> \"odd & are",
    );
    let long = "a long title ".repeat(400);
    let titles = HOSTILE.into_iter().chain([long.as_str(), "週次報告の録画"]);
    let mut many: Vec<Finding> = titles
        .enumerate()
        .map(|(at, title)| clip(&open, State::New, at, Some(title)))
        .collect();
    many.extend((10..30).map(|at| clip(&open, State::Persisting, at, Some("Weekly review"))));
    many.push(clip(&open, State::Resolved, 30, Some("Not open any more")));
    many.push(excepted(clip(
        &open,
        State::New,
        31,
        Some("Open on purpose"),
    )));
    let mut nobody = clip(&opened, State::New, 40, None);
    nobody.subject.owner_id = None;
    nobody.owner = None;
    let mut notes = vec!["The exception of stale for owner-9 matched nothing.".to_owned()];
    notes.push("exceptions.toml: \"\u{1b}[2J\" ends on 2026-11-30.".to_owned());
    Audit {
        notes,
        simulated: true,
        ..audit(vec![
            evaluated(
                &opened,
                [2, 0, 0, 0],
                vec![clip(&opened, State::New, 1, Some("Town hall")), nobody],
            ),
            evaluated(&open, [10, 1_224, 7, 1], many),
            not_evaluated(
                &gone,
                "the snapshot has no owners; export with --resolve-owners",
            ),
            evaluated(
                &quota,
                [0, 2, 0, 0],
                vec![
                    about(&quota, State::Persisting, owner()),
                    about(&quota, State::Persisting, account()),
                ],
            ),
            evaluated(
                &retention,
                [0, 0, 2, 1],
                vec![
                    clip(&retention, State::Resolved, 50, Some("Deleted at last")),
                    excepted(clip(&retention, State::New, 51, Some("On hold"))),
                ],
            ),
            evaluated(
                &old,
                [0, 1, 0, 0],
                vec![about(&old, State::Persisting, snapshot())],
            ),
            off(
                &tag,
                "its parameter tag has no value; give it one with --set missing-tag.tag=TAG",
            ),
            evaluated(&stale, [0; 4], Vec::new()),
            evaluated(&pattern, [0; 4], Vec::new()),
        ])
    }
}

/// Every finding of an audit that is shown.
pub(super) fn findings(audit: &Audit) -> Vec<&Finding> {
    let shown = audit
        .results
        .iter()
        .filter_map(|result| match &result.outcome {
            Outcome::Evaluated { shown, .. } => Some(shown),
            Outcome::NotEvaluated(_) | Outcome::Off(_) => None,
        });
    shown.flatten().collect()
}
