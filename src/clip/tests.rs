//! What a record becomes, rule by rule, and what hostile records must not do.

use serde_json::value::RawValue;

use crate::clip::normalise::{Normalised, Reject};
use crate::clip::{Clip, SecretPolicy, normalise};

mod documented;
mod hostile;
mod properties;
mod rules;
mod secrets;

/// A record with the documented fields, as text, and `members` after them.
fn record(members: &str) -> Box<RawValue> {
    let comma = if members.is_empty() { "" } else { "," };
    raw(&format!(r#"{{"clip_id":"c1"{comma}{members}}}"#))
}

fn raw(json: &str) -> Box<RawValue> {
    RawValue::from_string(json.to_owned()).unwrap()
}

fn normalised(record: &RawValue, secrets: SecretPolicy) -> Normalised<'_> {
    normalise(record, secrets).unwrap()
}

/// What a record with these members becomes, secrets cut, handed to `check`.
fn row(members: &str, check: impl FnOnce(&Clip<'_>, &[&str])) {
    let record = record(members);
    let row = normalised(&record, SecretPolicy::Cut);
    check(&row.clip, &row.repairs);
}

/// Asserts that a value fits no column: null there, raw in `extra`, one repair.
fn assert_repaired(name: &'static str, value: &str) {
    row(&format!(r#""{name}":{value}"#), |clip, repairs| {
        assert_eq!(repairs, [name], "{name}: {value}");
        let extra = format!(r#"{{"{name}":{value}}}"#);
        let expected = Clip {
            clip_id: "c1".into(),
            extra: Some(extra),
            ..Clip::default()
        };
        assert_eq!(clip, &expected, "{name}: {value}");
    });
}

fn reject(json: &str) -> Option<Reject> {
    normalise(&raw(json), SecretPolicy::Cut).err()
}
