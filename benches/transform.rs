//! The transform alone: page bytes in memory to a Parquet file on disk, on one core and on two,
//! beside `DuckDB` on the same pages and cores.
//!
//! The pages are those of a simulated account, listed once through the API and kept in a folder.
//! Each measurement is a process of its own, held to its cores with `taskset`, that reads the pages
//! into memory, and then takes the time from the first page to the finished file. What it does is
//! what an export does between the network and the publish: decode, normalise, spool, sort, merge,
//! encode. `DuckDB` reads the same pages from the page cache and writes the same columns.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    reason = "a bench prints, and one that cannot go on fails"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;
use std::time::Instant;

use bytes::Bytes;
use clipcensus::internals::{
    ChainPages, ChainRecord, Client, ClipsQuery, Credentials, CsvMode, DateFilter, Decoder,
    Endpoints, Events, Format, HttpTransport, Layout, Limits, Micros, Page, Publication,
    RetryPolicy, Seconds, SecretPolicy, Spool, SpoolHeader, Table, Timeouts, Window, clips, merge,
};
use clipcensus_sandbox::{Limits as SandboxLimits, Sandbox, SandboxOptions};
use rustix::time::{ClockId, clock_gettime};

const CLIPS: u64 = 300_000;

const SPAN: Window = Window {
    from: Seconds(1_672_531_200),
    to: Seconds(1_793_491_200),
};

const ACCOUNT: &str = "an-account-id-of-its-usual-length";

/// Set in the processes that measure: the folder of the pages.
const PAGES: &str = "CLIPCENSUS_BENCH_PAGES";

/// A Python with `DuckDB`; `make bench` sets it up.
const PYTHON: &str = "CLIPCENSUS_BENCH_PYTHON";

fn main() {
    if let Some(folder) = std::env::var_os(PAGES) {
        measure(Path::new(&folder));
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let bytes = runtime.block_on(list(folder.path()));
    println!(
        "{CLIPS} clips in pages of {:.0} MB; rows/s and MB/s of JSON",
        bytes as f64 / 1e6
    );
    for cores in ["0", "0,1"] {
        let mut ours = Command::new("taskset");
        ours.args(["-c", cores])
            .arg(std::env::current_exe().unwrap());
        ours.env(PAGES, folder.path());
        assert!(ours.status().unwrap().success());
        if let Some(python) = std::env::var_os(PYTHON) {
            let mut duckdb = Command::new("taskset");
            duckdb.args(["-c", cores]).arg(python);
            duckdb.arg(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/benches/transform_duckdb.py"
            ));
            duckdb
                .arg(folder.path())
                .arg(cores.split(',').count().to_string());
            assert!(duckdb.status().unwrap().success());
        }
    }
}

/// Lists an account window by window; a page is a file `WINDOW-PAGE.json`.
async fn list(folder: &Path) -> u64 {
    let options = SandboxOptions {
        clips: CLIPS,
        limits: SandboxLimits::NONE,
        ..SandboxOptions::default()
    };
    let sandbox = Sandbox::start(options, 0).await.unwrap();
    let access = sandbox.credentials();
    let client = Client::new(
        std::sync::Arc::new(HttpTransport::new(Timeouts::default()).unwrap()),
        Credentials::ServerToServer {
            account_id: access.account_id,
            client_id: access.client_id,
            client_secret: access.client_secret.into(),
        },
        Endpoints::new(&sandbox.api_url(), &sandbox.oauth_url()).unwrap(),
        Limits {
            light: f64::INFINITY,
            medium: f64::INFINITY,
            concurrency: 1,
            plan: None,
        },
        RetryPolicy::default(),
        Events::default(),
    );
    let mut bytes = 0;
    for (index, window) in Window::tile(SPAN).into_iter().enumerate() {
        let instant = |seconds| jiff::Timestamp::from_second(seconds).unwrap();
        let query = ClipsQuery {
            from: instant(window.from.0),
            to: instant(window.to.0),
            by: DateFilter::Created,
            owner: None,
            status: None,
            search: None,
            page_size: clips::PAGE_SIZE,
        };
        let mut page_token = None;
        for page in 0.. {
            let call = clips::call(None, &query, page_token);
            let body = client.get(&call, |body| Ok(body.clone())).await.unwrap();
            bytes += body.len() as u64;
            let path = folder.join(format!("{index:02}-{page:04}.json"));
            fs::write(path, &body).unwrap();
            let text = std::str::from_utf8(&body).unwrap();
            page_token = Page::parse(text, clips::RECORDS).unwrap().next_page_token;
            if page_token.is_none() {
                break;
            }
        }
    }
    bytes
}

