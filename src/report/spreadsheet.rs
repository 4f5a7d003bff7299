//! Lines of CSV for a spreadsheet: RFC 4180, UTF-8, behind a byte order mark, and harmless.

use std::io;
use std::io::Write;

use crate::snapshot::csv::defused;
use crate::snapshot::csv::spreadsheet::BYTE_ORDER_MARK;

/// Lines being written.
pub(crate) struct Lines<W: Write>(csv::Writer<W>);

impl<W: Write> Lines<W> {
    /// Begins with a byte order mark, by which a spreadsheet knows that it is UTF-8.
    ///
    /// # Errors
    /// Those of `output`.
    pub(crate) fn begin(mut output: W) -> io::Result<Self> {
        output.write_all(BYTE_ORDER_MARK.as_bytes())?;
        let mut lines = csv::WriterBuilder::new();
        lines.terminator(csv::Terminator::CRLF);
        Ok(Self(lines.from_writer(output)))
    }

    /// Writes a line. What a spreadsheet would run as a formula is defused.
    ///
    /// # Errors
    /// Those of the output.
    pub(crate) fn write(
        &mut self,
        cells: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> io::Result<()> {
        for cell in cells {
            let cell = defused(cell.as_ref());
            self.0.write_field(cell.as_bytes()).map_err(io_error)?;
        }
        self.0.write_record(None::<&[u8]>).map_err(io_error)
    }

    /// Ends the file.
    ///
    /// # Errors
    /// Those of the output.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// The error of the output itself: the crate's own conversion hides what kind it is, such as a full
/// disk.
fn io_error(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}
