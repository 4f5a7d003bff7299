//! The arguments as they are typed. What they mean together is decided in `export`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::{BoolishValueParser, PossibleValuesParser};
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use jiff::civil::Date;
use secrecy::SecretString;
use serde::Deserialize;

use crate::clip::STATUSES;
use crate::clip::difference::paired_names;
use crate::disk::layout::exact_date;
use crate::model::exit_code;

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

/// The groups that the flags are shown in.
const WHAT: &str = "What to list";
const WHEN: &str = "When";
const LIMITS: &str = "Limits";
const OUTPUT: &str = "Output";
const PUBLISHING: &str = "Publishing and going on";
const MESSAGES: &str = "Messages";
const SERVICE: &str = "Service and settings";

/// What stands below the short help of a command.
const MORE: &str = "--help shows all flags, their variables, and examples.";

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

macro_rules! settings {
    (
        $(#[$meta:meta])*
        pub struct $name:ident { $($(#[$field_meta:meta])* pub $field:ident: Option<$type:ty>,)+ }
    ) => {
        $(#[$meta])*
        pub struct $name { $($(#[$field_meta])* pub $field: Option<$type>,)+ }

        impl $name {
            /// These settings, and those of `lower` where these say nothing.
            #[must_use]
            pub fn or(self, lower: Self) -> Self {
                Self { $($field: self.$field.or(lower.$field),)+ }
            }
        }
    };
}

settings! {
    /// The settings of an export; each may come from a flag, the environment or the file.
    #[derive(Debug, Default, Args, Deserialize)]
    #[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
    #[command(after_help = MORE, after_long_help = "Examples:\n  \
        clipcensus export --sandbox --out census          try it without credentials\n  \
        clipcensus export --out census                    the account of the credentials\n  \
        clipcensus export --out census --account AAA --account BBB\n  \
        clipcensus export --out census --resolve-owners   who the owners are, by name\n  \
        clipcensus export --out changes --by modified --since 36h\n  \
        clipcensus export --out audit --owner jo@example.com --format csv\n  \
        clipcensus export --config clipcensus.toml --metrics-file clipcensus.prom")]
    pub struct ExportArgs {
        /// A sub-account to list; may be given more than once [default: the credentials' own account]
        #[arg(long, help_heading = WHAT, value_name = "ID", env = "CLIPCENSUS_ACCOUNT",
            allow_hyphen_values = true, value_delimiter = ',', action = clap::ArgAction::Append)]
        pub account: Option<Vec<String>>,

        /// A file of sub-accounts to list: one id a line, with comments after `#`.
        #[arg(long, help_heading = WHAT, hide_short_help = true, value_name = "FILE", env = "CLIPCENSUS_ACCOUNTS_FILE")]
        pub accounts_file: Option<PathBuf>,

        /// List the credentials' account and all its sub-accounts.
        #[arg(long, help_heading = WHAT, env = "CLIPCENSUS_ALL_ACCOUNTS", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL", value_parser = BoolishValueParser::new(), hide_possible_values = true)]
        pub all_accounts: Option<bool>,

        /// Only clips of this owner: a user id or an e-mail address.
        #[arg(long, help_heading = WHAT, value_name = "USER", env = "CLIPCENSUS_OWNER", allow_hyphen_values = true)]
        pub owner: Option<String>,

        /// Only clips of this status.
        #[arg(long, help_heading = WHAT, hide_short_help = true, value_name = "STATUS", env = "CLIPCENSUS_STATUS",
            value_parser = PossibleValuesParser::new(STATUSES))]
        pub status: Option<String>,

        /// Only clips whose title matches.
        #[arg(long, help_heading = WHAT, hide_short_help = true, value_name = "TEXT", env = "CLIPCENSUS_SEARCH", allow_hyphen_values = true)]
        pub search: Option<String>,

        /// Where the census begins: a date, RFC 3339, or an age such as 36h or 30d [default: 2023-01-01]
        #[arg(long, help_heading = WHEN, value_name = "WHEN", env = "CLIPCENSUS_SINCE", allow_hyphen_values = true)]
        pub since: Option<String>,

        /// Where it ends, exclusive [default: the start of the run]
        #[arg(long, help_heading = WHEN, value_name = "WHEN", env = "CLIPCENSUS_UNTIL", allow_hyphen_values = true)]
        pub until: Option<String>,

        /// The date that --since and --until are about [default: created]
        #[arg(long, help_heading = WHEN, hide_short_help = true, value_name = "DATE", env = "CLIPCENSUS_BY")]
        pub by: Option<ByDate>,

        /// The Zoom plan, which sets the limits: 4, 30 or 80 requests a second [default: pro]
        #[arg(long, help_heading = LIMITS, value_name = "PLAN", env = "CLIPCENSUS_PLAN")]
        pub plan: Option<Plan>,

        /// The share of the plan's limits to use, above 0 to 1; other apps need the rest [default: 0.8]
        #[arg(long, help_heading = LIMITS, hide_short_help = true, value_name = "SHARE", env = "CLIPCENSUS_RATE_SHARE")]
        pub rate_share: Option<f64>,

        /// Requests a second, in place of the plan's and its share.
        #[arg(long, help_heading = LIMITS, hide_short_help = true, value_name = "RATE", env = "CLIPCENSUS_RATE")]
        pub rate: Option<f64>,

        /// Requests under way at once [default: as many as are sent in four seconds, 4 to 32]
        #[arg(long, help_heading = LIMITS, hide_short_help = true, value_name = "REQUESTS", env = "CLIPCENSUS_CONCURRENCY")]
        pub concurrency: Option<usize>,

        /// How long one request waits in all for a limit to lift or an outage to end; an attempt takes no longer
        /// either, though half a minute always [default: 15m]
        #[arg(long, help_heading = LIMITS, hide_short_help = true, value_name = "DURATION", env = "CLIPCENSUS_MAX_WAIT")]
        pub max_wait: Option<String>,

        /// Folder for the snapshots; made if it is not there.
        #[arg(long, help_heading = OUTPUT, value_name = "DIR", env = "CLIPCENSUS_OUT")]
        pub out: Option<PathBuf>,

        /// Format of the data files [default: parquet]
        #[arg(long, help_heading = OUTPUT, value_name = "FORMAT", env = "CLIPCENSUS_FORMAT")]
        pub format: Option<FileFormat>,

        /// CSV for a spreadsheet, with formulas defused and long cells cut, or text as it is [default: spreadsheet]
        #[arg(long, help_heading = OUTPUT, hide_short_help = true, value_name = "MODE", env = "CLIPCENSUS_CSV_MODE")]
        pub csv_mode: Option<CsvCells>,

        /// Rows of one data file at most; a million in CSV for a spreadsheet [default: 10000000]
        #[arg(long, help_heading = OUTPUT, hide_short_help = true, value_name = "ROWS", env = "CLIPCENSUS_MAX_FILE_ROWS")]
        pub max_file_rows: Option<u64>,

        /// Look up who the owners are, and write their names, e-mail addresses and departments, which
        /// are personal data and appear nowhere without this flag; needs a scope to read users.
        #[arg(long, help_heading = OUTPUT, env = "CLIPCENSUS_RESOLVE_OWNERS", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL", value_parser = BoolishValueParser::new(), hide_possible_values = true)]
        pub resolve_owners: Option<bool>,

        /// Compare with the last verified snapshot of a day before, and publish what changed: the table
        /// diffs, and a section of every summary.
        #[arg(long, help_heading = OUTPUT, env = "CLIPCENSUS_DIFF", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL", value_parser = BoolishValueParser::new(), hide_possible_values = true)]
        pub diff: Option<bool>,

        /// Write passcodes and signed links.
        #[arg(long, help_heading = OUTPUT, hide_short_help = true, env = "CLIPCENSUS_INCLUDE_SECRETS", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL", value_parser = BoolishValueParser::new(), hide_possible_values = true)]
        pub include_secrets: Option<bool>,

        /// What is printed at the end: the summary and the paths, the paths alone, or one line of JSON
        /// [default: text; with -q: paths]
        #[arg(long, help_heading = OUTPUT, value_name = "FORM", env = "CLIPCENSUS_SUMMARY")]
        pub summary: Option<SummaryForm>,

        /// Publish although some counts do not agree; the exit code stays 65.
        #[arg(long, help_heading = PUBLISHING, hide_short_help = true, env = "CLIPCENSUS_ALLOW_INCOMPLETE", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL", value_parser = BoolishValueParser::new(), hide_possible_values = true)]
        pub allow_incomplete: Option<bool>,

        /// Put the snapshot in the place of the date's though that is of a later instant, is better
        /// proven, or has owners that this one has not.
        #[arg(long, help_heading = PUBLISHING, hide_short_help = true, env = "CLIPCENSUS_REPLACE", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL", value_parser = BoolishValueParser::new(), hide_possible_values = true)]
        pub replace: Option<bool>,

        /// Publish nothing if there are fewer clips than in the newest verified snapshot by more than
        /// this share, 0 to 1 [default: publish, and warn from 0.2]
        #[arg(long, help_heading = PUBLISHING, hide_short_help = true, value_name = "SHARE", env = "CLIPCENSUS_MAX_SHRINK")]
        pub max_shrink: Option<f64>,

        /// How long ago an interrupted export may have begun to be gone on with [default: 20h]
        #[arg(long, help_heading = PUBLISHING, hide_short_help = true, value_name = "DURATION", env = "CLIPCENSUS_RESUME_WITHIN")]
        pub resume_within: Option<String>,

        /// Start over instead of resuming an interrupted export.
        #[arg(long, help_heading = PUBLISHING, hide_short_help = true, env = "CLIPCENSUS_FRESH", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL", value_parser = BoolishValueParser::new(), hide_possible_values = true)]
        pub fresh: Option<bool>,

        /// Write how the export ended to this file, for Prometheus' textfile collector; also when it fails.
        #[arg(long, help_heading = MESSAGES, hide_short_help = true, value_name = "FILE", env = "CLIPCENSUS_METRICS_FILE")]
        pub metrics_file: Option<PathBuf>,

        /// Call URL/start at the begin, then URL or URL/EXITCODE, as healthchecks.io wants it.
        #[arg(long, help_heading = MESSAGES, hide_short_help = true, value_name = "URL", env = "CLIPCENSUS_PING_URL", hide_env_values = true)]
        pub ping_url: Option<SecretString>,

        /// Export a simulated account of 50,000 clips in place of a real one; needs no credentials.
        #[arg(long, help_heading = SERVICE, env = "CLIPCENSUS_SANDBOX", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL", value_parser = BoolishValueParser::new(), hide_possible_values = true)]
        pub sandbox: Option<bool>,

        /// Settings file in TOML; its keys are the names of these flags.
        #[arg(long, help_heading = SERVICE, value_name = "FILE", env = "CLIPCENSUS_CONFIG")]
        #[serde(skip)]
        pub config: Option<PathBuf>,

        /// Address of the API [default: Zoom's]
        #[arg(long, help_heading = SERVICE, hide_short_help = true, value_name = "URL", env = "CLIPCENSUS_BASE_URL")]
        pub base_url: Option<String>,

        /// Address of the token endpoint [default: Zoom's]
        #[arg(long, help_heading = SERVICE, hide_short_help = true, value_name = "URL", env = "CLIPCENSUS_OAUTH_URL")]
        pub oauth_url: Option<String>,
    }
}

/// Format of the data files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FileFormat {
    /// Apache Parquet, zstd.
    Parquet,
    /// RFC 4180.
    Csv,
}

/// What an export prints at its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SummaryForm {
    /// The summary for people, and the paths of the page and of all files.
    Text,
    /// The paths alone, the page first.
    Paths,
    /// One line of JSON: date, verdict, rows, bytes and paths.
    Json,
}

/// Whom a CSV is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CsvCells {
    /// A spreadsheet: formulas are defused, what does not fit is cut, a byte order mark begins the file.
    Spreadsheet,
    /// A program: text as it is.
    Lossless,
}

/// The date that the span is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ByDate {
    /// A census: every clip, by its creation.
    Created,
    /// What changed: clips by their last modification, published under `changes/`.
    Modified,
}

