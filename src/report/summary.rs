//! What a summary holds: the content of `summary.json`, as types, and its text.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::clip::STATUSES;
use crate::clip::owner::{People, Person};
use crate::redact::hidden::is_hidden;
use crate::report::bytes::{Bytes, Count};
use crate::report::changes::Changes;
use crate::snapshot::DataFile;
use crate::snapshot::manifest::Shrunk;

/// The version of the summary's JSON; raised when a field changes its meaning or goes away.
pub(crate) const SUMMARY_VERSION: u32 = 2;

/// The aggregates of one snapshot. The same rows and manifest give an equal summary, whatever the
/// order or the batching of the rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(
    clippy::struct_field_names,
    reason = "the keys are named as in the contract"
)]
pub(crate) struct Summary {
    /// [`SUMMARY_VERSION`] of the program that wrote it.
    pub summary_version: u32,
    /// The snapshot's name, such as `2026-11-23`.
    pub snapshot_date: String,
    /// Whether the account is made up: the sandbox has answered, and not Zoom.
    #[serde(default, skip_serializing_if = "is_false")]
    pub simulated: bool,
    /// The first instant of the span that was listed, RFC 3339 in UTC.
    pub since: String,
    /// The end of that span, RFC 3339 in UTC.
    pub snapshot_at: String,
    /// When the listing began, by the clock of the computer that did it.
    pub listed_from: String,
    /// When it was over.
    pub listed_to: String,
    /// `clips` (a census) or `changes` (what was modified in a span).
    pub table: String,
    /// The accounts that were listed.
    pub account_ids: Vec<String>,
    /// Filters and other settings that shape what the rows are.
    pub parameters: Vec<Parameter>,
    /// Why the numbers can be trusted, or not.
    pub proof: Proof,
    /// Everything together.
    pub totals: Totals,
    /// What changed since an earlier snapshot, where the export was told to compare with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changes: Option<Changes>,
    /// What could be deleted for good without a loss.
    pub reclaimable: Reclaimable,
    /// What anyone with the link can watch.
    pub exposure: Exposure,
    /// One entry for each documented status (even if 0), then unknown values by name, then missing.
    pub statuses: Vec<StatusCount>,
    /// One entry for each documented scope (even if 0), then unknown values by name, then missing.
    pub share_scopes: Vec<ScopeCount>,
    /// By month of creation (UTC), oldest first, with the empty months in between.
    pub months: Vec<MonthCount>,
    /// By age at `snapshot_at`, youngest first, empty ones too.
    pub ages: Vec<AgeCount>,
    /// Clips whose creation date is missing or no date of the years -9999 to 9999.
    pub without_created_date: Count,
    /// The clips with the most bytes, at most 25.
    pub largest: Vec<ListedClip>,
    /// What was wrong with the data as it came.
    pub quality: Quality,
    /// What each account stores, by bytes downwards, then clips downwards, then id; empty where one
    /// was listed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accounts: Vec<AccountUsage>,
    /// What the owners of each user status store, by bytes downwards; empty unless owners were
    /// looked up.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub user_statuses: Vec<UserStatusUsage>,
    /// What the owners of each department store, by bytes downwards, then clips downwards, then
    /// name; empty unless owners were looked up.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub departments: Vec<DepartmentUsage>,
    /// Every owner: by bytes downwards, then clips downwards, then id.
    pub owners: Vec<OwnerUsage>,
}

/// A setting of the export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Parameter {
    /// Its name, such as `owner`.
    pub name: String,
    /// Its value, as typed.
    pub value: String,
}

/// The sums over all rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Totals {
    pub clips: u64,
    /// Sum of the sizes that are known.
    pub bytes: Bytes,
    /// Sum of the durations that are known, each rounded to a microsecond.
    pub duration_seconds: f64,
    /// Owners, with one more if any clip names none.
    pub owners: u64,
    /// Clips whose size is missing.
    pub clips_without_size: u64,
    /// Clips whose duration is missing.
    pub clips_without_duration: u64,
}

