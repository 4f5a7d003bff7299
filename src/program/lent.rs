//! What the program that does `query` and `audit` borrows of this one, where its errors and types are of the
//! house: here they are plain.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use jiff::civil::Date;

use crate::disk::layout::AUDIT;
use crate::disk::trial::refuse_way_out;
use crate::disk::{DiskError, Layout};
use crate::error::{Error, SqlFailure};
use crate::program::{list, stdout};
use crate::report::{Bytes, numbers};
use crate::settings;
use crate::settings::args::audit::AuditTable;
use crate::snapshot::Manifest;
use crate::snapshot::history::each_manifest;
use crate::snapshot::manifest::Latest;
use crate::snapshot::parquet_files;
use crate::snapshot::parquet_files::{Checked, OpenParquet};
use crate::snapshot::rowset::Rowset;
use crate::verify::history;

/// The table `[audit]` of a settings file, whose other settings are checked as an export does it.
///
/// # Errors
/// When it cannot be read, or holds anything but settings.
pub fn audit_table(path: &Path) -> Result<AuditTable, SqlFailure> {
    Ok(settings::audit_table(path).map_err(Error::from)?)
}

/// A manifest of an output folder.
#[derive(Debug, Clone)]
pub struct Held {
    /// What it says.
    pub manifest: Manifest,
    /// Its SHA-256, 64 hex digits.
    pub sha256: String,
    /// What is wrong with it, by what the manifests published after it say.
    pub problems: Vec<String>,
}

/// What is wrong with an output folder, in words.
#[derive(Debug, Clone)]
pub struct Wrong {
    /// With `latest.json`, which says what was published last.
    pub latest: Vec<String>,
    /// With manifests that cannot be read, by the dates of their folders.
    pub unreadable: Vec<(Date, String)>,
    /// What stands among the snapshots and is none.
    pub others: Vec<String>,
}

/// Every manifest of an output folder that can be read, oldest first, and what is wrong with the others, in
/// words.
///
/// # Errors
/// For a folder that is no output folder, or cannot be read.
pub fn manifests(layout: &Layout) -> Result<(Vec<Held>, Wrong), SqlFailure> {
    let listed = history(layout)?;
    let mut judged: BTreeMap<Date, (Option<String>, Vec<String>)> = BTreeMap::new();
    for snapshot in listed.snapshots {
        let sha256 = snapshot.about.map(|about| about.sha256);
        judged.insert(snapshot.date, (sha256, snapshot.problems));
    }
    let mut wrong = Wrong {
        latest: listed.findings.iter().map(list::told).collect(),
        unreadable: Vec::new(),
        others: Vec::new(),
    };
    let mut all = Vec::new();
    let others = each_manifest(layout, |date, read| match read {
        Ok((manifest, sha256)) => {
            let (judged_sha256, mut problems) = judged.remove(&date).unwrap_or_default();
            if judged_sha256.is_none_or(|it| it != sha256) {
                problems.push("it was changed a moment ago".to_owned());
            }
            all.push(Held {
                manifest,
                sha256,
                problems,
            });
        }
        Err(error) => wrong.unreadable.push((date, error.to_string())),
    })?;
    wrong.others.extend(others.iter().map(ToString::to_string));
    // Without it nobody knows which manifest is the last that was published.
    if !all.is_empty() && Latest::load(layout)?.is_none() {
        let path = layout.latest();
        wrong.latest.push(format!("{} is missing", path.display()));
    }
    Ok((all, wrong))
}

/// Opens the files of a snapshot that hold rows of one kind, in the order of the rows, as Parquet; none where
/// it has no such rows. Those of a snapshot in CSV are written to a file of `work` that has no name.
///
/// # Errors
/// For a file that is not the one of the manifest, or could not be read in bounded memory; when `work` cannot
/// be written to.
pub fn parquet_files(
    layout: &Layout,
    manifest: &Manifest,
    rowset: Rowset,
    checked: Checked,
    work: &Path,
) -> Result<Vec<OpenParquet>, SqlFailure> {
    Ok(parquet_files::parquet_files(
        layout, manifest, rowset, checked, work,
    )?)
}

/// A Parquet file without rows, which has the columns of a kind of rows.
///
/// # Errors
/// When it cannot be encoded.
pub fn empty_parquet(rowset: Rowset) -> Result<Vec<u8>, SqlFailure> {
    Ok(parquet_files::empty_parquet(rowset)?)
}

/// Puts what an audit found beside the manifest of a snapshot, in the place of a former one, and says where.
///
/// # Errors
/// When it cannot be written.
pub fn keep_audit(
    layout: &Layout,
    date: Date,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<PathBuf, SqlFailure> {
    let folder = layout.snapshot_dir(date);
    refuse_way_out(layout, folder.clone())?;
    let path = folder.join(AUDIT);
    let kept = || {
        let mut file = tempfile::Builder::new()
            .prefix(".audit-")
            .permissions(fs::Permissions::from_mode(0o666))
            .tempfile_in(&folder)?;
        let mut output = BufWriter::new(&mut file);
        write(&mut output)?;
        output.flush()?;
        drop(output);
        file.as_file().sync_all()?;
        file.persist(&path)?;
        Ok(())
    };
    kept().map_err(DiskError::write(&path))?;
    Ok(path)
}

/// Writes a result to stdout. A reader that has seen enough, such as `head`, is no failure.
///
/// # Errors
/// When it cannot be written.
pub fn print(text: &str) -> Result<(), SqlFailure> {
    Ok(stdout::print(text)?)
}

/// A number of bytes in words, such as `1.5 GB`.
#[must_use]
pub fn size(bytes: u64) -> String {
    numbers::size(Bytes(bytes.into()))
}
