//! A transport that plays a script, for tests of any room: no sockets, all time is tokio's.
//!
//! It is part of the library and not of its tests only, so that the tests of other rooms and of
//! the whole program can use it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use tokio::time::Instant;

use crate::zoom::transport::{Request, Response, Transport, TransportError};

/// What the script answers to one request.
pub(crate) type Answer = Result<Response, TransportError>;

type Script = Box<dyn FnMut(&Request) -> Answer + Send>;

/// A request that was sent.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    /// When, on tokio's clock.
    pub at: Instant,
    pub request: Request,
}

impl Sent {
    /// The value of a query parameter, decoded.
    #[must_use]
    pub(crate) fn query(&self, name: &str) -> Option<String> {
        let mut pairs = self.request.url.query_pairs();
        pairs.find_map(|(key, value)| (key == name).then(|| value.into_owned()))
    }
}

/// A transport that plays a script and records what was sent.
pub(crate) struct Scripted {
    script: Mutex<Script>,
    delay: Duration,
    sent: Mutex<Vec<Sent>>,
}

impl Scripted {
    /// Answers every request by a function.
    pub(crate) fn answering(script: impl FnMut(&Request) -> Answer + Send + 'static) -> Arc<Self> {
        Self::delayed(Duration::ZERO, script)
    }

    /// Answers every request by a function, after a delay on tokio's clock.
    pub(crate) fn delayed(
        delay: Duration,
        script: impl FnMut(&Request) -> Answer + Send + 'static,
    ) -> Arc<Self> {
        Arc::new(Self {
            script: Mutex::new(Box::new(script)),
            delay,
            sent: Mutex::new(Vec::new()),
        })
    }

    /// Answers one after the other; when none is left, no connection can be made.
    pub(crate) fn queue(answers: impl IntoIterator<Item = Answer>) -> Arc<Self> {
        let mut answers: VecDeque<Answer> = answers.into_iter().collect();
        Self::answering(move |_| {
            answers.pop_front().unwrap_or_else(|| {
                Err(TransportError::Connect {
                    host: "script".to_owned(),
                    why: "the script has no answer left".to_owned(),
                })
            })
        })
    }

    /// All requests so far, in order.
    #[must_use]
    pub(crate) fn sent(&self) -> Vec<Sent> {
        self.sent
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Transport for Scripted {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, TransportError>> {
        Box::pin(async move {
            let answer = {
                let mut script = self.script.lock().unwrap_or_else(PoisonError::into_inner);
                (*script)(&request)
            };
            let at = Instant::now();
            self.sent
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(Sent { at, request });
            tokio::time::sleep(self.delay).await;
            answer
        })
    }
}

/// An answer with this status and body.
///
/// # Errors
/// Never; the type is that of a script's answer.
#[expect(clippy::unnecessary_wraps, reason = "a script answers with errors too")]
pub(crate) fn answer(status: u16, body: impl Into<Bytes>) -> Answer {
    Ok(Response {
        status,
        headers: HeaderMap::new(),
        body: body.into(),
        room: None,
    })
}

/// An answer with this status, these headers and this body. Headers that are none are left out.
///
/// # Errors
/// Never; the type is that of a script's answer.
#[expect(clippy::unnecessary_wraps, reason = "a script answers with errors too")]
pub(crate) fn answer_with(status: u16, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Answer {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(value)) {
            map.append(name, value);
        }
    }
    Ok(Response {
        status,
        headers: map,
        body: body.into(),
        room: None,
    })
}
