//! Whether there is room for an export, as far as can be told before it: by what the newest snapshot
//! took, and by how many clips there will be.

use crate::disk::{Layout, free_bytes};
use crate::report::Bytes;
use crate::report::numbers::size;
use crate::settings::ExportSettings;
use crate::snapshot::{Format, Manifest};

/// Bytes that a documented clip takes in `_work/` until it is published.
const IN_WORK: u64 = 650;

/// Bytes that it takes in a data file.
const fn in_file(format: Format) -> u64 {
    match format {
        Format::Parquet => 120,
        Format::Csv => 450,
    }
}

/// What there is for an export, and about what it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Room {
    free: u64,
    /// None where nothing is known of the account.
    needed: Option<u64>,
}

impl Room {
    /// Looks at the file system of the output folder and at the newest snapshot in it. `clips` is how
    /// many there will be, where that is known. The snapshot stays until the new one is complete, so
    /// that nothing of it can be counted on.
    pub(crate) fn of(
        settings: &ExportSettings,
        layout: &Layout,
        clips: Option<u64>,
    ) -> Option<Self> {
        let free = free_bytes(layout.out())?;
        let newest = Manifest::latest(layout).ok().flatten();
        let before = newest.map(|manifest| {
            let files = manifest.files.iter().map(|file| file.bytes);
            let documents = manifest.documents.iter().map(|document| document.bytes);
            let published = files.chain(documents).fold(0, u64::saturating_add);
            let listed = manifest.totals.written.saturating_mul(IN_WORK);
            published.saturating_add(listed)
        });
        let each = IN_WORK + in_file(settings.format);
        let forecast = clips.map(|clips| clips.saturating_mul(each));
        Some(Self {
            free,
            needed: before.max(forecast),
        })
    }

    /// Whether an export may find the disk full.
    #[must_use]
    pub(crate) fn is_short(self) -> bool {
        self.needed.is_some_and(|needed| needed > self.free)
    }
}

impl std::fmt::Display for Room {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let shown = |bytes: u64| size(Bytes(bytes.into()));
        write!(f, "{} are free", shown(self.free))?;
        match self.needed {
            Some(needed) => write!(f, ", and an export takes about {}", shown(needed)),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_short_where_more_is_needed_than_is_free_and_never_where_nothing_is_known() {
        let room = |needed| Room {
            free: 5_000,
            needed,
        };
        assert!(room(Some(5_001)).is_short());
        assert!(!room(Some(5_000)).is_short());
        assert!(!room(None).is_short());
        assert_eq!(
            room(Some(6_000)).to_string(),
            "5.0 kB are free, and an export takes about 6.0 kB"
        );
    }
}
