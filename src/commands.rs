//! The commands: each reads its settings, does its work, prints its result.

use std::ffi::OsString;
use std::future::Future;
use std::io::IsTerminal;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use jiff::Timestamp;
use tokio::signal::unix::SignalKind;
use tokio::signal::unix::signal;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::check::check;
use crate::check::worst;
use crate::cli::Cli;
use crate::cli::Command;
use crate::cli::ExportArgs;
use crate::cli::LogFormat;
use crate::cli::ReportArgs;
use crate::cli::ReportFormat;
use crate::cli::SandboxArgs;
use crate::cli::VerifyArgs;
use crate::config::ConfigError;
use crate::config::Environment;
use crate::config::Export;
use crate::error::Error;
use crate::error::ExitCode;
use crate::export::export;
use crate::progress::Progress;
use crate::report;
use crate::report::Facts;
use crate::report::SummaryFold;
use crate::report::units::things;
use crate::sandbox::Sandbox;
use crate::sandbox::SandboxOptions;
use crate::sandbox::scenario;
use crate::snapshot::Verdict;
use crate::snapshot::locate;
use crate::snapshot::read_owners;
use crate::snapshot::read_rows;
use crate::snapshot::verify;

/// Runs the program with these arguments, the program's name first, and says how to exit.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
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
    start_log(&cli);
    let log_format = cli.log_format;
    let done = match cli.command {
        Command::Export(args) => run_export(*args, cli.quiet),
        Command::Check(args) => run_check(*args),
        Command::Report(args) => run_report(&args),
        Command::Verify(args) => run_verify(&args),
        Command::Sandbox(args) => run_sandbox(&args),
    };
    done.unwrap_or_else(|error| {
        match log_format {
            LogFormat::Text => complain(&error),
            LogFormat::Json => tracing::error!(exit_code = error.exit_code() as u8, "{error}"),
        }
        error.exit_code()
    })
}

/// The last word on stderr, in the form of the argument parser's own.
fn complain(error: &Error) {
    // Where even stderr is closed, the exit code has to do.
    drop(writeln!(std::io::stderr(), "error: {error}"));
}

