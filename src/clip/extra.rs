//! What has no column: a JSON object that keeps it as it was sent, without its secrets.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap};

use memchr::memchr2_iter;
use serde_json::value::RawValue;

use crate::clip::row::SecretPolicy;
use crate::redact::redact_member;
use crate::redact::surrogate::without_halves;

/// The levels of lists and objects that `extra` has at most: many readers of JSON give up at some
/// hundreds. What goes deeper stands there as text.
const MOST_LEVELS: usize = 64;

/// Collects members, ordered by name so that the same record always gives the same text.
pub(super) struct Extra {
    secrets: SecretPolicy,
    /// The levels that a member may have.
    levels: usize,
    members: BTreeMap<String, String>,
    /// The last number given to a name that was taken.
    copies: HashMap<String, u64>,
}

impl Extra {
    pub(super) fn new(secrets: SecretPolicy) -> Self {
        Self {
            secrets,
            levels: MOST_LEVELS - 1,
            members: BTreeMap::new(),
            copies: HashMap::new(),
        }
    }

    /// An empty one that will be a member of this one.
    pub(super) fn nested(&self) -> Self {
        Self {
            levels: self.levels - 1,
            ..Self::new(self.secrets)
        }
    }

    /// Keeps a value under its name.
    pub(super) fn add(&mut self, name: &str, raw: &RawValue) {
        match self.secrets {
            SecretPolicy::Keep => self.add_clean(name, without_halves(raw.get()).into_owned()),
            SecretPolicy::Cut => {
                let (name, json) = redact_member(name, raw.get());
                self.add_clean(&name, json);
            }
        }
    }

    /// Keeps a value that holds no secret. A name that is taken gets a number: `title`, `title#2`.
    pub(super) fn add_clean(&mut self, name: &str, json: String) {
        let json = if has_more_levels(&json, self.levels) {
            serde_json::Value::from(json).to_string()
        } else {
            json
        };
        let mut key = name.to_owned();
        loop {
            match self.members.entry(key) {
                Entry::Vacant(place) => {
                    place.insert(json);
                    return;
                }
                Entry::Occupied(_) => {
                    let copy = self.copies.entry(name.to_owned()).or_insert(1);
                    *copy += 1;
                    key = format!("{name}#{copy}");
                }
            }
        }
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

/// Whether lists and objects stand in each other to more than so many levels in valid JSON.
fn has_more_levels(json: &str, most: usize) -> bool {
    let bytes = json.as_bytes();
    // So few can be no more levels, also where all of them stand in strings.
    if memchr2_iter(b'[', b'{', bytes).nth(most).is_none() {
        return false;
    }
    let (mut level, mut is_text) = (0, false);
    let mut bytes = bytes.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => is_text = !is_text,
            // What it escapes is no quote that ends the string.
            b'\\' if is_text => drop(bytes.next()),
            b'[' | b'{' if !is_text => level += 1,
            b']' | b'}' if !is_text => level -= 1,
            _ => {}
        }
        if level > most {
            return true;
        }
    }
    false
}
