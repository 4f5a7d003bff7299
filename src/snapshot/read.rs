//! Finds snapshots and reads their rows back.

use std::collections::VecDeque;
use std::fs;
use std::io::{BufReader, Read, Take};
use std::path::{Component, Path, PathBuf};

use arrow::array::{RecordBatch, new_null_array};
use arrow::error::ArrowError;

use crate::clip::SCHEMA_VERSION;
use crate::clip::owner::{People, people_of};
use crate::disk::error::DiskError;
use crate::disk::input::FileInput;
use crate::disk::layout::{Folder, Layout, MANIFEST, Table, exact_date};
use crate::disk::reading::{digest_below, open_present};
use crate::snapshot::csv::{CsvMode, CsvReader};
use crate::snapshot::files::DataFile;
use crate::snapshot::kept_texts::{most_of_owners, too_long};
use crate::snapshot::manifest::{Format, Manifest};
use crate::snapshot::parquet_reader::{ParquetFile, ParquetRows};
use crate::snapshot::rowset::Rowset;

/// Finds a snapshot by its output folder (the newest), its `_snapshots/DATE` folder or its
/// `manifest.json`.
///
/// # Errors
/// [`DiskError::NoSnapshot`] where there is none, [`DiskError::Damaged`] for a manifest
/// that cannot be used.
pub(crate) fn locate(path: &Path) -> Result<(Layout, Manifest), DiskError> {
    let nothing = || DiskError::NoSnapshot {
        path: path.to_owned(),
    };
    let whole = fs::canonicalize(path).map_err(|_| nothing())?;
    let manifest_path = if whole.is_file() {
        // Any other file may be as good as it was, and is no snapshot.
        let is_manifest = whole.file_name().is_some_and(|name| name == MANIFEST);
        is_manifest.then_some(whole).ok_or_else(nothing)?
    } else if whole.join(MANIFEST).is_file() {
        whole.join(MANIFEST)
    } else {
        // The table does not matter for the newest manifest.
        let layout = Layout::new(&whole, Table::Clips);
        let manifest = Manifest::latest(&layout)?.ok_or_else(nothing)?;
        return Ok((Layout::new(whole, manifest.table), manifest));
    };
    let out = manifest_path.ancestors().nth(3).ok_or_else(nothing)?;
    let folder = manifest_path.parent().and_then(Path::file_name);
    let date = folder.and_then(|name| exact_date(name.to_str()?));
    let layout = Layout::new(out, Table::Clips);
    let manifest = match date {
        Some(date) => Manifest::in_force(&layout, date)?.0,
        None => Manifest::read(&layout, &manifest_path)?,
    };
    if date != Some(manifest.date()) {
        let why = format!("it is of {}, and stands elsewhere", manifest.date());
        return Err(DiskError::damaged(&manifest_path, why));
    }
    Ok((Layout::new(out, manifest.table), manifest))
}

/// Reads all clips of a snapshot, in order.
///
/// # Errors
/// [`DiskError::Damaged`] for a manifest that names files outside of the output folder.
pub(crate) fn read_rows(layout: &Layout, manifest: &Manifest) -> Result<Rows, DiskError> {
    rows(layout, manifest, Rowset::Clips)
}

/// The same, once it is known that each file is the one of its manifest, to the last byte: what is
/// compared row by row must not differ for damage.
///
/// # Errors
/// As [`read_rows`]; [`DiskError::Damaged`] names the file that is another.
pub(crate) fn read_proven_rows(layout: &Layout, manifest: &Manifest) -> Result<Rows, DiskError> {
    check_digests(layout, manifest, Folder::Data)?;
    read_rows(layout, manifest)
}

/// What is wrong with a file of another hash.
pub(crate) const NOT_THE_FILE: &str = "it is not the file that its manifest names";

