//! A snapshot against its manifest, and the manifest's conclusions against what they are drawn from.

use crate::crawl::verdict;
use crate::error::Error;
use crate::report::{Summary, SummaryFold};
use crate::snapshot::{Document, Finding, Layout, Manifest, read_owners, read_rows};
use crate::{report, snapshot};

/// The document that holds the summary as data.
const SUMMARY: &str = "/summary.json";

/// Everything that is not as the manifest says, its verdict and the summary included. Rows are read
/// only where all files are as they were written.
///
/// # Errors
/// When a folder cannot be read.
pub fn verify(layout: &Layout, manifest: &Manifest) -> Result<Vec<Finding>, Error> {
    let mut findings = snapshot::verify(layout, manifest)?;
    let proven = verdict(&manifest.windows, manifest.account_failures.len());
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
pub fn summary_of(layout: &Layout, manifest: &Manifest) -> Result<Summary, Error> {
    let mut fold = SummaryFold::new(manifest.snapshot_at);
    for batch in read_rows(layout, manifest)? {
        fold.add(&batch?)
            .map_err(|error| Error::Miscounted(error.to_string()))?;
    }
    let mut summary = fold.finish(manifest);
    summary.name_owners(read_owners(layout, manifest)?);
    Ok(summary)
}

/// Other versions may sum up in other words, so that only what this one wrote can be compared.
fn summary_problem(layout: &Layout, manifest: &Manifest) -> Result<Option<Finding>, Error> {
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
