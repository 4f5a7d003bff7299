//! What holds for any record whatever.

use jiff::Timestamp;
use jiff::tz::Offset;
use proptest::collection::vec;
use proptest::prelude::{Just, ProptestConfig, Strategy, any};
use proptest::sample::select;
use proptest::strategy::BoxedStrategy;
use proptest::{prop_assert, prop_assert_eq, prop_oneof, proptest};
use serde_json::value::RawValue;

use crate::clip::instant::{Instant, instant};
use crate::clip::reconstruct::{Expected, leftovers, matches, members_of};
use crate::clip::tests::raw;
use crate::clip::{SecretPolicy, normalise};
use crate::model::Micros;
use crate::redact::redact_json;

/// Names as they stand in JSON between their quotes.
const NAMES: [&str; 19] = [
    "clip_id",
    "created_date",
    "description",
    "duration",
    "file_size",
    "modified_date",
    "owner_id",
    "share_link",
    "share_link_settings",
    "share_link_settings",
    "status",
    "tags",
    "tags",
    "thumbnail_link",
    "t\\u0069tle",
    "share_scope",
    "enable_passcode",
    "passcode",
    "name",
];

/// Names of which some could be others that were sent again.
const COPIES: [&str; 6] = ["x", "x#", "x#1", "x#2", "x#2#2", "x#3"];

const ODD_NAMES: [&str; 5] = ["", "\\ud83d", "\\\"", "\\ud83d\\ude00", "jwt"];

const SCALARS: [&str; 29] = [
    "null",
    "true",
    "false",
    "0",
    "-0",
    "6000",
    "1e400",
    "-1",
    "0.1",
    "9007199254740993",
    "9223372036854775808",
    "1e3",
    "0.30000000000000000001",
    "\"\"",
    "\"NaN\"",
    "\"12.5\"",
    "\"\\ud83d\"",
    "\"\\ud83d\\ude00\"",
    "\"SAME_ORGANIZATON\"",
    "\"PRIVATE\"",
    "\"2024-10-11T01:51:50.631+00:00\"",
    "\"2024-10-11T01:51:50.6310001Z\"",
    "\"2024-10-11T01:51:50.6310000000001Z\"",
    "\"2016-12-31T23:59:60Z\"",
    "\"2024-10-11\"",
    "\"https://h/f?a=1&jwt=x&b=%6a\"",
    "\"{\\\"passcode\\\":1}\"",
    "\"a\\u0000\\n\"",
    "\"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln\"",
];

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => select(&NAMES[..]).prop_map(str::to_owned),
        1 => select(&ODD_NAMES[..]).prop_map(str::to_owned),
        2 => "[a-c_]{0,3}",
        1 => any::<String>().prop_map(|name| {
            let mut quoted = serde_json::Value::from(name).to_string();
            quoted.pop();
            quoted.split_off(1)
        }),
    ]
    .prop_map(|name| format!("\"{name}\""))
}

fn object(members: &[(String, String)]) -> String {
    let members: Vec<String> = members
        .iter()
        .map(|(name, value)| format!("{name}: {value}"))
        .collect();
    format!("{{{}}}", members.join(" ,"))
}

/// Any JSON, as text.
fn value() -> BoxedStrategy<String> {
    let scalar = prop_oneof![
        4 => select(&SCALARS[..]).prop_map(str::to_owned),
        1 => any::<i64>().prop_map(|number| number.to_string()),
        1 => any::<f64>()
            .prop_filter("JSON has no such number", |number| number.is_finite())
            .prop_map(|number| format!("{number:e}")),
        1 => any::<String>().prop_map(|text| serde_json::Value::from(text).to_string()),
    ];
    scalar
        .prop_recursive(4, 40, 5, |inner| {
            prop_oneof![
                vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(", "))),
                vec((name(), inner.clone()), 0..5).prop_map(|members| object(&members)),
                inner.prop_map(|json| serde_json::Value::from(json).to_string()),
            ]
        })
        .boxed()
}

/// The members of a clip: any at all, and a usable id after them.
fn clip_members() -> impl Strategy<Value = Vec<(String, String)>> {
    let id = (Just("\"clip_id\"".to_owned()), Just("\"c1\"".to_owned()));
    (vec((name(), value()), 0..16), id).prop_map(|(mut members, id)| {
        members.push(id);
        members
    })
}

