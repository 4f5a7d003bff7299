//! The program: each command from its arguments to its exit code, and what is told meanwhile.

mod commands;
mod manual;
mod monitor;
mod progress;
mod published;
mod signals;

pub use commands::run;
