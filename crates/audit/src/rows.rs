//! Rows as an answer: a table for people, CSV, JSON lines or Parquet.

use std::borrow::Cow;
use std::convert::Infallible;
use std::io::{self, BufWriter, ErrorKind, Stdout, Write, stdout};

use clipcensus::audit::{
    QueryFormat, VisibleJson, caveat, defused, fit, pad, print, visible, width,
};
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::{DataType, SchemaRef};
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::json::WriterBuilder;
use datafusion::arrow::json::writer::LineDelimited;
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::common::DataFusionError;
use datafusion::dataframe::DataFrame;
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::basic::{Compression, ZstdLevel};
use datafusion::parquet::errors::ParquetError;
use datafusion::parquet::file::properties::WriterProperties;
use datafusion::physical_plan::SendableRecordBatchStream;
use futures_util::TryStreamExt;
use tokio::task::yield_now;

use crate::error::Error;

/// Rows of a table that people see.
const SHOWN: usize = 1000;

/// Letters of a cell that people see.
const WIDEST: usize = 60;

/// Runs a query and shows its rows.
pub(crate) async fn show(rows: DataFrame, format: QueryFormat) -> Result<(), Error> {
    let rows = rows.execute_stream().await?;
    let output = BufWriter::new(stdout());
    let schema = rows.schema();
    let shown = match format {
        QueryFormat::Table => return table(rows).await,
        QueryFormat::Csv => written(rows, || CsvRows::begin(output, &schema)).await,
        QueryFormat::Json => written(rows, || Ok(JsonRows::begin(output))).await,
        QueryFormat::Parquet => written(rows, || ParquetRows::begin(output, schema)).await,
    };
    match shown {
        // A reader that has seen enough, such as `head`, is no failure.
        Err(Error::Stdout(error)) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        shown => shown,
    }
}

/// A form in which rows are written one batch after the other.
trait RowWriter {
    fn write(&mut self, batch: &RecordBatch) -> io::Result<()>;
    fn finish(self) -> io::Result<()>;
}

/// Nothing is written before the first rows are there: a query may fail.
async fn written<W: RowWriter>(
    mut rows: SendableRecordBatchStream,
    begin: impl FnOnce() -> io::Result<W>,
) -> Result<(), Error> {
    let mut next = rows.try_next().await?;
    let mut writer = begin().map_err(Error::Stdout)?;
    while let Some(batch) = next {
        writer.write(&batch).map_err(Error::Stdout)?;
        // Here a signal ends it, and what was put aside goes away.
        yield_now().await;
        next = rows.try_next().await?;
    }
    writer.finish().map_err(Error::Stdout)
}

async fn table(mut rows: SendableRecordBatchStream) -> Result<(), Error> {
    let schema = rows.schema();
    let mut lines: Vec<Vec<String>> = Vec::new();
    let mut is_cut = false;
    while let Some(batch) = rows.try_next().await? {
        let room = SHOWN - lines.len();
        is_cut = batch.num_rows() > room;
        let batch = batch.slice(0, batch.num_rows().min(room));
        let shown = each_row(&batch, "null", |cells| {
            lines.push(cells.iter().map(|it| seen(it)).collect());
            Ok::<(), Infallible>(())
        })?;
        let Ok(()) = shown;
        if is_cut {
            break;
        }
    }
    let names: Vec<String> = schema.fields().iter().map(|it| seen(it.name())).collect();
    let mut wide: Vec<usize> = names.iter().map(|name| width(name)).collect();
    for line in &lines {
        for (wide, cell) in wide.iter_mut().zip(line) {
            *wide = (*wide).max(width(cell));
        }
    }
    let is_right: Vec<bool> = schema
        .fields()
        .iter()
        .map(|it| it.data_type().is_numeric())
        .collect();
    let mut text = String::new();
    for line in [names, wide.iter().map(|wide| "-".repeat(*wide)).collect()]
        .iter()
        .chain(&lines)
    {
        let cells = line.iter().zip(&wide).zip(&is_right);
        let cells: Vec<String> = cells
            .map(|((cell, wide), is_right)| pad(cell, *wide, *is_right))
            .collect();
        text.push_str(cells.join("  ").trim_end());
        text.push('\n');
    }
    print(&text)?;
    if is_cut {
        caveat(&format!(
            "these are the first {SHOWN} rows; --format csv, json or parquet has them all"
        ));
    }
    Ok(())
}

/// A cell as people may see it: on one line, without what steers a terminal, and with an end.
fn seen(text: &str) -> String {
    fit(&visible(text), WIDEST)
}

