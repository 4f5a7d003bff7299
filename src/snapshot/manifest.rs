//! The manifest: the JSON that proves a snapshot. It is written last.

use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::path::Path;

use jiff::civil::Date;
use serde::de::{Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use crate::clip::SCHEMA_VERSION;
use crate::disk::error::DiskError;
use crate::disk::file::digest_bytes;
use crate::disk::layout::{Folder, Layout, Table, exact_date};
use crate::disk::reading::read_below;
use crate::model::{Micros, Seconds, Verdict, WindowRecord};
use crate::snapshot::csv::CsvMode;
use crate::snapshot::files::{DataFile, Document, LONGEST_MANIFEST};
use crate::snapshot::recover::manifest_in_force;

/// The format of the data files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Parquet, zstd.
    Parquet,
    /// RFC 4180.
    Csv,
}

impl Format {
    /// The end of a file's name, without the dot.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Parquet => "parquet",
            Self::Csv => "csv",
        }
    }
}

/// An account that could not be listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountFailure {
    pub account_id: String,
    pub why: String,
}

/// Far fewer clips than in an earlier, verified snapshot: a lost permission looks like this.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shrunk {
    /// The date of that snapshot.
    pub since: String,
    /// Its clips.
    pub clips_before: u64,
    /// Clips now.
    pub clips: u64,
    /// The accounts that had some then, and have none now.
    #[serde(default)]
    pub emptied_accounts: Vec<String>,
}

impl std::fmt::Display for Shrunk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            since,
            clips_before,
            clips,
            emptied_accounts,
        } = self;
        write!(f, "{clips} clips, where {since} had {clips_before}")?;
        match emptied_accounts.as_slice() {
            [] => Ok(()),
            [first] => write!(f, ", and none of account {first} any more"),
            [first, others @ ..] => write!(
                f,
                ", and none of account {first} and {} more any more",
                others.len()
            ),
        }
    }
}

/// What two clocks said at the same moment, RFC 3339.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clock {
    /// Of the computer that took the census.
    pub computer: String,
    /// Of the service, in whole seconds. A census without `until` ends there.
    pub service: String,
}

/// A manifest that was published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedManifest {
    /// The date of its snapshot.
    pub snapshot_date: String,
    /// SHA-256 of its bytes, 64 hex digits.
    pub manifest_sha256: String,
}

/// Sums over all windows: `received = written + duplicates + rejected`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Records received.
    pub received: u64,
    /// Rows in the data files.
    pub written: u64,
    /// Records that were further copies of a written row.
    pub duplicates: u64,
    /// Records that are no clips.
    pub rejected: u64,
    /// Rows created outside the window that listed them.
    pub outside: u64,
    /// Repaired values by field.
    pub repairs: BTreeMap<String, u64>,
    /// Cells that a spreadsheet cannot hold, and that were cut.
    #[serde(default)]
    pub cut: u64,
}

/// Windows of a census at most. Each is in memory, in the journal and in the manifest.
pub(crate) const MOST_WINDOWS: u64 = 100_000;

/// A count that nothing has: sums of all that a manifest can hold stay within 64 bits.
const LARGEST_COUNT: u64 = 1_000_000_000_000;

/// Bytes of `latest.json` at most.
const MOST_LATEST_BYTES: u64 = 1 << 16;

/// The document that holds the records that are no clips, one a line.
pub(crate) const REJECTS: &str = "rejects.ndjson";

