//! A look before an export: may it begin, what will it reach, how long will it take. Nothing that it
//! does stays, and it makes a handful of requests.

use std::sync::Arc;

use jiff::Timestamp;

mod clock;
mod estimate;
mod line;
mod output;

use crate::check::clock::Watch;
use crate::check::estimate::Sampling;
use crate::config;
use crate::config::Accounts;
use crate::crawl::Account;
use crate::model::Window;
use crate::error::Error;
use crate::event::Events;
use crate::export::connect;
use crate::export::connect::OpenSource;
use crate::export::scopes::for_clips;
use crate::export::scopes::for_owners;
use crate::zoom::Client;
use crate::zoom::HttpTransport;
use crate::zoom::Timeouts;

pub use crate::check::line::Line;
pub use crate::check::line::State;
pub use crate::check::line::worst;

/// Accounts of which each is asked for its clips, at most.
const ACCOUNTS_ASKED: usize = 8;

/// Looks at everything that an export with these settings needs.
///
/// # Errors
/// Where the look itself cannot be taken, such as a sandbox that does not start. What stands against
/// the export is among the lines.
pub async fn check(settings: &config::Export, now: Timestamp) -> Result<Vec<Line>, Error> {
    let source = connect::open_source(settings).await?;
    let watch = Arc::new(Watch::new(
        HttpTransport::new(Timeouts::default())
            .map_err(|error| Error::Transport(error.to_string()))?,
    ));
    let patience = config::Export {
        max_wait: settings.max_wait.min(estimate::PATIENCE),
        ..settings.clone()
    };
    let client = connect::client(
        Arc::clone(&watch) as _,
        &patience,
        &source,
        &Events::default(),
    );
    let mut lines = service(&client, settings, &source, now).await;
    lines.extend(watch.line());
    lines.push(output::line(settings, &source));
    Ok(lines)
}

/// What only the service can tell; the first failure ends it, as the rest hangs on it.
async fn service(
    client: &Client,
    settings: &config::Export,
    source: &OpenSource,
    now: Timestamp,
) -> Vec<Line> {
    let mut lines = Vec::new();
    let granted = match client.granted_scopes().await {
        Ok(granted) => granted.unwrap_or_default(),
        Err(failure) => return vec![Line::failure("credentials", &failure)],
    };
    lines.push(Line::ok("credentials", credentials(source, &granted)));
    lines.extend(scopes(settings, &granted));
    if lines.iter().any(|line| line.state == State::Failed) {
        return lines;
    }
    let accounts = match connect::accounts(client, settings, source).await {
        Ok(accounts) => accounts,
        Err(error) => {
            lines.push(Line::error("reach", &error));
            return lines;
        }
    };
    let windows = Window::tile(settings.span(now));
    let mut sampling = Sampling::new(client, settings, &windows, accounts.len());
    let asked = accounts.len().min(ACCOUNTS_ASKED);
    let mut is_reached = true;
    for account in accounts.iter().take(asked) {
        if let Err(failure) = sampling.newest(account).await {
            lines.push(Line::failure("reach", &failure));
            is_reached = false;
        }
    }
    if is_reached {
        lines.push(Line::ok("reach", reach(settings, &accounts, asked)));
        lines.push(match sampling.history().await {
            Ok(()) => Line::ok("export", sampling.estimate().to_string()),
            Err(failure) => Line::failure("export", &failure),
        });
    }
    lines
}

fn credentials(source: &OpenSource, granted: &[String]) -> String {
    let whose = match source.account_id.as_str() {
        "" => String::new(),
        id => format!(" of account {id}"),
    };
    if granted.is_empty() {
        // A ready token is not tried before the first call.
        format!("an access token{whose}, which names no scopes")
    } else {
        format!("the app{whose} gets access tokens")
    }
}

/// One line for what is granted, or one for each need that is not.
fn scopes(settings: &config::Export, granted: &[String]) -> Vec<Line> {
    if granted.is_empty() {
        let text = "the access token names none, so that it is not known whether all clips are \
                    listed; use the app's client id and secret to have that checked";
        return vec![Line::warning("scopes", text.to_owned())];
    }
    let mut lines = Vec::new();
    for need in for_clips(&settings.accounts) {
        if !need.is_met(granted) {
            let error = Error::Scope {
                wanted: need.wanted(),
                granted: granted.join(", "),
            };
            let text = format!("cannot {}: {error}", need.what);
            lines.push(Line::failed("scopes", text, error.exit_code()));
        }
    }
    if settings.resolve_owners {
        for need in for_owners(&settings.accounts) {
            if !need.is_met(granted) {
                let text = format!(
                    "cannot {}, owners stay without a name: add {} to the app",
                    need.what,
                    need.wanted()
                );
                lines.push(Line::warning("scopes", text));
            }
        }
    }
    if lines.is_empty() {
        lines.push(Line::ok("scopes", granted.join(", ")));
    }
    lines
}

fn reach(settings: &config::Export, accounts: &[Account], asked: usize) -> String {
    let whose = match (&settings.accounts, accounts) {
        (Accounts::Own, [own]) => return format!("account {} lists its clips", own.id),
        (Accounts::All, _) => "the credentials' own account and its sub-accounts",
        _ => "sub-accounts",
    };
    let count = accounts.len();
    if asked == count {
        format!("{whose}, {count} in all, list their clips")
    } else {
        format!("{whose}, {count} in all; of these, {asked} were asked and list their clips")
    }
}
