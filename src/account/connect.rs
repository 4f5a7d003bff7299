//! The way to the service: the sandbox if asked for, the client, its scopes, the accounts.

use std::sync::Arc;

use clipcensus_sandbox::{Sandbox, SandboxOptions};
use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;

use crate::account::scopes::{Need, for_clips, for_owners};
use crate::crawl::Account;
use crate::error::Error;
use crate::event::Events;
use crate::model::Window;
use crate::settings::{Accounts, ExportSettings, SettingsError, Source};
use crate::snapshot::manifest::MOST_WINDOWS;
use crate::zoom::accounts::sub_accounts;
use crate::zoom::clips::SMALLEST_PAGE;
use crate::zoom::transport::Transport;
use crate::zoom::{
    Client, ClipsQuery, ClockReading, Credentials, Endpoints, HttpTransport, RetryPolicy, Roots,
    ServiceClock, Timeouts, clips,
};

/// A span that the service lists clips of, whatever its limits.
const A_DAY: SignedDuration = SignedDuration::from_hours(24);

/// Clips of the account that `--sandbox` exports.
const SANDBOX_CLIPS: u64 = 50_000;

/// The service, ready to be asked. A sandbox lives as long as this does.
pub(crate) struct OpenSource {
    credentials: Credentials,
    endpoints: Endpoints,
    /// The credentials' own account.
    pub(crate) account_id: String,
    _sandbox: Option<Sandbox>,
}

impl OpenSource {
    /// Where the service is.
    pub(crate) fn endpoints(&self) -> &Endpoints {
        &self.endpoints
    }
}

pub(crate) async fn open_source(settings: &ExportSettings) -> Result<OpenSource, Error> {
    match &settings.source {
        Source::Service {
            credentials,
            account_id,
            endpoints,
        } => Ok(OpenSource {
            credentials: credentials.clone(),
            endpoints: endpoints.as_ref().clone(),
            // Only an export of named accounts can do without.
            account_id: account_id.clone().unwrap_or_default(),
            _sandbox: None,
        }),
        Source::Sandbox => {
            let options = SandboxOptions {
                clips: SANDBOX_CLIPS,
                ..SandboxOptions::default()
            };
            let sandbox = Sandbox::start(options, 0).await.map_err(Error::Sandbox)?;
            let access = sandbox.credentials();
            Ok(OpenSource {
                credentials: Credentials::ServerToServer {
                    account_id: access.account_id.clone(),
                    client_id: access.client_id,
                    client_secret: SecretString::from(access.client_secret),
                },
                endpoints: Endpoints::new(&sandbox.api_url(), &sandbox.oauth_url())
                    .map_err(SettingsError::from)?,
                account_id: access.account_id,
                _sandbox: Some(sandbox),
            })
        }
    }
}

/// The real network, by the proxies that the settings name. Who is not patient does not wait for a single
/// attempt much longer than for all of them.
pub(crate) fn network(settings: &ExportSettings) -> Result<HttpTransport, Error> {
    let timeouts = Timeouts::default().within(settings.max_wait);
    HttpTransport::by(timeouts, settings.proxies.clone())
        .map_err(|error| Error::Transport(error.to_string()))
}

/// Says so where the service is trusted by the root certificates of this program.
pub(crate) fn warn_of_bundled_roots(transport: &HttpTransport, settings: &ExportSettings) {
    if let Source::Service { endpoints, .. } = &settings.source {
        let has_tls = [&endpoints.api, &endpoints.oauth].map(|url| url.scheme() == "https");
        if transport.roots() == Roots::Bundled && has_tls.contains(&true) {
            tracing::warn!("{NO_SYSTEM_ROOTS}");
        }
    }
}

const NO_SYSTEM_ROOTS: &str = "this system has no root certificates in any of the usual places, such as \
    /etc/ssl/certs, and neither SSL_CERT_FILE nor SSL_CERT_DIR names others: those that came with \
    this program are used, which grow old; install the package ca-certificates";

