//! What a crawl lists: accounts, and which of their clips.

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Account {
    /// What stands in the rows.
    pub id: String,
    /// The account to name in the path; `None` lists the access token's own through `/clips`.
    pub path: Option<String>,
}

/// Which clips are listed, beside the window.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Filters {
    /// An owner's id or e-mail address.
    pub owner: Option<String>,
    /// One status.
    pub status: Option<String>,
    /// Part of a title.
    pub search: Option<String>,
}
