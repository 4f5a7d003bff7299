//! Gives the engine the open files of a snapshot, and no path: what is not among them it cannot read.

use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use clipcensus::audit::OpenParquet;
use datafusion::common::{Result, exec_err};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::ParquetFileReaderFactory;
use datafusion::execution::object_store::ObjectStoreRegistry;
use datafusion::parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use datafusion::parquet::arrow::async_reader::AsyncFileReader;
use datafusion::parquet::errors::Result as ParquetResult;
use datafusion::parquet::file::metadata::{PageIndexPolicy, ParquetMetaData};
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use futures_util::future::BoxFuture;
use object_store::ObjectStore;
use object_store::memory::InMemory;
use url::Url;

/// An open file, which every scan of it reads from.
#[derive(Debug, Clone)]
pub(crate) struct DataFile(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    file: File,
    footer: OnceLock<Arc<ParquetMetaData>>,
}

impl DataFile {
    /// The file as the engine takes it.
    pub(crate) fn partitioned(open: OpenParquet) -> PartitionedFile {
        let file = Self(Arc::new(Inner {
            file: open.file,
            footer: OnceLock::new(),
        }));
        PartitionedFile::new(open.name, open.bytes).with_extension(file)
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
            self.0.file.read_exact_at(&mut bytes, range.start)?;
            Ok(Bytes::from(bytes))
        };
        let read: ParquetResult<Bytes> = read();
        Box::pin(std::future::ready(read))
    }

    fn get_metadata<'a>(
        &'a mut self,
        _options: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, ParquetResult<Arc<ParquetMetaData>>> {
        let footer = match self.0.footer.get() {
            Some(footer) => Ok(Arc::clone(footer)),
            None => self.load(),
        };
        Box::pin(std::future::ready(footer))
    }
}

impl DataFile {
    fn load(&self) -> ParquetResult<Arc<ParquetMetaData>> {
        let options = ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Skip);
        let footer = ArrowReaderMetadata::load(&self.0.file, options)?;
        Ok(Arc::clone(
            self.0.footer.get_or_init(|| Arc::clone(footer.metadata())),
        ))
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
