//! Arguments, environment and settings file become one typed value, once. No stage reads any of
//! them again, and what stands in the value has been checked.

use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;

mod credentials;
mod when;

pub use crate::config::credentials::Environment;
pub use crate::config::when::When;

use crate::cli::ByDate;
use crate::cli::CsvCells;
use crate::cli::ExportArgs;
use crate::cli::FileFormat;
use crate::cli::Plan;
use crate::clip::STATUSES;
use crate::clip::SecretPolicy;
use crate::crawl::Filters;
use crate::crawl::window::Window;
use crate::sandbox::ScenarioError;
use crate::snapshot::CsvMode;
use crate::snapshot::Format;
use crate::zoom::Credentials;
use crate::zoom::DateFilter;
use crate::zoom::EndpointError;
use crate::zoom::Endpoints;
use crate::zoom::Limits;

/// The first day of a census by default: before Zoom Clips existed.
const FIRST_DAY: &str = "2023-01-01";

/// A setting that cannot be used.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum ConfigError {
    #[error("--out is missing: name the folder for the snapshots")]
    NoOut,
    #[error(
        "--{setting} {text:?} is no date (2024-10-11), no RFC 3339 instant (2024-10-11T01:51:50Z) and no age (36h, 30d)"
    )]
    When { setting: &'static str, text: String },
    #[error("--since {since} is not before --until {until}: there is nothing to list between them")]
    EmptySpan { since: Timestamp, until: Timestamp },
    #[error("--until {until} is in the future: a census is of the past; leave it out for now")]
    Future { until: Timestamp },
    #[error("--{setting} {value} is out of range: {range}")]
    OutOfRange {
        setting: &'static str,
        value: String,
        range: &'static str,
    },
    #[error("--max-wait {text:?} is no duration: write it like 15m, 2h or 90s")]
    MaxWait { text: String },
    #[error("--status {status:?} is not one of {}", STATUSES.join(", "))]
    Status { status: String },
    #[error("--{first} and --{second} exclude each other: give one of them")]
    Conflict {
        first: &'static str,
        second: &'static str,
    },
    #[error("--account {id:?} is no account id: it must not be empty, nor hold a slash or a space")]
    AccountId { id: String },
    #[error("cannot read the settings file {path}: {source}")]
    File {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("the settings file {path} is wrong: {source}")]
    Toml {
        path: PathBuf,
        source: Box<toml::de::Error>,
    },
    #[error("cannot read {path}, which {variable} names: {source}")]
    CredentialFile {
        variable: String,
        path: PathBuf,
        source: std::io::Error,
    },
    #[error(
        "credentials are missing: set {missing} (or ZOOM_ACCESS_TOKEN), or try --sandbox, which needs none"
    )]
    NoCredentials { missing: String },
    #[error(transparent)]
    Endpoints(#[from] EndpointError),
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
}

/// Whose clips are listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Accounts {
    /// Those of the credentials' own account.
    Own,
    /// Those of these sub-accounts, sorted, each once.
    Named(Vec<String>),
    /// Those of all sub-accounts.
    All,
}

/// The service to ask.
#[derive(Debug, Clone)]
pub enum Source {
    /// Zoom, or something at its place.
    Service {
        /// Who asks.
        credentials: Credentials,
        /// The account they belong to, where it is known.
        account_id: Option<String>,
        /// Where to ask.
        endpoints: Endpoints,
    },
    /// A simulated account in this process.
    Sandbox,
}

impl Source {
    /// What it is called in manifests: `sandbox`, or the API's address.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Service { endpoints, .. } => endpoints.api.as_str(),
            Self::Sandbox => "sandbox",
        }
    }
}

