//! The rows of one kind of some snapshots, as a table of the engine. Files are opened when they are first read.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use clipcensus::audit::{Checked, Layout, Manifest, Rowset, empty_parquet, parquet_files};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::config::TableParquetOptions;
use datafusion::common::stats::Precision;
use datafusion::common::{DataFusionError, Result, ScalarValue, Statistics};
use datafusion::datasource::TableType;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::datasource::table_schema::TableSchema;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::Expr;
use datafusion::parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use datafusion::physical_plan::ExecutionPlan;
use jiff::civil::Date;

use crate::error::Error;
use crate::files::{DataFile, OpenFiles};

/// The name of the column that is no column of the files.
pub(crate) const SNAPSHOT_DATE: &str = "snapshot_date";

/// Where the rows of a table are, and how they are read.
#[derive(Debug)]
pub(crate) struct SnapshotTable {
    schema: TableSchema,
    rowset: Rowset,
    layout: Layout,
    manifests: Vec<Manifest>,
    checked: Checked,
    work: PathBuf,
    /// Once they are open.
    files: Mutex<Option<Files>>,
}

/// The files of a table, and their rows: by these a join holds the smaller side in memory.
#[derive(Debug, Clone, Default)]
struct Files {
    all: Vec<PartitionedFile>,
    rows: usize,
}

impl SnapshotTable {
    /// The rows of these snapshots, in their order.
    pub(crate) fn new(
        rowset: Rowset,
        layout: &Layout,
        manifests: Vec<Manifest>,
        checked: Checked,
        work: PathBuf,
    ) -> std::result::Result<Self, Error> {
        Ok(Self {
            schema: schema(rowset)?,
            rowset,
            layout: layout.clone(),
            manifests,
            checked,
            work,
            files: Mutex::new(None),
        })
    }

    /// Opens all files, at the first time.
    fn files(&self) -> Result<Files> {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(files) = &*files {
            return Ok(files.clone());
        }
        let mut open = Files::default();
        for manifest in &self.manifests {
            let found = parquet_files(
                &self.layout,
                manifest,
                self.rowset,
                self.checked,
                &self.work,
            );
            let found = found.map_err(|error| DataFusionError::External(Box::new(error)))?;
            let date = days(manifest.date());
            for file in found {
                open.rows += usize::try_from(file.rows).unwrap_or(usize::MAX);
                let of_date = vec![ScalarValue::Date32(Some(date))];
                let file = DataFile::partitioned(file)?.with_partition_values(of_date);
                open.all.push(file);
            }
        }
        *files = Some(open.clone());
        Ok(open)
    }
}

#[async_trait]
impl TableProvider for SnapshotTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(self.schema.table_schema())
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        _: &dyn Session,
        projection: Option<&Vec<usize>>,
        _: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        // What a file says of its own pages may be untrue, and nobody would miss the rows that it passes over:
        // all are read.
        let mut options = TableParquetOptions::default();
        options.global.pruning = false;
        options.global.enable_page_index = false;
        options.global.bloom_filter_on_read = false;
        let source = ParquetSource::new(self.schema.clone())
            .with_table_parquet_options(options)
            .with_parquet_file_reader_factory(Arc::new(OpenFiles));
        let url = ObjectStoreUrl::local_filesystem();
        let files = self.files()?;
        let statistics = Statistics {
            num_rows: Precision::Exact(files.rows),
            ..Statistics::new_unknown(self.schema.table_schema())
        };
        let config = FileScanConfigBuilder::new(url, Arc::new(source))
            .with_file_group(FileGroup::new(files.all))
            .with_statistics(statistics)
            .with_projection_indices(projection.cloned())?
            .with_limit(limit)
            .build();
        Ok(DataSourceExec::from_data_source(config))
    }
}

/// The columns of a kind of rows, and the date of the snapshot they are of.
fn schema(rowset: Rowset) -> std::result::Result<TableSchema, Error> {
    let file = empty_parquet(rowset)?;
    let metadata =
        ArrowReaderMetadata::load(&bytes::Bytes::from(file), ArrowReaderOptions::default())
            .map_err(DataFusionError::from)?;
    let date = Field::new(SNAPSHOT_DATE, DataType::Date32, false);
    // Texts as views onto the pages that they stand in: most are looked at, and few are kept.
    let fields = metadata
        .schema()
        .fields()
        .iter()
        .map(|field| match field.data_type() {
            DataType::Utf8 => field.as_ref().clone().with_data_type(DataType::Utf8View),
            _ => field.as_ref().clone(),
        });
    let schema = Schema::new(fields.collect::<Vec<Field>>());
    Ok(TableSchema::builder(Arc::new(schema))
        .with_table_partition_cols(vec![Arc::new(date)])
        .build())
}

/// Days since 1970.
pub(crate) fn days(date: Date) -> i32 {
    let since = jiff::civil::date(1970, 1, 1).until(date);
    since.map_or(0, |span| span.get_days())
}
