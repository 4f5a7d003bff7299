//! The program from its arguments to its exit code: each command has a file of its own.

use std::ffi::OsString;
use std::future::Future;
use std::io::IsTerminal;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::FromArgMatches;

use crate::disk::file::folder_of;
use crate::error::{Error, SqlFailure};
use crate::model::exit_code;
use crate::model::exit_code::ExitCode;
use crate::program::companion;
use crate::program::confined;
use crate::program::diff::run_diff;
use crate::program::export::{Voice, run_check, run_export};
use crate::program::manual;
use crate::program::memory;
use crate::program::progress::log;
use crate::program::prune::run_prune;
use crate::program::refused::refuse;
use crate::program::report::run_report;
use crate::program::sandbox::run_sandbox;
use crate::program::signals::Signals;
use crate::program::stdout::done;
use crate::program::stdout::{print, put};
use crate::program::verify::{run_list, run_verify};
use crate::program::work_folder::WorkFolder;
use crate::settings::args::audit::{AuditArgs, QueryArgs, ReadingArgs};
use crate::settings::args::{Cli, Command, LogFormat, ManArgs, command};
use crate::settings::unknown_variables;

/// Runs the program with these arguments, the program's name first, and says how to exit.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let given = arguments.clone();
    run_with(
        arguments,
        |_, _| async move { Err(companion::start(&given)) },
    )
}

/// The same, with what does a query or an audit: only such commands are handed to it, with a folder for what
/// it puts aside, which is deleted at the end, also by a signal.
pub fn run_with<F>(
    arguments: impl IntoIterator<Item = OsString>,
    sql: impl FnOnce(SqlCommand, Arc<WorkFolder>) -> F,
) -> ExitCode
where
    F: Future<Output = Result<ExitCode, SqlFailure>> + Send + 'static,
{
    keep_secrets_from_core_dumps();
    guarded(|| run_arguments(arguments, sql))
}

/// A command that is done in SQL.
#[derive(Debug)]
pub enum SqlCommand {
    /// A question.
    Query(QueryArgs),
    /// Rules.
    Audit(Box<AuditArgs>),
}

impl SqlCommand {
    const fn reading(&self) -> &ReadingArgs {
        match self {
            Self::Query(args) => &args.reading,
            Self::Audit(args) => &args.reading,
        }
    }

    /// The folders that it writes to: for what it puts aside, for what it keeps, and for metrics.
    fn written(&self) -> Vec<PathBuf> {
        let aside = WorkFolder::parent(self.reading().work.as_deref());
        let (kept, metrics) = match self {
            Self::Query(_) => (None, None),
            Self::Audit(args) => (
                args.out.clone().filter(|_| args.save),
                args.metrics_file.as_deref().map(folder_of),
            ),
        };
        let metrics = metrics.map(Path::to_owned);
        let folders = [Some(aside), kept, metrics];
        folders.into_iter().flatten().collect()
    }
}

/// Whatever panics is a fault of ours, and has its exit code.
fn guarded(work: impl FnOnce() -> ExitCode) -> ExitCode {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or(ExitCode::Internal)
}

/// A history of years has more data files than most shells let a program have open.
fn open_as_many_files_as_the_system_allows() {
    let mut files = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    files.current = files.maximum;
    // Where it is refused, fewer have to do.
    rustix::process::setrlimit(rustix::process::Resource::Nofile, files).ok();
}

/// Credentials are in memory, and a core dump would put them on the disk.
fn keep_secrets_from_core_dumps() {
    #[cfg(target_os = "linux")]
    // Where the system does not allow it, it is as it was.
    rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable).ok();
}

fn run_arguments<F>(
    arguments: impl IntoIterator<Item = OsString>,
    sql: impl FnOnce(SqlCommand, Arc<WorkFolder>) -> F,
) -> ExitCode
where
    F: Future<Output = Result<ExitCode, SqlFailure>> + Send + 'static,
{
    // First of all: what follows may hang, were it by printing the help into a pipe.
    let signals = match Signals::listen() {
        Ok(signals) => signals,
        Err(error) => {
            log::failed(&error.to_string(), error.exit_code(), LogFormat::Text);
            return error.exit_code();
        }
    };
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let parsed = command(&arguments).try_get_matches_from(&arguments);
    let cli = match parsed.and_then(|matches| Cli::from_arg_matches(&matches)) {
        Ok(cli) => cli,
        Err(refused) => return refuse(&refused, &arguments, &signals),
    };
    let log_format = cli.log_format;
    log::start(cli.quiet, cli.verbose, log_format);
    for unknown in unknown_variables(std::env::vars_os().map(|(name, _)| name)) {
        log::caveat(&unknown);
    }
    let voice = Voice {
        is_quiet: cli.quiet,
        has_bar: !cli.quiet && log_format == LogFormat::Text && std::io::stderr().is_terminal(),
    };
    let run = || run_command(cli.command, voice, &signals, sql);
    let ended = catch_unwind(AssertUnwindSafe(run)).unwrap_or(Err(Error::Panicked));
    ended.unwrap_or_else(|error| {
        log::failed(&error.to_string(), error.exit_code(), log_format);
        error.exit_code()
    })
}

fn run_command<F>(
    command: Command,
    voice: Voice,
    signals: &Signals,
    sql: impl FnOnce(SqlCommand, Arc<WorkFolder>) -> F,
) -> Result<ExitCode, Error>
where
    F: Future<Output = Result<ExitCode, SqlFailure>> + Send + 'static,
{
    let in_sql = |command: SqlCommand| {
        open_as_many_files_as_the_system_allows();
        memory::bound(command.reading().memory);
        let _confined = confined::write_only_below(command.written().iter().map(PathBuf::as_path));
        let folder = Arc::new(WorkFolder::default());
        let work = sql(command, Arc::clone(&folder));
        let ended = signals.until_signal(async move { Ok(work.await?) });
        folder.remove();
        ended
    };
    match command {
        Command::Export(args) => run_export(*args, voice, signals),
        Command::Check(args) => run_check(*args, signals),
        Command::Report(args) => run_report(&args),
        Command::List(args) => run_list(&args),
        Command::Verify(args) => run_verify(&args),
        Command::Diff(args) => run_diff(&args),
        Command::Audit(args) => in_sql(SqlCommand::Audit(args)),
        Command::Query(args) => in_sql(SqlCommand::Query(args)),
        Command::Prune(args) => run_prune(&args),
        Command::Sandbox(args) => run_sandbox(&args, signals),
        Command::Completions(args) => done(put(|stdout| {
            stdout.write_all(&manual::completions(args.shell))
        })),
        Command::Man(args) => run_man(&args),
        Command::ExitCodes => done(print(&exit_code::topic())),
    }
}

fn run_man(args: &ManArgs) -> Result<ExitCode, Error> {
    let page =
        manual::page(args.command.as_deref()).map_err(|error| Error::Runtime(error.to_string()))?;
    put(|stdout| stdout.write_all(&page))?;
    Ok(ExitCode::Success)
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
