//! The command `query`.

use std::io::{IsTerminal, Read, stdin, stdout};

use clipcensus::audit::{ExitCode, QueryArgs, QueryFormat, Since};
use jiff::Timestamp;

use crate::error::Error;
use crate::moment::Moment;
use crate::rows::show;
use crate::session::Engine;

/// Bytes of a query at most.
const LONGEST: u64 = 1 << 20;

/// Answers a question.
pub(crate) async fn run_query(args: QueryArgs) -> Result<ExitCode, Error> {
    let is_terminal = stdout().is_terminal();
    let format = args.format.unwrap_or(if is_terminal {
        QueryFormat::Table
    } else {
        QueryFormat::Csv
    });
    if format == QueryFormat::Parquet && is_terminal {
        let why = "a Parquet file is nothing for a terminal: redirect it, > rows.parquet";
        return Err(Error::Usage(why.to_owned()));
    }
    let sql = if args.sql == "-" {
        from_stdin()?
    } else {
        args.sql
    };
    let reading = &args.reading;
    let (moment, notes) = Moment::of(
        &args.out,
        reading.snapshot,
        Since::Previous,
        reading.allow_incomplete,
        Timestamp::now(),
    )?;
    let engine = Engine::new(reading)?;
    let session = engine.session(&moment).await?;
    let rows = session.plan(&sql).await?;
    crate::tell(&notes);
    for absent in session.absent_in(rows.logical_plan())? {
        crate::tell(&[format!("{absent} is empty: {}", why_absent(absent))]);
    }
    show(rows, format).await?;
    Ok(ExitCode::Success)
}

/// Why a view holds nothing, and what to do.
pub(crate) fn why_absent(view: &str) -> &'static str {
    match view {
        crate::session::OWNERS => {
            "the snapshot has no owners; export with --resolve-owners to have them"
        }
        _ => "there is no verified snapshot before this one to compare with",
    }
}

fn from_stdin() -> Result<String, Error> {
    let mut sql = String::new();
    let read = stdin().take(LONGEST + 1).read_to_string(&mut sql);
    match read {
        Ok(read) if read as u64 <= LONGEST => Ok(sql),
        Ok(_) => Err(Error::Usage("a query has at most 1 MiB".to_owned())),
        Err(error) => Err(Error::Usage(format!(
            "the query on stdin cannot be read: {error}"
        ))),
    }
}
