//! Where everything stands below the output folder.

use std::path::{Path, PathBuf};

use jiff::civil::Date;

/// What the rows of an output folder are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Table {
    /// All clips, by their creation.
    Clips,
    /// Clips that changed in a span of time, by their modification.
    Changes,
}

impl Table {
    /// The name of its folder.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Clips => "clips",
            Self::Changes => "changes",
        }
    }
}

/// The folders that a snapshot is made of, in the order in which they are put in place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Folder {
    /// Its data files.
    Data,
    /// The files of its owners, where they were looked up.
    Owners,
    /// The files of what changed since the snapshot before, where that was asked for.
    Differences,
    /// Its manifest and the documents beside it.
    Documents,
}

impl Folder {
    pub(crate) const ALL: [Self; 4] =
        [Self::Data, Self::Owners, Self::Differences, Self::Documents];

    /// Those that a snapshot may be without.
    pub(crate) const OPTIONAL: [Self; 2] = [Self::Owners, Self::Differences];

    /// Its name while it is staged.
    const fn name(self) -> &'static str {
        match self {
            Self::Data => "data",
            Self::Owners => OWNERS,
            Self::Differences => DIFFS,
            Self::Documents => "snapshot",
        }
    }
}

/// The date that is written exactly so, as a snapshot's folder is named: other ways to write a date
/// name something else.
pub(crate) fn exact_date(name: &str) -> Option<Date> {
    let date: Date = name.parse().ok()?;
    (name.len() == 10 && date.to_string() == name).then_some(date)
}

/// The paths of one output folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    out: PathBuf,
    table: Table,
}

impl Layout {
    /// The layout of `out`. Touches no disk.
    #[must_use]
    pub fn new(out: impl Into<PathBuf>, table: Table) -> Self {
        Self {
            out: out.into(),
            table,
        }
    }

    /// The output folder itself.
    #[must_use]
    pub fn out(&self) -> &Path {
        &self.out
    }

    /// What its rows are.
    #[must_use]
    pub const fn table(&self) -> Table {
        self.table
    }

    /// The folder that holds all data of the table: what a query engine is pointed at.
    #[must_use]
    pub fn table_dir(&self) -> PathBuf {
        self.out.join(self.table.name())
    }

    /// The folder of the data files of `date` (UTC date of the snapshot).
    #[must_use]
    pub fn data_dir(&self, date: Date) -> PathBuf {
        self.table_dir().join(partition(date))
    }

    /// The folder of all manifests.
    #[must_use]
    pub fn snapshots_dir(&self) -> PathBuf {
        self.out.join("_snapshots")
    }

    /// The folder of the manifest and the documents of `date`.
    #[must_use]
    pub fn snapshot_dir(&self, date: Date) -> PathBuf {
        self.snapshots_dir().join(date.to_string())
    }

    /// The manifest of `date`.
    #[must_use]
    pub fn manifest(&self, date: Date) -> PathBuf {
        self.snapshot_dir(date).join(MANIFEST)
    }

    /// The file that says which snapshot is the newest.
    #[must_use]
    pub fn latest(&self) -> PathBuf {
        self.snapshots_dir().join(LATEST)
    }

    /// The folder of spools and staged files.
    #[must_use]
    pub fn work_dir(&self) -> PathBuf {
        self.out.join("_work")
    }

    /// The folder where a snapshot is put together before it is published.
    pub(crate) fn staging_dir(&self) -> PathBuf {
        self.work_dir().join("publish")
    }

    /// Where a folder of a snapshot is put together.
    pub(crate) fn staged(&self, folder: Folder) -> PathBuf {
        self.staging_dir().join(folder.name())
    }

    /// Where a folder of the snapshot of `date` is seen by readers.
    pub(crate) fn place(&self, folder: Folder, date: Date) -> PathBuf {
        match folder {
            Folder::Data => self.data_dir(date),
            Folder::Owners => self.owners_dir(date),
            Folder::Differences => self.out.join(DIFFS).join(partition(date)),
            Folder::Documents => self.snapshot_dir(date),
        }
    }