/// The Zoom plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Plan {
    /// 4 light requests a second.
    Free,
    /// 30 light requests a second.
    Pro,
    /// 80 light requests a second.
    Business,
}

/// The settings of a report.
#[derive(Debug, Args)]
#[command(after_help = MORE, after_long_help = "Examples:\n  \
    clipcensus report census                             the newest snapshot\n  \
    clipcensus report census/_snapshots/2026-11-23 --format markdown > report.md\n  \
    clipcensus report census --format html > report.html\n  \
    clipcensus report census --format json | jq .totals")]
pub struct ReportArgs {
    /// A snapshot: its folder below `_snapshots`, or the output folder for the newest.
    #[arg(value_name = "SNAPSHOT")]
    pub snapshot: PathBuf,

    /// How to show it.
    #[arg(
        long,
        value_name = "FORMAT",
        default_value = "text",
        env = "CLIPCENSUS_REPORT_FORMAT"
    )]
    pub format: ReportFormat,
}

/// How to show a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    /// For a terminal, 80 columns.
    Text,
    /// All of it, with plain numbers.
    Json,
    /// For a ticket or a wiki.
    Markdown,
    /// A page for a browser, in one file.
    Html,
    /// All owners, a line each, for a spreadsheet.
    OwnersCsv,
    /// All exposed clips, a line each, for a spreadsheet.
    ExposedCsv,
}

