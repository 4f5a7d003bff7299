//! The rows of a snapshot as Parquet files that are open and were looked at, for a reader that is not ours:
//! it gets no path, so that nothing else can come into its hands, nor come in their place meanwhile.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use crate::disk::input::FileInput;
use crate::disk::reading::{digest_of, open_present};
use crate::disk::{DiskError, Layout};
use crate::snapshot::manifest::{Format, Manifest};
use crate::snapshot::parquet::ParquetWriter;
use crate::snapshot::parquet_reader::ParquetFile;
use crate::snapshot::read::{NOT_THE_FILE, check_digests, data_file, rows};
use crate::snapshot::rowset::Rowset;

/// How it is known that a file is the one of its manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checked {
    /// By its length, its columns and the number of its rows.
    Length,
    /// By its SHA-256 too, for which all of it is read.
    Digest,
}

/// An open Parquet file.
#[derive(Debug)]
pub struct OpenParquet {
    /// The file, to be read at any place.
    pub file: File,
    /// Its length.
    pub bytes: u64,
    /// Its rows.
    pub rows: u64,
    /// What it is called in messages.
    pub name: String,
}

/// Opens the files that hold rows of one kind, in the order of the rows; none where the snapshot has no such
/// rows. Those of a snapshot in CSV are written as Parquet to a file of `work` that has no name.
///
/// # Errors
/// [`DiskError::Damaged`] for a file that is not the one of the manifest, or could not be read in bounded
/// memory; when `work` cannot be written to.
pub(crate) fn parquet_files(
    layout: &Layout,
    manifest: &Manifest,
    rowset: Rowset,
    checked: Checked,
    work: &Path,
) -> Result<Vec<OpenParquet>, DiskError> {
    let folder = rowset.folder();
    let mut of_kind = manifest
        .files
        .iter()
        .filter(|it| it.folder() == folder)
        .peekable();
    if manifest.format == Format::Csv && of_kind.peek().is_some() {
        if checked == Checked::Digest {
            check_digests(layout, manifest, folder)?;
        }
        return Ok(vec![as_parquet(layout, manifest, rowset, work)?]);
    }
    let mut open = Vec::new();
    for named in of_kind {
        let path = data_file(layout, manifest, named)?;
        let file = open_present(layout.out(), &path)?;
        let found = file.metadata().map_err(DiskError::read(&path))?.len();
        if found != named.bytes {
            let why = format!("it has {found} bytes in place of {}", named.bytes);
            return Err(DiskError::damaged(&path, why));
        }
        if checked == Checked::Digest && digest_of(&file, &path, named.bytes)?.1 != named.sha256 {
            return Err(DiskError::damaged(&path, NOT_THE_FILE));
        }
        let again = file.try_clone().map_err(DiskError::read(&path))?;
        let input = FileInput::new(again, &path);
        let rows = ParquetFile::open(input, rowset, manifest.schema_version)?.check()?;
        if rows != named.rows {
            let why = format!("it has {rows} rows in place of {}", named.rows);
            return Err(DiskError::damaged(&path, why));
        }
        open.push(OpenParquet {
            file,
            bytes: found,
            rows,
            name: named.path.clone(),
        });
    }
    Ok(open)
}

/// A Parquet file without rows, which has the columns of a kind of rows.
///
/// # Errors
/// When it cannot be encoded.
pub(crate) fn empty_parquet(rowset: Rowset) -> Result<Vec<u8>, DiskError> {
    let nowhere = Path::new("memory");
    ParquetWriter::new(Vec::new(), rowset)
        .and_then(ParquetWriter::finish)
        .map_err(DiskError::parquet_write(nowhere))
}

/// Writes the rows of a snapshot in CSV as Parquet.
fn as_parquet(
    layout: &Layout,
    manifest: &Manifest,
    rowset: Rowset,
    work: &Path,
) -> Result<OpenParquet, DiskError> {
    let file = tempfile::tempfile_in(work).map_err(DiskError::write(work))?;
    let writer = ParquetWriter::new(BufWriter::new(file), rowset);
    let mut writer = writer.map_err(DiskError::parquet_write(work))?;
    let mut written = 0;
    for batch in rows(layout, manifest, rowset)? {
        let batch = batch?;
        written += batch.num_rows() as u64;
        writer
            .write(&batch)
            .map_err(DiskError::parquet_write(work))?;
    }
    let output = writer.finish();
    let mut output = output.map_err(DiskError::parquet_write(work))?;
    output.flush().map_err(DiskError::write(work))?;
    let file = output
        .into_inner()
        .map_err(|error| DiskError::write(work)(error.into_error()))?;
    Ok(OpenParquet {
        bytes: file.metadata().map_err(DiskError::read(work))?.len(),
        file,
        rows: written,
        name: format!("the CSV files of {}", manifest.date()),
    })
}
