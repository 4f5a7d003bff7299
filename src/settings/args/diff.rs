//! The arguments of `diff`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use jiff::civil::Date;

use crate::clip::difference::paired_names;
use crate::settings::args::snapshot_date::snapshot_date;

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
