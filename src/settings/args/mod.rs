//! The arguments as they are typed, a file for each command. What they mean together is decided in
//! `export`.

pub(crate) mod audit;
mod cli;
mod diff;
mod export;
mod headings;
mod list;
mod manual;
mod prune;
mod report;
mod sandbox;
mod snapshot_date;
mod verify;

pub use cli::Cli;
pub(crate) use cli::{Command, LogFormat, command};
pub(crate) use diff::{DiffArgs, DiffFormat, DifferenceKind};
pub(crate) use export::{ByDate, CsvCells, ExportArgs, FileFormat, Plan, SummaryForm};
pub(crate) use list::{ListArgs, ListFormat};
pub use manual::MANUAL;
pub(crate) use manual::ManArgs;
pub(crate) use prune::PruneArgs;
pub(crate) use report::{ReportArgs, ReportFormat};
pub(crate) use sandbox::SandboxArgs;
pub(crate) use verify::VerifyArgs;
