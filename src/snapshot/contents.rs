//! What a snapshot is made of, which tells its folders from those of another: by what they hold, since
//! some file systems give a folder another inode each time it is looked at.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::disk::error::DiskError;
use crate::disk::file::digest_bytes;
use crate::disk::layout::{Folder, Layout, MANIFEST};
use crate::disk::reading::{digest_below, read_below};
use crate::snapshot::files::{DataFile, Document, LONGEST_MANIFEST};

/// The files of one snapshot, by its manifest.
#[derive(Debug, Deserialize)]
pub(crate) struct Contents {
    files: Vec<DataFile>,
    documents: Vec<Document>,
    /// The output folder.
    #[serde(skip)]
    out: PathBuf,
    /// The bytes of the manifest.
    #[serde(skip)]
    manifest: Vec<u8>,
}

impl Contents {
    /// Those of the manifest in a folder of documents, if it is the one with this SHA-256.
    pub(crate) fn of(layout: &Layout, documents: &Path, sha256: &str) -> Option<Self> {
        let out = layout.out().to_owned();
        let manifest = read_below(&out, &documents.join(MANIFEST), LONGEST_MANIFEST).ok()??;
        if digest_bytes(&manifest) != sha256 {
            return None;
        }
        let contents = serde_json::from_slice(&manifest).ok()?;
        Some(Self {
            out,
            manifest,
            ..contents
        })
    }

    /// Whether the snapshot has such a folder.
    pub(crate) fn has(&self, folder: Folder) -> bool {
        folder != Folder::Owners || self.files.iter().any(DataFile::is_of_owners)
    }

    /// Whether `path` is this folder, to the last byte.
    pub(crate) fn is(&self, folder: Folder, path: &Path) -> bool {
        self.problem(folder, path).is_none()
            && self.files_of(folder).all(|file| {
                let found = digest_below(&self.out, &path.join(file.name), file.bytes);
                found.is_ok_and(|found| found.is_some_and(|(_, sha256)| sha256 == file.sha256))
            })
    }

    /// Looks at this folder in its place: all files are there, as long as they were written, and the
    /// manifest is the one that was.
    pub(crate) fn look(&self, folder: Folder, path: &Path) -> Result<(), DiskError> {
        self.problem(folder, path)
            .map_or(Ok(()), |(path, why)| Err(DiskError::not_done(&path, why)))
    }

    /// What differs, without a look at all bytes.
    fn problem(&self, folder: Folder, path: &Path) -> Option<(PathBuf, String)> {
        for file in self.files_of(folder) {
            let path = path.join(file.name);
            match fs::metadata(&path) {
                Err(error) => return Some((path, format!("is not in its place ({error})"))),
                Ok(found) if !found.is_file() || found.len() != file.bytes => {
                    let why = format!("is not the file of {} bytes that was written", file.bytes);
                    return Some((path, why));
                }
                Ok(_) => {}
            }
        }
        if folder == Folder::Documents {
            let path = path.join(MANIFEST);
            let found = read_below(&self.out, &path, LONGEST_MANIFEST)
                .ok()
                .flatten();
            let is_same = found.is_some_and(|found| found == self.manifest);
            return (!is_same).then(|| (path, "is not the manifest that was written".to_owned()));
        }
        let wanted = self.files_of(folder).count();
        let found = fs::read_dir(path).map_or(0, |entries| {
            // Readers pass over names that begin with a dot.
            let is_data = |name: &OsStr| !name.as_encoded_bytes().starts_with(b".");
            let names = entries.flatten().map(|entry| entry.file_name());
            names.filter(|name| is_data(name)).count()
        });
        let why = || format!("has {found} files in place of the {wanted} that were written");
        (found != wanted).then(|| (path.to_owned(), why()))
    }

    fn files_of(&self, folder: Folder) -> Box<dyn Iterator<Item = Named<'_>> + '_> {
        let of_data = move |owners: bool| {
            let files = self.files.iter();
            let files = files.filter(move |file| file.is_of_owners() == owners);
            files.map(|file| Named::of(&file.path, file.bytes, &file.sha256))
        };
        match folder {
            Folder::Data => Box::new(of_data(false)),
            Folder::Owners => Box::new(of_data(true)),
            Folder::Documents => {
                let documents = self.documents.iter();
                Box::new(documents.map(|it| Named::of(&it.path, it.bytes, &it.sha256)))
            }
        }
    }

    /// The folder of the manifest of a snapshot, staged or in its place, and what it names.
    pub(crate) fn find(layout: &Layout, place: &Path, sha256: &str) -> Option<Self> {
        let staged = layout.staged(Folder::Documents);
        Self::of(layout, place, sha256).or_else(|| Self::of(layout, &staged, sha256))
    }
}

/// A file of a folder.
struct Named<'a> {
    name: &'a OsStr,
    bytes: u64,
    sha256: &'a str,
}

impl<'a> Named<'a> {
    /// By the path that the manifest gives it, of which the last part alone counts.
    fn of(path: &'a str, bytes: u64, sha256: &'a str) -> Self {
        Self {
            name: Path::new(path).file_name().unwrap_or_default(),
            bytes,
            sha256,
        }
    }
}
