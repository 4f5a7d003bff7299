//! The settings of an audit that stand in a file.

use std::path::Path;

use crate::error::SqlFailure;
use crate::settings;
use crate::settings::audit::AuditTable;

/// The table `[audit]` of a settings file, whose other settings are checked as an export does it.
///
/// # Errors
/// When it cannot be read, or holds anything but settings.
pub fn audit_table(path: &Path) -> Result<AuditTable, SqlFailure> {
    Ok(settings::audit_table(path)?)
}
