//! Asking the service for one answer, until it is there or the call gives up.
//!
//! The order of gates: retry > cores > pause > permit > pace > send and read the body. This is the
//! only file that loops over attempts and sleeps between them.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use secrecy::ExposeSecret;
use tokio::time::Instant;
use url::Url;

use crate::event::{Event, Events, Outcome};
use crate::model::Seconds;
use crate::pool::CpuPool;
use crate::zoom::access_token;
pub(crate) use crate::zoom::access_token::Credentials;
use crate::zoom::access_token::{AccessToken, AccessTokens};
use crate::zoom::attempt::{Asked, AttemptError, RetryClass};
pub(crate) use crate::zoom::call::Call;
pub(crate) use crate::zoom::endpoints::Endpoints;
use crate::zoom::failure::{Failure, FailureKind};
use crate::zoom::limiter::{Limiter, Limits, RateLabel, Slot, tenths};
use crate::zoom::outage::Outage;
use crate::zoom::retry::{AttemptHistory, Decision, Delay, RetryPolicy};
use crate::zoom::transport::{
    Authorization, Method, Request, Response, Room, Transport, TransportError,
};
use crate::zoom::wire::{PageToken, WireError};

/// The service, for one app. A clone is the same service: it shares token, gates and pace.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Client({})", self.0.api)
    }
}

struct Inner {
    transport: Arc<dyn Transport>,
    tokens: AccessTokens,
    api: Url,
    limiter: Limiter,
    limits: Limits,
    outage: Outage,
    retry: RetryPolicy,
    events: Events,
    pool: CpuPool,
}

/// An answer, and when it was made.
#[derive(Debug, Clone)]
pub struct Dated<T> {
    pub answer: T,
    /// Within what time it was made; `None` if the service does not tell the time.
    pub span: Option<ServerSpan>,
    /// To be kept until all that was made of a large answer is out of memory.
    pub room: Option<Room>,
}

/// The time of one attempt by the service's clock, rounded outwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServerSpan {
    /// Not later than the sending of the request.
    pub sent: Seconds,
    /// Not earlier than the making of the answer.
    pub answered: Seconds,
}

impl ServerSpan {
    /// By the answer's `Date`, which has whole seconds.
    fn of(response: &Response, elapsed: Duration) -> Option<Self> {
        let date = response.headers.get(reqwest::header::DATE)?.to_str().ok()?;
        let date = Timestamp::try_from(httpdate::parse_http_date(date).ok()?).ok()?;
        let took = i64::try_from(elapsed.as_secs()).ok()?;
        Some(Self {
            sent: Seconds(date.as_second() - took - 1),
            answered: Seconds(date.as_second() + 1),
        })
    }
}

/// A call on its way: what every attempt of it needs.
struct Prepared<'a> {
    call: &'a Call,
    name: &'a str,
    url: Url,
}

impl Client {
    /// A client that has sent nothing yet.
    #[must_use]
    pub fn new(
        transport: Arc<dyn Transport>,
        credentials: Credentials,
        endpoints: Endpoints,
        limits: Limits,
        retry: RetryPolicy,
        events: Events,
    ) -> Self {
        let Endpoints { api, oauth } = endpoints;
        let tokens = AccessTokens::new(Arc::clone(&transport), credentials, oauth, events.clone());
        Self(Arc::new(Inner {
            transport,
            tokens,
            api,
            limiter: Limiter::new(limits),
            limits,
            outage: Outage::default(),
            retry,
            events,
            pool: CpuPool::default(),
        }))
    }

    /// Waits until a call with this label may be sent, for who decides only then which one. The call
    /// is to be made at once; see [`Client::get_in`].
    pub async fn slot(&self, label: RateLabel) -> Slot {
        self.0.slot(label).await
    }

    /// Where its answers are decoded: for other work that is done while it asks.
    #[must_use]
    pub fn pool(&self) -> &CpuPool {
        &self.0.pool
    }

    /// Makes a call, as often as the retry policy allows, and decodes its answer away from the
    /// async threads. What `decode` refuses is asked for again like any answer that is none.
    ///
    /// # Errors
    /// If the call gave up; see [`FailureKind`].
    ///
    /// # Panics
    /// If `decode` does.
    pub async fn get<T, F>(&self, call: &Call, decode: F) -> Result<T, Failure>
    where
        T: Send + 'static,
        F: Fn(&Bytes) -> Result<T, WireError> + Send + Sync + Clone + 'static,
    {
        self.get_in(None, call, decode)
            .await
            .map(|dated| dated.answer)
    }