/// Everything that an export needs to know.
#[derive(Debug, Clone)]
pub struct Export {
    /// The folder for the snapshots.
    pub out: PathBuf,
    /// The format of the data files.
    pub format: Format,
    /// What a CSV does with formulas.
    pub csv_mode: CsvMode,
    /// Rows of one data file at most, from 1.
    pub max_file_rows: u64,
    /// The service.
    pub source: Source,
    /// Whose clips.
    pub accounts: Accounts,
    /// The first second of the census.
    pub since: When,
    /// The first second after it; `None` is the start of the run.
    pub until: Option<When>,
    /// The date that the span is about.
    pub by: DateFilter,
    /// Which clips.
    pub filters: Filters,
    /// How fast.
    pub limits: Limits,
    /// How long to wait for the service in all.
    pub max_wait: Duration,
    /// Whether secrets are written.
    pub secrets: SecretPolicy,
    /// Whether an incomplete census is published.
    pub allow_incomplete: bool,
    /// Whether an interrupted export is forgotten.
    pub fresh: bool,
}

impl Export {
    /// Resolves the settings of an export: flags and environment (which `args` holds both), then
    /// the file, then the defaults.
    ///
    /// # Errors
    /// [`ConfigError`] names the first setting that cannot be used.
    pub fn resolve(
        args: ExportArgs,
        file: Option<&Path>,
        environment: &Environment,
        now: Timestamp,
    ) -> Result<Self, ConfigError> {
        let args = match file {
            Some(path) => args.or(read_file(path)?),
            None => args,
        };
        let source = source(&args, environment)?;
        let now = when::cut_to_second(now).unwrap_or(now);
        let since = args.since.as_deref().unwrap_or(FIRST_DAY);
        let since = when::when("since", since, now)?;
        let until = match args.until.as_deref() {
            Some(text) => Some(when::when("until", text, now)?),
            None => None,
        };
        let end = until.as_ref().map_or(now, |until| until.at);
        if end > now {
            return Err(ConfigError::Future { until: end });
        }
        if since.at >= end {
            return Err(ConfigError::EmptySpan {
                since: since.at,
                until: end,
            });
        }
        Ok(Self {
            limits: limits(&args)?,
            accounts: accounts(&args)?,
            filters: filters(&args)?,
            max_wait: max_wait(args.max_wait.as_deref())?,
            max_file_rows: in_range(
                "max-file-rows",
                args.max_file_rows,
                10_000_000,
                "1 and more",
                |rows| *rows >= 1,
            )?,
            out: args.out.ok_or(ConfigError::NoOut)?,
            format: match args.format.unwrap_or(FileFormat::Parquet) {
                FileFormat::Parquet => Format::Parquet,
                FileFormat::Csv => Format::Csv,
            },
            csv_mode: match args.csv_mode.unwrap_or(CsvCells::Spreadsheet) {
                CsvCells::Spreadsheet => CsvMode::Spreadsheet,
                CsvCells::Lossless => CsvMode::Lossless,
            },
            by: match args.by.unwrap_or(ByDate::Created) {
                ByDate::Created => DateFilter::Created,
                ByDate::Modified => DateFilter::Modified,
            },
            secrets: match args.include_secrets.unwrap_or(false) {
                true => SecretPolicy::Keep,
                false => SecretPolicy::Cut,
            },
            allow_incomplete: args.allow_incomplete.unwrap_or(false),
            fresh: args.fresh.unwrap_or(false),
            since,
            until,
            source,
        })
    }

    /// The span of the census of a run that starts at `now`, in seconds since 1970.
    #[must_use]
    pub fn span(&self, now: Timestamp) -> Window {
        let now = when::cut_to_second(now).unwrap_or(now).as_second();
        Window {
            from: self.since.at.as_second(),
            to: self
                .until
                .as_ref()
                .map_or(now, |until| until.at.as_second()),
        }
    }
}

fn read_file(path: &Path) -> Result<ExportArgs, ConfigError> {
    let text = std::fs::read_to_string(path).map_err(|source| ConfigError::File {
        path: path.to_owned(),
        source,
    })?;
    toml::from_str(&text).map_err(|source| ConfigError::Toml {
        path: path.to_owned(),
        source: Box::new(source),
    })
}