/// The settings of a list.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    clipcensus list census\n  \
    clipcensus list census --format json | jq -r 'select(.verdict != \"verified\").snapshot_date'\n\n\
    Files are not looked at: clipcensus verify does that. The exit code is 65 if a manifest is damaged\n\
    or was changed after it was published.")]
pub struct ListArgs {
    /// The output folder of the exports.
    #[arg(value_name = "OUT")]
    pub out: PathBuf,

    /// How to show it.
    #[arg(
        long,
        value_name = "FORMAT",
        default_value = "text",
        env = "CLIPCENSUS_LIST_FORMAT"
    )]
    pub format: ListFormat,
}

/// How to show a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ListFormat {
    /// A line each, for a terminal.
    Text,
    /// A JSON object a line.
    Json,
}

/// The settings of a verification.
#[derive(Debug, Args)]
#[command(after_help = MORE, after_long_help = "Examples:\n  \
    clipcensus verify census                             the newest snapshot\n  \
    clipcensus verify census/_snapshots/2026-11-23\n  \
    clipcensus verify census --all                       every snapshot of the folder")]
pub struct VerifyArgs {
    /// A snapshot: its folder below `_snapshots`, or the output folder for the newest.
    #[arg(value_name = "SNAPSHOT")]
    pub snapshot: PathBuf,

