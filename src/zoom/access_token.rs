//! One access token for all calls: fetched by one of them while the others wait, renewed before
//! it ends, and thrown away when the service no longer accepts it.
//!
//! A fetch that fails is one failed attempt of the calls that waited for it; they decide whether
//! to try again.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use reqwest::header::HeaderMap;
use secrecy::{ExposeSecret, SecretString};
use tokio::time::Instant;
use url::Url;

use crate::event::{Event, Events, Outcome};
use crate::zoom::attempt::{Asked, AttemptError};
use crate::zoom::retry::Renewal;
use crate::zoom::transport::{Authorization, Method, Request, Response, Transport};
use crate::zoom::wire::{WireError, text};

/// How fetching an access token is named in events and failures.
pub(crate) const CALL: &str = "POST /oauth/token";

/// How long before its end an access token is renewed.
const MARGIN: Duration = Duration::from_mins(5);

/// An access token that is refused before it is so old did not come of age: something else ends it.
const YOUNG: Duration = Duration::from_mins(1);

/// How long an access token lives if the service does not say.
const LIFETIME: Duration = Duration::from_hours(1);

/// Who we are. `Debug` shows no secret.
#[derive(Debug, Clone)]
pub enum Credentials {
    /// A server-to-server app, which fetches access tokens itself.
    ServerToServer {
        /// The account that the app belongs to.
        account_id: String,
        /// The app's id.
        client_id: String,
        /// The app's secret.
        client_secret: SecretString,
    },
    /// An access token that was given; it cannot be renewed.
    AccessToken(SecretString),
}

/// An access token as the service gave it. `Debug` does not show it.
#[derive(Debug, Clone)]
pub(crate) struct AccessToken {
    /// What is sent.
    pub secret: SecretString,
    /// The scopes it was granted, if the service named them.
    pub scopes: Option<Vec<String>>,
    /// The API host that the service recommends. It is not followed: credentials go only where
    /// the settings say.
    pub api_url: Option<String>,
    /// When it was fetched, or given.
    since: Instant,
    /// When it is renewed; never, if it was given.
    renew_at: Option<Instant>,
    /// Tells it from those before it.
    serial: u64,
}

/// The one access token.
pub(crate) struct AccessTokens {
    transport: Arc<dyn Transport>,
    credentials: Credentials,
    oauth: Url,
    events: Events,
    held: Mutex<Option<AccessToken>>,
    /// Held by the one that fetches: how the fetch before failed, if it did.
    fetching: tokio::sync::Mutex<Option<AttemptError>>,
    /// How many fetches are over.
    fetches: AtomicU64,
    /// Whether the token that was refused last was young.
    died_young: AtomicBool,
    /// Whether it was said that tokens die young.
    is_told: AtomicBool,
}

impl AccessTokens {
    /// No token yet.
    pub(crate) fn new(
        transport: Arc<dyn Transport>,
        credentials: Credentials,
        oauth: Url,
        events: Events,
    ) -> Self {
        let given = match &credentials {
            Credentials::AccessToken(secret) => Some(AccessToken {
                secret: secret.clone(),
                scopes: None,
                api_url: None,
                since: Instant::now(),
                renew_at: None,
                serial: 0,
            }),
            Credentials::ServerToServer { .. } => None,
        };
        Self {
            transport,
            credentials,
            oauth,
            events,
            held: Mutex::new(given),
            fetching: tokio::sync::Mutex::new(None),
            fetches: AtomicU64::new(0),
            died_young: AtomicBool::new(false),
            is_told: AtomicBool::new(false),
        }
    }

    /// What can be done for a call whose token was refused. `is_first` says that it had no other.
    #[must_use]
    pub(crate) fn renewal(&self, is_first: bool) -> Renewal {
        if !self.is_renewable() {
            Renewal::Impossible
        } else if is_first && !self.died_young.load(Ordering::SeqCst) {
            Renewal::AtOnce
        } else {
            Renewal::Paced
        }
    }

    fn is_renewable(&self) -> bool {
        matches!(self.credentials, Credentials::ServerToServer { .. })
    }

    /// Says once that tokens die young, and why the last of them did.
    pub(crate) fn tell_young_death(&self, why: &str) {
        if !self.is_told.swap(true, Ordering::SeqCst) {
            let why = why.to_owned();
            self.events.emit(&Event::TokensRefused { why });
        }
    }

