//! Reads Parquet files, which may hold anything, in memory that is bounded whatever they hold.
//!
//! A few bytes of a file can stand for gigabytes of rows: by compression, and by a dictionary, of which a
//! long text is named again and again. So the sizes of the pages are looked at before any is read; texts
//! are read as views onto their pages, which takes no more memory than the pages have; and they are copied
//! into rows a few megabytes at a time.

use std::io::Read;
use std::ops::Range;
use std::sync::Arc;

use ::parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader,
    ParquetRecordBatchReaderBuilder,
};
use ::parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};
use arrow::array::{Array, ArrayRef, AsArray, ListArray, RecordBatch, StringViewArray};
use arrow::buffer::OffsetBuffer;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::error::ArrowError;

use crate::disk::DiskError;
use crate::disk::decoding::decoded;
use crate::disk::error::check_schema;
use crate::disk::input::FileInput;
use crate::snapshot::page_headers::page_sizes;
use crate::snapshot::parquet_structures::FILE;
use crate::snapshot::rowset::Rowset;
use crate::snapshot::thrift::begin_with_structure;

/// Rows that are read at a time, at most.
const BATCH_ROWS: u64 = 4096;

/// Bytes of pages that so many rows are spread over, about.
const BATCH_BYTES: u64 = 32 << 20;

/// Bytes of text of the rows that are handed on at a time; a row that has more comes alone.
const ROWS_BYTES: u64 = 8 << 20;

/// Bytes that the pages of all columns that are in memory at a time may have, and the texts of a single
/// row. A page of ours ends with the block of rows that it is of, which has 8 MiB or one row, and a row
/// is a part of an answer of 32 MiB at most.
const MOST_BYTES: u64 = 128 << 20;

/// Values that the dictionaries of a row group may have, which take 16 bytes each beside the pages. Ours have
/// one for each row at most, or for each text of a list, of which an answer of 32 MiB cannot bring as many.
const MOST_DISTINCT: u64 = 1 << 23;

/// Values of a column of lists in a row group.
const MOST_LISTED: u64 = 1 << 23;

/// The footer of a file may have so many bytes, and one more for each [`FOOTER_SHARE`] of the file: some
/// three kilobytes for each row group.
const FOOTER_BYTES: u64 = 4 << 20;
const FOOTER_SHARE: u64 = 64;

/// A Parquet file whose columns are those of its rows.
pub(crate) struct ParquetFile {
    input: FileInput,
    /// With texts as views.
    metadata: ArrowReaderMetadata,
    /// The schema of the rows.
    schema: SchemaRef,
}

impl ParquetFile {
    /// Reads the footer of a file whose schema is that of these rows, in some version of the row contract.
    ///
    /// # Errors
    /// [`DiskError::Damaged`] for a file that is another.
    pub(crate) fn open(input: FileInput, rowset: Rowset, version: u32) -> Result<Self, DiskError> {
        check_footer(&input)?;
        let opened = input.clone();
        decoded(opened.path(), || {
            let plain = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
            let found = ArrowReaderMetadata::load(&input, plain.clone());
            let found = found.map_err(|error| input.wrong(error))?;
            let schema = rowset.schema_of(version, found.schema().fields().len());
            check_schema(input.path(), found.schema(), &schema)?;
            let views = plain.with_schema(Arc::new(with_views(&schema)));
            let metadata = Arc::clone(found.metadata());
            Ok(Self {
                metadata: ArrowReaderMetadata::try_new(metadata, views)
                    .map_err(|error| input.wrong(error))?,
                input,
                schema,
            })
        })
    }

    /// What its footer says.
    pub(crate) fn metadata(&self) -> &Arc<ParquetMetaData> {
        self.metadata.metadata()
    }

    /// Looks at the pages of all row groups, whether they can be read in bounded memory, and counts the
    /// rows.
    ///
    /// # Errors
    /// [`DiskError::Damaged`] where they cannot.
    pub(crate) fn check(&self) -> Result<u64, DiskError> {
        decoded(self.input.path(), || {
            let groups = self.metadata().row_groups();
            let mut rows = 0_u64;
            for group in groups {
                self.batch_rows(group)?;
                rows = rows.saturating_add(u64::try_from(group.num_rows()).unwrap_or(0));
            }
            Ok(rows)
        })
    }

    /// Its rows, from the first on.
    pub(crate) fn rows(self) -> ParquetRows {
        ParquetRows {
            groups: 0..self.metadata().num_row_groups(),
            file: self,
            group: None,
            read: None,
        }
    }

    /// Opens a row group, if it can be read in bounded memory.
    fn group(&self, index: usize) -> Result<ParquetRecordBatchReader, DiskError> {
        let rows = self.batch_rows(self.metadata().row_group(index))?;
        let input = self.input.clone();
        ParquetRecordBatchReaderBuilder::new_with_metadata(input, self.metadata.clone())
            .with_row_groups(vec![index])
            .with_batch_size(rows)
            .build()
            .map_err(|error| self.input.wrong(error))
    }

