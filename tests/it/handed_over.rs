//! A snapshot that somebody hands over, and a service that sends what nobody expects: nothing is waited
//! for, nothing elsewhere is read, and memory stays within the bounds that README names.

use std::cell::Cell;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray, TimestampMicrosecondArray, new_null_array};
use clipcensus::internals::schema;
use data_encoding::HEXLOWER;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use rustix::fs::{CWD, FileType, Mode, mknodat};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::support::{EMPTY_PAGE, Program, Run, World, clips, fake_service, files_below, skipped};

const MIB: u64 = 1 << 20;

/// A snapshot as it was published, of which each test makes something else.
struct Snapshot {
    world: World,
}

impl Snapshot {
    fn published(format: &str) -> Self {
        let world = World::new(clips(300));
        let export = world.export().arg("--format").arg(format);
        export.arg("--resolve-owners").succeeds();
        Self { world }
    }

    fn out(&self) -> PathBuf {
        self.world.out()
    }

    fn data(&self) -> PathBuf {
        let folder = self.out().join("clips/snapshot_date=2026-11-01");
        files_below(&folder).remove(0)
    }

    fn manifest(&self) -> PathBuf {
        self.out().join("_snapshots/2026-11-01/manifest.json")
    }

    fn run(&self, command: &str) -> Run {
        Program::new(&[command])
            .arg(self.out().to_str().unwrap())
            .run()
    }

    /// Makes the manifest say something else.
    fn edit_manifest(&self, edit: impl FnOnce(&mut Value)) {
        let mut manifest = serde_json::from_slice(&fs::read(self.manifest()).unwrap()).unwrap();
        edit(&mut manifest);
        fs::write(self.manifest(), manifest.to_string()).unwrap();
    }

    /// Puts these rows in place of the data, and says so in the manifest.
    fn replace_data(&self, bytes: &[u8], rows: u64) {
        fs::write(self.data(), bytes).unwrap();
        self.edit_manifest(|manifest| {
            let file = &mut manifest["files"][0];
            file["rows"] = json!(rows);
            file["bytes"] = json!(bytes.len());
            file["sha256"] = json!(HEXLOWER.encode(&Sha256::digest(bytes)));
        });
    }
}

fn make_pipe(path: &Path) {
    mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
}

#[test]
fn no_command_waits_for_a_pipe_or_follows_a_link_out_of_the_snapshot_whichever_file_it_is() {
    let snapshot = Snapshot::published("parquet");
    let secret = snapshot.world.folder.path().join("secret");
    fs::write(&secret, "mine").unwrap();
    let plants: [fn(&Path, &Path); 4] = [
        |path, _| make_pipe(path),
        |path, _| fs::create_dir(path).unwrap(),
        |path, secret| symlink(secret, path).unwrap(),
        |path, _| symlink("/dev/zero", path).unwrap(),
    ];
    for path in files_below(&snapshot.out()) {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let kept = fs::read(&path).unwrap();
        for plant in plants {
            fs::remove_file(&path).unwrap();
            plant(&path, &secret);
            let verify = snapshot.run("verify");
            assert_eq!(verify.code, Some(65), "{name}: {}", verify.stderr);
            let told = verify.stdout + &verify.stderr;
            assert!(told.contains(&name), "{name}: {told}");
            let report = snapshot.run("report");
            let is_read =
                name == "latest.json" || name == "manifest.json" || name.contains("part-");
            assert_eq!(report.code, Some(if is_read { 65 } else { 0 }), "{name}");
            let prune =
                ["prune", snapshot.out().to_str().unwrap(), "--keep-daily=1"].map(str::to_owned);
            let prune = Program::new(&prune.each_ref().map(String::as_str)).run();
            // A folder as latest.json is in the way of what prune writes.
            assert!(
                matches!(prune.code, Some(0 | 65 | 73)),
                "{name}: {}",
                prune.stderr
            );
            if path.is_dir() && !path.is_symlink() {
                fs::remove_dir(&path).unwrap();
            } else {
                fs::remove_file(&path).unwrap();
            }
            fs::write(&path, &kept).unwrap();
        }
    }
    snapshot.world.verify();
    // An export reads what is there before it, too, and puts a good one in its place.
    for path in [
        snapshot.out().join("_snapshots/latest.json"),
        snapshot.manifest(),
    ] {
        fs::remove_file(&path).unwrap();
        make_pipe(&path);
    }
    snapshot.world.export().succeeds();
    snapshot.world.verify();
    assert_eq!(fs::read(&secret).unwrap(), b"mine");
}

#[test]
fn whatever_byte_of_a_snapshot_is_another_verify_finds_it_and_report_does_not_panic() {
    for format in ["parquet", "csv"] {
        let snapshot = Snapshot::published(format);
        for path in files_below(&snapshot.out()) {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            let kept = fs::read(&path).unwrap();
            for share in 0..6 {
                let mut flipped = kept.clone();
                // From the first byte to the last.
                flipped[(kept.len() - 1) * share / 5] ^= 1 << share;
                fs::write(&path, &flipped).unwrap();
                let verify = snapshot.run("verify");
                assert!(
                    verify.code == Some(65) || name == "manifest.json" || name == "latest.json",
                    "{name} {share}: {}",
                    verify.stdout
                );
                let report = snapshot.run("report");
                for run in [verify, report] {
                    assert!(
                        matches!(run.code, Some(0 | 2 | 65)),
                        "{name}: {}",
                        run.stderr
                    );
                    assert!(!run.stderr.contains("panicked"), "{}", run.stderr);
                }
            }
            fs::write(&path, &kept).unwrap();
        }
        snapshot.world.verify();
    }
}

