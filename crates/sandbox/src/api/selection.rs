//! Which clips a request is for, in which order, and which of them stand on a page.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use crate::api::request::{ClipsQuery, DateField};
use crate::data::dataset::Account;
use crate::data::drift::View;
use crate::data::record::{Record, Status, Text};
use crate::data::texts::TEXTS;
use crate::options::Order;

/// Lists kept for the next page.
const KEPT: usize = 256;

/// The clips of a request, in the order of the answer.
#[derive(Debug, Clone)]
pub(crate) enum Selection {
    /// All clips with these places in the order of creation or modification.
    Span {
        by: DateField,
        low: usize,
        high: usize,
        newest_first: bool,
    },
    /// These clips.
    List(Arc<[u32]>),
}

/// What a request wants beside dates.
#[derive(Debug, Clone, Default)]
pub(crate) struct Filter {
    pub(crate) owner: Option<u32>,
    pub(crate) status: Option<Status>,
    pub(crate) search: Option<String>,
    pub(crate) without_deleted: bool,
}

impl Filter {
    fn is_everything(&self) -> bool {
        self.owner.is_none()
            && self.status.is_none()
            && self.search.is_none()
            && !self.without_deleted
    }

    fn takes(&self, record: &Record) -> bool {
        self.owner.is_none_or(|owner| record.owner == owner)
            && self.status.is_none_or(|status| record.status == status)
            && !(self.without_deleted && record.status == Status::Delete)
            && self
                .search
                .as_deref()
                .is_none_or(|text| title(record).to_lowercase().contains(text))
    }
}

fn title(record: &Record) -> String {
    match record.title {
        Text::Missing | Text::Empty => String::new(),
        Text::Template { place, number } => match number {
            Some(number) => format!("{} #{number}", TEXTS.titles[place]),
            None => TEXTS.titles[place].clone(),
        },
    }
}

impl Selection {
    pub(crate) fn new(
        account: &Account,
        query: &ClipsQuery,
        filter: &Filter,
        order: Order,
    ) -> Self {
        let (from, to) = query.span;
        let (low, high) = match query.by {
            DateField::Created => account.created_between(from, to),
            DateField::Modified => account.modified_between(from, to),
        };
        let span = Selection::Span {
            by: query.by,
            low,
            high,
            newest_first: order == Order::NewestFirst,
        };
        if filter.is_everything() && order != Order::ById {
            return span;
        }
        let mut list: Vec<u32> = (0..span.len())
            .map(|place| span.index(account, place))
            .filter(|&index| filter.is_everything() || filter.takes(&account.record(index)))
            .collect();
        if order == Order::ById {
            list.sort_unstable_by_key(|&index| account.word(index));
        }
        Selection::List(list.into())
    }

    /// The clips of a request in an account that does not stand still.
    pub(crate) fn at(
        view: View<'_>,
        account: &Account,
        query: &ClipsQuery,
        filter: &Filter,
        order: Order,
    ) -> Self {
        let (from, to) = query.span;
        let (low, high) = match query.by {
            DateField::Created => account.created_between(from, to),
            // Any clip may have been modified lately.
            DateField::Modified => (0, account.len()),
        };
        let sort = SortKey::new(account, query.by, order);
        let mut list: Vec<((i128, u32), u32)> = (low as u32..high as u32)
            .filter_map(|index| Some((index, view.find(account, index)?)))
            .filter(|(_, record)| {
                let date = match query.by {
                    DateField::Created => record.created,
                    DateField::Modified => record.modified,
                };
                (from..to).contains(&date) && filter.takes(record)
            })
            .map(|(index, _)| (sort.of(view, index), index))
            .collect();
        list.sort_unstable();
        Selection::List(list.into_iter().map(|(_, index)| index).collect())
    }

    /// How many of its clips come before a place in the order, or at it.
    pub(crate) fn behind_key(&self, key: (i128, u32), of: impl Fn(u32) -> (i128, u32)) -> usize {
        match self {
            Selection::List(list) => list.partition_point(|&index| of(index) <= key),
            Selection::Span { .. } => self.len(),
        }
    }

