//! Black-box tests: the real program against the sandbox over loopback, and the rules of the house.
//!
//! | suite | about |
//! |---|---|
//! | `house` | which room may import which; first lines; samples |
//! | `export` | what is listed, for all sizes, histories, formats and bounds |
//! | `settings` | flags, environment, file: wrong ones are refused before anything is sent |
//! | `service` | credentials, scopes, accounts, limits, faults |
//! | `check` | a look before an export |
//! | `log` | what is said on stderr |
//! | `owners` | who the owners are, where that is asked for |
//! | `prune` | which snapshots are removed, and how |
//! | `output` | files, manifests, replacing, resuming, locks |
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod check;
mod export;
mod house;
mod log;
mod output;
mod owners;
mod prune;
mod service;
mod settings;
mod support;
