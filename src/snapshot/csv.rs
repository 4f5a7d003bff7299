//! CSV: RFC 4180, UTF-8, one header row, lines ended by CR LF.
//!
//! A null is an empty field, an empty text is `""`. That difference is the only reason why cells are
//! written and read here and not by the `csv` crate: its writer has no quote style that keeps the
//! two apart, and its reader does not tell whether a field was quoted. `verify` sums a snapshot up
//! from its rows and compares, so that the difference matters. Other CSV, such as `owners.csv`, is
//! the crate's.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io;
use std::io::Write;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Float64Type, Int64Type, Schema, TimestampMicrosecondType};
use serde::{Deserialize, Serialize};

use crate::model::time;

mod read;

pub(crate) use read::CsvReader;

/// How cells of text are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CsvMode {
    /// A `'` stands before text that a spreadsheet would run as a formula.
    Spreadsheet,
    /// Text as it is.
    Lossless,
}

/// Whether a spreadsheet may run the text as a formula, or whether it looks like one that was
/// defused. After any number of `'`: a tab, CR or LF; or, after white space and double quotes, one
/// of `= + - @` or their full-width forms.
///
/// Text in that form gets one `'` more when it is written, and loses one when it is read. Other
/// text stays as it is, so that every text reads back as it was.
fn is_armed(text: &str) -> bool {
    let text = text.trim_start_matches('\'');
    if text.starts_with(['\t', '\r', '\n']) {
        return true;
    }
    text.trim_start_matches(|c: char| c.is_whitespace() || c == '"')
        .starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠'])
}

/// The text that a spreadsheet shows and does not run.
pub(crate) fn defused(text: &str) -> Cow<'_, str> {
    if is_armed(text) {
        Cow::Owned(format!("'{text}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// The text that was defused to `text`, if any was.
fn unarmed(text: &str) -> Option<&str> {
    text.strip_prefix('\'').filter(|inner| is_armed(inner))
}

/// Writes rows as CSV.
pub(crate) struct CsvWriter<W> {
    output: W,
    mode: CsvMode,
    line: String,
}

impl<W: Write> CsvWriter<W> {
    /// Writes the header row.
    pub(crate) fn new(mut output: W, mode: CsvMode, schema: &Schema) -> io::Result<Self> {
        let names: Vec<&str> = schema.fields().iter().map(|f| f.name().as_str()).collect();
        write!(output, "{}\r\n", names.join(","))?;
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

#[cfg(test)]
mod tests {
    use proptest::prelude::Strategy;
    use proptest::proptest;

    use super::*;

    #[test]
    fn formulas_are_defused_and_plain_text_is_not() {
        for formula in [
            "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\rx", "  =1", "\"=1", "'=1", "''@x", "＝1",
            "\n-1",
        ] {
            assert_eq!(defused(formula), format!("'{formula}"), "{formula:?}");
        }
        for plain in ["", "'", "'tis", "a=1", "[\"=1\"]", "1-1", " a"] {
            assert_eq!(defused(plain), plain, "{plain:?}");
        }
    }

    fn cell() -> impl Strategy<Value = String> {
        "['\"=+@ \t\r\n,a＝-]{0,6}"
    }

    proptest! {
        #[test]
        fn every_text_reads_back_and_none_is_left_armed(text in cell()) {
            let written = defused(&text);
            proptest::prop_assert_eq!(unarmed(&written).unwrap_or(&written), &text);
            proptest::prop_assert!(written.starts_with('\'') || !is_armed(&written));
        }
    }
}
