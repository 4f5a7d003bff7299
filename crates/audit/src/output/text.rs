//! Text of 80 columns, for terminals and chats.

use clipcensus::audit::text_of;

use crate::finding::Audit;
use crate::output::sections;

/// Findings of a rule that are named.
const MOST: usize = 5;

/// The audit as text, with a newline at its end.
pub(crate) fn text(audit: &Audit) -> String {
    text_of(&sections::with_head(audit, MOST))
}
