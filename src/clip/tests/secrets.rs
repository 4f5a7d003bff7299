//! Secrets: nowhere when they are cut, all there when they are kept.

use crate::clip::SecretPolicy;
use crate::clip::tests::{normalised, record, row};
use crate::redact::redact_json;

const TOKEN: &str = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJodXNoIn0.aHVzaGh1c2hodXNo";

/// Members with `SECRET` where the secret stands.
const HIDDEN: [&str; 43] = [
    r#""passcode":"SECRET""#,
    r#""share_link_settings":{"passcode":"SECRET"}"#,
    r#""share_link_settings":{"passcode":["SECRET"]}"#,
    r#""share_link_settings":{"passcode":"SECRET","passcode":"other"}"#,
    r#""share_link_settings":{"pass\u0063ode":"SECRET"}"#,
    r#""share_link_settings":{"Passcode":"SECRET"}"#,
    r#""share_link_settings":{"enable_passcode":"SECRET"}"#,
    r#""share_link_settings":{"old":{"deep":[{"PASS_CODE":{"v":"SECRET"}}]}}"#,
    r#""share_link_settings":[{"passcode":"SECRET"}]"#,
    r#""share_link_settings":"{\"passcode\":\"SECRET\"}""#,
    r#""share_link_settings":"{\"pass\\u0063ode\":\"SECRET\"}""#,
    r#""share_link_settings":"\"{\\\"passcode\\\":\\\"SECRET\\\"}\"""#,
    r#""share_link_settings":"  {\"passcode\":\"SECRET\"""#,
    r#""share_link_settings":"settings={'passcode':'SECRET'}""#,
    r#""thumbnail_link":"https://h/f?a=1&jwt=SECRET&b=2""#,
    r#""thumbnail_link":"https://h/f?JWT=SECRET""#,
    r#""thumbnail_link":"https://h/f?%6Awt=SECRET#x""#,
    r#""thumbnail_link":"https://h/f?a=1\u0026jw\u0074=SECRET""#,
    r#""thumbnail_link":"https://h/f#jwt=SECRET""#,
    r#""thumbnail_link":"https://h/go?to=https%3A%2F%2Fh%2Ff%3Fjwt%3DSECRET%26b""#,
    r#""thumbnail_link":"https://h/go?to=https%253A%252F%252Fh%253Fjwt%253DSECRET""#,
    r#""thumbnail_link":{"href":"https://h/f?jwt=SECRET"}"#,
    r#""thumbnail_link":["https://h/f?%6A%57t=SECRET"]"#,
    r#""share_link":"https://h/s/1?pwd=SECRET""#,
    r#""share_link":{"jwt":"SECRET"}"#,
    r#""share_link":"{\"jwt\":\"SECRET\"}""#,
    r#""thumbnail_link":"https://h/f?a=b;passcode=SECRET""#,
    r#""title":"{\"passcode\":\"SECRET\"}""#,
    r#""tags":["[{\"pwd\":\"SECRET\"}]"]"#,
    r#""share_link":"https://h/s/passcode=SECRET?a""#,
    r#""share_link":"https://h/s/?a#passcode=SECRET""#,
    r#""share_link":"https://h/s/?a=passcode=SECRET&b""#,
    r#""share_link":"see https://h/s/?a#b?passcode=SECRET""#,
    r#""share_link":"https://h/s/&passcode=SECRET""#,
    r#""title":"see https://h/f?jwt=SECRET now""#,
    r#""description":"see https://h/f?a=1&x-jwt=SECRET now""#,
    r#""tags":[{"name":"https://h?jwt=SECRET","access_token":"SECRET"}]"#,
    r#""unknown":{"a":[[{"Client-Secret":"SECRET"}]]}"#,
    r#""unknown":"text with passcode=SECRET""#,
    r#""unknown":["https://h/f?Signature=SECRET"]"#,
    r#""https://h?jwt=SECRET":{"https://h?token=SECRET":1}"#,
    r#""passcode\ud83d":"SECRET""#,
    r#""unknown":{"pass\u0063ode\udc00":"SECRET","x":"\ud800 jwt=SECRET"}"#,
];

/// All text of a row.
fn shown(members: &str, secrets: SecretPolicy) -> String {
    let record = record(members);
    format!("{:?}", normalised(&record, secrets).clip)
}

#[test]
fn secrets_are_nowhere_in_a_row_unless_asked_for() {
    for members in HIDDEN {
        let members = members.replace("SECRET", "hush7Quay");
        let cut = shown(&members, SecretPolicy::Cut);
        assert!(!cut.contains("hush7Quay"), "{members}: {cut}");
        let kept = shown(&members, SecretPolicy::Keep);
        assert!(kept.contains("hush7Quay"), "{members}: {kept}");
    }
}

