//! Speed and memory of whole exports, and of `report`, `verify` and `diff`, with the sandbox in a process of
//! its own on the same cores.
//!
//! `make bench` prints a table. Limited exports are bound by the quota: the ratio is requests needed
//! / (time x limit), the time being that of the whole command. Unlimited ones are bound by the
//! cores: clips a second and CPU seconds are given. Peak memory is compared with its bound, 64 MiB
//! and 32 bytes a clip. Every census is compared with the number of clips there are, and a limited
//! one ends with a failure where the service saw one request too many. Beside one unlimited export
//! runs a script that one would write by hand for it, `peer_asyncio.py`, in the same sandbox; it has
//! to find as many clips. Nothing else is asserted: a figure is for reading.
//! `cargo bench --bench speed -- report` runs only what has `report` in its name.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    reason = "a bench prints, and one that cannot go on fails"
)]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use parquet::file::metadata::ParquetMetaDataReader;
use serde_json::Value;

const PROGRAM: &str = env!("CARGO_BIN_EXE_clipcensus");

/// A Python with the packages of the peer; `make bench` sets it up.
const PYTHON: &str = "CLIPCENSUS_BENCH_PYTHON";

const PEER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/peer_asyncio.py");

/// One export to measure.
#[derive(Clone, Copy)]
struct Export {
    clips: u64,
    history: &'static str,
    format: &'static str,
    /// Requests a second; `None` for no limit.
    limit: Option<u32>,
    /// The share of the limit that another client uses up, while the export counts on all of it.
    other_client: f64,
}

impl Export {
    const fn limited(clips: u64, history: &'static str, limit: u32) -> Self {
        Self {
            clips,
            history,
            format: "parquet",
            limit: Some(limit),
            other_client: 0.0,
        }
    }

    const fn unlimited(clips: u64, format: &'static str) -> Self {
        Self {
            clips,
            history: "even",
            format,
            limit: None,
            other_client: 0.0,
        }
    }

    fn name(&self) -> String {
        let limit = self
            .limit
            .map_or("no limit".to_owned(), |limit| format!("{limit}/s"));
        let half = if self.other_client > 0.0 {
            ", half of it used by another client"
        } else {
            ""
        };
        let Self {
            clips,
            history,
            format,
            ..
        } = self;
        format!("export {clips} {history}, {format}, {limit}{half}")
    }

    fn measure(&self) {
        let folder = tempfile::tempdir().unwrap();
        self.measure_into(folder.path());
    }

    fn measure_into(&self, out: &Path) {
        let (sandbox, environment) = self.sandbox();
        let mut command = program();
        command
            .args(["-v", "--log-format=json", "export", "--rate"])
            .arg(self.limit.unwrap_or(10_000).to_string())
            .args(["--format", self.format, "--out"])
            .arg(out)
            .envs(environment.clone());
        let used = watch(command);
        let manifest = manifest(out);
        let peer = self
            .has_peer()
            .then(|| self.measure_peer(environment, &used));
        drop(sandbox);

        assert_eq!(manifest["totals"]["written"], self.clips, "clips");
        assert_eq!(manifest["verdict"], "verified");
        let requests = manifest["requests"].as_object().unwrap();
        let sent: u64 = requests.values().filter_map(Value::as_u64).sum();
        let refused = requests.get("too_many_requests").and_then(Value::as_u64);
        let refused = refused.unwrap_or(0);
        let needed = self.clips.div_ceil(300);
        let limit = self
            .limit
            .map(|limit| f64::from(limit) * (1.0 - self.other_client));
        let mut figures = vec![
            format!("{:.2} s", used.wall),
            format!("{:.0} clips/s", self.clips as f64 / used.wall),
            format!("{sent} requests ({needed} pages)"),
            format!("{:.2} s after the last page", used.publish),
        ];
        if let Some(limit) = limit {
            let ratio = needed as f64 / (used.wall * limit);
            figures.push(format!("quota {:.1} %", 100.0 * ratio));
            figures.push(format!("{refused} x 429"));
            assert!(refused == 0 || self.other_client > 0.0, "429s");
        } else {
            let cpu = used.cpu * 1e6 / self.clips as f64;
            figures.push(format!("{cpu:.2} CPU s a million"));
        }
        figures.push(used.memory(self.clips));
        println!("{:<62} {}", self.name(), figures.join(", "));
        if let Some(line) = peer {
            println!("{line}");
        }
    }