/// What one owner stores.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct OwnerUsage {
    /// The owner; null stands for the clips that name none.
    pub owner_id: Option<String>,
    /// Who it is, if that was looked up: `email`, `name`, `department` and `user_status`, each only
    /// where it is known.
    #[serde(flatten)]
    pub person: Person,
    pub clips: u64,
    /// Sum of the sizes that are known.
    pub bytes: Bytes,
    /// Share of all bytes, 0 to 100, rounded to 4 decimals.
    pub bytes_percent: f64,
    /// Sum of the durations that are known.
    pub duration_seconds: f64,
    /// Those that anyone with the link can watch.
    pub exposed: Count,
    /// Clips by status.
    pub clips_by_status: StatusClips,
}

/// What one account stores.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct AccountUsage {
    pub account_id: String,
    /// Whether it could not be listed, or not whole.
    #[serde(default, skip_serializing_if = "is_false")]
    pub failed: bool,
    pub clips: u64,
    /// Sum of the sizes that are known.
    pub bytes: Bytes,
    /// Share of all bytes, 0 to 100, rounded to 4 decimals.
    pub bytes_percent: f64,
    /// Those that anyone with the link can watch.
    pub exposed: Count,
}

/// What the owners of one user status store.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct UserStatusUsage {
    /// `active`, `inactive` or `pending`, and `unknown` where the service does not say; null stands
    /// for owners whom it did not find.
    pub user_status: Option<String>,
    pub owners: u64,
    pub clips: u64,
    /// Sum of the sizes that are known.
    pub bytes: Bytes,
    /// Those that anyone with the link can watch.
    pub exposed: Count,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn is_false(flag: &bool) -> bool {
    !flag
}

/// What the owners of one department store.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct DepartmentUsage {
    /// The department; null stands for clips whose owner has none, is unknown, or is not named.
    pub department: Option<String>,
    pub owners: u64,
    pub clips: u64,
    /// Sum of the sizes that are known.
    pub bytes: Bytes,
    /// Share of all bytes, 0 to 100, rounded to 4 decimals.
    pub bytes_percent: f64,
}

/// What the clips of an owner are counted by: the documented statuses, then `unknown` for all others
/// together, then `missing` for none.
const STATUS_KEYS: [&str; STATUSES.len() + 2] = {
    let mut keys = ["missing"; STATUSES.len() + 2];
    let mut at = 0;
    while at < STATUSES.len() {
        keys[at] = STATUSES[at];
        at += 1;
    }
    keys[STATUSES.len()] = "unknown";
    keys
};

/// One owner's clips by status. In JSON an object without the statuses that have no clips.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct StatusClips([u64; STATUS_KEYS.len()]);

impl StatusClips {
    /// One clip more. `status` is the place of a documented one in [`STATUSES`].
    pub(super) fn add(&mut self, status: Place) {
        let place = match status {
            Place::Documented(place) => place,
            Place::Unknown => STATUSES.len(),
            Place::Missing => STATUSES.len() + 1,
        };
        self.0[place] += 1;
    }

    /// Every status with its clips, in the order of the API's document, then `unknown` and `missing`.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> {
        STATUS_KEYS.into_iter().zip(self.0)
    }
}

impl Serialize for StatusClips {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter().filter(|(_, clips)| *clips > 0))
    }
}

impl<'de> Deserialize<'de> for StatusClips {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let clips = BTreeMap::<String, u64>::deserialize(deserializer)?;
        Ok(Self(
            STATUS_KEYS.map(|key| clips.get(key).copied().unwrap_or_default()),
        ))
    }
}

/// Where a value belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Documented(usize),
    Unknown,
    Missing,
}

/// Where `value` belongs among the `documented` ones.
pub(super) fn place(documented: &[&str], value: Option<&str>) -> Place {
    value.map_or(Place::Missing, |value| {
        documented
            .iter()
            .position(|known| *known == value)
            .map_or(Place::Unknown, Place::Documented)
    })
}

/// What an entry of a list of values stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ValueKind {
    /// A value that the API documents.
    Documented,
    /// One that it does not.
    Unknown,
    /// All unknown values after the first ones by name, together.
    Remainder,
    /// No value at all.
    Missing,
}

/// The clips of one status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StatusCount {
    /// The value as sent; null if `kind` is `remainder` or `missing`.
    pub status: Option<String>,
    /// What the entry stands for.
    pub kind: ValueKind,
    pub clips: u64,
    /// Sum of the sizes that are known.
    pub bytes: Bytes,
}

