//! The manifests of an output folder against each other: each names those that were published before
//! it by their hashes, and `latest.json` the last one.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use crate::disk::error::DiskError;
use crate::disk::layout::{Layout, exact_date};
use crate::model::Verdict;
use crate::report::Bytes;
use crate::snapshot::history::{each_manifest, intended, on_record};
use crate::snapshot::manifest::{Format, Latest, Manifest, PublishedManifest};
use crate::verify::files::Finding;

/// The snapshots of an output folder.
#[derive(Debug)]
pub(crate) struct History {
    /// Newest first.
    pub snapshots: Vec<Listed>,
    /// What is wrong with `latest.json`.
    pub findings: Vec<Finding>,
    /// What stands among the snapshots and is none.
    pub others: Vec<DiskError>,
}

/// One snapshot.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Listed {
    pub date: Date,
    /// What its manifest says; `None` if it cannot be read.
    pub about: Option<About>,
    /// What is wrong with its manifest.
    pub problems: Vec<String>,
}

/// What a manifest says of its snapshot.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct About {
    pub snapshot_at: String,
    pub verdict: Verdict,
    /// `clips` or `changes`.
    pub table: &'static str,
    pub format: Format,
    pub rows: u64,
    /// Of data files and documents.
    pub bytes: Bytes,
    /// Rows of the owners; `None` where they were not looked up.
    pub owners: Option<u64>,
    pub tool_version: String,
    pub is_simulated: bool,
    pub sha256: String,
}

impl About {
    fn of(manifest: &Manifest, sha256: String) -> Self {
        let mut bytes = Bytes::default();
        let files = manifest.files.iter().map(|file| file.bytes);
        for length in files.chain(manifest.documents.iter().map(|it| it.bytes)) {
            bytes.add(length);
        }
        Self {
            snapshot_at: manifest.snapshot_at.to_string(),
            verdict: manifest.verdict,
            table: manifest.table.name(),
            format: manifest.format,
            rows: manifest.totals.written,
            bytes,
            owners: manifest.owners(),
            tool_version: manifest.tool_version.clone(),
            is_simulated: manifest.simulated,
            sha256,
        }
    }
}

impl History {
    /// Whether anything is wrong.
    pub(crate) fn has_problems(&self) -> bool {
        let mut snapshots = self.snapshots.iter();
        !self.findings.is_empty() || snapshots.any(|it| !it.problems.is_empty())
    }
}

/// All snapshots, and what is wrong with their manifests as far as these tell of each other. Their
/// files are not looked at.
///
/// # Errors
/// [`DiskError::NoOutput`] for a folder that is no output folder; when it cannot be read.
pub(crate) fn history(layout: &Layout) -> Result<History, DiskError> {
    let mut snapshots = Vec::new();
    let others = each_manifest(layout, |date, read| {
        snapshots.push(match read {
            Ok((manifest, sha256)) => Listed {
                date,
                about: Some(About::of(&manifest, sha256)),
                problems: Vec::new(),
            },
            Err(error) => Listed {
                date,
                about: None,
                problems: vec![error.to_string()],
            },
        });
    })?;
    snapshots.sort_by_key(|it| std::cmp::Reverse(it.date));
    let mut findings = Vec::new();
    compare_with_last(layout, &mut snapshots, &mut findings)?;
    compare_with_each_other(layout, &mut snapshots)?;
    Ok(History {
        snapshots,
        findings,
        others,
    })
}

