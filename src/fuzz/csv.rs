//! A CSV file of clips or owners: what is read of it can be written, and reads back as it was.

use std::fs::File;

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;

use crate::clip::SCHEMA_VERSION;
use crate::disk::input::FileInput;
use crate::fuzz::scratch;
use crate::snapshot::CsvMode;
use crate::snapshot::csv::{CsvReader, CsvWriter};
use crate::snapshot::parquet::ParquetWriter;
use crate::snapshot::parquet_reader::ParquetFile;
use crate::snapshot::rowset::Rowset;

/// Of the first byte: the file is one of owners.
pub(super) const OWNERS: u8 = 1;

/// Of the first byte: the cells are as they are, and not defused.
pub(super) const LOSSLESS: u8 = 2;

/// The first byte says what the rest is.
pub fn csv(input: &[u8]) -> bool {
    let Some((kind, file)) = input.split_first() else {
        return false;
    };
    let rowset = if kind & OWNERS == 0 {
        Rowset::Clips
    } else {
        Rowset::Owners
    };
    let mode = if kind & LOSSLESS == 0 {
        CsvMode::Spreadsheet
    } else {
        CsvMode::Lossless
    };
    let Ok(rows) = read(file, mode, rowset) else {
        return false;
    };
    for mode in [CsvMode::Spreadsheet, CsvMode::Lossless] {
        let again = read(&written(&rows, mode), mode, rowset);
        assert_eq!(again.as_ref(), Ok(&rows), "{mode:?} does not read back");
    }
    assert_eq!(through_parquet(&rows, rowset), rows, "Parquet differs");
    true
}

fn read(file: &[u8], mode: CsvMode, rowset: Rowset) -> Result<RecordBatch, String> {
    let schema_of = |columns| rowset.schema_of(SCHEMA_VERSION, columns);
    let mut reader = CsvReader::new(file, mode, schema_of)?;
    let mut batches = Vec::new();
    while let Some(batch) = reader.next_batch()? {
        batches.push(batch);
    }
    concat_batches(&rowset.schema(), &batches).map_err(|error| error.to_string())
}

/// Rows as a file.
pub(super) fn written(rows: &RecordBatch, mode: CsvMode) -> Vec<u8> {
    let mut writer =
        CsvWriter::new(Vec::new(), mode, rows.schema_ref()).expect("memory can be written");
    writer.write(rows).expect("what was read can be written");
    writer.into_inner()
}

/// Rows as a Parquet file.
pub(super) fn written_as_parquet(rows: &RecordBatch, rowset: Rowset) -> Vec<u8> {
    ParquetWriter::new(Vec::new(), rowset)
        .and_then(|mut writer| {
            writer.write(rows)?;
            writer.finish()
        })
        .expect("what was read can be written")
}

fn through_parquet(rows: &RecordBatch, rowset: Rowset) -> RecordBatch {
    let folder = scratch::folder();
    let path = folder.path().join("rows.parquet");
    scratch::put(&path, &written_as_parquet(rows, rowset));
    let file = File::open(&path).expect("it was written whole");
    let file = ParquetFile::open(FileInput::new(file, &path), rowset, SCHEMA_VERSION);
    let mut rows = file.expect("it was written whole").rows();
    let mut batches = Vec::new();
    while let Some(batch) = rows.next_batch().expect("it was written whole") {
        // Its schema differs by metadata only.
        let batch = RecordBatch::try_new(rowset.schema(), batch.columns().to_vec());
        batches.push(batch.expect("it was written whole"));
    }
    concat_batches(&rowset.schema(), &batches).expect("it was written whole")
}
