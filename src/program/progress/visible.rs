//! The log's texts with their hidden characters as escapes, whatever they quote.

use tracing_subscriber::field::MakeExt;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::{FormatFields, debug_fn};

use crate::redact::hidden::visible_line;
use crate::redact::visible_json::VisibleJson;

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

/// A log of lines of JSON.
#[derive(Debug, Clone)]
pub(super) struct JsonLog<W>(pub(super) W);

impl<'writer, W: MakeWriter<'writer>> MakeWriter<'writer> for JsonLog<W> {
    type Writer = VisibleJson<W::Writer>;

    fn make_writer(&'writer self) -> Self::Writer {
        VisibleJson::new(self.0.make_writer())
    }
}
