//! The arguments of `prune`.

use std::path::PathBuf;

use clap::Args;

use crate::settings::args::headings::MORE;

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
