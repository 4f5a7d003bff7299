//! The settings of an export: flags, environment and file become one typed value, once.

use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;

use crate::clip::{STATUSES, SecretPolicy};
use crate::crawl::Filters;
use crate::model::{Seconds, Window};
use crate::redact::hidden::is_hidden;
use crate::settings::accounts::Accounts;
use crate::settings::args::{ByDate, CsvCells, ExportArgs, FileFormat, SummaryForm};
use crate::settings::credentials::Environment;
use crate::settings::error::SettingsError;
use crate::settings::file::read_file;
use crate::settings::home::expanded;
use crate::settings::id::{names_an_owner, trimmed};
use crate::settings::limits::in_range;
use crate::settings::monitor::PingUrl;
use crate::settings::when::When;
use crate::settings::{accounts, credentials, limits, when};
use crate::snapshot::csv::spreadsheet::MOST_ROWS;
use crate::snapshot::{CsvMode, Format};
use crate::zoom::{Credentials, DateFilter, Endpoints, Limits, Proxies};

/// The first day of a census by default: before Zoom Clips existed.
const FIRST_DAY: &str = "2023-01-01";

/// How long ago an interrupted export may have begun by default: the same night, and never the one
/// before, as a nightly export that begins a few seconds early would take up.
const SAME_NIGHT: &str = "20h";

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

/// What is published though something speaks against it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Accepted {
    /// A census that is incomplete.
    pub incomplete: bool,
    /// One that is worse than the one whose place it takes.
    pub worse: bool,
    /// The share of the clips that may be gone since the newest verified snapshot, 0 to 1; `None`
    /// accepts any.
    pub shrink: Option<f64>,
}

impl Accepted {
    fn by(args: &ExportArgs) -> Result<Self, SettingsError> {
        let share = |share| {
            let is_share = |share: &f64| (0.0..=1.0).contains(share);
            in_range("max-shrink", Some(share), share, "0 to 1", is_share)
        };
        Ok(Self {
            incomplete: args.allow_incomplete.unwrap_or(false),
            worse: args.replace.unwrap_or(false),
            shrink: args.max_shrink.map(share).transpose()?,
        })
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
    /// Where it is told how the export ended.
    pub ping_url: Option<PingUrl>,
    /// By which proxies these are asked.
    pub proxies: Proxies,
    /// Whether it is looked up who the owners are, and written.
    pub resolve_owners: bool,
    /// Whether it is told what changed since the snapshot before.
    pub diff: bool,
    /// Whether secrets are written.
    pub secrets: SecretPolicy,
    pub accepted: Accepted,
    /// How long ago an interrupted export may have begun to be gone on with; `None` forgets it.
    pub resume_within: Option<Duration>,
    /// What an export prints at its end; `None` leaves it to how quiet it is to be.
    pub summary: Option<SummaryForm>,
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
        let home = environment.home();
        let args = match args.config.clone() {
            Some(path) => {
                let file = read_file(&expanded("config", path, home)?)?;
                beneath(&args, file).map(|file| args.or(file))?
            }
            None => args,
        };
        let out = args
            .out
            .clone()
            .filter(|out| !is_blank(&out.to_string_lossy()));
        let out = expanded("out", out.ok_or(SettingsError::NoOut)?, home)?;
        let at_home = |setting, path: Option<PathBuf>| {
            path.map(|path| expanded(setting, path, home)).transpose()
        };
        let args = ExportArgs {
            accounts_file: at_home("accounts-file", args.accounts_file.clone())?,
            metrics_file: at_home("metrics-file", args.metrics_file.clone())?,
            ..args
        };
        let ping_url = args.ping_url.as_ref().map(PingUrl::new).transpose()?;
        let source = source(&args, environment)?;
        let proxies = environment.proxies();
        if let Source::Service { endpoints, .. } = &source {
            proxies.route(&endpoints.api)?;
            proxies.route(&endpoints.oauth)?;
        }
        if let Some(ping_url) = &ping_url {
            proxies.route(ping_url.url())?;
        }
        let since = narrowing("since", args.since.as_deref())?;
        let since = when::when("since", since.unwrap_or(FIRST_DAY), now)?;
        let until = match narrowing("until", args.until.as_deref())? {
            Some(text) => Some(when::when("until", text, now)?),
            None => None,
        };
        span(&since, until.as_ref(), now, "this computer")?;
        let limits = limits::limits(&args)?;
        let format = match args.format.unwrap_or(FileFormat::Parquet) {
            FileFormat::Parquet => Format::Parquet,
            FileFormat::Csv => Format::Csv,
        };
        let csv_mode = match args.csv_mode.unwrap_or(CsvCells::Spreadsheet) {
            CsvCells::Spreadsheet => CsvMode::Spreadsheet,
            CsvCells::Lossless => CsvMode::Lossless,
        };
        let max_file_rows = in_range(
            "max-file-rows",
            args.max_file_rows,
            10_000_000,
            "1 and more",
            |rows| *rows >= 1,
        )?;
        let by = args.by.unwrap_or(ByDate::Created);
        let diff = args.diff.unwrap_or(false);
        if diff && by == ByDate::Modified {
            return Err(SettingsError::Conflict {
                first: "diff",
                second: "by modified",
            });
        }
        Ok(Self {
            limits,
            accounts: accounts::accounts(&args)?,
            filters: filters(&args)?,
            max_wait: limits::duration("max-wait", args.max_wait.as_deref().unwrap_or("15m"))?,
            max_file_rows: match (format, csv_mode) {
                // More rows than a sheet has would be left out of it.
                (Format::Csv, CsvMode::Spreadsheet) => max_file_rows.min(MOST_ROWS),
                _ => max_file_rows,
            },
            out,
            format,
            csv_mode,
            by: match by {
                ByDate::Created => DateFilter::Created,
                ByDate::Modified => DateFilter::Modified,
            },
            secrets: if args.include_secrets.unwrap_or(false) {
                SecretPolicy::Keep
            } else {
                SecretPolicy::Cut
            },
            resolve_owners: args.resolve_owners.unwrap_or(false),
            diff,
            accepted: Accepted::by(&args)?,
            resume_within: match args.fresh {
                Some(true) => None,
                _ => Some(limits::duration(
                    "resume-within",
                    args.resume_within.as_deref().unwrap_or(SAME_NIGHT),
                )?),
            },
            summary: args.summary,
            since,
            until,
            source,
            ping_url,
            proxies,
        })
    }

