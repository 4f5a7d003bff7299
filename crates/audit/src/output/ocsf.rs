//! A Compliance Finding of the Open Cybersecurity Schema Framework a line, for a SIEM.
//!
//! The fingerprint is the same in every audit (`finding_info.uid`), so that what a SIEM keeps of a finding is
//! brought up to date. The event's own id (`metadata.uid`) is the same whenever the same snapshot is audited.

use std::io;
use std::io::Write;

use clipcensus::audit::{Severity, visible, write_json_line};
use jiff::Timestamp;
use serde::Serialize;

use crate::finding::{Audit, Finding, State};
use crate::output::subject::Named;

/// The version of the schema.
const VERSION: &str = "1.8.0";

/// A number of the schema, and its name.
type Coded = (u32, &'static str);

const CATEGORY: Coded = (2, "Findings");
const CLASS: Coded = (2003, "Compliance Finding");

/// The kind of an analytic that is a rule.
const RULE: Coded = (1, "Rule");

#[derive(Serialize)]
struct Event<'a> {
    category_uid: u32,
    category_name: &'a str,
    class_uid: u32,
    class_name: &'a str,
    activity_id: u32,
    activity_name: &'a str,
    type_uid: u32,
    type_name: String,
    time: i64,
    severity_id: u32,
    severity: &'a str,
    status_id: u32,
    status: &'a str,
    status_code: &'a str,
    status_detail: String,
    message: String,
    metadata: Metadata<'a>,
    finding_info: FindingInfo<'a>,
    compliance: Compliance<'a>,
    resources: [Resource<'a>; 1],
    remediation: Remediation<'a>,
}

#[derive(Serialize)]
struct Metadata<'a> {
    version: &'a str,
    product: Product<'a>,
    uid: String,
    /// The same for all findings of a snapshot.
    correlation_uid: &'a str,
    original_time: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    tenant_uid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    labels: Option<[&'a str; 1]>,
}

#[derive(Serialize)]
struct Product<'a> {
    name: &'a str,
    vendor_name: &'a str,
    version: &'a str,
}

#[derive(Serialize)]
struct FindingInfo<'a> {
    uid: String,
    title: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    desc: Option<&'a str>,
    types: [&'a str; 1],
    analytic: Analytic<'a>,
    /// Only of a new finding: of others, no audit keeps it.
    #[serde(skip_serializing_if = "Option::is_none")]
    created_time: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_seen_time: Option<i64>,
}

#[derive(Serialize)]
struct Analytic<'a> {
    type_id: u32,
    r#type: &'a str,
    uid: &'a str,
    name: &'a str,
}

#[derive(Serialize)]
struct Compliance<'a> {
    control: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    desc: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    standards: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    requirements: Vec<&'a str>,
    status_id: u32,
    status: &'a str,
}

#[derive(Serialize)]
struct Resource<'a> {
    r#type: &'a str,
    uid: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<User<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Data<'a>>,
}

#[derive(Serialize)]
struct User<'a> {
    uid: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
}

#[derive(Serialize)]
struct Data<'a> {
    share_link: &'a str,
}

#[derive(Serialize)]
struct Remediation<'a> {
    desc: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    references: Vec<&'a str>,
}

/// Writes the event of a finding.
///
/// # Errors
/// Those of `output`; and when a time of the audit is none.
pub(crate) fn write(output: &mut dyn Write, audit: &Audit, finding: &Finding) -> io::Result<()> {
    write_json_line(output, &event(audit, finding)?)
}

fn event<'a>(audit: &'a Audit, finding: &'a Finding) -> io::Result<Event<'a>> {
    let rule = &*finding.rule;
    let state = finding.state;
    let (activity_id, activity_name) = activity(state);
    let (severity_id, severity) = severity(rule.severity);
    let (status_id, status) = status(state);
    Ok(Event {
        category_uid: CATEGORY.0,
        category_name: CATEGORY.1,
        class_uid: CLASS.0,
        class_name: CLASS.1,
        activity_id,
        activity_name,
        type_uid: CLASS.0 * 100 + activity_id,
        type_name: format!("{}: {activity_name}", CLASS.1),
        time: milliseconds(&audit.audited_at)?,
        severity_id,
        severity,
        status_id,
        status,
        status_code: state.name(),
        status_detail: status_detail(audit, finding),
        message: message(finding),
        metadata: Metadata {
            version: VERSION,
            product: Product {
                name: "clipcensus",
                vendor_name: "clipcensus",
                version: &audit.tool_version,
            },
            uid: format!(
                "{}-{}-{}",
                finding.fingerprint.hex(),
                audit.snapshot_date,
                state.name()
            ),
            correlation_uid: &audit.manifest_sha256,
            original_time: &audit.snapshot_at,
            tenant_uid: finding.subject.account_id.as_deref(),
            labels: audit.simulated.then_some(["simulated"]),
        },
        finding_info: finding_info(finding, milliseconds(&audit.snapshot_at)?),
        compliance: compliance(finding),
        resources: [resource(audit, finding)],
        remediation: Remediation {
            desc: &rule.fix,
            references: rule
                .refs
                .iter()
                .map(String::as_str)
                .filter(|it| is_link(it))
                .collect(),
        },
    })
}

