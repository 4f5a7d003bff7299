//! The fold: rows in, sums out. Its memory grows with the number of owners, not of rows.

mod ages;
pub(crate) mod columns;
mod finish;
mod months;
mod ranking;
mod summary_fold;
mod values;

pub(crate) use summary_fold::SummaryFold;
