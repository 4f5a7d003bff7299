//! The simulated account asked without a network: what it answers, page by page.

mod settings;

use std::collections::BTreeSet;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::Service;
use crate::api::endpoint::{Endpoint, Route};
use crate::api::oauth::TokenRequest;
use crate::api::reply::{Delivery, Reply};
use crate::options::{
    Behaviour, EndToken, Fault, FaultRule, Faults, History, Limits, NoDates, Order, Paging,
    SandboxOptions, TokenRefusal, TooMany, TotalRecords, Trigger,
};

/// A span of 28 days, so that one window holds everything.
const WINDOW: &str =
    "date_filter_type=CREATED_DATE&from=2024-03-01T00:00:00Z&to=2024-03-29T00:00:00Z";

fn options(clips: u64) -> SandboxOptions {
    SandboxOptions {
        clips,
        since: 1_709_251_200,
        until: 1_711_670_400,
        limits: Limits::NONE,
        ..SandboxOptions::default()
    }
}

/// A service and the header that opens it.
struct Client {
    service: Service,
    header: String,
}

impl Client {
    fn new(options: SandboxOptions) -> Client {
        let service = Service::new(options, "http://127.0.0.1:1", CancellationToken::new());
        let mut client = Client {
            service,
            header: String::new(),
        };
        client.renew();
        client
    }

    fn renew(&mut self) {
        let body = format!(
            "grant_type=account_credentials&account_id={}",
            self.service.credentials().account_id
        );
        let known = self.service.credentials();
        let pair = format!("{}:{}", known.client_id, known.client_secret);
        let basic = format!("Basic {}", STANDARD.encode(pair));
        let reply = self.service.token(&TokenRequest {
            authorization: Some(&basic),
            content_type: Some("application/x-www-form-urlencoded"),
            query: None,
            body: body.as_bytes(),
        });
        let token = value(&reply)["access_token"].as_str().unwrap().to_owned();
        self.header = format!("Bearer {token}");
    }

    fn get(&self, path: &str, query: &str) -> Reply {
        let route = Route::parse("GET", path);
        let endpoint = route.endpoint;
        let now = Instant::now();
        self.service.arrived(endpoint, now);
        let header = Some(self.header.as_str());
        let reply = self.service.answer(&route, path, query, header, now);
        self.service.answered(endpoint, &reply);
        reply
    }

    /// All records of a list, and the number of its pages.
    fn walk(&self, path: &str, query: &str, name: &str) -> (Vec<Value>, usize) {
        let (mut records, mut pages) = (Vec::new(), 0);
        let mut token = String::new();
        loop {
            let reply = self.get(path, &format!("{query}&next_page_token={token}"));
            assert_eq!(
                reply.status,
                200,
                "{}",
                String::from_utf8_lossy(&reply.body)
            );
            let page = value(&reply);
            records.extend(page[name].as_array().unwrap().iter().cloned());
            pages += 1;
            assert!(pages < 1000, "paging does not end");
            match page["next_page_token"].as_str() {
                None | Some("") => return (records, pages),
                Some(next) => next.clone_into(&mut token),
            }
        }
    }
}

fn value(reply: &Reply) -> Value {
    serde_json::from_slice(&reply.body).unwrap()
}

