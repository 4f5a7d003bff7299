//! Checks a snapshot's files against its manifest, and the manifest against itself.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::{fs, io};

use jiff::civil::Date;

use crate::disk::error::DiskError;
use crate::disk::input::FileInput;
use crate::disk::layout::{AUDIT, Folder, Layout, MANIFEST};
use crate::disk::reading::{digest_below, open_below, open_present};
use crate::snapshot::files::{DataFile, Document};
use crate::snapshot::history::dates;
use crate::snapshot::manifest::{Format, Latest, Manifest, REJECTS};
use crate::snapshot::parquet_reader::ParquetFile;
use crate::snapshot::read::{data_file, rows_of};
use crate::snapshot::recover::{manifest_dir, manifest_in_force};
use crate::snapshot::rowset::Rowset;
use crate::verify::sums::wrong_sums;

/// One thing that is not as the manifest says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    /// The file, below the output folder; `manifest.json` for what it says of itself.
    pub path: String,
    pub problem: String,
}

impl Finding {
    /// Something that the manifest says cannot be so.
    #[must_use]
    pub(crate) fn of_manifest(problem: String) -> Self {
        Self {
            path: MANIFEST.to_owned(),
            problem,
        }
    }
}

/// Names in a folder that are looked at: one of a snapshot has fewer.
const MOST_NAMES: usize = 100_000;

/// Compares lengths, hashes, row counts and schema of all data files and documents, looks for
/// files that the manifest does not name, checks that its windows cover the whole span and that its
/// sums agree, and that `latest.json` names the newest snapshot. No finding means that all is as it
/// was published.
///
/// # Errors
/// When a folder cannot be read; a file that is missing or damaged is a finding.
pub(super) fn check_files(layout: &Layout, manifest: &Manifest) -> Result<Vec<Finding>, DiskError> {
    let date = manifest.date();
    let documents = manifest_dir(layout, date);
    let mut findings = Vec::new();
    let mut add = |path: &str, problem: Option<String>| {
        findings.extend(problem.map(|problem| Finding {
            path: path.to_owned(),
            problem,
        }));
    };
    let mut known = BTreeSet::new();
    for file in &manifest.files {
        let is_new = known.insert(file.path.clone());
        let name = file.path.rsplit('/').next().unwrap_or_default();
        let problem = if !is_new {
            Some("the manifest names it twice".to_owned())
        } else if file.path != layout.file_path(file.folder(), date, name) {
            Some(format!("it is no file of the snapshot of {date}"))
        } else {
            data_problem(layout, manifest, file)
        };
        add(&file.path, problem);
    }
    for document in &manifest.documents {
        known.insert(document.path.clone());
        let name = document.path.rsplit('/').next().unwrap_or_default();
        let problem = if document.path == Layout::document_path(date, name) {
            let path = documents.join(name);
            byte_problem(layout, &path, document.bytes, &document.sha256)
        } else {
            Some(format!("it is no document of the snapshot of {date}"))
        };
        add(&document.path, problem);
    }
    known.extend([MANIFEST, AUDIT].map(|name| Layout::document_path(date, name)));
    let path = Layout::document_path(date, REJECTS);
    let named = manifest.documents.iter().find(|it| it.path == path);
    let problem = rejects_problem(layout, &documents.join(REJECTS), named, manifest);
    add(&path, problem);
    for folder in [Folder::Data, Folder::Owners, Folder::Differences] {
        for name in names(&layout.place(folder, date))? {
            add_foreign(&mut add, &known, &layout.file_path(folder, date, &name));
        }
    }
    for name in names(&documents)? {
        add_foreign(&mut add, &known, &Layout::document_path(date, &name));
    }
    add("_snapshots/latest.json", latest_problem(layout)?);
    findings.extend(wrong_sums(manifest).into_iter().map(Finding::of_manifest));
    Ok(findings)
}

fn add_foreign(add: &mut impl FnMut(&str, Option<String>), known: &BTreeSet<String>, path: &str) {
    let is_foreign = !known.contains(path);
    add(
        path,
        is_foreign.then(|| "the manifest does not name it".to_owned()),
    );
}