    /// The token, if there is one that need not be renewed yet.
    #[must_use]
    pub(crate) fn live(&self) -> Option<AccessToken> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        held.clone()
            .filter(|token| token.renew_at.is_none_or(|renew_at| now < renew_at))
    }

    /// The token, fetched if need be: by the first who asks, while all others wait for it and
    /// share its outcome.
    ///
    /// # Errors
    /// If the service gives none. Nothing is repeated here.
    pub(crate) async fn current(&self) -> Result<AccessToken, AttemptError> {
        let before = self.fetches.load(Ordering::SeqCst);
        if let Some(token) = self.live() {
            return Ok(token);
        }
        let mut failed = self.fetching.lock().await;
        if let Some(token) = self.live() {
            return Ok(token);
        }
        if let Some(error) = failed.as_ref()
            && self.fetches.load(Ordering::SeqCst) != before
        {
            return Err(error.clone());
        }
        let serial = self.fetches.load(Ordering::SeqCst) + 1;
        let fetched = self.fetch(serial).await;
        self.fetches.store(serial, Ordering::SeqCst);
        *failed = fetched.as_ref().err().cloned();
        let token = fetched?;
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = Some(token.clone());
        Ok(token)
    }

    /// Throws a token away that the service refused, unless it was already replaced.
    pub(crate) fn refused(&self, token: &AccessToken) {
        if !self.is_renewable() {
            return;
        }
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held
            .as_ref()
            .is_some_and(|held| held.serial == token.serial)
        {
            let is_young = token.since.elapsed() < YOUNG;
            self.died_young.store(is_young, Ordering::SeqCst);
            *held = None;
        }
    }

    async fn fetch(&self, serial: u64) -> Result<AccessToken, AttemptError> {
        let Credentials::ServerToServer {
            account_id,
            client_id,
            client_secret,
        } = &self.credentials
        else {
            unreachable!("a given access token is always live");
        };
        let started = Instant::now();
        let sent = self.transport.send(Request {
            method: Method::Post,
            url: self.oauth.clone(),
            authorization: Authorization::Basic {
                user: client_id.clone(),
                password: client_secret.clone(),
            },
            form: Some(vec![
                ("grant_type".to_owned(), "account_credentials".to_owned()),
                ("account_id".to_owned(), account_id.clone()),
            ]),
        });
        let fetched = match sent.await {
            Err(error) => Err(AttemptError::no_answer(Asked::AccessToken, error)),
            Ok(response) if !(200..300).contains(&response.status) => {
                Err(AttemptError::refused(Asked::AccessToken, &response))
            }
            Ok(response) => read(&response, started, serial),
        };
        let secret = client_secret.expose_secret();
        let basic = BASE64_STANDARD.encode(format!("{client_id}:{secret}"));
        let fetched = fetched.map_err(|error| error.without(&[&basic, secret]));
        let failed = fetched.as_ref().err();
        self.events.emit(&Event::Attempt {
            call: CALL.to_owned(),
            outcome: failed.map_or(Outcome::Ok, AttemptError::outcome),
            elapsed: started.elapsed(),
            why: failed.map(ToString::to_string),
            tracking_id: failed.and_then(|error| error.tracking_id.clone()),
        });
        fetched
    }
}

#[derive(serde::Deserialize)]
struct Body {
    access_token: Option<String>,
    #[serde(default)]
    expires_in: serde_json::Value,
    #[serde(default)]
    scope: Option<String>,
    #[serde(default)]
    api_url: Option<String>,
}

/// Its errors never quote the body, which may hold a token.
fn read(response: &Response, sent: Instant, serial: u64) -> Result<AccessToken, AttemptError> {
    let unusable = |error: &WireError| {
        let headers: &HeaderMap = &response.headers;
        AttemptError::unusable(Asked::AccessToken, response.status, headers, error)
    };
    let body: Body = serde_json::from_str(&text(&response.body).0)
        .map_err(|error| unusable(&WireError::malformed(&error)))?;
    let secret = body
        .access_token
        .filter(|token| !token.is_empty())
        .ok_or_else(|| {
            let why = "it has no access_token".to_owned();
            unusable(&WireError::Malformed { why })
        })?;
    let lifetime = lifetime(&body.expires_in);
    Ok(AccessToken {
        secret: secret.into(),
        scopes: body
            .scope
            .map(|scope| scope.split_whitespace().map(str::to_owned).collect()),
        api_url: body.api_url,
        since: sent,
        renew_at: Some(sent + lifetime.saturating_sub(MARGIN).max(lifetime / 2)),
        serial,
    })
}

/// `expires_in` in seconds, as a number or a numeric string; between a second and a year.
fn lifetime(expires_in: &serde_json::Value) -> Duration {
    let seconds = match expires_in {
        serde_json::Value::Number(number) => number.as_u64(),
        serde_json::Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    match seconds {
        Some(seconds @ 1..) => Duration::from_secs(seconds.min(365 * 24 * 3600)),
        _ => LIFETIME,
    }
}
