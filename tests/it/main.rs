//! Black-box tests: the real program against the sandbox over loopback, and the rules of the house.
//!
//! | suite | about |
//! |---|---|
//! | `house` | which room may import which; first lines; samples |
//! | `browser` | `report.html` in a headless Chromium, where there is one |
//! | `export` | what is listed, for all sizes, histories, formats and bounds |
//! | `settings` | flags, environment, file: wrong ones are refused before anything is sent |
//! | `service` | credentials, scopes, accounts, limits, faults |
//! | `output` | files, manifests, replacing, resuming, locks |
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod browser;
mod export;
mod house;
mod output;
mod service;
mod settings;
mod support;
