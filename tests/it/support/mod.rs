//! What all suites share: a simulated account, the program, and what it wrote.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::Int64Type;
use clipcensus_sandbox::{
    AccountTruth, Behaviour, Fault, FaultRule, Faults, Limits, OwnerTruth, Sandbox, SandboxOptions,
    ScopeNames, Trigger,
};
use data_encoding::HEXLOWER;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use rustix::process::Signal;
use serde_json::Value;
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// A simulated account on a port of its own, and a folder for what is exported from it.
pub(crate) struct World {
    pub(crate) sandbox: Sandbox,
    pub(crate) folder: TempDir,
    runtime: Runtime,
}

/// Options of an account without rate limits.
pub(crate) fn clips(clips: u64) -> SandboxOptions {
    SandboxOptions {
        clips,
        limits: Limits::NONE,
        ..SandboxOptions::default()
    }
}

/// The same, and what goes wrong.
pub(crate) fn with_faults(count: u64, rules: &[(Fault, Trigger)]) -> SandboxOptions {
    SandboxOptions {
        faults: Faults {
            rules: rules
                .iter()
                .map(|(fault, when)| FaultRule::clips(*fault, *when))
                .collect(),
            malformed: None,
        },
        ..clips(count)
    }
}

/// Options of a small account whose app has these scopes only.
pub(crate) fn with_scopes(names: ScopeNames, scopes: &[&str]) -> SandboxOptions {
    SandboxOptions {
        behaviour: Behaviour {
            scope_names: names,
            scopes: Some(scopes.iter().map(|scope| (*scope).to_owned()).collect()),
            ..Behaviour::default()
        },
        ..clips(900)
    }
}

/// Options of an account with two sub-accounts, of which the first may not be listed; and all ids.
pub(crate) fn with_a_forbidden_account() -> (SandboxOptions, Vec<String>) {
    let mut options = SandboxOptions {
        sub_accounts: 2,
        ..clips(900)
    };
    let ids = World::new(options.clone()).sandbox.account_ids();
    options.faults.rules.push(FaultRule {
        account: Some(ids[1].clone()),
        ..FaultRule::clips(Fault::Forbidden, Trigger::Always)
    });
    (options, ids)
}

/// All files below a folder.
pub(crate) fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push(path);
            }
        }
    }
    files
}

/// Makes a folder that no other user may write to, whatever the umask.
pub(crate) fn private_dir(path: &Path) {
    std::fs::create_dir_all(path).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o700);
    std::fs::set_permissions(path, mode).unwrap();
}

/// A folder of somebody's, with what nobody else should read, change or lose; those in it have names that this
/// program gives to its own.
pub(crate) struct Victim(pub(crate) PathBuf);

impl Victim {
    /// What stands in each of its files.
    pub(crate) const SECRET: &'static str = "planted-secret";

    pub(crate) fn new(world: &World) -> Self {
        let path = world.folder.path().join("home");
        for folder in ["publish", "done", "trial"] {
            std::fs::create_dir_all(path.join(folder)).unwrap();
            std::fs::write(path.join(folder).join("secret"), Self::SECRET).unwrap();
        }
        std::fs::write(path.join("secret"), Self::SECRET).unwrap();
        Self(path)
    }

    pub(crate) fn inode(&self) -> u64 {
        std::fs::metadata(&self.0).unwrap().ino()
    }

    #[track_caller]
    pub(crate) fn assert_untouched(&self) {
        let files = files_below(&self.0);
        assert_eq!(files.len(), 4, "{files:?}");
        for file in files {
            assert_eq!(std::fs::read(file).unwrap(), Self::SECRET.as_bytes());
        }
        let folders = std::fs::read_dir(&self.0).unwrap().count();
        assert_eq!(folders, 4, "something was put beside them");
    }
}

