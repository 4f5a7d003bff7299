//! Speed and memory of whole exports, with the sandbox in a process of its own.
//!
//! `make bench` prints a table: what, figure, unit, and the ratio to its bound. Limited exports are
//! bound by the quota: requests needed / (time x limit). Unlimited ones are bound by the cores, so
//! clips a second and CPU seconds are given. Nothing is asserted: a figure is for reading.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    reason = "a bench prints, and one that cannot go on fails"
)]

use std::io::BufRead;
use std::io::BufReader;
use std::path::Path;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;
use std::time::Instant;

use serde_json::Value;

const PROGRAM: &str = env!("CARGO_BIN_EXE_clipcensus");

/// One export to measure.
struct Case {
    clips: u64,
    history: &'static str,
    format: &'static str,
    /// Requests a second; `None` for no limit.
    limit: Option<u32>,
}

fn main() {
    println!(
        "{:<44} {:>9} {:>12} {:>8} {:>8} {:>9} {:>9}",
        "export", "seconds", "clips/s", "requests", "quota", "CPU s/M", "peak MiB"
    );
    let limited = |clips, history| Case {
        clips,
        history,
        format: "parquet",
        limit: Some(80),
    };
    let unlimited = |clips, format| Case {
        clips,
        history: "even",
        format,
        limit: None,
    };
    for case in [
        limited(240_000, "even"),
        limited(240_000, "recent-heavy"),
        limited(240_000, "bursty"),
        unlimited(300_000, "parquet"),
        unlimited(300_000, "csv"),
        unlimited(3_000_000, "parquet"),
    ] {
        measure(&case);
    }
}

fn measure(case: &Case) {
    let folder = tempfile::tempdir().unwrap();
    let (mut sandbox, environment) = sandbox(case);
    let start = Instant::now();
    let child = Command::new(PROGRAM)
        .args([
            "export",
            "--rate",
            &case.limit.unwrap_or(10_000).to_string(),
        ])
        .args(["--format", case.format, "--out"])
        .arg(folder.path())
        .envs(environment)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let (peak_kib, cpu) = watch(child);
    let took = start.elapsed().as_secs_f64();
    let manifest = manifest(folder.path());
    sandbox.kill().unwrap();
    sandbox.wait().unwrap();

    assert_eq!(manifest["totals"]["written"], case.clips, "clips");
    let sum = |counts: &Value| {
        counts
            .as_object()
            .unwrap()
            .values()
            .filter_map(Value::as_u64)
            .sum::<u64>()
    };
    let needed = case.clips.div_ceil(300) as f64;
    let quota = case.limit.map_or("-".to_owned(), |limit| {
        format!("{:.1} %", 100.0 * needed / (took * f64::from(limit)))
    });
    let limit = case.limit.map_or("unlimited".to_owned(), |limit| {
        format!("{limit}/s, 200±50 ms")
    });
    println!(
        "{:<44} {:>9.2} {:>12.0} {:>8} {:>8} {:>9.2} {:>9.0}",
        format!("{} {}, {}, {limit}", case.clips, case.history, case.format),
        took,
        case.clips as f64 / took,
        sum(&manifest["requests"]),
        quota,
        cpu * 1e6 / case.clips as f64,
        peak_kib as f64 / 1024.0,
    );
}

/// Starts the sandbox and reads what it prints: the environment to reach it.
fn sandbox(case: &Case) -> (Child, Vec<(String, String)>) {
    let mut command = Command::new(PROGRAM);
    command.args(["sandbox", "--clips", &case.clips.to_string()]);
    command.args(["--set", &format!("history={}", case.history)]);
    if let Some(limit) = case.limit {
        command.args(["--set", &format!("limits.light-per-second={limit}")]);
        command.args(["--set", "latency=200ms", "--set", "jitter=50ms"]);
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
    (child, environment)
}

/// Waits for a process; gives its peak resident size in KiB and its CPU seconds, as the system last
/// told them.
fn watch(mut child: Child) -> (u64, f64) {
    let status = format!("/proc/{}/status", child.id());
    let stat = format!("/proc/{}/stat", child.id());
    let (mut peak, mut ticks) = (0, 0);
    loop {
        if let Ok(text) = std::fs::read_to_string(&status) {
            let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            let size = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
            peak = peak.max(size.unwrap_or(0));
        }
        if let Ok(text) = std::fs::read_to_string(&stat) {
            let after_name = text.rsplit(')').next().unwrap();
            let fields = after_name.split_whitespace().skip(11).take(2);
            ticks = ticks.max(fields.filter_map(|field| field.parse::<u64>().ok()).sum());
        }
        if let Some(exit) = child.try_wait().unwrap() {
            assert!(exit.success(), "the export failed");
            // The kernel counts in hundredths of a second.
            return (peak, ticks as f64 / 100.0);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn manifest(out: &Path) -> Value {
    let read =
        |path: &Path| -> Value { serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap() };
    let latest = read(&out.join("_snapshots/latest.json"));
    read(&out.join(latest["manifest"].as_str().unwrap()))
}
