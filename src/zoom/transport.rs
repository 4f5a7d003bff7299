//! Sending one request and reading its answer: the only file that touches the network.
//!
//! No retries, no redirects, no pacing: each of those belongs to a caller.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::future::BoxFuture;
use reqwest::header::HeaderMap;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use url::Url;

use crate::zoom::connections::{Connections, Tune};
pub(crate) use crate::zoom::connections::{Roots, Timeouts};
use crate::zoom::proxies::{Proxies, Proxy, ProxyError, Route};

/// The largest body that is read, in bytes after decompression: 32 MiB, which is 100 kB for each of the
/// 300 clips of a page. As they are documented, they have half a megabyte together.
pub(crate) const BODY_LIMIT: usize = 32 << 20;

/// A larger body needs room, as of such ones only [`LARGE_BODIES`] are in memory at a time.
const LARGE_BODY: usize = 1 << 20;

/// Large bodies at a time, from their first megabyte until nothing that was made of them is left.
const LARGE_BODIES: usize = 2;

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
    /// What a large body has of the room for such ones; to be kept with what is made of it.
    pub room: Option<Room>,
}

/// The right to have a large body in memory.
#[derive(Debug, Clone)]
pub struct Room(
    #[expect(dead_code, reason = "it is given back when it is dropped")] Arc<OwnedSemaphorePermit>,
);

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
    /// From sending to the answer's headers.
    FirstByte,
    /// From sending to the last byte of the body.
    Whole,
}

impl std::fmt::Display for Which {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
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
    #[error("the certificate of {host} is not trusted: {why}")]
    Untrusted { host: String, why: String },
    /// There is nothing to check a certificate against.
    #[error(
        "no certificate can be checked: there are no root certificates where {variable} looks for them"
    )]
    NoRoots { variable: &'static str },
    /// A variable names a proxy that cannot be used.
    #[error(transparent)]
    Proxy(#[from] ProxyError),
    /// The proxy wants to know who asks.
    #[error("the proxy {address}, which {variable} names, wants {wanted} (407)")]
    ProxyCredentials {
        address: String,
        variable: &'static str,
        wanted: &'static str,
    },
    /// The proxy does not pass the request on.
    #[error(
        "the proxy {address}, which {variable} names, does not connect to {host}: it does not allow it, or cannot"
    )]
    ProxyRefused {
        address: String,
        variable: &'static str,
        host: String,
    },
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
    #[error("the service answers {status} and points to {to}, which is not followed")]
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

/// The real network.
#[derive(Debug)]
pub struct HttpTransport {
    connections: Connections,
    proxies: Proxies,
    timeouts: Timeouts,
    body_limit: usize,
    large: Arc<Semaphore>,
}

impl HttpTransport {
    /// A transport with connections of its own, none of them by a proxy.
    ///
    /// # Errors
    /// If TLS cannot be set up.
    pub fn new(timeouts: Timeouts) -> Result<Self, TransportError> {
        Self::by(timeouts, Proxies::default())
    }

    /// A transport with connections of its own, by these proxies.
    ///
    /// # Errors
    /// If TLS cannot be set up.
    pub(crate) fn by(timeouts: Timeouts, proxies: Proxies) -> Result<Self, TransportError> {
        Self::tuned(timeouts, proxies, |builder| builder)
    }

    fn tuned(timeouts: Timeouts, proxies: Proxies, tune: Tune) -> Result<Self, TransportError> {
        let connections = Connections::new(timeouts, &proxies, tune).map_err(|error| {
            TransportError::Unsendable {
                why: innermost(&error),
            }
        })?;
        Ok(Self {
            connections,
            proxies,
            timeouts,
            body_limit: BODY_LIMIT,
            large: Arc::new(Semaphore::new(LARGE_BODIES)),
        })
    }

    /// What certificates are checked against.
    pub(crate) fn roots(&self) -> Roots {
        self.connections.roots()
    }

    /// Sends a request, in so long.
    async fn send_once(&self, request: Request) -> Result<Response, TransportError> {
        let route = self.proxies.route(&request.url)?;
        if let (Roots::Missing(variable), "https") = (self.roots(), request.url.scheme()) {
            return Err(TransportError::NoRoots { variable });
        }
        let way = Way {
            host: host_and_port(&request.url),
            proxy: match route {
                Route::By(proxy) => Some(proxy),
                Route::Direct(_) => None,
            },
        };
        let (client, generation) = self.connections.client(way.proxy.is_some());
        let exchange = self.exchange(&client, request, &way);
        let answer = tokio::time::timeout(self.timeouts.whole, exchange)
            .await
            .unwrap_or_else(|_| Err(self.late(Which::Whole)));
        if let Err(TransportError::Timeout {
            which: Which::FirstByte | Which::Whole,
            ..
        }) = answer
        {
            self.connections.give_up(generation);
        }
        answer
    }

