//! All simulated clips: sorted creation instants are kept, everything else is derived.

use std::ops::Range;
use std::sync::OnceLock;

use crate::data::directory::Directory;
use crate::data::record;
use crate::data::record::{Record, RecordInput};
use crate::format::DAY;
use crate::options::{History, MalformedRecords, SandboxOptions};
use crate::rng;
use crate::rng::Rng;

/// The clips of all accounts; the token's own account comes first.
#[derive(Debug)]
pub(crate) struct Dataset {
    pub(crate) accounts: Vec<Account>,
}

impl Dataset {
    pub(crate) fn new(options: &SandboxOptions) -> Dataset {
        let shares = shares(options.clips, options.sub_accounts as usize + 1);
        let owners = u64::from(options.owners.max(1));
        let owner_shares = self::shares(owners, shares.len());
        let burst = Burst::new(options);
        let accounts = shares
            .iter()
            .zip(owner_shares)
            .enumerate()
            .map(|(number, (&clips, owners))| {
                Account::new(options, burst, number as u32, clips, owners.max(1) as u32)
            })
            .collect();
        Dataset { accounts }
    }

    /// The account's number and the index of a clip, counted through all accounts.
    pub(crate) fn clip(&self, mut place: u64) -> Option<(u32, u32)> {
        for account in &self.accounts {
            if place < account.len() as u64 {
                return Some((account.number, place as u32));
            }
            place -= account.len() as u64;
        }
        None
    }

    #[cfg(test)]
    pub(crate) fn clips(&self) -> u64 {
        self.accounts
            .iter()
            .map(|account| account.len() as u64)
            .sum()
    }
}

/// Cuts a total into parts of falling size, the first half of it to the first.
fn shares(total: u64, parts: usize) -> Vec<u64> {
    let weight: u64 = (1..parts as u64).map(|place| 1_000_000 / place).sum();
    let mut shares = vec![0];
    for place in 1..parts as u64 {
        let part =
            u128::from(total / 2) * u128::from(1_000_000 / place) / u128::from(weight.max(1));
        shares.push(part as u64);
    }
    shares[0] = total - shares.iter().sum::<u64>();
    shares
}

/// The hour of a bursty history, in milliseconds since 1970; cut to the span.
#[derive(Debug, Clone, Copy)]
struct Burst {
    from: i64,
    length: u64,
}

impl Burst {
    fn new(options: &SandboxOptions) -> Burst {
        let (since, span) = span(options);
        let length = span.min(3_600_000);
        let offset = rng::scale(rng::join(options.seed, 0xB0_257), span - length + 1);
        Burst {
            from: since + offset as i64,
            length,
        }
    }
}

/// First millisecond and length of the span of creation dates.
fn span(options: &SandboxOptions) -> (i64, u64) {
    let seconds = options.until.saturating_sub(options.since).max(1);
    (options.since * 1000, seconds as u64 * 1000)
}

/// The clips of one account. A clip is named by its index in the order of creation.
#[derive(Debug)]
pub(crate) struct Account {
    pub(crate) id: String,
    pub(crate) directory: Directory,
    /// Milliseconds since 1970, sorted.
    instants: Vec<i64>,
    /// Indices in the order of modification; made when first asked for.
    by_modified: OnceLock<Vec<u32>>,
    number: u32,
    seed: u64,
    end: i64,
    /// Indices of the clips without dates.
    undated: Range<u32>,
    malformed: Option<MalformedRecords>,
}

impl Account {
    fn new(
        options: &SandboxOptions,
        burst: Burst,
        number: u32,
        clips: u64,
        owners: u32,
    ) -> Account {
        let key = rng::join(options.seed, u64::from(number));
        let mut id = Vec::with_capacity(22);
        rng::push_noise(&mut id, &mut Rng::new(rng::join(key, 0xACC)), 22);
        let id = String::from_utf8_lossy(&id).into_owned();
        Account {
            directory: Directory::new(options, &id, number, owners),
            id,
            instants: instants(options, burst, key, number, clips),
            by_modified: OnceLock::new(),
            number,
            seed: rng::join(options.seed, 0x1D),
            end: options.until * 1000,
            undated: if number == 0 {
                let count = options.undated.min(clips);
                let first = (clips - count) / 2;
                first as u32..(first + count) as u32
            } else {
                0..0
            },
            malformed: options.faults.malformed.clone(),
        }
    }

    /// Its place among the accounts.
    pub(crate) fn number(&self) -> u32 {
        self.number
    }

    pub(crate) fn len(&self) -> usize {
        self.instants.len()
    }

    pub(crate) fn created(&self, index: u32) -> i64 {
        self.instants[index as usize]
    }

    pub(crate) fn modified(&self, index: u32) -> i64 {
        let created = self.created(index);
        let word = rng::join(self.word(index), 0x30D);
        let later = match word & 15 {
            0..10 => 0,
            10..13 => rng::scale(word, 3_600_000),
            13..15 => rng::scale(word, 7 * DAY as u64 * 1000),
            _ => rng::scale(word, (self.end - created) as u64),
        };
        (created + later as i64).min(self.end - 1)
    }

    /// Unique in all accounts.
    pub(crate) fn word(&self, index: u32) -> u64 {
        rng::mix(((u64::from(self.number) << 32) | u64::from(index)) ^ self.seed)
    }

    pub(crate) fn record(&self, index: u32) -> Record {
        let given = RecordInput {
            created: self.created(index),
            modified: self.modified(index),
            owner: &|word| self.directory.owner_of(word),
            undated: self.undated.contains(&index),
            malformed: self.malformed.as_ref(),
        };
        record::derive(self.word(index), &given)
    }

