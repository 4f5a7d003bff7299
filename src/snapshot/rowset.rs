//! What the rows of a data file are: their schema, and how they lie in it.

use std::sync::Arc;

use arrow::datatypes::{Schema, SchemaRef};

use crate::clip::difference::{DifferenceColumn, difference_schema};
use crate::clip::owner::{OwnerColumn, owner_schema};
use crate::clip::{Column, SCHEMA_VERSION, schema};
use crate::disk::layout::Folder;

/// What the rows of a file are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rowset {
    /// Clips.
    Clips,
    /// Owners of clips.
    Owners,
    /// What became of clips since an earlier snapshot.
    Differences,
}

impl Rowset {
    pub(crate) fn schema(self) -> SchemaRef {
        match self {
            Self::Clips => schema(),
            Self::Owners => owner_schema(),
            Self::Differences => difference_schema(),
        }
    }

    /// The folder of a snapshot that has such rows.
    pub(crate) const fn folder(self) -> Folder {
        match self {
            Self::Clips => Folder::Data,
            Self::Owners => Folder::Owners,
            Self::Differences => Folder::Differences,
        }
    }

    /// What the rows in a folder of data files are.
    pub(crate) const fn of(folder: Folder) -> Self {
        match folder {
            Folder::Owners => Self::Owners,
            Folder::Differences => Self::Differences,
            Folder::Data | Folder::Documents => Self::Clips,
        }
    }

    /// The schema that a file of so many columns must have, by the version of the row contract that
    /// it is of. An older file may lack the last columns of the present schema, as new ones come
    /// last and nullable.
    pub(crate) fn schema_of(self, version: u32, columns: usize) -> SchemaRef {
        let present = self.schema();
        let Some((older, younger)) = present.fields().split_at_checked(columns) else {
            return present;
        };
        if version < SCHEMA_VERSION && younger.iter().all(|field| field.is_nullable()) {
            Arc::new(Schema::new(older.to_vec()))
        } else {
            present
        }
    }

    /// The order of the rows, by columns that are flat, and stand before any that is not, so that
    /// a column's place in the schema is its place among the leaves.
    pub(crate) fn sorted_by(self) -> &'static [usize] {
        match self {
            Self::Clips => {
                const {
                    &[
                        Column::AccountId.index(),
                        Column::CreatedAt.index(),
                        Column::ClipId.index(),
                    ]
                }
            }
            Self::Owners => const { &[OwnerColumn::AccountId.index(), OwnerColumn::Id.index()] },
            Self::Differences => &[],
        }
    }

    /// Columns whose values hardly repeat: a dictionary would hold all of them once more.
    pub(crate) fn unique(self) -> &'static [usize] {
        match self {
            Self::Clips => {
                const {
                    &[
                        Column::ClipId.index(),
                        Column::Title.index(),
                        Column::Description.index(),
                        Column::Extra.index(),
                        Column::ShareLink.index(),
                        Column::ThumbnailLink.index(),
                        Column::CreatedAt.index(),
                        Column::ModifiedAt.index(),
                        Column::FileSizeBytes.index(),
                    ]
                }
            }
            Self::Owners => const { &[OwnerColumn::Id.index(), OwnerColumn::Email.index()] },
            Self::Differences => const { &[DifferenceColumn::ClipId.index()] },
        }
    }

    /// Columns of texts that readers hold as long as they run: by which is counted, and all of owners.
    pub(crate) fn held(self) -> &'static [usize] {
        match self {
            Self::Clips => {
                const {
                    &[
                        Column::AccountId.index(),
                        Column::ClipId.index(),
                        Column::OwnerId.index(),
                        Column::Status.index(),
                        Column::ShareScope.index(),
                    ]
                }
            }
            Self::Owners => {
                const {
                    &[
                        OwnerColumn::AccountId.index(),
                        OwnerColumn::Id.index(),
                        OwnerColumn::Email.index(),
                        OwnerColumn::Name.index(),
                        OwnerColumn::Department.index(),
                        OwnerColumn::Status.index(),
                    ]
                }
            }
            Self::Differences => &[],
        }
    }

    /// The column that single rows are looked up by.
    pub(crate) fn looked_up_by(self) -> usize {
        match self {
            Self::Clips => Column::ClipId.index(),
            Self::Owners => OwnerColumn::Id.index(),
            Self::Differences => DifferenceColumn::ClipId.index(),
        }
    }
}
