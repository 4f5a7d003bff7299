//! What has no column: a JSON object that keeps it as it was sent, without its secrets.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use crate::clip::scrub::SecretPolicy;
use crate::clip::scrub::scrub;

/// Collects members, ordered by name so that the same record always gives the same text.
pub(super) struct Extra {
    secrets: SecretPolicy,
    members: BTreeMap<String, String>,
}

impl Extra {
    pub(super) fn new(secrets: SecretPolicy) -> Self {
        Self {
            secrets,
            members: BTreeMap::new(),
        }
    }

    /// Keeps a value under its name.
    pub(super) fn add(&mut self, name: &str, raw: &RawValue) {
        let json = match self.secrets {
            SecretPolicy::Keep => raw.get().to_owned(),
            SecretPolicy::Cut => scrub_member(name, raw.get()),
        };
        self.add_clean(name, json);
    }

    /// Keeps a value that holds no secret. A name that is taken gets a number: `title`, `title#2`.
    pub(super) fn add_clean(&mut self, name: &str, json: String) {
        let mut key = name.to_owned();
        let mut copy = 2;
        while self.members.contains_key(&key) {
            key = format!("{name}#{copy}");
            copy += 1;
        }
        self.members.insert(key, json);
    }

    /// The object as JSON, or `None` if it is empty.
    pub(super) fn into_json(self) -> Option<String> {
        if self.members.is_empty() {
            return None;
        }
        let mut json = String::from("{");
        for (index, (name, value)) in self.members.iter().enumerate() {
            if index > 0 {
                json.push(',');
            }
            json.push_str(&serde_json::Value::from(name.as_str()).to_string());
            json.push(':');
            json.push_str(value);
        }
        json.push('}');
        Some(json)
    }
}

/// A value alone does not tell that its name makes it a secret: look at both.
fn scrub_member(name: &str, json: &str) -> String {
    let name = serde_json::Value::from(name).to_string();
    let object = scrub(&format!("{{{name}:{json}}}"));
    object
        .strip_prefix(&format!("{{{name}:"))
        .and_then(|rest| rest.strip_suffix('}'))
        .map_or_else(|| String::from("null"), str::to_owned)
}
