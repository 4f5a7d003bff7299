//! The commands `export` and `check`, which ask the service.

use std::env;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;

use crate::check::{CheckResult, State, check, worst};
use crate::disk::file::create_dirs;
use crate::error::Error;
use crate::event::{Events, Listener};
use crate::export::{Published, export};
use crate::model::Verdict;
use crate::model::exit_code::ExitCode;
use crate::program::confined;
use crate::program::monitor::Monitor;
use crate::program::progress::{LogOnly, Progress, log};
use crate::program::published::{done, folder_of, shown};
use crate::program::signals::Signals;
use crate::program::stdout::{print_done, print_line};
use crate::report::numbers::things;
use crate::report::summary::Proof;
use crate::settings::args::{ExportArgs, SummaryForm};
use crate::settings::{Environment, ExportSettings};

/// How much is said while a command runs and at its end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Voice {
    pub(super) is_quiet: bool,
    pub(super) has_bar: bool,
}

pub(super) fn run_export(
    args: ExportArgs,
    voice: Voice,
    signals: &Signals,
) -> Result<ExitCode, Error> {
    let now = Timestamp::now();
    let environment = Environment::of_process();
    let monitor = Monitor::of(&args, &environment, now);
    let (published, printed) = monitor.watch(signals, exit_code, || {
        let settings = ExportSettings::resolve(args, &environment, now)?;
        watched_export(settings, voice, now, &monitor, signals)
    })?;
    let (verdict, rows) = (published.verdict.name(), published.summary.totals.clips);
    log::published(folder_of(&published), verdict, rows);
    printed?;
    if published.verdict == Verdict::Incomplete {
        return Err(Error::PublishedIncomplete {
            why: what_is_missing(&published.summary.proof),
        });
    }
    Ok(ExitCode::Success)
}

/// What is out, and whether its summary could be printed.
type Told = (Published, Result<(), Error>);

/// How an export ends that has published.
fn exit_code((published, printed): &Told) -> ExitCode {
    match printed {
        Err(error) => error.exit_code(),
        Ok(()) if published.verdict == Verdict::Incomplete => ExitCode::Incomplete,
        Ok(()) => ExitCode::Success,
    }
}

/// How much of a census is not proven.
fn what_is_missing(proof: &Proof) -> String {
    let unsettled = proof.windows_unsettled.len() as u64;
    let failed = proof.failed_accounts.len() as u64;
    let windows = format!("{} of {}", unsettled, things(proof.windows, "window"));
    match (unsettled, failed) {
        (_, 0) => format!("{windows} did not settle"),
        (0, _) => format!("{} could not be listed", things(failed, "account")),
        _ => format!(
            "{windows} did not settle, and {} could not be listed",
            things(failed, "account")
        ),
    }
}

fn watched_export(
    settings: ExportSettings,
    voice: Voice,
    now: Timestamp,
    monitor: &Monitor,
    signals: &Signals,
) -> Result<Told, Error> {
    let progress = Arc::new(Progress::new(voice.has_bar, settings.limits.light));
    let form = settings.summary.unwrap_or(if voice.is_quiet {
        SummaryForm::Paths
    } else {
        SummaryForm::Text
    });
    // What cannot be made is told in its turn.
    let _confined = create_dirs(&settings.out).ok().map(|()| {
        let metrics = monitor.metrics_folder().map(Path::to_owned);
        // Differences of many rows are sorted there.
        let aside = settings.diff.then(env::temp_dir);
        let folders = [Some(settings.out.clone()), metrics, aside];
        confined::write_only_below(folders.iter().flatten().map(PathBuf::as_path))
    });
    let started = monitor.started();
    let listeners: Vec<Arc<dyn Listener>> = vec![Arc::clone(&progress) as _, monitor.listener()];
    let ended = signals.until_signal(async move {
        started.await;
        export(settings, listeners, now).await
    });
    progress.finish();
    let published = ended.map_err(|error| error.of_export(progress.has_kept()))?;
    let printed = print_done(&shown(&published, form), || done(&published));
    Ok((published, printed))
}

pub(super) fn run_check(args: ExportArgs, signals: &Signals) -> Result<ExitCode, Error> {
    let now = Timestamp::now();
    let settings = ExportSettings::resolve(args, &Environment::of_process(), now)?;
    let unprinted = Arc::new(Mutex::new(None));
    let failed = Arc::clone(&unprinted);
    let tell = Box::new(move |result: &CheckResult| {
        if let Err(error) = print_line(&result.to_string()) {
            failed
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .get_or_insert(error);
        }
    });
    let events = Events::to(vec![Arc::new(LogOnly)]);
    let results =
        signals.until_signal(async move { check(&settings, now, &events, tell).await })?;
    if let Some(error) = unprinted
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take()
    {
        return Err(error);
    }
    let failed = results
        .iter()
        .filter(|result| result.state == State::Failed);
    let why: Vec<String> = failed
        .map(|result| format!("{}: {}", result.about, result.text))
        .collect();
    match worst(&results) {
        ExitCode::Success => Ok(ExitCode::Success),
        code => Err(Error::NotReady {
            why: why.join("; "),
            code,
        }),
    }
}