    /// How many rows of a group can be read at a time.
    fn batch_rows(&self, group: &RowGroupMetaData) -> Result<usize, DiskError> {
        let too_large = |what: &str| {
            let why = format!("{what} than any that this program writes");
            self.input.wrong(why)
        };
        let (mut at_a_time, mut per_row, mut distinct) = (0_u64, 0_u64, 0_u64);
        for column in group.columns() {
            let (start, length) = column.byte_range();
            let sizes = page_sizes(&self.input, start, length);
            let sizes = sizes.map_err(|error| self.input.wrong(error))?;
            distinct += sizes.distinct;
            at_a_time += if column.column_descr().max_rep_level() > 0 {
                // A single row may be spread over all pages.
                if sizes.values > MOST_LISTED {
                    return Err(too_large("it has longer lists"));
                }
                sizes.bytes
            } else {
                per_row += sizes.per_value;
                sizes.dictionary + sizes.largest
            };
        }
        if at_a_time > MOST_BYTES {
            return Err(too_large("it has larger pages"));
        }
        if distinct > MOST_DISTINCT {
            return Err(too_large("it has larger dictionaries"));
        }
        let rows = (BATCH_BYTES / per_row.max(1)).clamp(1, BATCH_ROWS);
        Ok(usize::try_from(rows).unwrap_or(1))
    }
}

impl std::fmt::Debug for ParquetFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ParquetFile({})", self.input.path().display())
    }
}

/// Whether the footer is not far longer than one of such a file, and of its shape.
fn check_footer(input: &FileInput) -> Result<(), DiskError> {
    let length = input.length()?;
    let refused = |error| input.wrong(error);
    let read = |at: u64, bytes: &mut [u8]| input.from(at).read_exact(bytes).map_err(refused);
    let Some(at) = length.checked_sub(8) else {
        // What is too short for a footer is for the decoder to say.
        return Ok(());
    };
    let mut end = [0; 8];
    read(at, &mut end)?;
    let [a, b, c, d, ..] = end;
    let footer = u64::from(u32::from_le_bytes([a, b, c, d]));
    if footer <= length && footer > FOOTER_BYTES + length / FOOTER_SHARE {
        let why = "it has a longer footer than any that this program writes";
        return Err(input.wrong(why));
    }
    let Some(start) = at.checked_sub(footer) else {
        return Ok(());
    };
    let mut bytes = vec![0; usize::try_from(footer).unwrap_or(0)];
    read(start, &mut bytes)?;
    if !begin_with_structure(&bytes, FILE) {
        let why = "it has a footer of another form than any that this program writes";
        return Err(input.wrong(why));
    }
    Ok(())
}

/// The rows of a Parquet file, in batches of some megabytes.
pub(crate) struct ParquetRows {
    file: ParquetFile,
    /// Row groups to come.
    groups: Range<usize>,
    group: Option<ParquetRecordBatchReader>,
    /// What was read, and is still to be copied.
    read: Option<Views>,
}

impl ParquetRows {
    /// The next rows; `None` at the end.
    ///
    /// # Errors
    /// [`DiskError::Damaged`] where they cannot be decoded, or would take too much memory.
    pub(crate) fn next_batch(&mut self) -> Result<Option<RecordBatch>, DiskError> {
        let input = self.file.input.clone();
        decoded(input.path(), || {
            loop {
                if let Some(views) = &mut self.read
                    && let Some(rows) = views.next_rows(&self.file)?
                {
                    return Ok(Some(rows));
                }
                self.read = None;
                if let Some(group) = &mut self.group {
                    match group.next().transpose() {
                        Ok(Some(batch)) => self.read = Some(Views::of(batch)),
                        Ok(None) => self.group = None,
                        Err(error) => return Err(input.wrong(error)),
                    }
                } else if let Some(index) = self.groups.next() {
                    self.group = Some(self.file.group(index)?);
                } else {
                    return Ok(None);
                }
            }
        })
    }
}

/// Rows whose texts are views.
struct Views {
    batch: RecordBatch,
    /// Bytes of text of each row.
    bytes: Vec<u64>,
    /// Rows that were copied.
    copied: usize,
}

impl Views {
    fn of(batch: RecordBatch) -> Self {
        let mut bytes = vec![0; batch.num_rows()];
        for column in batch.columns() {
            add_bytes(column, &mut bytes);
        }
        Self {
            batch,
            bytes,
            copied: 0,
        }
    }

