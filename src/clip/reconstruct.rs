//! What of a record its columns do not hold, worked out apart from the code under test.

#![expect(
    clippy::unwrap_used,
    reason = "where something is not as it must be, that is what was looked for"
)]

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::clip::decimal::Decimal;
use crate::clip::row::Clip;
use crate::redact::surrogate::without_halves;

/// What a member of `extra` must hold.
#[derive(Debug)]
pub(crate) enum Expected {
    Verbatim(String),
    Members(Vec<(String, Expected)>),
}

struct Members(Vec<(String, String)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Members;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some((name, value)) = map.next_entry::<String, &RawValue>()? {
                    members.push((name, value.get().to_owned()));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Reader)
    }
}

/// The members of an object with their names decoded, repeated ones too; none if it is no object.
pub(crate) fn members_of(json: &str) -> Vec<(String, String)> {
    // Outside of `extra`, half a surrogate pair shall read as it does there.
    serde_json::from_str(&without_halves(json)).map_or_else(|_| Vec::new(), |Members(all)| all)
}

/// How a column holds a value.
enum Held {
    /// All of it.
    Whole,
    /// Something of it: the raw value must be in `extra` too.
    Part,
    /// Nothing: it is a repair.
    Not,
}

/// The members that must be in `extra`, and the fields that must be counted as repairs.
pub(crate) fn leftovers(
    members: &[(String, String)],
    clip: &Clip<'_>,
    repairs: &mut Vec<&'static str>,
) -> Vec<(String, Expected)> {
    let mut left = Vec::new();
    for (index, (name, json)) in members.iter().enumerate() {
        let is_last = members
            .iter()
            .skip(index + 1)
            .all(|(other, _)| other != name);
        let verbatim = Expected::Verbatim(json.clone());
        let Some(field) = field(name) else {
            left.push((name.clone(), verbatim));
            continue;
        };
        if !is_last {
            repairs.push(field);
            left.push((name.clone(), verbatim));
        } else if field == "share_link_settings" && json.starts_with('{') {
            let nested = settings_leftovers(&members_of(json), clip, repairs);
            if !nested.is_empty() {
                left.push((name.clone(), Expected::Members(nested)));
            }
        } else {
            match held(field, json, clip) {
                Held::Whole => {}
                Held::Part => left.push((name.clone(), verbatim)),
                Held::Not => {
                    repairs.push(field);
                    left.push((name.clone(), verbatim));
                }
            }
        }
    }
    left
}

fn settings_leftovers(
    members: &[(String, String)],
    clip: &Clip<'_>,
    repairs: &mut Vec<&'static str>,
) -> Vec<(String, Expected)> {
    let mut left = Vec::new();
    for (index, (name, json)) in members.iter().enumerate() {
        let is_last = members
            .iter()
            .skip(index + 1)
            .all(|(other, _)| other != name);
        let known = ["share_scope", "enable_passcode", "passcode"];
        let field = known.into_iter().find(|known| known == name);
        match field {
            Some(_) if !is_last => repairs.push("share_link_settings"),
            Some(field) => match held(field, json, clip) {
                Held::Whole | Held::Part => continue,
                Held::Not => repairs.push(field),
            },
            None => {}
        }
        left.push((name.clone(), Expected::Verbatim(json.clone())));
    }
    left
}

fn field(name: &str) -> Option<&'static str> {
    const FIELDS: [&str; 13] = [
        "clip_id",
        "created_date",
        "description",
        "duration",
        "file_size",
        "modified_date",
        "owner_id",
        "share_link",
        "share_link_settings",
        "status",
        "tags",
        "thumbnail_link",
        "title",
    ];
    FIELDS.into_iter().find(|field| *field == name)
}

fn held(field: &str, json: &str, clip: &Clip<'_>) -> Held {
    let text = |column: &Option<Cow<'_, str>>| {
        let sent: Option<String> = serde_json::from_str(json).ok();
        whole_if(sent.is_some() && sent.as_deref() == column.as_deref())
    };
    if json == "null" {
        return Held::Whole;
    }
    match field {
        "clip_id" => text(&Some(clip.clip_id.clone())),
        "owner_id" => text(&clip.owner_id),
        "title" => text(&clip.title),
        "description" => text(&clip.description),
        "status" => text(&clip.status),
        "share_link" => text(&clip.share_link),
        "thumbnail_link" => text(&clip.thumbnail_link),
        "passcode" => text(&clip.passcode),
        "share_scope" if json == "\"SAME_ORGANIZATON\"" => {
            whole_if(clip.share_scope.as_deref() == Some("SAME_ORGANIZATION"))
        }
        "share_scope" => text(&clip.share_scope),
        "enable_passcode" => {
            let column = clip.passcode_enabled.map(|flag| flag.to_string());
            whole_if(column.as_deref() == Some(json))
        }
        "file_size" => {
            let column = clip.file_size_bytes.map(|bytes| bytes.to_string());
            whole_if(column.is_some_and(|bytes| same_number(&bytes, &spelled(json))))
        }
        "duration" => match clip.duration_seconds {
            None => Held::Not,
            Some(seconds) if same_number(&format!("{seconds:e}"), &spelled(json)) => Held::Whole,
            Some(seconds) => {
                let sent: f64 = spelled(json).parse().unwrap();
                assert!((sent - seconds).abs() <= 0.0);
                Held::Part
            }
        },
        "created_date" => held_date(json, clip.created_at.map(|at| at.0)),
        "modified_date" => held_date(json, clip.modified_at.map(|at| at.0)),
        "tags" => held_tags(json, clip),
        _ => Held::Not,
    }
}

