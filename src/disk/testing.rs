//! Output folders for tests.

use std::path::Path;

use crate::disk::layout::{Layout, Table};

pub(crate) fn layout(out: &Path) -> Layout {
    Layout::new(out, Table::Clips)
}
