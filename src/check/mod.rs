//! A look before an export: may it begin, what will it reach, how long will it take. Nothing that it
//! does stays, and it makes a handful of requests.

use std::sync::Arc;

use jiff::Timestamp;

mod estimate;
mod result;
mod seen;

use crate::account::connect;
use crate::account::connect::OpenSource;
use crate::account::scopes::{for_clips, for_owners};
use crate::check::estimate::Sampling;
pub(crate) use crate::check::result::{CheckResult, State, worst};
use crate::crawl::Account;
use crate::disk::{Layout, try_output};
use crate::error::Error;
use crate::event::Events;
use crate::export::census::Census;
use crate::export::space::Room;
use crate::model::Window;
use crate::settings::{Accounts, ExportSettings, PingUrl};
use crate::zoom::{Client, ClockReading, SandboxWatch, ServiceClock};

/// Accounts of which each is asked for its clips, at most.
const ACCOUNTS_ASKED: usize = 8;

/// Looks at everything that an export with these settings needs.
///
/// # Errors
/// Where the look itself cannot be taken, such as a sandbox that does not start. What stands against
/// the export is among the results, each of which is told as soon as it is known.
pub(crate) async fn check(
    settings: &ExportSettings,
    now: Timestamp,
    events: &Events,
    tell: Tell,
) -> Result<Vec<CheckResult>, Error> {
    let source = connect::open_source(settings).await?;
    let patience = ExportSettings {
        max_wait: settings.max_wait.min(estimate::PATIENCE),
        ..settings.clone()
    };
    let transport = connect::network(&patience)?;
    connect::warn_of_bundled_roots(&transport, settings);
    let watch = Arc::new(SandboxWatch::new(Arc::new(transport)));
    let clock = Arc::new(ServiceClock::new(Arc::clone(&watch) as _));
    let client = connect::client(Arc::clone(&clock) as _, &patience, &source, events);
    let mut results = Results {
        all: Vec::new(),
        tell,
    };
    for result in proxies(settings, &source) {
        results.add(result);
    }
    let clips = service(&client, &clock, settings, &source, now, &mut results).await;
    if watch.has_answered() {
        let text = "a simulated account: the sandbox of clipcensus answers, and not Zoom";
        results.add(CheckResult::ok("service", text.to_owned()));
    }
    if let Some(reading) = clock.reading() {
        results.add(clocks(reading));
    }
    results.add(output(settings, &source, clips));
    Ok(results.all)
}

/// Is told each result as soon as it is known.
pub(crate) type Tell = Box<dyn Fn(&CheckResult) + Send + Sync>;

/// What was found so far.
struct Results {
    all: Vec<CheckResult>,
    tell: Tell,
}

impl Results {
    fn add(&mut self, result: CheckResult) {
        (self.tell)(&result);
        self.all.push(result);
    }

    fn has_failed(&self) -> bool {
        self.all.iter().any(|result| result.state == State::Failed)
    }
}

/// What only the service can tell; the first failure ends it, as the rest hangs on it. Returns about
/// how many clips there are, if that is known then.
async fn service(
    client: &Client,
    clock: &ServiceClock,
    settings: &ExportSettings,
    source: &OpenSource,
    now: Timestamp,
    results: &mut Results,
) -> Option<u64> {
    let granted = match client.granted_scopes().await {
        Ok(granted) => granted.unwrap_or_default(),
        Err(failure) => {
            results.add(CheckResult::failure("credentials", &failure));
            return None;
        }
    };
    results.add(CheckResult::ok(
        "credentials",
        credentials(source, &granted),
    ));
    for result in scopes(settings, &granted) {
        results.add(result);
    }
    if results.has_failed() {
        return None;
    }
    let accounts = match connect::accounts(client, settings, source).await {
        Ok(accounts) => accounts,
        Err(error) => {
            results.add(CheckResult::error("reach", &error));
            return None;
        }
    };
    let present = clock.reading().map_or(now, |reading| reading.service);
    let span = match settings.span(present) {
        Ok(span) => span,
        Err(error) => {
            results.add(CheckResult::error("export", &error.into()));
            return None;
        }
    };
    if let Err(error) = connect::refuse_too_many(&accounts, span) {
        results.add(CheckResult::error("export", &error.into()));
        return None;
    }
    let windows = Window::tile(span);
    let mut sampling = Sampling::new(client, settings, &windows, accounts.len());
    let asked = accounts.len().min(ACCOUNTS_ASKED);
    let mut is_reached = true;
    for account in accounts.iter().take(asked) {
        if let Err(failure) = sampling.newest(account).await {
            results.add(CheckResult::failure("reach", &failure));
            is_reached = false;
        }
    }
    if !is_reached {
        return None;
    }
    results.add(CheckResult::ok("reach", reach(settings, &accounts, asked)));
    let clips = match sampling.history().await {
        Ok(()) => {
            let estimate = sampling.estimate();
            results.add(CheckResult::ok("export", estimate.to_string()));
            estimate.clips()
        }
        Err(failure) => {
            results.add(CheckResult::failure("export", &failure));
            None
        }
    };
    results.add(sampling.records());
    clips
}