    /// One is enough: where nothing but the cores limits an export, and it is not over at once.
    fn has_peer(&self) -> bool {
        self.limit.is_none() && self.format == "parquet" && self.clips == 300_000
    }

    /// Runs the script on the sandbox that was just exported; a line about what it took.
    fn measure_peer(&self, environment: Vec<(String, String)>, ours: &Used) -> String {
        let name = "  the same by a script, asyncio, aiohttp, orjson, pyarrow";
        let Some(python) = std::env::var_os(PYTHON) else {
            return format!("{name:<62} skipped: {PYTHON} is not set");
        };
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("clips.parquet");
        let mut command = Command::new(python);
        command.arg(PEER).arg(&file).envs(environment);
        let used = watch(command);
        // The file is what counts, not what the script says of it.
        let file = std::fs::File::open(file).unwrap();
        let metadata = ParquetMetaDataReader::new().parse_and_finish(&file);
        let rows = metadata.unwrap().file_metadata().num_rows();
        assert_eq!(u64::try_from(rows), Ok(self.clips), "rows of the script");
        let figures = [
            format!("{:.2} s", used.wall),
            format!("{:.0} clips/s", self.clips as f64 / used.wall),
            format!("{:.2} CPU s a million", used.cpu * 1e6 / self.clips as f64),
            format!("{:.0} MiB", used.peak as f64 / 1024.0),
            format!(
                "the export takes {:.0} % of its CPU time, {:.2} of {:.2} s",
                100.0 * ours.cpu / used.cpu,
                ours.cpu,
                used.cpu,
            ),
        ];
        format!("{name:<62} {}", figures.join(", "))
    }

    /// Starts the sandbox and reads what it prints: the environment to reach it.
    fn sandbox(&self) -> (Killed, Vec<(String, String)>) {
        let mut command = program();
        command.args(["sandbox", "--clips", &self.clips.to_string()]);
        command.args(["--set", &format!("history={}", self.history)]);
        // Nothing changes while it is listed, nor was changed a moment before.
        let hour_ago = jiff::Timestamp::now().as_second() - 3600;
        command.args(["--set", &format!("until={hour_ago}")]);
        if let Some(limit) = self.limit {
            command.args(["--set", &format!("limits.light-per-second={limit}")]);
            command.args(["--set", "latency=200ms", "--set", "jitter=50ms"]);
            let share = format!("limits.other-client-share={}", self.other_client);
            command.args(["--set", &share]);
        } else {
            command.args(["--set", "limits.light-per-second=inf"]);
        }
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let environment = lines
            .map(Result::unwrap)
            .take_while(|line| !line.contains("clipcensus export"))
            .filter_map(|line| {
                let (name, value) = line.strip_prefix("export ")?.split_once('=')?;
                Some((name.to_owned(), value.to_owned()))
            })
            .collect();
        (Killed(child), environment)
    }
}

/// A process that ends when this is dropped, also where the bench fails.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// The program, which is not to be told of the bench's own variable.
fn program() -> Command {
    let mut command = Command::new(PROGRAM);
    command.env_remove(PYTHON);
    command
}

fn main() {
    let wanted = std::env::args().skip(1).find(|text| !text.starts_with('-'));
    let is_wanted = |name: &str| wanted.as_ref().is_none_or(|text| name.contains(text));
    let histories = ["even", "recent-heavy", "bursty"];
    let mut exports = Vec::new();
    for clips in [240_000, 1_200_000] {
        exports.extend(histories.map(|history| Export::limited(clips, history, 80)));
    }
    exports.push(Export {
        other_client: 0.5,
        ..Export::limited(240_000, "even", 80)
    });
    exports.push(Export::limited(240_000, "even", 30));
    exports.push(Export::limited(240_000, "even", 4));
    for clips in [1_000, 300_000, 3_000_000] {
        exports.push(Export::unlimited(clips, "parquet"));
    }
    exports.push(Export::unlimited(300_000, "csv"));
    exports.push(Export::unlimited(3_000_000, "csv"));
    for export in exports.iter().filter(|export| is_wanted(&export.name())) {
        export.measure();
    }
    let largest = Export::unlimited(10_000_000, "parquet");
    if ["report", "verify", &largest.name()]
        .iter()
        .any(|name| is_wanted(name))
    {
        let folder = tempfile::tempdir().unwrap();
        largest.measure_into(folder.path());
        for name in ["report", "verify"] {
            let mut command = program();
            command.arg(name).arg(folder.path());
            let used = watch(command);
            println!(
                "{:<62} {:.2} s, {:.2} CPU s, {}",
                format!("{name} of a snapshot of {} clips", largest.clips),
                used.wall,
                used.cpu,
                used.memory(largest.clips),
            );
        }
    }
    if is_wanted("diff") {
        measure_diff(10_000_000);
    }
}