    async fn exchange(
        &self,
        client: &reqwest::Client,
        request: Request,
        way: &Way<'_>,
    ) -> Result<Response, TransportError> {
        let connecting = self.timeouts.connect;
        let translate = |error| translate(error, way, connecting);
        let answer = prepare(client, request).send();
        let mut answer = tokio::time::timeout(self.timeouts.first_byte, answer)
            .await
            .map_err(|_| self.late(Which::FirstByte))?
            .map_err(translate)?;
        let status = answer.status().as_u16();
        if answer.status().is_redirection() {
            return Err(redirect(&answer));
        }
        let headers = std::mem::take(answer.headers_mut());
        let (body, room) = self.read(&mut answer, translate).await?;
        Ok(Response {
            status,
            headers,
            body,
            room,
        })
    }

    /// The limit holds while reading, so that a small compressed body cannot fill the memory.
    async fn read(
        &self,
        answer: &mut reqwest::Response,
        translate: impl Fn(reqwest::Error) -> TransportError,
    ) -> Result<(Bytes, Option<Room>), TransportError> {
        // A page is far below a megabyte; what claims more has to send it first.
        let length = answer.content_length().unwrap_or(0).min(1 << 20);
        let mut body = BytesMut::with_capacity(usize::try_from(length).unwrap_or(0));
        let mut room = None;
        while let Some(chunk) = answer.chunk().await.map_err(&translate)? {
            if body.len() + chunk.len() > self.body_limit {
                return Err(TransportError::TooLarge {
                    limit: self.body_limit,
                });
            }
            if room.is_none() && body.len() + chunk.len() > LARGE_BODY {
                let permit = Arc::clone(&self.large).acquire_owned().await;
                // Nobody closes the semaphore.
                room = permit.ok().map(|permit| Room(Arc::new(permit)));
            }
            body.extend_from_slice(&chunk);
        }
        Ok((body.freeze(), room))
    }

    fn late(&self, which: Which) -> TransportError {
        let after = match which {
            Which::FirstByte => self.timeouts.first_byte,
            Which::Whole => self.timeouts.whole,
        };
        TransportError::Timeout { which, after }
    }
}

impl Transport for HttpTransport {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, TransportError>> {
        Box::pin(self.send_once(request))
    }
}

/// What is sent.
fn prepare(client: &reqwest::Client, request: Request) -> reqwest::RequestBuilder {
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

/// Where a request goes, for messages.
struct Way<'a> {
    host: String,
    proxy: Option<&'a Proxy>,
}

impl std::fmt::Display for Way<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.host)?;
        match self.proxy {
            Some(Proxy {
                address, variable, ..
            }) => write!(f, " by the proxy {address}, which {variable} names"),
            None => Ok(()),
        }
    }
}

fn translate(error: reqwest::Error, way: &Way<'_>, connect: Duration) -> TransportError {
    let error = error.without_url();
    let why = innermost(&error);
    let host = way.host.clone();
    if error.is_builder() {
        TransportError::Unsendable { why }
    } else if error.is_connect() && error.is_timeout() {
        TransportError::Connect {
            host: way.to_string(),
            why: format!(
                "no connection within {}",
                humantime::format_duration(connect)
            ),
        }
    } else if error.is_connect() && why.contains("certificate") {
        TransportError::Untrusted { host, why }
    } else if let (true, Some(proxy)) = (error.is_connect(), way.proxy) {
        let (variable, address) = (proxy.variable, proxy.address.clone());
        // The library names these two ends of a tunnel by their texts only.
        match why.strip_prefix("tunnel error: ") {
            Some("proxy authorization required") => TransportError::ProxyCredentials {
                address,
                variable,
                wanted: if proxy.has_user() {
                    "another user or password"
                } else {
                    "a user and a password"
                },
            },
            Some("unsuccessful") => TransportError::ProxyRefused {
                address,
                variable,
                host,
            },
            _ => TransportError::Connect {
                host: way.to_string(),
                why,
            },
        }
    } else if error.is_connect() {
        TransportError::Connect { host, why }
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

/// Where a URL leads, as it names it: with the port, if that is not the one of https.
fn host_and_port(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port()
        .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

#[cfg(test)]
mod tests;