    /// The same, with the service's own time of the attempt that was answered. The first attempt is
    /// sent in the slot that was waited for; retries wait for slots of their own.
    ///
    /// # Errors
    /// As [`Client::get`].
    ///
    /// # Panics
    /// As [`Client::get`].
    pub async fn get_in<T, F>(
        &self,
        mut slot: Option<Slot>,
        call: &Call,
        decode: F,
    ) -> Result<Dated<T>, Failure>
    where
        T: Send + 'static,
        F: Fn(&Bytes) -> Result<T, WireError> + Send + Sync + Clone + 'static,
    {
        let name = call.name();
        let Some(url) = call.url(&self.0.api) else {
            let why = "a part of its path is empty or a dot, or holds control characters";
            return Err(Failure::unsent(FailureKind::BadRequest, name, why));
        };
        let name = name.as_str();
        let prepared = &Prepared { call, name, url };
        self.0
            .with_retries(name, Some(call.label), || {
                self.0.attempt(slot.take(), prepared, decode.clone())
            })
            .await
    }

    /// The scopes of the access token, if the service named them; none for a token that was given.
    ///
    /// # Errors
    /// If no access token could be fetched.
    pub async fn granted_scopes(&self) -> Result<Option<Vec<String>>, Failure> {
        Ok(self.access_token().await?.scopes)
    }

    /// The API host that the service recommends for the account, if it named one. Only for show.
    ///
    /// # Errors
    /// If no access token could be fetched.
    pub async fn recommended_api_url(&self) -> Result<Option<String>, Failure> {
        Ok(self.access_token().await?.api_url)
    }

    /// Requests per second at present, for calls with this label.
    #[must_use]
    pub fn rate(&self, label: RateLabel) -> f64 {
        self.0.limiter.rate(label)
    }

    async fn access_token(&self) -> Result<AccessToken, Failure> {
        self.0
            .with_retries(access_token::CALL, None, || self.0.tokens.current())
            .await
    }
}

impl Inner {
    /// The one loop: attempts, and waits between them, until one succeeds or the decision is to
    /// give up.
    async fn with_retries<T, A, Fut>(
        &self,
        name: &str,
        label: Option<RateLabel>,
        mut attempt: A,
    ) -> Result<T, Failure>
    where
        A: FnMut() -> Fut,
        Fut: Future<Output = Result<T, AttemptError>>,
    {
        let started = Instant::now();
        let mut first_failure = None;
        let mut history = AttemptHistory::default();
        let mut is_first_token = true;
        loop {
            let error = match attempt().await {
                Ok(answer) => {
                    self.outage.went_through();
                    return Ok(answer);
                }
                Err(error) => error,
            };
            history.attempts += 1;
            history.unusable += u32::from(error.class() == RetryClass::Unusable);
            history.waited = first_failure.get_or_insert_with(Instant::now).elapsed();
            history.renewal = self.tokens.renewal(is_first_token);
            let now = Timestamp::now();
            let decision = self.retry.decide(history, &error, now, &mut rand::rng());
            let is_to_be_told = self.outage.failed(&error, history.attempts);
            if let (true, Decision::Retry { why, .. }) = (is_to_be_told, &decision) {
                self.events.emit(&Event::Unreachable {
                    why: why.clone(),
                    at_most: self.retry.max_wait.saturating_sub(history.waited),
                });
            }
            let failed = |why| Failed {
                attempt: history.attempts,
                why,
                tracking_id: error.tracking_id.clone(),
            };
            match decision {
                Decision::Retry { after, why } => self.wait(name, &failed(why), after).await,
                Decision::Renew { why } => {
                    self.say_retry(name, &failed(why), Duration::ZERO);
                    is_first_token = false;
                }
                Decision::GiveUp { kind, why } => {
                    let call = match error.asked {
                        Asked::AccessToken => access_token::CALL,
                        Asked::Page { .. } => name,
                    };
                    let why = match (&kind, label) {
                        (FailureKind::Throttled, Some(label)) => format!(
                            "{why} at {} requests a second, of the {}",
                            tenths(self.limiter.rate(label)),
                            self.limits.shown(label)
                        ),
                        _ => why,
                    };
                    return Err(Failure {
                        kind,
                        call: call.to_owned(),
                        attempts: history.attempts,
                        elapsed: started.elapsed(),
                        status: error.status(),
                        code: error.code(),
                        detail: why,
                        tracking_id: error.tracking_id,
                    });
                }
            }
        }
    }
}

