//! Settings that cannot be used, each with what would be right.

use std::path::PathBuf;

use clipcensus_sandbox::ScenarioError;
use jiff::Timestamp;

use crate::clip::STATUSES;
use crate::zoom::{EndpointError, ProxyError};

/// A setting that cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SettingsError {
    #[error("--out is missing: name the folder for the snapshots")]
    NoOut,
    #[error(
        "--{setting} {text:?} is no date (2024-10-11), no RFC 3339 instant (2024-10-11T01:51:50Z) and no age (36h, 30d)"
    )]
    When { setting: &'static str, text: String },
    #[error("--since {since} is not before --until {until}: there is nothing to list between them")]
    EmptySpan { since: Timestamp, until: Timestamp },
    #[error(
        "--until {until} is in the future: a census is of the past, and it is {now} by the clock of {whose}; leave it out for now"
    )]
    Future {
        until: Timestamp,
        now: Timestamp,
        whose: &'static str,
    },
    #[error(
        "--since {since} is not before the present, which is {now} by the clock of {whose}: correct the one that is wrong"
    )]
    NotBegun {
        since: Timestamp,
        now: Timestamp,
        whose: &'static str,
    },
    #[error("--{setting} {value} is out of range: {range}")]
    OutOfRange {
        setting: &'static str,
        value: String,
        range: &'static str,
    },
    #[error("--{setting} {text:?} is no duration: write it like 15m, 2h or 90s")]
    Duration { setting: &'static str, text: String },
    #[error("--status {status:?} is not one of {}", STATUSES.join(", "))]
    Status { status: String },
    #[error("{name} and {name}_FILE are both set: unset one of them")]
    TwoCredentials { name: String },
    #[error("--{first} and --{second} exclude each other: give one of them")]
    Conflict {
        first: &'static str,
        second: &'static str,
    },
    #[error(
        "--{setting} is empty, which would narrow nothing: give it a value, or leave it out (flag, variable and settings file alike)"
    )]
    Empty { setting: &'static str },
    #[error(
        "--owner {owner:?} is no user id and no e-mail address: write it without quotes and spaces"
    )]
    Owner { owner: String },
    #[error(
        "--account {id:?} is no account id: an id holds letters, digits and signs of ASCII, but no slash, no quote and no space"
    )]
    AccountId { id: String },
    #[error("cannot read the accounts file {path}: {source}")]
    AccountsFile {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error(
        "the accounts file {path} holds no account id in line {line}: write one id a line, and comments after #"
    )]
    AccountsFileLine { path: PathBuf, line: usize },
    #[error("the accounts file {path} names no account: write one id a line")]
    NoAccounts { path: PathBuf },
    #[error(
        "{setting} begins with a ~ that is not resolved, as {why}: write the whole path, or ./~ for a \
         name that begins so"
    )]
    Home { setting: String, why: &'static str },
    #[error(
        "{accounts} accounts from {since} on make {windows} windows, and one census has {most} at most: \
         begin later with --since, or list some of the accounts at a time with --accounts-file, each time \
         into another --out"
    )]
    TooManyWindows {
        accounts: usize,
        since: Timestamp,
        windows: u64,
        most: u64,
    },
    #[error(
        "cannot read the scenario {path}: {source}; name a file of TOML, as docs/sandbox.md shows"
    )]
    ScenarioFile {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("cannot read the settings file {path}: {source}")]
    File {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("the settings file {path} is wrong in line {line}: {why}")]
    Toml {
        path: PathBuf,
        line: usize,
        why: String,
    },
    #[error(
        "there is no {flag}: credentials are never flags, which every user of the machine can see; set \
         {variable} or {variable}_FILE in the environment"
    )]
    CredentialFlag {
        flag: String,
        variable: &'static str,
    },
    #[error("{place} holds {oddity}: write the value alone, on one line and without quotes")]
    Credential { place: String, oddity: &'static str },
    #[error(
        "cannot read {path}, which {variable} names: {source}; name a file that holds the value alone and may be read"
    )]
    CredentialFile {
        variable: String,
        path: PathBuf,
        source: std::io::Error,
    },
    #[error(
        "credentials are missing: set {missing} (or ZOOM_ACCESS_TOKEN), or try --sandbox, which needs none"
    )]
    NoCredentials { missing: String },
    #[error(
        "ZOOM_ACCOUNT_ID is missing: an access token does not tell whose it is, and the account stands in every row; set it, or name sub-accounts with --account or --accounts-file"
    )]
    NoAccountId,
    #[error(transparent)]
    Endpoints(#[from] EndpointError),
    #[error(transparent)]
    Proxy(#[from] ProxyError),
    #[error("no such account can be simulated: {0}")]
    Sandbox(std::io::Error),
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
}