    /// Check every snapshot of an output folder, and their manifests against each other.
    #[arg(long, env = "CLIPCENSUS_VERIFY_ALL")]
    pub all: bool,
}

/// The settings of a diff.
#[derive(Debug, Args)]
#[command(
    long_about = "Tells what changed from one snapshot to a later one, clip by clip: new, gone and \
        changed clips, and which of them anyone with the link can watch now (opened) or no longer \
        (closed). Both have to be verified and of the same census. Text and markdown sum it up; json, \
        csv and parquet have a row for each clip, with the values before and after.",
    after_help = "Examples:\n  \
    clipcensus diff census                               the newest two snapshots\n  \
    clipcensus diff census --from 2026-11-01 --to 2026-11-23\n  \
    clipcensus diff census --only opened --exit-code     3 if anything was opened\n  \
    clipcensus diff census --format parquet > changes.parquet"
)]
pub struct DiffArgs {
    /// The output folder of the exports.
    #[arg(value_name = "OUT")]
    pub out: PathBuf,

    /// The earlier snapshot [default: the last before --to]
    #[arg(long, value_name = "DATE", value_parser = snapshot_date, env = "CLIPCENSUS_DIFF_FROM")]
    pub from: Option<Date>,

    /// The later snapshot [default: the newest]
    #[arg(long, value_name = "DATE", value_parser = snapshot_date, env = "CLIPCENSUS_DIFF_TO")]
    pub to: Option<Date>,

