//! OCSF events against the schema of their version.

use clipcensus::audit::Severity;
use jsonschema::Validator;
use serde_json::{Value, json};

use super::made_up::{
    LINK, about, account, audit, clip, excepted, findings, linked, mixed, owner, rule, snapshot,
};
use crate::finding::{Audit, Finding, State};
use crate::output::ocsf;
use crate::subject::Subject;

const SCHEMA: &str = include_str!("../../../tests/ocsf/compliance_finding.schema.json");

fn validator() -> Validator {
    jsonschema::validator_for(&serde_json::from_str(SCHEMA).unwrap()).unwrap()
}

fn event(audit: &Audit, finding: &Finding) -> Value {
    let mut output = Vec::new();
    ocsf::write(&mut output, audit, finding).unwrap();
    serde_json::from_slice(&output).unwrap()
}

/// A finding of each state about each kind of subject, with and without names and links.
fn all() -> Vec<Finding> {
    let mut all = Vec::new();
    for severity in Severity::ALL {
        let rule = rule("a-rule", severity, "A rule");
        for state in State::ALL {
            all.push(clip(&rule, state, 1, Some("Town hall")));
            all.push(linked(clip(&rule, state, 2, None)));
            for subject in [owner(), snapshot(), account(), Subject::default()] {
                all.push(about(&rule, state, subject));
            }
        }
        all.push(excepted(clip(&rule, State::New, 3, None)));
    }
    all
}

#[test]
fn every_event_fits_the_published_schema() {
    let validator = validator();
    let mixed = mixed();
    let first = Audit {
        since: None,
        ..audit(Vec::new())
    };
    let all = all();
    for audit in [&mixed, &first] {
        for finding in all.iter().chain(findings(&mixed)) {
            let event = event(audit, finding);
            let errors: Vec<String> = validator
                .iter_errors(&event)
                .map(|it| it.to_string())
                .collect();
            assert_eq!(errors, [""; 0], "{event:#}");
        }
    }
}

#[test]
fn an_event_that_lacks_or_has_what_it_should_not_fails_the_schema() {
    let validator = validator();
    let open = rule("open-without-passcode", Severity::High, "Open clips");
    let good = event(&audit(Vec::new()), &clip(&open, State::New, 1, None));
    assert!(validator.is_valid(&good));
    let required = [
        "/activity_id",
        "/category_uid",
        "/class_uid",
        "/compliance",
        "/finding_info",
        "/finding_info/uid",
        "/metadata",
        "/metadata/product",
        "/metadata/version",
        "/remediation/desc",
        "/resources/0/uid",
        "/severity_id",
        "/time",
        "/type_uid",
    ];
    for path in required {
        let (parent, key) = path.rsplit_once('/').unwrap();
        let mut bad = good.clone();
        let parent = bad.pointer_mut(parent).unwrap().as_object_mut().unwrap();
        assert!(parent.remove(key).is_some(), "{path}");
        assert!(!validator.is_valid(&bad), "{path}");
    }
    for (path, value) in [
        ("/status_id", json!(2)),
        ("/status", json!("Persisting")),
        ("/severity_id", json!(7)),
        ("/time", json!("2026-11-23")),
        ("/type_uid", json!(200_302)),
        ("/compliance/status", json!("Pass")),
        ("/resources", json!({})),
        ("/metadata/product", json!("clipcensus")),
    ] {
        let mut bad = good.clone();
        *bad.pointer_mut(path).unwrap() = value;
        assert!(!validator.is_valid(&bad), "{path}");
    }
    let mut bad = good;
    bad["share_link"] = json!(LINK);
    assert!(!validator.is_valid(&bad));
}

#[test]
fn a_state_is_told_by_activity_status_and_compliance() {
    let open = rule("open-without-passcode", Severity::High, "Open clips");
    let bare = clip(&open, State::New, 1, None);
    let cases = [
        (
            State::New,
            "Create",
            "New",
            "Fail",
            "Not known from the snapshot of 2026-11-22.",
        ),
        (
            State::Persisting,
            "Update",
            "In Progress",
            "Fail",
            "There in the snapshot of 2026-11-22 too.",
        ),
        (
            State::Resolved,
            "Close",
            "Resolved",
            "Pass",
            "There in the snapshot of 2026-11-22, and no longer in this one.",
        ),
        (
            State::Excepted,
            "Update",
            "Suppressed",
            "Fail",
            "Excepted until 2027-03-31: =Published on purpose,\n\"by\" marketing",
        ),
    ];
    for (state, activity, status, compliance, detail) in cases {
        let finding = match state {
            State::Excepted => excepted(bare.clone()),
            state => Finding {
                state,
                ..bare.clone()
            },
        };
        let event = event(&audit(Vec::new()), &finding);
        assert_eq!(event["activity_name"], activity);
        assert_eq!(event["status"], status);
        assert_eq!(event["status_code"], state.name());
        assert_eq!(event["status_detail"], detail);
        assert_eq!(event["compliance"]["status"], compliance);
        // 2026-11-23T02:00:00Z
        let created = event["finding_info"]
            .get("created_time")
            .and_then(Value::as_i64);
        assert_eq!(created, (state == State::New).then_some(1_795_399_200_000));
    }
}

#[test]
fn an_event_says_when_of_what_and_by_whom() {
    let open = rule("open-without-passcode", Severity::High, "Open clips");
    let finding = linked(clip(&open, State::New, 1, Some("Town\u{1b}[2J hall")));
    let event = event(&mixed(), &finding);
    // 2026-11-23T06:30:00.25Z
    assert_eq!(event["time"], 1_795_415_400_250_u64);
    let hex = finding.fingerprint.hex();
    assert_eq!(event["finding_info"]["uid"], hex.as_str());
    assert_eq!(event["metadata"]["uid"], format!("{hex}-2026-11-23-new"));
    assert_eq!(event["metadata"]["labels"], json!(["simulated"]));
    assert_eq!(event["metadata"]["tenant_uid"], "acc-1");
    assert_eq!(
        event["message"],
        "Open clips: Town\\u{1b}[2J hall: open to anyone, watched 12 times"
    );
    assert_eq!(
        event["resources"],
        json!([{
            "type": "Zoom Clip",
            "uid": "clip-001",
            "name": "Town\u{1b}[2J hall",
            "owner": { "uid": "owner-1", "name": "Ada Lovelace" },
            "data": { "share_link": LINK },
        }])
    );
    assert_eq!(event["compliance"]["standards"], json!(["ISO 27001 A.8.3"]));
    assert_eq!(
        event["remediation"]["references"],
        json!(["https://example.com/why"])
    );
}

#[test]
fn a_share_link_is_in_an_event_only_if_it_is_in_the_finding() {
    let open = rule("open-without-passcode", Severity::High, "Open clips");
    let event = event(&mixed(), &clip(&open, State::New, 1, Some("Town hall")));
    assert_eq!(event["resources"][0].get("data"), None);
}

#[test]
fn an_audit_without_a_time_makes_no_event_of_another_time() {
    let open = rule("open-without-passcode", Severity::High, "Open clips");
    let audit = Audit {
        audited_at: "yesterday".to_owned(),
        ..audit(Vec::new())
    };
    let finding = clip(&open, State::New, 1, None);
    let error = ocsf::write(&mut Vec::new(), &audit, &finding).unwrap_err();
    assert!(error.to_string().contains("\"yesterday\""));
}
