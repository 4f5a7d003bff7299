//! An object a line for each finding.

use std::io;
use std::io::Write;

use clipcensus::audit::{Severity, write_json_line};
use serde::Serialize;

use crate::finding::{Audit, Finding, State};

/// A line. Its keys, and their order, are promised.
#[derive(Serialize)]
struct Line<'a> {
    rule: &'a str,
    severity: Severity,
    state: State,
    account_id: Option<&'a str>,
    clip_id: Option<&'a str>,
    owner_id: Option<&'a str>,
    title: Option<&'a str>,
    detail: Option<&'a str>,
    fingerprint: String,
    owner: Option<&'a str>,
    snapshot_date: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    share_link: Option<&'a str>,
    exception: Option<Excepted<'a>>,
}

#[derive(Serialize)]
struct Excepted<'a> {
    reason: &'a str,
    until: String,
}

/// Writes the line of a finding.
///
/// # Errors
/// Those of `output`.
pub(crate) fn write(output: &mut dyn Write, _audit: &Audit, finding: &Finding) -> io::Result<()> {
    let subject = &finding.subject;
    let line = Line {
        rule: &finding.rule.name,
        severity: finding.rule.severity,
        state: finding.state,
        account_id: subject.account_id.as_deref(),
        clip_id: subject.clip_id.as_deref(),
        owner_id: subject.owner_id.as_deref(),
        title: finding.title.as_deref(),
        detail: finding.detail.as_deref(),
        fingerprint: finding.fingerprint.hex(),
        owner: finding.owner.as_deref(),
        snapshot_date: subject.snapshot_date.as_deref(),
        share_link: finding.share_link.as_deref(),
        exception: finding.exception.as_deref().map(|it| Excepted {
            reason: &it.reason,
            until: it.until.to_string(),
        }),
    };
    write_json_line(output, &line)
}
