//! What a publish or a prune is about to do. It names tables, dates and a hash; every path is made of
//! them by the layout, so that no intent leads anywhere else.

use std::io::{Read, Write};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use tempfile::Builder;

use crate::disk::error::DiskError;
use crate::disk::file::sync_dir;
use crate::disk::layout::{Layout, Table};
use crate::disk::private::open_private;

/// Bytes that no intent has: it names each date at most once.
const MOST: u64 = 1 << 20;

/// It is there from before the first step until after the last.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Intent {
    /// The staged snapshot takes its place.
    Publish(Publish),
    /// Snapshots go away.
    Remove(Vec<Dated>),
}

/// A staged snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Publish {
    pub(crate) table: Table,
    #[serde(with = "exactly")]
    pub(crate) date: Date,
    /// Tells its manifest from any other, and with it all its files.
    pub(crate) manifest_sha256: String,
}

/// A snapshot in its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Dated {
    pub(crate) table: Table,
    #[serde(with = "exactly")]
    pub(crate) date: Date,
}

impl Publish {
    pub(crate) const fn dated(&self) -> Dated {
        Dated {
            table: self.table,
            date: self.date,
        }
    }
}

impl Intent {
    /// What is done, in words.
    pub(crate) fn what(&self) -> String {
        match self {
            Self::Publish(publish) => format!("publishing {}", publish.date),
            Self::Remove(snapshots) => {
                let dates: Vec<String> = snapshots.iter().map(|it| it.date.to_string()).collect();
                format!("removing {}", dates.join(", "))
            }
        }
    }

    /// Makes it durable. The staging folder is there.
    pub(crate) fn write(&self, layout: &Layout) -> Result<(), DiskError> {
        let path = layout.intent_file();
        let text =
            serde_json::to_vec(self).map_err(|error| DiskError::write(&path)(error.into()))?;
        let write = || {
            // For its owner alone, and in the staging folder, with which it goes if it is not moved.
            let mut file = Builder::new()
                .prefix("intent-")
                .tempfile_in(layout.staging_dir())?;
            file.write_all(&text)?;
            file.as_file().sync_all()?;
            file.persist(&path)?;
            Ok(())
        };
        write().map_err(DiskError::write(&path))?;
        sync_dir(&layout.work_dir())
    }

    /// The intent of an output folder, if there is one.
    ///
    /// # Errors
    /// [`DiskError::NotOurs`] for one that somebody else may have written, [`DiskError::Damaged`] for
    /// one that says anything else than an intent does.
    pub(crate) fn read(layout: &Layout) -> Result<Option<Self>, DiskError> {
        let path = layout.intent_file();
        let Some(file) = open_private(&path)? else {
            return Ok(None);
        };
        let mut text = Vec::new();
        let read = file.take(MOST).read_to_end(&mut text);
        read.map_err(DiskError::read(&path))?;
        serde_json::from_slice(&text)
            .map(Some)
            .map_err(|error| DiskError::damaged(&path, error))
    }
}

/// Dates in the one form that names a snapshot.
mod exactly {
    use jiff::civil::Date;
    use serde::de::{Deserialize, Deserializer, Error};
    use serde::ser::Serializer;

    use crate::disk::layout::exact_date;

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
    pub(super) fn serialize<S: Serializer>(date: &Date, into: S) -> Result<S::Ok, S::Error> {
        into.collect_str(date)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Date, D::Error> {
        let name = String::deserialize(from)?;
        exact_date(&name).ok_or_else(|| Error::custom(format!("{name:?} is no date")))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use jiff::civil::date;

    use super::*;
    use crate::disk::private::private_dir;
    use crate::disk::testing::layout;

    fn written(layout: &Layout, text: &str) {
        private_dir(&layout.work_dir()).unwrap();
        fs::write(layout.intent_file(), text).unwrap();
        let mode = fs::Permissions::from_mode(0o600);
        fs::set_permissions(layout.intent_file(), mode).unwrap();
    }

    #[test]
    fn an_intent_reads_back_and_only_its_owner_may_change_it() {
        let out = tempfile::tempdir().unwrap();
        let layout = layout(out.path());
        assert_eq!(Intent::read(&layout).unwrap(), None);
        private_dir(&layout.work_dir()).unwrap();
        private_dir(&layout.staging_dir()).unwrap();
        let day = date(2026, 11, 23);
        let dated = Dated {
            table: Table::Changes,
            date: day,
        };
        let publish = Publish {
            table: Table::Clips,
            date: day,
            manifest_sha256: "ab".to_owned(),
        };
        for intent in [Intent::Remove(vec![dated; 2]), Intent::Publish(publish)] {
            intent.write(&layout).unwrap();
            let mode = fs::metadata(layout.intent_file())
                .unwrap()
                .permissions()
                .mode();
            assert_eq!(mode & 0o777, 0o600);
            assert_eq!(Intent::read(&layout).unwrap(), Some(intent));
        }
    }

    #[test]
    fn an_intent_that_names_anything_but_tables_dates_and_a_hash_is_none() {
        let out = tempfile::tempdir().unwrap();
        let layout = layout(out.path());
        for text in [
            "",
            "{",
            "null",
            r#"{"remove":[{"table":"../../home","date":"2026-11-23"}]}"#,
            r#"{"remove":[{"table":"clips","date":"../2026-11-23"}]}"#,
            r#"{"remove":[{"table":"clips","date":"20261123"}]}"#,
            r#"{"remove":[{"table":"clips","date":"2026-11-23","place":"/home"}]}"#,
            r#"{"remove":[{"table":"clips","date":"2026-11-23"}],"publish":{}}"#,
            r#"{"publish":{"table":"clips","date":"/etc","manifest_sha256":"ab"}}"#,
            r#"{"snapshot_date":"2026-11-23","swaps":[],"retired":[{"place":"/home","inode":1}]}"#,
        ] {
            written(&layout, text);
            let refused = Intent::read(&layout).unwrap_err();
            assert!(refused.is_damaged(), "{text}: {refused}");
        }
        written(
            &layout,
            r#"{"remove":[{"table":"clips","date":"2026-11-23"}]}"#,
        );
        assert!(Intent::read(&layout).unwrap().is_some());
    }

    #[test]
    fn an_intent_behind_a_link_is_refused() {
        let out = tempfile::tempdir().unwrap();
        let layout = layout(out.path());
        written(&layout, r#"{"remove":[]}"#);
        let elsewhere = out.path().join("elsewhere");
        fs::rename(layout.intent_file(), &elsewhere).unwrap();
        symlink(&elsewhere, layout.intent_file()).unwrap();
        let refused = Intent::read(&layout).unwrap_err();
        assert!(matches!(refused, DiskError::NotOurs { .. }), "{refused}");
    }
}
