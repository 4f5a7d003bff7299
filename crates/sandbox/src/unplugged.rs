//! The simulated account without a network: asked by a call, in tokio's time. For tests.

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::answer::Delivery;
use super::endpoint::Endpoint;
use super::endpoint::Route;
use super::oauth::TokenRequest;
use super::options::SandboxCredentials;
use super::options::SandboxOptions;
use super::report::Report;
use super::truth::Truth;
use super::world::World;

/// Where it pretends to be.
pub const HOST: &str = "http://127.0.0.1:1";

/// The simulated account.
#[derive(Debug)]
pub struct Unplugged(World);

/// One request.
#[derive(Debug)]
pub struct Asked<'a> {
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
pub struct Told {
    /// Of HTTP.
    pub status: u16,
    /// Names and values.
    pub headers: Vec<(&'static str, String)>,
    /// As sent.
    pub body: Vec<u8>,
}

/// Why there is none.
#[derive(Debug)]
pub enum Broken {
    /// The connection broke.
    Off,
    /// Nothing came.
    Silent,
    /// The body has no end.
    Endless,
}

impl Unplugged {
    /// Builds the simulated clips.
    #[must_use]
    pub fn new(options: SandboxOptions) -> Unplugged {
        Unplugged(World::new(options, HOST, CancellationToken::new()))
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
    /// [`Broken`] says which way a connection would fail.
    pub async fn ask(&self, asked: &Asked<'_>) -> Result<Told, Broken> {
        let arrived = Instant::now();
        let route = Route::parse(asked.method, asked.path);
        let endpoint = route.endpoint;
        let latency = self.0.arrived(endpoint, arrived);
        let authorization = Some(asked.authorization);
        let reply = if endpoint == Endpoint::Token {
            self.0.token(&TokenRequest {
                authorization,
                content_type: Some("application/x-www-form-urlencoded"),
                query: None,
                body: asked.form.as_bytes(),
            })
        } else {
            let (path, query) = (asked.path, asked.query);
            self.0.answer(&route, path, query, authorization, arrived)
        };
        self.0.answered(endpoint, &reply);
        tokio::time::sleep_until(arrived + latency + reply.delay).await;
        match reply.delivery {
            Delivery::Whole => {
                let mut headers = reply.headers;
                headers.push(("date", self.0.date()));
                Ok(Told {
                    status: reply.status,
                    headers,
                    body: reply.body,
                })
            }
            Delivery::Closed | Delivery::Reset | Delivery::Cut | Delivery::CutByReset => {
                Err(Broken::Off)
            }
            Delivery::Silent => Err(Broken::Silent),
            Delivery::Endless => Err(Broken::Endless),
        }
    }
}