/// The proof of a snapshot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// The version of the row contract.
    pub schema_version: u32,
    /// The version of the program that wrote it.
    pub tool_version: String,
    /// The run that wrote it.
    pub run_id: String,
    /// The accounts that were listed.
    #[serde(deserialize_with = "few")]
    pub account_ids: Vec<String>,
    /// The settings of the run, without secrets.
    #[serde(deserialize_with = "few_parameters")]
    pub parameters: BTreeMap<String, serde_json::Value>,
    /// Whether the sandbox has answered, and not Zoom: the account is made up. False in manifests
    /// that do not say.
    #[serde(default)]
    pub simulated: bool,
    /// When the run began, RFC 3339.
    pub started_at: String,
    /// When the run began that went on with what the run of `started_at` had listed, RFC 3339; null
    /// where it was one run.
    #[serde(default)]
    pub resumed_at: Option<String>,
    /// Two clocks at the start of the run that published it; null where the service did not tell
    /// the time, and in manifests of 0.1.0.
    #[serde(default)]
    pub clock: Option<Clock>,
    /// When its data files were complete, RFC 3339.
    pub finished_at: String,
    /// The begin of the span that the windows cover up to `snapshot_at`, in unix seconds.
    pub since: Seconds,
    /// The instant the census is of, in microseconds since 1970.
    pub snapshot_at: Micros,
    /// Whether it is proven complete.
    pub verdict: Verdict,
    /// What its rows are.
    pub table: Table,
    /// The format of the data files.
    pub format: Format,
    /// How CSV cells are written; null for other formats.
    pub csv_mode: Option<CsvMode>,
    /// The windows that were asked for, which are the proof.
    #[serde(deserialize_with = "few")]
    pub windows: Vec<WindowRecord>,
    /// Sums over the windows.
    pub totals: Totals,
    /// The fall against the newest verified snapshot before, where it is a large one.
    #[serde(default)]
    pub shrunk: Option<Shrunk>,
    /// The date of the snapshot that it was compared with; null where it was not.
    #[serde(default)]
    pub compared_with: Option<String>,
    /// Attempts by outcome.
    pub requests: BTreeMap<String, u64>,
    /// What the client errors among them were, with the call.
    #[serde(default)]
    pub client_errors: BTreeMap<String, u64>,
    /// Accounts that could not be listed.
    #[serde(deserialize_with = "few")]
    pub account_failures: Vec<AccountFailure>,
    /// The data files, in order: clips, then owners where they were looked up.
    pub files: Vec<DataFile>,
    /// The files beside the manifest; empty until it is published.
    pub documents: Vec<Document>,
    /// The manifests that stood in the output folder when this one was published, in the order in
    /// which they were: the last is the one before it. One of the same date is what it replaced.
    /// Empty in manifests that do not say.
    #[serde(default)]
    pub published_before: Vec<PublishedManifest>,
}

/// The parameters that say which clips are listed: a folder holds the census of one thing.
const CENSUS: [&str; 6] = ["accounts", "by", "owner", "search", "since", "status"];

impl Manifest {
    /// In which parameter, and its value, here and there, a census is of something else; `None` if
    /// both are of the same.
    pub(crate) fn other_census(
        &self,
        other: &BTreeMap<String, serde_json::Value>,
    ) -> Option<(String, String)> {
        let values = CENSUS.map(|name| (name, self.parameters.get(name), other.get(name)));
        let (name, here, there) = values.into_iter().find(|(_, here, there)| here != there)?;
        let told = |value: Option<&serde_json::Value>| {
            format!("{name} {}", value.unwrap_or(&serde_json::Value::Null))
        };
        Some((told(here), told(there)))
    }

    /// The UTC date of its snapshot.
    #[must_use]
    pub fn date(&self) -> Date {
        self.snapshot_at.date()
    }

