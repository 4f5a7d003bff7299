//! An account that does not stand still: clips come, go and change while it is listed, driven by
//! the number of pages asked for and not by the clock.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::data::dataset::{Account, Dataset};
use crate::data::record::{Record, Scope, Status, Text};
use crate::format::DAY;
use crate::options::{Change, Drift, ModifiedDates};
use crate::rng::{Rng, join, scale};

/// How often another clip is tried for a change, where one was changed already.
const TRIES: u32 = 20;

/// The changes, planned ahead and made one by one.
#[derive(Debug)]
pub(crate) struct Changes {
    options: Drift,
    /// By account and index: which change it is, and of which kind.
    plan: HashMap<(u32, u32), (u32, Change)>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    pages: u64,
    /// When each change was made, in milliseconds since 1970.
    made: Vec<i64>,
}

impl Changes {
    pub(crate) fn new(seed: u64, options: &Drift, dataset: &Dataset) -> Changes {
        let mut rng = Rng::new(join(seed, 0xD21F7));
        let all: u64 = dataset.accounts.iter().map(|one| one.len() as u64).sum();
        let kinds = options.kinds.len() as u64;
        let mut plan = HashMap::new();
        for number in 0..options.changes {
            let kind = if options.in_turn {
                u64::from(number) % kinds.max(1)
            } else {
                rng.below(kinds)
            };
            let free = (0..TRIES)
                .filter_map(|_| dataset.clip(rng.below(all)))
                .find(|clip| !plan.contains_key(clip));
            if let (Some(&kind), Some(clip)) = (options.kinds.get(kind as usize), free) {
                plan.insert(clip, (number, kind));
            }
        }
        Changes {
            options: options.clone(),
            plan,
            state: Mutex::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a page of clips that is asked for `now`, in milliseconds since 1970, and makes the
    /// changes that are due by then. How many are made in all.
    fn on_page(&self, now: i64) -> u32 {
        let mut state = self.state();
        state.pages += 1;
        let times = state.pages.checked_div(self.options.every).unwrap_or(0);
        let due = times.saturating_mul(u64::from(self.options.at_once));
        let due = due.min(u64::from(self.options.changes)) as usize;
        if state.made.len() < due {
            state.made.resize(due, now);
        }
        state.made.len() as u32
    }

    /// The change of a clip, and when it is made, if it is among the first so many; `None` of a
    /// clip that never changes.
    fn of(&self, account: &Account, index: u32, made: u32) -> Option<(Change, Option<i64>)> {
        let (number, change) = *self.plan.get(&(account.number(), index))?;
        let state = self.state();
        let at = state.made.get(number as usize).filter(|_| number < made);
        Some((change, at.copied()))
    }

    /// A clip after so many changes; `None` if it is not there.
    fn record(&self, account: &Account, index: u32, made: u32) -> Option<Record> {
        let mut record = account.record(index);
        match self.of(account, index, made) {
            Some((Change::Appear, None) | (Change::Vanish, Some(_))) => return None,
            Some((Change::Restore, None)) => record.status = Status::Delete,
            None | Some((_, None)) => {}
            Some((change, Some(at))) => {
                match change {
                    Change::Trash => record.status = Status::Delete,
                    Change::Edit => record.title = edited(record.title),
                    Change::Transfer => {
                        record.owner = (record.owner + 1) % account.directory.owners();
                    }
                    Change::Open => {
                        record.scope = Scope::Anyone;
                        record.passcode = None;
                    }
                    Change::Restore if record.status == Status::Delete => {
                        record.status = Status::Success;
                    }
                    Change::Appear | Change::Vanish | Change::Restore => {}
                }
                if change != Change::Appear || self.options.stamps {
                    self.stamp(&mut record, at);
                }
            }
        }
        Some(record)
    }

    /// Dates a change.
    fn stamp(&self, record: &mut Record, at: i64) {
        match self.options.modified_dates {
            ModifiedDates::Right => record.modified = at,
            ModifiedDates::Wrong => {
                let year = 365 * DAY as u64 * 1000;
                let before = scale(join(record.word, 0xBAD_DA7E), year) as i64;
                record.modified = record.created - before;
            }
            ModifiedDates::Missing => {
                record.modified = at;
                record.hidden_dates.1 = true;
            }
        }
    }
}

/// All accounts after so many changes, or as they are if nothing ever changes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct View<'a> {
    changes: Option<&'a Changes>,
    made: u32,
}

impl<'a> View<'a> {
    /// What the next page of clips, asked for `now` in milliseconds since 1970, is made from.
    pub(crate) fn of_next_page(changes: Option<&'a Changes>, now: i64) -> View<'a> {
        View {
            changes,
            made: changes.map_or(0, |changes| changes.on_page(now)),
        }
    }

    /// With all changes that were made so far.
    pub(crate) fn latest(changes: Option<&'a Changes>) -> View<'a> {
        View {
            changes,
            made: u32::MAX,
        }
    }

    pub(crate) fn after(self, made: u32) -> View<'a> {
        View { made, ..self }
    }

    pub(crate) fn made(self) -> u32 {
        self.made
    }

    pub(crate) fn stands_still(self) -> bool {
        self.changes.is_none()
    }

    /// A clip, if it is there.
    pub(crate) fn find(self, account: &Account, index: u32) -> Option<Record> {
        match self.changes {
            Some(changes) => changes.record(account, index, self.made),
            None => Some(account.record(index)),
        }
    }

    /// A clip; one that is gone, or not there yet, as it is without any change.
    pub(crate) fn record(self, account: &Account, index: u32) -> Record {
        let found = self.find(account, index);
        found.unwrap_or_else(|| account.record(index))
    }

    /// What became of a clip.
    pub(crate) fn state(self, account: &Account, index: u32) -> ClipState {
        let change = self
            .changes
            .and_then(|all| all.of(account, index, self.made));
        match change {
            Some((change, Some(_))) => ClipState::Moved(change),
            Some((Change::Appear, None)) => ClipState::NeverSeen,
            None | Some((_, None)) => ClipState::Same,
        }
    }
}

/// What became of a clip while the account was listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ClipState {
    /// It was there all the time, as it is.
    Same,
    /// It was listed at some time, or in two forms.
    Moved(Change),
    /// It was not listed at any time.
    NeverSeen,
}

fn edited(title: Text) -> Text {
    match title {
        Text::Template { place, number } => Text::Template {
            place,
            number: Some(number.map_or(0, |number| number + 1)),
        },
        Text::Missing | Text::Empty => Text::Template {
            place: 0,
            number: None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::SandboxOptions;

    fn dataset() -> Dataset {
        Dataset::new(&SandboxOptions {
            clips: 500,
            ..SandboxOptions::default()
        })
    }

    fn listed(changes: &Changes, dataset: &Dataset, made: u32) -> usize {
        let account = &dataset.accounts[0];
        (0..500)
            .filter(|&index| changes.record(account, index, made).is_some())
            .count()
    }

    #[test]
    fn changes_are_made_as_pages_are_asked_for_and_then_no_more() {
        let dataset = dataset();
        let drift = Drift {
            every: 3,
            changes: 40,
            kinds: vec![Change::Vanish],
            ..Drift::default()
        };
        let changes = Changes::new(7, &drift, &dataset);
        let made: Vec<u32> = (0..7).map(|_| changes.on_page(1)).collect();
        assert_eq!(made, [0, 0, 1, 1, 1, 2, 2]);
        assert_eq!(listed(&changes, &dataset, 0), 500);
        assert_eq!(listed(&changes, &dataset, 2), 498);
        for _ in 0..1000 {
            changes.on_page(2);
        }
        assert_eq!(changes.on_page(3), 40);
        assert_eq!(listed(&changes, &dataset, 40), 460);
    }

    #[test]
    fn a_clip_that_appears_is_not_there_before_and_bears_the_date_if_it_is_to() {
        let dataset = dataset();
        let account = &dataset.accounts[0];
        for stamps in [true, false] {
            let drift = Drift {
                every: 1,
                changes: 1,
                kinds: vec![Change::Appear],
                stamps,
                ..Drift::default()
            };
            let changes = Changes::new(7, &drift, &dataset);
            assert_eq!(listed(&changes, &dataset, 0), 499);
            let index = (0..500)
                .find(|&index| changes.record(account, index, 0).is_none())
                .unwrap();
            assert_eq!(
                View::latest(Some(&changes)).state(account, index),
                ClipState::NeverSeen
            );
            let made = changes.on_page(42);
            let record = changes.record(account, index, made).unwrap();
            assert_eq!(record.modified == 42, stamps);
            let moved = ClipState::Moved(Change::Appear);
            assert_eq!(View::latest(Some(&changes)).state(account, index), moved);
        }
    }

    #[test]
    fn what_changes_keeps_its_id_and_differs() {
        let dataset = dataset();
        let account = &dataset.accounts[0];
        for change in [Change::Trash, Change::Edit, Change::Transfer, Change::Open] {
            let drift = Drift {
                changes: 5,
                kinds: vec![change],
                ..Drift::default()
            };
            let changes = Changes::new(7, &drift, &dataset);
            for _ in 0..5 {
                changes.on_page(i64::MAX);
            }
            let moved: Vec<u32> = (0..500)
                .filter(|&index| {
                    View::latest(Some(&changes)).state(account, index) == ClipState::Moved(change)
                })
                .collect();
            assert_eq!(moved.len(), 5);
            for index in moved {
                let before = changes.record(account, index, 0).unwrap();
                let after = changes.record(account, index, 5).unwrap();
                assert_eq!(before.word, after.word);
                assert_eq!(after.modified, i64::MAX);
                let is_other = before.status != after.status
                    || before.title != after.title
                    || before.owner != after.owner;
                let is_open = after.scope == Scope::Anyone && after.passcode.is_none();
                assert!(is_other || before.status == Status::Delete || is_open);
            }
        }
    }
}