/// The clips of one share scope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ScopeCount {
    /// The value; null if `kind` is `remainder` or `missing`.
    pub share_scope: Option<String>,
    /// What the entry stands for.
    pub kind: ValueKind,
    pub clips: u64,
    /// Sum of the sizes that are known.
    pub bytes: Bytes,
    /// Those whose link asks for a passcode.
    pub with_passcode: Count,
    /// Those whose link does not.
    pub without_passcode: Count,
    /// Those of which the API did not say.
    pub passcode_unknown: Count,
}

/// The clips created in one month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MonthCount {
    /// Year and month in UTC, such as `2024-10`.
    pub month: String,
    pub clips: u64,
    /// Sum of the sizes that are known.
    pub bytes: Bytes,
    /// Clips of this month and all before it.
    pub clips_so_far: u64,
    pub bytes_so_far: Bytes,
}

/// The clips of one band of ages, counted in days of 24 hours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AgeCount {
    /// The youngest, included.
    pub from_days: u16,
    /// The oldest, excluded; null for no end.
    pub to_days: Option<u16>,
    pub clips: u64,
    /// Sum of the sizes that are known.
    pub bytes: Bytes,
}

/// A clip that is named: one of the largest, or of the newest exposed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ListedClip {
    /// The account that holds it.
    pub account_id: String,
    pub clip_id: String,
    /// As sent, hostile or not.
    pub title: Option<String>,
    pub owner_id: Option<String>,
    /// None only where the API told no size.
    pub bytes: Option<u64>,
    /// Its length, rounded to a microsecond.
    pub duration_seconds: Option<f64>,
    /// RFC 3339 in UTC.
    pub created_at: Option<String>,
    /// RFC 3339 in UTC. Missing in summaries of version 0.1.0.
    #[serde(default)]
    pub modified_at: Option<String>,
}

/// Clips that serve nobody any more.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Reclaimable {
    /// Both kinds together.
    pub clips: u64,
    /// Both kinds together.
    pub bytes: Bytes,
    /// Status `RECORD_DELETE`.
    pub soft_deleted: Count,
    /// Status `RECORD_FAILED`.
    pub failed: Count,
}

/// Clips whose link is open to anyone and not known to ask for a passcode.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Exposure {
    /// Those that anyone with the link can watch.
    pub exposed: Count,
    /// Those of which the API did not say whether they ask for a passcode.
    pub passcode_unknown: Count,
    /// Those that cannot be watched: failed, soft-deleted, suspended.
    pub unwatchable: Count,
    /// Owners that have exposed clips, with one more if any of those names no owner.
    pub owners: u64,
    /// The exposed clips that were created or modified last, the last first, at most 25. Missing in
    /// summaries of version 0.1.0.
    #[serde(default)]
    pub newest: Vec<ListedClip>,
}

/// What was wrong with the data as it came.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Quality {
    /// Records that were no clips.
    pub rejected: u64,
    /// Records of clips that had come before: spans that are listed overlap, and some are listed
    /// again. Each clip is one row.
    pub duplicates: u64,
    /// Records outside of the span that was asked for, dropped.
    pub outside: u64,
    /// Fields whose value could not be used, by field.
    pub repairs: BTreeMap<String, u64>,
    /// Clips with a status that the API does not document.
    pub clips_with_unknown_status: u64,
    /// Clips with a share scope that the API does not document.
    pub clips_with_unknown_share_scope: u64,
}

/// Why the numbers can be trusted, or not.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Proof {
    /// `verified`, `unverified` or `incomplete`.
    pub verdict: String,
    /// The version of the program that took the census.
    pub tool_version: String,
    /// Why it is not verified, where the counts or the values of the data themselves leave a doubt.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub doubts: Vec<String>,
    /// The fall against the newest verified snapshot before, where it is a large one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shrunk: Option<Shrunk>,
    /// Windows that were listed.
    pub windows: u64,
    /// Those that did not settle.
    pub windows_unsettled: Vec<String>,
    /// Accounts that could not be listed.
    pub failed_accounts: Vec<FailedAccount>,
    /// Records that the API said there are.
    pub expected: u64,
    /// Records that came and count, each once.
    #[serde(default)]
    pub distinct: u64,
    /// Records that came.
    pub received: u64,
    /// Rows in the data files, by the manifest.
    pub written: u64,
    /// Rows that this summary counted.
    pub counted: u64,
    /// Whether every record that came is accounted for, and every row written was counted.
    pub balanced: bool,
    /// Requests that were sent, by their outcome.
    pub requests: BTreeMap<String, u64>,
    /// What the client errors among them were.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub client_errors: BTreeMap<String, u64>,
    /// The data files, in order.
    pub files: Vec<DataFile>,
}

