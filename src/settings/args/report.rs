//! The arguments of `report`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::settings::args::headings::MORE;

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
