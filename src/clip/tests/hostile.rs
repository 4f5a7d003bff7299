//! Dates at the edge, and records that are huge or deep.

use std::fmt::Write;

use crate::clip::instant::{Instant, instant};
use crate::clip::tests::{assert_repaired, row};
use crate::model::Micros;
use crate::redact::redact_json;

const DEPTH: usize = 10_000;
const MEBIBYTE: usize = 1 << 20;

#[test]
fn a_date_is_rfc_3339_at_any_offset() {
    for (text, micros) in [
        ("1970-01-01T00:00:00Z", 0),
        ("2024-10-11T01:51:50Z", 1_728_611_510_000_000),
        ("2024-10-11T01:51:50.631+00:00", 1_728_611_510_631_000),
        ("2024-10-11t01:51:50.631z", 1_728_611_510_631_000),
        ("2024-10-11 01:51:50Z", 1_728_611_510_000_000),
        ("2024-10-11T07:21:50.6+05:30", 1_728_611_510_600_000),
        ("2024-10-10T01:52:50-23:59", 1_728_611_510_000_000),
        ("2024-10-12T01:50:50+23:59", 1_728_611_510_000_000),
        ("2024-10-11T01:51:50-00:00", 1_728_611_510_000_000),
        ("2024-02-29T00:00:00Z", 1_709_164_800_000_000),
        ("1969-12-31T23:59:59.999999Z", -1),
        ("2024-10-11T01:51:50+0000", 1_728_611_510_000_000),
        ("2024-10-11T01:51:50.631+0000", 1_728_611_510_631_000),
        ("2024-10-11T07:21:50.6+0530", 1_728_611_510_600_000),
        ("2024-10-11T03:51:50.6310000+02", 1_728_611_510_631_000),
        ("1900-01-01T00:00:00Z", -2_208_988_800_000_000),
        ("2262-04-11T00:00:00Z", 9_223_286_400_000_000),
        ("2262-04-11T23:47:16.854775Z", i64::MAX / 1_000),
    ] {
        let is_cut = false;
        assert_eq!(
            instant(text),
            Some(Instant {
                micros: Micros(micros),
                is_cut
            }),
            "{text}"
        );
    }
}

#[test]
fn a_fraction_has_any_number_of_digits_and_finer_ones_than_micros_are_known_to_be_cut() {
    let digits = "123456789012";
    for count in 1..=12 {
        let fraction = digits.get(..count).unwrap();
        let kept: i64 = format!("{fraction:0<6}").get(..6).unwrap().parse().unwrap();
        let found = instant(&format!("1970-01-01T00:00:00.{fraction}Z"));
        let is_cut = count > 6;
        assert_eq!(
            found,
            Some(Instant {
                micros: Micros(kept),
                is_cut
            }),
            "{fraction}"
        );
    }
    let zeros = instant("1970-01-01T00:00:00.500000000000Z").unwrap();
    assert_eq!((zeros.micros, zeros.is_cut), (Micros(500_000), false));
    let before = instant("1969-12-31T23:59:59.9999999Z").unwrap();
    assert_eq!((before.micros, before.is_cut), (Micros(-1), true));
}

#[test]
fn a_date_finer_than_its_column_stays_in_extra_and_is_no_repair() {
    row(
        r#""created_date":"1970-01-01T00:00:01.0000009Z""#,
        |clip, repairs| {
            assert_eq!(clip.created_at, Some(Micros(1_000_000)));
            assert!(repairs.is_empty());
            let extra = r#"{"created_date":"1970-01-01T00:00:01.0000009Z"}"#;
            assert_eq!(clip.extra.as_deref(), Some(extra));
        },
    );
}

#[test]
fn a_leap_second_is_the_one_before_it_and_known_to_be_cut() {
    let leap = instant("2016-12-31T23:59:60Z").unwrap();
    assert_eq!(
        (leap.micros, leap.is_cut),
        (Micros(1_483_228_799_000_000), true)
    );
}

