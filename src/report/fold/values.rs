//! Counts by the value of a text column that has few documented values, and perhaps others.

use std::collections::BTreeMap;

use crate::report::summary::{Place, ValueKind};

/// How many unknown values are told apart. What the API sends decides the values, so there has to
/// be an end to the memory they take.
pub(super) const UNKNOWN_VALUES: usize = 64;

/// One `C` for each documented value, for each of the first unknown values by name, for the rest
/// of them, and for no value.
#[derive(Debug)]
pub(super) struct ByValue<C, const N: usize> {
    documented: &'static [&'static str; N],
    counts: [C; N],
    unknown: BTreeMap<String, C>,
    remainder: Option<C>,
    missing: C,
}

/// A count that can take another one in.
pub(super) trait Merge: Default {
    fn merge(&mut self, other: Self);
}

impl<C: Merge + Copy, const N: usize> ByValue<C, N> {
    pub(super) fn new(documented: &'static [&'static str; N]) -> Self {
        Self {
            documented,
            counts: [C::default(); N],
            unknown: BTreeMap::new(),
            remainder: None,
            missing: C::default(),
        }
    }

    /// The count of `value`, which belongs to `place`.
    pub(super) fn of(&mut self, place: Place, value: Option<&str>) -> &mut C {
        match place {
            Place::Documented(index) => &mut self.counts[index],
            Place::Unknown => self.of_unknown(value.unwrap_or_default()),
            Place::Missing => &mut self.missing,
        }
    }

    /// Keeps the first names in the order of the alphabet. A name that was pushed out can never
    /// come back, since there are enough before it: so the names that are kept have their full
    /// count, whatever the order of the rows.
    fn of_unknown(&mut self, value: &str) -> &mut C {
        if !self.unknown.contains_key(value) {
            let full = self.unknown.len() >= UNKNOWN_VALUES;
            let last = self.unknown.last_key_value();
            if full && last.is_some_and(|(last, _)| last.as_str() < value) {
                return self.remainder.get_or_insert_default();
            }
            if full && let Some((_, pushed_out)) = self.unknown.pop_last() {
                self.remainder.get_or_insert_default().merge(pushed_out);
            }
        }
        self.unknown.entry(value.to_owned()).or_default()
    }

    /// All counts in the order in which they are shown.
    pub(super) fn finish(self) -> impl Iterator<Item = (Option<String>, ValueKind, C)> {
        let documented = self
            .documented
            .iter()
            .zip(self.counts)
            .map(|(name, count)| (Some((*name).to_owned()), ValueKind::Documented, count));
        let unknown = self
            .unknown
            .into_iter()
            .map(|(name, count)| (Some(name), ValueKind::Unknown, count));
        let remainder = self
            .remainder
            .map(|count| (None, ValueKind::Remainder, count));
        documented
            .chain(unknown)
            .chain(remainder)
            .chain([(None, ValueKind::Missing, self.missing)])
    }
}

#[cfg(test)]
mod tests {
    use super::{ByValue, Merge, UNKNOWN_VALUES};
    use crate::report::summary::place;

    impl Merge for u64 {
        fn merge(&mut self, other: Self) {
            *self += other;
        }
    }

    fn count(names: impl Iterator<Item = usize>) -> Vec<(Option<String>, u64)> {
        let mut counts = ByValue::<u64, 1>::new(&["KNOWN"]);
        for name in names {
            let value = format!("{name:04}");
            *counts.of(place(&["KNOWN"], Some(&value)), Some(&value)) += 1;
        }
        counts.finish().map(|(name, _, n)| (name, n)).collect()
    }

    #[test]
    fn countless_unknown_values_take_bounded_memory_and_give_the_same_counts_in_any_order() {
        let forwards = count((0..1000).chain(0..1000));
        let backwards = count((0..1000).chain(0..1000).rev());
        assert_eq!(forwards, backwards);
        assert_eq!(forwards.len(), UNKNOWN_VALUES + 3);
        assert_eq!(forwards[1], (Some("0000".to_owned()), 2));
        let all: u64 = forwards.iter().map(|(_, n)| n).sum();
        assert_eq!(all, 2000);
    }
}