/// A name in some spelling that `names_a_secret` has to see through.
fn secret_name() -> impl Strategy<Value = String> {
    let names = [
        "passcode",
        "Passcode",
        "PASSCODE",
        "pass_code",
        "pass-code",
        "password",
        "jwt",
        "JWT",
        "access_token",
        "clientSecret",
        "pwd",
        "X-Amz-Signature",
        "old passcode 2",
    ];
    (select(names.to_vec()), any::<u64>()).prop_map(|(name, escaped)| {
        let letters = name.chars().enumerate();
        letters
            .map(|(index, letter)| match escaped >> index & 1 {
                1 => format!("\\u{:04x}", u32::from(letter)),
                _ => letter.to_string(),
            })
            .collect()
    })
}

/// JSON that holds `secret` under a secret's name or in a signed link, at some depth.
fn planted(secret: &str) -> impl Strategy<Value = String> + use<> {
    let quoted = format!("\"{secret}\"");
    let link = format!("\"https://h/f?a=1&jWt={secret}&b\"");
    let encoded = format!("\"https://h/f?a=1&j%57%54={secret}#b\"");
    let under_name = (secret_name(), 0..3_u8).prop_map(move |(name, shape)| match shape {
        0 => format!(r#"{{"{name}":{quoted}}}"#),
        1 => format!(r#"{{"a":1,"{name}" : [7,{quoted}]}}"#),
        _ => format!(r#"{{"{name}":{{"b":{{"c":{quoted}}}}},"d":2}}"#),
    });
    let core = prop_oneof![3 => under_name, 1 => Just(link), 1 => Just(encoded)];
    (core, vec((name(), 0..4_u8), 0..6)).prop_map(|(mut json, wraps)| {
        for (name, kind) in wraps {
            json = match kind {
                0 => format!("[0, {json}]"),
                1 => format!(r#"{{"x":"\"\\",{name} :{json}}}"#),
                2 => format!(r#"[{{"name":"n"}},{{{name}:{json},{name}:1}}]"#),
                _ => serde_json::Value::from(json).to_string(),
            };
        }
        json
    })
}

/// Whether `clean` is `json` with some values cut.
fn is_cut_of(clean: &RawValue, json: &RawValue) -> bool {
    if clean.get() == "\"***\"" {
        return true;
    }
    match json.get().as_bytes().first() {
        Some(b'{') => {
            let (clean, json) = (members_of(clean.get()), members_of(json.get()));
            clean.len() == json.len()
                && clean
                    .iter()
                    .zip(&json)
                    .all(|((_, clean), (_, json))| is_cut_of(&raw(clean), &raw(json)))
        }
        Some(b'[') => {
            let clean: Vec<&RawValue> = serde_json::from_str(clean.get()).unwrap();
            let json: Vec<&RawValue> = serde_json::from_str(json.get()).unwrap();
            clean.len() == json.len() && clean.iter().zip(&json).all(|(a, b)| is_cut_of(a, b))
        }
        Some(b'"') => serde_json::from_str::<String>(clean.get()).is_ok(),
        _ => clean.get() == json.get(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 400,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn any_json_is_a_clip_or_a_reject(json in value()) {
        let record = raw(&json);
        for secrets in [SecretPolicy::Cut, SecretPolicy::Keep] {
            if let Ok(row) = normalise(&record, secrets) {
                prop_assert!(!row.clip.clip_id.is_empty());
                if let Some(extra) = row.clip.extra {
                    prop_assert!(RawValue::from_string(extra).is_ok());
                }
            }
        }
    }

    #[test]
    fn every_member_is_in_its_column_or_in_extra_and_nothing_else_is(members in clip_members()) {
        let record = raw(&object(&members));
        let row = normalise(&record, SecretPolicy::Keep).unwrap();
        let mut repairs = Vec::new();
        let expected = leftovers(&members_of(record.get()), &row.clip, &mut repairs);
        let extra = members_of(row.clip.extra.as_deref().unwrap_or("{}"));
        prop_assert!(matches(&expected, &extra), "{:?}\n{:?}", expected, extra);
        let mut counted = row.repairs;
        counted.sort_unstable();
        repairs.sort_unstable();
        prop_assert_eq!(counted, repairs);
    }

    #[test]
    fn names_that_look_like_copies_of_others_are_all_kept(
        members in vec((select(COPIES.to_vec()), select(vec!["0", "1"])), 0..8)
    ) {
        let members = members.iter().map(|(name, value)| format!(",{name:?}:{value}"));
        let record = raw(&format!(r#"{{"clip_id":"a"{}}}"#, members.collect::<String>()));
        let extra = normalise(&record, SecretPolicy::Keep).unwrap().clip.extra;
        let extra = members_of(extra.as_deref().unwrap_or("{}"));
        let sent = members_of(record.get());
        let expected: Vec<(String, Expected)> = sent
            .into_iter()
            .filter(|(name, _)| name != "clip_id")
            .map(|(name, json)| (name, Expected::Verbatim(json)))
            .collect();
        prop_assert!(matches(&expected, &extra), "{:?}\n{:?}", expected, extra);
        for at in 0..extra.len() {
            let mut lost = extra.clone();
            lost.remove(at);
            prop_assert!(!matches(&expected, &lost), "{:?}", extra);
        }
    }

    #[test]
    fn the_columns_of_the_numbers_and_dates_do_not_depend_on_the_policy(members in clip_members()) {
        let record = raw(&object(&members));
        let cut = normalise(&record, SecretPolicy::Cut).unwrap().clip;
        let kept = normalise(&record, SecretPolicy::Keep).unwrap().clip;
        prop_assert_eq!(cut.clip_id, kept.clip_id);
        prop_assert_eq!(cut.duration_seconds, kept.duration_seconds);
        prop_assert_eq!(cut.file_size_bytes, kept.file_size_bytes);
        prop_assert_eq!(cut.created_at, kept.created_at);
        prop_assert_eq!(cut.modified_at, kept.modified_at);
        prop_assert_eq!(cut.passcode_enabled, kept.passcode_enabled);
        prop_assert_eq!(cut.title.is_some(), kept.title.is_some());
        prop_assert_eq!(cut.tags.map(|t| t.len()), kept.tags.map(|t| t.len()));
        prop_assert_eq!(cut.passcode, None);
    }

    #[test]
    fn a_planted_secret_is_nowhere_unless_asked_for(
        (secret, json) in "[a-zA-Z0-9]{24}"
            .prop_flat_map(|secret| (planted(&secret), Just(secret)))
            .prop_map(|(json, secret)| (secret, json)),
        place in select(vec![
            "unknown", "tags", "share_link_settings", "thumbnail_link", "share_link", "duration",
            "created_date", "file_size",
        ]),
        mut members in clip_members(),
    ) {
        members.push((format!("\"{place}\""), json.clone()));
        let record = raw(&object(&members));
        let cut = normalise(&record, SecretPolicy::Cut).unwrap();
        let shown = format!("{cut:?}");
        prop_assert!(!shown.contains(&secret), "{}", shown);
        prop_assert!(!redact_json(record.get()).contains(&secret));
        let kept = normalise(&record, SecretPolicy::Keep).unwrap();
        let shown = format!("{kept:?}");
        prop_assert!(shown.contains(&secret), "{}", shown);
    }

    #[test]
    fn scrubbed_json_has_the_shape_it_had(json in value()) {
        let clean = RawValue::from_string(redact_json(&json)).unwrap();
        prop_assert!(is_cut_of(&clean, &raw(&json)), "{}", clean);
        prop_assert_eq!(redact_json(clean.get()), clean.get());
    }

    #[test]
    fn json_without_secrets_is_not_touched(json in value()) {
        let lower = json.to_lowercase();
        let plain = ["\\", "%", "=", "eyj", "pass", "jwt"];
        if !plain.iter().any(|part| lower.contains(part)) {
            prop_assert_eq!(redact_json(&json), json);
        }
    }

    #[test]
    fn an_instant_survives_being_printed_at_any_offset(
        nanos in -2_300_000_000_000_000_000_i128..=9_300_000_000_000_000_000,
        minutes in -1439..=1439_i32,
        step in select(vec![1, 1_000, 1_000_000, 1_000_000_000]),
    ) {
        let nanos = nanos.div_euclid(step) * step;
        let Ok(printed) = Timestamp::from_nanosecond(nanos) else { return Ok(()) };
        let offset = Offset::from_seconds(minutes * 60).unwrap();
        let text = printed.display_with_offset(offset).to_string();
        let micros = i64::try_from(nanos.div_euclid(1_000)).unwrap();
        let is_cut = nanos.rem_euclid(1_000) != 0;
        let is_usable = (-2_208_988_800_000_000..9_223_286_400_000_000).contains(&micros);
        let expected = is_usable.then_some(Instant { micros: Micros(micros), is_cut });
        prop_assert_eq!(instant(&text), expected, "{}", text);
    }
}