fn source(args: &ExportArgs, environment: &Environment) -> Result<Source, ConfigError> {
    if args.sandbox.unwrap_or(false) {
        return match (&args.base_url, &args.oauth_url) {
            (None, None) => Ok(Source::Sandbox),
            (Some(_), _) => Err(ConfigError::Conflict {
                first: "sandbox",
                second: "base-url",
            }),
            (None, Some(_)) => Err(ConfigError::Conflict {
                first: "sandbox",
                second: "oauth-url",
            }),
        };
    }
    let (credentials, account_id) = credentials::credentials(environment)?;
    let endpoints = Endpoints::new(
        args.base_url.as_deref().unwrap_or(Endpoints::API),
        args.oauth_url.as_deref().unwrap_or(Endpoints::OAUTH),
    )?;
    Ok(Source::Service {
        credentials,
        account_id,
        endpoints,
    })
}

fn accounts(args: &ExportArgs) -> Result<Accounts, ConfigError> {
    let named = args.account.clone().unwrap_or_default();
    let all = args.all_accounts.unwrap_or(false);
    if all && !named.is_empty() {
        return Err(ConfigError::Conflict {
            first: "account",
            second: "all-accounts",
        });
    }
    for id in &named {
        let is_odd = |letter: char| letter == '/' || letter.is_whitespace() || letter.is_control();
        if id.is_empty() || id.contains(is_odd) {
            return Err(ConfigError::AccountId { id: id.clone() });
        }
    }
    let mut named = named;
    named.sort_unstable();
    named.dedup();
    Ok(match (all, named.is_empty()) {
        (true, _) => Accounts::All,
        (false, true) => Accounts::Own,
        (false, false) => Accounts::Named(named),
    })
}

fn filters(args: &ExportArgs) -> Result<Filters, ConfigError> {
    if let Some(status) = args
        .status
        .as_ref()
        .filter(|status| !STATUSES.contains(&status.as_str()))
    {
        return Err(ConfigError::Status {
            status: status.clone(),
        });
    }
    Ok(Filters {
        owner: args.owner.clone(),
        status: args.status.clone(),
        search: args.search.clone(),
    })
}

/// Walks under way, as seconds of requests. All windows of a small account are walked at once, so
/// that all end together; of a large one, those under way are what an interruption costs.
const SECONDS_OF_WALKS: f64 = 4.0;

/// Requests a second of a plan, by the API's rate limit labels: light and medium.
const fn plan_limits(plan: Plan) -> (f64, f64) {
    match plan {
        Plan::Free => (4.0, 2.0),
        Plan::Pro => (30.0, 20.0),
        Plan::Business => (80.0, 60.0),
    }
}

fn limits(args: &ExportArgs) -> Result<Limits, ConfigError> {
    let (light, medium) = plan_limits(args.plan.unwrap_or(Plan::Pro));
    let share = in_range(
        "rate-share",
        args.rate_share,
        0.8,
        "above 0, to 1",
        |share| *share > 0.0 && *share <= 1.0,
    )?;
    let rate = in_range("rate", args.rate, light * share, "0.01 to 10000", |rate| {
        (0.01..=10_000.0).contains(rate)
    })?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "from 4 to 256"
    )]
    let walks = (rate * SECONDS_OF_WALKS).ceil().clamp(4.0, 256.0) as usize;
    let concurrency = in_range(
        "concurrency",
        args.concurrency,
        walks,
        "1 to 1024",
        |walks| (1..=1024).contains(walks),
    )?;
    Ok(Limits {
        light: rate,
        // A rate that is set is of light requests: medium ones keep their proportion to it.
        medium: rate * medium / light,
        concurrency,
    })
}

fn max_wait(text: Option<&str>) -> Result<Duration, ConfigError> {
    let text = text.unwrap_or("15m");
    humantime::parse_duration(text).map_err(|_| ConfigError::MaxWait {
        text: text.to_owned(),
    })
}

fn in_range<T: std::fmt::Display + Copy>(
    setting: &'static str,
    value: Option<T>,
    default: T,
    range: &'static str,
    is_in: impl Fn(&T) -> bool,
) -> Result<T, ConfigError> {
    match value {
        None => Ok(default),
        Some(value) if is_in(&value) => Ok(value),
        Some(value) => Err(ConfigError::OutOfRange {
            setting,
            value: value.to_string(),
            range,
        }),
    }
}