    /// How to show it.
    #[arg(
        long,
        value_name = "FORMAT",
        default_value = "text",
        env = "CLIPCENSUS_DIFF_FORMAT"
    )]
    pub format: DiffFormat,

    /// Only these differences; may be given more than once.
    #[arg(
        long,
        value_name = "KIND",
        value_delimiter = ',',
        env = "CLIPCENSUS_DIFF_ONLY"
    )]
    pub only: Vec<DifferenceKind>,

    /// A column whose values do not count; may be given more than once. The instant of the snapshot and
    /// signed thumbnail links never count.
    #[arg(
        long,
        value_name = "COLUMN",
        value_delimiter = ',',
        value_parser = counted_column,
        env = "CLIPCENSUS_DIFF_IGNORE"
    )]
    pub ignore: Vec<String>,

    /// End with 3 where there is a difference.
    #[arg(long, env = "CLIPCENSUS_DIFF_EXIT_CODE")]
    pub exit_code: bool,

    /// Compare snapshots too that are not verified; clips that they lack look as if they were gone.
    #[arg(long, env = "CLIPCENSUS_DIFF_ALLOW_INCOMPLETE")]
    pub allow_incomplete: bool,
}

/// How to show differences.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DiffFormat {
    /// Counts, and the most important clips, for a terminal or a chat.
    Text,
    /// The same for a ticket or a wiki.
    Markdown,
    /// An object a line for each difference.
    Json,
    /// A line for each difference, harmless in a spreadsheet.
    Csv,
    /// A row for each difference.
    Parquet,
}

/// A kind of difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DifferenceKind {
    /// Anyone with the link can watch it now.
    Opened,
    /// Anyone with the link could watch it.
    Closed,
    /// Only the later snapshot has it.
    New,
    /// Only the earlier snapshot has it.
    Gone,
    /// Both have it, with other values.
    Changed,
}

fn counted_column(text: &str) -> Result<String, String> {
    let names = paired_names();
    if names.iter().any(|name| name == text) {
        return Ok(text.to_owned());
    }
    Err(format!(
        "the columns that can be ignored are {}",
        names.join(", ")
    ))
}

fn snapshot_date(text: &str) -> Result<Date, &'static str> {
    exact_date(text).ok_or("a snapshot is named by its date, such as 2026-11-23")
}

/// The settings of a prune.
#[derive(Debug, Args)]
#[command(
    group = clap::ArgGroup::new("keep").required(true).multiple(true),
    after_help = MORE,
    after_long_help = "Examples:\n  \
    clipcensus prune census --keep-daily 14 --keep-monthly 12 --dry-run\n  \
    clipcensus prune census --keep-daily 14 --keep-monthly 12\n\n\
    The newest snapshot, those that latest.json names and the newest verified one always stay.\n\
    A month is kept by its last snapshot that is not incomplete. One whose files are not there with\n\
    their lengths takes no place of those to keep: an intact one stays in addition to it."
)]
pub struct PruneArgs {
    /// The output folder of the exports.
    #[arg(value_name = "OUT")]
    pub out: PathBuf,

    /// Keep the newest so many snapshots; a day has one.
    #[arg(long, value_name = "DAYS", group = "keep", env = "CLIPCENSUS_KEEP_DAILY",
        value_parser = clap::value_parser!(u32).range(1..))]
    pub keep_daily: Option<u32>,

    /// Keep one snapshot of each of the newest so many months.
    #[arg(long, value_name = "MONTHS", group = "keep", env = "CLIPCENSUS_KEEP_MONTHLY",
        value_parser = clap::value_parser!(u32).range(1..))]
    pub keep_monthly: Option<u32>,

    /// Say what would go, and remove nothing.
    #[arg(long, env = "CLIPCENSUS_DRY_RUN")]
    pub dry_run: bool,
}

