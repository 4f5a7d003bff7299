//! Sending one request and reading its answer: the only file that touches the network.
//!
//! No retries, no redirects, no pacing: each of those belongs to a caller.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::future::BoxFuture;
use reqwest::header::HeaderMap;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

/// The largest body that is read, in bytes after decompression: 64 MiB.
pub(crate) const BODY_LIMIT: usize = 64 * 1024 * 1024;

/// What a request does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    Get,
    /// Asks for an access token.
    Post,
}

/// Who asks. `Debug` shows no secret.
#[derive(Debug, Clone)]
pub enum Authorization {
    /// An app's name and secret, for the token endpoint.
    Basic {
        user: String,
        password: SecretString,
    },
    Bearer(SecretString),
    /// Nobody that has to be known.
    Anonymous,
}

/// One request. `Debug` shows neither secrets, nor the query, nor the form.
#[derive(Clone)]
pub struct Request {
    pub method: Method,
    /// Where to, query included.
    pub url: Url,
    pub authorization: Authorization,
    /// The fields of a form body.
    pub form: Option<Vec<(String, String)>>,
}

impl std::fmt::Debug for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("host", &self.url.host_str())
            .field("path", &self.url.path())
            .finish_non_exhaustive()
    }
}

/// One whole answer, whatever its status. `Debug` shows no body.
#[derive(Clone)]
pub struct Response {
    /// The HTTP status; never a redirect.
    pub status: u16,
    pub headers: HeaderMap,
    /// The body after decompression.
    pub body: Bytes,
}

impl std::fmt::Debug for Response {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// Which of the timeouts ran out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// Connecting, TLS included.
    Connect,
    /// From sending to the answer's headers.
    FirstByte,
    /// From sending to the last byte of the body.
    Whole,
}

impl std::fmt::Display for Which {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Connect => "no connection",
            Self::FirstByte => "no answer",
            Self::Whole => "no complete answer",
        })
    }
}

/// Why there is no answer. No message holds a query string or a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// The host could not be found or reached.
    #[error("cannot connect to {host}: {why}")]
    Connect { host: String, why: String },
    /// The host's certificate is not trusted.
    #[error(
        "the certificate of {host} is not trusted: {why}; check the host and the system's root certificates"
    )]
    Untrusted { host: String, why: String },
    /// It took too long.
    #[error("{which} within {}", humantime::format_duration(*.after))]
    Timeout {
        /// What took too long.
        which: Which,
        /// The time allowed.
        after: Duration,
    },
    /// The connection was reset, or the body was cut short or damaged.
    #[error("the connection was interrupted: {why}")]
    Interrupted { why: String },
    /// The body is larger than any page can be.
    #[error("the answer is larger than {limit} bytes")]
    TooLarge {
        /// The largest body that is read, in bytes.
        limit: usize,
    },
    /// The answer sends us elsewhere; the access token is never sent along.
    #[error(
        "the service answers {status} and points to {to}, which is not followed; set --base-url to the API's own address"
    )]
    Redirect {
        /// The status, 300 to 399.
        status: u16,
        /// The host it points to.
        to: String,
    },
    /// The request cannot be put on the wire, for instance as a credential holds a line break.
    #[error("the request cannot be sent: {why}")]
    Unsendable { why: String },
}

/// Sends requests.
pub trait Transport: Send + Sync {
    /// Sends one request once and reads the whole answer.
    ///
    /// # Errors
    /// Only if there is no answer; an answer of any status but a redirect is `Ok`.
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, TransportError>>;
}

/// How long one attempt may take.
#[derive(Debug, Clone, Copy)]
pub struct Timeouts {
    /// For connecting, TLS included.
    pub connect: Duration,
    /// From sending to the answer's headers, connecting included.
    pub first_byte: Duration,
    /// From sending to the last byte of the body.
    pub whole: Duration,
}

impl Default for Timeouts {
    /// 10 s to connect, 60 s to the first byte, 5 min in all.
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            first_byte: Duration::from_mins(1),
            whole: Duration::from_mins(5),
        }
    }
}

/// The real network.
#[derive(Debug, Clone)]
pub struct HttpTransport {
    proxied: reqwest::Client,
    direct: reqwest::Client,
    timeouts: Timeouts,
    body_limit: usize,
}

impl HttpTransport {
    /// A transport with connections of its own. Honours the system's proxy variables, except for
    /// loopback hosts.
    ///
    /// # Errors
    /// If TLS cannot be set up, for instance as the system has no root certificates.
    pub fn new(timeouts: Timeouts) -> Result<Self, TransportError> {
        let finish = |builder: reqwest::ClientBuilder| {
            builder.build().map_err(|error| TransportError::Unsendable {
                why: innermost(&error),
            })
        };
        Ok(Self {
            proxied: finish(builder(timeouts))?,
            direct: finish(builder(timeouts).no_proxy())?,
            timeouts,
            body_limit: BODY_LIMIT,
        })
    }