/// A client that sends through this transport.
pub(crate) fn client(
    transport: Arc<dyn Transport>,
    settings: &ExportSettings,
    source: &OpenSource,
    events: &Events,
) -> Client {
    let retry = RetryPolicy {
        max_wait: settings.max_wait,
        ..RetryPolicy::default()
    };
    Client::new(
        transport,
        source.credentials.clone(),
        source.endpoints.clone(),
        settings.limits,
        retry,
        events.clone(),
    )
}

/// An app without the scope for all clips gets those of its own user, which look like all there
/// are: better no census than that one. Scopes that the service does not name are not checked.
///
/// What is missing for the names of owners only is said, and the census goes on without them.
pub(crate) async fn check_scopes(
    client: &Client,
    settings: &ExportSettings,
    events: &Events,
) -> Result<(), Error> {
    let granted = client.granted_scopes().await?.unwrap_or_default();
    let is_missing = |need: &Need| !need.is_met(&granted);
    if let Some(need) = for_clips(&settings.accounts)
        .iter()
        .find(|it| is_missing(it))
    {
        return Err(Error::Scope {
            wanted: need.wanted(),
            granted: granted.join(", "),
        });
    }
    if settings.resolve_owners {
        for need in for_owners(&settings.accounts)
            .iter()
            .filter(|it| is_missing(it))
        {
            let why = format!(
                "the app was granted none of the scopes {}: add one to it",
                need.wanted()
            );
            events.emit(&need.owners_unknown(&why));
        }
    }
    Ok(())
}

/// The credentials' own account, through the list that names none.
fn own(source: &OpenSource) -> Account {
    Account {
        id: source.account_id.clone(),
        path: None,
    }
}

/// The accounts to list, ordered by id.
pub(crate) async fn accounts(
    client: &Client,
    settings: &ExportSettings,
    source: &OpenSource,
) -> Result<Vec<Account>, Error> {
    let ids: Vec<String> = match &settings.accounts {
        Accounts::Own => return Ok(vec![own(source)]),
        Accounts::Named(ids) => ids.clone(),
        Accounts::All => {
            let listed = sub_accounts(client).await?;
            listed.into_iter().map(|account| account.id).collect()
        }
    };
    let mut accounts: Vec<Account> = ids
        .into_iter()
        .map(|id| Account {
            path: Some(id.clone()),
            id,
        })
        .collect();
    if settings.accounts == Accounts::All {
        // The list of sub-accounts leaves their master out.
        accounts.retain(|account| account.id != source.account_id);
        accounts.push(own(source));
    }
    accounts.sort_by(|one, other| one.id.cmp(&other.id));
    accounts.dedup();
    Ok(accounts)
}

/// Refuses a census of more windows than one manifest can hold, before the first of them is asked for.
pub(crate) fn refuse_too_many(accounts: &[Account], span: Window) -> Result<(), SettingsError> {
    let windows = Window::tile(span).len() as u64 * accounts.len() as u64;
    if windows <= MOST_WINDOWS {
        return Ok(());
    }
    Err(SettingsError::TooManyWindows {
        accounts: accounts.len(),
        since: span.from.timestamp(),
        windows,
        most: MOST_WINDOWS,
    })
}

/// What time it is by the service's clock; `None` if its answers do not tell. Where none came yet, as
/// with a ready access token, it is asked for a few clips.
pub(crate) async fn present(
    client: &Client,
    clock: &ServiceClock,
    settings: &ExportSettings,
    accounts: &[Account],
    now: Timestamp,
) -> Result<Option<ClockReading>, Error> {
    let (None, Some(account)) = (clock.reading(), accounts.first()) else {
        return Ok(clock.reading());
    };
    let query = ClipsQuery {
        from: now - A_DAY,
        to: now,
        by: settings.by,
        owner: None,
        status: None,
        search: None,
        page_size: SMALLEST_PAGE,
    };
    let call = clips::call(account.path.as_deref(), &query, None);
    let asked = client.get(&call, |_| Ok(())).await;
    match (clock.reading(), asked) {
        // To be refused tells the time as well, and why it was is found again by who needs more.
        (Some(reading), _) => Ok(Some(reading)),
        (None, asked) => asked.map(|()| None).map_err(Error::from),
    }
}