#[test]
fn a_secret_that_is_a_number_is_cut_too() {
    for members in [
        r#""share_link_settings":{"passcode":90210}"#,
        r#""share_link_settings":{"passcode":-90210.5e1,"x":1}"#,
        r#""unknown":{"token":[90210]}"#,
    ] {
        assert!(!shown(members, SecretPolicy::Cut).contains("90210"));
        assert!(shown(members, SecretPolicy::Keep).contains("90210"));
    }
}

#[test]
fn text_in_the_shape_of_a_token_is_in_no_column_but_the_id() {
    for template in [
        r#""title":"TOKEN""#,
        r#""description":"a.TOKEN""#,
        r#""status":"x:TOKEN:y""#,
        r#""owner_id":"TOKEN""#,
        r#""share_link":"https://h/TOKEN/x""#,
        r#""thumbnail_link":"https://h/f?a=TOKEN""#,
        r#""tags":["a","TOKEN"]"#,
        r#""share_link_settings":{"share_scope":"TOKEN","TOKEN":1}"#,
        r#""unknown":["eyJ.TOKEN"]"#,
        r#""TOKEN":{"TOKEN":1}"#,
    ] {
        let members = template.replace("TOKEN", TOKEN);
        let cut = shown(&members, SecretPolicy::Cut);
        assert!(
            !cut.contains("eyJzdWI") && !cut.contains("aHVzaGh1"),
            "{cut}"
        );
        assert!(shown(&members, SecretPolicy::Keep).contains(TOKEN));
    }
    let encoded = TOKEN.replace('.', "%2E");
    let link = format!(r#""thumbnail_link":"https://h/f?a={encoded}""#);
    assert!(!shown(&link, SecretPolicy::Cut).contains("aHVzaGh1"));
}

#[test]
fn a_link_loses_its_secret_parameters_and_nothing_else() {
    for (link, open) in [
        ("https://h/f?a=1&jwt=s&b=2", "https://h/f?a=1&b=2"),
        ("https://h/f?jwt=s", "https://h/f"),
        ("https://h/f?jwt=s&jwt=t#top", "https://h/f#top"),
        ("https://h/f?jwt", "https://h/f"),
        ("https://h/f?a=%20b&c=d%3De", "https://h/f?a=%20b&c=d%3De"),
        ("https://h/f?&a==1&", "https://h/f?&a==1&"),
        ("https://h/f?a=1;sig=s;b=2&TK=t", "https://h/f?a=1;b=2"),
        ("https://me:hush@h/f?tk=s&task=1", "https://h/f?task=1"),
        ("https://h/@me?a=b@c", "https://h/@me?a=b@c"),
        ("https://h/f?", "https://h/f?"),
        ("no link", "no link"),
        ("?#", "?#"),
        ("100%", "100%"),
    ] {
        row(&format!(r#""thumbnail_link":"{link}""#), |clip, repairs| {
            assert_eq!(clip.thumbnail_link.as_deref(), Some(open));
            assert!(repairs.is_empty() && clip.extra.is_none());
        });
    }
}

#[test]
fn what_only_looks_like_a_secret_stays() {
    for text in [
        "HeyJude.mp4 and eyJude.backup",
        "reset your password today",
        "eyJude.live-at-the-stadium-of-dreams",
        "a=1&b=2%3D3",
        "100% jwt",
        "photo: ken {x}",
        "[1,2]",
        "{\"a\":\"b\"}",
    ] {
        let quoted = serde_json::Value::from(text).to_string();
        let json = format!(r#"{{"title":{quoted},"unknown":[{quoted}]}}"#);
        assert_eq!(redact_json(&json), json);
        row(&format!(r#""title":{quoted}"#), |clip, _| {
            assert_eq!(clip.title.as_deref(), Some(text));
        });
    }
}

#[test]
fn a_flag_under_a_secret_name_stays() {
    let json = r#"{"passcode_required":true,"token":null,"has_secret" : false}"#;
    assert_eq!(redact_json(json), json);
}

#[test]
fn what_is_cut_leaves_its_place() {
    let json =
        r#"{ "a": [1.50, {"passcode": {"b": [2]}, "c": "x"}], "jwt": "s", "d": "u?jwt=s&e" }"#;
    let clean =
        r#"{ "a": [1.50, {"passcode": "***", "c": "x"}], "jwt": "***", "d": "u?jwt=***&e" }"#;
    assert_eq!(redact_json(json), clean);
}

#[test]
fn json_in_strings_is_looked_through_and_cut_whole_where_it_is_too_deep() {
    let mut json = r#"{"passcode":"hush7Quay"}"#.to_owned();
    for _ in 0..8 {
        json = serde_json::Value::from(json).to_string();
        assert!(!redact_json(&json).contains("hush7Quay"));
    }
}

#[test]
fn secrets_that_are_cut_are_no_repairs() {
    row(
        r#""share_link_settings":{"passcode":5}"#,
        |clip, repairs| {
            assert!(repairs.is_empty() && clip.extra.is_none());
            assert_eq!(clip.passcode, None);
        },
    );
}