/// Measures this process: all its cores work on windows, then one merges and all encode.
fn measure(folder: &Path) {
    let mut windows: BTreeMap<usize, Vec<Bytes>> = BTreeMap::new();
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(Result::unwrap).collect();
    files.sort_by_key(fs::DirEntry::file_name);
    for file in files {
        let name = file.file_name().into_string().unwrap();
        let window = name.split('-').next().unwrap().parse().unwrap();
        let body = Bytes::from(fs::read(file.path()).unwrap());
        windows.entry(window).or_default().push(body);
    }
    let bytes: usize = windows.values().flatten().map(Bytes::len).sum();

    let out = tempfile::tempdir().unwrap();
    let layout = Layout::new(out.path(), Table::Clips);
    let spool = Spool::open(&layout, header(), None).unwrap();
    let cores = std::thread::available_parallelism().unwrap().get();
    let start = Clocks::now();
    let queue = Mutex::new(windows.into_iter());
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                loop {
                    let next = queue.lock().unwrap().next();
                    let Some((window, pages)) = next else { break };
                    spool_window(&spool, window, &pages);
                }
            });
        }
    });
    let spooled = Clocks::now();
    let date = header().snapshot_at.date();
    let mut publication =
        Publication::stage(&layout, date, Format::Parquet, CsvMode::Lossless, u64::MAX).unwrap();
    for batch in merge(&spool) {
        publication.write(&batch.unwrap()).unwrap();
    }
    let staged = publication.finish().unwrap();
    let end = Clocks::now();
    assert!(staged.files[0].rows > 0);
    let (wall, cpu) = end.since(&start);
    let (spool_wall, spool_cpu) = spooled.since(&start);
    println!(
        "clipcensus, {cores} core(s): {:>8.0} rows/s {:>6.0} MB/s  wall {wall:.2} s (spooling \
         {spool_wall:.2}), CPU {cpu:.2} s (spooling {spool_cpu:.2}), file {:.1} MB",
        CLIPS as f64 / wall,
        bytes as f64 / 1e6 / wall,
        staged.files[0].bytes as f64 / 1e6,
    );
}

/// Spools a window: a chain of its pages.
fn spool_window(spool: &Spool, window: usize, bodies: &[Bytes]) {
    let decoder = Decoder {
        by: DateFilter::Created,
        span: SPAN,
        snapshot_at: header().snapshot_at,
        secrets: SecretPolicy::Cut,
        hashing: spool.hashing().clone(),
    };
    let mut held = ChainPages::default();
    let mut chain = ChainRecord::new(ACCOUNT, Window::tile(SPAN)[window]);
    for body in bodies {
        let page = decoder.page(ACCOUNT, body).unwrap();
        spool
            .write_page(&mut held, ACCOUNT, &page.rows, &page.rejects)
            .unwrap();
        chain.received += page.listed.len() as u64;
    }
    spool.add(held, chain).unwrap();
}

fn header() -> SpoolHeader {
    SpoolHeader {
        format: 1,
        tool: "bench".to_owned(),
        fingerprint: "0".to_owned(),
        snapshot_at: Micros(SPAN.to.0 * 1_000_000),
        since: SPAN.from,
        until: SPAN.to,
        run_id: "bench".to_owned(),
        started_at: "2026-11-01T00:00:00Z".to_owned(),
    }
}

struct Clocks {
    wall: Instant,
    cpu: f64,
}

impl Clocks {
    fn now() -> Self {
        let cpu = clock_gettime(ClockId::ProcessCPUTime);
        Self {
            wall: Instant::now(),
            cpu: cpu.tv_sec as f64 + cpu.tv_nsec as f64 / 1e9,
        }
    }

    /// Seconds since then: of the clock on the wall, and of all cores together.
    fn since(&self, then: &Self) -> (f64, f64) {
        let wall = self.wall.duration_since(then.wall).as_secs_f64();
        (wall, self.cpu - then.cpu)
    }
}
