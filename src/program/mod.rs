//! The program: each command from its arguments to its exit code, and what is told meanwhile.

mod commands;
mod list;
mod manual;
mod monitor;
mod progress;
mod signals;

pub use commands::run;
