//! Reads back the CSV that this tool writes; strict, so that damage is found.

use std::borrow::Cow;
use std::io::{BufRead, Read};
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanBuilder, Float64Builder, Int64Builder, ListBuilder, RecordBatch,
    StringBuilder, TimestampMicrosecondBuilder,
};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};

use crate::model::time;
use crate::snapshot::csv::formulas::{CsvMode, unarmed};
use crate::snapshot::csv::spreadsheet::BYTE_ORDER_MARK;

/// Rows per batch.
const BATCH_ROWS: usize = 2048;

/// Bytes after which a batch ends, whatever its rows.
const BATCH_BYTES: usize = 8 << 20;

/// The longest record, in bytes: a row is a part of an answer of 32 MiB at most, and its quotes are
/// doubled.
const LONGEST_RECORD: u64 = 128 << 20;

/// Fields of a record at most, of whatever version.
const MOST_FIELDS: usize = 256;

/// Reads rows from CSV, in batches.
pub(crate) struct CsvReader<R> {
    input: R,
    mode: CsvMode,
    schema: SchemaRef,
    line: u64,
    /// Bytes of all records so far.
    bytes: usize,
}

impl<R: BufRead> CsvReader<R> {
    /// Reads the header row. `schema_of` tells the schema of a file with so many columns. The error
    /// says what is wrong, and where.
    pub(crate) fn new(
        input: R,
        mode: CsvMode,
        schema_of: impl FnOnce(usize) -> SchemaRef,
    ) -> Result<Self, String> {
        let mut reader = Self {
            input,
            mode,
            schema: Arc::new(Schema::empty()),
            line: 0,
            bytes: 0,
        };
        let header = reader.record()?.unwrap_or_default();
        let names = header.iter().map(|name| name.as_deref().unwrap_or(""));
        let mut names: Vec<&str> = names.collect();
        if let (CsvMode::Spreadsheet, Some(first)) = (mode, names.first_mut()) {
            *first = first.strip_prefix(BYTE_ORDER_MARK).unwrap_or(first);
        }
        reader.schema = schema_of(names.len());
        let wanted = reader.schema.fields().iter().map(|field| field.name());
        if wanted.eq(names.iter()) {
            Ok(reader)
        } else {
            Err(format!("its columns are {}", names.join(", ")))
        }
    }

    /// The next rows; `None` at the end.
    pub(crate) fn next_batch(&mut self) -> Result<Option<RecordBatch>, String> {
        let schema = Arc::clone(&self.schema);
        let mut columns: Vec<Cells> = schema.fields().iter().map(|f| Cells::of(f)).collect();
        let (mut rows, before) = (0, self.bytes);
        while rows < BATCH_ROWS && self.bytes - before < BATCH_BYTES {
            let Some(record) = self.record()? else { break };
            if record.len() != columns.len() {
                return Err(format!(
                    "line {} has {} fields in place of {}",
                    self.line,
                    record.len(),
                    columns.len()
                ));
            }
            for (index, (cells, field)) in columns.iter_mut().zip(record).enumerate() {
                cells.push(field.as_deref(), self.mode).ok_or_else(|| {
                    let name = schema.field(index).name();
                    format!("line {}: {name} cannot be read", self.line)
                })?;
            }
            rows += 1;
        }
        if rows == 0 {
            return Ok(None);
        }
        let columns = columns.into_iter().map(Cells::finish).collect();
        RecordBatch::try_new(schema, columns)
            .map(Some)
            .map_err(|error| format!("before line {}: {error}", self.line))
    }

    /// The fields of the next record, null where empty and not quoted; `None` at the end.
    fn record(&mut self) -> Result<Option<Vec<Option<String>>>, String> {
        let mut text = Vec::new();
        let mut quotes = 0;
        loop {
            let before = text.len();
            let most = LONGEST_RECORD.saturating_sub(before as u64);
            let read = Read::take(&mut self.input, most)
                .read_until(b'\n', &mut text)
                .map_err(|error| error.to_string())?;
            if read == 0 && text.is_empty() {
                return Ok(None);
            }
            if text.len() as u64 >= LONGEST_RECORD {
                return Err(format!(
                    "the record after line {} is longer than {LONGEST_RECORD} bytes",
                    self.line
                ));
            }
            if read == 0 {
                return Err("it ends in the middle of a record".to_owned());
            }
            self.line += 1;
            // Quotes come in pairs but for one that is open.
            let added = text.iter().skip(before);
            quotes += added.filter(|byte| **byte == b'"').count();
            if quotes % 2 == 0 && text.ends_with(b"\r\n") {
                break;
            }
        }
        self.bytes += text.len();
        let text = String::from_utf8(text).map_err(|error| error.to_string())?;
        let record = text.strip_suffix("\r\n").unwrap_or(&text);
        split(record)
            .map(Some)
            .ok_or_else(|| format!("line {} has a stray quote, or too many fields", self.line))
    }
}