impl Inner {
    /// One attempt: through the gates, there and back, decoded.
    async fn attempt<T, F>(
        &self,
        slot: Option<Slot>,
        prepared: &Prepared<'_>,
        decode: F,
    ) -> Result<Dated<T>, AttemptError>
    where
        T: Send + 'static,
        F: Fn(&Bytes) -> Result<T, WireError> + Send + 'static,
    {
        let Prepared { call, name, url } = prepared;
        let (slot, token) = self.ready(slot, call.label).await?;
        let started = Instant::now();
        let sent = self.transport.send(Request {
            method: Method::Get,
            url: url.clone(),
            authorization: Authorization::Bearer(token.secret.clone()),
            form: None,
        });
        let sent = sent.await;
        let elapsed = started.elapsed();
        let page_token = call.page_token.as_ref().map(PageToken::as_str);
        let asked = Asked::Page {
            page_token: page_token.is_some(),
        };
        let span = sent
            .as_ref()
            .ok()
            .and_then(|response| ServerSpan::of(response, elapsed));
        let room = sent
            .as_ref()
            .ok()
            .and_then(|response| response.room.clone());
        let decode = move |body: &Bytes| {
            // Not before: bodies that wait for a core are bounded like those on their way.
            drop(slot);
            decode(body)
        };
        let answer = read(&self.pool, asked, sent, decode).await;
        let outcome = self.record_outcome(call.label, &token, answer.as_ref().err());
        let secrets = [token.secret.expose_secret(), page_token.unwrap_or_default()];
        let answer = answer.map_err(|error| error.without(&secrets));
        let failed = answer.as_ref().err();
        self.events.emit(&Event::Attempt {
            call: (*name).to_owned(),
            outcome,
            elapsed,
            why: failed.map(ToString::to_string),
            tracking_id: failed.and_then(|error| error.tracking_id.clone()),
        });
        answer.map(|answer| Dated { answer, span, room })
    }

    /// A slot, and an access token to use in it.
    async fn ready(
        &self,
        slot: Option<Slot>,
        label: RateLabel,
    ) -> Result<(Slot, AccessToken), AttemptError> {
        if let (Some(slot), Some(token)) = (slot, self.tokens.live()) {
            return Ok((slot, token));
        }
        loop {
            // A pause may be about the fetching of access tokens, too.
            self.limiter.pause_over().await;
            self.tokens.current().await?;
            let slot = self.slot(label).await;
            // It may have come of age at the gates, of which a pause can be long.
            if let Some(token) = self.tokens.live() {
                return Ok((slot, token));
            }
        }
    }

    async fn slot(&self, label: RateLabel) -> Slot {
        // More answers would only wait, each with its page in memory.
        self.pool.caught_up().await;
        self.limiter.slot(label).await
    }

    /// Too many requests a second: fewer from now on, and a word where it is far too many.
    fn slow_down(&self, label: RateLabel) {
        if self.limiter.on_throttled(label) {
            self.events.emit(&Event::TooFast {
                rate: tenths(self.limiter.rate(label)),
                allowed: self.limits.shown(label),
            });
        }
    }

    /// What the next attempts can learn from this one.
    fn record_outcome(
        &self,
        label: RateLabel,
        token: &AccessToken,
        error: Option<&AttemptError>,
    ) -> Outcome {
        let Some(error) = error else {
            self.limiter.on_success(label);
            return Outcome::Ok;
        };
        match error.class() {
            RetryClass::Throttled => self.slow_down(label),
            RetryClass::Unauthorized => self.tokens.refused(token),
            // An answer too, that no gate of the service held up.
            RetryClass::Final(_) if error.status().is_some() => self.limiter.on_success(label),
            _ => {}
        }
        error.outcome()
    }

    /// Waits until the call may be sent again, holding neither permit nor slot.
    async fn wait(&self, name: &str, failed: &Failed, after: Delay) {
        match after {
            Delay::Backoff(delay) => {
                self.say_retry(name, failed, delay);
                tokio::time::sleep(delay).await;
            }
            Delay::Pause(wait) => {
                if self.limiter.pause(wait) {
                    let why = failed.why.clone();
                    self.events.emit(&Event::Paused { wait, why });
                }
                self.say_retry(name, failed, wait);
                self.limiter.pause_over().await;
            }
            Delay::Renewal(wait) => {
                self.limiter.pause(wait);
                self.tokens.tell_young_death(&failed.why);
                self.say_retry(name, failed, wait);
                self.limiter.pause_over().await;
            }
        }
    }

    fn say_retry(&self, name: &str, failed: &Failed, after: Duration) {
        let Failed {
            attempt,
            why,
            tracking_id,
        } = failed;
        self.events.emit(&Event::Retry {
            call: name.to_owned(),
            attempt: *attempt,
            after,
            why: why.clone(),
            tracking_id: tracking_id.clone(),
        });
    }
}

/// An attempt that will be followed by another.
struct Failed {
    attempt: u32,
    why: String,
    tracking_id: Option<String>,
}

/// Makes an answer of what was sent back, decoded away from the async threads.
async fn read<T, F>(
    pool: &CpuPool,
    asked: Asked,
    sent: Result<Response, TransportError>,
    decode: F,
) -> Result<T, AttemptError>
where
    T: Send + 'static,
    F: FnOnce(&Bytes) -> Result<T, WireError> + Send + 'static,
{
    let response = sent.map_err(|error| AttemptError::no_answer(asked, error))?;
    if !(200..300).contains(&response.status) {
        return Err(AttemptError::refused(asked, &response));
    }
    let Response {
        status,
        headers,
        body,
        ..
    } = response;
    pool.run(move || decode(&body))
        .await
        .map_err(|error| AttemptError::unusable(asked, status, &headers, &error))
}

#[cfg(test)]
mod tests;