    /// The span of the census of a run that starts at `now` by the clock of the service, in whole
    /// seconds.
    ///
    /// # Errors
    /// [`SettingsError`] where nothing of it is in the past.
    pub(crate) fn span(&self, now: Timestamp) -> Result<Window, SettingsError> {
        span(&self.since, self.until.as_ref(), now, "the service")
    }
}

/// The span from `since` to `until`, or to `now` by the clock of `whose`.
fn span(
    since: &When,
    until: Option<&When>,
    now: Timestamp,
    whose: &'static str,
) -> Result<Window, SettingsError> {
    let now = when::cut_to_second(now);
    let since = since.at(now);
    let until = until.map_or(now, |until| until.at(now));
    if until > now {
        return Err(SettingsError::Future { until, now, whose });
    }
    if since >= now {
        return Err(SettingsError::NotBegun { since, now, whose });
    }
    if since >= until {
        return Err(SettingsError::EmptySpan { since, until });
    }
    Ok(Window {
        from: Seconds(since.as_second()),
        to: Seconds(until.as_second()),
    })
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

fn is_blank(value: &str) -> bool {
    value
        .chars()
        .all(|letter| letter.is_whitespace() || is_hidden(letter))
}

/// A value that narrows what is listed. An empty one, such as an unset variable of a shell leaves, and
/// one in which nothing is to be seen, would list everything.
fn narrowing<'a>(
    setting: &'static str,
    value: Option<&'a str>,
) -> Result<Option<&'a str>, SettingsError> {
    match value {
        Some(value) if is_blank(value) => Err(SettingsError::Empty { setting }),
        value => Ok(value),
    }
}

fn filters(args: &ExportArgs) -> Result<Filters, SettingsError> {
    let owner = narrowing("owner", args.owner.as_deref())?.map(trimmed);
    if let Some(owner) = owner.filter(|owner| !names_an_owner(owner)) {
        return Err(SettingsError::Owner {
            owner: owner.to_owned(),
        });
    }
    let status = narrowing("status", args.status.as_deref())?;
    if let Some(status) = status.filter(|status| !STATUSES.contains(status)) {
        return Err(SettingsError::Status {
            status: status.to_owned(),
        });
    }
    let search = narrowing("search", args.search.as_deref())?;
    Ok(Filters {
        owner: owner.map(str::to_owned),
        status: status.map(str::to_owned),
        search: search.map(str::to_owned),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file_rows(format: FileFormat, csv_mode: CsvCells, max_file_rows: Option<u64>) -> u64 {
        let args = ExportArgs {
            out: Some("out".into()),
            sandbox: Some(true),
            format: Some(format),
            csv_mode: Some(csv_mode),
            max_file_rows,
            ..ExportArgs::default()
        };
        let now = "2026-11-23T12:00:00Z".parse().unwrap();
        let settings = ExportSettings::resolve(args, &Environment::default(), now);
        settings.unwrap().max_file_rows
    }

    #[test]
    fn a_file_for_a_spreadsheet_has_a_million_rows_at_most() {
        let spreadsheet = |rows| file_rows(FileFormat::Csv, CsvCells::Spreadsheet, rows);
        assert_eq!(spreadsheet(None), 1_000_000);
        assert_eq!(spreadsheet(Some(5_000_000)), 1_000_000);
        assert_eq!(spreadsheet(Some(7)), 7);
        for (format, csv_mode) in [
            (FileFormat::Csv, CsvCells::Lossless),
            (FileFormat::Parquet, CsvCells::Spreadsheet),
        ] {
            assert_eq!(file_rows(format, csv_mode, None), 10_000_000);
            assert_eq!(file_rows(format, csv_mode, Some(5_000_000)), 5_000_000);
        }
    }
}
