//! clipcensus takes a complete, verified census of every Zoom Clip in an account.
//!
//! The rooms of the house, in the order of the data. A file imports only from rooms that stand
//! above its own; a test holds this list against the code. [`run`] is the whole program.
//!
//! | room | what it does |
//! |---|---|
//! | [`event`] | what happened, as plain data: progress, log and manifest listen |
//! | [`cores`] | work that keeps a core busy, off the async threads |
//! | `redact` | secrets out of JSON, links and messages; pure |
//! | [`clip`] | the row: one record of the API, normalised; pure |
//! | [`owner`] | who a clip belongs to; the `owners` table; pure |
//! | [`zoom`] | the service as it is: access tokens, limits, retries, pages |
//! | [`model`] | plain data that several rooms speak of: windows, chains |
//! | [`snapshot`] | files: data files, manifest, publishing, reading back |
//! | [`spool`] | what was listed, on local disk, before it is published |
//! | [`crawl`] | windows, heads, chains, proof; the one concurrent step |
//! | [`report`] | the summary, a fold over rows, and how it is shown |
//! | [`exit_code`] | what the process says to its caller |
//! | [`cli`] | the arguments as typed |
//! | [`config`] | arguments, environment and file, resolved once |
//! | [`error`] | every stage's error, and its exit code |
//! | [`tally`] | attempts by outcome, for the manifest |
//! | [`progress`] | events on stderr |
//! | [`export`] | an export from its settings to its snapshot |
//! | [`verify`] | a snapshot against its manifest, the manifest against itself |
//! | [`check`] | a look before an export, of which nothing stays |
//! | `signals` | work that a signal stops |
//! | `monitor` | how an export ended, told to a metrics file and a ping URL |
//! | `manual` | completions and man pages, from the arguments |
//! | `commands` | each command: settings in, result out |

pub mod event;

pub mod cores;

mod redact;

pub mod clip;

pub mod owner;

pub mod zoom;

pub mod model;

pub mod snapshot;

pub mod spool;

pub mod crawl;

pub mod report;

pub mod exit_code;

pub mod cli;

pub mod config;

pub mod error;

pub mod tally;

pub mod progress;

pub mod export;

pub mod verify;

pub mod check;

mod signals;

mod monitor;

mod manual;

mod commands;

pub use commands::run;
