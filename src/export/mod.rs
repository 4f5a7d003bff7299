//! One export, from its settings to a published snapshot. Wires the stages together.

use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;

pub(crate) mod census;
mod changes;
mod data_files;
mod early_writer;
mod exposed_rows;
mod former;
mod owners;
mod publish;
pub(crate) mod request_counts;
pub(crate) mod space;
#[cfg(test)]
mod tests;
mod unfinished;

use crate::account::connect;
use crate::crawl::page::Decoder;
use crate::crawl::{AccountFailure, Crawl, Known};
use crate::disk::{Layout, OutputLock};
use crate::error::{Error, service_exit_code};
use crate::event::{Event, Events, Listener};
use crate::export::census::Census;
use crate::export::data_files::DataFiles;
use crate::export::early_writer::EarlyWriter;
use crate::export::former::{Candidate, Former};
use crate::export::publish::Draft;
pub(crate) use crate::export::publish::Published;
use crate::export::request_counts::RequestCounts;
use crate::export::space::Room;
use crate::export::unfinished::open_spool;
use crate::model::Verdict;
use crate::model::exit_code::ExitCode;
use crate::model::verdict::{doubtful, doubts};
use crate::settings::ExportSettings;
use crate::snapshot::{Manifest, recover};
use crate::zoom::transport::Transport;
use crate::zoom::{ClockReading, SandboxWatch, ServiceClock};

/// Takes a census and publishes it.
///
/// Dropping the future stops the crawl; finished windows stay in the spool and the same export
/// goes on from there.
///
/// # Errors
/// [`Error`] says what failed and what to do; nothing is published then.
pub(crate) async fn export(
    settings: ExportSettings,
    listeners: Vec<Arc<dyn Listener>>,
    now: Timestamp,
) -> Result<Published, Error> {
    let transport = connect::network(&settings)?;
    connect::warn_of_bundled_roots(&transport, &settings);
    export_through(Arc::new(transport), settings, listeners, now).await
}

async fn export_through(
    transport: Arc<dyn Transport>,
    settings: ExportSettings,
    listeners: Vec<Arc<dyn Listener>>,
    now: Timestamp,
) -> Result<Published, Error> {
    let request_counts = Arc::new(RequestCounts::default());
    let mut listeners = listeners;
    listeners.push(Arc::clone(&request_counts) as Arc<dyn Listener>);
    let events = Events::to(listeners);

    let source = connect::open_source(&settings).await?;
    let census = Census::of(&settings, &source);
    let layout = Layout::new(&settings.out, census.table());
    let lock = Arc::new(take_folder(&settings, &census, &layout)?);
    let watch = Arc::new(SandboxWatch::new(transport));
    let clock = Arc::new(ServiceClock::new(Arc::clone(&watch) as _));
    let client = connect::client(Arc::clone(&clock) as _, &settings, &source, &events);
    connect::check_scopes(&client, &settings, &events).await?;
    let accounts = connect::accounts(&client, &settings, &source).await?;
    let clock = connect::present(&client, &clock, &settings, &accounts, now).await?;
    tell_difference(clock);
    let present = clock.map_or(now, |clock| clock.service);

    let span = settings.span(present)?;
    connect::refuse_too_many(&accounts, span)?;
    let wanted = census.spool_header(&settings, &accounts, now, span);
    lock.confirm()?;
    let spool = open_spool(&layout, &settings, &wanted, &events)?;
    let header = spool.header().clone();
    let best = Candidate {
        run_id: &header.run_id,
        snapshot_at: header.snapshot_at,
        verdict: Verdict::Verified,
        has_owners: settings.resolve_owners,
    };
    let former = Former::of(&layout, best)?;
    if let (false, Some(why)) = (settings.accepted.worse, former.why_kept(best)) {
        if header.run_id == wanted.run_id {
            spool.remove(&layout)?;
        }
        return Err(Error::WouldBeWorse { why });
    }
    let crawl = Arc::new(Crawl {
        client,
        accounts,
        filters: settings.filters.clone(),
        decoder: Decoder {
            by: settings.by,
            span: crate::model::Window {
                from: header.since,
                to: header.until,
            },
            snapshot_at: header.snapshot_at,
            secrets: settings.secrets,
            hashing: spool.hashing().clone(),
        },
        known: Known::default(),
        concurrency: settings.limits.concurrency,
        spool,
        events,
        lock: Arc::clone(&lock),
    });
    let files = DataFiles::of(&settings, &layout, header.snapshot_at);
    let early = EarlyWriter::begin(files.clone(), &crawl);
    let (before, begun) = (request_counts.requests(), Instant::now());
    // Its future is large, and waited for by many others.
    let failures = Box::pin(crawl.run()).await?;
    let (requests, took) = (request_counts.requests() - before, begun.elapsed());
    let windows = crawl.windows();
    let verdict = Verdict::of(&windows, failures.len());
    let has_an_account = failures.len() < crawl.accounts.len();
    if verdict == Verdict::Incomplete && !(settings.accepted.incomplete && has_an_account) {
        return Err(incomplete(&crawl, failures));
    }
    for doubt in doubts(&windows) {
        let caveat = format!("not proven to be all clips: {doubt}");
        crawl.events.emit(&Event::Caveat(caveat));
    }
    let draft = Draft {
        layout,
        crawl,
        failures,
        requests,
        took,
        windows,
        verdict,
        request_counts,
        clock,
        former,
        simulated: watch.has_answered(),
        resumed_at: (header.run_id != wanted.run_id).then(|| now.to_string()),
        parameters: census.parameters(&settings),
        settings,
    };
    let published = Box::pin(async move {
        let written = off_thread(move || draft.write(early, &files)).await?;
        let people = written.look_up().await?;
        off_thread(move || written.publish(people)).await
    });
    published.await.map_err(|error| cause(error, &lock))
}

