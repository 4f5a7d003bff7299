//! A simulated Zoom account on loopback: what it holds is a pure function of the options, and it
//! answers as the real service does, limits, traps and failures included.
//!
//! It shares no code with clipcensus, so that one mistake cannot hide another.
//!
//! ```text
//! options, behaviour, faults       what to simulate
//! random, dates, numbers, names    raw material
//! record, dataset, directory       clips, accounts, users: pure functions of (seed, account, index)
//! drift                            clips that come, go and change while they are listed
//! render, truth                    clips as JSON; what a perfect census would find
//! query, select, page_tokens       a request for a list: parsed, judged, answered by position
//! endpoint, authorization, oauth   what can be asked, and who may ask
//! limits, report                   how often, and what was asked
//! answer, world, fault_replies     the answer to each request
//! clips_list, other_lists          its lists
//! connection, server               HTTP
//! unplugged                        the same without a network, for tests
//! ```

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

mod answer;
mod authorization;
mod behaviour;
mod clips_list;
mod connection;
mod dataset;
mod dates;
mod directory;
mod drift;
mod endpoint;
mod fault_replies;
mod faults;
mod limits;
mod names;
mod numbers;
mod oauth;
mod options;
mod other_lists;
mod page_tokens;
mod query;
mod random;
mod record;
mod render;
mod report;
mod scenario;
mod select;
mod server;
mod truth;
pub mod unplugged;
mod world;

use std::io;
use std::net::Ipv4Addr;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub use behaviour::Behaviour;
pub use behaviour::EndToken;
pub use behaviour::NoDates;
pub use behaviour::Order;
pub use behaviour::OutOfRange;
pub use behaviour::OwnAccount;
pub use behaviour::Paging;
pub use behaviour::ScopeNames;
pub use behaviour::TagShape;
pub use behaviour::TokenRefusal;
pub use behaviour::TotalRecords;
pub use drift::Change;
pub use drift::Drift;
pub use faults::Fault;
pub use faults::FaultRule;
pub use faults::Faults;
pub use faults::Oddities;
pub use faults::Oddity;
pub use faults::Target;
pub use faults::TooMany;
pub use faults::Trigger;
pub use options::History;
pub use options::Limits;
pub use options::SandboxCredentials;
pub use options::SandboxOptions;
pub use options::UnknownHistory;
pub use report::Misuses;
pub use report::Report;
pub use scenario::ScenarioError;
pub use scenario::scenario;
pub use truth::AccountTruth;
pub use truth::OwnerTruth;
pub use truth::Truth;

use world::World;

/// How long [`Sandbox::shutdown`] waits for answers in flight.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(1);

/// A running simulated account. Dropping it stops it.
#[derive(Debug)]
pub struct Sandbox {
    world: Arc<World>,
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
        let build = move || World::new(options, &format!("http://{address}"), kept);
        let world = tokio::task::spawn_blocking(build)
            .await
            .map_err(io::Error::other)?;
        let world = Arc::new(world);
        let server = tokio::spawn(server::serve(listener, Arc::clone(&world), stop.clone()));
        Ok(Sandbox {
            world,
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
        self.world.credentials().clone()
    }

    /// Every access token issued so far.
    #[must_use]
    pub fn access_tokens(&self) -> Vec<String> {
        self.world.access_tokens()
    }

    /// The ids of all accounts, the token's own first, then its sub-accounts.
    #[must_use]
    pub fn account_ids(&self) -> Vec<String> {
        self.world.account_ids()
    }

    /// What was asked so far.
    #[must_use]
    pub fn report(&self) -> Report {
        self.world.report()
    }

    /// What a perfect census would find, as of now. It takes about a microsecond a clip.
    #[must_use]
    pub fn truth(&self) -> Truth {
        self.world.truth()
    }

    /// Serves until `stop` is done, then shuts down.
    pub async fn until_stopped(self, stop: impl Future<Output = ()>) {
        stop.await;
        self.shutdown().await;
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