fn ids(records: &[Value]) -> BTreeSet<String> {
    records
        .iter()
        .map(|record| record["clip_id"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test(start_paused = true)]
async fn paging_visits_every_clip_once_in_every_history_and_size() {
    for history in [History::Even, History::RecentHeavy, History::Bursty] {
        for clips in [0, 1, 29, 30, 31, 300, 301] {
            let client = Client::new(SandboxOptions {
                history,
                ..options(clips)
            });
            for size in [30, 300] {
                let query = format!("{WINDOW}&page_size={size}");
                let (records, pages) = client.walk("/v2/clips", &query, "data");
                assert_eq!(records.len() as u64, clips);
                assert_eq!(ids(&records).len() as u64, clips);
                assert_eq!(pages as u64, clips.div_ceil(size).max(1));
            }
            assert!(client.service.report().out_of_specification.is_empty());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn every_order_and_paging_and_end_token_lists_the_same_clips() {
    let mut all = Vec::new();
    for order in [Order::NewestFirst, Order::OldestFirst, Order::ById] {
        for paging in [Paging::Keyset, Paging::Offset] {
            for end_token in [EndToken::Empty, EndToken::Null, EndToken::Missing] {
                let client = Client::new(SandboxOptions {
                    behaviour: Behaviour {
                        end_token,
                        order,
                        paging,
                        ..Behaviour::default()
                    },
                    ..options(400)
                });
                let (records, _) = client.walk("/v2/clips", WINDOW, "data");
                assert_eq!(records.len(), 400);
                all.push(ids(&records));
            }
        }
    }
    assert!(all.iter().all(|one| *one == all[0]));
}

#[tokio::test(start_paused = true)]
async fn accounts_hold_different_clips_that_add_up() {
    let client = Client::new(SandboxOptions {
        sub_accounts: 3,
        ..options(1000)
    });
    let (subs, _) = client.walk("/v2/accounts", "page_size=300", "accounts");
    assert_eq!(subs.len(), 3);
    let mut all = BTreeSet::new();
    for id in client.service.account_ids() {
        let path = format!("/v2/accounts/{id}/clips");
        all.append(&mut ids(&client.walk(&path, WINDOW, "data").0));
    }
    assert_eq!(all.len(), 1000);
    let missing = client.get("/v2/accounts/nobody/clips", WINDOW);
    assert_eq!((missing.status, missing.code), (404, Some(2001)));
}

#[tokio::test(start_paused = true)]
async fn filters_and_totals_agree_with_the_whole_list() {
    let client = Client::new(options(2000));
    let (all, _) = client.walk("/v2/clips", WINDOW, "data");
    let owner = all[0]["owner_id"].as_str().unwrap();
    for (filter, field, wanted) in [
        ("status=RECORD_DELETE".to_owned(), "status", "RECORD_DELETE"),
        (format!("user_id={owner}"), "owner_id", owner),
    ] {
        let query = format!("{WINDOW}&{filter}");
        let (some, _) = client.walk("/v2/clips", &query, "data");
        let expected = all.iter().filter(|clip| clip[field] == wanted).count();
        assert!(expected > 0);
        assert_eq!(some.len(), expected);
        let total = value(&client.get("/v2/clips", &query))["total_records"].clone();
        assert_eq!(total, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn a_clip_dated_exactly_a_bound_is_listed_only_if_the_bound_is_inclusive() {
    let everything = Client::new(options(400))
        .walk("/v2/clips", WINDOW, "data")
        .0;
    let short = |clip: &&Value| clip["created_date"].as_str().unwrap().ends_with('Z');
    let clip = everything.iter().find(short).unwrap();
    let date = clip["created_date"].as_str().unwrap();
    let from = format!("from={date}&to=2024-03-29T00:00:00Z");
    let to = format!("from=2024-03-01T00:00:00Z&to={date}");
    for inclusive in [true, false] {
        let client = Client::new(SandboxOptions {
            behaviour: Behaviour {
                from_inclusive: inclusive,
                to_inclusive: inclusive,
                ..Behaviour::default()
            },
            ..options(400)
        });
        for bounds in [&from, &to] {
            let query = format!("date_filter_type=CREATED_DATE&{bounds}");
            let (records, _) = client.walk("/v2/clips", &query, "data");
            assert!(!records.is_empty());
            assert_eq!(records.contains(clip), inclusive);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn latency_stays_within_its_jitter_and_varies() {
    let client = Client::new(SandboxOptions {
        latency: Duration::from_millis(200),
        jitter: Duration::from_millis(50),
        ..options(0)
    });
    let now = Instant::now();
    let all: BTreeSet<u128> = (0..1000)
        .map(|_| client.service.arrived(Endpoint::OwnClips, now).as_millis())
        .collect();
    assert!(all.iter().all(|millis| (150..=250).contains(millis)));
    assert!(all.len() > 90);
}

#[tokio::test(start_paused = true)]
async fn a_list_without_deleted_clips_lacks_only_those() {
    let client = Client::new(SandboxOptions {
        behaviour: Behaviour {
            lists_deleted: false,
            total_records: TotalRecords::Absent,
            no_dates: NoDates::Everything,
            ..Behaviour::default()
        },
        ..options(2000)
    });
    let (some, _) = client.walk("/v2/clips", "page_size=300", "data");
    let deleted = client.service.truth().all.by_status["RECORD_DELETE"];
    assert!(deleted > 0);
    assert_eq!(some.len() as u64, 2000 - deleted);
    let page = value(&client.get("/v2/clips", WINDOW));
    assert!(page.get("total_records").is_none());
}

#[tokio::test(start_paused = true)]
async fn a_page_token_is_refused_when_late_or_with_other_parameters() {
    let client = Client::new(options(400));
    let first = value(&client.get("/v2/clips", WINDOW));
    let token = first["next_page_token"].as_str().unwrap();
    let same = format!("{WINDOW}&next_page_token={token}");
    let other = format!("{same}&page_size=300");
    assert_eq!(client.get("/v2/clips", &same).status, 200);
    let refused = client.get("/v2/clips", &other);
    assert_eq!((refused.status, refused.code), (400, Some(300)));
    assert_eq!(value(&refused)["message"], "Pagination Error");
    let broken = &client.service.report().out_of_specification;
    assert_eq!(broken["changed parameters with a page token"].count, 1);
    tokio::time::advance(Duration::from_mins(15)).await;
    assert_eq!(client.get("/v2/clips", &same).code, Some(300));
}

#[tokio::test(start_paused = true)]
async fn over_the_limit_is_a_429_with_two_headers_and_the_next_second_is_free() {
    let client = Client::new(SandboxOptions {
        limits: Limits {
            light_per_second: 3.0,
            ..Limits::NONE
        },
        ..options(10)
    });
    for _ in 0..3 {
        assert_eq!(client.get("/v2/clips", WINDOW).status, 200);
    }
    let reply = client.get("/v2/clips", WINDOW);
    assert_eq!((reply.status, reply.code), (429, Some(429)));
    let headers = [
        ("X-RateLimit-Category", "Light".to_owned()),
        ("X-RateLimit-Type", "QPS".to_owned()),
    ];
    assert_eq!(reply.headers, headers);
    assert_eq!(client.get("/v2/users", "").status, 200);
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(client.get("/v2/clips", WINDOW).status, 200);
    let report = client.service.report();
    assert_eq!(report.too_many_requests, 1);
    assert_eq!(report.peak_per_second["Light"], 4);
}

#[tokio::test(start_paused = true)]
async fn the_daily_limit_names_the_next_midnight() {
    let client = Client::new(SandboxOptions {
        limits: Limits {
            light_per_day: Some(1),
            ..Limits::NONE
        },
        ..options(10)
    });
    assert_eq!(client.get("/v2/clips", WINDOW).status, 200);
    let reply = client.get("/v2/clips", WINDOW);
    assert_eq!(reply.status, 429);
    let retry = ("Retry-After", "2024-03-30T00:00:00Z".to_owned());
    assert!(reply.headers.contains(&retry));
}

/// The answer to the first request under a rule.
fn under(fault: Fault) -> Reply {
    client_under(fault, Trigger::Always).get("/v2/clips", WINDOW)
}

fn client_under(fault: Fault, when: Trigger) -> Client {
    Client::new(SandboxOptions {
        faults: Faults {
            rules: vec![FaultRule::clips(fault, when)],
            malformed: None,
        },
        ..options(100)
    })
}

#[tokio::test(start_paused = true)]
async fn each_fault_shows_in_the_answer() {
    assert_eq!(
        value(&under(Fault::ShortPage))["data"]
            .as_array()
            .unwrap()
            .len(),
        15
    );
    let empty = value(&under(Fault::EmptyPage));
    assert_eq!(empty["data"], serde_json::json!([]));
    assert_ne!(empty["next_page_token"], "");
    assert!(value(&under(Fault::MissingData)).get("data").is_none());
    let hidden = under(Fault::OkWithErrorCode);
    assert_eq!((hidden.status, hidden.code), (200, Some(3000)));
    assert_eq!(under(Fault::Html(502)).content_type, "text/html");
    assert!(under(Fault::ServerError { body: false }).body.is_empty());
    assert_eq!(under(Fault::ServerError { body: true }).code, Some(500));
    assert_eq!(under(Fault::Forbidden).code, Some(1003));
    assert!(under(Fault::TooMany(TooMany::Bare)).headers.is_empty());
    assert_eq!(under(Fault::TooMany(TooMany::Daily)).headers.len(), 5);
    let refused = under(Fault::RefuseToken(TokenRefusal::BadRequest124));
    assert_eq!((refused.status, refused.code), (400, Some(124)));
    for (fault, delivery) in [
        (Fault::Close, Delivery::Closed),
        (Fault::CutBody, Delivery::Cut),
        (Fault::EndlessBody, Delivery::Endless),
        (Fault::NoAnswer, Delivery::Silent),
    ] {
        assert_eq!(under(fault).delivery, delivery);
    }
    let slow = under(Fault::Slow(Duration::from_secs(9)));
    assert_eq!((slow.status, slow.delay), (200, Duration::from_secs(9)));
}

#[tokio::test(start_paused = true)]
async fn short_and_empty_pages_lose_nothing_and_repeat_nothing() {
    for fault in [Fault::ShortPage, Fault::EmptyPage] {
        for paging in [Paging::Keyset, Paging::Offset] {
            let client = Client::new(SandboxOptions {
                faults: Faults {
                    rules: vec![FaultRule::clips(fault, Trigger::EveryNth(2))],
                    malformed: None,
                },
                behaviour: Behaviour {
                    paging,
                    ..Behaviour::default()
                },
                ..options(400)
            });
            let (records, pages) = client.walk("/v2/clips", WINDOW, "data");
            assert_eq!((records.len(), ids(&records).len()), (400, 400));
            assert!(pages > 14);
        }
    }
    let client = client_under(Fault::EmptyPage, Trigger::FirstAttempts(1));
    let (records, _) = client.walk("/v2/clips", WINDOW, "data");
    assert_eq!(ids(&records).len(), 100);
}

#[tokio::test(start_paused = true)]
async fn a_repeated_page_token_is_the_one_that_was_sent() {
    let client = client_under(Fault::RepeatedPageToken, Trigger::Always);
    let first = value(&client.get("/v2/clips", WINDOW));
    let token = first["next_page_token"].as_str().unwrap();
    let second = value(&client.get("/v2/clips", &format!("{WINDOW}&next_page_token={token}")));
    assert_eq!(second["next_page_token"], token);
}

#[tokio::test(start_paused = true)]
async fn a_killed_access_token_stays_dead_and_a_new_one_works() {
    let kill = Fault::KillToken(TokenRefusal::Unauthorized124);
    let mut client = client_under(kill, Trigger::Nth(3));
    let statuses: Vec<u16> = (0..5)
        .map(|_| client.get("/v2/clips", WINDOW).status)
        .collect();
    assert_eq!(statuses, [200, 200, 401, 401, 401]);
    client.renew();
    assert_eq!(client.get("/v2/clips", WINDOW).status, 200);
    assert_eq!(client.service.report().access_tokens, 2);
}

#[tokio::test(start_paused = true)]
async fn users_are_listed_by_state_and_found_alone() {
    let client = Client::new(options(10));
    let (active, _) = client.walk("/v2/users", "page_size=50", "users");
    let (inactive, _) = client.walk("/v2/users", "status=inactive&page_size=2000", "users");
    let (pending, _) = client.walk("/v2/users", "status=pending", "users");
    assert!(active.len() > 150 && !inactive.is_empty() && !pending.is_empty());
    assert!(pending.iter().all(|user| user.get("id").is_none()));
    let id = inactive[0]["id"].as_str().unwrap();
    let single = client.get(&format!("/v2/users/{id}"), "");
    assert_eq!(value(&single)["email"], inactive[0]["email"]);
    let nobody = client.get("/v2/users/nobody", "");
    assert_eq!((nobody.status, nobody.code), (404, Some(1001)));
    assert_eq!(value(&nobody)["message"], "User does not exist: nobody.");
}

#[tokio::test(start_paused = true)]
async fn an_unknown_path_and_a_missing_header_are_refused_and_reported() {
    let client = Client::new(options(10));
    let reply = client.get("/v2/clip", "");
    assert_eq!((reply.status, reply.code), (400, Some(2300)));
    let route = Route::parse("GET", "/v2/clips");
    assert_eq!(route.endpoint, Endpoint::OwnClips);
    let reply = client
        .service
        .answer(&route, "/v2/clips", WINDOW, None, Instant::now());
    assert_eq!((reply.status, reply.code), (401, Some(124)));
    let broken = client.service.report().out_of_specification;
    let reasons: Vec<&str> = broken.keys().map(String::as_str).collect();
    let expected = [
        "authorization header missing or of the wrong form",
        "unknown method or path",
    ];
    assert_eq!(reasons, expected);
}

#[tokio::test(start_paused = true)]
async fn a_known_path_answers_another_method_with_405_and_the_one_that_it_takes() {
    let client = Client::new(options(10));
    for (method, path, allow) in [
        ("TRACE", "/v2/clips", "GET"),
        ("POST", "/v2/users", "GET"),
        ("GET", "/oauth/token", "POST"),
    ] {
        let route = Route::parse(method, path);
        let header = Some(client.header.as_str());
        let reply = client
            .service
            .answer(&route, path, "", header, Instant::now());
        assert_eq!(reply.status, 405, "{method} {path}");
        assert_eq!(reply.headers, [("Allow", allow.to_owned())]);
    }
    let broken = client.service.report().out_of_specification;
    assert_eq!(broken["unknown method or path"].count, 3);
}

#[tokio::test(start_paused = true)]
async fn the_access_token_is_judged_before_the_limits_and_the_scope_after_them() {
    let mut client = Client::new(SandboxOptions {
        limits: Limits {
            light_per_second: 1.0,
            ..Limits::NONE
        },
        behaviour: Behaviour {
            scopes: Some(vec!["clips:read:list_user_clips:admin".to_owned()]),
            ..Behaviour::default()
        },
        ..options(10)
    });
    let good = std::mem::replace(&mut client.header, "Bearer unknown".to_owned());
    // Nobody's requests use up nothing.
    for _ in 0..3 {
        assert_eq!(client.get("/v2/clips", WINDOW).status, 401);
    }
    client.header = good;
    assert_eq!(client.get("/v2/clips", WINDOW).status, 200);
    client.header = "Bearer unknown".to_owned();
    assert_eq!(client.get("/v2/clips", WINDOW).status, 401);
    client.renew();
    assert_eq!(client.get("/v2/users/me", "").status, 429);
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(client.get("/v2/users/me", "").code, Some(4711));
}

#[tokio::test(start_paused = true)]
async fn the_streamed_truth_has_every_clip_of_every_account() {
    let client = Client::new(SandboxOptions {
        sub_accounts: 2,
        ..options(700)
    });
    let mut text = Vec::new();
    let mut place = (0, 0);
    while let Some((piece, next)) = client.service.truth_piece(place.0, place.1, 100) {
        text.extend(piece);
        place = next;
    }
    let text = String::from_utf8(text).unwrap();
    let clips: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(ids(&clips).len(), 700);
    let bytes: u64 = clips
        .iter()
        .filter_map(|clip| clip["file_size_bytes"].as_u64())
        .sum();
    assert_eq!(bytes, client.service.truth().all.bytes);
}
