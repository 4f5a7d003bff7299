//! Publishing: a snapshot is put together beside its place, made durable, then put there whole.

use std::fs;
use std::fs::File;
use std::io::{BufWriter, IntoInnerError, Write};
use std::path::{Path, PathBuf};

use arrow::array::RecordBatch;
use jiff::civil::Date;

use crate::disk::OutputLock;
use crate::disk::error::DiskError;
use crate::disk::file::{
    DigestWriter, StreamedFile, create_dirs, digest_bytes, remove, sync_dir, write_durable,
};
use crate::disk::layout::{Folder, LATEST, Layout, MANIFEST};
use crate::disk::private::private_dir;
use crate::snapshot::csv::{CsvMode, CsvWriter};
use crate::snapshot::files::{DataFile, Document};
use crate::snapshot::history::published_before;
use crate::snapshot::intent::{Intent, Publish};
use crate::snapshot::manifest::{Format, Latest, Manifest, PublishedManifest};
#[cfg(test)]
use crate::snapshot::moves::Renames;
use crate::snapshot::moves::System;
use crate::snapshot::parquet::ParquetWriter;
#[cfg(test)]
use crate::snapshot::recover::carry_out;
use crate::snapshot::recover::do_or_undo;
use crate::snapshot::rowset::Rowset;

/// Bytes that are hashed and written at once.
const BUFFER: usize = 1 << 18;

type Output = BufWriter<DigestWriter<StreamedFile>>;

/// A data file being written.
enum Writer {
    Parquet(Box<ParquetWriter<Output>>),
    Csv(CsvWriter<Output>),
}

struct Part {
    writer: Writer,
    path: PathBuf,
    name: String,
    rows: u64,
}

/// How data files are written.
#[derive(Debug, Clone, Copy)]
struct Form {
    format: Format,
    csv_mode: CsvMode,
    max_file_rows: u64,
}

/// Data files of one kind of rows, in a staged folder.
struct Parts {
    layout: Layout,
    date: Date,
    rowset: Rowset,
    form: Form,
    part: Option<Part>,
    files: Vec<DataFile>,
}

/// The staging folder. It goes away with its owner, so that a failure leaves no space taken, unless
/// a publish was begun that needs it.
#[derive(Debug)]
struct Staging(Layout);

impl Drop for Staging {
    fn drop(&mut self) {
        if !self.0.intent_file().exists() {
            // What stays behind is deleted when the next export begins.
            drop(remove(&self.0.staging_dir()));
        }
    }
}

/// Data files being written, out of every reader's sight.
pub struct Publication {
    parts: Parts,
    staging: Staging,
}

impl Publication {
    /// Begins the snapshot of `date` (UTC date of its instant). `csv_mode` counts for CSV only;
    /// `max_file_rows` is at least 1. The caller holds the lock of the output folder.
    ///
    /// # Errors
    /// When the output folder cannot be written.
    pub fn stage(
        layout: &Layout,
        date: Date,
        format: Format,
        csv_mode: CsvMode,
        max_file_rows: u64,
    ) -> Result<Self, DiskError> {
        create_dirs(layout.out())?;
        private_dir(&layout.work_dir())?;
        remove(&layout.staging_dir())?;
        private_dir(&layout.staging_dir())?;
        let staging = Staging(layout.clone());
        create_dirs(&layout.staged(Folder::Documents))?;
        let form = Form {
            format,
            csv_mode,
            max_file_rows: max_file_rows.max(1),
        };
        Ok(Self {
            parts: Parts::begin(layout, date, Rowset::Clips, form)?,
            staging,
        })
    }

    /// Adds rows, in snapshot order.
    ///
    /// # Errors
    /// When a data file cannot be written.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), DiskError> {
        self.parts.write(batch)
    }

    /// Ends the data files. Without rows there is one file, which has the schema.
    ///
    /// # Errors
    /// When a data file cannot be written.
    pub fn finish(self) -> Result<Staged, DiskError> {
        let Parts {
            ref layout,
            date,
            form,
            ..
        } = self.parts;
        Ok(Staged {
            layout: layout.clone(),
            date,
            form,
            files: self.parts.finish()?,
            documents: Vec::new(),
            _staging: self.staging,
        })
    }
}

impl Parts {
    fn begin(layout: &Layout, date: Date, rowset: Rowset, form: Form) -> Result<Self, DiskError> {
        let parts = Self {
            layout: layout.clone(),
            date,
            rowset,
            form,
            part: None,
            files: Vec::new(),
        };
        create_dirs(&parts.folder())?;
        Ok(parts)
    }