    /// Indices of the clips created in `[from, to)`, milliseconds since 1970.
    pub(crate) fn created_between(&self, from: i64, to: i64) -> (usize, usize) {
        let low = self.instants.partition_point(|&at| at < from);
        let high = self.instants.partition_point(|&at| at < to);
        (low, high.max(low))
    }

    /// Places in [`Account::by_modified`] of the clips modified in `[from, to)`.
    pub(crate) fn modified_between(&self, from: i64, to: i64) -> (usize, usize) {
        let order = self.by_modified();
        let low = order.partition_point(|&index| self.modified(index) < from);
        let high = order.partition_point(|&index| self.modified(index) < to);
        (low, high.max(low))
    }

    /// Indices in the order of modification, then of creation.
    pub(crate) fn by_modified(&self) -> &[u32] {
        self.by_modified.get_or_init(|| {
            let mut order: Vec<u32> = (0..self.len() as u32).collect();
            order.sort_unstable_by_key(|&index| (self.modified(index), index));
            order
        })
    }
}

fn instants(options: &SandboxOptions, burst: Burst, key: u64, number: u32, clips: u64) -> Vec<i64> {
    let (since, span) = span(options);
    let in_burst = match options.history {
        History::Bursty => clips * 3 / 10,
        _ => 0,
    };
    let mut rng = Rng::new(rng::join(key, 0x71AE));
    let mut instants: Vec<i64> = (0..clips)
        .map(|number| {
            let at = if number < in_burst {
                burst.from + rng.below(burst.length) as i64
            } else if options.history == History::RecentHeavy {
                let late = rng.unit().sqrt().sqrt();
                since + ((late * span as f64) as u64).min(span - 1) as i64
            } else {
                since + rng.below(span) as i64
            };
            whole_second_sometimes(at, rng.word(), burst.from, number < in_burst)
        })
        .collect();
    if number == 0 {
        let second = since + (span / 3000 * 1000) as i64;
        for at in instants.iter_mut().take(options.same_second as usize) {
            *at = second + rng.below(1000) as i64;
        }
    }
    instants.sort_unstable();
    instants
}

/// One in eight has no milliseconds; one in the burst stays in it.
fn whole_second_sometimes(at: i64, word: u64, burst_from: i64, in_burst: bool) -> i64 {
    let whole = at.div_euclid(1000) * 1000;
    if word.trailing_zeros() >= 3 && !(in_burst && whole < burst_from) {
        whole
    } else {
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HISTORIES: [History; 3] = [History::Even, History::RecentHeavy, History::Bursty];

    fn options(clips: u64, history: History, sub_accounts: u32) -> SandboxOptions {
        SandboxOptions {
            clips,
            history,
            sub_accounts,
            ..SandboxOptions::default()
        }
    }

    #[test]
    fn totals_are_exact_and_all_dates_lie_in_the_span() {
        for history in HISTORIES {
            for clips in [0, 1, 29, 30, 31, 300, 301, 5000] {
                for sub_accounts in [0, 1, 7] {
                    let options = options(clips, history, sub_accounts);
                    let dataset = Dataset::new(&options);
                    assert_eq!(dataset.clips(), clips);
                    assert_eq!(dataset.accounts.len(), sub_accounts as usize + 1);
                    for account in &dataset.accounts {
                        for index in 0..account.len() as u32 {
                            let created = account.created(index);
                            let modified = account.modified(index);
                            assert!(created >= options.since * 1000);
                            assert!(modified >= created && modified < options.until * 1000);
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn the_shortest_span_holds_every_history() {
        for history in HISTORIES {
            let options = SandboxOptions {
                since: 1_700_000_000,
                until: 1_700_000_001,
                ..options(500, history, 0)
            };
            let dataset = Dataset::new(&options);
            let (low, high) =
                dataset.accounts[0].created_between(1_700_000_000_000, 1_700_000_001_000);
            assert_eq!((low, high), (0, 500));
        }
    }

    #[test]
    fn equal_options_make_equal_clips_and_another_seed_others() {
        let texts = |seed| {
            let options = SandboxOptions {
                seed,
                ..options(300, History::Bursty, 2)
            };
            let dataset = Dataset::new(&options);
            dataset
                .accounts
                .iter()
                .flat_map(|account| (0..account.len() as u32).map(|n| account.record(n)))
                .map(|record| format!("{record:?}"))
                .collect::<Vec<_>>()
        };
        assert_eq!(texts(3), texts(3));
        assert_ne!(texts(3), texts(4));
    }

    #[test]
    fn a_bursty_history_has_three_in_ten_within_one_hour() {
        let dataset = Dataset::new(&options(10_000, History::Bursty, 0));
        let account = &dataset.accounts[0];
        let most = (0..10_000)
            .map(|index| {
                let from = account.created(index);
                let (low, high) = account.created_between(from, from + 3_600_000);
                high - low
            })
            .max()
            .unwrap();
        assert!((2900..3100).contains(&most), "{most}");
    }

    #[test]
    fn a_recent_heavy_history_has_most_clips_late() {
        let options = options(10_000, History::RecentHeavy, 0);
        let dataset = Dataset::new(&options);
        let middle = i64::midpoint(options.since, options.until) * 1000;
        let (_, before) = dataset.accounts[0].created_between(i64::MIN, middle);
        assert!((500..800).contains(&before), "{before}");
    }

    #[test]
    fn the_order_of_modification_is_a_permutation_in_order() {
        let dataset = Dataset::new(&options(2000, History::Even, 0));
        let account = &dataset.accounts[0];
        let order = account.by_modified();
        assert!(order.is_sorted_by_key(|&index| account.modified(index)));
        let mut indices = order.to_vec();
        indices.sort_unstable();
        assert!(indices.into_iter().eq(0..2000));
    }
}
