//! The commands: each reads its settings, does its work, prints its result.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io::{BufWriter, IsTerminal, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use clap::Parser;
use clipcensus_sandbox::{Sandbox, SandboxOptions, scenario};
use jiff::Timestamp;

use crate::check::{check, worst};
use crate::disk::{DiskError, Layout, OutputLock, Table};
use crate::error::Error;
use crate::event::Listener;
use crate::export::export;
use crate::model::exit_code::ExitCode;
use crate::model::{Verdict, exit_code};
use crate::program::manual;
use crate::program::monitor::Monitor;
use crate::program::progress::{Progress, log};
use crate::program::signals::Signals;
use crate::redact::hidden::visible;
use crate::report::Bytes;
use crate::report::numbers::{size, things};
use crate::settings::args::{
    Cli, Command, ExportArgs, LogFormat, ManArgs, PruneArgs, ReportArgs, ReportFormat, SandboxArgs,
    VerifyArgs,
};
use crate::settings::{Environment, ExportSettings, SettingsError, text_file};
use crate::snapshot::retain::reasons;
use crate::snapshot::{RetentionPolicy, locate, prune, recover};
use crate::verify::{summary_of, verify};
use crate::{report, snapshot};

/// Runs the program with these arguments, the program's name first, and says how to exit.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    keep_secrets_from_core_dumps();
    guarded(|| run_arguments(arguments))
}

/// Whatever panics is a fault of ours, and has its exit code.
fn guarded(work: impl FnOnce() -> ExitCode) -> ExitCode {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or(ExitCode::Internal)
}

/// Credentials are in memory, and a core dump would put them on the disk.
fn keep_secrets_from_core_dumps() {
    #[cfg(target_os = "linux")]
    // Where the system does not allow it, it is as it was.
    rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable).ok();
}

fn run_arguments(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    // First of all: what follows may hang, were it by printing the help into a pipe.
    let signals = match Signals::listen() {
        Ok(signals) => signals,
        Err(error) => {
            complain(&error);
            return error.exit_code();
        }
    };
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are no errors, and go to stdout.
            let is_error = error.use_stderr();
            drop(error.print());
            return if is_error {
                ExitCode::Usage
            } else {
                ExitCode::Success
            };
        }
    };
    let log_format = cli.log_format;
    log::start(cli.quiet, cli.verbose, log_format);
    let has_bar = !cli.quiet && log_format == LogFormat::Text;
    run_command(cli.command, has_bar, &signals).unwrap_or_else(|error| {
        match log_format {
            LogFormat::Text => complain(&error),
            LogFormat::Json => tracing::error!(exit_code = error.exit_code() as u8, "{error}"),
        }
        error.exit_code()
    })
}

fn run_command(command: Command, has_bar: bool, signals: &Signals) -> Result<ExitCode, Error> {
    match command {
        Command::Export(args) => run_export(*args, has_bar, signals),
        Command::Check(args) => run_check(*args, signals),
        Command::Report(args) => run_report(&args),
        Command::Verify(args) => run_verify(&args),
        Command::Prune(args) => run_prune(&args),
        Command::Sandbox(args) => run_sandbox(&args, signals),
        Command::Completions(args) => done(put(|stdout| {
            stdout.write_all(&manual::completions(args.shell))
        })),
        Command::Man(args) => run_man(&args),
        Command::ExitCodes => done(print(&exit_code::topic())),
    }
}

/// The last word on stderr, in the form of the argument parser's own.
fn complain(error: &Error) {
    // Where even stderr is closed, the exit code has to do.
    let error = error.to_string();
    drop(writeln!(std::io::stderr(), "error: {}", visible(&error)));
}

fn done(printed: Result<(), Error>) -> Result<ExitCode, Error> {
    printed.map(|()| ExitCode::Success)
}

fn run_export(args: ExportArgs, has_bar: bool, signals: &Signals) -> Result<ExitCode, Error> {
    let now = Timestamp::now();
    let environment = Environment::of_process();
    let monitor = Monitor::of(&args, environment.proxies(), now);
    let settings = ExportSettings::resolve(args, &environment, now).map_err(Error::from);
    let ended = settings.and_then(|it| watched_export(it, has_bar, now, &monitor, signals));
    let exit_code = ended.as_ref().map_or_else(Error::exit_code, |code| *code);
    monitor.ended(exit_code, Timestamp::now(), signals);
    ended
}

