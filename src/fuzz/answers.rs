//! Answers of the service, one after another: every call ends, and no message tells a secret or moves
//! the cursor of a terminal.

use std::fmt::Debug;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use crate::clip::SecretPolicy;
use crate::crawl::page::Decoder;
use crate::event::{Event, Events, Listener};
use crate::fuzz::scratch::SNAPSHOT_AT;
use crate::model::{Seconds, Window};
use crate::redact::hidden::is_hidden;
use crate::spool::Hashing;
use crate::zoom::accounts::sub_accounts;
use crate::zoom::transport::{Request, Response, Transport, TransportError};
use crate::zoom::users::{user, users};
use crate::zoom::{
    Client, ClipsQuery, Credentials, DateFilter, Endpoints, Failure, Limits, RetryPolicy, clips,
};

/// An access token that was given. An answer may repeat it.
const GIVEN: &str = "given-access-token";

/// The secret of an app, likewise.
const APP: &str = "hush-client-secret";

/// More requests than any call may make of answers that are all the same.
const MOST: usize = 2_000;

/// Answers in the order in which they are asked for; the last one again and again.
struct Script {
    answers: Vec<Result<Response, TransportError>>,
    sent: AtomicUsize,
}

impl Transport for Script {
    fn send(&self, _: Request) -> BoxFuture<'_, Result<Response, TransportError>> {
        let place = self.sent.fetch_add(1, Ordering::SeqCst);
        assert!(place < MOST, "the calls do not end");
        let answer = self.answers.get(place).or(self.answers.last());
        let answer = answer.cloned().unwrap_or_else(|| Err(interrupted()));
        Box::pin(async move { answer })
    }
}

fn interrupted() -> TransportError {
    TransportError::Interrupted {
        why: "no answer".to_owned(),
    }
}

/// What was said.
#[derive(Default)]
struct Said(Mutex<Vec<String>>);

impl Listener for Said {
    fn on(&self, event: &Event) {
        let mut said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        said.push(format!("{event:?}"));
    }
}

/// The first letter says what is asked for: clips, accounts, users or one user, by an app where it is a
/// capital. Answers follow, with a byte 255 between them, each as it would stand on the wire: a status, lines
/// of headers, an empty line, a body.
pub fn answers(input: &[u8]) -> bool {
    let Some((kind, rest)) = input.split_first() else {
        return false;
    };
    let script = Arc::new(Script {
        answers: rest.split(|byte| *byte == 255).map(answer).collect(),
        sent: AtomicUsize::new(0),
    });
    let (secret, credentials) = if kind.is_ascii_uppercase() {
        let app = Credentials::ServerToServer {
            account_id: "acme".to_owned(),
            client_id: "client".to_owned(),
            client_secret: APP.into(),
        };
        (APP, app)
    } else {
        (GIVEN, Credentials::AccessToken(GIVEN.into()))
    };
    let said = Arc::new(Said::default());
    let asked = ask(kind.to_ascii_lowercase(), &script, credentials, &said);
    let said = said.0.lock().unwrap_or_else(PoisonError::into_inner);
    said.iter().for_each(|text| does_not_tell(secret, text));
    match asked {
        Ok(()) => true,
        Err(text) => {
            does_not_tell(secret, &text);
            assert!(!text.contains(is_hidden), "{text:?}");
            false
        }
    }
}

fn does_not_tell(secret: &str, text: &str) {
    assert!(!text.contains(secret), "a secret is told: {text}");
}

/// Makes one kind of call; the error is what people read of it.
fn ask(
    kind: u8,
    script: &Arc<Script>,
    credentials: Credentials,
    said: &Arc<Said>,
) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime needs nothing");
    let limits = Limits {
        light: f64::INFINITY,
        medium: f64::INFINITY,
        concurrency: 1,
        plan: None,
    };
    let retry = RetryPolicy {
        max_wait: Duration::from_mins(1),
        ..RetryPolicy::default()
    };
    let endpoints = Endpoints::new("https://api.zoom.us/v2", "https://zoom.us/oauth/token")
        .expect("these are addresses");
    let transport = Arc::clone(script) as Arc<dyn Transport>;
    let events = Events::to(vec![Arc::clone(said) as Arc<dyn Listener>]);
    runtime.block_on(async {
        let client = Client::new(transport, credentials, endpoints, limits, retry, events);
        let asked = match kind {
            b'a' => sub_accounts(&client).await.map(|accounts| {
                assert!(accounts.iter().all(|account| !account.id.is_empty()));
            }),
            b'u' => {
                let wanted = ["u".to_owned()].into();
                users(&client, None, "active", Arc::new(wanted))
                    .await
                    .map(|found| assert!(found.keys().all(|id| id == "u")))
            }
            b'o' => user(&client, "u").await.map(drop),
            _ => list(&client).await,
        };
        asked.map_err(|failure| failure.to_string())
    })
}

/// One page of clips, and the page behind it.
async fn list(client: &Client) -> Result<(), Failure> {
    let query = ClipsQuery {
        from: Timestamp::UNIX_EPOCH,
        to: Timestamp::UNIX_EPOCH,
        by: DateFilter::Created,
        owner: None,
        status: None,
        search: None,
        page_size: clips::PAGE_SIZE,
    };
    let decoder = Decoder {
        by: DateFilter::Created,
        span: Window {
            from: Seconds(0),
            to: SNAPSHOT_AT.seconds(),
        },
        snapshot_at: SNAPSHOT_AT,
        secrets: SecretPolicy::Cut,
        hashing: Hashing::default(),
    };
    let mut next = None;
    for _ in 0..2 {
        let decoder = decoder.clone();
        let decode = move |body: &Bytes| decoder.page("acme", body);
        let page = client.get(&clips::call(None, &query, next), decode).await?;
        does_not_show(&page.next_page_token);
        next = page.next_page_token;
        if next.is_none() {
            break;
        }
    }
    Ok(())
}

fn does_not_show(token: &impl Debug) {
    let shown = format!("{token:?}");
    assert!(matches!(&*shown, "None" | "Some(PageToken(..))"), "{shown}");
}

/// An answer as it would stand on the wire; one without a status is none.
fn answer(text: &[u8]) -> Result<Response, TransportError> {
    let mut lines = text.splitn(2, |byte| *byte == b'\n');
    let status = std::str::from_utf8(lines.next().unwrap_or_default()).ok();
    let status = status.and_then(|status| status.trim().parse().ok());
    let Some(status @ (100..300 | 400..1000)) = status else {
        return Err(interrupted());
    };
    let mut rest = lines.next().unwrap_or_default();
    let mut headers = HeaderMap::new();
    while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
        let (line, more) = rest.split_at(end);
        rest = more.get(1..).unwrap_or_default();
        if line.is_empty() {
            break;
        }
        let mut halves = line.splitn(2, |byte| *byte == b':');
        let name = HeaderName::from_bytes(halves.next().unwrap_or_default());
        let value = HeaderValue::from_bytes(halves.next().unwrap_or_default().trim_ascii());
        if let (Ok(name), Ok(value)) = (name, value) {
            headers.append(name, value);
        }
    }
    Ok(Response {
        status,
        headers,
        body: Bytes::copy_from_slice(rest),
        room: None,
    })
}
