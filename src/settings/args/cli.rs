//! The program: its commands, and the flags that all of them have.

use std::ffi::OsString;

use clap::{CommandFactory, Parser, Subcommand, ValueEnum};

use crate::model::exit_code;
use crate::settings::args::audit::{AuditArgs, QueryArgs};
use crate::settings::args::diff::DiffArgs;
use crate::settings::args::export::ExportArgs;
use crate::settings::args::headings::{MESSAGES, MORE};
use crate::settings::args::list::ListArgs;
use crate::settings::args::manual::{CompletionsArgs, ManArgs};
use crate::settings::args::prune::PruneArgs;
use crate::settings::args::report::ReportArgs;
use crate::settings::args::sandbox::SandboxArgs;
use crate::settings::args::verify::VerifyArgs;

/// A complete, verified census of every Zoom Clip in an account.
#[derive(Debug, Parser)]
#[command(
    name = "clipcensus",
    version,
    args_override_self = true,
    about,
    max_term_width = 100,
    after_help = MORE,
    after_long_help = after_help()
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,

    /// Say only what went wrong, and what the result is to be read with: no progress, no warnings, and
    /// of an export no summary.
    #[arg(
        long,
        short,
        global = true,
        help_heading = MESSAGES,
        env = "CLIPCENSUS_QUIET",
        conflicts_with = "verbose"
    )]
    pub quiet: bool,

    /// Say more: failed requests with Zoom's tracking id; twice for windows and retries; three times
    /// for every request.
    #[arg(long, short, global = true, help_heading = MESSAGES, action = clap::ArgAction::Count,
        env = "CLIPCENSUS_VERBOSE")]
    pub verbose: u8,

    /// How messages look on stderr; JSON has stable names, and no progress bar.
    #[arg(
        long,
        global = true,
        help_heading = MESSAGES,
        hide_short_help = true,
        value_name = "FORMAT",
        default_value = "text",
        env = "CLIPCENSUS_LOG_FORMAT"
    )]
    pub log_format: LogFormat,
}

/// The definitions of the arguments. Only the long help shows the variables, which would double the
/// short one.
pub(crate) fn command(arguments: &[OsString]) -> clap::Command {
    let is_long = |argument: &OsString| argument == "--help" || argument == "help";
    if arguments.iter().any(is_long) {
        return Cli::command();
    }
    let bare = |command: clap::Command| command.mut_args(|argument| argument.hide_env(true));
    bare(Cli::command()).mut_subcommands(bare)
}

/// What stands below the list of commands.
fn after_help() -> String {
    format!(
        "Examples:\n  \
        clipcensus export --sandbox --out census     try it without credentials\n  \
        clipcensus check --out census                before the first export\n  \
        clipcensus export --out census\n  \
        clipcensus help exit-codes                   what to do for each exit code\n\n\
        Credentials come from the environment, never from a flag:\n  \
        ZOOM_ACCOUNT_ID, ZOOM_CLIENT_ID, ZOOM_CLIENT_SECRET   a Server-to-Server OAuth app\n  \
        ZOOM_ACCESS_TOKEN                                     or a ready access token\n\
        each also as ..._FILE, naming a file that holds it.\n\n\
        Exit codes:\n{}",
        exit_code::table().trim_end()
    )
}

/// How messages look on stderr.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Lines for people.
    Text,
    /// One JSON object a line.
    Json,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List every clip of an account and publish a snapshot.
    Export(Box<ExportArgs>),
    /// Find out whether an export can begin, what it reaches and how long it takes.
    #[command(
        long_about = "Finds out whether an export with these settings can begin, what it reaches \
            and how long it takes: credentials, scopes, accounts, output folder, clock. It takes \
            the flags, the environment and the settings file of `export`, makes a handful of \
            requests and leaves nothing behind.",
        after_help = MORE,
        after_long_help = "Examples:\n  \
            clipcensus check --out census\n  \
            clipcensus check --config /etc/clipcensus.toml && echo ready\n\n\
            A line for each thing: ok, warning or failed. The exit code is that with which an export\n\
            would end, the worst if there are several; warnings do not count."
    )]
    Check(Box<ExportArgs>),
    /// Sum up a snapshot again from its files.
    Report(ReportArgs),
    /// List the snapshots of an output folder, and check their manifests against each other.
    List(ListArgs),
    /// Check a snapshot's files against its manifest.
    Verify(VerifyArgs),
    /// Tell what changed from one snapshot to a later one.
    Diff(DiffArgs),
    /// Hold a snapshot against rules, and tell what breaks them.
    Audit(Box<AuditArgs>),
    /// Answer a question in SQL from the snapshots.
    Query(QueryArgs),
    /// Remove old snapshots, whole.
    Prune(PruneArgs),
    /// Serve a simulated Zoom account on this machine.
    Sandbox(SandboxArgs),
    /// Print a shell's completions.
    Completions(CompletionsArgs),
    /// Print a man page.
    Man(ManArgs),
    /// How a command ends, and what to do then.
    #[command(hide = true, long_about = exit_code::topic(), help_template = "{about}")]
    ExitCodes,
}
