//! The table of verdicts.

use std::fmt::Write;

use rand::SeedableRng;
use rand::rngs::StdRng;

use super::*;
use crate::zoom::attempt::Asked;
use crate::zoom::proxies::ProxyError;
use crate::zoom::scripted::answer_with;
use crate::zoom::transport::{TransportError, Which};
use crate::zoom::wire::WireError;

const PAGE: Asked = Asked::Page { page_token: false };

fn policy() -> RetryPolicy {
    RetryPolicy::default()
}

fn now() -> Timestamp {
    "2025-08-22T23:50:00Z".parse().unwrap()
}

fn first() -> AttemptHistory {
    AttemptHistory {
        attempts: 1,
        unusable: 1,
        waited: Duration::ZERO,
        renewal: Renewal::AtOnce,
    }
}

fn refused(status: u16, headers: &[(&str, &str)]) -> AttemptError {
    AttemptError::refused(PAGE, &answer_with(status, headers, "").unwrap())
}

fn judge(history: AttemptHistory, error: &AttemptError) -> Decision {
    policy().decide(history, error, now(), &mut StdRng::seed_from_u64(7))
}

fn waits(decision: &Decision) -> Option<Delay> {
    match decision {
        Decision::Retry { after, .. } => Some(*after),
        _ => None,
    }
}

fn name(decision: &Decision) -> String {
    match decision {
        Decision::Retry {
            after: Delay::Backoff(_),
            ..
        } => "back off".to_owned(),
        Decision::Retry {
            after: Delay::Pause(_),
            ..
        } => "pause all".to_owned(),
        Decision::Retry {
            after: Delay::Renewal(_),
            ..
        } => "pause all, then renew".to_owned(),
        Decision::Renew { .. } => "renew".to_owned(),
        Decision::GiveUp { kind, .. } => format!("give up: {kind:?}"),
    }
}

