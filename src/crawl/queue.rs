//! The queue: what is to be asked for, the most urgent on top.
//!
//! First the windows that nobody has looked into, newest first, so that full ones are found early;
//! then what would end after all the rest; then the oldest, so that rows become final from the
//! beginning and are written meanwhile. What comes next is decided when a slot is due.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::crawl::chain::Chain;
use crate::model::Seconds;
use crate::zoom::clips::PAGE_SIZE;

/// A window with more than this share of all that is still to come would end after all the rest,
/// since its pages come one after the other: at 80 requests a second that take 200 ms each, 16
/// windows keep the quota busy.
const SHARES: u64 = 20;

/// A window with more than this share of what is still to come is cut at once: every cut costs half a
/// page and one more request for the sum, so that what is only a little late is asked for first instead.
const CUT_SHARES: u64 = 14;

/// Pages that are never late: a window with no more is not cut because others are shorter.
const LEAST_LATE: u64 = 24;

/// Where a chain stands: the position of its account, and the begin of its window.
type Place = (usize, Seconds);

/// All chains that wait for a request.
#[derive(Debug, Default)]
pub(super) struct Queue {
    /// Nobody has looked into these; the next one is the last.
    unseen: Vec<Chain>,
    seen: BTreeMap<Place, Chain>,
    /// Their places by the clips that are left in them.
    fullest: BTreeSet<(u64, Place)>,
    /// Clips left in all of them.
    left: u64,
}

impl Queue {
    pub(super) fn push(&mut self, chain: Chain) {
        let Some(left) = chain.left else {
            let rank = |chain: &Chain| (Reverse(chain.account), chain.window.from);
            let index = self
                .unseen
                .partition_point(|other| rank(other) < rank(&chain));
            self.unseen.insert(index, chain);
            return;
        };
        let place = (chain.account, chain.window.from);
        self.left += left;
        self.fullest.insert((left, place));
        self.seen.insert(place, chain);
    }

    /// Takes the most urgent chain.
    pub(super) fn pop(&mut self) -> Option<Chain> {
        if let Some(chain) = self.unseen.pop() {
            return Some(chain);
        }
        let late = self
            .fullest
            .last()
            .filter(|(left, _)| *left > self.left / SHARES);
        let place = match late {
            Some((_, place)) => *place,
            None => *self.seen.first_key_value()?.0,
        };
        self.take(place)
    }

    /// Cuts the fullest windows in two: those that would end after all the rest, and any, as long as
    /// fewer than `wanted` are open: those in the queue, and `under_way` ones.
    pub(super) fn cut_fullest(&mut self, wanted: usize, under_way: usize) {
        while self.unseen.is_empty() {
            let late = (self.left / CUT_SHARES).max(LEAST_LATE * u64::from(PAGE_SIZE));
            let is_idle = self.seen.len() + under_way < wanted;
            let least = if is_idle {
                2 * u64::from(PAGE_SIZE)
            } else {
                late + 1
            };
            let worth_it = |(left, _): &&(u64, Place)| *left >= least;
            let mut fullest = self.fullest.iter().rev().take_while(worth_it);
            let Some((_, place)) = fullest.find(|(_, place)| self.seen[place].can_be_cut()) else {
                return;
            };
            let parts = self.take(*place).map(Chain::cut);
            parts.into_iter().flatten().for_each(|part| self.push(part));
        }
    }

    /// Drops all chains of an account that cannot be listed.
    pub(super) fn drop_account(&mut self, account: usize) {
        self.unseen.retain(|chain| chain.account != account);
        let places = self
            .seen
            .range((account, Seconds(i64::MIN))..=(account, Seconds(i64::MAX)));
        let places: Vec<Place> = places.map(|(place, _)| *place).collect();
        for place in places {
            drop(self.take(place));
        }
    }

    /// Whether nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.unseen.is_empty() && self.seen.is_empty()
    }

    fn take(&mut self, place: Place) -> Option<Chain> {
        let chain = self.seen.remove(&place)?;
        let left = chain.left.unwrap_or(0);
        self.fullest.remove(&(left, place));
        self.left -= left;
        Some(chain)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Window;

    fn chain(from: i64, to: i64, left: Option<u64>) -> Chain {
        let mut chain = Chain::unseen(
            0,
            Window {
                from: Seconds(from),
                to: Seconds(to),
            },
        );
        chain.left = left;
        chain.is_told = true;
        chain
    }

    fn order(queue: &mut Queue) -> Vec<i64> {
        std::iter::from_fn(|| queue.pop().map(|chain| chain.window.from.0)).collect()
    }

    #[test]
    fn unseen_windows_come_first_newest_first_then_what_would_be_late_then_the_oldest() {
        let mut queue = Queue::default();
        let seen = (0..30).map(|place| chain(place * 10, place * 10 + 10, Some(100)));
        seen.for_each(|chain| queue.push(chain));
        queue.push(chain(300, 310, None));
        queue.push(chain(310, 320, Some(5_000)));
        queue.push(chain(320, 330, None));
        queue.push(chain(330, 340, Some(900)));
        let order = order(&mut queue);
        assert_eq!(order[..6], [320, 300, 310, 330, 0, 10]);
    }

    #[test]
    fn the_fullest_is_cut_while_few_are_open_but_not_again_before_its_parts_have_told() {
        let mut queue = Queue::default();
        queue.push(chain(0, 1_000, Some(6_000)));
        queue.push(chain(1_000, 2_000, Some(400)));
        queue.cut_fullest(8, 7);
        assert_eq!(queue.seen.len(), 2, "enough are open");
        queue.cut_fullest(8, 2);
        let mut windows: Vec<Window> =
            std::iter::from_fn(|| queue.pop().map(|chain| chain.window)).collect();
        windows.sort_unstable();
        assert_eq!(windows.len(), 3);
        assert!(windows.windows(2).all(|pair| pair[0].to == pair[1].from));
        assert_eq!((windows[0].from.0, windows[2].to.0), (0, 2_000));
        assert_eq!(
            windows[2].from,
            Seconds(1_000),
            "one of less than two pages is left whole"
        );
    }

    #[test]
    fn what_would_end_after_all_the_rest_is_cut_at_once() {
        let mut queue = Queue::default();
        queue.push(chain(0, 1_000, Some(100_000)));
        (1..40)
            .for_each(|place| queue.push(chain(place * 1_000, (place + 1) * 1_000, Some(3_000))));
        queue.cut_fullest(8, 2);
        assert_eq!(queue.seen.len(), 41);
    }

    #[test]
    fn nothing_is_cut_while_some_window_is_unseen() {
        let mut queue = Queue::default();
        queue.push(chain(0, 1_000, Some(100_000)));
        queue.push(chain(1_000, 2_000, None));
        queue.cut_fullest(8, 0);
        assert_eq!(order(&mut queue), [1_000, 0]);
    }

    #[test]
    fn the_chains_of_a_failed_account_are_dropped_and_the_others_stay() {
        let mut queue = Queue::default();
        for account in [0, 1] {
            for left in [None, Some(300)] {
                let from = left.map_or(0, |left| i64::try_from(left).unwrap());
                let mut chain = chain(from, 600, left);
                chain.account = account;
                queue.push(chain);
            }
        }
        queue.drop_account(0);
        let accounts: Vec<usize> =
            std::iter::from_fn(|| queue.pop().map(|chain| chain.account)).collect();
        assert_eq!(accounts, [1, 1]);
        assert!(queue.is_empty());
    }
}
