//! The log on stderr: lines for people, or a JSON object a line.
//!
//! Names are stable: `message` tells what happened, and the other fields are those of this table.
//! Every line has `timestamp` and `level` too. Times are in seconds, with a fraction.
//!
//! | message | level | fields |
//! |---|---|---|
//! | `planned` | info | `windows`, `resumed` |
//! | `listing` | info, shown without `-v` where there is no bar | `clips`, `clips_expected` (missing until all windows have told), `windows_done`, `windows`, `clips_per_second`, `quota_percent`, `seconds_left` (missing if it cannot be told) |
//! | `window finished` | debug | `window`, `settled` |
//! | `asking for the window again` | info | `window`, `why` |
//! | `windows were asked for again` | warn | `times` |
//! | `request done` | trace | `call`, `elapsed_seconds` |
//! | `request failed` | info | `call`, `outcome`, `elapsed_seconds`, `why`, `tracking_id` (missing if the answer has none) |
//! | `user not shown` | debug | `call`, `outcome`, `elapsed_seconds`, `why`, `tracking_id`, of an owner whom the service does not have or does not show, which is an answer |
//! | `trying again` | debug | `call`, `attempt`, `after_seconds`, `why`, `tracking_id` |
//! | `the service asks to wait` | warn | `wait_seconds`, `why` |
//! | `waiting for the service` | warn | `at_most_seconds`, `why` |
//! | `many requests are refused: --plan is higher than the account's, or other apps use its limit` | warn | `requests_per_second`, `of` |
//! | `access tokens are refused soon after they were fetched: another program may be using the app` | warn | `why` |
//! | `the account cannot be listed` | info | `account`, `why` |
//! | `looking up owners` | info | `owners` |
//! | `owners stay without a name` | warn | `what`, `why` |
//! | `writing the snapshot` | info | `rows`, `requests`, `requests_per_second` of the listing, those included that were refused |
//! | `published` | info, in JSON shown without `-v` | `path` of the snapshot, `verdict`, `rows` |
//!
//! The last line of a command that fails has the level `error`, the error as its `message`, and
//! `exit_code`. Other warnings have a `message` only.

use std::io;
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::time::Duration;

use tracing::Level;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;

use crate::event::{Event, Outcome};
use crate::model::exit_code::ExitCode;
use crate::program::progress::meter::ProgressSnapshot;
use crate::program::progress::visible::JsonLog;
use crate::program::progress::visible::fields;
use crate::redact::hidden::{visible, visible_line};
use crate::settings::args::LogFormat;

/// What is said of how far a crawl is, which is shown unless all is to be quiet.
const PROGRESS: &str = "clipcensus::listing";

/// What a result has to be read with, which is shown even if all else is to be quiet.
const CAVEAT: &str = "clipcensus::caveat";

/// What was published, which stands on stdout for people.
const PUBLISHED: &str = "clipcensus::published";

/// Starts the log of the process.
pub(crate) fn start(is_quiet: bool, verbose: u8, format: LogFormat) {
    let level = match (is_quiet, verbose) {
        (true, _) => Level::ERROR,
        (false, 0) => Level::WARN,
        (false, 1) => Level::INFO,
        (false, 2) => Level::DEBUG,
        (false, _) => Level::TRACE,
    };
    // Other crates may log what they send; ours never logs a secret.
    let only_ours = Targets::new().with_target("clipcensus", level);
    let only_ours = match (is_quiet, format) {
        (true, _) => only_ours.with_target(CAVEAT, Level::WARN),
        (false, LogFormat::Text) => only_ours.with_target(PROGRESS, level.max(Level::INFO)),
        (false, LogFormat::Json) => only_ours
            .with_target(PROGRESS, level.max(Level::INFO))
            .with_target(PUBLISHED, level.max(Level::INFO)),
    };
    let registry = tracing_subscriber::registry().with(only_ours);
    let started = match format {
        LogFormat::Text => {
            let is_coloured =
                std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
            registry.with(text(std::io::stderr, is_coloured)).try_init()
        }
        LogFormat::Json => registry.with(json(std::io::stderr)).try_init(),
    };
    // Only a second run in one process finds a log that is there already.
    drop(started);
}

/// A line for people, fields behind the message.
fn text<S, W>(writer: W, is_coloured: bool) -> impl Layer<S>
where
    S: tracing::Subscriber + for<'span> LookupSpan<'span>,
    W: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
{
    tracing_subscriber::fmt::layer()
        .fmt_fields(fields())
        .with_writer(writer)
        .with_ansi(is_coloured)
        .with_target(false)
        .without_time()
}

/// A JSON object a line, fields beside the message.
fn json<S, W>(writer: W) -> impl Layer<S>
where
    S: tracing::Subscriber + for<'span> LookupSpan<'span>,
    W: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
{
    tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_target(false)
        .with_writer(JsonLog(writer))
}

/// Whether an event has a line at all, at any level.
pub(super) fn told(event: &Event) -> bool {
    match event {
        Event::Expected { .. } | Event::Page { .. } => false,
        Event::Attempt {
            outcome: Outcome::Ok,
            ..
        } => tracing::enabled!(Level::TRACE),
        _ => true,
    }
}

