//! Parquet files: the same rows give the same bytes, however they arrive.

use std::io::Write;
use std::sync::Arc;

use ::parquet::arrow::ArrowWriter;
use ::parquet::arrow::arrow_writer::{ArrowRowGroupWriterFactory, ArrowWriterOptions};
use ::parquet::basic::{Compression, ZstdLevel};
use ::parquet::errors::{ParquetError, Result};
use ::parquet::file::metadata::{KeyValue, SortingColumn};
use ::parquet::file::properties::{EnabledStatistics, WriterProperties};
use ::parquet::file::writer::SerializedFileWriter;
use ::parquet::schema::types::ColumnPath;
use arrow::array::RecordBatch;

use crate::clip::SCHEMA_VERSION;
use crate::snapshot::blocks::Blocks;
use crate::snapshot::columns::RowGroup;
use crate::snapshot::rowset::Rowset;

/// Rows of a row group at most: what the writer holds in memory, compressed. A multiple of the rows of a
/// block.
const ROW_GROUP_ROWS: usize = 65_536;

/// Bytes after which a row group ends, whatever its rows. It counts only for rows of many kilobytes.
const ROW_GROUP_BYTES: usize = 24 << 20;

/// Bytes of a page before compression, about. Every column has one in memory.
const PAGE_BYTES: usize = 256 << 10;

/// The zstd level. Level 3 takes a third more time and saves less than a hundredth.
const ZSTD_LEVEL: i32 = 1;

/// Writes rows as one Parquet file.
pub(crate) struct ParquetWriter<W: Write + Send> {
    writer: SerializedFileWriter<W>,
    factory: ArrowRowGroupWriterFactory,
    group: Option<RowGroup>,
    blocks: Blocks,
}

impl<W: Write + Send> ParquetWriter<W> {
    /// Begins a file.
    pub(crate) fn new(output: W, rowset: Rowset) -> Result<Self> {
        let options = ArrowWriterOptions::new()
            .with_properties(properties(rowset)?)
            // Instants are marked as UTC by their Parquet type already.
            .with_skip_arrow_metadata(true);
        let schema = rowset.schema();
        let (writer, factory) =
            ArrowWriter::try_new_with_options(output, Arc::clone(&schema), options)?
                .into_serialized_writer()?;
        Ok(Self {
            writer,
            factory,
            group: None,
            blocks: Blocks::new(schema),
        })
    }

    /// Adds the rows of a batch in the row schema.
    pub(crate) fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        self.blocks.push(batch)?;
        self.encode()
    }

    /// Ends the file and gives back the writer below.
    pub(crate) fn finish(mut self) -> Result<W> {
        self.blocks.end_block()?;
        self.encode()?;
        self.end_group()?;
        self.writer.into_inner()
    }

    fn encode(&mut self) -> Result<()> {
        while let Some(batch) = self.blocks.next_full() {
            let mut group = if let Some(group) = self.group.take() {
                group
            } else {
                let index = self.writer.flushed_row_groups().len();
                RowGroup::new(self.factory.create_column_writers(index)?)
            };
            group.write(&batch)?;
            let full = group.rows() >= ROW_GROUP_ROWS || group.bytes() >= ROW_GROUP_BYTES;
            self.group = Some(group);
            if full {
                self.end_group()?;
            }
        }
        Ok(())
    }

    fn end_group(&mut self) -> Result<()> {
        let Some(group) = self.group.take() else {
            return Ok(());
        };
        let mut output = self.writer.next_row_group()?;
        for column in group.close()? {
            column.append_to_row_group(&mut output)?;
        }
        output.close().map(drop)
    }
}

fn properties(rowset: Rowset) -> Result<WriterProperties> {
    let schema = rowset.schema();
    let path = |column: usize| ColumnPath::from(schema.field(column).name().as_str());
    let looked_up_by = path(rowset.looked_up_by());
    let mut properties = WriterProperties::builder()
        .set_created_by(concat!("clipcensus ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_key_value_metadata(Some(vec![
            KeyValue::new(
                "clipcensus.version".to_owned(),
                env!("CARGO_PKG_VERSION").to_owned(),
            ),
            KeyValue::new(
                "clipcensus.schema_version".to_owned(),
                SCHEMA_VERSION.to_string(),
            ),
        ]))
        .set_data_page_size_limit(PAGE_BYTES)
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(ZSTD_LEVEL)?))
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_sorting_columns(Some(sorting_columns(rowset)?))
        .set_column_bloom_filter_enabled(looked_up_by.clone(), true)
        .set_column_bloom_filter_fpp(looked_up_by.clone(), 0.01)
        .set_column_bloom_filter_max_ndv(looked_up_by, ROW_GROUP_ROWS as u64);
    for column in rowset.unique() {
        properties = properties.set_column_dictionary_enabled(path(*column), false);
    }
    Ok(properties.build())
}

fn sorting_columns(rowset: Rowset) -> Result<Vec<SortingColumn>> {
    rowset
        .sorted_by()
        .iter()
        .map(|column| {
            let column_idx =
                i32::try_from(*column).map_err(|error| ParquetError::General(error.to_string()))?;
            Ok(SortingColumn {
                column_idx,
                descending: false,
                nulls_first: true,
            })
        })
        .collect()
}
