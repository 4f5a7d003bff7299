//! One clip, normalised, and what the API documents of its values.

use std::borrow::Cow;

use crate::model::Micros;

/// Whether passcodes and signatures may reach the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretPolicy {
    /// They are cut out.
    Cut,
    /// They were asked for.
    Keep,
}

/// The statuses that the API documents.
pub(crate) const STATUSES: [&str; 6] = [
    "RECORD_START",
    "RECORD_FAILED",
    "RECORD_END",
    "RECORD_SUCCESS",
    "RECORD_DELETE",
    "SUSPENDED",
];

/// The share scopes that the API documents, in our spelling.
pub(crate) const SHARE_SCOPES: [&str; 4] = [
    "ANYONE",
    "SAME_ORGANIZATION",
    "INVITED_MEMBERS_ONLY",
    "PRIVATE",
];

/// One clip, normalised. It borrows from the page it came on where it can.
#[derive(Debug, Clone, Default, PartialEq)]
#[expect(
    clippy::struct_field_names,
    reason = "the columns are named as in the contract"
)]
pub(crate) struct Clip<'a> {
    /// The clip's id; never empty.
    pub clip_id: Cow<'a, str>,
    /// The user it belongs to. In this and all other text, tokens and the `jwt` parameters of
    /// links are cut out unless secrets are included.
    pub owner_id: Option<Cow<'a, str>>,
    pub title: Option<Cow<'a, str>>,
    pub description: Option<Cow<'a, str>>,
    /// As sent; one of [`STATUSES`], or a value that the API did not document.
    pub status: Option<Cow<'a, str>>,
    /// Seconds, finite and not negative.
    pub duration_seconds: Option<f64>,
    /// Bytes, not negative; 0 and missing are different things.
    pub file_size_bytes: Option<i64>,
    /// Microseconds since 1970, UTC.
    pub created_at: Option<Micros>,
    /// Microseconds since 1970, UTC.
    pub modified_at: Option<Micros>,
    /// Without its secret parameters, if it has any, unless secrets are included.
    pub share_link: Option<Cow<'a, str>>,
    /// One of [`SHARE_SCOPES`], or a value that the API did not document.
    pub share_scope: Option<Cow<'a, str>>,
    /// Whether the share link asks for a passcode.
    pub passcode_enabled: Option<bool>,
    /// Null unless secrets are included.
    pub passcode: Option<Cow<'a, str>>,
    /// Without its signature unless secrets are included.
    pub thumbnail_link: Option<Cow<'a, str>>,
    pub tags: Option<Vec<Cow<'a, str>>>,
    /// A JSON object of all that has no column, and the raw values of repairs.
    pub extra: Option<String>,
}
