//! The program: each command from its arguments to its exit code, and what is told meanwhile.

mod audit_settings;
mod commands;
mod companion;
mod diff;
mod export;
mod list;
mod manual;
mod monitor;
mod progress;
mod prune;
mod published;
mod report;
mod sandbox;
mod signals;
pub(crate) mod stdout;
mod verify;

pub use audit_settings::audit_table;
pub use commands::{SqlCommand, run, run_with};
