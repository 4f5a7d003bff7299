//! What an export prints at its end, in each of its forms.

use std::fs;
use std::path::Path;

use serde_json::json;

use crate::export::Published;
use crate::redact::hidden::visible;
use crate::report;
use crate::report::Summary;
use crate::settings::args::SummaryForm;

/// What was published, as it goes to stdout.
pub(super) fn shown(published: &Published, form: SummaryForm) -> String {
    match form {
        SummaryForm::Text => {
            format!(
                "{}\n{}manifest sha256: {}\n",
                summed_up(&published.summary, folder_of(published)),
                paths(published),
                published.manifest_sha256
            )
        }
        SummaryForm::Paths => paths(published),
        SummaryForm::Json => line(published),
    }
}

/// A summary as text, and below it how to check the snapshot in this folder: with its whole path, to be
/// copied as it stands.
pub(super) fn summed_up(summary: &Summary, folder: &Path) -> String {
    let folder = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
    format!(
        "{}\nto check the files: clipcensus verify {}\n",
        report::text(summary),
        quoted(&visible(&folder.display().to_string()))
    )
}

/// A path as a shell takes it.
fn quoted(path: &str) -> String {
    let is_plain = |letter: char| letter.is_alphanumeric() || "/._-+=@%,:".contains(letter);
    if path.chars().all(is_plain) {
        return path.to_owned();
    }
    format!("'{}'", path.replace('\'', "'\\''"))
}

/// That it was published, in words.
pub(super) fn done(published: &Published) -> String {
    format!(
        "the snapshot of {} was published, {}, as {}",
        published.summary.snapshot_date,
        published.verdict.name(),
        folder_of(published).display()
    )
}

/// The folder by which `report` and `verify` know the snapshot.
pub(super) fn folder_of(published: &Published) -> &Path {
    published.manifest.parent().unwrap_or(&published.manifest)
}

/// A path a line; what people open first.
fn paths(published: &Published) -> String {
    let files = [&published.report].into_iter().chain(&published.data);
    let files = files.chain([&published.manifest]);
    let mut text = String::new();
    for file in files {
        text.push_str(&file.display().to_string());
        text.push('\n');
    }
    text
}

/// One line, for machines.
fn line(published: &Published) -> String {
    let path = |path: &Path| path.display().to_string();
    let summary = &published.summary;
    let line = json!({
        "snapshot_date": summary.snapshot_date,
        "snapshot_at": summary.snapshot_at,
        "verdict": published.verdict.name(),
        "rows": summary.totals.clips,
        "clip_bytes": summary.totals.bytes,
        "path": path(folder_of(published)),
        "report": path(&published.report),
        "files": published.data.iter().map(|file| path(file)).collect::<Vec<_>>(),
        "manifest": path(&published.manifest),
        "manifest_sha256": published.manifest_sha256,
    });
    format!("{line}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_quoted_where_a_shell_would_take_it_for_more_than_one_word() {
        assert_eq!(
            quoted("/srv/census/_snapshots/2026-11-01"),
            "/srv/census/_snapshots/2026-11-01"
        );
        for path in ["/srv/my census", "/srv/$HOME", "/srv/it's"] {
            let words = shlex::split(&quoted(path)).unwrap();
            assert_eq!(words, [path]);
        }
    }
}
