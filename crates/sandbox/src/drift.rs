//! An account that does not stand still: clips come, go and change while it is listed, driven by
//! the number of pages asked for and not by the clock.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::PoisonError;

use serde::Deserialize;

use super::dataset::Account;
use super::dataset::Dataset;
use super::random::Dice;
use super::random::join;
use super::record::Record;
use super::record::Status;
use super::record::Text;

/// How often another clip is tried for a change, where one was changed already.
const TRIES: u32 = 20;

/// How the account changes while it is listed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Drift {
    /// One change whenever so many pages of clips were asked for; 0 for none. Default 1.
    pub every: u64,
    /// Changes in all, each of another clip; then the account stands still. Default 100.
    pub changes: u32,
    /// The kinds, each as often as the others; none if empty. Default: all.
    pub kinds: Vec<Change>,
    /// Whether a clip that appears counts as modified at that moment. Default true.
    pub stamps: bool,
}

impl Default for Drift {
    fn default() -> Self {
        Drift {
            every: 1,
            changes: 100,
            kinds: Change::ALL.to_vec(),
            stamps: true,
        }
    }
}

/// A kind of change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// A clip created long ago that was not listed so far, such as one taken out of the trash.
    Appear,
    /// A clip is gone for good.
    Vanish,
    /// A clip's status becomes `RECORD_DELETE`.
    Trash,
    /// A clip gets another title.
    Edit,
    /// A clip gets another owner.
    Transfer,
}

impl Change {
    /// All kinds.
    pub const ALL: [Change; 5] = [
        Change::Appear,
        Change::Vanish,
        Change::Trash,
        Change::Edit,
        Change::Transfer,
    ];

    /// Its name in the truth.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Change::Appear => "appear",
            Change::Vanish => "vanish",
            Change::Trash => "trash",
            Change::Edit => "edit",
            Change::Transfer => "transfer",
        }
    }
}

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
        let mut dice = Dice::new(join(seed, 0xD21F7));
        let all: u64 = dataset.accounts.iter().map(|one| one.len() as u64).sum();
        let mut plan = HashMap::new();
        for number in 0..options.changes {
            let kind = dice.below(options.kinds.len() as u64) as usize;
            let free = (0..TRIES)
                .filter_map(|_| dataset.clip(dice.below(all)))
                .find(|clip| !plan.contains_key(clip));
            if let (Some(&kind), Some(clip)) = (options.kinds.get(kind), free) {
                plan.insert(clip, (number, kind));
            }
        }
        Changes {
            options: options.clone(),
            plan,
            state: Mutex::default(),
        }
    }

    /// A page of clips is asked for at this moment, in milliseconds since 1970: how many changes
    /// are made by then.
    pub(crate) fn asked(&self, now: i64) -> u32 {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.pages += 1;
        let due = state.pages.checked_div(self.options.every).unwrap_or(0);
        let due = due.min(u64::from(self.options.changes)) as usize;
        if state.made.len() < due {
            state.made.resize(due, now);
        }
        state.made.len() as u32
    }

    /// The change of a clip, and when it is made; `None` of a clip that never changes.
    fn of(&self, account: &Account, index: u32, made: u32) -> Option<(Change, Option<i64>)> {
        let (number, change) = *self.plan.get(&(account.number(), index))?;
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let at = state.made.get(number as usize).filter(|_| number < made);
        Some((change, at.copied()))
    }

    /// A clip after so many changes; `None` if it is not there.
    pub(crate) fn record(&self, account: &Account, index: u32, made: u32) -> Option<Record> {
        let mut record = account.record(index);
        match self.of(account, index, made) {
            Some((Change::Appear, None) | (Change::Vanish, Some(_))) => return None,
            None | Some((_, None)) => {}
            Some((change, Some(at))) => {
                match change {
                    Change::Trash => record.status = Status::Delete,
                    Change::Edit => record.title = edited(record.title),
                    Change::Transfer => {
                        record.owner = (record.owner + 1) % account.directory.owners();
                    }
                    Change::Appear | Change::Vanish => {}
                }
                if change != Change::Appear || self.options.stamps {
                    record.modified = at;
                }
            }
        }
        Some(record)
    }

    /// What has become of a clip so far: nothing, or a change that a census may have met or not.
    pub(crate) fn so_far(&self, account: &Account, index: u32) -> Fate {
        match self.of(account, index, u32::MAX) {
            Some((change, Some(_))) => Fate::Moved(change),
            Some((Change::Appear, None)) => Fate::NeverSeen,
            None | Some((_, None)) => Fate::Same,
        }
    }
}

/// The account after so many changes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment<'a> {
    pub(crate) changes: &'a Changes,
    pub(crate) made: u32,
}

impl Moment<'_> {
    /// A clip at a moment, or in an account that stands still. One that is gone is as it was.
    pub(crate) fn record(moment: Option<Self>, account: &Account, index: u32) -> Record {
        moment
            .and_then(|moment| moment.changes.record(account, index, moment.made))
            .unwrap_or_else(|| account.record(index))
    }
}

/// What has become of a clip while the account was listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
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
            stamps: true,
        };
        let changes = Changes::new(7, &drift, &dataset);
        let made: Vec<u32> = (0..7).map(|_| changes.asked(1)).collect();
        assert_eq!(made, [0, 0, 1, 1, 1, 2, 2]);
        assert_eq!(listed(&changes, &dataset, 0), 500);
        assert_eq!(listed(&changes, &dataset, 2), 498);
        for _ in 0..1000 {
            changes.asked(2);
        }
        assert_eq!(changes.asked(3), 40);
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
            };
            let changes = Changes::new(7, &drift, &dataset);
            assert_eq!(listed(&changes, &dataset, 0), 499);
            let index = (0..500)
                .find(|&index| changes.record(account, index, 0).is_none())
                .unwrap();
            assert_eq!(changes.so_far(account, index), Fate::NeverSeen);
            let made = changes.asked(42);
            let record = changes.record(account, index, made).unwrap();
            assert_eq!(record.modified == 42, stamps);
            let moved = Fate::Moved(Change::Appear);
            assert_eq!(changes.so_far(account, index), moved);
        }
    }

    #[test]
    fn what_changes_keeps_its_id_and_differs() {
        let dataset = dataset();
        let account = &dataset.accounts[0];
        for change in [Change::Trash, Change::Edit, Change::Transfer] {
            let drift = Drift {
                changes: 5,
                kinds: vec![change],
                ..Drift::default()
            };
            let changes = Changes::new(7, &drift, &dataset);
            for _ in 0..5 {
                changes.asked(i64::MAX);
            }
            let moved: Vec<u32> = (0..500)
                .filter(|&index| changes.so_far(account, index) == Fate::Moved(change))
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
                assert!(is_other || before.status == Status::Delete);
            }
        }
    }
}
