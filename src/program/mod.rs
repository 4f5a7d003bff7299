//! The program: each command from its arguments to its exit code, and what is told meanwhile.

mod commands;
mod companion;
mod confined;
mod diff;
mod export;
pub(crate) mod lent;
mod list;
mod manual;
mod memory;
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
mod work_folder;

pub use commands::{SqlCommand, run, run_with};
pub use monitor::Gauges;
pub use progress::log::caveat;
pub use work_folder::WorkFolder;
