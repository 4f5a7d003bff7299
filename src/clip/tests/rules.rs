//! The rule of each column.

use crate::clip::normalise::Reject;
use crate::clip::tests::{assert_repaired, reject, row};
use crate::clip::{SHARE_SCOPES, STATUSES};

const TEXTS: [&str; 6] = [
    "owner_id",
    "title",
    "description",
    "status",
    "share_link",
    "thumbnail_link",
];

#[test]
fn a_record_that_is_no_object_is_a_reject() {
    for json in [
        "null",
        "1",
        "\"clip\"",
        "[]",
        "true",
        r#"[{"clip_id":"c"}]"#,
    ] {
        assert_eq!(reject(json), Some(Reject::NotAnObject), "{json}");
    }
}

#[test]
fn a_record_without_a_clip_id_is_a_reject() {
    for json in ["{}", r#"{"clip_id":null}"#, r#"{"Clip_Id":"c"}"#] {
        assert_eq!(reject(json), Some(Reject::NoClipId), "{json}");
    }
}

#[test]
fn a_clip_id_that_is_no_text_of_1_to_4096_bytes_without_nul_is_a_reject() {
    for id in [
        "\"\"",
        "1",
        "true",
        "[\"c\"]",
        "{}",
        r#""\ud83d""#,
        r#""c\u0000""#,
    ] {
        let json = format!(r#"{{"clip_id":{id}}}"#);
        assert_eq!(reject(&json), Some(Reject::UnusableClipId), "{id}");
    }
    let of = |bytes: usize| format!(r#"{{"clip_id":"{}"}}"#, "i".repeat(bytes));
    assert_eq!(reject(&of(4096)), None);
    assert_eq!(reject(&of(4097)), Some(Reject::UnusableClipId));
    assert_eq!(reject(&of(1 << 20)), Some(Reject::UnusableClipId));
}

#[test]
fn a_clip_id_is_taken_as_it_is_whatever_stands_in_it() {
    for (id, text) in [
        (r"..\/..\/etc", "../../etc"),
        (r"=1+1\u0001\n", "=1+1\u{1}\n"),
        (r"a_-.B=\ud83d\ude00", "a_-.B=😀"),
        (
            "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
            "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
        ),
    ] {
        let json = format!(r#"{{"clip_id":"{id}"}}"#);
        let record = super::raw(&json);
        let row = super::normalised(&record, crate::clip::SecretPolicy::Cut);
        assert_eq!(row.clip.clip_id, text);
    }
}

#[test]
fn missing_and_null_fields_are_null_and_no_repairs() {
    let nulls = r#""owner_id":null,"title":null,"description":null,"status":null,"duration":null,"file_size":null,"created_date":null,"modified_date":null,"share_link":null,"share_link_settings":null,"thumbnail_link":null,"tags":null"#;
    for members in ["", nulls] {
        row(members, |clip, repairs| {
            let id_only = crate::clip::Clip {
                clip_id: "c1".into(),
                ..crate::clip::Clip::default()
            };
            assert_eq!(clip, &id_only);
            assert!(repairs.is_empty());
        });
    }
}

#[test]
fn empty_text_is_not_missing_text() {
    let members = TEXTS.map(|name| format!(r#""{name}":"""#)).join(",");
    row(&members, |clip, repairs| {
        let texts = [
            &clip.owner_id,
            &clip.title,
            &clip.description,
            &clip.status,
            &clip.share_link,
            &clip.thumbnail_link,
        ];
        assert!(texts.iter().all(|text| text.as_deref() == Some("")));
        assert!(repairs.is_empty() && clip.extra.is_none());
    });
}

#[test]
fn text_is_taken_as_sent_with_its_escapes_read() {
    let title = r#""title":"=SUM(A1)\n\t\u0001\ud83d\ude00 \"q\" \u00e9 HeyJude.mp4 50%""#;
    row(title, |clip, _| {
        let text = "=SUM(A1)\n\t\u{1}😀 \"q\" é HeyJude.mp4 50%";
        assert_eq!(clip.title.as_deref(), Some(text));
    });
}

#[test]
fn a_text_with_a_nul_is_a_repair_and_no_output_holds_one() {
    for name in TEXTS {
        for value in [r#""\u0000""#, r#""a\u0000=1+1""#] {
            assert_repaired(name, value);
        }
    }
    assert_repaired("tags", r#"["a","\u0000"]"#);
    let settings = r#""share_link_settings":{"share_scope":"\u0000"},"\u0000":"\u0000""#;
    row(settings, |clip, repairs| {
        assert_eq!(
            (clip.share_scope.as_deref(), repairs),
            (None, &["share_scope"][..])
        );
        let extra = r#"{"\u0000":"\u0000","share_link_settings":{"share_scope":"\u0000"}}"#;
        assert_eq!(clip.extra.as_deref(), Some(extra));
    });
}

#[test]
fn a_text_of_another_type_is_a_repair() {
    for name in TEXTS {
        for value in ["1", "true", "[]", r#"{"a":1}"#, "1e400"] {
            assert_repaired(name, value);
        }
    }
}

#[test]
fn a_text_that_is_counted_by_is_a_repair_where_it_is_far_longer_than_any() {
    let text = |letters: usize| format!("\"{}\"", "x".repeat(letters));
    for name in ["owner_id", "status"] {
        assert_repaired(name, &text(4097));
    }
    row(&format!(r#""owner_id":{}"#, text(4096)), |clip, repairs| {
        assert_eq!(clip.owner_id.as_deref().map(str::len), Some(4096));
        assert!(repairs.is_empty());
    });
}

#[test]
fn text_with_half_a_surrogate_pair_is_a_repair_and_its_escape_stays_readable() {
    for half in [
        r"\ud83d",
        r"\uDE00",
        r"\ud83d\u0041",
        r"\ude00\ud83d",
        r"\\\ud83d",
    ] {
        row(&format!(r#""title":"a{half}z""#), |clip, repairs| {
            assert_eq!(clip.title, None);
            assert_eq!(repairs, ["title"]);
            let extra: serde_json::Value =
                serde_json::from_str(clip.extra.as_deref().unwrap()).unwrap();
            let kept = extra["title"].as_str().unwrap().to_lowercase();
            assert!(
                kept.contains(r"\ud83d") || kept.contains(r"\ude00"),
                "{kept}"
            );
        });
    }
}

#[test]
fn statuses_and_scopes_pass_known_or_not() {
    for status in STATUSES
        .into_iter()
        .chain(["RECORD_ARCHIVED", "record_end"])
    {
        row(&format!(r#""status":"{status}""#), |clip, repairs| {
            assert_eq!(clip.status.as_deref(), Some(status));
            assert!(repairs.is_empty());
        });
    }
    for scope in SHARE_SCOPES
        .into_iter()
        .chain(["EVERYBODY", "same_organizaton"])
    {
        let settings = format!(r#""share_link_settings":{{"share_scope":"{scope}"}}"#);
        row(&settings, |clip, _| {
            assert_eq!(clip.share_scope.as_deref(), Some(scope));
        });
    }
}

#[test]
fn the_misspelt_organisation_is_spelt_right() {
    let settings = r#""share_link_settings":{"share_scope":"SAME_ORGANIZATON"}"#;
    row(settings, |clip, repairs| {
        assert_eq!(clip.share_scope.as_deref(), Some("SAME_ORGANIZATION"));
        assert!(repairs.is_empty() && clip.extra.is_none());
    });
}

#[test]
fn a_duration_is_a_number_or_a_numeric_string_from_zero() {
    for (value, seconds) in [
        ("0", 0.0),
        ("-0", 0.0),
        ("-0.0", 0.0),
        ("6000", 6000.0),
        ("6.25", 6.25),
        ("0.1", 0.1),
        ("1.5E2", 150.0),
        ("\"42\"", 42.0),
        ("\"42.50\"", 42.5),
        (r#""\u0034""#, 4.0),
        ("1e300", 1e300),
    ] {
        row(&format!(r#""duration":{value}"#), |clip, repairs| {
            let (found, seconds): (f64, f64) = (clip.duration_seconds.unwrap(), seconds);
            assert_eq!(found.to_bits(), seconds.to_bits(), "{value}");
            assert!(repairs.is_empty() && clip.extra.is_none(), "{value}");
        });
    }
}

#[test]
fn any_other_duration_is_a_repair() {
    for value in [
        "-1",
        "-1e-9",
        "1e400",
        "\"1e400\"",
        "\"NaN\"",
        "\"nan\"",
        "\"inf\"",
        "\"Infinity\"",
        "\"\"",
        "\" 5\"",
        "\"5s\"",
        "\"0x10\"",
        "\"1_000\"",
        "\"1,5\"",
        "\"-1\"",
        "\"e\"",
        "\".\"",
        "\"٣\"",
        "true",
        "[5]",
        "{}",
    ] {
        assert_repaired("duration", value);
    }
}

#[test]
fn a_duration_with_more_digits_than_a_double_holds_stays_in_extra_too() {
    for value in ["9007199254740993", "0.10000000000000000000001", "1e-400"] {
        row(&format!(r#""duration":{value}"#), |clip, repairs| {
            assert!(clip.duration_seconds.is_some());
            assert!(repairs.is_empty());
            let extra = format!(r#"{{"duration":{value}}}"#);
            assert_eq!(clip.extra.as_deref(), Some(extra.as_str()));
        });
    }
}

#[test]
fn a_file_size_is_a_whole_number_up_to_2_to_the_53_also_as_text() {
    for (value, bytes) in [
        ("0", 0),
        ("-0", 0),
        ("1", 1),
        ("9007199254740992", 1 << 53),
        ("9007199254740992.0", 1 << 53),
        ("9.007199254740992e15", 1 << 53),
        ("\"0\"", 0),
        ("\"639229\"", 639_229),
        ("\"639229.0\"", 639_229),
        ("\"9007199254740992\"", 1 << 53),
        ("5.0", 5),
        ("5e3", 5000),
        ("0e5", 0),
        ("120000e-4", 12),
    ] {
        row(&format!(r#""file_size":{value}"#), |clip, repairs| {
            assert_eq!(clip.file_size_bytes, Some(bytes), "{value}");
            assert!(repairs.is_empty() && clip.extra.is_none(), "{value}");
        });
    }
}

#[test]
fn any_other_file_size_is_a_repair() {
    for value in [
        "-1",
        "0.5",
        "9007199254740993",
        "\"9007199254740993\"",
        "9223372036854775807",
        "9223372036854775808",
        "18446744073709551616",
        "1e400",
        "1e-400",
        "1e19",
        "5.0000000000000000000001",
        "4503599627370496.1",
        "1e99999999999999999999",
        "\"\"",
        "\" 5\"",
        "\"5 MB\"",
        "\"5,000\"",
        "\"0x10\"",
        "\"0.5\"",
        "\"-1\"",
        "true",
        "[5]",
        "{}",
    ] {
        assert_repaired("file_size", value);
    }
}

#[test]
fn share_link_settings_are_read_one_by_one() {
    let settings = r#""share_link_settings":{"enable_passcode":false,"share_scope":7,"colour":"red","share_scope":8}"#;
    row(settings, |clip, repairs| {
        assert_eq!(clip.passcode_enabled, Some(false));
        assert_eq!(clip.share_scope, None);
        assert_eq!(repairs, ["share_link_settings", "share_scope"]);
        let extra = r#"{"share_link_settings":{"colour":"red","share_scope":7,"share_scope#2":8}}"#;
        assert_eq!(clip.extra.as_deref(), Some(extra));
    });
    row(r#""share_link_settings":{}"#, |clip, repairs| {
        assert_eq!(clip.passcode_enabled, None);
        assert!(repairs.is_empty() && clip.extra.is_none());
    });
}

#[test]
fn share_link_settings_of_another_type_are_a_repair() {
    for value in [
        "\"ANYONE\"",
        "[]",
        r#"[{"share_scope":"ANYONE"}]"#,
        "0",
        "false",
    ] {
        assert_repaired("share_link_settings", value);
    }
}

#[test]
fn tags_are_strings_or_objects_by_their_name() {
    for (value, names) in [
        ("[]", vec![]),
        (r#"["a","","a"]"#, vec!["a", "", "a"]),
        (
            r#"[{"name":"a"},"b",{"na\u006de":"c"}]"#,
            vec!["a", "b", "c"],
        ),
    ] {
        row(&format!(r#""tags":{value}"#), |clip, repairs| {
            let tags: Vec<&str> = clip.tags.iter().flatten().map(AsRef::as_ref).collect();
            assert_eq!((clip.tags.is_some(), tags), (true, names));
            assert!(repairs.is_empty() && clip.extra.is_none());
        });
    }
}

#[test]
fn tags_with_more_than_a_name_stay_in_extra_too() {
    row(r#""tags":[{"id": 7,"name":"a"},"b"]"#, |clip, repairs| {
        assert_eq!(clip.tags, Some(vec!["a".into(), "b".into()]));
        assert!(repairs.is_empty());
        let extra = r#"{"tags":[{"id": 7,"name":"a"},"b"]}"#;
        assert_eq!(clip.extra.as_deref(), Some(extra));
    });
}

#[test]
fn tags_that_hold_anything_else_are_a_repair() {
    for value in [
        "\"a\"",
        "{}",
        "3",
        r#"["a",null]"#,
        r#"["a",3]"#,
        r#"[["a"]]"#,
        "[{}]",
        r#"[{"name":null}]"#,
        r#"[{"id":1}]"#,
    ] {
        assert_repaired("tags", value);
    }
}

#[test]
fn unknown_fields_stay_in_extra_verbatim_and_in_order_of_their_names() {
    let members = r#""z":[1.50, 1e400],"a\u0022b":null,"file_sizes":{"x" : {}},"m":"\u00e9""#;
    row(members, |clip, repairs| {
        assert!(repairs.is_empty());
        let extra = r#"{"a\"b":null,"file_sizes":{"x" : {}},"m":"\u00e9","z":[1.50, 1e400]}"#;
        assert_eq!(clip.extra.as_deref(), Some(extra));
    });
}

#[test]
fn the_last_of_a_repeated_field_counts_and_the_others_stay_in_extra() {
    let members = r#""title":"a","t\u0069tle":2,"title":"c","x":1,"x":2,"x#2":3"#;
    row(members, |clip, repairs| {
        assert_eq!(clip.title.as_deref(), Some("c"));
        assert_eq!(repairs, ["title", "title"]);
        let extra = r#"{"title":"a","title#2":2,"x":1,"x#2":2,"x#2#2":3}"#;
        assert_eq!(clip.extra.as_deref(), Some(extra));
    });
}
