//! Plain data that more than one room speaks of: time, windows and what is known of them, exit codes.

pub(crate) mod chain;
pub(crate) mod exit_code;
pub(crate) mod record;
#[cfg(test)]
pub(crate) mod testing;
pub(crate) mod time;
pub(crate) mod verdict;
pub(crate) mod window;

pub(crate) use chain::{ChainOutcome, ChainRecord, Shared};
pub(crate) use record::{WindowOutcome, WindowRecord};
pub(crate) use time::{Micros, Seconds};
pub(crate) use verdict::Verdict;
pub(crate) use window::Window;
