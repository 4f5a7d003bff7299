//! Calls against a script, on tokio's clock.

mod tokens;

use std::collections::VecDeque;
use std::num::NonZero;
use std::sync::Mutex;
use std::sync::mpsc::Sender;

use super::*;
use crate::event::Listener;
use crate::zoom::scripted::{Answer, Scripted, answer, answer_with};
use crate::zoom::wire::Page;

const GOOD: &str = r#"{"data":[{},{}]}"#;

/// Keeps all events.
#[derive(Default)]
struct Kept(Mutex<Vec<Event>>);

impl Listener for Kept {
    fn on(&self, event: &Event) {
        self.0.lock().unwrap().push(event.clone());
    }
}

impl Kept {
    fn outcomes(&self, of: &str) -> Vec<Outcome> {
        let outcome = |event: &Event| match event {
            Event::Attempt { call, outcome, .. } if call.starts_with(of) => Some(*outcome),
            _ => None,
        };
        self.0.lock().unwrap().iter().filter_map(outcome).collect()
    }

    fn count(&self, which: impl Fn(&Event) -> bool) -> usize {
        self.0
            .lock()
            .unwrap()
            .iter()
            .filter(|event| which(event))
            .count()
    }
}

struct Service {
    client: Client,
    script: Arc<Scripted>,
    kept: Arc<Kept>,
}

fn service(script: Arc<Scripted>, credentials: Credentials, limits: Limits) -> Service {
    let kept = Arc::new(Kept::default());
    let endpoints =
        Endpoints::new("https://api.zoom.us/v2", "https://zoom.us/oauth/token").unwrap();
    let client = Client::new(
        Arc::clone(&script) as Arc<dyn Transport>,
        credentials,
        endpoints,
        limits,
        RetryPolicy::default(),
        Events::to(vec![Arc::clone(&kept) as Arc<dyn Listener>]),
    );
    Service {
        client,
        script,
        kept,
    }
}

fn given() -> Credentials {
    Credentials::AccessToken("planted-token".into())
}

fn app() -> Credentials {
    Credentials::ServerToServer {
        account_id: "account".into(),
        client_id: "app".into(),
        client_secret: "planted-secret".into(),
    }
}

fn limits(light: f64, concurrency: usize) -> Limits {
    Limits {
        light,
        medium: light,
        concurrency,
        plan: None,
    }
}

fn queue(answers: impl IntoIterator<Item = Answer>) -> Service {
    service(Scripted::queue(answers), given(), limits(80.0, 8))
}

fn call(page_token: Option<&str>) -> Call {
    Call {
        label: RateLabel::Light,
        path: vec!["accounts".into(), "abc".into(), "clips".into()],
        query: vec![("page_size", "300".into())],
        page_token: page_token.map(PageToken::new),
    }
}

fn count(body: &Bytes) -> Result<usize, WireError> {
    let (text, _) = crate::zoom::wire::text(body);
    Page::parse(&text, "data").map(|page| page.records.len())
}

impl Service {
    async fn get(&self) -> Result<usize, Failure> {
        self.client.get(&call(None), count).await
    }

    /// Makes so many calls at once and returns what became of each.
    async fn volley(&self, calls: usize) -> Vec<Result<usize, Failure>> {
        let calls: Vec<_> = (0..calls)
            .map(|_| {
                let client = self.client.clone();
                tokio::spawn(async move { client.get(&call(None), count).await })
            })
            .collect();
        let mut results = Vec::new();
        for call in calls {
            results.push(call.await.unwrap());
        }
        results
    }

    fn sent_to(&self, path: &str) -> usize {
        let sent = self.script.sent();
        sent.iter()
            .filter(|sent| sent.request.url.path() == path)
            .count()
    }
}

const TOKENS: &str = "/oauth/token";
const CLIPS: &str = "/v2/accounts/abc/clips";

#[tokio::test(start_paused = true)]
async fn an_answer_is_decoded() {
    let service = queue([answer(200, GOOD)]);
    assert_eq!(service.get().await, Ok(2));
    assert_eq!(
        service.kept.outcomes("GET /accounts/abc/clips"),
        [Outcome::Ok]
    );
}