    fn folder(&self) -> PathBuf {
        self.layout.staged(match self.rowset {
            Rowset::Clips => Folder::Data,
            Rowset::Owners => Folder::Owners,
        })
    }

    fn write(&mut self, batch: &RecordBatch) -> Result<(), DiskError> {
        let mut written = 0;
        while written < batch.num_rows() {
            if self
                .part
                .as_ref()
                .is_some_and(|part| part.rows >= self.form.max_file_rows)
            {
                self.end_part()?;
            }
            let mut part = match self.part.take() {
                Some(part) => part,
                None => self.begin_part()?,
            };
            let room = usize::try_from(self.form.max_file_rows - part.rows).unwrap_or(usize::MAX);
            let rows = room.min(batch.num_rows() - written);
            part.write(&batch.slice(written, rows))?;
            written += rows;
            self.part = Some(part);
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Vec<DataFile>, DiskError> {
        if self.part.is_none() && self.files.is_empty() {
            self.part = Some(self.begin_part()?);
        }
        self.end_part()?;
        Ok(self.files)
    }

    fn begin_part(&self) -> Result<Part, DiskError> {
        let Form {
            format, csv_mode, ..
        } = self.form;
        let name = format!("part-{:05}.{}", self.files.len(), format.extension());
        let path = self.folder().join(&name);
        let file = File::create_new(&path).map_err(DiskError::write(&path))?;
        let output = DigestWriter::new(StreamedFile::new(file));
        let output = BufWriter::with_capacity(BUFFER, output);
        let writer = match format {
            Format::Parquet => Writer::Parquet(Box::new(
                ParquetWriter::new(output, self.rowset).map_err(DiskError::parquet_write(&path))?,
            )),
            Format::Csv => Writer::Csv(
                CsvWriter::new(output, csv_mode, &self.rowset.schema())
                    .map_err(DiskError::write(&path))?,
            ),
        };
        Ok(Part {
            writer,
            path,
            name,
            rows: 0,
        })
    }

    fn end_part(&mut self) -> Result<(), DiskError> {
        let Some(part) = self.part.take() else {
            return Ok(());
        };
        let path = &part.path;
        let output = match part.writer {
            Writer::Parquet(writer) => writer.finish().map_err(DiskError::parquet_write(path))?,
            Writer::Csv(writer) => writer.into_inner(),
        };
        let hashed = output.into_inner().map_err(IntoInnerError::into_error);
        let (file, bytes, sha256) = hashed.map_err(DiskError::write(path))?.finish();
        file.sync().map_err(DiskError::write(path))?;
        self.files.push(DataFile {
            path: match self.rowset {
                Rowset::Clips => self.layout.data_path(self.date, &part.name),
                Rowset::Owners => Layout::owners_path(self.date, &part.name),
            },
            rows: part.rows,
            bytes,
            sha256,
        });
        Ok(())
    }
}

impl Part {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), DiskError> {
        match &mut self.writer {
            Writer::Parquet(writer) => writer
                .write(batch)
                .map_err(DiskError::parquet_write(&self.path))?,
            Writer::Csv(writer) => writer.write(batch).map_err(DiskError::write(&self.path))?,
        }
        self.rows += batch.num_rows() as u64;
        Ok(())
    }
}

impl std::fmt::Debug for Publication {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "Publication({}, {:?})",
            self.parts.date, self.parts.form.format
        )
    }
}

/// Data files that are complete and durable, but not yet in their place.
#[derive(Debug)]
pub struct Staged {
    layout: Layout,
    date: Date,
    form: Form,
    /// The data files as the manifest lists them.
    pub files: Vec<DataFile>,
    documents: Vec<Document>,
    _staging: Staging,
}

impl Staged {
    /// Writes the owners, in the order of account and id, beside the clips and in their form.
    ///
    /// # Errors
    /// When a data file cannot be written.
    pub fn owners(&mut self, batch: &RecordBatch) -> Result<(), DiskError> {
        let mut parts = Parts::begin(&self.layout, self.date, Rowset::Owners, self.form)?;
        parts.write(batch)?;
        self.files.extend(parts.finish()?);
        sync_dir(&self.layout.staged(Folder::Owners))
    }

    /// Writes a document that may be large, such as the rejects, beside the manifest.
    ///
    /// # Errors
    /// [`DiskError::BadName`] for a name that leads elsewhere; errors of `write` and the disk.
    pub fn document(
        &mut self,
        name: &str,
        write: impl FnOnce(&mut dyn Write) -> Result<(), DiskError>,
    ) -> Result<(), DiskError> {
        let path = self.document_path(name)?;
        let file = File::create_new(&path).map_err(DiskError::write(&path))?;
        let mut output = BufWriter::new(DigestWriter::new(file));
        write(&mut output)?;
        let hashed = output
            .into_inner()
            .map_err(|error| DiskError::write(&path)(error.into_error()))?;
        let (file, bytes, sha256) = hashed.finish();
        file.sync_all().map_err(DiskError::write(&path))?;
        self.documents.push(Document {
            path: Layout::document_path(self.date, name),
            bytes,
            sha256,
        });
        Ok(())
    }