fn run_export(args: ExportArgs, is_quiet: bool) -> Result<ExitCode, Error> {
    let now = Timestamp::now();
    let settings = Export::resolve(args, &Environment::of_process(), now)?;
    let progress = Arc::new(Progress::new(!is_quiet && std::io::stderr().is_terminal()));
    let work = export(settings, vec![Arc::clone(&progress) as _], now);
    let ended = until_signal(work);
    progress.finish();
    let published = match ended? {
        Ended::Done(published) => published?,
        Ended::Stopped(code) => {
            tracing::warn!("stopped; run the same command again to go on from here");
            return Ok(code);
        }
    };
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

fn run_check(args: ExportArgs) -> Result<ExitCode, Error> {
    let now = Timestamp::now();
    let settings = Export::resolve(args, &Environment::of_process(), now)?;
    let lines = match until_signal(async move { check(&settings, now).await })? {
        Ended::Done(lines) => lines?,
        Ended::Stopped(code) => return Ok(code),
    };
    for line in &lines {
        print(&format!("{line}\n"))?;
    }
    Ok(worst(&lines))
}

fn run_report(args: &ReportArgs) -> Result<ExitCode, Error> {
    let (layout, manifest) = locate(&args.snapshot)?;
    let mut fold = SummaryFold::new();
    for batch in read_rows(&layout, &manifest)? {
        fold.add(&batch?)
            .map_err(|error| Error::Miscounted(error.to_string()))?;
    }
    let mut summary = fold.finish(&Facts::of(&manifest));
    summary.name_owners(read_owners(&layout, &manifest)?);
    print(&match args.format {
        ReportFormat::Text => report::text(&summary),
        ReportFormat::Json => report::json(&summary),
        ReportFormat::Markdown => report::markdown(&summary),
    })?;
    Ok(ExitCode::Success)
}

fn run_verify(args: &VerifyArgs) -> Result<ExitCode, Error> {
    let (layout, manifest) = locate(&args.snapshot)?;
    let findings = verify(&layout, &manifest)?;
    for finding in &findings {
        print(&format!("{}: {}\n", finding.path, finding.problem))?;
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

fn run_sandbox(args: &SandboxArgs) -> Result<ExitCode, Error> {
    let options = sandbox_options(args, Timestamp::now())?;
    let port = args.port;
    let ended = until_signal(async move {
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
    })?;
    match ended {
        Ended::Done(done) => done.map(|()| ExitCode::Success),
        // To be stopped is how it ends.
        Ended::Stopped(_) => Ok(ExitCode::Success),
    }
}

/// Flags, then settings, then the file, then the defaults; `until` is the present.
fn sandbox_options(args: &SandboxArgs, now: Timestamp) -> Result<SandboxOptions, Error> {
    let text = match &args.scenario {
        Some(path) => std::fs::read_to_string(path).map_err(|source| ConfigError::File {
            path: path.clone(),
            source,
        })?,
        None => String::new(),
    };
    let present = format!("clips = 50_000\nuntil = {}\n", now.as_second());
    let mut options = scenario(&[&text, &present], &args.set).map_err(ConfigError::Scenario)?;
    options.clips = args.clips.unwrap_or(options.clips);
    options.seed = args.seed.unwrap_or(options.seed);
    Ok(options)
}

/// How work ended.
enum Ended<T> {
    Done(Result<T, Error>),
    Stopped(ExitCode),
}

/// Runs work until it is done, or a signal stops it. A second signal ends the process at once.
fn until_signal<T>(work: impl Future<Output = Result<T, Error>>) -> Result<Ended<T>, Error> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::Transport(error.to_string()))?;
    let ended = runtime.block_on(async {
        let no_signals = |error: std::io::Error| Error::Transport(error.to_string());
        let mut interrupt = signal(SignalKind::interrupt()).map_err(no_signals)?;
        let mut terminate = signal(SignalKind::terminate()).map_err(no_signals)?;
        let ended = tokio::select! {
            done = work => return Ok(Ended::Done(done)),
            _ = interrupt.recv() => ExitCode::Interrupted,
            _ = terminate.recv() => ExitCode::Terminated,
        };
        tokio::spawn(async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            exit_at_once(ended);
        });
        Ok(Ended::Stopped(ended))
    });
    // Work on files that is under way gets a moment to end; nothing depends on it.
    runtime.shutdown_timeout(Duration::from_secs(1));
    ended
}

#[expect(clippy::exit, reason = "asked for twice")]
fn exit_at_once(code: ExitCode) {
    std::process::exit(code as i32);
}

/// Writes a result. A reader that has seen enough, such as `head`, is no failure.
fn print(text: &str) -> Result<(), Error> {
    let mut stdout = std::io::stdout().lock();
    match stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
    {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Error::Stdout(error)),
        _ => Ok(()),
    }
}

fn start_log(cli: &Cli) {
    let level = match (cli.quiet, cli.verbose) {
        (true, _) => tracing::Level::ERROR,
        (false, 0) => tracing::Level::WARN,
        (false, 1) => tracing::Level::INFO,
        (false, 2) => tracing::Level::DEBUG,
        (false, _) => tracing::Level::TRACE,
    };
    // Other crates may log what they send; ours never logs a secret.
    let only_ours = tracing_subscriber::filter::Targets::new().with_target("clipcensus", level);
    let is_coloured = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(is_coloured)
        .with_target(false);
    let registry = tracing_subscriber::registry().with(only_ours);
    let started = match cli.log_format {
        LogFormat::Text => registry.with(lines.without_time()).try_init(),
        LogFormat::Json => registry.with(lines.json()).try_init(),
    };
    // Only a second run in one process finds a log that is there already.
    drop(started);
}