/// Whether each file of a folder is the one of its manifest, to the last byte.
///
/// # Errors
/// [`DiskError::Damaged`] names the file that is another.
pub(crate) fn check_digests(
    layout: &Layout,
    manifest: &Manifest,
    folder: Folder,
) -> Result<(), DiskError> {
    let files = manifest.files.iter();
    for file in files.filter(|it| it.folder() == folder) {
        let path = data_file(layout, manifest, file)?;
        let found = digest_below(layout.out(), &path, file.bytes)?;
        let why = match found {
            None => "it is missing",
            Some((_, sha256)) if sha256 != file.sha256 => NOT_THE_FILE,
            Some(_) => continue,
        };
        return Err(DiskError::damaged(&path, why));
    }
    Ok(())
}

/// Reads the clips of data files that are still staged, in order.
pub(crate) fn staged_rows(
    layout: &Layout,
    files: &[DataFile],
    format: Format,
    csv_mode: CsvMode,
) -> Rows {
    let folder = layout.staged(Folder::Data);
    let clips = files.iter().filter(|file| file.folder() == Folder::Data);
    Rows {
        out: layout.out().to_owned(),
        rowset: Rowset::Clips,
        version: SCHEMA_VERSION,
        files: clips
            .map(|file| (folder.join(file.name()), file.clone()))
            .collect(),
        format,
        csv_mode,
        open: None,
    }
}

/// Reads the owners of a snapshot, by id; none where they were not looked up.
///
/// # Errors
/// [`DiskError::Damaged`] for a file that is not what the manifest says, and what reading it
/// brings.
pub(crate) fn read_owners(layout: &Layout, manifest: &Manifest) -> Result<People, DiskError> {
    let files = manifest.files.iter();
    let files = files.filter(|file| file.folder() == Folder::Owners);
    let most = most_of_owners(files.map(|file| file.bytes).fold(0, u64::saturating_add));
    let (mut people, mut bytes) = (People::new(), 0);
    for batch in rows(layout, manifest, Rowset::Owners)? {
        let batch = batch?;
        let kept = people_of(&batch).inspect(|(id, person)| bytes += id.len() + person.bytes());
        people.extend(kept);
        if bytes as u64 > most {
            let folder = layout.place(Folder::Owners, manifest.date());
            let why = "its owners have far more text than its files have bytes";
            return Err(DiskError::damaged(&folder, why));
        }
    }
    Ok(people)
}

/// Reads the rows of one kind.
pub(crate) fn rows(
    layout: &Layout,
    manifest: &Manifest,
    rowset: Rowset,
) -> Result<Rows, DiskError> {
    let wanted = |file: &&DataFile| file.folder() == rowset.folder();
    rows_of(
        layout,
        manifest,
        rowset,
        manifest.files.iter().filter(wanted),
    )
}

/// Reads the rows of some of its files, which are all of one kind.
pub(crate) fn rows_of<'a>(
    layout: &Layout,
    manifest: &Manifest,
    rowset: Rowset,
    some: impl IntoIterator<Item = &'a DataFile>,
) -> Result<Rows, DiskError> {
    let mut files = VecDeque::new();
    for file in some {
        let path = data_file(layout, manifest, file)?;
        files.push_back((path, file.clone()));
    }
    Ok(Rows {
        out: layout.out().to_owned(),
        rowset,
        version: manifest.schema_version,
        files,
        format: manifest.format,
        csv_mode: manifest.csv_mode.unwrap_or(CsvMode::Lossless),
        open: None,
    })
}

/// Where a data file of the manifest is.
pub(crate) fn data_file(
    layout: &Layout,
    manifest: &Manifest,
    file: &DataFile,
) -> Result<PathBuf, DiskError> {
    let relative = Path::new(&file.path);
    if relative
        .components()
        .all(|part| matches!(part, Component::Normal(_)))
    {
        return Ok(layout.out().join(relative));
    }
    let why = format!("it names the data file {:?}", file.path);
    Err(DiskError::damaged(&layout.manifest(manifest.date()), why))
}

