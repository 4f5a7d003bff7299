//! clipcensus takes a complete, verified census of every Zoom Clip in an account.
//!
//! The rooms of the house, in the order of the data: a file imports only from rooms that stand
//! above its own. [`run`] is the whole program.

/// What happened, as plain data.
pub mod event;

/// The row: one record of the API, normalised. Pure.
pub mod clip;

/// The service as it is: access tokens, limits, retries, pages.
pub mod zoom;

/// Files: spool, data files, manifest, publishing, reading back.
pub mod snapshot;

/// The one concurrent step: windows, walks, proof.
pub mod crawl;

/// The summary, and how it is shown.
pub mod report;

/// A simulated Zoom account. Shares no code with `zoom`.
pub mod sandbox;

/// The arguments as typed.
pub mod cli;

/// Arguments, environment and file, resolved once.
pub mod config;

/// Every error, and its exit code.
pub mod error;

/// Attempts by outcome.
pub mod tally;

/// Events on stderr.
pub mod progress;

/// An export from its settings to its snapshot.
pub mod export;

mod commands;

pub use commands::run;
