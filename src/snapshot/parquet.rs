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

/// The zstd level. For 300,000 simulated clips, level 2 made files 3.6 % smaller than level 1 and took 5
/// to 10 % more CPU time of the whole export; level 3 saved 0.6 % more for as much again.
const ZSTD_LEVEL: i32 = 2;

/// Who wrote a file, in the form that readers take apart to decide what they trust of it: the version
/// of the program, and of the rows.
fn created_by() -> String {
    let version = env!("CARGO_PKG_VERSION");
    format!("clipcensus version {version} (build {SCHEMA_VERSION})")
}

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
        .set_created_by(created_by())
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
        // A column that gives its dictionary up half-way mixes two encodings, which some readers
        // take for nulls without a word. What a row group holds bounds a dictionary.
        .set_dictionary_page_size_limit(usize::MAX)
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(ZSTD_LEVEL)?))
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_sorting_columns(Some(sorting_columns(rowset)?).filter(|columns| !columns.is_empty()))
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

#[cfg(test)]
mod tests {
    use ::parquet::basic::Encoding;
    use ::parquet::file::metadata::RowGroupMetaData;
    use ::parquet::file::reader::FileReader;
    use ::parquet::file::serialized_reader::SerializedFileReader;
    use bytes::Bytes;

    use super::*;
    use crate::clip::owner::{OwnerIds, Person, owner_batch};
    use crate::clip::{Clip, ClipBatchBuilder};
    use crate::model::Micros;

    fn file(rowset: Rowset, batches: &[RecordBatch]) -> SerializedFileReader<Bytes> {
        let mut writer = ParquetWriter::new(Vec::new(), rowset).unwrap();
        for batch in batches {
            writer.write(batch).unwrap();
        }
        SerializedFileReader::new(Bytes::from(writer.finish().unwrap())).unwrap()
    }

    /// So many clips of which no two have any value in common, in columns of some length.
    fn unlike(rows: usize) -> RecordBatch {
        let mut clips = ClipBatchBuilder::with_capacity(rows);
        for row in 0..rows {
            let text = || Some(format!("{row:-<32}").into());
            let number = i64::try_from(row).unwrap();
            let clip = Clip {
                clip_id: format!("{row}").into(),
                owner_id: text(),
                title: text(),
                description: text(),
                status: text(),
                duration_seconds: Some(f64::from(u32::try_from(row).unwrap())),
                file_size_bytes: Some(number),
                created_at: Some(Micros(number)),
                modified_at: Some(Micros(number)),
                share_link: text(),
                share_scope: text(),
                passcode_enabled: Some(row % 2 == 0),
                passcode: text(),
                thumbnail_link: text(),
                tags: text().map(|tag| vec![tag]),
                extra: Some(format!(r#"{{"a":{row:064}}}"#)),
            };
            clips.push(&format!("account-{row:-<32}"), Micros(number), &clip);
        }
        clips.finish()
    }

    fn owners(rows: usize) -> RecordBatch {
        let mut ids = OwnerIds::default();
        ids.add(&unlike(rows));
        let person = |row: usize| {
            let text = Some(format!("{row:-<40}"));
            let person = Person {
                email: text.clone(),
                name: text.clone(),
                department: text.clone(),
                status: text,
            };
            (format!("{row:-<32}"), person)
        };
        owner_batch(&ids, &(0..rows).map(person).collect())
    }

    /// How the data pages of each column of a row group are encoded.
    fn encodings(group: &RowGroupMetaData) -> Vec<Vec<Encoding>> {
        let columns = group.columns().iter();
        columns
            .map(|column| {
                let encodings = column.page_encoding_stats_mask().unwrap();
                encodings.encodings().collect()
            })
            .collect()
    }

    #[test]
    fn no_column_of_a_row_group_mixes_dictionary_and_plain_pages() {
        let rows = ROW_GROUP_ROWS + 10;
        for (rowset, batch) in [
            (Rowset::Clips, unlike(rows)),
            (Rowset::Owners, owners(rows)),
        ] {
            let file = file(rowset, &[batch]);
            let groups = file.metadata().row_groups();
            assert_eq!(groups[0].num_rows(), i64::try_from(ROW_GROUP_ROWS).unwrap());
            for (leaf, of_column) in encodings(&groups[0]).iter().enumerate() {
                let name = groups[0].column(leaf).column_path();
                assert_eq!(of_column.len(), 1, "{name}: {of_column:?}");
                let encoding = of_column.first().unwrap();
                let plain = [Encoding::PLAIN, Encoding::RLE_DICTIONARY];
                assert!(plain.contains(encoding), "{name}: {encoding}");
            }
        }
    }

    #[test]
    fn titles_and_descriptions_are_plain_and_what_repeats_has_a_dictionary() {
        let file = file(Rowset::Clips, &[unlike(10)]);
        let group = file.metadata().row_group(0);
        let is_plain = |name: &str| {
            let names = group
                .columns()
                .iter()
                .map(|leaf| leaf.column_path().string());
            let leaf = names.into_iter().position(|leaf| leaf == name).unwrap();
            encodings(group)[leaf] == [Encoding::PLAIN]
        };
        for name in ["title", "description", "extra", "clip_id", "created_at"] {
            assert!(is_plain(name), "{name}");
        }
        for name in [
            "account_id",
            "owner_id",
            "status",
            "share_scope",
            "snapshot_at",
        ] {
            assert!(!is_plain(name), "{name}");
        }
    }

    #[test]
    fn who_wrote_it_is_told_in_the_form_that_readers_take_apart() {
        let file = file(Rowset::Clips, &[]);
        let created_by = file.metadata().file_metadata().created_by().unwrap();
        let (application, rest) = created_by.split_once(" version ").unwrap();
        let (version, build) = rest.split_once(" (build ").unwrap();
        assert_eq!(application, "clipcensus");
        assert_eq!(version, env!("CARGO_PKG_VERSION"));
        assert_eq!(build.strip_suffix(')').unwrap(), SCHEMA_VERSION.to_string());
    }
}