/// Writes the line of an event.
pub(super) fn event(event: &Event) {
    match event {
        Event::Expected { .. } | Event::Page { .. } => {}
        Event::Caveat(text) => caveat(text),
        Event::Planned { windows, resumed } => tracing::info!(windows, resumed, "planned"),
        Event::WindowDone { window, settled } => {
            tracing::debug!(window, settled, "window finished");
        }
        Event::Repeated { window, why } => {
            tracing::info!(window, why, "asking for the window again");
        }
        Event::Attempt {
            call,
            outcome,
            elapsed,
            why,
            tracking_id,
        } => {
            let elapsed_seconds = seconds(*elapsed);
            if *outcome == Outcome::Ok {
                tracing::trace!(call, elapsed_seconds, "request done");
            } else if is_answer(call, *outcome) {
                let outcome = outcome.name();
                tracing::debug!(
                    call,
                    outcome,
                    elapsed_seconds,
                    why,
                    tracking_id,
                    "user not shown"
                );
            } else {
                let outcome = outcome.name();
                tracing::info!(
                    call,
                    outcome,
                    elapsed_seconds,
                    why,
                    tracking_id,
                    "request failed"
                );
            }
        }
        Event::Retry {
            call,
            attempt,
            after,
            why,
            tracking_id,
        } => {
            let after_seconds = seconds(*after);
            tracing::debug!(
                call,
                attempt,
                after_seconds,
                why,
                tracking_id,
                "trying again"
            );
        }
        Event::Paused { wait, why } => {
            let wait_seconds = seconds(*wait);
            tracing::warn!(wait_seconds, why, "the service asks to wait");
        }
        Event::Unreachable { why, at_most } => {
            let at_most_seconds = seconds(*at_most);
            tracing::warn!(at_most_seconds, why, "waiting for the service");
        }
        Event::TooFast { rate, allowed } => {
            tracing::warn!(
                requests_per_second = rate,
                of = allowed,
                "many requests are refused: --plan is higher than the account's, or other apps use its limit"
            );
        }
        Event::TokensRefused { why } => {
            tracing::warn!(
                why,
                "access tokens are refused soon after they were fetched: another program may be using the app"
            );
        }
        Event::AccountFailed { account, why } => {
            tracing::info!(account, why, "the account cannot be listed");
        }
        Event::LookingUp { owners } => tracing::info!(owners, "looking up owners"),
        Event::OwnersUnknown { what, why } => {
            tracing::warn!(what, why, "owners stay without a name");
        }
        Event::Publishing {
            rows,
            requests,
            took,
        } => {
            let requests_per_second = per_second(*requests, *took);
            tracing::info!(rows, requests, requests_per_second, "writing the snapshot");
        }
    }
}

/// Whether a refusal tells what was asked: of every owner who has left, that there is no such user. An
/// account has many of those, and each is known to its reports.
fn is_answer(call: &str, outcome: Outcome) -> bool {
    outcome == Outcome::ClientError && call.starts_with("GET /users/")
}

/// Says what a result has to be read with.
pub fn caveat(text: &str) {
    tracing::warn!(target: CAVEAT, "{text}");
}

/// The last word of a command that fails: in text, in the form of the argument parser's own.
pub(crate) fn failed(error: &str, exit_code: ExitCode, format: LogFormat) {
    match format {
        // Where even stderr is closed, the exit code has to do.
        LogFormat::Text => drop(writeln!(io::stderr(), "error: {}", visible_line(error))),
        LogFormat::Json => tracing::error!(exit_code = exit_code as u8, "{error}"),
    }
}

/// A line below what the argument parser has said, as it writes its own.
pub(crate) fn beneath(line: &str) {
    drop(writeln!(io::stderr(), "  {}", visible(line)));
}

/// Says how often a window was asked for again.
pub(super) fn repeats(times: u64) {
    tracing::warn!(times, "windows were asked for again");
}

/// Says what is out: the folder of the snapshot, how well it is proven, how many rows it has.
pub(crate) fn published(path: &Path, verdict: &str, rows: u64) {
    let path = path.display().to_string();
    tracing::info!(target: PUBLISHED, path, verdict, rows, "published");
}

/// Writes the line that tells how far a crawl is.
pub(super) fn progress(progress: &ProgressSnapshot) {
    tracing::info!(
        target: PROGRESS,
        clips = progress.clips,
        clips_expected = progress.expected,
        windows_done = progress.windows_done,
        windows = progress.windows,
        clips_per_second = progress.clips_per_second.round(),
        quota_percent = progress.quota_percent.round(),
        seconds_left = progress.left.map(|left| left.as_secs()),
        "listing"
    );
}

/// So many in that time, to a tenth.
#[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
fn per_second(count: u64, took: Duration) -> f64 {
    (count as f64 / took.as_secs_f64().max(0.001) * 10.0).round() / 10.0
}

/// To the millisecond.
fn seconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests;
