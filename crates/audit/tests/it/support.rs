//! What the tests share: snapshots of a simulated account that changes, and the program.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use clipcensus_sandbox::{Change, Drift, Limits, Sandbox, SandboxOptions};
use serde_json::Value;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

/// The nights of which there are snapshots.
pub(crate) const NIGHTS: [&str; 2] = ["2026-10-31", "2026-11-01"];

/// An output folder with two nights of an account that changes, made once for all tests, which only read it.
pub(crate) fn two_nights() -> &'static Path {
    static OUT: OnceLock<TempDir> = OnceLock::new();
    let drift = Drift {
        changes: 600,
        at_once: 7,
        kinds: Change::ALL.to_vec(),
        ..Drift::default()
    };
    OUT.get_or_init(|| exported(Some(drift), &["--resolve-owners"]))
        .path()
}

/// A folder of one's own with two nights of an account that is the same each time, exported with these flags.
pub(crate) fn nights(flags: &[&str]) -> TempDir {
    exported(None, flags)
}

fn exported(drift: Option<Drift>, flags: &[&str]) -> TempDir {
    let options = SandboxOptions {
        clips: 12_000,
        drift,
        // The same clips whenever it is asked.
        until: 1_793_491_200,
        // Windows of more than four pages, and not many of them.
        since: 1_772_323_200,
        limits: Limits::NONE,
        ..SandboxOptions::default()
    };
    let out = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let sandbox = runtime.block_on(Sandbox::start(options, 0)).unwrap();
    let access = sandbox.credentials();
    for night in NIGHTS {
        let mut export = program(&["export", "-q", "--rate", "10000", "--until", night]);
        export
            .args(flags)
            .arg("--out")
            .arg(out.path())
            .env("CLIPCENSUS_BASE_URL", sandbox.api_url())
            .env("CLIPCENSUS_OAUTH_URL", sandbox.oauth_url())
            .env("ZOOM_ACCOUNT_ID", &access.account_id)
            .env("ZOOM_CLIENT_ID", &access.client_id)
            .env("ZOOM_CLIENT_SECRET", &access.client_secret);
        let output = export.output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{stderr}");
    }
    runtime.block_on(sandbox.shutdown());
    out
}

/// The program, which has the commands of the tool as well.
pub(crate) fn program(words: &[&str]) -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_clipcensus-audit"));
    program.env_clear().args(words);
    program
}

/// What a run left.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    fn of(output: &Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Its lines of JSON.
    pub(crate) fn lines(&self) -> Vec<Value> {
        let lines = self.stdout.lines();
        lines
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:?}");
        self
    }

    #[track_caller]
    pub(crate) fn says(self, words: &[&str]) -> Self {
        for word in words {
            assert!(self.stderr.contains(word), "no {word:?} in {}", self.stderr);
        }
        self
    }
}

/// Runs a command about a folder to its end.
pub(crate) fn run(command: &str, out: &Path, words: &[&str]) -> Run {
    let mut program = program(&[command]);
    Run::of(&program.arg(out).args(words).output().unwrap())
}

pub(crate) fn audit(out: &Path, words: &[&str]) -> Run {
    run("audit", out, words)
}

pub(crate) fn query(out: &Path, words: &[&str]) -> Run {
    run("query", out, words)
}

/// Runs a script, if there is a Python: that of the benches, or one that is named.
pub(crate) fn python(folder: &Path, script: &str) -> Option<Output> {
    let of_benches = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../target/bench-python/bin/python"
    );
    let named = std::env::var_os("CLIPCENSUS_BENCH_PYTHON").map(PathBuf::from);
    let mut command = Command::new(named.unwrap_or_else(|| PathBuf::from(of_benches)));
    command.current_dir(folder).arg("-c").arg(script);
    command.stdin(Stdio::null()).output().ok()
}

/// A copy of an output folder, to be damaged.
pub(crate) fn copy(from: &Path) -> TempDir {
    fn copy_into(from: &Path, to: &Path) {
        for entry in std::fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            let place = to.join(entry.file_name());
            if entry.file_type().unwrap().is_dir() {
                std::fs::create_dir(&place).unwrap();
                copy_into(&entry.path(), &place);
            } else {
                std::fs::copy(entry.path(), place).unwrap();
            }
        }
    }
    let to = tempfile::tempdir().unwrap();
    copy_into(from, to.path());
    to
}

/// The first data file of the newest night.
pub(crate) fn data_file(out: &Path) -> PathBuf {
    let folder = out.join(format!("clips/snapshot_date={}", NIGHTS[1]));
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files.swap_remove(0)
}

/// Puts a data file of the newest night in the place of the first, and makes the manifest and `latest.json` name
/// it, as somebody who hands a folder over can.
pub(crate) fn hand_over(out: &Path, file: &[u8]) {
    let sha256 = |bytes: &[u8]| -> String {
        let digest = Sha256::digest(bytes);
        let digits: Vec<String> = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        digits.concat()
    };
    let path = data_file(out);
    std::fs::write(&path, file).unwrap();
    let manifest = out.join(format!("_snapshots/{}/manifest.json", NIGHTS[1]));
    let mut named: Value = serde_json::from_slice(&std::fs::read(&manifest).unwrap()).unwrap();
    let files = named["files"].as_array_mut().unwrap();
    let is_it = |it: &&mut Value| path.ends_with(it["path"].as_str().unwrap());
    let entry = files.iter_mut().find(is_it).unwrap();
    entry["bytes"] = file.len().into();
    entry["sha256"] = sha256(file).into();
    let text = named.to_string();
    std::fs::write(manifest, &text).unwrap();
    let latest = out.join("_snapshots/latest.json");
    let mut last: Value = serde_json::from_slice(&std::fs::read(&latest).unwrap()).unwrap();
    last["last_published"]["manifest_sha256"] = sha256(text.as_bytes()).into();
    std::fs::write(latest, last.to_string()).unwrap();
}