    async fn exchange(&self, request: Request) -> Result<Response, TransportError> {
        let host = request.url.host_str().unwrap_or_default().to_owned();
        let connecting = self.timeouts.connect;
        let translate = |error| translate(error, &host, connecting);
        let answer = self.prepare(request).send();
        let mut answer = tokio::time::timeout(self.timeouts.first_byte, answer)
            .await
            .map_err(|_| self.late(Which::FirstByte))?
            .map_err(translate)?;
        let status = answer.status().as_u16();
        if answer.status().is_redirection() {
            return Err(redirect(&answer));
        }
        let headers = std::mem::take(answer.headers_mut());
        let body = self.read(&mut answer, translate).await?;
        Ok(Response {
            status,
            headers,
            body,
        })
    }

    fn prepare(&self, request: Request) -> reqwest::RequestBuilder {
        let client = if is_loopback(&request.url) {
            &self.direct
        } else {
            &self.proxied
        };
        let builder = match request.method {
            Method::Get => client.get(request.url),
            Method::Post => client.post(request.url),
        };
        let builder = match &request.authorization {
            Authorization::Basic { user, password } => {
                builder.basic_auth(user, Some(password.expose_secret()))
            }
            Authorization::Bearer(token) => builder.bearer_auth(token.expose_secret()),
            Authorization::Anonymous => builder,
        };
        match &request.form {
            Some(form) => builder.form(form),
            None => builder,
        }
    }

    /// The limit holds while reading, so that a small compressed body cannot fill the memory.
    async fn read(
        &self,
        answer: &mut reqwest::Response,
        translate: impl Fn(reqwest::Error) -> TransportError,
    ) -> Result<Bytes, TransportError> {
        // A page is far below a megabyte; what claims more has to send it first.
        let length = answer.content_length().unwrap_or(0).min(1 << 20);
        let mut body = BytesMut::with_capacity(usize::try_from(length).unwrap_or(0));
        while let Some(chunk) = answer.chunk().await.map_err(&translate)? {
            if body.len() + chunk.len() > self.body_limit {
                return Err(TransportError::TooLarge {
                    limit: self.body_limit,
                });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body.freeze())
    }

    fn late(&self, which: Which) -> TransportError {
        let after = match which {
            Which::Connect => self.timeouts.connect,
            Which::FirstByte => self.timeouts.first_byte,
            Which::Whole => self.timeouts.whole,
        };
        TransportError::Timeout { which, after }
    }
}

impl Transport for HttpTransport {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, TransportError>> {
        Box::pin(async move {
            tokio::time::timeout(self.timeouts.whole, self.exchange(request))
                .await
                .map_err(|_| self.late(Which::Whole))?
        })
    }
}

/// Whether a URL's host is this computer.
#[must_use]
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn builder(timeouts: Timeouts) -> reqwest::ClientBuilder {
    let mut headers = HeaderMap::new();
    headers.insert(
        reqwest::header::ACCEPT,
        reqwest::header::HeaderValue::from_static("application/json"),
    );
    reqwest::Client::builder()
        .user_agent(concat!("clipcensus/", env!("CARGO_PKG_VERSION")))
        .default_headers(headers)
        .redirect(reqwest::redirect::Policy::none())
        // Every attempt has to pass the pace, so none may be repeated below it.
        .retry(reqwest::retry::never())
        .referer(false)
        .gzip(true)
        .connect_timeout(timeouts.connect)
}

fn redirect(answer: &reqwest::Response) -> TransportError {
    let to = answer
        .headers()
        .get(reqwest::header::LOCATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|location| answer.url().join(location).ok())
        .and_then(|url| url.host_str().map(str::to_owned));
    TransportError::Redirect {
        status: answer.status().as_u16(),
        to: to.unwrap_or_else(|| "nowhere".to_owned()),
    }
}

fn translate(error: reqwest::Error, host: &str, connect: Duration) -> TransportError {
    let error = error.without_url();
    let why = innermost(&error);
    if error.is_builder() {
        TransportError::Unsendable { why }
    } else if error.is_connect() && error.is_timeout() {
        TransportError::Timeout {
            which: Which::Connect,
            after: connect,
        }
    } else if error.is_connect() && why.contains("certificate") {
        TransportError::Untrusted {
            host: host.to_owned(),
            why,
        }
    } else if error.is_connect() {
        TransportError::Connect {
            host: host.to_owned(),
            why,
        }
    } else {
        TransportError::Interrupted { why }
    }
}

/// The cause at the end of the chain: the outer ones only say that a request failed.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests;
