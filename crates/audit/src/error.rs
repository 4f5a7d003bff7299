//! What goes wrong in a query or an audit, each with its exit code.

use std::io;
use std::iter::successors;
use std::path::PathBuf;

use clipcensus::audit::{ExitCode, SqlFailure};
use datafusion::arrow::error::ArrowError;
use datafusion::common::{DataFusionError, Span};
use datafusion::parquet::errors::ParquetError;

/// What ends a query or an audit.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// Arguments, rules, exceptions or SQL that cannot be used.
    #[error("{0}")]
    Usage(String),
    /// A snapshot that is not to be trusted, or is damaged.
    #[error("{0}")]
    Untrusted(String),
    /// The library's own errors: of files, settings and stdout.
    #[error("{}", .0.why)]
    Library(#[from] SqlFailure),
    /// What cannot be written.
    #[error("cannot write to {place}: {source}; make room, or name another folder with --work")]
    Write { place: String, source: io::Error },
    /// The metrics file cannot be written.
    #[error(
        "the metrics file {path} cannot be written: {source}; make its folder, or give another --metrics-file"
    )]
    Metrics { path: PathBuf, source: io::Error },
    /// The answer cannot be written.
    #[error("cannot write to stdout: {0}")]
    Stdout(io::Error),
    /// The engine.
    #[error("{0}")]
    Engine(Box<DataFusionError>),
}

impl From<DataFusionError> for Error {
    fn from(error: DataFusionError) -> Self {
        match of_library(&error) {
            Some(failure) => Self::Library(failure),
            None => Self::Engine(Box::new(error)),
        }
    }
}

impl From<Error> for SqlFailure {
    fn from(error: Error) -> Self {
        let code = match &error {
            Error::Usage(_) => ExitCode::Usage,
            Error::Untrusted(_) => ExitCode::Incomplete,
            Error::Library(failure) => failure.code,
            Error::Write { .. } | Error::Metrics { .. } | Error::Stdout(_) => ExitCode::CannotWrite,
            Error::Engine(error) => exit_code(error),
        };
        let why = match &error {
            Error::Engine(error) => told(error),
            other => other.to_string(),
        };
        Self { why, code }
    }
}

/// The library's error within one of the engine, through which a table's files are opened.
pub(crate) fn of_library(error: &DataFusionError) -> Option<SqlFailure> {
    let failure = causes(error).find_map(|cause| cause.downcast_ref::<SqlFailure>())?;
    Some(SqlFailure {
        why: failure.why.clone(),
        code: failure.code,
    })
}

/// What is wrong in words, without the engine's own names for its stages.
pub(crate) fn told(error: &DataFusionError) -> String {
    let root = error.find_root();
    match root {
        DataFusionError::ResourcesExhausted(_) => format!(
            "the query needs more memory than it may have: give it more with --memory ({})",
            root.message()
        ),
        DataFusionError::IoError(error) => {
            format!(
                "cannot write what does not fit into memory: {error}; name another folder with --work"
            )
        }
        unread if is_unread(unread) => match refused(unread) {
            Some(error) => format!(
                "a data file cannot be read: {error}; check that the output folder may be read, and query it again"
            ),
            None => format!(
                "a data file cannot be read: {}; `clipcensus verify` tells which",
                unread.message()
            ),
        },
        DataFusionError::SQL(error, _) => format!("this is no SQL that can be answered: {error}"),
        DataFusionError::Plan(why) if why.contains(" not supported: ") => {
            format!("a query can only read, and this one would do something else ({why})")
        }
        _ => {
            let lines = root
                .message()
                .trim()
                .lines()
                .map(str::trim)
                .collect::<Vec<&str>>()
                .join(" ");
            if lines.contains("Placeholder") {
                format!(
                    "{lines}; a rule declares what it is given by lines `-- param: name kind value about`"
                )
            } else {
                lines
            }
        }
    }
}

pub(crate) fn exit_code(error: &DataFusionError) -> ExitCode {
    match error.find_root() {
        DataFusionError::IoError(_) => ExitCode::CannotWrite,
        unread if is_unread(unread) => match refused(unread) {
            Some(_) => ExitCode::CannotWrite,
            None => ExitCode::Incomplete,
        },
        DataFusionError::Internal(_) => ExitCode::Internal,
        _ => ExitCode::Usage,
    }
}

/// Whether a data file could not be read or decoded: the reader says so by an error of its own, by one of Arrow, or
/// by one that holds it.
fn is_unread(error: &DataFusionError) -> bool {
    match error {
        DataFusionError::ParquetError(_) => true,
        DataFusionError::ArrowError(error, _) => match error.as_ref() {
            ArrowError::ParquetError(_) => true,
            ArrowError::ExternalError(error) => error.is::<ParquetError>(),
            _ => false,
        },
        DataFusionError::External(error) => error.is::<ParquetError>(),
        _ => false,
    }
}

/// What the system did not let be read of a data file: the file is not damaged then.
fn refused(error: &DataFusionError) -> Option<&io::Error> {
    causes(error)
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        .find(|error| error.raw_os_error().is_some())
}

/// An error, and each that is behind it.
fn causes(error: &DataFusionError) -> impl Iterator<Item = &(dyn std::error::Error + 'static)> {
    let first: &(dyn std::error::Error + 'static) = error;
    successors(Some(first), |error| error.source())
}

/// Where in a query an error is, if the engine says so: line and column, from 1.
pub(crate) fn place(error: &DataFusionError) -> Option<(u64, u64)> {
    if let Some(Span { start, .. }) = error.diagnostic().and_then(|it| it.span) {
        return Some((start.line, start.column));
    }
    let text = error.to_string();
    let (_, rest) = text.split_once("Line: ")?;
    let (line, rest) = rest.split_once(", Column: ")?;
    let digits = rest.split(|letter: char| !letter.is_ascii_digit()).next()?;
    Some((line.trim().parse().ok()?, digits.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_the_system_does_not_let_be_read_is_not_called_damaged() {
        let by_reader = |error: io::Error| {
            let of_parquet = ParquetError::External(Box::new(error));
            let of_arrow = ArrowError::ExternalError(Box::new(of_parquet));
            DataFusionError::ArrowError(Box::new(of_arrow), None)
        };
        let refused = by_reader(io::Error::from_raw_os_error(5));
        assert_eq!(exit_code(&refused), ExitCode::CannotWrite);
        assert_eq!(
            told(&refused),
            "a data file cannot be read: Input/output error (os error 5); check that the output folder may \
             be read, and query it again"
        );
        let damaged = by_reader(io::Error::from(io::ErrorKind::UnexpectedEof));
        assert_eq!(exit_code(&damaged), ExitCode::Incomplete);
        assert!(told(&damaged).contains("`clipcensus verify` tells which"));
        let direct = DataFusionError::from(ParquetError::from(io::Error::from_raw_os_error(24)));
        assert_eq!(exit_code(&direct), ExitCode::CannotWrite);
    }
}
