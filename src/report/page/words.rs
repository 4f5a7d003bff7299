//! What the words of the service and of this program mean, for readers who know neither.

use crate::report::summary::ValueKind;

/// What [`Reclaimable`](crate::report::summary::Reclaimable) is.
pub(crate) const RECLAIMABLE: &str = "Reclaimable: soft-deleted clips are in the trash, and a failed \
     recording holds nothing to watch. Deleting them for good loses nothing that can be watched now.";

/// What makes a clip exposed.
pub(crate) const EXPOSED: &str = "Exposed: the link is open to anyone and asks for no passcode. \
     Whoever gets it can watch the clip without signing in; one that is still being recorded or made, as \
     soon as it is there.";

/// What a window is.
pub(crate) const WINDOW: &str = "A window is a part of the span, at most 28 days long, that is \
     listed and counted by itself. It is unsettled if its clips do not come to the number that Zoom \
     names, though it was listed again.";

/// What a status means.
pub(crate) fn status(status: Option<&str>, kind: ValueKind) -> &'static str {
    match (kind, status) {
        (ValueKind::Documented, Some("RECORD_START")) => "is being recorded",
        (ValueKind::Documented, Some("RECORD_FAILED")) => "the recording failed, nothing to watch",
        (ValueKind::Documented, Some("RECORD_END")) => {
            "recorded, its video file is still being made"
        }
        (ValueKind::Documented, Some("RECORD_SUCCESS")) => "complete",
        (ValueKind::Documented, Some("RECORD_DELETE")) => "soft-deleted, in the trash",
        (ValueKind::Documented, Some("SUSPENDED")) => "blocked by Zoom's trust and safety team",
        _ => other(kind),
    }
}

/// Who can watch a clip of a share scope.
pub(crate) fn share_scope(share_scope: Option<&str>, kind: ValueKind) -> &'static str {
    match (kind, share_scope) {
        (ValueKind::Documented, Some("ANYONE")) => "anyone who has the link",
        (ValueKind::Documented, Some("SAME_ORGANIZATION")) => "users of the owner's organization",
        (ValueKind::Documented, Some("INVITED_MEMBERS_ONLY")) => "users who were invited",
        (ValueKind::Documented, Some("PRIVATE")) => "its owner and account administrators",
        _ => other(kind),
    }
}

fn other(kind: ValueKind) -> &'static str {
    match kind {
        ValueKind::Documented => "",
        ValueKind::Unknown | ValueKind::Remainder => "not in Zoom's document",
        ValueKind::Missing => "Zoom named none",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clip::{SHARE_SCOPES, STATUSES};

    #[test]
    fn every_documented_value_is_explained() {
        for value in STATUSES {
            assert_ne!(status(Some(value), ValueKind::Documented), "", "{value}");
        }
        for value in SHARE_SCOPES {
            let meaning = share_scope(Some(value), ValueKind::Documented);
            assert_ne!(meaning, "", "{value}");
        }
    }
}
