//! Writes rows as CSV.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io;
use std::io::Write;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{
    DataType, Date32Type, Float64Type, Int64Type, Schema, TimestampMicrosecondType,
};

use crate::model::time;
use crate::snapshot::csv::formulas::{CsvMode, defused};
use crate::snapshot::csv::spreadsheet::BYTE_ORDER_MARK;

pub(crate) struct CsvWriter<W> {
    output: W,
    mode: CsvMode,
    line: String,
}

impl<W: Write> CsvWriter<W> {
    /// Writes the header row.
    pub(crate) fn new(mut output: W, mode: CsvMode, schema: &Schema) -> io::Result<Self> {
        let names: Vec<&str> = schema.fields().iter().map(|f| f.name().as_str()).collect();
        let mark = match mode {
            CsvMode::Spreadsheet => BYTE_ORDER_MARK,
            CsvMode::Lossless => "",
        };
        write!(output, "{mark}{}\r\n", names.join(","))?;
        Ok(Self {
            output,
            mode,
            line: String::new(),
        })
    }

    /// Writes the rows of a batch in the schema of the header.
    pub(crate) fn write(&mut self, batch: &RecordBatch) -> io::Result<()> {
        let mut cell = String::new();
        for row in 0..batch.num_rows() {
            self.line.clear();
            for (index, column) in batch.columns().iter().enumerate() {
                if index > 0 {
                    self.line.push(',');
                }
                if column.is_null(row) {
                    continue;
                }
                cell.clear();
                match column.data_type() {
                    DataType::Utf8 => self.text(column.as_string::<i32>().value(row)),
                    DataType::List(_) => {
                        let tags = json_list(&column.as_list::<i32>().value(row))?;
                        self.text(&tags);
                    }
                    _ => plain(&mut self.line, column, row)?,
                }
            }
            self.line.push_str("\r\n");
            self.output.write_all(self.line.as_bytes())?;
        }
        Ok(())
    }

    /// The writer below.
    pub(crate) fn into_inner(self) -> W {
        self.output
    }

    fn text(&mut self, text: &str) {
        push_text(&mut self.line, text, self.mode);
    }
}

/// Adds a cell of text to a line, quoted where it has to be. The empty text is `""`, which the `csv`
/// crate does not write in any of its quote styles.
fn push_text(line: &mut String, text: &str, mode: CsvMode) {
    let text = match mode {
        CsvMode::Spreadsheet => defused(text),
        CsvMode::Lossless => Cow::Borrowed(text),
    };
    let is_special = |byte| matches!(byte, b'"' | b',' | b'\r' | b'\n');
    if !text.is_empty() && !text.bytes().any(is_special) {
        line.push_str(&text);
        return;
    }
    line.push('"');
    for (index, part) in text.split('"').enumerate() {
        if index > 0 {
            line.push_str("\"\"");
        }
        line.push_str(part);
    }
    line.push('"');
}

/// A list of texts as JSON.
fn json_list(values: &ArrayRef) -> io::Result<String> {
    let texts: Vec<&str> = values.as_string::<i32>().iter().flatten().collect();
    Ok(serde_json::to_string(&texts)?)
}

/// A value that needs no quotes.
fn plain(line: &mut String, column: &ArrayRef, row: usize) -> io::Result<()> {
    let written = match column.data_type() {
        DataType::Float64 => {
            let value = column.as_primitive::<Float64Type>().value(row);
            write!(line, "{value}").ok()
        }
        DataType::Int64 => {
            let value = column.as_primitive::<Int64Type>().value(row);
            write!(line, "{value}").ok()
        }
        DataType::Boolean => {
            let value = column.as_boolean().value(row);
            write!(line, "{value}").ok()
        }
        DataType::Date32 => {
            let date = column.as_primitive::<Date32Type>().value_as_date(row);
            date.and_then(|date| write!(line, "{date}").ok())
        }
        DataType::Timestamp(..) => {
            let value = column.as_primitive::<TimestampMicrosecondType>().value(row);
            time::write_micros(line, value)
        }
        _ => None,
    };
    written.ok_or_else(|| {
        io::Error::other(format!(
            "a value of type {} cannot be written as CSV",
            column.data_type()
        ))
    })
}
