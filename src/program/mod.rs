//! The program: each command from its arguments to its exit code, and what is told meanwhile.

mod commands;
mod diff;
mod export;
mod list;
mod manual;
mod monitor;
mod progress;
mod prune;
mod published;
mod refused;
mod report;
mod sandbox;
mod signals;
mod stdout;
mod verify;

pub use commands::run;
