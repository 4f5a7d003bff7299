//! The clips that come first by some measure, of which only as many are held as are shown.

use std::cmp::Reverse;

/// How many clips are kept.
const KEPT: usize = 25;

/// A clip by its rank, the highest first. All fields take part in the order, so that equal ranks
/// come out the same whatever the order of the rows.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Candidate<T> {
    pub(super) rank: Reverse<i128>,
    pub(super) account_id: T,
    pub(super) clip_id: T,
    pub(super) owner_id: Option<T>,
    pub(super) title: Option<T>,
    pub(super) bytes: Option<u64>,
    pub(super) duration_micros: Option<u128>,
    pub(super) created_at: Option<i64>,
    pub(super) modified_at: Option<i64>,
}

/// The first clips so far, in order.
#[derive(Debug, Default)]
pub(super) struct Ranking(Vec<Candidate<String>>);

impl Ranking {
    /// Whether a clip of this rank could be one of them; asked first, since nearly none is.
    pub(super) fn admits(&self, rank: i128) -> bool {
        self.0.len() < KEPT || self.0.last().is_some_and(|last| rank >= last.rank.0)
    }

    /// Takes the clip in, if it is among the first.
    pub(super) fn offer(&mut self, clip: &Candidate<&str>) {
        let at = self.0.partition_point(|held| held.borrowed() < *clip);
        if at < KEPT {
            self.0.insert(at, clip.owned());
            self.0.truncate(KEPT);
        }
    }

    /// The clips, the first first.
    pub(super) fn finish(self) -> Vec<Candidate<String>> {
        self.0
    }
}

/// Letters of a title that are kept; a longer one ends in `…`.
const TITLE_LETTERS: usize = 1000;

fn cut(title: &str) -> String {
    match title.char_indices().nth(TITLE_LETTERS) {
        Some((end, _)) => title.get(..end).unwrap_or_default().to_owned() + "…",
        None => title.to_owned(),
    }
}

impl Candidate<String> {
    fn borrowed(&self) -> Candidate<&str> {
        Candidate {
            rank: self.rank,
            account_id: &self.account_id,
            clip_id: &self.clip_id,
            owner_id: self.owner_id.as_deref(),
            title: self.title.as_deref(),
            bytes: self.bytes,
            duration_micros: self.duration_micros,
            created_at: self.created_at,
            modified_at: self.modified_at,
        }
    }
}

impl Candidate<&str> {
    fn owned(&self) -> Candidate<String> {
        Candidate {
            rank: self.rank,
            account_id: self.account_id.to_owned(),
            clip_id: self.clip_id.to_owned(),
            owner_id: self.owner_id.map(str::to_owned),
            title: self.title.map(cut),
            bytes: self.bytes,
            duration_micros: self.duration_micros,
            created_at: self.created_at,
            modified_at: self.modified_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_title_that_is_far_too_long_the_begin_is_kept() {
        assert_eq!(cut("ü"), "ü");
        assert_eq!(cut(&"ü".repeat(1000)), "ü".repeat(1000));
        assert_eq!(cut(&"ü".repeat(1 << 20)), "ü".repeat(1000) + "…");
    }
}
