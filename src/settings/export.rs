//! The settings of an export: flags, environment and file become one typed value, once.

use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;

use crate::clip::{STATUSES, SecretPolicy};
use crate::crawl::Filters;
use crate::model::{Seconds, Window};
use crate::settings::accounts::Accounts;
use crate::settings::args::{ByDate, CsvCells, ExportArgs, FileFormat};
use crate::settings::credentials::Environment;
use crate::settings::error::SettingsError;
use crate::settings::file::read_file;
use crate::settings::limits::in_range;
use crate::settings::monitor::PingUrl;
use crate::settings::when::When;
use crate::settings::{accounts, credentials, limits, when};
use crate::snapshot::{CsvMode, Format};
use crate::zoom::{Credentials, DateFilter, Endpoints, Limits, Proxies};

/// The first day of a census by default: before Zoom Clips existed.
const FIRST_DAY: &str = "2023-01-01";

/// The service to ask.
#[derive(Debug, Clone)]
pub(crate) enum Source {
    /// Zoom, or something at its place.
    Service {
        credentials: Credentials,
        /// The account they belong to, where it is known.
        account_id: Option<String>,
        endpoints: Box<Endpoints>,
    },
    /// A simulated account in this process.
    Sandbox,
}

impl Source {
    /// What it is called in manifests: `sandbox`, or the API's address.
    #[must_use]
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Service { endpoints, .. } => endpoints.api.as_str(),
            Self::Sandbox => "sandbox",
        }
    }
}

/// Everything that an export needs to know.
#[derive(Debug, Clone)]
pub(crate) struct ExportSettings {
    /// The folder for the snapshots.
    pub out: PathBuf,
    /// The format of the data files.
    pub format: Format,
    /// What a CSV does with formulas.
    pub csv_mode: CsvMode,
    /// Rows of one data file at most, from 1.
    pub max_file_rows: u64,
    pub source: Source,
    pub accounts: Accounts,
    /// The first second of the census.
    pub since: When,
    /// The first second after it; `None` is the start of the run.
    pub until: Option<When>,
    /// The date that the span is about.
    pub by: DateFilter,
    pub filters: Filters,
    pub limits: Limits,
    /// How long to wait for the service in all.
    pub max_wait: Duration,
    /// By which proxies the service is asked.
    pub proxies: Proxies,
    /// Whether it is looked up who the owners are, and written.
    pub resolve_owners: bool,
    /// Whether secrets are written.
    pub secrets: SecretPolicy,
    /// Whether an incomplete census is published.
    pub allow_incomplete: bool,
    /// Whether an interrupted export is forgotten.
    pub fresh: bool,
}

impl ExportSettings {
    /// Resolves the settings of an export: flags and environment (which `args` holds both), then
    /// the file, then the defaults.
    ///
    /// # Errors
    /// [`SettingsError`] names the first setting that cannot be used.
    pub(crate) fn resolve(
        args: ExportArgs,
        environment: &Environment,
        now: Timestamp,
    ) -> Result<Self, SettingsError> {
        let args = match args.config.clone() {
            Some(path) => beneath(&args, read_file(&path)?).map(|file| args.or(file))?,
            None => args,
        };
        let out = args.out.clone().filter(|out| !out.as_os_str().is_empty());
        let out = out.ok_or(SettingsError::NoOut)?;
        if let Some(url) = &args.ping_url {
            PingUrl::new(url)?;
        }
        let source = source(&args, environment)?;
        let proxies = environment.proxies();
        if let Source::Service { endpoints, .. } = &source {
            proxies.route(&endpoints.api)?;
            proxies.route(&endpoints.oauth)?;
        }
        let now = when::cut_to_second(now).unwrap_or(now);
        let since = args.since.as_deref().unwrap_or(FIRST_DAY);
        let since = when::when("since", since, now)?;
        let until = match args.until.as_deref() {
            Some(text) => Some(when::when("until", text, now)?),
            None => None,
        };
        let end = until.as_ref().map_or(now, |until| until.at);
        if end > now {
            return Err(SettingsError::Future { until: end, now });
        }
        if since.at >= now {
            return Err(SettingsError::NotBegun {
                since: since.at,
                now,
            });
        }
        if since.at >= end {
            return Err(SettingsError::EmptySpan {
                since: since.at,
                until: end,
            });
        }
        let limits = limits::limits(&args)?;
        Ok(Self {
            limits,
            accounts: accounts::accounts(&args)?,
            filters: filters(&args)?,
            max_wait: limits::max_wait(args.max_wait.as_deref())?,
            max_file_rows: in_range(
                "max-file-rows",
                args.max_file_rows,
                10_000_000,
                "1 and more",
                |rows| *rows >= 1,
            )?,
            out,
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
            secrets: if args.include_secrets.unwrap_or(false) {
                SecretPolicy::Keep
            } else {
                SecretPolicy::Cut
            },
            resolve_owners: args.resolve_owners.unwrap_or(false),
            allow_incomplete: args.allow_incomplete.unwrap_or(false),
            fresh: args.fresh.unwrap_or(false),
            since,
            until,
            source,
            proxies,
        })
    }

    /// The span of the census of a run that starts at `now`, in whole seconds.
    #[must_use]
    pub(crate) fn span(&self, now: Timestamp) -> Window {
        let now = when::cut_to_second(now).unwrap_or(now);
        let until = self.until.as_ref().map_or(now, |until| until.at);
        Window {
            from: Seconds(self.since.at.as_second()),
            to: Seconds(until.as_second()),
        }
    }
}

/// A file without the settings that a flag or variable takes the place of by another name.
fn beneath(args: &ExportArgs, mut file: ExportArgs) -> Result<ExportArgs, SettingsError> {
    accounts::chosen(&file)?;
    if args.rate_share.is_some() {
        file.rate = None;
    }
    if args.account.is_some() || args.accounts_file.is_some() || args.all_accounts.is_some() {
        file.account = None;
        file.accounts_file = None;
        file.all_accounts = None;
    }
    Ok(file)
}

fn source(args: &ExportArgs, environment: &Environment) -> Result<Source, SettingsError> {
    if args.sandbox.unwrap_or(false) {
        return Ok(Source::Sandbox);
    }
    let (credentials, account_id) = credentials::credentials(environment)?;
    let named = [Some("account"), Some("accounts-file")];
    if account_id.is_none() && !named.contains(&accounts::chosen(args)?) {
        return Err(SettingsError::NoAccountId);
    }
    let endpoints = Endpoints::new(
        args.base_url.as_deref().unwrap_or(Endpoints::API),
        args.oauth_url.as_deref().unwrap_or(Endpoints::OAUTH),
    )?;
    Ok(Source::Service {
        credentials,
        account_id,
        endpoints: Box::new(endpoints),
    })
}

fn filters(args: &ExportArgs) -> Result<Filters, SettingsError> {
    if let Some(status) = args
        .status
        .as_ref()
        .filter(|status| !STATUSES.contains(&status.as_str()))
    {
        return Err(SettingsError::Status {
            status: status.clone(),
        });
    }
    Ok(Filters {
        owner: args.owner.clone(),
        status: args.status.clone(),
        search: args.search.clone(),
    })
}