/// Holds the manifests against the one that was published last, and that one against `latest.json`.
fn compare_with_last(
    layout: &Layout,
    snapshots: &mut [Listed],
    findings: &mut Vec<Finding>,
) -> Result<(), DiskError> {
    let latest = match Latest::load(layout) {
        Ok(latest) => latest,
        Err(error) if error.is_damaged() => {
            findings.push(of_latest(error.to_string()));
            None
        }
        Err(error) => return Err(error),
    };
    // Version 0.1.0 told nothing.
    let Some(last) = latest.and_then(|latest| latest.last_published) else {
        return Ok(());
    };
    let last_date = exact_date(&last.snapshot_date);
    let Some(of_last) = snapshots.iter_mut().find(|it| Some(it.date) == last_date) else {
        findings.push(of_latest(format!(
            "it names the manifest of {} as the last that was published, and that is not there",
            last.snapshot_date
        )));
        return Ok(());
    };
    let date = of_last.date;
    let is_intended = |date, sha256: &str| intended(layout, date).as_deref() == Some(sha256);
    if let Some(about) = &of_last.about
        && about.sha256 != last.manifest_sha256
        && !is_intended(date, &about.sha256)
    {
        of_last.problems.push(differs(&last, "latest.json", about));
    }
    let Ok((manifest, _)) = Manifest::in_force(layout, date) else {
        return Ok(());
    };
    let names: BTreeSet<&str> = manifest
        .published_before
        .iter()
        .map(|it| it.snapshot_date.as_str())
        .collect();
    for listed in snapshots.iter_mut().filter(|it| it.date != date) {
        if let Some(about) = &listed.about
            && !names.contains(listed.date.to_string().as_str())
            && !is_intended(listed.date, &about.sha256)
        {
            listed.problems.push(format!(
                "the manifest that was published last, of {date}, does not name it: no export has put it \
                 there since, as happens where it is brought back from a backup"
            ));
        }
    }
    Ok(())
}

/// Holds each manifest against what all others say of it. Another hash is fine only where it was
/// published anew after the one that says so.
fn compare_with_each_other(layout: &Layout, snapshots: &mut [Listed]) -> Result<(), DiskError> {
    let hashes: BTreeMap<String, (Date, String)> = snapshots
        .iter()
        .filter_map(|it| Some((it.date, it.about.as_ref()?.sha256.clone())))
        .map(|(date, sha256)| (date.to_string(), (date, sha256)))
        .collect();
    // By date, who says that it has another hash.
    let mut doubted: BTreeMap<Date, Vec<(PublishedManifest, PublishedManifest)>> = BTreeMap::new();
    each_manifest(layout, |date, read| {
        let Ok((manifest, manifest_sha256)) = read else {
            return;
        };
        for said in &manifest.published_before {
            if let Some((of, sha256)) = hashes.get(&said.snapshot_date)
                && *of != date
                && *sha256 != said.manifest_sha256
            {
                let by = PublishedManifest {
                    snapshot_date: date.to_string(),
                    manifest_sha256: manifest_sha256.clone(),
                };
                doubted.entry(*of).or_default().push((said.clone(), by));
            }
        }
    })?;
    for (date, said) in doubted {
        let Ok((manifest, _)) = Manifest::in_force(layout, date) else {
            continue;
        };
        let is_older = |by: &PublishedManifest| manifest.published_before.contains(by);
        let listed = snapshots.iter_mut().find(|it| it.date == date);
        if let Some(listed) = listed
            && let Some(about) = &listed.about
            && let Some((said, by)) = said.into_iter().find(|(_, by)| !is_older(by))
        {
            let by = format!("the manifest of {}", by.snapshot_date);
            listed.problems.push(differs(&said, &by, about));
        }
    }
    Ok(())
}

fn differs(said: &PublishedManifest, by: &str, about: &About) -> String {
    changed(&about.sha256, &said.manifest_sha256, by)
}

fn changed(found: &str, said: &str, by: &str) -> String {
    format!(
        "it was changed after it was published: its sha256 is {found} in place of {said}, as {by} says"
    )
}

fn of_latest(problem: String) -> Finding {
    Finding {
        path: "_snapshots/latest.json".to_owned(),
        problem,
    }
}

/// The hash of the manifest of one snapshot, and what is wrong with it by what is on record.
///
/// # Errors
/// When the manifest or `latest.json` cannot be read.
pub(crate) fn manifest_hash(
    layout: &Layout,
    date: Date,
) -> Result<(String, Option<Finding>), DiskError> {
    let (_, found) = Manifest::in_force(layout, date)?;
    let hashes = match on_record(layout, date) {
        Ok(hashes) => hashes,
        // That it is damaged is a finding already.
        Err(error) if error.is_damaged() => Vec::new(),
        Err(error) => return Err(error),
    };
    let finding = match hashes.first() {
        Some(said) if !hashes.contains(&found) => Some(Finding::of_manifest(changed(
            &found,
            said,
            "what was published after it",
        ))),
        _ => None,
    };
    Ok((found, finding))
}

#[cfg(test)]
mod tests;
