//! Checks a snapshot's files against its manifest.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;

use crate::snapshot::error::SnapshotError;
use crate::snapshot::file::hash_file;
use crate::snapshot::layout::Layout;
use crate::snapshot::manifest::DataFile;
use crate::snapshot::manifest::Format;
use crate::snapshot::manifest::Manifest;
use crate::snapshot::read::data_file;
use crate::snapshot::read::open_parquet;
use crate::snapshot::read::rows;
use crate::snapshot::rowset::Rowset;

/// One thing that is not as the manifest says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The file, below the output folder; `manifest.json` for sums that do not agree.
    pub path: String,
    /// What is wrong.
    pub problem: String,
}

/// Compares lengths, hashes, row counts and schema of all data files, looks for files that the
/// manifest does not name, and checks its sums. No finding means that all is as it was published.
///
/// # Errors
/// When a folder cannot be read; a file that is missing or damaged is a finding.
pub fn verify(layout: &Layout, manifest: &Manifest) -> Result<Vec<Finding>, SnapshotError> {
    let mut findings = Vec::new();
    for file in &manifest.files {
        if let Some(problem) = problem_of(layout, manifest, file) {
            findings.push(Finding {
                path: file.path.clone(),
                problem,
            });
        }
    }
    findings.extend(foreign_files(layout, manifest)?);
    findings.extend(wrong_sums(manifest).into_iter().map(|problem| Finding {
        path: "manifest.json".to_owned(),
        problem,
    }));
    Ok(findings)
}

fn problem_of(layout: &Layout, manifest: &Manifest, file: &DataFile) -> Option<String> {
    let path = match data_file(layout, manifest, file) {
        Ok(path) => path,
        Err(error) => return Some(error.to_string()),
    };
    let (bytes, sha256) = match hash_file(&path) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Some("it is missing".to_owned());
        }
        Err(error) => return Some(format!("it cannot be read: {error}")),
    };
    if bytes != file.bytes {
        return Some(format!("it has {bytes} bytes in place of {}", file.bytes));
    }
    if sha256 != file.sha256 {
        return Some(format!(
            "its sha256 is {sha256} in place of {}",
            file.sha256
        ));
    }
    match rows_of(layout, manifest, file) {
        Ok(rows) if rows == file.rows => None,
        Ok(rows) => Some(format!("it has {rows} rows in place of {}", file.rows)),
        Err(error) => Some(error.to_string()),
    }
}

fn rows_of(layout: &Layout, manifest: &Manifest, file: &DataFile) -> Result<u64, SnapshotError> {
    let rowset = if file.is_of_owners() {
        Rowset::Owners
    } else {
        Rowset::Clips
    };
    if manifest.format == Format::Parquet {
        let path = data_file(layout, manifest, file)?;
        let rows = open_parquet(&path, rowset)?
            .metadata()
            .file_metadata()
            .num_rows();
        return u64::try_from(rows).map_err(|error| SnapshotError::damaged(&path, error));
    }
    let only = Manifest {
        files: vec![file.clone()],
        ..manifest.clone()
    };
    rows(layout, &only, rowset)?.try_fold(0, |rows, batch| Ok(rows + batch?.num_rows() as u64))
}

fn foreign_files(layout: &Layout, manifest: &Manifest) -> Result<Vec<Finding>, SnapshotError> {
    let date = manifest.date();
    let known: BTreeSet<&str> = manifest.files.iter().map(|f| f.path.as_str()).collect();
    let mut found = BTreeSet::new();
    let clips = names(&layout.data_dir(date))?;
    found.extend(clips.iter().map(|name| layout.data_path(date, name)));
    let owners = names(&layout.owners_dir(date))?;
    found.extend(owners.iter().map(|name| Layout::owners_path(date, name)));
    Ok(found
        .into_iter()
        .filter(|path| !known.contains(path.as_str()))
        .map(|path| Finding {
            path,
            problem: "the manifest does not name it".to_owned(),
        })
        .collect())
}

/// The names in a folder; none where it is missing, as each file of the manifest is a finding then.
fn names(folder: &Path) -> Result<Vec<String>, SnapshotError> {
    let listed = match fs::read_dir(folder) {
        Ok(listed) => listed,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(SnapshotError::read(folder)(error)),
    };
    listed
        .map(|file| Ok(file?.file_name().to_string_lossy().into_owned()))
        .collect::<io::Result<_>>()
        .map_err(SnapshotError::read(folder))
}

fn wrong_sums(manifest: &Manifest) -> Vec<String> {
    let totals = &manifest.totals;
    let clips = manifest.files.iter().filter(|file| !file.is_of_owners());
    let rows: u64 = clips.map(|file| file.rows).sum();
    let accounted = totals.written + totals.duplicates + totals.rejected;
    let mut problems = Vec::new();
    if rows != totals.written {
        problems.push(format!(
            "its files have {rows} rows and its totals {} written",
            totals.written
        ));
    }
    if totals.received != accounted {
        problems.push(format!(
            "it received {} and accounts for {accounted}",
            totals.received
        ));
    }
    problems
}

#[cfg(test)]
mod tests;
