//! The largest clips, of which only as many are held as are shown.

use std::cmp::Reverse;

/// How many clips are kept.
pub(super) const LARGEST_CLIPS: usize = 25;

/// A clip by its size, the largest first. All fields take part in the order, so that equal sizes
/// come out the same whatever the order of the rows.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Candidate<T> {
    pub(super) bytes: Reverse<u64>,
    pub(super) account_id: T,
    pub(super) clip_id: T,
    pub(super) owner_id: Option<T>,
    pub(super) title: Option<T>,
    pub(super) duration_micros: Option<u128>,
    pub(super) created_at: Option<i64>,
}

/// The largest clips so far, in order.
#[derive(Debug, Default)]
pub(super) struct Largest(Vec<Candidate<String>>);

impl Largest {
    /// Whether a clip of this size could be one of them; asked first, since nearly none is.
    pub(super) fn admits(&self, bytes: u64) -> bool {
        self.0.len() < LARGEST_CLIPS || self.0.last().is_some_and(|last| bytes >= last.bytes.0)
    }

    /// Takes the clip in, if it is among the largest.
    pub(super) fn offer(&mut self, clip: &Candidate<&str>) {
        let at = self.0.partition_point(|held| held.borrowed() < *clip);
        if at < LARGEST_CLIPS {
            self.0.insert(at, clip.owned());
            self.0.truncate(LARGEST_CLIPS);
        }
    }

    /// The clips, largest first.
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
            bytes: self.bytes,
            account_id: &self.account_id,
            clip_id: &self.clip_id,
            owner_id: self.owner_id.as_deref(),
            title: self.title.as_deref(),
            duration_micros: self.duration_micros,
            created_at: self.created_at,
        }
    }
}

impl Candidate<&str> {
    fn owned(&self) -> Candidate<String> {
        Candidate {
            bytes: self.bytes,
            account_id: self.account_id.to_owned(),
            clip_id: self.clip_id.to_owned(),
            owner_id: self.owner_id.map(str::to_owned),
            title: self.title.map(cut),
            duration_micros: self.duration_micros,
            created_at: self.created_at,
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
