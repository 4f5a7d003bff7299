//! How calls come by their access token.

use super::*;

/// Hands out tokens `token-1`, `token-2` and so on, and lets `api` answer the rest by the token.
fn with_tokens(
    expires_in: u64,
    mut api: impl FnMut(&str) -> Answer + Send + 'static,
) -> Arc<Scripted> {
    let mut fetched = 0;
    Scripted::delayed(Duration::from_millis(200), move |request| {
        match &request.authorization {
            Authorization::Basic { .. } => {
                fetched += 1;
                let body = serde_json::json!({
                    "access_token": format!("token-{fetched}"),
                    "token_type": "bearer",
                    "expires_in": expires_in,
                    "scope": "a:read b:read",
                    "api_url": "https://api-eu.zoom.us",
                });
                answer(200, body.to_string())
            }
            Authorization::Bearer(token) => api(token.expose_secret()),
            Authorization::Anonymous => api(""),
        }
    })
}

#[tokio::test(start_paused = true)]
async fn fifty_calls_at_once_fetch_one_token() {
    let script = with_tokens(3599, |_| answer(200, GOOD));
    let service = service(script, app(), limits(80.0, 50));
    assert!(service.volley(50).await.iter().all(Result::is_ok));
    assert_eq!((service.sent_to(TOKENS), service.sent_to(CLIPS)), (1, 50));
    let form = service.script.sent()[0].request.form.clone().unwrap();
    assert_eq!(
        form,
        [
            ("grant_type".to_owned(), "account_credentials".to_owned()),
            ("account_id".to_owned(), "account".to_owned())
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_token_is_renewed_five_minutes_before_its_end() {
    let script = with_tokens(3600, |_| answer(200, GOOD));
    let service = service(script, app(), limits(80.0, 8));
    service.get().await.unwrap();
    tokio::time::sleep(Duration::from_mins(54)).await;
    service.get().await.unwrap();
    assert_eq!(service.sent_to(TOKENS), 1);
    tokio::time::sleep(Duration::from_mins(1)).await;
    service.get().await.unwrap();
    assert_eq!(service.sent_to(TOKENS), 2);
}

#[tokio::test(start_paused = true)]
async fn a_token_that_ages_at_the_gates_is_renewed_before_it_is_sent() {
    let mut first = true;
    let script = with_tokens(700, move |token| {
        assert!(first || token == "token-2", "{token}");
        if std::mem::take(&mut first) {
            answer_with(429, &[("Retry-After", "600")], "")
        } else {
            answer(200, GOOD)
        }
    });
    let service = service(script, app(), limits(80.0, 1));
    assert!(service.volley(5).await.iter().all(Result::is_ok));
    assert_eq!(service.sent_to(CLIPS), 6);
}

#[tokio::test(start_paused = true)]
async fn a_token_that_dies_is_renewed_by_one_for_all() {
    for (status, body) in [
        (401, r#"{"code":124,"message":"Access token is expired."}"#),
        (400, r#"{"code":124}"#),
        (401, r#"{"code":1002}"#),
    ] {
        let script = with_tokens(3600, move |token| match token {
            "token-1" => answer(status, body),
            _ => answer(200, GOOD),
        });
        let service = service(script, app(), limits(80.0, 50));
        assert!(service.volley(50).await.iter().all(Result::is_ok));
        assert_eq!(service.sent_to(TOKENS), 2, "{status} {body}");
    }
}

#[tokio::test(start_paused = true)]
async fn tokens_that_are_always_refused_are_fetched_ever_more_slowly_and_it_is_said_why() {
    let script = with_tokens(3600, |_| answer(401, r#"{"code":124,"message":"No."}"#));
    let service = service(script, app(), limits(80.0, 8));
    let start = Instant::now();
    for result in service.volley(8).await {
        let failure = result.unwrap_err();
        assert_eq!(failure.kind, FailureKind::TokensRefused);
        assert!(failure.to_string().contains("another program"), "{failure}");
    }
    // As long as `max_wait` allows, and no longer.
    let took = start.elapsed();
    assert!((900..960).contains(&took.as_secs()), "{took:?}");
    let fetched = service.sent_to(TOKENS);
    assert!((20..60).contains(&fetched), "{fetched} access tokens");
    let is_told = |event: &Event| matches!(event, Event::TokensRefused { .. });
    assert_eq!(service.kept.count(is_told), 1);
}

#[tokio::test(start_paused = true)]
async fn tokens_that_another_program_ends_every_half_second_are_a_second_apart_or_more() {
    let begun = Instant::now();
    let (mut fetched, mut came_in) = (0, 0);
    let script = Scripted::delayed(Duration::from_millis(20), move |request| {
        let half = begun.elapsed().as_millis() / 500;
        let Authorization::Bearer(token) = &request.authorization else {
            (fetched, came_in) = (fetched + 1, half);
            return answer(200, format!(r#"{{"access_token":"token-{fetched}"}}"#));
        };
        let is_last = token.expose_secret() == format!("token-{fetched}");
        if is_last && came_in == half {
            answer(200, GOOD)
        } else {
            answer(401, r#"{"code":124,"message":"Invalid access token."}"#)
        }
    });
    let service = service(script, app(), limits(80.0, 8));
    // Calls that come all the time, also while others wait.
    let calls: Vec<_> = (0..1_000)
        .map(|number| {
            let client = service.client.clone();
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_millis(20) * number).await;
                client.get(&call(None), count).await
            })
        })
        .collect();
    for call in calls {
        assert_eq!(call.await.unwrap(), Ok(2));
    }
    let sent = service.script.sent();
    let times = sent
        .iter()
        .filter(|sent| sent.request.method == Method::Post);
    let times: Vec<Instant> = times.map(|sent| sent.at).collect();
    assert!(times.len() > 10, "{} access tokens", times.len());
    for pair in times.windows(2) {
        let apart = pair[1] - pair[0];
        assert!(apart >= Duration::from_secs(1), "{apart:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_that_dies_of_old_age_is_replaced_at_once() {
    let old = Arc::new(Mutex::new(false));
    let killed = Arc::clone(&old);
    let script = with_tokens(3600, move |token| {
        if *killed.lock().unwrap() && token == "token-1" {
            return answer(401, r#"{"code":124}"#);
        }
        answer(200, GOOD)
    });
    let service = service(script, app(), limits(80.0, 8));
    service.get().await.unwrap();
    tokio::time::sleep(Duration::from_mins(2)).await;
    *old.lock().unwrap() = true;
    let start = Instant::now();
    service.get().await.unwrap();
    // Three answers of 200 ms: the refusal, the next token, the page.
    assert_eq!(start.elapsed(), Duration::from_millis(600));
}

#[tokio::test(start_paused = true)]
async fn a_given_token_is_not_renewed() {
    let service = queue([answer(401, r#"{"code":124}"#)]);
    let failure = service.get().await.unwrap_err();
    assert_eq!(
        (failure.kind, failure.attempts),
        (FailureKind::Credentials, 1)
    );
}

#[tokio::test(start_paused = true)]
async fn refused_credentials_are_told_to_all_who_wait_after_one_request() {
    let body = r#"{"reason":"Invalid client_id or client_secret","error":"invalid_client"}"#;
    let script = Scripted::delayed(Duration::from_millis(200), move |_| answer(400, body));
    let service = service(script, app(), limits(80.0, 8));
    for result in service.volley(20).await {
        let failure = result.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Credentials);
        assert_eq!(
            failure.to_string(),
            "POST /oauth/token failed after 1 attempt in 200ms: 400 \"Invalid client_id or \
             client_secret / invalid_client\"; check the account id, client id and client secret \
             (or the access token), and that the Zoom app is activated, which can take an hour"
        );
    }
    assert_eq!(service.sent_to(TOKENS), 1);
}

#[tokio::test(start_paused = true)]
async fn a_token_endpoint_that_is_down_for_a_while_is_waited_for() {
    let mut asked = 0;
    let script = Scripted::answering(move |request| match request.method {
        Method::Get => answer(200, GOOD),
        Method::Post => {
            asked += 1;
            match asked {
                1 => answer(503, ""),
                2 => answer_with(429, &[("Retry-After", "7")], ""),
                3 => answer(200, r#"{"access_token":""}"#),
                _ => answer(200, r#"{"access_token":"planted-token"}"#),
            }
        }
    });
    let service = service(script, app(), limits(80.0, 8));
    let start = Instant::now();
    assert_eq!(service.client.granted_scopes().await, Ok(None));
    assert!(start.elapsed() >= Duration::from_secs(7));
    assert_eq!(service.get().await, Ok(2));
    assert_eq!(service.sent_to(TOKENS), 4);
}

#[tokio::test(start_paused = true)]
async fn granted_scopes_are_those_of_the_token() {
    let service = service(
        with_tokens(3600, |_| answer(500, "")),
        app(),
        limits(80.0, 8),
    );
    let scopes = service.client.granted_scopes().await.unwrap().unwrap();
    assert_eq!(scopes, ["a:read", "b:read"]);
    let api_url = service.client.recommended_api_url().await.unwrap();
    assert_eq!(api_url.as_deref(), Some("https://api-eu.zoom.us"));
    assert_eq!(service.sent_to(TOKENS), 1);
}

#[tokio::test(start_paused = true)]
async fn a_token_answer_that_is_none_is_never_quoted() {
    let script = Scripted::answering(|_| answer(200, r#"{"access_token":["planted"]}"#));
    let service = service(script, app(), limits(80.0, 8));
    let failure = service.get().await.unwrap_err();
    assert_eq!(
        (&failure.kind, failure.attempts),
        (&FailureKind::Unusable, 5)
    );
    assert!(!format!("{failure:?}").contains("planted"), "{failure}");
}
