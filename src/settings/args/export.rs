//! The arguments of `export`, which `check` takes too.

use std::path::PathBuf;

use clap::builder::{BoolishValueParser, PossibleValuesParser};
use clap::{Args, ValueEnum};
use secrecy::SecretString;
use serde::Deserialize;

use crate::clip::STATUSES;
use crate::settings::args::audit::AuditTable;
use crate::settings::args::headings::{
    LIMITS, MESSAGES, MORE, OUTPUT, PUBLISHING, SERVICE, WHAT, WHEN,
};

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

        /// The settings of an audit, which an export only looks at.
        #[arg(skip)]
        pub audit: Option<AuditTable>,

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
