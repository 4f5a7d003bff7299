//! clipcensus takes a complete, verified census of every Zoom Clip in an account.
//!
//! The rooms of the house, in four bands and in the order of the data. A file imports only from
//! rooms that stand above its own, and no two files of a room import each other, directly or by way
//! of others; a test holds both against the code. [`run`] is the whole program.
//!
//! **Ground:** plain things that every room may use.
//!
//! | room | what it does |
//! |---|---|
//! | `event` | what happened, as plain data: progress, log and metrics listen |
//! | `pool` | work that keeps a core busy, off the async threads |
//! | `redact` | secrets out of JSON, links and messages; pure |
//! | `model` | plain data that several rooms speak of: time, windows, verdicts, exit codes |
//! | `disk` | the output folder: its layout, its lock, its files, what goes wrong with them |
//!
//! **The way of the data:** from the service to a snapshot.
//!
//! | room | what it does |
//! |---|---|
//! | `clip` | the row: one record of the API, normalised; who owns it; pure |
//! | `zoom` | the service as it is: access tokens, limits, retries, pages |
//! | `spool` | what was listed, on local disk, before it is published |
//! | `crawl` | windows, heads, chains, proof; the one concurrent step |
//! | `snapshot` | data files and manifest: written, published, read back, pruned |
//!
//! **Made of snapshots.**
//!
//! | room | what it does |
//! |---|---|
//! | `report` | the summary, a fold over rows, and how it is shown |
//! | `verify` | a snapshot against its manifest, the manifest against itself |
//! | `diff` | what changed from one snapshot to a later one |
//!
//! **The commands.**
//!
//! | room | what it does |
//! |---|---|
//! | `settings` | arguments, environment and file, resolved once |
//! | `error` | every stage's error, and its exit code |
//! | `account` | the way to the service: client, scopes, the accounts to list |
//! | `export` | an export from its settings to its snapshot |
//! | `check` | a look before an export, of which nothing stays |
//! | `program` | each command from its arguments to its exit code; progress, log, metrics |
//!
//! Beside them, for fuzzing and tests only: `fuzz` is what must be so of whatever is read.
//!
//! Two crates stand beside this one: `crates/sandbox` is the simulated service, and `crates/audit` the
//! program that does `query` and `audit`; each has a map of its own in its first file.

// Ground
mod event;

mod pool;

mod redact;

mod model;

mod disk;

// The way of the data
mod clip;

mod zoom;

mod spool;

mod crawl;

mod snapshot;

// Made of snapshots
mod report;

mod verify;

mod diff;

// The commands
mod settings;

mod error;

mod account;

mod export;

mod check;

mod program;

#[cfg(any(test, fuzzing))]
mod fuzz;

pub use program::run;

/// What `crates/audit` is made with: another program on the same snapshots, with the same manners. None of
/// it is promised to others.
#[doc(hidden)]
pub mod audit {
    pub use crate::clip::exposed_in_sql;
    pub use crate::diff::incomparable;
    pub use crate::disk::layout::{Layout, Table};
    pub use crate::error::SqlFailure;
    pub use crate::model::exit_code::ExitCode;
    pub use crate::model::verdict::Verdict;
    pub use crate::program::lent::{
        Held, Wrong, audit_table, empty_parquet, keep_audit, manifests, parquet_files, print, size,
    };
    pub use crate::program::{Gauges, SqlCommand, WorkFolder, caveat, run_with};
    pub use crate::redact::hidden::visible;
    pub use crate::redact::visible_json::{VisibleJson, write_json_line};
    pub use crate::report::html::sections::{Head, html_of};
    pub use crate::report::markdown::markdown_of;
    pub use crate::report::page::numbers::{count, things};
    pub use crate::report::page::plain::{fit, pad, width};
    pub use crate::report::page::section;
    pub use crate::report::text::text_of;
    pub use crate::settings::args::audit::{
        AuditArgs, AuditFormat, AuditTable, FailOn, QueryArgs, QueryFormat, ReadingArgs,
        SetParameter, Severity, Since,
    };
    pub use crate::snapshot::csv::formulas::defused;
    pub use crate::snapshot::manifest::Manifest;
    pub use crate::snapshot::parquet_files::{Checked, OpenParquet};
    pub use crate::snapshot::rowset::Rowset;
}

/// What the benches and the tests of this repository use. None of it is promised.
#[doc(hidden)]
pub mod internals {
    pub use crate::clip::owner::owner_schema;
    pub use crate::clip::row::SecretPolicy;
    pub use crate::clip::schema::schema;
    pub use crate::crawl::page::Decoder;
    pub use crate::disk::layout::{Layout, Table};
    pub use crate::event::Events;
    pub use crate::model::chain::ChainRecord;
    pub use crate::model::exit_code::ExitCode;
    pub use crate::model::time::{Micros, Seconds};
    pub use crate::model::window::Window;
    pub use crate::settings::args::{Cli, MANUAL};
    pub use crate::snapshot::csv::formulas::CsvMode;
    pub use crate::snapshot::manifest::Format;
    pub use crate::snapshot::publish::Publication;
    pub use crate::spool::merge;
    pub use crate::spool::{ChainPages, Spool, SpoolHeader};
    pub use crate::zoom::access_token::Credentials;
    pub use crate::zoom::client::Client;
    pub use crate::zoom::clips;
    pub use crate::zoom::clips::{ClipsQuery, DateFilter};
    pub use crate::zoom::connections::Timeouts;
    pub use crate::zoom::endpoints::Endpoints;
    pub use crate::zoom::limiter::Limits;
    pub use crate::zoom::retry::RetryPolicy;
    pub use crate::zoom::transport::HttpTransport;
    pub use crate::zoom::wire::Page;

    /// What `fuzz/` tries to break.
    #[cfg(any(test, fuzzing))]
    pub mod fuzz {
        pub use crate::fuzz::accounts::accounts;
        pub use crate::fuzz::answers::answers;
        pub use crate::fuzz::csv::csv;
        pub use crate::fuzz::intent::intent;
        pub use crate::fuzz::latest::latest;
        pub use crate::fuzz::manifest::manifest;
        pub use crate::fuzz::page::page;
        pub use crate::fuzz::parquet::parquet;
        pub use crate::fuzz::settings::settings;
        pub use crate::fuzz::spool::spool;
    }
}
