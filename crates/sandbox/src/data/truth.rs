//! What a perfect census of the simulated accounts would find.

use std::collections::BTreeMap;

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::data::dataset::{Account, Dataset};
use crate::data::drift::{Changes, ClipState, View};
use crate::data::record::push_clip_id;

/// What a perfect census would find in all accounts.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Truth {
    /// All accounts together.
    #[serde(flatten)]
    pub all: AccountTruth,
    /// Each account, by its id.
    pub accounts: BTreeMap<String, AccountTruth>,
    /// Clips that were listed at some time only, or in two forms, each by its id, with what
    /// happened to it: a census may hold them or not. They are not counted above.
    pub moved: BTreeMap<String, &'static str>,
}

/// What a perfect census would find in one account, or in all.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct AccountTruth {
    /// Clips; records that are no clips are not among them.
    pub clips: u64,
    /// Records sent by the lists: clips and rejects.
    pub records: u64,
    /// Bytes of all clips whose `file_size` is usable.
    pub bytes: u64,
    /// Clips without a usable `file_size`.
    pub clips_without_bytes: u64,
    /// Duration of all clips that have one, in seconds.
    pub duration_seconds: f64,
    /// The same in milliseconds, exact.
    pub duration_ms: u64,
    /// Clips by status, as sent.
    pub by_status: BTreeMap<String, u64>,
    /// Clips by share scope, as sent.
    pub by_share_scope: BTreeMap<String, u64>,
    /// Clips and bytes by owner id.
    pub owners: BTreeMap<String, OwnerTruth>,
    /// Odd records by kind; those that are no clips are among them.
    #[serde(rename = "oddities")]
    pub malformed: BTreeMap<String, u64>,
    /// SHA-256, in hex, of all clip ids, sorted and joined with `\n` (none behind the last).
    pub clip_ids_sha256: String,
}

/// What one owner has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct OwnerTruth {
    /// Clips.
    pub clips: u64,
    /// Bytes of those whose `file_size` is usable.
    pub bytes: u64,
}

impl Truth {
    pub(crate) fn new(dataset: &Dataset, changes: Option<&Changes>) -> Truth {
        let view = View::latest(changes);
        let mut moved = BTreeMap::new();
        let mut all = AccountTruth::default();
        let mut all_words = Vec::new();
        let mut accounts = BTreeMap::new();
        for account in &dataset.accounts {
            let (truth, mut words) = of_account(account, view, &mut moved);
            all.add(&truth);
            all_words.append(&mut words);
            accounts.insert(account.id.clone(), truth);
        }
        all.clip_ids_sha256 = hash(&mut all_words);
        Truth {
            all,
            accounts,
            moved,
        }
    }
}

impl AccountTruth {
    fn add(&mut self, other: &AccountTruth) {
        self.clips += other.clips;
        self.records += other.records;
        self.bytes += other.bytes;
        self.clips_without_bytes += other.clips_without_bytes;
        self.duration_ms += other.duration_ms;
        self.duration_seconds = self.duration_ms as f64 / 1000.0;
        let maps = [
            (&mut self.by_status, &other.by_status),
            (&mut self.by_share_scope, &other.by_share_scope),
            (&mut self.malformed, &other.malformed),
        ];
        for (mine, theirs) in maps {
            for (name, count) in theirs {
                *mine.entry(name.clone()).or_default() += count;
            }
        }
        for (id, owner) in &other.owners {
            self.owners.insert(id.clone(), *owner);
        }
    }
}

