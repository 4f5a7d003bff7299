//! The exposed rows of an export, put aside until it is known who their owners are.

use std::fs::File;
use std::io::BufWriter;
use std::path::PathBuf;

use arrow::array::RecordBatch;
use arrow::ipc::reader::StreamReader;
use arrow::ipc::writer::StreamWriter;

use crate::disk::input::FileInput;
use crate::disk::{DiskError, Layout};
use crate::report::exposed_rows;

/// Rows in a file of the staging folder, which goes away with it. There is none without such rows.
pub(super) struct ExposedRows {
    path: PathBuf,
    writer: Option<StreamWriter<BufWriter<File>>>,
}

impl ExposedRows {
    pub(super) fn begin(layout: &Layout) -> Self {
        Self {
            path: layout.staging_dir().join("exposed"),
            writer: None,
        }
    }

    /// Puts the exposed rows of a batch aside.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(super) fn add(&mut self, batch: &RecordBatch) -> Result<(), DiskError> {
        let path = &self.path;
        let Some(rows) = exposed_rows(batch).map_err(DiskError::arrow_write(path))? else {
            return Ok(());
        };
        if self.writer.is_none() {
            let file = File::create_new(path).map_err(DiskError::write(path))?;
            let writer = StreamWriter::try_new_buffered(file, &rows.schema());
            self.writer = Some(writer.map_err(DiskError::arrow_write(path))?);
        }
        if let Some(writer) = &mut self.writer {
            writer.write(&rows).map_err(DiskError::arrow_write(path))?;
        }
        Ok(())
    }

    /// All of them, in their order.
    ///
    /// # Errors
    /// When the file cannot be written or read.
    pub(super) fn read(
        self,
    ) -> Result<impl Iterator<Item = Result<RecordBatch, DiskError>>, DiskError> {
        let Self { path, writer } = self;
        let opened = match writer {
            Some(mut writer) => {
                writer.finish().map_err(DiskError::arrow_write(&path))?;
                drop(writer);
                let file = File::open(&path).map_err(DiskError::read(&path))?;
                let input = FileInput::new(file, &path);
                let reader = StreamReader::try_new_buffered(input.clone(), None);
                Some((reader.map_err(|error| input.wrong(error))?, input))
            }
            None => None,
        };
        Ok(opened.into_iter().flat_map(|(reader, input)| {
            reader.map(move |batch| batch.map_err(|error| input.wrong(error)))
        }))
    }
}