/// Compares two nights of an account, beside reading each of them once.
fn measure_diff(clips: u64) {
    let folder = tempfile::tempdir().unwrap();
    let (sandbox, environment) = Export::unlimited(clips, "parquet").sandbox();
    let now = jiff::Timestamp::now();
    let dates = [2, 1].map(|days| {
        let night = now.checked_sub(Duration::from_hours(24 * days)).unwrap();
        night.strftime("%Y-%m-%d").to_string()
    });
    for date in &dates {
        let mut export = program();
        export.args(["export", "--rate", "10000", "--until", date, "--out"]);
        export.arg(folder.path()).envs(environment.clone());
        watch(export);
    }
    drop(sandbox);
    let mut both = 0.0;
    for date in &dates {
        let mut report = program();
        report.arg("report");
        report.arg(folder.path().join("_snapshots").join(date));
        both += watch(report).wall;
    }
    let mut diff = program();
    diff.arg("diff").arg(folder.path());
    let used = watch(diff);
    println!(
        "{:<62} {:.2} s, {:.2} x of reading both once, {:.0} MiB",
        format!("diff of {clips} against {clips} clips"),
        used.wall,
        used.wall / both,
        used.peak as f64 / 1024.0,
    );
}

/// What a process took.
struct Used {
    /// Seconds on the clock.
    wall: f64,
    /// Of these, from the line that says that the snapshot is being written.
    publish: f64,
    /// Seconds of all cores together.
    cpu: f64,
    /// The most memory it held, in KiB.
    peak: u64,
}

impl Used {
    fn memory(&self, clips: u64) -> String {
        let bound = 64.0 + 32.0 * clips as f64 / f64::from(1 << 20);
        let peak = self.peak as f64 / 1024.0;
        format!("{peak:.0} MiB of {bound:.0}")
    }
}

/// Runs a command to its end. Memory and time are what the system last told of its process.
fn watch(mut command: Command) -> Used {
    let start = Instant::now();
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let crawled = std::thread::spawn(move || {
        let (mut crawled, mut last) = (None, String::new());
        for line in lines.map_while(Result::ok) {
            if line.contains("writing the snapshot") {
                crawled = Some(Instant::now());
            }
            last = line;
        }
        (crawled, last)
    });
    let status = format!("/proc/{}/status", child.id());
    let times = format!("/proc/{}/stat", child.id());
    let (mut peak, mut ticks) = (0, 0);
    let exit = loop {
        if let Ok(text) = std::fs::read_to_string(&status) {
            let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            let size = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
            peak = peak.max(size.unwrap_or(0));
        }
        if let Ok(text) = std::fs::read_to_string(&times) {
            let after_name = text.rsplit(')').next().unwrap();
            let fields = after_name.split_whitespace().skip(11).take(2);
            ticks = ticks.max(fields.filter_map(|field| field.parse::<u64>().ok()).sum());
        }
        if let Some(exit) = child.try_wait().unwrap() {
            break exit;
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    let end = Instant::now();
    let (crawled, last) = crawled.join().unwrap();
    assert!(exit.success(), "{command:?} failed: {last}");
    let crawled = crawled.unwrap_or(end);
    Used {
        wall: (end - start).as_secs_f64(),
        publish: (end - crawled).as_secs_f64(),
        // The kernel counts in hundredths of a second.
        cpu: ticks as f64 / 100.0,
        peak,
    }
}

fn manifest(out: &Path) -> Value {
    let read =
        |path: &Path| -> Value { serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap() };
    let latest = read(&out.join("_snapshots/latest.json"));
    read(&out.join(latest["manifest"].as_str().unwrap()))
}
