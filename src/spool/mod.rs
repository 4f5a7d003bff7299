//! The spool: what a crawl has listed, on local disk, which survives the process.
//!
//! Every page is a sorted run of its own, added to the pages file. A chain of pages, mostly of one
//! page, is in the spool once the journal has its line, which says where its runs stand; what stands
//! behind all that the journal names is cut off when the spool is opened again.
//! [`merge()`] makes one sorted stream of all runs, up to the [`Watermark`] while the crawl goes on.

mod chains;
mod header;
mod journal;
mod key;
mod merge;
mod pages;
mod run;
#[cfg(test)]
pub(crate) mod testing;
mod watermark;

pub(crate) use chains::Stage;
pub use chains::{ChainPages, Spool};
pub(crate) use header::SPOOL_FORMAT;
pub use header::SpoolHeader;
pub(crate) use key::Hashing;
pub(crate) use merge::Merge;
pub use merge::merge;
pub(crate) use watermark::{Bound, Settled, Watermark};
