//! Up to which row the snapshot is final while the crawl goes on.

use std::collections::BTreeMap;

use crate::model::window::MARGIN;
use crate::model::{Micros, Seconds, Window};

/// A span of an account that needs no further request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    pub account_id: String,
    pub window: Window,
}

/// Up to which place nothing new can come: rows before it may be handed out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Bound {
    /// Before all rows.
    #[default]
    Nothing,
    /// All rows of lesser accounts, and those of this one created before an instant.
    Before(String, Micros),
    /// All rows.
    Everything,
}

/// Spans that are settled, by account, and how far they reach without a gap from the first row.
#[derive(Debug)]
pub(crate) struct Watermark {
    span: Window,
    /// For each account up to which second it is settled, and the settled spans behind that, from
    /// and to.
    accounts: BTreeMap<String, (Seconds, BTreeMap<Seconds, Seconds>)>,
}

impl Watermark {
    /// Nothing of these accounts is settled.
    #[must_use]
    pub(crate) fn new<'a>(span: Window, account_ids: impl IntoIterator<Item = &'a str>) -> Self {
        let nothing = |id: &str| (id.to_owned(), (span.from, BTreeMap::new()));
        Self {
            span,
            accounts: account_ids.into_iter().map(nothing).collect(),
        }
    }

    /// Takes note of a span that is settled.
    pub(crate) fn add(&mut self, settled: &Settled) {
        let Some((reached, behind)) = self.accounts.get_mut(&settled.account_id) else {
            return;
        };
        behind.insert(settled.window.from, settled.window.to);
        while let Some(to) = behind.remove(reached) {
            *reached = to;
        }
    }

    /// Up to which row nothing new can come, if clips are where their windows are: a window's
    /// margin may hold a later form of the last clips before it.
    #[must_use]
    pub(crate) fn bound(&self) -> Bound {
        let unfinished = |(_, (reached, _)): &(&String, &(Seconds, _))| *reached < self.span.to;
        let Some((account_id, (reached, _))) = self.accounts.iter().find(unfinished) else {
            return Bound::Everything;
        };
        Bound::Before(account_id.clone(), (*reached - MARGIN).micros())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_grows_span_by_span_from_the_first_and_leaves_the_margin_of_the_next() {
        let mut watermark = Watermark::new(
            Window {
                from: Seconds(0),
                to: Seconds(300),
            },
            ["b", "a"],
        );
        let before = |account: &str, seconds: i64| {
            Bound::Before(account.to_owned(), Micros(seconds * 1_000_000))
        };
        let steps = [
            (("a", 100, 200), before("a", -1)),
            (("a", 0, 50), before("a", 49)),
            (("a", 50, 100), before("a", 199)),
            (("c", 200, 300), before("a", 199)),
            (("a", 200, 300), before("b", -1)),
            (("b", 0, 300), Bound::Everything),
        ];
        for ((account_id, from, to), bound) in steps {
            watermark.add(&Settled {
                account_id: account_id.to_owned(),
                window: Window {
                    from: Seconds(from),
                    to: Seconds(to),
                },
            });
            assert_eq!(watermark.bound(), bound, "{account_id} {from}");
        }
    }
}
