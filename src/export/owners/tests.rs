//! Whom the service tells of, whom it does not, and what that costs.

use std::sync::{Arc, Mutex};

use super::*;
use crate::clip::{Clip, ClipBatchBuilder};
use crate::event::Listener;
use crate::model::Micros;
use crate::zoom::scripted::{Answer, Scripted, answer};
use crate::zoom::{Credentials, Endpoints, Limits, RetryPolicy};

#[derive(Default)]
struct Warnings(Mutex<Vec<String>>);

impl Listener for Warnings {
    fn on(&self, event: &Event) {
        if let Event::OwnersUnknown { what, why } = event {
            self.0.lock().unwrap().push(format!("{what}: {why}"));
        }
    }
}

/// What looking up came to: people by id, warnings, and the paths that were asked for.
struct Outcome {
    people: Result<Option<People>, Failure>,
    warnings: Vec<String>,
    asked: Vec<String>,
}

/// Answers by path and state, such as `/users active` or `/users/u1`.
async fn look_up(
    accounts: &[(&str, bool)],
    owners: &[(&str, &'static str)],
    script: fn(&str) -> Answer,
) -> Outcome {
    let mut clips = ClipBatchBuilder::with_capacity(owners.len());
    for (account, owner) in owners {
        let clip = Clip {
            owner_id: Some((*owner).into()),
            ..Clip::default()
        };
        clips.push(account, Micros(0), &clip);
    }
    let mut ids = OwnerIds::default();
    ids.add(&clips.finish());
    let accounts: Vec<Account> = accounts
        .iter()
        .map(|(id, is_own)| Account {
            id: (*id).to_owned(),
            path: (!is_own).then(|| (*id).to_owned()),
        })
        .collect();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&asked);
    let transport = Scripted::answering(move |request| {
        let mut pairs = request.url.query_pairs();
        let state = pairs.find_map(|(name, value)| (name == "status").then_some(value));
        let path = request.url.path().trim_start_matches("/v2").to_owned();
        let asked = match state {
            Some(state) => format!("{path} {state}"),
            None => path,
        };
        log.lock().unwrap().push(asked.clone());
        script(&asked)
    });
    let warnings = Arc::new(Warnings::default());
    let events = Events::to(vec![Arc::clone(&warnings) as _]);
    let limits = Limits {
        light: 80.0,
        medium: 60.0,
        concurrency: 4,
        plan: None,
    };
    let client = Client::new(
        transport,
        Credentials::AccessToken("hush".into()),
        Endpoints::new("https://api.zoom.us/v2", "https://zoom.us/oauth/token").unwrap(),
        limits,
        RetryPolicy::default(),
        events.clone(),
    );
    let people = LookUp::new(&client, &events, 1, &[])
        .people(&accounts, &ids)
        .await;
    let warnings = warnings.0.lock().unwrap().clone();
    let asked = asked.lock().unwrap().clone();
    Outcome {
        people,
        warnings,
        asked,
    }
}

fn nobody() -> Answer {
    answer(200, r#"{"users":[],"next_page_token":""}"#)
}

#[tokio::test(start_paused = true)]
async fn whom_no_list_holds_is_asked_for_alone_and_who_is_deleted_or_unreadable_is_told_apart() {
    let outcome = look_up(
        &[("own", true)],
        &[
            ("own", "u1"),
            ("own", "u2"),
            ("own", "u3"),
            ("own", "u4"),
            ("own", "u5"),
        ],
        |asked| match asked {
            "/users inactive" => answer(200, r#"{"users":[{"id":"u1","email":"1@x"}]}"#),
            "/users/u2" => answer(200, r#"{"id":"u2","email":"2@x","status":"active"}"#),
            "/users/u3" => answer(404, r#"{"code":1001,"message":"User does not exist: u3."}"#),
            "/users/u4" => answer(403, r#"{"code":1003,"message":"No permission."}"#),
            "/users/u5" => answer(400, r#"{"code":300,"message":"No."}"#),
            _ => nobody(),
        },
    )
    .await;
    let people = outcome.people.unwrap().unwrap();
    let statuses = ["u1", "u2", "u3", "u4"].map(|id| people[id].status.as_deref().unwrap());
    assert_eq!(statuses, ["inactive", "active", "deleted", "unreadable"]);
    assert_eq!(people["u2"].email.as_deref(), Some("2@x"));
    assert_eq!(people.len(), 4);
    assert_eq!(outcome.warnings, [""; 0]);
    let asked = [
        "/users active",
        "/users inactive",
        "/users pending",
        "/users/u2",
        "/users/u3",
        "/users/u4",
        "/users/u5",
    ];
    assert_eq!(outcome.asked, asked);
}

#[tokio::test(start_paused = true)]
async fn lists_are_left_when_all_are_known_and_accounts_without_owners_are_not_asked() {
    let outcome = look_up(
        &[("own", true), ("sub", false), ("none", false)],
        &[("own", "u1"), ("sub", "u1"), ("sub", "u2")],
        |asked| match asked {
            "/users active" => answer(200, r#"{"users":[{"id":"u1","email":"1@x"}]}"#),
            "/accounts/sub/users active" => answer(200, r#"{"users":[{"id":"u2"},{"id":"u1"}]}"#),
            _ => nobody(),
        },
    )
    .await;
    let people = outcome.people.unwrap().unwrap();
    // Of two that name a user, the account that comes first counts.
    assert_eq!(people["u1"].email.as_deref(), Some("1@x"));
    assert_eq!(
        outcome.asked,
        ["/users active", "/accounts/sub/users active"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_scope_that_is_missing_is_told_once_and_not_asked_for_again() {
    let outcome = look_up(
        &[("a", false), ("b", false)],
        &[("a", "u1"), ("b", "u2")],
        |_| {
            let body = r#"{"code":4711,"message":"Invalid access token, does not contain
                scopes:[user:read:list_users:master]."}"#;
            answer(400, body.replace('\n', " "))
        },
    )
    .await;
    assert_eq!(outcome.people.unwrap(), None);
    assert_eq!(outcome.warnings.len(), 1);
    assert!(
        outcome.warnings[0].contains("user:read:list_users:master"),
        "{:?}",
        outcome.warnings
    );
    assert_eq!(outcome.asked, ["/accounts/a/users active"]);
}

#[tokio::test(start_paused = true)]
async fn an_account_whose_users_may_not_be_listed_is_told_and_the_others_are_named() {
    let outcome = look_up(
        &[("a", false), ("b", false)],
        &[("a", "u1"), ("b", "u2")],
        |asked| match asked {
            "/accounts/b/users active" => answer(200, r#"{"users":[{"id":"u2"}]}"#),
            _ => answer(
                403,
                r#"{"message":"Access has been denied for this account."}"#,
            ),
        },
    )
    .await;
    assert!(outcome.people.unwrap().unwrap().contains_key("u2"));
    assert!(
        outcome.warnings[0].contains("/accounts/a/users"),
        "{:?}",
        outcome.warnings
    );
}

#[tokio::test(start_paused = true)]
async fn an_outage_is_no_answer() {
    let outcome = look_up(&[("own", true)], &[("own", "u1")], |_| answer(503, "")).await;
    assert_eq!(outcome.people.unwrap_err().kind, FailureKind::Unavailable);
}

#[tokio::test(start_paused = true)]
async fn an_id_that_cannot_stand_in_a_path_is_nobody() {
    let outcome = look_up(&[("own", true)], &[("own", "..")], |_| nobody()).await;
    assert_eq!(outcome.people.unwrap(), Some(People::new()));
    assert_eq!(outcome.asked.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_census_without_owners_needs_no_request() {
    let outcome = look_up(&[("own", true)], &[], |_| nobody()).await;
    assert_eq!(outcome.people.unwrap(), Some(People::new()));
    assert_eq!(outcome.asked, [""; 0]);
}
