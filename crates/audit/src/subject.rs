//! What a finding is about, and its name from night to night.

use sha2::{Digest, Sha256};

/// What a finding is about: the columns of a rule by which it is found again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Subject {
    pub(crate) account_id: Option<String>,
    pub(crate) clip_id: Option<String>,
    pub(crate) owner_id: Option<String>,
    /// The snapshot, where a finding is about one as a whole; `2026-11-23`.
    pub(crate) snapshot_date: Option<String>,
}

/// Names a finding, today and tomorrow: a SHA-256 of its rule, and of what it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Fingerprint(pub(crate) [u8; 32]);

impl Fingerprint {
    /// That of a rule's finding: by its clip, or else its owner, or else its snapshot.
    pub(crate) fn of(rule: &str, subject: &Subject) -> Self {
        let (kind, id) = match (&subject.clip_id, &subject.owner_id, &subject.snapshot_date) {
            (Some(clip), _, _) => ("clip", clip.as_str()),
            (None, Some(owner), _) => ("owner", owner.as_str()),
            (None, None, Some(date)) => ("snapshot", date.as_str()),
            (None, None, None) => ("account", ""),
        };
        let account = subject.account_id.as_deref().unwrap_or_default();
        let mut digest = Sha256::new();
        // No id holds a NUL.
        for part in [rule, account, kind, id] {
            digest.update(part);
            digest.update([0]);
        }
        Self(digest.finalize().into())
    }

    /// 64 hex digits.
    pub(crate) fn hex(self) -> String {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let digit = |four: u8| char::from(DIGITS[usize::from(four)]);
        let digits = self.0.iter().flat_map(|byte| [byte >> 4, byte & 15]);
        digits.map(digit).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_is_the_same_tomorrow_and_no_other_has_its_name() {
        let subject = |account: &str, clip: Option<&str>, owner: Option<&str>| Subject {
            account_id: Some(account.to_owned()),
            clip_id: clip.map(str::to_owned),
            owner_id: owner.map(str::to_owned),
            snapshot_date: None,
        };
        let clip = Fingerprint::of("r", &subject("a", Some("x"), Some("o")));
        // A clip that is transferred is the same clip.
        assert_eq!(
            clip,
            Fingerprint::of("r", &subject("a", Some("x"), Some("p")))
        );
        for other in [
            Fingerprint::of("s", &subject("a", Some("x"), Some("o"))),
            Fingerprint::of("r", &subject("b", Some("x"), Some("o"))),
            Fingerprint::of("r", &subject("a", None, Some("x"))),
            Fingerprint::of("r", &subject("a", None, None)),
            Fingerprint::of("ra", &subject("", Some("x"), None)),
        ] {
            assert_ne!(clip, other);
        }
        assert_eq!(clip.hex().len(), 64);
    }
}
