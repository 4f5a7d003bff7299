//! The arguments of `query` and `audit`, and the table `[audit]` of the settings file. The program
//! `clipcensus-audit` does both commands; their arguments stand here, so that their help, completions and
//! man pages are there without it.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::settings::args::snapshot_date::snapshot_date;

/// What is read, and with how much.
#[derive(Debug, Args)]
pub struct ReadingArgs {
    /// The snapshot that it is about [default: the newest]
    #[arg(long, value_name = "DATE", value_parser = snapshot_date, env = "CLIPCENSUS_SNAPSHOT")]
    pub snapshot: Option<Date>,

    /// Compare the SHA-256 of every file that is read with the manifest, and not its length alone.
    #[arg(long, env = "CLIPCENSUS_VERIFY")]
    pub verify: bool,

    /// Read snapshots too that are not verified: what they lack is not found.
    #[arg(long, env = "CLIPCENSUS_READ_INCOMPLETE")]
    pub allow_incomplete: bool,

    /// Memory for sorting, grouping and joining; what does not fit goes to --work.
    #[arg(
        long,
        value_name = "SIZE",
        default_value = "512MiB",
        value_parser = memory,
        env = "CLIPCENSUS_MEMORY"
    )]
    pub memory: u64,

    /// Folder for what does not fit into memory, and for CSV in another form; emptied at the end
    /// [default: that of the system]
    #[arg(long, value_name = "DIR", env = "CLIPCENSUS_WORK")]
    pub work: Option<PathBuf>,
}

/// The least memory with which a query can begin.
const LEAST_MEMORY: u64 = 16 << 20;

fn memory(text: &str) -> Result<u64, String> {
    let size: bytesize::ByteSize = text
        .parse()
        .map_err(|_| "write it like 512MiB or 2GB".to_owned())?;
    if size.0 < LEAST_MEMORY {
        return Err("at least 16MiB are needed".to_owned());
    }
    Ok(size.0)
}

/// The settings of a query.
#[derive(Debug, Args)]
#[command(
    long_about = "Answers a question in SQL from published snapshots. Read are only files that a manifest \
        names, and nothing can be written.\n\n\
        Views:\n  \
        clips            the rows of the newest snapshot, or of --snapshot, and snapshot_date, age_days,\n                   \
                         idle_days (since the last change) and exposed\n  \
        owners           who they belong to; empty if the export was not given --resolve-owners\n  \
        previous_clips   the rows of the snapshot before\n  \
        clips_history    the rows of all snapshots up to that one\n  \
        snapshots        a row for each of those, as its manifest says\n\n\
        The program clipcensus-audit, which belongs beside this one, does it.",
    after_help = "Examples:\n  \
    clipcensus query census \"SELECT status, count(*) FROM clips GROUP BY status\"\n  \
    clipcensus query census \"SELECT * FROM clips WHERE exposed\" --format csv > exposed.csv\n  \
    clipcensus query census - < report.sql\n  \
    clipcensus query census \"DESCRIBE clips\""
)]
pub struct QueryArgs {
    /// The output folder of the exports.
    #[arg(value_name = "OUT")]
    pub out: PathBuf,

    /// One statement; - reads it from stdin.
    #[arg(value_name = "SQL", allow_hyphen_values = true)]
    pub sql: String,

    /// How to show the rows [default: table on a terminal, else csv]
    #[arg(long, value_name = "FORMAT", env = "CLIPCENSUS_QUERY_FORMAT")]
    pub format: Option<QueryFormat>,

    /// What is read, and with how much.
    #[command(flatten)]
    pub reading: ReadingArgs,
}

/// How to show rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum QueryFormat {
    /// Aligned, for a terminal; the first 1,000 rows.
    Table,
    /// A line for each row, harmless in a spreadsheet.
    Csv,
    /// An object a line for each row.
    Json,
    /// A file of rows.
    Parquet,
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// To be looked at some day.
    Low,
    /// To be looked at this month.
    Medium,
    /// To be looked at this week.
    High,
    /// To be looked at today.
    Critical,
}

impl Severity {
    /// All of them, the worst first.
    pub const ALL: [Self; 5] = [
        Self::Critical,
        Self::High,
        Self::Medium,
        Self::Low,
        Self::Info,
    ];