impl World {
    pub(crate) fn new(options: SandboxOptions) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let sandbox = runtime.block_on(Sandbox::start(options, 0)).unwrap();
        Self {
            sandbox,
            folder: tempfile::tempdir().unwrap(),
            runtime,
        }
    }

    /// Stops the service; what was exported stays.
    pub(crate) fn stop(self) -> TempDir {
        self.runtime.block_on(self.sandbox.shutdown());
        self.folder
    }

    pub(crate) fn out(&self) -> PathBuf {
        self.folder.path().join("census")
    }

    /// An export of this account, fast, into its folder; tests add what they are about.
    pub(crate) fn export(&self) -> Program {
        self.with_settings("export")
    }

    /// A look before such an export.
    pub(crate) fn check(&self) -> Program {
        self.with_settings("check")
    }

    fn with_settings(&self, command: &str) -> Program {
        let access = self.sandbox.credentials();
        Program::new(&[command])
            .env("CLIPCENSUS_RATE", "10000")
            .env("CLIPCENSUS_OUT", self.out().to_str().unwrap())
            .env("CLIPCENSUS_BASE_URL", &self.sandbox.api_url())
            .env("CLIPCENSUS_OAUTH_URL", &self.sandbox.oauth_url())
            .env("ZOOM_ACCOUNT_ID", &access.account_id)
            .env("ZOOM_CLIENT_ID", &access.client_id)
            .env("ZOOM_CLIENT_SECRET", &access.client_secret)
            // Nothing is created after the sandbox's own present.
            .env("CLIPCENSUS_UNTIL", "2026-11-01")
    }

    /// All rows of the newest snapshot.
    pub(crate) fn rows(&self) -> Vec<RecordBatch> {
        let folder = self
            .out()
            .join("clips")
            .join(format!("snapshot_date={}", self.date()));
        parquet_rows(&folder.join("part-00000.parquet"))
    }

    pub(crate) fn date(&self) -> String {
        self.json("latest.json")["snapshot_date"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    pub(crate) fn manifest(&self) -> Value {
        self.json(&format!("{}/manifest.json", self.date()))
    }

    pub(crate) fn json(&self, path: &str) -> Value {
        let path = self.out().join("_snapshots").join(path);
        serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap()
    }

    /// The newest snapshot is as it was published.
    pub(crate) fn verify(&self) {
        Program::new(&["verify"])
            .arg(self.out().to_str().unwrap())
            .succeeds();
    }

    /// The service saw nothing that it had to refuse, and nothing out of its specification.
    pub(crate) fn assert_clean(&self) {
        let report = self.sandbox.report();
        assert_eq!(report.too_many_requests, 0, "{report:#?}");
        assert!(report.out_of_specification.is_empty(), "{report:#?}");
    }
}

/// A service that answers with one page for the window that holds a day, and with an empty one for
/// all others. It lives as long as the test's process.
pub(crate) struct OnePage {
    pub(crate) url: String,
}

impl OnePage {
    pub(crate) fn serve(page: &str, day: &str) -> Self {
        let (page, day) = (page.to_owned(), day.to_owned());
        let url = fake_service(move |from, to| {
            let holds_day = *from <= *day && *day < *to;
            (200, if holds_day { &page } else { EMPTY_PAGE }.to_owned())
        });
        Self { url }
    }
}

pub(crate) const EMPTY_PAGE: &str = r#"{"data":[],"next_page_token":"","total_records":0}"#;

/// The address of a service that answers each list of clips by the days of its `from` and `to`, with
/// a status and a body. It lives as long as the test's process.
pub(crate) fn fake_service(
    answer: impl Fn(&str, &str) -> (u16, String) + Send + 'static,
) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let request = request_head(&stream);
            let date = |name: &str| {
                let (_, rest) = request.split_once(&format!("{name}=")).unwrap();
                rest.chars().take(10).collect::<String>()
            };
            let (status, body) = answer(&date("from"), &date("to"));
            let length = body.len();
            let head = format!(
                "HTTP/1.1 {status} So\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
            );
            stream.write_all((head + &body).as_bytes()).unwrap();
        }
    });
    url
}

/// The head of a request, up to the empty line.
pub(crate) fn request_head(stream: &TcpStream) -> String {
    let mut head = String::new();
    let mut lines = BufReader::new(stream);
    while !head.ends_with("\r\n\r\n") && lines.read_line(&mut head).unwrap() > 0 {}
    head
}

/// Says what a test could not look at.
#[expect(clippy::print_stderr, reason = "what was not looked at is said")]
pub(crate) fn skipped(why: &str) {
    eprintln!("{why}: not everything was looked at");
}

/// Where a program is not installed, what only it can tell is not looked at.
pub(crate) fn is_installed(program: &str) -> bool {
    let is_there = Command::new(program).arg("--version").output().is_ok();
    if !is_there {
        skipped(&format!("{program} is not installed"));
    }
    is_there
}

/// The program with its arguments and nothing of this process's environment.
pub(crate) struct Program(Command);