#[tokio::test(start_paused = true)]
async fn what_passes_is_retried_and_every_attempt_is_told() {
    let interrupted = TransportError::Interrupted {
        why: "reset".into(),
    };
    let service = queue([
        answer(503, "<html>busy</html>"),
        Err(interrupted),
        answer(200, r#"{"code":5000,"message":"Oops"}"#),
        answer(200, r#"{"clips":[]}"#),
        answer(200, GOOD),
    ]);
    assert_eq!(service.get().await, Ok(2));
    assert_eq!(
        service.kept.outcomes(""),
        [
            Outcome::ServerError,
            Outcome::ConnectionError,
            Outcome::Unusable,
            Outcome::Unusable,
            Outcome::Ok
        ]
    );
    let retry = |event: &Event| matches!(event, Event::Retry { .. });
    assert_eq!(service.kept.count(retry), 4);
}

#[tokio::test(start_paused = true)]
async fn a_service_that_stays_down_is_given_up_after_a_quarter_of_an_hour() {
    let down = Scripted::answering(|_| answer(502, "Bad Gateway"));
    let service = service(down, given(), limits(80.0, 8));
    let failure = service.get().await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Unavailable);
    assert_eq!(failure.status, Some(502));
    assert_eq!(failure.elapsed.as_secs(), 15 * 60);
    assert!((40..160).contains(&failure.attempts), "{failure}");
    assert!(
        failure
            .to_string()
            .contains(r#"attempts in 15m: 502 "Bad Gateway"; check the net"#)
    );
}

#[tokio::test(start_paused = true)]
async fn what_helps_nothing_is_not_repeated() {
    let body = r#"{"code":1003,"message":"No permission to operate"}"#;
    let service = queue([answer_with(403, &[("x-zm-trackingid", "rid=1")], body)]);
    let failure = service.get().await.unwrap_err();
    assert_eq!(
        failure.to_string(),
        "GET /accounts/abc/clips failed after 1 attempt in 0s: 403 \"No permission to operate\" \
         (code 1003) [tracking id rid=1]; give the role of the Zoom app's owner the permission \
         for it, or leave this account out"
    );
}

#[tokio::test(start_paused = true)]
async fn a_refused_page_token_is_not_repeated_and_not_shown() {
    let body = r#"{"code":300,"message":"The next page token planted-page is invalid."}"#;
    let service = queue([answer(400, body)]);
    let failure = service
        .client
        .get(&call(Some("planted-page")), count)
        .await
        .unwrap_err();
    assert_eq!(failure.kind, FailureKind::PageTokenRefused);
    assert!(
        !format!("{failure} {failure:?}").contains("planted"),
        "{failure}"
    );
    assert!(service.script.sent()[0].query("next_page_token").is_some());
}

#[tokio::test(start_paused = true)]
async fn a_path_like_account_is_refused_unsent() {
    let service = queue([]);
    let mut call = call(None);
    call.path[1] = "..".into();
    let failure = service.client.get(&call, count).await.unwrap_err();
    assert_eq!(
        (failure.kind, failure.attempts),
        (FailureKind::BadRequest, 0)
    );
    assert!(service.script.sent().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_pause_holds_all_calls() {
    let mut first = true;
    let script = Scripted::answering(move |_| {
        if std::mem::take(&mut first) {
            answer_with(429, &[("Retry-After", "60")], "")
        } else {
            answer(200, GOOD)
        }
    });
    let service = service(script, given(), limits(80.0, 8));
    let start = Instant::now();
    let results = service.volley(20).await;
    assert!(results.iter().all(Result::is_ok));
    let early = |sent: &crate::zoom::scripted::Sent| sent.at < start + Duration::from_mins(1);
    let sent = service.script.sent();
    assert_eq!(sent.iter().filter(|sent| early(sent)).count(), 1);
    assert_eq!(sent.len(), 21);
    assert_eq!(
        service
            .kept
            .count(|event| matches!(event, Event::Paused { .. })),
        1
    );
}

#[tokio::test(start_paused = true)]
async fn a_permit_is_free_during_a_retry_delay() {
    let script = Scripted::answering(|request| match request.url.path() {
        CLIPS => answer(503, ""),
        _ => answer(200, GOOD),
    });
    let service = service(script, given(), limits(1000.0, 1));
    let client = service.client.clone();
    let down = tokio::spawn(async move { client.get(&call(None), count).await });
    tokio::time::sleep(Duration::from_mins(1)).await;
    let start = Instant::now();
    let mut other = call(None);
    other.path[1] = "other".into();
    assert_eq!(service.client.get(&other, count).await, Ok(2));
    assert!(start.elapsed() < Duration::from_millis(5));
    assert!(!down.is_finished());
}

/// Keeps all cores busy until what it returns is dropped.
async fn occupy(service: &Service) -> Vec<Sender<()>> {
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    let occupied = (0..cores).map(|_| {
        let (release, released) = std::sync::mpsc::channel();
        let cores = service.client.pool().clone();
        tokio::spawn(async move { cores.run(move || released.recv()).await });
        release
    });
    let occupied = occupied.collect();
    idle_for(Duration::ZERO).await;
    occupied
}

/// Lets time pass, though work on other threads is not done.
async fn idle_for(time: Duration) {
    for _ in 0..100 {
        tokio::time::advance(time / 100).await;
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_asked_for_while_no_core_is_free() {
    let service = queue([answer(200, GOOD)]);
    let occupied = occupy(&service).await;
    let client = service.client.clone();
    let asked = tokio::spawn(async move { client.get(&call(None), count).await });
    idle_for(Duration::from_secs(9)).await;
    assert!(service.script.sent().is_empty());
    drop(occupied);
    assert_eq!(asked.await.unwrap(), Ok(2));
}

#[tokio::test(start_paused = true)]
async fn a_permit_is_held_until_the_answer_is_decoded() {
    let script = Scripted::delayed(Duration::from_millis(200), |_| answer(200, GOOD));
    let service = service(script, given(), limits(1000.0, 2));
    let client = service.client.clone();
    let volley = tokio::spawn(async move {
        let call = call(None);
        tokio::join!(
            client.get(&call, count),
            client.get(&call, count),
            client.get(&call, count)
        )
    });
    tokio::time::sleep(Duration::from_millis(100)).await;
    let occupied = occupy(&service).await;
    idle_for(Duration::from_secs(9)).await;
    assert_eq!(service.script.sent().len(), 2);
    drop(occupied);
    assert_eq!(volley.await.unwrap(), (Ok(2), Ok(2), Ok(2)));
}

#[tokio::test(start_paused = true)]
async fn retries_count_against_the_rate() {
    let mut answers = 0_u32;
    let script = Scripted::delayed(Duration::from_millis(300), move |_| {
        answers += 1;
        if answers.is_multiple_of(3) {
            answer(200, GOOD)
        } else {
            answer(500, "")
        }
    });
    let service = service(script, given(), limits(20.0, 50));
    assert!(service.volley(100).await.iter().all(Result::is_ok));
    let sent = service.script.sent();
    assert_eq!(sent.len(), 300);
    let second = Duration::from_secs(1);
    for (index, first) in sent.iter().enumerate() {
        let later = sent.get(index + 20);
        assert!(
            later.is_none_or(|later| later.at - first.at >= second),
            "{index}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn the_rate_is_reached_and_never_exceeded() {
    let slow = Scripted::delayed(Duration::from_millis(200), |_| answer(200, GOOD));
    let service = service(slow, given(), limits(80.0, 64));
    let start = Instant::now();
    assert!(service.volley(1600).await.iter().all(Result::is_ok));
    let sent = service.script.sent();
    for (index, first) in sent.iter().enumerate() {
        let later = sent.get(index + 80);
        assert!(
            later.is_none_or(|later| later.at - first.at >= Duration::from_secs(1)),
            "{index}"
        );
    }
    let ten = sent
        .iter()
        .filter(|sent| sent.at < start + Duration::from_secs(10));
    let ten = ten.count();
    assert!(ten >= 780, "{ten}");
}

#[tokio::test(start_paused = true)]
async fn a_refusal_lowers_the_pace_and_success_raises_it() {
    let mut first = true;
    let script = Scripted::answering(move |_| {
        let status = if std::mem::take(&mut first) { 429 } else { 200 };
        answer(status, GOOD)
    });
    let service = service(script, given(), limits(80.0, 8));
    service.get().await.unwrap();
    let low = service.client.rate(RateLabel::Light);
    assert!((low - 56.0).abs() < 1e-9, "{low}");
    assert!(service.volley(200).await.iter().all(Result::is_ok));
    let kept = service.client.rate(RateLabel::Light);
    assert!((kept - 56.0).abs() < 1e-9, "{kept}");
    tokio::time::advance(Duration::from_secs(10)).await;
    assert!(service.volley(200).await.iter().all(Result::is_ok));
    let full = service.client.rate(RateLabel::Light);
    assert!((full - 80.0).abs() < 1e-9, "{full}");
}

#[tokio::test(start_paused = true)]
async fn what_is_not_found_has_gone_through_too() {
    let mut first = true;
    let script = Scripted::answering(move |_| {
        let status = if std::mem::take(&mut first) { 429 } else { 404 };
        answer(status, "{}")
    });
    let service = service(script, given(), limits(80.0, 8));
    assert!(service.get().await.is_err());
    tokio::time::advance(Duration::from_secs(10)).await;
    assert!(service.volley(200).await.iter().all(Result::is_err));
    let full = service.client.rate(RateLabel::Light);
    assert!((full - 80.0).abs() < 1e-9, "{full}");
}

#[tokio::test(start_paused = true)]
async fn no_event_and_no_failure_holds_a_secret() {
    let script = Scripted::answering(|request| match &request.authorization {
        Authorization::Basic { .. } => answer(200, r#"{"access_token":"planted-token"}"#),
        Authorization::Bearer(_) | Authorization::Anonymous => answer(
            500,
            "planted-token planted-page is what you sent, \u{1b}[2J",
        ),
    });
    let service = service(script, app(), limits(80.0, 8));
    let failure = service
        .client
        .get(&call(Some("planted-page")), count)
        .await
        .unwrap_err();
    let events = format!("{:?}", service.kept.0.lock().unwrap());
    let sent = format!("{:?} {:?} {:?}", service.script.sent(), app(), given());
    for shown in [failure.to_string(), format!("{failure:?}"), events, sent] {
        assert!(!shown.contains("planted"), "{shown}");
        assert!(!shown.contains('\u{1b}'), "{shown}");
    }
    assert!(
        failure
            .detail
            .contains("[hidden] [hidden] is what you sent"),
        "{failure}"
    );
}

/// The events by which it is told that the service cannot be had.
fn outages(service: &Service) -> Vec<(String, Duration)> {
    let kept = service.kept.0.lock().unwrap();
    let told = kept.iter().filter_map(|event| match event {
        Event::Unreachable { why, at_most } => Some((why.clone(), *at_most)),
        _ => None,
    });
    told.collect()
}

fn no_connection() -> Answer {
    Err(TransportError::Connect {
        host: "zoom.us by the proxy 10.0.0.1:3128, which HTTPS_PROXY names".to_owned(),
        why: "no connection within 10s".to_owned(),
    })
}

#[tokio::test(start_paused = true)]
async fn the_first_connection_that_cannot_be_made_is_told_with_host_and_proxy_and_no_other() {
    let service = queue((0..6).map(|_| no_connection()).chain([answer(200, GOOD)]));
    service.get().await.unwrap();
    let [(why, at_most)] = &outages(&service)[..] else {
        panic!("{:?}", outages(&service));
    };
    for word in ["zoom.us", "10.0.0.1:3128", "HTTPS_PROXY", "within 10s"] {
        assert!(why.contains(word), "{why}");
    }
    assert_eq!(*at_most, Duration::from_mins(15));
}

#[tokio::test(start_paused = true)]
async fn an_outage_after_one_that_is_over_is_told_again() {
    let service = queue([
        no_connection(),
        answer(200, GOOD),
        no_connection(),
        no_connection(),
        answer(200, GOOD),
    ]);
    service.get().await.unwrap();
    service.get().await.unwrap();
    assert_eq!(outages(&service).len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_service_that_fails_again_and_again_is_told_once_and_one_failure_is_not() {
    let down = || answer(503, "");
    let service = queue([down(), down(), answer(200, GOOD)]);
    service.get().await.unwrap();
    assert_eq!(outages(&service), []);
    let service = queue([down(), down(), down(), down(), down(), answer(200, GOOD)]);
    service.get().await.unwrap();
    let told = outages(&service);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].0.starts_with("503"), "{told:?}");
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_refused_for_its_rate_to_the_end_names_the_rate_and_its_plan() {
    let limits = Limits {
        plan: Some("pro"),
        ..limits(24.0, 8)
    };
    let script = Scripted::answering(|_| answer(429, ""));
    let failure = service(script, given(), limits).get().await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Throttled);
    let said = failure.to_string();
    for words in [
        "429 at 1.2 requests a second, of the 24 that --plan pro and --rate-share allow",
        "give the account's own --plan",
    ] {
        assert!(said.contains(words), "{said}");
    }
    assert!(!said.contains("network"), "{said}");
}

/// How often it is told that more is asked for than is free, by a service that lets this share of the
/// requests of a second through.
async fn too_fast(free: usize) -> usize {
    let mut through: VecDeque<Instant> = VecDeque::new();
    let script = Scripted::answering(move |_| {
        let now = Instant::now();
        through.retain(|at| now < *at + Duration::from_secs(1));
        if through.len() >= free {
            return answer(429, "");
        }
        through.push_back(now);
        answer(200, GOOD)
    });
    let service = service(script, given(), limits(64.0, 32));
    let calls = (0..2_000).map(|_| service.get());
    for answered in futures_util::future::join_all(calls).await {
        answered.unwrap();
    }
    service
        .kept
        .count(|event| matches!(event, Event::TooFast { .. }))
}

#[tokio::test(start_paused = true)]
async fn a_rate_far_above_what_is_free_is_told_once_and_one_a_little_above_is_not() {
    assert_eq!(too_fast(30).await, 1);
    assert_eq!(too_fast(55).await, 0);
}
