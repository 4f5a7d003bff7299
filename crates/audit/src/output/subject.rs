//! What a finding is about, as people call it.

use crate::finding::Finding;

/// Where nothing says who owns a clip.
const NO_OWNER: &str = "(no owner)";

/// What a finding is about. All of it is raw.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Named {
    /// The title of a clip, the name of an owner, or else an id.
    pub(super) name: String,
    /// The id, where the name is none.
    pub(super) id: Option<String>,
    /// Who owns it, where it is a clip.
    pub(super) owner: Option<String>,
}

impl Named {
    pub(super) fn of(finding: &Finding) -> Self {
        let subject = &finding.subject;
        let owner = said(finding.owner.as_deref());
        match (&subject.clip_id, &subject.owner_id) {
            (Some(clip), owner_id) => Self {
                owner: Some(owner.or(owner_id.as_deref()).unwrap_or(NO_OWNER).to_owned()),
                ..Self::with_id(said(finding.title.as_deref()), clip)
            },
            (None, Some(owner_id)) => Self::with_id(owner, owner_id),
            (None, None) => Self {
                name: match (&subject.snapshot_date, &subject.account_id) {
                    (Some(date), _) => format!("the snapshot of {date}"),
                    (None, Some(account)) => format!("account {account}"),
                    (None, None) => "the whole snapshot".to_owned(),
                },
                id: None,
                owner: None,
            },
        }
    }

    fn with_id(name: Option<&str>, id: &str) -> Self {
        Self {
            name: name.unwrap_or(id).to_owned(),
            id: name.map(|_| id.to_owned()),
            owner: None,
        }
    }
}

/// A text, if it says something.
fn said(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.trim().is_empty())
}