    /// Puts the snapshot in its place, whole: a reader finds the former one or this one. The
    /// manifest is written with the documents named in it, and the manifests that were published before.
    /// Returns its path and its SHA-256 once all files were seen in their place.
    ///
    /// # Errors
    /// When the output folder cannot be written, or another run has taken it over: readers find what
    /// they found before. What a killed process has begun is completed by
    /// [`recover`](crate::snapshot::recover()).
    pub fn publish(
        mut self,
        manifest: &Manifest,
        documents: &[(&str, Vec<u8>)],
        lock: &OutputLock,
    ) -> Result<(PathBuf, String), DiskError> {
        let intent = self.prepare(manifest, documents)?;
        lock.confirm()?;
        let sha256 = intent.manifest_sha256.clone();
        let intent = Intent::Publish(intent);
        intent.write(&self.layout)?;
        do_or_undo(&self.layout, &intent, &System)?;
        Ok((self.layout.manifest(self.date), sha256))
    }

    /// Publishes, but stops after so many steps, as a killed process does.
    #[cfg(test)]
    fn publish_steps(
        &mut self,
        manifest: &Manifest,
        renames: &dyn Renames,
        steps: usize,
    ) -> Result<(), DiskError> {
        let intent = Intent::Publish(self.prepare(manifest, &[])?);
        intent.write(&self.layout)?;
        carry_out(&self.layout, &intent, renames, steps)
    }

    /// Writes all that is still missing beside the data files, and makes it durable.
    fn prepare(
        &mut self,
        manifest: &Manifest,
        documents: &[(&str, Vec<u8>)],
    ) -> Result<Publish, DiskError> {
        let staging = self.layout.staging_dir();
        for (name, bytes) in documents {
            self.document(name, |into| {
                into.write_all(bytes).map_err(DiskError::write(&staging))
            })?;
        }
        let manifest = Manifest {
            documents: self.documents.clone(),
            published_before: published_before(&self.layout)?,
            ..manifest.clone()
        };
        let snapshot = self.layout.staged(Folder::Documents);
        let text = manifest.to_json();
        write_durable(&snapshot.join(MANIFEST), &text)?;
        let newest = self.newest()?;
        let manifest_sha256 = digest_bytes(&text);
        let published = PublishedManifest {
            snapshot_date: self.date.to_string(),
            manifest_sha256: manifest_sha256.clone(),
        };
        let latest = Latest::of(newest, published);
        write_durable(&staging.join(LATEST), &latest.to_json())?;
        sync_dir(&self.layout.staged(Folder::Data))?;
        sync_dir(&snapshot)?;
        sync_dir(&staging)?;
        create_dirs(&self.layout.table_dir())?;
        create_dirs(&self.layout.snapshots_dir())?;
        if self.files.iter().any(DataFile::is_of_owners) {
            let place = self.layout.owners_dir(self.date);
            create_dirs(place.parent().unwrap_or(&place))?;
        }
        sync_dir(self.layout.out())?;
        Ok(Publish {
            table: self.layout.table(),
            date: self.date,
            manifest_sha256,
        })
    }

    /// The date of the newest snapshot once this one is there.
    fn newest(&self) -> Result<Date, DiskError> {
        match Latest::read(&self.layout) {
            Ok(Some(latest)) if exists(&self.layout.manifest(latest)) => Ok(latest.max(self.date)),
            Ok(_) => Ok(self.date),
            // The file is about to be replaced by a good one.
            Err(error) if error.is_damaged() => Ok(self.date),
            Err(error) => Err(error),
        }
    }

    /// Where a document is written before it is published.
    ///
    /// # Errors
    /// [`DiskError::BadName`] for a name that leads elsewhere.
    pub fn document_path(&self, name: &str) -> Result<PathBuf, DiskError> {
        let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        if name.is_empty() || name.starts_with('.') || name == MANIFEST || !name.chars().all(fine) {
            return Err(DiskError::BadName {
                name: name.to_owned(),
                what: "a document",
            });
        }
        Ok(self.layout.staged(Folder::Documents).join(name))
    }
}

fn exists(path: &Path) -> bool {
    fs::metadata(path).is_ok()
}

#[cfg(test)]
mod tests;