#[test]
fn a_manifest_that_is_far_too_long_is_refused_before_it_is_read() {
    let snapshot = Snapshot::published("csv");
    let file = fs::File::options().write(true).open(snapshot.manifest());
    file.unwrap().set_len(1 << 40).unwrap();
    for command in ["report", "verify"] {
        let run = snapshot.run(command);
        assert_eq!(run.code, Some(65));
        assert!(
            run.stderr
                .contains("manifest.json is damaged: it is longer than"),
            "{}",
            run.stderr
        );
    }
}

/// The most memory that a run takes, in MiB, and how it ends; `None` where the system does not tell.
fn peak(program: Program) -> Option<(u64, Run)> {
    let mut child = program.spawn();
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    while child.try_wait().unwrap().is_none() {
        let text = fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let size = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok());
        peak = peak.max(size.unwrap_or(0));
        std::thread::yield_now();
    }
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let run = Run {
        code: output.status.code(),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
    };
    if peak == 0 {
        skipped("the system does not tell how much memory a process takes");
    }
    (peak > 0).then_some((peak / 1024, run))
}

/// A Parquet file of few bytes, with a title of a mebibyte that each of its rows has.
fn few_bytes_for_many(rows: usize) -> Vec<u8> {
    let schema = schema();
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_dictionary_page_size_limit(usize::MAX)
        .set_statistics_enabled(EnabledStatistics::None)
        .build();
    let mut writer =
        ArrowWriter::try_new(Vec::new(), Arc::clone(&schema), Some(properties)).unwrap();
    let title = "t".repeat(1 << 20);
    for begin in (0..rows).step_by(64) {
        let rows = 64.min(rows - begin);
        let columns = schema.fields().iter().map(|field| -> ArrayRef {
            match field.name().as_str() {
                "account_id" => Arc::new(StringArray::from(vec!["acme"; rows])),
                "clip_id" => {
                    let ids = (begin..begin + rows).map(|id| format!("{id:06}"));
                    Arc::new(StringArray::from_iter_values(ids))
                }
                "title" => Arc::new(StringArray::from(vec![title.as_str(); rows])),
                "snapshot_at" => {
                    let at = TimestampMicrosecondArray::from(vec![0; rows]);
                    Arc::new(at.with_timezone("UTC"))
                }
                _ => new_null_array(field.data_type(), rows),
            }
        });
        let batch = RecordBatch::try_new(Arc::clone(&schema), columns.collect()).unwrap();
        writer.write(&batch).unwrap();
    }
    writer.into_inner().unwrap()
}

#[test]
fn a_file_of_some_kilobytes_makes_no_command_take_gigabytes() {
    let snapshot = Snapshot::published("parquet");
    let bytes = few_bytes_for_many(2048);
    assert!(bytes.len() < 100_000, "{}", bytes.len());
    snapshot.replace_data(&bytes, 2048);
    for command in ["report", "verify"] {
        let program = Program::new(&[command]).arg(snapshot.out().to_str().unwrap());
        let Some((peak, run)) = peak(program) else {
            return;
        };
        assert!(matches!(run.code, Some(0 | 65)), "{}", run.stderr);
        assert!(peak < 256, "{command} took {peak} MiB");
    }
}

/// What an export takes, in MiB, of a service that answers some windows with so many clips whose
/// descriptions are so long; and the length of an answer.
fn peak_of_wide_rows(windows: usize, clips: usize, letters: usize) -> Option<(u64, u64)> {
    let description = "wide ".repeat(letters / 5);
    let page = move |month: &str| {
        let records: Vec<String> = (0..clips)
            .map(|n| {
                format!(
                    r#"{{"clip_id":"{month}-{n}","created_date":"{month}T00:00:00Z","description":"{n} {description}"}}"#
                )
            })
            .collect();
        let records = records.join(",");
        format!(r#"{{"data":[{records}],"total_records":{clips}}}"#)
    };
    let length = page("2023-01-01").len() as u64;
    let answered = Cell::new(0);
    let url = fake_service(move |_, to| {
        answered.set(answered.get() + 1);
        if answered.get() > windows {
            return (200, EMPTY_PAGE.to_owned());
        }
        // The day before the end of the window lies in it.
        let end: jiff::civil::Date = to.parse().unwrap();
        let day = end.yesterday().unwrap();
        (200, page(&day.to_string()))
    });
    let out = tempfile::tempdir().unwrap();
    let export = Program::new(&["export", "--rate=10000"])
        .env(
            "CLIPCENSUS_OUT",
            out.path().join("census").to_str().unwrap(),
        )
        .env("CLIPCENSUS_BASE_URL", &url)
        .env("CLIPCENSUS_UNTIL", "2026-11-01")
        .env("ZOOM_ACCOUNT_ID", "acme")
        .env("ZOOM_ACCESS_TOKEN", "planted-token");
    let (peak, run) = peak(export)?;
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert!(run.stdout.contains("verified"), "{}", run.stdout);
    Some((peak, length))
}

#[test]
fn an_export_stays_within_the_bound_for_rows_of_any_width() {
    for (windows, clips, letters) in [(12, 300, 40_000), (6, 1, 30_000_000)] {
        let Some((peak, answer)) = peak_of_wide_rows(windows, clips, letters) else {
            return;
        };
        let bound = 64 + 20 * answer / MIB;
        assert!(
            peak <= bound,
            "{clips} clips of {letters} letters: {peak} MiB of {bound}"
        );
    }
}
