//! The crawl: all windows of all accounts, many at once. The one concurrent step of an export.
//!
//! One request is the unit of work. Its page holds all of its window, or it is the head of it: what is
//! later than the second of its oldest record is finished, and the rest is a window again. No page
//! token is needed, so that none can expire, and each answer is of one moment. Two counts prove it: a
//! page that holds its window has as many distinct clips as its `total_records`, and a head and the
//! rest come to the total that the head's page named (`sums`). What does not add up is asked for
//! again, that span alone. Where no head can be made (another order, no total, more clips in one
//! second than are worth repeating) a chain goes on by page token, within its window (`chain`,
//! `proof`).
//!
//! What comes next is decided in `queue` when the limiter has a slot. Every chain is in the spool
//! before its rest is asked for, so that an interrupted crawl goes on where it was.

mod chain;
mod context;
#[cfg(test)]
mod fuzz;
pub(crate) mod page;
mod proof;
mod queue;
mod resume;
mod run;
mod sums;
mod target;
#[cfg(test)]
pub(crate) mod tests;
#[cfg(any(test, fuzzing))]
pub(crate) mod whole;
mod windows;

pub(crate) use context::{Crawl, CrawlError, Known};
pub(crate) use run::AccountFailure;
pub(crate) use target::{Account, Filters};