    /// In a word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// From which severity on findings make the command end with 3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FailOn {
    /// At any.
    Info,
    /// At low and above.
    Low,
    /// At medium and above.
    Medium,
    /// At high and critical.
    High,
    /// At critical.
    Critical,
    /// At none.
    Never,
}

impl FailOn {
    /// Whether a finding of this severity makes it end with 3.
    #[must_use]
    pub fn is_reached_by(self, severity: Severity) -> bool {
        let least = match self {
            Self::Info => Severity::Info,
            Self::Low => Severity::Low,
            Self::Medium => Severity::Medium,
            Self::High => Severity::High,
            Self::Critical => Severity::Critical,
            Self::Never => return false,
        };
        severity >= least
    }
}

/// The snapshot before, by which findings are new, persisting or resolved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    /// The last one before.
    Previous,
    /// That of a date.
    Date(Date),
    /// None: every finding is new.
    Nothing,
}

fn since(text: &str) -> Result<Since, String> {
    match text {
        "previous" => Ok(Since::Previous),
        "none" => Ok(Since::Nothing),
        date => snapshot_date(date)
            .map(Since::Date)
            .map_err(|why| format!("{why}; or previous, or none")),
    }
}

/// A parameter of a rule, as it was typed: `RULE.PARAMETER=VALUE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetParameter {
    /// The rule.
    pub rule: String,
    /// Its parameter.
    pub name: String,
    /// The value, as text.
    pub value: String,
}

fn set_parameter(text: &str) -> Result<SetParameter, &'static str> {
    let parts = text.split_once('=').and_then(|(path, value)| {
        let (rule, name) = path.split_once('.')?;
        Some((rule.trim(), name.trim(), value.trim()))
    });
    match parts {
        Some((rule, name, value)) if !rule.is_empty() && !name.is_empty() => Ok(SetParameter {
            rule: rule.to_owned(),
            name: name.to_owned(),
            value: value.to_owned(),
        }),
        _ => Err("write it like over-retention.days=365"),
    }
}

/// The settings of an audit.
#[derive(Debug, Args)]
#[command(
    long_about = "Holds a verified snapshot against rules, and tells what breaks them, what is new since the \
        snapshot before, and what is resolved. A rule is a query in SQL; --list shows those built in, \
        --explain RULE one of them with its reason and remedy, and --rules DIR adds others. A rule that could \
        not be evaluated is said to be so, and is not passed.\n\n\
        The program clipcensus-audit, which belongs beside this one, does it. docs/audit.md is the manual.",
    after_help = "Examples:\n  \
    clipcensus audit census\n  \
    clipcensus audit census --only-new --fail-on critical     3 if anything became public since last time\n  \
    clipcensus audit census --set over-retention.days=365 --exceptions exceptions.toml\n  \
    clipcensus audit census --format html > audit.html\n  \
    clipcensus audit --explain open-without-passcode\n\n\
    The exit code is 3 if there are findings of the severity of --fail-on or above that are not excepted,\n\
    and 65 if the snapshot is not verified."
)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct AuditArgs {
    /// The output folder of the exports.
    #[arg(value_name = "OUT", required_unless_present_any = ["list", "explain"])]
    pub out: Option<PathBuf>,

    /// The snapshot before, which tells what is new: a date, previous, or none.
    #[arg(long, value_name = "WHEN", default_value = "previous", value_parser = since,
        env = "CLIPCENSUS_AUDIT_SINCE")]
    pub since: Since,

    /// Only this rule; may be given more than once.
    #[arg(
        long,
        value_name = "NAME",
        value_delimiter = ',',
        env = "CLIPCENSUS_AUDIT_RULE"
    )]
    pub rule: Vec<String>,

    /// A folder of rules, NAME.sql each, which add to those built in or take the place of one.
    #[arg(long, value_name = "DIR", env = "CLIPCENSUS_AUDIT_RULES")]
    pub rules: Option<PathBuf>,

    /// A parameter of a rule; may be given more than once.
    #[arg(long, value_name = "RULE.PARAMETER=VALUE", value_parser = set_parameter)]
    pub set: Vec<SetParameter>,

    /// A TOML file of exceptions, each with its reason and its end.
    #[arg(long, value_name = "FILE", env = "CLIPCENSUS_AUDIT_EXCEPTIONS")]
    pub exceptions: Option<PathBuf>,

    /// End with 3 at findings of this severity and above [default: high]
    #[arg(long, value_name = "SEVERITY", env = "CLIPCENSUS_AUDIT_FAIL_ON")]
    pub fail_on: Option<FailOn>,

    /// Only what is new since the snapshot before.
    #[arg(long, env = "CLIPCENSUS_AUDIT_ONLY_NEW")]
    pub only_new: bool,

    /// How to show the findings.
    #[arg(
        long,
        value_name = "FORMAT",
        default_value = "text",
        env = "CLIPCENSUS_AUDIT_FORMAT"
    )]
    pub format: AuditFormat,

    /// Show share links, with which whoever reads the findings can watch the clips.
    #[arg(long, env = "CLIPCENSUS_AUDIT_WITH_LINKS")]
    pub with_links: bool,

    /// Keep the findings beside the manifest too, as audit.json.
    #[arg(long, env = "CLIPCENSUS_AUDIT_SAVE")]
    pub save: bool,

    /// Write findings by rule and severity to this file, for Prometheus' textfile collector.
    #[arg(long, value_name = "FILE", env = "CLIPCENSUS_AUDIT_METRICS_FILE")]
    pub metrics_file: Option<PathBuf>,

    /// A settings file in TOML, of which the table `[audit]` counts.
    #[arg(long, value_name = "FILE", env = "CLIPCENSUS_CONFIG")]
    pub config: Option<PathBuf>,

    /// Show the rules, with their severities and parameters, and audit nothing.
    #[arg(long)]
    pub list: bool,

    /// Show the reason, the remedy and the SQL of a rule, and audit nothing.
    #[arg(long, value_name = "RULE", conflicts_with = "list")]
    pub explain: Option<String>,

    /// What is read, and with how much.
    #[command(flatten)]
    pub reading: ReadingArgs,
}