#[test]
fn any_other_date_is_a_repair() {
    for text in [
        "",
        " ",
        "2024",
        "2024-10-11",
        "2024-10-11T01:51:50",
        "2024-10-11T01:51Z",
        "20241011T015150Z",
        "20241011T0151500000Z",
        "2024-13-11T01:51:50Z",
        "2023-02-29T00:00:00Z",
        "2024-10-11T24:00:00Z",
        "2024-10-11T01:60:50Z",
        "2024-10-11T01:51:61Z",
        "2024-10-11T01:51:50.Z",
        "2024-10-11T01:51:50,5Z",
        "2024-10-11T01:51:50+24:00",
        "2024-10-11T01:51:50+2400",
        "2024-10-11T01:51:50+24",
        "2024-10-11T01:51:50+000",
        "2024-10-11T01:51:50+0060",
        "2024-10-11T01:51:50+00:60",
        "2024-10-11T01:51:50+00:00:30",
        "2024-10-11T01:51:50Z[UTC]",
        "2024-10-11T01:51:50Z ",
        " 2024-10-11T01:51:50Z",
        "+002024-10-11T01:51:50Z",
        "-000001-01-01T00:00:00Z",
        "0000-01-01T00:00:00Z",
        "1899-12-31T23:59:59.999999Z",
        "2262-04-11T23:47:16.854776Z",
        "2262-04-12T00:00:00Z",
        "10000-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
        "9999-12-31T23:59:59-23:59",
        "2024-10-11 01:51:50",
        "2024-10-11T01:51:50.631",
        "1728611510",
        "1728611510631",
        "Fri, 11 Oct 2024 01:51:50 GMT",
        "２０２４-10-11T01:51:50Z",
    ] {
        for name in ["created_date", "modified_date"] {
            assert_repaired(name, &serde_json::Value::from(text).to_string());
        }
    }
    for value in [
        "1728611510",
        "1728611510631",
        "1.728611510631e12",
        "true",
        "[]",
        "{}",
    ] {
        assert_repaired("created_date", value);
    }
}

