//! Whether a list that names a next page comes to an end: a service that repeats itself, or that goes
//! on for ever, is told after a few pages.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

use crate::zoom::wire::PageToken;

/// After so many pages there must have been a record that had not come before.
const PAGES_WITHOUT_NEWS: u64 = 20;

/// The most records that a list may have beyond what it counts, as it may grow while it is read: a
/// page full.
const MOST_BEYOND: u64 = 300;

/// The most records of a list, whatever it counts: each leaves a hash, or an id.
const MOST_RECORDS: u64 = 10_000_000;

/// What is remembered of the pages of a list.
#[derive(Debug, Default)]
pub(crate) struct EndlessGuard {
    random: RandomState,
    /// Hashes of the page tokens, which may be long.
    page_tokens: HashSet<u64>,
    pages: u64,
    /// Distinct records at the last look for news, [`PAGES_WITHOUT_NEWS`] pages ago.
    distinct_before: u64,
}

impl EndlessGuard {
    /// Why a list that names a next page would not come to an end, or not to a good one. `records`
    /// and `distinct` are those of all pages so far, `total` is what the service counts.
    pub(crate) fn why_endless(
        &mut self,
        next: &PageToken,
        records: u64,
        distinct: u64,
        total: Option<u64>,
    ) -> Option<String> {
        self.pages += 1;
        if !self.page_tokens.insert(self.random.hash_one(next)) {
            return Some("a page token came twice".to_owned());
        }
        match total {
            Some(total) if records > total.saturating_add(MOST_BEYOND) => {
                return Some("more records came than total_records names".to_owned());
            }
            _ if records > MOST_RECORDS => {
                return Some(format!("more than {MOST_RECORDS} records came"));
            }
            _ => {}
        }
        if self.pages.is_multiple_of(PAGES_WITHOUT_NEWS) {
            let is_stuck = distinct == self.distinct_before;
            self.distinct_before = distinct;
            if is_stuck {
                return Some(format!("{PAGES_WITHOUT_NEWS} pages brought nothing new"));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_more_records_than_any_account_has_is_endless_whatever_it_counts() {
        for total in [None, Some(u64::MAX)] {
            let mut guard = EndlessGuard::default();
            let mut why = |number: u64, records| {
                let token = PageToken::new(number.to_string());
                guard.why_endless(&token, records, records, total)
            };
            assert_eq!(why(1, MOST_RECORDS), None);
            let why = why(2, MOST_RECORDS + 1).unwrap();
            assert_eq!(why, "more than 10000000 records came");
        }
    }
}