    /// Whether finding it took a scan, so that it is worth keeping.
    fn is_list(&self) -> bool {
        matches!(self, Selection::List(_))
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            Selection::Span { low, high, .. } => high - low,
            Selection::List(list) => list.len(),
        }
    }

    /// The clip at a place of the answer.
    pub(crate) fn index(&self, account: &Account, place: usize) -> u32 {
        match self {
            Selection::List(list) => list[place],
            Selection::Span {
                by,
                low,
                high,
                newest_first,
            } => {
                let at = if *newest_first {
                    high - 1 - place
                } else {
                    low + place
                };
                match by {
                    DateField::Created => at as u32,
                    DateField::Modified => account.by_modified()[at],
                }
            }
        }
    }

    /// The place behind a clip; the end if the clip is not in it.
    pub(crate) fn behind(&self, account: &Account, index: u32) -> usize {
        let place = match self {
            Selection::List(list) => list.iter().position(|&other| other == index),
            Selection::Span {
                by,
                low,
                high,
                newest_first,
            } => {
                let at = match by {
                    DateField::Created => index as usize,
                    DateField::Modified => {
                        let key = (account.modified(index), index);
                        account
                            .by_modified()
                            .partition_point(|&other| (account.modified(other), other) < key)
                    }
                };
                (*low..*high).contains(&at).then(|| {
                    if *newest_first {
                        high - 1 - at
                    } else {
                        at - low
                    }
                })
            }
        };
        place.map_or(self.len(), |place| place + 1)
    }
}

/// The order of a list, as a key that each clip has at a view.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SortKey<'a> {
    account: &'a Account,
    by: DateField,
    order: Order,
}

impl<'a> SortKey<'a> {
    pub(crate) fn new(account: &'a Account, by: DateField, order: Order) -> Self {
        SortKey { account, by, order }
    }

    pub(crate) fn of(self, view: View<'_>, index: u32) -> (i128, u32) {
        let record = view.record(self.account, index);
        let date = match self.by {
            DateField::Created => record.created,
            DateField::Modified => record.modified,
        };
        match self.order {
            Order::OldestFirst => (i128::from(date), index),
            Order::NewestFirst => (-i128::from(date), u32::MAX - index),
            Order::ById => (i128::from(record.word), 0),
        }
    }
}

/// Lists found lately, so that paging does not scan again.
#[derive(Debug, Default)]
pub(crate) struct Selections(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    lists: HashMap<u64, Selection>,
    order: VecDeque<u64>,
}

impl Selections {
    /// The selection kept under this key.
    pub(crate) fn get(&self, key: u64) -> Option<Selection> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.lists.get(&key).cloned()
    }

    /// Keeps a selection, if finding it took a scan.
    pub(crate) fn keep(&self, key: u64, selection: &Selection) {
        if !selection.is_list() {
            return;
        }
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.lists.insert(key, selection.clone()).is_none() {
            kept.order.push_back(key);
        }
        if kept.order.len() > KEPT
            && let Some(oldest) = kept.order.pop_front()
        {
            kept.lists.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::request;
    use crate::data::dataset::Dataset;
    use crate::options::{Behaviour, SandboxOptions};

    const MARCH: &str = "from=2024-03-01T00:00:00Z&to=2024-03-29T00:00:00Z";

    fn dataset() -> Dataset {
        Dataset::new(&SandboxOptions::default())
    }

    fn asked(more: &str) -> ClipsQuery {
        let text = format!("{MARCH}{more}");
        request::clips("/v2/clips", &text, &Behaviour::default(), 0)
            .0
            .unwrap()
    }

    fn indices(selection: &Selection, account: &Account) -> Vec<u32> {
        (0..selection.len())
            .map(|n| selection.index(account, n))
            .collect()
    }

    #[test]
    fn every_order_has_the_same_clips_and_finds_its_place_again() {
        let dataset = dataset();
        let account = &dataset.accounts[0];
        for by in ["&date_filter_type=CREATED_DATE", ""] {
            let mut sets = Vec::new();
            for order in [Order::NewestFirst, Order::OldestFirst, Order::ById] {
                let query = asked(by);
                let selection = Selection::new(account, &query, &Filter::default(), order);
                let mut found = indices(&selection, account);
                assert!(found.len() > 100);
                for (place, &index) in found.iter().enumerate() {
                    assert_eq!(selection.behind(account, index), place + 1);
                }
                found.sort_unstable();
                sets.push(found);
            }
            assert_eq!(sets[0], sets[1]);
            assert_eq!(sets[0], sets[2]);
        }
    }

    #[test]
    fn filters_agree_with_a_look_at_every_clip() {
        let dataset = dataset();
        let account = &dataset.accounts[0];
        let query = asked("&date_filter_type=CREATED_DATE");
        let (from, to) = query.span;
        let filters = [
            Filter {
                owner: Some(0),
                ..Filter::default()
            },
            Filter {
                status: Some(Status::Delete),
                ..Filter::default()
            },
            Filter {
                without_deleted: true,
                search: Some("review".to_owned()),
                ..Filter::default()
            },
        ];
        for filter in filters {
            let selection = Selection::new(account, &query, &filter, Order::OldestFirst);
            let expected: Vec<u32> = (0..account.len() as u32)
                .filter(|&index| (from..to).contains(&account.created(index)))
                .filter(|&index| filter.takes(&account.record(index)))
                .collect();
            assert!(!expected.is_empty());
            assert_eq!(indices(&selection, account), expected);
        }
    }
}
