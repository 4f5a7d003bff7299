//! Exceptions: findings of which somebody has said why and until when they are right.

use jiff::civil::Date;
use serde::Deserialize;

/// One exception, of an entry `[[exception]]` of the file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Exception {
    /// The rule that it is of.
    pub(crate) rule: String,
    /// The clip; one of the three is there.
    pub(crate) clip_id: Option<String>,
    /// The owner.
    pub(crate) owner_id: Option<String>,
    /// A condition in SQL on the columns of the rule's rows.
    #[serde(rename = "where")]
    pub(crate) condition: Option<String>,
    /// Why it is right.
    pub(crate) reason: String,
    /// The last day on which it holds, in UTC.
    pub(crate) until: Date,
}
