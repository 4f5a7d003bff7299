//! A rule: a query in SQL, and a header of comments that says what it is for.
//!
//! ```sql
//! -- title: Clips that were not changed for long
//! -- severity: info
//! -- why: What nobody changes may be forgotten.
//! -- fix: Ask the owner whether it is still needed.
//! -- refs: ISO 27001 A.8.10
//! -- param: days integer 365 Days without a change
//! SELECT *, 'not changed for ' || idle_days || ' days' AS detail
//! FROM clips
//! WHERE idle_days > $days
//! ```

use clipcensus::audit::Severity;

use crate::parameter::Parameter;

/// A rule, read from its text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Rule {
    /// The name of its file, without `.sql`: lower-case letters, digits and `-`.
    pub(crate) name: String,
    /// Where it stands: its file, or `built in`.
    pub(crate) place: String,
    pub(crate) title: String,
    pub(crate) severity: Severity,
    /// Why it matters.
    pub(crate) why: String,
    /// What to do about a finding.
    pub(crate) fix: String,
    /// Controls that it bears on; may be empty.
    pub(crate) refs: Vec<String>,
    pub(crate) parameters: Vec<Parameter>,
    /// Whether it finds changes since the snapshot before, so that each finding is of this snapshot alone:
    /// new, and never resolved.
    pub(crate) finds_changes: bool,
    /// The query.
    pub(crate) sql: String,
    /// Lines of the file before the query, by which an error in it is told.
    pub(crate) lines_before: usize,
}