/// How to show findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AuditFormat {
    /// For a terminal, 80 columns.
    Text,
    /// An object a line for each finding.
    Json,
    /// A line for each finding, harmless in a spreadsheet.
    Csv,
    /// For a ticket or a wiki.
    Markdown,
    /// A page for a browser, in one file.
    Html,
    /// A test case for each rule, for a build server.
    Junit,
    /// A Compliance Finding of the Open Cybersecurity Schema Framework a line, for a SIEM.
    Ocsf,
}

/// The table `[audit]` of the settings file.
#[derive(Debug, Default, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AuditTable {
    /// As the flag `--fail-on`.
    #[serde(alias = "fail-on")]
    pub fail_on: Option<FailOn>,
    /// As the flag `--rules`.
    pub rules: Option<PathBuf>,
    /// As the flag `--exceptions`.
    pub exceptions: Option<PathBuf>,
    /// Rules that are not evaluated.
    pub off: Vec<String>,
    /// Parameters by rule and name.
    pub parameters: BTreeMap<String, BTreeMap<String, toml::Value>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_is_given_by_rule_name_and_value() {
        let set = set_parameter("title-pattern.pattern = a.b=c").unwrap();
        assert_eq!(set.rule, "title-pattern");
        assert_eq!(
            (set.name.as_str(), set.value.as_str()),
            ("pattern", "a.b=c")
        );
        for text in ["", "days=1", "over-retention.days", ".days=1", "rule.=1"] {
            assert!(set_parameter(text).is_err(), "{text}");
        }
    }

    #[test]
    fn memory_is_a_size_and_not_too_small() {
        assert_eq!(memory("64MiB"), Ok(64 << 20));
        assert_eq!(memory("2GB"), Ok(2_000_000_000));
        for text in ["", "much", "1", "-1GB", "15MiB"] {
            assert!(memory(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_finding_fails_an_audit_at_its_severity_and_above() {
        assert!(FailOn::High.is_reached_by(Severity::Critical));
        assert!(FailOn::High.is_reached_by(Severity::High));
        assert!(!FailOn::High.is_reached_by(Severity::Medium));
        assert!(FailOn::Info.is_reached_by(Severity::Info));
        assert!(!FailOn::Never.is_reached_by(Severity::Critical));
    }

    #[test]
    fn the_snapshot_before_is_a_date_previous_or_none() {
        assert_eq!(since("previous"), Ok(Since::Previous));
        assert_eq!(since("none"), Ok(Since::Nothing));
        assert!(matches!(since("2026-11-23"), Ok(Since::Date(_))));
        assert!(since("20261123").unwrap_err().contains("previous, or none"));
    }
}
