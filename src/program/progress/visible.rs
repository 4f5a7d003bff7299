//! The log's texts with their hidden characters as escapes, whatever they quote.

use std::io;
use std::io::Write;

use tracing_subscriber::field::MakeExt;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::{FormatFields, debug_fn};

use crate::redact::hidden::{visible_json, visible_line};

/// How the fields of a line for people are written: the message, then `name=value`.
pub(super) fn fields() -> impl for<'writer> FormatFields<'writer> + 'static {
    debug_fn(|writer, field, value| {
        let value = format!("{value:?}");
        match field.name() {
            "message" => write!(writer, "{}", visible_line(&value)),
            name => write!(writer, "{name}={}", visible_line(&value)),
        }
    })
    .delimited(" ")
}

/// Lines of JSON, which escapes control characters below U+0080 only.
#[derive(Debug, Clone)]
pub(super) struct VisibleJson<W>(pub(super) W);

impl<'writer, W: MakeWriter<'writer>> MakeWriter<'writer> for VisibleJson<W> {
    type Writer = VisibleJsonWriter<W::Writer>;

    fn make_writer(&'writer self) -> Self::Writer {
        VisibleJsonWriter(self.0.make_writer())
    }
}

/// Gets one line at a time.
#[derive(Debug)]
pub(super) struct VisibleJsonWriter<W>(W);

impl<W: Write> Write for VisibleJsonWriter<W> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(line);
        self.0.write_all(visible_json(&text).as_bytes())?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
