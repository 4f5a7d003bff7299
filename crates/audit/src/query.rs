//! The command `query`.

use std::io::{IsTerminal, Read, stdin, stdout};

use clipcensus::audit::{ExitCode, QueryArgs, QueryFormat, Since, WorkFolder, caveat};
use jiff::Timestamp;

use crate::error::Error;
use crate::moment::Moment;
use crate::rows::show;
use crate::session::{Engine, why_absent};

/// Bytes of a query at most.
const LONGEST: u64 = 1 << 20;

/// Answers a question.
pub(crate) async fn run_query(args: QueryArgs, folder: &WorkFolder) -> Result<ExitCode, Error> {
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
    let engine = Engine::new(reading, folder)?;
    let session = engine.session(&moment).await?;
    let rows = session.plan(&sql).await?;
    for note in &notes {
        caveat(note);
    }
    for absent in session.absent_in(rows.logical_plan())? {
        caveat(&format!("{absent} is empty: {}", why_absent(absent)));
    }
    show(rows, format).await?;
    Ok(ExitCode::Success)
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
