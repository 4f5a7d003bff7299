//! The simulated account without a network: asked by a call, in tokio's time. For tests.

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::api::endpoint::{Endpoint, Route};
use crate::api::oauth::TokenRequest;
use crate::api::reply::{Delivery, SANDBOX_HEADER, SIMULATED};
use crate::api::report::Report;
use crate::data::truth::Truth;
use crate::options::{SandboxCredentials, SandboxOptions};
use crate::service::Service;

/// Where it pretends to be.
pub const ORIGIN: &str = "http://127.0.0.1:1";

/// The simulated account.
#[derive(Debug)]
pub struct InMemory(Service);

/// One request.
#[derive(Debug)]
pub struct Request<'a> {
    /// `GET` or `POST`.
    pub method: &'a str,
    /// As it stands in the URL, encoded.
    pub path: &'a str,
    /// What follows the `?`, encoded.
    pub query: &'a str,
    /// The value of the header.
    pub authorization: &'a str,
    /// The body of a form.
    pub form: &'a str,
}

/// One answer.
#[derive(Debug)]
pub struct Response {
    /// Of HTTP.
    pub status: u16,
    /// Names and values.
    pub headers: Vec<(&'static str, String)>,
    /// As sent.
    pub body: Vec<u8>,
}

/// Why there is no answer.
#[derive(Debug)]
pub enum ConnectionError {
    /// The connection broke.
    Closed,
    /// Nothing came.
    NoAnswer,
    /// The body has no end.
    EndlessBody,
}

impl InMemory {
    /// Builds the simulated clips.
    #[must_use]
    pub fn new(options: SandboxOptions) -> InMemory {
        InMemory(Service::new(options, ORIGIN, CancellationToken::new()))
    }

    /// What a client must present.
    #[must_use]
    pub fn credentials(&self) -> SandboxCredentials {
        self.0.credentials().clone()
    }

    /// What a perfect census would find, as of now.
    #[must_use]
    pub fn truth(&self) -> Truth {
        self.0.truth()
    }

    /// What was asked so far.
    #[must_use]
    pub fn report(&self) -> Report {
        self.0.report()
    }

    /// Answers when the service would.
    ///
    /// # Errors
    /// [`ConnectionError`] says which way a connection would fail.
    pub async fn ask(&self, request: &Request<'_>) -> Result<Response, ConnectionError> {
        let arrived = Instant::now();
        let route = Route::parse(request.method, request.path);
        let endpoint = route.endpoint;
        let latency = self.0.arrived(endpoint, arrived);
        let authorization = Some(request.authorization);
        let reply = if endpoint == Endpoint::Token {
            self.0.token(&TokenRequest {
                authorization,
                content_type: Some("application/x-www-form-urlencoded"),
                query: None,
                body: request.form.as_bytes(),
            })
        } else {
            let (path, query) = (request.path, request.query);
            self.0.answer(&route, path, query, authorization, arrived)
        };
        self.0.answered(endpoint, &reply);
        tokio::time::sleep_until(arrived + latency + reply.delay).await;
        match reply.delivery {
            Delivery::Whole => {
                let mut headers = reply.headers;
                headers.push(("date", self.0.date()));
                headers.push((SANDBOX_HEADER, SIMULATED.to_owned()));
                Ok(Response {
                    status: reply.status,
                    headers,
                    body: reply.body,
                })
            }
            Delivery::Closed | Delivery::Reset | Delivery::Cut | Delivery::CutByReset => {
                Err(ConnectionError::Closed)
            }
            Delivery::Silent => Err(ConnectionError::NoAnswer),
            Delivery::Endless => Err(ConnectionError::EndlessBody),
        }
    }
}
