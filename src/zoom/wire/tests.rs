//! What is a page and what is not.

use super::*;

fn parse(body: &str) -> Result<Page<'_>, WireError> {
    Page::parse(body, "data")
}

fn missing() -> WireError {
    WireError::MissingRecords { key: "data".into() }
}

#[test]
fn a_page_holds_its_records_as_they_were_sent() {
    let page = parse(
        r#" {"data": [ {"a": 1.0e0, "b": "\u0041"} , null, 7], "next_page_token": "x\/y",
            "page_size": 300, "total_records": 601, "more": {"data": []}} "#,
    )
    .unwrap();
    let records: Vec<&str> = page.records.iter().map(|record| record.get()).collect();
    assert_eq!(records, [r#"{"a": 1.0e0, "b": "\u0041"}"#, "null", "7"]);
    assert_eq!(page.next_page_token, Some(PageToken::new("x/y")));
    assert_eq!(page.total_records, Some(601));
    assert_eq!(page.page_size, Some(300));
}

#[test]
fn the_records_may_have_any_name() {
    let body = r#"{"data": 1, "users": [{}]}"#;
    assert_eq!(Page::parse(body, "users").unwrap().records.len(), 1);
}

#[test]
fn a_missing_null_or_empty_page_token_ends_the_list() {
    for end in [
        "",
        r#", "next_page_token": null"#,
        r#", "next_page_token": """#,
    ] {
        let body = format!(r#"{{"data": []{end}}}"#);
        assert_eq!(parse(&body).unwrap().next_page_token, None, "{end}");
    }
}

#[test]
fn a_page_token_that_is_no_string_is_not_the_end() {
    for token in ["17", "false", "{}", r#"["x"]"#, r#""\ud800""#] {
        let body = format!(r#"{{"data": [], "next_page_token": {token}}}"#);
        assert_eq!(
            parse(&body).unwrap_err(),
            WireError::BadPageToken,
            "{token}"
        );
    }
}

#[test]
fn a_count_is_integral_and_not_negative_or_it_is_none() {
    for (sent, count) in [
        ("0", Some(0)),
        ("30", Some(30)),
        ("30.0", Some(30)),
        ("3e1", Some(30)),
        (r#""30""#, Some(30)),
        (r#"" 30.0 ""#, Some(30)),
        ("1000000000000", Some(1_000_000_000_000)),
        ("1e12", Some(1_000_000_000_000)),
        ("1000000000001", None),
        ("1.1e12", None),
        ("18446744073709551615", None),
        ("1e300", None),
        ("-1", None),
        ("30.5", None),
        (r#""thirty""#, None),
        (r#""NaN""#, None),
        (r#""inf""#, None),
        ("null", None),
        ("true", None),
        ("[30]", None),
    ] {
        let body = format!(r#"{{"data": [], "total_records": {sent}}}"#);
        assert_eq!(parse(&body).unwrap().total_records, count, "{sent}");
    }
}

#[test]
fn a_key_that_comes_twice_counts_as_it_comes_last() {
    let page = parse(
        r#"{"data": [1], "total_records": 1, "next_page_token": "a",
            "data": [2, 3], "total_records": 2, "next_page_token": ""}"#,
    )
    .unwrap();
    assert_eq!(page.records.len(), 2);
    assert_eq!(page.total_records, Some(2));
    assert_eq!(page.next_page_token, None);
}

#[test]
fn records_nested_ten_thousand_levels_deep_parse() {
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let body = format!(r#"{{"other": {deep}, "data": [{{"x": {deep}}}, {deep}]}}"#);
    assert_eq!(parse(&body).unwrap().records.len(), 2);
}

#[test]
fn missing_records_are_an_error_and_never_an_empty_page() {
    for body in [
        "{}",
        r#"{"clips": [], "total_records": 0}"#,
        r#"{"data": null}"#,
        r#"{"data": {"a": {"b": []}}}"#,
        r#"{"data": "hush"}"#,
        r#"{"data": 1}"#,
        r#"{"data": -1}"#,
        r#"{"data": 1.5}"#,
        r#"{"data": true}"#,
        r#"{"data": [], "data": null}"#,
    ] {
        assert_eq!(parse(body).unwrap_err(), missing(), "{body}");
    }
}

#[test]
fn a_success_with_an_error_code_is_an_error() {
    for body in [
        r#"{"code": 300, "message": "Oops", "data": []}"#,
        r#"{"data": [{}], "message": "Oops", "code": "300"}"#,
    ] {
        let error = parse(body).unwrap_err();
        let message = "Oops".into();
        assert_eq!(error, WireError::ErrorCode { code: 300, message }, "{body}");
    }
}

#[test]
fn code_zero_is_no_error() {
    for code in ["0", r#""0""#, "null", r#""""#] {
        let body = format!(r#"{{"code": {code}, "data": []}}"#);
        assert!(parse(&body).is_ok(), "{code}");
    }
}

#[test]
fn what_does_not_parse_is_malformed_and_not_quoted() {
    for (body, why) in [
        ("", "it is cut short at line 1 column 0"),
        (
            r#"{"data": [{"passcode": "hush"#,
            "it is cut short at line 1 column 28",
        ),
        (r#"{"data": []} hush"#, "syntax error at line 1 column 14"),
        ("<html>hush</html>", "syntax error at line 1 column 1"),
        (r#""hush""#, "unexpected type at line 1 column 6"),
        (r#"["hush"]"#, "unexpected type at line 1 column 0"),
        (r#"{"data": [], "code": "hush"}"#, "its `code` is no number"),
    ] {
        let error = parse(body).unwrap_err();
        assert_eq!(error, WireError::Malformed { why: why.into() }, "{body}");
        assert!(!error.to_string().contains("hush"));
    }
}

#[test]
fn invalid_utf_8_is_replaced_and_said() {
    assert_eq!(
        text("\u{feff}h\u{e9}".as_bytes()),
        ("h\u{e9}".into(), false)
    );
    assert_eq!(text(b"h\xff"), ("h\u{fffd}".into(), true));
}

#[test]
fn a_body_that_is_broken_throughout_is_not_made_much_longer_by_repairs() {
    for odd in [0xff, 0x13] {
        let mut body = br#"{"data":[""#.to_vec();
        body.resize(3 * MOST_ADDED, odd);
        body.extend(br#""]}"#);
        let (text, _) = text(&body);
        assert!(text.len() < body.len() + MOST_ADDED + 64);
        assert!(matches!(parse(&text), Err(WireError::Malformed { .. })));
    }
}

#[test]
fn a_large_body_with_a_few_odd_bytes_is_read() {
    for odd in [0xff, 0x13] {
        let mut body = br#"{"data":[""#.to_vec();
        body.resize(2 * MOST_ADDED, b'a');
        body.push(odd);
        body.extend(br#""]}"#);
        let (text, _) = text(&body);
        assert_eq!(parse(&text).unwrap().records.len(), 1);
    }
}

#[test]
fn a_page_of_far_more_records_than_were_asked_for_is_none() {
    let page = |records: usize| format!(r#"{{"data":[{}0]}}"#, "0,".repeat(records - 1));
    assert_eq!(parse(&page(10_000)).unwrap().records.len(), 10_000);
    assert_eq!(parse(&page(10_001)).unwrap_err(), WireError::TooManyRecords);
    assert_eq!(
        parse(&page(1_000_000)).unwrap_err(),
        WireError::TooManyRecords
    );
}

#[test]
fn raw_control_characters_within_strings_are_read_as_what_they_are() {
    let body = "{\n\t\"da\\\"ta\": \"\n\", \"data\": [\"a\u{13}b\\\\\", \"\u{e9}\t\u{0}\"]\r\n}";
    let (text, is_repaired) = text(body.as_bytes());
    assert!(!is_repaired);
    let records = parse(&text).unwrap().records;
    let records: Vec<String> = records.into_iter().filter_map(string).collect();
    assert_eq!(records, ["a\u{13}b\\", "\u{e9}\t\u{0}"]);
}

#[test]
fn what_is_json_or_has_more_than_one_reading_is_left_as_it_is() {
    for body in [
        "{\n\t\"data\": [\"a\\n\u{7f}\", 1]\r\n}",
        // Is the line break escaped, or the backslash one of its own?
        "{\"data\": [\"a\\\n\"]}",
    ] {
        assert_eq!(text(body.as_bytes()).0, body);
    }
}

#[test]
fn a_page_token_is_never_shown() {
    let token = PageToken::new("hush");
    assert_eq!(format!("{token:?} {token}"), "PageToken(..) (page token)");
}
