//! What the link of a clip opens for whoever has it: the one definition of *exposed*. Pure.

/// The share scope whose clips everybody with the link can watch.
const ANYONE: &str = "ANYONE";

/// The statuses of clips whose link plays nothing, whoever has it.
const UNWATCHABLE: [&str; 3] = ["RECORD_FAILED", "RECORD_DELETE", "SUSPENDED"];

/// Whether a clip is exposed, as a condition in SQL on the columns of the row.
#[must_use]
pub fn exposed_in_sql() -> String {
    let unwatchable = UNWATCHABLE.map(|status| format!("'{status}'")).join(", ");
    format!(
        "coalesce(share_scope = '{ANYONE}' AND NOT passcode_enabled \
         AND coalesce(status, '') NOT IN ({unwatchable}), false)"
    )
}

/// A link that is open to anyone and is not known to ask for a passcode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OpenLink {
    /// Anyone who has it can watch the clip: the clip is *exposed*.
    Exposed,
    /// The API did not say whether it asks for a passcode.
    PasscodeUnknown,
    /// There is nothing to watch: the recording failed, was deleted or is suspended. A clip that is
    /// restored is exposed again.
    Unwatchable,
}

/// What the link of a clip opens; `None` where it is not open to anyone, or asks for a passcode. A
/// status that is missing or not documented counts as one that can be watched.
#[must_use]
pub(crate) fn open_link(
    share_scope: Option<&str>,
    passcode_enabled: Option<bool>,
    status: Option<&str>,
) -> Option<OpenLink> {
    if share_scope != Some(ANYONE) || passcode_enabled == Some(true) {
        return None;
    }
    Some(if status.is_some_and(|it| UNWATCHABLE.contains(&it)) {
        OpenLink::Unwatchable
    } else if passcode_enabled.is_none() {
        OpenLink::PasscodeUnknown
    } else {
        OpenLink::Exposed
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clip::{SHARE_SCOPES, STATUSES};

    #[test]
    fn exposed_is_what_anyone_with_the_link_can_watch_and_nothing_else() {
        let exposed = |status| open_link(Some(ANYONE), Some(false), status);
        for status in ["RECORD_START", "RECORD_END", "RECORD_SUCCESS", "A_NEW_ONE"] {
            assert_eq!(exposed(Some(status)), Some(OpenLink::Exposed), "{status}");
        }
        assert_eq!(exposed(None), Some(OpenLink::Exposed));
        for status in UNWATCHABLE {
            assert_eq!(exposed(Some(status)), Some(OpenLink::Unwatchable));
            let unknown = open_link(Some(ANYONE), None, Some(status));
            assert_eq!(unknown, Some(OpenLink::Unwatchable));
        }
        let status = Some("RECORD_SUCCESS");
        let unknown = open_link(Some(ANYONE), None, status);
        assert_eq!(unknown, Some(OpenLink::PasscodeUnknown));
        assert_eq!(open_link(Some(ANYONE), Some(true), status), None);
        for scope in SHARE_SCOPES.iter().filter(|scope| **scope != ANYONE) {
            assert_eq!(open_link(Some(scope), Some(false), status), None, "{scope}");
        }
        assert_eq!(open_link(None, Some(false), status), None);
    }

    #[test]
    fn what_it_names_is_documented() {
        assert!(SHARE_SCOPES.contains(&ANYONE));
        assert!(UNWATCHABLE.iter().all(|it| STATUSES.contains(it)));
    }

    #[test]
    fn the_queries_of_the_readme_leave_the_same_statuses_out() {
        let readme = include_str!("../../README.md");
        for (before, quote) in [
            ("coalesce(status, '') NOT IN (", '\''),
            ("unwatchable = [", '"'),
        ] {
            let lists: Vec<&str> = readme.split(before).skip(1).collect();
            assert!(!lists.is_empty(), "no {before}");
            for list in lists {
                let list = list.split([')', ']']).next().unwrap();
                let named: Vec<&str> = list.split(quote).skip(1).step_by(2).collect();
                assert_eq!(named, UNWATCHABLE, "{list}");
            }
        }
    }
}
