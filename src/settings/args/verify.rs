//! The arguments of `verify`.

use std::path::PathBuf;

use clap::Args;

use crate::settings::args::headings::MORE;

/// The settings of a verification.
#[derive(Debug, Args)]
#[command(after_help = MORE, after_long_help = "Examples:\n  \
    clipcensus verify census                             the newest snapshot\n  \
    clipcensus verify census/_snapshots/2026-11-23\n  \
    clipcensus verify census --all                       every snapshot of the folder")]
pub struct VerifyArgs {
    /// A snapshot: its folder below `_snapshots`, or the output folder for the newest.
    #[arg(value_name = "SNAPSHOT")]
    pub snapshot: PathBuf,

    /// Check every snapshot of an output folder, and their manifests against each other.
    #[arg(long, env = "CLIPCENSUS_VERIFY_ALL")]
    pub all: bool,
}