/// The settings of a simulated account.
#[derive(Debug, Args)]
#[command(after_help = MORE, after_long_help = "Examples:\n  \
    clipcensus sandbox                                   50,000 clips on a free port\n  \
    clipcensus sandbox --clips 240000 --set history=bursty --set latency=200ms\n  \
    clipcensus sandbox --set limits.light-per-second=80 --set behaviour.end-token=null\n  \
    clipcensus sandbox --set 'faults.rules=[{ fault={ html=503 }, when={ rate=0.02 } }]'\n\n\
    Keys of --set, and of a scenario:\n  \
    clips seed history owners sub-accounts since until same-second undated latency jitter\n  \
    limits. light-per-second medium-per-second light-per-day other-client-share\n  \
    behaviour. over-range page-size from-inclusive to-inclusive no-dates lists-deleted end-token\n    \
    total-records total-cap filter-shift filtered-date order paging page-token-lifetime\n    \
    access-token-lifetime api-url oauth-query token-refusal scope-names scopes own-account gzip\n    \
    clock-ahead dates tags null-tags\n  \
    drift. every changes at-once kinds in-turn stamps modified-dates\n  \
    faults. rules (each with fault when on account) oddities (with one-in kinds)\n\
    docs/sandbox.md says what they do. A value that is not known is answered with those that are.\n\n\
    While it runs, GET /sandbox/report tells what it was asked, and GET /sandbox/truth what a\n\
    perfect census would find.")]
pub struct SandboxArgs {
    /// Port on the loopback address; 0 takes a free one.
    #[arg(
        long,
        value_name = "PORT",
        default_value_t = 0,
        env = "CLIPCENSUS_SANDBOX_PORT"
    )]
    pub port: u16,

    /// Clips in all [default: 50000]
    #[arg(long, value_name = "CLIPS", env = "CLIPCENSUS_SANDBOX_CLIPS")]
    pub clips: Option<u64>,

    /// The same seed makes the same account [default: 1]
    #[arg(long, value_name = "SEED", env = "CLIPCENSUS_SANDBOX_SEED")]
    pub seed: Option<u64>,

    /// A TOML file with options, behaviours and faults.
    #[arg(long, value_name = "FILE", env = "CLIPCENSUS_SANDBOX_SCENARIO")]
    pub scenario: Option<PathBuf>,

    /// One option on top of the file, in TOML; may be given more than once.
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
}

/// The settings of completions.
#[derive(Debug, Args)]
#[command(after_help = MORE, after_long_help = "Examples:\n  \
    clipcensus completions bash > ~/.local/share/bash-completion/completions/clipcensus\n  \
    clipcensus completions zsh > ~/.zfunc/_clipcensus\n  \
    clipcensus completions fish > ~/.config/fish/completions/clipcensus.fish")]
pub struct CompletionsArgs {
    /// The shell.
    #[arg(value_name = "SHELL")]
    pub shell: Shell,
}

/// The commands that have a man page.
pub const MANUAL: [&str; 10] = [
    "export",
    "check",
    "report",
    "list",
    "verify",
    "diff",
    "prune",
    "sandbox",
    "completions",
    "man",
];

/// The settings of a man page.
#[derive(Debug, Args)]
#[command(after_help = MORE, after_long_help = "Examples:\n  \
    clipcensus man > ~/.local/share/man/man1/clipcensus.1\n  \
    clipcensus man export > ~/.local/share/man/man1/clipcensus-export.1")]
pub struct ManArgs {
    /// The command; left out, the page of the program.
    #[arg(value_name = "COMMAND", value_parser = PossibleValuesParser::new(MANUAL))]
    pub command: Option<String>,
}
