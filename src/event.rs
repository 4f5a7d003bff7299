//! What happened, as plain data. Stages emit events; progress, log and manifest listen.
//!
//! An event never holds a secret: no access token, page token, passcode or signed link.

use std::sync::Arc;
use std::time::Duration;

/// One thing that happened during a run.
#[derive(Debug, Clone)]
pub enum Event {
    /// One attempt was sent and is over.
    Attempt {
        /// The call without its query, such as `GET /accounts/abc/clips`.
        call: String,
        outcome: Outcome,
        /// From sending to the last byte of the body.
        elapsed: Duration,
        /// Why it failed, if it did.
        why: Option<String>,
        /// Zoom's `x-zm-trackingid` of a failed one, which its support asks for.
        tracking_id: Option<String>,
    },
    /// What the result has to be read with. It is said even where only errors are.
    Caveat(String),
    /// An attempt failed and the call will be sent again.
    Retry {
        /// The call without its query.
        call: String,
        /// The attempt that failed, from 1.
        attempt: u32,
        /// How long until the next attempt.
        after: Duration,
        /// Why the attempt failed.
        why: String,
        /// Zoom's `x-zm-trackingid`, which its support asks for.
        tracking_id: Option<String>,
    },
    /// The service ordered all calls to wait.
    Paused {
        /// How long from now.
        wait: Duration,
        /// What it said.
        why: String,
    },
    /// The service cannot be had for now, and is waited for; said once until something goes through.
    Unreachable {
        /// How the last attempt failed: the host, and the proxy if there is one.
        why: String,
        /// How long it is waited for at most.
        at_most: Duration,
    },
    /// Requests are refused again and again: more is asked for than is free; said once.
    TooFast {
        /// Requests a second at present.
        rate: f64,
        /// How many it were to be, and what says so.
        allowed: String,
    },
    /// Access tokens are refused soon after they were fetched; said once.
    TokensRefused {
        /// What the service said of the last one.
        why: String,
    },
    /// The crawl knows its windows.
    Planned {
        /// Windows to list.
        windows: u64,
        /// Windows already finished by an interrupted run.
        resumed: u64,
    },
    /// A page of clips was received and decoded.
    Page {
        /// Records on the page, bad ones included.
        records: u64,
        /// Size of its body after decompression, in bytes.
        bytes: u64,
    },
    /// The first page of a whole window told how many clips it holds.
    Expected {
        /// The `total_records` of the window, if it was named.
        clips: Option<u64>,
    },
    /// A window is asked for again.
    Repeated {
        /// Its account and span.
        window: String,
        /// Why what came before did not count.
        why: String,
    },
    /// A window is finished.
    WindowDone {
        /// Its account and span.
        window: String,
        /// Whether its count was proven.
        settled: bool,
    },
    /// An account could not be listed; the others go on.
    AccountFailed { account: String, why: String },
    /// The clips are read, and it is asked who their owners are.
    LookingUp {
        /// How many owners.
        owners: u64,
    },
    /// Owners that a call would tell of stay without a name.
    OwnersUnknown {
        /// What cannot be done, as an infinitive.
        what: String,
        why: String,
    },
    /// The crawl is over and the snapshot is being written.
    Publishing {
        /// Rows to write, duplicates included.
        rows: u64,
        /// Requests that the crawl has sent, refused ones included.
        requests: u64,
        /// How long the crawl took.
        took: Duration,
    },
}

/// How one attempt ended, for counting.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// A usable answer.
    Ok,
    /// 429.
    TooManyRequests,
    /// 401, or 400 with code 124: the access token is no longer accepted.
    Unauthorized,
    /// 400 with code 300 on a call with a page token.
    PageTokenRefused,
    /// Any other 4xx.
    ClientError,
    /// 5xx.
    ServerError,
    /// A 200 that is no answer: an error code, no `data`, or no JSON.
    Unusable,
    /// No answer: refused, reset, cut short.
    ConnectionError,
    /// No answer in time.
    TimedOut,
}

impl Outcome {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Ok,
        Self::TooManyRequests,
        Self::Unauthorized,
        Self::PageTokenRefused,
        Self::ClientError,
        Self::ServerError,
        Self::Unusable,
        Self::ConnectionError,
        Self::TimedOut,
    ];

    /// Its name in manifests and logs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::TooManyRequests => "too_many_requests",
            Self::Unauthorized => "unauthorized",
            Self::PageTokenRefused => "page_token_refused",
            Self::ClientError => "client_error",
            Self::ServerError => "server_error",
            Self::Unusable => "unusable",
            Self::ConnectionError => "connection_error",
            Self::TimedOut => "timed_out",
        }
    }
}

/// Something that wants to know what happens.
pub trait Listener: Send + Sync {
    /// Takes note of one event. Must not block.
    fn on(&self, event: &Event);
}

/// Hands every event to every listener.
#[derive(Clone, Default)]
pub struct Events(Arc<Vec<Arc<dyn Listener>>>);

impl Events {
    /// Events for these listeners.
    #[must_use]
    pub fn to(listeners: Vec<Arc<dyn Listener>>) -> Self {
        Self(Arc::new(listeners))
    }

    /// Tells all listeners, in order.
    pub fn emit(&self, event: &Event) {
        for listener in self.0.iter() {
            listener.on(event);
        }
    }
}

impl std::fmt::Debug for Events {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Events({} listeners)", self.0.len())
    }
}