/// The account's truth, and the words of its clip ids.
fn of_account(
    account: &Account,
    view: View<'_>,
    moved: &mut BTreeMap<String, &'static str>,
) -> (AccountTruth, Vec<u64>) {
    let mut truth = AccountTruth::default();
    let mut by_status: BTreeMap<&str, u64> = BTreeMap::new();
    let mut by_scope: BTreeMap<&str, u64> = BTreeMap::new();
    let mut malformed: BTreeMap<&str, u64> = BTreeMap::new();
    let mut owners = vec![OwnerTruth::default(); account.directory.owners() as usize];
    let mut words = Vec::with_capacity(account.len());
    for index in 0..account.len() as u32 {
        let record = view.record(account, index);
        match view.state(account, index) {
            ClipState::Same => {}
            ClipState::Moved(change) => {
                let mut id = Vec::new();
                push_clip_id(&mut id, record.word);
                moved.insert(String::from_utf8_lossy(&id).into_owned(), change.name());
                continue;
            }
            ClipState::NeverSeen => continue,
        }
        truth.records += 1;
        if let Some(kind) = record.malformed {
            *malformed.entry(kind.name()).or_default() += 1;
            if kind.is_reject() {
                continue;
            }
        }
        truth.clips += 1;
        words.push(record.word);
        *by_status.entry(record.status_name()).or_default() += 1;
        *by_scope.entry(record.scope.name()).or_default() += 1;
        truth.duration_ms += record.duration_ms.unwrap_or_default();
        let owner = &mut owners[record.owner as usize];
        owner.clips += 1;
        if let Some(bytes) = record.usable_size() {
            truth.bytes += bytes;
            owner.bytes += bytes;
        } else {
            truth.clips_without_bytes += 1;
        }
    }
    let own = |counts: BTreeMap<&str, u64>| {
        counts
            .into_iter()
            .map(|(name, count)| (name.to_owned(), count))
            .collect()
    };
    truth.by_status = own(by_status);
    truth.by_share_scope = own(by_scope);
    truth.malformed = own(malformed);
    truth.owners = owners
        .iter()
        .enumerate()
        .filter(|(_, owner)| owner.clips > 0)
        .map(|(place, owner)| (account.directory.id(place as u32), *owner))
        .collect();
    truth.duration_seconds = truth.duration_ms as f64 / 1000.0;
    truth.clip_ids_sha256 = hash(&mut words);
    (truth, words)
}

/// Clip ids sort as their words do, so that only the words need be sorted.
fn hash(words: &mut [u64]) -> String {
    words.sort_unstable();
    let mut hasher = Sha256::new();
    let mut chunk = Vec::with_capacity(1 << 16);
    for (number, &word) in words.iter().enumerate() {
        if number > 0 {
            chunk.push(b'\n');
        }
        push_clip_id(&mut chunk, word);
        if chunk.len() > 60_000 {
            hasher.update(&chunk);
            chunk.clear();
        }
    }
    hasher.update(&chunk);
    hex(&hasher.finalize())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        for digit in [byte >> 4, byte & 15] {
            text.extend(char::from_digit(u32::from(digit), 16));
        }
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::SandboxOptions;

    #[test]
    fn sums_over_accounts_agree_and_the_hash_is_that_of_the_sorted_ids() {
        let options = SandboxOptions {
            clips: 2000,
            sub_accounts: 3,
            ..SandboxOptions::default()
        };
        let dataset = Dataset::new(&options);
        let truth = Truth::new(&dataset, None);
        assert_eq!(truth.all.clips, 2000);
        assert_eq!(
            truth.accounts.values().map(|one| one.clips).sum::<u64>(),
            2000
        );
        assert_eq!(truth.all.by_status.values().sum::<u64>(), 2000);
        assert_eq!(truth.all.by_share_scope.values().sum::<u64>(), 2000);
        let owned: u64 = truth.all.owners.values().map(|owner| owner.bytes).sum();
        assert_eq!(owned, truth.all.bytes);

        let mut ids: Vec<String> = dataset
            .accounts
            .iter()
            .flat_map(|account| (0..account.len() as u32).map(|n| account.word(n)))
            .map(|word| {
                let mut out = Vec::new();
                push_clip_id(&mut out, word);
                String::from_utf8(out).unwrap()
            })
            .collect();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), 2000);
        let expected = hex(&Sha256::digest(ids.join("\n")));
        assert_eq!(truth.all.clip_ids_sha256, expected);
    }
}
