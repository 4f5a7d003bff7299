//! Results to stdout.

use std::io::{BufWriter, Write};

use crate::error::Error;
use crate::model::exit_code::ExitCode;
use crate::redact::hidden::visible_line;
use crate::redact::visible_json::visible_json;

/// Writes a line for people that may quote what came from elsewhere.
pub(super) fn print_line(line: &str) -> Result<(), Error> {
    print(&format!("{}\n", visible_line(line)))
}

/// Writes a line of JSON that may quote what came from elsewhere.
pub(super) fn print_json_line(line: &str) -> Result<(), Error> {
    print(&format!("{}\n", visible_json(line)))
}

/// Writes a result. A reader that has seen enough, such as `head`, is no failure.
pub(super) fn print(text: &str) -> Result<(), Error> {
    put(|stdout| stdout.write_all(text.as_bytes()))
}

/// The same where the work is done already, which an error has to say: who reads only that nothing could
/// be written would do it again.
pub(super) fn print_done(text: &str, done: impl FnOnce() -> String) -> Result<(), Error> {
    print(text).map_err(|error| match error {
        Error::Stdout(source) => Error::DoneUnprinted {
            done: done(),
            source,
        },
        other => other,
    })
}

/// Lets a result be written piece by piece, as [`print()`] does it in one.
pub(super) fn put(write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>) -> Result<(), Error> {
    let mut stdout = BufWriter::new(std::io::stdout().lock());
    match write(&mut stdout).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Error::Stdout(error)),
        _ => Ok(()),
    }
}

/// How a command ends whose work was to write.
pub(super) fn done(printed: Result<(), Error>) -> Result<ExitCode, Error> {
    printed.map(|()| ExitCode::Success)
}