    /// Where a folder of a snapshot is moved that is replaced or removed.
    pub(crate) fn former(&self, folder: Folder, date: Date) -> PathBuf {
        let name = format!("former-{}-{date}", folder.name());
        self.staging_dir().join(name)
    }

    /// The file by which a run of this or another machine tells that the output folder is its own.
    pub(crate) fn run_file(&self) -> PathBuf {
        self.work_dir().join("run.json")
    }

    /// Where it is tried what the file system can do.
    pub(crate) fn trial_dir(&self) -> PathBuf {
        self.work_dir().join("trial")
    }

    /// Where a spool goes whose rows are published, to be deleted.
    pub(crate) fn done_dir(&self) -> PathBuf {
        self.work_dir().join("done")
    }

    /// The file that is there while a publish is under way.
    pub(crate) fn intent_file(&self) -> PathBuf {
        self.work_dir().join("intent.json")
    }

    /// The path of a data file as the manifest names it: below the output folder, with `/`.
    pub(crate) fn file_path(&self, folder: Folder, date: Date, name: &str) -> String {
        let table = match folder {
            Folder::Owners => OWNERS,
            Folder::Differences => DIFFS,
            Folder::Data | Folder::Documents => self.table.name(),
        };
        format!("{table}/{}/{name}", partition(date))
    }

    /// The path of a document as the manifest names it: below the output folder, with `/`.
    pub(crate) fn document_path(date: Date, name: &str) -> String {
        format!("_snapshots/{date}/{name}")
    }

    /// The folders that a snapshot's own are put into; each may be missing.
    pub(crate) fn places(&self) -> Vec<PathBuf> {
        vec![
            self.table_dir(),
            self.out.join(OWNERS),
            self.out.join(DIFFS),
            self.snapshots_dir(),
        ]
    }

    /// The folder of the owners of `date`, where they were looked up.
    #[must_use]
    pub fn owners_dir(&self, date: Date) -> PathBuf {
        self.out.join(OWNERS).join(partition(date))
    }
}

/// The name of the folder of all owners.
pub(crate) const OWNERS: &str = "owners";

/// The folder of what changed from snapshot to snapshot.
pub(crate) const DIFFS: &str = "diffs";

/// The staged file that names the newest snapshot.
pub(crate) const LATEST: &str = "latest.json";

/// The file name of a manifest.
pub(crate) const MANIFEST: &str = "manifest.json";

/// What an audit found, beside the manifest, which does not name it: rules change, and the snapshot does not.
pub(crate) const AUDIT: &str = "audit.json";

fn partition(date: Date) -> String {
    format!("snapshot_date={date}")
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn only_one_way_to_write_a_date_names_a_snapshot() {
        assert_eq!(exact_date("2026-11-03"), Some(date(2026, 11, 3)));
        for other in [
            "20261103",
            "2026-11-03T00:00:00",
            "2026-11-03 ",
            "+002026-11-03",
            "-000001-11-03",
            "2026-11-3",
            "2026-11-31",
            "../2026-11-03",
            "",
        ] {
            assert_eq!(exact_date(other), None, "{other}");
        }
    }

    #[test]
    fn paths_are_what_users_were_promised() {
        let layout = Layout::new("/out", Table::Clips);
        let day = date(2026, 11, 3);
        let shown = |path: PathBuf| path.display().to_string();
        assert_eq!(
            shown(layout.data_dir(day)),
            "/out/clips/snapshot_date=2026-11-03"
        );
        assert_eq!(
            shown(layout.manifest(day)),
            "/out/_snapshots/2026-11-03/manifest.json"
        );
        assert_eq!(shown(layout.latest()), "/out/_snapshots/latest.json");
        assert_eq!(
            layout.file_path(Folder::Data, day, "part-00000.csv"),
            "clips/snapshot_date=2026-11-03/part-00000.csv"
        );
        assert_eq!(
            shown(layout.owners_dir(day)),
            "/out/owners/snapshot_date=2026-11-03"
        );
        let changes = Layout::new("/out", Table::Changes);
        assert_eq!(
            shown(changes.data_dir(day)),
            "/out/changes/snapshot_date=2026-11-03"
        );
    }
}
