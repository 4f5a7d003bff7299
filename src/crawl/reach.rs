//! How far the census reaches without a gap, counted from its first row.

use std::collections::BTreeMap;

use crate::crawl::is_finished;
use crate::crawl::window::MARGIN;
use crate::crawl::window::Window;
use crate::snapshot::Bound;
use crate::snapshot::WindowRecord;

/// Windows that are finished, by account, and what they come to.
#[derive(Debug)]
pub struct Reach {
    span: Window,
    /// For each account up to which second it is finished, and the finished windows behind that,
    /// from and to.
    accounts: BTreeMap<String, (i64, BTreeMap<i64, i64>)>,
}

impl Reach {
    /// Nothing of these accounts is finished.
    #[must_use]
    pub fn new<'a>(span: Window, account_ids: impl IntoIterator<Item = &'a str>) -> Self {
        let nothing = |id: &str| (id.to_owned(), (span.from, BTreeMap::new()));
        Self {
            span,
            accounts: account_ids.into_iter().map(nothing).collect(),
        }
    }

    /// Takes note of a window, if its record says that it needs no further walk.
    pub fn add(&mut self, record: &WindowRecord) {
        let Some((reached, behind)) = self.accounts.get_mut(&record.account_id) else {
            return;
        };
        if is_finished(record) {
            behind.insert(record.from, record.to);
            while let Some(to) = behind.remove(reached) {
                *reached = to;
            }
        }
    }

    /// Up to which row nothing new can come, if clips are where their windows are: a window's
    /// margin may hold a later form of the last clips before it.
    #[must_use]
    pub fn bound(&self) -> Bound {
        let unfinished = |(_, (reached, _)): &(&String, &(i64, _))| *reached < self.span.to;
        let Some((account_id, (reached, _))) = self.accounts.iter().find(unfinished) else {
            return Bound::Everything;
        };
        let micros = reached.saturating_sub(MARGIN).saturating_mul(1_000_000);
        Bound::Before(account_id.clone(), micros)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::WindowOutcome;
    use crate::snapshot::testing::window;

    fn record(account_id: &str, from: i64, to: i64, outcome: WindowOutcome) -> WindowRecord {
        WindowRecord {
            outcome,
            ..window(account_id, from, to)
        }
    }

    #[test]
    fn it_grows_window_by_window_from_the_first_and_leaves_the_margin_of_the_next() {
        let mut reach = Reach::new(Window { from: 0, to: 300 }, ["b", "a"]);
        let before =
            |account: &str, seconds: i64| Bound::Before(account.to_owned(), seconds * 1_000_000);
        let settled = WindowOutcome::Settled;
        let steps = [
            (record("a", 100, 200, settled), before("a", -1)),
            (
                record("a", 0, 100, WindowOutcome::Unsettled),
                before("a", -1),
            ),
            (record("a", 0, 100, WindowOutcome::Split), before("a", -1)),
            (record("a", 0, 50, settled), before("a", 49)),
            (
                record("a", 50, 100, WindowOutcome::Unverified),
                before("a", 199),
            ),
            (record("c", 200, 300, settled), before("a", 199)),
            (record("a", 200, 300, settled), before("b", -1)),
            (record("b", 0, 300, settled), Bound::Everything),
        ];
        for (record, bound) in steps {
            reach.add(&record);
            assert_eq!(reach.bound(), bound, "{record}");
        }
    }
}