/// The rows of a snapshot, in batches. A file with another number of rows than the manifest says is
/// an error.
pub(crate) struct Rows {
    /// The output folder that the files are of.
    out: PathBuf,
    rowset: Rowset,
    /// The version of the row contract that the files are of.
    version: u32,
    files: VecDeque<(PathBuf, DataFile)>,
    format: Format,
    csv_mode: CsvMode,
    open: Option<OpenFile>,
}

struct OpenFile {
    input: FileInput,
    reader: Reader,
    missing: u64,
}

enum Reader {
    Parquet(Box<ParquetRows>),
    Csv(CsvReader<BufReader<Take<FileInput>>>),
}

impl Rows {
    fn open(&self, path: &Path, named: &DataFile) -> Result<OpenFile, DiskError> {
        let input = FileInput::new(open_present(&self.out, path)?, path);
        let (found, bytes) = (input.length()?, named.bytes);
        if found != bytes {
            let why = format!("it has {found} bytes in place of {bytes}");
            return Err(DiskError::damaged(path, why));
        }
        Ok(OpenFile {
            reader: self.reader(&input, bytes)?,
            input,
            missing: named.rows,
        })
    }

    fn reader(&self, input: &FileInput, bytes: u64) -> Result<Reader, DiskError> {
        match self.format {
            Format::Parquet => ParquetFile::open(input.clone(), self.rowset, self.version)
                .map(|file| Reader::Parquet(Box::new(file.rows()))),
            Format::Csv => {
                let text = BufReader::new(input.clone().take(bytes));
                let schema_of = |columns| self.rowset.schema_of(self.version, columns);
                CsvReader::new(text, self.csv_mode, schema_of)
                    .map(Reader::Csv)
                    .map_err(|why| input.wrong(why))
            }
        }
    }

    fn next_batch(&mut self) -> Result<Option<RecordBatch>, DiskError> {
        loop {
            let Some(file) = &mut self.open else {
                let Some((path, file)) = self.files.pop_front() else {
                    return Ok(None);
                };
                self.open = Some(self.open(&path, &file)?);
                continue;
            };
            let Some(batch) = file.next_batch(self.rowset)? else {
                let missing = file.missing;
                if missing > 0 {
                    let why = format!("{missing} rows are missing");
                    return Err(file.input.wrong(why));
                }
                self.open = None;
                continue;
            };
            let rows = batch.num_rows() as u64;
            let too_many = || file.input.wrong("it has more rows than the manifest says");
            file.missing = file.missing.checked_sub(rows).ok_or_else(too_many)?;
            if let Some(why) = too_long(&batch, self.rowset) {
                return Err(file.input.wrong(why));
            }
            return Ok(Some(batch));
        }
    }
}

impl Iterator for Rows {
    type Item = Result<RecordBatch, DiskError>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.next_batch();
        if next.is_err() {
            self.open = None;
            self.files.clear();
        }
        next.transpose()
    }
}

impl std::fmt::Debug for Rows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Rows({} files to come)", self.files.len())
    }
}

impl OpenFile {
    /// The next rows, in the present schema.
    fn next_batch(&mut self, rowset: Rowset) -> Result<Option<RecordBatch>, DiskError> {
        let batch = match &mut self.reader {
            Reader::Csv(reader) => reader.next_batch().map_err(|why| self.input.wrong(why))?,
            Reader::Parquet(reader) => reader.next_batch()?,
        };
        batch
            .map(|batch| in_present_schema(&batch, rowset))
            .transpose()
            .map_err(|error| self.input.wrong(error))
    }
}

/// Rows with nulls in the columns that are younger than their file.
fn in_present_schema(batch: &RecordBatch, rowset: Rowset) -> Result<RecordBatch, ArrowError> {
    let schema = rowset.schema();
    let mut columns = batch.columns().to_vec();
    for field in schema.fields().iter().skip(columns.len()) {
        columns.push(new_null_array(field.data_type(), batch.num_rows()));
    }
    RecordBatch::try_new(schema, columns)
}

#[cfg(test)]
mod tests;
