//! The queries of the README, over snapshots of which the later one has a column more, wherever a
//! Python has what they need.

use std::fs;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema};
use parquet::arrow::ArrowWriter;

use crate::house::root;
use crate::support::{World, clips, parquet_rows, skipped};

const CLIPS: u64 = 40;
/// The dates that the queries name.
const DATES: [&str; 2] = ["2026-11-22", "2026-11-23"];

/// A way to run a block of code: what it needs, and what is to be said before and after it, so that
/// the last line tells how many clips of each date have a value in the later column.
struct Engine {
    /// What tells its block from the others.
    mark: &'static str,
    modules: &'static str,
    before: &'static str,
    after: &'static str,
}

const ENGINES: [Engine; 5] = [
    Engine {
        mark: "read_parquet('",
        modules: "duckdb",
        before: "import duckdb\nduckdb.execute('''",
        after: "''')\nsql = 'SELECT snapshot_date::VARCHAR, count(views) FROM clips GROUP BY ALL'\n\
                print(sorted(duckdb.sql(sql).fetchall()))",
    },
    Engine {
        mark: "import pandas",
        modules: "pandas, pyarrow",
        before: "",
        after: "count = lambda rows: int(rows['views'].count()) if 'views' in rows else 0\n\
                print([('2026-11-22', count(before)), ('2026-11-23', count(clips))])",
    },
    Engine {
        mark: "import polars",
        modules: "polars",
        before: "",
        after: "date = pl.col('snapshot_date').cast(pl.String)\n\
                print(sorted(clips.group_by(date).agg(pl.col('views').count()).rows()))",
    },
    Engine {
        mark: "import pyarrow as pa",
        modules: "pyarrow",
        before: "",
        after: "dates = ['2026-11-22', '2026-11-23']\n\
                of = lambda date: clips.to_table(filter=ds.field('snapshot_date') == date)['views']\n\
                print([(date, len(of(date)) - of(date).null_count) for date in dates])",
    },
    Engine {
        mark: "pyspark",
        modules: "pyspark",
        before: "from pyspark.sql import SparkSession\n\
                 settings = SparkSession.builder.master('local[1]')\n\
                 spark = settings.config('spark.ui.enabled', 'false').getOrCreate()",
        after: "rows = clips.groupBy('snapshot_date').agg(F.count('views')).collect()\n\
                print(sorted((str(date), views) for date, views in rows))",
    },
];

/// The blocks of code below a heading of the README.
fn blocks(heading: &str) -> Vec<String> {
    let text = fs::read_to_string(root().join("README.md")).unwrap();
    let (_, below) = text.split_once(&format!("\n{heading}\n")).unwrap();
    let section = below.split("\n## ").next().unwrap();
    let blocks = section.split("```").skip(1).step_by(2);
    blocks
        .map(|block| block.split_once('\n').unwrap().1.to_owned())
        .collect()
}

/// Two snapshots of the same clips and owners, the later with a column that the tool does not write.
fn two_versions(folder: &Path) {
    let world = World::new(clips(CLIPS));
    world.export().arg("--resolve-owners").succeeds();
    for table in ["clips", "owners"] {
        let exported = world.out().join(table).join("snapshot_date=2026-11-01");
        for date in DATES {
            let place = folder.join(format!("census/{table}/snapshot_date={date}"));
            fs::create_dir_all(&place).unwrap();
            fs::copy(
                exported.join("part-00000.parquet"),
                place.join("part-00000.parquet"),
            )
            .unwrap();
        }
    }
    let later = format!("census/clips/snapshot_date={}/part-00000.parquet", DATES[1]);
    let later = folder.join(later);
    let rows = parquet_rows(&later);
    let mut fields = rows[0].schema().fields().to_vec();
    fields.push(Arc::new(Field::new("views", DataType::Int64, true)));
    let schema = Arc::new(Schema::new(fields));
    let file = File::create(&later).unwrap();
    let mut writer = ArrowWriter::try_new(file, Arc::clone(&schema), None).unwrap();
    for batch in rows {
        let views = Int64Array::from(vec![7; batch.num_rows()]);
        let mut columns = batch.columns().to_vec();
        columns.push(Arc::new(views) as ArrayRef);
        let batch = RecordBatch::try_new(Arc::clone(&schema), columns).unwrap();
        writer.write(&batch).unwrap();
    }
    writer.close().unwrap();
}

/// What a script left, if there is a Python: that of the benches, or one that is named.
pub(crate) fn python(folder: &Path, script: &str) -> Option<Output> {
    let of_benches = root().join("target/bench-python/bin/python");
    let named = std::env::var_os("CLIPCENSUS_BENCH_PYTHON").map(PathBuf::from);
    let mut command = Command::new(named.unwrap_or(of_benches));
    command.current_dir(folder).arg("-c").arg(script);
    command.output().ok()
}

#[test]
fn the_queries_of_the_readme_find_a_column_that_only_later_snapshots_have() {
    let blocks = blocks("## First queries");
    assert_eq!(blocks.len(), ENGINES.len());
    let folder = tempfile::tempdir().unwrap();
    two_versions(folder.path());
    for (engine, code) in ENGINES.iter().zip(blocks) {
        assert!(code.contains(engine.mark), "no {} in {code}", engine.mark);
        let found = python(folder.path(), &format!("import {}", engine.modules));
        if !found.is_some_and(|output| output.status.success()) {
            skipped(&format!("no Python with {}", engine.modules));
            continue;
        }
        let script = format!("{}\n{code}\n{}", engine.before, engine.after);
        let output = python(folder.path(), &script).unwrap();
        let stdout = String::from_utf8_lossy(&output.stdout);
        let stderr = String::from_utf8_lossy(&output.stderr);
        let wanted = format!("[('{}', 0), ('{}', {CLIPS})]", DATES[0], DATES[1]);
        assert_eq!(stdout.lines().last(), Some(wanted.as_str()), "{stderr}");
    }
}