/// Shows the cells of each row as text, and gives back what was made of them.
fn each_row<E>(
    batch: &RecordBatch,
    null: &str,
    mut show: impl FnMut(&[String]) -> Result<(), E>,
) -> Result<Result<(), E>, DataFusionError> {
    let options = FormatOptions::default()
        .with_null(null)
        .with_timestamp_tz_format(Some("%Y-%m-%dT%H:%M:%S%.fZ"));
    let columns = batch.columns().iter();
    let columns: Result<Vec<ArrayFormatter<'_>>, ArrowError> = columns
        .map(|column| ArrayFormatter::try_new(column, &options))
        .collect();
    let columns = columns?;
    for row in 0..batch.num_rows() {
        let cells: Vec<String> = columns.iter().map(|it| it.value(row).to_string()).collect();
        if let Err(error) = show(&cells) {
            return Ok(Err(error));
        }
    }
    Ok(Ok(()))
}

struct CsvRows {
    lines: csv::Writer<BufWriter<Stdout>>,
    is_text: Vec<bool>,
}

impl CsvRows {
    fn begin(mut output: BufWriter<Stdout>, schema: &SchemaRef) -> io::Result<Self> {
        // A spreadsheet knows by this begin that it is UTF-8.
        output.write_all("\u{feff}".as_bytes())?;
        let mut lines = csv::WriterBuilder::new()
            .terminator(csv::Terminator::CRLF)
            .from_writer(output);
        let fields = schema.fields();
        let names = fields.iter().map(|it| defused(it.name()).into_owned());
        lines.write_record(names).map_err(of_csv)?;
        Ok(Self {
            lines,
            is_text: fields.iter().map(|it| !is_plain(it.data_type())).collect(),
        })
    }
}

/// Whether no value of a kind can be a formula.
fn is_plain(kind: &DataType) -> bool {
    kind.is_primitive() || *kind == DataType::Boolean
}

impl RowWriter for CsvRows {
    fn write(&mut self, batch: &RecordBatch) -> io::Result<()> {
        let (lines, is_text) = (&mut self.lines, &self.is_text);
        each_row(batch, "", |cells| {
            let cells = cells.iter().zip(is_text);
            let cells = cells.map(|(cell, is_text)| match is_text {
                true => defused(cell),
                false => Cow::Borrowed(cell.as_str()),
            });
            let cells: Vec<Cow<'_, str>> = cells.collect();
            lines
                .write_record(cells.iter().map(|cell| cell.as_bytes()))
                .map_err(of_csv)
        })
        .map_err(io::Error::other)??;
        Ok(())
    }

    fn finish(mut self) -> io::Result<()> {
        self.lines.flush()
    }
}

fn of_csv(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

struct JsonRows(datafusion::arrow::json::Writer<VisibleJson<BufWriter<Stdout>>, LineDelimited>);

impl JsonRows {
    fn begin(output: BufWriter<Stdout>) -> Self {
        let builder = WriterBuilder::new().with_explicit_nulls(true);
        Self(builder.build(VisibleJson::new(output)))
    }
}

impl RowWriter for JsonRows {
    fn write(&mut self, batch: &RecordBatch) -> io::Result<()> {
        self.0.write(batch).map_err(of_arrow)
    }

    fn finish(mut self) -> io::Result<()> {
        self.0.finish().map_err(of_arrow)?;
        self.0.into_inner().flush()
    }
}

fn of_arrow(error: ArrowError) -> io::Error {
    match error {
        ArrowError::IoError(_, error) => error,
        other => io::Error::other(other),
    }
}

struct ParquetRows(ArrowWriter<BufWriter<Stdout>>);

impl ParquetRows {
    fn begin(output: BufWriter<Stdout>, schema: SchemaRef) -> io::Result<Self> {
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .build();
        let writer = ArrowWriter::try_new(output, schema, Some(properties));
        writer.map(Self).map_err(of_parquet)
    }
}

impl RowWriter for ParquetRows {
    fn write(&mut self, batch: &RecordBatch) -> io::Result<()> {
        self.0.write(batch).map_err(of_parquet)
    }

    fn finish(mut self) -> io::Result<()> {
        self.0.finish().map_err(of_parquet)?;
        self.0.inner_mut().flush()
    }
}

fn of_parquet(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(error) => match error.downcast::<io::Error>() {
            Ok(error) => *error,
            Err(other) => io::Error::other(other),
        },
        other => io::Error::other(other),
    }
}
