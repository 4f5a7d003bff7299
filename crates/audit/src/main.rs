//! The program `clipcensus-audit`, which `clipcensus` starts for its commands `query` and `audit`.
//!
//! | file | what it does |
//! |---|---|
//! | `moment` | which snapshots are read: the one in question, the one before, all up to it |
//! | `files`, `table` | open files of snapshots as tables of the engine |
//! | `session` | the engine over the views of a moment: read-only, bounded in memory |
//! | `query`, `rows` | a question, and its answer in a form |
//! | `parameter`, `rule`, `rules` | a rule's text; those built in (`rules/*.sql`) and those of a folder |
//! | `exception` | what somebody has said to be right, why and until when |
//! | `subject`, `finding` | what an audit finds, as plain data |
//! | `evaluate` | a rule at a moment and at the one before: new, persisting, resolved, excepted |
//! | `audit` | the command, from its arguments to its exit code |
//! | `form`, `output` | findings in a form |
//! | `metrics` | findings by rule, severity and state |
//! | `record` | what is kept of an audit, as evidence |

mod audit;
mod error;
mod evaluate;
mod exception;
mod files;
mod finding;
mod form;
mod metrics;
mod moment;
mod output;
mod parameter;
mod query;
mod record;
mod rows;
mod rule;
mod rules;
mod session;
mod subject;
mod table;

use std::process::ExitCode;

use clipcensus::audit::{SqlCommand, run_with};

/// Batches of rows come and go on several threads, as in the program that starts this one.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    let code = run_with(std::env::args_os(), |command, folder| async move {
        let ended = match command {
            SqlCommand::Query(args) => query::run_query(args, &folder).await,
            SqlCommand::Audit(args) => audit::run_audit(*args, &folder).await,
        };
        Ok(ended?)
    });
    ExitCode::from(code as u8)
}
