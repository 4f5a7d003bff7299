//! Gives the engine the open files of a snapshot, and no path: what is not among them it cannot read.

use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use bytes::Bytes;
use clipcensus::audit::OpenParquet;
use datafusion::common::{Result, exec_err};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::ParquetFileReaderFactory;
use datafusion::execution::object_store::ObjectStoreRegistry;
use datafusion::parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use datafusion::parquet::arrow::async_reader::AsyncFileReader;
use datafusion::parquet::errors::Result as ParquetResult;
use datafusion::parquet::file::metadata::ParquetMetaData;
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use futures_util::future::BoxFuture;
use object_store::ObjectStore;
use object_store::memory::InMemory;
use url::Url;

/// An open file, which every scan of it reads from.
#[derive(Debug, Clone)]
pub(crate) struct DataFile {
    file: Arc<File>,
    footer: Arc<ParquetMetaData>,
}

impl DataFile {
    /// The file as the engine takes it.
    ///
    /// # Errors
    /// When its footer cannot be read.
    pub(crate) fn partitioned(open: OpenParquet) -> ParquetResult<PartitionedFile> {
        // By the types of Parquet, as all commands read it, and not by those that a file suggests beside them.
        let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
        let footer = ArrowReaderMetadata::load(&open.file, options)?;
        let file = Self {
            file: Arc::new(open.file),
            footer: Arc::clone(footer.metadata()),
        };
        Ok(PartitionedFile::new(open.name, open.bytes)
            .with_arrow_schema(Arc::clone(footer.schema()))
            .with_extension(file))
    }
}

/// Reads what comes with a [`PartitionedFile`], and nothing else.
#[derive(Debug)]
pub(crate) struct OpenFiles;

impl ParquetFileReaderFactory for OpenFiles {
    fn create_reader(
        &self,
        _partition_index: usize,
        file: PartitionedFile,
        _metadata_size_hint: Option<usize>,
        _metrics: &ExecutionPlanMetricsSet,
    ) -> Result<Box<dyn AsyncFileReader + Send>> {
        let Some(file) = file.extension::<DataFile>() else {
            return exec_err!("only files of a snapshot are read");
        };
        Ok(Box::new(file.clone()))
    }
}

impl AsyncFileReader for DataFile {
    fn get_bytes(&mut self, range: Range<u64>) -> BoxFuture<'_, ParquetResult<Bytes>> {
        let read = || {
            let length = usize::try_from(range.end.saturating_sub(range.start))?;
            let mut bytes = vec![0; length];
            self.file.read_exact_at(&mut bytes, range.start)?;
            Ok(Bytes::from(bytes))
        };
        let read: ParquetResult<Bytes> = read();
        Box::pin(std::future::ready(read))
    }

    fn get_metadata<'a>(
        &'a mut self,
        _options: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, ParquetResult<Arc<ParquetMetaData>>> {
        Box::pin(std::future::ready(Ok(Arc::clone(&self.footer))))
    }
}

/// A registry of stores that knows one, which is empty: no address in a query leads to a file.
#[derive(Debug)]
pub(crate) struct NoStores;

impl ObjectStoreRegistry for NoStores {
    fn register_store(&self, _: &Url, _: Arc<dyn ObjectStore>) -> Option<Arc<dyn ObjectStore>> {
        None
    }

    fn get_store(&self, _: &Url) -> Result<Arc<dyn ObjectStore>> {
        Ok(Arc::new(InMemory::new()))
    }
}