/// An account that could not be listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FailedAccount {
    pub account_id: String,
    /// Why not.
    pub error: String,
}

impl Summary {
    /// Puts names to the owners, by id, and sums their departments up. Nobody known: no change.
    pub(crate) fn name_owners(&mut self, mut people: People) {
        if people.is_empty() {
            return;
        }
        let mut departments: BTreeMap<Option<String>, DepartmentUsage> = BTreeMap::new();
        let mut statuses: BTreeMap<Option<String>, UserStatusUsage> = BTreeMap::new();
        for owner in &mut self.owners {
            let id = owner.owner_id.as_deref();
            owner.person = id.and_then(|id| people.remove(id)).unwrap_or_default();
            if id.is_some() {
                let unknown = || owner.person.is_known().then(|| "unknown".to_owned());
                let status = owner.person.status.clone().or_else(unknown);
                let usage = statuses.entry(status).or_default();
                usage.owners += 1;
                usage.clips += owner.clips;
                usage.bytes = usage.bytes.plus(owner.bytes);
                usage.exposed.join(owner.exposed);
            }
            let department = owner.person.department.clone();
            let usage = departments.entry(department).or_default();
            usage.owners += 1;
            usage.clips += owner.clips;
            usage.bytes = usage.bytes.plus(owner.bytes);
        }
        if !self.has_names() {
            return;
        }
        self.user_statuses = statuses
            .into_iter()
            .map(|(user_status, usage)| UserStatusUsage {
                user_status,
                ..usage
            })
            .collect();
        self.user_statuses
            .sort_by_key(|usage| std::cmp::Reverse(usage.bytes));
        let total = self.totals.bytes;
        self.departments = departments
            .into_iter()
            .map(|(department, usage)| DepartmentUsage {
                department,
                bytes_percent: usage.bytes.percent_of(total),
                ..usage
            })
            .collect();
        // Stable, so that equal ones stay in the order of their names.
        self.departments.sort_by(|one, other| {
            let bytes = other.bytes.cmp(&one.bytes);
            bytes.then(other.clips.cmp(&one.clips))
        });
    }

    /// Whether anything is known of any owner.
    #[must_use]
    pub(crate) fn has_names(&self) -> bool {
        self.owners.iter().any(|owner| owner.person.is_known())
    }
}

/// The summary as indented JSON with a newline at its end. Numbers are plain and carry their unit
/// in their name; sums of bytes above 64 bits are strings of digits, see [`Bytes`].
///
/// # Panics
/// Never: a summary has only string keys, and writing to memory does not fail.
#[must_use]
pub(crate) fn json(summary: &Summary) -> String {
    let mut json = serde_json::to_string_pretty(summary)
        .expect("a summary has only string keys and is written to memory");
    json.push('\n');
    // Such characters stand in texts alone, where an escape means the same.
    let is_odd = |character: char| is_hidden(character) && character != '\n';
    if json.contains(is_odd) {
        json = escaped(&json, is_odd);
    }
    json
}

/// JSON with some characters as escapes.
fn escaped(json: &str, is_odd: impl Fn(char) -> bool) -> String {
    let mut escaped = String::with_capacity(json.len());
    for character in json.chars() {
        if is_odd(character) {
            for unit in character.encode_utf16(&mut [0; 2]) {
                // Writing to memory does not fail.
                _ = write!(escaped, "\\u{unit:04x}");
            }
        } else {
            escaped.push(character);
        }
    }
    escaped
}

#[cfg(test)]
mod json_tests {
    use super::*;

    #[test]
    fn what_steers_a_terminal_is_an_escape_in_json_and_means_the_same() {
        let text = "a\u{9b}31m\u{202e}b\u{e0001}\u{7f}ü";
        let json = serde_json::to_string(text).unwrap();
        let shown = escaped(&json, is_hidden);
        assert!(!shown.contains(is_hidden) && shown.contains('ü'), "{shown}");
        assert_eq!(serde_json::from_str::<String>(&shown).unwrap(), text);
    }
}
