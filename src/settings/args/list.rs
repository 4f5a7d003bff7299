//! The arguments of `list`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

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
