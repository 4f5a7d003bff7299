//! The commands: each reads its settings, does its work, prints its result.

use std::ffi::OsString;
use std::future::Future;
use std::io::BufWriter;
use std::io::IsTerminal;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use jiff::Timestamp;
use tokio::signal::unix::Signal;
use tokio::signal::unix::SignalKind;
use tokio::signal::unix::signal;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

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
use crate::report::units::things;
use crate::sandbox::Sandbox;
use crate::sandbox::SandboxOptions;
use crate::sandbox::scenario;
use crate::snapshot::Verdict;
use crate::snapshot::locate;
use crate::verify::summary_of;
use crate::verify::verify;

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
        print(&format!("{}: {}\n", finding.path, finding.problem))?;
    }
    if !findings.is_empty() {
        return Ok(ExitCode::Incomplete);
    }
    print(&format!(
        "{}: {} with {} are as the manifest says\n",
        manifest.date(),
        things(manifest.files.len() as u64, "file"),
        things(manifest.totals.written, "row"),
    ))?;
    Ok(ExitCode::Success)
}

fn run_sandbox(args: &SandboxArgs) -> Result<ExitCode, Error> {
    let options = sandbox_options(args, Timestamp::now())?;
    let port = args.port;
    let ended: Result<(), Error> = until_signal(async move {
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

/// How long work on files that is under way gets to end once the rest has; nothing depends on it.
const GRACE: Duration = Duration::from_secs(1);

/// Runs work until it is done, or a signal stops it. A second signal ends the process at once.
///
/// The work has threads of its own: whatever holds them up, signals are heard here.
fn until_signal<T: Send + 'static>(
    work: impl Future<Output = Result<T, Error>> + Send + 'static,
) -> Result<T, Error> {
    let not_started = |error: std::io::Error| Error::Runtime(error.to_string());
    let listener = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()
        .map_err(not_started)?;
    let mut signals = {
        let _entered = listener.enter();
        Signals::listen().map_err(not_started)?
    };
    let workers = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(not_started)?;
    let ended = listener.block_on(async {
        let mut work = workers.spawn(work);
        let ended = tokio::select! {
            done = &mut work => Ok(done),
            stopped = signals.next() => {
                work.abort();
                Err(stopped)
            }
        };
        let over = tokio::task::spawn_blocking(move || workers.shutdown_timeout(GRACE));
        tokio::select! {
            _ = over => ended,
            again = signals.next() => exit_at_once(&again),
        }
    });
    ended?.unwrap_or_else(|failed| std::panic::resume_unwind(failed.into_panic()))
}

/// The signals that ask the program to stop.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn listen() -> std::io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// Waits for the next of them.
    async fn next(&mut self) -> Error {
        tokio::select! {
            _ = self.interrupt.recv() => Error::Stopped { signal: "SIGINT", code: ExitCode::Interrupted },
            _ = self.terminate.recv() => Error::Stopped { signal: "SIGTERM", code: ExitCode::Terminated },
        }
    }
}

#[expect(clippy::exit, reason = "asked for twice")]
fn exit_at_once(asked: &Error) -> ! {
    std::process::exit(asked.exit_code() as i32);
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
