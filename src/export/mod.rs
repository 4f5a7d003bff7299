//! One export, from its settings to a published snapshot. Wires the stages together.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;

pub(crate) mod census;
pub(crate) mod connect;
mod owners;
mod publish;
pub(crate) mod scopes;

use crate::config;
use crate::crawl::AccountFailure;
use crate::crawl::Crawl;
use crate::crawl::decode::Decoder;
use crate::crawl::doubtful;
use crate::crawl::frontier::Known;
use crate::crawl::verdict;
use crate::error::Error;
use crate::event::Events;
use crate::event::Listener;
use crate::export::census::Census;
use crate::export::publish::Finished;
use crate::report::Summary;
use crate::snapshot::Layout;
use crate::snapshot::OutputLock;
use crate::snapshot::Spool;
use crate::snapshot::Verdict;
use crate::snapshot::recover;
use crate::tally::Tally;

/// A snapshot that is out.
#[derive(Debug)]
pub struct Published {
    /// What is in it.
    pub summary: Summary,
    /// Its data files.
    pub data: Vec<PathBuf>,
    /// Its manifest.
    pub manifest: PathBuf,
    /// Whether it is complete.
    pub verdict: Verdict,
}

/// Takes a census and publishes it.
///
/// Dropping the future stops the crawl; finished windows stay in the spool and the same export
/// goes on from there.
///
/// # Errors
/// [`Error`] says what failed and what to do; nothing is published then.
pub async fn export(
    settings: config::Export,
    listeners: Vec<Arc<dyn Listener>>,
    now: Timestamp,
) -> Result<Published, Error> {
    let tally = Arc::new(Tally::default());
    let mut listeners = listeners;
    listeners.push(Arc::clone(&tally) as Arc<dyn Listener>);
    let events = Events::to(listeners);

    let source = connect::open_source(&settings).await?;
    let census = Census::of(&settings, &source);
    let layout = Layout::new(&settings.out, census.table());
    let lock = OutputLock::acquire(&layout)?;
    recover(&layout)?;
    census.refuse_other(&layout)?;

    let client = connect::client(&settings, &source, &events)?;
    connect::check_scopes(&client, &settings, &events).await?;
    let accounts = connect::accounts(&client, &settings, &source).await?;

    let spool = Spool::open(
        &layout,
        census.spool_header(&settings, &accounts, now),
        settings.fresh,
    )?;
    let header = spool.header().clone();
    if header.started_at != now.to_string() {
        tracing::warn!(
            "going on with the export that began at {}; --fresh starts over",
            header.started_at
        );
    }
    let crawl = Arc::new(Crawl {
        client,
        accounts,
        filters: settings.filters.clone(),
        decoder: Decoder {
            by: settings.by,
            span: crate::crawl::window::Window {
                from: header.since,
                to: header.until,
            },
            snapshot_at: header.snapshot_at,
            secrets: settings.secrets,
        },
        known: Known::default(),
        concurrency: settings.limits.concurrency,
        spool,
        events,
        lock,
    });
    let failures = crawl.run().await?;
    let windows = crawl.spool.finished();
    let verdict = verdict(&windows, failures.len());
    let has_an_account = failures.len() < crawl.accounts.len();
    if verdict == Verdict::Incomplete && !(settings.allow_incomplete && has_an_account) {
        return Err(incomplete(&crawl, failures));
    }
    let finished = Finished {
        layout,
        crawl,
        failures,
        windows,
        verdict,
        tally,
        parameters: census.parameters(&settings),
        settings,
    };
    let written = off_thread(move || finished.write()).await?;
    let people = written.look_up().await?;
    off_thread(move || written.publish(people)).await
}

/// Work on files, where it does not hold up the network.
async fn off_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|failed| std::panic::resume_unwind(failed.into_panic()))
}

/// Windows that a message names; more would hide the rest of it.
const MOST_NAMED: usize = 20;

/// Why nothing is published: the one account's own failure if there is only that, else all reasons.
fn incomplete(crawl: &Crawl, mut failures: Vec<AccountFailure>) -> Error {
    let is_only_account = crawl.accounts.len() == 1;
    if is_only_account && let Some(failure) = failures.pop() {
        return Error::Service(failure.failure);
    }
    let windows = crawl.spool.finished();
    let doubtful = doubtful(&windows);
    let mut reasons: Vec<String> = doubtful
        .iter()
        .take(MOST_NAMED)
        .map(ToString::to_string)
        .chain(
            failures
                .iter()
                .map(|failed| format!("account {}: {}", failed.account_id, failed.failure)),
        )
        .collect();
    if doubtful.len() > MOST_NAMED {
        reasons.push(format!("{} more windows", doubtful.len() - MOST_NAMED));
    }
    Error::Incomplete {
        why: reasons.join("; "),
    }
}