#[test]
fn every_status_has_its_verdict() {
    let mut table = String::new();
    for status in [
        400, 401, 402, 403, 404, 405, 408, 409, 410, 422, 429, 500, 501, 502, 503, 504, 505, 520,
    ] {
        let decision = name(&judge(first(), &refused(status, &[])));
        writeln!(table, "{status} {decision}").unwrap();
    }
    insta::assert_snapshot!(table, @r"
    400 give up: BadRequest
    401 renew
    402 give up: BadRequest
    403 give up: Forbidden
    404 give up: NotFound
    405 give up: BadRequest
    408 back off
    409 give up: BadRequest
    410 give up: BadRequest
    422 give up: BadRequest
    429 pause all
    500 back off
    501 give up: Unavailable
    502 back off
    503 back off
    504 back off
    505 give up: Unavailable
    520 back off
    ");
}

#[test]
fn every_missing_answer_has_its_verdict() {
    let why = || "why".to_owned();
    let host = || "host".to_owned();
    let after = Duration::from_secs(1);
    let mut table = String::new();
    for error in [
        TransportError::Connect {
            host: host(),
            why: why(),
        },
        TransportError::Untrusted {
            host: host(),
            why: why(),
        },
        TransportError::NoRoots {
            variable: "SSL_CERT_FILE",
        },
        TransportError::Proxy(ProxyError::Scheme {
            variable: "ALL_PROXY",
        }),
        TransportError::ProxyCredentials {
            address: host(),
            variable: "HTTPS_PROXY",
            wanted: "a user",
        },
        TransportError::ProxyRefused {
            address: host(),
            variable: "HTTPS_PROXY",
            host: host(),
        },
        TransportError::Timeout {
            which: Which::FirstByte,
            after,
        },
        TransportError::Timeout {
            which: Which::Whole,
            after,
        },
        TransportError::Interrupted { why: why() },
        TransportError::TooLarge { limit: 9 },
        TransportError::Redirect {
            status: 302,
            to: host(),
        },
        TransportError::Unsendable { why: why() },
    ] {
        let decision = name(&judge(
            first(),
            &AttemptError::no_answer(PAGE, error.clone()),
        ));
        let error = error.to_string();
        let error = error.split([':', ';']).next().unwrap();
        writeln!(table, "{error} => {decision}").unwrap();
    }
    insta::assert_snapshot!(table, @r#"
    cannot connect to host => back off
    the certificate of host is not trusted => give up: Untrusted
    no certificate can be checked => give up: Untrusted
    ALL_PROXY names a proxy of a kind that is not supported => give up: Proxy
    the proxy host, which HTTPS_PROXY names, wants a user (407) => give up: ProxyCredentials { variable: "HTTPS_PROXY" }
    the proxy host, which HTTPS_PROXY names, does not connect to host => back off
    no answer within 1s => back off
    no complete answer within 1s => back off
    the connection was interrupted => back off
    the answer is larger than 9 bytes => back off
    the service answers 302 and points to host, which is not followed => give up: Redirected { setting: "--base-url" }
    the request cannot be sent => give up: Credentials
    "#);
}

#[test]
fn a_named_delay_is_kept_in_full_whatever_its_form() {
    let ten_minutes = Some(Delay::Pause(Duration::from_mins(10)));
    for value in [
        "600",
        "2025-08-23T00:00:00Z",
        "Sat, 23 Aug 2025 00:00:00 GMT",
    ] {
        for status in [429, 503] {
            let decision = judge(first(), &refused(status, &[("Retry-After", value)]));
            assert_eq!(waits(&decision), ten_minutes, "{status} {value}");
        }
    }
}

#[test]
fn a_named_delay_that_is_too_long_is_not_shortened() {
    let late = AttemptHistory {
        waited: Duration::from_mins(6),
        ..first()
    };
    let error = refused(503, &[("Retry-After", "541")]);
    assert_eq!(name(&judge(late, &error)), "give up: Unavailable");
    let error = refused(503, &[("Retry-After", "540")]);
    assert_eq!(
        waits(&judge(late, &error)),
        Some(Delay::Pause(Duration::from_mins(9)))
    );
}

#[test]
fn too_many_requests_without_a_delay_pause_all_for_a_second_and_more() {
    for headers in [&[][..], &[("Retry-After", "0")], &[("Retry-After", "soon")]] {
        for (attempts, least) in [(1, 1), (2, 2), (4, 8), (9, 30)] {
            let history = AttemptHistory {
                attempts,
                ..first()
            };
            let Some(Delay::Pause(wait)) = waits(&judge(history, &refused(429, headers))) else {
                panic!("no pause");
            };
            let least = Duration::from_secs(least);
            assert!(
                wait >= least && wait <= least.mul_f64(1.25),
                "{attempts}: {wait:?}"
            );
        }
    }
}

#[test]
fn a_daily_limit_gives_up_and_says_when_to_come_back() {
    let tomorrow: Timestamp = "2025-08-24T00:00:00Z".parse().unwrap();
    let named = [
        ("x-ratelimit-type", "Daily-limit"),
        ("retry-after", "2025-08-24T00:00:00Z"),
    ];
    let Decision::GiveUp { kind, .. } = judge(first(), &refused(429, &named)) else {
        panic!("it waits");
    };
    assert_eq!(
        kind,
        FailureKind::DailyLimit {
            retry_at: Some(tomorrow)
        }
    );
}

#[test]
fn a_daily_limit_that_ends_soon_is_waited_for() {
    let until_midnight = Some(Delay::Pause(Duration::from_mins(10)));
    let unnamed = [("X-RateLimit-Type", "Daily-limit")];
    assert_eq!(
        waits(&judge(first(), &refused(429, &unnamed))),
        until_midnight
    );
    let named = [
        ("X-RateLimit-Type", "Daily-limit"),
        ("Retry-After", "2025-08-23T00:00:00Z"),
    ];
    assert_eq!(
        waits(&judge(first(), &refused(429, &named))),
        until_midnight
    );
}

#[test]
fn our_own_delays_grow_to_the_cap_and_fill_their_range() {
    let mut rng = StdRng::seed_from_u64(7);
    let error = refused(503, &[]);
    for (attempts, longest) in [(1, 0.5), (2, 1.0), (3, 2.0), (7, 30.0), (4_000_000, 30.0)] {
        let history = AttemptHistory {
            attempts,
            ..first()
        };
        let mut sum = 0.0;
        for _ in 0..1000 {
            let decision = policy().decide(history, &error, now(), &mut rng);
            let Some(Delay::Backoff(wait)) = waits(&decision) else {
                panic!("no delay");
            };
            assert!(wait.as_secs_f64() <= longest);
            sum += wait.as_secs_f64();
        }
        let mean = sum / 1000.0;
        assert!((mean / longest - 0.5).abs() < 0.05, "{attempts}: {mean}");
    }
}

#[test]
fn the_last_delay_is_cut_to_what_is_left_and_then_it_is_over() {
    let history = |waited| AttemptHistory {
        attempts: 60,
        waited,
        ..first()
    };
    let left = Duration::from_millis(1);
    let nearly = history(policy().max_wait.saturating_sub(left));
    assert_eq!(
        waits(&judge(nearly, &refused(502, &[]))),
        Some(Delay::Backoff(left))
    );
    assert_eq!(
        waits(&judge(nearly, &refused(429, &[]))),
        Some(Delay::Pause(left))
    );
    for (status, kind) in [(502, "Unavailable"), (429, "Throttled")] {
        let over = judge(history(policy().max_wait), &refused(status, &[]));
        assert_eq!(name(&over), format!("give up: {kind}"), "{status}");
    }
}

#[test]
fn an_answer_that_is_none_is_asked_for_five_times() {
    let missing = WireError::MissingRecords { key: "data".into() };
    let response = answer_with(200, &[], "{}").unwrap();
    let error = AttemptError::unusable(PAGE, 200, &response.headers, &missing);
    let after = |unusable| {
        let history = AttemptHistory {
            attempts: 30,
            unusable,
            ..first()
        };
        name(&judge(history, &error))
    };
    assert_eq!(after(4), "back off");
    assert_eq!(after(5), "give up: Unusable");
}

#[test]
fn an_access_token_is_renewed_at_once_or_in_time_or_not_at_all() {
    let history = |renewal, waited| AttemptHistory {
        waited,
        renewal,
        ..first()
    };
    for (renewal, waited, decision) in [
        (Renewal::AtOnce, Duration::ZERO, "renew"),
        (Renewal::Paced, Duration::ZERO, "pause all, then renew"),
        (Renewal::Paced, policy().max_wait, "give up: TokensRefused"),
        (Renewal::Impossible, Duration::ZERO, "give up: Credentials"),
    ] {
        let judged = judge(history(renewal, waited), &refused(401, &[]));
        assert_eq!(name(&judged), decision);
    }
}

#[test]
fn a_redirect_names_the_setting_of_the_address_that_was_asked() {
    let redirect = || TransportError::Redirect {
        status: 302,
        to: "host".to_owned(),
    };
    for (asked, setting) in [(PAGE, "--base-url"), (Asked::AccessToken, "--oauth-url")] {
        let judged = judge(first(), &AttemptError::no_answer(asked, redirect()));
        assert!(name(&judged).contains(setting), "{judged:?}");
    }
}