/// What a run of the program left.
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Program {
    pub(crate) fn new(arguments: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_clipcensus"));
        command.env_clear().args(arguments);
        Self(command)
    }

    pub(crate) fn arg(mut self, argument: &str) -> Self {
        self.0.arg(argument);
        self
    }

    pub(crate) fn args(mut self, arguments: &[&str]) -> Self {
        self.0.args(arguments);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.0.env(name, value);
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.0.env_remove(name);
        self
    }

    pub(crate) fn spawn(mut self) -> std::process::Child {
        self.0
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// The same, with its stdout going there.
    pub(crate) fn spawn_into(
        mut self,
        stdout: impl Into<std::process::Stdio>,
    ) -> std::process::Child {
        let stderr = std::process::Stdio::piped();
        self.0.stdout(stdout).stderr(stderr).spawn().unwrap()
    }

    /// The program as the last arguments of another one.
    pub(crate) fn under(self, command: &[&str]) -> Self {
        let mut under = Command::new(command[0]);
        under.env_clear().args(&command[1..]);
        under.arg(self.0.get_program()).args(self.0.get_args());
        Self(under)
    }

    /// The same for another user, whose group shares its folders, by a copy of the program.
    pub(crate) fn by(self, user: u32, group: u32, copy: &Path) -> Self {
        let mut by = Command::new("/bin/sh");
        by.env_clear()
            .args(["-c", "umask 002 && exec \"$0\" \"$@\""])
            .arg(copy)
            .args(self.0.get_args())
            .envs(
                self.0
                    .get_envs()
                    .filter_map(|(name, value)| Some((name, value?))),
            )
            .uid(user)
            .gid(group)
            .current_dir("/");
        Self(by)
    }

    pub(crate) fn run(mut self) -> Run {
        let output = self.0.output().unwrap();
        Run {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    pub(crate) fn succeeds(self) -> Run {
        self.exits(0)
    }

    pub(crate) fn exits(self, code: i32) -> Run {
        let run = self.run();
        assert_eq!(
            run.code,
            Some(code),
            "\n--- stdout\n{}\n--- stderr\n{}",
            run.stdout,
            run.stderr
        );
        run
    }
}

/// Whether a mask that the kernel shows of a process has a signal.
pub(crate) fn has(process: i32, mask: &str, signal: Signal) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(mask));
    let bits = line.map(|bits| u64::from_str_radix(bits.trim(), 16).unwrap());
    bits.is_some_and(|bits| bits >> (signal.as_raw() - 1) & 1 == 1)
}

/// The signals that stop the program, with its exit codes for them. Whoever runs the tests may have
/// SIGHUP ignored, as `nohup` does; then every program that they start ignores it, as it should.
pub(crate) fn stop_signals() -> Vec<(Signal, i32)> {
    let mut signals = vec![(Signal::HUP, 129), (Signal::INT, 130), (Signal::TERM, 143)];
    let own = i32::try_from(std::process::id()).unwrap();
    signals.retain(|(signal, _)| {
        let is_ignored = has(own, "SigIgn:", *signal);
        if is_ignored {
            skipped("a signal is ignored by whoever runs the tests");
        }
        !is_ignored
    });
    signals
}

/// All of these words are on stderr.
pub(crate) fn shows(run: &Run, words: &[&str]) {
    for word in words {
        assert!(run.stderr.contains(word), "no {word:?} in {}", run.stderr);
    }
}

pub(crate) fn parquet_rows(path: &Path) -> Vec<RecordBatch> {
    let file = File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let reader = ParquetRecordBatchReaderBuilder::try_new(file)
        .unwrap()
        .build()
        .unwrap();
    reader.map(Result::unwrap).collect()
}

pub(crate) fn texts(rows: &[RecordBatch], column: &str) -> Vec<Option<String>> {
    rows.iter()
        .flat_map(|batch| {
            let values = batch.column_by_name(column).unwrap().as_string::<i32>();
            values
                .iter()
                .map(|value| value.map(str::to_owned))
                .collect::<Vec<_>>()
        })
        .collect()
}

fn sizes(rows: &[RecordBatch]) -> Vec<Option<i64>> {
    rows.iter()
        .flat_map(|batch| {
            let values = batch.column_by_name("file_size_bytes").unwrap();
            values
                .as_primitive::<Int64Type>()
                .iter()
                .collect::<Vec<_>>()
        })
        .collect()
}

/// Neither data nor manifest is there.
pub(crate) fn assert_nothing_published(world: &World) {
    assert!(!world.out().join("_snapshots").exists());
    assert!(!world.out().join("clips").exists());
}

/// Compares rows with the truth: ids, bytes, and counts by status, scope and owner.
pub(crate) fn assert_is_truth(rows: &[RecordBatch], truth: &AccountTruth) {
    let mut ids: Vec<String> = texts(rows, "clip_id").into_iter().flatten().collect();
    assert_eq!(ids.len() as u64, truth.clips, "clips");
    ids.sort_unstable();
    let ids = HEXLOWER.encode(&Sha256::digest(ids.join("\n")));
    assert_eq!(ids, truth.clip_ids_sha256, "clip ids");

    let bytes: i64 = sizes(rows).into_iter().flatten().sum();
    assert_eq!(u64::try_from(bytes).unwrap(), truth.bytes, "bytes");
    assert_eq!(counts(texts(rows, "status")), truth.by_status, "by status");
    let scopes: BTreeMap<String, u64> = truth
        .by_share_scope
        .iter()
        .map(|(scope, clips)| {
            (
                scope.replace("SAME_ORGANIZATON", "SAME_ORGANIZATION"),
                *clips,
            )
        })
        .collect();
    assert_eq!(counts(texts(rows, "share_scope")), scopes, "by share scope");

    let mut owners: BTreeMap<String, OwnerTruth> = BTreeMap::new();
    for (owner, bytes) in texts(rows, "owner_id").into_iter().zip(sizes(rows)) {
        let owner = owners.entry(owner.unwrap()).or_default();
        owner.clips += 1;
        owner.bytes += u64::try_from(bytes.unwrap_or(0)).unwrap();
    }
    assert_eq!(owners, truth.owners, "by owner");
}

fn counts(values: Vec<Option<String>>) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for value in values.into_iter().flatten() {
        *counts.entry(value).or_default() += 1;
    }
    counts
}