/// So many lists in each other, or objects of one member.
fn nested(levels: usize) -> [String; 2] {
    [
        format!("{}{}", "[".repeat(levels), "]".repeat(levels)),
        format!("{}1{}", r#"{"a":"#.repeat(levels), "}".repeat(levels)),
    ]
}

fn quoted(json: &str) -> String {
    serde_json::Value::from(json).to_string()
}

#[test]
fn nesting_of_ten_thousand_levels_is_kept_as_text_and_not_followed() {
    let [lists, objects] = nested(DEPTH);
    for value in [&lists, &objects] {
        for name in [
            "tags",
            "share_link_settings",
            "title",
            "duration",
            "created_date",
        ] {
            if name == "share_link_settings" && value == &objects {
                continue;
            }
            row(&format!(r#""{name}":{value}"#), |clip, repairs| {
                assert_eq!(repairs, [name]);
                let extra = format!(r#"{{"{name}":{}}}"#, quoted(value));
                assert_eq!(clip.extra.as_ref(), Some(&extra));
            });
        }
        row(&format!(r#""unknown":{value}"#), |clip, repairs| {
            assert!(repairs.is_empty());
            let extra = format!(r#"{{"unknown":{}}}"#, quoted(value));
            assert_eq!(clip.extra.as_ref(), Some(&extra));
        });
    }
}

#[test]
fn extra_has_64_levels_at_most_and_what_goes_deeper_stands_in_it_as_text() {
    let levels = |json: &str| {
        let (mut level, mut most) = (0_usize, 0);
        for byte in json.bytes() {
            level = match byte {
                b'[' | b'{' => level + 1,
                b']' | b'}' => level - 1,
                _ => level,
            };
            most = most.max(level);
        }
        most
    };
    for (fit, deep) in nested(63).iter().zip(&nested(64)) {
        row(&format!(r#""unknown":{fit}"#), |clip, _| {
            let extra = clip.extra.as_deref().unwrap();
            assert_eq!(extra, format!(r#"{{"unknown":{fit}}}"#));
            assert_eq!(levels(extra), 64);
        });
        row(&format!(r#""unknown":{deep}"#), |clip, _| {
            let extra = format!(r#"{{"unknown":{}}}"#, quoted(deep));
            assert_eq!(clip.extra.as_ref(), Some(&extra));
        });
        // One level less fits below a member that has its own object.
        row(
            &format!(r#""share_link_settings":{{"colour":{fit}}}"#),
            |clip, _| {
                let nested = format!(r#"{{"colour":{}}}"#, quoted(fit));
                let extra = format!(r#"{{"share_link_settings":{nested}}}"#);
                assert_eq!(clip.extra.as_ref(), Some(&extra));
            },
        );
    }
}

#[test]
fn brackets_in_strings_are_no_levels() {
    let flat = quoted(&format!(r#"\"{}"#, "[{".repeat(100)));
    for value in [
        flat.clone(),
        format!("[{flat},{flat}]"),
        format!("{{{flat}:[]}}"),
    ] {
        row(&format!(r#""unknown":{value}"#), |clip, _| {
            let extra = format!(r#"{{"unknown":{value}}}"#);
            assert_eq!(clip.extra.as_ref(), Some(&extra));
        });
    }
}

#[test]
fn a_secret_in_what_is_too_deep_is_cut_before_it_becomes_text() {
    let [open, close] = ["[", "]"].map(|bracket| bracket.repeat(100));
    let unknown = format!(r#""unknown":{open}{{"passcode":"hush"}}{close}"#);
    row(&unknown, |clip, _| {
        let extra = clip.extra.as_deref().unwrap();
        assert!(!extra.contains("hush") && extra.contains("***"), "{extra}");
    });
}

#[test]
fn a_secret_below_ten_thousand_levels_is_found() {
    let open = r#"[{"a":"#.repeat(DEPTH);
    let close = "}]".repeat(DEPTH);
    let found = redact_json(&format!(r#"{open}{{"passcode":"hush"}}{close}"#));
    assert_eq!(found, format!(r#"{open}{{"passcode":"***"}}{close}"#));
}

#[test]
fn a_text_of_a_mebibyte_is_taken() {
    let title = "\u{e9}".repeat(MEBIBYTE / 2);
    row(&format!(r#""title":"{title}""#), |clip, _| {
        assert_eq!(clip.title.as_deref(), Some(title.as_str()));
    });
}

/// Each would take minutes if its time grew with the square of its size.
#[test]
fn huge_records_are_read_in_one_go() {
    let mut copies = String::from(r#""a":0"#);
    for copy in 0..100_000 {
        write!(copies, r#","a":{copy},"title":"t""#).unwrap();
    }
    row(&copies, |clip, repairs| {
        assert_eq!(repairs.len(), 99_999);
        assert!(clip.extra.as_ref().unwrap().contains(r#""a#100001":"#));
    });
    let objects = vec![r#"{"name":"n","passcode":{"p":[1]}}"#; 100_000].join(",");
    row(&format!(r#""tags":[{objects}]"#), |clip, _| {
        assert_eq!(clip.tags.as_ref().unwrap().len(), 100_000);
        assert!(!clip.extra.as_ref().unwrap().contains(r#""p""#));
    });
    for unit in [
        "eyJ", "eyJ.", "jwt", "jwt=", "jwt=&", "%6a", "%25", "=", "a", ".", r"\\", r"\ud83d",
        r#"{\""#, r"\u005c",
    ] {
        let text = unit.repeat(MEBIBYTE / 4 / unit.len());
        let members = ["x", "title", "thumbnail_link"].map(|name| format!(r#""{name}":"{text}""#));
        row(&members.join(","), |clip, _| assert!(clip.extra.is_some()));
    }
    row(
        &format!(r#""duration":{}.5"#, "1".repeat(MEBIBYTE)),
        |clip, _| {
            assert_eq!(clip.duration_seconds, None);
        },
    );
}
