//! The program as its users run it, against a simulated account on this machine.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod audit;
mod engines;
mod query;
mod support;