/// The way to each host that an export asks or tells its end; one line where it is the same to all.
fn proxies(settings: &ExportSettings, source: &OpenSource) -> Vec<CheckResult> {
    let mut hosts: Vec<(String, &str)> = Vec::new();
    let ping = settings.ping_url.as_ref().map(PingUrl::url);
    for url in [&source.endpoints().oauth, &source.endpoints().api]
        .into_iter()
        .chain(ping)
    {
        let host = url.host_str().unwrap_or_default();
        let way = match settings.proxies.route(url) {
            Ok(route) => route.to_string(),
            // Settings with such a proxy are refused.
            Err(error) => error.to_string(),
        };
        if !hosts.contains(&(way.clone(), host)) {
            hosts.push((way, host));
        }
    }
    hosts.sort_unstable();
    hosts
        .chunk_by(|(way, _), (other, _)| way == other)
        .map(|chunk| {
            let names: Vec<&str> = chunk.iter().map(|(_, host)| *host).collect();
            let text = format!("{} {}", names.join(" and "), chunk[0].0);
            CheckResult::ok("proxy", text)
        })
        .collect()
}

/// Whether this computer's clock is right. A census is of the service's present, so that it does no
/// harm to its clips; messages, dates of files and access tokens go by it.
fn clocks(reading: ClockReading) -> CheckResult {
    match reading.difference() {
        None => CheckResult::ok("clock", "within a minute of the service's".to_owned()),
        Some(difference) => CheckResult::warning(
            "clock",
            format!("{difference} the service's, by which a census goes: set it by NTP"),
        ),
    }
}

/// Whether an export could write where it is to write, found out without leaving anything there.
fn output(settings: &ExportSettings, source: &OpenSource, clips: Option<u64>) -> CheckResult {
    let census = Census::of(settings, source);
    let layout = Layout::new(&settings.out, census.table());
    let tried = try_output(&layout).map_err(Into::into);
    let tried = tried.and_then(|caveat| census.refuse_other(&layout).map(|()| caveat));
    match tried {
        Err(error) => return CheckResult::error("output", &error),
        Ok(Some(caveat)) => return CheckResult::warning("output", caveat.to_string()),
        Ok(None) => {}
    }
    let out = layout.out();
    let shown = out.display();
    let text = if out.exists() {
        format!("{shown} can be written")
    } else {
        format!("{shown} is not there yet and can be made")
    };
    match Room::of(settings, &layout, clips) {
        Some(room) if room.is_short() => CheckResult::warning(
            "output",
            format!("{text}, but the disk may be too small: {room}"),
        ),
        Some(room) => CheckResult::ok("output", format!("{text}; {room}")),
        None => CheckResult::ok("output", text),
    }
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

/// One result for what is granted, or one for each need that is not.
fn scopes(settings: &ExportSettings, granted: &[String]) -> Vec<CheckResult> {
    if granted.is_empty() {
        let text = "the access token names none, so that it is not known whether all clips are \
                    listed; use the app's client id and secret to have that checked";
        return vec![CheckResult::warning("scopes", text.to_owned())];
    }
    let mut results = Vec::new();
    for need in for_clips(&settings.accounts) {
        if !need.is_met(granted) {
            let error = Error::Scope {
                wanted: need.wanted(),
                granted: granted.join(", "),
            };
            let text = format!("cannot {}: {error}", need.what);
            results.push(CheckResult::failed("scopes", text, error.exit_code()));
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
                results.push(CheckResult::warning("scopes", text));
            }
        }
    }
    if results.is_empty() {
        results.push(CheckResult::ok("scopes", granted.join(", ")));
    }
    results
}

fn reach(settings: &ExportSettings, accounts: &[Account], asked: usize) -> String {
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
