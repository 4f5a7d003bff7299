//! How long all rules take over 10 million clips, and how much memory.
//!
//! `make bench` prints it. The account is simulated, in a process of its own; it is exported twice, so that there
//! is a snapshot before, and then audited with every rule built in: those that need to be told a tag or a
//! pattern are told one. `CLIPCENSUS_BENCH_CLIPS` makes the account smaller.
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

/// It has the commands of the tool as well.
const PROGRAM: &str = env!("CARGO_BIN_EXE_clipcensus-audit");

const CLIPS: &str = "CLIPCENSUS_BENCH_CLIPS";

fn main() {
    let clips = std::env::var(CLIPS).map_or(10_000_000, |clips| clips.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let mut sandbox = program(&["sandbox", "--clips", &format!("{clips}")])
        .args(["--set", "limits.light-per-second=inf"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(sandbox.stdout.take().unwrap()).lines();
    let environment: Vec<(String, String)> = lines
        .map(Result::unwrap)
        .take_while(|line| !line.contains("clipcensus export"))
        .filter_map(|line| {
            let (name, value) = line.strip_prefix("export ")?.split_once('=')?;
            Some((name.to_owned(), value.to_owned()))
        })
        .collect();
    let now = jiff::Timestamp::now();
    for days in [2, 1] {
        let until = now.checked_sub(Duration::from_hours(24 * days)).unwrap();
        let mut export = program(&["export", "-q", "--rate", "10000", "--resolve-owners"]);
        export.envs(environment.clone()).arg("--out").arg(&out);
        export.args(["--until", &until.strftime("%Y-%m-%d").to_string()]);
        assert!(export.stdout(Stdio::null()).status().unwrap().success());
    }
    sandbox.kill().unwrap();
    sandbox.wait().unwrap();
    let all = [
        "--set",
        "missing-tag.tag=demo",
        "--set",
        "title-pattern.pattern=(?i)salary",
    ];
    audit(
        &out,
        &format!("all rules, {clips} clips, new and persisting"),
        &all,
    );
    let alone = [&all[..], &["--since", "none"]].concat();
    audit(
        &out,
        &format!("all rules, {clips} clips, one snapshot alone"),
        &alone,
    );
}

fn program(words: &[&str]) -> Command {
    let mut program = Command::new(PROGRAM);
    program.args(words).env_remove(CLIPS);
    program
}

/// Audits, and prints what it took.
fn audit(out: &Path, name: &str, words: &[&str]) {
    let mut audit = program(&["audit", "--fail-on", "never"]);
    let begun = Instant::now();
    let child = audit
        .arg(out)
        .args(words)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let peak = peak(child);
    let took = begun.elapsed().as_secs_f64();
    println!("{name:<62} {took:.1} s, {:.0} MiB", peak as f64 / 1024.0);
}

/// Waits for a process, and says how much memory it had at most, in KiB.
fn peak(mut child: Child) -> u64 {
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    loop {
        if let Ok(text) = std::fs::read_to_string(&status) {
            let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            let size = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
            peak = peak.max(size.unwrap_or(0));
        }
        if let Some(exit) = child.try_wait().unwrap() {
            assert!(exit.success());
            return peak;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}