    /// Copies the next rows out.
    fn next_rows(&mut self, of: &ParquetFile) -> Result<Option<RecordBatch>, DiskError> {
        let rest = self.bytes.get(self.copied..).unwrap_or(&[]);
        let Some(first) = rest.first() else {
            return Ok(None);
        };
        if *first > MOST_BYTES {
            let why = format!("it has a row of {first} bytes");
            return Err(of.input.wrong(why));
        }
        let mut sum = 0_u64;
        let fits = |bytes: &&u64| {
            sum += **bytes;
            sum <= ROWS_BYTES
        };
        let rows = rest.iter().take_while(fits).count().max(1);
        let slice = self.batch.slice(self.copied, rows);
        self.copied += rows;
        let columns = slice.columns().iter().zip(of.schema.fields());
        let columns: Result<Vec<ArrayRef>, ArrowError> = columns
            .map(|(column, field)| copied(column, field))
            .collect();
        columns
            .and_then(|columns| RecordBatch::try_new(Arc::clone(&of.schema), columns))
            .map(Some)
            .map_err(|error| of.input.wrong(error))
    }
}

/// Adds the bytes of the texts of a column to those of each row.
fn add_bytes(column: &dyn Array, rows: &mut [u64]) {
    match column.data_type() {
        DataType::Utf8View => {
            let views = column.as_string_view().views().iter();
            rows.iter_mut()
                .zip(views)
                .for_each(|(row, view)| *row += length(*view));
        }
        DataType::List(_) => {
            let list = column.as_list::<i32>();
            let views = list.values().as_string_view();
            for (row, range) in rows.iter_mut().zip(list.value_offsets().windows(2)) {
                let range = range.iter().map(|at| usize::try_from(*at).unwrap_or(0));
                let (start, end) = (range.clone().min(), range.max());
                let some = start
                    .zip(end)
                    .and_then(|(start, end)| views.views().get(start..end));
                let listed = some.unwrap_or(&[]).iter();
                // An offset for each value, too.
                *row += listed.map(|view| length(*view) + 4).sum::<u64>();
            }
        }
        _ => {}
    }
}

/// The length of the text of a view, which stands in its lowest 32 bits.
fn length(view: u128) -> u64 {
    #[expect(clippy::cast_possible_truncation, reason = "it is meant to be cut")]
    let length = view as u32;
    length.into()
}

/// The schema with each text as a view.
fn with_views(schema: &Schema) -> Schema {
    fn view(field: &Field) -> Field {
        let kind = match field.data_type() {
            DataType::Utf8 => DataType::Utf8View,
            DataType::List(element) => DataType::List(Arc::new(view(element))),
            other => other.clone(),
        };
        field.clone().with_data_type(kind)
    }
    Schema::new(
        schema
            .fields()
            .iter()
            .map(|it| view(it))
            .collect::<Vec<Field>>(),
    )
}

/// A column with its texts copied out of the pages.
fn copied(column: &ArrayRef, field: &Field) -> Result<ArrayRef, ArrowError> {
    let DataType::List(element) = field.data_type() else {
        return cast(column, field.data_type());
    };
    let list = column.as_list::<i32>();
    let views: &StringViewArray = list.values().as_string_view();
    let offsets = list.value_offsets();
    let at = |offset: Option<&i32>| usize::try_from(*offset.unwrap_or(&0)).unwrap_or(0);
    let (start, end) = (at(offsets.first()), at(offsets.last()));
    // The values of these rows alone: those of the others are not to be copied each time.
    let values = cast(&views.slice(start, end - start), element.data_type())?;
    let lengths = list.offsets().lengths();
    let offsets = OffsetBuffer::from_lengths(lengths);
    ListArray::try_new(Arc::clone(element), offsets, values, list.nulls().cloned())
        .map(|list| Arc::new(list) as ArrayRef)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clip::SCHEMA_VERSION;
    use crate::disk::input::testing::refusing;
    use crate::snapshot::parquet::ParquetWriter;
    use crate::snapshot::testing;

    #[test]
    fn what_the_system_refuses_amid_the_rows_is_not_called_damage() {
        let path = tempfile::NamedTempFile::new().unwrap().into_temp_path();
        let mut writer = ParquetWriter::new(Vec::new(), Rowset::Clips).unwrap();
        let row = ("id".to_owned(), Some(1), None, "title".to_owned());
        writer.write(&testing::batch("acme", &[row])).unwrap();
        std::fs::write(&path, writer.finish().unwrap()).unwrap();
        let input = FileInput::new(std::fs::File::open(&path).unwrap(), &path);
        let mut file = ParquetFile::open(input, Rowset::Clips, SCHEMA_VERSION).unwrap();
        file.check().unwrap();

        file.input = refusing(&path);
        let of_headers = file.check().unwrap_err();
        file.input = refusing(&path);
        let rows = ParquetRecordBatchReaderBuilder::new_with_metadata(
            file.input.clone(),
            file.metadata.clone(),
        );
        let mut rows = ParquetRows {
            group: Some(rows.build().unwrap()),
            ..file.rows()
        };
        let of_pages = rows.next_batch().unwrap_err();
        for refused in [of_headers, of_pages] {
            assert!(matches!(refused, DiskError::Read { .. }), "{refused}");
        }
    }
}