fn watched_export(
    settings: ExportSettings,
    has_bar: bool,
    now: Timestamp,
    monitor: &Monitor,
    signals: &Signals,
) -> Result<ExitCode, Error> {
    let has_bar = has_bar && std::io::stderr().is_terminal();
    let progress = Arc::new(Progress::new(has_bar, settings.limits.light));
    let started = monitor.started();
    let listeners: Vec<Arc<dyn Listener>> = vec![Arc::clone(&progress) as _, monitor.listener()];
    let ended = signals.until_signal(async move {
        started.await;
        export(settings, listeners, now).await
    });
    progress.finish();
    let published = ended?;
    let mut text = report::text(&published.summary);
    text.push('\n');
    for file in published.data.iter().chain([&published.manifest]) {
        text.push_str(&file.display().to_string());
        text.push('\n');
    }
    print(&text)?;
    Ok(match published.verdict {
        Verdict::Verified | Verdict::Unverified => ExitCode::Success,
        Verdict::Incomplete => ExitCode::Incomplete,
    })
}

fn run_check(args: ExportArgs, signals: &Signals) -> Result<ExitCode, Error> {
    let now = Timestamp::now();
    let settings = ExportSettings::resolve(args, &Environment::of_process(), now)?;
    let lines = signals.until_signal(async move { check(&settings, now).await })?;
    for line in &lines {
        print_line(&line.to_string())?;
    }
    Ok(worst(&lines))
}

fn run_report(args: &ReportArgs) -> Result<ExitCode, Error> {
    let (layout, manifest) = locate(&args.snapshot)?;
    let summary = summary_of(&layout, &manifest)?;
    print(&match args.format {
        ReportFormat::Text => report::text(&summary),
        ReportFormat::Json => report::json(&summary),
        ReportFormat::Markdown => report::markdown(&summary),
        ReportFormat::Html => report::html(&summary),
        ReportFormat::OwnersCsv => {
            put(|stdout| report::owners_csv(&summary, stdout))?;
            return Ok(ExitCode::Success);
        }
    })?;
    Ok(ExitCode::Success)
}

fn run_verify(args: &VerifyArgs) -> Result<ExitCode, Error> {
    let (layout, mut manifest) = locate(&args.snapshot)?;
    let mut findings = verify(&layout, &manifest)?;
    // A snapshot that was replaced meanwhile is looked at as it is now.
    while !findings.is_empty() {
        let (_, now) = locate(&args.snapshot)?;
        if now == manifest {
            break;
        }
        manifest = now;
        findings = verify(&layout, &manifest)?;
    }
    for finding in &findings {
        print_line(&format!("{}: {}", finding.path, finding.problem))?;
    }
    if !findings.is_empty() {
        return Ok(ExitCode::Incomplete);
    }
    let owners = manifest.owners().map(|owners| things(owners, "owner"));
    print(&format!(
        "{}: {} with {}{} are as the manifest says\n",
        manifest.date(),
        things(manifest.files.len() as u64, "file"),
        things(manifest.totals.written, "row"),
        owners.map_or_else(String::new, |owners| format!(" and {owners}")),
    ))?;
    Ok(ExitCode::Success)
}

/// Says what goes and why the rest stays, then does it.
fn run_prune(args: &PruneArgs) -> Result<ExitCode, Error> {
    let layout = Layout::new(&args.out, Table::Clips);
    // Taking the lock makes the folder.
    if !layout.snapshots_dir().is_dir() {
        let path = args.out.clone();
        return Err(DiskError::NoSnapshot { path }.into());
    }
    let lock = if args.dry_run {
        None
    } else {
        let lock = OutputLock::acquire(&layout)?;
        if let Some(message) = recover(&layout)?.message() {
            tracing::warn!("{message}");
        }
        Some(lock)
    };
    let (held, others) = snapshot::held(&layout)?;
    for error in others {
        tracing::warn!("left alone: {error}");
    }
    let count = |number: Option<u32>| number.map_or(0, |number| number as usize);
    let keep = RetentionPolicy {
        daily: count(args.keep_daily),
        monthly: count(args.keep_monthly),
    };
    let reasons = reasons(&held, snapshot::prune::latest(&layout)?, keep);
    for (held, reasons) in held.iter().zip(&reasons) {
        let verb = if reasons.is_empty() { "remove" } else { "keep" };
        let size = size(Bytes(held.bytes.into()));
        let why: Vec<&str> = reasons.iter().map(|reason| reason.name()).collect();
        let line = format!("{verb:<6}  {}  {size:>9}  {}", held.date, why.join(", "));
        print(&format!("{}\n", line.trim_end()))?;
    }
    let mut reasons = reasons.iter();
    let mut old = held;
    old.retain(|_| reasons.next().is_some_and(BTreeSet::is_empty));
    let verb = if args.dry_run {
        "would remove"
    } else {
        "removed"
    };
    if let Some(lock) = lock.filter(|_| !old.is_empty()) {
        prune(&layout, &old, &lock)?;
    }
    let bytes = old.iter().map(|held| u128::from(held.bytes)).sum();
    print(&format!(
        "{verb} {} with {}\n",
        things(old.len() as u64, "snapshot"),
        size(Bytes(bytes)),
    ))?;
    Ok(ExitCode::Success)
}