/// A number as it is spelled, in quotes or without.
fn spelled(json: &str) -> String {
    serde_json::from_str(json).unwrap_or_else(|_| json.to_owned())
}

fn whole_if(is_whole: bool) -> Held {
    if is_whole { Held::Whole } else { Held::Not }
}

fn same_number(one: &str, other: &str) -> bool {
    let one = Decimal::parse(one);
    one.is_some() && one == Decimal::parse(other)
}

fn held_date(json: &str, column: Option<i64>) -> Held {
    let Some(micros) = column else {
        return Held::Not;
    };
    let text: String = serde_json::from_str(json).unwrap();
    let sent: Option<Timestamp> = text.parse().ok();
    let is_exact = sent.is_some_and(|sent| sent.as_nanosecond() == i128::from(micros) * 1_000);
    if is_exact && !text.contains(":60") {
        Held::Whole
    } else {
        Held::Part
    }
}

fn held_tags(json: &str, clip: &Clip<'_>) -> Held {
    let Some(column) = &clip.tags else {
        return Held::Not;
    };
    let items: Vec<&RawValue> = serde_json::from_str(json).unwrap();
    assert_eq!(items.len(), column.len());
    let mut is_whole = true;
    for (item, tag) in items.iter().zip(column) {
        let members = members_of(item.get());
        let first = members.iter().find(|(name, _)| name == "name");
        let name = first.map_or(item.get(), |(_, name)| name.as_str());
        assert_eq!(&serde_json::from_str::<String>(name).unwrap(), tag);
        is_whole &= members.len() <= 1;
    }
    if is_whole { Held::Whole } else { Held::Part }
}

/// Whether `extra` holds what is expected and nothing else. A repeated name has a number there, and
/// what would make it deeper than 64 levels stands there as text.
pub(crate) fn matches(expected: &[(String, Expected)], extra: &[(String, String)]) -> bool {
    matches_within(63, expected, extra)
}

fn matches_within(
    most_levels: usize,
    expected: &[(String, Expected)],
    extra: &[(String, String)],
) -> bool {
    let as_kept = |sent: &String| {
        if levels(sent) > most_levels {
            serde_json::Value::from(sent.as_str()).to_string()
        } else {
            sent.clone()
        }
    };
    let fits = |name: &str, value: &Expected, key: &str, json: &String| {
        (key == name || is_copy(key, name))
            && match value {
                Expected::Verbatim(sent) => as_kept(sent) == *json,
                Expected::Members(nested) => {
                    matches_within(most_levels - 1, nested, &members_of(json))
                }
            }
    };
    let places: Vec<Vec<usize>> = expected
        .iter()
        .map(|(name, value)| {
            let fitting = extra.iter().enumerate();
            let fitting = fitting.filter(|(_, (key, json))| fits(name, value, key, json));
            fitting.map(|(place, _)| place).collect()
        })
        .collect();
    expected.len() == extra.len() && each_has_its_own(&places)
}

/// Whether a key can be the name that something got whose own name was taken.
fn is_copy(key: &str, name: &str) -> bool {
    let number = key.strip_prefix(name).and_then(|it| it.strip_prefix('#'));
    number.is_some_and(|it| it.parse().is_ok_and(|copy: u64| copy > 1))
}

/// Whether each can have one of its places for itself. That a name such as `title#2` is sent makes a place
/// fit several, so the first that fits is not always the right one.
fn each_has_its_own(places: &[Vec<usize>]) -> bool {
    fn settle(
        one: usize,
        places: &[Vec<usize>],
        tried: &mut BTreeSet<usize>,
        taken: &mut BTreeMap<usize, usize>,
    ) -> bool {
        places.get(one).into_iter().flatten().any(|place| {
            if !tried.insert(*place) {
                return false;
            }
            let other = taken.get(place).copied();
            let is_free = other.is_none_or(|other| settle(other, places, tried, taken));
            if is_free {
                taken.insert(*place, one);
            }
            is_free
        })
    }
    let mut taken = BTreeMap::new();
    (0..places.len()).all(|one| settle(one, places, &mut BTreeSet::new(), &mut taken))
}

/// How many lists and objects stand in each other in a text of JSON.
fn levels(json: &str) -> usize {
    let json = json.replace("\\\\", "").replace("\\\"", "");
    let outside_of_strings = json.split('"').step_by(2).flat_map(str::chars);
    let depths = outside_of_strings.scan(0_usize, |depth, letter| {
        match letter {
            '[' | '{' => *depth += 1,
            ']' | '}' => *depth -= 1,
            _ => {}
        }
        Some(*depth)
    });
    depths.max().unwrap_or(0)
}
