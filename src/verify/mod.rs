//! A snapshot against its manifest, and the manifest's conclusions against what they are drawn from.

mod files;
mod history;
mod sums;

pub(crate) use files::Finding;
pub(crate) use history::{History, Listed, history, manifest_hash};

use crate::disk::{DiskError, Layout};
use crate::model::Verdict;
use crate::report;
use crate::report::{Summary, SummaryFold};
use crate::snapshot::{Document, Manifest, read_owners, read_rows};

/// The document that holds the summary as data.
const SUMMARY: &str = "/summary.json";

/// Everything that is not as the manifest says, its verdict and the summary included. Rows are read
/// only where all files are as they were written.
///
/// # Errors
/// When a folder cannot be read.
pub(crate) fn verify(layout: &Layout, manifest: &Manifest) -> Result<Vec<Finding>, DiskError> {
    let mut findings = files::check_files(layout, manifest)?;
    let proven = Verdict::of(&manifest.windows, manifest.account_failures.len());
    if proven != manifest.verdict {
        findings.push(Finding::of_manifest(format!(
            "its verdict is {}, but its windows prove {}",
            manifest.verdict.name(),
            proven.name(),
        )));
    }
    if findings.is_empty() {
        findings.extend(summary_problem(layout, manifest)?);
    }
    Ok(findings)
}

/// The summary of a snapshot, from its rows and its manifest.
///
/// # Errors
/// When its data files cannot be read.
pub(crate) fn summary_of(layout: &Layout, manifest: &Manifest) -> Result<Summary, DiskError> {
    let mut fold = SummaryFold::new(manifest.snapshot_at);
    for batch in read_rows(layout, manifest)? {
        fold.add(&batch?)
            .map_err(|error| DiskError::damaged(&layout.table_dir(), error))?;
    }
    let mut summary = fold.finish(manifest);
    summary.name_owners(read_owners(layout, manifest)?);
    Ok(summary)
}

/// Other versions may sum up in other words, so that only what this one wrote can be compared.
fn summary_problem(layout: &Layout, manifest: &Manifest) -> Result<Option<Finding>, DiskError> {
    if manifest.tool_version != env!("CARGO_PKG_VERSION") {
        return Ok(None);
    }
    let summary = report::json(&summary_of(layout, manifest)?);
    let is_summary = |document: &&Document| document.path.ends_with(SUMMARY);
    Ok(match manifest.documents.iter().find(is_summary) {
        None => Some(Finding::of_manifest("it names no summary.json".to_owned())),
        Some(document) if document.holds(summary.as_bytes()) => None,
        Some(document) => Some(Finding {
            path: document.path.clone(),
            problem: "it is not what the rows and the manifest sum up to".to_owned(),
        }),
    })
}
