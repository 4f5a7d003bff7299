//! Markdown with tables, for a ticket or a wiki.

use clipcensus::audit::markdown_of;

use crate::finding::Audit;
use crate::output::sections;

/// Findings of a rule that are named.
const MOST: usize = 25;

/// The audit as markdown, with a newline at its end.
pub(crate) fn markdown(audit: &Audit) -> String {
    markdown_of(&sections::with_head(audit, MOST))
}