fn run_man(args: &ManArgs) -> Result<ExitCode, Error> {
    let page =
        manual::page(args.command.as_deref()).map_err(|error| Error::Runtime(error.to_string()))?;
    put(|stdout| stdout.write_all(&page))?;
    Ok(ExitCode::Success)
}

fn run_sandbox(args: &SandboxArgs, signals: &Signals) -> Result<ExitCode, Error> {
    let options = sandbox_options(args, Timestamp::now())?;
    let port = args.port;
    let ended: Result<(), Error> = signals.until_signal(async move {
        let sandbox = Sandbox::start(options, port)
            .await
            .map_err(Error::Sandbox)?;
        let access = sandbox.credentials();
        print(&format!(
            "# A simulated Zoom account. In another terminal:\n\
             export CLIPCENSUS_BASE_URL={}\n\
             export CLIPCENSUS_OAUTH_URL={}\n\
             export ZOOM_ACCOUNT_ID={}\n\
             export ZOOM_CLIENT_ID={}\n\
             export ZOOM_CLIENT_SECRET={}\n\
             # clipcensus export --out census\n",
            sandbox.api_url(),
            sandbox.oauth_url(),
            access.account_id,
            access.client_id,
            access.client_secret,
        ))?;
        std::future::pending::<()>().await;
        Ok(())
    });
    match ended {
        // To be stopped is how it ends.
        Ok(()) | Err(Error::Stopped { .. }) => Ok(ExitCode::Success),
        Err(error) => Err(error),
    }
}

/// Bytes of a scenario at most.
const LONGEST_SCENARIO: u64 = 1 << 20;

/// Flags, then settings, then the file, then the defaults; `until` is the present.
fn sandbox_options(args: &SandboxArgs, now: Timestamp) -> Result<SandboxOptions, Error> {
    let text = match &args.scenario {
        Some(path) => {
            let read = text_file::read(path, LONGEST_SCENARIO);
            read.map_err(|source| SettingsError::ScenarioFile {
                path: path.clone(),
                source,
            })?
        }
        None => String::new(),
    };
    let present = format!("clips = 50_000\nuntil = {}\n", now.as_second());
    let mut options = scenario(&[&text, &present], &args.set).map_err(SettingsError::Scenario)?;
    options.clips = args.clips.unwrap_or(options.clips);
    options.seed = args.seed.unwrap_or(options.seed);
    Ok(options)
}

/// Writes a line that may quote what came from elsewhere.
fn print_line(line: &str) -> Result<(), Error> {
    print(&format!("{}\n", visible(line)))
}

/// Writes a result. A reader that has seen enough, such as `head`, is no failure.
fn print(text: &str) -> Result<(), Error> {
    put(|stdout| stdout.write_all(text.as_bytes()))
}

/// Lets a result be written piece by piece, as [`print()`] does it in one.
fn put(write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>) -> Result<(), Error> {
    let mut stdout = BufWriter::new(std::io::stdout().lock());
    match write(&mut stdout).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Error::Stdout(error)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_ends_with_the_code_of_a_fault_of_ours() {
        assert_eq!(guarded(|| panic!("planted")), ExitCode::Internal);
        assert_eq!(guarded(|| ExitCode::TryAgain), ExitCode::TryAgain);
    }
}