    /// Bytes of its data files and documents, as far as a number of 64 bits can tell.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let files = self.files.iter().map(|file| file.bytes);
        let documents = self.documents.iter().map(|document| document.bytes);
        files.chain(documents).fold(0, u64::saturating_add)
    }

    /// Whether it was asked for what is left out otherwise, such as passcodes.
    #[must_use]
    pub fn has_secrets(&self) -> bool {
        let asked = self.parameters.get("include_secrets");
        asked.and_then(serde_json::Value::as_bool) == Some(true)
    }

    /// Rows of its files of owners; `None` where they were not looked up.
    #[must_use]
    pub fn owners(&self) -> Option<u64> {
        let files = self.files.iter();
        let files = files.filter(|file| file.folder() == Folder::Owners);
        files.map(|file| file.rows).reduce(u64::saturating_add)
    }

    /// Reads a manifest of an output folder.
    ///
    /// # Errors
    /// [`DiskError::NoSnapshot`] where there is none, [`DiskError::Damaged`] for a file
    /// that is none or is of a later schema version.
    pub fn read(layout: &Layout, path: &Path) -> Result<Self, DiskError> {
        Self::read_hashed(layout, path).map(|(manifest, _)| manifest)
    }

    /// Reads a manifest, and hashes the bytes that it was read from.
    ///
    /// # Errors
    /// As [`Manifest::read`].
    pub(crate) fn read_hashed(layout: &Layout, path: &Path) -> Result<(Self, String), DiskError> {
        let text = read_below(layout.out(), path, LONGEST_MANIFEST)?;
        let text = text.ok_or_else(|| DiskError::NoSnapshot {
            path: path.to_owned(),
        })?;
        let manifest: Self =
            serde_json::from_slice(&text).map_err(|error| DiskError::damaged(path, error))?;
        if manifest.schema_version > SCHEMA_VERSION {
            let why = format!(
                "it has schema version {} and this tool knows versions up to {SCHEMA_VERSION}",
                manifest.schema_version
            );
            return Err(DiskError::damaged(path, why));
        }
        if !manifest.counts_are_possible() {
            let why = "it counts more than there can be of anything";
            return Err(DiskError::damaged(path, why));
        }
        Ok((manifest, digest_bytes(&text)))
    }

    /// The manifest that belongs to the data of a date as they are in place, and its hash. Who does not hold
    /// the lock reads manifests this way: one that is published meanwhile moves.
    ///
    /// # Errors
    /// As [`Manifest::read`].
    pub(crate) fn in_force(layout: &Layout, date: Date) -> Result<(Self, String), DiskError> {
        match Self::read_hashed(layout, &manifest_in_force(layout, date)) {
            Err(DiskError::NoSnapshot { .. }) => {
                Self::read_hashed(layout, &manifest_in_force(layout, date))
            }
            read => read,
        }
    }

    /// Whether no count is so large that sums of them could be beyond what they are kept in.
    fn counts_are_possible(&self) -> bool {
        let totals = &self.totals;
        let counts = [
            totals.received,
            totals.written,
            totals.duplicates,
            totals.rejected,
            totals.outside,
            totals.cut,
        ];
        let of_windows = self.windows.iter().flat_map(|window| {
            [
                window.expected.unwrap_or(0),
                window.received,
                window.distinct,
                window.pages,
                window.outside,
                window.rejected,
                window.rows,
                u64::from(window.attempts) << 10,
                u64::from(window.restarts) << 10,
            ]
            .into_iter()
            .chain(window.repairs.values().copied())
        });
        let of_files = self.files.iter().map(|file| file.rows);
        let mut all = counts
            .into_iter()
            .chain(totals.repairs.values().copied())
            .chain(self.requests.values().copied())
            .chain(self.client_errors.values().copied())
            .chain(of_windows)
            .chain(of_files);
        all.all(|count| count <= LARGEST_COUNT)
    }

    /// The manifest of the newest snapshot; `None` where nothing was published yet.
    ///
    /// # Errors
    /// As [`Manifest::read`]; [`DiskError::Damaged`] also where `latest.json` points nowhere.
    pub fn latest(layout: &Layout) -> Result<Option<Self>, DiskError> {
        let Some(date) = Latest::read(layout)? else {
            return Ok(None);
        };
        match Self::in_force(layout, date) {
            Err(DiskError::NoSnapshot { .. }) => {
                let why = format!("it names {date}, which has no manifest");
                Err(DiskError::damaged(&layout.latest(), why))
            }
            read => read.map(|(manifest, _)| Some(manifest)),
        }
    }

    /// The text of its file.
    pub(crate) fn to_json(&self) -> Vec<u8> {
        to_json(self)
    }
}

/// Bytes of the parameters of a manifest at most: as values that may be anything, they take many times
/// their length in memory. They name all accounts that were named.
const MOST_PARAMETERS: usize = 4 << 20;

/// A list of no more than there can be windows: each account has one at least.
fn few<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Vec<T>, D::Error> {
    struct Few<T>(PhantomData<T>);
    impl<'de, T: Deserialize<'de>> Visitor<'de> for Few<T> {
        type Value = Vec<T>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            write!(f, "a list of at most {MOST_WINDOWS} items")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<T>, A::Error> {
            let mut items = Vec::new();
            while let Some(item) = list.next_element()? {
                items.push(item);
                if items.len() as u64 > MOST_WINDOWS {
                    return Err(A::Error::invalid_length(items.len(), &self));
                }
            }
            Ok(items)
        }
    }
    from.deserialize_seq(Few(PhantomData))
}

fn few_parameters<'de, D: Deserializer<'de>>(
    from: D,
) -> Result<BTreeMap<String, serde_json::Value>, D::Error> {
    let text: Box<RawValue> = Deserialize::deserialize(from)?;
    if text.get().len() > MOST_PARAMETERS {
        return Err(D::Error::custom("its parameters are too long"));
    }
    serde_json::from_str(text.get()).map_err(D::Error::custom)
}

