//! A page for a browser, in one file that loads nothing.

use clipcensus::audit::html_of;

use crate::finding::Audit;
use crate::output::sections;

/// Findings of a rule that are named.
const MOST: usize = 25;

/// The audit as a page. The same audit gives the same bytes.
pub(crate) fn html(audit: &Audit) -> String {
    html_of(&sections::head(audit), &sections::sections(audit, MOST))
}
