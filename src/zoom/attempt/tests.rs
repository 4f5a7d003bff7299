//! Which answers are of which class.

use super::*;
use crate::zoom::scripted::answer_with;

const PAGE: Asked = Asked::Page { page_token: false };
const LATER_PAGE: Asked = Asked::Page { page_token: true };

fn refused(asked: Asked, status: u16, body: &str) -> AttemptError {
    let headers = [("X-Zm-TrackingId", "v=2.0;rid=WEB_1")];
    let response = answer_with(status, &headers, body.to_owned()).unwrap();
    AttemptError::refused(asked, &response)
}

#[test]
fn the_code_in_the_body_tells_client_errors_apart() {
    let scope = |scope: &str| {
        let scopes = vec![scope.to_owned()];
        RetryClass::Final(FailureKind::MissingScope { scopes })
    };
    let kind = |kind| RetryClass::Final(kind);
    for (asked, status, body, class) in [
        (PAGE, 400, r#"{"code":124}"#, RetryClass::Unauthorized),
        (PAGE, 401, r#"{"code":124}"#, RetryClass::Unauthorized),
        (PAGE, 401, r#"{"code":1002}"#, RetryClass::Unauthorized),
        (PAGE, 401, "", RetryClass::Unauthorized),
        (
            PAGE,
            401,
            r#"{"code":4717}"#,
            kind(FailureKind::Credentials),
        ),
        (
            PAGE,
            400,
            r#"{"code":4735}"#,
            kind(FailureKind::Credentials),
        ),
        (
            PAGE,
            400,
            r#"{"code":4700,"message":"Token cannot be empty."}"#,
            kind(FailureKind::Credentials),
        ),
        (
            PAGE,
            400,
            r#"{"code":4711,"message":"Invalid access token, does not contain scopes:[a:read]."}"#,
            scope("a:read"),
        ),
        (
            PAGE,
            400,
            r#"{"code":4700,"message":"Invalid access token, does not contain scopes: [a:read]."}"#,
            scope("a:read"),
        ),
        (
            PAGE,
            401,
            r#"{"code":4711,"message":"No."}"#,
            kind(FailureKind::MissingScope { scopes: vec![] }),
        ),
        (
            LATER_PAGE,
            400,
            r#"{"code":300}"#,
            kind(FailureKind::PageTokenRefused),
        ),
        (PAGE, 400, r#"{"code":300}"#, kind(FailureKind::BadRequest)),
        (PAGE, 400, "", kind(FailureKind::BadRequest)),
        (PAGE, 403, "", kind(FailureKind::Forbidden)),
        (PAGE, 400, r#"{"code":1003}"#, kind(FailureKind::Forbidden)),
        (PAGE, 404, r#"{"code":2001}"#, kind(FailureKind::NotFound)),
        (
            Asked::AccessToken,
            400,
            r#"{"error":"invalid_client"}"#,
            kind(FailureKind::Credentials),
        ),
        (
            Asked::AccessToken,
            401,
            r#"{"code":124}"#,
            kind(FailureKind::Credentials),
        ),
        (Asked::AccessToken, 503, "", RetryClass::Passing),
        (Asked::AccessToken, 429, "", RetryClass::Throttled),
    ] {
        assert_eq!(
            refused(asked, status, body).class(),
            class,
            "{asked:?} {status} {body}"
        );
    }
}

#[test]
fn two_missing_scopes_are_both_named() {
    let message = "does not contain scopes: [report:master, report:read:master].";
    assert_eq!(
        missing_scopes(message),
        ["report:master", "report:read:master"]
    );
}

#[test]
fn every_attempt_counts_as_one_outcome() {
    let gone = |error| AttemptError::no_answer(PAGE, error);
    let why = || "why".to_owned();
    let after = std::time::Duration::from_secs(1);
    let which = crate::zoom::transport::Which::FirstByte;
    for (error, outcome) in [
        (refused(PAGE, 429, ""), Outcome::TooManyRequests),
        (refused(PAGE, 401, ""), Outcome::Unauthorized),
        (
            refused(LATER_PAGE, 400, r#"{"code":300}"#),
            Outcome::PageTokenRefused,
        ),
        (refused(PAGE, 404, ""), Outcome::ClientError),
        (refused(PAGE, 408, ""), Outcome::ClientError),
        (refused(PAGE, 501, ""), Outcome::ServerError),
        (
            gone(TransportError::Timeout { which, after }),
            Outcome::TimedOut,
        ),
        (
            gone(TransportError::TooLarge { limit: 1 }),
            Outcome::Unusable,
        ),
        (
            gone(TransportError::Interrupted { why: why() }),
            Outcome::ConnectionError,
        ),
    ] {
        assert_eq!(error.outcome(), outcome, "{error}");
    }
}

#[test]
fn an_error_says_status_message_and_code() {
    for (body, shown) in [
        (r#"{"code":300,"message":"No."}"#, r#"400 "No." (code 300)"#),
        (r#"{"message":"No."}"#, r#"400 "No.""#),
        ("", "400"),
    ] {
        assert_eq!(refused(PAGE, 400, body).to_string(), shown);
    }
}

#[test]
fn what_we_sent_is_hidden_when_the_service_repeats_it() {
    let body = r#"{"message":"bad next_page_token R4aF9Oj0fVM2"}"#;
    let error = refused(PAGE, 400, body).without(&["R4aF9Oj0fVM2", ""]);
    assert_eq!(error.to_string(), r#"400 "bad next_page_token [hidden]""#);
}

#[test]
fn a_secret_of_a_letter_garbles_no_message() {
    let error = refused(PAGE, 400, r#"{"message":"bad date"}"#).without(&["a"]);
    assert_eq!(error.to_string(), r#"400 "bad date""#);
}

#[test]
fn the_tracking_id_is_kept() {
    let error = refused(PAGE, 500, "");
    assert_eq!(error.tracking_id.as_deref(), Some("v=2.0;rid=WEB_1"));
}

#[test]
fn a_secret_longer_than_what_is_shown_is_hidden_whole_and_encoded_ones_too() {
    let token = "eyJ+".repeat(300);
    let encoded = "eyJ%2B".repeat(300);
    let body = format!("you sent {token} and {encoded}");
    let shown = refused(PAGE, 400, &body).without(&[&token]).to_string();
    assert_eq!(shown, r#"400 "you sent [hidden] and [hidden]""#);
}

#[test]
fn a_tracking_id_cannot_carry_a_secret_out() {
    let error = refused(PAGE, 400, "").without(&["rid=WEB_1"]);
    assert_eq!(error.tracking_id.as_deref(), Some("v=2.0;[hidden]"));
}