/// What stands in `latest.json`.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Latest {
    /// The date of the newest snapshot.
    snapshot_date: String,
    /// Its manifest, below the output folder.
    manifest: String,
    /// The manifest that was published last: that of the newest snapshot, unless an older date was
    /// exported after it. Missing where version 0.1.0 wrote the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) last_published: Option<PublishedManifest>,
}

impl Latest {
    /// Points at `date`.
    pub(crate) fn of(date: Date, last_published: PublishedManifest) -> Self {
        Self {
            snapshot_date: date.to_string(),
            manifest: format!("_snapshots/{date}/manifest.json"),
            last_published: Some(last_published),
        }
    }

    /// The text of its file.
    pub(crate) fn to_json(&self) -> Vec<u8> {
        to_json(self)
    }

    /// The file, if there is one.
    pub(crate) fn load(layout: &Layout) -> Result<Option<Self>, DiskError> {
        let path = layout.latest();
        let Some(text) = read_below(layout.out(), &path, MOST_LATEST_BYTES)? else {
            return Ok(None);
        };
        serde_json::from_slice(&text)
            .map(Some)
            .map_err(|error| DiskError::damaged(&path, error))
    }

    /// The date that the file names; `None` where there is no file.
    pub(crate) fn read(layout: &Layout) -> Result<Option<Date>, DiskError> {
        let Some(latest) = Self::load(layout)? else {
            return Ok(None);
        };
        let name = latest.snapshot_date;
        exact_date(&name).map_or_else(
            || {
                let why = format!("{name:?} is no date");
                Err(DiskError::damaged(&layout.latest(), why))
            },
            |date| Ok(Some(date)),
        )
    }
}

fn to_json<T: Serialize>(value: &T) -> Vec<u8> {
    let mut text =
        serde_json::to_vec_pretty(value).expect("maps have text keys and instants are in range");
    text.push(b'\n');
    text
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::snapshot::testing::manifest;

    #[test]
    fn a_manifest_reads_back_and_shows_instants_as_text() {
        let out = tempfile::tempdir().unwrap();
        let layout = Layout::new(out.path(), Table::Clips);
        let path = out.path().join("manifest.json");
        let written = manifest();
        fs::write(&path, written.to_json()).unwrap();
        assert_eq!(Manifest::read(&layout, &path).unwrap(), written);
        let text = fs::read_to_string(&path).unwrap();
        assert!(
            text.contains(r#""snapshot_at": "2026-11-23T00:00:00Z""#),
            "{text}"
        );
        assert!(text.contains(r#""verdict": "verified""#), "{text}");
    }

    #[test]
    fn a_manifest_with_more_than_there_can_be_of_anything_is_damaged() {
        let out = tempfile::tempdir().unwrap();
        let layout = Layout::new(out.path(), Table::Clips);
        let path = out.path().join("manifest.json");
        let read = |manifest: Manifest| {
            fs::write(&path, manifest.to_json()).unwrap();
            Manifest::read(&layout, &path)
        };
        read(manifest()).unwrap();
        let mut many = manifest();
        many.account_ids = vec![String::new(); 100_001];
        let mut counts = manifest();
        counts.windows[0].received = u64::MAX;
        let mut requests = manifest();
        requests.requests.insert("ok".to_owned(), u64::MAX);
        let mut long = manifest();
        let values = vec![serde_json::Value::Null; 1 << 20];
        long.parameters.insert("a".to_owned(), values.into());
        for wrong in [many, counts, requests, long] {
            assert!(read(wrong).unwrap_err().is_damaged());
        }
    }

    #[test]
    fn a_missing_a_damaged_and_a_later_manifest_are_told_apart() {
        let out = tempfile::tempdir().unwrap();
        let layout = Layout::new(out.path(), Table::Clips);
        let path = out.path().join("manifest.json");
        let read = || Manifest::read(&layout, &path).unwrap_err();
        assert!(matches!(read(), DiskError::NoSnapshot { .. }));
        fs::write(&path, "{").unwrap();
        assert!(read().is_damaged());
        let later = Manifest {
            schema_version: SCHEMA_VERSION + 1,
            ..manifest()
        };
        fs::write(&path, later.to_json()).unwrap();
        assert!(read().to_string().contains("schema version"));
    }
}
