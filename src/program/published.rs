//! What an export prints at its end, in each of its forms.

use std::path::Path;

use serde_json::json;

use crate::export::Published;
use crate::report;
use crate::settings::args::SummaryForm;

/// What was published, as it goes to stdout.
pub(super) fn shown(published: &Published, form: SummaryForm) -> String {
    match form {
        SummaryForm::Text => {
            format!(
                "{}\n{}manifest sha256: {}\n",
                report::text(&published.summary),
                paths(published),
                published.manifest_sha256
            )
        }
        SummaryForm::Paths => paths(published),
        SummaryForm::Json => line(published),
    }
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