/// What is wrong with the bytes of a file.
fn byte_problem(layout: &Layout, path: &Path, bytes: u64, sha256: &str) -> Option<String> {
    match digest_below(layout.out(), path, bytes) {
        Ok(None) => Some("it is missing".to_owned()),
        Err(error) => Some(error.without_path()),
        Ok(Some((found, _))) if found != bytes => {
            Some(format!("it has {found} bytes in place of {bytes}"))
        }
        Ok(Some((_, found))) if found != sha256 => {
            Some(format!("its sha256 is {found} in place of {sha256}"))
        }
        Ok(Some(_)) => None,
    }
}

fn data_problem(layout: &Layout, manifest: &Manifest, file: &DataFile) -> Option<String> {
    let path = match data_file(layout, manifest, file) {
        Ok(path) => path,
        Err(error) => return Some(error.to_string()),
    };
    byte_problem(layout, &path, file.bytes, &file.sha256).or_else(|| {
        match count_rows(layout, manifest, file) {
            Ok(rows) if rows == file.rows => None,
            Ok(rows) => Some(format!("it has {rows} rows in place of {}", file.rows)),
            Err(error) => Some(error.to_string()),
        }
    })
}

fn count_rows(layout: &Layout, manifest: &Manifest, file: &DataFile) -> Result<u64, DiskError> {
    let rowset = Rowset::of(file.folder());
    if manifest.format == Format::Parquet {
        let path = data_file(layout, manifest, file)?;
        let input = FileInput::new(open_present(layout.out(), &path)?, &path);
        let opened = ParquetFile::open(input, rowset, manifest.schema_version)?;
        let rows = opened.metadata().file_metadata().num_rows();
        return u64::try_from(rows).map_err(|error| DiskError::damaged(&path, error));
    }
    rows_of(layout, manifest, rowset, [file])?
        .try_fold(0, |rows, batch| Ok(rows + batch?.num_rows() as u64))
}

/// Whether there are as many rejects as the manifest counts.
fn rejects_problem(
    layout: &Layout,
    path: &Path,
    named: Option<&Document>,
    manifest: &Manifest,
) -> Option<String> {
    let counted = manifest.totals.rejected;
    // One that is not named, or longer than it should be, is told of already.
    let most = named.map_or(0, |document| document.bytes);
    let file = match open_below(layout.out(), path) {
        Ok(file) => file,
        Err(error) => return Some(error.without_path()),
    };
    let lines = match file.map_or(Ok(0), |file| lines(file.take(most))) {
        Ok(lines) => lines,
        Err(error) => return Some(format!("it cannot be read: {error}")),
    };
    (lines != counted).then(|| format!("it has {lines} lines in place of {counted}"))
}

fn lines(file: impl Read) -> io::Result<u64> {
    let mut input = BufReader::with_capacity(1 << 17, file);
    let mut lines = 0;
    loop {
        let some = input.fill_buf()?;
        if some.is_empty() {
            return Ok(lines);
        }
        lines += some
            .iter()
            .map(|byte| u64::from(*byte == b'\n'))
            .sum::<u64>();
        let length = some.len();
        input.consume(length);
    }
}

/// The names in a folder, in order; none where there is no folder.
fn names(folder: &Path) -> Result<BTreeSet<String>, DiskError> {
    let listed = match fs::read_dir(folder) {
        Ok(listed) => listed,
        // Each file that should be there is a finding already.
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
            ) =>
        {
            return Ok(BTreeSet::new());
        }
        Err(error) => return Err(DiskError::read(folder)(error)),
    };
    listed
        .take(MOST_NAMES)
        .map(|file| {
            let file = file.map_err(DiskError::read(folder))?;
            Ok(file.file_name().to_string_lossy().into_owned())
        })
        .collect()
}

/// Whether `latest.json` names the newest snapshot there is.
fn latest_problem(layout: &Layout) -> Result<Option<String>, DiskError> {
    let has_manifest = |date: &Date| {
        let manifest = manifest_in_force(layout, *date);
        matches!(open_below(layout.out(), &manifest), Ok(Some(_)))
    };
    let newest = dates(layout)?.0.into_iter().rfind(has_manifest);
    Ok(match Latest::read(layout) {
        Ok(named) if named == newest => None,
        Ok(Some(named)) => {
            let newest = newest.map_or_else(
                || "there is none".to_owned(),
                |date| format!("the newest is {date}"),
            );
            Some(format!("it names the snapshot of {named}, but {newest}"))
        }
        Ok(None) => Some("it is missing".to_owned()),
        Err(error) if error.is_damaged() => Some(error.to_string()),
        Err(error) => return Err(error),
    })
}

#[cfg(test)]
mod tests;
