//! A simulated Zoom account on loopback: what it holds is a pure function of the options, and it
//! answers as the real service does, limits, traps and failures included.
//!
//! It shares no code with clipcensus, so that one mistake cannot hide another.
//!
//! A file imports only from what stands above it here, and within a folder in its `mod.rs`; a
//! test holds this list against the code.
//!
//! | room | what it does |
//! |---|---|
//! | `rng` | portable randomness |
//! | `format` | dates, numbers and durations as text |
//! | `options` | what to simulate |
//! | `scenario` | options written as TOML |
//! | `faults` | which requests go wrong |
//! | `data` | what the accounts hold, and what a perfect census would find |
//! | `api` | requests taken apart and judged, and the answers to them |
//! | `service` | each request through access, limits and faults to its answer |
//! | `http` | the service on a socket |
//! | [`in_memory`] | the service without a network, for tests |

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "simulated values are cut from wider random words on purpose, and stay far below the limits"
)]
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, reason = "a test that panics has failed")
)]

mod rng;

mod format;

mod options;

mod scenario;

mod faults;

mod data;

mod api;

mod service;

mod http;

pub mod in_memory;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub use crate::api::report::{Misuses, Report};
pub use crate::data::truth::{AccountTruth, OwnerTruth, Truth};
pub use crate::options::{
    Behaviour, Change, DateForm, Drift, EndToken, Fault, FaultRule, Faults, FilteredDate, History,
    Limits, MalformedRecord, MalformedRecords, ModifiedDates, NoDates, Order, OutOfRange,
    OwnAccount, Paging, SandboxCredentials, SandboxOptions, ScopeNames, TagShape, Target,
    TokenRefusal, TooMany, TotalRecords, Trigger,
};
pub use crate::scenario::{ScenarioError, scenario};
use crate::service::Service;

/// How long [`Sandbox::shutdown`] waits for answers in flight.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(1);

/// A running simulated account. Dropping it stops it.
#[derive(Debug)]
pub struct Sandbox {
    service: Arc<Service>,
    address: SocketAddr,
    stop: CancellationToken,
    server: JoinHandle<()>,
}

impl Sandbox {
    /// Builds the simulated clips and serves them on `127.0.0.1:port`; port 0 takes a free one.
    ///
    /// # Errors
    /// `InvalidInput` if the options contradict themselves (an empty span of dates, more than
    /// 4,294,967,295 clips); otherwise what binding the port said.
    pub async fn start(options: SandboxOptions, port: u16) -> io::Result<Sandbox> {
        options.check()?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let address = listener.local_addr()?;
        let stop = CancellationToken::new();
        let kept = stop.clone();
        let build = move || Service::new(options, &format!("http://{address}"), kept);
        let service = tokio::task::spawn_blocking(build)
            .await
            .map_err(io::Error::other)?;
        let service = Arc::new(service);
        let server = tokio::spawn(http::serve(listener, Arc::clone(&service), stop.clone()));
        Ok(Sandbox {
            service,
            address,
            stop,
            server,
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The base of the API, e.g. `http://127.0.0.1:4711/v2`.
    #[must_use]
    pub fn api_url(&self) -> String {
        format!("http://{}/v2", self.address)
    }

    /// Where access tokens are issued, e.g. `http://127.0.0.1:4711/oauth/token`.
    #[must_use]
    pub fn oauth_url(&self) -> String {
        format!("http://{}/oauth/token", self.address)
    }

    /// What a client must present; made up, and derived from the seed.
    #[must_use]
    pub fn credentials(&self) -> SandboxCredentials {
        self.service.credentials().clone()
    }

    /// Every access token issued so far.
    #[must_use]
    pub fn access_tokens(&self) -> Vec<String> {
        self.service.access_tokens()
    }

    /// The ids of all accounts, the token's own first, then its sub-accounts.
    #[must_use]
    pub fn account_ids(&self) -> Vec<String> {
        self.service.account_ids()
    }

    /// What was asked so far.
    #[must_use]
    pub fn report(&self) -> Report {
        self.service.report()
    }

    /// What a perfect census would find, as of now. It takes about a microsecond a clip.
    #[must_use]
    pub fn truth(&self) -> Truth {
        self.service.truth()
    }

    /// Takes no more connections, lets answers in flight end for a second, then cuts them off.
    pub async fn shutdown(mut self) {
        self.stop.cancel();
        if tokio::time::timeout(SHUTDOWN_GRACE, &mut self.server)
            .await
            .is_err()
        {
            self.server.abort();
        }
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
