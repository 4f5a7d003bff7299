//! The engine over the views of a moment: bounded in memory, and unable to write or to read anything else.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use clipcensus::audit::{Checked, Manifest, ReadingArgs, Rowset, WorkFolder, exposed_in_sql};
use datafusion::arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
use datafusion::common::Result;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::dataframe::DataFrame;
use datafusion::datasource::{MemTable, TableProvider};
use datafusion::execution::context::SQLOptions;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::logical_expr::LogicalPlan;
use datafusion::prelude::{SessionConfig, SessionContext};

use crate::error::Error;
use crate::files::NoStores;
use crate::moment::{Moment, Snapshot};
use crate::table::{SnapshotTable, days};

/// The views, as queries see them.
const CLIPS: &str = "clips";
const OWNERS: &str = "owners";
pub(crate) const PREVIOUS_CLIPS: &str = "previous_clips";
const CLIPS_HISTORY: &str = "clips_history";
const SNAPSHOTS: &str = "snapshots";

/// Bytes of a spill file that are written at most: far more than any query of a census needs.
const MOST_SPILLED: u64 = 1 << 40;

/// Seconds of a day and of an hour.
const DAY: i64 = 86_400;
const HOUR: i64 = 3600;

/// What queries run on, whatever they are about. What does not fit into memory goes to a folder.
#[derive(Debug)]
pub(crate) struct Engine {
    runtime: Arc<RuntimeEnv>,
    checked: Checked,
    work: PathBuf,
}

impl Engine {
    pub(crate) fn new(
        reading: &ReadingArgs,
        folder: &WorkFolder,
    ) -> std::result::Result<Self, Error> {
        let work = folder.make(reading.work.as_deref());
        let work = work.map_err(|(place, source)| Error::Write {
            place: place.display().to_string(),
            source,
        })?;
        let spilled = DiskManagerBuilder::default()
            .with_mode(DiskManagerMode::Directories(vec![work.clone()]))
            .with_max_temp_directory_size(MOST_SPILLED);
        let memory = usize::try_from(reading.memory).unwrap_or(usize::MAX);
        let runtime = RuntimeEnvBuilder::new()
            .with_memory_pool(Arc::new(FairSpillPool::new(memory)))
            .with_disk_manager_builder(spilled)
            .with_object_store_registry(Arc::new(NoStores))
            .build_arc()?;
        Ok(Self {
            runtime,
            checked: if reading.verify {
                Checked::Digest
            } else {
                Checked::Length
            },
            work,
        })
    }

    /// The folder for what is put aside.
    pub(crate) fn work(&self) -> PathBuf {
        self.work.clone()
    }

    /// The views of a moment.
    pub(crate) async fn session(&self, moment: &Moment) -> std::result::Result<Session, Error> {
        let context = SessionContext::new_with_config_rt(config(), Arc::clone(&self.runtime));
        let subject = moment.subject().manifest.clone();
        let previous = moment.previous().map(|it| it.manifest.clone());
        let mut history: Vec<Manifest> = moment.readable().map(|it| it.manifest.clone()).collect();
        history.reverse();
        let owners = subject.owners().is_some().then(|| subject.clone());
        let tables = Tables {
            clips: self.table(moment, Rowset::Clips, vec![subject])?,
            previous_clips: self.table(moment, Rowset::Clips, previous.into_iter().collect())?,
            clips_history: self.table(moment, Rowset::Clips, history)?,
            owners: self.table(moment, Rowset::Owners, owners.into_iter().collect())?,
            snapshots: Arc::new(of_batch(snapshots(moment)?)?),
        };
        Session::over(context, tables).await
    }

    fn table(
        &self,
        moment: &Moment,
        rowset: Rowset,
        manifests: Vec<Manifest>,
    ) -> std::result::Result<Table, Error> {
        let is_absent = manifests.is_empty();
        let work = self.work();
        let table = SnapshotTable::new(rowset, &moment.layout, manifests, self.checked, work)?;
        let rows: Arc<dyn TableProvider> = Arc::new(table);
        Ok(Table { rows, is_absent })
    }
}

/// Rows, and whether there are none because there is nothing that they could be of.
struct Table {
    rows: Arc<dyn TableProvider>,
    is_absent: bool,
}

/// What the views are made of.
struct Tables {
    clips: Table,
    previous_clips: Table,
    clips_history: Table,
    owners: Table,
    snapshots: Arc<dyn TableProvider>,
}

fn of_batch(batch: RecordBatch) -> Result<MemTable> {
    MemTable::try_new(batch.schema(), vec![vec![batch]])
}

/// Why a view holds nothing, and what to do.
pub(crate) fn why_absent(view: &str) -> &'static str {
    match view {
        OWNERS => "the snapshot has no owners; export with --resolve-owners to have them",
        _ => {
            "there is nothing to compare with: no verified snapshot before this one, or --since none was given"
        }
    }
}

/// How the engine works.
fn config() -> SessionConfig {
    let mut config = SessionConfig::new()
        .with_information_schema(true)
        // Rows in the order of the snapshot, so that the same query gives the same bytes.
        .with_target_partitions(1);
    let options = config.options_mut();
    options.sql_parser.collect_spans = true;
    options.execution.time_zone = Some("+00:00".to_owned());
    config
}

