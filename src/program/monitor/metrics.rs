//! The metrics file: gauges in Prometheus' text format, for the textfile collector.

use std::io;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;

use crate::disk::reading::read_below;
use crate::event::Outcome;
use crate::model::Verdict;
use crate::model::exit_code::ExitCode;
use crate::program::monitor::counts::Counts;
use crate::program::monitor::gauges::Gauges;
use crate::report::Summary;
use crate::settings::text_file;
use crate::snapshot::{Manifest, locate};

/// When an export last ended well. Kept from one file to the next.
const LAST_SUCCESS: &str = "clipcensus_last_success_timestamp_seconds";

/// An export that is over.
pub(super) struct Ended<'a> {
    /// The folder of the snapshots, where it is known.
    pub(super) out: Option<&'a Path>,
    pub(super) exit_code: ExitCode,
    pub(super) started_at: Timestamp,
    pub(super) over_at: Timestamp,
    pub(super) took: Duration,
    pub(super) counts: &'a Counts,
}

impl Ended<'_> {
    /// Writes the file.
    pub(super) fn write(&self, path: &Path) -> io::Result<()> {
        self.gauges(last_success(path)).write(path)
    }

    fn gauges(&self, last_success: Option<i64>) -> Gauges {
        let out = self.out.map(|out| out.display().to_string());
        let mut page = Gauges::of(&out.unwrap_or_default());
        let is_success = self.exit_code == ExitCode::Success;
        page.one(
            "clipcensus_success",
            "Whether the last export ended with exit code 0",
            u8::from(is_success),
        );
        page.one(
            "clipcensus_exit_code",
            "Exit code of the last export",
            self.exit_code as u8,
        );
        page.one(
            "clipcensus_start_timestamp_seconds",
            "When the last export began",
            self.started_at.as_second(),
        );
        page.one(
            "clipcensus_end_timestamp_seconds",
            "When the last export ended",
            self.over_at.as_second(),
        );
        let now = is_success.then(|| self.over_at.as_second());
        if let Some(at) = now.or(last_success) {
            page.one(
                LAST_SUCCESS,
                "When an export last ended with exit code 0",
                at,
            );
        }
        page.one(
            "clipcensus_duration_seconds",
            "How long the last export took",
            format!("{:.3}", self.took.as_secs_f64()),
        );
        let requests = self.counts.requests.counts();
        page.all(
            "clipcensus_requests",
            "Requests of the last export, repeated ones included",
            Outcome::ALL.map(|it| {
                let sent = requests.get(it.name()).copied().unwrap_or(0);
                ([("outcome", it.name())], sent)
            }),
        );
        let sums = self.counts.sums();
        page.all(
            "clipcensus_windows",
            "Windows of the last export: finished before it, or in it with a proven count or without",
            [
                ([("state", "resumed")], sums.resumed),
                ([("state", "settled")], sums.settled),
                ([("state", "unproven")], sums.unproven),
            ],
        );
        page.one(
            "clipcensus_received_clips",
            "Clips that the last export received, repeats included",
            sums.records,
        );
        page.one(
            "clipcensus_received_bytes",
            "Bytes of the pages that the last export received, after decompression",
            sums.bytes,
        );
        if let Some((manifest, summary)) = self.out.and_then(newest) {
            snapshot(&mut page, &manifest, &summary);
        }
        page
    }
}

/// The newest snapshot as it stands in the folder, whichever export published it.
fn snapshot(page: &mut Gauges, manifest: &Manifest, summary: &Summary) {
    page.one(
        "clipcensus_snapshot_timestamp_seconds",
        "The instant that the newest snapshot is of",
        manifest.snapshot_at.seconds().0,
    );
    page.one(
        "clipcensus_snapshot_clips",
        "Clips in the newest snapshot",
        summary.totals.clips,
    );
    page.one(
        "clipcensus_snapshot_bytes",
        "Bytes that the clips of the newest snapshot occupy",
        summary.totals.bytes.0,
    );
    page.one(
        "clipcensus_snapshot_owners",
        "Owners in the newest snapshot",
        summary.totals.owners,
    );
    page.one(
        "clipcensus_snapshot_shrunk",
        "Whether the newest snapshot has far fewer clips than the verified one before it",
        u8::from(manifest.shrunk.is_some()),
    );
    page.all(
        "clipcensus_snapshot_verdict",
        "1 for the verdict of the newest snapshot, 0 for the others",
        [Verdict::Verified, Verdict::Unverified, Verdict::Incomplete]
            .map(|it| ([("verdict", it.name())], u8::from(it == manifest.verdict))),
    );
}

/// Bytes of a summary that is read, at most.
const MOST_SUMMARY: u64 = 64 << 20;

/// Bytes of a metrics file of ours at most: it has some ten gauges.
const MOST_METRICS: u64 = 1 << 20;

/// What cannot be read is left out: no number is better than a wrong one.
fn newest(out: &Path) -> Option<(Manifest, Summary)> {
    let (layout, manifest) = locate(out).ok()?;
    let folder = layout.snapshot_dir(manifest.date());
    let summary = read_below(layout.out(), &folder.join("summary.json"), MOST_SUMMARY).ok()??;
    Some((manifest, serde_json::from_slice(&summary).ok()?))
}

/// The last success that a former file tells of.
fn last_success(path: &Path) -> Option<i64> {
    let text = text_file::read(path, MOST_METRICS).ok()?;
    let line = text.lines().find(|line| line.starts_with(LAST_SUCCESS))?;
    line.rsplit(' ').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use rustix::fs::{CWD, FileType, Mode, mknodat};

    use super::*;

    #[test]
    fn a_pipe_in_the_place_of_a_former_file_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("c.prom");
        fs::write(&path, format!("{LAST_SUCCESS}{{out=\"a\"}} 7\n")).unwrap();
        assert_eq!(last_success(&path), Some(7));
        fs::remove_file(&path).unwrap();
        mknodat(CWD, &path, FileType::Fifo, Mode::RWXU, 0).unwrap();
        assert_eq!(last_success(&path), None);
    }

    #[test]
    fn the_file_is_written_beside_its_place_under_a_name_that_nobody_can_foresee() {
        let folder = tempfile::tempdir().unwrap();
        let (path, victim) = (folder.path().join("c.prom"), folder.path().join("victim"));
        fs::write(&victim, "mine").unwrap();
        // In a folder that everybody may write to, these are what another user would plant.
        let planted = format!("c.prom.{}.tmp", std::process::id());
        for link in [&path, &folder.path().join(planted)] {
            symlink(&victim, link).unwrap();
        }
        let counts = Counts::default();
        let ended = Ended {
            out: None,
            exit_code: ExitCode::Success,
            started_at: Timestamp::UNIX_EPOCH,
            over_at: Timestamp::UNIX_EPOCH,
            took: Duration::ZERO,
            counts: &counts,
        };
        ended.write(&path).unwrap();
        assert_eq!(fs::read(&victim).unwrap(), b"mine");
        assert!(fs::symlink_metadata(&path).unwrap().is_file());
        assert!(
            fs::read_to_string(&path)
                .unwrap()
                .contains("clipcensus_success")
        );
        // What was planted, the victim and the file.
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3);
    }
}