/// The fields of a whole record; `None` where a quote stands where it must not, or there are too many.
fn split(mut record: &str) -> Option<Vec<Option<String>>> {
    let mut fields = Vec::new();
    loop {
        let (field, rest) = if let Some(quoted) = record.strip_prefix('"') {
            let (field, rest) = quoted_field(quoted)?;
            (Some(field), rest)
        } else {
            let (field, rest) = match record.split_once(',') {
                Some((field, rest)) => (field, Some(rest)),
                None => (record, None),
            };
            if field.contains('"') {
                return None;
            }
            (Some(field.to_owned()).filter(|f| !f.is_empty()), rest)
        };
        fields.push(field);
        if fields.len() > MOST_FIELDS {
            return None;
        }
        match rest {
            Some(rest) => record = rest,
            None => return Some(fields),
        }
    }
}

/// A field up to its closing quote, and what follows the comma after it.
fn quoted_field(mut rest: &str) -> Option<(String, Option<&str>)> {
    let mut field = String::new();
    loop {
        let (part, after) = rest.split_once('"')?;
        field.push_str(part);
        if let Some(more) = after.strip_prefix('"') {
            field.push('"');
            rest = more;
        } else if after.is_empty() {
            return Some((field, None));
        } else {
            return Some((field, Some(after.strip_prefix(',')?)));
        }
    }
}

/// The cells of one column.
enum Cells {
    Text(StringBuilder),
    Float(Float64Builder),
    Integer(Int64Builder),
    Boolean(BooleanBuilder),
    Instant(TimestampMicrosecondBuilder),
    Texts(ListBuilder<StringBuilder>),
}

impl Cells {
    fn of(field: &Field) -> Self {
        match field.data_type() {
            DataType::Float64 => Self::Float(Float64Builder::new()),
            DataType::Int64 => Self::Integer(Int64Builder::new()),
            DataType::Boolean => Self::Boolean(BooleanBuilder::new()),
            DataType::Timestamp(..) => {
                Self::Instant(TimestampMicrosecondBuilder::new().with_timezone("UTC"))
            }
            DataType::List(element) => {
                Self::Texts(ListBuilder::new(StringBuilder::new()).with_field(Arc::clone(element)))
            }
            _ => Self::Text(StringBuilder::new()),
        }
    }

    /// Adds a cell; `None` where it cannot be read.
    fn push(&mut self, cell: Option<&str>, mode: CsvMode) -> Option<()> {
        let text = |cell| match mode {
            CsvMode::Spreadsheet => unarmed(cell),
            CsvMode::Lossless => Cow::Borrowed(cell),
        };
        match self {
            Self::Text(cells) => cells.append_option(cell.map(text)),
            Self::Float(cells) => cells.append_option(parsed(cell)?),
            Self::Integer(cells) => cells.append_option(parsed(cell)?),
            Self::Boolean(cells) => cells.append_option(parsed(cell)?),
            Self::Instant(cells) => match cell {
                None => cells.append_null(),
                Some(cell) => cells.append_value(time::parse_micros(cell)?),
            },
            Self::Texts(cells) => match cell {
                None => cells.append(false),
                Some(cell) => {
                    let tags: Vec<String> = serde_json::from_str(&text(cell)).ok()?;
                    for tag in tags {
                        cells.values().append_value(tag);
                    }
                    cells.append(true);
                }
            },
        }
        Some(())
    }

    fn finish(self) -> ArrayRef {
        match self {
            Self::Text(mut cells) => Arc::new(cells.finish()),
            Self::Float(mut cells) => Arc::new(cells.finish()),
            Self::Integer(mut cells) => Arc::new(cells.finish()),
            Self::Boolean(mut cells) => Arc::new(cells.finish()),
            Self::Instant(mut cells) => Arc::new(cells.finish()),
            Self::Texts(mut cells) => Arc::new(cells.finish()),
        }
    }
}

/// A null, or a value that parses; the outer `None` where it does not.
#[expect(
    clippy::option_option,
    reason = "null and unreadable are different things"
)]
fn parsed<T: std::str::FromStr>(cell: Option<&str>) -> Option<Option<T>> {
    match cell {
        None => Some(None),
        Some(cell) => cell.parse().ok().map(Some),
    }
}