/// The views of a moment, to be asked.
pub(crate) struct Session {
    context: SessionContext,
    /// Views that are empty because there is nothing that they could hold.
    absent: BTreeSet<&'static str>,
}

impl Session {
    async fn over(context: SessionContext, tables: Tables) -> std::result::Result<Self, Error> {
        let mut absent = BTreeSet::new();
        for (name, table) in [
            (CLIPS, tables.clips),
            (PREVIOUS_CLIPS, tables.previous_clips),
            (CLIPS_HISTORY, tables.clips_history),
        ] {
            absent.extend(table.is_absent.then_some(name));
            context.register_table(name, table.rows)?;
            let view = context.sql(&clips_view(name)).await?.into_view();
            context.deregister_table(name)?;
            context.register_table(name, view)?;
        }
        absent.extend(tables.owners.is_absent.then_some(OWNERS));
        context.register_table(OWNERS, tables.owners.rows)?;
        context.register_table(SNAPSHOTS, tables.snapshots)?;
        Ok(Self { context, absent })
    }

    /// What a query would do; only reading is possible.
    pub(crate) async fn plan(&self, sql: &str) -> Result<DataFrame> {
        let read_only = SQLOptions::new()
            .with_allow_ddl(false)
            .with_allow_dml(false)
            .with_allow_statements(false);
        self.context.sql_with_options(sql, read_only).await
    }

    /// The views that a plan reads and that hold nothing because there is nothing to hold.
    pub(crate) fn absent_in(&self, plan: &LogicalPlan) -> Result<BTreeSet<&'static str>> {
        let mut found = BTreeSet::new();
        plan.apply_with_subqueries(|node| {
            if let LogicalPlan::TableScan(scan) = node {
                found.extend(self.absent.get(scan.table_name.table()));
            }
            Ok(TreeNodeRecursion::Continue)
        })?;
        Ok(found)
    }
}

/// The rows, and what is counted from the instant of their snapshot.
fn clips_view(name: &str) -> String {
    let days_since = |column: &str| {
        format!(
            "CAST(floor((date_part('epoch', snapshot_at) - date_part('epoch', {column})) / {DAY}) AS BIGINT)"
        )
    };
    format!(
        "SELECT *, {} AS age_days, {} AS idle_days, {} AS exposed FROM {name}",
        days_since("created_at"),
        days_since("coalesce(modified_at, created_at)"),
        exposed_in_sql(),
    )
}

/// A row for each snapshot, the oldest first.
fn snapshots(moment: &Moment) -> Result<RecordBatch> {
    let mut all: Vec<&Snapshot> = moment.snapshots.iter().collect();
    all.reverse();
    let manifests = || all.iter().map(|it| &it.manifest);
    let count = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let counts = |of: fn(&Manifest) -> u64| -> ArrayRef {
        Arc::new(Int64Array::from_iter_values(
            manifests().map(|it| count(of(it))),
        ))
    };
    let texts = |of: fn(&Manifest) -> &str| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(manifests().map(of)))
    };
    let now = moment.now.as_second();
    let age = |it: &Manifest| (now - it.snapshot_at.0.div_euclid(1_000_000)).div_euclid(HOUR);
    let instants = manifests().map(|it| it.snapshot_at.0);
    let owners = manifests().map(|it| it.owners().map(count));
    let role = |it: &&Snapshot| {
        let previous = moment.previous().map(|previous| previous.date);
        if it.date == moment.subject().date {
            "subject"
        } else if Some(it.date) == previous {
            "previous"
        } else {
            "earlier"
        }
    };
    let simulated = manifests().map(|it| Some(it.simulated));
    let roles = all.iter().map(role);
    let hashes = all.iter().map(|it| it.manifest_sha256.as_str());
    let columns: Vec<(&str, ArrayRef)> = vec![
        (
            "snapshot_date",
            Arc::new(Date32Array::from_iter_values(
                all.iter().map(|it| days(it.date)),
            )),
        ),
        (
            "snapshot_at",
            Arc::new(TimestampMicrosecondArray::from_iter_values(instants).with_timezone("+00:00")),
        ),
        (
            "age_hours",
            Arc::new(Int64Array::from_iter_values(manifests().map(age))),
        ),
        ("role", Arc::new(StringArray::from_iter_values(roles))),
        ("verdict", texts(|it| it.verdict.name())),
        ("clips", counts(|it| it.totals.written)),
        ("rejected", counts(|it| it.totals.rejected)),
        ("owners", Arc::new(owners.collect::<Int64Array>())),
        ("file_bytes", counts(Manifest::bytes)),
        ("format", texts(|it| it.format.extension())),
        ("simulated", Arc::new(simulated.collect::<BooleanArray>())),
        ("tool_version", texts(|it| it.tool_version.as_str())),
        ("finished_at", texts(|it| it.finished_at.as_str())),
        (
            "manifest_sha256",
            Arc::new(StringArray::from_iter_values(hashes)),
        ),
    ];
    Ok(RecordBatch::try_from_iter_with_nullable(
        columns
            .into_iter()
            .map(|(name, column)| (name, column, name == "owners")),
    )?)
}

#[cfg(test)]
pub(crate) mod testing;