/// Takes the output folder for this export, and completes what an interrupted one has left half done.
fn take_folder(
    settings: &ExportSettings,
    census: &Census,
    layout: &Layout,
) -> Result<OutputLock, Error> {
    let lock = OutputLock::acquire(layout)?;
    if let Some(message) = recover(layout)?.message() {
        tracing::warn!("{message}");
    }
    census.refuse_other(layout)?;
    if let Ok(Some(latest)) = Manifest::latest(layout)
        && latest.format != settings.format
    {
        tracing::warn!(
            "{} holds .{} files so far: who reads these does not see the .{} of this snapshot",
            layout.out().display(),
            latest.format.extension(),
            settings.format.extension()
        );
    }
    if let Some(room) = Room::of(settings, layout, None).filter(|room| room.is_short()) {
        let out = layout.out().display();
        tracing::warn!(
            "the disk may be too small for {out}: {room}; make room, or prune old snapshots"
        );
    }
    Ok(lock)
}

/// Why files could not be written: a run of another machine that has taken the folder over clears
/// what was staged in it, and what then fails is not the reason.
fn cause(error: Error, lock: &OutputLock) -> Error {
    match (error, lock.confirm()) {
        (Error::Snapshot(_), Err(taken_over)) => taken_over.into(),
        (error, _) => error,
    }
}

/// Work on files, where it does not hold up the network.
async fn off_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|failed| std::panic::resume_unwind(failed.into_panic()))
}

/// Says how far the two clocks are apart, if that is much.
fn tell_difference(clock: Option<ClockReading>) {
    match clock.map(|clock| (clock, clock.difference())) {
        Some((clock, Some(difference))) => tracing::warn!(
            "the clock of this computer is {difference} the service's, by which the census goes; it \
             is {} there: set ours by NTP",
            clock.service
        ),
        Some((_, None)) => {}
        None => tracing::warn!(
            "the service does not tell the time, so that the census goes by this computer's clock"
        ),
    }
}

/// Windows and accounts that a message names; more would hide the rest of it.
const MOST_NAMED: usize = 5;

/// Why nothing is published: the one account's own failure if there is only that, else all reasons.
fn incomplete(crawl: &Crawl, mut failures: Vec<AccountFailure>) -> Error {
    let is_only_account = crawl.accounts.len() == 1;
    if is_only_account && let Some(failure) = failures.pop() {
        return Error::Service(failure.failure);
    }
    let windows = crawl.windows();
    let windows = doubtful(&windows);
    // What is missing of an account that failed is missing for that.
    let is_of_failed = |account: &String| failures.iter().any(|it| it.account_id == *account);
    let code = if windows.iter().all(|it| is_of_failed(&it.account_id)) {
        common_exit_code(&failures)
    } else {
        ExitCode::Incomplete
    };
    let accounts = failures
        .iter()
        .map(|failed| format!("account {}: {}", failed.account_id, failed.failure));
    let windows = windows.iter().map(ToString::to_string);
    let reasons: Vec<String> = some(accounts, "accounts")
        .chain(some(windows, "windows"))
        .collect();
    Error::Incomplete {
        why: reasons.join("; "),
        code,
    }
}

/// How one account ends that fails as these do, if all fail alike: what one cannot be listed for alone, it
/// cannot be listed for beside others.
fn common_exit_code(failures: &[AccountFailure]) -> ExitCode {
    let mut codes = failures
        .iter()
        .map(|failed| service_exit_code(&failed.failure.kind));
    let first = codes.next();
    let common = first.filter(|first| codes.all(|code| code == *first));
    common.unwrap_or(ExitCode::Incomplete)
}

/// The first of the reasons, and how many more of the kind there are.
fn some(
    reasons: impl ExactSizeIterator<Item = String>,
    kind: &str,
) -> impl Iterator<Item = String> {
    let more = reasons.len().saturating_sub(MOST_NAMED);
    let rest = (more > 0).then(|| format!("{more} more {kind}"));
    reasons.take(MOST_NAMED).chain(rest)
}
