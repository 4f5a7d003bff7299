//! What the rows of a data file are: their schema, and how they lie in it.

use arrow::datatypes::SchemaRef;

use crate::clip::owner::{OwnerColumn, owner_schema};
use crate::clip::{Column, schema};

/// What the rows of a file are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rowset {
    Clips,
    /// Owners of clips.
    Owners,
}

impl Rowset {
    pub(crate) fn schema(self) -> SchemaRef {
        match self {
            Self::Clips => schema(),
            Self::Owners => owner_schema(),
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
        }
    }

    /// The column that single rows are looked up by.
    pub(crate) fn looked_up_by(self) -> usize {
        match self {
            Self::Clips => Column::ClipId.index(),
            Self::Owners => OwnerColumn::Id.index(),
        }
    }
}