/// What is done to the finding by this event.
const fn activity(state: State) -> Coded {
    match state {
        State::New => (1, "Create"),
        State::Persisting | State::Excepted => (2, "Update"),
        State::Resolved => (3, "Close"),
    }
}

const fn severity(severity: Severity) -> Coded {
    match severity {
        Severity::Info => (1, "Informational"),
        Severity::Low => (2, "Low"),
        Severity::Medium => (3, "Medium"),
        Severity::High => (4, "High"),
        Severity::Critical => (5, "Critical"),
    }
}

/// Where the finding stands.
const fn status(state: State) -> Coded {
    match state {
        State::New => (1, "New"),
        State::Persisting => (2, "In Progress"),
        State::Excepted => (3, "Suppressed"),
        State::Resolved => (4, "Resolved"),
    }
}

/// Where it stands, and by what that is known.
fn status_detail(audit: &Audit, finding: &Finding) -> String {
    let before = match &audit.since {
        Some(date) => format!("the snapshot of {date}"),
        None => "an earlier snapshot".to_owned(),
    };
    match (finding.state, finding.exception.as_deref()) {
        (State::New, _) if audit.since.is_none() => "Compared with no earlier snapshot.".to_owned(),
        (State::New, _) => format!("Not known from {before}."),
        (State::Persisting, _) => format!("There in {before} too."),
        (State::Resolved, _) => format!("There in {before}, and no longer in this one."),
        (State::Excepted, Some(it)) => format!("Excepted until {}: {}", it.until, it.reason),
        (State::Excepted, None) => "Excepted.".to_owned(),
    }
}

/// The finding in a line, for people.
fn message(finding: &Finding) -> String {
    let named = Named::of(finding);
    let parts = [
        Some(finding.rule.title.as_str()),
        Some(&named.name),
        finding.detail.as_deref(),
    ];
    let parts: Vec<&str> = parts.into_iter().flatten().collect();
    visible(&parts.join(": ")).into_owned()
}

fn finding_info(finding: &Finding, snapshot_at: i64) -> FindingInfo<'_> {
    let rule = &*finding.rule;
    FindingInfo {
        uid: finding.fingerprint.hex(),
        title: &rule.title,
        desc: finding.detail.as_deref(),
        types: [&rule.name],
        analytic: Analytic {
            type_id: RULE.0,
            r#type: RULE.1,
            uid: &rule.name,
            name: &rule.title,
        },
        created_time: (finding.state == State::New).then_some(snapshot_at),
        last_seen_time: (finding.state != State::Resolved).then_some(snapshot_at),
    }
}

/// The rule as a control, and whether what was found still breaks it; an exception does not change that.
fn compliance(finding: &Finding) -> Compliance<'_> {
    let rule = &*finding.rule;
    let refs = rule.refs.iter().map(String::as_str);
    let standards: Vec<&str> = refs.filter(|it| !is_link(it)).collect();
    let (status_id, status) = match finding.state {
        State::New | State::Persisting | State::Excepted => (3, "Fail"),
        State::Resolved => (1, "Pass"),
    };
    Compliance {
        control: &rule.name,
        desc: &rule.why,
        // A reference names the standard and the place in it.
        requirements: standards.clone(),
        standards,
        status_id,
        status,
    }
}

/// What the finding is about.
fn resource<'a>(audit: &'a Audit, finding: &'a Finding) -> Resource<'a> {
    let subject = &finding.subject;
    let owner = finding.owner.as_deref();
    let bare = |r#type, uid| Resource {
        r#type,
        uid,
        name: None,
        owner: None,
        data: None,
    };
    match (
        &subject.clip_id,
        &subject.owner_id,
        &subject.snapshot_date,
        &subject.account_id,
    ) {
        (Some(clip), owner_id, _, _) => Resource {
            name: finding.title.as_deref(),
            owner: owner_id.as_deref().map(|uid| User { uid, name: owner }),
            data: finding
                .share_link
                .as_deref()
                .map(|share_link| Data { share_link }),
            ..bare("Zoom Clip", clip)
        },
        (None, Some(owner_id), _, _) => Resource {
            name: owner,
            ..bare("Zoom User", owner_id)
        },
        (None, None, Some(date), _) => bare("Snapshot of Zoom Clips", date),
        (None, None, None, Some(account)) => bare("Zoom Account", account),
        (None, None, None, None) => bare("Snapshot of Zoom Clips", &audit.snapshot_date),
    }
}

/// Whether a reference of a rule is an address, and not a place in a standard.
fn is_link(reference: &str) -> bool {
    reference.starts_with("https://") || reference.starts_with("http://")
}

/// Milliseconds since 1970 of an RFC 3339 time.
fn milliseconds(time: &str) -> io::Result<i64> {
    let time: Timestamp = time.parse().map_err(|_| {
        io::Error::other(format!("the audit's own time {time:?} is no RFC 3339 time"))
    })?;
    Ok(time.as_millisecond())
}
